/* SPDX-License-Identifier: Apache-2.0 */
/* What the phases of planning ask of a slot, and how they change it. What they complain about: complain.c. */
#include "plan/target.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

struct xsnet_object *xsn_slot_edit(struct xsn_slot *slot)
{
        struct xsn_pair *pair = slot->pair;
        struct xsnet_object *copy;

        if (!pair->to)
                return NULL;
        if (pair->to != pair->from)
                return pair->to;
        if (xsn_object_copy(pair->from, &copy) < 0)
                return NULL;
        xsnet_object_unref(pair->to);
        pair->to = copy;
        return copy;
}

struct xsnet_object *xsn_slot_edit_want(struct xsn_slot *slot)
{
        struct xsnet_object *copy;

        if (slot->own_want)
                return slot->want;
        if (xsn_object_copy(slot->want, &copy) < 0)
                return NULL;
        xsnet_object_unref(slot->want);
        slot->want = copy;
        slot->own_want = true;
        return copy;
}

void xsn_slot_remove(struct xsn_slot *slot)
{
        slot->pair->to = xsnet_object_unref(slot->pair->to);
        slot->asked = true;
}

const struct xsnet_object *xsn_slot_object(const struct xsn_slot *slot)
{
        const struct xsn_pair *pair = slot->pair;

        return pair->to ? pair->to : pair->from ? pair->from : slot->want;
}

int xsn_slot_kind(const struct xsn_slot *slot)
{
        const struct xsnet_object *obj = xsn_slot_object(slot);

        return obj ? obj->cls->kind : 0;
}

bool xsn_slot_stays(const struct xsn_slot *slot)
{
        return slot->pair->to;
}

bool xsn_slot_changes(const struct xsn_slot *slot)
{
        const struct xsn_pair *pair = slot->pair;

        return pair->from != pair->to && (!pair->from || !pair->to || !xsn_object_equal(pair->from, pair->to));
}

bool xsn_slot_was_in(const struct xsn_slot *slot, const char *network)
{
        const char *before = slot->pair->from ? xsn_object_network(slot->pair->from) : NULL;

        return before && !strcmp(before, network);
}

bool xsn_slot_wants(const struct xsn_slot *slot, int field, bool reset)
{
        const struct xsnet_object *want = slot->want;

        return want && ((want->present | (reset ? want->reset : 0)) & xsn_object_bit(want, field));
}

int xsn_slot_note(struct xsn_slot *slot, const char *fmt, ...)
{
        struct xsn_buf buf = { 0 };
        char text[512], *note;
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        if (slot->pair->note)
                xsn_buf_printf(&buf, "%s; ", slot->pair->note);
        xsn_buf_put(&buf, text);
        if (xsn_buf_take(&buf, &note) < 0)
                return -ENOMEM;
        xsn_free(slot->pair->note);
        slot->pair->note = note;
        return 0;
}

const char *xsn_slot_name(const struct xsn_slot *slot)
{
        const struct xsnet_object *obj = xsn_slot_object(slot);
        struct xsn_buf buf = { 0 };
        const char *kept;
        char *text;

        if (!obj)
                return "";
        xsn_buf_printf(&buf, "%s '", obj->cls->name);
        xsn_object_key(obj, &buf);
        xsn_buf_putc(&buf, '\'');
        if (xsn_buf_take(&buf, &text) < 0)
                return "";
        kept = xsn_target_keep(slot->node->target, text);
        xsn_free(text);
        return kept ? kept : "";
}
