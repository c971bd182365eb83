/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of one target: each object that a plan touches, before and after. The engine keeps it until the end. */
#include "plan/plan.h"

#include <errno.h>

#include "base/alloc.h"

struct xsn_journal *xsn_journal_free(struct xsn_journal *journal)
{
        if (!journal)
                return NULL;
        for (size_t i = 0; i < journal->n_entries; i++) {
                xsnet_object_unref(journal->entries[i].before);
                xsnet_object_unref(journal->entries[i].after);
        }
        xsn_free(journal->entries);
        xsn_free(journal->target);
        xsn_free(journal->identity);
        xsn_free(journal->boot);
        xsn_free(journal->owner);
        xsn_free(journal->payload);
        return xsn_free(journal);
}

int xsn_journal_from_plan(const struct xsnet_plan *plan, size_t t, struct xsn_journal **ret_journal)
{
        _cleanup_(xsn_journal_freep) struct xsn_journal *journal = xsn_alloc(sizeof(*journal));
        const struct xsn_plan_target *target = &plan->targets[t];

        if (!journal)
                return -ENOMEM;
        journal->target = xsn_strdup(target->name);
        journal->owner = plan->owner ? xsn_strdup(plan->owner) : NULL;
        journal->entries = xsn_alloc_array(target->n_touched + 1, sizeof(*journal->entries));
        if (!journal->target || (plan->owner && !journal->owner) || !journal->entries)
                return -ENOMEM;
        journal->cap_entries = target->n_touched + 1;
        for (; journal->n_entries < target->n_touched; journal->n_entries++) {
                const struct xsn_journal_entry *touched = &target->touched[journal->n_entries];
                struct xsn_journal_entry *entry = &journal->entries[journal->n_entries];

                entry->before = touched->before ? xsnet_object_ref(touched->before) : NULL;
                entry->after = touched->after ? xsnet_object_ref(touched->after) : NULL;
        }
        *ret_journal = XSN_TAKE(journal);
        return 0;
}
