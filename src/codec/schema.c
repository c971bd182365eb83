/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON Schema (2020-12) of documents, made of the rows; doc/schema.json is a copy
 * that a test holds current. It knows the shape; what spans fields only the library knows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "codec/decode.h"
#include "codec/object_json.h"

/* Without memory `failed` sticks, as in struct xsn_buf: the builders go on with NULL. */
struct schema {
        bool failed;
};

static json_t *checked(struct schema *s, json_t *json)
{
        s->failed |= !json;
        return json;
}

/* Takes value. */
static void set(struct schema *s, json_t *map, const char *key, json_t *value)
{
        s->failed |= json_object_set_new(map, key, value) < 0;
}

static void set_text(struct schema *s, json_t *map, const char *key, const char *text)
{
        set(s, map, key, json_string(text));
}

static void add(struct schema *s, json_t *list, json_t *value)
{
        s->failed |= json_array_append_new(list, value) < 0;
}

static json_t *of_type(struct schema *s, const char *type)
{
        json_t *json = checked(s, json_object());

        set_text(s, json, "type", type);
        return json;
}

static json_t *any_of(struct schema *s, json_t *a, json_t *b)
{
        json_t *json = checked(s, json_object()), *list = checked(s, json_array());

        add(s, list, a);
        add(s, list, b);
        set(s, json, "anyOf", list);
        return json;
}

static json_t *closed_map(struct schema *s, json_t *properties)
{
        json_t *json = of_type(s, "object");

        set(s, json, "properties", properties);
        set(s, json, "additionalProperties", json_false());
        return json;
}

static json_t *list_of(struct schema *s, json_t *items)
{
        json_t *json = of_type(s, "array");

        set(s, json, "items", items);
        return json;
}

static json_t *one_or_more(struct schema *s, const char *type)
{
        json_t *list = list_of(s, of_type(s, type));

        set(s, list, "minItems", json_integer(1));
        set(s, list, "uniqueItems", json_true());
        return any_of(s, of_type(s, type), list);
}

/* ---- rows ---- */

static json_t *number(struct schema *s, const struct xsn_field *field, uint64_t limit)
{
        json_t *json = of_type(s, "integer");

        set(s, json, "minimum", json_integer((json_int_t)field->min));
        if (field->max || limit)
                set(s, json, "maximum", json_integer((json_int_t)(field->max ? field->max : limit)));
        return json;
}

static json_t *pattern(struct schema *s, const char *regex)
{
        json_t *json = of_type(s, "string");

        set_text(s, json, "pattern", regex);
        return json;
}

/* Lengths count bytes in the rows and characters here: no text is refused that the library takes. */
static json_t *text(struct schema *s, const struct xsn_field *field)
{
        json_t *json;

        if (field->flags & XSN_F_DEVNAME)
                return pattern(s, "^[^/:% \t\n]{1,15}$");
        json = of_type(s, "string");
        if (field->min)
                set(s, json, "minLength", json_integer((json_int_t)field->min));
        if (field->max)
                set(s, json, "maxLength", json_integer((json_int_t)field->max));
        return json;
}

static json_t *names(struct schema *s, const struct xsn_field *field)
{
        json_t *json = checked(s, json_object()), *list = checked(s, json_array());

        for (size_t i = 0; i < field->en->n_rows; i++)
                add(s, list, json_string(field->en->rows[i].name));
        set(s, json, "enum", list);
        return json;
}

static json_t *address(struct schema *s, const struct xsn_field *field, bool prefix)
{
        const char *regex = strstr(field->name, "ipv4")   ? "^[0-9]{1,3}(\\.[0-9]{1,3}){3}"
                            : strstr(field->name, "ipv6") ? "^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"
                                                          : "^[0-9A-Fa-f:.]+";
        char whole[64];

        (void)snprintf(whole, sizeof(whole), "%s%s$", regex, prefix ? "/[0-9]{1,3}" : "");
        return pattern(s, whole);
}

static json_t *route(struct schema *s)
{
        static const struct xsn_field to = { .name = "to" }, via = { .name = "via" }, metric = { .name = "metric" };
        json_t *properties = checked(s, json_object()), *required = checked(s, json_array()), *json;

        set(s, properties, "to", address(s, &to, true));
        set(s, properties, "via", address(s, &via, false));
        set(s, properties, "metric", number(s, &metric, UINT32_MAX));
        json = closed_map(s, properties);
        add(s, required, json_string("to"));
        set(s, json, "required", required);
        return json;
}

static json_t *map_of_texts(struct schema *s)
{
        json_t *json = of_type(s, "object");

        set(s, json, "additionalProperties", any_of(s, of_type(s, "string"), of_type(s, "null")));
        return json;
}

/* A scalar row, or an item of a list row. */
static json_t *scalar(struct schema *s, const struct xsn_field *field)
{
        switch (field->type) {
        case XSNET_TYPE_BOOL:
                return of_type(s, "boolean");
        case XSNET_TYPE_U32:
        case XSNET_TYPE_U32S:
                return number(s, field, UINT32_MAX);
        case XSNET_TYPE_RATE:
                return any_of(s, number(s, field, 0), pattern(s, "^[0-9]{1,18}([kKMG]?(bit|B))?$"));
        case XSNET_TYPE_ENUM:
                return names(s, field);
        case XSNET_TYPE_MAC:
                return pattern(s, "^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$");
        case XSNET_TYPE_IP:
        case XSNET_TYPE_IPS:
                return address(s, field, false);
        case XSNET_TYPE_PREFIXES:
                return address(s, field, true);
        case XSNET_TYPE_ROUTES:
                return route(s);
        default:
                return text(s, field);
        }
}

static json_t *default_of(const struct xsn_field *field)
{
        switch (field->type) {
        case XSNET_TYPE_BOOL:
                return json_boolean(field->def);
        case XSNET_TYPE_ENUM:
                return json_string(xsn_enum_name(field->en, (int)field->def));
        default:
                return json_integer((json_int_t)field->def);
        }
}

static json_t *row(struct schema *s, const struct xsn_class *cls, const struct xsn_field *field)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        json_t *json = type->map ? map_of_texts(s) : scalar(s, field);

        if (type->item && !type->map) {
                json = list_of(s, json);
                if (field->flags & XSN_F_SET)
                        set(s, json, "uniqueItems", json_true());
        }
        if (field->flags & XSN_F_ONE)
                json = any_of(s, scalar(s, field), json);
        if (xsn_object_can_reset(cls, field))
                json = any_of(s, json, of_type(s, "null"));
        set_text(s, json, "description", field->doc);
        if (field->flags & XSN_F_DEFAULT)
                set(s, json, "default", default_of(field));
        return json;
}

/* ---- kinds ---- */

/* The map of all rows with a prefix; it may be null where each of them may. */
static json_t *sub_map(struct schema *s, const struct xsn_class *cls, const char *prefix, size_t len)
{
        size_t n = xsn_class_n_fields(cls);
        json_t *properties = checked(s, json_object()), *json;
        bool nullable = true;

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);

                if (strncmp(field->name, prefix, len) != 0 || field->name[len] != '.')
                        continue;
                set(s, properties, field->name + len + 1, row(s, cls, field));
                nullable = nullable && xsn_object_can_reset(cls, field);
        }
        json = closed_map(s, properties);
        return nullable ? any_of(s, json, of_type(s, "null")) : json;
}

static json_t *item(struct schema *s, const struct xsn_class *cls)
{
        json_t *properties = checked(s, json_object()), *json, *status;
        size_t n = xsn_class_n_fields(cls);

        set(s, properties, "host", one_or_more(s, "string"));
        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);
                size_t len = strcspn(field->name, ".");
                char prefix[32];

                if (field->flags & XSN_F_OBSERVED)
                        continue;
                (void)snprintf(prefix, sizeof(prefix), "%.*s", (int)len, field->name);
                if (!field->name[len])
                        set(s, properties, prefix, row(s, cls, field));
                else if (!json_object_get(properties, prefix))
                        set(s, properties, prefix, sub_map(s, cls, prefix, len));
        }
        set(s, properties, "absent", of_type(s, "boolean"));
        set(s, properties, "adopt", of_type(s, "boolean"));
        status = checked(s, json_object());
        set_text(s, status, "description", "What was observed; ignored when it is read.");
        set(s, status, "readOnly", json_true());
        set(s, properties, "status", status);
        json = closed_map(s, properties);
        set_text(s, json, "description", cls->doc);
        return json;
}

static json_t *top(struct schema *s)
{
        json_t *properties = checked(s, json_object()), *format = checked(s, json_object()), *hosts;

        set(s, format, "const", json_integer(1));
        set(s, properties, "format", format);
        set(s, properties, "owner", pattern(s, "^[A-Za-z0-9._-]{1,63}$"));
        set(s, properties, "prune", of_type(s, "boolean"));
        hosts = of_type(s, "object");
        set(s, hosts, "additionalProperties", one_or_more(s, "string"));
        set(s, properties, "hosts", hosts);
        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                const struct xsn_class *cls = xsn_class_of(kind);
                json_t *ref = checked(s, json_object());
                char path[40];

                (void)snprintf(path, sizeof(path), "#/$defs/%s", cls->name);
                set_text(s, ref, "$ref", path);
                set(s, properties, cls->plural, any_of(s, list_of(s, ref), of_type(s, "null")));
        }
        return properties;
}

XSN_EXPORT int xsnet_document_schema(char **ret_text, struct xsnet_error **ret_err)
{
        struct schema s = { .failed = false };
        _cleanup_(xsn_json_decrefp) json_t *json = closed_map(&s, top(&s));
        json_t *defs = checked(&s, json_object()), *required = checked(&s, json_array());
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        add(&s, required, json_string("format"));
        set(&s, json, "required", required);
        set_text(&s, json, "$schema", "https://json-schema.org/draft/2020-12/schema");
        set_text(&s, json, "title", "libxsnet desired-state document, format 1");
        for (int kind = 1; kind <= XSN_N_KINDS; kind++)
                set(&s, defs, xsn_class_of(kind)->name, item(&s, xsn_class_of(kind)));
        set(&s, json, "$defs", defs);
        text = s.failed ? NULL : json_dumps(json, JSON_INDENT(2));
        if (!text)
                return xsn_error_oom(ret_err);
        xsn_buf_put(&buf, text);
        xsn_buf_putc(&buf, '\n');
        return xsn_buf_take(&buf, ret_text) < 0 ? xsn_error_oom(ret_err) : 0;
}
