/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is read into an array of atoms, or pairs of them, sorted, and written again; what is in the one form
 * already, as nearly all that servers send, is only checked.
 */
#include "transport/ovsdb_value.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Borrowed from the value that they were read from. */
struct item {
        json_t *key;
        json_t *value; /* NULL: of a set */
};

struct items {
        struct item *v;
        size_t n;
};

static void items_done(struct items *items)
{
        xsn_free(items->v);
}

static void json_done(json_t **json)
{
        json_decref(*json);
}

/* jansson's own calls take no const. */
static json_t *unconst(const json_t *json)
{
        return (json_t *)(uintptr_t)json;
}

static inline bool is_hex(char c)
{
        unsigned u = (unsigned char)c;

        return u - '0' < 10 || (u | 0x20) - 'a' < 6;
}

bool xsn_ovsdb_uuid_valid(const char *text)
{
        static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
        const char *p = text;

        for (size_t i = 0; i < sizeof(groups); i++) {
                const char *end = p + groups[i];

                if (i > 0 && p[-1] != '-')
                        return false;
                while (p < end && is_hex(*p))
                        p++;
                if (p < end)
                        return false;
                if (i + 1 < sizeof(groups))
                        p++;
        }
        return *p == '\0';
}

/* ["tag", second] */
static json_t *tagged(const json_t *json, const char *tag)
{
        const char *word = json_string_value(json_array_get(json, 0));

        return word && json_array_size(json) == 2 && strcmp(word, tag) == 0 ? json_array_get(json, 1) : NULL;
}

static bool is_atom(const json_t *json, int type)
{
        const char *uuid;

        switch (type) {
        case XSN_OVSDB_INTEGER:
                return json_is_integer(json);
        case XSN_OVSDB_REAL:
                return json_is_number(json);
        case XSN_OVSDB_BOOLEAN:
                return json_is_boolean(json);
        case XSN_OVSDB_STRING:
                return json_is_string(json);
        case XSN_OVSDB_UUID:
                uuid = json_string_value(tagged(json, "uuid"));
                return uuid && xsn_ovsdb_uuid_valid(uuid);
        default:
                return false;
        }
}

/* Both are atoms of one type. */
static int compare_atoms(const json_t *a, const json_t *b)
{
        if (json_is_array(a))
                return strcmp(json_string_value(json_array_get(a, 1)), json_string_value(json_array_get(b, 1)));
        if (json_is_string(a))
                return strcmp(json_string_value(a), json_string_value(b));
        if (json_is_boolean(a))
                return json_is_true(a) - json_is_true(b);
        if (json_is_integer(a) && json_is_integer(b))
                return (json_integer_value(a) > json_integer_value(b)) -
                       (json_integer_value(a) < json_integer_value(b));
        return (json_number_value(a) > json_number_value(b)) - (json_number_value(a) < json_number_value(b));
}

static int compare_items(const void *a, const void *b)
{
        return compare_atoms(((const struct item *)a)->key, ((const struct item *)b)->key);
}

static int read_item(const struct xsn_ovsdb_type *type, json_t *json, struct item *item)
{
        if (type->value == XSN_OVSDB_VOID) {
                item->key = json;
        } else {
                item->key = json_array_get(json, 0);
                item->value = json_array_get(json, 1);
                if (json_array_size(json) != 2 || !is_atom(item->value, type->value))
                        return -EPROTO;
        }
        return is_atom(item->key, type->key) ? 0 : -EPROTO;
}

/* *ret_same: json is in the one form already. */
static int read_items(const struct xsn_ovsdb_type *type, const json_t *json, struct items *ret_items, bool *ret_same)
{
        bool is_map = type->value != XSN_OVSDB_VOID;
        json_t *list = tagged(json, is_map ? "map" : "set");
        bool sorted = true;

        /* A uuid alone looks like ["uuid", ...], an array too, but never like a set. */
        if (list ? !json_is_array(list) : is_map)
                return -EPROTO;
        ret_items->n = list ? json_array_size(list) : 1;
        ret_items->v = xsn_alloc_array(ret_items->n, sizeof(*ret_items->v));
        if (!ret_items->v)
                return -ENOMEM;
        for (size_t i = 0; i < ret_items->n; i++) {
                if (read_item(type, list ? json_array_get(list, i) : unconst(json), &ret_items->v[i]) < 0)
                        return -EPROTO;
                if (i > 0 && compare_items(&ret_items->v[i - 1], &ret_items->v[i]) >= 0)
                        sorted = false;
        }
        if (!sorted) {
                qsort(ret_items->v, ret_items->n, sizeof(*ret_items->v), compare_items);
                for (size_t i = 1; i < ret_items->n; i++)
                        if (compare_items(&ret_items->v[i - 1], &ret_items->v[i]) == 0)
                                return -EPROTO; /* twice */
        }
        *ret_same = sorted && (is_map || !list || ret_items->n != 1);
        return 0;
}

static int append_item(json_t *list, const struct item *item)
{
        json_t *pair;

        if (!item->value)
                return json_array_append(list, item->key);
        pair = json_array();
        if (!pair || json_array_append(pair, item->key) < 0 || json_array_append(pair, item->value) < 0) {
                json_decref(pair);
                return -1;
        }
        return json_array_append_new(list, pair);
}

static int write_items(const struct xsn_ovsdb_type *type, const struct items *items, json_t **ret_value)
{
        bool is_map = type->value != XSN_OVSDB_VOID;
        _cleanup_(json_done) json_t *list = NULL;
        _cleanup_(json_done) json_t *whole = NULL;

        if (!is_map && items->n == 1) {
                *ret_value = json_incref(items->v[0].key);
                return 0;
        }
        list = json_array();
        whole = json_array();
        if (!list || !whole)
                return -ENOMEM;
        for (size_t i = 0; i < items->n; i++)
                if (append_item(list, &items->v[i]) < 0)
                        return -ENOMEM;
        if (json_array_append_new(whole, json_string(is_map ? "map" : "set")) < 0 || json_array_append(whole, list) < 0)
                return -ENOMEM;
        *ret_value = XSN_TAKE(whole);
        return 0;
}

int xsn_ovsdb_value_read(const struct xsn_ovsdb_type *type, const json_t *json, json_t **ret_value)
{
        _cleanup_(items_done) struct items items = { 0 };
        bool same = false;
        int r;

        /* Most columns are this, and need no memory. */
        if (type->n_max == 1 && type->value == XSN_OVSDB_VOID && is_atom(json, type->key)) {
                *ret_value = json_incref(unconst(json));
                return 0;
        }
        r = read_items(type, json, &items, &same);
        if (r < 0)
                return r;
        if (items.n < type->n_min || items.n > type->n_max)
                return -EPROTO;
        if (!same)
                return write_items(type, &items, ret_value);
        *ret_value = json_incref(unconst(json));
        return 0;
}

int xsn_ovsdb_value_default(const struct xsn_ovsdb_type *type, json_t **ret_value)
{
        static const struct items none = { 0 };
        json_t *value = NULL;

        if (type->n_min == 0 || type->value != XSN_OVSDB_VOID)
                return write_items(type, &none, ret_value);
        switch (type->key) {
        case XSN_OVSDB_INTEGER:
                value = json_integer(0);
                break;
        case XSN_OVSDB_REAL:
                value = json_real(0);
                break;
        case XSN_OVSDB_BOOLEAN:
                value = json_false();
                break;
        case XSN_OVSDB_STRING:
                value = json_string("");
                break;
        default:
                value = json_pack("[ss]", "uuid", "00000000-0000-0000-0000-000000000000");
                break;
        }
        if (!value)
                return -ENOMEM;
        *ret_value = value;
        return 0;
}

/* Both sorted: what stands in one of them stays, what stands in both goes, or changes its value in a map. */
static void merge(const struct items *old, const struct items *diff, struct items *merged)
{
        size_t i = 0, j = 0;

        while (i < old->n || j < diff->n) {
                int c = i == old->n ? 1 : j == diff->n ? -1 : compare_items(&old->v[i], &diff->v[j]);

                if (c < 0) {
                        merged->v[merged->n++] = old->v[i++];
                } else if (c > 0) {
                        merged->v[merged->n++] = diff->v[j++];
                } else {
                        if (old->v[i].value && !json_equal(old->v[i].value, diff->v[j].value))
                                merged->v[merged->n++] = diff->v[j];
                        i++;
                        j++;
                }
        }
}

int xsn_ovsdb_value_apply(const struct xsn_ovsdb_type *type, const json_t *old, const json_t *diff, json_t **ret_value)
{
        _cleanup_(items_done) struct items old_items = { 0 };
        _cleanup_(items_done) struct items diff_items = { 0 };
        _cleanup_(items_done) struct items merged = { 0 };
        bool same;
        int r;

        if (type->n_max == 1)
                return xsn_ovsdb_value_read(type, diff, ret_value); /* one value: it is replaced */
        r = read_items(type, old, &old_items, &same);
        if (r == 0)
                r = read_items(type, diff, &diff_items, &same);
        if (r < 0)
                return r;
        merged.v = xsn_alloc_array(old_items.n + diff_items.n, sizeof(*merged.v));
        if (!merged.v)
                return -ENOMEM;
        merge(&old_items, &diff_items, &merged);
        if (merged.n < type->n_min || merged.n > type->n_max)
                return -EPROTO;
        return write_items(type, &merged, ret_value);
}
