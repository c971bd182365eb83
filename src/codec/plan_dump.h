/* SPDX-License-Identifier: Apache-2.0 */
/* The two printed forms of a plan, behind xsnet_plan_dump(). */
#ifndef CODEC_PLAN_DUMP_H
#define CODEC_PLAN_DUMP_H

#include "plan/plan.h"

/* Append to buf. 0 or -ENOMEM. */
int xsn_plan_text(const struct xsnet_plan *plan, struct xsn_buf *buf);
int xsn_plan_json(const struct xsnet_plan *plan, struct xsn_buf *buf);

/* "create", "flap": one wording in both forms. */
const char *xsn_plan_verb(int verb);
const char *xsn_plan_disruption(int disruption);

#endif
