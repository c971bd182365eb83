/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as documents write them. inet_pton() reads them: it knows no octal, no
 * missing parts, no zone. Printing is ours, as the C libraries differ on IPv6.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"

int xsn_mac_parse(const char *s, struct xsn_mac *ret_mac)
{
        struct xsn_mac mac;
        char separator = '\0';

        for (int i = 0; i < 6; i++, s += 2) {
                int high, low;

                if (i == 1)
                        separator = *s;
                if (i > 0 && ((*s != ':' && *s != '-') || *s++ != separator))
                        return -EINVAL;
                high = xsn_hex_digit(s[0]);
                low = high < 0 ? -1 : xsn_hex_digit(s[1]);
                if (low < 0)
                        return -EINVAL;
                mac.b[i] = (uint8_t)(high << 4 | low);
        }
        if (*s)
                return -EINVAL;
        *ret_mac = mac;
        return 0;
}

char *xsn_mac_format(const struct xsn_mac *mac, char buf[XSN_MAC_STRLEN])
{
        static const char digits[] = "0123456789abcdef";
        char *p = buf;

        for (int i = 0; i < 6; i++) {
                *p++ = digits[mac->b[i] >> 4];
                *p++ = digits[mac->b[i] & 15];
                *p++ = i < 5 ? ':' : '\0';
        }
        return buf;
}

bool xsn_mac_equal(const struct xsn_mac *a, const struct xsn_mac *b)
{
        return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool xsn_mac_is_multicast(const struct xsn_mac *mac)
{
        return mac->b[0] & 1;
}

bool xsn_mac_is_zero(const struct xsn_mac *mac)
{
        return xsn_mac_equal(mac, &(struct xsn_mac){ .b = { 0 } });
}

int xsn_ip_max_plen(const struct xsn_ip *ip)
{
        return ip->family == 4 ? 32 : ip->family == 6 ? 128 : 0;
}

int xsn_ip_parse(const char *s, struct xsn_ip *ret_ip)
{
        struct xsn_ip ip = { .family = strchr(s, ':') ? 6 : 4 };

        if (inet_pton(ip.family == 6 ? AF_INET6 : AF_INET, s, ip.b) != 1)
                return -EINVAL;
        ip.plen = (uint8_t)xsn_ip_max_plen(&ip);
        *ret_ip = ip;
        return 0;
}

/* One to three digits without a leading zero, up to max. -EINVAL otherwise. */
static int parse_plen(const char *s, int max)
{
        int plen = 0;

        if (!*s || (s[0] == '0' && s[1]))
                return -EINVAL;
        for (int i = 0; s[i]; i++) {
                if (i == 3 || s[i] < '0' || s[i] > '9')
                        return -EINVAL;
                plen = plen * 10 + (s[i] - '0');
        }
        return plen <= max ? plen : -EINVAL;
}

int xsn_ip_parse_prefix(const char *s, struct xsn_ip *ret_ip)
{
        const char *slash = strchr(s, '/');
        char address[XSN_IP_STRLEN];
        struct xsn_ip ip;
        int plen, r;

        if (!slash || (size_t)(slash - s) >= sizeof(address))
                return -EINVAL;
        memcpy(address, s, (size_t)(slash - s));
        address[slash - s] = '\0';
        r = xsn_ip_parse(address, &ip);
        if (r < 0)
                return r;
        plen = parse_plen(slash + 1, xsn_ip_max_plen(&ip));
        if (plen < 0)
                return plen;
        ip.plen = (uint8_t)plen;
        *ret_ip = ip;
        return 0;
}

/* The longest run of zero groups, at least two; the first of equals. 0 where there is none. */
static int longest_zero_run(const uint16_t groups[8], int *ret_start)
{
        int best = 1;

        for (int i = 0, run = 0; i < 8; i++) {
                run = groups[i] ? 0 : run + 1;
                if (run > best) {
                        best = run;
                        *ret_start = i - run + 1;
                }
        }
        return best > 1 ? best : 0;
}

/* printf() would take most of the time of whoever prints many addresses. Returns the end. */
static char *put_decimal(char *p, unsigned n)
{
        if (n >= 100)
                *p++ = (char)('0' + n / 100);
        if (n >= 10)
                *p++ = (char)('0' + n / 10 % 10);
        *p++ = (char)('0' + n % 10);
        *p = '\0';
        return p;
}

static void format_ipv4(const uint8_t b[4], char *p)
{
        for (int i = 0; i < 4; i++) {
                if (i > 0)
                        *p++ = '.';
                p = put_decimal(p, b[i]);
        }
}

/* RFC 5952: lower case, no leading zeros, "::" for the longest run. */
static void format_ipv6(const uint8_t b[16], char buf[XSN_IP_STRLEN])
{
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
        uint16_t groups[8];
        int start = 8, run;
        char *p = buf;

        if (memcmp(b, mapped, sizeof(mapped)) == 0) {
                format_ipv4(b + 12, stpcpy(buf, "::ffff:"));
                return;
        }
        for (int i = 0; i < 8; i++)
                groups[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
        run = longest_zero_run(groups, &start);
        for (int i = 0; i < 8;) {
                if (i == start) {
                        p += snprintf(p, XSN_IP_STRLEN - (size_t)(p - buf), "::");
                        i += run;
                        continue;
                }
                p += snprintf(p, XSN_IP_STRLEN - (size_t)(p - buf), "%s%x", i > 0 && p[-1] != ':' ? ":" : "",
                              (unsigned int)groups[i]);
                i++;
        }
}

char *xsn_ip_format(const struct xsn_ip *ip, char buf[XSN_IP_STRLEN])
{
        buf[0] = '\0';
        if (ip->family == 4)
                format_ipv4(ip->b, buf);
        else if (ip->family == 6)
                format_ipv6(ip->b, buf);
        return buf;
}

char *xsn_ip_format_prefix(const struct xsn_ip *ip, char buf[XSN_IP_STRLEN])
{
        size_t len = strlen(xsn_ip_format(ip, buf));

        if (len > 0) {
                buf[len] = '/';
                put_decimal(buf + len + 1, ip->plen);
        }
        return buf;
}

static int sign(int difference)
{
        return (difference > 0) - (difference < 0);
}

int xsn_ip_compare(const struct xsn_ip *a, const struct xsn_ip *b)
{
        int difference = a->family - b->family;

        if (difference == 0)
                difference = memcmp(a->b, b->b, sizeof(a->b));
        if (difference == 0)
                difference = a->plen - b->plen;
        return sign(difference);
}

bool xsn_ip_same_address(const struct xsn_ip *a, const struct xsn_ip *b)
{
        return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* The bits of byte i that belong to a prefix of plen bits. */
static uint8_t byte_mask(int plen, int i)
{
        int bits = plen - 8 * i;

        return bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff << (8 - bits));
}

struct xsn_ip xsn_ip_network(const struct xsn_ip *ip)
{
        struct xsn_ip net = *ip;

        for (int i = 0; i < 16; i++)
                net.b[i] &= byte_mask(net.plen, i);
        return net;
}

bool xsn_ip_in_prefix(const struct xsn_ip *ip, const struct xsn_ip *net)
{
        if (ip->family != net->family || ip->family == 0)
                return false;
        for (int i = 0; i < 16; i++)
                if ((ip->b[i] ^ net->b[i]) & byte_mask(net->plen, i))
                        return false;
        return true;
}

bool xsn_ip_is_multicast(const struct xsn_ip *ip)
{
        return (ip->family == 4 && (ip->b[0] & 0xf0) == 0xe0) || (ip->family == 6 && ip->b[0] == 0xff);
}

bool xsn_ip_is_unspecified(const struct xsn_ip *ip)
{
        return ip->family != 0 && memcmp(ip->b, (uint8_t[16]){ 0 }, 16) == 0;
}

bool xsn_ip_is_loopback(const struct xsn_ip *ip)
{
        static const uint8_t loopback6[16] = { [15] = 1 };

        return (ip->family == 4 && ip->b[0] == 127) || (ip->family == 6 && !memcmp(ip->b, loopback6, 16));
}

bool xsn_ip_is_link_local(const struct xsn_ip *ip)
{
        return (ip->family == 4 && ip->b[0] == 169 && ip->b[1] == 254) ||
               (ip->family == 6 && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80);
}

bool xsn_ip_is_network_or_broadcast(const struct xsn_ip *ip)
{
        bool zeros = true, ones = true;

        if (ip->family != 4 || ip->plen > 30)
                return false;
        for (int i = 0; i < 4; i++) {
                uint8_t host = (uint8_t)~byte_mask(ip->plen, i);

                zeros = zeros && (ip->b[i] & host) == 0;
                ones = ones && (ip->b[i] & host) == host;
        }
        return zeros || ones;
}
