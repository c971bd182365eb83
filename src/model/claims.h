/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the objects of a desired state lay claim to, by host: the memory of check_state.c
 * and check_stack.c. Most rules across objects are claims: a name that at most one object
 * of a host may take.
 */
#ifndef MODEL_CLAIMS_H
#define MODEL_CLAIMS_H

#include "model/state.h"

/* What is claimed. */
enum {
        XSN_CLAIM_DEVICE = 'd',
        XSN_CLAIM_MEMBER = 'm',  /* by the bond */
        XSN_CLAIM_STACK = 's',   /* a device, by what stands on others */
        XSN_CLAIM_TAG = 't',     /* PIF.TAG, by VLANs with a network */
        XSN_CLAIM_NETWORK = 'n', /* by who joins it */
        XSN_CLAIM_JOINED = 'j',  /* a device, by who joins it to a network */
        XSN_CLAIM_MTU = 'u',     /* a network's name, by who tells its MTU */
        XSN_CLAIM_ADDRESS = 'a',
        XSN_CLAIM_SUBNET = 'p',
        XSN_CLAIM_MANAGEMENT = 'g',       /* a device, or a network's name: it carries the host's management */
        XSN_CLAIM_MANAGEMENT_SUBNET = 'q' /* by management interfaces */
};

/* An object of the state, while it is checked. */
struct xsn_claimant {
        const struct xsnet_object *obj;
        const char *key; /* its identity, "" while it has none */
        /* for check_stack.c, which walks from what stands to what it stands on: */
        enum {
                XSN_WALK_NEW,
                XSN_WALK_OPEN,
                XSN_WALK_DONE
        } walk;
        struct xsn_claimant *above;
        size_t next;
};

struct xsn_claim; /* one name on one host, and who claimed it */

struct xsn_claims {
        struct xsn_hash hash;
        struct xsn_claim *newest; /* all of them, for their release */
        struct xsn_buf scratch;
        bool failed; /* there was no memory: what was found is not all */
};

/* May the items be about one object? Where that is not known before the target was seen: yes. */
bool xsn_claim_same(const struct xsn_claimant *a, const struct xsn_claimant *b);
/* Lays claim to a name on all hosts of `it`. */
void xsn_claim(struct xsn_claims *claims, int what, const char *name, struct xsn_claimant *it);
/* Who claimed a name first on a host of `it`, be it itself; NULL. */
struct xsn_claimant *xsn_claim_find(struct xsn_claims *claims, int what, const char *name,
                                    const struct xsn_claimant *it);
/* The same, passing over whoever may be the same object. */
struct xsn_claimant *xsn_claim_other(struct xsn_claims *claims, int what, const char *name,
                                     const struct xsn_claimant *it);
/* Lays claim to a name wherever it may be. Returns who had it first; NULL: nobody. */
struct xsn_claimant *xsn_claim_anywhere(struct xsn_claims *claims, int what, const char *name, struct xsn_claimant *it);
void xsn_claims_done(struct xsn_claims *claims);

/* What check_state.c and check_stack.c share. */
struct xsn_checker {
        const struct xsnet_state *state;
        struct xsnet_error **errs;
        struct xsn_claims claims;
        struct xsn_claimant *all;
        size_t n;
        struct xsn_buf other;
};

/* "bond 'bond0' at 3:5", for a message; borrowed until the next call. */
const char *xsn_checker_name(struct xsn_checker *c, const struct xsn_claimant *it);
/* The device names by which other items may refer to it, up to two; none for vifs. */
size_t xsn_claimant_devices(const struct xsn_claimant *it, const char *devices[2]);
/* Nothing stands on itself: claims, then the walk. */
void xsn_check_stack(struct xsn_checker *c);

#endif
