/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces: finding one, and doing something inside. Relies on setns() moving only the
 * calling thread, and on the same rights being needed to go and to come back.
 */
#include "transport/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
#endif

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* since 5.14 */
#endif

#define SELF      "/proc/thread-self/ns/net"
#define NAMED_DIR "/run/netns/"

struct xsn_netns {
        int fd;
        dev_t dev; /* dev and ino are its identity */
        ino_t ino;
};

static int fail(int code, const char *what, const char *name, struct xsnet_error **ret_err)
{
        char buf[64];
        const char *reason = code == -EPERM || code == -EACCES ? "not-permitted"
                             : code == -ENOENT                 ? "no-such-netns"
                                                               : "netns-failed";

        return xsn_error_set(ret_err, code, reason, "%s network namespace '%s': %s", what, name,
                             strerror_r(-code, buf, sizeof(buf)));
}

/* Takes fd, also on failure. */
static int adopt(int fd, const char *name, struct xsn_netns **ret_ns, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *ns = xsn_alloc(sizeof(*ns));
        struct stat st;
        int type;

        if (!ns) {
                (void)close(fd);
                return xsn_error_oom(ret_err);
        }
        ns->fd = fd;
        if (fstat(fd, &st) < 0)
                return fail(-errno, "cannot look at", name, ret_err);
        /* Kernels before 4.11 do not tell the type; setns() checks it later. */
        type = ioctl(fd, NS_GET_NSTYPE);
        if (type >= 0 ? type != CLONE_NEWNET : errno != EINVAL)
                return xsn_error_set(ret_err, -EINVAL, "no-such-netns", "'%s' is not a network namespace", name);
        ns->dev = st.st_dev;
        ns->ino = st.st_ino;
        *ret_ns = XSN_TAKE(ns);
        return 0;
}

int xsn_netns_open(const char *name, struct xsn_netns **ret_ns, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *path = NULL;
        struct xsn_buf buf = { 0 };
        int fd;
        int r;

        if (!name || !*name)
                name = SELF;
        if (!strchr(name, '/'))
                xsn_buf_put(&buf, NAMED_DIR);
        xsn_buf_put(&buf, name);
        r = xsn_buf_take(&buf, &path);
        if (r < 0)
                return xsn_error_oom(ret_err);
        /* Whatever lies at the path, opening it does not wait. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fail(-errno, "cannot open", name, ret_err);
        return adopt(fd, name, ret_ns, ret_err);
}

int xsn_netns_open_fd(int fd, struct xsn_netns **ret_ns, struct xsnet_error **ret_err)
{
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        if (copy < 0)
                return fail(-errno, "cannot keep", "(descriptor)", ret_err);
        return adopt(copy, "(descriptor)", ret_ns, ret_err);
}

struct xsn_netns *xsn_netns_close(struct xsn_netns *ns)
{
        if (!ns)
                return NULL;
        (void)close(ns->fd);
        return xsn_free(ns);
}

bool xsn_netns_same(const struct xsn_netns *a, const struct xsn_netns *b)
{
        return a->dev == b->dev && a->ino == b->ino;
}

int xsn_netns_run(const struct xsn_netns *ns, xsn_netns_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *home = NULL;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int r;

        if (!ns)
                return fn(userdata, ret_err);
        r = xsn_netns_open(NULL, &home, ret_err);
        if (r < 0)
                return r;
        if (xsn_netns_same(ns, home))
                return fn(userdata, ret_err);
        /* Coming back is tried first, from home, where a refusal costs nothing. */
        if (setns(home->fd, CLONE_NEWNET) < 0)
                return fail(-errno, "could not come back to", "(own)", ret_err);
        if (setns(ns->fd, CLONE_NEWNET) < 0)
                return fail(-errno, "cannot enter", "(target)", ret_err);
        r = fn(userdata, &err);
        if (setns(home->fd, CLONE_NEWNET) < 0) {
                int code = errno > 0 ? -errno : -EIO;

                return xsn_error_set(ret_err, code, "netns-lost",
                                     "this thread cannot go back to its network namespace and is left in another");
        }
        if (r < 0)
                return xsn_error_give(ret_err, XSN_TAKE(err));
        return r;
}

/* ---- identity ---- */

struct look {
        bool initial;
        uint64_t cookie; /* 0: the kernel gives none */
};

static int look_around(void *userdata, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_close_fdp) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
        struct look *look = userdata;
        socklen_t len = sizeof(look->cookie);

        (void)ret_err;
        /* What all namespaces share is set in the initial one, and no other shows it. */
        look->initial = access("/proc/sys/net/core/netdev_max_backlog", F_OK) == 0;
        if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &look->cookie, &len) < 0)
                look->cookie = 0;
        return 0;
}

/* "" where the kernel does not tell. */
static void read_boot(char boot[40])
{
        _cleanup_(xsn_close_fdp) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, boot, 39) : -1;

        boot[n > 0 ? n : 0] = '\0';
        boot[strcspn(boot, "\n")] = '\0';
}

int xsn_netns_identify(const struct xsn_netns *ns, char **ret_identity, char **ret_boot, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *identity = NULL, *boot = NULL;
        struct xsn_buf buf = { 0 };
        struct look look = { 0 };
        char text[40];
        int r = xsn_netns_run(ns, look_around, &look, ret_err);

        if (r < 0)
                return r;
        read_boot(text);
        if (look.initial)
                xsn_buf_put(&buf, "initial");
        else if (look.cookie)
                xsn_buf_printf(&buf, "cookie %" PRIu64 " of boot %s", look.cookie, text);
        else
                xsn_buf_printf(&buf, "inode %" PRIuMAX " of boot %s", (uintmax_t)ns->ino, text);
        r = xsn_buf_take(&buf, &identity);
        if (r == 0 && *text) {
                boot = xsn_strdup(text);
                r = boot ? 0 : -ENOMEM;
        }
        if (r < 0)
                return xsn_error_oom(ret_err);
        *ret_identity = XSN_TAKE(identity);
        *ret_boot = XSN_TAKE(boot);
        return 0;
}
