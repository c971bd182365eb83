/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building of requests, one behind the other in one buffer. Sending them is netlink_send.c.
 * Relies on the fact that only the last message grows, so offsets stay right when the buffer moves.
 */
#include "transport/netlink_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/netlink_priv.h"

#define MESSAGE_MAX (128U << 10)

int xsn_nl_batch_new(struct xsn_nl_batch **ret_batch, struct xsnet_error **ret_err)
{
        struct xsn_nl_batch *batch = xsn_alloc(sizeof(*batch));

        if (!batch)
                return xsn_error_oom(ret_err);
        batch->where = "linux";
        *ret_batch = batch;
        return 0;
}

void xsn_nl_batch_clear(struct xsn_nl_batch *batch)
{
        struct xsn_nl_batch kept = {
                .data = batch->data,
                .cap = batch->cap,
                .slots = batch->slots,
                .cap_slots = batch->cap_slots,
                .where = batch->where,
        };

        for (size_t i = 0; i < batch->n_slots; i++) {
                xsn_free(batch->slots[i].label);
                xsn_free(batch->slots[i].text);
        }
        *batch = kept;
}

struct xsn_nl_batch *xsn_nl_batch_free(struct xsn_nl_batch *batch)
{
        if (!batch)
                return NULL;
        xsn_nl_batch_clear(batch);
        xsn_free(batch->data);
        xsn_free(batch->slots);
        return xsn_free(batch);
}

size_t xsn_nl_batch_count(const struct xsn_nl_batch *batch)
{
        return batch->n_slots;
}

int xsn_nl_batch_status(const struct xsn_nl_batch *batch)
{
        if (batch->status == 0 && batch->depth > 0)
                return -EINVAL;
        return batch->status;
}

int xsn_nl_batch_check(const struct xsn_nl_batch *batch, struct xsnet_error **ret_err)
{
        int r = xsn_nl_batch_status(batch);

        if (r == -ENOMEM)
                return xsn_error_oom(ret_err);
        if (r == -EMSGSIZE)
                return xsn_error_set(ret_err, r, "too-long", "a netlink request is longer than its format allows");
        if (r < 0)
                return xsn_error_set(ret_err, r, "bad-request", "a netlink request was put together wrongly");
        return 0;
}

struct nlmsghdr *xsn_nl_batch_message(const struct xsn_nl_batch *batch, size_t index)
{
        return (struct nlmsghdr *)(void *)(batch->data + batch->slots[index].offset);
}

/* Space for len bytes and the padding behind them, zeroed, at the end of the message begun last. NULL: it stuck. */
static char *extend(struct xsn_nl_batch *batch, size_t len)
{
        size_t padded = NLMSG_ALIGN(len);
        struct xsn_nl_slot *slot = batch->n_slots > 0 ? &batch->slots[batch->n_slots - 1] : NULL;
        char *p;

        if (batch->status == 0 && (!slot || batch->n_sent == batch->n_slots))
                batch->status = -EINVAL; /* nothing was begun */
        if (batch->status < 0)
                return NULL;
        if (len > MESSAGE_MAX || batch->len - slot->offset + padded > MESSAGE_MAX) {
                batch->status = -EMSGSIZE;
                return NULL;
        }
        if (xsn_grow((void **)&batch->data, &batch->cap, batch->len + padded, 1) < 0) {
                batch->status = -ENOMEM;
                return NULL;
        }
        p = batch->data + batch->len;
        memset(p, 0, padded);
        batch->len += padded;
        slot->len = batch->len - slot->offset;
        xsn_nl_batch_message(batch, batch->n_slots - 1)->nlmsg_len = (uint32_t)slot->len;
        return p;
}

static int add_slot(struct xsn_nl_batch *batch, const char *label)
{
        struct xsn_nl_slot *slot;
        char *copy = NULL;

        if (label) {
                copy = xsn_strdup(label);
                if (!copy)
                        return -ENOMEM;
        }
        if (xsn_grow((void **)&batch->slots, &batch->cap_slots, batch->n_slots + 1, sizeof(*batch->slots)) < 0) {
                xsn_free(copy);
                return -ENOMEM;
        }
        slot = &batch->slots[batch->n_slots++];
        *slot = (struct xsn_nl_slot){
                .offset = batch->len,
                .result = -EINPROGRESS,
                .barrier = batch->barrier_next,
                .label = copy,
        };
        batch->barrier_next = false;
        return 0;
}

size_t xsn_nl_batch_begin(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, const void *hdr, size_t len,
                          const char *label)
{
        struct nlmsghdr *msg;
        char *p;

        if (batch->status == 0)
                batch->status = batch->depth > 0 ? -EINVAL : add_slot(batch, label);
        msg = (struct nlmsghdr *)(void *)extend(batch, NLMSG_HDRLEN);
        if (!msg)
                return batch->n_slots > 0 ? batch->n_slots - 1 : 0;
        msg->nlmsg_type = type;
        msg->nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST);
        p = extend(batch, len);
        if (p && len > 0)
                memcpy(p, hdr, len);
        return batch->n_slots - 1;
}

void xsn_nl_batch_barrier(struct xsn_nl_batch *batch)
{
        batch->barrier_next = batch->n_slots > 0;
}

void xsn_nl_put(struct xsn_nl_batch *batch, uint16_t attr, const void *data, size_t len)
{
        struct nlattr *a;

        if (len > UINT16_MAX - NLA_HDRLEN) {
                batch->status = batch->status < 0 ? batch->status : -EMSGSIZE;
                return;
        }
        a = (struct nlattr *)(void *)extend(batch, NLA_HDRLEN + len);
        if (!a)
                return;
        a->nla_len = (uint16_t)(NLA_HDRLEN + len);
        a->nla_type = attr;
        if (len > 0)
                memcpy((char *)a + NLA_HDRLEN, data, len);
}

void xsn_nl_put_flag(struct xsn_nl_batch *batch, uint16_t attr)
{
        xsn_nl_put(batch, attr, NULL, 0);
}

void xsn_nl_put_u8(struct xsn_nl_batch *batch, uint16_t attr, uint8_t value)
{
        xsn_nl_put(batch, attr, &value, sizeof(value));
}

void xsn_nl_put_u16(struct xsn_nl_batch *batch, uint16_t attr, uint16_t value)
{
        xsn_nl_put(batch, attr, &value, sizeof(value));
}

void xsn_nl_put_u32(struct xsn_nl_batch *batch, uint16_t attr, uint32_t value)
{
        xsn_nl_put(batch, attr, &value, sizeof(value));
}

void xsn_nl_put_u64(struct xsn_nl_batch *batch, uint16_t attr, uint64_t value)
{
        xsn_nl_put(batch, attr, &value, sizeof(value));
}

void xsn_nl_put_be16(struct xsn_nl_batch *batch, uint16_t attr, uint16_t value)
{
        xsn_nl_put_u16(batch, attr, htons(value));
}

void xsn_nl_put_be32(struct xsn_nl_batch *batch, uint16_t attr, uint32_t value)
{
        xsn_nl_put_u32(batch, attr, htonl(value));
}

void xsn_nl_put_str(struct xsn_nl_batch *batch, uint16_t attr, const char *s)
{
        xsn_nl_put(batch, attr, s, strlen(s) + 1);
}

void xsn_nl_nest_begin(struct xsn_nl_batch *batch, uint16_t attr, const void *hdr, size_t len)
{
        size_t offset = batch->len;

        if (batch->status == 0 && batch->depth == XSN_NL_NEST_MAX)
                batch->status = -EINVAL;
        xsn_nl_put(batch, (uint16_t)(attr | NLA_F_NESTED), hdr, len);
        if (batch->status == 0)
                batch->nest[batch->depth++] = offset;
}

void xsn_nl_nest_end(struct xsn_nl_batch *batch)
{
        size_t offset;

        if (batch->status == 0 && batch->depth == 0)
                batch->status = -EINVAL;
        if (batch->status < 0)
                return;
        offset = batch->nest[--batch->depth];
        if (batch->len - offset > UINT16_MAX) {
                batch->status = -EMSGSIZE;
                return;
        }
        ((struct nlattr *)(void *)(batch->data + offset))->nla_len = (uint16_t)(batch->len - offset);
}
