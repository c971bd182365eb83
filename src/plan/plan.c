/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a thing: how it is put together from its parts, how it is read, and how it ends. */
#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "plan/build.h"

static void step_done(struct xsnet_step *step)
{
        xsnet_object_unref(step->from);
        xsnet_object_unref(step->to);
        xsn_free(step->deps);
        xsn_free(step->irreversible);
        xsn_free(step->note);
}

static void target_done(struct xsn_plan_target *target)
{
        for (size_t i = 0; i < target->n_touched; i++) {
                xsnet_object_unref(target->touched[i].before);
                xsnet_object_unref(target->touched[i].after);
        }
        xsn_free(target->touched);
        xsn_free(target->name);
        xsnet_state_unref(target->observed);
        xsnet_state_unref(target->wanted);
}

XSN_EXPORT struct xsnet_plan *xsnet_plan_unref(struct xsnet_plan *plan)
{
        if (!plan || --plan->refs)
                return NULL;
        for (size_t i = 0; i < plan->n_steps; i++)
                step_done(&plan->steps[i]);
        for (size_t i = 0; i < plan->n_targets; i++)
                target_done(&plan->targets[i]);
        for (size_t i = 0; i < plan->n_assumptions; i++)
                xsnet_object_unref(plan->assumptions[i].obj);
        for (size_t i = 0; i < plan->n_waiting; i++)
                xsnet_object_unref(plan->waiting[i]);
        xsn_strs_clear(&plan->notes);
        xsn_free(plan->steps);
        xsn_free(plan->targets);
        xsn_free(plan->assumptions);
        xsn_free(plan->waiting);
        xsn_free(plan->owner);
        return xsn_free(plan);
}

/* ---- putting it together ---- */

static bool has_steps(const struct xsn_pair *pair)
{
        return pair->step != XSN_NO_STEP || pair->remove_step != XSN_NO_STEP;
}

static int add_touched(struct xsn_plan_target *target, const struct xsn_site *site)
{
        target->touched = xsn_alloc_array(site->n_pairs + 1, sizeof(*target->touched));
        if (!target->touched)
                return -ENOMEM;
        for (size_t i = 0; i < site->n_pairs; i++) {
                const struct xsn_pair *pair = site->pairs[i];
                struct xsn_journal_entry *entry = &target->touched[target->n_touched];

                if (!has_steps(pair) && !(pair->implied_by && has_steps(pair->implied_by)))
                        continue;
                entry->before = pair->from ? xsnet_object_ref(pair->from) : NULL;
                entry->after = pair->to ? xsnet_object_ref(pair->to) : NULL;
                target->n_touched++;
        }
        return 0;
}

static int add_target(struct xsnet_plan *plan, const struct xsn_site *site)
{
        const struct xsn_plan_input *input = site->work->input;
        struct xsn_plan_target *target = &plan->targets[plan->n_targets++];

        target->name = xsn_strdup(input->name);
        target->observed = xsnet_state_ref(input->observed);
        if (!target->name || xsn_state_new(&target->wanted) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < site->n_pairs; i++)
                if (site->pairs[i]->to && xsn_state_add(target->wanted, site->pairs[i]->to) < 0)
                        return -ENOMEM;
        return add_touched(target, site);
}

static int add_steps(struct xsnet_plan *plan, struct xsn_build *build)
{
        plan->steps = xsn_alloc_array(build->n_drafts + 1, sizeof(*plan->steps));
        if (!plan->steps)
                return -ENOMEM;
        for (; plan->n_steps < build->n_drafts; plan->n_steps++) {
                plan->steps[plan->n_steps] = build->drafts[plan->n_steps].s;
                build->drafts[plan->n_steps].s = (struct xsnet_step){ 0 };
        }
        plan->n_waves = build->n_waves;
        return 0;
}

static int compare_vifs(const void *a, const void *b)
{
        const struct xsnet_object *p = *(struct xsnet_object *const *)a, *q = *(struct xsnet_object *const *)b;
        const struct xsn_vif *v = XSN_VIF(p), *w = XSN_VIF(q);
        int r = strcmp(xsn_object_host(p), xsn_object_host(q));

        if (!r && v && w) {
                r = strcmp(v->vm ? v->vm : "", w->vm ? w->vm : "");
                if (!r)
                        r = v->domain < w->domain ? -1 : v->domain > w->domain;
                if (!r)
                        r = v->device < w->device ? -1 : v->device > w->device;
        }
        return r;
}

static int compare_strings(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the works have to say besides their pairs, in an order that does not depend on the document's. */
static int add_words(struct xsnet_plan *plan, const struct xsn_work *works, size_t n_works)
{
        size_t n_waiting = 0;

        for (size_t i = 0; i < n_works; i++)
                n_waiting += works[i].n_waiting;
        plan->waiting = xsn_alloc_array(n_waiting + 1, sizeof(*plan->waiting));
        if (!plan->waiting)
                return -ENOMEM;
        for (size_t i = 0; i < n_works; i++) {
                const struct xsn_work *work = &works[i];

                for (size_t j = 0; j < work->n_waiting; j++)
                        plan->waiting[plan->n_waiting++] = xsnet_object_ref(work->waiting[j]);
                for (size_t j = 0; j < work->notes.n; j++)
                        if (!xsn_strs_has(&plan->notes, XSN_ITEM(work->notes, char *, j)) &&
                            xsn_strs_add(&plan->notes, XSN_ITEM(work->notes, char *, j)) < 0)
                                return -ENOMEM;
                if (work->owner && !plan->owner) {
                        plan->owner = xsn_strdup(work->owner);
                        if (!plan->owner)
                                return -ENOMEM;
                }
        }
        if (plan->n_waiting > 1)
                qsort(plan->waiting, plan->n_waiting, sizeof(*plan->waiting), compare_vifs);
        if (plan->notes.n > 1)
                qsort(plan->notes.v, plan->notes.n, sizeof(char *), compare_strings);
        return 0;
}

static int assemble(struct xsnet_plan *plan, struct xsn_build *build, const struct xsn_work *works, size_t n_works)
{
        plan->targets = xsn_alloc_array(n_works + 1, sizeof(*plan->targets));
        if (!plan->targets)
                return -ENOMEM;
        for (size_t i = 0; i < n_works; i++)
                if (add_target(plan, &build->sites[i]) < 0 || xsn_plan_assume(plan, build, i) < 0)
                        return -ENOMEM;
        return add_steps(plan, build) < 0 || add_words(plan, works, n_works) < 0 ? -ENOMEM : 0;
}

static bool is_unchanged(const struct xsn_pair *pair)
{
        return pair->from == pair->to && !pair->mark && !pair->replace;
}

/* Most plans are made to find that there is nothing to do: then no order has to be found either. */
static bool nothing_changes(const struct xsn_work *works, size_t n_works)
{
        for (size_t i = 0; i < n_works; i++)
                for (size_t j = 0; j < works[i].n_pairs; j++)
                        if (!is_unchanged(works[i].pairs[j]))
                                return false;
        return true;
}

static int assemble_nothing(struct xsnet_plan *plan, const struct xsn_work *works, size_t n_works)
{
        plan->targets = xsn_alloc_array(n_works + 1, sizeof(*plan->targets));
        if (!plan->targets)
                return -ENOMEM;
        for (; plan->n_targets < n_works; plan->n_targets++) {
                const struct xsn_plan_input *input = works[plan->n_targets].input;
                struct xsn_plan_target *target = &plan->targets[plan->n_targets];

                target->name = xsn_strdup(input->name);
                if (!target->name)
                        return -ENOMEM;
                target->observed = xsnet_state_ref(input->observed);
                target->wanted = xsnet_state_ref(input->observed);
        }
        return add_words(plan, works, n_works);
}

int xsn_plan_from_works(const struct xsn_work *works, size_t n_works, struct xsnet_plan **ret_plan,
                        struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_plan_unrefp) struct xsnet_plan *plan = xsn_alloc(sizeof(*plan));
        _cleanup_(xsn_build_done) struct xsn_build build = { 0 };
        int r;

        if (!plan)
                return xsn_error_oom(ret_err);
        plan->refs = 1;
        if (nothing_changes(works, n_works)) {
                if (assemble_nothing(plan, works, n_works) < 0)
                        return xsn_error_oom(ret_err);
                *ret_plan = XSN_TAKE(plan);
                return 0;
        }
        /* Sorted before, so that which step of a cycle is split does not depend on the document's order. */
        if (xsn_build_start(&build, works, n_works) < 0 || xsn_build_sort(&build) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_build_waves(&build, ret_err);
        if (r < 0)
                return r;
        if (xsn_build_sort(&build) < 0 || xsn_build_notes(&build) < 0 || assemble(plan, &build, works, n_works) < 0)
                return xsn_error_oom(ret_err);
        *ret_plan = XSN_TAKE(plan);
        return 0;
}

/* ---- making one from documents and states ---- */

struct works {
        struct xsn_work *v;
        size_t n;
};

static void works_done(struct works *works)
{
        for (size_t i = 0; works->v && i < works->n; i++)
                xsn_work_done(&works->v[i]);
        xsn_free(works->v);
}

static void refuse_irreversible(const struct xsnet_plan *plan, const struct xsnet_state *desired,
                                struct xsnet_error **errs)
{
        for (size_t i = 0; i < plan->n_steps; i++) {
                const struct xsnet_step *step = &plan->steps[i];
                _cleanup_(xsn_freep) char *what = NULL, *where = NULL;
                struct xsn_buf buf = { 0 };

                if (!step->irreversible)
                        continue;
                if (step->pos.line)
                        xsn_buf_printf(&buf, "%s%s%u:%u", desired->source ? desired->source : "",
                                       desired->source ? ":" : "", step->pos.line, step->pos.column);
                if (xsn_buf_take(&buf, &where) < 0 || xsn_describe(step->from ? step->from : step->to, &what) < 0)
                        what = xsn_free(what); /* the refusal is what counts */
                xsn_error_add(errs, -EPERM, "irreversible", where ? where : "", "%s: %s; it takes a leave for "
                              "irreversible steps", what ? what : "a step", step->irreversible);
        }
}

int xsn_plan_make(const struct xsn_plan_input *inputs, size_t n_inputs, const struct xsnet_state *desired,
                  const struct xsn_plan_options *options, struct xsnet_plan **ret_plan, struct xsnet_error **ret_err)
{
        static const struct xsn_plan_options defaults;
        _cleanup_(works_done) struct works works = { .v = xsn_alloc_array(n_inputs + 1, sizeof(*works.v)),
                                                     .n = n_inputs };
        _cleanup_(xsnet_plan_unrefp) struct xsnet_plan *plan = NULL;
        struct xsnet_error *errs = NULL;
        int r;

        if (!works.v)
                return xsn_error_oom(ret_err);
        if (!options)
                options = &defaults;
        for (size_t i = 0; i < n_inputs; i++)
                works.v[i].input = &inputs[i];
        r = xsn_work_build(inputs, n_inputs, desired, options, works.v, &errs);
        if (errs)
                return xsn_error_give(ret_err, errs);
        if (r < 0)
                return xsn_error_oom(ret_err);
        r = xsn_plan_from_works(works.v, n_inputs, &plan, ret_err);
        if (r < 0)
                return r;
        if (!options->irreversible)
                refuse_irreversible(plan, desired, &errs);
        if (errs)
                return xsn_error_give(ret_err, errs);
        *ret_plan = XSN_TAKE(plan);
        return 0;
}

/* ---- public ---- */

XSN_EXPORT struct xsnet_plan *xsnet_plan_ref(struct xsnet_plan *plan)
{
        plan->refs++;
        return plan;
}

XSN_EXPORT size_t xsnet_plan_get_count(struct xsnet_plan *plan)
{
        return plan->n_steps;
}

XSN_EXPORT const struct xsnet_step *xsnet_plan_get_at(struct xsnet_plan *plan, size_t index)
{
        return index < plan->n_steps ? &plan->steps[index] : NULL;
}

XSN_EXPORT int xsnet_plan_get_disruption(struct xsnet_plan *plan)
{
        int worst = XSNET_DISRUPTION_NONE;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].disruption > worst)
                        worst = plan->steps[i].disruption;
        return worst;
}

XSN_EXPORT const char *xsnet_plan_get_note_at(struct xsnet_plan *plan, size_t index)
{
        return index < plan->notes.n ? XSN_ITEM(plan->notes, char *, index) : NULL;
}

XSN_EXPORT struct xsnet_object *xsnet_plan_get_waiting_at(struct xsnet_plan *plan, size_t index)
{
        return index < plan->n_waiting ? plan->waiting[index] : NULL;
}

XSN_EXPORT int xsnet_step_get_verb(const struct xsnet_step *step)
{
        return step->verb;
}

XSN_EXPORT unsigned int xsnet_step_get_wave(const struct xsnet_step *step)
{
        return step->wave;
}

XSN_EXPORT struct xsnet_object *xsnet_step_get_from(const struct xsnet_step *step)
{
        return step->from;
}

XSN_EXPORT struct xsnet_object *xsnet_step_get_to(const struct xsnet_step *step)
{
        return step->to;
}

XSN_EXPORT int xsnet_step_has_field(const struct xsnet_step *step, int field)
{
        const struct xsnet_object *obj = step->to ? step->to : step->from;

        return (step->changed & xsn_object_bit(obj, field)) != 0;
}

XSN_EXPORT int xsnet_step_get_disruption(const struct xsnet_step *step)
{
        return step->disruption;
}

XSN_EXPORT int xsnet_step_get_management(const struct xsnet_step *step)
{
        return step->management;
}

XSN_EXPORT int xsnet_step_get_storage(const struct xsnet_step *step)
{
        return step->storage;
}

XSN_EXPORT size_t xsnet_step_get_vif_count(const struct xsnet_step *step)
{
        return step->n_vifs;
}

XSN_EXPORT const char *xsnet_step_get_irreversible(const struct xsnet_step *step)
{
        return step->irreversible;
}
