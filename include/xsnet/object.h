/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_OBJECT_H
#define XSNET_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include <xsnet/error.h>
#include <xsnet/kind.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct xsnet_object - one network, PIF, bond, VLAN, tunnel or VIF
 *
 * Each field is in one of three states: not set (left alone), set to a value, or
 * reset (to be put back to its default). Fields are read and written by number.
 */
struct xsnet_object;

/**
 * xsnet_object_new - make an object with no fields set
 * @kind:    one of XSNET_KIND_*
 * @ret_obj: on success, a new reference; release with xsnet_object_unref()
 * @ret_err: on failure, why; free with xsnet_error_free(); may be NULL
 *
 * Returns: 0; -EINVAL for an unknown kind; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_object_new(int kind, struct xsnet_object **ret_obj, struct xsnet_error **ret_err);

/**
 * xsnet_object_ref - take another reference
 *
 * Returns: @obj.
 * Since: 0.1
 */
struct xsnet_object *xsnet_object_ref(struct xsnet_object *obj);

/**
 * xsnet_object_unref - drop a reference
 * @obj: may be NULL
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct xsnet_object *xsnet_object_unref(struct xsnet_object *obj);

/**
 * xsnet_object_copy - make an object with the same fields
 * @ret_obj: on success, a new reference
 *
 * Returns: 0; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_object_copy(struct xsnet_object *obj, struct xsnet_object **ret_obj, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_kind - the kind of an object
 *
 * Returns: one of XSNET_KIND_*.
 * Since: 0.1
 */
int xsnet_object_get_kind(struct xsnet_object *obj);

/**
 * xsnet_object_get_key - the identity of an object on its host
 * @ret_key: on success, "eth1.100" of a VLAN, for instance; the caller's, released with free()
 *
 * Returns: 0; -ENODATA while a field of the identity is not set; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_object_get_key(struct xsnet_object *obj, char **ret_key, struct xsnet_error **ret_err);

/**
 * xsnet_object_has - is a field set to a value?
 *
 * Returns: 1 or 0; -ENOENT where the kind has no such field.
 * Since: 0.1
 */
int xsnet_object_has(struct xsnet_object *obj, int field);

/**
 * xsnet_object_is_reset - is a field to be put back to its default?
 *
 * Returns: 1 or 0; -ENOENT where the kind has no such field.
 * Since: 0.1
 */
int xsnet_object_is_reset(struct xsnet_object *obj, int field);

/**
 * xsnet_object_reset - have a field put back to its default
 *
 * Returns: 0; -ENOENT where the kind has no such field; -EINVAL "no-default" for a field of the
 * identity, one that is required to make the object, and a status field.
 * Since: 0.1
 */
int xsnet_object_reset(struct xsnet_object *obj, int field, struct xsnet_error **ret_err);

/**
 * xsnet_object_remove - forget a field: neither set nor reset
 *
 * Returns: 0; -ENOENT where the kind has no such field.
 * Since: 0.1
 */
int xsnet_object_remove(struct xsnet_object *obj, int field, struct xsnet_error **ret_err);

/**
 * xsnet_object_set_bool - set a field of type XSNET_TYPE_BOOL
 * @value: 0 or 1
 *
 * Returns: 0; -ENOENT where the kind has no such field; -EINVAL for another type or value.
 * Since: 0.1
 */
int xsnet_object_set_bool(struct xsnet_object *obj, int field, int value, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_bool - read a field of type XSNET_TYPE_BOOL
 * @ret_value: on success, 0 or 1
 *
 * Returns: 0; -ENODATA where it is not set; -ENOENT; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_get_bool(struct xsnet_object *obj, int field, int *ret_value);

/**
 * xsnet_object_set_u32 - set a field of type XSNET_TYPE_U32 or XSNET_TYPE_ENUM
 *
 * Returns: 0; -ERANGE, with the range in the message; -ENOENT where the kind has no
 * such field; -EINVAL for another type or an unknown enum value.
 * Since: 0.1
 */
int xsnet_object_set_u32(struct xsnet_object *obj, int field, uint32_t value, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_u32 - read a field of type XSNET_TYPE_U32 or XSNET_TYPE_ENUM
 * @ret_value: on success, the number; 0 for an enum value that this version does not know
 *
 * Returns: 0; -ENODATA where it is not set; -ENOENT; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_get_u32(struct xsnet_object *obj, int field, uint32_t *ret_value);

/**
 * xsnet_object_set_u64 - set a field of type XSNET_TYPE_RATE, in bit/s
 *
 * Returns: 0; -ERANGE; -ENOENT where the kind has no such field; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_set_u64(struct xsnet_object *obj, int field, uint64_t value, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_u64 - read a field of type XSNET_TYPE_RATE, in bit/s
 *
 * Returns: 0; -ENODATA where it is not set; -ENOENT; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_get_u64(struct xsnet_object *obj, int field, uint64_t *ret_value);

/**
 * xsnet_object_set_mac - set a field of type XSNET_TYPE_MAC
 * @mac: six bytes, copied
 *
 * Returns: 0; -ENOENT where the kind has no such field; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_set_mac(struct xsnet_object *obj, int field, const uint8_t *mac, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_mac - read a field of type XSNET_TYPE_MAC
 * @ret_mac: on success, six bytes
 *
 * Returns: 0; -ENODATA where it is not set; -ENOENT; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_get_mac(struct xsnet_object *obj, int field, uint8_t *ret_mac);

/**
 * xsnet_object_set_str - set a scalar field from text, as a document would write it
 * @text: "9000", "80Mbit", "active-backup", "192.0.2.1"; copied
 *
 * Works for every type but lists and maps.
 *
 * Returns: 0; -EINVAL and -ERANGE, with what was expected and found; -ENOENT where
 * the kind has no such field; -ENOMEM.
 * Since: 0.1
 */
int xsnet_object_set_str(struct xsnet_object *obj, int field, const char *text, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_str - read a field as text
 * @ret_text: on success, a scalar as a document would write it, a list or map in flow
 *            form; the caller's, released with free()
 *
 * Returns: 0; -ENODATA where it is not set; -ENOENT where the kind has no such field; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_object_get_str(struct xsnet_object *obj, int field, char **ret_text);

/**
 * xsnet_object_add_item - append to a list
 * @text: "eth3", "172.16.0.10/27", "10.0.0.0/8 via 192.0.2.1 metric 5"; copied
 *
 * Sets the field. A field set to an empty list is one whose items were all removed.
 *
 * Returns: 0; -EINVAL and -ERANGE, with what was expected and found; -EEXIST for an
 * item that a list without order has already; -ENOENT where the kind has no such
 * field; -ENOMEM.
 * Since: 0.1
 */
int xsnet_object_add_item(struct xsnet_object *obj, int field, const char *text, struct xsnet_error **ret_err);

/**
 * xsnet_object_remove_items - set a list or map to the empty one
 *
 * Returns: 0; -ENOENT where the kind has no such field; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_remove_items(struct xsnet_object *obj, int field, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_count - how many items a list or map has
 *
 * Returns: the number, 0 where it is not set.
 * Since: 0.1
 */
size_t xsnet_object_get_count(struct xsnet_object *obj, int field);

/**
 * xsnet_object_get_item - an item of a list, or a key of a map, as text
 * @index:    0 .. xsnet_object_get_count() - 1
 * @ret_text: on success, the caller's, released with free()
 *
 * Returns: 0; -ENOENT beyond the end; -EINVAL for a scalar; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_object_get_item(struct xsnet_object *obj, int field, size_t index, char **ret_text);

/**
 * xsnet_object_set_entry - set a key of a map
 * @key:   copied
 * @value: copied; NULL has the key deleted where it is
 *
 * Both are UTF-8; of the control characters below U+0020 they may have tab, new line and return.
 *
 * Returns: 0; -ENOENT where the kind has no such field; -EINVAL for another type and for
 * what is no such text; -ENOMEM.
 * Since: 0.1
 */
int xsnet_object_set_entry(struct xsnet_object *obj, int field, const char *key, const char *value,
                           struct xsnet_error **ret_err);

/**
 * xsnet_object_get_entry - the value of a key of a map
 * @ret_value: on success, borrowed until the field changes or @obj is released; NULL
 *             where the key is to be deleted
 *
 * Returns: 0; -ENODATA where the key is not there; -ENOENT where the kind has no such
 * field; -EINVAL for another type.
 * Since: 0.1
 */
int xsnet_object_get_entry(struct xsnet_object *obj, int field, const char *key, const char **ret_value);

/**
 * xsnet_object_set_absent - have the object removed
 * @absent: 0 or 1
 *
 * Since: 0.1
 */
void xsnet_object_set_absent(struct xsnet_object *obj, int absent);

/**
 * xsnet_object_get_absent - is the object to be removed?
 *
 * Returns: 0 or 1.
 * Since: 0.1
 */
int xsnet_object_get_absent(struct xsnet_object *obj);

/**
 * xsnet_object_set_adopt - allow the object to be taken over from another owner
 * @adopt: 0 or 1
 *
 * Since: 0.1
 */
void xsnet_object_set_adopt(struct xsnet_object *obj, int adopt);

/**
 * xsnet_object_get_adopt - may the object be taken over from another owner?
 *
 * Returns: 0 or 1.
 * Since: 0.1
 */
int xsnet_object_get_adopt(struct xsnet_object *obj);

/**
 * xsnet_object_get_owner - the mark that an observed object carries
 *
 * Returns: the owner, borrowed until @obj is released; NULL where it carries none.
 * Since: 0.1
 */
const char *xsnet_object_get_owner(struct xsnet_object *obj);

/**
 * xsnet_object_add_host - name a host that the object is for
 * @host: copied
 *
 * Without any, it is for every host that the target reaches.
 *
 * Returns: 0; -EINVAL for what is no name; -EEXIST; -ENOMEM.
 * Since: 0.1
 */
int xsnet_object_add_host(struct xsnet_object *obj, const char *host, struct xsnet_error **ret_err);

/**
 * xsnet_object_get_host_at - the hosts of an object, one by one
 * @index: from 0
 *
 * Returns: a name, borrowed until the list changes or @obj is released; NULL at the end.
 * Since: 0.1
 */
const char *xsnet_object_get_host_at(struct xsnet_object *obj, size_t index);

#ifdef __cplusplus
}
#endif

#endif
