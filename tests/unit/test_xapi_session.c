/* SPDX-License-Identifier: Apache-2.0 */
/* The session against a host that says what it is told: logins, hosts that are not ready, lost answers. */
#include "xapi_script.h"

START_TEST(a_call_logs_in_and_its_result_comes_back)
{
        struct seen seen;

        seen_new(&seen, _i ? 0 : -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "network.get_uuid", XML_OK(V("a uuid")), 0);
        call(&seen, "network.get_uuid");
        ck_assert_int_eq(seen.n_replies, 0); /* never from inside the call */
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_str_eq(seen.result, "a uuid");
        ck_assert_ptr_nonnull(strstr(seen.host.login, "<string>operator</string>"));
        ck_assert_ptr_nonnull(strstr(seen.host.login, "<string>s3cr&lt;et&amp;\"pass</string>"));
        ck_assert_ptr_nonnull(strstr(seen.host.login, "<string>libxsnet</string>"));
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_int_eq(seen.host.n_logins, 1);
        ck_assert_str_eq(seen.host.methods, "session.login_with_password network.get_uuid network.get_uuid ");
        seen_free(&seen);
}
END_TEST

START_TEST(the_session_goes_before_the_parameters)
{
        struct seen seen;
        const char *session, *parameter;
        char *body = NULL;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 1);
        for (int i = 0; i < CONNS_MAX; i++)
                if (seen.host.server.conns[i].body && strstr(seen.host.server.conns[i].body, "network.get_uuid"))
                        body = seen.host.server.conns[i].body;
        ck_assert_ptr_nonnull(body);
        session = strstr(body, "<param><value><string>OpaqueRef:session-1</string></value></param>");
        parameter = strstr(body, "<param><value><string>a parameter</string></value></param>");
        ck_assert(session && parameter && session < parameter);
        seen_free(&seen);
}
END_TEST

START_TEST(a_refusal_has_its_code_and_says_which_call)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "VLAN.create", XML_FAIL(V("VLAN_IN_USE") V("eth0") V("5")), 0);
        call(&seen, "VLAN.create");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, -EBUSY);
        ck_assert_str_eq(seen.reason, "in-use");
        ck_assert_str_eq(seen.message, "XAPI answers VLAN_IN_USE (eth0, 5)");
        ck_assert_str_eq(seen.where, "xapi VLAN.create: VLAN_IN_USE");
        ck_assert_str_eq(seen.failure, "VLAN_IN_USE");
        ck_assert(!seen.unknown);
        seen_free(&seen);
}
END_TEST

/* ---- logins ---- */

START_TEST(a_refused_login_ends_the_calls_that_wait)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "session.login_with_password",
                 XML_FAIL(V("SESSION_AUTHENTICATION_FAILED") V("operator") V("wrong: s3cr&lt;et&amp;\"pass")), 1);
        call(&seen, "network.get_uuid");
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_int_eq(seen.code, -EACCES);
        ck_assert_str_eq(seen.reason, "login-refused");
        ck_assert_ptr_nonnull(strstr(seen.message, ": XAPI answers SESSION_AUTHENTICATION_FAILED"));
        ck_assert_str_eq(seen.where, "xapi session.login_with_password");
        ck_assert(!seen.unknown);
        /* The next one tries again. */
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 3);
        ck_assert_int_eq(seen.code, 0);
        seen_free(&seen);
}
END_TEST

static int give_login(struct xsn_xapi_login *ret_login, void *userdata, struct xsnet_error **ret_err)
{
        int *n = userdata;

        if (*n < 0)
                return xsn_error_set(ret_err, -EACCES, "login-refused", "nobody knows the password");
        ret_login->user = xsn_strdup("asked");
        ret_login->password = xsn_strdup("for");
        ++*n;
        return 0;
}

START_TEST(a_callback_is_asked_at_each_login)
{
        struct xsn_xapi_options options;
        struct seen seen;
        int n = 0;

        seen_new(&seen, -1);
        options = quick_options(&seen);
        options.user = options.password = NULL;
        options.login = give_login;
        options.login_userdata = &n;
        options.originator = "a program";
        seen_open(&seen, &options);
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(n, 1);
        ck_assert_ptr_nonnull(strstr(seen.host.login, "asked"));
        ck_assert_ptr_nonnull(strstr(seen.host.login, "a program"));
        seen.host.valid_from = 2;
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(n, 2);
        seen.host.valid_from = 3;
        n = -1;
        call(&seen, "network.get_uuid");
        UNTIL(&seen, seen.n_replies == 3);
        ck_assert_ptr_nonnull(strstr(seen.message, ": nobody knows the password"));
        seen_free(&seen);
}
END_TEST

START_TEST(an_invalid_session_is_replaced_and_the_call_made_again)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        seen.host.valid_from = 2;
        /* At once: one login is enough for both. */
        call(&seen, "network.create");
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 3);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.host.n_logins, 2);
        ck_assert_int_eq(seen.host.n_calls, 3);
        seen_free(&seen);
}
END_TEST

START_TEST(sessions_that_are_never_valid_have_an_end)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        seen.host.valid_from = 1000;
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_str_eq(seen.reason, "session-lost");
        ck_assert_ptr_null(strstr(seen.message, "OpaqueRef"));
        ck_assert_int_le(seen.host.n_logins, 5);
        ck_assert(!seen.unknown);
        seen_free(&seen);
}
END_TEST

START_TEST(the_session_is_logged_out_at_the_end)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        /* Without a turn of the loop. */
        seen.xapi = xsn_xapi_close(seen.xapi);
        ck_assert_int_eq(seen.host.n_logouts, 0);
        UNTIL(&seen, seen.host.n_logouts == 1);
        seen_free(&seen);
}
END_TEST

START_TEST(without_a_session_nothing_is_logged_out)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        seen.xapi = xsn_xapi_close(seen.xapi);
        seen_open(&seen, NULL);
        host_say(&seen.host, "session.login_with_password", NULL, 0);
        call(&seen, "network.create");
        settle(&seen);
        seen.xapi = xsn_xapi_close(seen.xapi);
        settle(&seen);
        ck_assert_int_eq(seen.host.n_logouts, 0);
        ck_assert_str_eq(seen.host.methods, "session.login_with_password ");
        seen_free(&seen);
}
END_TEST

/* ---- hosts that are not ready ---- */

START_TEST(a_host_that_still_boots_is_waited_for)
{
        static const char *const codes[] = { "HOST_STILL_BOOTING",     "HOST_HAS_NO_MANAGEMENT_IP",
                                             "HOST_IN_EMERGENCY_MODE", "HOST_ITS_OWN_SLAVE",
                                             "HOST_UNKNOWN_TO_MASTER", "HOST_MASTER_CANNOT_TALK_BACK" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(codes); i++) {
                struct seen seen;
                char text[400];

                snprintf(text, sizeof(text), XML_FAIL(V("%s")), codes[i]);
                seen_new(&seen, -1);
                seen_open(&seen, NULL);
                host_say(&seen.host, "session.login_with_password", text, 3);
                host_say(&seen.host, "network.create", text, 2);
                call(&seen, "network.create");
                UNTIL(&seen, seen.n_replies == 1);
                ck_assert_int_eq(seen.code, 0);
                ck_assert_int_eq(seen.host.n_calls, 3);
                seen_free(&seen);
        }
}
END_TEST

START_TEST(the_wait_for_a_host_grows_and_ends_with_the_deadline)
{
        struct xsn_xapi_options options;
        struct seen seen;

        seen_new(&seen, -1);
        options = quick_options(&seen);
        options.backoff_min = slow(20) * MS;
        options.backoff_max = slow(80) * MS;
        seen_open(&seen, &options);
        host_say(&seen.host, "session.login_with_password", XML_FAIL(V("HOST_STILL_BOOTING")), 0);
        call_for(&seen, "network.create", 0, slow(400));
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_str_eq(seen.reason, "host-not-ready");
        ck_assert_str_eq(seen.message, "the deadline has passed: XAPI answers HOST_STILL_BOOTING");
        ck_assert_str_eq(seen.where, "xapi network.create");
        ck_assert(!seen.unknown);
        /* 0, 20, 60, 140, 220, 300, 380 ms: not more often, however slow we are. */
        ck_assert_int_le(seen.host.server.n_requests, 7);
        ck_assert_int_ge(seen.host.server.n_requests, 2);
        seen_free(&seen);
}
END_TEST

START_TEST(nobody_there_is_an_error_at_once_before_the_first_login)
{
        struct seen seen;

        seen_new(&seen, 0);
        seen_open(&seen, NULL);
        server_stop_listening(&seen.host.server);
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_str_eq(seen.reason, "connect-failed");
        ck_assert_int_eq(seen.code, -ECONNREFUSED);
        ck_assert(!seen.unknown);
        ck_assert(server_listen(&seen.host.server));
        seen_free(&seen);
}
END_TEST

START_TEST(a_host_that_restarts_is_waited_for)
{
        struct seen seen;

        seen_new(&seen, 0);
        seen_open(&seen, NULL);
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        server_stop_listening(&seen.host.server);
        server_cut_all(&seen.host.server);
        settle(&seen);
        call(&seen, "network.create");
        settle(&seen);
        settle(&seen);
        ck_assert_int_eq(seen.n_replies, 1);
        seen.host.valid_from = 2;
        ck_assert(server_listen(&seen.host.server));
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.host.n_logins, 2);
        ck_assert_int_eq(seen.host.n_calls, 2);
        seen_free(&seen);
}
END_TEST

/* ---- lost answers ---- */

START_TEST(a_lost_answer_is_not_asked_for_twice)
{
        struct seen seen;

        for (int used = 0; used < 2; used++) {
                seen_new(&seen, used ? 0 : -1);
                seen_open(&seen, NULL);
                host_say(&seen.host, "network.create", "cut", 1);
                call(&seen, "network.create");
                UNTIL(&seen, seen.n_replies == 1);
                ck_assert_int_eq(seen.code, -ECONNRESET);
                ck_assert_str_eq(seen.reason, "outcome-unknown");
                ck_assert_str_eq(seen.where, "xapi network.create");
                ck_assert(seen.unknown);
                settle(&seen);
                ck_assert_int_eq(seen.host.n_calls, 1);
                call(&seen, "network.create");
                UNTIL(&seen, seen.n_replies == 2);
                ck_assert_int_eq(seen.code, 0);
                seen_free(&seen);
        }
}
END_TEST

START_TEST(what_may_be_repeated_is)
{
        struct seen seen;

        seen_new(&seen, 0);
        seen_open(&seen, NULL);
        host_say(&seen.host, "network.get_all", "cut", 3);
        call_for(&seen, "network.get_all", XSN_XAPI_REPEATABLE, 0);
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.host.n_calls, 4);
        seen_free(&seen);
}
END_TEST

START_TEST(a_lost_answer_to_a_login_is_asked_for_again)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "session.login_with_password", "cut", 2);
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.host.n_calls, 1);
        seen_free(&seen);
}
END_TEST

START_TEST(a_deadline_tells_whether_it_may_have_been_done)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "network.create", NULL, 0);
        call_for(&seen, "network.create", 0, slow(1000));
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, -ETIMEDOUT);
        ck_assert_str_eq(seen.reason, "outcome-unknown");
        ck_assert(seen.unknown);
        /* And while nobody answers the login, nothing was. */
        host_say(&seen.host, "session.login_with_password", NULL, 0);
        seen.host.valid_from = 1000;
        call_for(&seen, "network.get_uuid", 0, 50);
        UNTIL(&seen, seen.n_replies == 2);
        ck_assert_int_eq(seen.code, -ETIMEDOUT);
        ck_assert_str_eq(seen.reason, "not-sent");
        ck_assert(!seen.unknown);
        seen_free(&seen);
}
END_TEST

START_TEST(a_cancelled_call_calls_nobody)
{
        struct xsn_xapi_call *sent, *waiting;
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "network.create", NULL, 0);
        sent = call(&seen, "network.create");
        UNTIL(&seen, seen.host.n_calls == 1);
        waiting = call(&seen, "network.create");
        ck_assert(xsn_xapi_cancel(waiting));
        ck_assert(!xsn_xapi_cancel(sent));
        settle(&seen);
        ck_assert_int_eq(seen.n_replies, 0);
        ck_assert_int_eq(seen.host.n_calls, 1);
        seen_free(&seen);
}
END_TEST

/* More than the client has room for: they wait their turn. */
START_TEST(very_many_calls_may_be_made_at_once)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        for (int i = 0; i < 3000; i++)
                call(&seen, "x.y");
        UNTIL(&seen, seen.n_replies == 3000);
        ck_assert_int_eq(seen.code, 0);
        ck_assert_int_eq(seen.host.n_calls, 3000);
        ck_assert_int_le(seen.host.server.max_open, 4);
        ck_assert_int_eq(seen.host.n_logins, 1);
        seen_free(&seen);
}
END_TEST

START_TEST(the_session_may_be_closed_by_what_it_calls)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        seen.close_in_reply = true;
        for (int i = 0; i < 6; i++)
                call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        settle(&seen);
        ck_assert_int_eq(seen.n_replies, 1);
        ck_assert_ptr_null(seen.xapi);
        seen_free(&seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi session");
        TCase *tc = tcase_create("xapi session");

        tcase_add_loop_test(tc, a_call_logs_in_and_its_result_comes_back, 0, 2);
        tcase_add_test(tc, the_session_goes_before_the_parameters);
        tcase_add_test(tc, a_refusal_has_its_code_and_says_which_call);
        tcase_add_test(tc, a_refused_login_ends_the_calls_that_wait);
        tcase_add_test(tc, a_callback_is_asked_at_each_login);
        tcase_add_test(tc, an_invalid_session_is_replaced_and_the_call_made_again);
        tcase_add_test(tc, sessions_that_are_never_valid_have_an_end);
        tcase_add_test(tc, the_session_is_logged_out_at_the_end);
        tcase_add_test(tc, without_a_session_nothing_is_logged_out);
        tcase_add_test(tc, a_host_that_still_boots_is_waited_for);
        tcase_add_test(tc, the_wait_for_a_host_grows_and_ends_with_the_deadline);
        tcase_add_test(tc, nobody_there_is_an_error_at_once_before_the_first_login);
        tcase_add_test(tc, a_host_that_restarts_is_waited_for);
        tcase_add_test(tc, a_lost_answer_is_not_asked_for_twice);
        tcase_add_test(tc, what_may_be_repeated_is);
        tcase_add_test(tc, a_lost_answer_to_a_login_is_asked_for_again);
        tcase_add_test(tc, a_deadline_tells_whether_it_may_have_been_done);
        tcase_add_test(tc, a_cancelled_call_calls_nobody);
        tcase_add_test(tc, very_many_calls_may_be_made_at_once);
        tcase_add_test(tc, the_session_may_be_closed_by_what_it_calls);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
