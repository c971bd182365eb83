/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's way forth: what it asks for, in which order, what it refuses, and what it reports. */
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

START_TEST(an_apply_passes_its_phases_and_reports_each_step)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_apply(fix.engine, fix.desired, &report, &err), err);
        ck_assert_str_eq(fix.phases, "LOPAV");
        ck_assert_int_eq(fix.n_begun, N_STEPS);
        ck_assert_int_eq(fix.n_step_done, N_STEPS);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_DONE);
        ck_assert_uint_eq(xsnet_report_get_count(report), N_STEPS);
        for (size_t i = 0; i < N_STEPS; i++) {
                ck_assert_ptr_nonnull(xsnet_report_get_step_at(report, i));
                ck_assert_int_eq(xsnet_report_get_result_at(report, i), XSNET_RESULT_DONE);
                ck_assert_uint_gt(xsnet_report_get_duration_at(report, i), 0);
                ck_assert_int_eq(xsnet_report_is_back_at(report, i), 0);
        }
        ck_assert_ptr_null(xsnet_report_get_step_at(report, N_STEPS));
        ck_assert_int_eq(xsnet_report_get_result_at(report, N_STEPS), -ENOENT);
        ck_assert_uint_gt(xsnet_report_get_duration(report), 0);
        /* The VIF of domain 5 has no device yet. */
        ck_assert_ptr_nonnull(xsnet_report_get_waiting_at(report, 0));
        ck_assert_ptr_null(xsnet_report_get_waiting_at(report, 1));
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), N_STEPS);
        ck_assert_uint_eq(xsnet_fake_get_operation_count(fix.fake), N_OPERATIONS);
        xsnet_report_unref(report);
}
END_TEST

START_TEST(a_second_apply_finds_nothing_to_do_and_writes_nothing)
{
        struct xsnet_error *err = NULL;

        use_journal_dir(&fix);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        memset(fix.phases, 0, sizeof(fix.phases));
        no_error(apply(&fix, XSNET_OUTCOME_NOTHING_TO_DO, &err), err);
        ck_assert_str_eq(fix.phases, "LOP");
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), N_STEPS);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
}
END_TEST

START_TEST(observe_plan_and_verify_change_nothing)
{
        struct xsnet_state *state = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_observe(fix.engine, &state, &err), err);
        ck_assert_uint_eq(xsnet_state_get_count(state), 4);
        no_error(xsnet_engine_plan(fix.engine, fix.desired, &plan, &err), err);
        ck_assert_uint_eq(xsnet_plan_get_count(plan), N_STEPS);
        ck_assert_int_eq(xsnet_engine_verify(fix.engine, fix.desired, &err), -EIO);
        assert_reason(err, -EIO, "verify-failed");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "create network 'guest' on host 'xs-1', and 6 m"));
        err = xsnet_error_free(err);
        assert_as_before(&fix);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        no_error(xsnet_engine_verify(fix.engine, fix.desired, &err), err);
        xsnet_state_unref(state);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_plan_is_applied_as_it_was_made)
{
        struct xsnet_report *report = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_plan(fix.engine, fix.desired, &plan, &err), err);
        no_error(xsnet_engine_apply_plan(fix.engine, plan, &report, &err), err);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_DONE);
        ck_assert_ptr_eq(xsnet_report_get_step_at(report, 0), xsnet_plan_get_at(plan, 0));
        xsnet_report_unref(report);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_stale_plan_fails_without_a_write)
{
        struct xsnet_report *report = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        struct xsnet_state *other = load("format: 1\npifs: [{device: eth1, ipv4: {address: 198.51.100.1/24}}]\n");

        use_journal_dir(&fix);
        no_error(xsnet_engine_plan(fix.engine, fix.desired, &plan, &err), err);
        no_error(xsnet_fake_add_object(fix.fake, xsnet_state_get_at(other, 0), &err), err);
        ck_assert_int_eq(xsnet_engine_apply_plan(fix.engine, plan, &report, &err), -ESTALE);
        assert_reason(err, -ESTALE, "plan-stale");
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_UNCHANGED);
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), 0);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_error_free(err);
        xsnet_report_unref(report);
        xsnet_plan_unref(plan);
        xsnet_state_unref(other);
}
END_TEST

START_TEST(a_plan_of_other_targets_is_refused)
{
        struct xsnet_engine *other = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_new(NULL, &other, &err), err);
        no_error(xsnet_engine_add_target(other, "fake:xs-2", &err), err);
        no_error(xsnet_engine_plan(fix.engine, fix.desired, &plan, &err), err);
        ck_assert_int_eq(xsnet_engine_apply_plan(other, plan, NULL, &err), -EINVAL);
        assert_reason(err, -EINVAL, "wrong-plan");
        xsnet_error_free(err);
        xsnet_plan_unref(plan);
        xsnet_engine_unref(other);
}
END_TEST

START_TEST(a_document_is_planned_again_three_times_at_most)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int n = _i, r;

        /* Observe, then a first step on a target that changed meanwhile, again and again. */
        for (int i = 0; i < n; i++)
                no_error(xsnet_fake_add_failure(fix.fake, (unsigned)(2 + 2 * i), -ESTALE, &err), err);
        use_journal_dir(&fix);
        r = xsnet_engine_apply(fix.engine, fix.desired, &report, &err);
        if (n <= 3) {
                no_error(r, err);
                ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_DONE);
                ck_assert_uint_eq(xsnet_report_get_replan_count(report), (unsigned)n);
                ck_assert_uint_eq(xsnet_report_get_count(report), N_STEPS);
        } else {
                ck_assert_int_eq(r, -ESTALE);
                assert_reason(err, -ESTALE, "plan-stale");
                ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_UNCHANGED);
                assert_as_before(&fix);
        }
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_error_free(err);
        xsnet_report_unref(report);
}
END_TEST

START_TEST(what_hurts_more_than_is_accepted_is_refused_before_any_write)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_max_disruption(fix.engine, XSNET_DISRUPTION_NONE, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EPERM);
        assert_reason(err, -EPERM, "too-disruptive");
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), 0);
        xsnet_error_free(err);
        err = NULL;
        no_error(xsnet_engine_set_max_disruption(fix.engine, XSNET_DISRUPTION_FLAP, &err), err);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        ck_assert_int_eq(xsnet_engine_set_max_disruption(fix.engine, 3, &err), -EINVAL);
        xsnet_error_free(err);
}
END_TEST

START_TEST(what_the_target_lacks_is_refused_before_any_write)
{
        struct xsnet_state *desired = load("format: 1\nnetworks: [{name: n, description: d, locking: disabled}]\n");
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsnet_engine_apply(fix.engine, desired, NULL, &err), -EOPNOTSUPP);
        assert_reason(err, -EOPNOTSUPP, "not-supported");
        ck_assert_uint_eq(xsnet_fake_get_write_count(fix.fake), 0);
        xsnet_error_free(err);
        xsnet_state_unref(desired);
}
END_TEST

/* A document is checked when it is read; what the calls made, before it is planned. */
START_TEST(to_prune_without_an_owner_is_refused_before_any_write)
{
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsnet_state_set_owner(fix.desired, NULL, &err), 0);
        xsnet_state_set_prune(fix.desired, 1);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EINVAL);
        assert_reason(err, -EINVAL, "missing");
        assert_as_before(&fix);
        xsnet_error_free(err);
}
END_TEST

START_TEST(items_for_hosts_that_were_not_asked_for_are_left_out)
{
        struct xsnet_state *desired =
                load("format: 1\nnetworks: [{name: n, host: xs-1}, {name: m, host: xs-9}]\n");
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_int_lt(xsnet_engine_apply(fix.engine, desired, NULL, &err), 0);
        err = xsnet_error_free(err);
        no_error(xsnet_engine_add_host(fix.engine, "xs-1", &err), err);
        ck_assert_int_eq(xsnet_engine_add_host(fix.engine, "xs-1", NULL), -EEXIST);
        ck_assert_int_eq(xsnet_engine_add_host(fix.engine, "", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_engine_add_host(fix.engine, NULL, NULL), -EINVAL);
        no_error(xsnet_engine_apply(fix.engine, desired, &report, &err), err);
        ck_assert_uint_eq(xsnet_report_get_count(report), 1);
        xsnet_report_unref(report);
        xsnet_state_unref(desired);
}
END_TEST

START_TEST(an_engine_without_a_target_says_so)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_new(NULL, &engine, &err), err);
        ck_assert_int_eq(xsnet_engine_observe(engine, &state, &err), -EINVAL);
        assert_reason(err, -EINVAL, "no-target");
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsnet_engine_add_target(engine, "fkae:", &err), -EPROTONOSUPPORT);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "did you mean 'fake:'?"));
        err = xsnet_error_free(err);
        no_error(xsnet_engine_add_target(engine, "fake:a", &err), err);
        ck_assert_int_eq(xsnet_engine_add_target(engine, "fake:a", &err), -EEXIST);
        err = xsnet_error_free(err);
        ck_assert_str_eq(xsnet_engine_get_target_at(engine, 0), "fake:a");
        ck_assert_ptr_null(xsnet_engine_get_target_at(engine, 1));
        ck_assert_int_eq(xsnet_engine_plan(engine, NULL, NULL, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_engine_apply_plan(engine, NULL, NULL, NULL), -EINVAL);
        xsnet_engine_unref(engine);
}
END_TEST

START_TEST(a_report_prints_as_text_and_as_json)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        no_error(xsnet_fake_add_failure(fix.fake, 4, -EIO, &err), err);
        ck_assert_int_eq(xsnet_engine_apply(fix.engine, fix.desired, &report, NULL), -EIO);
        ck_assert_int_eq(xsnet_report_dump(report, XSNET_REPORT_TEXT, &text, &err), 0);
        ck_assert_ptr_nonnull(strstr(text, "  create network 'guest' on host 'xs-1': done, "));
        ck_assert_ptr_nonnull(strstr(text, ": failed, "));
        ck_assert_ptr_nonnull(strstr(text, "  create bond 'bond0' on host 'xs-1': not begun\n"));
        ck_assert_ptr_nonnull(strstr(text, "Going back:\n"));
        ck_assert_ptr_nonnull(strstr(text, "waiting for its device: vif '5/0'"));
        free(text);
        ck_assert_int_eq(xsnet_report_dump(report, XSNET_REPORT_JSON, &text, &err), 0);
        ck_assert_ptr_nonnull(strstr(text, "\"outcome\": \"rolled-back\""));
        ck_assert_ptr_nonnull(strstr(text, "\"key\": \"guest\", \"host\": \"xs-1\", \"target\": \"fake:xs-1\", "
                                           "\"back\": false, \"result\": \"done\""));
        free(text);
        ck_assert_int_eq(xsnet_report_dump(report, 3, &text, &err), -EINVAL);
        xsnet_error_free(err);
        ck_assert_ptr_eq(xsnet_report_ref(report), report);
        xsnet_report_unref(report);
        xsnet_report_unref(report);
}
END_TEST

/* Of a step whose answer never came nobody knows how far it got. */
START_TEST(a_step_without_an_answer_is_told_as_not_finished)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        no_error(xsnet_engine_set_deadline(fix.engine, slow(400), &err), err);
        no_error(xsnet_fake_add_loss(fix.fake, 2, &err), err);
        ck_assert_int_eq(xsnet_engine_apply(fix.engine, fix.desired, &report, &err), -ETIMEDOUT);
        no_error(xsnet_report_dump(report, XSNET_REPORT_TEXT, &text, NULL), NULL);
        ck_assert_msg(strstr(text, " on host 'xs-1': not finished, "), "%s", text);
        ck_assert_msg(strstr(text, " on host 'xs-1': not begun\n"), "%s", text);
        free(text);
        no_error(xsnet_report_dump(report, XSNET_REPORT_JSON, &text, NULL), NULL);
        ck_assert_msg(strstr(text, "\"result\": \"unknown\""), "%s", text);
        ck_assert_ptr_null(strstr(text, "not finished"));
        free(text);
        xsnet_error_free(err);
        xsnet_report_unref(report);
}
END_TEST

/* Whichever it is, by the name that the report has for it. */
START_TEST(the_error_of_a_failed_step_names_it)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL, *name, *end;

        no_error(xsnet_fake_add_failure(fix.fake, (unsigned)_i, -EIO, &err), err);
        ck_assert_int_eq(xsnet_engine_apply(fix.engine, fix.desired, &report, &err), -EIO);
        no_error(xsnet_report_dump(report, XSNET_REPORT_TEXT, &text, NULL), NULL);
        end = strstr(text, ": failed, ");
        ck_assert_msg(end, "%s", text);
        *end = '\0';
        name = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
        name += strspn(name, " ");
        ck_assert_msg(strstr(xsnet_error_get_message(err), name), "'%s' does not name '%s'",
                      xsnet_error_get_message(err), name);
        ck_assert_msg(strchr(name, '\''), "%s", name);
        free(text);
        xsnet_error_free(err);
        xsnet_report_unref(report);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_run");
        TCase *tc = tcase_create("run");

        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, an_apply_passes_its_phases_and_reports_each_step);
        tcase_add_test(tc, a_second_apply_finds_nothing_to_do_and_writes_nothing);
        tcase_add_test(tc, observe_plan_and_verify_change_nothing);
        tcase_add_test(tc, a_plan_is_applied_as_it_was_made);
        tcase_add_test(tc, a_stale_plan_fails_without_a_write);
        tcase_add_test(tc, a_plan_of_other_targets_is_refused);
        tcase_add_loop_test(tc, a_document_is_planned_again_three_times_at_most, 1, 5);
        tcase_add_test(tc, what_hurts_more_than_is_accepted_is_refused_before_any_write);
        tcase_add_test(tc, what_the_target_lacks_is_refused_before_any_write);
        tcase_add_test(tc, to_prune_without_an_owner_is_refused_before_any_write);
        tcase_add_test(tc, items_for_hosts_that_were_not_asked_for_are_left_out);
        tcase_add_test(tc, an_engine_without_a_target_says_so);
        tcase_add_test(tc, a_report_prints_as_text_and_as_json);
        tcase_add_test(tc, a_step_without_an_answer_is_told_as_not_finished);
        tcase_add_loop_test(tc, the_error_of_a_failed_step_names_it, 2, N_STEPS + 2);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
