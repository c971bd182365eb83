/* SPDX-License-Identifier: Apache-2.0 */
/* XML-RPC values against JSON, as tests/data/xapi/wire has them; and readers that get the text in pieces. */
#ifndef XMLRPC_TEST_H
#define XMLRPC_TEST_H

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "failalloc.h"
#include "transport/xmlrpc_read.h"
#include "unit.h"

static inline json_t *json_of(const struct xsn_xmlrpc_value *value)
{
        json_t *json = json_array(), *outer;

        switch (value->type) {
        case XSN_XMLRPC_STRING:
                json_decref(json);
                return json_stringn(value->text, value->n);
        case XSN_XMLRPC_INT:
                json_decref(json);
                return json_integer(value->number);
        case XSN_XMLRPC_BOOL:
                json_decref(json);
                return json_boolean(value->number);
        case XSN_XMLRPC_DOUBLE:
                json_decref(json);
                return json_real(value->real);
        case XSN_XMLRPC_TIME:
                json_decref(json);
                return json_pack("{ss}", "time", value->text);
        case XSN_XMLRPC_ARRAY:
                for (uint32_t i = 0; i < value->n; i++)
                        json_array_append_new(json, json_of(&value->items[i]));
                return json;
        default:
                for (uint32_t i = 0; i < value->n; i++)
                        json_array_append_new(
                                json, json_pack("[so]", value->members[i].name, json_of(&value->members[i].value)));
                outer = json_pack("{so}", "struct", json);
                return outer;
        }
}

/* In pieces of so many bytes; the first is `first` bytes. */
static inline int read_in_pieces(const char *text, size_t len, size_t first, size_t piece,
                                 struct xsn_xmlrpc_doc **ret_doc, struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_reader *reader;
        int r = xsn_xmlrpc_reader_new(NULL, &reader, ret_err);

        for (size_t at = 0, n; r == 0 && at < len; at += n) {
                n = at == 0 && first ? first : piece;
                n = n < len - at ? n : len - at;
                r = xsn_xmlrpc_reader_feed(reader, text + at, n, ret_err);
        }
        if (r == 0)
                r = xsn_xmlrpc_reader_end(reader, ret_doc, ret_err);
        xsn_xmlrpc_reader_free(reader);
        return r;
}

/* What it says as JSON, or "!" and the error; the caller's. */
static inline char *said(const char *text, size_t len, size_t first, size_t piece)
{
        struct xsn_xmlrpc_doc *doc = NULL;
        struct xsnet_error *err = NULL;
        char *dump = NULL;

        if (read_in_pieces(text, len, first, piece, &doc, &err) < 0) {
                ck_assert_int_ge(asprintf(&dump, "!%s: %s", xsnet_error_get_reason(err), xsnet_error_get_message(err)),
                                 0);
                xsnet_error_free(err);
        } else {
                json_t *json = json_of(&doc->root);

                dump = json_dumps(json, JSON_ENCODE_ANY);
                json_decref(json);
                xsn_xmlrpc_doc_free(doc);
        }
        return dump;
}

/* The lines of a file of tests/data/xapi/wire. */
static inline json_t *load_lines(const char *name)
{
        json_t *lines = json_array();
        char path[512], *line = NULL;
        size_t size = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/xapi/wire/%s", getenv("XSN_TEST_DATA"), name);
        file = fopen(path, "r");
        ck_assert_msg(file != NULL, "%s", path);
        while (getline(&line, &size, file) > 0)
                ck_assert_int_eq(json_array_append_new(lines, json_loads(line, JSON_ALLOW_NUL, NULL)), 0);
        free(line);
        fclose(file);
        ck_assert_uint_gt(json_array_size(lines), 0);
        return lines;
}

#endif
