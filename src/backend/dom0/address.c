/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and routes that a step adds, changes or takes away where the object's addresses are. All is compared
 * with what the tables have there: what others set stays, what is there already is not sent.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/apply.h"
#include "backend/dom0/payload.h"
#include "backend/dom0/put.h"
#include "backend/dom0/view.h"
#include "base/alloc.h"

static const struct xsn_d0_addr *find_addr(const struct xsn_d0_link *place, const struct xsn_ip *ip)
{
        for (const struct xsn_d0_addr *addr = place->addrs; addr; addr = addr->next)
                if (xsn_ip_compare(&addr->ip, ip) == 0)
                        return addr;
        return NULL;
}

static bool list_has(const struct xsn_list *list, const struct xsn_ip *ip)
{
        return xsn_list_find(xsn_type_of(XSNET_TYPE_PREFIXES)->item, list, ip) >= 0;
}

static char *addr_label(const struct xsn_ip *ip, const struct xsn_d0_link *place)
{
        char text[XSN_IP_STRLEN], *label = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "%s on %s", xsn_ip_format_prefix(ip, text), place->name);
        return xsn_buf_take(&buf, &label) < 0 ? NULL : label;
}

static void claim(struct xsn_d0_build *b, size_t index, unsigned may)
{
        b->claim(b->userdata, index, may);
}

static void put_addr(struct xsn_d0_build *b, uint16_t type, const struct xsn_d0_link *place, const struct xsn_ip *ip,
                     unsigned may)
{
        _cleanup_(xsn_freep) char *label = addr_label(ip, place);
        uint16_t flags = type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0;

        claim(b, xsn_d0_put_addr(b->batch, type, flags, place->ifindex, ip, false, label), may);
}

/* As somebody else set it. */
static void put_addr_copy(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_addr *addr)
{
        claim(b, xsn_nl_batch_count(b->batch), XSN_D0_MAY_EXIST);
        xsn_d0_place_put_addr(b->batch, RTM_NEWADDR, addr, place);
}

/* `again`: those that are there, too, as the kernel may have taken them along with others. */
static void add_addrs(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_link *kept,
                      const struct xsn_list *list, bool again)
{
        for (size_t i = 0; i < list->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*list, struct xsn_ip, i);
                const struct xsn_d0_addr *there = find_addr(place, ip), *was = kept ? find_addr(kept, ip) : NULL;

                if (there && !again)
                        continue;
                if (there || was)
                        put_addr_copy(b, place, there ? there : was);
                else
                        put_addr(b, RTM_NEWADDR, place, ip, XSN_D0_MAY_EXIST);
        }
}

/* Those that no object has, where their device went meanwhile, and they with it. */
static void bring_local_back(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_link *kept)
{
        for (const struct xsn_d0_addr *addr = kept ? kept->addrs : NULL; addr; addr = addr->next)
                if (xsn_d0_addr_is_local4(addr) && !find_addr(place, &addr->ip))
                        put_addr_copy(b, place, addr);
}

/* Those of `before`, but for what others set. */
static void drop_addrs(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsnet_object *before,
                       bool v4)
{
        const struct xsn_list *from = v4 ? &before->a.ipv4_address : &before->a.ipv6_address;
        const struct xsn_list *to = v4 ? &b->s->to->a.ipv4_address : &b->s->to->a.ipv6_address;

        for (size_t i = 0; i < from->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*from, struct xsn_ip, i);

                if (list_has(to, ip) || list_has(&before->a.other_addresses, ip) || !find_addr(place, ip))
                        continue;
                b->dropped = b->dropped || ip->family == 4;
                put_addr(b, RTM_DELADDR, place, ip, XSN_D0_MAY_BE_GONE);
        }
}

/* ---- routes ---- */

static bool same_route(const struct xsn_route *x, const struct xsn_route *y)
{
        return xsn_ip_compare(&x->to, &y->to) == 0 && x->via.family == y->via.family &&
               (x->via.family == 0 || xsn_ip_same_address(&x->via, &y->via)) && x->metric == y->metric;
}

static bool wants_route(const struct xsn_list *routes, const struct xsn_route *route)
{
        for (size_t i = 0; i < routes->n; i++) {
                struct xsn_route other = XSN_ITEM(*routes, struct xsn_route, i);

                other.to = xsn_ip_network(&other.to);
                if (same_route(&other, route))
                        return true;
        }
        return false;
}

static const struct xsn_d0_route *find_route(const struct xsn_d0_link *place, const struct xsn_route *route)
{
        for (const struct xsn_d0_route *r = place->routes; r; r = r->next) {
                struct xsn_route value = xsn_d0_route_value(r);

                if (r->table == RT_TABLE_MAIN && r->type == RTN_UNICAST && same_route(&value, route))
                        return r;
        }
        return NULL;
}

/* ---- routes that come ---- */

static bool has_route_row(const struct xsnet_object *obj, const struct xsn_d0_route *route)
{
        struct xsn_route value = xsn_d0_route_value(route);
        bool v4 = route->to.family == 4;

        if (!xsn_d0_route_is_default(route))
                return xsn_d0_route_is_row(route) && wants_route(&obj->a.routes, &value);
        return xsn_object_is_set(obj, v4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY) &&
               xsn_ip_same_address(v4 ? &obj->a.ipv4_gateway : &obj->a.ipv6_gateway, &route->via);
}

/* Does the plan take the route away from the object that had it? */
static bool goes_away(const struct xsn_d0_build *b, const struct xsn_d0_route *route)
{
        const struct xsn_plan_target *target = &b->a->plan->targets[b->a->target];

        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsnet_object *before = target->touched[i].before, *after = target->touched[i].after;
                struct xsn_route wanted;

                if (!before || !before->cls->has_address || !has_route_row(before, route))
                        continue;
                if (!after || !after->cls->has_address || !has_route_row(after, route))
                        return true;
                return xsn_d0_route_is_default(route) && !(xsn_d0_gateway_of(b->a, after, route->to.family, &wanted) &&
                                                           xsn_d0_good_gateway(route, &wanted));
        }
        return false;
}

/*
 * Of two IPv6 routes over gateways with one prefix and metric the kernel makes one with two next hops, which is
 * neither. So one that comes takes the place of one that another step has yet to take away.
 */
static uint16_t replaces(const struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_route *route)
{
        const struct xsn_d0_net *net = b->a->net;
        size_t n = 0;

        for (size_t i = 0; i < net->n_links && route->to.family == 6 && route->via.family; i++)
                for (const struct xsn_d0_route *r = net->links[i]->routes; r; r = r->next) {
                        if (r->table != RT_TABLE_MAIN || r->type != RTN_UNICAST || !r->via.family ||
                            xsn_ip_compare(&r->to, &route->to) != 0 ||
                            xsn_d0_route_value(r).metric != route->metric)
                                continue;
                        if (!goes_away(b, r) ||
                            (net->links[i] == place && xsn_ip_same_address(&r->via, &route->via)))
                                return 0;
                        n++;
                }
        return n == 1 ? NLM_F_REPLACE : 0;
}

static void put_route(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_route *route)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, place->name);

        claim(b,
              xsn_d0_put_route(b->batch, RTM_NEWROUTE, NLM_F_CREATE | replaces(b, place, route), place->ifindex, route,
                               label),
              XSN_D0_MAY_EXIST);
}

static void put_copy(struct xsn_d0_build *b, uint16_t type, const struct xsn_d0_link *place,
                     const struct xsn_d0_route *route, unsigned may)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, place->name);
        uint16_t flags = type != RTM_NEWROUTE ? 0 : NLM_F_CREATE | (route->shared ? NLM_F_APPEND : NLM_F_EXCL);

        claim(b, xsn_d0_put_route_copy(b->batch, type, flags, route, place->ifindex, place->ifindex, label), may);
}

/* One that was kept, for the place where it shall be. */
static void put_kept(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_route *route,
                     unsigned may)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, place->name);
        struct xsn_route value = xsn_d0_route_value(route);
        uint16_t flags = NLM_F_CREATE | (route->table == RT_TABLE_MAIN ? replaces(b, place, &value) : 0);

        claim(b,
              xsn_d0_put_route_copy(b->batch, RTM_NEWROUTE, flags, route, XSN_D0_KEPT_INDEX, place->ifindex, label),
              may);
}

/* Is there a route that the kernel would take for the same? */
static bool has_route(const struct xsn_d0_link *place, const struct xsn_d0_route *route)
{
        for (const struct xsn_d0_route *r = place->routes; r; r = r->next)
                if (xsn_ip_compare(&r->to, &route->to) == 0 && r->table == route->table && r->metric == route->metric &&
                    r->type == route->type && r->via.family == route->via.family &&
                    (r->via.family == 0 || xsn_ip_same_address(&r->via, &route->via)))
                        return true;
        return false;
}

/* Is a default route of the same family among those that were kept? */
static bool keeps_default(const struct xsn_d0_link *kept, const struct xsn_d0_route *route)
{
        for (const struct xsn_d0_route *r = kept->routes; r; r = r->next)
                if (xsn_d0_route_is_default(r) && r->to.family == route->to.family)
                        return true;
        return false;
}

/* On the way back, its metric is the one that it had. */
static bool is_good(const struct xsn_d0_build *b, const struct xsn_d0_route *found, const struct xsn_route *wanted)
{
        if (b->kept && keeps_default(b->kept, found))
                return xsn_ip_same_address(&found->via, &wanted->via) && has_route(b->kept, found);
        return xsn_d0_good_gateway(found, wanted);
}

/* Is there a default route as wanted? `again`: those are put again as they are, whoever set them. */
static bool has_gateway(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_route *wanted,
                        bool again)
{
        bool any = false;

        for (const struct xsn_d0_route *route = place->routes; route; route = route->next) {
                if (!xsn_d0_route_is_default(route) || route->to.family != wanted->to.family ||
                    !is_good(b, route, wanted))
                        continue;
                any = true;
                if (again)
                        put_copy(b, RTM_NEWROUTE, place, route, XSN_D0_MAY_EXIST);
        }
        return any;
}

static bool wants_gateway(const struct xsnet_step *s, int family)
{
        return !s->from || xsn_d0_changed(s, family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY) ||
               xsn_d0_changed(s, XSNET_FIELD_DEFAULT_ROUTE) ||
               xsn_d0_changed(s, family == 4 ? XSNET_FIELD_IPV4_ADDRESS : XSNET_FIELD_IPV6_ADDRESS);
}

/* In another place they may not all have come along. */
static bool wants_routes(const struct xsnet_step *s)
{
        return !s->from || xsn_d0_changed(s, XSNET_FIELD_ROUTES) || xsn_d0_changed(s, XSNET_FIELD_NETWORK);
}

/* The default routes over that gateway as others had set them. False: none was kept. */
static bool put_kept_gateway(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_link *kept,
                             const struct xsn_route *wanted)
{
        bool any = false;

        for (const struct xsn_d0_route *route = kept ? kept->routes : NULL; route; route = route->next) {
                if (!xsn_d0_route_is_default(route) || route->to.family != wanted->to.family ||
                    !xsn_ip_same_address(&route->via, &wanted->via))
                        continue;
                any = true;
                if (!has_route(place, route))
                        put_kept(b, place, route, XSN_D0_MAY_EXIST);
        }
        return any;
}

/* Routes of others that the way forward took along, of any table. */
static void bring_back(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_link *kept)
{
        for (int via = 0; kept && via <= 1; via++)
                for (const struct xsn_d0_route *route = kept->routes; route; route = route->next)
                        if ((route->via.family != 0) == via && !has_route(place, route))
                                put_kept(b, place, route, XSN_D0_MAY_FAIL);
}

static void add_routes(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_link *kept,
                       bool again)
{
        const struct xsnet_object *to = b->s->to;
        struct xsn_route route;

        for (int via = 0; via <= 1 && (wants_routes(b->s) || again); via++) {
                for (size_t i = 0; i < to->a.routes.n; i++) {
                        const struct xsn_d0_route *was;

                        route = XSN_ITEM(to->a.routes, struct xsn_route, i);
                        route.to = xsn_ip_network(&route.to);
                        if ((route.via.family != 0) != via || (!again && find_route(place, &route)))
                                continue;
                        was = kept ? find_route(kept, &route) : NULL;
                        if (was)
                                put_kept(b, place, was, XSN_D0_MAY_EXIST);
                        else
                                put_route(b, place, &route);
                }
        }
        for (int family = 4; family <= 6; family += 2)
                if ((wants_gateway(b->s, family) || again) && xsn_d0_gateway_of(b->a, to, family, &route) &&
                    !has_gateway(b, place, &route, again) && !put_kept_gateway(b, place, kept, &route))
                        put_route(b, place, &route);
}

/*
 * A network's own addresses end with the PIF that joins it, which has the bridge for its addresses then, and those of a
 * NIC with the bond that it joins: what of them the PIF, or the bond, does not take over goes. The next network or NIC
 * that the step is about in that way, from *i on; NULL: none.
 */
static const struct xsnet_object *next_given_up(const struct xsn_d0_build *b, size_t *i)
{
        const struct xsn_plan_target *target = &b->a->plan->targets[b->a->target];
        const struct xsnet_step *s = b->s;
        const char *network = !s->from || xsn_d0_changed(s, XSNET_FIELD_NETWORK) ? xsn_object_network(s->to) : NULL;
        bool members = XSN_BOND(s->to) && (!s->from || xsn_d0_changed(s, XSNET_FIELD_MEMBERS));

        while ((network || members) && *i < target->n_touched) {
                const struct xsn_journal_entry *entry = &target->touched[(*i)++];
                const struct xsn_network *net = entry->before && entry->after ? XSN_NETWORK(entry->after) : NULL;

                if (net && XSN_NETWORK(entry->before) && network && strcmp(net->name, network) == 0)
                        return entry->before;
                if (members && entry->before && XSN_PIF(entry->before) &&
                    xsn_d0_takes_member(s, XSN_PIF(entry->before)->device))
                        return entry->before;
        }
        return NULL;
}

/* With an address that others set the routes are theirs, too. */
static bool is_others(const struct xsnet_object *obj, int family)
{
        for (size_t i = 0; i < obj->a.other_addresses.n; i++)
                if (XSN_ITEM(obj->a.other_addresses, struct xsn_ip, i).family == family)
                        return true;
        return false;
}

static bool is_given_up(const struct xsn_d0_build *b, const struct xsn_d0_route *route)
{
        const struct xsnet_object *before;
        size_t i = 0;

        while ((before = next_given_up(b, &i)))
                if (has_route_row(before, route) && !has_route_row(b->s->to, route) &&
                    !is_others(before, route->to.family))
                        return true;
        return false;
}

static void drop_given_up(struct xsn_d0_build *b, const struct xsn_d0_link *place)
{
        const struct xsnet_object *before;
        size_t i = 0;

        if (!place->addrs && !place->routes)
                return;
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                if (is_given_up(b, route))
                        put_copy(b, RTM_DELROUTE, place, route, XSN_D0_MAY_BE_GONE);
        while ((before = next_given_up(b, &i))) {
                drop_addrs(b, place, before, true);
                drop_addrs(b, place, before, false);
        }
}

/* Default routes over a gateway of before, or with a metric of before. */
static bool old_gateway(const struct xsn_d0_build *b, const struct xsn_d0_route *route)
{
        const struct xsnet_object *from = b->s->from, *to = b->s->to;
        int family = route->to.family;
        struct xsn_route wanted;

        /* One of ours that a plan that was cut short had put beside it. */
        if (from && b->kept && keeps_default(b->kept, route) && route->proto == RTPROT_STATIC &&
            !xsn_d0_chosen_metric(route))
                return !has_route(b->kept, route);
        if (!from || !has_route_row(from, route) || !wants_gateway(b->s, family))
                return false;
        return !xsn_d0_gateway_of(b->a, to, family, &wanted) || !is_good(b, route, &wanted);
}

static void drop_routes(struct xsn_d0_build *b, const struct xsn_d0_link *place)
{
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next) {
                struct xsn_route value = xsn_d0_route_value(route);

                if (xsn_d0_route_is_default(route) ? old_gateway(b, route)
                                                   : xsn_d0_route_is_row(route) && wants_routes(b->s) &&
                                                             wants_route(&b->s->from->a.routes, &value) &&
                                                             !wants_route(&b->s->to->a.routes, &value))
                        put_copy(b, RTM_DELROUTE, place, route, XSN_D0_MAY_BE_GONE);
        }
}

/* The kernel takes secondary addresses and routes along with an address: those that shall stay are added again. */
static void repair(struct xsn_d0_build *b, const struct xsn_d0_link *place, const struct xsn_d0_link *kept,
                   const struct xsn_d0_link *routes)
{
        add_addrs(b, place, kept, &b->s->to->a.ipv4_address, true);
        add_routes(b, place, routes, true);
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next) {
                bool is_default = xsn_d0_route_is_default(route), own = b->s->from && has_route_row(b->s->from, route);

                if (route->proto != RTPROT_RA && !is_given_up(b, route) &&
                    (is_default ? xsn_d0_chosen_metric(route) && !old_gateway(b, route) : !own))
                        put_copy(b, RTM_NEWROUTE, place, route, XSN_D0_MAY_FAIL);
        }
}

static void build(struct xsn_d0_build *b, int phase, const struct xsn_d0_link *place, const struct xsn_d0_link *kept)
{
        const struct xsnet_object *to = b->s->to, *from = b->s->from;
        /*
         * Of routes and of addresses that no object has, the way forward has nothing to bring back: what it no longer
         * names shall go.
         */
        const struct xsn_d0_link *routes = b->kept;

        if (phase == XSN_D0_ADDR) {
                add_addrs(b, place, kept, &to->a.ipv4_address, false);
                add_addrs(b, place, kept, &to->a.ipv6_address, false);
                bring_local_back(b, place, routes);
        } else if (phase == XSN_D0_ROUTE) {
                add_routes(b, place, routes, false);
        } else if (phase == XSN_D0_DROP) {
                drop_given_up(b, place);
                if (from) {
                        drop_routes(b, place);
                        drop_addrs(b, place, from, true);
                        drop_addrs(b, place, from, false);
                }
        } else if (phase == XSN_D0_REPAIR) {
                if (b->dropped)
                        repair(b, place, kept, routes);
                bring_back(b, place, routes);
        }
}

int xsn_d0_build_addresses(struct xsn_d0_build *b, int phase, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_net_done) struct xsn_d0_net kept = { 0 };
        const struct xsn_d0_link *place;

        place = b->a->place_then(b->a, b->s->to);
        if (!place)
                return 0;
        if (xsn_d0_kept_load(b->s->to, &kept) < 0)
                return xsn_error_oom(ret_err);
        b->kept = b->a->plan->back ? xsn_d0_kept(&kept) : NULL;
        build(b, phase, place, xsn_d0_kept(&kept));
        b->kept = NULL;
        return 0;
}
