/* SPDX-License-Identifier: Apache-2.0 */
/* Documents on a real Open vSwitch: what they make, and that whatever goes wrong ends in the old rows or the new. */
#include "ovs_test.h"

#define DOC "format: 1\nowner: lab\n"

static const char everything[] = DOC
        "networks: [{name: trunk}, {name: tenant, description: of many}, {name: private net, stp: true}, {name: agg}]\n"
        "pifs: [{device: eth0, network: trunk}]\n"
        "bonds: [{name: bond0, members: [eth1, eth2], mode: balance-slb, updelay: 200, network: agg}]\n"
        "vlans: [{pif: eth0, tag: 100, network: tenant}]\n"
        "tunnels:\n"
        "- {network: private net, transport: eth3, protocol: gre, key: 7, local: 192.0.2.1,\n"
        "   remotes: [192.0.2.2, 192.0.2.3]}\n"
        "- {network: agg, transport: eth3, protocol: vxlan, key: 8, local: 192.0.2.1, csum: true,\n"
        "   remotes: [192.0.2.2]}\n"
        "vifs:\n"
        "- {domain: 1, device: 0, network: tenant, rate-limit: 8Mbit}\n"
        "- {domain: 2, device: 0, network: private net}\n";

#define NEXT_CFG "$V get Open_vSwitch . next_cfg"

static void ck_same_rows(const struct host *h, char *before)
{
        char *after = host_ask(h, ROWS);

        ck_assert_msg(strcmp(before, after) == 0, "before:\n%s\nafter:\n%s", before, after);
        free(after);
        free(before);
}

START_TEST(every_kind_is_made_and_made_once)
{
        struct host h;
        char *cfg;

        host_new(&h);
        ck_applies(&h, everything);
        ck_host_says(&h, "$V br-to-parent tenant; $V br-to-vlan tenant; $V list-ports tenant; $V list-ifaces agg | "
                         "head -2",
                     "trunk\n100\nvif1.0\neth1\neth2\n");
        ck_host_says(&h, "$V get Port bond0 bond_mode bond_updelay; $V get Interface vif1.0 ingress_policing_rate",
                     "balance-slb\n200\n8000\n");
        ck_host_says(&h, "for t in gre vxlan; do $V --bare --columns=options find Interface type=$t | sort | grep .; "
                         "done",
                     "key=7 local_ip=192.0.2.1 remote_ip=192.0.2.2\nkey=7 local_ip=192.0.2.1 remote_ip=192.0.2.3\n"
                     "csum=true key=8 local_ip=192.0.2.1 remote_ip=192.0.2.2\n");
        cfg = host_ask(&h, NEXT_CFG);
        host_apply(&h, everything);
        ck_assert_int_eq(h.code, 0);
        ck_assert_int_eq(h.outcome, XSNET_OUTCOME_NOTHING_TO_DO);
        ck_host_says(&h, NEXT_CFG, cfg);
        free(cfg);
        host_free(&h);
}
END_TEST

START_TEST(rows_and_keys_of_others_survive_a_change_and_the_removal_of_all)
{
        struct host h;

        host_new(&h);
        host_sh(&h, "$V add-br theirs -- set Bridge theirs datapath_type=netdev external_ids:a=b");
        ck_applies(&h, everything);
        host_sh(&h, "$V set Interface vif1.0 external_ids:xs-vif-uuid=v external_ids:iface-id=i -- set Interface eth0 "
                    "external_ids:k=v -- set Bridge trunk external_ids:k=v other_config:mac-aging-time=7 -- set Port "
                    "eth0 other_config:x=y");
        ck_applies(&h, DOC "networks: [{name: trunk, description: new, other-config: {mac-table-size: '99'}}]\n"
                           "pifs: [{device: eth0, other-config: {z: '1'}}]\n"
                           "vifs: [{domain: 1, device: 0, network: private net, rate-limit: null}]\n");
        ck_host_says(&h, "$V get Interface vif1.0 external_ids; $V get Port vif1.0 tag; $V port-to-br vif1.0; $V get "
                         "Interface vif1.0 ingress_policing_rate; $V get Interface vif1.0 ingress_policing_burst",
                     "{iface-id=i, xs-vif-uuid=v, xsnet-owner=lab}\n[]\nxs22ea5084\n0\n0\n");
        ck_host_says(&h, "$V get Bridge trunk external_ids:k; $V get Bridge trunk other_config:mac-aging-time; $V get "
                         "Interface eth0 external_ids:k; $V get Port eth0 other_config:x",
                     "v\n\"7\"\nv\ny\n");
        ck_applies(&h, DOC "prune: true\n");
        ck_host_says(&h, "$V list-br; $V get Bridge theirs external_ids", "theirs\n{a=b}\n");
        host_free(&h);
}
END_TEST

START_TEST(members_and_vlans_move_with_what_others_keep_there)
{
        struct host h;

        host_new(&h);
        ck_applies(&h, everything);
        host_sh(&h, "$V set Interface eth0 external_ids:k=v");
        ck_applies(&h, DOC "networks: [{name: trunk}]\n"
                           "pifs: [{device: eth0, network: null}, {device: eth2, network: trunk}]\n"
                           "bonds: [{name: bond0, members: [eth0, eth1], mode: lacp, hash: tcpudp-ports}]\n"
                           "vlans: [{pif: eth0, tag: 100, absent: true}, {pif: bond0, tag: 101, network: tenant}]\n");
        ck_host_says(&h, "$V get Interface eth0 external_ids:k; $V get Port bond0 bond_mode lacp; $V br-to-parent "
                         "tenant; $V get Port vif1.0 tag; $V list-ports tenant; $V list-ports trunk",
                     "v\nbalance-tcp\nactive\nagg\n101\nvif1.0\neth2\n");
        /* Without its VLAN the network is a bridge of its own. */
        ck_applies(&h, DOC "vlans: [{pif: bond0, tag: 101, absent: true}]\n");
        ck_host_says(&h, "$V br-to-parent tenant; $V list-ports tenant; $V get Port vif1.0 tag; $V get Port tenant "
                         "external_ids",
                     "tenant\nvif1.0\n[]\n{}\n");
        host_free(&h);
}
END_TEST

START_TEST(a_member_of_a_bond_with_another_mtu_gets_that_of_the_bond_that_it_joins)
{
        struct host h;

        host_new(&h);
        ck_assert_int_eq(xsnet_engine_set_deadline(h.engine, 10000, NULL), 0);
        ck_applies(&h, DOC "networks: [{name: jumbo, mtu: 9000}, {name: agg, mtu: 1500}]\n"
                           "bonds: [{name: bond0, members: [eth1, eth2], mode: active-backup, network: agg},\n"
                           "        {name: bond1, members: [eth0, eth3], mode: active-backup, network: jumbo}]\n");
        ck_applies(&h, DOC "bonds: [{name: bond0, members: [eth0, eth1, eth2]}, {name: bond1, absent: true}]\n");
        ck_host_says(&h, "ip link show eth0 | grep -o 'mtu [0-9]*'; $V get Interface eth0 mtu_request",
                     "mtu 1500\n1500\n");
        host_free(&h);
}
END_TEST

START_TEST(a_network_that_becomes_a_vlans_has_the_rows_of_the_bridge_below_and_then_its_own_again)
{
        static const char told[] = "$V get Bridge trunk stp_enable mcast_snooping_enable; "
                                   "$V --if-exists get Bridge tenant stp_enable mcast_snooping_enable";
        struct host h;

        host_new(&h);
        ck_applies(&h, DOC "networks: [{name: trunk}, {name: tenant, stp: true, multicast-snooping: true}]\n"
                           "pifs: [{device: eth0, network: trunk}]\n");
        ck_host_says(&h, told, "false\nfalse\ntrue\ntrue\n");
        ck_refused(&h, DOC "networks: [{name: tenant, stp: true}]\nvlans: [{pif: eth0, tag: 7, network: tenant}]\n",
                   -EOPNOTSUPP, XSNET_OUTCOME_UNCHANGED, "whose stp is that of the bridge below");
        ck_applies(&h, DOC "vlans: [{pif: eth0, tag: 7, network: tenant}]\n");
        ck_host_says(&h, told, "false\nfalse\n");
        ck_applies(&h, DOC "networks: [{name: tenant, stp: true, multicast-snooping: null}]\n"
                           "vlans: [{pif: eth0, tag: 7, absent: true}]\n");
        ck_host_says(&h, told, "false\nfalse\ntrue\ntrue\n");
        host_free(&h);
}
END_TEST

START_TEST(what_vswitchd_refuses_ends_in_the_old_rows)
{
        struct host h;

        host_new(&h);
        ck_applies(&h, everything);
        host_sh(&h, "$V add-port trunk theirs -- set Interface theirs type=gre options:remote_ip=192.0.2.9 "
                    "options:local_ip=192.0.2.1 options:key=9 -- set Bridge agg external_ids:foreign=1");
        for (int i = 0; i < 2; i++) {
                char *before = host_ask(&h, ROWS);

                ck_refused(&h,
                           DOC "networks: [{name: fresh}, {name: agg, description: changed, other-config: {a: b}}]\n"
                               "bonds: [{name: bond0, mode: active-backup, updelay: 0}]\n"
                               "vifs: [{domain: 2, device: 0, absent: true},\n"
                               "       {domain: 1, device: 0, rate-limit: null}]\n"
                               "vlans: [{pif: eth0, tag: 100, absent: true}, {pif: eth0, tag: 200, network: fresh}]\n"
                               "tunnels: [{network: agg, transport: eth3, absent: true},\n"
                               "          {network: tenant, transport: eth3, protocol: gre, key: 9,\n"
                               "           local: 192.0.2.1, remotes: [192.0.2.9]}]\n",
                           -EIO, XSNET_OUTCOME_ROLLED_BACK, "File exists");
                ck_same_rows(&h, before);
        }
        host_free(&h);
}
END_TEST

START_TEST(what_leaves_its_network_is_nobodys_and_known_no_more)
{
        struct host h;

        host_new(&h);
        host_sh(&h, "$V add-br br0 -- set Bridge br0 datapath_type=netdev -- add-port br0 eth0 -- add-port br0 vif1.0");
        ck_applies(&h, DOC "pifs: [{device: eth0, network: null}]\nvifs: [{domain: 1, device: 0, network: null}]\n");
        ck_host_says(&h, "$V list-ports br0", "");
        ck_applies(&h, DOC "pifs: [{device: eth0, network: br0}]\n");
        ck_host_says(&h, "$V list-ports br0; $V get Interface eth0 external_ids", "eth0\n{xsnet-owner=lab}\n");
        host_free(&h);
}
END_TEST

/* The server listens a moment after it was told to. */
static void open_tcp(const struct host *h)
{
        host_sh(h, "ovs-appctl -t $D/ctl ovsdb-server/add-remote ptcp:$P:127.0.0.1 >$D/out && ovs-vsctl --timeout=10 "
                   "--db=tcp:127.0.0.1:$P --no-wait show >$D/out");
}

START_TEST(another_machines_database_is_changed_over_tcp)
{
        struct xsnet_error *err = NULL;
        struct host h;
        char uri[64];

        host_new(&h);
        host_sh(&h, "$V add-br br0 -- set Bridge br0 datapath_type=netdev -- add-port br0 eth0 -- add-port br0 vif1.0");
        open_tcp(&h);
        xsnet_engine_unref(h.engine);
        ck_assert_int_eq(xsnet_engine_new(NULL, &h.engine, NULL), 0);
        snprintf(uri, sizeof(uri), "ovs:tcp:127.0.0.1:%d", h.real.port);
        ck_assert_msg(xsnet_engine_add_target(h.engine, uri, &err) == 0, "%s", xsnet_error_get_message(err));
        ck_applies(&h, DOC "networks: [{name: t7}]\nvlans: [{host: 127.0.0.1, pif: eth0, tag: 7, network: t7}]\n"
                           "vifs: [{domain: 1, device: 0, network: t7}, {domain: 9, device: 0, network: t7}]\n");
        ck_host_says(&h, "$V list-ports t7; $V get Bridge br0 datapath_type", "vif1.0\nnetdev\n");
        host_free(&h);
}
END_TEST

START_TEST(what_was_wrong_before_is_in_no_plans_way)
{
        struct host h;

        host_new(&h);
        host_sh(&h, "$V add-br br0 -- set Bridge br0 datapath_type=netdev -- add-port br0 gone0 2>$D/out; true");
        host_sh(&h, "for i in $(seq 100); do $V get Interface gone0 error | grep -q 'No such' && break; sleep 0.05; "
                    "done");
        ck_applies(&h, DOC "pifs: [{device: gone0, other-config: {a: b}}]\n");
        ck_refused(&h, DOC "networks: [{name: br1}]\npifs: [{device: gone0, network: br1}]\n", -EIO,
                   XSNET_OUTCOME_ROLLED_BACK, "No such device");
        ck_host_says(&h, "$V list-ports br0; $V get Interface gone0 other_config:a", "gone0\nb\n");
        host_free(&h);
}
END_TEST

/* ---- somebody else writes, too ---- */

struct rival {
        struct host *h;
        const char *command;
        int when, n;
};

static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct rival *rival = userdata;

        (void)step;
        (void)err;
        if (what == rival->when && rival->n > 0) {
                rival->n--;
                host_sh(rival->h, "%s", rival->command);
        }
}

START_TEST(a_lost_race_is_planned_again_and_never_overwrites)
{
        struct rival rival = { .command = "$V --no-wait set Bridge br0 external_ids:xsnet-description=rival$RANDOM$$",
                               .when = XSNET_PROGRESS_APPLYING, .n = 2 };
        struct host h;

        host_new(&h);
        rival.h = &h;
        ck_applies(&h, DOC "networks: [{name: br0, description: first}]\n");
        ck_assert_int_eq(xsnet_engine_set_progress(h.engine, on_progress, &rival, NULL, NULL), 0);
        ck_applies(&h, DOC "networks: [{name: br0, description: second}]\n");
        ck_assert_int_eq(rival.n, 0);
        ck_host_says(&h, "$V get Bridge br0 external_ids:xsnet-description", "second\n");
        rival.n = 100;
        ck_refused(&h, DOC "networks: [{name: br0, description: third}, {name: br1}]\n", -ESTALE,
                   XSNET_OUTCOME_UNCHANGED, "changed meanwhile");
        ck_host_says(&h, "$V list-br; $V get Bridge br0 external_ids:xsnet-description | cut -c1-5", "br0\nrival\n");
        /* What has nothing to do with the plan is in nobody's way. */
        rival.command = "$V --no-wait set Bridge br0 external_ids:other=$RANDOM$$ -- add-port br0 p$$";
        ck_applies(&h, DOC "networks: [{name: br0, description: fourth}]\n");
        host_free(&h);
}
END_TEST

START_TEST(a_port_that_comes_to_a_bridge_that_goes_is_not_lost)
{
        struct rival rival = { .command = "$V --no-wait add-port br0 theirs -- set Interface theirs type=internal",
                               .when = XSNET_PROGRESS_APPLYING, .n = 1 };
        struct host h;

        host_new(&h);
        rival.h = &h;
        ck_applies(&h, DOC "networks: [{name: br0}]\n");
        ck_assert_int_eq(xsnet_engine_set_progress(h.engine, on_progress, &rival, NULL, NULL), 0);
        ck_refused(&h, DOC "networks: [{name: br0, absent: true}]\n", -EBUSY, XSNET_OUTCOME_UNCHANGED, "theirs");
        ck_host_says(&h, "$V list-ports br0", "theirs\n");
        host_free(&h);
}
END_TEST

START_TEST(a_name_that_somebody_takes_meanwhile_is_a_lost_race)
{
        struct rival rival = { .command = "$V --no-wait add-br br1", .when = XSNET_PROGRESS_APPLYING, .n = 1 };
        struct host h;

        host_new(&h);
        rival.h = &h;
        ck_assert_int_eq(xsnet_engine_set_progress(h.engine, on_progress, &rival, NULL, NULL), 0);
        ck_applies(&h, DOC "networks: [{name: br1, description: d}, {name: br2}]\n");
        ck_host_says(&h, "$V list-br; $V get Bridge br1 external_ids:xsnet-made", "br1\nbr2\nno\n");
        host_free(&h);
}
END_TEST

/* ---- servers that die ---- */

struct killer {
        struct host *h;
        int when, n;
};

static void on_kill(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct killer *killer = userdata;

        (void)step;
        (void)err;
        if (what != killer->when || killer->n <= 0)
                return;
        killer->n--;
        real_kill(&killer->h->real);
        real_start(&killer->h->real, "");
}

static const int moments[] = { XSNET_PROGRESS_OBSERVING, XSNET_PROGRESS_PLANNING, XSNET_PROGRESS_APPLYING,
                               XSNET_PROGRESS_STEP_BEGUN, XSNET_PROGRESS_STEP_DONE, XSNET_PROGRESS_VERIFYING };

START_TEST(a_server_that_dies_leaves_old_rows_or_new_and_a_usable_engine)
{
        struct killer killer = { .when = moments[_i], .n = 1 };
        struct host h;
        char *before;

        host_new(&h);
        killer.h = &h;
        ck_applies(&h, DOC "networks: [{name: br0}]\n");
        before = host_ask(&h, ROWS);
        ck_assert_int_eq(xsnet_engine_set_progress(h.engine, on_kill, &killer, NULL, NULL), 0);
        host_apply(&h, everything);
        ck_assert_int_eq(killer.n, 0);
        host_wait_server(&h);
        ck_assert_msg(h.outcome == XSNET_OUTCOME_DONE || h.outcome == XSNET_OUTCOME_UNCHANGED ||
                              h.outcome == XSNET_OUTCOME_ROLLED_BACK,
                      "outcome %d: %s", h.outcome, h.message);
        ck_assert_int_eq(h.code == 0, h.outcome == XSNET_OUTCOME_DONE);
        if (h.outcome == XSNET_OUTCOME_DONE)
                free(before);
        else
                ck_same_rows(&h, before);
        host_apply(&h, everything);
        ck_assert_msg(h.code == 0, "%s", h.message);
        host_free(&h);
}
END_TEST

static void on_begun(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        (void)step;
        (void)err;
        (void)userdata;
        if (what == XSNET_PROGRESS_STEP_BEGUN)
                (void)raise(SIGKILL);
}

START_TEST(who_dies_in_an_apply_is_recovered_from_by_the_next)
{
        struct host h;
        char *before;
        int status;
        pid_t pid;

        host_new(&h);
        ck_applies(&h, everything);
        host_sh(&h, "$V set Port bond0 other_config:theirs='a;b' -- set Interface vif2.0 external_ids:k='v w'");
        before = host_ask(&h, ROWS);
        pid = fork();
        if (pid == 0) {
                struct host child = h;

                child.engine = NULL;
                host_target(&child, "");
                (void)xsnet_engine_set_progress(child.engine, on_begun, NULL, NULL, NULL);
                host_apply(&child, DOC "prune: true\nnetworks: [{name: trunk, description: other}]\n");
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        ck_host_says(&h, "$V list-br", "trunk\n");
        ck_refused(&h, DOC, -EEXIST, XSNET_OUTCOME_UNCHANGED, "recover");
        host_recover(&h);
        ck_assert_msg(h.code == 0 && h.outcome == XSNET_OUTCOME_ROLLED_BACK, "%s", h.message);
        ck_same_rows(&h, before);
        host_free(&h);
}
END_TEST

START_TEST(without_vswitchd_nothing_is_sent_where_that_can_be_known)
{
        struct host h;
        char *before, *cfg;

        host_new(&h);
        ck_applies(&h, DOC "networks: [{name: br0}]\n");
        host_stop_vswitchd(&h);
        host_sh(&h, "$V --timeout=1 set Bridge br0 external_ids:a=b 2>$D/out; true");
        before = host_ask(&h, ROWS);
        cfg = host_ask(&h, NEXT_CFG);
        ck_refused(&h, DOC "networks: [{name: br1}]\n", -EHOSTDOWN, XSNET_OUTCOME_UNCHANGED, "ovs-vswitchd");
        ck_host_says(&h, NEXT_CFG, cfg);
        ck_same_rows(&h, before);
        host_start_vswitchd(&h);
        ck_applies(&h, DOC "networks: [{name: br1}]\n");
        free(cfg);
        host_free(&h);
}
END_TEST

START_TEST(a_vswitchd_that_never_follows_is_gone_back_from_at_the_deadline)
{
        struct host h;
        char *before;

        host_new(&h);
        ck_applies(&h, DOC "networks: [{name: br0}]\n");
        host_stop_vswitchd(&h);
        before = host_ask(&h, ROWS);
        ck_assert_int_eq(xsnet_engine_set_deadline(h.engine, 8000, NULL), 0);
        ck_refused(&h, DOC "networks: [{name: br1}]\n", -ETIMEDOUT, XSNET_OUTCOME_ROLLED_BACK, "");
        ck_same_rows(&h, before);
        host_free(&h);
}
END_TEST

START_TEST(a_target_that_is_not_there_is_an_error_of_the_operation)
{
        struct host h;

        host_new(&h);
        real_kill(&h.real);
        ck_refused(&h, DOC "networks: [{name: br1}]\n", -ECONNREFUSED, XSNET_OUTCOME_UNCHANGED,
                   "onnect");
        real_start(&h.real, "");
        host_wait_server(&h);
        ck_applies(&h, DOC "networks: [{name: br1}]\n");
        host_free(&h);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(bridges_of_xapi_take_tunnels_and_guests_and_else_nothing_but_by_force)
{
        struct host h;

        host_new(&h);
        ck_applies(&h, DOC "networks: [{name: xenbr0}]\npifs: [{device: eth0, network: xenbr0}]\n");
        host_sh(&h, "$V br-set-external-id xenbr0 xs-network-uuids 1111");
        ck_refused(&h, DOC "networks: [{name: xenbr0, description: d}]\n", -EPERM, XSNET_OUTCOME_UNCHANGED, "XAPI");
        ck_refused(&h, DOC "pifs: [{device: eth0, network: null}]\n", -EPERM, XSNET_OUTCOME_UNCHANGED, "XAPI");
        ck_refused(&h, DOC "networks: [{name: v}]\nvlans: [{pif: eth0, tag: 5, network: v}]\n", -EPERM,
                   XSNET_OUTCOME_UNCHANGED, "XAPI");
        ck_applies(&h, DOC "vifs: [{domain: 1, device: 0, network: xenbr0}]\n"
                           "tunnels: [{network: xenbr0, transport: eth3, key: 4, local: 192.0.2.1,\n"
                           "           remotes: [192.0.2.2]}]\n");
        host_target(&h, "&force-local");
        ck_applies(&h, DOC "networks: [{name: v}]\nvlans: [{pif: eth0, tag: 5, network: v}]\n");
        host_free(&h);
}
END_TEST

#define VM "11111111-2222-4333-8444-555555555555"

START_TEST(a_vif_is_found_by_the_uuid_of_its_vm_and_waits_while_there_is_none)
{
        static const char doc[] = DOC "networks: [{name: br0}, {name: br1}]\n"
                                      "vifs: [{vm: " VM ", device: 0, network: br1, rate-limit: 8Mbit}]\n";
        struct host h;

        host_new(&h);
        ck_applies(&h, doc);
        ck_host_says(&h, "$V list-ports br1", "");
        /* What the toolstack does when the guest starts. */
        host_sh(&h, "$V add-port br0 vif1.0 -- set Interface vif1.0 external_ids:xs-vm-uuid=" VM);
        ck_applies(&h, doc);
        ck_host_says(&h, "$V list-ports br0; $V list-ports br1; $V get Interface vif1.0 ingress_policing_rate",
                     "vif1.0\n8000\n");
        host_apply(&h, doc);
        ck_assert_int_eq(h.outcome, XSNET_OUTCOME_NOTHING_TO_DO);
        /* Another domain after it was started again. */
        host_sh(&h, "$V del-port vif1.0 -- add-port br0 vif2.0 -- set Interface vif2.0 external_ids:xs-vm-uuid=" VM);
        ck_applies(&h, doc);
        ck_host_says(&h, "$V list-ports br1", "tap2.0\nvif2.0\n");
        ck_refused(&h, DOC "vifs: [{vm: web, device: 0, network: br1}]\n", -EOPNOTSUPP, XSNET_OUTCOME_UNCHANGED,
                   "uuid");
        host_free(&h);
}
END_TEST

START_TEST(a_bridge_with_controllers_or_mirrors_goes_only_by_leave)
{
        struct host h;

        host_new(&h);
        ck_applies(&h, DOC "networks: [{name: br0}, {name: trunk}, {name: br1}]\n"
                           "pifs: [{device: eth0, network: trunk}]\n");
        host_sh(&h, "$V set-controller br0 ptcp:0:127.0.0.1 -- --id=@m create Mirror name=m select_all=true -- set "
                    "Bridge br1 mirrors=@m");
        ck_assert_int_eq(xsnet_engine_set_irreversible(h.engine, 0, NULL), 0);
        ck_refused(&h, DOC "networks: [{name: br0, absent: true}]\n", -EPERM, XSNET_OUTCOME_UNCHANGED, "controllers");
        ck_refused(&h, DOC "networks: [{name: br1}]\nvlans: [{pif: eth0, tag: 7, network: br1}]\n", -EPERM,
                   XSNET_OUTCOME_UNCHANGED, "mirrors");
        /* One that gets another name takes them along. */
        ck_applies(&h, DOC "networks: [{name: br1, bridge: br7}]\n");
        ck_host_says(&h, "$V get Bridge br7 mirrors | wc -c", "39\n");
        ck_assert_int_eq(xsnet_engine_set_irreversible(h.engine, 1, NULL), 0);
        ck_applies(&h, DOC "networks: [{name: br0, absent: true}]\n");
        host_free(&h);
}
END_TEST

START_TEST(what_is_not_to_be_had_is_refused_by_name)
{
        struct host h;
        char *cfg, uri[64];

        host_new(&h);
        cfg = host_ask(&h, NEXT_CFG);
        ck_refused(&h, DOC "networks: [{name: n}]\npifs: [{device: eth1, network: n, dns: [192.0.2.53]}]\n",
                   -EOPNOTSUPP, XSNET_OUTCOME_UNCHANGED, "pifs.dns");
        ck_refused(&h, DOC "networks: [{name: n}]\npifs: [{device: eth1, rename: peth1, network: n}]\n",
                   -EOPNOTSUPP, XSNET_OUTCOME_UNCHANGED, "pifs.rename");
        /* What is no port has no row that could keep it. */
        ck_refused(&h, DOC "vifs: [{domain: 1, device: 0, rate-limit: 8Mbit}]\n", -EINVAL, XSNET_OUTCOME_UNCHANGED,
                   "has no rate-limit");
        ck_refused(&h, DOC "pifs: [{device: eth1, other-config: {a: b}}]\n", -EINVAL, XSNET_OUTCOME_UNCHANGED,
                   "has no other-config");
        /* Addresses are for this machine's database. */
        open_tcp(&h);
        xsnet_engine_unref(h.engine);
        ck_assert_int_eq(xsnet_engine_new(NULL, &h.engine, NULL), 0);
        snprintf(uri, sizeof(uri), "ovs:tcp:127.0.0.1:%d?host=h", h.real.port);
        ck_assert_int_eq(xsnet_engine_add_target(h.engine, uri, NULL), 0);
        ck_refused(&h, DOC "networks: [{name: n, host: h, ipv4: {address: 192.0.2.9/24}}]\n", -EOPNOTSUPP,
                   XSNET_OUTCOME_UNCHANGED, "networks.ipv4.address");
        ck_host_says(&h, NEXT_CFG, cfg);
        free(cfg);
        host_free(&h);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_backend");
        TCase *tc = tcase_create("ovs");

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, every_kind_is_made_and_made_once);
        tcase_add_test(tc, rows_and_keys_of_others_survive_a_change_and_the_removal_of_all);
        tcase_add_test(tc, members_and_vlans_move_with_what_others_keep_there);
        tcase_add_test(tc, a_member_of_a_bond_with_another_mtu_gets_that_of_the_bond_that_it_joins);
        tcase_add_test(tc, a_network_that_becomes_a_vlans_has_the_rows_of_the_bridge_below_and_then_its_own_again);
        tcase_add_test(tc, what_vswitchd_refuses_ends_in_the_old_rows);
        tcase_add_test(tc, what_leaves_its_network_is_nobodys_and_known_no_more);
        tcase_add_test(tc, what_was_wrong_before_is_in_no_plans_way);
        tcase_add_test(tc, another_machines_database_is_changed_over_tcp);
        tcase_add_test(tc, who_dies_in_an_apply_is_recovered_from_by_the_next);
        tcase_add_test(tc, a_lost_race_is_planned_again_and_never_overwrites);
        tcase_add_test(tc, a_port_that_comes_to_a_bridge_that_goes_is_not_lost);
        tcase_add_test(tc, a_name_that_somebody_takes_meanwhile_is_a_lost_race);
        tcase_add_loop_test(tc, a_server_that_dies_leaves_old_rows_or_new_and_a_usable_engine, 0,
                            XSN_ARRAY_SIZE(moments));
        tcase_add_test(tc, without_vswitchd_nothing_is_sent_where_that_can_be_known);
        tcase_add_test(tc, a_vswitchd_that_never_follows_is_gone_back_from_at_the_deadline);
        tcase_add_test(tc, a_target_that_is_not_there_is_an_error_of_the_operation);
        tcase_add_test(tc, bridges_of_xapi_take_tunnels_and_guests_and_else_nothing_but_by_force);
        tcase_add_test(tc, a_vif_is_found_by_the_uuid_of_its_vm_and_waits_while_there_is_none);
        tcase_add_test(tc, a_bridge_with_controllers_or_mirrors_goes_only_by_leave);
        tcase_add_test(tc, what_is_not_to_be_had_is_refused_by_name);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
