/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of the rows that a monitor watches, kept up to date by what the server sends: its first answer ("snapshot",
 * again after each reconnect) and its updates, in the form of monitor or of monitor_cond. What a message changed is a
 * list of whole rows before and after. Nothing changes where the message is wrong. Used by ovsdb_monitor.c.
 *
 * A row has no column that is as on a new row: most of them are, and servers leave them out, too. What those are is
 * told once a table.
 */
#ifndef TRANSPORT_OVSDB_ROWS_H
#define TRANSPORT_OVSDB_ROWS_H

#include "transport/ovsdb_schema.h"
#include "transport/ovsdb_value.h"

/* What a copy may hold. */
#define XSN_OVSDB_ROWS_MAX (1U << 20)

struct xsn_ovsdb_watched {
        char *table;
        char **columns;
        size_t n_columns;
        const struct xsn_ovsdb_column **known; /* by column; NULL where the server lacks it; the schema's */
        bool present;                          /* the server has the table */
        json_t *defaults;                      /* what the columns that it has are on a new row */
        json_t *rows;                          /* by uuid: objects by column */
};

struct xsn_ovsdb_rows {
        struct xsn_ovsdb_watched *tables;
        size_t n_tables;
        size_t n_rows;
};

struct xsn_ovsdb_change {
        const char *table; /* the copy's */
        char uuid[XSN_OVSDB_UUID_LEN + 1];
        json_t *before; /* owned; NULL: a new row */
        json_t *after;  /* owned; NULL: the row has gone */
        struct xsn_ovsdb_watched *watched;
};

struct xsn_ovsdb_changes {
        struct xsn_ovsdb_change *v;
        size_t n, cap;
};

/* Forms of an update. */
enum {
        XSN_OVSDB_WHOLE = 0, /* monitor, update: "old" and "new" */
        XSN_OVSDB_DIFF = 1   /* monitor_cond, update2: "initial", "insert", "modify", "delete" */
};

/* An empty copy; names are copied. -ENOMEM: xsn_ovsdb_rows_done() is due nevertheless. */
int xsn_ovsdb_rows_add_table(struct xsn_ovsdb_rows *rows, const char *table, const char *const *columns,
                             size_t n_columns);
void xsn_ovsdb_rows_done(struct xsn_ovsdb_rows *rows);
/* Looks up what the server has; the schema must stay until the next call. 0 or -ENOMEM. */
int xsn_ovsdb_rows_bind(struct xsn_ovsdb_rows *rows, const struct xsn_ovsdb_schema *schema);
/* <monitor-requests> for what the server has. NULL: no memory. */
json_t *xsn_ovsdb_rows_request(const struct xsn_ovsdb_rows *rows);
/*
 * Takes <table-updates>; snapshot: it is all there is, what it does not name has gone. -EPROTO "bad-reply",
 * -EMSGSIZE "too-big", -ENOMEM: nothing has changed.
 */
int xsn_ovsdb_rows_update(struct xsn_ovsdb_rows *rows, const json_t *updates, int form, bool snapshot,
                          struct xsn_ovsdb_changes *ret_changes, struct xsnet_error **ret_err);
void xsn_ovsdb_changes_done(struct xsn_ovsdb_changes *changes);
/* The rows of a table by uuid; NULL: it is not watched. Borrowed until the next update. */
const json_t *xsn_ovsdb_rows_table(const struct xsn_ovsdb_rows *rows, const char *table);
/* What stands in the columns that a row does not have; NULL: the table is not watched, or not bound yet. */
const json_t *xsn_ovsdb_rows_defaults(const struct xsn_ovsdb_rows *rows, const char *table);

#endif
