/* SPDX-License-Identifier: Apache-2.0 */
/* Documents applied to pools of one host and of three: each kind, changed, moved and removed. */
#include <errno.h>

#include "xapi_test.h"

static const int sizes[] = { 1, 3 };

static const struct row {
        const char *name;
        const char *steps[6]; /* documents one after another; each applies, and is nothing to do then */
} rows[] = {
        { "network",
          { "format: 1\nowner: t\nnetworks: [{name: n1, description: first, mtu: 9000, other-config: {a: b}}]\n",
            "format: 1\nowner: t\nnetworks: [{name: n1, description: second, mtu: 1500, other-config: {a: null, c: d}},"
            " {name: n2, locking: disabled, bridge: br-mine}]\n",
            "format: 1\nowner: t\nprune: true\nnetworks: [{name: n2, locking: unlocked}]\n",
            "format: 1\nowner: t\nnetworks: [{name: n2, absent: true}]\n" } },
        { "vlan",
          { "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}]\nvlans: [{pif: eth1, tag: 100, network: n1}]\n",
            "format: 1\nowner: t\nnetworks: [{name: n1, mtu: 1400}, {name: n2}]\n"
            "vlans: [{pif: eth1, tag: 100, network: n2, other-config: {k: v}}]\n",
            "format: 1\nowner: t\nprune: true\nnetworks: [{name: n2}]\nvlans: [{pif: eth2, tag: 7, network: n2}]\n",
            "format: 1\nowner: t\nprune: true\nnetworks: []\n" } },
        { "bond",
          { "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}]\n"
            "bonds: [{name: up, members: [eth1, eth2], mode: balance-slb, network: n1, updelay: 10}]\n"
            "vlans: [{pif: up, tag: 5, network: n2}]\n"
            "pifs: [{host: xs-1, device: up, ipv4: {mode: static, address: 172.16.0.1/24}, dns: [172.16.0.9]}]\n",
            "format: 1\nowner: t\nnetworks: [{name: n1, mtu: 9000}, {name: n2}]\n"
            "bonds: [{name: up, members: [eth1, eth2], mode: lacp, hash: src-mac, lacp-rate: fast, network: n1}]\n"
            "vlans: [{pif: up, tag: 5, network: n2}]\n"
            "pifs: [{host: xs-1, device: up.5, ipv4: {mode: dhcp}}]\n",
            "format: 1\nowner: t\nnetworks: [{name: n1}]\nvlans: [{pif: up, tag: 5, absent: true}]\n"
            "bonds: [{name: up, members: [eth1, eth2, eth3], mode: active-backup, network: n1}]\n",
            "format: 1\nowner: t\nprune: true\nnetworks: []\n" } },
        { "tunnel",
          { "format: 1\nowner: t\nnetworks: [{name: n1}]\ntunnels: [{host: xs-1, network: n1, transport: eth1, "
            "protocol: vxlan}]\npifs: [{host: xs-1, device: eth1, ipv4: {address: 172.16.0.1/24}}]\n",
            "format: 1\nowner: t\nnetworks: [{name: n1}]\ntunnels: [{host: xs-1, network: n1, transport: eth1, "
            "protocol: gre}]\n",
            "format: 1\nowner: t\nprune: true\nnetworks: []\npifs: [{host: xs-1, device: eth1, ipv4: null}]\n" } },
        { "address",
          { "format: 1\npifs: [{host: xs-1, device: eth1, ipv4: {address: 172.16.0.1/24}, ipv6: {address: "
            "'2001:db8::1/64', gateway: '2001:db8::2'}, disallow-unplug: true}]\n",
            "format: 1\npifs: [{host: xs-1, device: eth1, ipv4: {address: 172.16.0.2/25, gateway: 172.16.0.100}, "
            "default-route: true, dns: [172.16.0.5, '2001:db8::5']}]\n",
            "format: 1\npifs: [{host: xs-1, device: eth1, ipv4: null, ipv6: {mode: autoconf}, disallow-unplug: null, "
            "default-route: null}]\n",
            "format: 1\npifs: [{device: eth3, plugged: false}]\n",
            "format: 1\npifs: [{device: eth3, plugged: true}]\n" } },
        { "vif",
          { "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}]\nvifs:\n"
            "- {vm: halted, device: 0, network: n1, mac: '02:00:00:00:00:01', rate-limit: 10MB}\n"
            "- {vm: running, device: 1, network: n1, locking: locked, allowed-ipv4: [10.0.0.1, 10.0.0.2]}\n",
            "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}]\nvifs:\n"
            "- {vm: halted, device: 0, network: n2, rate-limit: null}\n"
            "- {vm: running, device: 1, network: n2, locking: unlocked, allowed-ipv4: [], allowed-ipv6: ['fd00::1']}\n",
            "format: 1\nowner: t\nnetworks: [{name: n1, absent: true}]\nvifs:\n"
            "- {vm: halted, device: 0, network: n2, mac: '02:00:00:00:00:02'}\n"
            "- {vm: running, device: 1, absent: true}\n",
            "format: 1\nowner: t\nprune: true\nnetworks: []\n" } },
        { "what stands on members",
          { "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}, {name: n3}, {name: n4}]\n"
            "vlans: [{pif: eth1, tag: 1, network: n1, other-config: {k: v}}, {pif: eth2, tag: 2, network: n2}]\n"
            "tunnels: [{host: xs-1, network: n3, transport: eth1}]\n"
            "pifs: [{host: xs-1, device: eth1, ipv4: {address: 172.16.0.1/24}}]\nvifs:\n"
            "- {vm: halted, device: 0, network: Pool-wide network associated with eth1}\n"
            "- {vm: running, device: 1, network: Pool-wide network associated with eth2}\n"
            "- {vm: running, device: 2, network: n1}\n",
            "format: 1\nowner: t\nnetworks: [{name: n4}]\n"
            "bonds: [{name: up, members: [eth1, eth2], mode: active-backup, network: n4}]\n",
            "format: 1\nowner: t\nbonds: [{name: up, members: [eth1, eth2, eth3], mode: active-backup, network: n4}]\n"
            "vlans: [{pif: up, tag: 1, network: n1, other-config: {k: w}}]\n",
            "format: 1\nowner: t\nbonds: [{name: up, absent: true}]\nvifs:\n"
            "- {vm: halted, device: 0, network: Pool-wide network associated with eth1}\n"
            "- {vm: running, device: 1, network: Pool-wide network associated with eth1}\n",
            "format: 1\nowner: t\nprune: true\nnetworks: []\n"
            "pifs: [{host: xs-1, device: eth1, ipv4: null}]\n" } },
        { "management",
          { "format: 1\nowner: t\nnetworks: [{name: mg}]\n"
            "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: mg}]\n",
            "format: 1\nowner: t\nprune: true\nnetworks: []\n",
            "format: 1\npifs: [{host: xs-1, device: eth2, ipv4: {address: 172.16.0.1/24}, management: true}, "
            "{host: xs-1, device: eth0, management: false}]\n",
            "format: 1\npifs: [{host: xs-1, device: eth2, ipv4: null, management: false}, "
            "{host: xs-1, device: eth0, management: true}]\n" } },
};

START_TEST(documents_apply_and_are_nothing_to_do_then)
{
        const struct row *row = &rows[_i % XSN_ARRAY_SIZE(rows)];
        struct pool p;

        pool_new(&p, sizes[(size_t)_i / XSN_ARRAY_SIZE(rows)], 6);
        pool_vm(&p, "halted", NULL);
        pool_vm(&p, "running", "xs-1");
        for (size_t i = 0; i < XSN_ARRAY_SIZE(row->steps) && row->steps[i]; i++) {
                pool_apply(&p, row->steps[i]);
                ck_assert_msg(p.code == 0 && p.outcome == XSNET_OUTCOME_DONE, "%s %zu: %d, outcome %d: %s", row->name,
                              i, p.code, p.outcome, p.message);
                pool_tell(&p, "{\"do\": \"counts\", \"reset\": true}");
                pool_apply(&p, row->steps[i]);
                ck_assert_msg(p.code == 0 && p.outcome == XSNET_OUTCOME_NOTHING_TO_DO, "%s %zu: %d, outcome %d: %s",
                              row->name, i, p.code, p.outcome, p.message);
        }
        pool_free(&p);
}
END_TEST

/* Its calls would hang for minutes: it is named, and nothing is changed. One that the plan is not about may be away. */
START_TEST(a_host_that_is_away_is_found_before_the_first_write)
{
        static const char all[] =
                "format: 1\nowner: t\nnetworks: [{name: n1}]\nvlans: [{pif: eth1, tag: 5, network: n1}]\n";
        static const char one[] = "format: 1\nowner: t\nnetworks: [{name: n1}]\n"
                                  "vlans: [{host: [xs-1, xs-3], pif: eth1, tag: 5, network: n1}]\n";
        static const char *const states[] = { "dead", "off", "away" };
        struct pool p;

        pool_new(&p, 3, 4);
        pool_tell(&p, "{\"do\": \"host\", \"host\": \"xs-2\", \"state\": \"%s\"}", states[_i]);
        ck_refused(&p, all, -EHOSTUNREACH, "xs-2");
        ck_assert_int_eq(p.outcome, XSNET_OUTCOME_UNCHANGED);
        ck_assert_int_eq(pool_calls(&p, "network.create"), 0);
        ck_applies(&p, one);
        pool_tell(&p, "{\"do\": \"host\", \"host\": \"xs-2\", \"state\": \"up\", \"live\": true}");
        ck_applies(&p, all);
        pool_free(&p);
}
END_TEST

/* A device has the MTU that its network has when it is plugged: a host that finds it asked for already waits. */
START_TEST(no_host_plugs_before_its_network_has_the_mtu)
{
        static const char bond[] = "format: 1\nowner: t\nnetworks: [{name: n1%s}]\n"
                                   "bonds: [{name: up, members: [eth1, eth2], mode: active-backup, network: n1}]\n";
        char small[256], large[256];
        struct pool p;

        (void)snprintf(small, sizeof(small), bond, "");
        (void)snprintf(large, sizeof(large), bond, ", mtu: 9000");
        pool_new(&p, 3, 4);
        ck_applies(&p, small);
        pool_tell(&p, "{\"do\": \"fault\", \"nth\": 1, \"action\": \"delay\", \"seconds\": 1, "
                      "\"method\": \"network.set_MTU\"}");
        ck_applies(&p, large);
        pool_free(&p);
}
END_TEST

/* Writes past the API: the fields of all rows of a class. */
static void set_rows(struct pool *p, const char *class, const char *fields)
{
        json_t *tables = pool_do(p, "{\"do\": \"dump\", \"classes\": [\"%s\"]}", class), *row;
        const char *ref;

        json_object_foreach(json_object_get(tables, class), ref, row) {
                pool_tell(p, "{\"do\": \"set\", \"class\": \"%s\", \"ref\": \"%s\", \"fields\": {%s}}", class, ref,
                          fields);
        }
        json_decref(tables);
}

/* Has each of the class's n rows the value? */
static void ck_rows(struct pool *p, const char *class, size_t n, const char *field, const char *value)
{
        json_t *tables = pool_do(p, "{\"do\": \"dump\", \"classes\": [\"%s\"]}", class), *row;
        json_t *expected = json_loads(value, JSON_DECODE_ANY, NULL);
        const char *ref;

        ck_assert_uint_eq(json_object_size(json_object_get(tables, class)), n);
        json_object_foreach(json_object_get(tables, class), ref, row) {
                ck_assert_msg(json_equal(json_object_get(row, field), expected), "%s.%s is not %s", class, field,
                              value);
        }
        json_decref(expected);
        json_decref(tables);
}

/* A rollback makes rows anew, with what neither a document says nor the call that makes them takes. */
START_TEST(what_documents_cannot_say_is_put_back)
{
        static const struct {
                const char *class, *field, *value;
        } set[] = { { "VLAN", "other_config", "{\"theirs\": \"yes\"}" },
                    { "Bond", "other_config", "{\"theirs\": \"yes\"}" },
                    { "network", "purpose", "[\"nbd\"]" },
                    { "VIF", "MTU", "9000" },
                    { "VIF", "qos_algorithm_type", "\"another\"" },
                    { "VIF", "qos_algorithm_params", "{\"weight\": \"3\"}" } };
        static const char all[] = "format: 1\nnetworks: [{name: n1}, {name: n2}, {name: n3}, {name: n4}, {name: n5}]\n"
                                  "bonds: [{name: up, members: [eth1, eth2], mode: lacp, network: n1}]\n"
                                  "vlans: [{pif: eth3, tag: 7, network: n2}]\n"
                                  "tunnels: [{network: n3, transport: eth3}]\n"
                                  "pifs: [{device: eth3, ipv4: {address: 172.16.1.1/24}}]\n"
                                  "vifs: [{vm: halted, device: 0, network: n4}]\n";
        /* Each fails at its last call. */
        static const struct {
                const char *text, *method;
        } none[] = {
                { "format: 1\nnetworks: [{name: n5, absent: true}]\n"
                  "bonds: [{name: up, absent: true}]\nvlans: [{pif: eth3, tag: 7, absent: true}]\n"
                  "tunnels: [{network: n3, transport: eth3, absent: true}]\n",
                  "Async.tunnel.destroy" },
                { "format: 1\nnetworks: [{name: n4, absent: true}]\nvifs: [{vm: halted, device: 0, absent: true}]\n",
                  "network.destroy" }
        };
        static const char *const again[] = { "Async.VLAN.create", "Async.Bond.create", "VIF.create" };
        char fields[128];
        struct pool p;

        pool_new(&p, 1, 4);
        pool_vm(&p, "halted", NULL);
        ck_applies(&p, all);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(set); i++) {
                snprintf(fields, sizeof(fields), "\"%s\": %s", set[i].field, set[i].value);
                set_rows(&p, set[i].class, fields);
        }
        for (size_t i = 0; i < XSN_ARRAY_SIZE(none); i++) {
                pool_tell(&p,
                          "{\"do\": \"fault\", \"action\": \"fail\", \"method\": \"%s\", "
                          "\"error\": [\"INTERNAL_ERROR\", \"a fault\"]}",
                          none[i].method);
                pool_apply(&p, none[i].text);
                ck_assert_int_eq(p.outcome, XSNET_OUTCOME_ROLLED_BACK);
        }
        for (size_t i = 0; i < XSN_ARRAY_SIZE(again); i++)
                ck_assert_int_eq(pool_calls(&p, again[i]), 2);
        /* Networks of the document, of the NICs, and XAPI's own. */
        for (size_t i = 0; i < XSN_ARRAY_SIZE(set); i++)
                ck_rows(&p, set[i].class, strcmp(set[i].class, "network") ? 1 : 5 + 4 + 1, set[i].field, set[i].value);
        pool_free(&p);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi apply");
        TCase *tc = tcase_create("documents");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, documents_apply_and_are_nothing_to_do_then, 0,
                            (int)(XSN_ARRAY_SIZE(rows) * XSN_ARRAY_SIZE(sizes)));
        tcase_add_loop_test(tc, a_host_that_is_away_is_found_before_the_first_write, 0, 3);
        tcase_add_test(tc, no_host_plugs_before_its_network_has_the_mtu);
        suite_add_tcase(suite, tc);
        tc = tcase_create("rows");
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, what_documents_cannot_say_is_put_back);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
