/* SPDX-License-Identifier: Apache-2.0 */
/* The session and what is not as it should be; and that no secret gets out, whatever happens. */
#include "xapi_script.h"

START_TEST(answers_that_nobody_understands_say_which_call)
{
        static const struct {
                const char *body, *reason;
        } rows[] = {
                { "<methodResponse><params><param><value>", "bad-reply" },
                { "garbage", "bad-reply" },
                { "", "bad-reply" },
                { XML_FAIL(""), "bad-reply" },
                { XML_FAIL("<value><struct></struct></value>"), "bad-reply" },
                { "<methodResponse><params><param><value><struct><member><name>Status</name><value>Maybe</value>"
                  "</member></struct></value></param></params></methodResponse>",
                  "bad-reply" },
                { "<methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value>"
                  "</member></struct></value></param></params></methodResponse>",
                  "bad-reply" },
                { "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int></value>"
                  "</member><member><name>faultString</name><value>broken</value></member></struct></value></fault>"
                  "</methodResponse>",
                  "server-error" },
                { "500", "http-status" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct seen seen;

                seen_new(&seen, -1);
                seen_open(&seen, NULL);
                host_say(&seen.host, "VLAN.create", rows[i].body, 0);
                call(&seen, "VLAN.create");
                UNTIL(&seen, seen.n_replies == 1);
                ck_assert_msg(strcmp(seen.reason, rows[i].reason) == 0, "row %zu: %s: %s", i, seen.reason,
                              seen.message);
                ck_assert_str_eq(seen.where, "xapi VLAN.create");
                ck_assert(seen.unknown);
                ck_assert_int_eq(seen.host.n_calls, 1);
                seen_free(&seen);
        }
}
END_TEST

START_TEST(what_cannot_be_sent_is_refused_at_once)
{
        struct xsn_xmlrpc_writer params = { .depth = 0 };
        struct xsn_xapi_request request = { .method = "network.create", .params = &params, .fn = on_reply };
        char *much = malloc(400001);
        struct xsnet_error *err = NULL;
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        xsn_xmlrpc_put_text(&params, "\xff");
        ck_assert_int_eq(xsn_xapi_call(seen.xapi, &request, NULL, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-text");
        ck_assert_str_eq(xsnet_error_get_where(err), "xapi network.create");
        err = xsnet_error_free(err);
        xsn_xmlrpc_writer_done(&params);
        memset(much, 'x', 400000);
        much[400000] = '\0';
        xsn_xmlrpc_put_text(&params, much);
        ck_assert_int_eq(xsn_xapi_call(seen.xapi, &request, NULL, &err), -EMSGSIZE);
        ck_assert_str_eq(xsnet_error_get_reason(err), "too-big");
        err = xsnet_error_free(err);
        xsn_xmlrpc_writer_done(&params);
        free(much);
        seen_free(&seen);
}
END_TEST

START_TEST(a_host_that_was_not_heard_of_again_leaves_the_outcome_unknown)
{
        struct seen seen;

        seen_new(&seen, -1);
        seen_open(&seen, NULL);
        host_say(&seen.host, "PIF.plug", XML_FAIL(V("CANNOT_CONTACT_HOST") V("OpaqueRef:h")), 0);
        call(&seen, "PIF.plug");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_str_eq(seen.reason, "host-offline");
        ck_assert(seen.unknown);
        seen_free(&seen);
}
END_TEST

/* Whatever fails, and whatever a host repeats of what it got. */
START_TEST(no_secret_stands_in_an_error_or_in_the_log)
{
        static const struct {
                const char *method, *body;
        } rows[] = {
                { "session.login_with_password", "500" },
                { "session.login_with_password", XML_FAIL(V("SESSION_AUTHENTICATION_FAILED") V("operator") V("x")) },
                { "session.login_with_password", XML_FAIL(V("INTERNAL_ERROR") V("operator s3cr&lt;et&amp;\"pass")) },
                { "session.login_with_password", "s3cr<et&\"pass" },
                { "session.login_with_password", XML_OK("<value><array><data/></array></value>") },
                { "session.login_with_password",
                  "<methodResponse><fault><value><struct><member><name>faultString</name><value>operator"
                  " s3cr&lt;et&amp;\"pass</value></member></struct></value></fault></methodResponse>" },
                { "network.create", XML_FAIL(V("INTERNAL_ERROR") V("session OpaqueRef:session-1 is bad")) },
                { "network.create", XML_FAIL(V("SESSION_NOT_REGISTERED") V("OpaqueRef:session-1")) },
                { "network.create", "500" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                static const char *const secrets[] = { "s3cr", "operator", "session-1", "OpaqueRef" };
                struct seen seen;

                seen_new(&seen, -1);
                seen_open(&seen, NULL);
                host_say(&seen.host, rows[i].method, rows[i].body, 0);
                call_for(&seen, "network.create", 0, slow(200));
                UNTIL(&seen, seen.n_replies == 1);
                ck_assert_int_ne(seen.code, 0);
                for (size_t k = 0; k < XSN_ARRAY_SIZE(secrets); k++) {
                        ck_assert_msg(!strstr(seen.message, secrets[k]), "row %zu: %s", i, seen.message);
                        ck_assert_msg(!strstr(seen.where, secrets[k]), "row %zu: %s", i, seen.where);
                        ck_assert_msg(seen.log.len == 0 || !strstr(seen.log.s, secrets[k]), "row %zu: %s", i,
                                      seen.log.s);
                }
                seen_free(&seen);
        }
}
END_TEST

#define ONCE "a-password-of-its-own"

static int give_once(struct xsn_xapi_login *ret_login, void *userdata, struct xsnet_error **ret_err)
{
        (void)userdata;
        (void)ret_err;
        ret_login->user = xsn_strdup("root");
        ret_login->password = xsn_strdup(ONCE);
        return 0;
}

/* The host's own copies are not what is looked for. */
static void handle_and_forget(struct conn *conn, const char *body, void *userdata)
{
        struct host *host = userdata;

        explicit_bzero(conn->in.s + conn->in.len, conn->in.cap - conn->in.len);
        host_handle(conn, body, userdata);
        explicit_bzero((char *)body, strlen(body));
        if (host->login)
                explicit_bzero(host->login, strlen(host->login));
}

/* Of the session's own memory: libcurl's and TLS's is theirs. */
START_TEST(a_password_is_wiped_before_its_memory_is_given_back)
{
        static const struct {
                const char *answer;
                bool option;
        } rows[] = {
                { NULL, false },
                { NULL, true },
                { "cut", false },
                { "500", true },
                { XML_FAIL(V("SESSION_AUTHENTICATION_FAILED") V("x") V("y")), false },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsn_xapi_options options;
                struct seen seen;

                failalloc_watch(ONCE);
                seen_new(&seen, -1);
                seen.host.server.handle = handle_and_forget;
                options = quick_options(&seen);
                options.user = NULL;
                options.password = rows[i].option ? ONCE : NULL;
                options.login = rows[i].option ? NULL : give_once;
                if (rows[i].answer)
                        host_say(&seen.host, "session.login_with_password", rows[i].answer, 1);
                seen_open(&seen, &options);
                call(&seen, "network.create");
                UNTIL(&seen, seen.n_replies == 1);
                seen.xapi = xsn_xapi_close(seen.xapi);
                failalloc_watch(NULL);
                ck_assert_msg(failalloc_found() == 0, "row %zu: %lu blocks", i, failalloc_found());
                seen_free(&seen);
        }
}
END_TEST

START_TEST(a_place_with_a_password_is_refused_and_not_repeated)
{
        struct xsnet_error *err = NULL;
        struct xsn_xapi *xapi = NULL;
        struct seen seen;

        seen_new(&seen, -1);
        ck_assert_int_eq(xsn_xapi_open(seen.loop, "https://root:s3cret@xs-1", NULL, &xapi, &err), -EINVAL);
        ck_assert_ptr_null(strstr(xsnet_error_get_message(err), "s3cret"));
        xsnet_error_free(err);
        seen_free(&seen);
}
END_TEST

START_TEST(without_memory_every_call_ends_once)
{
        bool failed = true;

        for (unsigned long n = 1; failed; n++) {
                struct xsn_xapi_request request = { .method = "network.create", .fn = on_reply };
                struct seen seen;
                int r;

                seen_new(&seen, -1);
                failalloc_at(n);
                r = xsn_xapi_open(seen.loop, seen.host.server.place, NULL, &seen.xapi, NULL);
                request.userdata = &seen;
                if (r == 0)
                        r = xsn_xapi_call(seen.xapi, &request, NULL, NULL);
                for (int i = 0; r == 0 && seen.n_replies == 0 && i < 4000; i++) {
                        (void)xsn_loop_dispatch(seen.loop, NULL);
                        failalloc_pause();
                        server_turn(&seen.host.server);
                        (void)usleep(seen.n_replies ? 0 : 200);
                        failalloc_resume();
                }
                failalloc_off();
                failed = failalloc_count() >= n;
                ck_assert_msg(r < 0 || seen.n_replies == 1, "request %lu: nothing ends", n);
                ck_assert(r == 0 || r == -ENOMEM);
                ck_assert(seen.code == 0 || r < 0 || seen.code == -ENOMEM || seen.code == -EBADMSG);
                ck_assert(failed || n > 40);
                seen_free(&seen);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi hostile");
        TCase *tc = tcase_create("xapi hostile");

        tcase_add_test(tc, answers_that_nobody_understands_say_which_call);
        tcase_add_test(tc, what_cannot_be_sent_is_refused_at_once);
        tcase_add_test(tc, a_host_that_was_not_heard_of_again_leaves_the_outcome_unknown);
        tcase_add_test(tc, no_secret_stands_in_an_error_or_in_the_log);
        tcase_add_test(tc, a_password_is_wiped_before_its_memory_is_given_back);
        tcase_add_test(tc, a_place_with_a_password_is_refused_and_not_repeated);
        tcase_add_test(tc, without_memory_every_call_ends_once);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
