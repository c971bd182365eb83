/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose gateway is the host's, where several interfaces have one, and what follows from it. On targets that keep
 * neither (XSN_CAP_BEST_GATEWAY), default-route is seen by the metrics of routes, and management, where nobody says
 * it, is the interface of the host's default route: what a document says of either has to agree with what will be
 * seen, or a second apply would find it otherwise.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

static const int fields[] = { XSNET_FIELD_IPV4_GATEWAY, XSNET_FIELD_IPV6_GATEWAY };

/* The interfaces with a gateway of one family. */
struct gateways {
        struct xsn_slot *first, *second;
        struct xsn_slot *chosen, *chosen2; /* those with default-route: true */
        struct xsn_slot *management;       /* the first that is for management */
        struct xsn_slot *open;             /* that the document does not exclude: one for management, else the first */
        bool open_manages;
        bool changes;
};

static bool counts(const struct xsn_dom0 *node, const struct xsn_slot *slot)
{
        return slot->node == node && xsn_slot_stays(slot) && slot->pair->to->cls->has_address;
}

/* Does the document say that the slot's gateway is not the host's? */
static bool is_excluded(const struct xsn_slot *slot)
{
        return xsn_slot_wants(slot, XSNET_FIELD_DEFAULT_ROUTE, false) && !slot->want->a.default_route;
}

static void count_gateway(struct gateways *g, struct xsn_slot *slot, const struct xsnet_object *obj, int field)
{
        const struct xsn_addressing *a = &obj->a;

        if (!xsn_object_is_set(obj, field))
                return;
        g->changes = g->changes || (slot->asked && xsn_slot_changes(slot));
        if (a->default_route) {
                g->chosen2 = g->chosen ? slot : NULL;
                g->chosen = g->chosen ? g->chosen : slot;
        }
        if (a->management && !g->management)
                g->management = slot;
        if (!is_excluded(slot) && (!g->open || (a->management && !g->open_manages))) {
                g->open = slot;
                g->open_manages = a->management;
        }
        if (!g->first)
                g->first = slot;
        else if (!g->second)
                g->second = slot;
}

static void count_gateways(const struct xsn_dom0 *node, struct gateways g[2])
{
        const struct xsn_target *target = node->target;

        memset(g, 0, 2 * sizeof(*g));
        for (size_t i = 0; i < target->n_slots; i++)
                for (size_t f = 0; f < 2 && counts(node, target->slots[i]); f++)
                        count_gateway(&g[f], target->slots[i], target->slots[i]->pair->to, fields[f]);
}

/* As observed. */
static void count_gateways_before(const struct xsn_dom0 *node, struct gateways g[2])
{
        const struct xsn_target *target = node->target;

        memset(g, 0, 2 * sizeof(*g));
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                for (size_t f = 0; f < 2 && slot->node == node && slot->pair->from; f++)
                        if (slot->pair->from->cls->has_address)
                                count_gateway(&g[f], slot, slot->pair->from, fields[f]);
        }
}

/* Whose gateway is the host's? NULL: there is none. */
static struct xsn_slot *find_best(const struct gateways *g)
{
        return g->chosen ? g->chosen : g->management ? g->management : g->first;
}

static bool is_reset(const struct xsn_slot *slot, int field)
{
        return xsn_slot_wants(slot, field, true) && !xsn_slot_wants(slot, field, false);
}

/* ---- default-route ---- */

/* What the document says of the row changes nothing. */
static int leave(struct xsn_slot *slot, int field)
{
        struct xsnet_object *to = slot->pair->to;
        size_t i = (size_t)xsn_class_index(to->cls, field);

        if (to == slot->pair->from || !xsn_slot_wants(slot, field, true))
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

static int take_default(struct xsn_slot *slot)
{
        struct xsnet_object *to = xsn_slot_edit(slot);

        if (!to)
                return -ENOMEM;
        to->a.default_route = true;
        xsn_object_mark(to, XSNET_FIELD_DEFAULT_ROUTE);
        return 0;
}

/* The one that the document chooses; NULL. */
static struct xsn_slot *find_wanted(const struct xsn_dom0 *node)
{
        const struct xsn_target *target = node->target;
        struct xsn_slot *wanted = NULL;

        for (size_t i = 0; i < target->n_slots; i++)
                if (counts(node, target->slots[i]) && target->slots[i]->pair->to->a.default_route &&
                    xsn_slot_wants(target->slots[i], XSNET_FIELD_DEFAULT_ROUTE, false))
                        wanted = target->slots[i];
        return wanted;
}

/* What there is to choose from, as it is seen: several gateways of IPv4, else of IPv6. -1: nothing. */
static int find_choice(const struct gateways g[2])
{
        return g[0].second ? 0 : g[1].second ? 1 : -1;
}

/* Of one gateway there is nothing to choose; of several, it is one that the document chooses, or has not excluded. */
static int settle_seen(struct xsn_dom0 *node, struct xsn_slot *wanted)
{
        const struct xsn_target *target = node->target;
        struct gateways g[2];
        int f, r = 0;

        count_gateways(node, g);
        f = find_choice(g);
        for (size_t i = 0; i < target->n_slots && r == 0 && f < 0; i++)
                if (counts(node, target->slots[i]))
                        r = leave(target->slots[i], XSNET_FIELD_DEFAULT_ROUTE);
        if (f < 0)
                return r;
        if (wanted && !xsn_object_is_set(wanted->pair->to, fields[f])) {
                xsn_slot_error(wanted, XSNET_FIELD_DEFAULT_ROUTE, -EINVAL, "missing-field",
                               "several others have a gateway of %s; to be the host's, this one needs one, too",
                               f == 0 ? "IPv4" : "IPv6");
                return 0;
        }
        /* Who would have it, were it not excluded? Of that one, `null` says nothing new. */
        if (!g[f].chosen && g[f].open && is_excluded(find_best(&g[f])))
                return take_default(g[f].open);
        if (is_reset(find_best(&g[f]), XSNET_FIELD_DEFAULT_ROUTE))
                return leave(find_best(&g[f]), XSNET_FIELD_DEFAULT_ROUTE);
        return 0;
}

/* One interface of a host has the default route. */
static int settle_default(struct xsn_dom0 *node)
{
        const struct xsn_target *target = node->target;
        bool seen = xsn_target_can(target, XSN_CAP_BEST_GATEWAY);
        struct xsn_slot *wanted = find_wanted(node);
        int r = seen ? settle_seen(node, wanted) : 0;

        for (size_t i = 0; i < target->n_slots && r == 0 && wanted; i++)
                if (counts(node, target->slots[i]) && target->slots[i] != wanted)
                        r = give_up_default(target->slots[i]);
        return r;
}

static void check_gateways(const struct xsn_dom0 *node, int field, const struct gateways *g)
{
        bool seen = xsn_target_can(node->target, XSN_CAP_BEST_GATEWAY);
        struct xsn_slot *late;

        if (!g->second || !g->changes)
                return;
        late = g->second->want || !g->first->want ? g->second : g->first;
        if (g->chosen2)
                xsn_slot_error(g->chosen2, XSNET_FIELD_DEFAULT_ROUTE, -EINVAL, "two-default-routes",
                               "the %s has default-route: true, too", xsn_slot_name(g->chosen));
        else if (!g->chosen && (!g->management || (seen && !g->open)))
                xsn_slot_error(late, field, -EINVAL, "two-gateways",
                               "the %s has a gateway, too; one of them needs default-route: true",
                               xsn_slot_name(late == g->second ? g->first : g->second));
}

/* Who had the only gateway, and so the best one, does not change by what is said of another: its route does. */
static int make_way(struct xsn_slot *before, const struct xsn_slot *after, int field)
{
        if (!before || !after || before == after || !xsn_slot_stays(before) ||
            !xsn_object_is_set(before->pair->to, field))
                return 0;
        if (!xsn_slot_edit(before))
                return -ENOMEM;
        before->pair->rows |= xsn_object_bit(before->pair->to, XSNET_FIELD_DEFAULT_ROUTE);
        return 0;
}

/* ---- management ---- */

/* The interface of the host's default route, as it is seen; NULL: none that is known here. */
static struct xsn_slot *find_default(const struct gateways g[2])
{
        return find_best(&g[g[0].first ? 0 : 1]);
}

/* Its default route may be one that the network tells, which no gateway here says. */
static bool is_automatic(const struct xsnet_object *to)
{
        return to->a.ipv4_mode.value == XSNET_IP_DHCP || to->a.ipv6_mode.value == XSNET_IP_DHCP ||
               to->a.ipv6_mode.value == XSNET_IP_AUTOCONF;
}

static size_t count_management(const struct xsn_dom0 *node)
{
        const struct xsn_target *target = node->target;
        size_t n = 0;

        for (size_t i = 0; i < target->n_slots; i++)
                n += counts(node, target->slots[i]) && target->slots[i]->pair->to->a.management;
        return n;
}

/*
 * `management: null` is "where the default route is", as long as no other interface says that it is for management: of
 * the interface that will have that route it changes nothing.
 */
static int leave_management(struct xsn_slot *slot, const struct xsn_slot *route)
{
        if (!is_reset(slot, XSNET_FIELD_MANAGEMENT) ||
            (route ? slot != route : !is_automatic(slot->pair->to)))
                return 0;
        return leave(slot, XSNET_FIELD_MANAGEMENT);
}

/*
 * What a document says of management has to be written where it is about to be no longer what follows from the default
 * route: true, where that goes, and false, where it comes.
 */
static int write_management(struct xsn_slot *slot, const struct xsn_slot *before, const struct xsn_slot *after)
{
        bool seen = slot->pair->from && slot->pair->from->a.management;

        if (before == after || !xsn_slot_wants(slot, XSNET_FIELD_MANAGEMENT, false) ||
            seen != slot->want->a.management || slot != (seen ? before : after))
                return 0;
        if (!xsn_slot_edit(slot))
                return -ENOMEM;
        slot->pair->rows |= xsn_object_bit(slot->pair->to, XSNET_FIELD_MANAGEMENT);
        return 0;
}

static int settle_management(struct xsn_dom0 *node, const struct xsn_slot *before, const struct xsn_slot *after)
{
        const struct xsn_target *target = node->target;
        bool none = count_management(node) == 0;
        int r = 0;

        for (size_t i = 0; i < target->n_slots && r == 0; i++) {
                if (!counts(node, target->slots[i]))
                        continue;
                r = none ? leave_management(target->slots[i], after) : 0;
                if (r == 0)
                        r = write_management(target->slots[i], before, after);
        }
        return r;
}

/* A host of a pool has one management interface: who gives it up says who has it then, and no two have it. */
static void check_management(const struct xsn_dom0 *node)
{
        const struct xsn_target *target = node->target;
        struct xsn_slot *named = NULL, *left = NULL;

        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (!counts(node, slot) || !xsn_slot_wants(slot, XSNET_FIELD_MANAGEMENT, true))
                        continue;
                if (!slot->pair->to->a.management && slot->pair->from && slot->pair->from->a.management)
                        left = slot;
                if (slot->pair->to->a.management && named)
                        xsn_slot_error(slot, XSNET_FIELD_MANAGEMENT, -EINVAL, "two-managements",
                                       "%s is to be the management interface, too; a host has one",
                                       xsn_slot_name(named));
                if (slot->pair->to->a.management)
                        named = slot;
        }
        if (left && !named && count_management(node) == 0)
                xsn_slot_error(left, XSNET_FIELD_MANAGEMENT, -EINVAL, "management-without-successor",
                               "it is the host's management interface: expected another one with `management: true`");
}

int xsn_gateways(struct xsn_dom0 *node)
{
        struct gateways g[2], was[2];

        if (settle_default(node) < 0)
                return -ENOMEM;
        count_gateways(node, g);
        for (size_t f = 0; f < 2; f++)
                check_gateways(node, fields[f], &g[f]);
        if (xsn_target_can(node->target, XSN_CAP_POOL))
                check_management(node);
        if (!xsn_target_can(node->target, XSN_CAP_BEST_GATEWAY))
                return 0;
        count_gateways_before(node, was);
        for (size_t f = 0; f < 2; f++)
                if (make_way(find_best(&was[f]), find_best(&g[f]), fields[f]) < 0)
                        return -ENOMEM;
        return settle_management(node, find_default(was), find_default(g));
}
