/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks that double up to a limit, so that neither a small tree nor a large one wastes much. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

#define CHUNK_MIN 480u
#define CHUNK_MAX (64u << 10)

struct xsn_arena_chunk {
        struct xsn_arena_chunk *next;
        size_t size;
        alignas(max_align_t) char bytes[];
};

/* What is larger than a chunk has one of its own, behind the first, which still has room. */
static void *alloc_large(struct xsn_arena *arena, size_t size)
{
        struct xsn_arena_chunk *chunk;

        if (size > SIZE_MAX - sizeof(*chunk))
                return NULL;
        chunk = xsn_realloc_array(NULL, 1, sizeof(*chunk) + size);
        if (!chunk)
                return NULL;
        chunk->size = size;
        if (arena->chunks) {
                chunk->next = arena->chunks->next;
                arena->chunks->next = chunk;
        } else {
                chunk->next = NULL;
                arena->chunks = chunk;
                arena->used = arena->size = size;
        }
        return chunk->bytes;
}

static void *take(struct xsn_arena *arena, size_t size, size_t align)
{
        size_t at = (arena->used + align - 1) / align * align, next;
        struct xsn_arena_chunk *chunk;

        if (arena->chunks && at <= arena->size && size <= arena->size - at) {
                arena->used = at + size;
                return arena->chunks->bytes + at;
        }
        next = arena->size < CHUNK_MIN ? CHUNK_MIN : arena->size > CHUNK_MAX / 2 ? CHUNK_MAX : 2 * arena->size;
        if (size > next / 4)
                return alloc_large(arena, size);
        chunk = xsn_realloc_array(NULL, 1, sizeof(*chunk) + next);
        if (!chunk)
                return NULL;
        chunk->size = next;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
        arena->size = next;
        arena->used = size;
        return chunk->bytes;
}

void *xsn_arena_alloc(struct xsn_arena *arena, size_t size)
{
        return take(arena, size, alignof(uint64_t));
}

char *xsn_arena_strndup(struct xsn_arena *arena, const char *s, size_t n)
{
        char *copy = n < SIZE_MAX ? take(arena, n + 1, 1) : NULL;

        if (copy) {
                memcpy(copy, s, n);
                copy[n] = '\0';
        }
        return copy;
}

void xsn_arena_done(struct xsn_arena *arena)
{
        while (arena->chunks) {
                struct xsn_arena_chunk *next = arena->chunks->next;

                xsn_free(arena->chunks);
                arena->chunks = next;
        }
        *arena = (struct xsn_arena){ 0 };
}
