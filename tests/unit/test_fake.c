/* SPDX-License-Identifier: Apache-2.0 */
/* The target in memory: what it does like a real one, what it refuses, and its faults. */
#include "engine_test.h"

#include "backend/fake/fake.h"

static struct xsnet_fake *fake;
static struct xsnet_engine *engine;

static void use(int caps, const char *before)
{
        struct xsnet_error *err = NULL;

        fake = new_fake("xs-1", caps, before);
        no_error(xsnet_engine_new(NULL, &engine, &err), err);
        no_error(xsnet_engine_add_fake(engine, fake, &err), err);
}

static void end(void)
{
        engine = xsnet_engine_unref(engine);
        fake = xsnet_fake_unref(fake);
}

static void bring(const char *items)
{
        struct xsnet_state *desired = load(items);
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_apply(engine, desired, NULL, &err), err);
        no_error(xsnet_engine_verify(engine, desired, &err), err);
        xsnet_state_unref(desired);
}

/* A field of an object as text, "-" where it is not set, "?" where there is no such object. */
static const char *get(int kind, const char *key, int field)
{
        static char text[200];
        struct xsnet_state *state = NULL;
        struct xsnet_object *obj;
        char *value = NULL;

        ck_assert_int_eq(xsnet_fake_get_state(fake, &state, NULL), 0);
        obj = xsnet_state_find(state, kind, NULL, key);
        if (obj && xsnet_object_get_str(obj, field, &value) < 0)
                value = NULL;
        (void)snprintf(text, sizeof(text), "%s", !obj ? "?" : value ? value : "-");
        free(value);
        xsnet_state_unref(state);
        return text;
}

START_TEST(what_follows_by_itself_is_there)
{
        use(XSNET_FAKE_LINUX, "format: 1\n"
                              "networks: [{name: n, bridge: xn, mtu: 9000}, {name: m, bridge: m, mtu: 8000}]\n"
                              "pifs: [{device: eth0, network: n}, {device: eth1}, {device: eth2}]\n"
                              "bonds: [{name: bond0, members: [eth1, eth2], mode: lacp, network: m}]\n"
                              "vifs: [{domain: 4, device: 1, network: n}]\n");
        ck_assert_str_eq(get(XSNET_KIND_NETWORK, "n", XSNET_FIELD_STATUS_DEVICE), "xn");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_STATUS_MASTER), "xn");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_STATUS_MTU), "9000");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth1", XSNET_FIELD_STATUS_MASTER), "bond0");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth1", XSNET_FIELD_STATUS_MTU), "8000");
        ck_assert_str_eq(get(XSNET_KIND_BOND, "bond0", XSNET_FIELD_STATUS_MASTER), "m");
        ck_assert_str_eq(get(XSNET_KIND_VIF, "4/1", XSNET_FIELD_STATUS_DEVICE), "vif4.1");
}
END_TEST

START_TEST(members_of_a_bond_lose_what_they_had)
{
        use(XSNET_FAKE_LINUX, BEFORE);
        bring("format: 1\nbonds: [{name: bond0, members: [eth0, eth1], mode: active-backup}]\n");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_IPV4_ADDRESS), "-");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_MANAGEMENT), "-");
        ck_assert_str_eq(get(XSNET_KIND_BOND, "bond0", XSNET_FIELD_IPV4_ADDRESS), "[192.0.2.10/24]");
        bring("format: 1\nbonds: [{name: bond0, absent: true}]\n"
              "pifs: [{device: eth0, ipv4: {address: 192.0.2.10/24}}]\n");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_STATUS_MASTER), "-");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_IPV4_ADDRESS), "[192.0.2.10/24]");
}
END_TEST

START_TEST(a_new_name_is_the_name_everywhere_and_can_be_taken_back)
{
        use(XSNET_FAKE_LINUX, "format: 1\npifs: [{device: eth0}]\nvlans: [{pif: eth0, tag: 5, device: v5}]\n");
        bring("format: 1\npifs: [{device: eth0, rename: peth0}]\n");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_DEVICE), "?");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "peth0", XSNET_FIELD_STATUS_OLD_NAME), "eth0");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "peth0.5", XSNET_FIELD_DEVICE), "v5");
        bring("format: 1\npifs: [{device: eth0, rename: peth0}]\n");
        bring("format: 1\npifs: [{device: eth0, rename: null}]\n");
        ck_assert_str_eq(get(XSNET_KIND_PIF, "eth0", XSNET_FIELD_STATUS_OLD_NAME), "-");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "eth0.5", XSNET_FIELD_DEVICE), "v5");
}
END_TEST

#define ADDRESS "ipv4: {mode: static, address: 10.9.0.1/24}"

/* Where any operation fails, everything is called as before; then it works, and there is nothing left to do. */
static void bring_after_failures(const char *items)
{
        struct xsnet_state *desired = load(items);
        char *before = print(fake);
        int r = -EIO;

        for (unsigned n = 1; r < 0; n++) {
                struct xsnet_error *err = NULL;
                char *now;

                no_error(xsnet_fake_add_failure(fake, n, -EIO, &err), err);
                r = xsnet_engine_apply(engine, desired, NULL, &err);
                if (r < 0) {
                        assert_reason(err, -EIO, "fake");
                        now = print(fake);
                        ck_assert_str_eq(now, before);
                        free(now);
                }
                xsnet_error_free(err);
                ck_assert_uint_lt(n, 50);
        }
        /* The last failure is still to be had. */
        for (int i = 0; i < 50 && r >= 0; i++)
                r = xsnet_engine_verify(engine, desired, NULL);
        ck_assert_int_eq(r, -EIO);
        free(before);
        xsnet_state_unref(desired);
        bring(items);
}

START_TEST(what_stands_on_a_bond_is_called_after_its_new_name)
{
        use(XSNET_FAKE_POOL, "format: 1\n"
                             "networks: [{name: red}]\n"
                             "pifs: [{host: xs-1, device: eth0}, {host: xs-1, device: eth1}]\n"
                             "bonds: [{host: xs-1, name: bond0, members: [eth0, eth1], mode: lacp, " ADDRESS "}]\n"
                             "vlans: [{host: xs-1, pif: bond0, tag: 5}]\n"
                             "tunnels: [{host: xs-1, network: red, transport: bond0, remotes: [10.9.0.9]}]\n");
        bring_after_failures("format: 1\n"
                             "bonds: [{name: uplink, members: [eth1, eth0]}]\n"
                             "vlans: [{pif: uplink, tag: 6}]\n"
                             "pifs: [{device: uplink, ipv4: {address: 10.9.0.2/24}}]\n");
        ck_assert_str_eq(get(XSNET_KIND_BOND, "bond0", XSNET_FIELD_NAME), "?");
        ck_assert_str_eq(get(XSNET_KIND_BOND, "uplink", XSNET_FIELD_IPV4_ADDRESS), "[10.9.0.2/24]");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "uplink.5", XSNET_FIELD_PIF), "uplink");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "uplink.6", XSNET_FIELD_PIF), "uplink");
        ck_assert_str_eq(get(XSNET_KIND_TUNNEL, "red/uplink", XSNET_FIELD_REMOTES), "[10.9.0.9]");
}
END_TEST

START_TEST(what_stands_on_a_vlan_is_called_after_its_new_device)
{
        use(XSNET_FAKE_LINUX, "format: 1\n"
                              "networks: [{name: red}, {name: blue}]\n"
                              "pifs: [{device: eth0}]\n"
                              "vlans: [{pif: eth0, tag: 5, device: v5, " ADDRESS "},"
                              " {pif: v5, tag: 7, device: v7, network: blue}]\n"
                              "tunnels: [{network: red, transport: v5, key: 7, remotes: [10.9.0.9]}]\n");
        bring_after_failures("format: 1\nvlans: [{pif: eth0, tag: 5, device: w5}]\n");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "w5.7", XSNET_FIELD_DEVICE), "v7");
        ck_assert_str_eq(get(XSNET_KIND_TUNNEL, "red/w5", XSNET_FIELD_REMOTES), "[10.9.0.9]");
        bring_after_failures("format: 1\n"
                             "vlans: [{pif: x5, tag: 7, device: x7}, {pif: eth0, tag: 5, device: x5}]\n"
                             "tunnels: [{network: red, transport: eth0.5, remotes: [10.9.0.8]}]\n");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "x5.7", XSNET_FIELD_DEVICE), "x7");
        ck_assert_str_eq(get(XSNET_KIND_VLAN, "x5.7", XSNET_FIELD_NETWORK), "blue");
        ck_assert_str_eq(get(XSNET_KIND_TUNNEL, "red/x5", XSNET_FIELD_REMOTES), "[10.9.0.8]");
}
END_TEST

START_TEST(all_can_make_vifs_and_a_pool_has_networks_of_its_own)
{
        struct xsnet_error *err = NULL;
        struct xsnet_state *state = NULL;

        use(XSNET_FAKE_ALL, BEFORE);
        bring("format: 1\nnetworks: [{name: n, description: d}]\nvifs: [{vm: web, device: 0, network: n}]\n");
        ck_assert_str_eq(get(XSNET_KIND_VIF, "web/0", XSNET_FIELD_NETWORK), "n");
        end();
        use(XSNET_FAKE_POOL, "format: 1\n");
        no_error(xsnet_fake_add_host(fake, "xs-2", &err), err);
        ck_assert_int_eq(xsnet_fake_add_host(fake, "xs-2", NULL), -EEXIST);
        ck_assert_int_eq(xsnet_fake_add_host(fake, "", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_add_host(fake, NULL, NULL), -EINVAL);
        state = load("format: 1\npifs: [{device: eth0}, {device: eth1, host: xs-2}]\n");
        no_error(xsnet_fake_set_state(fake, state, &err), err);
        xsnet_state_unref(state);
        no_error(xsnet_fake_get_state(fake, &state, &err), err);
        ck_assert_uint_eq(xsnet_state_get_count(state), 3);
        ck_assert_ptr_nonnull(xsnet_state_find(state, XSNET_KIND_PIF, "xs-2", "eth0"));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, "xs-1", "eth1"));
        xsnet_state_unref(state);
        bring("format: 1\nnetworks: [{name: n}]\n");
        no_error(xsnet_fake_get_state(fake, &state, &err), err);
        ck_assert_ptr_nonnull(xsnet_state_find(state, XSNET_KIND_NETWORK, "", "n"));
        xsnet_state_unref(state);
}
END_TEST

/* ---- steps in a wrong order, as no planner should make them ---- */

/* Removes or makes the first object of a text, by itself. */
static const struct {
        const char *before, *from, *to;
        int code;
        const char *says;
} wrong[] = {
        { "format: 1\nnetworks: [{name: n}]\npifs: [{device: e, network: n}]\n", "format: 1\nnetworks: [{name: n}]\n",
          NULL, -ENOENT, "there is no network 'n'" },
        { "format: 1\npifs: [{device: e}]\nvlans: [{pif: e, tag: 1}]\n", "format: 1\npifs: [{device: e}]\n", NULL,
          -ENODEV, "there is no device 'e'" },
        { "format: 1\n", NULL, "format: 1\nvlans: [{pif: e, tag: 1}]\n", -ENODEV, "there is no device 'e'" },
        { "format: 1\npifs: [{device: e}]\n", NULL, "format: 1\npifs: [{device: e}]\n", -EEXIST, "such a pif already" },
        { "format: 1\npifs: [{device: e}]\n", NULL, "format: 1\nnetworks: [{name: n, bridge: e}]\n", -EEXIST,
          "another object has the device 'e'" },
        { "format: 1\n", "format: 1\npifs: [{device: e}]\n", NULL, -ENOENT, "no such pif" },
        { "format: 1\npifs: [{device: e}]\n", NULL, "format: 1\nbonds: [{name: b, members: [e, f], mode: lacp}]\n",
          -ENODEV, "there is no device 'f'" },
        { "format: 1\npifs: [{device: e}, {device: f}]\nbonds: [{name: a, members: [e, f], mode: lacp}]\n", NULL,
          "format: 1\nbonds: [{name: b, members: [f, e], mode: lacp}]\n", -EBUSY, "another bond has" },
        { "format: 1\npifs: [{device: e}]\nnetworks: [{name: n, mtu: 9000}]\n", NULL,
          "format: 1\nvlans: [{pif: e, tag: 1, network: n}]\n", -ERANGE, "its MTU is greater" },
        { "format: 1\n", NULL, "format: 1\nvifs: [{domain: 1, device: 0, network: n}]\n", -ENOENT,
          "there is no network 'n'" },
};

static struct xsnet_object *first_of(struct xsnet_state *state)
{
        struct xsnet_object *obj = state ? xsnet_state_get_at(state, 0) : NULL;

        if (obj)
                ck_assert_int_eq(xsnet_object_add_host(obj, "xs-1", NULL), 0);
        return obj;
}

START_TEST(a_step_at_a_wrong_moment_fails_and_changes_nothing)
{
        struct xsnet_state *from = wrong[_i].from ? load(wrong[_i].from) : NULL;
        struct xsnet_state *to = wrong[_i].to ? load(wrong[_i].to) : NULL;
        struct xsnet_step step = { .from = first_of(from), .to = first_of(to) };
        struct xsnet_error *err = NULL;
        char *before, *after;
        int r;

        use(XSNET_FAKE_ALL, wrong[_i].before);
        before = print(fake);
        r = xsn_fake_do(fake, &step, &err);
        ck_assert_msg(r == wrong[_i].code, "case %d: %d: %s", _i, r, err ? xsnet_error_get_message(err) : "done");
        ck_assert_msg(strstr(xsnet_error_get_message(err), wrong[_i].says), "%s", xsnet_error_get_message(err));
        after = print(fake);
        ck_assert_str_eq(before, after);
        ck_assert_uint_eq(xsnet_fake_get_write_count(fake), 0);
        free(before);
        free(after);
        xsnet_error_free(err);
        xsnet_state_unref(from);
        xsnet_state_unref(to);
}
END_TEST

/* ---- what users give it ---- */

START_TEST(what_makes_no_sense_is_refused)
{
        struct xsnet_fake *other = NULL;
        struct xsnet_error *err = NULL;
        struct xsnet_object *obj = NULL;
        struct xsnet_state *state = load("format: 1\npifs: [{device: eth0, host: xs-9}]\n");

        use(XSNET_FAKE_LINUX, BEFORE);
        ck_assert_int_eq(xsnet_fake_new("", XSNET_FAKE_ALL, &other, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_new(NULL, XSNET_FAKE_ALL, &other, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_new("x", 4, &other, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_set_state(fake, state, &err), -EINVAL);
        assert_reason(err, -EINVAL, "unknown-host");
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsnet_object_new(XSNET_KIND_VLAN, &obj, NULL), 0);
        ck_assert_int_eq(xsnet_fake_add_object(fake, obj, &err), -EINVAL);
        assert_reason(err, -EINVAL, "no-identity");
        err = xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsnet_state_unref(state);
        state = load("format: 1\npifs: [{device: eth7}]\n");
        ck_assert_int_eq(xsnet_fake_remove_object(fake, xsnet_state_get_at(state, 0), &err), -ENOENT);
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsnet_fake_add_failure(fake, 0, -EIO, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_add_failure(fake, 1, 5, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_add_delay(fake, 0, 5, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_fake_add_loss(fake, 0, NULL), -EINVAL);
        ck_assert_ptr_eq(xsnet_fake_ref(fake), fake);
        xsnet_fake_unref(fake);
        xsnet_state_unref(state);
}
END_TEST

static const struct {
        const char *uri;
        int code;
        const char *says;
} uris[] = {
        { "fake:", 0, NULL },
        { "fake:a?hosts=h1,h2&caps=linux&fail=3,7:16&delay=2:50&lose=4", 0, NULL },
        { "fake:a?caps=all", 0, NULL },
        { "fake:a?caps=pool", 0, NULL },
        { "fake:a?caps=Linux", -EINVAL, "expected all, linux or pool, found 'Linux'" },
        { "fake:a?fial=3", -EINVAL, "did you mean 'fail'?" },
        { "fake:a?fail=0", -EINVAL, "counted from 1" },
        { "fake:a?fail=", -EINVAL, "the number of an operation" },
        { "fake:a?fail=3,", -EINVAL, "the number of an operation" },
        { "fake:a?fail=3:0", -EINVAL, "the number of an operation" },
        { "fake:a?fail=3:5000", -EINVAL, "the number of an operation" },
        { "fake:a?fail=-1", -EINVAL, "the number of an operation" },
        { "fake:a?fail=99999999999999999999", -EINVAL, "the number of an operation" },
        { "fake:a?delay=3", -EINVAL, "N:MILLISECONDS" },
        { "fake:a?delay=3:", -EINVAL, "N:MILLISECONDS" },
        { "fake:a?lose=3:1", -EINVAL, "the number of an operation" },
        { "fake:a?hosts=", -EINVAL, "names, separated by commas" },
        { "fake:a?hosts=a,,b", -EINVAL, "names, separated by commas" },
        { "fake:a?hosts=a,a", -EEXIST, "there already" },
};

START_TEST(a_uri_tells_what_the_target_is_like)
{
        struct xsnet_error *err = NULL;
        int r;

        ck_assert_int_eq(xsnet_engine_new(NULL, &engine, NULL), 0);
        r = xsnet_engine_add_target(engine, uris[_i].uri, &err);
        ck_assert_msg(r == uris[_i].code, "%s: %d: %s", uris[_i].uri, r, err ? xsnet_error_get_message(err) : "");
        if (r < 0)
                ck_assert_msg(strstr(xsnet_error_get_message(err), uris[_i].says), "%s", xsnet_error_get_message(err));
        xsnet_error_free(err);
}
END_TEST

START_TEST(faults_of_a_uri_are_had)
{
        struct xsnet_state *desired = load("format: 1\nnetworks: [{name: n}]\n");
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_new(NULL, &engine, &err), err);
        no_error(xsnet_engine_add_target(engine, "fake:a?fail=2:16", &err), err);
        ck_assert_int_eq(xsnet_engine_apply(engine, desired, NULL, &err), -EBUSY);
        assert_reason(err, -EBUSY, "fake");
        err = xsnet_error_free(err);
        no_error(xsnet_engine_apply(engine, desired, NULL, &err), err);
        no_error(xsnet_engine_verify(engine, desired, &err), err);
        xsnet_state_unref(desired);
}
END_TEST

START_TEST(several_engines_see_one_target)
{
        struct xsnet_engine *other = NULL;
        struct xsnet_state *desired = load("format: 1\nnetworks: [{name: n}]\n");
        struct xsnet_error *err = NULL;

        use(XSNET_FAKE_LINUX, BEFORE);
        no_error(xsnet_engine_new(NULL, &other, &err), err);
        no_error(xsnet_engine_add_fake(other, fake, &err), err);
        ck_assert_int_eq(xsnet_engine_add_fake(other, fake, NULL), -EEXIST);
        no_error(xsnet_engine_apply(other, desired, NULL, &err), err);
        no_error(xsnet_engine_verify(engine, desired, &err), err);
        xsnet_engine_unref(other);
        no_error(xsnet_engine_verify(engine, desired, &err), err);
        xsnet_state_unref(desired);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fake");
        TCase *tc = tcase_create("fake");

        tcase_add_checked_fixture(tc, NULL, end);
        tcase_add_test(tc, what_follows_by_itself_is_there);
        tcase_add_test(tc, members_of_a_bond_lose_what_they_had);
        tcase_add_test(tc, a_new_name_is_the_name_everywhere_and_can_be_taken_back);
        tcase_add_test(tc, what_stands_on_a_bond_is_called_after_its_new_name);
        tcase_add_test(tc, what_stands_on_a_vlan_is_called_after_its_new_device);
        tcase_add_test(tc, all_can_make_vifs_and_a_pool_has_networks_of_its_own);
        tcase_add_loop_test(tc, a_step_at_a_wrong_moment_fails_and_changes_nothing, 0, XSN_ARRAY_SIZE(wrong));
        tcase_add_test(tc, what_makes_no_sense_is_refused);
        tcase_add_loop_test(tc, a_uri_tells_what_the_target_is_like, 0, XSN_ARRAY_SIZE(uris));
        tcase_add_test(tc, faults_of_a_uri_are_had);
        tcase_add_test(tc, several_engines_see_one_target);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
