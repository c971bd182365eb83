/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of steps, rule by rule; that neither the order of the input nor its size
 * matters; and that the printed forms have it all.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "failalloc.h"
#include "plan_world.h"
#include "unit.h"

static struct xsnet_plan *plan_between(struct xsnet_state *a, struct xsnet_state *b)
{
        struct xsn_plan_input input = { .name = "linux:", .observed = a };
        struct xsn_work work = { .input = &input };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        world_pairs(&work, a, b);
        ck_assert_msg(!xsn_plan_from_works(&work, 1, &plan, &err), "%s", xsnet_error_get_message(err));
        xsn_work_done(&work);
        return plan;
}

static struct xsnet_plan *plan_of(const char *from, const char *to)
{
        struct xsnet_state *a = world_load(from), *b = world_load(to);
        struct xsnet_plan *plan = plan_between(a, b);

        xsnet_state_unref(a);
        xsnet_state_unref(b);
        return plan;
}

static char *dump(struct xsnet_plan *plan, int form)
{
        char *text = NULL;

        ck_assert_int_eq(xsnet_plan_dump(plan, form, &text, NULL), 0);
        return text;
}

/* "create network n", "change bond bond0 members": the steps in order, a wave a line. */
static void outline(const struct xsnet_plan *plan, char *buf, size_t size)
{
        struct xsn_buf text = { 0 };
        unsigned wave = 1;

        for (size_t i = 0; i < plan->n_steps; i++) {
                const struct xsnet_step *step = &plan->steps[i];
                const struct xsnet_object *obj = step->from ? step->from : step->to;

                xsn_buf_put(&text, step->wave != wave ? " | " : i ? ", " : "");
                wave = step->wave;
                xsn_buf_putc(&text, "?+*-"[step->verb]);
                xsn_object_key(obj, &text);
        }
        (void)snprintf(buf, size, "%s", text.s ? text.s : "");
        xsn_buf_done(&text);
}

#define NIC(n, more) "{device: eth" #n ", " more "status: {mac: \"02:00:00:00:00:0" #n "\", mtu: 1500}}"
#define NICS "pifs: [" NIC(0, "") ", " NIC(1, "") ", " NIC(2, "") ", " NIC(3, "") "]\n"

/* `+` create, `*` change, `-` remove; `|` between waves. */
static const struct {
        const char *name, *from, *to, *steps;
} orders[] = {
        { "a network before its NIC", NICS,
          "networks: [{name: n}]\npifs: [" NIC(0, "network: n, ") ", " NIC(1, "") ", " NIC(2, "") ", " NIC(3, "") "]\n",
          "+n | *eth0" },
        { "a NIC leaves before its network goes",
          "networks: [{name: n}]\npifs: [" NIC(0, "network: n, ") ", " NIC(1, "") ", " NIC(2, "") ", " NIC(3, "") "]\n",
          NICS, "*eth0 | -n" },
        { "VIFs come after, and leave before", "networks: [{name: n}]\nvifs: [{domain: 1, device: 0, network: n}]\n",
          "networks: [{name: m}]\nvifs: [{domain: 1, device: 0, network: m}]\n", "+m | *1/0 | -n" },
        { "a stack from the ground up", NICS,
          NICS "networks: [{name: n}]\nbonds: [{name: b, members: [eth0, eth1], mode: lacp}]\n"
               "vlans: [{pif: b, tag: 5, device: v, network: n}]\n",
          "+n, +b | +b.5" },
        { "a stack from the top down",
          NICS "networks: [{name: n}]\nbonds: [{name: b, members: [eth0, eth1], mode: lacp}]\n"
               "vlans: [{pif: b, tag: 5, device: v, network: n}]\n",
          NICS, "-b.5 | -n, -b" },
        { "a VLAN before the bond takes its NIC", NICS "vlans: [{pif: eth0, tag: 5, device: v}]\n",
          NICS "bonds: [{name: b, members: [eth0, eth1], mode: lacp}]\n", "-eth0.5 | +b" },
        { "a bond before a VLAN on its member", NICS "bonds: [{name: b, members: [eth0, eth1], mode: lacp}]\n",
          NICS "vlans: [{pif: eth0, tag: 5, device: v}]\n", "-b | +eth0.5" },
        { "a member from bond to bond", NICS "bonds: [{name: b, members: [eth0, eth1, eth2], mode: lacp}]\n",
          NICS "bonds: [{name: b, members: [eth0, eth1], mode: lacp}, {name: c, members: [eth2, eth3], mode: lacp}]\n",
          "*b | +c" },
        { "two bonds swap members",
          NICS "bonds: [{name: b, members: [eth0, eth1], mode: lacp}, {name: c, members: [eth2, eth3], mode: lacp}]\n",
          NICS "bonds: [{name: b, members: [eth0, eth3], mode: lacp}, {name: c, members: [eth2, eth1], mode: lacp}]\n",
          "*b | *c | *b" },
        { "a device's name is free before it is taken", NICS "vlans: [{pif: eth0, tag: 5, device: v}]\n",
          NICS "vlans: [{pif: eth1, tag: 6, device: v}]\n", "-eth0.5 | +eth1.6" },
        { "a tunnel after its transport's address", NICS "networks: [{name: n}]\n",
          "networks: [{name: n}]\npifs: [" NIC(0, "ipv4: {mode: static, address: [10.0.0.1/24]}, ") ", " NIC(1, "")
          ", " NIC(2, "") ", " NIC(3, "") "]\ntunnels: [{network: n, transport: eth0, device: g}]\n",
          "*eth0 | +n/eth0" },
        { "one PIF in a network at a time",
          "networks: [{name: n}]\npifs: [" NIC(0, "network: n, ") ", " NIC(1, "") ", " NIC(2, "") ", " NIC(3, "") "]\n",
          "networks: [{name: n}]\npifs: [" NIC(0, "") ", " NIC(1, "network: n, ") ", " NIC(2, "") ", " NIC(3, "") "]\n",
          "*eth0 | *eth1" },
        { "an address is let go before it is taken",
          "pifs: [" NIC(0, "ipv4: {mode: static, address: [10.0.0.1/24]}, ") ", " NIC(1, "") "]\n",
          "pifs: [" NIC(0, "") ", " NIC(1, "ipv4: {mode: static, address: [10.0.0.1/24]}, ") "]\n", "*eth0 | *eth1" },
        { "management as late as can be",
          "networks: [{name: n}]\npifs: [" NIC(0, "management: true, ") ", " NIC(1, "") "]\n",
          "networks: [{name: n}, {name: m}]\n"
          "pifs: [" NIC(0, "management: true, network: n, ") ", " NIC(1, "network: m, ") "]\n",
          "+m | *eth1, *eth0" },
        { "numbers in names count as numbers", "vifs: [{domain: 2, device: 0}, {domain: 10, device: 0}]\n",
          "vifs: [{domain: 10, device: 0, rate-limit: 8Mbit}, {domain: 2, device: 0, rate-limit: 8Mbit}]\n",
          "*2/0, *10/0" },
};

START_TEST(steps_wait_for_what_they_need)
{
        char from[1024], to[1024], found[256];
        struct xsnet_plan *plan;

        (void)snprintf(from, sizeof(from), "format: 1\n%s", orders[_i].from);
        (void)snprintf(to, sizeof(to), "format: 1\n%s", orders[_i].to);
        plan = plan_of(from, to);
        outline(plan, found, sizeof(found));
        ck_assert_msg(!strcmp(found, orders[_i].steps), "%s: %s", orders[_i].name, found);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(what_cannot_be_ordered_is_an_error_that_names_all)
{
        struct xsnet_state *a = world_load("format: 1\npifs: [" NIC(0, "") ", " NIC(1, "") "]\n");
        struct xsnet_state *b = world_load("format: 1\npifs: [{device: eth1, status: {mac: \"02:00:00:00:00:00\"}},"
                                           " {device: eth0, status: {mac: \"02:00:00:00:00:01\"}}]\n");
        struct xsn_plan_input input = { .name = "linux:", .observed = a };
        struct xsn_work work = { .input = &input };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        world_pairs(&work, a, b);
        ck_assert_int_eq(xsn_plan_from_works(&work, 1, &plan, &err), -ELOOP);
        ck_assert_str_eq(xsnet_error_get_reason(err), "cycle");
        ck_assert(strstr(xsnet_error_get_message(err), "'eth0'") && strstr(xsnet_error_get_message(err), "'eth1'"));
        xsnet_error_free(err);
        xsn_work_done(&work);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
}
END_TEST

/* ---- the order of the input ---- */

static struct xsnet_state *shuffled(const struct xsnet_state *state, uint64_t *random)
{
        struct xsnet_state *copy = NULL;

        ck_assert_int_eq(xsn_state_copy(state, &copy), 0);
        for (size_t i = copy->n_objects; i > 1; i--) {
                size_t k = world_random(random, (unsigned)i);
                struct xsnet_object *obj = copy->objects[k];

                copy->objects[k] = copy->objects[i - 1];
                copy->objects[i - 1] = obj;
        }
        xsn_state_touch(copy);
        return copy;
}

START_TEST(the_order_of_objects_changes_nothing)
{
        uint64_t random = (unsigned)_i;
        struct xsnet_state *a = world_new(&random), *b = world_new(&random);
        struct xsnet_plan *plan = plan_between(a, b);
        char *text = dump(plan, XSNET_PLAN_TEXT), *json = dump(plan, XSNET_PLAN_JSON);

        for (int k = 0; k < 5; k++) {
                struct xsnet_state *c = shuffled(a, &random), *d = shuffled(b, &random);
                struct xsnet_plan *other = plan_between(c, d);
                char *other_text = dump(other, XSNET_PLAN_TEXT), *other_json = dump(other, XSNET_PLAN_JSON);

                ck_assert_str_eq(text, other_text);
                ck_assert_str_eq(json, other_json);
                free(other_text);
                free(other_json);
                xsnet_plan_unref(other);
                xsnet_state_unref(c);
                xsnet_state_unref(d);
        }
        free(text);
        free(json);
        xsnet_plan_unref(plan);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
}
END_TEST

/* ---- size ---- */

/* n networks with a VLAN and a VIF each, all on one NIC. */
static struct xsnet_state *many(unsigned n)
{
        struct xsnet_state *state = world_load("format: 1\npifs: [" NIC(0, "management: true, ") "]\n");

        for (unsigned i = 0; i < n; i++) {
                struct xsnet_object *net = NULL, *vlan = NULL, *vif = NULL;
                char text[32];

                ck_assert_int_eq(xsnet_object_new(XSNET_KIND_NETWORK, &net, NULL), 0);
                ck_assert_int_eq(xsnet_object_new(XSNET_KIND_VLAN, &vlan, NULL), 0);
                ck_assert_int_eq(xsnet_object_new(XSNET_KIND_VIF, &vif, NULL), 0);
                (void)snprintf(text, sizeof(text), "tenant-%u", i);
                xsnet_object_set_str(net, XSNET_FIELD_NAME, text, NULL);
                xsnet_object_set_str(net, XSNET_FIELD_BRIDGE, text, NULL);
                xsnet_object_set_str(vlan, XSNET_FIELD_NETWORK, text, NULL);
                xsnet_object_set_str(vif, XSNET_FIELD_NETWORK, text, NULL);
                xsnet_object_set_str(vlan, XSNET_FIELD_PIF, "eth0", NULL);
                xsnet_object_set_u32(vlan, XSNET_FIELD_TAG, i, NULL);
                xsnet_object_set_u32(vif, XSNET_FIELD_DOMAIN, i, NULL);
                xsnet_object_set_u32(vif, XSNET_FIELD_VIF_DEVICE, 0, NULL);
                xsn_state_add(state, net);
                xsn_state_add(state, vlan);
                xsn_state_add(state, vif);
                xsnet_object_unref(net);
                xsnet_object_unref(vlan);
                xsnet_object_unref(vif);
        }
        return state;
}

/* To four thousand networks, and from them to nothing. tests/bench/bench_pure measures how the time grows. */
START_TEST(four_thousand_networks_are_planned_at_once)
{
        struct xsnet_state *none = many(0), *all = many(4000);

        for (int way = 0; way < 2; way++) {
                struct xsn_plan_input input = { .name = "linux:", .observed = way ? all : none };
                struct xsn_work work = { .input = &input };
                struct xsnet_plan *plan = NULL;

                for (size_t k = 1; k < all->n_objects; k++)
                        ck_assert_int_eq(xsn_work_add(&work, way ? all->objects[k] : NULL,
                                                      way ? NULL : all->objects[k], NULL), 0);
                ck_assert_int_eq(xsn_plan_from_works(&work, 1, &plan, NULL), 0);
                ck_assert_uint_eq(plan->n_steps, 3 * 4000);
                xsnet_plan_unref(plan);
                xsn_work_done(&work);
        }
        xsnet_state_unref(none);
        xsnet_state_unref(all);
}
END_TEST

/* ---- the printed forms ---- */

START_TEST(names_cannot_move_the_cursor_of_a_terminal)
{
        struct xsnet_plan *plan = plan_of("format: 1\nvifs: []\n",
                                          "format: 1\nnetworks: [{name: \"a\\e[2Jb\\n\\u0085c\", "
                                          "description: \"\\x7f\"}]\n");
        char *text = dump(plan, XSNET_PLAN_TEXT);

        ck_assert_ptr_nonnull(strstr(text, "'a\\x1b[2Jb\\n\\u0085c'"));
        ck_assert_ptr_nonnull(strstr(text, "description: \\x7f\n"));
        free(text);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(json_has_what_a_program_needs)
{
        struct xsnet_plan *plan = plan_of("format: 1\n" NICS "networks: [{name: n, mtu: 1500}]\n",
                                          "format: 1\nnetworks: [{name: n, mtu: 9000}]\n"
                                          "pifs: [" NIC(0, "network: n, ") ", " NIC(1, "") ", " NIC(2, "") ", "
                                          NIC(3, "") "]\n");
        char *text = dump(plan, XSNET_PLAN_JSON);
        json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *step, *change;

        ck_assert_ptr_nonnull(json);
        ck_assert_str_eq(json_string_value(json_object_get(json, "disruption")), "flap");
        ck_assert_uint_eq(json_array_size(json_object_get(json, "steps")), 2);
        step = json_array_get(json_object_get(json, "steps"), 0);
        ck_assert_str_eq(json_string_value(json_object_get(step, "verb")), "change");
        ck_assert_str_eq(json_string_value(json_object_get(step, "kind")), "network");
        ck_assert_str_eq(json_string_value(json_object_get(step, "key")), "n");
        change = json_object_get(json_object_get(step, "changes"), "mtu");
        ck_assert_int_eq(json_integer_value(json_object_get(change, "from")), 1500);
        ck_assert_int_eq(json_integer_value(json_object_get(change, "to")), 9000);
        step = json_array_get(json_object_get(json, "steps"), 1);
        ck_assert_int_eq(json_integer_value(json_object_get(step, "wave")), 2);
        ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(step, "after"), 0)), 1);
        change = json_object_get(json_object_get(step, "changes"), "network");
        ck_assert(json_is_null(json_object_get(change, "from")));
        ck_assert_str_eq(json_string_value(json_object_get(json_object_get(step, "to"), "network")), "n");
        ck_assert(json_is_null(json_object_get(step, "irreversible")));
        json_decref(json);
        free(text);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_form_that_is_unknown_is_an_error)
{
        struct xsnet_plan *plan = plan_of("format: 1\n" NICS, "format: 1\n" NICS);
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsnet_plan_dump(plan, 3, &text, &err), -EINVAL);
        ck_assert_ptr_null(text);
        xsnet_error_free(err);
        ck_assert_ptr_null(xsnet_plan_get_at(plan, 0));
        ck_assert_uint_eq(xsnet_plan_get_count(plan), 0);
        ck_assert_int_eq(xsnet_plan_get_disruption(plan), XSNET_DISRUPTION_NONE);
        xsnet_plan_unref(plan);
}
END_TEST

/* ---- memory ---- */

START_TEST(without_memory_a_plan_is_an_error_and_no_leak)
{
        uint64_t random = 64; /* one with splits */
        struct xsnet_state *a = world_new(&random), *b = world_new(&random);
        struct xsn_plan_input input = { .name = "linux:", .observed = a };
        struct xsnet_plan *plan = NULL;

        for (unsigned long n = 1;; n += 7) {
                struct xsn_work work = { .input = &input };
                struct xsnet_error *err = NULL;
                char *text = NULL;
                int r;

                world_pairs(&work, a, b);
                failalloc_at(n);
                r = xsn_plan_from_works(&work, 1, &plan, &err);
                if (!r)
                        r = xsnet_plan_dump(plan, XSNET_PLAN_TEXT, &text, &err);
                if (!r)
                        r = xsn_plan_check_stale(plan, &input, 1, &err);
                failalloc_off();
                free(text);
                xsnet_error_free(err);
                xsn_work_done(&work);
                plan = xsnet_plan_unref(plan);
                if (failalloc_count() < n)
                        break;
                /* Finding an object goes without an index where there is no memory for one. */
                ck_assert_msg(r == -ENOMEM || r == 0, "request %lu: %d", n, r);
        }
        xsnet_state_unref(a);
        xsnet_state_unref(b);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("plan steps");
        TCase *tcase = tcase_create("steps");

        tcase_set_timeout(tcase, 90);
        tcase_add_loop_test(tcase, steps_wait_for_what_they_need, 0, (int)XSN_ARRAY_SIZE(orders));
        tcase_add_test(tcase, what_cannot_be_ordered_is_an_error_that_names_all);
        tcase_add_loop_test(tcase, the_order_of_objects_changes_nothing, 0, 30);
        tcase_add_test(tcase, four_thousand_networks_are_planned_at_once);
        tcase_add_test(tcase, names_cannot_move_the_cursor_of_a_terminal);
        tcase_add_test(tcase, json_has_what_a_program_needs);
        tcase_add_test(tcase, a_form_that_is_unknown_is_an_error);
        tcase_add_test(tcase, without_memory_a_plan_is_an_error_and_no_leak);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
