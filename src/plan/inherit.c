/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the target has it so (XSN_CAP_BOND_HEIRS), what stands on a NIC goes with it into a bond: its VLANs and
 * tunnels, and the VIFs in its network. When the bond goes, all of it is its first member's. That happens in the bond's
 * own step; here it is said, so that it is part of the plan, and a document that says otherwise is refused.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

static int below_field(const struct xsn_slot *slot)
{
        return xsn_slot_kind(slot) == XSNET_KIND_VLAN     ? XSNET_FIELD_PIF
               : xsn_slot_kind(slot) == XSNET_KIND_TUNNEL ? XSNET_FIELD_TRANSPORT
                                                          : 0;
}

/* Did the NIC become a member by this plan? */
static bool joins(const struct xsn_slot *nic)
{
        const struct xsn_slot *bond = nic->member_of;
        const struct xsnet_object *before = bond ? bond->pair->from : NULL;

        return bond && xsn_slot_stays(bond) && nic->pair->from &&
               !(before && xsn_strs_has(&XSN_BOND(before)->members, xsn_object_device(nic->pair->from)));
}

/* What stands on the slot's parent stands there after the plan; NULL: where it is. */
static struct xsn_slot *heir_of(struct xsn_slot *below)
{
        const struct xsn_bond *from = below->pair->from ? XSN_BOND(below->pair->from) : NULL;

        if (joins(below))
                return below->member_of;
        if (xsn_slot_stays(below) || !from || !from->members.n)
                return NULL;
        return xsn_hash_get_str(&below->node->now, XSN_ITEM(from->members, char *, 0));
}

static const char *name_of(const struct xsn_slot *slot)
{
        return XSN_BOND(slot->pair->to) ? XSN_BOND(slot->pair->to)->name : xsn_object_device(slot->pair->to);
}

/* What is called so already: another one with the same tag, or a new one that the document names there. */
static int meet(struct xsn_slot *slot, struct xsn_slot *other, struct xsn_slot *bond)
{
        const char *mine = xsn_object_network(slot->pair->to), *theirs = xsn_object_network(other->pair->to);

        if (!other->pair->from && other->want && mine && theirs && !strcmp(mine, theirs)) {
                slot->pair->to = xsnet_object_unref(slot->pair->to);
                slot->because = bond;
                return 0;
        }
        xsn_slot_error(bond, XSNET_FIELD_MEMBERS, -EBUSY, "vlan-lost",
                       "the %s goes to the place of the %s, and one of them would be lost; name it absent",
                       xsn_slot_name(slot), xsn_slot_name(other));
        return 0;
}

static int move(struct xsn_slot *slot, int field, struct xsn_slot *below, struct xsn_slot *heir)
{
        struct xsn_slot *bond = joins(below) ? heir : below, *other;
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        if (!xsn_slot_edit(slot) || xsn_object_set_string(slot->pair->to, field, name_of(heir)) < 0)
                return -ENOMEM;
        xsn_object_key(slot->pair->to, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        other = xsn_dom0_find(slot->node, xsn_slot_kind(slot), key);
        if (other && other != slot && xsn_slot_stays(other))
                return meet(slot, other, bond);
        slot->because = slot->because ? slot->because : bond;
        if (xsn_slot_note(bond, "takes the %s along", xsn_slot_name(slot)) < 0)
                return -ENOMEM;
        return xsn_slot_index(slot, slot->pair->to);
}

static int follow(struct xsn_slot *slot)
{
        int field = xsn_slot_stays(slot) ? below_field(slot) : 0;
        const char *name = field ? xsn_object_string(slot->pair->to, field) : NULL;
        struct xsn_slot *below = name ? xsn_dom0_pif(slot->node, name) : NULL;
        struct xsn_slot *heir = below && !slot->want && slot->pair->from ? heir_of(below) : NULL;

        return heir && xsn_slot_stays(heir) && name_of(heir) ? move(slot, field, below, heir) : 0;
}

/* ---- VIFs ---- */

/* Is there still a PIF in the network, on any host? */
static bool has_pif(const struct xsn_target *target, const char *network)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                const struct xsn_slot *slot = target->slots[i];
                const char *name = xsn_slot_stays(slot) && slot->pair->to->cls->has_link
                                           ? xsn_object_network(slot->pair->to)
                                           : NULL;

                if (name && !strcmp(name, network))
                        return true;
        }
        return false;
}

/* The bond that the network's PIF goes into; NULL: it stays, or goes into several networks. */
static struct xsn_slot *taker_of(const struct xsn_target *target, const char *network)
{
        struct xsn_slot *found = NULL;

        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *nic = target->slots[i];

                if (!nic->pair->from || !XSN_PIF(nic->pair->from) || !xsn_slot_was_in(nic, network) || !joins(nic))
                        continue;
                if (found && strcmp(xsn_object_network(found->pair->to), xsn_object_network(nic->member_of->pair->to)))
                        return NULL;
                found = xsn_object_network(nic->member_of->pair->to) ? nic->member_of : found;
        }
        return found && !has_pif(target, network) ? found : NULL;
}

/* A step of its own: XAPI moves only VIFs of VMs that are on the host, and one that stays behind could not be used. */
static int follow_vif(struct xsn_slot *slot)
{
        const char *network = xsn_slot_stays(slot) && slot->pair->from ? xsn_object_network(slot->pair->to) : NULL;
        struct xsn_slot *bond = network ? taker_of(slot->node->target, network) : NULL;

        if (!bond || !xsn_slot_was_in(slot, network))
                return 0;
        if (xsn_slot_wants(slot, XSNET_FIELD_NETWORK, false)) {
                xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EBUSY, "network-on-member",
                               "the network '%s' goes into the %s: name the bond's", network, xsn_slot_name(bond));
                return 0;
        }
        if (!xsn_slot_edit(slot) ||
            xsn_object_set_string(slot->pair->to, XSNET_FIELD_NETWORK, xsn_object_network(bond->pair->to)) < 0)
                return -ENOMEM;
        slot->asked = true;
        return xsn_slot_note(slot, "follows '%s' into the %s", network, xsn_slot_name(bond));
}

int xsn_inherit(struct xsn_target *target)
{
        if (!xsn_target_can(target, XSN_CAP_BOND_HEIRS))
                return 0;
        for (size_t i = 0; i < target->n_slots; i++)
                if (follow(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (xsn_slot_kind(target->slots[i]) == XSNET_KIND_VIF && follow_vif(target->slots[i]) < 0)
                        return -ENOMEM;
        return 0;
}
