/* SPDX-License-Identifier: Apache-2.0 */
/* Joins two items of a document that turned out to be about one object: what one leaves open the other may say. */
#include "model/object.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

/* A row of one item beside the same field of the other; their classes may differ. */
struct rows {
        struct xsnet_object *obj;
        const struct xsnet_object *more;
        size_t i, j;                   /* in obj, in more */
        const struct xsn_field *field; /* of obj */
        void *dst;
        const void *src;
};

static void put_wish(const struct xsnet_object *obj, size_t i, struct xsn_buf *buf)
{
        const struct xsn_pos *pos = obj->field_pos && obj->field_pos[i].line ? &obj->field_pos[i] : &obj->pos;

        if (obj->reset >> i & 1)
                xsn_buf_put(buf, "null");
        else
                xsn_object_format_row(obj, i, buf);
        if (pos->line)
                xsn_buf_printf(buf, " at %u:%u", pos->line, pos->column);
}

/* "network is a at 3:4 and b at 9:5" */
static int conflict(const struct rows *rows, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "%s is ", rows->field->name);
        put_wish(rows->obj, rows->i, &buf);
        xsn_buf_put(&buf, " and ");
        put_wish(rows->more, rows->j, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EINVAL, "conflict", "%s", text);
}

/* A value without its position would be reported at the place of the other item. */
static int take_position(const struct rows *rows)
{
        struct xsnet_object *obj = rows->obj;
        const struct xsnet_object *more = rows->more;

        if (!more->pos.line && !more->field_pos)
                return 0;
        if (!obj->field_pos)
                obj->field_pos = xsn_alloc_array(xsn_class_n_fields(obj->cls), sizeof(*obj->field_pos));
        if (!obj->field_pos)
                return -ENOMEM;
        obj->field_pos[rows->i] =
                more->field_pos && more->field_pos[rows->j].line ? more->field_pos[rows->j] : more->pos;
        return 0;
}

static int take(const struct rows *rows, struct xsnet_error **ret_err)
{
        uint64_t bit = UINT64_C(1) << rows->i;
        bool set = rows->more->present >> rows->j & 1;

        if (take_position(rows) < 0 ||
            (set && xsn_value_copy(xsn_type_of(rows->field->type), rows->dst, rows->src) < 0))
                return xsn_error_oom(ret_err);
        rows->obj->present |= set ? bit : 0;
        rows->obj->reset |= set ? 0 : bit;
        return 0;
}

/* Keys of both, deletions too; a key has one value. */
static int join_maps(const struct rows *rows, struct xsnet_error **ret_err)
{
        const struct xsn_list *src = rows->src;

        for (size_t k = 0; k < src->n; k++) {
                const struct xsn_entry *e = &XSN_ITEM(*src, struct xsn_entry, k);
                const char *mine;

                if (xsn_map_get(rows->dst, e->key, &mine) < 0) {
                        if (xsn_map_set(rows->dst, e->key, e->value) < 0)
                                return xsn_error_oom(ret_err);
                } else if (!mine != !e->value || (mine && strcmp(mine, e->value) != 0)) {
                        return conflict(rows, ret_err);
                }
        }
        return 0;
}

static int unite_row(const struct rows *rows, struct xsnet_error **ret_err)
{
        const struct xsn_type *type = xsn_type_of(rows->field->type);
        bool mine = rows->obj->present >> rows->i & 1, theirs = rows->more->present >> rows->j & 1;

        if (!((rows->more->present | rows->more->reset) >> rows->j & 1))
                return 0;
        if (!((rows->obj->present | rows->obj->reset) >> rows->i & 1))
                return take(rows, ret_err);
        if (mine != theirs)
                return conflict(rows, ret_err);
        if (mine && type->map)
                return join_maps(rows, ret_err);
        if (mine && !xsn_value_equal(type, rows->dst, rows->src, rows->field->flags & XSN_F_SET))
                return conflict(rows, ret_err);
        return 0;
}

/* A pif item that sets what a bond, say, does not have. */
static int no_such_field(const struct xsnet_object *obj, const struct xsnet_object *more, size_t j,
                         struct xsnet_error **ret_err)
{
        const struct xsn_pos *pos = more->field_pos && more->field_pos[j].line ? &more->field_pos[j] : &more->pos;
        const char *name = xsn_class_field(more->cls, j)->name;
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_describe(obj, &buf);
        xsn_buf_printf(&buf, ": %s", name);
        if (pos->line)
                xsn_buf_printf(&buf, " at %u:%u", pos->line, pos->column);
        xsn_buf_printf(&buf, " is no field of a %s", obj->cls->name);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EINVAL, "wrong-kind", "%s", text);
}

int xsn_object_unite(struct xsnet_object *obj, const struct xsnet_object *more, struct xsnet_error **ret_err)
{
        size_t n = xsn_class_n_fields(more->cls);

        for (size_t j = 0; j < n; j++) {
                const struct xsn_field *field = xsn_class_field(more->cls, j);
                int i = xsn_class_index(obj->cls, field->id), r;
                struct rows rows = { .obj = obj, .more = more, .j = j };

                /* A pif item that names a bond by its device: the device is the bond's identity. */
                if ((field->flags & XSN_F_OBSERVED) || !((more->present | more->reset) >> j & 1) ||
                    (obj->cls != more->cls && (field->flags & (XSN_F_KEY | XSN_F_SELECT))))
                        continue;
                if (i < 0)
                        return no_such_field(obj, more, j, ret_err);
                rows.i = (size_t)i;
                rows.field = xsn_class_field(obj->cls, rows.i);
                rows.dst = xsn_object_member(obj, rows.field);
                rows.src = xsn_object_member(more, field);
                r = unite_row(&rows, ret_err);
                if (r < 0)
                        return r;
        }
        obj->adopt = obj->adopt || more->adopt;
        return 0;
}
