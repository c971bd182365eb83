/* SPDX-License-Identifier: Apache-2.0 */
/* The builder of netlink requests: what it writes, and that what cannot be written sticks. */
#include <arpa/inet.h>
#include <errno.h>

#include "transport/netlink_batch.h"
#include "transport/netlink_priv.h"
#include "unit.h"

static struct xsn_nl_batch *new_batch(void)
{
        struct xsn_nl_batch *batch = NULL;

        ck_assert_int_eq(xsn_nl_batch_new(&batch, NULL), 0);
        return batch;
}

static void begin(struct xsn_nl_batch *batch)
{
        static const char hdr[16] = "header";

        xsn_nl_batch_begin(batch, 16, 0x600, hdr, sizeof(hdr), "br5");
}

START_TEST(attributes_are_written_as_libnl_reads_them)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        static const struct nla_policy policy[10] = {
                [1] = { .type = NLA_U8 },     [2] = { .type = NLA_U16 },  [3] = { .type = NLA_U32 },
                [4] = { .type = NLA_U64 },    [5] = { .type = NLA_U16 },  [6] = { .type = NLA_U32 },
                [7] = { .type = NLA_STRING }, [8] = { .type = NLA_FLAG }, [9] = { .type = NLA_NESTED },
        };
        struct nlattr *tb[10];
        struct nlattr *in[10];
        const struct nlmsghdr *msg;

        begin(batch);
        xsn_nl_put_u8(batch, 1, 0x12);
        xsn_nl_put_u16(batch, 2, 0x1234);
        xsn_nl_put_u32(batch, 3, 0x12345678);
        xsn_nl_put_u64(batch, 4, UINT64_C(0x123456789abcdef0));
        xsn_nl_put_be16(batch, 5, 4789);
        xsn_nl_put_be32(batch, 6, 0xc0000201);
        xsn_nl_put_str(batch, 7, "xenbr0");
        xsn_nl_put_flag(batch, 8);
        xsn_nl_nest_begin(batch, 9, NULL, 0);
        xsn_nl_nest_begin(batch, 9, "head", 4);
        xsn_nl_put_u8(batch, 1, 7);
        xsn_nl_nest_end(batch);
        xsn_nl_nest_end(batch);
        ck_assert_int_eq(xsn_nl_batch_status(batch), 0);

        msg = xsn_nl_batch_message(batch, 0);
        ck_assert_uint_eq(msg->nlmsg_len, batch->len);
        ck_assert_int_eq(msg->nlmsg_flags, 0x600 | NLM_F_REQUEST);
        ck_assert_str_eq(xsn_nl_header(msg, 16), "header");
        ck_assert_int_eq(xsn_nl_parse(msg, 16, tb, 9, policy, NULL), 0);
        ck_assert_uint_eq(nla_get_u8(tb[1]), 0x12);
        ck_assert_uint_eq(nla_get_u16(tb[2]), 0x1234);
        ck_assert_uint_eq(nla_get_u32(tb[3]), 0x12345678);
        ck_assert_uint_eq(nla_get_u64(tb[4]), UINT64_C(0x123456789abcdef0));
        ck_assert_uint_eq(nla_get_u16(tb[5]), htons(4789));
        ck_assert_uint_eq(nla_get_u32(tb[6]), htonl(0xc0000201));
        ck_assert_str_eq(nla_get_string(tb[7]), "xenbr0");
        ck_assert_ptr_nonnull(tb[8]);
        ck_assert_int_eq(xsn_nl_parse_nested(tb[9], in, 9, NULL, NULL), 0);
        ck_assert(nla_is_nested(in[9]));
        ck_assert_mem_eq(nla_data(in[9]), "head", 4);
        /* A one-byte attribute at the end of a nest: its padding belongs to the nest. */
        ck_assert_int_eq(nla_len(in[9]), 4 + NLA_HDRLEN + 4);
}
END_TEST

START_TEST(messages_keep_their_place_while_the_buffer_moves)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        static const struct nla_policy policy[2] = { [1] = { .type = NLA_U32 } };

        for (uint32_t i = 0; i < 5000; i++) {
                begin(batch);
                xsn_nl_put_u32(batch, 1, i);
        }
        ck_assert_uint_eq(xsn_nl_batch_count(batch), 5000);
        for (uint32_t i = 0; i < 5000; i++) {
                struct nlattr *tb[2];

                ck_assert_int_eq(xsn_nl_parse(xsn_nl_batch_message(batch, i), 16, tb, 1, policy, NULL), 0);
                ck_assert_uint_eq(nla_get_u32(tb[1]), i);
                ck_assert_int_eq(xsn_nl_batch_result(batch, i), -EINPROGRESS);
        }
        xsn_nl_batch_clear(batch);
        ck_assert_uint_eq(xsn_nl_batch_count(batch), 0);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 0), -EINVAL);
}
END_TEST

static void put_before_begin(struct xsn_nl_batch *batch)
{
        xsn_nl_put_u32(batch, 1, 1);
}

static void put_too_long(struct xsn_nl_batch *batch)
{
        static char big[65536];

        begin(batch);
        xsn_nl_put(batch, 1, big, 65532);
}

static void put_longest(struct xsn_nl_batch *batch)
{
        static char big[65536];

        begin(batch);
        xsn_nl_put(batch, 1, big, 65531);
}

static void nest_too_long(struct xsn_nl_batch *batch)
{
        begin(batch);
        xsn_nl_nest_begin(batch, 1, NULL, 0);
        for (int i = 0; i < 8192; i++)
                xsn_nl_put_u32(batch, 2, 0);
        xsn_nl_nest_end(batch);
}

static void nest_left_open(struct xsn_nl_batch *batch)
{
        begin(batch);
        xsn_nl_nest_begin(batch, 1, NULL, 0);
}

static void begin_inside_nest(struct xsn_nl_batch *batch)
{
        nest_left_open(batch);
        begin(batch);
}

static void nest_ended_twice(struct xsn_nl_batch *batch)
{
        nest_left_open(batch);
        xsn_nl_nest_end(batch);
        xsn_nl_nest_end(batch);
}

static void nest_too_deep(struct xsn_nl_batch *batch)
{
        begin(batch);
        for (int i = 0; i <= XSN_NL_NEST_MAX; i++)
                xsn_nl_nest_begin(batch, 1, NULL, 0);
        for (int i = 0; i <= XSN_NL_NEST_MAX; i++)
                xsn_nl_nest_end(batch);
}

static const struct {
        const char *name;
        void (*write)(struct xsn_nl_batch *batch);
        int status;
} refusals[] = {
        { "attribute before the first message", put_before_begin, -EINVAL },
        { "the longest attribute", put_longest, 0 },
        { "attribute of 64K", put_too_long, -EMSGSIZE },
        { "nest of 64K", nest_too_long, -EMSGSIZE },
        { "nest left open", nest_left_open, -EINVAL },
        { "message begun inside a nest", begin_inside_nest, -EINVAL },
        { "nest ended twice", nest_ended_twice, -EINVAL },
        { "nest too deep", nest_too_deep, -EINVAL },
};

START_TEST(what_cannot_be_written_sticks)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        int status = refusals[_i].status;

        refusals[_i].write(batch);
        ck_assert_msg(xsn_nl_batch_status(batch) == status, "%s: %d", refusals[_i].name, xsn_nl_batch_status(batch));
        if (status == 0 || batch->depth > 0)
                return;
        begin(batch);
        xsn_nl_put_u32(batch, 1, 1);
        ck_assert_msg(xsn_nl_batch_status(batch) == status, "%s: forgotten", refusals[_i].name);
        xsn_nl_batch_clear(batch);
        begin(batch);
        ck_assert_int_eq(xsn_nl_batch_status(batch), 0);
}
END_TEST

START_TEST(a_message_over_128K_sticks)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();

        begin(batch);
        for (int i = 0; i < 16384 && xsn_nl_batch_status(batch) == 0; i++)
                xsn_nl_put_u32(batch, 2, 0);
        ck_assert_int_eq(xsn_nl_batch_status(batch), -EMSGSIZE);
        ck_assert_uint_le(batch->len, 128 << 10);
}
END_TEST

START_TEST(a_message_that_was_sent_takes_no_more_attributes)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();

        begin(batch);
        batch->n_sent = 1;
        xsn_nl_put_u32(batch, 1, 1);
        ck_assert_int_eq(xsn_nl_batch_status(batch), -EINVAL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("transport_batch");
        TCase *tc = tcase_create("builder");

        tcase_add_test(tc, attributes_are_written_as_libnl_reads_them);
        tcase_add_test(tc, messages_keep_their_place_while_the_buffer_moves);
        tcase_add_loop_test(tc, what_cannot_be_written_sticks, 0, (int)XSN_ARRAY_SIZE(refusals));
        tcase_add_test(tc, a_message_over_128K_sticks);
        tcase_add_test(tc, a_message_that_was_sent_takes_no_more_attributes);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
