/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_REPORT_H
#define XSNET_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include <xsnet/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_report - what an operation did
 *
 * It lists the steps of the plan and, where the engine went back, the steps of that.
 * It is immutable.
 */
struct xsnet_report;

/* How an operation left its targets. Numbers are ABI: never reused. */
enum {
        XSNET_OUTCOME_NOTHING_TO_DO = 1, /* they were as desired; nothing was written */
        XSNET_OUTCOME_DONE = 2,          /* they are as desired, and that was verified */
        XSNET_OUTCOME_UNCHANGED = 3,     /* failed or cancelled before the first change */
        XSNET_OUTCOME_ROLLED_BACK = 4,   /* they are as they were, and that was verified */
        XSNET_OUTCOME_LEFT = 5,          /* going back failed; the journal is kept */
        XSNET_OUTCOME_IN_DOUBT = 6       /* what was begun may still happen; the journal is kept */
};

/* What became of a step. */
enum {
        XSNET_RESULT_NOT_BEGUN = 0,
        XSNET_RESULT_DONE = 1,
        XSNET_RESULT_FAILED = 2,
        XSNET_RESULT_UNKNOWN = 3 /* begun, and nobody knows */
};

/* The form of xsnet_report_dump(). */
enum { XSNET_REPORT_TEXT = 1, XSNET_REPORT_JSON = 2 };

/**
 * xsnet_report_ref - take another reference
 *
 * Returns: @report.
 * Since: 0.1
 */
struct xsnet_report *xsnet_report_ref(struct xsnet_report *report);

/**
 * xsnet_report_unref - drop a reference
 * @report: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_report *xsnet_report_unref(struct xsnet_report *report);

/**
 * xsnet_report_get_outcome - how the targets were left
 *
 * Returns: one of XSNET_OUTCOME_*.
 * Since: 0.1
 */
int xsnet_report_get_outcome(struct xsnet_report *report);

/**
 * xsnet_report_get_count - how many steps there are, with those of going back
 *
 * Returns: the number.
 * Since: 0.1
 */
size_t xsnet_report_get_count(struct xsnet_report *report);

/**
 * xsnet_report_get_step_at - the steps, in order
 * @index: 0 .. xsnet_report_get_count() - 1
 *
 * Returns: borrowed until @report is released; NULL beyond the end.
 * Since: 0.1
 */
const struct xsnet_step *xsnet_report_get_step_at(struct xsnet_report *report, size_t index);

/**
 * xsnet_report_get_result_at - what became of a step
 *
 * Returns: one of XSNET_RESULT_*; -ENOENT beyond the end.
 * Since: 0.1
 */
int xsnet_report_get_result_at(struct xsnet_report *report, size_t index);

/**
 * xsnet_report_get_duration_at - how long a step took
 *
 * Returns: nanoseconds; 0 for a step that was not begun, and beyond the end.
 * Since: 0.1
 */
uint64_t xsnet_report_get_duration_at(struct xsnet_report *report, size_t index);

/**
 * xsnet_report_is_back_at - is it a step of going back?
 *
 * Returns: 1 or 0; -ENOENT beyond the end.
 * Since: 0.1
 */
int xsnet_report_is_back_at(struct xsnet_report *report, size_t index);

/**
 * xsnet_report_get_duration - how long the operation took
 *
 * Returns: nanoseconds.
 * Since: 0.1
 */
uint64_t xsnet_report_get_duration(struct xsnet_report *report);

/**
 * xsnet_report_get_replan_count - how often the plan was made again
 *
 * Returns: the number: how often a target changed between planning and applying.
 * Since: 0.1
 */
unsigned int xsnet_report_get_replan_count(struct xsnet_report *report);

/**
 * xsnet_report_get_waiting_at - the VIFs that still wait for their device
 * @index: from 0
 *
 * Returns: a desired object, borrowed until @report is released; NULL beyond the end.
 * Since: 0.1
 */
struct xsnet_object *xsnet_report_get_waiting_at(struct xsnet_report *report, size_t index);

/**
 * xsnet_report_dump - print a report
 * @form:     XSNET_REPORT_TEXT for people, XSNET_REPORT_JSON for programs
 * @ret_text: on success, NUL-terminated; the caller's, released with free()
 *
 * Returns: 0; -EINVAL for an unknown form; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_report_dump(struct xsnet_report *report, int form, char **ret_text, struct xsnet_error **ret_err);

#ifdef __cplusplus
}
#endif

#endif
