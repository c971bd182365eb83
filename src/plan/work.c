/* SPDX-License-Identifier: Apache-2.0 */
/* The pairs of one target: made by the planner's first half or from a journal, read by the second. */
#include "plan/work.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

int xsn_work_add(struct xsn_work *work, struct xsnet_object *from, struct xsnet_object *to, struct xsn_pair **ret_pair)
{
        struct xsn_pair *pair;

        if (xsn_grow((void **)&work->pairs, &work->cap_pairs, work->n_pairs + 1, sizeof(struct xsn_pair *)) < 0)
                return -ENOMEM;
        pair = xsn_alloc(sizeof(*pair));
        if (!pair)
                return -ENOMEM;
        pair->from = from ? xsnet_object_ref(from) : NULL;
        pair->to = to ? xsnet_object_ref(to) : NULL;
        pair->step = SIZE_MAX;
        pair->remove_step = SIZE_MAX;
        work->pairs[work->n_pairs++] = pair;
        if (ret_pair)
                *ret_pair = pair;
        return 0;
}

void xsn_work_done(struct xsn_work *work)
{
        for (size_t i = 0; i < work->n_pairs; i++) {
                struct xsn_pair *pair = work->pairs[i];

                xsnet_object_unref(pair->from);
                xsnet_object_unref(pair->to);
                xsn_free(pair->note);
                xsn_free(pair->irreversible);
                xsn_free(pair);
        }
        for (size_t i = 0; i < work->n_waiting; i++)
                xsnet_object_unref(work->waiting[i]);
        xsn_free(work->pairs);
        xsn_free(work->waiting);
        xsn_free(work->owner);
        xsn_strs_clear(&work->notes);
        memset(work, 0, sizeof(*work));
}
