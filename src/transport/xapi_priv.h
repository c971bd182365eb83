/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the session share. xapi.c has its life and decides what comes next, xapi_exchange.c sends and
 * reads, xapi_login.c logs in and out, xapi_call.c makes calls, xapi_task.c reads what became of their tasks, of which
 * xapi_follow.c asks; xapi_watch.c stands on calls alone.
 */
#ifndef TRANSPORT_XAPI_PRIV_H
#define TRANSPORT_XAPI_PRIV_H

#include "transport/xapi.h"

#define XSN_XAPI_BODY_MAX 307200u /* bytes of a request: XAPI's own limit */

/* A client of one host. The one that was left lives on until its last request has ended. */
struct xsn_xapi_link {
        struct xsn_http *http;
        unsigned n_requests;
};

struct xsn_xapi_exchange;
/*
 * An answer, or why there is none: reply->err is taken then. reply->unknown is set whatever was asked: XAPI may have
 * done it. The exchange may be used again.
 */
typedef void (*xsn_xapi_answer_fn)(struct xsn_xapi_exchange *exchange, struct xsn_xapi_reply *reply);

/* A request and its answer, one at a time. */
struct xsn_xapi_exchange {
        struct xsn_xapi *xapi;
        xsn_xapi_answer_fn done;

        struct xsn_http_request *request; /* NULL: none is under way */
        struct xsn_xapi_link *link;       /* of the request */
        struct xsn_xmlrpc_reader *reader;
        unsigned session; /* the number of the one that it was sent in */
        bool secret;      /* no word of the answer goes into an error, but for XAPI's code */
        bool sent;        /* of the answer: it was asked */
        bool present;     /* of the answer: it comes from whom we talk to now */
};

enum xsn_xapi_phase {
        XSN_XAPI_CALL,    /* the call itself, or Async. */
        XSN_XAPI_FOLLOW,  /* event.from of its task, by its leader */
        XSN_XAPI_LOOK,    /* task.get_record, where no event has told of it */
        XSN_XAPI_DESTROY, /* task.destroy; what it came to is known, and told as soon as the pump runs */
};

/* Flags of calls of our own, besides XSN_XAPI_*. */
enum {
        XSN_XAPI_LASTING = 1U << 16,    /* event.from: may wait long for its answer */
        XSN_XAPI_ONE_SESSION = 1U << 17 /* ends with its session, "session-lost", and is not repeated in the next */
};

struct xsn_xapi_call {
        struct xsn_xapi *xapi;
        char *method;
        struct xsn_xmlrpc_writer params;
        unsigned flags;
        char **fields; /* NULL: all */
        size_t n_fields;
        xsn_xapi_fn fn;
        void *userdata;
        struct xsn_source *timer; /* the deadline */

        enum xsn_xapi_phase phase;
        struct xsn_xapi_exchange exchange; /* without a request: the call waits */
        bool begun;                        /* with XSN_XAPI_ASYNC: counts in xapi->n_tasks */
        bool doubt;                        /* XAPI may have done it */
        unsigned n_invalid;                /* times that the session was found invalid */
        struct xsnet_error *err;           /* where it waits: it ends with this as soon as the pump runs */

        /* With XSN_XAPI_ASYNC. */
        char *task;                    /* behind the first phase */
        char *token;                   /* of event.from, from before the task began; NULL: from the beginning */
        bool told;                     /* something has told that the task is there */
        uint64_t since;                /* it was asked for */
        bool from_start;               /* of a leader: it asked from the beginning */
        struct xsn_xapi_call *leader;  /* in phase FOLLOW: who asks for its task, or itself; NULL: nobody yet */
        bool known;                    /* the outcome is to be told */
        struct xsn_xapi_reply outcome; /* of the task; doc and err are ours */

        struct xsn_xapi_call *next, *prev; /* in xapi->calls, the oldest first */
};

struct xsn_xapi {
        struct xsn_loop *loop;
        struct xsnet_context *context;
        struct xsn_xapi_options options; /* without texts and TLS, which are below */
        char *user, *password, *originator, *ca;
        struct xsn_http_pin *pins; /* with their hosts */

        struct xsn_http_place place;
        char *place_text;
        struct xsn_xapi_link *link; /* to place */
        char **hosts;               /* of the pool, as far as we know them */
        size_t n_hosts, cap_hosts;
        size_t next_host; /* to try when place cannot be reached */
        size_t n_tried;   /* since one could be */

        char *session;               /* NULL: there is none */
        unsigned session_number;     /* counts logins */
        bool ever;                   /* there was one: what fails now may pass */
        unsigned n_redirects;        /* one after another */
        uint64_t backoff;            /* ns; 0: none was needed */
        bool waiting;                /* for `timer`, before the next attempt at anything */
        struct xsnet_error *trouble; /* why; NULL: there is none */
        struct xsn_source *timer;
        struct xsn_source *pump;        /* a timer: there may be something to do */
        struct xsn_xapi_exchange login; /* at the end: the logout */

        struct xsn_xapi_call *calls, *last;
        unsigned n_tasks; /* calls with XSN_XAPI_ASYNC that were sent and have not ended */
        size_t n_ending;  /* calls with an error to end with, or an outcome to tell */

        char *token;       /* the last of event.from in this session; NULL: none yet */
        uint64_t followed; /* when the last event.from for tasks was sent, or answered */
        uint64_t pace;     /* ns that tasks take, of late */
        size_t n_tidying;  /* calls that have told their end, and destroy their tasks */
        xsn_xapi_tidy_fn tidy_fn;
        void *tidy_userdata;

        struct xsn_xapi_watch *watches;
};

/* ---- xapi.c ---- */

/* Something may be done: the pump runs soon. */
void xsn_xapi_wake(struct xsn_xapi *xapi);
/*
 * What an answer means for the session. true: what was asked is to be asked again, when xapi is ready for it;
 * repeatable says whether that is so where the answer was lost. false: it is the answer.
 */
bool xsn_xapi_again(struct xsn_xapi *xapi, const struct xsn_xapi_exchange *exchange, bool repeatable,
                    const struct xsn_xapi_reply *reply);
/* All calls that wait end with a copy of err. */
void xsn_xapi_give_up(struct xsn_xapi *xapi, const struct xsnet_error *err);

/* ---- xapi_exchange.c ---- */

struct xsn_xapi_how {
        bool secret;    /* a login: the answer may repeat it */
        bool lasting;   /* see struct xsn_http_call */
        uint64_t limit; /* ns that it may take; 0: whoever asks has a timer */
        char *const *fields;
        size_t n_fields;
};

/* Sends a body (taken, also on failure) over the present link. */
int xsn_xapi_exchange(struct xsn_xapi_exchange *exchange, struct xsn_buf *body, const struct xsn_xapi_how *how,
                      struct xsnet_error **ret_err);
/* Ends it without a call: XSN_HTTP_NOT_SENT or XSN_HTTP_UNKNOWN. One without a request is ignored. */
int xsn_xapi_exchange_cancel(struct xsn_xapi_exchange *exchange);
/* A client of xapi->place. */
int xsn_xapi_link_new(struct xsn_xapi *xapi, struct xsn_xapi_link **ret_link, struct xsnet_error **ret_err);
/* Nobody sends over it any more. NULL is ignored. */
void xsn_xapi_link_leave(struct xsn_xapi_link *link);

/* ---- xapi_login.c ---- */

void xsn_xapi_log_in(struct xsn_xapi *xapi);
void xsn_xapi_forget_session(struct xsn_xapi *xapi);
/* At the end, while nothing is under way. */
void xsn_xapi_log_out(struct xsn_xapi *xapi);
void xsn_xapi_secret_free(char *secret);

/* ---- xapi_call.c ---- */

/* Sends what its phase asks for, or ends the call. */
void xsn_xapi_call_send(struct xsn_xapi_call *call);
/* The call, which waits, ends with err (taken) when the pump runs. */
void xsn_xapi_call_end(struct xsn_xapi_call *call, struct xsnet_error *err);
/* Takes reply->err, and reply->doc. The call is gone, and the session may be. */
void xsn_xapi_call_finish(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply);
/* From the pump: ends a call with its error, or tells its outcome, and its task is yet to be destroyed. */
void xsn_xapi_call_tell(struct xsn_xapi_call *call);
/* Without a call of its fn. */
void xsn_xapi_call_free(struct xsn_xapi_call *call);

/* ---- xapi_task.c ---- */

/* The method and parameters, behind the session, of a phase but the first. */
const char *xsn_xapi_task_method(const struct xsn_xapi_call *call);
void xsn_xapi_task_params(struct xsn_xapi_call *call, struct xsn_xmlrpc_writer *writer);
/* The answer to the first phase: the task's reference. */
void xsn_xapi_task_begin(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply);
/* To another phase. */
void xsn_xapi_task_answer(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply);
/* An event that tells of it, in reply->doc, which a failed task takes. */
void xsn_xapi_task_event(struct xsn_xapi_call *call, const struct xsn_xmlrpc_value *event,
                         struct xsn_xapi_reply *reply);
/* The task is asked for by the next event.from, or by its record where what is known of it is of another session. */
void xsn_xapi_task_follow(struct xsn_xapi_call *call);
/* Its record is asked for. */
void xsn_xapi_task_look(struct xsn_xapi_call *call);

/* ---- xapi_follow.c ---- */

/* From the pump: asks for tasks that nobody asks for, or sets the pump to when it shall. */
void xsn_xapi_follow(struct xsn_xapi *xapi);
/* The parameters of a leader's event.from. */
void xsn_xapi_follow_params(struct xsn_xapi_call *leader, struct xsn_xmlrpc_writer *writer);
/* Its answer. */
void xsn_xapi_follow_answer(struct xsn_xapi_call *leader, struct xsn_xapi_reply *reply);
/* It has none, and is to be asked again: nobody knows what is missed meanwhile. */
void xsn_xapi_follow_lost(struct xsn_xapi_call *leader);
/* A call that is about to go leads no more. */
void xsn_xapi_follow_release(struct xsn_xapi_call *leader);
/* Tokens of the session mean nothing any more. */
void xsn_xapi_follow_forget(struct xsn_xapi *xapi);
/* Before the task begins, or its record is asked for: what changes from now on is behind the token. */
void xsn_xapi_follow_mark(struct xsn_xapi_call *call);
/* Its task has ended. */
void xsn_xapi_follow_pace(const struct xsn_xapi_call *call);

#endif
