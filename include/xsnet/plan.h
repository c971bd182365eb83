/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_PLAN_H
#define XSNET_PLAN_H

#include <stddef.h>

#include <xsnet/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_plan - the ordered steps from an observed state to a desired one
 *
 * A plan is data: it can be printed and kept, and it can be applied as long as the
 * objects that it assumed are as they were. It is immutable.
 */
struct xsnet_plan;

/**
 * struct xsnet_step - one step of a plan; borrowed from it
 */
struct xsnet_step;

/* What a step does to its object. */
enum { XSNET_STEP_CREATE = 1, XSNET_STEP_CHANGE = 2, XSNET_STEP_REMOVE = 3 };

/* Whom a step hurts, from nobody to everybody on the device; greater is worse. */
enum {
        XSNET_DISRUPTION_NONE = 0,  /* no frame is lost */
        XSNET_DISRUPTION_FLAP = 1,  /* traffic stops for moments */
        XSNET_DISRUPTION_OUTAGE = 2 /* traffic stops for long or for good */
};

/* The form of xsnet_plan_dump(). */
enum { XSNET_PLAN_TEXT = 1, XSNET_PLAN_JSON = 2 };

/**
 * xsnet_plan_ref - take another reference
 *
 * Returns: @plan.
 * Since: 0.1
 */
struct xsnet_plan *xsnet_plan_ref(struct xsnet_plan *plan);

/**
 * xsnet_plan_unref - drop a reference
 * @plan: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_plan *xsnet_plan_unref(struct xsnet_plan *plan);

/**
 * xsnet_plan_get_count - how many steps there are
 *
 * Returns: the number; 0: there is nothing to do, and applying writes nothing.
 * Since: 0.1
 */
size_t xsnet_plan_get_count(struct xsnet_plan *plan);

/**
 * xsnet_plan_get_at - the steps, in order
 *
 * Returns: a step, borrowed until @plan is released; NULL beyond the end.
 * Since: 0.1
 */
const struct xsnet_step *xsnet_plan_get_at(struct xsnet_plan *plan, size_t index);

/**
 * xsnet_plan_get_disruption - the worst of the steps
 *
 * Returns: one of XSNET_DISRUPTION_*.
 * Since: 0.1
 */
int xsnet_plan_get_disruption(struct xsnet_plan *plan);

/**
 * xsnet_plan_get_note_at - what the plan has to say besides its steps
 * @index: from 0
 *
 * Other managers of a device, values that the target rounds, hosts that were left out.
 *
 * Returns: a sentence, borrowed until @plan is released; NULL beyond the end.
 * Since: 0.1
 */
const char *xsnet_plan_get_note_at(struct xsnet_plan *plan, size_t index);

/**
 * xsnet_plan_get_waiting_at - the VIFs whose device is not there yet
 * @index: from 0
 *
 * Returns: a desired object, borrowed until @plan is released; NULL beyond the end.
 * Since: 0.1
 */
struct xsnet_object *xsnet_plan_get_waiting_at(struct xsnet_plan *plan, size_t index);

/**
 * xsnet_plan_dump - print a plan
 * @form:     XSNET_PLAN_TEXT for people, XSNET_PLAN_JSON for programs
 * @ret_text: on success, NUL-terminated; the caller's, released with free()
 *
 * Returns: 0; -EINVAL for an unknown form; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_plan_dump(struct xsnet_plan *plan, int form, char **ret_text, struct xsnet_error **ret_err);

/**
 * xsnet_step_get_verb - what a step does
 *
 * Returns: one of XSNET_STEP_*.
 * Since: 0.1
 */
int xsnet_step_get_verb(const struct xsnet_step *step);

/**
 * xsnet_step_get_wave - when a step is done
 *
 * Returns: from 1; the steps of one wave do not depend on each other.
 * Since: 0.1
 */
unsigned int xsnet_step_get_wave(const struct xsnet_step *step);

/**
 * xsnet_step_get_from - the object as it was observed
 *
 * Returns: borrowed until the plan is released; NULL where the step creates it.
 * Since: 0.1
 */
struct xsnet_object *xsnet_step_get_from(const struct xsnet_step *step);

/**
 * xsnet_step_get_to - the object as it will be
 *
 * Returns: borrowed until the plan is released; NULL where the step removes it.
 * Since: 0.1
 */
struct xsnet_object *xsnet_step_get_to(const struct xsnet_step *step);

/**
 * xsnet_step_has_field - does the step change a field?
 * @field: one of XSNET_FIELD_*
 *
 * Returns: 1 or 0.
 * Since: 0.1
 */
int xsnet_step_has_field(const struct xsnet_step *step, int field);

/**
 * xsnet_step_get_disruption - whom the step hurts
 *
 * Returns: one of XSNET_DISRUPTION_*.
 * Since: 0.1
 */
int xsnet_step_get_disruption(const struct xsnet_step *step);

/**
 * xsnet_step_get_management - does the host's management ride on the device?
 *
 * Returns: 1 or 0.
 * Since: 0.1
 */
int xsnet_step_get_management(const struct xsnet_step *step);

/**
 * xsnet_step_get_storage - does storage ride on the device?
 *
 * Returns: 1 or 0.
 * Since: 0.1
 */
int xsnet_step_get_storage(const struct xsnet_step *step);

/**
 * xsnet_step_get_vif_count - how many VIFs ride on the device
 *
 * Returns: the number.
 * Since: 0.1
 */
size_t xsnet_step_get_vif_count(const struct xsnet_step *step);

/**
 * xsnet_step_get_irreversible - is there a part that a rollback cannot restore?
 *
 * Returns: a sentence that says what, borrowed until the plan is released; NULL where
 * all can be restored.
 * Since: 0.1
 */
const char *xsnet_step_get_irreversible(const struct xsnet_step *step);

#ifdef __cplusplus
}
#endif

#endif
