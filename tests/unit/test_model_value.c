/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/value.h: what each type takes and refuses, lists, sets, maps, rates, routes. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "failalloc.h"
#include "model/desc.h"
#include "unit.h"

static const struct xsn_field *row(int kind, int field)
{
        const struct xsn_class *cls = xsn_class_of(kind);

        return xsn_class_field(cls, (size_t)xsn_class_index(cls, field));
}

/* ---- what a document may write, and how it is printed again ---- */

static const struct {
        int kind, field;
        const char *text;
        const char *printed; /* NULL: refused, and `error` is its message */
        const char *error;
} scalars[] = {
        { XSNET_KIND_NETWORK, XSNET_FIELD_STP, "true", "true", NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_STP, "false", "false", NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_STP, "on", NULL, "stp: expected true or false, found 'on'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_STP, "True", NULL, "stp: expected true or false, found 'True'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_STP, "", NULL, "stp: expected true or false, found ''" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "68", "68", NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "65535", "65535", NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "67", NULL, "mtu: expected a number in 68..65535, found '67'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "65536", NULL, "mtu: expected a number in 68..65535, found '65536'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "99999999999999999999999999", NULL,
          "mtu: expected a number in 68..65535, found '99999999999999999999999999'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "-1", NULL, "mtu: expected a whole number, found '-1'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "+1500", NULL, "mtu: expected a whole number, found '+1500'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, " 1500", NULL, "mtu: expected a whole number, found ' 1500'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "1500 ", NULL, "mtu: expected a whole number, found '1500 '" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "0x5dc", NULL, "mtu: expected a whole number, found '0x5dc'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "1:30", NULL, "mtu: expected a whole number, found '1:30'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "", NULL, "mtu: expected a whole number, found ''" },
        { XSNET_KIND_VLAN, XSNET_FIELD_TAG, "0", "0", NULL },
        { XSNET_KIND_VLAN, XSNET_FIELD_TAG, "4094", "4094", NULL },
        { XSNET_KIND_VLAN, XSNET_FIELD_TAG, "4095", NULL, "tag: expected a number in 0..4094, found '4095'" },
        { XSNET_KIND_VLAN, XSNET_FIELD_TAG, "0100", "100", NULL },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_KEY, "4294967295", "4294967295", NULL },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_KEY, "4294967296", NULL,
          "key: expected a number in 0..4294967295, found '4294967296'" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_KEY, "18446744073709551616", NULL,
          "key: expected a number in 0..4294967295, found '18446744073709551616'" },
        { XSNET_KIND_BOND, XSNET_FIELD_MODE, "lacp", "lacp", NULL },
        { XSNET_KIND_BOND, XSNET_FIELD_MODE, "802.3ad", NULL,
          "mode: expected one of active-backup, balance-slb, lacp, balance-rr, balance-xor, broadcast, balance-tlb, "
          "balance-alb, found '802.3ad'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_LOCKING, "locked", NULL,
          "locking: expected one of unlocked, disabled, found 'locked'" },
        { XSNET_KIND_VIF, XSNET_FIELD_VIF_LOCKING, "locked", "locked", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV4_MODE, "autoconf", NULL,
          "ipv4.mode: expected one of none, static, dhcp, found 'autoconf'" },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV6_MODE, "autoconf", "autoconf", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "eth0", "eth0", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "fifteen-bytes-x", "fifteen-bytes-x", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "sixteen-bytes-xy", NULL,
          "device: expected a device name (1..15 bytes, no '/', ':', '%' or white space), found 'sixteen-bytes-xy'" },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "a/b", NULL,
          "device: expected a device name (1..15 bytes, no '/', ':', '%' or white space), found 'a/b'" },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "..", NULL,
          "device: expected a device name (1..15 bytes, no '/', ':', '%' or white space), found '..'" },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "eth\033[2J", NULL,
          "device: expected one line of UTF-8 text without control characters, found 'eth\\x1b[2J'" },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "eth\xff", NULL,
          "device: expected one line of UTF-8 text without control characters, found 'eth\\xff'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "Netz \xc3\xbc \xf0\x9f\x90\xa7", "Netz \xc3\xbc \xf0\x9f\x90\xa7",
          NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "", NULL, "name: expected a text that is not empty, found ''" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "two\nlines", NULL,
          "name: expected one line of UTF-8 text without control characters, found 'two\\x0alines'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "over\xc0\xaflong", NULL,
          "name: expected one line of UTF-8 text without control characters, found 'over\\xc0\\xaflong'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "half \xed\xa0\x80 pair", NULL,
          "name: expected one line of UTF-8 text without control characters, found 'half \\xed\\xa0\\x80 pair'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "cut\xe2\x82", NULL,
          "name: expected one line of UTF-8 text without control characters, found 'cut\\xe2\\x82'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "c1\xc2\x9b", NULL,
          "name: expected one line of UTF-8 text without control characters, found 'c1\\xc2\\x9b'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "no xml \xef\xbf\xbf", NULL,
          "name: expected one line of UTF-8 text without control characters, found 'no xml \xef\xbf\xbf'" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_DESCRIPTION, "two\nlines\tand a tab", "two\nlines\tand a tab", NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_DESCRIPTION, "", "", NULL },
        { XSNET_KIND_NETWORK, XSNET_FIELD_DESCRIPTION, "bell\a", NULL,
          "description: expected UTF-8 text without control characters, found 'bell\\x07'" },
        { XSNET_KIND_BOND, XSNET_FIELD_MAC, "02-00-00-00-AA-01", "02:00:00:00:aa:01", NULL },
        { XSNET_KIND_BOND, XSNET_FIELD_MAC, "02:00:00:00:00", NULL,
          "mac: expected a MAC address such as 02:00:00:00:00:01, found '02:00:00:00:00'" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_LOCAL, "2001:DB8::0:1", "2001:db8::1", NULL },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_LOCAL, "192.0.2.1", "192.0.2.1", NULL },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_LOCAL, "192.0.2.1/24", NULL,
          "local: expected an IP address, found '192.0.2.1/24'" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_LOCAL, "192.0.2", NULL, "local: expected an IP address, found '192.0.2'" },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV4_GATEWAY, "2001:db8::1", NULL,
          "ipv4.gateway: expected an IPv4 address, found '2001:db8::1'" },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV6_GATEWAY, "192.0.2.1", NULL,
          "ipv6.gateway: expected an IPv6 address, found '192.0.2.1'" },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV6_GATEWAY, "gateway", NULL,
          "ipv6.gateway: expected an IPv6 address, found 'gateway'" },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "80Mbit", "80Mbit", NULL },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "10MB", "80Mbit", NULL },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "8000", "8kbit", NULL },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "18446744073709551615", "18446744073709551615bit", NULL },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "18446744073709551616", NULL,
          "rate-limit: expected a rate in 8000..18446744073709551615 bit/s, found '18446744073709551616'" },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "3000000000GB", NULL,
          "rate-limit: expected a rate in 8000..18446744073709551615 bit/s, found '3000000000GB'" },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "7999", NULL,
          "rate-limit: expected a rate in 8000..18446744073709551615 bit/s, found '7999'" },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "80 Mbit", NULL,
          "rate-limit: expected a rate such as 80Mbit or 10MB (per second), found '80 Mbit'" },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "1.5Mbit", NULL,
          "rate-limit: expected a rate such as 80Mbit or 10MB (per second), found '1.5Mbit'" },
        { XSNET_KIND_BOND, XSNET_FIELD_MEMBERS, "eth0", NULL, "members: expected a list of texts, found 'eth0'" },
};

START_TEST(a_scalar_is_read_by_its_row_and_printed_in_one_form)
{
        const struct xsn_field *field = row(scalars[_i].kind, scalars[_i].field);
        struct xsnet_error *err = NULL;
        uint64_t room[4] = { 0 };
        struct xsn_buf buf = { 0 };
        char *printed = NULL;
        int r = xsn_value_parse(field, scalars[_i].text, room, &err);

        if (!scalars[_i].printed) {
                ck_assert_int_lt(r, 0);
                ck_assert_str_eq(xsnet_error_get_message(err), scalars[_i].error);
                ck_assert_int_eq(xsnet_error_get_code(err), r);
                ck_assert_str_eq(xsnet_error_get_reason(err), r == -ERANGE ? "out-of-range"
                                                              : scalars[_i].field == XSNET_FIELD_MEMBERS ? "bad-type"
                                                                                                         : "bad-value");
                xsnet_error_free(err);
                return;
        }
        ck_assert_msg(r == 0, "%s: %s", scalars[_i].text, xsnet_error_get_message(err));
        xsn_value_format(field, room, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &printed), 0);
        ck_assert_str_eq(printed, scalars[_i].printed);
        xsn_free(printed);
        xsn_value_clear(xsn_type_of(field->type), room);
        ck_assert_uint_eq(room[0] | room[1] | room[2], 0);
}
END_TEST

START_TEST(a_message_repeats_but_the_beginning_of_a_long_text)
{
        struct xsnet_error *err = NULL;
        char text[5000], *value = NULL;

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        ck_assert_int_eq(xsn_value_parse(row(XSNET_KIND_NETWORK, XSNET_FIELD_NAME), text, &value, &err), -ERANGE);
        ck_assert_ptr_null(value);
        ck_assert_uint_lt(strlen(xsnet_error_get_message(err)), 160);
        ck_assert_ptr_nonnull(
                strstr(xsnet_error_get_message(err), "expected a text of at most 4096 bytes, found 'xxx"));
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "xxx...'"));
        xsnet_error_free(err);
        text[4096] = '\0';
        ck_assert_int_eq(xsn_value_parse(row(XSNET_KIND_NETWORK, XSNET_FIELD_NAME), text, &value, NULL), 0);
        xsn_free(value);
}
END_TEST

/* ---- items of lists ---- */

static const struct {
        int kind, field;
        const char *text, *printed;
} items[] = {
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.1.2.3/8", "[10.0.0.0/8]" },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 via 192.0.2.1", "[10.0.0.0/8 via 192.0.2.1]" },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 metric 5 via 192.0.2.1",
          "[10.0.0.0/8 via 192.0.2.1 metric 5]" },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "2001:db8::/32 metric 4294967295", "[2001:db8::/32 metric 4294967295]" },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "0.0.0.0/0 via 192.0.2.1", "[0.0.0.0/0 via 192.0.2.1]" },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 via 2001:db8::1", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 via", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/33", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "default via 192.0.2.1", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 metric 0", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 metric 4294967296", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 metric -1", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 metric 1 metric 2", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 via 192.0.2.1 via 192.0.2.2", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 via 192.0.2.1 metric 5 x", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "10.0.0.0/8 viavia1 92.0.2.1", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_ROUTES, "", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV4_ADDRESS, "192.0.2.1/24", "[192.0.2.1/24]" },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV4_ADDRESS, "192.0.2.1", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV4_ADDRESS, "2001:db8::1/64", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV6_ADDRESS, "2001:db8::1/64", "[2001:db8::1/64]" },
        { XSNET_KIND_PIF, XSNET_FIELD_IPV6_ADDRESS, "192.0.2.1/24", NULL },
        { XSNET_KIND_PIF, XSNET_FIELD_STATUS_OTHER_ADDRESSES, "192.0.2.1/24", "[192.0.2.1/24]" },
        { XSNET_KIND_PIF, XSNET_FIELD_STATUS_OTHER_ADDRESSES, "2001:db8::1/64", "[2001:db8::1/64]" },
        { XSNET_KIND_VIF, XSNET_FIELD_ALLOWED_IPV4, "2001:db8::1", NULL },
        { XSNET_KIND_VIF, XSNET_FIELD_ALLOWED_IPV6, "192.0.2.1", NULL },
        { XSNET_KIND_VIF, XSNET_FIELD_TRUNKS, "4094", "[4094]" },
        { XSNET_KIND_VIF, XSNET_FIELD_TRUNKS, "4095", NULL },
        { XSNET_KIND_BOND, XSNET_FIELD_MEMBERS, "eth0", "[eth0]" },
        { XSNET_KIND_BOND, XSNET_FIELD_MEMBERS, "eth 0", NULL },
        { XSNET_KIND_BOND, XSNET_FIELD_DNS, "2001:db8::53", "[2001:db8::53]" },
        { XSNET_KIND_BOND, XSNET_FIELD_OTHER_CONFIG, "a", NULL },
        { XSNET_KIND_BOND, XSNET_FIELD_MODE, "lacp", NULL },
};

START_TEST(an_item_is_read_by_its_row)
{
        const struct xsn_field *field = row(items[_i].kind, items[_i].field);
        struct xsnet_error *err = NULL;
        struct xsn_list list = { 0 };
        struct xsn_buf buf = { 0 };
        char *printed = NULL;
        int r = xsn_list_add_text(field, &list, items[_i].text, &err);

        if (!items[_i].printed) {
                ck_assert_msg(r == -EINVAL || r == -ERANGE, "'%s' was taken", items[_i].text);
                ck_assert_int_eq(xsnet_error_get_code(err), r);
                ck_assert_int_eq(strncmp(xsnet_error_get_message(err), field->name, strlen(field->name)), 0);
                ck_assert_uint_eq(list.n, 0);
                xsnet_error_free(err);
                return;
        }
        ck_assert_msg(r == 0, "%s", xsnet_error_get_message(err));
        xsn_value_format(field, &list, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &printed), 0);
        ck_assert_str_eq(printed, items[_i].printed);
        xsn_free(printed);
        xsn_value_clear(xsn_type_of(field->type), &list);
}
END_TEST

START_TEST(a_set_refuses_what_it_has_and_a_list_does_not)
{
        const struct xsn_field *trunks = row(XSNET_KIND_VIF, XSNET_FIELD_TRUNKS);
        const struct xsn_field *dns = row(XSNET_KIND_PIF, XSNET_FIELD_DNS);
        struct xsn_list list = { 0 };
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_list_add_text(trunks, &list, "7", NULL), 0);
        ck_assert_int_eq(xsn_list_add_text(trunks, &list, "8", NULL), 0);
        ck_assert_int_eq(xsn_list_add_text(trunks, &list, "007", &err), -EEXIST);
        ck_assert_str_eq(xsnet_error_get_message(err), "trunks: '007' stands twice");
        ck_assert_uint_eq(list.n, 2);
        xsnet_error_free(err);
        xsn_value_clear(xsn_type_of(trunks->type), &list);
        ck_assert_int_eq(xsn_list_add_text(dns, &list, "192.0.2.53", NULL), 0);
        ck_assert_int_eq(xsn_list_add_text(dns, &list, "192.0.2.53", NULL), 0);
        ck_assert_uint_eq(list.n, 2);
        xsn_value_clear(xsn_type_of(dns->type), &list);
}
END_TEST

/* ---- sets ---- */

static struct xsn_list numbers(const uint32_t *v, size_t n)
{
        return (struct xsn_list){ .v = (void *)(uintptr_t)v, .n = n };
}

START_TEST(sets_are_equal_whatever_the_order_and_the_repetitions)
{
        static const uint32_t a[] = { 1, 2, 2 }, b[] = { 2, 1 }, c[] = { 1, 1, 2 }, d[] = { 1, 2, 3 },
                              e[] = { 1, 1, 3 };
        const struct xsn_type *type = xsn_type_of(XSNET_TYPE_U32S);
        struct xsn_list la = numbers(a, 3), lb = numbers(b, 2), lc = numbers(c, 3), ld = numbers(d, 3),
                        le = numbers(e, 3), none = { 0 };

        ck_assert(xsn_value_equal(type, &la, &lb, true));
        ck_assert(xsn_value_equal(type, &la, &lc, true));
        ck_assert(!xsn_value_equal(type, &la, &ld, true));
        ck_assert(!xsn_value_equal(type, &lc, &ld, true)); /* each of 1 1 2 is in 1 2 3 */
        ck_assert(!xsn_value_equal(type, &le, &ld, true));
        ck_assert(!xsn_value_equal(type, &la, &none, true));
        ck_assert(!xsn_value_equal(type, &none, &la, true));
        ck_assert(xsn_value_equal(type, &none, &none, true));
        ck_assert(!xsn_value_equal(type, &la, &lb, false));
        ck_assert(!xsn_value_equal(type, &la, &lc, false));
        ck_assert(xsn_value_equal(type, &la, &la, false));
}
END_TEST

START_TEST(big_sets_are_equal_as_small_ones_are)
{
        static uint32_t a[5001], b[5001];
        const struct xsn_type *type = xsn_type_of(XSNET_TYPE_U32S);
        struct xsn_list x = numbers(a, 5000), y = numbers(b, 5000);
        bool equal;

        for (uint32_t i = 0; i < 5000; i++) {
                a[i] = i;
                b[4999 - i] = i;
        }
        ck_assert(xsn_value_equal(type, &x, &y, true));
        ck_assert_uint_eq(a[0], 0); /* the lists themselves stay as they are */
        ck_assert_uint_eq(b[0], 4999);
        a[5000] = 17;
        x.n = 5001;
        ck_assert(xsn_value_equal(type, &x, &y, true));
        a[5000] = 5000;
        ck_assert(!xsn_value_equal(type, &x, &y, true));
        ck_assert(!xsn_value_equal(type, &y, &x, true));
        failalloc_from(1);
        equal = xsn_value_equal(type, &y, &x, true);
        failalloc_off();
        ck_assert(!equal);
        x.n = 5000;
        failalloc_at(2);
        equal = xsn_value_equal(type, &x, &y, true);
        failalloc_off();
        ck_assert(equal);
}
END_TEST

START_TEST(a_list_of_thousands_grows_in_few_steps)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_U32S)->item;
        struct xsn_list list = { 0 };
        bool ok = true;

        failalloc_at(0);
        for (uint32_t i = 0; i < 4000; i++)
                ok = ok && !xsn_list_add(item, &list, &i);
        failalloc_off();
        ck_assert(ok);
        ck_assert_uint_lt(failalloc_count(), 20);
        for (uint32_t i = 0; i < 4000; i++)
                ck_assert_uint_eq(XSN_ITEM(list, uint32_t, i), i);
        xsn_list_remove(item, &list, 0);
        xsn_list_remove(item, &list, 3998);
        ck_assert_uint_eq(list.n, 3998);
        ck_assert_uint_eq(XSN_ITEM(list, uint32_t, 0), 1);
        ck_assert_uint_eq(XSN_ITEM(list, uint32_t, 3997), 3998);
        XSN_ITEM(list, uint32_t, 0) = 3999;
        xsn_list_sort(item, &list);
        ck_assert_uint_eq(XSN_ITEM(list, uint32_t, 0), 2);
        ck_assert_uint_eq(XSN_ITEM(list, uint32_t, 3997), 3999);
        xsn_value_clear(xsn_type_of(XSNET_TYPE_U32S), &list);
}
END_TEST

START_TEST(a_list_made_elsewhere_can_be_added_to)
{
        struct xsn_list list = { .v = xsn_alloc_array(1, sizeof(char *)), .n = 1 }; /* as a decoder makes it */

        XSN_ITEM(list, char *, 0) = xsn_strdup("a");
        for (int i = 0; i < 20; i++)
                ck_assert_int_eq(xsn_strs_add(&list, "b"), 0);
        ck_assert(xsn_strs_has(&list, "a") && xsn_strs_has(&list, "b") && !xsn_strs_has(&list, "c"));
        xsn_strs_clear(&list);
        ck_assert_ptr_null(list.v);
}
END_TEST

/* ---- maps ---- */

START_TEST(a_map_is_sorted_and_each_key_has_one_value)
{
        const struct xsn_field *field = row(XSNET_KIND_PIF, XSNET_FIELD_OTHER_CONFIG);
        struct xsn_list map = { 0 };
        struct xsn_buf buf = { 0 };
        const char *value = "untouched";
        char *text = NULL;

        ck_assert_int_eq(xsn_map_set(&map, "b", "2"), 0);
        ck_assert_int_eq(xsn_map_set(&map, "c", NULL), 0);
        ck_assert_int_eq(xsn_map_set(&map, "a", "1"), 0);
        ck_assert_int_eq(xsn_map_set(&map, "b", "3"), 0);
        xsn_value_format(field, &map, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        ck_assert_str_eq(text, "{a: 1, b: 3, c: null}");
        xsn_free(text);
        ck_assert_int_eq(xsn_map_get(&map, "d", &value), -ENOENT);
        ck_assert_str_eq(value, "untouched");
        ck_assert_int_eq(xsn_map_get(&map, "c", &value), 0);
        ck_assert_ptr_null(value);
        xsn_map_remove(&map, "a");
        xsn_map_remove(&map, "z");
        ck_assert_uint_eq(map.n, 2);
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), &map);
}
END_TEST

START_TEST(maps_compare_by_keys_and_values_and_deletion_is_no_empty_value)
{
        const struct xsn_type *type = xsn_type_of(XSNET_TYPE_MAP);
        struct xsn_list a = { 0 }, b = { 0 };

        ck_assert_int_eq(xsn_map_set(&a, "k", "v"), 0);
        ck_assert_int_eq(xsn_map_set(&a, "d", NULL), 0);
        ck_assert_int_eq(xsn_value_copy(type, &b, &a), 0);
        ck_assert(xsn_value_equal(type, &a, &b, false));
        ck_assert_int_eq(xsn_map_set(&b, "d", ""), 0);
        ck_assert(!xsn_value_equal(type, &a, &b, false));
        xsn_value_clear(type, &a);
        xsn_value_clear(type, &b);
}
END_TEST

START_TEST(the_empty_list_needs_no_memory)
{
        struct xsn_list a = { 0 }, b;
        int r;

        failalloc_from(1);
        r = xsn_value_copy(xsn_type_of(XSNET_TYPE_STRS), &b, &a);
        failalloc_off();
        ck_assert_int_eq(r, 0);
        ck_assert(!b.v && !b.n);
}
END_TEST

START_TEST(an_enum_of_another_version_keeps_its_text)
{
        const struct xsn_field *field = row(XSNET_KIND_BOND, XSNET_FIELD_MODE);
        const struct xsn_type *type = xsn_type_of(XSNET_TYPE_ENUM);
        struct xsn_enumval a = { .raw = xsn_strdup("balance-quantum") }, b = { 0 }, known = { .value = 1 };
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        ck_assert_int_eq(xsn_value_copy(type, &b, &a), 0);
        ck_assert_ptr_ne(a.raw, b.raw);
        ck_assert(xsn_value_equal(type, &a, &b, false));
        ck_assert(!xsn_value_equal(type, &a, &known, false));
        b.raw[0] = 'B';
        ck_assert(!xsn_value_equal(type, &a, &b, false));
        xsn_value_format(field, &a, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        ck_assert_str_eq(text, "balance-quantum");
        xsn_free(text);
        xsn_value_clear(type, &a);
        xsn_value_clear(type, &b);
}
END_TEST

START_TEST(only_the_numbers_of_types_have_a_type)
{
        ck_assert_ptr_null(xsn_type_of(0));
        ck_assert_ptr_null(xsn_type_of(-1));
        ck_assert_ptr_null(xsn_type_of(XSNET_TYPE_ROUTES + 1));
        for (int type = 1; type <= XSNET_TYPE_ROUTES; type++)
                ck_assert_ptr_nonnull(xsn_type_of(type)->name);
}
END_TEST

static int work_with_values(void)
{
        const struct xsn_type *strs = xsn_type_of(XSNET_TYPE_STRS), *map = xsn_type_of(XSNET_TYPE_MAP);
        struct xsn_list list = { 0 }, entries = { 0 }, copy = { 0 };
        char *name = NULL;
        int r = xsn_strs_add(&list, "a");

        r = r ? r : xsn_list_add_text(row(XSNET_KIND_BOND, XSNET_FIELD_MEMBERS), &list, "b", NULL);
        r = r ? r : xsn_map_set(&entries, "k", "v");
        r = r ? r : xsn_map_set(&entries, "k", "w");
        r = r ? r : xsn_map_set(&entries, "a", NULL);
        r = r ? r : xsn_value_copy(map, &copy, &entries);
        r = r ? r : xsn_value_parse(row(XSNET_KIND_NETWORK, XSNET_FIELD_NAME), "n", &name, NULL);
        xsn_free(name);
        xsn_value_clear(strs, &list);
        xsn_value_clear(map, &entries);
        xsn_value_clear(map, &copy);
        return r;
}

START_TEST(each_failing_allocation_is_an_error)
{
        for (unsigned long n = 1;; n++) {
                int r;

                failalloc_at(n);
                r = work_with_values();
                failalloc_off();
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_uint_gt(n, 10);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/value");
        TCase *tc = tcase_create("value");

        tcase_add_loop_test(tc, a_scalar_is_read_by_its_row_and_printed_in_one_form, 0, XSN_ARRAY_SIZE(scalars));
        tcase_add_test(tc, a_message_repeats_but_the_beginning_of_a_long_text);
        tcase_add_loop_test(tc, an_item_is_read_by_its_row, 0, XSN_ARRAY_SIZE(items));
        tcase_add_test(tc, a_set_refuses_what_it_has_and_a_list_does_not);
        tcase_add_test(tc, sets_are_equal_whatever_the_order_and_the_repetitions);
        tcase_add_test(tc, big_sets_are_equal_as_small_ones_are);
        tcase_add_test(tc, a_list_of_thousands_grows_in_few_steps);
        tcase_add_test(tc, a_list_made_elsewhere_can_be_added_to);
        tcase_add_test(tc, a_map_is_sorted_and_each_key_has_one_value);
        tcase_add_test(tc, maps_compare_by_keys_and_values_and_deletion_is_no_empty_value);
        tcase_add_test(tc, the_empty_list_needs_no_memory);
        tcase_add_test(tc, an_enum_of_another_version_keeps_its_text);
        tcase_add_test(tc, only_the_numbers_of_types_have_a_type);
        tcase_add_test(tc, each_failing_allocation_is_an_error);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
