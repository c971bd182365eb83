/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/addr.h. */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/cleanup.h"
#include "unit.h"

static struct xsn_ip ip_of(const char *text)
{
        struct xsn_ip ip;
        int r = strchr(text, '/') ? xsn_ip_parse_prefix(text, &ip) : xsn_ip_parse(text, &ip);

        ck_assert_msg(r == 0, "%s", text);
        return ip;
}

static const struct {
        const char *in;
        const char *out; /* NULL: not a MAC */
} macs[] = {
        { "00:16:3e:0a:0B:fF", "00:16:3e:0a:0b:ff" },
        { "00-16-3E-0A-0B-FF", "00:16:3e:0a:0b:ff" },
        { "00:00:00:00:00:00", "00:00:00:00:00:00" },
        { "00:16-3e:0a:0b:ff", NULL },
        { "00:16:3e:0a:0b", NULL },
        { "00:16:3e:0a:0b:", NULL },
        { "00:16:3e:0a:0b:f", NULL },
        { "00:16:3e:0a:0b:ff:", NULL },
        { "00:16:3e:0a:0b:ff:00", NULL },
        { "0:16:3e:0a:0b:ff", NULL },
        { "0016.3e0a.0bff", NULL },
        { "00163e0a0bff", NULL },
        { "00:16:3e:0a:0b:fg", NULL },
        { " 00:16:3e:0a:0b:ff", NULL },
        { "00:16:3e:0a:0b:ff ", NULL },
        { "", NULL },
        { "0", NULL },
};

START_TEST(macs_are_read_strictly_and_printed_one_way)
{
        struct xsn_mac mac = { .b = { 1, 2, 3, 4, 5, 6 } };
        const char *in = macs[_i].in, *out = macs[_i].out;
        char buf[XSN_MAC_STRLEN];
        int r = xsn_mac_parse(in, &mac);

        ck_assert_msg(r == (out ? 0 : -EINVAL), "'%s' gave %d", in, r);
        ck_assert_str_eq(xsn_mac_format(&mac, buf), out ? out : "01:02:03:04:05:06");
}
END_TEST

START_TEST(macs_are_told_apart)
{
        struct xsn_mac a, b, zero = { .b = { 0 } };

        ck_assert_int_eq(xsn_mac_parse("01:00:5e:00:00:01", &a), 0);
        ck_assert_int_eq(xsn_mac_parse("02:00:5e:00:00:01", &b), 0);
        ck_assert(xsn_mac_is_multicast(&a) && !xsn_mac_is_multicast(&b));
        ck_assert(xsn_mac_equal(&a, &a) && !xsn_mac_equal(&a, &b));
        ck_assert(xsn_mac_is_zero(&zero) && !xsn_mac_is_zero(&b));
}
END_TEST

static const struct {
        const char *in;
        const char *out; /* NULL: not an address */
} addresses[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "2001:DB8::1", "2001:db8::1" },
        { "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
        { "2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::" },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "0:0:1:2:3:4:5:6", "::1:2:3:4:5:6" },
        { "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
        { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
        { "::ffff:c000:201", "::ffff:192.0.2.1" },
        { "::192.0.2.1", "::c000:201" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
        { "192.0.2", NULL },
        { "192.0.2.256", NULL },
        { "192.0.2.01", NULL },
        { "0xc0.0.2.1", NULL },
        { "3221225985", NULL },
        { "192.0.2.1 ", NULL },
        { " 192.0.2.1", NULL },
        { "192.0.2.1/24", NULL },
        { "fe80::1%eth0", NULL },
        { "1:2:3:4:5:6:7", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
        { "1::2::3", NULL },
        { "12345::", NULL },
        { ":", NULL },
        { "", NULL },
        { "eth0", NULL },
};

START_TEST(addresses_are_read_strictly_and_printed_the_shortest_way)
{
        const char *in = addresses[_i].in, *out = addresses[_i].out;
        struct xsn_ip ip = { .family = 4, .plen = 9, .b = { 1, 2, 3, 4 } };
        char buf[XSN_IP_STRLEN];
        int r = xsn_ip_parse(in, &ip);

        ck_assert_msg(r == (out ? 0 : -EINVAL), "'%s' gave %d", in, r);
        ck_assert_str_eq(xsn_ip_format(&ip, buf), out ? out : "1.2.3.4");
        if (!out)
                return;
        ck_assert_int_eq(ip.plen, xsn_ip_max_plen(&ip));
        ck_assert_int_eq(xsn_ip_max_plen(&ip), strchr(in, ':') ? 128 : 32);
}
END_TEST

static const struct {
        const char *in;
        const char *out; /* NULL: not a prefix */
        const char *net;
} prefixes[] = {
        { "172.16.0.10/27", "172.16.0.10/27", "172.16.0.0/27" },
        { "10.1.2.3/0", "10.1.2.3/0", "0.0.0.0/0" },
        { "10.1.2.3/32", "10.1.2.3/32", "10.1.2.3/32" },
        { "2001:db8:ffff::1/33", "2001:db8:ffff::1/33", "2001:db8:8000::/33" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
        { "10.1.2.3", NULL, NULL },
        { "10.1.2.3/", NULL, NULL },
        { "10.1.2.3/33", NULL, NULL },
        { "10.1.2.3/024", NULL, NULL },
        { "10.1.2.3/00", NULL, NULL },
        { "10.1.2.3/+8", NULL, NULL },
        { "10.1.2.3/8 ", NULL, NULL },
        { "10.1.2.3/8/8", NULL, NULL },
        { "10.1.2.3/255.0.0.0", NULL, NULL },
        { "10.1.2.3/4294967304", NULL, NULL },
        { "::1/129", NULL, NULL },
        { "/24", NULL, NULL },
        { "10.1.2/24", NULL, NULL },
        { "0000000000000000000000000000000000000000000000000000000000000001::/24", NULL, NULL },
        { "", NULL, NULL },
};

START_TEST(prefixes_are_read_strictly)
{
        const char *in = prefixes[_i].in, *out = prefixes[_i].out;
        struct xsn_ip ip = { .family = 4, .plen = 9, .b = { 1, 2, 3, 4 } }, net;
        char buf[XSN_IP_STRLEN];
        int r = xsn_ip_parse_prefix(in, &ip);

        ck_assert_msg(r == (out ? 0 : -EINVAL), "'%s' gave %d", in, r);
        ck_assert_str_eq(xsn_ip_format_prefix(&ip, buf), out ? out : "1.2.3.4/9");
        if (!out)
                return;
        net = xsn_ip_network(&ip);
        ck_assert_str_eq(xsn_ip_format_prefix(&net, buf), prefixes[_i].net);
        ck_assert(xsn_ip_in_prefix(&ip, &net));
}
END_TEST

START_TEST(no_address_prints_as_nothing)
{
        struct xsn_ip none = { 0 };
        char buf[XSN_IP_STRLEN];

        ck_assert_str_eq(xsn_ip_format(&none, buf), "");
        ck_assert_str_eq(xsn_ip_format_prefix(&none, buf), "");
        ck_assert_int_eq(xsn_ip_max_plen(&none), 0);
        ck_assert(!xsn_ip_is_unspecified(&none));
        ck_assert(!xsn_ip_in_prefix(&none, &none));
}
END_TEST

START_TEST(the_order_is_family_address_prefix)
{
        static const char *const sorted[] = { "9.255.255.255/32", "10.0.0.1/8", "10.0.0.1/24", "10.0.0.2/8",
                                              "200.0.0.1/8",      "::1/64",     "ff00::/8" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(sorted); i++)
                for (size_t j = 0; j < XSN_ARRAY_SIZE(sorted); j++) {
                        struct xsn_ip a = ip_of(sorted[i]), b = ip_of(sorted[j]);

                        ck_assert_int_eq(xsn_ip_compare(&a, &b), i < j ? -1 : i > j);
                }
}
END_TEST

START_TEST(the_same_address_whatever_the_prefix)
{
        struct xsn_ip a = ip_of("10.0.0.1/8"), b = ip_of("10.0.0.1"), c = ip_of("10.0.0.2"), d = ip_of("a00:1::");

        ck_assert(xsn_ip_same_address(&a, &b));
        ck_assert(!xsn_ip_same_address(&b, &c));
        ck_assert(!xsn_ip_same_address(&a, &d)); /* the same bytes, another family */
}
END_TEST

static const struct {
        const char *ip, *net;
        bool inside;
} memberships[] = {
        { "172.16.0.31", "172.16.0.0/27", true },
        { "172.16.0.32", "172.16.0.0/27", false },
        { "172.16.0.31", "172.16.0.9/27", true },
        { "8.8.8.8", "1.2.3.4/0", true },
        { "10.0.0.1", "10.0.0.1/32", true },
        { "10.0.0.0", "10.0.0.1/32", false },
        { "2001:db8::1", "2001:db8::/32", true },
        { "2001:db9::1", "2001:db8::/32", false },
        { "2001:db9::1", "2001:db8::/31", true },
        { "::1", "0.0.0.0/0", false },
        { "10.0.0.1", "::/0", false },
        { "10.128.0.1", "10.0.0.0/9", false },
};

START_TEST(membership_is_decided_by_the_nets_bits)
{
        struct xsn_ip ip = ip_of(memberships[_i].ip), net = ip_of(memberships[_i].net);

        ck_assert_msg(xsn_ip_in_prefix(&ip, &net) == memberships[_i].inside, "%s in %s", memberships[_i].ip,
                      memberships[_i].net);
}
END_TEST

/* m: multicast, u: unspecified, o: loopback, l: link-local, e: at an end of its network */
static const struct {
        const char *ip, *is;
} classes[] = {
        { "223.0.0.1/8", "" },     { "224.0.0.1/8", "m" },     { "239.255.255.255/9", "me" }, { "240.0.0.1/8", "" },
        { "ff02::1/64", "m" },     { "fe80::1/64", "l" },      { "febf::1/64", "l" },         { "fec0::1/64", "" },
        { "169.254.1.1/16", "l" }, { "169.255.1.1/16", "" },   { "0.0.0.0/0", "ue" },         { "::/0", "u" },
        { "172.16.0.0/27", "e" },  { "172.16.0.31/27", "e" },  { "172.16.0.32/26", "" },      { "172.16.0.63/27", "e" },
        { "172.16.0.30/27", "" },  { "10.0.255.255/16", "e" }, { "10.0.255.0/16", "" },       { "10.0.0.3/30", "e" },
        { "10.0.0.2/30", "" },     { "10.0.0.2/31", "" },      { "10.0.0.2/32", "" },         { "2001:db8::/64", "" },
        { "127.0.0.1/8", "o" },    { "127.8.0.1/32", "o" },    { "128.0.0.1/8", "" },         { "::1/128", "o" },
        { "::2/128", "" },         { "1::1/128", "" },
};

START_TEST(addresses_are_classed)
{
        struct xsn_ip ip = ip_of(classes[_i].ip);
        char is[8] = "";

        strcat(is, xsn_ip_is_multicast(&ip) ? "m" : "");
        strcat(is, xsn_ip_is_unspecified(&ip) ? "u" : "");
        strcat(is, xsn_ip_is_loopback(&ip) ? "o" : "");
        strcat(is, xsn_ip_is_link_local(&ip) ? "l" : "");
        strcat(is, xsn_ip_is_network_or_broadcast(&ip) ? "e" : "");
        ck_assert_msg(strcmp(is, classes[_i].is) == 0, "%s is '%s', not '%s'", classes[_i].ip, is, classes[_i].is);
}
END_TEST

/* Each IPv6 address of zero and non-zero groups reads back as itself. */
START_TEST(every_pattern_of_zero_groups_reads_back)
{
        for (unsigned int pattern = 0; pattern < 256; pattern++) {
                struct xsn_ip ip = { .family = 6, .plen = 128 }, back;
                char buf[XSN_IP_STRLEN];

                for (int i = 0; i < 8; i++)
                        ip.b[2 * i + 1] = pattern >> i & 1 ? (uint8_t)(0xa0 + i) : 0;
                ck_assert_int_eq(xsn_ip_parse(xsn_ip_format(&ip, buf), &back), 0);
                ck_assert_msg(xsn_ip_compare(&ip, &back) == 0, "%s", buf);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/addr");
        TCase *tc = tcase_create("addr");

        tcase_add_loop_test(tc, macs_are_read_strictly_and_printed_one_way, 0, XSN_ARRAY_SIZE(macs));
        tcase_add_test(tc, macs_are_told_apart);
        tcase_add_loop_test(tc, addresses_are_read_strictly_and_printed_the_shortest_way, 0, XSN_ARRAY_SIZE(addresses));
        tcase_add_loop_test(tc, prefixes_are_read_strictly, 0, XSN_ARRAY_SIZE(prefixes));
        tcase_add_test(tc, no_address_prints_as_nothing);
        tcase_add_test(tc, the_order_is_family_address_prefix);
        tcase_add_test(tc, the_same_address_whatever_the_prefix);
        tcase_add_loop_test(tc, membership_is_decided_by_the_nets_bits, 0, XSN_ARRAY_SIZE(memberships));
        tcase_add_loop_test(tc, addresses_are_classed, 0, XSN_ARRAY_SIZE(classes));
        tcase_add_test(tc, every_pattern_of_zero_groups_reads_back);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
