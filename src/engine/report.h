/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation did, as it is being noted; <xsnet/report.h> is what users see of it. */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include <xsnet/report.h>

#include "plan/plan.h"

struct xsn_noted {
        int result;        /* XSNET_RESULT_* */
        uint64_t begun;    /* xsn_loop_now() */
        uint64_t duration; /* ns */
};

/* The steps of one plan: the one forth, then those back. */
struct xsn_part {
        struct xsnet_plan *plan; /* a reference */
        struct xsn_noted *steps; /* by the steps' index */
        bool back;
};

struct xsnet_report {
        unsigned refs;
        int outcome;
        uint64_t started;
        uint64_t duration;
        unsigned replans;
        struct xsn_part *parts;
        size_t n_parts, cap_parts;
};

XSN_CLEANUP_DEFINE(xsnet_report_unref, struct xsnet_report);

int xsn_report_new(struct xsnet_report **ret_report);
/* The part to note a plan's steps in. 0 or -ENOMEM. */
int xsn_report_add_plan(struct xsnet_report *report, struct xsnet_plan *plan, bool back, size_t *ret_part);
/* The plan was given up before anything was done: another one follows. */
void xsn_report_drop_plans(struct xsnet_report *report);
/* As xsn_step_fn tells it: code 1: begun, 0: done, less: failed. */
void xsn_report_note(struct xsnet_report *report, size_t part, const struct xsnet_step *step, int code);
/* Steps that were begun and did not end. */
void xsn_report_give_up(struct xsnet_report *report, size_t part);
/* How many steps of the part, of one of its targets or (SIZE_MAX) all, are in this state. */
size_t xsn_report_count(const struct xsnet_report *report, size_t part, size_t target, int result);
/* "create vlan 'eth1.100' on host 'xs-1'" */
void xsn_step_describe(const struct xsnet_step *step, struct xsn_buf *buf);
/* Those of a part's steps that are in this state, or (negative) in any other; ten at most. */
void xsn_report_list(const struct xsnet_report *report, size_t part, int result, struct xsn_buf *buf);
const char *xsn_outcome_name(int outcome);

#endif
