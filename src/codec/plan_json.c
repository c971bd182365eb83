/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan for programs: everything that the text has and the objects themselves. The keys
 * are stable; new ones may come. `after` and `step` count from 1, as the text does.
 */
#include <errno.h>

#include "codec/emit.h"
#include "codec/plan_dump.h"

static void put_number(struct xsn_emit *emit, const char *key, uint64_t n)
{
        xsn_emit_key(emit, key);
        xsn_emit_number(emit, n);
}

static void put_bool(struct xsn_emit *emit, const char *key, bool yes)
{
        xsn_emit_key(emit, key);
        xsn_emit_bool(emit, yes);
}

static void put_object(struct xsn_emit *emit, const char *key, const struct xsnet_object *obj)
{
        xsn_emit_key(emit, key);
        xsn_emit_object(emit, obj);
}

static void put_key(struct xsn_emit *emit, const struct xsnet_object *obj)
{
        xsn_emit_key_text(emit, "kind", obj->cls->name);
        xsn_emit_key(emit, "key");
        xsn_object_key(obj, xsn_emit_print(emit));
        xsn_emit_printed(emit);
        xsn_emit_key_text(emit, "host", *xsn_object_host(obj) ? xsn_object_host(obj) : NULL);
}

static void put_row(struct xsn_emit *emit, const char *key, const struct xsnet_object *obj, size_t i)
{
        const struct xsn_field *field;

        xsn_emit_key(emit, key);
        if (!obj || !(obj->present >> i & 1)) {
                xsn_emit_null(emit);
                return;
        }
        field = xsn_class_field(obj->cls, i);
        if (field->flags & XSN_F_SECRET)
                xsn_emit_text(emit, "(secret)");
        else
                xsn_emit_value(emit, field, xsn_object_member(obj, field));
}

/* {"mtu": {"from": 1500, "to": 9000}}: null where it is not set. */
static void put_changes(struct xsn_emit *emit, const struct xsnet_step *step)
{
        xsn_emit_key(emit, "changes");
        xsn_emit(emit, XSN_EMIT_MAP);
        for (size_t i = 0; step->to && i < XSN_FIELDS_MAX && step->changed >> i; i++) {
                if (!(step->changed >> i & 1))
                        continue;
                xsn_emit_key(emit, xsn_class_field(step->to->cls, i)->name);
                xsn_emit(emit, XSN_EMIT_MAP);
                put_row(emit, "from", step->from, i);
                put_row(emit, "to", step->to, i);
                xsn_emit(emit, XSN_EMIT_MAP_END);
        }
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

static void put_deps(struct xsn_emit *emit, const struct xsnet_step *step)
{
        xsn_emit_key(emit, "after");
        xsn_emit(emit, XSN_EMIT_SCALARS);
        for (size_t i = 0; i < step->n_deps; i++)
                xsn_emit_number(emit, (uint64_t)step->deps[i] + 1);
        xsn_emit(emit, XSN_EMIT_LIST_END);
}

static void put_line(struct xsn_emit *emit, uint32_t line)
{
        xsn_emit_key(emit, "line");
        if (line)
                xsn_emit_number(emit, line);
        else
                xsn_emit_null(emit);
}

static void put_step(struct xsn_emit *emit, const struct xsnet_plan *plan, const struct xsnet_step *step)
{
        xsn_emit(emit, XSN_EMIT_MAP);
        put_number(emit, "step", (uint64_t)step->index + 1);
        put_number(emit, "wave", step->wave);
        put_deps(emit, step);
        xsn_emit_key_text(emit, "verb", xsn_plan_verb(step->verb));
        put_key(emit, step->from ? step->from : step->to);
        xsn_emit_key_text(emit, "target", plan->targets[step->target].name);
        put_changes(emit, step);
        put_bool(emit, "marks", step->mark);
        xsn_emit_key_text(emit, "disruption", xsn_plan_disruption(step->disruption));
        put_bool(emit, "management", step->management);
        put_bool(emit, "storage", step->storage);
        put_number(emit, "vifs", step->n_vifs);
        xsn_emit_key_text(emit, "irreversible", step->irreversible);
        xsn_emit_key_text(emit, "note", step->note);
        put_line(emit, step->pos.line);
        put_object(emit, "from", step->from);
        put_object(emit, "to", step->to);
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

static void put_targets(struct xsn_emit *emit, const struct xsnet_plan *plan)
{
        xsn_emit_key(emit, "targets");
        xsn_emit(emit, XSN_EMIT_SCALARS);
        for (size_t i = 0; i < plan->n_targets; i++)
                xsn_emit_text(emit, plan->targets[i].name);
        xsn_emit(emit, XSN_EMIT_LIST_END);
}

static void put_steps(struct xsn_emit *emit, const struct xsnet_plan *plan)
{
        xsn_emit_key(emit, "steps");
        xsn_emit(emit, XSN_EMIT_MAPS);
        for (size_t i = 0; i < plan->n_steps; i++)
                put_step(emit, plan, &plan->steps[i]);
        xsn_emit(emit, XSN_EMIT_LIST_END);
}

static void put_words(struct xsn_emit *emit, const struct xsnet_plan *plan)
{
        static const struct xsn_field notes = { .type = XSNET_TYPE_STRS };

        xsn_emit_key(emit, "waiting");
        xsn_emit(emit, XSN_EMIT_MAPS);
        for (size_t i = 0; i < plan->n_waiting; i++) {
                xsn_emit(emit, XSN_EMIT_MAP);
                put_key(emit, plan->waiting[i]);
                xsn_emit(emit, XSN_EMIT_MAP_END);
        }
        xsn_emit(emit, XSN_EMIT_LIST_END);
        xsn_emit_key(emit, "notes");
        xsn_emit_value(emit, &notes, &plan->notes);
}

int xsn_plan_json(const struct xsnet_plan *plan, struct xsn_buf *buf)
{
        int worst = XSNET_DISRUPTION_NONE;
        struct xsn_json_emit json;
        struct xsn_emit *emit = &json.emit;

        for (size_t i = 0; i < plan->n_steps; i++)
                worst = plan->steps[i].disruption > worst ? plan->steps[i].disruption : worst;
        xsn_json_begin(&json, true, 0, buf);
        xsn_emit(emit, XSN_EMIT_MAP);
        put_number(emit, "format", 1);
        put_targets(emit, plan);
        xsn_emit_key_text(emit, "owner", plan->owner);
        put_number(emit, "waves", plan->n_waves);
        xsn_emit_key_text(emit, "disruption", xsn_plan_disruption(worst));
        put_steps(emit, plan);
        put_words(emit, plan);
        xsn_emit(emit, XSN_EMIT_MAP_END);
        xsn_buf_putc(buf, '\n');
        return xsn_emit_done(emit) < 0 || buf->failed ? -ENOMEM : 0;
}
