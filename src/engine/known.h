/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch knows of a target: each object as it was last told of, found by its identity. */
#ifndef ENGINE_KNOWN_H
#define ENGINE_KNOWN_H

#include "model/state.h"

struct xsn_known_entry {
        char *key; /* "KIND/HOST/KEY", owned */
        struct xsnet_object *obj; /* a reference */
        bool seen; /* by the comparison under way */
};

/* A difference that was found, and is to be told. */
struct xsn_change {
        int what; /* XSNET_EVENT_* */
        struct xsnet_object *obj; /* a reference */
};

struct xsn_known {
        struct xsn_change *untold; /* those from next_untold on */
        size_t n_untold, next_untold;
        struct xsn_known_entry **entries;
        size_t n, cap;
        struct xsn_hash index; /* key -> entry */
};

void xsn_known_clear(struct xsn_known *known);
void xsn_known_forget_untold(struct xsn_known *known);
/* Puts an object in the place of the one with its identity. 0 or -ENOMEM. */
int xsn_known_put(struct xsn_known *known, struct xsnet_object *obj, struct xsn_known_entry **ret_entry);
/* Takes it out. */
void xsn_known_remove(struct xsn_known *known, size_t i);
/* The entry of the object's identity, NULL: none; `*ret_oom` where there was no memory to look. */
struct xsn_known_entry *xsn_known_find(const struct xsn_known *known, const struct xsnet_object *obj, bool *ret_oom);

/*
 * The items of `desired` that are about an object of what is known, and that it does not satisfy;
 * `gone`: as it is no longer there; `appeared`: also those that stand on its device, and for
 * which there is no object yet. NULL: there are none.
 */
int xsn_drift_of(const struct xsnet_state *desired, const struct xsn_known *known, const struct xsnet_object *obj,
                 bool gone, bool appeared, struct xsnet_state **ret_state);
/* The items that what is known, of all the targets, does not satisfy. */
int xsn_drift_of_all(const struct xsnet_state *desired, const struct xsn_known *const *knowns, size_t n_knowns,
                     struct xsnet_state **ret_state);

#endif
