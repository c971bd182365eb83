/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backend is to the engine: a table of functions. All calls return at once;
 * results come through callbacks that run from the engine's loop, never from inside
 * the call. At most one operation (observe or apply) is under way at a time.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "base/loop.h"
#include "core/context.h"
#include "plan/plan.h"

struct xsn_uri;
struct xsnet_fake;

/* What the engine lends to a backend for its whole life. */
struct xsn_backend_env {
        struct xsnet_context *context; /* for the log */
        struct xsn_loop *loop;
};

/* `state` is borrowed, NULL on failure; `err` is taken. */
typedef void (*xsn_observed_fn)(struct xsnet_state *state, int code, struct xsnet_error *err, void *userdata);
/* A step was begun (code 1), is done (0) or failed (-errno); err is borrowed. */
typedef void (*xsn_step_fn)(const struct xsnet_step *step, int code, const struct xsnet_error *err, void *userdata);
/*
 * The end of an apply; `err` is taken. -ECANCELED after cancel; -ESTALE: the target is not as the plan assumed;
 * -ETIMEDOUT: a step was not answered, but looking at the target tells what became of it; -EINPROGRESS: what was begun
 * may still happen, so the engine does not go back but ends in doubt.
 */
typedef void (*xsn_applied_fn)(int code, struct xsnet_error *err, void *userdata);
/* Something changed: the object as it is now (borrowed), or NULL for "observe everything again". */
typedef void (*xsn_event_fn)(struct xsnet_object *obj, bool gone, void *userdata);

struct xsn_backend {
        const struct xsn_backend_ops *ops;
};

struct xsn_backend_ops {
        const char *scheme; /* "linux" of "linux:?netns=red" */

        /* Parses the URI's options; may fail at once. */
        int (*open)(const struct xsn_backend_env *env, const struct xsn_uri *uri, struct xsn_backend **ret_backend,
                    struct xsnet_error **ret_err);
        /*
         * What the target is, however a URI says it: two that are one have the same text, in all processes. NULL in
         * the table: the URI says it. `boot` changes when the target loses its state; NULL: it does not. Both are the
         * caller's.
         */
        int (*identify)(struct xsn_backend *backend, char **ret_identity, char **ret_boot,
                        struct xsnet_error **ret_err);
        /*
         * Does the URI lead to another thing by now, or to none? Asked before an operation, and the engine then opens
         * the URI again. NULL in the table: it does not.
         */
        bool (*has_moved)(struct xsn_backend *backend);
        /* Ends what is under way without its callbacks. */
        void (*close)(struct xsn_backend *backend);

        /* Reads everything. */
        int (*observe)(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err);
        /* What the target can do, as of the last observe; borrowed until the next. */
        const struct xsn_caps *(*get_caps)(struct xsn_backend *backend);
        /* Which rows settle by themselves after a change (by kind): verified until a deadline. */
        const uint64_t *(*get_settling)(struct xsn_backend *backend);

        /*
         * Does the steps of one target of the plan in the order of waves, stops at the first
         * failed wave, and reports each step. What was done stays: the engine goes back.
         */
        int (*apply)(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                     xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err);
        /* Stops an apply at the next point where stopping is safe; `done` is still called. */
        void (*cancel)(struct xsn_backend *backend);
        /*
         * Drops an operation that does not end: its callbacks do not run any more, and the next
         * one may start. NULL in the table: the engine closes the backend and opens it again.
         */
        void (*abandon)(struct xsn_backend *backend);

        /*
         * Ends when nothing goes on any more that an apply of an earlier run may have begun; -EINPROGRESS where that
         * takes too long. Asked before the engine goes back by a journal that was left. NULL in the table: what an
         * apply begins ends with it.
         */
        int (*settle)(struct xsn_backend *backend, xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err);

        /* Tells of changes from now on. NULL in the table: cannot. */
        int (*watch)(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err);
        void (*unwatch)(struct xsn_backend *backend);
};

/* NULL: no such backend in this build. */
const struct xsn_backend_ops *xsn_backend_find(const char *scheme);
/* The schemes of this build, for messages; NULL at the end. */
const char *xsn_backend_scheme_at(size_t i);

/*
 * Opens the target of a URI. -EINVAL "bad-uri"; -EPROTONOSUPPORT "no-such-backend", with a
 * suggestion; what the backend meets.
 */
int xsn_backend_open(const struct xsn_backend_env *env, const char *uri, struct xsn_backend **ret_backend,
                     struct xsnet_error **ret_err);
/* The URI without user and password, for messages and journals. 0 or -ENOMEM. */
int xsn_backend_name(const char *uri, char **ret_name);
/* The same for a target in memory that its user holds; fake/ is in every build. */
int xsn_fake_open(const struct xsn_backend_env *env, struct xsnet_fake *fake, struct xsn_backend **ret_backend,
                  struct xsnet_error **ret_err);
int xsn_fake_name(const struct xsnet_fake *fake, char **ret_name);

#endif
