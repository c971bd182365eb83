/* SPDX-License-Identifier: Apache-2.0 */
/* Going back: whatever fails, is lost, takes too long or is cancelled, and whenever, the target is as it was. */
#include "engine_test.h"

static struct fix fix;

static void begin(void)
{
        setup(&fix);
        use_journal_dir(&fix);
}

static void end(void)
{
        teardown(&fix);
}

START_TEST(any_operation_may_fail_and_the_target_is_as_it_was)
{
        struct xsnet_error *err = NULL;
        int nth = _i, outcome = nth <= 2 ? XSNET_OUTCOME_UNCHANGED : XSNET_OUTCOME_ROLLED_BACK;

        no_error(xsnet_fake_add_failure(fix.fake, (unsigned)nth, -EIO, &err), err);
        ck_assert_int_eq(apply(&fix, outcome, &err), -EIO);
        assert_reason(err, -EIO, "fake");
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        if (nth > 1 && nth < N_OPERATIONS) {
                ck_assert_int_eq(fix.n_step_failed, 1);
                /* The error names the step, and says what became of it. */
                ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), " on host 'xs-1': operation "));
        }
        if (outcome == XSNET_OUTCOME_ROLLED_BACK)
                ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "everything was put back as it was: "));
        ck_assert_ptr_null(xsnet_error_get_next(err));
        err = xsnet_error_free(err);
        /* And the next one just works. */
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(the_answer_to_any_operation_may_be_lost)
{
        struct xsnet_error *err = NULL;
        int nth = _i, outcome = nth <= 1 ? XSNET_OUTCOME_UNCHANGED : XSNET_OUTCOME_ROLLED_BACK;

        no_error(xsnet_engine_set_deadline(fix.engine, slow(400), &err), err);
        no_error(xsnet_fake_add_loss(fix.fake, (unsigned)nth, &err), err);
        ck_assert_int_eq(apply(&fix, outcome, &err), -ETIMEDOUT);
        assert_reason(err, -ETIMEDOUT, "timed-out");
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_error_free(err);
}
END_TEST

START_TEST(a_lost_step_that_cannot_be_looked_at_is_in_doubt)
{
        const struct xsnet_error *last;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_deadline(fix.engine, slow(400), &err), err);
        no_error(xsnet_fake_add_loss(fix.fake, 4, &err), err);
        no_error(xsnet_fake_add_failure(fix.fake, 5, -ECONNRESET, &err), err); /* the observation to go back */
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_IN_DOUBT, &err), -ETIMEDOUT);
        assert_reason(err, -ETIMEDOUT, "timed-out");
        for (last = err; xsnet_error_get_next(last);)
                last = xsnet_error_get_next(last);
        ck_assert_str_eq(xsnet_error_get_reason(last), "journal-kept");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(last), fix.dir));
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        xsnet_error_free(err);
}
END_TEST

START_TEST(a_step_that_does_not_end_is_in_doubt)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_deadline(fix.engine, slow(400), &err), err);
        no_error(xsnet_fake_add_delay(fix.fake, 4, 3600000, &err), err);
        ck_assert_int_eq(xsnet_engine_apply(fix.engine, fix.desired, &report, &err), -ETIMEDOUT);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_IN_DOUBT);
        ck_assert_int_eq(xsnet_report_get_result_at(report, 1), XSNET_RESULT_DONE);
        ck_assert_int_eq(xsnet_report_get_result_at(report, 2), XSNET_RESULT_UNKNOWN);
        ck_assert_int_eq(xsnet_report_get_result_at(report, 3), XSNET_RESULT_NOT_BEGUN);
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        err = xsnet_error_free(err);
        xsnet_report_unref(report);
        /* The engine can go on, and goes back by the journal. */
        no_error(xsnet_engine_set_deadline(fix.engine, 10000, &err), err);
        no_error(xsnet_engine_recover(fix.engine, &report, &err), err);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_ROLLED_BACK);
        xsnet_report_unref(report);
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
}
END_TEST

START_TEST(a_delay_within_the_deadline_is_waited_for)
{
        struct xsnet_error *err = NULL;

        for (unsigned i = 1; i <= N_OPERATIONS; i++)
                no_error(xsnet_fake_add_delay(fix.fake, i, 2, &err), err);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(a_cancel_at_any_step_puts_everything_back)
{
        fix.cancel_at = _i;
        start_apply(&fix);
        finish(&fix);
        ck_assert_int_eq(fix.n_done, 1);
        ck_assert_int_eq(fix.code, -ECANCELED);
        ck_assert_str_eq(fix.reason, "cancelled");
        ck_assert_int_eq(xsnet_report_get_outcome(xsnet_task_get_report(fix.task)), XSNET_OUTCOME_ROLLED_BACK);
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(a_cancel_after_any_turn_ends_as_it_says)
{
        int turns = _i, outcome;

        start_apply(&fix);
        for (int i = 0; i < turns && !fix.n_done; i++)
                turn(fix.engine);
        xsnet_task_cancel(fix.task);
        xsnet_task_cancel(fix.task);
        finish(&fix);
        outcome = xsnet_report_get_outcome(xsnet_task_get_report(fix.task));
        if (outcome == XSNET_OUTCOME_DONE) {
                ck_assert_int_eq(fix.code, 0);
                ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), N_STEPS);
        } else {
                ck_assert_int_eq(fix.code, -ECANCELED);
                ck_assert_int_eq(outcome, xsnet_fake_get_write_count(fix.fake) ? XSNET_OUTCOME_ROLLED_BACK
                                                                               : XSNET_OUTCOME_UNCHANGED);
                assert_as_before(&fix);
        }
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(a_rollback_that_fails_keeps_the_journal_and_says_what_is_left)
{
        const struct xsnet_error *next;
        struct xsnet_error *err = NULL;
        struct xsnet_report *report = NULL;
        int nth = _i;

        /* The last step fails; going back is an observation, six steps, and a look. */
        no_error(xsnet_fake_add_failure(fix.fake, 1 + N_STEPS, -EIO, &err), err);
        no_error(xsnet_fake_add_failure(fix.fake, (unsigned)(1 + N_STEPS + nth), -ENOSPC, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_LEFT, &err), -EIO);
        next = xsnet_error_get_next(err);
        ck_assert_int_eq(xsnet_error_get_code(next), -ENOSPC);
        next = xsnet_error_get_next(next);
        assert_reason(next, -EIO, "journal-kept");
        ck_assert_ptr_null(xsnet_error_get_next(next));
        if (nth > 1 && nth < 8)
                ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(next), "still to do: "));
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        ck_assert_int_eq(count_files(fix.dir, ".lock"), 0);
        err = xsnet_error_free(err);

        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EEXIST);
        assert_reason(err, -EEXIST, "journal-left");
        err = xsnet_error_free(err);

        no_error(xsnet_engine_recover(fix.engine, &report, &err), err);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_ROLLED_BACK);
        xsnet_report_unref(report);
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
}
END_TEST

START_TEST(a_journal_in_memory_serves_as_well)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_journal(fix.engine, NULL, &err), err);
        no_error(xsnet_fake_add_failure(fix.fake, 1 + N_STEPS, -EIO, &err), err);
        no_error(xsnet_fake_add_failure(fix.fake, 2 + N_STEPS, -EIO, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_LEFT, &err), -EIO);
        err = xsnet_error_free(err);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EEXIST);
                assert_reason(err, -EEXIST, "journal-left");
                err = xsnet_error_free(err);
        }
        no_error(xsnet_engine_recover(fix.engine, NULL, &err), err);
        assert_as_before(&fix);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(a_target_that_changed_on_the_way_back_is_looked_at_again)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_fake_add_failure(fix.fake, 1 + N_STEPS, -EIO, &err), err);
        no_error(xsnet_fake_add_failure(fix.fake, 4 + N_STEPS, -ESTALE, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_ROLLED_BACK, &err), -EIO);
        assert_as_before(&fix);
        xsnet_error_free(err);
}
END_TEST

START_TEST(a_verification_that_fails_goes_back)
{
        struct xsnet_state *gone = load("format: 1\npifs: [{device: eth0}]\n");
        struct xsnet_error *err = NULL;

        /* While the last look is under way, somebody removes what was to be changed. */
        no_error(xsnet_fake_add_delay(fix.fake, N_OPERATIONS, 50, &err), err);
        start_apply(&fix);
        while (xsnet_fake_get_operation_count(fix.fake) < N_OPERATIONS)
                turn(fix.engine);
        no_error(xsnet_fake_remove_object(fix.fake, xsnet_state_get_at(gone, 0), &err), err);
        finish(&fix);
        ck_assert_int_eq(fix.code, -EIO);
        ck_assert_str_eq(fix.reason, "verify-failed");
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_task_unref(fix.task);
        xsnet_state_unref(gone);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_back");
        TCase *tc = tcase_create("back");

        tcase_set_timeout(tc, 60);
        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_loop_test(tc, any_operation_may_fail_and_the_target_is_as_it_was, 1, N_OPERATIONS + 1);
        tcase_add_loop_test(tc, the_answer_to_any_operation_may_be_lost, 1, N_OPERATIONS + 1);
        tcase_add_test(tc, a_lost_step_that_cannot_be_looked_at_is_in_doubt);
        tcase_add_test(tc, a_step_that_does_not_end_is_in_doubt);
        tcase_add_test(tc, a_delay_within_the_deadline_is_waited_for);
        tcase_add_loop_test(tc, a_cancel_at_any_step_puts_everything_back, 1, N_STEPS + 1);
        tcase_add_loop_test(tc, a_cancel_after_any_turn_ends_as_it_says, 0, 20);
        tcase_add_loop_test(tc, a_rollback_that_fails_keeps_the_journal_and_says_what_is_left, 1, 9);
        tcase_add_test(tc, a_journal_in_memory_serves_as_well);
        tcase_add_test(tc, a_target_that_changed_on_the_way_back_is_looked_at_again);
        tcase_add_test(tc, a_verification_that_fails_goes_back);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
