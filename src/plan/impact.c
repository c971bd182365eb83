/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a step hurts. The table says it row by row: what it means that a value comes, is
 * replaced, or goes. What rides on a device is found by going up from it, as observed:
 * VLANs, tunnels and bonds on it, its network, and the VIFs in there.
 */
#include "plan/build.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

#define NONE   XSNET_DISRUPTION_NONE
#define FLAP   XSNET_DISRUPTION_FLAP
#define OUTAGE XSNET_DISRUPTION_OUTAGE

#define PIFS (1u << XSNET_KIND_PIF | 1u << XSNET_KIND_BOND | 1u << XSNET_KIND_VLAN | 1u << XSNET_KIND_TUNNEL)
#define ALL  (~0u)

struct impact {
        int field;
        unsigned kinds; /* bit k: XSNET_KIND k */
        int comes, changes, goes;
};

/* Rows that are not here hurt nobody. Rows with XSN_F_RECREATE never change: they make two steps. */
static const struct impact impacts[] = {
        { XSNET_FIELD_BRIDGE, ALL, NONE, FLAP, NONE },
        { XSNET_FIELD_STP, ALL, FLAP, FLAP, FLAP }, /* ports listen and learn first */
        { XSNET_FIELD_MTU, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_STATUS_MTU, PIFS, FLAP, FLAP, FLAP }, /* many drivers restart the NIC */
        { XSNET_FIELD_NETWORK, PIFS, FLAP, FLAP, FLAP },
        { XSNET_FIELD_NETWORK, 1u << XSNET_KIND_VIF, NONE, FLAP, OUTAGE },
        { XSNET_FIELD_DEVICE, 1u << XSNET_KIND_PIF, FLAP, FLAP, FLAP }, /* the NIC is down while it is renamed */
        { XSNET_FIELD_NAME, 1u << XSNET_KIND_BOND, FLAP, FLAP, FLAP },
        { XSNET_FIELD_MEMBERS, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_MODE, ALL, OUTAGE, OUTAGE, OUTAGE }, /* the bond lets go all members meanwhile */
        { XSNET_FIELD_HASH, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_LACP_RATE, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_PRIMARY, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_MAC, 1u << XSNET_KIND_BOND, FLAP, FLAP, FLAP },
        { XSNET_FIELD_REMOTES, ALL, NONE, OUTAGE, OUTAGE },
        { XSNET_FIELD_TRUNKS, ALL, NONE, FLAP, FLAP },
        { XSNET_FIELD_VIF_LOCKING, ALL, NONE, FLAP, NONE },
        { XSNET_FIELD_IPV4_ADDRESS, ALL, NONE, OUTAGE, OUTAGE },
        { XSNET_FIELD_IPV6_ADDRESS, ALL, NONE, OUTAGE, OUTAGE },
        { XSNET_FIELD_IPV4_GATEWAY, ALL, NONE, FLAP, OUTAGE },
        { XSNET_FIELD_IPV6_GATEWAY, ALL, NONE, FLAP, OUTAGE },
        { XSNET_FIELD_DEFAULT_ROUTE, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_ROUTES, ALL, NONE, FLAP, FLAP },
        { XSNET_FIELD_MANAGEMENT, ALL, FLAP, FLAP, FLAP },
        { XSNET_FIELD_PLUGGED, ALL, NONE, OUTAGE, NONE },
};

static int worse(int a, int b)
{
        return a > b ? a : b;
}

/* Of a list: do all old items stay? Then values only came. */
static bool only_adds(const struct xsn_type *type, const struct xsn_list *from, const struct xsn_list *to)
{
        for (size_t i = 0; i < from->n; i++)
                if (xsn_list_find(type->item, to, (const char *)from->v + i * type->item->size) < 0)
                        return false;
        return true;
}

static int row_impact(const struct impact *impact, const struct xsnet_object *from, const struct xsnet_object *to,
                      size_t i)
{
        const struct xsn_field *field = xsn_class_field(to->cls, i);
        const struct xsn_type *type = xsn_type_of(field->type);

        if (!(from->present >> i & 1))
                return impact->comes;
        if (type->item && !type->map)
                return only_adds(type, xsn_object_member(from, field), xsn_object_member(to, field)) ? impact->comes
                                                                                                   : impact->changes;
        if (xsn_plan_row_is_default(to, i))
                return impact->goes;
        return xsn_plan_row_is_default(from, i) && !(field->flags & XSN_F_DEFAULT) ? impact->comes : impact->changes;
}

static int change_impact(const struct xsnet_step *step)
{
        int disruption = NONE;

        for (size_t k = 0; k < XSN_ARRAY_SIZE(impacts); k++) {
                int i = xsn_class_index(step->to->cls, impacts[k].field);

                if (i >= 0 && (step->changed >> i & 1) && (impacts[k].kinds >> step->to->cls->kind & 1))
                        disruption = worse(disruption, row_impact(&impacts[k], step->from, step->to, (size_t)i));
        }
        return disruption;
}

/* ---- what rides on a device ---- */

struct riders {
        bool management, storage;
        size_t n_vifs;
        size_t n_linked; /* VLANs, tunnels and bonds on it */
        size_t walk;     /* which walk this is: a pair that has been seen on it is not counted again */
};

#define DEPTH_MAX 64 /* the kernel stacks 8 */

static bool is_storage(const struct xsnet_object *obj)
{
        const struct xsn_link *link = xsn_object_link(obj);
        const struct xsn_list *map = link               ? &link->other_config
                                     : XSN_NETWORK(obj) ? &XSN_NETWORK(obj)->other_config
                                                        : NULL;
        const char *purpose = NULL;

        if (XSN_PIF(obj) && XSN_PIF(obj)->disallow_unplug)
                return true;
        return map && !xsn_map_get(map, "xsnet-purpose", &purpose) && purpose && !strcmp(purpose, "storage");
}

static void ride(const struct xsnet_object *obj, struct riders *riders)
{
        riders->management |= obj->a.management;
        riders->storage |= is_storage(obj);
        riders->n_vifs += obj->cls->kind == XSNET_KIND_VIF;
}

static bool was_seen(struct xsn_pair *pair, struct riders *riders)
{
        bool seen = pair->seen == riders->walk;

        pair->seen = riders->walk;
        return seen;
}

/* The network itself, its VIFs, and (for the network's own steps) whose addresses are on its bridge. */
static void walk_network(const struct xsn_site *site, struct xsn_pair *pair, bool with_pifs, struct riders *riders)
{
        const struct xsn_index_item *item;

        if (was_seen(pair, riders))
                return;
        ride(pair->from, riders);
        item = xsn_index_find(&site->index, XSN_IX_PORTS_FROM, xsn_object_host(pair->from),
                              XSN_NETWORK(pair->from)->name ? XSN_NETWORK(pair->from)->name : "");
        for (; item; item = item->next)
                if ((with_pifs || item->pair->from->cls->kind == XSNET_KIND_VIF) && !was_seen(item->pair, riders))
                        ride(item->pair->from, riders);
}

static void walk_up(const struct xsn_site *site, struct xsn_pair *pair, struct riders *riders, unsigned depth)
{
        const char *device = xsn_pair_name(pair->from);
        const struct xsn_index_item *item;
        struct xsn_pair *network;

        if (depth >= DEPTH_MAX || was_seen(pair, riders))
                return;
        ride(pair->from, riders);
        network = xsn_pair_network(site, pair->from, false);
        if (network && network->from)
                walk_network(site, network, false, riders);
        item = device && xsn_object_link(pair->from)
                       ? xsn_index_find(&site->index, XSN_IX_ABOVE_FROM, xsn_object_host(pair->from), device)
                       : NULL;
        for (; item; item = item->next) {
                riders->n_linked += depth == 0;
                walk_up(site, item->pair, riders, depth + 1);
        }
}

static bool has_addresses(const struct xsnet_object *obj)
{
        return obj->a.ipv4_address.n || obj->a.ipv6_address.n || obj->a.ipv4_mode.value == XSNET_IP_DHCP ||
               obj->a.ipv6_mode.value == XSNET_IP_DHCP;
}

/* A new bond takes its members as they are used now. */
static int bond_impact(const struct xsn_site *site, const struct xsnet_object *bond, struct riders *riders)
{
        const struct xsn_list *members = &XSN_BOND(bond)->members;
        int disruption = NONE;

        for (size_t i = 0; i < members->n; i++) {
                struct xsn_pair *member = xsn_pair_device(site, bond, XSN_ITEM(*members, char *, i), true);
                bool management = riders->management;
                size_t n_linked = riders->n_linked;

                if (!member || !member->from)
                        continue;
                riders->management = false;
                walk_up(site, member, riders, 0);
                if (riders->management || has_addresses(member->from) || xsn_object_network(member->from))
                        disruption = OUTAGE;
                else if (riders->n_linked > n_linked)
                        disruption = worse(disruption, FLAP);
                riders->management |= management;
        }
        return disruption;
}

/* The ports that stay in a network to its end; those that leave have steps of their own. */
static void walk_stayers(const struct xsn_site *site, const struct xsn_pair *pair, struct riders *riders)
{
        const struct xsn_index_item *item =
                xsn_index_find(&site->index, XSN_IX_PORTS_FROM, xsn_object_host(pair->from),
                               XSN_NETWORK(pair->from)->name ? XSN_NETWORK(pair->from)->name : "");

        ride(pair->from, riders);
        for (; item; item = item->next) {
                const struct xsn_pair *port = item->pair;

                if (port->step == XSN_NO_STEP && port->remove_step == XSN_NO_STEP && !port->implied_by) {
                        ride(port->from, riders);
                        riders->n_linked++;
                }
        }
}

static int remove_impact(const struct xsn_site *site, struct xsn_pair *pair, struct riders *riders)
{
        const struct xsnet_object *from = pair->from;

        switch (from->cls->kind) {
        case XSNET_KIND_NETWORK:
                walk_stayers(site, pair, riders);
                return has_addresses(from) || riders->n_linked ? OUTAGE : NONE;
        case XSNET_KIND_VIF:
                walk_up(site, pair, riders, 0);
                return OUTAGE;
        default:
                walk_up(site, pair, riders, 0);
                return has_addresses(from) || riders->n_linked || xsn_object_network(from) ? OUTAGE : NONE;
        }
}

/* ---- what cannot be taken back ---- */

static bool is_dhcp(const struct xsnet_object *obj)
{
        return obj->a.ipv4_mode.value == XSNET_IP_DHCP || obj->a.ipv6_mode.value == XSNET_IP_DHCP;
}

/* A row that this version reads and could not write back; NULL. */
static const struct xsn_field *lost_row(const struct xsnet_step *step, const struct xsn_caps *caps)
{
        size_t n = xsn_class_n_fields(step->from->cls);

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(step->from->cls, i);
                bool lost = step->verb == XSNET_STEP_REMOVE || (step->changed >> i & 1);

                if (!lost || (field->flags & (XSN_F_OBSERVED | XSN_F_SELECT | XSN_F_KEY)) ||
                    xsn_plan_row_is_default(step->from, i))
                        continue;
                if (field->type == XSNET_TYPE_ENUM &&
                    !((const struct xsn_enumval *)xsn_object_member(step->from, field))->value)
                        return field;
                if (step->verb == XSNET_STEP_REMOVE && !xsn_caps_has_field(caps, step->from->cls->kind, i))
                        return field;
        }
        return NULL;
}

/* Does the step take away what could not be made again: a network's bridge, also where it becomes a VLAN's? */
static bool takes_irreplaceable(const struct xsn_site *site, const struct xsnet_step *step)
{
        const struct xsn_pair *net = NULL;

        if (step->verb == XSNET_STEP_REMOVE)
                return step->from->irreplaceable;
        if (step->to && XSN_VLAN(step->to) && site->work->input->caps &&
            site->work->input->caps->flags & XSN_CAP_REMAKES_BRIDGES)
                net = xsn_pair_network(site, step->to, true);
        return net && net->from && net->from->irreplaceable;
}

static int irreversible(const struct xsn_site *site, struct xsn_draft *draft, const struct xsn_caps *caps)
{
        struct xsnet_step *step = &draft->s;
        const struct xsn_field *field = step->from && caps ? lost_row(step, caps) : NULL;
        struct xsn_buf buf = { 0 };

        if (draft->pair->irreversible) {
                xsn_buf_put(&buf, draft->pair->irreversible);
        } else if (takes_irreplaceable(site, step)) {
                xsn_buf_put(&buf, "its bridge has what could not be made again, such as controllers or mirrors");
        } else if (field) {
                xsn_buf_printf(&buf, "%s: ", field->name);
                xsn_object_format_row(step->from, (size_t)xsn_class_index(step->from->cls, field->id), &buf);
                xsn_buf_put(&buf, " could not be set again");
        } else if (step->verb == XSNET_STEP_REMOVE && caps && is_dhcp(step->from) &&
                   !(caps->flags & XSN_CAP_MAKES_DHCP)) {
                xsn_buf_put(&buf, "nothing here could start its DHCP client again");
        } else {
                return 0;
        }
        return xsn_buf_take(&buf, &step->irreversible);
}

int xsn_build_impact(struct xsn_build *build)
{
        for (size_t i = 0; i < build->n_drafts; i++) {
                struct xsn_draft *draft = &build->drafts[i];
                const struct xsn_site *site = &build->sites[draft->s.target];
                struct xsnet_step *step = &draft->s;
                struct riders riders = { .walk = i + 1 };

                if (step->verb == XSNET_STEP_CREATE) {
                        step->disruption = XSN_BOND(step->to) ? bond_impact(site, step->to, &riders) : NONE;
                } else if (step->verb == XSNET_STEP_REMOVE) {
                        step->disruption = remove_impact(site, draft->pair, &riders);
                } else {
                        step->disruption = change_impact(step);
                        if (step->to->cls->kind == XSNET_KIND_NETWORK)
                                walk_network(site, draft->pair, true, &riders);
                        else
                                walk_up(site, draft->pair, &riders, 0);
                }
                step->management = riders.management || (step->to && step->to->a.management);
                step->storage = riders.storage || (step->to && is_storage(step->to));
                step->n_vifs = riders.n_vifs;
                if (irreversible(site, draft, site->work->input->caps) < 0)
                        return -ENOMEM;
        }
        return 0;
}
