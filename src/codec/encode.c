/* SPDX-License-Identifier: Apache-2.0 */
/* Objects and states as events, in the order of the rows: the one form from which both notations are written. */
#include "codec/emit.h"

#include <errno.h>

#include "base/export.h"
#include "codec/yaml_write.h"

/* What is said only where it is so. */
static void put_true(struct xsn_emit *emit, const char *key, bool yes)
{
        if (!yes)
                return;
        xsn_emit_key(emit, key);
        xsn_emit_bool(emit, true);
}

/* ---- objects ---- */

/* May a document say the value? Targets know policies, intervals and names that no document may. */
static bool can_be_said(struct xsn_emit *emit, const struct xsn_field *field, const void *value)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        uint64_t parsed[16] = { 0 };
        int r;

        if (type->item || !type->format || type->size > sizeof(parsed))
                return true;
        type->format(field, value, xsn_emit_print(emit));
        r = emit->text.failed ? -ENOMEM : xsn_value_parse(field, emit->text.s, parsed, NULL);
        xsn_value_clear(type, parsed);
        if (r == -ENOMEM && !emit->r)
                emit->r = r;
        return r >= 0;
}

/* A row whose value no document may say is shown as status, so that what is shown can be read again. */
static bool is_status(struct xsn_emit *emit, const struct xsnet_object *obj, const struct xsn_field *field, size_t i)
{
        if ((field->flags & (XSN_F_OBSERVED | XSN_F_KEY)) || (emit->flags & XSN_CODEC_OBSERVED) || obj->reset >> i & 1)
                return field->flags & XSN_F_OBSERVED;
        /* Bonds made by hand may have fewer members than a document may give them. */
        if (field->id == XSNET_FIELD_MEMBERS)
                return !obj->absent && XSN_BOND(obj)->members.n < 2;
        return !can_be_said(emit, field, xsn_object_member(obj, field));
}

/* The rows to write, and those of them that are status. */
static uint64_t rows_of(struct xsn_emit *emit, const struct xsnet_object *obj, uint64_t *ret_status)
{
        uint64_t rows = obj->present | obj->reset, status = 0;

        for (uint64_t left = rows; left; left &= left - 1) {
                size_t i = (size_t)__builtin_ctzll(left);
                const struct xsn_field *field = xsn_class_field(obj->cls, i);

                if ((field->flags & XSN_F_SECRET) && !(emit->flags & XSN_CODEC_OBSERVED))
                        rows &= ~(UINT64_C(1) << i);
                else if (is_status(emit, obj, field, i))
                        status |= UINT64_C(1) << i;
        }
        *ret_status = status;
        return rows;
}

static void emit_row(struct xsn_emit *emit, const char *key, const struct xsnet_object *obj,
                     const struct xsn_field *field, bool reset)
{
        xsn_emit_key(emit, key);
        if (reset)
                xsn_emit_null(emit);
        else
                xsn_emit_value(emit, field, xsn_object_member(obj, field));
}

/* The map `ipv4` of the rows "ipv4.mode" and so on, which stand together in every class. */
static void begin_prefix(struct xsn_emit *emit, const char *name, size_t len)
{
        char prefix[32] = "";

        memcpy(prefix, name, len < sizeof(prefix) ? len : sizeof(prefix) - 1);
        xsn_emit_key(emit, prefix);
        xsn_emit(emit, XSN_EMIT_MAP);
}

static void emit_rows(struct xsn_emit *emit, const struct xsnet_object *obj, uint64_t rows)
{
        const char *open = ""; /* begins with the prefix whose map is open */
        size_t open_len = 0;

        for (; rows; rows &= rows - 1) {
                size_t i = (size_t)__builtin_ctzll(rows);
                const struct xsn_field *field = xsn_class_field(obj->cls, i);
                const char *name = field->name, *dot = strchr(name, '.');
                size_t len = dot ? (size_t)(dot - name) : 0;
                bool same = len == open_len && !memcmp(name, open, len);

                if (!same && open_len)
                        xsn_emit(emit, XSN_EMIT_MAP_END);
                if (!same && len)
                        begin_prefix(emit, name, len);
                open = name;
                open_len = len;
                emit_row(emit, dot ? dot + 1 : name, obj, field, obj->reset >> i & 1);
        }
        if (open_len)
                xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* For people, the mark that it carries is a part of its status. */
static void emit_status(struct xsn_emit *emit, const struct xsnet_object *obj, uint64_t rows)
{
        const char *owner = emit->flags & XSN_CODEC_OBSERVED ? NULL : obj->owner;

        if (!rows && !owner)
                return;
        xsn_emit_key(emit, "status");
        xsn_emit(emit, XSN_EMIT_MAP);
        for (; rows; rows &= rows - 1) {
                size_t i = (size_t)__builtin_ctzll(rows);
                const struct xsn_field *field = xsn_class_field(obj->cls, i);
                const char *name = field->name + (field->flags & XSN_F_OBSERVED ? strlen("status.") : 0);

                emit_row(emit, name, obj, field, obj->reset >> i & 1);
        }
        if (owner)
                xsn_emit_key_text(emit, "owner", owner);
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* For a journal, the mark has keys of its own. */
static void emit_mark(struct xsn_emit *emit, const struct xsnet_object *obj)
{
        if (!(emit->flags & XSN_CODEC_OBSERVED))
                return;
        if (obj->owner)
                xsn_emit_key_text(emit, "owner", obj->owner);
        put_true(emit, "made", obj->made);
        put_true(emit, "mark-taken", obj->mark_taken);
        if (obj->payload)
                xsn_emit_key_text(emit, "payload", obj->payload);
}

/* All but its kind. */
static void emit_members(struct xsn_emit *emit, const struct xsnet_object *obj)
{
        static const struct xsn_field hosts = { .type = XSNET_TYPE_STRS, .flags = XSN_F_ONE };
        uint64_t status, rows = rows_of(emit, obj, &status);

        if (obj->hosts.n) {
                xsn_emit_key(emit, "host");
                xsn_emit_value(emit, &hosts, &obj->hosts);
        }
        emit_rows(emit, obj, rows & ~status);
        put_true(emit, "absent", obj->absent);
        put_true(emit, "adopt", obj->adopt);
        emit_status(emit, obj, status);
        emit_mark(emit, obj);
}

void xsn_emit_object(struct xsn_emit *emit, const struct xsnet_object *obj)
{
        if (!obj) {
                xsn_emit_null(emit);
                return;
        }
        xsn_emit(emit, XSN_EMIT_MAP);
        xsn_emit_key_text(emit, "kind", obj->cls->name);
        emit_members(emit, obj);
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* ---- states ---- */

static void emit_host(struct xsn_emit *emit, const struct xsn_host *host)
{
        static const struct xsn_field uris = { .name = "uris", .type = XSNET_TYPE_STRS, .flags = XSN_F_ONE };
        bool map = (emit->flags & XSN_CODEC_OBSERVED) && (host->uuid || host->label);

        xsn_emit_name(emit, host->name);
        if (map) {
                xsn_emit(emit, XSN_EMIT_MAP);
                xsn_emit_key(emit, "uris");
        }
        xsn_emit_value(emit, &uris, &host->uris);
        if (map && host->uuid)
                xsn_emit_key_text(emit, "uuid", host->uuid);
        if (map && host->label)
                xsn_emit_key_text(emit, "label", host->label);
        if (map)
                xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* Of an observed state, only a journal keeps the hosts: a document's hosts have URIs. */
static void emit_hosts(struct xsn_emit *emit, const struct xsnet_state *state)
{
        bool any = false;

        for (size_t i = 0; i < state->n_hosts; i++) {
                if (!state->hosts[i].uris.n && !(emit->flags & XSN_CODEC_OBSERVED))
                        continue;
                if (!any) {
                        xsn_emit_key(emit, "hosts");
                        xsn_emit(emit, XSN_EMIT_MAP);
                        any = true;
                }
                emit_host(emit, &state->hosts[i]);
        }
        if (any)
                xsn_emit(emit, XSN_EMIT_MAP_END);
}

static void emit_kind(struct xsn_emit *emit, const struct xsnet_state *state, const struct xsn_class *cls)
{
        bool any = false;

        for (size_t i = 0; i < state->n_objects; i++) {
                if (state->objects[i]->cls != cls)
                        continue;
                if (!any) {
                        xsn_emit_key(emit, cls->plural);
                        xsn_emit(emit, XSN_EMIT_MAPS);
                        any = true;
                }
                xsn_emit(emit, XSN_EMIT_MAP);
                emit_members(emit, state->objects[i]);
                xsn_emit(emit, XSN_EMIT_MAP_END);
        }
        if (any)
                xsn_emit(emit, XSN_EMIT_LIST_END);
}

static void emit_state(struct xsn_emit *emit, const struct xsnet_state *state)
{
        xsn_emit(emit, XSN_EMIT_MAP);
        xsn_emit_key(emit, "format");
        xsn_emit_number(emit, 1);
        if (state->owner)
                xsn_emit_key_text(emit, "owner", state->owner);
        put_true(emit, "prune", state->prune);
        emit_hosts(emit, state);
        for (int kind = 1; kind <= XSN_N_KINDS; kind++)
                emit_kind(emit, state, xsn_class_of(kind));
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* ---- text ---- */

static int write_json(const struct xsnet_state *state, unsigned flags, struct xsn_buf *buf)
{
        struct xsn_json_emit json;

        xsn_json_begin(&json, true, flags, buf);
        emit_state(&json.emit, state);
        xsn_buf_putc(buf, '\n');
        return xsn_emit_done(&json.emit);
}

static int write_yaml(const struct xsnet_state *state, unsigned flags, struct xsn_buf *buf)
{
        struct xsn_yaml_emit yaml;

        if (xsn_yaml_begin(&yaml, flags, buf) < 0)
                return -ENOMEM;
        emit_state(&yaml.emit, state);
        return xsn_yaml_done(&yaml);
}

int xsn_codec_dump(const struct xsnet_state *state, int format, unsigned flags, char **ret_text,
                   struct xsnet_error **ret_err)
{
        struct xsn_buf buf = { 0 };
        int r;

        if (format != XSNET_FORMAT_YAML && format != XSNET_FORMAT_JSON)
                return xsn_error_set(ret_err, -EINVAL, "bad-value",
                                     "expected XSNET_FORMAT_YAML or XSNET_FORMAT_JSON, found %d", format);
        r = format == XSNET_FORMAT_YAML ? write_yaml(state, flags, &buf) : write_json(state, flags, &buf);
        if (!r)
                r = xsn_buf_take(&buf, ret_text);
        if (r < 0)
                xsn_buf_done(&buf);
        if (r == -EILSEQ)
                return xsn_error_set(ret_err, r, "bad-text", "a name of the state is not UTF-8");
        return r < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT int xsnet_document_dump(struct xsnet_state *state, int format, char **ret_text, struct xsnet_error **ret_err)
{
        return xsn_codec_dump(state, format, 0, ret_text, ret_err);
}
