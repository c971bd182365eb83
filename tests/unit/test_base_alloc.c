/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/alloc.h and, on the way, of failalloc.h itself. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "failalloc.h"
#include "unit.h"

START_TEST(new_memory_is_zeroed)
{
        _cleanup_(xsn_freep) unsigned char *p = xsn_alloc(512);
        _cleanup_(xsn_freep) unsigned char *array = xsn_alloc_array(64, 8);

        ck_assert_ptr_nonnull(p);
        ck_assert_ptr_nonnull(array);
        for (int i = 0; i < 512; i++) {
                ck_assert_uint_eq(p[i], 0);
                ck_assert_uint_eq(array[i], 0);
        }
}
END_TEST

START_TEST(a_product_that_overflows_gives_null)
{
        volatile size_t half = SIZE_MAX / 2;
        char *p = xsn_strdup("still here");

        ck_assert_ptr_null(xsn_alloc_array(half, 4));
        ck_assert_ptr_null(xsn_realloc_array(p, half, 4));
        ck_assert_str_eq(p, "still here");
        ck_assert_ptr_null(xsn_free(p));
}
END_TEST

START_TEST(nothing_is_not_a_failure)
{
        void *p = xsn_alloc(0), *array = xsn_alloc_array(0, 8), *copy = xsn_memdup(NULL, 0);
        void *shrunk = xsn_realloc_array(xsn_alloc(8), 0, 8);

        ck_assert_ptr_nonnull(p);
        ck_assert_ptr_nonnull(array);
        ck_assert_ptr_nonnull(copy);
        ck_assert_ptr_nonnull(shrunk);
        xsn_free(p);
        xsn_free(array);
        xsn_free(copy);
        xsn_free(shrunk);
        ck_assert_ptr_null(xsn_free(NULL));
}
END_TEST

START_TEST(strings_are_copied_up_to_the_length)
{
        static const char unterminated[4] = { 'a', 'b', 'c', 'd' };
        _cleanup_(xsn_freep) char *whole = xsn_strdup("bond0");
        _cleanup_(xsn_freep) char *part = xsn_strndup(unterminated, 4);
        _cleanup_(xsn_freep) char *shorter = xsn_strndup("eth0", 100);
        _cleanup_(xsn_freep) char *bytes = xsn_memdup("a\0b", 4);

        ck_assert_str_eq(whole, "bond0");
        ck_assert_str_eq(part, "abcd");
        ck_assert_str_eq(shorter, "eth0");
        ck_assert_mem_eq(bytes, "a\0b", 4);
}
END_TEST

START_TEST(an_array_at_least_doubles)
{
        void *p = NULL;
        size_t cap = 0, before;
        int grown = 0;

        for (size_t need = 1; need <= 10000; need++) {
                before = cap;
                ck_assert_int_eq(xsn_grow(&p, &cap, need, sizeof(int)), 0);
                ck_assert_uint_ge(cap, need);
                if (cap != before) {
                        ck_assert_uint_ge(cap, 2 * before);
                        grown++;
                }
                ((int *)p)[need - 1] = (int)need;
        }
        ck_assert_int_le(grown, 12);
        ck_assert_int_eq(((int *)p)[4999], 5000);
        xsn_free(p);
}
END_TEST

START_TEST(an_array_that_cannot_grow_stays_as_it_is)
{
        void *p = NULL, *before;
        size_t cap = 0, cap_before;
        int r;

        ck_assert_int_eq(xsn_grow(&p, &cap, 4, 1), 0);
        memcpy(p, "abc", 4);
        before = p;
        cap_before = cap;
        failalloc_at(1);
        r = xsn_grow(&p, &cap, cap + 1, 1);
        failalloc_off();
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_int_eq(xsn_grow(&p, &cap, SIZE_MAX / 2, 8), -ENOMEM);
        ck_assert_ptr_eq(p, before);
        ck_assert_uint_eq(cap, cap_before);
        ck_assert_str_eq(p, "abc");
        xsn_free(p);
}
END_TEST

START_TEST(the_nth_request_fails_and_only_that_one)
{
        void *p[4], *later[4];

        failalloc_at(3);
        for (int i = 0; i < 4; i++)
                p[i] = xsn_alloc(1);
        failalloc_off();
        ck_assert_uint_eq(failalloc_count(), 4);
        failalloc_from(2);
        later[0] = xsn_realloc_array(p[0], 2, 1);
        later[1] = xsn_strdup("x");
        later[2] = xsn_strndup("x", 1);
        later[3] = xsn_memdup("x", 1);
        failalloc_off();
        ck_assert_uint_eq(failalloc_count(), 4);
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(later[i] != NULL, i == 0);
        p[0] = later[0];
        for (int i = 0; i < 4; i++) {
                ck_assert_int_eq(p[i] == NULL, i == 2);
                xsn_free(p[i]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/alloc");
        TCase *tc = tcase_create("alloc");

        tcase_add_test(tc, new_memory_is_zeroed);
        tcase_add_test(tc, a_product_that_overflows_gives_null);
        tcase_add_test(tc, nothing_is_not_a_failure);
        tcase_add_test(tc, strings_are_copied_up_to_the_length);
        tcase_add_test(tc, an_array_at_least_doubles);
        tcase_add_test(tc, an_array_that_cannot_grow_stays_as_it_is);
        tcase_add_test(tc, the_nth_request_fails_and_only_that_one);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
