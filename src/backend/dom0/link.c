/* SPDX-License-Identifier: Apache-2.0 */
/* One RTM_NEWLINK message read into a link, and what a guest's device is called. */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/dom0/net.h"
#include "base/alloc.h"

#ifndef IFLA_PARENT_DEV_NAME
#define IFLA_PARENT_DEV_NAME     56
#define IFLA_PARENT_DEV_BUS_NAME 57
#endif

#define LINK_ATTR_MAX IFLA_PARENT_DEV_BUS_NAME

static const struct nla_policy link_policy[LINK_ATTR_MAX + 1] = {
        [IFLA_IFNAME] = { .type = NLA_STRING },
        [IFLA_IFALIAS] = { .type = NLA_STRING },
        [IFLA_MTU] = { .type = NLA_U32 },
        [IFLA_MASTER] = { .type = NLA_U32 },
        [IFLA_LINK] = { .type = NLA_U32 },
        [IFLA_GROUP] = { .type = NLA_U32 },
        [IFLA_CARRIER] = { .type = NLA_U8 },
        [IFLA_LINKINFO] = { .type = NLA_NESTED },
        [IFLA_AF_SPEC] = { .type = NLA_NESTED },
        [IFLA_PROP_LIST] = { .type = NLA_NESTED },
        [IFLA_PARENT_DEV_NAME] = { .type = NLA_STRING },
        [IFLA_PARENT_DEV_BUS_NAME] = { .type = NLA_STRING },
};

static const struct nla_policy info_policy[IFLA_INFO_MAX + 1] = {
        [IFLA_INFO_KIND] = { .type = NLA_STRING },
        [IFLA_INFO_SLAVE_KIND] = { .type = NLA_STRING },
};

static bool copy_name(char dst[IFNAMSIZ], const struct nlattr *attr)
{
        size_t len = attr ? strnlen(nla_get_string(attr), IFNAMSIZ) : IFNAMSIZ;

        if (len == IFNAMSIZ)
                return false;
        memcpy(dst, nla_get_string(attr), len + 1);
        return true;
}

static bool copy_mac(struct xsn_mac *mac, const struct nlattr *attr)
{
        if (!attr || nla_len(attr) != (int)sizeof(mac->b))
                return false;
        memcpy(mac->b, nla_data(attr), sizeof(mac->b));
        return !xsn_mac_is_zero(mac);
}

static int read_info(struct xsn_d0_link *link, const struct nlattr *nest, struct xsnet_error **ret_err)
{
        struct nlattr *tb[IFLA_INFO_MAX + 1] = { NULL };
        int r = xsn_nl_parse_nested(nest, tb, IFLA_INFO_MAX, info_policy, ret_err);

        if (r < 0)
                return r;
        (void)copy_name(link->kind, tb[IFLA_INFO_KIND]);
        (void)copy_name(link->port_kind, tb[IFLA_INFO_SLAVE_KIND]);
        if (tb[IFLA_INFO_DATA]) {
                link->info = xsn_memdup(tb[IFLA_INFO_DATA], tb[IFLA_INFO_DATA]->nla_len);
                if (!link->info)
                        return xsn_error_oom(ret_err);
        }
        if (tb[IFLA_INFO_SLAVE_DATA]) {
                link->port = xsn_memdup(tb[IFLA_INFO_SLAVE_DATA], tb[IFLA_INFO_SLAVE_DATA]->nla_len);
                if (!link->port)
                        return xsn_error_oom(ret_err);
        }
        return 0;
}

/* The settings of /proc/sys/net/ipv6/conf/DEV come with the link: an array by DEVCONF_*. */
static int read_ipv6(struct xsn_d0_link *link, const struct nlattr *spec, struct xsnet_error **ret_err)
{
        struct nlattr *families[AF_INET6 + 1] = { NULL }, *tb[IFLA_INET6_MAX + 1] = { NULL };
        int32_t value;
        int r = xsn_nl_parse_nested(spec, families, AF_INET6, NULL, ret_err);

        if (r == 0 && families[AF_INET6])
                r = xsn_nl_parse_nested(families[AF_INET6], tb, IFLA_INET6_MAX, NULL, ret_err);
        if (r < 0)
                return r;
        if (tb[IFLA_INET6_ADDR_GEN_MODE] && nla_len(tb[IFLA_INET6_ADDR_GEN_MODE]) >= 1)
                link->gen_mode = nla_get_u8(tb[IFLA_INET6_ADDR_GEN_MODE]);
        if (tb[IFLA_INET6_CONF] && nla_len(tb[IFLA_INET6_CONF]) >= (int)((DEVCONF_DISABLE_IPV6 + 1) * sizeof(value))) {
                const char *conf = nla_data(tb[IFLA_INET6_CONF]);

                memcpy(&value, conf + DEVCONF_DISABLE_IPV6 * sizeof(value), sizeof(value));
                link->ipv6_off = value != 0;
                memcpy(&value, conf + DEVCONF_ACCEPT_RA * sizeof(value), sizeof(value));
                link->accept_ra = value < 0 || value > 2 ? 0 : (int8_t)value;
        }
        return 0;
}

static int read_altnames(struct xsn_d0_link *link, const struct nlattr *nest, struct xsnet_error **ret_err)
{
        const struct nlattr *attr = nla_data(nest);
        int left = nla_len(nest);

        for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
                int len = nla_len(attr);

                if (nla_type(attr) != IFLA_ALT_IFNAME || len < 1 || ((const char *)nla_data(attr))[len - 1] != '\0')
                        continue;
                if (xsn_strs_add(&link->altnames, nla_data(attr)) < 0)
                        return xsn_error_oom(ret_err);
        }
        return 0;
}

/* What is owned by the link; the rest is plain numbers. */
static int read_nested(struct xsn_d0_link *link, struct nlattr *const tb[LINK_ATTR_MAX + 1],
                       struct xsnet_error **ret_err)
{
        int r = 0;

        if (tb[IFLA_IFALIAS] && nla_len(tb[IFLA_IFALIAS]) > 1) {
                link->alias = xsn_strdup(nla_get_string(tb[IFLA_IFALIAS]));
                if (!link->alias)
                        return xsn_error_oom(ret_err);
        }
        if (tb[IFLA_PARENT_DEV_NAME] && tb[IFLA_PARENT_DEV_BUS_NAME] &&
            strcmp(nla_get_string(tb[IFLA_PARENT_DEV_BUS_NAME]), "pci") == 0) {
                link->pci = xsn_strdup(nla_get_string(tb[IFLA_PARENT_DEV_NAME]));
                if (!link->pci)
                        return xsn_error_oom(ret_err);
        }
        if (tb[IFLA_LINKINFO])
                r = read_info(link, tb[IFLA_LINKINFO], ret_err);
        if (r == 0 && tb[IFLA_AF_SPEC])
                r = read_ipv6(link, tb[IFLA_AF_SPEC], ret_err);
        if (r == 0 && tb[IFLA_PROP_LIST])
                r = read_altnames(link, tb[IFLA_PROP_LIST], ret_err);
        return r;
}

int xsn_d0_link_parse(const struct nlmsghdr *msg, struct xsn_d0_link **ret_link, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *link = NULL;
        struct nlattr *tb[LINK_ATTR_MAX + 1] = { NULL };
        const struct ifinfomsg *ifi = xsn_nl_header(msg, sizeof(*ifi));
        int r = xsn_nl_parse(msg, sizeof(*ifi), tb, LINK_ATTR_MAX, link_policy, ret_err);

        if (r < 0)
                return r;
        link = xsn_alloc(sizeof(*link));
        if (!link)
                return xsn_error_oom(ret_err);
        if (!copy_name(link->name, tb[IFLA_IFNAME]) || ifi->ifi_index <= 0)
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "the kernel told a link without a name");
        link->ifindex = (uint32_t)ifi->ifi_index;
        link->flags = ifi->ifi_flags;
        link->type = ifi->ifi_type;
        link->ipv6_off = -1;
        link->accept_ra = -1;
        link->mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0;
        link->master = tb[IFLA_MASTER] ? nla_get_u32(tb[IFLA_MASTER]) : 0;
        link->group = tb[IFLA_GROUP] ? nla_get_u32(tb[IFLA_GROUP]) : 0;
        link->lower_elsewhere = tb[IFLA_LINK_NETNSID];
        if (tb[IFLA_LINK] && !link->lower_elsewhere && nla_get_u32(tb[IFLA_LINK]) != link->ifindex)
                link->lower = nla_get_u32(tb[IFLA_LINK]);
        link->carrier = tb[IFLA_CARRIER] && nla_get_u8(tb[IFLA_CARRIER]);
        link->has_mac = copy_mac(&link->mac, tb[IFLA_ADDRESS]);
        link->has_perm_mac = copy_mac(&link->perm_mac, tb[IFLA_PERM_ADDRESS]);
        r = read_nested(link, tb, ret_err);
        if (r < 0)
                return r;
        *ret_link = XSN_TAKE(link);
        return 0;
}

/* A number without sign and leading zeros; *p behind it. */
static bool read_number(const char **p, uint32_t max, uint32_t *ret_value)
{
        char *end;
        unsigned long value;

        if (**p < '0' || **p > '9' || (**p == '0' && (*p)[1] >= '0' && (*p)[1] <= '9'))
                return false;
        value = strtoul(*p, &end, 10);
        if (value > max)
                return false;
        *p = end;
        *ret_value = (uint32_t)value;
        return true;
}

bool xsn_d0_vif_name(const char *name, uint32_t *ret_domain, uint32_t *ret_device, bool *ret_tap)
{
        bool tap = strncmp(name, "tap", 3) == 0;
        const char *p = name + 3;
        uint32_t domain, device;

        if ((!tap && strncmp(name, "vif", 3) != 0) || !read_number(&p, 65535, &domain) || *p++ != '.' ||
            !read_number(&p, 255, &device) || *p)
                return false;
        *ret_domain = domain;
        *ret_device = device;
        if (ret_tap)
                *ret_tap = tap;
        return true;
}

static char *put_number(char *p, uint32_t n)
{
        char digits[10];
        size_t i = sizeof(digits);

        do {
                digits[--i] = (char)('0' + n % 10);
                n /= 10;
        } while (n);
        memcpy(p, digits + i, sizeof(digits) - i);
        return p + sizeof(digits) - i;
}

/* For every VIF, several times in an apply: printf() takes ten times as long. */
void xsn_d0_vif_write(bool tap, uint32_t domain, uint32_t device, char ret_name[XSN_D0_VIF_MAX])
{
        char *p = ret_name;

        memcpy(p, tap ? "tap" : "vif", 3);
        p = put_number(p + 3, domain);
        *p++ = '.';
        *put_number(p, device) = '\0';
}

struct xsn_d0_link *xsn_d0_vif_link(const struct xsn_d0_net *net, bool tap, uint32_t domain, uint32_t device)
{
        char name[XSN_D0_VIF_MAX];

        xsn_d0_vif_write(tap, domain, device, name);
        return xsn_d0_link_named(net, name);
}
