/* SPDX-License-Identifier: Apache-2.0 */
/* Targets' URIs, and which backend is for which. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/uri.h"
#include "base/alloc.h"
#include "base/redact.h"
#include "unit.h"

static const struct {
        const char *text, *scheme, *rest;
        size_t n_options;
        const char *option, *value;
} good[] = {
        { "linux:", "linux", "", 0, "netns", NULL },
        { "linux:?netns=red&host=xs-1", "linux", "", 2, "host", "xs-1" },
        { "fake:a?fail=3", "fake", "a", 1, "fail", "3" },
        { "ovs:ssl:192.0.2.11:6640", "ovs", "ssl:192.0.2.11:6640", 0, "x", NULL },
        { "xapi:https://xs-1.example/x?a=b%26c%3Dd", "xapi", "https://xs-1.example/x", 1, "a", "b&c=d" },
        { "linux:?flag", "linux", "", 1, "flag", "" },
        { "linux:?flag=", "linux", "", 1, "flag", "" },
        { "linux:?a=b=c", "linux", "", 1, "a", "b=c" },
        { "linux:?", "linux", "", 0, "a", NULL },
        { "linux:?a=1&&b=2&", NULL, NULL, 0, NULL, NULL },
        { "", NULL, NULL, 0, NULL, NULL },
        { "linux", NULL, NULL, 0, NULL, NULL },
        { ":x", NULL, NULL, 0, NULL, NULL },
        { "Linux:", NULL, NULL, 0, NULL, NULL },
        { "1linux:", NULL, NULL, 0, NULL, NULL },
        { "linux:?a=%zz", NULL, NULL, 0, NULL, NULL },
        { "linux:?a=%00", NULL, NULL, 0, NULL, NULL },
        { "linux:?=x", NULL, NULL, 0, NULL, NULL },
        { "linux:?a=1&a=2", NULL, NULL, 0, NULL, NULL },
        { "linux:?a=b c", NULL, NULL, 0, NULL, NULL },
        { "linux:\n", NULL, NULL, 0, NULL, NULL },
};

START_TEST(a_uri_is_scheme_rest_and_options_or_an_error)
{
        struct xsnet_error *err = NULL;
        struct xsn_uri *uri = NULL;
        const char *value;
        int r = xsn_uri_parse(good[_i].text, &uri, &err);

        if (!good[_i].scheme) {
                ck_assert_msg(r == -EINVAL, "'%s' is taken", good[_i].text);
                ck_assert_str_eq(xsnet_error_get_reason(err), "bad-uri");
                ck_assert_ptr_null(uri);
                xsnet_error_free(err);
                return;
        }
        ck_assert_msg(r == 0, "'%s': %s", good[_i].text, err ? xsnet_error_get_message(err) : "");
        ck_assert_int_eq(strncmp(uri->text, good[_i].text, strlen(uri->text)), 0);
        ck_assert_uint_ge(strlen(uri->text), strlen(good[_i].text) - 1); /* an empty query goes */
        ck_assert_str_eq(uri->scheme, good[_i].scheme);
        ck_assert_str_eq(uri->rest, good[_i].rest);
        ck_assert_uint_eq(uri->options.n, good[_i].n_options);
        value = xsn_uri_option(uri, good[_i].option);
        ck_assert_int_eq(!value, !good[_i].value);
        if (value)
                ck_assert_str_eq(value, good[_i].value);
        xsn_uri_free(uri);
}
END_TEST

START_TEST(an_endless_uri_is_refused)
{
        char text[5000] = "linux:";
        struct xsn_uri *uri = NULL;

        memset(text + 6, 'x', sizeof(text) - 7);
        text[sizeof(text) - 1] = '\0';
        ck_assert_int_eq(xsn_uri_parse(text, &uri, NULL), -EINVAL);
}
END_TEST

START_TEST(an_unknown_option_is_named_with_a_suggestion)
{
        static const char *const known[] = { "netns", "host", NULL };
        struct xsnet_error *err = NULL;
        struct xsn_uri *uri = NULL;

        ck_assert_int_eq(xsn_uri_parse("linux:?host=a&nents=red", &uri, NULL), 0);
        ck_assert_int_eq(xsn_uri_check_options(uri, known, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "unknown-option");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "no option 'nents'; did you mean 'netns'?"));
        xsnet_error_free(err);
        xsn_uri_free(uri);
        ck_assert_int_eq(xsn_uri_parse("linux:?netns=red", &uri, NULL), 0);
        ck_assert_int_eq(xsn_uri_check_options(uri, known, NULL), 0);
        xsn_uri_free(uri);
}
END_TEST

START_TEST(what_a_misspelt_option_says_is_not_repeated)
{
        static const char *const known[] = { "user", "password", NULL };
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        _cleanup_(xsn_uri_freep) struct xsn_uri *uri = NULL;

        ck_assert_int_eq(xsn_uri_parse("xapi:https://xs-1?user=root&passwrd=s3cr3t", &uri, NULL), 0);
        ck_assert_int_eq(xsn_uri_check_options(uri, known, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_message(err),
                         "target 'xapi:https://xs-1': xapi: has no option 'passwrd'; did you mean 'password'?");
}
END_TEST

START_TEST(an_option_without_its_value_is_named)
{
        static const char *const texts[] = { "linux:?netns=", "linux:?netns", "linux:?netns=red&host=",
                                              "linux:?host=a%0Ab", "linux:?host=%ff" };
        static const char *const names[] = { "netns", "host", NULL };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(texts); i++) {
                _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
                _cleanup_(xsn_uri_freep) struct xsn_uri *uri = NULL;

                ck_assert_int_eq(xsn_uri_parse(texts[i], &uri, NULL), 0);
                ck_assert_int_eq(xsn_uri_check_values(uri, names, &err), -EINVAL);
                ck_assert_str_eq(xsnet_error_get_reason(err), "bad-option");
                ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), i < 2   ? "'netns', found"
                                                                           : i < 3 ? "'host', found"
                                                                                   : "'host' has control characters"));
        }
}
END_TEST

static const struct {
        const char *text, *name;
        bool password;
} names[] = {
        { "linux:?netns=red", "linux:?netns=red", false },
        { "xapi:https://root:secret@xs-1.example/x", "xapi:https://xs-1.example/x", true },
        { "xapi:https://root:sec@ret@xs-1.example/x", "xapi:https://xs-1.example/x", true },
        { "xapi:https://root:sec/ret@xs-1.example/x", "xapi:https://xs-1.example/x", true },
        { "xapi:https://root:sec#ret@xs-1.example/x", "xapi:https://xs-1.example/x", true },
        { "xapi:https://root@xs-1.example", "xapi:https://xs-1.example", false },
        { "xapi://root:secret@xs-1", "xapi://xs-1", true },
        { "ovs:ssl:root:secret@192.0.2.1:6640", "ovs:192.0.2.1:6640", true },
        { "Root:secret@xs-1", "Root:xs-1", false },
        { "root@xs-1", "xs-1", false },
        { "xapi:https://xs-1?password=secret", "xapi:https://xs-1", true },
        { "xapi:https://xs-1?a=1&Pass%77ord=secret&b=2", "xapi:https://xs-1?a=1&b=2", true },
        { "xapi:https://xs-1?token=secret&b=2&&", "xapi:https://xs-1?b=2", true },
        { "xapi:https://xs-1?proxy=http://u:secret@p:1&b", "xapi:https://xs-1?proxy=http://p:1&b", true },
        { "ovs:tcp://192.0.2.1:6640?a=b@c", "ovs:tcp://192.0.2.1:6640?a=b@c", false },
        { "linux:?passwords=1&password%zz=2&b=3", "linux:?passwords=1&b=3", true },
        { "linux:?a=secret%zz&b=3", "linux:?b=3", true },
        { "https://h?proxy=http%3A%2F%2Fu%3Apw%40p&b=1", "https://h?b=1", true },
        { "https://h?proxy=http://u%3Apw@p&b=1", "https://h?b=1", true },
        { "https://h?proxy=http%3A%2F%2Fp%3A1&b=a%40c", "https://h?proxy=http%3A%2F%2Fp%3A1&b=a%40c", false },
        { "https://h?proxy=u:pw@p", "https://h?proxy=p", true },
        { "https://h?proxy=http://p?password=pw&b=1", "https://h?b=1", true },
        { "https://h?pass%3Dpw&b=1", "https://h?b=1", true },
        { "https://root:p?w@h", "https://h", true },
        { "https://root:p?w=1&x@h", "https://h", true },
        { "https://root:12?w@h?a=1&token=pw", "https://h?a=1", true },
        { "https://root:p@q?w@h", "https://h", true },
        { "ovs:ssl:root:p?w@192.0.2.1:6640?a=1", "ovs:192.0.2.1:6640?a=1", true },
        { "root:p?w@h", "root:h", false },
        { "https://[2001:db8::1]:443/x?a=b@c", "https://[2001:db8::1]:443/x?a=b@c", false },
        { "ovs:unix:/run/db.sock?a=b@c", "ovs:unix:/run/db.sock?a=b@c", false },
        { "https://root@h:443?a=b@c", "https://h:443?a=b@c", false },
        { "", "", false },
};

START_TEST(a_name_has_no_user_and_no_password)
{
        char *name = NULL;

        ck_assert_int_eq(xsn_backend_name(names[_i].text, &name), 0);
        ck_assert_str_eq(name, names[_i].name);
        ck_assert_int_eq(xsn_uri_has_password(names[_i].text), names[_i].password);
        xsn_free(name);
}
END_TEST

/* Whatever is wrong with it. */
START_TEST(no_error_shows_what_is_secret)
{
        static const char *const bad[] = {
                "xapi://root:secret@host",
                "xapi:https://root:sec ret@host",
                "Xapi:https://root:secret@host",
                "//root:secret@host",
                "root:secret@host",
                "linux:root:secret@host",
                "linux:?password=secret",
                "linux:?password=secret&a=%zz",
                "linux:?password=secret&nents=red",
                "linux:?password=secret&netns=a&netns=b",
                "fake:?password=secret",
                "fake:?caps=none&token=secret",
                "linux://root:p?secret@host",
                "linux:root:p?secret@host",
                "fake:?password%zz=secret",
                "fake:?password%3Dsecret",
        };
        const struct xsn_backend_env env = { 0 };
        struct xsn_backend *backend = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_int_lt(xsn_backend_open(&env, bad[_i], &backend, &err), 0);
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e)) {
                ck_assert_msg(!strstr(xsnet_error_get_message(e), "secret"), "%s", xsnet_error_get_message(e));
                ck_assert_msg(!strstr(xsnet_error_get_message(e), "ret@"), "%s", xsnet_error_get_message(e));
                ck_assert_ptr_null(strstr(xsnet_error_get_where(e), "secret"));
        }
        xsnet_error_free(err);
}
END_TEST

START_TEST(fake_is_in_every_build)
{
        bool found = false;

        ck_assert_ptr_nonnull(xsn_backend_find("fake"));
        ck_assert_ptr_null(xsn_backend_find("no-such"));
        for (size_t i = 0; xsn_backend_scheme_at(i); i++) {
                ck_assert_str_eq(xsn_backend_find(xsn_backend_scheme_at(i))->scheme, xsn_backend_scheme_at(i));
                found = found || !strcmp(xsn_backend_scheme_at(i), "fake");
        }
        ck_assert_int_eq(found, true);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("backend_uri");
        TCase *tc = tcase_create("uri");

        tcase_add_loop_test(tc, a_uri_is_scheme_rest_and_options_or_an_error, 0, XSN_ARRAY_SIZE(good));
        tcase_add_test(tc, an_endless_uri_is_refused);
        tcase_add_test(tc, what_a_misspelt_option_says_is_not_repeated);
        tcase_add_test(tc, an_option_without_its_value_is_named);
        tcase_add_test(tc, an_unknown_option_is_named_with_a_suggestion);
        tcase_add_loop_test(tc, a_name_has_no_user_and_no_password, 0, XSN_ARRAY_SIZE(names));
        tcase_add_loop_test(tc, no_error_shows_what_is_secret, 0, 16);
        tcase_add_test(tc, fake_is_in_every_build);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
