/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/loop.h, on pipes and on timers of a few milliseconds. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "base/loop.h"
#include "failalloc.h"
#include "unit.h"

#define MS UINT64_C(1000000)

static struct xsn_loop *loop;
static char trace[256]; /* each callback adds its name */
static int pipes[2][2];

static void set_up(void)
{
        ck_assert_int_eq(xsn_loop_new(&loop, NULL), 0);
        for (int i = 0; i < 2; i++)
                ck_assert_int_eq(pipe2(pipes[i], O_NONBLOCK | O_CLOEXEC), 0);
        trace[0] = '\0';
}

static void tear_down(void)
{
        loop = xsn_loop_free(loop);
        for (int i = 0; i < 2; i++) {
                close(pipes[i][0]);
                close(pipes[i][1]);
        }
}

/* What the callbacks of one source do, apart from leaving their name. */
struct actor {
        const char *name;
        struct xsn_source *self;
        struct xsn_source **remove; /* sources to take out */
        struct actor *arm;          /* a timer to set to arm_at */
        uint64_t arm_at;
        int read_fd; /* > 0: read it empty */
};

static void act(void *userdata)
{
        struct actor *actor = userdata;
        char bytes[64];

        strcat(trace, actor->name);
        while (actor->read_fd > 0 && read(actor->read_fd, bytes, sizeof(bytes)) > 0)
                ;
        if (actor->remove)
                *actor->remove = xsn_source_remove(*actor->remove);
        if (actor->arm)
                xsn_source_set_time(actor->arm->self, actor->arm_at);
}

static void act_io(uint32_t events, void *userdata)
{
        strcat(trace, events & EPOLLIN ? "i" : "");
        strcat(trace, events & EPOLLOUT ? "o" : "");
        strcat(trace, events & EPOLLHUP ? "h" : "");
        act(userdata);
}

static void add_timer(struct actor *actor, uint64_t when)
{
        ck_assert_int_eq(xsn_loop_add_timer(loop, act, actor, &actor->self), 0);
        xsn_source_set_time(actor->self, when);
}

static void add_io(struct actor *actor, int fd, uint32_t events)
{
        ck_assert_int_eq(xsn_loop_add_io(loop, fd, events, act_io, actor, &actor->self), 0);
}

static bool readable(void)
{
        struct pollfd pfd = { .fd = xsn_loop_get_fd(loop), .events = POLLIN };

        return poll(&pfd, 1, 0) == 1;
}

/* One dispatch, and what ran in it. */
static const char *dispatch(void)
{
        trace[0] = '\0';
        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
        return trace;
}

START_TEST(an_idle_loop_does_nothing_and_never_blocks)
{
        struct actor a = { .name = "a" };
        uint64_t start = xsn_loop_now();

        add_io(&a, pipes[0][0], EPOLLIN);
        ck_assert(!readable());
        ck_assert_str_eq(dispatch(), "");
        ck_assert_int_eq(xsn_loop_wait(loop, 0), -ETIMEDOUT);
        ck_assert_int_eq(xsn_loop_wait(loop, xsn_loop_now() + 5 * MS), -ETIMEDOUT);
        ck_assert_uint_ge(xsn_loop_now(), start + 5 * MS);
        ck_assert_ptr_null(xsn_source_remove(a.self));
        ck_assert_ptr_null(xsn_source_remove(NULL));
        ck_assert_ptr_null(xsn_loop_free(NULL));
}
END_TEST

START_TEST(a_descriptor_that_is_ready_calls_its_own)
{
        struct actor a = { .name = "a", .read_fd = pipes[0][0] }, b = { .name = "b" };

        add_io(&a, pipes[0][0], EPOLLIN);
        add_io(&b, pipes[1][0], EPOLLIN);
        ck_assert_int_eq(write(pipes[0][1], "x", 1), 1);
        ck_assert(readable());
        ck_assert_int_eq(xsn_loop_wait(loop, UINT64_MAX), 0);
        ck_assert_str_eq(dispatch(), "ia");
        ck_assert(!readable());
        close(pipes[1][1]);
        ck_assert_str_eq(dispatch(), "hb");
        pipes[1][1] = -1;
        xsn_source_remove(a.self);
        xsn_source_remove(b.self);
}
END_TEST

START_TEST(events_can_be_changed)
{
        struct actor a = { .name = "a" };

        add_io(&a, pipes[0][1], EPOLLOUT);
        ck_assert_str_eq(dispatch(), "oa");
        ck_assert_int_eq(xsn_source_set_events(a.self, 0), 0);
        ck_assert(!readable());
        ck_assert_int_eq(xsn_source_set_events(a.self, EPOLLOUT), 0);
        ck_assert_str_eq(dispatch(), "oa");
        xsn_source_remove(a.self);
        ck_assert(!readable());
}
END_TEST

START_TEST(a_bad_descriptor_is_an_error)
{
        struct xsn_source *source = NULL;

        ck_assert_int_eq(xsn_loop_add_io(loop, -1, EPOLLIN, act_io, NULL, &source), -EBADF);
        ck_assert_ptr_null(source);
}
END_TEST

START_TEST(timers_run_by_time_and_then_by_arming)
{
        struct actor a = { .name = "a" }, b = { .name = "b" }, c = { .name = "c" }, d = { .name = "d" };

        add_timer(&a, 30);
        add_timer(&b, 10);
        add_timer(&c, 20);
        add_timer(&d, 10);
        ck_assert(readable());
        ck_assert_str_eq(dispatch(), "bdca");
        ck_assert(!readable());
        ck_assert_str_eq(dispatch(), ""); /* once each */
        xsn_source_remove(a.self);
        xsn_source_remove(b.self);
        xsn_source_remove(c.self);
        xsn_source_remove(d.self);
}
END_TEST

START_TEST(a_timer_waits_for_its_time)
{
        struct actor a = { .name = "a" };
        uint64_t when = xsn_loop_now() + 20 * MS;

        add_timer(&a, when);
        ck_assert_str_eq(dispatch(), "");
        ck_assert(!readable());
        ck_assert_int_eq(xsn_loop_wait(loop, UINT64_MAX), 0);
        ck_assert_uint_ge(xsn_loop_now(), when);
        ck_assert_str_eq(dispatch(), "a");
        xsn_source_set_time(a.self, xsn_loop_now() + 5 * MS);
        xsn_source_set_time(a.self, UINT64_MAX);
        ck_assert_int_eq(xsn_loop_wait(loop, xsn_loop_now() + 15 * MS), -ETIMEDOUT);
        ck_assert_str_eq(dispatch(), "");
        xsn_source_remove(a.self);
}
END_TEST

START_TEST(disarming_takes_an_expiry_back)
{
        struct actor a = { .name = "a" }, b = { .name = "b" };

        add_timer(&a, 0);
        ck_assert(readable());
        xsn_source_set_time(a.self, UINT64_MAX);
        ck_assert(!readable());
        add_timer(&b, 0);
        ck_assert(readable());
        b.self = xsn_source_remove(b.self);
        ck_assert(!readable());
        ck_assert_str_eq(dispatch(), "");
        xsn_source_remove(a.self);
}
END_TEST

START_TEST(a_timer_at_zero_runs_at_the_next_dispatch_not_in_this_one)
{
        struct actor a = { .name = "a" }, b = { .name = "b" };

        a.arm = &a; /* sets itself again, for ever */
        add_timer(&a, 0);
        for (int i = 0; i < 3; i++) {
                ck_assert(readable());
                ck_assert_str_eq(dispatch(), "a");
        }
        a.arm = &b;
        add_timer(&b, UINT64_MAX);
        ck_assert_str_eq(dispatch(), "a");
        ck_assert(readable());
        ck_assert_str_eq(dispatch(), "b");
        ck_assert(!readable());
        xsn_source_remove(a.self);
        xsn_source_remove(b.self);
}
END_TEST

START_TEST(a_timer_armed_from_a_descriptors_callback_runs_next_time)
{
        struct actor t = { .name = "t" }, a = { .name = "a", .read_fd = pipes[0][0], .arm = &t };

        add_timer(&t, UINT64_MAX);
        add_io(&a, pipes[0][0], EPOLLIN);
        ck_assert_int_eq(write(pipes[0][1], "x", 1), 1);
        ck_assert_str_eq(dispatch(), "ia");
        ck_assert_str_eq(dispatch(), "t");
        xsn_source_remove(a.self);
        xsn_source_remove(t.self);
}
END_TEST

START_TEST(a_timer_put_off_by_a_callback_does_not_run)
{
        struct actor b = { .name = "b" }, a = { .name = "a", .arm = &b, .arm_at = UINT64_MAX };

        add_timer(&a, 0);
        add_timer(&b, 0);
        ck_assert_str_eq(dispatch(), "a");
        ck_assert_str_eq(dispatch(), "");
        xsn_source_remove(a.self);
        xsn_source_remove(b.self);
}
END_TEST

START_TEST(a_removed_source_does_not_run_again)
{
        struct actor a = { .name = "a" }, b = { .name = "b" };
        bool a_ran;

        /* Both are ready in one batch, and whichever runs first takes the other out. */
        a.remove = &b.self;
        b.remove = &a.self;
        add_io(&a, pipes[0][1], EPOLLOUT);
        add_io(&b, pipes[1][1], EPOLLOUT);
        dispatch();
        a_ran = strcmp(trace, "oa") == 0;
        ck_assert(a_ran || strcmp(trace, "ob") == 0);
        ck_assert_ptr_null(a_ran ? b.self : a.self);
        xsn_source_remove(a.self);
        xsn_source_remove(b.self);

        b.remove = NULL;
        a.remove = &b.self;
        add_timer(&a, 0);
        add_timer(&b, 0);
        ck_assert_str_eq(dispatch(), "a");
        ck_assert_str_eq(dispatch(), "");
        xsn_source_remove(a.self);
}
END_TEST

START_TEST(a_source_may_remove_itself)
{
        struct actor a = { .name = "a" }, t = { .name = "t" };

        a.remove = &a.self;
        t.remove = &t.self;
        add_io(&a, pipes[0][1], EPOLLOUT);
        add_timer(&t, 0);
        ck_assert_str_eq(dispatch(), "oat");
        ck_assert_str_eq(dispatch(), "");
        ck_assert(!readable());
}
END_TEST

static void add_on_call(void *userdata)
{
        struct actor *added = userdata;

        strcat(trace, "+");
        for (int i = 0; i < 20; i++) /* more than the heap has room for at first */
                add_timer(&added[i], (uint64_t)i);
        add_io(&added[20], pipes[0][1], EPOLLOUT);
}

START_TEST(a_callback_may_add_sources)
{
        struct actor added[21];
        struct xsn_source *adder;

        for (int i = 0; i < 21; i++)
                added[i] = (struct actor){ .name = i % 2 ? "b" : "a" };
        ck_assert_int_eq(xsn_loop_add_timer(loop, add_on_call, added, &adder), 0);
        xsn_source_set_time(adder, 0);
        ck_assert_str_eq(dispatch(), "+");
        ck_assert_str_eq(dispatch(), "oaabababababababababab");
        xsn_source_remove(adder);
        for (int i = 0; i < 21; i++)
                xsn_source_remove(added[i].self);
}
END_TEST

static void dispatch_inside(void *userdata)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        *(int *)userdata = xsn_loop_dispatch(loop, &err);
        ck_assert_str_eq(xsnet_error_get_reason(err), "busy");
}

START_TEST(dispatch_from_a_callback_is_refused)
{
        struct xsn_source *source;
        int inner = 0;

        ck_assert_int_eq(xsn_loop_add_timer(loop, dispatch_inside, &inner, &source), 0);
        xsn_source_set_time(source, 0);
        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
        ck_assert_int_eq(inner, -EBUSY);
        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0); /* and it is free again */
        xsn_source_remove(source);
}
END_TEST

static void free_loop(void *userdata)
{
        struct actor *actor = userdata;

        actor->self = xsn_source_remove(actor->self);
        loop = xsn_loop_free(loop);
}

START_TEST(the_loop_may_be_freed_from_a_callback)
{
        struct actor a = { .name = "a" };

        ck_assert_int_eq(xsn_loop_add_timer(loop, free_loop, &a, &a.self), 0);
        xsn_source_set_time(a.self, 0);
        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
        ck_assert_ptr_null(loop);
}
END_TEST

/* A hundred ready descriptors and a due timer: none starves, whatever the size of a batch. */
START_TEST(everything_ready_gets_its_turn)
{
        enum {
                MANY = 200
        };
        struct actor many[MANY], t = { .name = "t" };
        size_t count = 0, timers = 0;

        memset(many, 0, sizeof(many));
        for (int i = 0; i < MANY; i++) {
                many[i].name = "";
                many[i].remove = &many[i].self;
                add_io(&many[i], dup(pipes[0][1]), EPOLLOUT);
        }
        add_timer(&t, 0);
        for (int round = 0; round < 10 && readable(); round++) {
                dispatch();
                timers += strchr(trace, 't') != NULL;
                count += strspn(trace, "o");
        }
        ck_assert_uint_eq(count, MANY);
        ck_assert_uint_eq(timers, 1);
        ck_assert(!readable());
        xsn_source_remove(t.self);
        close_range(pipes[1][1] + 1, ~0U, 0);
}
END_TEST

struct ticking {
        struct xsn_source *source;
        uint64_t when;
};

static uint64_t last_when;
static unsigned int n_ticks;

static void tick(void *userdata)
{
        struct ticking *timer = userdata;

        ck_assert_uint_ge(timer->when, last_when);
        last_when = timer->when;
        n_ticks++;
}

START_TEST(thousands_of_timers_keep_their_order)
{
        enum {
                MANY = 5000
        };
        static struct ticking timers[MANY];
        uint32_t random = 99;

        for (int i = 0; i < 3 * MANY; i++) { /* each is armed three times, anew */
                struct ticking *timer = &timers[i % MANY];

                if (i < MANY)
                        ck_assert_int_eq(xsn_loop_add_timer(loop, tick, timer, &timer->source), 0);
                random = random * 1664525 + 1013904223;
                timer->when = 1 + random % 10000;
                xsn_source_set_time(timer->source, timer->when);
        }
        for (int i = 0; i < MANY; i += 3)
                timers[i].source = xsn_source_remove(timers[i].source);
        last_when = 0;
        n_ticks = 0;
        ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
        ck_assert_uint_eq(n_ticks, MANY - (MANY + 2) / 3);
        ck_assert(!readable());
        for (int i = 0; i < MANY; i++)
                xsn_source_remove(timers[i].source);
}
END_TEST

static void on_alarm(int number)
{
        (void)number;
}

START_TEST(a_signal_ends_the_wait)
{
        struct sigaction action = { .sa_handler = on_alarm };
        struct itimerval soon = { .it_value = { .tv_usec = 10000 } };

        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &soon, NULL);
        ck_assert_int_eq(xsn_loop_wait(loop, UINT64_MAX), -EINTR);
}
END_TEST

START_TEST(without_memory_nothing_is_made)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_loop *none = NULL;
        struct xsn_source *source = NULL;
        int made, io, timer;

        failalloc_at(1);
        made = xsn_loop_new(&none, &err);
        failalloc_at(1);
        io = xsn_loop_add_io(loop, pipes[0][0], EPOLLIN, act_io, NULL, &source);
        failalloc_off();
        ck_assert_int_eq(made, -ENOMEM);
        ck_assert_int_eq(io, -ENOMEM);
        for (unsigned long n = 1; n <= 2; n++) {
                failalloc_at(n);
                timer = xsn_loop_add_timer(loop, act, NULL, &source);
                failalloc_off();
                ck_assert_int_eq(timer, -ENOMEM);
                ck_assert_uint_eq(failalloc_count(), n);
        }
        ck_assert_str_eq(xsnet_error_get_reason(err), "out-of-memory");
        ck_assert_ptr_null(none);
        ck_assert_ptr_null(source);
}
END_TEST

START_TEST(without_descriptors_no_loop_is_made)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_loop *none = NULL;
        struct rlimit limit, before;

        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        limit = before;
        for (int room = 0; room < 2; room++) { /* for the epoll descriptor only, at the second time */
                int lowest = dup(pipes[0][0]);

                close(lowest);
                limit.rlim_cur = (rlim_t)(lowest + room);
                ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
                ck_assert_int_eq(xsn_loop_new(&none, &err), -EMFILE);
                ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
                ck_assert_int_eq(xsnet_error_get_code(err), -EMFILE);
                ck_assert_str_eq(xsnet_error_get_reason(err), "system");
                ck_assert_ptr_null(none);
        }
}
END_TEST

static TCase *cases(void)
{
        static const TTest *const *const all[] = {
                &an_idle_loop_does_nothing_and_never_blocks,
                &a_descriptor_that_is_ready_calls_its_own,
                &events_can_be_changed,
                &a_bad_descriptor_is_an_error,
                &timers_run_by_time_and_then_by_arming,
                &a_timer_waits_for_its_time,
                &disarming_takes_an_expiry_back,
                &a_timer_at_zero_runs_at_the_next_dispatch_not_in_this_one,
                &a_timer_armed_from_a_descriptors_callback_runs_next_time,
                &a_timer_put_off_by_a_callback_does_not_run,
                &a_removed_source_does_not_run_again,
                &a_source_may_remove_itself,
                &a_callback_may_add_sources,
                &dispatch_from_a_callback_is_refused,
                &the_loop_may_be_freed_from_a_callback,
                &everything_ready_gets_its_turn,
                &thousands_of_timers_keep_their_order,
                &a_signal_ends_the_wait,
                &without_memory_nothing_is_made,
                &without_descriptors_no_loop_is_made,
        };
        TCase *tc = tcase_create("loop");

        tcase_add_checked_fixture(tc, set_up, tear_down);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(all); i++)
                tcase_add_test(tc, *all[i]);
        return tc;
}

int main(void)
{
        Suite *suite = suite_create("base/loop");

        suite_add_tcase(suite, cases());
        return unit_main(suite);
}
