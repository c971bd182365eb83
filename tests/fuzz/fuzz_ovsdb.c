/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what an OVSDB server sends: the splitter must find the same objects, and the same fault, however the
 * stream is cut, and stay within its limits. What it finds goes on to the parser, the schema and a copy of rows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "transport/ovsdb_error.h"
#include "transport/ovsdb_frame.h"
#include "transport/ovsdb_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_LIMIT 3000

static void must(bool what)
{
        if (!what)
                abort();
}

/* One object, as a message of any kind. */
static void read_message(const char *text, size_t len, struct xsn_ovsdb_schema **schema, struct xsn_ovsdb_rows *rows)
{
        json_t *message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
        struct xsn_ovsdb_changes changes = { 0 };
        struct xsn_ovsdb_schema *next = NULL;
        const json_t *result;

        if (!message)
                return;
        must(json_is_object(message));
        result = json_object_get(message, "result");
        (void)xsn_ovsdb_result_check(result, 1, NULL);
        (void)xsn_ovsdb_error_read(json_object_get(message, "error"), NULL);
        if (result && xsn_ovsdb_schema_parse(result, &next, NULL) == 0) {
                xsn_ovsdb_schema_free(*schema);
                *schema = next;
                (void)xsn_ovsdb_rows_bind(rows, next);
        }
        for (int form = XSN_OVSDB_WHOLE; form <= XSN_OVSDB_DIFF; form++) {
                if (xsn_ovsdb_rows_update(rows, result, form, true, &changes, NULL) == 0)
                        xsn_ovsdb_changes_done(&changes);
                if (xsn_ovsdb_rows_update(rows, json_array_get(json_object_get(message, "params"), 1), form, false,
                                          &changes, NULL) == 0)
                        xsn_ovsdb_changes_done(&changes);
        }
        json_decref(message);
}

/* The objects, each with a newline, and the code at the end, of the stream in pieces of `piece` bytes. */
static void split(const uint8_t *data, size_t size, size_t piece, struct xsn_buf *found)
{
        struct xsn_ovsdb_frame frame = { .limits = { .size = SIZE_LIMIT, .values = 500, .depth = 20 } };
        int r = 0;

        while (size > 0 && r >= 0) {
                size_t room, len, n = piece < size ? piece : size;
                const char *text;
                char *at;

                must(xsn_ovsdb_frame_room(&frame, &at, &room) == 0);
                must(room > 0);
                n = n < room ? n : room;
                memcpy(at, data, n);
                xsn_ovsdb_frame_filled(&frame, n);
                data += n;
                size -= n;
                while ((r = xsn_ovsdb_frame_next(&frame, &text, &len, NULL)) > 0) {
                        must(len <= SIZE_LIMIT && text[0] == '{' && text[len - 1] == '}');
                        xsn_buf_putn(found, text, len);
                        xsn_buf_putc(found, '\n');
                }
        }
        xsn_buf_printf(found, "%d", r);
        xsn_ovsdb_frame_reset(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const columns[] = { "name", "tag", "trunks", "external_ids", "ports" };
        static const size_t pieces[] = { 1, 7, 64 };
        struct xsn_ovsdb_schema *schema = NULL;
        struct xsn_ovsdb_rows rows = { 0 };
        struct xsn_buf whole = { 0 };

        split(data, size, size > 0 ? size : 1, &whole);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(pieces); i++) {
                struct xsn_buf found = { 0 };

                split(data, size, pieces[i], &found);
                must(!found.failed && found.len == whole.len && memcmp(found.s, whole.s, whole.len) == 0);
                xsn_buf_done(&found);
        }
        must(xsn_ovsdb_rows_add_table(&rows, "Port", columns, XSN_ARRAY_SIZE(columns)) == 0);
        for (char *line = whole.s, *end; (end = strchr(line, '\n')); line = end + 1)
                read_message(line, (size_t)(end - line), &schema, &rows);
        xsn_ovsdb_rows_done(&rows);
        xsn_ovsdb_schema_free(schema);
        xsn_buf_done(&whole);
        return 0;
}
