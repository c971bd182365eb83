/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which items of a desired state are to be applied again, given what a target has. It may say
 * an item too many, for which the plan finds nothing to do, but not one too few: an
 * item that names a device, say, is said when that device appears.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/known.h"

/* An object with its identity as text, which is compared with many items. */
struct subject {
        const struct xsnet_object *obj;
        char *key;
        const char *host, *device;
};

static bool same(const char *a, const char *b)
{
        return a && b && !strcmp(a, b);
}

static bool is_for_host(const struct xsnet_object *item, const char *host)
{
        /* A host may go by another name: only a plan knows. */
        return !item->hosts.n || !*host || xsn_strs_has(&item->hosts, host) || item->hosts.n > 1;
}

static bool has_key(const struct xsnet_object *obj, const char *key)
{
        _cleanup_(xsn_freep) char *mine = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_key(obj, &buf);
        return xsn_buf_take(&buf, &mine) < 0 || !strcmp(mine, key); /* no memory: better one too many */
}

static bool selects(const struct xsnet_object *item)
{
        static const int fields[] = { XSNET_FIELD_MATCH_MAC, XSNET_FIELD_MATCH_POSITION, XSNET_FIELD_MATCH_PCI,
                                      XSNET_FIELD_MATCH_DRIVER, XSNET_FIELD_RENAME };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (xsn_object_is_set(item, fields[i]))
                        return true;
        return false;
}

/* A network by its bridge, a PIF of any kind by its device, a NIC by what selects it. */
static bool is_about(const struct xsnet_object *item, const struct subject *subject)
{
        const struct xsnet_object *obj = subject->obj;
        bool linked = xsn_object_link(obj);

        if (!is_for_host(item, subject->host))
                return false;
        if (item->cls->kind == XSNET_KIND_PIF && linked)
                return same(xsn_object_device(item), subject->device) || (XSN_PIF(obj) && selects(item));
        if (item->cls != obj->cls)
                return false;
        return has_key(item, subject->key) ||
               (!XSN_VIF(obj) && subject->device && same(xsn_object_device(item), subject->device));
}

/* Does the item name the device that appeared? */
static bool names(const struct xsnet_object *item, const struct subject *subject)
{
        if (!subject->device || !is_for_host(item, subject->host))
                return false;
        switch (item->cls->kind) {
        case XSNET_KIND_BOND:
                return xsn_strs_has(&XSN_BOND(item)->members, subject->device);
        case XSNET_KIND_VLAN:
                return same(XSN_VLAN(item)->pif, subject->device);
        case XSNET_KIND_TUNNEL:
                return same(XSN_TUNNEL(item)->transport, subject->device);
        default:
                return false;
        }
}

/* An absent VIF is content without a network, as its device is not ours. */
static bool is_satisfied(const struct xsnet_object *item, const struct xsnet_object *obj)
{
        if (item->absent)
                return XSN_VIF(obj) && !xsn_object_network(obj);
        return item->cls == obj->cls && !selects(item) && !xsn_object_diff(obj, item);
}

/* ---- the part of a state ---- */

static int begin_part(const struct xsnet_state *desired, struct xsnet_state **ret_part)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *part = NULL;

        if (xsn_state_new(&part) < 0)
                return -ENOMEM;
        part->owner = desired->owner ? xsn_strdup(desired->owner) : NULL;
        part->source = desired->source ? xsn_strdup(desired->source) : NULL;
        if ((desired->owner && !part->owner) || (desired->source && !part->source))
                return -ENOMEM;
        for (size_t i = 0; i < desired->n_hosts; i++) {
                struct xsn_host *host;

                if (xsn_state_add_host(part, desired->hosts[i].name, &host) < 0 ||
                    xsn_value_copy(xsn_type_of(XSNET_TYPE_STRS), &host->uris, &desired->hosts[i].uris) < 0)
                        return -ENOMEM;
                host->pos = desired->hosts[i].pos;
        }
        *ret_part = XSN_TAKE(part);
        return 0;
}

static int add_item(const struct xsnet_state *desired, struct xsnet_object *item, struct xsnet_state **part)
{
        if (!*part && begin_part(desired, part) < 0)
                return -ENOMEM;
        return xsn_state_add(*part, item);
}

static int subject_of(const struct xsnet_object *obj, struct subject *subject)
{
        struct xsn_buf buf = { 0 };

        *subject = (struct subject){
                .obj = obj,
                .host = xsn_object_host(obj),
                .device = xsn_object_device(obj),
        };
        xsn_object_key(obj, &buf);
        return xsn_buf_take(&buf, &subject->key);
}

/* Is there an object that satisfies the item? */
static bool is_met(const struct xsnet_object *item, const struct xsn_known *known)
{
        for (size_t i = 0; i < known->n; i++) {
                _cleanup_(xsn_freep) char *key = NULL;
                struct subject subject;

                if (known->entries[i]->obj->cls != item->cls || subject_of(known->entries[i]->obj, &subject) < 0)
                        continue;
                key = subject.key;
                if (is_about(item, &subject) && is_satisfied(item, subject.obj))
                        return true;
        }
        return false;
}

static bool is_unsatisfied(const struct xsnet_object *item, const struct subject *subject,
                           const struct xsn_known *known, bool gone, bool appeared)
{
        if (is_about(item, subject))
                return gone ? !item->absent && !XSN_VIF(item) : !is_satisfied(item, subject->obj);
        return appeared && !item->absent && names(item, subject) && !is_met(item, known);
}

/* Does the item stand in the network, or on the device, that the other one makes? */
static bool needs(const struct xsnet_object *item, const struct xsnet_object *other)
{
        struct subject subject = { .obj = other, .host = "", .device = xsn_object_device(other) };

        if (item == other || other->absent)
                return false;
        return XSN_NETWORK(other) ? same(xsn_object_network(item), XSN_NETWORK(other)->name) : names(item, &subject);
}

static bool has_item(const struct xsnet_state *part, const struct xsnet_object *item)
{
        for (size_t i = 0; i < part->n_objects; i++)
                if (part->objects[i] == item)
                        return true;
        return false;
}

/* What went together is told one by one: the items that those of the part need come along where they are not met. */
static int add_needed(const struct xsnet_state *desired, const struct xsn_known *known, struct xsnet_state *part)
{
        for (size_t i = 0; part && i < part->n_objects; i++) {
                for (size_t j = 0; j < desired->n_objects; j++) {
                        struct xsnet_object *other = desired->objects[j];

                        if (!needs(part->objects[i], other) || has_item(part, other) || is_met(other, known))
                                continue;
                        if (xsn_state_add(part, other) < 0)
                                return -ENOMEM;
                }
        }
        return 0;
}

int xsn_drift_of(const struct xsnet_state *desired, const struct xsn_known *known, const struct xsnet_object *obj,
                 bool gone, bool appeared, struct xsnet_state **ret_state)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *part = NULL;
        _cleanup_(xsn_freep) char *key = NULL;
        struct subject subject;

        if (!desired) {
                *ret_state = NULL;
                return 0;
        }
        if (subject_of(obj, &subject) < 0)
                return -ENOMEM;
        key = subject.key;
        for (size_t i = 0; i < desired->n_objects; i++)
                if (is_unsatisfied(desired->objects[i], &subject, known, gone, appeared) &&
                    add_item(desired, desired->objects[i], &part) < 0)
                        return -ENOMEM;
        if (add_needed(desired, known, part) < 0)
                return -ENOMEM;
        *ret_state = XSN_TAKE(part);
        return 0;
}

/* ---- against all that is known ---- */

/* Marks the items that an object is about: bit 0: it has an object, bit 1: that does not satisfy it. */
static int mark(const struct xsnet_state *desired, const struct xsn_known *known, unsigned char *marks)
{
        for (size_t k = 0; k < known->n; k++) {
                _cleanup_(xsn_freep) char *key = NULL;
                struct subject subject;

                if (subject_of(known->entries[k]->obj, &subject) < 0)
                        return -ENOMEM;
                key = subject.key;
                for (size_t i = 0; i < desired->n_objects; i++)
                        if (is_about(desired->objects[i], &subject))
                                marks[i] |= is_satisfied(desired->objects[i], subject.obj) ? 1 : 3;
        }
        return 0;
}

int xsn_drift_of_all(const struct xsnet_state *desired, const struct xsn_known *const *knowns, size_t n_knowns,
                     struct xsnet_state **ret_state)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *part = NULL;
        _cleanup_(xsn_freep) unsigned char *marks = NULL;

        if (!desired) {
                *ret_state = NULL;
                return 0;
        }
        marks = xsn_alloc(desired->n_objects + 1);
        if (!marks)
                return -ENOMEM;
        for (size_t i = 0; i < n_knowns; i++)
                if (mark(desired, knowns[i], marks) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < desired->n_objects; i++) {
                struct xsnet_object *item = desired->objects[i];
                bool missing = !marks[i] && !item->absent && !XSN_VIF(item);

                if ((missing || marks[i] == 3) && add_item(desired, item, &part) < 0)
                        return -ENOMEM;
        }
        *ret_state = XSN_TAKE(part);
        return 0;
}
