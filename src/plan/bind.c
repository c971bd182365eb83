/* SPDX-License-Identifier: Apache-2.0 */
/* Items into slots: what is found is asked for, what is not is made or waits; items for one object are united. */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

#define OTHERS_MAX 4 /* items in a message */

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
        slot->conflict = true;
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

/* ---- together ---- */

/* "; together with what stands at 3:5": those of the slot that do not have the place of the error themselves. */
static int describe_others(const struct xsn_slot *slot, int field, char **ret_text)
{
        const struct xsnet_object *at = xsn_slot_item(slot, field);
        struct xsn_buf buf = { 0 };
        size_t n = 0;

        for (size_t i = 0; i < slot->n_items && n < OTHERS_MAX; i++) {
                const struct xsn_pos *pos = &slot->items[i]->pos;

                if (slot->items[i] != at && pos->line)
                        xsn_buf_printf(&buf, "%s%u:%u", n++ ? ", " : "; together with what stands at ", pos->line,
                                       pos->column);
        }
        return xsn_buf_take(&buf, ret_text);
}

/* `prefix`: what the message begins with, which the new one says in its own way. */
static int report_united(struct xsn_slot *slot, const struct xsnet_error *err, const char *prefix)
{
        const char *path = strstr(xsnet_error_get_where(err), "]."), *message = xsnet_error_get_message(err);
        const char *reason = xsnet_error_get_reason(err);
        size_t len = strncmp(message, prefix, strlen(prefix)) ? 0 : strlen(prefix);
        int row = path ? xsn_class_index_by_name(slot->want->cls, path + 2) : -ENOENT;
        int field = row < 0 ? 0 : xsn_class_field(slot->want->cls, (size_t)row)->id;
        _cleanup_(xsn_freep) char *others = NULL;

        if (xsn_said(slot->node->target->all, slot->node->target, xsn_slot_item(slot, field), field, reason))
                return 0;
        if (describe_others(slot, field, &others) < 0)
                return -ENOMEM;
        slot->conflict = true;
        xsn_slot_error(slot, field, xsnet_error_get_code(err), reason, "%s%s", message + len, others);
        return 0;
}

static int check_united(struct xsn_slot *slot)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *all = NULL;
        _cleanup_(xsn_freep) char *prefix = NULL;
        struct xsnet_error *errs = NULL;
        struct xsn_buf buf = { 0 };
        int r = 0;

        /* The hosts are those of one of the items; here it is about one. */
        if (xsn_object_copy(slot->want, &all) < 0 || xsn_object_set_host(all, "") < 0)
                return -ENOMEM;
        xsn_object_describe(all, &buf);
        xsn_buf_put(&buf, ": ");
        if (xsn_buf_take(&buf, &prefix) < 0)
                return -ENOMEM;
        all->pos = (struct xsn_pos){ 1, 1 }; /* errors of what has no place do not tell their field */
        xsn_object_check_rules(all, NULL, &errs);
        for (const struct xsnet_error *e = errs; e && r == 0; e = xsnet_error_get_next(e))
                r = xsnet_error_get_code(e) == -ENOMEM ? -ENOMEM : report_united(slot, e, prefix);
        xsnet_error_free(errs);
        return r;
}

int xsn_check_united(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (slot->n_items > 1 && slot->want && !slot->conflict && check_united(slot) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- one item ---- */

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
            xsn_target_can(node->target, XSN_CAP_VM) || node->target->input->caps->find_domain)
                return false;
        if (!xsn_said(node->target->all, node->target, item, XSNET_FIELD_VM, "not-supported"))
                xsn_item_error(node, item, XSNET_FIELD_VM, -EOPNOTSUPP, "not-supported",
                               "%s knows no VMs; name the vif by domain", node->target->input->name);
        return true;
}

static void refuse_name(struct xsn_dom0 *node, const struct xsnet_object *item, const char *vm, size_t n)
{
        if (xsn_said(node->target->all, node->target, item, XSNET_FIELD_VM, "vm"))
                return;
        if (n > 1)
                xsn_item_error(node, item, XSNET_FIELD_VM, -EINVAL, "ambiguous-name",
                               "%zu VMs are named '%s': name it by its uuid", n, vm);
        else
                xsn_item_error(node, item, XSNET_FIELD_VM, -EINVAL, "unknown-name", "there is no VM '%s'", vm);
}

/* Keeps a copy of an item, which says other things, as long as the target. */
static struct xsnet_object *copy_item(struct xsn_target *target, const struct xsnet_object *item)
{
        struct xsnet_object *copy;

        if (xsn_grow((void **)&target->renamed_items, &target->cap_renamed_items, target->n_renamed_items + 1,
                     sizeof(struct xsnet_object *)) < 0 ||
            xsn_object_copy(item, &copy) < 0)
                return NULL;
        target->renamed_items[target->n_renamed_items++] = copy;
        return copy;
}

static bool is_uuid(const char *text)
{
        return strlen(text) == 36 && strspn(text, "0123456789abcdefABCDEF-") == 36 && text[8] == '-' &&
               text[13] == '-' && text[18] == '-' && text[23] == '-';
}

/* The item by the domain that its VM has now. One that has none waits under its own name. */
static int name_domain(struct xsn_dom0 *node, const struct xsnet_object *item, const struct xsnet_object **ret_item)
{
        const struct xsn_caps *caps = node->target->input->caps;
        struct xsnet_object *copy;
        uint32_t domain;

        if (!is_uuid(XSN_VIF(item)->vm)) {
                *ret_item = NULL;
                if (!xsn_said(node->target->all, node->target, item, XSNET_FIELD_VM, "not-supported"))
                        xsn_item_error(node, item, XSNET_FIELD_VM, -EOPNOTSUPP, "not-supported",
                                       "%s knows VMs by their uuids only", node->target->input->name);
                return 0;
        }
        if (!caps->find_domain(caps->arg, XSN_VIF(item)->vm, XSN_VIF(item)->device, &domain))
                return 0;
        copy = copy_item(node->target, item);
        if (!copy)
                return -ENOMEM;
        xsn_object_clear(copy, XSNET_FIELD_VM);
        XSN_VIF(copy)->domain = domain;
        xsn_object_mark(copy, XSNET_FIELD_DOMAIN);
        *ret_item = copy;
        return 0;
}

/*
 * The item with its VM called as the target does: a uuid may mean one that goes by its name. *ret_item NULL: there is
 * no such VM, which is an error unless the VIF is to be absent.
 */
static int name_vm(struct xsn_dom0 *node, const struct xsnet_object *item, const struct xsnet_object **ret_item)
{
        const struct xsn_caps *caps = node->target->input->caps;
        const char *vm = XSN_VIF(item) ? xsn_object_string(item, XSNET_FIELD_VM) : NULL, *name;
        struct xsnet_object *copy;
        size_t n = 0;

        *ret_item = item;
        if (vm && caps->find_domain)
                return name_domain(node, item, ret_item);
        if (!vm || !caps->find_vm)
                return 0;
        name = caps->find_vm(caps->arg, vm, &n);
        if (!name) {
                *ret_item = NULL;
                if (!item->absent || n)
                        refuse_name(node, item, vm, n);
                return 0;
        }
        if (!strcmp(name, vm))
                return 0;
        copy = copy_item(node->target, item);
        if (!copy)
                return -ENOMEM;
        *ret_item = copy;
        return xsn_object_set_string(copy, XSNET_FIELD_VM, name);
}

int xsn_bind(struct xsn_dom0 *node, const struct xsnet_object *item)
{
        struct xsn_slot *slot;
        bool wrong;

        if (refuse_vm(node, item))
                return 0;
        if (name_vm(node, item, &item) < 0)
                return -ENOMEM;
        if (!item)
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
