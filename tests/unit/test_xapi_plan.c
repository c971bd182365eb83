/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan for a pool refuses before any write, and what it takes along: on recorded pools. */
#include <errno.h>

#include "codec/codec.h"
#include "failalloc.h"
#include "plan/plan.h"
#include "unit.h"
#include "xapi_data.h"

struct planned {
        struct xa_records records;
        struct xa_view view;
        struct xa_caps caps;
        struct xsnet_state *observed, *desired;
        struct xsnet_plan *plan;
        struct xsnet_error *err;
};

static int plan_again(struct planned *p)
{
        struct xsn_plan_input input = { .name = "xapi:", .observed = p->observed, .caps = &p->caps.caps };
        struct xsn_plan_options options = { 0 };

        return xsn_plan_make(&input, 1, p->desired, &options, &p->plan, &p->err);
}

static void plan_for(struct planned *p, json_t *pool, const char *text)
{
        char whole[1024];

        *p = (struct planned){ .plan = NULL };
        ck_assert_int_eq(xapi_data_fill(&p->records, pool, false), 0);
        ck_assert_int_eq(xsn_xa_view_open(&p->view, &p->records), 0);
        ck_assert_int_eq(xsn_xa_observe(&p->view, &p->observed, NULL), 0);
        xsn_xa_caps_find(&p->view, &p->caps);
        (void)snprintf(whole, sizeof(whole), "format: 1\nowner: t\n%s", text);
        if (xsn_codec_load(whole, strlen(whole), XSNET_FORMAT_YAML, "doc", 0, &p->desired, &p->err) < 0)
                return;
        (void)plan_again(p);
}

static void planned_done(struct planned *p)
{
        xsnet_plan_unref(p->plan);
        xsnet_state_unref(p->desired);
        xsnet_state_unref(p->observed);
        xsnet_error_free(p->err);
        xsn_xa_view_done(&p->view);
        xsn_xa_records_done(&p->records);
}

#define FRESH "fresh-6nic"
#define TWO   "pool-2-hosts"

static const struct {
        const char *pool, *text, *reason;
} refused[] = {
        { FRESH, "networks: [{name: n, other-config: {'a<b': c}}]", "bad-key" },
        { FRESH, "networks: [{name: n, other-config: {'a&b': c}}]", "bad-key" },
        { FRESH, "networks: [{name: n, other-config: {xsnet-owner: c}}]", "reserved-key" },
        { FRESH, "pifs: [{device: eth1, other-config: {defaultroute: 'true'}}]", "reserved-key" },
        { FRESH, "networks: [{name: n, bridge: xapi7}]", "reserved-name" },
        { FRESH, "networks: [{name: Host internal management network, absent: true}]", "system-network" },
        { FRESH, "networks: [{name: Pool-wide network associated with eth1, absent: true}]", "network-in-use" },
        { FRESH, "networks: [{name: n}]\nbonds: [{name: b, members: [eth1, bond7], mode: lacp, network: n}]",
          "unknown-name" },
        { FRESH, "bonds: [{name: b, members: [eth1], mode: lacp}]", "too-few-members" },
        { FRESH,
          "networks: [{name: n}]\nbonds: [{name: b, members: [eth1, eth2], mode: active-backup, hash: tcpudp-ports, "
          "network: n}]",
          "wrong-mode" },
        { FRESH,
          "networks: [{name: n}]\nbonds: [{name: b, members: [eth1, eth2], mode: lacp, network: n}]\n"
          "pifs: [{device: eth1, ipv4: {address: 172.16.0.1/24}}]",
          "address-on-member" },
        { FRESH, "pifs: [{device: eth1, network: Pool-wide network associated with eth2}]", "not-supported" },
        { FRESH, "pifs: [{device: eth1, rename: lan}]", "not-supported" },
        { FRESH, "pifs: [{device: eth1, ipv4: {address: [172.16.0.1/24, 172.16.0.2/24]}}]", "not-supported" },
        { FRESH, "pifs: [{device: eth1, ipv4: {address: 172.16.0.0/24}}]", "bad-address" },
        { FRESH, "pifs: [{device: eth1, management: true}]", "management-without-address" },
        { FRESH, "pifs: [{device: eth0, plugged: false}]", "management-unplugged" },
        { FRESH, "pifs: [{device: eth1, ipv4: {mode: dhcp}, dns: [10.0.0.1]}]", "conflict" },
        { FRESH, "networks: [{name: n}]\ntunnels: [{network: n, transport: eth0, key: 7}]", "not-supported" },
        { FRESH, "networks: [{name: n}]\ntunnels: [{network: n, transport: eth0, protocol: geneve}]", "not-supported" },
        { FRESH, "vlans: [{pif: eth1, tag: 5}]", "missing-field" },
        { FRESH, "vifs: [{vm: nosuch, device: 0, network: Pool-wide network associated with eth0}]", "unknown-name" },
        { TWO, "networks: [{name: n}]\nvlans: [{pif: eth1.100, tag: 5, network: n}]", "not-supported" },
        { TWO, "networks: [{name: n}]\nbonds: [{name: b, members: [eth3, bond0], mode: lacp, network: n}]",
          "bad-member" },
        { TWO, "networks: [{name: pool bond, bridge: other}]", "not-supported" },
        { TWO, "pifs: [{host: xcp5, device: eth1, plugged: false}]", "in-use" },
        { TWO,
          "networks: [{name: n}, {name: m}]\nvlans: [{pif: eth3, tag: 100, network: m}]\n"
          "bonds: [{name: b, members: [eth1, eth3], mode: lacp, network: n}]",
          "parent-is-member" },
        { "vif.most",
          "vifs: [{vm: vm1, device: 9, mac: '52:54:00:12:34:56', network: Pool-wide network associated with "
          "eth2}]",
          "duplicate-mac" },
        { "vif.most", "vifs: [{vm: vm1, device: 9}]", "missing-field" },
        { "vif.most",
          "vifs: [{vm: vm1, device: 9, mac: '01:00:5e:00:00:01', network: Pool-wide network associated with eth2}]",
          "bad-value" },
        { "vif.most", "vifs: [{domain: 3, device: 9, network: Pool-wide network associated with eth2}]",
        "missing-field" },
        { FRESH, "pifs: [{device: eth1, ipv4: {address: 172.16.0.255/24}}]", "bad-address" },
        { FRESH, "networks: [{name: n, mtu: 67}]", "out-of-range" },
        { FRESH,
          "networks: [{name: n}]\npifs: [{device: eth1, ipv4: {address: 172.16.0.1/24}},\n"
          "{device: eth2, ipv4: {address: 172.17.0.1/24}}]\n"
          "bonds: [{name: b, members: [eth1, eth2], mode: lacp, network: n}]",
          "address-on-member" },
        { FRESH,
          "bonds: [{name: b, members: [eth1, eth2], mode: lacp, network: Pool-wide network associated with eth1}]",
          "network-in-use" },
        { FRESH, "bonds: [{name: b, members: [eth1, eth2], mode: lacp}]", "network-in-use" },
        { FRESH,
          "networks: [{name: n}, {name: m}]\nvlans: [{pif: eth1, tag: 5, network: n},\n"
          "{pif: eth1.5, tag: 6, network: m}]",
          "not-supported" },
        { FRESH, "pifs: [{device: eth0, management: false}]", "management-without-successor" },
        { FRESH, "pifs: [{device: eth0, management: null}]", "management-without-successor" },
        { FRESH,
          "pifs: [{device: eth0, management: true},\n"
          "{device: eth1, management: true, ipv4: {address: 172.16.0.1/24}}]",
          "two-managements" },
        { FRESH, "networks: [{name: n}]\ntunnels: [{network: n, transport: eth1}]", "no-address" },
        { TWO, "pifs: [{host: xcp5, device: eth2, ipv4: null}]", "in-use" },
};

START_TEST(a_plan_refuses_what_xapi_should_not_be_asked)
{
        json_t *pool = xapi_data_json(refused[_i].pool);
        const struct xsnet_error *e;
        struct planned p;
        bool found = false;

        plan_for(&p, pool, refused[_i].text);
        ck_assert_msg(p.err != NULL && !p.plan, "%s", refused[_i].text);
        for (e = p.err; e && !found; e = xsnet_error_get_next(e))
                found = !strcmp(xsnet_error_get_reason(e), refused[_i].reason);
        ck_assert_msg(found, "%s: %s (%s)", refused[_i].text, xsnet_error_get_message(p.err),
                      xsnet_error_get_reason(p.err));
        planned_done(&p);
        json_decref(pool);
}
END_TEST

/* The VLAN and the tunnel of the recorded pool stand on eth1 and eth2. */
START_TEST(what_stands_on_a_member_goes_into_the_bond)
{
        json_t *pool = xapi_data_json(TWO);
        struct xsnet_state *wanted;
        struct planned p;

        plan_for(&p, pool,
                 "networks: [{name: n}]\nbonds: [{name: b, members: [eth1, eth2], mode: active-backup, network: n}]");
        ck_assert_msg(p.plan != NULL, "%s", p.err ? xsnet_error_get_message(p.err) : "");
        ck_assert_uint_eq(p.plan->n_steps, 3); /* the network, and a bond on each host */
        wanted = p.plan->targets[0].wanted;
        ck_assert_ptr_nonnull(xsnet_state_find(wanted, XSNET_KIND_VLAN, "xcp5", "b.100"));
        ck_assert_ptr_null(xsnet_state_find(wanted, XSNET_KIND_VLAN, "xcp5", "eth1.100"));
        ck_assert_ptr_nonnull(xsnet_state_find(wanted, XSNET_KIND_TUNNEL, "xcp6", "pool tunnel/b"));
        ck_assert_ptr_nonnull(strstr(p.plan->steps[1].note, "takes the vlan"));
        planned_done(&p);
        json_decref(pool);
}
END_TEST

/* Two VLANs with one tag, on two NICs that become members. */
START_TEST(one_tag_on_two_members_is_refused)
{
        json_t *pool = xapi_data_json(TWO), *vlans = json_object_get(pool, "VLAN"),
               *pifs = json_object_get(pool, "PIF");
        struct planned p;
        json_t *vlan, *pif, *copy;
        const char *ref, *other;

        json_object_foreach(vlans, ref, vlan) {
                const char *untagged = json_string_value(json_object_get(vlan, "untagged_PIF"));
                const char *host = json_string_value(json_object_get(json_object_get(pifs, untagged), "host"));

                if (json_object_get(vlans, "OpaqueRef:second"))
                        break;
                json_object_foreach(pifs, other, pif)
                        if (!strcmp(json_string_value(json_object_get(pif, "device")), "eth3") &&
                            json_is_true(json_object_get(pif, "physical")) &&
                            !strcmp(json_string_value(json_object_get(pif, "host")), host)) {
                                copy = json_deep_copy(vlan);
                                json_object_set_new(copy, "tagged_PIF", json_string(other));
                                json_object_set_new(copy, "untagged_PIF", json_string("OpaqueRef:second-pif"));
                                json_object_set_new(vlans, "OpaqueRef:second", copy);
                                copy = json_deep_copy(json_object_get(pifs, untagged));
                                json_object_set_new(copy, "uuid", json_string("second"));
                                json_object_set_new(pifs, "OpaqueRef:second-pif", copy);
                                break;
                        }
        }
        ck_assert_ptr_nonnull(json_object_get(vlans, "OpaqueRef:second"));
        plan_for(&p, pool,
                 "networks: [{name: n}]\nbonds: [{name: b, members: [eth1, eth3], mode: active-backup, network: n}]");
        ck_assert_ptr_nonnull(p.err);
        ck_assert_str_eq(xsnet_error_get_reason(p.err), "vlan-lost");
        planned_done(&p);
        json_decref(pool);
}
END_TEST

/* By its name or its uuid, it is the same VIF. */
START_TEST(a_vm_goes_by_its_name_and_its_uuid)
{
        json_t *pool = xapi_data_json("vif.most"), *vm;
        const char *ref, *uuid = NULL;
        struct planned p;
        char text[256];

        json_object_foreach(json_object_get(pool, "VM"), ref, vm)
                if (!strcmp(json_string_value(json_object_get(vm, "name_label")), "vm1"))
                        uuid = json_string_value(json_object_get(vm, "uuid"));
        ck_assert_ptr_nonnull(uuid);
        (void)snprintf(text, sizeof(text), "vifs: [{vm: %s, device: 0, locking: disabled}]", uuid);
        plan_for(&p, pool, text);
        ck_assert_msg(p.plan != NULL, "%s", p.err ? xsnet_error_get_message(p.err) : "");
        ck_assert_uint_eq(p.plan->n_steps, 1);
        ck_assert_int_eq(p.plan->steps[0].verb, XSNET_STEP_CHANGE);
        ck_assert_str_eq(XSN_VIF(p.plan->steps[0].to)->vm, "vm1");
        planned_done(&p);
        json_decref(pool);
}
END_TEST

/* XAPI makes a MAC address of the VM's mac_seed, or needs one. */
START_TEST(a_vif_has_a_mac_address_where_its_vm_has_no_seed)
{
        static const char *const texts[] = { "", ", mac: '02:00:00:00:00:99'", "" };
        json_t *pool = xapi_data_json("vif.most"), *vm, *keys = json_object();
        struct planned p;
        const char *ref;
        char text[256];

        if (_i == 2)
                json_object_set_new(keys, "mac_seed", json_string("a seed"));
        json_object_foreach(json_object_get(pool, "VM"), ref, vm)
                json_object_set(vm, "other_config", keys);
        json_decref(keys);
        (void)snprintf(text, sizeof(text),
                       "vifs: [{vm: vm1, device: 9, network: Pool-wide network associated with eth2%s}]", texts[_i]);
        plan_for(&p, pool, text);
        if (_i == 0) {
                ck_assert_ptr_nonnull(p.err);
                ck_assert_str_eq(xsnet_error_get_reason(p.err), "missing-field");
                ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(p.err), "mac_seed"));
        } else {
                ck_assert_msg(p.plan != NULL, "%s", p.err ? xsnet_error_get_message(p.err) : "");
        }
        planned_done(&p);
        json_decref(pool);
}
END_TEST

static const char *const without_memory[] = {
        "networks: [{name: n}]\nbonds: [{name: b, members: [eth1, eth2], mode: active-backup, network: n}]",
        "networks: [{name: pool bond, bridge: other}]\npifs: [{host: xcp5, device: eth1, plugged: false}]",
};

/* A refusal that has no memory to judge is neither a plan nor a refusal. */
START_TEST(without_memory_there_is_no_plan)
{
        json_t *pool = xapi_data_json(TWO);
        struct planned p;
        bool refuses;

        plan_for(&p, pool, without_memory[_i]);
        refuses = p.err != NULL;
        ck_assert_int_eq(refuses, _i == 1);
        for (unsigned long n = 1;; n++) {
                int r;

                p.plan = xsnet_plan_unref(p.plan);
                p.err = xsnet_error_free(p.err);
                failalloc_at(n);
                r = plan_again(&p);
                failalloc_off();
                if (failalloc_count() < n) {
                        ck_assert_uint_gt(n, 200);
                        break;
                }
                ck_assert_int_eq(p.plan != NULL, r == 0);
                /* Some memory is only for what is said beside. */
                ck_assert_msg(r == -ENOMEM || refuses == (r != 0), "request %lu: %d: %s", n, r,
                              p.err ? xsnet_error_get_message(p.err) : "a plan");
        }
        planned_done(&p);
        json_decref(pool);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi_plan");
        TCase *tc = tcase_create("plan");

        tcase_add_loop_test(tc, a_plan_refuses_what_xapi_should_not_be_asked, 0, (int)XSN_ARRAY_SIZE(refused));
        tcase_add_test(tc, what_stands_on_a_member_goes_into_the_bond);
        tcase_add_test(tc, one_tag_on_two_members_is_refused);
        tcase_add_test(tc, a_vm_goes_by_its_name_and_its_uuid);
        tcase_add_loop_test(tc, a_vif_has_a_mac_address_where_its_vm_has_no_seed, 0, 3);
        tcase_add_loop_test(tc, without_memory_there_is_no_plan, 0, (int)XSN_ARRAY_SIZE(without_memory));
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
