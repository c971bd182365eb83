/* SPDX-License-Identifier: Apache-2.0 */
/* A server that sends what it may not: a clear error, the connection dropped, and the client usable again. */
#include "ovsdb_script.h"

/* Small limits, so that small texts break them. */
static const struct xsn_ovsdb_options small = { .limits = { .size = 4096, .values = 300, .depth = 16 } };

static const struct {
        const char *text; /* sent to a client that waits for the reply to request $ID */
        const char *reason;
        const char *message; /* part of it */
} junk[] = {
        { "x", "bad-reply", "expected JSON" },
        { "HTTP/1.1 400 Bad Request\r\n", "bad-reply", "expected JSON" },
        { "[]", "bad-reply", "expected JSON" },
        { "{,}", "bad-reply", "no JSON" },
        { "{\"id\":1,\"id\":2}", "bad-reply", "no JSON" },
        { "{\"id\":$ID,\"result\":\"\\ud800\",\"error\":null}", "bad-reply", "no JSON" },
        { "{\"id\":$ID,\"result\":\"\\u0000\",\"error\":null}", "bad-reply", "no JSON" },
        { "{\"id\":$ID,\"result\":\"\xff\",\"error\":null}", "bad-reply", "no JSON" },
        { "{\"id\":99999999999999999999,\"result\":[{}]}", "bad-reply", "no JSON" },
        { "{\"id\":$ID,\"result\":1e999}", "bad-reply", "no JSON" },
        { "{}", "bad-reply", "no request" },
        { "{\"id\":null,\"result\":[{}]}", "bad-reply", "no request" },
        { "{\"id\":\"$ID\",\"result\":[{}]}", "bad-reply", "no request" },
        { "{\"id\":1,\"result\":[{}]}", "bad-reply", "no request" }, /* of the greeting, answered long ago */
        { "{\"id\":0,\"result\":[{}]}", "bad-reply", "no request" },
        { "{\"id\":-3,\"result\":[{}]}", "bad-reply", "no request" },
        { "{\"id\":4711,\"result\":[{}]}", "bad-reply", "no request" },
        { "{\"id\":$ID}", "bad-reply", "without result" },
        { "{\"id\":$ID,\"error\":null}", "bad-reply", "without result" },
        { "{\"id\":$ID,\"error\":null,\"result\":null}", "bad-reply", "does not fit" },
        { "{\"id\":$ID,\"error\":null,\"result\":[]}", "bad-reply", "does not fit" },
        { "{\"id\":$ID,\"error\":null,\"result\":[1]}", "bad-reply", "does not fit" },
        { "{\"id\":$ID,\"error\":null,\"result\":[{},{},{}]}", "bad-reply", "does not fit" },
        { "{\"method\":1,\"id\":null,\"params\":[]}", "bad-reply", "method is no text" },
        { "{\"method\":null,\"id\":1,\"params\":[]}", "bad-reply", "method is no text" },
        { "{\"method\":\"update\",\"id\":null,\"params\":[\"xsnet-1\",{}]}", "bad-reply", "nobody asked" },
        { "{\"method\":\"update2\",\"params\":7}", "bad-reply", "nobody asked" },
        { "{\"method\":\"update2\"}", "bad-reply", "nobody asked" },
        { "{\"a\":[[[[[[[[[[[[[[[[[[[[", "too-big", "within each other" },
};

static void say_to_request(struct seen *seen, const char *text)
{
        const json_t *id = json_object_get(server_last(&seen->server, "transact"), "id");
        const char *mark = strstr(text, "$ID");
        char whole[512];

        if (mark)
                snprintf(whole, sizeof(whole), "%.*s%lld%s", (int)(mark - text), text,
                         (long long)json_integer_value(id), mark + 3);
        else
                snprintf(whole, sizeof(whole), "%s", text);
        server_say_text(&seen->server, whole);
}

static void check_usable(struct seen *seen)
{
        int n = seen->reply.n;

        seen->server.answers = NULL;
        UNTIL(seen, xsn_ovsdb_is_ready(seen->client));
        ck_assert_int_eq(seen_transact(seen, 0, NULL), 0);
        UNTIL(seen, seen->reply.n == n + 1);
        ck_assert_int_eq(seen->reply.code, 0);
}

START_TEST(junk_ends_the_connection_with_an_error_and_not_the_client)
{
        static const struct answer none[] = { { "transact", NULL }, { NULL, NULL } };
        struct seen seen;

        seen_start(&seen, &small);
        seen.server.answers = none;
        ck_assert_int_eq(seen_transact(&seen, 0, NULL), 0);
        UNTIL(&seen, server_count(&seen.server, "transact") == 1);
        say_to_request(&seen, junk[_i].text);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_msg(strcmp(seen.reason, junk[_i].reason) == 0, "%s: %s %s", junk[_i].text, seen.reason, seen.message);
        ck_assert_msg(strstr(seen.message, junk[_i].message) != NULL, "%s: %s", junk[_i].text, seen.message);
        ck_assert_int_eq(seen.reply.n, 1);
        ck_assert_str_eq(seen.reply.reason, "outcome-unknown");
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

START_TEST(what_later_servers_may_say_is_passed_over)
{
        struct seen seen;

        seen_start(&seen, NULL);
        server_say_text(&seen.server, "{\"method\":\"update3\",\"id\":null,\"params\":[]}"
                                      "{\"method\":\"stolen\",\"params\":[\"x\"]} \n\t"
                                      "{\"method\":\"canceled\",\"id\":null,\"params\":{\"x\":[]},\"more\":1}");
        settle(&seen);
        ck_assert_int_eq(seen.n_lost, 0);
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

static const struct {
        struct answer answer;
        const char *reason;
} greetings[] = {
        { { "list_dbs", "{\"id\":$ID,\"result\":[],\"error\":null}" }, "no-such-database" },
        { { "list_dbs", "{\"id\":$ID,\"result\":[7,null,\"open_vswitch\"],\"error\":null}" }, "no-such-database" },
        { { "list_dbs", "{\"id\":$ID,\"result\":{\"Open_vSwitch\":1},\"error\":null}" }, "no-such-database" },
        { { "list_dbs", "{\"id\":$ID,\"result\":null,\"error\":\"unknown method\"}" }, "not-supported" },
        { { "list_dbs", "close" }, "connection-lost" },
        { { "get_schema", "close" }, "connection-lost" },
        { { "get_schema", "{\"id\":$ID,\"result\":{},\"error\":null}" }, "bad-reply" },
        { { "get_schema", "{\"id\":$ID,\"result\":{\"tables\":{\"T\":{\"columns\":7}}},\"error\":null}" },
          "bad-reply" },
        { { "get_schema", "{\"id\":$ID,\"result\":null,\"error\":{\"error\":\"unknown database\"}}" },
          "no-such-database" },
        { { "get_schema", "{\"id\":4711,\"result\":{},\"error\":null}" }, "bad-reply" },
};

START_TEST(a_bad_greeting_is_an_error_and_tried_again)
{
        const struct answer answers[] = { greetings[_i].answer, { NULL, NULL } };
        struct seen seen;

        seen_new(&seen);
        seen.server.answers = answers;
        seen_open(&seen, NULL);
        UNTIL(&seen, seen.n_lost == 2);
        ck_assert_str_eq(seen.reason, greetings[_i].reason);
        ck_assert_int_eq(seen.n_ready, 0);
        seen.server.answers = NULL;
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

static void say_much(struct seen *seen, const char *begin, const char *more, size_t size)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, begin);
        while (buf.len < size)
                xsn_buf_put(&buf, more);
        server_say(&seen->server, buf.s, buf.len);
        xsn_buf_done(&buf);
}

START_TEST(sixty_four_mebibytes_of_junk_are_too_much)
{
        struct seen seen;

        seen_start(&seen, NULL);
        say_much(&seen, "{\"id\":1,\"result\":\"", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                 (64U << 20) + 100000);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "too-big");
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

START_TEST(millions_of_small_values_are_too_many_before_they_are_parsed)
{
        struct seen seen;

        seen_start(&seen, NULL);
        say_much(&seen, "{\"id\":1,\"result\":[{}", ",{},{},{},{},{},{},{},{}", 16U << 20);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "too-big");
        ck_assert_ptr_nonnull(strstr(seen.message, "values"));
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

/* Answers that nobody reads must not fill the memory. */
START_TEST(a_flood_of_echoes_from_one_who_does_not_read_is_ended)
{
        struct xsn_buf buf = { 0 };
        struct seen seen;

        seen_start(&seen, NULL);
        seen.server.source = xsn_source_remove(seen.server.source);
        xsn_buf_put(&buf, "{\"method\":\"echo\",\"id\":1,\"params\":[\"");
        for (int i = 0; i < 1000; i++)
                xsn_buf_put(&buf,
                            "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
        xsn_buf_put(&buf, "\"]}");
        for (int i = 0; i < 2000 && seen.n_lost == 0; i++) {
                server_say(&seen.server, buf.s, buf.len);
                while (seen.n_lost == 0 && seen.server.pending.len > 0)
                        turn(&seen);
        }
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "too-many-requests");
        xsn_buf_done(&buf);
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

/* ---- changed bytes ---- */

static void ignore_change(const char *table, const char *uuid, const json_t *before, const json_t *after,
                          void *userdata)
{
        (void)table;
        (void)uuid;
        ck_assert(before || after);
        (void)userdata;
}

static void ignore_settled(bool first, void *userdata)
{
        (void)first;
        (void)userdata;
}

static void ignore_failed(const struct xsnet_error *err, void *userdata)
{
        ck_assert_int_lt(xsnet_error_get_code(err), 0);
        (void)userdata;
}

#define UUID "11111111-1111-1111-1111-111111111111"

/* One to three bytes of a message in order are others. */
static void say_changed(struct seen *seen, uint64_t *random)
{
        static const char *const messages[] = {
                "{\"id\":%lld,\"result\":[{}],\"error\":null}",
                "{\"id\":%lld,\"result\":null,\"error\":{\"error\":\"timed out\",\"details\":\"x\"}}",
                "{\"method\":\"echo\",\"id\":\"echo\",\"params\":[%lld]}",
                "{\"method\":\"update2\",\"id\":null,\"params\":[\"xsnet-1\",{\"Port\":{\"" UUID
                "\":{\"insert\":{\"name\":\"p\",\"tag\":%lld,\"ids\":[\"map\",[[\"a\",\"1\"]]]}}}}]}",
                "{\"method\":\"update2\",\"id\":null,\"params\":[\"xsnet-1\",{\"Port\":{\"" UUID
                "\":{\"modify\":{\"tag\":%lld,\"ids\":[\"map\",[[\"b\",\"1\"]]]}}}}]}",
        };
        static const char bytes[] = "{}[]\",:0123456789antx\\ \x01\xff";
        const json_t *id = json_object_get(server_last(&seen->server, "transact"), "id");
        char text[512];

        *random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof(text), messages[(*random >> 33) % XSN_ARRAY_SIZE(messages)],
                 (long long)json_integer_value(id));
#pragma GCC diagnostic pop
        for (unsigned n = 1 + (unsigned)(*random >> 40) % 3; n > 0; n--) {
                *random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
                text[(*random >> 33) % strlen(text)] = bytes[(*random >> 20) % (sizeof(bytes) - 1)];
        }
        server_say_text(&seen->server, text);
}

START_TEST(changed_bytes_in_any_message_never_end_the_client)
{
        static const struct answer none[] = { { "transact", NULL }, { NULL, NULL } };
        static const char *const columns[] = { "name", "tag", "ids" };
        static const struct xsn_ovsdb_watch watch = { "Port", columns, 3 };
        struct xsn_ovsdb_listener listener = { .change = ignore_change,
                                               .settled = ignore_settled,
                                               .failed = ignore_failed };
        struct xsn_ovsdb_monitor *monitor;
        uint64_t random = 1;
        struct seen seen;

        seen_start(&seen, &small);
        seen.server.answers = none;
        ck_assert_int_eq(xsn_ovsdb_monitor(seen.client, &watch, 1, &listener, &monitor, NULL), 0);
        for (unsigned i = 0; i < fewer(2000); i++) {
                size_t n = server_count(&seen.server, "transact");

                UNTIL(&seen, xsn_ovsdb_is_ready(seen.client));
                if (seen_transact(&seen, 0, NULL) == 0)
                        UNTIL(&seen, server_count(&seen.server, "transact") > n || !xsn_ovsdb_is_ready(seen.client));
                say_changed(&seen, &random);
                turn(&seen);
                turn(&seen);
                if (i % 50 == 0)
                        json_array_clear(seen.server.heard);
                if (i % 200 == 0)
                        server_hang_up(&seen.server); /* all that waits for a reply */
        }
        ck_assert_int_gt(seen.n_lost, (int)fewer(100));
        ck_assert_int_gt(seen.reply.n, (int)fewer(1000));
        server_hang_up(&seen.server);
        check_usable(&seen);
        seen_free(&seen);
}
END_TEST

START_TEST(a_server_that_hangs_up_at_once_is_not_hammered)
{
        struct xsn_ovsdb_options options = { .backoff_min = 20 * MS, .backoff_max = 10000 * MS };
        static const struct answer rude[] = { { "list_dbs", "close" }, { NULL, NULL } };
        uint64_t begin = xsn_loop_now();
        struct seen seen;

        seen_new(&seen);
        seen.server.answers = rude;
        seen_open(&seen, &options);
        UNTIL(&seen, seen.n_lost == 4);
        /* 20 + 40 + 80 ms */
        ck_assert_uint_ge(xsn_loop_now() - begin, 140 * MS);
        seen_free(&seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_hostile");
        TCase *tc = tcase_create("hostile");

        tcase_set_timeout(tc, 100);
        tcase_add_loop_test(tc, junk_ends_the_connection_with_an_error_and_not_the_client, 0, XSN_ARRAY_SIZE(junk));
        tcase_add_test(tc, what_later_servers_may_say_is_passed_over);
        tcase_add_loop_test(tc, a_bad_greeting_is_an_error_and_tried_again, 0, XSN_ARRAY_SIZE(greetings));
        tcase_add_test(tc, sixty_four_mebibytes_of_junk_are_too_much);
        tcase_add_test(tc, millions_of_small_values_are_too_many_before_they_are_parsed);
        tcase_add_test(tc, a_flood_of_echoes_from_one_who_does_not_read_is_ended);
        tcase_add_test(tc, changed_bytes_in_any_message_never_end_the_client);
        tcase_add_test(tc, a_server_that_hangs_up_at_once_is_not_hammered);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
