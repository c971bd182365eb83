/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All memory of the library comes from here, so that a test can fail the n-th
 * request (the tests wrap these symbols at link time). Nothing aborts: NULL is
 * returned and the caller reports -ENOMEM.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

#include "base/cleanup.h"

/* Zeroed memory. */
void *xsn_alloc(size_t size);
/* Zeroed memory for n elements; NULL when n * size overflows. */
void *xsn_alloc_array(size_t n, size_t size);
/* New memory is not zeroed; p stays valid on failure. */
void *xsn_realloc_array(void *p, size_t n, size_t size);
char *xsn_strdup(const char *s);
char *xsn_strndup(const char *s, size_t n);
void *xsn_memdup(const void *p, size_t size);
/* Returns NULL, so that p = xsn_free(p) is always right. */
void *xsn_free(void *p);

/*
 * Makes room for `need` elements in the array *p that has room for *cap: at least
 * doubles, so that appending is linear. 0 or -ENOMEM (*p unchanged).
 */
int xsn_grow(void **p, size_t *cap, size_t need, size_t size);

static inline void xsn_freep(void *p)
{
        xsn_free(*(void **)p);
}

#endif
