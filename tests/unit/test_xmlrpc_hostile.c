/* SPDX-License-Identifier: Apache-2.0 */
/* The reader on what nobody should send, and without memory. */
#include "slow.h"
#include "xmlrpc_test.h"

#define AROUND(value) "<methodResponse><params><param>" value "</param></params></methodResponse>"

START_TEST(what_is_no_answer_is_refused_with_its_place)
{
        static const struct {
                const char *xml, *message;
        } rows[] = {
                { "", "line 1, column 1: the answer is empty" },
                { "hello", "line 1, column 1: this is no XML" },
                { "<html/>", "<html> may not stand here" },
                { "<methodResponse/>", "<methodResponse> lacks something" },
                { "<methodResponse><params/></methodResponse>", "<params> lacks something" },
                { "<methodResponse><params><param/></params></methodResponse>", "<param> lacks something" },
                { AROUND("<value/><value/>"), "<value> may not stand here" },
                { AROUND("<value><int>1</int><int>1</int></value>"), "<int> may not stand here" },
                { AROUND("<value>x<int>1</int></value>"), "<int> may not stand here" },
                { AROUND("<value><int>1</int>x</value>"), "text beside the elements of <value>" },
                { AROUND("<value><int><int>1</int></int></value>"), "<int> may not stand here" },
                { AROUND("<value><int>x</int></value>"), "expected an integer, found 'x'" },
                { AROUND("<value><int> 1</int></value>"), "expected an integer, found ' 1'" },
                { AROUND("<value><int/></value>"), "expected an integer, found ''" },
                { AROUND("<value><i8>9223372036854775808</i8></value>"), "expected an integer, found" },
                { AROUND("<value><boolean>true</boolean></value>"), "expected a boolean, found 'true'" },
                { AROUND("<value><double>0x1p3</double></value>"), "expected a number, found '0x1p3'" },
                { AROUND("<value><double>1,5</double></value>"), "expected a number, found '1,5'" },
                { AROUND("<value><double>1.5.5</double></value>"), "expected a number, found '1.5.5'" },
                { AROUND("<value><array/></value>"), "<array> lacks something" },
                { AROUND("<value><array><data><int>1</int></data></array></value>"), "<int> may not stand here" },
                { AROUND("<value><array><data>x</data></array></value>"), "text beside the elements of <data>" },
                { AROUND("<value><struct><member/></struct></value>"), "<member> lacks something" },
                { AROUND("<value><struct><member><name>a</name></member></struct></value>"),
                  "a: <member> lacks something" },
                { AROUND("<value><struct><member><value/><name>a</name></member></struct></value>"),
                  "<value> may not stand here" },
                { AROUND("<value><struct><member><name>a</name><name>b</name></member></struct></value>"),
                  "a: <name> may not stand here" },
                { AROUND("<value><struct><member><name>a</name><value><struct><member><name>b</name><value>"
                         "<int>x</int></value></member></struct></value></member></struct></value>"),
                  "a/b: expected an integer, found 'x'" },
                { AROUND("<value><nil/></value>"), "<nil> may not stand here" },
                { AROUND("<value><x:string xmlns:x='y'>a</x:string></value>"), "<string> may not stand here" },
                { AROUND("<value>a</wrong>"), "mismatch" },
                { AROUND("<value>a & b</value>"), "line 1, column" },
                { AROUND("<value>&nbsp;</value>"), "nbsp" },
                { AROUND("<value>\x01</value>"), "line 1, column" },
                { AROUND("<value>&#0;</value>"), "line 1, column" },
                { AROUND("<value>\xff</value>"), "UTF-8" },
                { AROUND("<value>\xc0\x80</value>"), "line 1, column" },
                { AROUND("<value>\xed\xa0\x80</value>"), "line 1, column" },
                { AROUND("<value/>") "<more/>", "Extra content" },
                { "<?xml version='1.0' encoding='ISO-8859-1'?>" AROUND("<value>\xe9</value>"), "line 1, column" },
                { "<?xml version='1.0'?><!DOCTYPE methodResponse>" AROUND("<value/>"), "a DOCTYPE may not stand here" },
                { "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>" AROUND("<value>&b;</value>"),
                  "a DOCTYPE may not stand here" },
                { "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" AROUND("<value/>"), "a DOCTYPE may not stand here" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                char *whole = said(rows[i].xml, strlen(rows[i].xml), 0, 1000);
                char *bytes = said(rows[i].xml, strlen(rows[i].xml), 0, 1);

                ck_assert_msg(strncmp(whole, "!bad-reply: ", 12) == 0, "%s: %s", rows[i].xml, whole);
                ck_assert_msg(strncmp(bytes, "!bad-reply: ", 12) == 0, "%s: %s", rows[i].xml, bytes);
                ck_assert_msg(strstr(whole, rows[i].message), "%s: %s", rows[i].xml, whole);
                free(whole);
                free(bytes);
        }
}
END_TEST

START_TEST(other_encodings_and_nul_are_refused)
{
        static const char utf16[] = "\xff\xfe<\0v\0a\0l\0u\0e\0/\0>\0";
        static const char utf16_plain[] = "<\0v\0a\0l\0u\0e\0/\0>\0";
        static const char ucs4[] = "\0\0\0<\0\0\0v";
        static const char ebcdic[] = "\x4c\x6f\xa7\x94\x93\x40";
        static const char nul[] = "<value>a\0b</value>";
        static const char late[] = "<value>a</value>\0";
        static const struct {
                const char *text;
                size_t len;
        } rows[] = {
                { utf16, sizeof(utf16) - 1 }, { utf16_plain, sizeof(utf16_plain) - 1 },
                { ucs4, sizeof(ucs4) - 1 },   { ebcdic, sizeof(ebcdic) - 1 },
                { nul, sizeof(nul) - 1 },     { late, sizeof(late) - 1 },
        };
        char *dump;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++)
                for (size_t piece = 1; piece < 30; piece += 28) {
                        dump = said(rows[i].text, rows[i].len, 0, piece);
                        ck_assert_msg(strncmp(dump, "!bad-reply", 10) == 0, "row %zu: %s", i, dump);
                        free(dump);
                }
        /* A mark of UTF-8 is none of another encoding. */
        dump = said("\xef\xbb\xbf<value>a</value>", 19, 0, 1);
        ck_assert_str_eq(dump, "\"a\"");
        free(dump);
}
END_TEST

static char *nested(unsigned levels)
{
        struct xsn_buf buf = { 0 };
        char *text;

        for (unsigned i = 1; i < levels; i++)
                xsn_buf_put(&buf, i % 2 ? "<value><array><data>" : "<value><struct><member><name>a</name>");
        xsn_buf_put(&buf, "<value/>");
        for (unsigned i = levels - 1; i > 0; i--)
                xsn_buf_put(&buf, i % 2 ? "</data></array></value>" : "</member></struct></value>");
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

START_TEST(depth_is_bounded)
{
        static const struct {
                unsigned limit, levels;
                bool fine;
        } rows[] = { { 0, 32, true },    { 0, 33, false },    { 3, 3, true },      { 3, 4, false },
                     { 1000, 64, true }, { 1000, 65, false }, { 0, 100000, false } };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsn_xmlrpc_limits limits = { .depth = rows[i].limit };
                struct xsn_xmlrpc_doc *doc = NULL;
                struct xsnet_error *err = NULL;
                char *text = nested(rows[i].levels);
                int r = xsn_xmlrpc_read(text, strlen(text), &limits, &doc, &err);

                ck_assert_msg(r == (rows[i].fine ? 0 : -EMSGSIZE), "row %zu: %s", i, xsnet_error_get_message(err));
                ck_assert_str_eq(xsnet_error_get_reason(err), rows[i].fine ? "" : "too-big");
                xsnet_error_free(err);
                xsn_xmlrpc_doc_free(doc);
                free(text);
        }
}
END_TEST

START_TEST(depth_of_what_is_skipped_is_bounded)
{
        static const char *const names[] = { "b" };
        struct xsn_xmlrpc_reader *reader;
        struct xsnet_error *err = NULL;
        int r = 0;

        ck_assert_int_eq(xsn_xmlrpc_reader_new(NULL, &reader, NULL), 0);
        xsn_xmlrpc_reader_keep(reader, names, 1, 1);
        r = xsn_xmlrpc_reader_feed(reader, "<value><struct><member><name>a</name>", 37, &err);
        for (int i = 0; r == 0 && i < 100000; i++)
                r = xsn_xmlrpc_reader_feed(reader, "<x>", 3, &err);
        ck_assert_int_eq(r, -EMSGSIZE);
        xsnet_error_free(err);
        xsn_xmlrpc_reader_free(reader);
}
END_TEST

START_TEST(size_and_number_are_bounded)
{
        static const char text[] = "<value><array><data><value>1</value><value>2</value></data></array></value>";
        struct xsn_xmlrpc_limits limits = { .text = sizeof(text) - 1, .values = 3 };
        struct xsn_xmlrpc_doc *doc = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_xmlrpc_read(text, strlen(text), &limits, &doc, NULL), 0);
        doc = xsn_xmlrpc_doc_free(doc);
        limits.text--;
        ck_assert_int_eq(xsn_xmlrpc_read(text, strlen(text), &limits, &doc, &err), -EMSGSIZE);
        ck_assert_str_eq(xsnet_error_get_message(err), "the answer has more than 74 bytes");
        err = xsnet_error_free(err);
        limits = (struct xsn_xmlrpc_limits){ .values = 2 };
        ck_assert_int_eq(xsn_xmlrpc_read(text, strlen(text), &limits, &doc, &err), -EMSGSIZE);
        ck_assert_str_eq(xsnet_error_get_message(err), "the answer has more than 2 values");
        err = xsnet_error_free(err);
}
END_TEST

START_TEST(an_error_stays)
{
        struct xsn_xmlrpc_reader *reader;
        struct xsn_xmlrpc_doc *doc = NULL;
        struct xsnet_error *first = NULL, *second = NULL;

        ck_assert_int_eq(xsn_xmlrpc_reader_new(NULL, &reader, NULL), 0);
        ck_assert_int_eq(xsn_xmlrpc_reader_feed(reader, "<html>", 6, &first), -EBADMSG);
        ck_assert_int_eq(xsn_xmlrpc_reader_feed(reader, "<value/>", 8, NULL), -EBADMSG);
        ck_assert_int_eq(xsn_xmlrpc_reader_end(reader, &doc, &second), -EBADMSG);
        ck_assert_str_eq(xsnet_error_get_message(first), xsnet_error_get_message(second));
        ck_assert_ptr_null(doc);
        xsnet_error_free(first);
        xsnet_error_free(second);
        xsn_xmlrpc_reader_free(reader);
}
END_TEST

START_TEST(faults_are_errors_of_the_server)
{
        static const struct {
                const char *value, *message;
        } rows[] = {
                { "<struct><member><name>faultCode</name><value><int>4</int></value></member><member>"
                  "<name>faultString</name><value>broken\x7f</value></member></struct>",
                  "!server-error: broken\\x7f" },
                { "text", "!server-error: a fault" },
                { "<struct/>", "!server-error: a fault" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                char text[512], *dump;

                snprintf(text, sizeof(text), "<methodResponse><fault><value>%s</value></fault></methodResponse>",
                         rows[i].value);
                dump = said(text, strlen(text), 0, 7);
                ck_assert_str_eq(dump, rows[i].message);
                free(dump);
        }
}
END_TEST

/* Whatever one byte becomes: the same comes of it whole and in pieces, and never more than an error. */
START_TEST(changed_answers_do_no_harm)
{
        static const char changes[] = { '\0', '<', '>', '&', ';', '/', '"', 'x', '1', ' ', '\n', '\x80', '\xff' };
        json_t *lines = load_lines("replies.jsonl"), *line;
        size_t i;

        json_array_foreach(lines, i, line) {
                const char *xml = json_string_value(json_object_get(line, "xml"));
                size_t len = strlen(xml);
                char *copy;

                if (len > 420 || i % (3 * slow(1)))
                        continue;
                copy = strdup(xml);
                for (size_t at = 0; at < len; at++)
                        for (size_t k = at % 3; k < sizeof(changes); k += 3) {
                                char *whole, *pieces;

                                copy[at] = changes[k];
                                whole = said(copy, len, 0, len);
                                pieces = said(copy, len, 0, 3);
                                ck_assert((*whole == '!') == (*pieces == '!'));
                                ck_assert(*whole == '!' || strcmp(whole, pieces) == 0);
                                free(whole);
                                free(pieces);
                                copy[at] = xml[at];
                        }
                free(copy);
        }
        json_decref(lines);
}
END_TEST

/* libxml2's own memory cannot be made to fail from here. */
START_TEST(without_memory_it_says_so)
{
        static const char text[] = AROUND(
                "<value><struct><member><name>a</name><value><array><data><value>1</value><value>a text</value></data>"
                "</array></value></member><member><name>b&</name><value><int>1</int></value></member></struct>"
                "</value>");
        bool failed = true;

        for (unsigned long n = 1; failed; n++) {
                struct xsn_xmlrpc_doc *doc = NULL;
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = xsn_xmlrpc_read(text, strlen(text), NULL, &doc, &err);
                failalloc_off();
                failed = failalloc_count() >= n;
                ck_assert_int_eq(r, failed ? -ENOMEM : 0);
                ck_assert((doc != NULL) == !failed);
                ck_assert_int_eq(xsnet_error_get_code(err), r);
                ck_assert(failed || n > 8);
                xsnet_error_free(err);
                xsn_xmlrpc_doc_free(doc);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xmlrpc hostile");
        TCase *tc = tcase_create("hostile");

        tcase_add_test(tc, what_is_no_answer_is_refused_with_its_place);
        tcase_add_test(tc, other_encodings_and_nul_are_refused);
        tcase_add_test(tc, depth_is_bounded);
        tcase_add_test(tc, depth_of_what_is_skipped_is_bounded);
        tcase_add_test(tc, size_and_number_are_bounded);
        tcase_add_test(tc, an_error_stays);
        tcase_add_test(tc, faults_are_errors_of_the_server);
        tcase_add_test(tc, changed_answers_do_no_harm);
        tcase_add_test(tc, without_memory_it_says_so);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
