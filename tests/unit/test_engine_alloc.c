/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is not there, at any request of an operation: it fails and says so, nothing
 * leaks, and the target is as it was or, where going back needed memory too, as the journal
 * tells: a recovery then puts it back.
 */
#include "engine_test.h"

#include "failalloc.h"

#define SMALL "format: 1\nnetworks: [{name: n}]\npifs: [{device: eth1, network: n}]\n"

static struct fix fix;

static void begin(void)
{
        setup(&fix);
        xsnet_state_unref(fix.desired);
        fix.desired = load(SMALL);
        /* The framework allocates where it asserts. */
        ck_assert_int_eq(xsnet_engine_set_progress(fix.engine, NULL, NULL, NULL, NULL), 0);
}

static void end(void)
{
        teardown(&fix);
}

/* One apply with the n-th request failing, or all from the n-th on. False: n was beyond the last. */
static bool apply_failing(unsigned long n, bool all_after)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int r, outcome;

        if (all_after)
                failalloc_from(n);
        else
                failalloc_at(n);
        r = xsnet_engine_apply(fix.engine, fix.desired, &report, &err);
        failalloc_off();
        if (failalloc_count() < n) {
                no_error(r, err);
                xsnet_report_unref(report);
                return false;
        }
        outcome = report ? xsnet_report_get_outcome(report) : XSNET_OUTCOME_UNCHANGED;
        if (r < 0)
                ck_assert_ptr_nonnull(err);
        if (outcome == XSNET_OUTCOME_LEFT || outcome == XSNET_OUTCOME_IN_DOUBT)
                ck_assert_int_eq(xsnet_engine_recover(fix.engine, NULL, NULL), 0);
        if (outcome != XSNET_OUTCOME_DONE) {
                ck_assert_int_lt(r, 0);
                assert_as_before(&fix);
        }
        xsnet_error_free(err);
        xsnet_report_unref(report);
        return true;
}

/* The target is put back by hand, and the engine is a new one. */
static void anew(void)
{
        end();
        begin();
}

START_TEST(an_apply_survives_each_allocation_that_fails)
{
        for (unsigned long n = 1; apply_failing(n, _i); n++)
                anew();
}
END_TEST

START_TEST(an_engine_survives_each_allocation_that_fails)
{
        for (unsigned long n = 1;; n++) {
                struct xsnet_engine *engine = NULL;
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = xsnet_engine_new(NULL, &engine, &err);
                if (!r)
                        r = xsnet_engine_add_target(engine, "fake:a?hosts=h1,h2&caps=pool&fail=3&delay=2:1", &err);
                if (!r)
                        r = xsnet_engine_set_journal(engine, "/tmp", &err);
                if (!r)
                        r = xsnet_engine_add_host(engine, "h1", &err);
                failalloc_off();
                xsnet_engine_unref(engine);
                if (failalloc_count() < n) {
                        no_error(r, err);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_nonnull(err);
                xsnet_error_free(err);
        }
}
END_TEST

static void on_event(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        (void)watch;
        if (xsnet_event_get_what(event) == XSNET_EVENT_APPEARED)
                ++*(int *)userdata;
}

START_TEST(a_watch_tells_of_a_vif_whichever_allocation_fails)
{
        struct xsnet_state *vif = load("format: 1\nvifs: [{domain: 9, device: 0}]\n");

        for (unsigned long n = 1;; n++) {
                struct xsnet_watch *watch = NULL;
                int appeared = 0, r;

                r = xsnet_engine_watch(fix.engine, fix.desired, on_event, &appeared, NULL, &watch, NULL);
                ck_assert_int_eq(r, 0);
                for (int i = 0; i < 8; i++)
                        (void)xsnet_engine_dispatch(fix.engine, NULL);
                r = xsnet_fake_add_object(fix.fake, xsnet_state_get_at(vif, 0), NULL);
                ck_assert_int_eq(r, 0);
                failalloc_at(n);
                for (int i = 0; i < 8; i++)
                        (void)xsnet_engine_dispatch(fix.engine, NULL);
                failalloc_off();
                /* Where looking at the target failed, it is tried again, later. */
                while (!appeared)
                        turn(fix.engine);
                ck_assert_int_eq(appeared, 1);
                xsnet_watch_unref(watch);
                if (failalloc_count() < n)
                        break;
                anew();
        }
        xsnet_state_unref(vif);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_alloc");
        TCase *tc = tcase_create("alloc");

        tcase_set_timeout(tc, 120);
        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_loop_test(tc, an_apply_survives_each_allocation_that_fails, 0, 2);
        tcase_add_test(tc, an_engine_survives_each_allocation_that_fails);
        tcase_add_test(tc, a_watch_tells_of_a_vif_whichever_allocation_fails);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
