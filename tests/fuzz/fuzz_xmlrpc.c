/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what XAPI answers: the same must come of them however they are cut, within the limits, and what was
 * read must be whole. What it is goes on as a failure, and as a text in a call, that reads back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "transport/xapi_error.h"
#include "transport/xmlrpc_read.h"
#include "transport/xmlrpc_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH_LIMIT 12u

static void must(bool what)
{
        if (!what)
                abort();
}

/* Walks the whole tree; what it holds goes to out, so that two can be compared. */
static void walk(const struct xsn_xmlrpc_value *value, unsigned depth, struct xsn_buf *out)
{
        must(depth <= DEPTH_LIMIT);
        xsn_buf_printf(out, "%u:%u:", value->type, value->n);
        switch (value->type) {
        case XSN_XMLRPC_STRING:
        case XSN_XMLRPC_TIME:
                must(strlen(value->text) == value->n);
                xsn_buf_put(out, value->text);
                break;
        case XSN_XMLRPC_INT:
        case XSN_XMLRPC_BOOL:
                xsn_buf_printf(out, "%lld", (long long)value->number);
                break;
        case XSN_XMLRPC_DOUBLE:
                xsn_buf_printf(out, "%g", value->real);
                break;
        case XSN_XMLRPC_ARRAY:
                for (uint32_t i = 0; i < value->n; i++)
                        walk(&value->items[i], depth + 1, out);
                break;
        default:
                must(value->type == XSN_XMLRPC_STRUCT);
                for (uint32_t i = 0; i < value->n; i++) {
                        xsn_buf_put(out, value->members[i].name);
                        walk(&value->members[i].value, depth + 1, out);
                }
                break;
        }
}

/* The code, and the tree. */
static void read_all(const uint8_t *data, size_t size, size_t piece, bool some, struct xsn_buf *out)
{
        static const char *const names[] = { "uuid", "MTU", "Value" };
        struct xsn_xmlrpc_limits limits = { .text = 100000, .values = 2000, .depth = DEPTH_LIMIT };
        struct xsn_xmlrpc_reader *reader = NULL;
        struct xsn_xmlrpc_doc *doc = NULL;
        int r = xsn_xmlrpc_reader_new(&limits, &reader, NULL);

        must(r == 0);
        if (some)
                xsn_xmlrpc_reader_keep(reader, names, XSN_ARRAY_SIZE(names), 2);
        for (size_t at = 0; r == 0 && at < size; at += piece)
                r = xsn_xmlrpc_reader_feed(reader, (const char *)data + at, piece < size - at ? piece : size - at,
                                           NULL);
        if (r == 0)
                r = xsn_xmlrpc_reader_end(reader, &doc, NULL);
        must((r == 0) == (doc != NULL));
        xsn_xmlrpc_reader_free(reader);
        if (doc) {
                walk(&doc->root, 1, out);
                (void)xsn_xapi_error_read(xsn_xmlrpc_member(&doc->root, "ErrorDescription"), "x", NULL);
        } else {
                xsn_buf_putc(out, '!');
        }
        xsn_xmlrpc_doc_free(doc);
}

/* A text that can be sent reads back as it was, but for what XML makes of line ends. */
static void write_and_read(const char *text, size_t len)
{
        struct xsn_xmlrpc_writer writer = { .depth = 1 };
        struct xsn_xmlrpc_doc *doc = NULL;

        xsn_xmlrpc_begin_struct(&writer);
        xsn_xmlrpc_put_member_text(&writer, text, text);
        xsn_xmlrpc_end_struct(&writer);
        if (xsn_xmlrpc_writer_check(&writer, NULL) == 0) {
                must(xsn_xmlrpc_read(writer.xml.s, writer.xml.len, NULL, &doc, NULL) == 0);
                must(strcmp(doc->root.members[0].name, text) == 0);
                must(strlen(text) == len && strcmp(doc->root.members[0].value.text, text) == 0);
                xsn_xmlrpc_doc_free(doc);
        }
        xsn_xmlrpc_writer_done(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const size_t pieces[] = { 1, 7, 64 };

        for (int some = 0; some < 2; some++) {
                struct xsn_buf whole = { 0 };

                read_all(data, size, size > 0 ? size : 1, some, &whole);
                for (size_t i = 0; i < XSN_ARRAY_SIZE(pieces); i++) {
                        struct xsn_buf found = { 0 };

                        read_all(data, size, pieces[i], some, &found);
                        must(found.len == whole.len && memcmp(found.s, whole.s, whole.len) == 0);
                        xsn_buf_done(&found);
                }
                xsn_buf_done(&whole);
        }
        if (size < 4096) {
                char text[4096];

                memcpy(text, data, size);
                text[size] = '\0';
                write_and_read(text, strlen(text));
        }
        return 0;
}
