/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the codec: places in a text, tokens of JSON, what YAML misreads, the order of errors. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/json_scan.h"
#include "codec/object_json.h"
#include "codec/report.h"
#include "codec/text.h"
#include "codec/yaml_write.h"
#include "unit.h"

START_TEST(bytes_that_are_no_text_are_found)
{
        static const struct {
                const char *text;
                size_t len, bad;
        } rows[] = {
                { "", 0, 0 },
                { "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10, 10 },
                { "ab\xff", 3, 2 },
                { "a\x80", 2, 1 },
                { "\xc3", 1, 0 },     /* cut */
                { "\xc0\xaf", 2, 0 }, /* not the shortest form */
                { "\xe0\x80\xaf", 3, 0 },
                { "\xf0\x80\x80\xaf", 4, 0 },
                { "a\xed\xa0\x80", 4, 1 },    /* a surrogate */
                { "\xf4\x90\x80\x80", 4, 0 }, /* beyond U+10FFFF */
                { "a\0b", 3, 1 },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++)
                ck_assert_msg(xsn_text_check(rows[i].text, rows[i].len) == rows[i].bad, "row %zu", i);
}
END_TEST

START_TEST(columns_count_characters)
{
        const char *text = "a\n\xc3\xa9\xe2\x82\xac"
                           "b\r\nc";
        struct xsn_pos pos = xsn_text_pos(text, strlen(text), strlen(text) - 4);

        ck_assert_uint_eq(pos.line, 2);
        ck_assert_uint_eq(pos.column, 3);
        pos = xsn_text_pos(text, strlen(text), 1000);
        ck_assert_uint_eq(pos.line, 3);
        ck_assert_uint_eq(pos.column, 2);
}
END_TEST

START_TEST(tokens_of_json_have_their_places)
{
        const char *text = "\t{\"a\\\"b\"\n :\r\n-1.5e+3,\"\xc3\xa9\" : [null ]}x\"cut\n\"";
        static const struct {
                int type;
                uint32_t line, column;
        } rows[] = {
                { '{', 1, 2 },
                { XSN_JSON_STRING, 1, 3 },
                { ':', 2, 2 },
                { XSN_JSON_WORD, 3, 1 },
                { ',', 3, 8 },
                { XSN_JSON_STRING, 3, 9 },
                { ':', 3, 13 },
                { '[', 3, 15 },
                { XSN_JSON_WORD, 3, 16 },
                { ']', 3, 21 },
                { '}', 3, 22 },
                { XSN_JSON_WORD, 3, 23 },
                { XSN_JSON_STRING, 3, 24 },
                { XSN_JSON_STRING, 4, 1 },
                { XSN_JSON_END, 4, 2 },
                { XSN_JSON_END, 4, 2 },
        };
        struct xsn_json_scan scan = { .text = text, .len = strlen(text), .pos = { 1, 1 } };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsn_json_token token = xsn_json_next(&scan);

                ck_assert_msg(token.type == rows[i].type, "row %zu: type %d", i, token.type);
                ck_assert_msg(token.pos.line == rows[i].line && token.pos.column == rows[i].column, "row %zu: %u:%u", i,
                              token.pos.line, token.pos.column);
        }
}
END_TEST

START_TEST(a_token_is_found_by_what_is_right_behind_it)
{
        const char *text = "{\"a\": 15}";

        ck_assert_uint_eq(xsn_json_token_at(text, strlen(text), 0).pos.column, 1);
        ck_assert_uint_eq(xsn_json_token_at(text, strlen(text), 4).pos.column, 2);
        ck_assert_uint_eq(xsn_json_token_at(text, strlen(text), 8).pos.column, 7);
        ck_assert_int_eq(xsn_json_token_at(text, strlen(text), 100).type, XSN_JSON_END);
}
END_TEST

/* jansson is the model: both have to be read by others' programs. */
START_TEST(json_is_written_as_jansson_does)
{
        static const char *const texts[] = {
                "[]", "{}", "[[], {}, [{}], {\"a\": []}]", "{\"b\": 1, \"a\": {\"c\": [true, false, null]}}",
                "[0, -1, 9223372036854775807, -9223372036854775808]", "\"one\"", "[\"\\u00e9\\u20ac\\ud83d\\ude00\"]",
                "{\"a \\\"quoted\\\" \\\\ key\": \"/ and \\u007f and \\u2028\"}",
                "[\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\"]", "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
        };

        for (size_t i = 0; i < 2 * XSN_ARRAY_SIZE(texts); i++) {
                bool indent = i % 2;
                _cleanup_(xsn_json_decrefp) json_t *json = json_loads(texts[i / 2], JSON_DECODE_ANY, NULL);
                size_t flags = JSON_ENCODE_ANY | (indent ? JSON_INDENT(2) : JSON_COMPACT);
                _cleanup_(xsn_freep) char *ours = NULL, *theirs = json_dumps(json, flags);
                struct xsn_buf buf = { 0 };

                ck_assert_ptr_nonnull(json);
                ck_assert_int_eq(xsn_json_write(json, indent, &buf), 0);
                ck_assert_int_eq(xsn_buf_take(&buf, &ours), 0);
                ck_assert_str_eq(ours, theirs);
        }
}
END_TEST

START_TEST(texts_that_yaml_takes_for_something_else_are_known)
{
        static const char *const misread[] = {
                "",
                "~",
                "null",
                "NULL",
                "true",
                "False",
                "yes",
                "No",
                "on",
                "OFF",
                "y",
                "N",
                "0",
                "7",
                "-1",
                "+1",
                "007",
                "0o17",
                "0x1F",
                "0b101",
                "1_000",
                "1.5",
                "1.",
                ".5",
                "-.5",
                "1e3",
                "1.5E-3",
                "12:30",
                "12:30:45",
                "1:2.5",
                "190:20:30.15",
                "00:11:22:33:44:55",
                ".inf",
                "-.INF",
                ".nan",
                "2001-12-14",
                "2001-1-2",
                "2001-12-14T21:59:43Z",
                "2001-12-14 21:59:43",
                "=",
                "<<",
        };
        static const char *const plain[] = {
                "a",
                "eth0",
                "1a",
                "0x",
                "0xg",
                "1e",
                "1.2.3",
                "192.0.2.1",
                "192.0.2.0/24",
                "02:00:00:00:00:0a",
                "2001:db8::1",
                "-",
                "+",
                ".",
                "..",
                "e3",
                "12:",
                ":12",
                "1:a",
                "yess",
                "nul",
                "2001-12",
                "2001-12-14x",
                "80Mbit",
                "xs-1",
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(misread); i++)
                ck_assert_msg(xsn_yaml_misread(misread[i]), "'%s'", misread[i]);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(plain); i++)
                ck_assert_msg(!xsn_yaml_misread(plain[i]), "'%s'", plain[i]);
}
END_TEST

START_TEST(errors_come_in_the_order_of_the_text)
{
        struct xsn_report report = { .source = "d.yaml" };
        struct xsnet_error *err = NULL, *chain = NULL;
        static const char *const wheres[] = { "d.yaml:2:5 a", "d.yaml:2:5 b", "d.yaml:2:10 c", "d.yaml:10:1 d",
                                              "d.yaml e" };
        const struct xsnet_error *e;

        xsn_report_add(&report, (struct xsn_pos){ 0, 0 }, "e", -EINVAL, "r", "m");
        xsn_error_add(&chain, -ERANGE, "r", "d.yaml:10:1 d", "m");
        xsn_error_add(&chain, -EINVAL, "r", "d.yaml:2:10 c", "m");
        xsn_report_add(&report, (struct xsn_pos){ 2, 5 }, "a", -ERANGE, "r", "m");
        xsn_report_chain(&report, chain);
        xsn_report_add(&report, (struct xsn_pos){ 2, 5 }, "b", -E2BIG, "r", "m");
        ck_assert(!xsn_report_empty(&report));
        ck_assert_int_eq(xsn_report_give(&report, &err), -EINVAL);
        ck_assert(xsn_report_empty(&report));
        e = err;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(wheres); i++, e = xsnet_error_get_next(e))
                ck_assert_str_eq(xsnet_error_get_where(e), wheres[i]);
        ck_assert_ptr_null(e);
        xsnet_error_free(err);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("codec parts");
        TCase *cases = tcase_create("parts");

        tcase_add_test(cases, bytes_that_are_no_text_are_found);
        tcase_add_test(cases, columns_count_characters);
        tcase_add_test(cases, tokens_of_json_have_their_places);
        tcase_add_test(cases, a_token_is_found_by_what_is_right_behind_it);
        tcase_add_test(cases, json_is_written_as_jansson_does);
        tcase_add_test(cases, texts_that_yaml_takes_for_something_else_are_known);
        tcase_add_test(cases, errors_come_in_the_order_of_the_text);
        suite_add_tcase(suite, cases);
        return unit_main(suite);
}
