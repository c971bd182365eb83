/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the library reports a failure: every failing function returns
 * `xsn_error_set(ret_err, -ERANGE, "out-of-range", "tag %u is not in 0..4094", tag)`.
 * All of these accept ret_err == NULL and return `code`.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

#include <xsnet/error.h>

#include "base/cleanup.h"

#define XSN_PRINTF(fmt, args) __attribute__((__format__(__printf__, fmt, args)))

XSN_CLEANUP_DEFINE(xsnet_error_free, struct xsnet_error);

/* Frees what *ret_err held and puts a new error there. Out of memory puts a static one. */
int xsn_error_set(struct xsnet_error **ret_err, int code, const char *reason, const char *fmt, ...) XSN_PRINTF(4, 5);
int xsn_error_oom(struct xsnet_error **ret_err);

/* Puts "text: " before the message of the error that a callee made; `code` is returned. */
int xsn_error_prefix(struct xsnet_error **ret_err, int code, const char *fmt, ...) XSN_PRINTF(3, 4);

/* Sets the place of the error that a callee made, unless it has one. */
int xsn_error_where(struct xsnet_error **ret_err, int code, const char *fmt, ...) XSN_PRINTF(3, 4);

/*
 * Collects errors: `err` (taken; NULL is ignored) goes to the end of *list.
 */
void xsn_error_append(struct xsnet_error **list, struct xsnet_error *err);

/* Appends a new error to *list: the usual way to report all of a document's errors. */
int xsn_error_add(struct xsnet_error **list, int code, const char *reason, const char *where, const char *fmt, ...)
        XSN_PRINTF(5, 6);

/* Gives `err` (taken) to the caller: through ret_err, or released where that is NULL. Returns its code. */
int xsn_error_give(struct xsnet_error **ret_err, struct xsnet_error *err);

/* A copy of err and all that follow it; the static out-of-memory error where there is no room. NULL gives NULL. */
struct xsnet_error *xsn_error_copy(const struct xsnet_error *err);

size_t xsn_error_count(const struct xsnet_error *err);

#endif
