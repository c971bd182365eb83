/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phases that go forth: lock, observe, plan, journal, apply, verify. Until the journals are
 * written a failure just ends the operation; from then on it goes back (back.c).
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/plan_dump.h"
#include "engine/run.h"

#define REPLANS_MAX 3

/* Pauses of one who waits for a lock, in ms. */
#define LOCK_PAUSE     10
#define LOCK_PAUSE_MAX 250

/* Ends before anything was changed. */
static enum xsn_phase end_unchanged(struct xsn_run *run)
{
        return xsn_run_end(run, XSNET_OUTCOME_UNCHANGED);
}

static enum xsn_phase end_stopped(struct xsn_run *run)
{
        xsn_run_fail_stopped(run);
        return end_unchanged(run);
}

/* ---- lock ---- */

/* What it is, is known once it is open. */
static int lock(struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        int r;

        xsn_endpoint_refresh(target);
        r = xsn_endpoint_reopen(target, ret_err);
        return r < 0 ? r : xsn_store_lock(&target->store, target->engine->journal_dir, target->name, target->identity,
                                          ret_err);
}

/* All locks or none: who holds one and waits for another could wait for ever. */
static int lock_all(struct xsn_run *run, struct xsnet_error **ret_err)
{
        struct xsnet_engine *engine = run->engine;
        int r = 0;

        for (size_t i = 0; !r && engine->journal_dir && i < engine->n_targets; i++)
                r = lock(engine->targets[i], ret_err);
        for (size_t i = 0; r < 0 && i < engine->n_targets; i++)
                xsn_store_unlock(&engine->targets[i]->store);
        return r;
}

static bool may_wait(struct xsn_run *run)
{
        int wait = run->engine->lock_wait;

        if (!run->lock_until)
                run->lock_until = wait < 0 ? XSN_NEVER : xsn_loop_now() + (uint64_t)wait * XSN_NS_PER_MS;
        return wait && xsn_loop_now() < run->lock_until;
}

/* Then what the run did is gone, with all else. For a message: a journal that cannot be read says nothing. */
static bool of_earlier_boot(struct xsn_endpoint *target)
{
        _cleanup_(xsn_journal_freep) struct xsn_journal *journal = NULL;

        return xsn_store_read(&target->store, target->name, target->identity, &journal, NULL) == 0 && journal->boot &&
               target->boot && strcmp(journal->boot, target->boot) != 0;
}

static int refuse_left(struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *path = NULL;
        struct xsn_buf buf = { 0 };

        if (target->left)
                return xsn_error_set(ret_err, -EEXIST, "journal-left",
                                     "an earlier run on '%s' could not go back; recover first", target->name);
        xsn_store_path(&target->store, &buf);
        if (xsn_buf_take(&buf, &path) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EEXIST, "journal-left",
                             "an earlier run on '%s' did not end%s: recover goes back to what was before it; to keep "
                             "what is there, remove its journal, %s",
                             target->name, of_earlier_boot(target) ? ", and the host was restarted since" : "", path);
}

/* A journal in memory first: it is the later one. */
static int find_journal(struct xsn_run *run, struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        int r = 0;

        if (run->engine->journal_dir)
                r = xsn_store_has_journal(&target->store, ret_err);
        if (r < 0 || (!r && !target->left))
                return r;
        if (run->op != XSN_OP_RECOVER)
                return refuse_left(target, ret_err);
        if (!target->left)
                r = xsn_store_read(&target->store, target->name, target->identity, &target->journal, ret_err);
        if (r < 0)
                return r;
        target->journaled = true;
        return 1;
}

static enum xsn_phase end_locked(struct xsn_run *run)
{
        bool found = false;

        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                target->code = find_journal(run, target, &target->err);
                found = found || target->code > 0;
        }
        if (xsn_run_collect(run) < 0) {
                /* Those that were found stay as they are. */
                return xsn_run_end(run, run->op == XSN_OP_RECOVER ? XSNET_OUTCOME_LEFT : XSNET_OUTCOME_UNCHANGED);
        }
        if (run->op != XSN_OP_RECOVER)
                return XSN_PHASE_OBSERVE;
        return found ? xsn_run_go_back(run) : xsn_run_end(run, XSNET_OUTCOME_NOTHING_TO_DO);
}

enum xsn_phase xsn_end_lock(struct xsn_run *run)
{
        struct xsnet_error *err = NULL;
        int r;

        if (run->stop)
                return end_stopped(run);
        r = lock_all(run, &err);
        if (!r)
                return end_locked(run);
        if (r == -EAGAIN && may_wait(run)) {
                xsnet_error_free(err);
                return xsn_run_pause(run, LOCK_PAUSE, LOCK_PAUSE_MAX);
        }
        xsn_run_fail(run, r, err);
        return end_unchanged(run);
}

/* ---- observe ---- */

void xsn_begin_observe(struct xsn_run *run)
{
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                xsn_endpoint_refresh(run->engine->targets[i]);
                xsn_endpoint_observe(run->engine->targets[i], xsn_run_target_ended);
        }
}

enum xsn_phase xsn_end_observe(struct xsn_run *run)
{
        struct xsnet_error *err = NULL;

        if (run->stop)
                return end_stopped(run);
        if (xsn_run_collect(run) < 0)
                return end_unchanged(run);
        if (xsn_task_keep_state(run->task, run->engine) < 0) {
                xsn_error_oom(&err);
                xsn_run_fail(run, -ENOMEM, err);
                return end_unchanged(run);
        }
        return run->op == XSN_OP_OBSERVE ? XSN_PHASE_DONE : XSN_PHASE_PLAN;
}

/* ---- plan ---- */

static int check_targets(const struct xsn_run *run, struct xsnet_error **ret_err)
{
        const struct xsnet_engine *engine = run->engine;
        bool same = run->plan->n_targets == engine->n_targets;

        for (size_t i = 0; same && i < engine->n_targets; i++)
                same = !strcmp(run->plan->targets[i].name, engine->targets[i]->name);
        return same ? 0 : xsn_error_set(ret_err, -EINVAL, "wrong-plan", "the plan is for other targets");
}

static int make_plan(struct xsn_run *run, const struct xsn_plan_input *inputs, struct xsnet_error **ret_err)
{
        struct xsnet_engine *engine = run->engine;
        struct xsn_plan_options options = {
                .irreversible = engine->irreversible,
                .only_hosts = engine->only_hosts.n ? &engine->only_hosts : NULL,
        };
        int r;

        if (run->op == XSN_OP_APPLY_PLAN) {
                r = check_targets(run, ret_err);
                return r < 0 ? r : xsn_plan_check_stale(run->plan, inputs, engine->n_targets, ret_err);
        }
        run->plan = xsnet_plan_unref(run->plan);
        return xsn_plan_make(inputs, engine->n_targets, run->desired, &options, &run->plan, ret_err);
}

/* What the user did not accept. */
static int check_accepted(const struct xsn_run *run, struct xsnet_error **ret_err)
{
        int disruption = xsnet_plan_get_disruption(run->plan), most = run->engine->max_disruption;

        if (disruption > most)
                return xsn_error_set(ret_err, -EPERM, "too-disruptive",
                                     "the plan's disruption is '%s', and at most '%s' is accepted",
                                     xsn_plan_disruption(disruption), xsn_plan_disruption(most));
        for (size_t i = 0; !run->engine->irreversible && i < run->plan->n_steps; i++)
                if (run->plan->steps[i].irreversible)
                        return xsn_error_set(ret_err, -EPERM, "irreversible", "%s", run->plan->steps[i].irreversible);
        return 0;
}

static int differs(const struct xsn_run *run, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_step_describe(&run->plan->steps[0], &buf);
        if (run->plan->n_steps > 1)
                xsn_buf_printf(&buf, ", and %zu more", run->plan->n_steps - 1);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EIO, "verify-failed", "not as desired; to do: %s", text);
}

static int plan(struct xsn_run *run, struct xsnet_error **ret_err)
{
        size_t n = run->engine->n_targets, part;
        struct xsn_plan_input *inputs = xsn_alloc_array(n, sizeof(*inputs));
        int r;

        if (!inputs)
                return xsn_error_oom(ret_err);
        for (size_t i = 0; i < n; i++)
                inputs[i] = xsn_run_input(run->engine->targets[i]);
        r = make_plan(run, inputs, ret_err);
        xsn_free(inputs);
        if (r < 0 || run->op == XSN_OP_PLAN)
                return r;
        if (run->op == XSN_OP_VERIFY)
                return run->plan->n_steps ? differs(run, ret_err) : 0;
        if (xsn_report_add_plan(run->report, run->plan, false, &part) < 0)
                return xsn_error_oom(ret_err);
        return check_accepted(run, ret_err);
}

enum xsn_phase xsn_end_plan(struct xsn_run *run)
{
        struct xsnet_error *err = NULL;
        int r = run->stop ? 0 : plan(run, &err);

        if (run->stop)
                return end_stopped(run);
        if (r < 0) {
                xsn_run_fail(run, r, err);
                return end_unchanged(run);
        }
        if (run->op < XSN_OP_APPLY)
                return XSN_PHASE_DONE;
        return run->plan->n_steps ? XSN_PHASE_JOURNAL : xsn_run_end(run, XSNET_OUTCOME_NOTHING_TO_DO);
}

/* ---- journal ---- */

static bool has_steps(const struct xsnet_plan *plan, size_t target)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].target == target)
                        return true;
        return false;
}

static int write_journal(struct xsn_run *run, struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        int r;

        if (xsn_journal_from_plan(run->plan, target->index, &target->journal) < 0)
                return xsn_error_oom(ret_err);
        target->journal->identity = target->identity ? xsn_strdup(target->identity) : NULL;
        target->journal->boot = target->boot ? xsn_strdup(target->boot) : NULL;
        if (!target->journal->identity != !target->identity || !target->journal->boot != !target->boot)
                return xsn_error_oom(ret_err);
        r = run->engine->journal_dir ? xsn_store_write(&target->store, target->journal, ret_err) : 0;
        target->journaled = !r;
        return r;
}

enum xsn_phase xsn_end_journal(struct xsn_run *run)
{
        struct xsnet_engine *engine = run->engine;

        for (size_t i = 0; i < engine->n_targets; i++) {
                struct xsn_endpoint *target = engine->targets[i];

                if (has_steps(run->plan, i))
                        target->code = write_journal(run, target, &target->err);
                if (target->code < 0)
                        break;
        }
        if (xsn_run_collect(run) < 0) {
                (void)xsn_run_remove_journals(run);
                return end_unchanged(run);
        }
        return XSN_PHASE_APPLY;
}

int xsn_run_remove_journals(struct xsn_run *run)
{
        int first = 0;

        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];
                struct xsnet_error *err = NULL;
                int r;

                if (!target->journaled)
                        continue;
                r = run->engine->journal_dir ? xsn_store_remove(&target->store, &err) : 0;
                if (r < 0) {
                        first = first ? first : r;
                        xsn_run_fail(run, r, err);
                        continue;
                }
                target->journal = xsn_journal_free(target->journal);
                target->journaled = target->left = false;
        }
        return first;
}

/* ---- apply ---- */

void xsn_begin_apply(struct xsn_run *run)
{
        if (run->stop)
                return;
        run->report->outcome = XSNET_OUTCOME_IN_DOUBT; /* where the engine ends in the middle */
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                target->part = 0;
                if (target->journaled)
                        xsn_endpoint_apply(target, run->plan, i, xsn_run_target_ended);
        }
}

/* The target was not as it had been observed, and nothing was done yet: once more. */
static bool may_replan(const struct xsn_run *run, int code)
{
        return code == -ESTALE && run->op == XSN_OP_APPLY && !run->stop && run->n_replans < REPLANS_MAX &&
               !xsn_report_count(run->report, 0, SIZE_MAX, XSNET_RESULT_DONE);
}

static enum xsn_phase replan(struct xsn_run *run)
{
        if (xsn_run_remove_journals(run) < 0)
                return end_unchanged(run);
        run->n_replans++;
        run->code = 0;
        run->errs = xsnet_error_free(run->errs);
        xsn_report_drop_plans(run->report);
        return XSN_PHASE_OBSERVE;
}

static enum xsn_phase end_failed(struct xsn_run *run, int code)
{
        bool doubt = false;

        for (size_t i = 0; i < run->engine->n_targets; i++)
                doubt = doubt || run->engine->targets[i]->doubt;
        if (doubt)
                return xsn_run_leave(run);
        if (may_replan(run, code))
                return replan(run);
        if (xsn_report_count(run->report, 0, SIZE_MAX, XSNET_RESULT_NOT_BEGUN) < run->plan->n_steps)
                return xsn_run_go_back(run);
        (void)xsn_run_remove_journals(run);
        return end_unchanged(run);
}

enum xsn_phase xsn_end_apply(struct xsn_run *run)
{
        int r;

        if (run->stop)
                xsn_run_fail_stopped(run);
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (target->code == -ECANCELED && run->stop) {
                        target->code = 0; /* as it was asked to: no error of its own */
                        target->err = xsnet_error_free(target->err);
                }
        }
        r = xsn_run_collect(run);
        return r < 0 || run->stop ? end_failed(run, r) : XSN_PHASE_VERIFY;
}

/* ---- verify ---- */

void xsn_begin_verify(struct xsn_run *run)
{
        for (size_t i = 0; i < run->engine->n_targets; i++)
                if (run->engine->targets[i]->journaled)
                        xsn_endpoint_observe(run->engine->targets[i], xsn_run_target_ended);
}

int xsn_run_verify(struct xsn_endpoint *target, const struct xsnet_plan *of, size_t index)
{
        int r;

        target->err = xsnet_error_free(target->err);
        r = xsn_plan_verify(of, index, target->observed, target->backend->ops->get_settling(target->backend),
                            &target->err);
        target->code = r == -EAGAIN ? 0 : r;
        return r;
}

enum xsn_phase xsn_end_verify(struct xsn_run *run)
{
        bool settles = false;

        if (run->stop) {
                xsn_run_fail_stopped(run);
                return xsn_run_go_back(run);
        }
        if (xsn_run_collect(run) < 0)
                return xsn_run_go_back(run);
        for (size_t i = 0; i < run->engine->n_targets; i++)
                if (run->engine->targets[i]->journaled &&
                    xsn_run_verify(run->engine->targets[i], run->plan, i) == -EAGAIN) {
                        settles = true;
                        xsnet_error_free(run->awaited);
                        run->awaited = XSN_TAKE(run->engine->targets[i]->err);
                }
        if (xsn_run_collect(run) < 0)
                return xsn_run_go_back(run);
        return settles ? xsn_run_pause(run, XSN_SETTLE_PAUSE, XSN_SETTLE_PAUSE_MAX) : XSN_PHASE_COMMIT;
}

enum xsn_phase xsn_end_commit(struct xsn_run *run)
{
        (void)xsn_run_remove_journals(run);
        return xsn_run_end(run, XSNET_OUTCOME_DONE);
}
