/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing with linear probing; the hash is SipHash-1-3 under a key of the map,
 * so that nobody can write a document whose names all collide. Used by state, codec and plan.
 */
#include "base/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/loop.h"

static const char tombstone;

static uint64_t rotl(uint64_t x, int n)
{
        return (x << n) | (x >> (64 - n));
}

static void sip_round(uint64_t v[4])
{
        v[0] += v[1];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[0] = rotl(v[0], 32);
        v[2] += v[3];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[2] = rotl(v[2], 32);
}

static uint64_t hash_bytes(const uint64_t seed[2], const void *data, size_t len)
{
        uint64_t v[4] = {
                seed[0] ^ UINT64_C(0x736f6d6570736575),
                seed[1] ^ UINT64_C(0x646f72616e646f6d),
                seed[0] ^ UINT64_C(0x6c7967656e657261),
                seed[1] ^ UINT64_C(0x7465646279746573),
        };
        const uint8_t *p = data;
        uint64_t word, last = (uint64_t)len << 56;
        size_t i;

        for (i = 0; i + 8 <= len; i += 8) {
                memcpy(&word, p + i, 8);
                v[3] ^= word;
                sip_round(v);
                v[0] ^= word;
        }
        for (size_t shift = 0; i < len; i++, shift += 8)
                last |= (uint64_t)p[i] << shift;
        v[3] ^= last;
        sip_round(v);
        v[0] ^= last;
        v[2] ^= 0xff;
        sip_round(v);
        sip_round(v);
        sip_round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void draw_seed(struct xsn_hash *hash)
{
        if (getrandom(hash->seed, sizeof(hash->seed), GRND_NONBLOCK) == (ssize_t)sizeof(hash->seed))
                return;
        /* Early at boot the kernel has no randomness yet, and nobody who could attack either. */
        hash->seed[0] = xsn_loop_now();
        hash->seed[1] = (uint64_t)(uintptr_t)hash;
}

static bool is_tombstone(const struct xsn_hash_slot *slot)
{
        return slot->value == &tombstone;
}

/* The slot that has the key; NULL where none has. */
static struct xsn_hash_slot *find(const struct xsn_hash *hash, const void *key, size_t len, uint64_t h)
{
        if (hash->n_slots == 0)
                return NULL;
        for (size_t i = h;; i++) {
                struct xsn_hash_slot *slot = &hash->slots[i & (hash->n_slots - 1)];

                if (slot->key) {
                        if (slot->hash == h && slot->len == len && memcmp(slot->key, key, len) == 0)
                                return slot;
                } else if (!is_tombstone(slot)) {
                        return NULL;
                }
        }
}

/* The first slot that is free for a key that is not in the map. One is always there: see make_room(). */
static struct xsn_hash_slot *find_free(const struct xsn_hash *hash, uint64_t h)
{
        for (size_t i = h;; i++) {
                struct xsn_hash_slot *slot = &hash->slots[i & (hash->n_slots - 1)];

                if (!slot->key)
                        return slot;
        }
}

/* Keeps a quarter of the slots empty, so that every search ends, and soon. Also sweeps the tombstones out. */
static int make_room(struct xsn_hash *hash)
{
        struct xsn_hash grown = *hash;

        if (hash->n_slots > 0 && hash->n_used < hash->n_slots - hash->n_slots / 4)
                return 0;
        if (hash->n_slots == 0)
                grown.n_slots = 16;
        else if (hash->n >= hash->n_slots / 2 && __builtin_mul_overflow(hash->n_slots, (size_t)2, &grown.n_slots))
                return -ENOMEM;
        grown.slots = xsn_alloc_array(grown.n_slots, sizeof(*grown.slots));
        if (!grown.slots)
                return -ENOMEM;
        if (hash->n_slots == 0)
                draw_seed(&grown);
        for (size_t i = 0; i < hash->n_slots; i++)
                if (hash->slots[i].key)
                        *find_free(&grown, hash->slots[i].hash) = hash->slots[i];
        grown.n_used = hash->n;
        xsn_free(hash->slots);
        *hash = grown;
        return 0;
}

int xsn_hash_put(struct xsn_hash *hash, const void *key, size_t len, void *value)
{
        struct xsn_hash_slot *slot;
        uint64_t h;
        int r;

        if (!key)
                key = ""; /* NULL marks free slots */
        r = make_room(hash);
        if (r < 0)
                return r;
        h = hash_bytes(hash->seed, key, len);
        slot = find(hash, key, len, h);
        if (!slot) {
                slot = find_free(hash, h);
                if (!is_tombstone(slot))
                        hash->n_used++;
                hash->n++;
        }
        /* The new key too: the old one usually lives in the old value. */
        *slot = (struct xsn_hash_slot){ .key = key, .len = len, .hash = h, .value = value };
        return 0;
}

static struct xsn_hash_slot *look_up(const struct xsn_hash *hash, const void *key, size_t len)
{
        if (hash->n == 0)
                return NULL;
        if (!key)
                key = "";
        return find(hash, key, len, hash_bytes(hash->seed, key, len));
}

void *xsn_hash_get(const struct xsn_hash *hash, const void *key, size_t len)
{
        struct xsn_hash_slot *slot = look_up(hash, key, len);

        return slot ? slot->value : NULL;
}

void *xsn_hash_remove(struct xsn_hash *hash, const void *key, size_t len)
{
        struct xsn_hash_slot *slot = look_up(hash, key, len);
        void *value;

        if (!slot)
                return NULL;
        value = slot->value;
        *slot = (struct xsn_hash_slot){ .value = (void *)&tombstone };
        hash->n--;
        return value;
}

int xsn_hash_put_str(struct xsn_hash *hash, const char *key, void *value)
{
        return xsn_hash_put(hash, key, strlen(key), value);
}

void *xsn_hash_get_str(const struct xsn_hash *hash, const char *key)
{
        return xsn_hash_get(hash, key, strlen(key));
}

void xsn_hash_done(struct xsn_hash *hash)
{
        xsn_free(hash->slots);
        *hash = (struct xsn_hash){ 0 };
}
