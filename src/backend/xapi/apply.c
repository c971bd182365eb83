/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the jobs of a plan, in the order that order.c knows. After the first failure nothing more is begun; what is
 * under way is waited for, and the engine goes back. probe.c looks before the first write whether the hosts
 * are there, doubt.c waits after a lost reply for what may still be going on.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/run.h"
#include "base/alloc.h"
#include "transport/xapi_error.h"

/* ---- what the stages call ---- */

static bool is_member(const struct xsnet_state *state, const char *host, const char *device)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                const struct xsn_bond *bond = XSN_BOND(state->objects[i]);

                if (bond && !strcmp(xsn_object_host(&bond->o), host) && xsn_strs_has(&bond->members, device))
                        return true;
        }
        return false;
}

struct xa_world *xsn_xa_job_world(const struct xa_job *job)
{
        return &job->run->world;
}

const struct xsnet_object *xsn_xa_job_observed(const struct xa_job *job, int kind, const char *key)
{
        return xsnet_state_find(job->run->plan->targets[job->run->target].observed, kind, job->host, key);
}

const struct xsnet_object *xsn_xa_job_wanted(const struct xa_job *job, int kind, const char *key)
{
        return xsnet_state_find(job->run->plan->targets[job->run->target].wanted, kind,
                                kind == XSNET_KIND_NETWORK ? "" : job->host, key);
}

bool xsn_xa_job_joins_bond(const struct xa_job *job)
{
        const struct xsn_plan_target *target = &job->run->plan->targets[job->run->target];

        return XSN_PIF(job->obj) && xsn_object_device(job->obj) &&
               is_member(target->wanted, job->host, xsn_object_device(job->obj)) &&
               !is_member(target->observed, job->host, xsn_object_device(job->obj));
}

const struct xa_view *xsn_xa_job_view(const struct xa_job *job)
{
        return &job->run->xt->view;
}

void xsn_xa_job_add_address(const struct xa_job *job, const struct xsn_ip *ip)
{
        char text[XSN_IP_STRLEN];

        (void)xsn_xapi_add_host(job->run->xt->session, xsn_ip_format(ip, text), NULL);
}

static void on_reply(struct xsn_xapi_reply *reply, void *userdata);

int xsn_xa_call(struct xa_job *job, const char *method, const struct xsn_xmlrpc_writer *params, unsigned flags,
                struct xsnet_error **ret_err)
{
        struct xsn_xapi_request request = {
                .method = method,
                .params = params,
                .flags = flags,
                .fn = on_reply,
                .userdata = job,
        };
        int r;

        xsn_free(job->method);
        job->method = xsn_strdup(method);
        if (!job->method)
                return xsn_error_oom(ret_err);
        r = xsn_xapi_call(job->run->xt->session, &request, &job->call, ret_err);
        return r < 0 ? r : 1;
}

/* ---- one job ---- */

/* err is taken. */
static void fail(struct xa_job *job, int code, struct xsnet_error *err)
{
        struct xa_run *run = job->run;

        xsn_xa_order_leave(job, XA_JOB_FAILED);
        run->step(job->step, code, err, run->userdata);
        if (!run->code) {
                run->code = code;
                run->err = err;
        } else {
                xsnet_error_free(err);
        }
}

/* From stage to stage, until a call is under way or all is done. */
static void go_on(struct xa_job *job)
{
        struct xsnet_error *err = NULL;

        while (job->at < job->n_stages) {
                int r = job->stages[job->at](job, &err);

                if (r > 0)
                        return;
                if (r < 0) {
                        fail(job, r, err);
                        return;
                }
                job->at++;
                job->turn = 0;
                job->i = 0;
                job->part = 0;
                job->forgiving = false;
        }
        xsn_xa_order_leave(job, XA_JOB_DONE);
        job->run->step(job->step, 0, NULL, job->run->userdata);
}

static void on_reply(struct xsn_xapi_reply *reply, void *userdata)
{
        struct xa_job *job = userdata;
        struct xt *xt = job->run->xt;

        job->call = NULL;
        xsn_xmlrpc_doc_free(job->doc);
        job->result = reply->result;
        job->doc = XSN_TAKE(reply->doc);
        if (reply->err && job->forgiving && !strcmp(xsn_xapi_error_code(reply->failure), "MAP_DUPLICATE_KEY")) {
                job->duplicate = true;
        } else if (reply->err) {
                job->run->unknown = job->run->unknown || reply->unknown;
                fail(job, xsnet_error_get_code(reply->err), xsn_error_copy(reply->err));
                xsn_xt_apply_turn(xt);
                return;
        }
        job->turn++;
        go_on(job);
        xsn_xt_apply_turn(xt);
}

static bool start_all(struct xa_run *run, int order, bool anyhow)
{
        bool any = false;

        while (!run->code && !run->cancelled) {
                struct xa_job *job = xsn_xa_order_next(run, order, anyhow);

                if (!job)
                        break;
                any = true;
                run->step(job->step, 1, NULL, run->userdata);
                go_on(job);
        }
        return any;
}

/* ---- the end ---- */

static void job_drop(struct xa_job *job)
{
        if (job->call)
                (void)xsn_xapi_cancel(job->call);
        xsn_free(job->method);
        xsn_xa_job_done(job);
}

static void run_free(struct xa_run *run)
{
        for (size_t i = 0; i < run->n_jobs; i++)
                job_drop(&run->jobs[i]);
        xsn_xa_doubt_drop(run);
        xsn_xa_probe_drop(run);
        xsn_xa_world_done(&run->world);
        xsn_xa_order_close(run);
        (void)xsn_xapi_tidy(run->xt->session, NULL, NULL);
        xsnet_error_free(run->err);
        xsnet_plan_unref(run->plan);
        xsn_free(run->of_step);
        xsn_free(run->jobs);
        xsn_free(run);
}

void xsn_xt_drop_apply(struct xt *xt)
{
        if (xt->run)
                run_free(XSN_TAKE(xt->run));
}

static void finish(struct xa_run *run)
{
        struct xt *xt = run->xt;
        xsn_applied_fn done = run->done;
        void *userdata = run->userdata;
        struct xsnet_error *err = XSN_TAKE(run->err);
        int code = run->code;

        if (!code && run->doubt)
                code = xsn_error_set(&err, -EINPROGRESS, "outcome-unknown",
                                     "XAPI is still at what an earlier run began, or what others do to networks");
        if (code && run->unknown && !run->earlier)
                code = run->doubt ? -EINPROGRESS : -ETIMEDOUT;
        if (!code && run->cancelled)
                code = xsn_error_set(&err, -ECANCELED, "cancelled", "the apply was cancelled");
        xsn_xt_drop_apply(xt);
        done(code, err, userdata);
}

static void on_tidy(void *userdata)
{
        xsn_xt_apply_turn(userdata);
}

/* Called wherever something has ended; may free the run, and the backend. */
void xsn_xt_apply_turn(struct xt *xt)
{
        struct xa_run *run = xt->run;

        if (!run || run->turning)
                return;
        run->turning = true;
        if (!run->probed && !run->code && !run->cancelled) {
                run->turning = false;
                xsn_xa_probe(run);
                return;
        }
        if (!run->code && !run->cancelled) {
                (void)start_all(run, XA_LINKS, false);
                if (run->n_open[XA_LINKS] == 0)
                        (void)start_all(run, XA_VIFS, false);
        }
        /* What is failed or done at once makes room: so until nothing moves. */
        while (run->n_running == 0 && !run->code && !run->cancelled &&
               (start_all(run, XA_LINKS, false) || start_all(run, XA_VIFS, false) ||
                start_all(run, XA_MANAGEMENT, false) || start_all(run, XA_MANAGEMENT, true)))
                ;
        run->turning = false;
        if (run->n_running > 0)
                return;
        if (!run->code && !run->cancelled && run->n_done < run->n_jobs)
                run->code =
                        xsn_error_set(&run->err, -EIO, "plan-stuck", "the steps that are left wait for one another");
        if (run->unknown && !run->settled) {
                xsn_xa_doubt(run);
                return;
        }
        /* Nothing of ours stays at XAPI. */
        if (!xsn_xapi_tidy(xt->session, on_tidy, xt))
                finish(run);
}

/* ---- the beginning ---- */

static int prepare(struct xa_run *run, struct xsnet_error **ret_err)
{
        const struct xsnet_plan *plan = run->plan;

        run->jobs = xsn_alloc_array(plan->n_steps + 1, sizeof(*run->jobs));
        run->of_step = xsn_alloc_array(plan->n_steps + 1, sizeof(*run->of_step));
        if (!run->jobs || !run->of_step || xsn_xa_world_open(&run->world, &run->xt->view) < 0)
                return xsn_error_oom(ret_err);
        for (size_t i = 0; i < plan->n_steps; i++) {
                struct xa_job *job = &run->jobs[run->n_jobs];
                int r;

                if (plan->steps[i].target != run->target)
                        continue;
                job->run = run;
                job->step = &plan->steps[i];
                job->back = plan->back;
                run->of_step[i] = job;
                run->n_jobs++;
                r = xsn_xa_job_prepare(job, ret_err);
                if (r < 0)
                        return r;
        }
        return xsn_xa_order_open(run) < 0 ? xsn_error_oom(ret_err) : 0;
}

int xsn_xt_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                 xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        struct xt *xt = (struct xt *)(void *)backend;
        struct xa_run *run;
        int r;

        if (xt->observed || xt->run)
                return xsn_error_set(ret_err, -EBUSY, "busy", "xapi: something is under way already");
        run = xsn_alloc(sizeof(*run));
        if (!run)
                return xsn_error_oom(ret_err);
        *run = (struct xa_run){ .xt = xt, .target = target, .step = step, .done = done, .userdata = userdata };
        run->plan = xsnet_plan_ref((struct xsnet_plan *)(uintptr_t)plan);
        xt->run = run;
        r = prepare(run, ret_err);
        if (r < 0) {
                xsn_xt_drop_apply(xt);
                return r;
        }
        xsn_source_set_time(xt->timer, 0);
        return 0;
}

int xsn_xt_settle(struct xsn_backend *backend, xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        struct xt *xt = (struct xt *)(void *)backend;

        if (xt->observed || xt->run)
                return xsn_error_set(ret_err, -EBUSY, "busy", "xapi: something is under way already");
        xt->run = xsn_alloc(sizeof(*xt->run));
        if (!xt->run)
                return xsn_error_oom(ret_err);
        *xt->run = (struct xa_run){
                .xt = xt, .done = done, .userdata = userdata, .probed = true, .unknown = true, .earlier = true
        };
        xsn_source_set_time(xt->timer, 0);
        return 0;
}

void xsn_xt_cancel(struct xsn_backend *backend)
{
        struct xt *xt = (struct xt *)(void *)backend;

        if (!xt->run)
                return;
        xt->run->cancelled = true;
        xsn_source_set_time(xt->timer, 0);
}
