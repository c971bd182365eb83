/* SPDX-License-Identifier: Apache-2.0 */
/* The context inside the library: logging for whoever looks for a fault. */
#ifndef CORE_CONTEXT_H
#define CORE_CONTEXT_H

#include <xsnet/context.h>

#include "base/error.h"

XSN_CLEANUP_DEFINE(xsnet_context_unref, struct xsnet_context);

/* Does nothing, and formats nothing, where nobody listens. context may be NULL. */
void xsn_log(struct xsnet_context *context, const char *fmt, ...) XSN_PRINTF(2, 3);

#endif
