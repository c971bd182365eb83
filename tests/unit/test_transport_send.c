/* SPDX-License-Identifier: Apache-2.0 */
/* Sending of a batch: how it is split, and whose answer is whose when the kernel's answers are late, lost or wrong. */
#include "failalloc.h"
#include "netlink_script.h"
#include "transport/netlink_dump.h"
#include "transport/netlink_monitor.h"
#include "unit.h"

#define ACK(i, ...)                                            \
        {                                                      \
                .type = NLMSG_ERROR, .index = (i), __VA_ARGS__ \
        }
#define FAIL(e)            \
        {                  \
                .err = (e) \
        }
#define NEXT                      \
        {                         \
                .next_send = true \
        }

static struct xsn_nl *open_script(struct script *script)
{
        struct xsn_nl_options options = SCRIPT_OPTIONS(script);
        struct xsn_nl *nl = NULL;

        ck_assert_int_eq(xsn_nl_open(&options, &nl, NULL), 0);
        return nl;
}

static struct xsn_nl_batch *links(size_t n)
{
        struct xsn_nl_batch *batch = NULL;
        struct ifinfomsg hdr = { 0 };

        ck_assert_int_eq(xsn_nl_batch_new(&batch, NULL), 0);
        for (size_t i = 0; i < n; i++) {
                char name[24];

                snprintf(name, sizeof(name), "br%zu", i);
                ck_assert_uint_eq(xsn_nl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE, &hdr, sizeof(hdr), name), i);
                xsn_nl_put_str(batch, IFLA_IFNAME, name);
        }
        return batch;
}

static const struct {
        const char *name;
        struct step steps[6];
        int results[3];
} answers[] = {
        { "silence before the last answer is success", { ACK(2) }, { 0, 0, 0 } },
        { "each error belongs to its message",
          { ACK(0, .code = -EBUSY), ACK(1, .code = -EEXIST), ACK(2) },
          { -EBUSY, -EEXIST, 0 } },
        { "an error of the last message ends the answer",
          { ACK(1, .code = -EPERM), ACK(2, .code = -EPERM) },
          { 0, -EPERM, -EPERM } },
        { "answers may share a datagram", { ACK(0, .code = -EBUSY), ACK(2, .joined = true) }, { -EBUSY, 0, 0 } },
        { "an interrupted read is repeated", { FAIL(EINTR), FAIL(EINTR), ACK(2) }, { 0, 0, 0 } },
        { "after an overrun silence means nothing",
          { ACK(0, .code = -EBUSY), FAIL(ENOBUFS), ACK(2) },
          { -EBUSY, -ENOBUFS, 0 } },
        { "overruns without end", { { .err = ENOBUFS, .forever = true } }, { -ENOBUFS, -ENOBUFS, -ENOBUFS } },
        { "no answer at all", { { .err = 0 } }, { -ENOBUFS, -ENOBUFS, -ENOBUFS } },
        { "the last answer is missing", { ACK(0, .code = -EEXIST) }, { -EEXIST, -ENOBUFS, -ENOBUFS } },
        { "the socket broke", { FAIL(EBADF) }, { -ENOBUFS, -ENOBUFS, -ENOBUFS } },
        { "answers to another request are skipped",
          { ACK(-1, .code = -EPERM), ACK(3, .code = -EPERM), ACK(2) },
          { 0, 0, 0 } },
        { "only the kernel is listened to", { ACK(2, .code = -EPERM, .from = 4711), ACK(2) }, { 0, 0, 0 } },
        { "strangers without end",
          { { .type = NLMSG_ERROR, .from = 4711, .forever = true } },
          { -ENOBUFS, -ENOBUFS, -ENOBUFS } },
        { "a truncated answer is lost",
          { ACK(0, .code = -EPERM, .truncated = true), ACK(2) },
          { -ENOBUFS, -ENOBUFS, 0 } },
        { "a short datagram is lost", { ACK(0, .code = -EPERM, .cut = 8), ACK(2) }, { -ENOBUFS, -ENOBUFS, 0 } },
        { "less than a header is lost", { ACK(0, .code = -EPERM, .cut = 30), ACK(2) }, { -ENOBUFS, -ENOBUFS, 0 } },
        { "a code that is no errno is a bad reply",
          { ACK(1, .code = 5), ACK(2, .code = -5000) },
          { 0, -EPROTO, -EPROTO } },
        { "other messages are skipped", { { .type = RTM_NEWLINK, .index = 0 }, ACK(2) }, { 0, 0, 0 } },
        { "the first answer counts", { ACK(0, .code = -EBUSY), ACK(0, .code = -EPERM), ACK(2) }, { -EBUSY, 0, 0 } },
};

START_TEST(each_message_gets_its_own_result)
{
        struct script script = { .steps = answers[_i].steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(3);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int first = 0;
        int r = xsn_nl_batch_send(nl, batch, NULL, &err);

        for (size_t i = 0; i < 3; i++) {
                int result = xsn_nl_batch_result(batch, i);

                first = first < 0 ? first : answers[_i].results[i];
                ck_assert_msg(result == answers[_i].results[i], "%s: message %zu: %d", answers[_i].name, i, result);
        }
        ck_assert_msg(r == first, "%s: %d", answers[_i].name, r);
        ck_assert((err != NULL) == (first < 0));
        ck_assert_uint_eq(script.n_sends, 1);
        nl = xsn_nl_close(nl);
        ck_assert_int_eq(script.n_open, 0);
}
END_TEST

START_TEST(the_error_names_request_device_kernel_text_and_the_others)
{
        static const struct step steps[] = { ACK(1, .code = -EBUSY, .text = "Device is\na bridge"),
                                             ACK(2, .code = -EEXIST, .text = "second", .uncapped = true),
                                             ACK(3),
                                             { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(4);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, &err), -EBUSY);
        ck_assert_int_eq(xsnet_error_get_code(err), -EBUSY);
        ck_assert_str_eq(xsnet_error_get_reason(err), "device-busy");
        ck_assert_str_eq(xsnet_error_get_message(err),
                         "RTM_NEWLINK br1: Device or resource busy (Device is a bridge); 1 of 4 failed with it");
        ck_assert_str_eq(xsnet_error_get_where(err), "test: RTM_NEWLINK br1");
        ck_assert_str_eq(xsn_nl_batch_text(batch, 1), "Device is a bridge");
        ck_assert_str_eq(xsn_nl_batch_text(batch, 2), "second");
        ck_assert_ptr_null(xsn_nl_batch_text(batch, 3));

        err = xsnet_error_free(err);
        ck_assert_int_eq(xsn_nl_batch_error(batch, 2, &err), -EEXIST);
        ck_assert_str_eq(xsnet_error_get_message(err), "RTM_NEWLINK br2: File exists (second)");
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsn_nl_batch_error(batch, 0, &err), 0);
        ck_assert_ptr_null(err);
}
END_TEST

START_TEST(a_lost_answer_says_so)
{
        static const struct step steps[] = { FAIL(ENOBUFS), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(1);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, &err), -ENOBUFS);
        ck_assert_str_eq(xsnet_error_get_reason(err), "outcome-unknown");
        ck_assert_str_eq(xsnet_error_get_message(err), "RTM_NEWLINK br0: the kernel's answer was lost");
}
END_TEST

START_TEST(three_hundred_messages_are_three_sends_with_one_acknowledgement_each)
{
        static const struct step steps[] = { ACK(127), NEXT, ACK(127), NEXT, ACK(7, .code = -EBUSY), ACK(43), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(300);

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, NULL), -EBUSY);
        ck_assert_uint_eq(script.n_sends, 3);
        ck_assert_uint_eq(script.sent[0], 128);
        ck_assert_uint_eq(script.sent[2], 44);
        for (size_t i = 0; i < 3; i++) {
                ck_assert_uint_eq(script.acks[i], 1);
                ck_assert(script.ack_last[i]);
        }
        for (size_t i = 0; i < 300; i++)
                ck_assert_int_eq(xsn_nl_batch_result(batch, i), i == 263 ? -EBUSY : 0);
}
END_TEST

START_TEST(one_send_a_turn_for_callers_with_a_loop)
{
        static const struct step steps[] = { ACK(3), NEXT, ACK(3), NEXT, ACK(1), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(10);
        struct xsn_nl_send_options options = { .max_messages = 4 };

        ck_assert_int_eq(xsn_nl_batch_send_next(nl, batch, &options, NULL), 1);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 3), 0);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 4), -EINPROGRESS);
        ck_assert_int_eq(xsn_nl_batch_send_next(nl, batch, &options, NULL), 1);
        ck_assert_int_eq(xsn_nl_batch_send_next(nl, batch, &options, NULL), 0);
        ck_assert_int_eq(xsn_nl_batch_send_next(nl, batch, &options, NULL), 0);
        ck_assert_uint_eq(script.n_sends, 3);
        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, &options, NULL), 0);
        ck_assert_uint_eq(script.n_sends, 3);
}
END_TEST

START_TEST(bytes_are_bounded_by_the_option_and_by_the_socket)
{
        static const struct step steps[] = { { .type = NLMSG_ERROR, .index = 0, .forever = true }, { 0 } };
        struct script small = { .steps = steps, .sndbuf = 4609 };
        struct script big = { .steps = steps };
        struct xsn_nl_send_options options = { .max_bytes = 100 };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&small);
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl_big = open_script(&big);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(128);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *again = links(8);

        (void)xsn_nl_batch_send(nl, batch, NULL, NULL);
        ck_assert_uint_gt(small.n_sends, 1);
        for (size_t i = 0; i < small.n_sends; i++)
                ck_assert_uint_le(small.sent_bytes[i], 4609 - 32);
        (void)xsn_nl_batch_send(nl_big, again, &options, NULL);
        ck_assert_uint_eq(big.n_sends, 4); /* 44 bytes each: two fit */
}
END_TEST

/* A barrier behind the second of four messages. */
static struct xsn_nl_batch *with_barrier(void)
{
        struct xsn_nl_batch *batch = links(2);
        struct ifinfomsg hdr = { 0 };

        xsn_nl_batch_barrier(batch);
        for (int i = 0; i < 2; i++)
                xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &hdr, sizeof(hdr), NULL);
        return batch;
}

START_TEST(what_follows_a_barrier_is_another_send)
{
        static const struct step steps[] = { ACK(1), NEXT, ACK(0, .code = -ENODEV), ACK(1), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = with_barrier();

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, NULL), -ENODEV);
        ck_assert_uint_eq(script.n_sends, 2);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 2), -ENODEV);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 3), 0);
}
END_TEST

START_TEST(after_a_failure_nothing_behind_the_barrier_is_sent)
{
        static const struct step steps[] = { ACK(0, .code = -EBUSY), ACK(1), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = with_barrier();

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, NULL), -EBUSY);
        ck_assert_uint_eq(script.n_sends, 1);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 1), 0);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 2), -ECANCELED);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 3), -ECANCELED);
}
END_TEST

START_TEST(keep_going_sends_it_all_the_same)
{
        static const struct step steps[] = { ACK(0, .code = -EBUSY), ACK(1), NEXT, ACK(1), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = with_barrier();
        struct xsn_nl_send_options options = { .keep_going = true };

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, &options, NULL), -EBUSY);
        ck_assert_uint_eq(script.n_sends, 2);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 2), 0);
}
END_TEST

static const struct {
        const char *name;
        int errors[3];
        int result;
        size_t tries;
} send_failures[] = {
        { "interrupted before anything was done", { EINTR, EINTR, -1 }, 0, 3 },
        { "not permitted", { EPERM, -1 }, -EPERM, 1 },
        { "no memory for the datagram: nothing was sent, so the outcome is known", { ENOBUFS, -1 }, -ENOMEM, 1 },
        { "too long for the socket", { EMSGSIZE, -1 }, -EMSGSIZE, 1 },
};

START_TEST(a_send_that_fails_is_each_messages_result)
{
        static const struct step steps[] = { ACK(1), { 0 } };
        struct script script = { .steps = steps, .send_errors = send_failures[_i].errors };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(2);

        ck_assert_msg(xsn_nl_batch_send(nl, batch, NULL, NULL) == send_failures[_i].result, "%s",
                      send_failures[_i].name);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 0), send_failures[_i].result);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 1), send_failures[_i].result);
        ck_assert_uint_eq(script.n_tries, send_failures[_i].tries);
}
END_TEST

START_TEST(a_batch_put_together_wrongly_is_not_sent)
{
        static const struct step steps[] = { { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(1);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-request");
        ck_assert_uint_eq(script.n_tries, 0);
}
END_TEST

START_TEST(an_empty_batch_is_nothing_to_do)
{
        static const struct step steps[] = { { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = links(0);

        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, NULL), 0);
        ck_assert_uint_eq(script.n_tries, 0);
}
END_TEST

START_TEST(a_socket_that_cannot_be_had_is_an_error_and_leaks_nothing)
{
        static const struct step steps[] = { { 0 } };
        struct script script = { .steps = steps, .fail_socket = EPROTONOSUPPORT };
        struct xsn_nl_options options = SCRIPT_OPTIONS(&script);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_nl *nl = NULL;

        ck_assert_int_eq(xsn_nl_open(&options, &nl, &err), -EPROTONOSUPPORT);
        ck_assert_str_eq(xsnet_error_get_reason(err), "not-supported");
        ck_assert_str_eq(xsnet_error_get_where(err), "test");
        err = xsnet_error_free(err);
        script.fail_socket = 0;
        script.fail_bind = EADDRINUSE;
        ck_assert_int_eq(xsn_nl_open(&options, &nl, &err), -EADDRINUSE);
        ck_assert_ptr_null(nl);
        ck_assert_int_eq(script.n_open, 0);
}
END_TEST

static int skip(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        (void)msg;
        (void)userdata;
        (void)ret_err;
        return 0;
}

static void ignore(const struct nlmsghdr *msg, void *userdata)
{
        (void)msg;
        (void)userdata;
}

static void ignore_loss(void *userdata)
{
        (void)userdata;
}

/* Each way into the transport once; no assertion, for it runs while allocations fail. */
static int use_all(struct script *script, struct xsnet_error **ret_err)
{
        struct xsn_nl_options options = SCRIPT_OPTIONS(script);
        struct xsn_nl_reader reader = { .message = skip };
        struct xsn_nl_listener listener = { .message = ignore, .resync = ignore_loss };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = NULL;
        _cleanup_(xsn_nl_monitor_closep) struct xsn_nl_monitor *monitor = NULL;
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        _cleanup_(xsn_netns_closep) struct xsn_netns *netns = NULL;
        struct ifinfomsg hdr = { 0 };
        int r;

        r = xsn_netns_open(NULL, &netns, ret_err);
        options.netns = netns;
        r = r < 0 ? r : xsn_nl_open(&options, &nl, ret_err);
        r = r < 0 ? r : xsn_nl_batch_new(&batch, ret_err);
        if (r < 0)
                return r;
        for (int i = 0; i < 40; i++) {
                xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &hdr, sizeof(hdr), "br");
                xsn_nl_put_str(batch, IFLA_IFNAME, "br");
        }
        r = xsn_nl_batch_send(nl, batch, NULL, ret_err);
        r = r < 0 ? r : xsn_nl_dump_links(nl, "bridge", 0, &reader, ret_err);
        r = r < 0 ? r : xsn_nl_monitor_open(&options, NULL, 0, &listener, &monitor, ret_err);
        return r;
}

START_TEST(memory_that_runs_out_anywhere_is_an_error_and_leaks_nothing)
{
        static const struct step steps[] = { ACK(39),
                                             NEXT,
                                             { .type = RTM_NEWLINK, .truncated = true },
                                             { .type = NLMSG_DONE },
                                             NEXT,
                                             { .type = NLMSG_DONE },
                                             { 0 } };
        unsigned long n;

        for (n = 1; n < 1000; n++) {
                struct script script = { .steps = steps };
                struct xsnet_error *err = NULL;
                unsigned long count;
                int r;

                failalloc_at(n);
                r = use_all(&script, &err);
                count = failalloc_count();
                failalloc_off();
                ck_assert_int_eq(script.n_open, 0);
                if (count < n) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_msg(r == -ENOMEM, "allocation %lu: %d", n, r);
                ck_assert_int_eq(xsnet_error_get_code(err), -ENOMEM);
                xsnet_error_free(err);
        }
        ck_assert_uint_gt(n, 40);
        ck_assert_uint_lt(n, 1000);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("transport_send");
        TCase *tc = tcase_create("send");

        tcase_add_loop_test(tc, each_message_gets_its_own_result, 0, (int)XSN_ARRAY_SIZE(answers));
        tcase_add_test(tc, the_error_names_request_device_kernel_text_and_the_others);
        tcase_add_test(tc, a_lost_answer_says_so);
        tcase_add_test(tc, three_hundred_messages_are_three_sends_with_one_acknowledgement_each);
        tcase_add_test(tc, one_send_a_turn_for_callers_with_a_loop);
        tcase_add_test(tc, bytes_are_bounded_by_the_option_and_by_the_socket);
        tcase_add_test(tc, what_follows_a_barrier_is_another_send);
        tcase_add_test(tc, after_a_failure_nothing_behind_the_barrier_is_sent);
        tcase_add_test(tc, keep_going_sends_it_all_the_same);
        tcase_add_loop_test(tc, a_send_that_fails_is_each_messages_result, 0, (int)XSN_ARRAY_SIZE(send_failures));
        tcase_add_test(tc, a_batch_put_together_wrongly_is_not_sent);
        tcase_add_test(tc, an_empty_batch_is_nothing_to_do);
        tcase_add_test(tc, a_socket_that_cannot_be_had_is_an_error_and_leaks_nothing);
        tcase_add_test(tc, memory_that_runs_out_anywhere_is_an_error_and_leaks_nothing);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
