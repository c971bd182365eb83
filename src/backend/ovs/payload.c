/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads: "rows={TABLE: {NAME: {COLUMN: VALUE}}}", the columns of the rows that an object is about, as the database
 * has them, without those that are as on a new row or tell a state only. So whatever is made again is made as it was,
 * unknown keys included. In the text a ';' within a string is written \u003b: it separates the parts of a payload.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"

#define PART "rows"

static void json_done(json_t **json)
{
        json_decref(*json);
}

/* As on a new row: nothing has to be kept. */
static bool is_default(const struct ovs_column *column, const json_t *value)
{
        const char *word = json_string_value(json_array_get(value, 0));

        if (json_is_array(value))
                return word && (strcmp(word, "set") == 0 || strcmp(word, "map") == 0) &&
                       json_array_size(json_array_get(value, 1)) == 0;
        if (column->flags & OVS_COL_OPTIONAL)
                return false;
        if (json_is_string(value))
                return *json_string_value(value) == '\0';
        return json_is_false(value) || (json_is_integer(value) && json_integer_value(value) == 0);
}

/* ---- as text ---- */

/* As JSON, but ';' is escaped too. */
static void put_string(struct xsn_buf *buf, const char *s)
{
        const char *start = s;

        xsn_buf_putc(buf, '"');
        for (; *s; s++) {
                if (*s != '"' && *s != '\\' && *s != ';' && (unsigned char)*s >= 0x20)
                        continue;
                xsn_buf_putn(buf, start, (size_t)(s - start));
                start = s + 1;
                if (*s == '"' || *s == '\\')
                        xsn_buf_printf(buf, "\\%c", *s);
                else
                        xsn_buf_printf(buf, "\\u%04x", (unsigned)*s);
        }
        xsn_buf_putn(buf, start, (size_t)(s - start));
        xsn_buf_putc(buf, '"');
}

#define DEPTH_MAX 4 /* ["map", [[key, value]]], where a value may be ["uuid", ...] */

/* What no column holds is null. */
static void put_value(struct xsn_buf *buf, const json_t *value, unsigned depth)
{
        if (json_is_string(value)) {
                put_string(buf, json_string_value(value));
        } else if (json_is_integer(value)) {
                xsn_buf_printf(buf, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        } else if (json_is_array(value) && depth < DEPTH_MAX) {
                xsn_buf_putc(buf, '[');
                for (size_t i = 0, n = json_array_size(value); i < n; i++) {
                        if (i > 0)
                                xsn_buf_putc(buf, ',');
                        put_value(buf, json_array_get(value, i), depth + 1);
                }
                xsn_buf_putc(buf, ']');
        } else {
                xsn_buf_put(buf, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
        }
}

/* The columns that the row has, by their places in the table. */
static uint32_t columns_of(const struct ovs_row *row)
{
        const struct ovs_table *table = &xsn_ovs_tables[row->table];
        uint32_t bits = 0;
        const char *name;
        json_t *value;

        json_object_foreach(row->columns, name, value) {
                size_t i = 0;

                while (i < table->n_columns && strcmp(table->columns[i].name, name) != 0)
                        i++;
                if (i < table->n_columns && !(table->columns[i].flags & OVS_COL_STATE) &&
                    !is_default(&table->columns[i], value))
                        bits |= UINT32_C(1) << i;
        }
        return bits;
}

static void put_row(struct xsn_buf *buf, const struct ovs_row *row)
{
        const struct ovs_table *table = &xsn_ovs_tables[row->table];
        uint32_t bits = columns_of(row);
        bool any = false;

        put_string(buf, row->name);
        xsn_buf_put(buf, ":{");
        for (size_t i = 0; i < table->n_columns; i++) {
                const json_t *value;

                if (!(bits >> i & 1))
                        continue;
                value = json_object_get(row->columns, table->columns[i].name);
                if (any)
                        xsn_buf_putc(buf, ',');
                any = true;
                put_string(buf, table->columns[i].name);
                xsn_buf_putc(buf, ':');
                put_value(buf, value, 0);
        }
        xsn_buf_putc(buf, '}');
}

int xsn_ovs_payload_save(struct xsnet_object *obj, const struct ovs_row *const *rows, size_t n)
{
        struct xsn_buf buf = { 0 };
        int last = -1;

        for (int table = 0; table < OVS_N_TABLES; table++)
                for (size_t i = 0; i < n; i++) {
                        if (!rows[i] || rows[i]->table != table)
                                continue;
                        if (last == table) {
                                xsn_buf_putc(&buf, ',');
                        } else {
                                xsn_buf_put(&buf, last < 0 ? ";" PART "={" : "},");
                                put_string(&buf, xsn_ovs_tables[table].name);
                                xsn_buf_put(&buf, ":{");
                                last = table;
                        }
                        put_row(&buf, rows[i]);
                }
        if (last >= 0)
                xsn_buf_put(&buf, "}}");
        return xsn_d0_payload_append(obj, &buf);
}

int xsn_ovs_payload_save_link(struct xsnet_object *obj, const struct xsn_d0_link *link)
{
        struct xsn_buf buf = { 0 };

        if (link && !(link->flags & IFF_UP))
                xsn_buf_put(&buf, ";up=0");
        if (link && link->ipv6_off >= 0)
                xsn_buf_put(&buf, link->ipv6_off ? ";v6off=1" : ";v6off=0");
        return xsn_d0_payload_append(obj, &buf);
}

int xsn_ovs_payload_save_hwaddr(struct xsnet_object *obj, const struct ovs_port *port)
{
        const char *mac = xsn_ovs_get_key(port->bridge->row, "other_config", "hwaddr");
        struct xsn_buf buf = { 0 };

        if (mac && !strchr(mac, ';'))
                xsn_buf_printf(&buf, ";hwaddr=%s", mac);
        return xsn_d0_payload_append(obj, &buf);
}

json_t *xsn_ovs_payload_row(const struct xsnet_object *obj, int table, const char *name)
{
        const char *value = xsn_d0_payload_find(obj, PART);
        _cleanup_(json_done) json_t *payload = value ? json_loadb(value, strcspn(value, ";"), 0, NULL) : NULL;

        return json_incref(json_object_get(json_object_get(payload, xsn_ovs_tables[table].name), name));
}

json_t *xsn_ovs_payload_names(const struct xsnet_object *obj, int table)
{
        const char *value = xsn_d0_payload_find(obj, PART);
        _cleanup_(json_done) json_t *payload = value ? json_loadb(value, strcspn(value, ";"), 0, NULL) : NULL;
        json_t *names = json_array(), *row;
        const char *name;

        json_object_foreach(json_object_get(payload, xsn_ovs_tables[table].name), name, row)
                (void)json_array_append_new(names, json_string(name));
        return names;
}
