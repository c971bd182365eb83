/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes back comes back as it was, also where documents cannot say it: a plan is done as a whole, then the
 * way back is planned from its journal, as it is read from its file, and done.
 */
#include "linux_rollback.h"
#include "linux_spoil.h"

static struct world w;

static void setup(void)
{
        world_enter();
        sh("ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up");
        sh("ip link add eth1 type veth peer name far1 && ip link set far1 up");
        sh("ip addr add 192.0.2.10/24 dev eth0 && ip addr add 192.0.2.11/24 dev eth0");
        sh("ip -6 addr add 2001:db8::10/64 dev eth0 nodad");
        world_open(&w);
}

static void teardown(void)
{
        world_close(&w);
}

static void there_and_back(const char *text, const char *command, const char *change)
{
        world_there_and_back(&w, 0, text, command, change);
}

START_TEST(a_default_route_of_others_comes_back_with_metric_protocol_and_source)
{
        sh("ip route add default via 192.0.2.1 metric 50 proto 42 src 192.0.2.11");
        sh("ip route add default via 192.0.2.1 metric 60 proto boot mtu 1400");
        sh("ip route add default via 192.0.2.9 table 77 proto 43 metric 3");
        sh("ip -6 route add default via 2001:db8::1 metric 33 proto 44");
        there_and_back("format: 1\nowner: t\n"
                       "pifs: [{device: eth0, ipv4: {address: 192.0.2.10/24, gateway: 192.0.2.254},\n"
                       "  ipv6: {address: '2001:db8::10/64', gateway: '2001:db8::ff'}}]\n",
                       "ip route show", "default via 192.0.2.254");
}
END_TEST

START_TEST(routes_of_others_come_back_when_their_object_names_other_ones)
{
        sh("ip route add 198.51.100.0/24 via 192.0.2.2 proto 42 metric 7");
        sh("ip route add 203.0.113.0/24 dev eth0 proto boot");
        there_and_back("format: 1\nowner: t\npifs: [{device: eth0, routes: [{to: 10.0.0.0/8, via: 192.0.2.3}]}]\n",
                       "ip route show", "10.0.0.0/8 via 192.0.2.3");
}
END_TEST

/* Another metric is the same document's doing: what was kept of the gateway is not to be in its way. */
START_TEST(a_gateway_of_ours_goes_back_to_the_metric_that_it_had)
{
        sh("ip link set eth1 up && ip addr add 198.51.100.1/24 dev eth1");
        world_apply(&w, "format: 1\nowner: t\n"
                        "pifs: [{device: eth0, default-route: true,\n"
                        "         ipv4: {address: 192.0.2.10/24, gateway: 192.0.2.1}},\n"
                        "  {device: eth1, ipv4: {address: 198.51.100.1/24, gateway: 198.51.100.9}}]\n");
        there_and_back("format: 1\nowner: t\npifs: [{device: eth0, default-route: false},\n"
                       "  {device: eth1, default-route: true}]\n",
                       "ip route show", "default via 192.0.2.1 dev eth0 proto static metric 1000");
}
END_TEST

/* The address of before comes back as the second of its subnet, and goes with the first: the gateway survives it. */
START_TEST(a_gateway_comes_back_with_the_address_that_it_had)
{
        static const struct {
                const char *network, *command;
        } ways[] = {
                { "a", "ip addr show a" }, /* it stays there */
                { "b", "ip addr show b" }, /* which had an address of its own */
                { "null", "ip addr show eth1" },
        };
        char text[256];

        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a}, {name: b, ipv4: {address: 198.51.100.1/24}}]\n"
                        "pifs: [{device: eth1, network: a, ipv4: {address: 10.0.4.4/24, gateway: 10.0.4.254}}]\n");
        (void)snprintf(text, sizeof(text),
                       "format: 1\nowner: t\npifs: [{device: eth1, network: %s, ipv4: {address: 10.0.4.2/24}}]\n",
                       ways[_i].network);
        there_and_back(text, ways[_i].command, "10.0.4.2/24");
        ck_says("ip route show", "default via 10.0.4.254 dev a");
}
END_TEST

#define BY_HAND "format: 1\nowner: t\nnetworks: [{name: lan, absent: true, adopt: true}]\n"

START_TEST(addresses_of_others_come_back_as_theirs_with_the_bridge_that_had_them)
{
        sh("ip link add lan type bridge && ip link set lan up");
        sh("ip addr add 10.0.0.1/24 brd 10.0.0.99 dev lan label lan:mine scope link proto 9 2>/dev/null"
           " || ip addr add 10.0.0.1/24 brd 10.0.0.99 dev lan label lan:mine scope link");
        sh("ip addr add 10.4.0.2/24 dev lan noprefixroute && ip addr add 10.1.0.1/24 dev lan preferred_lft 0");
        sh("ip addr add 10.3.0.1 peer 10.3.0.2/32 dev lan && ip addr add 169.254.9.9/16 dev lan");
        sh("ip -6 addr add 2001:db8:1::1/64 dev lan nodad preferred_lft 0");
        sh("ip route add 10.2.0.0/16 via 10.0.0.7 table 55 proto 45");
        there_and_back(BY_HAND, "ip link show lan 2>&1", "does not exist");
}
END_TEST

START_TEST(addresses_keep_what_is_special_about_them_when_they_move)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        sh("ip addr add 10.1.0.1/24 dev eth0 preferred_lft 0 label eth0:old");
        picture(before);
        world_there(&w, "format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: eth0, network: lan}]\n");
        ck_says("ip addr show lan", "scope global deprecated lan:old");
        world_back(&w);
        picture(after);
        ck_same(before, after);
}
END_TEST

#define JOIN(nic) "format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: " nic ", network: lan}]\n"

START_TEST(link_local_addresses_of_ipv4_move_with_their_device)
{
        sh("ip link set eth1 up && ip addr add 169.254.7.7/16 dev eth%d", _i);
        sh("ip route add 10.0.0.0/8 via 169.254.1.1 dev eth%d", _i);
        there_and_back(_i == 0 ? JOIN("eth0") : JOIN("eth1"), "ip addr show 2>&1; ip route show",
                       "10.0.0.0/8 via 169.254.1.1 dev lan");
        world_apply(&w, _i == 0 ? JOIN("eth0") : JOIN("eth1"));
        ck_says("ip addr show lan", "169.254.7.7/16");
        world_apply(&w, PRUNE);
        ck_says(_i == 0 ? "ip addr show eth0" : "ip addr show eth1", "169.254.7.7/16");
}
END_TEST

/* No router sends an advertisement here: until one does, an address of the kind is on the device that it came to. */
static void add_autoconf(bool with_ipv4)
{
        sh("ip link set eth1 up && sysctl -qw net.ipv6.conf.eth1.accept_ra=2");
        sh("ip -6 addr add 2001:db8:7::5/64 dev eth1 nodad valid_lft 3600 preferred_lft 3600");
        if (with_ipv4)
                sh("ip addr add 198.51.100.1/24 dev eth1");
}

START_TEST(a_nic_with_router_advertisements_joins_a_network_and_goes_back)
{
        add_autoconf(_i);
        world_there(&w, JOIN("eth1"));
        ck_says("ip link show eth1", "v6=auto");
        ck_says_not("ip -6 addr show eth1", "2001:");
        ck_says("cat /proc/sys/net/ipv6/conf/lan/disable_ipv6", "0");
        ck_says("cat /proc/sys/net/ipv6/conf/lan/accept_ra", "2");
        world_back(&w);
        ck_says_not("ip link show eth1", "alias");
        ck_says_not("ip link show eth1", "master");
        ck_says("cat /proc/sys/net/ipv6/conf/eth1/disable_ipv6", "0");
        ck_says("cat /proc/sys/net/ipv6/conf/eth1/accept_ra", "2");
}
END_TEST

START_TEST(router_advertisements_are_wanted_where_the_nic_is)
{
        const char *autoconf = "format: 1\nowner: t\nnetworks: [{name: lan}]\n"
                               "pifs: [{device: eth1, network: lan, ipv6: {mode: autoconf}}]\n";

        add_autoconf(_i);
        world_apply(&w, JOIN("eth1"));
        world_apply(&w, autoconf);
        world_there(&w, "format: 1\nowner: t\nnetworks: [{name: lan}, {name: wan}]\n"
                        "pifs: [{device: eth1, network: wan}]\n");
        done = xsnet_plan_unref(done);
        ck_says("cat /proc/sys/net/ipv6/conf/wan/accept_ra", "2");
        ck_says("ip link show eth1", "v6=auto");
        world_there(&w, PRUNE);
        done = xsnet_plan_unref(done);
        ck_says_not("ip link show eth1", "alias");
        ck_says("cat /proc/sys/net/ipv6/conf/eth1/disable_ipv6", "0");
}
END_TEST

START_TEST(what_was_set_of_bridge_ports_comes_back)
{
        sh("ip link add vif1.0 address 02:00:00:00:00:01 type veth peer name g1 && ip link set vif1.0 up");
        sh("ip link set g1 up && ip link add old type bridge && ip link set old up");
        sh("ip link set eth1 master old up && ip link set vif1.0 master old");
        sh("ip addr add 10.0.0.1/24 dev old");
        sh("bridge link set dev eth1 hairpin on fastleave on learning off flood off mcast_flood off bcast_flood off"
           " guard on priority 40 cost 77 isolated on neigh_suppress on mcast_to_unicast on");
        sh("bridge link set dev vif1.0 guard on cost 4321 && ip link set vif1.0 type bridge_slave mcast_router 2");
        there_and_back("format: 1\nowner: t\nnetworks: [{name: new}]\n"
                       "pifs: [{device: eth1, network: new}]\nvifs: [{domain: 1, device: 0, network: new}]\n",
                       "ip addr show new 2>&1", "10.0.0.1/24");
}
END_TEST

START_TEST(a_port_whose_move_fails_has_its_settings_again)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        sh("ip link add old type bridge && ip link set old up && ip link set eth1 master old up");
        sh("ip addr add 10.0.0.1/24 dev old && ip link add new type bridge && ip link set new up");
        sh("bridge link set dev eth1 guard on cost 77");
        picture(before);
        spoil_open(&w);
        spoiler = (struct spoiler){ .type = RTM_NEWADDR, .count = 1 };
        ck_assert_int_lt(world_try(&w, "format: 1\npifs: [{device: eth1, network: new}]\n"), 0);
        ck_assert_msg(strstr(w.message, "it is as it was"), "%s", w.message);
        picture(after);
        ck_same(before, after);
}
END_TEST

/* A document, and the one that takes all of it away: then the namespace is as it was. */
static void come_and_go(const char *comes, const char *goes)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        picture(before);
        world_apply(&w, comes);
        world_apply(&w, goes);
        picture(after);
        ck_same(before, after);
}

START_TEST(devices_that_were_down_are_down_again_without_an_owner)
{
        sh("ip link add vif1.0 type veth peer name g1 && ip link set g1 up && ip link set eth1 mtu 1400 alias uplink");
        sh("ip link add eth2 type veth peer name far2 && ip link set far2 up");
        come_and_go("format: 1\nnetworks: [{name: lan, mtu: 1300}]\npifs: [{device: eth2, network: lan}]\n"
                    "vifs: [{domain: 1, device: 0, network: lan}]\n",
                    "format: 1\nnetworks: [{name: lan, absent: true}]\npifs: [{device: eth2, network: null}]\n"
                    "vifs: [{domain: 1, device: 0, network: null}]\n");
}
END_TEST

START_TEST(a_nic_that_was_up_for_its_address_only_goes_down_with_it)
{
        come_and_go("format: 1\nowner: t\npifs: [{device: eth1, ipv4: {address: 10.0.0.1/24}}]\n",
                    "format: 1\nowner: t\npifs: [{device: eth1, absent: true}]\n");
        come_and_go("format: 1\npifs: [{device: eth1, ipv4: {address: 10.0.0.1/24}}]\n",
                    "format: 1\npifs: [{device: eth1, ipv4: {mode: none, address: null}}]\n");
}
END_TEST

/* What the mark says is of long ago: the journal knows how it was before the plan. */
START_TEST(a_nic_that_somebody_brought_up_meanwhile_is_up_on_the_way_back)
{
        sh("ip link set eth1 up mtu 1500 alias 'xsnet:;up=no;mtu=1400'");
        there_and_back("format: 1\nowner: t\nnetworks: [{name: lan}]\npifs: [{device: eth1, network: lan}]\n",
                       "ip link show eth1", "master lan");
        ck_says("ip link show eth1", ",UP");
}
END_TEST

START_TEST(a_nic_stays_up_under_what_others_put_on_it)
{
        world_apply(&w, "format: 1\npifs: [{device: eth1, ipv4: {address: 10.0.0.1/24}}]\n");
        if (system("ip link add mv0 link eth1 type macvlan mode bridge 2>/dev/null") != 0)
                return;
        sh("ip link set mv0 up");
        world_apply(&w, "format: 1\npifs: [{device: eth1, ipv4: {mode: none, address: null}}]\n");
        ck_says("ip link show eth1", ",UP");
        /* Once that is gone, the last of ours takes it down as ever. */
        sh("ip link del mv0");
        world_apply(&w, "format: 1\npifs: [{device: eth1, ipv4: {address: 10.0.0.1/24}}]\n");
        world_apply(&w, "format: 1\npifs: [{device: eth1, ipv4: {mode: none, address: null}}]\n");
        ck_says_not("ip link show eth1", ",UP");
        ck_says_not("ip link show eth1", "alias");
}
END_TEST

#define LAN_OF_T "format: 1\nowner: t\nnetworks: [{name: lan, bridge: br-lan}]\n"

/* A run that was killed before it made its bridge, or right after; then somebody made his own under that name. */
START_TEST(going_back_deletes_no_bridge_that_others_made_meanwhile)
{
        static const char *const others[] = {
                "ip link add br-lan type bridge && ip link set br-lan up && ip link set eth1 master br-lan",
                "ip link add br-lan type bridge && ip addr add 203.0.113.1/24 dev br-lan",
                "ip link add br-lan type bridge && ip link set br-lan alias 'xsnet:u;net=lan'",
                "ip link add br-lan type bridge && ip link set br-lan alias mine",
        };
        char before[PICTURE_MAX], after[PICTURE_MAX];

        done = world_plan(&w, LAN_OF_T);
        sh("%s", others[_i]);
        picture(before);
        world_back(&w);
        picture(after);
        ck_same(before, after);
}
END_TEST

START_TEST(going_back_deletes_a_bridge_that_was_only_just_made)
{
        done = world_plan(&w, LAN_OF_T);
        sh("ip link add br-lan type bridge");
        world_back(&w);
        ck_says_not("ip link show", "br-lan");
}
END_TEST

/* Somebody else's text leaves no place to remember anything: the NIC joins all the same. */
START_TEST(a_nic_with_an_alias_of_others_joins_without_an_owner)
{
        sh("ip link set eth1 alias uplink");
        world_apply(&w, "format: 1\nnetworks: [{name: lan}]\npifs: [{device: eth1, network: lan}]\n");
        ck_says("ip link show eth1", "alias uplink");
        ck_says("ip link show eth1", "master lan");
}
END_TEST

/* A run that was killed between the two requests of a limit. */
START_TEST(half_a_limit_goes_on_the_way_back)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        sh("ip link add vif1.0 type veth peer name g1 && ip link set vif1.0 up && ip link set g1 up");
        picture(before);
        done = world_plan(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, rate-limit: 2Mbit}]\n");
        if (system("tc qdisc add dev vif1.0 handle ffff: ingress") != 0)
                return;
        world_back(&w);
        picture(after);
        ck_same(before, after);
        /* The same with the mark already, as the step before left it. */
        done = world_plan(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, rate-limit: 2Mbit}]\n");
        sh("ip link set vif1.0 alias xsnet:t && tc qdisc add dev vif1.0 handle ffff: ingress");
        world_back(&w);
        picture(after);
        ck_same(before, after);
}
END_TEST

START_TEST(what_limits_of_gone_devices_left_goes_with_the_next_apply)
{
        if (system("ip link add xi9.0 type ifb 2>/dev/null") != 0)
                return;
        sh("ip link set xi9.0 alias xsnet: up && ip link add xj9.1 type ifb && ip link set xj9.1 alias xsnet:");
        sh("ip link add xi8.0 type ifb && ip link set xi8.0 alias mine && ip link add xi7.x type ifb");
        sh("ip link add xi1.0 type ifb && ip link set xi1.0 alias xsnet: && ip link add vif1.0 type veth peer name g1");
        world_apply(&w, "format: 1\nnetworks: [{name: lan}]\n");
        ck_says_not("ip link show", "xi9.0");
        ck_says_not("ip link show", "xj9.1");
        ck_says("ip link show", "xi8.0");
        ck_says("ip link show", "xi7.x");
        ck_says("ip link show", "xi1.0");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("linux rollback");
        TCase *tc = tcase_create("kernel");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, a_default_route_of_others_comes_back_with_metric_protocol_and_source);
        tcase_add_test(tc, routes_of_others_come_back_when_their_object_names_other_ones);
        tcase_add_test(tc, a_gateway_of_ours_goes_back_to_the_metric_that_it_had);
        tcase_add_loop_test(tc, a_gateway_comes_back_with_the_address_that_it_had, 0, 3);
        tcase_add_test(tc, addresses_of_others_come_back_as_theirs_with_the_bridge_that_had_them);
        tcase_add_test(tc, addresses_keep_what_is_special_about_them_when_they_move);
        tcase_add_loop_test(tc, link_local_addresses_of_ipv4_move_with_their_device, 0, 2);
        tcase_add_loop_test(tc, a_nic_with_router_advertisements_joins_a_network_and_goes_back, 0, 2);
        tcase_add_loop_test(tc, router_advertisements_are_wanted_where_the_nic_is, 0, 2);
        tcase_add_test(tc, what_was_set_of_bridge_ports_comes_back);
        tcase_add_test(tc, a_port_whose_move_fails_has_its_settings_again);
        tcase_add_test(tc, devices_that_were_down_are_down_again_without_an_owner);
        tcase_add_test(tc, a_nic_that_was_up_for_its_address_only_goes_down_with_it);
        tcase_add_test(tc, a_nic_that_somebody_brought_up_meanwhile_is_up_on_the_way_back);
        tcase_add_test(tc, a_nic_stays_up_under_what_others_put_on_it);
        tcase_add_loop_test(tc, going_back_deletes_no_bridge_that_others_made_meanwhile, 0, 4);
        tcase_add_test(tc, going_back_deletes_a_bridge_that_was_only_just_made);
        tcase_add_test(tc, a_nic_with_an_alias_of_others_joins_without_an_owner);
        tcase_add_test(tc, half_a_limit_goes_on_the_way_back);
        tcase_add_test(tc, what_limits_of_gone_devices_left_goes_with_the_next_apply);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
