/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planning of one call, shared by the files that turn pairs into a plan: steps.c
 * makes the drafts, order.c their dependencies, waves.c their waves, impact.c what
 * they disturb, plan.c the plan. Nothing outside of them sees it.
 */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "plan/index.h"
#include "plan/work.h"

#define XSN_NO_STEP SIZE_MAX

/* A step that has no place in the order yet. Its s.index is not used, s.deps are indexes of drafts. */
struct xsn_draft {
        struct xsnet_step s; /* owned */
        struct xsn_pair *pair;
        size_t cap_deps;
        bool no_split; /* splitting it would gain nothing */
        size_t n_open; /* for waves.c: dependencies that have no wave yet */
};

/* One target. */
struct xsn_site {
        const struct xsn_work *work;
        struct xsn_pair **pairs; /* the work's, then one for each observed object that the work says nothing of */
        size_t n_pairs;
        struct xsn_pair *rest; /* the latter's memory */
        size_t n_rest;
        struct xsn_index index;
        size_t n_aliases; /* in the index: devices that also go by another name before the plan */
};

struct xsn_build {
        struct xsn_site *sites; /* one a work */
        size_t n_sites;
        struct xsn_draft *drafts;
        size_t n_drafts, cap_drafts;
        unsigned n_waves;
};

/* ---- diff.c ---- */

/* The rows in which the whole object `to` differs from `from`, with the MTU of the device. Both of one class. */
uint64_t xsn_changes(const struct xsnet_object *from, const struct xsnet_object *to);
/* The rows that the creation of an object sets. */
uint64_t xsn_created_rows(const struct xsnet_object *to);
/* Does row i of both objects hold the same, status rows included? */
bool xsn_row_same(const struct xsnet_object *a, const struct xsnet_object *b, size_t i);
/* "network 'guest' on host 'xs-1'", the caller's. 0 or -ENOMEM. */
int xsn_describe(const struct xsnet_object *obj, char **ret_text);

/* The object of a state by what it is called, and by its uuid where `uuid` and the state tell it; NULL. */
struct xsnet_object *xsn_same_find(struct xsnet_state *state, int kind, const char *host, const char *key,
                                   const char *uuid);
/* The same for an object of another state. 1; 0: it is not there; -ENOMEM. */
int xsn_same_in(struct xsnet_state *state, const struct xsnet_object *obj, struct xsnet_object **ret_found);
/* The same, or where its uuid is gone the one of that name: what was made anew has another uuid. */
int xsn_same_or_anew(struct xsnet_state *state, const struct xsnet_object *obj, struct xsnet_object **ret_found);

/* ---- steps.c ---- */

/* The sites with their pairs, index and drafts. 0 or -ENOMEM. */
int xsn_build_start(struct xsn_build *build, const struct xsn_work *works, size_t n_works);
void xsn_build_done(struct xsn_build *build);
/* The name of an object's device, NULL: not known. */
const char *xsn_pair_name(const struct xsnet_object *obj);
/* Is the pair's object in the network before the plan and not after it? */
bool xsn_pair_leaves(const struct xsn_site *site, const struct xsn_pair *pair, const struct xsn_pair *network);
/*
 * xsn_changes() for a `from` that speaks in names of before the plan and a `to` in those of after: what is only called
 * otherwise is no change.
 */
uint64_t xsn_changes_by_name(const struct xsn_site *site, const struct xsnet_object *from,
                             const struct xsnet_object *to);

/* Are the networks of this target a pool's? */
bool xsn_site_is_pool(const struct xsn_site *site);
/* The pair of the network that an object is in, before (`from`) or after the plan; NULL. */
struct xsn_pair *xsn_pair_network(const struct xsn_site *site, const struct xsnet_object *obj, bool after);
/* The pair of a device on the object's host. */
struct xsn_pair *xsn_pair_device(const struct xsn_site *site, const struct xsnet_object *obj, const char *device,
                                 bool after);

/* ---- split.c ---- */

/* The members that stay in a bond by the names that they get. 0 or -ENOMEM. */
int xsn_translate(const struct xsn_site *site, struct xsnet_object *bond, const struct xsnet_object *to);
/* The steps of a pair. 0 or -ENOMEM. */
int xsn_build_draft(struct xsn_build *build, size_t target, struct xsn_pair *pair);
/* Steps of their own for what draft i, a bond's, implies. 1; 0: it implies nothing; -ENOMEM. */
int xsn_build_free_members(struct xsn_build *build, size_t i);
/* Splits draft i into one that lets go and one that takes. 1: done; 0: that would gain nothing; -ENOMEM. */
int xsn_build_split(struct xsn_build *build, size_t i);

/* ---- order.c ---- */

/* All dependencies, from scratch. 0 or -ENOMEM. */
int xsn_build_order(struct xsn_build *build);

/* ---- waves.c ---- */

/* Waves for all drafts, splitting where they wait for each other. -ELOOP "cycle"; -ENOMEM. */
int xsn_build_waves(struct xsn_build *build, struct xsnet_error **ret_err);
/* Orders the drafts by wave, then by what they are, and renumbers their dependencies. 0 or -ENOMEM. */
int xsn_build_sort(struct xsn_build *build);

/* ---- impact.c ---- */

/* Fills disruption, management, storage, n_vifs and irreversible of every draft. 0 or -ENOMEM. */
int xsn_build_impact(struct xsn_build *build);

/* ---- notes.c ---- */

/* Adds to the notes of steps what they do to others. 0 or -ENOMEM. */
int xsn_build_notes(struct xsn_build *build);

/* ---- stale.c ---- */

/* Adds what the plan takes for granted of target t. 0 or -ENOMEM. */
int xsn_plan_assume(struct xsnet_plan *plan, const struct xsn_build *build, size_t t);

/* ---- back.c ---- */

/* The pairs that lead from the observed state back to the journal's. 0 or -ENOMEM. */
int xsn_work_back(struct xsn_work *work, const struct xsn_journal *journal);

#endif
