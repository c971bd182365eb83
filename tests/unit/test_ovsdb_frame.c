/* SPDX-License-Identifier: Apache-2.0 */
/* The splitter: every cut of the stream at every byte, limits, and what is no JSON. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "failalloc.h"
#include "transport/ovsdb_frame.h"
#include "unit.h"

static struct xsn_ovsdb_frame make(size_t size, size_t values, unsigned depth)
{
        return (struct xsn_ovsdb_frame){ .limits = { .size = size, .values = values, .depth = depth } };
}

/* Puts n bytes in, in pieces as there is room. */
static void feed(struct xsn_ovsdb_frame *frame, const char *data, size_t n)
{
        while (n > 0) {
                size_t size;
                char *room;

                ck_assert_int_eq(xsn_ovsdb_frame_room(frame, &room, &size), 0);
                ck_assert_uint_gt(size, 0);
                size = size < n ? size : n;
                memcpy(room, data, size);
                xsn_ovsdb_frame_filled(frame, size);
                data += size;
                n -= size;
        }
}

/* Appends every object that is complete, each with a '|' behind it, to out. */
static int drain(struct xsn_ovsdb_frame *frame, char *out, struct xsnet_error **ret_err)
{
        const char *text;
        size_t len;
        int r;

        while ((r = xsn_ovsdb_frame_next(frame, &text, &len, ret_err)) > 0) {
                strncat(out, text, len);
                strcat(out, "|");
        }
        return r;
}

static const struct {
        const char *stream;
        const char *objects;
} documents[] = {
        { "{}", "{}|" },
        { "{}{}{}", "{}|{}|{}|" },
        { " \t\r\n{} \n{}\n", "{}|{}|" },
        { "{\"a\":[1,-2.5e+3,true,null,\"x\"],\"b\":{\"c\":[[],{}]}}{\"d\":0}",
          "{\"a\":[1,-2.5e+3,true,null,\"x\"],\"b\":{\"c\":[[],{}]}}|{\"d\":0}|" },
        { "{\"}]\":\"{[\"}{\"q\":\"\\\"}\"}", "{\"}]\":\"{[\"}|{\"q\":\"\\\"}\"}|" },
        { "{\"\\\\\":\"\\\\\"}{\"u\":\"\\u007d\\\"\"}", "{\"\\\\\":\"\\\\\"}|{\"u\":\"\\u007d\\\"\"}|" },
        { "{\"\xc3\xa9\":\"\xe2\x82\xac}\"}{}", "{\"\xc3\xa9\":\"\xe2\x82\xac}\"}|{}|" },
        { "{\"unfinished\":[1", "" },
};

/* At every two places. */
START_TEST(objects_are_found_wherever_the_stream_is_cut)
{
        const char *stream = documents[_i].stream;
        size_t len = strlen(stream);

        for (size_t a = 0; a <= len; a++)
                for (size_t b = a; b <= len; b++) {
                        struct xsn_ovsdb_frame frame = make(1000, 1000, 8);
                        char out[256] = "";

                        feed(&frame, stream, a);
                        ck_assert_int_eq(drain(&frame, out, NULL), 0);
                        feed(&frame, stream + a, b - a);
                        ck_assert_int_eq(drain(&frame, out, NULL), 0);
                        feed(&frame, stream + b, len - b);
                        ck_assert_int_eq(drain(&frame, out, NULL), 0);
                        ck_assert_str_eq(out, documents[_i].objects);
                        xsn_ovsdb_frame_reset(&frame);
                }
}
END_TEST

START_TEST(objects_are_found_byte_by_byte)
{
        const char *stream = documents[_i].stream;
        struct xsn_ovsdb_frame frame = make(1000, 1000, 8);
        char out[256] = "";

        for (size_t i = 0; stream[i]; i++) {
                feed(&frame, stream + i, 1);
                ck_assert_int_eq(drain(&frame, out, NULL), 0);
        }
        ck_assert_str_eq(out, documents[_i].objects);
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

static const struct {
        const char *stream;
        int code;
        const char *reason;
        const char *message; /* part of it */
} faults[] = {
        { "x", -EPROTO, "bad-reply", "0x78" },
        { "[]", -EPROTO, "bad-reply", "0x5b" },
        { "\"a\"", -EPROTO, "bad-reply", "0x22" },
        { "{}}", -EPROTO, "bad-reply", "0x7d" },
        { "{}\x01", -EPROTO, "bad-reply", "0x01" },
        { "{]", -EPROTO, "bad-reply", "0x5d" },
        { "{\"a\":[}", -EPROTO, "bad-reply", "0x7d" },
        { "{\"a\":\"\n\"}", -EPROTO, "bad-reply", "0x0a" },
        { "{\"a\":\"\\\n\"}", -EPROTO, "bad-reply", "0x0a" },
        { "{\xff", -EPROTO, "bad-reply", "0xff" },
        { "{a:'x'}", -EPROTO, "bad-reply", "0x27" },
        { "GET / HTTP/1.1", -EPROTO, "bad-reply", "0x47" },
        { "\x15\x03\x01", -EPROTO, "bad-reply", "0x15" }, /* TLS */
        { "{\"a\":[[[", -EMSGSIZE, "too-big", "more than 3 objects" },
        { "{\"a\":[0,0,0,0,0,0,0,0,0]}", -EMSGSIZE, "too-big", "more than 10 values" },
        { "{\"a\":[[],[],[],[],[],[]]}", -EMSGSIZE, "too-big", "more than 10 values" },
        { "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -EMSGSIZE, "too-big", "more than 40 bytes" },
        { "{                                                  \x01", -EMSGSIZE, "too-big", "more than 40 bytes" },
        { "{                                                  ", -EMSGSIZE, "too-big", "more than 40 bytes" },
};

/* Whole, and byte by byte, where it must be refused no later than at its end. */
START_TEST(what_is_no_json_or_beyond_a_limit_is_refused)
{
        for (int slow = 0; slow <= 1; slow++) {
                struct xsn_ovsdb_frame frame = make(40, 10, 3);
                const char *stream = faults[_i].stream;
                struct xsnet_error *err = NULL;
                char out[256] = "";
                int r = 0;

                for (size_t i = 0; r == 0 && stream[i]; i++) {
                        feed(&frame, stream + i, slow ? 1 : strlen(stream));
                        r = drain(&frame, out, &err);
                        if (!slow)
                                break;
                }
                ck_assert_int_eq(r, faults[_i].code);
                ck_assert_str_eq(xsnet_error_get_reason(err), faults[_i].reason);
                ck_assert_msg(strstr(xsnet_error_get_message(err), faults[_i].message) != NULL, "%s",
                              xsnet_error_get_message(err));
                xsnet_error_free(err);
                xsn_ovsdb_frame_reset(&frame);
        }
}
END_TEST

START_TEST(a_nul_is_no_white_space)
{
        struct xsn_ovsdb_frame frame = make(40, 10, 3);
        char out[16] = "";

        feed(&frame, "\0{}", 3);
        ck_assert_int_eq(drain(&frame, out, NULL), -EPROTO);
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

START_TEST(sixty_four_levels_are_the_most)
{
        struct xsn_ovsdb_frame frame = make(1000, 1000, 1000);
        char out[16] = "";

        feed(&frame, "{\"a\":", 5);
        for (int i = 1; i < XSN_OVSDB_DEPTH_MAX; i++)
                feed(&frame, "[", 1);
        ck_assert_int_eq(drain(&frame, out, NULL), 0);
        feed(&frame, "[", 1);
        ck_assert_int_eq(drain(&frame, out, NULL), -EMSGSIZE);
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

START_TEST(no_depth_at_all_refuses_everything)
{
        struct xsn_ovsdb_frame frame = make(1000, 1000, 0);
        char out[16] = "";

        feed(&frame, "{}", 2);
        ck_assert_int_eq(drain(&frame, out, NULL), -EMSGSIZE);
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

START_TEST(after_a_reset_a_new_stream_begins)
{
        struct xsn_ovsdb_frame frame = make(1000, 1000, 8);
        char out[64] = "";

        feed(&frame, "{\"a\":\"\\", 7);
        ck_assert_int_eq(drain(&frame, out, NULL), 0);
        xsn_ovsdb_frame_reset(&frame);
        feed(&frame, "{\"b\":1}", 7);
        ck_assert_int_eq(drain(&frame, out, NULL), 0);
        ck_assert_str_eq(out, "{\"b\":1}|");
        ck_assert_uint_eq(frame.limits.depth, 8);
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

static double seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* 8 MiB in pieces of 1000 bytes: looking at all of it after each would be 35 GB. */
START_TEST(a_long_object_in_small_pieces_takes_linear_time)
{
        struct xsn_ovsdb_frame frame = make(16U << 20, 1000, 8);
        size_t left = 8U << 20;
        char piece[1000];
        char out[16] = "";
        double begin = seconds();
        const char *text;
        size_t len;

        memset(piece, 'x', sizeof(piece));
        feed(&frame, "{\"a\":\"", 6);
        for (; left >= sizeof(piece); left -= sizeof(piece)) {
                feed(&frame, piece, sizeof(piece));
                ck_assert_int_eq(drain(&frame, out, NULL), 0);
        }
        feed(&frame, "\"}", 2);
        ck_assert_int_eq(xsn_ovsdb_frame_next(&frame, &text, &len, NULL), 1);
        ck_assert_uint_eq(len, 8 + (8U << 20) / 1000 * 1000);
        ck_assert_double_lt(seconds() - begin, 5.0);
        ck_assert_int_eq(drain(&frame, out, NULL), 0);
        /* What that object needed is given back. */
        feed(&frame, "{", 1);
        ck_assert_uint_lt(frame.cap, 1U << 20);
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

START_TEST(without_memory_there_is_no_room_and_nothing_is_lost)
{
        struct xsn_ovsdb_frame frame = make(1U << 20, 1000, 8);
        char out[16] = "";
        size_t size;
        char *room;
        int r;

        failalloc_at(1);
        r = xsn_ovsdb_frame_room(&frame, &room, &size);
        failalloc_off();
        ck_assert_int_eq(r, -ENOMEM);
        feed(&frame, "{}", 2);
        ck_assert_int_eq(drain(&frame, out, NULL), 0);
        ck_assert_str_eq(out, "{}|");
        xsn_ovsdb_frame_reset(&frame);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_frame");
        TCase *tc = tcase_create("frame");

        tcase_set_timeout(tc, 60);
        tcase_add_loop_test(tc, objects_are_found_wherever_the_stream_is_cut, 0, XSN_ARRAY_SIZE(documents));
        tcase_add_loop_test(tc, objects_are_found_byte_by_byte, 0, XSN_ARRAY_SIZE(documents));
        tcase_add_loop_test(tc, what_is_no_json_or_beyond_a_limit_is_refused, 0, XSN_ARRAY_SIZE(faults));
        tcase_add_test(tc, a_nul_is_no_white_space);
        tcase_add_test(tc, sixty_four_levels_are_the_most);
        tcase_add_test(tc, no_depth_at_all_refuses_everything);
        tcase_add_test(tc, after_a_reset_a_new_stream_begins);
        tcase_add_test(tc, a_long_object_in_small_pieces_takes_linear_time);
        tcase_add_test(tc, without_memory_there_is_no_room_and_nothing_is_lost);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
