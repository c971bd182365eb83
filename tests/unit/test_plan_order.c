/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From pairs to plans, over random whole states: every plan can be done step by step on a
 * strict host, in any order within a wave, and reaches what was wanted; and from wherever it
 * stops, the way back leads to where it began.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/journal.h"
#include "plan_world.h"
#include "slow.h"
#include "unit.h"

#define N_SEEDS ((int)fewer(160))

struct run {
        struct xsnet_state *a, *b;
        struct xsn_caps caps;
        struct xsn_plan_input input;
        struct xsnet_plan *plan;
};

static void fail_with(const struct xsnet_plan *plan, unsigned seed, const char *what)
{
        char *text = NULL;

        if (plan && !xsnet_plan_dump((struct xsnet_plan *)(uintptr_t)plan, XSNET_PLAN_TEXT, &text, NULL))
                (void)fprintf(stderr, "%s", text);
        free(text);
        ck_abort_msg("seed %u: %s", seed, what);
}

static struct xsnet_plan *make_plan(const struct xsn_plan_input *input, const struct xsnet_state *to, unsigned seed)
{
        struct xsn_work work = { .input = input };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        world_pairs(&work, input->observed, to);
        if (xsn_plan_from_works(&work, 1, &plan, &err) < 0)
                fail_with(NULL, seed, xsnet_error_get_message(err));
        xsn_work_done(&work);
        return plan;
}

static void start(struct run *run, unsigned seed)
{
        uint64_t random = seed;
        const char *text;

        run->a = world_new(&random);
        run->b = world_new(&random);
        text = world_check(run->a);
        ck_assert_msg(!text, "seed %u: a: %s", seed, text);
        text = world_check(run->b);
        ck_assert_msg(!text, "seed %u: b: %s", seed, text);
        xsn_caps_all(&run->caps, 0);
        run->input = (struct xsn_plan_input){ .name = "fake:", .observed = run->a, .caps = &run->caps };
        run->plan = make_plan(&run->input, run->b, seed);
}

static void end(struct run *run)
{
        xsnet_plan_unref(run->plan);
        xsnet_state_unref(run->a);
        xsnet_state_unref(run->b);
}

/* The first n steps of the plan on a copy of the state; those of one wave in an order drawn at random. */
static struct xsnet_state *apply(const struct xsnet_plan *plan, const struct xsnet_state *state, size_t n,
                                 uint64_t *random, unsigned seed)
{
        size_t *order = xsn_alloc_array(plan->n_steps + 1, sizeof(*order));
        struct xsnet_state *world = NULL;

        ck_assert_int_eq(xsn_state_copy(state, &world), 0);
        for (size_t i = 0; i < plan->n_steps; i++)
                order[i] = i;
        for (size_t i = 0; i < plan->n_steps; i++) {
                size_t last = i, k, swap = order[i];

                while (last + 1 < plan->n_steps && plan->steps[last + 1].wave == plan->steps[i].wave)
                        last++;
                k = i + world_random(random, (unsigned)(last - i + 1));
                order[i] = order[k];
                order[k] = swap;
        }
        for (size_t i = 0; i < n; i++) {
                const char *text = world_apply(world, &plan->steps[order[i]]);
                char where[600];

                (void)snprintf(where, sizeof(where), "step %zu: %s", order[i] + 1, text ? text : "");
                if (text)
                        fail_with(plan, seed, where);
        }
        xsn_free(order);
        return world;
}

START_TEST(every_plan_reaches_what_was_wanted)
{
        unsigned seed = (unsigned)_i;
        uint64_t random = seed;
        struct run run;
        struct xsnet_state *world;
        const char *text;

        start(&run, seed);
        world = apply(run.plan, run.a, run.plan->n_steps, &random, seed);
        text = world_differs(world, run.b);
        if (text)
                fail_with(run.plan, seed, text);
        ck_assert_int_eq(xsn_plan_verify(run.plan, 0, world, NULL, NULL), 0);
        xsnet_state_unref(world);
        end(&run);
}
END_TEST

START_TEST(what_is_there_needs_no_step)
{
        struct run run;
        struct xsnet_plan *plan;

        start(&run, (unsigned)_i);
        plan = make_plan(&run.input, run.a, (unsigned)_i);
        if (plan->n_steps)
                fail_with(plan, (unsigned)_i, "a plan to where it is");
        xsnet_plan_unref(plan);
        end(&run);
}
END_TEST

/* Through the journal's text, as after a crash. */
static struct xsn_journal *keep(const struct xsnet_plan *plan)
{
        struct xsn_journal *journal = NULL, *read = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_journal_from_plan(plan, 0, &journal), 0);
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, NULL), 0);
        ck_assert_msg(!xsn_codec_journal_load(text, strlen(text), &read, &err), "%s", xsnet_error_get_message(err));
        xsn_journal_free(journal);
        free(text);
        return read;
}

START_TEST(from_every_step_there_is_a_way_back)
{
        unsigned seed = (unsigned)_i;
        struct run run;
        struct xsn_journal *journal;

        start(&run, seed);
        journal = keep(run.plan);
        for (size_t k = 0; k <= run.plan->n_steps; k++) {
                uint64_t random = seed * 1000 + k;
                struct xsnet_state *world = apply(run.plan, run.a, k, &random, seed), *back;
                struct xsn_plan_input input = { .name = "fake:", .observed = world, .caps = &run.caps };
                struct xsnet_plan *plan = NULL;
                struct xsnet_error *err = NULL;
                const char *text;
                char where[600];

                if (xsn_plan_back(&input, journal, &plan, &err) < 0)
                        fail_with(run.plan, seed, xsnet_error_get_message(err));
                back = apply(plan, world, plan->n_steps, &random, seed);
                text = world_differs(back, run.a);
                (void)snprintf(where, sizeof(where), "back from %zu steps: %s", k, text ? text : "");
                if (text)
                        fail_with(plan, seed, where);
                xsnet_plan_unref(plan);
                xsnet_state_unref(back);
                xsnet_state_unref(world);
        }
        xsn_journal_free(journal);
        end(&run);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("plan order");
        TCase *tcase = tcase_create("random");

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, every_plan_reaches_what_was_wanted, 0, N_SEEDS);
        tcase_add_loop_test(tcase, what_is_there_needs_no_step, 0, N_SEEDS);
        tcase_add_loop_test(tcase, from_every_step_there_is_a_way_back, 0, N_SEEDS / 3);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
