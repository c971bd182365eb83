/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the kernel and its events, with answers that are interrupted, lost, truncated or wrong. */
#include "netlink_script.h"
#include "transport/netlink_dump.h"
#include "transport/netlink_monitor.h"
#include "unit.h"

#define LINK(c, ...)                                                                  \
        {                                                                             \
                .type = RTM_NEWLINK, .flags = NLM_F_MULTI, .code = (c), ##__VA_ARGS__ \
        }
#define INTR(c)                                                                                   \
        {                                                                                         \
                .type = RTM_NEWLINK, .flags = NLM_F_MULTI | 16 /* NLM_F_DUMP_INTR */, .code = (c) \
        }
#define DONE                                             \
        {                                                \
                .type = NLMSG_DONE, .flags = NLM_F_MULTI \
        }
#define DONE_(c)                                                      \
        {                                                             \
                .type = NLMSG_DONE, .flags = NLM_F_MULTI, .code = (c) \
        }
#define ERROR(c)                                 \
        {                                        \
                .type = NLMSG_ERROR, .code = (c) \
        }
#define FAIL(e)            \
        {                  \
                .err = (e) \
        }
#define NEXT                      \
        {                         \
                .next_send = true \
        }

/* Sums up the ifindexes, so that one read twice is seen. */
struct sum {
        int total;
        int n_restarts;
        int stop_at;
        struct xsn_nl *ask; /* asked from inside, which must be refused */
        int asked;
};

static int add(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        struct sum *sum = userdata;
        const struct ifinfomsg *link = xsn_nl_header(msg, sizeof(*link));

        ck_assert_ptr_nonnull(link);
        sum->total += link->ifi_index;
        if (sum->ask) {
                struct xsn_nl_reader reader = { .message = add, .userdata = sum };

                sum->asked = xsn_nl_dump_links(sum->ask, NULL, 0, &reader, NULL);
        }
        if (link->ifi_index == sum->stop_at)
                return xsn_error_set(ret_err, -EDOM, "stop", "enough");
        return 0;
}

static void forget(void *userdata)
{
        struct sum *sum = userdata;

        sum->total = 0;
        sum->n_restarts++;
}

static struct xsn_nl *open_script(struct script *script)
{
        struct xsn_nl_options options = SCRIPT_OPTIONS(script);
        struct xsn_nl *nl = NULL;

        ck_assert_int_eq(xsn_nl_open(&options, &nl, NULL), 0);
        return nl;
}

static const struct {
        const char *name;
        struct step steps[8];
        int result;
        int total;
        int n_restarts;
        const char *reason;
} dumps[] = {
        { "to the end", { LINK(1), LINK(2), LINK(4, .joined = true), DONE }, 0, 7, 0, NULL },
        { "nothing there", { DONE }, 0, 0, 0, NULL },
        { "interrupted reads", { FAIL(EINTR), LINK(1), FAIL(EINTR), DONE }, 0, 1, 0, NULL },
        { "interrupted: read to the end, then again",
          { LINK(1), INTR(2), LINK(4), DONE, NEXT, LINK(8), DONE },
          0,
          8,
          1,
          NULL },
        { "interrupted, told by the end only",
          { LINK(1), { .type = NLMSG_DONE, .flags = NLM_F_MULTI | 16 }, NEXT, LINK(8), DONE },
          0,
          8,
          1,
          NULL },
        { "overrun: again", { LINK(1), FAIL(ENOBUFS), LINK(2), DONE, NEXT, LINK(8), DONE }, 0, 8, 1, NULL },
        { "truncated: again", { LINK(1), LINK(2, .truncated = true), DONE, NEXT, LINK(8), DONE }, 0, 8, 1, NULL },
        { "cut: again", { LINK(1, .cut = 4), DONE, NEXT, LINK(8), DONE }, 0, 8, 1, NULL },
        { "its end is lost: again", { LINK(1), NEXT, LINK(8), DONE }, 0, 8, 1, NULL },
        { "an older dump is in the way: again", { ERROR(-EBUSY), NEXT, LINK(8), DONE }, 0, 8, 1, NULL },
        { "another's answer", { LINK(1, .index = -1), LINK(2, .from = 7), LINK(4), DONE }, 0, 4, 0, NULL },
        { "an error instead", { ERROR(-EPERM) }, -EPERM, 0, 0, "not-permitted" },
        { "an error at the end", { LINK(1), DONE_(-EOPNOTSUPP) }, -EOPNOTSUPP, 1, 0, "not-supported" },
        { "the socket broke", { LINK(1), FAIL(EBADF) }, -EBADF, 1, 0, "system-error" },
        { "overruns without end", { { .err = ENOBUFS, .forever = true } }, -EAGAIN, 0, 7, "dump-interrupted" },
        { "never an answer", { { .err = 0 } }, -EAGAIN, 0, 7, "dump-interrupted" },
        { "stopped by the reader, read to the end all the same", { LINK(64), LINK(1), DONE }, -EDOM, 64, 0, "stop" },
};

START_TEST(a_dump_is_whole_or_an_error)
{
        struct script script = { .steps = dumps[_i].steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct sum sum = { .stop_at = 64 };
        struct xsn_nl_reader reader = { .message = add, .restart = forget, .userdata = &sum };
        int r = xsn_nl_dump_links(nl, NULL, 0, &reader, &err);

        ck_assert_msg(r == dumps[_i].result, "%s: %d", dumps[_i].name, r);
        ck_assert_msg(sum.total == dumps[_i].total, "%s: %d", dumps[_i].name, sum.total);
        ck_assert_msg(sum.n_restarts == dumps[_i].n_restarts, "%s: %d restarts", dumps[_i].name, sum.n_restarts);
        ck_assert((err != NULL) == (r < 0));
        if (err)
                ck_assert_str_eq(xsnet_error_get_reason(err), dumps[_i].reason);
        /* What was asked is answered to the end, or the next question would meet the rest. */
        if (r != -EAGAIN)
                ck_assert_msg(script.steps[script.at].type == 0, "%s: unread", dumps[_i].name);
}
END_TEST

START_TEST(a_truncated_read_is_followed_by_larger_ones)
{
        static const struct step steps[] = { LINK(1, .truncated = true), NEXT, LINK(1), DONE, { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        struct sum sum = { 0 };
        struct xsn_nl_reader reader = { .message = add, .userdata = &sum };

        ck_assert_int_eq(xsn_nl_dump_links(nl, NULL, 0, &reader, NULL), 0);
        ck_assert_uint_ge(script.largest_read, 128 << 10);
        ck_assert_int_eq(sum.total, 1);
}
END_TEST

START_TEST(an_interrupted_dump_that_never_settles_gives_up)
{
        static const struct step steps[] = { { .type = RTM_NEWLINK, .flags = 16, .code = 1 }, DONE, { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct sum sum = { 0 };
        struct xsn_nl_reader reader = { .message = add, .restart = forget, .userdata = &sum };

        ck_assert_int_eq(xsn_nl_dump_links(nl, NULL, 0, &reader, &err), -EAGAIN);
        ck_assert_uint_eq(script.n_sends, 8);
        ck_assert_str_eq(xsnet_error_get_where(err), "test: RTM_GETLINK");
}
END_TEST

START_TEST(a_get_ends_with_its_acknowledgement)
{
        static const struct step steps[] = { { .type = RTM_NEWLINK, .code = 5 }, ERROR(0), { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        struct sum sum = { 0 };
        struct xsn_nl_reader reader = { .message = add, .userdata = &sum };

        ck_assert_int_eq(xsn_nl_get_link(nl, "br5", 0, &reader, NULL), 0);
        ck_assert_int_eq(sum.total, 5);
        ck_assert(script.ack_last[0]);
}
END_TEST

START_TEST(a_device_that_is_not_there_is_named)
{
        static const struct step steps[] = { { .type = NLMSG_ERROR, .code = -ENODEV, .text = "gone" }, { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct sum sum = { 0 };
        struct xsn_nl_reader reader = { .message = add, .userdata = &sum };

        ck_assert_int_eq(xsn_nl_get_link(nl, "br5", 0, &reader, &err), -ENODEV);
        ck_assert_str_eq(xsnet_error_get_message(err), "RTM_GETLINK br5: No such device (gone)");
        ck_assert_str_eq(xsnet_error_get_where(err), "test: RTM_GETLINK br5");
}
END_TEST

START_TEST(a_reader_must_not_ask_on_the_same_socket)
{
        static const struct step steps[] = { LINK(1), DONE, { 0 } };
        struct script script = { .steps = steps };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        struct sum sum = { .ask = nl };
        struct xsn_nl_reader reader = { .message = add, .userdata = &sum };

        ck_assert_int_eq(xsn_nl_dump_links(nl, NULL, 0, &reader, NULL), 0);
        ck_assert_int_eq(sum.asked, -EBUSY);
        ck_assert_uint_eq(script.n_sends, 1);
}
END_TEST

START_TEST(links_that_an_old_kernel_did_not_filter_are_filtered_here)
{
        static const struct step steps[] = { LINK(1), DONE, NEXT, LINK(2), DONE, { 0 } };
        struct script script = { .steps = steps, .no_strict = true };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_script(&script);
        struct sum sum = { 0 };
        struct xsn_nl_reader reader = { .message = add, .userdata = &sum };

        ck_assert(!xsn_nl_is_strict(nl));
        ck_assert_int_eq(xsn_nl_dump_links(nl, "bridge", 0, &reader, NULL), 0);
        ck_assert_int_eq(xsn_nl_dump_links(nl, NULL, 7, &reader, NULL), 0);
        ck_assert_int_eq(sum.total, 0);
}
END_TEST

struct heard {
        int total;
        int n_resyncs;
        struct xsn_nl_monitor *close_at_message;
        struct xsn_nl_monitor *again;
        int again_result;
};

static void hear(const struct nlmsghdr *msg, void *userdata)
{
        struct heard *heard = userdata;
        const struct ifinfomsg *link = xsn_nl_header(msg, sizeof(*link));

        heard->total += link->ifi_index;
        if (heard->again)
                heard->again_result = xsn_nl_monitor_dispatch(heard->again, NULL);
        if (heard->close_at_message)
                xsn_nl_monitor_close(heard->close_at_message);
}

static void lose(void *userdata)
{
        ((struct heard *)userdata)->n_resyncs++;
}

static const struct {
        const char *name;
        struct step steps[6];
        int result;
        int total;
        int n_resyncs;
} events[] = {
        { "in order", { LINK(1), LINK(2, .joined = true), LINK(4) }, 0, 7, 0 },
        { "nothing there", { { .err = 0 } }, 0, 0, 0 },
        { "interrupted", { FAIL(EINTR), LINK(1) }, 0, 1, 0 },
        { "overrun: told, and what is left is read", { LINK(1), FAIL(ENOBUFS), LINK(2) }, 0, 3, 1 },
        { "truncated", { LINK(1, .truncated = true), LINK(2) }, 0, 2, 1 },
        { "cut", { LINK(1, .cut = 4), LINK(2) }, 0, 2, 1 },
        { "not from the kernel", { LINK(1, .from = 4711), LINK(2) }, 0, 2, 0 },
        { "the socket broke", { LINK(1), FAIL(EBADF) }, -EBADF, 1, 0 },
        { "overruns without end end the turn", { { .err = ENOBUFS, .forever = true } }, 0, 0, 256 },
};

static struct xsn_nl_monitor *open_monitor(struct script *script, struct heard *heard)
{
        static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_MPLS_ROUTE };
        struct xsn_nl_options options = SCRIPT_OPTIONS(script);
        struct xsn_nl_listener listener = { .message = hear, .resync = lose, .userdata = heard };
        struct xsn_nl_monitor *monitor = NULL;

        ck_assert_int_eq(xsn_nl_monitor_open(&options, groups, 3, &listener, &monitor, NULL), 0);
        ck_assert_uint_eq(script->n_groups, 3);
        ck_assert_uint_eq(script->groups[1], RTNLGRP_IPV4_IFADDR);
        return monitor;
}

START_TEST(events_are_told_and_lost_ones_too)
{
        struct script script = { .steps = events[_i].steps };
        struct heard heard = { 0 };
        _cleanup_(xsn_nl_monitor_closep) struct xsn_nl_monitor *monitor = open_monitor(&script, &heard);
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int r = xsn_nl_monitor_dispatch(monitor, &err);

        ck_assert_msg(r == events[_i].result, "%s: %d", events[_i].name, r);
        ck_assert_msg(heard.total == events[_i].total, "%s: %d", events[_i].name, heard.total);
        ck_assert_msg(heard.n_resyncs == events[_i].n_resyncs, "%s: %d resyncs", events[_i].name, heard.n_resyncs);
        ck_assert((err != NULL) == (r < 0));
}
END_TEST

START_TEST(a_listener_may_close_its_monitor)
{
        static const struct step steps[] = { LINK(1), LINK(2, .joined = true), LINK(4), { 0 } };
        struct script script = { .steps = steps };
        struct heard heard = { 0 };

        heard.close_at_message = open_monitor(&script, &heard);
        heard.again = heard.close_at_message;
        ck_assert_int_eq(xsn_nl_monitor_dispatch(heard.close_at_message, NULL), 0);
        ck_assert_int_eq(heard.total, 1);
        ck_assert_int_eq(heard.again_result, -EBUSY);
        ck_assert_int_eq(script.n_open, 0);
}
END_TEST

START_TEST(a_group_that_cannot_be_joined_is_an_error_and_leaks_nothing)
{
        static const struct step steps[] = { { 0 } };
        static const unsigned group = RTNLGRP_LINK;
        struct script script = { .steps = steps, .fail_group = EPERM };
        struct xsn_nl_options options = SCRIPT_OPTIONS(&script);
        struct xsn_nl_listener listener = { .message = hear, .resync = lose };
        struct xsn_nl_monitor *monitor = NULL;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_nl_monitor_open(&options, &group, 1, &listener, &monitor, &err), -EPERM);
        ck_assert_str_eq(xsnet_error_get_reason(err), "not-permitted");
        ck_assert_ptr_null(monitor);
        ck_assert_int_eq(script.n_open, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("transport_query");
        TCase *tc = tcase_create("query");

        tcase_add_loop_test(tc, a_dump_is_whole_or_an_error, 0, (int)XSN_ARRAY_SIZE(dumps));
        tcase_add_test(tc, a_truncated_read_is_followed_by_larger_ones);
        tcase_add_test(tc, an_interrupted_dump_that_never_settles_gives_up);
        tcase_add_test(tc, a_get_ends_with_its_acknowledgement);
        tcase_add_test(tc, a_device_that_is_not_there_is_named);
        tcase_add_test(tc, a_reader_must_not_ask_on_the_same_socket);
        tcase_add_test(tc, links_that_an_old_kernel_did_not_filter_are_filtered_here);
        tcase_add_loop_test(tc, events_are_told_and_lost_ones_too, 0, (int)XSN_ARRAY_SIZE(events));
        tcase_add_test(tc, a_listener_may_close_its_monitor);
        tcase_add_test(tc, a_group_that_cannot_be_joined_is_an_error_and_leaks_nothing);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
