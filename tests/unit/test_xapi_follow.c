/* SPDX-License-Identifier: Apache-2.0 */
/* Many tasks at a time: who asks for them, and what is behind their end. */
#include "xapi_events.h"

#define TASK_2 "OpaqueRef:task-2"

static int count_of(const struct seen *seen, const char *method)
{
        int n = 0;

        for (const char *at = seen->host.methods; (at = strstr(at, method)); at += strlen(method))
                n++;
        return n;
}

static bool answer_all(struct seen *seen, const char *body)
{
        for (int i = 0; i < CONNS_MAX; i++)
                if (conn_waits(&seen->host.server.conns[i]))
                        answer(&seen->host.server.conns[i], body);
        return true;
}

static const char *body_with(const struct seen *seen, const char *method, const char *text)
{
        for (int i = 0; i < CONNS_MAX; i++) {
                const char *body = seen->host.server.conns[i].body;

                if (body && strstr(body, method) && strstr(body, text))
                        return body;
        }
        return NULL;
}

START_TEST(no_more_tasks_than_allowed_run_at_a_time)
{
        struct xsn_xapi_options options;
        struct seen seen;

        seen_new(&seen, -1);
        options = quick_options(&seen);
        options.max_tasks = 2;
        seen_open(&seen, &options);
        host_say(&seen.host, "Async.VLAN.create", XML_OK(V(TASK)), 0);
        host_say(&seen.host, "event.from", NULL, 0);
        for (int i = 0; i < 5; i++)
                call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, count_of(&seen, "event.from") > 0 && count_of(&seen, "Async.VLAN.create") == 2);
        settle(&seen);
        ck_assert_int_eq(count_of(&seen, "Async.VLAN.create"), 2);
        ck_assert_int_eq(seen.n_replies, 0);
        /* Those two are told; then come the other three. */
        UNTIL(&seen, answer_all(&seen, EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "", ""))), "t1")) &&
                             seen.n_replies == 5);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(tasks_that_go_on_are_asked_for_together)
{
        const char *pending = EVENTS(PENDING EVENT(TASK_2, "add", SNAPSHOT(RECORD("pending", "", ""))), "t1");
        struct seen seen;
        const char *body;

        task_begins(&seen);
        host_say(&seen.host, "Async.VLAN.create", XML_OK(V(TASK_2)), 1);
        host_say(&seen.host, "event.from", NULL, 0);
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", TASK));
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", TASK_2));
        ck_assert_int_eq(count_of(&seen, "event.from"), 2);
        answer_all(&seen, pending);
        UNTIL(&seen, count_of(&seen, "event.from") == 3);
        settle(&seen);
        body = body_with(&seen, "event.from", TASK_2);
        ck_assert_ptr_nonnull(strstr(body, "task/" TASK "<"));
        ck_assert_int_eq(count_of(&seen, "event.from"), 3);
        /* One answer ends both, and one of them takes the reasons of its failure from it. */
        answer_all(&seen, EVENTS(EVENT(TASK, "mod", SNAPSHOT(RECORD("success", "", "")))
                                         EVENT(TASK_2, "mod", SNAPSHOT(RECORD("failure", "", V("VLAN_IN_USE")))),
                                 "t2"));
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_str_eq(seen.failure, "VLAN_IN_USE");
        UNTIL(&seen, count_of(&seen, "task.destroy") == 2);
        ck_assert_int_eq(count_of(&seen, "event.from"), 3);
        ck_assert_int_eq(count_of(&seen, "task.get_record"), 0);
        seen_free(&seen);
}
END_TEST

START_TEST(of_two_that_failed_in_one_answer_each_says_why)
{
        const char *failed = EVENTS(EVENT(TASK, "mod", SNAPSHOT(RECORD("failure", "", V("VLAN_IN_USE"))))
                                            EVENT(TASK_2, "mod", SNAPSHOT(RECORD("failure", "", V("PIF_IS_VLAN")))),
                                    "t2");
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "Async.VLAN.create", XML_OK(V(TASK_2)), 1);
        host_say(&seen.host, "task.get_record", XML_OK(RECORD("failure", "", V("PIF_IS_VLAN"))), 1);
        host_say(&seen.host, "event.from", NULL, 0);
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", TASK));
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", TASK_2));
        answer_all(&seen, EVENTS(PENDING EVENT(TASK_2, "add", SNAPSHOT(RECORD("pending", "", ""))), "t1"));
        UNTIL(&seen, count_of(&seen, "event.from") == 3);
        UNTIL(&seen, answer_all(&seen, failed) && seen.n_replies == 1);
        ck_assert_str_eq(seen.failure, "VLAN_IN_USE");
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_str_eq(seen.failure, "PIF_IS_VLAN");
        ck_assert(!seen.unknown);
        seen_free(&seen);
}
END_TEST

/* An answer would only tell that it goes on. It is asked for then as ever, from before it began. */
START_TEST(a_task_that_has_just_begun_is_left_alone_where_many_run)
{
        enum { MANY = 10, TOOK = 200, REST = 8 };
        struct seen seen;
        uint64_t start;

        task_begins(&seen);
        host_say(&seen.host, "Async.VLAN.create", XML_OK(V(TASK_2)), MANY);
        host_say(&seen.host, "event.from", NULL, 0);
        start = xsn_loop_now();
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, count_of(&seen, "event.from") == 1 && xsn_loop_now() - start >= TOOK * XSN_NS_PER_MS);
        answer_all(&seen, EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "", ""))), "t1"));
        UNTIL(&seen, seen.n_replies == 1);
        start = xsn_loop_now();
        for (int i = 0; i < MANY; i++)
                call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, count_of(&seen, "event.from") == 2);
        ck_assert_uint_ge(xsn_loop_now() - start, (MANY - 1) * REST * XSN_NS_PER_MS);
        ck_assert_ptr_nonnull(body_with(&seen, "task/" TASK_2, ">t1<"));
        seen_free(&seen);
}
END_TEST

/* What a task did while nobody asked for it is not missed, whatever has been told of others meanwhile. */
START_TEST(a_task_is_asked_for_from_before_it_began)
{
        struct conn *second = NULL;
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "Async.VLAN.create", NULL, 1);
        host_say(&seen.host, "event.from", EVENTS(PENDING, "t5"), 1);
        host_say(&seen.host, "event.from", NULL, 0);
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", ">t5<"));
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, count_of(&seen, "Async.VLAN.create") == 2);
        for (int i = 0; i < CONNS_MAX; i++)
                if (conn_waits(&seen.host.server.conns[i])) {
                        if (strstr(seen.host.server.conns[i].body, "event.from"))
                                answer(&seen.host.server.conns[i], EVENTS(PENDING, "t7"));
                        else
                                second = &seen.host.server.conns[i];
                }
        UNTIL(&seen, body_with(&seen, "event.from", ">t7<"));
        ck_assert_ptr_nonnull(second);
        answer(second, XML_OK(V(TASK_2)));
        UNTIL(&seen, body_with(&seen, "event.from", TASK_2));
        ck_assert_ptr_nonnull(body_with(&seen, "task/" TASK_2, ">t5<"));
        seen_free(&seen);
}
END_TEST

/* Whoever asked for all of them is given up: the others ask themselves. */
START_TEST(tasks_are_asked_for_though_the_call_that_did_has_ended)
{
        struct xsn_xapi_call *first;
        struct seen seen;

        task_begins(&seen);
        host_say(&seen.host, "Async.VLAN.create", XML_OK(V(TASK_2)), 1);
        host_say(&seen.host, "event.from", NULL, 0);
        first = call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", TASK));
        call_for(&seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(&seen, body_with(&seen, "event.from", TASK_2));
        answer_all(&seen, EVENTS(PENDING EVENT(TASK_2, "add", SNAPSHOT(RECORD("pending", "", ""))), "t1"));
        UNTIL(&seen, count_of(&seen, "event.from") == 3);
        ck_assert(!xsn_xapi_cancel(first));
        UNTIL(&seen, count_of(&seen, "event.from") == 4);
        UNTIL(&seen, answer_all(&seen, EVENTS(EVENT(TASK_2, "mod", SNAPSHOT(RECORD("success", "", ""))), "t2")) &&
                             seen.n_replies == 1);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

static void on_tidy(void *userdata)
{
        (*(int *)userdata)++;
}

START_TEST(a_call_ends_before_its_task_is_destroyed)
{
        struct seen seen;
        int n_tidy = 0;

        task_begins(&seen);
        host_say(&seen.host, "event.from", EVENTS(EVENT(TASK, "add", SNAPSHOT(RECORD("success", "", ""))), "t1"), 1);
        host_say(&seen.host, "task.destroy", NULL, 0);
        task_call(&seen);
        ck_assert_int_eq(seen.code, 0);
        ck_assert(xsn_xapi_tidy(seen.xapi, on_tidy, &n_tidy));
        UNTIL(&seen, count_of(&seen, "task.destroy") == 1);
        settle(&seen);
        ck_assert_int_eq(n_tidy, 0);
        ck_assert(answer_all(&seen, _i ? XML_FAIL(V("HANDLE_INVALID") V("task") V(TASK)) : XML_OK(V(""))));
        UNTIL(&seen, n_tidy == 1);
        ck_assert(!xsn_xapi_tidy(seen.xapi, on_tidy, &n_tidy));
        settle(&seen);
        ck_assert_int_eq(n_tidy, 1);
        ck_assert_int_eq(seen.n_replies, 1);
        seen_free(&seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi follow");
        TCase *tc = tcase_create("follow");

        tcase_add_test(tc, no_more_tasks_than_allowed_run_at_a_time);
        tcase_add_test(tc, tasks_that_go_on_are_asked_for_together);
        tcase_add_test(tc, of_two_that_failed_in_one_answer_each_says_why);
        tcase_add_test(tc, a_task_that_has_just_begun_is_left_alone_where_many_run);
        tcase_add_test(tc, a_task_is_asked_for_from_before_it_began);
        tcase_add_test(tc, tasks_are_asked_for_though_the_call_that_did_has_ended);
        tcase_add_loop_test(tc, a_call_ends_before_its_task_is_destroyed, 0, 2);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
