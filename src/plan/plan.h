/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan and how it is made. All of this folder is pure: no I/O, no clock, and
 * the same input gives the same plan. The engine calls it; backends read its steps.
 *
 *   desired + observed --resolve--> one object an item --target--> the state to reach --diff--> steps --order--> waves
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <xsnet/plan.h>

#include "model/state.h"
#include "plan/caps.h"

struct xsnet_step {
        size_t index; /* in the plan */
        size_t target; /* which of the plan's targets */
        unsigned wave; /* from 1 */
        int verb;      /* XSNET_STEP_* */
        struct xsnet_object *from; /* a reference; NULL: created */
        struct xsnet_object *to;   /* a reference to the whole object as it shall be; NULL: removed */
        uint64_t changed;          /* bit i: row i of `to` differs from `from`; on creation: is set */
        bool half;                 /* the first of two steps of a change that was split: lets go, the second takes */
        bool mark;                 /* the owner's mark is written, changed or removed: see to->owner */
        size_t *deps;              /* indexes of steps that come first; owned */
        size_t n_deps;
        int disruption; /* XSNET_DISRUPTION_* */
        bool management;
        bool storage;
        size_t n_vifs;
        char *irreversible; /* owned; NULL */
        char *note;         /* owned; NULL; what else happens: "takes the addresses of eth0" */
        struct xsn_pos pos; /* of the item that asked for it */
};

/* What a step or an absence took for granted: that an object is as it was observed, or not there. For "plan-stale". */
struct xsn_assumption {
        size_t target;
        struct xsnet_object *obj; /* a reference: as it was; as it shall be where it was not there */
        bool there;
};

/* An object that a plan touches: as it was, and as the plan makes it. */
struct xsn_journal_entry {
        struct xsnet_object *before; /* a reference; NULL: it was not there */
        struct xsnet_object *after;  /* a reference; NULL: it is to be gone */
};

struct xsn_plan_target {
        char *name; /* "linux:", for messages: owned */
        struct xsnet_state *observed; /* a reference: as it was when the plan was made */
        struct xsnet_state *wanted;   /* a reference: all objects as they shall be after the plan */
        struct xsn_journal_entry *touched; /* what has steps, and what changes along with them (a bond's members) */
        size_t n_touched;
};

struct xsnet_plan {
        unsigned refs;
        struct xsn_plan_target *targets;
        size_t n_targets;
        struct xsnet_step *steps; /* by wave, then in a stable order */
        size_t n_steps;
        unsigned n_waves;
        bool back; /* it goes back to what a journal has: payloads of `to` are how things were */
        struct xsn_assumption *assumptions;
        size_t n_assumptions;
        struct xsn_list notes;        /* of char * */
        struct xsnet_object **waiting; /* each a reference */
        size_t n_waiting;
        char *owner;
};

XSN_CLEANUP_DEFINE(xsnet_plan_unref, struct xsnet_plan);

/* One target as the engine observed it. */
struct xsn_plan_input {
        const char *name;
        struct xsnet_state *observed;
        const struct xsn_caps *caps;
};

struct xsn_plan_options {
        bool irreversible; /* steps that cannot be taken back are allowed */
        const struct xsn_list *only_hosts; /* NULL: items for hosts that no target reaches are errors */
};

/* All that is wrong is reported at once. -EINVAL, -EOPNOTSUPP, -EPERM (another owner), -EBUSY (in use), -ENOMEM. */
int xsn_plan_make(const struct xsn_plan_input *inputs, size_t n_inputs, const struct xsnet_state *desired,
                  const struct xsn_plan_options *options, struct xsnet_plan **ret_plan, struct xsnet_error **ret_err);

/* -ESTALE "plan-stale", naming the first object that is not as the plan assumed. */
int xsn_plan_check_stale(const struct xsnet_plan *plan, const struct xsn_plan_input *inputs, size_t n_inputs,
                         struct xsnet_error **ret_err);

/*
 * Is the state observed after the plan the one it wanted? Rows in `settling` (by kind) may
 * still change by themselves: -EAGAIN where only those differ; -EIO "verify-failed" else.
 */
int xsn_plan_verify(const struct xsnet_plan *plan, size_t target, struct xsnet_state *observed,
                    const uint64_t settling[XSN_N_KINDS + 1], struct xsnet_error **ret_err);

/* Is row i of an object not set, or as it would be if nobody had ever set it? */
bool xsn_plan_row_is_default(const struct xsnet_object *obj, size_t i);

/* ---- going back ---- */

/* What the engine writes before the first change; codec/journal.c reads and writes it. */
struct xsn_journal {
        char *target; /* its URI, without secrets */
        char *identity; /* what the backend says that it is; NULL: the URI says it */
        char *boot;     /* which boot of it; NULL */
        char *owner;
        char *payload; /* the backend's own; NULL: what it needs is with the objects */
        struct xsn_journal_entry *entries;
        size_t n_entries, cap_entries;
};

/* The touched part of one target of a plan. */
int xsn_journal_from_plan(const struct xsnet_plan *plan, size_t target, struct xsn_journal **ret_journal);
struct xsn_journal *xsn_journal_free(struct xsn_journal *journal);
XSN_CLEANUP_DEFINE(xsn_journal_free, struct xsn_journal);

/* The plan from what is observed now back to what the journal has: same steps, same order rules. */
int xsn_plan_back(const struct xsn_plan_input *input, const struct xsn_journal *journal, struct xsnet_plan **ret_plan,
                  struct xsnet_error **ret_err);

#endif
