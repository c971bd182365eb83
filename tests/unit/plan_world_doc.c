/* SPDX-License-Identifier: Apache-2.0 */
/* Other states of the same objects, and the documents that ask for them: for the planner's property tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan_world.h"

static void check(int r)
{
        if (r < 0)
                abort();
}

static bool chance(uint64_t *seed, unsigned percent)
{
        return world_random(seed, 100) < percent;
}

void world_name(struct xsnet_state *state)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                char text[32];

                (void)snprintf(text, sizeof(text), "%s %zu", state->objects[i]->cls->name, i);
                xsn_free(state->objects[i]->payload);
                state->objects[i]->payload = xsn_strdup(text);
                /* A network that gets another name is selected by its uuid. */
                if (XSN_NETWORK(state->objects[i]))
                        check(xsn_object_set_string(state->objects[i], XSNET_FIELD_UUID, text));
        }
}

static struct xsnet_object *find_key(struct xsnet_state *state, const struct xsnet_object *obj)
{
        struct xsnet_object *found;
        struct xsn_buf buf = { 0 };
        char *key = NULL;

        xsn_object_key(obj, &buf);
        check(xsn_buf_take(&buf, &key));
        found = xsnet_state_find(state, obj->cls->kind, xsn_object_host(obj), key);
        free(key);
        return found;
}

struct xsnet_object *world_find(struct xsnet_state *state, const struct xsnet_object *obj)
{
        struct xsnet_object *found;

        for (size_t i = 0; i < state->n_objects && obj->payload; i++)
                if (state->objects[i]->payload && !strcmp(state->objects[i]->payload, obj->payload))
                        return state->objects[i];
        found = find_key(state, obj);
        return found && !(found->payload && obj->payload) ? found : NULL;
}

/* ---- mutations ---- */

static void replace_string(struct xsnet_object *obj, int field, const char *from, const char *to)
{
        const char *value = xsn_object_string(obj, field);

        if (value && !strcmp(value, from))
                check(xsn_object_set_string(obj, field, to));
}

/* Another name, and all that refers to it. */
static void rename_all(struct xsnet_state *state, struct xsnet_object *obj, int field, const char *name)
{
        char old[64];

        (void)snprintf(old, sizeof(old), "%s", xsn_object_string(obj, field));
        check(xsn_object_set_string(obj, field, name));
        for (size_t i = 0; i < state->n_objects; i++) {
                if (XSN_NETWORK(obj) && field == XSNET_FIELD_NAME)
                        replace_string(state->objects[i], XSNET_FIELD_NETWORK, old, name);
                if (XSN_NETWORK(obj))
                        continue;
                replace_string(state->objects[i], XSNET_FIELD_PIF, old, name);
                replace_string(state->objects[i], XSNET_FIELD_TRANSPORT, old, name);
                for (size_t k = 0; XSN_BOND(state->objects[i]) && k < XSN_BOND(state->objects[i])->members.n; k++) {
                        char **member = &XSN_ITEM(XSN_BOND(state->objects[i])->members, char *, k);

                        if (strcmp(*member, old) != 0)
                                continue;
                        xsn_free(*member);
                        *member = xsn_strdup(name);
                }
        }
}

static void set_mtu(struct xsnet_object *obj, uint32_t mtu)
{
        if (XSN_VIF(obj))
                XSN_VIF(obj)->status_mtu = mtu;
        else
                xsn_object_link(obj)->status_mtu = mtu;
        xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
}

static void move(struct xsnet_state *state, struct xsnet_object *obj, uint64_t *seed)
{
        struct xsnet_object *net = state->objects[world_random(seed, (unsigned)state->n_objects)];

        if (XSN_NETWORK(net)) {
                check(xsn_object_set_string(obj, XSNET_FIELD_NETWORK, XSN_NETWORK(net)->name));
                if (!XSN_TUNNEL(obj))
                        set_mtu(obj, XSN_NETWORK(net)->mtu);
        } else if (!XSN_TUNNEL(obj)) {
                xsn_object_clear(obj, XSNET_FIELD_NETWORK);
        }
}

/* ethN is called pethN, or ethN again. */
static void rename_nic(struct xsnet_state *state, struct xsnet_object *obj)
{
        const char *device = XSN_PIF(obj)->device;
        char name[32];

        if (!strncmp(device, "peth", 4)) {
                (void)snprintf(name, sizeof(name), "%s", device + 1);
                xsn_object_clear(obj, XSNET_FIELD_RENAME);
                xsn_object_clear(obj, XSNET_FIELD_STATUS_OLD_NAME);
        } else {
                check(xsn_object_set_string(obj, XSNET_FIELD_STATUS_OLD_NAME, device));
                (void)snprintf(name, sizeof(name), "p%s", device);
                check(xsn_object_set_string(obj, XSNET_FIELD_RENAME, name));
        }
        rename_all(state, obj, XSNET_FIELD_DEVICE, name);
}

static void make_plain(struct xsnet_object *obj)
{
        xsn_object_clear(obj, XSNET_FIELD_NETWORK);
        xsn_object_clear(obj, XSNET_FIELD_RATE_LIMIT);
        if (!XSN_VIF(obj))
                for (int field = XSNET_FIELD_IPV4_MODE; field <= XSNET_FIELD_PLUGGED; field++)
                        xsn_object_clear(obj, field);
}

/* A bond that is found by its members, a VLAN that is made anew: what stands on it would be known by the old name. */
static bool is_used(const struct xsnet_state *state, const struct xsnet_object *obj)
{
        const char *device = xsn_object_device(obj);

        for (size_t i = 0; i < state->n_objects; i++) {
                const char *pif = xsn_object_string(state->objects[i], XSNET_FIELD_PIF);
                const char *transport = xsn_object_string(state->objects[i], XSNET_FIELD_TRANSPORT);

                if ((pif && !strcmp(pif, device)) || (transport && !strcmp(transport, device)))
                        return true;
        }
        return false;
}

static bool is_member(const struct xsnet_state *state, const struct xsnet_object *obj)
{
        for (size_t i = 0; i < state->n_objects; i++)
                if (XSN_PIF(obj) && XSN_BOND(state->objects[i]) &&
                    xsn_strs_has(&XSN_BOND(state->objects[i])->members, XSN_PIF(obj)->device))
                        return true;
        return false;
}

static void rename_one(struct xsnet_state *state, struct xsnet_object *obj, const struct xsnet_state *before)
{
        int field = XSN_NETWORK(obj) || XSN_BOND(obj) ? XSNET_FIELD_NAME : XSNET_FIELD_DEVICE;
        char name[64];

        if (XSN_PIF(obj)) {
                if (!is_member(state, obj))
                        rename_nic(state, obj);
        } else if (!XSN_VIF(obj) && (XSN_NETWORK(obj) || !(is_used(state, obj) || is_used(before, obj)))) {
                (void)snprintf(name, sizeof(name), "x%s", xsn_object_string(obj, field));
                rename_all(state, obj, field, name);
        }
}

static void mutate(struct xsnet_state *state, struct xsnet_object *obj, const struct xsnet_state *before,
                   uint64_t *seed)
{
        switch (world_random(seed, 4)) {
        case 0:
                rename_one(state, obj, before);
                break;
        case 1:
                if (XSN_NETWORK(obj))
                        rename_all(state, obj, XSNET_FIELD_BRIDGE, chance(seed, 50) ? "brx" : "bry");
                else
                        move(state, obj, seed);
                break;
        case 2:
                if (XSN_PIF(obj) || XSN_VIF(obj))
                        make_plain(obj);
                else
                        check(xsnet_state_remove(state, obj));
                break;
        default:
                if (XSN_NETWORK(obj))
                        xsn_object_clear(obj, XSNET_FIELD_STP);
                else if (XSN_TUNNEL(obj))
                        xsn_object_clear(obj, XSNET_FIELD_KEY);
                else if (XSN_BOND(obj) || XSN_VLAN(obj))
                        for (int field = XSNET_FIELD_IPV4_MODE; field <= XSNET_FIELD_PLUGGED; field++)
                                xsn_object_clear(obj, field);
                else
                        make_plain(obj);
        }
}

/* A transport without an address, or whose tunnel would be in a network of its own. */
static bool is_odd(struct xsnet_state *state)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                struct xsnet_object *obj = state->objects[i];
                const char *transport = xsn_object_string(obj, XSNET_FIELD_TRANSPORT);

                for (size_t k = 0; transport && k < state->n_objects; k++) {
                        const struct xsnet_object *other = state->objects[k];

                        if (other == obj || !xsn_object_link(other) || XSN_TUNNEL(other))
                                continue;
                        if (!strcmp(xsn_object_device(other), transport) &&
                            (!other->a.ipv4_address.n ||
                             (xsn_object_network(other) &&
                              !strcmp(xsn_object_network(other), xsn_object_network(obj)))))
                                return true;
                }
        }
        return false;
}

static struct xsnet_object *any_tunnel(const struct xsnet_state *state, uint64_t *seed)
{
        unsigned start = world_random(seed, (unsigned)state->n_objects);

        for (size_t i = 0; i < state->n_objects; i++)
                if (XSN_TUNNEL(state->objects[(start + i) % state->n_objects]))
                        return state->objects[(start + i) % state->n_objects];
        return NULL;
}

struct xsnet_state *world_mutated(const struct xsnet_state *state, uint64_t *seed)
{
        struct xsnet_state *now = NULL;

        check(xsn_state_copy(state, &now));
        /* These are few: not left to chance alone. */
        for (size_t i = 0; i < now->n_objects; i++) {
                if (XSN_BOND(now->objects[i]) && chance(seed, 40))
                        rename_one(now, now->objects[i], state);
                if (XSN_TUNNEL(now->objects[i]) && chance(seed, 30))
                        xsn_object_clear(now->objects[i], XSNET_FIELD_KEY);
                if (XSN_TUNNEL(now->objects[i]) && chance(seed, 30))
                        rename_one(now, now->objects[i], state);
        }
        for (unsigned i = 0; i < 16; i++) {
                struct xsnet_state *next = NULL;
                struct xsnet_object *tunnel;

                check(xsn_state_copy(now, &next));
                tunnel = i % 4 ? NULL : any_tunnel(next, seed);
                if (tunnel)
                        move(next, tunnel, seed);
                else
                        mutate(next, next->objects[world_random(seed, (unsigned)next->n_objects)], state, seed);
                xsn_state_touch(next);
                if (world_check(next) || is_odd(next)) {
                        xsnet_state_unref(next);
                } else {
                        xsnet_state_unref(now);
                        now = next;
                }
        }
        return now;
}

/* ---- documents ---- */

static void reset_others(struct xsnet_object *obj)
{
        for (size_t i = 0; i < xsn_class_n_fields(obj->cls); i++) {
                const struct xsn_field *field = xsn_class_field(obj->cls, i);

                if (!(obj->present >> i & 1) &&
                    !(field->flags & (XSN_F_KEY | XSN_F_SELECT | XSN_F_OBSERVED | XSN_F_REQUIRED)))
                        xsn_object_reset_row(obj, i);
        }
}

static bool is_plain(const struct xsnet_object *obj)
{
        return (XSN_PIF(obj) || XSN_VIF(obj)) && !xsn_object_network(obj) && !obj->a.ipv4_address.n &&
               !xsn_object_is_set(obj, XSNET_FIELD_RENAME) && !xsn_object_is_set(obj, XSNET_FIELD_RATE_LIMIT) &&
               !obj->a.management;
}

/* Only what names it. */
static void make_absent(struct xsnet_object *obj)
{
        for (size_t i = 0; i < xsn_class_n_fields(obj->cls); i++) {
                unsigned flags = xsn_class_field(obj->cls, i)->flags;
                bool is_network_of_tunnel = XSN_TUNNEL(obj) && xsn_class_field(obj->cls, i)->id == XSNET_FIELD_NETWORK;

                if (!(flags & (XSN_F_KEY | XSN_F_SELECT)) && !is_network_of_tunnel)
                        xsn_object_clear_row(obj, i);
        }
        obj->absent = true;
}

/* A document calls every device by the name that it will have. */
static void use_new_name(struct xsnet_object *obj, int field, struct xsnet_state *a, struct xsnet_state *b)
{
        const char *name = xsn_object_string(obj, field);

        for (size_t i = 0; i < a->n_objects && name; i++) {
                struct xsnet_object *before = a->objects[i], *after;

                if (XSN_NETWORK(before) || XSN_VIF(before) || !xsn_object_device(before) ||
                    strcmp(xsn_object_device(before), name) != 0)
                        continue;
                after = world_find(b, before);
                for (size_t k = 0; XSN_PIF(before) && k < b->n_objects; k++)
                        if (XSN_PIF(b->objects[k]) && xsn_mac_equal(&XSN_PIF(b->objects[k])->l.status_mac,
                                                                    &XSN_PIF(before)->l.status_mac))
                                after = b->objects[k];
                if (after)
                        check(xsn_object_set_string(obj, field, xsn_object_device(after)));
                return;
        }
}

/* An object under the names that its parent, its transport and its network get. */
static struct xsnet_object *renamed_copy(struct xsnet_state *a, struct xsnet_state *b, const struct xsnet_object *obj)
{
        const char *network = XSN_TUNNEL(obj) ? xsn_object_network(obj) : NULL;
        struct xsnet_object *copy = NULL;

        check(xsn_object_copy(obj, &copy));
        make_absent(copy);
        use_new_name(copy, XSNET_FIELD_PIF, a, b);
        use_new_name(copy, XSNET_FIELD_TRANSPORT, a, b);
        for (size_t i = 0; i < a->n_objects && network; i++) {
                const struct xsnet_object *net = a->objects[i], *after;

                if (!XSN_NETWORK(net) || strcmp(XSN_NETWORK(net)->name, network) != 0)
                        continue;
                after = world_find(b, net);
                if (after)
                        check(xsn_object_set_string(copy, XSNET_FIELD_NETWORK, XSN_NETWORK(after)->name));
        }
        return copy;
}

static void write_item(struct xsnet_object *item, const struct xsnet_state *b, uint64_t *seed)
{
        const char *device = XSN_PIF(item) ? XSN_PIF(item)->device : NULL;

        if (is_plain(item) && !is_member(b, item) && chance(seed, 50)) {
                make_absent(item);
                return;
        }
        reset_others(item);
        if (device && !strncmp(device, "peth", 4)) {
                check(xsn_object_set_string(item, XSNET_FIELD_RENAME, device));
                check(xsn_object_set_string(item, XSNET_FIELD_DEVICE, XSN_PIF(item)->rename + 1));
        }
}

struct xsnet_state *world_document(struct xsnet_state *a, struct xsnet_state *b, uint64_t *seed)
{
        struct xsnet_state *document = NULL;

        check(xsn_state_copy(b, &document));
        for (size_t i = 0; i < document->n_objects; i++)
                write_item(document->objects[i], b, seed);
        for (size_t i = 0; i < a->n_objects; i++) {
                struct xsnet_object *obj = a->objects[i], *gone;

                /* A tunnel in another network is another tunnel. */
                if (XSN_PIF(obj) || XSN_VIF(obj) || (!XSN_TUNNEL(obj) && world_find(b, obj)))
                        continue;
                gone = renamed_copy(a, b, obj);
                if (!find_key(b, gone))
                        check(xsn_state_add(document, gone));
                xsnet_object_unref(gone);
        }
        return document;
}
