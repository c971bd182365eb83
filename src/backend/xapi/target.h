/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target "xapi:" itself: what its options say, the session, what was observed, and what is under way. backend.c
 * opens, read.c observes, apply.c applies, watch.c tells of changes.
 */
#ifndef BACKEND_XAPI_TARGET_H
#define BACKEND_XAPI_TARGET_H

#include "backend/backend.h"
#include "backend/uri.h"
#include "backend/xapi/apply.h"

extern const struct xsn_backend_ops xsn_xapi_backend_ops;

struct xa_run;

struct xt {
        struct xsn_backend base;
        struct xsn_backend_env env;
        char *place; /* "https://xs-1", "unix:/var/lib/xcp/xapi" */
        struct xsn_xapi *session;
        struct xsn_source *timer; /* tells of ends, never from inside a call */

        /* As of the last observe. */
        struct xa_records records;
        struct xa_view view;
        struct xa_caps caps;
        uint64_t settling[XSN_N_KINDS + 1];

        /* An observe under way. */
        xsn_observed_fn observed;
        void *userdata;
        struct xa_records fresh;
        struct xsn_xapi_call *asking[XA_N_CLASSES];
        struct xt_class {
                struct xt *xt;
                int class;
        } classes[XA_N_CLASSES];
        size_t n_asking;
        int code;
        struct xsnet_error *err;

        struct xa_run *run; /* an apply under way */
        struct xsn_xapi_watch *watch;
        xsn_event_fn event;
        void *event_userdata;
};

/* ---- read.c ---- */

int xsn_xt_observe(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err);
/* Drops an observe without its callback. */
void xsn_xt_drop_observe(struct xt *xt);
/* From the timer: all classes have answered. */
void xsn_xt_end_observe(struct xt *xt);
/* The records of a class, {reference: record}. -EBADMSG "bad-reply". */
int xsn_xa_read_records(const struct xsn_xmlrpc_value *value, int class, struct xa_records *records,
                        struct xsnet_error **ret_err);

/* ---- apply.c ---- */

int xsn_xt_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                 xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err);
void xsn_xt_cancel(struct xsn_backend *backend);
/* Waits until no task goes on that an apply of an earlier run may have begun. */
int xsn_xt_settle(struct xsn_backend *backend, xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err);
/* From the timer. */
void xsn_xt_apply_turn(struct xt *xt);
void xsn_xt_drop_apply(struct xt *xt);

/* ---- watch.c ---- */

int xsn_xt_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err);
void xsn_xt_unwatch(struct xsn_backend *backend);

#endif
