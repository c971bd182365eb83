/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's notifications, one listener. Relies on the loop calling again while the descriptor stays readable. */
#include "transport/netlink_monitor.h"

#include <errno.h>

#include "base/alloc.h"
#include "transport/netlink_priv.h"

/* Datagrams a dispatch, so that a storm does not starve the rest of the loop. */
#define DATAGRAMS_MAX 256

struct xsn_nl_monitor {
        struct xsn_nl *nl;
        struct xsn_nl_listener listener;
        bool dispatching;
        bool closed; /* by the listener: freed when dispatch is done */
};

static int subscribe(struct xsn_nl *nl, unsigned group, struct xsnet_error **ret_err)
{
        char text[XSN_NL_ERRNO_TEXT_MAX];
        int r;

        if (nl->ops->setsockopt(nl->ops_userdata, nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ==
            0)
                return 0;
        r = errno > 0 ? -errno : -EIO;
        (void)xsn_error_set(ret_err, r, xsn_nl_reason(r), "cannot subscribe to netlink group %u: %s", group,
                            xsn_nl_errno_text(r, text));
        return xsn_error_where(ret_err, r, "%s", nl->where);
}

int xsn_nl_monitor_open(const struct xsn_nl_options *options, const unsigned *groups, size_t n_groups,
                        const struct xsn_nl_listener *listener, struct xsn_nl_monitor **ret_monitor,
                        struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_monitor_closep) struct xsn_nl_monitor *monitor = xsn_alloc(sizeof(*monitor));
        int r;

        if (!monitor)
                return xsn_error_oom(ret_err);
        monitor->listener = *listener;
        r = xsn_nl_open(options, &monitor->nl, ret_err);
        for (size_t i = 0; r == 0 && i < n_groups; i++)
                r = subscribe(monitor->nl, groups[i], ret_err);
        if (r < 0)
                return r;
        *ret_monitor = XSN_TAKE(monitor);
        return 0;
}

struct xsn_nl_monitor *xsn_nl_monitor_close(struct xsn_nl_monitor *monitor)
{
        if (!monitor)
                return NULL;
        if (monitor->dispatching) {
                monitor->closed = true;
                return NULL;
        }
        xsn_nl_close(monitor->nl);
        return xsn_free(monitor);
}

int xsn_nl_monitor_get_fd(const struct xsn_nl_monitor *monitor)
{
        return monitor->nl->fd;
}

static void resync(struct xsn_nl_monitor *monitor)
{
        if (!monitor->closed)
                monitor->listener.resync(monitor->listener.userdata);
}

static void deliver(struct xsn_nl_monitor *monitor, struct xsn_nl_cursor *cursor)
{
        const struct nlmsghdr *msg;

        while (!monitor->closed && (msg = xsn_nl_cursor_next(cursor)))
                if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
                        monitor->listener.message(msg, monitor->listener.userdata);
                else if (msg->nlmsg_type == NLMSG_OVERRUN)
                        resync(monitor);
        if (cursor->bad)
                resync(monitor);
}

static int read_events(struct xsn_nl_monitor *monitor, struct xsnet_error **ret_err)
{
        for (int i = 0; i < DATAGRAMS_MAX && !monitor->closed; i++) {
                struct xsn_nl_cursor cursor = { 0 };
                char text[XSN_NL_ERRNO_TEXT_MAX];
                int r = xsn_nl_receive(monitor->nl, &cursor);

                if (r == -EAGAIN || r == -EINTR)
                        return 0;
                if (r == -ENOBUFS || r == -EMSGSIZE) {
                        resync(monitor);
                } else if (r < 0) {
                        (void)xsn_error_set(ret_err, r, xsn_nl_reason(r), "cannot read netlink events: %s",
                                            xsn_nl_errno_text(r, text));
                        return xsn_error_where(ret_err, r, "%s", monitor->nl->where);
                }
                if (r == 0)
                        deliver(monitor, &cursor);
        }
        return 0;
}

int xsn_nl_monitor_dispatch(struct xsn_nl_monitor *monitor, struct xsnet_error **ret_err)
{
        int r;

        if (monitor->dispatching)
                return xsn_error_set(ret_err, -EBUSY, "busy", "netlink events are being read already");
        monitor->dispatching = true;
        r = read_events(monitor, ret_err);
        monitor->dispatching = false;
        if (monitor->closed)
                (void)xsn_nl_monitor_close(monitor);
        return r;
}
