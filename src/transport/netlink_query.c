/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question and its whole answer, asked again while the kernel says that it was interrupted or lost.
 * Used by the dumps of netlink_dump.c and by backends for questions of their own.
 */
#include <errno.h>

#include "base/alloc.h"
#include "transport/netlink_dump.h"
#include "transport/netlink_priv.h"

#define ATTEMPTS 8
/* Failed reads in a row. */
#define READ_FAILURES_MAX 64

#ifndef NLM_F_DUMP_INTR
#define NLM_F_DUMP_INTR 16
#endif

struct answer {
        const struct xsn_nl_reader *reader;
        struct xsnet_error **ret_err;
        bool dump;
        bool ended;      /* the kernel has said all */
        bool again;      /* part is missing or from another moment */
        int code;        /* the kernel's, at the end */
        char *text;      /* its words, owned */
        int reader_code; /* the reader wants no more: ret_err is set */
};

static void take_end(struct answer *answer, const struct nlmsghdr *msg)
{
        xsn_free(answer->text);
        answer->code = xsn_nl_answer_code(msg, &answer->text);
        answer->ended = true;
        /* A dump given up before is still under way on this socket, or the kernel noticed the interruption itself. */
        if (answer->dump && (answer->code == -EBUSY || answer->code == -EAGAIN || answer->code == -EINTR))
                answer->again = true;
}

static void take_message(struct answer *answer, const struct nlmsghdr *msg)
{
        if (msg->nlmsg_flags & NLM_F_DUMP_INTR && answer->dump)
                answer->again = true;
        if (msg->nlmsg_type == NLMSG_OVERRUN) {
                answer->again = true;
        } else if (msg->nlmsg_type == NLMSG_ERROR || (msg->nlmsg_type == NLMSG_DONE && answer->dump)) {
                take_end(answer, msg);
        } else if (msg->nlmsg_type >= NLMSG_MIN_TYPE && !answer->again && answer->reader_code == 0) {
                int r = answer->reader->message(msg, answer->reader->userdata, answer->ret_err);

                answer->reader_code = r < 0 ? r : 0;
        }
}

/*
 * Reads to the end, also what is not wanted any more: a dump that is not read to its
 * end blocks the next one on the socket. Negative: reading failed for good.
 */
static int read_answer(struct xsn_nl *nl, uint32_t seq, struct answer *answer)
{
        for (int failures = 0; !answer->ended && failures < READ_FAILURES_MAX;) {
                struct xsn_nl_cursor cursor = { 0 };
                const struct nlmsghdr *msg;
                int r = xsn_nl_receive(nl, &cursor);

                if (r == -ENOBUFS || r == -EMSGSIZE) {
                        answer->again = true;
                        failures++;
                        continue;
                }
                if (r == -EAGAIN)
                        break; /* the end was lost */
                if (r < 0)
                        return r;
                failures = 0;
                while (!answer->ended && (msg = xsn_nl_cursor_next(&cursor)))
                        if (msg->nlmsg_seq == seq)
                                take_message(answer, msg);
                answer->again = answer->again || cursor.bad;
        }
        answer->again = answer->again || !answer->ended;
        return 0;
}

static int ask(struct xsn_nl *nl, struct xsn_nl_batch *request, struct answer *answer)
{
        struct nlmsghdr *msg = xsn_nl_batch_message(request, 0);
        int r;

        msg->nlmsg_seq = ++nl->seq;
        if (!answer->dump)
                msg->nlmsg_flags |= NLM_F_ACK; /* so that its end can be seen */
        r = xsn_nl_transmit(nl, msg, request->slots[0].len);
        if (r < 0)
                return r;
        nl->busy = true;
        r = read_answer(nl, msg->nlmsg_seq, answer);
        nl->busy = false;
        return r;
}

static int failed(const struct xsn_nl *nl, const struct xsn_nl_batch *request, int code, const char *text,
                  struct xsnet_error **ret_err)
{
        const char *type = xsn_nl_type_name(xsn_nl_batch_message(request, 0)->nlmsg_type);
        const char *label = request->slots[0].label;
        char what[XSN_NL_ERRNO_TEXT_MAX];

        if (code == -EAGAIN)
                (void)xsn_error_set(ret_err, code, "dump-interrupted",
                                    "%s: the answer changed while it was read, %d times", type, ATTEMPTS);
        else
                (void)xsn_error_set(ret_err, code, xsn_nl_reason(code), "%s%s%s: %s%s%s%s", type, label ? " " : "",
                                    label ? label : "", xsn_nl_errno_text(code, what), text ? " (" : "",
                                    text ? text : "", text ? ")" : "");
        return xsn_error_where(ret_err, code, "%s: %s%s%s", nl->where, type, label ? " " : "", label ? label : "");
}

int xsn_nl_query(struct xsn_nl *nl, struct xsn_nl_batch *request, const struct xsn_nl_reader *reader,
                 struct xsnet_error **ret_err)
{
        int r = xsn_nl_batch_check(request, ret_err);
        uint16_t flags;

        if (r < 0)
                return xsn_error_where(ret_err, r, "%s", nl->where);
        if (nl->busy)
                return xsn_error_set(ret_err, -EBUSY, "busy", "a netlink answer is being read on this socket");
        if (request->n_slots != 1)
                return xsn_error_set(ret_err, -EINVAL, "bad-request", "a netlink question is one message, not %zu",
                                     request->n_slots);
        flags = xsn_nl_batch_message(request, 0)->nlmsg_flags;
        for (int i = 0; i < ATTEMPTS; i++) {
                struct answer answer = {
                        .reader = reader,
                        .ret_err = ret_err,
                        .dump = (flags & NLM_F_DUMP) == NLM_F_DUMP,
                };
                _cleanup_(xsn_freep) char *text = NULL;

                if (i > 0 && reader->restart)
                        reader->restart(reader->userdata);
                r = ask(nl, request, &answer);
                text = answer.text;
                if (answer.reader_code < 0)
                        return answer.reader_code;
                if (r < 0 || (answer.code < 0 && !answer.again))
                        return failed(nl, request, r < 0 ? r : answer.code, text, ret_err);
                if (!answer.again)
                        return 0;
        }
        return failed(nl, request, -EAGAIN, NULL, ret_err);
}
