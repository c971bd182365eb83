/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/hash.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "failalloc.h"
#include "slow.h"
#include "unit.h"

#define N 5000

static char keys[N][24];
static int values[N];

static void make_keys(void)
{
        for (int i = 0; i < N; i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "vlan-%d", i);
                values[i] = i;
        }
}

START_TEST(what_was_put_is_got)
{
        struct xsn_hash hash = { 0 };

        for (int i = 0; i < N; i++)
                ck_assert_int_eq(xsn_hash_put_str(&hash, keys[i], &values[i]), 0);
        ck_assert_uint_eq(hash.n, N);
        for (int i = 0; i < N; i++)
                ck_assert_ptr_eq(xsn_hash_get_str(&hash, keys[i]), &values[i]);
        ck_assert_ptr_null(xsn_hash_get_str(&hash, "vlan-5000"));
        ck_assert_ptr_null(xsn_hash_get_str(&hash, ""));
        xsn_hash_done(&hash);
        ck_assert_ptr_null(xsn_hash_get_str(&hash, keys[0]));
}
END_TEST

START_TEST(an_empty_map_has_nothing)
{
        struct xsn_hash hash = { 0 };

        ck_assert_ptr_null(xsn_hash_get_str(&hash, "a"));
        ck_assert_ptr_null(xsn_hash_remove(&hash, "a", 1));
        xsn_hash_done(&hash);
}
END_TEST

START_TEST(a_second_put_replaces_value_and_key)
{
        char first[] = "eth0", second[] = "eth0";
        struct xsn_hash hash = { 0 };

        xsn_hash_put_str(&hash, first, &values[1]);
        xsn_hash_put_str(&hash, second, &values[2]);
        memset(first, 'x', 4); /* the first key is not needed any more */
        ck_assert_uint_eq(hash.n, 1);
        ck_assert_ptr_eq(xsn_hash_get_str(&hash, "eth0"), &values[2]);
        xsn_hash_done(&hash);
}
END_TEST

START_TEST(keys_are_bytes_with_a_length)
{
        struct xsn_hash hash = { 0 };

        xsn_hash_put(&hash, "a\0b", 3, &values[1]);
        xsn_hash_put(&hash, "a\0c", 3, &values[2]);
        xsn_hash_put(&hash, "a", 1, &values[3]);
        xsn_hash_put(&hash, NULL, 0, &values[4]);
        ck_assert_ptr_eq(xsn_hash_get(&hash, "a\0b", 3), &values[1]);
        ck_assert_ptr_eq(xsn_hash_get(&hash, "a\0c", 3), &values[2]);
        ck_assert_ptr_eq(xsn_hash_get_str(&hash, "a"), &values[3]);
        ck_assert_ptr_eq(xsn_hash_get_str(&hash, ""), &values[4]);
        ck_assert_ptr_null(xsn_hash_get(&hash, "a\0", 2));
        xsn_hash_done(&hash);
}
END_TEST

/* Against a plain array, with a small generator of our own: the same run each time. */
START_TEST(any_sequence_gives_what_an_array_gives)
{
        static void *model[N];
        struct xsn_hash hash = { 0 };
        uint32_t random = 12345;
        size_t n = 0;

        for (int step = 0; step < (int)fewer(200000); step++) {
                size_t i, v;

                random = random * 1664525 + 1013904223;
                i = (random >> 8) % 300;
                v = (random >> 20) % N;
                if (random >> 30) {
                        n += model[i] == NULL;
                        model[i] = &values[v];
                        ck_assert_int_eq(xsn_hash_put_str(&hash, keys[i], &values[v]), 0);
                } else {
                        n -= model[i] != NULL;
                        ck_assert_ptr_eq(xsn_hash_remove(&hash, keys[i], strlen(keys[i])), model[i]);
                        model[i] = NULL;
                }
                ck_assert_ptr_eq(xsn_hash_get_str(&hash, keys[v % 300]), model[v % 300]);
                ck_assert_uint_eq(hash.n, n);
        }
        xsn_hash_done(&hash);
}
END_TEST

START_TEST(coming_and_going_keys_do_not_grow_the_map)
{
        struct xsn_hash hash = { 0 };

        for (int round = 0; round < 20; round++)
                for (int i = 0; i < N; i++) {
                        ck_assert_int_eq(xsn_hash_put_str(&hash, keys[i], &values[i]), 0);
                        ck_assert_ptr_eq(xsn_hash_remove(&hash, keys[i], strlen(keys[i])), &values[i]);
                }
        ck_assert_uint_eq(hash.n, 0);
        ck_assert_uint_le(hash.n_slots, 16);
        xsn_hash_done(&hash);
}
END_TEST

START_TEST(each_map_hashes_with_a_key_of_its_own)
{
        struct xsn_hash a = { 0 }, b = { 0 };

        xsn_hash_put_str(&a, "x", &values[0]);
        xsn_hash_put_str(&b, "x", &values[0]);
        ck_assert_mem_ne(a.seed, b.seed, sizeof(a.seed));
        xsn_hash_done(&a);
        xsn_hash_done(&b);
}
END_TEST

START_TEST(a_put_without_memory_changes_nothing)
{
        struct xsn_hash hash = { 0 };
        int n = 0, failures = 0;

        while (n < 1000) {
                int r;

                failalloc_at(1);
                r = xsn_hash_put_str(&hash, keys[n], &values[n]);
                failalloc_off();
                if (r < 0) {
                        ck_assert_int_eq(r, -ENOMEM);
                        ck_assert_ptr_null(xsn_hash_get_str(&hash, keys[n]));
                        ck_assert_int_eq(xsn_hash_put_str(&hash, keys[n], &values[n]), 0);
                        failures++;
                }
                n++;
                ck_assert_uint_eq(hash.n, (size_t)n);
        }
        for (int i = 0; i < n; i++)
                ck_assert_ptr_eq(xsn_hash_get_str(&hash, keys[i]), &values[i]);
        ck_assert_int_eq(failures, 8); /* 16, 32, ... 2048 slots */
        xsn_hash_done(&hash);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/hash");
        TCase *tc = tcase_create("hash");

        tcase_add_checked_fixture(tc, make_keys, NULL);
        tcase_set_timeout(tc, 30);
        tcase_add_test(tc, what_was_put_is_got);
        tcase_add_test(tc, an_empty_map_has_nothing);
        tcase_add_test(tc, a_second_put_replaces_value_and_key);
        tcase_add_test(tc, keys_are_bytes_with_a_length);
        tcase_add_test(tc, any_sequence_gives_what_an_array_gives);
        tcase_add_test(tc, coming_and_going_keys_do_not_grow_the_map);
        tcase_add_test(tc, each_map_hashes_with_a_key_of_its_own);
        tcase_add_test(tc, a_put_without_memory_changes_nothing);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
