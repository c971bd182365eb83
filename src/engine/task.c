/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations as users see them: tasks that are started and end, and the calls that
 * wait for one. The work is done by the run that a task has while it is under way.
 */
#include <errno.h>

#include "base/alloc.h"
#include "base/export.h"
#include "engine/run.h"

struct xsnet_task {
        unsigned users;      /* references of users; the run keeps the task alive besides */
        struct xsn_run *run; /* NULL: over */
        xsnet_task_fn done;
        void *userdata;
        xsnet_destroy_fn destroy;
        int code;
        struct xsnet_error *err;
        struct xsnet_state *state;   /* references, once the run is over */
        struct xsnet_plan *plan;
        struct xsnet_report *report;
};

/* ---- life ---- */

static void free_unused(struct xsnet_task *task)
{
        if (task->users || task->run)
                return;
        xsnet_error_free(task->err);
        xsnet_state_unref(task->state);
        xsnet_plan_unref(task->plan);
        xsnet_report_unref(task->report);
        xsn_free(task);
}

/* The userdata's life ends, and with it what could be called with it. */
static void drop_userdata(struct xsnet_task *task)
{
        xsnet_destroy_fn destroy = task->destroy;

        task->done = NULL;
        task->destroy = NULL;
        if (destroy)
                destroy(task->userdata);
}

XSN_EXPORT struct xsnet_task *xsnet_task_ref(struct xsnet_task *task)
{
        task->users++;
        return task;
}

XSN_EXPORT struct xsnet_task *xsnet_task_unref(struct xsnet_task *task)
{
        if (!task || --task->users)
                return NULL;
        if (task->run) {
                task->users++; /* whatever destroy does */
                xsn_run_cancel(task->run);
                drop_userdata(task);
                task->users--;
        }
        free_unused(task);
        return NULL;
}

/* The objects of all targets, as one state; one target's is it already. */
static struct xsnet_state *join_states(const struct xsnet_engine *engine)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *all = NULL;

        if (engine->n_targets == 1)
                return engine->targets[0]->observed ? xsnet_state_ref(engine->targets[0]->observed) : NULL;
        if (xsn_state_new(&all) < 0)
                return NULL;
        for (size_t t = 0; t < engine->n_targets; t++) {
                const struct xsnet_state *state = engine->targets[t]->observed;
                struct xsn_host *host;

                if (!state)
                        return NULL;
                for (size_t i = 0; i < state->n_hosts; i++)
                        if (xsn_state_add_host(all, state->hosts[i].name, &host) < 0)
                                return NULL;
                for (size_t i = 0; i < state->n_objects; i++)
                        if (xsn_state_add(all, state->objects[i]) < 0)
                                return NULL;
        }
        return XSN_TAKE(all);
}

int xsn_task_keep_state(struct xsnet_task *task, const struct xsnet_engine *engine)
{
        xsnet_state_unref(task->state);
        task->state = join_states(engine);
        return task->state ? 0 : -ENOMEM;
}

void xsn_task_end(struct xsnet_task *task, int code, struct xsnet_error *errs)
{
        struct xsn_run *run = task->run;
        struct xsnet_engine *engine = run->engine;

        task->code = code;
        task->err = errs;
        task->plan = run->plan ? xsnet_plan_ref(run->plan) : NULL;
        task->report = run->op >= XSN_OP_APPLY ? XSN_TAKE(run->report) : NULL;
        engine->run = NULL;
        task->run = xsn_run_free(run);
        task->users++; /* for the time of the callbacks */
        if (task->done && engine->dispatching)
                task->done(task, code, errs, task->userdata);
        drop_userdata(task);
        task->users--;
        free_unused(task);
}

/* ---- starting ---- */

/* What the run is to do. */
struct request {
        enum xsn_op op;
        struct xsnet_state *desired;
        struct xsnet_plan *plan;
};

static int check_request(const struct xsnet_engine *engine, const struct request *request,
                         struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);
        bool wants_state = request->op == XSN_OP_PLAN || request->op == XSN_OP_VERIFY || request->op == XSN_OP_APPLY;

        if (r < 0)
                return r;
        if (!engine->n_targets)
                return xsn_error_set(ret_err, -EINVAL, "no-target", "the engine has no target");
        if (wants_state && !request->desired)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "no desired state was given");
        if (request->op == XSN_OP_APPLY_PLAN && !request->plan)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "no plan was given");
        return 0;
}

static int start(struct xsnet_engine *engine, const struct request *request, xsnet_task_fn done, void *userdata,
                 xsnet_destroy_fn destroy, struct xsnet_task **ret_task, struct xsnet_error **ret_err)
{
        struct xsnet_task *task = NULL;
        int r = check_request(engine, request, ret_err);

        if (!r) {
                task = xsn_alloc(sizeof(*task));
                r = task ? xsn_run_new(engine, request->op, request->desired, request->plan, task, &task->run, ret_err)
                         : xsn_error_oom(ret_err);
        }
        if (r < 0) {
                xsn_free(task);
                if (destroy)
                        destroy(userdata);
                return r;
        }
        task->code = -EINPROGRESS;
        task->done = done;
        task->userdata = userdata;
        task->destroy = destroy;
        engine->run = task->run;
        if (ret_task) {
                task->users = 1;
                *ret_task = task;
        }
        return 0;
}

XSN_EXPORT int xsnet_engine_observe_async(struct xsnet_engine *engine, xsnet_task_fn done, void *userdata,
                                          xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                          struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_OBSERVE };

        return start(engine, &request, done, userdata, destroy, ret_task, ret_err);
}

XSN_EXPORT int xsnet_engine_plan_async(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_task_fn done,
                                       void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                       struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_PLAN, .desired = desired };

        return start(engine, &request, done, userdata, destroy, ret_task, ret_err);
}

XSN_EXPORT int xsnet_engine_apply_async(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_task_fn done,
                                        void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                        struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_APPLY, .desired = desired };

        return start(engine, &request, done, userdata, destroy, ret_task, ret_err);
}

XSN_EXPORT int xsnet_engine_apply_plan_async(struct xsnet_engine *engine, struct xsnet_plan *plan, xsnet_task_fn done,
                                             void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                             struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_APPLY_PLAN, .plan = plan };

        return start(engine, &request, done, userdata, destroy, ret_task, ret_err);
}

XSN_EXPORT int xsnet_engine_verify_async(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_task_fn done,
                                         void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                         struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_VERIFY, .desired = desired };

        return start(engine, &request, done, userdata, destroy, ret_task, ret_err);
}

XSN_EXPORT int xsnet_engine_recover_async(struct xsnet_engine *engine, xsnet_task_fn done, void *userdata,
                                          xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                          struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_RECOVER };

        return start(engine, &request, done, userdata, destroy, ret_task, ret_err);
}

/* ---- a task under way, and over ---- */

XSN_EXPORT void xsnet_task_cancel(struct xsnet_task *task)
{
        if (task->run)
                xsn_run_cancel(task->run);
}

XSN_EXPORT int xsnet_task_is_done(struct xsnet_task *task)
{
        return !task->run;
}

XSN_EXPORT int xsnet_task_get_code(struct xsnet_task *task)
{
        return task->code;
}

XSN_EXPORT const struct xsnet_error *xsnet_task_get_error(struct xsnet_task *task)
{
        return task->err;
}

XSN_EXPORT struct xsnet_state *xsnet_task_get_state(struct xsnet_task *task)
{
        return task->state;
}

XSN_EXPORT struct xsnet_plan *xsnet_task_get_plan(struct xsnet_task *task)
{
        return task->plan;
}

XSN_EXPORT struct xsnet_report *xsnet_task_get_report(struct xsnet_task *task)
{
        return task->report;
}

/* ---- the calls that wait ---- */

/* Signals are the caller's: they do not end an operation. */
static int wait_for(struct xsnet_engine *engine, struct xsnet_task *task, struct xsnet_error **ret_err)
{
        while (task->run) {
                int r = xsn_loop_wait(engine->loop, XSN_NEVER);

                if (r < 0 && r != -EINTR)
                        return xsn_error_set(ret_err, r, "system", "waiting for the engine failed");
                r = r < 0 ? 0 : xsnet_engine_dispatch(engine, ret_err);
                if (r < 0)
                        return r;
        }
        if (task->code < 0)
                return xsn_error_give(ret_err, XSN_TAKE(task->err));
        return 0;
}

static int start_and_wait(struct xsnet_engine *engine, const struct request *request, struct xsnet_task **ret_task,
                          struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_engine_unrefp) struct xsnet_engine *held = xsnet_engine_ref(engine);
        int r;

        if (engine->dispatching)
                return xsn_error_set(ret_err, -EBUSY, "busy", "a call that waits was made from inside a callback");
        r = start(held, request, NULL, NULL, NULL, ret_task, ret_err);
        return r < 0 ? r : wait_for(held, *ret_task, ret_err);
}

/* For what ends with a report. */
static int wait_report(struct xsnet_engine *engine, const struct request *request, struct xsnet_report **ret_report,
                       struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_task_unrefp) struct xsnet_task *task = NULL;
        int r = start_and_wait(engine, request, &task, ret_err);

        if (ret_report)
                *ret_report = task ? XSN_TAKE(task->report) : NULL;
        return r;
}

XSN_EXPORT int xsnet_engine_observe(struct xsnet_engine *engine, struct xsnet_state **ret_state,
                                    struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_task_unrefp) struct xsnet_task *task = NULL;
        struct request request = { .op = XSN_OP_OBSERVE };
        int r = start_and_wait(engine, &request, &task, ret_err);

        if (r < 0)
                return r;
        *ret_state = XSN_TAKE(task->state);
        return 0;
}

XSN_EXPORT int xsnet_engine_plan(struct xsnet_engine *engine, struct xsnet_state *desired,
                                 struct xsnet_plan **ret_plan, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_task_unrefp) struct xsnet_task *task = NULL;
        struct request request = { .op = XSN_OP_PLAN, .desired = desired };
        int r = start_and_wait(engine, &request, &task, ret_err);

        if (r < 0)
                return r;
        *ret_plan = XSN_TAKE(task->plan);
        return 0;
}

XSN_EXPORT int xsnet_engine_apply(struct xsnet_engine *engine, struct xsnet_state *desired,
                                  struct xsnet_report **ret_report, struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_APPLY, .desired = desired };

        return wait_report(engine, &request, ret_report, ret_err);
}

XSN_EXPORT int xsnet_engine_apply_plan(struct xsnet_engine *engine, struct xsnet_plan *plan,
                                       struct xsnet_report **ret_report, struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_APPLY_PLAN, .plan = plan };

        return wait_report(engine, &request, ret_report, ret_err);
}

XSN_EXPORT int xsnet_engine_verify(struct xsnet_engine *engine, struct xsnet_state *desired,
                                   struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_task_unrefp) struct xsnet_task *task = NULL;
        struct request request = { .op = XSN_OP_VERIFY, .desired = desired };

        return start_and_wait(engine, &request, &task, ret_err);
}

XSN_EXPORT int xsnet_engine_recover(struct xsnet_engine *engine, struct xsnet_report **ret_report,
                                    struct xsnet_error **ret_err)
{
        struct request request = { .op = XSN_OP_RECOVER };

        return wait_report(engine, &request, ret_report, ret_err);
}
