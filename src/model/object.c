/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an object and its rows one by one. compare.c has what compares and
 * joins objects, accessor.c what users call.
 */
#include "model/object.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "base/utf8.h"

_Static_assert(sizeof(struct xsn_bond) < 2048, "an object is to stay well under 4 KB");

int xsn_object_new(const struct xsn_class *cls, struct xsnet_object **ret_obj)
{
        struct xsnet_object *obj = xsn_alloc(cls->size);

        if (!obj)
                return -ENOMEM;
        obj->refs = 1;
        obj->cls = cls;
        *ret_obj = obj;
        return 0;
}

static void object_free(struct xsnet_object *obj)
{
        size_t n = xsn_class_n_fields(obj->cls);

        for (size_t i = 0; i < n; i++)
                xsn_object_clear_row(obj, i);
        xsn_strs_clear(&obj->hosts);
        xsn_free(obj->owner);
        xsn_free(obj->payload);
        xsn_free(obj->field_pos);
        xsn_free(obj);
}

XSN_EXPORT struct xsnet_object *xsnet_object_unref(struct xsnet_object *obj)
{
        if (obj && --obj->refs == 0)
                object_free(obj);
        return NULL;
}

static int copy_string(char **dst, const char *src)
{
        if (!src)
                return 0;
        *dst = xsn_strdup(src);
        return *dst ? 0 : -ENOMEM;
}

int xsn_object_copy(const struct xsnet_object *obj, struct xsnet_object **ret_obj)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL;
        size_t n = xsn_class_n_fields(obj->cls);

        if (xsn_object_new(obj->cls, &copy) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (xsn_object_copy_row(copy, obj, i) < 0)
                        return -ENOMEM;
        if (xsn_value_copy(xsn_type_of(XSNET_TYPE_STRS), &copy->hosts, &obj->hosts) < 0 ||
            copy_string(&copy->owner, obj->owner) < 0 || copy_string(&copy->payload, obj->payload) < 0)
                return -ENOMEM;
        if (obj->field_pos) {
                copy->field_pos = xsn_memdup(obj->field_pos, n * sizeof(*obj->field_pos));
                if (!copy->field_pos)
                        return -ENOMEM;
        }
        copy->absent = obj->absent;
        copy->adopt = obj->adopt;
        copy->made = obj->made;
        copy->mark_taken = obj->mark_taken;
        copy->begun = obj->begun;
        copy->irreplaceable = obj->irreplaceable;
        copy->pos = obj->pos;
        copy->item = obj->item;
        *ret_obj = XSN_TAKE(copy);
        return 0;
}

uint64_t xsn_object_bit(const struct xsnet_object *obj, int field)
{
        return xsn_class_bit(obj->cls, field);
}

bool xsn_object_is_set(const struct xsnet_object *obj, int field)
{
        return obj->present & xsn_object_bit(obj, field);
}

void xsn_object_mark(struct xsnet_object *obj, int field)
{
        uint64_t bit = xsn_object_bit(obj, field);

        obj->version++;
        obj->present |= bit;
        obj->reset &= ~bit;
}

void xsn_object_clear_row(struct xsnet_object *obj, size_t i)
{
        const struct xsn_field *field = xsn_class_field(obj->cls, i);
        uint64_t bit = UINT64_C(1) << i;

        xsn_value_clear(xsn_type_of(field->type), xsn_object_member(obj, field));
        obj->version++;
        obj->present &= ~bit;
        obj->reset &= ~bit;
}

void xsn_object_clear(struct xsnet_object *obj, int field)
{
        int i = xsn_class_index(obj->cls, field);

        if (i >= 0)
                xsn_object_clear_row(obj, (size_t)i);
}

void xsn_object_reset_row(struct xsnet_object *obj, size_t i)
{
        xsn_object_clear_row(obj, i);
        obj->reset |= UINT64_C(1) << i;
}

/* Only scalars without memory have a default value; every other default is "unset". */
int xsn_object_default_row(struct xsnet_object *obj, size_t i)
{
        const struct xsn_field *field = xsn_class_field(obj->cls, i);
        void *member = xsn_object_member(obj, field);

        xsn_object_clear_row(obj, i);
        if (!(field->flags & XSN_F_DEFAULT))
                return 0;
        switch (field->type) {
        case XSNET_TYPE_BOOL:
                *(bool *)member = field->def;
                break;
        case XSNET_TYPE_U32:
                *(uint32_t *)member = (uint32_t)field->def;
                break;
        case XSNET_TYPE_ENUM:
                ((struct xsn_enumval *)member)->value = (int)field->def;
                break;
        default:
                return 0;
        }
        obj->present |= UINT64_C(1) << i;
        return 0;
}

bool xsn_object_can_reset(const struct xsn_class *cls, const struct xsn_field *field)
{
        /* A shared row, but a part of the identity here. */
        bool tunnels_network = cls->kind == XSNET_KIND_TUNNEL && field->id == XSNET_FIELD_NETWORK;

        return !tunnels_network && !(field->flags & (XSN_F_KEY | XSN_F_REQUIRED | XSN_F_SELECT | XSN_F_OBSERVED));
}

int xsn_object_copy_row(struct xsnet_object *dst, const struct xsnet_object *src, size_t i)
{
        const struct xsn_field *field = xsn_class_field(src->cls, i);
        uint64_t bit = UINT64_C(1) << i;

        xsn_object_clear_row(dst, i);
        if ((src->present & bit) &&
            xsn_value_copy(xsn_type_of(field->type), xsn_object_member(dst, field), xsn_object_member(src, field)) < 0)
                return -ENOMEM;
        dst->present |= src->present & bit;
        dst->reset |= src->reset & bit;
        return 0;
}

int xsn_object_set_string(struct xsnet_object *obj, int field, const char *value)
{
        int i = xsn_class_index(obj->cls, field);
        char *copy;

        if (i < 0 || xsn_class_field(obj->cls, (size_t)i)->type != XSNET_TYPE_STR)
                return -EINVAL;
        copy = xsn_strdup(value);
        if (!copy)
                return -ENOMEM;
        xsn_object_clear_row(obj, (size_t)i);
        *(char **)xsn_object_member(obj, xsn_class_field(obj->cls, (size_t)i)) = copy;
        obj->present |= UINT64_C(1) << i;
        return 0;
}

const char *xsn_object_string(const struct xsnet_object *obj, int field)
{
        int i = xsn_class_index(obj->cls, field);
        const struct xsn_field *row = i < 0 ? NULL : xsn_class_field(obj->cls, (size_t)i);

        if (!row || row->type != XSNET_TYPE_STR || !(obj->present & UINT64_C(1) << i))
                return NULL;
        return *(char **)xsn_object_member(obj, row);
}

void xsn_object_format_row(const struct xsnet_object *obj, size_t i, struct xsn_buf *buf)
{
        const struct xsn_field *field = xsn_class_field(obj->cls, i);

        if (!(obj->present & UINT64_C(1) << i))
                xsn_buf_put(buf, "unset");
        else if (field->flags & XSN_F_SECRET)
                xsn_buf_put(buf, "(secret)");
        else
                xsn_value_format(field, xsn_object_member(obj, field), buf);
}

void xsn_object_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        obj->cls->key(obj, buf);
}

void xsn_object_describe(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const char *host = xsn_object_host(obj);
        size_t start, end;

        xsn_buf_put(buf, obj->cls->name);
        start = buf->len;
        xsn_buf_put(buf, " '");
        end = buf->len;
        xsn_object_key(obj, buf);
        if (buf->len > end)
                xsn_buf_putc(buf, '\'');
        else if (!buf->failed)
                buf->len = start; /* nothing tells yet which one it is */
        xsn_buf_put(buf, *host ? " on host '" : ""); /* this also ends a text that was cut back */
        xsn_buf_put(buf, host);
        xsn_buf_put(buf, *host ? "'" : "");
}

const char *xsn_object_host(const struct xsnet_object *obj)
{
        return obj->hosts.n == 1 ? XSN_ITEM(obj->hosts, char *, 0) : "";
}

int xsn_object_set_host(struct xsnet_object *obj, const char *host)
{
        xsn_strs_clear(&obj->hosts);
        obj->version++;
        return *host ? xsn_strs_add(&obj->hosts, host) : 0;
}

int xsn_host_check(const char *host, struct xsnet_error **ret_err)
{
        if (!host || !*host || !xsn_text_valid(host, false))
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "host: expected a name in UTF-8");
        return 0;
}

struct xsn_link *xsn_object_link(const struct xsnet_object *obj)
{
        return obj->cls->has_link ? &((struct xsn_linked *)(uintptr_t)obj)->l : NULL;
}

/*
 * These are asked for all the time, so they do not look for rows: a member that is not set is zero.
 */
const char *xsn_object_network(const struct xsnet_object *obj)
{
        struct xsn_link *link = xsn_object_link(obj);

        if (link)
                return link->network;
        return obj->cls->kind == XSNET_KIND_VIF ? XSN_VIF(obj)->network : NULL;
}

const char *xsn_object_device(const struct xsnet_object *obj)
{
        const char *device = NULL, *otherwise = NULL;

        switch (obj->cls->kind) {
        case XSNET_KIND_NETWORK:
                device = XSN_NETWORK(obj)->status_device;
                otherwise = XSN_NETWORK(obj)->bridge;
                break;
        case XSNET_KIND_PIF:
                device = XSN_PIF(obj)->device;
                break;
        case XSNET_KIND_BOND:
                device = XSN_BOND(obj)->status_device;
                otherwise = XSN_BOND(obj)->name;
                break;
        case XSNET_KIND_VLAN:
                device = XSN_VLAN(obj)->device;
                break;
        case XSNET_KIND_TUNNEL:
                device = XSN_TUNNEL(obj)->device;
                break;
        case XSNET_KIND_VIF:
                device = XSN_VIF(obj)->status_device;
                break;
        }
        return device ? device : otherwise;
}

uint32_t xsn_object_mtu(const struct xsnet_object *obj)
{
        struct xsn_link *link = xsn_object_link(obj);

        if (obj->cls->kind == XSNET_KIND_NETWORK)
                return XSN_NETWORK(obj)->mtu;
        return link ? link->status_mtu : XSN_VIF(obj)->status_mtu;
}
