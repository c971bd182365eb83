/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks: done once at most and never from the start, destroy once on every path, and one operation at a time. */
#include "engine_test.h"

static struct fix fix;

static void begin(void)
{
        setup(&fix);
}

static void end(void)
{
        teardown(&fix);
}

START_TEST(done_and_destroy_run_once_from_dispatch)
{
        start_apply(&fix);
        ck_assert_int_eq(xsnet_task_is_done(fix.task), 0);
        ck_assert_int_eq(xsnet_task_get_code(fix.task), -EINPROGRESS);
        ck_assert_ptr_null(xsnet_task_get_report(fix.task));
        ck_assert_ptr_null(xsnet_task_get_state(fix.task));
        ck_assert_ptr_null(xsnet_task_get_error(fix.task));
        finish(&fix);
        ck_assert_int_eq(fix.n_done, 1);
        ck_assert_int_eq(fix.n_destroyed, 1);
        ck_assert_ptr_nonnull(xsnet_task_get_plan(fix.task));
        ck_assert_uint_eq(xsnet_state_get_count(xsnet_task_get_state(fix.task)), 4);
        xsnet_task_cancel(fix.task); /* too late: nothing */
        ck_assert_int_eq(xsnet_task_get_code(fix.task), 0);
        ck_assert_ptr_eq(xsnet_task_ref(fix.task), fix.task);
        xsnet_task_unref(fix.task);
        xsnet_task_unref(fix.task);
        ck_assert_int_eq(fix.n_done, 1);
        ck_assert_int_eq(fix.n_destroyed, 1);
}
END_TEST

START_TEST(a_failed_task_has_its_error_and_its_report)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_fake_add_failure(fix.fake, 3, -ENODEV, &err), err);
        start_apply(&fix);
        finish(&fix);
        ck_assert_int_eq(fix.code, -ENODEV);
        assert_reason(xsnet_task_get_error(fix.task), -ENODEV, "fake");
        ck_assert_int_eq(xsnet_report_get_outcome(xsnet_task_get_report(fix.task)), XSNET_OUTCOME_ROLLED_BACK);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(a_second_operation_on_a_busy_engine_is_refused)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int n = 0;

        start_apply(&fix);
        ck_assert_int_eq(xsnet_engine_observe_async(fix.engine, on_done, &fix, NULL, NULL, &err), -EBUSY);
        assert_reason(err, -EBUSY, "busy");
        err = xsnet_error_free(err);
        while (!fix.n_done) {
                turn(fix.engine);
                if (fix.n_done)
                        break;
                n++;
                ck_assert_int_eq(xsnet_engine_observe(fix.engine, &state, NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_recover_async(fix.engine, NULL, NULL, NULL, NULL, NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_add_target(fix.engine, "fake:x", NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_set_journal(fix.engine, "/tmp", NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_set_lock_wait(fix.engine, 1, NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_set_deadline(fix.engine, 1, NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_set_max_disruption(fix.engine, 0, NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_set_irreversible(fix.engine, 1, NULL), -EBUSY);
                ck_assert_int_eq(xsnet_engine_add_host(fix.engine, "h", NULL), -EBUSY);
        }
        ck_assert_int_gt(n, N_STEPS);
        ck_assert_int_eq(fix.code, 0);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(destroy_runs_where_the_start_failed)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_new(NULL, &engine, &err), err);
        ck_assert_int_eq(xsnet_engine_observe_async(engine, on_done, &fix, on_destroy, &fix.task, NULL), -EINVAL);
        ck_assert_int_eq(fix.n_destroyed, 1);
        ck_assert_ptr_null(fix.task);
        ck_assert_int_eq(xsnet_engine_plan_async(fix.engine, NULL, on_done, &fix, on_destroy, NULL, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_engine_verify_async(fix.engine, NULL, on_done, &fix, on_destroy, NULL, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_engine_apply_plan_async(fix.engine, NULL, on_done, &fix, on_destroy, NULL, NULL),
                         -EINVAL);
        ck_assert_int_eq(fix.n_destroyed, 4);
        ck_assert_int_eq(fix.n_done, 0);
        xsnet_engine_unref(engine);
}
END_TEST

START_TEST(a_task_that_is_dropped_is_undone_and_never_done)
{
        struct xsnet_error *err = NULL;
        struct xsnet_state *state = NULL;
        int turns = _i, r;

        start_apply(&fix);
        for (int i = 0; i < turns && !fix.n_done; i++)
                turn(fix.engine);
        fix.task = xsnet_task_unref(fix.task);
        ck_assert_int_eq(fix.n_destroyed, 1);
        turns = fix.n_done;
        /* The engine is busy until what was begun has been undone. */
        while ((r = xsnet_engine_observe(fix.engine, &state, NULL)) == -EBUSY)
                turn(fix.engine);
        ck_assert_int_eq(r, 0);
        xsnet_state_unref(state);
        ck_assert_int_eq(fix.n_done, turns);
        ck_assert_int_eq(fix.n_destroyed, 1);
        if (!turns)
                assert_as_before(&fix);
        no_error(apply(&fix, turns ? XSNET_OUTCOME_NOTHING_TO_DO : XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(a_task_without_a_reference_goes_on_by_itself)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_apply_async(fix.engine, fix.desired, on_done, &fix, on_destroy, NULL, &err), err);
        finish(&fix);
        ck_assert_int_eq(fix.n_done, 1);
        ck_assert_int_eq(fix.code, 0);
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), N_STEPS);
}
END_TEST

START_TEST(an_engine_that_ends_destroys_and_calls_nobody)
{
        int turns = _i;

        start_apply(&fix);
        for (int i = 0; i < turns && !fix.n_done; i++)
                turn(fix.engine);
        turns = fix.n_done;
        fix.engine = xsnet_engine_unref(fix.engine);
        ck_assert_int_eq(fix.n_done, turns);
        ck_assert_int_eq(fix.n_destroyed, 1);
        ck_assert_int_eq(xsnet_task_is_done(fix.task), 1);
        ck_assert_int_eq(xsnet_error_get_code(xsnet_task_get_error(fix.task)), xsnet_task_get_code(fix.task));
        if (!turns)
                assert_reason(xsnet_task_get_error(fix.task), -ECANCELED, "cancelled");
        xsnet_task_cancel(fix.task);
        xsnet_task_unref(fix.task);
}
END_TEST

/* ---- callbacks that do what they may ---- */

static void on_done_again(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata)
{
        struct fix *f = userdata;

        on_done(task, code, err, userdata);
        ck_assert_int_eq(xsnet_engine_dispatch(f->engine, NULL), -EBUSY);
        ck_assert_int_eq(xsnet_engine_verify(f->engine, f->desired, NULL), -EBUSY);
        f->n_done = f->n_destroyed = 0;
        ck_assert_int_eq(xsnet_engine_verify_async(f->engine, f->desired, on_done, f, on_destroy, NULL, NULL), 0);
}

START_TEST(done_may_start_the_next_operation)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_apply_async(fix.engine, fix.desired, on_done_again, &fix, NULL, NULL, &err), err);
        finish(&fix);
        ck_assert_int_eq(fix.n_done, 1);
        ck_assert_int_eq(fix.code, 0);
}
END_TEST

static void on_done_drop(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata)
{
        struct fix *f = userdata;

        on_done(task, code, err, userdata);
        f->task = xsnet_task_unref(f->task);
        f->engine = xsnet_engine_unref(f->engine);
}

START_TEST(done_may_drop_the_task_and_the_engine)
{
        struct xsnet_engine *engine = fix.engine;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_apply_async(engine, fix.desired, on_done_drop, &fix, on_destroy, &fix.task, &err), err);
        while (fix.engine)
                turn(fix.engine);
        ck_assert_int_eq(fix.n_done, 1);
        ck_assert_int_eq(fix.n_destroyed, 1);
}
END_TEST

static void drop_in_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct fix *f = userdata;

        (void)step;
        (void)err;
        if (what == XSNET_PROGRESS_STEP_DONE && ++f->n_step_done == 2) {
                f->task = xsnet_task_unref(f->task);
                ck_assert_int_eq(f->n_destroyed, 1);
        }
}

START_TEST(progress_may_drop_the_task)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_progress(fix.engine, drop_in_progress, &fix, NULL, &err), err);
        start_apply(&fix);
        while (fix.task)
                turn(fix.engine);
        while (xsnet_engine_set_deadline(fix.engine, 1000, NULL) == -EBUSY)
                turn(fix.engine);
        assert_as_before(&fix);
        ck_assert_int_eq(fix.n_done, 0);
        ck_assert_int_eq(fix.n_destroyed, 1);
}
END_TEST

START_TEST(progress_userdata_is_destroyed_once)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_progress(fix.engine, on_progress, &fix, on_destroy, &err), err);
        ck_assert_int_eq(fix.n_destroyed, 0);
        start_apply(&fix);
        /* Refused while it is busy, and destroyed all the same. */
        ck_assert_int_eq(xsnet_engine_set_progress(fix.engine, NULL, &fix, on_destroy, NULL), -EBUSY);
        ck_assert_int_eq(fix.n_destroyed, 1);
        fix.task = xsnet_task_unref(fix.task);
        ck_assert_int_eq(fix.n_destroyed, 2);
        fix.engine = xsnet_engine_unref(fix.engine);
        ck_assert_int_eq(fix.n_destroyed, 3);
}
END_TEST

START_TEST(the_descriptor_is_readable_only_when_there_is_work)
{
        struct pollfd pfd = { .fd = xsnet_engine_get_fd(fix.engine), .events = POLLIN };

        ck_assert_ptr_eq(xsnet_engine_ref(fix.engine), fix.engine);
        xsnet_engine_unref(fix.engine);
        while (poll(&pfd, 1, 0) == 1)
                turn(fix.engine);
        start_apply(&fix);
        ck_assert_int_eq(poll(&pfd, 1, 0), 1);
        finish(&fix);
        while (poll(&pfd, 1, 0) == 1)
                turn(fix.engine);
        xsnet_task_unref(fix.task);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_task");
        TCase *tc = tcase_create("task");

        tcase_set_timeout(tc, 30);
        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, done_and_destroy_run_once_from_dispatch);
        tcase_add_test(tc, a_failed_task_has_its_error_and_its_report);
        tcase_add_test(tc, a_second_operation_on_a_busy_engine_is_refused);
        tcase_add_test(tc, destroy_runs_where_the_start_failed);
        tcase_add_loop_test(tc, a_task_that_is_dropped_is_undone_and_never_done, 0, 20);
        tcase_add_test(tc, a_task_without_a_reference_goes_on_by_itself);
        tcase_add_loop_test(tc, an_engine_that_ends_destroys_and_calls_nobody, 0, 20);
        tcase_add_test(tc, done_may_start_the_next_operation);
        tcase_add_test(tc, done_may_drop_the_task_and_the_engine);
        tcase_add_test(tc, progress_may_drop_the_task);
        tcase_add_test(tc, progress_userdata_is_destroyed_once);
        tcase_add_test(tc, the_descriptor_is_readable_only_when_there_is_work);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
