/* SPDX-License-Identifier: Apache-2.0 */
/* A server over TCP that stops reading: what the kernel still holds of a transaction goes with its connection. */
#include <arpa/inet.h>

#include "ovsdb_script.h"

#define HUGE_TEXT (32U << 20) /* more than the kernel's buffers on both sides */

struct peer {
        int listen_fd, fd;
        size_t n_read;
        bool deaf;
};

static int peer_new(struct peer *peer)
{
        struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t len = sizeof(addr);

        *peer = (struct peer){ .listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), .fd = -1 };
        ck_assert_int_eq(bind(peer->listen_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
        ck_assert_int_eq(listen(peer->listen_fd, 1), 0);
        ck_assert_int_eq(getsockname(peer->listen_fd, (struct sockaddr *)&addr, &len), 0);
        return ntohs(addr.sin_port);
}

/* Takes the first connection, and greets; then reads no more. */
static void peer_turn(struct peer *peer)
{
        static const char databases[] = "{\"id\":1,\"result\":[\"Open_vSwitch\"],\"error\":null}";
        static const char schema[] = "{\"id\":2,\"error\":null,\"result\":" SCRIPT_SCHEMA "}";
        char text[4096];
        ssize_t n;

        if (peer->fd < 0)
                peer->fd = accept4(peer->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (peer->fd < 0 || peer->deaf)
                return;
        n = recv(peer->fd, text, sizeof(text) - 1, 0);
        if (n <= 0)
                return;
        text[n] = '\0';
        if (strstr(text, "list_dbs"))
                ck_assert_int_eq(send(peer->fd, databases, strlen(databases), 0), (ssize_t)strlen(databases));
        peer->deaf = strstr(text, "get_schema") != NULL;
        if (peer->deaf)
                ck_assert_int_eq(send(peer->fd, schema, strlen(schema), 0), (ssize_t)strlen(schema));
}

/* How the connection ends; 0: as one that was closed. */
static int peer_end(struct peer *peer)
{
        struct pollfd pollfd = { peer->fd, POLLIN, 0 };
        char text[65536];
        ssize_t n;

        do {
                ck_assert_int_eq(poll(&pollfd, 1, 10000), 1);
                n = recv(peer->fd, text, sizeof(text), 0);
                peer->n_read += n > 0 ? (size_t)n : 0;
        } while (n > 0);
        return n < 0 ? errno : 0;
}

static void until(struct xsn_loop *loop, struct peer *peer, const int *count, int least)
{
        uint64_t limit = xsn_loop_now() + PATIENCE;

        while (*count < least) {
                ck_assert(xsn_loop_now() < limit);
                (void)xsn_loop_wait(loop, xsn_loop_now() + 10 * MS);
                ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
                peer_turn(peer);
        }
}

struct told {
        int n_ready, n_lost, n_replies;
        char reason[32];
};

static void tell_ready(void *userdata)
{
        ((struct told *)userdata)->n_ready++;
}

static void tell_lost(const struct xsnet_error *err, void *userdata)
{
        (void)err;
        ((struct told *)userdata)->n_lost++;
}

static void tell_reply(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct told *told = userdata;

        (void)result;
        told->n_replies++;
        snprintf(told->reason, sizeof(told->reason), "%s", xsnet_error_get_reason(err));
}

static json_t *huge_transaction(void)
{
        char *text = xsn_alloc(HUGE_TEXT + 1);
        json_t *ops;

        memset(text, 'x', HUGE_TEXT);
        ops = json_pack("[{ss ss}]", "op", "comment", "comment", text);
        xsn_free(text);
        return ops;
}

/* _i: dropped as it does not answer; closed by the user. */
START_TEST(a_transaction_that_was_given_up_does_not_arrive_later)
{
        struct told told = { .n_ready = 0 };
        struct xsn_ovsdb_callbacks callbacks = { tell_ready, tell_lost, &told };
        struct xsn_ovsdb_options options = { .probe_after = 100 * MS, .backoff_min = 60000 * MS };
        struct xsn_ovsdb *client = NULL;
        json_t *ops = huge_transaction();
        struct xsn_loop *loop = NULL;
        struct peer peer;
        char place[64];

        snprintf(place, sizeof(place), "tcp:127.0.0.1:%d", peer_new(&peer));
        ck_assert_int_eq(xsn_loop_new(&loop, NULL), 0);
        ck_assert_int_eq(xsn_ovsdb_open(loop, place, &options, &callbacks, &client, NULL), 0);
        until(loop, &peer, &told.n_ready, 1);
        ck_assert_int_eq(xsn_ovsdb_transact(client, ops, UINT64_MAX, tell_reply, &told, NULL, NULL), 0);
        json_decref(ops);
        if (_i == 0) {
                until(loop, &peer, &told.n_lost, 1);
                ck_assert_int_eq(told.n_replies, 1);
                ck_assert_str_eq(told.reason, "not-sent");
        } else {
                for (int i = 0; i < 5; i++) {
                        (void)xsn_loop_wait(loop, xsn_loop_now() + 5 * MS);
                        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
                }
                client = xsn_ovsdb_close(client);
        }
        ck_assert_int_eq(peer_end(&peer), ECONNRESET);
        ck_assert_uint_gt(peer.n_read, 0);
        ck_assert_uint_lt(peer.n_read, HUGE_TEXT);
        xsn_ovsdb_close(client);
        xsn_loop_free(loop);
        close(peer.fd);
        close(peer.listen_fd);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_tcp");
        TCase *tc = tcase_create("tcp");

        tcase_add_loop_test(tc, a_transaction_that_was_given_up_does_not_arrive_later, 0, 2);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
