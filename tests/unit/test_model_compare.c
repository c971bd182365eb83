/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what model/object.h compares and joins: differences, equality, overlay, two items for one object. */
#include <errno.h>
#include <string.h>

#include "failalloc.h"
#include "model_test.h"
#include "unit.h"

/* ---- does the observed object have to change? ---- */

static const struct {
        const char *observed, *desired;
        const char *diff; /* names of the rows, with blanks between */
} differences[] = {
        /* unset, set, reset against unset, default, another value */
        { "network", "network", "" },
        { "network|mtu=1500", "network", "" },
        { "network|mtu=9000", "network", "" },
        { "network", "network|mtu=1500", "" }, /* a default that the target does not tell */
        { "network|mtu=1500", "network|mtu=1500", "" },
        { "network|mtu=9000", "network|mtu=1500", "mtu" },
        { "network", "network|mtu=9000", "mtu" },
        { "network|mtu=1500", "network|mtu=9000", "mtu" },
        { "network|mtu=9000", "network|mtu=9000", "" },
        { "network", "network|~mtu", "" },
        { "network|mtu=1500", "network|~mtu", "" },
        { "network|mtu=9000", "network|~mtu", "mtu" },
        { "network", "network|stp=false", "" },
        { "network", "network|stp=true", "stp" },
        { "network|multicast-snooping=false", "network|~multicast-snooping", "multicast-snooping" },
        { "network", "network|multicast-snooping=false", "multicast-snooping" },
        { "network", "network|locking=unlocked", "" },
        { "network|locking=disabled", "network|~locking", "locking" },
        /* without a default */
        { "pif", "pif|network=n", "network" },
        { "pif|network=n", "pif|network=n", "" },
        { "pif|network=n", "pif|network=m", "network" },
        { "pif|network=n", "pif|~network", "network" },
        { "pif", "pif|~network", "" },
        { "bond|mode=lacp", "bond|mode=active-backup", "mode" },
        { "bond", "bond|mode=lacp", "mode" },
        { "tunnel|key=0", "tunnel|key=0", "" },
        { "tunnel|key=0", "tunnel|~key", "key" },
        { "tunnel", "tunnel|key=0", "key" }, /* no key is another thing than key 0 */
        { "vif|rate-limit=10MB", "vif|rate-limit=80Mbit", "" },
        { "vif|mac=02:00:00:00:00:01", "vif|mac=02-00-00-00-00-01", "" },
        /* keys count, selecting and status rows do not */
        { "pif|device=eth0", "pif|device=peth0", "device" },
        { "pif", "pif|match.mac=02:00:00:00:00:01|match.position=1|match.driver=e", "" },
        { "network|uuid=a", "network|uuid=b", "" },
        { "pif|status.mtu=1500", "pif|status.mtu=9000|status.carrier=true", "" },
        /* lists */
        { "bond|members=eth0|members=eth1", "bond|members=eth1|members=eth0", "" },
        { "bond|members=eth0|members=eth1", "bond|members=eth0|members=eth2", "members" },
        { "bond|members=eth0|members=eth1", "bond|members=eth0", "members" },
        { "pif", "pif|dns=", "" },
        { "pif|dns=192.0.2.1", "pif|dns=", "dns" },
        { "pif|dns=192.0.2.1", "pif|~dns", "dns" },
        { "pif|dns=", "pif|~dns", "" },
        { "pif|dns=192.0.2.1|dns=192.0.2.2", "pif|dns=192.0.2.2|dns=192.0.2.1", "dns" }, /* in that order */
        { "pif|routes=10.0.0.0/8|routes=11.0.0.0/8", "pif|routes=11.0.0.0/8|routes=10.0.0.0/8", "" },
        { "pif|routes=10.0.0.0/8 metric 1", "pif|routes=10.0.0.0/8 metric 2", "routes" },
        /* maps: only named keys count */
        { "pif|other-config=a:1|other-config=b:2", "pif|other-config=a:1", "" },
        { "pif|other-config=a:1", "pif|other-config=a:2", "other-config" },
        { "pif|other-config=a:1", "pif|other-config=c:1", "other-config" },
        { "pif", "pif|other-config=a:1", "other-config" },
        { "pif|other-config=a:1", "pif|other-config=a:", "other-config" },
        { "pif|other-config=b:1", "pif|other-config=a:", "" },
        { "pif", "pif|other-config=a:", "" },
        { "pif", "pif|other-config=", "" },
        { "pif|other-config=a:1", "pif|~other-config", "other-config" },
        { "pif", "pif|~other-config", "" },
        /* addresses: those that others added are no difference, but can be asked for */
        { "pif|ipv4.address=192.0.2.1/24", "pif|ipv4.address=192.0.2.1/24", "" },
        { "pif|ipv4.address=192.0.2.1/24", "pif|ipv4.address=192.0.2.1/25", "ipv4.address" },
        { "pif", "pif|ipv4.address=192.0.2.1/24", "ipv4.address" },
        { "pif", "pif|ipv4.address=", "" },
        { "pif|ipv4.address=192.0.2.1/24", "pif|ipv4.address=", "ipv4.address" },
        { "pif|ipv4.address=192.0.2.1/24|ipv4.address=192.0.2.9/24|status.other-addresses=192.0.2.9/24",
          "pif|ipv4.address=192.0.2.1/24", "" },
        { "pif|ipv4.address=192.0.2.1/24|ipv4.address=192.0.2.9/24|status.other-addresses=192.0.2.9/24",
          "pif|ipv4.address=192.0.2.9/24|ipv4.address=192.0.2.1/24", "" },
        { "pif|ipv4.address=192.0.2.9/24|status.other-addresses=192.0.2.9/24", "pif|~ipv4.address", "" },
        { "pif|ipv4.address=192.0.2.9/24|status.other-addresses=192.0.2.9/24", "pif|ipv4.address=", "" },
        { "pif|ipv4.address=192.0.2.1/24|ipv4.address=192.0.2.9/24|status.other-addresses=192.0.2.9/24",
          "pif|~ipv4.address", "ipv4.address" },
        { "pif|ipv4.address=192.0.2.1/24|ipv4.address=192.0.2.9/24|status.other-addresses=192.0.2.9/24",
          "pif|ipv4.address=192.0.2.2/24", "ipv4.address" },
        { "pif|ipv6.address=2001:db8::1/64|ipv6.address=fe80::1/64|status.other-addresses=fe80::1/64",
          "pif|ipv6.address=2001:db8::1/64", "" },
        { "pif|ipv4.mode=dhcp", "pif|~ipv4.mode", "ipv4.mode" },
        { "pif|ipv4.mode=none", "pif|~ipv4.mode|ipv6.mode=none", "" },
        /* several at once */
        { "pif|network=a|plugged=true", "pif|network=b|plugged=false|management=true", "network management plugged" },
};

START_TEST(a_difference_is_what_was_asked_for_and_is_not)
{
        struct xsnet_object *observed = mt_object(differences[_i].observed);
        struct xsnet_object *desired = mt_object(differences[_i].desired);
        uint64_t diff = xsn_object_diff(observed, desired);
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        for (size_t i = 0; i < xsn_class_n_fields(desired->cls); i++)
                if (diff >> i & 1)
                        xsn_buf_printf(&buf, "%s%s", buf.len ? " " : "", xsn_class_field(desired->cls, i)->name);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        ck_assert_msg(!strcmp(text, differences[_i].diff), "%s -> %s: '%s'", differences[_i].observed,
                      differences[_i].desired, text);
        ck_assert_uint_eq(xsn_object_diff(observed, observed), 0);
        ck_assert_uint_eq(xsn_object_diff(desired, desired) & desired->present, 0);
        xsn_free(text);
        xsnet_object_unref(observed);
        xsnet_object_unref(desired);
}
END_TEST

/* Whatever the difference: who is made to satisfy a wish satisfies it, and a second time nothing happens. */
START_TEST(overlaying_leaves_no_difference)
{
        struct xsnet_object *obj = mt_object(differences[_i].observed), *again = NULL;
        struct xsnet_object *desired = mt_object(differences[_i].desired);

        ck_assert_int_eq(xsn_object_overlay(obj, desired), 0);
        ck_assert_uint_eq(xsn_object_diff(obj, desired), 0);
        ck_assert_uint_eq(obj->reset, 0);
        ck_assert_int_eq(xsn_object_copy(obj, &again), 0);
        ck_assert_int_eq(xsn_object_overlay(again, desired), 0);
        ck_assert(xsn_object_equal(obj, again));
        xsnet_object_unref(again);
        xsnet_object_unref(obj);
        xsnet_object_unref(desired);
}
END_TEST

START_TEST(an_enum_value_of_another_version_is_a_difference_from_any)
{
        struct xsnet_object *observed = mt_object("network"), *desired = mt_object("network|~locking");
        size_t i = (size_t)xsn_class_index(observed->cls, XSNET_FIELD_LOCKING);

        XSN_NETWORK(observed)->locking.raw = xsn_strdup("sealed");
        xsn_object_mark(observed, XSNET_FIELD_LOCKING);
        ck_assert(xsn_object_row_differs(observed, desired, i));
        mt_set(desired, "locking", (char[]){ "unlocked" });
        ck_assert(xsn_object_row_differs(observed, desired, i));
        ck_assert_uint_eq(xsn_object_diff(observed, observed), 0);
        xsnet_object_unref(observed);
        xsnet_object_unref(desired);
}
END_TEST

/* ---- equality ---- */

static const struct {
        const char *a, *b;
        bool equal;
} equals[] = {
        { "network|mtu=1500", "network|mtu=1500", true },
        { "network|mtu=1500", "network", false }, /* the default is a value, not nothing */
        { "network|~mtu", "network", false },
        { "network|~mtu", "network|mtu=1500", false },
        { "network|~mtu", "network|~mtu", true },
        { "network", "pif", false },
        { "pif|dns=", "pif", false },
        { "pif|device=eth0|absent", "pif|device=eth0", false },
        { "pif|device=eth0|adopt", "pif|device=eth0", false },
        { "pif|host=a|host=b", "pif|host=b|host=a", true },
        { "pif|host=a", "pif|host=b", false },
        { "pif|@1:2", "pif|@3:4", true },
        { "pif|status.mtu=1500", "pif|status.mtu=9000", false },
        { "bond|members=eth0|members=eth1", "bond|members=eth1|members=eth0", true },
        { "pif|other-config=a:1|other-config=b:2", "pif|other-config=b:2|other-config=a:1", true },
        { "pif|other-config=a:1|other-config=b:2", "pif|other-config=a:1", false },
        { "pif|other-config=a:", "pif|other-config=a:1", false },
};

START_TEST(equal_objects_have_all_rows_in_the_same_state)
{
        struct xsnet_object *a = mt_object(equals[_i].a), *b = mt_object(equals[_i].b);

        ck_assert_msg(xsn_object_equal(a, b) == equals[_i].equal, "%s, %s", equals[_i].a, equals[_i].b);
        ck_assert(xsn_object_equal(b, a) == equals[_i].equal);
        ck_assert(xsn_object_equal(a, a));
        b->owner = xsn_strdup("somebody");
        ck_assert(!xsn_object_equal(a, b));
        xsnet_object_unref(a);
        xsnet_object_unref(b);
}
END_TEST

/* ---- overlay ---- */

static const struct {
        const char *obj, *desired, *result;
} overlays[] = {
        { "network|name=n|mtu=9000|stp=true", "network|name=n|~mtu|~stp|description=d",
          "name=n description=d mtu=1500 stp=false" },
        { "pif|device=eth0|network=a", "pif|~network", "device=eth0" },
        { "pif|other-config=a:1|other-config=b:2|other-config=c:3",
          "pif|other-config=a:7|other-config=b:|other-config=d:4|other-config=e:", "other-config={a: 7, c: 3, d: 4}" },
        { "pif|other-config=a:1", "pif|~other-config", "" },
        { "pif", "pif|other-config=a:", "other-config={}" },
        { "pif|status.mtu=1500", "pif|status.mtu=9000", "status.mtu=1500" },
        { "bond|members=eth0|members=eth1", "bond|members=eth2", "members=[eth2]" },
        { "pif|ipv4.address=192.0.2.1/24", "pif|ipv4.address=192.0.2.2/24", "ipv4.address=[192.0.2.2/24]" },
        { "pif|ipv4.address=192.0.2.1/24", "pif|~ipv4.address", "" },
};

START_TEST(an_overlaid_object_is_what_was_asked_for)
{
        struct xsnet_object *obj = mt_object(overlays[_i].obj), *desired = mt_object(overlays[_i].desired);
        char *text;

        ck_assert_int_eq(xsn_object_overlay(obj, desired), 0);
        text = mt_fields(obj);
        ck_assert_str_eq(text, overlays[_i].result);
        xsn_free(text);
        xsnet_object_unref(obj);
        xsnet_object_unref(desired);
}
END_TEST

/* ---- two items for one object ---- */

static const struct {
        const char *obj, *more;
        const char *result; /* NULL: refused */
        const char *error;
} unions[] = {
        { "bond|name=bond0|members=eth0|members=eth1", "bond|name=bond0|mode=lacp",
          "name=bond0 members=[eth0, eth1] mode=lacp", NULL },
        { "bond|name=bond0|mode=lacp", "pif|device=bond0|network=n|ipv4.address=192.0.2.1/24",
          "name=bond0 mode=lacp network=n ipv4.address=[192.0.2.1/24]", NULL },
        { "vlan|pif=eth1|tag=7", "pif|device=eth1.7|management=true|~dns", "pif=eth1 tag=7 dns=null management=true",
          NULL },
        { "vlan|pif=eth1|tag=7|device=v7", "pif|device=v7|plugged=false", "pif=eth1 tag=7 device=v7 plugged=false",
          NULL },
        { "tunnel|network=n|transport=eth0|device=t0", "pif|device=t0|other-config=a:1",
          "transport=eth0 device=t0 network=n other-config={a: 1}", NULL },
        { "bond|name=bond0", "pif|device=bond0|match.mac=02:00:00:00:00:01", "name=bond0", NULL },
        { "pif|device=eth0", "pif|match.mac=02:00:00:00:00:01", "device=eth0 match.mac=02:00:00:00:00:01", NULL },
        { "bond|name=bond0", "pif|device=bond0|rename=b|@3:5", NULL,
          "bond 'bond0': rename at 3:5 is no field of a bond" },
        { "bond|name=bond0", "pif|device=bond0|disallow-unplug=true", NULL,
          "bond 'bond0': disallow-unplug is no field of a bond" },
        { "bond|name=bond0|network=a|@3:5", "pif|device=bond0|network=b|@7:9", NULL,
          "network is a at 3:5 and b at 7:9" },
        { "pif|device=eth0|network=a", "pif|device=eth0|network=b", NULL, "network is a and b" },
        { "pif|device=eth0|network=a|@3:5", "pif|device=eth0|~network|@7:9", NULL,
          "network is a at 3:5 and null at 7:9" },
        { "pif|device=eth0|~network|@3:5", "pif|device=eth0|network=b|@7:9", NULL,
          "network is null at 3:5 and b at 7:9" },
        { "pif|device=eth0|~network", "pif|device=eth0|~network", "device=eth0 network=null", NULL },
        { "network|name=n|mtu=1500", "network|name=n|mtu=1500", "name=n mtu=1500", NULL },
        { "network|name=n|~mtu", "network|name=n|mtu=1500", NULL, "mtu is null and 1500" },
        { "bond|name=b|members=eth0|members=eth1", "bond|name=b|members=eth1|members=eth0",
          "name=b members=[eth0, eth1]", NULL },
        { "bond|name=b|members=eth0|members=eth1", "bond|name=b|members=eth0", NULL,
          "members is [eth0, eth1] and [eth0]" },
        /* maps join by key, deletions too */
        { "pif|other-config=a:1|other-config=b:2", "pif|other-config=a:1|other-config=c:3",
          "other-config={a: 1, b: 2, c: 3}", NULL },
        { "pif|other-config=a:1", "pif|other-config=b:", "other-config={a: 1, b: null}", NULL },
        { "pif|other-config=a:", "pif|other-config=a:", "other-config={a: null}", NULL },
        { "pif|device=e|other-config=a:1", "pif|device=e|other-config=a:", NULL,
          "other-config is {a: 1} and {a: null}" },
        { "pif|device=e|other-config=a:", "pif|device=e|other-config=a:1", NULL,
          "other-config is {a: null} and {a: 1}" },
        { "pif|device=e|other-config=a:1", "pif|device=e|other-config=a:2", NULL,
          "other-config is {a: 1} and {a: 2}" },
        { "pif|device=e|~other-config", "pif|device=e|other-config=a:2", NULL,
          "other-config is null and {a: 2}" },
        /* what was observed is nobody's wish */
        { "pif|device=e|status.mtu=1500", "pif|device=e|status.mtu=9000", "device=e status.mtu=1500", NULL },
};

START_TEST(two_items_for_one_object_are_joined_or_contradict_each_other)
{
        struct xsnet_object *obj = mt_object(unions[_i].obj), *more = mt_object(unions[_i].more);
        struct xsnet_error *err = NULL;
        int r = xsn_object_unite(obj, more, &err);

        if (unions[_i].error) {
                ck_assert_int_eq(r, -EINVAL);
                ck_assert_str_eq(xsnet_error_get_message(err), unions[_i].error);
                ck_assert_str_eq(xsnet_error_get_reason(err),
                                 strstr(unions[_i].error, "no field") ? "wrong-kind" : "conflict");
        } else {
                char *text = mt_fields(obj);

                ck_assert_msg(r == 0, "%s", xsnet_error_get_message(err));
                ck_assert_str_eq(text, unions[_i].result);
                xsn_free(text);
                /* Once more changes nothing. */
                ck_assert_int_eq(xsn_object_unite(obj, more, NULL), 0);
                text = mt_fields(obj);
                ck_assert_str_eq(text, unions[_i].result);
                xsn_free(text);
        }
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsnet_object_unref(more);
}
END_TEST

START_TEST(a_joined_value_keeps_the_place_where_it_was_written)
{
        struct xsnet_object *obj = mt_object("bond|name=bond0|@3:5");
        struct xsnet_object *more = mt_object("pif|device=bond0|network=a|@7:9");
        struct xsnet_object *third = mt_object("pif|device=bond0|network=b|@9:9");
        struct xsnet_error *err = NULL;

        more->field_pos = xsn_alloc_array(xsn_class_n_fields(more->cls), sizeof(*more->field_pos));
        more->field_pos[xsn_class_index(more->cls, XSNET_FIELD_NETWORK)] = (struct xsn_pos){ 7, 30 };
        ck_assert_int_eq(xsn_object_unite(obj, more, NULL), 0);
        ck_assert_int_eq(xsn_object_unite(obj, third, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_message(err), "network is a at 7:30 and b at 9:9");
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsnet_object_unref(more);
        xsnet_object_unref(third);
}
END_TEST

START_TEST(adopt_is_said_by_one_of_the_items)
{
        struct xsnet_object *obj = mt_object("bond|name=b"), *more = mt_object("bond|name=b|adopt");

        ck_assert_int_eq(xsn_object_unite(obj, more, NULL), 0);
        ck_assert(obj->adopt);
        xsnet_object_unref(obj);
        xsnet_object_unref(more);
}
END_TEST

/* ---- without memory ---- */

static int join(int how, struct xsnet_object *obj, const struct xsnet_object *more, struct xsnet_error **ret_err)
{
        return how ? xsn_object_unite(obj, more, ret_err) : xsn_object_overlay(obj, more);
}

START_TEST(joining_without_memory_is_an_error)
{
        struct xsnet_object *more = mt_object("bond|name=b|members=eth1|other-config=b:2|other-config=c:3|@3:5|"
                                              "ipv4.address=192.0.2.2/24|dns=192.0.2.53|network=n");

        for (unsigned long n = 1;; n++) {
                struct xsnet_object *obj = mt_object("bond|name=b|other-config=a:1");
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = join(_i, obj, more, &err);
                failalloc_off();
                xsnet_object_unref(obj);
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_uint_gt(n, 7);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert(!_i || xsnet_error_get_code(err) == -ENOMEM);
                xsnet_error_free(err);
        }
        xsnet_object_unref(more);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/compare");
        TCase *tc = tcase_create("compare");

        tcase_add_loop_test(tc, a_difference_is_what_was_asked_for_and_is_not, 0, XSN_ARRAY_SIZE(differences));
        tcase_add_loop_test(tc, overlaying_leaves_no_difference, 0, XSN_ARRAY_SIZE(differences));
        tcase_add_test(tc, an_enum_value_of_another_version_is_a_difference_from_any);
        tcase_add_loop_test(tc, equal_objects_have_all_rows_in_the_same_state, 0, XSN_ARRAY_SIZE(equals));
        tcase_add_loop_test(tc, an_overlaid_object_is_what_was_asked_for, 0, XSN_ARRAY_SIZE(overlays));
        tcase_add_loop_test(tc, two_items_for_one_object_are_joined_or_contradict_each_other, 0,
                            XSN_ARRAY_SIZE(unions));
        tcase_add_test(tc, a_joined_value_keeps_the_place_where_it_was_written);
        tcase_add_test(tc, adopt_is_said_by_one_of_the_items);
        tcase_add_loop_test(tc, joining_without_memory_is_an_error, 0, 2);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
