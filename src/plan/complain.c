/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of planning: at the item that is wrong, with the object and its host, and a
 * suggestion for a misspelt name. They are kept until all are known and reported in the
 * order of the document.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"

#define SUGGESTIONS 16

void xsn_dom0_describe(const struct xsn_dom0 *node, struct xsn_buf *buf)
{
        if (*node->name)
                xsn_buf_printf(buf, " on host '%s'", node->name);
}

/* "vlan 'eth1.100' on host 'xs-1'": an item alone does not know which of its hosts it is about. */
static void describe_on(const struct xsnet_object *obj, const struct xsn_dom0 *node, struct xsn_buf *buf)
{
        size_t len;

        xsn_buf_printf(buf, "%s '", obj->cls->name);
        len = buf->len;
        xsn_object_key(obj, buf);
        if (buf->len > len)
                xsn_buf_putc(buf, '\'');
        else if (!buf->failed)
                buf->len = len - strlen(" '"); /* one that only `match` selects has no name */
        xsn_dom0_describe(node, buf);
}

/* Where the item says something of the field; line 0: no item does. */
static struct xsn_pos place_of(const struct xsnet_object *item, int field)
{
        int i = item && field ? xsn_class_index(item->cls, field) : -ENOENT;

        if (i >= 0 && item->field_pos && item->field_pos[i].line)
                return item->field_pos[i];
        return item ? item->pos : (struct xsn_pos){ 0 };
}

void xsn_keep_error(struct xsn_resolve *all, struct xsn_pos pos, struct xsnet_error *err)
{
        void *found = all->found;

        if (xsn_grow(&found, &all->cap_found, all->n_found + 1, sizeof(*all->found)) < 0) {
                xsn_error_append(all->errs, err);
                return;
        }
        all->found = found;
        all->found[all->n_found] = (struct xsn_found){ .pos = pos, .sequence = all->n_found, .err = err };
        all->n_found++;
}

static int compare_found(const void *a, const void *b)
{
        const struct xsn_found *p = a, *q = b;
        /* What stands nowhere comes last. */
        uint32_t x = p->pos.line ? p->pos.line : UINT32_MAX, y = q->pos.line ? q->pos.line : UINT32_MAX;

        if (x != y)
                return x < y ? -1 : 1;
        if (p->pos.column != q->pos.column)
                return p->pos.column < q->pos.column ? -1 : 1;
        return p->sequence < q->sequence ? -1 : 1;
}

void xsn_report(struct xsn_resolve *all)
{
        if (all->n_found > 1)
                qsort(all->found, all->n_found, sizeof(*all->found), compare_found);
        for (size_t i = 0; i < all->n_found; i++)
                xsn_error_append(all->errs, all->found[i].err);
        all->found = xsn_free(all->found);
        all->n_found = 0;
}

static void add_error(const struct xsn_dom0 *node, const struct xsnet_object *what, const struct xsnet_object *item,
                      int field, int code, const char *reason, const char *text)
{
        struct xsn_resolve *all = node->target->all;
        struct xsnet_error *err = NULL;
        _cleanup_(xsn_freep) char *where = NULL, *name = NULL;
        struct xsn_buf place = { 0 }, buf = { 0 };

        if (item)
                xsn_object_where(item, all->desired->source, field, &place);
        describe_on(what, node, &buf);
        if (xsn_buf_take(&place, &where) < 0 || xsn_buf_take(&buf, &name) < 0) {
                xsn_buf_done(&buf);
                xsn_error_add(all->errs, -ENOMEM, "out-of-memory", "", "%s", text);
                return;
        }
        xsn_error_add(&err, code, reason, where, "%s: %s", name, text);
        xsn_keep_error(all, place_of(item, field), err);
}

const struct xsnet_object *xsn_slot_item(const struct xsn_slot *slot, int field)
{
        for (size_t i = slot->n_items; i-- > 0 && field;) {
                const struct xsnet_object *item = slot->items[i];

                if ((item->present | item->reset) & xsn_object_bit(item, field))
                        return item;
        }
        return slot->n_items ? slot->items[0] : NULL;
}

void xsn_slot_error(const struct xsn_slot *slot, int field, int code, const char *reason, const char *fmt, ...)
{
        char text[1024];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        add_error(slot->node, xsn_slot_object(slot), xsn_slot_item(slot, field), field, code, reason, text);
}

void xsn_item_error(const struct xsn_dom0 *node, const struct xsnet_object *item, int field, int code,
                    const char *reason, const char *fmt, ...)
{
        char text[1024];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        add_error(node, item, item, field, code, reason, text);
}

bool xsn_said(struct xsn_resolve *all, const struct xsn_target *target, const struct xsnet_object *item, int field,
              const char *what)
{
        struct xsn_buf buf = { 0 };
        const char *kept;
        char *key;

        if (!item || !item->pos.line)
                return false;
        xsn_buf_printf(&buf, "%zu/%" PRIu32 ":%" PRIu32 "/%d/%s", (size_t)(target - all->targets), item->pos.line,
                       item->pos.column, field, what);
        if (xsn_buf_take(&buf, &key) < 0)
                return false;
        if (xsn_hash_get_str(&all->said, key)) {
                xsn_free(key);
                return true;
        }
        kept = xsn_target_keep(&all->targets[0], key);
        xsn_free(key);
        if (kept)
                (void)xsn_hash_put_str(&all->said, kept, all); /* without memory it is said once more */
        return false;
}

void xsn_suggest_slot(struct xsn_dom0 *node, unsigned kinds, const char *name, struct xsn_buf *buf)
{
        struct xsn_resolve *all = node->target->all;
        struct xsn_target *target = node->target;
        _cleanup_(xsn_freep) const char **names = NULL;
        const char *best;
        size_t n = 0;

        if (all->n_suggestions++ >= SUGGESTIONS)
                return;
        names = xsn_alloc_array(2 * target->n_slots + 1, sizeof(*names));
        if (!names)
                return;
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];
                const struct xsnet_object *obj = xsn_slot_object(slot);

                if (!obj || !(kinds & 1U << obj->cls->kind) ||
                    (slot->node != node && slot->node != xsn_dom0_networks(node)))
                        continue;
                if (slot->key)
                        names[n++] = slot->key;
                if (obj->cls->kind != XSNET_KIND_NETWORK && xsn_object_device(obj))
                        names[n++] = xsn_object_device(obj);
        }
        best = xsn_suggest(name, names, n);
        if (best)
                xsn_buf_printf(buf, "; did you mean '%s'?", best);
}
