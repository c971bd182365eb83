/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that change: `rename` of NICs (rule 14), networks that a document adopts or selects by uuid (rule 7), bonds
 * that are found by their members (rule 8), devices of VLANs. Done before all other items are resolved, as a document
 * calls everything by the name it has after the apply. What refers to a renamed thing changes with it, without a step
 * of its own.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

/* The name that the NIC gets, NULL: it keeps its own. */
static const char *new_name(const struct xsn_slot *slot, const struct xsnet_object *item)
{
        const char *name = xsn_object_string(item, XSNET_FIELD_RENAME);

        if (!name)
                name = xsn_object_string(slot->pair->from, XSNET_FIELD_STATUS_OLD_NAME);
        return name && strcmp(name, xsn_object_device(slot->pair->from)) != 0 ? name : NULL;
}

int xsn_rename_nics(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        bool back = item->absent || (item->reset & xsn_object_bit(item, XSNET_FIELD_RENAME));
        struct xsn_slot *slot = NULL;
        struct xsnet_object *to;
        const char *name, *old;
        size_t n;

        if (back || xsn_object_is_set(item, XSNET_FIELD_RENAME))
                slot = xsn_find_nic(node, item, &n);
        name = slot && slot->pair->from ? new_name(slot, item) : NULL;
        if (!name)
                return 0;
        /* Another item gives it another name: bind.c finds the conflict when it unites them. */
        if (slot->asked)
                return 0;
        to = xsn_slot_edit(slot);
        if (!to || xsn_object_set_string(to, XSNET_FIELD_DEVICE, name) < 0)
                return -ENOMEM;
        slot->asked = true;
        old = xsn_object_device(slot->pair->from);
        if (back) {
                xsn_object_clear(to, XSNET_FIELD_RENAME);
                xsn_object_clear(to, XSNET_FIELD_STATUS_OLD_NAME);
        } else if (xsn_object_set_string(to, XSNET_FIELD_RENAME, name) < 0 ||
                   (!xsn_object_is_set(to, XSNET_FIELD_STATUS_OLD_NAME) &&
                    xsn_object_set_string(to, XSNET_FIELD_STATUS_OLD_NAME, old) < 0)) {
                return -ENOMEM;
        }
        return xsn_hash_put_str(&node->renamed, old, slot);
}

int xsn_rename_network(struct xsn_slot *slot, const struct xsnet_object *item)
{
        const char *name = xsn_object_string(item, XSNET_FIELD_NAME), *old;
        struct xsnet_object *to;

        if (!slot->pair->from || !name)
                return 0;
        old = xsn_object_string(slot->pair->from, XSNET_FIELD_NAME);
        if (old && !strcmp(xsn_object_string(slot->pair->to, XSNET_FIELD_NAME), name))
                return 0;
        to = xsn_slot_edit(slot);
        if (!to || xsn_object_set_string(to, XSNET_FIELD_NAME, name) < 0)
                return -ENOMEM;
        slot->asked = true;
        if (old && xsn_dom0_find(slot->node, XSNET_KIND_NETWORK, old) == slot && !slot->twin)
                (void)xsn_hash_remove(&slot->node->keys[XSNET_KIND_NETWORK], old, strlen(old));
        if (old && xsn_hash_put_str(&slot->node->renamed_networks, old, slot) < 0)
                return -ENOMEM;
        return xsn_slot_index(slot, to);
}

/* ---- bonds and VLANs ---- */

static void forget(struct xsn_hash *names, const char *name, const struct xsn_slot *slot)
{
        if (name && *name && xsn_hash_get_str(names, name) == slot)
                (void)xsn_hash_remove(names, name, strlen(name));
}

/* The slot stands in the indexes under the names that it had: now under those that it gets. */
static int index_anew(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from, *to = slot->pair->to;
        const char *before = xsn_object_device(from), *after = xsn_object_device(to);

        forget(&slot->node->keys[to->cls->kind], slot->key, slot);
        if (before && after && strcmp(before, after) != 0)
                forget(&slot->node->devices, before, slot);
        return xsn_slot_index(slot, to);
}

/* Most items say what is there: a look at it is quicker than to find it. */
static bool is_there(const struct xsn_dom0 *node, const struct xsnet_object *item, const char *name)
{
        const struct xsn_slot *slot = XSN_VLAN(item) ? xsn_hash_get_str(&node->now, name) : NULL;
        const struct xsn_vlan *vlan = slot && slot->pair->from ? XSN_VLAN(slot->pair->from) : NULL;

        return vlan && vlan->tag == XSN_VLAN(item)->tag && vlan->pif && !strcmp(vlan->pif, XSN_VLAN(item)->pif);
}

int xsn_rename_port(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        int field = XSN_BOND(item) ? XSNET_FIELD_NAME : XSNET_FIELD_DEVICE;
        const char *name = item->absent ? NULL : xsn_object_string(item, field), *old, *device;
        struct xsn_slot *slot;
        struct xsnet_object *to;
        bool wrong;

        if (!name || is_there(node, item, name))
                return 0;
        if (xsn_find_slot(node, item, &slot, &wrong) < 0)
                return -ENOMEM;
        old = slot && slot->pair->from ? xsn_object_string(slot->pair->from, field) : NULL;
        /* Another item gives it another name: bind.c finds the conflict when it unites them. */
        if (!old || !strcmp(old, name) || strcmp(xsn_object_string(slot->pair->to, field), old) != 0)
                return 0;
        /* A bond found by its members takes the item's name; one found by its device keeps its own. */
        device = xsn_object_device(slot->pair->from);
        if (XSN_BOND(item) && device && !strcmp(device, name))
                return 0;
        to = xsn_slot_edit(slot);
        if (!to || xsn_object_set_string(to, field, name) < 0 ||
            xsn_hash_put_str(&node->renamed, old, slot) < 0)
                return -ENOMEM;
        slot->asked = slot->claimed = true;
        node->target->n_renamed++;
        return index_anew(slot);
}

/* ---- what refers to them ---- */

/* How others call it. */
static const char *name_of(const struct xsn_slot *slot)
{
        const struct xsnet_object *to = slot->pair->to;

        return xsn_object_string(to, XSN_NETWORK(to) || XSN_BOND(to) ? XSNET_FIELD_NAME : XSNET_FIELD_DEVICE);
}

/* A string row of the observed object that names something in `renamed`: the new name instead. */
static int rewrite_string(struct xsn_slot *slot, int field, const struct xsn_hash *renamed)
{
        const char *old = xsn_object_string(slot->pair->from, field), *name;
        struct xsn_slot *target = old ? xsn_hash_get_str(renamed, old) : NULL;
        struct xsnet_object *to;

        if (!target || !target->pair->to || (slot->diff & xsn_object_bit(slot->pair->from, field)))
                return 0;
        name = name_of(target);
        if (!strcmp(xsn_object_string(slot->pair->to, field), name))
                return 0;
        slot->because = slot->because ? slot->because : target;
        to = xsn_slot_edit(slot);
        if (!to || xsn_object_set_string(to, field, name) < 0)
                return -ENOMEM;
        /* Its parent's name may be a part of its own. */
        return slot->key ? index_anew(slot) : 0;
}

static int rewrite_members(struct xsn_slot *slot)
{
        const struct xsn_bond *from = XSN_BOND(slot->pair->from);
        struct xsn_list members = { 0 };
        bool changed = false;

        for (size_t i = 0; from && i < from->members.n; i++) {
                const char *name = XSN_ITEM(from->members, char *, i);
                struct xsn_slot *nic = xsn_hash_get_str(&slot->node->renamed, name);

                if (nic && nic->pair->to && XSN_PIF(nic->pair->to)) {
                        changed = true;
                        slot->because = slot->because ? slot->because : nic;
                        name = xsn_object_device(nic->pair->to);
                }
                if (xsn_strs_add(&members, name) < 0) {
                        xsn_strs_clear(&members);
                        return -ENOMEM;
                }
        }
        if (changed && xsn_slot_edit(slot)) {
                xsn_strs_clear(&XSN_BOND(slot->pair->to)->members);
                XSN_BOND(slot->pair->to)->members = members;
                return 0;
        }
        xsn_strs_clear(&members);
        return changed ? -ENOMEM : 0;
}

int xsn_rename_references(struct xsn_target *target)
{
        static const int fields[] = { XSNET_FIELD_PIF, XSNET_FIELD_TRANSPORT, XSNET_FIELD_PRIMARY };

        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];
                const struct xsn_hash *networks = &xsn_dom0_networks(slot->node)->renamed_networks;

                if (!slot->pair->from || !slot->pair->to || slot->pair->from->cls != slot->pair->to->cls)
                        continue;
                if (networks->n && rewrite_string(slot, XSNET_FIELD_NETWORK, networks) < 0)
                        return -ENOMEM;
                for (size_t f = 0; f < XSN_ARRAY_SIZE(fields) && slot->node->renamed.n; f++)
                        if (rewrite_string(slot, fields[f], &slot->node->renamed) < 0)
                                return -ENOMEM;
                if (slot->node->renamed.n && rewrite_members(slot) < 0)
                        return -ENOMEM;
        }
        return 0;
}
