/* SPDX-License-Identifier: Apache-2.0 */
/* RTM_NEWADDR and RTM_NEWROUTE messages read into the table. The messages are kept: moving repeats them. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
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
        route->msg = xsn_memdup(msg, msg->nlmsg_len);
        return route->msg ? 0 : xsn_error_oom(ret_err);
}
