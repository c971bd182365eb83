/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `network`: a name, realised as a bridge. */
#include "model/kinds.h"

#include "base/names.h"
#include "model/object.h"

XSN_ENUM_DEFINE(xsn_network_locking, "locking mode",
                { XSNET_LOCKING_UNLOCKED, "unlocked", NULL },
                { XSNET_LOCKING_DISABLED, "disabled", NULL });

static const struct xsn_field network_fields[] = {
        XSN_FIELD(struct xsn_network, name, XSNET_FIELD_NAME, "name", XSNET_TYPE_STR, .flags = XSN_F_KEY, .min = 1,
                  .max = 4096, .doc = "Name of the network."),
        XSN_FIELD(struct xsn_network, uuid, XSNET_FIELD_UUID, "uuid", XSNET_TYPE_STR, .flags = XSN_F_SELECT, .min = 1,
                  .max = 64, .doc = "UUID that selects the network where names are ambiguous."),
        XSN_FIELD(struct xsn_network, description, XSNET_FIELD_DESCRIPTION, "description", XSNET_TYPE_STR,
                  .flags = XSN_F_LINES, .max = 4096, .doc = "Description for people."),
        XSN_FIELD(struct xsn_network, bridge, XSNET_FIELD_BRIDGE, "bridge", XSNET_TYPE_STR, .flags = XSN_F_DEVNAME,
                  .doc = "Device name of the bridge; chosen where it is not named."),
        XSN_FIELD(struct xsn_network, mtu, XSNET_FIELD_MTU, "mtu", XSNET_TYPE_U32, .flags = XSN_F_DEFAULT, .min = 68,
                  .max = 65535, .def = 1500, .doc = "Largest packet, in bytes; the network's devices take it."),
        XSN_FIELD(struct xsn_network, locking, XSNET_FIELD_LOCKING, "locking", XSNET_TYPE_ENUM,
                  .flags = XSN_F_DEFAULT, .def = XSNET_LOCKING_UNLOCKED, .en = &xsn_network_locking,
                  .doc = "What the network's VIFs may send where they do not say themselves."),
        XSN_FIELD(struct xsn_network, stp, XSNET_FIELD_STP, "stp", XSNET_TYPE_BOOL, .flags = XSN_F_DEFAULT,
                  .def = false, .doc = "Whether the bridge speaks the spanning tree protocol."),
        XSN_FIELD(struct xsn_network, multicast_snooping, XSNET_FIELD_MULTICAST_SNOOPING, "multicast-snooping",
                  XSNET_TYPE_BOOL, .flags = XSN_F_DEFAULT, .def = true,
                  .doc = "Whether the bridge learns which ports want which multicast groups."),
        XSN_FIELD(struct xsn_network, other_config, XSNET_FIELD_OTHER_CONFIG, "other-config", XSNET_TYPE_MAP,
                  .doc = "Free keys and values, as XAPI's other_config."),
        XSN_FIELD(struct xsn_network, status_device, XSNET_FIELD_STATUS_DEVICE, "status.device", XSNET_TYPE_STR,
                  .flags = XSN_F_OBSERVED, .doc = "Device of the bridge."),
        XSN_FIELD(struct xsn_network, carrier, XSNET_FIELD_STATUS_CARRIER, "status.carrier", XSNET_TYPE_BOOL,
                  .flags = XSN_F_OBSERVED, .doc = "Whether the bridge has a carrier."),
        XSN_FIELD(struct xsn_network, status_mac, XSNET_FIELD_STATUS_MAC, "status.mac", XSNET_TYPE_MAC,
                  .flags = XSN_F_OBSERVED, .doc = "MAC address that the bridge has now."),
};

/* The name; a document may select by uuid or bridge alone. */
static void network_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const struct xsn_network *net = XSN_NETWORK(obj);

        if (xsn_object_is_set(obj, XSNET_FIELD_NAME))
                xsn_buf_put(buf, net->name);
        else if (xsn_object_is_set(obj, XSNET_FIELD_UUID))
                xsn_buf_put(buf, net->uuid);
        else if (xsn_object_is_set(obj, XSNET_FIELD_BRIDGE))
                xsn_buf_put(buf, net->bridge);
}

const struct xsn_class xsn_network_class = {
        .kind = XSNET_KIND_NETWORK,
        .name = "network",
        .plural = "networks",
        .doc = "A network that guests' VIFs and the host's PIFs join: a bridge.",
        .size = sizeof(struct xsn_network),
        .fields = network_fields,
        .n_fields = XSN_ARRAY_SIZE(network_fields),
        .has_address = true,
        .key = network_key,
};
