/* SPDX-License-Identifier: Apache-2.0 */
/* Targets "ovs:": what their URIs say, what tells one from another, and the watch of a real one. */
#include <poll.h>

#include <xsnet/watch.h>

#include "ovs_test.h"

#include "backend/backend.h"
#include "model/object.h"

/* ---- what a URI says ---- */

static const struct {
        const char *uri, *reason;
} wrong[] = {
        { "ovs:unix:db.sock", "bad-uri" },
        { "ovs:/run/db.sock", "bad-uri" },
        { "ovs:tcp:", "bad-uri" },
        { "ovs:tcp:host:0", "bad-uri" },
        { "ovs:unix:/run/db.sock?datapath=dpdk", "bad-uri" },
        { "ovs:ssl:host?verify=maybe", "bad-uri" },
        { "ovs:tcp:host?netns=blue", "bad-uri" },
        { "ovs:?force-local=no", "bad-uri" },
        { "ovs:?force", "unknown-option" },
        { "ovs:?netns=", "bad-option" },
        { "ovs:unix:/run/db.sock?netns", "bad-option" },
        { "ovs:?host=", "bad-option" },
        { "ovs:ssl:host?ca=", "bad-option" },
        /* Of a server that is not checked nobody shall think that it is. */
        { "ovs:tcp:host?ca=/etc/ca.pem", "bad-uri" },
        { "ovs:tcp:host?verify=full", "bad-uri" },
        { "ovs:unix:/run/db.sock?cert=/etc/cert.pem", "bad-uri" },
        { "ovs:ssl:host?key=/etc/key.pem", "bad-uri" },
};

START_TEST(a_target_that_cannot_be_is_refused_when_it_is_opened)
{
        struct xsn_backend_env env = { .context = NULL };
        struct xsn_backend *backend = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_loop_new(&env.loop, NULL), 0);
        ck_assert_int_eq(xsn_backend_open(&env, wrong[_i].uri, &backend, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), wrong[_i].reason);
        ck_assert_ptr_null(backend);
        xsnet_error_free(err);
        xsn_loop_free(env.loop);
}
END_TEST

static const struct {
        const char *uri, *identity;
} same[] = {
        { "ovs:unix:/tmp/db.sock", "ovs:unix:/tmp/db.sock" },
        { "ovs:unix:/tmp/../tmp/db.sock?host=x&datapath=system&force-local", "ovs:unix:/tmp/db.sock" },
        { "ovs:unix:/db.sock", "ovs:unix:/db.sock" },
        { "ovs:unix:/tmp/nowhere-at-all/db.sock", "ovs:unix:/tmp/nowhere-at-all/db.sock" },
        { "ovs:tcp:192.0.2.1:6640?host=x", "ovs:tcp:192.0.2.1:6640" },
        { "ovs:ssl:192.0.2.1:6640?verify=ca&ca=/etc/ca.pem", "ovs:ssl:192.0.2.1:6640" },
};

START_TEST(a_target_is_known_by_where_it_leads)
{
        struct xsn_backend_env env = { .context = NULL };
        struct xsn_backend *backend = NULL;
        char *identity, *boot;

        ck_assert_int_eq(xsn_loop_new(&env.loop, NULL), 0);
        ck_assert_int_eq(xsn_backend_open(&env, same[_i].uri, &backend, NULL), 0);
        ck_assert_int_eq(backend->ops->identify(backend, &identity, &boot, NULL), 0);
        ck_assert_str_eq(identity, same[_i].identity);
        ck_assert_ptr_null(boot);
        xsn_free(identity);
        backend->ops->close(backend);
        xsn_loop_free(env.loop);
}
END_TEST

/* ---- the watch ---- */

struct heard {
        bool observed;
        int n_vifs, n_networks, n_gone, n_again;
};

static void on_observed(struct xsnet_state *state, int code, struct xsnet_error *err, void *userdata)
{
        (void)state;
        ck_assert_msg(code == 0, "%s", err ? xsnet_error_get_message(err) : "");
        ((struct heard *)userdata)->observed = true;
}

static void on_event(struct xsnet_object *obj, bool gone, void *userdata)
{
        struct heard *heard = userdata;

        heard->n_again += !obj;
        heard->n_gone += obj && gone;
        heard->n_vifs += obj && !gone && XSN_VIF(obj) && XSN_VIF(obj)->domain == 1;
        heard->n_networks += obj && XSN_NETWORK(obj) && strcmp(XSN_NETWORK(obj)->name, "br7") == 0;
}

static void hear(struct xsn_loop *loop, const int *count, int least)
{
        uint64_t limit = xsn_loop_now() + PATIENCE;

        while (*count < least) {
                ck_assert_msg(xsn_loop_now() < limit, "heard in vain");
                (void)xsn_loop_wait(loop, xsn_loop_now() + 50 * MS);
                ck_assert_int_eq(xsn_loop_dispatch(loop, NULL), 0);
        }
}

START_TEST(the_watch_tells_of_ports_and_bridges_that_others_change)
{
        struct xsn_backend_env env = { .context = NULL };
        struct xsn_backend *backend = NULL;
        struct heard heard = { .observed = false };
        struct host h;
        char uri[128];
        int before;

        host_new(&h);
        snprintf(uri, sizeof(uri), "ovs:%s", h.real.place);
        ck_assert_int_eq(xsn_loop_new(&env.loop, NULL), 0);
        ck_assert_int_eq(xsn_backend_open(&env, uri, &backend, NULL), 0);
        ck_assert_int_eq(backend->ops->watch(backend, on_event, &heard, NULL), 0);
        ck_assert_int_eq(backend->ops->observe(backend, on_observed, &heard, NULL), 0);
        while (!heard.observed) {
                (void)xsn_loop_wait(env.loop, xsn_loop_now() + 50 * MS);
                ck_assert_int_eq(xsn_loop_dispatch(env.loop, NULL), 0);
        }
        host_sh(&h, "$V add-br br7 -- set Bridge br7 datapath_type=netdev");
        hear(env.loop, &heard.n_again, 1);
        before = heard.n_again;
        host_sh(&h, "$V set Interface br7 external_ids:a=b");
        hear(env.loop, &heard.n_again, before + 1);
        before = heard.n_again;
        host_sh(&h, "$V add-port br7 vif1.0");
        hear(env.loop, &heard.n_again, before + 1);
        backend->ops->unwatch(backend);
        backend->ops->close(backend);
        xsn_loop_free(env.loop);
        host_free(&h);
}
END_TEST

struct story {
        int n_started, n_failed, n_networks;
};

static void on_story(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        struct story *story = userdata;
        struct xsnet_object *obj = xsnet_event_get_object(event);

        (void)watch;
        story->n_started += xsnet_event_get_what(event) == XSNET_EVENT_STARTED;
        story->n_networks += xsnet_event_get_what(event) == XSNET_EVENT_APPEARED && XSN_NETWORK(obj);
        story->n_failed += xsnet_event_get_what(event) == XSNET_EVENT_FAILED;
}

static void read_on(struct xsnet_engine *engine, const int *count, int least)
{
        uint64_t limit = xsn_loop_now() + PATIENCE;

        while (*count < least) {
                struct pollfd pfd = { .fd = xsnet_engine_get_fd(engine), .events = POLLIN };

                ck_assert_msg(xsn_loop_now() < limit, "heard in vain");
                (void)poll(&pfd, 1, 100);
                ck_assert_int_eq(xsnet_engine_dispatch(engine, NULL), 0);
        }
}

/* Nobody asks for anything: the watch says so by itself, and what came meanwhile when the server is back. */
START_TEST(the_watch_tells_that_the_server_is_away_and_what_came_meanwhile)
{
        struct xsnet_watch *watch = NULL;
        struct story story = { .n_started = 0 };
        struct host h;

        host_new(&h);
        ck_assert_int_eq(xsnet_engine_watch(h.engine, NULL, on_story, &story, NULL, &watch, NULL), 0);
        read_on(h.engine, &story.n_started, 1);
        real_kill(&h.real);
        read_on(h.engine, &story.n_failed, 1);
        ck_assert_int_eq(story.n_networks, 0);
        real_start(&h.real, "");
        host_wait_server(&h);
        host_sh(&h, "$V add-br br7 -- set Bridge br7 datapath_type=netdev");
        read_on(h.engine, &story.n_networks, 1);
        xsnet_watch_unref(watch);
        host_free(&h);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_target");
        TCase *tc = tcase_create("target");

        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, a_target_that_cannot_be_is_refused_when_it_is_opened, 0, XSN_ARRAY_SIZE(wrong));
        tcase_add_loop_test(tc, a_target_is_known_by_where_it_leads, 0, XSN_ARRAY_SIZE(same));
        if (host_is_possible()) {
                tcase_add_test(tc, the_watch_tells_of_ports_and_bridges_that_others_change);
                tcase_add_test(tc, the_watch_tells_that_the_server_is_away_and_what_came_meanwhile);
        }
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
