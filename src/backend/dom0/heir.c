/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on a bond or VLAN that goes, and is to stay: a member of the bond gets it, with the routes of every table;
 * what was on the bridge of its network stays there, and our own addresses go.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/apply.h"
#include "backend/dom0/view.h"
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
static struct xsn_d0_heir find_heir(const struct xsn_d0_apply *a, const struct xsn_bond *bond)
{
        const struct xsn_plan_target *target = &a->plan->targets[a->target];

        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsnet_object *before = target->touched[i].before, *after = target->touched[i].after;
                const char *device = before && XSN_PIF(before) ? XSN_PIF(before)->device : NULL;

                if (device && after && xsn_strs_has(&bond->members, device) && shares_address(&bond->o, after))
                        return (struct xsn_d0_heir){ xsn_d0_link_named(a->net, device), after, false };
        }
        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsnet_object *after = target->touched[i].after;
                const struct xsn_list *members = after && XSN_BOND(after) ? &XSN_BOND(after)->members : NULL;

                for (size_t j = 0; members && j < members->n && shares_address(&bond->o, after); j++)
                        if (xsn_strs_has(&bond->members, XSN_ITEM(*members, char *, j)))
                                return (struct xsn_d0_heir){
                                        xsn_d0_link_named(a->net, XSN_ITEM(*members, char *, j)), after, false
                                };
        }
        return (struct xsn_d0_heir){ 0 };
}

static bool has_local(const struct xsn_d0_link *place)
{
        const struct xsn_d0_addr *addr = place->addrs;

        while (addr && !xsn_d0_addr_is_local4(addr))
                addr = addr->next;
        return addr;
}

/* The planner knows nothing of link-local addresses: where there is nothing else, the first member gets them. */
static struct xsn_d0_heir find_local_heir(const struct xsn_d0_apply *a, const struct xsn_bond *bond)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;
        const char *first = bond->members.n > 0 ? XSN_ITEM(bond->members, char *, 0) : NULL;

        for (size_t i = 0; first && i < wanted->n_objects; i++) {
                const struct xsn_pif *pif = XSN_PIF(wanted->objects[i]);

                if (pif && pif->device && strcmp(pif->device, first) == 0)
                        return (struct xsn_d0_heir){ xsn_d0_link_named(a->net, first), wanted->objects[i], true };
        }
        return (struct xsn_d0_heir){ 0 };
}

static bool route_wanted(const struct xsnet_object *obj, const struct xsn_d0_route *route)
{
        struct xsn_route value = xsn_d0_route_value(route);

        return !xsn_d0_route_is_default(route) || has_gateway(obj, &value);
}

struct xsn_d0_heir xsn_d0_find_heir(const struct xsn_d0_apply *a, const struct xsn_bond *bond,
                                    const struct xsn_d0_link *place, bool all)
{
        struct xsn_d0_heir heir = find_heir(a, bond);

        heir.all = all;
        return !heir.link && all && has_local(place) ? find_local_heir(a, bond) : heir;
}

void xsn_d0_heir_put_addrs(struct xsn_nl_batch *batch, const struct xsn_d0_link *place, const struct xsn_d0_heir *heir)
{
        for (const struct xsn_d0_addr *addr = place->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_goes_along(addr) &&
                    (has_address(heir->obj, &addr->ip) || (heir->all && xsn_d0_addr_is_local4(addr))))
                        xsn_d0_place_put_addr(batch, RTM_NEWADDR, addr, heir->link);
}

/* Routes over gateways that only the addresses reach that go are lost with these. */
void xsn_d0_heir_put_routes(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *place,
                            const struct xsn_d0_heir *heir)
{
        for (int via = 0; via <= 1; via++)
                for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                        if (xsn_d0_route_goes_along(route) && (route->via.family != 0) == via &&
                            route_wanted(heir->obj, route))
                                xsn_d0_place_put_route(batch, RTM_NEWROUTE, route, place->ifindex, heir->link);
        for (const struct xsn_d0_route *route = net->multipath; route; route = route->next)
                if (xsn_d0_route_uses(route, place->ifindex))
                        xsn_d0_place_put_route(batch, RTM_NEWROUTE, route, place->ifindex, heir->link);
}

/* ---- a bridge that stays ---- */

/* What of the bridge is wanted there after the plan? */
struct wanted {
        const struct xsn_d0_apply *a;
        const struct xsn_d0_link *bridge;
};

static bool is_there(const struct wanted *w, const struct xsnet_object *obj)
{
        return w->a->place_then(w->a, obj) == w->bridge;
}

static bool addr_stays(const struct wanted *w, const struct xsn_ip *ip)
{
        const struct xsnet_state *wanted = xsn_d0_wanted(w->a);

        for (size_t i = 0; i < wanted->n_objects; i++)
                if (has_address(wanted->objects[i], ip) && is_there(w, wanted->objects[i]))
                        return true;
        return false;
}

static bool route_stays(const struct wanted *w, const struct xsn_d0_route *route)
{
        const struct xsnet_state *wanted = xsn_d0_wanted(w->a);
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

void xsn_d0_leave_drop(struct xsn_nl_batch *batch, const struct xsn_d0_apply *a, const struct xsnet_object *from,
                       const struct xsn_d0_link *bridge)
{
        struct wanted w = { a, bridge };

        for (const struct xsn_d0_route *route = bridge->routes; route; route = route->next)
                if (route_goes_with(from, route) && !route_stays(&w, route))
                        xsn_d0_place_put_route(batch, RTM_DELROUTE, route, bridge->ifindex, bridge);
        for (const struct xsn_d0_addr *addr = bridge->addrs; addr; addr = addr->next)
                if (has_address(from, &addr->ip) && !addr_stays(&w, &addr->ip))
                        xsn_d0_place_put_addr(batch, RTM_DELADDR, addr, bridge);
}

/* Secondary addresses go with the first of their subnet: what stays is put again. */
void xsn_d0_leave_repair(struct xsn_nl_batch *batch, const struct xsn_d0_apply *a, const struct xsnet_object *from,
                         const struct xsn_d0_link *bridge)
{
        struct wanted w = { a, bridge };

        for (const struct xsn_d0_addr *addr = bridge->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_goes_along(addr) && addr_stays(&w, &addr->ip))
                        xsn_d0_place_put_addr(batch, RTM_NEWADDR, addr, bridge);
        for (const struct xsn_d0_route *route = bridge->routes; route; route = route->next)
                if (xsn_d0_route_goes_along(route) && (!route_goes_with(from, route) || route_stays(&w, route)))
                        xsn_d0_place_put_route(batch, RTM_NEWROUTE, route, bridge->ifindex, bridge);
}
