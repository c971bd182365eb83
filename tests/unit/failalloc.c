/* SPDX-License-Identifier: Apache-2.0 */
/* The wrappers that the linker puts before malloc and its relatives. A test program has one thread: plain counters. */
#include "failalloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool counting;
static bool all_after;
static unsigned long fail_at;
static unsigned long count;

void failalloc_at(unsigned long n)
{
        counting = true;
        all_after = false;
        fail_at = n;
        count = 0;
}

void failalloc_from(unsigned long n)
{
        failalloc_at(n);
        all_after = true;
}

void failalloc_off(void)
{
        counting = false;
}

unsigned long failalloc_count(void)
{
        return count;
}

static bool fails(void)
{
        if (!counting)
                return false;
        count++;
        if (fail_at == 0 || (all_after ? count < fail_at : count != fail_at))
                return false;
        errno = ENOMEM;
        return true;
}

void *__wrap_malloc(size_t size)
{
        return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
        return fails() ? NULL : __real_realloc(p, size);
}
