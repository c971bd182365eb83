/* SPDX-License-Identifier: Apache-2.0 */
/* Networks, VIFs and addresses of the linux backend on this machine's kernel. */
#include "linux_test.h"

static struct world w;

static void setup(void)
{
        world_enter();
        sh("ip link add vif1.0 type veth peer name g1 && ip link add vif2.0 type veth peer name g2");
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

START_TEST(a_network_with_a_guest_is_made_and_goes_again)
{
        world_apply(&w, "format: 1\nowner: t\n"
                        "networks: [{name: \"guest net\", mtu: 9000}]\n"
                        "vifs: [{domain: 1, device: 0, network: guest net},\n"
                        "       {domain: 9, device: 0, network: guest net}]\n");
        ck_says("ip -d link show vif1.0", "mtu 9000");
        ck_says("ip -d link show type bridge", "alias xsnet:t;net=guest%20net");
        ck_says("ip -d link show type bridge", "xs8586f79f");
        ck_says("ip link show vif1.0", "master xs8586f79f");
        ck_says("ip link show vif1.0", ",UP");
        ck_assert_ptr_nonnull(find(XSNET_KIND_NETWORK, "guest net"));
        ck_assert_str_eq(xsn_object_network(find(XSNET_KIND_VIF, "1/0")), "guest net");
        ck_assert(find(XSNET_KIND_NETWORK, "guest net")->made);
        ck_assert(!find(XSNET_KIND_VIF, "1/0")->made);
        world_apply(&w, PRUNE);
        ck_says_not("ip link show type bridge", "xs");
        ck_says_not("ip link show vif1.0", "master");
        ck_says_not("ip -d link show vif1.0", "alias");
        ck_says("ip link show vif2.0", "vif2.0");
}
END_TEST

START_TEST(the_mtu_of_a_network_stays_when_its_last_port_goes)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a, mtu: 9000}, {name: b, mtu: 1400}]\n"
                        "vifs: [{domain: 1, device: 0, network: a}, {domain: 2, device: 0, network: b}]\n");
        sh("ip link del vif1.0 && ip link del vif2.0");
        ck_says("ip link show a", "mtu 9000");
        ck_says("ip link show b", "mtu 1400");
        /* Also where a port had the new one first. */
        sh("ip link add vif1.0 type veth peer name g1");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: c}]\nvifs: [{domain: 1, device: 0, network: c}]\n");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: c, mtu: 9000}]\n");
        ck_says("ip link show vif1.0", "mtu 9000");
        sh("ip link del vif1.0");
        ck_says("ip link show c", "mtu 9000");
}
END_TEST

START_TEST(a_guest_bridge_and_its_ports_have_no_ipv6_until_it_is_asked_for)
{
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\nvifs: [{domain: 1, device: 0, network: a}]\n");
        ck_says("cat /proc/sys/net/ipv6/conf/a/disable_ipv6", "1");
        ck_says("cat /proc/sys/net/ipv6/conf/vif1.0/disable_ipv6", "1");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a, ipv6: {address: \"2001:db8::1/64\"}}]\n");
        ck_says("cat /proc/sys/net/ipv6/conf/a/disable_ipv6", "0");
        ck_says("ip -6 addr show a", "2001:db8::1/64");
        ck_says("cat /proc/sys/net/ipv6/conf/vif1.0/disable_ipv6", "1");
        world_apply(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, absent: true}]\n");
        ck_says("cat /proc/sys/net/ipv6/conf/vif1.0/disable_ipv6", "0");
}
END_TEST

START_TEST(an_address_that_goes_takes_no_other_one_along)
{
        world_apply(&w, "format: 1\nowner: t\n"
                        "networks: [{name: a, ipv4: {address: [10.1.0.1/24, 10.1.0.2/24], gateway: 10.1.0.254},\n"
                        "            routes: [{to: 10.9.0.0/16, via: 10.1.0.9, metric: 7}]}]\n");
        ck_says("ip route show dev a", "default via 10.1.0.254");
        ck_says("ip route show dev a", "10.9.0.0/16 via 10.1.0.9 proto static metric 7");
        /* The first of a subnet takes the others with it, as the kernel has it. */
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a, ipv4: {address: 10.1.0.2/24}}]\n");
        ck_says_not("ip addr show a", "10.1.0.1/24");
        ck_says("ip addr show a", "10.1.0.2/24");
        ck_says("ip route show dev a", "default via 10.1.0.254");
        ck_says("ip route show dev a", "10.9.0.0/16 via 10.1.0.9");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a, ipv4: null, routes: null}]\n");
        ck_says_not("ip -4 addr show a", "inet");
        ck_says_not("ip route show", "a");
}
END_TEST

START_TEST(link_local_addresses_of_a_document_are_set_moved_and_taken_away)
{
        sh("ip link add eth0 type veth peer name far && ip link set far up");
        sh("ip addr add 169.254.7.7/32 dev eth0");
        world_apply(&w, "format: 1\nowner: t\n"
                        "pifs: [{device: eth0, ipv4: {address: 169.254.3.3/16}, ipv6: {address: \"fe80::1/64\"}}]\n");
        world_observe(&w);
        ck_assert_uint_eq(find(XSNET_KIND_PIF, "eth0")->a.ipv4_address.n, 1); /* not the one that others set */
        ck_assert_uint_eq(find(XSNET_KIND_PIF, "eth0")->a.ipv6_address.n, 1); /* nor the kernel's own */
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\npifs: [{device: eth0, network: a}]\n");
        ck_says("ip addr show a", "inet 169.254.3.3/16");
        ck_says("ip addr show a", "inet 169.254.7.7/32");
        ck_says("ip addr show a", "inet6 fe80::1/64");
        world_apply(&w, "format: 1\nowner: t\npifs: [{device: eth0, ipv4: null, ipv6: null}]\n");
        ck_says_not("ip addr show a", "169.254.3.3");
        ck_says("ip addr show a", "inet 169.254.7.7/32");
        ck_says_not("ip addr show a", "fe80::1/64");
}
END_TEST

START_TEST(what_others_set_stays)
{
        sh("ip link add br9 type bridge && ip link set br9 up && ip link set vif2.0 master br9");
        sh("ip addr add 10.2.0.1/24 dev br9 && ip route add 10.3.0.0/16 via 10.2.0.2");
        world_apply(&w, "format: 1\nowner: t\nnetworks: [{name: br9, mtu: 1400, ipv4: {address: 10.4.0.1/24}}]\n");
        ck_says("ip addr show br9", "10.2.0.1/24");
        ck_says("ip addr show br9", "10.4.0.1/24");
        ck_assert(!find(XSNET_KIND_NETWORK, "br9")->made);
        ck_says("ip -d link show br9", "alias xsnet:t;net=br9;made=no");
        world_apply(&w, PRUNE);
        ck_says("ip addr show br9", "10.2.0.1/24");
        ck_says_not("ip addr show br9", "10.4.0.1/24");
        ck_says("ip route show dev br9", "10.3.0.0/16");
        ck_says("ip link show vif2.0", "master br9");
        ck_says_not("ip -d link show br9", "alias");
}
END_TEST

START_TEST(an_alias_of_somebody_else_is_never_overwritten)
{
        sh("ip link add br9 type bridge && ip link set br9 alias 'the cellar'");
        world_observe(&w);
        ck_assert(find(XSNET_KIND_NETWORK, "br9")->mark_taken);
        ck_says("ip link show br9", "alias the cellar");
}
END_TEST

START_TEST(a_rate_limit_is_read_back_changed_and_taken_away)
{
        world_apply(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, rate-limit: 80Mbit}]\n");
        ck_says("tc qdisc show dev vif1.0", "ingress");
        world_apply(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, rate-limit: 10MB}]\n");
        world_apply(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, rate-limit: 40Gbit}]\n");
        world_apply(&w, "format: 1\nowner: t\nvifs: [{domain: 1, device: 0, rate-limit: null}]\n");
        ck_says_not("tc qdisc show", "ingress");
        ck_says_not("ip link show", "xi1.0");
}
END_TEST

START_TEST(the_settings_of_a_bridge_come_back_with_it)
{
        struct xsnet_plan *plan;
        struct xsn_journal *journal = NULL;
        struct xsn_plan_input input = { .name = "linux:" };

        sh("ip link add br9 group 77 type bridge ageing_time 12300 mcast_igmp_version 3 && ip link set br9 up");
        plan = world_plan(&w, "format: 1\nnetworks: [{name: br9, absent: true}]\n");
        ck_assert_int_eq(xsn_journal_from_plan(plan, 0, &journal), 0);
        world_run(&w, plan);
        ck_assert_msg(w.code == 0, "%s", w.message);
        ck_says_not("ip link show", "br9");
        xsnet_plan_unref(plan);

        world_observe(&w);
        input.observed = w.state;
        input.caps = w.be->ops->get_caps(w.be);
        ck_assert_int_eq(xsn_plan_back(&input, journal, &plan, NULL), 0);
        world_run(&w, plan);
        ck_assert_msg(w.code == 0, "%s", w.message);
        ck_says("ip -d link show br9", "ageing_time 12300");
        ck_says("ip -d link show br9", "mcast_igmp_version 3");
        ck_says("ip -d link show br9", "group 77");
        ck_says("cat /proc/sys/net/ipv6/conf/br9/disable_ipv6", "0");
        xsnet_plan_unref(plan);
        xsn_journal_free(journal);
}
END_TEST

START_TEST(many_networks_go_by_groups_and_nothing_else_goes_with_them)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "format: 1\nowner: t\nnetworks:\n");
        for (int i = 0; i < 20; i++)
                xsn_buf_printf(&buf, "  - {name: n%d, ipv4: {address: 10.0.%d.1/24}}\n", i, i);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        sh("ip link add other type bridge");
        world_apply(&w, text);
        ck_assert_uint_eq(w.state->n_objects, 20 + 1 + 2);
        world_apply(&w, PRUNE);
        ck_assert_uint_eq(w.state->n_objects, 1 + 2);
        ck_says("ip link show type bridge", "other");
        ck_says("ip -d link show other", "group default");
}
END_TEST

START_TEST(a_device_that_appears_meanwhile_is_not_taken_for_ours)
{
        struct xsnet_plan *plan = world_plan(&w, "format: 1\nowner: t\nnetworks: [{name: a}, {name: b}]\n");

        sh("ip link add name b type bridge");
        world_run(&w, plan);
        ck_assert_int_eq(w.code, -EEXIST);
        ck_assert_msg(strstr(w.message, "there is a device called 'b' already"), "%s", w.message);
        ck_says_not("ip -d link show dev b", "alias");
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_guest_that_goes_meanwhile_waits_again)
{
        struct xsnet_plan *plan = world_plan(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\n"
                                                 "vifs: [{domain: 1, device: 0, network: a},\n"
                                                 "       {domain: 2, device: 0, network: a}]\n");

        sh("ip link del vif1.0");
        world_run(&w, plan);
        ck_assert_msg(w.code == 0, "%s", w.message);
        ck_says("ip link show vif2.0", "master a");
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(an_apply_that_is_cancelled_stops_between_waves)
{
        struct xsnet_plan *plan = world_plan(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\n"
                                                 "vifs: [{domain: 1, device: 0, network: a}]\n");

        w.done = false;
        ck_assert_int_eq(w.be->ops->apply(w.be, plan, 0, world_step, world_applied, &w, NULL), 0);
        ck_assert_int_eq(w.be->ops->observe(w.be, world_observed, &w, NULL), -EBUSY);
        while (w.n_begun == 0) {
                ck_assert_int_eq(xsn_loop_wait(w.loop, UINT64_MAX), 0);
                ck_assert_int_eq(xsn_loop_dispatch(w.loop, NULL), 0);
        }
        w.be->ops->cancel(w.be);
        world_wait(&w);
        ck_assert_int_eq(w.code, -ECANCELED);
        /* The wave that had begun was finished. */
        ck_assert_uint_eq(w.n_done, 1);
        ck_says("ip link show a", ",UP");
        ck_says_not("ip link show vif1.0", "master");
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(an_apply_that_is_cancelled_stops_between_deletions)
{
        char text[4096] = "format: 1\nowner: t\nnetworks: [";
        struct xsnet_plan *plan;

        for (int i = 0; i < 40; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "{name: n%d},", i);
        strcat(text, "]\n");
        world_apply(&w, text);
        plan = world_plan(&w, PRUNE);
        w.done = false;
        w.n_done = 0;
        ck_assert_int_eq(w.be->ops->apply(w.be, plan, 0, world_step, world_applied, &w, NULL), 0);
        while (says("ip -o link show type bridge | wc -l", "40") && !w.done) {
                ck_assert_int_eq(xsn_loop_wait(w.loop, UINT64_MAX), 0);
                ck_assert_int_eq(xsn_loop_dispatch(w.loop, NULL), 0);
        }
        ck_assert(!w.done);
        w.be->ops->cancel(w.be);
        world_wait(&w);
        ck_assert_int_eq(w.code, -ECANCELED);
        ck_assert_uint_eq(w.n_done, 0);
        ck_says("ip -o link show type bridge | wc -l", "32"); /* bridges go in eights */
        xsnet_plan_unref(plan);
}
END_TEST

START_TEST(a_backend_that_is_closed_in_the_middle_calls_nobody)
{
        struct xsnet_plan *plan = world_plan(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\n");

        w.done = false;
        ck_assert_int_eq(w.be->ops->apply(w.be, plan, 0, world_step, world_applied, &w, NULL), 0);
        w.be->ops->close(w.be);
        ck_assert_int_eq(xsn_loop_dispatch(w.loop, NULL), 0);
        ck_assert(!w.done);
        xsnet_plan_unref(plan);
        xsnet_state_unref(w.state);
        xsn_loop_free(w.loop);
        world_open(&w);
}
END_TEST

START_TEST(nothing_is_written_without_the_right_and_the_error_says_which)
{
        struct xsnet_plan *plan = world_plan(&w, "format: 1\nowner: t\nnetworks: [{name: a}]\n");

        if (setresuid(65534, 65534, 65534) == 0) {
                world_run(&w, plan);
                ck_assert_int_eq(w.code, -EPERM);
                ck_assert_msg(strstr(w.message, "CAP_NET_ADMIN"), "%s", w.message);
        }
        xsnet_plan_unref(plan);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("linux networks");
        TCase *tc = tcase_create("kernel");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, a_network_with_a_guest_is_made_and_goes_again);
        tcase_add_test(tc, the_mtu_of_a_network_stays_when_its_last_port_goes);
        tcase_add_test(tc, a_guest_bridge_and_its_ports_have_no_ipv6_until_it_is_asked_for);
        tcase_add_test(tc, an_address_that_goes_takes_no_other_one_along);
        tcase_add_test(tc, link_local_addresses_of_a_document_are_set_moved_and_taken_away);
        tcase_add_test(tc, what_others_set_stays);
        tcase_add_test(tc, an_alias_of_somebody_else_is_never_overwritten);
        tcase_add_test(tc, a_rate_limit_is_read_back_changed_and_taken_away);
        tcase_add_test(tc, the_settings_of_a_bridge_come_back_with_it);
        tcase_add_test(tc, many_networks_go_by_groups_and_nothing_else_goes_with_them);
        tcase_add_test(tc, a_device_that_appears_meanwhile_is_not_taken_for_ours);
        tcase_add_test(tc, a_guest_that_goes_meanwhile_waits_again);
        tcase_add_test(tc, an_apply_that_is_cancelled_stops_between_waves);
        tcase_add_test(tc, an_apply_that_is_cancelled_stops_between_deletions);
        tcase_add_test(tc, a_backend_that_is_closed_in_the_middle_calls_nobody);
        tcase_add_test(tc, nothing_is_written_without_the_right_and_the_error_says_which);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
