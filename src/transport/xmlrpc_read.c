/* SPDX-License-Identifier: Apache-2.0 */
/* libxml2's push parser, with callbacks of our own that keep no tree of XML. */
#include "transport/xmlrpc_read.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "transport/xmlrpc_priv.h"

#define PIECE     (16u << 10) /* bytes that the parser gets at a time */
#define FAULT_MAX 200u        /* bytes of a fault's text in a message */

struct xsn_xmlrpc_reader *xsn_xmlrpc_reader_free(struct xsn_xmlrpc_reader *reader)
{
        if (!reader)
                return NULL;
        if (reader->parser)
                xmlFreeParserCtxt(reader->parser);
        xsn_hash_done(&reader->known);
        xsn_buf_done(&reader->piece);
        xsn_buf_done(&reader->text);
        xsn_free(reader->values);
        xsn_xmlrpc_doc_free(reader->doc);
        xsnet_error_free(reader->err);
        return xsn_free(reader);
}

int xsn_xmlrpc_reader_new(const struct xsn_xmlrpc_limits *limits, struct xsn_xmlrpc_reader **ret_reader,
                          struct xsnet_error **ret_err)
{
        _cleanup_(xsn_xmlrpc_reader_freep) struct xsn_xmlrpc_reader *reader = xsn_alloc(sizeof(*reader));
        xmlSAXHandler sax;

        if (!reader)
                return xsn_error_oom(ret_err);
        if (limits)
                reader->limits = *limits;
        reader->limits.text = reader->limits.text ? reader->limits.text : UINT64_C(256) << 20;
        reader->limits.values = reader->limits.values ? reader->limits.values : UINT64_C(8) << 20;
        if (reader->limits.depth == 0)
                reader->limits.depth = 32;
        if (reader->limits.depth > XSN_XMLRPC_DEPTH_MAX)
                reader->limits.depth = XSN_XMLRPC_DEPTH_MAX;
        xsn_xmlrpc_element_init(reader, &sax);
        reader->doc = xsn_alloc(sizeof(*reader->doc));
        reader->parser = xmlCreatePushParserCtxt(&sax, reader, NULL, 0, NULL);
        if (!reader->doc || !reader->parser ||
            xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC) != 0)
                return xsn_error_oom(ret_err);
        *ret_reader = XSN_TAKE(reader);
        return 0;
}

void xsn_xmlrpc_reader_keep(struct xsn_xmlrpc_reader *reader, const char *const *names, size_t n_names, unsigned depth)
{
        reader->wanted = names;
        reader->n_wanted = n_names;
        reader->wanted_depth = depth;
}

static int give_error(const struct xsn_xmlrpc_reader *reader, struct xsnet_error **ret_err)
{
        return xsn_error_give(ret_err, xsn_error_copy(reader->err));
}

/* Gives the parser what was gathered. */
static int parse(struct xsn_xmlrpc_reader *reader, bool end, struct xsnet_error **ret_err)
{
        const struct xsn_buf *piece = &reader->piece;

        if (piece->failed)
                xsn_xmlrpc_no_memory(reader);
        if (!reader->err)
                (void)xmlParseChunk(reader->parser, piece->len > 0 ? piece->s : "", (int)piece->len, end);
        if (!reader->err && !reader->parser->wellFormed)
                xsn_xmlrpc_parser_failed(reader);
        reader->piece.len = 0;
        return reader->err ? give_error(reader, ret_err) : 0;
}

/* Only UTF-8, whatever libxml2 knows: it tells other encodings by such beginnings. */
static bool is_utf8_beginning(char c)
{
        return strchr("<\xef \t\r\n", c) != NULL;
}

int xsn_xmlrpc_reader_feed(struct xsn_xmlrpc_reader *reader, const char *text, size_t len, struct xsnet_error **ret_err)
{
        int r = reader->err ? give_error(reader, ret_err) : 0;

        if (r == 0 && len > 0 && ((reader->n_text == 0 && !is_utf8_beginning(*text)) || memchr(text, '\0', len))) {
                xsn_xmlrpc_bad(reader, "this is no XML");
                return give_error(reader, ret_err);
        }
        while (r == 0 && len > 0) {
                size_t n = len < PIECE ? len : PIECE;

                if (n > reader->limits.text - reader->n_text) {
                        xsn_xmlrpc_too_big(reader, "bytes", reader->limits.text);
                        return give_error(reader, ret_err);
                }
                reader->n_text += n;
                xsn_xmlrpc_names_feed(&reader->names, text, n, &reader->piece);
                r = parse(reader, false, ret_err);
                text += n;
                len -= n;
        }
        return r;
}

/* A fault's struct. */
static int read_fault(const struct xsn_xmlrpc_value *value, struct xsnet_error **ret_err)
{
        const struct xsn_xmlrpc_value *words = xsn_xmlrpc_member(value, "faultString");
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put_clean(&buf, words && words->type == XSN_XMLRPC_STRING ? words->text : "a fault", FAULT_MAX);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EREMOTEIO, "server-error", "%s", text);
}

int xsn_xmlrpc_reader_end(struct xsn_xmlrpc_reader *reader, struct xsn_xmlrpc_doc **ret_doc,
                          struct xsnet_error **ret_err)
{
        int r = reader->err ? give_error(reader, ret_err) : 0;

        if (r < 0)
                return r;
        if (reader->n_text == 0) {
                xsn_xmlrpc_bad(reader, "the answer is empty");
                return give_error(reader, ret_err);
        }
        xsn_xmlrpc_names_end(&reader->names, &reader->piece);
        r = parse(reader, true, ret_err);
        if (r < 0)
                return r;
        reader->doc->root = reader->value;
        if (reader->fault)
                return read_fault(&reader->value, ret_err);
        *ret_doc = XSN_TAKE(reader->doc);
        return 0;
}

int xsn_xmlrpc_read(const char *text, size_t len, const struct xsn_xmlrpc_limits *limits,
                    struct xsn_xmlrpc_doc **ret_doc, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_xmlrpc_reader_freep) struct xsn_xmlrpc_reader *reader = NULL;
        int r = xsn_xmlrpc_reader_new(limits, &reader, ret_err);

        if (r == 0)
                r = xsn_xmlrpc_reader_feed(reader, text, len, ret_err);
        if (r == 0)
                r = xsn_xmlrpc_reader_end(reader, ret_doc, ret_err);
        return r;
}
