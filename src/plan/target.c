/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each object as its items want it: the observed one with the wanted rows over it, a new
 * one, or none. What follows for other objects comes in the later phases.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

/* ---- what goes ---- */

/* Rows that an absent NIC, or a VIF that is only detached, gives back: all that the target can set. */
static int want_defaults(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        struct xsnet_object *want = xsn_slot_edit_want(slot);
        size_t n = xsn_class_n_fields(from->cls);

        if (!want)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(from->cls, i);

                if (field->flags & (XSN_F_KEY | XSN_F_SELECT | XSN_F_OBSERVED | XSN_F_RECREATE))
                        continue;
                if (xsn_caps_has_field(slot->node->target->input->caps, from->cls->kind, i) &&
                    !xsn_row_is_others(from, field->id))
                        xsn_object_reset_row(want, i);
        }
        return 0;
}

/* Does an absent item of this object only undo what was set? */
static bool only_undone(const struct xsn_slot *slot)
{
        int kind = xsn_slot_kind(slot);

        return kind == XSNET_KIND_PIF ||
               (kind == XSNET_KIND_VIF && xsn_target_can(slot->node->target, XSN_CAP_DETACH_VIF));
}

/* ---- what is referred to by name stays although its owner might prune it ---- */

static void refer(struct xsn_slot *slot)
{
        const struct xsnet_object *want = slot->want;
        const struct xsn_bond *bond = XSN_BOND(want);
        const char *names[] = { xsn_object_string(want, XSNET_FIELD_PIF),
                                xsn_object_string(want, XSNET_FIELD_TRANSPORT) };
        const char *network = xsn_object_network(want);
        struct xsn_slot *other = network ? xsn_dom0_network(slot->node, network) : NULL;

        if (other)
                other->referred = true;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(names); i++)
                if (names[i] && (other = xsn_dom0_pif(slot->node, names[i])))
                        other->referred = true;
        for (size_t i = 0; bond && i < bond->members.n; i++)
                if ((other = xsn_dom0_pif(slot->node, XSN_ITEM(bond->members, char *, i))))
                        other->referred = true;
}

/* ---- what stays ---- */

/* Addresses that others added stay, also where ours are replaced or taken away. */
static int keep_others(const struct xsnet_object *from, struct xsnet_object *to, int family, struct xsn_list *list,
                       int list_field, int mode_field)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;
        int mode = xsn_class_index(from->cls, mode_field);

        for (size_t i = 0; i < from->a.other_addresses.n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(from->a.other_addresses, struct xsn_ip, i);

                if (ip->family != family || xsn_list_find(item, list, ip) >= 0)
                        continue;
                if (xsn_list_add(item, list, ip) < 0)
                        return -ENOMEM;
                xsn_object_mark(to, list_field);
                /* With addresses there, the mode is what it was. */
                if (mode >= 0 && list->n == 1 && xsn_object_copy_row(to, from, (size_t)mode) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Copies the rows of `mask` from what is wanted; a view on `want` has those alone. */
static int overlay(struct xsnet_object *to, const struct xsnet_object *want, uint64_t mask)
{
        _cleanup_(xsn_freep) struct xsnet_object *view = xsn_memdup(want, want->cls->size);

        if (!view)
                return -ENOMEM;
        view->present &= mask;
        view->reset &= mask;
        return xsn_object_overlay(to, view);
}

/*
 * What a bond has not is as the default until its mode changes: with LACP the target may choose another one, so what is
 * named counts.
 */
static uint64_t said_with_mode(const struct xsn_slot *slot)
{
        const struct xsnet_object *want = slot->want;

        if (!XSN_BOND(want) || !(slot->diff & xsn_object_bit(want, XSNET_FIELD_MODE)) ||
            XSN_BOND(want)->mode.value != XSNET_BOND_LACP)
                return 0;
        return want->present &
               (xsn_object_bit(want, XSNET_FIELD_HASH) | xsn_object_bit(want, XSNET_FIELD_LACP_RATE));
}

static int change(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        struct xsnet_object *to;

        slot->diff = xsn_object_diff(from, slot->want);
        slot->diff |= said_with_mode(slot);
        xsn_check_caps(slot);
        if (!slot->diff)
                return 0;
        slot->asked = true;
        to = xsn_slot_edit(slot);
        if (!to || overlay(to, slot->want, slot->diff) < 0)
                return -ENOMEM;
        if ((slot->diff & xsn_object_bit(from, XSNET_FIELD_BRIDGE)) &&
            xsn_object_is_set(to, XSNET_FIELD_STATUS_DEVICE) &&
            xsn_object_set_string(to, XSNET_FIELD_STATUS_DEVICE, XSN_NETWORK(to)->bridge) < 0)
                return -ENOMEM;
        if (!from->cls->has_address)
                return 0;
        if (keep_others(from, to, 4, &to->a.ipv4_address, XSNET_FIELD_IPV4_ADDRESS, XSNET_FIELD_IPV4_MODE) < 0)
                return -ENOMEM;
        return keep_others(from, to, 6, &to->a.ipv6_address, XSNET_FIELD_IPV6_ADDRESS, XSNET_FIELD_IPV6_MODE);
}

static int create(struct xsn_slot *slot)
{
        const struct xsnet_object *want = slot->want;
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *blank = NULL;
        struct xsnet_object *to;

        if (xsn_object_new(want->cls, &blank) < 0 || xsn_object_new(want->cls, &to) < 0)
                return -ENOMEM;
        slot->pair->to = to;
        slot->asked = true;
        slot->diff = xsn_object_diff(blank, want);
        if (xsn_object_set_host(to, slot->node->name) < 0 || xsn_object_overlay(to, want) < 0)
                return -ENOMEM;
        xsn_check_caps(slot);
        /* The kernel's own default is not to look at the links at all. */
        if (XSN_BOND(to) && !xsn_object_is_set(to, XSNET_FIELD_MONITOR_INTERVAL)) {
                size_t i = (size_t)xsn_class_index(to->cls, XSNET_FIELD_MONITOR_INTERVAL);

                if (xsn_caps_has_field(slot->node->target->input->caps, XSNET_KIND_BOND, i))
                        return xsn_object_default_row(to, i);
        }
        return 0;
}

int xsn_fill(struct xsn_slot *slot)
{
        if (slot->want->absent && !only_undone(slot)) {
                xsn_slot_remove(slot);
                return 0;
        }
        if (slot->want->absent && want_defaults(slot) < 0)
                return -ENOMEM;
        refer(slot);
        if (xsn_want_complete(slot) < 0)
                return -ENOMEM;
        return slot->pair->from ? change(slot) : create(slot);
}

int xsn_target_fill(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++)
                if (target->slots[i]->want && !target->slots[i]->want->absent &&
                    target->slots[i]->want->cls->kind == XSNET_KIND_TUNNEL &&
                    xsn_want_tunnel_addresses(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (target->slots[i]->want && xsn_fill(target->slots[i]) < 0)
                        return -ENOMEM;
        return 0;
}
