/* SPDX-License-Identifier: Apache-2.0 */
/* Values of any type: what types.c says of scalars, carried over lists and maps. */
#include "model/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/types.h"

static void *item_at(const struct xsn_type *item, const struct xsn_list *list, size_t i)
{
        return (char *)list->v + i * item->size;
}

static void item_clear(const struct xsn_type *item, void *value)
{
        if (item->clear)
                item->clear(value);
        memset(value, 0, item->size);
}

static int item_copy(const struct xsn_type *item, void *dst, const void *src)
{
        int r;

        if (!item->copy) {
                memcpy(dst, src, item->size);
                return 0;
        }
        memset(dst, 0, item->size);
        r = item->copy(dst, src);
        if (r < 0)
                item_clear(item, dst);
        return r;
}

void xsn_value_clear(const struct xsn_type *type, void *value)
{
        if (type->item) {
                struct xsn_list *list = value;

                for (size_t i = 0; i < list->n; i++)
                        item_clear(type->item, item_at(type->item, list, i));
                xsn_free(list->v);
                memset(list, 0, sizeof(*list));
                return;
        }
        item_clear(type, value);
}

int xsn_value_copy(const struct xsn_type *type, void *dst, const void *src)
{
        const struct xsn_list *from = src;
        struct xsn_list to = { 0 };

        if (!type->item)
                return item_copy(type, dst, src);
        memset(dst, 0, sizeof(to));
        if (!from->n)
                return 0;
        to.v = xsn_alloc_array(from->n, type->item->size);
        if (!to.v)
                return -ENOMEM;
        to.cap = from->n;
        for (; to.n < from->n; to.n++) {
                if (item_copy(type->item, item_at(type->item, &to, to.n), item_at(type->item, from, to.n)) < 0) {
                        xsn_value_clear(type, &to);
                        return -ENOMEM;
                }
        }
        *(struct xsn_list *)dst = to;
        return 0;
}

#define SET_SORTED 16 /* from so many items on, sorting is faster than looking for each */

static bool within(const struct xsn_type *item, const struct xsn_list *a, const struct xsn_list *b)
{
        for (size_t i = 0; i < a->n; i++)
                if (xsn_list_find(item, b, item_at(item, a, i)) < 0)
                        return false;
        return true;
}

/* The first item after i that is not equal to the i-th; the list is sorted. */
static size_t next_other(const struct xsn_type *item, const struct xsn_list *list, size_t i)
{
        size_t j = i + 1;

        while (j < list->n && !item->compare(item_at(item, list, i), item_at(item, list, j)))
                j++;
        return j;
}

static bool sorted_equal(const struct xsn_type *item, const struct xsn_list *a, const struct xsn_list *b)
{
        size_t i = 0, j = 0;

        while (i < a->n && j < b->n) {
                if (item->compare(item_at(item, a, i), item_at(item, b, j)))
                        return false;
                i = next_other(item, a, i);
                j = next_other(item, b, j);
        }
        return i == a->n && j == b->n;
}

/* Sorts plain copies of the items: what they point to stays the lists'. */
static bool set_equal(const struct xsn_type *item, const struct xsn_list *a, const struct xsn_list *b)
{
        bool big = a->n && b->n && (a->n > SET_SORTED || b->n > SET_SORTED);
        _cleanup_(xsn_freep) void *x = big ? xsn_memdup(a->v, a->n * item->size) : NULL;
        _cleanup_(xsn_freep) void *y = big ? xsn_memdup(b->v, b->n * item->size) : NULL;
        struct xsn_list p = { .v = x, .n = a->n }, q = { .v = y, .n = b->n };

        if (!x || !y)
                return within(item, a, b) && within(item, b, a);
        qsort(x, p.n, item->size, item->compare);
        qsort(y, q.n, item->size, item->compare);
        return sorted_equal(item, &p, &q);
}

bool xsn_value_equal(const struct xsn_type *type, const void *a, const void *b, bool set)
{
        const struct xsn_list *x = a, *y = b;

        if (!type->item)
                return !type->compare(a, b);
        if (set)
                return set_equal(type->item, x, y);
        if (x->n != y->n)
                return false;
        for (size_t i = 0; i < x->n; i++)
                if (type->item->compare(item_at(type->item, x, i), item_at(type->item, y, i)))
                        return false;
        return true;
}

int xsn_value_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        const struct xsn_type *type = xsn_type_of(field->type);

        if (type->item)
                return xsn_error_set(ret_err, -EINVAL, "bad-type", "%s: expected a %s, found '%s'", field->name,
                                     type->name, text);
        return type->parse(field, text, ret_value, ret_err);
}

void xsn_value_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        const struct xsn_list *list = value;

        if (!type->item) {
                type->format(field, value, buf);
                return;
        }
        xsn_buf_putc(buf, type->map ? '{' : '[');
        for (size_t i = 0; i < list->n; i++) {
                if (i)
                        xsn_buf_put(buf, ", ");
                type->item->format(field, item_at(type->item, list, i), buf);
        }
        xsn_buf_putc(buf, type->map ? '}' : ']');
}

/* Room for one item more. Most lists have just one, a host or an address, and there are thousands of them. */
static int make_room(const struct xsn_type *item, struct xsn_list *list)
{
        if (!list->v) {
                list->v = xsn_alloc(item->size);
                list->cap = list->v ? 1 : 0;
                return list->v ? 0 : -ENOMEM;
        }
        return xsn_grow(&list->v, &list->cap, list->n + 1, item->size);
}

int xsn_list_add(const struct xsn_type *item, struct xsn_list *list, const void *src)
{
        if (make_room(item, list) < 0 || item_copy(item, item_at(item, list, list->n), src) < 0)
                return -ENOMEM;
        list->n++;
        return 0;
}

int xsn_list_add_text(const struct xsn_field *field, struct xsn_list *list, const char *text,
                      struct xsnet_error **ret_err)
{
        const struct xsn_type *item = xsn_type_of(field->type)->item;
        union {
                char *s;
                uint32_t u32;
                struct xsn_ip ip;
                struct xsn_route route;
        } value = { 0 };
        int r;

        if (!item || !item->parse)
                return xsn_error_set(ret_err, -EINVAL, "bad-type", "%s takes no items of text", field->name);
        r = item->parse(field, text, &value, ret_err);
        if (r < 0)
                return r;
        if ((field->flags & XSN_F_SET) && xsn_list_find(item, list, &value) >= 0)
                r = xsn_error_set(ret_err, -EEXIST, "duplicate", "%s: '%s' stands twice", field->name, text);
        else if (make_room(item, list) < 0)
                r = xsn_error_oom(ret_err);
        else
                memcpy(item_at(item, list, list->n++), &value, item->size);
        if (r < 0)
                item_clear(item, &value);
        return r;
}

void xsn_list_remove(const struct xsn_type *item, struct xsn_list *list, size_t i)
{
        item_clear(item, item_at(item, list, i));
        memmove(item_at(item, list, i), item_at(item, list, i + 1), (list->n - i - 1) * item->size);
        list->n--;
}

void xsn_list_sort(const struct xsn_type *item, struct xsn_list *list)
{
        if (list->n > 1)
                qsort(list->v, list->n, item->size, item->compare);
}

int xsn_list_find(const struct xsn_type *item, const struct xsn_list *list, const void *value)
{
        for (size_t i = 0; i < list->n; i++)
                if (!item->compare(item_at(item, list, i), value))
                        return (int)i;
        return -ENOENT;
}

static const struct xsn_type *str_item(void)
{
        return xsn_type_of(XSNET_TYPE_STR);
}

bool xsn_strs_has(const struct xsn_list *strs, const char *s)
{
        return xsn_list_find(str_item(), strs, &s) >= 0;
}

int xsn_strs_add(struct xsn_list *strs, const char *s)
{
        return xsn_list_add(str_item(), strs, &s);
}

void xsn_strs_clear(struct xsn_list *strs)
{
        xsn_value_clear(xsn_type_of(XSNET_TYPE_STRS), strs);
}

/* ---- maps ---- */

/* The place of a key, or where it would go. */
static size_t map_place(const struct xsn_list *map, const char *key, bool *ret_found)
{
        size_t low = 0, high = map->n;

        *ret_found = false;
        while (low < high) {
                size_t mid = low + (high - low) / 2;
                int r = strcmp(XSN_ITEM(*map, struct xsn_entry, mid).key, key);

                if (!r) {
                        *ret_found = true;
                        return mid;
                }
                if (r < 0)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low;
}

int xsn_map_set(struct xsn_list *map, const char *key, const char *value)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_MAP)->item;
        struct xsn_entry entry = { .key = (char *)(uintptr_t)key, .value = (char *)(uintptr_t)value }, copy, *at;
        bool found;
        size_t i = map_place(map, key, &found);

        if (item_copy(item, &copy, &entry) < 0)
                return -ENOMEM;
        if (found) {
                item_clear(item, item_at(item, map, i));
                XSN_ITEM(*map, struct xsn_entry, i) = copy;
                return 0;
        }
        if (make_room(item, map) < 0) {
                item_clear(item, &copy);
                return -ENOMEM;
        }
        at = item_at(item, map, i);
        memmove(at + 1, at, (map->n - i) * sizeof(*at));
        *at = copy;
        map->n++;
        return 0;
}

int xsn_map_get(const struct xsn_list *map, const char *key, const char **ret_value)
{
        bool found;
        size_t i = map_place(map, key, &found);

        if (!found)
                return -ENOENT;
        *ret_value = XSN_ITEM(*map, struct xsn_entry, i).value;
        return 0;
}

void xsn_map_remove(struct xsn_list *map, const char *key)
{
        bool found;
        size_t i = map_place(map, key, &found);

        if (found)
                xsn_list_remove(xsn_type_of(XSNET_TYPE_MAP)->item, map, i);
}

/* ---- rates ---- */

/* The suffixes of tc(8), which counts bits with "bit" and bytes with "B"; powers of 1000. */
static const struct {
        const char *suffix;
        uint64_t factor;
} rate_units[] = {
        { "Gbit", 1000000000 }, { "Mbit", 1000000 }, { "kbit", 1000 }, { "Kbit", 1000 }, { "bit", 1 },
        { "GB", 8000000000 },   { "MB", 8000000 },   { "kB", 8000 },   { "KB", 8000 },   { "B", 8 },
        { "", 1 },
};

int xsn_rate_parse(const char *text, uint64_t *ret_bps)
{
        uint64_t n = 0;
        int r = xsn_digits_parse(&text, &n);

        if (r == -EINVAL)
                return r;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(rate_units); i++) {
                if (strcmp(text, rate_units[i].suffix) != 0)
                        continue;
                if (r < 0 || n > UINT64_MAX / rate_units[i].factor)
                        return -ERANGE;
                *ret_bps = n * rate_units[i].factor;
                return 0;
        }
        return -EINVAL;
}

void xsn_rate_format(uint64_t bps, struct xsn_buf *buf)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(rate_units); i++) {
                uint64_t factor = rate_units[i].factor;

                if (bps && bps % factor == 0) {
                        xsn_buf_printf(buf, "%" PRIu64 "%s", bps / factor, rate_units[i].suffix);
                        return;
                }
        }
        xsn_buf_put(buf, "0bit");
}
