/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: what the kernel takes for a device, what fits a device alias, and the nearest
 * known word for a misspelt one.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define XSN_IFNAME_MAX 15 /* IFNAMSIZ without its NUL */

/*
 * dev_valid_name() of the kernel: 1..15 bytes, no '/', ':' or white space, not "." or "..". Neither a '%', which the
 * kernel takes for a pattern: no device ever has it in its name.
 */
bool xsn_ifname_valid(const char *name);
/* One of the devices that the kernel's tunnel drivers make by themselves, and nobody can remove: "gre0". */
bool xsn_ifname_is_fallback(const char *name);
/* [A-Za-z0-9._-]{1,63} */
bool xsn_owner_valid(const char *owner);

/* The value of a hexadecimal digit, of either case; -1. */
int xsn_hex_digit(char c);
/* RFC 3986 percent-encoding of everything but unreserved characters. */
void xsn_percent_encode(struct xsn_buf *buf, const char *s);
/* Decodes in place; -EINVAL for a bad escape or an encoded NUL. */
int xsn_percent_decode(char *s);

/* The candidate nearest to word, or NULL when none is near enough to be a slip of the keyboard. */
const char *xsn_suggest(const char *word, const char *const *candidates, size_t n);

/* FIPS 180-4. */
void xsn_sha256(const void *data, size_t len, uint8_t ret_digest[32]);
/* The first n_hex hex digits of the SHA-256 of data, NUL-terminated. */
void xsn_sha256_hex(const void *data, size_t len, char *ret_hex, size_t n_hex);

#endif
