/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types that fields hold, as one table of operations: what is generic over the
 * rows (copy, compare, parse, print, free) goes through xsn_type_of() and knows no
 * type by name. A list is an array of items of one scalar type.
 */
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsnet/kind.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/enumtab.h"

struct xsn_field;

/* An enum value; one that this version does not know keeps its text and is never written. */
struct xsn_enumval {
        int value; /* of the row's table; 0: unknown */
        char *raw; /* the text of an unknown one, else NULL */
};

/* Any list; XSN_ITEM() gives its items. Lists are freed by xsn_value_clear(), which knows the items. */
struct xsn_list {
        void *v;
        size_t n;
        size_t cap; /* v has room for so many, or (less than n) for just n */
};

#define XSN_ITEM(list, type, i) (((type *)(list).v)[i])

/* An item of a map; they are kept sorted by key. */
struct xsn_entry {
        char *key;
        char *value; /* NULL: delete the key (in a desired state only) */
};

struct xsn_route {
        struct xsn_ip to;  /* with prefix length */
        struct xsn_ip via; /* family 0: on the link */
        uint32_t metric;   /* 0: the kernel's default */
};

/* Operations on one scalar, or on one item of a list. */
struct xsn_type {
        const char *name; /* "address", for messages and the reference */
        size_t size;      /* of the value: of the list itself for list types */
        const struct xsn_type *item; /* NULL for scalars */
        bool map;                    /* items are struct xsn_entry: keys merge */

        /* NULL: plain bytes */
        void (*clear)(void *value);
        int (*copy)(void *dst, const void *src);
        /* Total order; 0 means equal. */
        int (*compare)(const void *a, const void *b);
        /* Text to value, with the row's range and names; the message says what was expected and found. */
        int (*parse)(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err);
        void (*format)(const struct xsn_field *field, const void *value, struct xsn_buf *buf);
};

/* NULL for a number that is no XSNET_TYPE_*. */
const struct xsn_type *xsn_type_of(int type);

/* On values of a row, scalar or list. Clear leaves all-zero bytes. */
void xsn_value_clear(const struct xsn_type *type, void *value);
/* dst must hold no value; it is left zero on -ENOMEM. */
int xsn_value_copy(const struct xsn_type *type, void *dst, const void *src);
/* `set`: the order of a list's items does not matter, nor how often an item stands there. */
bool xsn_value_equal(const struct xsn_type *type, const void *a, const void *b, bool set);
/* Scalars only. */
int xsn_value_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err);
/* Lists as "[a, b]", maps as "{k: v}": for messages and plans. */
void xsn_value_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf);

/*
 * Appends an item parsed from text; -EEXIST for one that a set has, which takes a look at each of
 * them: whoever reads thousands sorts instead. For maps use xsn_map_set().
 */
int xsn_list_add_text(const struct xsn_field *field, struct xsn_list *list, const char *text,
                      struct xsnet_error **ret_err);
/* Appends a copy of an item. */
int xsn_list_add(const struct xsn_type *item, struct xsn_list *list, const void *src);
/* Takes the i-th item out. */
void xsn_list_remove(const struct xsn_type *item, struct xsn_list *list, size_t i);
/* For what has no order of its own, such as the ends of a tunnel: so that it is shown alike each time. */
void xsn_list_sort(const struct xsn_type *item, struct xsn_list *list);
/* The index of the first equal item, or -ENOENT. */
int xsn_list_find(const struct xsn_type *item, const struct xsn_list *list, const void *value);
bool xsn_strs_has(const struct xsn_list *strs, const char *s);
int xsn_strs_add(struct xsn_list *strs, const char *s);
void xsn_strs_clear(struct xsn_list *strs);

/* A NULL value is an entry that deletes. Keeps the order by key. */
int xsn_map_set(struct xsn_list *map, const char *key, const char *value);
/* -ENOENT, or 0 with the value (may be NULL, see above) borrowed. */
int xsn_map_get(const struct xsn_list *map, const char *key, const char **ret_value);
void xsn_map_remove(struct xsn_list *map, const char *key);

/* "80Mbit", "10MB", "1500" (bit/s) to bit/s. 0, -EINVAL, -ERANGE. */
int xsn_rate_parse(const char *text, uint64_t *ret_bps);
/* The shortest exact form. */
void xsn_rate_format(uint64_t bps, struct xsn_buf *buf);

#endif
