/* SPDX-License-Identifier: Apache-2.0 */
/* The context: a reference count and a log function. Silent until told otherwise. */
#include "core/context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/export.h"

#define LINE_MAX_BYTES 1024 /* longer messages are cut */

struct xsnet_context {
        unsigned refs;
        xsnet_log_fn log;
        void *userdata;
        xsnet_destroy_fn destroy;
};

XSN_EXPORT int xsnet_context_new(struct xsnet_context **ret_context, struct xsnet_error **ret_err)
{
        struct xsnet_context *context = xsn_alloc(sizeof(*context));

        if (!context)
                return xsn_error_oom(ret_err);
        context->refs = 1;
        *ret_context = context;
        return 0;
}

XSN_EXPORT struct xsnet_context *xsnet_context_ref(struct xsnet_context *context)
{
        context->refs++;
        return context;
}


XSN_EXPORT void xsnet_context_set_log(struct xsnet_context *context, xsnet_log_fn fn, void *userdata,
                                      xsnet_destroy_fn destroy)
{
        xsnet_destroy_fn old_destroy = context->destroy;
        void *old = context->userdata;

        context->log = fn;
        context->userdata = userdata;
        context->destroy = destroy;
        /* Last, as it may log, or set another. */
        if (old_destroy)
                old_destroy(old);
}

XSN_EXPORT struct xsnet_context *xsnet_context_unref(struct xsnet_context *context)
{
        if (!context || --context->refs)
                return NULL;
        xsnet_context_set_log(context, NULL, NULL, NULL);
        return xsn_free(context);
}

void xsn_log(struct xsnet_context *context, const char *fmt, ...)
{
        char line[LINE_MAX_BYTES];
        va_list args;

        if (!context || !context->log)
                return;
        va_start(args, fmt);
        (void)vsnprintf(line, sizeof(line), fmt, args);
        va_end(args);
        context->log(line, context->userdata);
}
