/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy between an engine and the real ovsdb-server that does one wrong thing, once: with a request, with the answer
 * to it, or with what the server tells by itself. It turns in the same loop as the engine, so no thread or process is
 * needed and what happens has one order.
 */
#ifndef OVS_PROXY_H
#define OVS_PROXY_H

#include <fcntl.h>
#include <sys/un.h>

#include <xsnet/task.h>

#include "ovs_test.h"

/* Words by which a message is known. */
#define GREETING "\"get_schema\""
#define MONITOR  "\"monitor_cond\""
#define LOOK     "[\"cur_cfg\"]" /* of an observe */
#define COMMIT   "\"xsnet: apply\""
#define FOLLOW   "\"until\":\"==\",\"rows\":[{\"_uuid\"" /* also in guards: COMMIT is looked for first */
#define BACK     "\"xsnet: going back\""

/* Of what. */
enum {
        REQUEST = 0,
        REPLY,
        TOLD
};

enum {
        CUT = 0,   /* both connections end, and nothing of the message is passed on */
        CUT_IN,    /* half of it is */
        CUT_AFTER, /* all of it is */
        REPLACE,   /* by `text`; $ID stands for the request's id */
        ALTER,     /* `with` stands where `text` was */
        TWICE,
        HOOK, /* the proxy's hook is called, and the message passed on */
        JUNK /* 64 MiB and more of it, as one text */
};

/* What an apply then ends in. */
enum {
        EITHER = 0,
        DONE = XSNET_OUTCOME_DONE,
        UNCHANGED = XSNET_OUTCOME_UNCHANGED,
        ROLLED_BACK = XSNET_OUTCOME_ROLLED_BACK
};

enum {
        FRESH = 1 << 0, /* for an engine that has not connected yet */
        KILL = 1 << 1   /* the server is killed and started again at that moment */
};

struct fault {
        const char *name;
        const char *mark; /* of the request; of what is told: of itself */
        int of;
        int act;
        int outcome;
        unsigned flags;
        const char *text, *with; /* of REPLACE and ALTER */
};

struct proxy {
        struct host *h;
        int listen_fd, client, server; /* -1: none */
        struct xsn_ovsdb_frame asked, said;
        struct xsn_buf to_client, to_server;
        size_t to_client_at, to_server_at; /* how much of it is sent */
        const struct fault *fault;         /* NULL: everything passes */
        json_int_t id;                     /* of the request whose answer the fault is for; 0: none yet */
        size_t cut_at;                     /* bytes to the client until the connections end; SIZE_MAX: no */
        size_t passed;                     /* bytes to the client, ever */
        int n_hits;
        bool records; /* what the engine says */
        struct xsn_buf record;
        void (*hook)(struct proxy *p); /* of HOOK */
};

static inline void proxy_hang_up(struct proxy *p)
{
        for (int i = 0; i < 2; i++) {
                int *fd = i ? &p->server : &p->client;

                if (*fd >= 0)
                        close(*fd);
                *fd = -1;
        }
        xsn_ovsdb_frame_reset(&p->asked);
        xsn_ovsdb_frame_reset(&p->said);
        xsn_buf_done(&p->to_client);
        xsn_buf_done(&p->to_server);
        p->to_client_at = p->to_server_at = 0;
        p->id = 0;
}

static inline int proxy_socket(struct sockaddr_un *addr, const struct proxy *p, const char *name)
{
        *addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
        ck_assert_uint_lt((size_t)snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/%s", p->h->real.dir, name),
                          sizeof(addr->sun_path));
        return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* The host's engine goes through it from now on. */
static inline void proxy_new(struct proxy *p, struct host *h)
{
        struct sockaddr_un addr;

        *p = (struct proxy){ .h = h, .client = -1, .server = -1, .cut_at = SIZE_MAX };
        p->asked.limits = p->said.limits = xsn_ovsdb_default_limits;
        p->listen_fd = proxy_socket(&addr, p, "proxy");
        ck_assert_int_eq(bind(p->listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
        ck_assert_int_eq(listen(p->listen_fd, 5), 0);
        host_target_at(h, "proxy", "");
}

/* For the next message that it is for. */
static inline void proxy_set(struct proxy *p, const struct fault *fault)
{
        p->fault = fault;
        p->id = 0;
        p->n_hits = 0;
}

static inline void proxy_free(struct proxy *p)
{
        proxy_hang_up(p);
        close(p->listen_fd);
}

/* A new connection replaces the one before. Where the server is away, the client hears so. */
static inline void proxy_accept(struct proxy *p)
{
        struct sockaddr_un addr;

        proxy_hang_up(p);
        p->client = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        p->server = proxy_socket(&addr, p, "sock");
        if (p->client < 0 || connect(p->server, (struct sockaddr *)&addr, sizeof(addr)) < 0)
                proxy_hang_up(p);
}

static inline void proxy_put_reply(struct proxy *p, const char *text)
{
        const char *id = strstr(text, "$ID");

        xsn_buf_putn(&p->to_client, text, id ? (size_t)(id - text) : strlen(text));
        if (id)
                xsn_buf_printf(&p->to_client, "%" JSON_INTEGER_FORMAT "%s", p->id, id + 3);
}

static inline void proxy_put_junk(struct xsn_buf *buf)
{
        char piece[4096];

        memset(piece, 'x', sizeof(piece));
        xsn_buf_put(buf, "{\"id\":\"");
        for (size_t i = 0; i < (64U << 20) / sizeof(piece) + 1; i++)
                xsn_buf_putn(buf, piece, sizeof(piece));
        xsn_buf_put(buf, "\"}");
}

/* Sends what it can. false: the other side is gone. */
static inline bool proxy_send(struct proxy *p, int fd, struct xsn_buf *buf, size_t *at)
{
        while (*at < buf->len) {
                size_t left = buf->len - *at;
                bool cuts = fd == p->client && p->cut_at <= left;
                ssize_t n = send(fd, buf->s + *at, cuts ? p->cut_at : left, MSG_NOSIGNAL);

                if (n < 0)
                        return errno == EAGAIN;
                *at += (size_t)n;
                if (fd != p->client)
                        continue;
                p->passed += (size_t)n;
                p->cut_at -= p->cut_at == SIZE_MAX ? 0 : (size_t)n;
                if (p->cut_at == 0) {
                        p->n_hits++;
                        p->cut_at = SIZE_MAX;
                        return false;
                }
        }
        xsn_buf_done(buf);
        *at = 0;
        return true;
}

static inline void proxy_restart(struct proxy *p)
{
        real_kill(&p->h->real);
        real_start(&p->h->real, "");
}

static inline void proxy_alter(struct xsn_buf *to, const char *text, size_t len, const struct fault *fault)
{
        const char *at = memmem(text, len, fault->text, strlen(fault->text));

        ck_assert_msg(at != NULL, "%s: no %s in %.*s", fault->name, fault->text, (int)len, text);
        xsn_buf_putn(to, text, (size_t)(at - text));
        xsn_buf_put(to, fault->with);
        at += strlen(fault->text);
        xsn_buf_putn(to, at, len - (size_t)(at - text));
}

/* false: the connections are to end. */
static inline bool proxy_strike(struct proxy *p, const char *text, size_t len, struct xsn_buf *to)
{
        const struct fault *fault = XSN_TAKE(p->fault);

        p->n_hits++;
        if ((fault->flags & KILL) && fault->act != CUT_AFTER)
                proxy_restart(p);
        switch (fault->act) {
        case CUT_IN:
                xsn_buf_putn(to, text, len / 2);
                break;
        case REPLACE:
                proxy_put_reply(p, fault->text);
                return true;
        case ALTER:
                proxy_alter(to, text, len, fault);
                return true;
        case HOOK:
                p->hook(p);
                xsn_buf_putn(to, text, len);
                return true;
        case JUNK:
                proxy_put_junk(to);
                return true;
        case CUT_AFTER:
        case TWICE:
                xsn_buf_putn(to, text, len);
                if (fault->act == TWICE)
                        xsn_buf_putn(to, text, len);
                break;
        default:
                break;
        }
        (void)proxy_send(p, p->client, &p->to_client, &p->to_client_at);
        (void)proxy_send(p, p->server, &p->to_server, &p->to_server_at);
        if ((fault->flags & KILL) && fault->act == CUT_AFTER)
                proxy_restart(p);
        return fault->act == TWICE;
}

static inline json_int_t proxy_id(const char *text, size_t len)
{
        json_t *json = json_loadb(text, len, 0, NULL);
        json_int_t id = json_integer_value(json_object_get(json, "id"));

        json_decref(json);
        return id;
}

static inline bool proxy_has(const char *text, size_t len, const char *mark)
{
        return memmem(text, len, mark, strlen(mark)) != NULL;
}

/* Is it the message that the fault waits for? */
static inline bool proxy_meets(struct proxy *p, const char *text, size_t len, bool asked)
{
        const struct fault *fault = p->fault;
        bool marked;

        if (!fault || (fault->of == TOLD && asked))
                return false;
        marked = proxy_has(text, len, fault->mark) &&
                 (strcmp(fault->mark, FOLLOW) != 0 || !proxy_has(text, len, "\"comment\""));
        if (fault->of != REPLY)
                return marked && asked == (fault->of == REQUEST);
        if (asked && marked && p->id == 0)
                p->id = proxy_id(text, len);
        return !asked && p->id != 0 && proxy_id(text, len) == p->id;
}

/* One side speaks. false: the connections are to end. */
static inline bool proxy_pass(struct proxy *p, bool asked)
{
        struct xsn_ovsdb_frame *frame = asked ? &p->asked : &p->said;
        struct xsn_buf *to = asked ? &p->to_server : &p->to_client;
        const char *text;
        size_t size, len;
        char *room;
        ssize_t n;

        ck_assert_int_eq(xsn_ovsdb_frame_room(frame, &room, &size), 0);
        n = recv(asked ? p->client : p->server, room, size, 0);
        if (n <= 0)
                return n < 0 && errno == EAGAIN;
        xsn_ovsdb_frame_filled(frame, (size_t)n);
        while (xsn_ovsdb_frame_next(frame, &text, &len, NULL) > 0) {
                if (asked && p->records)
                        xsn_buf_putn(&p->record, text, len);
                if (!proxy_meets(p, text, len, asked))
                        xsn_buf_putn(to, text, len);
                else if (!proxy_strike(p, text, len, to))
                        return false;
        }
        return true;
}

/* Waits for the engine or for either side, 100 ms at most. */
static inline void proxy_turn(struct proxy *p)
{
        struct pollfd fds[4] = { { xsnet_engine_get_fd(p->h->engine), POLLIN, 0 },
                                 { p->listen_fd, POLLIN, 0 },
                                 { p->client, POLLIN, 0 },
                                 { p->server, POLLIN, 0 } };
        bool alive = true;

        fds[2].events |= p->to_client.len ? POLLOUT : 0;
        fds[3].events |= p->to_server.len ? POLLOUT : 0;
        ck_assert_int_ge(poll(fds, 4, 100), 0);
        if (p->client >= 0) {
                if (fds[2].revents & (POLLIN | POLLHUP | POLLERR))
                        alive = proxy_pass(p, true);
                if (alive && fds[3].revents & (POLLIN | POLLHUP | POLLERR))
                        alive = proxy_pass(p, false);
                alive = alive && proxy_send(p, p->client, &p->to_client, &p->to_client_at) &&
                        proxy_send(p, p->server, &p->to_server, &p->to_server_at);
                if (!alive)
                        proxy_hang_up(p);
        }
        if (fds[1].revents & POLLIN)
                proxy_accept(p);
        ck_assert_int_eq(xsnet_engine_dispatch(p->h->engine, NULL), 0);
}

static inline void proxy_finish(struct proxy *p, struct xsnet_task *task)
{
        while (!xsnet_task_is_done(task))
                proxy_turn(p);
        host_note(p->h, xsnet_task_get_code(task), xsnet_task_get_report(task), xsnet_task_get_error(task));
        xsnet_task_unref(task);
}

/* As host_apply(). */
static inline void proxy_apply(struct proxy *p, const char *text)
{
        struct xsnet_state *desired = host_load(text);
        struct xsnet_task *task = NULL;

        ck_assert_int_eq(xsnet_engine_apply_async(p->h->engine, desired, NULL, NULL, NULL, &task, NULL), 0);
        xsnet_state_unref(desired);
        proxy_finish(p, task);
}

static inline void proxy_recover(struct proxy *p)
{
        struct xsnet_task *task = NULL;

        ck_assert_int_eq(xsnet_engine_recover_async(p->h->engine, NULL, NULL, NULL, &task, NULL), 0);
        proxy_finish(p, task);
}

#endif
