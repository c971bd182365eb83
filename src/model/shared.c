/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that several kinds share: what every PIF has, and the address fields. */
#include "model/kinds.h"

#include "base/cleanup.h"

XSN_ENUM_DEFINE(xsn_ipv4_mode, "IPv4 mode",
                { XSNET_IP_NONE, "none", NULL },
                { XSNET_IP_STATIC, "static", NULL },
                { XSNET_IP_DHCP, "dhcp", NULL });
XSN_ENUM_DEFINE(xsn_ipv6_mode, "IPv6 mode",
                { XSNET_IP_NONE, "none", NULL },
                { XSNET_IP_STATIC, "static", NULL },
                { XSNET_IP_DHCP, "dhcp", NULL },
                { XSNET_IP_AUTOCONF, "autoconf", NULL });

_Static_assert(offsetof(struct xsn_pif, l) == offsetof(struct xsn_linked, l), "shared rows");
_Static_assert(offsetof(struct xsn_bond, l) == offsetof(struct xsn_linked, l), "shared rows");
_Static_assert(offsetof(struct xsn_vlan, l) == offsetof(struct xsn_linked, l), "shared rows");
_Static_assert(offsetof(struct xsn_tunnel, l) == offsetof(struct xsn_linked, l), "shared rows");

const struct xsn_field xsn_link_fields[] = {
        XSN_FIELD(struct xsn_linked, l.network, XSNET_FIELD_NETWORK, "network", XSNET_TYPE_STR, .min = 1, .max = 4096,
                  .doc = "Network that it belongs to, by name."),
        XSN_FIELD(struct xsn_linked, l.other_config, XSNET_FIELD_OTHER_CONFIG, "other-config", XSNET_TYPE_MAP,
                  .doc = "Free keys and values, as XAPI's other_config."),
        XSN_FIELD(struct xsn_linked, l.status_mtu, XSNET_FIELD_STATUS_MTU, "status.mtu", XSNET_TYPE_U32,
                  .flags = XSN_F_OBSERVED, .doc = "MTU of the device, in bytes; the network's mtu sets it."),
        XSN_FIELD(struct xsn_linked, l.carrier, XSNET_FIELD_STATUS_CARRIER, "status.carrier", XSNET_TYPE_BOOL,
                  .flags = XSN_F_OBSERVED, .doc = "Whether the device has a carrier."),
        XSN_FIELD(struct xsn_linked, l.status_mac, XSNET_FIELD_STATUS_MAC, "status.mac", XSNET_TYPE_MAC,
                  .flags = XSN_F_OBSERVED, .doc = "MAC address that the device has now."),
        XSN_FIELD(struct xsn_linked, l.status_master, XSNET_FIELD_STATUS_MASTER, "status.master", XSNET_TYPE_STR,
                  .flags = XSN_F_OBSERVED, .doc = "Bridge or bond that the device is a port of."),
};
const size_t xsn_n_link_fields = XSN_ARRAY_SIZE(xsn_link_fields);

const struct xsn_field xsn_address_fields[] = {
        XSN_FIELD(struct xsnet_object, a.ipv4_mode, XSNET_FIELD_IPV4_MODE, "ipv4.mode", XSNET_TYPE_ENUM,
                  .flags = XSN_F_DEFAULT, .def = XSNET_IP_NONE, .en = &xsn_ipv4_mode,
                  .doc = "How dom0 gets its IPv4 address; static where an address is named."),
        XSN_FIELD(struct xsnet_object, a.ipv4_address, XSNET_FIELD_IPV4_ADDRESS, "ipv4.address", XSNET_TYPE_PREFIXES,
                  .flags = XSN_F_SET | XSN_F_ONE | XSN_F_ADDRESS,
                  .doc = "IPv4 addresses with their prefix lengths."),
        XSN_FIELD(struct xsnet_object, a.ipv4_gateway, XSNET_FIELD_IPV4_GATEWAY, "ipv4.gateway", XSNET_TYPE_IP,
                  .doc = "IPv4 gateway of the default route."),
        XSN_FIELD(struct xsnet_object, a.ipv6_mode, XSNET_FIELD_IPV6_MODE, "ipv6.mode", XSNET_TYPE_ENUM,
                  .flags = XSN_F_DEFAULT, .def = XSNET_IP_NONE, .en = &xsn_ipv6_mode,
                  .doc = "How dom0 gets its IPv6 address; static where an address is named."),
        XSN_FIELD(struct xsnet_object, a.ipv6_address, XSNET_FIELD_IPV6_ADDRESS, "ipv6.address", XSNET_TYPE_PREFIXES,
                  .flags = XSN_F_SET | XSN_F_ONE | XSN_F_ADDRESS,
                  .doc = "IPv6 addresses with their prefix lengths."),
        XSN_FIELD(struct xsnet_object, a.ipv6_gateway, XSNET_FIELD_IPV6_GATEWAY, "ipv6.gateway", XSNET_TYPE_IP,
                  .doc = "IPv6 gateway of the default route."),
        XSN_FIELD(struct xsnet_object, a.default_route, XSNET_FIELD_DEFAULT_ROUTE, "default-route", XSNET_TYPE_BOOL,
                  .flags = XSN_F_DEFAULT, .def = false,
                  .doc = "Whether this one's gateway is the host's, where several have one."),
        XSN_FIELD(struct xsnet_object, a.routes, XSNET_FIELD_ROUTES, "routes", XSNET_TYPE_ROUTES, .flags = XSN_F_SET,
                  .doc = "Static routes: to (prefix), via (gateway), metric."),
        XSN_FIELD(struct xsnet_object, a.dns, XSNET_FIELD_DNS, "dns", XSNET_TYPE_IPS,
                  .doc = "Name servers, where the backend keeps them."),
        XSN_FIELD(struct xsnet_object, a.management, XSNET_FIELD_MANAGEMENT, "management", XSNET_TYPE_BOOL,
                  .flags = XSN_F_DEFAULT, .def = false,
                  .doc = "Whether the host is managed through this interface."),
        XSN_FIELD(struct xsnet_object, a.plugged, XSNET_FIELD_PLUGGED, "plugged", XSNET_TYPE_BOOL,
                  .flags = XSN_F_DEFAULT, .def = true,
                  .doc = "Whether the device is up, as XAPI's currently_attached."),
        XSN_FIELD(struct xsnet_object, a.managed_by, XSNET_FIELD_STATUS_MANAGED_BY, "status.managed-by",
                  XSNET_TYPE_STR, .flags = XSN_F_OBSERVED, .doc = "Another program that manages the device."),
        XSN_FIELD(struct xsnet_object, a.dhcp_client, XSNET_FIELD_STATUS_DHCP_CLIENT, "status.dhcp-client",
                  XSNET_TYPE_STR, .flags = XSN_F_OBSERVED, .doc = "DHCP client that keeps the device's address."),
        XSN_FIELD(struct xsnet_object, a.other_addresses, XSNET_FIELD_STATUS_OTHER_ADDRESSES, "status.other-addresses",
                  XSNET_TYPE_PREFIXES, .flags = XSN_F_OBSERVED | XSN_F_SET,
                  .doc = "Those of the addresses that others set; they stay."),
};
const size_t xsn_n_address_fields = XSN_ARRAY_SIZE(xsn_address_fields);
