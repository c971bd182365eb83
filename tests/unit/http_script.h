/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server that says what a test wants, on a unix socket or TCP and a loop of its own, many connections at a
 * time. Each request that has come whole goes to the test's `handle`, which answers now, later, or never.
 */
#ifndef HTTP_SCRIPT_H
#define HTTP_SCRIPT_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/loop.h"
#include "failalloc.h"
#include "ovsdb_folder.h"
#include "slow.h"
#include "transport/http.h"

#define MS        UINT64_C(1000000)
#define PATIENCE  (slow(20000) * MS) /* of a test: a fault, not a measurement */
#define CONNS_MAX 64

struct server;

struct conn {
        struct server *server;
        int fd; /* -1: none */
        int number;
        struct xsn_source *source;
        struct xsn_buf in, out;
        size_t said;  /* of out */
        bool hang_up; /* when out was said */
        int n_requests, n_answers;
        char *body; /* of the last request */
};

struct server {
        struct xsn_loop *loop;
        char dir[48], path[64], place[80];
        const char *address;
        int port;
        int listen_fd;
        struct xsn_source *listen_source;
        struct conn conns[CONNS_MAX];
        int n_connections, n_requests;
        int n_open, max_open; /* requests without an answer yet */
        size_t piece;         /* bytes a send; 0: all */
        bool deaf;            /* reads nothing */
        char *head;           /* of the last request */
        void (*handle)(struct conn *conn, const char *body, void *userdata);
        void *userdata;
};

static inline void conn_close(struct conn *conn)
{
        if (conn->fd < 0)
                return;
        conn->source = xsn_source_remove(conn->source);
        close(conn->fd);
        conn->fd = -1;
        xsn_buf_done(&conn->in);
        xsn_buf_done(&conn->out);
        conn->said = 0;
}

static inline void conn_flush(struct conn *conn)
{
        while (conn->fd >= 0 && conn->said < conn->out.len) {
                size_t left = conn->out.len - conn->said, piece = conn->server->piece;
                ssize_t n = send(conn->fd, conn->out.s + conn->said, piece && piece < left ? piece : left,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0)
                        return;
                conn->said += (size_t)n;
                if (piece)
                        return; /* one a turn */
        }
        xsn_buf_done(&conn->out);
        conn->said = 0;
        if (conn->hang_up)
                conn_close(conn);
}

/* ---- answers ---- */

static inline void say(struct conn *conn, const char *text, size_t len)
{
        xsn_buf_putn(&conn->out, text, len);
        conn_flush(conn);
}

static inline void say_text(struct conn *conn, const char *text)
{
        say(conn, text, strlen(text));
}

static inline void answer_as(struct conn *conn, const char *status, const char *type, const char *body)
{
        char head[256];

        conn->server->n_open--;
        conn->n_answers++;
        snprintf(head, sizeof(head), "HTTP/1.1 %s\r\ncontent-length: %zu\r\ncontent-type: %s\r\n\r\n", status,
                 strlen(body), type);
        xsn_buf_put(&conn->out, head);
        say_text(conn, body);
}

static inline void answer(struct conn *conn, const char *body)
{
        answer_as(conn, "200 OK", "text/xml", body);
}

/* Has a request that was not answered yet? */
static inline bool conn_waits(const struct conn *conn)
{
        return conn->fd >= 0 && conn->n_requests > conn->n_answers;
}

/* The connection ends after the first n bytes of what would be said. */
static inline void answer_cut(struct conn *conn, const char *all, size_t n)
{
        conn->server->n_open--;
        conn->hang_up = true;
        say(conn, all, n);
}

/* ---- the server ---- */

/* One whole request at the beginning of what was read? */
static inline bool take_request(struct conn *conn)
{
        struct server *server = conn->server;
        char *end = conn->in.len > 0 ? memmem(conn->in.s, conn->in.len, "\r\n\r\n", 4) : NULL, *at;
        size_t head, len = 0;

        if (!end)
                return false;
        head = (size_t)(end - conn->in.s) + 4;
        at = strcasestr(conn->in.s, "\r\nContent-Length:");
        if (at && at < end)
                len = strtoul(at + strlen("\r\nContent-Length:"), NULL, 10);
        if (conn->in.len < head + len)
                return false;
        free(server->head);
        free(conn->body);
        server->head = strndup(conn->in.s, head);
        conn->body = strndup(conn->in.s + head, len);
        memmove(conn->in.s, conn->in.s + head + len, conn->in.len - head - len);
        conn->in.len -= head + len;
        conn->n_requests++;
        server->n_requests++;
        if (++server->n_open > server->max_open)
                server->max_open = server->n_open;
        server->handle(conn, conn->body, server->userdata);
        return true;
}

static inline void conn_read(uint32_t events, void *userdata)
{
        struct conn *conn = userdata;
        char buf[16384];
        ssize_t n = 1;
        bool ended;

        (void)events;
        while (n > 0 && conn->fd >= 0 && !conn->server->deaf) {
                n = recv(conn->fd, buf, sizeof(buf), MSG_DONTWAIT);
                if (n > 0)
                        xsn_buf_putn(&conn->in, buf, (size_t)n);
        }
        ended = n == 0 || (n < 0 && errno != EAGAIN);
        /* What came whole before the end is a request, too. */
        while (conn->fd >= 0 && take_request(conn))
                ;
        if (conn->fd >= 0 && ended)
                conn_close(conn);
}

static inline void server_accept(uint32_t events, void *userdata)
{
        struct server *server = userdata;
        int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

        (void)events;
        for (int i = 0; fd >= 0 && i < CONNS_MAX; i++) {
                struct conn *conn = &server->conns[i];

                if (conn->fd >= 0)
                        continue;
                free(conn->body);
                *conn = (struct conn){ .server = server, .fd = fd, .number = ++server->n_connections };
                ck_assert_int_eq(xsn_loop_add_io(server->loop, fd, EPOLLIN, conn_read, conn, &conn->source), 0);
                return;
        }
        ck_abort_msg("too many connections, or none");
}

/* False: this machine does not have the address. */
static inline bool server_listen(struct server *server)
{
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
                struct sockaddr_un un;
        } addr = { .any = { .sa_family = AF_UNIX } };
        socklen_t len = sizeof(addr.un);
        int one = 1;

        if (server->port < 0) {
                strcpy(addr.un.sun_path, server->path);
        } else if (strchr(server->address, ':')) {
                addr.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)server->port) };
                ck_assert_int_eq(inet_pton(AF_INET6, server->address, &addr.in6.sin6_addr), 1);
                len = sizeof(addr.in6);
        } else {
                addr.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)server->port) };
                ck_assert_int_eq(inet_pton(AF_INET, server->address, &addr.in.sin_addr), 1);
                len = sizeof(addr.in);
        }
        server->listen_fd = socket(addr.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(server->listen_fd, &addr.any, len) < 0) {
                close(server->listen_fd);
                return false;
        }
        ck_assert_int_eq(listen(server->listen_fd, 64), 0);
        snprintf(server->place, sizeof(server->place), "unix:%s", server->path);
        if (server->port >= 0) {
                ck_assert_int_eq(getsockname(server->listen_fd, &addr.any, &len), 0);
                /* Both families have the port at the same place. */
                server->port = ntohs(addr.in.sin_port);
                snprintf(server->place, sizeof(server->place),
                         strchr(server->address, ':') ? "http://[%s]:%d" : "http://%s:%d", server->address,
                         server->port);
        }
        ck_assert_int_eq(xsn_loop_add_io(server->loop, server->listen_fd, EPOLLIN, server_accept, server,
                                         &server->listen_source),
                         0);
        return true;
}

static inline void server_stop_listening(struct server *server)
{
        server->listen_source = xsn_source_remove(server->listen_source);
        close(server->listen_fd);
        unlink(server->path);
}

static inline bool server_new_at(struct server *server, const char *address, int port)
{
        *server = (struct server){ .address = address, .port = port };
        snprintf(server->dir, sizeof(server->dir), "%s/XXXXXX", getenv(FOLDER_VARIABLE));
        ck_assert_ptr_nonnull(mkdtemp(server->dir));
        snprintf(server->path, sizeof(server->path), "%s/sock", server->dir);
        for (int i = 0; i < CONNS_MAX; i++)
                server->conns[i].fd = -1;
        ck_assert_int_eq(xsn_loop_new(&server->loop, NULL), 0);
        if (server_listen(server))
                return true;
        xsn_loop_free(server->loop);
        rmdir(server->dir);
        return false;
}

/* port: of 127.0.0.1; 0: any; -1: a unix socket. */
static inline void server_new(struct server *server, int port)
{
        ck_assert(server_new_at(server, "127.0.0.1", port));
}

static inline void server_cut_all(struct server *server)
{
        for (int i = 0; i < CONNS_MAX; i++)
                conn_close(&server->conns[i]);
}

static inline void server_free(struct server *server)
{
        server_cut_all(server);
        for (int i = 0; i < CONNS_MAX; i++)
                free(server->conns[i].body);
        server_stop_listening(server);
        free(server->head);
        xsn_loop_free(server->loop);
        rmdir(server->dir);
}

static inline void server_turn(struct server *server)
{
        ck_assert_int_eq(xsn_loop_dispatch(server->loop, NULL), 0);
        for (int i = 0; i < CONNS_MAX; i++)
                if (server->conns[i].fd >= 0 && server->conns[i].out.len > 0)
                        conn_flush(&server->conns[i]);
}

static inline bool server_has_to_say(const struct server *server)
{
        for (int i = 0; i < CONNS_MAX; i++)
                if (server->conns[i].fd >= 0 && server->conns[i].out.len > 0)
                        return true;
        return false;
}

/* One turn of all; waits up to ms for something to do. */
static inline void turn_all(struct xsn_loop *loop, struct server *const *servers, size_t n_servers, int ms)
{
        struct pollfd fds[8] = { { .fd = xsn_loop_get_fd(loop), .events = POLLIN } };

        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
        for (size_t i = 0; i < n_servers; i++) {
                server_turn(servers[i]);
                fds[1 + i] = (struct pollfd){ .fd = xsn_loop_get_fd(servers[i]->loop), .events = POLLIN };
                if (server_has_to_say(servers[i]))
                        ms = 0;
        }
        (void)poll(fds, 1 + n_servers, ms);
}

#define UNTIL_OF(loop, servers, n, condition)                                                     \
        do {                                                                                      \
                uint64_t limit_ = xsn_loop_now() + PATIENCE;                                      \
                while (!(condition)) {                                                            \
                        ck_assert_msg(xsn_loop_now() < limit_, "waited in vain for " #condition); \
                        turn_all(loop, servers, n, 50);                                           \
                }                                                                                 \
        } while (0)

#endif
