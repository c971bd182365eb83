/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of xsn_object_check(), through xsnet_state_check(): one case a rule within an object, with its message. */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "model_test.h"
#include "unit.h"

static const struct mt_case within[] = {
        { "identity of a network",
          { "network|mtu=1500" },
          "missing-field: network: expected 'name' or 'uuid', which say what it is, found neither\n" },
        { "identity of a pif",
          { "pif|network=n|@3:5" },
          "missing-field 3:5 pifs[0]: pif: expected 'device', which says what it is, found nothing\n" },
        { "identity of a bond",
          { "bond|members=a|members=b" },
          "missing-field: bond: expected 'name', which says what it is, found nothing\n" },
        { "identity of a vlan",
          { "vlan" },
          "missing-field: vlan: expected 'pif', which says what it is, found nothing\n"
          "missing-field: vlan: expected 'tag', which says what it is, found nothing\n" },
        { "identity of a tunnel",
          { "tunnel|transport=eth0" },
          "missing-field: tunnel: expected 'network', which says what it is, found nothing\n" },
        { "identity of a vif",
          { "vif|network=n" },
          "missing-field: vif: expected 'vm' or 'domain', which say what it is, found neither\n"
          "missing-field: vif: expected 'device', which says what it is, found nothing\n" },
        { "identity counts for what goes, too",
          { "pif|absent" },
          "missing-field: pif: expected 'device', which says what it is, found nothing\n" },
        { "vm and domain",
          { "vif|vm=web-1|domain=4|device=0" },
          "conflict: vif 'web-1/0': domain: a vif is named by vm or by domain, not both\n" },
        { "a member too few",
          { "bond|name=b|members=eth0|@3:5" },
          "too-few-members 3:5 bonds[0].members: bond 'b': members: expected two devices or more, found 1\n" },
        { "no members",
          { "bond|name=b|members=" },
          "too-few-members: bond 'b': members: expected two devices or more, found 0\n" },
        { "primary",
          { "bond|name=b|members=eth0|members=eth1|primary=eth2" },
          "not-a-member: bond 'b': primary: 'eth2' is not one of the members\n" },
        { "primary and mode",
          { "bond|name=b|mode=lacp|primary=eth0" },
          "wrong-mode: bond 'b': primary: works with active-backup, balance-tlb and balance-alb only\n" },
        { "lacp-rate and mode",
          { "bond|name=b|mode=broadcast|lacp-rate=fast" },
          "wrong-mode: bond 'b': lacp-rate: works with mode lacp only\n" },
        { "a multicast MAC",
          { "bond|name=b|mac=01:00:00:00:00:01" },
          "bad-value: bond 'b': mac: expected the address of one station, found 01:00:00:00:00:01\n" },
        { "the zero MAC",
          { "vif|domain=4|device=0|mac=00:00:00:00:00:00" },
          "bad-value: vif '4/0': mac: expected the address of one station, found 00:00:00:00:00:00\n" },
        { "a VNI",
          { "tunnel|network=n|transport=eth0|protocol=vxlan|key=16777216" },
          "out-of-range: tunnel 'n/eth0': key: expected a VNI in 0..16777215, found 16777216\n" },
        { "a port of gre",
          { "tunnel|network=n|transport=eth0|protocol=gre|port=1" },
          "wrong-protocol: tunnel 'n/eth0': port: gre has none\n" },
        { "remotes",
          { "tunnel|network=n|transport=eth0|local=192.0.2.1|remotes=192.0.2.2|remotes=192.0.2.1|remotes=2001:db8::1|"
            "remotes=224.0.0.1|remotes=0.0.0.0" },
          "loop: tunnel 'n/eth0': remotes: '192.0.2.1' is the local address\n"
          "mixed-families: tunnel 'n/eth0': remotes: '2001:db8::1' is not of the local address's family\n"
          "bad-value: tunnel 'n/eth0': remotes: '224.0.0.1' is not the address of one host\n"
          "bad-value: tunnel 'n/eth0': remotes: '0.0.0.0' is not the address of one host\n" },
        { "remotes of two families",
          { "tunnel|network=n|transport=eth0|remotes=192.0.2.2|remotes=2001:db8::1" },
          "mixed-families: tunnel 'n/eth0': remotes: '2001:db8::1' is not of the first one's family\n" },
        { "a multicast local",
          { "tunnel|network=n|transport=eth0|local=224.0.0.1" },
          "bad-value: tunnel 'n/eth0': local: expected the address of one host\n" },
        { "addresses that no host has",
          { "pif|device=e|ipv4.address=0.0.0.0/8|ipv4.address=224.0.0.1/24|ipv4.address=192.0.2.7/0|"
            "ipv4.address=192.0.2.0/24|ipv4.address=192.0.2.255/24|ipv4.address=127.0.0.1/8|"
            "ipv6.address=ff02::1/64|ipv6.address=::1/128|@3:5" },
          "bad-address 3:5 pifs[0].ipv4.address: pif 'e': expected the address of one host, found '0.0.0.0/8'\n"
          "bad-address 3:5 pifs[0].ipv4.address: pif 'e': expected the address of one host, found '224.0.0.1/24'\n"
          "bad-address 3:5 pifs[0].ipv4.address: pif 'e': expected the address of one host, found '192.0.2.7/0'\n"
          "bad-address 3:5 pifs[0].ipv4.address: pif 'e': '192.0.2.0/24' is its network's own or broadcast address\n"
          "bad-address 3:5 pifs[0].ipv4.address: pif 'e': '192.0.2.255/24' is its network's own or broadcast address\n"
          "bad-address 3:5 pifs[0].ipv4.address: pif 'e': expected the address of one host, found '127.0.0.1/8'\n"
          "bad-address 3:5 pifs[0].ipv6.address: pif 'e': expected the address of one host, found 'ff02::1/64'\n"
          "bad-address 3:5 pifs[0].ipv6.address: pif 'e': expected the address of one host, found '::1/128'\n" },
        { "dhcp and an address",
          { "pif|device=e|ipv4.mode=dhcp|ipv4.address=192.0.2.1/24|ipv4.gateway=192.0.2.2" },
          "conflict: pif 'e': mode dhcp and an address contradict each other\n"
          "conflict: pif 'e': mode dhcp and a gateway contradict each other\n" },
        { "autoconf and an address",
          { "pif|device=e|ipv6.mode=autoconf|ipv6.address=2001:db8::1/64" },
          "conflict: pif 'e': mode autoconf and an address contradict each other\n" },
        { "none and an address",
          { "network|name=n|ipv4.mode=none|ipv4.address=192.0.2.1/24" },
          "conflict: network 'n': mode none and an address contradict each other\n" },
        { "a gateway elsewhere",
          { "pif|device=e|ipv4.address=192.0.2.1/24|ipv4.gateway=198.51.100.1" },
          "gateway-unreachable: pif 'e': the gateway 198.51.100.1 is in the subnet of none of the addresses\n" },
        { "a gateway without any address",
          { "pif|device=e|ipv4.address=|ipv4.gateway=198.51.100.1" },
          "gateway-unreachable: pif 'e': the gateway 198.51.100.1 is in the subnet of none of the addresses\n" },
        { "itself as its gateway",
          { "pif|device=e|ipv6.address=2001:db8::1/64|ipv6.gateway=2001:db8::1" },
          "loop: pif 'e': the gateway 2001:db8::1 is one of its own addresses\n" },
        { "a gateway that is no host",
          { "pif|device=e|ipv4.address=192.0.2.1/24|ipv4.gateway=0.0.0.0" },
          "bad-address: pif 'e': expected the address of one host, found '0.0.0.0'\n" },
        { "the broadcast address as a gateway",
          { "pif|device=e|ipv4.address=192.0.2.1/24|ipv4.gateway=192.0.2.255" },
          "bad-address: pif 'e': the gateway 192.0.2.255 is its network's own or broadcast address\n" },
        { "an end of a network of two",
          { "pif|device=e|ipv4.address=192.0.2.0/31|ipv4.gateway=192.0.2.1" },
          "" },
        { "a route via no host",
          { "pif|device=e|routes=10.0.0.0/8 via 224.0.0.1" },
          "bad-address: pif 'e': expected a route via the address of one host, found '224.0.0.1'\n" },
        { "one address for two hosts",
          { "pif|device=e|host=xs-1|host=xs-2|ipv4.address=192.0.2.1/24" },
          "duplicate-address: pif 'e': one static address cannot be on 2 hosts\n" },
        { "the kernel's own names",
          { "tunnel|network=n|transport=eth0|device=bonding_masters", "vlan|pif=eth0|tag=1|device=gretap0",
            "network|name=n|bridge=all", "bond|name=default", "pif|device=eth0|rename=lo" },
          "reserved-name: tunnel 'n/eth0': device: 'bonding_masters' is a name of the kernel's own\n"
          "reserved-name: vlan 'eth0.1': device: 'gretap0' is a name of the kernel's own\n"
          "reserved-name: network 'n': bridge: 'all' is a name of the kernel's own\n"
          "reserved-name: bond 'default': name: 'default' is a name of the kernel's own\n"
          "reserved-name: pif 'eth0': rename: 'lo' is a name of the kernel's own\n" },
};

START_TEST(a_rule_within_an_object_has_its_message)
{
        mt_run(&within[_i]);
}
END_TEST

START_TEST(the_document_is_named_in_the_place)
{
        static const char *const specs[] = { "bond|name=b|members=eth0|@14:9", NULL };
        struct xsnet_state *state = mt_state(specs);
        struct xsnet_object *obj = state->objects[0];
        struct xsnet_error *err = NULL;

        state->source = xsn_strdup("host.yaml");
        obj->item = 2;
        obj->field_pos = xsn_alloc_array(xsn_class_n_fields(obj->cls), sizeof(*obj->field_pos));
        obj->field_pos[xsn_class_index(obj->cls, XSNET_FIELD_MEMBERS)] = (struct xsn_pos){ 15, 20 };
        ck_assert_int_eq(xsnet_state_check(state, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_where(err), "host.yaml:15:20 bonds[2].members");
        xsnet_error_free(err);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(a_long_message_ends_with_a_whole_character)
{
        char name[4000] = "network|uuid=u|name=", *text = name + strlen(name);
        const char *specs[] = { name, "network|name=b|bridge=b0", "pif|device=b0", NULL };
        struct xsnet_state *state;
        struct xsnet_error *errs = NULL;

        for (int i = 0; i < 1900; i++)
                memcpy(text + 2 * i, "\xc3\xa4", 3);
        state = mt_state(specs);
        for (int shift = 0; shift < 2; shift++) {
                xsn_object_error(state->objects[1], NULL, 0, &errs, -EINVAL, "x", "%s%s", shift ? "x" : "", text);
                ck_assert(xsn_text_valid(xsnet_error_get_message(errs), false));
                ck_assert_uint_gt(strlen(xsnet_error_get_message(errs)), 1000);
                errs = xsnet_error_free(errs);
        }
        xsnet_state_unref(state);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/check");
        TCase *tc = tcase_create("check");

        tcase_add_loop_test(tc, a_rule_within_an_object_has_its_message, 0, XSN_ARRAY_SIZE(within));
        tcase_add_test(tc, the_document_is_named_in_the_place);
        tcase_add_test(tc, a_long_message_ends_with_a_whole_character);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
