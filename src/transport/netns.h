/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network namespace held by descriptor: sockets are opened in it and its
 * /proc/sys/net is read and written. The calling thread is moved there and back again;
 * no other thread is touched.
 */
#ifndef TRANSPORT_NETNS_H
#define TRANSPORT_NETNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct xsn_netns;

/*
 * NULL or "": the calling thread's own, whatever thread uses it later. A name
 * ("blue": /run/netns/blue) or a path ("/proc/4711/ns/net").
 */
int xsn_netns_open(const char *name, struct xsn_netns **ret_ns, struct xsnet_error **ret_err);
/* A copy of fd is kept. */
int xsn_netns_open_fd(int fd, struct xsn_netns **ret_ns, struct xsnet_error **ret_err);
/* NULL is ignored. Returns NULL. */
struct xsn_netns *xsn_netns_close(struct xsn_netns *ns);
XSN_CLEANUP_DEFINE(xsn_netns_close, struct xsn_netns);

/*
 * What tells the namespace from every other one, whatever it is called and whichever process asks: "initial", which
 * stays the same through reboots, or a number that is never given twice before the next. Both are the
 * caller's; *ret_boot is NULL where the kernel does not tell which boot this is.
 */
int xsn_netns_identify(const struct xsn_netns *ns, char **ret_identity, char **ret_boot, struct xsnet_error **ret_err);

bool xsn_netns_same(const struct xsn_netns *a, const struct xsn_netns *b);

typedef int (*xsn_netns_fn)(void *userdata, struct xsnet_error **ret_err);
/*
 * Runs fn inside the namespace (NULL: where the thread is). That the way back is
 * open is checked before the thread leaves. If it cannot go back all the same, that is the error
 * (reason "netns-lost"), whatever fn returned: the thread is then in the wrong namespace.
 * Nothing moves, and no right is needed, when the thread is there already.
 */
int xsn_netns_run(const struct xsn_netns *ns, xsn_netns_fn fn, void *userdata, struct xsnet_error **ret_err);

#define XSN_SYSCTL_VALUE_MAX 64

/* One file of /proc/sys/net: DIR/DEV/KEY. */
struct xsn_sysctl {
        const char *dir; /* "ipv6/conf" */
        const char *dev; /* a device's name; never the pseudo devices "all" and "default"; NULL: DIR/KEY */
        const char *key; /* "disable_ipv6" */
        char value[XSN_SYSCTL_VALUE_MAX]; /* to write, or what was read, without its newline */
        int result; /* 0, or -errno: -ENODEV where the device is not there, -EAFNOSUPPORT where DIR is not (no IPv6) */
};

/*
 * All items in one visit to the namespace; items that fail do not stop the others. 0, or
 * the first item's error (ret_err names it). NULL: the thread's own namespace.
 */
int xsn_netns_sysctl_write(const struct xsn_netns *ns, struct xsn_sysctl *items, size_t n,
                           struct xsnet_error **ret_err);
int xsn_netns_sysctl_read(const struct xsn_netns *ns, struct xsn_sysctl *items, size_t n, struct xsnet_error **ret_err);

#endif
