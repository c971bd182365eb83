/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things stand in a JSON text: jansson reads it and tells no places. This is no
 * judge of JSON; it finds tokens in whatever it is given.
 */
#ifndef CODEC_JSON_SCAN_H
#define CODEC_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "model/kinds.h"

/* The type of a punctuation mark is the mark itself. */
enum {
        XSN_JSON_END = 0,
        XSN_JSON_STRING = 's',
        XSN_JSON_WORD = 'w',
        XSN_JSON_OTHER = '?'
};

struct xsn_json_token {
        int type;          /* XSN_JSON_*, or one of { } [ ] : , */
        size_t start, end; /* offsets */
        struct xsn_pos pos;
};

struct xsn_json_scan {
        const char *text;
        size_t len;
        size_t offset;
        struct xsn_pos pos; /* of offset */
};

/* The next token. At the end of the text, and from then on, XSN_JSON_END. */
struct xsn_json_token xsn_json_next(struct xsn_json_scan *scan);
/* The token that an offset is in or right behind. */
struct xsn_json_token xsn_json_token_at(const char *text, size_t len, size_t offset);

#endif
