/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte by byte where a name needs it or the text was cut, so that it does not matter how; everything else, which is
 * nearly all, is looked through and passed on as it is.
 */
#include "transport/xmlrpc_names.h"

#include <string.h>

#define BEGIN_LEN (sizeof(begin_tag) - 1)
#define END_LEN   (sizeof(end_tag) - 1)

static const char begin_tag[] = "<name>", end_tag[] = "</name>";

/* Is it the beginning of an entity, or a whole one? */
static bool maybe_entity(const char *s, size_t n)
{
        static const char *const entities[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&apos;" };
        size_t digits = 2;

        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
                if (n <= strlen(entities[i]) && memcmp(entities[i], s, n) == 0)
                        return true;
        if (n >= 2 && s[1] != '#')
                return false;
        if (n > 2 && s[2] == 'x')
                digits = 3;
        for (size_t i = digits; i < n; i++) {
                bool hex = (s[i] >= 'a' && s[i] <= 'f') || (s[i] >= 'A' && s[i] <= 'F');

                if (s[i] == ';' && i > digits && i + 1 == n)
                        return true;
                if ((s[i] < '0' || s[i] > '9') && !(hex && digits == 3))
                        return false;
        }
        return true;
}

/* What is held back is neither the end tag nor an entity: text. */
static void let_go(struct xsn_xmlrpc_names *names, struct xsn_buf *out)
{
        if (names->n_held == 0)
                return;
        xsn_buf_put(out, names->held[0] == '<' ? "&lt;" : "&amp;");
        xsn_buf_putn(out, names->held + 1, names->n_held - 1);
        names->n_held = 0;
}

static void pass_on(struct xsn_xmlrpc_names *names, struct xsn_buf *out)
{
        xsn_buf_putn(out, names->held, names->n_held);
        names->n_held = 0;
}

/* One byte of a name. */
static void inside(struct xsn_xmlrpc_names *names, char c, struct xsn_buf *out)
{
        if (names->n_held > 0) {
                bool tag = names->held[0] == '<', fits;

                names->held[names->n_held++] = c;
                fits = tag ? memcmp(end_tag, names->held, names->n_held) == 0
                           : maybe_entity(names->held, names->n_held);
                if (fits && tag && names->n_held == strlen(end_tag)) {
                        pass_on(names, out);
                        names->inside = false;
                        return;
                }
                if (fits && !tag && c == ';') {
                        pass_on(names, out);
                        return;
                }
                if (fits && names->n_held < sizeof(names->held))
                        return;
                names->n_held--;
                let_go(names, out);
        }
        if (c == '<' || c == '&')
                names->held[names->n_held++] = c;
        else if (c == '>')
                xsn_buf_put(out, "&gt;"); /* "]]>" may not stand in a text */
        else
                xsn_buf_putc(out, c);
}

/* Text outside of names up to and including the next <name>: how much. */
static size_t outside(struct xsn_xmlrpc_names *names, const char *text, size_t len)
{
        size_t i = 0;

        while (i < len) {
                const char *at = text + i;

                if (names->n_held == 0) {
                        at = memchr(text + i, '<', len - i);
                        if (!at)
                                return len;
                        i = (size_t)(at - text);
                }
                if (names->n_held == 0 && len - i >= BEGIN_LEN) {
                        if (memcmp(at, begin_tag, BEGIN_LEN) != 0) {
                                i++;
                                continue;
                        }
                        names->inside = true;
                        return i + BEGIN_LEN;
                }
                if (text[i] != begin_tag[names->n_held]) {
                        names->n_held = 0;
                        i += text[i] != '<';
                        continue;
                }
                i++;
                if (++names->n_held < strlen(begin_tag))
                        continue;
                names->n_held = 0;
                names->inside = true;
                return i;
        }
        return len;
}

/* What may stay as it is at the beginning of this text in a name, its end tag with it: how much. */
static size_t plain(struct xsn_xmlrpc_names *names, const char *text, size_t len)
{
        size_t i = 0;

        if (names->n_held > 0)
                return 0;
        while (i < len && text[i] != '<' && text[i] != '>' && text[i] != '&')
                i++;
        if (len - i < END_LEN || memcmp(text + i, end_tag, END_LEN) != 0)
                return i;
        names->inside = false;
        return i + END_LEN;
}

void xsn_xmlrpc_names_feed(struct xsn_xmlrpc_names *names, const char *text, size_t len, struct xsn_buf *out)
{
        size_t i = 0, passed = 0; /* behind it is what is yet to be passed on */

        while (i < len) {
                size_t n = names->inside ? plain(names, text + i, len - i) : outside(names, text + i, len - i);

                i += n;
                if (n > 0)
                        continue;
                xsn_buf_putn(out, text + passed, i - passed);
                inside(names, text[i++], out);
                passed = i;
        }
        xsn_buf_putn(out, text + passed, len - passed);
}

void xsn_xmlrpc_names_end(struct xsn_xmlrpc_names *names, struct xsn_buf *out)
{
        if (names->inside)
                let_go(names, out);
}
