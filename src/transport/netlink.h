/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NETLINK_ROUTE socket and the reading of messages. Requests are built and sent by
 * netlink_batch.h, answers read by netlink_dump.h, events by netlink_monitor.h. Attributes are
 * checked and read by libnl-3 (nla_parse, nla_get_*): include <netlink/attr.h> for those.
 */
#ifndef TRANSPORT_NETLINK_H
#define TRANSPORT_NETLINK_H

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "transport/netns.h"

/* The system calls a socket is made of, so that tests can answer instead of the kernel. Results as the calls': -1 and
 * errno. */
struct xsn_nl_ops {
        int (*socket)(void *userdata, int domain, int type, int protocol);
        int (*setsockopt)(void *userdata, int fd, int level, int name, const void *value, socklen_t len);
        int (*getsockopt)(void *userdata, int fd, int level, int name, void *ret_value, socklen_t *len);
        int (*bind)(void *userdata, int fd, const struct sockaddr *addr, socklen_t len);
        ssize_t (*sendmsg)(void *userdata, int fd, const struct msghdr *msg, int flags);
        ssize_t (*recvmsg)(void *userdata, int fd, struct msghdr *msg, int flags);
        int (*close)(void *userdata, int fd);
};

extern const struct xsn_nl_ops xsn_nl_syscalls;

struct xsn_nl_options {
        const struct xsn_netns *netns; /* NULL: the calling thread's; not needed after the call */
        const struct xsn_nl_ops *ops;  /* NULL: xsn_nl_syscalls; must outlive the socket */
        void *ops_userdata;
        const char *where; /* start of every error's place; a literal; NULL: "linux" */
};

struct xsn_nl;

/* For requests. options may be NULL. The socket never blocks: the kernel answers before sendmsg() returns. */
int xsn_nl_open(const struct xsn_nl_options *options, struct xsn_nl **ret_nl, struct xsnet_error **ret_err);
/* NULL is ignored. Returns NULL. */
struct xsn_nl *xsn_nl_close(struct xsn_nl *nl);
XSN_CLEANUP_DEFINE(xsn_nl_close, struct xsn_nl);

/* Does the kernel check (and honour) the filters of dump requests? Since 4.20. */
bool xsn_nl_is_strict(const struct xsn_nl *nl);

/*
 * Reads the attributes that follow a message's fixed header of hdrlen bytes into tb[0..maxtype];
 * NULL where one is missing. What is longer than tb is skipped; what is shorter than the policy
 * says, or a string without its NUL, is -EPROTO "bad-reply". The header is there when this succeeds:
 * use xsn_nl_header() before it.
 */
int xsn_nl_parse(const struct nlmsghdr *msg, size_t hdrlen, struct nlattr **ret_tb, int maxtype,
                 const struct nla_policy *policy, struct xsnet_error **ret_err);
int xsn_nl_parse_nested(const struct nlattr *nest, struct nlattr **ret_tb, int maxtype, const struct nla_policy *policy,
                        struct xsnet_error **ret_err);
/* The fixed header of the message (struct ifinfomsg, ...); NULL where the message is too short for it. */
const void *xsn_nl_header(const struct nlmsghdr *msg, size_t hdrlen);

/* "RTM_NEWLINK"; "netlink message" for one without a name. */
const char *xsn_nl_type_name(uint16_t type);
/* The reason word for an errno of the kernel: "device-busy" for -EBUSY, ... */
const char *xsn_nl_reason(int code);

#endif
