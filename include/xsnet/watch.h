/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_WATCH_H
#define XSNET_WATCH_H

#include <xsnet/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_watch - follows the targets of an engine: events in, what to apply again out
 *
 * A watch changes nothing by itself. Where it follows a desired state, an event has the
 * part of it that is to be applied again, for xsnet_engine_apply_async().
 */
struct xsnet_watch;

/**
 * struct xsnet_event - what a watch has to tell; borrowed until its function returns
 */
struct xsnet_event;

/* What happened. */
enum {
        XSNET_EVENT_STARTED = 1,  /* the targets were observed; events follow from here on */
        XSNET_EVENT_APPEARED = 2, /* an object is new */
        XSNET_EVENT_CHANGED = 3,  /* a field of an object, status fields included, has another value */
        XSNET_EVENT_GONE = 4,     /* an object is no longer there */
        XSNET_EVENT_FAILED = 5    /* a target cannot be observed; it is tried again */
};

/**
 * xsnet_watch_fn - is told what happened
 * @event: borrowed until the call returns
 *
 * Runs from xsnet_engine_dispatch(), never during an operation: what happens meanwhile,
 * also by the engine itself, is told afterwards, as the difference that it made.
 */
typedef void (*xsnet_watch_fn)(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata);

/**
 * xsnet_engine_watch - follow the targets
 * @desired:   the state to compare with, or NULL; the watch takes a reference of its own;
 *             do not change it while the watch lives
 * @destroy:   called with @userdata when the watch ends, also where this call fails; may be NULL
 * @ret_watch: on success, a new reference; the watch ends with xsnet_watch_unref() or
 *             with its engine
 *
 * Returns: 0; -EINVAL without a target; -EOPNOTSUPP where a target cannot be watched;
 * what the backends meet; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_watch(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_watch_fn fn,
                             void *userdata, xsnet_destroy_fn destroy, struct xsnet_watch **ret_watch,
                             struct xsnet_error **ret_err);

/**
 * xsnet_watch_ref - take another reference
 *
 * Returns: @watch.
 * Since: 0.1
 */
struct xsnet_watch *xsnet_watch_ref(struct xsnet_watch *watch);

/**
 * xsnet_watch_unref - drop a reference
 * @watch: may be NULL
 *
 * With the last one the watch ends: its function is not called any more.
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_watch *xsnet_watch_unref(struct xsnet_watch *watch);

/**
 * xsnet_event_get_what - what happened
 *
 * Returns: one of XSNET_EVENT_*.
 * Since: 0.1
 */
int xsnet_event_get_what(const struct xsnet_event *event);

/**
 * xsnet_event_get_target - where it happened
 *
 * Returns: the target's URI; NULL where it is about all of them; borrowed until the
 * watch function returns.
 * Since: 0.1
 */
const char *xsnet_event_get_target(const struct xsnet_event *event);

/**
 * xsnet_event_get_object - the object that appeared, changed or is gone
 *
 * Returns: as it is now, or was last; NULL for the other events; borrowed until the
 * watch function returns.
 * Since: 0.1
 */
struct xsnet_object *xsnet_event_get_object(const struct xsnet_event *event);

/**
 * xsnet_event_get_desired - what is to be applied again
 *
 * The items of the desired state that the event's object does not satisfy: of a VIF
 * that appeared, of an object that somebody else changed or removed. With
 * XSNET_EVENT_STARTED, all items that their objects do not satisfy.
 *
 * Returns: a state, to be kept with xsnet_state_ref(); NULL where there is nothing to do;
 * borrowed until the watch function returns.
 * Since: 0.1
 */
struct xsnet_state *xsnet_event_get_desired(const struct xsnet_event *event);

/**
 * xsnet_event_get_error - why a target cannot be observed
 *
 * Returns: for XSNET_EVENT_FAILED; else NULL; borrowed until the watch function returns.
 * Since: 0.1
 */
const struct xsnet_error *xsnet_event_get_error(const struct xsnet_event *event);

#ifdef __cplusplus
}
#endif

#endif
