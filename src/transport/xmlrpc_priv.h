/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the reader share: xmlrpc_read.c has the text and the parser, xmlrpc_element.c the elements. */
#ifndef TRANSPORT_XMLRPC_PRIV_H
#define TRANSPORT_XMLRPC_PRIV_H

#include <libxml/parser.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/hash.h"
#include "transport/xmlrpc_names.h"
#include "transport/xmlrpc_read.h"

#define XSN_XMLRPC_DEPTH_MAX 64u /* of values, whatever the limit says */
#define XSN_XMLRPC_LEVELS    3u  /* <value><struct><member>: elements that a level of values takes at most */

struct xsn_xmlrpc_tag; /* a kind of element */

/* An element that is open. */
struct xsn_xmlrpc_open {
        const struct xsn_xmlrpc_tag *tag;
        size_t base;      /* of DATA and STRUCT: where their values begin on the stack */
        const char *name; /* of MEMBER, once it is known */
        uint32_t n;       /* children so far */
};

struct xsn_xmlrpc_reader {
        struct xsn_xmlrpc_limits limits;
        xmlParserCtxtPtr parser;
        struct xsn_xmlrpc_names names;
        struct xsn_buf piece; /* what the parser gets next */
        struct xsnet_error *err;
        uint64_t n_text, n_values;
        unsigned depth; /* of open values */

        struct xsn_xmlrpc_open stack[XSN_XMLRPC_DEPTH_MAX * XSN_XMLRPC_LEVELS + XSN_XMLRPC_LEVELS + 2];
        size_t n_open;
        struct xsn_buf text;           /* of the innermost element */
        struct xsn_xmlrpc_value value; /* that has just ended */
        struct xsn_xmlrpc_member *values;
        size_t n_kept, cap_kept;
        struct xsn_hash known; /* names */
        struct xsn_xmlrpc_doc *doc;
        bool fault; /* it is one */

        const char *const *wanted; /* names of members; NULL: all */
        size_t n_wanted;
        unsigned wanted_depth; /* of the structs that have them */
        bool skipping;         /* the rest of the innermost member */
        size_t n_skipped;      /* elements in it that are open */
};

/* The callbacks; the stack begins with what is around the root. */
void xsn_xmlrpc_element_init(struct xsn_xmlrpc_reader *reader, xmlSAXHandler *sax);

/* An error, of which the first stays; nothing is read behind it. */
void xsn_xmlrpc_no_memory(struct xsn_xmlrpc_reader *reader);
/* "bad-reply" at the present place. */
void xsn_xmlrpc_bad(struct xsn_xmlrpc_reader *reader, const char *what);
void xsn_xmlrpc_too_big(struct xsn_xmlrpc_reader *reader, const char *what, uint64_t limit);
/* What the parser itself has found. */
void xsn_xmlrpc_parser_failed(struct xsn_xmlrpc_reader *reader);

#endif
