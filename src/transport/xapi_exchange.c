/* SPDX-License-Identifier: Apache-2.0 */
/* One request over the present link, and what its answer says. Used by calls and logins. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_error.h"
#include "transport/xapi_priv.h"

/* ---- links ---- */

int xsn_xapi_link_new(struct xsn_xapi *xapi, struct xsn_xapi_link **ret_link, struct xsnet_error **ret_err)
{
        struct xsn_xapi_link *link = xsn_alloc(sizeof(*link));
        int r;

        if (!link)
                return xsn_error_oom(ret_err);
        r = xsn_http_new(xapi->loop, &xapi->place, &xapi->options.http, &link->http, ret_err);
        if (r < 0) {
                xsn_free(link);
                return r;
        }
        *ret_link = link;
        return 0;
}

static void link_free(struct xsn_xapi_link *link)
{
        xsn_http_free(link->http);
        xsn_free(link);
}

void xsn_xapi_link_leave(struct xsn_xapi_link *link)
{
        if (link && link->n_requests == 0)
                link_free(link);
}

/* The request has ended. */
static void link_release(struct xsn_xapi_exchange *exchange)
{
        struct xsn_xapi_link *link = XSN_TAKE(exchange->link);

        exchange->present = link == exchange->xapi->link;
        if (--link->n_requests == 0 && !exchange->present)
                link_free(link);
}

/* ---- answers ---- */

/* An error's description: texts, and at least a code. */
static int check_failure(const struct xsn_xmlrpc_value *failure, struct xsnet_error **ret_err)
{
        int r = xsn_xmlrpc_check(failure, XSN_XMLRPC_ARRAY, ret_err);

        if (r == 0 && failure->n == 0)
                r = xsn_error_set(ret_err, -EBADMSG, "bad-reply", "expected a code, found an empty array");
        for (uint32_t i = 0; r == 0 && i < failure->n; i++)
                r = xsn_xmlrpc_check(&failure->items[i], XSN_XMLRPC_STRING, ret_err);
        return r < 0 ? xsn_error_prefix(ret_err, r, "ErrorDescription") : r;
}

/* {Status, Value} or {Status, ErrorDescription}; few calls of the server itself answer without that. */
static int open_envelope(const struct xsn_xapi *xapi, struct xsn_xapi_reply *reply, struct xsnet_error **ret_err)
{
        const struct xsn_xmlrpc_value *root = &reply->doc->root, *failure;
        const char *status;
        int r;

        if (!xsn_xmlrpc_member(root, "Status")) {
                reply->result = root;
                return 0;
        }
        r = xsn_xmlrpc_get_text(root, "Status", &status, ret_err);
        if (r < 0)
                return r;
        if (strcmp(status, "Success") == 0) {
                reply->result = xsn_xmlrpc_member(root, "Value");
                if (!reply->result)
                        return xsn_error_set(ret_err, -EBADMSG, "bad-reply", "Success without a Value");
                return 0;
        }
        if (strcmp(status, "Failure") != 0)
                return xsn_error_set(ret_err, -EBADMSG, "bad-reply", "Status is neither Success nor Failure");
        failure = xsn_xmlrpc_member(root, "ErrorDescription");
        r = check_failure(failure, ret_err);
        if (r < 0)
                return r;
        reply->failure = failure;
        return xsn_xapi_error_read(failure, xapi->session, ret_err);
}

/* The same error, without a word of what came; those of libcurl stay. */
static void keep_secret(const struct xsn_xapi_reply *reply, struct xsnet_error **err)
{
        const char *code = xsn_xapi_error_code(reply->failure), *reason = xsnet_error_get_reason(*err);
        struct xsnet_error *own = NULL;

        if (!*code && strcmp(reason, "bad-reply") != 0 && strcmp(reason, "server-error") != 0)
                return;
        (void)xsn_error_set(&own, xsnet_error_get_code(*err), reason, "%s%.80s",
                            *code ? "XAPI answers " : "the answer is none that can be read", code);
        xsnet_error_free(*err);
        *err = own;
}

static int receive(const char *data, size_t len, void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_xapi_exchange *exchange = userdata;

        return xsn_xmlrpc_reader_feed(exchange->reader, data, len, ret_err);
}

static void on_done(int outcome, const struct xsnet_error *err, void *userdata)
{
        struct xsn_xapi_exchange *exchange = userdata;
        _cleanup_(xsn_xmlrpc_reader_freep) struct xsn_xmlrpc_reader *reader = XSN_TAKE(exchange->reader);
        struct xsn_xapi_reply reply = { .result = NULL };
        struct xsnet_error *own = NULL;
        int r = 0;

        exchange->request = NULL;
        exchange->sent = outcome != XSN_HTTP_NOT_SENT;
        link_release(exchange);
        if (err)
                own = xsn_error_copy(err);
        else
                r = xsn_xmlrpc_reader_end(reader, &reply.doc, &own);
        if (reply.doc)
                r = open_envelope(exchange->xapi, &reply, &own);
        if (own && exchange->secret)
                keep_secret(&reply, &own);
        /* An answer that nobody understands tells nothing. */
        if (reply.failure)
                reply.unknown = xsn_xapi_error_is_doubtful(reply.failure);
        else
                reply.unknown = own && (outcome == XSN_HTTP_UNKNOWN || !err);
        if (r < 0)
                reply.result = NULL;
        reply.err = own;
        exchange->done(exchange, &reply);
}

/* ---- requests ---- */

int xsn_xapi_exchange(struct xsn_xapi_exchange *exchange, struct xsn_buf *body, const struct xsn_xapi_how *how,
                      struct xsnet_error **ret_err)
{
        struct xsn_xapi *xapi = exchange->xapi;
        struct xsn_http_call call = {
                .body = body->s,
                .len = body->len,
                .secret = how->secret,
                .lasting = how->lasting,
                .deadline = how->limit ? xsn_loop_now() + how->limit : UINT64_MAX,
                .max_reply = xapi->options.limits.text,
                .receive = receive,
                .done = on_done,
                .userdata = exchange,
        };
        int r = xsn_xmlrpc_reader_new(&xapi->options.limits, &exchange->reader, ret_err);

        *body = (struct xsn_buf){ 0 };
        if (r < 0) {
                explicit_bzero(call.body, call.len);
                xsn_free(call.body);
                return r;
        }
        /* {Status, Value: {reference: {field: ...}}} */
        if (how->fields)
                xsn_xmlrpc_reader_keep(exchange->reader, (const char *const *)how->fields, how->n_fields, 3);
        r = xsn_http_post(xapi->link->http, &call, &exchange->request, ret_err);
        if (r < 0) {
                exchange->reader = xsn_xmlrpc_reader_free(exchange->reader);
                return r;
        }
        exchange->link = xapi->link;
        exchange->link->n_requests++;
        exchange->session = xapi->session_number;
        exchange->secret = how->secret;
        return 0;
}

int xsn_xapi_exchange_cancel(struct xsn_xapi_exchange *exchange)
{
        int outcome;

        if (!exchange->request)
                return XSN_HTTP_NOT_SENT;
        outcome = xsn_http_cancel(exchange->request);
        exchange->request = NULL;
        exchange->reader = xsn_xmlrpc_reader_free(exchange->reader);
        link_release(exchange);
        return outcome;
}
