/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/arena.h. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "failalloc.h"
#include "unit.h"

START_TEST(parts_do_not_overlap_and_are_aligned)
{
        struct xsn_arena arena = { 0 };
        unsigned char *parts[500];

        for (size_t i = 0; i < 500; i++) {
                size_t size = i % 7 == 0 ? 3 * i : i;

                parts[i] = xsn_arena_alloc(&arena, size);
                ck_assert_ptr_nonnull(parts[i]);
                ck_assert_uint_eq((uintptr_t)parts[i] % sizeof(uint64_t), 0);
                memset(parts[i], (int)(i & 0xff), size);
                ck_assert_str_eq(xsn_arena_strndup(&arena, "odd", i % 4), i % 4 == 0   ? ""
                                                                          : i % 4 == 1 ? "o"
                                                                          : i % 4 == 2 ? "od"
                                                                                       : "odd");
        }
        for (size_t i = 0; i < 500; i++)
                for (size_t k = 0; k < (i % 7 == 0 ? 3 * i : i); k++)
                        ck_assert_uint_eq(parts[i][k], i & 0xff);
        xsn_arena_done(&arena);
        xsn_arena_done(&arena);
}
END_TEST

START_TEST(small_parts_ask_seldom_and_a_small_arena_asks_for_little)
{
        struct xsn_arena arena = { 0 };
        int n_null = 0;

        failalloc_at(0);
        n_null += xsn_arena_alloc(&arena, 1) == NULL;
        for (int i = 0; i < 10000; i++)
                n_null += xsn_arena_strndup(&arena, "0123456789", 10) == NULL;
        failalloc_off();
        ck_assert_int_eq(n_null, 0);
        ck_assert_uint_lt(failalloc_count(), 15);
        xsn_arena_done(&arena);
        ck_assert_ptr_null(arena.chunks);
}
END_TEST

START_TEST(a_large_part_leaves_the_room_of_the_others)
{
        struct xsn_arena arena = { 0 };
        char *a = xsn_arena_strndup(&arena, "a", 1), *b;

        ck_assert_ptr_nonnull(xsn_arena_alloc(&arena, 1U << 20));
        b = xsn_arena_strndup(&arena, "b", 1);
        ck_assert_ptr_eq(b, a + 2);
        xsn_arena_done(&arena);
        /* Also where it is the first. */
        ck_assert_ptr_nonnull(xsn_arena_alloc(&arena, 1U << 20));
        ck_assert_ptr_nonnull(xsn_arena_alloc(&arena, 8));
        xsn_arena_done(&arena);
}
END_TEST

START_TEST(without_memory_it_is_null_and_what_was_made_stays)
{
        struct xsn_arena arena = { 0 };
        char *a = xsn_arena_strndup(&arena, "a", 1), *b;

        failalloc_from(1);
        b = xsn_arena_alloc(&arena, 10000);
        failalloc_off();
        ck_assert_ptr_null(b);
        ck_assert_ptr_null(xsn_arena_alloc(&arena, SIZE_MAX - 4));
        ck_assert_ptr_null(xsn_arena_strndup(&arena, "", SIZE_MAX));
        ck_assert_str_eq(a, "a");
        xsn_arena_done(&arena);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("arena");
        TCase *tc = tcase_create("arena");

        tcase_add_test(tc, parts_do_not_overlap_and_are_aligned);
        tcase_add_test(tc, small_parts_ask_seldom_and_a_small_arena_asks_for_little);
        tcase_add_test(tc, a_large_part_leaves_the_room_of_the_others);
        tcase_add_test(tc, without_memory_it_is_null_and_what_was_made_stays);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
