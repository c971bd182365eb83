/* SPDX-License-Identifier: Apache-2.0 */
/* What servers say of a request that failed, in our codes and reasons. Used by ovsdb_request.c and ovsdb_monitor.c. */
#ifndef TRANSPORT_OVSDB_ERROR_H
#define TRANSPORT_OVSDB_ERROR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* An <error>: an object with "error" and perhaps "details", or a text alone. Returns the code. */
int xsn_ovsdb_error_read(const json_t *json, struct xsnet_error **ret_err);
/* Is it this word of RFC 7047's, or of the server's? */
bool xsn_ovsdb_error_is(const json_t *json, const char *word);
/*
 * Has a transaction of n_ops operations succeeded? 0, or the code of the operation that failed, or of the commit.
 * -EBADMSG, without an error: this is no result of a transaction.
 */
int xsn_ovsdb_result_check(const json_t *result, size_t n_ops, struct xsnet_error **ret_err);

#endif
