/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a server that says what it is told to: requests and their ends, echoes, losses, hostility. */
#include "ovsdb_script.h"

START_TEST(connects_and_knows_the_schema)
{
        struct seen seen;

        seen_new(&seen);
        seen_open(&seen, NULL);
        ck_assert(!xsn_ovsdb_is_ready(seen.client));
        ck_assert(!xsn_ovsdb_has_column(seen.client, "Port", "name"));
        ck_assert_str_eq(xsn_ovsdb_schema_version(seen.client), "");
        UNTIL(&seen, seen.n_ready == 1);
        ck_assert(xsn_ovsdb_is_ready(seen.client));
        ck_assert(xsn_ovsdb_has_column(seen.client, "Port", "protected"));
        ck_assert(!xsn_ovsdb_has_column(seen.client, "Port", "cvlans"));
        ck_assert(!xsn_ovsdb_has_column(seen.client, "Bridge", "name"));
        ck_assert(xsn_ovsdb_has_table(seen.client, "Port"));
        ck_assert(!xsn_ovsdb_has_table(seen.client, "Bridge"));
        ck_assert_str_eq(xsn_ovsdb_schema_version(seen.client), "8.3.1");
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_transaction_goes_out_as_it_is_and_its_results_come_back)
{
        struct seen seen;
        char *sent;

        seen_start(&seen, NULL);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        ck_assert_int_eq(seen.reply.n, 0);
        UNTIL(&seen, seen.reply.n == 1);
        ck_assert_int_eq(seen.reply.code, 0);
        ck_assert_str_eq(seen.result, "[{}]");
        sent = json_dumps(json_object_get(server_last(&seen.server, "transact"), "params"), JSON_COMPACT);
        ck_assert_str_eq(sent, "[\"Open_vSwitch\",{\"op\":\"comment\",\"comment\":\"x\"}]");
        free(sent);
        seen_free(&seen);
}
END_TEST

START_TEST(a_failed_operation_is_an_error_that_names_it_and_the_place)
{
        static const struct answer answers[] = {
                { "transact",
                  "{\"id\":$ID,\"error\":null,\"result\":[{\"error\":\"timed out\",\"details\":\"why\"}]}" },
                { NULL, NULL },
        };
        struct seen seen;
        char where[128];

        seen_start(&seen, NULL);
        seen.server.answers = answers;
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        UNTIL(&seen, seen.reply.n == 1);
        ck_assert_int_eq(seen.reply.code, -EAGAIN);
        ck_assert_str_eq(seen.reply.reason, "lost-race");
        ck_assert_str_eq(seen.reply.message, "operation 0: timed out: why");
        snprintf(where, sizeof(where), "ovsdb %s", seen.server.place);
        ck_assert_str_eq(seen.reply.where, where);
        ck_assert_ptr_null(seen.result);
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(an_error_of_the_whole_request_may_have_any_form)
{
        static const struct {
                struct answer answers[2];
                const char *reason;
        } rows[] = {
                { { { "transact", "{\"id\":$ID,\"error\":\"canceled\"}" } }, "cancelled" },
                { { { "transact", "{\"id\":$ID,\"result\":null,\"error\":{\"error\":\"not allowed\"}}" } },
                  "not-permitted" },
                { { { "transact", "{\"id\":$ID,\"result\":null,\"error\":{\"error\":\"unknown database\"}}" } },
                  "no-such-database" },
                { { { "transact", "{\"id\":$ID,\"result\":null,\"error\":[1]}" } }, "server-error" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct seen seen;

                seen_start(&seen, NULL);
                seen.server.answers = rows[i].answers;
                ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
                UNTIL(&seen, seen.reply.n == 1);
                ck_assert_str_eq(seen.reply.reason, rows[i].reason);
                ck_assert_int_eq(seen.n_lost, 0);
                seen_free(&seen);
        }
}
END_TEST

START_TEST(answers_may_come_byte_by_byte_and_out_of_order)
{
        static const struct answer none[] = { { "transact", NULL }, { NULL, NULL } };
        struct seen seen;
        char both[128];
        json_int_t id;

        seen_new(&seen);
        seen.server.piece = 1;
        seen_open(&seen, NULL);
        UNTIL(&seen, seen.n_ready == 1);
        seen.server.answers = none;
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        UNTIL(&seen, server_count(&seen.server, "transact") == 2);
        id = json_integer_value(json_object_get(server_last(&seen.server, "transact"), "id"));
        snprintf(both, sizeof(both), "{\"id\":%lld,\"result\":[{}]}\n{\"id\":%lld,\"result\":[{}]}", (long long)id,
                 (long long)id - 1);
        server_say_text(&seen.server, both);
        UNTIL(&seen, seen.reply.n == 2);
        ck_assert_int_eq(seen.reply.code, 0);
        seen_free(&seen);
}
END_TEST

/* Also right before the first byte. */
START_TEST(a_connection_lost_at_any_byte_of_the_reply_leaves_the_outcome_unknown)
{
        size_t len = strlen("{\"id\":3,\"result\":[{}],\"error\":null}");

        for (size_t cut = 0; cut < len; cut++) {
                struct seen seen;

                seen_start(&seen, NULL);
                seen.server.cut_after = cut;
                ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
                UNTIL(&seen, seen.reply.n == 1);
                ck_assert_int_eq(seen.reply.code, -ECONNRESET);
                ck_assert_str_eq(seen.reply.reason, "outcome-unknown");
                /* And it is usable again. */
                UNTIL(&seen, seen.n_ready == 2);
                ck_assert_str_eq(seen.reason, "connection-lost");
                ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
                UNTIL(&seen, seen.reply.n == 2);
                ck_assert_int_eq(seen.reply.code, 0);
                seen_free(&seen);
        }
}
END_TEST

/* An operation so long that no socket buffer takes it. */
static int transact_much(struct seen *seen, uint64_t deadline, struct xsn_ovsdb_request **ret_request)
{
        size_t size = 16U << 20;
        char *text = malloc(size + 1);
        json_t *ops;
        int r;

        memset(text, 'x', size);
        text[size] = '\0';
        ops = json_pack("[{ssss}]", "op", "comment", "comment", text);
        r = xsn_ovsdb_transact(seen->client, ops, deadline ? xsn_loop_now() + deadline * MS : UINT64_MAX, on_reply,
                               seen, ret_request, NULL);
        json_decref(ops);
        free(text);
        return r;
}

static void go_deaf(struct seen *seen)
{
        seen->server.source = xsn_source_remove(seen->server.source);
}

START_TEST(what_was_not_sent_to_its_end_was_not_done)
{
        struct seen seen;

        seen_start(&seen, NULL);
        go_deaf(&seen);
        ck_assert_int_eq(transact_much(&seen, 0, NULL), 0);
        settle(&seen);
        server_hang_up(&seen.server);
        UNTIL(&seen, seen.reply.n == 1);
        ck_assert_int_eq(seen.reply.code, -ECONNRESET);
        ck_assert_str_eq(seen.reply.reason, "not-sent");
        seen_free(&seen);
}
END_TEST

START_TEST(a_deadline_tells_whether_the_server_may_have_it)
{
        struct seen seen;

        seen_start(&seen, NULL);
        go_deaf(&seen);
        ck_assert_int_eq(transact_much(&seen, 30, NULL), 0);
        UNTIL(&seen, seen.reply.n == 1);
        /* Part is on its way, and the rest will follow. */
        ck_assert_int_eq(seen.reply.code, -ETIMEDOUT);
        ck_assert_str_eq(seen.reply.reason, "outcome-unknown");
        ck_assert_int_eq(seen_transact(&seen, 30, NULL), 0);
        UNTIL(&seen, seen.reply.n == 2);
        ck_assert_int_eq(seen.reply.code, -ETIMEDOUT);
        ck_assert_str_eq(seen.reply.reason, "not-sent");
        ck_assert_int_eq(seen.n_lost, 0);
        /* The second never goes out; the first, whole, does. */
        ck_assert_int_eq(xsn_loop_add_io(seen.server.loop, seen.server.fd, EPOLLIN, server_read, &seen.server,
                                         &seen.server.source),
                         0);
        UNTIL(&seen, server_count(&seen.server, "cancel") == 1);
        ck_assert_uint_eq(server_count(&seen.server, "transact"), 1);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        UNTIL(&seen, seen.reply.n == 3);
        ck_assert_int_eq(seen.reply.code, 0);
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_late_reply_is_passed_over_and_a_second_one_is_not)
{
        static const struct answer none[] = { { "transact", NULL }, { NULL, NULL } };
        struct seen seen;
        char late[64];

        seen_start(&seen, NULL);
        seen.server.answers = none;
        ck_assert_int_eq(seen_transact(&seen, 1, NULL), 0);
        UNTIL(&seen, seen.reply.n == 1);
        ck_assert_str_eq(seen.reply.reason, "outcome-unknown");
        UNTIL(&seen, server_count(&seen.server, "cancel") == 1);
        snprintf(late, sizeof(late), "{\"id\":%lld,\"result\":[{}],\"error\":null}",
                 (long long)json_integer_value(json_object_get(server_last(&seen.server, "transact"), "id")));
        server_say_text(&seen.server, late);
        settle(&seen);
        ck_assert_int_eq(seen.n_lost, 0);
        ck_assert_int_eq(seen.reply.n, 1);
        server_say_text(&seen.server, late);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "bad-reply");
        seen_free(&seen);
}
END_TEST

START_TEST(a_cancelled_request_calls_nobody)
{
        static const struct answer none[] = { { "transact", NULL }, { NULL, NULL } };
        struct xsn_ovsdb_request *sent, *unsent;
        struct seen seen;

        seen_start(&seen, NULL);
        seen.server.answers = none;
        ck_assert_int_eq(seen_transact(&seen, 0, &sent), 0);
        UNTIL(&seen, server_count(&seen.server, "transact") == 1);
        ck_assert_int_eq(seen_transact(&seen, 0, &unsent), 0);
        ck_assert(xsn_ovsdb_cancel(unsent));
        ck_assert(!xsn_ovsdb_cancel(sent));
        UNTIL(&seen, server_count(&seen.server, "cancel") == 1);
        ck_assert_uint_eq(server_count(&seen.server, "transact"), 1);
        server_hang_up(&seen.server);
        UNTIL(&seen, seen.n_ready == 2);
        ck_assert_int_eq(seen.reply.n, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(requests_are_refused_without_a_connection_and_beyond_the_limit)
{
        static const struct answer none[] = { { "transact", NULL }, { NULL, NULL } };
        struct xsn_ovsdb_options options = { .max_requests = 2 };
        struct seen seen;

        seen_new(&seen);
        seen_open(&seen, &options);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), -ENOTCONN);
        UNTIL(&seen, seen.n_ready == 1);
        seen.server.answers = none;
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), -EBUSY);
        server_hang_up(&seen.server);
        UNTIL(&seen, seen.reply.n == 2);
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), -ENOTCONN);
        seen_free(&seen);
}
END_TEST

START_TEST(any_method_can_be_called)
{
        static const struct answer answers[] = {
                { "lock", "{\"id\":$ID,\"result\":{\"locked\":true},\"error\":null}"
                          "{\"id\":null,\"method\":\"locked\",\"params\":[\"x\"]}" },
                { NULL, NULL },
        };
        json_t *params = json_pack("[s]", "xsnet");
        struct seen seen;

        seen_start(&seen, NULL);
        seen.server.answers = answers;
        ck_assert_int_eq(xsn_ovsdb_call(seen.client, "lock", params, UINT64_MAX, on_reply, &seen, NULL, NULL), 0);
        UNTIL(&seen, seen.reply.n == 1);
        ck_assert_str_eq(seen.result, "{\"locked\":true}");
        settle(&seen);
        ck_assert_int_eq(seen.n_lost, 0);
        json_decref(params);
        seen_free(&seen);
}
END_TEST

/* ---- echoes ---- */

START_TEST(echoes_of_the_server_are_answered)
{
        struct seen seen;
        char *sent;

        seen_start(&seen, NULL);
        server_say_text(&seen.server, "{\"method\":\"echo\",\"id\":[\"any\"],\"params\":[1,\"x\"]}");
        UNTIL(&seen, server_last(&seen.server, NULL) != NULL);
        sent = json_dumps(server_last(&seen.server, NULL), JSON_COMPACT);
        ck_assert_str_eq(sent, "{\"id\":[\"any\"],\"result\":[1,\"x\"],\"error\":null}");
        free(sent);
        server_say_text(&seen.server, "{\"method\":\"shutdown\",\"id\":7,\"params\":[]}");
        UNTIL(&seen, json_is_integer(json_object_get(server_last(&seen.server, NULL), "id")));
        sent = json_dumps(server_last(&seen.server, NULL), JSON_COMPACT);
        ck_assert_str_eq(sent, "{\"id\":7,\"result\":null,\"error\":\"unknown method\"}");
        free(sent);
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_silent_server_is_asked_and_one_that_answers_is_kept)
{
        struct xsn_ovsdb_options options = { .probe_after = 20 * MS };
        struct seen seen;

        seen_start(&seen, &options);
        UNTIL(&seen, server_count(&seen.server, "echo") == 3);
        ck_assert_int_eq(seen.server.n_connections, 1);
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_dead_server_is_dropped_and_connected_to_again)
{
        static const struct answer mute[] = { { "echo", NULL }, { "transact", NULL }, { NULL, NULL } };
        struct xsn_ovsdb_options options = { .probe_after = 20 * MS };
        struct seen seen;

        seen_start(&seen, &options);
        seen.server.answers = mute;
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        UNTIL(&seen, seen.n_ready == 2);
        ck_assert_str_eq(seen.reason, "no-answer");
        ck_assert_str_eq(seen.reply.reason, "outcome-unknown");
        ck_assert_int_ge(seen.server.n_connections, 2);
        seen_free(&seen);
}
END_TEST

START_TEST(a_server_that_never_greets_is_dropped)
{
        static const struct answer mute[] = { { "get_schema", NULL }, { NULL, NULL } };
        struct xsn_ovsdb_options options = { .connect_limit = slow(50) * MS };
        struct seen seen;

        seen_new(&seen);
        seen.server.answers = mute;
        seen_open(&seen, &options);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "no-answer");
        seen.server.answers = NULL;
        UNTIL(&seen, seen.n_ready == 1);
        seen_free(&seen);
}
END_TEST

/* ---- life ---- */

START_TEST(without_a_server_it_goes_on_trying)
{
        struct seen seen;
        char sock[80], aside[80], message[160];

        seen_new(&seen);
        snprintf(sock, sizeof(sock), "%s/sock", seen.server.path);
        snprintf(message, sizeof(message), "cannot connect to the socket '%s': No such file or directory", sock);
        snprintf(aside, sizeof(aside), "%s/aside", seen.server.path);
        ck_assert_int_eq(rename(sock, aside), 0);
        seen_open(&seen, NULL);
        UNTIL(&seen, seen.n_lost == 3);
        ck_assert_str_eq(seen.reason, "connect-failed");
        ck_assert_str_eq(seen.message, message);
        ck_assert_int_eq(rename(aside, sock), 0);
        UNTIL(&seen, seen.n_ready == 1);
        seen_free(&seen);
}
END_TEST

START_TEST(it_may_be_closed_at_any_moment)
{
        struct seen seen;

        /* Before anything, after n rounds, and from each callback. */
        for (int rounds = 0; rounds < 12; rounds++) {
                seen_new(&seen);
                seen_open(&seen, NULL);
                for (int i = 0; i < rounds; i++)
                        turn(&seen);
                seen_free(&seen);
        }
        for (int i = 0; i < 3; i++) {
                seen_new(&seen);
                seen.close_in_ready = i == 0;
                seen.close_in_lost = i == 1;
                seen.close_in_reply = i == 2;
                seen_open(&seen, NULL);
                if (i > 0) {
                        UNTIL(&seen, seen.n_ready == 1);
                        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
                        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
                        server_hang_up(&seen.server);
                }
                UNTIL(&seen, seen.client == NULL);
                ck_assert_int_eq(seen.reply.n, i == 0 ? 0 : i == 1 ? 2 : 1);
                settle(&seen);
                seen_free(&seen);
        }
}
END_TEST

/* Is it connected to the server? What else libcurl opens is its own. */
static bool is_connection(int fd, const struct server *server)
{
        struct sockaddr_un peer = { .sun_family = AF_UNSPEC };
        socklen_t len = sizeof(peer);

        return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sun_family == AF_UNIX &&
               strncmp(peer.sun_path, server->path, strlen(server->path)) == 0;
}

START_TEST(the_connection_is_not_inherited_and_nothing_stays_open)
{
        bool open_before[256];
        struct seen seen;
        int n = 0;

        seen_new(&seen);
        for (int fd = 0; fd < 256; fd++)
                open_before[fd] = fcntl(fd, F_GETFD) >= 0;
        seen_open(&seen, NULL);
        UNTIL(&seen, seen.n_ready == 1);
        for (int fd = 0; fd < 256; fd++) {
                if (!is_connection(fd, &seen.server))
                        continue;
                ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
                n++;
        }
        ck_assert_int_eq(n, 1);
        seen_close(&seen);
        server_hang_up(&seen.server);
        for (int fd = 0; fd < 256; fd++)
                ck_assert(open_before[fd] || fcntl(fd, F_GETFD) < 0);
        seen_free(&seen);
}
END_TEST

START_TEST(places_are_read_or_refused)
{
        static const struct {
                const char *text, *host;
                int type, port;
        } rows[] = {
                { "unix:/run/x", "/run/x", XSN_OVSDB_UNIX, 0 },
                { "tcp:192.0.2.1", "192.0.2.1", XSN_OVSDB_TCP, 6640 },
                { "tcp:h-1.example:1", "h-1.example", XSN_OVSDB_TCP, 1 },
                { "ssl:[2001:db8::1]:65535", "2001:db8::1", XSN_OVSDB_SSL, 65535 },
                { "ssl:[::1]", "::1", XSN_OVSDB_SSL, 6640 },
                { "unix:relative", NULL, 0, 0 },
                { "unix:", NULL, 0, 0 },
                { "tcp:", NULL, 0, 0 },
                { "tcp::6640", NULL, 0, 0 },
                { "tcp:h:", NULL, 0, 0 },
                { "tcp:h:0", NULL, 0, 0 },
                { "tcp:h:65536", NULL, 0, 0 },
                { "tcp:h:1x", NULL, 0, 0 },
                { "tcp:user@h:1", NULL, 0, 0 },
                { "tcp:h/../x:1", NULL, 0, 0 },
                { "tcp:2001:db8::1:6640", NULL, 0, 0 },
                { "ssl:[h]:1", NULL, 0, 0 },
                { "ssl:[::1", NULL, 0, 0 },
                { "ssl:[::1]x", NULL, 0, 0 },
                { "ptcp:6640", NULL, 0, 0 },
                { "", NULL, 0, 0 },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsn_ovsdb_endpoint endpoint = { .host = NULL };
                int r = xsn_ovsdb_endpoint_parse(rows[i].text, &endpoint, NULL);

                ck_assert_msg(r == (rows[i].host ? 0 : -EINVAL), "%s", rows[i].text);
                if (r == 0) {
                        ck_assert_str_eq(endpoint.host, rows[i].host);
                        ck_assert_int_eq(endpoint.type, rows[i].type);
                        ck_assert_int_eq(endpoint.port, rows[i].port);
                }
                xsn_ovsdb_endpoint_done(&endpoint);
        }
}
END_TEST

/* The n-th allocation fails, and only that: a loss at most, and then it works. */
START_TEST(one_failed_allocation_anywhere_is_survived)
{
        for (unsigned long n = 1;; n++) {
                struct seen seen;
                int r = -1;

                seen_new(&seen);
                seen_open(&seen, NULL);
                seen.fail_at = n;
                UNTIL(&seen, seen.n_ready > 0);
                UNTIL(&seen, xsn_ovsdb_is_ready(seen.client) && (r = seen_transact(&seen, 0, NULL)) == 0);
                UNTIL(&seen, seen.reply.n == 1);
                if (seen.reply.code < 0) {
                        UNTIL(&seen, xsn_ovsdb_is_ready(seen.client));
                        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
                        UNTIL(&seen, seen.reply.n == 2);
                }
                ck_assert_str_eq(seen.result, "[{}]");
                seen_free(&seen);
                if (seen.n_allocations < n)
                        break;
                ck_assert_uint_lt(n, 2000);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_client");
        TCase *tc = tcase_create("client");

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, connects_and_knows_the_schema);
        tcase_add_test(tc, a_transaction_goes_out_as_it_is_and_its_results_come_back);
        tcase_add_test(tc, a_failed_operation_is_an_error_that_names_it_and_the_place);
        tcase_add_test(tc, an_error_of_the_whole_request_may_have_any_form);
        tcase_add_test(tc, answers_may_come_byte_by_byte_and_out_of_order);
        tcase_add_test(tc, a_connection_lost_at_any_byte_of_the_reply_leaves_the_outcome_unknown);
        tcase_add_test(tc, what_was_not_sent_to_its_end_was_not_done);
        tcase_add_test(tc, a_deadline_tells_whether_the_server_may_have_it);
        tcase_add_test(tc, a_late_reply_is_passed_over_and_a_second_one_is_not);
        tcase_add_test(tc, a_cancelled_request_calls_nobody);
        tcase_add_test(tc, requests_are_refused_without_a_connection_and_beyond_the_limit);
        tcase_add_test(tc, any_method_can_be_called);
        tcase_add_test(tc, echoes_of_the_server_are_answered);
        tcase_add_test(tc, a_silent_server_is_asked_and_one_that_answers_is_kept);
        tcase_add_test(tc, a_dead_server_is_dropped_and_connected_to_again);
        tcase_add_test(tc, a_server_that_never_greets_is_dropped);
        tcase_add_test(tc, without_a_server_it_goes_on_trying);
        tcase_add_test(tc, it_may_be_closed_at_any_moment);
        tcase_add_test(tc, the_connection_is_not_inherited_and_nothing_stays_open);
        tcase_add_test(tc, places_are_read_or_refused);
        tcase_add_test(tc, one_failed_allocation_anywhere_is_survived);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
