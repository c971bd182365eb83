/* SPDX-License-Identifier: Apache-2.0 */
/* The growing string. Every printer of the library (documents, plans, wire text) writes through it. */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static XSN_RARE bool grow(struct xsn_buf *buf, size_t n)
{
        void *grown = buf->s;
        size_t need;

        if (buf->failed)
                return false;
        if (__builtin_add_overflow(buf->len, n, &need) || __builtin_add_overflow(need, (size_t)1, &need) ||
            xsn_grow(&grown, &buf->cap, need, 1) < 0) {
                buf->failed = true;
                return false;
        }
        buf->s = grown;
        return true;
}

/* Room for n more bytes and the NUL. */
static inline bool make_room(struct xsn_buf *buf, size_t n)
{
        return (!buf->failed && n < buf->cap - buf->len) || grow(buf, n);
}

char *xsn_buf_add(struct xsn_buf *buf, size_t n)
{
        char *at;

        if (!make_room(buf, n))
                return NULL;
        at = buf->s + buf->len;
        buf->len += n;
        buf->s[buf->len] = '\0';
        return at;
}

void xsn_buf_putn(struct xsn_buf *buf, const char *s, size_t n)
{
        char *at = xsn_buf_add(buf, n);

        if (at && n > 0)
                memcpy(at, s, n);
}

void xsn_buf_put(struct xsn_buf *buf, const char *s)
{
        xsn_buf_putn(buf, s, strlen(s));
}

void xsn_buf_putc(struct xsn_buf *buf, char c)
{
        char *at = xsn_buf_add(buf, 1);

        if (at)
                *at = c;
}

void xsn_buf_put_number(struct xsn_buf *buf, uint64_t n)
{
        char digits[20];
        size_t i = sizeof(digits);

        do {
                digits[--i] = (char)('0' + n % 10);
                n /= 10;
        } while (n);
        xsn_buf_putn(buf, digits + i, sizeof(digits) - i);
}

void xsn_buf_printf(struct xsn_buf *buf, const char *fmt, ...)
{
        char text[128]; /* most fit; printed in place they would need room that many of them keep for ever */
        va_list args;
        int len;

        va_start(args, fmt);
        len = vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        if (len >= 0 && (size_t)len < sizeof(text)) {
                xsn_buf_putn(buf, text, (size_t)len);
        } else if (len >= 0 && make_room(buf, (size_t)len)) {
                va_start(args, fmt);
                len = vsnprintf(buf->s + buf->len, (size_t)len + 1, fmt, args);
                va_end(args);
                buf->len += len < 0 ? 0 : (size_t)len;
        }
        if (len < 0) {
                buf->failed = true;
                if (buf->s)
                        buf->s[buf->len] = '\0'; /* nothing half-written */
        }
}

int xsn_buf_take(struct xsn_buf *buf, char **ret_s)
{
        if (!buf->s)
                xsn_buf_putn(buf, "", 0);
        if (buf->failed) {
                xsn_buf_done(buf);
                return -ENOMEM;
        }
        *ret_s = XSN_TAKE(buf->s);
        xsn_buf_done(buf);
        return 0;
}

void xsn_buf_done(struct xsn_buf *buf)
{
        xsn_free(buf->s);
        *buf = (struct xsn_buf){ 0 };
}
