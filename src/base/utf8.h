/* SPDX-License-Identifier: Apache-2.0 */
/* Text: is it UTF-8, may a field hold it, and how may a message repeat what came from outside. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The length of the UTF-8 character at s, of at most len bytes; 0 where it is none. */
size_t xsn_utf8_len(const char *s, size_t len);
/* Text that XML, JSON and a terminal can all carry: UTF-8 without control characters; tab and new line with `lines`. */
bool xsn_text_valid(const char *s, bool lines);
/*
 * Keys and values of free maps: UTF-8 that XML can carry. That is more than a text of ours may hold (new lines of any
 * kind, DEL, C1), as what others have set is shown and is to come back.
 */
bool xsn_text_keepable(const char *s);
/* What a terminal would act on is written as an escape; what is longer than about max bytes is cut. */
void xsn_buf_put_clean(struct xsn_buf *buf, const char *s, size_t max);

#endif
