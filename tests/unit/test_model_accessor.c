/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of <xsnet/object.h>: every row of every kind by introspection, as a program does that knows none of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "failalloc.h"
#include "model/object.h"
#include "unit.h"

static struct xsnet_object *object_new(int kind)
{
        struct xsnet_object *obj = NULL;

        ck_assert_int_eq(xsnet_object_new(kind, &obj, NULL), 0);
        ck_assert_int_eq(xsnet_object_get_kind(obj), kind);
        return obj;
}

/* A text that a row takes, and the form in which it comes back. */
static const char *sample(int kind, int field)
{
        const char *name = xsnet_field_get_name(kind, field);
        const struct xsn_class *cls = xsn_class_of(kind);
        const struct xsn_field *row = xsn_class_field(cls, (size_t)xsn_class_index(cls, field));
        bool ipv6 = strstr(name, "ipv6") != NULL;

        switch (xsnet_field_get_type(kind, field)) {
        case XSNET_TYPE_BOOL:
                return row->def ? "false" : "true";
        case XSNET_TYPE_U32:
        case XSNET_TYPE_U32S:
                return field == XSNET_FIELD_VIF_DEVICE ? "7" : "1234";
        case XSNET_TYPE_RATE:
                return "80Mbit";
        case XSNET_TYPE_ENUM:
                return row->en->rows[row->en->n_rows - 1].name;
        case XSNET_TYPE_MAC:
                return "02:00:00:00:00:01";
        case XSNET_TYPE_IP:
        case XSNET_TYPE_IPS:
                return ipv6 ? "2001:db8::1" : "192.0.2.1";
        case XSNET_TYPE_PREFIXES:
                return ipv6 ? "2001:db8::1/64" : "192.0.2.1/24";
        case XSNET_TYPE_ROUTES:
                return "10.0.0.0/8 via 192.0.2.1 metric 5";
        default:
                return "eth0";
        }
}

static void expect_text(struct xsnet_object *obj, int field, const char *text)
{
        char *got = NULL;

        ck_assert_int_eq(xsnet_object_get_str(obj, field, &got), 0);
        ck_assert_str_eq(got, text);
        free(got); /* the user's own free() */
}

static void check_typed_scalar(struct xsnet_object *obj, int field, int type)
{
        uint8_t mac[6] = { 0 };
        uint32_t u32 = 0;
        uint64_t u64 = 0;
        int flag = 0;

        ck_assert_int_eq(xsnet_object_get_bool(obj, field, &flag), type == XSNET_TYPE_BOOL ? 0 : -EINVAL);
        ck_assert_int_eq(xsnet_object_get_u32(obj, field, &u32),
                         type == XSNET_TYPE_U32 || type == XSNET_TYPE_ENUM ? 0 : -EINVAL);
        ck_assert_int_eq(xsnet_object_get_u64(obj, field, &u64), type == XSNET_TYPE_RATE ? 0 : -EINVAL);
        ck_assert_int_eq(xsnet_object_get_mac(obj, field, mac), type == XSNET_TYPE_MAC ? 0 : -EINVAL);
        if (type == XSNET_TYPE_BOOL)
                ck_assert_int_eq(xsnet_object_set_bool(obj, field, flag, NULL), 0);
        else
                ck_assert_int_eq(xsnet_object_set_bool(obj, field, 1, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_u32(obj, field, u32, NULL),
                         type == XSNET_TYPE_U32 || type == XSNET_TYPE_ENUM ? 0 : -EINVAL);
        ck_assert_int_eq(xsnet_object_set_u64(obj, field, u64, NULL), type == XSNET_TYPE_RATE ? 0 : -EINVAL);
        ck_assert_int_eq(xsnet_object_set_mac(obj, field, mac, NULL), type == XSNET_TYPE_MAC ? 0 : -EINVAL);
        ck_assert_int_eq(xsnet_object_set_mac(obj, field, NULL, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_item(obj, field, "1", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_remove_items(obj, field, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_get_item(obj, field, 0, &(char *){ NULL }), -EINVAL);
        ck_assert_uint_eq(xsnet_object_get_count(obj, field), 0);
}

static void check_list(struct xsnet_object *obj, int field, const char *text)
{
        char *item = NULL, flow[80];
        int flag;

        ck_assert_int_eq(xsnet_object_set_str(obj, field, text, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_get_count(obj, field), 0);
        ck_assert_int_eq(xsnet_object_add_item(obj, field, text, NULL), 0);
        ck_assert_uint_eq(xsnet_object_get_count(obj, field), 1);
        ck_assert_int_eq(xsnet_object_get_item(obj, field, 0, &item), 0);
        ck_assert_str_eq(item, text);
        free(item);
        ck_assert_int_eq(xsnet_object_get_item(obj, field, 1, &item), -ENOENT);
        (void)snprintf(flow, sizeof(flow), "[%s]", text);
        expect_text(obj, field, flow);
        ck_assert_int_eq(xsnet_object_get_bool(obj, field, &flag), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_item(obj, field, "\xff", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_item(obj, field, NULL, NULL), -EINVAL);
        ck_assert_uint_eq(xsnet_object_get_count(obj, field), 1);
        ck_assert_int_eq(xsnet_object_remove_items(obj, field, NULL), 0);
        ck_assert_int_eq(xsnet_object_has(obj, field), 1);
        expect_text(obj, field, "[]");
}

static void check_map(struct xsnet_object *obj, int field)
{
        const char *value = NULL;
        char *key = NULL;

        ck_assert_int_eq(xsnet_object_set_str(obj, field, "x", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_item(obj, field, "x", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_entry(obj, field, "b", "two\nlines", NULL), 0);
        ck_assert_int_eq(xsnet_object_set_entry(obj, field, "a", NULL, NULL), 0);
        ck_assert_uint_eq(xsnet_object_get_count(obj, field), 2);
        ck_assert_int_eq(xsnet_object_get_item(obj, field, 0, &key), 0);
        ck_assert_str_eq(key, "a");
        free(key);
        ck_assert_int_eq(xsnet_object_get_entry(obj, field, "b", &value), 0);
        ck_assert_str_eq(value, "two\nlines");
        ck_assert_int_eq(xsnet_object_get_entry(obj, field, "a", &value), 0);
        ck_assert_ptr_null(value);
        ck_assert_int_eq(xsnet_object_get_entry(obj, field, "c", &value), -ENODATA);
        ck_assert_int_eq(xsnet_object_get_entry(obj, field, NULL, &value), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_entry(obj, field, NULL, "v", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_entry(obj, field, "\xff", "v", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_entry(obj, field, "k", "\xff", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_entry(obj, field, "two\x01", "v", NULL), -EINVAL);
        ck_assert_uint_eq(xsnet_object_get_count(obj, field), 2);
}

/* Status rows, what is required, and what tells which object it is have no default to go back to. */
static bool can_reset(int kind, int field)
{
        const struct xsn_class *cls = xsn_class_of(kind);
        unsigned flags = xsn_class_field(cls, (size_t)xsn_class_index(cls, field))->flags;

        return !(flags & (XSN_F_KEY | XSN_F_REQUIRED | XSN_F_SELECT | XSN_F_OBSERVED)) &&
               !(kind == XSNET_KIND_TUNNEL && field == XSNET_FIELD_NETWORK);
}

static void check_three_states(struct xsnet_object *obj, int field)
{
        int kind = xsnet_object_get_kind(obj), r = can_reset(kind, field) ? 0 : -EINVAL;
        char *text = NULL;

        ck_assert_int_eq(xsnet_object_has(obj, field), 1);
        ck_assert_int_eq(xsnet_object_is_reset(obj, field), 0);
        ck_assert_msg(xsnet_object_reset(obj, field, NULL) == r, "%s", xsnet_field_get_name(kind, field));
        ck_assert_int_eq(xsnet_object_has(obj, field), r < 0);
        ck_assert_int_eq(xsnet_object_is_reset(obj, field), r == 0);
        ck_assert_int_eq(xsnet_object_get_str(obj, field, &text), r < 0 ? 0 : -ENODATA);
        free(text);
        ck_assert_int_eq(xsnet_object_remove(obj, field, NULL), 0);
        ck_assert_int_eq(xsnet_object_has(obj, field), 0);
        ck_assert_int_eq(xsnet_object_is_reset(obj, field), 0);
        ck_assert_int_eq(xsnet_object_get_str(obj, field, &text), -ENODATA);
        ck_assert_uint_eq(xsnet_object_get_count(obj, field), 0);
}

START_TEST(each_field_of_each_kind_can_be_written_read_reset_and_removed)
{
        int kind = _i + 1;
        struct xsnet_object *obj = object_new(kind);

        for (size_t i = 0; i < xsnet_kind_get_field_count(kind); i++) {
                int field = xsnet_kind_get_field_at(kind, i), type = xsnet_field_get_type(kind, field);
                const char *text = sample(kind, field);

                ck_assert_int_eq(xsnet_object_has(obj, field), 0);
                if (type == XSNET_TYPE_MAP) {
                        check_map(obj, field);
                } else if (type >= XSNET_TYPE_STRS) {
                        check_list(obj, field, text);
                } else {
                        ck_assert_msg(!xsnet_object_set_str(obj, field, text, NULL), "%s",
                                      xsnet_field_get_name(kind, field));
                        expect_text(obj, field, text);
                        if (type != XSNET_TYPE_STR)
                                check_typed_scalar(obj, field, type);
                        expect_text(obj, field, text);
                        ck_assert_int_lt(xsnet_object_set_str(obj, field, "\xff", NULL), 0);
                        ck_assert_int_eq(xsnet_object_set_str(obj, field, NULL, NULL), -EINVAL);
                        expect_text(obj, field, text); /* a refused value leaves the old one */
                }
                check_three_states(obj, field);
        }
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(a_kind_has_no_fields_of_another)
{
        struct xsnet_object *obj = object_new(XSNET_KIND_VLAN);
        struct xsnet_error *err = NULL;
        const char *value;
        uint8_t mac[6] = { 0 };
        uint64_t u64;
        uint32_t u32;
        char *text;
        int flag;

        ck_assert_int_eq(xsnet_object_set_u32(obj, XSNET_FIELD_MTU, 1500, &err), -ENOENT);
        ck_assert_str_eq(xsnet_error_get_reason(err), "no-such-field");
        ck_assert_str_eq(xsnet_error_get_message(err), "a vlan has no field 5");
        xsnet_error_free(err);
        ck_assert_int_eq(xsnet_object_has(obj, XSNET_FIELD_MTU), -ENOENT);
        ck_assert_int_eq(xsnet_object_is_reset(obj, 0), -ENOENT);
        ck_assert_int_eq(xsnet_object_reset(obj, -1, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_remove(obj, 1 << 30, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_set_bool(obj, XSNET_FIELD_STP, 1, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_bool(obj, XSNET_FIELD_STP, &flag), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_u32(obj, XSNET_FIELD_MTU, &u32), -ENOENT);
        ck_assert_int_eq(xsnet_object_set_u64(obj, XSNET_FIELD_RATE_LIMIT, 8000, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_u64(obj, XSNET_FIELD_RATE_LIMIT, &u64), -ENOENT);
        ck_assert_int_eq(xsnet_object_set_mac(obj, XSNET_FIELD_MAC, mac, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_mac(obj, XSNET_FIELD_MAC, mac), -ENOENT);
        ck_assert_int_eq(xsnet_object_set_str(obj, XSNET_FIELD_NAME, "x", NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_str(obj, XSNET_FIELD_NAME, &text), -ENOENT);
        ck_assert_int_eq(xsnet_object_add_item(obj, XSNET_FIELD_MEMBERS, "x", NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_remove_items(obj, XSNET_FIELD_MEMBERS, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_item(obj, XSNET_FIELD_MEMBERS, 0, &text), -ENOENT);
        ck_assert_uint_eq(xsnet_object_get_count(obj, XSNET_FIELD_MEMBERS), 0);
        ck_assert_int_eq(xsnet_object_set_entry(obj, XSNET_FIELD_MEMBERS, "x", "y", NULL), -ENOENT);
        ck_assert_int_eq(xsnet_object_get_entry(obj, XSNET_FIELD_MEMBERS, "x", &value), -ENOENT);
        ck_assert_int_eq(xsnet_object_set_entry(obj, XSNET_FIELD_TAG, "x", "y", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_get_entry(obj, XSNET_FIELD_TAG, "x", &value), -EINVAL);
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(numbers_are_held_to_their_ranges_however_they_come)
{
        struct xsnet_object *net = object_new(XSNET_KIND_NETWORK), *vif = object_new(XSNET_KIND_VIF);
        struct xsnet_error *err = NULL;
        uint64_t rate = 0;
        uint32_t n = 7;

        ck_assert_int_eq(xsnet_object_set_u32(net, XSNET_FIELD_MTU, 67, &err), -ERANGE);
        ck_assert_str_eq(xsnet_error_get_message(err), "mtu: expected a number in 68..65535, found '67'");
        xsnet_error_free(err);
        ck_assert_int_eq(xsnet_object_set_u32(net, XSNET_FIELD_MTU, UINT32_MAX, NULL), -ERANGE);
        ck_assert_int_eq(xsnet_object_get_u32(net, XSNET_FIELD_MTU, &n), -ENODATA);
        ck_assert_uint_eq(n, 7);
        ck_assert_int_eq(xsnet_object_set_u32(net, XSNET_FIELD_LOCKING, XSNET_LOCKING_LOCKED, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_u32(net, XSNET_FIELD_LOCKING, 0, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_u32(net, XSNET_FIELD_LOCKING, UINT32_MAX, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_bool(net, XSNET_FIELD_STP, 2, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_bool(net, XSNET_FIELD_STP, -1, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_set_u64(vif, XSNET_FIELD_RATE_LIMIT, 7999, NULL), -ERANGE);
        ck_assert_int_eq(xsnet_object_set_u64(vif, XSNET_FIELD_RATE_LIMIT, UINT64_MAX, NULL), 0);
        ck_assert_int_eq(xsnet_object_get_u64(vif, XSNET_FIELD_RATE_LIMIT, &rate), 0);
        ck_assert(rate == UINT64_MAX);
        expect_text(vif, XSNET_FIELD_RATE_LIMIT, "18446744073709551615bit");
        xsnet_object_unref(net);
        xsnet_object_unref(vif);
}
END_TEST

START_TEST(an_unknown_enum_value_reads_as_zero_and_as_its_text)
{
        struct xsnet_object *obj = object_new(XSNET_KIND_BOND);
        uint32_t n = 7;

        XSN_BOND(obj)->mode.raw = xsn_strdup("balance-quantum");
        xsn_object_mark(obj, XSNET_FIELD_MODE);
        ck_assert_int_eq(xsnet_object_get_u32(obj, XSNET_FIELD_MODE, &n), 0);
        ck_assert_uint_eq(n, 0);
        expect_text(obj, XSNET_FIELD_MODE, "balance-quantum");
        ck_assert_int_eq(xsnet_object_set_u32(obj, XSNET_FIELD_MODE, XSNET_BOND_LACP, NULL), 0);
        expect_text(obj, XSNET_FIELD_MODE, "lacp");
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(setting_takes_a_reset_back)
{
        struct xsnet_object *obj = object_new(XSNET_KIND_BOND);

        ck_assert_int_eq(xsnet_object_reset(obj, XSNET_FIELD_IPV4_ADDRESS, NULL), 0);
        ck_assert_int_eq(xsnet_object_add_item(obj, XSNET_FIELD_IPV4_ADDRESS, "a/b", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_is_reset(obj, XSNET_FIELD_IPV4_ADDRESS), 1);
        ck_assert_int_eq(xsnet_object_add_item(obj, XSNET_FIELD_IPV4_ADDRESS, "192.0.2.1/24", NULL), 0);
        ck_assert_int_eq(xsnet_object_is_reset(obj, XSNET_FIELD_IPV4_ADDRESS), 0);
        ck_assert_int_eq(xsnet_object_reset(obj, XSNET_FIELD_OTHER_CONFIG, NULL), 0);
        ck_assert_int_eq(xsnet_object_set_entry(obj, XSNET_FIELD_OTHER_CONFIG, "k", "v", NULL), 0);
        ck_assert_int_eq(xsnet_object_is_reset(obj, XSNET_FIELD_OTHER_CONFIG), 0);
        expect_text(obj, XSNET_FIELD_OTHER_CONFIG, "{k: v}");
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(the_key_is_told_once_it_is_known)
{
        struct xsnet_object *obj = object_new(XSNET_KIND_VLAN);
        struct xsnet_error *err = NULL;
        char *key = NULL;

        ck_assert_int_eq(xsnet_object_get_key(obj, &key, &err), -ENODATA);
        ck_assert_str_eq(xsnet_error_get_message(err), "the vlan has no identity yet");
        xsnet_error_free(err);
        ck_assert_int_eq(xsnet_object_set_str(obj, XSNET_FIELD_PIF, "eth1", NULL), 0);
        ck_assert_int_eq(xsnet_object_set_u32(obj, XSNET_FIELD_TAG, 0, NULL), 0);
        ck_assert_int_eq(xsnet_object_get_key(obj, &key, NULL), 0);
        ck_assert_str_eq(key, "eth1.0");
        free(key);
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(the_item_itself_has_hosts_and_wishes)
{
        struct xsnet_object *obj = object_new(XSNET_KIND_PIF), *copy = NULL;

        ck_assert_ptr_null(xsnet_object_get_host_at(obj, 0));
        ck_assert_int_eq(xsnet_object_add_host(obj, "xs-1", NULL), 0);
        ck_assert_int_eq(xsnet_object_add_host(obj, "xs-1", NULL), -EEXIST);
        ck_assert_int_eq(xsnet_object_add_host(obj, "", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_host(obj, NULL, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_host(obj, "\xff", NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_add_host(obj, "xs-2", NULL), 0);
        ck_assert_str_eq(xsnet_object_get_host_at(obj, 1), "xs-2");
        ck_assert_ptr_null(xsnet_object_get_host_at(obj, 2));
        ck_assert_int_eq(xsnet_object_get_absent(obj) + xsnet_object_get_adopt(obj), 0);
        xsnet_object_set_absent(obj, 2);
        xsnet_object_set_adopt(obj, -1);
        ck_assert_int_eq(xsnet_object_get_absent(obj), 1);
        ck_assert_int_eq(xsnet_object_get_adopt(obj), 1);
        ck_assert_ptr_null(xsnet_object_get_owner(obj));
        ck_assert_int_eq(xsnet_object_copy(obj, &copy, NULL), 0);
        ck_assert_str_eq(xsnet_object_get_host_at(copy, 1), "xs-2");
        ck_assert_ptr_eq(xsnet_object_ref(copy), copy);
        xsnet_object_unref(copy);
        xsnet_object_unref(copy);
        ck_assert_ptr_null(xsnet_object_unref(obj));
        ck_assert_ptr_null(xsnet_object_unref(NULL));
}
END_TEST

START_TEST(there_is_no_other_kind)
{
        static const int bad[] = { 0, -1, 7, 1 << 30 };
        struct xsnet_object *obj = NULL;
        struct xsnet_error *err = NULL;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(bad); i++)
                ck_assert_int_eq(xsnet_object_new(bad[i], &obj, NULL), -EINVAL);
        ck_assert_int_eq(xsnet_object_new(7, &obj, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_message(err), "there is no kind 7");
        ck_assert_ptr_null(obj);
        xsnet_error_free(err);
}
END_TEST

/* Each writing and reading call; what fails must say -ENOMEM. */
static int use(struct xsnet_error **err)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL, *copy = NULL;
        _cleanup_(xsn_freep) char *key = NULL, *text = NULL, *item = NULL;
        int r = xsnet_object_new(XSNET_KIND_BOND, &obj, err);

        r = r ? r : xsnet_object_set_str(obj, XSNET_FIELD_NAME, "bond0", err);
        r = r ? r : xsnet_object_set_u32(obj, XSNET_FIELD_UPDELAY, 100, err);
        r = r ? r : xsnet_object_add_item(obj, XSNET_FIELD_MEMBERS, "eth0", err);
        r = r ? r : xsnet_object_add_item(obj, XSNET_FIELD_DNS, "192.0.2.53", err);
        r = r ? r : xsnet_object_set_entry(obj, XSNET_FIELD_OTHER_CONFIG, "k", "v", err);
        r = r ? r : xsnet_object_add_host(obj, "xs-1", err);
        r = r ? r : xsnet_object_copy(obj, &copy, err);
        r = r ? r : xsnet_object_get_key(obj, &key, err);
        if (r)
                return r;
        if (xsnet_object_get_str(obj, XSNET_FIELD_MEMBERS, &text) ||
            xsnet_object_get_item(obj, XSNET_FIELD_MEMBERS, 0, &item))
                return xsn_error_oom(err); /* these two have no error of their own */
        return 0;
}

START_TEST(each_call_without_memory_is_an_error)
{
        for (unsigned long n = 1;; n++) {
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = use(&err);
                failalloc_off();
                ck_assert_int_eq(xsnet_error_get_code(err), r);
                xsnet_error_free(err);
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_uint_gt(n, 15);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/accessor");
        TCase *tc = tcase_create("accessor");

        tcase_add_loop_test(tc, each_field_of_each_kind_can_be_written_read_reset_and_removed, 0, XSN_N_KINDS);
        tcase_add_test(tc, a_kind_has_no_fields_of_another);
        tcase_add_test(tc, numbers_are_held_to_their_ranges_however_they_come);
        tcase_add_test(tc, an_unknown_enum_value_reads_as_zero_and_as_its_text);
        tcase_add_test(tc, setting_takes_a_reset_back);
        tcase_add_test(tc, the_key_is_told_once_it_is_known);
        tcase_add_test(tc, the_item_itself_has_hosts_and_wishes);
        tcase_add_test(tc, there_is_no_other_kind);
        tcase_add_test(tc, each_call_without_memory_is_an_error);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
