/* SPDX-License-Identifier: Apache-2.0 */
/* The watch of the linux backend: guests' devices and bridges that come and go, and what is none of its business. */
#include "linux_test.h"

static struct world w;

#define EVENTS_MAX 64

struct event {
        char key[64];
        int kind;
        bool gone;
};

static struct event events[EVENTS_MAX];
static size_t n_events;
static size_t n_looks; /* of the events: those that ask for a new look at everything */

static void on_event(struct xsnet_object *obj, bool gone, void *userdata)
{
        struct xsn_buf buf = { 0 };

        ck_assert_ptr_eq(userdata, &w);
        if (!obj) {
                n_looks++;
                return;
        }
        ck_assert_uint_lt(n_events, EVENTS_MAX);
        events[n_events] = (struct event){ .kind = obj->cls->kind, .gone = gone };
        xsn_object_key(obj, &buf);
        snprintf(events[n_events].key, sizeof(events[n_events].key), "%s", buf.s ? buf.s : "");
        xsn_buf_done(&buf);
        n_events++;
}

/* What has come within a moment. */
static void gather(void)
{
        uint64_t limit = xsn_loop_now() + UINT64_C(200000000);

        while (xsn_loop_wait(w.loop, limit) == 0)
                ck_assert_int_eq(xsn_loop_dispatch(w.loop, NULL), 0);
}

static void setup(void)
{
        world_enter();
        sh("ip link add vif1.0 type veth peer name g1 && ip link add br0 type bridge");
        world_open(&w);
        n_events = 0;
        n_looks = 0;
        ck_assert_int_eq(w.be->ops->watch(w.be, on_event, &w, NULL), 0);
}

static void teardown(void)
{
        world_close(&w);
}

START_TEST(what_comes_and_goes_is_told_once)
{
        sh("ip link add tap7.1 type veth peer name g7 && ip link set tap7.1 up mtu 1400");
        sh("ip link set tap7.1 master br0");
        sh("ip link add br1 type bridge && ip link set br1 alias 'xsnet:t;net=a%%20b'");
        sh("ip link del vif1.0 && ip link del br0");
        gather();
        ck_assert_uint_eq(n_events, 4);
        ck_assert_str_eq(events[0].key, "7/1");
        ck_assert(!events[0].gone && events[0].kind == XSNET_KIND_VIF);
        ck_assert_str_eq(events[1].key, "br1");
        ck_assert(!events[1].gone && events[1].kind == XSNET_KIND_NETWORK);
        ck_assert_str_eq(events[2].key, "1/0");
        ck_assert(events[2].gone);
        ck_assert_str_eq(events[3].key, "br0");
        ck_assert(events[3].gone);
}
END_TEST

START_TEST(other_devices_are_not_told)
{
        sh("ip link add eth9 type veth peer name far9 && ip link set eth9 up && ip addr add 10.0.0.1/24 dev eth9");
        gather();
        ck_assert_uint_eq(n_events, 0);
        ck_assert_uint_eq(n_looks, 0);
}
END_TEST

START_TEST(what_others_change_of_a_known_device_asks_for_a_new_look)
{
        size_t n;

        sh("ip link set vif1.0 mtu 1400");
        gather();
        ck_assert_uint_eq(n_looks, 1);
        /* The bridge takes the MTU of its port, which is a change too. */
        sh("ip link set vif1.0 master br0");
        gather();
        ck_assert_uint_ge(n_looks, 2);
        n = n_looks;
        sh("ip link set vif1.0 mtu 1400 && ip link set vif1.0 master br0");
        gather();
        ck_assert_uint_eq(n_looks, n);
        ck_assert_uint_eq(n_events, 0);
}
END_TEST

START_TEST(a_device_that_gets_a_guests_name_asks_for_a_new_look)
{
        sh("ip link add x type veth peer name y && ip link set x name vif3.0");
        gather();
        ck_assert_uint_eq(n_events, 1);
        ck_assert_str_eq(events[0].key, "3/0");
        sh("ip link set vif3.0 name x");
        gather();
        ck_assert_uint_eq(n_events, 1);
        ck_assert_uint_eq(n_looks, 1);
}
END_TEST

START_TEST(after_unwatch_nothing_is_told)
{
        ck_assert_int_eq(w.be->ops->watch(w.be, on_event, &w, NULL), -EBUSY);
        w.be->ops->unwatch(w.be);
        sh("ip link add vif5.0 type veth peer name g5");
        gather();
        ck_assert_uint_eq(n_events, 0);
        ck_assert_int_eq(w.be->ops->watch(w.be, on_event, &w, NULL), 0);
        sh("ip link del vif5.0");
        gather();
        ck_assert_uint_eq(n_events, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("linux watch");
        TCase *tc = tcase_create("kernel");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, what_comes_and_goes_is_told_once);
        tcase_add_test(tc, other_devices_are_not_told);
        tcase_add_test(tc, what_others_change_of_a_known_device_asks_for_a_new_look);
        tcase_add_test(tc, a_device_that_gets_a_guests_name_asks_for_a_new_look);
        tcase_add_test(tc, after_unwatch_nothing_is_told);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
