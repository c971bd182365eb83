/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files below /proc/sys/net of a namespace: settings of devices that netlink cannot write (IPv6 off). /proc/sys/net
 * shows the namespace of the thread that looks; /sys shows that of its mount, so it is not used. Thousands of
 * files are one visit: folders are opened once, device names go to openat() as one checked component.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "transport/netns.h"

struct visit {
        struct xsn_sysctl *items;
        size_t n;
        bool write;
        const char *dir; /* whose descriptor dirfd is */
        int dirfd;
        int dir_error;
};

/* Lower case words with '_' and, in folders, '/' between: no dots, so no way up. */
static bool word_valid(const char *s, bool folder)
{
        if (*s == '\0' || *s == '/' || strlen(s) > 64)
                return false;
        return strspn(s, folder ? "abcdefghijklmnopqrstuvwxyz0123456789_/" : "abcdefghijklmnopqrstuvwxyz0123456789_") ==
               strlen(s);
}

static int open_dir(struct visit *visit, const char *dir)
{
        char path[96];

        if (visit->dir && strcmp(visit->dir, dir) == 0)
                return visit->dir_error;
        if (visit->dirfd >= 0)
                (void)close(visit->dirfd);
        (void)snprintf(path, sizeof(path), "/proc/sys/net/%s", dir);
        visit->dir = dir;
        visit->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        visit->dir_error = 0;
        if (visit->dirfd < 0)
                visit->dir_error = errno == ENOENT ? -EAFNOSUPPORT : -errno;
        return visit->dir_error;
}

static int write_value(int fd, const char *value)
{
        size_t len = strlen(value);
        ssize_t n;

        do
                n = write(fd, value, len);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return (size_t)n == len ? 0 : -EIO;
}

static int read_value(int fd, char value[XSN_SYSCTL_VALUE_MAX])
{
        ssize_t n;

        do
                n = read(fd, value, XSN_SYSCTL_VALUE_MAX - 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        value[n] = '\0';
        value[strcspn(value, "\n")] = '\0';
        return 0;
}

static int visit_item(struct visit *visit, struct xsn_sysctl *item)
{
        _cleanup_(xsn_close_fdp) int fd = -1;
        char path[XSN_IFNAME_MAX + 1 + 64 + 1];
        int r;

        if (!word_valid(item->dir, true) || !word_valid(item->key, false))
                return -EINVAL;
        /* A device may be called "all" or "default", but these files would change every device. */
        if (item->dev &&
            (!xsn_ifname_valid(item->dev) || strcmp(item->dev, "all") == 0 || strcmp(item->dev, "default") == 0))
                return -EINVAL;
        r = open_dir(visit, item->dir);
        if (r < 0)
                return r;
        (void)snprintf(path, sizeof(path), "%s%s%s", item->dev ? item->dev : "", item->dev ? "/" : "", item->key);
        fd = openat(visit->dirfd, path, (visit->write ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return errno == ENOENT && item->dev ? -ENODEV : -errno;
        return visit->write ? write_value(fd, item->value) : read_value(fd, item->value);
}

static int visit_all(void *userdata, struct xsnet_error **ret_err)
{
        struct visit *visit = userdata;
        const struct xsn_sysctl *bad = NULL;
        char buf[64];

        for (size_t i = 0; i < visit->n; i++) {
                visit->items[i].result = visit_item(visit, &visit->items[i]);
                if (visit->items[i].result < 0 && !bad)
                        bad = &visit->items[i];
        }
        if (visit->dirfd >= 0)
                (void)close(visit->dirfd);
        if (!bad)
                return 0;
        (void)xsn_error_set(ret_err, bad->result, bad->result == -ENODEV ? "no-such-device" : "sysctl-failed",
                            "cannot %s net/%s/%s%s%s: %s", visit->write ? "write" : "read", bad->dir,
                            bad->dev ? bad->dev : "", bad->dev ? "/" : "", bad->key,
                            strerror_r(-bad->result, buf, sizeof(buf)));
        return xsn_error_where(ret_err, bad->result, "linux: /proc/sys/net");
}

static int visit_netns(const struct xsn_netns *ns, struct visit *visit, struct xsnet_error **ret_err)
{
        for (size_t i = 0; i < visit->n; i++)
                visit->items[i].result = -ECANCELED;
        return visit->n > 0 ? xsn_netns_run(ns, visit_all, visit, ret_err) : 0;
}

int xsn_netns_sysctl_write(const struct xsn_netns *ns, struct xsn_sysctl *items, size_t n, struct xsnet_error **ret_err)
{
        struct visit visit = { .items = items, .n = n, .write = true, .dirfd = -1 };

        return visit_netns(ns, &visit, ret_err);
}

int xsn_netns_sysctl_read(const struct xsn_netns *ns, struct xsn_sysctl *items, size_t n, struct xsnet_error **ret_err)
{
        struct visit visit = { .items = items, .n = n, .dirfd = -1 };

        return visit_netns(ns, &visit, ret_err);
}
