/* SPDX-License-Identifier: Apache-2.0 */
/* Collects what is wrong with a document; document.c gives it to the caller. */
#include "codec/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/codec.h"
#include "codec/text.h"

#define MESSAGE_MAX 600u /* bytes: a message may repeat what the document says, which may be megabytes */
#define WHERE_MAX   200u

static int make_where(const struct xsn_report *report, struct xsn_pos pos, const char *path, char **ret_where)
{
        struct xsn_buf buf = { 0 };

        if (report->source)
                xsn_buf_put_clean(&buf, report->source, WHERE_MAX);
        if (pos.line)
                xsn_buf_printf(&buf, "%s%u:%u", buf.len ? ":" : "", pos.line, pos.column);
        if (path && *path) {
                xsn_buf_put(&buf, buf.len ? " " : "");
                xsn_buf_put_clean(&buf, path, WHERE_MAX);
        }
        return xsn_buf_take(&buf, ret_where);
}

static void add_row(struct xsn_report *report, struct xsn_pos pos, const char *where, int code, const char *reason,
                    const char *message)
{
        _cleanup_(xsn_freep) char *clean = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_buf buf = { 0 };

        /* The call's result: what kind of wrong it is, the reason says. */
        code = code == -E2BIG ? code : -EINVAL;
        if (xsn_grow((void **)&report->rows, &report->cap, report->n + 1, sizeof(*report->rows)) < 0) {
                report->failed = true;
                return;
        }
        xsn_buf_put_clean(&buf, message, MESSAGE_MAX);
        if (xsn_buf_take(&buf, &clean) < 0 || xsn_error_add(&err, code, reason, where, "%s", clean) != code ||
            xsnet_error_get_code(err) != code) {
                xsnet_error_free(err);
                report->failed = true;
                return;
        }
        report->rows[report->n] = (struct xsn_report_row){ .pos = pos, .index = report->n, .err = err };
        report->n++;
}

/* "mtu: expected ..." at the path "networks[0].mtu": the path has said it. */
static const char *without_field(const char *path, const char *message)
{
        const char *colon = strstr(message, ": ");
        size_t n = colon ? (size_t)(colon - message) : 0, len = path ? strlen(path) : 0;

        if (len && path[len - 1] == ']')
                while (len && path[len - 1] != '[')
                        len--;
        len -= len && path[len - 1] == '[';
        if (!n || len < n || strncmp(path + len - n, message, n) != 0 ||
            (len > n && path[len - n - 1] != '.' && path[len - n - 1] != ' '))
                return message;
        return colon + 2;
}

static int report_add(struct xsn_report *report, struct xsn_pos pos, const char *path, int code, const char *reason,
                      const char *message)
{
        _cleanup_(xsn_freep) char *where = NULL;

        if (report->n >= XSN_CODEC_ERRORS_MAX) {
                report->n_more++;
                return code;
        }
        if (code == -ENOMEM || make_where(report, pos, path, &where) < 0)
                report->failed = true;
        else
                add_row(report, pos, where, code, reason, without_field(path, message));
        return code;
}

int xsn_report_add(struct xsn_report *report, struct xsn_pos pos, const char *path, int code, const char *reason,
                   const char *fmt, ...)
{
        char message[MESSAGE_MAX + 4]; /* longer ones are cut by add_row() */
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(message, sizeof(message), fmt, args);
        va_end(args);
        return report_add(report, pos, path, code, reason, message);
}

int xsn_report_take(struct xsn_report *report, struct xsn_pos pos, const char *path, struct xsnet_error *err)
{
        int code = xsnet_error_get_code(err);

        report_add(report, pos, path, code, xsnet_error_get_reason(err), xsnet_error_get_message(err));
        xsnet_error_free(err);
        return code;
}

/* "host.yaml:14:9 ...": the numbers behind the source's name. Line 0 where there are none. */
static struct xsn_pos where_pos(const struct xsn_report *report, const char *where)
{
        size_t len = report->source ? strlen(report->source) : 0;
        struct xsn_pos pos = { 0, 0 };

        if (len && !strncmp(where, report->source, len) && where[len] == ':')
                where += len + 1;
        if (sscanf(where, "%u:%u", &pos.line, &pos.column) != 2)
                pos = (struct xsn_pos){ 0, 0 };
        return pos;
}

void xsn_report_chain(struct xsn_report *report, struct xsnet_error *err)
{
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e)) {
                const char *where = xsnet_error_get_where(e);

                if (report->n >= XSN_CODEC_ERRORS_MAX)
                        report->n_more++;
                else if (xsnet_error_get_code(e) == -ENOMEM)
                        report->failed = true;
                else
                        add_row(report, where_pos(report, where), where, xsnet_error_get_code(e),
                                xsnet_error_get_reason(e), xsnet_error_get_message(e));
        }
        xsnet_error_free(err);
}

/* In the order of the text; those without a place at the end. */
static int row_compare(const void *a, const void *b)
{
        const struct xsn_report_row *x = a, *y = b;
        uint32_t p = x->pos.line - 1, q = y->pos.line - 1; /* 0 becomes the last */

        if (p != q)
                return p < q ? -1 : 1;
        if (x->pos.column != y->pos.column)
                return x->pos.column < y->pos.column ? -1 : 1;
        return x->index < y->index ? -1 : 1;
}

int xsn_report_give(struct xsn_report *report, struct xsnet_error **ret_err)
{
        struct xsnet_error *list = NULL;

        if (report->failed) {
                xsn_report_done(report);
                return xsn_error_oom(ret_err);
        }
        if (report->n)
                qsort(report->rows, report->n, sizeof(*report->rows), row_compare);
        for (size_t i = 0; i < report->n; i++)
                xsn_error_append(&list, XSN_TAKE(report->rows[i].err));
        if (report->n_more)
                xsn_error_add(&list, -EINVAL, "more-errors", report->source, "and %zu more", report->n_more);
        xsn_report_done(report);
        return list ? xsn_error_give(ret_err, list) : 0;
}

void xsn_report_done(struct xsn_report *report)
{
        for (size_t i = 0; i < report->n; i++)
                xsnet_error_free(report->rows[i].err);
        xsn_free(report->rows);
        *report = (struct xsn_report){ .source = report->source };
}
