/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random valid states for property tests: the same seed, the same state. Names, devices,
 * tags and addresses are never claimed twice, so that xsn_state_check() finds nothing;
 * texts are of the kind that writers and readers get wrong.
 */
#ifndef GEN_H
#define GEN_H

#include <stdint.h>

#include "model/state.h"

struct gen {
        uint64_t state;     /* of the pseudo-random numbers */
        unsigned n_objects; /* so far: makes names unique */
        bool managed;       /* one has the management address already */
        bool routed;        /* one has the default route already */
};

struct gen gen_seed(uint64_t seed);
uint64_t gen_next(struct gen *gen);
/* 0 .. n - 1 */
unsigned gen_below(struct gen *gen, unsigned n);
/* True once in n. */
bool gen_once_in(struct gen *gen, unsigned n);

/* What a text may hold: what a row takes, without and with XSN_F_LINES, or all that a map takes. */
enum {
        GEN_LINE,
        GEN_LINES,
        GEN_WILD
};
/* At least min bytes. */
void gen_text(struct gen *gen, int what, size_t min, char *buf, size_t size);
/* A desired object: its identity, and each other field set, reset or neither. Not in a state yet; the caller's. */
struct xsnet_object *gen_object(struct gen *gen, int kind);
/* Up to n_max objects of all kinds, with owner and hosts now and then. The caller's. */
struct xsnet_state *gen_state(struct gen *gen, unsigned n_max);
/* The same with status fields, marks and payloads, and what no document may ask for. */
struct xsnet_state *gen_observed(struct gen *gen, unsigned n_max);

#endif
