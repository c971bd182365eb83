/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded pools of data/xapi/observe for the tests of the xapi backend: {class: {reference: record}}, as
 * get_all_records gave them (numbers are texts there, too).
 */
#ifndef XAPI_DATA_H
#define XAPI_DATA_H

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/alloc.h"

static inline void xapi_data_path(char path[512], const char *name, const char *suffix)
{
        const char *dir = getenv("XSN_TEST_DATA");

        (void)snprintf(path, 512, "%s/xapi/observe/%s%s", dir ? dir : "tests/data", name, suffix);
}

static inline json_t *xapi_data_json(const char *name)
{
        char path[512];
        json_t *json;

        xapi_data_path(path, name, ".json");
        json = json_load_file(path, 0, NULL);
        ck_assert_msg(json != NULL, "%s", path);
        return json;
}

static inline int xapi_data_put(struct xa_record *record, int column, json_t *value)
{
        json_t *item;
        const char *key;
        size_t i;
        int r;

        if (json_is_boolean(value))
                return xsn_xa_put_bool(record, column, json_is_true(value));
        if (json_is_string(value))
                return xsn_xa_put_text(record, column, json_string_value(value));
        r = xsn_xa_put_empty(record, column, json_is_array(value) ? XA_SET : XA_MAP);
        json_array_foreach(value, i, item)
                r = r < 0 ? r : xsn_xa_put_item(record, column, json_string_value(item));
        json_object_foreach(value, key, item)
                r = r < 0 ? r : xsn_xa_put_entry(record, column, key, json_string_value(item));
        return r;
}

/* One record; 0 or what feeding it says. */
static inline int xapi_data_record(struct xa_records *records, int class, const char *ref, json_t *columns)
{
        struct xa_record *record;
        const char *name;
        json_t *value;
        int r = xsn_xa_record_add(records, class, ref, &record);

        json_object_foreach(columns, name, value) {
                int column = xsn_xa_column_find(class, name);

                if (r == 0 && column >= 0)
                        r = xapi_data_put(record, column, value);
        }
        return r;
}

/* All of them, in their order or the last first. Asserts nothing, which would take memory. */
static inline int xapi_data_fill(struct xa_records *records, json_t *pool, bool backwards)
{
        json_t *table, *record;
        const char *name, *ref;
        int r = 0;

        memset(records, 0, sizeof(*records));
        json_object_foreach(pool, name, table) {
                int class = xsn_xa_class_find(name);
                const char *refs[512];
                size_t n = 0;

                json_object_foreach(table, ref, record)
                        refs[n++] = ref;
                for (size_t i = 0; i < n && r == 0; i++) {
                        ref = refs[backwards ? n - 1 - i : i];
                        r = class < 0 ? class : xapi_data_record(records, class, ref, json_object_get(table, ref));
                }
        }
        xsn_xa_records_sort(records);
        return r;
}

#endif
