/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the requests of put.h: new ones from values, and repetitions of what the kernel told. */
#include "backend/dom0/put.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif

static size_t ip_len(const struct xsn_ip *ip)
{
        return ip->family == 4 ? 4 : 16;
}

static uint8_t ip_af(const struct xsn_ip *ip)
{
        return ip->family == 4 ? AF_INET : AF_INET6;
}

/* The broadcast address, where the prefix leaves room for one: tools expect it, the kernel does not make it. */
static void put_broadcast(struct xsn_nl_batch *batch, const struct xsn_ip *ip)
{
        uint8_t b[4];

        if (ip->family != 4 || ip->plen > 30)
                return;
        memcpy(b, ip->b, sizeof(b));
        for (unsigned i = ip->plen; i < 32; i++)
                b[i / 8] |= (uint8_t)(0x80 >> i % 8);
        xsn_nl_put(batch, IFA_BROADCAST, b, sizeof(b));
}

size_t xsn_d0_put_addr(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, uint32_t ifindex,
                       const struct xsn_ip *ip, bool settled, const char *label)
{
        struct ifaddrmsg ifa = {
                .ifa_family = ip_af(ip),
                .ifa_prefixlen = ip->plen,
                .ifa_scope = xsn_ip_is_link_local(ip) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                .ifa_index = ifindex,
        };
        size_t i = xsn_nl_batch_begin(batch, type, flags, &ifa, sizeof(ifa), label);

        xsn_nl_put(batch, IFA_LOCAL, ip->b, ip_len(ip));
        xsn_nl_put(batch, IFA_ADDRESS, ip->b, ip_len(ip));
        if (type != RTM_NEWADDR)
                return i;
        put_broadcast(batch, ip);
        if (settled && ip->family == 6)
                xsn_nl_put_u32(batch, IFA_FLAGS, IFA_F_NODAD);
        xsn_nl_put_u8(batch, IFA_PROTO, XSN_D0_ADDR_PROTO);
        return i;
}

/* "eth0:1" on eth0 becomes "br0:1" on br0, where it fits; other labels stay. */
static void put_label(struct xsn_nl_batch *batch, const char *was, const char *name)
{
        const char *colon = strchr(was, ':');
        char label[IFNAMSIZ];

        if (colon && snprintf(label, sizeof(label), "%s%s", name, colon) < (int)sizeof(label))
                xsn_nl_put_str(batch, IFA_LABEL, label);
}

/* An address for ever whose use is discouraged: the kernel takes that as a preferred lifetime of nothing. */
static void put_deprecated(struct xsn_nl_batch *batch)
{
        static const struct ifa_cacheinfo info = { .ifa_prefered = 0, .ifa_valid = UINT32_MAX };

        xsn_nl_put(batch, IFA_CACHEINFO, &info, sizeof(info));
}

size_t xsn_d0_put_addr_copy(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, const struct xsn_d0_addr *addr,
                            uint32_t ifindex, const char *name, const char *label)
{
        const struct ifaddrmsg *was = xsn_nl_header(addr->msg, sizeof(*was));
        struct ifaddrmsg ifa = *was;
        const struct nlattr *attr = (const void *)((const char *)was + NLMSG_ALIGN(sizeof(*was)));
        int left = (int)(addr->msg->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(sizeof(*was)));
        uint32_t keep = addr->flags & (IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |
                                       IFA_F_MCAUTOJOIN);
        size_t i;

        ifa.ifa_index = ifindex;
        ifa.ifa_flags = 0;
        i = xsn_nl_batch_begin(batch, type, flags, &ifa, sizeof(ifa), label);
        for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
                size_t len = (size_t)nla_len(attr);

                switch (nla_type(attr)) {
                case IFA_LOCAL:
                case IFA_ADDRESS:
                        xsn_nl_put(batch, (uint16_t)nla_type(attr), nla_data(attr), len);
                        break;
                case IFA_LABEL:
                        if (type == RTM_NEWADDR && len > 0 && ((const char *)nla_data(attr))[len - 1] == '\0')
                                put_label(batch, nla_data(attr), name);
                        break;
                case IFA_CACHEINFO:
                        if (!addr->dynamic)
                                break;
                        __attribute__((__fallthrough__));
                case IFA_BROADCAST:
                case IFA_ANYCAST:
                case IFA_RT_PRIORITY:
                case IFA_PROTO:
                        if (type == RTM_NEWADDR)
                                xsn_nl_put(batch, (uint16_t)nla_type(attr), nla_data(attr), len);
                        break;
                default:
                        break;
                }
        }
        if (type == RTM_NEWADDR && !addr->dynamic && addr->flags & IFA_F_DEPRECATED)
                put_deprecated(batch);
        if (type == RTM_NEWADDR && addr->ip.family == 6)
                keep |= IFA_F_NODAD; /* the same network: nobody else has taken it meanwhile */
        if (type == RTM_NEWADDR && keep)
                xsn_nl_put_u32(batch, IFA_FLAGS, keep);
        return i;
}

size_t xsn_d0_put_route(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, uint32_t ifindex,
                        const struct xsn_route *route, const char *label)
{
        struct xsn_ip net = xsn_ip_network(&route->to);
        struct rtmsg rtm = {
                .rtm_family = ip_af(&net),
                .rtm_dst_len = net.plen,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_protocol = RTPROT_STATIC,
                .rtm_scope = route->via.family || net.family == 6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
                .rtm_type = RTN_UNICAST,
        };
        size_t i;

        if (type == RTM_DELROUTE)
                rtm.rtm_scope = RT_SCOPE_NOWHERE;
        i = xsn_nl_batch_begin(batch, type, flags, &rtm, sizeof(rtm), label);
        if (net.plen > 0)
                xsn_nl_put(batch, RTA_DST, net.b, ip_len(&net));
        if (route->via.family)
                xsn_nl_put(batch, RTA_GATEWAY, route->via.b, ip_len(&route->via));
        if (route->metric)
                xsn_nl_put_u32(batch, RTA_PRIORITY, route->metric);
        xsn_nl_put_u32(batch, RTA_OIF, ifindex);
        return i;
}

/* struct rtnexthop after struct rtnexthop, each with its own length. */
static void walk_nexthops(char *data, size_t len, uint32_t from, uint32_t to, bool *ret_found)
{
        while (len >= sizeof(struct rtnexthop)) {
                struct rtnexthop nh;

                memcpy(&nh, data, sizeof(nh));
                if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > len)
                        return;
                if (nh.rtnh_ifindex == (int)from) {
                        nh.rtnh_ifindex = (int)to;
                        memcpy(data, &nh, sizeof(nh));
                        *ret_found = true;
                }
                if (NLMSG_ALIGN((size_t)nh.rtnh_len) >= len)
                        return;
                data += NLMSG_ALIGN((size_t)nh.rtnh_len);
                len -= NLMSG_ALIGN((size_t)nh.rtnh_len);
        }
}

static const struct nlattr *first_attr(const struct xsn_d0_route *route, int *ret_left)
{
        const char *rtm = xsn_nl_header(route->msg, sizeof(struct rtmsg));

        *ret_left = (int)(route->msg->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(sizeof(struct rtmsg)));
        return (const void *)(rtm + NLMSG_ALIGN(sizeof(struct rtmsg)));
}

bool xsn_d0_route_uses(const struct xsn_d0_route *route, uint32_t ifindex)
{
        bool found = false;
        int left;

        for (const struct nlattr *attr = first_attr(route, &left); nla_ok(attr, left); attr = nla_next(attr, &left))
                if (nla_type(attr) == RTA_MULTIPATH)
                        walk_nexthops(nla_data(attr), (size_t)nla_len(attr), ifindex, ifindex, &found);
        return found;
}

static void put_nexthops(struct xsn_nl_batch *batch, const struct nlattr *attr, uint32_t from, uint32_t to)
{
        char *copy = xsn_memdup(nla_data(attr), (size_t)nla_len(attr));
        bool found = false;

        if (!copy)
                return; /* the kernel refuses a route without its next hop, so this is no silent loss */
        walk_nexthops(copy, (size_t)nla_len(attr), from, to, &found);
        xsn_nl_put(batch, RTA_MULTIPATH, copy, (size_t)nla_len(attr));
        xsn_free(copy);
}

size_t xsn_d0_put_route_copy(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags,
                             const struct xsn_d0_route *route, uint32_t from, uint32_t to, const char *label)
{
        const struct rtmsg *was = xsn_nl_header(route->msg, sizeof(*was));
        struct rtmsg rtm = *was;
        int left;
        size_t i;

        /* What the kernel tells of the state of next hops is no request. */
        rtm.rtm_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
        i = xsn_nl_batch_begin(batch, type, flags, &rtm, sizeof(rtm), label);
        for (const struct nlattr *attr = first_attr(route, &left); nla_ok(attr, left); attr = nla_next(attr, &left)) {
                uint32_t oif;

                /* A route by the number of its next hop says nothing else of it. */
                if (route->by_id && (nla_type(attr) == RTA_OIF || nla_type(attr) == RTA_GATEWAY ||
                                     nla_type(attr) == RTA_MULTIPATH || nla_type(attr) == RTA_VIA))
                        continue;
                switch (nla_type(attr)) {
                case RTA_CACHEINFO:
                case RTA_IIF:
                case RTA_UNSPEC:
                        break;
                case RTA_OIF:
                        oif = nla_len(attr) == 4 ? nla_get_u32(attr) : 0;
                        xsn_nl_put_u32(batch, RTA_OIF, oif == from ? to : oif);
                        break;
                case RTA_MULTIPATH:
                        put_nexthops(batch, attr, from, to);
                        break;
                default:
                        xsn_nl_put(batch, (uint16_t)nla_type(attr), nla_data(attr), (size_t)nla_len(attr));
                        break;
                }
        }
        return i;
}

char *xsn_d0_route_label(const struct xsn_ip *to, const struct xsn_ip *via, const char *device)
{
        char a[XSN_IP_STRLEN], b[XSN_IP_STRLEN], *label = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, to->plen == 0 ? "default" : xsn_ip_format_prefix(to, a));
        if (via->family)
                xsn_buf_printf(&buf, " via %s", xsn_ip_format(via, b));
        xsn_buf_printf(&buf, " on %s", device);
        return xsn_buf_take(&buf, &label) < 0 ? NULL : label;
}
