/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine inside: its targets (target.c), the operation under way (run.c, apply.c, back.c)
 * and who asked for it (task.c), the journals (store.c), what was done (report.c), and who
 * follows its targets (watch.c). Everything runs from the loop.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <xsnet/engine.h>
#include <xsnet/task.h>

#include "backend/backend.h"
#include "engine/known.h"
#include "engine/report.h"
#include "engine/store.h"

#define XSN_NEVER UINT64_MAX

struct xsn_run;
struct xsnet_watch;

/* One target, and what the operation under way has come to there. */
struct xsn_endpoint {
        struct xsnet_engine *engine;
        size_t index;
        char *uri;               /* NULL for one in memory that its user holds */
        char *name;              /* without secrets: for messages and the journal */
        struct xsnet_fake *fake; /* a reference; NULL */
        char *identity; /* what it is, however it is called; NULL: its name says it. As it was opened last */
        char *boot;     /* which boot of it; NULL */
        struct xsn_backend *backend; /* NULL: was closed as an operation did not end; opened again when needed */
        struct xsn_store store;

        /* The backend's operation; `end` is called, from the loop, when it is over. */
        bool pending;
        void (*end)(struct xsn_endpoint *target);
        int code;
        struct xsnet_error *err;
        struct xsnet_state *observed; /* a reference: the last observation of this operation */
        const struct xsnet_step *failed; /* the step that the apply failed at, NULL; of the plan applied */

        /* Of the run. */
        struct xsn_journal *journal; /* what is to be gone back to */
        bool journaled; /* ... and it was written in this run, or found by recover */
        bool left;      /* ... by an earlier run, in memory only */
        bool unknown; /* a step was begun, and its answer did not come */
        bool doubt;   /* ... and it may still happen */
        struct xsnet_plan *back; /* the plan back */
        size_t part;             /* of the report: where its steps are noted now */

        /* Of the watches. */
        bool watched; /* the backend tells of changes */
        bool synced;  /* `known` is what the target has, as far as events told */
        bool again;   /* something happened while it was being observed */
        bool knows;   /* `known` was filled once */
        struct xsn_known known;
};

struct xsnet_engine {
        unsigned refs;
        struct xsnet_context *context; /* a reference; NULL */
        struct xsn_loop *loop;
        struct xsn_endpoint **targets;
        size_t n_targets, cap_targets;
        bool dispatching;
        struct xsn_run *run; /* the operation under way; NULL: idle */

        char *journal_dir; /* NULL: in memory only */
        int lock_wait;     /* ms; < 0: until the deadline */
        unsigned deadline; /* ms; 0: none */
        int max_disruption;
        bool irreversible;
        struct xsn_list only_hosts; /* of char *; empty: all */
        xsnet_progress_fn progress;
        void *progress_userdata;
        xsnet_destroy_fn progress_destroy;

        struct xsnet_watch **watches; /* not references: each takes itself out */
        size_t n_watches, cap_watches;
        struct xsn_source *watch_kick; /* something is to be done for them */
        unsigned watch_failures;       /* in a row: the next try comes later */
};

XSN_CLEANUP_DEFINE(xsnet_engine_unref, struct xsnet_engine);
XSN_CLEANUP_DEFINE(xsnet_task_unref, struct xsnet_task);

/* -EBUSY during an operation. */
int xsn_engine_check_idle(const struct xsnet_engine *engine, struct xsnet_error **ret_err);

/* target.c. Exactly one of uri and fake. */
int xsn_endpoint_new(struct xsnet_engine *engine, const char *uri, struct xsnet_fake *fake,
                   struct xsn_endpoint **ret_target, struct xsnet_error **ret_err);
struct xsn_endpoint *xsn_endpoint_free(struct xsn_endpoint *target);
/* Before an operation: closes a backend whose URI leads elsewhere by now, unless something is to be ended there. */
void xsn_endpoint_refresh(struct xsn_endpoint *target);
/* Opens a backend that was closed. */
int xsn_endpoint_reopen(struct xsn_endpoint *target, struct xsnet_error **ret_err);
/*
 * Starts an operation; target->pending tells whether its end is to come. Where it could
 * not be started, target->code and target->err say why and `end` is not called.
 */
void xsn_endpoint_observe(struct xsn_endpoint *target, void (*end)(struct xsn_endpoint *target));
/* Waits for what an earlier run began. */
void xsn_endpoint_settle(struct xsn_endpoint *target, void (*end)(struct xsn_endpoint *target));
void xsn_endpoint_apply(struct xsn_endpoint *target, const struct xsnet_plan *plan, size_t index,
                      void (*end)(struct xsn_endpoint *target));
/* Gives up an operation that is pending. */
void xsn_endpoint_abandon(struct xsn_endpoint *target);
/* Forgets what the last run left, but for a journal that only memory has. */
void xsn_endpoint_clear(struct xsn_endpoint *target);
int xsn_endpoint_watch(struct xsn_endpoint *target, struct xsnet_error **ret_err);
void xsn_endpoint_unwatch(struct xsn_endpoint *target);

/* watch.c */
/* An event of the backend. */
void xsn_watch_event(struct xsnet_object *obj, bool gone, void *userdata);
/* The engine is idle again: what happened meanwhile is to be told. */
void xsn_watch_resume(struct xsnet_engine *engine);
/* Does a watch live? */
bool xsn_watch_any(const struct xsnet_engine *engine);
/* The engine ends. */
void xsn_watch_end_all(struct xsnet_engine *engine);
/* A run may begin: no target is being observed for the watches. */
bool xsn_watch_is_observing(const struct xsnet_engine *engine);

#endif
