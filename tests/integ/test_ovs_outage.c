/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fails beside the connection: ovs-vswitchd that restarts, others who write without end, a database that may not
 * or cannot be written, a server that hangs. What ends in doubt, or cannot be gone back from, keeps its journal and
 * says so, and recover brings the old rows.
 */
#include <sys/mount.h>

#include "ovs_test.h"

#define DOC "format: 1\nowner: lab\n"

/* More than the rest of a page, so that a disk that has no page left has no room for it. */
#define X16(x)    x x x x x x x x x x x x x x x x
#define PAD(text) "\n  other-config: {pad: " X16(X16(X16(text))) "}\n"

static const char old_doc[] = DOC "vifs: [{domain: 1, device: 0, network: br0, rate-limit: null}]\n"
                                  "networks:\n"
                                  "- {name: br1, absent: true}\n"
                                  "- name: br0\n"
                                  "  description: old" PAD("o");
static const char new_doc[] = DOC "vifs: [{domain: 1, device: 0, network: br1, rate-limit: 8Mbit}]\n"
                                  "networks:\n"
                                  "- name: br1\n"
                                  "- name: br0\n"
                                  "  description: new" PAD("nn");
/* ovs-vswitchd cannot make this where set_trap() was. */
static const char bad_doc[] =
        DOC "tunnels:\n"
            "- {network: br0, transport: eth3, protocol: gre, key: 9, local: 192.0.2.1, remotes: [192.0.2.9]}\n"
            "networks:\n"
            "- name: br0\n"
            "  description: bad" PAD("bb");

static void set_trap(const struct host *h)
{
        host_sh(h, "$V add-port br0 theirs -- set Interface theirs type=gre options:remote_ip=192.0.2.9 "
                   "options:local_ip=192.0.2.1 options:key=9");
}

static void ck_rows(const struct host *h, const char *rows)
{
        char *now = host_ask(h, ROWS);

        ck_assert_msg(strcmp(now, rows) == 0, "expected:\n%s\nfound:\n%s", rows, now);
        free(now);
}

static void ck_journal_is_kept(const struct host *h)
{
        ck_assert_msg(strstr(h->message, "the journal of 'ovs:unix:") && strstr(h->message, "is kept in "), "%s",
                      h->message);
        host_sh(h, "ls $D/journals/*.journal >$D/out");
}

static void ck_journal_is_gone(const struct host *h)
{
        host_sh(h, "! ls $D/journals/*.journal >$D/out 2>&1");
}

/* What was left says so to the next one, and recover goes back. */
static void ck_recovers(struct host *h, const char *rows)
{
        host_apply(h, new_doc);
        ck_assert_int_eq(h->code, -EEXIST);
        ck_assert_msg(strstr(h->message, "recover"), "%s", h->message);
        host_recover(h);
        ck_assert_msg(h->code == 0 && h->outcome == XSNET_OUTCOME_ROLLED_BACK, "outcome %d: %s", h->outcome,
                      h->message);
        ck_rows(h, rows);
        ck_journal_is_gone(h);
        ck_applies(h, new_doc);
}

/* ---- at a moment of an apply, once ---- */

struct moment {
        struct host *h;
        int when; /* XSNET_PROGRESS_* */
        void (*act)(struct host *h);
        int n;
};

static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct moment *moment = userdata;

        (void)step;
        (void)err;
        if (what != moment->when || moment->n++ > 0)
                return;
        moment->act(moment->h);
}

static void at_moment(struct moment *moment, struct host *h, int when, void (*act)(struct host *h))
{
        *moment = (struct moment){ h, when, act, 0 };
        ck_assert_int_eq(xsnet_engine_set_progress(h->engine, on_progress, moment, NULL, NULL), 0);
}

/* ---- ovs-vswitchd ---- */

static void restart_vswitchd(struct host *h)
{
        host_stop_vswitchd(h);
        host_start_vswitchd(h);
}

static const int moments[] = { XSNET_PROGRESS_OBSERVING, XSNET_PROGRESS_APPLYING, XSNET_PROGRESS_STEP_BEGUN,
                               XSNET_PROGRESS_STEP_DONE, XSNET_PROGRESS_VERIFYING };

START_TEST(a_vswitchd_that_restarts_in_an_apply_follows_it)
{
        struct moment moment;
        struct host h;
        char *before, *after;

        host_new(&h);
        ck_applies(&h, old_doc);
        before = host_ask(&h, ROWS);
        ck_applies(&h, new_doc);
        after = host_ask(&h, ROWS);
        ck_applies(&h, old_doc);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(moments); i++) {
                at_moment(&moment, &h, moments[i], restart_vswitchd);
                ck_applies(&h, new_doc);
                ck_assert_int_gt(moment.n, 0);
                ck_rows(&h, after);
                at_moment(&moment, &h, moments[i], restart_vswitchd);
                ck_applies(&h, old_doc);
                ck_rows(&h, before);
        }
        free(before);
        free(after);
        host_free(&h);
}
END_TEST

/* ---- others who write ---- */

static pid_t start_writer(const struct host *h, const char *command)
{
        pid_t parent = getpid(), pid = fork();
        char text[1024];

        ck_assert_int_ge(pid, 0);
        if (pid > 0)
                return pid;
        (void)setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(text, sizeof(text),
                 "PATH=$PATH:/usr/sbin:/sbin; V='ovs-vsctl --no-wait --timeout=5 --db=unix:%s/sock'; i=0; "
                 "while :; do i=$((i + 1)); %s; done",
                 h->real.dir, command);
        if (getppid() == parent)
                execl("/bin/sh", "sh", "-c", text, (char *)NULL);
        _exit(127);
}

static void stop_writer(pid_t pid)
{
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}

START_TEST(who_writes_beside_us_without_end_is_in_nobodys_way_and_loses_nothing)
{
        struct host h;
        pid_t writer;

        host_new(&h);
        ck_applies(&h, old_doc);
        writer = start_writer(&h, "$V set Bridge br0 external_ids:theirs=$i -- set Port vif1.0 other_config:theirs=$i "
                                  "-- --may-exist add-port br0 p$i -- --if-exists del-port p$((i - 3))");
        for (int i = 0; i < 20; i++) {
                char doc[256];

                snprintf(doc, sizeof(doc), DOC "networks: [{name: br0, description: n%d, other-config: {ours: n%d}}]\n",
                         i, i);
                ck_applies(&h, doc);
                host_sh(&h,
                        "$V get Bridge br0 external_ids:xsnet-description | grep -qx n%d && $V get Bridge br0 "
                        "other_config:ours | grep -qx n%d && $V get Bridge br0 external_ids:theirs | grep -q . ",
                        i, i);
        }
        stop_writer(writer);
        host_free(&h);
}
END_TEST

/*
 * Whoever changes the same after us, before we look whether it became so, makes us go back; and when that happens again
 * on the way back, the journal is kept, until the other one rests.
 */
START_TEST(who_writes_the_same_without_end_is_lost_to_or_gone_back_from)
{
        const char *rival = "$V set Bridge br0 external_ids:xsnet-description=theirs$i other_config:ours=x$i";
        int n_done = 0;
        struct host h;
        pid_t writer;

        host_new(&h);
        ck_applies(&h, old_doc);
        writer = start_writer(&h, rival);
        for (int i = 0; i < 30; i++) {
                char doc[256];

                snprintf(doc, sizeof(doc), DOC "networks: [{name: br0, description: n%d, other-config: {ours: n%d}}]\n",
                         i, i);
                host_apply(&h, doc);
                n_done += h.code == 0;
                if (h.outcome == XSNET_OUTCOME_LEFT) {
                        ck_journal_is_kept(&h);
                        stop_writer(writer);
                        host_recover(&h);
                        ck_assert_msg(h.code == 0, "%s", h.message);
                        writer = start_writer(&h, rival);
                } else {
                        ck_assert_msg(h.code == 0 ? h.outcome == XSNET_OUTCOME_DONE
                                                  : h.outcome == XSNET_OUTCOME_UNCHANGED ||
                                                            h.outcome == XSNET_OUTCOME_ROLLED_BACK,
                                      "%d, outcome %d: %s", h.code, h.outcome, h.message);
                }
                ck_journal_is_gone(&h);
        }
        stop_writer(writer);
        ck_assert_int_gt(n_done, 0);
        ck_applies(&h, new_doc);
        host_free(&h);
}
END_TEST

/* ---- a database that cannot be written ---- */

/* With a small file system for the database, which only this process and its children see. */
static void host_new_small(struct host *h)
{
        *h = (struct host){ .vswitchd = 0 };
        ck_assert_int_eq(netns_test_enter(), 0);
        ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
        ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        real_new(&h->real);
        host_sh(h, "mkdir $D/small && mount -t tmpfs -o size=256k tmpfs $D/small && mv $D/db $D/small/db && "
                   "ln -s small/db $D/db");
        host_start(h);
}

static void host_free_small(struct host *h)
{
        host_stop_vswitchd(h);
        real_kill(&h->real);
        host_sh(h, "umount $D/small");
        host_free(h);
}

static void fill_disk(struct host *h)
{
        host_sh(h, "cat /dev/zero >$D/small/fill 2>$D/out; true");
}

static void free_disk(struct host *h)
{
        host_sh(h, "rm $D/small/fill");
}

START_TEST(a_full_disk_is_an_error_and_nothing_changes)
{
        struct moment moment;
        struct host h;
        char *before;

        host_new_small(&h);
        ck_applies(&h, old_doc);
        before = host_ask(&h, ROWS);
        fill_disk(&h);
        for (int i = 0; i < 3; i++) {
                ck_refused(&h, new_doc, -EIO, XSNET_OUTCOME_UNCHANGED, "I/O error");
                ck_rows(&h, before);
                ck_journal_is_gone(&h);
        }
        free_disk(&h);
        /* It fills up in the middle. */
        at_moment(&moment, &h, XSNET_PROGRESS_APPLYING, fill_disk);
        ck_refused(&h, new_doc, -EIO, XSNET_OUTCOME_UNCHANGED, "I/O error");
        ck_rows(&h, before);
        free_disk(&h);
        ck_applies(&h, new_doc);
        free(before);
        host_free_small(&h);
}
END_TEST

START_TEST(a_disk_that_is_full_on_the_way_back_keeps_the_journal)
{
        struct moment moment;
        struct host h;
        char *before;

        host_new_small(&h);
        ck_applies(&h, old_doc);
        set_trap(&h);
        before = host_ask(&h, ROWS);
        at_moment(&moment, &h, XSNET_PROGRESS_GOING_BACK, fill_disk);
        ck_refused(&h, bad_doc, -EIO, XSNET_OUTCOME_LEFT, "File exists");
        ck_assert_int_gt(moment.n, 0);
        ck_journal_is_kept(&h);
        /* Neither an apply nor a recover does harm while that lasts. */
        ck_refused(&h, new_doc, -EEXIST, XSNET_OUTCOME_UNCHANGED, "recover");
        host_recover(&h);
        ck_assert_msg(h.code < 0 && h.outcome == XSNET_OUTCOME_LEFT, "%d, outcome %d: %s", h.code, h.outcome,
                      h.message);
        ck_journal_is_kept(&h);
        free_disk(&h);
        ck_recovers(&h, before);
        free(before);
        host_free_small(&h);
}
END_TEST

START_TEST(a_server_that_died_on_a_full_disk_comes_back_with_the_old_rows_or_the_new)
{
        struct host h;
        char *before;

        host_new_small(&h);
        ck_applies(&h, old_doc);
        before = host_ask(&h, ROWS);
        fill_disk(&h);
        ck_refused(&h, new_doc, -EIO, XSNET_OUTCOME_UNCHANGED, "I/O error");
        real_kill(&h.real);
        free_disk(&h);
        real_start(&h.real, "");
        host_wait_server(&h);
        ck_rows(&h, before);
        ck_applies(&h, new_doc);
        free(before);
        host_free_small(&h);
}
END_TEST

/* A standby answers reads, and no writes; it follows another server, which is this one's own copy. */
START_TEST(a_read_only_database_is_an_error_and_nothing_changes)
{
        struct host h;
        char *before;

        host_new(&h);
        ck_applies(&h, old_doc);
        before = host_ask(&h, ROWS);
        host_sh(&h, "ovs-appctl -t $D/ctl ovsdb-server/set-active-ovsdb-server tcp:127.0.0.1:1 && "
                    "ovs-appctl -t $D/ctl ovsdb-server/connect-active-ovsdb-server");
        for (int i = 0; i < 2; i++) {
                host_apply(&h, new_doc);
                ck_assert_msg(h.code < 0 && h.outcome == XSNET_OUTCOME_UNCHANGED && strstr(h.message, "read only mode"),
                              "%d, outcome %d: %s", h.code, h.outcome, h.message);
                ck_journal_is_gone(&h);
        }
        host_sh(&h, "ovs-appctl -t $D/ctl ovsdb-server/disconnect-active-ovsdb-server");
        ck_rows(&h, before);
        ck_applies(&h, new_doc);
        free(before);
        host_free(&h);
}
END_TEST

/* ---- a server that hangs ---- */

static void kill_server(struct host *h)
{
        real_kill(&h->real);
}

static void stop_server(struct host *h)
{
        ck_assert_int_eq(kill(h->real.pid, SIGSTOP), 0);
}

START_TEST(a_server_that_hangs_leaves_a_doubt_that_recover_ends)
{
        struct moment moment;
        struct host h;
        char *before;

        host_new(&h);
        ck_applies(&h, old_doc);
        before = host_ask(&h, ROWS);
        ck_assert_int_eq(xsnet_engine_set_deadline(h.engine, 1500, NULL), 0);
        at_moment(&moment, &h, XSNET_PROGRESS_APPLYING, stop_server);
        ck_refused(&h, new_doc, -ETIMEDOUT, XSNET_OUTCOME_IN_DOUBT, "is kept in");
        ck_journal_is_kept(&h);
        host_recover(&h);
        ck_assert_msg(h.code < 0 && h.outcome == XSNET_OUTCOME_LEFT, "%d, outcome %d: %s", h.code, h.outcome,
                      h.message);
        ck_assert_int_eq(kill(h.real.pid, SIGCONT), 0);
        host_wait_server(&h);
        ck_assert_int_eq(xsnet_engine_set_deadline(h.engine, 30000, NULL), 0);
        ck_recovers(&h, before);
        free(before);
        host_free(&h);
}
END_TEST

START_TEST(a_server_that_is_away_when_going_back_keeps_the_journal)
{
        struct moment moment;
        struct host h;
        char *before;

        host_new(&h);
        ck_applies(&h, old_doc);
        set_trap(&h);
        before = host_ask(&h, ROWS);
        ck_assert_int_eq(xsnet_engine_set_deadline(h.engine, 8000, NULL), 0);
        at_moment(&moment, &h, XSNET_PROGRESS_GOING_BACK, kill_server);
        ck_refused(&h, bad_doc, -EIO, XSNET_OUTCOME_LEFT, "File exists");
        ck_journal_is_kept(&h);
        real_start(&h.real, "");
        host_wait_server(&h);
        ck_recovers(&h, before);
        free(before);
        host_free(&h);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_outage");
        TCase *tc = tcase_create("outage");

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_vswitchd_that_restarts_in_an_apply_follows_it);
        tcase_add_test(tc, who_writes_beside_us_without_end_is_in_nobodys_way_and_loses_nothing);
        tcase_add_test(tc, who_writes_the_same_without_end_is_lost_to_or_gone_back_from);
        tcase_add_test(tc, a_full_disk_is_an_error_and_nothing_changes);
        tcase_add_test(tc, a_disk_that_is_full_on_the_way_back_keeps_the_journal);
        tcase_add_test(tc, a_server_that_died_on_a_full_disk_comes_back_with_the_old_rows_or_the_new);
        tcase_add_test(tc, a_read_only_database_is_an_error_and_nothing_changes);
        tcase_add_test(tc, a_server_that_hangs_leaves_a_doubt_that_recover_ends);
        tcase_add_test(tc, a_server_that_is_away_when_going_back_keeps_the_journal);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
