/* SPDX-License-Identifier: Apache-2.0 */
/* Reads <database-schema>. What this version does not know of it (references, enumerations, indexes) is passed over. */
#include "transport/ovsdb_schema.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

static const char *const atom_names[] = {
        [XSN_OVSDB_INTEGER] = "integer", [XSN_OVSDB_REAL] = "real", [XSN_OVSDB_BOOLEAN] = "boolean",
        [XSN_OVSDB_STRING] = "string",   [XSN_OVSDB_UUID] = "uuid",
};

struct xsn_ovsdb_schema *xsn_ovsdb_schema_free(struct xsn_ovsdb_schema *schema)
{
        if (!schema)
                return NULL;
        for (size_t i = 0; i < schema->n_tables; i++) {
                for (size_t j = 0; j < schema->tables[i].n_columns; j++)
                        xsn_free(schema->tables[i].columns[j].name);
                xsn_free(schema->tables[i].columns);
                xsn_free(schema->tables[i].name);
        }
        xsn_free(schema->tables);
        xsn_free(schema->version);
        return xsn_free(schema);
}

/* "string", or {"type": "string", ...} */
static int parse_atom(const json_t *json, int *ret_atom)
{
        const char *name = json_string_value(json_is_object(json) ? json_object_get(json, "type") : json);

        for (size_t i = 0; name && i < XSN_ARRAY_SIZE(atom_names); i++)
                if (atom_names[i] && strcmp(name, atom_names[i]) == 0) {
                        *ret_atom = (int)i;
                        return 0;
                }
        return -EPROTO;
}

/* Absent: 1. */
static int parse_count(const json_t *json, size_t *ret_count)
{
        *ret_count = 1;
        if (!json)
                return 0;
        if (json_is_string(json) && strcmp(json_string_value(json), "unlimited") == 0)
                *ret_count = SIZE_MAX;
        else if (json_is_integer(json) && json_integer_value(json) >= 0)
                *ret_count = (size_t)json_integer_value(json);
        else
                return -EPROTO;
        return 0;
}

static int parse_type(const json_t *json, struct xsn_ovsdb_type *type)
{
        *type = (struct xsn_ovsdb_type){ .n_min = 1, .n_max = 1 };
        if (!json_is_object(json))
                return parse_atom(json, &type->key);
        if (parse_atom(json_object_get(json, "key"), &type->key) < 0 ||
            parse_count(json_object_get(json, "min"), &type->n_min) < 0 ||
            parse_count(json_object_get(json, "max"), &type->n_max) < 0)
                return -EPROTO;
        if (type->n_min > 1 || type->n_max < 1)
                return -EPROTO;
        return json_object_get(json, "value") ? parse_atom(json_object_get(json, "value"), &type->value) : 0;
}

static int parse_table(const char *name, const json_t *json, struct xsn_ovsdb_table *table)
{
        json_t *columns = json_object_get(json, "columns");
        const char *column_name;
        json_t *column;

        if (!json_is_object(columns))
                return -EPROTO;
        table->name = xsn_strdup(name);
        table->columns = xsn_alloc_array(json_object_size(columns), sizeof(*table->columns));
        if (!table->name || !table->columns)
                return -ENOMEM;
        json_object_foreach(columns, column_name, column) {
                struct xsn_ovsdb_column *at = &table->columns[table->n_columns++];

                at->name = xsn_strdup(column_name);
                if (!at->name)
                        return -ENOMEM;
                if (parse_type(json_object_get(column, "type"), &at->type) < 0)
                        return -EPROTO;
        }
        return 0;
}

static int parse(const json_t *json, struct xsn_ovsdb_schema *schema)
{
        const char *version = json_string_value(json_object_get(json, "version"));
        json_t *tables = json_object_get(json, "tables");
        const char *name;
        json_t *table;
        int r;

        if (!json_is_object(tables))
                return -EPROTO;
        schema->version = xsn_strdup(version ? version : "");
        schema->tables = xsn_alloc_array(json_object_size(tables), sizeof(*schema->tables));
        if (!schema->version || !schema->tables)
                return -ENOMEM;
        json_object_foreach(tables, name, table) {
                r = parse_table(name, table, &schema->tables[schema->n_tables++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int xsn_ovsdb_schema_parse(const json_t *json, struct xsn_ovsdb_schema **ret_schema, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_ovsdb_schema_freep) struct xsn_ovsdb_schema *schema = xsn_alloc(sizeof(*schema));
        int r = schema ? parse(json, schema) : -ENOMEM;

        if (r == -ENOMEM)
                return xsn_error_oom(ret_err);
        if (r < 0)
                return xsn_error_set(ret_err, r, "bad-reply", "the server's schema cannot be read");
        *ret_schema = XSN_TAKE(schema);
        return 0;
}

const struct xsn_ovsdb_table *xsn_ovsdb_schema_table(const struct xsn_ovsdb_schema *schema, const char *name)
{
        for (size_t i = 0; schema && i < schema->n_tables; i++)
                if (strcmp(schema->tables[i].name, name) == 0)
                        return &schema->tables[i];
        return NULL;
}

const struct xsn_ovsdb_column *xsn_ovsdb_table_column(const struct xsn_ovsdb_table *table, const char *name)
{
        for (size_t i = 0; table && i < table->n_columns; i++)
                if (strcmp(table->columns[i].name, name) == 0)
                        return &table->columns[i];
        return NULL;
}
