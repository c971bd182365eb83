/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The splitter: counts brackets outside of strings, and remembers how far it has come. It is no judge of JSON, that is
 * the parser's part, but what can be no JSON at all is refused at its first byte and not at the end of a gigabyte.
 */
#include "transport/ovsdb_frame.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

#define ROOM     (64U << 10) /* read at a time */
#define KEEP_MAX (1U << 20)  /* a buffer that one long object has made larger goes with that object */

const struct xsn_ovsdb_limits xsn_ovsdb_default_limits = {
        .size = 64U << 20,
        .values = 4U << 20,
        .depth = XSN_OVSDB_DEPTH_MAX,
};

void xsn_ovsdb_frame_reset(struct xsn_ovsdb_frame *frame)
{
        struct xsn_ovsdb_limits limits = frame->limits;

        xsn_free(frame->data);
        *frame = (struct xsn_ovsdb_frame){ .limits = limits };
}

int xsn_ovsdb_frame_room(struct xsn_ovsdb_frame *frame, char **ret_room, size_t *ret_size)
{
        void *data;
        int r;

        /* What is unfinished moves to the front, once: from then on it starts there. */
        if (frame->start > 0) {
                memmove(frame->data, frame->data + frame->start, frame->len - frame->start);
                frame->len -= frame->start;
                frame->scanned -= frame->start;
                frame->start = 0;
        }
        if (frame->len == 0 && frame->cap > KEEP_MAX) {
                frame->data = xsn_free(frame->data);
                frame->cap = 0;
        }
        if (frame->cap == frame->len) {
                data = frame->data;
                r = xsn_grow(&data, &frame->cap, frame->len + ROOM, 1);
                if (r < 0)
                        return r;
                frame->data = data;
        }
        *ret_room = frame->data + frame->len;
        *ret_size = frame->cap - frame->len;
        return 0;
}

void xsn_ovsdb_frame_filled(struct xsn_ovsdb_frame *frame, size_t n)
{
        frame->len += n;
}

static int bad(const struct xsn_ovsdb_frame *frame, struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, -EPROTO, "bad-reply", "expected JSON, found the byte 0x%02x",
                             (unsigned char)frame->data[frame->scanned]);
}

static int too_big(size_t max, const char *what, struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, -EMSGSIZE, "too-big", "a message of more than %zu %s", max, what);
}

/* How far may be looked: one byte beyond the limit tells that there is too much, wherever the stream was cut. */
static size_t scan_end(const struct xsn_ovsdb_frame *frame)
{
        return frame->len - frame->start > frame->limits.size ? frame->start + frame->limits.size + 1 : frame->len;
}

/* Inside of a string; stops behind its quote. */
static int scan_string(struct xsn_ovsdb_frame *frame, size_t end, struct xsnet_error **ret_err)
{
        for (; frame->scanned < end; frame->scanned++) {
                unsigned char c = (unsigned char)frame->data[frame->scanned];

                if (c < ' ')
                        return bad(frame, ret_err); /* JSON has them as escapes only */
                if (frame->escaped) {
                        frame->escaped = false;
                } else if (c == '\\') {
                        frame->escaped = true;
                } else if (c == '"') {
                        frame->in_string = false;
                        frame->scanned++;
                        return 0;
                }
        }
        return 0;
}

static int open_bracket(struct xsn_ovsdb_frame *frame, bool array, struct xsnet_error **ret_err)
{
        uint64_t bit;

        if (frame->depth >= frame->limits.depth || frame->depth >= XSN_OVSDB_DEPTH_MAX)
                return too_big(frame->limits.depth, "objects and arrays within each other", ret_err);
        bit = UINT64_C(1) << frame->depth++;
        frame->kinds = array ? frame->kinds | bit : frame->kinds & ~bit;
        frame->n_values++; /* an empty one has no comma that would count it */
        return 0;
}

static int close_bracket(struct xsn_ovsdb_frame *frame, bool array, struct xsnet_error **ret_err)
{
        if (((frame->kinds >> (frame->depth - 1)) & 1) != array)
                return bad(frame, ret_err);
        frame->depth--;
        return 0;
}

/* One byte inside of an object, outside of strings. */
static int scan_byte(struct xsn_ovsdb_frame *frame, struct xsnet_error **ret_err)
{
        char c = frame->data[frame->scanned];

        switch (c) {
        case '"':
                frame->in_string = true;
                frame->escaped = false;
                return 0;
        case '{':
        case '[':
                return open_bracket(frame, c == '[', ret_err);
        case '}':
        case ']':
                return close_bracket(frame, c == ']', ret_err);
        case ',':
        case ':':
                frame->n_values++;
                return 0;
        case ' ':
        case '\t':
        case '\n':
        case '\r':
        case '+':
        case '-':
        case '.':
                return 0;
        default:
                if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E')
                        return 0;
                return bad(frame, ret_err);
        }
}

/* Moves over white space to the beginning of an object. */
static int find_start(struct xsn_ovsdb_frame *frame, struct xsnet_error **ret_err)
{
        while (frame->scanned < frame->len && strchr(" \t\r\n", frame->data[frame->scanned]) &&
               frame->data[frame->scanned])
                frame->scanned++;
        frame->start = frame->scanned;
        if (frame->scanned == frame->len) {
                frame->start = frame->scanned = frame->len = 0;
                return 0;
        }
        if (frame->data[frame->scanned] != '{')
                return bad(frame, ret_err);
        frame->n_values = 0;
        frame->scanned++;
        return open_bracket(frame, false, ret_err);
}

int xsn_ovsdb_frame_next(struct xsn_ovsdb_frame *frame, const char **ret_text, size_t *ret_len,
                         struct xsnet_error **ret_err)
{
        size_t end;
        int r = 0;

        if (frame->depth == 0)
                r = find_start(frame, ret_err);
        end = scan_end(frame);
        while (r == 0 && frame->depth > 0 && frame->scanned < end) {
                if (frame->in_string) {
                        r = scan_string(frame, end, ret_err);
                } else {
                        r = scan_byte(frame, ret_err);
                        if (r == 0)
                                frame->scanned++;
                }
                if (frame->n_values > frame->limits.values)
                        return too_big(frame->limits.values, "values", ret_err);
        }
        if (r < 0)
                return r;
        if (frame->scanned - frame->start > frame->limits.size)
                return too_big(frame->limits.size, "bytes", ret_err);
        if (frame->depth > 0 || frame->scanned == frame->start)
                return 0;
        *ret_text = frame->data + frame->start;
        *ret_len = frame->scanned - frame->start;
        frame->start = frame->scanned;
        return 1;
}
