/* SPDX-License-Identifier: Apache-2.0 */
/* Values as the types that readers want; and what is written, read back. */
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>

#include "transport/xmlrpc_number.h"
#include "transport/xmlrpc_write.h"
#include "xmlrpc_test.h"

static const char record_xml[] =
        "<value><struct>"
        "<member><name>uuid</name><value>u1</value></member>"
        "<member><name>MTU</name><value>1500</value></member>"
        "<member><name>VLAN</name><value><int>-1</int></value></member>"
        "<member><name>managed</name><value><boolean>1</boolean></value></member>"
        "<member><name>progress</name><value><double>0.5</double></value></member>"
        "<member><name>created</name><value><dateTime.iso8601>20261120T12:08:31Z</dateTime.iso8601></value></member>"
        "<member><name>PIFs</name><value><array><data><value>p1</value></data></array></value></member>"
        "<member><name>other_config</name><value><struct/></value></member>"
        "<member><name>uuid</name><value>u2</value></member>"
        "</struct></value>";

static struct xsn_xmlrpc_doc *record_new(void)
{
        struct xsn_xmlrpc_doc *doc;

        ck_assert_int_eq(xsn_xmlrpc_read(record_xml, strlen(record_xml), NULL, &doc, NULL), 0);
        return doc;
}

START_TEST(members_are_read_as_what_they_are)
{
        struct xsn_xmlrpc_doc *doc = record_new();
        const struct xsn_xmlrpc_value *record = &doc->root, *value;
        const char *text;
        int64_t number;
        double real;
        bool flag;

        ck_assert_int_eq(xsn_xmlrpc_get_text(record, "uuid", &text, NULL), 0);
        ck_assert_str_eq(text, "u1"); /* the first */
        ck_assert_int_eq(xsn_xmlrpc_get_text(record, "created", &text, NULL), 0);
        ck_assert_str_eq(text, "20261120T12:08:31Z");
        ck_assert_int_eq(xsn_xmlrpc_get_int(record, "MTU", &number, NULL), 0);
        ck_assert_int_eq(number, 1500);
        ck_assert_int_eq(xsn_xmlrpc_get_int(record, "VLAN", &number, NULL), 0);
        ck_assert_int_eq(number, -1);
        ck_assert_int_eq(xsn_xmlrpc_get_bool(record, "managed", &flag, NULL), 0);
        ck_assert(flag);
        ck_assert_int_eq(xsn_xmlrpc_get_double(record, "progress", &real, NULL), 0);
        ck_assert(real == 0.5);
        ck_assert_int_eq(xsn_xmlrpc_get_double(record, "MTU", &real, NULL), 0);
        ck_assert(real == 1500);
        ck_assert_int_eq(xsn_xmlrpc_get(record, "PIFs", XSN_XMLRPC_ARRAY, &value, NULL), 0);
        ck_assert_uint_eq(value->n, 1);
        ck_assert_int_eq(xsn_xmlrpc_get(record, "other_config", XSN_XMLRPC_STRUCT, &value, NULL), 0);
        ck_assert_uint_eq(value->n, 0);
        ck_assert_ptr_null(xsn_xmlrpc_member(record, "none"));
        ck_assert_ptr_null(xsn_xmlrpc_member(value, "none"));
        ck_assert_ptr_null(xsn_xmlrpc_member(&record->members[0].value, "none"));
        ck_assert_ptr_null(xsn_xmlrpc_member(NULL, "none"));
        xsn_xmlrpc_doc_free(doc);
}
END_TEST

START_TEST(a_wrong_type_says_where_what_was_expected_and_what_is_there)
{
        struct xsn_xmlrpc_doc *doc = record_new();
        const struct xsn_xmlrpc_value *record = &doc->root, *value;
        struct xsnet_error *err = NULL;
        const char *text;
        int64_t number;
        double real;
        bool flag;

        ck_assert_int_eq(xsn_xmlrpc_get_int(record, "uuid", &number, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-reply");
        ck_assert_str_eq(xsnet_error_get_message(err), "uuid: expected an integer, found text 'u1'");
        ck_assert_int_eq(xsn_xmlrpc_get_text(record, "MAC", &text, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(err), "MAC: expected text, found nothing");
        ck_assert_int_eq(xsn_xmlrpc_get_text(record, "PIFs", &text, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(err), "PIFs: expected text, found an array");
        ck_assert_int_eq(xsn_xmlrpc_get_bool(record, "MTU", &flag, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(err), "MTU: expected a boolean, found text '1500'");
        ck_assert_int_eq(xsn_xmlrpc_get_double(record, "managed", &real, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(err), "managed: expected a number, found a boolean");
        ck_assert_int_eq(xsn_xmlrpc_get(record, "PIFs", XSN_XMLRPC_STRUCT, &value, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(err), "PIFs: expected a struct, found an array");
        ck_assert_int_eq(xsn_xmlrpc_check(NULL, XSN_XMLRPC_STRUCT, &err), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(err), "expected a struct, found nothing");
        xsnet_error_free(err);
        xsn_xmlrpc_doc_free(doc);
}
END_TEST

START_TEST(integers_are_digits_that_fit)
{
        static const struct {
                const char *text;
                int r;
                int64_t number;
        } rows[] = {
                { "0", 0, 0 },
                { "-1", 0, -1 },
                { "+5", 0, 5 },
                { "007", 0, 7 },
                { "9223372036854775807", 0, INT64_MAX },
                { "-9223372036854775808", 0, INT64_MIN },
                { "9223372036854775808", -EINVAL, 0 },
                { "", -EINVAL, 0 },
                { "-", -EINVAL, 0 },
                { " 1", -EINVAL, 0 },
                { "1 ", -EINVAL, 0 },
                { "0x10", -EINVAL, 0 },
                { "1.5", -EINVAL, 0 },
                { "--1", -EINVAL, 0 },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                int64_t number = 0;

                ck_assert_msg(xsn_xmlrpc_parse_int(rows[i].text, &number) == rows[i].r, "'%s'", rows[i].text);
                ck_assert_int_eq(number, rows[i].number);
        }
}
END_TEST

/* Also where the process writes a comma. */
START_TEST(numbers_do_not_follow_the_locale)
{
        static const double numbers[] = { 0, 0.5, -1.25, 1e20, 30, DBL_MAX, DBL_MIN, 1.0 / 3 };
        char text[XSN_XMLRPC_DOUBLE_MAX];
        double number;

        (void)setlocale(LC_ALL, _i ? "de_DE.UTF-8" : "C");
        for (size_t i = 0; i < XSN_ARRAY_SIZE(numbers); i++) {
                xsn_xmlrpc_format_double(numbers[i], text);
                ck_assert_ptr_null(strchr(text, ','));
                ck_assert_int_eq(xsn_xmlrpc_parse_double(text, &number), 0);
                ck_assert(number == numbers[i]);
        }
        ck_assert_int_eq(xsn_xmlrpc_parse_double("nan", &number), 0);
        ck_assert(isnan(number));
        ck_assert_int_eq(xsn_xmlrpc_parse_double("-inf", &number), 0);
        ck_assert(isinf(number));
        ck_assert_int_eq(xsn_xmlrpc_parse_double("1,5", &number), -EINVAL);
        ck_assert_int_eq(xsn_xmlrpc_parse_double("", &number), -EINVAL);
        ck_assert_int_eq(xsn_xmlrpc_parse_double(" 1", &number), -EINVAL);
        ck_assert_int_eq(xsn_xmlrpc_parse_double("1e", &number), -EINVAL);
        ck_assert_int_eq(xsn_xmlrpc_parse_double("0x1p3", &number), -EINVAL);
}
END_TEST

/* A request's parameters as an answer would have them. */
static char *read_back(const struct xsn_xmlrpc_writer *params)
{
        struct xsn_buf buf = { 0 };
        char *text, *dump;

        xsn_buf_put(&buf, "<value><array><data>");
        for (const char *at = params->xml.s, *end; (at = strstr(at, "<param>")); at = end) {
                end = strstr(at, "</param>");
                xsn_buf_putn(&buf, at + 7, (size_t)(end - at - 7));
        }
        xsn_buf_put(&buf, "</data></array></value>");
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        dump = said(text, strlen(text), 0, 1000);
        xsn_free(text);
        return dump;
}

START_TEST(what_is_written_reads_back)
{
        struct xsn_xmlrpc_writer w = { .depth = 0 };
        char *dump;

        xsn_xmlrpc_put_text(&w, "<a> & \"b\"\r\n\t\xc3\xa9 ]]>");
        xsn_xmlrpc_put_text(&w, "");
        xsn_xmlrpc_put_int(&w, INT64_MIN);
        xsn_xmlrpc_put_bool(&w, true);
        xsn_xmlrpc_put_double(&w, 0.25);
        xsn_xmlrpc_begin_struct(&w);
        xsn_xmlrpc_put_member_text(&w, "k<&>", "v");
        xsn_xmlrpc_put_member_int(&w, "MTU", 9000);
        xsn_xmlrpc_put_member_bool(&w, "managed", false);
        xsn_xmlrpc_begin_member(&w, "tags");
        xsn_xmlrpc_begin_array(&w);
        xsn_xmlrpc_put_text(&w, "a");
        xsn_xmlrpc_begin_array(&w);
        xsn_xmlrpc_end_array(&w);
        xsn_xmlrpc_end_array(&w);
        xsn_xmlrpc_end_member(&w);
        xsn_xmlrpc_end_struct(&w);
        ck_assert_int_eq(xsn_xmlrpc_writer_check(&w, NULL), 0);
        dump = read_back(&w);
        ck_assert_str_eq(dump, "[\"<a> & \\\"b\\\"\\r\\n\\t\xc3\xa9 ]]>\", \"\", \"-9223372036854775808\", true, 0.25, "
                               "{\"struct\": [[\"k<&>\", \"v\"], [\"MTU\", \"9000\"], [\"managed\", false], "
                               "[\"tags\", [\"a\", []]]]}]");
        free(dump);
        xsn_xmlrpc_writer_done(&w);
}
END_TEST

START_TEST(a_request_has_its_texts_before_its_parameters)
{
        static const char *const texts[] = { "s&s", "second" };
        struct xsn_xmlrpc_writer w = { .depth = 0 };
        struct xsn_buf body = { 0 };

        xsn_xmlrpc_put_text(&w, "third");
        ck_assert_int_eq(xsn_xmlrpc_request("network.create", texts, 2, &w, &body, NULL), 0);
        ck_assert_str_eq(body.s,
                         "<?xml version=\"1.0\"?>\n<methodCall><methodName>network.create</methodName><params>\n"
                         "<param><value><string>s&amp;s</string></value></param>\n"
                         "<param><value><string>second</string></value></param>\n"
                         "<param><value><string>third</string></value></param>\n"
                         "</params></methodCall>\n");
        xsn_buf_done(&body);
        xsn_xmlrpc_writer_done(&w);
}
END_TEST

/* It may hold a password: no copy is left behind by growing. */
START_TEST(a_request_is_one_piece_of_memory)
{
        char secret[500];
        const char *const texts[] = { secret, secret };
        struct xsn_buf body = { 0 };
        int r;

        memset(secret, '&', sizeof(secret) - 1);
        secret[sizeof(secret) - 1] = '\0';
        failalloc_at(0);
        r = xsn_xmlrpc_request("session.login_with_password", texts, 2, NULL, &body, NULL);
        failalloc_off();
        ck_assert_int_eq(r, 0);
        ck_assert_uint_eq(failalloc_count(), 1);
        xsn_buf_done(&body);
}
END_TEST

START_TEST(text_that_xml_cannot_carry_is_not_sent)
{
        static const char *const rows[] = { "\x01", "\xff", "\xc0\x80", "a\x1f" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++)
                for (int name = 0; name < 2; name++) {
                        struct xsn_xmlrpc_writer w = { .depth = 0 };
                        struct xsnet_error *err = NULL;
                        struct xsn_buf body = { 0 };

                        if (name) {
                                xsn_xmlrpc_begin_struct(&w);
                                xsn_xmlrpc_put_member_text(&w, rows[i], "v");
                                xsn_xmlrpc_end_struct(&w);
                        } else {
                                xsn_xmlrpc_put_text(&w, rows[i]);
                        }
                        ck_assert_int_eq(xsn_xmlrpc_writer_check(&w, &err), -EINVAL);
                        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-text");
                        ck_assert_int_eq(xsn_xmlrpc_request("x.y", NULL, 0, &w, &body, NULL), -EINVAL);
                        ck_assert_int_eq(xsn_xmlrpc_request("x.y", &rows[i], 1, NULL, &body, NULL), -EINVAL);
                        xsnet_error_free(err);
                        xsn_xmlrpc_writer_done(&w);
                }
}
END_TEST

START_TEST(a_writer_without_memory_says_so_at_the_end)
{
        bool failed = true;

        for (unsigned long n = 1; failed; n++) {
                struct xsn_xmlrpc_writer w = { .depth = 0 };
                struct xsn_buf body = { 0 };
                int r;

                failalloc_at(n);
                for (int i = 0; i < 100; i++)
                        xsn_xmlrpc_put_text(&w, "a text that is not short");
                r = xsn_xmlrpc_request("x.y", NULL, 0, &w, &body, NULL);
                failalloc_off();
                failed = failalloc_count() >= n;
                ck_assert_int_eq(r, failed ? -ENOMEM : 0);
                ck_assert(failed || n > 3);
                xsn_buf_done(&body);
                xsn_xmlrpc_writer_done(&w);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xmlrpc value");
        TCase *tc = tcase_create("value");

        tcase_add_test(tc, members_are_read_as_what_they_are);
        tcase_add_test(tc, a_wrong_type_says_where_what_was_expected_and_what_is_there);
        tcase_add_test(tc, integers_are_digits_that_fit);
        tcase_add_loop_test(tc, numbers_do_not_follow_the_locale, 0, 2);
        tcase_add_test(tc, what_is_written_reads_back);
        tcase_add_test(tc, a_request_has_its_texts_before_its_parameters);
        tcase_add_test(tc, a_request_is_one_piece_of_memory);
        tcase_add_test(tc, text_that_xml_cannot_carry_is_not_sent);
        tcase_add_test(tc, a_writer_without_memory_says_so_at_the_end);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
