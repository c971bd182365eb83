/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: each is asked as often as it must be, and ends once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_error.h"
#include "transport/xapi_priv.h"

#define TIDY_LIMIT  (30000 * XSN_NS_PER_MS)
#define INVALID_MAX 3u /* logins that one call may cause because its session is not valid */

/* ---- ends ---- */

static void unlink_call(struct xsn_xapi_call *call)
{
        struct xsn_xapi *xapi = call->xapi;

        if (call->prev)
                call->prev->next = call->next;
        else
                xapi->calls = call->next;
        if (call->next)
                call->next->prev = call->prev;
        else
                xapi->last = call->prev;
        xapi->n_tasks -= call->begun;
        xapi->n_tidying -= !call->fn;
        xapi->n_ending -= call->err || call->known;
}

void xsn_xapi_call_free(struct xsn_xapi_call *call)
{
        xsn_xapi_follow_release(call);
        unlink_call(call);
        (void)xsn_xapi_exchange_cancel(&call->exchange);
        xsn_source_remove(call->timer);
        xsn_xmlrpc_writer_done(&call->params);
        for (size_t i = 0; i < call->n_fields; i++)
                xsn_free(call->fields[i]);
        xsn_free(call->fields);
        xsn_free(call->method);
        xsn_free(call->task);
        xsn_free(call->token);
        xsnet_error_free(call->err);
        xsnet_error_free((struct xsnet_error *)call->outcome.err);
        xsn_xmlrpc_doc_free(call->outcome.doc);
        xsn_free(call);
}

/* Names the call in its error. */
static void complete(const struct xsn_xapi_call *call, struct xsn_xapi_reply *reply)
{
        struct xsnet_error *err = (struct xsnet_error *)reply->err;
        const char *code = xsn_xapi_error_code(reply->failure);

        if (!err)
                return;
        (void)xsn_error_where(&err, 0, "xapi %s%s%.80s", call->method, *code ? ": " : "", code);
        xsn_log(call->xapi->context, "xapi: %s: %s", call->method, xsnet_error_get_reason(err));
        reply->result = NULL;
        reply->err = err;
}

static void give(struct xsn_xapi_reply *reply, xsn_xapi_fn fn, void *userdata)
{
        fn(reply, userdata);
        xsn_xmlrpc_doc_free(reply->doc);
        xsnet_error_free((struct xsnet_error *)reply->err);
}

/* The call has told its end already: whatever became of its task. */
static void tidied(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply)
{
        struct xsn_xapi *xapi = call->xapi;
        xsn_xapi_tidy_fn fn = xapi->n_tidying == 1 ? xapi->tidy_fn : NULL;

        xsn_xmlrpc_doc_free(reply->doc);
        xsnet_error_free((struct xsnet_error *)reply->err);
        xsn_xapi_wake(xapi);
        xsn_xapi_call_free(call);
        if (!fn)
                return;
        xapi->tidy_fn = NULL;
        fn(xapi->tidy_userdata);
}

void xsn_xapi_call_finish(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply)
{
        void *userdata = call->userdata;
        xsn_xapi_fn fn = call->fn;

        if (!fn) {
                tidied(call, reply);
                return;
        }
        complete(call, reply);
        xsn_xapi_wake(call->xapi);
        xsn_xapi_call_free(call);
        give(reply, fn, userdata);
}

/* Nobody waits for the end of a task that is destroyed. */
static void tell_outcome(struct xsn_xapi_call *call)
{
        struct xsn_xapi_reply outcome = call->outcome;
        xsn_xapi_fn fn = XSN_TAKE(call->fn);

        call->outcome = (struct xsn_xapi_reply){ .result = NULL };
        call->known = false;
        call->xapi->n_ending--;
        call->xapi->n_tidying++;
        call->xapi->n_tasks -= call->begun;
        call->begun = false;
        xsn_source_set_time(call->timer, xsn_loop_now() + TIDY_LIMIT);
        complete(call, &outcome);
        xsn_xapi_wake(call->xapi);
        give(&outcome, fn, call->userdata);
}

void xsn_xapi_call_tell(struct xsn_xapi_call *call)
{
        struct xsn_xapi_reply reply = { .err = call->err, .unknown = call->doubt || call->task };

        if (call->known) {
                tell_outcome(call);
                return;
        }
        call->err = NULL;
        call->xapi->n_ending--;
        xsn_xapi_call_finish(call, &reply);
}

/* The deadline has passed. Why nothing was done by then is known where the session is in trouble. */
static struct xsnet_error *late_error(const struct xsn_xapi_call *call)
{
        struct xsnet_error *err = NULL;
        int r = -ETIMEDOUT;

        if (call->doubt) {
                (void)xsn_error_set(&err, r, "outcome-unknown", "no answer before the deadline");
        } else if (call->xapi->trouble) {
                err = xsn_error_copy(call->xapi->trouble);
                (void)xsn_error_prefix(&err, 0, "the deadline has passed");
        } else {
                (void)xsn_error_set(&err, r, "not-sent", "the deadline has passed before it could be sent");
        }
        return err;
}

static void on_deadline(void *userdata)
{
        struct xsn_xapi_call *call = userdata;
        struct xsn_xapi_reply reply = { .result = NULL };
        int outcome = xsn_xapi_exchange_cancel(&call->exchange);

        if (call->known) {
                xsn_xapi_call_tell(call);
                return;
        }
        call->doubt |= outcome == XSN_HTTP_UNKNOWN || call->task;
        /* Where the answer is lost because addresses have changed, the other connections are dead, too. */
        if (outcome == XSN_HTTP_UNKNOWN)
                xsn_http_renew(call->xapi->link->http);
        reply.err = late_error(call);
        reply.unknown = call->doubt;
        xsn_xapi_call_finish(call, &reply);
}

bool xsn_xapi_cancel(struct xsn_xapi_call *call)
{
        bool doubt = call->doubt || call->task;

        doubt |= xsn_xapi_exchange_cancel(&call->exchange) == XSN_HTTP_UNKNOWN;
        xsn_xapi_wake(call->xapi);
        xsn_xapi_call_free(call);
        return !doubt;
}

/* ---- answers ---- */

/* Does the session's end end the call, too? */
static bool ends_with_session(const struct xsn_xapi_call *call, const struct xsn_xapi_reply *reply)
{
        if (!(call->flags & XSN_XAPI_ONE_SESSION) || !reply->err)
                return false;
        return !reply->failure || xsn_xapi_error_is(reply->failure, "SESSION_INVALID") ||
               xsn_xapi_error_is(reply->failure, "HOST_IS_SLAVE") || xsn_xapi_error_is_passing(reply->failure);
}

/* Is it asked again? */
static bool goes_on(struct xsn_xapi_call *call, const struct xsn_xapi_reply *reply)
{
        bool repeatable = call->phase != XSN_XAPI_CALL || call->flags & XSN_XAPI_REPEATABLE;
        bool ends = ends_with_session(call, reply);

        if (xsn_xapi_error_is(reply->failure, "SESSION_INVALID") && ++call->n_invalid > INVALID_MAX)
                return false;
        /* The session is to know of it in any case. */
        return xsn_xapi_again(call->xapi, &call->exchange, repeatable && !ends, reply) && !ends;
}

static void on_answer(struct xsn_xapi_exchange *exchange, struct xsn_xapi_reply *reply)
{
        struct xsn_xapi_call *call =
                (struct xsn_xapi_call *)((char *)exchange - offsetof(struct xsn_xapi_call, exchange));

        if (call->phase == XSN_XAPI_CALL)
                call->doubt |= reply->unknown;
        if (goes_on(call, reply)) {
                xsn_xmlrpc_doc_free(reply->doc);
                xsnet_error_free((struct xsnet_error *)reply->err);
                if (call->phase == XSN_XAPI_FOLLOW)
                        xsn_xapi_follow_lost(call);
                xsn_xapi_wake(call->xapi);
                return;
        }
        reply->unknown = reply->err && (call->doubt || call->task);
        if (call->phase != XSN_XAPI_CALL)
                xsn_xapi_task_answer(call, reply);
        else if (call->flags & XSN_XAPI_ASYNC && !reply->err)
                xsn_xapi_task_begin(call, reply);
        else
                xsn_xapi_call_finish(call, reply);
}

/* ---- beginnings ---- */

void xsn_xapi_call_end(struct xsn_xapi_call *call, struct xsnet_error *err)
{
        call->err = err;
        call->xapi->n_ending++;
        xsn_xapi_wake(call->xapi);
}

static int build_body(struct xsn_xapi_call *call, struct xsn_buf *ret_body, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_xmlrpc_writer_done) struct xsn_xmlrpc_writer params = { .depth = 0 };
        const char *session = call->xapi->session;
        char method[160];

        if (call->phase != XSN_XAPI_CALL) {
                xsn_xapi_task_params(call, &params);
                return xsn_xmlrpc_request(xsn_xapi_task_method(call), &session, 1, &params, ret_body, ret_err);
        }
        (void)snprintf(method, sizeof(method), "%s%s", call->flags & XSN_XAPI_ASYNC ? "Async." : "", call->method);
        return xsn_xmlrpc_request(method, &session, 1, &call->params, ret_body, ret_err);
}

void xsn_xapi_call_send(struct xsn_xapi_call *call)
{
        struct xsn_xapi_how how = {
                .lasting = call->phase == XSN_XAPI_FOLLOW || call->flags & XSN_XAPI_LASTING,
                .fields = call->phase == XSN_XAPI_CALL ? call->fields : NULL,
                .n_fields = call->n_fields,
        };
        struct xsnet_error *err = NULL;
        struct xsn_buf body = { 0 };

        call->exchange.done = on_answer;
        if (call->flags & XSN_XAPI_ASYNC && (call->phase == XSN_XAPI_CALL || call->phase == XSN_XAPI_LOOK))
                xsn_xapi_follow_mark(call);
        if (call->phase == XSN_XAPI_CALL)
                call->since = xsn_loop_now();
        if (build_body(call, &body, &err) < 0 || xsn_xapi_exchange(&call->exchange, &body, &how, &err) < 0) {
                xsn_xapi_call_end(call, err);
                return;
        }
        if (call->flags & XSN_XAPI_ASYNC && call->phase == XSN_XAPI_CALL && !call->begun) {
                call->begun = true;
                call->xapi->n_tasks++;
        }
}

static int copy_fields(struct xsn_xapi_call *call, const struct xsn_xapi_request *request)
{
        if (!request->fields)
                return 0;
        call->fields = xsn_alloc_array(request->n_fields, sizeof(*call->fields));
        if (!call->fields)
                return -ENOMEM;
        for (size_t i = 0; i < request->n_fields; i++) {
                call->fields[i] = xsn_strdup(request->fields[i]);
                if (!call->fields[i])
                        return -ENOMEM;
                call->n_fields++;
        }
        return 0;
}

static int fill(struct xsn_xapi_call *call, const struct xsn_xapi_request *request)
{
        uint64_t deadline = request->deadline ? request->deadline : xsn_loop_now() + call->xapi->options.call_limit;

        call->method = xsn_strdup(request->method);
        if (request->params)
                xsn_buf_putn(&call->params.xml, request->params->xml.s ? request->params->xml.s : "",
                             request->params->xml.len);
        if (!call->method || call->params.xml.failed || copy_fields(call, request) < 0 ||
            xsn_loop_add_timer(call->xapi->loop, on_deadline, call, &call->timer) < 0)
                return -ENOMEM;
        xsn_source_set_time(call->timer, deadline);
        return 0;
}

int xsn_xapi_call(struct xsn_xapi *xapi, const struct xsn_xapi_request *request, struct xsn_xapi_call **ret_call,
                  struct xsnet_error **ret_err)
{
        struct xsn_xapi_call *call;
        int r = request->params ? xsn_xmlrpc_writer_check(request->params, ret_err) : 0;

        if (r < 0)
                return xsn_error_where(ret_err, r, "xapi %s", request->method);
        /* The frame of a request, with the method and a session, is less than 1000 bytes. */
        if (request->params && request->params->xml.len > XSN_XAPI_BODY_MAX - 1000) {
                r = xsn_error_set(ret_err, -EMSGSIZE, "too-big", "XAPI takes no call of more than %u bytes",
                                  XSN_XAPI_BODY_MAX);
                return xsn_error_where(ret_err, r, "xapi %s", request->method);
        }
        call = xsn_alloc(sizeof(*call));
        if (!call)
                return xsn_error_oom(ret_err);
        call->xapi = call->exchange.xapi = xapi;
        call->flags = request->flags;
        call->fn = request->fn;
        call->userdata = request->userdata;
        call->prev = xapi->last;
        if (call->prev)
                call->prev->next = call;
        else
                xapi->calls = call;
        xapi->last = call;
        if (fill(call, request) < 0) {
                xsn_xapi_call_free(call);
                return xsn_error_oom(ret_err);
        }
        xsn_xapi_wake(xapi);
        if (ret_call)
                *ret_call = call;
        return 0;
}
