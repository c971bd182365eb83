/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls on objects: typed access by field number, checked against the rows. */
#include "model/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "base/utf8.h"

/* The row of a field, or NULL with an error. */
static const struct xsn_field *row_of(const struct xsnet_object *obj, int field, struct xsnet_error **ret_err)
{
        int i = xsn_class_index(obj->cls, field);

        if (i < 0) {
                (void)xsn_error_set(ret_err, -ENOENT, "no-such-field", "a %s has no field %d", obj->cls->name, field);
                return NULL;
        }
        return xsn_class_field(obj->cls, (size_t)i);
}

static int wrong_type(const struct xsn_field *row, struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, -EINVAL, "bad-type", "%s is a %s", row->name, xsn_type_of(row->type)->name);
}

static int no_text(const char *name, struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, -EINVAL, "bad-value", "%s: expected a text, found nothing", name);
}

/* Replaces the value of a row by `value`, whose memory (if any) becomes the object's. */
static void put(struct xsnet_object *obj, const struct xsn_field *row, const void *value)
{
        xsn_object_clear(obj, row->id);
        memcpy(xsn_object_member(obj, row), value, xsn_type_of(row->type)->size);
        xsn_object_mark(obj, row->id);
}

/* The member of a row of one of two types that is set; else a negative errno in *ret. */
static const void *member_of(struct xsnet_object *obj, int field, int type, int or_type,
                             const struct xsn_field **ret_row, int *ret)
{
        const struct xsn_field *row = row_of(obj, field, NULL);

        *ret = !row ? -ENOENT : row->type != type && row->type != or_type ? -EINVAL : -ENODATA;
        if (*ret != -ENODATA || !xsn_object_is_set(obj, field))
                return NULL;
        *ret = 0;
        *ret_row = row;
        return xsn_object_member(obj, row);
}

XSN_EXPORT int xsnet_object_new(int kind, struct xsnet_object **ret_obj, struct xsnet_error **ret_err)
{
        const struct xsn_class *cls = xsn_class_of(kind);

        if (!cls)
                return xsn_error_set(ret_err, -EINVAL, "no-such-kind", "there is no kind %d", kind);
        return xsn_object_new(cls, ret_obj) < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT struct xsnet_object *xsnet_object_ref(struct xsnet_object *obj)
{
        obj->refs++;
        return obj;
}

XSN_EXPORT int xsnet_object_copy(struct xsnet_object *obj, struct xsnet_object **ret_obj, struct xsnet_error **ret_err)
{
        return xsn_object_copy(obj, ret_obj) < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT int xsnet_object_get_kind(struct xsnet_object *obj)
{
        return obj->cls->kind;
}

XSN_EXPORT int xsnet_object_get_key(struct xsnet_object *obj, char **ret_key, struct xsnet_error **ret_err)
{
        struct xsn_buf buf = { 0 };
        char *key;

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return xsn_error_oom(ret_err);
        if (!*key) {
                xsn_free(key);
                return xsn_error_set(ret_err, -ENODATA, "no-key", "the %s has no identity yet", obj->cls->name);
        }
        *ret_key = key;
        return 0;
}

XSN_EXPORT int xsnet_object_has(struct xsnet_object *obj, int field)
{
        return row_of(obj, field, NULL) ? xsn_object_is_set(obj, field) : -ENOENT;
}

XSN_EXPORT int xsnet_object_is_reset(struct xsnet_object *obj, int field)
{
        return row_of(obj, field, NULL) ? !!(obj->reset & xsn_object_bit(obj, field)) : -ENOENT;
}

XSN_EXPORT int xsnet_object_reset(struct xsnet_object *obj, int field, struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);

        if (!row)
                return -ENOENT;
        if (!xsn_object_can_reset(obj->cls, row))
                return xsn_error_set(ret_err, -EINVAL, "no-default", "%s of a %s cannot be reset", row->name,
                                     obj->cls->name);
        xsn_object_reset_row(obj, (size_t)xsn_class_index(obj->cls, field));
        return 0;
}

XSN_EXPORT int xsnet_object_remove(struct xsnet_object *obj, int field, struct xsnet_error **ret_err)
{
        if (!row_of(obj, field, ret_err))
                return -ENOENT;
        xsn_object_clear(obj, field);
        return 0;
}

/* ---- scalars ---- */

XSN_EXPORT int xsnet_object_set_bool(struct xsnet_object *obj, int field, int value, struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);
        bool yes = value;

        if (!row)
                return -ENOENT;
        if (row->type != XSNET_TYPE_BOOL)
                return wrong_type(row, ret_err);
        if (value != 0 && value != 1)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "%s: expected 0 or 1, found %d", row->name, value);
        put(obj, row, &yes);
        return 0;
}

XSN_EXPORT int xsnet_object_get_bool(struct xsnet_object *obj, int field, int *ret_value)
{
        const struct xsn_field *row;
        int r;
        const bool *member = member_of(obj, field, XSNET_TYPE_BOOL, 0, &row, &r);

        if (member)
                *ret_value = *member;
        return r;
}

/* A number goes the way of text, so that there is one check of ranges. */
static int set_number(struct xsnet_object *obj, const struct xsn_field *row, uint64_t value,
                      struct xsnet_error **ret_err)
{
        char text[24];
        union {
                uint32_t u32;
                uint64_t u64;
        } number = { 0 };
        int r;

        (void)snprintf(text, sizeof(text), "%" PRIu64, value);
        r = xsn_value_parse(row, text, &number, ret_err);
        if (r < 0)
                return r;
        put(obj, row, &number);
        return 0;
}

XSN_EXPORT int xsnet_object_set_u32(struct xsnet_object *obj, int field, uint32_t value, struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);
        struct xsn_enumval en = { .value = (int)value };

        if (!row)
                return -ENOENT;
        if (row->type == XSNET_TYPE_U32)
                return set_number(obj, row, value, ret_err);
        if (row->type != XSNET_TYPE_ENUM)
                return wrong_type(row, ret_err);
        if (!xsn_enum_name(row->en, (int)value))
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "%s: there is no %s %" PRIu32, row->name,
                                     row->en->what, value);
        put(obj, row, &en);
        return 0;
}

XSN_EXPORT int xsnet_object_get_u32(struct xsnet_object *obj, int field, uint32_t *ret_value)
{
        const struct xsn_field *row;
        int r;
        const void *member = member_of(obj, field, XSNET_TYPE_U32, XSNET_TYPE_ENUM, &row, &r);

        if (member)
                *ret_value = row->type == XSNET_TYPE_U32 ? *(const uint32_t *)member
                                                         : (uint32_t)((const struct xsn_enumval *)member)->value;
        return r;
}

XSN_EXPORT int xsnet_object_set_u64(struct xsnet_object *obj, int field, uint64_t value, struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);

        if (!row)
                return -ENOENT;
        return row->type == XSNET_TYPE_RATE ? set_number(obj, row, value, ret_err) : wrong_type(row, ret_err);
}

XSN_EXPORT int xsnet_object_get_u64(struct xsnet_object *obj, int field, uint64_t *ret_value)
{
        const struct xsn_field *row;
        int r;
        const uint64_t *member = member_of(obj, field, XSNET_TYPE_RATE, 0, &row, &r);

        if (member)
                *ret_value = *member;
        return r;
}

XSN_EXPORT int xsnet_object_set_mac(struct xsnet_object *obj, int field, const uint8_t *mac,
                                    struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);

        if (!row)
                return -ENOENT;
        if (row->type != XSNET_TYPE_MAC)
                return wrong_type(row, ret_err);
        if (!mac)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "%s: expected six bytes, found nothing", row->name);
        put(obj, row, mac);
        return 0;
}

XSN_EXPORT int xsnet_object_get_mac(struct xsnet_object *obj, int field, uint8_t *ret_mac)
{
        const struct xsn_field *row;
        int r;
        const struct xsn_mac *member = member_of(obj, field, XSNET_TYPE_MAC, 0, &row, &r);

        if (member)
                memcpy(ret_mac, member->b, sizeof(member->b));
        return r;
}

XSN_EXPORT int xsnet_object_set_str(struct xsnet_object *obj, int field, const char *text, struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);
        union {
                bool b;
                uint64_t number;
                char *s;
                struct xsn_enumval en;
                struct xsn_mac mac;
                struct xsn_ip ip;
        } value = { 0 };
        int r;

        if (!row)
                return -ENOENT;
        if (!text)
                return no_text(row->name, ret_err);
        r = xsn_value_parse(row, text, &value, ret_err);
        if (r < 0)
                return r;
        put(obj, row, &value);
        return 0;
}

XSN_EXPORT int xsnet_object_get_str(struct xsnet_object *obj, int field, char **ret_text)
{
        const struct xsn_field *row = row_of(obj, field, NULL);
        struct xsn_buf buf = { 0 };

        if (!row)
                return -ENOENT;
        if (!xsn_object_is_set(obj, field))
                return -ENODATA;
        xsn_value_format(row, xsn_object_member(obj, row), &buf);
        return xsn_buf_take(&buf, ret_text);
}

/* ---- lists and maps ---- */

XSN_EXPORT int xsnet_object_add_item(struct xsnet_object *obj, int field, const char *text,
                                     struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);
        int r;

        if (!row)
                return -ENOENT;
        if (!text)
                return no_text(row->name, ret_err);
        r = xsn_list_add_text(row, xsn_object_member(obj, row), text, ret_err);
        if (!r)
                xsn_object_mark(obj, field);
        return r;
}

XSN_EXPORT int xsnet_object_remove_items(struct xsnet_object *obj, int field, struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);

        if (!row)
                return -ENOENT;
        if (!xsn_type_of(row->type)->item)
                return wrong_type(row, ret_err);
        xsn_object_clear(obj, field);
        xsn_object_mark(obj, field);
        return 0;
}

/* The list of a row, or NULL. */
static const struct xsn_list *list_of(struct xsnet_object *obj, const struct xsn_field *row)
{
        return row && xsn_type_of(row->type)->item ? xsn_object_member(obj, row) : NULL;
}

XSN_EXPORT size_t xsnet_object_get_count(struct xsnet_object *obj, int field)
{
        const struct xsn_list *list = list_of(obj, row_of(obj, field, NULL));

        return list ? list->n : 0;
}

XSN_EXPORT int xsnet_object_get_item(struct xsnet_object *obj, int field, size_t index, char **ret_text)
{
        const struct xsn_field *row = row_of(obj, field, NULL);
        const struct xsn_list *list = list_of(obj, row);
        const struct xsn_type *type = row ? xsn_type_of(row->type) : NULL;
        struct xsn_buf buf = { 0 };

        if (row && !list)
                return -EINVAL;
        if (!list || index >= list->n)
                return -ENOENT;
        if (type->map)
                xsn_buf_put(&buf, XSN_ITEM(*list, struct xsn_entry, index).key);
        else
                type->item->format(row, (const char *)list->v + index * type->item->size, &buf);
        return xsn_buf_take(&buf, ret_text);
}

XSN_EXPORT int xsnet_object_set_entry(struct xsnet_object *obj, int field, const char *key, const char *value,
                                      struct xsnet_error **ret_err)
{
        const struct xsn_field *row = row_of(obj, field, ret_err);

        if (!row)
                return -ENOENT;
        if (row->type != XSNET_TYPE_MAP)
                return wrong_type(row, ret_err);
        if (!key)
                return no_text(row->name, ret_err);
        if (!xsn_text_keepable(key) || (value && !xsn_text_keepable(value)))
                return xsn_error_set(ret_err, -EINVAL, "bad-value",
                                     "%s: expected keys and values in UTF-8 without control characters", row->name);
        if (xsn_map_set(xsn_object_member(obj, row), key, value) < 0)
                return xsn_error_oom(ret_err);
        xsn_object_mark(obj, field);
        return 0;
}

XSN_EXPORT int xsnet_object_get_entry(struct xsnet_object *obj, int field, const char *key, const char **ret_value)
{
        const struct xsn_field *row = row_of(obj, field, NULL);

        if (!row)
                return -ENOENT;
        if (row->type != XSNET_TYPE_MAP || !key)
                return -EINVAL;
        return xsn_map_get(xsn_object_member(obj, row), key, ret_value) < 0 ? -ENODATA : 0;
}

/* ---- the item ---- */

XSN_EXPORT void xsnet_object_set_absent(struct xsnet_object *obj, int absent)
{
        obj->absent = absent != 0;
        obj->version++;
}

XSN_EXPORT int xsnet_object_get_absent(struct xsnet_object *obj)
{
        return obj->absent;
}

XSN_EXPORT void xsnet_object_set_adopt(struct xsnet_object *obj, int adopt)
{
        obj->adopt = adopt != 0;
        obj->version++;
}

XSN_EXPORT int xsnet_object_get_adopt(struct xsnet_object *obj)
{
        return obj->adopt;
}

XSN_EXPORT const char *xsnet_object_get_owner(struct xsnet_object *obj)
{
        return obj->owner;
}

XSN_EXPORT int xsnet_object_add_host(struct xsnet_object *obj, const char *host, struct xsnet_error **ret_err)
{
        int r = xsn_host_check(host, ret_err);

        if (r < 0)
                return r;
        if (xsn_strs_has(&obj->hosts, host))
                return xsn_error_set(ret_err, -EEXIST, "duplicate", "host: '%s' stands twice", host);
        obj->version++;
        return xsn_strs_add(&obj->hosts, host) < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT const char *xsnet_object_get_host_at(struct xsnet_object *obj, size_t index)
{
        return index < obj->hosts.n ? XSN_ITEM(obj->hosts, char *, index) : NULL;
}
