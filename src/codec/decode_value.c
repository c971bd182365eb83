/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values, each read by its row: the row's type says what a scalar may look like, never
 * the looks of the scalar what it is. Used by decode_item.c and decode.c.
 */
#include "codec/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define SCALAR_MAX 8192u /* bytes: more than any row takes, little enough for a message */

/* The type of a list's items, as one of XSNET_TYPE_*; of a scalar row its own. */
static int scalar_type(int type)
{
        switch (type) {
        case XSNET_TYPE_STRS:
        case XSNET_TYPE_MAP:
                return XSNET_TYPE_STR;
        case XSNET_TYPE_U32S:
                return XSNET_TYPE_U32;
        case XSNET_TYPE_IPS:
                return XSNET_TYPE_IP;
        default:
                return type;
        }
}

static const char *expected(int type)
{
        static const char *const names[] = {
                [XSNET_TYPE_BOOL] = "true or false",
                [XSNET_TYPE_U32] = "a number",
                [XSNET_TYPE_RATE] = "a rate",
                [XSNET_TYPE_ENUM] = "a name",
                [XSNET_TYPE_STR] = "a text",
                [XSNET_TYPE_MAC] = "a MAC address",
                [XSNET_TYPE_IP] = "an address",
                [XSNET_TYPE_PREFIXES] = "an address with its prefix length",
                [XSNET_TYPE_ROUTES] = "a map of to, via and metric",
        };

        return names[type];
}

/* A plain scalar of YAML is whatever the row takes; others have said what they are. */
static bool style_fits(int type, int style)
{
        switch (style) {
        case XSN_STYLE_TEXT:
                return type != XSNET_TYPE_BOOL && type != XSNET_TYPE_U32;
        case XSN_STYLE_NUMBER:
                return type == XSNET_TYPE_U32 || type == XSNET_TYPE_RATE;
        case XSN_STYLE_BOOL:
                return type == XSNET_TYPE_BOOL;
        default:
                return true;
        }
}

static bool out_of_memory(struct xsn_decoder *d)
{
        d->report->failed = true;
        return false;
}

static bool take_error(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                       struct xsnet_error *err)
{
        char where[XSN_PATH_TEXT];

        xsn_report_take(d->report, node->pos, xsn_path_text(path, where), err);
        return false;
}

/* What a peer told is kept as it is, whether or not a document could ask for it. */
static int keep_observed(int type, const char *text, void *ret_value)
{
        char *copy = xsn_strdup(text);

        if (!copy)
                return -ENOMEM;
        if (type == XSNET_TYPE_ENUM)
                ((struct xsn_enumval *)ret_value)->raw = copy;
        else
                *(char **)ret_value = copy;
        return 0;
}

/* One scalar, of a row or of a list's item, into zeroed memory. */
static bool read_scalar(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_field *field,
                        const struct xsn_node *node, void *ret_value)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        int scalar = scalar_type(field->type);
        bool observed = d->flags & XSN_CODEC_OBSERVED;
        struct xsnet_error *err = NULL;
        char where[XSN_PATH_TEXT];

        if (node->type != XSN_NODE_SCALAR || !style_fits(scalar, node->style))
                return xsn_decode_wrong_type(d, path, expected(scalar), node);
        if (observed &&
            (scalar == XSNET_TYPE_STR || (scalar == XSNET_TYPE_ENUM && xsn_enum_from_name(field->en, node->text) < 0)))
                return !keep_observed(scalar, node->text, ret_value) || out_of_memory(d);
        if (node->n > SCALAR_MAX) {
                xsn_report_add(d->report, node->pos, xsn_path_text(path, where), -ERANGE, "out-of-range",
                               "%s: expected %s, found a text of %u bytes", field->name, expected(scalar), node->n);
                return false;
        }
        if ((type->item ? type->item : type)->parse(field, node->text, ret_value, &err) < 0)
                return take_error(d, path, node, err);
        return true;
}

/* ---- lists ---- */

struct sorted {
        const void *value;
        const struct xsn_node *node;
        size_t index;
};

static int sorted_compare(const void *a, const void *b, void *item)
{
        const struct sorted *x = a, *y = b;
        int r = ((const struct xsn_type *)item)->compare(x->value, y->value);

        return r ? r : (x->index > y->index) - (x->index < y->index);
}

static void duplicate(struct xsn_decoder *d, const struct xsn_path *path, const struct sorted *first,
                      const struct sorted *again)
{
        struct xsn_path at = { .up = path, .index = again->index };
        const char *text = again->node->type == XSN_NODE_SCALAR ? again->node->text : "the same";
        char where[XSN_PATH_TEXT];

        if (first->node->pos.line)
                xsn_report_add(d->report, again->node->pos, xsn_path_text(&at, where), -EINVAL, "duplicate",
                               "'%s' stands twice, at %u:%u too", text, first->node->pos.line, first->node->pos.column);
        else
                xsn_report_add(d->report, again->node->pos, xsn_path_text(&at, where), -EINVAL, "duplicate",
                               "'%s' stands twice", text);
}

/* By sorting, as a list may have as many items as fit a document. */
static bool check_set(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_type *item,
                      const struct xsn_node *node, const struct xsn_list *list)
{
        _cleanup_(xsn_freep) struct sorted *sorted = xsn_alloc_array(list->n, sizeof(*sorted));
        const struct xsn_child *child = node->first;
        bool ok = true;

        if (!sorted)
                return out_of_memory(d);
        for (size_t i = 0; i < list->n; i++, child = child->next)
                sorted[i] = (struct sorted){ (char *)list->v + i * item->size, child->value, i };
        qsort_r(sorted, list->n, sizeof(*sorted), sorted_compare, (void *)(uintptr_t)item);
        for (size_t i = 1, first = 0; i < list->n; i++) {
                if (item->compare(sorted[first].value, sorted[i].value)) {
                        first = i;
                        continue;
                }
                duplicate(d, path, &sorted[first], &sorted[i]);
                ok = false;
        }
        return ok;
}

static bool read_route(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                       struct xsn_route *ret_route);

static bool read_items(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_field *field,
                       const struct xsn_node *node, struct xsn_list *list)
{
        const struct xsn_type *item = xsn_type_of(field->type)->item;
        struct xsn_path at = { .up = path };
        bool ok = true;

        for (const struct xsn_child *child = node->first; child; child = child->next, at.index++) {
                void *value = (char *)list->v + list->n * item->size;

                if (field->type == XSNET_TYPE_ROUTES ? read_route(d, &at, child->value, value)
                                                     : read_scalar(d, &at, field, child->value, value))
                        list->n++;
                else
                        ok = false;
        }
        return ok && (!(field->flags & XSN_F_SET) || check_set(d, path, item, node, list));
}

bool xsn_decode_list(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_field *field,
                     const struct xsn_node *node, struct xsn_list *ret_list)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        bool one = node->type == XSN_NODE_SCALAR && (field->flags & XSN_F_ONE);
        struct xsn_list list = { 0 };
        bool ok;

        if (!one && node->type != XSN_NODE_LIST)
                return xsn_decode_wrong_type(
                        d, path, field->flags & XSN_F_ONE ? expected(scalar_type(field->type)) : "a list", node);
        xsn_value_clear(type, ret_list); /* of a key that stands twice */
        if (!one && !node->n)            /* the empty list holds no memory */
                return true;
        list.v = xsn_alloc_array(one ? 1 : node->n, type->item->size);
        if (!list.v)
                return out_of_memory(d);
        if (one)
                list.n = ok = read_scalar(d, path, field, node, list.v);
        else
                ok = read_items(d, path, field, node, &list);
        if (ok)
                *ret_list = list;
        else
                xsn_value_clear(type, &list);
        return ok;
}

/* ---- routes ---- */

static const struct xsn_field to_field = { .name = "to", .type = XSNET_TYPE_PREFIXES };
static const struct xsn_field via_field = { .name = "via", .type = XSNET_TYPE_IP };
static const struct xsn_field metric_field = { .name = "metric", .type = XSNET_TYPE_U32 };

static bool route_error(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                        const char *reason, const char *message)
{
        char where[XSN_PATH_TEXT];

        xsn_report_add(d->report, node->pos, xsn_path_text(path, where), -EINVAL, reason, "%s", message);
        return false;
}

static bool read_route(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                       struct xsn_route *ret_route)
{
        static const char *const known[] = { "to", "via", "metric" };
        struct xsn_route route = { .metric = 0 };
        bool ok = true;

        if (node->type != XSN_NODE_MAP)
                return xsn_decode_wrong_type(d, path, expected(XSNET_TYPE_ROUTES), node);
        for (const struct xsn_child *child = node->first; child; child = child->next) {
                struct xsn_path at = { .up = path, .key = child->key->text };

                if (xsn_node_is(child->key, "to")) {
                        ok &= read_scalar(d, &at, &to_field, child->value, &route.to);
                } else if (xsn_node_is(child->key, "via")) {
                        ok &= read_scalar(d, &at, &via_field, child->value, &route.via);
                } else if (xsn_node_is(child->key, "metric")) {
                        ok &= read_scalar(d, &at, &metric_field, child->value, &route.metric);
                } else {
                        xsn_decode_unknown_key(d, &at, child->key, known, XSN_ARRAY_SIZE(known));
                        ok = false;
                }
        }
        if (ok && !route.to.family)
                return route_error(d, path, node, "missing", "expected 'to', the prefix that the route leads to");
        if (ok && route.via.family && route.via.family != route.to.family)
                return route_error(d, path, node, "mixed-families", "expected 'to' and 'via' of one family");
        if (ok) {
                route.to = xsn_ip_network(&route.to);
                *ret_route = route;
        }
        return ok;
}

/* ---- maps ---- */

static int entry_compare(const void *a, const void *b)
{
        return strcmp(((const struct xsn_entry *)a)->key, ((const struct xsn_entry *)b)->key);
}

/* What was observed is kept as it is. */
static bool check_text(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node)
{
        char where[XSN_PATH_TEXT];

        if ((d->flags & XSN_CODEC_OBSERVED) || xsn_text_keepable(node->text))
                return true;
        xsn_report_add(d->report, node->pos, xsn_path_text(path, where), -EINVAL, "bad-value",
                       "expected a text without control characters, found '%s'", node->text);
        return false;
}

static bool read_entry(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_child *child,
                       struct xsn_entry *ret_entry)
{
        const struct xsn_node *value = child->value;
        struct xsn_path at = { .up = path, .key = child->key->text };

        if (value->type != XSN_NODE_NULL &&
            (value->type != XSN_NODE_SCALAR || !style_fits(XSNET_TYPE_STR, value->style)))
                return xsn_decode_wrong_type(d, &at, "a text", value);
        if (!check_text(d, &at, child->key) || (value->type == XSN_NODE_SCALAR && !check_text(d, &at, value)))
                return false;
        ret_entry->key = xsn_strdup(child->key->text);
        ret_entry->value = value->type == XSN_NODE_SCALAR ? xsn_strdup(value->text) : NULL;
        return (ret_entry->key && (value->type == XSN_NODE_NULL || ret_entry->value)) || out_of_memory(d);
}

/* All at once and then sorted: to put in one after the other would take the square of their number. */
static bool read_map(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                     struct xsn_list *ret_map)
{
        const struct xsn_type *type = xsn_type_of(XSNET_TYPE_MAP);
        struct xsn_list map = { 0 };
        bool ok = true;

        if (node->type != XSN_NODE_MAP)
                return xsn_decode_wrong_type(d, path, "a map of texts", node);
        if (!node->n)
                return true;
        map.v = xsn_alloc_array(node->n, sizeof(struct xsn_entry));
        if (!map.v)
                return out_of_memory(d);
        for (const struct xsn_child *child = node->first; child; child = child->next, map.n++)
                ok &= read_entry(d, path, child, &XSN_ITEM(map, struct xsn_entry, map.n));
        if (!ok) {
                xsn_value_clear(type, &map);
                return false;
        }
        qsort(map.v, map.n, sizeof(struct xsn_entry), entry_compare);
        *ret_map = map;
        return true;
}

/* ---- rows ---- */

/* An observed value may be beyond what a document may ask for. */
static struct xsn_field loosen(const struct xsn_field *field)
{
        struct xsn_field loose = *field;

        loose.flags &= ~(unsigned)XSN_F_DEVNAME;
        loose.min = loose.max = 0;
        return loose;
}

void xsn_decode_row(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj, size_t i,
                    const struct xsn_node *node)
{
        const struct xsn_field *field = xsn_class_field(obj->cls, i);
        struct xsn_field loose = d->flags & XSN_CODEC_OBSERVED ? loosen(field) : *field;
        void *member = xsn_object_member(obj, field);
        char where[XSN_PATH_TEXT];
        bool ok;

        obj->field_pos[i] = node->pos;
        xsn_object_clear_row(obj, i); /* of a key that stands twice */
        if (node->type == XSN_NODE_NULL) {
                if (xsn_object_can_reset(obj->cls, field))
                        xsn_object_reset_row(obj, i);
                else
                        xsn_report_add(d->report, node->pos, xsn_path_text(path, where), -EINVAL, "no-default",
                                       "%s: expected %s, found null: it has no default", field->name,
                                       xsn_type_of(field->type)->item ? "a list" : expected(field->type));
                return;
        }
        if (field->type == XSNET_TYPE_MAP)
                ok = read_map(d, path, node, member);
        else if (xsn_type_of(field->type)->item)
                ok = xsn_decode_list(d, path, &loose, node, member);
        else
                ok = read_scalar(d, path, &loose, node, member);
        if (ok)
                obj->present |= UINT64_C(1) << i;
}

/* ---- what is no row ---- */

bool xsn_decode_bool(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node, bool *ret_value)
{
        struct xsn_field field = { .name = path->key, .type = XSNET_TYPE_BOOL };

        return read_scalar(d, path, &field, node, ret_value);
}

bool xsn_decode_text(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node, char **ret_text)
{
        struct xsn_field field = { .name = path->key, .type = XSNET_TYPE_STR, .min = 1, .max = 4096 };
        union {
                char *text;
                struct xsn_enumval any; /* an optimizing compiler sees read_scalar() write one */
        } value = { NULL };

        if (!read_scalar(d, path, &field, node, &value))
                return false;
        xsn_free(*ret_text);
        *ret_text = value.text;
        return true;
}
