/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads: "up=0;group=7;info=HEX;port=HEX". What is as on a new device is left out, so most are empty.
 * HEX: netlink attributes of the device (info) or of the port that it is (port), as the kernel told them.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

/* An attribute to keep, with what a new device has there. */
struct kept {
        uint16_t attr;
        uint8_t len; /* 1, 2, 4, 8: a number, `def` its default; 0: kept whenever it is not all zero */
        uint64_t def;
};

static const struct kept bridge_kept[] = {
        { IFLA_BR_FORWARD_DELAY, 4, 1500 },
        { IFLA_BR_HELLO_TIME, 4, 200 },
        { IFLA_BR_MAX_AGE, 4, 2000 },
        { IFLA_BR_AGEING_TIME, 4, 30000 },
        { IFLA_BR_PRIORITY, 2, 0x8000 },
        { IFLA_BR_VLAN_FILTERING, 1, 0 },
        { IFLA_BR_VLAN_PROTOCOL, 2, 0x0081 }, /* 0x8100 as it travels */
        { IFLA_BR_VLAN_DEFAULT_PVID, 2, 1 },
        { IFLA_BR_GROUP_FWD_MASK, 2, 0 },
        { IFLA_BR_MCAST_ROUTER, 1, 1 },
        { IFLA_BR_MCAST_QUERIER, 1, 0 },
        { IFLA_BR_MCAST_QUERY_USE_IFADDR, 1, 0 },
        { IFLA_BR_MCAST_IGMP_VERSION, 1, 2 },
        { IFLA_BR_MCAST_MLD_VERSION, 1, 1 },
        { IFLA_BR_MCAST_HASH_MAX, 4, 4096 },
        { IFLA_BR_NF_CALL_IPTABLES, 1, 0 },
        { IFLA_BR_NF_CALL_IP6TABLES, 1, 0 },
        { IFLA_BR_NF_CALL_ARPTABLES, 1, 0 },
};

static const struct kept bond_kept[] = {
        { IFLA_BOND_ARP_INTERVAL, 4, 0 },
        { IFLA_BOND_ARP_VALIDATE, 4, 0 },
        { IFLA_BOND_PRIMARY_RESELECT, 1, 0 },
        { IFLA_BOND_FAIL_OVER_MAC, 1, 0 },
        { IFLA_BOND_RESEND_IGMP, 4, 1 },
        { IFLA_BOND_NUM_PEER_NOTIF, 1, 1 },
        { IFLA_BOND_ALL_SLAVES_ACTIVE, 1, 0 },
        { IFLA_BOND_MIN_LINKS, 4, 0 },
        { IFLA_BOND_LP_INTERVAL, 4, 1 },
        { IFLA_BOND_PACKETS_PER_SLAVE, 4, 1 },
        { IFLA_BOND_AD_SELECT, 1, 0 },
        { IFLA_BOND_TLB_DYNAMIC_LB, 1, 1 },
};

static const struct kept port_kept[] = {
        { IFLA_BRPORT_PRIORITY, 2, 32 },    { IFLA_BRPORT_MODE, 1, 0 },          { IFLA_BRPORT_GUARD, 1, 0 },
        { IFLA_BRPORT_PROTECT, 1, 0 },      { IFLA_BRPORT_FAST_LEAVE, 1, 0 },    { IFLA_BRPORT_LEARNING, 1, 1 },
        { IFLA_BRPORT_UNICAST_FLOOD, 1, 1 }, { IFLA_BRPORT_MCAST_FLOOD, 1, 1 },  { IFLA_BRPORT_BCAST_FLOOD, 1, 1 },
        { IFLA_BRPORT_PROXYARP, 1, 0 },     { IFLA_BRPORT_PROXYARP_WIFI, 1, 0 }, { IFLA_BRPORT_NEIGH_SUPPRESS, 1, 0 },
        { IFLA_BRPORT_VLAN_TUNNEL, 1, 0 },
};

static const struct kept vlan_kept[] = {
        { IFLA_VLAN_EGRESS_QOS, 0, 0 },
        { IFLA_VLAN_INGRESS_QOS, 0, 0 },
};

static const struct kept *find_kept(const struct kept *kept, size_t n, int attr)
{
        for (size_t i = 0; i < n; i++)
                if (kept[i].attr == attr)
                        return &kept[i];
        return NULL;
}

static uint64_t number_of(const struct nlattr *attr)
{
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64 = 0;

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
        case 8:
                memcpy(&u64, nla_data(attr), 8);
                return u64;
        default:
                return 0;
        }
}

static bool worth_keeping(const struct nlattr *attr, const struct kept *kept, size_t n)
{
        const struct kept *k = find_kept(kept, n, nla_type(attr));

        if (!k || nla_len(attr) > 1024)
                return false;
        return k->len == 0 ? nla_len(attr) > 0 : nla_len(attr) == k->len && number_of(attr) != k->def;
}

static void save_attrs(struct xsn_buf *buf, const char *key, const struct nlattr *nest, const struct kept *kept,
                       size_t n)
{
        const struct nlattr *attr = nla_data(nest);
        int left = nla_len(nest);
        bool any = false;

        for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
                const unsigned char *p = (const void *)attr;

                if (!worth_keeping(attr, kept, n))
                        continue;
                if (!any)
                        xsn_buf_printf(buf, ";%s=", key);
                any = true;
                for (size_t i = 0; i < NLA_ALIGN((size_t)attr->nla_len); i++)
                        xsn_buf_printf(buf, "%02x", i < attr->nla_len ? p[i] : 0);
        }
}

int xsn_lx_payload_save(const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        int r;

        if (!(link->flags & IFF_UP))
                xsn_buf_put(&buf, ";up=0");
        if (link->group != 0)
                xsn_buf_printf(&buf, ";group=%" PRIu32, link->group);
        if (link->gen_mode != 0)
                xsn_buf_printf(&buf, ";gen=%u", link->gen_mode);
        if (link->ipv6_off >= 0)
                xsn_buf_printf(&buf, ";v6off=%d", link->ipv6_off);
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

/* Where the value of the key begins; NULL. */
static const char *find_key(const struct xsnet_object *obj, const char *key)
{
        size_t len = strlen(key);

        for (const char *p = obj->payload; p; p = strchr(p, ';')) {
                p += *p == ';';
                if (strncmp(p, key, len) == 0 && p[len] == '=')
                        return p + len + 1;
        }
        return NULL;
}

uint32_t xsn_lx_payload_number(const struct xsnet_object *obj, const char *key, uint32_t otherwise)
{
        const char *value = find_key(obj, key);

        return value ? (uint32_t)strtoul(value, NULL, 10) : otherwise;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The journal may have been tampered with: what does not parse is left out, and the kernel checks the rest. */
void xsn_lx_payload_put(const struct xsnet_object *obj, const char *key, struct xsn_nl_batch *batch)
{
        const char *value = find_key(obj, key);
        union {
                struct nlattr attr;
                unsigned char b[4096];
        } data;
        const struct nlattr *attr = &data.attr;
        size_t n = 0;
        int left;

        for (; value && n < sizeof(data.b) && hex_digit(value[0]) >= 0 && hex_digit(value[1]) >= 0; value += 2)
                data.b[n++] = (unsigned char)(hex_digit(value[0]) << 4 | hex_digit(value[1]));
        for (left = (int)n; nla_ok(attr, left); attr = nla_next(attr, &left))
                xsn_nl_put(batch, attr->nla_type, nla_data(attr), (size_t)nla_len(attr));
}
