/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool that is watched by event.from: whatever changes there is told as the object that it makes another, once, also
 * what changed while the connection, the session or the coordinator was another.
 */
#include <poll.h>

#include <xsnet/object.h>
#include <xsnet/watch.h>

#include "base/loop.h"
#include "xapi_test.h"

#define PATIENCE (20000 * XSN_NS_PER_MS)

/* What was told, a line each: "changed vlan eth1.5 at xs-1". */
struct told {
        char lines[16384];
        unsigned n;
};

struct watched {
        struct pool p; /* with an engine that changes it */
        struct xsnet_engine *engine;
        struct xsnet_watch *watch;
        struct told told;
};

static void on_event(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        static const char *const names[] = { "", "started", "appeared", "changed", "gone", "failed" };
        struct told *told = userdata;
        struct xsnet_object *obj = xsnet_event_get_object(event);
        struct xsn_buf key = { 0 };
        size_t len = strlen(told->lines);

        (void)watch;
        if (obj)
                xsn_object_key(obj, &key);
        ck_assert_uint_lt(len + 300, sizeof(told->lines));
        snprintf(told->lines + len, sizeof(told->lines) - len, "%s%s%s%s%s%s%s\n", names[xsnet_event_get_what(event)],
                 obj ? " " : "", obj ? obj->cls->name : "", obj ? " " : "", key.s ? key.s : "",
                 obj && *xsn_object_host(obj) ? " at " : "", obj ? xsn_object_host(obj) : "");
        told->n++;
        xsn_buf_done(&key);
}

/* Until all of the lines (of `expected`, NULL at its end) were told, in whatever order; forgets them then. */
static void expect(struct watched *w, const char *const *expected)
{
        uint64_t limit = xsn_loop_now() + PATIENCE;

        for (;;) {
                struct pollfd pfd = { .fd = xsnet_engine_get_fd(w->engine), .events = POLLIN };
                bool all = true;

                for (size_t i = 0; expected[i]; i++)
                        all = all && strstr(w->told.lines, expected[i]);
                if (all)
                        break;
                ck_assert_msg(xsn_loop_now() < limit, "expected %s..., was told:\n%s", expected[0], w->told.lines);
                if (poll(&pfd, 1, 100) > 0)
                        ck_assert_int_eq(xsnet_engine_dispatch(w->engine, NULL), 0);
        }
        w->told = (struct told){ .n = 0 };
}

#define EXPECT(w, ...) expect(w, (const char *const[]){ __VA_ARGS__, NULL })

/* All that still comes within a moment. */
static void gather(struct watched *w, unsigned ms)
{
        uint64_t limit = xsn_loop_now() + ms * XSN_NS_PER_MS;

        while (xsn_loop_now() < limit) {
                struct pollfd pfd = { .fd = xsnet_engine_get_fd(w->engine), .events = POLLIN };

                if (poll(&pfd, 1, 20) > 0)
                        ck_assert_int_eq(xsnet_engine_dispatch(w->engine, NULL), 0);
        }
}

static void watched_new(struct watched *w, int hosts, const char *scheme)
{
        char uri[800];

        memset(w, 0, sizeof(*w));
        pool_new_at(&w->p, hosts, 4, scheme, "127.71.0");
        pool_vm(&w->p, "running", "xs-1");
        pool_uri(&w->p, 0, uri, sizeof(uri));
        ck_assert_int_eq(xsnet_engine_new(NULL, &w->engine, NULL), 0);
        ck_assert_int_eq(xsnet_engine_add_target(w->engine, uri, NULL), 0);
        ck_assert_int_eq(xsnet_engine_watch(w->engine, NULL, on_event, &w->told, NULL, &w->watch, NULL), 0);
        EXPECT(w, "started\n");
}

static void watched_free(struct watched *w)
{
        xsnet_watch_unref(w->watch);
        xsnet_engine_unref(w->engine);
        pool_free(&w->p);
}

static const struct change {
        const char *document;
        const char *told[8];
} changes[] = {
        { "format: 1\nowner: t\nnetworks: [{name: n1}, {name: n2}, {name: n3}]\n",
          { "appeared network n1\n", "appeared network n2\n", "appeared network n3\n" } },
        { "format: 1\nowner: t\nnetworks: [{name: n1, description: other}]\n", { "changed network n1\n" } },
        { "format: 1\npifs: [{host: xs-1, device: eth3, ipv4: {address: 172.16.0.1/24}}]\n",
          { "changed pif eth3 at xs-1\n" } },
        { "format: 1\nowner: t\nvlans: [{pif: eth2, tag: 5, network: n1}]\n",
          { "appeared vlan eth2.5 at xs-1\n", "appeared vlan eth2.5 at xs-2\n" } },
        { "format: 1\nowner: t\nvlans: [{host: xs-2, pif: eth2, tag: 5, network: n1, other-config: {a: b}}]\n",
          { "changed vlan eth2.5 at xs-2\n" } },
        { "format: 1\nowner: t\ntunnels: [{host: xs-1, network: n2, transport: eth3}]\n", { "appeared tunnel " } },
        { "format: 1\nowner: t\ntunnels: [{host: xs-1, network: n2, transport: eth3, absent: true}]\n",
          { "gone tunnel " } },
        { "format: 1\nowner: t\nvifs: [{vm: running, device: 0, network: n1}]\n", { "appeared vif running/0\n" } },
        { "format: 1\nowner: t\nvifs: [{vm: running, device: 0, network: n3}]\n", { "changed vif running/0\n" } },
        { "format: 1\nowner: t\nvifs: [{vm: running, device: 0, absent: true}]\n", { "gone vif running/0\n" } },
        { "format: 1\nowner: t\nbonds: [{name: up, members: [eth1, eth2], mode: active-backup, network: n3}]\n",
          { "appeared bond up at xs-1\n", "appeared bond up at xs-2\n", "gone vlan eth2.5 at xs-1\n",
            "appeared vlan up.5 at xs-1\n" } },
        { "format: 1\nowner: t\nbonds: [{name: up, members: [eth1, eth2], mode: lacp, network: n3}]\n",
          { "changed bond up at xs-1\n", "changed bond up at xs-2\n" } },
        { "format: 1\nowner: t\nprune: true\nnetworks: []\n",
          { "gone bond up at xs-1\n", "gone bond up at xs-2\n", "gone vlan up.5 at xs-2\n", "gone network n1\n",
            "gone network n3\n" } },
};

START_TEST(what_others_change_is_told_as_what_it_is)
{
        struct watched w;

        watched_new(&w, 2, _i ? "http" : NULL);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(changes); i++) {
                ck_applies(&w.p, changes[i].document);
                expect(&w, changes[i].told);
                gather(&w, 150);
                w.told = (struct told){ .n = 0 };
        }
        /* Then there is silence, and no looking either. */
        gather(&w, 300);
        pool_tell(&w.p, "{\"do\": \"counts\", \"reset\": true}");
        gather(&w, 500);
        ck_assert_msg(w.told.n == 0, "%s", w.told.lines);
        ck_assert_int_eq(pool_calls(&w.p, "network.get_all_records"), 0);
        watched_free(&w);
}
END_TEST

/* Past the API, with no engine: so that nothing but the event can have told. */
static void rename_network(struct watched *w, const char *from, const char *to)
{
        json_t *tables = pool_do(&w->p, "{\"do\": \"dump\", \"classes\": [\"network\"]}"), *row;
        const char *ref;
        void *next;

        json_object_foreach_safe(json_object_get(tables, "network"), next, ref,
                                 row) if (!strcmp(json_string_value(json_object_get(row, "name_label")), from))
                pool_tell(&w->p,
                          "{\"do\": \"set\", \"class\": \"network\", \"ref\": \"%s\", \"fields\": "
                          "{\"name_label\": \"%s\"}}",
                          ref, to);
        json_decref(tables);
}

static const char *const losses[] = {
        "{\"do\": \"cut\"}",
        "{\"do\": \"expire\"}",
        "{\"do\": \"coordinator\", \"host\": \"xs-2\"}",
        "{\"do\": \"restart\", \"host\": \"xs-1\", \"seconds\": 0.3}",
};

/* What changes while nobody hears of it is found by a look at all; then events go on. */
START_TEST(after_a_loss_all_that_changed_is_told)
{
        struct watched w;

        watched_new(&w, 2, "http");
        pool_tell(&w.p, "%s", losses[_i]);
        rename_network(&w, "Pool-wide network associated with eth3", "in between");
        EXPECT(&w, "gone network Pool-wide network associated with eth3\n", "appeared network in between\n");
        rename_network(&w, "in between", "later");
        EXPECT(&w, "gone network in between\n", "appeared network later\n");
        watched_free(&w);
}
END_TEST

/* The pool is not there for a while: that is told once it is looked at in vain, and it comes back by itself. */
START_TEST(a_pool_that_is_gone_for_a_while_comes_back)
{
        struct watched w;

        watched_new(&w, 1, "http");
        pool_tell(&w.p, "{\"do\": \"host\", \"host\": 1, \"state\": \"dead\"}");
        rename_network(&w, "Pool-wide network associated with eth3", "in between");
        gather(&w, 1500);
        pool_tell(&w.p, "{\"do\": \"host\", \"host\": 1, \"state\": \"up\"}");
        EXPECT(&w, "appeared network in between\n");
        rename_network(&w, "in between", "later");
        EXPECT(&w, "appeared network later\n");
        watched_free(&w);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi watch");
        TCase *tc = tcase_create("pool");
        SRunner *runner;
        int failed;

        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, what_others_change_is_told_as_what_it_is, 0, 2);
        tcase_add_loop_test(tc, after_a_loss_all_that_changed_is_told, 0, (int)XSN_ARRAY_SIZE(losses));
        tcase_add_test(tc, a_pool_that_is_gone_for_a_while_comes_back);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
