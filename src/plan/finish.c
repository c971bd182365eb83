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
