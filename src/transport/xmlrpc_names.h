/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XAPI does not escape the names of members: a key of an other_config with '<' or '&' makes its answers ill-formed,
 * whole lists of records too (seen with 24.19, XCP-ng 8.3). This filter stands before the parser and escapes what is
 * between <name> and </name>, unless it is escaped already. Used by xmlrpc_read.c alone.
 */
#ifndef TRANSPORT_XMLRPC_NAMES_H
#define TRANSPORT_XMLRPC_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* All zero is the beginning of a text. */
struct xsn_xmlrpc_names {
        bool inside;   /* a name */
        size_t n_held; /* outside: bytes of "<name>" seen, and passed on; inside: bytes held back */
        char held[12]; /* of an end tag or an entity that is not whole yet */
};

/* Appends the next piece of the text to out, escaped. */
void xsn_xmlrpc_names_feed(struct xsn_xmlrpc_names *names, const char *text, size_t len, struct xsn_buf *out);
/* The text has ended: what was held back. */
void xsn_xmlrpc_names_end(struct xsn_xmlrpc_names *names, struct xsn_buf *out);

#endif
