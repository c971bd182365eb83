/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole plans from documents, over random states: what a target shows asks for nothing
 * when it is applied again, and the document of another state leads there on a strict host.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/codec.h"
#include "gen.h"
#include "plan_world.h"
#include "slow.h"
#include "unit.h"

#define N_STATES  fewer(300)
#define ALL_FLAGS (XSN_CAP_VM | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_MAKES_DHCP)

/* "REASON MESSAGE" a line. */
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

/* What `show` prints, read back as a document. */
static struct xsnet_state *shown(struct xsnet_state *state)
{
        struct xsnet_state *document = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_codec_dump(state, XSNET_FORMAT_YAML, 0, &text, NULL), 0);
        if (xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, "show.yaml", 0, &document, &err) < 0)
                ck_abort_msg("%s\n%s", list_errors(err), text);
        free(text);
        return document;
}

/* NULL where the only thing wrong is a parent's MTU, which no document tells outside of networks. */
static struct xsnet_plan *make_plan(struct xsnet_state *observed, const struct xsnet_state *desired, unsigned flags,
                                    unsigned seed)
{
        struct xsn_caps caps;
        struct xsn_plan_input input = { .name = "fake:", .observed = observed, .caps = &caps };
        const struct xsn_plan_options options = { .irreversible = true };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        xsn_caps_all(&caps, flags);
        (void)xsn_plan_make(&input, 1, desired, &options, &plan, &err);
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                if (strcmp(xsnet_error_get_reason(e), "mtu-above-parent") != 0)
                        ck_abort_msg("seed %u: %s", seed, list_errors(err));
        xsnet_error_free(err);
        return plan;
}

static char *dump(struct xsnet_plan *plan)
{
        char *text = NULL;

        ck_assert_int_eq(xsnet_plan_dump(plan, XSNET_PLAN_TEXT, &text, NULL), 0);
        return text;
}

static void check_nothing(struct xsnet_state *observed, unsigned flags, unsigned seed)
{
        struct xsnet_state *document = shown(observed);
        struct xsnet_plan *plan = make_plan(observed, document, flags, seed);

        if (!plan || xsnet_plan_get_count(plan))
                ck_abort_msg("seed %u: %s", seed, plan ? dump(plan) : "no plan");
        xsnet_plan_unref(plan);
        xsnet_state_unref(document);
}

START_TEST(what_a_host_shows_is_nothing_to_do_when_applied)
{
        for (unsigned seed = 0; seed < N_STATES; seed++) {
                uint64_t random = seed;
                struct xsnet_state *state = world_new(&random);

                check_nothing(state, 0, seed);
                check_nothing(state, ALL_FLAGS, seed);
                xsnet_state_unref(state);
        }
}
END_TEST

/* A random state as it might be observed: each object on a host, nothing left to wish. */
static struct xsnet_state *any_state(unsigned seed)
{
        struct gen gen = gen_seed(seed);
        struct xsnet_state *random = gen_state(&gen, 40), *state = NULL;
        struct xsn_host *host;

        ck_assert_int_eq(xsn_state_new(&state), 0);
        ck_assert_int_eq(xsn_state_add_host(state, "h0", &host), 0);
        ck_assert_int_eq(xsn_state_add_host(state, "h1", &host), 0);
        for (size_t i = 0; i < random->n_objects; i++) {
                struct xsnet_object *obj = random->objects[i];

                for (size_t row = 0; row < xsn_class_n_fields(obj->cls); row++)
                        if (obj->reset >> row & 1)
                                xsn_object_clear_row(obj, row);
                obj->absent = obj->adopt = false;
                /* Of a NIC that was renamed, `rename` is the name that it has. */
                if (xsn_object_is_set(obj, XSNET_FIELD_RENAME))
                        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_RENAME, XSN_PIF(obj)->device), 0);
                ck_assert_int_eq(xsn_object_set_host(obj, i % 3 ? "h0" : "h1"), 0);
                ck_assert_int_eq(xsn_state_add(state, obj), 0);
        }
        xsnet_state_unref(random);
        return state;
}

START_TEST(what_any_state_shows_is_nothing_to_do_whatever_it_refers_to)
{
        for (unsigned seed = 0; seed < N_STATES; seed++) {
                struct xsnet_state *state = any_state(seed);

                check_nothing(state, ALL_FLAGS, seed);
                xsnet_state_unref(state);
        }
}
END_TEST

/* ---- from one state to another ---- */

static struct xsnet_object *find_in(struct xsnet_state *state, const struct xsnet_object *obj)
{
        struct xsnet_object *found;
        struct xsn_buf buf = { 0 };
        char *key = NULL;

        xsn_object_key(obj, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &key), 0);
        found = xsnet_state_find(state, obj->cls->kind, xsn_object_host(obj), key);
        free(key);
        return found;
}

/*
 * What the document did not ask for is taken from where the plan led: status, but for the MTU of devices whose network
 * has one, and the local address of tunnels.
 */
static void ignore_status(struct xsnet_state *b, struct xsnet_state *world)
{
        for (size_t i = 0; i < b->n_objects; i++) {
                struct xsnet_object *obj = b->objects[i], *other = find_in(world, obj);

                for (size_t row = 0; other && row < xsn_class_n_fields(obj->cls); row++) {
                        const struct xsn_field *field = xsn_class_field(obj->cls, row);
                        bool mtu = field->id == XSNET_FIELD_STATUS_MTU && xsn_object_network(obj) && !XSN_TUNNEL(obj);

                        if (((field->flags & XSN_F_OBSERVED) && !mtu) || field->id == XSNET_FIELD_LOCAL)
                                ck_assert_int_eq(xsn_object_copy_row(obj, other, row), 0);
                }
        }
}

/* Rows that `obj` does not set go back to their defaults. */
static void reset_others(struct xsnet_object *obj)
{
        for (size_t i = 0; i < xsn_class_n_fields(obj->cls); i++) {
                const struct xsn_field *field = xsn_class_field(obj->cls, i);

                if (!(obj->present >> i & 1) &&
                    !(field->flags & (XSN_F_KEY | XSN_F_SELECT | XSN_F_OBSERVED | XSN_F_REQUIRED)))
                        xsn_object_reset_row(obj, i);
        }
}

/* NICs are told apart by their names before and after: eth3 may be called peth3. */
static void name_nic(struct xsnet_object *obj)
{
        const char *device = XSN_PIF(obj)->device;

        if (strncmp(device, "peth", 4) != 0) {
                xsn_object_reset_row(obj, (size_t)xsn_class_index(obj->cls, XSNET_FIELD_RENAME));
                return;
        }
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_RENAME, device), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_DEVICE, XSN_PIF(obj)->rename + 1), 0);
}

/* A document calls every device by the name that it will have. */
static void use_new_name(struct xsnet_object *obj, int field, struct xsnet_state *b)
{
        const char *name = xsn_object_string(obj, field);
        char other[32];

        if (!name || xsnet_state_find(b, XSNET_KIND_PIF, NULL, name))
                return;
        (void)snprintf(other, sizeof(other), "p%s", name);
        if (!strncmp(name, "peth", 4))
                (void)snprintf(other, sizeof(other), "%s", name + 1);
        if (xsnet_state_find(b, XSNET_KIND_PIF, NULL, other))
                ck_assert_int_eq(xsn_object_set_string(obj, field, other), 0);
}

/* The document that asks for all of b, and for what only a has to be gone. */
static struct xsnet_state *document_of(struct xsnet_state *a, struct xsnet_state *b)
{
        struct xsnet_state *document = NULL;

        ck_assert_int_eq(xsn_state_copy(b, &document), 0);
        for (size_t i = 0; i < document->n_objects; i++) {
                reset_others(document->objects[i]);
                if (XSN_PIF(document->objects[i]))
                        name_nic(document->objects[i]);
        }
        for (size_t i = 0; i < a->n_objects; i++) {
                struct xsnet_object *gone = NULL;

                if (XSN_PIF(a->objects[i]) || XSN_VIF(a->objects[i]))
                        continue;
                ck_assert_int_eq(xsn_object_copy(a->objects[i], &gone), 0);
                gone->absent = true;
                use_new_name(gone, XSNET_FIELD_PIF, b);
                use_new_name(gone, XSNET_FIELD_TRANSPORT, b);
                if (!find_in(b, gone))
                        ck_assert_int_eq(xsn_state_add(document, gone), 0);
                xsnet_object_unref(gone);
        }
        return document;
}

static bool check_way(unsigned seed)
{
        uint64_t random = seed;
        struct xsnet_state *a = world_new(&random), *b = world_new(&random), *document, *world = NULL;
        struct xsnet_plan *plan;
        const char *fault;
        bool done;

        document = document_of(a, b);
        plan = make_plan(a, document, 0, seed);
        ck_assert_int_eq(xsn_state_copy(a, &world), 0);
        for (size_t i = 0; plan && i < plan->n_steps; i++) {
                fault = world_apply(world, &plan->steps[i]);
                if (fault)
                        ck_abort_msg("seed %u: step %zu: %s\n%s", seed, i + 1, fault, dump(plan));
        }
        done = plan != NULL;
        ignore_status(b, world);
        fault = done ? world_differs(world, b) : NULL;
        if (fault)
                ck_abort_msg("seed %u: %s\n%s", seed, fault, dump(plan));
        xsnet_plan_unref(plan);
        plan = done ? make_plan(world, document, 0, seed) : NULL;
        if (done && (!plan || xsnet_plan_get_count(plan)))
                ck_abort_msg("seed %u: again: %s", seed, plan ? dump(plan) : "no plan");
        xsnet_plan_unref(plan);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
        xsnet_state_unref(world);
        xsnet_state_unref(document);
        return done;
}

START_TEST(the_document_of_another_state_leads_to_that_state)
{
        unsigned n_done = 0;

        for (unsigned seed = 0; seed < N_STATES; seed++)
                n_done += check_way(seed);
        ck_assert_uint_ge(n_done, N_STATES / 2);
}
END_TEST

#define N_NETWORKS fewer(60000) /* of each of two owners; even */

static void add_network(struct xsnet_state *state, const char *owner, unsigned i)
{
        struct xsnet_object *obj = NULL;
        char name[24];

        (void)snprintf(name, sizeof(name), "%s%u", owner, i);
        ck_assert_int_eq(xsn_object_new(&xsn_network_class, &obj), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_NAME, name), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_BRIDGE, name), 0);
        ck_assert_int_eq(xsn_object_set_host(obj, "xs-1"), 0);
        obj->owner = xsn_strdup(owner);
        obj->made = true;
        ck_assert_int_eq(xsn_state_add(state, obj), 0);
        xsnet_object_unref(obj);
}

/* One owner names half of its own and prunes: the other half goes, and nothing of the other owner's. */
START_TEST(one_owner_prunes_among_many_objects_of_two)
{
        struct xsnet_state *observed = NULL, *desired = NULL;
        struct xsn_buf document = { 0 };
        struct xsnet_plan *plan;
        struct xsn_host *host;

        ck_assert_int_eq(xsn_state_new(&observed), 0);
        ck_assert_int_eq(xsn_state_add_host(observed, "xs-1", &host), 0);
        xsn_buf_put(&document, "format: 1\nowner: b\nprune: true\nnetworks:\n");
        for (unsigned i = 0; i < N_NETWORKS; i++) {
                add_network(observed, "a", i);
                add_network(observed, "b", i);
                if (i % 2)
                        xsn_buf_printf(&document, "- {name: b%u}\n", i);
        }
        ck_assert(!document.failed);
        ck_assert_int_eq(xsn_codec_load(document.s, document.len, XSNET_FORMAT_YAML, NULL, 0, &desired, NULL), 0);
        xsn_buf_done(&document);
        plan = make_plan(observed, desired, ALL_FLAGS, 0);
        ck_assert_uint_eq(xsnet_plan_get_count(plan), N_NETWORKS / 2);
        for (size_t i = 0; i < N_NETWORKS / 2; i++) {
                const struct xsnet_step *step = xsnet_plan_get_at(plan, i);

                ck_assert_int_eq(xsnet_step_get_verb(step), XSNET_STEP_REMOVE);
                ck_assert_str_eq(xsnet_object_get_owner(xsnet_step_get_from(step)), "b");
        }
        xsnet_plan_unref(plan);
        xsnet_state_unref(observed);
        xsnet_state_unref(desired);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("plan documents");
        TCase *tc = tcase_create("documents");

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, what_a_host_shows_is_nothing_to_do_when_applied);
        tcase_add_test(tc, what_any_state_shows_is_nothing_to_do_whatever_it_refers_to);
        tcase_add_test(tc, the_document_of_another_state_leads_to_that_state);
        tcase_add_test(tc, one_owner_prunes_among_many_objects_of_two);
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return unit_main(suite());
}
