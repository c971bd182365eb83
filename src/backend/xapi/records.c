/* SPDX-License-Identifier: Apache-2.0 */
/* Records: how they are filled, found and read. */
#include "backend/xapi/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- memory ---- */

static const struct xsn_type *list_type(int type)
{
        return xsn_type_of(type == XA_MAP ? XSNET_TYPE_MAP : XSNET_TYPE_STRS);
}

static void empty(struct xa_record *record)
{
        const struct xa_class *cls = &xsn_xa_classes[record->class];

        for (size_t i = 0; i < cls->n_columns; i++) {
                struct xa_value *value = &record->values[i];

                if (value->told && cls->columns[i].type == XA_TEXT)
                        xsn_free(value->u.text);
                else if (value->told && cls->columns[i].type != XA_BOOL)
                        xsn_value_clear(list_type(cls->columns[i].type), &value->u.list);
                memset(value, 0, sizeof(*value));
        }
}

static void record_free(struct xa_record *record)
{
        empty(record);
        xsn_free(record->ref);
        xsn_free(record);
}

void xsn_xa_records_done(struct xa_records *records)
{
        for (int class = 0; class < XA_N_CLASSES; class ++) {
                struct xa_table *table = &records->tables[class];

                for (size_t i = 0; i < table->n; i++)
                        record_free(table->v[i]);
                xsn_hash_done(&table->by_ref);
                xsn_free(table->v);
        }
        memset(records, 0, sizeof(*records));
}

/* ---- feeding ---- */

int xsn_xa_class_find(const char *name)
{
        for (int class = 0; class < XA_N_CLASSES; class ++)
                if (!strcmp(xsn_xa_classes[class].name, name))
                        return class;
        return -ENOENT;
}

int xsn_xa_column_find(int class, const char *name)
{
        const struct xa_class *cls = &xsn_xa_classes[class];

        for (size_t i = 0; i < cls->n_columns; i++)
                if (*cls->columns[i].name == *name && !strcmp(cls->columns[i].name, name))
                        return (int)i;
        return -ENOENT;
}

int xsn_xa_record_add(struct xa_records *records, int class, const char *ref, struct xa_record **ret_record)
{
        struct xa_table *table = &records->tables[class];
        struct xa_record *record = xsn_hash_get_str(&table->by_ref, ref);

        if (record) {
                empty(record);
                *ret_record = record;
                return 0;
        }
        if (xsn_grow((void **)&table->v, &table->cap, table->n + 1, sizeof(struct xa_record *)) < 0)
                return -ENOMEM;
        record = xsn_alloc(sizeof(*record) + xsn_xa_classes[class].n_columns * sizeof(struct xa_value));
        if (!record)
                return -ENOMEM;
        record->class = class;
        record->ref = xsn_strdup(ref);
        if (!record->ref || xsn_hash_put_str(&table->by_ref, record->ref, record) < 0) {
                record_free(record);
                return -ENOMEM;
        }
        table->v[table->n++] = record;
        *ret_record = record;
        return 0;
}

void xsn_xa_record_drop(struct xa_records *records, int class, const char *ref)
{
        struct xa_table *table = &records->tables[class];
        struct xa_record *record = xsn_hash_remove(&table->by_ref, ref, strlen(ref));

        for (size_t i = 0; record && i < table->n; i++)
                if (table->v[i] == record) {
                        memmove(&table->v[i], &table->v[i + 1], (table->n - i - 1) * sizeof(struct xa_record *));
                        table->n--;
                        record_free(record);
                        return;
                }
}

static struct xa_value *value_for(struct xa_record *record, int column, int type)
{
        return xsn_xa_classes[record->class].columns[column].type == type ? &record->values[column] : NULL;
}

int xsn_xa_put_text(struct xa_record *record, int column, const char *text)
{
        struct xa_value *value = value_for(record, column, XA_TEXT);
        char *copy = NULL;

        if (!value)
                return -EPROTO;
        if (*text && !(copy = xsn_strdup(text)))
                return -ENOMEM;
        xsn_free(value->u.text);
        value->u.text = copy;
        value->told = true;
        return 0;
}

int xsn_xa_put_bool(struct xa_record *record, int column, bool yes)
{
        struct xa_value *value = value_for(record, column, XA_BOOL);

        if (!value)
                return -EPROTO;
        value->u.yes = yes;
        value->told = true;
        return 0;
}

int xsn_xa_put_empty(struct xa_record *record, int column, int type)
{
        struct xa_value *value = type == XA_SET || type == XA_MAP ? value_for(record, column, type) : NULL;

        if (!value)
                return -EPROTO;
        value->told = true;
        return 0;
}

int xsn_xa_put_item(struct xa_record *record, int column, const char *item)
{
        int r = xsn_xa_put_empty(record, column, XA_SET);

        return r < 0 ? r : xsn_strs_add(&record->values[column].u.list, item);
}

int xsn_xa_put_entry(struct xa_record *record, int column, const char *key, const char *value)
{
        int r = xsn_xa_put_empty(record, column, XA_MAP);

        return r < 0 ? r : xsn_map_set(&record->values[column].u.list, key, value);
}

static int compare_records(const void *a, const void *b)
{
        const struct xa_record *x = *(struct xa_record *const *)a, *y = *(struct xa_record *const *)b;
        int r = strcmp(xsn_xa_text(x, XA_UUID), xsn_xa_text(y, XA_UUID));

        return r ? r : strcmp(x->ref, y->ref);
}

void xsn_xa_records_sort(struct xa_records *records)
{
        for (int class = 0; class < XA_N_CLASSES; class ++)
                if (records->tables[class].n > 1)
                        qsort(records->tables[class].v, records->tables[class].n, sizeof(struct xa_record *),
                              compare_records);
}

/* ---- reading ---- */

static const struct xa_value *value_of(const struct xa_record *record, int column, bool list)
{
        int type = record ? xsn_xa_classes[record->class].columns[column].type : XA_TEXT;

        return record && record->values[column].told && (type == XA_SET || type == XA_MAP) == list
                       ? &record->values[column]
                       : NULL;
}

bool xsn_xa_told(const struct xa_record *record, int column)
{
        return record && record->values[column].told;
}

const char *xsn_xa_text(const struct xa_record *record, int column)
{
        const struct xa_value *value = value_of(record, column, false);

        return value && value->u.text ? value->u.text : "";
}

bool xsn_xa_is(const struct xa_record *record, int column, const char *text)
{
        return !strcmp(xsn_xa_text(record, column), text);
}

bool xsn_xa_bool(const struct xa_record *record, int column, bool otherwise)
{
        const struct xa_value *value = value_of(record, column, false);

        return value ? value->u.yes : otherwise;
}

bool xsn_xa_int(const struct xa_record *record, int column, int64_t *ret_n)
{
        const char *text = xsn_xa_text(record, column);
        long long n;
        char *end;

        if ((*text < '0' || *text > '9') && *text != '-')
                return false;
        errno = 0;
        n = strtoll(text, &end, 10);
        if (errno || *end)
                return false;
        *ret_n = n;
        return true;
}

const struct xsn_list *xsn_xa_list(const struct xa_record *record, int column)
{
        static const struct xsn_list none;
        const struct xa_value *value = value_of(record, column, true);

        return value ? &value->u.list : &none;
}

const char *xsn_xa_key(const struct xa_record *record, int column, const char *key)
{
        const char *value;

        return xsn_map_get(xsn_xa_list(record, column), key, &value) < 0 ? NULL : value;
}

struct xa_record *xsn_xa_find(const struct xa_records *records, int class, const char *ref)
{
        return xsn_hash_get_str(&records->tables[class].by_ref, ref);
}

struct xa_record *xsn_xa_follow(const struct xa_records *records, int class, const struct xa_record *record, int column)
{
        return xsn_xa_find(records, class, xsn_xa_text(record, column));
}
