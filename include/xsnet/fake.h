/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_FAKE_H
#define XSNET_FAKE_H

#include <xsnet/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_fake - a target in memory, for tests
 *
 * It does what a real target would: devices are ports of bridges and bonds, a bond's
 * members lose their addresses, a VLAN cannot outlive its parent, and steps in a wrong
 * order fail. Several engines may share one, in one thread. The URI
 * "fake:NAME?hosts=h1,h2&caps=linux&fail=3&delay=2:50&lose=4" makes one that lives as
 * long as its engine; nothing in it reaches the test but through the engine.
 *
 * Operations are counted for faults: each observation is one, and each step. After each
 * step the whole target is looked through for what a real one would not allow: some
 * thousand objects are made in seconds, ten thousand in a minute.
 */
struct xsnet_fake;

/* What a fake target can do. */
enum {
        XSNET_FAKE_ALL = 1,   /* every field; VIFs are made and removed like anything else */
        XSNET_FAKE_LINUX = 2, /* what "linux:" can; VIFs wait for their device */
        XSNET_FAKE_POOL = 3   /* what a pool can: networks are not a host's but the pool's */
};

/**
 * xsnet_fake_new - make a target in memory
 * @name:     of its one host, and of the target: "fake:NAME"; copied
 * @caps:     one of XSNET_FAKE_*
 * @ret_fake: on success, a new reference; release with xsnet_fake_unref()
 *
 * Returns: 0; -EINVAL; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_fake_new(const char *name, int caps, struct xsnet_fake **ret_fake, struct xsnet_error **ret_err);

/**
 * xsnet_fake_ref - take another reference
 *
 * Returns: @fake.
 * Since: 0.1
 */
struct xsnet_fake *xsnet_fake_ref(struct xsnet_fake *fake);

/**
 * xsnet_fake_unref - drop a reference
 * @fake: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_fake *xsnet_fake_unref(struct xsnet_fake *fake);

/**
 * xsnet_fake_add_host - add a host to a pool
 * @host: copied
 *
 * Returns: 0; -EINVAL for what is no name; -EEXIST; -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_add_host(struct xsnet_fake *fake, const char *host, struct xsnet_error **ret_err);

/**
 * xsnet_fake_set_state - set what the target has
 * @state: copied; objects that name no host are on each of them
 *
 * Returns: 0; -EINVAL for an object without its identity or of an unknown host; -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_set_state(struct xsnet_fake *fake, struct xsnet_state *state, struct xsnet_error **ret_err);

/**
 * xsnet_fake_get_state - see what the target has
 * @ret_state: on success, a new reference: in a fixed order, with status fields
 *
 * Returns: 0; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_fake_get_state(struct xsnet_fake *fake, struct xsnet_state **ret_state, struct xsnet_error **ret_err);

/**
 * xsnet_fake_add_object - have an object appear or change by itself
 * @obj: copied; takes the place of the one with its identity; a VIF's device, for instance
 *
 * Watches are told.
 *
 * Returns: 0; -EINVAL as xsnet_fake_set_state(); -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_add_object(struct xsnet_fake *fake, struct xsnet_object *obj, struct xsnet_error **ret_err);

/**
 * xsnet_fake_remove_object - have an object go by itself
 * @obj: any with its identity
 *
 * Watches are told.
 *
 * Returns: 0; -ENOENT where there is none; -EINVAL as xsnet_fake_set_state(); -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_remove_object(struct xsnet_fake *fake, struct xsnet_object *obj, struct xsnet_error **ret_err);

/**
 * xsnet_fake_add_failure - have an operation fail
 * @nth:  1: the next one; it has no effect
 * @code: what it fails with: a negative errno value; -ESTALE stands for a target that
 *        changed since it was observed
 *
 * Returns: 0; -EINVAL; -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_add_failure(struct xsnet_fake *fake, unsigned int nth, int code, struct xsnet_error **ret_err);

/**
 * xsnet_fake_add_delay - have an operation take its time
 * @nth: 1: the next one; its effect comes at the end
 *
 * Returns: 0; -EINVAL; -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_add_delay(struct xsnet_fake *fake, unsigned int nth, unsigned int ms, struct xsnet_error **ret_err);

/**
 * xsnet_fake_add_loss - have the answer of an operation get lost
 * @nth: 1: the next one; it has its effect, and nobody hears of it
 *
 * Returns: 0; -EINVAL; -ENOMEM.
 * Since: 0.1
 */
int xsnet_fake_add_loss(struct xsnet_fake *fake, unsigned int nth, struct xsnet_error **ret_err);

/**
 * xsnet_fake_get_operation_count - how many operations there were
 *
 * Returns: observations and steps, with those that failed.
 * Since: 0.1
 */
unsigned int xsnet_fake_get_operation_count(struct xsnet_fake *fake);

/**
 * xsnet_fake_get_write_count - how many steps had an effect
 *
 * Returns: the number.
 * Since: 0.1
 */
unsigned int xsnet_fake_get_write_count(struct xsnet_fake *fake);

/**
 * xsnet_engine_add_fake - add a target in memory
 * @fake: the engine takes a reference of its own
 *
 * Returns: 0; -EEXIST for a second target of that name; -EBUSY during an operation or
 * while watched; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_engine_add_fake(struct xsnet_engine *engine, struct xsnet_fake *fake, struct xsnet_error **ret_err);

#ifdef __cplusplus
}
#endif

#endif
