/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's own loop: descriptors and timers behind one epoll descriptor (a
 * timer set to 0 is a deferred call). The engine shows that descriptor to its user; every
 * backend registers here. Callbacks run from xsn_loop_dispatch() only.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct xsn_loop;
struct xsn_source;

typedef void (*xsn_io_fn)(uint32_t events, void *userdata); /* EPOLLIN, ... */
typedef void (*xsn_call_fn)(void *userdata);

int xsn_loop_new(struct xsn_loop **ret_loop, struct xsnet_error **ret_err);
/* All sources must have been removed. Returns NULL. */
struct xsn_loop *xsn_loop_free(struct xsn_loop *loop);
XSN_CLEANUP_DEFINE(xsn_loop_free, struct xsn_loop);

/* Readable when dispatch has work, timers included. */
int xsn_loop_get_fd(const struct xsn_loop *loop);
/* Runs what is due and returns without blocking; -EBUSY from inside a callback. */
int xsn_loop_dispatch(struct xsn_loop *loop, struct xsnet_error **ret_err);
/* Blocks until dispatch has work or xsn_loop_now() reaches deadline (UINT64_MAX: no limit). 0, -ETIMEDOUT, -EINTR. */
int xsn_loop_wait(struct xsn_loop *loop, uint64_t deadline);
#define XSN_NS_PER_MS UINT64_C(1000000)

/* CLOCK_MONOTONIC in ns. */
uint64_t xsn_loop_now(void);

/* The descriptor stays the caller's and must outlive the source. */
int xsn_loop_add_io(struct xsn_loop *loop, int fd, uint32_t events, xsn_io_fn fn, void *userdata,
                    struct xsn_source **ret_source);
int xsn_source_set_events(struct xsn_source *source, uint32_t events);
/* A timer that is not armed. */
int xsn_loop_add_timer(struct xsn_loop *loop, xsn_call_fn fn, void *userdata, struct xsn_source **ret_source);
/* Fires once at the given time of xsn_loop_now(); UINT64_MAX disarms. */
void xsn_source_set_time(struct xsn_source *source, uint64_t when);
/* Takes the source out, also from inside any callback: it does not run again. NULL is ignored. Returns NULL. */
struct xsn_source *xsn_source_remove(struct xsn_source *source);
XSN_CLEANUP_DEFINE(xsn_source_remove, struct xsn_source);

#endif
