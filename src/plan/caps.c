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

static void refuse_value(struct xsn_slot *slot, const struct xsn_field *field, int value)
{
        const struct xsn_target *target = slot->node->target;
        const char *name = xsn_enum_name(field->en, value);

        if (!xsn_said(target->all, target, slot->want, field->id, "not-supported"))
                xsn_slot_error(slot, field->id, -EOPNOTSUPP, "not-supported", "%s has no %s.%s '%s'%s",
                               target->input->name, slot->want->cls->plural, field->name, name ? name : "?",
                               hint(field->id, value));
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
        for (size_t i = 0; i < n; i++)
                if (slot->diff >> i & 1)
                        check_row(slot, i);
        return 0;
}
