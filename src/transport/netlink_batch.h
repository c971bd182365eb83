/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests packed into few sends. Each message has an index, in the order of
 * begin; each gets a result of its own, because the kernel does not stop at the first error of a send.
 * A failed allocation or a message too long sticks and is reported by send.
 */
#ifndef TRANSPORT_NETLINK_BATCH_H
#define TRANSPORT_NETLINK_BATCH_H

#include "transport/netlink.h"

struct xsn_nl_batch;

int xsn_nl_batch_new(struct xsn_nl_batch **ret_batch, struct xsnet_error **ret_err);
/* NULL is ignored. Returns NULL. */
struct xsn_nl_batch *xsn_nl_batch_free(struct xsn_nl_batch *batch);
XSN_CLEANUP_DEFINE(xsn_nl_batch_free, struct xsn_nl_batch);
/* Empty again, memory kept. */
void xsn_nl_batch_clear(struct xsn_nl_batch *batch);

size_t xsn_nl_batch_count(const struct xsn_nl_batch *batch);

/*
 * Starts message xsn_nl_batch_count() with its fixed header (struct ifinfomsg, ...); the one before is complete.
 * NLM_F_REQUEST is added; NLM_F_ACK is set by send. The label ("br5", "192.0.2.1/24 on br5") is copied, may be
 * NULL, and names the message in errors. Returns its index.
 */
size_t xsn_nl_batch_begin(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, const void *hdr, size_t len,
                          const char *label);
/* Messages begun after this depend on those before: they travel in a later send, and only when all before succeeded. */
void xsn_nl_batch_barrier(struct xsn_nl_batch *batch);

/* Attributes of the message begun last, inside the nest begun last. */
void xsn_nl_put(struct xsn_nl_batch *batch, uint16_t attr, const void *data, size_t len);
void xsn_nl_put_flag(struct xsn_nl_batch *batch, uint16_t attr);
void xsn_nl_put_u8(struct xsn_nl_batch *batch, uint16_t attr, uint8_t value);
void xsn_nl_put_u16(struct xsn_nl_batch *batch, uint16_t attr, uint16_t value);
void xsn_nl_put_u32(struct xsn_nl_batch *batch, uint16_t attr, uint32_t value);
void xsn_nl_put_u64(struct xsn_nl_batch *batch, uint16_t attr, uint64_t value);
void xsn_nl_put_be16(struct xsn_nl_batch *batch, uint16_t attr, uint16_t value);
void xsn_nl_put_be32(struct xsn_nl_batch *batch, uint16_t attr, uint32_t value);
/* With its NUL. */
void xsn_nl_put_str(struct xsn_nl_batch *batch, uint16_t attr, const char *s);

/* A nest may start with a fixed header of its own (VETH_INFO_PEER: struct ifinfomsg); len 0: none. */
void xsn_nl_nest_begin(struct xsn_nl_batch *batch, uint16_t attr, const void *hdr, size_t len);
void xsn_nl_nest_end(struct xsn_nl_batch *batch);

/* 0, or what stuck: -ENOMEM; -EMSGSIZE: attribute or nest over 64K, message over 128K; -EINVAL: nests unbalanced. */
int xsn_nl_batch_status(const struct xsn_nl_batch *batch);

struct xsn_nl_send_options {
        size_t max_messages; /* a sendmsg(); 0: 128. For deletions of bridges 8: each takes the kernel 17 ms or more */
        size_t max_bytes;    /* a sendmsg(); 0: 128K; never more than the socket takes */
        bool keep_going;     /* send what follows a barrier even after a failure before it */
};

/*
 * Sends everything. 0 when every message succeeded; else the result of the first that did not, with
 * an error that names it and counts the others. options may be NULL.
 */
int xsn_nl_batch_send(struct xsn_nl *nl, struct xsn_nl_batch *batch, const struct xsn_nl_send_options *options,
                      struct xsnet_error **ret_err);
/*
 * One sendmsg() of it, for callers that give the loop a turn in between. 1: there is more; 0: this was
 * all (see results). Negative: the batch cannot be sent (status).
 */
int xsn_nl_batch_send_next(struct xsn_nl *nl, struct xsn_nl_batch *batch, const struct xsn_nl_send_options *options,
                           struct xsnet_error **ret_err);

/*
 * 0; the kernel's -errno; -ENOBUFS: sent, but the answer was lost, so the caller has to look;
 * -ECANCELED: not sent, because of a failure before it; -EINPROGRESS: not sent yet.
 */
int xsn_nl_batch_result(const struct xsn_nl_batch *batch, size_t index);
/* The kernel's own words about the failure, kept for the first 32; NULL where there are none. Borrowed. */
const char *xsn_nl_batch_text(const struct xsn_nl_batch *batch, size_t index);
/* Makes the error of one message that failed and returns its result; 0 (and nothing set) where it did not. */
int xsn_nl_batch_error(const struct xsn_nl_batch *batch, size_t index, struct xsnet_error **ret_err);

#endif
