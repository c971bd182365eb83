/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of bonds. A NIC that joins a bond gives up its network and its addresses, and
 * the bond takes what it does not name itself; that happens in the bond's own step.
 * A bond that goes leaves what others set to a member.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static bool was_member(const struct xsn_slot *bond, const struct xsn_slot *nic)
{
        const char *device = nic->pair->from ? xsn_object_device(nic->pair->from) : NULL;

        return device && bond->pair->from && xsn_strs_has(&XSN_BOND(bond->pair->from)->members, device);
}

static bool wants_addresses(const struct xsn_slot *slot)
{
        return slot->want && (slot->want->a.ipv4_address.n || slot->want->a.ipv6_address.n);
}

static void refuse_unknown(struct xsn_slot *bond, const char *name)
{
        struct xsn_slot *other = xsn_dom0_pif(bond->node, name);
        _cleanup_(xsn_freep) char *hint = NULL;
        struct xsn_buf buf = { 0 };

        if (other) {
                xsn_slot_error(bond, XSNET_FIELD_MEMBERS, -EINVAL, "bad-member",
                               "expected NICs as members, but '%s' is the %s", name, xsn_slot_name(other));
                return;
        }
        xsn_suggest_slot(bond->node, 1U << XSNET_KIND_PIF, name, &buf);
        if (!xsn_buf_take(&buf, &hint))
                xsn_slot_error(bond, XSNET_FIELD_MEMBERS, -EINVAL, "unknown-name", "there is no NIC '%s'%s", name,
                               hint);
}

/* What a member's own item may not ask for. */
static void check_member(struct xsn_slot *bond, struct xsn_slot *nic)
{
        if (xsn_slot_wants(nic, XSNET_FIELD_NETWORK, false))
                xsn_slot_error(nic, XSNET_FIELD_NETWORK, -EINVAL, "network-on-member",
                               "a network belongs on the %s, not on its member", xsn_slot_name(bond));
        if (wants_addresses(nic))
                xsn_slot_error(nic, nic->want->a.ipv4_address.n ? XSNET_FIELD_IPV4_ADDRESS : XSNET_FIELD_IPV6_ADDRESS,
                               -EINVAL, "address-on-member", "an address belongs on the %s, not on its member",
                               xsn_slot_name(bond));
}

static void check_joining(struct xsn_slot *bond, struct xsn_slot *nic)
{
        check_member(bond, nic);
        if (xsn_dhcp_runs(nic->node->target, nic->pair->from))
                xsn_slot_error(bond, XSNET_FIELD_MEMBERS, -EBUSY, "dhcp-client",
                               "the address of '%s' comes from a DHCP client that runs on it and cannot be moved",
                               xsn_object_device(nic->pair->from));
}

/* The NIC that a name among the members means, unless it is none or another bond's. */
static struct xsn_slot *member(struct xsn_slot *bond, const char *name)
{
        struct xsn_slot *nic = xsn_dom0_find(bond->node, XSNET_KIND_PIF, name);

        if (!nic) {
                if (xsn_slot_changes(bond))
                        refuse_unknown(bond, name);
                return NULL;
        }
        if (nic->member_of && nic->member_of != bond) {
                struct xsn_slot *first = nic->member_of;
                bool mine = xsn_slot_changes(bond) || !xsn_slot_changes(first);

                if (xsn_slot_changes(bond) || xsn_slot_changes(first))
                        xsn_slot_error(mine ? bond : first, XSNET_FIELD_MEMBERS, -EBUSY, "member-in-use",
                                       "'%s' is a member of the %s", name, xsn_slot_name(mine ? first : bond));
                return NULL;
        }
        nic->member_of = bond;
        return nic;
}

/* A bond without a network takes the one of the member that carries addresses, is primary, or comes first. */
static int take_network(struct xsn_slot *bond, struct xsn_slot *const *nics, size_t n)
{
        const char *primary = xsn_object_string(bond->pair->to, XSNET_FIELD_PRIMARY);
        struct xsn_slot *best = NULL;
        int best_rank = 0;

        if (xsn_object_network(bond->pair->to) || xsn_slot_wants(bond, XSNET_FIELD_NETWORK, true))
                return 0;
        for (size_t i = 0; i < n; i++) {
                const struct xsnet_object *nic = nics[i]->pair->to;
                int rank = 1 + 2 * xsn_addressing_has(nic) + (primary && !strcmp(primary, xsn_object_device(nic)));

                if (xsn_object_network(nic) && rank > best_rank) {
                        best = nics[i];
                        best_rank = rank;
                }
        }
        if (!best)
                return 0;
        return xsn_slot_edit(bond)
                       ? xsn_object_set_string(bond->pair->to, XSNET_FIELD_NETWORK, xsn_object_network(best->pair->to))
                       : -ENOMEM;
}

static int take_addresses(struct xsn_slot *bond, struct xsn_slot *const *nics, size_t n)
{
        struct xsn_slot *source = NULL;
        bool moved;

        for (size_t i = 0; i < n; i++) {
                if (!xsn_addressing_has(nics[i]->pair->to))
                        continue;
                if (source && !wants_addresses(bond)) {
                        xsn_slot_error(bond, XSNET_FIELD_MEMBERS, -EINVAL, "two-addresses",
                                       "'%s' and '%s' both carry addresses; name those of the bond",
                                       xsn_object_device(source->pair->to), xsn_object_device(nics[i]->pair->to));
                        return 0;
                }
                source = source ? source : nics[i];
        }
        if (!source)
                return 0;
        if (xsn_addressing_move(bond, source, &moved) < 0)
                return -ENOMEM;
        return moved ? xsn_slot_note(bond, "takes the addresses of %s", xsn_object_device(source->pair->to)) : 0;
}

/* What a member has no longer. */
static int strip(struct xsn_slot *bond, struct xsn_slot *nic)
{
        nic->because = bond;
        /* A member is a device of the bond there, and nothing is told of it. */
        if (xsn_target_can(bond->node->target, XSN_CAP_BOND_HEIRS)) {
                if (!xsn_slot_edit(nic))
                        return -ENOMEM;
                xsn_object_clear(nic->pair->to, XSNET_FIELD_STATUS_MTU);
                if (XSN_PIF(nic->pair->to)->disallow_unplug && !xsn_slot_wants(nic, XSNET_FIELD_DISALLOW_UNPLUG, false))
                        XSN_PIF(nic->pair->to)->disallow_unplug = false;
        }
        if (xsn_object_network(nic->pair->to)) {
                if (!xsn_slot_edit(nic))
                        return -ENOMEM;
                xsn_object_clear(nic->pair->to, XSNET_FIELD_NETWORK);
        }
        return xsn_addressing_drop(nic);
}

/* Where only LACP has them, these go with it. */
static int leave_lacp(struct xsn_slot *bond)
{
        static const int fields[] = { XSNET_FIELD_HASH, XSNET_FIELD_LACP_RATE };
        const struct xsn_bond *from = bond->pair->from ? XSN_BOND(bond->pair->from) : NULL;

        if (!xsn_target_can(bond->node->target, XSN_CAP_LACP_HASH) || !from ||
            XSN_BOND(bond->pair->to)->mode.value == XSNET_BOND_LACP)
                return 0;
        /* Without LACP this is all that there is to show. */
        if (from->mode.value != XSNET_BOND_LACP && from->hash.value == XSNET_HASH_SRC_MAC &&
            !xsn_object_is_set(&from->o, XSNET_FIELD_LACP_RATE))
                return 0;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++) {
                if (!xsn_object_is_set(bond->pair->to, fields[i]) || xsn_slot_wants(bond, fields[i], false))
                        continue;
                if (!xsn_slot_edit(bond))
                        return -ENOMEM;
                xsn_object_clear(bond->pair->to, fields[i]);
        }
        return 0;
}

static int bond_up(struct xsn_slot *bond)
{
        const struct xsn_list *members = &XSN_BOND(bond->pair->to)->members;
        _cleanup_(xsn_freep) struct xsn_slot **joining = xsn_alloc_array(members->n + 1, sizeof(struct xsn_slot *));
        size_t n = 0;

        if (!joining || leave_lacp(bond) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < members->n; i++) {
                struct xsn_slot *nic = member(bond, XSN_ITEM(*members, char *, i));

                if (nic && was_member(bond, nic) && nic->diff)
                        check_member(bond, nic);
                if (!nic || was_member(bond, nic))
                        continue;
                check_joining(bond, nic);
                joining[n++] = nic;
        }
        if (take_network(bond, joining, n) < 0 || take_addresses(bond, joining, n) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (strip(bond, joining[i]) < 0)
                        return -ENOMEM;
        return 0;
}

/* Would a bond that has addresses of its own take the NIC in? Then it has no place for more. */
static bool goes_under(const struct xsn_slot *nic)
{
        const struct xsn_target *target = nic->node->target;
        const char *device = xsn_object_device(nic->pair->to);

        for (size_t i = 0; i < target->n_slots; i++) {
                const struct xsn_slot *slot = target->slots[i];
                const struct xsnet_object *to = slot->node == nic->node ? slot->pair->to : NULL;
                const struct xsn_bond *bond = to ? XSN_BOND(to) : NULL;

                if (bond && device && xsn_addressing_has(&bond->o) && xsn_strs_has(&bond->members, device))
                        return true;
        }
        return false;
}

/* The member that has the bond's addresses when it is gone: the primary, else the first that can; NULL. */
static struct xsn_slot *heir_of(struct xsn_slot *bond)
{
        const struct xsn_bond *from = XSN_BOND(bond->pair->from);
        struct xsn_slot *first = NULL;

        for (size_t i = 0; i < from->members.n; i++) {
                const char *name = XSN_ITEM(from->members, char *, i);
                struct xsn_slot *nic = xsn_hash_get_str(&bond->node->now, name);

                if (!nic || !xsn_slot_stays(nic) || !XSN_PIF(nic->pair->to) || goes_under(nic))
                        continue;
                if (from->primary && !strcmp(from->primary, name))
                        return nic;
                first = first ? first : nic;
        }
        return first;
}

static int bond_down(struct xsn_slot *bond)
{
        struct xsn_slot *heir = heir_of(bond);
        bool any;

        if (!heir)
                return 0;
        if (xsn_target_can(bond->node->target, XSN_CAP_BOND_HEIRS)) {
                if (xsn_addressing_take(heir, bond->pair->from, &any) < 0)
                        return -ENOMEM;
                if (any)
                        heir->because = heir->because ? heir->because : bond;
                return any ? xsn_slot_note(bond, "gives its addresses to %s", xsn_object_device(heir->pair->to)) : 0;
        }
        if (xsn_addressing_inherit(heir, bond->pair->from, &any) < 0)
                return -ENOMEM;
        if (any)
                heir->because = heir->because ? heir->because : bond;
        return any ? xsn_slot_note(bond, "leaves addresses that others set to %s", xsn_object_device(heir->pair->to))
                   : 0;
}

int xsn_bonds(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (slot->pair->from && XSN_BOND(slot->pair->from) && !xsn_slot_stays(slot) && bond_down(slot) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (xsn_slot_kind(slot) == XSNET_KIND_BOND && xsn_slot_stays(slot) && bond_up(slot) < 0)
                        return -ENOMEM;
        }
        return 0;
}
