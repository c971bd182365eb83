/* SPDX-License-Identifier: Apache-2.0 */
/* An apply under way: shared by apply.c, order.c, probe.c and doubt.c alone. */
#ifndef BACKEND_XAPI_RUN_H
#define BACKEND_XAPI_RUN_H

#include "backend/xapi/target.h"

#define XA_PARALLEL 8 /* steps that no host does, side by side */
#define XA_AHEAD    2 /* plain VLANs of a host: XAPI has the next when it has ended one */

enum {
        XA_JOB_WAITING = 0,
        XA_JOB_RUNNING,
        XA_JOB_DONE,
        XA_JOB_FAILED
};

/* What stands on hosts comes before VIFs that move to it; management comes last. */
enum {
        XA_LINKS = 0,
        XA_VIFS,
        XA_MANAGEMENT,
        XA_N_ORDERS
};

/* The jobs of a host, which does one at a time but for those that go ahead, or of the pool. */
struct xa_queue {
        struct {
                struct xa_job *first, *last; /* that may begin, in the plan's order */
        } ready[XA_N_ORDERS];
        unsigned n_running, max_running;
        unsigned n_ahead; /* of those that run, which let the next begin */
};

struct xa_probe;

struct xa_run {
        struct xt *xt;
        struct xsnet_plan *plan; /* a reference */
        size_t target;
        xsn_step_fn step;
        xsn_applied_fn done;
        void *userdata;

        struct xa_job *jobs; /* owned */
        size_t n_jobs;
        struct xa_job **of_step; /* by the plan's index; NULL: another target's */
        struct xa_world world;
        size_t n_running;
        int code; /* of the first failure, and its error */
        struct xsnet_error *err;
        bool turning, cancelled;

        /* order.c */
        struct xa_queue *queues; /* owned; the first is the pool's */
        size_t n_queues;
        struct xsn_hash queue_of; /* host -> its queue */
        struct xa_job **behind;   /* owned: of all jobs */
        size_t n_open[XA_N_ORDERS], n_done;

        /* probe.c */
        bool probed;
        struct xa_probe *probes;
        size_t n_probes, n_probing;

        /* doubt.c */
        bool unknown; /* what became of a call is not known */
        bool earlier; /* there are no jobs: it waits for what an earlier run may have begun */
        bool settled; /* nothing of it goes on any more; else `doubt` */
        bool doubt;
        struct xsn_xapi_watch *watch;
        struct xsn_source *patience;
        struct xsn_list tasks; /* references of those that are pending */
};

/* From the steps of the jobs. 0 or -ENOMEM. */
int xsn_xa_order_open(struct xa_run *run);
void xsn_xa_order_close(struct xa_run *run);
/*
 * The next job of that order, which runs from now on; NULL: none may begin. anyhow: the coordinator's management, too,
 * though supporters have not moved.
 */
struct xa_job *xsn_xa_order_next(struct xa_run *run, int order, bool anyhow);
/* It has ended, with XA_JOB_DONE or XA_JOB_FAILED. */
void xsn_xa_order_leave(struct xa_job *job, int state);

/* Are the hosts that the plan is about there? Then sets probed or code, and calls xsn_xt_apply_turn(). */
void xsn_xa_probe(struct xa_run *run);
void xsn_xa_probe_drop(struct xa_run *run);
/* Waits until no task goes on that may be one of ours; sets settled, and doubt where it takes too long. */
void xsn_xa_doubt(struct xa_run *run);
void xsn_xa_doubt_drop(struct xa_run *run);

#endif
