/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/error.h and of the public getters. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "failalloc.h"
#include "unit.h"

static void assert_error(const struct xsnet_error *err, int code, const char *reason, const char *message)
{
        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(xsnet_error_get_code(err), code);
        ck_assert_str_eq(xsnet_error_get_reason(err), reason);
        ck_assert_str_eq(xsnet_error_get_message(err), message);
}

static void assert_oom(const struct xsnet_error *err)
{
        assert_error(err, -ENOMEM, "out-of-memory", "there is not enough memory");
        ck_assert_str_eq(xsnet_error_get_where(err), "");
        ck_assert_ptr_null(xsnet_error_get_next(err));
}

START_TEST(set_gives_all_that_was_said)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        char reason[] = "out-of-range";

        ck_assert_int_eq(xsn_error_set(&err, -ERANGE, reason, "tag %u is not in 0..%d", 5000U, 4094), -ERANGE);
        memset(reason, 'x', strlen(reason)); /* it was copied */
        assert_error(err, -ERANGE, "out-of-range", "tag 5000 is not in 0..4094");
        ck_assert_str_eq(xsnet_error_get_where(err), "");
        ck_assert_ptr_null(xsnet_error_get_next(err));
}
END_TEST

START_TEST(set_may_quote_the_error_that_it_replaces)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        xsn_error_set(&err, -EIO, "system", "first");
        xsn_error_set(&err, -EBUSY, "in-use", "was: %s", xsnet_error_get_message(err));
        assert_error(err, -EBUSY, "in-use", "was: first");
        ck_assert_uint_eq(xsn_error_count(err), 1);
}
END_TEST

START_TEST(nobody_has_to_want_the_error)
{
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_error_set(NULL, -EIO, "system", "text"), -EIO);
        ck_assert_int_eq(xsn_error_oom(NULL), -ENOMEM);
        ck_assert_int_eq(xsn_error_prefix(NULL, -EIO, "text"), -EIO);
        ck_assert_int_eq(xsn_error_prefix(&err, -EIO, "text"), -EIO);
        ck_assert_int_eq(xsn_error_where(NULL, -EIO, "text"), -EIO);
        ck_assert_int_eq(xsn_error_where(&err, -EIO, "text"), -EIO);
        ck_assert_int_eq(xsn_error_add(NULL, -EIO, "system", "where", "text"), -EIO);
        ck_assert_ptr_null(err);
        xsn_error_set(&err, -EIO, "system", "text");
        ck_assert_int_eq(xsn_error_give(NULL, err), -EIO);
        ck_assert_int_eq(xsn_error_give(NULL, NULL), 0);
        ck_assert_ptr_null(xsnet_error_free(NULL));
        ck_assert_ptr_null(xsn_error_copy(NULL));
        ck_assert_int_eq(xsnet_error_get_code(NULL), 0);
        ck_assert_str_eq(xsnet_error_get_reason(NULL), "");
        ck_assert_str_eq(xsnet_error_get_message(NULL), "");
        ck_assert_str_eq(xsnet_error_get_where(NULL), "");
        ck_assert_ptr_null(xsnet_error_get_next(NULL));
}
END_TEST

START_TEST(callers_put_their_words_in_front)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        xsn_error_set(&err, -EBUSY, "in-use", "the device is busy");
        ck_assert_int_eq(xsn_error_prefix(&err, -EBUSY, "step %d (%s)", 3, "create"), -EBUSY);
        ck_assert_int_eq(xsn_error_prefix(&err, -EBUSY, "apply"), -EBUSY);
        assert_error(err, -EBUSY, "in-use", "apply: step 3 (create): the device is busy");
}
END_TEST

START_TEST(the_first_place_stays)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        xsn_error_set(&err, -EBUSY, "in-use", "text");
        ck_assert_int_eq(xsn_error_where(&err, -EBUSY, "linux: %s", "RTM_NEWLINK"), -EBUSY);
        xsn_error_where(&err, -EBUSY, "elsewhere");
        ck_assert_str_eq(xsnet_error_get_where(err), "linux: RTM_NEWLINK");
}
END_TEST

/* "a@x b@ c@z": messages and places in order. */
static void assert_list(const struct xsnet_error *err, const char *wanted)
{
        char found[256] = "";

        for (; err; err = xsnet_error_get_next(err)) {
                strcat(found, found[0] ? " " : "");
                strcat(found, xsnet_error_get_message(err));
                strcat(found, "@");
                strcat(found, xsnet_error_get_where(err));
        }
        ck_assert_str_eq(found, wanted);
}

START_TEST(errors_come_in_the_order_of_their_adding)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *list = NULL;
        struct xsnet_error *more = NULL, *one = NULL, *given = NULL;

        ck_assert_int_eq(xsn_error_add(&list, -EINVAL, "unknown-key", "1:1", "a"), -EINVAL);
        xsn_error_add(&list, -ERANGE, "out-of-range", NULL, "b");
        xsn_error_add(&more, -ERANGE, "out-of-range", "3:1", "c");
        xsn_error_add(&more, -ERANGE, "out-of-range", "", "d");
        xsn_error_append(&list, more);
        xsn_error_append(&list, NULL);
        xsn_error_set(&one, -EIO, "system", "e");
        xsn_error_append(&list, one);
        assert_list(list, "a@1:1 b@ c@3:1 d@ e@");
        ck_assert_uint_eq(xsn_error_count(list), 5);
        ck_assert_int_eq(xsn_error_give(&given, XSN_TAKE(list)), -EINVAL);
        assert_list(given, "a@1:1 b@ c@3:1 d@ e@");
        xsnet_error_free(given);
}
END_TEST

START_TEST(a_copy_is_complete_and_stands_alone)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *copy = NULL;
        struct xsnet_error *list = NULL;

        xsn_error_add(&list, -EINVAL, "unknown-key", "1:1", "a");
        xsn_error_add(&list, -ERANGE, "out-of-range", NULL, "b");
        copy = xsn_error_copy(list);
        xsnet_error_free(list);
        assert_list(copy, "a@1:1 b@");
        assert_error(copy, -EINVAL, "unknown-key", "a");
        xsn_error_add(&copy, -EIO, "system", NULL, "c"); /* a copy is a list like any other */
        assert_list(copy, "a@1:1 b@ c@");
}
END_TEST

START_TEST(without_memory_there_is_still_an_error)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int r;

        for (unsigned long n = 1; n <= 2; n++) {
                failalloc_at(n);
                r = xsn_error_set(&err, -ERANGE, "out-of-range", "text");
                failalloc_off();
                ck_assert_int_eq(r, -ERANGE);
                ck_assert_uint_eq(failalloc_count(), n);
                assert_oom(err);
        }
        xsn_error_set(&err, -ERANGE, "out-of-range", "text");
        ck_assert_int_eq(xsn_error_oom(&err), -ENOMEM);
        assert_oom(err);
}
END_TEST

START_TEST(the_static_error_is_never_changed_nor_freed)
{
        struct xsnet_error *err = NULL, *copy;

        xsn_error_oom(&err);
        ck_assert_int_eq(xsn_error_prefix(&err, -ENOMEM, "step 1"), -ENOMEM);
        ck_assert_int_eq(xsn_error_where(&err, -ENOMEM, "here"), -ENOMEM);
        copy = xsn_error_copy(err);
        assert_oom(copy);
        ck_assert_ptr_null(xsnet_error_free(err));
        ck_assert_ptr_null(xsnet_error_free(err));
        xsnet_error_free(copy);
        err = NULL;
        xsn_error_oom(&err);
        assert_oom(err);
}
END_TEST

START_TEST(the_static_error_can_be_one_of_several)
{
        struct xsnet_error *list = NULL, *oom = NULL;

        xsn_error_oom(&list);
        xsn_error_add(&list, -EIO, "rollback-failed", NULL, "b");
        xsn_error_oom(&oom);
        xsn_error_append(&list, oom);
        assert_list(list, "there is not enough memory@ b@ there is not enough memory@");
        ck_assert_int_eq(xsnet_error_get_code(list), -ENOMEM);
        xsnet_error_free(list);
        assert_oom(oom);
}
END_TEST

START_TEST(a_list_without_memory_keeps_what_it_had)
{
        struct xsnet_error *list = NULL, *oom = NULL;
        int r;

        xsn_error_add(&list, -EIO, "system", NULL, "a");
        failalloc_from(1);
        r = xsn_error_add(&list, -EIO, "system", "x", "b");
        failalloc_off();
        ck_assert_int_eq(r, -EIO);
        assert_list(list, "a@");
        xsnet_error_free(list);

        list = NULL;
        xsn_error_oom(&list);
        xsn_error_set(&oom, -EIO, "system", "freed, not leaked");
        failalloc_from(1);
        xsn_error_append(&list, oom);
        failalloc_off();
        assert_oom(list);
}
END_TEST

START_TEST(words_that_find_no_memory_leave_the_message_true)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        xsn_error_set(&err, -EIO, "system", "text");
        for (unsigned long n = 1; n <= 2; n++) {
                int r;

                failalloc_at(n);
                r = xsn_error_prefix(&err, -EIO, "step");
                failalloc_off();
                ck_assert_int_eq(r, -EIO);
                ck_assert_uint_eq(failalloc_count(), n);
                ck_assert_str_eq(xsnet_error_get_message(err), "text");
        }
        failalloc_at(1);
        xsn_error_where(&err, -EIO, "here");
        failalloc_off();
        ck_assert_str_eq(xsnet_error_get_where(err), "");
}
END_TEST

START_TEST(a_copy_without_memory_is_the_static_error)
{
        struct xsnet_error *list = NULL, *copy;
        unsigned long n;

        xsn_error_add(&list, -EINVAL, "unknown-key", "1:1", "a");
        xsn_error_add(&list, -EINVAL, "unknown-key", "2:1", "b");
        for (n = 1;; n++) {
                failalloc_at(n);
                copy = xsn_error_copy(list);
                failalloc_off();
                if (failalloc_count() < n)
                        break;
                assert_oom(copy);
        }
        ck_assert_uint_eq(n, 7); /* three requests an error, each failed once */
        assert_list(copy, "a@1:1 b@2:1");
        xsnet_error_free(copy);
        xsnet_error_free(list);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/error");
        TCase *tc = tcase_create("error");

        tcase_add_test(tc, set_gives_all_that_was_said);
        tcase_add_test(tc, set_may_quote_the_error_that_it_replaces);
        tcase_add_test(tc, nobody_has_to_want_the_error);
        tcase_add_test(tc, callers_put_their_words_in_front);
        tcase_add_test(tc, the_first_place_stays);
        tcase_add_test(tc, errors_come_in_the_order_of_their_adding);
        tcase_add_test(tc, a_copy_is_complete_and_stands_alone);
        tcase_add_test(tc, without_memory_there_is_still_an_error);
        tcase_add_test(tc, the_static_error_is_never_changed_nor_freed);
        tcase_add_test(tc, the_static_error_can_be_one_of_several);
        tcase_add_test(tc, a_list_without_memory_keeps_what_it_had);
        tcase_add_test(tc, words_that_find_no_memory_leave_the_message_true);
        tcase_add_test(tc, a_copy_without_memory_is_the_static_error);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
