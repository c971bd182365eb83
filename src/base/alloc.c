/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only calls of malloc and its relatives in the library. No strdup() here: the
 * tests fail the n-th request at link time and see malloc, calloc and realloc only.
 */
#include "base/alloc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *xsn_alloc(size_t size)
{
        /* Nothing is asked for at times, and NULL would look like a failure then. */
        return calloc(1, size ? size : 1);
}

void *xsn_alloc_array(size_t n, size_t size)
{
        size_t bytes;

        if (__builtin_mul_overflow(n, size, &bytes))
                return NULL;
        return xsn_alloc(bytes);
}

void *xsn_realloc_array(void *p, size_t n, size_t size)
{
        size_t bytes;

        if (__builtin_mul_overflow(n, size, &bytes))
                return NULL;
        /* realloc(p, 0) may free p and return NULL, which would look like a failure. */
        return realloc(p, bytes ? bytes : 1);
}

char *xsn_strndup(const char *s, size_t n)
{
        size_t len = strnlen(s, n);
        char *copy = malloc(len + 1);

        if (!copy)
                return NULL;
        memcpy(copy, s, len);
        copy[len] = '\0';
        return copy;
}

char *xsn_strdup(const char *s)
{
        return xsn_memdup(s, strlen(s) + 1);
}

void *xsn_memdup(const void *p, size_t size)
{
        void *copy = malloc(size ? size : 1);

        if (copy && size > 0)
                memcpy(copy, p, size);
        return copy;
}

void *xsn_free(void *p)
{
        free(p);
        return NULL;
}

int xsn_grow(void **p, size_t *cap, size_t need, size_t size)
{
        size_t wanted;
        void *grown;

        if (need <= *cap)
                return 0;
        wanted = *cap > SIZE_MAX / 2 ? need : *cap * 2;
        if (wanted < need)
                wanted = need;
        if (wanted < 8)
                wanted = 8;
        grown = xsn_realloc_array(*p, wanted, size);
        if (!grown)
                return -ENOMEM;
        *p = grown;
        *cap = wanted;
        return 0;
}
