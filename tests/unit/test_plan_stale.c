/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that was kept: what makes it stale, and what does not. And what verify finds after an apply. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan_world.h"
#include "unit.h"

/* The plan is: eth1 joins guest, and the VLAN 5 of eth2 is made in a new network. */
#define BEFORE                                                                                                         \
        "format: 1\n"                                                                                                  \
        "networks:\n"                                                                                                  \
        "  - {host: xs-1, name: guest, bridge: guest, other-config: {a: x, b: y}}\n"                                   \
        "  - {host: xs-1, name: aside, bridge: aside}\n"                                                               \
        "pifs:\n"                                                                                                      \
        "  - {host: xs-1, device: eth1, dns: [10.0.0.1, 10.0.0.2],\n"                                                  \
        "     routes: [{to: 10.1.0.0/16}, {to: 10.2.0.0/16}],\n"                                                       \
        "     ipv4: {mode: static, address: [10.0.0.5/24, 10.0.0.9/24]},\n"                                            \
        "     status: {mac: \"02:00:00:00:00:01\", other-addresses: [10.0.0.9/24], carrier: true}}\n"                  \
        "  - {host: xs-1, device: eth2, status: {mac: \"02:00:00:00:00:02\"}}\n"
#define AFTER                                                                                                          \
        "format: 1\n"                                                                                                  \
        "networks:\n"                                                                                                  \
        "  - {host: xs-1, name: guest, bridge: guest, other-config: {a: x, b: y}}\n"                                   \
        "  - {host: xs-1, name: aside, bridge: aside}\n"                                                               \
        "  - {host: xs-1, name: tenant, bridge: tenant, owner: me, made: true}\n"                                      \
        "pifs:\n"                                                                                                      \
        "  - {host: xs-1, device: eth1, network: guest, dns: [10.0.0.1, 10.0.0.2],\n"                                  \
        "     routes: [{to: 10.1.0.0/16}, {to: 10.2.0.0/16}],\n"                                                       \
        "     ipv4: {mode: static, address: [10.0.0.5/24, 10.0.0.9/24]},\n"                                            \
        "     status: {mac: \"02:00:00:00:00:01\", other-addresses: [10.0.0.9/24]}}\n"                                 \
        "  - {host: xs-1, device: eth2, status: {mac: \"02:00:00:00:00:02\"}}\n"                                       \
        "vlans:\n"                                                                                                     \
        "  - {host: xs-1, pif: eth2, tag: 5, device: eth2.5, network: tenant}\n"

static struct xsnet_plan *make_plan(void)
{
        struct xsnet_state *a = world_load(BEFORE), *b = world_load(AFTER);
        struct xsn_plan_input input = { .name = "linux:", .observed = a };
        struct xsn_work work = { .input = &input };
        struct xsnet_plan *plan = NULL;

        world_pairs(&work, a, b);
        ck_assert_int_eq(xsn_plan_from_works(&work, 1, &plan, NULL), 0);
        xsn_work_done(&work);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
        return plan;
}

/* `text` with its first `from` replaced. */
static struct xsnet_state *edited(const char *text, const char *from, const char *to)
{
        const char *at = strstr(text, from);
        struct xsnet_state *state;
        struct xsn_buf buf = { 0 };

        ck_assert_msg(at != NULL, "%s", from);
        xsn_buf_putn(&buf, text, (size_t)(at - text));
        xsn_buf_put(&buf, to);
        xsn_buf_put(&buf, at + strlen(from));
        state = world_load(buf.s);
        xsn_buf_done(&buf);
        return state;
}

static const struct {
        const char *from, *to;
        const char *message; /* NULL: it is not stale */
} changes[] = {
        { "eth1", "eth1", NULL },
        /* what nobody asked about */
        { "bridge: aside", "bridge: aside, stp: true", NULL },
        { "  - {host: xs-1, name: aside, bridge: aside}\n", "", NULL },
        { "pifs:\n", "  - {host: xs-1, name: new, bridge: new}\npifs:\n", NULL },
        /* status */
        { "carrier: true", "carrier: false", NULL },
        { "carrier: true", "carrier: true, mtu: 9000", NULL },
        /* addresses of others come and go */
        { "[10.0.0.5/24, 10.0.0.9/24]},\n     status: {mac: \"02:00:00:00:00:01\", other-addresses: [10.0.0.9/24]",
          "[10.0.0.5/24, 10.0.0.8/24]},\n     status: {mac: \"02:00:00:00:00:01\", other-addresses: [10.0.0.8/24]",
          NULL },
        /* the order of what has none */
        { "[10.0.0.5/24, 10.0.0.9/24]", "[10.0.0.9/24, 10.0.0.5/24]", NULL },
        { "[{to: 10.1.0.0/16}, {to: 10.2.0.0/16}]", "[{to: 10.2.0.0/16}, {to: 10.1.0.0/16}]", NULL },
        /* what the plan touches */
        { "[10.0.0.1, 10.0.0.2]", "[10.0.0.2, 10.0.0.1]", "pif 'eth1' on host 'xs-1' has changed" },
        { "10.0.0.5/24", "10.0.0.6/24", "pif 'eth1' on host 'xs-1' has changed" },
        { "device: eth1", "device: eth1, network: aside", "pif 'eth1' on host 'xs-1' has changed" },
        { "device: eth1", "device: eth1, owner: somebody", "pif 'eth1' on host 'xs-1' has changed" },
        { "device: eth1", "device: eth7", "pif 'eth1' on host 'xs-1' is gone" },
        /* what it refers to */
        { "{a: x, b: y}", "{a: x, b: z}", "network 'guest' on host 'xs-1' has changed" },
        { "  - {host: xs-1, name: guest, bridge: guest, other-config: {a: x, b: y}}\n", "",
          "network 'guest' on host 'xs-1' is gone" },
        { "device: eth2", "device: eth2, disallow-unplug: true", "pif 'eth2' on host 'xs-1' has changed" },
        /* what it makes */
        { "pifs:\n", "  - {host: xs-1, name: tenant, bridge: other}\npifs:\n",
          "network 'tenant' on host 'xs-1' is there" },
        { "pifs:\n", "vlans:\n  - {host: xs-1, pif: eth2, tag: 5, device: eth2.5}\npifs:\n",
          "vlan 'eth2.5' on host 'xs-1' is there" },
};

START_TEST(a_plan_is_stale_when_what_it_assumed_has_changed)
{
        struct xsnet_plan *plan = make_plan();
        struct xsnet_state *now = edited(BEFORE, changes[_i].from, changes[_i].to);
        struct xsn_plan_input input = { .name = "linux:", .observed = now };
        struct xsnet_error *err = NULL;
        int r = xsn_plan_check_stale(plan, &input, 1, &err);

        if (!changes[_i].message) {
                ck_assert_msg(!r, "'%s' -> '%s': %s", changes[_i].from, changes[_i].to, xsnet_error_get_message(err));
        } else {
                ck_assert_msg(r == -ESTALE, "'%s' -> '%s'", changes[_i].from, changes[_i].to);
                ck_assert_str_eq(xsnet_error_get_reason(err), "plan-stale");
                ck_assert_msg(strstr(xsnet_error_get_message(err), changes[_i].message) != NULL, "%s",
                              xsnet_error_get_message(err));
        }
        xsnet_error_free(err);
        xsnet_state_unref(now);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_plan_is_for_as_many_targets_as_it_was_made_for)
{
        struct xsnet_plan *plan = make_plan();
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_plan_check_stale(plan, NULL, 0, &err), -ESTALE);
        xsnet_error_free(err);
        xsnet_plan_unref(plan);
}
END_TEST

/* XAPI does not force names to be unique: the uuid tells which one was meant. */
START_TEST(networks_of_one_name_are_told_apart_by_their_uuids)
{
        const char *two = "format: 1\n"
                          "networks: [{name: lan, uuid: u1, bridge: b1}, {name: lan, uuid: u2, bridge: b2}]\n";
        struct xsnet_state *a = world_load(two), *now;
        struct xsn_plan_input input = { .name = "xapi:https://x", .observed = a };
        struct xsn_work work = { .input = &input };
        struct xsnet_object *to = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_object_copy(a->objects[1], &to), 0);
        ck_assert_int_eq(xsnet_object_set_u32(to, XSNET_FIELD_MTU, 9000, NULL), 0);
        ck_assert_int_eq(xsn_work_add(&work, a->objects[0], a->objects[0], NULL), 0);
        ck_assert_int_eq(xsn_work_add(&work, a->objects[1], to, NULL), 0);
        ck_assert_int_eq(xsn_plan_from_works(&work, 1, &plan, NULL), 0);
        ck_assert_uint_eq(plan->n_steps, 1);
        now = edited(two, "bridge: b1", "bridge: b1, mtu: 1400");
        input.observed = now;
        ck_assert_int_eq(xsn_plan_check_stale(plan, &input, 1, NULL), 0);
        xsnet_state_unref(now);
        now = edited(two, "bridge: b2", "bridge: b2, mtu: 1400");
        input.observed = now;
        ck_assert_int_eq(xsn_plan_check_stale(plan, &input, 1, &err), -ESTALE);
        ck_assert_str_eq(xsnet_error_get_message(err),
                         "xapi:https://x: network 'lan' has changed since the plan was made");
        xsnet_error_free(err);
        xsnet_state_unref(now);
        xsnet_plan_unref(plan);
        xsn_work_done(&work);
        xsnet_object_unref(to);
        xsnet_state_unref(a);
}
END_TEST

/* ---- verify ---- */

static const struct {
        const char *from, *to;
        int code;
        const char *message;
} results[] = {
        { "eth1", "eth1", 0, NULL },
        { "bridge: aside", "bridge: aside, stp: true", 0, NULL },
        { "network: guest", "network: aside", -EIO, "pif 'eth1' on host 'xs-1': network is aside and was to be guest" },
        { "dns: [10.0.0.1, 10.0.0.2]", "dns: []", -EIO, "dns is [] and was to be [10.0.0.1, 10.0.0.2]" },
        { ", device: eth2.5", ", device: eth2.6", -EIO, "device is eth2.6 and was to be eth2.5" },
        { "bridge: tenant, owner: me, made: true", "bridge: tenant", -EIO, "does not carry the owner's mark" },
        { "  - {host: xs-1, pif: eth2, tag: 5, device: eth2.5, network: tenant}\n", "", -EIO,
          "vlan 'eth2.5' on host 'xs-1' is not there" },
};

START_TEST(verify_names_what_is_not_as_it_was_to_be)
{
        struct xsnet_plan *plan = make_plan();
        bool last = strstr(results[_i].from, "tag: 5,") != NULL;
        struct xsnet_state *now = last ? edited(AFTER, "vlans:\n  - {host: xs-1, pif: eth2, tag: 5, device: eth2.5, "
                                                       "network: tenant}\n", "")
                                       : edited(AFTER, results[_i].from, results[_i].to);
        struct xsnet_error *err = NULL;
        int r = xsn_plan_verify(plan, 0, now, NULL, &err);

        ck_assert_msg(r == results[_i].code, "%s: %s", results[_i].to, r ? xsnet_error_get_message(err) : "well");
        if (r)
                ck_assert_msg(strstr(xsnet_error_get_message(err), results[_i].message) != NULL, "%s",
                              xsnet_error_get_message(err));
        xsnet_error_free(err);
        xsnet_state_unref(now);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(rows_that_settle_are_waited_for_unless_others_are_wrong)
{
        uint64_t settling[XSN_N_KINDS + 1] = { 0 };
        struct xsnet_plan *plan = make_plan();
        struct xsnet_state *now = edited(AFTER, "dns: [10.0.0.1, 10.0.0.2]", "dns: []"), *both;
        struct xsnet_error *err = NULL;

        settling[XSNET_KIND_PIF] = xsn_class_bit(&xsn_pif_class, XSNET_FIELD_DNS);
        ck_assert_int_eq(xsn_plan_verify(plan, 0, now, settling, &err), -EAGAIN);
        ck_assert_str_eq(xsnet_error_get_reason(err), "settling");
        err = xsnet_error_free(err);
        both = edited(AFTER, "network: guest, dns: [10.0.0.1, 10.0.0.2]", "network: aside, dns: []");
        ck_assert_int_eq(xsn_plan_verify(plan, 0, both, settling, &err), -EIO);
        ck_assert_msg(strstr(xsnet_error_get_message(err), "network is aside") != NULL, "%s",
                      xsnet_error_get_message(err));
        xsnet_error_free(err);
        xsnet_state_unref(both);
        xsnet_state_unref(now);
        xsnet_plan_unref(plan);
}
END_TEST

static const struct {
        const char *before, *after, *now;
        bool back;
        int code;
} awaited[] = {
        { "network: m", "network: n, ipv6: {mode: autoconf}", "network: n", false, -EIO },
        { "network: m", "network: n, ipv6: {mode: autoconf}", "network: n", true, 0 },
        { "network: m, ipv6: {mode: autoconf}", "network: n, ipv6: {mode: autoconf}", "network: n", false, 0 },
        { "network: m, ipv6: {mode: autoconf}", "network: n, ipv6: {mode: autoconf}", "network: m", true, -EIO },
        { "network: m, ipv6: {mode: autoconf}", "network: n, ipv6: {mode: autoconf}",
          "network: n, ipv6: {mode: dhcp}", true, -EIO },
};

static struct xsnet_state *nic(const char *rows)
{
        char text[256];

        snprintf(text, sizeof(text), "format: 1\nnetworks: [{name: m}, {name: n}]\npifs: [{device: eth0, %s}]\n", rows);
        return world_load(text);
}

START_TEST(an_address_that_a_router_gives_may_come_later)
{
        struct xsnet_state *a = nic(awaited[_i].before), *b = nic(awaited[_i].after), *now = nic(awaited[_i].now);
        struct xsn_plan_input input = { .name = "linux:", .observed = a };
        struct xsn_work work = { .input = &input };
        struct xsnet_plan *plan = NULL;

        world_pairs(&work, a, b);
        ck_assert_int_eq(xsn_plan_from_works(&work, 1, &plan, NULL), 0);
        plan->back = awaited[_i].back;
        ck_assert_int_eq(xsn_plan_verify(plan, 0, now, NULL, NULL), awaited[_i].code);
        xsnet_plan_unref(plan);
        xsn_work_done(&work);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
        xsnet_state_unref(now);
}
END_TEST

START_TEST(what_was_to_go_must_be_gone)
{
        struct xsnet_state *a = world_load("format: 1\nnetworks: [{name: n, other-config: {a: x, b: y}}, {name: m}]\n");
        struct xsnet_state *b = world_load("format: 1\nnetworks: [{name: n, other-config: {b: y}}]\n");
        struct xsnet_state *left = world_load("format: 1\nnetworks: [{name: n, other-config: {a: x, b: y}}]\n");
        struct xsn_plan_input input = { .name = "linux:", .observed = a };
        struct xsn_work work = { .input = &input };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        world_pairs(&work, a, b);
        ck_assert_int_eq(xsn_plan_from_works(&work, 1, &plan, NULL), 0);
        ck_assert_int_eq(xsn_plan_verify(plan, 0, b, NULL, NULL), 0);
        ck_assert_int_eq(xsn_plan_verify(plan, 0, left, NULL, &err), -EIO);
        ck_assert_msg(strstr(xsnet_error_get_message(err), "other-config") != NULL, "%s", xsnet_error_get_message(err));
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsn_state_add(b, a->objects[1]), 0);
        ck_assert_int_eq(xsn_plan_verify(plan, 0, b, NULL, &err), -EIO);
        ck_assert_str_eq(xsnet_error_get_message(err), "network 'm' is still there");
        xsnet_error_free(err);
        xsnet_plan_unref(plan);
        xsn_work_done(&work);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
        xsnet_state_unref(left);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("plan stale");
        TCase *tcase = tcase_create("stale");

        tcase_add_loop_test(tcase, a_plan_is_stale_when_what_it_assumed_has_changed, 0, (int)XSN_ARRAY_SIZE(changes));
        tcase_add_test(tcase, a_plan_is_for_as_many_targets_as_it_was_made_for);
        tcase_add_test(tcase, networks_of_one_name_are_told_apart_by_their_uuids);
        tcase_add_loop_test(tcase, verify_names_what_is_not_as_it_was_to_be, 0, (int)XSN_ARRAY_SIZE(results));
        tcase_add_test(tcase, rows_that_settle_are_waited_for_unless_others_are_wrong);
        tcase_add_loop_test(tcase, an_address_that_a_router_gives_may_come_later, 0, (int)XSN_ARRAY_SIZE(awaited));
        tcase_add_test(tcase, what_was_to_go_must_be_gone);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
