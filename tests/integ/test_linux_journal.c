/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks and journals of real namespaces: one namespace under two URIs is one target, two under one URI are two, and
 * what a process that was killed left is put back by another one, wherever in the middle it was killed.
 */
#include "linux_test.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>

#include <xsnet/xsnet.h>

#include "engine/engine.h"

#define OWN_PATH "linux:?netns=/proc/self/ns/net&host=other"

static char dir[64];

static void begin(void)
{
        world_enter();
        (void)snprintf(dir, sizeof(dir), "/tmp/xsnet-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
}

static int count_files(void)
{
        DIR *stream = opendir(dir);
        int n = 0;

        for (struct dirent *entry; (entry = readdir(stream));)
                n += entry->d_name[0] != '.';
        closedir(stream);
        return n;
}

static void end(void)
{
        sh("rm -rf %s", dir);
}

#define ok(call)                                                                                                       \
        do {                                                                                                           \
                struct xsnet_error *err = NULL;                                                                        \
                int r_ = (call);                                                                                       \
                                                                                                                       \
                ck_assert_msg(r_ >= 0 && !err, "%s: %d: %s", #call, r_, err ? xsnet_error_get_message(err) : "");      \
        } while (0)

static struct xsnet_engine *open_engine(const char *uri)
{
        struct xsnet_engine *engine = NULL;

        ok(xsnet_engine_new(NULL, &engine, &err));
        ok(xsnet_engine_add_target(engine, uri, &err));
        ok(xsnet_engine_set_journal(engine, dir, &err));
        return engine;
}

static struct xsnet_state *load(const char *text)
{
        struct xsnet_state *state = NULL;

        ok(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "test", &state, &err));
        return state;
}

static int apply(struct xsnet_engine *engine, const char *text, struct xsnet_error **ret_err)
{
        struct xsnet_state *state = load(text);
        int r = xsnet_engine_apply(engine, state, NULL, ret_err);

        xsnet_state_unref(state);
        return r;
}

/* ---- who excludes whom ---- */

struct tried {
        struct xsnet_engine *other;
        struct xsnet_state *state;
        int code, n;
        char reason[64];
};

/* In the middle of an apply another engine tries one of its own. */
static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *error, void *userdata)
{
        struct tried *tried = userdata;
        struct xsnet_error *err = NULL;

        (void)step;
        (void)error;
        if (what != XSNET_PROGRESS_STEP_BEGUN || tried->n++ > 0)
                return;
        tried->code = xsnet_engine_apply(tried->other, tried->state, NULL, &err);
        (void)snprintf(tried->reason, sizeof(tried->reason), "%s", err ? xsnet_error_get_reason(err) : "");
        xsnet_error_free(err);
}

START_TEST(one_namespace_under_two_uris_is_one_target)
{
        struct xsnet_engine *engine = open_engine("linux:?host=h");
        struct tried tried = { .other = open_engine(OWN_PATH),
                               .state = load("format: 1\nowner: o\nnetworks: [{name: b}]\n") };
        struct xsnet_error *refused = NULL;

        ck_assert_int_eq(xsnet_engine_add_target(engine, OWN_PATH, &refused), -EEXIST);
        xsnet_error_free(refused);
        ok(xsnet_engine_set_progress(engine, on_progress, &tried, NULL, &err));
        ok(apply(engine, "format: 1\nowner: t\nnetworks: [{name: a}]\n", &err));
        ck_assert_int_ge(tried.n, 1);
        ck_assert_int_eq(tried.code, -EAGAIN);
        ck_assert_str_eq(tried.reason, "journal-locked");
        ok(xsnet_engine_apply(tried.other, tried.state, NULL, &err));
        ck_says("ip link", " a:");
        ck_says("ip link", " b:");
        xsnet_engine_unref(engine);
        xsnet_engine_unref(tried.other);
        xsnet_state_unref(tried.state);
        ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(two_namespaces_under_one_uri_are_two_targets)
{
        struct xsnet_engine *engine = open_engine("linux:");
        struct tried tried = { .state = load("format: 1\nowner: t\nnetworks: [{name: a}]\n") };

        ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
        tried.other = open_engine("linux:");
        ok(xsnet_engine_set_progress(engine, on_progress, &tried, NULL, &err));
        ok(apply(engine, "format: 1\nowner: t\nnetworks: [{name: b}]\n", &err));
        ck_assert_int_ge(tried.n, 1);
        ck_assert_int_eq(tried.code, 0);
        ck_says("ip link", " a:");
        ck_says_not("ip link", " b:");
        xsnet_engine_unref(engine);
        xsnet_engine_unref(tried.other);
        xsnet_state_unref(tried.state);
}
END_TEST

START_TEST(a_namespace_is_the_same_to_every_process_and_through_every_path)
{
        char *identity = NULL, *boot = NULL, *again = NULL, *boot_again = NULL, told[256] = "";
        struct xsn_netns *ns = NULL;
        int fds[2];
        pid_t pid;

        ok(xsn_netns_open("/proc/self/ns/net", &ns, &err));
        ok(xsn_netns_identify(ns, &identity, &boot, &err));
        ck_assert_str_ne(identity, "initial");
        ck_assert_ptr_nonnull(boot);
        ck_assert_ptr_nonnull(strstr(identity, boot));
        ck_assert_int_eq(pipe(fds), 0);
        pid = fork();
        if (pid == 0) {
                char path[64];

                (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)getppid());
                if (unshare(CLONE_NEWNET) == 0 && xsn_netns_open(path, &ns, NULL) == 0 &&
                    xsn_netns_identify(ns, &again, &boot_again, NULL) == 0)
                        _exit(write(fds[1], again, strlen(again)) < 0);
                _exit(1);
        }
        close(fds[1]);
        ck_assert_int_ge(read(fds[0], told, sizeof(told) - 1), 1);
        ck_assert_str_eq(told, identity);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        close(fds[0]);
        xsn_netns_close(ns);
        ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
        ok(xsn_netns_open(NULL, &ns, &err));
        ok(xsn_netns_identify(ns, &again, &boot_again, &err));
        ck_assert_str_ne(again, identity);
        ck_assert_str_eq(boot_again, boot);
        xsn_netns_close(ns);
        xsn_free(identity);
        xsn_free(again);
        xsn_free(boot);
        xsn_free(boot_again);
}
END_TEST

/* ---- what is behind a name changes ---- */

/* Before the target is observed, its backend is closed, and its name leads elsewhere. */
static void change_target(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct xsn_endpoint *target = ((struct xsnet_engine *)userdata)->targets[0];

        (void)step;
        (void)err;
        if (what != XSNET_PROGRESS_OBSERVING)
                return;
        ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
        sh("ln -sfn /proc/%d/ns/net %s/ns", (int)getpid(), dir);
        target->backend->ops->close(target->backend);
        target->backend = NULL;
}

START_TEST(a_name_that_leads_elsewhere_in_the_middle_is_not_followed)
{
        struct xsnet_engine *engine;
        struct xsnet_error *refused = NULL;
        char uri[128];

        sh("sleep 60 & echo $! > %s/pid; ln -s /proc/$!/ns/net %s/ns", dir, dir);
        (void)snprintf(uri, sizeof(uri), "linux:?netns=%s/ns", dir);
        engine = open_engine(uri);
        ok(xsnet_engine_set_progress(engine, change_target, engine, NULL, &err));
        ck_assert_int_eq(apply(engine, "format: 1\nowner: t\nnetworks: [{name: a}]\n", &refused), -ESTALE);
        ck_assert_str_eq(xsnet_error_get_reason(refused), "target-changed");
        xsnet_error_free(refused);
        ck_says_not("ip link", " a:");
        /* From the start it is what the name says then. */
        ok(xsnet_engine_set_progress(engine, NULL, NULL, NULL, &err));
        ok(apply(engine, "format: 1\nowner: t\nnetworks: [{name: a}]\n", &err));
        ck_says("ip link", " a:");
        xsnet_engine_unref(engine);
        sh("kill $(cat %s/pid)", dir);
}
END_TEST

static void on_event(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        int *n = userdata;

        (void)watch;
        n[xsnet_event_get_what(event) == XSNET_EVENT_STARTED ? 0 : 1]++;
}

static void dispatch_until(struct xsnet_engine *engine, const int *n, int at_least)
{
        for (int i = 0; i < 200 && *n < at_least; i++) {
                struct pollfd fd = { .fd = xsnet_engine_get_fd(engine), .events = POLLIN };

                ck_assert_int_ge(poll(&fd, 1, 50), 0);
                ok(xsnet_engine_dispatch(engine, &err));
        }
        ck_assert_int_ge(*n, at_least);
}

/* The namespace of a process, and then of this one, under the same name. Plain, with a journal directory, watched. */
START_TEST(an_engine_does_not_go_on_in_a_namespace_that_was_deleted)
{
        struct xsnet_watch *watch = NULL;
        struct xsnet_error *refused = NULL;
        struct xsnet_engine *engine;
        int n[2] = { 0 };
        char uri[128];

        sh("sleep 60 & echo $! > %s/pid; ln -s /proc/$!/ns/net %s/ns", dir, dir);
        (void)snprintf(uri, sizeof(uri), "linux:?netns=%s/ns", dir);
        engine = open_engine(uri);
        if (_i != 1)
                ok(xsnet_engine_set_journal(engine, NULL, &err));
        if (_i == 2) {
                ok(xsnet_engine_watch(engine, NULL, on_event, n, NULL, &watch, &err));
                dispatch_until(engine, &n[0], 1);
        }
        ok(apply(engine, "format: 1\nowner: t\nnetworks: [{name: a}]\n", &err));
        ck_says("ip link", " a:");
        if (watch)
                dispatch_until(engine, &n[1], 1);
        ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
        n[1] = 0;
        sh("rm %s/ns", dir);
        ck_assert_int_eq(apply(engine, "format: 1\nowner: t\nnetworks: [{name: b}]\n", &refused), -ENOENT);
        ck_assert_str_eq(xsnet_error_get_reason(refused), "no-such-netns");
        xsnet_error_free(refused);
        sh("ln -s /proc/%d/ns/net %s/ns", (int)getpid(), dir);
        ok(apply(engine, "format: 1\nowner: t\nnetworks: [{name: b}]\n", &err));
        ck_says("ip link", " b:");
        if (watch) {
                /* a is gone, b is there, and what happens from now on is told, too. */
                dispatch_until(engine, &n[1], 2);
                for (int i = 0; i < 50; i++, usleep(10000))
                        ok(xsnet_engine_dispatch(engine, &err));
                n[1] = 0;
                sh("ip link set dev b mtu 1400");
                dispatch_until(engine, &n[1], 1);
        }
        xsnet_watch_unref(watch);
        xsnet_engine_unref(engine);
        sh("kill $(cat %s/pid)", dir);
}
END_TEST

/* ---- killed ---- */

/* The kernel's calls, of which one send is the last. */
struct last {
        size_t n, at;
        bool after; /* it is still done */
};

static int last_socket(void *userdata, int domain, int type, int protocol)
{
        (void)userdata;
        return socket(domain, type, protocol);
}

static ssize_t last_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        struct last *last = userdata;
        bool now = last->n++ == last->at;
        ssize_t n;

        if (now && !last->after)
                (void)kill(getpid(), SIGKILL);
        n = sendmsg(fd, msg, flags);
        if (now)
                (void)kill(getpid(), SIGKILL);
        return n;
}

/* In a process of its own: an apply that is killed at a send. Was it? */
static bool kill_apply(const char *text, size_t at, bool after)
{
        pid_t pid = fork();
        int status = 0;

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                struct xsn_nl_ops ops = xsn_nl_syscalls;
                struct last last = { .at = at, .after = after };
                struct xsnet_engine *engine = open_engine("linux:?host=h");
                struct xsn_endpoint *target = engine->targets[0];
                struct xsn_backend_env env = { .loop = engine->loop };
                struct xsn_uri *uri = NULL;

                ops.socket = last_socket;
                ops.sendmsg = last_sendmsg;
                target->backend->ops->close(target->backend);
                if (xsn_uri_parse(target->uri, &uri, NULL) < 0 ||
                    xsn_lx_open(&env, uri, &ops, &last, &target->backend, NULL) < 0)
                        _exit(2);
                _exit(apply(engine, text, NULL) < 0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "exit status %d", WEXITSTATUS(status));
        return WIFSIGNALED(status);
}

/* Names, groups, aliases, MTUs, states and addresses; not what the kernel numbers. */
static char *picture(void)
{
        FILE *f = popen("ip -o link | sed -E 's/^[0-9]+: //; s/@[^:]*//; s/<([^>]*,)?UP(,[^>]*)?>/up/; "
                        "s/<[^>]*>/down/; s/qdisc [a-z]+ //; s/state [A-Z]+ //; "
                        "s/ link.ether [^ ]* brd [^ ]*//' | sort; "
                        "ip -o -4 addr | sed -E 's/^[0-9]+: //' | sort",
                        "r");
        char *text = calloc(1, 65536);

        ck_assert_ptr_nonnull(f);
        ck_assert_ptr_nonnull(text);
        (void)fread(text, 1, 65535, f);
        pclose(f);
        return text;
}

static void assert_recovers(const char *before, const char *what, size_t at)
{
        struct xsnet_engine *engine = open_engine(OWN_PATH);
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int r = xsnet_engine_recover(engine, &report, &err);
        char *now = picture();

        ck_assert_msg(r == 0, "%s at send %zu: %s", what, at, err ? xsnet_error_get_message(err) : "");
        ck_assert_msg(strcmp(now, before) == 0, "%s at send %zu, outcome %d: there is\n%s\ninstead of\n%s", what, at,
                      xsnet_report_get_outcome(report), now, before);
        xsnet_report_unref(report);
        xsnet_engine_unref(engine);
        free(now);
        ck_assert_int_eq(count_files(), 0);
}

#define NINE                                                                                                           \
        "format: 1\nowner: t\nprune: true\nnetworks: [{name: n1, bridge: br1}, {name: n2, bridge: br2}, "              \
        "{name: n3, bridge: br3}]\npifs: [{device: d0, network: n1}]\n"
#define NONE "format: 1\nowner: t\nprune: true\n"

/* Deletion by group: the group of each device is another one in the middle of it. */
START_TEST(a_deletion_that_is_killed_anywhere_is_put_back_with_the_groups_that_were)
{
        struct xsnet_engine *engine;
        char *before;
        size_t at = 0;

        sh("ip link add d0 type veth peer name d1 && ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up");
        engine = open_engine("linux:?host=h");
        ok(apply(engine, NINE, &err));
        xsnet_engine_unref(engine);
        sh("ip link set br2 group 7");
        ck_says("ip -d link show br2", "group 7");
        before = picture();
        while (kill_apply(NONE, at, _i))
                assert_recovers(before, "deletion", at++);
        ck_assert_uint_ge(at, 8);
        ck_says_not("ip link", "br1");
        free(before);
}
END_TEST

START_TEST(a_creation_that_is_killed_anywhere_is_taken_back)
{
        char *before;
        size_t at = 0;

        sh("ip link add d0 type veth peer name d1 && ip addr add 192.0.2.1/24 dev d0 && ip link set d0 up");
        before = picture();
        while (kill_apply(NINE, at, _i))
                assert_recovers(before, "creation", at++);
        ck_assert_uint_ge(at, 8);
        ck_says("ip link", "br1");
        free(before);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("linux_journal");
        TCase *tc = tcase_create("journal");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, begin, end);
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, one_namespace_under_two_uris_is_one_target);
        tcase_add_test(tc, two_namespaces_under_one_uri_are_two_targets);
        tcase_add_test(tc, a_namespace_is_the_same_to_every_process_and_through_every_path);
        tcase_add_test(tc, a_name_that_leads_elsewhere_in_the_middle_is_not_followed);
        tcase_add_loop_test(tc, an_engine_does_not_go_on_in_a_namespace_that_was_deleted, 0, 3);
        tcase_add_loop_test(tc, a_deletion_that_is_killed_anywhere_is_put_back_with_the_groups_that_were, 0, 2);
        tcase_add_loop_test(tc, a_creation_that_is_killed_anywhere_is_taken_back, 0, 2);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
