/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar types that are made of addresses; types.c has the table that lists them. */
#include "model/types.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int mac_compare(const void *a, const void *b)
{
        return memcmp(a, b, sizeof(struct xsn_mac));
}

static int mac_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        if (xsn_mac_parse(text, ret_value) < 0)
                return xsn_type_expected(ret_err, field, "a MAC address such as 02:00:00:00:00:01", text);
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
                return xsn_type_expected(ret_err, field,
                                         family == 6 ? "an address with its prefix length, such as 2001:db8::1/64"
                                                     : "an address with its prefix length, such as 192.0.2.1/24",
                                         text);
        if (r < 0)
                return xsn_type_expected(ret_err, field, family == 6 ? "an IPv6 address" : "an IP address", text);
        if (family && ip.family != family)
                return xsn_type_expected(ret_err, field, family == 4 ? "an IPv4 address" : "an IPv6 address", text);
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

/* ---- route ---- */

static int route_compare(const void *a, const void *b)
{
        const struct xsn_route *x = a, *y = b;
        int r = xsn_ip_compare(&x->to, &y->to);

        if (!r)
                r = xsn_ip_compare(&x->via, &y->via);
        return r ? r : (x->metric > y->metric) - (x->metric < y->metric);
}

/* "via GATEWAY" or "metric N", each at most once. */
static bool route_take(struct xsn_route *route, const char *word, const char *arg)
{
        uint64_t metric;

        if (!strcmp(word, "via") && !route->via.family)
                return !xsn_ip_parse(arg, &route->via) && route->via.family == route->to.family;
        if (strcmp(word, "metric") != 0 || route->metric || xsn_number_parse(arg, UINT32_MAX, &metric) < 0)
                return false;
        route->metric = (uint32_t)metric;
        return metric;
}

/* "TO [via GATEWAY] [metric N]", the words of ip-route(8). */
static int route_parse(const struct xsn_field *field, const char *text, void *ret_value, struct xsnet_error **ret_err)
{
        struct xsn_route route = { .metric = 0 };
        char to[XSN_IP_STRLEN] = "", word[2][8] = { "", "" }, arg[2][XSN_IP_STRLEN] = { "", "" }, rest = 0;
        /* A word that is too long is cut in two, and neither half is one of ours. */
        int n = sscanf(text, "%51s %7s %51s %7s %51s %c", to, word[0], arg[0], word[1], arg[1], &rest);
        bool ok = (n == 1 || n == 3 || n == 5) && !xsn_ip_parse_prefix(to, &route.to);

        for (int i = 0; ok && i < (n - 1) / 2; i++)
                ok = route_take(&route, word[i], arg[i]);
        if (!ok)
                return xsn_type_expected(ret_err, field, "a route such as '10.0.0.0/8 via 192.0.2.1 metric 5'", text);
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

/* ---- the types ---- */

const struct xsn_type xsn_type_mac = {
        "MAC address", sizeof(struct xsn_mac), NULL, false, NULL, NULL, mac_compare, mac_parse, mac_format
};
const struct xsn_type xsn_type_ip = { "address", sizeof(struct xsn_ip), NULL, false, NULL, NULL, ip_compare, ip_parse,
                                      ip_format };
const struct xsn_type xsn_type_prefix = { "address with prefix length",
                                          sizeof(struct xsn_ip),
                                          NULL,
                                          false,
                                          NULL,
                                          NULL,
                                          ip_compare,
                                          prefix_parse,
                                          prefix_format };
const struct xsn_type xsn_type_route = {
        "route", sizeof(struct xsn_route), NULL, false, NULL, NULL, route_compare, route_parse, route_format
};
