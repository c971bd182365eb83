/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back of bonds, VLANs and tunnels, and what is left of a NIC when these go. Kernels without them (a missing
 * module) skip this; it runs in the kernel lab, which has them all.
 */
#include <stdio.h>

#include "linux_rollback.h"

static struct world w;

static void setup(void)
{
        world_enter();
        for (int i = 0; i < 4; i++)
                sh("ip link add eth%d address 02:00:00:00:01:0%d type veth peer name far%d && ip link set far%d up"
                   " && ip link set eth%d up", i, i, i, i, i);
        sh("ip addr add 192.0.2.10/24 dev eth0 && ip route add default via 192.0.2.1 metric 50 proto 42");
        world_open(&w);
}

static void teardown(void)
{
        world_close(&w);
}

/* The monitor of a bond takes its time. */
static void there_and_back(const char *text, const char *command, const char *change)
{
        world_there_and_back(&w, 30, text, command, change);
}

/* A bond by hand, whose address is that of its second member, which carries the frames. */
static void make_bond(void)
{
        sh("ip link add bond0 type bond mode active-backup miimon 100");
        sh("ip link set eth1 down && ip link set eth2 down");
        sh("ip link set eth2 master bond0 && ip link set eth1 master bond0 && ip link set bond0 up");
        sh("ip addr add 198.51.100.1/24 dev bond0 && ip route add 203.0.113.0/24 via 198.51.100.2 proto 43 table 7");
        usleep(300000);
        ck_says("ip link show bond0", "02:00:00:00:01:02");
        ck_says("ip -d link show bond0", "active_slave eth2");
}

START_TEST(a_bond_has_its_address_and_active_member_again_after_another_mode)
{
        make_bond();
        there_and_back("format: 1\nbonds: [{name: bond0, mode: balance-rr}]\n", "ip -d link show bond0", "balance-rr");
}
END_TEST

START_TEST(a_bond_keeps_its_address_in_another_mode)
{
        make_bond();
        world_apply(&w, "format: 1\nbonds: [{name: bond0, mode: balance-rr}]\n");
        ck_says("ip link show bond0", "02:00:00:00:01:02");
}
END_TEST

START_TEST(a_bond_of_other_members_has_the_address_of_the_first)
{
        make_bond();
        sh("ip link add lan type bridge && ip link set lan up && ip link set bond0 master lan");
        world_apply(&w, "format: 1\nbonds: [{name: bond0, members: [eth3, eth0]}]\n");
        ck_says("ip link show bond0", "02:00:00:00:01:03");
        ck_says("ip link show lan", "02:00:00:00:01:03");
        ck_says("ip link show eth2", "02:00:00:00:01:02");
}
END_TEST

START_TEST(a_bond_has_its_address_and_active_member_again_after_other_members)
{
        make_bond();
        there_and_back("format: 1\nbonds: [{name: bond0, members: [eth1, eth3]}]\n", "ip link show eth3",
                       "master bond0");
}
END_TEST

START_TEST(a_bond_that_was_made_again_is_the_same)
{
        make_bond();
        there_and_back("format: 1\nbonds: [{name: bond0, absent: true, adopt: true}]\n", "ip link show bond0 2>&1",
                       "does not exist");
}
END_TEST

/* The NIC gets what is on the bond, and more: its change is not all the bond's. */
START_TEST(addresses_of_others_are_theirs_again_when_bond_and_nic_changed)
{
        make_bond();
        sh("ip addr add 198.51.100.9/24 dev bond0 noprefixroute label bond0:x");
        there_and_back("format: 1\nowner: t\nbonds: [{name: bond0, absent: true, adopt: true}]\n"
                       "networks: [{name: lan}]\npifs: [{device: eth1, network: lan,\n"
                       "        ipv4: {address: [198.51.100.1/24, 198.51.100.9/24, 198.51.100.7/24]}}]\n",
                       "ip addr show lan 2>&1", "198.51.100.7/24");
}
END_TEST

/* Its addresses go with it, and its routes with them. */
START_TEST(a_vlan_that_was_made_again_is_the_same)
{
        sh("ip link add link eth1 name v5 address 02:00:00:00:05:05 type vlan id 5 egress-qos-map 1:3");
        sh("ip link set v5 up && ip addr add 10.0.0.1/24 dev v5 && ip addr add 10.0.1.1/24 dev v5 preferred_lft 0");
        sh("ip route add 10.8.0.0/16 via 10.0.0.2 proto 44 && ip route add 10.9.0.0/16 dev v5 table 9");
        there_and_back("format: 1\nvlans: [{pif: eth1, tag: 5, absent: true, adopt: true}]\n",
                       "ip link show v5 2>&1", "does not exist");
}
END_TEST

START_TEST(tunnels_that_were_made_again_have_their_addresses)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: p}, {name: q}, {name: r}]\ntunnels:\n"
                        "- {network: p, transport: eth0, protocol: gre, key: 7, remotes: [192.0.2.20, 192.0.2.21]}\n"
                        "- {network: q, transport: eth0, protocol: vxlan, key: 8, remotes: [192.0.2.20, 192.0.2.21]}\n"
                        "- {network: r, transport: eth0, protocol: geneve, key: 9, remotes: [192.0.2.20]}\n");
        there_and_back("format: 1\nowner: t\ntunnels: [{network: p, transport: eth0, absent: true},\n"
                       "  {network: q, transport: eth0, absent: true}, {network: r, transport: eth0, absent: true}]\n",
                       "ip link show type gretap | grep -c xt || :", "0");
        there_and_back("format: 1\nowner: t\ntunnels: [{network: p, transport: eth0, remotes: [192.0.2.21]}]\n",
                       "ip link show type gretap | grep -c xt", "1");
}
END_TEST

static void come_and_go(const char *comes, const char *goes)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        picture(before);
        world_apply(&w, comes);
        world_apply(&w, goes);
        picture(after);
        ck_same(before, after);
}

/* With an owner and without one. */
static const char *const owners[] = { "format: 1\nowner: t\n", "format: 1\n" };

START_TEST(a_nic_that_was_up_for_a_vlan_only_goes_down_with_the_last)
{
        char one[256], two[256], second[256], none[256];

        sh("ip link set eth1 down");
        snprintf(one, sizeof(one), "%svlans: [{pif: eth1, tag: 5, ipv4: {address: 10.0.0.1/24}}]\n", owners[_i]);
        snprintf(two, sizeof(two), "%svlans: [{pif: eth1, tag: 5}, {pif: eth1, tag: 6}]\n", owners[_i]);
        snprintf(second, sizeof(second), "%svlans: [{pif: eth1, tag: 5, absent: true}]\n", owners[_i]);
        snprintf(none, sizeof(none), "%svlans: [{pif: eth1, tag: 6, absent: true}]\n", owners[_i]);
        world_apply(&w, one);
        world_apply(&w, two);
        ck_says("ip link show eth1", ",UP");
        world_apply(&w, second);
        ck_says("ip link show eth1", ",UP");
        world_apply(&w, none);
        ck_says_not("ip link show eth1", ",UP");
        ck_says_not("ip link show eth1", "alias");
        come_and_go(two, "format: 1\nvlans: [{pif: eth1, tag: 5, absent: true, adopt: true},\n"
                         "        {pif: eth1, tag: 6, absent: true, adopt: true}]\n");
}
END_TEST

/* Others' devices on it: the last VLAN of ours takes it down from under none of them. */
START_TEST(a_nic_stays_up_for_the_devices_of_others_when_its_last_vlan_goes)
{
        static const char *const devices[] = {
                "ip link add mv0 link eth1 type macvlan mode bridge && ip addr add 10.9.0.1/24 dev mv0",
                "ip link add mv0 link eth1 type vlan proto 802.1ad id 8 && ip addr add 10.9.0.1/24 dev mv0",
        };

        sh("ip link set eth1 down");
        world_apply(&w, "format: 1\nowner: t\nvlans: [{pif: eth1, tag: 5}, {pif: eth1, tag: 6}]\n");
        sh("%s && ip link set mv0 up", devices[_i]);
        world_apply(&w, "format: 1\nowner: t\nvlans: [{pif: eth1, tag: 5, absent: true},\n"
                        "        {pif: eth1, tag: 6, absent: true}]\n");
        ck_says("ip link show eth1", ",UP");
        ck_says("ip route", "10.9.0.0/24 dev mv0");
}
END_TEST

START_TEST(going_back_deletes_no_vlan_or_bond_that_others_made_meanwhile)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        done = world_plan(&w, "format: 1\nowner: t\nvlans: [{pif: eth1, tag: 5}]\n"
                              "bonds: [{name: bond0, members: [eth2, eth3], mode: lacp}]\n");
        sh("ip link add link eth1 name v5 type vlan id 5 && ip addr add 10.9.0.1/24 dev v5 && ip link set v5 up");
        sh("ip link add bond0 type bond mode active-backup miimon 100 && ip link set bond0 up");
        picture(before);
        world_back(&w);
        picture(after);
        ck_same(before, after);
        done = world_plan(&w, "format: 1\nowner: t\nvlans: [{pif: eth3, tag: 5}]\n");
        sh("ip link add link eth3 name eth3.5 type vlan id 5");
        world_back(&w);
        ck_says_not("ip link show", "eth3.5");
}
END_TEST

START_TEST(a_nic_stays_up_for_its_vlan_when_it_leaves_its_network)
{
        sh("ip link set eth1 down");
        world_apply(&w, "format: 1\nvlans: [{pif: eth1, tag: 5}]\n");
        world_apply(&w, "format: 1\nnetworks: [{name: lan}]\npifs: [{device: eth1, network: lan}]\n");
        world_apply(&w, "format: 1\npifs: [{device: eth1, network: null}]\n");
        ck_says("ip link show eth1", ",UP");
        ck_says("ip link show eth1.5", "LOWER_UP");
        world_apply(&w, "format: 1\nvlans: [{pif: eth1, tag: 5, absent: true}]\n");
        ck_says_not("ip link show eth1", ",UP");
}
END_TEST

START_TEST(a_nic_that_loses_vlan_and_network_at_once_is_down_again)
{
        sh("ip link set eth1 down && ip link set eth2 down");
        come_and_go("format: 1\nowner: t\nnetworks: [{name: lan}, {name: tenant}, {name: late}]\n"
                    "pifs: [{device: eth1, network: lan}]\n"
                    "vlans: [{pif: eth1, tag: 5, network: tenant}, {pif: eth2, tag: 5, network: late}]\n", PRUNE);
}
END_TEST

START_TEST(a_vlan_that_goes_back_takes_its_nic_down_again)
{
        sh("ip link set eth1 down");
        there_and_back("format: 1\nvlans: [{pif: eth1, tag: 5}]\n", "ip link show eth1", ",UP");
        world_apply(&w, "format: 1\nvlans: [{pif: eth1, tag: 5}]\n");
        there_and_back("format: 1\nvlans: [{pif: eth1, tag: 5, absent: true}]\n", "ip link show eth1.5 2>&1",
                       "does not exist");
}
END_TEST

START_TEST(members_that_were_down_are_down_again_without_the_bond)
{
        char comes[256], goes[256];

        sh("ip link set eth1 down");
        snprintf(comes, sizeof(comes), "%sbonds: [{name: bond0, members: [eth1, eth2, eth3], mode: lacp}]\n",
                 owners[_i]);
        snprintf(goes, sizeof(goes), "%sbonds: [{name: bond0, members: [eth2, eth3]}]\n", owners[_i]);
        world_apply(&w, comes);
        ck_says("ip link show eth1", ",UP");
        world_apply(&w, goes);
        ck_says_not("ip link show eth1", ",UP");
        snprintf(goes, sizeof(goes), "%sbonds: [{name: bond0, absent: true}]\n", owners[_i]);
        world_apply(&w, goes);
        come_and_go(comes, goes);
        ck_says("ip link show eth2", ",UP");
}
END_TEST

#define LAN            "networks: [{name: lan, mtu: 9000}]\n"
#define FAR(mtu)       "networks: [{name: far, mtu: " mtu "}]\n"
#define BONDED(m, net) "bonds: [{name: bond0, members: [" m "], mode: active-backup, network: " net "}]\n"
#define ALONE(nic)     "pifs: [{device: " nic ", network: null}]\n"
#define IN(nic, net)   "pifs: [{device: " nic ", network: " net "}]\n"

/* What NICs of an MTU of their own go through: documents, one after the other; then all goes. */
static const struct {
        const char *steps[4];
} lives[] = {
        { { LAN BONDED("eth1, eth2", "lan") } },
        /* With a step of its own, as it is named and gets a mark. */
        { { LAN ALONE("eth1") BONDED("eth1, eth2", "lan") } },
        { { LAN IN("eth1", "lan"), FAR("1400") BONDED("eth1, eth2", "far") } },
        { { LAN IN("eth1", "lan"), ALONE("eth1") BONDED("eth1, eth2", "lan") } },
        { { LAN BONDED("eth1, eth2", "lan"), FAR("1400") BONDED("eth1, eth3", "lan") IN("eth2", "far"),
            ALONE("eth2") "bonds: [{name: bond0, members: [eth1, eth2], mode: broadcast}]\n",
            "networks: [{name: lan, mtu: 2000}]\nbonds: [{name: bond0, members: [eth1, eth3]}]\n" } },
        /* From a bond into a network of the same MTU. */
        { { LAN BONDED("eth1, eth2", "lan"), FAR("9000") BONDED("eth2, eth3", "lan") IN("eth1", "far") } },
        { { LAN BONDED("eth1, eth2", "lan"), "bonds: [{name: bond0, absent: true}]\n" IN("eth1", "lan") } },
};

/* Each step there and back, and there: what a bond has to give back shows when its members leave. */
START_TEST(a_nic_has_its_own_mtu_again_after_bonds_and_networks)
{
        char before[PICTURE_MAX], after[PICTURE_MAX], text[512];

        sh("ip link set eth1 mtu 1600 && ip link set eth2 mtu 1700");
        picture(before);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(lives[0].steps) && lives[_i].steps[i]; i++) {
                snprintf(text, sizeof(text), "format: 1\nowner: t\n%s", lives[_i].steps[i]);
                there_and_back(text, NULL, NULL);
                world_apply(&w, text);
        }
        world_there(&w, PRUNE);
        world_back(&w);
        world_apply(&w, PRUNE);
        picture(after);
        ck_same(before, after);
}
END_TEST

/* The address finds its way to a member that was down: that is up then, the others are not. */
START_TEST(a_member_that_gets_the_address_is_up)
{
        sh("ip link set eth1 down && ip link set eth2 down");
        world_apply(&w, "format: 1\nbonds: [{name: bond0, members: [eth0, eth1, eth2], mode: lacp}]\n");
        world_apply(&w, "format: 1\nbonds: [{name: bond0, absent: true}]\n"
                        "pifs: [{device: eth1, ipv4: {address: 192.0.2.10/24}}]\n");
        ck_says("ip link show eth1", ",UP");
        ck_says("ip addr show eth1", "192.0.2.10/24");
        ck_says_not("ip link show eth2", ",UP");
        ck_says("ip link show eth0", ",UP");
}
END_TEST

START_TEST(a_bond_goes_beside_a_nic_that_had_an_address_and_was_down)
{
        sh("ip link set eth1 down && ip link set eth2 down && ip link set eth3 down");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\n"
                        "bonds: [{name: bond0, members: [eth2, eth3], mode: lacp}]\n"
                        "pifs: [{device: eth1, network: a, ipv4: {address: 198.51.100.1/24}}]\n");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a, absent: true}]\n"
                        "bonds: [{name: bond0, absent: true}]\npifs: [{device: eth1, network: null, ipv4: null}]\n");
        for (int i = 1; i <= 3; i++) {
                char command[32];

                snprintf(command, sizeof(command), "ip link show eth%d", i);
                ck_says_not(command, ",UP");
                if (i > 1) /* of eth1 the document says something */
                        ck_says_not(command, "alias");
        }
}
END_TEST

START_TEST(link_local_addresses_of_ipv4_go_into_a_bond_and_out_of_it)
{
        static const struct {
                int nic;
                const char *members, *heir;
        } cases[] = { { 0, "eth0, eth1", "ip addr show eth0" },
                      { 2, "eth2, eth3", "ip addr show eth2" },
                      { 3, "eth2, eth3", "ip addr show eth2" } };
        char text[128];

        snprintf(text, sizeof(text), "format: 1\nowner: t\nbonds: [{name: bond0, members: [%s], mode: lacp}]\n",
                 cases[_i].members);
        sh("ip addr add 169.254.7.7/16 dev eth%d", cases[_i].nic);
        there_and_back(text, "ip addr show bond0 2>&1", "169.254.7.7/16");
        world_apply(&w, text);
        ck_says("ip addr show bond0", "169.254.7.7/16");
        world_apply(&w, PRUNE);
        ck_says(cases[_i].heir, "169.254.7.7/16");
}
END_TEST

START_TEST(a_bond_whose_members_have_router_advertisements_comes_and_goes)
{
        sh("ip -6 addr add 2001:db8:7::5/64 dev eth0 nodad valid_lft 3600 preferred_lft 3600");
        world_there(&w, "format: 1\nowner: t\nbonds: [{name: bond0, members: [eth0, eth1], mode: lacp}]\n");
        ck_says("ip link show bond0", "v6=auto");
        world_back(&w);
        ck_says_not("ip link show eth0", "alias");
        ck_says("cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6", "0");
}
END_TEST

/* Kernels that do not tell whose an address is: that a NIC was down is no sign that its addresses are ours. */
START_TEST(a_mark_of_how_a_nic_was_makes_no_address_ours)
{
        const struct xsnet_object *pif;

        sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && ip link set lo down && ip addr flush dev lo");
        sh("ip link set eth1 down && ip addr add 10.0.0.1/24 dev eth1");
        world_apply(&w, "format: 1\nvlans: [{pif: eth1, tag: 5}]\n");
        ck_says("ip link show eth1", "alias xsnet:;up=no");
        world_observe(&w);
        ck_assert(!((struct lx *)(void *)w.be)->net.tells_proto);
        pif = xsnet_state_find(w.state, XSNET_KIND_PIF, "h", "eth1");
        ck_assert_ptr_nonnull(pif);
        ck_assert_uint_eq(pif->a.other_addresses.n, 1);
}
END_TEST

int main(void)
{
        Suite *suite;
        TCase *tc, *mtu;

        if (!world_has_devices("lab_linux_rollback_devices"))
                return 77;
        suite = suite_create("linux rollback devices");
        tc = tcase_create("kernel");
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_bond_has_its_address_and_active_member_again_after_another_mode);
        tcase_add_test(tc, a_bond_keeps_its_address_in_another_mode);
        tcase_add_test(tc, a_bond_of_other_members_has_the_address_of_the_first);
        tcase_add_test(tc, a_bond_has_its_address_and_active_member_again_after_other_members);
        tcase_add_test(tc, a_bond_that_was_made_again_is_the_same);
        tcase_add_test(tc, addresses_of_others_are_theirs_again_when_bond_and_nic_changed);
        tcase_add_test(tc, a_vlan_that_was_made_again_is_the_same);
        tcase_add_test(tc, tunnels_that_were_made_again_have_their_addresses);
        tcase_add_loop_test(tc, a_nic_that_was_up_for_a_vlan_only_goes_down_with_the_last, 0, 2);
        tcase_add_loop_test(tc, a_nic_stays_up_for_the_devices_of_others_when_its_last_vlan_goes, 0, 2);
        tcase_add_test(tc, going_back_deletes_no_vlan_or_bond_that_others_made_meanwhile);
        tcase_add_test(tc, a_nic_stays_up_for_its_vlan_when_it_leaves_its_network);
        tcase_add_test(tc, a_nic_that_loses_vlan_and_network_at_once_is_down_again);
        tcase_add_test(tc, a_vlan_that_goes_back_takes_its_nic_down_again);
        tcase_add_loop_test(tc, members_that_were_down_are_down_again_without_the_bond, 0, 2);
        tcase_add_test(tc, a_member_that_gets_the_address_is_up);
        tcase_add_test(tc, a_bond_goes_beside_a_nic_that_had_an_address_and_was_down);
        tcase_add_loop_test(tc, link_local_addresses_of_ipv4_go_into_a_bond_and_out_of_it, 0, 3);
        tcase_add_test(tc, a_bond_whose_members_have_router_advertisements_comes_and_goes);
        tcase_add_test(tc, a_mark_of_how_a_nic_was_makes_no_address_ours);
        suite_add_tcase(suite, tc);
        mtu = tcase_create("mtu");
        tcase_add_checked_fixture(mtu, setup, teardown);
        tcase_set_timeout(mtu, 120);
        tcase_add_loop_test(mtu, a_nic_has_its_own_mtu_again_after_bonds_and_networks, 0, (int)XSN_ARRAY_SIZE(lives));
        suite_add_tcase(suite, mtu);
        return unit_main(suite);
}
