/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Column values as JSON (RFC 7047 section 5.1), brought into one form: one element of a set stands bare, sets and maps
 * are sorted. So equal values are equal JSON, whichever server or update they came from.
 */
#ifndef TRANSPORT_OVSDB_VALUE_H
#define TRANSPORT_OVSDB_VALUE_H

#include "transport/ovsdb_schema.h"

#define XSN_OVSDB_UUID_LEN 36

/* 8-4-4-4-12 hex digits. */
bool xsn_ovsdb_uuid_valid(const char *text);
/* The value in its one form, a new reference. -EPROTO: it is not of that type; -ENOMEM. */
int xsn_ovsdb_value_read(const struct xsn_ovsdb_type *type, const json_t *json, json_t **ret_value);
/* What a column holds that nobody has set. -ENOMEM. */
int xsn_ovsdb_value_default(const struct xsn_ovsdb_type *type, json_t **ret_value);
/* The value after an update2 said `diff` of it. old is in its one form. -EPROTO, -ENOMEM. */
int xsn_ovsdb_value_apply(const struct xsn_ovsdb_type *type, const json_t *old, const json_t *diff, json_t **ret_value);

#endif
