/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leaves a scope is released there: every owner declares its pointer with
 * _cleanup_() and gives it away with XSN_TAKE(), so no function needs a goto.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stddef.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((__cleanup__(fn)))

/* Gives the pointer away: its value, and NULL is left behind. */
#define XSN_TAKE(p)                                                                                                    \
        __extension__({                                                                                                \
                __typeof__(p) t_ = (p);                                                                                \
                (p) = NULL;                                                                                            \
                t_;                                                                                                    \
        })

/* Makes fn##p(), for _cleanup_(): XSN_CLEANUP_DEFINE(xsnet_object_unref, struct xsnet_object) */
#define XSN_CLEANUP_DEFINE(fn, type)                                                                                   \
        static inline void fn##p(type **p)                                                                             \
        {                                                                                                              \
                (void)fn(*p);                                                                                          \
        }                                                                                                              \
        struct xsn_semicolon_

/* Seldom called from where it counts: inlined, it would make its caller save registers for it each time. */
#define XSN_RARE __attribute__((__noinline__, __cold__))

#define XSN_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void xsn_close_fdp(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
}

#endif
