/* SPDX-License-Identifier: Apache-2.0 */
/* Several targets in one call: all are changed, or none. */
#include "engine_test.h"

#define BOTH "format: 1\nowner: test\nnetworks: [{name: guest}]\npifs: [{device: eth1, network: guest}]\n"
#define N_EACH 2 /* steps */

static struct fix fix;
static struct xsnet_fake *second;
static char *second_before;

static void begin(void)
{
        struct xsnet_error *err = NULL;

        setup(&fix);
        use_journal_dir(&fix);
        xsnet_state_unref(fix.desired);
        fix.desired = load(BOTH);
        second = new_fake("xs-2", XSNET_FAKE_LINUX, BEFORE);
        second_before = print(second);
        no_error(xsnet_engine_add_fake(fix.engine, second, &err), err);
}

static void end(void)
{
        free(second_before);
        xsnet_fake_unref(second);
        teardown(&fix);
}

static void assert_both_as_before(void)
{
        char *now = print(second);

        assert_as_before(&fix);
        ck_assert_str_eq(now, second_before);
        free(now);
}

START_TEST(one_document_is_applied_to_both)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        ck_assert_str_eq(fix.phases, "LOPAV");
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), N_EACH);
        ck_assert_uint_eq(xsnet_fake_get_write_count(second), N_EACH);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        no_error(xsnet_engine_observe(fix.engine, &state, &err), err);
        ck_assert_uint_eq(xsnet_state_get_count(state), 10);
        ck_assert_ptr_nonnull(xsnet_state_find(state, XSNET_KIND_NETWORK, "xs-1", "guest"));
        ck_assert_ptr_nonnull(xsnet_state_find(state, XSNET_KIND_NETWORK, "xs-2", "guest"));
        xsnet_state_unref(state);
        no_error(apply(&fix, XSNET_OUTCOME_NOTHING_TO_DO, &err), err);
}
END_TEST

START_TEST(where_one_fails_both_go_back)
{
        struct xsnet_error *err = NULL;
        int nth = _i;

        no_error(xsnet_fake_add_failure(second, (unsigned)nth, -EIO, &err), err);
        ck_assert_int_eq(apply(&fix, nth == 1 ? XSNET_OUTCOME_UNCHANGED : XSNET_OUTCOME_ROLLED_BACK, &err), -EIO);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "fake:xs-2: "));
        assert_both_as_before();
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_error_free(err);
}
END_TEST

START_TEST(errors_of_all_targets_are_told)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_fake_add_failure(fix.fake, 1, -EIO, &err), err);
        no_error(xsnet_fake_add_failure(second, 1, -ENODEV, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EIO);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "fake:xs-1: "));
        ck_assert_int_eq(xsnet_error_get_code(xsnet_error_get_next(err)), -ENODEV);
        xsnet_error_free(err);
}
END_TEST

START_TEST(where_one_is_in_doubt_the_journals_of_both_stay)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_deadline(fix.engine, slow(150), &err), err);
        no_error(xsnet_fake_add_delay(second, 3, 3600000, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_IN_DOUBT, &err), -ETIMEDOUT);
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 2);
        err = xsnet_error_free(err);
        no_error(xsnet_engine_set_deadline(fix.engine, 10000, &err), err);
        no_error(xsnet_engine_recover(fix.engine, NULL, &err), err);
        assert_both_as_before();
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
}
END_TEST

START_TEST(a_target_without_steps_has_no_journal)
{
        struct xsnet_state *desired = load("format: 1\nnetworks: [{name: guest, host: xs-2}]\n");
        struct xsnet_error *err = NULL;

        xsnet_state_unref(fix.desired);
        fix.desired = desired;
        start_apply(&fix);
        while (!fix.n_begun)
                turn(fix.engine);
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        finish(&fix);
        ck_assert_int_eq(fix.code, 0);
        ck_assert_uint_eq(xsnet_fake_get_operation_count(fix.fake), 1); /* it is not even looked at again */
        no_error(xsnet_engine_verify(fix.engine, desired, &err), err);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(locks_are_taken_all_or_none)
{
        struct xsnet_engine *other = NULL;
        struct xsnet_error *err = NULL;
        struct fix one = { .engine = NULL };

        /* An engine that has the second target's lock only. */
        no_error(xsnet_engine_new(NULL, &other, &err), err);
        no_error(xsnet_engine_add_fake(other, second, &err), err);
        no_error(xsnet_engine_set_journal(other, fix.dir, &err), err);
        no_error(xsnet_engine_apply_async(other, fix.desired, on_done, &one, on_destroy, NULL, &err), err);
        while (!count_files(fix.dir, ".lock"))
                turn(other);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EAGAIN);
        assert_reason(err, -EAGAIN, "journal-locked");
        ck_assert_int_eq(count_files(fix.dir, ".lock"), 1);
        err = xsnet_error_free(err);
        while (!one.n_destroyed)
                turn(other);
        ck_assert_int_eq(one.code, 0);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        xsnet_engine_unref(other);
}
END_TEST

START_TEST(a_cancel_puts_both_back)
{
        fix.cancel_at = _i;
        start_apply(&fix);
        finish(&fix);
        ck_assert_int_eq(fix.code, -ECANCELED);
        assert_both_as_before();
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_task_unref(fix.task);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_many");
        TCase *tc = tcase_create("many");

        tcase_set_timeout(tc, 30);
        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, one_document_is_applied_to_both);
        tcase_add_loop_test(tc, where_one_fails_both_go_back, 1, N_EACH + 3);
        tcase_add_test(tc, errors_of_all_targets_are_told);
        tcase_add_test(tc, where_one_is_in_doubt_the_journals_of_both_stay);
        tcase_add_test(tc, a_target_without_steps_has_no_journal);
        tcase_add_test(tc, locks_are_taken_all_or_none);
        tcase_add_loop_test(tc, a_cancel_puts_both_back, 1, 2 * N_EACH + 1);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
