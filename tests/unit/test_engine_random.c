/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole applies over random states, on the strict target in memory: the document of another
 * state leads there, a second apply has nothing to do, and whichever operation fails, the
 * target is as it was.
 */
#include "engine_test.h"

#include "base/alloc.h"
#include "plan_world.h"

#define N_PAIRS    120/* of states */
#define N_FAILING  12 /* of them, with each operation failing in turn */

/* A random state whose NICs all have their first names: `rename` has tests of its own. */
static struct xsnet_state *random_state(uint64_t *seed)
{
        struct xsnet_state *world = world_new(seed), *state = NULL;
        char *text = NULL, *from, *to;
        int r;

        ck_assert_int_eq(xsn_codec_dump(world, XSNET_FORMAT_YAML, XSN_CODEC_OBSERVED, &text, NULL), 0);
        for (from = to = text; *from; from++)
                if (strncmp(from, "peth", 4) != 0)
                        *to++ = *from;
        *to = '\0';
        r = xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, NULL, XSN_CODEC_OBSERVED, &state, NULL);
        ck_assert_int_eq(r, 0);
        for (size_t i = 0; i < state->n_objects; i++) {
                xsn_object_clear(state->objects[i], XSNET_FIELD_RENAME);
                xsn_object_clear(state->objects[i], XSNET_FIELD_STATUS_OLD_NAME);
        }
        free(text);
        xsnet_state_unref(world);
        return state;
}

static bool is_in(struct xsnet_state *state, const struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        char *key = NULL;
        bool found;

        xsn_object_key(obj, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &key), 0);
        found = xsnet_state_find(state, obj->cls->kind, NULL, key);
        free(key);
        return found;
}

/* Asks for all of b: what b does not set goes back to its default, what only a has is to be gone. */
static struct xsnet_state *document_of(struct xsnet_state *a, struct xsnet_state *b)
{
        const unsigned kept = XSN_F_KEY | XSN_F_SELECT | XSN_F_OBSERVED | XSN_F_REQUIRED;
        struct xsnet_state *document = NULL;

        ck_assert_int_eq(xsn_state_copy(b, &document), 0);
        for (size_t i = 0; i < document->n_objects; i++) {
                struct xsnet_object *obj = document->objects[i];

                for (size_t row = 0; row < xsn_class_n_fields(obj->cls); row++)
                        if (!(obj->present >> row & 1) && !(xsn_class_field(obj->cls, row)->flags & kept))
                                xsn_object_reset_row(obj, row);
        }
        for (size_t i = 0; i < a->n_objects; i++) {
                struct xsnet_object *gone = NULL;

                if (XSN_PIF(a->objects[i]) || is_in(b, a->objects[i]))
                        continue;
                ck_assert_int_eq(xsn_object_copy(a->objects[i], &gone), 0);
                gone->absent = true;
                ck_assert_int_eq(xsn_state_add(document, gone), 0);
                xsnet_object_unref(gone);
        }
        return document;
}

struct pair {
        struct xsnet_state *a, *b, *document;
        struct xsnet_fake *fake;
        struct xsnet_engine *engine;
        char *before;
};

static void pair_begin(struct pair *pair, unsigned seed)
{
        uint64_t random = seed;
        struct xsnet_error *err = NULL;

        pair->a = random_state(&random);
        pair->b = random_state(&random);
        pair->document = document_of(pair->a, pair->b);
        no_error(xsnet_fake_new(xsn_object_host(pair->a->objects[0]), XSNET_FAKE_ALL, &pair->fake, &err), err);
        no_error(xsnet_fake_set_state(pair->fake, pair->a, &err), err);
        no_error(xsnet_engine_new(NULL, &pair->engine, &err), err);
        no_error(xsnet_engine_add_fake(pair->engine, pair->fake, &err), err);
        no_error(xsnet_engine_set_irreversible(pair->engine, 1, &err), err);
        pair->before = print(pair->fake);
}

static void pair_end(struct pair *pair)
{
        xsnet_engine_unref(pair->engine);
        xsnet_fake_unref(pair->fake);
        xsnet_state_unref(pair->a);
        xsnet_state_unref(pair->b);
        xsnet_state_unref(pair->document);
        free(pair->before);
}

/*
 * With the first names, a bridge may have a NIC's: no case. An MTU that no document tells, that
 * of a parent outside of networks, may stand in the way: neither.
 */
static bool has_plan(struct pair *pair, unsigned seed)
{
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        int r;

        if (world_check(pair->a) || world_check(pair->b))
                return false;
        r = xsnet_engine_plan(pair->engine, pair->document, &plan, &err);
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                if (strcmp(xsnet_error_get_reason(e), "mtu-above-parent") != 0)
                        ck_abort_msg("seed %u: %s", seed, xsnet_error_get_message(e));
        xsnet_error_free(err);
        xsnet_plan_unref(plan);
        return r >= 0;
}

static bool check_pair(unsigned seed)
{
        struct pair pair = { 0 };
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        bool counts;

        pair_begin(&pair, seed);
        counts = has_plan(&pair, seed);
        if (counts) {
                int r = xsnet_engine_apply(pair.engine, pair.document, NULL, &err);

                ck_assert_msg(!r, "seed %u: %s", seed, err ? xsnet_error_get_message(err) : "");
                r = xsnet_engine_apply(pair.engine, pair.document, &report, &err);
                ck_assert_msg(!r, "seed %u: %s", seed, err ? xsnet_error_get_message(err) : "");
                ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_NOTHING_TO_DO);
        }
        xsnet_report_unref(report);
        pair_end(&pair);
        return counts;
}

START_TEST(the_document_of_another_state_leads_there_and_then_there_is_nothing_to_do)
{
        unsigned n = 0;

        for (unsigned seed = 0; seed < N_PAIRS; seed++)
                n += check_pair(seed);
        ck_assert_uint_ge(n, N_PAIRS / 4);
}
END_TEST

/* False: there were not as many operations. */
static bool check_failing(struct pair *pair, unsigned seed, unsigned nth)
{
        struct xsnet_error *err = NULL;
        char *now;
        int r;

        ck_assert_int_eq(xsnet_fake_add_failure(pair->fake, nth, -EIO, NULL), 0);
        r = xsnet_engine_apply(pair->engine, pair->document, NULL, &err);
        if (!r)
                return false;
        ck_assert_msg(r == -EIO && !xsnet_error_get_next(err), "seed %u, operation %u: %s: %s", seed, nth,
                      xsnet_error_get_message(err),
                      xsnet_error_get_next(err) ? xsnet_error_get_message(xsnet_error_get_next(err)) : "");
        now = print(pair->fake);
        ck_assert_msg(!strcmp(now, pair->before), "seed %u, operation %u:\n%s\nand was\n%s", seed, nth, now,
                      pair->before);
        free(now);
        xsnet_error_free(err);
        return true;
}

START_TEST(whichever_operation_fails_the_target_is_as_it_was)
{
        unsigned n = 0;

        for (unsigned seed = 0; n < N_FAILING; seed++) {
                struct pair pair = { 0 };

                pair_begin(&pair, seed);
                if (has_plan(&pair, seed)) {
                        for (unsigned nth = 1; check_failing(&pair, seed, nth); nth++)
                                ;
                        n++;
                }
                pair_end(&pair);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_random");
        TCase *tc = tcase_create("random");

        tcase_set_timeout(tc, 100);
        tcase_add_test(tc, the_document_of_another_state_leads_there_and_then_there_is_nothing_to_do);
        tcase_add_test(tc, whichever_operation_fails_the_target_is_as_it_was);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
