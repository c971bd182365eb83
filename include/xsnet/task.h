/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_TASK_H
#define XSNET_TASK_H

#include <xsnet/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_task - an operation under way, and its results
 *
 * The calls that start one take a done function, its userdata, and what ends the
 * userdata's life. Done runs at most once, from xsnet_engine_dispatch() and never from
 * inside the starting call; destroy runs exactly once, after it, also where the
 * starting call failed or the task was dropped.
 */
struct xsnet_task;

/**
 * xsnet_task_fn - is told that an operation is over
 * @task: for its results; borrowed until the call returns
 * @code: 0, or a negative errno value
 * @err:  why it failed, borrowed until the call returns; NULL on success
 *
 * The engine is idle: the function may start the next operation.
 */
typedef void (*xsnet_task_fn)(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata);

/**
 * xsnet_engine_observe_async - start xsnet_engine_observe()
 * @done:     may be NULL
 * @destroy:  may be NULL
 * @ret_task: on success, a new reference; may be NULL: the operation goes on by itself
 *
 * Result: xsnet_task_get_state().
 *
 * Returns: 0; -EBUSY during an operation; -EINVAL without a target; -ENOMEM.
 * Since: 0.1
 */
int xsnet_engine_observe_async(struct xsnet_engine *engine, xsnet_task_fn done, void *userdata,
                               xsnet_destroy_fn destroy, struct xsnet_task **ret_task, struct xsnet_error **ret_err);

/**
 * xsnet_engine_plan_async - start xsnet_engine_plan()
 * @desired:  the task takes a reference of its own; leave it alone until done
 * @ret_task: as xsnet_engine_observe_async()
 *
 * Results: xsnet_task_get_plan(), xsnet_task_get_state().
 *
 * Returns: as xsnet_engine_observe_async().
 * Since: 0.1
 */
int xsnet_engine_plan_async(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_task_fn done,
                            void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                            struct xsnet_error **ret_err);

/**
 * xsnet_engine_apply_async - start xsnet_engine_apply()
 * @desired:  the task takes a reference of its own; leave it alone until done
 * @ret_task: as xsnet_engine_observe_async()
 *
 * Results: xsnet_task_get_report(), xsnet_task_get_plan().
 *
 * Returns: as xsnet_engine_observe_async().
 * Since: 0.1
 */
int xsnet_engine_apply_async(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_task_fn done,
                             void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                             struct xsnet_error **ret_err);

/**
 * xsnet_engine_apply_plan_async - start xsnet_engine_apply_plan()
 * @plan:     the task takes a reference of its own
 * @ret_task: as xsnet_engine_observe_async()
 *
 * Results: as xsnet_engine_apply_async().
 *
 * Returns: as xsnet_engine_observe_async().
 * Since: 0.1
 */
int xsnet_engine_apply_plan_async(struct xsnet_engine *engine, struct xsnet_plan *plan, xsnet_task_fn done,
                                  void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                                  struct xsnet_error **ret_err);

/**
 * xsnet_engine_verify_async - start xsnet_engine_verify()
 * @desired:  the task takes a reference of its own; leave it alone until done
 * @ret_task: as xsnet_engine_observe_async()
 *
 * Results: xsnet_task_get_plan() has the steps that would be needed.
 *
 * Returns: as xsnet_engine_observe_async().
 * Since: 0.1
 */
int xsnet_engine_verify_async(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_task_fn done,
                              void *userdata, xsnet_destroy_fn destroy, struct xsnet_task **ret_task,
                              struct xsnet_error **ret_err);

/**
 * xsnet_engine_recover_async - start xsnet_engine_recover()
 * @ret_task: as xsnet_engine_observe_async()
 *
 * Result: xsnet_task_get_report().
 *
 * Returns: as xsnet_engine_observe_async().
 * Since: 0.1
 */
int xsnet_engine_recover_async(struct xsnet_engine *engine, xsnet_task_fn done, void *userdata,
                               xsnet_destroy_fn destroy, struct xsnet_task **ret_task, struct xsnet_error **ret_err);

/**
 * xsnet_task_ref - take another reference
 *
 * Returns: @task.
 * Since: 0.1
 */
struct xsnet_task *xsnet_task_ref(struct xsnet_task *task);

/**
 * xsnet_task_unref - drop a reference
 * @task: may be NULL
 *
 * With the last one an operation under way is cancelled: done will not run, destroy
 * runs now, and the engine is busy until what was begun has been undone.
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_task *xsnet_task_unref(struct xsnet_task *task);

/**
 * xsnet_task_cancel - have an operation end soon
 *
 * Done is still called, with -ECANCELED, and the report tells the outcome: unchanged
 * where nothing had been written, else all is undone first. An apply that is over, or
 * on its way back, is not changed by this.
 *
 * Since: 0.1
 */
void xsnet_task_cancel(struct xsnet_task *task);

/**
 * xsnet_task_is_done - is the operation over?
 *
 * Returns: 1 or 0.
 * Since: 0.1
 */
int xsnet_task_is_done(struct xsnet_task *task);

/**
 * xsnet_task_get_code - how the operation ended
 *
 * Returns: 0; a negative errno value; -EINPROGRESS before its end.
 * Since: 0.1
 */
int xsnet_task_get_code(struct xsnet_task *task);

/**
 * xsnet_task_get_error - why the operation failed
 *
 * Returns: borrowed until @task is released; NULL on success and before its end.
 * Since: 0.1
 */
const struct xsnet_error *xsnet_task_get_error(struct xsnet_task *task);

/**
 * xsnet_task_get_state - what was observed
 *
 * Returns: the objects of all targets before any change, borrowed until @task is
 * released; NULL where they were not observed.
 * Since: 0.1
 */
struct xsnet_state *xsnet_task_get_state(struct xsnet_task *task);

/**
 * xsnet_task_get_plan - what was planned
 *
 * Returns: borrowed until @task is released; NULL where nothing was planned.
 * Since: 0.1
 */
struct xsnet_plan *xsnet_task_get_plan(struct xsnet_task *task);

/**
 * xsnet_task_get_report - what was done
 *
 * Returns: borrowed until @task is released; NULL before the end and for
 * operations that change nothing: observe, plan, verify.
 * Since: 0.1
 */
struct xsnet_report *xsnet_task_get_report(struct xsnet_task *task);

#ifdef __cplusplus
}
#endif

#endif
