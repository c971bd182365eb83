/* SPDX-License-Identifier: Apache-2.0 */
/* What gretap, ip6gretap, vxlan and geneve devices say of themselves. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <stdio.h>
#include <string.h>

#include "backend/linux/linux.h"

static struct xsn_ip ip_of(const struct nlattr *v4, const struct nlattr *v6)
{
        const struct nlattr *attr = v4 ? v4 : v6;
        struct xsn_ip ip = { 0 };

        if (attr)
                ip = xsn_d0_ip(nla_data(attr), (size_t)nla_len(attr), 128);
        if (ip.family && xsn_ip_is_unspecified(&ip))
                ip = (struct xsn_ip){ 0 };
        return ip;
}

static uint32_t u32_of(const struct nlattr *attr)
{
        return attr && nla_len(attr) == 4 ? nla_get_u32(attr) : 0;
}

static uint8_t u8_of(const struct nlattr *attr)
{
        return attr && nla_len(attr) == 1 ? nla_get_u8(attr) : 0;
}

static uint16_t u16_of(const struct nlattr *attr)
{
        return attr && nla_len(attr) == 2 ? nla_get_u16(attr) : 0;
}

static void read_gre(struct nlattr **tb, struct lx_tunnel *t)
{
        uint16_t flags = u16_of(tb[IFLA_GRE_OFLAGS]);

        if (tb[IFLA_GRE_COLLECT_METADATA])
                return;
        t->protocol = XSNET_PROTOCOL_GRE;
        t->local = ip_of(tb[IFLA_GRE_LOCAL], NULL);
        t->remote = ip_of(tb[IFLA_GRE_REMOTE], NULL);
        t->has_key = flags & GRE_KEY;
        t->key = ntohl(u32_of(tb[IFLA_GRE_OKEY]));
        t->csum = flags & GRE_CSUM;
        /* IPv6 routers never fragment. */
        t->df = !tb[IFLA_GRE_PMTUDISC] || u8_of(tb[IFLA_GRE_PMTUDISC]);
        t->via = u32_of(tb[IFLA_GRE_LINK]);
}

static void read_vxlan(struct nlattr **tb, struct lx_tunnel *t)
{
        if (u8_of(tb[IFLA_VXLAN_COLLECT_METADATA]))
                return;
        t->protocol = XSNET_PROTOCOL_VXLAN;
        t->local = ip_of(tb[IFLA_VXLAN_LOCAL], tb[IFLA_VXLAN_LOCAL6]);
        t->remote = ip_of(tb[IFLA_VXLAN_GROUP], tb[IFLA_VXLAN_GROUP6]);
        t->has_key = true;
        t->key = u32_of(tb[IFLA_VXLAN_ID]);
        t->port = ntohs(u16_of(tb[IFLA_VXLAN_PORT]));
        t->csum = t->local.family == 6 ? !u8_of(tb[IFLA_VXLAN_UDP_ZERO_CSUM6_TX]) : u8_of(tb[IFLA_VXLAN_UDP_CSUM]);
        t->df = u8_of(tb[IFLA_VXLAN_DF]) == VXLAN_DF_SET;
        t->via = u32_of(tb[IFLA_VXLAN_LINK]);
}

static void read_geneve(struct nlattr **tb, struct lx_tunnel *t)
{
        if (tb[IFLA_GENEVE_COLLECT_METADATA])
                return;
        t->protocol = XSNET_PROTOCOL_GENEVE;
        t->remote = ip_of(tb[IFLA_GENEVE_REMOTE], tb[IFLA_GENEVE_REMOTE6]);
        t->has_key = true;
        t->key = u32_of(tb[IFLA_GENEVE_ID]);
        t->port = ntohs(u16_of(tb[IFLA_GENEVE_PORT]));
        t->csum = t->remote.family == 6 ? !u8_of(tb[IFLA_GENEVE_UDP_ZERO_CSUM6_TX]) : u8_of(tb[IFLA_GENEVE_UDP_CSUM]);
        t->df = u8_of(tb[IFLA_GENEVE_DF]) == GENEVE_DF_SET;
}

int xsn_lx_tunnel_read(const struct xsn_d0_link *link, struct lx_tunnel *ret_tunnel)
{
        static const struct {
                const char *kind;
                void (*read)(struct nlattr **tb, struct lx_tunnel *t);
        } readers[] = {
                { "gretap", read_gre },
                { "ip6gretap", read_gre },
                { "vxlan", read_vxlan },
                { "geneve", read_geneve },
        };
        struct nlattr *tb[64] = { NULL };

        *ret_tunnel = (struct lx_tunnel){ 0 };
        for (size_t i = 0; i < XSN_ARRAY_SIZE(readers); i++) {
                if (strcmp(link->kind, readers[i].kind) != 0)
                        continue;
                if (!link->info || xsn_nl_parse_nested(link->info, tb, XSN_ARRAY_SIZE(tb) - 1, NULL, NULL) < 0)
                        return -EPROTO;
                readers[i].read(tb, ret_tunnel);
                return 0;
        }
        return -ENOENT;
}

void xsn_lx_mac_key(int protocol, const struct xsn_ip *remote, char ret_key[LX_MAC_KEY_MAX])
{
        char text[XSN_IP_STRLEN];

        (void)snprintf(ret_key, LX_MAC_KEY_MAX, "mac-%s",
                       protocol == XSNET_PROTOCOL_VXLAN ? "all" : xsn_ip_format(remote, text));
}
