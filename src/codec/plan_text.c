/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan for people: wave by wave what is done, and beside each step whom it hurts and
 * what it waits for. Also the public xsnet_plan_dump(); plan_json.c has the form for programs.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "codec/plan_dump.h"

/* The column of what a step means, but for very long names. */
#define COLUMN_MIN 36
#define COLUMN_MAX 72

static const char *const verbs[] = { "", "create", "change", "remove" };
static const char *const disruptions[] = { "none", "flap", "outage" };

const char *xsn_plan_verb(int verb)
{
        return verbs[verb];
}

const char *xsn_plan_disruption(int disruption)
{
        return disruptions[disruption];
}

/* Names come from outside: nothing in them may move a terminal's cursor. */
static void put_safe(struct xsn_buf *buf, const char *s)
{
        for (; *s; s++) {
                unsigned char c = (unsigned char)*s;

                if (c == '\n')
                        xsn_buf_put(buf, "\\n");
                else if (c < ' ' || c == 0x7f)
                        xsn_buf_printf(buf, "\\x%02x", c);
                else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0)
                        xsn_buf_printf(buf, "\\u%04x", (unsigned char)*++s);
                else
                        xsn_buf_putc(buf, (char)c);
        }
}

/* Puts what `from` has gathered; empties it. */
static void put_safe_buf(struct xsn_buf *buf, struct xsn_buf *from)
{
        buf->failed |= from->failed;
        if (from->s && !from->failed)
                put_safe(buf, from->s);
        xsn_buf_done(from);
}

static const char *plural(size_t n)
{
        return n == 1 ? "" : "s";
}

/* ---- the head ---- */

static void put_head(const struct xsnet_plan *plan, struct xsn_buf *buf)
{
        const char *last = plan->n_targets ? plan->targets[plan->n_targets - 1].name : "";
        int worst = XSNET_DISRUPTION_NONE;
        bool management = false;

        xsn_buf_put(buf, "Plan for ");
        for (size_t i = 0; i < plan->n_targets; i++) {
                xsn_buf_put(buf, i ? " and " : "");
                put_safe(buf, plan->targets[i].name);
        }
        if (plan->owner)
                xsn_buf_printf(buf, " (owner %s)", plan->owner);
        /* "linux:" has one already. */
        if (plan->owner || !*last || last[strlen(last) - 1] != ':')
                xsn_buf_putc(buf, ':');
        if (!plan->n_steps) {
                xsn_buf_put(buf, " nothing to do\n");
                return;
        }
        for (size_t i = 0; i < plan->n_steps; i++) {
                worst = plan->steps[i].disruption > worst ? plan->steps[i].disruption : worst;
                management |= plan->steps[i].management && plan->steps[i].disruption;
        }
        xsn_buf_printf(buf, " %zu step%s in %u wave%s, worst disruption %s", plan->n_steps, plural(plan->n_steps),
                       plan->n_waves, plural(plan->n_waves), disruptions[worst]);
        xsn_buf_put(buf, management ? ", management is touched\n" : "\n");
}

/* ---- a step's line ---- */

static void put_name(const struct xsnet_plan *plan, const struct xsnet_step *step, struct xsn_buf *buf)
{
        const struct xsnet_object *obj = step->from ? step->from : step->to;
        const char *host = xsn_object_host(obj);
        struct xsn_buf key = { 0 };

        xsn_buf_printf(buf, "%3zu. %s %s '", step->index + 1, verbs[step->verb], obj->cls->name);
        xsn_object_key(obj, &key);
        put_safe_buf(buf, &key);
        xsn_buf_putc(buf, '\'');
        if (*host) {
                xsn_buf_put(buf, " on ");
                put_safe(buf, host);
        } else if (plan->n_targets > 1) {
                xsn_buf_put(buf, " at ");
                put_safe(buf, plan->targets[step->target].name);
        }
}

/* "1-3, 7" */
static void put_deps(const struct xsnet_step *step, struct xsn_buf *buf)
{
        for (size_t i = 0; i < step->n_deps; i++) {
                size_t last = i;

                while (last + 1 < step->n_deps && step->deps[last + 1] == step->deps[last] + 1)
                        last++;
                xsn_buf_printf(buf, "%s%zu", i ? ", " : "after ", step->deps[i] + 1);
                if (last > i)
                        xsn_buf_printf(buf, "%s%zu", last > i + 1 ? "-" : ", ", step->deps[last] + 1);
                i = last;
        }
}

static void put_meaning(const struct xsnet_step *step, struct xsn_buf *buf)
{
        const struct xsnet_object *obj = step->to ? step->to : step->from;

        xsn_buf_put(buf, disruptions[step->disruption]);
        if (step->management)
                xsn_buf_put(buf, ", carries management");
        if (step->storage)
                xsn_buf_put(buf, ", carries storage");
        if (step->n_vifs && obj->cls->kind != XSNET_KIND_VIF)
                xsn_buf_printf(buf, ", %zu VIF%s", step->n_vifs, plural(step->n_vifs));
        if (step->irreversible)
                xsn_buf_put(buf, ", IRREVERSIBLE");
        if (step->n_deps) {
                xsn_buf_put(buf, "; ");
                put_deps(step, buf);
        }
}

/* ---- a step's rows ---- */

static void put_value(const struct xsnet_object *obj, size_t i, struct xsn_buf *buf)
{
        struct xsn_buf text = { 0 };

        if (obj)
                xsn_object_format_row(obj, i, &text);
        else
                xsn_buf_put(&text, "unset");
        if (!text.failed && !text.len)
                xsn_buf_put(&text, "''");
        put_safe_buf(buf, &text);
}

static void put_line(const char *name, struct xsn_buf *buf)
{
        xsn_buf_put(buf, "       ");
        put_safe(buf, name);
        xsn_buf_put(buf, ": ");
}

static void put_key(const char *name, const char *key, const char *from, const char *to, struct xsn_buf *buf)
{
        xsn_buf_printf(buf, "       %s.", name);
        put_safe(buf, key);
        xsn_buf_put(buf, ": ");
        put_safe(buf, from ? from : "unset");
        xsn_buf_put(buf, " -> ");
        put_safe(buf, to ? to : "unset");
        xsn_buf_putc(buf, '\n');
}

/* Of a map, only the keys that change. */
static void put_map(const char *name, const struct xsn_list *from, const struct xsn_list *to, struct xsn_buf *buf)
{
        for (size_t i = 0; i < from->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*from, struct xsn_entry, i);
                const char *value = NULL;

                if (xsn_map_get(to, e->key, &value) < 0 || !value || !e->value || strcmp(value, e->value) != 0)
                        put_key(name, e->key, e->value, value, buf);
        }
        for (size_t i = 0; i < to->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*to, struct xsn_entry, i);
                const char *value;

                if (xsn_map_get(from, e->key, &value) < 0)
                        put_key(name, e->key, NULL, e->value, buf);
        }
}

static void put_row(const struct xsnet_step *step, const struct xsn_field *field, size_t i, struct xsn_buf *buf)
{
        const char *name = field->id == XSNET_FIELD_STATUS_MTU ? "mtu" : field->name;

        if (step->verb == XSNET_STEP_CHANGE && field->type == XSNET_TYPE_MAP) {
                put_map(name, xsn_object_member(step->from, field), xsn_object_member(step->to, field), buf);
                return;
        }
        put_line(name, buf);
        if (step->verb == XSNET_STEP_REMOVE)
                xsn_buf_put(buf, "was ");
        if (step->verb != XSNET_STEP_CREATE)
                put_value(step->from, i, buf);
        if (step->verb == XSNET_STEP_CHANGE)
                xsn_buf_put(buf, " -> ");
        if (step->verb != XSNET_STEP_REMOVE)
                put_value(step->to, i, buf);
        xsn_buf_putc(buf, '\n');
}

/* The identity stands in the step's line already. */
static bool is_shown(const struct xsnet_step *step, const struct xsn_field *field, size_t i)
{
        if (step->verb == XSNET_STEP_CHANGE)
                return step->changed >> i & 1;
        if (field->flags & (XSN_F_KEY | XSN_F_SELECT))
                return false;
        if (step->verb == XSNET_STEP_CREATE && field->id == XSNET_FIELD_STATUS_MTU)
                return xsn_object_mtu(step->to) != 0 && xsn_object_mtu(step->to) != 1500;
        if (step->verb == XSNET_STEP_CREATE)
                return (step->changed >> i & 1) && !xsn_plan_row_is_default(step->to, i);
        return !(field->flags & XSN_F_OBSERVED) && !xsn_plan_row_is_default(step->from, i);
}

static void put_rows(const struct xsnet_step *step, struct xsn_buf *buf)
{
        const struct xsnet_object *obj = step->to ? step->to : step->from;
        const char *before = step->from ? step->from->owner : NULL, *after = step->to ? step->to->owner : NULL;
        size_t n = xsn_class_n_fields(obj->cls);

        for (size_t i = 0; i < n; i++)
                if (is_shown(step, xsn_class_field(obj->cls, i), i))
                        put_row(step, xsn_class_field(obj->cls, i), i, buf);
        if (step->mark && step->verb == XSNET_STEP_CHANGE)
                xsn_buf_printf(buf, "       owner: %s -> %s\n", before ? before : "unset", after ? after : "unset");
        if (step->note) {
                put_line("note", buf);
                put_safe(buf, step->note);
                xsn_buf_putc(buf, '\n');
        }
        if (step->irreversible) {
                put_line("irreversible", buf);
                put_safe(buf, step->irreversible);
                xsn_buf_putc(buf, '\n');
        }
}

/* ---- all of it ---- */

/* Characters, not bytes. */
static size_t width(const char *s, size_t len)
{
        size_t n = 0;

        for (size_t i = 0; i < len; i++)
                n += ((unsigned char)s[i] & 0xc0) != 0x80;
        return n;
}

static size_t find_column(const struct xsnet_plan *plan)
{
        size_t column = COLUMN_MIN;

        for (size_t i = 0; i < plan->n_steps; i++) {
                struct xsn_buf buf = { 0 };
                size_t n;

                put_name(plan, &plan->steps[i], &buf);
                n = buf.s ? width(buf.s, buf.len) : 0;
                if (n > column && n <= COLUMN_MAX)
                        column = n;
                xsn_buf_done(&buf);
        }
        return column + 2;
}

static void put_steps(const struct xsnet_plan *plan, struct xsn_buf *buf)
{
        size_t column = find_column(plan);
        unsigned wave = 0;

        for (size_t i = 0; i < plan->n_steps; i++) {
                const struct xsnet_step *step = &plan->steps[i];
                size_t start;

                if (step->wave != wave) {
                        wave = step->wave;
                        xsn_buf_printf(buf, "wave %u\n", wave);
                }
                start = buf->len;
                put_name(plan, step, buf);
                if (buf->failed)
                        return;
                xsn_buf_put(buf, "  ");
                for (size_t n = width(buf->s + start, buf->len - start); n < column; n++)
                        xsn_buf_putc(buf, ' ');
                put_meaning(step, buf);
                xsn_buf_putc(buf, '\n');
                put_rows(step, buf);
        }
}

int xsn_plan_text(const struct xsnet_plan *plan, struct xsn_buf *buf)
{
        put_head(plan, buf);
        put_steps(plan, buf);
        for (size_t i = 0; i < plan->n_waiting; i++) {
                struct xsn_buf text = { 0 };

                xsn_buf_put(buf, "waiting: ");
                xsn_object_describe(plan->waiting[i], &text);
                put_safe_buf(buf, &text);
                xsn_buf_putc(buf, '\n');
        }
        for (size_t i = 0; i < plan->notes.n; i++) {
                xsn_buf_put(buf, "note: ");
                put_safe(buf, XSN_ITEM(plan->notes, char *, i));
                xsn_buf_putc(buf, '\n');
        }
        return buf->failed ? -ENOMEM : 0;
}

XSN_EXPORT int xsnet_plan_dump(struct xsnet_plan *plan, int form, char **ret_text, struct xsnet_error **ret_err)
{
        struct xsn_buf buf = { 0 };
        int r;

        if (form != XSNET_PLAN_TEXT && form != XSNET_PLAN_JSON)
                return xsn_error_set(ret_err, -EINVAL, "bad-value",
                                     "expected XSNET_PLAN_TEXT or XSNET_PLAN_JSON, found %d", form);
        r = form == XSNET_PLAN_TEXT ? xsn_plan_text(plan, &buf) : xsn_plan_json(plan, &buf);
        if (r < 0) {
                xsn_buf_done(&buf);
                return xsn_error_oom(ret_err);
        }
        return xsn_buf_take(&buf, ret_text) < 0 ? xsn_error_oom(ret_err) : 0;
}
