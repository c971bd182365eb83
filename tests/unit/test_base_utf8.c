/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/utf8.h. */
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "unit.h"

static const struct {
        const char *s;
        size_t len; /* of the first character; 0: it is none */
} firsts[] = {
        { "a", 1 },
        { "\x7f", 1 },
        { "\xc2\x80", 2 },
        { "\xdf\xbf", 2 },
        { "\xe0\xa0\x80", 3 },
        { "\xed\x9f\xbf", 3 },
        { "\xee\x80\x80", 3 },
        { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "\x80", 0 },     /* a later byte first */
        { "\xc0\xaf", 0 }, /* not the shortest form */
        { "\xc1\xbf", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xed\xa0\x80", 0 },     /* half of a surrogate pair */
        { "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "\xc3", 0 }, /* cut */
        { "\xe2\x82", 0 },
        { "\xc3(", 0 },
};

START_TEST(a_character_has_one_form)
{
        ck_assert_uint_eq(xsn_utf8_len(firsts[_i].s, strlen(firsts[_i].s)), firsts[_i].len);
        ck_assert_int_eq(xsn_text_valid(firsts[_i].s, true),
                         firsts[_i].len && strcmp(firsts[_i].s, "\x7f") && strcmp(firsts[_i].s, "\xc2\x80"));
        ck_assert_uint_eq(xsn_utf8_len(firsts[_i].s, 0), 0);
}
END_TEST

START_TEST(control_characters_are_no_text)
{
        ck_assert(xsn_text_valid("", false));
        ck_assert(xsn_text_valid("two\nlines\t.", true));
        ck_assert(!xsn_text_valid("two\nlines", false));
        ck_assert(!xsn_text_valid("a\tb", false));
        ck_assert(!xsn_text_valid("a\rb", true));
        ck_assert(!xsn_text_valid("a\033b", true));
        ck_assert(!xsn_text_valid("\xc2\x9f", true));
        ck_assert(xsn_text_valid("\xc2\xa0", true));
        ck_assert(!xsn_text_valid("\xef\xbf\xbe", true));
        ck_assert(xsn_text_valid("\xef\xbf\xbd", true));
}
END_TEST

START_TEST(a_text_of_others_may_have_what_xml_carries)
{
        ck_assert(xsn_text_keepable(""));
        ck_assert(xsn_text_keepable("a\tb\r\n\x7f\xc2\x80\xc2\x9f\xef\xbf\xbd"));
        ck_assert(!xsn_text_keepable("a\033"));
        ck_assert(!xsn_text_keepable("\x01"));
        ck_assert(!xsn_text_keepable("a\xef\xbf\xbe"));
        ck_assert(!xsn_text_keepable("\xef\xbf\xbf"));
        ck_assert(!xsn_text_keepable("a\xff"));
        ck_assert(!xsn_text_keepable("\xc3"));
}
END_TEST

START_TEST(what_a_terminal_would_act_on_is_written_as_an_escape)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "> ");
        xsn_buf_put_clean(&buf, "\xc3\xa4\033[2J\n\x7f\xc2\x9b\xff", 100);
        ck_assert_str_eq(buf.s, "> \xc3\xa4\\x1b[2J\\x0a\\x7f\\xc2\\x9b\\xff");
        xsn_buf_done(&buf);
        xsn_buf_put_clean(&buf, "123456", 6);
        ck_assert_str_eq(buf.s, "123456");
        xsn_buf_done(&buf);
        xsn_buf_put_clean(&buf,
                          "12345\xc3\xa4"
                          "7",
                          6);
        ck_assert_str_eq(buf.s, "12345\xc3\xa4...");
        xsn_buf_done(&buf);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/utf8");
        TCase *tc = tcase_create("utf8");

        tcase_add_loop_test(tc, a_character_has_one_form, 0, XSN_ARRAY_SIZE(firsts));
        tcase_add_test(tc, control_characters_are_no_text);
        tcase_add_test(tc, a_text_of_others_may_have_what_xml_carries);
        tcase_add_test(tc, what_a_terminal_would_act_on_is_written_as_an_escape);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
