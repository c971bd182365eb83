/* SPDX-License-Identifier: Apache-2.0 */
/* Places of servers and fingerprints of certificates, as texts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/http.h"
#include "unit.h"

START_TEST(places_are_read_and_written)
{
        static const struct {
                const char *text;
                int type;
                const char *host;
                uint16_t port;
                const char *again;
        } rows[] = {
                { "https://xs-1", XSN_HTTP_TLS, "xs-1", 443, "https://xs-1" },
                { "https://xs-1/", XSN_HTTP_TLS, "xs-1", 443, "https://xs-1" },
                { "http://10.0.0.1:8080", XSN_HTTP_PLAIN, "10.0.0.1", 8080, "http://10.0.0.1:8080" },
                { "http://10.0.0.1:80/", XSN_HTTP_PLAIN, "10.0.0.1", 80, "http://10.0.0.1" },
                { "https://[2001:db8::1]:444", XSN_HTTP_TLS, "2001:db8::1", 444, "https://[2001:db8::1]:444" },
                { "https://[::1]", XSN_HTTP_TLS, "::1", 443, "https://[::1]" },
                { "unix:/var/lib/xcp/xapi", XSN_HTTP_UNIX, "/var/lib/xcp/xapi", 0, "unix:/var/lib/xcp/xapi" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsn_http_place place;
                char *again;

                ck_assert_int_eq(xsn_http_place_parse(rows[i].text, &place, NULL), 0);
                ck_assert_int_eq(place.type, rows[i].type);
                ck_assert_str_eq(place.host, rows[i].host);
                ck_assert_uint_eq(place.port, rows[i].port);
                ck_assert_int_eq(xsn_http_place_format(&place, &again), 0);
                ck_assert_str_eq(again, rows[i].again);
                xsn_free(again);
                xsn_http_place_done(&place);
        }
}
END_TEST

START_TEST(bad_places_are_refused_and_not_repeated)
{
        static const char *const rows[] = { "",
                                            "xs-1",
                                            "ftp://xs-1",
                                            "https://",
                                            "https:///",
                                            "https://root:secret@xs-1",
                                            "https://xs-1/secret",
                                            "https://xs-1?secret",
                                            "https://xs-1:0",
                                            "https://xs-1:65536",
                                            "https://xs-1:",
                                            "https://xs-1:12345678",
                                            "https://[::1",
                                            "https://[::1]x",
                                            "https://[10.0.0.1]",
                                            "https://xs 1",
                                            "unix:relative",
                                            "unix:" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsn_http_place place;
                struct xsnet_error *err = NULL;

                ck_assert_msg(xsn_http_place_parse(rows[i], &place, &err) == -EINVAL, "%s", rows[i]);
                ck_assert_str_eq(xsnet_error_get_reason(err), "bad-uri");
                ck_assert_ptr_null(strstr(xsnet_error_get_message(err), "secret"));
                xsnet_error_free(err);
        }
}
END_TEST

START_TEST(a_place_moves_to_a_host_as_xapi_names_it)
{
        static const struct {
                const char *host, *to;
        } rows[] = {
                { "10.71.0.15", "https://10.71.0.15:444" },
                { "2001:db8::15", "https://[2001:db8::15]:444" },
                { "xs-2.example", "https://xs-2.example:444" },
                { "a/b", NULL },
                { "", NULL },
                { "user@host", NULL },
                { "::1]:1/", NULL },
        };
        struct xsn_http_place place, moved;

        ck_assert_int_eq(xsn_http_place_parse("https://xs-1:444", &place, NULL), 0);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                int r = xsn_http_place_move(&place, rows[i].host, &moved, NULL);
                char *text;

                ck_assert_int_eq(r, rows[i].to ? 0 : -EINVAL);
                if (r < 0)
                        continue;
                ck_assert_int_eq(xsn_http_place_format(&moved, &text), 0);
                ck_assert_str_eq(text, rows[i].to);
                xsn_free(text);
                xsn_http_place_done(&moved);
        }
        xsn_http_place_done(&place);
}
END_TEST

START_TEST(fingerprints_are_read_with_and_without_colons)
{
        static const char plain[] = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        uint8_t sha256[32];
        char text[96] = "";

        ck_assert_int_eq(xsn_http_pin_parse(plain, sha256, NULL), 0);
        for (unsigned i = 0; i < 32; i++)
                ck_assert_uint_eq(sha256[i], i);
        for (unsigned i = 0; i < 32; i++)
                snprintf(text + (i ? 3 * i - 1 : 0), 5, "%s%02X", i ? ":" : "", i);
        ck_assert_int_eq(xsn_http_pin_parse(text, sha256, NULL), 0);
        for (unsigned i = 0; i < 32; i++)
                ck_assert_uint_eq(sha256[i], i);
        ck_assert_int_eq(xsn_http_pin_parse("", sha256, NULL), -EINVAL);
        ck_assert_int_eq(xsn_http_pin_parse("0001", sha256, NULL), -EINVAL);
        snprintf(text, sizeof(text), "%s0", plain);
        ck_assert_int_eq(xsn_http_pin_parse(text, sha256, NULL), -EINVAL);
        text[63] = '\0';
        ck_assert_int_eq(xsn_http_pin_parse(text, sha256, NULL), -EINVAL);
        text[10] = 'g';
        ck_assert_int_eq(xsn_http_pin_parse(text, sha256, NULL), -EINVAL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("http place");
        TCase *tc = tcase_create("http place");

        tcase_add_test(tc, places_are_read_and_written);
        tcase_add_test(tc, bad_places_are_refused_and_not_repeated);
        tcase_add_test(tc, a_place_moves_to_a_host_as_xapi_names_it);
        tcase_add_test(tc, fingerprints_are_read_with_and_without_colons);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
