/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of documents, at and beyond each; hostile texts; and reading and writing without memory. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "codec/object_json.h"
#include "failalloc.h"
#include "gen.h"
#include "slow.h"
#include "unit.h"

/* Reads buf (released) and tells the result: 0, or the first error's reason and place. */
static void expect(struct xsn_buf *buf, int format, int code, const char *reason, const char *where)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int r;

        ck_assert(!buf->failed);
        r = xsnet_document_load(buf->s, buf->len, format, NULL, &state, &err);
        ck_assert_msg(r == code, "%d instead of %d: %s", r, code, xsnet_error_get_message(err));
        if (code < 0) {
                ck_assert_ptr_null(state);
                ck_assert_str_eq(xsnet_error_get_reason(err), reason);
                ck_assert_str_eq(xsnet_error_get_where(err), where);
        }
        xsnet_error_free(err);
        xsnet_state_unref(state);
        xsn_buf_done(buf);
}

static void put_times(struct xsn_buf *buf, const char *s, size_t n)
{
        while (n--)
                xsn_buf_put(buf, s);
}

START_TEST(sixteen_megabytes_are_read_and_one_byte_more_is_not)
{
        struct xsn_buf buf = { 0 };
        const char *first = "format: 1\n#";
        size_t fill = XSN_CODEC_TEXT_MAX - strlen(first);

        xsn_buf_put(&buf, first);
        put_times(&buf, "x", fill);
        expect(&buf, XSNET_FORMAT_YAML, 0, NULL, NULL);
        xsn_buf_put(&buf, first);
        put_times(&buf, "x", fill + 1);
        expect(&buf, XSNET_FORMAT_YAML, -E2BIG, "too-big", "");
}
END_TEST

/* libyaml would abort the program. */
START_TEST(no_text_at_all_is_a_document_without_a_format)
{
        for (int format = XSNET_FORMAT_AUTO; format <= XSNET_FORMAT_JSON; format++) {
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL, *empty = NULL;

                ck_assert_int_eq(xsnet_document_load(NULL, 0, format, "host.yaml", &state, &err), -EINVAL);
                ck_assert_int_eq(xsnet_document_load("", 0, format, "host.yaml", &state, &empty), -EINVAL);
                ck_assert_str_eq(xsnet_error_get_message(err), xsnet_error_get_message(empty));
                ck_assert_str_eq(xsnet_error_get_where(err), xsnet_error_get_where(empty));
                xsnet_error_free(err);
                xsnet_error_free(empty);
        }
}
END_TEST

/* format: 1, and lists within the lists of a key that is ignored, up to the given depth. */
static void put_deep(struct xsn_buf *buf, bool json, unsigned depth)
{
        unsigned n = depth - 4; /* the document, the list, the item and its status are levels too */

        xsn_buf_put(buf, json ? "{\"format\": 1, \"pifs\": [{\"device\": \"eth0\", \"status\": {\"a\":\n"
                              : "format: 1\npifs: [{device: eth0, status: {a:\n");
        put_times(buf, "[", n);
        put_times(buf, "]", n);
        xsn_buf_put(buf, json ? "}}]}" : "}}]\n");
}

START_TEST(thirty_two_levels_are_read_and_one_more_is_not)
{
        struct xsn_buf buf = { 0 };

        for (int json = 0; json < 2; json++) {
                int format = json ? XSNET_FORMAT_JSON : XSNET_FORMAT_YAML;

                put_deep(&buf, json, XSN_CODEC_DEPTH_MAX);
                expect(&buf, format, 0, NULL, NULL);
                put_deep(&buf, json, XSN_CODEC_DEPTH_MAX + 1);
                expect(&buf, format, -E2BIG, "too-deep", json ? "2:29" : "3:29");
        }
}
END_TEST

static void put_items(struct xsn_buf *buf, unsigned n)
{
        xsn_buf_put(buf, "format: 1\nvifs:\n");
        for (unsigned i = 0; i < n; i++)
                xsn_buf_printf(buf, "- {domain: %u, device: %u}\n", i % 50000, i / 50000);
}

START_TEST(a_hundred_thousand_objects_are_read_and_one_more_is_not)
{
        struct xsn_buf buf = { 0 };

        put_items(&buf, XSN_CODEC_ITEMS_MAX);
        expect(&buf, XSNET_FORMAT_YAML, 0, NULL, NULL);
        put_items(&buf, XSN_CODEC_ITEMS_MAX + 1);
        expect(&buf, XSNET_FORMAT_YAML, -E2BIG, "too-big", "100003:3 vifs[100000]");
}
END_TEST

static void put_hosts(struct xsn_buf *buf, unsigned n)
{
        xsn_buf_put(buf, "format: 1\nhosts:\n");
        for (unsigned i = 0; i < n; i++)
                xsn_buf_printf(buf, "  h%u: 'ovs:'\n", i);
}

START_TEST(ten_thousand_hosts_are_read_and_one_more_is_not)
{
        struct xsn_buf buf = { 0 };

        put_hosts(&buf, XSN_CODEC_HOSTS_MAX);
        expect(&buf, XSNET_FORMAT_YAML, 0, NULL, NULL);
        put_hosts(&buf, XSN_CODEC_HOSTS_MAX + 1);
        expect(&buf, XSNET_FORMAT_YAML, -E2BIG, "too-big", "3:3 hosts");
}
END_TEST

START_TEST(two_million_values_are_read_and_one_more_is_not)
{
        struct xsn_buf buf = { 0 };
        /* The document, `format`, 1, `pifs`, its list, the item, `device`, eth0, `status` and its list. */
        size_t n = XSN_CODEC_VALUES_MAX - 10;

        for (int json = 0; json < 2; json++) {
                for (size_t more = 0; more < 2; more++) {
                        xsn_buf_put(&buf, json ? "{\"format\": 1, \"pifs\": [{\"device\": \"eth0\", \"status\": [\n"
                                               : "format: 1\npifs: [{device: eth0, status: [\n");
                        put_times(&buf, "0,", n - 1 + more);
                        xsn_buf_put(&buf, json ? "0]}]}" : "0]}]\n");
                        expect(&buf, json ? XSNET_FORMAT_JSON : XSNET_FORMAT_YAML, more ? -E2BIG : 0, "too-big",
                               json ? "2:3999981" : "3:3999981");
                }
        }
}
END_TEST

/* An anchor of about `size` bytes, used n times. */
static void put_aliases(struct xsn_buf *buf, size_t size, size_t n)
{
        xsn_buf_put(buf, "format: 1\npifs: [{device: eth0, status: [&a \"");
        put_times(buf, "x", size);
        xsn_buf_put(buf, "\"\n");
        put_times(buf, ", *a", n);
        xsn_buf_put(buf, "]}]\n");
}

START_TEST(aliases_expand_to_ten_times_the_text_and_no_more)
{
        struct xsn_buf buf = { 0 };

        put_aliases(&buf, 100000, 8);
        expect(&buf, XSNET_FORMAT_YAML, 0, NULL, NULL);
        put_aliases(&buf, 100000, 10);
        expect(&buf, XSNET_FORMAT_YAML, -E2BIG, "too-big", "3:39");
}
END_TEST

START_TEST(a_bomb_of_anchors_is_found_before_it_expands)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "format: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 30; i++) {
                xsn_buf_printf(&buf, "a%d: &a%d [", i, i);
                for (int j = 0; j < 10; j++)
                        xsn_buf_printf(&buf, "*a%d, ", i - 1);
                xsn_buf_put(&buf, "]\n");
        }
        expect(&buf, XSNET_FORMAT_YAML, -E2BIG, "too-big", "5:55");
}
END_TEST

/* Seconds that reading takes; the result does not matter. */
static double seconds(struct xsn_buf *buf, int format)
{
        struct xsnet_state *state = NULL;
        struct timespec start, end;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        if (xsnet_document_load(buf->s, buf->len, format, NULL, &state, NULL) == 0)
                xsnet_state_unref(state);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        xsn_buf_done(buf);
        return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Texts that take the square of their length where someone was careless. */
static void put_long(struct xsn_buf *buf, int what, unsigned n)
{
        xsn_buf_put(buf, "{\"format\": 1, \"networks\": [{\"name\": \"a\", \"other-config\": {");
        for (unsigned i = n; what == 0 && i > 0; i--)
                xsn_buf_printf(buf, "%s\"k%08u\": \"\"", i < n ? "," : "", i);
        xsn_buf_put(buf, "}, ");
        for (unsigned i = 0; what == 1 && i < n; i++)
                xsn_buf_printf(buf, "\"k%u\": 1, ", i);
        xsn_buf_put(buf, "\"stp\": true}], \"vifs\": [{\"domain\": 1, \"device\": 1, \"allowed-ipv4\": [");
        for (unsigned i = 0; what >= 2 && i < n; i++)
                xsn_buf_printf(buf, "%s\"10.%u.%u.%u\"", i ? "," : "", (what == 2 ? i : 0) >> 16, i >> 8 & 255,
                               i & 255);
        xsn_buf_put(buf, "]}]}");
}

START_TEST(the_time_does_not_grow_with_the_square_of_the_text)
{
        for (int format = XSNET_FORMAT_YAML; format <= XSNET_FORMAT_JSON; format++) {
                struct xsn_buf buf = { 0 };
                double small, large;

                put_long(&buf, _i, fewer(10000));
                small = seconds(&buf, format);
                put_long(&buf, _i, 8 * fewer(10000));
                large = seconds(&buf, format);
                /* 8 times the text: 64 times the time would be the square. */
                ck_assert_msg(large < 30 * (small + 0.01), "%f s for one, %f s for eight", small, large);
        }
}
END_TEST

START_TEST(a_hundred_errors_are_listed_and_the_rest_is_counted)
{
        const struct xsnet_error *last = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_buf buf = { 0 };
        unsigned n = 0;

        xsn_buf_put(&buf, "format: 1\nnetworks:\n");
        for (unsigned i = 0; i < 117; i++)
                xsn_buf_printf(&buf, "- {name: n%u, mtu: 1}\n", i);
        ck_assert_int_eq(xsnet_document_load(buf.s, buf.len, XSNET_FORMAT_YAML, "d.yaml", &state, &err), -EINVAL);
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e), n++)
                last = e;
        ck_assert_uint_eq(n, 101);
        ck_assert_str_eq(xsnet_error_get_reason(last), "more-errors");
        ck_assert_str_eq(xsnet_error_get_message(last), "and 17 more");
        ck_assert_str_eq(xsnet_error_get_where(last), "d.yaml");
        xsnet_error_free(err);
        xsn_buf_done(&buf);
}
END_TEST

START_TEST(what_a_document_says_is_cut_and_escaped_in_messages)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "{\"format\": 1, \"\\u001b");
        put_times(&buf, "x", 1000000);
        xsn_buf_put(&buf, "\": 1}");
        ck_assert_int_eq(xsnet_document_load(buf.s, buf.len, XSNET_FORMAT_JSON, NULL, &state, &err), -EINVAL);
        ck_assert_ptr_null(xsnet_error_get_next(err));
        ck_assert_uint_lt(strlen(xsnet_error_get_message(err)), 1000);
        ck_assert_uint_lt(strlen(xsnet_error_get_where(err)), 500);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "\\x1bxxx"));
        ck_assert_ptr_null(strchr(xsnet_error_get_message(err), '\x1b'));
        ck_assert_ptr_null(strchr(xsnet_error_get_where(err), '\x1b'));
        xsnet_error_free(err);
        xsn_buf_done(&buf);
}
END_TEST

START_TEST(formats_that_are_none_are_refused)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsnet_document_load("format: 1", 9, 3, NULL, &state, &err), -EINVAL);
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsnet_document_load("format: 1", 9, -1, NULL, &state, &err), -EINVAL);
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsnet_document_load("format: 1", 9, XSNET_FORMAT_AUTO, NULL, &state, NULL), 0);
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_AUTO, &text, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-value");
        ck_assert_ptr_null(text);
        xsnet_error_free(err);
        xsnet_state_unref(state);
}
END_TEST

/* What begins like JSON and is YAML is read as YAML; what is neither has the words of the JSON reader. */
START_TEST(the_notation_is_found_out)
{
        static const struct {
                const char *text;
                const char *message;
        } rows[] = {
                { "{\"format\": 1, owner: me}", NULL },
                { " \n{ }", "expected 'format: 1', found no format" },
                { "{format: 1}", NULL },
                { "{\"format\": 1", "expected JSON: '}' expected near end of file" },
                { "{\"format\":\t1}", NULL },
                { "\t{\"format\": 1}", NULL },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL;
                int r = xsnet_document_load(rows[i].text, strlen(rows[i].text), XSNET_FORMAT_AUTO, NULL, &state, &err);

                ck_assert_int_eq(r, rows[i].message ? -EINVAL : 0);
                if (r < 0)
                        ck_assert_str_eq(xsnet_error_get_message(err), rows[i].message);
                xsnet_error_free(err);
                xsnet_state_unref(state);
        }
}
END_TEST

/* ---- without memory ---- */

static const char *const memory_texts[] = {
        "{\"format\": 1, \"owner\": \"me\", \"hosts\": {\"a\": [\"ovs:\", \"xapi:b\"]}, "
        "\"networks\": [{\"name\": \"n\", \"other-config\": {\"k\": \"v\", \"gone\": null}}], "
        "\"pifs\": [{\"host\": [\"a\"], \"device\": \"eth0\", \"ipv4\": {\"address\": [\"192.0.2.1/24\"]}, "
        "\"routes\": [{\"to\": \"10.0.0.0/8\"}], \"rename\": null}], "
        "\"bonds\": [{\"name\": \"b\", \"members\": [\"x\", \"y\"], \"mode\": \"lacp\"}]}",
        "format: 1\nowner: me\nhosts: {a: ['ovs:']}\n"
        "networks:\n- &n {name: n, description: \"a\\nb\", other-config: {k: v}}\n"
        "vifs:\n- {vm: v, device: 0, mac: 02:00:00:00:00:01, trunks: [1, 2], rate-limit: 1Mbit}\n",
        ("format: 1\nownr: me\nnetworks:\n- {name: a, mtu: 1, mtu: 2}\n- &x {nam: *x}\n"
         "pifs: [{device: eth0, ipv4: {mode: dhcp, address: 192.0.2.1/24}}]\n"),
};

START_TEST(every_allocation_of_a_reading_may_fail)
{
        const char *text = memory_texts[_i];

        for (unsigned long n = 1;; n++) {
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_AUTO, "source", &state, &err);
                failalloc_off();
                ck_assert_int_eq(xsnet_error_get_code(err), r);
                ck_assert((state != NULL) == (r == 0));
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, _i == 2 ? -EINVAL : 0);
                        ck_assert_uint_gt(n, 20);
                        xsnet_error_free(err);
                        xsnet_state_unref(state);
                        return;
                }
                /* Some memory is only for speed, or for an error's place. */
                ck_assert(r == -ENOMEM || (r == 0 && _i < 2) || (r == -EINVAL && _i == 2));
                xsnet_error_free(err);
                xsnet_state_unref(state);
        }
}
END_TEST

START_TEST(every_allocation_of_a_writing_may_fail)
{
        struct gen gen = gen_seed(7);
        struct xsnet_state *state = gen_observed(&gen, 12);

        for (int format = XSNET_FORMAT_YAML; format <= XSNET_FORMAT_JSON; format++) {
                for (unsigned long n = 1;; n++) {
                        struct xsnet_error *err = NULL;
                        char *text = NULL;
                        int r;

                        failalloc_at(n);
                        r = xsn_codec_dump(state, format, XSN_CODEC_OBSERVED, &text, &err);
                        failalloc_off();
                        free(text);
                        xsnet_error_free(err);
                        if (failalloc_count() < n) {
                                ck_assert_int_eq(r, 0);
                                break;
                        }
                        ck_assert_int_eq(r, -ENOMEM);
                }
        }
        xsnet_state_unref(state);
}
END_TEST

/*
 * jansson allocates, too. It does not always tell a text that it has no memory for from one that it cannot read; what
 * is read is whole. The text has no token of more than 15 bytes: jansson 2.14 itself writes beyond its memory where
 * the buffer of a longer one cannot grow.
 */
static unsigned long json_left;

static void *json_malloc(size_t size)
{
        return json_left && !--json_left ? NULL : malloc(size);
}

START_TEST(jansson_may_find_no_memory)
{
        const char *text = memory_texts[0];
        struct xsnet_state *whole = NULL;
        char *wanted = NULL;

        ck_assert_int_eq(xsnet_document_load(text, strlen(text), XSNET_FORMAT_JSON, NULL, &whole, NULL), 0);
        ck_assert_int_eq(xsnet_document_dump(whole, XSNET_FORMAT_YAML, &wanted, NULL), 0);
        xsnet_state_unref(whole);
        json_set_alloc_funcs(json_malloc, free);
        for (unsigned long n = 1;; n++) {
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL;
                char *out = NULL;
                int r, w = 0;

                json_left = n;
                r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_JSON, NULL, &state, &err);
                ck_assert_int_eq(xsnet_error_get_code(err), r);
                ck_assert(r == 0 || r == -ENOMEM || r == -EINVAL);
                err = xsnet_error_free(err);
                if (!r)
                        w = xsnet_document_dump(state, XSNET_FORMAT_YAML, &out, &err);
                ck_assert(w == 0 || w == -ENOMEM);
                if (!r && !w)
                        ck_assert_str_eq(out, wanted);
                xsnet_error_free(err);
                free(out);
                xsnet_state_unref(state);
                if (!r && !w && json_left)
                        break;
                ck_assert_uint_lt(n, 10000);
        }
        json_left = 0;
        json_set_alloc_funcs(malloc, free);
        free(wanted);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("codec limits");
        TCase *limits = tcase_create("limits"), *memory = tcase_create("memory");

        tcase_set_timeout(limits, 60);
        tcase_add_test(limits, sixteen_megabytes_are_read_and_one_byte_more_is_not);
        tcase_add_test(limits, no_text_at_all_is_a_document_without_a_format);
        tcase_add_test(limits, thirty_two_levels_are_read_and_one_more_is_not);
        tcase_add_test(limits, a_hundred_thousand_objects_are_read_and_one_more_is_not);
        tcase_add_test(limits, ten_thousand_hosts_are_read_and_one_more_is_not);
        tcase_add_test(limits, two_million_values_are_read_and_one_more_is_not);
        tcase_add_test(limits, aliases_expand_to_ten_times_the_text_and_no_more);
        tcase_add_test(limits, a_bomb_of_anchors_is_found_before_it_expands);
        tcase_add_loop_test(limits, the_time_does_not_grow_with_the_square_of_the_text, 0, 4);
        tcase_add_test(limits, a_hundred_errors_are_listed_and_the_rest_is_counted);
        tcase_add_test(limits, what_a_document_says_is_cut_and_escaped_in_messages);
        tcase_add_test(limits, formats_that_are_none_are_refused);
        tcase_add_test(limits, the_notation_is_found_out);
        suite_add_tcase(suite, limits);
        tcase_set_timeout(memory, 60);
        tcase_add_loop_test(memory, every_allocation_of_a_reading_may_fail, 0, 3);
        tcase_add_test(memory, every_allocation_of_a_writing_may_fail);
        tcase_add_test(memory, jansson_may_find_no_memory);
        suite_add_tcase(suite, memory);
        return unit_main(suite);
}
