/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bonds, VLANs and tunnels of the linux backend. Kernels without them (a missing module) skip this; it runs in the
 * kernel lab, which has them all.
 */
#include <stdio.h>

#include "linux_test.h"

static struct world w;

static void setup(void)
{
        world_enter();
        for (int i = 0; i < 4; i++)
                sh("ip link add eth%d type veth peer name far%d && ip link set far%d up && ip link set eth%d up", i, i,
                   i, i);
        sh("ip link add vif1.0 type veth peer name g1");
        sh("ip addr add 192.0.2.10/24 dev eth0 && ip route add default via 192.0.2.1");
        sh("ip route add default via 192.0.2.3 table 77");
        world_open(&w);
}

static void teardown(void)
{
        world_close(&w);
}

static struct xsnet_object *find(int kind, const char *key)
{
        return xsnet_state_find(w.state, kind, "h", key);
}

#define BONDS(mode, members)                                                                                          \
        "format: 1\nowner: t\nnetworks: [{name: lan}]\n"                                                               \
        "bonds: [{name: bond0, members: [" members "], mode: " mode ", network: lan}]\n"

START_TEST(a_bond_takes_the_addresses_and_routes_of_its_member)
{
        world_apply(&w, BONDS("active-backup", "eth0, eth1"));
        ck_says("ip addr show lan", "192.0.2.10/24");
        ck_says("ip route show", "default via 192.0.2.1 dev lan");
        ck_says("ip route show table 77", "default via 192.0.2.3 dev lan");
        ck_says("ip link show eth0", "master bond0");
        ck_says("ip link show eth1", "master bond0");
        ck_says("ip link show bond0", "master lan");
        ck_says("ip link show bond0", "LOWER_UP");
        ck_says("ip -d link show bond0", "miimon 100");
        /* Its addresses outlast a change of mode, for which all members have to leave, */
        world_apply(&w, BONDS("balance-rr", "eth0, eth1"));
        ck_says("ip -d link show bond0", "mode balance-rr");
        ck_says("ip addr show lan", "192.0.2.10/24");
        ck_says("ip route show table 77", "default via 192.0.2.3 dev lan");
        /* and of its members. */
        world_apply(&w, BONDS("balance-rr", "eth1, eth2"));
        ck_says_not("ip link show eth0", "master");
        ck_says("ip link show eth0", ",UP");
        ck_says("ip link show eth2", "master bond0");
        ck_says("ip addr show lan", "192.0.2.10/24");
}
END_TEST

/* Else two interfaces of the host had one address. */
START_TEST(a_member_that_leaves_takes_its_mac_address_along)
{
        const char *document = "format: 1\nowner: t\nbonds: [{name: bond0, members: [eth2, eth3], mode: active-backup, "
                               "network: lan}]\npifs: [{device: eth1, network: null}]\n";

        for (int i = 1; i < 4; i++)
                sh("ip link set eth%d address 02:00:00:00:01:0%d", i, i);
        world_apply(&w, BONDS("active-backup", "eth1, eth2"));
        ck_says("ip link show bond0", "02:00:00:00:01:01");
        world_apply(&w, document);
        ck_says("ip link show bond0", "02:00:00:00:01:02");
        ck_says("ip link show lan", "02:00:00:00:01:02");
        ck_says("ip link show eth1", "02:00:00:00:01:01");
        /* The other one keeps what is the bond's. */
        world_apply(&w, BONDS("active-backup", "eth1, eth2"));
        ck_says("ip link show bond0", "02:00:00:00:01:02");
}
END_TEST

/* LACP knows of no preferred member; the kernel keeps its name for the mode that comes after. */
START_TEST(a_bond_forgets_its_preferred_member_with_the_mode)
{
        world_apply(&w, "format: 1\nowner: t\nbonds: [{name: bond0, members: [eth0, eth1, eth2], mode: active-backup,\n"
                        "         primary: eth1}]\n");
        ck_says("ip -d link show bond0", "primary eth1");
        world_apply(&w, "format: 1\nowner: t\nbonds: [{name: bond0, members: [eth0, eth2, eth3], mode: lacp, "
                        "primary: null}]\n");
        ck_says("ip -d link show bond0", "mode 802.3ad");
        world_apply(&w, "format: 1\nowner: t\nbonds: [{name: bond0, members: [eth0, eth1], mode: active-backup}]\n");
        ck_says_not("ip -d link show bond0", "primary eth");
        ck_says("ip -d link show bond0", "mode active-backup");
}
END_TEST

/* Each of them would be lost. */
static const struct {
        const char *before; /* by hand */
        const char *document;
} by_object[] = {
        { "true", BONDS("active-backup", "eth0, eth1") },
        { "true", "format: 1\nowner: t\nbonds: [{name: bond0, members: [eth0, eth1], mode: active-backup}]\n" },
        { "ip link add bond0 type bond mode active-backup && ip link set eth2 down && ip link set eth2 master bond0"
          " && ip link set bond0 up && ip addr add 198.51.100.1/24 dev bond0 && sleep 1"
          " && ip nexthop add id 8 via 198.51.100.2 dev bond0 && ip route add 203.0.113.0/24 nhid 8",
          "format: 1\nowner: t\nbonds: [{name: bond0, absent: true, adopt: true}]\n" },
        { "ip link add link eth0 name eth0.5 type vlan id 5 && ip link set eth0.5 up"
          " && ip addr add 198.51.100.1/24 dev eth0.5 && ip route del 10.9.0.0/16 && ip nexthop del id 7"
          " && ip nexthop add id 8 via 198.51.100.2 dev eth0.5 && ip route add 203.0.113.0/24 nhid 8",
          "format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: eth0, network: lan}]\n" },
};

START_TEST(routes_by_nexthop_object_are_refused_before_bonds_or_vlans_lose_them)
{
        if (system("ip nexthop add id 7 via 192.0.2.1 dev eth0 2>/dev/null && ip route add 10.9.0.0/16 nhid 7") != 0)
                return;
        sh("%s", by_object[_i].before);
        ck_assert_int_eq(world_try(&w, by_object[_i].document), -EOPNOTSUPP);
        ck_assert_msg(strstr(w.message, "nexthop object"), "%s", w.message);
        if (_i < 2)
                ck_says("ip route show", "10.9.0.0/16 nhid 7");
        else
                ck_says("ip route show", "203.0.113.0/24 nhid 8");
        ck_says("ip addr show eth0", "192.0.2.10/24");
}
END_TEST

START_TEST(a_bond_without_a_network_carries_the_addresses_itself)
{
        world_apply(&w, "format: 1\nowner: t\n"
                        "bonds: [{name: bond0, members: [eth0, eth1], mode: lacp, lacp-rate: fast,\n"
                        "         hash: tcpudp-ports, updelay: 200, downdelay: 100, monitor-interval: 50}]\n");
        ck_says("ip addr show bond0", "192.0.2.10/24");
        ck_says("ip route show table 77", "default via 192.0.2.3 dev bond0");
        ck_says("ip -d link show bond0", "lacp_rate fast");
        ck_says("ip -d link show bond0", "xmit_hash_policy layer3+4");
        ck_says("ip -d link show bond0", "updelay 200");
        world_apply(&w, "format: 1\nowner: t\nbonds: [{name: bond0, mode: lacp, lacp-rate: slow, hash: src-mac}]\n");
        ck_says("ip -d link show bond0", "lacp_rate slow");
        ck_says("ip addr show bond0", "192.0.2.10/24");
        ck_says("ip route show table 77", "default via 192.0.2.3 dev bond0");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\nbonds: [{name: bond0, network: lan}]\n");
        ck_says("ip addr show lan", "192.0.2.10/24");
        ck_says("ip route show", "default via 192.0.2.1 dev lan");
}
END_TEST

START_TEST(a_bond_that_goes_gives_its_address_to_a_member)
{
        world_apply(&w, BONDS("active-backup", "eth0, eth1"));
        world_apply(&w, "format: 1\nowner: t\nbonds: [{name: bond0, absent: true}]\n"
                        "pifs: [{device: eth0, network: lan,\n"
                        "        ipv4: {address: 192.0.2.10/24, gateway: 192.0.2.1}}]\n");
        ck_says("ip addr show lan", "192.0.2.10/24");
        ck_says("ip route show", "default via 192.0.2.1 dev lan");
        ck_says("ip link show eth1", ",UP");
        ck_says_not("ip link show", "bond0");
}
END_TEST

#define VLAN                                                                                                           \
        "format: 1\nowner: t\nnetworks: [{name: lan}, {name: tenant}]\n"                                               \
        "vlans: [{pif: eth1, tag: 100, network: tenant}]\n"

START_TEST(a_vlan_follows_its_parent_into_a_network_and_out_again)
{
        world_apply(&w, VLAN);
        ck_says("ip -d link show eth1.100", "eth1.100@eth1");
        ck_says("ip link show eth1.100", "master tenant");
        sh("ip addr add 10.5.0.1/24 dev tenant && ip route add 10.6.0.0/16 via 10.5.0.2");
        world_apply(&w, VLAN "pifs: [{device: eth1, network: lan}]\n");
        ck_says("ip -d link show eth1.100", "eth1.100@lan");
        ck_says("ip link show eth1.100", "master tenant");
        ck_says("ip link show eth1.100", ",UP");
        ck_says("ip -d link show eth1.100", "alias xsnet:t");
        ck_says("ip route show", "10.6.0.0/16 via 10.5.0.2 dev tenant");
        world_apply(&w, VLAN "pifs: [{device: eth1, network: null}]\n");
        ck_says("ip -d link show eth1.100", "eth1.100@eth1");
        ck_says("ip link show eth1.100", "master tenant");
}
END_TEST

START_TEST(a_vlan_without_a_network_keeps_its_addresses_when_it_follows)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\n"
                        "vlans: [{pif: eth1, tag: 7, ipv4: {address: 10.5.0.1/24},\n"
                        "         routes: [{to: 10.6.0.0/16, via: 10.5.0.2}]}]\n");
        ck_says("ip addr show eth1.7", "10.5.0.1/24");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: eth1, network: lan}]\n");
        ck_says("ip addr show eth1.7", "eth1.7@lan");
        ck_says("ip addr show eth1.7", "10.5.0.1/24");
        ck_says("ip route show", "10.6.0.0/16 via 10.5.0.2 dev eth1.7");
}
END_TEST

/* Protocol, the kind of its devices, and how many there are of two remotes. */
static const struct {
        const char *protocol, *kind;
        int n_devices;
} tunnels[] = { { "gre", "gretap", 2 }, { "vxlan", "vxlan", 1 }, { "geneve", "geneve", 2 } };

static int count(const char *kind)
{
        char command[128];
        int n = -1;
        FILE *f;

        snprintf(command, sizeof(command), "ip -o link show type %s | grep -c xt", kind);
        f = popen(command, "r");
        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(fscanf(f, "%d", &n), 1);
        pclose(f);
        return n;
}

START_TEST(tunnels_of_each_protocol_gain_and_lose_remotes)
{
        static const char *const remotes[] = { "192.0.2.20", "192.0.2.20, 192.0.2.21", "192.0.2.21, 192.0.2.22" };
        struct xsn_tunnel *t;
        char text[512];

        for (size_t i = 0; i < XSN_ARRAY_SIZE(remotes); i++) {
                snprintf(text, sizeof(text),
                         "format: 1\nowner: t\nnetworks: [{name: p, mtu: 1400}]\n"
                         "tunnels: [{network: p, transport: eth0, protocol: %s, key: 77, remotes: [%s]}]\n",
                         tunnels[_i].protocol, remotes[i]);
                world_apply(&w, text);
                ck_assert_int_eq(count(tunnels[_i].kind), i == 0 ? 1 : tunnels[_i].n_devices);
                t = XSN_TUNNEL(find(XSNET_KIND_TUNNEL, "p/eth0"));
                ck_assert_ptr_nonnull(t);
                ck_assert_uint_eq(t->remotes.n, i == 0 ? 1 : 2);
                ck_assert_uint_eq(t->key, 77);
        }
        /* Another key is another device of the same name. */
        snprintf(text, sizeof(text), "format: 1\nowner: t\ntunnels: [{network: p, transport: eth0, key: 78}]\n");
        world_apply(&w, text);
        ck_assert_int_eq(count(tunnels[_i].kind), tunnels[_i].n_devices);
        ck_assert_uint_eq(XSN_TUNNEL(find(XSNET_KIND_TUNNEL, "p/eth0"))->key, 78);
        ck_says("bridge -d link show", "isolated on");
        ck_says_not("bridge -d link show", "isolated off");
        ck_says("ip link show master p", "mtu 1400");
        world_apply(&w, "format: 1\nowner: t\ntunnels: [{network: p, transport: eth0, absent: true}]\n");
        ck_assert_int_eq(count(tunnels[_i].kind), 0);
}
END_TEST

START_TEST(a_tunnel_follows_the_name_of_its_transport)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: p}, {name: lan}]\n"
                        "tunnels: [{network: p, transport: eth0, protocol: geneve, key: 5, remotes: [192.0.2.20]}]\n");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: eth0, network: lan}]\n");
        ck_assert_ptr_nonnull(find(XSNET_KIND_TUNNEL, "p/eth0"));
        world_apply(&w, PRUNE);
        ck_says("ip addr show eth0", "192.0.2.10/24");
        ck_says_not("ip link show", "xt");
}
END_TEST

START_TEST(an_absent_tunnel_leaves_one_of_others_in_its_place)
{
        const char *absent = "format: 1\nowner: t\ntunnels: [{network: p, transport: eth0, absent: true}]\n";

        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: p}]\n"
                        "tunnels: [{network: p, transport: eth0, key: 77, remotes: [192.0.2.20]}]\n");
        sh("ip link add theirs type gretap local 192.0.2.10 remote 192.0.2.99 key 99");
        sh("ip link set theirs master p up");
        world_apply(&w, absent);
        ck_assert_int_eq(count("gretap"), 0);
        ck_says("ip link show theirs", "master p");
        world_apply(&w, absent);
        ck_says("ip link show theirs", "master p");
        world_apply(&w, "format: 1\nowner: t\n"
                        "tunnels: [{network: p, transport: eth0, remotes: [192.0.2.99], absent: true}]\n");
        ck_says_not("ip link show", "theirs");
}
END_TEST

START_TEST(what_stands_on_a_vlan_is_called_after_its_new_device)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: p}, {name: q}]\n"
                        "vlans: [{pif: eth1, tag: 100, device: v100, ipv4: {address: 10.9.0.1/24}},\n"
                        "        {pif: v100, tag: 7, device: v7, network: q}]\n"
                        "tunnels: [{network: p, transport: v100, key: 7, remotes: [10.9.0.9]}]\n");
        world_apply(&w, "format: 1\nowner: t\nvlans: [{pif: eth1, tag: 100, device: w100}]\n");
        ck_assert_ptr_nonnull(find(XSNET_KIND_VLAN, "w100.7"));
        ck_assert_ptr_nonnull(find(XSNET_KIND_TUNNEL, "p/w100"));
        ck_says("ip link show v7", "v7@w100");
        ck_says("ip addr show w100", "10.9.0.1/24");
        world_apply(&w, "format: 1\nowner: t\n"
                        "vlans: [{pif: x100, tag: 7, device: x7}, {pif: eth1, tag: 100, device: x100}]\n"
                        "tunnels: [{network: p, transport: eth1.100, key: 7, remotes: [10.9.0.8]}]\n");
        ck_says("ip link show x7", "x7@x100");
        ck_says("ip link show x7", "master q");
        ck_says_not("ip link show", "w100");
        ck_assert_int_eq(count("gretap"), 1);
        ck_says("ip -d link show type gretap", "remote 10.9.0.8");
}
END_TEST

int main(void)
{
        Suite *suite;
        TCase *tc;

        if (!world_has_devices("lab_linux_devices"))
                return 77;
        suite = suite_create("linux devices");
        tc = tcase_create("kernel");
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_bond_takes_the_addresses_and_routes_of_its_member);
        tcase_add_test(tc, a_member_that_leaves_takes_its_mac_address_along);
        tcase_add_test(tc, a_bond_forgets_its_preferred_member_with_the_mode);
        tcase_add_loop_test(tc, routes_by_nexthop_object_are_refused_before_bonds_or_vlans_lose_them, 0,
                            (int)XSN_ARRAY_SIZE(by_object));
        tcase_add_test(tc, a_bond_without_a_network_carries_the_addresses_itself);
        tcase_add_test(tc, a_bond_that_goes_gives_its_address_to_a_member);
        tcase_add_test(tc, a_vlan_follows_its_parent_into_a_network_and_out_again);
        tcase_add_test(tc, a_vlan_without_a_network_keeps_its_addresses_when_it_follows);
        tcase_add_loop_test(tc, tunnels_of_each_protocol_gain_and_lose_remotes, 0, (int)XSN_ARRAY_SIZE(tunnels));
        tcase_add_test(tc, a_tunnel_follows_the_name_of_its_transport);
        tcase_add_test(tc, an_absent_tunnel_leaves_one_of_others_in_its_place);
        tcase_add_test(tc, what_stands_on_a_vlan_is_called_after_its_new_device);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
