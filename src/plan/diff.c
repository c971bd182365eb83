/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How two whole objects differ. model/compare.c asks what a partial wish leaves to
 * do; here a row that `to` does not set is to be unset, and the MTU of a device counts,
 * because the network's mtu reaches the devices through it.
 */
#include "plan/build.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

/* Room for an object of any kind. */
union any {
        struct xsnet_object o;
        struct xsn_network network;
        struct xsn_pif pif;
        struct xsn_bond bond;
        struct xsn_vlan vlan;
        struct xsn_tunnel tunnel;
        struct xsn_vif vif;
};

bool xsn_row_same(const struct xsnet_object *a, const struct xsnet_object *b, size_t i)
{
        const struct xsn_field *field = xsn_class_field(a->cls, i);
        uint64_t bit = UINT64_C(1) << i;

        if ((a->present ^ b->present) & bit)
                return false;
        return !(a->present & bit) ||
               xsn_value_equal(xsn_type_of(field->type), xsn_object_member(a, field), xsn_object_member(b, field),
                               field->flags & XSN_F_SET);
}

bool xsn_plan_row_is_default(const struct xsnet_object *obj, size_t i)
{
        union any wish;

        memset(&wish, 0, sizeof(wish));
        wish.o.cls = obj->cls;
        wish.o.reset = UINT64_C(1) << i;
        return !xsn_object_row_differs(obj, &wish.o, i);
}

static bool row_changes(const struct xsnet_object *from, const struct xsnet_object *to, size_t i)
{
        const struct xsn_field *field = xsn_class_field(to->cls, i);
        uint64_t bit = UINT64_C(1) << i;

        if (field->id == XSNET_FIELD_STATUS_MTU)
                return (to->present & bit) && !xsn_row_same(from, to, i);
        if (field->flags & (XSN_F_OBSERVED | XSN_F_SELECT))
                return false;
        if (!(to->present & bit))
                return (from->present & bit) && !xsn_plan_row_is_default(from, i);
        /* A whole map has no other keys than its own. */
        if (field->type == XSNET_TYPE_MAP && (from->present & bit))
                return !xsn_row_same(from, to, i);
        return xsn_object_row_differs(from, to, i);
}

uint64_t xsn_changes(const struct xsnet_object *from, const struct xsnet_object *to)
{
        size_t n = xsn_class_n_fields(to->cls);
        uint64_t changed = 0;

        for (size_t i = 0; i < n; i++)
                if (row_changes(from, to, i))
                        changed |= UINT64_C(1) << i;
        return changed;
}

uint64_t xsn_created_rows(const struct xsnet_object *to)
{
        size_t n = xsn_class_n_fields(to->cls);
        uint64_t rows = to->present;

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(to->cls, i);

                if (field->id != XSNET_FIELD_STATUS_MTU && (field->flags & (XSN_F_OBSERVED | XSN_F_SELECT)))
                        rows &= ~(UINT64_C(1) << i);
        }
        return rows;
}

int xsn_describe(const struct xsnet_object *obj, char **ret_text)
{
        struct xsn_buf buf = { 0 };

        xsn_object_describe(obj, &buf);
        return xsn_buf_take(&buf, ret_text);
}

struct xsnet_object *xsn_same_find(struct xsnet_state *state, int kind, const char *host, const char *key,
                                   const char *uuid)
{
        struct xsnet_object *found = xsnet_state_find(state, kind, host, key);
        const char *other = found ? xsn_object_string(found, XSNET_FIELD_UUID) : NULL;

        /* XAPI lets several networks have one name. */
        if (!uuid || !other || !strcmp(uuid, other))
                return found;
        for (size_t i = 0; i < state->n_objects; i++) {
                other = xsn_object_string(state->objects[i], XSNET_FIELD_UUID);
                if (other && !strcmp(uuid, other) && state->objects[i]->cls->kind == kind)
                        return state->objects[i];
        }
        return NULL;
}

/* By the name alone. */
static int find_by_key(struct xsnet_state *state, const struct xsnet_object *obj, struct xsnet_object **ret_found)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        *ret_found = xsnet_state_find(state, obj->cls->kind, xsn_object_host(obj), key);
        return *ret_found != NULL;
}

int xsn_same_or_anew(struct xsnet_state *state, const struct xsnet_object *obj, struct xsnet_object **ret_found)
{
        int r = xsn_same_in(state, obj, ret_found);

        return r || !xsn_object_is_set(obj, XSNET_FIELD_UUID) ? r : find_by_key(state, obj, ret_found);
}

int xsn_same_in(struct xsnet_state *state, const struct xsnet_object *obj, struct xsnet_object **ret_found)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        *ret_found = xsn_same_find(state, obj->cls->kind, xsn_object_host(obj), key,
                              xsn_object_string(obj, XSNET_FIELD_UUID));
        return *ret_found != NULL;
}
