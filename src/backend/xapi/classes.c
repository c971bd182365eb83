/* SPDX-License-Identifier: Apache-2.0 */
/* The classes and those of their columns that are looked at. */
#include "backend/xapi/records.h"

static const struct xa_column pool_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_POOL_MASTER] = { "master", XA_TEXT },
        [XA_POOL_OTHER_CONFIG] = { "other_config", XA_MAP },
        [XA_POOL_HA_ENABLED] = { "ha_enabled", XA_BOOL },
        [XA_POOL_REDO_LOG_ENABLED] = { "redo_log_enabled", XA_BOOL },
};

static const struct xa_column host_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_HOST_NAME_LABEL] = { "name_label", XA_TEXT },
        [XA_HOST_HOSTNAME] = { "hostname", XA_TEXT },
        [XA_HOST_ADDRESS] = { "address", XA_TEXT },
        [XA_HOST_SOFTWARE_VERSION] = { "software_version", XA_MAP },
        [XA_HOST_METRICS_REF] = { "metrics", XA_TEXT },
        [XA_HOST_ENABLED] = { "enabled", XA_BOOL },
};

static const struct xa_column host_metrics_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_HOST_METRICS_LIVE] = { "live", XA_BOOL },
};

static const struct xa_column network_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_NETWORK_NAME_LABEL] = { "name_label", XA_TEXT },
        [XA_NETWORK_NAME_DESCRIPTION] = { "name_description", XA_TEXT },
        [XA_NETWORK_MTU] = { "MTU", XA_TEXT },
        [XA_NETWORK_OTHER_CONFIG] = { "other_config", XA_MAP },
        [XA_NETWORK_BRIDGE] = { "bridge", XA_TEXT },
        [XA_NETWORK_MANAGED] = { "managed", XA_BOOL },
        [XA_NETWORK_TAGS] = { "tags", XA_SET },
        [XA_NETWORK_DEFAULT_LOCKING_MODE] = { "default_locking_mode", XA_TEXT },
        [XA_NETWORK_PURPOSE] = { "purpose", XA_SET },
};

static const struct xa_column pif_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_PIF_DEVICE] = { "device", XA_TEXT },
        [XA_PIF_NETWORK] = { "network", XA_TEXT },
        [XA_PIF_HOST] = { "host", XA_TEXT },
        [XA_PIF_MAC] = { "MAC", XA_TEXT },
        [XA_PIF_MTU] = { "MTU", XA_TEXT },
        [XA_PIF_VLAN] = { "VLAN", XA_TEXT },
        [XA_PIF_METRICS_REF] = { "metrics", XA_TEXT },
        [XA_PIF_PHYSICAL] = { "physical", XA_BOOL },
        [XA_PIF_CURRENTLY_ATTACHED] = { "currently_attached", XA_BOOL },
        [XA_PIF_IP_CONFIGURATION_MODE] = { "ip_configuration_mode", XA_TEXT },
        [XA_PIF_IP] = { "IP", XA_TEXT },
        [XA_PIF_NETMASK] = { "netmask", XA_TEXT },
        [XA_PIF_GATEWAY] = { "gateway", XA_TEXT },
        [XA_PIF_DNS] = { "DNS", XA_TEXT },
        [XA_PIF_BOND_SLAVE_OF] = { "bond_slave_of", XA_TEXT },
        [XA_PIF_VLAN_MASTER_OF] = { "VLAN_master_of", XA_TEXT },
        [XA_PIF_MANAGEMENT] = { "management", XA_BOOL },
        [XA_PIF_OTHER_CONFIG] = { "other_config", XA_MAP },
        [XA_PIF_DISALLOW_UNPLUG] = { "disallow_unplug", XA_BOOL },
        [XA_PIF_IPV6_CONFIGURATION_MODE] = { "ipv6_configuration_mode", XA_TEXT },
        [XA_PIF_IPV6] = { "IPv6", XA_SET },
        [XA_PIF_IPV6_GATEWAY] = { "ipv6_gateway", XA_TEXT },
        [XA_PIF_PRIMARY_ADDRESS_TYPE] = { "primary_address_type", XA_TEXT },
        [XA_PIF_MANAGED] = { "managed", XA_BOOL },
        [XA_PIF_PROPERTIES] = { "properties", XA_MAP },
};

static const struct xa_column pif_metrics_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_PIF_METRICS_CARRIER] = { "carrier", XA_BOOL },
        [XA_PIF_METRICS_PCI_BUS_PATH] = { "pci_bus_path", XA_TEXT },
};

static const struct xa_column bond_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_BOND_MASTER] = { "master", XA_TEXT },
        [XA_BOND_SLAVES] = { "slaves", XA_SET },
        [XA_BOND_PRIMARY_SLAVE] = { "primary_slave", XA_TEXT },
        [XA_BOND_MODE] = { "mode", XA_TEXT },
        [XA_BOND_PROPERTIES] = { "properties", XA_MAP },
        [XA_BOND_AUTO_UPDATE_MAC] = { "auto_update_mac", XA_BOOL },
        [XA_BOND_OTHER_CONFIG] = { "other_config", XA_MAP },
};

static const struct xa_column vlan_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_VLAN_TAGGED_PIF] = { "tagged_PIF", XA_TEXT },
        [XA_VLAN_UNTAGGED_PIF] = { "untagged_PIF", XA_TEXT },
        [XA_VLAN_TAG] = { "tag", XA_TEXT },
        [XA_VLAN_OTHER_CONFIG] = { "other_config", XA_MAP },
};

static const struct xa_column tunnel_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_TUNNEL_ACCESS_PIF] = { "access_PIF", XA_TEXT },
        [XA_TUNNEL_TRANSPORT_PIF] = { "transport_PIF", XA_TEXT },
        [XA_TUNNEL_PROTOCOL] = { "protocol", XA_TEXT },
        [XA_TUNNEL_STATUS] = { "status", XA_MAP },
        [XA_TUNNEL_OTHER_CONFIG] = { "other_config", XA_MAP },
};

static const struct xa_column sriov_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_SRIOV_PHYSICAL_PIF] = { "physical_PIF", XA_TEXT },
        [XA_SRIOV_LOGICAL_PIF] = { "logical_PIF", XA_TEXT },
};

static const struct xa_column vm_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_VM_NAME_LABEL] = { "name_label", XA_TEXT },
        [XA_VM_POWER_STATE] = { "power_state", XA_TEXT },
        [XA_VM_RESIDENT_ON] = { "resident_on", XA_TEXT },
        [XA_VM_AFFINITY] = { "affinity", XA_TEXT },
        [XA_VM_DOMID] = { "domid", XA_TEXT },
        [XA_VM_IS_TEMPLATE] = { "is_a_template", XA_BOOL },
        [XA_VM_IS_SNAPSHOT] = { "is_a_snapshot", XA_BOOL },
        [XA_VM_IS_CONTROL_DOMAIN] = { "is_control_domain", XA_BOOL },
        [XA_VM_OTHER_CONFIG] = { "other_config", XA_MAP },
};

static const struct xa_column vif_columns[] = {
        [XA_UUID] = { "uuid", XA_TEXT },
        [XA_VIF_DEVICE] = { "device", XA_TEXT },
        [XA_VIF_NETWORK] = { "network", XA_TEXT },
        [XA_VIF_VM] = { "VM", XA_TEXT },
        [XA_VIF_MAC] = { "MAC", XA_TEXT },
        [XA_VIF_MTU] = { "MTU", XA_TEXT },
        [XA_VIF_OTHER_CONFIG] = { "other_config", XA_MAP },
        [XA_VIF_CURRENTLY_ATTACHED] = { "currently_attached", XA_BOOL },
        [XA_VIF_QOS_ALGORITHM_TYPE] = { "qos_algorithm_type", XA_TEXT },
        [XA_VIF_QOS_ALGORITHM_PARAMS] = { "qos_algorithm_params", XA_MAP },
        [XA_VIF_LOCKING_MODE] = { "locking_mode", XA_TEXT },
        [XA_VIF_IPV4_ALLOWED] = { "ipv4_allowed", XA_SET },
        [XA_VIF_IPV6_ALLOWED] = { "ipv6_allowed", XA_SET },
        [XA_VIF_TRUNKS] = { "trunks", XA_SET },
};

#define CLASS(name_, columns_)                                                                \
        {                                                                                     \
                .name = (name_), .columns = (columns_), .n_columns = XSN_ARRAY_SIZE(columns_) \
        }
const struct xa_class xsn_xa_classes[XA_N_CLASSES] = {
        [XA_POOL] = CLASS("pool", pool_columns),
        [XA_HOST] = CLASS("host", host_columns),
        [XA_HOST_METRICS] = CLASS("host_metrics", host_metrics_columns),
        [XA_NETWORK] = CLASS("network", network_columns),
        [XA_PIF] = CLASS("PIF", pif_columns),
        [XA_PIF_METRICS] = CLASS("PIF_metrics", pif_metrics_columns),
        [XA_BOND] = CLASS("Bond", bond_columns),
        [XA_VLAN] = CLASS("VLAN", vlan_columns),
        [XA_TUNNEL] = CLASS("tunnel", tunnel_columns),
        [XA_SRIOV] = CLASS("network_sriov", sriov_columns),
        [XA_VM] = CLASS("VM", vm_columns),
        [XA_VIF] = CLASS("VIF", vif_columns),
};
#undef CLASS
_Static_assert(XSN_ARRAY_SIZE(pif_columns) <= XA_COLUMNS_MAX, "the widest of them");
