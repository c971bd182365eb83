/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The phases that go back: what the targets have is observed once more, and a plan is made from
 * it to what the journals have, and done. It is the same for a failure, for a cancel, and
 * for a journal that was found.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/run.h"

#define BACK_TRIES_MAX 3

enum xsn_phase xsn_run_go_back(struct xsn_run *run)
{
        struct xsnet_engine *engine = run->engine;

        run->going_back = true;
        run->stop = 0;
        run->stopped = false;
        if (engine->deadline)
                xsn_source_set_time(run->deadline, xsn_loop_now() + engine->deadline * XSN_NS_PER_MS);
        run->report->outcome = XSNET_OUTCOME_IN_DOUBT; /* where the engine ends in the middle */
        return run->op == XSN_OP_RECOVER ? XSN_PHASE_BACK_SETTLE : XSN_PHASE_BACK_OBSERVE;
}

/* ---- where going back fails ---- */

/* What is left to do: the steps back that were not done, else those forth that were. */
static void list_left(const struct xsn_run *run, struct xsn_buf *buf)
{
        struct xsn_buf list = { 0 };
        bool back = false;

        for (size_t i = 0; i < run->report->n_parts; i++) {
                if (!run->report->parts[i].back)
                        continue;
                if (list.len)
                        xsn_buf_put(&list, ", ");
                xsn_report_list(run->report, i, -XSNET_RESULT_DONE, &list);
                back = true;
        }
        if (!back && run->report->n_parts)
                xsn_report_list(run->report, 0, -XSNET_RESULT_NOT_BEGUN, &list);
        if (list.len && !list.failed)
                xsn_buf_printf(buf, "; %s: %s", back ? "still to do" : "was begun", list.s);
        xsn_buf_done(&list);
}

static void tell_left(struct xsn_run *run)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_buf buf = { 0 };

        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (!target->journaled)
                        continue;
                xsn_buf_printf(&buf, "%sthe journal of '%s' is kept in ", buf.len ? ", " : "", target->name);
                if (run->engine->journal_dir && target->store.dir)
                        xsn_store_path(&target->store, &buf);
                else
                        xsn_buf_put(&buf, "memory");
        }
        xsn_buf_put(&buf, ", for recover to go back by it");
        list_left(run, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                xsn_error_oom(&err);
        else
                xsn_error_set(&err, run->code, "journal-kept", "%s", text);
        xsn_run_fail(run, run->code, err);
}

enum xsn_phase xsn_run_leave(struct xsn_run *run)
{
        bool unknown = false;

        for (size_t i = 0; i < run->engine->n_targets; i++)
                unknown = unknown || run->engine->targets[i]->unknown;
        tell_left(run);
        return xsn_run_end(run, unknown ? XSNET_OUTCOME_IN_DOUBT : XSNET_OUTCOME_LEFT);
}

/* The targets' errors, said to be those of going back. */
static int collect_back(struct xsn_run *run)
{
        if (run->stop)
                xsn_run_fail_stopped(run);
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (target->code < 0 && target->err && !target->failed)
                        xsn_error_prefix(&target->err, target->code, "going back");
        }
        return xsn_run_collect(run) < 0 || run->stop ? -EIO : 0;
}

/* ---- settle ---- */

void xsn_begin_back_settle(struct xsn_run *run)
{
        for (size_t i = 0; i < run->engine->n_targets; i++)
                if (run->engine->targets[i]->journaled)
                        xsn_endpoint_settle(run->engine->targets[i], xsn_run_target_ended);
}

enum xsn_phase xsn_end_back_settle(struct xsn_run *run)
{
        return collect_back(run) < 0 ? xsn_run_leave(run) : XSN_PHASE_BACK_OBSERVE;
}

/* ---- observe ---- */

void xsn_begin_back_observe(struct xsn_run *run)
{
        xsn_begin_verify(run);
}

enum xsn_phase xsn_end_back_observe(struct xsn_run *run)
{
        return collect_back(run) < 0 ? xsn_run_leave(run) : XSN_PHASE_BACK_PLAN;
}

/* ---- plan ---- */

static int name_host(struct xsnet_object *obj, const char *host)
{
        if (!obj || !*xsn_object_host(obj) || !strcmp(xsn_object_host(obj), host))
                return 0;
        return xsn_object_set_host(obj, host);
}

/* Who left the journal may have called the host otherwise: where the target is the same, its only host is, too. */
static int name_hosts(struct xsn_endpoint *target)
{
        const struct xsnet_state *observed = target->observed;

        for (size_t i = 0; target->identity && observed->n_hosts == 1 && i < target->journal->n_entries; i++) {
                struct xsn_journal_entry *entry = &target->journal->entries[i];

                if (name_host(entry->before, observed->hosts[0].name) < 0 ||
                    name_host(entry->after, observed->hosts[0].name) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int plan_back(struct xsn_run *run, struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        struct xsn_plan_input input = xsn_run_input(target);
        int r;

        if (name_hosts(target) < 0)
                return xsn_error_oom(ret_err);
        target->back = xsnet_plan_unref(target->back);
        r = xsn_plan_back(&input, target->journal, &target->back, ret_err);
        if (r < 0)
                return r;
        if (!target->back->n_steps)
                return 0;
        return xsn_report_add_plan(run->report, target->back, true, &target->part) < 0 ? xsn_error_oom(ret_err) : 0;
}

/* The first step failed, and had no effect. */
static bool changed_nothing(const struct xsn_run *run)
{
        return run->op != XSN_OP_RECOVER && !xsn_report_count(run->report, 0, SIZE_MAX, XSNET_RESULT_DONE);
}

static enum xsn_phase end_unchanged(struct xsn_run *run)
{
        (void)xsn_run_remove_journals(run);
        return xsn_run_end(run, XSNET_OUTCOME_UNCHANGED);
}

enum xsn_phase xsn_end_back_plan(struct xsn_run *run)
{
        bool any = false;

        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (!target->journaled)
                        continue;
                target->code = plan_back(run, target, &target->err);
                any = any || (!target->code && target->back->n_steps);
        }
        if (collect_back(run) < 0)
                return xsn_run_leave(run);
        if (any)
                return XSN_PHASE_BACK_APPLY;
        return changed_nothing(run) ? end_unchanged(run) : XSN_PHASE_BACK_COMMIT;
}

/* ---- apply ---- */

void xsn_begin_back_apply(struct xsn_run *run)
{
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (target->journaled && target->back->n_steps)
                        xsn_endpoint_apply(target, target->back, 0, xsn_run_target_ended);
        }
}

enum xsn_phase xsn_end_back_apply(struct xsn_run *run)
{
        bool stale = false, failed = false, doubt = false;

        for (size_t i = 0; i < run->engine->n_targets; i++) {
                const struct xsn_endpoint *target = run->engine->targets[i];

                stale = stale || target->code == -ESTALE;
                failed = failed || (target->code < 0 && target->code != -ESTALE);
                doubt = doubt || target->doubt;
        }
        if (stale && !failed && !doubt && !run->stop && run->n_back_tries++ < BACK_TRIES_MAX) {
                for (size_t i = 0; i < run->engine->n_targets; i++)
                        run->engine->targets[i]->code = 0;
                return XSN_PHASE_BACK_OBSERVE;
        }
        return collect_back(run) < 0 || doubt ? xsn_run_leave(run) : XSN_PHASE_BACK_VERIFY;
}

/* ---- verify ---- */

void xsn_begin_back_verify(struct xsn_run *run)
{
        xsn_begin_verify(run);
}

enum xsn_phase xsn_end_back_verify(struct xsn_run *run)
{
        bool settles = false;

        if (collect_back(run) < 0)
                return xsn_run_leave(run);
        for (size_t i = 0; i < run->engine->n_targets; i++) {
                struct xsn_endpoint *target = run->engine->targets[i];

                if (target->journaled && xsn_run_verify(target, target->back, 0) == -EAGAIN)
                        settles = true;
        }
        if (collect_back(run) < 0)
                return xsn_run_leave(run);
        return settles ? xsn_run_pause(run, XSN_SETTLE_PAUSE, XSN_SETTLE_PAUSE_MAX) : XSN_PHASE_BACK_COMMIT;
}

enum xsn_phase xsn_end_back_commit(struct xsn_run *run)
{
        /* An error of going forth: says first what became of it. */
        if (run->errs)
                xsn_error_prefix(&run->errs, run->code, "everything was put back as it was");
        (void)xsn_run_remove_journals(run);
        return xsn_run_end(run, XSNET_OUTCOME_ROLLED_BACK);
}
