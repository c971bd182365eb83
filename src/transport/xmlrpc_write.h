/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the parameters of an XML-RPC call: each value at the outermost level is one. What cannot be sent (text that
 * XML cannot carry, memory that is not there) is remembered and reported once, by who sends the call.
 */
#ifndef TRANSPORT_XMLRPC_WRITE_H
#define TRANSPORT_XMLRPC_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* All zero is an empty one. Release with xsn_xmlrpc_writer_done(). */
struct xsn_xmlrpc_writer {
        struct xsn_buf xml;
        unsigned depth; /* of open arrays and structs */
        bool bad_text;
};

void xsn_xmlrpc_put_text(struct xsn_xmlrpc_writer *writer, const char *text);
void xsn_xmlrpc_put_int(struct xsn_xmlrpc_writer *writer, int64_t number); /* as text: XAPI's are of 64 bits */
void xsn_xmlrpc_put_bool(struct xsn_xmlrpc_writer *writer, bool value);
void xsn_xmlrpc_put_double(struct xsn_xmlrpc_writer *writer, double number);
void xsn_xmlrpc_begin_array(struct xsn_xmlrpc_writer *writer);
void xsn_xmlrpc_end_array(struct xsn_xmlrpc_writer *writer);
void xsn_xmlrpc_begin_struct(struct xsn_xmlrpc_writer *writer);
/* Exactly one value follows, then xsn_xmlrpc_end_member(). */
void xsn_xmlrpc_begin_member(struct xsn_xmlrpc_writer *writer, const char *name);
void xsn_xmlrpc_end_member(struct xsn_xmlrpc_writer *writer);
void xsn_xmlrpc_end_struct(struct xsn_xmlrpc_writer *writer);
/* A member with its value, for the most frequent ones. */
void xsn_xmlrpc_put_member_text(struct xsn_xmlrpc_writer *writer, const char *name, const char *text);
void xsn_xmlrpc_put_member_int(struct xsn_xmlrpc_writer *writer, const char *name, int64_t number);
void xsn_xmlrpc_put_member_bool(struct xsn_xmlrpc_writer *writer, const char *name, bool value);

/* 0; -ENOMEM; -EINVAL "bad-text". */
int xsn_xmlrpc_writer_check(const struct xsn_xmlrpc_writer *writer, struct xsnet_error **ret_err);
void xsn_xmlrpc_writer_done(struct xsn_xmlrpc_writer *writer);

/*
 * A whole request: texts, which are parameters, too, before those of params (may be NULL). All memory is asked for at
 * once, so that no copy of a secret is left behind by growing.
 */
int xsn_xmlrpc_request(const char *method, const char *const *texts, size_t n_texts,
                       const struct xsn_xmlrpc_writer *params, struct xsn_buf *ret_body, struct xsnet_error **ret_err);

#endif
