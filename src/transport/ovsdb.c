/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection: what the state machine of ovsdb_reconnect.h says is done here, what comes is split, parsed and given
 * to requests and monitors. Every entry from the loop holds the client, so that a callback may close it.
 */
#include "transport/ovsdb.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/ovsdb_priv.h"


#define CONNECT_LIMIT (10000 * XSN_NS_PER_MS)
#define PROBE_AFTER   (5000 * XSN_NS_PER_MS)
#define BACKOFF_MIN   (100 * XSN_NS_PER_MS)
#define BACKOFF_MAX   (5000 * XSN_NS_PER_MS)
#define MAX_REQUESTS  256
/* Read in one dispatch, so that one server does not starve the rest of the loop. */
#define READ_BYTES_MAX (1U << 20)

static void act(struct xsn_ovsdb *client, int action);

static void json_done(json_t **json)
{
        json_decref(*json);
}

/* ---- life ---- */

static void destroy(struct xsn_ovsdb *client)
{
        xsn_ovsdb_stream_close(client->stream);
        client->stream = NULL;
        xsn_ovsdb_free_requests(client);
        while (client->monitors)
                xsn_ovsdb_monitor_free(client->monitors);
        xsn_ovsdb_frame_reset(&client->frame);
        xsn_ovsdb_schema_free(client->schema);
        xsn_ovsdb_endpoint_done(&client->endpoint);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(client->tls_paths); i++)
                xsn_free(client->tls_paths[i]);
        xsn_source_remove(client->timer);
        xsn_free(client->database);
        xsn_free(client->place);
        xsn_free(client);
}

struct xsn_ovsdb *xsn_ovsdb_close(struct xsn_ovsdb *client)
{
        if (!client)
                return NULL;
        if (client->busy > 0)
                client->closed = true;
        else
                destroy(client);
        return NULL;
}

void xsn_ovsdb_set_timer(struct xsn_ovsdb *client)
{
        uint64_t when = xsn_ovsdb_next_deadline(client);

        if (client->reconnect.deadline < when)
                when = client->reconnect.deadline;
        if (client->reconnect.state == XSN_RECONNECT_IDLE)
                when = 0; /* it starts from the loop, so that its errors come from there, too */
        xsn_source_set_time(client->timer, when);
}

static void enter(struct xsn_ovsdb *client)
{
        client->busy++;
}

static void leave(struct xsn_ovsdb *client)
{
        if (--client->busy > 0)
                return;
        if (client->closed)
                destroy(client);
        else
                xsn_ovsdb_set_timer(client);
}

static bool is_alive(const struct xsn_ovsdb *client, uint64_t connection)
{
        return !client->closed && client->stream && client->connection == connection;
}

bool xsn_ovsdb_is_ready(const struct xsn_ovsdb *client)
{
        return client->stream && client->reconnect.state >= XSN_RECONNECT_ACTIVE;
}

bool xsn_ovsdb_has_table(const struct xsn_ovsdb *client, const char *table)
{
        return xsn_ovsdb_schema_table(client->schema, table) != NULL;
}

bool xsn_ovsdb_has_column(const struct xsn_ovsdb *client, const char *table, const char *column)
{
        return xsn_ovsdb_table_column(xsn_ovsdb_schema_table(client->schema, table), column) != NULL;
}

const char *xsn_ovsdb_schema_version(const struct xsn_ovsdb *client)
{
        return client->schema ? client->schema->version : "";
}

/* ---- losing the connection ---- */

/* err is taken. */
static void tell_lost(struct xsn_ovsdb *client, struct xsnet_error *err)
{
        (void)xsn_error_where(&err, 0, "ovsdb %s", client->place);
        if (!client->closed && client->callbacks.lost)
                client->callbacks.lost(err, client->callbacks.userdata);
        xsnet_error_free(err);
}

/* The state machine knows of it. err is taken. */
static void disconnect(struct xsn_ovsdb *client, struct xsnet_error *err)
{
        client->stream = xsn_ovsdb_stream_close(client->stream);
        client->connection++;
        xsn_ovsdb_frame_reset(&client->frame);
        xsn_ovsdb_monitors_stop(client);
        xsn_ovsdb_fail_requests(client, err);
        if (!client->closed)
                xsn_ovsdb_free_requests(client); /* what is queued without a request */
        tell_lost(client, err);
}

void xsn_ovsdb_drop(struct xsn_ovsdb *client, struct xsnet_error *err)
{
        if (!client->stream || client->closed) {
                xsnet_error_free(err);
                return;
        }
        (void)xsn_reconnect_step(&client->reconnect, XSN_RECONNECT_FAILED, xsn_loop_now());
        disconnect(client, err);
}

/* ---- greeting: which databases, which schema ---- */

/* What a reply fn of ours does with an error of the server's, or of its own making. */
static void drop_copy(struct xsn_ovsdb *client, const struct xsnet_error *err)
{
        xsn_ovsdb_drop(client, xsn_error_copy(err));
}

static void drop_for(struct xsn_ovsdb *client, int code, const char *reason, const char *what)
{
        struct xsnet_error *err = NULL;

        (void)xsn_error_set(&err, code, reason, "%s: %s", client->database, what);
        xsn_ovsdb_drop(client, err);
}

static int ask(struct xsn_ovsdb *client, const char *method, json_t *params, xsn_ovsdb_reply_fn fn,
               struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_request model = { .deadline = UINT64_MAX, .internal = true, .fn = fn, .userdata = client };

        return xsn_ovsdb_request_new(client, method, params, &model, NULL, ret_err);
}

static void on_schema(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct xsn_ovsdb *client = userdata;
        struct xsn_ovsdb_schema *schema = NULL;
        struct xsnet_error *fault = NULL;

        if (err) {
                drop_copy(client, err);
                return;
        }
        if (xsn_ovsdb_schema_parse(result, &schema, &fault) < 0) {
                xsn_ovsdb_drop(client, fault);
                return;
        }
        xsn_ovsdb_schema_free(client->schema);
        client->schema = schema;
        (void)xsn_reconnect_step(&client->reconnect, XSN_RECONNECT_READY, xsn_loop_now());
        if (xsn_ovsdb_monitors_start(client, &fault) < 0)
                xsn_ovsdb_drop(client, fault);
        else if (client->callbacks.ready)
                client->callbacks.ready(client->callbacks.userdata);
}

static void on_databases(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct xsn_ovsdb *client = userdata;
        struct xsnet_error *fault = NULL;
        bool found = false;

        if (err) {
                drop_copy(client, err);
                return;
        }
        for (size_t i = 0; i < json_array_size(result) && !found; i++) {
                const char *name = json_string_value(json_array_get(result, i));

                found = name && strcmp(name, client->database) == 0;
        }
        if (!found) {
                drop_for(client, -ENOENT, "no-such-database", "the server does not have this database");
                return;
        }
        if (ask(client, "get_schema", json_pack("[s]", client->database), on_schema, &fault) < 0)
                xsn_ovsdb_drop(client, fault);
}

/* ---- messages ---- */

/* A request of the server's: it must be answered. */
static int take_request(struct xsn_ovsdb *client, const char *method, const json_t *message,
                        struct xsnet_error **ret_err)
{
        json_t *id = json_object_get(message, "id");
        json_t *params = json_object_get(message, "params");

        if (strcmp(method, "echo") == 0 && json_is_array(params))
                return xsn_ovsdb_send(client, json_pack("{sOsOsn}", "id", id, "result", params, "error"), ret_err);
        return xsn_ovsdb_send(client, json_pack("{sOsnss}", "id", id, "result", "error", "unknown method"), ret_err);
}

static int take_message(struct xsn_ovsdb *client, const json_t *message, struct xsnet_error **ret_err)
{
        const json_t *method = json_object_get(message, "method");
        const json_t *id = json_object_get(message, "id");
        const char *name = json_string_value(method);

        if (!method)
                return xsn_ovsdb_take_reply(client, message, ret_err);
        if (!name)
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "a message whose method is no text");
        if (id && !json_is_null(id))
                return take_request(client, name, message, ret_err);
        if (strcmp(name, "update") == 0)
                return xsn_ovsdb_take_update(client, XSN_OVSDB_WHOLE, json_object_get(message, "params"), ret_err);
        if (strcmp(name, "update2") == 0)
                return xsn_ovsdb_take_update(client, XSN_OVSDB_DIFF, json_object_get(message, "params"), ret_err);
        return 0; /* "locked", "stolen", and what later servers may tell */
}

static int parse(const char *text, size_t len, json_t **ret_message, struct xsnet_error **ret_err)
{
        json_error_t error = { .position = 0 };

        *ret_message = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
        if (*ret_message)
                return 0;
        if (json_error_code(&error) == json_error_out_of_memory || json_error_code(&error) == json_error_unknown)
                return xsn_error_oom(ret_err); /* some failed allocations leave no word */
        return xsn_error_set(ret_err, -EPROTO, "bad-reply", "a message that is no JSON: byte %d of %zu", error.position,
                             len);
}

/* All that have come in full. Negative: the connection must go. */
static int take_messages(struct xsn_ovsdb *client, uint64_t connection, struct xsnet_error **ret_err)
{
        const char *text;
        size_t len;
        int r;

        while ((r = xsn_ovsdb_frame_next(&client->frame, &text, &len, ret_err)) > 0) {
                _cleanup_(json_done) json_t *message = NULL;

                r = parse(text, len, &message, ret_err);
                if (r == 0)
                        r = take_message(client, message, ret_err);
                if (r < 0 || !is_alive(client, connection))
                        return r;
        }
        return r;
}

/* Negative: the connection must go. */
static int read_some(struct xsn_ovsdb *client, uint64_t connection, struct xsnet_error **ret_err)
{
        size_t total = 0;

        while (total < READ_BYTES_MAX) {
                size_t size, n = 0;
                char *room;
                int r;

                if (xsn_ovsdb_frame_room(&client->frame, &room, &size) < 0)
                        return xsn_error_oom(ret_err);
                r = xsn_ovsdb_stream_read(client->stream, room, size, &n, ret_err);
                if (r < 0 || n == 0)
                        return r;
                total += n;
                xsn_ovsdb_frame_filled(&client->frame, n);
                act(client, xsn_reconnect_step(&client->reconnect, XSN_RECONNECT_HEARD, xsn_loop_now()));
                r = take_messages(client, connection, ret_err);
                if (r < 0 || !is_alive(client, connection))
                        return r;
        }
        xsn_ovsdb_stream_read_later(client->stream);
        return 0;
}

/* ---- the stream ---- */

/* What was queued meanwhile, the server begins with while who queued it does other things. */
static void write_queued(struct xsn_ovsdb *client, uint64_t connection)
{
        struct xsnet_error *err = NULL;

        /* A fault comes again with the stream's next turn, which sees to what was read before it. */
        if (is_alive(client, connection) && client->out && xsn_ovsdb_flush(client, &err) < 0)
                xsnet_error_free(err);
}

static void on_readable(void *userdata)
{
        struct xsn_ovsdb *client = userdata;
        struct xsnet_error *err = NULL;
        uint64_t connection = client->connection;

        enter(client);
        if (read_some(client, connection, &err) < 0) {
                if (is_alive(client, connection))
                        xsn_ovsdb_drop(client, XSN_TAKE(err));
        }
        xsnet_error_free(err);
        write_queued(client, connection);
        leave(client);
}

static void on_writable(void *userdata)
{
        struct xsn_ovsdb *client = userdata;
        struct xsnet_error *err = NULL;
        uint64_t connection = client->connection;

        enter(client);
        if (xsn_ovsdb_flush(client, &err) < 0) {
                /* Replies may have come before the end: with them fewer outcomes are unknown. */
                on_readable(client);
                if (is_alive(client, connection))
                        xsn_ovsdb_drop(client, XSN_TAKE(err));
        }
        xsnet_error_free(err);
        leave(client);
}

static void on_connected(void *userdata)
{
        struct xsn_ovsdb *client = userdata;
        struct xsnet_error *err = NULL;

        enter(client);
        act(client, xsn_reconnect_step(&client->reconnect, XSN_RECONNECT_CONNECTED, xsn_loop_now()));
        if (ask(client, "list_dbs", json_array(), on_databases, &err) < 0)
                xsn_ovsdb_drop(client, err);
        leave(client);
}

static void on_failed(struct xsnet_error *err, void *userdata)
{
        struct xsn_ovsdb *client = userdata;

        enter(client);
        xsn_ovsdb_drop(client, err);
        leave(client);
}

/* ---- what the state machine wants ---- */

static void start(struct xsn_ovsdb *client)
{
        const struct xsn_ovsdb_stream_listener listener = {
                .connected = on_connected,
                .readable = on_readable,
                .writable = on_writable,
                .failed = on_failed,
                .userdata = client,
        };
        struct xsnet_error *err = NULL;

        client->connection++;
        client->first_id = client->last_id + 1;
        client->n_forgotten = 0;
        client->monitor_cancelled = false;
        client->no_cond = false;
        if (xsn_ovsdb_stream_open(client->loop, &client->endpoint, &client->tls, &listener, &client->stream, &err) == 0)
                return;
        (void)xsn_reconnect_step(&client->reconnect, XSN_RECONNECT_FAILED, xsn_loop_now());
        tell_lost(client, err);
}

static void act(struct xsn_ovsdb *client, int action)
{
        struct xsnet_error *err = NULL;

        switch (action) {
        case XSN_RECONNECT_CONNECT:
                start(client);
                break;
        case XSN_RECONNECT_DROP:
                (void)xsn_error_set(&err, -ETIMEDOUT, "no-answer", "the server does not answer");
                disconnect(client, err);
                break;
        case XSN_RECONNECT_PROBE:
                if (ask(client, "echo", json_array(), NULL, &err) < 0)
                        xsn_ovsdb_drop(client, err);
                break;
        default:
                break;
        }
}

static void on_timer(void *userdata)
{
        struct xsn_ovsdb *client = userdata;
        bool idle = client->reconnect.state == XSN_RECONNECT_IDLE;
        uint64_t now = xsn_loop_now();

        enter(client);
        xsn_ovsdb_expire(client, now);
        if (!client->closed)
                act(client,
                    xsn_reconnect_step(&client->reconnect, idle ? XSN_RECONNECT_START : XSN_RECONNECT_TICK, now));
        leave(client);
}

/* ---- opening ---- */

static int copy_text(const char *text, char **ret_copy)
{
        *ret_copy = text ? xsn_strdup(text) : NULL;
        return !text || *ret_copy ? 0 : -ENOMEM;
}

static int copy_options(struct xsn_ovsdb *client, const struct xsn_ovsdb_options *o)
{
        const struct xsn_reconnect_options times = {
                .backoff_min = o->backoff_min ? o->backoff_min : BACKOFF_MIN,
                .backoff_max = o->backoff_max ? o->backoff_max : BACKOFF_MAX,
                .connect_limit = o->connect_limit ? o->connect_limit : CONNECT_LIMIT,
                .probe_after = o->probe_after ? o->probe_after : PROBE_AFTER,
        };
        struct xsn_ovsdb_limits *limits = &client->frame.limits;

        xsn_reconnect_init(&client->reconnect, &times);
        *limits = o->limits;
        limits->size = limits->size ? limits->size : xsn_ovsdb_default_limits.size;
        limits->values = limits->values ? limits->values : xsn_ovsdb_default_limits.values;
        limits->depth = limits->depth ? limits->depth : xsn_ovsdb_default_limits.depth;
        client->max_requests = o->max_requests ? o->max_requests : MAX_REQUESTS;
        if (copy_text(o->database ? o->database : "Open_vSwitch", &client->database) < 0 ||
            copy_text(o->tls.ca, &client->tls_paths[0]) < 0 ||
            copy_text(o->tls.certificate, &client->tls_paths[1]) < 0 ||
            copy_text(o->tls.key, &client->tls_paths[2]) < 0)
                return -ENOMEM;
        client->tls = (struct xsn_ovsdb_tls){
                .ca = client->tls_paths[0],
                .certificate = client->tls_paths[1],
                .key = client->tls_paths[2],
                .verify = o->tls.verify,
        };
        return 0;
}

int xsn_ovsdb_open(struct xsn_loop *loop, const char *endpoint, const struct xsn_ovsdb_options *options,
                   const struct xsn_ovsdb_callbacks *callbacks, struct xsn_ovsdb **ret_client,
                   struct xsnet_error **ret_err)
{
        static const struct xsn_ovsdb_options defaults = { .database = NULL };
        _cleanup_(xsn_ovsdb_closep) struct xsn_ovsdb *client = xsn_alloc(sizeof(*client));
        int r;

        if (!client)
                return xsn_error_oom(ret_err);
        client->loop = loop;
        client->callbacks = *callbacks;
        client->place = xsn_strdup(endpoint);
        if (!client->place || copy_options(client, options ? options : &defaults) < 0 ||
            xsn_loop_add_timer(loop, on_timer, client, &client->timer) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_ovsdb_endpoint_parse(endpoint, &client->endpoint, ret_err);
        if (r < 0)
                return r;
        xsn_ovsdb_set_timer(client);
        *ret_client = XSN_TAKE(client);
        return 0;
}
