/* SPDX-License-Identifier: Apache-2.0 */
/* The watch: what happened, told once, and what is to be applied again. */
#include "engine_test.h"

/* One event as a line: "appeared vif 4/0; again: vif 4/0" */
struct log {
        char lines[4000];
        int n, n_destroyed;
        struct xsnet_watch *watch;
        bool drop; /* the watch, from inside its function */
};

static struct fix fix;
static struct log told;

static void begin(void)
{
        setup(&fix);
        memset(&told, 0, sizeof(told));
}

static void end(void)
{
        xsnet_watch_unref(told.watch);
        teardown(&fix);
}

static void add_object(char *line, size_t size, struct xsnet_object *obj)
{
        char *key = NULL;
        size_t n = strlen(line);

        ck_assert_int_eq(xsnet_object_get_key(obj, &key, NULL), 0);
        (void)snprintf(line + n, size - n, " %s %s", xsnet_kind_get_name(xsnet_object_get_kind(obj)), key);
        free(key);
}

static void on_event(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        static const char *const names[] = { "", "started", "appeared", "changed", "gone", "failed" };
        struct log *l = userdata;
        struct xsnet_object *obj = xsnet_event_get_object(event);
        struct xsnet_state *again = xsnet_event_get_desired(event);
        char line[500];

        (void)snprintf(line, sizeof(line), "%s", names[xsnet_event_get_what(event)]);
        if (obj) {
                ck_assert_str_eq(xsnet_event_get_target(event), "fake:xs-1");
                add_object(line, sizeof(line), obj);
        }
        if (xsnet_event_get_error(event))
                (void)strcat(line, " why");
        if (again)
                (void)strcat(line, "; again:");
        for (size_t i = 0; again && i < xsnet_state_get_count(again); i++)
                add_object(line, sizeof(line), xsnet_state_get_at(again, i));
        (void)strcat(line, "\n");
        ck_assert_uint_lt(strlen(l->lines) + strlen(line), sizeof(l->lines));
        (void)strcat(l->lines, line);
        l->n++;
        if (l->drop)
                l->watch = xsnet_watch_unref(watch);
}

static void on_watch_destroy(void *userdata)
{
        ((struct log *)userdata)->n_destroyed++;
}

static void watch(struct xsnet_state *desired)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_watch(fix.engine, desired, on_event, &told, on_watch_destroy, &told.watch, &err), err);
        ck_assert_int_eq(told.n, 0);
}

/* Everything that is due. */
static void settle(void)
{
        struct pollfd pfd = { .fd = xsnet_engine_get_fd(fix.engine), .events = POLLIN };

        while (poll(&pfd, 1, 0) == 1)
                turn(fix.engine);
}

static void assert_told(const char *lines)
{
        settle();
        ck_assert_str_eq(told.lines, lines);
        told.lines[0] = '\0';
}

static void put(const char *items)
{
        struct xsnet_state *state = load(items);
        struct xsnet_error *err = NULL;

        for (size_t i = 0; i < xsnet_state_get_count(state); i++)
                no_error(xsnet_fake_add_object(fix.fake, xsnet_state_get_at(state, i), &err), err);
        xsnet_state_unref(state);
}

static void take(const char *items)
{
        struct xsnet_state *state = load(items);
        struct xsnet_error *err = NULL;

        for (size_t i = 0; i < xsnet_state_get_count(state); i++)
                no_error(xsnet_fake_remove_object(fix.fake, xsnet_state_get_at(state, i), &err), err);
        xsnet_state_unref(state);
}

START_TEST(objects_appear_change_and_go)
{
        watch(NULL);
        assert_told("started\n");
        put("format: 1\nvifs: [{domain: 7, device: 0}]\n");
        assert_told("appeared vif 7/0\n");
        put("format: 1\npifs: [{device: eth1, ipv4: {address: 198.51.100.1/24}}]\n");
        assert_told("changed pif eth1\n");
        put("format: 1\npifs: [{device: eth1, ipv4: {address: 198.51.100.1/24}}]\n");
        assert_told("");
        take("format: 1\nvifs: [{domain: 7, device: 0}]\n");
        assert_told("gone vif 7/0\n");
}
END_TEST

START_TEST(a_start_says_all_that_is_not_as_desired)
{
        watch(fix.desired);
        assert_told("started; again: network guest network mgmt network v5 bond bond0 pif eth0 vlan bond0.5 vif 4/0\n");
}
END_TEST

START_TEST(a_vif_that_appears_is_to_be_applied_and_then_is_content)
{
        struct xsnet_error *err = NULL;

        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        watch(fix.desired);
        assert_told("started\n");
        put("format: 1\nvifs: [{domain: 5, device: 0}]\n");
        assert_told("appeared vif 5/0; again: vif 5/0\n");
        put("format: 1\nvifs: [{domain: 6, device: 0}]\n");
        assert_told("appeared vif 6/0\n");
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        assert_told("changed vif 5/0\n");
        take("format: 1\nvifs: [{domain: 5, device: 0}]\n");
        assert_told("gone vif 5/0\n");
}
END_TEST

static void on_event_apply(struct xsnet_watch *w, const struct xsnet_event *event, void *userdata)
{
        struct xsnet_state *again = xsnet_event_get_desired(event);

        on_event(w, event, userdata);
        if (again)
                ck_assert_int_eq(xsnet_engine_apply_async(fix.engine, again, on_done, &fix, on_destroy, NULL, NULL), 0);
}

START_TEST(what_is_to_be_applied_again_can_be_applied_from_the_event)
{
        struct xsnet_error *err = NULL;
        char *now, *wanted;

        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        no_error(xsnet_engine_watch(fix.engine, fix.desired, on_event_apply, &told, NULL, &told.watch, &err), err);
        assert_told("started\n");
        wanted = print(fix.fake);
        take("format: 1\nvlans: [{pif: bond0, tag: 5}]\n");
        finish(&fix);
        ck_assert_int_eq(fix.code, 0);
        assert_told("gone vlan bond0.5; again: vlan bond0.5\nappeared vlan bond0.5\n");
        now = print(fix.fake);
        ck_assert_str_eq(now, wanted);
        free(now);
        free(wanted);
}
END_TEST

START_TEST(what_stands_on_a_device_that_appears_is_named_too)
{
        struct xsnet_state *desired =
                load("format: 1\nvlans: [{pif: eth9, tag: 5}]\nbonds: [{name: b, members: [eth7, eth8], mode: lacp}]");

        watch(desired);
        assert_told("started; again: vlan eth9.5 bond b\n");
        put("format: 1\npifs: [{device: eth9}]\n");
        assert_told("appeared pif eth9; again: vlan eth9.5\n");
        put("format: 1\npifs: [{device: eth8}]\n");
        assert_told("appeared pif eth8; again: bond b\n");
        xsnet_state_unref(desired);
}
END_TEST

START_TEST(what_another_one_removes_is_to_be_made_again)
{
        struct xsnet_error *err = NULL;

        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        watch(fix.desired);
        assert_told("started\n");
        put("format: 1\nnetworks: [{name: guest, bridge: guest, mtu: 1400}]\n");
        assert_told("changed network guest; again: network guest\n");
        take("format: 1\nnetworks: [{name: mgmt}]\n");
        settle();
        ck_assert_ptr_nonnull(strstr(told.lines, "gone network mgmt; again: network mgmt\n"));
}
END_TEST

START_TEST(what_is_to_be_absent_is_said_when_it_appears)
{
        struct xsnet_state *desired =
                load("format: 1\nnetworks: [{name: old, absent: true}]\nvifs: [{domain: 9, device: 0, absent: true}]");

        watch(desired);
        assert_told("started\n");
        put("format: 1\nnetworks: [{name: old, bridge: old}]\n");
        assert_told("appeared network old; again: network old\n");
        put("format: 1\nvifs: [{domain: 9, device: 0}]\n");
        assert_told("appeared vif 9/0\n");
        put("format: 1\nvifs: [{domain: 9, device: 0, network: old}]\n");
        assert_told("changed vif 9/0; again: vif 9/0\n");
        take("format: 1\nnetworks: [{name: old}]\n");
        settle();
        ck_assert_ptr_nonnull(strstr(told.lines, "gone network old\n"));
        xsnet_state_unref(desired);
}
END_TEST

START_TEST(an_engines_own_changes_are_told_when_it_is_done)
{
        struct xsnet_error *err = NULL;

        watch(fix.desired);
        settle();
        told.lines[0] = '\0';
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        ck_assert_str_eq(told.lines, "");
        settle();
        ck_assert_ptr_nonnull(strstr(told.lines, "appeared network guest\n"));
        ck_assert_ptr_nonnull(strstr(told.lines, "changed pif eth0\n"));
        ck_assert_ptr_nonnull(strstr(told.lines, "appeared vlan bond0.5\n"));
        ck_assert_ptr_null(strstr(told.lines, "again"));
}
END_TEST

START_TEST(lost_events_are_made_up_for_by_looking)
{
        struct xsnet_state *other = load("format: 1\npifs: [{device: eth0}, {device: eth7}]\n");
        struct xsnet_error *err = NULL;

        watch(NULL);
        assert_told("started\n");
        no_error(xsnet_fake_set_state(fix.fake, other, &err), err);
        assert_told("changed pif eth0\nappeared pif eth7\ngone pif eth1\ngone pif eth2\ngone vif 4/0\n");
        xsnet_state_unref(other);
}
END_TEST

START_TEST(a_target_that_cannot_be_observed_is_said_and_tried_again)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_fake_add_failure(fix.fake, 1, -EIO, &err), err);
        watch(NULL);
        assert_told("failed why\n");
        while (!told.n || strcmp(told.lines, "started\n") != 0)
                turn(fix.engine);
}
END_TEST

START_TEST(an_operation_waits_for_the_watchs_own_look)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_fake_add_delay(fix.fake, 1, 20, &err), err);
        watch(NULL);
        turn(fix.engine); /* the look is under way */
        turn(fix.engine);
        ck_assert_uint_eq(xsnet_fake_get_operation_count(fix.fake), 1);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        settle();
        ck_assert_ptr_nonnull(strstr(told.lines, "started\n"));
}
END_TEST

START_TEST(a_watch_may_end_itself_and_is_destroyed_once)
{
        watch(NULL);
        told.drop = true;
        settle();
        ck_assert_int_eq(told.n, 1);
        ck_assert_int_eq(told.n_destroyed, 1);
        put("format: 1\nvifs: [{domain: 7, device: 0}]\n");
        settle();
        ck_assert_int_eq(told.n, 1);
}
END_TEST

START_TEST(where_the_last_watch_has_ended_targets_can_be_added)
{
        struct xsnet_error *err = NULL;

        watch(NULL);
        ck_assert_int_eq(xsnet_engine_add_target(fix.engine, "fake:x", NULL), -EBUSY);
        told.watch = xsnet_watch_unref(told.watch);
        no_error(xsnet_engine_add_target(fix.engine, "fake:x", &err), err);
        watch(NULL);
        settle();
        ck_assert_int_eq(told.n, 1);
}
END_TEST

START_TEST(a_watch_ends_with_its_engine)
{
        struct xsnet_watch *w;

        watch(fix.desired);
        w = told.watch;
        ck_assert_ptr_eq(xsnet_watch_ref(w), w);
        xsnet_watch_unref(w);
        ck_assert_int_eq(xsnet_engine_add_target(fix.engine, "fake:x", NULL), -EBUSY);
        fix.engine = xsnet_engine_unref(fix.engine);
        ck_assert_int_eq(told.n_destroyed, 1);
        told.watch = xsnet_watch_unref(w);
        ck_assert_int_eq(told.n_destroyed, 1);
}
END_TEST

START_TEST(a_watch_that_cannot_be_made_destroys_its_userdata)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_new(NULL, &engine, &err), err);
        ck_assert_int_lt(xsnet_engine_watch(engine, NULL, on_event, &told, on_watch_destroy, &told.watch, &err), 0);
        assert_reason(err, -EINVAL, "no-target");
        err = xsnet_error_free(err);
        ck_assert_int_lt(xsnet_engine_watch(fix.engine, NULL, NULL, &told, on_watch_destroy, &told.watch, NULL), 0);
        ck_assert_int_eq(told.n_destroyed, 2);
        xsnet_engine_unref(engine);
}
END_TEST

START_TEST(two_watches_are_told_alike)
{
        struct log other = { .n = 0 };
        struct xsnet_error *err = NULL;

        watch(NULL);
        assert_told("started\n");
        no_error(xsnet_engine_watch(fix.engine, fix.desired, on_event, &other, NULL, &other.watch, &err), err);
        settle();
        ck_assert_int_eq(other.n, 1);
        put("format: 1\nvifs: [{domain: 5, device: 0}]\n");
        assert_told("appeared vif 5/0\n");
        ck_assert_ptr_nonnull(strstr(other.lines, "appeared vif 5/0; again: vif 5/0 network v5\n"));
        xsnet_watch_unref(other.watch);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_watch");
        TCase *tc = tcase_create("watch");

        tcase_set_timeout(tc, 30);
        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, objects_appear_change_and_go);
        tcase_add_test(tc, a_start_says_all_that_is_not_as_desired);
        tcase_add_test(tc, a_vif_that_appears_is_to_be_applied_and_then_is_content);
        tcase_add_test(tc, what_is_to_be_applied_again_can_be_applied_from_the_event);
        tcase_add_test(tc, what_stands_on_a_device_that_appears_is_named_too);
        tcase_add_test(tc, what_another_one_removes_is_to_be_made_again);
        tcase_add_test(tc, what_is_to_be_absent_is_said_when_it_appears);
        tcase_add_test(tc, an_engines_own_changes_are_told_when_it_is_done);
        tcase_add_test(tc, lost_events_are_made_up_for_by_looking);
        tcase_add_test(tc, a_target_that_cannot_be_observed_is_said_and_tried_again);
        tcase_add_test(tc, an_operation_waits_for_the_watchs_own_look);
        tcase_add_test(tc, a_watch_may_end_itself_and_is_destroyed_once);
        tcase_add_test(tc, where_the_last_watch_has_ended_targets_can_be_added);
        tcase_add_test(tc, a_watch_ends_with_its_engine);
        tcase_add_test(tc, a_watch_that_cannot_be_made_destroys_its_userdata);
        tcase_add_test(tc, two_watches_are_told_alike);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
