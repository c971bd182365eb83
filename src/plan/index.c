/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of index.h: one hash of "WHAT HOST NUL NAME" to linked items. */
#include "plan/index.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static size_t write_key(char *key, int what, const char *host, size_t host_len, const char *name, size_t name_len)
{
        key[0] = (char)what;
        memcpy(key + 1, host, host_len + 1);
        memcpy(key + host_len + 2, name, name_len + 1);
        return host_len + name_len + 2;
}

static int make_room(struct xsn_index *index, size_t need)
{
        void *scratch = index->scratch;

        if (xsn_grow(&scratch, &index->cap, need, 1) < 0)
                return -ENOMEM;
        index->scratch = scratch;
        return 0;
}

int xsn_index_put(struct xsn_index *index, int what, const char *host, const char *name, struct xsn_pair *pair)
{
        size_t host_len = strlen(host), name_len = strlen(name), len;
        struct xsn_index_item *item, *first;

        if (make_room(index, host_len + name_len + 3) < 0)
                return -ENOMEM;
        item = xsn_alloc(sizeof(*item) + host_len + name_len + 3);
        if (!item)
                return -ENOMEM;
        item->pair = pair;
        item->tail = item;
        item->older = index->newest;
        index->newest = item;
        len = write_key(item->key, what, host, host_len, name, name_len);
        first = xsn_hash_get(&index->hash, item->key, len);
        if (!first)
                return xsn_hash_put(&index->hash, item->key, len, item);
        first->tail->next = item;
        first->tail = item;
        return 0;
}

const struct xsn_index_item *xsn_index_find(const struct xsn_index *index, int what, const char *host,
                                            const char *name)
{
        size_t host_len = strlen(host), name_len = strlen(name);

        if (host_len + name_len + 3 > index->cap)
                return NULL;
        return xsn_hash_get(&index->hash, index->scratch,
                            write_key(index->scratch, what, host, host_len, name, name_len));
}

struct xsn_pair *xsn_index_pair(const struct xsn_index *index, int what, const char *host, const char *name)
{
        const struct xsn_index_item *item = xsn_index_find(index, what, host, name);

        return item ? item->pair : NULL;
}

void xsn_index_done(struct xsn_index *index)
{
        struct xsn_index_item *item = index->newest;

        while (item) {
                struct xsn_index_item *older = item->older;

                xsn_free(item);
                item = older;
        }
        xsn_hash_done(&index->hash);
        xsn_free(index->scratch);
        *index = (struct xsn_index){ 0 };
}
