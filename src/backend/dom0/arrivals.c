/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor of links alone. Lost events cost nothing but time: who listens looks at all links in the end. */
#include "backend/dom0/arrivals.h"

#include <linux/rtnetlink.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "transport/netlink_monitor.h"

struct xsn_d0_arrivals {
        struct xsn_nl_monitor *monitor;
        struct xsn_source *source;
        xsn_d0_arrival_fn fn;
        void *userdata;
};

static void on_message(const struct nlmsghdr *msg, void *userdata)
{
        struct xsn_d0_arrivals *arrivals = userdata;
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *link = NULL;

        if ((msg->nlmsg_type == RTM_NEWLINK || msg->nlmsg_type == RTM_DELLINK) &&
            xsn_d0_link_parse(msg, &link, NULL) == 0)
                arrivals->fn(link, msg->nlmsg_type == RTM_DELLINK, arrivals->userdata);
}

static void on_lost(void *userdata)
{
        (void)userdata;
}

static void on_readable(uint32_t events, void *userdata)
{
        struct xsn_d0_arrivals *arrivals = userdata;

        (void)events;
        (void)xsn_nl_monitor_dispatch(arrivals->monitor, NULL);
}

struct xsn_d0_arrivals *xsn_d0_arrivals_close(struct xsn_d0_arrivals *arrivals)
{
        if (!arrivals)
                return NULL;
        xsn_source_remove(arrivals->source);
        xsn_nl_monitor_close(arrivals->monitor);
        return xsn_free(arrivals);
}

int xsn_d0_arrivals_open(struct xsn_loop *loop, const struct xsn_nl_options *options, xsn_d0_arrival_fn fn,
                         void *userdata, struct xsn_d0_arrivals **ret_arrivals, struct xsnet_error **ret_err)
{
        static const unsigned groups[] = { RTNLGRP_LINK };
        _cleanup_(xsn_d0_arrivals_closep) struct xsn_d0_arrivals *arrivals = xsn_alloc(sizeof(*arrivals));
        struct xsn_nl_listener listener = { on_message, on_lost, arrivals };
        int r;

        if (!arrivals)
                return xsn_error_oom(ret_err);
        arrivals->fn = fn;
        arrivals->userdata = userdata;
        r = xsn_nl_monitor_open(options, groups, XSN_ARRAY_SIZE(groups), &listener, &arrivals->monitor, ret_err);
        if (r < 0)
                return r;
        if (xsn_loop_add_io(loop, xsn_nl_monitor_get_fd(arrivals->monitor), EPOLLIN, on_readable, arrivals,
                            &arrivals->source) < 0)
                return xsn_error_oom(ret_err);
        *ret_arrivals = XSN_TAKE(arrivals);
        return 0;
}
