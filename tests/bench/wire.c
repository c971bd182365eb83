/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See wire.h. The kernel takes a whole send in one go and does not stop at an error; it answers the messages that
 * failed, and the last one.
 */
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
        SEND_SIZE = 1 << 20,
        MESSAGE_MAX = 4096,
        /* Dumps come in datagrams of 32 KiB where the reader is seen to take them. */
        REPLY_SIZE = 64 << 10,
        SOCKET_SIZE = 16 << 20
};

_Noreturn void wire_die(const char *what)
{
        (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
        exit(2);
}

double wire_now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void wire_open(struct wire *wire, unsigned limit)
{
        const int on = 1, size = SOCKET_SIZE;

        *wire = (struct wire){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), .limit = limit };
        wire->buf = malloc(SEND_SIZE);
        wire->reply = malloc(REPLY_SIZE);
        if (wire->fd < 0 || !wire->buf || !wire->reply)
                wire_die("netlink socket");
        (void)setsockopt(wire->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
        (void)setsockopt(wire->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
        /* FORCE needs rights over the first user namespace; without them the ordinary limit has to do. */
        if (setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        if (setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

void wire_close(struct wire *wire)
{
        close(wire->fd);
        free(wire->buf);
        free(wire->reply);
}

struct nlmsghdr *wire_begin(struct wire *wire, int type, int flags, const void *head, size_t head_len)
{
        struct nlmsghdr *msg;

        if (wire->pending >= wire->limit || wire->len + MESSAGE_MAX > SEND_SIZE)
                wire_flush(wire);
        msg = (void *)(wire->buf + wire->len);
        *msg = (struct nlmsghdr){ .nlmsg_len = (uint32_t)NLMSG_LENGTH(head_len),
                                  .nlmsg_type = (uint16_t)type,
                                  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                                  .nlmsg_seq = ++wire->seq };
        memcpy(NLMSG_DATA(msg), head, head_len);
        return msg;
}

struct rtattr *wire_put(struct nlmsghdr *msg, int type, const void *data, size_t len)
{
        struct rtattr *attr = (void *)((char *)msg + NLMSG_ALIGN(msg->nlmsg_len));

        attr->rta_type = (unsigned short)type;
        attr->rta_len = (unsigned short)RTA_LENGTH(len);
        if (len)
                memcpy(RTA_DATA(attr), data, len);
        msg->nlmsg_len = (uint32_t)(NLMSG_ALIGN(msg->nlmsg_len) + RTA_SPACE(len));
        return attr;
}

void wire_put_u32(struct nlmsghdr *msg, int type, uint32_t value)
{
        wire_put(msg, type, &value, sizeof(value));
}

void wire_put_str(struct nlmsghdr *msg, int type, const char *text)
{
        wire_put(msg, type, text, strlen(text) + 1);
}

void wire_nest_end(struct nlmsghdr *msg, struct rtattr *nest)
{
        nest->rta_len = (unsigned short)((char *)msg + msg->nlmsg_len - (char *)nest);
}

void wire_end(struct wire *wire, struct nlmsghdr *msg)
{
        wire->len += NLMSG_ALIGN(msg->nlmsg_len);
        wire->last = msg;
        wire->pending++;
}

static ssize_t receive(struct wire *wire)
{
        struct iovec part = { wire->reply, REPLY_SIZE };
        struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 };
        ssize_t n;

        do {
                n = recvmsg(wire->fd, &head, 0);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                wire_die("receive");
        if (head.msg_flags & MSG_TRUNC) {
                errno = EMSGSIZE;
                wire_die("receive");
        }
        return n;
}

/* Counts the refusals of a send; true when its last message was answered. */
static bool take_answers(struct wire *wire, unsigned last_seq, ssize_t n)
{
        for (struct nlmsghdr *h = (void *)wire->reply; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
                const struct nlmsgerr *answer = NLMSG_DATA(h);

                if (h->nlmsg_type != NLMSG_ERROR)
                        continue;
                if (answer->error && !wire->refused++)
                        (void)fprintf(stderr, "message %u: %s\n", h->nlmsg_seq, strerror(-answer->error));
                if (h->nlmsg_seq == last_seq)
                        return true;
        }
        return false;
}

void wire_flush(struct wire *wire)
{
        unsigned last_seq;

        if (!wire->pending)
                return;
        wire->last->nlmsg_flags |= NLM_F_ACK;
        last_seq = wire->last->nlmsg_seq;
        if (send(wire->fd, wire->buf, wire->len, 0) < 0)
                wire_die("send");
        wire->len = 0;
        wire->pending = 0;
        while (!take_answers(wire, last_seq, receive(wire)))
                ;
}

/* Calls fn for what one datagram has of the dump; true at its end. */
static bool take_dump(struct wire *wire, unsigned seq, ssize_t n, wire_fn fn, void *userdata)
{
        for (struct nlmsghdr *h = (void *)wire->reply; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
                if (h->nlmsg_seq != seq)
                        continue;
                if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
                        errno = -*(const int *)NLMSG_DATA(h);
                        if (errno)
                                wire_die("dump");
                        return true;
                }
                fn(h, userdata);
        }
        return false;
}

static void dump(struct wire *wire, struct nlmsghdr *msg, wire_fn fn, void *userdata)
{
        unsigned seq = msg->nlmsg_seq;

        if (send(wire->fd, msg, msg->nlmsg_len, 0) < 0)
                wire_die("send");
        while (!take_dump(wire, seq, receive(wire), fn, userdata))
                ;
}

void wire_dump_links(struct wire *wire, wire_fn fn, void *userdata)
{
        struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
        struct nlmsghdr *msg;

        wire_flush(wire);
        msg = wire_begin(wire, RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
        wire_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        dump(wire, msg, fn, userdata);
}

void wire_dump_addresses(struct wire *wire, wire_fn fn, void *userdata)
{
        struct ifaddrmsg head = { .ifa_family = AF_INET };

        wire_flush(wire);
        dump(wire, wire_begin(wire, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head)), fn, userdata);
}

void wire_set_group(struct wire *wire, const char *name, uint32_t group)
{
        struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
        struct nlmsghdr *msg = wire_begin(wire, RTM_NEWLINK, 0, &head, sizeof(head));

        wire_put_str(msg, IFLA_IFNAME, name);
        wire_put_u32(msg, IFLA_GROUP, group);
        wire_end(wire, msg);
}

void wire_delete_group(struct wire *wire, uint32_t group)
{
        struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
        struct nlmsghdr *msg = wire_begin(wire, RTM_DELLINK, 0, &head, sizeof(head));

        wire_put_u32(msg, IFLA_GROUP, group);
        wire_end(wire, msg);
        wire_flush(wire);
}
