/* SPDX-License-Identifier: Apache-2.0 */
/* Values as the types that readers want, with messages that say what was found instead. */
#include "transport/xmlrpc_value.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "transport/xmlrpc_number.h"

#define FOUND_MAX 60 /* bytes of a text that a message repeats */

struct xsn_xmlrpc_doc *xsn_xmlrpc_doc_free(struct xsn_xmlrpc_doc *doc)
{
        if (!doc)
                return NULL;
        xsn_arena_done(&doc->arena);
        return xsn_free(doc);
}

const char *xsn_xmlrpc_type_name(int type)
{
        static const char *const names[] = { "text",   "an integer", "a boolean", "a number",
                                             "a time", "an array",   "a struct" };

        return type >= 0 && (size_t)type < XSN_ARRAY_SIZE(names) ? names[type] : "nothing";
}

const struct xsn_xmlrpc_value *xsn_xmlrpc_member(const struct xsn_xmlrpc_value *value, const char *name)
{
        if (!value || value->type != XSN_XMLRPC_STRUCT)
                return NULL;
        for (uint32_t i = 0; i < value->n; i++)
                if (strcmp(value->members[i].name, name) == 0)
                        return &value->members[i].value;
        return NULL;
}

/* "expected an integer, found text 'x'" */
static int refuse(const struct xsn_xmlrpc_value *value, int type, struct xsnet_error **ret_err)
{
        const char *wanted = xsn_xmlrpc_type_name(type);
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        if (!value)
                return xsn_error_set(ret_err, -EBADMSG, "bad-reply", "expected %s, found nothing", wanted);
        xsn_buf_put(&buf, xsn_xmlrpc_type_name(value->type));
        if (value->type == XSN_XMLRPC_STRING || value->type == XSN_XMLRPC_TIME) {
                xsn_buf_put(&buf, " '");
                xsn_buf_put_clean(&buf, value->text, FOUND_MAX);
                xsn_buf_put(&buf, "'");
        }
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EBADMSG, "bad-reply", "expected %s, found %s", wanted, text);
}

int xsn_xmlrpc_check(const struct xsn_xmlrpc_value *value, int type, struct xsnet_error **ret_err)
{
        return value && value->type == type ? 0 : refuse(value, type, ret_err);
}

int xsn_xmlrpc_as_text(const struct xsn_xmlrpc_value *value, const char **ret_text, struct xsnet_error **ret_err)
{
        if (!value || (value->type != XSN_XMLRPC_STRING && value->type != XSN_XMLRPC_TIME))
                return refuse(value, XSN_XMLRPC_STRING, ret_err);
        *ret_text = value->text;
        return 0;
}

int xsn_xmlrpc_as_int(const struct xsn_xmlrpc_value *value, int64_t *ret_number, struct xsnet_error **ret_err)
{
        if (value && value->type == XSN_XMLRPC_INT) {
                *ret_number = value->number;
                return 0;
        }
        if (value && value->type == XSN_XMLRPC_STRING && xsn_xmlrpc_parse_int(value->text, ret_number) == 0)
                return 0;
        return refuse(value, XSN_XMLRPC_INT, ret_err);
}

int xsn_xmlrpc_as_bool(const struct xsn_xmlrpc_value *value, bool *ret_bool, struct xsnet_error **ret_err)
{
        if (!value || value->type != XSN_XMLRPC_BOOL)
                return refuse(value, XSN_XMLRPC_BOOL, ret_err);
        *ret_bool = value->number != 0;
        return 0;
}

int xsn_xmlrpc_as_double(const struct xsn_xmlrpc_value *value, double *ret_real, struct xsnet_error **ret_err)
{
        if (value && value->type == XSN_XMLRPC_DOUBLE) {
                *ret_real = value->real;
                return 0;
        }
        if (value && value->type == XSN_XMLRPC_INT) {
                *ret_real = (double)value->number;
                return 0;
        }
        if (value && value->type == XSN_XMLRPC_STRING && xsn_xmlrpc_parse_double(value->text, ret_real) == 0)
                return 0;
        return refuse(value, XSN_XMLRPC_DOUBLE, ret_err);
}

/* ---- members ---- */

/* An error of the member: "MTU: expected an integer, found nothing". */
static int name_it(int r, const char *name, struct xsnet_error **ret_err)
{
        return r < 0 ? xsn_error_prefix(ret_err, r, "%s", name) : r;
}

int xsn_xmlrpc_get_text(const struct xsn_xmlrpc_value *record, const char *name, const char **ret_text,
                        struct xsnet_error **ret_err)
{
        return name_it(xsn_xmlrpc_as_text(xsn_xmlrpc_member(record, name), ret_text, ret_err), name, ret_err);
}

int xsn_xmlrpc_get_int(const struct xsn_xmlrpc_value *record, const char *name, int64_t *ret_number,
                       struct xsnet_error **ret_err)
{
        return name_it(xsn_xmlrpc_as_int(xsn_xmlrpc_member(record, name), ret_number, ret_err), name, ret_err);
}

int xsn_xmlrpc_get_bool(const struct xsn_xmlrpc_value *record, const char *name, bool *ret_bool,
                        struct xsnet_error **ret_err)
{
        return name_it(xsn_xmlrpc_as_bool(xsn_xmlrpc_member(record, name), ret_bool, ret_err), name, ret_err);
}

int xsn_xmlrpc_get_double(const struct xsn_xmlrpc_value *record, const char *name, double *ret_real,
                          struct xsnet_error **ret_err)
{
        return name_it(xsn_xmlrpc_as_double(xsn_xmlrpc_member(record, name), ret_real, ret_err), name, ret_err);
}

int xsn_xmlrpc_get(const struct xsn_xmlrpc_value *record, const char *name, int type,
                   const struct xsn_xmlrpc_value **ret_value, struct xsnet_error **ret_err)
{
        const struct xsn_xmlrpc_value *value = xsn_xmlrpc_member(record, name);
        int r = xsn_xmlrpc_check(value, type, ret_err);

        if (r == 0)
                *ret_value = value;
        return name_it(r, name, ret_err);
}
