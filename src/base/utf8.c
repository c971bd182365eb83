/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it. The codec asks before it trusts a text, the model before it keeps one. */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t xsn_utf8_len(const char *s, size_t len)
{
        /* The least character of each length: a smaller one is not the shortest form. */
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        unsigned char c = len ? (unsigned char)s[0] : 0xff;
        size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
        uint32_t u;

        if (n < 2 || n > len)
                return n > len ? 0 : n;
        u = c & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if (((unsigned char)s[i] & 0xc0) != 0x80)
                        return 0;
                u = u << 6 | ((unsigned char)s[i] & 0x3f);
        }
        return u < least[n] || u > 0x10ffff || (u >= 0xd800 && u <= 0xdfff) ? 0 : n;
}

/* C0, DEL, and C1 (U+0080..U+009F): s is the beginning of a character of n bytes. */
static bool is_control(const char *s, size_t n)
{
        unsigned char c = (unsigned char)*s;

        return c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

/* U+FFFE and U+FFFF are no characters of XML. */
static bool is_no_character(const char *s, size_t n)
{
        return n == 3 && (!memcmp(s, "\xef\xbf\xbe", 3) || !memcmp(s, "\xef\xbf\xbf", 3));
}

bool xsn_text_keepable(const char *s)
{
        while (*s) {
                size_t n = xsn_utf8_len(s, strnlen(s, 4));

                if (!n || is_no_character(s, n) || ((unsigned char)*s < 0x20 && !strchr("\t\n\r", *s)))
                        return false;
                s += n;
        }
        return true;
}

bool xsn_text_valid(const char *s, bool lines)
{
        while (*s) {
                size_t n = xsn_utf8_len(s, strnlen(s, 4));

                if (!n || (is_control(s, n) && !(lines && (*s == '\t' || *s == '\n'))))
                        return false;
                if (is_no_character(s, n))
                        return false;
                s += n;
        }
        return true;
}

void xsn_buf_put_clean(struct xsn_buf *buf, const char *s, size_t max)
{
        size_t end = buf->len + max;

        while (*s && !buf->failed) {
                size_t n = xsn_utf8_len(s, strnlen(s, 4));

                if (buf->len >= end) {
                        xsn_buf_put(buf, "...");
                        return;
                }
                if (!n || is_control(s, n)) {
                        n = n ? n : 1;
                        for (size_t i = 0; i < n; i++)
                                xsn_buf_printf(buf, "\\x%02x", (unsigned)(unsigned char)s[i]);
                } else {
                        xsn_buf_putn(buf, s, n);
                }
                s += n;
        }
}
