/* SPDX-License-Identifier: Apache-2.0 */
/* Whom steps hurt: every row of every kind, what rides on a device, and what cannot be taken back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan_world.h"
#include "unit.h"

enum { NONE = XSNET_DISRUPTION_NONE, FLAP = XSNET_DISRUPTION_FLAP, OUTAGE = XSNET_DISRUPTION_OUTAGE };

static struct xsnet_plan *plan_between(struct xsnet_state *a, struct xsnet_state *b, const struct xsn_caps *caps)
{
        struct xsn_plan_input input = { .name = "fake:", .observed = a, .caps = caps };
        struct xsn_work work = { .input = &input };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;

        world_pairs(&work, a, b);
        ck_assert_msg(!xsn_plan_from_works(&work, 1, &plan, &err), "%s", xsnet_error_get_message(err));
        xsn_work_done(&work);
        return plan;
}

/* Two states; the plan from the first to the second. */
static struct xsnet_plan *plan_of(const char *from, const char *to, const struct xsn_caps *caps)
{
        struct xsnet_state *a = world_load(from), *b = world_load(to);
        struct xsnet_plan *plan = plan_between(a, b, caps);

        xsnet_state_unref(a);
        xsnet_state_unref(b);
        return plan;
}

/* ---- each row: a value that comes, that is another one, that goes ---- */

static const struct {
        const char *kind, *identity, *field;
        const char *one, *other; /* values */
        int comes, changes, goes;
} rows[] = {
        { "networks", "name: n, bridge: b", "description", "x", "y", NONE, NONE, NONE },
        { "networks", "name: n", "bridge", "b", "c", NONE, FLAP, NONE },
        { "networks", "name: n, bridge: b", "mtu", "9000", "1400", FLAP, FLAP, FLAP },
        { "networks", "name: n, bridge: b", "locking", "disabled", "unlocked", NONE, NONE, NONE },
        { "networks", "name: n, bridge: b", "stp", "true", "false", FLAP, FLAP, FLAP },
        { "networks", "name: n, bridge: b", "multicast-snooping", "false", "true", NONE, NONE, NONE },
        { "networks", "name: n, bridge: b", "other-config", "x", "y", NONE, NONE, NONE },
        { "networks", "name: n, bridge: b", "ipv4.address", "10.0.0.1/24", "10.0.0.2/24", NONE, OUTAGE, OUTAGE },
        { "pifs", "device: d", "device", "d", "e", NONE, FLAP, NONE },
        { "pifs", "device: d", "disallow-unplug", "true", "false", NONE, NONE, NONE },
        { "pifs", "device: d", "ipv4.address", "10.0.0.1/24", "10.0.0.2/24", NONE, OUTAGE, OUTAGE },
        { "pifs", "device: d", "ipv4.address", "10.0.0.1/24", "10.0.0.1/24,10.0.0.2/24", NONE, NONE, OUTAGE },
        { "pifs", "device: d", "ipv6.address", "2001:db8::1/64", "2001:db8::2/64", NONE, OUTAGE, OUTAGE },
        { "pifs", "device: d", "ipv4.gateway", "10.0.0.8", "10.0.0.9", NONE, FLAP, OUTAGE },
        { "pifs", "device: d", "ipv6.gateway", "2001:db8::8", "2001:db8::9", NONE, FLAP, OUTAGE },
        { "pifs", "device: d", "default-route", "true", "false", FLAP, FLAP, FLAP },
        { "pifs", "device: d", "routes", "10.1.0.0/16", "10.2.0.0/16", NONE, FLAP, FLAP },
        { "pifs", "device: d", "dns", "10.0.0.3", "10.0.0.4", NONE, NONE, NONE },
        { "pifs", "device: d", "management", "true", "false", FLAP, FLAP, FLAP },
        { "pifs", "device: d", "plugged", "false", "true", NONE, NONE, NONE },
        { "pifs", "device: d", "status.mtu", "9000", "1500", FLAP, FLAP, NONE },
        { "bonds", "name: n, mode: lacp", "members", "d,e", "d,f", NONE, FLAP, NONE },
        { "bonds", "name: n, members: [d, e]", "mode", "lacp", "active-backup", OUTAGE, OUTAGE, OUTAGE },
        { "bonds", "name: n, members: [d, e]", "hash", "tcpudp-ports", "src-mac", FLAP, FLAP, FLAP },
        { "bonds", "name: n, members: [d, e]", "lacp-rate", "fast", "slow", FLAP, FLAP, FLAP },
        { "bonds", "name: n, members: [d, e]", "updelay", "200", "400", NONE, NONE, NONE },
        { "bonds", "name: n, members: [d, e]", "downdelay", "200", "400", NONE, NONE, NONE },
        { "bonds", "name: n, members: [d, e]", "monitor-interval", "50", "60", NONE, NONE, NONE },
        { "bonds", "name: n, members: [d, e]", "primary", "d", "e", FLAP, FLAP, FLAP },
        { "bonds", "name: n, members: [d, e]", "mac", "02:00:00:00:00:01", "02:00:00:00:00:02", FLAP, FLAP,
          FLAP },
        { "bonds", "name: n, members: [d, e]", "status.mtu", "9000", "1500", FLAP, FLAP, NONE },
        { "vlans", "pif: d, tag: 5, device: v", "status.mtu", "1400", "1500", FLAP, FLAP, NONE },
        { "tunnels", "network: t, transport: d, device: g", "remotes", "10.9.0.2", "10.9.0.3", NONE, OUTAGE,
          OUTAGE },
        { "vifs", "domain: 1, device: 0", "rate-limit", "80Mbit", "90Mbit", NONE, NONE, NONE },
        { "vifs", "domain: 1, device: 0", "locking", "locked", "unlocked", NONE, FLAP, NONE },
        { "vifs", "domain: 1, device: 0", "allowed-ipv4", "10.0.0.1", "10.0.0.2", NONE, NONE, NONE },
        { "vifs", "domain: 1, device: 0", "allowed-ipv6", "2001:db8::1", "2001:db8::2", NONE, NONE, NONE },
        { "vifs", "domain: 1, device: 0", "trunks", "1,2", "1,3", NONE, FLAP, FLAP },
        { "vifs", "domain: 1, device: 0", "status.mtu", "9000", "1500", NONE, NONE, NONE },
        { "pifs", "device: d", "network", "t", "u", FLAP, FLAP, FLAP },
        { "bonds", "name: n, members: [d, e]", "network", "t", "u", FLAP, FLAP, FLAP },
        { "vlans", "pif: d, tag: 5, device: v", "network", "t", "u", FLAP, FLAP, FLAP },
        { "vifs", "domain: 1, device: 0", "network", "t", "u", NONE, FLAP, OUTAGE },
};

/* "a, b" into a list, "key value" into a map, anything else into a scalar. */
static void set_value(struct xsnet_object *obj, const char *name, const char *value)
{
        int field = xsnet_field_find(obj->cls->kind, name);
        const struct xsn_type *type = xsn_type_of(xsnet_field_get_type(obj->cls->kind, field));
        char text[128], *item, *save = NULL;

        if (!type->item) {
                ck_assert_int_eq(xsnet_object_set_str(obj, field, value, NULL), 0);
                return;
        }
        (void)snprintf(text, sizeof(text), "%s", value);
        if (type->map) {
                ck_assert_int_eq(xsnet_object_set_entry(obj, field, "k", value, NULL), 0);
                return;
        }
        ck_assert_int_eq(xsnet_object_remove_items(obj, field, NULL), 0);
        for (item = strtok_r(text, ",", &save); item; item = strtok_r(NULL, ",", &save))
                ck_assert_int_eq(xsnet_object_add_item(obj, field, item, NULL), 0);
}

/* Two networks, three NICs, and the object of a row with or without a value. */
static struct xsnet_state *state_with(const char *kind, const char *identity, const char *field, const char *value)
{
        bool is_pif = !strcmp(kind, "pifs");
        struct xsnet_state *state, *one;
        char text[512];

        state = world_load(is_pif ? "{format: 1, networks: [{name: t}, {name: u}]}"
                                  : "{format: 1, networks: [{name: t}, {name: u}],\n"
                                    " pifs: [{device: d, status: {mac: \"02:00:00:00:01:01\"}}, "
                                    "{device: e, status: {mac: \"02:00:00:00:01:02\"}}, "
                                    "{device: f, status: {mac: \"02:00:00:00:01:03\"}}]}");
        (void)snprintf(text, sizeof(text), "{format: 1, %s: [{%s%s}]}", kind, identity,
                       is_pif ? ", status: {mac: \"02:00:00:00:01:01\"}" : "");
        one = world_load(text);
        if (value)
                set_value(one->objects[0], field, value);
        ck_assert_int_eq(xsn_state_add(state, one->objects[0]), 0);
        xsnet_state_unref(one);
        return state;
}

/* From one value (NULL: none) to another. */
static int disruption(size_t i, const char *from, const char *to)
{
        struct xsnet_state *a = state_with(rows[i].kind, rows[i].identity, rows[i].field, from);
        struct xsnet_state *b = state_with(rows[i].kind, rows[i].identity, rows[i].field, to);
        struct xsnet_plan *plan = plan_between(a, b, NULL);
        int found;

        ck_assert_msg(plan->n_steps == 1 && plan->steps[0].verb == XSNET_STEP_CHANGE, "%s.%s: %zu steps", rows[i].kind,
                      rows[i].field, plan->n_steps);
        found = xsnet_plan_get_disruption(plan);
        xsnet_plan_unref(plan);
        xsnet_state_unref(a);
        xsnet_state_unref(b);
        return found;
}

START_TEST(every_row_has_its_class)
{
        const char *one = rows[_i].one, *other = rows[_i].other, *name = rows[_i].field;
        bool always = !strcmp(name, "device") || !strcmp(name, "members") || !strcmp(name, "bridge");
        int found = disruption((size_t)_i, one, other);

        ck_assert_msg(found == rows[_i].changes, "%s.%s: %d", rows[_i].kind, name, found);
        if (always)
                return;
        found = disruption((size_t)_i, NULL, one);
        ck_assert_msg(found == rows[_i].comes, "%s.%s comes: %d", rows[_i].kind, name, found);
        if (!strcmp(name, "status.mtu")) /* a device always has one */
                return;
        found = disruption((size_t)_i, one, NULL);
        ck_assert_msg(found == rows[_i].goes, "%s.%s goes: %d", rows[_i].kind, name, found);
}
END_TEST

/* Every row that can change is in the table above, but for what makes an object another one. */
START_TEST(no_row_is_forgotten)
{
        static const char *const elsewhere[] = { "pif.rename", "pif.other-config", "bond.other-config", "bond.name" };

        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                const struct xsn_class *cls = xsn_class_of(kind);

                for (size_t i = 0; i < cls->n_fields; i++) {
                        const struct xsn_field *field = &cls->fields[i];
                        bool found = field->flags & (XSN_F_SELECT | XSN_F_RECREATE) ||
                                     (field->flags & XSN_F_OBSERVED && field->id != XSNET_FIELD_STATUS_MTU) ||
                                     (field->flags & XSN_F_KEY && strcmp(field->name, "device") != 0) ||
                                     (kind == XSNET_KIND_VIF && field->flags & XSN_F_KEY);
                        char name[64];

                        (void)snprintf(name, sizeof(name), "%s.%s", cls->name, field->name);
                        for (size_t k = 0; k < XSN_ARRAY_SIZE(elsewhere); k++)
                                found |= !strcmp(name, elsewhere[k]);
                        for (size_t k = 0; k < XSN_ARRAY_SIZE(rows); k++)
                                found |= !strcmp(rows[k].kind, cls->plural) && !strcmp(rows[k].field, field->name);
                        ck_assert_msg(found, "%s is in no row of this test", name);
                }
        }
}
END_TEST

/* ---- what rides on it ---- */

#define MAC(n) "status: {mac: \"02:00:00:00:01:0" #n "\", mtu: 1500}"
#define STACK                                                                                                          \
        "format: 1\n"                                                                                                  \
        "networks: [{name: trunk, bridge: b0}, {name: tenant, bridge: b1}]\n"                                          \
        "pifs: [{device: d, network: trunk, " MAC(1) "}, {device: e, " MAC(2) "}, {device: f, " MAC(3) "}]\n"          \
        "vlans: [{pif: d, tag: 5, device: v, network: tenant, management: true, ipv4: {address: [10.0.0.1/24]}}]\n"    \
        "vifs: [{domain: 1, device: 0, network: tenant}, {domain: 2, device: 0, network: tenant},\n"                   \
        "       {domain: 3, device: 0, network: trunk}, {domain: 4, device: 0}]\n"

static const struct xsnet_step *only_step(const struct xsnet_plan *plan)
{
        ck_assert_uint_eq(plan->n_steps, 1);
        return &plan->steps[0];
}

START_TEST(vifs_and_management_are_counted_up_the_stack)
{
        char *to = strdup(STACK);
        struct xsnet_plan *plan;
        const struct xsnet_step *step;

        /* Another MTU for the NIC at the bottom. */
        memcpy(strstr(to, "mtu: 1500"), "mtu: 1400", 9);
        plan = plan_of(STACK, to, NULL);
        step = only_step(plan);
        ck_assert_int_eq(step->disruption, FLAP);
        ck_assert(step->management);
        ck_assert(!step->storage);
        ck_assert_uint_eq(step->n_vifs, 3);
        xsnet_plan_unref(plan);
        free(to);
}
END_TEST

START_TEST(what_is_beside_a_device_does_not_ride_on_it)
{
        char *to = strdup(STACK);
        struct xsnet_plan *plan;
        const struct xsnet_step *step;

        memcpy(strstr(strstr(to, "device: f"), "mtu: 1500"), "mtu: 1400", 9);
        plan = plan_of(STACK, to, NULL);
        step = only_step(plan);
        ck_assert(!step->management);
        ck_assert_uint_eq(step->n_vifs, 0);
        xsnet_plan_unref(plan);
        free(to);
}
END_TEST

START_TEST(a_step_of_a_network_counts_its_own_vifs_and_its_pifs_addresses)
{
        struct xsnet_plan *plan = plan_of("format: 1\nnetworks: [{name: n, bridge: b}]\n"
                                          "pifs: [{device: d, network: n, management: true, " MAC(1) "}]\n"
                                          "vifs: [{domain: 1, device: 0, network: n}]\n",
                                          "format: 1\nnetworks: [{name: n, bridge: b, stp: true}]\n"
                                          "pifs: [{device: d, network: n, management: true, " MAC(1) "}]\n"
                                          "vifs: [{domain: 1, device: 0, network: n}]\n", NULL);
        const struct xsnet_step *step = only_step(plan);

        ck_assert(step->management);
        ck_assert_uint_eq(step->n_vifs, 1);
        ck_assert(xsnet_step_has_field(step, XSNET_FIELD_STP));
        ck_assert(!xsnet_step_has_field(step, XSNET_FIELD_MTU));
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(storage_is_what_must_not_be_unplugged_or_says_so)
{
        static const char *const marks[] = { "disallow-unplug: true", "other-config: {xsnet-purpose: storage}" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(marks); i++) {
                char from[256], to[256];
                struct xsnet_plan *plan;

                (void)snprintf(from, sizeof(from), "format: 1\npifs: [{device: d, %s, " MAC(1) "}]\n", marks[i]);
                (void)snprintf(to, sizeof(to), "format: 1\npifs: [{device: d, %s, dns: [10.0.0.1], " MAC(1) "}]\n",
                               marks[i]);
                plan = plan_of(from, to, NULL);
                ck_assert(only_step(plan)->storage);
                xsnet_plan_unref(plan);
        }
}
END_TEST

/* ---- bonds from NICs, removals ---- */

static const struct {
        const char *nic;
        int disruption;
        bool management;
} members[] = {
        { "", NONE, false },
        { "network: n,", OUTAGE, false },
        { "ipv4: {mode: static, address: [10.0.0.1/24]},", OUTAGE, false },
        { "management: true,", OUTAGE, true },
};

START_TEST(a_new_bond_hurts_what_its_members_carry)
{
        char from[512], to[512];
        struct xsnet_plan *plan;

        (void)snprintf(from, sizeof(from), "format: 1\nnetworks: [{name: n, bridge: b}]\n"
                       "pifs: [{device: d, %s " MAC(1) "}, {device: e, " MAC(2) "}]\n", members[_i].nic);
        (void)snprintf(to, sizeof(to), "format: 1\nnetworks: [{name: n, bridge: b}]\n"
                       "pifs: [{device: d, " MAC(1) "}, {device: e, " MAC(2) "}]\n"
                       "bonds: [{name: n, members: [d, e], mode: lacp}]\n");
        plan = plan_of(from, to, NULL);
        ck_assert_int_eq(only_step(plan)->verb, XSNET_STEP_CREATE);
        ck_assert_int_eq(only_step(plan)->disruption, members[_i].disruption);
        ck_assert(only_step(plan)->management == members[_i].management);
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_new_bond_flaps_for_vlans_that_stay_on_a_member)
{
        struct xsnet_plan *plan = plan_of("format: 1\npifs: [{device: d, " MAC(1) "}, {device: e, " MAC(2) "}]\n"
                                          "vlans: [{pif: d, tag: 5, device: v}]\n",
                                          "format: 1\npifs: [{device: d, " MAC(1) "}, {device: e, " MAC(2) "}]\n"
                                          "bonds: [{name: n, members: [d, e], mode: lacp}]\n", NULL);

        ck_assert_uint_eq(plan->n_steps, 2);
        ck_assert_int_eq(plan->steps[0].verb, XSNET_STEP_REMOVE);
        ck_assert_int_eq(plan->steps[0].disruption, NONE);
        ck_assert_int_eq(plan->steps[1].disruption, FLAP);
        xsnet_plan_unref(plan);
}
END_TEST

static const struct {
        const char *object;
        int disruption;
} removals[] = {
        { "networks: [{name: n, bridge: b}]", NONE },
        { "networks: [{name: n, bridge: b, ipv4: {mode: static, address: [10.0.0.1/24]}}]", OUTAGE },
        { "vlans: [{pif: d, tag: 5, device: v}]", NONE },
        { "vlans: [{pif: d, tag: 5, device: v, ipv4: {mode: static, address: [10.0.0.1/24]}}]", OUTAGE },
        { "tunnels: [{network: t, transport: d, device: g}]", OUTAGE },
        { "vifs: [{domain: 1, device: 0}]", OUTAGE },
};

START_TEST(a_removal_hurts_who_is_on_it)
{
        bool net = !strncmp(removals[_i].object, "networks", 8);
        char from[512], to[512];
        struct xsnet_plan *plan;

        (void)snprintf(from, sizeof(from), "format: 1\npifs: [{device: d, " MAC(1) "}]\n%s\n%s\n", removals[_i].object,
                       net ? "" : "networks: [{name: t}]");
        (void)snprintf(to, sizeof(to), "format: 1\npifs: [{device: d, " MAC(1) "}]\n%s\n",
                       net ? "" : "networks: [{name: t}]");
        plan = plan_of(from, to, NULL);
        ck_assert_int_eq(only_step(plan)->verb, XSNET_STEP_REMOVE);
        ck_assert_int_eq(only_step(plan)->disruption, removals[_i].disruption);
        xsnet_plan_unref(plan);
}
END_TEST

/* ---- irreversible ---- */

static const char *irreversible(const char *from, const struct xsn_caps *caps, struct xsnet_plan **ret_plan)
{
        *ret_plan = plan_of(from, "format: 1\npifs: [{device: d, " MAC(1) "}]\n", caps);
        return only_step(*ret_plan)->irreversible;
}

#define VLAN(row) "format: 1\npifs: [{device: d, " MAC(1) "}]\nvlans: [{pif: d, tag: 5, device: v, " row "}]\n"

START_TEST(what_could_not_be_made_again_is_irreversible)
{
        struct xsn_caps caps;
        struct xsnet_plan *plan;

        xsn_caps_all(&caps, 0);
        ck_assert_ptr_null(irreversible(VLAN("dns: [10.0.0.1]"), &caps, &plan));
        xsnet_plan_unref(plan);
        caps.fields[XSNET_KIND_VLAN] &= ~xsn_class_bit(&xsn_vlan_class, XSNET_FIELD_DNS);
        ck_assert_str_eq(irreversible(VLAN("dns: [10.0.0.1]"), &caps, &plan),
                         "dns: [10.0.0.1] could not be set again");
        xsnet_plan_unref(plan);
        ck_assert_str_eq(irreversible(VLAN("ipv4: {mode: dhcp}"), &caps, &plan),
                         "nothing here could start its DHCP client again");
        xsnet_plan_unref(plan);
        caps.flags = XSN_CAP_MAKES_DHCP;
        ck_assert_ptr_null(irreversible(VLAN("ipv4: {mode: dhcp}"), &caps, &plan));
        xsnet_plan_unref(plan);
        ck_assert_str_eq(irreversible(VLAN("ipv6: {mode: from-the-future}"), &caps, &plan),
                         "ipv6.mode: from-the-future could not be set again");
        xsnet_plan_unref(plan);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("plan impact");
        TCase *tcase = tcase_create("impact");

        tcase_add_loop_test(tcase, every_row_has_its_class, 0, (int)XSN_ARRAY_SIZE(rows));
        tcase_add_test(tcase, no_row_is_forgotten);
        tcase_add_test(tcase, vifs_and_management_are_counted_up_the_stack);
        tcase_add_test(tcase, what_is_beside_a_device_does_not_ride_on_it);
        tcase_add_test(tcase, a_step_of_a_network_counts_its_own_vifs_and_its_pifs_addresses);
        tcase_add_test(tcase, storage_is_what_must_not_be_unplugged_or_says_so);
        tcase_add_loop_test(tcase, a_new_bond_hurts_what_its_members_carry, 0, (int)XSN_ARRAY_SIZE(members));
        tcase_add_test(tcase, a_new_bond_flaps_for_vlans_that_stay_on_a_member);
        tcase_add_loop_test(tcase, a_removal_hurts_who_is_on_it, 0, (int)XSN_ARRAY_SIZE(removals));
        tcase_add_test(tcase, what_could_not_be_made_again_is_irreversible);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
