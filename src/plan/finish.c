/* SPDX-License-Identifier: Apache-2.0 */
/* The last touch to the pairs: what is nothing, what is implied by another's step. */
#include "plan/target.h"

#include <string.h>

#include "base/alloc.h"

/* A NIC that a bond takes in, though nothing that the model says of it changes: it goes down and up, for one. */
static bool is_taken_in(const struct xsn_slot *slot)
{
        const struct xsn_slot *bond = slot->member_of;
        const struct xsnet_object *before = bond ? bond->pair->from : NULL, *nic = slot->pair->from;

        return bond && nic && slot->pair->to && xsn_slot_changes(bond) &&
               !(before && XSN_BOND(before) && xsn_strs_has(&XSN_BOND(before)->members, xsn_object_device(nic)));
}

static const char *bridge_of(const struct xsnet_object *net)
{
        return XSN_NETWORK(net)->bridge ? XSN_NETWORK(net)->bridge : xsn_object_device(net);
}

/* The step of the network by which its bridge gets another name; NULL. */
static struct xsn_pair *renamed_by(const struct xsn_slot *slot)
{
        const char *network = xsn_object_network(slot->pair->to);
        struct xsn_slot *net = network ? xsn_dom0_network(slot->node, network) : NULL;
        struct xsn_pair *pair = net ? net->pair : NULL;
        const char *was, *is;

        if (!pair || !pair->from || !pair->to)
                return NULL;
        was = bridge_of(pair->from);
        is = bridge_of(pair->to);
        return was && is && strcmp(was, is) != 0 ? pair : NULL;
}

/*
 * The step that takes away the device with the addresses of an object of which nothing is said, and makes it anew: so
 * that they are in the journal. NULL: none.
 */
static struct xsn_pair *remade_by(const struct xsn_slot *slot)
{
        const struct xsn_vlan *vlan = XSN_VLAN(slot->pair->to);
        struct xsn_pair *by = renamed_by(slot);
        struct xsn_slot *parent;
        const char *was, *is;

        if (by || !vlan)
                return by;
        parent = vlan->pif ? xsn_dom0_pif(slot->node, vlan->pif) : NULL;
        if (!parent || !parent->pair->from || !parent->pair->to)
                return NULL;
        by = renamed_by(parent);
        was = xsn_object_network(parent->pair->from);
        is = xsn_object_network(parent->pair->to);
        return by || !was || !is || strcmp(was, is) == 0 ? by : parent->pair;
}

static void finish(struct xsn_slot *slot)
{
        struct xsn_pair *pair = slot->pair;

        pair->named = slot->want != NULL;
        if (slot->n_items)
                pair->pos = slot->items[0]->pos;
        if (pair->from && pair->to && pair->from != pair->to && !xsn_slot_changes(slot)) {
                xsnet_object_unref(pair->to);
                pair->to = xsnet_object_ref(pair->from);
                pair->mark = false;
        }
        if (pair->from != pair->to && slot->because && !slot->asked && !slot->heir && !pair->mark &&
            xsn_slot_changes(slot->because))
                pair->implied_by = slot->because->pair;
        else if (pair->from == pair->to && !pair->mark && is_taken_in(slot))
                pair->implied_by = slot->member_of->pair;
        else if (pair->from == pair->to && pair->to && !pair->mark && xsn_addressing_has(pair->to) &&
                 xsn_target_can(slot->node->target, XSN_CAP_REMAKES_BRIDGES))
                pair->implied_by = remade_by(slot);
}

/* Slots whose items were wrong have no object at all. */
static void drop_empty(struct xsn_work *work)
{
        size_t n = 0;

        for (size_t i = 0; i < work->n_pairs; i++) {
                struct xsn_pair *pair = work->pairs[i];

                if (pair->from || pair->to) {
                        work->pairs[n++] = pair;
                        continue;
                }
                xsn_free(pair->note);
                xsn_free(pair->irreversible);
                xsn_free(pair);
        }
        work->n_pairs = n;
}

int xsn_finish(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++)
                finish(target->slots[i]);
        drop_empty(target->work);
        return 0;
}
