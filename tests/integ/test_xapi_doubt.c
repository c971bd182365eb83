/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that are never answered: the apply ends in doubt and keeps its journal, nobody applies over it, and recover
 * brings the pool to where it was, whatever the call came to in the meantime.
 */
#include <errno.h>

#include "base/alloc.h"
#include "plan/plan.h"
#include "xapi_test.h"

static const char after[] = "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}]\n"
                            "bonds: [{name: up, members: [eth1, eth2], mode: active-backup, network: n1}]\n"
                            "vlans: [{pif: eth3, tag: 5, network: n2}]\n";

static void ck_in_doubt(struct pool *p, const char *text)
{
        pool_apply(p, text);
        ck_assert_msg(p->code < 0 && p->outcome == XSNET_OUTCOME_IN_DOUBT, "%d, outcome %d: %s", p->code, p->outcome,
                      p->message);
        ck_assert_msg(strstr(p->message, "is kept in /") && strstr(p->message, "[journal-kept"), "%s", p->message);
        ck_assert_int_eq(pool_journals(p), 1);
        /* Nothing is guessed: not by this engine, and not by another. */
        ck_refused(p, text, -EEXIST, "journal-left");
        pool_target(p);
        ck_refused(p, text, -EEXIST, "journal-left");
}

static void ck_recovers(struct pool *p, const char *old)
{
        char *now;

        pool_recover(p);
        ck_assert_msg(p->code == 0 && p->outcome == XSNET_OUTCOME_ROLLED_BACK, "%d, outcome %d: %s", p->code,
                      p->outcome, p->message);
        now = pool_text(p);
        ck_assert_str_eq(now, old);
        xsn_free(now);
        ck_assert_int_eq(pool_journals(p), 0);
        ck_applies(p, after);
        ck_is_nothing(p, after);
}

/* XAPI takes the call, and nothing more is heard of it. */
START_TEST(a_call_that_is_never_answered_leaves_a_journal)
{
        static const char *const methods[] = { "network.create", "Async.Bond.create", "Async.VLAN.create" };
        struct pool p;
        char *old;

        pool_new(&p, 3, 4);
        old = pool_text(&p);
        pool_tell(&p, "{\"do\": \"fault\", \"action\": \"hang\", \"method\": \"%s\", \"nth\": 2}", methods[_i]);
        ck_assert_int_eq(xsnet_engine_set_deadline(p.engine, 1500, NULL), 0);
        ck_in_doubt(&p, after);
        ck_recovers(&p, old);
        xsn_free(old);
        pool_free(&p);
}
END_TEST

static int n_pending(const struct pool *p)
{
        json_t *tables = pool_do(p, "{\"do\": \"dump\", \"classes\": [\"task\"]}"), *row;
        const char *ref;
        int n = 0;

        json_object_foreach(json_object_get(tables, "task"), ref, row)
                n += !strcmp(json_string_value(json_object_get(row, "status")), "pending");
        json_decref(tables);
        return n;
}

/* A host stops to answer when it is asked; what it was asked for it does when it is there again. */
struct leaving {
        struct pool *p;
        int kind;
        bool done;
};

static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct leaving *leaving = userdata;

        (void)err;
        if (leaving->done || what != XSNET_PROGRESS_STEP_BEGUN || !step->to || step->to->cls->kind != leaving->kind)
                return;
        leaving->done = true;
        pool_tell(leaving->p, "{\"do\": \"host\", \"host\": \"xs-2\", \"state\": \"away\", \"live\": true}");
}

START_TEST(a_host_that_goes_away_in_the_middle_leaves_a_journal)
{
        static const int kinds[] = { XSNET_KIND_BOND, XSNET_KIND_VLAN };
        struct leaving leaving = { .kind = kinds[_i] };
        struct pool p;
        char *old;

        pool_new(&p, 3, 4);
        leaving.p = &p;
        old = pool_text(&p);
        ck_assert_int_eq(xsnet_engine_set_deadline(p.engine, 1500, NULL), 0);
        ck_assert_int_eq(xsnet_engine_set_progress(p.engine, on_progress, &leaving, NULL, NULL), 0);
        ck_in_doubt(&p, after);
        ck_assert(leaving.done);
        /* Whoever went back now would not find what XAPI makes in a moment. */
        ck_assert_int_gt(n_pending(&p), 0);
        ck_assert_int_eq(xsnet_engine_set_deadline(p.engine, 1000, NULL), 0);
        pool_recover(&p);
        ck_assert_msg(p.code < 0 && p.outcome == XSNET_OUTCOME_LEFT, "%d, outcome %d: %s", p.code, p.outcome,
                      p.message);
        ck_assert_int_eq(pool_journals(&p), 1);
        pool_target(&p);
        pool_tell(&p, "{\"do\": \"host\", \"host\": \"xs-2\", \"state\": \"up\", \"live\": true}");
        /* XAPI is about to do what it was asked for, which comes to its end first. */
        ck_recovers(&p, old);
        xsn_free(old);
        pool_free(&p);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi doubt");
        TCase *tc = tcase_create("pool");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, a_call_that_is_never_answered_leaves_a_journal, 0, 3);
        tcase_add_loop_test(tc, a_host_that_goes_away_in_the_middle_leaves_a_journal, 0, 2);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
