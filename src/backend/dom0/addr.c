/* SPDX-License-Identifier: Apache-2.0 */
/* RTM_NEWADDR and RTM_NEWROUTE messages read into the table. The messages are kept: moving repeats them. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "backend/dom0/net.h"
#include "base/alloc.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif
#define ADDR_ATTR_MAX IFA_PROTO

static const struct nla_policy addr_policy[ADDR_ATTR_MAX + 1] = {
        [IFA_FLAGS] = { .type = NLA_U32 },
        [IFA_PROTO] = { .type = NLA_U8 },
        [IFA_CACHEINFO] = { .minlen = sizeof(struct ifa_cacheinfo) },
};

static const struct nla_policy route_policy[RTA_MAX + 1] = {
        [RTA_OIF] = { .type = NLA_U32 },
        [RTA_PRIORITY] = { .type = NLA_U32 },
        [RTA_TABLE] = { .type = NLA_U32 },
};

void xsn_d0_addrs_free(struct xsn_d0_addr *addr)
{
        while (addr) {
                struct xsn_d0_addr *next = addr->next;

                xsn_free(addr->msg);
                xsn_free(addr);
                addr = next;
        }
}

void xsn_d0_routes_free(struct xsn_d0_route *route)
{
        while (route) {
                struct xsn_d0_route *next = route->next;

                xsn_free(route->msg);
                xsn_free(route);
                route = next;
        }
}

struct xsn_ip xsn_d0_ip(const void *data, size_t len, unsigned plen)
{
        struct xsn_ip ip = { 0 };

        if (len != 4 && len != 16)
                return ip;
        ip.family = len == 4 ? 4 : 6;
        ip.plen = (uint8_t)(plen <= 8 * len ? plen : 8 * len);
        memcpy(ip.b, data, len);
        return ip;
}

static struct xsn_ip attr_ip(const struct nlattr *attr, unsigned plen)
{
        return attr ? xsn_d0_ip(nla_data(attr), (size_t)nla_len(attr), plen) : (struct xsn_ip){ 0 };
}

int xsn_d0_read_addr(struct xsn_d0_net *net, const struct nlmsghdr *msg, struct xsnet_error **ret_err)
{
        struct nlattr *tb[ADDR_ATTR_MAX + 1] = { NULL };
        const struct ifaddrmsg *ifa = xsn_nl_header(msg, sizeof(*ifa));
        int r = xsn_nl_parse(msg, sizeof(*ifa), tb, ADDR_ATTR_MAX, addr_policy, ret_err);
        struct xsn_d0_addr *addr, **end;
        struct xsn_d0_link *link;
        struct xsn_ip ip;

        if (r < 0)
                return r;
        link = xsn_d0_link_at(net, ifa->ifa_index);
        ip = attr_ip(tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], ifa->ifa_prefixlen);
        if (!link || ip.family == 0)
                return 0;
        addr = xsn_alloc(sizeof(*addr));
        if (!addr)
                return xsn_error_oom(ret_err);
        /* The order of the kernel is kept: the first of a subnet is its primary. */
        for (end = &link->addrs; *end;)
                end = &(*end)->next;
        *end = addr;
        addr->ip = ip;
        addr->scope = ifa->ifa_scope;
        addr->flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
        addr->proto = tb[IFA_PROTO] ? nla_get_u8(tb[IFA_PROTO]) : 0;
        net->tells_proto = net->tells_proto || tb[IFA_PROTO];
        addr->dynamic = !(addr->flags & IFA_F_PERMANENT);
        addr->msg = xsn_memdup(msg, msg->nlmsg_len);
        return addr->msg ? 0 : xsn_error_oom(ret_err);
}

/* Those that the kernel makes by itself as addresses come and go. */
static bool is_kernels(const struct rtmsg *rtm, uint32_t table)
{
        return table == RT_TABLE_LOCAL || rtm->rtm_protocol == RTPROT_KERNEL || rtm->rtm_protocol == RTPROT_REDIRECT ||
               rtm->rtm_flags & RTM_F_CLONED;
}

static bool is_plain(const struct rtmsg *rtm, struct nlattr *const tb[RTA_MAX + 1], uint32_t table)
{
        return table == RT_TABLE_MAIN && rtm->rtm_type == RTN_UNICAST && rtm->rtm_tos == 0 && rtm->rtm_src_len == 0 &&
               !tb[RTA_MULTIPATH] && !tb[RTA_PREFSRC] && !tb[RTA_METRICS] && !tb[RTA_ENCAP] && !tb[RTA_VIA] &&
               !tb[RTA_NH_ID];
}

int xsn_d0_read_route(struct xsn_d0_net *net, const struct nlmsghdr *msg, struct xsnet_error **ret_err)
{
        struct nlattr *tb[RTA_MAX + 1] = { NULL };
        const struct rtmsg *rtm = xsn_nl_header(msg, sizeof(*rtm));
        int r = xsn_nl_parse(msg, sizeof(*rtm), tb, RTA_MAX, route_policy, ret_err);
        static const uint8_t zero[16];
        struct xsn_d0_link *link = NULL;
        struct xsn_d0_route *route;
        uint32_t table;

        if (r < 0)
                return r;
        table = tb[RTA_TABLE] ? nla_get_u32(tb[RTA_TABLE]) : rtm->rtm_table;
        if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) || is_kernels(rtm, table))
                return 0;
        if (tb[RTA_OIF])
                link = xsn_d0_link_at(net, nla_get_u32(tb[RTA_OIF]));
        if (!link && !tb[RTA_MULTIPATH])
                return 0;
        route = xsn_alloc(sizeof(*route));
        if (!route)
                return xsn_error_oom(ret_err);
        route->next = tb[RTA_MULTIPATH] ? net->multipath : link->routes;
        *(tb[RTA_MULTIPATH] ? &net->multipath : &link->routes) = route;
        route->to = attr_ip(tb[RTA_DST], rtm->rtm_dst_len);
        if (route->to.family == 0)
                route->to = xsn_d0_ip(zero, rtm->rtm_family == AF_INET ? 4 : 16, 0);
        route->via = attr_ip(tb[RTA_GATEWAY], 128);
        route->metric = tb[RTA_PRIORITY] ? nla_get_u32(tb[RTA_PRIORITY]) : 0;
        route->table = table;
        route->proto = rtm->rtm_protocol;
        route->type = rtm->rtm_type;
        route->by_id = tb[RTA_NH_ID];
        route->plain = is_plain(rtm, tb, table);
        route->multipath = tb[RTA_MULTIPATH];
        route->msg = xsn_memdup(msg, msg->nlmsg_len);
        return route->msg ? 0 : xsn_error_oom(ret_err);
}

/* ---- routes that the kernel takes for one another ---- */

/* Of IPv6, those over a gateway become one with several next hops, and the others are of their own. */
static bool is_ecmp(const struct xsn_d0_route *route)
{
        return route->to.family == 6 && (route->via.family || route->multipath);
}

static int compare_slot(const void *a, const void *b)
{
        const struct xsn_d0_route *x = *(struct xsn_d0_route *const *)a, *y = *(struct xsn_d0_route *const *)b;
        int r = xsn_ip_compare(&x->to, &y->to);

        if (r != 0)
                return r;
        if (x->table != y->table)
                return x->table < y->table ? -1 : 1;
        if (x->metric != y->metric)
                return x->metric < y->metric ? -1 : 1;
        return (int)is_ecmp(x) - (int)is_ecmp(y);
}

static size_t gather(struct xsn_d0_route *route, struct xsn_d0_route **routes, size_t n)
{
        for (; route; route = route->next, n++)
                if (routes)
                        routes[n] = route;
        return n;
}

static size_t gather_all(const struct xsn_d0_net *net, struct xsn_d0_route **routes)
{
        size_t n = gather(net->multipath, routes, 0);

        for (size_t i = 0; i < net->n_links; i++)
                n = gather(net->links[i]->routes, routes, n);
        return n;
}

int xsn_d0_find_shared(struct xsn_d0_net *net)
{
        _cleanup_(xsn_freep) struct xsn_d0_route **routes = NULL;
        size_t n = gather_all(net, NULL);

        if (n < 2)
                return 0;
        routes = xsn_alloc_array(n, sizeof(struct xsn_d0_route *));
        if (!routes)
                return -ENOMEM;
        (void)gather_all(net, routes);
        qsort((void *)routes, n, sizeof(struct xsn_d0_route *), compare_slot);
        for (size_t i = 1; i < n; i++)
                if (compare_slot((const void *)&routes[i - 1], (const void *)&routes[i]) == 0)
                        routes[i - 1]->shared = routes[i]->shared = true;
        return 0;
}
