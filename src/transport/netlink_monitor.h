/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket that hears the kernel's notifications. Its descriptor goes into base/loop.h; dispatch is
 * called when it is readable. Lost events are an event of their own.
 */
#ifndef TRANSPORT_NETLINK_MONITOR_H
#define TRANSPORT_NETLINK_MONITOR_H

#include "transport/netlink.h"

struct xsn_nl_monitor;

struct xsn_nl_listener {
        /* A notification (RTM_NEWLINK, RTM_DELADDR, ...), valid during the call. */
        void (*message)(const struct nlmsghdr *msg, void *userdata);
        /* Notifications were lost: observe again. */
        void (*resync)(void *userdata);
        void *userdata;
};

/* groups: RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, ... (<linux/rtnetlink.h>). The listener is copied. options may be NULL. */
int xsn_nl_monitor_open(const struct xsn_nl_options *options, const unsigned *groups, size_t n_groups,
                        const struct xsn_nl_listener *listener, struct xsn_nl_monitor **ret_monitor,
                        struct xsnet_error **ret_err);
/* Also from inside the listener. NULL is ignored. Returns NULL. */
struct xsn_nl_monitor *xsn_nl_monitor_close(struct xsn_nl_monitor *monitor);
XSN_CLEANUP_DEFINE(xsn_nl_monitor_close, struct xsn_nl_monitor);

/* Non-blocking; stays the monitor's. */
int xsn_nl_monitor_get_fd(const struct xsn_nl_monitor *monitor);
/* Reads what has come, a bounded number of messages a call (the descriptor stays readable when there is more). */
int xsn_nl_monitor_dispatch(struct xsn_nl_monitor *monitor, struct xsnet_error **ret_err);

#endif
