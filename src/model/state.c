/* SPDX-License-Identifier: Apache-2.0 */
/* The set of objects, and finding one by its identity. What is wrong across objects: check_state.c. */
#include "model/state.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "base/names.h"
#include "model/types.h"

int xsn_state_new(struct xsnet_state **ret_state)
{
        struct xsnet_state *state = xsn_alloc(sizeof(*state));

        if (!state)
                return -ENOMEM;
        state->refs = 1;
        *ret_state = state;
        return 0;
}

/* A key of one object: "KIND h HOST NUL KEY", or "KIND a NUL KEY" for whichever host comes first. */
struct xsn_index_key {
        struct xsn_index_key *older;
        char text[];
};

void xsn_state_touch(struct xsnet_state *state)
{
        while (state->index_keys) {
                struct xsn_index_key *older = state->index_keys->older;

                xsn_free(state->index_keys);
                state->index_keys = older;
        }
        xsn_hash_done(&state->index);
        state->indexed = 0;
}

static void host_clear(struct xsn_host *host)
{
        xsn_free(host->name);
        xsn_free(host->uuid);
        xsn_free(host->label);
        xsn_strs_clear(&host->uris);
}

XSN_EXPORT struct xsnet_state *xsnet_state_unref(struct xsnet_state *state)
{
        if (!state || --state->refs)
                return NULL;
        xsn_state_touch(state);
        xsn_hash_done(&state->host_index);
        for (size_t i = 0; i < state->n_objects; i++)
                xsnet_object_unref(state->objects[i]);
        for (size_t i = 0; i < state->n_hosts; i++)
                host_clear(&state->hosts[i]);
        xsn_free(state->objects);
        xsn_free(state->hosts);
        xsn_free(state->owner);
        xsn_free(state->source);
        return xsn_free(state);
}

/* ---- the index ---- */

/* host: NULL: any. Ends with a NUL that is not part of the key. */
static void put_key(struct xsn_buf *buf, int kind, const char *host)
{
        xsn_buf_putc(buf, (char)kind);
        xsn_buf_putc(buf, host ? 'h' : 'a');
        xsn_buf_put(buf, host ? host : "");
        xsn_buf_putc(buf, '\0');
}

/* The first object of a key keeps it. */
static int index_put(struct xsnet_state *state, const char *key, size_t len, struct xsnet_object *obj)
{
        return xsn_hash_get(&state->index, key, len) ? 0 : xsn_hash_put(&state->index, key, len, obj);
}

/* host: as the index is to have it, NULL: any. */
static int index_add_one(struct xsnet_state *state, struct xsnet_object *obj, const char *host)
{
        struct xsn_buf buf = { 0 };
        struct xsn_index_key *key;
        size_t start;
        int r = -ENOMEM;

        put_key(&buf, obj->cls->kind, host);
        start = buf.len;
        xsn_object_key(obj, &buf);
        if (buf.len == start && !buf.failed) { /* nobody can look for it */
                xsn_buf_done(&buf);
                return 0;
        }
        key = buf.failed ? NULL : xsn_alloc(sizeof(*key) + buf.len);
        if (key) {
                memcpy(key->text, buf.s, buf.len);
                key->older = state->index_keys;
                state->index_keys = key;
                r = index_put(state, key->text, buf.len, obj);
        }
        xsn_buf_done(&buf);
        return r;
}

static int index_add(struct xsnet_state *state, struct xsnet_object *obj, unsigned ways)
{
        if ((ways & XSN_INDEX_HOST) && index_add_one(state, obj, xsn_object_host(obj)) < 0)
                return -ENOMEM;
        return ways & XSN_INDEX_ANY ? index_add_one(state, obj, NULL) : 0;
}

static int index_build(struct xsnet_state *state, unsigned way)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                if (index_add(state, state->objects[i], way) < 0) {
                        xsn_state_touch(state);
                        return -ENOMEM;
                }
        }
        state->indexed |= way;
        return 0;
}

int xsn_state_add(struct xsnet_state *state, struct xsnet_object *obj)
{
        if (xsn_grow((void **)&state->objects, &state->cap_objects, state->n_objects + 1, sizeof(*state->objects)) < 0)
                return -ENOMEM;
        /* Without memory for its keys the index is built anew by the next find. */
        if (index_add(state, obj, state->indexed) < 0)
                xsn_state_touch(state);
        state->objects[state->n_objects++] = xsnet_object_ref(obj);
        state->checked = 0;
        return 0;
}

void xsn_state_remove_at(struct xsnet_state *state, size_t i)
{
        xsn_state_touch(state);
        state->checked = 0;
        xsnet_object_unref(state->objects[i]);
        memmove(state->objects + i, state->objects + i + 1, (state->n_objects - i - 1) * sizeof(*state->objects));
        state->n_objects--;
}

static uint64_t count_changes(const struct xsnet_state *state)
{
        uint64_t n = 1;

        for (size_t i = 0; i < state->n_objects; i++)
                n += state->objects[i]->version;
        return n;
}

void xsn_state_set_checked(struct xsnet_state *state)
{
        state->checked = count_changes(state);
}

bool xsn_state_is_checked(const struct xsnet_state *state)
{
        return state->checked && state->checked == count_changes(state);
}

int xsn_state_add_host(struct xsnet_state *state, const char *name, struct xsn_host **ret_host)
{
        size_t place = (size_t)(uintptr_t)xsn_hash_get_str(&state->host_index, name);
        struct xsn_host *host;
        char *copy;

        if (place) {
                *ret_host = &state->hosts[place - 1];
                return 0;
        }
        if (xsn_grow((void **)&state->hosts, &state->cap_hosts, state->n_hosts + 1, sizeof(*state->hosts)) < 0)
                return -ENOMEM;
        copy = xsn_strdup(name);
        if (!copy)
                return -ENOMEM;
        if (xsn_hash_put_str(&state->host_index, copy, (void *)(uintptr_t)(state->n_hosts + 1)) < 0) {
                xsn_free(copy);
                return -ENOMEM;
        }
        host = &state->hosts[state->n_hosts++];
        memset(host, 0, sizeof(*host));
        host->name = copy;
        *ret_host = host;
        return 0;
}

static int copy_text(const char *src, char **dst)
{
        if (!src)
                return 0;
        *dst = xsn_strdup(src);
        return *dst ? 0 : -ENOMEM;
}

static int copy_hosts(struct xsnet_state *copy, const struct xsnet_state *state)
{
        for (size_t i = 0; i < state->n_hosts; i++) {
                const struct xsn_host *from = &state->hosts[i];
                struct xsn_host *to;

                if (xsn_state_add_host(copy, from->name, &to) < 0 || copy_text(from->uuid, &to->uuid) < 0 ||
                    copy_text(from->label, &to->label) < 0 ||
                    xsn_value_copy(xsn_type_of(XSNET_TYPE_STRS), &to->uris, &from->uris) < 0)
                        return -ENOMEM;
                to->pos = from->pos;
        }
        return 0;
}

int xsn_state_copy(const struct xsnet_state *state, struct xsnet_state **ret_state)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *copy = NULL;

        if (xsn_state_new(&copy) < 0 || copy_hosts(copy, state) < 0 || copy_text(state->owner, &copy->owner) < 0 ||
            copy_text(state->source, &copy->source) < 0)
                return -ENOMEM;
        copy->prune = state->prune;
        copy->prune_pos = state->prune_pos;
        for (size_t i = 0; i < state->n_objects; i++) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;

                if (xsn_object_copy(state->objects[i], &obj) < 0 || xsn_state_add(copy, obj) < 0)
                        return -ENOMEM;
        }
        *ret_state = XSN_TAKE(copy);
        return 0;
}

/* Without memory for the index: one by one. */
static struct xsnet_object *find_slowly(const struct xsnet_state *state, int kind, const char *host, const char *key)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                _cleanup_(xsn_freep) char *mine = NULL;
                struct xsnet_object *obj = state->objects[i];
                struct xsn_buf buf = { 0 };

                if (obj->cls->kind != kind || (host && strcmp(xsn_object_host(obj), host) != 0))
                        continue;
                xsn_object_key(obj, &buf);
                if (!xsn_buf_take(&buf, &mine) && !strcmp(mine, key))
                        return obj;
        }
        return NULL;
}

XSN_EXPORT struct xsnet_object *xsnet_state_find(struct xsnet_state *state, int kind, const char *host, const char *key)
{
        unsigned way = host ? XSN_INDEX_HOST : XSN_INDEX_ANY;
        struct xsnet_object *found;
        struct xsn_buf buf = { 0 };

        if (!key || !*key || !xsn_class_of(kind))
                return NULL;
        put_key(&buf, kind, host);
        xsn_buf_put(&buf, key);
        if (buf.failed || (!(state->indexed & way) && index_build(state, way) < 0))
                found = find_slowly(state, kind, host, key);
        else
                found = xsn_hash_get(&state->index, buf.s, buf.len);
        xsn_buf_done(&buf);
        return found;
}

/* ---- public ---- */

XSN_EXPORT int xsnet_state_new(struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        return xsn_state_new(ret_state) < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT struct xsnet_state *xsnet_state_ref(struct xsnet_state *state)
{
        state->refs++;
        return state;
}

XSN_EXPORT int xsnet_state_add(struct xsnet_state *state, struct xsnet_object *obj, struct xsnet_error **ret_err)
{
        return xsn_state_add(state, obj) < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT int xsnet_state_remove(struct xsnet_state *state, struct xsnet_object *obj)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                if (state->objects[i] == obj) {
                        xsn_state_remove_at(state, i);
                        return 0;
                }
        }
        return -ENOENT;
}

XSN_EXPORT size_t xsnet_state_get_count(struct xsnet_state *state)
{
        return state->n_objects;
}

XSN_EXPORT struct xsnet_object *xsnet_state_get_at(struct xsnet_state *state, size_t index)
{
        return index < state->n_objects ? state->objects[index] : NULL;
}

XSN_EXPORT int xsnet_state_set_owner(struct xsnet_state *state, const char *owner, struct xsnet_error **ret_err)
{
        char *copy = NULL;

        if (owner && !xsn_owner_valid(owner)) {
                static const struct xsn_field field = { .name = "owner", .type = XSNET_TYPE_STR };

                return xsn_type_expected(ret_err, &field, "1..63 letters, digits, '.', '_' or '-'", owner);
        }
        if (owner) {
                copy = xsn_strdup(owner);
                if (!copy)
                        return xsn_error_oom(ret_err);
        }
        xsn_free(state->owner);
        state->owner = copy;
        state->checked = 0;
        return 0;
}

XSN_EXPORT const char *xsnet_state_get_owner(struct xsnet_state *state)
{
        return state->owner;
}

XSN_EXPORT void xsnet_state_set_prune(struct xsnet_state *state, int prune)
{
        state->prune = prune != 0;
        state->checked = 0;
}

XSN_EXPORT int xsnet_state_get_prune(struct xsnet_state *state)
{
        return state->prune;
}

XSN_EXPORT int xsnet_state_check(struct xsnet_state *state, struct xsnet_error **ret_err)
{
        struct xsnet_error *errs = NULL;

        xsn_state_check(state, &errs);
        return errs ? xsn_error_give(ret_err, errs) : 0;
}
