/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket of the kernel in memory: requests are done in the send, and go on after one that failed; their answers
 * wait to be read. What a test wants spoiled is spoiled between the two.
 */
#include "rtnl_kernel.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define KERNEL_FD 1000000 /* no descriptor of this process */

#ifndef NLM_F_DUMP_INTR
#define NLM_F_DUMP_INTR 16
#endif

/* ---- answers ---- */

static struct kernel_datagram *queue(struct kernel *k)
{
        if (k->n_queue == KERNEL_QUEUE) {
                k->overflow = true;
                k->n_queue--;
        }
        memset(&k->queue[k->n_queue], 0, sizeof(k->queue[0]));
        return &k->queue[k->n_queue++];
}

static struct nlmsghdr *begin(struct kernel_datagram *d, uint32_t seq)
{
        struct nlmsghdr *msg = (void *)(d->data + d->len);

        *msg = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN, .nlmsg_seq = seq };
        return msg;
}

static void answer(struct kernel *k, const struct nlmsghdr *request, int code)
{
        struct kernel_datagram *d = queue(k);
        struct nlmsghdr *msg = begin(d, request->nlmsg_seq);
        struct nlmsgerr *e = NLMSG_DATA(msg);

        msg->nlmsg_type = NLMSG_ERROR;
        msg->nlmsg_flags = 0x100; /* NLM_F_CAPPED */
        e->error = code;
        e->msg = *request;
        d->len = msg->nlmsg_len = NLMSG_LENGTH(sizeof(*e));
}

/* Two links a datagram, so that there is a middle to lose. */
static void dump(struct kernel *k, const struct nlmsghdr *request, int code)
{
        uint16_t type = request->nlmsg_type - 2; /* RTM_GETX is RTM_NEWX and 2 */
        size_t n = type == RTM_NEWLINK ? k->n_links : k->n_entries;
        struct kernel_datagram *d = NULL;
        struct nlmsghdr *msg;

        for (size_t i = 0, in = 0; i < n; i++) {
                if (type != RTM_NEWLINK && k->entries[i].u.msg.nlmsg_type != type)
                        continue;
                d = in++ % 2 == 0 ? queue(k) : d;
                msg = begin(d, request->nlmsg_seq);
                if (type == RTM_NEWLINK)
                        kernel_fill_link(&k->links[i], msg);
                else
                        memcpy(msg, &k->entries[i].u.msg, k->entries[i].u.msg.nlmsg_len);
                msg->nlmsg_seq = request->nlmsg_seq;
                msg->nlmsg_flags = NLM_F_MULTI;
                d->len += NLMSG_ALIGN(msg->nlmsg_len);
        }
        d = queue(k);
        msg = begin(d, request->nlmsg_seq);
        msg->nlmsg_type = NLMSG_DONE;
        msg->nlmsg_flags = NLM_F_MULTI;
        memcpy(NLMSG_DATA(msg), &code, sizeof(code));
        d->len = msg->nlmsg_len = NLMSG_LENGTH(sizeof(int));
}

/* ---- the system calls ---- */

static int get_link(struct kernel *k, const struct nlmsghdr *request)
{
        const struct ifinfomsg *ifi = NLMSG_DATA(request);

        for (size_t i = 0; i < k->n_links; i++) {
                struct kernel_datagram *d;
                struct nlmsghdr *msg;

                if (k->links[i].index != (uint32_t)ifi->ifi_index)
                        continue;
                d = queue(k);
                msg = begin(d, request->nlmsg_seq);
                kernel_fill_link(&k->links[i], msg);
                d->len = msg->nlmsg_len;
                return 0;
        }
        return -ENODEV;
}

static bool is_spoiled(const struct kernel *k, enum kernel_fault fault)
{
        return k->fault == fault && k->n_sends - 1 >= k->fault_at && k->n_sends - 1 < k->fault_at + k->fault_times;
}

/* Of the datagrams from this one on: `n` of them. */
static void spoil_all(const struct kernel *k, struct kernel_datagram *first, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct nlmsghdr *msg;

                first[i].from = k->fault == FAULT_WRONG_PID ? 4711 : 0;
                for (size_t p = 0; k->fault == FAULT_WRONG_SEQ && p < first[i].len; p += NLMSG_ALIGN(msg->nlmsg_len)) {
                        msg = (void *)(first[i].data + p);
                        msg->nlmsg_seq -= 100000;
                }
        }
}

static void spoil(struct kernel *k, size_t from, bool is_dump)
{
        struct kernel_datagram *first = &k->queue[from];
        struct nlmsghdr *msg = (void *)first->data;

        if (k->n_queue == from || !is_spoiled(k, k->fault))
                return;
        if (k->fault == FAULT_RECV_EINTR) {
                memmove(first + 1, first, (k->n_queue++ - from) * sizeof(*first));
                first->err = EINTR;
        } else if (k->fault == FAULT_RECV_ENOBUFS) {
                first->err = ENOBUFS;
                k->n_queue = from + 1;
        } else if (k->fault == FAULT_DUMP_INTR && is_dump) {
                msg->nlmsg_flags |= NLM_F_DUMP_INTR;
        } else if (k->fault == FAULT_TRUNCATED) {
                first->msg_flags = MSG_TRUNC;
        } else if (k->fault == FAULT_SHORT || k->fault == FAULT_LONG) {
                msg->nlmsg_len = k->fault == FAULT_SHORT ? 8 : 60000;
        } else if (k->fault == FAULT_SILENCE) {
                k->n_queue = from;
        } else if (k->fault == FAULT_NO_END) {
                k->n_queue--;
        } else {
                spoil_all(k, first, k->n_queue - from);
        }
}

static void do_send(struct kernel *k, const char *data, size_t len)
{
        size_t i = 0, from = k->n_queue;
        bool is_dump = false;

        for (size_t p = 0; p + NLMSG_HDRLEN <= len; i++) {
                const struct nlmsghdr *msg = (const void *)(data + p);
                int code = is_spoiled(k, FAULT_REFUSE) && k->refuse == i ? k->code : 0;

                is_dump = (msg->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP && msg->nlmsg_type % 4 == 2;
                if (i == 0 && k->n_sends <= KERNEL_SENDS) {
                        k->sends[k->n_sends - 1].type = msg->nlmsg_type;
                        k->sends[k->n_sends - 1].dump = is_dump;
                }
                if (is_dump) {
                        dump(k, msg, code);
                } else {
                        code = code ? code : msg->nlmsg_type == RTM_GETLINK ? get_link(k, msg) : kernel_do(k, msg);
                        if (code || msg->nlmsg_flags & NLM_F_ACK)
                                answer(k, msg, code);
                }
                p += NLMSG_ALIGN(msg->nlmsg_len);
        }
        if (k->n_sends <= KERNEL_SENDS)
                k->sends[k->n_sends - 1].n = i;
        else
                k->overflow = true;
        spoil(k, from, is_dump);
}

static ssize_t kernel_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        struct kernel *k = userdata;

        (void)flags;
        errno = EBADF;
        if (fd != KERNEL_FD)
                return -1;
        if (!k->retry)
                k->n_sends++;
        if (!k->retry && is_spoiled(k, FAULT_SEND_EINTR)) {
                k->retry = true;
                errno = EINTR;
                return -1;
        }
        k->retry = false;
        if (k->stranger && k->n_sends - 1 == k->fault_at)
                (void)kernel_add_link(k, k->stranger, "bridge");
        errno = ENOBUFS;
        if (is_spoiled(k, FAULT_SEND_ENOBUFS))
                return -1;
        /* What nobody read is read before what comes now. */
        k->n_queue -= k->at_queue;
        memmove(k->queue, k->queue + k->at_queue, k->n_queue * sizeof(k->queue[0]));
        k->at_queue = 0;
        do_send(k, msg->msg_iov[0].iov_base, msg->msg_iov[0].iov_len);
        return (ssize_t)msg->msg_iov[0].iov_len;
}

static ssize_t kernel_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags)
{
        struct kernel *k = userdata;
        const struct kernel_datagram *d = &k->queue[k->at_queue];
        struct sockaddr_nl from = { .nl_family = AF_NETLINK };

        errno = EBADF;
        if (fd != KERNEL_FD || !(flags & MSG_DONTWAIT))
                return -1;
        errno = EAGAIN;
        if (k->at_queue == k->n_queue)
                return -1;
        k->at_queue++;
        errno = d->err;
        if (d->err)
                return -1;
        memcpy(msg->msg_iov[0].iov_base, d->data, d->len);
        from.nl_pid = d->from;
        memcpy(msg->msg_name, &from, sizeof(from));
        msg->msg_namelen = sizeof(from);
        msg->msg_flags = d->msg_flags;
        return (ssize_t)d->len;
}

static int kernel_socket(void *userdata, int domain, int type, int protocol)
{
        (void)domain;
        (void)type;
        (void)protocol;
        ((struct kernel *)userdata)->n_open++;
        return KERNEL_FD;
}

/* As without rights: the large buffers are refused. */
static int kernel_setsockopt(void *userdata, int fd, int level, int name, const void *value, socklen_t len)
{
        (void)userdata;
        (void)fd;
        (void)value;
        (void)len;
        errno = EPERM;
        return level == SOL_SOCKET && (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE) ? -1 : 0;
}

static int kernel_getsockopt(void *userdata, int fd, int level, int name, void *ret_value, socklen_t *len)
{
        int size = 1 << 20;

        (void)userdata;
        (void)fd;
        (void)level;
        (void)name;
        memcpy(ret_value, &size, *len < sizeof(size) ? *len : sizeof(size));
        return 0;
}

static int kernel_bind(void *userdata, int fd, const struct sockaddr *addr, socklen_t len)
{
        (void)userdata;
        (void)addr;
        (void)len;
        return fd == KERNEL_FD ? 0 : -1;
}

static int kernel_close(void *userdata, int fd)
{
        ((struct kernel *)userdata)->n_open -= fd == KERNEL_FD;
        return 0;
}

const struct xsn_nl_ops kernel_ops = {
        .socket = kernel_socket,
        .setsockopt = kernel_setsockopt,
        .getsockopt = kernel_getsockopt,
        .bind = kernel_bind,
        .sendmsg = kernel_sendmsg,
        .recvmsg = kernel_recvmsg,
        .close = kernel_close,
};

void kernel_calm(struct kernel *k)
{
        k->fault = FAULT_NONE;
        k->stranger = NULL;
        k->n_sends = 0;
        k->retry = false;
        memset(k->sends, 0, sizeof(k->sends));
}
