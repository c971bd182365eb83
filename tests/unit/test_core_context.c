/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of core/context.h: the reference count and the log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/context.h"
#include "failalloc.h"
#include "unit.h"

struct listener {
        int n_lines, n_destroyed;
        char last[2048];
        struct xsnet_context *context; /* logged to, and set anew, when it is destroyed */
};

static void listen(const char *message, void *userdata)
{
        struct listener *l = userdata;

        l->n_lines++;
        (void)snprintf(l->last, sizeof(l->last), "%s", message);
}

static void destroy(void *userdata)
{
        struct listener *l = userdata;

        l->n_destroyed++;
        if (l->context) {
                xsn_log(l->context, "goodbye");
                xsnet_context_set_log(l->context, NULL, NULL, NULL);
        }
}

static struct xsnet_context *context_new(void)
{
        struct xsnet_context *context = NULL;

        ck_assert_int_eq(xsnet_context_new(&context, NULL), 0);
        return context;
}

START_TEST(a_context_is_silent_until_told_otherwise)
{
        struct listener l = { 0 };
        struct xsnet_context *context = context_new();

        xsn_log(NULL, "nobody");
        xsn_log(context, "nobody %d", 1);
        xsnet_context_set_log(context, listen, &l, destroy);
        ck_assert_int_eq(l.n_lines, 0);
        xsn_log(context, "%s of %d", "step", 7);
        ck_assert_int_eq(l.n_lines, 1);
        ck_assert_str_eq(l.last, "step of 7");
        ck_assert_int_eq(l.n_destroyed, 0);
        ck_assert_ptr_null(xsnet_context_unref(context));
        ck_assert_int_eq(l.n_destroyed, 1);
}
END_TEST

START_TEST(the_last_reference_ends_it)
{
        struct listener l = { 0 };
        struct xsnet_context *context = context_new();

        ck_assert_ptr_null(xsnet_context_unref(NULL));
        ck_assert_ptr_eq(xsnet_context_ref(context), context);
        xsnet_context_set_log(context, listen, &l, destroy);
        xsnet_context_unref(context);
        ck_assert_int_eq(l.n_destroyed, 0);
        xsn_log(context, "still here");
        ck_assert_int_eq(l.n_lines, 1);
        xsnet_context_unref(context);
        ck_assert_int_eq(l.n_destroyed, 1);
}
END_TEST

START_TEST(a_replaced_listener_is_released_once)
{
        struct listener a = { 0 }, b = { 0 };
        struct xsnet_context *context = context_new();

        xsnet_context_set_log(context, listen, &a, destroy);
        xsnet_context_set_log(context, listen, &b, NULL);
        ck_assert_int_eq(a.n_destroyed, 1);
        xsn_log(context, "to b");
        ck_assert_int_eq(a.n_lines, 0);
        ck_assert_int_eq(b.n_lines, 1);
        xsnet_context_set_log(context, NULL, NULL, NULL);
        xsn_log(context, "to nobody");
        ck_assert_int_eq(b.n_lines, 1);
        xsnet_context_unref(context);
        ck_assert_int_eq(a.n_destroyed, 1);
        ck_assert_int_eq(b.n_destroyed, 0);
}
END_TEST

START_TEST(a_listener_may_log_and_set_another_as_it_goes)
{
        struct listener a = { 0 }, b = { 0 };
        struct xsnet_context *context = context_new();

        a.context = context;
        xsnet_context_set_log(context, listen, &a, destroy);
        xsnet_context_set_log(context, listen, &b, destroy);
        ck_assert_int_eq(a.n_destroyed, 1);
        ck_assert_int_eq(b.n_destroyed, 1); /* a took it out */
        ck_assert_str_eq(b.last, "goodbye");
        xsnet_context_set_log(context, listen, &a, destroy);
        xsnet_context_unref(context);
        ck_assert_int_eq(a.n_destroyed, 2);
        ck_assert_int_eq(b.n_destroyed, 1);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
        struct listener l = { 0 };
        struct xsnet_context *context = context_new();
        char text[5000];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        xsnet_context_set_log(context, listen, &l, NULL);
        xsn_log(context, "%s", text);
        ck_assert_uint_eq(strlen(l.last), 1023);
        ck_assert_int_eq(strncmp(l.last, text, 1023), 0);
        xsnet_context_unref(context);
}
END_TEST

START_TEST(contexts_know_nothing_of_each_other)
{
        struct listener a = { 0 }, b = { 0 };
        struct xsnet_context *x = context_new(), *y = context_new();

        xsnet_context_set_log(x, listen, &a, NULL);
        xsnet_context_set_log(y, listen, &b, NULL);
        xsn_log(x, "x");
        ck_assert_int_eq(a.n_lines, 1);
        ck_assert_int_eq(b.n_lines, 0);
        xsnet_context_unref(x);
        xsn_log(y, "y");
        ck_assert_int_eq(b.n_lines, 1);
        xsnet_context_unref(y);
}
END_TEST

START_TEST(without_memory_there_is_no_context)
{
        struct xsnet_context *context = NULL;
        struct xsnet_error *err = NULL;
        int r;

        failalloc_from(1);
        r = xsnet_context_new(&context, &err);
        failalloc_off();
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_ptr_null(context);
        ck_assert_str_eq(xsnet_error_get_reason(err), "out-of-memory");
        xsnet_error_free(err);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("core/context");
        TCase *tc = tcase_create("context");

        tcase_add_test(tc, a_context_is_silent_until_told_otherwise);
        tcase_add_test(tc, the_last_reference_ends_it);
        tcase_add_test(tc, a_replaced_listener_is_released_once);
        tcase_add_test(tc, a_listener_may_log_and_set_another_as_it_goes);
        tcase_add_test(tc, a_long_line_is_cut);
        tcase_add_test(tc, contexts_know_nothing_of_each_other);
        tcase_add_test(tc, without_memory_there_is_no_context);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
