/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that move between objects: from a NIC to the bond that takes it in, from a
 * network to the PIF that it gets, and from what goes to what is left there, if others
 * set them. The rules about them: subnets.c.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

/* ---- moving them ---- */

/* What moves together, ended by 0: where one of them is named, the document speaks for all. */
static const int groups[][4] = {
        { XSNET_FIELD_IPV4_MODE, XSNET_FIELD_IPV4_ADDRESS, XSNET_FIELD_IPV4_GATEWAY },
        { XSNET_FIELD_IPV6_MODE, XSNET_FIELD_IPV6_ADDRESS, XSNET_FIELD_IPV6_GATEWAY },
        { XSNET_FIELD_DEFAULT_ROUTE },
        { XSNET_FIELD_ROUTES },
        { XSNET_FIELD_DNS },
        { XSNET_FIELD_MANAGEMENT },
};

static bool runs_mode(const struct xsnet_object *obj, int field, const struct xsn_enumval *mode)
{
        return xsn_object_is_set(obj, field) && (mode->value == XSNET_IP_DHCP || mode->value == XSNET_IP_AUTOCONF);
}

bool xsn_addressing_has(const struct xsnet_object *obj)
{
        const struct xsn_addressing *a = &obj->a;

        return obj->cls->has_address && (a->ipv4_address.n || a->ipv6_address.n || a->management ||
                                         runs_mode(obj, XSNET_FIELD_IPV4_MODE, &a->ipv4_mode) ||
                                         runs_mode(obj, XSNET_FIELD_IPV6_MODE, &a->ipv6_mode));
}

bool xsn_dhcp_runs(const struct xsn_target *target, const struct xsnet_object *obj)
{
        if (!obj || !obj->cls->has_address)
                return false;
        if (xsn_object_is_set(obj, XSNET_FIELD_STATUS_DHCP_CLIENT))
                return true;
        return !xsn_target_can(target, XSN_CAP_MAKES_DHCP) && xsn_object_is_set(obj, XSNET_FIELD_IPV4_MODE) &&
               obj->a.ipv4_mode.value == XSNET_IP_DHCP;
}

/* Nothing is there: not set, or at its default. */
bool xsn_addressing_is_plain(const struct xsnet_object *obj, int field)
{
        const struct xsn_addressing *a = &obj->a;

        if (!xsn_object_is_set(obj, field))
                return true;
        switch (field) {
        case XSNET_FIELD_IPV4_MODE:
                return a->ipv4_mode.value == XSNET_IP_NONE;
        case XSNET_FIELD_IPV6_MODE:
                return a->ipv6_mode.value == XSNET_IP_NONE;
        case XSNET_FIELD_IPV4_ADDRESS:
                return !a->ipv4_address.n;
        case XSNET_FIELD_IPV6_ADDRESS:
                return !a->ipv6_address.n;
        case XSNET_FIELD_ROUTES:
                return !a->routes.n;
        case XSNET_FIELD_DNS:
                return !a->dns.n;
        case XSNET_FIELD_DEFAULT_ROUTE:
                return !a->default_route;
        case XSNET_FIELD_MANAGEMENT:
                return !a->management;
        default:
                return false;
        }
}

/* May the group of `src` go to `dst`: is there something, and has dst nothing and names nothing? */
static bool may_move(const struct xsn_slot *dst, const struct xsnet_object *src, const int group[4])
{
        bool something = false;

        for (size_t i = 0; i < 4 && group[i]; i++) {
                if (!xsn_addressing_is_plain(dst->pair->to, group[i]) || xsn_slot_wants(dst, group[i], true))
                        return false;
                something = something || !xsn_addressing_is_plain(src, group[i]);
        }
        return something;
}

static int copy_field(struct xsnet_object *dst, const struct xsnet_object *src, int id)
{
        const struct xsn_field *field = xsn_class_field(src->cls, (size_t)xsn_class_index(src->cls, id));

        xsn_object_clear(dst, id);
        if (!xsn_object_is_set(src, id))
                return 0;
        /* Address rows are members of the part that all objects share. */
        if (xsn_value_copy(xsn_type_of(field->type), xsn_object_member(dst, field), xsn_object_member(src, field)) < 0)
                return -ENOMEM;
        xsn_object_mark(dst, id);
        return 0;
}

static const struct xsn_list *family_of(const struct xsnet_object *obj, const struct xsn_ip *ip)
{
        return ip->family == 6 ? &obj->a.ipv6_address : &obj->a.ipv4_address;
}

/* Is the gateway reached over one of the addresses that the object has? */
static bool is_near(const struct xsnet_object *to, const struct xsn_ip *via)
{
        const struct xsn_list *list = family_of(to, via);

        for (size_t i = 0; i < list->n; i++)
                if (xsn_ip_in_prefix(via, &XSN_ITEM(*list, struct xsn_ip, i)))
                        return true;
        return via->family == 6 && xsn_ip_is_link_local(via) && list->n;
}

/* Of routes, those that went over an address that does not go along end with it. */
static int move_routes(struct xsnet_object *dst, const struct xsnet_object *src)
{
        xsn_object_clear(dst, XSNET_FIELD_ROUTES);
        for (size_t i = 0; i < src->a.routes.n; i++) {
                const struct xsn_route *route = &XSN_ITEM(src->a.routes, struct xsn_route, i);

                if (route->via.family && is_near(src, &route->via) && !is_near(dst, &route->via))
                        continue;
                if (xsn_list_add(xsn_type_of(XSNET_TYPE_ROUTES)->item, &dst->a.routes, route) < 0)
                        return -ENOMEM;
                xsn_object_mark(dst, XSNET_FIELD_ROUTES);
        }
        return 0;
}

static int move_group(struct xsnet_object *dst, const struct xsnet_object *src, const int group[4])
{
        if (group[0] == XSNET_FIELD_ROUTES)
                return move_routes(dst, src);
        for (size_t i = 0; i < 4 && group[i]; i++)
                if (copy_field(dst, src, group[i]) < 0)
                        return -ENOMEM;
        return 0;
}

int xsn_addressing_move(struct xsn_slot *dst, struct xsn_slot *src, bool *ret_moved)
{
        *ret_moved = false;
        for (size_t g = 0; g < XSN_ARRAY_SIZE(groups); g++) {
                if (!may_move(dst, src->pair->to, groups[g]))
                        continue;
                if (!xsn_slot_edit(dst))
                        return -ENOMEM;
                if (move_group(dst->pair->to, src->pair->to, groups[g]) < 0)
                        return -ENOMEM;
                dst->asked = true;
                *ret_moved = true;
        }
        return 0;
}

int xsn_addressing_drop(struct xsn_slot *slot)
{
        for (size_t g = 0; g < XSN_ARRAY_SIZE(groups); g++) {
                for (size_t i = 0; i < 4 && groups[g][i]; i++) {
                        if (!xsn_object_is_set(slot->pair->to, groups[g][i]))
                                continue;
                        if (!xsn_slot_edit(slot))
                                return -ENOMEM;
                        xsn_object_clear(slot->pair->to, groups[g][i]);
                }
        }
        return 0;
}

/* ---- what others set outlives the object that carries it ---- */

/* Has something else the address after the plan, or wants (address NULL) the gateway of a family? */
static bool is_claimed(const struct xsn_slot *heir, const struct xsn_ip *address, int gateway)
{
        const struct xsn_target *target = heir->node->target;
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;

        for (size_t i = 0; i < target->n_slots; i++) {
                const struct xsn_slot *slot = target->slots[i];
                const struct xsnet_object *to = slot->pair->to;

                if (slot->node != heir->node || !to || !to->cls->has_address)
                        continue;
                if (address ? xsn_list_find(item, family_of(to, address), address) >= 0
                            : slot != heir && xsn_slot_wants(slot, gateway, false))
                        return true;
        }
        return false;
}

static bool any_claimed(const struct xsn_slot *heir, const struct xsn_list *addresses)
{
        for (size_t i = 0; i < addresses->n; i++)
                if (is_claimed(heir, &XSN_ITEM(*addresses, struct xsn_ip, i), 0))
                        return true;
        return false;
}

int xsn_addressing_take(struct xsn_slot *heir, const struct xsnet_object *from, bool *ret_moved)
{
        bool claimed = any_claimed(heir, &from->a.ipv4_address) || any_claimed(heir, &from->a.ipv6_address);

        *ret_moved = false;
        for (size_t g = 0; g < XSN_ARRAY_SIZE(groups) && !claimed; g++) {
                if (!may_move(heir, from, groups[g]))
                        continue;
                if (!xsn_slot_edit(heir))
                        return -ENOMEM;
                for (size_t i = 0; i < 4 && groups[g][i]; i++)
                        if (copy_field(heir->pair->to, from, groups[g][i]) < 0)
                                return -ENOMEM;
                *ret_moved = true;
        }
        return 0;
}

static int inherit_address(struct xsn_slot *heir, const struct xsnet_object *from, const struct xsn_ip *ip)
{
        bool v6 = ip->family == 6;
        int mode = v6 ? XSNET_FIELD_IPV6_MODE : XSNET_FIELD_IPV4_MODE;
        struct xsnet_object *to = xsn_slot_edit(heir);

        if (!to)
                return -ENOMEM;
        if (xsn_list_add(xsn_type_of(XSNET_TYPE_PREFIXES)->item,
                         v6 ? &to->a.ipv6_address : &to->a.ipv4_address, ip) < 0)
                return -ENOMEM;
        xsn_object_mark(to, v6 ? XSNET_FIELD_IPV6_ADDRESS : XSNET_FIELD_IPV4_ADDRESS);
        return xsn_addressing_is_plain(to, mode) ? copy_field(to, from, mode) : 0;
}

static int inherit_gateway(struct xsn_slot *heir, const struct xsnet_object *from, int field)
{
        const struct xsn_ip *via = field == XSNET_FIELD_IPV6_GATEWAY ? &from->a.ipv6_gateway : &from->a.ipv4_gateway;
        const struct xsnet_object *to = heir->pair->to;

        if (!xsn_object_is_set(from, field) || !xsn_row_is_others(from, field) || xsn_object_is_set(to, field) ||
            xsn_slot_wants(heir, field, true) || !is_near(to, via) || is_claimed(heir, NULL, field))
                return 0;
        return xsn_slot_edit(heir) ? copy_field(heir->pair->to, from, field) : -ENOMEM;
}

static int inherit_routes(struct xsn_slot *heir, const struct xsnet_object *from)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_ROUTES)->item;

        for (size_t i = 0; i < from->a.routes.n && !xsn_slot_wants(heir, XSNET_FIELD_ROUTES, true); i++) {
                const struct xsn_route *route = &XSN_ITEM(from->a.routes, struct xsn_route, i);
                struct xsnet_object *to = xsn_slot_edit(heir);

                if (!to)
                        return -ENOMEM;
                if ((route->via.family && !is_near(to, &route->via)) || xsn_list_find(item, &to->a.routes, route) >= 0)
                        continue;
                if (xsn_list_add(item, &to->a.routes, route) < 0)
                        return -ENOMEM;
                xsn_object_mark(to, XSNET_FIELD_ROUTES);
        }
        return 0;
}

int xsn_addressing_inherit(struct xsn_slot *heir, const struct xsnet_object *from, bool *ret_any)
{
        *ret_any = false;
        for (size_t i = 0; from->cls->has_address && i < from->a.other_addresses.n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(from->a.other_addresses, struct xsn_ip, i);

                if (is_claimed(heir, ip, 0))
                        continue;
                if (inherit_address(heir, from, ip) < 0)
                        return -ENOMEM;
                *ret_any = true;
        }
        if (!*ret_any)
                return 0;
        heir->heir = true;
        if (inherit_gateway(heir, from, XSNET_FIELD_IPV4_GATEWAY) < 0 ||
            inherit_gateway(heir, from, XSNET_FIELD_IPV6_GATEWAY) < 0)
                return -ENOMEM;
        return inherit_routes(heir, from);
}
