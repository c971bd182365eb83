/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands on what: VLANs on their parents, tunnels on their transports. Nothing
 * stands on what is not there, goes, or is a member of a bond; nothing on itself.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static void refuse_unknown(struct xsn_slot *slot, int field, const char *name)
{
        struct xsn_slot *other = xsn_hash_get_str(&slot->node->devices, name);
        _cleanup_(xsn_freep) char *hint = NULL;
        struct xsn_buf buf = { 0 };

        if (other)
                xsn_buf_printf(&buf, "; '%s' is the device of the %s", name, xsn_slot_name(other));
        else
                xsn_suggest_slot(slot->node, 1U << XSNET_KIND_PIF | 1U << XSNET_KIND_BOND | 1U << XSNET_KIND_VLAN, name,
                                 &buf);
        if (!xsn_buf_take(&buf, &hint))
                xsn_slot_error(slot, field, -EINVAL, "unknown-name", "there is no interface '%s'%s", name, hint);
}

/* The place of the error is the item that is new: whichever of the two changes. */
static void check_below(struct xsn_slot *slot, int field, const char *name)
{
        struct xsn_slot *below = xsn_dom0_pif(slot->node, name);

        if (!below) {
                if (slot->asked)
                        refuse_unknown(slot, field, name);
                return;
        }
        if (!xsn_slot_stays(below)) {
                if (slot->want)
                        xsn_slot_error(slot, field, -EINVAL, "unknown-name", "the %s is to be absent",
                                       xsn_slot_name(below));
                else
                        xsn_slot_error(below, 0, -EBUSY, "in-use", "the %s stands on it", xsn_slot_name(slot));
                return;
        }
        if (!below->member_of || (!slot->asked && !xsn_slot_changes(below) && !xsn_slot_changes(below->member_of)))
                return;
        if (slot->asked)
                xsn_slot_error(slot, field, -EBUSY, "member-in-use", "'%s' is a member of the %s", name,
                               xsn_slot_name(below->member_of));
        else if (xsn_slot_changes(below->member_of))
                xsn_slot_error(below->member_of, XSNET_FIELD_MEMBERS, -EBUSY, "member-in-use",
                               "the %s stands on '%s'; name it absent, or on the bond", xsn_slot_name(slot), name);
}

/* ---- circles ---- */

static struct xsn_slot *parent_of(const struct xsn_slot *slot)
{
        const char *pif = xsn_slot_stays(slot) ? xsn_object_string(slot->pair->to, XSNET_FIELD_PIF) : NULL;

        return pif ? xsn_dom0_pif(slot->node, pif) : NULL;
}

/* Each slot is walked over once: a walk that meets its own beginning is a circle. */
static void check_circle(struct xsn_slot *slot)
{
        struct xsn_slot *at = slot;

        while (at && !at->visited) {
                at->visited = true;
                at = parent_of(at);
                if (at == slot) {
                        xsn_slot_error(slot, XSNET_FIELD_PIF, -EINVAL, "cycle", "it stands on itself");
                        return;
                }
        }
}

/* Packets of a tunnel whose transport is in the tunnel's own network would go into the tunnel again. */
static void check_loop(struct xsn_slot *slot, const char *transport)
{
        struct xsn_slot *below = xsn_dom0_pif(slot->node, transport);
        const char *network = xsn_object_network(slot->pair->to);
        const char *theirs = below && xsn_slot_stays(below) ? xsn_object_network(below->pair->to) : NULL;

        if (network && theirs && !strcmp(network, theirs) && (slot->asked || xsn_slot_changes(below)))
                xsn_slot_error(slot, XSNET_FIELD_TRANSPORT, -EINVAL, "loop",
                               "its transport '%s' is in the same network '%s'", transport, network);
}

int xsn_stack_rules(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];
                const char *pif, *transport;

                if (!xsn_slot_stays(slot))
                        continue;
                pif = xsn_object_string(slot->pair->to, XSNET_FIELD_PIF);
                transport = xsn_object_string(slot->pair->to, XSNET_FIELD_TRANSPORT);
                if (pif) {
                        check_below(slot, XSNET_FIELD_PIF, pif);
                        check_circle(slot);
                }
                if (transport) {
                        check_below(slot, XSNET_FIELD_TRANSPORT, transport);
                        check_loop(slot, transport);
                }
        }
        return 0;
}
