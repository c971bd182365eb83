/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused on a real Open vSwitch, before anything is written, as somebody else would lose by it. */
#include "ovs_test.h"

#define DOC "format: 1\nowner: lab\n"

START_TEST(a_bond_takes_no_member_away_from_a_bridge_of_xapi)
{
        struct host h;

        host_new(&h);
        host_sh(&h, "$V add-br xenbr0 -- set Bridge xenbr0 datapath_type=netdev -- add-port xenbr0 eth0 -- "
                    "br-set-external-id xenbr0 xs-network-uuids 1111");
        ck_refused(&h, DOC "networks: [{name: n}]\n"
                           "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: n}]\n",
                   -EPERM, XSNET_OUTCOME_UNCHANGED, "XAPI");
        ck_host_says(&h, "$V list-ports xenbr0", "eth0\n");
        host_free(&h);
}
END_TEST

START_TEST(a_tag_that_others_gave_is_not_lost_with_a_network_that_becomes_a_vlans)
{
        struct host h;

        host_new(&h);
        ck_applies(&h, DOC "networks: [{name: br0}, {name: br1}, {name: br2}]\n"
                           "pifs: [{device: eth0, network: br0}]\n");
        host_sh(&h, "$V add-port br1 vif1.0 tag=77");
        ck_refused(&h, DOC "networks: [{name: br1}]\nvlans: [{pif: eth0, tag: 7, network: br1}]\n", -EBUSY,
                   XSNET_OUTCOME_UNCHANGED, "'vif1.0' has a tag");
        ck_host_says(&h, "$V get Port vif1.0 tag", "77\n");
        /* A document that says where it is to be has the last word. */
        ck_applies(&h, DOC "networks: [{name: br1}]\nvlans: [{pif: eth0, tag: 7, network: br1}]\n"
                           "vifs: [{domain: 1, device: 0, network: br2}]\n");
        ck_host_says(&h, "$V list-ports br2; $V get Port vif1.0 tag", "vif1.0\n[]\n");
        host_free(&h);
}
END_TEST

START_TEST(what_hangs_where_documents_do_not_reach_is_neither_moved_nor_shared)
{
        struct host h;

        host_new(&h);
        host_sh(&h, "$V --no-wait add-br bridge-with-a-long-name -- set Bridge bridge-with-a-long-name "
                    "datapath_type=netdev -- add-port bridge-with-a-long-name eth0");
        ck_refused(&h, DOC "networks: [{name: n}]\npifs: [{device: eth0, network: n}]\n", -EEXIST,
                   XSNET_OUTCOME_UNCHANGED, "'eth0'");
        ck_refused(&h, DOC "networks: [{name: n}]\n"
                           "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: n}]\n",
                   -EEXIST, XSNET_OUTCOME_UNCHANGED, "'eth0'");
        host_free(&h);
}
END_TEST

START_TEST(a_bond_without_lacp_has_no_other_hash)
{
        struct host h;

        host_new(&h);
        ck_refused(&h, DOC "networks: [{name: n}]\nbonds: [{name: bond0, members: [eth1, eth2], mode: balance-slb,\n"
                           "         hash: tcpudp-ports, network: n}]\n",
                   -EOPNOTSUPP, XSNET_OUTCOME_UNCHANGED, "src-mac alone");
        /* That of LACP goes with it, unasked. */
        ck_applies(&h, DOC "networks: [{name: n}]\nbonds: [{name: bond0, members: [eth1, eth2], mode: lacp,\n"
                           "         hash: tcpudp-ports, network: n}]\n");
        ck_applies(&h, DOC "bonds: [{name: bond0, mode: active-backup}]\n");
        ck_host_says(&h, "$V get Port bond0 bond_mode lacp", "active-backup\noff\n");
        host_free(&h);
}
END_TEST

START_TEST(a_key_that_stands_for_a_field_is_said_by_the_field)
{
        struct host h;

        host_new(&h);
        ck_refused(&h, DOC "networks: [{name: n, other-config: {hwaddr: '02:00:00:00:00:09', mine: 'yes'}}]\n", -EINVAL,
                   XSNET_OUTCOME_UNCHANGED, "other-config.hwaddr: ovs:");
        ck_refused(&h, DOC "networks: [{name: n}]\nbonds: [{name: bond0, members: [eth1, eth2], mode: active-backup,\n"
                           "         network: n, other-config: {bond-primary: eth2}}]\n",
                   -EINVAL, XSNET_OUTCOME_UNCHANGED, "other-config.bond-primary: the field primary sets this key");
        ck_applies(&h, DOC "networks: [{name: n, other-config: {mine: 'yes'}}]\n");
        host_free(&h);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_refused");
        TCase *tc = tcase_create("refused");

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_bond_takes_no_member_away_from_a_bridge_of_xapi);
        tcase_add_test(tc, a_tag_that_others_gave_is_not_lost_with_a_network_that_becomes_a_vlans);
        tcase_add_test(tc, what_hangs_where_documents_do_not_reach_is_neither_moved_nor_shared);
        tcase_add_test(tc, a_bond_without_lacp_has_no_other_hash);
        tcase_add_test(tc, a_key_that_stands_for_a_field_is_said_by_the_field);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
