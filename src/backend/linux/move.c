/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and routes that go from one device to another with as small a gap as there can be: one send that adds
 * them on the other device first. A send does not stop at its first error, so on any error all
 * is put back at once.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/put.h"
#include "backend/linux/apply.h"
#include "base/alloc.h"

/* Addresses that were given; the kernel makes its own on the other device by itself. */
bool xsn_lx_goes_along(const struct xsn_d0_addr *addr)
{
        return (xsn_d0_addr_counts(addr) && !addr->dynamic) || xsn_d0_addr_is_local4(addr);
}

bool xsn_lx_route_goes(const struct xsn_d0_route *route)
{
        return route->proto != RTPROT_RA;
}

bool xsn_lx_place_has(const struct xsn_d0_net *net, const struct xsn_d0_link *place)
{
        for (const struct xsn_d0_addr *addr = place->addrs; addr; addr = addr->next)
                if (xsn_lx_goes_along(addr))
                        return true;
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                if (xsn_lx_route_goes(route))
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
void xsn_lx_put_route(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_route *route, uint32_t from,
                      const struct xsn_d0_link *to)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, to->name);
        uint16_t flags = type != RTM_NEWROUTE ? 0 : NLM_F_CREATE | (route->shared ? NLM_F_APPEND : NLM_F_REPLACE);

        (void)xsn_d0_put_route_copy(batch, type, flags, route, from, to->ifindex, label);
}

void xsn_lx_put_addr(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_addr *addr,
                     const struct xsn_d0_link *at)
{
        struct xsn_buf buf = { 0 };
        char text[XSN_IP_STRLEN];

        xsn_buf_printf(&buf, "%s on %s", xsn_ip_format_prefix(&addr->ip, text), at->name);
        (void)xsn_d0_put_addr_copy(batch, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0, addr,
                                   at->ifindex, at->name, buf.failed ? NULL : buf.s);
        xsn_buf_done(&buf);
}

/* Routes without a gateway first: gateways are reached over them. */
void xsn_lx_put_place(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                      const struct xsn_d0_link *dst)
{
        for (const struct xsn_d0_addr *addr = src->addrs; addr; addr = addr->next)
                if (xsn_lx_goes_along(addr))
                        xsn_lx_put_addr(batch, RTM_NEWADDR, addr, dst);
        for (int via = 0; via <= 1; via++)
                for (const struct xsn_d0_route *route = src->routes; route; route = route->next)
                        if (xsn_lx_route_goes(route) && (route->via.family != 0) == via)
                                xsn_lx_put_route(batch, RTM_NEWROUTE, route, src->ifindex, dst);
        for (const struct xsn_d0_route *route = net->multipath; route; route = route->next)
                if (xsn_d0_route_uses(route, src->ifindex))
                        xsn_lx_put_route(batch, RTM_NEWROUTE, route, src->ifindex, dst);
}

/* What src has is taken away at another device (or at src itself). */
void xsn_lx_drop_place(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                       const struct xsn_d0_link *at)
{
        for (const struct xsn_d0_addr *addr = src->addrs; addr; addr = addr->next)
                if (xsn_lx_goes_along(addr))
                        xsn_lx_put_addr(batch, RTM_DELADDR, addr, at);
        for (const struct xsn_d0_route *route = src->routes; route; route = route->next)
                if (xsn_lx_route_goes(route))
                        xsn_lx_put_route(batch, RTM_DELROUTE, route, src->ifindex, at);
        /* One that shares its prefix and metric was not replaced. */
        for (const struct xsn_d0_route *route = net->multipath; route; route = route->next)
                if (route->shared && xsn_d0_route_uses(route, src->ifindex))
                        xsn_lx_put_route(batch, RTM_DELROUTE, route, src->ifindex, at);
}

void xsn_lx_put_master(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, uint32_t master)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put_u32(batch, IFLA_MASTER, master);
}

void xsn_lx_put_mac(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, const struct xsn_mac *mac)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put(batch, IFLA_ADDRESS, mac->b, sizeof(mac->b));
}

void xsn_lx_put_up(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, bool up)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex, .ifi_change = IFF_UP, .ifi_flags = up ? IFF_UP : 0 };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
}

struct move {
        struct xsn_d0_link *link, *now, *then;
        struct xsn_d0_link *bridge;  /* it joins; NULL */
        struct xsn_d0_link *leaving; /* the bridge that it leaves; NULL */
};

static int go(struct lx_apply *a, const struct lx_step *st, const struct move *m, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_mac mac;
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        if (m->bridge && m->bridge->n_ports == 0 && m->link->has_mac) {
                mac = xsn_lx_bridge_mac(a, st, &m->link->mac);
                xsn_lx_put_mac(batch, m->bridge, &mac);
        }
        if (m->leaving && m->leaving->has_mac && m->link->has_mac && xsn_mac_equal(&m->leaving->mac, &m->link->mac)) {
                mac = xsn_lx_random_mac();
                xsn_lx_put_mac(batch, m->leaving, &mac);
        }
        if (m->bridge && !(m->bridge->flags & IFF_UP))
                xsn_lx_put_up(batch, m->bridge, true);
        xsn_lx_put_master(batch, m->link, m->bridge ? m->bridge->ifindex : 0);
        xsn_lx_put_place(batch, &a->lx->net, m->now, m->then);
        r = xsn_lx_send(a, batch, LX_MAY_EXIST, ret_err);
        if (r < 0)
                return r;
        /* Only now does anything go away, and most of it has: the kernel drops a device's routes with its addresses. */
        xsn_nl_batch_clear(batch);
        xsn_lx_drop_place(batch, &a->lx->net, m->now, m->now);
        return xsn_lx_send(a, batch, LX_MAY_BE_GONE, ret_err);
}

/* As it was; what fails now is left, and the error says that something did. */
static int put_back(struct lx_apply *a, const struct move *m, int code, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        int r = xsn_nl_batch_new(&batch, NULL);

        if (r < 0)
                return code;
        xsn_lx_put_master(batch, m->link, m->link->master);
        xsn_lx_put_port(batch, m->link);
        if (m->bridge && m->bridge->has_mac)
                xsn_lx_put_mac(batch, m->bridge, &m->bridge->mac);
        if (m->leaving && m->leaving->has_mac)
                xsn_lx_put_mac(batch, m->leaving, &m->leaving->mac);
        xsn_lx_put_place(batch, &a->lx->net, m->now, m->now);
        r = xsn_lx_send(a, batch, LX_MAY_EXIST, NULL);
        xsn_nl_batch_clear(batch);
        xsn_lx_drop_place(batch, &a->lx->net, m->now, m->then);
        (void)xsn_lx_send(a, batch, LX_MAY_FAIL, NULL);
        return xsn_error_prefix(ret_err, code, r < 0 ? "moving it failed, and not all could be put back"
                                                     : "moving it failed, and it is as it was");
}

/* A next hop that is an object of its own names its device, so its routes cannot go along. */
int xsn_lx_check_routes(const struct xsn_d0_net *net, const struct xsn_d0_link *place, struct xsnet_error **ret_err)
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

int xsn_lx_move(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        struct move m = { .link = xsn_lx_device(a, st->s->to) };
        int r;

        if (!m.link)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its device is gone");
        m.now = xsn_lx_place_now(a, m.link);
        m.then = xsn_lx_place_then(a, st->s->to);
        if (m.now == m.then)
                return 0;
        r = xsn_lx_check_routes(&a->lx->net, m.now, ret_err);
        if (r < 0)
                return r;
        m.bridge = m.then != m.link ? m.then : NULL;
        m.leaving = m.now != m.link ? m.now : NULL;
        r = go(a, st, &m, ret_err);
        if (r < 0)
                return put_back(a, &m, r, ret_err);
        xsn_lx_note_move(a, m.now, m.then);
        xsn_lx_port_ipv6(a, m.link, m.bridge);
        return 1;
}
