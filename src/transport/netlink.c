/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NETLINK_ROUTE socket: opening it in a namespace, one datagram in and out. Used by the other
 * netlink files. Relies on rtnetlink answering inside sendmsg(): an answer that is not there
 * afterwards has been lost, so nothing here ever waits.
 */
#include "transport/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "transport/netlink_priv.h"

#ifndef NETLINK_EXT_ACK
#define NETLINK_EXT_ACK 11
#endif
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12
#endif

/* Dumps come in datagrams of up to 32K once a read was as large; a shorter read would lose their end. */
#define RECEIVE_SIZE     (64U << 10)
#define RECEIVE_SIZE_MAX (4U << 20)
/* What the kernel may queue for us: a thousand errors, or notifications during a large build. */
#define SOCKET_BUFFER (8 << 20)
/* Interrupted reads and foreign datagrams in a row. */
#define RECEIVE_TRIES 1024

static int call_socket(void *userdata, int domain, int type, int protocol)
{
        (void)userdata;
        return socket(domain, type, protocol);
}

static int call_setsockopt(void *userdata, int fd, int level, int name, const void *value, socklen_t len)
{
        (void)userdata;
        return setsockopt(fd, level, name, value, len);
}

static int call_getsockopt(void *userdata, int fd, int level, int name, void *ret_value, socklen_t *len)
{
        (void)userdata;
        return getsockopt(fd, level, name, ret_value, len);
}

static int call_bind(void *userdata, int fd, const struct sockaddr *addr, socklen_t len)
{
        (void)userdata;
        return bind(fd, addr, len);
}

static ssize_t call_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        (void)userdata;
        return sendmsg(fd, msg, flags);
}

static ssize_t call_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags)
{
        (void)userdata;
        return recvmsg(fd, msg, flags);
}

static int call_close(void *userdata, int fd)
{
        (void)userdata;
        return close(fd);
}

const struct xsn_nl_ops xsn_nl_syscalls = {
        .socket = call_socket,
        .setsockopt = call_setsockopt,
        .getsockopt = call_getsockopt,
        .bind = call_bind,
        .sendmsg = call_sendmsg,
        .recvmsg = call_recvmsg,
        .close = call_close,
};

static bool set_option(struct xsn_nl *nl, int level, int name, int value)
{
        return nl->ops->setsockopt(nl->ops_userdata, nl->fd, level, name, &value, sizeof(value)) == 0;
}

/* Runs inside the namespace: only the creation of a socket looks at the thread's. */
static int open_socket(void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_nl *nl = userdata;
        char text[XSN_NL_ERRNO_TEXT_MAX];

        nl->fd = nl->ops->socket(nl->ops_userdata, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        if (nl->fd < 0) {
                int r = errno > 0 ? -errno : -EIO;

                return xsn_error_set(ret_err, r, xsn_nl_reason(r), "cannot open a netlink socket: %s",
                                     xsn_nl_errno_text(r, text));
        }
        return 0;
}

/* All of these are wishes: the kernel may be older, or the process may not ask for large buffers. */
static void configure(struct xsn_nl *nl)
{
        int size = 0;
        socklen_t len = sizeof(size);

        (void)set_option(nl, SOL_NETLINK, NETLINK_CAP_ACK, 1); /* errors without a copy of the request */
        (void)set_option(nl, SOL_NETLINK, NETLINK_EXT_ACK, 1); /* errors in words */
        nl->strict = set_option(nl, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
        if (!set_option(nl, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER))
                (void)set_option(nl, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
        if (!set_option(nl, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER))
                (void)set_option(nl, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);

        /* A datagram longer than the send buffer less 32 bytes is refused. */
        nl->max_send = 64U << 10;
        if (nl->ops->getsockopt(nl->ops_userdata, nl->fd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0 && size > 4096)
                nl->max_send = (size_t)size - 64;
}

int xsn_nl_open(const struct xsn_nl_options *options, struct xsn_nl **ret_nl, struct xsnet_error **ret_err)
{
        static const struct xsn_nl_options defaults = { 0 };
        const struct xsn_nl_options *o = options ? options : &defaults;
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = xsn_alloc(sizeof(*nl));
        struct sockaddr_nl self = { .nl_family = AF_NETLINK };
        char text[XSN_NL_ERRNO_TEXT_MAX];
        int r;

        if (!nl)
                return xsn_error_oom(ret_err);
        nl->ops = o->ops ? o->ops : &xsn_nl_syscalls;
        nl->ops_userdata = o->ops_userdata;
        nl->where = o->where ? o->where : "linux";
        nl->fd = -1;
        nl->buf_size = RECEIVE_SIZE;
        nl->buf = xsn_alloc(nl->buf_size);
        if (!nl->buf)
                return xsn_error_oom(ret_err);
        r = xsn_netns_run(o->netns, open_socket, nl, ret_err);
        if (r < 0)
                return xsn_error_where(ret_err, r, "%s", nl->where);
        configure(nl);
        if (nl->ops->bind(nl->ops_userdata, nl->fd, (const struct sockaddr *)&self, sizeof(self)) < 0) {
                r = errno > 0 ? -errno : -EIO;
                (void)xsn_error_set(ret_err, r, xsn_nl_reason(r), "cannot bind a netlink socket: %s",
                                    xsn_nl_errno_text(r, text));
                return xsn_error_where(ret_err, r, "%s", nl->where);
        }
        *ret_nl = XSN_TAKE(nl);
        return 0;
}

struct xsn_nl *xsn_nl_close(struct xsn_nl *nl)
{
        if (!nl)
                return NULL;
        if (nl->fd >= 0)
                (void)nl->ops->close(nl->ops_userdata, nl->fd);
        xsn_free(nl->buf);
        return xsn_free(nl);
}

bool xsn_nl_is_strict(const struct xsn_nl *nl)
{
        return nl->strict;
}

int xsn_nl_transmit(struct xsn_nl *nl, const void *data, size_t len)
{
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
        struct msghdr msg = {
                .msg_name = &kernel,
                .msg_namelen = sizeof(kernel),
                .msg_iov = &iov,
                .msg_iovlen = 1,
        };

        /* Requests are processed inside the call, and it fails only before that: a repetition does nothing twice. */
        for (int i = 0; i < RECEIVE_TRIES; i++) {
                ssize_t n = nl->ops->sendmsg(nl->ops_userdata, nl->fd, &msg, 0);

                if (n >= 0)
                        return (size_t)n == len ? 0 : -EIO;
                if (errno == ENOBUFS)
                        return -ENOMEM; /* -ENOBUFS would say that the outcome is unknown */
                if (errno != EINTR)
                        return errno > 0 ? -errno : -EIO;
        }
        return -EINTR;
}

/* The datagram did not fit; len is what it needed, where the kernel tells. */
static int grow_buffer(struct xsn_nl *nl, size_t len)
{
        size_t size = nl->buf_size * 2;
        char *buf;

        while (size < len && size < RECEIVE_SIZE_MAX)
                size *= 2;
        if (size > RECEIVE_SIZE_MAX)
                return -EMSGSIZE; /* the caller's attempts are bounded: it gives up in the end */
        buf = xsn_alloc(size);
        if (!buf)
                return -ENOMEM;
        xsn_free(nl->buf);
        nl->buf = buf;
        nl->buf_size = size;
        return -EMSGSIZE;
}

int xsn_nl_receive(struct xsn_nl *nl, struct xsn_nl_cursor *ret_cursor)
{
        for (int i = 0; i < RECEIVE_TRIES; i++) {
                struct sockaddr_nl from = { 0 };
                struct iovec iov = { .iov_base = nl->buf, .iov_len = nl->buf_size };
                struct msghdr msg = {
                        .msg_name = &from,
                        .msg_namelen = sizeof(from),
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                };
                ssize_t n = nl->ops->recvmsg(nl->ops_userdata, nl->fd, &msg, MSG_DONTWAIT | MSG_TRUNC);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno > 0 ? -errno : -EIO;
                /* Another process may send to our port; only the kernel has number 0. */
                if (msg.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0)
                        continue;
                if ((msg.msg_flags & MSG_TRUNC) || (size_t)n > nl->buf_size)
                        return grow_buffer(nl, (size_t)n);
                if (n == 0)
                        return -EIO;
                *ret_cursor = (struct xsn_nl_cursor){ .p = nl->buf, .left = (size_t)n };
                return 0;
        }
        return -EINTR;
}
