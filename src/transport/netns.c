/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces: finding one, and doing something inside. Relies on setns() moving only the
 * calling thread, and on the same rights being needed to go and to come back.
 */
#include "transport/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
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
