/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in the text of XML-RPC, whatever the locale. Used by the reader, the values and the writer. */
#ifndef TRANSPORT_XMLRPC_NUMBER_H
#define TRANSPORT_XMLRPC_NUMBER_H

#include <stdint.h>

#define XSN_XMLRPC_DOUBLE_MAX 64 /* bytes, with NUL */

/* Decimal digits, perhaps with a sign, that fit. 0 or -EINVAL. */
int xsn_xmlrpc_parse_int(const char *text, int64_t *ret_number);
/* What "%.16g" prints in the C locale: also "inf", "nan" and their kin. 0 or -EINVAL. */
int xsn_xmlrpc_parse_double(const char *text, double *ret_number);
/* So that it reads back as the same number. Returns buf. */
char *xsn_xmlrpc_format_double(double number, char buf[XSN_XMLRPC_DOUBLE_MAX]);

#endif
