/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict host in memory for the planner's tests: it does steps as a kernel would and
 * refuses what a kernel (or good sense) would refuse at that moment: a name in use, a port
 * without its network, a bridge that still has ports, two PIFs in one network, a VLAN larger
 * than its parent, an address on two devices.
 */
#ifndef PLAN_WORLD_H
#define PLAN_WORLD_H

#include "model/state.h"
#include "plan/work.h"

/* Does a step to the state. NULL, or what is wrong (borrowed until the next call). */
const char *world_apply(struct xsnet_state *world, const struct xsnet_step *step);
/* All rules on a state: NULL, or what is wrong. */
const char *world_check(const struct xsnet_state *world);
/* Is each object of one as in the other, and no other there? NULL, or the difference. */
const char *world_differs(const struct xsnet_state *a, const struct xsnet_state *b);

/*
 * Pairs as the planner's first half would make them between two whole states: NICs are
 * known by their MACs, and what happens to the new members of a bond is implied by the bond.
 */
void world_pairs(struct xsn_work *work, const struct xsnet_state *a, const struct xsnet_state *b);

/* ---- random states ---- */

unsigned world_random(uint64_t *seed, unsigned n); /* 0 .. n-1 */
/* A whole state that world_check() likes: eight NICs, six VIFs and what comes on top. */
struct xsnet_state *world_new(uint64_t *seed);
/* One for real hosts: NICs have the names that they came with, and bonds a mode that every host has. */
struct xsnet_state *world_new_plain(uint64_t *seed);
/* The same objects, some of them moved, renamed, changed or gone; each keeps the payload that world_name() gave it. */
struct xsnet_state *world_mutated(const struct xsnet_state *state, uint64_t *seed);
/* Gives each object a payload of its own, by which it is known through all changes. */
void world_name(struct xsnet_state *state);
/*
 * The document that leads from a to b: an item with all rows for each object of b, and one that is absent for each
 * that only a has; what ends up plain is now and then asked for as absent.
 */
struct xsnet_state *world_document(struct xsnet_state *a, struct xsnet_state *b, uint64_t *seed);
/* The object of `state` that obj is, known by its payload, else by its key; NULL. */
struct xsnet_object *world_find(struct xsnet_state *state, const struct xsnet_object *obj);
/* An observed state from YAML, status rows included. */
struct xsnet_state *world_load(const char *yaml);

#endif
