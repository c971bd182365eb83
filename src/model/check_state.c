/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong across the objects of a desired state, whatever the target: things
 * claimed twice, members that carry what only their bond may, subnets, MTUs. Stands on
 * claims.c; check_stack.c has the circles, check.c what is wrong within one object.
 */
#include "model/claims.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

const char *xsn_checker_name(struct xsn_checker *c, const struct xsn_claimant *it)
{
        c->other.len = 0;
        xsn_object_describe(it->obj, &c->other);
        if (it->obj->pos.line)
                xsn_buf_printf(&c->other, " at %u:%u", it->obj->pos.line, it->obj->pos.column);
        c->claims.failed = c->claims.failed || c->other.failed;
        return c->other.failed ? "another" : c->other.s;
}

/* What the device is called after the apply: a NIC its new name, a bond and a VLAN what they are referred to by. */
size_t xsn_claimant_devices(const struct xsn_claimant *it, const char *devices[2])
{
        const char *device = xsn_object_string(it->obj, XSNET_FIELD_DEVICE);
        const char *renamed = xsn_object_string(it->obj, XSNET_FIELD_RENAME);
        const char *bridge = xsn_object_string(it->obj, XSNET_FIELD_BRIDGE);
        int kind = it->obj->cls->kind;
        size_t n = 0;

        if ((kind == XSNET_KIND_BOND || kind == XSNET_KIND_VLAN) && *it->key)
                devices[n++] = it->key;
        if (renamed || device || bridge)
                devices[n++] = renamed ? renamed : device ? device : bridge;
        return n;
}

static struct xsn_claimant *any_other(struct xsn_checker *c, int what, struct xsn_claimant *it)
{
        struct xsn_claimant *other = NULL;
        const char *devices[2];
        size_t n = xsn_claimant_devices(it, devices);

        for (size_t i = 0; i < n && !other; i++)
                other = xsn_claim_other(&c->claims, what, devices[i], it);
        return other;
}

static void claim_devices(struct xsn_checker *c, int what, struct xsn_claimant *it)
{
        const char *devices[2];
        size_t n = xsn_claimant_devices(it, devices);

        for (size_t i = 0; i < n; i++)
                xsn_claim(&c->claims, what, devices[i], it);
}

/* A name that two different objects of a host may not share. Two items for one object are united later. */
static void claim_alone(struct xsn_checker *c, int what, const char *name, struct xsn_claimant *it, int field,
                        const char *reason, const char *called)
{
        const struct xsn_claimant *other = xsn_claim_other(&c->claims, what, name, it);

        if (other)
                xsn_object_error(it->obj, c->state->source, field, c->errs, -EINVAL, reason, "%s '%s' is taken by %s",
                                 called, name, xsn_checker_name(c, other));
        xsn_claim(&c->claims, what, name, it);
}

/* ---- what the rules below look up ---- */

/* Network and management may stand on one item of a device and its address on another. */
static void note_names(struct xsn_checker *c, struct xsn_claimant *it)
{
        bool is_network = it->obj->cls->kind == XSNET_KIND_NETWORK;

        if (is_network && xsn_object_is_set(it->obj, XSNET_FIELD_NAME) && xsn_object_mtu(it->obj))
                xsn_claim(&c->claims, XSN_CLAIM_MTU, it->key, it);
        if (xsn_object_network(it->obj) && xsn_object_link(it->obj))
                claim_devices(c, XSN_CLAIM_JOINED, it);
        if (xsn_object_is_set(it->obj, XSNET_FIELD_MANAGEMENT) && it->obj->a.management)
                claim_devices(c, XSN_CLAIM_MANAGEMENT, it);
}

/* ---- devices ---- */

static int device_field(const struct xsnet_object *obj, const char *device)
{
        static const int fields[] = { XSNET_FIELD_BRIDGE, XSNET_FIELD_RENAME, XSNET_FIELD_DEVICE };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (xsn_object_string(obj, fields[i]) && !strcmp(xsn_object_string(obj, fields[i]), device))
                        return fields[i];
        return 0;
}

static void check_devices(struct xsn_checker *c, struct xsn_claimant *it)
{
        const struct xsn_bond *bond = XSN_BOND(it->obj);
        const char *devices[2];
        size_t n = xsn_claimant_devices(it, devices);

        for (size_t i = 0; i < n; i++)
                claim_alone(c, XSN_CLAIM_DEVICE, devices[i], it, device_field(it->obj, devices[i]),
                            "device-used-twice", "device");
        for (size_t i = 0; bond && i < bond->members.n; i++)
                claim_alone(c, XSN_CLAIM_MEMBER, XSN_ITEM(bond->members, char *, i), it, XSNET_FIELD_MEMBERS,
                            "device-used-twice", "member");
}

/* One tag of a device is one VLAN, with one network. */
static void check_tag(struct xsn_checker *c, struct xsn_claimant *it)
{
        const char *network = it->obj->cls->kind == XSNET_KIND_VLAN && *it->key ? xsn_object_network(it->obj) : NULL;
        const struct xsn_claimant *other;

        if (!network)
                return;
        other = xsn_claim_find(&c->claims, XSN_CLAIM_TAG, it->key, it);
        if (other && strcmp(xsn_object_network(other->obj), network) != 0)
                xsn_object_error(it->obj, c->state->source, XSNET_FIELD_TAG, c->errs, -EINVAL, "duplicate-tag",
                                 "the tag is taken by %s, for network '%s'", xsn_checker_name(c, other),
                                 xsn_object_network(other->obj));
        xsn_claim(&c->claims, XSN_CLAIM_TAG, it->key, it);
}

/*
 * At most one of pif, bond and VLAN joins a network on a host. Whether one that was shown to be in a bridge is there
 * already, beside another, is known when the target was observed: the planner refuses what would be new.
 */
static void check_network_use(struct xsn_checker *c, struct xsn_claimant *it)
{
        const char *network = xsn_object_network(it->obj);

        if (network && !xsn_object_is_set(it->obj, XSNET_FIELD_STATUS_MASTER) && xsn_object_link(it->obj) &&
            it->obj->cls->kind != XSNET_KIND_TUNNEL)
                claim_alone(c, XSN_CLAIM_NETWORK, network, it, XSNET_FIELD_NETWORK, "network-in-use", "network");
}

/* ---- members of bonds ---- */

/* The row by which the object would have an address; 0: it asks for none. */
static int address_field(const struct xsnet_object *obj)
{
        const struct xsn_addressing *a = &obj->a;

        if (a->ipv4_address.n)
                return XSNET_FIELD_IPV4_ADDRESS;
        if (a->ipv6_address.n)
                return XSNET_FIELD_IPV6_ADDRESS;
        if (xsn_object_is_set(obj, XSNET_FIELD_IPV4_MODE) && a->ipv4_mode.value != XSNET_IP_NONE)
                return XSNET_FIELD_IPV4_MODE;
        if (xsn_object_is_set(obj, XSNET_FIELD_IPV6_MODE) && a->ipv6_mode.value != XSNET_IP_NONE)
                return XSNET_FIELD_IPV6_MODE;
        if (a->routes.n)
                return XSNET_FIELD_ROUTES;
        return xsn_object_is_set(obj, XSNET_FIELD_MANAGEMENT) && a->management ? XSNET_FIELD_MANAGEMENT : 0;
}

static void member_error(struct xsn_checker *c, const struct xsn_claimant *it, int field, const char *reason,
                         const char *what, const struct xsn_claimant *bond)
{
        xsn_object_error(it->obj, c->state->source, field, c->errs, -EINVAL, reason, "%s %s", what,
                         xsn_checker_name(c, bond));
}

/* Members were claimed before: what a member may not carry, or be. */
static void check_member(struct xsn_checker *c, struct xsn_claimant *it)
{
        const struct xsn_claimant *bond = any_other(c, XSN_CLAIM_MEMBER, it);
        int kind = it->obj->cls->kind, address = address_field(it->obj);

        if (!bond)
                return;
        if (kind == XSNET_KIND_BOND)
                member_error(c, it, 0, "bond-in-bond", "a bond cannot be a member of", bond);
        if (kind == XSNET_KIND_NETWORK)
                member_error(c, it, XSNET_FIELD_BRIDGE, "device-used-twice", "the bridge cannot be a member of", bond);
        if (kind == XSNET_KIND_BOND || kind == XSNET_KIND_NETWORK)
                return;
        if (address)
                member_error(c, it, address, "address-on-member",
                             "an address belongs on the bond, not on its member: this one is in", bond);
        if (xsn_object_network(it->obj))
                member_error(c, it, XSNET_FIELD_NETWORK, "network-on-member",
                             "a network belongs on the bond, not on its member: this one is in", bond);
}

/* A VLAN or tunnel on a member would lose its frames to the bond. */
static void check_parent(struct xsn_checker *c, struct xsn_claimant *it)
{
        int field = it->obj->cls->kind == XSNET_KIND_VLAN ? XSNET_FIELD_PIF : XSNET_FIELD_TRANSPORT;
        const char *parent = xsn_object_string(it->obj, field);
        const struct xsn_claimant *bond = parent ? xsn_claim_find(&c->claims, XSN_CLAIM_MEMBER, parent, it) : NULL;

        if (bond)
                xsn_object_error(it->obj, c->state->source, field, c->errs, -EINVAL, "parent-is-member",
                                 "'%s' is a member of %s: name the bond instead", parent, xsn_checker_name(c, bond));
}

/* ---- addresses ---- */

/* Of one object, on different hosts? Without hosts, the target tells. */
static bool on_other_hosts(const struct xsnet_object *a, const struct xsnet_object *b)
{
        if (!a->hosts.n || !b->hosts.n)
                return false;
        return !xsn_value_equal(xsn_type_of(XSNET_TYPE_STRS), &a->hosts, &b->hosts, true);
}

static void check_address(struct xsn_checker *c, struct xsn_claimant *it, int field, const struct xsn_ip *ip)
{
        const struct xsn_claimant *other;
        char text[XSN_IP_STRLEN];

        if (xsn_ip_is_link_local(ip))
                return;
        xsn_ip_format(ip, text);
        other = xsn_claim_anywhere(&c->claims, XSN_CLAIM_ADDRESS, text, it);
        if (other && other != it && (!xsn_claim_same(other, it) || on_other_hosts(other->obj, it->obj)))
                xsn_object_error(it->obj, c->state->source, field, c->errs, -EINVAL, "duplicate-address",
                                 "address '%s' is taken by %s", text, xsn_checker_name(c, other));
}

static bool is_management(struct xsn_checker *c, struct xsn_claimant *it)
{
        const char *devices[2];
        size_t n = xsn_claimant_devices(it, devices);

        for (size_t i = 0; i < n; i++)
                if (xsn_claim_find(&c->claims, XSN_CLAIM_MANAGEMENT, devices[i], it))
                        return true;
        return xsn_object_is_set(it->obj, XSNET_FIELD_MANAGEMENT) && it->obj->a.management;
}

/*
 * A management interface shares its subnet with no other interface of the host:
 * packets would leave by the wrong one.
 */
static void check_subnet(struct xsn_checker *c, struct xsn_claimant *it, int field, const struct xsn_ip *ip)
{
        struct xsn_ip net = xsn_ip_network(ip);
        bool management = is_management(c, it);
        const struct xsn_claimant *other;
        char text[XSN_IP_STRLEN];

        if (xsn_ip_is_link_local(ip))
                return;
        xsn_ip_format_prefix(&net, text);
        other = xsn_claim_other(&c->claims, management ? XSN_CLAIM_SUBNET : XSN_CLAIM_MANAGEMENT_SUBNET, text, it);
        xsn_claim(&c->claims, XSN_CLAIM_SUBNET, text, it);
        if (management)
                xsn_claim(&c->claims, XSN_CLAIM_MANAGEMENT_SUBNET, text, it);
        if (other)
                xsn_object_error(it->obj, c->state->source, field, c->errs, -EINVAL, "same-subnet",
                                 "the subnet %s is that of %s too; a management interface needs one of its own", text,
                                 xsn_checker_name(c, other));
}

static void check_addresses(struct xsn_checker *c, struct xsn_claimant *it)
{
        static const int fields[] = { XSNET_FIELD_IPV4_ADDRESS, XSNET_FIELD_IPV6_ADDRESS };

        for (size_t f = 0; f < XSN_ARRAY_SIZE(fields); f++) {
                const struct xsn_list *list = f ? &it->obj->a.ipv6_address : &it->obj->a.ipv4_address;

                for (size_t i = 0; it->obj->cls->has_address && i < list->n; i++) {
                        check_address(c, it, fields[f], &XSN_ITEM(*list, struct xsn_ip, i));
                        check_subnet(c, it, fields[f], &XSN_ITEM(*list, struct xsn_ip, i));
                }
        }
}

/* ---- MTUs that the document itself names ---- */

/* The MTU that its network has; 0: the document does not tell. */
static uint32_t named_mtu(struct xsn_checker *c, const struct xsn_claimant *it)
{
        const struct xsn_claimant *net = xsn_claim_find(&c->claims, XSN_CLAIM_MTU, xsn_object_network(it->obj), it);

        return net ? xsn_object_mtu(net->obj) : 0;
}

/* A VLAN's network may be named by a pif item for its device, as its parent's may. */
static void check_mtu(struct xsn_checker *c, struct xsn_claimant *it)
{
        const char *pif = it->obj->cls->kind == XSNET_KIND_VLAN ? xsn_object_string(it->obj, XSNET_FIELD_PIF) : NULL;
        const struct xsn_claimant *self = it,
                                  *parent = pif ? xsn_claim_find(&c->claims, XSN_CLAIM_JOINED, pif, it) : NULL;
        uint32_t mine, theirs;

        if (parent && !xsn_object_network(it->obj))
                self = xsn_claim_find(&c->claims, XSN_CLAIM_JOINED, it->key, it);
        if (!parent || !self)
                return;
        mine = named_mtu(c, self);
        theirs = named_mtu(c, parent);
        if (mine && theirs && mine > theirs)
                xsn_object_error(it->obj, c->state->source, XSNET_FIELD_NETWORK, c->errs, -EINVAL, "mtu-above-parent",
                                 "the MTU %" PRIu32 " of its network is above the %" PRIu32 " of its parent '%s'", mine,
                                 theirs, pif);
}

/* ---- the whole ---- */

/* The objects that shall be, with their identities, which lie one after the other in *ret_keys. 0 or -ENOMEM. */
static int gather(struct xsn_checker *c, char **ret_keys)
{
        struct xsn_buf keys = { 0 };
        const char *key;

        c->all = xsn_alloc_array(c->state->n_objects, sizeof(*c->all));
        if (!c->all)
                return -ENOMEM;
        for (size_t i = 0; i < c->state->n_objects; i++) {
                if (c->state->objects[i]->absent)
                        continue;
                c->all[c->n++].obj = c->state->objects[i];
                xsn_object_key(c->state->objects[i], &keys);
                xsn_buf_putc(&keys, '\0');
        }
        if (xsn_buf_take(&keys, ret_keys) < 0)
                return -ENOMEM;
        key = *ret_keys;
        for (size_t i = 0; i < c->n; i++, key += strlen(key) + 1)
                c->all[i].key = key;
        return 0;
}

static void check_across(struct xsn_checker *c)
{
        static void (*const rules[])(struct xsn_checker *, struct xsn_claimant *) = {
                note_names,   check_devices, check_tag,       check_network_use,
                check_member, check_parent,  check_addresses, check_mtu,
        };

        /* Rule by rule: those that look up follow those that claim. */
        for (size_t r = 0; r < XSN_ARRAY_SIZE(rules); r++)
                for (size_t i = 0; i < c->n; i++)
                        rules[r](c, &c->all[i]);
        xsn_check_stack(c);
}

/* Without an owner nothing carries the mark of what may be removed: the wish would do nothing, and say nothing. */
static void check_prune(const struct xsnet_state *state, struct xsnet_error **errs)
{
        _cleanup_(xsn_freep) char *where = NULL;
        struct xsn_buf buf = { 0 };

        if (!state->prune || state->owner)
                return;
        if (state->prune_pos.line)
                xsn_buf_printf(&buf, "%s%s%u:%u prune", state->source ? state->source : "", state->source ? ":" : "",
                               state->prune_pos.line, state->prune_pos.column);
        if (xsn_buf_take(&buf, &where) < 0)
                xsn_error_add(errs, -ENOMEM, "out-of-memory", "", "there is not enough memory to check the document");
        else
                xsn_error_add(errs, -EINVAL, "missing", where,
                              "expected an owner, whose objects prune removes, found none");
}

void xsn_state_check(const struct xsnet_state *state, struct xsnet_error **errs)
{
        struct xsn_checker c = { .state = state, .errs = errs };
        _cleanup_(xsn_freep) char *keys = NULL;

        check_prune(state, errs);

        for (size_t i = 0; i < state->n_objects; i++)
                xsn_object_check(state->objects[i], state->source, errs);
        if (gather(&c, &keys) < 0)
                c.claims.failed = true;
        else
                check_across(&c);
        if (c.claims.failed)
                xsn_error_add(errs, -ENOMEM, "out-of-memory", "", "there is not enough memory to check the document");
        xsn_claims_done(&c.claims);
        xsn_buf_done(&c.other);
        xsn_free(c.all);
}
