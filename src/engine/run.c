/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives an operation through its phases. All of it runs from the kick, a timer of the loop that
 * each end of a target's operation sets to now: so no phase begins inside a callback of a
 * backend, or of a user. A cancel or a deadline only says so, and the kick acts on it.
 */
#include "engine/run.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

#define GRACE_MS 5000 /* for a backend to stop after a cancel, at most */

static enum xsn_phase end_start(struct xsn_run *run);

static const struct {
        const char *name; /* for the log and messages: "while ..." */
        int progress;     /* XSNET_PROGRESS_*; 0: none */
        void (*begin)(struct xsn_run *run); /* NULL: nothing to wait for */
        enum xsn_phase (*end)(struct xsn_run *run);
} phases[] = {
        [XSN_PHASE_START] = { "starting", 0, NULL, end_start },
        [XSN_PHASE_LOCK] = { "waiting for the lock", XSNET_PROGRESS_LOCKING, NULL, xsn_end_lock },
        [XSN_PHASE_OBSERVE] = { "observing", XSNET_PROGRESS_OBSERVING, xsn_begin_observe, xsn_end_observe },
        [XSN_PHASE_PLAN] = { "planning", XSNET_PROGRESS_PLANNING, NULL, xsn_end_plan },
        [XSN_PHASE_JOURNAL] = { "writing the journal", 0, NULL, xsn_end_journal },
        [XSN_PHASE_APPLY] = { "applying", XSNET_PROGRESS_APPLYING, xsn_begin_apply, xsn_end_apply },
        [XSN_PHASE_VERIFY] = { "verifying", XSNET_PROGRESS_VERIFYING, xsn_begin_verify, xsn_end_verify },
        [XSN_PHASE_COMMIT] = { "removing the journal", 0, NULL, xsn_end_commit },
        [XSN_PHASE_BACK_SETTLE] = { "waiting for what an earlier run began", 0, xsn_begin_back_settle,
                                    xsn_end_back_settle },
        [XSN_PHASE_BACK_OBSERVE] = { "observing to go back", XSNET_PROGRESS_GOING_BACK, xsn_begin_back_observe,
                                     xsn_end_back_observe },
        [XSN_PHASE_BACK_PLAN] = { "planning to go back", 0, NULL, xsn_end_back_plan },
        [XSN_PHASE_BACK_APPLY] = { "going back", 0, xsn_begin_back_apply, xsn_end_back_apply },
        [XSN_PHASE_BACK_VERIFY] = { "verifying after going back", 0, xsn_begin_back_verify, xsn_end_back_verify },
        [XSN_PHASE_BACK_COMMIT] = { "removing the journal", 0, NULL, xsn_end_back_commit },
};

/* ---- life ---- */

static void kick(void *userdata);
static void on_timer(void *userdata);

static void on_deadline(void *userdata)
{
        struct xsn_run *run = userdata;

        if (!run->stop)
                run->stop = -ETIMEDOUT;
        xsn_source_set_time(run->kick, 0);
}

struct xsn_run *xsn_run_free(struct xsn_run *run)
{
        if (!run)
                return NULL;
        xsn_source_remove(run->kick);
        xsn_source_remove(run->timer);
        xsn_source_remove(run->deadline);
        xsnet_state_unref(run->desired);
        xsnet_plan_unref(run->plan);
        xsnet_report_unref(run->report);
        xsnet_error_free(run->awaited);
        xsnet_error_free(run->errs);
        return xsn_free(run);
}

int xsn_run_new(struct xsnet_engine *engine, enum xsn_op op, struct xsnet_state *desired, struct xsnet_plan *plan,
                struct xsnet_task *task, struct xsn_run **ret_run, struct xsnet_error **ret_err)
{
        struct xsn_run *run = xsn_alloc(sizeof(*run));

        if (!run)
                return xsn_error_oom(ret_err);
        run->engine = engine;
        run->task = task;
        run->op = op;
        run->desired = desired ? xsnet_state_ref(desired) : NULL;
        run->plan = plan ? xsnet_plan_ref(plan) : NULL;
        if (xsn_report_new(&run->report) < 0 || xsn_loop_add_timer(engine->loop, kick, run, &run->kick) < 0 ||
            xsn_loop_add_timer(engine->loop, on_timer, run, &run->timer) < 0 ||
            xsn_loop_add_timer(engine->loop, on_deadline, run, &run->deadline) < 0) {
                xsn_run_free(run);
                return xsn_error_oom(ret_err);
        }
        run->report->started = xsn_loop_now();
        run->report->outcome = XSNET_OUTCOME_UNCHANGED;
        if (engine->deadline)
                xsn_source_set_time(run->deadline, run->report->started + engine->deadline * XSN_NS_PER_MS);
        xsn_source_set_time(run->kick, 0);
        *ret_run = run;
        return 0;
}

static void finish(struct xsn_run *run)
{
        struct xsnet_engine *engine = run->engine;

        run->report->duration = xsn_loop_now() - run->report->started;
        run->report->replans = run->n_replans;
        for (size_t i = 0; i < engine->n_targets; i++) {
                xsn_store_unlock(&engine->targets[i]->store);
                xsn_endpoint_clear(engine->targets[i]);
        }
        xsn_log(engine->context, "engine: over: %s, code %d", xsn_outcome_name(run->report->outcome), run->code);
        xsn_source_set_time(engine->watch_kick, 0);
        xsn_task_end(run->task, run->code, XSN_TAKE(run->errs));
}

/* ---- the machine ---- */

static bool is_pending(const struct xsn_run *run)
{
        for (size_t i = 0; run->phase != XSN_PHASE_START && i < run->engine->n_targets; i++)
                if (run->engine->targets[i]->pending)
                        return true;
        return false;
}

static bool is_applying(const struct xsn_run *run)
{
        return run->phase == XSN_PHASE_APPLY || run->phase == XSN_PHASE_BACK_APPLY;
}

static void abandon_all(struct xsn_run *run)
{
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (is_applying(run) && target->pending) {
                        target->unknown = target->doubt = true;
                        xsn_report_give_up(run->report, target->part);
                }
                xsn_endpoint_abandon(target);
        }
}

/* Observing is just given up; what changes a target is asked to stop, and given time for it. */
static void stop_phase(struct xsn_run *run)
{
        unsigned grace = run->engine->deadline;

        run->stopped = true;
        if (run->phase == XSN_PHASE_START)
                return;
        if (!is_applying(run)) {
                run->waiting = false;
                xsn_source_set_time(run->timer, XSN_NEVER);
                if (run->begun)
                        abandon_all(run);
                return;
        }
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (target->pending)
                        target->backend->ops->cancel(target->backend);
        }
        grace = grace && grace < GRACE_MS ? grace : GRACE_MS;
        xsn_source_set_time(run->timer, xsn_loop_now() + grace * XSN_NS_PER_MS);
}

static void begin_phase(struct xsn_run *run)
{
        run->begun = true;
        if (!run->tries) {
                xsn_log(run->engine->context, "engine: %s", phases[run->phase].name);
                if (phases[run->phase].progress)
                        xsn_run_progress(run, phases[run->phase].progress, NULL, NULL);
        }
        if (phases[run->phase].begin)
                phases[run->phase].begin(run);
}

static void kick(void *userdata)
{
        struct xsn_run *run = userdata;

        while (run->phase != XSN_PHASE_DONE) {
                enum xsn_phase next;

                if (run->stop && !run->stopped)
                        stop_phase(run);
                if (run->waiting)
                        return;
                if (!run->begun)
                        begin_phase(run);
                if (is_pending(run))
                        return;
                next = phases[run->phase].end(run);
                if (next == XSN_PHASE_AGAIN)
                        return;
                run->phase = next;
                run->begun = false;
                run->tries = 0;
                xsn_source_set_time(run->timer, XSN_NEVER);
        }
        finish(run);
}

/* The pause is over, or the grace of a backend that does not stop. */
static void on_timer(void *userdata)
{
        struct xsn_run *run = userdata;

        run->waiting = false;
        if (is_applying(run))
                abandon_all(run);
        kick(run);
}

/* The watches may be looking at a target: one operation at a time. */
static enum xsn_phase end_start(struct xsn_run *run)
{
        if (run->stop) {
                xsn_run_fail_stopped(run);
                return xsn_run_end(run, XSNET_OUTCOME_UNCHANGED);
        }
        if (xsn_watch_is_observing(run->engine))
                return XSN_PHASE_AGAIN;
        return run->op >= XSN_OP_APPLY ? XSN_PHASE_LOCK : XSN_PHASE_OBSERVE;
}

/* ---- for the phases ---- */

void xsn_run_cancel(struct xsn_run *run)
{
        if (run->going_back || run->stop)
                return;
        run->stop = -ECANCELED;
        xsn_source_set_time(run->kick, 0);
}

void xsn_run_target_ended(struct xsn_endpoint *target)
{
        xsn_source_set_time(target->engine->run->kick, 0);
}

struct xsn_plan_input xsn_run_input(struct xsn_endpoint *target)
{
        return (struct xsn_plan_input){
                .name = target->name,
                .observed = target->observed,
                .caps = target->backend->ops->get_caps(target->backend),
        };
}

void xsn_run_fail(struct xsn_run *run, int code, struct xsnet_error *err)
{
        if (!run->code)
                run->code = code;
        if (!err)
                xsn_error_set(&err, code, "system", "%s", strerror(-code));
        xsn_error_append(&run->errs, err);
}

void xsn_run_fail_stopped(struct xsn_run *run)
{
        struct xsnet_error *err = NULL;
        bool verifying = run->phase == XSN_PHASE_VERIFY && run->awaited;

        if (run->stop == -ECANCELED)
                xsn_error_set(&err, run->stop, "cancelled", "cancelled while %s", phases[run->phase].name);
        else
                xsn_error_set(&err, run->stop, "timed-out", "not done within %u ms: stopped while %s%s%s",
                              run->engine->deadline, phases[run->phase].name, verifying ? ": " : "",
                              verifying ? xsnet_error_get_message(run->awaited) : "");
        xsn_run_fail(run, run->stop, err);
}

/* "create network 'x': why", of the step that failed. */
static void prefix_step(struct xsn_endpoint *target)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_step_describe(target->failed, &buf);
        if (!xsn_buf_take(&buf, &text))
                xsn_error_prefix(&target->err, target->code, "%s", text);
}

int xsn_run_collect(struct xsn_run *run)
{
        int first = 0;

        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];
                int code = target->code;

                if (code >= 0)
                        continue;
                first = first ? first : code;
                if (target->err && target->failed)
                        prefix_step(target);
                if (target->err && run->engine->n_targets > 1)
                        xsn_error_prefix(&target->err, code, "%s", target->name);
                target->code = 0;
                xsn_run_fail(run, code, XSN_TAKE(target->err));
        }
        return first;
}

enum xsn_phase xsn_run_pause(struct xsn_run *run, unsigned first, unsigned most)
{
        unsigned ms = first;

        for (unsigned i = 0; i < run->tries && ms < most; i++)
                ms *= 2;
        run->tries++;
        run->waiting = true;
        run->begun = false;
        xsn_source_set_time(run->timer, xsn_loop_now() + (ms < most ? ms : most) * XSN_NS_PER_MS);
        return XSN_PHASE_AGAIN;
}

void xsn_run_progress(struct xsn_run *run, int what, const struct xsnet_step *step, const struct xsnet_error *err)
{
        if (run->engine->progress)
                run->engine->progress(what, step, err, run->engine->progress_userdata);
}

enum xsn_phase xsn_run_end(struct xsn_run *run, int outcome)
{
        run->report->outcome = outcome;
        return XSN_PHASE_DONE;
}
