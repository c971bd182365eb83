/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A netlink socket that answers by a script: what each recvmsg() gives, with sequence numbers
 * taken from what was sent last. Used by the transport's unit tests.
 */
#ifndef TESTS_NETLINK_SCRIPT_H
#define TESTS_NETLINK_SCRIPT_H

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "transport/netlink.h"

#define SCRIPT_FD    1000000 /* no descriptor of this process */
#define SCRIPT_SENDS 64

/* One message of an answer, or one failed read. */
struct step {
        int err;        /* recvmsg() fails with this errno */
        bool next_send; /* what follows is the answer to the next send; until then there is nothing to read */
        bool joined;    /* in the datagram of the step before */
        bool truncated; /* the datagram did not fit */
        uint32_t from;  /* sender's port; 0: the kernel */
        uint16_t type;  /* NLMSG_ERROR, NLMSG_DONE, RTM_NEWLINK, ...; 0 ends the script */
        uint16_t flags;
        int index;        /* answers this message of the send; -1: an unknown sequence number */
        int code;         /* of NLMSG_ERROR and NLMSG_DONE; the ifindex of others */
        const char *text; /* the kernel's words */
        bool uncapped;    /* the error carries the request, as old kernels send it */
        uint32_t cut;     /* so many bytes of the message are missing, whatever its length says */
        bool forever;     /* this step is never used up */
};

struct script {
        const struct step *steps;
        size_t at;
        const int *send_errors; /* of the first sends, one each; 0: none; ends with -1. NULL: none */
        int sndbuf;             /* what getsockopt() tells; 0: 1 MiB */
        bool no_strict;
        int fail_socket, fail_bind, fail_group;
        size_t n_sends;            /* that succeeded */
        size_t n_tries;            /* that did not, too */
        size_t sent[SCRIPT_SENDS]; /* messages of each send */
        size_t sent_bytes[SCRIPT_SENDS];
        size_t acks[SCRIPT_SENDS]; /* messages that asked for an answer */
        bool ack_last[SCRIPT_SENDS];
        uint32_t seq; /* of the first message sent last */
        int n_open;
        unsigned groups[8];
        size_t n_groups;
        size_t largest_read;
};

static inline int script_socket(void *userdata, int domain, int type, int protocol)
{
        struct script *s = userdata;

        (void)type;
        errno = s->fail_socket;
        if (s->fail_socket || domain != AF_NETLINK || protocol != NETLINK_ROUTE)
                return -1;
        s->n_open++;
        return SCRIPT_FD;
}

static inline int script_setsockopt(void *userdata, int fd, int level, int name, const void *value, socklen_t len)
{
        struct script *s = userdata;

        if (fd != SCRIPT_FD || len != sizeof(int))
                return -1;
        if (level == SOL_NETLINK && name == NETLINK_ADD_MEMBERSHIP) {
                errno = s->fail_group;
                if (s->fail_group)
                        return -1;
                memcpy(&s->groups[s->n_groups++], value, sizeof(unsigned));
        }
        errno = ENOPROTOOPT;
        if (level == SOL_NETLINK && name == 12 /* NETLINK_GET_STRICT_CHK */ && s->no_strict)
                return -1;
        errno = EPERM;
        return level == SOL_SOCKET && (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE) ? -1 : 0;
}

static inline int script_getsockopt(void *userdata, int fd, int level, int name, void *ret_value, socklen_t *len)
{
        struct script *s = userdata;
        int size = s->sndbuf ? s->sndbuf : 1 << 20;

        if (fd != SCRIPT_FD || level != SOL_SOCKET || name != SO_SNDBUF || *len != sizeof(size))
                return -1;
        memcpy(ret_value, &size, sizeof(size));
        return 0;
}

static inline int script_bind(void *userdata, int fd, const struct sockaddr *addr, socklen_t len)
{
        struct script *s = userdata;

        errno = s->fail_bind;
        return s->fail_bind || fd != SCRIPT_FD || addr->sa_family != AF_NETLINK || len != sizeof(struct sockaddr_nl)
                       ? -1
                       : 0;
}

static inline void script_record(struct script *s, const char *data, size_t len)
{
        size_t k = s->n_sends++;

        for (size_t at = 0; k < SCRIPT_SENDS && at + NLMSG_HDRLEN <= len; s->sent[k]++) {
                const struct nlmsghdr *msg = (const void *)(data + at);

                if (at == 0)
                        s->seq = msg->nlmsg_seq;
                s->ack_last[k] = msg->nlmsg_flags & NLM_F_ACK;
                s->acks[k] += s->ack_last[k];
                at += NLMSG_ALIGN(msg->nlmsg_len);
        }
        if (k < SCRIPT_SENDS)
                s->sent_bytes[k] = len;
}

static inline ssize_t script_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        struct script *s = userdata;
        int error = 0;

        (void)flags;
        if (s->send_errors && *s->send_errors >= 0)
                error = *s->send_errors++;
        s->n_tries++;
        errno = error ? error : EBADF;
        if (error || fd != SCRIPT_FD)
                return -1;
        script_record(s, msg->msg_iov[0].iov_base, msg->msg_iov[0].iov_len);
        if (s->n_sends > 1 && s->steps[s->at].next_send)
                s->at++;
        return (ssize_t)msg->msg_iov[0].iov_len;
}

/* Writes one message at p; returns its bytes. */
static inline size_t script_message(const struct script *s, const struct step *step, char *p)
{
        struct nlmsghdr *msg = (void *)p;
        size_t len = NLMSG_HDRLEN;

        memset(p, 0, 512);
        msg->nlmsg_type = step->type;
        msg->nlmsg_flags = step->flags;
        msg->nlmsg_seq = step->index < 0 ? s->seq - 1000 : s->seq + (uint32_t)step->index;
        memcpy(p + len, &step->code, sizeof(int));
        if (step->type == NLMSG_ERROR) {
                ((struct nlmsgerr *)(void *)(p + len))->msg.nlmsg_len = 64; /* where capped, only its header follows */
                msg->nlmsg_flags |= step->uncapped ? 0 : 0x100;
                len += sizeof(struct nlmsgerr) + (step->uncapped ? 64 - NLMSG_HDRLEN : 0);
        } else if (step->type == NLMSG_DONE) {
                len += sizeof(int);
        } else {
                struct ifinfomsg link = { .ifi_index = step->code };

                memcpy(p + len, &link, sizeof(link));
                len += sizeof(link);
        }
        if (step->text) {
                struct nlattr *a = (void *)(p + len);

                msg->nlmsg_flags |= 0x200; /* NLM_F_ACK_TLVS */
                a->nla_type = 1;
                a->nla_len = (uint16_t)(NLA_HDRLEN + strlen(step->text) + 1);
                memcpy(p + len + NLA_HDRLEN, step->text, strlen(step->text) + 1);
                len += NLA_ALIGN(a->nla_len);
        }
        msg->nlmsg_len = (uint32_t)len;
        return len - step->cut;
}

static inline ssize_t script_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags)
{
        struct script *s = userdata;
        const struct step *step = &s->steps[s->at];
        struct sockaddr_nl from = { .nl_family = AF_NETLINK, .nl_pid = step->from };
        size_t len = 0;

        errno = EBADF;
        if (fd != SCRIPT_FD || !(flags & MSG_DONTWAIT) || msg->msg_iov[0].iov_len < 4096)
                return -1;
        if (s->largest_read < msg->msg_iov[0].iov_len)
                s->largest_read = msg->msg_iov[0].iov_len;
        errno = step->err ? step->err : EAGAIN;
        if (!step->forever && !step->next_send && (step->err || step->type))
                s->at++;
        if (step->err || !step->type)
                return -1;
        do
                len += script_message(s, step, (char *)msg->msg_iov[0].iov_base + len);
        while ((++step)->joined && ++s->at);
        memcpy(msg->msg_name, &from, sizeof(from));
        msg->msg_namelen = sizeof(from);
        msg->msg_flags = step[-1].truncated ? MSG_TRUNC : 0;
        return (ssize_t)len;
}

static inline int script_close(void *userdata, int fd)
{
        struct script *s = userdata;

        if (fd == SCRIPT_FD)
                s->n_open--;
        return 0;
}

static const struct xsn_nl_ops script_ops = {
        .socket = script_socket,
        .setsockopt = script_setsockopt,
        .getsockopt = script_getsockopt,
        .bind = script_bind,
        .sendmsg = script_sendmsg,
        .recvmsg = script_recvmsg,
        .close = script_close,
};

#define SCRIPT_OPTIONS(script_)                                                \
        {                                                                      \
                .ops = &script_ops, .ops_userdata = (script_), .where = "test" \
        }

#endif
