/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch is one call of event.from after another. Each continues where the last one ended; with a new session, or
 * another coordinator, it begins anew, as XAPI's count of changes may have gone back.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_priv.h"

#define EVENT_LIMIT 30.0 /* s that XAPI waits with an answer for something to happen */
#define CALL_LIMIT  (50000 * XSN_NS_PER_MS)

struct xsn_xapi_watch {
        struct xsn_xapi *xapi;
        struct xsn_xapi_listener listener;
        struct xsn_xmlrpc_writer classes;
        char *token; /* NULL: from the beginning */
        struct xsn_xapi_call *call;
        struct xsn_source *timer; /* before the next attempt */
        uint64_t backoff;         /* ns */
        bool lost;                /* the listener knows that it does not work */
        struct xsn_xapi_watch *next, *prev;
};

static void ask(struct xsn_xapi_watch *watch);

static void on_timer(void *userdata)
{
        ask(userdata);
}

/* Tries again, later each time. */
static void failed(struct xsn_xapi_watch *watch, const struct xsnet_error *err)
{
        const struct xsn_xapi_options *options = &watch->xapi->options;
        bool known = watch->lost;

        watch->lost = true;
        watch->token = xsn_free(watch->token);
        watch->backoff = watch->backoff ? 2 * watch->backoff : options->backoff_min;
        if (watch->backoff > options->backoff_max)
                watch->backoff = options->backoff_max;
        xsn_source_set_time(watch->timer, xsn_loop_now() + watch->backoff);
        if (!known && watch->listener.lost)
                watch->listener.lost(err, watch->listener.userdata);
}

static int read_answer(struct xsn_xapi_watch *watch, const struct xsn_xmlrpc_value *answer,
                       const struct xsn_xmlrpc_value **ret_events, const struct xsn_xmlrpc_value **ret_counts,
                       struct xsnet_error **ret_err)
{
        const char *token;
        int r = xsn_xmlrpc_get(answer, "events", XSN_XMLRPC_ARRAY, ret_events, ret_err);

        if (r == 0)
                r = xsn_xmlrpc_get(answer, "valid_ref_counts", XSN_XMLRPC_STRUCT, ret_counts, ret_err);
        if (r == 0)
                r = xsn_xmlrpc_get_text(answer, "token", &token, ret_err);
        if (r < 0)
                return xsn_error_where(ret_err, r, "xapi event.from");
        xsn_free(watch->token);
        watch->token = xsn_strdup(token);
        return watch->token ? 0 : xsn_error_oom(ret_err);
}

static void on_answer(struct xsn_xapi_reply *reply, void *userdata)
{
        struct xsn_xapi_watch *watch = userdata;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        const struct xsn_xmlrpc_value *events, *counts;
        bool first = !watch->token;

        watch->call = NULL;
        if (reply->err || read_answer(watch, reply->result, &events, &counts, &err) < 0) {
                failed(watch, reply->err ? reply->err : err);
                return;
        }
        watch->lost = false;
        watch->backoff = 0;
        xsn_source_set_time(watch->timer, 0);
        if (first || events->n > 0)
                watch->listener.events(events, counts, first, watch->listener.userdata);
}

static void ask(struct xsn_xapi_watch *watch)
{
        struct xsn_xmlrpc_writer params = { .depth = 0 };
        struct xsn_xapi_request request = {
                .method = "event.from",
                .params = &params,
                .flags = XSN_XAPI_LASTING | XSN_XAPI_ONE_SESSION,
                .deadline = xsn_loop_now() + CALL_LIMIT,
                .fn = on_answer,
                .userdata = watch,
        };
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int r;

        xsn_buf_putn(&params.xml, watch->classes.xml.s, watch->classes.xml.len);
        xsn_xmlrpc_put_text(&params, watch->token ? watch->token : "");
        xsn_xmlrpc_put_double(&params, EVENT_LIMIT);
        r = xsn_xapi_call(watch->xapi, &request, &watch->call, &err);
        xsn_xmlrpc_writer_done(&params);
        if (r < 0)
                failed(watch, err);
}

struct xsn_xapi_watch *xsn_xapi_watch_cancel(struct xsn_xapi_watch *watch)
{
        if (!watch)
                return NULL;
        if (watch->next)
                watch->next->prev = watch->prev;
        if (watch->prev)
                watch->prev->next = watch->next;
        else if (watch->xapi->watches == watch)
                watch->xapi->watches = watch->next;
        if (watch->call)
                (void)xsn_xapi_cancel(watch->call);
        xsn_source_remove(watch->timer);
        xsn_xmlrpc_writer_done(&watch->classes);
        xsn_free(watch->token);
        return xsn_free(watch);
}

int xsn_xapi_watch(struct xsn_xapi *xapi, const char *const *classes, size_t n_classes,
                   const struct xsn_xapi_listener *listener, struct xsn_xapi_watch **ret_watch,
                   struct xsnet_error **ret_err)
{
        _cleanup_(xsn_xapi_watch_cancelp) struct xsn_xapi_watch *watch = xsn_alloc(sizeof(*watch));
        int r;

        if (!watch)
                return xsn_error_oom(ret_err);
        watch->xapi = xapi;
        watch->listener = *listener;
        xsn_xmlrpc_begin_array(&watch->classes);
        for (size_t i = 0; i < n_classes; i++)
                xsn_xmlrpc_put_text(&watch->classes, classes[i]);
        xsn_xmlrpc_end_array(&watch->classes);
        r = xsn_xmlrpc_writer_check(&watch->classes, ret_err);
        if (r < 0)
                return r;
        if (xsn_loop_add_timer(xapi->loop, on_timer, watch, &watch->timer) < 0)
                return xsn_error_oom(ret_err);
        xsn_source_set_time(watch->timer, 0);
        watch->next = xapi->watches;
        if (watch->next)
                watch->next->prev = watch;
        xapi->watches = watch;
        *ret_watch = XSN_TAKE(watch);
        return 0;
}
