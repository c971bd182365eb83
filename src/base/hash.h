/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from byte strings to pointers. Keys and values are borrowed; a key must stay put while it is in the map.
 * Each map hashes with a random key of its own, as its keys may be chosen by an attacker: the slots' order differs
 * from run to run and must never reach an output.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct xsn_hash_slot {
        const void *key; /* NULL: empty, or removed when value is the tombstone */
        size_t len;
        uint64_t hash;
        void *value;
};

/* All zero is an empty map. */
struct xsn_hash {
        struct xsn_hash_slot *slots;
        size_t n_slots;   /* 0, or a power of two */
        size_t n_used;    /* entries and tombstones */
        size_t n;         /* entries */
        uint64_t seed[2]; /* drawn when the first slots are made */
};

/* Adds or replaces; value must not be NULL. 0 or -ENOMEM. */
int xsn_hash_put(struct xsn_hash *hash, const void *key, size_t len, void *value);
/* NULL where the key is not there. */
void *xsn_hash_get(const struct xsn_hash *hash, const void *key, size_t len);
/* The value that was there, or NULL. */
void *xsn_hash_remove(struct xsn_hash *hash, const void *key, size_t len);
/* Strings without their NUL. */
int xsn_hash_put_str(struct xsn_hash *hash, const char *key, void *value);
void *xsn_hash_get_str(const struct xsn_hash *hash, const char *key);
void xsn_hash_done(struct xsn_hash *hash);

#endif
