/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that came after the rows were observed: a plan is made from the rows as they were, and its transaction says
 * so. They wait here, the last one of each row, until the rows may move on. Used by backend.c and txn.c.
 */
#ifndef BACKEND_OVS_LATER_H
#define BACKEND_OVS_LATER_H

#include "backend/ovs/rows.h"

struct ovs_later {
        struct xsn_hash by_uuid;
        struct ovs_changed *first, *last; /* each owned; in the order in which they came first */
};

/* As xsn_ovs_rows_change() of rows that are to stay as they are. 0 or -ENOMEM. */
int xsn_ovs_later_note(struct ovs_later *later, const char *table, const char *uuid, const json_t *after);
/* The rows catch up; nothing waits any more, also on failure. 0 or -ENOMEM. */
int xsn_ovs_later_take(struct ovs_later *later, struct ovs_rows *rows);
void xsn_ovs_later_done(struct ovs_later *later);

#endif
