/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which object of a host an item is about: each kind's rules of identity (rules 5, 7, 8,
 * 14 of the document). bind.c and rename.c ask; nothing is changed here.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

/* ---- networks ---- */

/* A bridge to which nobody gave another name. */
static bool is_unnamed(const struct xsn_slot *slot)
{
        const struct xsnet_object *net = slot->pair->from;
        const char *bridge = net ? xsn_object_device(net) : NULL;
        const char *name = net ? xsn_object_string(net, XSNET_FIELD_NAME) : NULL;

        return bridge && !net->owner && (!name || !strcmp(name, bridge));
}

static struct xsn_slot *network_on(struct xsn_dom0 *node, const char *bridge)
{
        struct xsn_slot *slot = xsn_hash_get_str(&node->now, bridge);

        return slot && xsn_slot_kind(slot) == XSNET_KIND_NETWORK ? slot : NULL;
}

/* One of several networks with the same name: that of the bridge, or it is an error. */
static struct xsn_slot *choose(struct xsn_dom0 *node, struct xsn_slot *first, const struct xsnet_object *item,
                               bool *ret_wrong)
{
        const char *bridge = xsn_object_string(item, XSNET_FIELD_BRIDGE);
        struct xsn_buf buf = { 0 };
        char *uuids;

        for (struct xsn_slot *slot = first; slot; slot = slot->twin) {
                const struct xsnet_object *net = xsn_slot_object(slot);
                const char *uuid = xsn_object_string(net, XSNET_FIELD_UUID), *device = xsn_object_device(net);

                if (bridge && device && !strcmp(bridge, device))
                        return slot;
                xsn_buf_printf(&buf, "%s%s", buf.len ? ", " : "", uuid ? uuid : device ? device : "?");
        }
        *ret_wrong = true;
        if (!xsn_buf_take(&buf, &uuids)) {
                xsn_item_error(node, item, XSNET_FIELD_NAME, -EINVAL, "ambiguous-name",
                               "several networks have this name: name the uuid or bridge of one of %s", uuids);
                xsn_free(uuids);
        }
        return NULL;
}

static struct xsn_slot *find_by_bridge(struct xsn_dom0 *node, const struct xsnet_object *item, bool *ret_wrong)
{
        const char *name = xsn_object_string(item, XSNET_FIELD_NAME);
        const char *bridge = xsn_object_string(item, XSNET_FIELD_BRIDGE);
        struct xsn_slot *slot = bridge ? network_on(node, bridge) : NULL;
        char chosen[16];

        if (bridge && slot && name && !is_unnamed(slot) && !item->absent) {
                *ret_wrong = true;
                xsn_item_error(node, item, XSNET_FIELD_BRIDGE, -EBUSY, "bridge-in-use",
                               "the bridge '%s' is that of the network '%s'; two networks cannot share it", bridge,
                               xsn_object_string(slot->pair->from, XSNET_FIELD_NAME));
                return NULL;
        }
        if (bridge || !name)
                return slot;
        if (!xsn_target_can(node->target, XSN_CAP_NAMES_BRIDGE))
                return NULL;
        xsn_default_bridge(name, chosen);
        slot = network_on(node, chosen);
        return slot && is_unnamed(slot) ? slot : NULL;
}

static struct xsn_slot *find_network(struct xsn_dom0 *node, const struct xsnet_object *item, bool *ret_wrong)
{
        const char *uuid = xsn_object_string(item, XSNET_FIELD_UUID);
        const char *name = xsn_object_string(item, XSNET_FIELD_NAME);
        struct xsn_slot *slot;

        if (uuid)
                slot = xsn_hash_get_str(&node->target->uuids, uuid);
        else if (name && (slot = xsn_dom0_find(node, XSNET_KIND_NETWORK, name)))
                return slot->twin ? choose(node, slot, item, ret_wrong) : slot;
        else
                slot = find_by_bridge(node, item, ret_wrong);
        if (!slot && !*ret_wrong && (uuid || !name) && !item->absent) {
                *ret_wrong = true;
                xsn_item_error(node, item, uuid ? XSNET_FIELD_UUID : XSNET_FIELD_BRIDGE, -EINVAL, "unknown-name",
                               "there is no network with this %s", uuid ? "uuid" : "bridge");
        }
        return slot;
}

/* ---- bonds, VLANs, tunnels ---- */

static bool same_members(const struct xsn_slot *slot, const struct xsn_bond *wanted)
{
        const struct xsn_bond *bond = XSN_BOND(slot->pair->to);

        return xsn_value_equal(xsn_type_of(XSNET_TYPE_STRS), &bond->members, &wanted->members, true);
}

static struct xsn_slot *bond_by_name(struct xsn_dom0 *node, const char *name)
{
        struct xsn_slot *slot = xsn_dom0_find(node, XSNET_KIND_BOND, name);

        if (!slot)
                slot = xsn_hash_get_str(&node->devices, name);
        return slot && xsn_slot_kind(slot) == XSNET_KIND_BOND ? slot : NULL;
}

int xsn_claim_bond(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        struct xsn_slot *slot = bond_by_name(node, XSN_BOND(item)->name);

        if (slot)
                slot->claimed = true;
        return 0;
}

static struct xsn_slot *find_bond(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        const struct xsn_bond *bond = XSN_BOND(item);
        struct xsn_slot *slot = bond_by_name(node, bond->name);

        if (slot)
                return slot;
        /* Where the target chooses the device's name, the members tell which bond it is. */
        if (!bond->members.n || xsn_target_can(node->target, XSN_CAP_NAMES_DEVICES))
                return NULL;
        slot = xsn_hash_get_str(&node->bond_of, XSN_ITEM(bond->members, char *, 0));
        return slot && !slot->claimed && !slot->want && same_members(slot, bond) ? slot : NULL;
}

/* The names that a PIF goes by: what a VLAN or tunnel on it may be filed under. */
static size_t names_of(struct xsn_dom0 *node, const char *name, const char *names[4])
{
        const struct xsn_slot *slot = xsn_dom0_pif(node, name);
        size_t n = 0;

        names[n++] = name;
        if (!slot || !slot->pair->to)
                return n;
        if (slot->key)
                names[n++] = slot->key;
        if (xsn_object_device(slot->pair->to))
                names[n++] = xsn_object_device(slot->pair->to);
        if (xsn_slot_kind(slot) == XSNET_KIND_BOND && slot->pair->from)
                names[n++] = XSN_BOND(slot->pair->from)->name;
        return n;
}

static int find_on_pif(struct xsn_dom0 *node, const struct xsnet_object *item, struct xsn_slot **ret_slot)
{
        const struct xsn_vlan *vlan = XSN_VLAN(item);
        const char *names[4];
        size_t n = names_of(node, vlan ? vlan->pif : XSN_TUNNEL(item)->transport, names);

        *ret_slot = NULL;
        for (size_t i = 0; i < n && !*ret_slot; i++) {
                struct xsn_buf buf = { 0 };
                char *key;

                if (vlan)
                        xsn_buf_printf(&buf, "%s.%" PRIu32, names[i], vlan->tag);
                else
                        xsn_buf_printf(&buf, "%s/%s", XSN_TUNNEL(item)->l.network, names[i]);
                if (xsn_buf_take(&buf, &key) < 0)
                        return -ENOMEM;
                *ret_slot = xsn_dom0_find(node, item->cls->kind, key);
                xsn_free(key);
        }
        return 0;
}

/* Does nothing that the item says of the tunnel's ends contradict what is observed? */
static bool ends_fit(const struct xsnet_object *from, const struct xsnet_object *item)
{
        static const int fields[] = { XSNET_FIELD_DEVICE, XSNET_FIELD_PROTOCOL, XSNET_FIELD_KEY,
                                      XSNET_FIELD_REMOTES, XSNET_FIELD_LOCAL,    XSNET_FIELD_PORT };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (xsn_object_is_set(item, fields[i]) &&
                    xsn_object_row_differs(from, item, (size_t)xsn_class_index(from->cls, fields[i])))
                        return false;
        return true;
}

/*
 * When the tunnel that an absent item means is gone, somebody else's may be left between the same network and
 * transport. Without the owner's mark it takes its device or its remotes to mean it, and nothing that does not fit.
 */
static bool means_tunnel(const struct xsn_slot *slot, const struct xsnet_object *item)
{
        const struct xsnet_object *from = slot->pair->from;
        const char *owner = slot->node->target->work->owner;

        if (!from || !item->absent || slot->want || (owner && from->owner && !strcmp(owner, from->owner)))
                return true;
        return ends_fit(from, item) && ((!owner && !from->owner) || xsn_object_is_set(item, XSNET_FIELD_DEVICE) ||
                                        xsn_object_is_set(item, XSNET_FIELD_REMOTES));
}

static int find_tunnel(struct xsn_dom0 *node, const struct xsnet_object *item, struct xsn_slot **ret_slot)
{
        _cleanup_(xsn_freep) char *host = NULL;
        struct xsn_buf buf = { 0 };
        const struct xsn_slot *slot;

        if (find_on_pif(node, item, ret_slot) < 0)
                return -ENOMEM;
        slot = *ret_slot;
        if (!slot || means_tunnel(slot, item))
                return 0;
        *ret_slot = NULL;
        xsn_dom0_describe(node, &buf);
        if (xsn_buf_take(&buf, &host) < 0)
                return -ENOMEM;
        return xsn_target_note(node->target,
                               "the %s%s stays: it does not carry the owner's mark, and the item that is to be "
                               "absent does not tell it by its device or remotes",
                               xsn_slot_name(slot), host);
}

/* ---- NICs ---- */

static bool is_nic(const struct xsn_slot *slot)
{
        return slot && slot->pair->from && slot->pair->from->cls->kind == XSNET_KIND_PIF;
}

/* Do the observed NIC's match.* rows hold what the item's say? */
static bool matches(const struct xsn_slot *slot, const struct xsnet_object *item)
{
        const struct xsnet_object *nic = slot->pair->from;
        size_t n = xsn_class_n_fields(item->cls);

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(item->cls, i);
                uint64_t bit = UINT64_C(1) << i;

                if (!(field->flags & XSN_F_SELECT) || !(item->present & bit))
                        continue;
                if (!(nic->present & bit) || !xsn_value_equal(xsn_type_of(field->type), xsn_object_member(nic, field),
                                                              xsn_object_member(item, field), false))
                        return false;
        }
        return true;
}

static bool has_match(const struct xsnet_object *item)
{
        static const int fields[] = { XSNET_FIELD_MATCH_MAC, XSNET_FIELD_MATCH_POSITION, XSNET_FIELD_MATCH_PCI,
                                      XSNET_FIELD_MATCH_DRIVER };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (xsn_object_is_set(item, fields[i]))
                        return true;
        return false;
}

static struct xsn_slot *nic_by_name(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        const char *device = xsn_object_string(item, XSNET_FIELD_DEVICE);
        const char *rename = xsn_object_string(item, XSNET_FIELD_RENAME);
        bool back = item->absent || (item->reset & xsn_object_bit(item, XSNET_FIELD_RENAME));
        struct xsn_slot *slot = rename ? xsn_hash_get_str(&node->now, rename) : NULL;

        if (is_nic(slot))
                return slot;
        if (rename || back) {
                slot = device ? xsn_hash_get_str(&node->now, device) : NULL;
                if (!is_nic(slot) && back && device)
                        slot = xsn_hash_get_str(&node->old_names, device);
        } else {
                slot = device ? xsn_dom0_find(node, XSNET_KIND_PIF, device) : NULL;
        }
        return is_nic(slot) ? slot : NULL;
}

struct xsn_slot *xsn_find_nic(struct xsn_dom0 *node, const struct xsnet_object *item, size_t *ret_n)
{
        struct xsn_slot *slot = xsn_object_is_set(item, XSNET_FIELD_DEVICE) ? nic_by_name(node, item) : NULL;
        struct xsn_target *target = node->target;

        *ret_n = slot ? 1 : 0;
        if (slot || !has_match(item)) {
                if (slot && !matches(slot, item))
                        *ret_n = 0;
                return *ret_n ? slot : NULL;
        }
        if (xsn_object_is_set(item, XSNET_FIELD_DEVICE) && !xsn_object_is_set(item, XSNET_FIELD_RENAME))
                return NULL;
        for (size_t i = 0; i < target->n_slots; i++) {
                if (target->slots[i]->node != node || !is_nic(target->slots[i]) || !matches(target->slots[i], item))
                        continue;
                slot = target->slots[i];
                ++*ret_n;
        }
        return *ret_n == 1 ? slot : NULL;
}

/* A pif item is about a NIC, or about what else has the device. */
static struct xsn_slot *find_pif(struct xsn_dom0 *node, const struct xsnet_object *item, bool *ret_wrong)
{
        const char *device = xsn_object_string(item, XSNET_FIELD_DEVICE);
        size_t n;
        struct xsn_slot *slot = xsn_find_nic(node, item, &n);

        if (!slot && device && !has_match(item))
                slot = xsn_dom0_pif(node, device);
        if (slot || item->absent)
                return slot;
        *ret_wrong = true;
        if (n > 1) {
                xsn_item_error(node, item, 0, -EINVAL, "ambiguous-name", "`match` fits %zu NICs; expected one", n);
        } else if (has_match(item)) {
                xsn_item_error(node, item, 0, -EINVAL, "unknown-name", "`match` fits no NIC");
        } else {
                const struct xsn_slot *other = xsn_hash_get_str(&node->devices, device);
                _cleanup_(xsn_freep) char *hint = NULL;
                struct xsn_buf buf = { 0 };

                if (other)
                        xsn_buf_printf(&buf, "; '%s' is the device of the %s", device, xsn_slot_name(other));
                else
                        xsn_suggest_slot(node, 1U << XSNET_KIND_PIF | 1U << XSNET_KIND_BOND | 1U << XSNET_KIND_VLAN,
                                         device, &buf);
                if (!xsn_buf_take(&buf, &hint))
                        xsn_item_error(node, item, XSNET_FIELD_DEVICE, -EINVAL, "unknown-name",
                                       "there is no such interface%s", hint);
        }
        return NULL;
}

static int find_vif(struct xsn_dom0 *node, const struct xsnet_object *item, struct xsn_slot **ret_slot)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_key(item, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        *ret_slot = xsn_dom0_find(node, XSNET_KIND_VIF, key);
        return 0;
}

int xsn_find_slot(struct xsn_dom0 *node, const struct xsnet_object *item, struct xsn_slot **ret_slot, bool *ret_wrong)
{
        *ret_slot = NULL;
        *ret_wrong = false;
        switch (item->cls->kind) {
        case XSNET_KIND_NETWORK:
                *ret_slot = find_network(node, item, ret_wrong);
                return 0;
        case XSNET_KIND_PIF:
                *ret_slot = find_pif(node, item, ret_wrong);
                return 0;
        case XSNET_KIND_BOND:
                *ret_slot = find_bond(node, item);
                return 0;
        case XSNET_KIND_VIF:
                return find_vif(node, item, ret_slot);
        case XSNET_KIND_TUNNEL:
                return find_tunnel(node, item, ret_slot);
        default:
                return find_on_pif(node, item, ret_slot);
        }
}
