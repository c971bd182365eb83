/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan for programs: everything that the text has and the objects themselves. The keys
 * are stable; new ones may come. `after` and `step` count from 1, as the text does.
 */
#include <errno.h>

#include "base/alloc.h"
#include "codec/object_json.h"
#include "codec/plan_dump.h"

/* Takes value, which may be NULL for want of memory. */
static int put(json_t *map, const char *key, json_t *value)
{
        return value && !json_object_set_new(map, key, value) ? 0 : -ENOMEM;
}

static int append(json_t *list, json_t *value)
{
        return value && !json_array_append_new(list, value) ? 0 : -ENOMEM;
}

/* By way of a field, as what is not UTF-8 is mended there. */
static int put_text(json_t *map, const char *key, const char *text)
{
        static const struct xsn_field field = { .type = XSNET_TYPE_STR };
        json_t *value = NULL;

        if (!text)
                return put(map, key, json_null());
        return xsn_codec_value_to_json(&field, &text, 0, &value) < 0 ? -ENOMEM : put(map, key, value);
}

static int put_key(json_t *map, const struct xsnet_object *obj)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        if (put_text(map, "kind", obj->cls->name) < 0 || put_text(map, "key", key) < 0)
                return -ENOMEM;
        return put_text(map, "host", *xsn_object_host(obj) ? xsn_object_host(obj) : NULL);
}

static int put_row(json_t *map, const char *key, const struct xsnet_object *obj, size_t i)
{
        json_t *value = NULL;

        if (!obj || !(obj->present >> i & 1))
                return put(map, key, json_null());
        if (xsn_class_field(obj->cls, i)->flags & XSN_F_SECRET)
                return put_text(map, key, "(secret)");
        if (xsn_codec_value_to_json(xsn_class_field(obj->cls, i),
                                    xsn_object_member(obj, xsn_class_field(obj->cls, i)), 0, &value) < 0)
                return -ENOMEM;
        return put(map, key, value);
}

/* {"mtu": {"from": 1500, "to": 9000}}: null where it is not set. */
static int put_changes(json_t *json, const struct xsnet_step *step)
{
        json_t *changes = json_object();

        if (put(json, "changes", changes) < 0)
                return -ENOMEM;
        for (size_t i = 0; step->to && i < XSN_FIELDS_MAX && step->changed >> i; i++) {
                json_t *row = step->changed >> i & 1 ? json_object() : NULL;

                if (!(step->changed >> i & 1))
                        continue;
                if (put(changes, xsn_class_field(step->to->cls, i)->name, row) < 0 ||
                    put_row(row, "from", step->from, i) < 0 || put_row(row, "to", step->to, i) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int put_object(json_t *json, const char *key, const struct xsnet_object *obj)
{
        json_t *value = NULL;

        if (!obj)
                return put(json, key, json_null());
        return xsn_codec_object_to_json(obj, 0, &value) < 0 ? -ENOMEM : put(json, key, value);
}

static int put_deps(json_t *json, const struct xsnet_step *step)
{
        json_t *after = json_array();

        if (put(json, "after", after) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < step->n_deps; i++)
                if (append(after, json_integer((json_int_t)step->deps[i] + 1)) < 0)
                        return -ENOMEM;
        return 0;
}

static int fill_step(json_t *json, const struct xsnet_plan *plan, const struct xsnet_step *step)
{
        if (put(json, "step", json_integer((json_int_t)step->index + 1)) < 0 ||
            put(json, "wave", json_integer(step->wave)) < 0 || put_deps(json, step) < 0 ||
            put_text(json, "verb", xsn_plan_verb(step->verb)) < 0 ||
            put_key(json, step->from ? step->from : step->to) < 0 ||
            put_text(json, "target", plan->targets[step->target].name) < 0 || put_changes(json, step) < 0 ||
            put(json, "marks", json_boolean(step->mark)) < 0 ||
            put_text(json, "disruption", xsn_plan_disruption(step->disruption)) < 0 ||
            put(json, "management", json_boolean(step->management)) < 0 ||
            put(json, "storage", json_boolean(step->storage)) < 0 ||
            put(json, "vifs", json_integer((json_int_t)step->n_vifs)) < 0 ||
            put_text(json, "irreversible", step->irreversible) < 0 || put_text(json, "note", step->note) < 0 ||
            put(json, "line", step->pos.line ? json_integer(step->pos.line) : json_null()) < 0 ||
            put_object(json, "from", step->from) < 0)
                return -ENOMEM;
        return put_object(json, "to", step->to);
}

static int put_steps(json_t *json, const struct xsnet_plan *plan)
{
        json_t *steps = json_array();

        if (put(json, "steps", steps) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_steps; i++) {
                json_t *step = json_object();

                if (append(steps, step) < 0 || fill_step(step, plan, &plan->steps[i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int put_words(json_t *json, const struct xsnet_plan *plan)
{
        static const struct xsn_field field = { .type = XSNET_TYPE_STRS };
        json_t *waiting = json_array(), *notes = NULL;

        if (put(json, "waiting", waiting) < 0 || xsn_codec_value_to_json(&field, &plan->notes, 0, &notes) < 0 ||
            put(json, "notes", notes) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_waiting; i++) {
                json_t *item = json_object();

                if (append(waiting, item) < 0 || put_key(item, plan->waiting[i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int fill_plan(json_t *json, const struct xsnet_plan *plan)
{
        json_t *targets = json_array();
        int worst = XSNET_DISRUPTION_NONE;

        for (size_t i = 0; i < plan->n_steps; i++)
                worst = plan->steps[i].disruption > worst ? plan->steps[i].disruption : worst;
        if (put(json, "format", json_integer(1)) < 0 || put(json, "targets", targets) < 0 ||
            put_text(json, "owner", plan->owner) < 0 || put(json, "waves", json_integer(plan->n_waves)) < 0 ||
            put_text(json, "disruption", xsn_plan_disruption(worst)) < 0 || put_steps(json, plan) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_targets; i++)
                if (append(targets, json_string(plan->targets[i].name)) < 0)
                        return -ENOMEM;
        return put_words(json, plan);
}

int xsn_plan_json(const struct xsnet_plan *plan, struct xsn_buf *buf)
{
        _cleanup_(xsn_json_decrefp) json_t *json = json_object();

        if (!json || fill_plan(json, plan) < 0 || xsn_json_write(json, true, buf) < 0)
                return -ENOMEM;
        xsn_buf_putc(buf, '\n');
        return buf->failed ? -ENOMEM : 0;
}
