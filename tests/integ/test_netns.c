/* SPDX-License-Identifier: Apache-2.0 */
/* Work in another network namespace: sockets, /proc/sys/net, and what happens when the way back is closed. */
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../unit/unit.h"
#include "base/cleanup.h"
#include "netns_test.h"
#include "transport/netlink_dump.h"

/* A child that holds a namespace of its own until the test has opened it. */
static struct xsn_netns *other_netns(void)
{
        struct xsn_netns *ns = NULL;
        char path[64];
        char byte = 0;
        int ready[2];
        pid_t pid;

        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                int r = unshare(CLONE_NEWNET);

                (void)!write(ready[1], r == 0 ? "y" : "n", 1);
                for (;;)
                        pause();
        }
        ck_assert_int_gt(pid, 0);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        ck_assert_int_eq(byte, 'y');
        snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
        ck_assert_int_eq(xsn_netns_open(path, &ns, NULL), 0);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        close(ready[0]);
        close(ready[1]);
        return ns;
}

static struct xsn_netns *own_netns(void)
{
        struct xsn_netns *ns = NULL;

        ck_assert_int_eq(xsn_netns_open(NULL, &ns, NULL), 0);
        return ns;
}

static int add_bridges(struct xsn_nl *nl, const char *const *names, size_t n)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct ifinfomsg hdr = { 0 };

        ck_assert_int_eq(xsn_nl_batch_new(&batch, NULL), 0);
        for (size_t i = 0; i < n; i++) {
                xsn_nl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &hdr, sizeof(hdr), names[i]);
                xsn_nl_put_str(batch, IFLA_IFNAME, names[i]);
                xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
                xsn_nl_put_str(batch, IFLA_INFO_KIND, "bridge");
                xsn_nl_nest_end(batch);
        }
        return xsn_nl_batch_send(nl, batch, NULL, NULL);
}

static void setup(void)
{
        ck_assert_int_eq(netns_test_enter(), 0);
}

START_TEST(a_socket_lives_in_the_namespace_it_was_opened_in)
{
        static const char *const names[] = { "there" };
        _cleanup_(xsn_netns_closep) struct xsn_netns *ns = other_netns();
        _cleanup_(xsn_netns_closep) struct xsn_netns *before = own_netns();
        struct xsn_nl_options options = { .netns = ns };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = NULL;

        ck_assert(!xsn_netns_same(ns, before));
        ck_assert_int_eq(xsn_nl_open(&options, &nl, NULL), 0);
        ck_assert_int_eq(add_bridges(nl, names, 1), 0);
        ck_assert_uint_eq(if_nametoindex("there"), 0);

        _cleanup_(xsn_netns_closep) struct xsn_netns *after = own_netns();
        ck_assert(xsn_netns_same(before, after));
}
END_TEST

START_TEST(ipv6_is_switched_off_for_named_devices_only)
{
        static const char *const names[] = { "vif1.0", "xenbr0", "a-b_c.100" };
        _cleanup_(xsn_netns_closep) struct xsn_netns *ns = other_netns();
        struct xsn_nl_options options = { .netns = ns };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = NULL;
        struct xsn_sysctl items[3];

        ck_assert_int_eq(xsn_nl_open(&options, &nl, NULL), 0);
        ck_assert_int_eq(add_bridges(nl, names, 3), 0);
        for (size_t i = 0; i < 3; i++)
                items[i] =
                        (struct xsn_sysctl){ .dir = "ipv6/conf", .dev = names[i], .key = "disable_ipv6", .value = "1" };
        ck_assert_int_eq(xsn_netns_sysctl_write(ns, items, 2, NULL), 0);
        ck_assert_int_eq(xsn_netns_sysctl_read(ns, items, 3, NULL), 0);
        ck_assert_str_eq(items[0].value, "1");
        ck_assert_str_eq(items[1].value, "1");
        ck_assert_str_eq(items[2].value, "0");
        /* The thread's own namespace has no such devices, so these were really the other's files. */
        ck_assert_int_eq(xsn_netns_sysctl_read(NULL, items, 3, NULL), -ENODEV);
}
END_TEST

static const struct {
        const char *name;
        struct xsn_sysctl item;
        int result;
} refused[] = {
        { "all devices at once", { .dir = "ipv6/conf", .dev = "all", .key = "disable_ipv6", .value = "1" }, -EINVAL },
        { "future devices", { .dir = "ipv6/conf", .dev = "default", .key = "disable_ipv6", .value = "1" }, -EINVAL },
        { "a way up", { .dir = "ipv6/conf", .dev = "..", .key = "disable_ipv6", .value = "1" }, -EINVAL },
        { "a path for a device",
          { .dir = "ipv6/conf", .dev = "lo/../all", .key = "disable_ipv6", .value = "1" },
          -EINVAL },
        { "a way up in the folder",
          { .dir = "ipv6/../../kernel", .dev = NULL, .key = "hostname", .value = "x" },
          -EINVAL },
        { "an absolute folder", { .dir = "/kernel", .dev = NULL, .key = "hostname", .value = "x" }, -EINVAL },
        { "a path for a key",
          { .dir = "ipv6/conf", .dev = "lo", .key = "../all/disable_ipv6", .value = "1" },
          -EINVAL },
        { "a device that is not there", { .dir = "ipv6/conf", .dev = "vif9.9", .key = "mtu", .value = "1" }, -ENODEV },
        { "a family that is not there",
          { .dir = "ipv7/conf", .dev = "lo", .key = "mtu", .value = "1" },
          -EAFNOSUPPORT },
        { "a key that is not there", { .dir = "ipv6/conf", .dev = NULL, .key = "no_such_key", .value = "1" }, -ENOENT },
        { "a value that the kernel refuses", { .dir = "ipv6/conf", .dev = "lo", .key = "mtu", .value = "1" }, -EINVAL },
};

START_TEST(a_file_that_must_not_be_written_is_refused_and_the_rest_written)
{
        struct xsn_sysctl items[2] = { refused[_i].item,
                                       { .dir = "ipv6/conf", .dev = "lo", .key = "disable_ipv6", .value = "1" } };
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_sysctl all = { .dir = "ipv6/conf/all", .key = "disable_ipv6" };
        int r = xsn_netns_sysctl_write(NULL, items, 2, &err);

        ck_assert_msg(r == refused[_i].result, "%s: %d", refused[_i].name, r);
        ck_assert_int_eq(items[0].result, refused[_i].result);
        ck_assert_int_eq(items[1].result, 0);
        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(xsn_netns_sysctl_read(NULL, items + 1, 1, NULL), 0);
        ck_assert_str_eq(items[1].value, "1");
        ck_assert_int_eq(xsn_netns_sysctl_read(NULL, &all, 1, NULL), 0);
        ck_assert_str_eq(all.value, "0");
}
END_TEST

static const struct {
        const char *name;
        int result;
        const char *reason;
} bad_names[] = {
        { "xsnet-test-no-such-netns", -ENOENT, "no-such-netns" },
        { "/proc/self/ns/uts", -EINVAL, "no-such-netns" },
        { "/dev/null", -EINVAL, "no-such-netns" },
        { "/proc", -EINVAL, "no-such-netns" },
        { "..", -EINVAL, "no-such-netns" },
};

START_TEST(a_name_is_looked_up_where_ip_netns_keeps_them)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *own = own_netns();
        _cleanup_(xsn_netns_closep) struct xsn_netns *named = NULL;

        /* A /run of this process alone, which ends with it. */
        ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
        ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        ck_assert_int_eq(mount("none", "/run", "tmpfs", 0, NULL), 0);
        ck_assert_int_eq(mkdir("/run/netns", 0755), 0);
        close(open("/run/netns/blue.1", O_CREAT | O_CLOEXEC | O_WRONLY, 0600));
        ck_assert_int_eq(mount("/proc/self/ns/net", "/run/netns/blue.1", NULL, MS_BIND, NULL), 0);
        ck_assert_int_eq(xsn_netns_open("blue.1", &named, NULL), 0);
        ck_assert(xsn_netns_same(own, named));
}
END_TEST

START_TEST(what_is_no_namespace_is_refused_by_name)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_netns *ns = NULL;
        int r = xsn_netns_open(bad_names[_i].name, &ns, &err);

        /* /run/netns need not exist. */
        if (strcmp(bad_names[_i].name, "..") == 0 && r == -ENOENT)
                return;
        ck_assert_msg(r == bad_names[_i].result, "%s: %d", bad_names[_i].name, r);
        ck_assert_str_eq(xsnet_error_get_reason(err), bad_names[_i].reason);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), bad_names[_i].name));
        ck_assert_ptr_null(ns);
}
END_TEST

START_TEST(a_fifo_at_the_path_does_not_hang)
{
        char path[] = "/tmp/xsnet-netns-XXXXXX";
        struct xsn_netns *ns = NULL;
        int r;

        ck_assert_ptr_nonnull(mkdtemp(path));
        ck_assert_int_eq(rmdir(path), 0);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        r = xsn_netns_open(path, &ns, NULL);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(r, -EINVAL);
}
END_TEST

START_TEST(a_namespace_by_descriptor_outlives_the_descriptor)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *own = own_netns();
        _cleanup_(xsn_netns_closep) struct xsn_netns *copy = NULL;
        struct xsn_netns *bad = NULL;
        int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

        ck_assert_int_eq(xsn_netns_open_fd(fd, &copy, NULL), 0);
        close(fd);
        ck_assert(xsn_netns_same(own, copy));
        ck_assert_int_eq(xsn_netns_open_fd(fd, &bad, NULL), -EBADF);
}
END_TEST

static void drop_rights(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { { 0 } };

        ck_assert_int_eq((int)syscall(SYS_capset, &header, none), 0);
}

static int fail_inside(void *userdata, struct xsnet_error **ret_err)
{
        int *state = userdata;

        if (*state == 1)
                drop_rights();
        ++*state;
        return xsn_error_set(ret_err, -EDOM, "inside", "failed inside");
}

START_TEST(the_functions_own_error_comes_through)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *ns = other_netns();
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int state = 0;

        ck_assert_int_eq(xsn_netns_run(ns, fail_inside, &state, &err), -EDOM);
        ck_assert_str_eq(xsnet_error_get_reason(err), "inside");
        ck_assert_int_eq(state, 1);
}
END_TEST

START_TEST(a_thread_that_could_not_come_back_does_not_leave)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *ns = other_netns();
        _cleanup_(xsn_netns_closep) struct xsn_netns *own = own_netns();
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int state = 0;

        drop_rights();
        ck_assert_int_eq(xsn_netns_run(ns, fail_inside, &state, &err), -EPERM);
        ck_assert_str_eq(xsnet_error_get_reason(err), "not-permitted");
        ck_assert_int_eq(state, 0);
        /* Where the thread is already, no right is needed. */
        ck_assert_int_eq(xsn_netns_run(own, fail_inside, &state, NULL), -EDOM);
}
END_TEST

START_TEST(a_thread_that_could_go_but_not_come_back_does_not_leave)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *before = own_netns();
        _cleanup_(xsn_netns_closep) struct xsn_netns *after = NULL;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_netns *ns;
        int state = 0;

        /* Every right in a new user namespace, which owns the other network namespace, but not this thread's. */
        if (unshare(CLONE_NEWUSER) < 0) {
                ck_assert(errno == EPERM || errno == ENOSPC || errno == EINVAL); /* this machine allows none */
                return;
        }
        ns = other_netns();
        ck_assert_int_eq(xsn_netns_run(ns, fail_inside, &state, &err), -EPERM);
        xsn_netns_close(ns);
        after = own_netns();
        ck_assert_str_eq(xsnet_error_get_reason(err), "not-permitted");
        ck_assert_int_eq(state, 0);
        ck_assert(xsn_netns_same(before, after));
}
END_TEST

START_TEST(a_lost_way_back_is_the_error)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *ns = other_netns();
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int state = 1;

        ck_assert_int_eq(xsn_netns_run(ns, fail_inside, &state, &err), -EPERM);
        ck_assert_str_eq(xsnet_error_get_reason(err), "netns-lost");
        ck_assert_int_eq(state, 2);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("netns");
        TCase *tc = tcase_create("kernel");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, NULL);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, a_socket_lives_in_the_namespace_it_was_opened_in);
        tcase_add_test(tc, ipv6_is_switched_off_for_named_devices_only);
        tcase_add_loop_test(tc, a_file_that_must_not_be_written_is_refused_and_the_rest_written, 0,
                            (int)XSN_ARRAY_SIZE(refused));
        tcase_add_test(tc, a_name_is_looked_up_where_ip_netns_keeps_them);
        tcase_add_loop_test(tc, what_is_no_namespace_is_refused_by_name, 0, (int)XSN_ARRAY_SIZE(bad_names));
        tcase_add_test(tc, a_fifo_at_the_path_does_not_hang);
        tcase_add_test(tc, a_namespace_by_descriptor_outlives_the_descriptor);
        tcase_add_test(tc, the_functions_own_error_comes_through);
        tcase_add_test(tc, a_thread_that_could_not_come_back_does_not_leave);
        tcase_add_test(tc, a_thread_that_could_go_but_not_come_back_does_not_leave);
        tcase_add_test(tc, a_lost_way_back_is_the_error);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
