/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on a bond or VLAN that goes, and is to stay: a member of the bond gets it, with the routes of every
 * table, before the bond is deleted; what was on the bridge of its network stays there, and our own addresses go.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/put.h"
#include "backend/linux/apply.h"
#include "base/alloc.h"

static bool has_address(const struct xsnet_object *obj, const struct xsn_ip *ip)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;

        return obj->cls->has_address &&
               xsn_list_find(item, ip->family == 6 ? &obj->a.ipv6_address : &obj->a.ipv4_address, ip) >= 0;
}

static bool has_gateway(const struct xsnet_object *obj, const struct xsn_route *route)
{
        bool v6 = route->to.family == 6;

        return obj->cls->has_address &&
               xsn_object_is_set(obj, v6 ? XSNET_FIELD_IPV6_GATEWAY : XSNET_FIELD_IPV4_GATEWAY) &&
               xsn_ip_same_address(v6 ? &obj->a.ipv6_gateway : &obj->a.ipv4_gateway, &route->via);
}

static bool has_row(const struct xsnet_object *obj, const struct xsn_route *route)
{
        return obj->cls->has_address &&
               xsn_list_find(xsn_type_of(XSNET_TYPE_ROUTES)->item, &obj->a.routes, route) >= 0;
}

/* ---- the member that gets it ---- */

struct heir {
        struct xsn_d0_link *link;       /* NULL: there is none */
        const struct xsnet_object *obj; /* who has the addresses after the plan: it, or a bond that takes it in */
        bool all; /* the place goes, too: addresses that no object has are to stay as well */
};

static bool shares_address(const struct xsnet_object *before, const struct xsnet_object *after)
{
        const struct xsn_list *lists[] = { &before->a.ipv4_address, &before->a.ipv6_address };

        for (size_t l = 0; l < XSN_ARRAY_SIZE(lists); l++)
                for (size_t i = 0; i < lists[l]->n; i++)
                        if (has_address(after, &XSN_ITEM(*lists[l], struct xsn_ip, i)))
                                return true;
        return false;
}

/* The planner chose; the first member to have an address of the bond, as itself or in the bond that it joins. */
static struct heir find_heir(const struct lx_apply *a, const struct xsn_bond *bond)
{
        const struct xsn_plan_target *target = &a->plan->targets[a->target];

        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsnet_object *before = target->touched[i].before, *after = target->touched[i].after;
                const char *device = before && XSN_PIF(before) ? XSN_PIF(before)->device : NULL;

                if (device && after && xsn_strs_has(&bond->members, device) && shares_address(&bond->o, after))
                        return (struct heir){ xsn_d0_link_named(&a->lx->net, device), after, false };
        }
        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsnet_object *after = target->touched[i].after;
                const struct xsn_list *members = after && XSN_BOND(after) ? &XSN_BOND(after)->members : NULL;

                for (size_t j = 0; members && j < members->n && shares_address(&bond->o, after); j++)
                        if (xsn_strs_has(&bond->members, XSN_ITEM(*members, char *, j)))
                                return (struct heir){
                                        xsn_d0_link_named(&a->lx->net, XSN_ITEM(*members, char *, j)), after, false
                                };
        }
        return (struct heir){ 0 };
}

static bool has_local(const struct xsn_d0_link *place)
{
        const struct xsn_d0_addr *addr = place->addrs;

        while (addr && !xsn_d0_addr_is_local4(addr))
                addr = addr->next;
        return addr;
}

/* The planner knows nothing of link-local addresses: where there is nothing else, the first member gets them. */
static struct heir find_local_heir(const struct lx_apply *a, const struct xsn_bond *bond)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;
        const char *first = bond->members.n > 0 ? XSN_ITEM(bond->members, char *, 0) : NULL;

        for (size_t i = 0; first && i < wanted->n_objects; i++) {
                const struct xsn_pif *pif = XSN_PIF(wanted->objects[i]);

                if (pif && pif->device && strcmp(pif->device, first) == 0)
                        return (struct heir){ xsn_d0_link_named(&a->lx->net, first), wanted->objects[i], true };
        }
        return (struct heir){ 0 };
}

static bool route_wanted(const struct xsnet_object *obj, const struct xsn_d0_route *route)
{
        struct xsn_route value = xsn_d0_route_value(route);

        return !xsn_d0_route_is_default(route) || has_gateway(obj, &value);
}

static int hand_on(struct lx_apply *a, const struct xsn_d0_link *bond, const struct xsn_d0_link *place,
                   const struct heir *heir, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_mac mac = xsn_lx_random_mac();
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < a->lx->net.n_links; i++) {
                const struct xsn_d0_link *link = a->lx->net.links[i];

                if (link->master != bond->ifindex)
                        continue;
                xsn_lx_put_master(batch, link, 0);
                if (xsn_lx_put_left(a, batch, link) < 0)
                        return xsn_error_oom(ret_err);
        }
        if (place != bond && xsn_mac_equal(&place->mac, &bond->mac))
                xsn_lx_put_mac(batch, place, &mac);
        r = xsn_lx_send(a, batch, LX_MAY_BE_GONE, ret_err);
        if (r < 0)
                return r;
        xsn_lx_note_move(a, place, heir->link);
        xsn_lx_port_ipv6(a, heir->link, NULL);
        xsn_nl_batch_clear(batch);
        for (const struct xsn_d0_addr *addr = place->addrs; addr; addr = addr->next)
                if (xsn_lx_goes_along(addr) &&
                    (has_address(heir->obj, &addr->ip) || (heir->all && xsn_d0_addr_is_local4(addr))))
                        xsn_lx_put_addr(batch, RTM_NEWADDR, addr, heir->link);
        r = xsn_lx_send(a, batch, 0, ret_err);
        if (r < 0)
                return r;
        /* Routes over gateways that only the addresses reach that go are lost with these. */
        xsn_nl_batch_clear(batch);
        for (int via = 0; via <= 1; via++)
                for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                        if (xsn_lx_route_goes(route) && (route->via.family != 0) == via &&
                            route_wanted(heir->obj, route))
                                xsn_lx_put_route(batch, RTM_NEWROUTE, route, place->ifindex, heir->link);
        for (const struct xsn_d0_route *route = a->lx->net.multipath; route; route = route->next)
                if (xsn_d0_route_uses(route, place->ifindex))
                        xsn_lx_put_route(batch, RTM_NEWROUTE, route, place->ifindex, heir->link);
        return xsn_lx_send(a, batch, LX_MAY_FAIL, ret_err);
}

/* ---- a bridge that stays ---- */

/* What of the bridge is wanted there after the plan? */
struct wanted {
        const struct lx_apply *a;
        const struct xsn_d0_link *bridge;
};

static bool is_there(const struct wanted *w, const struct xsnet_object *obj)
{
        const struct xsn_network *net = XSN_NETWORK(obj);

        return xsn_lx_bridge(w->a, net ? net->name : xsn_object_network(obj)) == w->bridge;
}

static bool addr_stays(const struct wanted *w, const struct xsn_ip *ip)
{
        const struct xsnet_state *wanted = w->a->plan->targets[w->a->target].wanted;

        for (size_t i = 0; i < wanted->n_objects; i++)
                if (has_address(wanted->objects[i], ip) && is_there(w, wanted->objects[i]))
                        return true;
        return false;
}

static bool route_stays(const struct wanted *w, const struct xsn_d0_route *route)
{
        const struct xsnet_state *wanted = w->a->plan->targets[w->a->target].wanted;
        struct xsn_route value = xsn_d0_route_value(route);

        for (size_t i = 0; i < wanted->n_objects; i++)
                if ((has_gateway(wanted->objects[i], &value) || has_row(wanted->objects[i], &value)) &&
                    is_there(w, wanted->objects[i]))
                        return true;
        return false;
}

/* Was it the object's own, so that it goes with it? */
static bool route_goes_with(const struct xsnet_object *from, const struct xsn_d0_route *route)
{
        struct xsn_route value = xsn_d0_route_value(route);

        return xsn_d0_route_is_default(route) ? has_gateway(from, &value)
                                              : xsn_d0_route_is_row(route) && has_row(from, &value);
}

/* Secondary addresses go with the first of their subnet: what stays is put again. */
static int clear_bridge(struct lx_apply *a, const struct xsnet_object *from, const struct xsn_d0_link *bridge,
                        struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct wanted w = { a, bridge };
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        for (const struct xsn_d0_route *route = bridge->routes; route; route = route->next)
                if (route_goes_with(from, route) && !route_stays(&w, route))
                        xsn_lx_put_route(batch, RTM_DELROUTE, route, bridge->ifindex, bridge);
        for (const struct xsn_d0_addr *addr = bridge->addrs; addr; addr = addr->next)
                if (has_address(from, &addr->ip) && !addr_stays(&w, &addr->ip))
                        xsn_lx_put_addr(batch, RTM_DELADDR, addr, bridge);
        if (xsn_nl_batch_count(batch) == 0)
                return 0;
        r = xsn_lx_send(a, batch, LX_MAY_BE_GONE, ret_err);
        if (r < 0)
                return r;
        xsn_nl_batch_clear(batch);
        for (const struct xsn_d0_addr *addr = bridge->addrs; addr; addr = addr->next)
                if (xsn_lx_goes_along(addr) && addr_stays(&w, &addr->ip))
                        xsn_lx_put_addr(batch, RTM_NEWADDR, addr, bridge);
        for (const struct xsn_d0_route *route = bridge->routes; route; route = route->next)
                if (xsn_lx_route_goes(route) && (!route_goes_with(from, route) || route_stays(&w, route)))
                        xsn_lx_put_route(batch, RTM_NEWROUTE, route, bridge->ifindex, bridge);
        return xsn_lx_send(a, batch, LX_MAY_FAIL, ret_err);
}

int xsn_lx_leave(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsnet_object *from = st->s->from;
        struct xsn_d0_link *link = xsn_lx_device(a, from), *place;
        const struct xsn_d0_link *bridge;
        struct heir heir = { 0 };
        int r = 0;

        if (!link || (from->cls->kind != XSNET_KIND_BOND && from->cls->kind != XSNET_KIND_VLAN))
                return 0;
        place = xsn_lx_place_now(a, link);
        bridge = place != link ? xsn_lx_bridge(a, xsn_object_network(from)) : NULL;
        if (XSN_BOND(from))
                heir = find_heir(a, XSN_BOND(from));
        /* On the way back, the journal of each member says which it had. */
        heir.all = bridge != place && !a->plan->back;
        if (XSN_BOND(from) && !heir.link && heir.all && has_local(place))
                heir = find_local_heir(a, XSN_BOND(from));
        if (heir.link)
                r = xsn_lx_check_routes(&a->lx->net, place, ret_err);
        if (heir.link && r == 0)
                r = hand_on(a, link, place, &heir, ret_err);
        if (r == 0 && bridge == place)
                r = clear_bridge(a, from, bridge, ret_err);
        return r < 0 ? r : heir.link || bridge == place;
}
