/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of xsn_state_check(): one case a rule across objects with its message, what must not
 * be refused, time and memory.
 */
#include <errno.h>
#include <string.h>

#include "failalloc.h"
#include "model_test.h"
#include "slow.h"
#include "unit.h"

static const struct mt_case across[] = {
        { "one bridge for two networks",
          { "network|name=a|bridge=br0|@1:1", "network|name=b|bridge=br0|@2:2" },
          "device-used-twice 2:2 networks[0].bridge: network 'b': device 'br0' is taken by network 'a' at 1:1\n" },
        { "a bridge called as a NIC",
          { "pif|device=eth0|network=a", "network|name=a|bridge=eth0" },
          "device-used-twice: network 'a': device 'eth0' is taken by pif 'eth0'\n" },
        { "a bridge called as a bond",
          { "bond|name=x0", "network|name=a|bridge=x0" },
          "device-used-twice: network 'a': device 'x0' is taken by bond 'x0'\n" },
        { "two renamed alike",
          { "pif|device=eth0|rename=p", "pif|device=eth1|rename=p" },
          "device-used-twice: pif 'eth1': device 'p' is taken by pif 'eth0'\n" },
        { "a VLAN's and a tunnel's device",
          { "vlan|pif=eth0|tag=1|device=x", "tunnel|network=n|transport=eth0|device=x" },
          "device-used-twice: tunnel 'n/eth0': device 'x' is taken by vlan 'eth0.1'\n" },
        { "a VLAN called as another is referred to",
          { "vlan|pif=eth0|tag=1", "vlan|pif=eth0|tag=2|device=eth0.1" },
          "device-used-twice: vlan 'eth0.2': device 'eth0.1' is taken by vlan 'eth0.1'\n" },
        { "a NIC in two bonds",
          { "bond|name=a|members=eth0|members=eth1", "bond|name=b|members=eth1|members=eth2" },
          "device-used-twice: bond 'b': member 'eth1' is taken by bond 'a'\n" },
        { "a tag with two networks",
          { "vlan|pif=eth0|tag=1|network=a|@1:1", "vlan|pif=eth0|tag=1|network=b|@2:2" },
          "duplicate-tag 2:2 vlans[0].tag: vlan 'eth0.1': the tag is taken by vlan 'eth0.1' at 1:1, for network "
          "'a'\n" },
        { "two NICs in a network",
          { "pif|device=eth0|network=n", "pif|device=eth1|network=n" },
          "network-in-use: pif 'eth1': network 'n' is taken by pif 'eth0'\n" },
        { "a bond and a VLAN in a network",
          { "bond|name=bond0|network=n", "vlan|pif=eth5|tag=7|network=n" },
          "network-in-use: vlan 'eth5.7': network 'n' is taken by bond 'bond0'\n" },
        { "a pif item for a device that is another bond's",
          { "bond|name=bond0|network=n", "pif|device=bond1|network=n" },
          "network-in-use: pif 'bond1': network 'n' is taken by bond 'bond0'\n" },
        { "two at once",
          { "pif|device=eth0|network=n|host=a", "pif|device=eth1|network=n|host=b", "bond|name=x|network=n" },
          "network-in-use: bond 'x': network 'n' is taken by pif 'eth0' on host 'a'\n" },
        { "behind the same object on another host",
          { "bond|name=x|network=n|host=a", "bond|name=y|network=n|host=b", "pif|device=x|network=n" },
          "network-in-use: pif 'x': network 'n' is taken by bond 'y' on host 'b'\n" },
        { "a bond in a bond",
          { "bond|name=a|members=b|members=eth0", "bond|name=b|members=eth1|members=eth2" },
          "bond-in-bond: bond 'b': a bond cannot be a member of bond 'a'\n" },
        { "a bridge in a bond",
          { "bond|name=a|members=br0|members=eth0", "network|name=n|bridge=br0" },
          "device-used-twice: network 'n': the bridge cannot be a member of bond 'a'\n" },
        { "an address on a member",
          { "bond|name=a|members=eth0|members=eth1", "pif|device=eth0|ipv4.address=192.0.2.1/24|network=n|@7:7" },
          "address-on-member 7:7 pifs[0].ipv4.address: pif 'eth0': an address belongs on the bond, not on its member: "
          "this one is in bond 'a'\n"
          "network-on-member 7:7 pifs[0].network: pif 'eth0': a network belongs on the bond, not on its member: this "
          "one is in bond 'a'\n" },
        { "dhcp on a member",
          { "bond|name=a|members=eth0|members=eth1", "pif|device=eth0|ipv6.mode=dhcp|@7:7" },
          "address-on-member 7:7 pifs[0].ipv6.mode: pif 'eth0': an address belongs on the bond, not on its member: "
          "this "
          "one is in bond 'a'\n" },
        { "management on a member",
          { "bond|name=a|members=eth0|members=eth1", "pif|device=eth0|management=true|@7:7" },
          "address-on-member 7:7 pifs[0].management: pif 'eth0': an address belongs on the bond, not on its member: "
          "this one is in bond 'a'\n" },
        { "a member by its new name",
          { "pif|device=eth0|rename=p0|network=n", "bond|name=a|members=p0|members=eth1" },
          "network-on-member: pif 'eth0': a network belongs on the bond, not on its member: this one is in bond "
          "'a'\n" },
        { "a VLAN as a member",
          { "bond|name=a|members=eth0.1|members=eth1.1", "vlan|pif=eth0|tag=1|network=n" },
          "network-on-member: vlan 'eth0.1': a network belongs on the bond, not on its member: this one is in bond "
          "'a'\n" },
        { "a VLAN on a member",
          { "bond|name=a|members=eth0|members=eth1", "vlan|pif=eth0|tag=1" },
          "parent-is-member: vlan 'eth0.1': 'eth0' is a member of bond 'a': name the bond instead\n" },
        { "a tunnel over a member",
          { "bond|name=a|members=eth0|members=eth1", "tunnel|network=n|transport=eth1" },
          "parent-is-member: tunnel 'n/eth1': 'eth1' is a member of bond 'a': name the bond instead\n" },
        { "an address twice",
          { "pif|device=eth0|ipv4.address=192.0.2.1/24", "pif|device=eth1|ipv4.address=192.0.2.1/25" },
          "duplicate-address: pif 'eth1': address '192.0.2.1' is taken by pif 'eth0'\n" },
        { "an address on two hosts",
          { "pif|host=a|device=eth0|ipv4.address=192.0.2.1/24|@1:1",
            "pif|host=b|device=eth0|ipv4.address=192.0.2.1/24" },
          "duplicate-address: pif 'eth0' on host 'b': address '192.0.2.1' is taken by pif 'eth0' on host 'a' at "
          "1:1\n" },
        { "an address of a network and a NIC",
          { "network|name=n|ipv6.address=2001:db8::1/64", "pif|device=e|ipv6.address=2001:db8::1/64" },
          "duplicate-address: pif 'e': address '2001:db8::1' is taken by network 'n'\n" },
        { "a second management interface in the subnet of the first",
          { "pif|device=eth0|ipv4.address=192.0.2.1/24|management=true|@1:1",
            "pif|device=eth1|ipv4.address=192.0.2.2/24|management=true|@2:2" },
          "same-subnet 2:2 pifs[0].ipv4.address: pif 'eth1': the subnet 192.0.2.0/24 is that of pif 'eth0' at 1:1 "
          "too; a "
          "management interface needs one of its own\n" },
        { "the second first",
          { "pif|device=eth1|ipv4.address=192.0.2.2/24", "pif|device=eth0|ipv4.address=192.0.2.1/24|management=true" },
          "same-subnet: pif 'eth0': the subnet 192.0.2.0/24 is that of pif 'eth1' too; a management interface needs "
          "one "
          "of its own\n" },
        { "management said by another item of the device",
          { "bond|name=bond0|management=true", "pif|device=bond0|ipv4.address=192.0.2.1/24",
            "pif|device=eth1|ipv4.address=192.0.2.2/24" },
          "same-subnet: pif 'eth1': the subnet 192.0.2.0/24 is that of pif 'bond0' too; a management interface needs "
          "one "
          "of its own\n" },
        { "its own member",
          { "bond|name=a|members=a|members=eth0|@3:5" },
          "cycle 3:5 bonds[0]: bond 'a': it stands on itself\n" },
        { "a VLAN on itself", { "vlan|pif=v0|tag=1|device=v0" }, "cycle: vlan 'v0.1': it stands on itself\n" },
        { "a bond of its own VLANs",
          { "bond|name=a|members=a.1|members=a.2|@1:1", "vlan|pif=a|tag=1|@2:2", "vlan|pif=a|tag=2|@3:3" },
          "cycle 2:2 vlans[0]: vlan 'a.1': it stands on bond 'a' at 1:1, which stands on it\n"
          "cycle 3:3 vlans[0]: vlan 'a.2': it stands on bond 'a' at 1:1, which stands on it\n" },
        { "VLANs in a ring",
          { "vlan|pif=c|tag=1|device=a", "vlan|pif=a|tag=1|device=b", "vlan|pif=b|tag=1|device=c" },
          "cycle: vlan 'a.1': it stands on vlan 'c.1', which stands on it\n" },
        { "a tunnel over its own VLAN",
          { "tunnel|network=n|transport=t0.5|device=t0", "vlan|pif=t0|tag=5" },
          "cycle: vlan 't0.5': it stands on tunnel 'n/t0.5', which stands on it\n" },
        { "an MTU above the parent's",
          { "network|name=big|mtu=9000", "network|name=small|mtu=1500", "pif|device=eth0|network=small",
            "vlan|pif=eth0|tag=1|network=big" },
          "mtu-above-parent: vlan 'eth0.1': the MTU 9000 of its network is above the 1500 of its parent 'eth0'\n" },
        { "an MTU said of the VLAN's device",
          { "network|name=big|mtu=9000", "network|name=small|mtu=1500", "bond|name=b0", "pif|device=b0|network=small",
            "vlan|pif=b0|tag=1", "pif|device=b0.1|network=big" },
          "mtu-above-parent: vlan 'b0.1': the MTU 9000 of its network is above the 1500 of its parent 'b0'\n" },
};

START_TEST(a_rule_across_objects_has_its_message)
{
        mt_run(&across[_i]);
}
END_TEST

/* ---- nothing is wrong with these ---- */

static const struct mt_case fine[] = {
        { "nothing", { NULL }, "" },
        { "all by default",
          { "network|name=n", "pif|device=e", "bond|name=b", "vlan|pif=e|tag=1", "tunnel|network=m|transport=e",
            "vif|domain=4|device=0" },
          "" },
        { "two items, one claim", { "pif|device=bond0|network=x", "bond|name=bond0|network=x" }, "" },
        { "two items, one claim, the other way",
          { "bond|name=bond0|network=x|ipv4.address=192.0.2.1/24|management=true",
            "pif|device=bond0|network=x|ipv4.address=192.0.2.1/24|management=true" },
          "" },
        { "a VLAN and its pif item",
          { "vlan|pif=eth1|tag=7|network=x", "pif|device=eth1.7|network=x|ipv4.address=192.0.2.1/24" },
          "" },
        { "a VLAN and the pif item of its device",
          { "vlan|pif=eth1|tag=7|network=x|device=v7", "pif|device=v7|network=x" },
          "" },
        { "a tunnel and the pif item of its device",
          { "tunnel|network=x|transport=eth0|device=t0", "pif|device=t0|plugged=true" },
          "" },
        { "a tag said twice",
          { "vlan|pif=eth1|tag=7|network=x", "vlan|pif=eth1|tag=7|network=x", "vlan|pif=eth1|tag=7|plugged=true" },
          "" },
        { "hosts apart",
          { "pif|host=a|device=eth0|network=n", "pif|host=b|device=eth1|network=n",
            "bond|host=a|name=x|members=eth2|members=eth3", "bond|host=b|name=y|members=eth2|members=eth4" },
          "" },
        { "members elsewhere",
          { "bond|host=a|name=x|members=eth0|members=eth1",
            "pif|host=b|device=eth0|network=n|ipv4.address=192.0.2.1/24" },
          "" },
        { "hosts whose names run together",
          { "pif|host=a|device=eth0|network=b/n", "pif|host=a/b|device=eth1|network=n" },
          "" },
        { "what goes claims nothing",
          { "bond|name=x|members=eth0|members=eth1|absent", "pif|device=eth0|network=n",
            "vlan|pif=eth0|tag=1|network=n|absent", "bond|name=y|members=eth1|members=eth2" },
          "" },
        { "tunnels beside a PIF",
          { "pif|device=eth0|network=n", "tunnel|network=n|transport=eth1", "tunnel|network=n|transport=eth2" },
          "" },
        { "a bridge with the name of a renamed NIC",
          { "network|name=backnet|bridge=eth0", "pif|device=eth0|rename=peth0|network=backnet",
            "vif|domain=4|device=0|network=backnet" },
          "" },
        { "a NIC by both its names",
          { "pif|device=eth0|rename=peth0|network=n", "pif|device=peth0|network=n|plugged=true" },
          "" },
        { "NICs that nobody knows yet",
          { "pif|match.mac=02:00:00:00:00:01|network=n", "pif|device=eth0|network=n", "pif|match.pci=0|network=n" },
          "" },
        { "a network by name and by bridge",
          { "network|name=n|bridge=br0", "network|bridge=br0|mtu=9000", "network|uuid=u|bridge=br0" },
          "" },
        { "one address in two items",
          { "bond|name=b|host=a|ipv4.address=192.0.2.1/24", "pif|device=b|ipv4.address=192.0.2.1/24" },
          "" },
        { "one address twice with other lengths",
          { "pif|device=e|ipv4.address=192.0.2.1/24|ipv4.address=192.0.2.1/32" },
          "" },
        { "link-local addresses are each device's own",
          { "pif|device=e|host=a|host=b|ipv6.address=fe80::1/64", "pif|device=f|ipv6.address=fe80::1/64" },
          "" },
        { "management in a subnet of its own",
          { "pif|device=e|ipv4.address=192.0.2.1/24|management=true", "pif|device=f|ipv4.address=198.51.100.1/24",
            "pif|device=g|ipv4.address=198.51.100.2/24" },
          "" },
        { "a subnet shared over hosts",
          { "pif|host=a|device=e|ipv4.address=192.0.2.1/24|management=true",
            "pif|host=b|device=e|ipv4.address=192.0.2.2/24|management=true" },
          "" },
        { "a point-to-point address",
          { "pif|device=e|ipv4.address=192.0.2.0/31|ipv4.gateway=192.0.2.1", "pif|device=f|ipv4.address=192.0.2.4/32" },
          "" },
        { "a link-local gateway", { "pif|device=e|ipv6.address=2001:db8::1/64|ipv6.gateway=fe80::1" }, "" },
        { "a gateway beside what is there", { "pif|device=e|ipv4.gateway=192.0.2.1" }, "" },
        { "static without an address", { "pif|device=e|ipv4.mode=static" }, "" },
        { "dhcp with none", { "pif|device=e|ipv4.mode=dhcp|ipv4.address=" }, "" },
        { "a member with what it may have",
          { "bond|name=a|members=eth0|members=eth1",
            "pif|device=eth0|ipv4.mode=none|ipv4.address=|~network|management=false|plugged=true" },
          "" },
        { "a deep stack",
          { "bond|name=a|members=eth0|members=eth1", "vlan|pif=a|tag=1|device=b", "vlan|pif=b|tag=1|device=c",
            "vlan|pif=c|tag=1|device=d", "tunnel|network=n|transport=d|device=t", "vlan|pif=t|tag=1" },
          "" },
        { "the same VLANs on two parents", { "vlan|pif=eth0|tag=1|network=a", "vlan|pif=eth1|tag=1|network=b" }, "" },
        { "an MTU as its parent's, or not known",
          { "network|name=a|mtu=9000", "network|name=b|mtu=9000", "network|name=c", "pif|device=eth0|network=a",
            "vlan|pif=eth0|tag=1|network=b", "pif|device=eth1|network=c", "vlan|pif=eth1|tag=1|network=d" },
          "" },
        { "what the kernel has of its own, as it is",
          { "pif|device=lo|ipv4.address=192.0.2.1/32", "tunnel|network=n|transport=eth0|device=gre0|absent" },
          "" },
        { "a VLAN that is referred to by more than a device's name",
          { "vlan|pif=a-long-devname|tag=4000|network=n", "pif|device=eth0|network=m" },
          "" },

        { "the bonds of a pool",
          { "network|name=management", "network|name=guest|mtu=9000", "network|name=storage|mtu=9000",
            "bond|name=bond0|members=eth0|members=eth3|mode=active-backup|network=management|management=true",
            "bond|name=bond1|members=eth1|members=eth4|mode=balance-slb|network=guest",
            "bond|name=bond2|members=eth2|members=eth5|mode=active-backup|network=storage",
            "pif|host=xs-1|device=bond0|ipv4.mode=static|ipv4.address=172.16.0.10/27",
            "pif|host=xs-1|device=bond2|ipv4.mode=static|ipv4.address=172.16.0.35/28",
            "pif|host=xs-2|device=bond0|ipv4.mode=static|ipv4.address=172.16.0.12/27",
            "pif|host=xs-2|device=bond2|ipv4.mode=static|ipv4.address=172.16.0.36/28" },
          "" },
        { "a VLAN manager",
          { "network|name=tenant-100", "network|name=tenant-101", "vlan|pif=eth1|tag=100|network=tenant-100",
            "vlan|pif=eth1|tag=101|network=tenant-101", "vif|vm=web-1|device=0|network=tenant-100",
            "vif|vm=gateway|device=1|network=Pool-wide network associated with eth1" },
          "" },
};

START_TEST(nothing_is_wrong_with_what_is_right)
{
        mt_run(&fine[_i]);
}
END_TEST

/* ---- time and memory ---- */

/* Bonds, VLANs on them with networks and addresses, all on one host. */
static struct xsnet_state *big_state(unsigned n)
{
        struct xsnet_state *state = NULL;

        ck_assert_int_eq(xsnet_state_new(&state, NULL), 0);
        for (unsigned i = 0; i < n; i += 4) {
                char text[4][200];

                (void)snprintf(text[0], sizeof(text[0]), "network|name=net-%u|mtu=1500", i);
                (void)snprintf(text[1], sizeof(text[1]), "bond|name=b%u|members=e%u|members=f%u|network=net-%u", i, i,
                               i, i);
                (void)snprintf(text[2], sizeof(text[2]), "vlan|pif=b%u|tag=%u|device=v%u", i, i % 4094, i);
                (void)snprintf(text[3], sizeof(text[3]), "pif|device=v%u|ipv4.address=10.%u.%u.%u/30", i, i >> 16,
                               i >> 8 & 255, (i & 252) + 1);
                for (int k = 0; k < 4; k++) {
                        struct xsnet_object *obj = mt_object(text[k]);

                        ck_assert_int_eq(xsnet_state_add(state, obj, NULL), 0);
                        xsnet_object_unref(obj);
                }
        }
        return state;
}

/* tests/bench/bench_pure measures how the time grows. */
START_TEST(twenty_thousand_objects_are_checked_at_once)
{
        struct xsnet_state *state = big_state(20000);
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsnet_state_check(state, &err), 0);
        xsnet_state_unref(state);
}
END_TEST

/* Each bond has all bonds of the next layer as members: as many ways as 30 to the 20th. */
START_TEST(a_mesh_of_bonds_is_walked_once)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsnet_state_new(&state, NULL), 0);
        for (int layer = 0; layer < 20; layer++) {
                for (int i = 0; i < 30; i++) {
                        struct xsnet_object *obj = NULL;
                        char name[32];

                        ck_assert_int_eq(xsnet_object_new(XSNET_KIND_BOND, &obj, NULL), 0);
                        (void)snprintf(name, sizeof(name), "b%d-%d", layer, i);
                        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_NAME, name), 0);
                        for (int k = 0; k < 30; k++) {
                                (void)snprintf(name, sizeof(name), "b%d-%d", layer + 1, k);
                                ck_assert_int_eq(xsn_strs_add(&XSN_BOND(obj)->members, name), 0);
                        }
                        xsn_object_mark(obj, XSNET_FIELD_MEMBERS);
                        ck_assert_int_eq(xsnet_state_add(state, obj, NULL), 0);
                        xsnet_object_unref(obj);
                }
        }
        ck_assert_int_eq(xsnet_state_check(state, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "device-used-twice");
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                ck_assert_str_ne(xsnet_error_get_reason(e), "cycle");
        xsnet_error_free(err);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(a_stack_of_thousands_of_vlans_does_not_exhaust_the_stack)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        unsigned n = fewer(20000);

        ck_assert_int_eq(xsnet_state_new(&state, NULL), 0);
        for (unsigned i = 0; i < n; i++) {
                struct xsnet_object *obj = NULL;
                char spec[80];

                (void)snprintf(spec, sizeof(spec), "vlan|pif=v%u|tag=1|device=v%u", (i + 1) % n, i);
                obj = mt_object(spec);
                ck_assert_int_eq(xsnet_state_add(state, obj, NULL), 0);
                xsnet_object_unref(obj);
        }
        ck_assert_int_eq(xsnet_state_check(state, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "cycle");
        ck_assert_ptr_null(xsnet_error_get_next(err));
        xsnet_error_free(err);
        xsnet_state_unref(state);
}
END_TEST

/* Right and wrong documents alike: never a crash or a leak, and never "all is well" or a wrong error. */
START_TEST(without_memory_the_check_says_so)
{
        const struct mt_case *c =
                _i < (int)XSN_ARRAY_SIZE(across) ? &across[_i] : &fine[_i - (int)XSN_ARRAY_SIZE(across)];
        struct xsnet_state *state = mt_state(c->specs);

        for (unsigned long n = 1;; n++) {
                struct xsnet_error *err = NULL;
                bool oom = false;
                int r;

                failalloc_at(n);
                r = xsnet_state_check(state, &err);
                failalloc_off();
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, *c->errors ? -EINVAL : 0);
                        xsnet_error_free(err);
                        break;
                }
                for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                        oom = oom || xsnet_error_get_code(e) == -ENOMEM;
                ck_assert(r < 0);
                ck_assert_msg(oom || *c->errors, "%s: allocation %lu of %lu", c->name, n, failalloc_count());
                xsnet_error_free(err);
        }
        xsnet_state_unref(state);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/check_state");
        TCase *tc = tcase_create("check"), *slow = tcase_create("big");

        tcase_add_loop_test(tc, a_rule_across_objects_has_its_message, 0, XSN_ARRAY_SIZE(across));
        tcase_add_loop_test(tc, nothing_is_wrong_with_what_is_right, 0, XSN_ARRAY_SIZE(fine));
        tcase_add_loop_test(tc, without_memory_the_check_says_so, 0, XSN_ARRAY_SIZE(across) + XSN_ARRAY_SIZE(fine));
        tcase_set_timeout(slow, 100);
        tcase_add_test(slow, twenty_thousand_objects_are_checked_at_once);
        tcase_add_test(slow, a_mesh_of_bonds_is_walked_once);
        tcase_add_test(slow, a_stack_of_thousands_of_vlans_does_not_exhaust_the_stack);
        suite_add_tcase(suite, tc);
        suite_add_tcase(suite, slow);
        return unit_main(suite);
}
