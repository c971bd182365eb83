/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session and a pool of hosts, over unix sockets, TCP and TLS: whom it trusts, whom it follows, what is done once
 * though its answer was lost, tasks and events.
 */
#include "xapi_session_test.h"

START_TEST(every_way_leads_to_the_pool)
{
        static const char *const schemes[] = { "unix", "http", "https" };
        struct xsn_http_tls tls = { .insecure = true };
        struct real real;
        int n_logouts = 0;
        char place[96];

        real_new(&real);
        snprintf(place, sizeof(place), "unix:%s/xapi", real.dir);
        session_open(&real, _i == 0 ? place : host_place(&real, 0, schemes[_i], place, sizeof(place)), &tls, "secret");
        create_network(&real, "one", 0);
        ck_works(&real);
        ck_assert_int_eq(strncmp(real.result, "OpaqueRef:", 10), 0);
        call(&real, "network.get_all_records", NULL, XSN_XAPI_REPEATABLE);
        ck_works(&real);
        ck_assert_int_ge(atoi(real.result), 3);
        ck_assert_int_eq(count(&real, "session.login_with_password"), 1);
        real.xapi = xsn_xapi_close(real.xapi);
        UNTIL(&real, (n_logouts += count(&real, "session.logout")) == 1);
        real_free(&real);
}
END_TEST

START_TEST(a_wrong_password_is_refused)
{
        struct real real;
        char place[96];

        real_new(&real);
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "wrong");
        create_network(&real, "one", 0);
        ck_assert_int_eq(real.code, -EACCES);
        ck_assert_str_eq(real.reason, "login-refused");
        real_free(&real);
}
END_TEST

/* ---- trust ---- */

static void read_pin(const struct real *real, size_t i, struct xsn_http_pin *pin)
{
        char command[256], line[256], *text;
        FILE *out;

        snprintf(command, sizeof(command), "openssl x509 -noout -fingerprint -sha256 -in %s",
                 host_text(real, i, "certificate"));
        out = popen(command, "r");
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), out));
        ck_assert_int_eq(pclose(out), 0);
        text = strchr(line, '=') + 1;
        text[strcspn(text, "\n")] = '\0';
        ck_assert_int_eq(xsn_http_pin_parse(text, pin->sha256, NULL), 0);
        pin->host = host_text(real, i, "listen");
}

START_TEST(a_server_is_trusted_for_what_was_said_and_nothing_else)
{
        enum {
                OWN_CA,
                OTHER_CA,
                SYSTEM,
                OWN_PIN,
                OTHER_PIN,
                ANY_PIN,
                OTHER_HOST_PIN,
                INSECURE,
                INSECURE_OTHER_PIN
        };
        static const bool fine[] = {
                [OWN_CA] = true, [OWN_PIN] = true, [ANY_PIN] = true, [INSECURE] = true, [INSECURE_OTHER_PIN] = false
        };
        struct xsn_http_pin pins[2], used;
        struct real real;
        char place[96];

        real_new(&real);
        for (size_t i = 0; i < 2; i++)
                read_pin(&real, i, &pins[i]);
        for (int way = OWN_CA; way <= INSECURE_OTHER_PIN; way++) {
                struct xsn_http_tls tls = { .pins = &used, .n_pins = 1 };

                used = pins[way == OTHER_PIN || way == INSECURE_OTHER_PIN];
                used.host = way == ANY_PIN ? NULL : way == OTHER_HOST_PIN ? "127.0.0.9" : pins[0].host;
                if (way == OWN_CA || way == OTHER_CA || way == SYSTEM || way == INSECURE)
                        tls.n_pins = 0;
                if (way == OWN_CA || way == OTHER_CA)
                        tls.ca = host_text(&real, way == OTHER_CA, "certificate");
                tls.insecure = way == INSECURE || way == INSECURE_OTHER_PIN;
                session_open(&real, host_place(&real, 0, "https", place, sizeof(place)), &tls, "secret");
                tell(&real, "{\"do\": \"counts\", \"reset\": true}");
                call(&real, "network.get_all", NULL, XSN_XAPI_REPEATABLE);
                if (fine[way]) {
                        ck_works(&real);
                } else {
                        ck_assert_msg(strcmp(real.reason, "untrusted-server") == 0, "way %d: %s: %s", way, real.reason,
                                      real.message);
                        ck_assert(!real.unknown);
                        /* Not a word was said to it. */
                        ck_assert_int_eq(count(&real, "session.login_with_password"), 0);
                }
                /* A second connection is checked as well. */
                real.xapi = xsn_xapi_close(real.xapi);
        }
        real_free(&real);
}
END_TEST

START_TEST(a_ca_file_that_is_none_is_no_trust)
{
        struct xsn_http_tls tls = { .ca = "/nonexistent/ca.pem" };
        struct real real;
        char place[96];

        real_new(&real);
        session_open(&real, host_place(&real, 0, "https", place, sizeof(place)), &tls, "secret");
        call(&real, "network.get_all", NULL, 0);
        ck_assert_str_eq(real.reason, "bad-certificate");
        real_free(&real);
}
END_TEST

/* Many at a time and one after another: new connections are checked, kept ones were. */
START_TEST(a_pinned_server_serves_many_calls)
{
        struct xsn_http_tls tls = { .n_pins = 1 };
        struct xsn_http_pin pin;
        struct real real;
        char place[96];

        real_new(&real);
        read_pin(&real, 0, &pin);
        tls.pins = &pin;
        session_open(&real, host_place(&real, 0, "https", place, sizeof(place)), &tls, "secret");
        for (int i = 0; i < 12; i++)
                begin(&real, "network.get_all", NULL, XSN_XAPI_REPEATABLE, 0);
        UNTIL(&real, real.n_replies == 12);
        ck_works(&real);
        tell(&real, "{\"do\": \"cut\", \"host\": 1}");
        call(&real, "network.get_all", NULL, XSN_XAPI_REPEATABLE);
        ck_works(&real);
        real_free(&real);
}
END_TEST

/* Each host has a certificate of its own. */
START_TEST(the_coordinator_is_trusted_by_a_pin_of_its_own)
{
        struct xsn_http_tls tls = { .n_pins = 2 };
        struct xsn_http_pin pins[2];
        struct real real;
        char place[96];

        for (int both = 0; both < 2; both++) {
                real_new(&real);
                for (size_t i = 0; i < 2; i++)
                        read_pin(&real, i, &pins[i]);
                tls.pins = &pins[1 - both];
                tls.n_pins = 1 + (size_t)both;
                session_open(&real, host_place(&real, 1, "https", place, sizeof(place)), &tls, "secret");
                create_network(&real, "one", 0);
                if (both) {
                        ck_works(&real);
                        ck_assert_str_eq(xsn_xapi_get_place(real.xapi),
                                         host_place(&real, 0, "https", place, sizeof(place)));
                } else {
                        ck_assert_str_eq(real.reason, "untrusted-server");
                        ck_assert_int_eq(networks_called(&real, "one"), 0);
                }
                real_free(&real);
        }
}
END_TEST

/* ---- faults ---- */

START_TEST(what_was_done_is_not_done_twice)
{
        struct real real;
        char place[96];

        real_new(&real);
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "secret");
        create_network(&real, "zero", 0); /* over a connection that is kept */
        ck_works(&real);
        tell(&real, "{\"do\": \"fault\", \"action\": \"cut-after\", \"method\": \"network.create\"}");
        create_network(&real, "one", 0);
        ck_assert_str_eq(real.reason, "outcome-unknown");
        ck_assert(real.unknown);
        ck_assert_int_eq(networks_called(&real, "one"), 1);
        tell(&real, "{\"do\": \"fault\", \"action\": \"cut-before\", \"method\": \"network.create\"}");
        create_network(&real, "two", 0);
        ck_assert(real.unknown);
        ck_assert_int_eq(networks_called(&real, "two"), 0);
        /* A read is asked for again. */
        tell(&real, "{\"do\": \"fault\", \"action\": \"cut-after\", \"method\": \"network.get_all\", \"count\": 2}");
        call(&real, "network.get_all", NULL, XSN_XAPI_REPEATABLE);
        ck_works(&real);
        real_free(&real);
}
END_TEST

START_TEST(a_session_that_expires_is_replaced_and_the_call_done_once)
{
        struct real real;
        char place[96];

        real_new(&real);
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "secret");
        create_network(&real, "zero", 0);
        tell(&real, "{\"do\": \"expire\"}");
        create_network(&real, "one", 0);
        ck_works(&real);
        tell(&real, "{\"do\": \"fault\", \"action\": \"expire-session\", \"method\": \"network.create\"}");
        create_network(&real, "two", 0);
        ck_works(&real);
        ck_assert_int_eq(networks_called(&real, "one"), 1);
        ck_assert_int_eq(networks_called(&real, "two"), 1);
        real_free(&real);
}
END_TEST

START_TEST(the_coordinator_may_change_and_die)
{
        struct real real;
        char place[96];

        real_new(&real);
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "secret");
        create_network(&real, "zero", 0);
        ck_works(&real);
        ck_assert_int_eq(xsn_xapi_add_host(real.xapi, host_text(&real, 1, "listen"), NULL), 0);
        tell(&real, "{\"do\": \"coordinator\", \"host\": 2}");
        create_network(&real, "one", 0);
        ck_works(&real);
        ck_assert_str_eq(xsn_xapi_get_place(real.xapi), host_place(&real, 1, "http", place, sizeof(place)));
        tell(&real, "{\"do\": \"coordinator\", \"host\": 1}");
        tell(&real, "{\"do\": \"host\", \"host\": 2, \"state\": \"dead\"}");
        call(&real, "network.get_all", NULL, XSN_XAPI_REPEATABLE);
        ck_works(&real);
        ck_assert_str_eq(xsn_xapi_get_place(real.xapi), host_place(&real, 0, "http", place, sizeof(place)));
        ck_assert_int_eq(networks_called(&real, "one"), 1);
        real_free(&real);
}
END_TEST

START_TEST(a_host_that_boots_is_waited_for)
{
        struct real real;
        char place[96];

        real_new(&real);
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "secret");
        tell(&real, "{\"do\": \"fault\", \"action\": \"fail\", \"error\": [\"HOST_STILL_BOOTING\"], \"count\": 5}");
        create_network(&real, "one", 0);
        ck_works(&real);
        ck_assert_int_eq(networks_called(&real, "one"), 1);
        real_free(&real);
}
END_TEST

/* ---- tasks and events ---- */

START_TEST(a_task_is_followed_and_destroyed)
{
        struct xsn_xmlrpc_writer params = { .depth = 0 };
        struct real real;
        char place[96];
        json_t *dump;

        real_new(&real);
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "secret");
        tell(&real, "{\"do\": \"fault\", \"action\": \"delay\", \"seconds\": 0.3, \"method\": \"network.create\"}");
        put_network(&params, "one");
        call(&real, "network.create", &params, XSN_XAPI_ASYNC);
        ck_works(&real);
        ck_assert_int_eq(strncmp(real.result, "OpaqueRef:", 10), 0);
        xsn_xmlrpc_writer_done(&params);
        xsn_xmlrpc_put_text(&params, "OpaqueRef:nosuch");
        call(&real, "network.destroy", &params, XSN_XAPI_ASYNC);
        ck_assert_str_eq(real.reason, "not-found");
        ck_assert(!real.unknown);
        xsn_xmlrpc_writer_done(&params);
        UNTIL(&real, !xsn_xapi_tidy(real.xapi, NULL, NULL));
        dump = control(&real, "{\"do\": \"dump\", \"classes\": [\"task\"]}");
        ck_assert_uint_eq(json_object_size(json_object_get(dump, "task")), 0);
        json_decref(dump);
        ck_assert_int_eq(networks_called(&real, "one"), 1);
        real_free(&real);
}
END_TEST

static void on_events(const struct xsn_xmlrpc_value *events, const struct xsn_xmlrpc_value *counts, bool first,
                      void *userdata)
{
        struct real *real = userdata;

        ck_assert_int_eq(xsn_xmlrpc_check(counts, XSN_XMLRPC_STRUCT, NULL), 0);
        real->n_events += (int)events->n;
        real->n_first += first;
}

START_TEST(a_watch_hears_of_changes_and_of_a_new_coordinator)
{
        static const char *const classes[] = { "network" };
        struct xsn_xapi_listener listener = { .events = on_events };
        struct xsn_xapi_watch *watch;
        struct real real;
        char place[96];
        int before;

        real_new(&real);
        listener.userdata = &real;
        session_open(&real, host_place(&real, 0, "http", place, sizeof(place)), NULL, "secret");
        ck_assert_int_eq(xsn_xapi_watch(real.xapi, classes, 1, &listener, &watch, NULL), 0);
        UNTIL(&real, real.n_first == 1);
        ck_assert_int_ge(real.n_events, 2);
        before = real.n_events;
        create_network(&real, "one", 0);
        UNTIL(&real, real.n_events > before);
        tell(&real, "{\"do\": \"coordinator\", \"host\": 2}");
        UNTIL(&real, real.n_first == 2);
        before = real.n_events;
        create_network(&real, "two", 0);
        UNTIL(&real, real.n_events > before);
        xsn_xapi_watch_cancel(watch);
        real_free(&real);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi session on a pool");
        TCase *tc = tcase_create("pool");
        SRunner *runner;
        int failed;

        tcase_add_loop_test(tc, every_way_leads_to_the_pool, 0, 3);
        tcase_add_test(tc, a_wrong_password_is_refused);
        tcase_add_test(tc, a_server_is_trusted_for_what_was_said_and_nothing_else);
        tcase_add_test(tc, a_ca_file_that_is_none_is_no_trust);
        tcase_add_test(tc, a_pinned_server_serves_many_calls);
        tcase_add_test(tc, the_coordinator_is_trusted_by_a_pin_of_its_own);
        tcase_add_test(tc, what_was_done_is_not_done_twice);
        tcase_add_test(tc, a_session_that_expires_is_replaced_and_the_call_done_once);
        tcase_add_test(tc, the_coordinator_may_change_and_die);
        tcase_add_test(tc, a_host_that_boots_is_waited_for);
        tcase_add_test(tc, a_task_is_followed_and_destroyed);
        tcase_add_test(tc, a_watch_hears_of_changes_and_of_a_new_coordinator);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_run(runner) == 0 || srunner_ntests_failed(runner) > 0;
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
