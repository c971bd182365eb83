/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is released all at once: for trees of many small parts. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct xsn_arena_chunk;

/* All zero is an empty arena. */
struct xsn_arena {
        struct xsn_arena_chunk *chunks; /* the last made first */
        size_t used, size;              /* of the first */
};

/* Not zeroed, aligned for pointers and numbers; NULL without memory. */
void *xsn_arena_alloc(struct xsn_arena *arena, size_t size);
/* The n bytes at s, and a NUL; takes no more room than they do. */
char *xsn_arena_strndup(struct xsn_arena *arena, const char *s, size_t n);
void xsn_arena_done(struct xsn_arena *arena);

#endif
