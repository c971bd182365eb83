/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a document: places in it, and whether it is text at all. */
#ifndef CODEC_TEXT_H
#define CODEC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/utf8.h"
#include "model/kinds.h"

/* The offset of the first byte that is not UTF-8 or is NUL; len where all is well. */
size_t xsn_text_check(const char *text, size_t len);
/* Line and column, from 1, of an offset; columns count characters. */
struct xsn_pos xsn_text_pos(const char *text, size_t len, size_t offset);

#endif
