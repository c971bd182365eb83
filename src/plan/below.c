/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets on which a VLAN's network is part of the bridge below (Open vSwitch): rows that only a bridge has are that
 * one's. A network that becomes a VLAN's gives up its own, and one that is none any more begins with what it asks for.
 */
#include <errno.h>

#include "plan/target.h"

static const int rows_of_bridges[] = { XSNET_FIELD_STP, XSNET_FIELD_MULTICAST_SNOOPING, XSNET_FIELD_OTHER_CONFIG };

static bool is_vlans(const struct xsn_slot *net)
{
        const struct xsn_slot *pif = net->key ? xsn_hash_get_str(&net->node->pif_of, net->key) : NULL;

        return pif && xsn_slot_stays(pif) && xsn_slot_kind(pif) == XSNET_KIND_VLAN;
}

static int give_up(struct xsn_slot *net, const struct xsn_field *field, size_t row)
{
        struct xsnet_object *to = net->pair->to;

        if (!(to->present >> row & 1))
                return 0;
        if (xsn_slot_wants(net, field->id, false) && !xsn_plan_row_is_default(to, row)) {
                xsn_slot_error(net, field->id, -EOPNOTSUPP, "not-supported",
                               "it is a VLAN's network, whose %s is that of the bridge below", field->name);
                return 0;
        }
        to = xsn_slot_edit(net);
        if (!to)
                return -ENOMEM;
        xsn_object_clear_row(to, row);
        return 0;
}

/*
 * A row that is not there counts as one at its default. The bridge that is made now may begin with another value, so
 * what the items want is written in any case.
 */
static int begin(struct xsn_slot *net, const struct xsn_field *field, size_t row)
{
        const struct xsnet_object *from = net->pair->from;
        struct xsnet_object *to;

        if (!from || from->present >> row & 1 || field->type != XSNET_TYPE_BOOL ||
            !xsn_slot_wants(net, field->id, true))
                return 0;
        to = xsn_slot_edit(net);
        if (!to)
                return -ENOMEM;
        net->pair->rows |= UINT64_C(1) << row;
        return to->present >> row & 1 ? 0 : xsn_object_default_row(to, row);
}

int xsn_rows_below(struct xsn_target *target)
{
        if (!xsn_target_can(target, XSN_CAP_SHARES_BRIDGES))
                return 0;
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *net = target->slots[i];
                bool vlans;

                if (!xsn_slot_stays(net) || xsn_slot_kind(net) != XSNET_KIND_NETWORK)
                        continue;
                vlans = is_vlans(net);
                for (size_t k = 0; k < XSN_ARRAY_SIZE(rows_of_bridges); k++) {
                        const struct xsn_class *cls = net->pair->to->cls;
                        size_t row = (size_t)xsn_class_index(cls, rows_of_bridges[k]);
                        const struct xsn_field *field = xsn_class_field(cls, row);
                        int r = vlans ? give_up(net, field, row) : begin(net, field, row);

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}
