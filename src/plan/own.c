/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose an object is (rule 4): marks on what the document makes and changes, the
 * refusal to touch what is another owner's, prune, and the keys of a map that an owner
 * set, which the map itself lists under "xsnet-keys" (percent-encoded, with commas between).
 */
#include "plan/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"

#define KEYS "xsnet-keys"

static bool same(const char *a, const char *b)
{
        return a && b && !strcmp(a, b);
}

static const char *owner_of(const struct xsn_slot *slot)
{
        return slot->node->target->work->owner;
}

static int set_owner(struct xsn_slot *slot, const char *owner, bool made)
{
        struct xsnet_object *to = xsn_slot_edit(slot);
        char *copy = owner ? xsn_strdup(owner) : NULL;

        if (!to || (owner && !copy)) {
                xsn_free(copy);
                return -ENOMEM;
        }
        xsn_free(to->owner);
        to->owner = copy;
        to->made = made;
        slot->pair->mark = true;
        return 0;
}

/* ---- the keys of a map ---- */

static const struct xsn_list *map_of(const struct xsnet_object *obj)
{
        int i = obj ? xsn_class_index(obj->cls, XSNET_FIELD_OTHER_CONFIG) : -ENOENT;

        return i < 0 ? NULL : xsn_object_member(obj, xsn_class_field(obj->cls, (size_t)i));
}

/* The keys that the list names, one by one: *at moves on; false at the end. */
static bool next_key(const char **at, const char **ret_key, size_t *ret_len)
{
        if (!*at || !**at)
                return false;
        *ret_key = *at;
        *ret_len = strcspn(*at, ",");
        *at += *ret_len + ((*at)[*ret_len] == ',');
        return true;
}

static bool lists(const char *keys, const char *key)
{
        const char *one;
        size_t len;

        while (next_key(&keys, &one, &len))
                if (strlen(key) == len && !strncmp(one, key, len))
                        return true;
        return false;
}

/* `null` for the whole map deletes the keys that this owner set. */
static int delete_own(struct xsn_slot *slot, const char *keys)
{
        struct xsnet_object *want = xsn_slot_edit_want(slot);
        struct xsn_list *map;
        const char *key;
        size_t len;

        if (!want)
                return -ENOMEM;
        xsn_object_clear(want, XSNET_FIELD_OTHER_CONFIG);
        if (!keys || !*keys)
                return 0;
        map = (struct xsn_list *)(uintptr_t)map_of(want);
        xsn_object_mark(want, XSNET_FIELD_OTHER_CONFIG);
        while (next_key(&keys, &key, &len)) {
                _cleanup_(xsn_freep) char *copy = xsn_strndup(key, len);

                if (!copy || (xsn_percent_decode(copy) == 0 && xsn_map_set(map, copy, NULL) < 0))
                        return -ENOMEM;
        }
        return xsn_map_set(map, KEYS, NULL);
}

/* The list after the wish: keys that it deletes are gone, keys whose value it changes are ours now. */
static int write_list(const struct xsn_list *have, const struct xsn_list *want, const char *keys, char **ret_list)
{
        struct xsn_list all = { 0 };
        struct xsn_buf buf = { 0 };
        const char *key, *value;
        size_t len;
        int r = 0;

        while (r == 0 && next_key(&keys, &key, &len)) {
                _cleanup_(xsn_freep) char *copy = xsn_strndup(key, len);

                if (!copy)
                        r = -ENOMEM;
                else if (xsn_percent_decode(copy) == 0 && (xsn_map_get(want, copy, &value) < 0 || value))
                        r = xsn_map_set(&all, copy, "");
        }
        for (size_t i = 0; i < want->n && r == 0; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*want, struct xsn_entry, i);

                if (!e->value || !strcmp(e->key, KEYS) ||
                    (have && !xsn_map_get(have, e->key, &value) && same(value, e->value)))
                        continue;
                r = xsn_map_set(&all, e->key, "");
        }
        for (size_t i = 0; i < all.n; i++) {
                xsn_buf_put(&buf, i ? "," : "");
                xsn_percent_encode(&buf, XSN_ITEM(all, struct xsn_entry, i).key);
        }
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), &all);
        if (r < 0) {
                xsn_buf_done(&buf);
                return r;
        }
        return xsn_buf_take(&buf, ret_list);
}

int xsn_own_keys(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        const struct xsn_list *have = map_of(from), *want = map_of(slot->want);
        _cleanup_(xsn_freep) char *list = NULL;
        const char *keys = NULL, *owner = owner_of(slot);
        bool mine = owner && (!from || !from->owner || same(from->owner, owner) || slot->want->adopt);

        if (!want || !xsn_slot_wants(slot, XSNET_FIELD_OTHER_CONFIG, true))
                return 0;
        if (have)
                (void)xsn_map_get(have, KEYS, &keys);
        if (slot->want->reset & xsn_object_bit(slot->want, XSNET_FIELD_OTHER_CONFIG))
                return delete_own(slot, mine ? keys : NULL);
        if (!mine || lists(keys, KEYS))
                return 0;
        if (write_list(have, want, keys, &list) < 0)
                return -ENOMEM;
        if (same(list, keys) || (!keys && !*list))
                return 0;
        if (!xsn_slot_edit_want(slot))
                return -ENOMEM;
        return xsn_map_set((struct xsn_list *)(uintptr_t)map_of(slot->want), KEYS, *list ? list : NULL);
}

/* ---- prune ---- */

static const int ours[] = {
        XSNET_FIELD_NETWORK,      XSNET_FIELD_RATE_LIMIT,   XSNET_FIELD_IPV4_MODE,    XSNET_FIELD_IPV4_ADDRESS,
        XSNET_FIELD_IPV4_GATEWAY, XSNET_FIELD_IPV6_MODE,    XSNET_FIELD_IPV6_ADDRESS, XSNET_FIELD_IPV6_GATEWAY,
        XSNET_FIELD_ROUTES,       XSNET_FIELD_OTHER_CONFIG,
};

/* The wish for what we changed but did not make: as it was, as far as that can be told. */
static int want_back(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        const struct xsn_caps *caps = slot->node->target->input->caps;

        if (xsn_object_new(from->cls, &slot->want) < 0)
                return -ENOMEM;
        slot->own_want = true;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(ours); i++) {
                int row = xsn_class_index(from->cls, ours[i]);

                if (row >= 0 && xsn_caps_has_field(caps, from->cls->kind, (size_t)row) &&
                    !(xsn_class_field(from->cls, (size_t)row)->flags & XSN_F_KEY) && !xsn_row_is_others(from, ours[i]))
                        xsn_object_reset_row(slot->want, (size_t)row);
        }
        return 0;
}

static int give_up(struct xsn_slot *slot)
{
        const char *old = xsn_object_string(slot->pair->from, XSNET_FIELD_STATUS_OLD_NAME);

        if (slot->pair->from->made) {
                xsn_slot_remove(slot);
                return 0;
        }
        if (want_back(slot) < 0 || xsn_fill(slot) < 0)
                return -ENOMEM;
        slot->want = xsnet_object_unref(slot->want);
        slot->own_want = false;
        slot->asked = true;
        if (old) {
                if (!xsn_slot_edit(slot) || xsn_object_set_string(slot->pair->to, XSNET_FIELD_DEVICE, old) < 0 ||
                    xsn_hash_put_str(&slot->node->renamed, xsn_object_device(slot->pair->from), slot) < 0)
                        return -ENOMEM;
                xsn_object_clear(slot->pair->to, XSNET_FIELD_RENAME);
                xsn_object_clear(slot->pair->to, XSNET_FIELD_STATUS_OLD_NAME);
        }
        return set_owner(slot, NULL, false);
}

int xsn_prune(struct xsn_target *target)
{
        const char *owner = target->work->owner;
        size_t n = target->n_slots;
        bool renamed = false;

        if (!target->all->desired->prune || !owner)
                return 0;
        for (size_t i = 0; i < n; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (!slot->pair->from || slot->want || slot->referred || !slot->node->active ||
                    !same(slot->pair->from->owner, owner))
                        continue;
                if (give_up(slot) < 0)
                        return -ENOMEM;
                renamed = renamed || xsn_object_is_set(slot->pair->from, XSNET_FIELD_STATUS_OLD_NAME);
        }
        return renamed ? xsn_rename_references(target) : 0;
}

/* ---- marks ---- */

static bool adopts(const struct xsn_slot *slot)
{
        const struct xsn_slot *because = slot->because;

        return (slot->want && slot->want->adopt) || (because && because->want && because->want->adopt);
}

/* What only follows another object's new name is no change of somebody else's object. */
static bool touches(const struct xsn_slot *slot)
{
        return slot->asked || slot->member_of;
}

static void refuse_other(struct xsn_slot *slot)
{
        const char *mark = slot->pair->from->owner;
        struct xsn_slot *at = slot->want || !slot->because ? slot : slot->because;

        if (at == slot)
                xsn_slot_error(slot, 0, -EPERM, "owned-by-other", "it belongs to '%s'; `adopt: true` takes it over",
                               mark);
        else
                xsn_slot_error(at, 0, -EPERM, "owned-by-other", "the %s belongs to '%s'; `adopt: true` takes it over",
                               xsn_slot_name(slot), mark);
}

static bool can_carry_mark(const struct xsn_slot *slot)
{
        const struct xsnet_object *to = slot->pair->to;

        return !xsn_target_can(slot->node->target, XSN_CAP_MARKS_PORTS) || (!XSN_PIF(to) && !XSN_VIF(to)) ||
               xsn_object_network(to) || slot->member_of;
}

/* An absent NIC or VIF, which stays as a device, is nobody's any more. */
static int mark_changed(struct xsn_slot *slot, const char *owner)
{
        const struct xsnet_object *from = slot->pair->from;
        bool foreign = from->owner && !same(from->owner, owner);

        if (slot->want->absent || !can_carry_mark(slot))
                return from->owner ? set_owner(slot, NULL, false) : 0;
        if (foreign && adopts(slot) && owner)
                return set_owner(slot, owner, from->made);
        if (!owner || from->owner || !xsn_slot_changes(slot))
                return 0;
        if (from->mark_taken) {
                xsn_slot_error(slot, 0, -EBUSY, "alias-in-use",
                               "where the owner's mark would stand is somebody else's text");
                return 0;
        }
        return set_owner(slot, owner, false);
}

static int own(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        const char *owner = owner_of(slot);

        if (!from)
                return slot->pair->to && owner ? set_owner(slot, owner, true) : 0;
        if (from->owner && !same(from->owner, owner) && xsn_slot_changes(slot) && touches(slot) && !adopts(slot)) {
                refuse_other(slot);
                return 0;
        }
        return slot->pair->to && slot->want ? mark_changed(slot, owner) : 0;
}

int xsn_owners(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++)
                if (own(target->slots[i]) < 0)
                        return -ENOMEM;
        return 0;
}
