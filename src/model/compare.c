/* SPDX-License-Identifier: Apache-2.0 */
/* What compares objects row by row, and lays one over another: the base of every plan. unite.c joins items. */
#include "model/object.h"

#include <errno.h>
#include <string.h>

/* Does every key that `desired` names have its value, or is gone where it is to be deleted? */
static bool map_satisfied(const struct xsn_list *observed, const struct xsn_list *desired)
{
        for (size_t i = 0; i < desired->n; i++) {
                const struct xsn_entry *want = &XSN_ITEM(*desired, struct xsn_entry, i);
                const char *value = NULL;
                bool there = !xsn_map_get(observed, want->key, &value) && value;

                if (there != !!want->value || (there && strcmp(value, want->value) != 0))
                        return false;
        }
        return true;
}

/* Every address wanted is there, and what is there besides was set by others. */
static bool addresses_satisfied(const struct xsnet_object *observed, const struct xsn_list *have,
                                const struct xsn_list *want)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;

        for (size_t i = 0; i < want->n; i++)
                if (xsn_list_find(item, have, &XSN_ITEM(*want, struct xsn_ip, i)) < 0)
                        return false;
        for (size_t i = 0; i < have->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*have, struct xsn_ip, i);

                if (xsn_list_find(item, want, ip) < 0 && xsn_list_find(item, &observed->a.other_addresses, ip) < 0)
                        return false;
        }
        return true;
}

/* Is row i of `observed` at its default? Lists: are they empty (but for what others set)? */
static bool is_default(const struct xsnet_object *observed, size_t i)
{
        const struct xsn_field *field = xsn_class_field(observed->cls, i);
        const void *member = xsn_object_member(observed, field);
        static const struct xsn_list none;

        if (!(observed->present & UINT64_C(1) << i))
                return true;
        if (field->flags & XSN_F_ADDRESS)
                return addresses_satisfied(observed, member, &none);
        if (xsn_type_of(field->type)->item)
                return !((const struct xsn_list *)member)->n;
        if (!(field->flags & XSN_F_DEFAULT))
                return false;
        switch (field->type) {
        case XSNET_TYPE_BOOL:
                return *(const bool *)member == !!field->def;
        case XSNET_TYPE_U32:
                return *(const uint32_t *)member == field->def;
        default:
                return ((const struct xsn_enumval *)member)->value == (int)field->def;
        }
}

/* A value that is the default is no difference from a row that the target does not tell. */
static bool wants_default(const struct xsnet_object *desired, const struct xsn_field *field, size_t i)
{
        if (xsn_type_of(field->type)->item)
                return !((const struct xsn_list *)xsn_object_member(desired, field))->n;
        return (field->flags & XSN_F_DEFAULT) && is_default(desired, i);
}

/*
 * The mode is `static` only because of addresses that others set: these stay, so `none` can mean no more than
 * that there are none of ours.
 */
static bool static_by_others(const struct xsnet_object *observed, const struct xsnet_object *desired, int field)
{
        static const struct xsn_list none;
        bool v4 = field == XSNET_FIELD_IPV4_MODE;
        const struct xsn_enumval *have = v4 ? &observed->a.ipv4_mode : &observed->a.ipv6_mode;
        const struct xsn_enumval *want = v4 ? &desired->a.ipv4_mode : &desired->a.ipv6_mode;

        if ((!v4 && field != XSNET_FIELD_IPV6_MODE) || have->value != XSNET_IP_STATIC ||
            (want->value != XSNET_IP_NONE && !(desired->reset & xsn_object_bit(desired, field))))
                return false;
        return (v4 ? observed->a.ipv4_address.n : observed->a.ipv6_address.n) > 0 &&
               addresses_satisfied(observed, v4 ? &observed->a.ipv4_address : &observed->a.ipv6_address, &none);
}

bool xsn_object_row_differs(const struct xsnet_object *observed, const struct xsnet_object *desired, size_t i)
{
        const struct xsn_field *field = xsn_class_field(desired->cls, i);
        const void *have = xsn_object_member(observed, field), *want = xsn_object_member(desired, field);
        uint64_t bit = UINT64_C(1) << i;

        if (!((desired->present | desired->reset) & bit) || (field->flags & (XSN_F_OBSERVED | XSN_F_SELECT)))
                return false;
        if (static_by_others(observed, desired, field->id))
                return false;
        if (desired->reset & bit)
                return !is_default(observed, i);
        if (field->type == XSNET_TYPE_MAP)
                return !map_satisfied(have, want);
        if (!(observed->present & bit))
                return !wants_default(desired, field, i);
        if (field->flags & XSN_F_ADDRESS)
                return !addresses_satisfied(observed, have, want);
        return !xsn_value_equal(xsn_type_of(field->type), have, want, field->flags & XSN_F_SET);
}

uint64_t xsn_object_diff(const struct xsnet_object *observed, const struct xsnet_object *desired)
{
        uint64_t asked = desired->present | desired->reset, diff = 0;

        for (size_t i = 0; i < XSN_FIELDS_MAX && asked >> i; i++)
                if ((asked >> i & 1) && xsn_object_row_differs(observed, desired, i))
                        diff |= UINT64_C(1) << i;
        return diff;
}

static bool strings_equal(const char *a, const char *b)
{
        return a && b ? !strcmp(a, b) : a == b;
}

bool xsn_object_equal(const struct xsnet_object *a, const struct xsnet_object *b)
{
        size_t n = xsn_class_n_fields(a->cls);

        if (a->cls != b->cls || a->present != b->present || a->reset != b->reset || a->absent != b->absent ||
            a->adopt != b->adopt || !strings_equal(a->owner, b->owner) ||
            !xsn_value_equal(xsn_type_of(XSNET_TYPE_STRS), &a->hosts, &b->hosts, true))
                return false;
        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(a->cls, i);

                if ((a->present & UINT64_C(1) << i) &&
                    !xsn_value_equal(xsn_type_of(field->type), xsn_object_member(a, field), xsn_object_member(b, field),
                                     field->flags & XSN_F_SET))
                        return false;
        }
        return true;
}

static int merge_map(struct xsn_list *map, const struct xsn_list *desired)
{
        for (size_t i = 0; i < desired->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*desired, struct xsn_entry, i);

                if (!e->value)
                        xsn_map_remove(map, e->key);
                else if (xsn_map_set(map, e->key, e->value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int overlay_row(struct xsnet_object *obj, const struct xsnet_object *desired, size_t i)
{
        const struct xsn_field *field = xsn_class_field(desired->cls, i);
        uint64_t bit = UINT64_C(1) << i;
        int r;

        if (!((desired->present | desired->reset) & bit) || (field->flags & XSN_F_OBSERVED))
                return 0;
        if (desired->reset & bit)
                return xsn_object_default_row(obj, i);
        if (field->type != XSNET_TYPE_MAP)
                return xsn_object_copy_row(obj, desired, i);
        r = merge_map(xsn_object_member(obj, field), xsn_object_member(desired, field));
        obj->present |= bit;
        obj->reset &= ~bit;
        return r;
}

int xsn_object_overlay(struct xsnet_object *obj, const struct xsnet_object *desired)
{
        size_t n = xsn_class_n_fields(desired->cls);

        for (size_t i = 0; i < n; i++) {
                int r = overlay_row(obj, desired, i);

                if (r < 0)
                        return r;
        }
        return 0;
}
