/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what fails in the middle: the k-th netlink message of one type is turned into nonsense as it is sent. */
#ifndef TESTS_LINUX_SPOIL_H
#define TESTS_LINUX_SPOIL_H

#include "linux_test.h"

static struct spoiler {
        uint16_t type; /* 0: nothing is spoiled */
        int count;     /* down to the message */
        int n_seen;
} spoiler;

static ssize_t spoil_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        char *data = msg->msg_iov[0].iov_base;
        size_t len = msg->msg_iov[0].iov_len;

        (void)userdata;
        for (size_t at = 0; at + NLMSG_HDRLEN <= len;) {
                struct nlmsghdr *m = (void *)(data + at);

                spoiler.n_seen += m->nlmsg_type == spoiler.type;
                if (m->nlmsg_type == spoiler.type && --spoiler.count == 0)
                        memset((char *)m + NLMSG_HDRLEN, 0xff, 8);
                at += NLMSG_ALIGN(m->nlmsg_len);
        }
        return sendmsg(fd, msg, flags);
}

/* The world's sends go that way from now on. */
static inline void spoil_open(struct world *w)
{
        static struct xsn_nl_ops ops;
        struct xsn_nl_options options = { .ops = &ops };
        struct lx *lx = (struct lx *)(void *)w->be;

        ops = xsn_nl_syscalls;
        ops.sendmsg = spoil_sendmsg;
        lx->nl = xsn_nl_close(lx->nl);
        ck_assert_int_eq(xsn_nl_open(&options, &lx->nl, NULL), 0);
        spoiler = (struct spoiler){ 0 };
}

#endif
