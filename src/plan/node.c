/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts of a target and their objects by name: made once from what was observed,
 * then extended by what the document makes. Every look-up of planning goes through
 * these indexes, so that planning stays linear.
 */
#include "plan/target.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

const char *xsn_target_keep(struct xsn_target *target, const char *s)
{
        char *copy;

        if (xsn_grow((void **)&target->kept, &target->cap_kept, target->n_kept + 1, sizeof(char *)) < 0)
                return NULL;
        copy = xsn_strdup(s);
        if (copy)
                target->kept[target->n_kept++] = copy;
        return copy;
}

int xsn_target_note(struct xsn_target *target, const char *fmt, ...)
{
        char text[1024];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        return xsn_strs_add(&target->work->notes, text);
}

bool xsn_target_can(const struct xsn_target *target, unsigned flag)
{
        return target->input->caps->flags & flag;
}

/* ---- nodes ---- */

/* Is the host one of those that were asked for? */
static bool is_active(const struct xsn_plan_options *options, const char *name, const struct xsn_host *host)
{
        const struct xsn_list *only = options ? options->only_hosts : NULL;

        return !only || !only->n || xsn_strs_has(only, name) ||
               (host && host->uuid && xsn_strs_has(only, host->uuid)) ||
               (host && host->label && xsn_strs_has(only, host->label));
}

static int node_add(struct xsn_target *target, const char *name, const struct xsn_host *host,
                    struct xsn_dom0 **ret_node)
{
        struct xsn_dom0 *node;

        if (xsn_grow((void **)&target->nodes, &target->cap_nodes, target->n_nodes + 1, sizeof(struct xsn_dom0 *)) < 0)
                return -ENOMEM;
        node = xsn_alloc(sizeof(*node));
        if (!node)
                return -ENOMEM;
        node->target = target;
        node->name = name;
        node->host = host;
        node->active = is_active(target->all->options, name, host);
        target->nodes[target->n_nodes++] = node;
        *ret_node = node;
        return 0;
}

static void node_free(struct xsn_dom0 *node)
{
        for (size_t kind = 0; kind <= XSN_N_KINDS; kind++)
                xsn_hash_done(&node->keys[kind]);
        xsn_hash_done(&node->now);
        xsn_hash_done(&node->old_names);
        xsn_hash_done(&node->bond_of);
        xsn_hash_done(&node->devices);
        xsn_hash_done(&node->pif_of);
        xsn_hash_done(&node->renamed);
        xsn_hash_done(&node->renamed_networks);
        xsn_free(node);
}

bool xsn_target_is_pools(const struct xsn_target *target, const struct xsnet_object *obj)
{
        return target->pool && (obj->cls->kind == XSNET_KIND_NETWORK ||
                                (obj->cls->kind == XSNET_KIND_VIF && xsn_object_is_set(obj, XSNET_FIELD_VM)));
}

/* The node of an observed object; one that the state does not list as a host is added. */
static int node_of(struct xsn_target *target, const struct xsnet_object *obj, struct xsn_hash *names,
                   struct xsn_dom0 **ret_node)
{
        const char *name = xsn_object_host(obj);

        if (xsn_target_is_pools(target, obj)) {
                *ret_node = target->pool;
                return 0;
        }
        *ret_node = xsn_hash_get_str(names, name);
        if (!*ret_node && !*name && target->n_nodes == 1)
                *ret_node = target->nodes[0];
        if (*ret_node)
                return 0;
        if (node_add(target, name, NULL, ret_node) < 0)
                return -ENOMEM;
        return xsn_hash_put_str(names, name, *ret_node);
}

struct xsn_dom0 *xsn_dom0_networks(struct xsn_dom0 *node)
{
        return node->target->pool ? node->target->pool : node;
}

/* ---- slots ---- */

static int slot_add(struct xsn_dom0 *node, struct xsnet_object *observed, struct xsn_slot **ret_slot)
{
        struct xsn_target *target = node->target;
        struct xsn_slot *slot;

        if (xsn_grow((void **)&target->slots, &target->cap_slots, target->n_slots + 1, sizeof(struct xsn_slot *)) < 0)
                return -ENOMEM;
        slot = xsn_alloc(sizeof(*slot));
        if (!slot)
                return -ENOMEM;
        slot->node = node;
        target->slots[target->n_slots++] = slot;
        *ret_slot = slot;
        return xsn_work_add(target->work, observed, observed, &slot->pair);
}

int xsn_slot_new(struct xsn_dom0 *node, struct xsn_slot **ret_slot)
{
        return slot_add(node, NULL, ret_slot);
}

static int put_new(struct xsn_hash *hash, const char *key, struct xsn_slot *slot)
{
        return xsn_hash_get_str(hash, key) ? 0 : xsn_hash_put_str(hash, key, slot);
}

/* Two networks may have one name: the first stands in the index, the others behind it. */
static int index_key(struct xsn_slot *slot, int kind)
{
        struct xsn_hash *keys = &slot->node->keys[kind];
        struct xsn_slot *first = xsn_hash_get_str(keys, slot->key);

        if (!first)
                return xsn_hash_put_str(keys, slot->key, slot);
        if (kind == XSNET_KIND_NETWORK && first != slot) {
                slot->twin = first->twin;
                first->twin = slot;
        }
        return 0;
}

int xsn_slot_index(struct xsn_slot *slot, const struct xsnet_object *obj)
{
        const char *device = xsn_object_device(obj);
        struct xsn_buf buf = { 0 };
        char *key;

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        slot->key = xsn_target_keep(slot->node->target, key);
        xsn_free(key);
        if (!slot->key || (*slot->key && index_key(slot, obj->cls->kind) < 0))
                return -ENOMEM;
        if (!device)
                return 0;
        device = xsn_target_keep(slot->node->target, device);
        return device ? put_new(&slot->node->devices, device, slot) : -ENOMEM;
}

struct xsn_slot *xsn_dom0_find(struct xsn_dom0 *node, int kind, const char *key)
{
        return xsn_hash_get_str(&node->keys[kind], key);
}

struct xsn_slot *xsn_dom0_network(struct xsn_dom0 *node, const char *name)
{
        return xsn_dom0_find(xsn_dom0_networks(node), XSNET_KIND_NETWORK, name);
}

struct xsn_slot *xsn_dom0_pif(struct xsn_dom0 *node, const char *name)
{
        static const int kinds[] = { XSNET_KIND_PIF, XSNET_KIND_BOND, XSNET_KIND_VLAN };
        struct xsn_slot *slot = NULL;
        int kind;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(kinds) && !slot; i++)
                slot = xsn_dom0_find(node, kinds[i], name);
        if (slot)
                return slot;
        slot = xsn_hash_get_str(&node->devices, name);
        kind = slot ? xsn_slot_kind(slot) : 0;
        return kind == XSNET_KIND_NETWORK || kind == XSNET_KIND_VIF ? NULL : slot;
}

/* ---- the observed state ---- */

/* What the look-ups by present names need; the names as they shall be come when all renames are known. */
static int seed_slot(struct xsn_slot *slot, struct xsnet_object *obj)
{
        const char *device = xsn_object_device(obj), *uuid = xsn_object_string(obj, XSNET_FIELD_UUID);
        const char *old = xsn_object_string(obj, XSNET_FIELD_STATUS_OLD_NAME);
        const struct xsn_bond *bond = XSN_BOND(obj);
        struct xsn_dom0 *node = slot->node;

        if (device && put_new(&node->now, device, slot) < 0)
                return -ENOMEM;
        if (uuid && put_new(&node->target->uuids, uuid, slot) < 0)
                return -ENOMEM;
        if (old && put_new(&node->old_names, old, slot) < 0)
                return -ENOMEM;
        for (size_t i = 0; bond && i < bond->members.n; i++)
                if (put_new(&node->bond_of, XSN_ITEM(bond->members, char *, i), slot) < 0)
                        return -ENOMEM;
        return obj->cls->kind == XSNET_KIND_NETWORK ? xsn_slot_index(slot, obj) : 0;
}

static int seed(struct xsn_target *target, struct xsn_hash *names)
{
        const struct xsnet_state *observed = target->input->observed;

        for (size_t i = 0; i < observed->n_objects; i++) {
                struct xsn_dom0 *node;
                struct xsn_slot *slot;

                if (node_of(target, observed->objects[i], names, &node) < 0 ||
                    slot_add(node, observed->objects[i], &slot) < 0 || seed_slot(slot, observed->objects[i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int open_nodes(struct xsn_target *target, struct xsn_hash *names)
{
        const struct xsnet_state *observed = target->input->observed;
        struct xsn_dom0 *node;

        if (xsn_target_can(target, XSN_CAP_POOL)) {
                target->pool = xsn_alloc(sizeof(*target->pool));
                if (!target->pool)
                        return -ENOMEM;
                *target->pool = (struct xsn_dom0){ .target = target, .name = "", .active = true };
        }
        for (size_t i = 0; i < observed->n_hosts; i++) {
                const struct xsn_host *host = &observed->hosts[i];

                if (node_add(target, host->name, host, &node) < 0 || xsn_hash_put_str(names, host->name, node) < 0)
                        return -ENOMEM;
        }
        if (seed(target, names) < 0)
                return -ENOMEM;
        /* A target that names no host is one host. */
        return target->n_nodes ? 0 : node_add(target, "", NULL, &node);
}

int xsn_target_open(struct xsn_target *target)
{
        struct xsn_hash names = { 0 };
        int r = open_nodes(target, &names);

        xsn_hash_done(&names);
        return r;
}

void xsn_target_done(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                xsnet_object_unref(target->slots[i]->want);
                xsn_free(target->slots[i]->items);
                xsn_free(target->slots[i]);
        }
        for (size_t i = 0; i < target->n_nodes; i++)
                node_free(target->nodes[i]);
        if (target->pool)
                node_free(target->pool);
        for (size_t i = 0; i < target->n_kept; i++)
                xsn_free(target->kept[i]);
        for (size_t i = 0; i < target->n_renamed_items; i++)
                xsnet_object_unref(target->renamed_items[i]);
        xsn_free(target->renamed_items);
        xsn_hash_done(&target->uuids);
        xsn_free(target->slots);
        xsn_free(target->nodes);
        xsn_free(target->kept);
}
