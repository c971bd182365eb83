/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server that says what it is told to: keeping, bounding, cutting, waiting. */
#include "http_seen.h"

START_TEST(a_request_goes_out_as_xapi_takes_it)
{
        struct seen seen;

        seen_new(&seen, _i ? 0 : -1, NULL);
        post(&seen, "<methodCall/>");
        ck_assert_int_eq(seen.n_done, 0); /* never from inside the call */
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_ANSWERED);
        ck_assert_str_eq(seen.got.s, "<methodCall/>");
        ck_assert_ptr_nonnull(strstr(seen.server.head, "POST / HTTP/1.1\r\n"));
        ck_assert_ptr_nonnull(strstr(seen.server.head, "\r\nContent-Length: 13\r\n"));
        ck_assert_ptr_nonnull(strstr(seen.server.head, "\r\nContent-Type: text/xml\r\n"));
        ck_assert_ptr_nonnull(strstr(seen.server.head, "\r\nHost: "));
        ck_assert_ptr_null(strcasestr(seen.server.head, "\r\nExpect"));
        ck_assert_ptr_null(strcasestr(seen.server.head, "chunked"));
        ck_assert_ptr_null(strcasestr(seen.server.head, "Accept-Encoding"));
        ck_assert_uint_lt(strlen(seen.server.head), 1005);
        seen_free(&seen);
}
END_TEST

/* Also of the size from which on libcurl would ask first, "Expect: 100-continue". */
START_TEST(a_large_request_does_not_ask_first)
{
        char *body = malloc(300001);
        struct seen seen;

        memset(body, 'x', 300000);
        body[300000] = '\0';
        seen_new(&seen, 0, NULL);
        post(&seen, body);
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_ptr_null(strcasestr(seen.server.head, "\r\nExpect"));
        ck_assert_uint_eq(seen.got.len, 300000);
        free(body);
        seen_free(&seen);
}
END_TEST

START_TEST(a_connection_is_kept)
{
        struct seen seen;

        seen_new(&seen, _i ? 0 : -1, NULL);
        for (int i = 1; i <= 20; i++) {
                post(&seen, "x");
                UNTIL(&seen, seen.n_done == i);
        }
        ck_assert_int_eq(seen.server.n_connections, 1);
        ck_assert_uint_eq(seen.got.len, 20);
        seen_free(&seen);
}
END_TEST

/* Each ends by itself, so that there is a time when all others' connections are idle. */
static void post_and_answer(struct seen *seen, int n)
{
        int before = seen->n_done, asked = seen->server.n_requests;

        for (int i = 0; i < n; i++)
                post(seen, "x");
        UNTIL(seen, seen->server.n_requests == asked + n);
        for (int i = 0; i < CONNS_MAX; i++)
                if (conn_waits(&seen->server.conns[i])) {
                        answer(&seen->server.conns[i], "y");
                        before++;
                        UNTIL(seen, seen->n_done == before);
                }
}

START_TEST(all_connections_that_were_needed_at_a_time_are_kept)
{
        struct xsn_http_options options = { .max_parallel = 12 };
        struct seen seen;

        seen_new(&seen, 0, &options);
        seen.server.handle = hold;
        for (int i = 1; i <= 3; i++) {
                post_and_answer(&seen, 12);
                ck_assert_int_eq(seen.n_done, 12 * i);
                ck_assert_int_eq(seen.server.n_connections, 12);
        }
        seen_free(&seen);
}
END_TEST

START_TEST(no_more_requests_than_allowed_run_at_a_time)
{
        struct xsn_http_options options = { .max_parallel = 3 };
        struct seen seen;

        seen_new(&seen, 0, &options);
        seen.server.handle = hold;
        for (int i = 0; i < 10; i++)
                post(&seen, "x");
        UNTIL(&seen, seen.server.n_requests == 3);
        settle(&seen);
        ck_assert_int_eq(seen.server.n_requests, 3);
        while (seen.n_done < 10) {
                int before = seen.n_done;

                for (int i = 0; i < CONNS_MAX && seen.n_done == before; i++)
                        if (conn_waits(&seen.server.conns[i])) {
                                answer(&seen.server.conns[i], "y");
                                UNTIL(&seen, seen.n_done > before);
                                settle(&seen);
                        }
        }
        ck_assert_int_eq(seen.server.max_open, 3);
        ck_assert_int_eq(seen.server.n_connections, 3);
        seen_free(&seen);
}
END_TEST

START_TEST(a_lasting_request_takes_nobodys_turn)
{
        struct xsn_http_options options = { .max_parallel = 1 };
        struct xsn_http_call call;
        struct seen seen;

        seen_new(&seen, 0, &options);
        seen.server.handle = hold;
        for (int i = 0; i < 3; i++) {
                call = call_of(&seen, "long");
                call.lasting = true;
                ck_assert_int_eq(xsn_http_post(seen.http, &call, NULL, NULL), 0);
        }
        UNTIL(&seen, seen.server.n_requests == 3);
        seen.server.handle = echo;
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_str_eq(seen.got.s, "x");
        seen_free(&seen);
}
END_TEST

START_TEST(what_waits_is_bounded)
{
        struct xsn_http_options options = { .max_parallel = 1, .max_waiting = 2 };
        struct xsnet_error *err = NULL;
        struct xsn_http_call call;
        struct seen seen;

        seen_new(&seen, -1, &options);
        post(&seen, "a");
        post(&seen, "b");
        call = call_of(&seen, "c");
        ck_assert_int_eq(xsn_http_post(seen.http, &call, NULL, &err), -EBUSY);
        ck_assert_str_eq(xsnet_error_get_reason(err), "too-many-requests");
        xsnet_error_free(err);
        UNTIL(&seen, seen.n_done == 2);
        seen_free(&seen);
}
END_TEST

static const char whole[] = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world";

static void cut(struct conn *conn, const char *body, void *userdata)
{
        (void)body;
        answer_cut(conn, whole, *(size_t *)userdata);
}

/* The server may have done it, and does it once: libcurl's own second attempt over a new connection is stopped. */
START_TEST(a_connection_lost_at_any_byte_of_the_answer_leaves_the_outcome_unknown)
{
        for (size_t n = 0; n < strlen(whole); n++) {
                struct seen seen;

                /* Over a connection that was used before, too. */
                for (int used = 0; used < 2; used++) {
                        seen_new(&seen, 0, NULL);
                        if (used) {
                                post(&seen, "x");
                                UNTIL(&seen, seen.n_done == 1);
                        }
                        seen.server.handle = cut;
                        seen.server.userdata = &n;
                        post(&seen, "y");
                        UNTIL(&seen, seen.n_done == 1 + used);
                        settle(&seen);
                        ck_assert_msg(seen.code != 0, "cut after %zu bytes: no error", n);
                        ck_assert_msg(seen.outcome == XSN_HTTP_UNKNOWN, "cut after %zu bytes: outcome %d, %s: %s", n,
                                      seen.outcome, seen.reason, seen.message);
                        ck_assert_int_eq(seen.server.n_requests, 1 + used);
                        /* It is usable again. */
                        seen.server.handle = echo;
                        post(&seen, "z");
                        UNTIL(&seen, seen.n_done == 2 + used);
                        ck_assert_int_eq(seen.code, 0);
                        seen_free(&seen);
                }
        }
}
END_TEST

START_TEST(what_was_not_sent_to_its_end_was_not_done)
{
        char *body = malloc(8000001);
        struct seen seen;

        memset(body, 'x', 8000000);
        body[8000000] = '\0';
        seen_new(&seen, -1, NULL);
        seen.server.deaf = true;
        post(&seen, body);
        settle(&seen);
        server_cut_all(&seen.server);
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_NOT_SENT);
        ck_assert_str_eq(seen.reason, "not-sent");
        ck_assert_int_eq(seen.server.n_requests, 0);
        free(body);
        seen_free(&seen);
}
END_TEST

START_TEST(a_kept_connection_that_the_server_closed_is_made_anew)
{
        struct seen seen;

        seen_new(&seen, 0, NULL);
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        server_cut_all(&seen.server);
        settle(&seen);
        post(&seen, "y");
        UNTIL(&seen, seen.n_done == 2);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.server.n_connections, 2);
        seen_free(&seen);
}
END_TEST

/* libcurl connects anew by itself where a kept connection ends without a word: that nobody listens there any more
 * does not mean that nobody got the request. */
START_TEST(a_server_that_goes_away_with_the_request_leaves_the_outcome_unknown)
{
        struct seen seen;

        seen_new(&seen, _i ? 0 : -1, NULL);
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        seen.server.handle = hold;
        post(&seen, "y");
        UNTIL(&seen, seen.server.n_requests == 2);
        server_stop_listening(&seen.server);
        server_cut_all(&seen.server);
        UNTIL(&seen, seen.n_done == 2);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_UNKNOWN);
        ck_assert_str_eq(seen.reason, "outcome-unknown");
        ck_assert(server_listen(&seen.server));
        seen_free(&seen);
}
END_TEST

START_TEST(renewing_connects_anew)
{
        struct seen seen;

        seen_new(&seen, 0, NULL);
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        xsn_http_renew(seen.http);
        post(&seen, "y");
        UNTIL(&seen, seen.n_done == 2);
        ck_assert_int_eq(seen.server.n_connections, 2);
        seen_free(&seen);
}
END_TEST

START_TEST(nobody_there_is_not_sent)
{
        struct seen seen;

        seen_new(&seen, _i ? 0 : -1, NULL);
        server_stop_listening(&seen.server);
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_NOT_SENT);
        ck_assert_str_eq(seen.reason, "connect-failed");
        ck_assert_int_eq(seen.code, _i ? -ECONNREFUSED : -ENOENT);
        ck_assert(server_listen(&seen.server));
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 2);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_deadline_tells_whether_the_server_may_have_it)
{
        struct xsn_http_options options = { .max_parallel = 1 };
        struct xsn_http_call call;
        struct seen seen;

        seen_new(&seen, 0, &options);
        seen.server.handle = hold;
        call = call_of(&seen, "x");
        call.deadline = xsn_loop_now() + slow(1500) * MS;
        ck_assert_int_eq(xsn_http_post(seen.http, &call, NULL, NULL), 0);
        call = call_of(&seen, "y");
        call.deadline = xsn_loop_now() + slow(500) * MS;
        ck_assert_int_eq(xsn_http_post(seen.http, &call, NULL, NULL), 0);
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_str_eq(seen.reason, "not-sent");
        ck_assert_int_eq(seen.code, -ETIMEDOUT);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_NOT_SENT);
        UNTIL(&seen, seen.n_done == 2);
        ck_assert_str_eq(seen.reason, "outcome-unknown");
        ck_assert_int_eq(seen.code, -ETIMEDOUT);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_UNKNOWN);
        ck_assert_int_eq(seen.server.n_requests, 1);
        seen_free(&seen);
}
END_TEST

START_TEST(a_cancelled_request_calls_nobody)
{
        struct xsn_http_options options = { .max_parallel = 1 };
        struct xsn_http_request *sent, *waiting;
        struct seen seen;

        seen_new(&seen, 0, &options);
        seen.server.handle = hold;
        sent = post(&seen, "x");
        waiting = post(&seen, "y");
        UNTIL(&seen, seen.server.n_requests == 1);
        ck_assert_int_eq(xsn_http_cancel(waiting), XSN_HTTP_NOT_SENT);
        ck_assert_int_eq(xsn_http_cancel(sent), XSN_HTTP_UNKNOWN);
        seen.server.handle = echo;
        post(&seen, "z");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_str_eq(seen.got.s, "z");
        settle(&seen);
        ck_assert_int_eq(seen.n_done, 1);
        seen_free(&seen);
}
END_TEST

START_TEST(the_client_may_be_freed_by_what_it_calls)
{
        struct seen seen;

        seen_new(&seen, 0, NULL);
        seen.free_in_done = true;
        for (int i = 0; i < 6; i++)
                post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        settle(&seen);
        ck_assert_int_eq(seen.n_done, 1);
        ck_assert_ptr_null(seen.http);
        seen_free(&seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http");
        TCase *tc = tcase_create("http");

        tcase_add_loop_test(tc, a_request_goes_out_as_xapi_takes_it, 0, 2);
        tcase_add_test(tc, a_large_request_does_not_ask_first);
        tcase_add_loop_test(tc, a_connection_is_kept, 0, 2);
        tcase_add_test(tc, all_connections_that_were_needed_at_a_time_are_kept);
        tcase_add_test(tc, no_more_requests_than_allowed_run_at_a_time);
        tcase_add_test(tc, a_lasting_request_takes_nobodys_turn);
        tcase_add_test(tc, what_waits_is_bounded);
        tcase_add_test(tc, a_connection_lost_at_any_byte_of_the_answer_leaves_the_outcome_unknown);
        tcase_add_test(tc, what_was_not_sent_to_its_end_was_not_done);
        tcase_add_test(tc, a_kept_connection_that_the_server_closed_is_made_anew);
        tcase_add_loop_test(tc, a_server_that_goes_away_with_the_request_leaves_the_outcome_unknown, 0, 2);
        tcase_add_test(tc, renewing_connects_anew);
        tcase_add_loop_test(tc, nobody_there_is_not_sent, 0, 2);
        tcase_add_test(tc, a_deadline_tells_whether_the_server_may_have_it);
        tcase_add_test(tc, a_cancelled_request_calls_nobody);
        tcase_add_test(tc, the_client_may_be_freed_by_what_it_calls);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
