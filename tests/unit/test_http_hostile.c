/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client and answers that are not as they should be, or too much. */
#include "http_seen.h"
#include "xmlrpc_test.h"

static void page_500(struct conn *conn, const char *body, void *userdata)
{
        (void)body;
        (void)userdata;
        answer_as(conn, "500 Internal Error", "text/html",
                  "<html><body><h1>HTTP 500 internal server error</h1>Xmlm.Error(1:61,\n &quot;end&quot;)\x1b[31m"
                  "</body></html>");
}

START_TEST(another_status_is_an_error_with_the_words_of_the_page)
{
        struct xsn_http_call call;
        struct seen seen;

        seen_new(&seen, 0, NULL);
        seen.server.handle = page_500;
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_int_eq(seen.outcome, XSN_HTTP_UNKNOWN);
        ck_assert_int_eq(seen.code, -EREMOTEIO);
        ck_assert_str_eq(seen.reason, "http-status");
        ck_assert_str_eq(seen.message, "HTTP status 500: HTTP 500 internal server error Xmlm.Error(1:61, "
                                       "&quot;end&quot;)\\x1b[31m ");
        ck_assert_uint_eq(seen.got.len, 0);
        /* Nothing of it where it may repeat a password. */
        call = call_of(&seen, "x");
        call.secret = true;
        ck_assert_int_eq(xsn_http_post(seen.http, &call, NULL, NULL), 0);
        UNTIL(&seen, seen.n_done == 2);
        ck_assert_str_eq(seen.message, "HTTP status 500");
        seen_free(&seen);
}
END_TEST

static void raw(struct conn *conn, const char *body, void *userdata)
{
        (void)body;
        conn->server->n_open--;
        conn->hang_up = true;
        say_text(conn, userdata);
}

START_TEST(answers_of_every_form_are_read)
{
        static const char *const rows[] = {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n8\r\nlo world\r\n0\r\n\r\n",
                "HTTP/1.0 200 OK\r\n\r\nhello world",
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world",
                "HTTP/1.1 200 OK\ncontent-length: 11\n\nhello world",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world",
        };

        for (size_t i = 0; i < 2 * XSN_ARRAY_SIZE(rows); i++) {
                struct seen seen;

                seen_new(&seen, 0, NULL);
                seen.server.piece = i % 2; /* byte by byte, too */
                seen.server.handle = raw;
                seen.server.userdata = (void *)rows[i / 2];
                post(&seen, "x");
                UNTIL(&seen, seen.n_done == 1);
                ck_assert_msg(seen.code == 0, "row %zu: %s", i, seen.message);
                ck_assert_str_eq(seen.got.s, "hello world");
                seen_free(&seen);
        }
}
END_TEST

START_TEST(recorded_pages_are_errors_with_their_status)
{
        json_t *lines = load_lines("pages.jsonl"), *line;
        size_t i;

        json_array_foreach(lines, i, line) {
                const char *http = json_string_value(json_object_get(line, "http"));
                char status[32];
                struct seen seen;

                snprintf(status, sizeof(status), "HTTP status %.3s", http + strlen("HTTP/1.1 "));
                seen_new(&seen, 0, NULL);
                seen.server.handle = raw;
                seen.server.userdata = (void *)http;
                post(&seen, "x");
                UNTIL(&seen, seen.n_done == 1);
                ck_assert_str_eq(seen.reason, "http-status");
                ck_assert_msg(strncmp(seen.message, status, strlen(status)) == 0, "%s", seen.message);
                ck_assert_int_eq(seen.outcome, status[12] == '4' ? XSN_HTTP_ANSWERED : XSN_HTTP_UNKNOWN);
                seen_free(&seen);
        }
        json_decref(lines);
}
END_TEST

START_TEST(bad_answers_are_errors)
{
        static const struct {
                const char *text, *reason;
        } rows[] = {
                { "garbage\r\n\r\n", "bad-reply" },
                { "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "http-status" },
                { "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\ncontent-length: 0\r\n\r\n", "http-status" },
                { "HTTP/1.1 204 No Content\r\n\r\n", "http-status" },
                { "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhello", "outcome-unknown" },
                { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", NULL }, /* as libcurl has it */
                { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "outcome-unknown" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct seen seen;

                seen_new(&seen, 0, NULL);
                seen.server.handle = raw;
                seen.server.userdata = (void *)rows[i].text;
                post(&seen, "x");
                UNTIL(&seen, seen.n_done == 1);
                ck_assert_int_lt(seen.code, 0);
                ck_assert_msg(!rows[i].reason || strcmp(seen.reason, rows[i].reason) == 0, "row %zu: %s: %s", i,
                              seen.reason, seen.message);
                ck_assert_int_ne(seen.outcome, XSN_HTTP_NOT_SENT);
                ck_assert_int_eq(seen.server.n_requests, 1);
                seen_free(&seen);
        }
}
END_TEST

static void many_headers(struct conn *conn, const char *body, void *userdata)
{
        char line[200];

        (void)body;
        (void)userdata;
        memset(line, 'x', sizeof(line));
        memcpy(line, "X: ", 3);
        strcpy(line + sizeof(line) - 3, "\r\n");
        say_text(conn, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 1000; i++)
                say_text(conn, line);
}

START_TEST(headers_are_bounded)
{
        struct seen seen;

        seen_new(&seen, 0, NULL);
        seen.server.handle = many_headers;
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_str_eq(seen.reason, "too-big");
        ck_assert_int_eq(seen.outcome, XSN_HTTP_UNKNOWN);
        seen_free(&seen);
}
END_TEST

START_TEST(the_answer_is_bounded)
{
        struct xsn_http_call call;
        struct seen seen;

        for (int over = 0; over < 2; over++) {
                seen_new(&seen, 0, NULL);
                call = call_of(&seen, "0123456789");
                call.max_reply = over ? 9 : 10;
                ck_assert_int_eq(xsn_http_post(seen.http, &call, NULL, NULL), 0);
                UNTIL(&seen, seen.n_done == 1);
                ck_assert_str_eq(seen.reason, over ? "too-big" : "");
                seen_free(&seen);
        }
}
END_TEST

START_TEST(whoever_receives_may_refuse)
{
        struct seen seen;

        seen_new(&seen, 0, NULL);
        seen.refuse = true;
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_str_eq(seen.message, "refused");
        ck_assert_int_eq(seen.outcome, XSN_HTTP_UNKNOWN);
        seen_free(&seen);
}
END_TEST

/* Nobody accepts, and the queue of those who wait to be is full. */
START_TEST(the_connection_itself_has_a_limit)
{
        struct xsn_http_options options = { .connect_limit = 100 * MS };
        struct xsn_http_place place = { .type = XSN_HTTP_PLAIN, .host = (char *)"192.0.2.1", .port = 1 };
        struct seen seen;

        seen_new(&seen, 0, NULL);
        xsn_http_free(seen.http);
        ck_assert_int_eq(xsn_http_new(seen.loop, &place, &options, &seen.http, NULL), 0);
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_str_eq(seen.reason, "connect-failed");
        ck_assert_int_eq(seen.outcome, XSN_HTTP_NOT_SENT);
        seen_free(&seen);
}
END_TEST

START_TEST(the_environments_proxy_is_not_used)
{
        struct seen seen;

        setenv("http_proxy", "http://127.0.0.1:1", 1);
        setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
        seen_new(&seen, 0, NULL);
        post(&seen, "x");
        UNTIL(&seen, seen.n_done == 1);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

/* Ends all the same, once. libcurl's own memory cannot be made to fail from here. */
START_TEST(without_memory_every_request_ends_once)
{
        bool failed = true;

        for (unsigned long n = 1; failed; n++) {
                struct xsn_http_call call;
                struct seen seen;
                int r;

                seen_new(&seen, -1, NULL);
                call = call_of(&seen, "x");
                call.deadline = xsn_loop_now() + PATIENCE;
                failalloc_at(n);
                r = xsn_http_post(seen.http, &call, NULL, NULL);
                for (int i = 0; r == 0 && seen.n_done == 0 && i < 2000; i++) {
                        (void)xsn_loop_dispatch(seen.loop, NULL);
                        failalloc_pause();
                        server_turn(&seen.server);
                        (void)usleep(seen.n_done ? 0 : 200);
                        failalloc_resume();
                }
                failalloc_off();
                failed = failalloc_count() >= n;
                ck_assert(failed || n > 4);
                ck_assert_msg(r < 0 || seen.n_done == 1, "the %lu-th failed: nothing ends", n);
                ck_assert_int_eq(seen.n_done, r == 0);
                seen_free(&seen);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http hostile");
        TCase *tc = tcase_create("http hostile");

        tcase_add_test(tc, another_status_is_an_error_with_the_words_of_the_page);
        tcase_add_test(tc, answers_of_every_form_are_read);
        tcase_add_test(tc, recorded_pages_are_errors_with_their_status);
        tcase_add_test(tc, bad_answers_are_errors);
        tcase_add_test(tc, headers_are_bounded);
        tcase_add_test(tc, the_answer_is_bounded);
        tcase_add_test(tc, whoever_receives_may_refuse);
        tcase_add_test(tc, the_connection_itself_has_a_limit);
        tcase_add_test(tc, the_environments_proxy_is_not_used);
        tcase_add_test(tc, without_memory_every_request_ends_once);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
