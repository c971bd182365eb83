/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error object: public getters for users, and the internal calls by which every
 * layer reports. An error that finds no memory is one static constant; it is only
 * ever alone, never part of a chain, so that a chain's members can all be changed.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"

struct xsnet_error {
        int code;
        char *reason;             /* lies behind the struct, in the same allocation */
        char *message;            /* owned */
        char *where;              /* owned; NULL: not known */
        struct xsnet_error *next; /* owned */
        struct xsnet_error *last; /* of the chain that this error heads; not kept in the others */
};

static const struct xsnet_error oom_error = {
        .code = -ENOMEM,
        .reason = (char *)"out-of-memory",
        .message = (char *)"there is not enough memory",
};

static struct xsnet_error *static_oom(void)
{
        return (struct xsnet_error *)&oom_error;
}

XSN_EXPORT struct xsnet_error *xsnet_error_free(struct xsnet_error *err)
{
        while (err && err != &oom_error) {
                struct xsnet_error *next = err->next;

                xsn_free(err->message);
                xsn_free(err->where);
                xsn_free(err);
                err = next;
        }
        return NULL;
}

XSN_EXPORT int xsnet_error_get_code(const struct xsnet_error *err)
{
        return err ? err->code : 0;
}

XSN_EXPORT const char *xsnet_error_get_reason(const struct xsnet_error *err)
{
        return err ? err->reason : "";
}

XSN_EXPORT const char *xsnet_error_get_message(const struct xsnet_error *err)
{
        return err ? err->message : "";
}

XSN_EXPORT const char *xsnet_error_get_where(const struct xsnet_error *err)
{
        return err && err->where ? err->where : "";
}

XSN_EXPORT const struct xsnet_error *xsnet_error_get_next(const struct xsnet_error *err)
{
        return err ? err->next : NULL;
}

/* NULL without memory; the text is the caller's. */
XSN_PRINTF(1, 0) static char *format_text(const char *fmt, va_list args)
{
        va_list again;
        char *text;
        int len;

        va_copy(again, args);
        len = vsnprintf(NULL, 0, fmt, again);
        va_end(again);
        if (len < 0) /* only for text beyond 2 GiB, or wide characters that do not convert: neither is used here */
                return NULL;
        text = xsn_alloc((size_t)len + 1);
        if (text)
                (void)vsnprintf(text, (size_t)len + 1, fmt, args);
        return text;
}

/* Takes message, also on failure. NULL without memory, also where message is NULL. */
static struct xsnet_error *error_new(int code, const char *reason, char *message)
{
        _cleanup_(xsn_freep) char *text = message;
        size_t size = strlen(reason) + 1;
        struct xsnet_error *err;

        if (!text)
                return NULL;
        err = xsn_alloc(sizeof(*err) + size);
        if (!err)
                return NULL;
        err->code = code;
        err->reason = (char *)(err + 1);
        memcpy(err->reason, reason, size);
        err->message = XSN_TAKE(text);
        err->last = err;
        return err;
}

/* err itself, or a copy that can be changed where it is the static one. NULL without memory. */
static struct xsnet_error *changeable(struct xsnet_error *err)
{
        if (err != &oom_error)
                return err;
        return error_new(oom_error.code, oom_error.reason, xsn_strdup(oom_error.message));
}

static void give(struct xsnet_error **ret_err, struct xsnet_error *err)
{
        xsnet_error_free(*ret_err);
        *ret_err = err ? err : static_oom();
}

int xsn_error_set(struct xsnet_error **ret_err, int code, const char *reason, const char *fmt, ...)
{
        va_list args;
        char *message;

        if (!ret_err)
                return code;
        /* The arguments may point into the old error: it goes after the text was made. */
        va_start(args, fmt);
        message = format_text(fmt, args);
        va_end(args);
        give(ret_err, error_new(code, reason, message));
        return code;
}

int xsn_error_oom(struct xsnet_error **ret_err)
{
        if (ret_err)
                give(ret_err, NULL);
        return -ENOMEM;
}

int xsn_error_prefix(struct xsnet_error **ret_err, int code, const char *fmt, ...)
{
        _cleanup_(xsn_freep) char *head = NULL;
        struct xsnet_error *err;
        size_t head_len, len;
        va_list args;
        char *message;

        if (!ret_err || !*ret_err || *ret_err == &oom_error)
                return code;
        err = *ret_err;
        va_start(args, fmt);
        head = format_text(fmt, args);
        va_end(args);
        if (!head)
                return code; /* the message as it was is still true */
        head_len = strlen(head);
        len = strlen(err->message);
        message = xsn_alloc(head_len + 2 + len + 1);
        if (!message)
                return code;
        memcpy(message, head, head_len);
        memcpy(message + head_len, ": ", 2);
        memcpy(message + head_len + 2, err->message, len);
        xsn_free(err->message);
        err->message = message;
        return code;
}

int xsn_error_where(struct xsnet_error **ret_err, int code, const char *fmt, ...)
{
        va_list args;

        if (!ret_err || !*ret_err || *ret_err == &oom_error || (*ret_err)->where)
                return code;
        va_start(args, fmt);
        (*ret_err)->where = format_text(fmt, args);
        va_end(args);
        return code;
}

void xsn_error_append(struct xsnet_error **list, struct xsnet_error *err)
{
        struct xsnet_error *head, *tail;

        if (!err)
                return;
        if (!*list) {
                *list = err;
                return;
        }
        head = changeable(*list);
        tail = changeable(err);
        if (!head || !tail) {
                /* Still no memory: what the list has says enough. */
                if (head != *list)
                        xsnet_error_free(head);
                xsnet_error_free(tail ? tail : err);
                return;
        }
        head->last->next = tail;
        head->last = tail->last;
        *list = head;
}

int xsn_error_add(struct xsnet_error **list, int code, const char *reason, const char *where, const char *fmt, ...)
{
        struct xsnet_error *err;
        va_list args;
        char *message;

        if (!list)
                return code;
        va_start(args, fmt);
        message = format_text(fmt, args);
        va_end(args);
        err = error_new(code, reason, message);
        if (!err)
                err = static_oom();
        else if (where && *where)
                err->where = xsn_strdup(where); /* without memory: an error without its place */
        xsn_error_append(list, err);
        return code;
}

int xsn_error_give(struct xsnet_error **ret_err, struct xsnet_error *err)
{
        int code = xsnet_error_get_code(err);

        if (!err)
                return 0;
        if (ret_err)
                give(ret_err, err);
        else
                xsnet_error_free(err);
        return code;
}

struct xsnet_error *xsn_error_copy(const struct xsnet_error *err)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *list = NULL;

        if (err == &oom_error)
                return static_oom();
        for (; err; err = err->next) {
                struct xsnet_error *copy = error_new(err->code, err->reason, xsn_strdup(err->message));

                if (!copy)
                        return static_oom();
                xsn_error_append(&list, copy);
                if (!err->where)
                        continue;
                copy->where = xsn_strdup(err->where);
                if (!copy->where)
                        return static_oom();
        }
        return XSN_TAKE(list);
}

size_t xsn_error_count(const struct xsnet_error *err)
{
        size_t n = 0;

        for (; err; err = err->next)
                n++;
        return n;
}
