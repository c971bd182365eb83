/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be there: the fields without which an object cannot be made, and the
 * networks that others name. Only objects that change are looked at: what has been so
 * before the plan is never refused.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static void check_required(struct xsn_slot *slot)
{
        const struct xsnet_object *to = slot->pair->to;
        size_t n = xsn_class_n_fields(to->cls);

        for (size_t i = 0; i < n && !slot->pair->from; i++) {
                const struct xsn_field *field = xsn_class_field(to->cls, i);

                if ((field->flags & XSN_F_REQUIRED) && !(to->present >> i & 1))
                        xsn_slot_error(slot, 0, -EINVAL, "missing-field", "'%s' is needed to make it", field->name);
        }
        if (!slot->pair->from && to->cls->kind == XSNET_KIND_NETWORK && !xsn_object_is_set(to, XSNET_FIELD_NAME))
                xsn_slot_error(slot, 0, -EINVAL, "missing-field", "'name' is needed to make it");
}

static void check_network(struct xsn_slot *slot)
{
        const char *network = xsn_object_network(slot->pair->to);
        _cleanup_(xsn_freep) char *hint = NULL;
        struct xsn_buf buf = { 0 };
        struct xsn_slot *net;

        /* A network that is to be absent was reported by users.c. */
        if (!network)
                return;
        net = xsn_dom0_network(slot->node, network);
        if (net && net->twin)
                xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EINVAL, "ambiguous-name", "several networks are named '%s'",
                               network);
        if (net)
                return;
        xsn_suggest_slot(slot->node, 1U << XSNET_KIND_NETWORK, network, &buf);
        if (!xsn_buf_take(&buf, &hint))
                xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EINVAL, "unknown-name", "there is no network '%s'%s",
                               network, hint);
}

static void check_primary(struct xsn_slot *slot)
{
        const struct xsn_bond *bond = XSN_BOND(slot->pair->to);

        if (bond && !slot->conflict && xsn_object_is_set(slot->pair->to, XSNET_FIELD_PRIMARY) &&
            !xsn_strs_has(&bond->members, bond->primary))
                xsn_slot_error(slot,
                               slot->want && xsn_slot_wants(slot, XSNET_FIELD_PRIMARY, false) ? XSNET_FIELD_PRIMARY
                                                                                              : XSNET_FIELD_MEMBERS,
                               -EINVAL, "not-a-member", "the primary '%s' is not one of the members", bond->primary);
}

/* Is the network that the slot names another one than before, or is the slot new? */
static bool names_network(const struct xsn_slot *slot)
{
        return !slot->pair->from || (slot->diff & xsn_object_bit(slot->pair->to, XSNET_FIELD_NETWORK));
}

int xsn_rules(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (!xsn_slot_stays(slot) || !slot->asked)
                        continue;
                check_required(slot);
                if (names_network(slot))
                        check_network(slot);
                check_primary(slot);
        }
        return 0;
}
