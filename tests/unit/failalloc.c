/* SPDX-License-Identifier: Apache-2.0 */
/* The wrappers that the linker puts before malloc and its relatives. A test program has one thread: plain counters. */
#include "failalloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static bool counting;
static bool all_after;
static unsigned long fail_at;
static unsigned long count;
static const char *watched;
static unsigned long found;

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

void failalloc_pause(void)
{
        counting = false;
}

void failalloc_resume(void)
{
        counting = true;
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

/* What is looked at may not be undefined. */
void *__wrap_malloc(size_t size)
{
        if (fails())
                return NULL;
        return watched ? __real_calloc(1, size) : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return fails() ? NULL : __real_calloc(n, size);
}

void failalloc_watch(const char *secret)
{
        watched = secret;
        if (secret)
                found = 0;
}

unsigned long failalloc_found(void)
{
        return found;
}

static void look(void *p)
{
        if (watched && p && memmem(p, malloc_usable_size(p), watched, strlen(watched)))
                found++;
}

void *__wrap_realloc(void *p, size_t size)
{
        size_t before = p ? malloc_usable_size(p) : 0;
        char *grown;

        look(p);
        grown = fails() ? NULL : __real_realloc(p, size);
        if (grown && watched && malloc_usable_size(grown) > before)
                memset(grown + before, 0, malloc_usable_size(grown) - before);
        return grown;
}

void __wrap_free(void *p)
{
        look(p);
        __real_free(p);
}
