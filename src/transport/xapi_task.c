/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is called as Async. is a task: xapi_follow.c asks for its changes, and nobody sleeps. Where no event has told of
 * it, its record does. A finished task stays until it is destroyed, which nobody waits for.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_error.h"
#include "transport/xapi_priv.h"

const char *xsn_xapi_task_method(const struct xsn_xapi_call *call)
{
        switch (call->phase) {
        case XSN_XAPI_FOLLOW:
                return "event.from";
        case XSN_XAPI_LOOK:
                return "task.get_record";
        default:
                return "task.destroy";
        }
}

void xsn_xapi_task_params(struct xsn_xapi_call *call, struct xsn_xmlrpc_writer *writer)
{
        if (call->phase == XSN_XAPI_FOLLOW)
                xsn_xapi_follow_params(call, writer);
        else
                xsn_xmlrpc_put_text(writer, call->task);
}

static void reply_done(struct xsn_xapi_reply *reply)
{
        xsn_xmlrpc_doc_free(reply->doc);
        xsnet_error_free((struct xsnet_error *)reply->err);
        *reply = (struct xsn_xapi_reply){ .result = NULL };
}

/* Ends the call with an error (taken) that leaves open what became of the task. */
static void lose(struct xsn_xapi_call *call, struct xsnet_error *err)
{
        struct xsn_xapi_reply reply = { .err = err, .unknown = true };

        xsn_xapi_call_finish(call, &reply);
}

static void go_on(struct xsn_xapi_call *call, enum xsn_xapi_phase phase)
{
        call->phase = phase;
        xsn_xapi_wake(call->xapi);
}

void xsn_xapi_task_look(struct xsn_xapi_call *call)
{
        go_on(call, XSN_XAPI_LOOK);
}

void xsn_xapi_task_follow(struct xsn_xapi_call *call)
{
        const struct xsn_xapi *xapi = call->xapi;
        bool present = xapi->session && call->exchange.session == xapi->session_number;

        /* Who answers now may not have the task: of what is not there event.from tells nothing for long. */
        go_on(call, present ? XSN_XAPI_FOLLOW : XSN_XAPI_LOOK);
}

void xsn_xapi_task_begin(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply)
{
        struct xsnet_error *err = NULL;
        const char *task = NULL;
        int r = xsn_xmlrpc_as_text(reply->result, &task, &err);

        if (r == 0) {
                call->task = xsn_strdup(task);
                if (!call->task)
                        r = xsn_error_oom(&err);
        }
        reply_done(reply);
        if (r < 0)
                lose(call, err);
        else
                xsn_xapi_task_follow(call);
}

/* ---- what it came to ---- */

/* What it returned: a <value> as text, or nothing. */
static int read_result(const struct xsn_xmlrpc_value *record, const struct xsn_xmlrpc_limits *limits,
                       struct xsn_xapi_reply *ret_outcome, struct xsnet_error **ret_err)
{
        const char *text;
        int r = xsn_xmlrpc_get_text(record, "result", &text, ret_err);

        if (r == 0)
                r = xsn_xmlrpc_read(*text ? text : "<value/>", *text ? strlen(text) : strlen("<value/>"), limits,
                                    &ret_outcome->doc, ret_err);
        if (r == 0)
                ret_outcome->result = &ret_outcome->doc->root;
        return r < 0 ? xsn_error_prefix(ret_err, r, "the task's result") : 0;
}

/* record is in reply->doc. */
static int read_failure(const struct xsn_xapi_call *call, const struct xsn_xmlrpc_value *record,
                        struct xsn_xapi_reply *reply, struct xsn_xapi_reply *ret_outcome)
{
        const struct xsn_xmlrpc_value *info;
        struct xsnet_error *err = NULL;
        int r = xsn_xmlrpc_get(record, "error_info", XSN_XMLRPC_ARRAY, &info, &err);

        if (r == 0 && info->n > 0) {
                r = xsn_xapi_error_read(info, call->xapi->session, &err);
                ret_outcome->failure = info;
                ret_outcome->unknown = xsn_xapi_error_is_doubtful(info);
                ret_outcome->doc = XSN_TAKE(reply->doc);
        } else if (r == 0) {
                r = xsn_error_set(&err, -EREMOTEIO, "server-error", "the task failed and does not say why");
        }
        ret_outcome->err = err;
        return r;
}

/* The task has ended. */
static void conclude(struct xsn_xapi_call *call, const char *status, const struct xsn_xmlrpc_value *record,
                     struct xsn_xapi_reply *reply)
{
        struct xsn_xapi_reply *outcome = &call->outcome;
        struct xsnet_error *err = NULL;
        int r = -ECANCELED;

        if (strcmp(status, "success") == 0) {
                /* What was done is done, even if nobody can read what it returned. */
                if (read_result(record, &call->xapi->options.limits, outcome, &err) < 0)
                        outcome->unknown = true;
                outcome->err = err;
        } else if (strcmp(status, "cancelled") == 0) {
                (void)xsn_error_set(&err, r, "cancelled", "the task was cancelled");
                outcome->err = err;
        } else {
                (void)read_failure(call, record, reply, outcome);
        }
        call->known = true;
        xsn_xapi_follow_pace(call);
        call->xapi->n_ending++;
        go_on(call, XSN_XAPI_DESTROY);
}

/* A record of it: does it go on? It ends the call with an error where it is none. */
static void read_record(struct xsn_xapi_call *call, const struct xsn_xmlrpc_value *record, struct xsn_xapi_reply *reply)
{
        struct xsnet_error *err = NULL;
        const char *status;

        if (xsn_xmlrpc_get_text(record, "status", &status, &err) < 0) {
                (void)xsn_error_prefix(&err, 0, "the task's record");
                xsn_xapi_call_end(call, err);
        } else if (strcmp(status, "pending") == 0 || strcmp(status, "cancelling") == 0) {
                call->told = true;
                xsn_xapi_task_follow(call);
        } else {
                conclude(call, status, record, reply);
        }
}

void xsn_xapi_task_event(struct xsn_xapi_call *call, const struct xsn_xmlrpc_value *event, struct xsn_xapi_reply *reply)
{
        const struct xsn_xmlrpc_value *record = xsn_xmlrpc_member(event, "snapshot");

        /* Without one it is gone; and where another task has failed, too, reply is that one's. */
        if (record && reply->doc)
                read_record(call, record, reply);
        else
                xsn_xapi_task_look(call);
}

/* Nobody knows it any more: it ended long ago, or the pool has another coordinator. */
static void gone(struct xsn_xapi_call *call)
{
        struct xsnet_error *err = NULL;

        (void)xsn_error_set(&err, -ESTALE, "outcome-unknown", "XAPI does not know the task any more");
        xsn_xapi_call_end(call, err);
}

void xsn_xapi_task_answer(struct xsn_xapi_call *call, struct xsn_xapi_reply *reply)
{
        if (call->phase == XSN_XAPI_FOLLOW && !reply->err) {
                xsn_xapi_follow_answer(call, reply);
        } else if (call->phase == XSN_XAPI_LOOK && !reply->err) {
                read_record(call, reply->result, reply);
        } else if (call->phase == XSN_XAPI_LOOK && xsn_xapi_error_is(reply->failure, "HANDLE_INVALID")) {
                gone(call);
        } else {
                xsn_xapi_call_finish(call, reply);
                return;
        }
        reply_done(reply);
}
