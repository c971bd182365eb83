/* SPDX-License-Identifier: Apache-2.0 */
/* What XAPI refuses a call with, in our codes and reasons. Used by the session, and by backends that look closer. */
#ifndef TRANSPORT_XAPI_ERROR_H
#define TRANSPORT_XAPI_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "transport/xmlrpc_value.h"

/* The code ("HANDLE_INVALID"); "" where failure is NULL. */
const char *xsn_xapi_error_code(const struct xsn_xmlrpc_value *failure);
/* The i-th parameter behind the code; "" where there is none. */
const char *xsn_xapi_error_param(const struct xsn_xmlrpc_value *failure, size_t i);
bool xsn_xapi_error_is(const struct xsn_xmlrpc_value *failure, const char *code);
/* The host is not ready yet, or not any more: what it was asked was not begun, and may be asked again later. */
bool xsn_xapi_error_is_passing(const struct xsn_xmlrpc_value *failure);

/* What was asked may have been done, or may yet be: the host that does it was not heard of again. */
bool xsn_xapi_error_is_doubtful(const struct xsn_xmlrpc_value *failure);

/*
 * failure: an array of texts, the code first. Returns the code; the message has XAPI's code and parameters, without
 * those of a login and without what `hide` (may be NULL) is part of.
 */
int xsn_xapi_error_read(const struct xsn_xmlrpc_value *failure, const char *hide, struct xsnet_error **ret_err);

#endif
