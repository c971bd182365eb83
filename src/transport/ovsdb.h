/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of one OVSDB database (RFC 7047) on the loop: connects and goes on connecting, reads the schema, answers
 * and sends echoes, carries transactions and monitors. Knows nothing of bridges: backends do.
 *
 * Callbacks run from the loop's dispatch only, never from inside a call, and may call anything here, close too.
 * Whatever a server sends that it may not ends the connection, with an error; the client then connects again.
 */
#ifndef TRANSPORT_OVSDB_H
#define TRANSPORT_OVSDB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "transport/ovsdb_frame.h"
#include "transport/ovsdb_reconnect.h"
#include "transport/ovsdb_stream.h"

struct xsn_ovsdb;
struct xsn_ovsdb_request;
struct xsn_ovsdb_monitor;

/* Zero members are the defaults. Not needed after xsn_ovsdb_open(). */
struct xsn_ovsdb_options {
        const char *database;              /* NULL: "Open_vSwitch" */
        struct xsn_ovsdb_tls tls;          /* of ssl: */
        struct xsn_ovsdb_limits limits;    /* of what the server sends */
        size_t max_requests;               /* that wait for their replies; 256 */
        uint64_t connect_limit;            /* ns until the schema is known; 10 s */
        uint64_t probe_after;              /* ns of silence; 5 s */
        uint64_t backoff_min, backoff_max; /* ns between attempts; 100 ms, 5 s */
};

struct xsn_ovsdb_callbacks {
        /* Connected, and the schema is known: requests are taken. Again after each reconnect. */
        void (*ready)(void *userdata);
        /* An attempt or a connection has failed; another attempt follows by itself. The requests that waited have had
         * their errors already. */
        void (*lost)(const struct xsnet_error *err, void *userdata);
        void *userdata;
};

/* endpoint: see xsn_ovsdb_endpoint_parse(). Starts to connect. */
int xsn_ovsdb_open(struct xsn_loop *loop, const char *endpoint, const struct xsn_ovsdb_options *options,
                   const struct xsn_ovsdb_callbacks *callbacks, struct xsn_ovsdb **ret_client,
                   struct xsnet_error **ret_err);
/* Ends requests and monitors, too, without any call. NULL is ignored. Returns NULL. */
struct xsn_ovsdb *xsn_ovsdb_close(struct xsn_ovsdb *client);
XSN_CLEANUP_DEFINE(xsn_ovsdb_close, struct xsn_ovsdb);

bool xsn_ovsdb_is_ready(const struct xsn_ovsdb *client);
/* By the schema of this connection, or of the last one; false before the first. */
bool xsn_ovsdb_has_table(const struct xsn_ovsdb *client, const char *table);
bool xsn_ovsdb_has_column(const struct xsn_ovsdb *client, const char *table, const char *column);
/* "8.3.1"; "" before the first connection. Vendors change columns without changing it: ask for those. */
const char *xsn_ovsdb_schema_version(const struct xsn_ovsdb *client);

/*
 * The end of a request: result is what the server answered, borrowed, and NULL with an error. Reasons of our own:
 *   "not-sent"         the server has not got it: nothing was done
 *   "outcome-unknown"  the server may have done it, or may yet: the connection was lost (-ECONNRESET) or the deadline
 *                      passed (-ETIMEDOUT) between the sending and the reply
 */
typedef void (*xsn_ovsdb_reply_fn)(const json_t *result, const struct xsnet_error *err, void *userdata);

/*
 * Sends one transaction on the database; ops, an array of operations, is borrowed during the call. No error comes to
 * fn only if all operations and the commit succeeded; result is the array of their results then.
 * deadline: of xsn_loop_now(); UINT64_MAX: none. ret_request (may be NULL) is valid until fn is called.
 * -ENOTCONN "not-connected", -EBUSY "too-many-requests": fn is not called.
 */
int xsn_ovsdb_transact(struct xsn_ovsdb *client, const json_t *ops, uint64_t deadline, xsn_ovsdb_reply_fn fn,
                       void *userdata, struct xsn_ovsdb_request **ret_request, struct xsnet_error **ret_err);
/* The same for any other method (lock, ...): params is an array, result whatever the server answers. */
int xsn_ovsdb_call(struct xsn_ovsdb *client, const char *method, const json_t *params, uint64_t deadline,
                   xsn_ovsdb_reply_fn fn, void *userdata, struct xsn_ovsdb_request **ret_request,
                   struct xsnet_error **ret_err);
/* fn is not called. true: nothing was sent; false: the server may have done it, or may yet, but is asked not to. */
bool xsn_ovsdb_cancel(struct xsn_ovsdb_request *request);

struct xsn_ovsdb_watch {
        const char *table;
        const char *const *columns;
        size_t n_columns;
};

struct xsn_ovsdb_listener {
        /* A row came (before == NULL), changed, or went (after == NULL). Rows are objects by column, borrowed, with
         * the watched columns that are not as on a new row, in the one form of ovsdb_value.h. */
        void (*change)(const char *table, const char *uuid, const json_t *before, const json_t *after, void *userdata);
        /* The changes of one transaction are all told, or of the first answer: also where there are none. */
        void (*settled)(bool first, void *userdata);
        /* The server refuses to monitor this on this connection; it is asked again on the next. */
        void (*failed)(const struct xsnet_error *err, void *userdata);
        void *userdata;
};

/*
 * Watches tables from now on, at any time: from the next connection where there is none. After a reconnect only what
 * differs from before is told, and `settled` with first = true. Tables and columns that the server lacks are left
 * out: ask xsn_ovsdb_has_column(). Everything is copied.
 */
int xsn_ovsdb_monitor(struct xsn_ovsdb *client, const struct xsn_ovsdb_watch *watches, size_t n_watches,
                      const struct xsn_ovsdb_listener *listener, struct xsn_ovsdb_monitor **ret_monitor,
                      struct xsnet_error **ret_err);
/* The listener is not called any more. NULL is ignored. Returns NULL. */
struct xsn_ovsdb_monitor *xsn_ovsdb_monitor_cancel(struct xsn_ovsdb_monitor *monitor);
/* A table's rows by uuid; NULL: it is not watched. Borrowed until the loop's next dispatch. */
const json_t *xsn_ovsdb_monitor_rows(const struct xsn_ovsdb_monitor *monitor, const char *table);
/* What the watched columns that the server has are on a new row: an object by column. NULL before the first ready. */
const json_t *xsn_ovsdb_monitor_defaults(const struct xsn_ovsdb_monitor *monitor, const char *table);

#endif
