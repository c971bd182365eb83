/* SPDX-License-Identifier: Apache-2.0 */
/* MAC addresses, IP addresses and prefixes: parse, print, compare. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

struct xsn_mac {
        uint8_t b[6];
};

/* An address, or an address with the length of its network's prefix. */
struct xsn_ip {
        uint8_t family; /* 4 or 6; 0: none */
        uint8_t plen;   /* prefix length in bits; 32 or 128 for a plain address */
        uint8_t b[16];  /* network byte order; an IPv4 address in the first four, the rest zero */
};

#define XSN_MAC_STRLEN 18 /* with NUL */
#define XSN_IP_STRLEN  52 /* with "/128" and NUL */

/* Six pairs of hex digits with colons or dashes. 0 or -EINVAL. */
int xsn_mac_parse(const char *s, struct xsn_mac *ret_mac);
/* Lower case with colons. Returns buf. */
char *xsn_mac_format(const struct xsn_mac *mac, char buf[XSN_MAC_STRLEN]);
bool xsn_mac_equal(const struct xsn_mac *a, const struct xsn_mac *b);
bool xsn_mac_is_multicast(const struct xsn_mac *mac);
bool xsn_mac_is_zero(const struct xsn_mac *mac);

/* "192.0.2.1" or "2001:db8::1"; no prefix, no zone. 0 or -EINVAL. */
int xsn_ip_parse(const char *s, struct xsn_ip *ret_ip);
/* "192.0.2.1/24": the prefix length must be there. 0 or -EINVAL. */
int xsn_ip_parse_prefix(const char *s, struct xsn_ip *ret_ip);
/* The shortest form (RFC 5952); "/n" only for xsn_ip_format_prefix(). Return buf. */
char *xsn_ip_format(const struct xsn_ip *ip, char buf[XSN_IP_STRLEN]);
char *xsn_ip_format_prefix(const struct xsn_ip *ip, char buf[XSN_IP_STRLEN]);
/* Family, address, then prefix length: -1, 0, 1. */
int xsn_ip_compare(const struct xsn_ip *a, const struct xsn_ip *b);
/* The same family and address bits, whatever the prefix lengths. */
bool xsn_ip_same_address(const struct xsn_ip *a, const struct xsn_ip *b);
/* Are the first net->plen bits those of net? */
bool xsn_ip_in_prefix(const struct xsn_ip *ip, const struct xsn_ip *net);
/* The network of the prefix, host bits zero. */
struct xsn_ip xsn_ip_network(const struct xsn_ip *ip);
bool xsn_ip_is_multicast(const struct xsn_ip *ip);
bool xsn_ip_is_unspecified(const struct xsn_ip *ip);
bool xsn_ip_is_loopback(const struct xsn_ip *ip);
bool xsn_ip_is_link_local(const struct xsn_ip *ip);
/* IPv4 only: is it the network's own or its broadcast address (prefixes up to /30)? */
bool xsn_ip_is_network_or_broadcast(const struct xsn_ip *ip);
int xsn_ip_max_plen(const struct xsn_ip *ip); /* 32 or 128 */

#endif
