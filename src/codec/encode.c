/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state to JSON values, in the order of the rows: the one form from which both
 * notations are written. yaml_write.c makes YAML of it.
 */
#include "codec/object_json.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "codec/text.h"
#include "codec/yaml_write.h"

/* Takes value, which may be NULL for want of memory. */
static int put(json_t *map, const char *key, json_t *value)
{
        return value && !json_object_set_new(map, key, value) ? 0 : -ENOMEM;
}

static int append(json_t *list, json_t *value)
{
        return value && !json_array_append_new(list, value) ? 0 : -ENOMEM;
}

/* What is no UTF-8 becomes U+FFFD: a device of that name is better shown so than not at all. */
static int repair(const char *s, size_t len, char **ret_s)
{
        struct xsn_buf buf = { 0 };

        for (size_t i = 0; i < len;) {
                size_t n = xsn_utf8_len(s + i, len - i);

                if (n)
                        xsn_buf_putn(&buf, s + i, n);
                else
                        xsn_buf_put(&buf, "\xef\xbf\xbd");
                i += n ? n : 1;
        }
        return xsn_buf_take(&buf, ret_s);
}

/* Where the state is to be kept as it is, a text that JSON cannot carry is an error. */
static int text_to_json(const char *s, unsigned flags, json_t **ret_json)
{
        _cleanup_(xsn_freep) char *repaired = NULL;
        size_t len = strlen(s);

        if (xsn_text_check(s, len) < len) {
                if (flags & XSN_CODEC_OBSERVED)
                        return -EILSEQ;
                if (repair(s, len, &repaired) < 0)
                        return -ENOMEM;
                s = repaired;
        }
        *ret_json = json_string(s);
        return *ret_json ? 0 : -ENOMEM;
}

/* As put(), for a key that is not ours. */
static int put_named(json_t *map, const char *key, json_t *value, unsigned flags)
{
        _cleanup_(xsn_freep) char *repaired = NULL;
        size_t len = strlen(key);
        int r;

        if (xsn_text_check(key, len) < len) {
                r = flags & XSN_CODEC_OBSERVED ? -EILSEQ : repair(key, len, &repaired);
                if (r < 0) {
                        json_decref(value);
                        return r;
                }
                key = repaired;
        }
        return put(map, key, value);
}

static int put_text(json_t *map, const char *key, const char *s, unsigned flags)
{
        json_t *value = NULL;
        int r = text_to_json(s, flags, &value);

        return r < 0 ? r : put_named(map, key, value, flags);
}

/* ---- values ---- */

static int route_to_json(const struct xsn_route *route, json_t **ret_json)
{
        _cleanup_(xsn_json_decrefp) json_t *map = json_object();
        char text[XSN_IP_STRLEN];

        if (!map || put(map, "to", json_string(xsn_ip_format_prefix(&route->to, text))) < 0 ||
            (route->via.family && put(map, "via", json_string(xsn_ip_format(&route->via, text))) < 0) ||
            (route->metric && put(map, "metric", json_integer(route->metric)) < 0))
                return -ENOMEM;
        *ret_json = XSN_TAKE(map);
        return 0;
}

/* By the type's own words, but for numbers and booleans. */
static int scalar_to_json(const struct xsn_field *field, const struct xsn_type *type, const void *value, unsigned flags,
                          json_t **ret_json)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        switch (field->type) {
        case XSNET_TYPE_BOOL:
                *ret_json = json_boolean(*(const bool *)value);
                return 0;
        case XSNET_TYPE_U32:
        case XSNET_TYPE_U32S:
                *ret_json = json_integer(*(const uint32_t *)value);
                return *ret_json ? 0 : -ENOMEM;
        case XSNET_TYPE_ROUTES:
                return route_to_json(value, ret_json);
        default:
                type->format(field, value, &buf);
                if (xsn_buf_take(&buf, &text) < 0)
                        return -ENOMEM;
                return text_to_json(text, flags, ret_json);
        }
}

static int list_to_json(const struct xsn_field *field, const struct xsn_list *list, unsigned flags, json_t **ret_json)
{
        const struct xsn_type *item = xsn_type_of(field->type)->item;
        _cleanup_(xsn_json_decrefp) json_t *array = json_array();

        if (!array)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                json_t *value = NULL;
                int r = scalar_to_json(field, item, (const char *)list->v + i * item->size, flags, &value);

                if (r < 0 || (r = append(array, value)) < 0)
                        return r;
        }
        *ret_json = XSN_TAKE(array);
        return 0;
}

static int map_to_json(const struct xsn_list *map, unsigned flags, json_t **ret_json)
{
        _cleanup_(xsn_json_decrefp) json_t *json = json_object();

        if (!json)
                return -ENOMEM;
        for (size_t i = 0; i < map->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*map, struct xsn_entry, i);
                int r = e->value ? put_text(json, e->key, e->value, flags)
                                 : put_named(json, e->key, json_null(), flags);

                if (r < 0)
                        return r;
        }
        *ret_json = XSN_TAKE(json);
        return 0;
}

int xsn_codec_value_to_json(const struct xsn_field *field, const void *value, unsigned flags, json_t **ret_json)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        const struct xsn_list *list = value;

        if (type->map)
                return map_to_json(list, flags, ret_json);
        if (type->item && (field->flags & XSN_F_ONE) && list->n == 1)
                return scalar_to_json(field, type->item, list->v, flags, ret_json);
        if (type->item)
                return list_to_json(field, list, flags, ret_json);
        return scalar_to_json(field, type, value, flags, ret_json);
}

/* ---- objects ---- */

/* A row "ipv4.mode" goes into the map `ipv4`, which its first row makes. */
static int put_row(json_t *json, const struct xsn_field *field, json_t *value)
{
        const char *dot = strchr(field->name, '.');
        char prefix[32] = "";
        json_t *sub;

        if (!dot || (size_t)(dot - field->name) >= sizeof(prefix))
                return put(json, field->name, value);
        memcpy(prefix, field->name, (size_t)(dot - field->name));
        sub = json_object_get(json, prefix);
        if (!sub) {
                sub = json_object();
                if (put(json, prefix, sub) < 0) {
                        json_decref(value);
                        return -ENOMEM;
                }
        }
        return put(sub, dot + 1, value);
}

/* May a document say the value? 1, 0 or -ENOMEM. Targets know policies, intervals and names that no document may. */
static int can_be_said(const struct xsn_field *field, const void *value)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };
        uint64_t parsed[16] = { 0 };
        int r;

        if (type->item || !type->format || type->size > sizeof(parsed))
                return 1;
        type->format(field, value, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                return -ENOMEM;
        r = xsn_value_parse(field, text, parsed, NULL);
        xsn_value_clear(type, parsed);
        return r == -ENOMEM ? r : r >= 0;
}

/* A row whose value no document may say is shown as status, so that what is shown can be read again. */
static int is_status(const struct xsnet_object *obj, const struct xsn_field *field, size_t i, unsigned flags)
{
        int r;

        if ((field->flags & (XSN_F_OBSERVED | XSN_F_KEY)) || (flags & XSN_CODEC_OBSERVED) || obj->reset >> i & 1)
                return !!(field->flags & XSN_F_OBSERVED);
        /* Bonds made by hand may have fewer members than a document may give them. */
        if (field->id == XSNET_FIELD_MEMBERS)
                return !obj->absent && XSN_BOND(obj)->members.n < 2;
        r = can_be_said(field, xsn_object_member(obj, field));
        return r < 0 ? r : !r;
}

static int put_status(json_t *json, const struct xsn_field *field, json_t *value)
{
        json_t *status = json_object_get(json, "status");

        if (!strncmp(field->name, "status.", strlen("status.")))
                return put_row(json, field, value);
        if (!status && put(json, "status", status = json_object()) < 0) {
                json_decref(value);
                return -ENOMEM;
        }
        return put(status, field->name, value);
}

static int put_rows(json_t *json, const struct xsnet_object *obj, bool observed, unsigned flags)
{
        size_t n = xsn_class_n_fields(obj->cls);

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(obj->cls, i);
                json_t *value = NULL;
                int r, status;

                if (!((obj->present | obj->reset) >> i & 1) ||
                    ((field->flags & XSN_F_SECRET) && !(flags & XSN_CODEC_OBSERVED)))
                        continue;
                status = is_status(obj, field, i, flags);
                if (status < 0)
                        return status;
                if (!!status != observed)
                        continue;
                r = 0;
                if (obj->reset >> i & 1)
                        value = json_null();
                else
                        r = xsn_codec_value_to_json(field, xsn_object_member(obj, field), flags, &value);
                if (r < 0 || (r = observed ? put_status(json, field, value) : put_row(json, field, value)) < 0)
                        return r;
        }
        return 0;
}

static int put_hosts(json_t *json, const struct xsnet_object *obj, unsigned flags)
{
        static const struct xsn_field field = { .type = XSNET_TYPE_STRS, .flags = XSN_F_ONE };
        json_t *value = NULL;
        int r = obj->hosts.n ? xsn_codec_value_to_json(&field, &obj->hosts, flags, &value) : 0;

        return r < 0 || !obj->hosts.n ? r : put(json, "host", value);
}

/* The mark that it carries: for people a part of its status, for a journal a key of its own. */
static int put_mark(json_t *json, const struct xsnet_object *obj, unsigned flags)
{
        json_t *status = json_object_get(json, "status");
        int r = 0;

        if (!(flags & XSN_CODEC_OBSERVED)) {
                if (obj->owner && !status && put(json, "status", status = json_object()) < 0)
                        return -ENOMEM;
                return obj->owner ? put_text(status, "owner", obj->owner, flags) : 0;
        }
        if (obj->owner)
                r = put_text(json, "owner", obj->owner, flags);
        if (!r && obj->made)
                r = put(json, "made", json_true());
        if (!r && obj->mark_taken)
                r = put(json, "mark-taken", json_true());
        if (!r && obj->payload)
                r = put_text(json, "payload", obj->payload, flags);
        return r;
}

static int fill_object(json_t *json, const struct xsnet_object *obj, unsigned flags)
{
        int r = put_hosts(json, obj, flags);

        if (!r)
                r = put_rows(json, obj, false, flags);
        if (!r && obj->absent)
                r = put(json, "absent", json_true());
        if (!r && obj->adopt)
                r = put(json, "adopt", json_true());
        if (!r)
                r = put_rows(json, obj, true, flags);
        return r ? r : put_mark(json, obj, flags);
}

int xsn_codec_object_to_json(const struct xsnet_object *obj, unsigned flags, json_t **ret_json)
{
        _cleanup_(xsn_json_decrefp) json_t *json = json_object();
        int r;

        if (!json || put(json, "kind", json_string(obj->cls->name)) < 0)
                return -ENOMEM;
        r = fill_object(json, obj, flags);
        if (r < 0)
                return r;
        *ret_json = XSN_TAKE(json);
        return 0;
}

/* ---- states ---- */

static int host_to_json(const struct xsn_host *host, unsigned flags, json_t **ret_json)
{
        static const struct xsn_field uris = { .name = "uris", .type = XSNET_TYPE_STRS, .flags = XSN_F_ONE };
        _cleanup_(xsn_json_decrefp) json_t *map = NULL;
        json_t *value = NULL;
        int r = xsn_codec_value_to_json(&uris, &host->uris, flags, &value);

        if (r < 0 || !(flags & XSN_CODEC_OBSERVED) || (!host->uuid && !host->label)) {
                *ret_json = value;
                return r;
        }
        map = json_object();
        if (!map) {
                json_decref(value);
                return -ENOMEM;
        }
        r = put(map, "uris", value);
        if (!r && host->uuid)
                r = put_text(map, "uuid", host->uuid, flags);
        if (!r && host->label)
                r = put_text(map, "label", host->label, flags);
        *ret_json = r ? NULL : XSN_TAKE(map);
        return r;
}

/* Of an observed state, only a journal keeps the hosts: a document's hosts have URIs. */
static int put_state_hosts(json_t *json, const struct xsnet_state *state, unsigned flags)
{
        _cleanup_(xsn_json_decrefp) json_t *hosts = json_object();

        if (!hosts)
                return -ENOMEM;
        for (size_t i = 0; i < state->n_hosts; i++) {
                json_t *host = NULL;
                int r;

                if (!state->hosts[i].uris.n && !(flags & XSN_CODEC_OBSERVED))
                        continue;
                r = host_to_json(&state->hosts[i], flags, &host);
                if (r < 0 || (r = put_named(hosts, state->hosts[i].name, host, flags)) < 0)
                        return r;
        }
        return json_object_size(hosts) ? put(json, "hosts", XSN_TAKE(hosts)) : 0;
}

static int put_kind(json_t *json, const struct xsnet_state *state, const struct xsn_class *cls, unsigned flags)
{
        _cleanup_(xsn_json_decrefp) json_t *items = json_array();

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < state->n_objects; i++) {
                json_t *item;
                int r;

                if (state->objects[i]->cls != cls)
                        continue;
                item = json_object();
                if (append(items, item) < 0)
                        return -ENOMEM;
                r = fill_object(item, state->objects[i], flags);
                if (r < 0)
                        return r;
        }
        return json_array_size(items) ? put(json, cls->plural, XSN_TAKE(items)) : 0;
}

int xsn_codec_state_to_json(const struct xsnet_state *state, unsigned flags, json_t **ret_json)
{
        _cleanup_(xsn_json_decrefp) json_t *json = json_object();
        int r;

        if (!json || put(json, "format", json_integer(1)) < 0)
                return -ENOMEM;
        r = state->owner ? put_text(json, "owner", state->owner, flags) : 0;
        if (!r && state->prune)
                r = put(json, "prune", json_true());
        if (!r)
                r = put_state_hosts(json, state, flags);
        for (int kind = 1; kind <= XSN_N_KINDS && !r; kind++)
                r = put_kind(json, state, xsn_class_of(kind), flags);
        if (r < 0)
                return r;
        *ret_json = XSN_TAKE(json);
        return 0;
}

/* ---- text ---- */

int xsn_codec_dump(const struct xsnet_state *state, int format, unsigned flags, char **ret_text,
                   struct xsnet_error **ret_err)
{
        _cleanup_(xsn_json_decrefp) json_t *json = NULL;
        struct xsn_buf buf = { 0 };
        int r;

        if (format != XSNET_FORMAT_YAML && format != XSNET_FORMAT_JSON)
                return xsn_error_set(ret_err, -EINVAL, "bad-value",
                                     "expected XSNET_FORMAT_YAML or XSNET_FORMAT_JSON, found %d", format);
        r = xsn_codec_state_to_json(state, flags, &json);
        if (r == -EILSEQ)
                return xsn_error_set(ret_err, r, "bad-text", "a name of the state is not UTF-8");
        if (!r)
                r = format == XSNET_FORMAT_YAML ? xsn_yaml_write(json, &buf) : xsn_json_write(json, true, &buf);
        if (!r && format == XSNET_FORMAT_JSON)
                xsn_buf_putc(&buf, '\n');
        if (r < 0 || xsn_buf_take(&buf, ret_text) < 0) {
                xsn_buf_done(&buf);
                return xsn_error_oom(ret_err);
        }
        return 0;
}

XSN_EXPORT int xsnet_document_dump(struct xsnet_state *state, int format, char **ret_text, struct xsnet_error **ret_err)
{
        return xsn_codec_dump(state, format, 0, ret_text, ret_err);
}
