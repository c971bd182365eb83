/* SPDX-License-Identifier: Apache-2.0 */
/* The reader on what a real XAPI said, whole, in pieces and in part; on the forms that others use; and its memory. */
#include "slow.h"
#include "xmlrpc_test.h"

#include <malloc.h>

START_TEST(every_recorded_answer_says_what_was_recorded)
{
        json_t *lines = load_lines("replies.jsonl"), *line;
        size_t i;

        json_array_foreach(lines, i, line) {
                const char *xml = json_string_value(json_object_get(line, "xml"));
                struct xsn_xmlrpc_doc *doc = NULL;
                struct xsnet_error *err = NULL;
                json_t *found;
                char *text;

                ck_assert_msg(xsn_xmlrpc_read(xml, strlen(xml), NULL, &doc, &err) == 0, "%s: %s",
                              json_string_value(json_object_get(line, "name")), xsnet_error_get_message(err));
                found = json_of(&doc->root);
                text = json_dumps(found, JSON_ENCODE_ANY);
                ck_assert_msg(json_equal(found, json_object_get(line, "value")), "%s: %s",
                              json_string_value(json_object_get(line, "name")), text);
                free(text);
                json_decref(found);
                xsn_xmlrpc_doc_free(doc);
        }
        ck_assert_uint_gt(i, 100);
        json_decref(lines);
}
END_TEST

START_TEST(it_does_not_matter_how_an_answer_is_cut)
{
        json_t *lines = load_lines("replies.jsonl"), *line;
        size_t i;

        json_array_foreach(lines, i, line) {
                const char *xml = json_string_value(json_object_get(line, "xml"));
                size_t len = strlen(xml);
                char *whole = said(xml, len, 0, len), *bytes = said(xml, len, 0, 1);

                ck_assert_str_eq(whole, bytes);
                free(bytes);
                /* Every cut of the short ones; a few of the others. */
                for (size_t at = 1; at < len; at += len < 700 ? 1 : 97) {
                        char *cut = said(xml, len, at, len);

                        ck_assert_str_eq(whole, cut);
                        free(cut);
                }
                free(whole);
        }
        json_decref(lines);
}
END_TEST

START_TEST(an_answer_that_ends_early_is_an_error_at_every_byte)
{
        json_t *lines = load_lines("replies.jsonl"), *line;
        size_t i;

        json_array_foreach(lines, i, line) {
                const char *xml = json_string_value(json_object_get(line, "xml"));
                size_t len = strlen(xml);

                for (size_t at = 0; at < len; at += len < 1000 ? 1 : 101) {
                        struct xsn_xmlrpc_doc *doc = NULL;
                        struct xsnet_error *err = NULL;

                        ck_assert_int_eq(xsn_xmlrpc_read(xml, at, NULL, &doc, &err), -EBADMSG);
                        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-reply");
                        ck_assert_ptr_null(doc);
                        xsnet_error_free(err);
                }
        }
        json_decref(lines);
}
END_TEST

#define AROUND(value) "<methodResponse><params><param>" value "</param></params></methodResponse>"

START_TEST(values_may_have_any_form_that_xml_rpc_allows)
{
        static const struct {
                const char *xml, *json;
        } rows[] = {
                { "<value>text</value>", "\"text\"" },
                { "<value></value>", "\"\"" },
                { "<value/>", "\"\"" },
                { "<value><string>text</string></value>", "\"text\"" },
                { "<value><string/></value>", "\"\"" },
                { "<value>\n  <string> text\n</string>\n</value>", "\" text\\n\"" },
                { "<value> spaces stay </value>", "\" spaces stay \"" },
                { "<value>&lt;a b=&quot;c&quot;&gt; &amp;amp; &apos;</value>", "\"<a b=\\\"c\\\"> &amp; '\"" },
                { "<value>&#65;&#x42;&#13;</value>", "\"AB\\r\"" },
                { "<value><![CDATA[<a>&amp;]]></value>", "\"<a>&amp;\"" },
                { "<value>a<!-- no -->b</value>", "\"ab\"" },
                { "<value>\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80</value>", "\"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\"" },
                { "<value><int>-7</int></value>", "-7" },
                { "<value><i4>+7</i4></value>", "7" },
                { "<value><i8>9223372036854775807</i8></value>", "9223372036854775807" },
                { "<value><boolean>1</boolean></value>", "true" },
                { "<value><boolean>0</boolean></value>", "false" },
                { "<value><double>0.25</double></value>", "0.25" },
                { "<value><double>1e+20</double></value>", "1e20" },
                { "<value><double>1</double></value>", "1.0" },
                { "<value><dateTime.iso8601>20261120T12:08:31Z</dateTime.iso8601></value>",
                  "{\"time\": \"20261120T12:08:31Z\"}" },
                { "<value><array><data/></array></value>", "[]" },
                { "<value><array>\n<data>\n<value>1</value> <value/>\n</data></array></value>", "[\"1\", \"\"]" },
                { "<value><struct/></value>", "{\"struct\": []}" },
                { "<value><struct> <member> <name>a</name> <value>1</value> </member></struct></value>",
                  "{\"struct\": [[\"a\", \"1\"]]}" },
                { "<value><struct><member><name/><value>1</value></member></struct></value>",
                  "{\"struct\": [[\"\", \"1\"]]}" },
                { "<value><struct><member><name>a</name><value>1</value></member><member><name>a</name><value>2</value>"
                  "</member></struct></value>",
                  "{\"struct\": [[\"a\", \"1\"], [\"a\", \"2\"]]}" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                char text[1024], *dump;

                /* In a methodResponse, and alone as a task's result. */
                snprintf(text, sizeof(text), _i ? "%s" : AROUND("%s"), rows[i].xml);
                dump = said(text, strlen(text), 0, 1);
                ck_assert_str_eq(dump, rows[i].json);
                free(dump);
        }
}
END_TEST

START_TEST(names_are_read_escaped_or_not)
{
        static const struct {
                const char *name, *json;
        } rows[] = {
                { "a", "\"a\"" },
                { "<k>&\"'", "\"<k>&\\\"'\"" },
                { "&lt;k&gt;&amp;&quot;&apos;", "\"<k>&\\\"'\"" },
                { "&", "\"&\"" },
                { "&&amp;&", "\"&&&\"" },
                { "a & b", "\"a & b\"" },
                { "&l", "\"&l\"" },
                { "&lt", "\"&lt\"" },
                { "&nbsp;", "\"&nbsp;\"" },
                { "&amplitude;", "\"&amplitude;\"" },
                { "&#65;&#x42;", "\"AB\"" },
                { "&#;&#x;&#65", "\"&#;&#x;&#65\"" },
                { "&#12345678901234567890;", "\"&#12345678901234567890;\"" },
                { "<", "\"<\"" },
                { "<<", "\"<<\"" },
                { "</", "\"</\"" },
                { "</name", "\"</name\"" },
                { "</nam>", "\"</nam>\"" },
                { "</</name", "\"</</name\"" },
                { "<name>", "\"<name>\"" },
                { "<!-- ", "\"<!-- \"" },
                { "<![CDATA[x]]>", "\"<![CDATA[x]]>\"" },
                { "<?xml ?>", "\"<?xml ?>\"" },
                { "\xc3\xa9<", "\"\xc3\xa9<\"" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                char text[512], wanted[512], *dump;

                snprintf(
                        text, sizeof(text),
                        AROUND("<value><struct><member><name>%s</name><value>&lt;name&gt;</value></member></struct>"
                                "</value>"),
                        rows[i].name);
                snprintf(wanted, sizeof(wanted), "{\"struct\": [[%s, \"<name>\"]]}", rows[i].json);
                for (size_t piece = 1; piece < 20; piece += 6) {
                        dump = said(text, strlen(text), 0, piece);
                        ck_assert_str_eq(dump, wanted);
                        free(dump);
                }
        }
}
END_TEST

START_TEST(only_the_fields_that_are_asked_for_are_kept)
{
        static const char *const names[] = { "MTU", "uuid" };
        static const char text[] = AROUND(
                "<value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name>"
                "<value><struct><member><name>OpaqueRef:1</name><value><struct>"
                "<member><name>uuid</name><value>u</value></member>"
                "<member><name>blobs</name><value><struct><member><name>MTU</name><value><array><data><value>x</value>"
                "</data></array></value></member></struct></value></member>"
                "<member><name>MTU</name><value>1500</value></member>"
                "<member><name>name</name><value/></member>"
                "</struct></value></member></struct></value></member></struct></value>");
        struct xsn_xmlrpc_reader *reader;
        struct xsn_xmlrpc_doc *doc = NULL;
        json_t *json;
        char *dump;

        ck_assert_int_eq(xsn_xmlrpc_reader_new(NULL, &reader, NULL), 0);
        xsn_xmlrpc_reader_keep(reader, names, XSN_ARRAY_SIZE(names), 3);
        for (size_t i = 0; i < strlen(text); i++)
                ck_assert_int_eq(xsn_xmlrpc_reader_feed(reader, text + i, 1, NULL), 0);
        ck_assert_int_eq(xsn_xmlrpc_reader_end(reader, &doc, NULL), 0);
        json = json_of(&doc->root);
        dump = json_dumps(json, 0);
        ck_assert_str_eq(dump, "{\"struct\": [[\"Status\", \"Success\"], [\"Value\", {\"struct\": [[\"OpaqueRef:1\", "
                               "{\"struct\": [[\"uuid\", \"u\"], [\"MTU\", \"1500\"]]}]]}]]}");
        free(dump);
        json_decref(json);
        xsn_xmlrpc_doc_free(doc);
        xsn_xmlrpc_reader_free(reader);
}
END_TEST

/* ---- size ---- */

/* Feeds what it is given, and notes how much memory was in use at most. */
struct feed {
        struct xsn_xmlrpc_reader *reader;
        size_t n_text, before, peak;
};

static size_t in_use(void)
{
        struct mallinfo2 info = mallinfo2();

        return info.uordblks + info.hblkhd;
}

static void feed(struct feed *feed, const char *text)
{
        size_t now;

        ck_assert_int_eq(xsn_xmlrpc_reader_feed(feed->reader, text, strlen(text), NULL), 0);
        feed->n_text += strlen(text);
        now = in_use() - feed->before;
        feed->peak = now > feed->peak ? now : feed->peak;
}

/* A pool with so many networks that get_all_records of them is `size` bytes. */
static void feed_records(struct feed *f, size_t size, size_t *ret_n)
{
        char record[2048];

        feed(f, "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</name>"
                "<value>Success</value></member><member><name>Value</name><value><struct>");
        for (*ret_n = 0; f->n_text < size; ++*ret_n) {
                snprintf(record, sizeof(record),
                         "<member><name>OpaqueRef:%08zx-a9bc-05da-72e5-beac71e80000</name><value><struct>"
                         "<member><name>uuid</name><value>%08zx-8abb-f3e5-0639-1a579c63808c</value></member>"
                         "<member><name>name_label</name><value>Network %zu</value></member>"
                         "<member><name>name_description</name><value></value></member>"
                         "<member><name>allowed_operations</name><value><array><data></data></array></value></member>"
                         "<member><name>current_operations</name><value><struct></struct></value></member>"
                         "<member><name>VIFs</name><value><array><data></data></array></value></member>"
                         "<member><name>PIFs</name><value><array><data><value>OpaqueRef:%08zx-2e1c-cf3e-ef13-"
                         "796222a488ff</value></data></array></value></member>"
                         "<member><name>MTU</name><value>1500</value></member>"
                         "<member><name>other_config</name><value><struct><member><name>automatic</name><value>true"
                         "</value></member></struct></value></member>"
                         "<member><name>bridge</name><value>xapi%zu</value></member>"
                         "<member><name>managed</name><value><boolean>1</boolean></value></member>"
                         "<member><name>tags</name><value><array><data></data></array></value></member>"
                         "</struct></value></member>",
                         *ret_n, *ret_n, *ret_n, *ret_n, *ret_n);
                feed(f, record);
        }
        feed(f, "</struct></value></member></struct></value></param></params></methodResponse>");
}

/* Not as text: what the values take is less, and what they take while they are read not much more. */
START_TEST(fifty_megabytes_of_records_are_read_in_less_memory_than_their_text)
{
        static const char *const names[] = { "uuid", "MTU" };
        struct feed f = { .before = in_use() };
        struct xsn_xmlrpc_doc *doc = NULL;
        size_t n;

        ck_assert_int_eq(xsn_xmlrpc_reader_new(NULL, &f.reader, NULL), 0);
        if (_i)
                xsn_xmlrpc_reader_keep(f.reader, names, XSN_ARRAY_SIZE(names), 3);
        feed_records(&f, fewer(50000000), &n);
        ck_assert_int_eq(xsn_xmlrpc_reader_end(f.reader, &doc, NULL), 0);
        xsn_xmlrpc_reader_free(f.reader);
        ck_assert_uint_eq(doc->root.members[1].value.n, n);
        ck_assert_msg(f.peak < f.n_text / (_i ? 4 : 1), "%zu bytes of text, %zu bytes of memory", f.n_text, f.peak);
        /* Linear: what is there now is all that was built. */
        ck_assert_msg(in_use() - f.before < f.n_text * 7 / 10, "%zu bytes", in_use() - f.before);
        xsn_xmlrpc_doc_free(doc);
}
END_TEST

START_TEST(one_text_may_be_large)
{
        size_t size = 20000000;
        char *xml = malloc(size + 200), *at = xml + sprintf(xml, "<methodResponse><params><param><value>");
        struct xsn_xmlrpc_doc *doc = NULL;
        struct xsnet_error *err = NULL;

        memset(at, 'x', size);
        sprintf(at + size, "</value></param></params></methodResponse>");
        ck_assert_msg(xsn_xmlrpc_read(xml, strlen(xml), NULL, &doc, &err) == 0, "%s", xsnet_error_get_message(err));
        ck_assert_uint_eq(doc->root.n, size);
        xsn_xmlrpc_doc_free(doc);
        free(xml);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xmlrpc read");
        TCase *tc = tcase_create("read");

        tcase_add_test(tc, every_recorded_answer_says_what_was_recorded);
        tcase_add_test(tc, it_does_not_matter_how_an_answer_is_cut);
        tcase_add_test(tc, an_answer_that_ends_early_is_an_error_at_every_byte);
        tcase_add_loop_test(tc, values_may_have_any_form_that_xml_rpc_allows, 0, 2);
        tcase_add_test(tc, names_are_read_escaped_or_not);
        tcase_add_test(tc, only_the_fields_that_are_asked_for_are_kept);
        tcase_add_loop_test(tc, fifty_megabytes_of_records_are_read_in_less_memory_than_their_text, 0, 2);
        tcase_add_test(tc, one_text_may_be_large);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
