/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are tasks, and watches: both are event.from, asked again and again. */
#include "xapi_events.h"

START_TEST(a_task_is_followed_to_its_end_and_destroyed)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&seen.host, "event.from", EVENTS("", "t2"), 1); /* the time was over */
        host_say(&seen.host, "event.from",
                 EVENTS(EVENT("OpaqueRef:other", "mod", SNAPSHOT(RECORD("failure", "", ""))) EVENT(
                                TASK, "mod", SNAPSHOT(RECORD("success", "&lt;value&gt;OpaqueRef:v&lt;/value&gt;", ""))),
                        "t3"),
                 1);
        task_call(&seen);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_str_eq(seen.result, "OpaqueRef:v");
        UNTIL(&seen, seen.host.n_calls == 5);
        ck_assert_str_eq(seen.host.methods, "session.login_with_password Async.VLAN.create event.from event.from "
                                            "event.from task.destroy ");
        seen_free(&seen);
}
END_TEST

static const char *last_body(const struct seen *seen, const char *method)
{
        for (int i = 0; i < CONNS_MAX; i++) {
                const char *body = seen->host.server.conns[i].body;

                if (body && strstr(body, method))
                        return body;
        }
        return "";
}

START_TEST(event_from_gets_the_task_and_the_last_token)
{
        struct seen seen;
        const char *body;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&seen.host, "event.from", NULL, 1);
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, seen.host.n_calls == 3);
        body = last_body(&seen, "event.from");
        ck_assert_ptr_nonnull(strstr(body, "<param><value><array><data><value><string>task/" TASK
                                           "</string></value></data></array></value></param>"));
        ck_assert_ptr_nonnull(strstr(body, "<param><value><string>t1</string></value></param>"));
        ck_assert_ptr_nonnull(strstr(body, "<param><value><double>30</double></value></param>"));
        seen_free(&seen);
}
END_TEST

START_TEST(a_task_without_a_result_gives_an_empty_text)
{
        struct seen seen;

        for (int i = 0; i < 2; i++) {
                task_begins(&seen);
                host_say(&seen.host, "event.from",
                         i ? EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "", ""))), "t1")
                           : EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "&lt;value&gt;&lt;/value&gt;", ""))),
                                    "t1"),
                         1);
                task_call(&seen);
                ck_assert_int_eq(seen.code, 0);
                ck_assert_str_eq(seen.result, "");
                seen_free(&seen);
        }
}
END_TEST

START_TEST(a_task_that_failed_is_the_calls_refusal)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from",
                 EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("failure", "", V("VLAN_IN_USE") V("eth0") V("5")))), "t1"),
                 1);
        task_call(&seen);
        ck_assert_int_eq(seen.code, -EBUSY);
        ck_assert_str_eq(seen.message, "XAPI answers VLAN_IN_USE (eth0, 5)");
        ck_assert_str_eq(seen.where, "xapi VLAN.create: VLAN_IN_USE");
        ck_assert_str_eq(seen.failure, "VLAN_IN_USE");
        ck_assert(!seen.unknown);
        UNTIL(&seen, strstr(seen.host.methods, "task.destroy"));
        seen_free(&seen);
}
END_TEST

START_TEST(a_cancelled_task_says_so)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("cancelled", "", ""))), "t1"), 1);
        task_call(&seen);
        ck_assert_int_eq(seen.code, -ECANCELED);
        ck_assert_str_eq(seen.reason, "cancelled");
        UNTIL(&seen, strstr(seen.host.methods, "task.destroy"));
        seen_free(&seen);
}
END_TEST

START_TEST(a_task_that_is_refused_at_once_has_no_task)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "Async.VLAN.create", XML_FAIL(V("Fault") V("No async mode for this operation")), 0);
        task_call(&seen);
        ck_assert_int_eq(seen.code, -EOPNOTSUPP);
        ck_assert_str_eq(seen.where, "xapi VLAN.create: Fault");
        ck_assert_int_eq(seen.host.n_calls, 1);
        seen_free(&seen);
}
END_TEST

START_TEST(a_task_that_nobody_knows_any_more_leaves_the_outcome_unknown)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS("", "t1"), 0);
        host_say(&seen.host, "task.get_record", XML_FAIL(V("HANDLE_INVALID") V("task") V(TASK)), 0);
        task_call(&seen);
        ck_assert_int_eq(seen.code, -ESTALE);
        ck_assert_str_eq(seen.reason, "outcome-unknown");
        ck_assert(seen.unknown);
        seen_free(&seen);
}
END_TEST

START_TEST(a_record_tells_where_no_event_does)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS("", "t1"), 1);
        host_say(&seen.host, "task.get_record", XML_OK(RECORD("pending", "", "")), 1);
        host_say(&seen.host, "event.from", EVENTS(EVENT(TASK, "del", ""), "t2"), 1);
        host_say(&seen.host, "task.get_record", XML_OK(RECORD("success", "", "")), 1);
        task_call(&seen);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_task_is_followed_through_lost_answers_and_new_sessions)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", "cut", 2);
        host_say(&seen.host, "task.get_record", XML_OK(RECORD("pending", "", "")), 3); /* behind each loss */
        host_say(&seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&seen.host, "event.from", XML_FAIL(V("SESSION_INVALID") V("OpaqueRef:session-1")), 1);
        host_say(&seen.host, "event.from", EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "", ""))), "t2"), 1);
        task_call(&seen);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.host.n_logins, 2);
        /* Begun once. */
        ck_assert_ptr_null(strstr(strstr(seen.host.methods, "Async.") + 1, "Async."));
        seen_free(&seen);
}
END_TEST

/* Of what is not there event.from would tell nothing for half a minute. */
START_TEST(a_task_that_the_new_coordinator_does_not_know_is_given_up_at_once)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&seen.host, "event.from", XML_FAIL(V("SESSION_INVALID") V("OpaqueRef:session-1")), 1);
        host_say(&seen.host, "event.from", NULL, 0);
        host_say(&seen.host, "task.get_record", XML_FAIL(V("HANDLE_INVALID") V("task") V(TASK)), 0);
        task_call(&seen);
        ck_assert_int_eq(seen.code, -ESTALE);
        ck_assert(seen.unknown);
        seen_free(&seen);
}
END_TEST

START_TEST(a_task_goes_on_behind_the_deadline)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", NULL, 0);
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, slow(200));
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, -ETIMEDOUT);
        ck_assert_str_eq(seen.reason, "outcome-unknown");
        ck_assert(seen.unknown);
        seen_free(&seen);
}
END_TEST

START_TEST(what_it_came_to_is_told_though_it_cannot_be_destroyed)
{
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "", ""))), "t1"), 1);
        host_say(&seen.host, "task.destroy", _i ? NULL : XML_FAIL(V("HANDLE_INVALID") V("task") V(TASK)), 0);
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, slow(300));
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(answers_about_a_task_that_nobody_understands_leave_the_outcome_unknown)
{
        static const struct {
                const char *method, *body;
        } rows[] = {
                { "Async.VLAN.create", XML_OK("<value><array><data/></array></value>") },
                { "event.from", XML_OK(V("text")) },
                { "event.from", EVENTS(EVENT(TASK, "add", SNAPSHOT(V("text"))), "t1") },
                { "event.from", EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "&lt;value", ""))), "t1") },
                { "event.from", "500" },
                { "event.from", "garbage" },
                { "event.from", XML_FAIL(V("INTERNAL_ERROR") V("x")) },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct seen seen;

                seen_new(&seen, -1);
                seen_open(&seen, NULL);
                host_say(&seen.host, rows[i].method, rows[i].body, 0);
                host_say(&seen.host, "Async.VLAN.create", XML_OK(V(TASK)), 1);
                task_call(&seen);
                ck_assert_msg(seen.code != 0, "row %zu", i);
                ck_assert_msg(seen.unknown, "row %zu: %s", i, seen.message);
                ck_assert(strncmp(seen.where, "xapi VLAN.create", 16) == 0);
                seen_free(&seen);
        }
}
END_TEST

/* ---- watches ---- */

struct watched {
        struct seen seen;
        struct xsn_xapi_watch *watch;
        int n_events, n_first, n_lost;
        uint32_t last; /* how many events came last */
        int64_t tasks; /* counts.task */
        char reason[32];
        bool cancel_in_events;
};

static void on_events(const struct xsn_xmlrpc_value *events, const struct xsn_xmlrpc_value *counts, bool first,
                      void *userdata)
{
        struct watched *w = userdata;

        w->n_events++;
        w->n_first += first;
        w->last = events->n;
        ck_assert_int_eq(xsn_xmlrpc_get_int(counts, "task", &w->tasks, NULL), 0);
        if (w->cancel_in_events)
                w->watch = xsn_xapi_watch_cancel(w->watch);
}

static void on_lost(const struct xsnet_error *err, void *userdata)
{
        struct watched *w = userdata;

        w->n_lost++;
        snprintf(w->reason, sizeof(w->reason), "%s", xsnet_error_get_reason(err));
}

static void watch_new(struct watched *w)
{
        static const char *const classes[] = { "network", "PIF" };
        struct xsn_xapi_listener listener = { .events = on_events, .lost = on_lost, .userdata = w };

        ck_assert_int_eq(xsn_xapi_watch(w->seen.xapi, classes, 2, &listener, &w->watch, NULL), 0);
}

static void watched_new(struct watched *w)
{
        *w = (struct watched){ .n_events = 0 };
        seen_new(&w->seen, -1);
        seen_open(&w->seen, NULL);
}

START_TEST(a_watch_tells_what_there_is_and_then_what_changes)
{
        struct watched w;
        const char *body;

        watched_new(&w);
        host_say(&w.seen.host, "event.from", EVENTS(PENDING PENDING, "t1"), 1);
        host_say(&w.seen.host, "event.from", EVENTS("", "t2"), 1); /* tells nothing */
        host_say(&w.seen.host, "event.from", EVENTS(PENDING, "t3"), 1);
        host_say(&w.seen.host, "event.from", NULL, 0);
        watch_new(&w);
        ck_assert_int_eq(w.n_events, 0);
        UNTIL(&w.seen, w.n_events == 1);
        ck_assert_int_eq(w.n_first, 1);
        ck_assert_uint_eq(w.last, 2);
        ck_assert_int_eq(w.tasks, 1);
        UNTIL(&w.seen, w.seen.host.n_calls == 4);
        ck_assert_int_eq(w.n_events, 2);
        ck_assert_int_eq(w.n_first, 1);
        ck_assert_uint_eq(w.last, 1);
        body = last_body(&w.seen, "event.from");
        ck_assert_ptr_nonnull(
                strstr(body, "<value><string>network</string></value><value><string>PIF</string></value>"));
        ck_assert_ptr_nonnull(strstr(body, "<string>t3</string>"));
        ck_assert_int_eq(w.n_lost, 0);
        seen_free(&w.seen); /* ends the watch, too */
}
END_TEST

START_TEST(a_watch_begins_anew_with_a_new_session)
{
        struct watched w;

        watched_new(&w);
        host_say(&w.seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&w.seen.host, "event.from", _i ? "cut" : XML_FAIL(V("SESSION_INVALID") V("OpaqueRef:session-1")), 1);
        host_say(&w.seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&w.seen.host, "event.from", NULL, 0);
        watch_new(&w);
        UNTIL(&w.seen, w.n_first == 2);
        ck_assert_int_eq(w.n_lost, 1);
        ck_assert_str_eq(w.reason, _i ? "outcome-unknown" : "session-lost");
        ck_assert_int_eq(w.seen.host.n_logins, _i ? 1 : 2);
        seen_free(&w.seen);
}
END_TEST

START_TEST(a_watch_that_does_not_work_says_so_once)
{
        struct watched w;

        watched_new(&w);
        host_say(&w.seen.host, "event.from", XML_FAIL(V("RBAC_PERMISSION_DENIED") V("event.from") V("x")), 4);
        host_say(&w.seen.host, "event.from", EVENTS(PENDING, "t1"), 1);
        host_say(&w.seen.host, "event.from", NULL, 0);
        watch_new(&w);
        UNTIL(&w.seen, w.n_events == 1);
        ck_assert_int_eq(w.n_lost, 1);
        ck_assert_str_eq(w.reason, "not-permitted");
        seen_free(&w.seen);
}
END_TEST

START_TEST(a_watch_may_be_cancelled_by_what_it_calls)
{
        struct watched w;

        watched_new(&w);
        w.cancel_in_events = true;
        host_say(&w.seen.host, "event.from", EVENTS(PENDING, "t1"), 0);
        watch_new(&w);
        UNTIL(&w.seen, w.n_events == 1);
        settle(&w.seen);
        ck_assert_int_eq(w.n_events, 1);
        ck_assert_int_eq(w.seen.host.n_calls, 1);
        seen_free(&w.seen);
}
END_TEST

/* One call more than may run at a time: a watch is not one of them. */
START_TEST(a_watch_does_not_hold_up_calls)
{
        struct xsn_xapi_options options;
        struct watched w = { .n_events = 0 };

        seen_new(&w.seen, -1);
        options = quick_options(&w.seen);
        options.http.max_parallel = 1;
        seen_open(&w.seen, &options);
        host_say(&w.seen.host, "event.from", NULL, 0);
        watch_new(&w);
        UNTIL(&w.seen, w.seen.host.n_calls == 1);
        call(&w.seen, "network.create");
        UNTIL(&w.seen, w.seen.n_replies == 1);
        ck_assert_int_eq(w.seen.code, 0);
        seen_free(&w.seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi task");
        TCase *tc = tcase_create("task");

        tcase_add_test(tc, a_task_is_followed_to_its_end_and_destroyed);
        tcase_add_test(tc, event_from_gets_the_task_and_the_last_token);
        tcase_add_test(tc, a_task_without_a_result_gives_an_empty_text);
        tcase_add_test(tc, a_task_that_failed_is_the_calls_refusal);
        tcase_add_test(tc, a_cancelled_task_says_so);
        tcase_add_test(tc, a_task_that_is_refused_at_once_has_no_task);
        tcase_add_test(tc, a_task_that_nobody_knows_any_more_leaves_the_outcome_unknown);
        tcase_add_test(tc, a_record_tells_where_no_event_does);
        tcase_add_test(tc, a_task_is_followed_through_lost_answers_and_new_sessions);
        tcase_add_test(tc, a_task_that_the_new_coordinator_does_not_know_is_given_up_at_once);
        tcase_add_test(tc, a_task_goes_on_behind_the_deadline);
        tcase_add_loop_test(tc, what_it_came_to_is_told_though_it_cannot_be_destroyed, 0, 2);
        tcase_add_test(tc, answers_about_a_task_that_nobody_understands_leave_the_outcome_unknown);
        tcase_add_test(tc, a_watch_tells_what_there_is_and_then_what_changes);
        tcase_add_loop_test(tc, a_watch_begins_anew_with_a_new_session, 0, 2);
        tcase_add_test(tc, a_watch_that_does_not_work_says_so_once);
        tcase_add_test(tc, a_watch_may_be_cancelled_by_what_it_calls);
        tcase_add_test(tc, a_watch_does_not_hold_up_calls);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
