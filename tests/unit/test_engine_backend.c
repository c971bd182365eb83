/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What backends may do that the one in memory does not: rows that settle by themselves, calls
 * that may still happen, operations that end only when the backend is closed. Its table is
 * copied, and changed for the test.
 */
#include "engine_test.h"

#include "engine/engine.h"

#define SMALL "format: 1\nnetworks: [{name: n, mtu: 9000}]\npifs: [{device: eth1, network: n}]\n"

static struct fix fix;
static struct xsn_backend_ops ops;
static const struct xsn_backend_ops *original;

static void begin(void)
{
        setup(&fix);
        use_journal_dir(&fix);
        xsnet_state_unref(fix.desired);
        fix.desired = load(SMALL);
        original = fix.engine->targets[0]->backend->ops;
        ops = *original;
        fix.engine->targets[0]->backend->ops = &ops;
}

static void end(void)
{
        teardown(&fix);
}

/* ---- what settles ---- */

static const uint64_t *mtu_settles(struct xsn_backend *backend)
{
        static uint64_t rows[XSN_N_KINDS + 1];

        (void)backend;
        rows[XSNET_KIND_PIF] = xsn_class_bit(&xsn_pif_class, XSNET_FIELD_STATUS_MTU);
        return rows;
}

/* The device has another MTU than the step gave it. */
static void set_mtu(uint32_t mtu)
{
        struct xsnet_object *obj = NULL;

        ck_assert_int_eq(xsnet_object_new(XSNET_KIND_PIF, &obj, NULL), 0);
        ck_assert_int_eq(xsnet_object_set_str(obj, XSNET_FIELD_DEVICE, "eth1", NULL), 0);
        ck_assert_int_eq(xsnet_object_set_str(obj, XSNET_FIELD_NETWORK, "n", NULL), 0);
        XSN_PIF(obj)->l.status_mtu = mtu;
        xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
        ck_assert_int_eq(xsnet_fake_add_object(fix.fake, obj, NULL), 0);
        xsnet_object_unref(obj);
}

/* Up to the look after the steps, which takes its time. */
static void apply_to_the_look(void)
{
        ck_assert_int_eq(xsnet_fake_add_delay(fix.fake, 4, 10, NULL), 0);
        start_apply(&fix);
        while (xsnet_fake_get_operation_count(fix.fake) < 4)
                turn(fix.engine);
}

START_TEST(what_settles_is_looked_at_until_it_has)
{
        ops.get_settling = mtu_settles;
        apply_to_the_look();
        set_mtu(1500);
        while (xsnet_fake_get_operation_count(fix.fake) < 6)
                turn(fix.engine);
        ck_assert_int_eq(fix.n_done, 0);
        set_mtu(9000);
        finish(&fix);
        ck_assert_int_eq(fix.code, 0);
        ck_assert_str_eq(fix.phases, "LOPAV");
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(what_never_settles_is_put_back_at_the_deadline)
{
        ck_assert_int_eq(xsnet_engine_set_deadline(fix.engine, slow(300), NULL), 0);
        ops.get_settling = mtu_settles;
        apply_to_the_look();
        set_mtu(1500);
        finish(&fix);
        ck_assert_int_eq(fix.code, -ETIMEDOUT);
        ck_assert_msg(strstr(fix.message, "stopped while verifying: pif 'eth1'") &&
                              strstr(fix.message, "status.mtu is 1500 and was to be 9000"),
                      "%s", fix.message);
        ck_assert_int_eq(xsnet_report_get_outcome(xsnet_task_get_report(fix.task)), XSNET_OUTCOME_ROLLED_BACK);
        assert_as_before(&fix);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(what_does_not_settle_and_differs_is_put_back)
{
        apply_to_the_look();
        set_mtu(1500);
        finish(&fix);
        ck_assert_int_eq(fix.code, -EIO);
        ck_assert_str_eq(fix.reason, "verify-failed");
        assert_as_before(&fix);
        xsnet_task_unref(fix.task);
}
END_TEST

/* ---- what may still happen ---- */

static xsn_applied_fn real_done;

/* Whatever the end was: nobody knows. */
static void done_in_doubt(int code, struct xsnet_error *err, void *userdata)
{
        struct xsnet_error *doubt = NULL;

        ck_assert_int_eq(code, -EIO);
        xsnet_error_free(err);
        xsn_error_set(&doubt, -EINPROGRESS, "in-doubt", "the call may still be done");
        real_done(-EINPROGRESS, doubt, userdata);
}

static int apply_in_doubt(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                          xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        real_done = done;
        return original->apply(backend, plan, target, step, done_in_doubt, userdata, ret_err);
}

START_TEST(a_call_that_may_still_be_done_is_in_doubt_and_never_a_guess)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;

        ops.apply = apply_in_doubt;
        no_error(xsnet_fake_add_failure(fix.fake, 3, -EIO, &err), err);
        ck_assert_int_eq(xsnet_engine_apply(fix.engine, fix.desired, &report, &err), -EINPROGRESS);
        assert_reason(err, -EINPROGRESS, "in-doubt");
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_IN_DOUBT);
        ck_assert_str_eq(fix.phases, "LOPA");
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        xsnet_report_unref(report);
        xsnet_error_free(err);
}
END_TEST

/* ---- what does not end ---- */

START_TEST(a_backend_that_cannot_give_up_is_closed_and_opened_again)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        ops.abandon = NULL;
        no_error(xsnet_engine_set_deadline(fix.engine, slow(100), &err), err);
        no_error(xsnet_fake_add_loss(fix.fake, 1, &err), err);
        ck_assert_int_eq(xsnet_engine_observe(fix.engine, &state, &err), -ETIMEDOUT);
        ck_assert_ptr_null(fix.engine->targets[0]->backend);
        err = xsnet_error_free(err);
        no_error(xsnet_engine_observe(fix.engine, &state, &err), err);
        ck_assert_ptr_eq(fix.engine->targets[0]->backend->ops, original);
        xsnet_state_unref(state);
}
END_TEST

static void count_event(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        (void)watch;
        ck_assert_int_ne(xsnet_event_get_what(event), XSNET_EVENT_FAILED);
        ++*(int *)userdata;
}

START_TEST(a_watch_lives_on_when_its_backend_was_opened_again)
{
        struct xsnet_state *vif = load("format: 1\nvifs: [{domain: 9, device: 0}]\n"), *state = NULL;
        struct xsnet_watch *watch = NULL;
        int n = 0;

        ck_assert_int_eq(xsnet_engine_watch(fix.engine, NULL, count_event, &n, NULL, &watch, NULL), 0);
        while (!n)
                turn(fix.engine);
        n = 0;
        ops.abandon = NULL;
        ck_assert_int_eq(xsnet_engine_set_deadline(fix.engine, slow(100), NULL), 0);
        ck_assert_int_eq(xsnet_fake_add_loss(fix.fake, 1, NULL), 0);
        ck_assert_int_eq(xsnet_engine_observe(fix.engine, &state, NULL), -ETIMEDOUT);
        /* Nobody hears of it, but it is found. */
        ck_assert_int_eq(xsnet_fake_add_object(fix.fake, xsnet_state_get_at(vif, 0), NULL), 0);
        ck_assert_int_eq(xsnet_engine_observe(fix.engine, &state, NULL), 0);
        while (!n)
                turn(fix.engine);
        ck_assert_int_eq(n, 1);
        xsnet_watch_unref(watch);
        xsnet_state_unref(state);
        xsnet_state_unref(vif);
}
END_TEST

START_TEST(a_target_that_cannot_be_watched_says_so)
{
        struct xsnet_watch *watch = NULL;
        struct xsnet_error *err = NULL;
        int n = 0;

        ops.watch = NULL;
        ck_assert_int_eq(xsnet_engine_watch(fix.engine, NULL, count_event, &n, NULL, &watch, &err), -EOPNOTSUPP);
        assert_reason(err, -EOPNOTSUPP, "not-supported");
        xsnet_error_free(err);
        turn(fix.engine);
}
END_TEST

/* ---- what fails at once ---- */

static int cannot_observe(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        (void)backend;
        (void)fn;
        (void)userdata;
        return xsn_error_set(ret_err, -EACCES, "system", "no rights");
}

static int cannot_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                        xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        (void)plan;
        (void)target;
        (void)step;
        (void)done;
        return cannot_observe(backend, NULL, userdata, ret_err);
}

START_TEST(an_operation_that_does_not_even_start_fails_as_any)
{
        struct xsnet_error *err = NULL;

        if (_i)
                ops.apply = cannot_apply;
        else
                ops.observe = cannot_observe;
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EACCES);
        assert_reason(err, -EACCES, "system");
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_error_free(err);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_backend");
        TCase *tc = tcase_create("backend");

        tcase_set_timeout(tc, 30);
        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, what_settles_is_looked_at_until_it_has);
        tcase_add_test(tc, what_never_settles_is_put_back_at_the_deadline);
        tcase_add_test(tc, what_does_not_settle_and_differs_is_put_back);
        tcase_add_test(tc, a_call_that_may_still_be_done_is_in_doubt_and_never_a_guess);
        tcase_add_test(tc, a_backend_that_cannot_give_up_is_closed_and_opened_again);
        tcase_add_test(tc, a_watch_lives_on_when_its_backend_was_opened_again);
        tcase_add_test(tc, a_target_that_cannot_be_watched_says_so);
        tcase_add_loop_test(tc, an_operation_that_does_not_even_start_fails_as_any, 0, 2);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
