/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: queued as text, written when the stream takes it, ended by a reply, their deadline, the loss of the
 * connection, or their owner. A server acts on whole messages alone: what was not written to its end was not done.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "transport/ovsdb_error.h"
#include "transport/ovsdb_priv.h"

/* What may wait to be written: a server that asks for echoes and reads no answers. */
#define OUT_BYTES_MAX (64U << 20)

static void json_done(json_t **json)
{
        json_decref(*json);
}

/* ---- the queue ---- */

static void out_free(struct xsn_ovsdb *client, struct xsn_ovsdb_out *out)
{
        client->out_bytes -= out->len;
        if (out->request)
                out->request->out = NULL;
        xsn_free(out->text);
        xsn_free(out);
}

static void out_remove(struct xsn_ovsdb *client, struct xsn_ovsdb_out *out)
{
        struct xsn_ovsdb_out *before = NULL;

        for (struct xsn_ovsdb_out *at = client->out; at != out; at = at->next)
                before = at;
        if (before)
                before->next = out->next;
        else
                client->out = out->next;
        if (client->last_out == out)
                client->last_out = before;
        out_free(client, out);
}

static int put_text(const char *text, size_t len, void *userdata)
{
        struct xsn_buf *buf = userdata;

        xsn_buf_putn(buf, text, len);
        return buf->failed ? -1 : 0;
}

/* request (may be NULL) is set to wait for it. */
static int queue(struct xsn_ovsdb *client, const json_t *message, struct xsn_ovsdb_request *request,
                 struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) struct xsn_ovsdb_out *out = xsn_alloc(sizeof(*out));
        _cleanup_(xsn_buf_done) struct xsn_buf buf = { 0 };

        if (!out || json_dump_callback(message, put_text, &buf, JSON_COMPACT) < 0 || buf.failed)
                return xsn_error_oom(ret_err);
        if (buf.len > OUT_BYTES_MAX)
                return xsn_error_set(ret_err, -EMSGSIZE, "too-big", "a request of more than %u bytes", OUT_BYTES_MAX);
        if (client->out_bytes > OUT_BYTES_MAX - buf.len)
                return xsn_error_set(ret_err, -ENOBUFS, "too-many-requests",
                                     "the server does not read what is sent to it");
        out->len = buf.len;
        if (xsn_buf_take(&buf, &out->text) < 0)
                return xsn_error_oom(ret_err);
        client->out_bytes += out->len;
        out->request = request;
        if (request)
                request->out = out;
        if (client->last_out)
                client->last_out->next = out;
        else
                client->out = out;
        client->last_out = XSN_TAKE(out);
        (void)xsn_ovsdb_stream_want_write(client->stream, true); /* where that fails, a probe finds the stream dead */
        return 0;
}

int xsn_ovsdb_send(struct xsn_ovsdb *client, json_t *message, struct xsnet_error **ret_err)
{
        _cleanup_(json_done) json_t *taken = message;

        return taken ? queue(client, taken, NULL, ret_err) : xsn_error_oom(ret_err);
}

int xsn_ovsdb_flush(struct xsn_ovsdb *client, struct xsnet_error **ret_err)
{
        while (client->out) {
                struct xsn_ovsdb_out *out = client->out;
                size_t n = 0;
                int r;

                out->begun = true;
                r = xsn_ovsdb_stream_write(client->stream, out->text + out->written, out->len - out->written, &n,
                                           ret_err);
                if (r < 0)
                        return r;
                if (n == 0)
                        return 0;
                out->written += n;
                if (out->written == out->len)
                        out_remove(client, out);
        }
        (void)xsn_ovsdb_stream_want_write(client->stream, false);
        return 0;
}

/* ---- requests ---- */

static void unlink_request(struct xsn_ovsdb_request *request)
{
        struct xsn_ovsdb *client = request->client;

        if (request->next)
                request->next->prev = request->prev;
        else
                client->last_request = request->prev;
        if (request->prev)
                request->prev->next = request->next;
        else
                client->requests = request->next;
        client->n_requests -= !request->internal;
        if (request->out)
                request->out->request = NULL;
}

static void link_request(struct xsn_ovsdb_request *request)
{
        struct xsn_ovsdb *client = request->client;

        request->prev = client->last_request;
        if (request->prev)
                request->prev->next = request;
        else
                client->requests = request;
        client->last_request = request;
        client->n_requests += !request->internal;
}

int xsn_ovsdb_request_new(struct xsn_ovsdb *client, const char *method, json_t *params,
                          const struct xsn_ovsdb_request *model, struct xsn_ovsdb_request **ret_request,
                          struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) struct xsn_ovsdb_request *request = NULL;
        _cleanup_(json_done) json_t *message = NULL;
        int r;

        if (!params)
                return xsn_error_oom(ret_err);
        request = xsn_memdup(model, sizeof(*model));
        message = json_pack("{sIssso}", "id", client->last_id + 1, "method", method, "params", params);
        if (!request || !message) /* json_pack() has dropped params */
                return xsn_error_oom(ret_err);
        request->client = client;
        request->id = client->last_id + 1;
        r = queue(client, message, request, ret_err);
        if (r < 0)
                return r;
        client->last_id++;
        link_request(request);
        if (ret_request)
                *ret_request = request;
        request = NULL;
        xsn_ovsdb_set_timer(client);
        return 0;
}

static int check_ready(const struct xsn_ovsdb *client, struct xsnet_error **ret_err)
{
        if (!xsn_ovsdb_is_ready(client))
                return xsn_error_set(ret_err, -ENOTCONN, "not-connected", "there is no connection to %s",
                                     client->place);
        if (client->n_requests >= client->max_requests)
                return xsn_error_set(ret_err, -EBUSY, "too-many-requests", "%zu requests wait for their replies",
                                     client->n_requests);
        return 0;
}

int xsn_ovsdb_call(struct xsn_ovsdb *client, const char *method, const json_t *params, uint64_t deadline,
                   xsn_ovsdb_reply_fn fn, void *userdata, struct xsn_ovsdb_request **ret_request,
                   struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_request model = { .deadline = deadline, .fn = fn, .userdata = userdata };
        int r = check_ready(client, ret_err);

        if (r < 0)
                return r;
        return xsn_ovsdb_request_new(client, method, json_incref((json_t *)(uintptr_t)params), &model, ret_request,
                                     ret_err);
}

int xsn_ovsdb_transact(struct xsn_ovsdb *client, const json_t *ops, uint64_t deadline, xsn_ovsdb_reply_fn fn,
                       void *userdata, struct xsn_ovsdb_request **ret_request, struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_request model = {
                .deadline = deadline,
                .fn = fn,
                .userdata = userdata,
                .transaction = true,
                .n_ops = json_array_size(ops),
        };
        _cleanup_(json_done) json_t *params = NULL;
        int r = check_ready(client, ret_err);

        if (r < 0)
                return r;
        params = json_pack("[s]", client->database);
        if (!params || json_array_extend(params, (json_t *)(uintptr_t)ops) < 0)
                return xsn_error_oom(ret_err);
        return xsn_ovsdb_request_new(client, "transact", XSN_TAKE(params), &model, ret_request, ret_err);
}

/* Takes the request out; true: nothing of it was sent, nor will be. */
static bool forget(struct xsn_ovsdb_request *request)
{
        struct xsn_ovsdb *client = request->client;
        struct xsn_ovsdb_out *out = request->out;

        unlink_request(request);
        if (out && !out->begun) {
                out_remove(client, out);
                return true;
        }
        client->n_forgotten++;
        /* A wish: a transaction that waits would go on waiting there. Servers before 2.10 answer it with nothing. */
        if (request->transaction && client->stream)
                (void)xsn_ovsdb_send(client, json_pack("{snsss[I]}", "id", "method", "cancel", "params", request->id),
                                     NULL);
        return false;
}

bool xsn_ovsdb_cancel(struct xsn_ovsdb_request *request)
{
        bool unsent = forget(request);

        xsn_free(request);
        return unsent;
}

/* Calls who waits; err is taken. The request is out of the list. */
static void end_request(struct xsn_ovsdb_request *request, const json_t *result, struct xsnet_error *err)
{
        (void)xsn_error_where(&err, 0, "ovsdb %s", request->client->place);
        if (request->fn)
                request->fn(result, err, request->userdata);
        xsnet_error_free(err);
        xsn_free(request);
}

uint64_t xsn_ovsdb_next_deadline(const struct xsn_ovsdb *client)
{
        uint64_t next = UINT64_MAX;

        for (const struct xsn_ovsdb_request *request = client->requests; request; request = request->next)
                next = request->deadline < next ? request->deadline : next;
        return next;
}

void xsn_ovsdb_expire(struct xsn_ovsdb *client, uint64_t now)
{
        struct xsn_ovsdb_request *request = client->requests;

        while (request && !client->closed) {
                struct xsnet_error *err = NULL;

                if (request->deadline > now) {
                        request = request->next;
                        continue;
                }
                if (forget(request))
                        (void)xsn_error_set(&err, -ETIMEDOUT, "not-sent", "the deadline passed before it was sent");
                else
                        (void)xsn_error_set(&err, -ETIMEDOUT, "outcome-unknown",
                                            "the deadline passed before the server answered");
                end_request(request, NULL, err);
                request = client->requests; /* the call may have changed the list */
        }
}

void xsn_ovsdb_fail_requests(struct xsn_ovsdb *client, const struct xsnet_error *why)
{
        struct xsn_ovsdb_request *request;

        while (!client->closed && (request = client->requests)) {
                struct xsnet_error *err = NULL;
                bool unsent = request->out != NULL;

                unlink_request(request);
                if (request->internal)
                        request->fn = NULL; /* the connection's own: it knows */
                else
                        (void)xsn_error_set(&err, -ECONNRESET, unsent ? "not-sent" : "outcome-unknown", "%s: %s",
                                            unsent ? "it was not sent"
                                                   : "the connection was lost before the "
                                                     "server answered",
                                            xsnet_error_get_message(why));
                end_request(request, NULL, err);
        }
}

void xsn_ovsdb_free_requests(struct xsn_ovsdb *client)
{
        while (client->requests) {
                struct xsn_ovsdb_request *request = client->requests;

                unlink_request(request);
                xsn_free(request);
        }
        while (client->out)
                out_remove(client, client->out);
}

/* ---- replies ---- */

static int bad_reply(struct xsnet_error **ret_err, const char *what)
{
        return xsn_error_set(ret_err, -EPROTO, "bad-reply", "%s", what);
}

static struct xsn_ovsdb_request *find(struct xsn_ovsdb *client, json_int_t id)
{
        struct xsn_ovsdb_request *request = client->requests;

        while (request && request->id != id)
                request = request->next;
        return request;
}

int xsn_ovsdb_take_reply(struct xsn_ovsdb *client, const json_t *message, struct xsnet_error **ret_err)
{
        const json_t *id = json_object_get(message, "id");
        const json_t *error = json_object_get(message, "error");
        const json_t *result = json_object_get(message, "result");
        struct xsn_ovsdb_request *request;
        struct xsnet_error *err = NULL;

        if (!json_is_integer(id) || json_integer_value(id) < client->first_id ||
            json_integer_value(id) > client->last_id)
                return bad_reply(ret_err, "a reply to no request");
        request = find(client, json_integer_value(id));
        if (!request && client->n_forgotten > 0) {
                client->n_forgotten--;
                return 0;
        }
        if (!request || request->out)
                return bad_reply(ret_err, "a reply to no request");
        if (error && !json_is_null(error))
                (void)xsn_ovsdb_error_read(error, &err);
        else if (!result)
                return bad_reply(ret_err, "a reply without result and error");
        else if (request->transaction && xsn_ovsdb_result_check(result, request->n_ops, &err) == -EBADMSG)
                return bad_reply(ret_err, "a reply that does not fit the transaction");
        unlink_request(request);
        end_request(request, err ? NULL : result, err);
        return 0;
}
