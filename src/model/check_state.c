/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong across the objects of a desired state, whatever the target: things
 * claimed twice, members that carry what only their bond may, circles, subnets. Most
 * rules are claims: a name that at most one item of a host may take.
 */
#include "model/state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

struct checker {
        const struct xsnet_state *state;
        struct xsnet_error **errs;
        struct xsn_hash claims; /* "WHAT/HOST/NAME" -> the first object that claimed it */
        struct xsn_list keys;   /* of char *: the claims' memory */
        bool failed;            /* no memory */
};

static void add_key(struct checker *c, const char *what, const char *host, const char *name,
                    const struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        char *key = NULL;

        xsn_buf_printf(&buf, "%s/%s/%s", what, host, name);
        if (xsn_buf_take(&buf, &key) < 0 || xsn_hash_get_str(&c->claims, key)) {
                c->failed = c->failed || !key;
                xsn_free(key);
                return;
        }
        /* The list takes the key itself, not a copy: the map borrows it. */
        char **keys = xsn_realloc_array(c->keys.v, c->keys.n + 1, sizeof(*keys));

        if (!keys || xsn_hash_put_str(&c->claims, key, (void *)(uintptr_t)obj) < 0) {
                c->keys.v = keys ? keys : c->keys.v;
                c->failed = true;
                xsn_free(key);
                return;
        }
        keys[c->keys.n++] = key;
        c->keys.v = keys;
}

static const struct xsnet_object *get_key(struct checker *c, const char *what, const char *host, const char *name)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "%s/%s/%s", what, host, name);
        if (xsn_buf_take(&buf, &key) < 0) {
                c->failed = true;
                return NULL;
        }
        return xsn_hash_get_str(&c->claims, key);
}

/*
 * Who has the name already on one of obj's hosts? An item without hosts holds for all
 * of them: it stands under "" and meets whoever stands under "*", where everybody does.
 */
static const struct xsnet_object *claimed(struct checker *c, const char *what, const char *name,
                                          const struct xsnet_object *obj)
{
        const struct xsnet_object *other = get_key(c, what, obj->hosts.n ? "" : "*", name);

        for (size_t i = 0; i < obj->hosts.n && !other; i++)
                other = get_key(c, what, XSN_ITEM(obj->hosts, char *, i), name);
        return other == obj ? NULL : other;
}

static const struct xsnet_object *claim(struct checker *c, const char *what, const char *name,
                                        const struct xsnet_object *obj)
{
        const struct xsnet_object *other = claimed(c, what, name, obj);

        add_key(c, what, "*", name, obj);
        if (!obj->hosts.n)
                add_key(c, what, "", name, obj);
        for (size_t i = 0; i < obj->hosts.n; i++)
                add_key(c, what, XSN_ITEM(obj->hosts, char *, i), name, obj);
        return other;
}

static bool same_key(const struct xsnet_object *a, const struct xsnet_object *b)
{
        _cleanup_(xsn_freep) char *x = NULL, *y = NULL;
        struct xsn_buf p = { 0 }, q = { 0 };

        xsn_object_key(a, &p);
        xsn_object_key(b, &q);
        return !xsn_buf_take(&p, &x) && !xsn_buf_take(&q, &y) && a->cls == b->cls && !strcmp(x, y);
}

static void used_twice(struct checker *c, const struct xsnet_object *obj, int field, const char *reason,
                       const char *what, const char *name, const struct xsnet_object *other)
{
        xsn_object_error(obj, c->state->source, field, c->errs, -EINVAL, reason,
                         "%s '%s' is taken by the %s at %u:%u", what, name, other->cls->name, other->pos.line,
                         other->pos.column);
}

/* A name that two different objects may not share. Two items for one object are merged later. */
static void claim_alone(struct checker *c, const struct xsnet_object *obj, int field, const char *reason,
                        const char *what, const char *name)
{
        const struct xsnet_object *other = claim(c, what, name, obj);

        if (other && !same_key(obj, other))
                used_twice(c, obj, field, reason, what, name, other);
}

/* ---- the rules ---- */

static void check_devices(struct checker *c, const struct xsnet_object *obj)
{
        const struct xsn_bond *bond = XSN_BOND(obj);
        const char *bridge = xsn_object_string(obj, XSNET_FIELD_BRIDGE);
        const char *device = obj->cls->kind == XSNET_KIND_VLAN || obj->cls->kind == XSNET_KIND_TUNNEL
                                     ? xsn_object_string(obj, XSNET_FIELD_DEVICE)
                                     : NULL;

        if (bridge)
                claim_alone(c, obj, XSNET_FIELD_BRIDGE, "device-used-twice", "bridge", bridge);
        if (device)
                claim_alone(c, obj, XSNET_FIELD_DEVICE, "device-used-twice", "device", device);
        for (size_t i = 0; bond && i < bond->members.n; i++)
                claim_alone(c, obj, XSNET_FIELD_MEMBERS, "device-used-twice", "member",
                            XSN_ITEM(bond->members, char *, i));
}

/* One tag of a device is one VLAN, with one network. */
static void check_tag(struct checker *c, const struct xsnet_object *obj)
{
        const struct xsnet_object *other;
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        if (obj->cls->kind != XSNET_KIND_VLAN)
                return;
        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0 || !*key)
                return;
        other = claim(c, "tag", key, obj);
        if (other && xsn_object_network(obj) && xsn_object_network(other) &&
            strcmp(xsn_object_network(obj), xsn_object_network(other)) != 0)
                used_twice(c, obj, XSNET_FIELD_TAG, "duplicate-tag", "VLAN", key, other);
}

/* At most one of pif, bond and VLAN joins a network on a host. */
static void check_network_use(struct checker *c, const struct xsnet_object *obj)
{
        const char *network = xsn_object_network(obj);

        if (network && xsn_object_link(obj) && obj->cls->kind != XSNET_KIND_TUNNEL)
                claim_alone(c, obj, XSNET_FIELD_NETWORK, "network-in-use", "network", network);
}

static bool has_addresses(const struct xsnet_object *obj)
{
        return obj->a.ipv4_address.n || obj->a.ipv6_address.n ||
               (xsn_object_is_set(obj, XSNET_FIELD_IPV4_MODE) && obj->a.ipv4_mode.value != XSNET_IP_NONE) ||
               (xsn_object_is_set(obj, XSNET_FIELD_IPV6_MODE) && obj->a.ipv6_mode.value != XSNET_IP_NONE);
}

/* Members were claimed before: what a member carries is refused, and a bond in a bond. */
static void check_member(struct checker *c, const struct xsnet_object *obj)
{
        const char *device = obj->cls->kind == XSNET_KIND_NETWORK ? NULL : xsn_object_device(obj);
        const struct xsnet_object *bond = device ? claimed(c, "member", device, obj) : NULL;

        if (!bond)
                return;
        if (obj->cls->kind == XSNET_KIND_BOND)
                xsn_object_error(obj, c->state->source, 0, c->errs, -EINVAL, "bond-in-bond",
                                 "a bond cannot be a member of the bond at %u:%u", bond->pos.line, bond->pos.column);
        else if (has_addresses(obj))
                xsn_object_error(obj, c->state->source, XSNET_FIELD_IPV4_ADDRESS, c->errs, -EINVAL,
                                 "address-on-member", "an address belongs on the bond at %u:%u, not on its member",
                                 bond->pos.line, bond->pos.column);
        else if (xsn_object_network(obj))
                xsn_object_error(obj, c->state->source, XSNET_FIELD_NETWORK, c->errs, -EINVAL, "network-on-member",
                                 "a network belongs on the bond at %u:%u, not on its member", bond->pos.line,
                                 bond->pos.column);
}

/* Two addresses alike, anywhere. */
static void check_address(struct checker *c, const struct xsnet_object *obj)
{
        static const int fields[] = { XSNET_FIELD_IPV4_ADDRESS, XSNET_FIELD_IPV6_ADDRESS };

        for (size_t f = 0; f < 2 && obj->cls->has_address; f++) {
                const struct xsn_list *list = f ? &obj->a.ipv6_address : &obj->a.ipv4_address;

                for (size_t i = 0; i < list->n; i++) {
                        const struct xsn_ip *ip = &XSN_ITEM(*list, struct xsn_ip, i);
                        const struct xsnet_object *other;
                        char text[XSN_IP_STRLEN];

                        if (xsn_ip_is_link_local(ip))
                                continue;
                        xsn_ip_format(ip, text);
                        other = get_key(c, "address", "*", text);
                        add_key(c, "address", "*", text, obj);
                        if (other && other != obj &&
                            (!same_key(obj, other) || !xsn_value_equal(xsn_type_of(XSNET_TYPE_STRS), &obj->hosts,
                                                                       &other->hosts, true)))
                                used_twice(c, obj, fields[f], "duplicate-address", "address", text, other);
                }
        }
}

/*
 * A management interface shares its subnet with no other interface of the host:
 * packets would leave by the wrong one.
 */
static void check_subnets(struct checker *c, const struct xsnet_object *obj)
{
        for (size_t i = 0; obj->cls->has_address && i < obj->a.ipv4_address.n; i++) {
                struct xsn_ip net = xsn_ip_network(&XSN_ITEM(obj->a.ipv4_address, struct xsn_ip, i));
                const struct xsnet_object *other, *management;
                char text[XSN_IP_STRLEN];

                xsn_ip_format_prefix(&net, text);
                management = claimed(c, "management subnet", text, obj);
                other = claim(c, "subnet", text, obj);
                if (obj->a.management)
                        (void)claim(c, "management subnet", text, obj);
                other = management ? management : obj->a.management ? other : NULL;
                if (other && !same_key(obj, other))
                        xsn_object_error(obj, c->state->source, XSNET_FIELD_IPV4_ADDRESS, c->errs, -EINVAL,
                                         "same-subnet",
                                         "the subnet %s is that of the %s at %u:%u; a management interface needs "
                                         "one of its own",
                                         text, other->cls->name, other->pos.line, other->pos.column);
        }
}

/* ---- circles: a VLAN stands on its parent, a bond on its members ---- */

#define DEPTH_MAX 16 /* no real stack of devices comes near */

static bool reaches(struct checker *c, const struct xsnet_object *from, const struct xsnet_object *goal, int depth);

static bool device_reaches(struct checker *c, const char *device, const struct xsnet_object *obj,
                           const struct xsnet_object *goal, int depth)
{
        const struct xsnet_object *lower = claimed(c, "stack", device, obj);

        return lower && (lower == goal || reaches(c, lower, goal, depth + 1));
}

static bool reaches(struct checker *c, const struct xsnet_object *from, const struct xsnet_object *goal, int depth)
{
        const struct xsn_bond *bond = XSN_BOND(from);
        const char *pif = xsn_object_string(from, XSNET_FIELD_PIF);

        if (depth > DEPTH_MAX)
                return true;
        if (pif && device_reaches(c, pif, from, goal, depth))
                return true;
        for (size_t i = 0; bond && i < bond->members.n; i++)
                if (device_reaches(c, XSN_ITEM(bond->members, char *, i), from, goal, depth))
                        return true;
        return false;
}

static void claim_stack(struct checker *c, const struct xsnet_object *obj)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        if (obj->cls->kind != XSNET_KIND_BOND && obj->cls->kind != XSNET_KIND_VLAN)
                return;
        xsn_object_key(obj, &buf);
        if (!xsn_buf_take(&buf, &key) && *key)
                (void)claim(c, "stack", key, obj);
        if (xsn_object_string(obj, XSNET_FIELD_DEVICE))
                (void)claim(c, "stack", xsn_object_string(obj, XSNET_FIELD_DEVICE), obj);
}

static void check_circle(struct checker *c, const struct xsnet_object *obj)
{
        if (reaches(c, obj, obj, 0))
                xsn_object_error(obj, c->state->source, 0, c->errs, -EINVAL, "cycle",
                                 "it stands on itself: its parents or members lead back to it");
}

/* ---- MTUs that the document itself names ---- */

/* `obj` of the document that is a PIF of the device, with its network's mtu; 0: not known. */
static uint32_t named_mtu(struct checker *c, const struct xsnet_object *obj)
{
        const char *network = obj ? xsn_object_network(obj) : NULL;
        const struct xsnet_object *net = network ? claimed(c, "network name", network, obj) : NULL;

        return net ? xsn_object_mtu(net) : 0;
}

static void check_mtu(struct checker *c, const struct xsnet_object *obj)
{
        const char *pif = obj->cls->kind == XSNET_KIND_VLAN ? xsn_object_string(obj, XSNET_FIELD_PIF) : NULL;
        const struct xsnet_object *parent = pif ? claimed(c, "link", pif, obj) : NULL;
        uint32_t mine = named_mtu(c, obj), theirs = named_mtu(c, parent);

        if (mine && theirs && mine > theirs)
                xsn_object_error(obj, c->state->source, XSNET_FIELD_NETWORK, c->errs, -EINVAL, "mtu-above-parent",
                                 "the MTU %" PRIu32 " of its network is above the %" PRIu32 " of its parent '%s'", mine,
                                 theirs, pif);
}

static void claim_names(struct checker *c, const struct xsnet_object *obj)
{
        const char *name = obj->cls->kind == XSNET_KIND_NETWORK ? xsn_object_string(obj, XSNET_FIELD_NAME) : NULL;
        const char *device = obj->cls->kind == XSNET_KIND_PIF || obj->cls->kind == XSNET_KIND_BOND
                                     ? xsn_object_device(obj)
                                     : NULL;

        if (name)
                (void)claim(c, "network name", name, obj);
        if (device && xsn_object_network(obj))
                (void)claim(c, "link", device, obj);
}

void xsn_state_check(const struct xsnet_state *state, struct xsnet_error **errs)
{
        static void (*const rules[])(struct checker *, const struct xsnet_object *) = {
                claim_names, claim_stack, check_devices, check_tag, check_network_use,
                check_address, check_subnets, check_member, check_circle, check_mtu,
        };
        struct checker c = { .state = state, .errs = errs };

        for (size_t i = 0; i < state->n_objects; i++)
                xsn_object_check(state->objects[i], state->source, errs);
        /* Rule by rule: those that look up follow those that claim. */
        for (size_t r = 0; r < XSN_ARRAY_SIZE(rules); r++)
                for (size_t i = 0; i < state->n_objects; i++)
                        if (!state->objects[i]->absent)
                                rules[r](&c, state->objects[i]);
        if (c.failed)
                xsn_error_add(errs, -ENOMEM, "out-of-memory", "", "there is not enough memory to check the document");
        xsn_hash_done(&c.claims);
        xsn_strs_clear(&c.keys);
}
