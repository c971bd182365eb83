/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters and requests as XAPI's parser takes them. Used by the session and by whoever makes its calls. */
#include "transport/xmlrpc_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "transport/xmlrpc_number.h"

/* The longest form of a byte: "&quot;" or less. */
#define ESCAPED_MAX 6u

/* A carriage return would be read back as a new line, unless it is written as a number. */
static const char *escape_of(char c)
{
        switch (c) {
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '&':
                return "&amp;";
        case '\r':
                return "&#13;";
        default:
                return NULL;
        }
}

static void put_escaped(struct xsn_buf *buf, const char *text)
{
        const char *from = text;

        for (; *text; text++) {
                const char *escape = escape_of(*text);

                if (!escape)
                        continue;
                xsn_buf_putn(buf, from, (size_t)(text - from));
                xsn_buf_put(buf, escape);
                from = text + 1;
        }
        xsn_buf_putn(buf, from, (size_t)(text - from));
}

static void open_value(struct xsn_xmlrpc_writer *writer)
{
        xsn_buf_put(&writer->xml, writer->depth == 0 ? "<param><value>" : "<value>");
}

static void close_value(struct xsn_xmlrpc_writer *writer)
{
        xsn_buf_put(&writer->xml, writer->depth == 0 ? "</value></param>\n" : "</value>");
}

static void put_typed(struct xsn_xmlrpc_writer *writer, const char *type, const char *text)
{
        if (!xsn_text_keepable(text))
                writer->bad_text = true;
        open_value(writer);
        xsn_buf_put(&writer->xml, "<");
        xsn_buf_put(&writer->xml, type);
        xsn_buf_put(&writer->xml, ">");
        put_escaped(&writer->xml, text);
        xsn_buf_put(&writer->xml, "</");
        xsn_buf_put(&writer->xml, type);
        xsn_buf_put(&writer->xml, ">");
        close_value(writer);
}

void xsn_xmlrpc_put_text(struct xsn_xmlrpc_writer *writer, const char *text)
{
        put_typed(writer, "string", text);
}

void xsn_xmlrpc_put_int(struct xsn_xmlrpc_writer *writer, int64_t number)
{
        char text[24];

        (void)snprintf(text, sizeof(text), "%" PRId64, number);
        xsn_xmlrpc_put_text(writer, text);
}

void xsn_xmlrpc_put_bool(struct xsn_xmlrpc_writer *writer, bool value)
{
        put_typed(writer, "boolean", value ? "1" : "0");
}

void xsn_xmlrpc_put_double(struct xsn_xmlrpc_writer *writer, double number)
{
        char text[XSN_XMLRPC_DOUBLE_MAX];

        put_typed(writer, "double", xsn_xmlrpc_format_double(number, text));
}

void xsn_xmlrpc_begin_array(struct xsn_xmlrpc_writer *writer)
{
        open_value(writer);
        xsn_buf_put(&writer->xml, "<array><data>");
        writer->depth++;
}

void xsn_xmlrpc_end_array(struct xsn_xmlrpc_writer *writer)
{
        writer->depth--;
        xsn_buf_put(&writer->xml, "</data></array>");
        close_value(writer);
}

void xsn_xmlrpc_begin_struct(struct xsn_xmlrpc_writer *writer)
{
        open_value(writer);
        xsn_buf_put(&writer->xml, "<struct>");
        writer->depth++;
}

void xsn_xmlrpc_end_struct(struct xsn_xmlrpc_writer *writer)
{
        writer->depth--;
        xsn_buf_put(&writer->xml, "</struct>");
        close_value(writer);
}

void xsn_xmlrpc_begin_member(struct xsn_xmlrpc_writer *writer, const char *name)
{
        if (!xsn_text_keepable(name))
                writer->bad_text = true;
        xsn_buf_put(&writer->xml, "<member><name>");
        put_escaped(&writer->xml, name);
        xsn_buf_put(&writer->xml, "</name>");
}

void xsn_xmlrpc_end_member(struct xsn_xmlrpc_writer *writer)
{
        xsn_buf_put(&writer->xml, "</member>");
}

void xsn_xmlrpc_put_member_text(struct xsn_xmlrpc_writer *writer, const char *name, const char *text)
{
        xsn_xmlrpc_begin_member(writer, name);
        xsn_xmlrpc_put_text(writer, text);
        xsn_xmlrpc_end_member(writer);
}

void xsn_xmlrpc_put_member_int(struct xsn_xmlrpc_writer *writer, const char *name, int64_t number)
{
        xsn_xmlrpc_begin_member(writer, name);
        xsn_xmlrpc_put_int(writer, number);
        xsn_xmlrpc_end_member(writer);
}

void xsn_xmlrpc_put_member_bool(struct xsn_xmlrpc_writer *writer, const char *name, bool value)
{
        xsn_xmlrpc_begin_member(writer, name);
        xsn_xmlrpc_put_bool(writer, value);
        xsn_xmlrpc_end_member(writer);
}

int xsn_xmlrpc_writer_check(const struct xsn_xmlrpc_writer *writer, struct xsnet_error **ret_err)
{
        if (writer->xml.failed)
                return xsn_error_oom(ret_err);
        if (writer->bad_text)
                return xsn_error_set(ret_err, -EINVAL, "bad-text",
                                     "a parameter is not UTF-8, or has control characters that XML cannot carry");
        return 0;
}

void xsn_xmlrpc_writer_done(struct xsn_xmlrpc_writer *writer)
{
        xsn_buf_done(&writer->xml);
        *writer = (struct xsn_xmlrpc_writer){ .depth = 0 };
}

/* ---- requests ---- */

/* More than any of the constant parts below. */
#define FRAME_MAX 160u

static size_t size_max(const char *method, const char *const *texts, size_t n_texts,
                       const struct xsn_xmlrpc_writer *params)
{
        size_t size = FRAME_MAX + strlen(method) * ESCAPED_MAX + (params ? params->xml.len : 0);

        for (size_t i = 0; i < n_texts; i++)
                size += FRAME_MAX + strlen(texts[i]) * ESCAPED_MAX;
        return size;
}

int xsn_xmlrpc_request(const char *method, const char *const *texts, size_t n_texts,
                       const struct xsn_xmlrpc_writer *params, struct xsn_buf *ret_body, struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer body = { .depth = 0 };
        int r = params ? xsn_xmlrpc_writer_check(params, ret_err) : 0;

        if (r < 0)
                return r;
        if (xsn_buf_add(&body.xml, size_max(method, texts, n_texts, params)))
                body.xml.len = 0;
        xsn_buf_put(&body.xml, "<?xml version=\"1.0\"?>\n<methodCall><methodName>");
        put_escaped(&body.xml, method);
        xsn_buf_put(&body.xml, "</methodName><params>\n");
        for (size_t i = 0; i < n_texts; i++)
                xsn_xmlrpc_put_text(&body, texts[i]);
        if (params)
                xsn_buf_putn(&body.xml, params->xml.s ? params->xml.s : "", params->xml.len);
        xsn_buf_put(&body.xml, "</params></methodCall>\n");
        r = xsn_xmlrpc_writer_check(&body, ret_err);
        if (r < 0) {
                if (body.xml.s)
                        explicit_bzero(body.xml.s, body.xml.cap);
                xsn_xmlrpc_writer_done(&body);
                return r;
        }
        *ret_body = body.xml;
        return 0;
}
