/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From observed and desired states to pairs: what the golden folders cannot show (who is
 * implied by whom, several targets, hosts that are left out), failing memory, and size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failalloc.h"
#include "model_test.h"
#include "plan/work.h"
#include "unit.h"

#define LINUX_FLAGS (XSN_CAP_DETACH_VIF | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_OBSERVES_VIFS)

struct run {
        struct xsn_caps caps;
        struct xsn_plan_input input[2];
        size_t n;
        struct xsn_plan_options options;
        struct xsnet_state *desired;
        struct xsn_work works[2];
        struct xsnet_error *errs;
};

static void observe(struct run *run, const char *host, const char *const *specs)
{
        struct xsnet_state *state = mt_state(specs);
        struct xsn_host *h;

        for (size_t i = 0; i < state->n_objects; i++)
                if (!state->objects[i]->hosts.n && state->objects[i]->cls->kind != XSNET_KIND_NETWORK)
                        ck_assert_int_eq(xsn_object_set_host(state->objects[i], host), 0);
        for (size_t i = 0; i < state->n_objects && !(run->caps.flags & XSN_CAP_POOL); i++)
                ck_assert_int_eq(xsn_object_set_host(state->objects[i], host), 0);
        ck_assert_int_eq(xsn_state_add_host(state, host, &h), 0);
        run->input[run->n++] = (struct xsn_plan_input){ .name = "linux:", .observed = state, .caps = &run->caps };
}

static int build(struct run *run)
{
        return xsn_work_build(run->input, run->n, run->desired, &run->options, run->works, &run->errs);
}

static void start(struct run *run, unsigned flags, const char *const *observed, const char *const *desired)
{
        memset(run, 0, sizeof(*run));
        xsn_caps_all(&run->caps, flags);
        observe(run, "h", observed);
        run->desired = mt_state(desired);
}

static void forget(struct run *run)
{
        for (size_t i = 0; i < run->n; i++)
                xsn_work_done(&run->works[i]);
        run->errs = xsnet_error_free(run->errs);
}

static void done(struct run *run)
{
        forget(run);
        for (size_t i = 0; i < run->n; i++)
                xsnet_state_unref(run->input[i].observed);
        xsnet_state_unref(run->desired);
}

static void build_well(struct run *run)
{
        if (build(run) < 0)
                ck_abort_msg("%s", mt_errors(run->errs));
}

/* The pair whose object has the key, before or after. */
static struct xsn_pair *pair(const struct run *run, int kind, const char *key)
{
        for (size_t i = 0; i < run->works[0].n_pairs; i++) {
                struct xsn_pair *p = run->works[0].pairs[i];
                const struct xsnet_object *both[] = { p->to, p->from };

                for (size_t k = 0; k < 2; k++) {
                        struct xsn_buf buf = { 0 };
                        char *text = NULL;
                        bool same;

                        if (!both[k] || both[k]->cls->kind != kind)
                                continue;
                        xsn_object_key(both[k], &buf);
                        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
                        same = !strcmp(text, key);
                        free(text);
                        if (same)
                                return p;
                }
        }
        ck_abort_msg("no pair '%s'", key);
}

static void check_fields(const struct xsnet_object *obj, const char *expected)
{
        char *text = mt_fields(obj);

        ck_assert_str_eq(text, expected);
        free(text);
}

static void check_errors(struct run *run, int code, const char *expected)
{
        char *text;

        ck_assert_int_eq(build(run), code);
        text = mt_errors(run->errs);
        ck_assert_str_eq(text, expected);
        free(text);
}

static const char *const two_nics[] = {
        "network|name=br0|bridge=br0",
        "pif|device=eth0|network=br0|ipv4.mode=static|ipv4.address=10.0.0.5/24|management=true",
        "pif|device=eth1",
        NULL,
};

START_TEST(what_a_bond_takes_from_its_member_is_implied_by_the_bond)
{
        static const char *const desired[] = { "bond|name=bond0|members=eth0|members=eth1|mode=active-backup", NULL };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        build_well(&run);
        check_fields(pair(&run, XSNET_KIND_BOND, "bond0")->to,
                     "name=bond0 members=[eth0, eth1] mode=active-backup monitor-interval=100 network=br0 "
                     "ipv4.mode=static ipv4.address=[10.0.0.5/24] management=true");
        check_fields(pair(&run, XSNET_KIND_PIF, "eth0")->to, "device=eth0");
        ck_assert_ptr_eq(pair(&run, XSNET_KIND_PIF, "eth0")->implied_by, pair(&run, XSNET_KIND_BOND, "bond0"));
        ck_assert_ptr_eq(pair(&run, XSNET_KIND_PIF, "eth1")->to, pair(&run, XSNET_KIND_PIF, "eth1")->from);
        done(&run);
}
END_TEST

START_TEST(what_nobody_asks_for_is_the_observed_object_itself)
{
        static const char *const desired[] = { "pif|device=eth0|network=br0|management=true", NULL };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        build_well(&run);
        ck_assert_uint_eq(run.works[0].n_pairs, 3);
        for (size_t i = 0; i < 3; i++)
                ck_assert_ptr_eq(run.works[0].pairs[i]->to, run.works[0].pairs[i]->from);
        ck_assert(pair(&run, XSNET_KIND_PIF, "eth0")->named);
        ck_assert(!pair(&run, XSNET_KIND_PIF, "eth1")->named);
        done(&run);
}
END_TEST

START_TEST(a_renamed_nic_takes_along_what_refers_to_it)
{
        static const char *const observed[] = { "pif|device=eth0", "vlan|pif=eth0|tag=5|device=eth0.5", NULL };
        static const char *const desired[] = { "pif|device=eth0|rename=peth0", NULL };
        struct run run;

        start(&run, LINUX_FLAGS, observed, desired);
        build_well(&run);
        check_fields(pair(&run, XSNET_KIND_PIF, "peth0")->to, "device=peth0 rename=peth0 status.old-name=eth0");
        check_fields(pair(&run, XSNET_KIND_VLAN, "peth0.5")->to, "pif=peth0 tag=5 device=eth0.5");
        ck_assert_ptr_eq(pair(&run, XSNET_KIND_VLAN, "peth0.5")->implied_by, pair(&run, XSNET_KIND_PIF, "peth0"));
        done(&run);
}
END_TEST

START_TEST(an_adopted_bridge_takes_its_ports_along)
{
        static const char *const desired[] = { "network|name=guest|bridge=br0", NULL };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        build_well(&run);
        check_fields(pair(&run, XSNET_KIND_NETWORK, "guest")->to, "name=guest bridge=br0");
        ck_assert_str_eq(xsn_object_network(pair(&run, XSNET_KIND_PIF, "eth0")->to), "guest");
        ck_assert_ptr_eq(pair(&run, XSNET_KIND_PIF, "eth0")->implied_by, pair(&run, XSNET_KIND_NETWORK, "guest"));
        done(&run);
}
END_TEST

START_TEST(names_that_the_document_leaves_out_are_always_the_same)
{
        static const char *const desired[] = {
                "network|name=my network",
                "network|name=guest",
                "network|name=bond0",
                "bond|name=bond0|members=eth0|members=eth1|mode=lacp",
                "vlan|pif=bond0|tag=7",
                "vlan|pif=bond0|tag=4000|device=v4000",
                "tunnel|network=guest|transport=bond0|remotes=192.0.2.1",
                NULL,
        };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        build_well(&run);
        ck_assert_str_eq(xsn_object_device(pair(&run, XSNET_KIND_NETWORK, "my network")->to), "xsd12f888b");
        ck_assert_str_eq(xsn_object_device(pair(&run, XSNET_KIND_NETWORK, "guest")->to), "guest");
        ck_assert_str_eq(xsn_object_device(pair(&run, XSNET_KIND_NETWORK, "bond0")->to), "xsf0906bc7");
        ck_assert_str_eq(xsn_object_device(pair(&run, XSNET_KIND_VLAN, "bond0.7")->to), "bond0.7");
        ck_assert_str_eq(xsn_object_device(pair(&run, XSNET_KIND_TUNNEL, "guest/bond0")->to), "xt356d2ae5");
        done(&run);
}
END_TEST

START_TEST(a_vif_that_is_not_there_waits_without_a_pair)
{
        static const char *const desired[] = { "vif|domain=4|device=0|network=br0", NULL };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        build_well(&run);
        ck_assert_uint_eq(run.works[0].n_waiting, 1);
        ck_assert_str_eq(xsn_object_host(run.works[0].waiting[0]), "h");
        ck_assert_uint_eq(run.works[0].n_pairs, 3);
        done(&run);
}
END_TEST

START_TEST(a_host_that_was_not_asked_for_is_noted_not_refused)
{
        static const char *const desired[] = { "pif|device=eth9|host=elsewhere|@1:1", NULL };
        struct xsn_list only = { 0 };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        check_errors(&run, -EINVAL,
                     "unknown-host 1:1 pifs[0]: pif 'eth9' on host 'elsewhere': no target reaches the host "
                     "'elsewhere'\n");
        forget(&run);
        ck_assert_int_eq(xsn_strs_add(&only, "h"), 0);
        run.options.only_hosts = &only;
        build_well(&run);
        ck_assert_uint_eq(run.works[0].notes.n, 1);
        ck_assert_str_eq(XSN_ITEM(run.works[0].notes, char *, 0),
                         "the host 'elsewhere' is left out: its items are skipped");
        xsn_strs_clear(&only);
        done(&run);
}
END_TEST

START_TEST(an_item_without_a_host_is_for_every_target_but_its_address_for_one)
{
        static const char *const desired[] = { "pif|device=eth1|ipv4.address=10.9.0.1/24|@3:2", NULL };
        struct run run;

        start(&run, LINUX_FLAGS, two_nics, desired);
        observe(&run, "g", two_nics);
        run.input[1].name = "linux:?netns=g";
        ck_assert_int_eq(build(&run), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(run.errs), "duplicate-address");
        forget(&run);
        done(&run);
}
END_TEST

START_TEST(errors_stand_in_the_order_of_the_document)
{
        static const char *const desired[] = {
                "vif|domain=1|device=0|network=nix|@9:1",
                "pif|device=eth7|@2:1",
                "network|name=a|bridge=eth0|@4:1",
                "vlan|pif=eth9|tag=3|@3:1",
                NULL,
        };
        struct run run;

        start(&run, LINUX_FLAGS & ~XSN_CAP_OBSERVES_VIFS, two_nics, desired);
        check_errors(&run, -EINVAL,
                     "unknown-name 2:1 pifs[0].device: pif 'eth7' on host 'h': there is no such interface; did you "
                     "mean 'eth0'?\n"
                     "unknown-name 3:1 vlans[0].pif: vlan 'eth9.3' on host 'h': there is no interface 'eth9'; did "
                     "you mean 'eth0'?\n"
                     "device-used-twice 4:1 networks[0].bridge: network 'a' on host 'h': 'eth0' is the device of the "
                     "pif 'eth0'\n"
                     "unknown-name 9:1 vifs[0].network: vif '1/0' on host 'h': there is no network 'nix'\n");
        done(&run);
}
END_TEST

START_TEST(keys_of_a_map_are_the_owners_that_set_them)
{
        static const char *const observed[] = { "network|name=n|bridge=n|other-config=old:1|other-config=theirs:2",
                                                NULL };
        static const char *const desired[] = { "network|name=n|other-config=old:1|other-config=a,b:3", NULL };
        static const char *const reset[] = { "network|name=n|~other-config", NULL };
        struct run run, again;

        start(&run, LINUX_FLAGS, observed, desired);
        ck_assert_int_eq(xsnet_state_set_owner(run.desired, "me", NULL), 0);
        build_well(&run);
        check_fields(pair(&run, XSNET_KIND_NETWORK, "n")->to,
                     "name=n bridge=n other-config={a,b: 3, old: 1, theirs: 2, xsnet-keys: a%2Cb}");
        ck_assert(pair(&run, XSNET_KIND_NETWORK, "n")->mark);

        start(&again, LINUX_FLAGS, (const char *const[]){ NULL }, reset);
        ck_assert_int_eq(xsnet_state_set_owner(again.desired, "me", NULL), 0);
        ck_assert_int_eq(xsn_state_add(again.input[0].observed, pair(&run, XSNET_KIND_NETWORK, "n")->to), 0);
        build_well(&again);
        check_fields(pair(&again, XSNET_KIND_NETWORK, "n")->to, "name=n bridge=n other-config={old: 1, theirs: 2}");
        done(&again);
        done(&run);
}
END_TEST

/* ---- memory ---- */

static const char *const rich_observed[] = {
        "network|name=old|bridge=old|mtu=1500",
        "network|name=n|bridge=n|mtu=1500",
        "pif|device=eth0|network=old|ipv4.mode=static|ipv4.address=10.0.0.5/24|management=true|status.mtu=1500",
        "pif|device=eth1|status.mtu=1500",
        "pif|device=eth2|ipv4.mode=static|ipv4.address=10.2.0.5/24|status.mtu=1500",
        "vlan|pif=eth2|tag=7|device=eth2.7|network=n|status.mtu=1500",
        "vif|domain=1|device=0|network=n|status.device=vif1.0|status.mtu=1500",
        NULL,
};
static const char *const rich_desired[] = {
        "network|name=m|mtu=1400|other-config=a:b",
        "network|name=n|absent",
        "bond|name=bond0|members=eth0|members=eth1|mode=lacp",
        "vlan|pif=bond0|tag=3|network=m",
        "pif|device=eth2|rename=peth2|ipv4.address=10.2.0.6/24",
        "vlan|pif=peth2|tag=7|absent",
        "tunnel|network=m|transport=peth2|remotes=10.2.0.9|key=3",
        "vif|domain=1|device=0|network=m",
        "vif|domain=2|device=0|network=m",
        NULL,
};

static const char *const bad_desired[] = {
        "network|name=m|bridge=eth1|@1:1",       "bond|name=bond0|members=eth0|members=eth9|@2:1",
        "vlan|pif=eth9|tag=3|network=oldd|@3:1", "network|name=n|absent|@4:1",
        "pif|device=bond7|host=g|@5:1",          NULL,
};

static void fail_each(struct run *run, bool good)
{
        for (unsigned long n = 1;; n++) {
                unsigned long count;
                int r;

                failalloc_at(n);
                r = build(run);
                failalloc_off();
                count = failalloc_count();
                ck_assert_int_eq(r, run->errs ? xsnet_error_get_code(run->errs) : 0);
                if (good && r < 0)
                        ck_assert_int_eq(r, -ENOMEM);
                ck_assert(good || r < 0);
                forget(run);
                if (count < n)
                        break;
        }
}

START_TEST(without_memory_there_is_an_error_and_nothing_leaks)
{
        struct run run;

        start(&run, LINUX_FLAGS, rich_observed, rich_desired);
        ck_assert_int_eq(xsnet_state_set_owner(run.desired, "me", NULL), 0);
        build_well(&run);
        forget(&run);
        fail_each(&run, true);
        done(&run);
        start(&run, LINUX_FLAGS, rich_observed, bad_desired);
        fail_each(&run, false);
        done(&run);
}
END_TEST

/* ---- size ---- */

/* Requests for memory while n networks with a VIF each are planned. */
static unsigned long cost(unsigned n)
{
        const char **specs = calloc(2 * (size_t)n + 1, sizeof(*specs));
        struct run run = { 0 };
        unsigned long count;

        for (unsigned i = 0; i < n; i++) {
                char text[128];

                (void)snprintf(text, sizeof(text), "network|name=net%u", i);
                specs[2 * i] = strdup(text);
                (void)snprintf(text, sizeof(text), "vif|domain=%u|device=0|network=net%u", i, i);
                specs[2 * i + 1] = strdup(text);
        }
        start(&run, XSN_CAP_NAMES_BRIDGE, two_nics, (const char *const *)specs);
        failalloc_at(0);
        ck_assert_int_eq(build(&run), 0);
        failalloc_off();
        count = failalloc_count();
        ck_assert_uint_eq(run.works[0].n_pairs, 3 + 2 * (size_t)n);
        done(&run);
        for (unsigned i = 0; i < 2 * n; i++)
                free((char *)(uintptr_t)specs[i]);
        free(specs);
        return count;
}

START_TEST(twice_the_objects_cost_twice)
{
        unsigned long small = cost(2000), large = cost(4000);

        ck_assert_uint_lt(large, small * 5 / 2);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("plan target");
        TCase *tc = tcase_create("pairs"), *memory = tcase_create("memory");

        tcase_add_test(tc, what_a_bond_takes_from_its_member_is_implied_by_the_bond);
        tcase_add_test(tc, what_nobody_asks_for_is_the_observed_object_itself);
        tcase_add_test(tc, a_renamed_nic_takes_along_what_refers_to_it);
        tcase_add_test(tc, an_adopted_bridge_takes_its_ports_along);
        tcase_add_test(tc, names_that_the_document_leaves_out_are_always_the_same);
        tcase_add_test(tc, a_vif_that_is_not_there_waits_without_a_pair);
        tcase_add_test(tc, a_host_that_was_not_asked_for_is_noted_not_refused);
        tcase_add_test(tc, an_item_without_a_host_is_for_every_target_but_its_address_for_one);
        tcase_add_test(tc, errors_stand_in_the_order_of_the_document);
        tcase_add_test(tc, keys_of_a_map_are_the_owners_that_set_them);
        tcase_set_timeout(memory, 60);
        tcase_add_test(memory, without_memory_there_is_an_error_and_nothing_leaks);
        tcase_add_test(memory, twice_the_objects_cost_twice);
        suite_add_tcase(s, tc);
        suite_add_tcase(s, memory);
        return s;
}

int main(void)
{
        return unit_main(suite());
}
