/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of the codec: places in a text, tokens of JSON, what YAML misreads, the order of errors. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/emit.h"
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

static void emit_json(struct xsn_emit *emit, json_t *json)
{
        size_t n = json_array_size(json);
        const char *key;
        json_t *value;

        switch (json_typeof(json)) {
        case JSON_OBJECT:
                xsn_emit(emit, XSN_EMIT_MAP);
                json_object_foreach(json, key, value) {
                        xsn_emit_name(emit, key);
                        emit_json(emit, value);
                }
                xsn_emit(emit, XSN_EMIT_MAP_END);
                break;
        case JSON_ARRAY:
                xsn_emit(emit, json_is_object(json_array_get(json, 0)) ? XSN_EMIT_MAPS : XSN_EMIT_SCALARS);
                for (size_t i = 0; i < n; i++)
                        emit_json(emit, json_array_get(json, i));
                xsn_emit(emit, XSN_EMIT_LIST_END);
                break;
        case JSON_STRING:
                xsn_emit_text(emit, json_string_value(json));
                break;
        case JSON_INTEGER:
                xsn_emit_number(emit, (uint64_t)json_integer_value(json));
                break;
        case JSON_NULL:
                xsn_emit_null(emit);
                break;
        default:
                xsn_emit_bool(emit, json_is_true(json));
        }
}

/* jansson is the model: both have to be read by others' programs. */
START_TEST(json_is_written_as_jansson_does)
{
        static const char *const texts[] = {
                "[]", "{}", "[[], {}, [{}], {\"a\": []}]", "{\"b\": 1, \"a\": {\"c\": [true, false, null]}}",
                "[0, 1, 4294967295, 9223372036854775807]", "\"one\"", "[\"\\u00e9\\u20ac\\ud83d\\ude00\"]",
                "{\"a \\\"quoted\\\" \\\\ key\": \"/ and \\u007f and \\u2028\", \"\": \"\", \"\\n\": {\"b\": 1}}",
                "[\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\", \"\\n\", \"a\\n\", \"\\na\", \"a\\nb\"]",
                "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
        };

        for (size_t i = 0; i < 2 * XSN_ARRAY_SIZE(texts); i++) {
                bool indent = i % 2;
                _cleanup_(xsn_json_decrefp) json_t *json = json_loads(texts[i / 2], JSON_DECODE_ANY, NULL);
                size_t flags = JSON_ENCODE_ANY | (indent ? JSON_INDENT(2) : JSON_COMPACT);
                _cleanup_(xsn_freep) char *ours = NULL, *theirs = json_dumps(json, flags);
                struct xsn_json_emit emit;
                struct xsn_buf buf = { 0 };

                ck_assert_ptr_nonnull(json);
                xsn_json_begin(&emit, indent, 0, &buf);
                emit_json(&emit.emit, json);
                ck_assert_int_eq(xsn_emit_done(&emit.emit), 0);
                ck_assert_int_eq(xsn_buf_take(&buf, &ours), 0);
                ck_assert_str_eq(ours, theirs);
        }
}
END_TEST

static size_t prefix_len(const char *name)
{
        const char *dot = strchr(name, '.');

        return dot ? (size_t)(dot - name) : 0;
}

/*
 * What the writer relies on, as it opens the map of a prefix once: rows of one prefix stand together, and `status` has
 * the observed ones. And no two rows have one key: a value that no document may say is shown as status, too.
 */
START_TEST(rows_make_maps_without_looking_back)
{
        static const char *const taken[] = { "kind",  "host",       "absent",  "adopt", "owner",
                                             "made",  "mark-taken", "payload", "status" };
        const struct xsn_class *cls = xsn_class_of(_i);
        const char *last = "";
        char closed[8][32];
        size_t n_closed = 0;

        for (size_t i = 0; i < xsn_class_n_fields(cls); i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);
                size_t len = prefix_len(field->name);
                char status[64];
                int same;

                for (size_t k = 0; k < XSN_ARRAY_SIZE(taken); k++)
                        ck_assert_str_ne(field->name, taken[k]);
                ck_assert_int_eq(!strncmp(field->name, "status.", 7), !!(field->flags & XSN_F_OBSERVED));
                (void)snprintf(status, sizeof(status), "status.%s", field->name);
                same = xsn_class_index_by_name(cls, status);
                /* A MAC address can always be said, and so can what names the object. */
                ck_assert_msg(same < 0 || field->type == XSNET_TYPE_MAC || (field->flags & XSN_F_KEY), "%s", status);
                if (field->flags & XSN_F_OBSERVED)
                        continue;
                ck_assert_uint_lt(len, sizeof(closed[0]));
                if (len != prefix_len(last) || strncmp(field->name, last, len) != 0) {
                        for (size_t k = 0; k < n_closed; k++)
                                ck_assert_msg(strlen(closed[k]) != len || strncmp(closed[k], field->name, len) != 0,
                                              "%s", field->name);
                        ck_assert_uint_lt(n_closed, XSN_ARRAY_SIZE(closed));
                        if (prefix_len(last))
                                (void)snprintf(closed[n_closed++], sizeof(closed[0]), "%.*s", (int)prefix_len(last),
                                               last);
                }
                last = field->name;
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
        tcase_add_loop_test(cases, rows_make_maps_without_looking_back, 1, XSN_N_KINDS + 1);
        tcase_add_test(cases, texts_that_yaml_takes_for_something_else_are_known);
        tcase_add_test(cases, errors_come_in_the_order_of_the_text);
        suite_add_tcase(suite, cases);
        return unit_main(suite);
}
