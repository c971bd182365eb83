/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of one target, as a transaction does them: it has no between, so a change that the planner has split, since
 * its things wait for each other, is one step again. What stands between its halves, such as a bond in no network, need
 * not be possible.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

/* Is the second step the rest of the first? 0, 1 or -ENOMEM. */
static int is_rest(const struct xsnet_step *half, const struct xsnet_step *step)
{
        struct xsn_buf left = { 0 }, taken = { 0 };
        int r = 0;

        if (step->half || !step->from || step->target != half->target || step->from->cls != half->to->cls)
                return 0;
        xsn_object_key(half->to, &left);
        xsn_object_key(step->from, &taken);
        if (left.failed || taken.failed)
                r = -ENOMEM;
        else
                r = left.len == taken.len && (left.len == 0 || memcmp(left.s, taken.s, left.len) == 0);
        xsn_buf_done(&left);
        xsn_buf_done(&taken);
        return r;
}

/* Puts both as one step where the second is. */
static int join(struct ovs_steps *steps, const struct xsnet_step *half)
{
        for (size_t i = 0; i < steps->n; i++) {
                struct xsnet_step *joined = &steps->joined[steps->n_joined];
                int r = is_rest(half, steps->steps[i]);

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                *joined = *steps->steps[i];
                joined->from = half->from;
                joined->changed |= half->changed;
                joined->mark = joined->mark || half->mark;
                steps->steps[i] = joined;
                steps->n_joined++;
                return 0;
        }
        return 0;
}

int xsn_ovs_steps_find(const struct xsnet_plan *plan, size_t target, struct ovs_steps *ret_steps)
{
        struct ovs_steps steps = { .n = 0 };
        size_t n_halves = 0;
        int r = 0;

        for (size_t i = 0; i < plan->n_steps; i++)
                n_halves += plan->steps[i].target == target && plan->steps[i].half;
        steps.steps = xsn_alloc_array(plan->n_steps + 1, sizeof(const struct xsnet_step *));
        steps.joined = xsn_alloc_array(n_halves + 1, sizeof(*steps.joined));
        for (size_t i = 0; i < plan->n_steps && steps.steps && steps.joined; i++)
                if (plan->steps[i].target == target && !plan->steps[i].half)
                        steps.steps[steps.n++] = &plan->steps[i];
        for (size_t i = 0; i < plan->n_steps && n_halves > 0 && r == 0 && steps.steps && steps.joined; i++)
                if (plan->steps[i].target == target && plan->steps[i].half)
                        r = join(&steps, &plan->steps[i]);
        if (r < 0 || !steps.steps || !steps.joined) {
                xsn_ovs_steps_done(&steps);
                return -ENOMEM;
        }
        *ret_steps = steps;
        return 0;
}

void xsn_ovs_steps_done(struct ovs_steps *steps)
{
        xsn_free(steps->steps);
        xsn_free(steps->joined);
        *steps = (struct ovs_steps){ .n = 0 };
}
