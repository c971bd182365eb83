/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads XML-RPC as it arrives, in pieces of any size: a reply of any length is never in memory as text. No entities
 * but XML's own five, no DOCTYPE, nothing is looked up; depth, size and the number of values are bounded.
 * Understands what XAPI sends: untagged text, empty values, and names of members whose '<' and '&' nobody escaped.
 */
#ifndef TRANSPORT_XMLRPC_READ_H
#define TRANSPORT_XMLRPC_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "transport/xmlrpc_value.h"

/* Zero members are the defaults. */
struct xsn_xmlrpc_limits {
        uint64_t text;   /* bytes of XML; 256 MiB */
        uint64_t values; /* 8 million */
        unsigned depth;  /* of values in values; 32 */
};

struct xsn_xmlrpc_reader;

/* limits may be NULL. */
int xsn_xmlrpc_reader_new(const struct xsn_xmlrpc_limits *limits, struct xsn_xmlrpc_reader **ret_reader,
                          struct xsnet_error **ret_err);
/* NULL is ignored. Returns NULL. */
struct xsn_xmlrpc_reader *xsn_xmlrpc_reader_free(struct xsn_xmlrpc_reader *reader);
XSN_CLEANUP_DEFINE(xsn_xmlrpc_reader_free, struct xsn_xmlrpc_reader);

/*
 * Of structs that are `depth` values deep (the outermost value is 1) only these members are kept; the others are read
 * and forgotten. The names are borrowed for as long as the reader lives.
 */
void xsn_xmlrpc_reader_keep(struct xsn_xmlrpc_reader *reader, const char *const *names, size_t n_names, unsigned depth);
/* -EBADMSG "bad-reply", -EMSGSIZE "too-big"; the same again from then on. The message has the place in the text. */
int xsn_xmlrpc_reader_feed(struct xsn_xmlrpc_reader *reader, const char *text, size_t len,
                           struct xsnet_error **ret_err);
/*
 * The text has ended: what it was. A <methodResponse> gives its one parameter, a <value> that stands alone (the
 * result of a task) itself. A <fault>, which XAPI never sends but a proxy may, is -EREMOTEIO "server-error".
 */
int xsn_xmlrpc_reader_end(struct xsn_xmlrpc_reader *reader, struct xsn_xmlrpc_doc **ret_doc,
                          struct xsnet_error **ret_err);

/* All of it at once. */
int xsn_xmlrpc_read(const char *text, size_t len, const struct xsn_xmlrpc_limits *limits,
                    struct xsn_xmlrpc_doc **ret_doc, struct xsnet_error **ret_err);

#endif
