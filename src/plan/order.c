/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which step waits for which. The rules are about four things: what stands on another
 * thing (a VLAN on its parent, a port in its network), what only one can have at a time (a
 * device name, an address, a member, the place of a network's PIF), MTUs (the lower device
 * first when they rise, last when they fall), and the two steps of one object. Whoever has
 * something lets it go before another takes it.
 */
#include "plan/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* `after` waits for `before`. Either may be no step at all. */
static int edge(struct xsn_build *build, size_t before, size_t after)
{
        struct xsn_draft *draft;
        void *deps;

        if (before == XSN_NO_STEP || after == XSN_NO_STEP || before == after)
                return 0;
        draft = &build->drafts[after];
        deps = draft->s.deps;
        if (xsn_grow(&deps, &draft->cap_deps, draft->s.n_deps + 1, sizeof(*draft->s.deps)) < 0)
                return -ENOMEM;
        draft->s.deps = deps;
        draft->s.deps[draft->s.n_deps++] = before;
        return 0;
}

/* The step in which an object takes what it gains; that of a bond's member is the bond's. */
static size_t take_of(const struct xsn_pair *pair)
{
        if (pair && pair->implied_by)
                pair = pair->implied_by;
        if (!pair)
                return XSN_NO_STEP;
        return pair->step != XSN_NO_STEP ? pair->step : pair->remove_step;
}

/* The step in which it lets go what it loses. */
static size_t release_of(const struct xsn_pair *pair)
{
        if (pair && pair->implied_by)
                return take_of(pair);
        if (!pair || !pair->from)
                return XSN_NO_STEP;
        return pair->remove_step != XSN_NO_STEP ? pair->remove_step : pair->step;
}

static bool is_removed(const struct xsn_build *build, const struct xsn_pair *pair)
{
        return pair->remove_step != XSN_NO_STEP && !build->drafts[pair->remove_step].s.half;
}

static bool is_created(const struct xsn_build *build, const struct xsn_pair *pair)
{
        return pair->step != XSN_NO_STEP && build->drafts[pair->step].s.verb == XSNET_STEP_CREATE;
}

/* Does the MTU of the object (or of its device) change, and which way? */
static int mtu_moves(const struct xsn_pair *pair)
{
        uint32_t from, to;

        if (!pair || !pair->from || !pair->to || pair->step == XSN_NO_STEP)
                return 0;
        from = xsn_object_mtu(pair->from);
        to = xsn_object_mtu(pair->to);
        return !from || !to || from == to ? 0 : to > from ? 1 : -1;
}

/* The upper one's packets must always fit the lower one. */
static int order_mtu(struct xsn_build *build, const struct xsn_pair *lower, const struct xsn_pair *upper)
{
        if (!mtu_moves(lower) || !mtu_moves(upper))
                return 0;
        return mtu_moves(upper) > 0 ? edge(build, take_of(lower), take_of(upper))
                                    : edge(build, take_of(upper), take_of(lower));
}

/* ---- networks ---- */

static bool has_address(const struct xsnet_object *obj, const struct xsn_ip *ip)
{
        const struct xsn_list *list = obj ? ip->family == 4 ? &obj->a.ipv4_address : &obj->a.ipv6_address : NULL;

        for (size_t i = 0; list && i < list->n; i++)
                if (xsn_ip_same_address(&XSN_ITEM(*list, struct xsn_ip, i), ip))
                        return true;
        return false;
}

static bool gains_address(const struct xsn_pair *pair)
{
        const struct xsn_addressing *a = &pair->to->a;
        const struct xsn_list *lists[] = { &a->ipv4_address, &a->ipv6_address };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(lists); i++)
                for (size_t k = 0; k < lists[i]->n; k++)
                        if (!has_address(pair->from, &XSN_ITEM(*lists[i], struct xsn_ip, k)))
                                return true;
        return false;
}

/* The network's place for a PIF is free, and no loop is closed meanwhile: the old ones leave first. */
static int after_leavers(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair,
                         const struct xsn_pair *network)
{
        const struct xsn_index_item *item;

        if (!network->from || pair->to->cls->kind == XSNET_KIND_VIF)
                return 0;
        item = xsn_index_find(&site->index, XSN_IX_PORTS_FROM, xsn_object_host(network->from),
                              XSN_NETWORK(network->from)->name);
        for (; item; item = item->next) {
                const struct xsn_pair *port = item->pair;

                if (port == pair || port->from->cls->kind == XSNET_KIND_VIF ||
                    strcmp(xsn_object_host(port->from), xsn_object_host(pair->to)) != 0 ||
                    !xsn_pair_leaves(site, port, network))
                        continue;
                if (edge(build, release_of(port), take_of(pair)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int order_network(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair)
{
        struct xsn_pair *old = xsn_pair_network(site, pair->from, false);
        struct xsn_pair *new = xsn_pair_network(site, pair->to, true);

        if (old && xsn_pair_leaves(site, pair, old) && is_removed(build, old) &&
            edge(build, release_of(pair), old->remove_step) < 0)
                return -ENOMEM;
        /* A PIF takes what is on the bridge along: what the network itself gets comes there when it is gone. */
        if (old && old->to && pair->from->cls->kind != XSNET_KIND_VIF && xsn_pair_leaves(site, pair, old) &&
            gains_address(old) && edge(build, release_of(pair), take_of(old)) < 0)
                return -ENOMEM;
        if (!new || take_of(pair) == XSN_NO_STEP)
                return 0;
        if (old == new && !is_created(build, pair))
                return order_mtu(build, pair, new);
        if (edge(build, take_of(new), take_of(pair)) < 0)
                return -ENOMEM;
        return after_leavers(build, site, pair, new);
}

static bool is_pools_guest(const struct xsn_site *site, const struct xsn_pair *pair)
{
        return xsn_site_is_pool(site) && (pair->to ? pair->to : pair->from)->cls->kind == XSNET_KIND_VIF;
}

/* Guests of a NIC that goes into a bond, and of a bond that goes, are taken along: they need not go first. */
static bool takes_along(const struct xsn_site *site, const struct xsn_pair *pair)
{
        const struct xsn_caps *caps = site->work->input->caps;

        return caps && (caps->flags & XSN_CAP_BOND_HEIRS) && (XSN_BOND(pair->from) || XSN_PIF(pair->from));
}

/*
 * A pool plugs a guest into what its host has of the network, and lets no PIF go under a guest: a VIF comes when the
 * PIFs have joined, and goes before they leave. Where they move with it, it is there before them.
 */
static int order_guest(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair)
{
        struct xsn_pair *old = xsn_pair_network(site, pair->from, false);
        struct xsn_pair *new = xsn_pair_network(site, pair->to, true);
        const struct xsn_index_item *item = NULL;

        if (old && old->from && (!pair->to || old != new))
                item = xsn_index_find(&site->index, XSN_IX_PORTS_FROM, "", XSN_NETWORK(old->from)->name);
        for (; item; item = item->next)
                if (item->pair->from->cls->kind != XSNET_KIND_VIF && xsn_pair_leaves(site, item->pair, old) &&
                    !takes_along(site, item->pair) &&
                    edge(build, release_of(pair), release_of(item->pair)) < 0)
                        return -ENOMEM;
        if (new && (old != new || is_created(build, pair)))
                item = xsn_index_find(&site->index, XSN_IX_JOINERS, "", XSN_NETWORK(new->to)->name);
        for (; item; item = item->next)
                if ((!old || !xsn_pair_leaves(site, item->pair, old)) &&
                    edge(build, take_of(item->pair), take_of(pair)) < 0)
                        return -ENOMEM;
        return 0;
}

/* ---- bonds and what stands on their members ---- */

static const struct xsn_list *members_of(const struct xsnet_object *obj)
{
        static const struct xsn_list none;

        return obj && obj->cls->kind == XSNET_KIND_BOND ? &XSN_BOND(obj)->members : &none;
}

static bool bond_has(const struct xsn_site *site, const struct xsnet_object *bond, bool after,
                     const struct xsn_pair *member)
{
        const struct xsn_list *members = members_of(bond);

        for (size_t i = 0; i < members->n; i++)
                if (xsn_pair_device(site, bond, XSN_ITEM(*members, char *, i), after) == member)
                        return true;
        return false;
}

/* Steps of bonds that let go a device come before it is used otherwise. */
static int after_bonds(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *member, size_t step)
{
        const char *device = member->from ? xsn_pair_name(member->from) : NULL;
        const struct xsn_index_item *item =
                device ? xsn_index_find(&site->index, XSN_IX_ABOVE_FROM, xsn_object_host(member->from), device) : NULL;

        for (; item; item = item->next)
                if (item->pair->from->cls->kind == XSNET_KIND_BOND && !bond_has(site, item->pair->to, true, member) &&
                    edge(build, release_of(item->pair), step) < 0)
                        return -ENOMEM;
        return 0;
}

/* What is removed from a device goes before the device is used otherwise. */
static int after_removals(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *member,
                          size_t step)
{
        const char *device = member->from ? xsn_pair_name(member->from) : NULL;
        const struct xsn_index_item *item =
                device ? xsn_index_find(&site->index, XSN_IX_ABOVE_FROM, xsn_object_host(member->from), device) : NULL;

        for (; item; item = item->next)
                if (item->pair->from->cls->kind != XSNET_KIND_BOND && is_removed(build, item->pair) &&
                    edge(build, item->pair->remove_step, step) < 0)
                        return -ENOMEM;
        return 0;
}

/* ---- what stands on a device: VLANs and tunnels ---- */

static int order_above(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair, int field)
{
        const char *device = pair->from ? xsn_object_string(pair->from, field) : NULL;
        struct xsn_pair *parent = device ? xsn_pair_device(site, pair->from, device, false) : NULL, *network;

        if (parent && is_removed(build, pair) && edge(build, pair->remove_step, release_of(parent)) < 0)
                return -ENOMEM;
        device = pair->to ? xsn_object_string(pair->to, field) : NULL;
        parent = device ? xsn_pair_device(site, pair->to, device, true) : NULL;
        if (!parent || take_of(pair) == XSN_NO_STEP)
                return 0;
        /* On Linux a VLAN stands on the bridge of its parent. */
        network = xsn_pair_network(site, parent->to, true);
        if (!is_created(build, pair)) {
                if (network && order_mtu(build, network, pair) < 0)
                        return -ENOMEM;
                return order_mtu(build, parent, pair);
        }
        if (network && edge(build, take_of(network), pair->step) < 0)
                return -ENOMEM;
        return after_bonds(build, site, parent, pair->step) < 0 ? -ENOMEM : edge(build, take_of(parent), pair->step);
}

static int order_bond(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair)
{
        const struct xsn_list *members = members_of(pair->to);

        for (size_t i = 0; i < members->n; i++) {
                const struct xsn_pair *member =
                        xsn_pair_device(site, pair->to, XSN_ITEM(*members, char *, i), true);

                if (!member || take_of(pair) == XSN_NO_STEP)
                        continue;
                /* Its new name is there before the bond asks for it; the first half of a split knows the old one. */
                if (edge(build, take_of(member), take_of(pair)) < 0)
                        return -ENOMEM;
                if (bond_has(site, pair->from, false, member)) {
                        if (release_of(pair) != take_of(pair) &&
                            edge(build, release_of(pair), release_of(member)) < 0)
                                return -ENOMEM;
                } else if (after_bonds(build, site, member, take_of(pair)) < 0 ||
                           after_removals(build, site, member, take_of(pair)) < 0) {
                        return -ENOMEM;
                }
        }
        members = members_of(pair->from);
        for (size_t i = 0; i < members->n; i++) {
                const struct xsn_pair *member =
                        xsn_pair_device(site, pair->from, XSN_ITEM(*members, char *, i), false);

                if (!member || bond_has(site, pair->to, true, member))
                        continue;
                if (edge(build, release_of(pair), release_of(member)) < 0 ||
                    edge(build, release_of(pair), take_of(member)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- what only one can have ---- */

static bool frees_device(const struct xsn_pair *pair, const char *device)
{
        const char *after = pair->to ? xsn_pair_name(pair->to) : NULL;

        return pair->replace || !after || strcmp(after, device) != 0;
}

/* The step in which a device gets another name, or none at all; of a change that was split, the half that does it. */
static size_t rename_of(const struct xsn_build *build, const struct xsn_pair *pair)
{
        const struct xsn_draft *half = pair->remove_step == XSN_NO_STEP ? NULL : &build->drafts[pair->remove_step];
        const char *before = half && half->s.half ? xsn_pair_name(half->s.from) : NULL;
        const char *after = before ? xsn_pair_name(half->s.to) : NULL;

        return after && !strcmp(before, after) ? pair->step : release_of(pair);
}

static int order_names(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair)
{
        const char *before = pair->from ? xsn_pair_name(pair->from) : NULL;
        const char *after = pair->to ? xsn_pair_name(pair->to) : NULL;
        const struct xsn_index_item *item;
        size_t taker;

        if (!after || pair->to->cls->kind == XSNET_KIND_VIF || (before && !strcmp(before, after) && !pair->replace))
                return 0;
        taker = is_created(build, pair) ? pair->step : rename_of(build, pair);
        item = xsn_index_find(&site->index, XSN_IX_DEVICE_FROM, xsn_object_host(pair->to), after);
        for (; item; item = item->next)
                if (item->pair != pair && frees_device(item->pair, after) &&
                    edge(build, rename_of(build, item->pair), taker) < 0)
                        return -ENOMEM;
        return 0;
}

static int order_addresses(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair,
                           const struct xsn_list *addresses)
{
        for (size_t i = 0; i < addresses->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*addresses, struct xsn_ip, i);
                const struct xsn_index_item *item;
                char text[XSN_IP_STRLEN];

                if (!pair->replace && has_address(pair->from, ip))
                        continue;
                item = xsn_index_find(&site->index, XSN_IX_ADDRESS_FROM, xsn_object_host(pair->to),
                                      xsn_ip_format(ip, text));
                for (; item; item = item->next)
                        if (item->pair != pair && !has_address(item->pair->to, ip) &&
                            edge(build, release_of(item->pair), take_of(pair)) < 0)
                                return -ENOMEM;
        }
        return 0;
}

/* ---- all of them ---- */

static int order_pair(struct xsn_build *build, const struct xsn_site *site, const struct xsn_pair *pair)
{
        if (pair->step != XSN_NO_STEP && edge(build, pair->remove_step, pair->step) < 0)
                return -ENOMEM;
        if (order_network(build, site, pair) < 0)
                return -ENOMEM;
        if (is_pools_guest(site, pair) && order_guest(build, site, pair) < 0)
                return -ENOMEM;
        if (order_above(build, site, pair, XSNET_FIELD_PIF) < 0 ||
            order_above(build, site, pair, XSNET_FIELD_TRANSPORT) < 0 || order_bond(build, site, pair) < 0)
                return -ENOMEM;
        if (order_names(build, site, pair) < 0)
                return -ENOMEM;
        if (!pair->to || pair->implied_by || !pair->to->cls->has_address)
                return 0;
        return order_addresses(build, site, pair, &pair->to->a.ipv4_address) < 0
                       ? -ENOMEM
                       : order_addresses(build, site, pair, &pair->to->a.ipv6_address);
}

static int compare_indexes(const void *a, const void *b)
{
        size_t x = *(const size_t *)a, y = *(const size_t *)b;

        return x < y ? -1 : x > y;
}

static void sort_deps(struct xsnet_step *step)
{
        size_t n = 0;

        if (step->n_deps > 1)
                qsort(step->deps, step->n_deps, sizeof(*step->deps), compare_indexes);
        for (size_t i = 0; i < step->n_deps; i++)
                if (!n || step->deps[n - 1] != step->deps[i])
                        step->deps[n++] = step->deps[i];
        step->n_deps = n;
}

int xsn_build_order(struct xsn_build *build)
{
        for (size_t i = 0; i < build->n_drafts; i++)
                build->drafts[i].s.n_deps = 0;
        for (size_t t = 0; t < build->n_sites; t++) {
                const struct xsn_site *site = &build->sites[t];

                for (size_t i = 0; i < site->n_pairs; i++)
                        if ((site->pairs[i]->from || site->pairs[i]->to) &&
                            order_pair(build, site, site->pairs[i]) < 0)
                                return -ENOMEM;
        }
        for (size_t i = 0; i < build->n_drafts; i++)
                sort_deps(&build->drafts[i].s);
        return 0;
}
