/* SPDX-License-Identifier: Apache-2.0 */
/* What a target can do, and the refusal of what it cannot: by name, and before anything is written. */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"

void xsn_caps_all(struct xsn_caps *caps, unsigned flags)
{
        memset(caps, 0, sizeof(*caps));
        caps->flags = flags;
        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                const struct xsn_class *cls = xsn_class_of(kind);
                size_t n = xsn_class_n_fields(cls);

                for (size_t i = 0; i < n; i++)
                        if (!(xsn_class_field(cls, i)->flags & XSN_F_OBSERVED))
                                caps->fields[kind] |= UINT64_C(1) << i;
        }
}

bool xsn_caps_has_field(const struct xsn_caps *caps, int kind, size_t row)
{
        return caps->fields[kind] >> row & 1;
}

bool xsn_caps_has_value(const struct xsn_caps *caps, int kind, int field, int value)
{
        for (size_t i = 0; i < caps->n_enums; i++)
                if (caps->enums[i].kind == kind && caps->enums[i].field == field)
                        return value >= 0 && value < 64 && (caps->enums[i].values >> value & 1);
        return true;
}

/* ---- refusals ---- */

/* What does nearly the same where a value is missing. */
static const char *hint(int field, int value)
{
        if (field == XSNET_FIELD_MODE && value == XSNET_BOND_BALANCE_SLB)
                return "; balance-xor with hash src-mac balances by the sender's address, too";
        return "";
}

static void refuse_row(struct xsn_slot *slot, const struct xsn_field *field)
{
        const struct xsn_target *target = slot->node->target;

        if (!xsn_said(target->all, target, slot->want, field->id, "not-supported"))
                xsn_slot_error(slot, field->id, -EOPNOTSUPP, "not-supported", "%s cannot set %s.%s",
                               target->input->name, slot->want->cls->plural, field->name);
}

static void refuse_change(struct xsn_slot *slot, const struct xsn_field *field)
{
        const struct xsn_target *target = slot->node->target;

        if (!xsn_said(target->all, target, slot->want, field->id, "not-supported"))
                xsn_slot_error(slot, field->id, -EOPNOTSUPP, "not-supported",
                               "%s cannot change %s.%s of what is there already", target->input->name,
                               slot->want->cls->plural, field->name);
}

static void refuse_value(struct xsn_slot *slot, const struct xsn_field *field, int value)
{
        const struct xsn_target *target = slot->node->target;
        const char *name = xsn_enum_name(field->en, value);

        if (!xsn_said(target->all, target, slot->want, field->id, "not-supported"))
                xsn_slot_error(slot, field->id, -EOPNOTSUPP, "not-supported", "%s has no %s.%s '%s'%s",
                               target->input->name, slot->want->cls->plural, field->name, name ? name : "?",
                               hint(field->id, value));
}

/* A key that stands for something else would not read back as it was said. */
static void check_keys(struct xsn_slot *slot, const struct xsn_field *field)
{
        const struct xsn_target *target = slot->node->target;
        const struct xsn_list *map = xsn_object_member(slot->want, field);

        for (size_t i = 0; i < map->n; i++) {
                const struct xsn_entry *entry = &XSN_ITEM(*map, struct xsn_entry, i);
                const char *stands_for =
                        entry->value ? target->input->caps->find_key(slot->want->cls->kind, entry->key) : NULL;

                if (!stands_for || xsn_said(target->all, target, slot->want, field->id, entry->key))
                        continue;
                xsn_slot_error(slot, field->id, -EINVAL, "reserved-key", "%s.%s: %s%s sets this key itself",
                               field->name, entry->key, *stands_for ? "the field " : target->input->name, stands_for);
        }
}

static void check_row(struct xsn_slot *slot, size_t i)
{
        const struct xsn_field *field = xsn_class_field(slot->want->cls, i);
        const struct xsn_caps *caps = slot->node->target->input->caps;
        int kind = slot->want->cls->kind, value;

        if (field->flags & (XSN_F_KEY | XSN_F_SELECT | XSN_F_OBSERVED))
                return;
        if (!xsn_caps_has_field(caps, kind, i)) {
                refuse_row(slot, field);
                return;
        }
        if (slot->pair->from && caps->fixed[kind] >> i & 1) {
                refuse_change(slot, field);
                return;
        }
        if (field->id == XSNET_FIELD_OTHER_CONFIG && caps->find_key)
                check_keys(slot, field);
        if (field->type != XSNET_TYPE_ENUM || !(slot->want->present >> i & 1))
                return;
        value = ((const struct xsn_enumval *)xsn_object_member(slot->want, field))->value;
        if (!xsn_caps_has_value(caps, kind, field->id, value))
                refuse_value(slot, field, value);
}

static void check_device(struct xsn_slot *slot)
{
        const struct xsn_target *target = slot->node->target;
        const char *device = XSN_TUNNEL(slot->want) ? xsn_object_device(slot->want) : NULL;

        if (device && xsn_ifname_is_fallback(device) && !(target->input->caps->flags & XSN_CAP_ANY_TUNNEL) &&
            !xsn_said(target->all, target, slot->want, XSNET_FIELD_DEVICE, "reserved-name"))
                xsn_slot_error(slot, XSNET_FIELD_DEVICE, -EINVAL, "reserved-name",
                               "device: '%s' is a name of the kernel's own", device);
}

/* `rename` itself is gone from what the items want: the name is the object's already. */
static void check_rename(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from, *to = slot->pair->to;
        int row = from && to && XSN_PIF(to) ? xsn_class_index(to->cls, XSNET_FIELD_RENAME) : -ENOENT;

        if (row >= 0 && XSN_PIF(from) && strcmp(xsn_object_device(from), xsn_object_device(to)) != 0 &&
            !xsn_caps_has_field(slot->node->target->input->caps, XSNET_KIND_PIF, (size_t)row))
                refuse_row(slot, xsn_class_field(to->cls, (size_t)row));
}

int xsn_check_caps(struct xsn_slot *slot)
{
        const struct xsn_target *target = slot->node->target;
        const char *missing = target->input->caps->missing[slot->want->cls->kind];
        size_t n = xsn_class_n_fields(slot->want->cls);

        if (!slot->pair->from && missing && !xsn_said(target->all, target, slot->want, 0, "not-supported"))
                xsn_slot_error(slot, 0, -EOPNOTSUPP, "not-supported", "%s cannot make a %s: %s", target->input->name,
                               slot->want->cls->name, missing);
        if (slot->diff & xsn_object_bit(slot->want, XSNET_FIELD_DEVICE))
                check_device(slot);
        check_rename(slot);
        for (size_t i = 0; i < n; i++)
                if (slot->diff >> i & 1)
                        check_row(slot, i);
        return 0;
}

/* All that there shall be. */
static int collect_wanted(const struct xsn_target *target, struct xsnet_state **ret_state)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;

        if (xsn_state_new(&state) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (xsn_slot_stays(target->slots[i]) && xsn_state_add(state, target->slots[i]->pair->to) < 0)
                        return -ENOMEM;
        *ret_state = XSN_TAKE(state);
        return 0;
}

/* What the target alone can judge, of what the plan changes. */
int xsn_refusals(struct xsn_target *target)
{
        const struct xsn_caps *caps = target->input->caps;
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *wanted = NULL;

        if (caps->refuse && collect_wanted(target, &wanted) < 0)
                return -ENOMEM;
        for (size_t i = 0; caps->refuse && i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];
                _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
                int field = 0;

                if (!xsn_slot_changes(slot) || slot->conflict ||
                    caps->refuse(caps->arg, wanted, slot->pair->from, slot->pair->to, &field, &err) == 0)
                        continue;
                if (xsnet_error_get_code(err) == -ENOMEM)
                        return -ENOMEM;
                xsn_slot_error(slot, field, xsnet_error_get_code(err), xsnet_error_get_reason(err), "%s",
                               xsnet_error_get_message(err));
        }
        return 0;
}
