/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the scalar types share: types.c, types_addr.c. */
#ifndef MODEL_TYPES_H
#define MODEL_TYPES_H

#include "model/desc.h"

extern const struct xsn_type xsn_type_mac, xsn_type_ip, xsn_type_prefix, xsn_type_route;

/* -EINVAL "bad-value": "%s: expected WHAT, found 'TEXT'", and -ERANGE "out-of-range" alike; the text is cut to fit. */
int xsn_type_expected(struct xsnet_error **ret_err, const struct xsn_field *field, const char *what, const char *text);
int xsn_type_out_of_range(struct xsnet_error **ret_err, const struct xsn_field *field, const char *what,
                          const char *text);

/*
 * Decimal digits alone: no sign, no octal, no sexagesimal. 0 with *text behind them; -EINVAL where
 * there are none; -ERANGE, *text moved too, beyond 64 bits.
 */
int xsn_digits_parse(const char **text, uint64_t *ret_n);
/* All of text is a number of at most max. 0, -EINVAL, -ERANGE. */
int xsn_number_parse(const char *text, uint64_t max, uint64_t *ret_n);

#endif
