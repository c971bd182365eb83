/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The errors of one document: collected by the readers and the decoder, given to the
 * caller in the order of the text. What the document brought into a message is made fit
 * for a terminal here, in one place.
 */
#ifndef CODEC_REPORT_H
#define CODEC_REPORT_H

#include "base/error.h"
#include "model/kinds.h"

struct xsn_report_row {
        struct xsn_pos pos;
        size_t index; /* in the order they came: breaks ties */
        struct xsnet_error *err;
};

/* All zero but the source is an empty report. */
struct xsn_report {
        const char *source; /* the document's name, NULL: none; borrowed */
        struct xsn_report_row *rows;
        size_t n, cap;
        size_t n_more; /* errors beyond XSN_CODEC_ERRORS_MAX */
        bool failed;   /* an error found no memory: all that is reported is -ENOMEM */
};

/*
 * Adds an error at pos (line 0: nowhere), with the path ("vlans[2].tag", NULL: none).
 * Returns code; the error's own is -EINVAL or -E2BIG.
 */
int xsn_report_add(struct xsn_report *report, struct xsn_pos pos, const char *path, int code, const char *reason,
                   const char *fmt, ...) XSN_PRINTF(6, 7);
/* The same for an error that a callee made (taken). */
int xsn_report_take(struct xsn_report *report, struct xsn_pos pos, const char *path, struct xsnet_error *err);
/* Adds a chain whose members know their place, "host.yaml:14:9 ..." (taken). */
void xsn_report_chain(struct xsn_report *report, struct xsnet_error *err);

/* Is nothing wrong so far? */
static inline bool xsn_report_empty(const struct xsn_report *report)
{
        return !report->n && !report->failed;
}

/* All errors in order, to the caller; the first one's code. 0 where there are none. Empties the report. */
int xsn_report_give(struct xsn_report *report, struct xsnet_error **ret_err);
void xsn_report_done(struct xsn_report *report);

#endif
