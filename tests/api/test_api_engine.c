/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of a user's: the engine on a target in memory, from its own poll loop, with the
 * public headers and the shared library alone.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xsnet/xsnet.h>

static struct xsnet_context *context;
static struct xsnet_engine *engine;
static struct xsnet_fake *fake;
static struct xsnet_state *desired;
static int n_logged, n_done, last_code, n_applied_again;

static struct xsnet_state *load(const char *text)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_AUTO, "host.yaml", &state, &err);

        ck_assert_msg(r == 0, "%s: %s", xsnet_error_get_where(err), xsnet_error_get_message(err));
        return state;
}

static void on_log(const char *message, void *userdata)
{
        ck_assert_int_gt((int)strlen(message), 0);
        ++*(int *)userdata;
}

static void begin(void)
{
        struct xsnet_state *before =
                load("{\"format\": 1, \"pifs\": [{\"device\": \"eth0\"}, {\"device\": \"eth1\"}]}");

        n_logged = n_done = last_code = n_applied_again = 0;
        ck_assert_int_eq(xsnet_context_new(&context, NULL), 0);
        xsnet_context_set_log(context, on_log, &n_logged, NULL);
        ck_assert_int_eq(xsnet_engine_new(context, &engine, NULL), 0);
        ck_assert_int_eq(xsnet_fake_new("xs-1", XSNET_FAKE_LINUX, &fake, NULL), 0);
        ck_assert_int_eq(xsnet_fake_set_state(fake, before, NULL), 0);
        ck_assert_int_eq(xsnet_engine_add_fake(engine, fake, NULL), 0);
        desired = load("format: 1\n"
                       "owner: me\n"
                       "networks: [{name: guest}]\n"
                       "pifs: [{device: eth1, network: guest}]\n"
                       "vifs: [{domain: 4, device: 0, network: guest}]\n");
        xsnet_state_unref(before);
}

static void end(void)
{
        xsnet_state_unref(desired);
        xsnet_engine_unref(engine);
        xsnet_fake_unref(fake);
        xsnet_context_unref(context);
}

static void on_done(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata)
{
        (void)task;
        (void)err;
        last_code = code;
        ++*(int *)userdata;
}

/* A user's loop: until n operations are over. */
static void loop_until(const int *counter, int n)
{
        struct pollfd pfd = { .fd = xsnet_engine_get_fd(engine), .events = POLLIN };

        while (*counter < n) {
                ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
                ck_assert_int_eq(xsnet_engine_dispatch(engine, NULL), 0);
        }
}

START_TEST(the_blocking_calls_bring_a_target_to_a_document)
{
        struct xsnet_state *observed = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_report *report = NULL;

        ck_assert_int_eq(xsnet_engine_observe(engine, &observed, NULL), 0);
        ck_assert_uint_eq(xsnet_state_get_count(observed), 2);
        ck_assert_int_eq(xsnet_engine_plan(engine, desired, &plan, NULL), 0);
        ck_assert_uint_eq(xsnet_plan_get_count(plan), 2);
        ck_assert_ptr_nonnull(xsnet_plan_get_waiting_at(plan, 0));
        ck_assert_int_eq(xsnet_engine_apply_plan(engine, plan, &report, NULL), 0);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_DONE);
        xsnet_report_unref(report);
        ck_assert_int_eq(xsnet_engine_apply(engine, desired, &report, NULL), 0);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_NOTHING_TO_DO);
        xsnet_report_unref(report);
        ck_assert_int_eq(xsnet_engine_verify(engine, desired, NULL), 0);
        ck_assert_int_eq(xsnet_engine_recover(engine, NULL, NULL), 0);
        ck_assert_int_gt(n_logged, 0);
        xsnet_plan_unref(plan);
        xsnet_state_unref(observed);
}
END_TEST

START_TEST(tasks_run_from_the_users_own_loop)
{
        struct xsnet_task *task = NULL;

        ck_assert_int_eq(xsnet_engine_plan_async(engine, desired, on_done, &n_done, NULL, &task, NULL), 0);
        loop_until(&n_done, 1);
        ck_assert_uint_eq(xsnet_plan_get_count(xsnet_task_get_plan(task)), 2);
        ck_assert_int_eq(xsnet_engine_apply_plan_async(engine, xsnet_task_get_plan(task), on_done, &n_done, NULL, NULL,
                                                       NULL), 0);
        loop_until(&n_done, 2);
        ck_assert_int_eq(last_code, 0);
        task = xsnet_task_unref(task);
        ck_assert_int_eq(xsnet_engine_verify_async(engine, desired, on_done, &n_done, NULL, NULL, NULL), 0);
        loop_until(&n_done, 3);
        ck_assert_int_eq(last_code, 0);
        ck_assert_int_eq(xsnet_engine_observe_async(engine, on_done, &n_done, NULL, &task, NULL), 0);
        loop_until(&n_done, 4);
        ck_assert_uint_eq(xsnet_state_get_count(xsnet_task_get_state(task)), 3);
        task = xsnet_task_unref(task);
        ck_assert_int_eq(xsnet_engine_recover_async(engine, on_done, &n_done, NULL, &task, NULL), 0);
        loop_until(&n_done, 5);
        ck_assert_int_eq(xsnet_report_get_outcome(xsnet_task_get_report(task)), XSNET_OUTCOME_NOTHING_TO_DO);
        xsnet_task_unref(task);
}
END_TEST

START_TEST(a_plan_tells_its_steps)
{
        struct xsnet_plan *plan = NULL, *same;
        const struct xsnet_step *step;

        ck_assert_int_eq(xsnet_engine_plan(engine, desired, &plan, NULL), 0);
        same = xsnet_plan_ref(plan);
        ck_assert_ptr_eq(same, plan);
        xsnet_plan_unref(same);
        ck_assert_ptr_null(xsnet_plan_get_note_at(plan, 1000));
        step = xsnet_plan_get_at(plan, 0);
        ck_assert_int_eq(xsnet_step_get_verb(step), XSNET_STEP_CREATE);
        ck_assert_uint_eq(xsnet_step_get_wave(step), 1);
        ck_assert_ptr_null(xsnet_step_get_from(step));
        ck_assert_int_eq(xsnet_object_get_kind(xsnet_step_get_to(step)), XSNET_KIND_NETWORK);
        ck_assert_int_eq(xsnet_step_get_disruption(step), XSNET_DISRUPTION_NONE);
        step = xsnet_plan_get_at(plan, 1);
        ck_assert_int_eq(xsnet_step_get_verb(step), XSNET_STEP_CHANGE);
        ck_assert_uint_eq(xsnet_step_get_wave(step), 2);
        ck_assert_ptr_nonnull(xsnet_step_get_from(step));
        ck_assert_int_eq(xsnet_step_has_field(step, XSNET_FIELD_NETWORK), 1);
        ck_assert_int_eq(xsnet_step_has_field(step, XSNET_FIELD_DEVICE), 0);
        ck_assert_int_eq(xsnet_step_get_management(step), 0);
        ck_assert_int_eq(xsnet_step_get_storage(step), 0);
        ck_assert_uint_eq(xsnet_step_get_vif_count(step), 0);
        ck_assert_ptr_null(xsnet_step_get_irreversible(step));
        ck_assert_ptr_null(xsnet_plan_get_at(plan, 2));
        ck_assert_int_eq(xsnet_plan_get_disruption(plan), xsnet_step_get_disruption(step));
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_failure_puts_the_target_back_and_says_why)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        struct xsnet_state *now = NULL;

        ck_assert_int_eq(xsnet_fake_add_failure(fake, 3, -ENODEV, NULL), 0);
        ck_assert_int_eq(xsnet_engine_apply(engine, desired, &report, &err), -ENODEV);
        ck_assert_int_eq(xsnet_error_get_code(err), -ENODEV);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "pif 'eth1'"));
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_ROLLED_BACK);
        ck_assert_int_eq(xsnet_fake_get_state(fake, &now, NULL), 0);
        ck_assert_uint_eq(xsnet_state_get_count(now), 2);
        xsnet_state_unref(now);
        xsnet_error_free(err);
        xsnet_report_unref(report);
}
END_TEST

static void on_event(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        struct xsnet_state *again = xsnet_event_get_desired(event);

        (void)watch;
        (void)userdata;
        if (xsnet_event_get_what(event) != XSNET_EVENT_APPEARED || !again)
                return;
        ck_assert_ptr_nonnull(xsnet_event_get_object(event));
        ck_assert_str_eq(xsnet_event_get_target(event), "fake:xs-1");
        ck_assert_ptr_null(xsnet_event_get_error(event));
        n_applied_again++;
        ck_assert_int_eq(xsnet_engine_apply_async(engine, again, on_done, &n_done, NULL, NULL, NULL), 0);
}

START_TEST(a_vif_is_attached_when_its_device_appears)
{
        struct xsnet_state *vif = load("format: 1\nvifs: [{domain: 4, device: 0}]\n"), *now = NULL;
        struct xsnet_watch *watch = NULL;
        struct xsnet_object *obj;
        char *network = NULL;

        ck_assert_int_eq(xsnet_engine_apply(engine, desired, NULL, NULL), 0);
        ck_assert_int_eq(xsnet_engine_watch(engine, desired, on_event, NULL, NULL, &watch, NULL), 0);
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(xsnet_engine_dispatch(engine, NULL), 0);
        ck_assert_int_eq(xsnet_fake_add_object(fake, xsnet_state_get_at(vif, 0), NULL), 0);
        loop_until(&n_done, 1);
        ck_assert_int_eq(n_applied_again, 1);
        ck_assert_int_eq(last_code, 0);
        ck_assert_int_eq(xsnet_fake_get_state(fake, &now, NULL), 0);
        obj = xsnet_state_find(now, XSNET_KIND_VIF, "xs-1", "4/0");
        ck_assert_int_eq(xsnet_object_get_str(obj, XSNET_FIELD_NETWORK, &network), 0);
        ck_assert_str_eq(network, "guest");
        free(network);
        xsnet_watch_unref(watch);
        xsnet_state_unref(now);
        xsnet_state_unref(vif);
}
END_TEST

/* What a URI gets wrong is said of that URI, and a socket that is not there by its path. */
static const struct {
        const char *uri, *says;
} places[] = {
        { "xapi:https://h:99999", "target 'xapi:https://h:99999'" },
        { "xapi:unix:/nonexistent/api", "cannot connect to the socket '/nonexistent/api': No such file or directory" },
        { "ovs:tcp:h:0", "target 'ovs:tcp:h:0'" },
        { "ovs:unix:/nonexistent/db", "cannot connect to the socket '/nonexistent/db': No such file or directory" },
};

START_TEST(an_error_of_a_place_names_it)
{
        struct xsnet_engine *other = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int r;

        ck_assert_int_eq(xsnet_engine_new(NULL, &other, NULL), 0);
        r = xsnet_engine_add_target(other, places[_i].uri, &err);
        if (!r)
                r = xsnet_engine_observe(other, &state, &err);
        ck_assert_int_lt(r, 0);
        if (r != -EPROTONOSUPPORT) /* a build without the backend */
                ck_assert_msg(strstr(xsnet_error_get_message(err), places[_i].says), "%s",
                              xsnet_error_get_message(err));
        xsnet_error_free(err);
        xsnet_engine_unref(other);
}
END_TEST

START_TEST(the_library_is_of_the_headers_version)
{
        char text[32];

        ck_assert_str_eq(xsnet_version(), XSNET_VERSION);
        (void)snprintf(text, sizeof(text), "%d.%d.%d", XSNET_VERSION_MAJOR, XSNET_VERSION_MINOR, XSNET_VERSION_PATCH);
        ck_assert_str_eq(xsnet_version(), text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("api_engine");
        TCase *tc = tcase_create("engine");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, the_blocking_calls_bring_a_target_to_a_document);
        tcase_add_test(tc, tasks_run_from_the_users_own_loop);
        tcase_add_test(tc, a_plan_tells_its_steps);
        tcase_add_test(tc, a_failure_puts_the_target_back_and_says_why);
        tcase_add_test(tc, a_vif_is_attached_when_its_device_appears);
        tcase_add_loop_test(tc, an_error_of_a_place_names_it, 0, sizeof(places) / sizeof(places[0]));
        tcase_add_test(tc, the_library_is_of_the_headers_version);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_run(runner) == 0 || srunner_ntests_failed(runner) > 0;
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
