/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending of a batch in few sendmsg()s and sorting of the answers. Only the last message of a send asks
 * for an acknowledgement: errors come in any case, so silence before that one means success, unless
 * something was lost on the way; then silence means nothing.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/netlink_priv.h"

#define MESSAGES_DEFAULT 128
#define BYTES_DEFAULT    (128U << 10)
/* The words of so many failures are kept; thousands of equal ones help nobody. */
#define TEXTS_MAX 32

/* The messages [first, first + n) of a batch, sent together; message i has sequence number seq + i - first. */
struct chunk {
        size_t first;
        size_t n;
        uint32_t seq;
        size_t n_answered;
        bool last_answered;
        bool lost; /* an answer may be missing */
};

static void set_result(struct xsn_nl_batch *batch, size_t index, int result)
{
        batch->slots[index].result = result;
        if (result < 0)
                batch->n_failed++;
}

static void take_answer(struct xsn_nl_batch *batch, struct chunk *chunk, const struct nlmsghdr *msg)
{
        uint32_t i = msg->nlmsg_seq - chunk->seq;
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_nl_slot *slot;
        int code;

        /* Late answers to an earlier request have other numbers. */
        if (msg->nlmsg_type != NLMSG_ERROR || i >= chunk->n)
                return;
        slot = &batch->slots[chunk->first + i];
        code = xsn_nl_answer_code(msg, &text);
        if (code == -EPROTO && !xsn_nl_header(msg, sizeof(struct nlmsgerr))) {
                chunk->lost = true;
                return;
        }
        if (slot->result != -EINPROGRESS)
                return;
        if (code < 0 && batch->n_failed < TEXTS_MAX)
                slot->text = XSN_TAKE(text);
        set_result(batch, chunk->first + i, code);
        chunk->last_answered = chunk->last_answered || i == chunk->n - 1;
}

/* Reads until the last message's answer; each read is bounded, and so is their number. */
static void collect(struct xsn_nl *nl, struct xsn_nl_batch *batch, struct chunk *chunk)
{
        size_t budget = 2 * chunk->n + 64;

        while (!chunk->last_answered && budget-- > 0) {
                struct xsn_nl_cursor cursor = { 0 };
                const struct nlmsghdr *msg;
                int r = xsn_nl_receive(nl, &cursor);

                if (r == -ENOBUFS || r == -EMSGSIZE) {
                        chunk->lost = true;
                        continue;
                }
                if (r < 0)
                        break;
                while ((msg = xsn_nl_cursor_next(&cursor)))
                        take_answer(batch, chunk, msg);
                chunk->lost = chunk->lost || cursor.bad;
        }
        chunk->lost = chunk->lost || !chunk->last_answered;
        for (size_t i = chunk->first; i < chunk->first + chunk->n; i++)
                if (batch->slots[i].result == -EINPROGRESS)
                        set_result(batch, i, chunk->lost ? -ENOBUFS : 0);
}

/* What goes into the next sendmsg(): up to a barrier, and at least one message. Returns its bytes. */
static size_t choose(const struct xsn_nl *nl, const struct xsn_nl_batch *batch, const struct xsn_nl_send_options *o,
                     struct chunk *chunk)
{
        size_t max_messages = o->max_messages > 0 ? o->max_messages : MESSAGES_DEFAULT;
        size_t max_bytes = o->max_bytes > 0 ? o->max_bytes : BYTES_DEFAULT;
        size_t bytes = 0;

        if (max_bytes > nl->max_send)
                max_bytes = nl->max_send;
        for (size_t i = chunk->first; i < batch->n_slots && chunk->n < max_messages; i++) {
                const struct xsn_nl_slot *slot = &batch->slots[i];
                size_t len = slot->offset - batch->slots[chunk->first].offset + slot->len;

                if (chunk->n > 0 && (slot->barrier || len > max_bytes))
                        break;
                chunk->n++;
                bytes = len;
        }
        return bytes;
}

static void send_chunk(struct xsn_nl *nl, struct xsn_nl_batch *batch, struct chunk *chunk, size_t bytes)
{
        int r;

        chunk->seq = nl->seq + 1;
        for (size_t i = 0; i < chunk->n; i++) {
                struct nlmsghdr *msg = xsn_nl_batch_message(batch, chunk->first + i);

                msg->nlmsg_seq = ++nl->seq;
                msg->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
                if (i == chunk->n - 1)
                        msg->nlmsg_flags |= NLM_F_ACK;
        }
        r = xsn_nl_transmit(nl, xsn_nl_batch_message(batch, chunk->first), bytes);
        if (r == 0) {
                collect(nl, batch, chunk);
                return;
        }
        for (size_t i = chunk->first; i < chunk->first + chunk->n; i++)
                set_result(batch, i, r);
}

int xsn_nl_batch_send_next(struct xsn_nl *nl, struct xsn_nl_batch *batch, const struct xsn_nl_send_options *options,
                           struct xsnet_error **ret_err)
{
        static const struct xsn_nl_send_options defaults = { 0 };
        const struct xsn_nl_send_options *o = options ? options : &defaults;
        struct chunk chunk = { .first = batch->n_sent };
        int r;

        r = xsn_nl_batch_check(batch, ret_err);
        if (r < 0)
                return xsn_error_where(ret_err, r, "%s", nl->where);
        if (nl->busy)
                return xsn_error_set(ret_err, -EBUSY, "busy", "a netlink answer is being read on this socket");
        batch->where = nl->where;
        if (batch->n_sent == batch->n_slots)
                return 0;
        if (batch->slots[chunk.first].barrier && batch->n_failed > 0 && !o->keep_going) {
                for (size_t i = batch->n_sent; i < batch->n_slots; i++)
                        set_result(batch, i, -ECANCELED);
                batch->n_sent = batch->n_slots;
                return 0;
        }
        send_chunk(nl, batch, &chunk, choose(nl, batch, o, &chunk));
        batch->n_sent += chunk.n;
        return batch->n_sent < batch->n_slots;
}

static int message_error(const struct xsn_nl_batch *batch, size_t index, size_t n_others, struct xsnet_error **ret_err)
{
        const struct xsn_nl_slot *slot = &batch->slots[index];
        const char *type = xsn_nl_type_name(xsn_nl_batch_message(batch, index)->nlmsg_type);
        const char *space = slot->label ? " " : "";
        const char *label = slot->label ? slot->label : "";
        const char *text = slot->text ? slot->text : "";
        char what[XSN_NL_ERRNO_TEXT_MAX];
        char others[64] = "";

        if (n_others > 0)
                snprintf(others, sizeof(others), "; %zu of %zu failed with it", n_others, batch->n_slots);
        if (slot->result == -ENOBUFS && !slot->text)
                xsn_error_set(ret_err, slot->result, xsn_nl_reason(slot->result),
                              "%s%s%s: the kernel's answer was lost%s", type, space, label, others);
        else
                xsn_error_set(ret_err, slot->result, xsn_nl_reason(slot->result), "%s%s%s: %s%s%s%s%s", type, space,
                              label, xsn_nl_errno_text(slot->result, what), *text ? " (" : "", text, *text ? ")" : "",
                              others);
        return xsn_error_where(ret_err, slot->result, "%s: %s%s%s", batch->where, type, space, label);
}

int xsn_nl_batch_send(struct xsn_nl *nl, struct xsn_nl_batch *batch, const struct xsn_nl_send_options *options,
                      struct xsnet_error **ret_err)
{
        int r = 1;

        while (r > 0)
                r = xsn_nl_batch_send_next(nl, batch, options, ret_err);
        if (r < 0)
                return r;
        for (size_t i = 0; batch->n_failed > 0 && i < batch->n_slots; i++)
                if (batch->slots[i].result < 0)
                        return message_error(batch, i, batch->n_failed - 1, ret_err);
        return 0;
}

int xsn_nl_batch_result(const struct xsn_nl_batch *batch, size_t index)
{
        if (index >= batch->n_slots)
                return batch->status < 0 ? batch->status : -EINVAL;
        return batch->slots[index].result;
}

const char *xsn_nl_batch_text(const struct xsn_nl_batch *batch, size_t index)
{
        return index < batch->n_slots ? batch->slots[index].text : NULL;
}

int xsn_nl_batch_error(const struct xsn_nl_batch *batch, size_t index, struct xsnet_error **ret_err)
{
        if (index >= batch->n_slots)
                return xsn_error_set(ret_err, -EINVAL, "bad-request", "there is no netlink request %zu", index);
        return batch->slots[index].result < 0 ? message_error(batch, index, 0, ret_err) : 0;
}
