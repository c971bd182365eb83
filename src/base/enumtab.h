/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One array tells the numbers, document names and wire names of an enumeration. Public
 * values are written by hand, as they are ABI.
 */
#ifndef BASE_ENUMTAB_H
#define BASE_ENUMTAB_H

#include <stddef.h>

#include "base/cleanup.h"

struct xsn_enum_row {
        int value;
        const char *name; /* in documents */
        const char *wire; /* at the peer, where it differs; NULL: the same */
};

struct xsn_enum {
        const char *what; /* "bond mode", for messages */
        const struct xsn_enum_row *rows;
        size_t n_rows;
};

#define XSN_ENUM_DEFINE(id, what_, ...)                                                                                \
        static const struct xsn_enum_row id##_rows[] = { __VA_ARGS__ };                                                \
        const struct xsn_enum id = { .what = (what_), .rows = id##_rows, .n_rows = XSN_ARRAY_SIZE(id##_rows) }

/* The value, or -ENOENT. */
int xsn_enum_from_name(const struct xsn_enum *en, const char *name);
int xsn_enum_from_wire(const struct xsn_enum *en, const char *wire);
/* NULL for a value that is not in the table. */
const char *xsn_enum_name(const struct xsn_enum *en, int value);
const char *xsn_enum_wire(const struct xsn_enum *en, int value);

#endif
