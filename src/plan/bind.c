/* SPDX-License-Identifier: Apache-2.0 */
/* Items into slots: what is found is asked for, what is not is made or waits; items for one object are united. */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static int add_item(struct xsn_slot *slot, const struct xsnet_object *item)
{
        if (xsn_grow((void **)&slot->items, &slot->cap_items, slot->n_items + 1, sizeof(*slot->items)) < 0)
                return -ENOMEM;
        slot->items[slot->n_items++] = item;
        return 0;
}

/* A pif item that is about a bond, VLAN or tunnel: the same wish as one of that kind. */
static int start_want(struct xsn_slot *slot, const struct xsnet_object *item)
{
        struct xsnet_object *want;

        if (xsn_object_new(xsn_class_of(xsn_slot_kind(slot)), &want) < 0)
                return -ENOMEM;
        want->pos = item->pos;
        want->absent = item->absent;
        slot->want = want;
        slot->own_want = true;
        return 0;
}

static int unite(struct xsn_slot *slot, const struct xsnet_object *item)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsnet_object *want = xsn_slot_edit_want(slot);

        if (!want)
                return -ENOMEM;
        if (xsn_object_unite(want, item, &err) == 0)
                return 0;
        if (xsnet_error_get_code(err) == -ENOMEM)
                return -ENOMEM;
        if (!xsn_said(slot->node->target->all, slot->node->target, item, 0, xsnet_error_get_reason(err)))
                xsn_item_error(slot->node, item, 0, xsnet_error_get_code(err), xsnet_error_get_reason(err), "%s",
                               xsnet_error_get_message(err));
        return 0;
}

static int ask(struct xsn_slot *slot, const struct xsnet_object *item)
{
        bool first = !slot->want;

        if (!first && slot->want->absent != item->absent) {
                xsn_item_error(slot->node, item, 0, -EINVAL, "conflict", "it is %sto be absent here, and %s at %u:%u",
                               item->absent ? "" : "not ", item->absent ? "not" : "is", slot->want->pos.line,
                               slot->want->pos.column);
                return 0;
        }
        if (add_item(slot, item) < 0)
                return -ENOMEM;
        if (first && (!xsn_slot_object(slot) || xsn_slot_kind(slot) == item->cls->kind)) {
                slot->want = xsnet_object_ref((struct xsnet_object *)(uintptr_t)item);
                return slot->pair->from ? 0 : xsn_slot_index(slot, item);
        }
        if (first && start_want(slot, item) < 0)
                return -ENOMEM;
        return unite(slot, item);
}

/* The VIF's device is not there: the item as it is, for its host. */
static int wait_for(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        struct xsn_work *work = node->target->work;
        struct xsnet_object *copy;

        if (xsn_grow((void **)&work->waiting, &work->cap_waiting, work->n_waiting + 1, sizeof(struct xsnet_object *)) <
                    0 ||
            xsn_object_copy(item, &copy) < 0)
                return -ENOMEM;
        work->waiting[work->n_waiting++] = copy;
        return xsn_object_set_host(copy, node->name);
}

/* Only some targets know VMs. */
static bool refuse_vm(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        if (item->cls->kind != XSNET_KIND_VIF || !xsn_object_is_set(item, XSNET_FIELD_VM) ||
            xsn_target_can(node->target, XSN_CAP_VM))
                return false;
        if (!xsn_said(node->target->all, node->target, item, XSNET_FIELD_VM, "not-supported"))
                xsn_item_error(node, item, XSNET_FIELD_VM, -EOPNOTSUPP, "not-supported",
                               "%s knows no VMs; name the vif by domain", node->target->input->name);
        return true;
}

int xsn_bind(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        struct xsn_slot *slot;
        bool wrong;

        if (refuse_vm(node, item))
                return 0;
        if (xsn_find_slot(node, item, &slot, &wrong) < 0)
                return -ENOMEM;
        if (wrong || (!slot && item->absent))
                return 0;
        if (!slot && item->cls->kind == XSNET_KIND_VIF && xsn_target_can(node->target, XSN_CAP_OBSERVES_VIFS))
                return wait_for(node, item);
        if (!slot && xsn_slot_new(node, &slot) < 0)
                return -ENOMEM;
        if (item->cls->kind == XSNET_KIND_NETWORK && !item->absent && xsn_rename_network(slot, item) < 0)
                return -ENOMEM;
        return ask(slot, item);
}
