/* SPDX-License-Identifier: Apache-2.0 */
/* Used by json_read.c, twice: before jansson, to bound the text, and after it, for the places. */
#include "codec/json_scan.h"

#include <string.h>

/* Moves on to `end`; columns count characters. */
static void advance(struct xsn_json_scan *scan, size_t end)
{
        for (; scan->offset < end; scan->offset++) {
                char c = scan->text[scan->offset];

                if (c == '\n') {
                        scan->pos.line++;
                        scan->pos.column = 1;
                } else if (((unsigned char)c & 0xc0) != 0x80) {
                        scan->pos.column++;
                }
        }
}

/* The end of a string, behind its quote; a string that has none ends with its line. */
static size_t string_end(const struct xsn_json_scan *scan)
{
        size_t i = scan->offset + 1;

        while (i < scan->len && scan->text[i] != '"' && scan->text[i] != '\n')
                i += scan->text[i] == '\\' && i + 1 < scan->len ? 2 : 1;
        if (i < scan->len && scan->text[i] == '"')
                i++;
        return i < scan->len ? i : scan->len;
}

static bool is_word(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
               c == '.' || c == '_';
}

struct xsn_json_token xsn_json_next(struct xsn_json_scan *scan)
{
        struct xsn_json_token token;
        size_t i = scan->offset;
        char c;

        while (i < scan->len &&
               (scan->text[i] == ' ' || scan->text[i] == '\t' || scan->text[i] == '\n' || scan->text[i] == '\r'))
                i++;
        advance(scan, i);
        token = (struct xsn_json_token){ .type = XSN_JSON_END, .start = i, .end = i, .pos = scan->pos };
        if (i >= scan->len)
                return token;
        c = scan->text[i];
        if (c == '"') {
                token.type = XSN_JSON_STRING;
                token.end = string_end(scan);
        } else if (is_word(c)) {
                token.type = XSN_JSON_WORD;
                while (token.end < scan->len && is_word(scan->text[token.end]))
                        token.end++;
        } else {
                token.type = c && strchr("{}[]:,", c) ? c : XSN_JSON_OTHER;
                token.end = i + 1;
        }
        advance(scan, token.end);
        return token;
}

struct xsn_json_token xsn_json_token_at(const char *text, size_t len, size_t offset)
{
        struct xsn_json_scan scan = { .text = text, .len = len, .pos = { 1, 1 } };
        struct xsn_json_token token = xsn_json_next(&scan);

        while (token.type != XSN_JSON_END && token.end < offset)
                token = xsn_json_next(&scan);
        return token;
}
