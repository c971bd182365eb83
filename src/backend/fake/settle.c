/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows by itself on a real target: which bridge or bond a device is a port of, the
 * names of the devices, an MTU. And what could not be: change.c refuses a step into it,
 * which is how a plan's order is held to account.
 */
#include "backend/fake/fake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define DEFAULT_MTU    1500
#define VLAN_DEPTH_MAX 32

/* The devices of a state: "HOST/DEVICE" -> index of its object + 1, for 0 is no pointer. */
struct view {
        struct xsnet_state *state;
        struct xsn_hash devices;
        char *keys;
        size_t twice; /* index + 1 of an object whose device another one has too; 0: none */
};

static void view_done(struct view *view)
{
        xsn_hash_done(&view->devices);
        xsn_free(view->keys);
}

static int view_build(struct view *view, struct xsnet_state *state)
{
        struct xsn_buf keys = { 0 };
        const char *key;

        view->state = state;
        for (size_t i = 0; i < state->n_objects; i++) {
                const char *device = xsn_object_device(state->objects[i]);

                xsn_buf_printf(&keys, "%s/%s", xsn_object_host(state->objects[i]), device ? device : "");
                xsn_buf_putc(&keys, '\0');
        }
        if (xsn_buf_take(&keys, &view->keys) < 0)
                return -ENOMEM;
        key = view->keys;
        for (size_t i = 0; i < state->n_objects; key += strlen(key) + 1, i++) {
                if (!xsn_object_device(state->objects[i]))
                        continue;
                if (xsn_hash_get_str(&view->devices, key))
                        view->twice = i + 1;
                else if (xsn_hash_put_str(&view->devices, key, (void *)(uintptr_t)(i + 1)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* The index + 1 of the object that has a device; 0. */
static size_t view_index(const struct view *view, const char *host, const char *device)
{
        char key[512];

        if (!device || snprintf(key, sizeof(key), "%s/%s", host, device) >= (int)sizeof(key))
                return 0;
        return (uintptr_t)xsn_hash_get_str(&view->devices, key);
}

static struct xsnet_object *view_find(const struct view *view, const char *host, const char *device)
{
        size_t i = view_index(view, host, device);

        return i ? view->state->objects[i - 1] : NULL;
}

static struct xsnet_object *find_network(struct xsnet_state *state, const struct xsnet_object *obj)
{
        const char *name = xsn_object_network(obj);
        struct xsnet_object *net = NULL;

        if (name)
                net = xsnet_state_find(state, XSNET_KIND_NETWORK, xsn_object_host(obj), name);
        if (name && !net)
                net = xsnet_state_find(state, XSNET_KIND_NETWORK, "", name);
        return net;
}

/* ---- what follows by itself ---- */

/* The state's own copy of the object at i, to be changed. */
static int make_own(struct xsnet_state *state, size_t i, struct xsnet_object **ret_obj)
{
        if (state->objects[i]->refs > 1) {
                struct xsnet_object *copy = NULL;

                if (xsn_object_copy(state->objects[i], &copy) < 0)
                        return -ENOMEM;
                xsnet_object_unref(state->objects[i]);
                state->objects[i] = copy;
                xsn_state_touch(state);
        }
        *ret_obj = state->objects[i];
        return 0;
}

/* Sets a text row, or clears it where value is NULL, unless it is so already. */
static int settle_text(struct xsnet_state *state, size_t i, int field, const char *value)
{
        const char *old = xsn_object_string(state->objects[i], field);
        struct xsnet_object *obj;

        if (!xsn_object_bit(state->objects[i], field) || (old && value ? !strcmp(old, value) : old == value))
                return 0;
        if (make_own(state, i, &obj) < 0)
                return -ENOMEM;
        if (value)
                return xsn_object_set_string(obj, field, value);
        xsn_object_clear(obj, field);
        return 0;
}

static int set_mtu(struct xsnet_state *state, size_t i, uint32_t mtu)
{
        struct xsnet_object *obj;

        if (xsn_object_mtu(state->objects[i]) == mtu)
                return 0;
        if (make_own(state, i, &obj) < 0)
                return -ENOMEM;
        if (XSN_VIF(obj))
                XSN_VIF(obj)->status_mtu = mtu;
        else
                xsn_object_link(obj)->status_mtu = mtu;
        xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
        return 0;
}

static int settle_mtu(struct xsnet_state *state, size_t i)
{
        const struct xsnet_object *net = find_network(state, state->objects[i]);
        uint32_t mtu = net ? xsn_object_mtu(net) : 0;

        if (!xsn_object_bit(state->objects[i], XSNET_FIELD_STATUS_MTU) || xsn_object_mtu(state->objects[i]) ||
            (!mtu && XSN_VLAN(state->objects[i])))
                return 0;
        return set_mtu(state, i, mtu ? mtu : DEFAULT_MTU);
}

/* A new VLAN has its parent's, which may be another one's. */
static int settle_vlan_mtu(const struct view *view, size_t i)
{
        const struct xsnet_object *obj = view->state->objects[i];

        for (int depth = 0; obj && XSN_VLAN(obj) && !xsn_object_mtu(obj) && depth < VLAN_DEPTH_MAX; depth++)
                obj = view_find(view, xsn_object_host(obj), XSN_VLAN(obj)->pif);
        return set_mtu(view->state, i, obj && xsn_object_mtu(obj) ? xsn_object_mtu(obj) : DEFAULT_MTU);
}

static int settle_device(struct xsnet_state *state, size_t i)
{
        const struct xsnet_object *obj = state->objects[i];
        char name[32];

        switch (obj->cls->kind) {
        case XSNET_KIND_NETWORK:
                return settle_text(state, i, XSNET_FIELD_STATUS_DEVICE, xsn_object_string(obj, XSNET_FIELD_BRIDGE));
        case XSNET_KIND_PIF: /* one that was renamed tells its name as such */
                return settle_text(state, i, XSNET_FIELD_RENAME,
                                   xsn_object_is_set(obj, XSNET_FIELD_STATUS_OLD_NAME) ? XSN_PIF(obj)->device : NULL);
        case XSNET_KIND_BOND:
                return settle_text(state, i, XSNET_FIELD_STATUS_DEVICE, xsn_object_string(obj, XSNET_FIELD_NAME));
        case XSNET_KIND_VIF:
                if (!xsn_object_is_set(obj, XSNET_FIELD_DOMAIN))
                        return 0;
                snprintf(name, sizeof(name), "vif%" PRIu32 ".%" PRIu32, XSN_VIF(obj)->domain, XSN_VIF(obj)->device);
                return settle_text(state, i, XSNET_FIELD_STATUS_DEVICE, name);
        default:
                return 0;
        }
}

/* The port of a bridge. */
static int settle_master(struct xsnet_state *state, size_t i)
{
        const struct xsnet_object *net = find_network(state, state->objects[i]);

        return settle_text(state, i, XSNET_FIELD_STATUS_MASTER, net ? xsn_object_device(net) : NULL);
}

/* Ports of the bond, with its MTU. */
static int settle_members(const struct view *view, const struct xsnet_object *bond)
{
        for (size_t i = 0; i < XSN_BOND(bond)->members.n; i++) {
                const char *device = XSN_ITEM(XSN_BOND(bond)->members, char *, i);
                size_t member = view_index(view, xsn_object_host(bond), device);

                if (!member || !XSN_PIF(view->state->objects[member - 1]))
                        continue;
                if (settle_text(view->state, member - 1, XSNET_FIELD_STATUS_MASTER, xsn_object_device(bond)) < 0 ||
                    set_mtu(view->state, member - 1, xsn_object_mtu(bond)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- the order: by kind, host, key ---- */

struct sortable {
        struct xsnet_object *obj;
        char *key;
};

static int compare(const void *a, const void *b)
{
        const struct sortable *x = a, *y = b;
        int kinds = x->obj->cls->kind - y->obj->cls->kind;
        int hosts = kinds ? kinds : strcmp(xsn_object_host(x->obj), xsn_object_host(y->obj));

        return hosts ? hosts : strcmp(x->key, y->key);
}

static int sort(struct xsnet_state *state)
{
        struct sortable *all = xsn_alloc_array(state->n_objects, sizeof(*all));
        int r = all || !state->n_objects ? 0 : -ENOMEM;

        for (size_t i = 0; all && i < state->n_objects; i++) {
                struct xsn_buf buf = { 0 };

                all[i].obj = state->objects[i];
                xsn_object_key(state->objects[i], &buf);
                if (xsn_buf_take(&buf, &all[i].key) < 0)
                        r = -ENOMEM;
        }
        if (!r && state->n_objects)
                qsort(all, state->n_objects, sizeof(*all), compare);
        for (size_t i = 0; all && i < state->n_objects; i++) {
                if (!r)
                        state->objects[i] = all[i].obj;
                xsn_free(all[i].key);
        }
        xsn_free(all);
        xsn_state_touch(state);
        return r;
}

int xsn_fake_settle(struct xsnet_state *state)
{
        struct view view = { 0 };
        int r = 0;

        for (size_t i = 0; !r && i < state->n_objects; i++)
                r = settle_device(state, i);
        for (size_t i = 0; !r && i < state->n_objects; i++) {
                r = settle_mtu(state, i);
                if (!r)
                        r = settle_master(state, i);
        }
        if (!r)
                r = view_build(&view, state);
        for (size_t i = 0; !r && i < state->n_objects; i++)
                if (XSN_BOND(state->objects[i]))
                        r = settle_members(&view, state->objects[i]);
        for (size_t i = 0; !r && i < state->n_objects; i++)
                if (XSN_VLAN(state->objects[i]) && !xsn_object_mtu(state->objects[i]))
                        r = settle_vlan_mtu(&view, i);
        view_done(&view);
        return r ? r : sort(state);
}

/* ---- what could not be ---- */

static int refuse(const struct xsnet_object *obj, int code, const char *what, const char *name,
                  struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_describe(obj, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, code, "refused", "%s: %s '%s'", text, what, name ? name : "");
}

static int check_lower(const struct view *view, const struct xsnet_object *obj, const char *device,
                       struct xsnet_error **ret_err)
{
        const struct xsnet_object *lower = view_find(view, xsn_object_host(obj), device);

        if (!lower)
                return refuse(obj, -ENODEV, "there is no device", device, ret_err);
        if (XSN_VLAN(obj) && xsn_object_mtu(obj) > xsn_object_mtu(lower) && !XSN_NETWORK(lower))
                return refuse(obj, -ERANGE, "its MTU is greater than that of", device, ret_err);
        return 0;
}

static int check_members(const struct view *view, const struct xsnet_object *bond, struct xsnet_error **ret_err)
{
        const char *device = xsn_object_device(bond);

        for (size_t i = 0; i < XSN_BOND(bond)->members.n; i++) {
                const char *name = XSN_ITEM(XSN_BOND(bond)->members, char *, i), *master;
                const struct xsnet_object *member = view_find(view, xsn_object_host(bond), name);

                if (!member)
                        return refuse(bond, -ENODEV, "there is no device", name, ret_err);
                master = xsn_object_string(member, XSNET_FIELD_STATUS_MASTER);
                if (!master || strcmp(master, device ? device : "") != 0)
                        return refuse(bond, -EBUSY, "another bond has", name, ret_err);
                if (xsn_object_network(member))
                        return refuse(bond, -EBUSY, "a network has its member", name, ret_err);
        }
        return 0;
}

static int check_object(const struct view *view, const struct xsnet_object *obj, struct xsnet_error **ret_err)
{
        if (xsn_object_network(obj) && !find_network(view->state, obj))
                return refuse(obj, -ENOENT, "there is no network", xsn_object_network(obj), ret_err);
        if (XSN_VLAN(obj))
                return check_lower(view, obj, XSN_VLAN(obj)->pif, ret_err);
        if (XSN_TUNNEL(obj))
                return check_lower(view, obj, XSN_TUNNEL(obj)->transport, ret_err);
        return XSN_BOND(obj) ? check_members(view, obj, ret_err) : 0;
}

int xsn_fake_check(struct xsnet_state *state, struct xsnet_error **ret_err)
{
        struct view view = { 0 };
        int r = view_build(&view, state);

        if (r < 0) {
                xsn_error_oom(ret_err);
        } else if (view.twice) {
                const struct xsnet_object *obj = state->objects[view.twice - 1];

                r = refuse(obj, -EEXIST, "another object has the device", xsn_object_device(obj), ret_err);
        }
        for (size_t i = 0; !r && i < state->n_objects; i++)
                r = check_object(&view, state->objects[i], ret_err);
        view_done(&view);
        return r;
}
