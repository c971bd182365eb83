/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch knows of a target: objects by identity, in the order in which they came. */
#include "engine/known.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static int make_key(const struct xsnet_object *obj, char **ret_key)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "%d/%s/", obj->cls->kind, xsn_object_host(obj));
        xsn_object_key(obj, &buf);
        return xsn_buf_take(&buf, ret_key);
}

static void entry_free(struct xsn_known_entry *entry)
{
        xsnet_object_unref(entry->obj);
        xsn_free(entry->key);
        xsn_free(entry);
}

void xsn_known_forget_untold(struct xsn_known *known)
{
        for (size_t i = known->next_untold; i < known->n_untold; i++)
                xsnet_object_unref(known->untold[i].obj);
        known->untold = xsn_free(known->untold);
        known->n_untold = known->next_untold = 0;
}

void xsn_known_clear(struct xsn_known *known)
{
        xsn_known_forget_untold(known);
        for (size_t i = 0; i < known->n; i++)
                entry_free(known->entries[i]);
        xsn_free(known->entries);
        xsn_hash_done(&known->index);
        memset(known, 0, sizeof(*known));
}

struct xsn_known_entry *xsn_known_find(const struct xsn_known *known, const struct xsnet_object *obj, bool *ret_oom)
{
        _cleanup_(xsn_freep) char *key = NULL;

        if (make_key(obj, &key) < 0) {
                *ret_oom = true;
                return NULL;
        }
        return xsn_hash_get_str(&known->index, key);
}

/* `key` becomes the entry's. */
static int add(struct xsn_known *known, char *key, struct xsnet_object *obj, struct xsn_known_entry **ret_entry)
{
        struct xsn_known_entry *entry;

        if (xsn_grow((void **)&known->entries, &known->cap, known->n + 1, sizeof(*known->entries)) < 0)
                return -ENOMEM;
        entry = xsn_alloc(sizeof(*entry));
        if (!entry || xsn_hash_put_str(&known->index, key, entry) < 0) {
                xsn_free(entry);
                return -ENOMEM;
        }
        entry->key = key;
        entry->obj = xsnet_object_ref(obj);
        known->entries[known->n++] = entry;
        *ret_entry = entry;
        return 0;
}

int xsn_known_put(struct xsn_known *known, struct xsnet_object *obj, struct xsn_known_entry **ret_entry)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_known_entry *entry;

        if (make_key(obj, &key) < 0)
                return -ENOMEM;
        entry = xsn_hash_get_str(&known->index, key);
        if (!entry) {
                if (add(known, key, obj, ret_entry) < 0)
                        return -ENOMEM;
                key = NULL;
                return 0;
        }
        xsnet_object_ref(obj); /* first: it may be the same */
        xsnet_object_unref(entry->obj);
        entry->obj = obj;
        *ret_entry = entry;
        return 0;
}

void xsn_known_remove(struct xsn_known *known, size_t i)
{
        struct xsn_known_entry *entry = known->entries[i];

        xsn_hash_remove(&known->index, entry->key, strlen(entry->key));
        entry_free(entry);
        known->n--;
        memmove(known->entries + i, known->entries + i + 1, (known->n - i) * sizeof(*known->entries));
}
