/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dom0's addresses on a real Open vSwitch: they go along with their NIC onto a bridge, into a bond and back, with the
 * routes of every table, while a neighbour in another namespace asks; and whatever fails on the way, they are where
 * they were or where they shall be.
 */
#include <linux/capability.h>
#include <sys/syscall.h>

#include "ovs_proxy.h"

#define DOC "format: 1\nowner: lab\n"

/* The neighbour: a namespace with the other ends of eth0 and eth1, and a switch between them. */
struct dom0 {
        struct host h;
        pid_t peer;
        bool stopped; /* vswitchd goes on when the engine goes back */
};

static void peer_sh(const struct dom0 *d, const char *command)
{
        host_sh(&d->h, "nsenter --net=/proc/%d/ns/net sh -c '%s' >>$D/out 2>&1", (int)d->peer, command);
}

static void dom0_new(struct dom0 *d)
{
        int ready[2];
        char c;

        d->stopped = true;
        host_new(&d->h);
        ck_assert_int_eq(pipe(ready), 0);
        d->peer = fork();
        if (d->peer == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "x", 1) == 1)
                        for (;;)
                                pause();
                _exit(1);
        }
        ck_assert_int_eq(read(ready[0], &c, 1), 1);
        close(ready[0]);
        close(ready[1]);
        host_sh(&d->h, "ip link set p-eth0 netns %d && ip link set p-eth1 netns %d", (int)d->peer, (int)d->peer);
        peer_sh(d, "ip link add sw type bridge && ip link set p-eth0 master sw && ip link set p-eth1 master sw && "
                   "ip link set p-eth0 up && ip link set p-eth1 up && ip link set sw up && ip link set lo up && "
                   "ip addr add 192.0.2.254/24 dev sw && ip addr add 2001:db8::fe/64 dev sw nodad");
        host_sh(&d->h, "ip addr add 192.0.2.1/24 dev eth0; ip addr add 198.51.100.1/25 dev eth0; "
                       "ip addr add 2001:db8::1/64 dev eth0 nodad; ip route add default via 192.0.2.254 metric 50; "
                       "ip route add 203.0.113.0/24 via 192.0.2.253; "
                       "ip route add 203.0.113.0/24 via 192.0.2.252 table 100; "
                       "ip -6 route add 2001:db8:1::/48 via 2001:db8::fe");
}

static void dom0_free(struct dom0 *d)
{
        (void)kill(d->peer, SIGKILL);
        (void)waitpid(d->peer, NULL, 0);
        host_free(&d->h);
}

/* Addresses and routes of dom0, but for those that the kernel gives every device; and which are NICs' and up. */
#define DEVICES                                                                                                   \
        "ip -o addr show scope global | sed 's/^[0-9]*: //; s/ *\\\\.*//; s/ valid_lft.*//; s/ nodad//' | sort; " \
        "ip -4 route show table all type unicast | grep -v 'proto kernel' | sed 's/ linkdown//' | sort; "         \
        "ip -6 route show table all type unicast | grep -v 'proto kernel' | sed 's/ linkdown//' | sort; "         \
        "ip -o link show eth0 | grep -o '[<,]UP'; ip -o link show eth1 | grep -o '[<,]UP'; "                      \
        "cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6"

static char *look(const struct dom0 *d)
{
        return host_ask(&d->h, ROWS "; " DEVICES);
}

static void ck_same(const struct dom0 *d, const char *before)
{
        char *after = look(d);

        ck_assert_msg(strcmp(before, after) == 0, "before:\n%s\nafter:\n%s", before, after);
        free(after);
}

/* All that was on eth0 is on the device, and a neighbour reaches it. */
static void ck_is_on(const struct dom0 *d, const char *device)
{
        char command[512], wanted[512];

        snprintf(wanted, sizeof(wanted),
                 "192.0.2.1/24 %s\n198.51.100.1/25 %s\n2001:db8::1/64 %s\n"
                 "default via 192.0.2.254 dev %s metric 50 \n203.0.113.0/24 via 192.0.2.253 dev %s \n"
                 "203.0.113.0/24 via 192.0.2.252 dev %s \n"
                 "2001:db8:1::/48 via 2001:db8::fe dev %s metric 1024 pref medium\n",
                 device, device, device, device, device, device, device);
        snprintf(command, sizeof(command),
                 "ip -o addr show scope global | awk '{print $4, $2}' | sort; ip route show default; ip route show "
                 "203.0.113.0/24; ip route show 203.0.113.0/24 table 100; ip -6 route show 2001:db8:1::/48");
        ck_host_says(&d->h, command, wanted);
        peer_sh(d, "ping -c1 -W3 192.0.2.1 && ping -c1 -W3 2001:db8::1");
}

/* ---- ways that addresses go ---- */

#define LAN  "networks: [{name: lan}]\n"
#define GONE "networks: [{name: lan, absent: true}]\n"

/* Two documents: what was on eth0 is on the one device, then on the other. */
static const struct way {
        const char *name, *before, *from, *doc, *to;
        bool all; /* of the troubles; else those that do not wait for vswitchd to find its server again */
} ways[] = {
        { "onto a new bridge", DOC GONE "pifs: [{device: eth0, network: null}]\n", "eth0",
          DOC LAN "pifs: [{device: eth0, network: lan}]\n", "lan", true },
        { "onto a bridge that is there", DOC LAN "pifs: [{device: eth0, network: null}]\n", "eth0",
          DOC LAN "pifs: [{device: eth0, network: lan}]\n", "lan", false },
        { "off a bridge that goes", DOC LAN "pifs: [{device: eth0, network: lan}]\n", "lan",
          DOC GONE "pifs: [{device: eth0, network: null}]\n", "eth0", true },
        { "off a bridge that stays", DOC LAN "pifs: [{device: eth0, network: lan}]\n", "lan",
          DOC "pifs: [{device: eth0, network: null}]\n", "eth0", false },
        { "from one bridge to another",
          DOC "networks: [{name: lan}, {name: other, absent: true}]\npifs: [{device: eth0, network: lan}]\n", "lan",
          DOC "networks: [{name: other}]\npifs: [{device: eth0, network: other}]\n", "other", false },
        { "into a bond", DOC GONE "bonds: [{name: bond0, absent: true}]\n", "eth0",
          DOC LAN "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: lan}]\n", "lan", true },
        { "out of a bond that goes with its bridge",
          DOC LAN "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: lan}]\n", "lan",
          DOC GONE "bonds: [{name: bond0, absent: true}]\n", "eth0", true },
        { "from a bridge's NIC into its bond",
          DOC LAN "bonds: [{name: bond0, absent: true}]\n"
                  "pifs: [{device: eth0, network: lan}]\n",
          "lan", DOC LAN "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: lan}]\n", "lan",
          false },
        { "along with a bridge that gets another name",
          DOC "networks: [{name: lan, bridge: lan}]\npifs: [{device: eth0, network: lan}]\n", "lan",
          DOC "networks: [{name: lan, bridge: br7}]\npifs: [{device: eth0, network: lan}]\n", "br7", false },
};

static void start(struct dom0 *d, const struct way *way)
{
        host_apply(&d->h, way->before);
        ck_assert_msg(d->h.code == 0, "%s: %s", way->name, d->h.message);
        ck_is_on(d, way->from);
}

START_TEST(addresses_go_along_with_their_routes_and_back)
{
        const struct way *way = &ways[_i];
        struct dom0 d;
        char *before;

        dom0_new(&d);
        start(&d, way);
        before = look(&d);
        ck_applies(&d.h, way->doc);
        ck_is_on(&d, way->to);
        host_apply(&d.h, way->doc);
        ck_assert_msg(d.h.code == 0 && d.h.outcome == XSNET_OUTCOME_NOTHING_TO_DO, "%s: %d %s", way->name, d.h.outcome,
                      d.h.message);
        ck_applies(&d.h, way->before);
        ck_is_on(&d, way->from);
        ck_same(&d, before);
        free(before);
        dom0_free(&d);
}
END_TEST

#define MACS "mac() { ip -o link show $1 | grep -o 'link/ether [0-9a-f:]*' | cut -d' ' -f2; }; "

START_TEST(a_bridge_has_the_mac_address_of_its_nic)
{
        struct dom0 d;

        dom0_new(&d);
        ck_applies(&d.h, DOC LAN "pifs: [{device: eth0, network: lan}]\n");
        ck_host_says(&d.h, MACS "test $(mac eth0) = $(mac lan)", "");
        ck_applies(&d.h, DOC "pifs: [{device: eth0, network: null}]\n");
        ck_host_says(&d.h, "$V get Bridge lan other_config", "{}\n");
        /* What somebody chose stays, and comes back. */
        host_sh(&d.h, "$V set Bridge lan other_config:hwaddr='\"02:00:00:00:00:07\"'");
        ck_applies(&d.h, DOC "pifs: [{device: eth0, network: lan}]\n");
        ck_host_says(&d.h, MACS "mac lan", "02:00:00:00:00:07\n");
        dom0_free(&d);
}
END_TEST

#define SET                                                                                                           \
        "networks: [{name: lan}, {name: tenant}, {name: own, ipv4: {address: 203.0.113.9/29}}]\n"                      \
        "pifs:\n"                                                                                                     \
        "- {device: eth2, network: lan, ipv4: {address: [10.1.0.1/24, 10.1.0.2/24], gateway: 10.1.0.254},\n"          \
        "   ipv6: {address: '2001:db8:7::1/64'}, routes: [{to: 10.9.0.0/16, via: 10.1.0.9}], default-route: true}\n"  \
        "- {device: eth3, ipv4: {address: 10.3.0.1/24}}\n"                                                             \
        "vlans: [{pif: eth2, tag: 7, network: tenant, ipv4: {address: 10.7.0.1/24}, management: true}]\n"

START_TEST(a_document_sets_changes_and_takes_away_addresses_and_routes)
{
        static const char told[] = "ip -o addr show scope global | awk '{print $4, $2}' | sort | grep -v eth0; "
                                   "ip route show default dev lan; ip route show 10.9.0.0/16";
        struct dom0 d;
        char *before;

        dom0_new(&d);
        before = look(&d);
        ck_applies(&d.h, DOC SET);
        ck_host_says(&d.h, told,
                     "10.1.0.1/24 lan\n10.1.0.2/24 lan\n10.3.0.1/24 eth3\n10.7.0.1/24 tenant\n"
                     "2001:db8:7::1/64 lan\n203.0.113.9/29 own\ndefault via 10.1.0.254 proto static \n"
                     "10.9.0.0/16 via 10.1.0.9 dev lan proto static \n");
        ck_host_says(&d.h, "$V get Port tenant external_ids:xsnet-management", "yes\n");
        host_apply(&d.h, DOC SET);
        ck_assert_msg(d.h.outcome == XSNET_OUTCOME_NOTHING_TO_DO, "%d %s", d.h.outcome, d.h.message);
        /* The first address of a subnet goes: what the kernel takes along stays. */
        ck_applies(&d.h, DOC "pifs: [{device: eth2, ipv4: {address: 10.1.0.2/24}, routes: []}]\n"
                             "vlans: [{pif: eth2, tag: 7, ipv4: {address: 10.7.0.9/24}}]\n");
        ck_host_says(&d.h, told,
                     "10.1.0.2/24 lan\n10.3.0.1/24 eth3\n10.7.0.9/24 tenant\n2001:db8:7::1/64 lan\n"
                     "203.0.113.9/29 own\ndefault via 10.1.0.254 proto static \n");
        ck_applies(&d.h, DOC "networks: [{name: lan, absent: true}, {name: tenant, absent: true}, {name: own, absent: "
                             "true}]\npifs: [{device: eth2, network: null, ipv4: null, ipv6: null, routes: null, "
                             "default-route: null}, {device: eth3, ipv4: null}]\n"
                             "vlans: [{pif: eth2, tag: 7, absent: true}]\n");
        ck_same(&d, before);
        free(before);
        dom0_free(&d);
}
END_TEST

/* The bond says what it has: nothing has what its member had, nor is to have it. */
START_TEST(what_a_nic_had_goes_where_its_bond_has_addresses_of_its_own)
{
        struct dom0 d;

        dom0_new(&d);
        ck_applies(&d.h, DOC LAN "pifs: [{device: eth3, ipv4: {address: 10.3.0.1/24, gateway: 10.3.0.254}}]\n"
                                 "bonds: [{name: bond0, members: [eth1, eth2], mode: active-backup, network: lan}]\n");
        ck_applies(&d.h, DOC "pifs: [{device: eth3, ipv4: null}]\n"
                             "bonds: [{name: bond0, members: [eth1, eth2, eth3], ipv4: {address: 10.4.0.1/24}}]\n");
        ck_host_says(&d.h, "ip -o -4 addr show scope global | awk '{print $4, $2}' | grep '^10'; ip route | grep 10.3 "
                           "| wc -l",
                     "10.4.0.1/24 lan\n0\n");
        dom0_free(&d);
}
END_TEST

START_TEST(a_guests_device_has_no_ipv6_of_its_own_while_it_is_in_a_network)
{
        static const char told[] = "for i in vif2.0 tap2.0; do cat /proc/sys/net/ipv6/conf/$i/disable_ipv6; "
                                   "ip -o link show $i | grep -c '[<,]UP'; done; true";
        struct dom0 d;

        dom0_new(&d);
        host_sh(&d.h, "ip link set vif2.0 down; ip link set tap2.0 down");
        ck_host_says(&d.h, told, "0\n0\n0\n0\n");
        ck_applies(&d.h, DOC LAN "vifs: [{domain: 2, device: 0, network: lan}]\n");
        ck_host_says(&d.h, told, "1\n1\n1\n1\n");
        ck_applies(&d.h, DOC "vifs: [{domain: 2, device: 0, absent: true}]\n");
        ck_host_says(&d.h, told, "0\n0\n0\n0\n");
        dom0_free(&d);
}
END_TEST

/* ---- faults ---- */

static void set_admin(bool on)
{
        struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2];

        ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
        if (on)
                data[0].effective |= 1U << CAP_NET_ADMIN;
        else
                data[0].effective &= ~(1U << CAP_NET_ADMIN);
        ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
}

static void lose_admin(struct proxy *p)
{
        (void)p;
        set_admin(false);
}

static void stop_vswitchd(struct proxy *p)
{
        ck_assert_int_eq(kill(p->h->vswitchd, SIGSTOP), 0);
}

static void die(struct proxy *p)
{
        (void)p;
        (void)raise(SIGKILL);
}

static const struct trouble {
        struct fault fault;
        void (*hook)(struct proxy *p);
} troubles[] = {
        { { "death before the commit", COMMIT, REQUEST, CUT, UNCHANGED, KILL, NULL, NULL }, NULL },
        { { "death with the commit", COMMIT, REQUEST, CUT_AFTER, EITHER, KILL, NULL, NULL }, NULL },
        { { "death before the answer", COMMIT, REPLY, CUT, ROLLED_BACK, KILL, NULL, NULL }, NULL },
        { { "death in the wait", FOLLOW, REQUEST, CUT_AFTER, EITHER, KILL, NULL, NULL }, NULL },
        { { "vswitchd that stops before the commit", COMMIT, REQUEST, HOOK, ROLLED_BACK, 0, NULL, NULL },
          stop_vswitchd },
        { { "refused before the commit", LOOK, REPLY, HOOK, EITHER, 0, NULL, NULL }, lose_admin },
        { { "refused after the commit", COMMIT, REQUEST, HOOK, EITHER, 0, NULL, NULL }, lose_admin },
        { { "refused when vswitchd has followed", FOLLOW, REPLY, HOOK, EITHER, 0, NULL, NULL }, lose_admin },
};

static const struct fault deaths[] = {
        { "killed before the commit", COMMIT, REQUEST, HOOK, 0, 0, NULL, NULL },
        { "killed after the commit", COMMIT, REPLY, HOOK, 0, 0, NULL, NULL },
        { "killed when vswitchd has followed", FOLLOW, REPLY, HOOK, 0, 0, NULL, NULL },
};

static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct dom0 *d = userdata;

        (void)step;
        (void)err;
        if (what != XSNET_PROGRESS_GOING_BACK)
                return;
        set_admin(true);
        if (d->stopped)
                (void)kill(d->h.vswitchd, SIGCONT);
}

static void recover(struct dom0 *d)
{
        set_admin(true);
        (void)kill(d->h.vswitchd, SIGCONT);
        host_wait_server(&d->h);
        host_sh(&d->h, "$V set Open_vSwitch . external_ids:seen=1 && $V remove Open_vSwitch . external_ids seen");
}

static void strike(struct dom0 *d, struct proxy *proxy, const struct way *way, const struct trouble *trouble,
                   const char *before)
{
        const struct fault *fault = &trouble->fault;

        /* vswitchd looks for a server that has died once in a while. */
        ck_assert_int_eq(xsnet_engine_set_deadline(d->h.engine, trouble->hook == stop_vswitchd ? 3000 : 20000, NULL),
                         0);
        proxy->hook = trouble->hook;
        proxy_set(proxy, fault);
        proxy_apply(proxy, way->doc);
        recover(d);
        ck_assert_msg(proxy->n_hits == 1, "%s: did not happen", fault->name);
        ck_assert_msg(fault->outcome == EITHER
                              ? d->h.outcome == DONE || d->h.outcome == UNCHANGED || d->h.outcome == ROLLED_BACK
                              : d->h.outcome == fault->outcome,
                      "%s, %s: outcome %d: %s", way->name, fault->name, d->h.outcome, d->h.message);
        if (d->h.outcome == DONE) {
                ck_is_on(d, way->to);
                proxy_apply(proxy, way->before);
                ck_assert_msg(d->h.code == 0, "%s: %s", fault->name, d->h.message);
        }
        ck_is_on(d, way->from);
        ck_same(d, before);
}

START_TEST(what_fails_on_the_way_leaves_addresses_where_they_were_or_shall_be)
{
        const struct way *way = &ways[_i];
        struct proxy proxy;
        struct dom0 d;
        char *before;

        dom0_new(&d);
        start(&d, way);
        before = look(&d);
        proxy_new(&proxy, &d.h);
        ck_assert_int_eq(xsnet_engine_set_progress(d.h.engine, on_progress, &d, NULL, NULL), 0);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(troubles); i++)
                if (way->all || !(troubles[i].fault.flags & KILL))
                        strike(&d, &proxy, way, &troubles[i], before);
        proxy_apply(&proxy, way->doc);
        ck_assert_msg(d.h.code == 0, "%s: %s", way->name, d.h.message);
        ck_is_on(&d, way->to);
        proxy_free(&proxy);
        free(before);
        dom0_free(&d);
}
END_TEST

/* In a process of its own. Whoever comes then goes through the same socket: it is the same target. */
static void die_in_apply(struct dom0 *d, const struct way *way, const struct fault *fault)
{
        struct proxy proxy;
        int status;
        pid_t pid;

        host_sh(&d->h, "rm -f $D/proxy");
        pid = fork();
        if (pid == 0) {
                d->h.engine = NULL;
                proxy_new(&proxy, &d->h);
                proxy.hook = die;
                proxy_set(&proxy, fault);
                proxy_apply(&proxy, way->doc);
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: %x", fault->name, status);
        host_sh(&d->h, "rm -f $D/proxy");
}

START_TEST(who_dies_on_the_way_is_recovered_from)
{
        const struct way *way = &ways[_i];
        struct dom0 d;
        char *before;

        dom0_new(&d);
        start(&d, way);
        before = look(&d);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(deaths); i++) {
                struct proxy proxy;

                die_in_apply(&d, way, &deaths[i]);
                proxy_new(&proxy, &d.h);
                proxy_recover(&proxy);
                proxy_free(&proxy);
                ck_assert_msg(d.h.outcome == XSNET_OUTCOME_ROLLED_BACK || d.h.outcome == XSNET_OUTCOME_NOTHING_TO_DO,
                              "%s, %s: outcome %d: %s", way->name, deaths[i].name, d.h.outcome, d.h.message);
                host_target(&d.h, "");
                recover(&d);
                ck_is_on(&d, way->from);
                ck_same(&d, before);
        }
        free(before);
        dom0_free(&d);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_addresses");
        TCase *tc = tcase_create("addresses"), *faults = tcase_create("faults"), *deadly = tcase_create("deaths");

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, addresses_go_along_with_their_routes_and_back, 0, XSN_ARRAY_SIZE(ways));
        tcase_add_test(tc, a_bridge_has_the_mac_address_of_its_nic);
        tcase_add_test(tc, a_document_sets_changes_and_takes_away_addresses_and_routes);
        tcase_add_test(tc, what_a_nic_had_goes_where_its_bond_has_addresses_of_its_own);
        tcase_add_test(tc, a_guests_device_has_no_ipv6_of_its_own_while_it_is_in_a_network);
        tcase_set_timeout(faults, 120);
        tcase_add_loop_test(faults, what_fails_on_the_way_leaves_addresses_where_they_were_or_shall_be, 0,
                            XSN_ARRAY_SIZE(ways));
        tcase_set_timeout(deadly, 120);
        tcase_add_loop_test(deadly, who_dies_on_the_way_is_recovered_from, 0, XSN_ARRAY_SIZE(ways));
        suite_add_tcase(suite, tc);
        suite_add_tcase(suite, faults);
        suite_add_tcase(suite, deadly);
        return folder_main(suite);
}
