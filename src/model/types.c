/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scalar types: how each is freed, copied, compared, read and printed. value.c
 * builds lists and maps on them; nothing else in the library knows a type by name.
 */
#include "model/types.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

#define FOUND_MAX 80 /* bytes of what was found that a message repeats */

static int refuse(struct xsnet_error **ret_err, const struct xsn_field *field, int code, const char *reason,
                  const char *what, const char *text)
{
        _cleanup_(xsn_freep) char *found = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put_clean(&buf, text, FOUND_MAX);
        if (xsn_buf_take(&buf, &found) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, code, reason, "%s: expected %s, found '%s'", field->name, what, found);
}

int xsn_type_expected(struct xsnet_error **ret_err, const struct xsn_field *field, const char *what, const char *text)
{
        return refuse(ret_err, field, -EINVAL, "bad-value", what, text);
}

int xsn_type_out_of_range(struct xsnet_error **ret_err, const struct xsn_field *field, const char *what,
                          const char *text)
{
        return refuse(ret_err, field, -ERANGE, "out-of-range", what, text);
}

/* ---- bool ---- */

static int bool_compare(const void *a, const void *b)
{
        return COMPARE(*(const bool *)a, *(const bool *)b);
}

/* YAML 1.2's words only: "on" and "yes" are names. */
static int bool_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        bool yes = !strcmp(text, "true");

        if (!yes && strcmp(text, "false") != 0)
                return xsn_type_expected(ret_err, field, "true or false", text);
        *(bool *)ret_value = yes;
        return 0;
}

static void bool_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        (void)field;
        xsn_buf_put(buf, *(const bool *)value ? "true" : "false");
}

/* ---- numbers ---- */

static int u32_compare(const void *a, const void *b)
{
        return COMPARE(*(const uint32_t *)a, *(const uint32_t *)b);
}

int xsn_digits_parse(const char **text, uint64_t *ret_n)
{
        const char *p = *text;
        bool fits = true;
        uint64_t n = 0;

        for (; *p >= '0' && *p <= '9'; p++)
                fits = fits && !__builtin_mul_overflow(n, UINT64_C(10), &n) &&
                       !__builtin_add_overflow(n, (uint64_t)(*p - '0'), &n);
        if (p == *text)
                return -EINVAL;
        *text = p;
        *ret_n = n;
        return fits ? 0 : -ERANGE;
}

int xsn_number_parse(const char *text, uint64_t max, uint64_t *ret_n)
{
        int r = xsn_digits_parse(&text, ret_n);

        if (*text)
                return -EINVAL;
        return !r && *ret_n > max ? -ERANGE : r;
}

static int u32_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        uint64_t n, max = field->max ? field->max : UINT32_MAX;
        int r = xsn_number_parse(text, max, &n);
        char range[64];

        if (r == -EINVAL)
                return xsn_type_expected(ret_err, field, "a whole number", text);
        if (r < 0 || n < field->min) {
                (void)snprintf(range, sizeof(range), "a number in %" PRIu64 "..%" PRIu64, field->min, max);
                return xsn_type_out_of_range(ret_err, field, range, text);
        }
        *(uint32_t *)ret_value = (uint32_t)n;
        return 0;
}

static void u32_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        (void)field;
        xsn_buf_printf(buf, "%" PRIu32, *(const uint32_t *)value);
}

static int rate_compare(const void *a, const void *b)
{
        return COMPARE(*(const uint64_t *)a, *(const uint64_t *)b);
}

static int rate_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        uint64_t bps = 0, max = field->max ? field->max : UINT64_MAX;
        int r = xsn_rate_parse(text, &bps);
        char range[64];

        if (r == -EINVAL)
                return xsn_type_expected(ret_err, field, "a rate such as 80Mbit or 10MB (per second)", text);
        if (r < 0 || bps < field->min || bps > max) {
                (void)snprintf(range, sizeof(range), "a rate in %" PRIu64 "..%" PRIu64 " bit/s", field->min, max);
                return xsn_type_out_of_range(ret_err, field, range, text);
        }
        *(uint64_t *)ret_value = bps;
        return 0;
}

static void rate_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        (void)field;
        xsn_rate_format(*(const uint64_t *)value, buf);
}

/* ---- enum ---- */

static void enum_clear(void *value)
{
        struct xsn_enumval *v = value;

        xsn_free(v->raw);
}

static int enum_copy(void *dst, const void *src)
{
        const struct xsn_enumval *from = src;
        struct xsn_enumval *to = dst;

        to->value = from->value;
        to->raw = from->raw ? xsn_strdup(from->raw) : NULL;
        return from->raw && !to->raw ? -ENOMEM : 0;
}

static int enum_compare(const void *a, const void *b)
{
        const struct xsn_enumval *x = a, *y = b;

        if (x->value || y->value)
                return COMPARE(x->value, y->value);
        return strcmp(x->raw ? x->raw : "", y->raw ? y->raw : "");
}

static void enum_names(const struct xsn_enum *en, struct xsn_buf *buf)
{
        for (size_t i = 0; i < en->n_rows; i++)
                xsn_buf_printf(buf, "%s%s", i ? ", " : "", en->rows[i].name);
}

static int enum_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *names = NULL;
        struct xsn_enumval *v = ret_value;
        struct xsn_buf buf = { 0 };
        int value = xsn_enum_from_name(field->en, text);

        if (value >= 0) {
                v->value = value;
                v->raw = NULL;
                return 0;
        }
        xsn_buf_put(&buf, "one of ");
        enum_names(field->en, &buf);
        if (xsn_buf_take(&buf, &names) < 0)
                return xsn_error_oom(ret_err);
        return xsn_type_expected(ret_err, field, names, text);
}

static void enum_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        const struct xsn_enumval *v = value;
        const char *name = xsn_enum_name(field->en, v->value);

        xsn_buf_put(buf, name ? name : v->raw ? v->raw : "unknown");
}

/* ---- string ---- */

static void str_clear(void *value)
{
        xsn_free(*(char **)value);
}

static int str_copy(void *dst, const void *src)
{
        const char *from = *(char *const *)src;
        char *copy = from ? xsn_strdup(from) : NULL;

        *(char **)dst = copy;
        return from && !copy ? -ENOMEM : 0;
}

static int str_compare(const void *a, const void *b)
{
        const char *x = *(char *const *)a, *y = *(char *const *)b;

        return strcmp(x ? x : "", y ? y : "");
}

static int str_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        size_t len = strlen(text);
        char range[64], *copy;

        if ((field->flags & XSN_F_DEVNAME) && !xsn_ifname_valid(text))
                return xsn_type_expected(ret_err, field, "a device name (1..15 bytes, no '/', ':', '%' or white space)",
                                         text);
        if (field->max && len > field->max) {
                (void)snprintf(range, sizeof(range), "a text of at most %" PRIu64 " bytes", field->max);
                return xsn_type_out_of_range(ret_err, field, range, text);
        }
        if (len < field->min)
                return xsn_type_expected(ret_err, field, "a text that is not empty", text);
        if (!xsn_text_valid(text, field->flags & XSN_F_LINES))
                return xsn_type_expected(ret_err, field,
                                         field->flags & XSN_F_LINES ? "UTF-8 text without control characters"
                                                                    : "one line of UTF-8 text without control "
                                                                      "characters",
                                         text);
        copy = xsn_strdup(text);
        if (!copy)
                return xsn_error_oom(ret_err);
        *(char **)ret_value = copy;
        return 0;
}

static void str_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        const char *s = *(char *const *)value;

        (void)field;
        xsn_buf_put(buf, s ? s : "");
}

/* ---- map entry ---- */

static void entry_clear(void *value)
{
        struct xsn_entry *e = value;

        xsn_free(e->key);
        xsn_free(e->value);
}

static int entry_copy(void *dst, const void *src)
{
        const struct xsn_entry *from = src;
        struct xsn_entry *to = dst;

        to->key = xsn_strdup(from->key);
        to->value = from->value ? xsn_strdup(from->value) : NULL;
        return !to->key || (from->value && !to->value) ? -ENOMEM : 0;
}

static int entry_compare(const void *a, const void *b)
{
        const struct xsn_entry *x = a, *y = b;
        int r = strcmp(x->key, y->key);

        if (r || !x->value || !y->value)
                return r ? r : (x->value != NULL) - (y->value != NULL);
        return strcmp(x->value, y->value);
}

static void entry_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        const struct xsn_entry *e = value;

        (void)field;
        xsn_buf_printf(buf, "%s: %s", e->key, e->value ? e->value : "null");
}

/* ---- the tables ---- */

static const struct xsn_type t_bool = { "boolean", sizeof(bool), NULL, false, NULL, NULL,
                                        bool_compare, bool_parse, bool_format };
static const struct xsn_type t_u32 = { "number", sizeof(uint32_t), NULL, false, NULL, NULL,
                                       u32_compare, u32_parse, u32_format };
static const struct xsn_type t_rate = { "rate", sizeof(uint64_t), NULL, false, NULL, NULL,
                                        rate_compare, rate_parse, rate_format };
static const struct xsn_type t_enum = { "name", sizeof(struct xsn_enumval), NULL, false, enum_clear, enum_copy,
                                        enum_compare, enum_parse, enum_format };
static const struct xsn_type t_str = { "text", sizeof(char *), NULL, false, str_clear, str_copy,
                                       str_compare, str_parse, str_format };
static const struct xsn_type t_entry = { "key and value", sizeof(struct xsn_entry), NULL, false, entry_clear,
                                         entry_copy, entry_compare, NULL, entry_format };

#define LIST(name_, item_, map_) { .name = (name_), .size = sizeof(struct xsn_list), .item = (item_), .map = (map_) }
static const struct xsn_type t_strs = LIST("list of texts", &t_str, false);
static const struct xsn_type t_u32s = LIST("list of numbers", &t_u32, false);
static const struct xsn_type t_ips = LIST("list of addresses", &xsn_type_ip, false);
static const struct xsn_type t_prefixes = LIST("list of addresses with prefix length", &xsn_type_prefix, false);
static const struct xsn_type t_map = LIST("map", &t_entry, true);
static const struct xsn_type t_routes = LIST("list of routes", &xsn_type_route, false);
#undef LIST

const struct xsn_type *xsn_type_of(int type)
{
        static const struct xsn_type *const types[] = {
                [XSNET_TYPE_BOOL] = &t_bool,     [XSNET_TYPE_U32] = &t_u32,
                [XSNET_TYPE_RATE] = &t_rate,     [XSNET_TYPE_ENUM] = &t_enum,
                [XSNET_TYPE_STR] = &t_str,       [XSNET_TYPE_MAC] = &xsn_type_mac,
                [XSNET_TYPE_IP] = &xsn_type_ip,         [XSNET_TYPE_STRS] = &t_strs,
                [XSNET_TYPE_U32S] = &t_u32s,     [XSNET_TYPE_IPS] = &t_ips,
                [XSNET_TYPE_PREFIXES] = &t_prefixes, [XSNET_TYPE_MAP] = &t_map,
                [XSNET_TYPE_ROUTES] = &t_routes,
        };

        if (type < 1 || (size_t)type >= XSN_ARRAY_SIZE(types))
                return NULL;
        return types[type];
}
