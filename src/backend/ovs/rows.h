/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of an Open vSwitch database that the backend looks at, fed by a monitor's callbacks (see
 * transport/ovsdb.h): found by uuid and by name, read by typed getters. The rows themselves are the monitor's JSON,
 * shared with it. Nothing is written here and nothing is asked.
 *
 * What a server may send and we do not expect is never an error of a getter: a value of another type, a column that
 * the server does not have and an empty set all are "not set"; a reference to a row that is not there is no row. Two
 * rows of one name in one table are an error of xsn_ovs_rows_check(), which each observe asks first.
 */
#ifndef BACKEND_OVS_ROWS_H
#define BACKEND_OVS_ROWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "transport/ovsdb.h"
#include "transport/ovsdb_value.h"

enum {
        OVS_ROOT = 0, /* Open_vSwitch */
        OVS_BRIDGE = 1,
        OVS_PORT = 2,
        OVS_INTERFACE = 3,
        OVS_N_TABLES = 4
};

/* Flags of a column. */
enum {
        OVS_COL_STATE = 1 << 0,    /* what vswitchd tells, or how rows hang together: not kept for going back */
        OVS_COL_OPTIONAL = 1 << 1, /* 0 and "" are values like others */
        OVS_COL_OWNED = 1 << 2     /* refers to rows that go with this one, and that are not watched */
};

struct ovs_column {
        const char *name;
        unsigned flags;
};

struct ovs_table {
        const char *name;
        const struct ovs_column *columns;
        size_t n_columns;
};

/* By OVS_*: the tables and columns that are watched. Never statistics or status: they change all the time. */
extern const struct ovs_table xsn_ovs_tables[OVS_N_TABLES];

/* OVS_*; -1: none that is watched. */
int xsn_ovs_table_of(const char *name);

struct ovs_row {
        int table; /* OVS_* */
        char uuid[XSN_OVSDB_UUID_LEN + 1];
        const char *name;     /* columns' own; "" where the table has no names */
        json_t *columns;      /* a reference: an object by column; those that are as on a new row are not in it */
        json_t *const *fresh; /* ... but here, the table's; NULL: nowhere */
        struct ovs_row *same; /* another row of this name */
        size_t at;            /* its place in the table's rows */
};

struct ovs_rows {
        struct {
                struct ovs_row **v; /* each owned, in no order */
                size_t n, cap;
                json_t *fresh; /* a reference: the columns of a new row; NULL: not known */
                struct xsn_hash by_uuid, by_name;
        } tables[OVS_N_TABLES];
        size_t n_clashes; /* rows whose name another row has */
        bool failed;      /* a change was lost for want of memory: the rows have to be read anew */
};

/* What to give to xsn_ovsdb_monitor(): OVS_N_TABLES watches. The arrays of names are the caller's to free. */
int xsn_ovs_rows_watch(struct xsn_ovsdb_watch ret_watches[OVS_N_TABLES]);
void xsn_ovs_watch_done(struct xsn_ovsdb_watch watches[OVS_N_TABLES]);

/*
 * A change as a monitor tells it: `after` NULL: the row has gone. Tables that are not watched are passed over. 0;
 * -EPROTO: no row as it should be, which is left out; -ENOMEM: the rows are wrong from now on (failed).
 */
int xsn_ovs_rows_change(struct ovs_rows *rows, const char *table, const char *uuid, const json_t *after);
void xsn_ovs_rows_done(struct ovs_rows *rows);
/* What columns that a row does not have are; NULL: nothing. */
void xsn_ovs_rows_set_fresh(struct ovs_rows *rows, int table, const json_t *fresh);
/* -EPROTO "bad-reply": two rows of one name, or not one root row; -ENOMEM. */
int xsn_ovs_rows_check(const struct ovs_rows *rows, struct xsnet_error **ret_err);

/* NULL where there is none. */
struct ovs_row *xsn_ovs_row_root(const struct ovs_rows *rows);
struct ovs_row *xsn_ovs_row_at(const struct ovs_rows *rows, int table, const char *uuid);
struct ovs_row *xsn_ovs_row_named(const struct ovs_rows *rows, int table, const char *name);

/* ---- values; row may be NULL: nothing is set ---- */

/* The column's value, whatever it is; borrowed; NULL: the server does not have it. */
json_t *xsn_ovs_get(const struct ovs_row *row, const char *column);

/* false, NULL: not set, or of another type. */
bool xsn_ovs_get_bool(const struct ovs_row *row, const char *column, bool *ret_value);
bool xsn_ovs_get_integer(const struct ovs_row *row, const char *column, int64_t *ret_value);
const char *xsn_ovs_get_string(const struct ovs_row *row, const char *column);
/* The value of a key of a map of strings. */
const char *xsn_ovs_get_key(const struct ovs_row *row, const char *column, const char *key);

/* The number of a set's or map's elements; a bare value is one. */
size_t xsn_ovs_get_size(const struct ovs_row *row, const char *column);
/* The i-th of them; what has another type is passed over by returning false. */
bool xsn_ovs_get_integer_at(const struct ovs_row *row, const char *column, size_t i, int64_t *ret_value);
bool xsn_ovs_get_string_at(const struct ovs_row *row, const char *column, size_t i, const char **ret_value);
bool xsn_ovs_get_entry_at(const struct ovs_row *row, const char *column, size_t i, const char **ret_key,
                          const char **ret_value);
/* The row that it refers to, of the table `to`; NULL: none, or it is not there. */
struct ovs_row *xsn_ovs_get_row_at(const struct ovs_rows *rows, const struct ovs_row *row, const char *column, size_t i,
                                   int to);

#endif
