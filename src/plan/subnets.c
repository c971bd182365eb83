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

/* ---- what routes go over ---- */

/* A link-local next hop needs no address: nobody's objects have those that reach it. */
static bool reaches(const struct xsnet_object *obj, const struct xsn_ip *via)
{
        const struct xsn_list *list = via->family == 6 ? &obj->a.ipv6_address : &obj->a.ipv4_address;

        if (xsn_ip_is_link_local(via))
                return true;
        for (size_t i = 0; i < list->n; i++)
                if (xsn_ip_in_prefix(via, &XSN_ITEM(*list, struct xsn_ip, i)))
                        return true;
        for (size_t i = 0; i < obj->a.routes.n; i++) {
                const struct xsn_route *route = &XSN_ITEM(obj->a.routes, struct xsn_route, i);

                if (!route->via.family && xsn_ip_in_prefix(via, &route->to))
                        return true;
        }
        return false;
}

/* The kernel would refuse the route in the middle. Where the document names both, that was checked with it. */
static void check_gateway_reach(struct xsn_slot *slot, int field, int address_field, const struct xsn_ip *via)
{
        const struct xsnet_object *from = slot->pair->from, *want = slot->want;
        char text[XSN_IP_STRLEN];

        if (!xsn_object_is_set(slot->pair->to, field) || reaches(slot->pair->to, via) ||
            (want && xsn_object_is_set(want, field) && xsn_object_is_set(want, address_field)) ||
            (from && !reaches(from, via) && !(slot->diff & xsn_object_bit(slot->pair->to, field))))
                return;
        xsn_slot_error(slot, field, -EINVAL, "gateway-unreachable",
                       "the gateway %s would be in the subnet of none of the addresses", xsn_ip_format(via, text));
}

static void check_reach(struct xsn_slot *slot)
{
        const struct xsnet_object *to = slot->pair->to, *from = slot->pair->from;
        char net[XSN_IP_STRLEN], text[XSN_IP_STRLEN];

        if (!to->cls->has_address || slot->member_of || !xsn_slot_changes(slot))
                return;
        check_gateway_reach(slot, XSNET_FIELD_IPV4_GATEWAY, XSNET_FIELD_IPV4_ADDRESS, &to->a.ipv4_gateway);
        check_gateway_reach(slot, XSNET_FIELD_IPV6_GATEWAY, XSNET_FIELD_IPV6_ADDRESS, &to->a.ipv6_gateway);
        for (size_t i = 0; i < to->a.routes.n; i++) {
                const struct xsn_route *route = &XSN_ITEM(to->a.routes, struct xsn_route, i);

                if (!route->via.family || reaches(to, &route->via) ||
                    (from && !reaches(from, &route->via) &&
                     !(slot->diff & xsn_object_bit(to, XSNET_FIELD_ROUTES))))
                        continue;
                xsn_slot_error(slot, XSNET_FIELD_ROUTES, -EINVAL, "gateway-unreachable",
                               "the route to %s goes via %s, which would be in the subnet of none of the addresses",
                               xsn_ip_format_prefix(&route->to, net), xsn_ip_format(&route->via, text));
                return;
        }
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
                check_reach(slot);
                if (xsn_slot_kind(slot) == XSNET_KIND_NETWORK)
                        check_network(slot);
                else
                        check_dhcp(slot);
        }
        for (size_t i = 0; i < target->n_nodes; i++) {
                if (xsn_gateways(target->nodes[i]) < 0)
                        return -ENOMEM;
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
