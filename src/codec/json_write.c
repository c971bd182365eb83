/* SPDX-License-Identifier: Apache-2.0 */
/* The events of emit.h as JSON, byte for byte as jansson's json_dumps() writes the same values. */
#include "codec/emit.h"

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

/* The length of what can stand as it is. */
static size_t plain_len(const char *s, size_t len)
{
        static const bool special[256] = { [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true };
        size_t i = 0;

        while (i < len && !special[(unsigned char)s[i]])
                i++;
        return i;
}

static XSN_RARE void write_escaped(struct xsn_buf *buf, const char *s, size_t len)
{
        xsn_buf_putc(buf, '"');
        while (len > 0) {
                size_t plain = plain_len(s, len);

                xsn_buf_putn(buf, s, plain);
                if (plain < len)
                        write_escape(buf, (unsigned char)s[plain++]);
                s += plain;
                len -= plain;
        }
        xsn_buf_putc(buf, '"');
}

/* In quotes; `before` and `after` are single characters, or NUL for none. */
static void write_plain(struct xsn_buf *buf, char before, const char *s, size_t len, char after)
{
        char *at = xsn_buf_add(buf, len + 2 + !!before + !!after);

        if (!at)
                return;
        if (before)
                *at++ = before;
        *at++ = '"';
        memcpy(at, s, len);
        at[len] = '"';
        if (after)
                at[len + 1] = after;
}

static void write_text(struct xsn_buf *buf, char before, const char *s, size_t len, char after)
{
        if (plain_len(s, len) == len) {
                write_plain(buf, before, s, len, after);
                return;
        }
        if (before)
                xsn_buf_putc(buf, before);
        write_escaped(buf, s, len);
        if (after)
                xsn_buf_putc(buf, after);
}

/* Between the items of a list or map, before the first, and after the last. */
static XSN_RARE void write_break(const struct xsn_json_emit *json)
{
        static const char spaces[] = "                                ";

        xsn_buf_putc(json->buf, '\n');
        for (size_t left = 2 * (size_t)json->depth; left > 0;) {
                size_t n = left < sizeof(spaces) - 1 ? left : sizeof(spaces) - 1;

                xsn_buf_putn(json->buf, spaces, n);
                left -= n;
        }
}

/* Begins what has its own place: a key, and a value that has none. Returns what is left to write before it. */
static char begin_item(struct xsn_json_emit *json)
{
        if (!json->indent || !json->depth)
                return json->any ? ',' : '\0';
        if (json->any)
                xsn_buf_putc(json->buf, ',');
        write_break(json);
        return '\0';
}

/* As begin_item(). */
static char begin_value(struct xsn_json_emit *json)
{
        if (!json->keyed)
                return begin_item(json);
        json->keyed = false;
        return json->indent ? ' ' : '\0';
}

static void put_edge(struct xsn_emit *emit, int edge)
{
        struct xsn_json_emit *json = (struct xsn_json_emit *)emit;
        bool end = edge == XSN_EMIT_MAP_END || edge == XSN_EMIT_LIST_END;
        bool map = edge == XSN_EMIT_MAP || edge == XSN_EMIT_MAP_END;
        char before = end ? '\0' : begin_value(json);

        json->depth -= end;
        if (before)
                xsn_buf_putc(json->buf, before);
        if (end && json->any && json->indent)
                write_break(json);
        xsn_buf_putc(json->buf, end ? map ? '}' : ']' : map ? '{' : '[');
        json->depth += !end;
        json->any = end;
}

static void put_key(struct xsn_emit *emit, const char *s, size_t len, bool ours)
{
        struct xsn_json_emit *json = (struct xsn_json_emit *)emit;
        char before = begin_item(json);

        json->keyed = true;
        if (ours)
                write_plain(json->buf, before, s, len, ':');
        else
                write_text(json->buf, before, s, len, ':');
}

static void put_scalar(struct xsn_emit *emit, const char *s, size_t len, bool word)
{
        struct xsn_json_emit *json = (struct xsn_json_emit *)emit;
        char before = begin_value(json);

        json->any = true;
        if (!word) {
                write_text(json->buf, before, s, len, '\0');
                return;
        }
        if (before)
                xsn_buf_putc(json->buf, before);
        xsn_buf_putn(json->buf, s, len);
}

void xsn_json_begin(struct xsn_json_emit *json, bool indent, unsigned flags, struct xsn_buf *buf)
{
        *json = (struct xsn_json_emit){
                .emit = { .edge = put_edge, .key = put_key, .scalar = put_scalar, .flags = flags },
                .buf = buf,
                .indent = indent,
        };
}
