/* SPDX-License-Identifier: Apache-2.0 */
/* What a device carries for dom0, its addresses and routes, put on another one and taken away: see place.h. */
#include "backend/dom0/place.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/put.h"
#include "backend/dom0/view.h"
#include "base/alloc.h"

/* Addresses that were given; the kernel makes its own on the other device by itself. */
bool xsn_d0_addr_goes_along(const struct xsn_d0_addr *addr)
{
        return (xsn_d0_addr_counts(addr) && !addr->dynamic) || xsn_d0_addr_is_local4(addr);
}

bool xsn_d0_route_goes_along(const struct xsn_d0_route *route)
{
        return route->proto != RTPROT_RA;
}

bool xsn_d0_place_has(const struct xsn_d0_net *net, const struct xsn_d0_link *place)
{
        for (const struct xsn_d0_addr *addr = place->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_goes_along(addr))
                        return true;
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                if (xsn_d0_route_goes_along(route))
                        return true;
        for (const struct xsn_d0_route *route = net->multipath; route; route = route->next)
                if (xsn_d0_route_uses(route, place->ifindex))
                        return true;
        return false;
}

/*
 * The kernel replaces the first route of the prefix, metric and table, whose device it may be: where there are several,
 * one is added instead, and its old one goes with the place.
 */
void xsn_d0_place_put_route(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_route *route, uint32_t from,
                            const struct xsn_d0_link *to)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, to->name);
        uint16_t flags = type != RTM_NEWROUTE ? 0 : NLM_F_CREATE | (route->shared ? NLM_F_APPEND : NLM_F_REPLACE);

        (void)xsn_d0_put_route_copy(batch, type, flags, route, from, to->ifindex, label);
}

void xsn_d0_place_put_addr(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_addr *addr,
                           const struct xsn_d0_link *at)
{
        struct xsn_buf buf = { 0 };
        char text[XSN_IP_STRLEN];

        xsn_buf_printf(&buf, "%s on %s", xsn_ip_format_prefix(&addr->ip, text), at->name);
        (void)xsn_d0_put_addr_copy(batch, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0, addr,
                                   at->ifindex, at->name, buf.failed ? NULL : buf.s);
        xsn_buf_done(&buf);
}

void xsn_d0_place_put_addrs(struct xsn_nl_batch *batch, const struct xsn_d0_link *src, const struct xsn_d0_link *dst)
{
        for (const struct xsn_d0_addr *addr = src->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_goes_along(addr))
                        xsn_d0_place_put_addr(batch, RTM_NEWADDR, addr, dst);
}

bool xsn_d0_place_has_ipv6(const struct xsn_d0_link *place)
{
        const struct xsn_d0_addr *addr = place->addrs;

        while (addr && !(addr->ip.family == 6 && xsn_d0_addr_goes_along(addr)))
                addr = addr->next;
        return addr;
}

/* Is the gateway in reach over the addresses of the device, or a route of it without one? */
static bool reaches(const struct xsn_d0_link *link, const struct xsn_ip *via)
{
        for (const struct xsn_d0_addr *addr = link->addrs; addr; addr = addr->next)
                if (xsn_ip_in_prefix(via, &addr->ip))
                        return true;
        for (const struct xsn_d0_route *route = link->routes; route; route = route->next)
                if (route->via.family == 0 && xsn_ip_in_prefix(via, &route->to))
                        return true;
        return false;
}

/*
 * An IPv4 route outlasts the address that its gateway was in reach over, but the kernel takes it nowhere else: where a
 * run ended between two addresses of a subnet, one is left.
 */
static bool is_stranded(const struct xsn_d0_route *route, const struct xsn_d0_link *src, const struct xsn_d0_link *dst)
{
        const struct rtmsg *rtm = route->msg ? xsn_nl_header(route->msg, sizeof(*rtm)) : NULL;

        return route->to.family == 4 && route->via.family == 4 && rtm && !(rtm->rtm_flags & RTNH_F_ONLINK) &&
               !reaches(src, &route->via) && !reaches(dst, &route->via);
}

/* Routes without a gateway first: gateways are reached over them. */
static void put_routes(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                       const struct xsn_d0_link *dst, bool ipv6)
{
        for (int via = 0; via <= 1; via++)
                for (const struct xsn_d0_route *route = src->routes; route; route = route->next)
                        if (xsn_d0_route_goes_along(route) && (route->via.family != 0) == via &&
                            (ipv6 || route->to.family == 4) && !is_stranded(route, src, dst))
                                xsn_d0_place_put_route(batch, RTM_NEWROUTE, route, src->ifindex, dst);
        for (const struct xsn_d0_route *route = net->multipath; route; route = route->next)
                if (xsn_d0_route_uses(route, src->ifindex) && (ipv6 || route->to.family == 4))
                        xsn_d0_place_put_route(batch, RTM_NEWROUTE, route, src->ifindex, dst);
}

void xsn_d0_place_put(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                      const struct xsn_d0_link *dst)
{
        xsn_d0_place_put_addrs(batch, src, dst);
        put_routes(batch, net, src, dst, true);
}

void xsn_d0_place_put_ipv4(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                           const struct xsn_d0_link *dst)
{
        for (const struct xsn_d0_addr *addr = src->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_goes_along(addr) && addr->ip.family == 4)
                        xsn_d0_place_put_addr(batch, RTM_NEWADDR, addr, dst);
        put_routes(batch, net, src, dst, false);
}

/* What src has is taken away at another device (or at src itself). */
void xsn_d0_place_drop(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                       const struct xsn_d0_link *at)
{
        for (const struct xsn_d0_addr *addr = src->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_goes_along(addr))
                        xsn_d0_place_put_addr(batch, RTM_DELADDR, addr, at);
        for (const struct xsn_d0_route *route = src->routes; route; route = route->next)
                if (xsn_d0_route_goes_along(route))
                        xsn_d0_place_put_route(batch, RTM_DELROUTE, route, src->ifindex, at);
        /* One that shares its prefix and metric was not replaced. */
        for (const struct xsn_d0_route *route = net->multipath; route; route = route->next)
                if (route->shared && xsn_d0_route_uses(route, src->ifindex))
                        xsn_d0_place_put_route(batch, RTM_DELROUTE, route, src->ifindex, at);
}

/* A next hop that is an object of its own names its device, so its routes cannot go along. */
int xsn_d0_place_check(const struct xsn_d0_net *net, const struct xsn_d0_link *place, struct xsnet_error **ret_err)
{
        const struct xsn_d0_route *lists[] = { place->routes, net->multipath };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(lists); i++)
                for (const struct xsn_d0_route *route = lists[i]; route; route = route->next) {
                        char text[XSN_IP_STRLEN];

                        if (!route->by_id || (route->multipath && !xsn_d0_route_uses(route, place->ifindex)))
                                continue;
                        return xsn_error_set(ret_err, -EOPNOTSUPP, "not-supported",
                                             "the route to %s over %s has a nexthop object, which cannot be moved",
                                             xsn_ip_format_prefix(&route->to, text), place->name);
                }
        return 0;
}
