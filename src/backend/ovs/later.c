/* SPDX-License-Identifier: Apache-2.0 */
/* A list with an index: a row that changes again and again takes no more room than one. */
#include "backend/ovs/later.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

struct ovs_changed {
        int table;
        char uuid[XSN_OVSDB_UUID_LEN + 1];
        json_t *after; /* a reference; NULL: it has gone */
        struct ovs_changed *next;
};

static struct ovs_changed *changed_free(struct ovs_changed *changed)
{
        json_decref(changed->after);
        return xsn_free(changed);
}

static int add(struct ovs_later *later, int table, const char *uuid, struct ovs_changed **ret)
{
        struct ovs_changed *changed = xsn_alloc(sizeof(*changed));

        if (!changed)
                return -ENOMEM;
        changed->table = table;
        memcpy(changed->uuid, uuid, sizeof(changed->uuid));
        if (xsn_hash_put(&later->by_uuid, changed->uuid, XSN_OVSDB_UUID_LEN, changed) < 0) {
                (void)changed_free(changed);
                return -ENOMEM;
        }
        if (later->last)
                later->last->next = changed;
        else
                later->first = changed;
        later->last = changed;
        *ret = changed;
        return 0;
}

int xsn_ovs_later_note(struct ovs_later *later, const char *table, const char *uuid, const json_t *after)
{
        struct ovs_changed *changed = xsn_hash_get(&later->by_uuid, uuid, XSN_OVSDB_UUID_LEN);
        int index = xsn_ovs_table_of(table);

        if (index < 0)
                return 0;
        if (!changed && add(later, index, uuid, &changed) < 0)
                return -ENOMEM;
        json_decref(changed->after);
        changed->after = json_incref((json_t *)(uintptr_t)after);
        return 0;
}

int xsn_ovs_later_take(struct ovs_later *later, struct ovs_rows *rows)
{
        int r = 0;

        for (struct ovs_changed *changed = later->first; changed && r == 0; changed = changed->next)
                r = xsn_ovs_rows_change(rows, xsn_ovs_tables[changed->table].name, changed->uuid, changed->after);
        xsn_ovs_later_done(later);
        return r;
}

void xsn_ovs_later_done(struct ovs_later *later)
{
        while (later->first) {
                struct ovs_changed *changed = later->first;

                later->first = changed->next;
                (void)changed_free(changed);
        }
        xsn_hash_done(&later->by_uuid);
        *later = (struct ovs_later){ .first = NULL };
}
