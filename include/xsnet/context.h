/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_CONTEXT_H
#define XSNET_CONTEXT_H

#include <xsnet/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_context - what an engine's calls share: where to log
 *
 * Contexts know nothing of each other. An object, state, plan or engine is used by
 * one thread at a time; different ones may be used in different threads.
 */
struct xsnet_context;

/**
 * xsnet_log_fn - receives debugging messages
 * @message: one line without its end, borrowed until the call returns
 */
typedef void (*xsnet_log_fn)(const char *message, void *userdata);

/**
 * xsnet_context_new - make a context
 * @ret_context: on success, a new reference; release with xsnet_context_unref()
 *
 * Returns: 0; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_context_new(struct xsnet_context **ret_context, struct xsnet_error **ret_err);

/**
 * xsnet_context_ref - take another reference
 *
 * Returns: @context.
 * Since: 0.1
 */
struct xsnet_context *xsnet_context_ref(struct xsnet_context *context);

/**
 * xsnet_context_unref - drop a reference
 * @context: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_context *xsnet_context_unref(struct xsnet_context *context);

/**
 * xsnet_context_set_log - receive debugging messages
 * @fn:      NULL: none, as a new context has it
 * @destroy: called with @userdata when the function is replaced or the context ends; may be NULL
 *
 * The library prints nothing itself. Whatever a caller must know is in errors,
 * plans and reports; the log is for finding faults.
 *
 * Since: 0.1
 */
void xsnet_context_set_log(struct xsnet_context *context, xsnet_log_fn fn, void *userdata, xsnet_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
