/* SPDX-License-Identifier: Apache-2.0 */
/* Monitors against a server that says what it is told to: both forms, reconnects, refusals, ends. */
#include "ovsdb_script.h"

#define R1 "11111111-1111-1111-1111-111111111111"
#define R2 "22222222-2222-2222-2222-222222222222"

struct told {
        struct seen seen;
        struct xsn_ovsdb_monitor *monitor;
        char log[256]; /* "+name", "~name", "-name", "first", "settled" */
        int n_failed;
        bool cancel_in_change, cancel_in_settled, cancel_in_failed, close_in_change, close_in_settled;
};

static void note(struct told *told, const char *text)
{
        strncat(told->log, text, sizeof(told->log) - strlen(told->log) - 1);
}

static void on_change(const char *table, const char *uuid, const json_t *before, const json_t *after, void *userdata)
{
        struct told *told = userdata;
        const json_t *rows = xsn_ovsdb_monitor_rows(told->monitor, table);

        if (!told->seen.fail_at) { /* an assertion allocates */
                ck_assert_str_eq(table, "Port");
                ck_assert_ptr_eq(json_object_get(rows, uuid), after);
        }
        note(told, !before ? "+" : after ? "~" : "-");
        note(told, json_string_value(json_object_get(after ? after : before, "name")));
        note(told, " ");
        if (told->cancel_in_change)
                told->monitor = xsn_ovsdb_monitor_cancel(told->monitor);
        if (told->close_in_change)
                seen_close(&told->seen);
}

static void on_settled(bool first, void *userdata)
{
        struct told *told = userdata;

        note(told, first ? "first " : "settled ");
        if (told->cancel_in_settled)
                told->monitor = xsn_ovsdb_monitor_cancel(told->monitor);
        if (told->close_in_settled)
                seen_close(&told->seen);
}

static void on_failed(const struct xsnet_error *err, void *userdata)
{
        struct told *told = userdata;

        told->n_failed++;
        note(told, xsnet_error_get_reason(err));
        note(told, " ");
        if (told->cancel_in_failed)
                told->monitor = xsn_ovsdb_monitor_cancel(told->monitor);
}

static void watch(struct told *told)
{
        static const char *const columns[] = { "name", "tag", "cvlans" };
        static const struct xsn_ovsdb_watch watches[] = { { "Port", columns, 3 }, { "Absent", columns, 1 } };
        struct xsn_ovsdb_listener listener = {
                .change = on_change, .settled = on_settled, .failed = on_failed, .userdata = told
        };

        ck_assert_int_eq(xsn_ovsdb_monitor(told->seen.client, watches, 2, &listener, &told->monitor, NULL), 0);
}

static void told_start(struct told *told, const struct answer *answers)
{
        *told = (struct told){ .monitor = NULL };
        seen_start(&told->seen, NULL);
        told->seen.server.answers = answers;
        watch(told);
}

static void told_free(struct told *told)
{
        seen_free(&told->seen);
}

#define LOG_IS(told, text)                                                 \
        do {                                                               \
                UNTIL(&(told)->seen, strlen((told)->log) >= strlen(text)); \
                settle(&(told)->seen);                                     \
                ck_assert_str_eq((told)->log, text);                       \
                (told)->log[0] = '\0';                                     \
        } while (0)

static const struct answer cond[] = {
        { "monitor_cond",
          "{\"id\":$ID,\"error\":null,\"result\":{\"Port\":{\"" R1 "\":{\"initial\":{\"name\":\"p1\"}}}}}" },
        { NULL, NULL },
};
static const struct answer no_cond[] = {
        { "monitor_cond", "{\"id\":$ID,\"error\":\"unknown method\"}" },
        { "monitor", "{\"id\":$ID,\"error\":null,\"result\":{\"Port\":{\"" R1
                     "\":{\"new\":{\"name\":\"p1\",\"tag\":[\"set\",[]]}}}}}" },
        { NULL, NULL },
};
static const struct answer no_cond_object[] = {
        { "monitor_cond", "{\"id\":$ID,\"result\":null,\"error\":{\"error\":\"unknown method\"}}" },
        { "monitor", "{\"id\":$ID,\"error\":null,\"result\":{\"Port\":{\"" R1
                     "\":{\"new\":{\"name\":\"p1\",\"tag\":[\"set\",[]]}}}}}" },
        { NULL, NULL },
};
static const struct answer other_row[] = {
        { "monitor_cond",
          "{\"id\":$ID,\"error\":null,\"result\":{\"Port\":{\"" R2 "\":{\"initial\":{\"name\":\"p2\"}}}}}" },
        { NULL, NULL },
};
static const struct answer refusing[] = {
        { "monitor_cond", "{\"id\":$ID,\"error\":{\"error\":\"not allowed\"}}" },
        { NULL, NULL },
};

START_TEST(rows_are_told_first_and_then_what_changes)
{
        struct told told;
        char *sent;

        told_start(&told, cond);
        LOG_IS(&told, "+p1 first ");
        sent = json_dumps(json_object_get(server_last(&told.seen.server, "monitor_cond"), "params"), JSON_COMPACT);
        ck_assert_str_eq(sent, "[\"Open_vSwitch\",\"xsnet-1\",{\"Port\":[{\"columns\":[\"name\",\"tag\"]}]}]");
        free(sent);
        server_say_text(&told.seen.server, "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Port\":{"
                                           "\"" R1 "\":{\"modify\":{\"tag\":7}},"
                                           "\"" R2 "\":{\"insert\":{\"name\":\"p2\"}}}}]}");
        LOG_IS(&told, "~p1 +p2 settled ");
        server_say_text(&told.seen.server, "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Port\":{"
                                           "\"" R1 "\":{\"delete\":null}}}]}");
        LOG_IS(&told, "-p1 settled ");
        ck_assert_uint_eq(json_object_size(xsn_ovsdb_monitor_rows(told.monitor, "Port")), 1);
        ck_assert_uint_eq(json_object_size(xsn_ovsdb_monitor_rows(told.monitor, "Absent")), 0);
        ck_assert_ptr_null(xsn_ovsdb_monitor_rows(told.monitor, "Bridge"));
        told_free(&told);
}
END_TEST

START_TEST(an_old_server_is_asked_in_its_own_words)
{
        for (int i = 0; i <= 1; i++) {
                struct told told;

                told_start(&told, i ? no_cond_object : no_cond);
                LOG_IS(&told, "+p1 first ");
                ck_assert_uint_eq(server_count(&told.seen.server, "monitor"), 1);
                server_say_text(&told.seen.server,
                                "{\"id\":null,\"method\":\"update\",\"params\":[\"xsnet-1\",{\"Port\":{\"" R1
                                "\":{\"old\":{\"tag\":[\"set\",[]]},\"new\":{\"name\":\"p1\",\"tag\":9}}}}]}");
                LOG_IS(&told, "~p1 settled ");
                ck_assert_int_eq(told.seen.n_lost, 0);
                told_free(&told);
        }
}
END_TEST

START_TEST(after_a_reconnect_only_differences_are_told)
{
        struct told told;

        told_start(&told, cond);
        LOG_IS(&told, "+p1 first ");
        server_hang_up(&told.seen.server);
        LOG_IS(&told, "first ");
        told.seen.server.answers = no_cond; /* another server */
        server_hang_up(&told.seen.server);
        LOG_IS(&told, "first ");
        told.seen.server.answers = other_row;
        server_hang_up(&told.seen.server);
        LOG_IS(&told, "-p1 +p2 first ");
        ck_assert_int_eq(told.seen.n_lost, 3);
        told_free(&told);
}
END_TEST

START_TEST(a_monitor_may_come_before_the_connection)
{
        struct told told = { .monitor = NULL };

        seen_new(&told.seen);
        told.seen.server.answers = cond;
        seen_open(&told.seen, NULL);
        watch(&told);
        LOG_IS(&told, "+p1 first ");
        told_free(&told);
}
END_TEST

START_TEST(a_refusal_is_told_and_asked_again_on_the_next_connection)
{
        struct told told;

        told_start(&told, refusing);
        LOG_IS(&told, "not-permitted ");
        ck_assert_int_eq(told.seen.n_lost, 0);
        told.seen.server.answers = cond;
        server_hang_up(&told.seen.server);
        LOG_IS(&told, "+p1 first ");
        told.cancel_in_failed = true;
        told.seen.server.answers = refusing;
        server_hang_up(&told.seen.server);
        LOG_IS(&told, "not-permitted ");
        ck_assert_ptr_null(told.monitor);
        told_free(&told);
}
END_TEST

START_TEST(a_cancelled_monitor_tells_nothing_and_its_late_updates_do_no_harm)
{
        struct told told;

        told_start(&told, cond);
        LOG_IS(&told, "+p1 first ");
        told.monitor = xsn_ovsdb_monitor_cancel(told.monitor);
        server_say_text(&told.seen.server, "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Port\":{"
                                           "\"" R1 "\":{\"delete\":null}}}]}");
        UNTIL(&told.seen, server_count(&told.seen.server, "monitor_cancel") == 1);
        settle(&told.seen);
        ck_assert_str_eq(told.log, "");
        ck_assert_int_eq(told.seen.n_lost, 0);
        told_free(&told);
}
END_TEST

START_TEST(a_monitor_cancelled_before_its_answer_is_cancelled_there_too)
{
        struct told told;

        told_start(&told, cond);
        told.monitor = xsn_ovsdb_monitor_cancel(told.monitor);
        settle(&told.seen);
        /* It was still queued: nothing of it went out. */
        ck_assert_uint_eq(server_count(&told.seen.server, "monitor_cond"), 0);
        ck_assert_uint_eq(server_count(&told.seen.server, "monitor_cancel"), 0);
        watch(&told);
        while (server_count(&told.seen.server, "monitor_cond") == 0) {
                ck_assert_int_eq(xsn_loop_dispatch(told.seen.loop, NULL), 0);
                ck_assert_int_eq(xsn_loop_dispatch(told.seen.server.loop, NULL), 0);
        }
        told.monitor = xsn_ovsdb_monitor_cancel(told.monitor);
        UNTIL(&told.seen, server_count(&told.seen.server, "monitor_cancel") == 1);
        settle(&told.seen);
        ck_assert_str_eq(told.log, "");
        ck_assert_int_eq(told.seen.n_lost, 0);
        told_free(&told);
}
END_TEST

START_TEST(a_listener_may_cancel_or_close_at_any_moment)
{
        for (int i = 0; i < 4; i++) {
                struct told told;

                told_start(&told, cond);
                told.cancel_in_change = i == 0;
                told.cancel_in_settled = i == 1;
                told.close_in_change = i == 2;
                told.close_in_settled = i == 3;
                LOG_IS(&told, i % 2 == 0 ? "+p1 " : "+p1 first ");
                ck_assert(i < 2 ? !told.monitor : !told.seen.client);
                told_free(&told);
        }
}
END_TEST

static const char *const bad_updates[] = {
        "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Port\":{\"" R2 "\":{\"delete\":null}}}]}",
        "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Port\":{\"" R1
        "\":{\"modify\":{\"tag\":\"7\"}}}}]}",
        "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Port\":{\"x\":{\"insert\":{}}}}]}",
        "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",7]}",
        "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\"]}",
        "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-2\",{}]}",
        "{\"id\":null,\"method\":\"update2\",\"params\":[1,{}]}",
        "{\"id\":null,\"method\":\"update\",\"params\":[\"xsnet-1\",{}]}",
};

START_TEST(a_bad_update_drops_the_connection_and_the_rows_are_read_again)
{
        struct told told;

        told_start(&told, cond);
        LOG_IS(&told, "+p1 first ");
        server_say_text(&told.seen.server, bad_updates[_i]);
        UNTIL(&told.seen, told.seen.n_lost == 1);
        ck_assert_str_eq(told.seen.reason, "bad-reply");
        LOG_IS(&told, "first ");
        told_free(&told);
}
END_TEST

START_TEST(a_bad_first_answer_drops_the_connection)
{
        static const struct answer bad[] = { { "monitor_cond", "{\"id\":$ID,\"error\":null,\"result\":[]}" },
                                             { NULL, NULL } };
        struct told told;

        told_start(&told, bad);
        UNTIL(&told.seen, told.seen.n_lost == 2);
        ck_assert_str_eq(told.seen.reason, "bad-reply");
        told.seen.server.answers = cond;
        LOG_IS(&told, "+p1 first ");
        told_free(&told);
}
END_TEST

START_TEST(one_failed_allocation_anywhere_is_survived)
{
        for (unsigned long n = 1;; n++) {
                struct told told = { .monitor = NULL };

                seen_new(&told.seen);
                told.seen.server.answers = cond;
                seen_open(&told.seen, NULL);
                watch(&told);
                told.seen.fail_at = n;
                UNTIL(&told.seen, strstr(told.log, "+p1 ") && strstr(told.log, "first "));
                told_free(&told);
                if (told.seen.n_allocations < n)
                        break;
                ck_assert_uint_lt(n, 2000);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_monitor");
        TCase *tc = tcase_create("monitor");

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, rows_are_told_first_and_then_what_changes);
        tcase_add_test(tc, an_old_server_is_asked_in_its_own_words);
        tcase_add_test(tc, after_a_reconnect_only_differences_are_told);
        tcase_add_test(tc, a_monitor_may_come_before_the_connection);
        tcase_add_test(tc, a_refusal_is_told_and_asked_again_on_the_next_connection);
        tcase_add_test(tc, a_cancelled_monitor_tells_nothing_and_its_late_updates_do_no_harm);
        tcase_add_test(tc, a_monitor_cancelled_before_its_answer_is_cancelled_there_too);
        tcase_add_test(tc, a_listener_may_cancel_or_close_at_any_moment);
        tcase_add_loop_test(tc, a_bad_update_drops_the_connection_and_the_rows_are_read_again, 0,
                            XSN_ARRAY_SIZE(bad_updates));
        tcase_add_test(tc, a_bad_first_answer_drops_the_connection);
        tcase_add_test(tc, one_failed_allocation_anywhere_is_survived);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
