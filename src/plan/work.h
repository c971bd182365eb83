/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the two halves of planning: what each object is and shall be (made by
 * resolve.c and target.c, or from a journal by back.c), and the steps that follow
 * from it (steps.c, order.c).
 */
#ifndef PLAN_WORK_H
#define PLAN_WORK_H

#include "plan/plan.h"

/* One object of a target, before and after. Identity is this pair, so a renamed NIC stays one object. */
struct xsn_pair {
        struct xsnet_object *from; /* a reference: as observed; NULL: it is made */
        struct xsnet_object *to;   /* a reference: as it shall be; NULL: it goes */
        bool named;   /* an item of the document, or an entry of the journal, is about it */
        bool mark;    /* to->owner is to be written (or, NULL, taken away) */
        uint64_t rows; /* of `to`, that are written though they are seen so: what they follow from changes */
        bool replace; /* a RECREATE row changed: two steps, remove `from` and create `to` */
        struct xsn_pair *implied_by; /* no step: it happens by itself in that pair's step (a bond's member) */
        char *note;   /* owned; NULL */
        char *irreversible; /* owned; NULL */
        struct xsn_pos pos;
        size_t step, remove_step; /* for steps.c: indexes of its steps, SIZE_MAX: none; remove_step comes first */
        uint64_t changed;         /* for steps.c: the rows in which `to` differs from `from` */
        size_t seen;              /* for impact.c: the last walk that came by */
};

/* One target while it is being planned. */
struct xsn_work {
        const struct xsn_plan_input *input;
        struct xsn_pair **pairs; /* each allocated, so that pointers to it last */
        size_t n_pairs, cap_pairs;
        struct xsn_list notes; /* of char * */
        struct xsnet_object **waiting; /* each a reference */
        size_t n_waiting, cap_waiting;
        char *owner;
};

/* New pairs belong to the work. NULL references are allowed. 0 or -ENOMEM. */
int xsn_work_add(struct xsn_work *work, struct xsnet_object *from, struct xsnet_object *to, struct xsn_pair **ret_pair);
void xsn_work_done(struct xsn_work *work);

/* resolve.c, target.c: one work per input, filled from observed and desired; all errors into *errs. */
int xsn_work_build(const struct xsn_plan_input *inputs, size_t n_inputs, const struct xsnet_state *desired,
                   const struct xsn_plan_options *options, struct xsn_work *works, struct xsnet_error **errs);

/* steps.c, order.c: the plan that the works make. */
int xsn_plan_from_works(const struct xsn_work *works, size_t n_works, struct xsnet_plan **ret_plan,
                        struct xsnet_error **ret_err);

#endif
