/* SPDX-License-Identifier: Apache-2.0 */
/* A string that grows. A failed allocation sticks and is reported once, by xsn_buf_take(). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct xsn_buf {
        char *s; /* NUL-terminated once something was put; NULL before */
        size_t len;
        size_t cap;
        bool failed; /* an allocation failed; what follows is ignored */
};

void xsn_buf_put(struct xsn_buf *buf, const char *s);
void xsn_buf_putn(struct xsn_buf *buf, const char *s, size_t n);
void xsn_buf_putc(struct xsn_buf *buf, char c);
/* Appends n bytes that the caller fills; NULL without memory. */
char *xsn_buf_add(struct xsn_buf *buf, size_t n);
/* In decimal; for what prints so often that printf() would be felt. */
void xsn_buf_put_number(struct xsn_buf *buf, uint64_t n);
void xsn_buf_printf(struct xsn_buf *buf, const char *fmt, ...) XSN_PRINTF(2, 3);
/* The string ("" where nothing was put); the caller's. -ENOMEM if any put failed. Empties buf. */
int xsn_buf_take(struct xsn_buf *buf, char **ret_s);
void xsn_buf_done(struct xsn_buf *buf);

#endif
