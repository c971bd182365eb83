/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with the XAPI of a pool, on the loop: logs in when the first call is made and again when the session is
 * gone, follows the pool to its coordinator, waits for hosts that are still booting, makes calls (many at a time),
 * follows tasks and events, and logs out. Knows the protocol and none of its classes: backends do.
 *
 * Callbacks run from the loop's dispatch only, never from inside a call, and may call anything here, close too.
 * No user, password or session reference stands in an error, or in the log.
 */
#ifndef TRANSPORT_XAPI_H
#define TRANSPORT_XAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "core/context.h"
#include "transport/http.h"
#include "transport/xmlrpc_read.h"
#include "transport/xmlrpc_value.h"
#include "transport/xmlrpc_write.h"

struct xsn_xapi;
struct xsn_xapi_call;
struct xsn_xapi_watch;

/* Who logs in: both from xsn_strdup() or the like, taken and wiped by the session right after they were sent. */
struct xsn_xapi_login {
        char *user;
        char *password;
};

/* Asked at each login, in the middle of anything: calls nothing of the session. An error ends the calls that wait. */
typedef int (*xsn_xapi_login_fn)(struct xsn_xapi_login *ret_login, void *userdata, struct xsnet_error **ret_err);

/* Zero members are the defaults. Copied, and not needed after xsn_xapi_open(). */
struct xsn_xapi_options {
        struct xsnet_context *context; /* for the log; a reference is taken */
        /* Either both, which are kept until the session closes and wiped then; neither: none, for a unix socket. */
        const char *user, *password;
        xsn_xapi_login_fn login; /* or this, and nothing is kept */
        void *login_userdata;
        const char *originator;            /* names the program to XAPI; "libxsnet" */
        struct xsn_http_options http;      /* TLS, requests at a time, ... */
        struct xsn_xmlrpc_limits limits;   /* of each answer */
        uint64_t backoff_min, backoff_max; /* ns between attempts while a host is not ready; 500 ms, 10 s */
        unsigned max_tasks;                /* calls of XSN_XAPI_ASYNC at a time, which need no connection; 128 */
        unsigned max_redirects;            /* HOST_IS_SLAVE one after another; 4 */
        uint64_t call_limit;               /* ns that a call without a deadline may take; 120 s */
        uint64_t login_limit;              /* ns that a host may take to answer a login; 30 s */
};

/* place: see xsn_http_place_parse(). Sends nothing yet. */
int xsn_xapi_open(struct xsn_loop *loop, const char *place, const struct xsn_xapi_options *options,
                  struct xsn_xapi **ret_xapi, struct xsnet_error **ret_err);
/*
 * At once: ends calls and watches without a call. XAPI is told that the session ends, too, where a connection is there
 * that takes it; nobody waits for its answer. NULL is ignored. Returns NULL.
 */
struct xsn_xapi *xsn_xapi_close(struct xsn_xapi *xapi);
XSN_CLEANUP_DEFINE(xsn_xapi_close, struct xsn_xapi);

/* The address of another host of the pool, for when the one that we talk to is gone: it knows the coordinator. */
int xsn_xapi_add_host(struct xsn_xapi *xapi, const char *host, struct xsnet_error **ret_err);
/* Whom we talk to, "https://10.71.0.15": changes with the coordinator. Borrowed until the next dispatch. */
const char *xsn_xapi_get_place(const struct xsn_xapi *xapi);

/*
 * The end of a call. Reasons of our own, besides those of transport/http.h and of what XAPI refuses (xapi_error.h):
 *   "not-sent"         the deadline passed before anything was sent (-ETIMEDOUT)
 *   "outcome-unknown"  the connection was lost (-ECONNRESET), the deadline passed (-ETIMEDOUT), or the task is gone
 *                      (-ESTALE), between the sending and the reply
 *   "login-refused", "no-coordinator", "host-not-ready"   there is no session, and nothing was done
 * The place of every error is "xapi METHOD", with XAPI's own code behind a colon where there is one.
 */
struct xsn_xapi_reply {
        const struct xsn_xmlrpc_value *result;  /* what the call returned; NULL with an error */
        const struct xsn_xmlrpc_value *failure; /* what XAPI refused it with: an array of texts, its code first; NULL */
        struct xsn_xmlrpc_doc *doc;             /* has both; XSN_TAKE() it to keep them, else they go after the call */
        const struct xsnet_error *err;          /* NULL: it succeeded */
        bool unknown;                           /* with an error: XAPI may have done it all the same, or may yet */
};
typedef void (*xsn_xapi_fn)(struct xsn_xapi_reply *reply, void *userdata);

/* What may be done with a call. */
enum {
        /* Doing it twice is as good as once (it reads, or sets): it is repeated when its reply was lost. */
        XSN_XAPI_REPEATABLE = 1U << 0,
        /*
         * As Async.METHOD: its task is followed to the end by event.from, one for all of them, and destroyed behind
         * its end; see xsn_xapi_tidy(). For what may take long.
         */
        XSN_XAPI_ASYNC = 1U << 1
};

struct xsn_xapi_request {
        const char *method;                     /* "network.create" */
        const struct xsn_xmlrpc_writer *params; /* behind the session; NULL: none */
        unsigned flags;                         /* XSN_XAPI_* */
        uint64_t deadline;                      /* of xsn_loop_now(), of all that it takes; 0: the usual limit */
        const char *const *fields;              /* of get_all_records: the members of records to keep; NULL: all */
        size_t n_fields;
        xsn_xapi_fn fn;
        void *userdata;
};

/*
 * Makes a call. It waits for a login, a coordinator and a host that is ready for as long as the deadline is; what
 * XAPI did not begin is repeated whatever the flags are. request is borrowed during the call. ret_call (may be NULL)
 * is valid until fn is called.
 * -EINVAL "bad-text", -EMSGSIZE "too-big" (XAPI takes 300 KiB), -ENOMEM: fn is not called.
 */
int xsn_xapi_call(struct xsn_xapi *xapi, const struct xsn_xapi_request *request, struct xsn_xapi_call **ret_call,
                  struct xsnet_error **ret_err);
/* fn is not called. true: XAPI has not got it; false: it may have done it, or may yet (a task goes on). */
bool xsn_xapi_cancel(struct xsn_xapi_call *call);

/*
 * Are tasks of calls that have ended still to be destroyed? true: fn is called, once, when none is, or when XAPI has
 * not answered for half a minute. NULL: nobody is to be called any more.
 */
typedef void (*xsn_xapi_tidy_fn)(void *userdata);
bool xsn_xapi_tidy(struct xsn_xapi *xapi, xsn_xapi_tidy_fn fn, void *userdata);

struct xsn_xapi_listener {
        /*
         * Events, an array of structs of event.from, borrowed. first: they are everything there is now, each as an
         * "add", and replace what was known: the beginning, and again after the session or the coordinator changed.
         * counts: of living objects by class in lower case, a struct.
         */
        void (*events)(const struct xsn_xmlrpc_value *events, const struct xsn_xmlrpc_value *counts, bool first,
                       void *userdata);
        /* It does not work at the moment; it is tried again by itself. Once until it works again. */
        void (*lost)(const struct xsnet_error *err, void *userdata);
        void *userdata;
};

/* Watches classes ("network", "PIF", "task/OpaqueRef:...") by event.from until it is cancelled. All is copied. */
int xsn_xapi_watch(struct xsn_xapi *xapi, const char *const *classes, size_t n_classes,
                   const struct xsn_xapi_listener *listener, struct xsn_xapi_watch **ret_watch,
                   struct xsnet_error **ret_err);
/* The listener is not called any more. NULL is ignored. Returns NULL. */
struct xsn_xapi_watch *xsn_xapi_watch_cancel(struct xsn_xapi_watch *watch);
XSN_CLEANUP_DEFINE(xsn_xapi_watch_cancel, struct xsn_xapi_watch);

#endif
