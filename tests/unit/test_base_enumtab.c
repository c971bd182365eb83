/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/enumtab.h. */
#include <errno.h>

#include "base/enumtab.h"
#include "unit.h"

extern const struct xsn_enum colour;

XSN_ENUM_DEFINE(colour, "colour", { 0, "red", NULL }, { 7, "blue", "0000ff" }, { 3, "green", "blue" });

START_TEST(names_and_values_find_each_other)
{
        ck_assert_uint_eq(colour.n_rows, 3);
        ck_assert_str_eq(colour.what, "colour");
        ck_assert_int_eq(xsn_enum_from_name(&colour, "red"), 0);
        ck_assert_int_eq(xsn_enum_from_name(&colour, "blue"), 7);
        ck_assert_int_eq(xsn_enum_from_name(&colour, "green"), 3);
        ck_assert_str_eq(xsn_enum_name(&colour, 7), "blue");
        ck_assert_str_eq(xsn_enum_name(&colour, 0), "red");
}
END_TEST

START_TEST(the_wire_has_names_of_its_own)
{
        ck_assert_int_eq(xsn_enum_from_wire(&colour, "blue"), 3);
        ck_assert_int_eq(xsn_enum_from_wire(&colour, "0000ff"), 7);
        ck_assert_int_eq(xsn_enum_from_wire(&colour, "red"), 0); /* the same word there */
        ck_assert_int_eq(xsn_enum_from_wire(&colour, "green"), -ENOENT);
        ck_assert_str_eq(xsn_enum_wire(&colour, 3), "blue");
        ck_assert_str_eq(xsn_enum_wire(&colour, 0), "red");
}
END_TEST

START_TEST(what_is_not_in_the_table_is_said)
{
        static const char *const unknown[] = { "", "Red", "re", "redd", "0000ff", NULL };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(unknown); i++)
                ck_assert_int_eq(xsn_enum_from_name(&colour, unknown[i]), -ENOENT);
        ck_assert_int_eq(xsn_enum_from_wire(&colour, NULL), -ENOENT);
        ck_assert_ptr_null(xsn_enum_name(&colour, 1));
        ck_assert_ptr_null(xsn_enum_name(&colour, -1));
        ck_assert_ptr_null(xsn_enum_wire(&colour, 1));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/enumtab");
        TCase *tc = tcase_create("enumtab");

        tcase_add_test(tc, names_and_values_find_each_other);
        tcase_add_test(tc, the_wire_has_names_of_its_own);
        tcase_add_test(tc, what_is_not_in_the_table_is_said);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
