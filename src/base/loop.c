/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One epoll descriptor with every descriptor of the library and one timerfd, which is
 * always set to the earliest timer of a heap. The engine and all backends register here.
 * Timers at 0, which most of an operation's turns are, go by an eventfd: that is cheaper.
 *
 * A callback may add, remove and re-arm anything: what is removed during a dispatch is
 * only marked, and freed when the dispatch is over, as epoll may have reported it already.
 */
#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/alloc.h"

#define NEVER      UINT64_MAX
#define NS_PER_SEC UINT64_C(1000000000)
#define BATCH      64 /* events taken at a time; what is left keeps the descriptor readable */

enum timer_state {
        IDLE,
        ARMED, /* in the heap */
        DUE,   /* in the list of this dispatch */
};

struct xsn_source {
        struct xsn_loop *loop;
        void *userdata;
        bool removed;                 /* during a dispatch; fn is not called any more */
        struct xsn_source *next_dead; /* in loop->dead */

        /* a descriptor */
        xsn_io_fn io; /* NULL: a timer */
        int fd;
        uint32_t events;

        /* a timer */
        xsn_call_fn call;
        enum timer_state state;
        uint64_t when;
        uint64_t order;                         /* of arming: decides between equal times */
        size_t index;                           /* ARMED: in loop->heap */
        struct xsn_source *next_due, *prev_due; /* DUE: in loop->due */
};

struct xsn_loop {
        int epoll_fd;
        int timer_fd;
        int wake_fd;              /* an eventfd */
        bool woken;               /* wake_fd is readable */
        uint64_t timer_set;       /* what timer_fd is set to; NEVER: it is disarmed and not readable */
        struct xsn_source **heap; /* binary, the earliest timer first */
        size_t n_heap;
        size_t cap_heap; /* at least n_timers, so that arming cannot fail */
        size_t n_timers;
        uint64_t n_armings;
        struct xsn_source *due; /* the timers that this dispatch still has to run, in order */
        struct xsn_source *last_due;
        struct xsn_source *dead; /* removed during this dispatch */
        bool dispatching;
        bool doomed; /* freed from a callback: goes when the dispatch is over */
};

uint64_t xsn_loop_now(void)
{
        struct timespec now;

        if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
                return 0; /* cannot happen: every kernel has the clock */
        return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

/* ---- the heap of armed timers ---- */

static bool earlier(const struct xsn_source *a, const struct xsn_source *b)
{
        return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void heap_set(struct xsn_loop *loop, size_t index, struct xsn_source *timer)
{
        loop->heap[index] = timer;
        timer->index = index;
}

/* Puts the timer where it belongs, given that index is free and only it may be out of order. */
static void heap_settle(struct xsn_loop *loop, size_t index, struct xsn_source *timer)
{
        while (index > 0 && earlier(timer, loop->heap[(index - 1) / 2])) {
                heap_set(loop, index, loop->heap[(index - 1) / 2]);
                index = (index - 1) / 2;
        }
        for (;;) {
                size_t child = 2 * index + 1;

                if (child + 1 < loop->n_heap && earlier(loop->heap[child + 1], loop->heap[child]))
                        child++;
                if (child >= loop->n_heap || !earlier(loop->heap[child], timer))
                        break;
                heap_set(loop, index, loop->heap[child]);
                index = child;
        }
        heap_set(loop, index, timer);
}

static void heap_insert(struct xsn_loop *loop, struct xsn_source *timer)
{
        timer->state = ARMED;
        heap_settle(loop, loop->n_heap++, timer);
}

static void heap_remove(struct xsn_loop *loop, struct xsn_source *timer)
{
        struct xsn_source *last = loop->heap[--loop->n_heap];

        timer->state = IDLE;
        if (last != timer)
                heap_settle(loop, timer->index, last);
}

/* ---- the list of due timers ---- */

static void due_append(struct xsn_loop *loop, struct xsn_source *timer)
{
        timer->state = DUE;
        timer->next_due = NULL;
        timer->prev_due = loop->last_due;
        if (loop->last_due)
                loop->last_due->next_due = timer;
        else
                loop->due = timer;
        loop->last_due = timer;
}

static void due_remove(struct xsn_loop *loop, struct xsn_source *timer)
{
        timer->state = IDLE;
        if (timer->next_due)
                timer->next_due->prev_due = timer->prev_due;
        else
                loop->last_due = timer->prev_due;
        if (timer->prev_due)
                timer->prev_due->next_due = timer->next_due;
        else
                loop->due = timer->next_due;
}

static void timer_disarm(struct xsn_source *timer)
{
        if (timer->state == ARMED)
                heap_remove(timer->loop, timer);
        else if (timer->state == DUE)
                due_remove(timer->loop, timer);
}

static void drain_wake_fd(struct xsn_loop *loop)
{
        uint64_t n;

        loop->woken = read(loop->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR;
}

/* Sets the timerfd to the earliest timer, or wakes the loop at once. During a dispatch that waits for its end. */
static void update_timer_fd(struct xsn_loop *loop)
{
        uint64_t when = loop->n_heap > 0 ? loop->heap[0]->when : NEVER;
        struct itimerspec spec = { .it_interval = { 0 } };
        uint64_t one = 1;

        if (loop->dispatching)
                return;
        if (when == 0) {
                loop->woken = loop->woken || write(loop->wake_fd, &one, sizeof(one)) == (ssize_t)sizeof(one);
                return;
        }
        if (loop->woken)
                drain_wake_fd(loop);
        if (when == loop->timer_set)
                return;
        loop->timer_set = when;
        if (when != NEVER) {
                spec.it_value.tv_sec = (time_t)(when / NS_PER_SEC);
                spec.it_value.tv_nsec = (long)(when % NS_PER_SEC);
        }
        /* Fails for a bad descriptor or time only. Setting also forgets an expiry that nobody read. */
        (void)timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* ---- the loop ---- */

static void loop_destroy(struct xsn_loop *loop)
{
        if (loop->wake_fd >= 0)
                (void)close(loop->wake_fd);
        if (loop->timer_fd >= 0)
                (void)close(loop->timer_fd);
        if (loop->epoll_fd >= 0)
                (void)close(loop->epoll_fd);
        xsn_free(loop->heap);
        xsn_free(loop);
}

struct xsn_loop *xsn_loop_free(struct xsn_loop *loop)
{
        if (!loop)
                return NULL;
        if (loop->dispatching)
                loop->doomed = true;
        else
                loop_destroy(loop);
        return NULL;
}

int xsn_loop_new(struct xsn_loop **ret_loop, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_loop_freep) struct xsn_loop *loop = xsn_alloc(sizeof(*loop));
        struct epoll_event timer = { .events = EPOLLIN, .data = { .ptr = NULL } };
        struct epoll_event wake = { .events = EPOLLIN, .data = { .ptr = loop } };

        if (!loop)
                return xsn_error_oom(ret_err);
        loop->timer_set = NEVER;
        loop->timer_fd = -1;
        loop->wake_fd = -1;
        loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (loop->epoll_fd >= 0)
                loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (loop->timer_fd >= 0)
                loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (loop->wake_fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &timer) < 0 ||
            epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &wake) < 0) {
                int code = -errno;

                return xsn_error_set(ret_err, code, "system", "no event loop could be made: %s", strerror(-code));
        }
        *ret_loop = XSN_TAKE(loop);
        return 0;
}

int xsn_loop_get_fd(const struct xsn_loop *loop)
{
        return loop->epoll_fd;
}

static void drain_timer_fd(struct xsn_loop *loop)
{
        uint64_t expiries;

        /* After this it is disarmed, which EAGAIN tells too: it was set anew since. */
        if (read(loop->timer_fd, &expiries, sizeof(expiries)) == (ssize_t)sizeof(expiries))
                loop->timer_set = NEVER;
}

/* Timers that callbacks arm from now on are for the next dispatch, or a timer at 0 could keep this one for ever. */
static void collect_due(struct xsn_loop *loop)
{
        uint64_t now = xsn_loop_now();

        while (loop->n_heap > 0 && loop->heap[0]->when <= now) {
                struct xsn_source *timer = loop->heap[0];

                heap_remove(loop, timer);
                due_append(loop, timer);
        }
}

static void run_io(struct xsn_source *source, uint32_t events)
{
        /* An earlier callback may have removed it, or may want fewer events by now. */
        events &= source->events | EPOLLERR | EPOLLHUP;
        if (!source->removed && events != 0)
                source->io(events, source->userdata);
}

static void run_due(struct xsn_loop *loop)
{
        while (loop->due) {
                struct xsn_source *timer = loop->due;

                due_remove(loop, timer);
                timer->call(timer->userdata);
        }
}

static void end_dispatch(struct xsn_loop *loop)
{
        while (loop->dead) {
                struct xsn_source *source = loop->dead;

                loop->dead = source->next_dead;
                xsn_free(source);
        }
        loop->dispatching = false;
        if (loop->doomed)
                loop_destroy(loop);
        else
                update_timer_fd(loop);
}

int xsn_loop_dispatch(struct xsn_loop *loop, struct xsnet_error **ret_err)
{
        struct epoll_event events[BATCH];
        int n;

        if (loop->dispatching)
                return xsn_error_set(ret_err, -EBUSY, "busy", "dispatch was called from inside a callback");
        n = epoll_wait(loop->epoll_fd, events, BATCH, 0);
        if (n < 0 && errno != EINTR) {
                int code = -errno;

                return xsn_error_set(ret_err, code, "system", "waiting for events: %s", strerror(-code));
        }
        loop->dispatching = true;
        collect_due(loop);
        for (int i = 0; i < n; i++) {
                if (events[i].data.ptr == loop)
                        drain_wake_fd(loop);
                else if (events[i].data.ptr)
                        run_io(events[i].data.ptr, events[i].events);
                else
                        drain_timer_fd(loop);
        }
        run_due(loop);
        end_dispatch(loop);
        return 0;
}

int xsn_loop_wait(struct xsn_loop *loop, uint64_t deadline)
{
        struct pollfd pfd = { .fd = loop->epoll_fd, .events = POLLIN };

        for (;;) {
                uint64_t now = xsn_loop_now();
                uint64_t left = deadline > now ? deadline - now : 0;
                struct timespec timeout = {
                        .tv_sec = (time_t)(left / NS_PER_SEC),
                        .tv_nsec = (long)(left % NS_PER_SEC),
                };
                int n;

                n = ppoll(&pfd, 1, deadline == NEVER ? NULL : &timeout, NULL);
                if (n < 0)
                        return -errno;
                if (n > 0)
                        return 0;
                if (left == 0)
                        return -ETIMEDOUT;
        }
}

/* ---- sources ---- */

int xsn_loop_add_io(struct xsn_loop *loop, int fd, uint32_t events, xsn_io_fn fn, void *userdata,
                    struct xsn_source **ret_source)
{
        _cleanup_(xsn_freep) struct xsn_source *source = xsn_alloc(sizeof(*source));
        struct epoll_event event = { .events = events, .data = { .ptr = source } };

        if (!source)
                return -ENOMEM;
        source->loop = loop;
        source->io = fn;
        source->fd = fd;
        source->events = events;
        source->userdata = userdata;
        if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
                return -errno;
        *ret_source = XSN_TAKE(source);
        return 0;
}

int xsn_source_set_events(struct xsn_source *source, uint32_t events)
{
        struct epoll_event event = { .events = events, .data = { .ptr = source } };

        if (!source->io || source->removed)
                return -EINVAL;
        if (events == source->events)
                return 0;
        if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0)
                return -errno;
        source->events = events;
        return 0;
}

int xsn_loop_add_timer(struct xsn_loop *loop, xsn_call_fn fn, void *userdata, struct xsn_source **ret_source)
{
        _cleanup_(xsn_freep) struct xsn_source *source = NULL;
        void *heap = loop->heap;
        int r;

        r = xsn_grow(&heap, &loop->cap_heap, loop->n_timers + 1, sizeof(struct xsn_source *));
        if (r < 0)
                return r;
        loop->heap = heap;
        source = xsn_alloc(sizeof(*source));
        if (!source)
                return -ENOMEM;
        source->loop = loop;
        source->call = fn;
        source->fd = -1;
        source->userdata = userdata;
        source->when = NEVER;
        loop->n_timers++;
        *ret_source = XSN_TAKE(source);
        return 0;
}

void xsn_source_set_time(struct xsn_source *source, uint64_t when)
{
        struct xsn_loop *loop = source->loop;

        if (source->io || source->removed)
                return;
        timer_disarm(source);
        source->when = when;
        source->order = loop->n_armings++;
        if (when != NEVER)
                heap_insert(loop, source);
        update_timer_fd(loop);
}

struct xsn_source *xsn_source_remove(struct xsn_source *source)
{
        struct xsn_loop *loop;

        if (!source || source->removed)
                return NULL;
        loop = source->loop;
        source->removed = true;
        if (source->io) {
                /* Fails only where the caller has closed the descriptor already, and then it is out anyway. */
                (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
        } else {
                timer_disarm(source);
                loop->n_timers--;
                update_timer_fd(loop);
        }
        if (loop->dispatching) {
                source->next_dead = loop->dead;
                loop->dead = source;
        } else {
                xsn_free(source);
        }
        return NULL;
}
