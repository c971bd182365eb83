/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of XML-RPC as they were read: a tree in one arena, released as a whole. XAPI writes strings, enums,
 * references and 64-bit integers all as untagged text, so readers ask by the type that they want.
 */
#ifndef TRANSPORT_XMLRPC_VALUE_H
#define TRANSPORT_XMLRPC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum {
        XSN_XMLRPC_STRING = 0, /* with a tag or without */
        XSN_XMLRPC_INT = 1,    /* <int>, <i4>, <i8> */
        XSN_XMLRPC_BOOL = 2,
        XSN_XMLRPC_DOUBLE = 3,
        XSN_XMLRPC_TIME = 4, /* dateTime.iso8601: its text, as it came */
        XSN_XMLRPC_ARRAY = 5,
        XSN_XMLRPC_STRUCT = 6
};

struct xsn_xmlrpc_value {
        uint8_t type; /* XSN_XMLRPC_* */
        uint32_t n;   /* items, members, or bytes of text without the NUL */
        union {
                const char *text;                        /* STRING, TIME; never NULL */
                const struct xsn_xmlrpc_value *items;    /* ARRAY */
                const struct xsn_xmlrpc_member *members; /* STRUCT, in the order of the text */
                int64_t number;                          /* INT; BOOL: 0 or 1 */
                double real;                             /* DOUBLE */
        };
};

struct xsn_xmlrpc_member {
        const char *name; /* XAPI gives maps with a name twice back as they were stored */
        struct xsn_xmlrpc_value value;
};

/* A tree and its memory. */
struct xsn_xmlrpc_doc {
        struct xsn_arena arena;
        struct xsn_xmlrpc_value root;
};

/* NULL is ignored. Returns NULL. */
struct xsn_xmlrpc_doc *xsn_xmlrpc_doc_free(struct xsn_xmlrpc_doc *doc);
XSN_CLEANUP_DEFINE(xsn_xmlrpc_doc_free, struct xsn_xmlrpc_doc);

/* "a struct", "text", ... for messages. */
const char *xsn_xmlrpc_type_name(int type);

/* The first member of that name; NULL where there is none, or value (may be NULL) is no struct. */
const struct xsn_xmlrpc_value *xsn_xmlrpc_member(const struct xsn_xmlrpc_value *value, const char *name);

/*
 * A value as one type. -EBADMSG "bad-reply": it is another one; the message says what was expected and what found, and
 * the caller prefixes where. Booleans are <boolean> alone, integers digits (with or without a tag), numbers anything
 * that is one.
 */
int xsn_xmlrpc_as_text(const struct xsn_xmlrpc_value *value, const char **ret_text, struct xsnet_error **ret_err);
int xsn_xmlrpc_as_int(const struct xsn_xmlrpc_value *value, int64_t *ret_number, struct xsnet_error **ret_err);
int xsn_xmlrpc_as_bool(const struct xsn_xmlrpc_value *value, bool *ret_bool, struct xsnet_error **ret_err);
int xsn_xmlrpc_as_double(const struct xsn_xmlrpc_value *value, double *ret_real, struct xsnet_error **ret_err);
/* Checks the type alone: XSN_XMLRPC_ARRAY or XSN_XMLRPC_STRUCT. */
int xsn_xmlrpc_check(const struct xsn_xmlrpc_value *value, int type, struct xsnet_error **ret_err);

/* The same for a member of a record. A missing one is an error, too; the messages have its name. */
int xsn_xmlrpc_get_text(const struct xsn_xmlrpc_value *record, const char *name, const char **ret_text,
                        struct xsnet_error **ret_err);
int xsn_xmlrpc_get_int(const struct xsn_xmlrpc_value *record, const char *name, int64_t *ret_number,
                       struct xsnet_error **ret_err);
int xsn_xmlrpc_get_bool(const struct xsn_xmlrpc_value *record, const char *name, bool *ret_bool,
                        struct xsnet_error **ret_err);
int xsn_xmlrpc_get_double(const struct xsn_xmlrpc_value *record, const char *name, double *ret_real,
                          struct xsnet_error **ret_err);
int xsn_xmlrpc_get(const struct xsn_xmlrpc_value *record, const char *name, int type,
                   const struct xsn_xmlrpc_value **ret_value, struct xsnet_error **ret_err);

#endif
