/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OVSDB server that says what a test wants, on a unix socket and a loop of its own, and a client that notes what
 * it is told. The server answers a method by its row in `answers`, "$ID" being the request's.
 */
#ifndef OVSDB_SCRIPT_H
#define OVSDB_SCRIPT_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "failalloc.h"
#include "ovsdb_folder.h"
#include "slow.h"
#include "transport/ovsdb.h"

#define MS       UINT64_C(1000000)
#define PATIENCE (slow(20000) * MS) /* of a test: a fault, not a measurement */

struct answer {
        const char *method;
        const char *text; /* NULL: none; "close": the connection ends */
};

struct server {
        struct xsn_loop *loop;
        char path[64];
        char place[80];
        int listen_fd, fd;
        struct xsn_source *listen_source, *source;
        struct xsn_ovsdb_frame frame;
        const struct answer *answers; /* before the usual ones; ends with a method NULL */
        json_t *heard;                /* every message, of all connections */
        int n_connections;
        struct xsn_buf pending; /* to send */
        size_t said;            /* of it */
        size_t piece;           /* bytes a send; 0: all */
        size_t cut_after;       /* bytes of the answer to transact, then the connection ends; SIZE_MAX: no */
};

#define SCRIPT_SCHEMA                                                                                   \
        "{\"name\":\"Open_vSwitch\",\"version\":\"8.3.1\",\"tables\":{"                                 \
        "\"Port\":{\"columns\":{\"name\":{\"type\":\"string\"},\"tag\":{\"type\":{\"key\":\"integer\"," \
        "\"min\":0,\"max\":1}},\"ids\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,"   \
        "\"max\":\"unlimited\"}},\"protected\":{\"type\":\"boolean\"}}}}}"

static const struct answer usual_answers[] = {
        { "list_dbs", "{\"id\":$ID,\"result\":[\"Open_vSwitch\",\"_Server\"],\"error\":null}" },
        { "get_schema", "{\"id\":$ID,\"error\":null,\"result\":" SCRIPT_SCHEMA "}" },
        { "echo", "{\"id\":$ID,\"result\":[],\"error\":null}" },
        { "transact", "{\"id\":$ID,\"result\":[{}],\"error\":null}" },
        { "monitor_cond", "{\"id\":$ID,\"result\":{},\"error\":null}" },
        { "monitor", "{\"id\":$ID,\"result\":{},\"error\":null}" },
        { "monitor_cancel", "{\"id\":$ID,\"result\":{},\"error\":null}" },
        { NULL, NULL },
};

static inline void server_hang_up(struct server *server)
{
        if (server->fd < 0)
                return;
        server->source = xsn_source_remove(server->source);
        close(server->fd);
        server->fd = -1;
        xsn_buf_done(&server->pending);
        server->said = 0;
        xsn_ovsdb_frame_reset(&server->frame);
}

/* Sends what the client's buffer takes, in pieces; the client may have gone. */
static inline void server_flush(struct server *server)
{
        while (server->said < server->pending.len && server->fd >= 0) {
                size_t left = server->pending.len - server->said;
                size_t size = server->piece && server->piece < left ? server->piece : left;
                ssize_t n = send(server->fd, server->pending.s + server->said, size, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n <= 0)
                        return;
                server->said += (size_t)n;
        }
        xsn_buf_done(&server->pending);
        server->said = 0;
}

static inline void server_say(struct server *server, const char *text, size_t len)
{
        xsn_buf_putn(&server->pending, text, len);
        server_flush(server);
}

static inline void server_say_text(struct server *server, const char *text)
{
        server_say(server, text, strlen(text));
}

static inline const struct answer *answer_for(const struct answer *answers, const char *method)
{
        for (; answers && answers->method; answers++)
                if (strcmp(answers->method, method) == 0)
                        return answers;
        return NULL;
}

static inline void server_answer(struct server *server, const json_t *message)
{
        const char *method = json_string_value(json_object_get(message, "method"));
        const struct answer *answer = method ? answer_for(server->answers, method) : NULL;
        struct xsn_buf buf = { 0 };
        const char *id;

        if (!answer && method)
                answer = answer_for(usual_answers, method);
        if (!answer || !answer->text || json_is_null(json_object_get(message, "id")))
                return;
        if (strcmp(answer->text, "close") == 0) {
                server_hang_up(server);
                return;
        }
        id = strstr(answer->text, "$ID");
        xsn_buf_putn(&buf, answer->text, id ? (size_t)(id - answer->text) : strlen(answer->text));
        if (id)
                xsn_buf_printf(&buf, "%lld%s", (long long)json_integer_value(json_object_get(message, "id")), id + 3);
        if (strcmp(method, "transact") == 0 && server->cut_after < buf.len) {
                server_say(server, buf.s, server->cut_after);
                server->cut_after = SIZE_MAX;
                server_hang_up(server);
        } else {
                server_say(server, buf.s, buf.len);
        }
        xsn_buf_done(&buf);
}

static inline void server_read(uint32_t events, void *userdata)
{
        struct server *server = userdata;
        const char *text;
        size_t size, len;
        ssize_t n;
        char *room;

        (void)events;
        ck_assert_int_eq(xsn_ovsdb_frame_room(&server->frame, &room, &size), 0);
        n = recv(server->fd, room, size, MSG_DONTWAIT);
        if (n <= 0) {
                if (n == 0 || errno != EAGAIN)
                        server_hang_up(server);
                return;
        }
        xsn_ovsdb_frame_filled(&server->frame, (size_t)n);
        while (server->fd >= 0) {
                struct xsnet_error *err = NULL;
                int r = xsn_ovsdb_frame_next(&server->frame, &text, &len, &err);
                json_t *message;

                ck_assert_msg(r >= 0, "the client sent this: %s", xsnet_error_get_message(err));
                if (r == 0)
                        break;
                message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
                ck_assert_ptr_nonnull(message);
                json_array_append(server->heard, message);
                server_answer(server, message);
                json_decref(message);
        }
}

static inline void server_accept(uint32_t events, void *userdata)
{
        struct server *server = userdata;

        (void)events;
        server_hang_up(server);
        server->fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (server->fd < 0)
                return;
        server->n_connections++;
        ck_assert_int_eq(xsn_loop_add_io(server->loop, server->fd, EPOLLIN, server_read, server, &server->source), 0);
}

static inline void server_new(struct server *server)
{
        struct sockaddr_un addr = { .sun_family = AF_UNIX };

        *server = (struct server){ .listen_fd = -1, .fd = -1, .cut_after = SIZE_MAX };
        server->frame.limits = (struct xsn_ovsdb_limits){ .size = 256U << 20, .values = 1U << 24, .depth = 64 };
        server->heard = json_array();
        ck_assert_int_eq(xsn_loop_new(&server->loop, NULL), 0);
        snprintf(server->path, sizeof(server->path), "%s/XXXXXX", getenv(FOLDER_VARIABLE));
        ck_assert_ptr_nonnull(mkdtemp(server->path));
        snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", server->path);
        snprintf(server->place, sizeof(server->place), "unix:%s/sock", server->path);
        server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        ck_assert_int_eq(bind(server->listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
        ck_assert_int_eq(listen(server->listen_fd, 8), 0);
        ck_assert_int_eq(xsn_loop_add_io(server->loop, server->listen_fd, EPOLLIN, server_accept, server,
                                         &server->listen_source),
                         0);
}

static inline void server_free(struct server *server)
{
        char sock[80];

        server_hang_up(server);
        xsn_ovsdb_frame_reset(&server->frame);
        xsn_source_remove(server->listen_source);
        close(server->listen_fd);
        snprintf(sock, sizeof(sock), "%s/sock", server->path);
        unlink(sock);
        rmdir(server->path);
        json_decref(server->heard);
        xsn_loop_free(server->loop);
}

/* How often the client has sent this. */
static inline size_t server_count(const struct server *server, const char *method)
{
        size_t n = 0;

        for (size_t i = 0; i < json_array_size(server->heard); i++) {
                const json_t *json = json_object_get(json_array_get(server->heard, i), "method");

                n += json_is_string(json) && strcmp(json_string_value(json), method) == 0;
        }
        return n;
}

/* The last message with this method; NULL: a reply. */
static inline const json_t *server_last(const struct server *server, const char *method)
{
        for (size_t i = json_array_size(server->heard); i-- > 0;) {
                const json_t *message = json_array_get(server->heard, i);
                const char *name = json_string_value(json_object_get(message, "method"));

                if (method ? name && strcmp(name, method) == 0 : !name)
                        return message;
        }
        return NULL;
}

/* ---- the client's side ---- */

struct end {
        int n;
        int code;
        char reason[32];
        char message[256];
        char where[128];
};

struct seen {
        struct server server;
        struct xsn_loop *loop;
        struct xsn_ovsdb *client;
        int n_ready, n_lost;
        char reason[32]; /* of the last loss */
        char message[256];
        struct end reply;
        char *result; /* of the last reply */
        bool close_in_ready, close_in_lost, close_in_reply;
        unsigned long fail_at, n_allocations; /* 0: none fails */
};

static inline void seen_close(struct seen *seen)
{
        seen->client = xsn_ovsdb_close(seen->client);
}

static inline void on_ready(void *userdata)
{
        struct seen *seen = userdata;

        seen->n_ready++;
        if (seen->close_in_ready)
                seen_close(seen);
}

static inline void on_lost(const struct xsnet_error *err, void *userdata)
{
        struct seen *seen = userdata;

        seen->n_lost++;
        snprintf(seen->reason, sizeof(seen->reason), "%s", xsnet_error_get_reason(err));
        snprintf(seen->message, sizeof(seen->message), "%s", xsnet_error_get_message(err));
        if (seen->close_in_lost)
                seen_close(seen);
}

static inline void on_reply(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct seen *seen = userdata;

        seen->reply.n++;
        seen->reply.code = xsnet_error_get_code(err);
        snprintf(seen->reply.reason, sizeof(seen->reply.reason), "%s", xsnet_error_get_reason(err));
        snprintf(seen->reply.message, sizeof(seen->reply.message), "%s", xsnet_error_get_message(err));
        snprintf(seen->reply.where, sizeof(seen->reply.where), "%s", xsnet_error_get_where(err));
        free(seen->result);
        seen->result = result ? json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        if (seen->close_in_reply)
                seen_close(seen);
}

/* One round of both loops; what the client allocates in it may fail. */
static inline void turn(struct seen *seen)
{
        ck_assert_int_eq(xsn_loop_dispatch(seen->server.loop, NULL), 0);
        server_flush(&seen->server);
        if (seen->fail_at > seen->n_allocations)
                failalloc_at(seen->fail_at - seen->n_allocations);
        (void)xsn_loop_dispatch(seen->loop, NULL);
        if (seen->fail_at > seen->n_allocations) {
                failalloc_off();
                seen->n_allocations += failalloc_count();
        }
}

static inline void pause_for(struct seen *seen, int ms)
{
        struct pollfd fds[] = {
                { .fd = xsn_loop_get_fd(seen->loop), .events = POLLIN },
                { .fd = xsn_loop_get_fd(seen->server.loop), .events = POLLIN },
        };

        (void)poll(fds, 2, seen->server.pending.len > 0 ? 0 : ms);
}

/* Both loops run until the condition holds. */
#define UNTIL(seen, condition)                                                                                     \
        do {                                                                                                       \
                uint64_t limit_ = xsn_loop_now() + PATIENCE;                                                       \
                while (!(condition)) {                                                                             \
                        ck_assert_msg(xsn_loop_now() < limit_, "waited in vain for %s, last lost: %s", #condition, \
                                      (seen)->message);                                                            \
                        turn(seen);                                                                                \
                        if (!(condition))                                                                          \
                                pause_for(seen, 100);                                                              \
                }                                                                                                  \
        } while (0)

/* Both loops run until there is nothing to do. */
static inline void settle(struct seen *seen)
{
        for (int i = 0; i < 20; i++) {
                turn(seen);
                pause_for(seen, 1);
        }
}

/* options may be NULL. Quick to connect again. */
static inline void seen_open(struct seen *seen, const struct xsn_ovsdb_options *options)
{
        struct xsn_ovsdb_callbacks callbacks = { .ready = on_ready, .lost = on_lost, .userdata = seen };
        struct xsn_ovsdb_options quick = { .database = NULL };
        struct xsnet_error *err = NULL;

        if (options)
                quick = *options;
        quick.backoff_min = quick.backoff_min ? quick.backoff_min : MS;
        quick.backoff_max = quick.backoff_max ? quick.backoff_max : 2 * MS;
        quick.probe_after = quick.probe_after ? quick.probe_after : slow(5000) * MS;
        ck_assert_msg(xsn_ovsdb_open(seen->loop, seen->server.place, &quick, &callbacks, &seen->client, &err) == 0,
                      "%s", xsnet_error_get_message(err));
}

static inline void seen_new(struct seen *seen)
{
        *seen = (struct seen){ .client = NULL };
        server_new(&seen->server);
        ck_assert_int_eq(xsn_loop_new(&seen->loop, NULL), 0);
}

static inline void seen_free(struct seen *seen)
{
        seen_close(seen);
        server_free(&seen->server);
        xsn_loop_free(seen->loop);
        free(seen->result);
}

/* Connected, with the usual answers. */
static inline void seen_start(struct seen *seen, const struct xsn_ovsdb_options *options)
{
        seen_new(seen);
        seen_open(seen, options);
        UNTIL(seen, seen->n_ready == 1);
}

/* One operation. deadline: ms from now; 0: none. */
static inline int seen_transact(struct seen *seen, uint64_t deadline, struct xsn_ovsdb_request **ret_request)
{
        json_t *ops = json_pack("[{ssss}]", "op", "comment", "comment", "x");
        int r = xsn_ovsdb_transact(seen->client, ops, deadline ? xsn_loop_now() + deadline * MS : UINT64_MAX, on_reply,
                                   seen, ret_request, NULL);

        json_decref(ops);
        return r;
}

#endif
