/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `tunnel`: the ends of a private network on one host. Its identity is network and transport. */
#include "model/kinds.h"

#include <errno.h>
#include <inttypes.h>

#include "model/object.h"

XSN_ENUM_DEFINE(xsn_tunnel_protocol, "tunnel protocol",
                { XSNET_PROTOCOL_GRE, "gre", "gretap" },
                { XSNET_PROTOCOL_VXLAN, "vxlan", NULL },
                { XSNET_PROTOCOL_GENEVE, "geneve", NULL });

static const struct xsn_field tunnel_fields[] = {
        XSN_FIELD(struct xsn_tunnel, transport, XSNET_FIELD_TRANSPORT, "transport", XSNET_TYPE_STR,
                  .flags = XSN_F_KEY | XSN_F_DEVNAME, .doc = "PIF with an address that carries the packets."),
        XSN_FIELD(struct xsn_tunnel, device, XSNET_FIELD_DEVICE, "device", XSNET_TYPE_STR,
                  .flags = XSN_F_DEVNAME | XSN_F_RECREATE, .doc = "Device name; chosen where it is not named."),
        XSN_FIELD(struct xsn_tunnel, protocol, XSNET_FIELD_PROTOCOL, "protocol", XSNET_TYPE_ENUM,
                  .flags = XSN_F_DEFAULT | XSN_F_RECREATE, .def = XSNET_PROTOCOL_GRE, .en = &xsn_tunnel_protocol,
                  .doc = "Encapsulation."),
        XSN_FIELD(struct xsn_tunnel, key, XSNET_FIELD_KEY, "key", XSNET_TYPE_U32, .flags = XSN_F_RECREATE,
                  .doc = "GRE key, or the VNI of vxlan and geneve (0..16777215)."),
        XSN_FIELD(struct xsn_tunnel, remotes, XSNET_FIELD_REMOTES, "remotes", XSNET_TYPE_IPS, .flags = XSN_F_SET,
                  .doc = "Addresses of the other ends."),
        XSN_FIELD(struct xsn_tunnel, local, XSNET_FIELD_LOCAL, "local", XSNET_TYPE_IP, .flags = XSN_F_RECREATE,
                  .doc = "Own address; the default is the transport's."),
        XSN_FIELD(struct xsn_tunnel, port, XSNET_FIELD_PORT, "port", XSNET_TYPE_U32, .flags = XSN_F_RECREATE,
                  .min = 1, .max = 65535, .doc = "UDP port of vxlan (default 4789) and geneve (default 6081)."),
        XSN_FIELD(struct xsn_tunnel, csum, XSNET_FIELD_CSUM, "csum", XSNET_TYPE_BOOL,
                  .flags = XSN_F_DEFAULT | XSN_F_RECREATE, .def = false,
                  .doc = "Whether the outer packets carry checksums."),
        XSN_FIELD(struct xsn_tunnel, df, XSNET_FIELD_DF, "df", XSNET_TYPE_BOOL,
                  .flags = XSN_F_DEFAULT | XSN_F_RECREATE, .def = true,
                  .doc = "Whether the outer packets say that they must not be fragmented."),
};

uint32_t xsn_tunnel_default_port(int protocol)
{
        return protocol == XSNET_PROTOCOL_VXLAN ? 4789 : protocol == XSNET_PROTOCOL_GENEVE ? 6081 : 0;
}

static void tunnel_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(obj);

        if (xsn_object_is_set(obj, XSNET_FIELD_NETWORK) && xsn_object_is_set(obj, XSNET_FIELD_TRANSPORT))
                xsn_buf_printf(buf, "%s/%s", tunnel->l.network, tunnel->transport);
}

/* What is wrong with an address of another end; NULL: nothing. */
static const char *remote_fault(const struct xsn_tunnel *tunnel, const struct xsn_ip *remote, const char **ret_reason)
{
        bool local = xsn_object_is_set(&tunnel->o, XSNET_FIELD_LOCAL);
        const struct xsn_ip *first = &XSN_ITEM(tunnel->remotes, struct xsn_ip, 0);

        *ret_reason = "bad-value";
        if (xsn_ip_is_multicast(remote) || xsn_ip_is_unspecified(remote))
                return "is not the address of one host";
        *ret_reason = "mixed-families";
        if (local && remote->family != tunnel->local.family)
                return "is not of the local address's family";
        if (remote->family != first->family)
                return "is not of the first one's family";
        *ret_reason = "loop";
        return local && xsn_ip_same_address(remote, &tunnel->local) ? "is the local address" : NULL;
}

static void tunnel_check(const struct xsnet_object *obj, struct xsnet_error **errs)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(obj);
        bool known = xsn_object_is_set(obj, XSNET_FIELD_PROTOCOL), gre = tunnel->protocol.value == XSNET_PROTOCOL_GRE;

        if (known && !gre && xsn_object_is_set(obj, XSNET_FIELD_KEY) && tunnel->key > 0xffffff)
                xsn_error_add(errs, -ERANGE, "out-of-range", "key",
                              "key: expected a VNI in 0..16777215, found %" PRIu32, tunnel->key);
        if (known && gre && xsn_object_is_set(obj, XSNET_FIELD_PORT))
                xsn_error_add(errs, -EINVAL, "wrong-protocol", "port", "port: gre has none");
        if (xsn_object_is_set(obj, XSNET_FIELD_LOCAL) &&
            (xsn_ip_is_multicast(&tunnel->local) || xsn_ip_is_unspecified(&tunnel->local)))
                xsn_error_add(errs, -EINVAL, "bad-value", "local", "local: expected the address of one host");
        for (size_t i = 0; i < tunnel->remotes.n; i++) {
                const struct xsn_ip *remote = &XSN_ITEM(tunnel->remotes, struct xsn_ip, i);
                const char *reason, *fault = remote_fault(tunnel, remote, &reason);
                char text[XSN_IP_STRLEN];

                if (fault)
                        xsn_error_add(errs, -EINVAL, reason, "remotes", "remotes: '%s' %s", xsn_ip_format(remote, text),
                                      fault);
        }
}

const struct xsn_class xsn_tunnel_class = {
        .kind = XSNET_KIND_TUNNEL,
        .name = "tunnel",
        .plural = "tunnels",
        .doc = "The ends of a private network on one host, over an interface with an address.",
        .size = sizeof(struct xsn_tunnel),
        .fields = tunnel_fields,
        .n_fields = XSN_ARRAY_SIZE(tunnel_fields),
        .has_link = true,
        .has_address = true,
        .check = tunnel_check,
        .key = tunnel_key,
};
