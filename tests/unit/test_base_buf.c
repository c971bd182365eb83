/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/buf.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "failalloc.h"
#include "unit.h"

START_TEST(the_string_is_what_was_put)
{
        _cleanup_(xsn_freep) char *s = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "tag ");
        xsn_buf_printf(&buf, "%d", 42);
        xsn_buf_putc(&buf, ',');
        xsn_buf_putn(&buf, " and more", 4);
        xsn_buf_putn(&buf, NULL, 0);
        ck_assert_str_eq(buf.s, "tag 42, and");
        ck_assert_uint_eq(buf.len, 11);
        ck_assert_int_eq(xsn_buf_take(&buf, &s), 0);
        ck_assert_str_eq(s, "tag 42, and");
        ck_assert_ptr_null(buf.s);
        ck_assert_uint_eq(buf.len, 0);
}
END_TEST

START_TEST(numbers_are_printed_as_printf_does)
{
        static const uint64_t numbers[] = { 0, 9, 10, 99, 100, 65535, UINT32_MAX, UINT64_MAX / 10, UINT64_MAX };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(numbers); i++) {
                _cleanup_(xsn_freep) char *s = NULL, *expected = NULL;
                struct xsn_buf buf = { 0 }, by_printf = { 0 };

                xsn_buf_put_number(&buf, numbers[i]);
                xsn_buf_printf(&by_printf, "%" PRIu64, numbers[i]);
                ck_assert_int_eq(xsn_buf_take(&buf, &s), 0);
                ck_assert_int_eq(xsn_buf_take(&by_printf, &expected), 0);
                ck_assert_str_eq(s, expected);
        }
}
END_TEST

START_TEST(nothing_put_is_the_empty_string)
{
        _cleanup_(xsn_freep) char *s = NULL;
        struct xsn_buf buf = { 0 };

        ck_assert_int_eq(xsn_buf_take(&buf, &s), 0);
        ck_assert_str_eq(s, "");
        xsn_buf_done(&buf);
}
END_TEST

/* Lengths around what printf prints elsewhere first, after texts of any length. */
START_TEST(long_texts_are_printed_whole)
{
        char text[200];

        for (size_t before = 0; before < 130; before += 13) {
                for (size_t len = 0; len < sizeof(text); len++) {
                        struct xsn_buf buf = { 0 };

                        memset(text, 'b', before);
                        xsn_buf_putn(&buf, text, before);
                        memset(text, 'x', len);
                        text[len] = '\0';
                        xsn_buf_printf(&buf, "%s!", text);
                        ck_assert_uint_eq(buf.len, before + len + 1);
                        ck_assert_uint_eq(strlen(buf.s), buf.len);
                        ck_assert_int_eq(buf.s[buf.len - 1], '!');
                        xsn_buf_done(&buf);
                }
        }
}
END_TEST

START_TEST(bytes_may_be_zero)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_putn(&buf, "a\0b", 3);
        xsn_buf_putc(&buf, '\0');
        ck_assert_uint_eq(buf.len, 4);
        ck_assert_mem_eq(buf.s, "a\0b\0", 5);
        memcpy(xsn_buf_add(&buf, 2), "cd", 2);
        ck_assert_uint_eq(buf.len, 6);
        ck_assert_mem_eq(buf.s, "a\0b\0cd", 7);
        xsn_buf_done(&buf);
        ck_assert_ptr_null(buf.s);
}
END_TEST

START_TEST(a_failure_sticks_until_take_reports_it)
{
        char *s = (char *)"untouched", *good = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "some text");
        failalloc_at(1);
        xsn_buf_printf(&buf, "%0*d", _i ? 200 : 20, 7); /* printed in place, or elsewhere first */
        failalloc_off();
        ck_assert_uint_eq(failalloc_count(), 1);
        ck_assert(buf.failed);
        ck_assert_str_eq(buf.s, "some text");
        xsn_buf_put(&buf, "ignored");
        xsn_buf_putc(&buf, 'x');
        ck_assert_ptr_null(xsn_buf_add(&buf, 0));
        xsn_buf_printf(&buf, "%d", 1);
        ck_assert_int_eq(xsn_buf_take(&buf, &s), -ENOMEM);
        ck_assert_str_eq(s, "untouched");
        xsn_buf_put(&buf, "fresh"); /* it was emptied, and works again */
        ck_assert_int_eq(xsn_buf_take(&buf, &good), 0);
        ck_assert_str_eq(good, "fresh");
        xsn_free(good);
}
END_TEST

START_TEST(the_first_request_may_fail_too)
{
        struct xsn_buf buf = { 0 };
        char *s = NULL;
        int put, empty;

        failalloc_from(1);
        xsn_buf_printf(&buf, "%d", 1);
        put = xsn_buf_take(&buf, &s);
        empty = xsn_buf_take(&buf, &s);
        failalloc_off();
        ck_assert_int_eq(put, -ENOMEM);
        ck_assert_int_eq(empty, -ENOMEM);
        ck_assert_ptr_null(s);
}
END_TEST

START_TEST(appending_is_linear)
{
        struct xsn_buf buf = { 0 };

        failalloc_at(0);
        for (int i = 0; i < 1000000; i++)
                xsn_buf_putc(&buf, 'x');
        failalloc_off();
        ck_assert_uint_eq(buf.len, 1000000);
        ck_assert_uint_le(failalloc_count(), 20);
        xsn_buf_done(&buf);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/buf");
        TCase *tc = tcase_create("buf");

        tcase_add_test(tc, the_string_is_what_was_put);
        tcase_add_test(tc, numbers_are_printed_as_printf_does);
        tcase_add_test(tc, nothing_put_is_the_empty_string);
        tcase_add_test(tc, long_texts_are_printed_whole);
        tcase_add_test(tc, bytes_may_be_zero);
        tcase_add_loop_test(tc, a_failure_sticks_until_take_reports_it, 0, 2);
        tcase_add_test(tc, the_first_request_may_fail_too);
        tcase_add_test(tc, appending_is_linear);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
