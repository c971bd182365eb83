/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_STATE_H
#define XSNET_STATE_H

#include <stddef.h>

#include <xsnet/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_state - a set of objects: what is desired, or what was observed
 */
struct xsnet_state;

/**
 * xsnet_state_new - make an empty state
 * @ret_state: on success, a new reference; release with xsnet_state_unref()
 *
 * Returns: 0; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_state_new(struct xsnet_state **ret_state, struct xsnet_error **ret_err);

/**
 * xsnet_state_ref - take another reference
 *
 * Returns: @state.
 * Since: 0.1
 */
struct xsnet_state *xsnet_state_ref(struct xsnet_state *state);

/**
 * xsnet_state_unref - drop a reference
 * @state: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_state *xsnet_state_unref(struct xsnet_state *state);

/**
 * xsnet_state_add - add an object
 * @obj: the state takes a reference of its own
 *
 * Two items may describe one object; they are merged when a plan is made.
 *
 * Returns: 0; -ENOMEM.
 * Since: 0.1
 */
int xsnet_state_add(struct xsnet_state *state, struct xsnet_object *obj, struct xsnet_error **ret_err);

/**
 * xsnet_state_remove - take an object out
 *
 * Returns: 0; -ENOENT where it is not in the state.
 * Since: 0.1
 */
int xsnet_state_remove(struct xsnet_state *state, struct xsnet_object *obj);

/**
 * xsnet_state_get_count - how many objects there are
 *
 * Returns: the number.
 * Since: 0.1
 */
size_t xsnet_state_get_count(struct xsnet_state *state);

/**
 * xsnet_state_get_at - the objects, one by one, in the order they were added
 *
 * Returns: an object, borrowed until the state changes or is released; NULL beyond the end.
 * Since: 0.1
 */
struct xsnet_object *xsnet_state_get_at(struct xsnet_state *state, size_t index);

/**
 * xsnet_state_find - find an object
 * @kind: one of XSNET_KIND_*
 * @host: NULL: on any host; "": those without a host of their own, as a pool's networks
 * @key:  as xsnet_object_get_key() told it when the object was added
 *
 * Returns: the first such object, borrowed until the state changes or is released;
 * NULL where there is none.
 * Since: 0.1
 */
struct xsnet_object *xsnet_state_find(struct xsnet_state *state, int kind, const char *host, const char *key);

/**
 * xsnet_state_set_owner - say who wants this state
 * @owner: [A-Za-z0-9._-]{1,63}; copied; NULL: nobody, nothing is marked
 *
 * Returns: 0; -EINVAL; -ENOMEM.
 * Since: 0.1
 */
int xsnet_state_set_owner(struct xsnet_state *state, const char *owner, struct xsnet_error **ret_err);

/**
 * xsnet_state_get_owner - who wants this state
 *
 * Returns: borrowed until it changes or the state is released; NULL: nobody.
 * Since: 0.1
 */
const char *xsnet_state_get_owner(struct xsnet_state *state);

/**
 * xsnet_state_set_prune - have the owner's objects that are not named removed
 * @prune: 0 or 1
 *
 * A state that is to prune needs an owner, see xsnet_state_set_owner(); one without is refused when it is checked.
 *
 * Since: 0.1
 */
void xsnet_state_set_prune(struct xsnet_state *state, int prune);

/**
 * xsnet_state_get_prune - are the owner's objects that are not named to be removed?
 *
 * Returns: 0 or 1.
 * Since: 0.1
 */
int xsnet_state_get_prune(struct xsnet_state *state);

/**
 * xsnet_state_check - find what is wrong within a state, whatever the target
 *
 * Ranges, members, duplicate devices and tags, cycles, MTUs, addresses: all that
 * can be known before a target was observed.
 *
 * Returns: 0; -EINVAL, with all errors in @ret_err, see xsnet_error_get_next(); -ENOMEM.
 * Since: 0.1
 */
int xsnet_state_check(struct xsnet_state *state, struct xsnet_error **ret_err);

#ifdef __cplusplus
}
#endif

#endif
