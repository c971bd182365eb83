/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes that move with a NIC, renames, and what is left when the kernel refuses in the middle. */
#include "linux_spoil.h"

static struct world w;

static void setup(void)
{
        world_enter();
        sh("ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up");
        sh("ip addr add 192.0.2.10/24 dev eth0 && ip addr add 192.0.2.11/24 dev eth0");
        sh("ip -6 addr add 2001:db8::10/64 dev eth0 nodad");
        sh("ip route add default via 192.0.2.1 && ip route add 198.51.100.0/24 via 192.0.2.2 metric 50");
        sh("ip route add default via 192.0.2.3 table 77 && ip route add 203.0.113.0/24 dev eth0 table 77");
        sh("ip -6 route add default via 2001:db8::1");
        world_open(&w);
        spoil_open(&w);
}

static void teardown(void)
{
        world_close(&w);
}

/* Everything that was configured, without the order in which the kernel tells it. */
static void snapshot(char *ret_text, size_t size)
{
        FILE *f = popen("(ip -o addr show to 192.0.2.0/24; ip -o addr show to 2001:db8::/64;"
                        " ip route show table all | grep -v kernel; ip -6 route show | grep -v kernel;"
                        " ip -o link show dev eth0 | grep -o 'link/ether [^ ]*\\|master [^ ]*')"
                        " 2>/dev/null | sed 's/^[0-9]*: //; s/eth0:2/eth0/' | sort",
                        "r");
        size_t n;

        ck_assert_ptr_nonnull(f);
        n = fread(ret_text, 1, size - 1, f);
        ret_text[n] = '\0';
        pclose(f);
}

#define ATTACH "format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: eth0, network: lan}]\n"

/* Not by /sys, which shows the devices of another namespace. */
static bool same_mac(const char *x, const char *y)
{
        char command[256];

        snprintf(command, sizeof(command),
                 "ip -o link show | grep -E '^[0-9]+: (%s|%s)[@:]' | grep -o 'ether [^ ]*' | sort -u | wc -l", x, y);
        return says(command, "1");
}

static void ck_on_bridge(void)
{
        ck_says("ip addr show lan", "192.0.2.10/24");
        ck_says("ip addr show lan", "192.0.2.11/24");
        ck_says("ip addr show lan", "2001:db8::10/64");
        ck_says_not("ip addr show eth0", "inet");
        ck_says("ip route show", "default via 192.0.2.1 dev lan");
        ck_says("ip route show", "198.51.100.0/24 via 192.0.2.2 dev lan metric 50");
        ck_says("ip route show table 77", "default via 192.0.2.3 dev lan");
        ck_says("ip route show table 77", "203.0.113.0/24 dev lan");
        ck_says("ip -6 route show", "default via 2001:db8::1 dev lan");
        ck_says("ip link show eth0", "master lan");
        ck_assert(same_mac("eth0", "lan"));
}

START_TEST(a_nic_that_joins_a_network_brings_its_addresses_and_all_routes)
{
        char before[8192], after[8192];
        struct xsnet_object *pif;

        snapshot(before, sizeof(before));
        world_apply(&w, ATTACH);
        ck_on_bridge();
        pif = xsnet_state_find(w.state, XSNET_KIND_PIF, "h", "eth0");
        ck_assert_ptr_nonnull(pif);
        ck_assert_uint_eq(pif->a.ipv4_address.n, 2);
        ck_assert_uint_eq(pif->a.other_addresses.n, 3);
        ck_assert(pif->a.management);
        world_apply(&w, PRUNE);
        snapshot(after, sizeof(after));
        ck_assert_str_eq(before, after);
        ck_says_not("ip link show type bridge", "lan");
        ck_says("cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6", "0");
}
END_TEST

/* Which message of a move goes wrong, and how often the type occurs before something else fails. */
static const struct {
        uint16_t type;
        int count;
        const char *request; /* what the message names */
} failures[] = {
        { RTM_NEWADDR, 1, "RTM_NEWADDR 192.0.2.10/24 on lan" },
        { RTM_NEWADDR, 2, "RTM_NEWADDR 192.0.2.11/24 on lan" },
        { RTM_NEWADDR, 3, "RTM_NEWADDR 2001:db8::10/64 on lan" },
        { RTM_NEWROUTE, 1, "RTM_NEWROUTE" },
        { RTM_NEWROUTE, 2, "RTM_NEWROUTE" },
        { RTM_NEWROUTE, 5, "RTM_NEWROUTE" },
        { RTM_DELADDR, 1, "RTM_DELADDR 192.0.2.10/24 on eth0" },
        { RTM_DELADDR, 3, "RTM_DELADDR 2001:db8::10/64 on eth0" },
};

START_TEST(a_move_that_fails_is_put_back_at_once)
{
        char before[8192], after[8192];

        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\n");
        snapshot(before, sizeof(before));
        spoiler.type = failures[_i].type;
        spoiler.count = failures[_i].count;
        ck_assert_int_lt(world_try(&w, ATTACH), 0);
        ck_assert_msg(strstr(w.message, "it is as it was"), "%s", w.message);
        ck_assert_msg(strstr(w.message, failures[_i].request), "%s", w.message);
        spoiler.type = 0;
        snapshot(after, sizeof(after));
        ck_assert_str_eq(before, after);
        /* And nothing is in the way of another attempt. */
        world_apply(&w, ATTACH);
        ck_on_bridge();
}
END_TEST

START_TEST(a_route_by_nexthop_object_is_refused_before_anything_moves)
{
        char before[8192], after[8192];

        if (system("ip nexthop add id 7 via 192.0.2.1 dev eth0 2>/dev/null"
                   " && ip route add 203.0.113.128/25 nhid 7") != 0)
                return;
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\n");
        snapshot(before, sizeof(before));
        ck_assert_int_eq(world_try(&w, ATTACH), -EOPNOTSUPP);
        ck_assert_msg(strstr(w.message, "203.0.113.128/25"), "%s", w.message);
        snapshot(after, sizeof(after));
        ck_assert_str_eq(before, after);
}
END_TEST

static void second_nic(void)
{
        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up && ip link set eth1 up");
        sh("ip addr add 192.0.3.10/24 dev eth1 && ip -6 addr add 2001:db8:3::10/64 dev eth1 nodad");
}

/* Which one the kernel takes for the other depends on who was there first. */
START_TEST(a_route_of_another_device_with_the_same_prefix_and_metric_stays)
{
        const char *first = _i ? "eth1" : "eth0", *second = _i ? "eth0" : "eth1";

        second_nic();
        sh("ip route add 10.0.0.0/8 via %s dev %s", _i ? "192.0.3.1" : "192.0.2.1", first);
        sh("ip route append 10.0.0.0/8 via %s dev %s", _i ? "192.0.2.1" : "192.0.3.1", second);
        sh("ip -6 route add 2001:db8:ff::/64 dev %s metric 512", first);
        sh("ip -6 route append 2001:db8:ff::/64 dev %s metric 512", second);
        world_apply(&w, ATTACH);
        ck_says("ip route show 10.0.0.0/8", "via 192.0.2.1 dev lan");
        ck_says("ip route show 10.0.0.0/8", "via 192.0.3.1 dev eth1");
        ck_says_not("ip route show 10.0.0.0/8", "eth0");
        ck_says("ip -6 route show 2001:db8:ff::/64", "dev lan metric 512");
        ck_says("ip -6 route show 2001:db8:ff::/64", "dev eth1 metric 512");
        ck_says_not("ip -6 route show 2001:db8:ff::/64", "eth0");
        world_apply(&w, PRUNE);
        ck_says("ip route show 10.0.0.0/8", "via 192.0.2.1 dev eth0");
        ck_says("ip route show 10.0.0.0/8", "via 192.0.3.1 dev eth1");
        ck_says("ip -6 route show 2001:db8:ff::/64", "dev eth0 metric 512");
        ck_says("ip -6 route show 2001:db8:ff::/64", "dev eth1 metric 512");
}
END_TEST

#define GATEWAYS "format: 1\nowner: t\npifs:\n" \
        " - {device: eth0, default-route: true,\n" \
        "    ipv6: {mode: static, address: '2001:db8::10/64', gateway: '2001:db8::1'}}\n" \
        " - {device: eth1, ipv6: {mode: static, address: '2001:db8:3::10/64', gateway: '2001:db8:3::1'},\n" \
        "    ipv4: {mode: static, address: 192.0.3.10/24, gateway: 192.0.3.1}}\n" \
        " - {device: eth2, ipv6: {mode: static, address: '2001:db8:4::10/64', gateway: '2001:db8:4::1'},\n" \
        "    ipv4: {mode: static, address: 192.0.4.10/24, gateway: 192.0.4.1}}\n"

START_TEST(each_gateway_that_is_not_the_hosts_has_a_metric_of_its_own)
{
        second_nic();
        sh("ip link add eth2 type veth peer name far2 && ip link set far2 up && ip link set eth2 up");
        world_apply(&w, GATEWAYS);
        ck_says("ip -6 route show default", "default via 2001:db8::1 dev eth0");
        ck_says("ip -6 route show default", "default via 2001:db8:3::1 dev eth1 proto static metric 2048");
        ck_says("ip -6 route show default", "default via 2001:db8:4::1 dev eth2 proto static metric 2049");
        ck_says("ip route show default", "default via 192.0.3.1 dev eth1 proto static metric 1000");
        ck_says("ip route show default", "default via 192.0.4.1 dev eth2 proto static metric 1001");
        /* Those stay theirs when others go, and a new one takes what is free. */
        world_apply(&w, "format: 1\nowner: t\npifs: [{device: eth1, ipv4: {gateway: null}, ipv6: {gateway: null}}]\n");
        ck_says("ip -6 route show default", "default via 2001:db8:4::1 dev eth2 proto static metric 2049");
        ck_says("ip route show default", "default via 192.0.4.1 dev eth2 proto static metric 1001");
        world_apply(&w, GATEWAYS);
        ck_says("ip -6 route show default", "default via 2001:db8:3::1 dev eth1 proto static metric 2048");
        ck_says("ip route show default", "default via 192.0.3.1 dev eth1 proto static metric 1000");
        ck_says_not("ip -6 route show default", "nexthop");
}
END_TEST

/* eth0 has a gateway of either family, by hand, and so it is for management. */
static const char *const chosen[] = {
        /* Of one gateway there is nothing to choose. */
        "{device: eth0, default-route: false}",
        "{device: eth0, default-route: false},\n  {device: eth1, ipv4: {address: 192.0.3.10/24}}",
        "{device: eth0, default-route: null},\n"
        "  {device: eth1, default-route: true, ipv4: {address: 192.0.3.10/24, gateway: 192.0.3.1}}",
        /* Of two there is, in each family. */
        "{device: eth0, default-route: false},\n  {device: eth1, ipv4: {address: 192.0.3.10/24, gateway: 192.0.3.1}}",
        "{device: eth0, default-route: false},\n"
        "  {device: eth1, ipv6: {address: '2001:db8:3::10/64', gateway: '2001:db8:3::1'}}",
        "{device: eth0, ipv6: {gateway: null}, default-route: false},\n"
        "  {device: eth1, ipv6: {address: '2001:db8:3::10/64', gateway: '2001:db8:3::1'}}",
        /* Management follows from the default route, unless it is said. */
        "{device: eth0, management: null}",
        "{device: eth0, ipv4: null, ipv6: null}",
        "{device: eth0, ipv4: null, ipv6: null, management: true}",
        "{device: eth0, ipv4: null, ipv6: null, management: null},\n"
        "  {device: eth1, management: null, ipv4: {address: 192.0.3.10/24, gateway: 192.0.3.1}}",
        "{device: eth0, default-route: null},\n"
        "  {device: eth1, ipv6: {address: '2001:db8:3::10/64', gateway: '2001:db8:3::1'}}",
        "{device: eth0, ipv4: null, ipv6: null},\n"
        "  {device: eth1, management: false, ipv4: {address: 192.0.3.10/24, gateway: 192.0.3.1}}",
        "{device: eth0, management: false, default-route: true},\n"
        "  {device: eth1, ipv4: {address: 192.0.3.10/24, gateway: 192.0.3.1}}",
        "{device: eth0, management: true},\n"
        "  {device: eth1, default-route: true, ipv4: {address: 192.0.3.10/24, gateway: 192.0.3.1}}",
};

START_TEST(what_is_said_of_default_route_and_management_is_so_when_it_is_done)
{
        char text[512];
        struct xsnet_plan *plan;
        struct xsnet_error *err = NULL;

        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up && ip link set eth1 up");
        world_apply(&w, "format: 1\nowner: t\n"
                        "pifs: [{device: eth0, ipv4: {address: 192.0.2.10/24, gateway: 192.0.2.1},\n"
                        "  ipv6: {address: '2001:db8::10/64', gateway: '2001:db8::1'}}]\n");
        sh("ip addr del 192.0.2.11/24 dev eth0");
        (void)snprintf(text, sizeof(text), "format: 1\nowner: t\npifs: [%s]\n", chosen[_i]);
        plan = world_plan(&w, text);
        world_run(&w, plan);
        ck_assert_msg(w.code == 0, "%s", w.message);
        world_observe(&w);
        ck_assert_msg(xsn_plan_verify(plan, 0, w.state, NULL, &err) == 0, "%s", xsnet_error_get_message(err));
        xsnet_plan_unref(plan);
        plan = world_plan(&w, text);
        ck_assert_msg(xsnet_plan_get_count(plan) == 0, "done, there is something to do");
        xsnet_plan_unref(plan);
}
END_TEST

/* Where the one that had it is changed after the one that gets it, the kernel would make one route of both. */
START_TEST(an_ipv6_gateway_goes_from_one_device_to_another)
{
        static const struct {
                const char *text, *route;
        } ways[] = {
                { "format: 1\nowner: t\nnetworks: [{name: b, mtu: 1400}, {name: a,\n"
                  "  ipv6: {address: '2001:db8:5::1/64', gateway: '2001:db8:5::ff'}}]\n"
                  "pifs: [{device: eth0, network: b, ipv6: null}]\n",
                  "default via 2001:db8:5::ff dev a proto static metric 1024" },
                { "format: 1\nowner: t\nnetworks: [{name: a, ipv6: null}]\n"
                  "pifs: [{device: eth1, ipv6: {address: '2001:db8:6::1/64', gateway: '2001:db8:6::ff'}}]\n",
                  "default via 2001:db8:6::ff dev eth1 proto static metric 1024" },
        };

        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up && ip link set eth1 up");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a}, {name: b}]\n"
                        "pifs: [{device: eth0, ipv6: {address: '2001:db8::10/64', gateway: '2001:db8::1'}}]\n");
        for (size_t i = 0; i < XSN_ARRAY_SIZE(ways); i++) {
                world_apply(&w, ways[i].text);
                ck_says("ip -6 route show default", ways[i].route);
                ck_says_not("ip -6 route show default", "nexthop");
        }
}
END_TEST

START_TEST(a_nic_moves_from_one_network_to_another)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: old}]\npifs: [{device: eth0, network: old}]\n");
        ck_says("ip addr show old", "192.0.2.10/24");
        world_apply(&w, ATTACH);
        ck_on_bridge();
        ck_says_not("ip addr show old", "inet ");
        /* The old bridge has not the NIC's address any more. */
        ck_assert(!same_mac("old", "lan"));
}
END_TEST

START_TEST(addresses_may_change_while_they_move)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\n"
                        "pifs: [{device: eth0, network: lan, ipv4: {address: [192.0.2.10/24, 192.0.2.99/24],\n"
                        "        gateway: 192.0.2.254}}]\n");
        ck_says("ip addr show lan", "192.0.2.99/24");
        ck_says("ip addr show lan", "192.0.2.11/24"); /* others set it */
        ck_says("ip route show", "default via 192.0.2.254 dev lan");
        ck_says_not("ip route show", "via 192.0.2.1 ");
}
END_TEST

/* IPv6 is off where the NIC goes then, which refuses even what is about to be taken away. */
START_TEST(an_ipv6_address_may_go_with_the_network_that_had_it)
{
        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up");
        for (int i = 0; i < 2; i++) {
                world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\n"
                                "pifs: [{device: eth1, network: a, ipv4: {address: 192.0.5.1/24},\n"
                                "        ipv6: {address: \"2001:db8:5::1/64\"}}]\n");
                ck_says("ip addr show a", "2001:db8:5::1/64");
                /* To the NIC itself, and to another bridge. */
                world_apply(&w, i == 0 ? "format: 1\nowner: t\npifs: [{device: eth1, network: null, ipv6: null}]\n"
                                       : "format: 1\nowner: t\nnetworks: [{name: b}]\n"
                                         "pifs: [{device: eth1, network: b, ipv6: null}]\n");
                ck_says(i == 0 ? "ip addr show eth1" : "ip addr show b", "192.0.5.1/24");
                ck_says_not("ip addr", "2001:db8:5::1/64");
        }
}
END_TEST

START_TEST(a_bridge_takes_the_name_of_a_nic_and_gives_it_back)
{
        char before[8192], after[8192];

        snapshot(before, sizeof(before));
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: backnet, bridge: eth0}]\n"
                        "pifs: [{device: eth0, rename: peth0, network: backnet}]\n");
        ck_says("ip addr show eth0", "192.0.2.10/24");
        ck_says("ip link show peth0", "master eth0");
        ck_says("ip route show", "default via 192.0.2.1 dev eth0");
        ck_says("ip link show type bridge", "eth0");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: backnet, absent: true}]\n"
                        "pifs: [{device: eth0, rename: null, network: null}]\n");
        snapshot(after, sizeof(after));
        ck_assert_str_eq(before, after);
        ck_says_not("ip link show eth0", "altname");
}
END_TEST

START_TEST(a_nic_that_is_renamed_as_it_leaves_takes_its_addresses_along)
{
        for (int i = 0; i < 2; i++) {
                sh("ip link add eth1 type veth peer name far1 && ip link set far1 up");
                world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: old}]\n"
                                "pifs: [{device: eth1, rename: up1, network: old, ipv4: {address: 192.0.5.1/24}}]\n");
                ck_says("ip addr show old", "192.0.5.1/24");
                world_apply(&w, i == 0 ? "format: 1\nowner: t\npifs: [{device: eth1, rename: null, network: null}]\n"
                                       : "format: 1\nowner: t\n"
                                         "pifs: [{device: eth1, rename: null, network: null, ipv4: null}]\n");
                ck_says_not("ip addr show old", "192.0.5.1");
                ck_assert_int_eq(says("ip addr show eth1", "192.0.5.1/24"), i == 0);
                sh("ip link del eth1");
        }
}
END_TEST

START_TEST(what_a_network_had_of_its_own_goes_when_a_nic_with_addresses_joins_it)
{
        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a, ipv4: {address: [192.0.5.1/24, 192.0.5.2/24],\n"
                        "  gateway: 192.0.5.254}, ipv6: {address: \"2001:db8:5::1/64\", gateway: \"2001:db8:5::ff\"},\n"
                        "  routes: [{to: 203.0.113.0/24, via: 192.0.5.253}]}]\n");
        world_apply(&w, "format: 1\nowner: t\npifs: [{device: eth1, network: a, routes: [],\n"
                        "  ipv4: {address: 192.0.5.2/24, gateway: 192.0.5.253},\n"
                        "  ipv6: {address: \"2001:db8:6::1/64\"}}]\n");
        ck_says_not("ip addr show a", "192.0.5.1/24");
        ck_says("ip addr show a", "192.0.5.2/24");
        ck_says("ip route show dev a", "default via 192.0.5.253");
        ck_says_not("ip route show dev a", "192.0.5.254");
        ck_says_not("ip route show dev a", "203.0.113.0");
        ck_says_not("ip addr show a", "2001:db8:5::1");
        ck_says("ip addr show a", "2001:db8:6::1/64");
        ck_says_not("ip -6 route show dev a", "2001:db8:5::");
        /* What others had set there stays. */
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: b, ipv4: {address: 192.0.7.1/24}}]\n");
        sh("ip addr add 192.0.8.1/24 dev b && ip route add 198.51.100.0/28 via 192.0.8.254");
        world_apply(&w, "format: 1\nowner: t\npifs: [{device: eth1, network: b,\n"
                        "  ipv4: {address: 192.0.9.1/24, gateway: null}}]\n");
        ck_says_not("ip addr show b", "192.0.7.1");
        ck_says("ip addr show b", "192.0.8.1/24");
        ck_says("ip route show dev b", "198.51.100.0/28 via 192.0.8.254");
}
END_TEST

START_TEST(a_nic_that_is_renamed_as_it_leaves_is_up_where_it_has_addresses)
{
        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: old}]\npifs: [{device: eth1, network: old}]\n");
        world_apply(&w, "format: 1\nowner: t\npifs: [{device: eth1, rename: up1, network: null,\n"
                        "  ipv4: {address: 192.0.5.1/24}, routes: [{to: 203.0.113.0/24, via: 192.0.5.254}]}]\n");
        ck_says("ip link show up1", ",UP");
        ck_says("ip route show", "203.0.113.0/24 via 192.0.5.254 dev up1");
}
END_TEST

START_TEST(a_renamed_nic_keeps_its_old_name_as_another_one)
{
        world_apply(&w, "format: 1\nowner: t\npifs: [{device: eth0, rename: uplink}]\n");
        ck_says("ip -d link show uplink", "was=eth0");
        ck_says("ip addr show uplink", "192.0.2.10/24");
        ck_says("ip route show", "default via 192.0.2.1 dev uplink");
        ck_assert_str_eq(xsn_object_string(xsnet_state_find(w.state, XSNET_KIND_PIF, "h", "uplink"),
                                           XSNET_FIELD_STATUS_OLD_NAME), "eth0");
        /* The alternative name is no obstacle to a bridge of that name. */
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: eth0}]\npifs: [{device: uplink, network: eth0}]\n");
        ck_says("ip addr show eth0", "192.0.2.10/24");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("linux moves");
        TCase *tc = tcase_create("kernel");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, a_nic_that_joins_a_network_brings_its_addresses_and_all_routes);
        tcase_add_loop_test(tc, a_move_that_fails_is_put_back_at_once, 0, (int)XSN_ARRAY_SIZE(failures));
        tcase_add_test(tc, a_route_by_nexthop_object_is_refused_before_anything_moves);
        tcase_add_loop_test(tc, a_route_of_another_device_with_the_same_prefix_and_metric_stays, 0, 2);
        tcase_add_test(tc, each_gateway_that_is_not_the_hosts_has_a_metric_of_its_own);
        tcase_add_loop_test(tc, what_is_said_of_default_route_and_management_is_so_when_it_is_done, 0,
                            (int)XSN_ARRAY_SIZE(chosen));
        tcase_add_test(tc, an_ipv6_gateway_goes_from_one_device_to_another);
        tcase_add_test(tc, a_nic_moves_from_one_network_to_another);
        tcase_add_test(tc, addresses_may_change_while_they_move);
        tcase_add_test(tc, an_ipv6_address_may_go_with_the_network_that_had_it);
        tcase_add_test(tc, a_bridge_takes_the_name_of_a_nic_and_gives_it_back);
        tcase_add_test(tc, a_nic_that_is_renamed_as_it_leaves_takes_its_addresses_along);
        tcase_add_test(tc, what_a_network_had_of_its_own_goes_when_a_nic_with_addresses_joins_it);
        tcase_add_test(tc, a_nic_that_is_renamed_as_it_leaves_is_up_where_it_has_addresses);
        tcase_add_test(tc, a_renamed_nic_keeps_its_old_name_as_another_one);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
