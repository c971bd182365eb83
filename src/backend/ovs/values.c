/* SPDX-License-Identifier: Apache-2.0 */
/* The getters of rows.h: columns of rows whose values may be anything. */
#include "backend/ovs/rows.h"

#include <string.h>

/* A set or map has its elements in the second place: ["set", [...]]. */
static json_t *elements_of(const json_t *value, const char *tag)
{
        const char *word = json_string_value(json_array_get(value, 0));
        json_t *elements = json_array_get(value, 1);

        return word && json_array_size(value) == 2 && strcmp(word, tag) == 0 && json_is_array(elements) ? elements
                                                                                                         : NULL;
}

json_t *xsn_ovs_get(const struct ovs_row *row, const char *column)
{
        json_t *value = row ? json_object_get(row->columns, column) : NULL;

        return value || !row || !row->fresh ? value : json_object_get(*row->fresh, column);
}

/* The one value of a column: bare, or the only element of a set. */
static const json_t *one_of(const struct ovs_row *row, const char *column)
{
        const json_t *value = xsn_ovs_get(row, column);
        const json_t *elements = elements_of(value, "set");

        if (!elements)
                return value;
        return json_array_size(elements) == 1 ? json_array_get(elements, 0) : NULL;
}

bool xsn_ovs_get_bool(const struct ovs_row *row, const char *column, bool *ret_value)
{
        const json_t *value = one_of(row, column);

        if (!json_is_boolean(value))
                return false;
        *ret_value = json_is_true(value);
        return true;
}

bool xsn_ovs_get_integer(const struct ovs_row *row, const char *column, int64_t *ret_value)
{
        const json_t *value = one_of(row, column);

        if (!json_is_integer(value))
                return false;
        *ret_value = json_integer_value(value);
        return true;
}

const char *xsn_ovs_get_string(const struct ovs_row *row, const char *column)
{
        return json_string_value(one_of(row, column));
}

static bool entry_of(const json_t *pair, const char **ret_key, const char **ret_value)
{
        const char *key = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));

        if (!key || !value)
                return false;
        *ret_key = key;
        *ret_value = value;
        return true;
}

const char *xsn_ovs_get_key(const struct ovs_row *row, const char *column, const char *key)
{
        const json_t *elements = elements_of(xsn_ovs_get(row, column), "map");
        const char *at, *value;

        for (size_t i = 0; i < json_array_size(elements); i++)
                if (entry_of(json_array_get(elements, i), &at, &value) && strcmp(at, key) == 0)
                        return value;
        return NULL;
}

size_t xsn_ovs_get_size(const struct ovs_row *row, const char *column)
{
        const json_t *value = xsn_ovs_get(row, column);
        const json_t *elements = elements_of(value, "set");

        if (!elements)
                elements = elements_of(value, "map");
        return elements ? json_array_size(elements) : value != NULL;
}

static const json_t *element_at(const struct ovs_row *row, const char *column, size_t i)
{
        const json_t *value = xsn_ovs_get(row, column);
        const json_t *elements = elements_of(value, "set");

        if (!elements)
                return i == 0 ? value : NULL;
        return json_array_get(elements, i);
}

bool xsn_ovs_get_integer_at(const struct ovs_row *row, const char *column, size_t i, int64_t *ret_value)
{
        const json_t *value = element_at(row, column, i);

        if (!json_is_integer(value))
                return false;
        *ret_value = json_integer_value(value);
        return true;
}

bool xsn_ovs_get_string_at(const struct ovs_row *row, const char *column, size_t i, const char **ret_value)
{
        const char *value = json_string_value(element_at(row, column, i));

        if (!value)
                return false;
        *ret_value = value;
        return true;
}

bool xsn_ovs_get_entry_at(const struct ovs_row *row, const char *column, size_t i, const char **ret_key,
                          const char **ret_value)
{
        return entry_of(json_array_get(elements_of(xsn_ovs_get(row, column), "map"), i), ret_key, ret_value);
}

struct ovs_row *xsn_ovs_get_row_at(const struct ovs_rows *rows, const struct ovs_row *row, const char *column, size_t i,
                                   int to)
{
        const json_t *value = element_at(row, column, i);
        const char *word = json_string_value(json_array_get(value, 0));
        const json_t *uuid = json_array_get(value, 1);

        /* What is no uuid is no row's. */
        if (!word || strcmp(word, "uuid") != 0 || json_string_length(uuid) != XSN_OVSDB_UUID_LEN)
                return NULL;
        return xsn_ovs_row_at(rows, to, json_string_value(uuid));
}
