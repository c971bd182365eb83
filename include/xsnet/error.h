/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_ERROR_H
#define XSNET_ERROR_H

#include <xsnet/macros.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_error - why a call failed
 *
 * Each call that can fail takes `ret_err` as its last argument. It may be NULL;
 * where it is not, it must point to a NULL pointer and is filled on every failure
 * and never on success. The error is the caller's: free it with
 * xsnet_error_free(). There is no "last error", and nothing is printed. The getters
 * take NULL, too: no error has the code 0, empty texts and no next one.
 */
struct xsnet_error;

/**
 * xsnet_error_free - release an error and all that follow it
 * @err: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_error *xsnet_error_free(struct xsnet_error *err);

/**
 * xsnet_error_get_code - the failed call's return value again
 *
 * Returns: a negative errno value, -ERANGE for instance.
 * Since: 0.1
 */
int xsnet_error_get_code(const struct xsnet_error *err);

/**
 * xsnet_error_get_reason - a stable word for programs
 *
 * The set of reasons is append-only; doc/errors.md lists it.
 *
 * Returns: "out-of-range", for instance; borrowed until @err is released.
 * Since: 0.1
 */
const char *xsnet_error_get_reason(const struct xsnet_error *err);

/**
 * xsnet_error_get_message - a sentence for people
 *
 * Returns: what was expected and what was found; borrowed until @err is released.
 * Since: 0.1
 */
const char *xsnet_error_get_message(const struct xsnet_error *err);

/**
 * xsnet_error_get_where - the place to look
 *
 * Returns: "host.yaml:14:9 vlans[2].tag" or "linux: RTM_NEWLINK", for instance; an
 * empty string where no place is known; borrowed until @err is released.
 * Since: 0.1
 */
const char *xsnet_error_get_where(const struct xsnet_error *err);

/**
 * xsnet_error_get_next - the next of several errors
 *
 * A document's errors are reported all at once, in the order of the text, and a
 * failed rollback follows the failure that caused it.
 *
 * Returns: the next error, borrowed until the first is released; NULL at the end.
 * Since: 0.1
 */
const struct xsnet_error *xsnet_error_get_next(const struct xsnet_error *err);

#ifdef __cplusplus
}
#endif

#endif
