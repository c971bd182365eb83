/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values to text, byte for byte as jansson's json_dumps() writes them. That calls back for every comma and looks
 * for circles with a hash of printed pointers, which took a third of the processor time of an apply, for the journal.
 * Called for values that this folder made: trees, without reals.
 */
#include "codec/object_json.h"

#include <errno.h>
#include <string.h>

struct writer {
        struct xsn_buf *buf;
        bool indent;
};

static void write_value(const struct writer *w, const json_t *json, unsigned depth);

/* What RFC 8259 wants escaped, and nothing else. */
static void write_escape(struct xsn_buf *buf, unsigned char c)
{
        static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\", digits[] = "0123456789ABCDEF";
        const char *found = c ? strchr(shorts, c) : NULL;

        if (found) {
                xsn_buf_putc(buf, '\\');
                xsn_buf_putc(buf, letters[found - shorts]);
        } else {
                xsn_buf_put(buf, "\\u00");
                xsn_buf_putc(buf, digits[c >> 4]);
                xsn_buf_putc(buf, digits[c & 15]);
        }
}

static void write_text(struct xsn_buf *buf, const char *s, size_t len)
{
        size_t start = 0;

        xsn_buf_putc(buf, '"');
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)s[i];

                if (c >= ' ' && c != '"' && c != '\\')
                        continue;
                xsn_buf_putn(buf, s + start, i - start);
                write_escape(buf, c);
                start = i + 1;
        }
        xsn_buf_putn(buf, s + start, len - start);
        xsn_buf_putc(buf, '"');
}

/* Between the items of a list or map, before the first, and after the last. */
static void write_break(const struct writer *w, unsigned depth)
{
        static const char spaces[] = "                                ";

        if (!w->indent)
                return;
        xsn_buf_putc(w->buf, '\n');
        for (size_t left = 2 * (size_t)depth; left > 0;) {
                size_t n = left < sizeof(spaces) - 1 ? left : sizeof(spaces) - 1;

                xsn_buf_putn(w->buf, spaces, n);
                left -= n;
        }
}

static void write_list(const struct writer *w, const json_t *list, unsigned depth)
{
        size_t n = json_array_size(list);

        xsn_buf_putc(w->buf, '[');
        for (size_t i = 0; i < n; i++) {
                xsn_buf_put(w->buf, i ? "," : "");
                write_break(w, depth + 1);
                write_value(w, json_array_get(list, i), depth + 1);
        }
        if (n)
                write_break(w, depth);
        xsn_buf_putc(w->buf, ']');
}

static void write_map(const struct writer *w, const json_t *map, unsigned depth)
{
        json_t *items = (json_t *)(uintptr_t)map; /* iterators could change it */
        bool any = false;

        xsn_buf_putc(w->buf, '{');
        for (void *at = json_object_iter(items); at; at = json_object_iter_next(items, at)) {
                const char *key = json_object_iter_key(at);

                xsn_buf_put(w->buf, any ? "," : "");
                write_break(w, depth + 1);
                write_text(w->buf, key, strlen(key));
                xsn_buf_put(w->buf, w->indent ? ": " : ":");
                write_value(w, json_object_iter_value(at), depth + 1);
                any = true;
        }
        if (any)
                write_break(w, depth);
        xsn_buf_putc(w->buf, '}');
}

static void write_integer(struct xsn_buf *buf, json_int_t n)
{
        if (n < 0)
                xsn_buf_putc(buf, '-');
        xsn_buf_put_number(buf, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void write_value(const struct writer *w, const json_t *json, unsigned depth)
{
        switch (json_typeof(json)) {
        case JSON_OBJECT:
                write_map(w, json, depth);
                break;
        case JSON_ARRAY:
                write_list(w, json, depth);
                break;
        case JSON_STRING:
                write_text(w->buf, json_string_value(json), json_string_length(json));
                break;
        case JSON_INTEGER:
                write_integer(w->buf, json_integer_value(json));
                break;
        case JSON_TRUE:
                xsn_buf_put(w->buf, "true");
                break;
        case JSON_FALSE:
                xsn_buf_put(w->buf, "false");
                break;
        default:
                xsn_buf_put(w->buf, "null");
                break;
        }
}

int xsn_json_write(const json_t *json, bool indent, struct xsn_buf *buf)
{
        struct writer w = { .buf = buf, .indent = indent };

        write_value(&w, json, 0);
        return buf->failed ? -ENOMEM : 0;
}
