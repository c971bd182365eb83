/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads: "up=0;group=7;info=HEX;port=HEX". What is as on a new device is left out, so most are empty.
 * HEX: netlink attributes of the device (info) or of the port that it is (port), as the kernel told them. kept.c adds
 * addresses and routes, observe_*.c what only one kind has.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

#define ANY 0xff

/* An attribute to keep, with what a new device has there: by its number. */
struct kept {
        uint8_t len; /* 1, 2, 4: a number, `def` its default; ANY: kept wherever there is something; 0: not kept */
        uint32_t def;
};

static const struct kept bridge_kept[] = {
        [IFLA_BR_FORWARD_DELAY] = { 4, 1500 },
        [IFLA_BR_HELLO_TIME] = { 4, 200 },
        [IFLA_BR_MAX_AGE] = { 4, 2000 },
        [IFLA_BR_AGEING_TIME] = { 4, 30000 },
        [IFLA_BR_PRIORITY] = { 2, 0x8000 },
        [IFLA_BR_VLAN_FILTERING] = { 1, 0 },
        [IFLA_BR_VLAN_PROTOCOL] = { 2, 0x0081 }, /* 0x8100 as it travels */
        [IFLA_BR_VLAN_DEFAULT_PVID] = { 2, 1 },
        [IFLA_BR_GROUP_FWD_MASK] = { 2, 0 },
        [IFLA_BR_MCAST_ROUTER] = { 1, 1 },
        [IFLA_BR_MCAST_QUERIER] = { 1, 0 },
        [IFLA_BR_MCAST_QUERY_USE_IFADDR] = { 1, 0 },
        [IFLA_BR_MCAST_IGMP_VERSION] = { 1, 2 },
        [IFLA_BR_MCAST_MLD_VERSION] = { 1, 1 },
        [IFLA_BR_MCAST_HASH_MAX] = { 4, 4096 },
        [IFLA_BR_NF_CALL_IPTABLES] = { 1, 0 },
        [IFLA_BR_NF_CALL_IP6TABLES] = { 1, 0 },
        [IFLA_BR_NF_CALL_ARPTABLES] = { 1, 0 },
};

static const struct kept bond_kept[] = {
        [IFLA_BOND_ARP_INTERVAL] = { 4, 0 },
        [IFLA_BOND_ARP_VALIDATE] = { 4, 0 },
        [IFLA_BOND_PRIMARY_RESELECT] = { 1, 0 },
        [IFLA_BOND_FAIL_OVER_MAC] = { 1, 0 },
        [IFLA_BOND_RESEND_IGMP] = { 4, 1 },
        [IFLA_BOND_NUM_PEER_NOTIF] = { 1, 1 },
        [IFLA_BOND_ALL_SLAVES_ACTIVE] = { 1, 0 },
        [IFLA_BOND_MIN_LINKS] = { 4, 0 },
        [IFLA_BOND_LP_INTERVAL] = { 4, 1 },
        [IFLA_BOND_PACKETS_PER_SLAVE] = { 4, 1 },
        [IFLA_BOND_AD_SELECT] = { 1, 0 },
        [IFLA_BOND_TLB_DYNAMIC_LB] = { 1, 1 },
};

static const struct kept port_kept[] = {
        [IFLA_BRPORT_PRIORITY] = { 2, 32 },
        [IFLA_BRPORT_COST] = { 4, 0 }, /* but for what the kernel takes by itself: see is_automatic() */
        [IFLA_BRPORT_MODE] = { 1, 0 },
        [IFLA_BRPORT_GUARD] = { 1, 0 },
        [IFLA_BRPORT_PROTECT] = { 1, 0 },
        [IFLA_BRPORT_FAST_LEAVE] = { 1, 0 },
        [IFLA_BRPORT_LEARNING] = { 1, 1 },
        [IFLA_BRPORT_UNICAST_FLOOD] = { 1, 1 },
        [IFLA_BRPORT_MCAST_FLOOD] = { 1, 1 },
        [IFLA_BRPORT_BCAST_FLOOD] = { 1, 1 },
        [IFLA_BRPORT_PROXYARP] = { 1, 0 },
        [IFLA_BRPORT_PROXYARP_WIFI] = { 1, 0 },
        [IFLA_BRPORT_NEIGH_SUPPRESS] = { 1, 0 },
        [IFLA_BRPORT_VLAN_TUNNEL] = { 1, 0 },
        [IFLA_BRPORT_MULTICAST_ROUTER] = { 1, 1 },
        [IFLA_BRPORT_MCAST_TO_UCAST] = { 1, 0 },
        [IFLA_BRPORT_GROUP_FWD_MASK] = { 2, 0 },
        [IFLA_BRPORT_ISOLATED] = { 1, 0 },
        [IFLA_BRPORT_LOCKED] = { 1, 0 },
};

static const struct kept vlan_kept[] = {
        [IFLA_VLAN_EGRESS_QOS] = { ANY, 0 },
        [IFLA_VLAN_INGRESS_QOS] = { ANY, 0 },
};

static uint32_t number_of(const struct nlattr *attr)
{
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;

        switch (nla_len(attr)) {
        case 1:
                memcpy(&u8, nla_data(attr), 1);
                return u8;
        case 2:
                memcpy(&u16, nla_data(attr), 2);
                return u16;
        case 4:
                memcpy(&u32, nla_data(attr), 4);
                return u32;
        default:
                return 0;
        }
}

/*
 * The costs that the kernel gives ports by their speed, and changes with it. One that somebody chose among these
 * cannot be told from them, and setting it would keep it for ever.
 */
static bool is_automatic(uint32_t cost)
{
        static const uint32_t costs[] = { 1, 2, 3, 4, 5, 7, 19, 100, 2500 };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(costs); i++)
                if (costs[i] == cost)
                        return true;
        return false;
}

static bool worth_keeping(const struct nlattr *attr, const struct kept *kept, size_t n)
{
        size_t type = attr->nla_type & NLA_TYPE_MASK;

        if (type >= n || kept[type].len == 0 || nla_len(attr) > 1024 ||
            (kept == port_kept && type == IFLA_BRPORT_COST && is_automatic(number_of(attr))))
                return false;
        return kept[type].len == ANY ? nla_len(attr) > 0
                                     : nla_len(attr) == kept[type].len && number_of(attr) != kept[type].def;
}

static void save_attrs(struct xsn_buf *buf, const char *key, const struct nlattr *nest, const struct kept *kept,
                       size_t n)
{
        static const char padding[NLA_ALIGNTO];
        const struct nlattr *attr = nla_data(nest);
        int left = nla_len(nest);
        bool any = false;

        for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
                if (!worth_keeping(attr, kept, n))
                        continue;
                if (!any)
                        xsn_buf_printf(buf, ";%s=", key);
                any = true;
                xsn_d0_payload_hex(buf, attr, attr->nla_len);
                xsn_d0_payload_hex(buf, padding, NLA_ALIGN((size_t)attr->nla_len) - attr->nla_len);
        }
}

int xsn_lx_payload_save(const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        int r;

        if (!(link->flags & IFF_UP))
                xsn_buf_put(&buf, ";up=0");
        if (link->alias) {
                xsn_buf_put(&buf, ";alias=");
                xsn_d0_payload_hex(&buf, link->alias, strlen(link->alias));
        }
        if (link->group != 0)
                xsn_buf_printf(&buf, ";group=%" PRIu32, link->group);
        if (link->gen_mode != 0)
                xsn_buf_printf(&buf, ";gen=%u", link->gen_mode);
        if (link->ipv6_off >= 0)
                xsn_buf_put(&buf, link->ipv6_off ? ";v6off=1" : ";v6off=0");
        if (link->info && strcmp(link->kind, "bridge") == 0)
                save_attrs(&buf, "info", link->info, bridge_kept, XSN_ARRAY_SIZE(bridge_kept));
        else if (link->info && strcmp(link->kind, "bond") == 0)
                save_attrs(&buf, "info", link->info, bond_kept, XSN_ARRAY_SIZE(bond_kept));
        else if (link->info && strcmp(link->kind, "vlan") == 0)
                save_attrs(&buf, "info", link->info, vlan_kept, XSN_ARRAY_SIZE(vlan_kept));
        if (link->port && strcmp(link->port_kind, "bridge") == 0)
                save_attrs(&buf, "port", link->port, port_kept, XSN_ARRAY_SIZE(port_kept));
        if (buf.len == 0 && !buf.failed)
                return 0;
        xsn_free(obj->payload);
        obj->payload = NULL;
        r = xsn_buf_take(&buf, &obj->payload);
        if (r == 0)
                memmove(obj->payload, obj->payload + 1, strlen(obj->payload)); /* the first ';' */
        return r;
}

/* The journal may have been tampered with: what does not parse is left out, and the kernel checks the rest. */
void xsn_lx_payload_put(const struct xsnet_object *obj, const char *key, struct xsn_nl_batch *batch)
{
        union {
                struct nlattr attr;
                unsigned char b[4096];
        } data;
        const struct nlattr *attr = &data.attr;
        int left = (int)xsn_d0_payload_read(xsn_d0_payload_find(obj, key), data.b, sizeof(data.b));

        for (; nla_ok(attr, left); attr = nla_next(attr, &left))
                xsn_nl_put(batch, attr->nla_type, nla_data(attr), (size_t)nla_len(attr));
}

/* Begins the message about a port and leaves it where its settings go. */
static void begin_port(struct xsn_nl_batch *batch, const struct xsn_d0_link *link)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(batch, IFLA_INFO_SLAVE_KIND, "bridge");
        xsn_nl_nest_begin(batch, IFLA_INFO_SLAVE_DATA, NULL, 0);
}

static void end_port(struct xsn_nl_batch *batch)
{
        xsn_nl_nest_end(batch);
        xsn_nl_nest_end(batch);
}

void xsn_lx_put_port_payload(struct xsn_nl_batch *batch, const struct xsn_d0_link *link,
                             const struct xsnet_object *obj)
{
        if (!xsn_d0_payload_find(obj, "port"))
                return;
        begin_port(batch, link);
        xsn_lx_payload_put(obj, "port", batch);
        end_port(batch);
}

void xsn_lx_put_port(struct xsn_nl_batch *batch, const struct xsn_d0_link *link)
{
        const struct nlattr *attr = link->port ? nla_data(link->port) : NULL;
        int left = link->port ? nla_len(link->port) : 0;
        bool any = false;

        if (strcmp(link->port_kind, "bridge") != 0)
                return;
        for (; attr && nla_ok(attr, left); attr = nla_next(attr, &left)) {
                if (!worth_keeping(attr, port_kept, XSN_ARRAY_SIZE(port_kept)))
                        continue;
                if (!any)
                        begin_port(batch, link);
                any = true;
                xsn_nl_put(batch, (uint16_t)nla_type(attr), nla_data(attr), (size_t)nla_len(attr));
        }
        if (any)
                end_port(batch);
}
