/* SPDX-License-Identifier: Apache-2.0 */
/* A state: objects in order, an index by identity, and the hosts that it speaks of. */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include <xsnet/state.h>

#include "base/hash.h"
#include "model/object.h"

XSN_CLEANUP_DEFINE(xsnet_state_unref, struct xsnet_state);

/* A host of an observed state, or a label of a document's `hosts:`. */
struct xsn_host {
        char *name;  /* the label; of an observed host its node name */
        char *uuid;  /* observed, NULL: none */
        char *label; /* observed: XAPI's name-label, NULL: none */
        struct xsn_list uris; /* desired: where to reach it */
        struct xsn_pos pos;
};

struct xsn_index_key;

enum { XSN_INDEX_HOST = 1 << 0, XSN_INDEX_ANY = 1 << 1 };

struct xsnet_state {
        unsigned refs;
        struct xsnet_object **objects; /* each a reference */
        size_t n_objects, cap_objects;
        struct xsn_host *hosts;
        size_t n_hosts, cap_hosts;
        struct xsn_hash index; /* kind, host and key -> object; built on the first find, dropped when an object goes */
        struct xsn_index_key *index_keys; /* the keys' memory */
        unsigned indexed; /* XSN_INDEX_*: the ways of looking that the index serves so far */
        struct xsn_hash host_index; /* a host's name -> its place in hosts, plus one */
        char *owner;
        char *source; /* the document's name, for messages; NULL: none */
        bool prune;
        struct xsn_pos prune_pos; /* of `prune` in the document */
        uint64_t checked; /* what xsn_state_set_checked() counted; 0: not checked */
};

int xsn_state_new(struct xsnet_state **ret_state);
/* Copies the objects too. */
int xsn_state_copy(const struct xsnet_state *state, struct xsnet_state **ret_state);
/* The state takes a reference. 0 or -ENOMEM. */
int xsn_state_add(struct xsnet_state *state, struct xsnet_object *obj);
void xsn_state_remove_at(struct xsnet_state *state, size_t i);
/* Call after changing a key field of an object that is in the state. */
void xsn_state_touch(struct xsnet_state *state);
/* Adds a host, or returns the one of that name; borrowed until the next is added. 0 or -ENOMEM. */
int xsn_state_add_host(struct xsnet_state *state, const char *name, struct xsn_host **ret_host);

/*
 * A state that was found right is not checked again before it is planned, unless an object came, went, or was
 * changed meanwhile. Objects count their changes, and never back.
 */
void xsn_state_set_checked(struct xsnet_state *state);
bool xsn_state_is_checked(const struct xsnet_state *state);

/*
 * Everything within the document: each object's own rules, then duplicates, cycles,
 * member use, tags, MTUs and addresses across objects. Names that the document does
 * not make are left to the planner, which knows the target. Appends to *errs.
 */
void xsn_state_check(const struct xsnet_state *state, struct xsnet_error **errs);

#endif
