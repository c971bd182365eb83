/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_ENGINE_H
#define XSNET_ENGINE_H

#include <xsnet/context.h>
#include <xsnet/plan.h>
#include <xsnet/report.h>
#include <xsnet/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_engine - observes targets and brings them to a desired state
 *
 * An engine has one or more targets and does one operation on them at a time:
 * observe, plan, apply, verify or recover; a second one meanwhile fails with -EBUSY.
 * The calls of this header block until the operation is over; those of
 * <xsnet/task.h> start it and return. Either way nothing happens outside of
 * xsnet_engine_dispatch(): there are no threads, and callbacks run from it alone.
 *
 * An apply takes the lock of each target, observes, plans, writes what it is about to
 * change to a journal, applies, and verifies. Where anything fails, it goes back by
 * the journal: all targets or none are changed. The journal is removed when the
 * outcome is certain; where going back failed too it stays, and
 * xsnet_engine_recover() goes on from there.
 *
 * Signals do not end an operation. After fork(2) one of the two processes alone may go
 * on with an engine; the other must not even release it: they share its descriptors (which
 * exec(3) closes), so that one would take the other's away, and log its sessions out.
 */
struct xsnet_engine;

/* What a progress function is told: steps, and phases of the operation (without a step). */
enum {
        XSNET_PROGRESS_STEP_BEGUN = 1,
        XSNET_PROGRESS_STEP_DONE = 2,
        XSNET_PROGRESS_STEP_FAILED = 3,
        XSNET_PROGRESS_LOCKING = 10,
        XSNET_PROGRESS_OBSERVING = 11,
        XSNET_PROGRESS_PLANNING = 12,
        XSNET_PROGRESS_APPLYING = 13,
        XSNET_PROGRESS_VERIFYING = 14,
        XSNET_PROGRESS_GOING_BACK = 15 /* the steps that follow undo what was done */
};

/**
 * xsnet_progress_fn - is told how an operation gets on
 * @what: one of XSNET_PROGRESS_*
 * @step: the step, borrowed until the call returns; NULL for a phase
 * @err:  why a step failed, borrowed until the call returns; else NULL
 */
typedef void (*xsnet_progress_fn)(int what, const struct xsnet_step *step, const struct xsnet_error *err,
                                  void *userdata);

/**
 * xsnet_engine_new - make an engine without targets
 * @context:    the engine takes a reference of its own; may be NULL: nothing is logged
 * @ret_engine: on success, a new reference; release with xsnet_engine_unref()
 *
 * Returns: 0; -EMFILE, -ENFILE; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_new(struct xsnet_context *context, struct xsnet_engine **ret_engine, struct xsnet_error **ret_err);

/**
 * xsnet_engine_ref - take another reference
 *
 * Returns: @engine.
 * Since: 0.1
 */
struct xsnet_engine *xsnet_engine_ref(struct xsnet_engine *engine);

/**
 * xsnet_engine_unref - drop a reference
 * @engine: may be NULL
 *
 * With the last one an operation under way ends where it is, as in a process that is
 * killed: its done function is not called, its task has failed with "cancelled", and the
 * journal of an apply stays for xsnet_engine_recover(). To end it well, cancel it and dispatch until it is done.
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_engine *xsnet_engine_unref(struct xsnet_engine *engine);

/**
 * xsnet_engine_add_target - add a target
 * @uri: "linux:", "linux:?netns=red" or "fake:", for instance; copied. doc/linux.md, doc/ovs.md
 *       and doc/xapi.md have what each takes, credentials among it
 *
 * Operations span all targets: all are observed, planned, applied and verified
 * together, and if one fails, all go back.
 *
 * Returns: 0; -EINVAL for a bad URI or option; -EPROTONOSUPPORT where this build has no
 * such backend; -EEXIST for a second target of that URI, or for the same one under
 * another; -EBUSY during an operation or
 * while watched; what the backend meets when it opens; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_add_target(struct xsnet_engine *engine, const char *uri, struct xsnet_error **ret_err);

/**
 * xsnet_engine_get_target_at - the targets, one by one
 * @index: from 0, in the order they were added
 *
 * Returns: the URI without secrets, borrowed until @engine is released; NULL beyond the end.
 * Since: 0.1
 */
const char *xsnet_engine_get_target_at(struct xsnet_engine *engine, size_t index);

/**
 * xsnet_engine_get_fd - the descriptor to wait on
 *
 * It is readable when xsnet_engine_dispatch() has work, timers included. It stays the
 * engine's: poll it, and do nothing else with it.
 *
 * Returns: the descriptor.
 * Since: 0.1
 */
int xsnet_engine_get_fd(struct xsnet_engine *engine);

/**
 * xsnet_engine_dispatch - do what is due, and return
 *
 * Never blocks. Runs the callbacks of tasks and watches, which may drop the engine.
 *
 * Returns: 0; -EBUSY from inside a callback; what waiting for events failed with.
 * Since: 0.1
 */
int xsnet_engine_dispatch(struct xsnet_engine *engine, struct xsnet_error **ret_err);

/**
 * xsnet_engine_set_journal - choose where journals are kept
 * @dir: a directory, made (mode 0700) when it is first needed if only its last part is
 *       missing; copied; NULL, as a new engine has it: in memory only
 *
 * Each target has a journal and a lock there, named after a digest of what it is,
 * whatever its URI calls it (of linux: the network namespace), or where its backend
 * does not tell that, of its URI. All who apply to a target must use one directory:
 * then no two of them, in whichever processes, ever apply at once, and a journal
 * outlives the process. Without one
 * there is no lock between processes, and a journal that could not be used up lives
 * as long as the engine.
 *
 * Returns: 0; -EBUSY during an operation; -ENOMEM.
 * Since: 0.1
 */
int xsnet_engine_set_journal(struct xsnet_engine *engine, const char *dir, struct xsnet_error **ret_err);

/**
 * xsnet_engine_set_lock_wait - choose how long an apply waits for another process
 * @ms: 0, as a new engine has it: fail at once; less: as long as the deadline lets it
 *
 * Returns: 0; -EBUSY during an operation.
 * Since: 0.1
 */
int xsnet_engine_set_lock_wait(struct xsnet_engine *engine, int ms, struct xsnet_error **ret_err);

/**
 * xsnet_engine_set_deadline - limit the time of an operation
 * @ms: from its start; 0: no limit; a new engine has 60000
 *
 * An apply past its deadline goes back, which has the same time again.
 *
 * Returns: 0; -EBUSY during an operation.
 * Since: 0.1
 */
int xsnet_engine_set_deadline(struct xsnet_engine *engine, unsigned int ms, struct xsnet_error **ret_err);

/**
 * xsnet_engine_set_max_disruption - refuse to apply what hurts more
 * @disruption: one of XSNET_DISRUPTION_*; a new engine has XSNET_DISRUPTION_OUTAGE: all is accepted
 *
 * Returns: 0; -EINVAL; -EBUSY during an operation.
 * Since: 0.1
 */
int xsnet_engine_set_max_disruption(struct xsnet_engine *engine, int disruption, struct xsnet_error **ret_err);

/**
 * xsnet_engine_set_irreversible - allow steps that a rollback cannot undo
 * @allowed: 0, as a new engine has it, or 1
 *
 * Returns: 0; -EBUSY during an operation.
 * Since: 0.1
 */
int xsnet_engine_set_irreversible(struct xsnet_engine *engine, int allowed, struct xsnet_error **ret_err);

/**
 * xsnet_engine_add_host - limit operations to some hosts
 * @host: as a document names it; copied; call again for each further one
 *
 * A new engine has none: each host that a document names must be reached by a target.
 * With some, items for other hosts are left out, and the plan notes it.
 *
 * Returns: 0; -EINVAL for what is no name; -EEXIST; -EBUSY during an operation; -ENOMEM.
 * Since: 0.1
 */
int xsnet_engine_add_host(struct xsnet_engine *engine, const char *host, struct xsnet_error **ret_err);

/**
 * xsnet_engine_set_progress - be told how operations get on
 * @fn:      NULL: nobody is told
 * @destroy: called with @userdata when the function is replaced or the engine ends; may be NULL
 *
 * Returns: 0; -EBUSY during an operation.
 * Since: 0.1
 */
int xsnet_engine_set_progress(struct xsnet_engine *engine, xsnet_progress_fn fn, void *userdata,
                              xsnet_destroy_fn destroy, struct xsnet_error **ret_err);

/**
 * xsnet_engine_observe - read what the targets have
 * @ret_state: on success, a new reference: the objects of all targets
 *
 * Returns: 0; -EINVAL without a target; -EBUSY during an operation and from inside a
 * callback; -ETIMEDOUT past the deadline; what the backends meet; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_observe(struct xsnet_engine *engine, struct xsnet_state **ret_state, struct xsnet_error **ret_err);

/**
 * xsnet_engine_plan - find what would be done, and do nothing
 * @desired:  borrowed until the call returns
 * @ret_plan: on success, a new reference
 *
 * Returns: 0; as xsnet_engine_observe(); all that is wrong with @desired on these
 * targets: -EINVAL, -EOPNOTSUPP for what a target lacks, -EPERM for what has another
 * owner or is irreversible, -EBUSY for what is in use.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_plan(struct xsnet_engine *engine, struct xsnet_state *desired, struct xsnet_plan **ret_plan,
                      struct xsnet_error **ret_err);

/**
 * xsnet_engine_apply - bring the targets to a desired state
 * @desired:    borrowed until the call returns
 * @ret_report: may be NULL; else a new reference on success and, once the operation was
 *              begun, on failure; NULL where it was not
 *
 * Where a target changes between planning and applying, the plan is made again, three
 * times at most and never beyond the accepted disruption. Where there is nothing to
 * do, nothing is written, neither to a target nor to a journal.
 *
 * Returns: 0; as xsnet_engine_plan(); -EPERM "too-disruptive"; -EAGAIN "journal-locked"
 * while another process applies; -EEXIST "journal-left" where an earlier run did not
 * end, see xsnet_engine_recover(); what a step failed with, after going back. The report
 * tells the outcome, and errors that follow the first one why going back failed.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_apply(struct xsnet_engine *engine, struct xsnet_state *desired, struct xsnet_report **ret_report,
                       struct xsnet_error **ret_err);

/**
 * xsnet_engine_apply_plan - do the steps of a plan, and no others
 * @plan:       of this engine's targets; borrowed until the call returns
 * @ret_report: as xsnet_engine_apply()
 *
 * Returns: 0; as xsnet_engine_apply(); -EINVAL for a plan of other targets; -ESTALE
 * "plan-stale", without a write, where an object is not as the plan assumed.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_apply_plan(struct xsnet_engine *engine, struct xsnet_plan *plan, struct xsnet_report **ret_report,
                            struct xsnet_error **ret_err);

/**
 * xsnet_engine_verify - are the targets in a desired state?
 * @desired: borrowed until the call returns
 *
 * Returns: 0 where there is nothing to do; -EIO "verify-failed", naming what differs; as
 * xsnet_engine_plan().
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_verify(struct xsnet_engine *engine, struct xsnet_state *desired, struct xsnet_error **ret_err);

/**
 * xsnet_engine_recover - go back by the journals that earlier runs left
 * @ret_report: as xsnet_engine_apply()
 *
 * A run leaves its journal where its process was killed, or where going back failed.
 * Without journals there is nothing to do. A journal is found under any URI of its
 * target, also after a restart of the host where its directory outlives that.
 *
 * Returns: 0; -EAGAIN "journal-locked"; -EINVAL "bad-journal" for one that cannot be read; what
 * a step failed with, and then the journal stays.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_recover(struct xsnet_engine *engine, struct xsnet_report **ret_report, struct xsnet_error **ret_err);

#ifdef __cplusplus
}
#endif

#endif
