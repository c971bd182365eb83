/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the state of a fake target changes: an object is put, replaced or taken away, and
 * what hangs on it follows, as on a real target: the members of a bond lose what they
 * had, and a new name is the name wherever the old one was written.
 */
#include "backend/fake/fake.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

/* The references of the state alone; the fake's own stays as it is until all went well. */
static int copy_state(const struct xsnet_state *state, struct xsnet_state **ret_copy)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *copy = NULL;

        if (xsn_state_new(&copy) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < state->n_objects; i++)
                if (xsn_state_add(copy, state->objects[i]) < 0)
                        return -ENOMEM;
        *ret_copy = XSN_TAKE(copy);
        return 0;
}

/* -ENOENT, or the index of the object with the same kind, host and key. */
static int find_index(struct xsnet_state *state, const struct xsnet_object *obj, size_t *ret_i)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsnet_object *found;
        struct xsn_buf buf = { 0 };

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        found = xsnet_state_find(state, obj->cls->kind, xsn_object_host(obj), key);
        for (size_t i = 0; found && i < state->n_objects; i++) {
                if (state->objects[i] == found) {
                        *ret_i = i;
                        return 0;
                }
        }
        return -ENOENT;
}

/* Of a step: its parent may have a new name by now, and then so has it. */
static int find_step(struct xsnet_state *state, const struct xsnet_object *from, const struct xsnet_object *to,
                     size_t *ret_i)
{
        int r = find_index(state, from, ret_i);

        return r == -ENOENT && to ? find_index(state, to, ret_i) : r;
}

/* What a planner wrote, as a target would tell it: values only, and nothing of the document's. */
static int clean_copy(const struct xsnet_object *obj, struct xsnet_object **ret_copy)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL;
        size_t n = xsn_class_n_fields(obj->cls);

        if (xsn_object_copy(obj, &copy) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if ((copy->reset & UINT64_C(1) << i) && xsn_object_default_row(copy, i) < 0)
                        return -ENOMEM;
        copy->field_pos = xsn_free(copy->field_pos);
        copy->pos = (struct xsn_pos){ 0 };
        copy->adopt = copy->absent = false;
        *ret_copy = XSN_TAKE(copy);
        return 0;
}

/* What is there, with the rows that a step changes, and the owner's mark. */
static int changed_copy(const struct xsnet_object *obj, const struct xsnet_step *step, struct xsnet_object **ret_copy)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL;

        if (xsn_object_copy(obj, &copy) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < XSN_FIELDS_MAX && step->changed >> i; i++)
                if ((step->changed >> i & 1) && xsn_object_copy_row(copy, step->to, i) < 0)
                        return -ENOMEM;
        if (step->mark) {
                xsn_free(copy->owner);
                copy->owner = step->to->owner ? xsn_strdup(step->to->owner) : NULL;
                copy->made = step->to->made;
                if (step->to->owner && !copy->owner)
                        return -ENOMEM;
        }
        *ret_copy = XSN_TAKE(copy);
        return 0;
}

static void replace_at(struct xsnet_state *state, size_t i, struct xsnet_object *obj)
{
        xsnet_object_unref(state->objects[i]);
        state->objects[i] = xsnet_object_ref(obj);
        xsn_state_touch(state);
}

/* ---- what follows a change ---- */

/* What a NIC has no more once it is a bond's. */
static const int lost_by_members[] = {
        XSNET_FIELD_NETWORK,      XSNET_FIELD_IPV4_MODE,     XSNET_FIELD_IPV4_ADDRESS,
        XSNET_FIELD_IPV4_GATEWAY, XSNET_FIELD_IPV6_MODE,     XSNET_FIELD_IPV6_ADDRESS,
        XSNET_FIELD_IPV6_GATEWAY, XSNET_FIELD_DEFAULT_ROUTE, XSNET_FIELD_ROUTES,
        XSNET_FIELD_DNS,          XSNET_FIELD_MANAGEMENT,    XSNET_FIELD_STATUS_OTHER_ADDRESSES,
};

static int enslave(struct xsnet_state *state, const struct xsnet_object *bond, const char *device)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *member = NULL;
                const struct xsnet_object *obj = state->objects[i];

                if (!XSN_PIF(obj) || strcmp(XSN_PIF(obj)->device, device) != 0 ||
                    strcmp(xsn_object_host(obj), xsn_object_host(bond)) != 0)
                        continue;
                if (xsn_object_copy(obj, &member) < 0)
                        return -ENOMEM;
                for (size_t k = 0; k < XSN_ARRAY_SIZE(lost_by_members); k++)
                        xsn_object_clear(member, lost_by_members[k]);
                replace_at(state, i, member);
                return 0;
        }
        return 0;
}

static int enslave_new(struct xsnet_state *state, const struct xsnet_object *from, const struct xsnet_object *to)
{
        for (size_t i = 0; i < XSN_BOND(to)->members.n; i++) {
                const char *device = XSN_ITEM(XSN_BOND(to)->members, char *, i);

                if (from && xsn_strs_has(&XSN_BOND(from)->members, device))
                        continue;
                if (enslave(state, to, device) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Where other objects write the name of a device, or of a network. */
static const struct {
        int kind, field;
        bool network;
} references[] = {
        { XSNET_KIND_BOND, XSNET_FIELD_PRIMARY, false }, { XSNET_KIND_VLAN, XSNET_FIELD_PIF, false },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_TRANSPORT, false }, { XSNET_KIND_PIF, XSNET_FIELD_NETWORK, true },
        { XSNET_KIND_BOND, XSNET_FIELD_NETWORK, true }, { XSNET_KIND_VLAN, XSNET_FIELD_NETWORK, true },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_NETWORK, true }, { XSNET_KIND_VIF, XSNET_FIELD_NETWORK, true },
};

static int rename_member(struct xsnet_object *bond, const char *old, const char *new)
{
        for (size_t i = 0; i < XSN_BOND(bond)->members.n; i++) {
                char **member = &XSN_ITEM(XSN_BOND(bond)->members, char *, i), *copy;

                if (strcmp(*member, old) != 0)
                        continue;
                copy = xsn_strdup(new);
                if (!copy)
                        return -ENOMEM;
                xsn_free(*member);
                *member = copy;
        }
        return 0;
}

static int rename_in(struct xsnet_object *obj, bool network, const char *old, const char *new)
{
        for (size_t k = 0; k < XSN_ARRAY_SIZE(references); k++) {
                const char *text;

                if (references[k].kind != obj->cls->kind || references[k].network != network)
                        continue;
                text = xsn_object_string(obj, references[k].field);
                if (text && !strcmp(text, old) && xsn_object_set_string(obj, references[k].field, new) < 0)
                        return -ENOMEM;
        }
        return XSN_BOND(obj) && !network ? rename_member(obj, old, new) : 0;
}

static int rename_all(struct xsnet_state *state, const struct xsnet_object *from, const char *old, const char *new)
{
        const char *host = xsn_object_host(from);
        bool network = XSN_NETWORK(from);

        for (size_t i = 0; i < state->n_objects; i++) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL;

                if (*host && strcmp(xsn_object_host(state->objects[i]), host) != 0)
                        continue;
                if (xsn_object_copy(state->objects[i], &copy) < 0 || rename_in(copy, network, old, new) < 0)
                        return -ENOMEM;
                if (!xsn_object_equal(copy, state->objects[i]))
                        replace_at(state, i, copy);
        }
        return 0;
}

/* A NIC keeps its first name as an alternative one, until it has it back. */
static int keep_old_name(struct xsnet_object *pif, const char *old)
{
        const char *first = xsn_object_string(pif, XSNET_FIELD_STATUS_OLD_NAME);

        if (first && !strcmp(first, XSN_PIF(pif)->device)) {
                xsn_object_clear(pif, XSNET_FIELD_STATUS_OLD_NAME);
                return 0;
        }
        return first ? 0 : xsn_object_set_string(pif, XSNET_FIELD_STATUS_OLD_NAME, old);
}

static int follow(struct xsnet_state *state, const struct xsnet_object *from, struct xsnet_object *to)
{
        int field = XSN_NETWORK(to) || XSN_BOND(to) ? XSNET_FIELD_NAME : XSNET_FIELD_DEVICE, r = 0;
        const char *old = from ? xsn_object_string(from, field) : NULL, *new = xsn_object_string(to, field);

        if (old && new && strcmp(old, new) != 0) {
                r = XSN_PIF(to) ? keep_old_name(to, old) : 0;
                if (!r)
                        r = rename_all(state, from, old, new);
        }
        return !r && XSN_BOND(to) ? enslave_new(state, from, to) : r;
}

/* ---- the change ---- */

static int change(struct xsnet_state *state, const struct xsnet_object *from, const struct xsnet_object *to,
                  struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *copy = NULL, *old = NULL;
        size_t i = 0;
        int r = from ? find_step(state, from, to, &i) : 0;

        if (r == -ENOENT)
                return xsn_error_set(ret_err, r, "not-found", "the target has no such %s", from->cls->name);
        if (r < 0 || (to && clean_copy(to, &copy) < 0))
                return xsn_error_oom(ret_err);
        if (!from) {
                size_t other;

                if (!find_index(state, to, &other))
                        return xsn_error_set(ret_err, -EEXIST, "exists", "the target has such a %s already",
                                             to->cls->name);
                return xsn_state_add(state, copy) < 0 || follow(state, NULL, copy) < 0 ? xsn_error_oom(ret_err) : 0;
        }
        if (!to) {
                xsn_state_remove_at(state, i);
                return 0;
        }
        old = xsnet_object_ref(state->objects[i]);
        replace_at(state, i, copy);
        return follow(state, old, copy) < 0 ? xsn_error_oom(ret_err) : 0;
}

/* A fault that was there before is not this change's. */
static int check(struct xsnet_state *before, struct xsnet_state *after, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int r = xsn_fake_check(after, &err);

        if (r < 0 && r != -ENOMEM && xsn_fake_check(before, NULL) < 0)
                return 0;
        return r < 0 ? xsn_error_give(ret_err, XSN_TAKE(err)) : 0;
}

static int replace(struct xsnet_fake *fake, const struct xsnet_object *from, const struct xsnet_object *to,
                   bool checked, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *next = NULL;
        int r;

        if (copy_state(fake->state, &next) < 0)
                return xsn_error_oom(ret_err);
        r = change(next, from, to, ret_err);
        if (r < 0)
                return r;
        if (xsn_fake_settle(next) < 0)
                return xsn_error_oom(ret_err);
        r = checked ? check(fake->state, next, ret_err) : 0;
        if (r < 0)
                return r;
        xsnet_state_unref(fake->state);
        fake->state = XSN_TAKE(next);
        return 0;
}

int xsn_fake_do(struct xsnet_fake *fake, const struct xsnet_step *step, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *to = step->to ? xsnet_object_ref(step->to) : NULL;
        size_t i;
        int r;

        if (step->from && step->to && !find_step(fake->state, step->from, step->to, &i)) {
                to = xsnet_object_unref(to);
                if (changed_copy(fake->state->objects[i], step, &to) < 0)
                        return xsn_error_oom(ret_err);
        }
        r = replace(fake, step->from, to, true, ret_err);
        if (r < 0)
                return r;
        fake->n_writes++;
        if (step->from)
                xsn_fake_tell(fake, step->from);
        if (step->to)
                xsn_fake_tell(fake, step->to);
        if ((step->from && XSN_BOND(step->from)) || (step->to && XSN_BOND(step->to)))
                xsn_fake_tell(fake, NULL); /* its members changed too */
        return 0;
}

int xsn_fake_replace(struct xsnet_fake *fake, const struct xsnet_object *from, const struct xsnet_object *to,
                     struct xsnet_error **ret_err)
{
        struct xsnet_object *told = (struct xsnet_object *)(uintptr_t)(to ? to : from);
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *held = xsnet_object_ref(told);
        int r = replace(fake, from, to, false, ret_err);

        if (r < 0)
                return r;
        xsn_fake_tell(fake, held);
        return 0;
}
