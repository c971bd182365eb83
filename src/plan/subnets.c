/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules about addresses as they shall be: whose they are, DHCP clients, gateways,
 * subnets of management, one address on two hosts. What has been so before the plan
 * is never refused.
 */
#include "plan/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- whose they are ---- */

static void check_network(struct xsn_slot *net)
{
        struct xsn_slot *pif = net->key ? xsn_hash_get_str(&net->node->pif_of, net->key) : NULL;

        if (!pif || !net->want)
                return;
        for (size_t i = 0; i < xsn_n_address_fields; i++) {
                int id = xsn_address_fields[i].id;

                if (!(net->diff & xsn_object_bit(net->pair->to, id)) || !xsn_slot_wants(net, id, false) ||
                    xsn_addressing_is_plain(net->pair->to, id))
                        continue;
                if (id == XSNET_FIELD_IPV4_MODE && net->want->a.ipv4_address.n)
                        id = XSNET_FIELD_IPV4_ADDRESS;
                if (id == XSNET_FIELD_IPV6_MODE && net->want->a.ipv6_address.n)
                        id = XSNET_FIELD_IPV6_ADDRESS;
                xsn_slot_error(net, id, -EINVAL, "address-on-network",
                               "an address belongs to the network's PIF, the %s", xsn_slot_name(pif));
                return;
        }
}

/* The client would go on with the old device: its address cannot be moved. */
static void check_dhcp(struct xsn_slot *slot)
{
        const char *before = slot->pair->from ? xsn_object_network(slot->pair->from) : NULL;
        const char *after = xsn_object_network(slot->pair->to);
        const char *client;

        if (!slot->asked || !xsn_dhcp_runs(slot->node->target, slot->pair->from) || slot->member_of ||
            (before && after ? !strcmp(before, after) : before == after))
                return;
        client = xsn_object_string(slot->pair->from, XSNET_FIELD_STATUS_DHCP_CLIENT);
        xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EBUSY, "dhcp-client",
                       "its address comes from a DHCP client%s%s%s that runs on it and cannot be moved; name a static "
                       "address, or run the client on the bridge",
                       client ? " (" : "", client ? client : "", client ? ")" : "");
}

/* ---- gateways ---- */

struct gateways {
        struct xsn_slot *first, *second;   /* of the interfaces with a gateway */
        struct xsn_slot *chosen, *chosen2; /* those with default-route: true */
        bool management;                   /* one of them is for management */
        bool changes;
};

static void count_gateway(struct gateways *g, struct xsn_slot *slot, int field)
{
        const struct xsn_addressing *a = &slot->pair->to->a;

        if (!xsn_object_is_set(slot->pair->to, field))
                return;
        g->changes = g->changes || (slot->asked && xsn_slot_changes(slot));
        g->management = g->management || a->management;
        if (a->default_route) {
                g->chosen2 = g->chosen ? slot : NULL;
                g->chosen = g->chosen ? g->chosen : slot;
        }
        if (!g->first)
                g->first = slot;
        else if (!g->second)
                g->second = slot;
}

static bool has_gateway(const struct xsnet_object *obj)
{
        return xsn_object_is_set(obj, XSNET_FIELD_IPV4_GATEWAY) || xsn_object_is_set(obj, XSNET_FIELD_IPV6_GATEWAY);
}

/* With one gateway there is nothing to choose from: what the document says of it changes nothing. */
static int leave_default(struct xsn_slot *slot)
{
        struct xsnet_object *to = slot->pair->to;
        size_t i = (size_t)xsn_class_index(to->cls, XSNET_FIELD_DEFAULT_ROUTE);

        if (to == slot->pair->from || !xsn_slot_wants(slot, XSNET_FIELD_DEFAULT_ROUTE, true))
                return 0;
        if (slot->pair->from)
                return xsn_object_copy_row(to, slot->pair->from, i);
        xsn_object_clear_row(to, i);
        return 0;
}

/* Who had the default route gives it up to the one that the document chooses. */
static int give_up_default(struct xsn_slot *slot)
{
        struct xsnet_object *to = slot->pair->to;

        if (!to->a.default_route || xsn_slot_wants(slot, XSNET_FIELD_DEFAULT_ROUTE, true))
                return 0;
        to = xsn_slot_edit(slot);
        return to ? xsn_object_default_row(to, (size_t)xsn_class_index(to->cls, XSNET_FIELD_DEFAULT_ROUTE)) : -ENOMEM;
}

/* One interface of a host has the default route. */
static int settle_default(struct xsn_dom0 *node)
{
        const struct xsn_target *target = node->target;
        bool derived = xsn_target_can(target, XSN_CAP_BEST_GATEWAY);
        struct xsn_slot *chosen = NULL;
        size_t n_gateways = 0;
        int r = 0;

        for (int pass = 0; pass < 2; pass++) {
                for (size_t i = 0; i < target->n_slots && r == 0; i++) {
                        struct xsn_slot *slot = target->slots[i];

                        if (slot->node != node || !xsn_slot_stays(slot) || !slot->pair->to->cls->has_address)
                                continue;
                        if (pass == 1 && n_gateways <= 1 && derived) {
                                r = leave_default(slot);
                        } else if (pass == 1 && chosen && slot != chosen) {
                                r = give_up_default(slot);
                        } else if (pass == 0) {
                                n_gateways += has_gateway(slot->pair->to);
                                if (slot->pair->to->a.default_route &&
                                    xsn_slot_wants(slot, XSNET_FIELD_DEFAULT_ROUTE, false))
                                        chosen = slot;
                        }
                }
        }
        return r;
}

static void check_gateways(struct xsn_dom0 *node, int field, const struct gateways *g)
{
        struct xsn_slot *late;

        (void)node;
        if (!g->second || !g->changes)
                return;
        late = g->second->want || !g->first->want ? g->second : g->first;
        if (g->chosen2)
                xsn_slot_error(g->chosen2, XSNET_FIELD_DEFAULT_ROUTE, -EINVAL, "two-default-routes",
                               "the %s has default-route: true, too", xsn_slot_name(g->chosen));
        else if (!g->chosen && !g->management)
                xsn_slot_error(late, field, -EINVAL, "two-gateways",
                               "the %s has a gateway, too; one of them needs default-route: true",
                               xsn_slot_name(late == g->second ? g->first : g->second));
}

static void check_routes(struct xsn_dom0 *node)
{
        static const int fields[] = { XSNET_FIELD_IPV4_GATEWAY, XSNET_FIELD_IPV6_GATEWAY };
        struct gateways g[2] = { { 0 }, { 0 } };
        const struct xsn_target *target = node->target;

        for (size_t i = 0; i < target->n_slots; i++)
                for (size_t f = 0; f < 2 && target->slots[i]->node == node; f++)
                        if (xsn_slot_stays(target->slots[i]) && target->slots[i]->pair->to->cls->has_address)
                                count_gateway(&g[f], target->slots[i], fields[f]);
        for (size_t f = 0; f < 2; f++)
                check_gateways(node, fields[f], &g[f]);
}

/* ---- static routes ---- */

struct row {
        struct xsn_slot *slot;
        const struct xsn_route *route;
};

static uint32_t metric_of(const struct xsn_route *route)
{
        return route->metric ? route->metric : 1024; /* what the kernel takes */
}

static int compare_rows(const void *a, const void *b)
{
        const struct row *x = a, *y = b;
        uint32_t m = metric_of(x->route), n = metric_of(y->route);
        int r = xsn_ip_compare(&x->route->to, &y->route->to);

        return r != 0 ? r : m < n ? -1 : m > n;
}

static size_t gather_rows(const struct xsn_dom0 *node, struct row *rows)
{
        const struct xsn_target *target = node->target;
        size_t n = 0;

        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];
                const struct xsn_list *routes;

                if (slot->node != node || !xsn_slot_stays(slot) || slot->member_of ||
                    !slot->pair->to->cls->has_address)
                        continue;
                routes = &slot->pair->to->a.routes;
                for (size_t j = 0; j < routes->n; j++) {
                        const struct xsn_route *route = &XSN_ITEM(*routes, struct xsn_route, j);

                        if (route->to.family != 6 || !route->via.family)
                                continue;
                        if (rows)
                                rows[n] = (struct row){ slot, route };
                        n++;
                }
        }
        return n;
}

static bool is_new(const struct row *row)
{
        const struct xsnet_object *from = row->slot->pair->from;

        return !from || xsn_list_find(xsn_type_of(XSNET_TYPE_ROUTES)->item, &from->a.routes, row->route) < 0;
}

/* Of two IPv6 routes over gateways that differ in nothing else, the kernel makes one with two next hops. */
static int check_rows(const struct xsn_dom0 *node)
{
        _cleanup_(xsn_freep) struct row *rows = NULL;
        size_t n = gather_rows(node, NULL);
        char text[XSN_IP_STRLEN];

        if (n < 2)
                return 0;
        rows = xsn_alloc_array(n, sizeof(*rows));
        if (!rows)
                return -ENOMEM;
        (void)gather_rows(node, rows);
        qsort(rows, n, sizeof(*rows), compare_rows);
        for (size_t i = 1; i < n; i++) {
                const struct row *late = is_new(&rows[i]) ? &rows[i] : &rows[i - 1];
                const struct row *other = late == &rows[i] ? &rows[i - 1] : &rows[i];

                if (compare_rows(late, other) == 0 && is_new(late))
                        xsn_slot_error(late->slot, XSNET_FIELD_ROUTES, -EINVAL, "same-route",
                                       "the %s has a route to %s with the same metric, too; one of them needs another",
                                       xsn_slot_name(other->slot), xsn_ip_format_prefix(&late->route->to, text));
        }
        return 0;
}

/* ---- management ---- */

static bool had_address(const struct xsn_slot *slot, const struct xsn_ip *ip)
{
        const struct xsnet_object *from = slot->pair->from;
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;

        return from && from->cls->has_address &&
               xsn_list_find(item, ip->family == 6 ? &from->a.ipv6_address : &from->a.ipv4_address, ip) >= 0;
}

static bool was_management(const struct xsn_slot *slot)
{
        return slot->pair->from && slot->pair->from->a.management;
}

/* An address in a management interface's subnet, on another interface: answers leave by the wrong one. */
static void check_subnet(struct xsn_slot *management, struct xsn_slot *slot)
{
        const struct xsn_list *mine = &slot->pair->to->a.ipv4_address, *theirs = &management->pair->to->a.ipv4_address;

        for (size_t i = 0; i < mine->n; i++) {
                const struct xsn_ip *a = &XSN_ITEM(*mine, struct xsn_ip, i);

                for (size_t j = 0; j < theirs->n; j++) {
                        const struct xsn_ip *b = &XSN_ITEM(*theirs, struct xsn_ip, j);

                        if ((!xsn_ip_in_prefix(a, b) && !xsn_ip_in_prefix(b, a)) ||
                            (had_address(slot, a) && had_address(management, b) && was_management(management)))
                                continue;
                        xsn_slot_error(slot->want ? slot : management, XSNET_FIELD_IPV4_ADDRESS, -EINVAL, "same-subnet",
                                       "the %s is in the subnet of the %s; a management interface needs one of its own",
                                       xsn_slot_name(slot), xsn_slot_name(management));
                        return;
                }
        }
}

/* Management interfaces are few: each is compared with all interfaces of its host. */
static void check_management(struct xsn_dom0 *node)
{
        const struct xsn_target *target = node->target;
        unsigned n = 0;

        for (size_t i = 0; i < target->n_slots && n < 4; i++) {
                struct xsn_slot *m = target->slots[i];

                if (m->node != node || !xsn_slot_stays(m) || !m->pair->to->a.management)
                        continue;
                n++;
                for (size_t j = 0; j < target->n_slots; j++) {
                        struct xsn_slot *slot = target->slots[j];

                        if (slot != m && slot->node == node && xsn_slot_stays(slot) && !slot->member_of &&
                            slot->pair->to->cls->has_address && !(slot->pair->to->a.management && j < i))
                                check_subnet(m, slot);
                }
        }
}

int xsn_addresses(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (!xsn_slot_stays(slot))
                        continue;
                if (xsn_slot_kind(slot) == XSNET_KIND_NETWORK)
                        check_network(slot);
                else
                        check_dhcp(slot);
        }
        for (size_t i = 0; i < target->n_nodes; i++) {
                if (settle_default(target->nodes[i]) < 0)
                        return -ENOMEM;
                check_routes(target->nodes[i]);
                if (check_rows(target->nodes[i]) < 0)
                        return -ENOMEM;
                check_management(target->nodes[i]);
        }
        return 0;
}

/* ---- one address, one host ---- */

static int claim_address(struct xsn_resolve *all, struct xsn_hash *claims, struct xsn_slot *slot,
                         const struct xsn_ip *ip)
{
        struct xsn_slot *other = xsn_hash_get(claims, ip->b, sizeof(ip->b));
        char text[XSN_IP_STRLEN];

        if (xsn_ip_is_link_local(ip))
                return 0;
        if (!other)
                return xsn_hash_put(claims, ip->b, sizeof(ip->b), slot);
        if (other == slot || (had_address(slot, ip) && had_address(other, ip)))
                return 0;
        if (had_address(slot, ip)) {
                struct xsn_slot *t = slot;

                slot = other;
                other = t;
        }
        if (!xsn_said(all, slot->node->target, slot->want, ip->family, "duplicate-address"))
                xsn_slot_error(slot, ip->family == 6 ? XSNET_FIELD_IPV6_ADDRESS : XSNET_FIELD_IPV4_ADDRESS, -EINVAL,
                               "duplicate-address", "the %s%s%s%s has the address %s, too", xsn_slot_name(other),
                               *other->node->name ? " on host '" : "", other->node->name, *other->node->name ? "'" : "",
                               xsn_ip_format(ip, text));
        return 0;
}

int xsn_address_hosts(struct xsn_resolve *all)
{
        struct xsn_hash claims[2] = { { 0 }, { 0 } };
        int r = 0;

        for (size_t t = 0; t < all->n_targets; t++) {
                const struct xsn_target *target = &all->targets[t];

                for (size_t i = 0; i < target->n_slots && r == 0; i++) {
                        struct xsnet_object *to = target->slots[i]->pair->to;

                        for (size_t f = 0; to && to->cls->has_address && f < 2; f++) {
                                const struct xsn_list *list = f ? &to->a.ipv6_address : &to->a.ipv4_address;

                                for (size_t k = 0; k < list->n && r == 0; k++)
                                        r = claim_address(all, &claims[f], target->slots[i],
                                                          &XSN_ITEM(*list, struct xsn_ip, k));
                        }
                }
        }
        xsn_hash_done(&claims[0]);
        xsn_hash_done(&claims[1]);
        return r;
}
