/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is generic over the rows of an object. The codec, the planner and the
 * backends read and write members through the structs of kinds.h, and tell with
 * xsn_object_mark() that a member was written.
 */
#ifndef MODEL_OBJECT_H
#define MODEL_OBJECT_H

#include <xsnet/object.h>

#include "base/error.h"
#include "model/kinds.h"

XSN_CLEANUP_DEFINE(xsnet_object_unref, struct xsnet_object);

/* -ENOMEM, or 0; no error object: the caller knows what it was making. */
int xsn_object_new(const struct xsn_class *cls, struct xsnet_object **ret_obj);
int xsn_object_copy(const struct xsnet_object *obj, struct xsnet_object **ret_obj);

/* The member of a row. */
static inline void *xsn_object_member(const struct xsnet_object *obj, const struct xsn_field *field)
{
        return (char *)(uintptr_t)obj + field->offset;
}

/* The bit of a field in the masks; 0 where the kind has none. */
uint64_t xsn_object_bit(const struct xsnet_object *obj, int field);
bool xsn_object_is_set(const struct xsnet_object *obj, int field);
/* A member was written: present, and no longer reset. */
void xsn_object_mark(struct xsnet_object *obj, int field);
/* Frees the member of row i; neither present nor reset. */
void xsn_object_clear_row(struct xsnet_object *obj, size_t i);
void xsn_object_clear(struct xsnet_object *obj, int field);
void xsn_object_reset_row(struct xsnet_object *obj, size_t i);
/* Row i := its default: the value where the row has one, else not set. 0 or -ENOMEM. */
int xsn_object_default_row(struct xsnet_object *obj, size_t i);
/*
 * May a wish reset the field? The identity, what is required, what selects and what is observed have no default to go
 * back to.
 */
bool xsn_object_can_reset(const struct xsn_class *cls, const struct xsn_field *field);
/* Copies row i: present, reset or neither. Both of one class. 0 or -ENOMEM. */
int xsn_object_copy_row(struct xsnet_object *dst, const struct xsnet_object *src, size_t i);

/* Shorthands for backends and tests; they mark. 0 or -ENOMEM. For members of type STR, by field id (else -EINVAL). */
int xsn_object_set_string(struct xsnet_object *obj, int field, const char *value);
/* NULL where it is not set (or no STR). */
const char *xsn_object_string(const struct xsnet_object *obj, int field);

/* Text of row i in a message, "unset" where it is not set. */
void xsn_object_format_row(const struct xsnet_object *obj, size_t i, struct xsn_buf *buf);

/* The identity within a host, "eth1.100". Empty while a key field is unset. */
void xsn_object_key(const struct xsnet_object *obj, struct xsn_buf *buf);
/* "vlan 'eth1.100'" ("vlan" while it has no identity), with " on host 'xs-1'" where it has a host: for messages. */
void xsn_object_describe(const struct xsnet_object *obj, struct xsn_buf *buf);
/* The one host of a resolved or observed object; "" for the pool's. */
const char *xsn_object_host(const struct xsnet_object *obj);
int xsn_object_set_host(struct xsnet_object *obj, const char *host);
/* Is it a name that a host may have? It may be NULL. 0 or -EINVAL. */
int xsn_host_check(const char *host, struct xsnet_error **ret_err);
/* The name of the network it is in, NULL: none. Its device (bond: status.device, else its name); NULL. */
const char *xsn_object_network(const struct xsnet_object *obj);
const char *xsn_object_device(const struct xsnet_object *obj);
/* Its MTU (of a device: as observed), 0: not known. The link part of PIFs of every kind, NULL for networks and vifs. */
uint32_t xsn_object_mtu(const struct xsnet_object *obj);
struct xsn_link *xsn_object_link(const struct xsnet_object *obj);

/*
 * Does row i of `observed` have to change to satisfy `desired`? Not where desired
 * leaves it alone, nor for status and selecting rows. A reset row differs from
 * anything but its default. Maps: only named keys count. Addresses: those that
 * others added are no difference.
 */
bool xsn_object_row_differs(const struct xsnet_object *observed, const struct xsnet_object *desired, size_t i);
/* The mask of the rows that differ. Both of one class. */
uint64_t xsn_object_diff(const struct xsnet_object *observed, const struct xsnet_object *desired);
/* The same kind, and every row in the same state with the same value (positions and payload apart). */
bool xsn_object_equal(const struct xsnet_object *a, const struct xsnet_object *b);
/*
 * Makes `obj` what `desired` asks for: values copied, maps merged by key, resets to defaults. Addresses
 * that others added are the planner's to keep. 0 or -ENOMEM.
 */
int xsn_object_overlay(struct xsnet_object *obj, const struct xsnet_object *desired);
/*
 * Joins two desired items for one object: -EINVAL "conflict" where both set a field to
 * different values, with both positions. `more` may be a pif item while `obj` is a bond,
 * VLAN or tunnel: its rows go by field number.
 */
int xsn_object_unite(struct xsnet_object *obj, const struct xsnet_object *more, struct xsnet_error **ret_err);

/* Appends to *errs what is wrong within the desired object. `source`: "host.yaml", or NULL. */
void xsn_object_check(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs);
/* The same of an object whose identity is known otherwise. */
void xsn_object_check_rules(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs);
/* "host.yaml:14:9 vlans[2].tag": the place of a row, or of the item (field 0); nothing for what no document has. */
void xsn_object_where(const struct xsnet_object *obj, const char *source, int field, struct xsn_buf *buf);
/* Adds an error to *errs whose place is a row's and whose message begins with the object: "vlan 'eth1.100': ...". */
int xsn_object_error(const struct xsnet_object *obj, const char *source, int field, struct xsnet_error **errs, int code,
                     const char *reason, const char *fmt, ...) XSN_PRINTF(7, 8);

#endif
