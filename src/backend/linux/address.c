/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and routes that a step adds, changes or takes away where the object's addresses are. All is compared
 * with what the tables have there: what others set stays, what is there already is not sent.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/put.h"
#include "backend/linux/apply.h"
#include "base/alloc.h"

#define SECOND_METRIC_4 1000 /* of gateways that are not the host's: from here on, each one of its own */
#define SECOND_METRIC_6 2048
#define N_SECOND        256 /* metrics from there on that we take for ours */

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

static void put_addr(struct lx_apply *a, struct lx_step *st, uint16_t type, const struct xsn_d0_link *place,
                     const struct xsn_ip *ip, unsigned may)
{
        _cleanup_(xsn_freep) char *label = addr_label(ip, place);
        uint16_t flags = type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : 0;

        xsn_lx_claim(a, st, xsn_d0_put_addr(a->batch, type, flags, place->ifindex, ip, false, label), may);
}

/* As somebody else set it. */
static void put_addr_copy(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                          const struct xsn_d0_addr *addr)
{
        xsn_lx_claim(a, st, xsn_nl_batch_count(a->batch), LX_MAY_EXIST);
        xsn_lx_put_addr(a->batch, RTM_NEWADDR, addr, place);
}

/* `again`: those that are there, too, as the kernel may have taken them along with others. */
static void add_addrs(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                      const struct xsn_d0_link *kept, const struct xsn_list *list, bool again)
{
        for (size_t i = 0; i < list->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*list, struct xsn_ip, i);
                const struct xsn_d0_addr *there = find_addr(place, ip), *was = kept ? find_addr(kept, ip) : NULL;

                if (there && !again)
                        continue;
                if (there || was)
                        put_addr_copy(a, st, place, there ? there : was);
                else
                        put_addr(a, st, RTM_NEWADDR, place, ip, LX_MAY_EXIST);
        }
}

/* Those that no object has, where their device went meanwhile, and they with it. */
static void bring_local_back(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                             const struct xsn_d0_link *kept)
{
        for (const struct xsn_d0_addr *addr = kept ? kept->addrs : NULL; addr; addr = addr->next)
                if (xsn_d0_addr_is_local4(addr) && !find_addr(place, &addr->ip))
                        put_addr_copy(a, st, place, addr);
}

static void drop_addrs(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                       const struct xsn_list *from, const struct xsn_list *to)
{
        for (size_t i = 0; i < from->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*from, struct xsn_ip, i);

                if (list_has(to, ip) || !find_addr(place, ip))
                        continue;
                st->dropped = st->dropped || ip->family == 4;
                put_addr(a, st, RTM_DELADDR, place, ip, LX_MAY_BE_GONE);
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

static void put_route(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                      const struct xsn_route *route)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, place->name);

        xsn_lx_claim(a, st, xsn_d0_put_route(a->batch, RTM_NEWROUTE, NLM_F_CREATE, place->ifindex, route, label),
                     LX_MAY_EXIST);
}

static void put_copy(struct lx_apply *a, struct lx_step *st, uint16_t type, const struct xsn_d0_link *place,
                     const struct xsn_d0_route *route, unsigned may)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, place->name);
        uint16_t flags = type != RTM_NEWROUTE ? 0 : NLM_F_CREATE | (route->shared ? NLM_F_APPEND : NLM_F_EXCL);

        xsn_lx_claim(a, st,
                     xsn_d0_put_route_copy(a->batch, type, flags, route, place->ifindex, place->ifindex, label), may);
}

/* One that was kept, for the place where it shall be. */
static void put_kept(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                     const struct xsn_d0_route *route, unsigned may)
{
        _cleanup_(xsn_freep) char *label = xsn_d0_route_label(&route->to, &route->via, place->name);

        xsn_lx_claim(a, st,
                     xsn_d0_put_route_copy(a->batch, RTM_NEWROUTE, NLM_F_CREATE, route, XSN_D0_KEPT_INDEX,
                                           place->ifindex, label), may);
}

/* ---- gateways that are not the host's ---- */

static uint32_t second_metric(int family)
{
        return family == 4 ? SECOND_METRIC_4 : SECOND_METRIC_6;
}

/* Which of the metrics for gateways that are not the host's a route has; -1: none. */
static int second_index(const struct xsn_d0_route *route)
{
        uint32_t first = second_metric(route->to.family);

        /* Somebody else's metric may be close to ours. */
        if (!xsn_d0_route_is_default(route) || route->metric < first || route->metric >= first + N_SECOND ||
            (route->metric > first && route->proto != RTPROT_STATIC))
                return -1;
        return (int)(route->metric - first);
}

static bool wants_second(const struct lx_apply *a, const struct xsnet_object *obj, int family)
{
        const struct xsnet_object *chosen = a->default_of[family == 6];
        const char *device = xsn_object_device(obj), *other = chosen ? xsn_object_device(chosen) : NULL;

        return obj->cls->has_address &&
               xsn_object_is_set(obj, family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY) && other &&
               device && strcmp(other, device) != 0;
}

/* The metric that the object's gateway has already; -1: none. */
static int index_now(const struct lx_apply *a, const struct xsnet_object *obj, int family)
{
        const struct xsn_d0_link *place = xsn_lx_place_then(a, obj);
        const struct xsn_ip *via = family == 4 ? &obj->a.ipv4_gateway : &obj->a.ipv6_gateway;

        for (const struct xsn_d0_route *route = place ? place->routes : NULL; route; route = route->next)
                if (route->to.family == family && xsn_ip_same_address(&route->via, via) && second_index(route) >= 0)
                        return second_index(route);
        return -1;
}

/*
 * Metrics of gateways that stay second; of IPv6 also of those that go. IPv4 has several routes of one metric for
 * a moment, IPv6 makes one with several next hops of them, which is another route then.
 */
static void take_metrics(const struct lx_apply *a, int family, bool taken[static N_SECOND])
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;
        const struct xsn_d0_net *net = &a->lx->net;

        for (size_t i = 0; i < wanted->n_objects; i++) {
                int now = wants_second(a, wanted->objects[i], family) ? index_now(a, wanted->objects[i], family) : -1;

                if (now >= 0)
                        taken[now] = true;
        }
        for (size_t i = 0; i < net->n_links && family == 6; i++)
                for (const struct xsn_d0_route *route = net->links[i]->routes; route; route = route->next)
                        if (route->to.family == family && second_index(route) >= 0)
                                taken[second_index(route)] = true;
}

/* Every wanted object in turn keeps what it has, or takes the first that nobody has: so all steps agree. */
static uint32_t choose_metric(const struct lx_apply *a, const struct xsnet_object *obj, int family)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;
        const char *device = xsn_object_device(obj);
        bool taken[N_SECOND] = { false };
        int now = index_now(a, obj, family), next = 0;

        if (now >= 0 || !wanted)
                return second_metric(family) + (uint32_t)(now >= 0 ? now : 0);
        take_metrics(a, family, taken);
        for (size_t i = 0; i < wanted->n_objects; i++) {
                const struct xsnet_object *other = wanted->objects[i];

                if (!wants_second(a, other, family) || index_now(a, other, family) >= 0)
                        continue;
                while (next < N_SECOND - 1 && taken[next])
                        next++;
                if (strcmp(xsn_object_device(other), device) == 0)
                        break;
                taken[next] = true;
        }
        return second_metric(family) + (uint32_t)next;
}

/* The default route that the object shall have; false: none of this family. */
static bool gateway_of(const struct lx_apply *a, const struct xsnet_object *obj, int family,
                       struct xsn_route *ret_route)
{
        int field = family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY;
        static const uint8_t zero[16];
        struct xsn_route route = { 0 };

        if (!xsn_object_is_set(obj, field))
                return false;
        route.to = xsn_d0_ip(zero, family == 4 ? 4 : 16, 0);
        route.via = family == 4 ? obj->a.ipv4_gateway : obj->a.ipv6_gateway;
        if (wants_second(a, obj, family))
                route.metric = choose_metric(a, obj, family);
        *ret_route = route;
        return true;
}

/* A metric that is none of ours was chosen by somebody: his default route over the same gateway will do. */
static bool chosen_metric(const struct xsn_d0_route *route)
{
        return xsn_d0_route_value(route).metric != 0 && second_index(route) < 0;
}

static bool good_gateway(const struct xsn_d0_route *found, const struct xsn_route *wanted)
{
        return xsn_ip_same_address(&found->via, &wanted->via) &&
               (xsn_d0_route_value(found).metric == wanted->metric || chosen_metric(found));
}

/* Is there a default route as wanted; with `chosen`, one whose metric is somebody's choice? */
static bool has_gateway(const struct xsn_d0_link *place, const struct xsn_route *wanted, bool chosen)
{
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                if (xsn_d0_route_is_default(route) && route->to.family == wanted->to.family &&
                    good_gateway(route, wanted) && (!chosen || chosen_metric(route)))
                        return true;
        return false;
}

static bool wants_gateway(const struct lx_step *st, int family)
{
        return !st->s->from || xsn_lx_changed(st, family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY) ||
               xsn_lx_changed(st, XSNET_FIELD_DEFAULT_ROUTE) ||
               xsn_lx_changed(st, family == 4 ? XSNET_FIELD_IPV4_ADDRESS : XSNET_FIELD_IPV6_ADDRESS);
}

static bool wants_routes(const struct lx_step *st)
{
        return !st->s->from || xsn_lx_changed(st, XSNET_FIELD_ROUTES);
}

/* Is there a route that the kernel would take for the same? */
static bool has_route(const struct xsn_d0_link *place, const struct xsn_d0_route *route)
{
        for (const struct xsn_d0_route *r = place->routes; r; r = r->next)
                if (xsn_ip_compare(&r->to, &route->to) == 0 && r->table == route->table &&
                    r->metric == route->metric && r->type == route->type && r->via.family == route->via.family &&
                    (r->via.family == 0 || xsn_ip_same_address(&r->via, &route->via)))
                        return true;
        return false;
}

/* The default routes over that gateway as others had set them. False: none was kept. */
static bool put_kept_gateway(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                             const struct xsn_d0_link *kept, const struct xsn_route *wanted)
{
        bool any = false;

        for (const struct xsn_d0_route *route = kept ? kept->routes : NULL; route; route = route->next) {
                if (!xsn_d0_route_is_default(route) || route->to.family != wanted->to.family ||
                    !xsn_ip_same_address(&route->via, &wanted->via))
                        continue;
                any = true;
                if (!has_route(place, route))
                        put_kept(a, st, place, route, LX_MAY_EXIST);
        }
        return any;
}

/* Routes of others that the way forward took along, of any table. */
static void bring_back(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                       const struct xsn_d0_link *kept)
{
        for (int via = 0; kept && via <= 1; via++)
                for (const struct xsn_d0_route *route = kept->routes; route; route = route->next)
                        if ((route->via.family != 0) == via && !has_route(place, route))
                                put_kept(a, st, place, route, LX_MAY_FAIL);
}

static void add_routes(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                       const struct xsn_d0_link *kept, bool again)
{
        const struct xsnet_object *to = st->s->to;
        struct xsn_route route;

        for (int via = 0; via <= 1 && (wants_routes(st) || again); via++) {
                for (size_t i = 0; i < to->a.routes.n; i++) {
                        const struct xsn_d0_route *was;

                        route = XSN_ITEM(to->a.routes, struct xsn_route, i);
                        route.to = xsn_ip_network(&route.to);
                        if ((route.via.family != 0) != via || (!again && find_route(place, &route)))
                                continue;
                        was = kept ? find_route(kept, &route) : NULL;
                        if (was)
                                put_kept(a, st, place, was, LX_MAY_EXIST);
                        else
                                put_route(a, st, place, &route);
                }
        }
        for (int family = 4; family <= 6; family += 2)
                if ((wants_gateway(st, family) || again) && gateway_of(a, to, family, &route) &&
                    !has_gateway(place, &route, again) && !put_kept_gateway(a, st, place, kept, &route))
                        put_route(a, st, place, &route);
}

/* Default routes over a gateway of before, or with a metric of before. */
static bool old_gateway(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_route *route)
{
        const struct xsnet_object *from = st->s->from, *to = st->s->to;
        int family = route->to.family;
        const struct xsn_ip *was = family == 4 ? &from->a.ipv4_gateway : &from->a.ipv6_gateway;
        struct xsn_route wanted;

        if (!xsn_object_is_set(from, family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY) ||
            !xsn_ip_same_address(was, &route->via) || !wants_gateway(st, family))
                return false;
        return !gateway_of(a, to, family, &wanted) || !good_gateway(route, &wanted);
}

static void drop_routes(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place)
{
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next) {
                struct xsn_route value = xsn_d0_route_value(route);

                if (xsn_d0_route_is_default(route) ? old_gateway(a, st, route)
                                                   : xsn_d0_route_is_row(route) && wants_routes(st) &&
                                                             wants_route(&st->s->from->a.routes, &value) &&
                                                             !wants_route(&st->s->to->a.routes, &value))
                        put_copy(a, st, RTM_DELROUTE, place, route, LX_MAY_BE_GONE);
        }
}

/* The kernel takes secondary addresses and routes along with an address: those that shall stay are added again. */
static void repair(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *place,
                   const struct xsn_d0_link *kept, const struct xsn_d0_link *routes)
{
        add_addrs(a, st, place, kept, &st->s->to->a.ipv4_address, true);
        add_routes(a, st, place, routes, true);
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next) {
                struct xsn_route value = xsn_d0_route_value(route);

                if (route->proto != RTPROT_RA &&
                    (!xsn_d0_route_is_default(route) || (chosen_metric(route) && !old_gateway(a, st, route))) &&
                    !(xsn_d0_route_is_row(route) && wants_route(&st->s->from->a.routes, &value)))
                        put_copy(a, st, RTM_NEWROUTE, place, route, LX_MAY_FAIL);
        }
}

static void build(struct lx_apply *a, struct lx_step *st, int phase, const struct xsn_d0_link *place,
                  const struct xsn_d0_link *kept)
{
        const struct xsnet_object *to = st->s->to, *from = st->s->from;
        /*
         * Of routes and of addresses that no object has, the way forward has nothing to bring back: what it no longer
         * names shall go.
         */
        const struct xsn_d0_link *routes = a->plan->back ? kept : NULL;

        if (phase == LX_PH_ADDR) {
                add_addrs(a, st, place, kept, &to->a.ipv4_address, false);
                add_addrs(a, st, place, kept, &to->a.ipv6_address, false);
                bring_local_back(a, st, place, routes);
        } else if (phase == LX_PH_ROUTE) {
                add_routes(a, st, place, routes, false);
        } else if (phase == LX_PH_DROP && from) {
                drop_routes(a, st, place);
                drop_addrs(a, st, place, &from->a.ipv4_address, &to->a.ipv4_address);
                drop_addrs(a, st, place, &from->a.ipv6_address, &to->a.ipv6_address);
        } else if (phase == LX_PH_REPAIR) {
                if (st->dropped)
                        repair(a, st, place, kept, routes);
                bring_back(a, st, place, routes);
        }
}

int xsn_lx_build_addresses(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_net_done) struct xsn_d0_net kept = { 0 };
        const struct xsn_d0_link *place;

        if (phase != LX_PH_ADDR && phase != LX_PH_ROUTE && phase != LX_PH_DROP && phase != LX_PH_REPAIR)
                return 0;
        place = xsn_lx_place_then(a, st->s->to);
        if (!place)
                return 0;
        if (xsn_d0_kept_load(st->s->to, &kept) < 0)
                return xsn_error_oom(ret_err);
        build(a, st, phase, place, xsn_d0_kept(&kept));
        return 0;
}
