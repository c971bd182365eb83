/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules for names, their form in a device alias, and suggestions for misspelt ones
 * (the codec's keys, the resolver's references). Bytes are judged without a locale.
 */
#include "base/names.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

#define WORD_MAX   64   /* longer words are not compared: no key of ours is near them */
#define LOOKED_MAX 4096 /* candidates looked at, so that a hostile document cannot stall */

static bool is_alnum(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The kernel's isspace() is Latin-1: 0xa0, a part of many UTF-8 letters, is a space to it. */
static bool is_kernel_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r') || (unsigned char)c == 0xa0;
}

bool xsn_ifname_valid(const char *name)
{
        size_t len = strnlen(name, XSN_IFNAME_MAX + 1);

        if (len == 0 || len > XSN_IFNAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return false;
        for (size_t i = 0; i < len; i++)
                if (name[i] == '/' || name[i] == ':' || name[i] == '%' || is_kernel_space(name[i]))
                        return false;
        return true;
}

bool xsn_ifname_is_fallback(const char *name)
{
        static const char *const names[] = { "gre0",    "gretap0", "erspan0", "sit0",    "tunl0",
                                             "ip6tnl0", "ip6gre0", "ip_vti0", "ip6_vti0" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(names); i++)
                if (!strcmp(names[i], name))
                        return true;
        return false;
}

bool xsn_owner_valid(const char *owner)
{
        size_t len = strnlen(owner, 64);

        if (len == 0 || len > 63)
                return false;
        for (size_t i = 0; i < len; i++)
                if (!is_alnum(owner[i]) && owner[i] != '.' && owner[i] != '_' && owner[i] != '-')
                        return false;
        return true;
}

void xsn_percent_encode(struct xsn_buf *buf, const char *s)
{
        for (; *s; s++) {
                if (is_alnum(*s) || strchr("-._~", *s))
                        xsn_buf_putc(buf, *s);
                else
                        xsn_buf_printf(buf, "%%%02X", (unsigned int)(unsigned char)*s);
        }
}

int xsn_hex_digit(char c)
{
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *at = c ? strchr(digits, c) : NULL;

        return at ? (int)((at - digits) & 15) : -1;
}

/* The byte of the two digits, 1..255; -EINVAL for anything else. */
static int decode_escape(const char *s)
{
        int high = xsn_hex_digit(s[0]);
        int low = high < 0 ? -1 : xsn_hex_digit(s[1]);

        if (low < 0 || (high == 0 && low == 0))
                return -EINVAL;
        return high << 4 | low;
}

int xsn_percent_decode(char *s)
{
        char *to = s;

        for (const char *p = s; *p; p++)
                if (*p == '%' && decode_escape(p + 1) < 0)
                        return -EINVAL; /* before anything was changed */
        for (; *s; s++) {
                if (*s == '%') {
                        *to++ = (char)decode_escape(s + 1);
                        s += 2;
                } else {
                        *to++ = *s;
                }
        }
        *to = '\0';
        return 0;
}

static char fold(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

/*
 * How many letters were left out, put in, changed, or swapped with their neighbour to
 * make b from a. Above limit the count is not finished.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len, size_t limit)
{
        size_t rows[3][WORD_MAX + 1]; /* this row and the two above it, in turn */

        for (size_t j = 0; j <= b_len; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= a_len; i++) {
                const size_t *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
                size_t *row = rows[i % 3];
                size_t nearest = row[0] = i;

                for (size_t j = 1; j <= b_len; j++) {
                        bool same = fold(a[i - 1]) == fold(b[j - 1]);

                        row[j] = least(least(row[j - 1], above[j]) + 1, above[j - 1] + !same);
                        if (i > 1 && j > 1 && !same && fold(a[i - 1]) == fold(b[j - 2]) &&
                            fold(a[i - 2]) == fold(b[j - 1]))
                                row[j] = least(row[j], above2[j - 2] + 1);
                        nearest = least(nearest, row[j]);
                }
                if (nearest > limit)
                        return nearest;
        }
        return rows[a_len % 3][b_len];
}

/* Two slips, or one in three letters of a long word; but never more than half of the word. */
static size_t slips_allowed(size_t len)
{
        size_t slips = len / 3 > 2 ? len / 3 : 2;

        return least(slips, len / 2);
}

const char *xsn_suggest(const char *word, const char *const *candidates, size_t n)
{
        size_t len = strnlen(word, WORD_MAX + 1);
        const char *best = NULL;
        size_t best_distance = slips_allowed(len) + 1;

        if (len == 0 || len > WORD_MAX)
                return NULL;
        for (size_t i = 0; i < least(n, LOOKED_MAX) && best_distance > 0; i++) {
                size_t other = candidates[i] ? strnlen(candidates[i], WORD_MAX + 1) : 0;
                size_t apart = other > len ? other - len : len - other;
                size_t d;

                if (other == 0 || other > WORD_MAX || apart >= best_distance)
                        continue;
                d = distance(word, len, candidates[i], other, best_distance - 1);
                if (d < best_distance) {
                        best = candidates[i];
                        best_distance = d;
                }
        }
        return best;
}
