/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What get_schema told: the tables and columns that the server has, with the types of RFC 7047 section 3.2. Asked by
 * ovsdb.c for what its users want to know, and by ovsdb_rows.c to read values.
 */
#ifndef TRANSPORT_OVSDB_SCHEMA_H
#define TRANSPORT_OVSDB_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
        XSN_OVSDB_VOID = 0, /* as a value: the column is no map */
        XSN_OVSDB_INTEGER = 1,
        XSN_OVSDB_REAL = 2,
        XSN_OVSDB_BOOLEAN = 3,
        XSN_OVSDB_STRING = 4,
        XSN_OVSDB_UUID = 5
};

struct xsn_ovsdb_type {
        int key;
        int value;
        size_t n_min;
        size_t n_max; /* SIZE_MAX: unlimited */
};

struct xsn_ovsdb_column {
        char *name;
        struct xsn_ovsdb_type type;
};

struct xsn_ovsdb_table {
        char *name;
        struct xsn_ovsdb_column *columns;
        size_t n_columns;
};

struct xsn_ovsdb_schema {
        char *version;
        struct xsn_ovsdb_table *tables;
        size_t n_tables;
};

/* The result of get_schema. -EPROTO "bad-reply". */
int xsn_ovsdb_schema_parse(const json_t *json, struct xsn_ovsdb_schema **ret_schema, struct xsnet_error **ret_err);
struct xsn_ovsdb_schema *xsn_ovsdb_schema_free(struct xsn_ovsdb_schema *schema);
XSN_CLEANUP_DEFINE(xsn_ovsdb_schema_free, struct xsn_ovsdb_schema);

/* NULL where the server does not have it; schema and table may be NULL. */
const struct xsn_ovsdb_table *xsn_ovsdb_schema_table(const struct xsn_ovsdb_schema *schema, const char *name);
const struct xsn_ovsdb_column *xsn_ovsdb_table_column(const struct xsn_ovsdb_table *table, const char *name);

#endif
