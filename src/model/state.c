/* SPDX-License-Identifier: Apache-2.0 */
/* The set of objects, and finding one by its identity. What is wrong across objects: check.c. */
#include "model/state.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "base/names.h"

int xsn_state_new(struct xsnet_state **ret_state)
{
        struct xsnet_state *state = xsn_alloc(sizeof(*state));

        if (!state)
                return -ENOMEM;
        state->refs = 1;
        *ret_state = state;
        return 0;
}

void xsn_state_touch(struct xsnet_state *state)
{
        xsn_hash_done(&state->index);
        state->index_keys = xsn_free(state->index_keys);
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

int xsn_state_add(struct xsnet_state *state, struct xsnet_object *obj)
{
        if (xsn_grow((void **)&state->objects, &state->cap_objects, state->n_objects + 1, sizeof(*state->objects)) < 0)
                return -ENOMEM;
        xsn_state_touch(state);
        state->objects[state->n_objects++] = xsnet_object_ref(obj);
        return 0;
}

void xsn_state_remove_at(struct xsnet_state *state, size_t i)
{
        xsn_state_touch(state);
        xsnet_object_unref(state->objects[i]);
        memmove(state->objects + i, state->objects + i + 1, (state->n_objects - i - 1) * sizeof(*state->objects));
        state->n_objects--;
}

int xsn_state_add_host(struct xsnet_state *state, const char *name, struct xsn_host **ret_host)
{
        struct xsn_host *host;
        char *copy;

        for (size_t i = 0; i < state->n_hosts; i++) {
                if (!strcmp(state->hosts[i].name, name)) {
                        *ret_host = &state->hosts[i];
                        return 0;
                }
        }
        if (xsn_grow((void **)&state->hosts, &state->cap_hosts, state->n_hosts + 1, sizeof(*state->hosts)) < 0)
                return -ENOMEM;
        copy = xsn_strdup(name);
        if (!copy)
                return -ENOMEM;
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
        for (size_t i = 0; i < state->n_objects; i++) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;

                if (xsn_object_copy(state->objects[i], &obj) < 0 || xsn_state_add(copy, obj) < 0)
                        return -ENOMEM;
        }
        *ret_state = XSN_TAKE(copy);
        return 0;
}

/* ---- the index: "KIND/HOST/KEY", and "KIND//KEY" for whichever host comes first ---- */

static int index_put(struct xsnet_state *state, const char *key, size_t len, struct xsnet_object *obj)
{
        return xsn_hash_get(&state->index, key, len) ? 0 : xsn_hash_put(&state->index, key, len, obj);
}

/* Each key twice into `keys`, NUL-terminated; objects without an identity leave two empty strings. */
static void index_keys(const struct xsnet_state *state, struct xsn_buf *keys)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                const struct xsnet_object *obj = state->objects[i];

                for (int any = 0; any < 2; any++) {
                        xsn_buf_printf(keys, "%d/%s/", obj->cls->kind, any ? "" : xsn_object_host(obj));
                        xsn_object_key(obj, keys);
                        xsn_buf_putc(keys, '\0');
                }
        }
}

static int index_build(struct xsnet_state *state)
{
        struct xsn_buf keys = { 0 };
        const char *key;

        index_keys(state, &keys);
        if (xsn_buf_take(&keys, &state->index_keys) < 0)
                return -ENOMEM;
        key = state->index_keys;
        for (size_t i = 0; i < state->n_objects; i++) {
                for (int any = 0; any < 2; any++) {
                        size_t len = strlen(key);

                        if (index_put(state, key, len, state->objects[i]) < 0) {
                                xsn_state_touch(state);
                                return -ENOMEM;
                        }
                        key += len + 1;
                }
        }
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

XSN_EXPORT struct xsnet_object *xsnet_state_find(struct xsnet_state *state, int kind, const char *host,
                                                 const char *key)
{
        _cleanup_(xsn_freep) char *full = NULL;
        struct xsn_buf buf = { 0 };

        if (!key || !state->n_objects)
                return NULL;
        xsn_buf_printf(&buf, "%d/%s/%s", kind, host ? host : "", key);
        if (xsn_buf_take(&buf, &full) < 0 || (!state->index_keys && index_build(state) < 0))
                return find_slowly(state, kind, host, key);
        return xsn_hash_get_str(&state->index, full);
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

        if (owner && !xsn_owner_valid(owner))
                return xsn_error_set(ret_err, -EINVAL, "bad-value",
                                     "owner: expected 1..63 letters, digits, '.', '_' or '-', found '%s'", owner);
        if (owner) {
                copy = xsn_strdup(owner);
                if (!copy)
                        return xsn_error_oom(ret_err);
        }
        xsn_free(state->owner);
        state->owner = copy;
        return 0;
}

XSN_EXPORT const char *xsnet_state_get_owner(struct xsnet_state *state)
{
        return state->owner;
}

XSN_EXPORT void xsnet_state_set_prune(struct xsnet_state *state, int prune)
{
        state->prune = prune != 0;
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
