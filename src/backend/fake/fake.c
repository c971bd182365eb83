/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a target in memory, and what its user does with it: see <xsnet/fake.h>. */
#include "backend/fake/fake.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"

int xsn_fake_new(const char *name, struct xsnet_fake **ret_fake)
{
        _cleanup_(xsnet_fake_unrefp) struct xsnet_fake *fake = xsn_alloc(sizeof(*fake));

        if (!fake)
                return -ENOMEM;
        fake->refs = 1;
        fake->name = xsn_strdup(name);
        if (!fake->name || xsn_state_new(&fake->state) < 0)
                return -ENOMEM;
        *ret_fake = XSN_TAKE(fake);
        return 0;
}

XSN_EXPORT int xsnet_fake_new(const char *name, int caps, struct xsnet_fake **ret_fake, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_fake_unrefp) struct xsnet_fake *fake = NULL;
        int r;

        if (!name || !*name)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "a fake target needs a name");
        if (xsn_fake_new(name, &fake) < 0)
                return xsn_error_oom(ret_err);
        if (xsn_fake_caps(caps, &fake->caps) < 0)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "caps: %d is not one of XSNET_FAKE_*", caps);
        r = xsnet_fake_add_host(fake, name, ret_err);
        if (r < 0)
                return r;
        *ret_fake = XSN_TAKE(fake);
        return 0;
}

XSN_EXPORT struct xsnet_fake *xsnet_fake_ref(struct xsnet_fake *fake)
{
        fake->refs++;
        return fake;
}

XSN_EXPORT struct xsnet_fake *xsnet_fake_unref(struct xsnet_fake *fake)
{
        if (!fake || --fake->refs)
                return NULL;
        xsn_free(fake->name);
        xsn_strs_clear(&fake->hosts);
        xsnet_state_unref(fake->state);
        xsn_free(fake->faults);
        return xsn_free(fake);
}

XSN_EXPORT int xsnet_fake_add_host(struct xsnet_fake *fake, const char *host, struct xsnet_error **ret_err)
{
        int r = xsn_host_check(host, ret_err);

        if (r < 0)
                return r;
        if (xsn_strs_has(&fake->hosts, host))
                return xsn_error_set(ret_err, -EEXIST, "exists", "host '%s' is there already", host);
        return xsn_strs_add(&fake->hosts, host) < 0 ? xsn_error_oom(ret_err) : 0;
}

/* ---- the state ---- */

/* The j-th of the hosts that an object is on; NULL beyond the last. */
static const char *host_of(const struct xsnet_fake *fake, const struct xsnet_object *obj, size_t j)
{
        const struct xsn_list *hosts = obj->hosts.n ? &obj->hosts : &fake->hosts;

        bool pools = obj->cls->kind == XSNET_KIND_NETWORK ||
                     (obj->cls->kind == XSNET_KIND_VIF && xsn_object_is_set(obj, XSNET_FIELD_VM));

        if (pools && (fake->caps.flags & XSN_CAP_POOL))
                return j ? NULL : "";
        return j < hosts->n ? XSN_ITEM(*hosts, char *, j) : NULL;
}

static int copy_onto(const struct xsnet_fake *fake, const struct xsnet_object *obj, const char *host,
                     struct xsnet_object **ret_copy, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL;
        struct xsn_buf key = { 0 };
        bool keyless;

        xsn_object_key(obj, &key);
        keyless = !key.len && !key.failed;
        xsn_buf_done(&key);
        if (keyless)
                return xsn_error_set(ret_err, -EINVAL, "no-identity", "a %s without its identity", obj->cls->name);
        if (*host && !xsn_strs_has(&fake->hosts, host))
                return xsn_error_set(ret_err, -EINVAL, "unknown-host", "the target has no host '%s'", host);
        if (xsn_object_copy(obj, &copy) < 0 || xsn_object_set_host(copy, host) < 0)
                return xsn_error_oom(ret_err);
        *ret_copy = XSN_TAKE(copy);
        return 0;
}

XSN_EXPORT int xsnet_fake_set_state(struct xsnet_fake *fake, struct xsnet_state *state, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *next = NULL;
        const char *host;

        if (xsn_state_new(&next) < 0)
                return xsn_error_oom(ret_err);
        for (size_t i = 0; i < state->n_objects; i++) {
                for (size_t j = 0; (host = host_of(fake, state->objects[i], j)); j++) {
                        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
                        int r = copy_onto(fake, state->objects[i], host, &obj, ret_err);

                        if (r < 0)
                                return r;
                        if (xsn_state_add(next, obj) < 0)
                                return xsn_error_oom(ret_err);
                }
        }
        if (xsn_fake_settle(next) < 0)
                return xsn_error_oom(ret_err);
        xsnet_state_unref(fake->state);
        fake->state = XSN_TAKE(next);
        xsn_fake_tell(fake, NULL);
        return 0;
}

int xsn_fake_share_state(struct xsnet_fake *fake, struct xsnet_state **ret_state)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;
        struct xsn_host *host;

        if (xsn_state_new(&state) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < fake->hosts.n; i++)
                if (xsn_state_add_host(state, XSN_ITEM(fake->hosts, char *, i), &host) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < fake->state->n_objects; i++)
                if (xsn_state_add(state, fake->state->objects[i]) < 0)
                        return -ENOMEM;
        *ret_state = XSN_TAKE(state);
        return 0;
}

/* The user may change what he gets. */
XSN_EXPORT int xsnet_fake_get_state(struct xsnet_fake *fake, struct xsnet_state **ret_state,
                                    struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;

        if (xsn_fake_share_state(fake, &state) < 0 || xsn_state_copy(state, ret_state) < 0)
                return xsn_error_oom(ret_err);
        return 0;
}

static struct xsnet_object *find_same(struct xsnet_state *state, const struct xsnet_object *obj)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return NULL;
        return xsnet_state_find(state, obj->cls->kind, xsn_object_host(obj), key);
}

static int happen(struct xsnet_fake *fake, struct xsnet_object *obj, bool gone, struct xsnet_error **ret_err)
{
        const char *host;

        for (size_t j = 0; (host = host_of(fake, obj, j)); j++) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL;
                struct xsnet_object *old;
                int r = copy_onto(fake, obj, host, &copy, ret_err);

                if (r < 0)
                        return r;
                old = find_same(fake->state, copy);
                if (gone && !old)
                        return xsn_error_set(ret_err, -ENOENT, "not-found", "the target has no such %s",
                                             obj->cls->name);
                r = xsn_fake_replace(fake, old, gone ? NULL : copy, ret_err);
                if (r < 0)
                        return r;
        }
        return 0;
}

XSN_EXPORT int xsnet_fake_add_object(struct xsnet_fake *fake, struct xsnet_object *obj, struct xsnet_error **ret_err)
{
        return happen(fake, obj, false, ret_err);
}

XSN_EXPORT int xsnet_fake_remove_object(struct xsnet_fake *fake, struct xsnet_object *obj,
                                        struct xsnet_error **ret_err)
{
        return happen(fake, obj, true, ret_err);
}

/* ---- faults ---- */

int xsn_fake_add_fault(struct xsnet_fake *fake, unsigned nth, int what, int value, struct xsnet_error **ret_err)
{
        if (!nth || nth > UINT_MAX - fake->n_operations)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "operations are counted from 1, found %u", nth);
        if (xsn_grow((void **)&fake->faults, &fake->cap_faults, fake->n_faults + 1, sizeof(*fake->faults)) < 0)
                return xsn_error_oom(ret_err);
        fake->faults[fake->n_faults++] = (struct xsn_fault){
                .operation = fake->n_operations + nth,
                .what = what,
                .value = value,
        };
        return 0;
}

XSN_EXPORT int xsnet_fake_add_failure(struct xsnet_fake *fake, unsigned int nth, int code,
                                      struct xsnet_error **ret_err)
{
        if (code >= 0)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "code: expected a negative errno value, found %d",
                                     code);
        return xsn_fake_add_fault(fake, nth, XSN_FAULT_FAIL, code, ret_err);
}

XSN_EXPORT int xsnet_fake_add_delay(struct xsnet_fake *fake, unsigned int nth, unsigned int ms,
                                    struct xsnet_error **ret_err)
{
        if (ms > INT_MAX)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "ms: %u is not in 0..%d", ms, INT_MAX);
        return xsn_fake_add_fault(fake, nth, XSN_FAULT_DELAY, (int)ms, ret_err);
}

XSN_EXPORT int xsnet_fake_add_loss(struct xsnet_fake *fake, unsigned int nth, struct xsnet_error **ret_err)
{
        return xsn_fake_add_fault(fake, nth, XSN_FAULT_LOSE, 0, ret_err);
}

struct xsn_fault xsn_fake_begin(struct xsnet_fake *fake)
{
        fake->n_operations++;
        for (size_t i = 0; i < fake->n_faults; i++)
                if (fake->faults[i].operation == fake->n_operations)
                        return fake->faults[i];
        return (struct xsn_fault){ .operation = fake->n_operations };
}

XSN_EXPORT unsigned int xsnet_fake_get_operation_count(struct xsnet_fake *fake)
{
        return fake->n_operations;
}

XSN_EXPORT unsigned int xsnet_fake_get_write_count(struct xsnet_fake *fake)
{
        return fake->n_writes;
}
