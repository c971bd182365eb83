/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner's promises, over random pairs of states a and b and the document that asks
 * for b: its plan leads from a to b on a strict host; then there is nothing to do; and
 * wherever it fails, the way back leads to a. The pairs are counted: each thing that can
 * happen to each kind happens in one of twenty at least.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/build.h"
#include "plan_world.h"
#include "unit.h"

#define N_PAIRS 400
#define N_BACK  120 /* of these, failing at each step */
#define FLAGS   (XSN_CAP_DETACH_VIF | XSN_CAP_OBSERVES_VIFS)

struct pair {
        struct xsnet_state *a, *b, *document;
        struct xsn_caps caps;
        struct xsnet_plan *plan; /* NULL: the document asks for what cannot be */
};

static char *list_errors(const struct xsnet_error *err)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        for (; err; err = xsnet_error_get_next(err))
                xsn_buf_printf(&buf, "%s: %s: %s\n", xsnet_error_get_where(err), xsnet_error_get_reason(err),
                               xsnet_error_get_message(err));
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

static void fail_with(struct xsnet_plan *plan, unsigned seed, const char *what)
{
        char *text = NULL;

        if (plan && !xsnet_plan_dump(plan, XSNET_PLAN_TEXT, &text, NULL))
                (void)fprintf(stderr, "%s", text);
        free(text);
        ck_abort_msg("pair %u: %s", seed, what);
}

/* What a random pair may ask for and nobody can do; everything else is a fault of the planner. */
static bool is_excused(const struct xsnet_error *err)
{
        static const char *const reasons[] = { "mtu-above-parent", "no-address", "tunnel-in-use", "cycle", "loop" };

        for (; err; err = xsnet_error_get_next(err)) {
                bool excused = false;

                for (size_t i = 0; i < XSN_ARRAY_SIZE(reasons); i++)
                        excused |= !strcmp(xsnet_error_get_reason(err), reasons[i]);
                if (!excused)
                        return false;
        }
        return true;
}

static struct xsnet_plan *make_plan(const struct pair *pair, struct xsnet_state *observed, unsigned seed)
{
        const struct xsn_plan_input input = { .name = "fake:", .observed = observed, .caps = &pair->caps };
        const struct xsn_plan_options options = { .irreversible = true };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        if (xsn_plan_make(&input, 1, pair->document, &options, &plan, &err) < 0 && !is_excused(err))
                fail_with(NULL, seed, list_errors(err));
        xsnet_error_free(err);
        return plan;
}

/* Every second b is another state of the same objects, the others have nothing in common but NICs and VIFs. */
static void start(struct pair *pair, unsigned seed)
{
        uint64_t random = seed * UINT64_C(1000003);

        memset(pair, 0, sizeof(*pair));
        pair->a = world_new(&random);
        if (seed % 2) {
                world_name(pair->a);
                pair->b = world_mutated(pair->a, &random);
        } else {
                pair->b = world_new(&random);
        }
        pair->document = world_document(pair->a, pair->b, &random);
        xsn_caps_all(&pair->caps, FLAGS);
        pair->plan = make_plan(pair, pair->a, seed);
}

static void end(struct pair *pair)
{
        xsnet_plan_unref(pair->plan);
        xsnet_state_unref(pair->a);
        xsnet_state_unref(pair->b);
        xsnet_state_unref(pair->document);
}

static struct xsnet_state *apply(struct xsnet_plan *plan, const struct xsnet_state *state, size_t n, unsigned seed)
{
        struct xsnet_state *world = NULL;

        ck_assert_int_eq(xsn_state_copy(state, &world), 0);
        for (size_t i = 0; i < n; i++) {
                const char *fault = world_apply(world, &plan->steps[i]);
                char where[600];

                (void)snprintf(where, sizeof(where), "step %zu: %s", i + 1, fault ? fault : "");
                if (fault)
                        fail_with(plan, seed, where);
        }
        return world;
}

/* Of what a document cannot ask for, what the plan made of it is right: the MTU outside of networks, a tunnel's end. */
static void take_what_is_free(struct xsnet_state *b, struct xsnet_state *world)
{
        for (size_t i = 0; i < b->n_objects; i++) {
                struct xsnet_object *obj = b->objects[i], *other = NULL;

                for (size_t k = 0; k < world->n_objects && !other; k++) {
                        struct xsn_buf mine = { 0 }, its = { 0 };

                        xsn_object_describe(obj, &mine);
                        xsn_object_describe(world->objects[k], &its);
                        if (!strcmp(mine.s, its.s))
                                other = world->objects[k];
                        xsn_buf_done(&mine);
                        xsn_buf_done(&its);
                }
                for (size_t row = 0; other && row < xsn_class_n_fields(obj->cls); row++) {
                        const struct xsn_field *field = xsn_class_field(obj->cls, row);
                        bool mtu = field->id == XSNET_FIELD_STATUS_MTU && xsn_object_network(obj) && !XSN_TUNNEL(obj);

                        if (((field->flags & XSN_F_OBSERVED) && !mtu) || field->id == XSNET_FIELD_LOCAL)
                                ck_assert_int_eq(xsn_object_copy_row(obj, other, row), 0);
                }
        }
}

START_TEST(the_plan_leads_from_a_to_b_and_then_there_is_nothing_to_do)
{
        unsigned n_planned = 0;

        for (unsigned seed = (unsigned)_i; seed < N_PAIRS; seed += 4) {
                struct pair pair;

                start(&pair, seed);
                if (pair.plan) {
                        struct xsnet_state *world = apply(pair.plan, pair.a, pair.plan->n_steps, seed);
                        struct xsnet_plan *again = make_plan(&pair, world, seed);
                        const char *fault;

                        take_what_is_free(pair.b, world);
                        fault = world_differs(world, pair.b);
                        if (fault)
                                fail_with(pair.plan, seed, fault);
                        if (!again || again->n_steps)
                                fail_with(again, seed, "and again");
                        n_planned++;
                        xsnet_plan_unref(again);
                        xsnet_state_unref(world);
                }
                end(&pair);
        }
        ck_assert_uint_ge(n_planned, N_PAIRS / 4 * 3 / 4);
}
END_TEST

START_TEST(from_wherever_it_fails_the_way_back_leads_to_a)
{
        for (unsigned seed = (unsigned)_i; seed < N_BACK; seed += 4) {
                struct xsn_journal *journal = NULL;
                struct pair pair;

                start(&pair, seed);
                if (pair.plan)
                        ck_assert_int_eq(xsn_journal_from_plan(pair.plan, 0, &journal), 0);
                for (size_t k = 0; pair.plan && k <= pair.plan->n_steps; k++) {
                        struct xsnet_state *world = apply(pair.plan, pair.a, k, seed), *back;
                        const struct xsn_plan_input input = { .name = "fake:", .observed = world, .caps = &pair.caps };
                        struct xsnet_plan *plan = NULL;
                        struct xsnet_error *err = NULL;
                        const char *fault;

                        if (xsn_plan_back(&input, journal, &plan, &err) < 0)
                                fail_with(pair.plan, seed, list_errors(err));
                        back = apply(plan, world, plan->n_steps, seed);
                        fault = world_differs(back, pair.a);
                        if (fault)
                                fail_with(plan, seed, fault);
                        xsnet_plan_unref(plan);
                        xsnet_state_unref(back);
                        xsnet_state_unref(world);
                }
                xsn_journal_free(journal);
                end(&pair);
        }
}
END_TEST

/* ---- what the pairs are made of ---- */

enum { ABSENT, RESET, MOVE, RENAME, N_EVENTS };

static bool strings_differ(const char *a, const char *b)
{
        return a && b && strcmp(a, b) != 0;
}

static bool resets(const struct xsnet_object *item, const struct xsnet_object *before)
{
        for (size_t i = 0; before && i < xsn_class_n_fields(item->cls); i++)
                if ((item->reset >> i & 1) && !xsn_plan_row_is_default(before, i))
                        return true;
        return false;
}

static void count_pair(struct pair *pair, bool found[XSN_N_KINDS + 1][N_EVENTS])
{
        for (size_t i = 0; i < pair->document->n_objects; i++) {
                const struct xsnet_object *item = pair->document->objects[i];

                found[item->cls->kind][ABSENT] |= item->absent;
                found[item->cls->kind][RESET] |= resets(item, world_find(pair->a, item));
        }
        for (size_t i = 0; i < pair->a->n_objects; i++) {
                const struct xsnet_object *before = pair->a->objects[i], *after = world_find(pair->b, before);
                int kind = before->cls->kind, name = XSNET_FIELD_DEVICE, place = XSNET_FIELD_NETWORK;

                if (kind == XSNET_KIND_NETWORK || kind == XSNET_KIND_BOND)
                        name = XSNET_FIELD_NAME;
                if (kind == XSNET_KIND_NETWORK)
                        place = XSNET_FIELD_BRIDGE;
                if (!after)
                        continue;
                found[kind][RENAME] |= strings_differ(xsn_object_string(before, name), xsn_object_string(after, name));
                found[kind][MOVE] |= strings_differ(xsn_object_string(before, place), xsn_object_string(after, place));
        }
}

START_TEST(everything_happens_to_every_kind_in_one_pair_of_twenty)
{
        static const char *const events[] = { "absent", "reset", "move", "rename" };
        unsigned counts[XSN_N_KINDS + 1][N_EVENTS] = { 0 };

        for (unsigned seed = 0; seed < N_PAIRS; seed++) {
                bool found[XSN_N_KINDS + 1][N_EVENTS] = { 0 };
                struct pair pair;

                start(&pair, seed);
                if (pair.plan)
                        count_pair(&pair, found);
                for (int kind = 1; kind <= XSN_N_KINDS; kind++)
                        for (int event = 0; event < N_EVENTS; event++)
                                counts[kind][event] += found[kind][event];
                end(&pair);
        }
        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                for (int event = 0; event < N_EVENTS; event++) {
                        if (kind == XSNET_KIND_VIF && event == RENAME) /* a VIF's name is its domain's and number */
                                continue;
                        ck_assert_msg(counts[kind][event] * 20 >= N_PAIRS, "%s %s: in %u of %u pairs",
                                      xsnet_kind_get_name(kind), events[event], counts[kind][event], N_PAIRS);
                }
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("plan property");
        TCase *tcase = tcase_create("pairs");

        tcase_set_timeout(tcase, 110);
        tcase_add_loop_test(tcase, the_plan_leads_from_a_to_b_and_then_there_is_nothing_to_do, 0, 4);
        tcase_add_loop_test(tcase, from_wherever_it_fails_the_way_back_leads_to_a, 0, 4);
        tcase_add_test(tcase, everything_happens_to_every_kind_in_one_pair_of_twenty);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
