/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ovsdb.c (the connection), ovsdb_request.c (requests and what is sent) and ovsdb_monitor.c share. Nobody else
 * includes this.
 */
#ifndef TRANSPORT_OVSDB_PRIV_H
#define TRANSPORT_OVSDB_PRIV_H

#include "transport/ovsdb.h"
#include "transport/ovsdb_rows.h"
#include "transport/ovsdb_schema.h"

struct xsn_ovsdb_request {
        struct xsn_ovsdb *client;
        json_int_t id;
        uint64_t deadline;
        size_t n_ops;          /* of a transaction */
        bool transaction;      /* the result is checked before fn sees it */
        bool internal;         /* the connection's own: does not count */
        xsn_ovsdb_reply_fn fn; /* NULL: nobody waits */
        void *userdata;
        struct xsn_ovsdb_out *out; /* not all of it is written; NULL: it is */
        struct xsn_ovsdb_request *next, *prev;
};

/* A message to send. */
struct xsn_ovsdb_out {
        char *text;
        size_t len;
        size_t written;
        bool begun;                        /* written, or tried to: TLS holds us to it */
        struct xsn_ovsdb_request *request; /* NULL: none, or not wanted any more */
        struct xsn_ovsdb_out *next;
};

struct xsn_ovsdb_monitor {
        struct xsn_ovsdb *client;
        uint64_t number; /* its name at the server */
        struct xsn_ovsdb_listener listener;
        struct xsn_ovsdb_rows rows;
        struct xsn_ovsdb_request *request; /* that starts it */
        bool plain;                        /* by monitor, not monitor_cond */
        bool active;                       /* the server sends updates */
        bool busy;                         /* the listener is being called */
        bool gone;                         /* cancelled from inside the listener */
        struct xsn_ovsdb_monitor *next, *prev;
};

struct xsn_ovsdb {
        struct xsn_loop *loop;
        char *place; /* as the user wrote it */
        char *database;
        struct xsn_ovsdb_endpoint endpoint;
        char *tls_paths[3]; /* owned, for tls */
        struct xsn_ovsdb_tls tls;
        size_t max_requests;
        struct xsn_ovsdb_callbacks callbacks;

        struct xsn_reconnect reconnect;
        struct xsn_source *timer; /* the earliest of reconnect's deadline and the requests' */
        struct xsn_ovsdb_stream *stream;
        uint64_t connection; /* counts, so that a loop sees that the connection is another */
        struct xsn_ovsdb_frame frame;
        struct xsn_ovsdb_schema *schema;
        bool no_cond; /* this server has no monitor_cond */

        struct xsn_ovsdb_request *requests, *last_request; /* oldest first */
        size_t n_requests;                                 /* but the internal ones */
        json_int_t last_id;
        json_int_t first_id; /* of this connection */
        size_t n_forgotten;  /* requests of this connection that nobody waits for: their replies may still come */
        struct xsn_ovsdb_out *out, *last_out;
        size_t out_bytes;

        struct xsn_ovsdb_monitor *monitors;
        uint64_t last_monitor;
        bool monitor_cancelled; /* on this connection: updates for it may still come */

        unsigned busy; /* inside of dispatch */
        bool closed;   /* by a callback */
};

/* ---- ovsdb.c ---- */

/* The server broke the rules, or memory is short: ends the connection. err is taken. */
void xsn_ovsdb_drop(struct xsn_ovsdb *client, struct xsnet_error *err);
/* Sets the timer anew: a deadline has changed. */
void xsn_ovsdb_set_timer(struct xsn_ovsdb *client);

/* ---- ovsdb_request.c ---- */

/* Queues a request made like `model`; params is taken, also on failure, and NULL is out of memory. */
int xsn_ovsdb_request_new(struct xsn_ovsdb *client, const char *method, json_t *params,
                          const struct xsn_ovsdb_request *model, struct xsn_ovsdb_request **ret_request,
                          struct xsnet_error **ret_err);
/* Queues a message that is no request: an answer, a cancel; taken, and NULL is out of memory. */
int xsn_ovsdb_send(struct xsn_ovsdb *client, json_t *message, struct xsnet_error **ret_err);
/* Writes what it can. */
int xsn_ovsdb_flush(struct xsn_ovsdb *client, struct xsnet_error **ret_err);
/* A message without a method. */
int xsn_ovsdb_take_reply(struct xsn_ovsdb *client, const json_t *message, struct xsnet_error **ret_err);
uint64_t xsn_ovsdb_next_deadline(const struct xsn_ovsdb *client);
void xsn_ovsdb_expire(struct xsn_ovsdb *client, uint64_t now);
/* The connection is gone: what waited gets its error. */
void xsn_ovsdb_fail_requests(struct xsn_ovsdb *client, const struct xsnet_error *why);
/* Frees requests and what is queued; calls nobody. */
void xsn_ovsdb_free_requests(struct xsn_ovsdb *client);

/* ---- ovsdb_monitor.c ---- */

/* Asks for every monitor on a new connection. */
int xsn_ovsdb_monitors_start(struct xsn_ovsdb *client, struct xsnet_error **ret_err);
/* The connection is gone. */
void xsn_ovsdb_monitors_stop(struct xsn_ovsdb *client);
/* "update" or "update2". */
int xsn_ovsdb_take_update(struct xsn_ovsdb *client, int form, const json_t *params, struct xsnet_error **ret_err);
void xsn_ovsdb_monitor_free(struct xsn_ovsdb_monitor *monitor);

#endif
