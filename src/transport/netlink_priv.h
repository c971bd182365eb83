/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the netlink files of this folder share: the socket's insides, one datagram in and
 * out, and the walk over the messages of a datagram. Nobody else includes this.
 */
#ifndef TRANSPORT_NETLINK_PRIV_H
#define TRANSPORT_NETLINK_PRIV_H

#include "transport/netlink_batch.h"

struct xsn_nl {
        const struct xsn_nl_ops *ops;
        void *ops_userdata;
        const char *where;
        int fd;
        bool strict;
        bool busy;       /* a reader is being called: its answer still arrives, so nothing else may be asked */
        size_t max_send; /* the longest datagram that the kernel takes */
        uint32_t seq;    /* of the message sent last */
        char *buf;       /* the datagram received last */
        size_t buf_size;
};

/* The messages of one datagram. */
struct xsn_nl_cursor {
        const char *p;
        size_t left;
        bool bad; /* what is left is no message */
};

const struct nlmsghdr *xsn_nl_cursor_next(struct xsn_nl_cursor *cursor);

/*
 * The next datagram that the kernel sent. 0; -EAGAIN: nothing there; -ENOBUFS: some were lost;
 * -EMSGSIZE: this one was, and the buffer has been made larger; or what recvmsg() failed with.
 */
int xsn_nl_receive(struct xsn_nl *nl, struct xsn_nl_cursor *ret_cursor);
int xsn_nl_transmit(struct xsn_nl *nl, const void *data, size_t len);

/*
 * The code that NLMSG_ERROR or NLMSG_DONE carries, <= 0; -EPROTO where it is too short to. The kernel's words, if
 * any, go to ret_text: the caller's, or NULL.
 */
int xsn_nl_answer_code(const struct nlmsghdr *msg, char **ret_text);

/* One message of a batch. */
struct xsn_nl_slot {
        size_t offset; /* in data */
        size_t len;    /* in bytes, the last attribute's padding included: a nest's end counts it too */
        int result;    /* see xsn_nl_batch_result() */
        bool barrier;  /* what comes before must have succeeded */
        char *label;   /* owned, may be NULL */
        char *text;    /* owned, may be NULL */
};

#define XSN_NL_NEST_MAX 8

struct xsn_nl_batch {
        char *data;
        size_t len;
        size_t cap;
        struct xsn_nl_slot *slots;
        size_t n_slots;
        size_t cap_slots;
        size_t nest[XSN_NL_NEST_MAX]; /* offsets in data of the open nests' attributes */
        size_t depth;
        int status;        /* what stuck */
        bool barrier_next; /* the next message gets the barrier */
        size_t n_sent;     /* messages that have their result */
        size_t n_failed;   /* those with a result other than 0 */
        const char *where; /* of the socket that sent it */
};

/* The message at its offset. */
struct nlmsghdr *xsn_nl_batch_message(const struct xsn_nl_batch *batch, size_t index);
/* The error of the batch itself (its status), for those who cannot send it. */
int xsn_nl_batch_check(const struct xsn_nl_batch *batch, struct xsnet_error **ret_err);

/* "Device or resource busy", in buf or a literal. */
#define XSN_NL_ERRNO_TEXT_MAX 64
const char *xsn_nl_errno_text(int code, char buf[XSN_NL_ERRNO_TEXT_MAX]);

#endif
