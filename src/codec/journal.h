/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of an apply as text: what the engine writes before the first change and reads after a crash. */
#ifndef CODEC_JOURNAL_H
#define CODEC_JOURNAL_H

#include "plan/plan.h"

#define XSN_CODEC_JOURNAL_MAX (64u << 20) /* bytes of text; neither written nor read beyond it */

/*
 * The text is the caller's. 0; -EILSEQ where a name is not UTF-8 and could not be read back; -E2BIG "too-big" where
 * the journal as a whole could not; -ENOMEM.
 */
int xsn_codec_journal_dump(const struct xsn_journal *journal, char **ret_text, struct xsnet_error **ret_err);
/* -EINVAL "bad-journal" for what no version of this library wrote, or a later one did; -ENOMEM. */
int xsn_codec_journal_load(const char *text, size_t len, struct xsn_journal **ret_journal,
                           struct xsnet_error **ret_err);

#endif
