/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_MACROS_H
#define XSNET_MACROS_H

/* A result that must not be ignored. */
#if defined(__GNUC__) || defined(__clang__)
#define XSNET_MUST_CHECK __attribute__((__warn_unused_result__))
#else
#define XSNET_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * xsnet_destroy_fn - ends the life of a callback's userdata
 *
 * Called exactly once on every path, also when the call that took it failed.
 */
typedef void (*xsnet_destroy_fn)(void *userdata);

#ifdef __cplusplus
}
#endif

#endif
