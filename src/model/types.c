/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scalar types: how each is freed, copied, compared, read and printed. value.c
 * builds lists and maps on them; nothing else in the library knows a type by name.
 */
#include "model/desc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int expected(struct xsnet_error **ret_err, const struct xsn_field *field, const char *what, const char *text)
{
        return xsn_error_set(ret_err, -EINVAL, "bad-value", "%s: expected %s, found '%s'", field->name, what, text);
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
                return expected(ret_err, field, "true or false", text);
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

static int number_in_range(const struct xsn_field *field, uint64_t value, uint64_t limit, struct xsnet_error **ret_err)
{
        uint64_t max = field->max ? field->max : limit;

        if (value >= field->min && value <= max)
                return 0;
        return xsn_error_set(ret_err, -ERANGE, "out-of-range",
                             "%s: expected a number in %" PRIu64 "..%" PRIu64 ", found %" PRIu64, field->name,
                             field->min, max, value);
}

/* Decimal digits alone: no sign, no octal, no sexagesimal. */
static int u32_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        uint64_t n = 0;
        int r;

        if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
                return expected(ret_err, field, "a whole number", text);
        n = strtoull(text, NULL, 10);
        r = number_in_range(field, n, UINT32_MAX, ret_err);
        if (r < 0)
                return r;
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
        uint64_t bps;

        if (xsn_rate_parse(text, &bps) < 0)
                return expected(ret_err, field, "a rate such as 80Mbit or 10MB (per second)", text);
        *(uint64_t *)ret_value = bps;
        return number_in_range(field, bps, UINT64_MAX, ret_err);
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
        enum_names(field->en, &buf);
        if (xsn_buf_take(&buf, &names) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EINVAL, "bad-value", "%s: expected one of %s, found '%s'", field->name, names,
                             text);
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

/* Text that XML, JSON and a terminal can all carry: UTF-8 without control characters. */
static bool text_is_printable(const char *text)
{
        for (const unsigned char *p = (const unsigned char *)text; *p; p++)
                if ((*p < 0x20 && *p != '\t' && *p != '\n') || *p == 0x7f)
                        return false;
        return true;
}

static int str_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        char *copy;

        if ((field->flags & XSN_F_DEVNAME) && !xsn_ifname_valid(text))
                return expected(ret_err, field, "a device name (1..15 bytes, no '/', ':' or white space)", text);
        if (strlen(text) > field->max && field->max)
                return xsn_error_set(ret_err, -ERANGE, "out-of-range",
                                     "%s: expected at most %" PRIu64 " bytes, found %zu", field->name, field->max,
                                     strlen(text));
        if (strlen(text) < field->min)
                return expected(ret_err, field, "a text that is not empty", text);
        if (!text_is_printable(text))
                return expected(ret_err, field, "a text without control characters", text);
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

/* ---- addresses ---- */

static int mac_compare(const void *a, const void *b)
{
        return memcmp(a, b, sizeof(struct xsn_mac));
}

static int mac_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        if (xsn_mac_parse(text, ret_value) < 0)
                return expected(ret_err, field, "a MAC address such as 02:00:00:00:00:01", text);
        return 0;
}

static void mac_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        char text[XSN_MAC_STRLEN];

        (void)field;
        xsn_buf_put(buf, xsn_mac_format(value, text));
}

static int ip_compare(const void *a, const void *b)
{
        return xsn_ip_compare(a, b);
}

/* The family that a row takes: ipv4.* and ipv6.* name theirs, others take both. */
static int row_family(const struct xsn_field *field)
{
        if (strstr(field->name, "ipv4"))
                return 4;
        return strstr(field->name, "ipv6") ? 6 : 0;
}

static int ip_read(const struct xsn_field *field, const char *text, bool prefix, struct xsn_ip *ret_ip,
                   struct xsnet_error **ret_err)
{
        int family = row_family(field);
        struct xsn_ip ip = { 0 };
        int r = prefix ? xsn_ip_parse_prefix(text, &ip) : xsn_ip_parse(text, &ip);

        if (r < 0 && prefix)
                return expected(ret_err, field,
                                family == 6 ? "an address with its prefix length, such as 2001:db8::1/64"
                                            : "an address with its prefix length, such as 192.0.2.1/24",
                                text);
        if (r < 0)
                return expected(ret_err, field, family == 6 ? "an IPv6 address" : "an IP address", text);
        if (family && ip.family != family)
                return expected(ret_err, field, family == 4 ? "an IPv4 address" : "an IPv6 address", text);
        *ret_ip = ip;
        return 0;
}

static int ip_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        return ip_read(field, text, false, ret_value, ret_err);
}

static void ip_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        char text[XSN_IP_STRLEN];

        (void)field;
        xsn_buf_put(buf, xsn_ip_format(value, text));
}

static int prefix_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        return ip_read(field, text, true, ret_value, ret_err);
}

static void prefix_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        char text[XSN_IP_STRLEN];

        (void)field;
        xsn_buf_put(buf, xsn_ip_format_prefix(value, text));
}

/* ---- map entry and route ---- */

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

static int route_compare(const void *a, const void *b)
{
        const struct xsn_route *x = a, *y = b;
        int r = xsn_ip_compare(&x->to, &y->to);

        if (!r)
                r = xsn_ip_compare(&x->via, &y->via);
        return r ? r : COMPARE(x->metric, y->metric);
}

/* "TO [via GATEWAY] [metric N]", the words of ip-route(8). */
static int route_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        struct xsn_route route = { 0 };
        char to[XSN_IP_STRLEN] = "", word[2][8] = { "", "" }, arg[2][XSN_IP_STRLEN] = { "", "" }, rest = 0;
        int n = sscanf(text, "%51s %7s %51s %7s %51s %c", to, word[0], arg[0], word[1], arg[1], &rest);
        bool ok = (n == 1 || n == 3 || n == 5) && !xsn_ip_parse_prefix(to, &route.to);

        for (int i = 0; ok && i < (n - 1) / 2; i++) {
                if (!strcmp(word[i], "via") && !route.via.family)
                        ok = !xsn_ip_parse(arg[i], &route.via) && route.via.family == route.to.family;
                else if (!strcmp(word[i], "metric") && !route.metric)
                        ok = !u32_parse(field, arg[i], &route.metric, NULL) && route.metric;
                else
                        ok = false;
        }
        if (!ok)
                return expected(ret_err, field, "a route such as '10.0.0.0/8 via 192.0.2.1 metric 5'", text);
        route.to = xsn_ip_network(&route.to);
        *(struct xsn_route *)ret_value = route;
        return 0;
}

static void route_format(const struct xsn_field *field, const void *value, struct xsn_buf *buf)
{
        const struct xsn_route *route = value;
        char text[XSN_IP_STRLEN];

        (void)field;
        xsn_buf_put(buf, xsn_ip_format_prefix(&route->to, text));
        if (route->via.family)
                xsn_buf_printf(buf, " via %s", xsn_ip_format(&route->via, text));
        if (route->metric)
                xsn_buf_printf(buf, " metric %" PRIu32, route->metric);
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
static const struct xsn_type t_mac = { "MAC address", sizeof(struct xsn_mac), NULL, false, NULL, NULL,
                                       mac_compare, mac_parse, mac_format };
static const struct xsn_type t_ip = { "address", sizeof(struct xsn_ip), NULL, false, NULL, NULL,
                                      ip_compare, ip_parse, ip_format };
static const struct xsn_type t_prefix = { "address with prefix length", sizeof(struct xsn_ip), NULL, false, NULL, NULL,
                                          ip_compare, prefix_parse, prefix_format };
static const struct xsn_type t_entry = { "key and value", sizeof(struct xsn_entry), NULL, false, entry_clear,
                                         entry_copy, entry_compare, NULL, entry_format };
static const struct xsn_type t_route = { "route", sizeof(struct xsn_route), NULL, false, NULL, NULL,
                                         route_compare, route_parse, route_format };

#define LIST(name_, item_, map_) { .name = (name_), .size = sizeof(struct xsn_list), .item = (item_), .map = (map_) }
static const struct xsn_type t_strs = LIST("list of texts", &t_str, false);
static const struct xsn_type t_u32s = LIST("list of numbers", &t_u32, false);
static const struct xsn_type t_ips = LIST("list of addresses", &t_ip, false);
static const struct xsn_type t_prefixes = LIST("list of addresses with prefix length", &t_prefix, false);
static const struct xsn_type t_map = LIST("map", &t_entry, true);
static const struct xsn_type t_routes = LIST("list of routes", &t_route, false);
#undef LIST

const struct xsn_type *xsn_type_of(int type)
{
        static const struct xsn_type *const types[] = {
                [XSNET_TYPE_BOOL] = &t_bool,     [XSNET_TYPE_U32] = &t_u32,
                [XSNET_TYPE_RATE] = &t_rate,     [XSNET_TYPE_ENUM] = &t_enum,
                [XSNET_TYPE_STR] = &t_str,       [XSNET_TYPE_MAC] = &t_mac,
                [XSNET_TYPE_IP] = &t_ip,         [XSNET_TYPE_STRS] = &t_strs,
                [XSNET_TYPE_U32S] = &t_u32s,     [XSNET_TYPE_IPS] = &t_ips,
                [XSNET_TYPE_PREFIXES] = &t_prefixes, [XSNET_TYPE_MAP] = &t_map,
                [XSNET_TYPE_ROUTES] = &t_routes,
        };

        if (type < 1 || (size_t)type >= XSN_ARRAY_SIZE(types))
                return NULL;
        return types[type];
}
