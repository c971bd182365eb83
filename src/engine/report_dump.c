/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a report: text for people, JSON for programs. */
#include <errno.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/enumtab.h"
#include "base/export.h"
#include "base/loop.h"
#include "codec/plan_dump.h"
#include "engine/report.h"

XSN_ENUM_DEFINE(xsn_outcome, "outcome",
                { XSNET_OUTCOME_NOTHING_TO_DO, "nothing-to-do", "Nothing to do." },
                { XSNET_OUTCOME_DONE, "done", "Done, and verified." },
                { XSNET_OUTCOME_UNCHANGED, "unchanged", "Nothing was changed." },
                { XSNET_OUTCOME_ROLLED_BACK, "rolled-back", "Everything was put back as it was, and verified." },
                { XSNET_OUTCOME_LEFT, "left", "Going back failed; the journal is kept." },
                { XSNET_OUTCOME_IN_DOUBT, "in-doubt",
                  "In doubt: what was begun may still happen; the journal is kept." });

XSN_ENUM_DEFINE(xsn_result, "result",
                { XSNET_RESULT_NOT_BEGUN, "not-begun", "not begun" },
                { XSNET_RESULT_DONE, "done", "done" },
                { XSNET_RESULT_FAILED, "failed", "failed" },
                { XSNET_RESULT_UNKNOWN, "unknown", "not finished" });

const char *xsn_outcome_name(int outcome)
{
        return xsn_enum_name(&xsn_outcome, outcome);
}

/* ---- text ---- */

static void put_ms(struct xsn_buf *buf, uint64_t ns)
{
        xsn_buf_printf(buf, "%" PRIu64 ".%03" PRIu64 " ms", ns / XSN_NS_PER_MS, ns % XSN_NS_PER_MS / 1000);
}

static void put_part(const struct xsn_part *part, struct xsn_buf *buf)
{
        if (part->back && part->plan->n_steps)
                xsn_buf_put(buf, "Going back:\n");
        for (size_t i = 0; i < part->plan->n_steps; i++) {
                xsn_buf_put(buf, "  ");
                xsn_step_describe(&part->plan->steps[i], buf);
                xsn_buf_printf(buf, ": %s", xsn_enum_wire(&xsn_result, part->steps[i].result));
                if (part->steps[i].result != XSNET_RESULT_NOT_BEGUN) {
                        xsn_buf_put(buf, ", ");
                        put_ms(buf, part->steps[i].duration);
                }
                xsn_buf_putc(buf, '\n');
        }
}

static void put_text(struct xsnet_report *report, struct xsn_buf *buf)
{
        struct xsnet_object *waiting;

        for (size_t i = 0; i < report->n_parts; i++)
                put_part(&report->parts[i], buf);
        for (size_t i = 0; (waiting = xsnet_report_get_waiting_at(report, i)); i++) {
                xsn_buf_put(buf, "  waiting for its device: ");
                xsn_object_describe(waiting, buf);
                xsn_buf_putc(buf, '\n');
        }
        if (report->replans)
                xsn_buf_printf(buf, "Planned again %u times: the target had changed.\n", report->replans);
        xsn_buf_printf(buf, "%s (", xsn_enum_wire(&xsn_outcome, report->outcome));
        put_ms(buf, report->duration);
        xsn_buf_put(buf, ")\n");
}

/* ---- JSON ---- */

static void put_string(struct xsn_buf *buf, const char *s)
{
        xsn_buf_putc(buf, '"');
        for (; *s; s++) {
                if (*s == '"' || *s == '\\')
                        xsn_buf_printf(buf, "\\%c", *s);
                else if ((unsigned char)*s < ' ' || *s == 0x7f)
                        xsn_buf_printf(buf, "\\u%04x", (unsigned)*s);
                else
                        xsn_buf_putc(buf, *s);
        }
        xsn_buf_putc(buf, '"');
}

/* "kind": ..., "key": ..., "host": ... */
static void put_identity(struct xsn_buf *buf, const struct xsnet_object *obj)
{
        struct xsn_buf key = { 0 };

        xsn_object_key(obj, &key);
        xsn_buf_put(buf, "\"kind\": ");
        put_string(buf, obj->cls->name);
        xsn_buf_put(buf, ", \"key\": ");
        put_string(buf, key.s ? key.s : "");
        buf->failed = buf->failed || key.failed;
        if (*xsn_object_host(obj)) {
                xsn_buf_put(buf, ", \"host\": ");
                put_string(buf, xsn_object_host(obj));
        }
        xsn_buf_done(&key);
}

static void put_json_step(struct xsn_buf *buf, const struct xsn_part *part, size_t i)
{
        const struct xsnet_step *step = &part->plan->steps[i];

        xsn_buf_printf(buf, "    {\"verb\": \"%s\", ", xsn_plan_verb(step->verb));
        put_identity(buf, step->from ? step->from : step->to);
        if (step->target < part->plan->n_targets && part->plan->targets[step->target].name) {
                xsn_buf_put(buf, ", \"target\": ");
                put_string(buf, part->plan->targets[step->target].name);
        }
        xsn_buf_printf(buf, ", \"back\": %s, \"result\": \"%s\", \"ns\": %" PRIu64 "}", part->back ? "true" : "false",
                       xsn_enum_name(&xsn_result, part->steps[i].result), part->steps[i].duration);
}

static void put_json(struct xsnet_report *report, struct xsn_buf *buf)
{
        struct xsnet_object *waiting;
        const char *comma = "\n";

        xsn_buf_printf(buf, "{\n  \"outcome\": \"%s\",\n  \"ns\": %" PRIu64 ",\n  \"replans\": %u,\n  \"steps\": [",
                       xsn_outcome_name(report->outcome), report->duration, report->replans);
        for (size_t p = 0; p < report->n_parts; p++) {
                for (size_t i = 0; i < report->parts[p].plan->n_steps; i++) {
                        xsn_buf_put(buf, comma);
                        put_json_step(buf, &report->parts[p], i);
                        comma = ",\n";
                }
        }
        xsn_buf_put(buf, *comma == ',' ? "\n  ],\n  \"waiting\": [" : "],\n  \"waiting\": [");
        for (size_t i = 0; (waiting = xsnet_report_get_waiting_at(report, i)); i++) {
                xsn_buf_put(buf, i ? ",\n    {" : "\n    {");
                put_identity(buf, waiting);
                xsn_buf_putc(buf, '}');
        }
        xsn_buf_put(buf, xsnet_report_get_waiting_at(report, 0) ? "\n  ]\n}\n" : "]\n}\n");
}

XSN_EXPORT int xsnet_report_dump(struct xsnet_report *report, int form, char **ret_text, struct xsnet_error **ret_err)
{
        struct xsn_buf buf = { 0 };

        if (form == XSNET_REPORT_TEXT)
                put_text(report, &buf);
        else if (form == XSNET_REPORT_JSON)
                put_json(report, &buf);
        else
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "form: %d is not one of XSNET_REPORT_*", form);
        return xsn_buf_take(&buf, ret_text) < 0 ? xsn_error_oom(ret_err) : 0;
}
