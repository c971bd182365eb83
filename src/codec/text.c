/* SPDX-License-Identifier: Apache-2.0 */
/* Used by the readers, before they trust the text, and by the report, before it repeats some of it. */
#include "codec/text.h"

/* From i on, where something is no ASCII. */
static XSN_RARE size_t check_characters(const char *text, size_t len, size_t i)
{
        while (i < len) {
                size_t n = (signed char)text[i] > 0 ? 1 : xsn_utf8_len(text + i, len - i);

                if (!n || !text[i])
                        return i;
                i += n;
        }
        return len;
}

size_t xsn_text_check(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if ((signed char)text[i] <= 0)
                        return check_characters(text, len, i);
        return len;
}

struct xsn_pos xsn_text_pos(const char *text, size_t len, size_t offset)
{
        struct xsn_pos pos = { 1, 1 };

        for (size_t i = 0; i < offset && i < len; i++) {
                if (text[i] == '\n') {
                        pos.line++;
                        pos.column = 1;
                } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
                        pos.column++;
                }
        }
        return pos;
}
