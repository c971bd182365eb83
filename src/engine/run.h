/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operation from its start to its end: a machine of phases, each of which is begun on all
 * targets and ends when the last of them is done. run.c drives it; apply.c has the phases
 * of going forth, back.c those of going back; task.c starts it and hears of its end.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "engine/engine.h"

/* What was asked for. */
enum xsn_op {
        XSN_OP_OBSERVE,
        XSN_OP_PLAN,
        XSN_OP_VERIFY,
        XSN_OP_APPLY,
        XSN_OP_APPLY_PLAN,
        XSN_OP_RECOVER,
};

enum xsn_phase {
        XSN_PHASE_START,
        XSN_PHASE_LOCK,
        XSN_PHASE_OBSERVE,
        XSN_PHASE_PLAN,
        XSN_PHASE_JOURNAL,
        XSN_PHASE_APPLY,
        XSN_PHASE_VERIFY,
        XSN_PHASE_COMMIT,
        XSN_PHASE_BACK_SETTLE, /* of a journal that an earlier run left */
        XSN_PHASE_BACK_OBSERVE,
        XSN_PHASE_BACK_PLAN,
        XSN_PHASE_BACK_APPLY,
        XSN_PHASE_BACK_VERIFY,
        XSN_PHASE_BACK_COMMIT,
        XSN_PHASE_DONE,
};

struct xsn_run {
        struct xsnet_engine *engine;
        struct xsnet_task *task; /* see task.c; it outlives the run */
        enum xsn_op op;
        struct xsnet_state *desired; /* a reference; NULL */
        struct xsnet_plan *plan;     /* a reference: given, or made; NULL */
        struct xsnet_report *report; /* owned; it is filled as things happen */

        enum xsn_phase phase;
        bool begun;   /* the phase was begun */
        bool waiting; /* for `timer`, then the phase is begun again */
        bool going_back;
        int stop;             /* 0; -ECANCELED or -ETIMEDOUT: the operation is to end */
        bool stopped;         /* ... and the phase under way was told */
        unsigned tries;       /* of the phase that waits: the pauses grow */
        struct xsnet_error *awaited; /* what verifying waits for; NULL */
        unsigned n_replans;
        unsigned n_back_tries;
        uint64_t lock_until;
        struct xsn_source *kick;     /* at 0: go on */
        struct xsn_source *timer;    /* the phase's own */
        struct xsn_source *deadline; /* of the operation, then of going back */

        int code; /* of the first error */
        struct xsnet_error *errs;
};

/* What a phase's end says where it is not over yet. */
#define XSN_PHASE_AGAIN XSN_PHASE_START

/* Takes nothing over on failure. The run begins with the next dispatch. */
int xsn_run_new(struct xsnet_engine *engine, enum xsn_op op, struct xsnet_state *desired, struct xsnet_plan *plan,
                struct xsnet_task *task, struct xsn_run **ret_run, struct xsnet_error **ret_err);
struct xsn_run *xsn_run_free(struct xsn_run *run);
/* Has it end soon; going back is not stopped. */
void xsn_run_cancel(struct xsn_run *run);
/* task.c: the run is over, and freed there. `errs` is taken. */
void xsn_task_end(struct xsnet_task *task, int code, struct xsnet_error *errs);
/* What the targets were observed to have is a result. 0 or -ENOMEM. */
int xsn_task_keep_state(struct xsnet_task *task, const struct xsnet_engine *engine);

/* ---- for the phases ---- */

/* A new error (taken) of the operation; the first one's code is the operation's. */
void xsn_run_fail(struct xsn_run *run, int code, struct xsnet_error *err);
/* The targets' errors; the first code, or 0. */
int xsn_run_collect(struct xsn_run *run);
/* Begins the phase anew after a pause that grows from `first` to `most` ms. */
enum xsn_phase xsn_run_pause(struct xsn_run *run, unsigned first, unsigned most);
/* The error of a run that was stopped. */
void xsn_run_fail_stopped(struct xsn_run *run);
void xsn_run_progress(struct xsn_run *run, int what, const struct xsnet_step *step, const struct xsnet_error *err);
/* Ends with an outcome. */
enum xsn_phase xsn_run_end(struct xsn_run *run, int outcome);
/* Wakes the run up when a target's operation is over. */
void xsn_run_target_ended(struct xsn_endpoint *target);
struct xsn_plan_input xsn_run_input(struct xsn_endpoint *target);

/* apply.c: begin functions may leave targets pending; end functions return the next phase. */
enum xsn_phase xsn_end_lock(struct xsn_run *run);
void xsn_begin_observe(struct xsn_run *run);
enum xsn_phase xsn_end_observe(struct xsn_run *run);
enum xsn_phase xsn_end_plan(struct xsn_run *run);
enum xsn_phase xsn_end_journal(struct xsn_run *run);
void xsn_begin_apply(struct xsn_run *run);
enum xsn_phase xsn_end_apply(struct xsn_run *run);
void xsn_begin_verify(struct xsn_run *run);
enum xsn_phase xsn_end_verify(struct xsn_run *run);
enum xsn_phase xsn_end_commit(struct xsn_run *run);

/* back.c */
void xsn_begin_back_settle(struct xsn_run *run);
enum xsn_phase xsn_end_back_settle(struct xsn_run *run);
void xsn_begin_back_observe(struct xsn_run *run);
enum xsn_phase xsn_end_back_observe(struct xsn_run *run);
enum xsn_phase xsn_end_back_plan(struct xsn_run *run);
void xsn_begin_back_apply(struct xsn_run *run);
enum xsn_phase xsn_end_back_apply(struct xsn_run *run);
void xsn_begin_back_verify(struct xsn_run *run);
enum xsn_phase xsn_end_back_verify(struct xsn_run *run);
enum xsn_phase xsn_end_back_commit(struct xsn_run *run);
/* Turns round: what was done is undone. */
enum xsn_phase xsn_run_go_back(struct xsn_run *run);
/* Ends where it is, with the journals kept and an error that says what is left. */
enum xsn_phase xsn_run_leave(struct xsn_run *run);

/* Pauses between looks at what settles, in ms. */
#define XSN_SETTLE_PAUSE     20
#define XSN_SETTLE_PAUSE_MAX 1000

/* Verifies what `plan` made of a target: 0, -EAGAIN while it settles, or a failure, which is the target's. */
int xsn_run_verify(struct xsn_endpoint *target, const struct xsnet_plan *plan, size_t index);
/* Removes the journals of this run. 0, or the first failure, which is then an error of the run. */
int xsn_run_remove_journals(struct xsn_run *run);

#endif
