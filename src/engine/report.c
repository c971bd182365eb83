/* SPDX-License-Identifier: Apache-2.0 */
/* Notes what an operation does, and tells it afterwards. report_dump.c prints it. */
#include "engine/report.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/export.h"
#include "base/loop.h"
#include "codec/plan_dump.h"

#define LIST_MAX 10 /* steps in a message */

int xsn_report_new(struct xsnet_report **ret_report)
{
        struct xsnet_report *report = xsn_alloc(sizeof(*report));

        if (!report)
                return -ENOMEM;
        report->refs = 1;
        *ret_report = report;
        return 0;
}

void xsn_report_drop_plans(struct xsnet_report *report)
{
        for (size_t i = 0; i < report->n_parts; i++) {
                xsnet_plan_unref(report->parts[i].plan);
                xsn_free(report->parts[i].steps);
        }
        report->n_parts = 0;
}

XSN_EXPORT struct xsnet_report *xsnet_report_ref(struct xsnet_report *report)
{
        report->refs++;
        return report;
}

XSN_EXPORT struct xsnet_report *xsnet_report_unref(struct xsnet_report *report)
{
        if (!report || --report->refs)
                return NULL;
        xsn_report_drop_plans(report);
        xsn_free(report->parts);
        return xsn_free(report);
}

int xsn_report_add_plan(struct xsnet_report *report, struct xsnet_plan *plan, bool back, size_t *ret_part)
{
        _cleanup_(xsn_freep) struct xsn_noted *steps = xsn_alloc_array(plan->n_steps + 1, sizeof(*steps));

        if (!steps || xsn_grow((void **)&report->parts, &report->cap_parts, report->n_parts + 1,
                               sizeof(struct xsn_part)) < 0)
                return -ENOMEM;
        report->parts[report->n_parts] = (struct xsn_part){
                .plan = xsnet_plan_ref(plan),
                .steps = XSN_TAKE(steps),
                .back = back,
        };
        *ret_part = report->n_parts++;
        return 0;
}

/* ---- notes ---- */

void xsn_report_note(struct xsnet_report *report, size_t part, const struct xsnet_step *step, int code)
{
        struct xsn_noted *noted = &report->parts[part].steps[step->index];

        if (code > 0) {
                noted->begun = xsn_loop_now();
                noted->result = XSNET_RESULT_UNKNOWN; /* until its answer comes */
                return;
        }
        noted->duration = noted->begun ? xsn_loop_now() - noted->begun : 0;
        /* Of what went no further as another step failed, nobody knows how far it came. */
        noted->result = code == -ECANCELED ? XSNET_RESULT_UNKNOWN : code < 0 ? XSNET_RESULT_FAILED : XSNET_RESULT_DONE;
}

void xsn_report_give_up(struct xsnet_report *report, size_t part)
{
        for (size_t i = 0; i < report->parts[part].plan->n_steps; i++) {
                struct xsn_noted *noted = &report->parts[part].steps[i];

                if (noted->result == XSNET_RESULT_UNKNOWN)
                        noted->duration = xsn_loop_now() - noted->begun;
        }
}

size_t xsn_report_count(const struct xsnet_report *report, size_t part, size_t target, int result)
{
        const struct xsnet_plan *plan = report->parts[part].plan;
        size_t n = 0;

        for (size_t i = 0; i < plan->n_steps; i++)
                if ((target == SIZE_MAX || plan->steps[i].target == target) &&
                    report->parts[part].steps[i].result == result)
                        n++;
        return n;
}

void xsn_step_describe(const struct xsnet_step *step, struct xsn_buf *buf)
{
        xsn_buf_printf(buf, "%s ", xsn_plan_verb(step->verb));
        xsn_object_describe(step->from ? step->from : step->to, buf);
}

void xsn_report_list(const struct xsnet_report *report, size_t part, int result, struct xsn_buf *buf)
{
        const struct xsn_part *p = &report->parts[part];
        size_t n = 0;

        for (size_t i = 0; i < p->plan->n_steps; i++) {
                int is = p->steps[i].result;

                if (result > 0 ? is != result : is == -result)
                        continue;
                if (n++ < LIST_MAX) {
                        xsn_buf_put(buf, n > 1 ? ", " : "");
                        xsn_step_describe(&p->plan->steps[i], buf);
                }
        }
        if (n > LIST_MAX)
                xsn_buf_printf(buf, ", and %zu more", n - LIST_MAX);
}

/* ---- public ---- */

/* The part and step of an index over all parts. */
static const struct xsn_part *find(const struct xsnet_report *report, size_t *index)
{
        for (size_t i = 0; i < report->n_parts; i++) {
                size_t n = report->parts[i].plan->n_steps;

                if (*index < n)
                        return &report->parts[i];
                *index -= n;
        }
        return NULL;
}

XSN_EXPORT int xsnet_report_get_outcome(struct xsnet_report *report)
{
        return report->outcome;
}

XSN_EXPORT size_t xsnet_report_get_count(struct xsnet_report *report)
{
        size_t n = 0;

        for (size_t i = 0; i < report->n_parts; i++)
                n += report->parts[i].plan->n_steps;
        return n;
}

XSN_EXPORT const struct xsnet_step *xsnet_report_get_step_at(struct xsnet_report *report, size_t index)
{
        const struct xsn_part *part = find(report, &index);

        return part ? &part->plan->steps[index] : NULL;
}

XSN_EXPORT int xsnet_report_get_result_at(struct xsnet_report *report, size_t index)
{
        const struct xsn_part *part = find(report, &index);

        return part ? part->steps[index].result : -ENOENT;
}

XSN_EXPORT uint64_t xsnet_report_get_duration_at(struct xsnet_report *report, size_t index)
{
        const struct xsn_part *part = find(report, &index);

        return part ? part->steps[index].duration : 0;
}

XSN_EXPORT int xsnet_report_is_back_at(struct xsnet_report *report, size_t index)
{
        const struct xsn_part *part = find(report, &index);

        return part ? part->back : -ENOENT;
}

XSN_EXPORT uint64_t xsnet_report_get_duration(struct xsnet_report *report)
{
        return report->duration;
}

XSN_EXPORT unsigned int xsnet_report_get_replan_count(struct xsnet_report *report)
{
        return report->replans;
}

XSN_EXPORT struct xsnet_object *xsnet_report_get_waiting_at(struct xsnet_report *report, size_t index)
{
        struct xsnet_plan *plan = report->n_parts && !report->parts[0].back ? report->parts[0].plan : NULL;

        return plan ? xsnet_plan_get_waiting_at(plan, index) : NULL;
}
