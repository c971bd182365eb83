/* SPDX-License-Identifier: Apache-2.0 */
/* An item of a document to an object, key by key. Used by decode.c and object_json.c. */
#include "codec/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"

/* A list of names, or one of them; long enough for a host's name. */
static const struct xsn_field host_field = {
        .name = "host", .type = XSNET_TYPE_STRS, .flags = XSN_F_SET | XSN_F_ONE, .min = 1, .max = 255
};

/* Adds to the text at *ret_end, as far as there is room. */
static void put(char *buf, size_t *len, const char *s)
{
        int n = snprintf(buf + *len, XSN_PATH_TEXT - *len, "%s", s);

        *len += n < 0 ? 0 : (size_t)n;
        if (*len >= XSN_PATH_TEXT)
                *len = XSN_PATH_TEXT - 1;
}

static void put_path(const struct xsn_path *path, char *buf, size_t *len)
{
        char index[24];

        if (path->up)
                put_path(path->up, buf, len);
        if (path->key) {
                put(buf, len, *len ? "." : "");
                put(buf, len, path->key);
        } else {
                (void)snprintf(index, sizeof(index), "[%zu]", path->index);
                put(buf, len, index);
        }
}

const char *xsn_path_text(const struct xsn_path *path, char buf[XSN_PATH_TEXT])
{
        size_t len = 0;

        buf[0] = '\0';
        if (path)
                put_path(path, buf, &len);
        return buf;
}

bool xsn_decode_wrong_type(struct xsn_decoder *d, const struct xsn_path *path, const char *expected,
                           const struct xsn_node *node)
{
        char where[XSN_PATH_TEXT];

        if (node->type == XSN_NODE_BAD) {
                d->n_bad++;
                return false;
        }
        xsn_path_text(path, where);
        if (node->type == XSN_NODE_SCALAR && node->style == XSN_STYLE_PLAIN)
                xsn_report_add(d->report, node->pos, where, -EINVAL, "bad-type", "expected %s, found '%s'", expected,
                               node->text);
        else if (node->type == XSN_NODE_SCALAR)
                xsn_report_add(d->report, node->pos, where, -EINVAL, "bad-type", "expected %s, found %s, '%s'",
                               expected, xsn_node_what(node), node->text);
        else
                xsn_report_add(d->report, node->pos, where, -EINVAL, "bad-type", "expected %s, found %s", expected,
                               xsn_node_what(node));
        return false;
}

void xsn_decode_unknown_key(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *key,
                            const char *const *known, size_t n_known)
{
        char where[XSN_PATH_TEXT];
        const char *nearest = d->report->n < XSN_CODEC_ERRORS_MAX ? xsn_suggest(key->text, known, n_known) : NULL;

        xsn_path_text(path, where);
        if (nearest)
                xsn_report_add(d->report, key->pos, where, -EINVAL, "unknown-key",
                               "unknown key '%s'; did you mean '%s'?", key->text, nearest);
        else
                xsn_report_add(d->report, key->pos, where, -EINVAL, "unknown-key", "unknown key '%s'", key->text);
}

/* The part of a row's name that is a key of a document: "ipv4.mode" is `mode` of `ipv4`. NULL: not of this prefix. */
static const char *within(const struct xsn_field *field, const char *prefix, size_t len)
{
        return !strncmp(field->name, prefix, len) && field->name[len] == '.' ? field->name + len + 1 : NULL;
}

/* ---- sub-maps ---- */

static void sub_unknown(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_class *cls,
                        const char *prefix, const struct xsn_node *key)
{
        const char *known[XSN_FIELDS_MAX];
        size_t n = xsn_class_n_fields(cls), n_known = 0, len = strlen(prefix);

        for (size_t i = 0; i < n; i++) {
                known[n_known] = within(xsn_class_field(cls, i), prefix, len);
                n_known += known[n_known] != NULL;
        }
        xsn_decode_unknown_key(d, path, key, known, n_known);
}

/* A null for the map is one for each of its rows. */
static void sub_null(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj, const char *prefix,
                     const struct xsn_node *node)
{
        size_t n = xsn_class_n_fields(obj->cls), len = strlen(prefix);
        bool reset = true;

        for (size_t i = 0; i < n; i++)
                if (within(xsn_class_field(obj->cls, i), prefix, len))
                        reset = reset && xsn_object_can_reset(obj->cls, xsn_class_field(obj->cls, i));
        if (!reset)
                xsn_decode_wrong_type(d, path, "a map", node);
        for (size_t i = 0; i < n && reset; i++)
                if (within(xsn_class_field(obj->cls, i), prefix, len))
                        xsn_decode_row(d, path, obj, i, node);
}

/* Rows by their names within the map. */
static void sub_map(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj, const char *prefix,
                    const struct xsn_node *node)
{
        size_t n = xsn_class_n_fields(obj->cls), len = strlen(prefix);

        if (node->type != XSN_NODE_MAP) {
                if (node->type == XSN_NODE_NULL)
                        sub_null(d, path, obj, prefix, node);
                else
                        xsn_decode_wrong_type(d, path, "a map", node);
                return;
        }
        for (const struct xsn_child *child = node->first; child; child = child->next) {
                struct xsn_path at = { .up = path, .key = child->key->text };
                size_t i = 0;

                for (; i < n; i++) {
                        const char *name = within(xsn_class_field(obj->cls, i), prefix, len);

                        if (name && !strcmp(name, child->key->text))
                                break;
                }
                if (i < n)
                        xsn_decode_row(d, &at, obj, i, child->value);
                else
                        sub_unknown(d, &at, obj->cls, prefix, child->key);
        }
}

/* ---- keys ---- */

static const char *const item_keys[] = { "host", "absent", "adopt" };

/* Each once, and `ipv4` rather than "ipv4.mode". `memory` holds the cut names. */
static size_t known_keys(const struct xsn_class *cls, char memory[XSN_FIELDS_MAX][32],
                         const char *known[XSN_FIELDS_MAX + 3])
{
        size_t n = xsn_class_n_fields(cls), n_known = 0;

        for (size_t i = 0; i < n; i++) {
                const char *name = xsn_class_field(cls, i)->name;

                (void)snprintf(memory[i], sizeof(memory[i]), "%.*s", (int)strcspn(name, "."), name);
                known[n_known++] = memory[i];
        }
        for (size_t i = 0; i < XSN_ARRAY_SIZE(item_keys); i++)
                known[n_known++] = item_keys[i];
        return n_known;
}

static void unknown_key(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_class *cls,
                        const struct xsn_node *key)
{
        char memory[XSN_FIELDS_MAX][32], where[XSN_PATH_TEXT];
        const char *known[XSN_FIELDS_MAX + XSN_ARRAY_SIZE(item_keys)];
        int dot = (int)strcspn(key->text, ".");

        if (xsn_class_index_by_name(cls, key->text) >= 0) /* "ipv4.mode", as messages and accessors say it */
                xsn_report_add(d->report, key->pos, xsn_path_text(path, where), -EINVAL, "unknown-key",
                               "unknown key '%s'; a document says '%.*s: {%s: ...}'", key->text, dot, key->text,
                               key->text + dot + 1);
        else
                xsn_decode_unknown_key(d, path, key, known, known_keys(cls, memory, known));
}

static void read_hosts(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj,
                       const struct xsn_node *node)
{
        if (node->type == XSN_NODE_LIST && !node->n)
                xsn_decode_wrong_type(d, path, "one host or more", node);
        else
                xsn_decode_list(d, path, &host_field, node, &obj->hosts);
}

/* What only a state as it is has. */
static bool observed_key(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj,
                         const struct xsn_node *node)
{
        if (!(d->flags & XSN_CODEC_OBSERVED))
                return false;
        if (!strcmp(path->key, "owner"))
                xsn_decode_text(d, path, node, &obj->owner);
        else if (!strcmp(path->key, "payload"))
                xsn_decode_text(d, path, node, &obj->payload);
        else if (!strcmp(path->key, "made"))
                xsn_decode_bool(d, path, node, &obj->made);
        else if (!strcmp(path->key, "mark-taken"))
                xsn_decode_bool(d, path, node, &obj->mark_taken);
        else
                return false;
        return true;
}

/* All of a status that matters again: which bridge the item was shown in, as there may be other NICs in it. */
static void keep_master(struct xsn_decoder *d, struct xsnet_object *obj, const struct xsn_node *node)
{
        const struct xsn_node *master = node->type == XSN_NODE_MAP ? xsn_node_get(node, "master") : NULL;

        if (master && master->type == XSN_NODE_SCALAR && xsn_class_index(obj->cls, XSNET_FIELD_STATUS_MASTER) >= 0 &&
            xsn_object_set_string(obj, XSNET_FIELD_STATUS_MASTER, master->text) < 0)
                d->report->failed = true;
}

/* A row, or the map of several rows. False: no such key. */
static bool row_key(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj,
                    const struct xsn_node *node)
{
        size_t n = xsn_class_n_fields(obj->cls), len = strlen(path->key);

        if (strchr(path->key, '.'))
                return false;
        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(obj->cls, i);

                if (!strcmp(field->name, path->key)) {
                        xsn_decode_row(d, path, obj, i, node);
                        return true;
                }
                if (!within(field, path->key, len))
                        continue;
                /* What `show` printed may come back: status is no wish. */
                if (!(field->flags & XSN_F_OBSERVED) || (d->flags & XSN_CODEC_OBSERVED))
                        sub_map(d, path, obj, path->key, node);
                else
                        keep_master(d, obj, node);
                return true;
        }
        return false;
}

static void read_key(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj,
                     const struct xsn_child *child)
{
        struct xsn_path at = { .up = path, .key = child->key->text };

        if (!strcmp(at.key, "host"))
                read_hosts(d, &at, obj, child->value);
        else if (!strcmp(at.key, "absent"))
                xsn_decode_bool(d, &at, child->value, &obj->absent);
        else if (!strcmp(at.key, "adopt"))
                xsn_decode_bool(d, &at, child->value, &obj->adopt);
        else if (d->alone && !strcmp(at.key, "kind"))
                return;
        else if (!observed_key(d, &at, obj, child->value) && !row_key(d, &at, obj, child->value))
                unknown_key(d, &at, obj->cls, child->key);
}

/* An address without a mode is a static one: rule 2 of doc/document.md. */
static void infer_mode(struct xsnet_object *obj, int mode_field, int address_field)
{
        int mode = xsn_class_index(obj->cls, mode_field), address = xsn_class_index(obj->cls, address_field);
        const struct xsn_list *list;

        if (mode < 0 || ((obj->present | obj->reset) >> mode & 1) || !(obj->present >> address & 1))
                return;
        list = xsn_object_member(obj, xsn_class_field(obj->cls, (size_t)address));
        if (!list->n)
                return;
        ((struct xsn_enumval *)xsn_object_member(obj, xsn_class_field(obj->cls, (size_t)mode)))->value =
                XSNET_IP_STATIC;
        xsn_object_mark(obj, mode_field);
        obj->field_pos[mode] = obj->field_pos[address];
}

struct xsnet_object *xsn_decode_item(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_class *cls,
                                     const struct xsn_node *node)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        size_t before = d->report->n + d->report->n_more + d->n_bad;

        if (node->type != XSN_NODE_MAP) {
                xsn_decode_wrong_type(d, path, "a map", node);
                return NULL;
        }
        if (xsn_object_new(cls, &obj) < 0) {
                d->report->failed = true;
                return NULL;
        }
        obj->pos = node->pos;
        obj->field_pos = xsn_alloc_array(xsn_class_n_fields(cls), sizeof(*obj->field_pos));
        d->report->failed |= !obj->field_pos;
        for (const struct xsn_child *child = node->first; child && !d->report->failed; child = child->next)
                read_key(d, path, obj, child);
        if (d->report->failed || d->report->n + d->report->n_more + d->n_bad > before)
                return NULL;
        if (!(d->flags & XSN_CODEC_OBSERVED)) {
                infer_mode(obj, XSNET_FIELD_IPV4_MODE, XSNET_FIELD_IPV4_ADDRESS);
                infer_mode(obj, XSNET_FIELD_IPV6_MODE, XSNET_FIELD_IPV6_ADDRESS);
        }
        return XSN_TAKE(obj);
}
