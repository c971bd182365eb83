/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine, by scripts: what happens when, what is to be done, and when it wants to be asked again. */
#include <stdbool.h>

#include "base/cleanup.h"
#include "transport/ovsdb_reconnect.h"
#include "unit.h"

#define NEVER XSN_RECONNECT_NEVER

#define START     XSN_RECONNECT_START
#define STOP      XSN_RECONNECT_STOP
#define CONNECTED XSN_RECONNECT_CONNECTED
#define READY     XSN_RECONNECT_READY
#define HEARD     XSN_RECONNECT_HEARD
#define FAILED    XSN_RECONNECT_FAILED
#define TICK      XSN_RECONNECT_TICK

#define NOTHING XSN_RECONNECT_NOTHING
#define CONNECT XSN_RECONNECT_CONNECT
#define DROP    XSN_RECONNECT_DROP
#define PROBE   XSN_RECONNECT_PROBE

#define IDLE       XSN_RECONNECT_IDLE
#define WAITING    XSN_RECONNECT_WAITING
#define CONNECTING XSN_RECONNECT_CONNECTING
#define GREETING   XSN_RECONNECT_GREETING
#define ACTIVE     XSN_RECONNECT_ACTIVE
#define PROBING    XSN_RECONNECT_PROBING

static const struct xsn_reconnect_options usual = {
        .backoff_min = 100, .backoff_max = 1000, .connect_limit = 5000, .probe_after = 2000
};

struct line {
        uint64_t now;
        int event;
        int action;
        int state;
        uint64_t deadline;
};

static void play(struct xsn_reconnect *reconnect, const struct line *lines, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct line *line = &lines[i];
                int action = xsn_reconnect_step(reconnect, line->event, line->now);

                ck_assert_msg(action == line->action, "line %zu: action %d, not %d", i, action, line->action);
                ck_assert_msg(reconnect->state == line->state, "line %zu: state %d, not %d", i, reconnect->state,
                              line->state);
                ck_assert_msg(reconnect->deadline == line->deadline, "line %zu: deadline %llu", i,
                              (unsigned long long)reconnect->deadline);
        }
}

#define PLAY(options, ...)                                           \
        do {                                                         \
                static const struct line lines_[] = { __VA_ARGS__ }; \
                struct xsn_reconnect reconnect_;                     \
                xsn_reconnect_init(&reconnect_, options);            \
                ck_assert_int_eq(reconnect_.state, IDLE);            \
                ck_assert_uint_eq(reconnect_.deadline, NEVER);       \
                play(&reconnect_, lines_, XSN_ARRAY_SIZE(lines_));   \
        } while (0)

START_TEST(connects_greets_and_is_active)
{
        PLAY(&usual, { 10, START, CONNECT, CONNECTING, 5010 }, { 20, CONNECTED, NOTHING, GREETING, 5010 },
             { 30, READY, NOTHING, ACTIVE, 2030 }, { 40, HEARD, NOTHING, ACTIVE, 2040 });
}
END_TEST

START_TEST(waits_twice_as_long_after_each_failure_up_to_the_limit)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 1, FAILED, NOTHING, WAITING, 101 },
             { 100, TICK, NOTHING, WAITING, 101 }, { 101, TICK, CONNECT, CONNECTING, 5101 },
             { 102, FAILED, NOTHING, WAITING, 302 }, { 302, TICK, CONNECT, CONNECTING, 5302 },
             { 303, FAILED, NOTHING, WAITING, 703 }, { 703, TICK, CONNECT, CONNECTING, 5703 },
             { 704, FAILED, NOTHING, WAITING, 1504 }, { 1504, TICK, CONNECT, CONNECTING, 6504 },
             { 1505, FAILED, NOTHING, WAITING, 2505 }, { 2505, TICK, CONNECT, CONNECTING, 7505 },
             { 2506, FAILED, NOTHING, WAITING, 3506 });
}
END_TEST

START_TEST(a_connection_that_held_starts_the_back_off_again)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 1, FAILED, NOTHING, WAITING, 101 },
             { 101, TICK, CONNECT, CONNECTING, 5101 }, { 102, FAILED, NOTHING, WAITING, 302 },
             { 302, TICK, CONNECT, CONNECTING, 5302 }, { 303, CONNECTED, NOTHING, GREETING, 5302 },
             { 304, READY, NOTHING, ACTIVE, 2304 }, { 1304, FAILED, NOTHING, WAITING, 1404 });
}
END_TEST

START_TEST(a_server_that_throws_us_out_at_once_does_not_reset_the_back_off)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 1, CONNECTED, NOTHING, GREETING, 5000 },
             { 2, READY, NOTHING, ACTIVE, 2002 }, { 3, FAILED, NOTHING, WAITING, 103 },
             { 103, TICK, CONNECT, CONNECTING, 5103 }, { 104, CONNECTED, NOTHING, GREETING, 5103 },
             { 105, READY, NOTHING, ACTIVE, 2105 }, { 1104, FAILED, NOTHING, WAITING, 1304 });
}
END_TEST

START_TEST(an_attempt_that_takes_too_long_is_dropped_whether_connected_or_not)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 4999, TICK, NOTHING, CONNECTING, 5000 },
             { 5000, TICK, DROP, WAITING, 5100 }, { 5100, TICK, CONNECT, CONNECTING, 10100 },
             { 5200, CONNECTED, NOTHING, GREETING, 10100 }, { 5300, HEARD, NOTHING, GREETING, 10100 },
             { 10100, TICK, DROP, WAITING, 10300 });
}
END_TEST

START_TEST(silence_is_probed_and_then_dropped)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 0, CONNECTED, NOTHING, GREETING, 5000 },
             { 0, READY, NOTHING, ACTIVE, 2000 }, { 2000, TICK, PROBE, PROBING, 4000 },
             { 3999, TICK, NOTHING, PROBING, 4000 }, { 4000, TICK, DROP, WAITING, 4100 });
}
END_TEST

START_TEST(an_answer_to_the_probe_keeps_the_connection)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 0, CONNECTED, NOTHING, GREETING, 5000 },
             { 0, READY, NOTHING, ACTIVE, 2000 }, { 2000, TICK, PROBE, PROBING, 4000 },
             { 2100, HEARD, NOTHING, ACTIVE, 4100 }, { 4100, TICK, PROBE, PROBING, 6100 });
}
END_TEST

/* A program that did not dispatch for long must ask before it gives up. */
START_TEST(a_late_tick_probes_first)
{
        PLAY(&usual, { 0, START, CONNECT, CONNECTING, 5000 }, { 0, CONNECTED, NOTHING, GREETING, 5000 },
             { 0, READY, NOTHING, ACTIVE, 2000 }, { 99000, TICK, PROBE, PROBING, 101000 });
}
END_TEST

START_TEST(without_probes_an_active_connection_has_no_deadline)
{
        static const struct xsn_reconnect_options quiet = { .backoff_min = 1, .backoff_max = 1, .connect_limit = 9 };

        PLAY(&quiet, { 0, START, CONNECT, CONNECTING, 9 }, { 0, CONNECTED, NOTHING, GREETING, 9 },
             { 0, READY, NOTHING, ACTIVE, NEVER }, { 5, HEARD, NOTHING, ACTIVE, NEVER },
             { UINT64_MAX - 1, TICK, NOTHING, ACTIVE, NEVER });
}
END_TEST

START_TEST(stop_ends_what_is_under_way_and_start_begins_anew)
{
        PLAY(&usual, { 0, STOP, NOTHING, IDLE, NEVER }, { 1, START, CONNECT, CONNECTING, 5001 },
             { 2, STOP, DROP, IDLE, NEVER }, { 3, START, CONNECT, CONNECTING, 5003 },
             { 4, FAILED, NOTHING, WAITING, 104 }, { 5, STOP, NOTHING, IDLE, NEVER },
             { 6, START, CONNECT, CONNECTING, 5006 }, { 7, FAILED, NOTHING, WAITING, 107 });
}
END_TEST

/* Of a connection that is gone. */
START_TEST(events_that_do_not_fit_change_nothing)
{
        PLAY(&usual, { 0, TICK, NOTHING, IDLE, NEVER }, { 0, FAILED, NOTHING, IDLE, NEVER },
             { 0, CONNECTED, NOTHING, IDLE, NEVER }, { 0, READY, NOTHING, IDLE, NEVER },
             { 0, HEARD, NOTHING, IDLE, NEVER }, { 0, START, CONNECT, CONNECTING, 5000 },
             { 1, START, NOTHING, CONNECTING, 5000 }, { 1, READY, NOTHING, CONNECTING, 5000 },
             { 1, HEARD, NOTHING, CONNECTING, 5000 }, { 2, FAILED, NOTHING, WAITING, 102 },
             { 3, FAILED, NOTHING, WAITING, 102 }, { 3, CONNECTED, NOTHING, WAITING, 102 },
             { 3, START, NOTHING, WAITING, 102 }, { 3, 4711, NOTHING, WAITING, 102 });
}
END_TEST

START_TEST(times_beyond_the_end_of_time_are_never)
{
        static const struct xsn_reconnect_options vast = {
                .backoff_min = UINT64_MAX, .backoff_max = 0, .connect_limit = UINT64_MAX, .probe_after = UINT64_MAX
        };

        PLAY(&vast, { 10, START, CONNECT, CONNECTING, NEVER }, { 10, CONNECTED, NOTHING, GREETING, NEVER },
             { 10, READY, NOTHING, ACTIVE, NEVER }, { 11, FAILED, NOTHING, WAITING, NEVER });
}
END_TEST

START_TEST(no_back_off_is_some_nevertheless)
{
        static const struct xsn_reconnect_options none = { .connect_limit = 10 };

        PLAY(&none, { 0, START, CONNECT, CONNECTING, 10 }, { 5, FAILED, NOTHING, WAITING, 6 },
             { 6, TICK, CONNECT, CONNECTING, 16 }, { 7, FAILED, NOTHING, WAITING, 8 });
}
END_TEST

/* Whatever comes in whatever order: attempts stay apart by the smallest back-off, and the state is one of its own. */
START_TEST(random_events_never_make_it_connect_faster_than_the_back_off)
{
        uint64_t random = 88172645463325252ULL, now = 0, last_failure = 0;
        struct xsn_reconnect reconnect;

        xsn_reconnect_init(&reconnect, &usual);
        (void)xsn_reconnect_step(&reconnect, START, now);
        for (int i = 0; i < 20000; i++) {
                int event, action, before = reconnect.state;

                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                now += random % 97;
                event = CONNECTED + (int)((random >> 20) % 5);
                action = xsn_reconnect_step(&reconnect, event, now);
                ck_assert_int_ge(reconnect.state, WAITING);
                ck_assert_int_le(reconnect.state, PROBING);
                ck_assert(action != CONNECT || now - last_failure >= usual.backoff_min);
                ck_assert(action != DROP || before >= CONNECTING);
                ck_assert(reconnect.deadline != NEVER);
                if (reconnect.state == WAITING && before != WAITING)
                        last_failure = now;
                if (reconnect.state == WAITING)
                        ck_assert_uint_le(reconnect.deadline - last_failure, usual.backoff_max);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_reconnect");
        TCase *tc = tcase_create("reconnect");

        tcase_add_test(tc, connects_greets_and_is_active);
        tcase_add_test(tc, waits_twice_as_long_after_each_failure_up_to_the_limit);
        tcase_add_test(tc, a_connection_that_held_starts_the_back_off_again);
        tcase_add_test(tc, a_server_that_throws_us_out_at_once_does_not_reset_the_back_off);
        tcase_add_test(tc, an_attempt_that_takes_too_long_is_dropped_whether_connected_or_not);
        tcase_add_test(tc, silence_is_probed_and_then_dropped);
        tcase_add_test(tc, an_answer_to_the_probe_keeps_the_connection);
        tcase_add_test(tc, a_late_tick_probes_first);
        tcase_add_test(tc, without_probes_an_active_connection_has_no_deadline);
        tcase_add_test(tc, stop_ends_what_is_under_way_and_start_begins_anew);
        tcase_add_test(tc, events_that_do_not_fit_change_nothing);
        tcase_add_test(tc, times_beyond_the_end_of_time_are_never);
        tcase_add_test(tc, no_back_off_is_some_nevertheless);
        tcase_add_test(tc, random_events_never_make_it_connect_faster_than_the_back_off);
        tcase_set_timeout(tc, 60);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
