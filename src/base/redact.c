/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what is secret in a URI. Whoever puts a URI into a message goes through here: backend/ for
 * targets, codec/ for the URIs in documents, plan/ to compare the two.
 */
#include "base/redact.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/names.h"

#define NAME_MAX_BYTES 64u /* of an option's name; no secret's is longer */

/* A part of a URI. */
struct span {
        const char *s;
        size_t len;
};

/* "root:secret@" of "https://root:secret@xs-1/x", or of "https:root:secret@xs-1"; of no length where there is none. */
static struct span user_part(struct span part)
{
        const char *at = memrchr(part.s, '@', part.len);
        const char *start = memmem(part.s, part.len, "//", 2), *colon = memchr(part.s, ':', part.len);

        start = start ? start + 2 : colon ? colon + 1 : part.s;
        if (!at || at < start)
                return (struct span){ part.s, 0 };
        return (struct span){ start, (size_t)(at + 1 - start) };
}

static bool is_secret(struct span option)
{
        static const char *const names[] = { "password", "passwd", "passphrase", "pass", "secret", "token" };
        const char *equals = memchr(option.s, '=', option.len);
        size_t len = equals ? (size_t)(equals - option.s) : option.len;
        char name[NAME_MAX_BYTES + 1];

        if (len > NAME_MAX_BYTES)
                return false;
        memcpy(name, option.s, len);
        name[len] = '\0';
        (void)xsn_percent_decode(name);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(names); i++)
                if (!strcasecmp(name, names[i]))
                        return true;
        return false;
}

/* An option may be a URI itself, a proxy's for instance; then it has a "//". */
static struct span option_user(struct span option)
{
        return memmem(option.s, option.len, "//", 2) ? user_part(option) : (struct span){ option.s, 0 };
}

static void put_without(struct span part, struct span user, struct xsn_buf *buf)
{
        xsn_buf_putn(buf, part.s, (size_t)(user.s - part.s));
        xsn_buf_putn(buf, user.s + user.len, (size_t)(part.s + part.len - user.s - user.len));
}

/* The option at *at, which moves behind it. */
static struct span next_option(const char **at)
{
        struct span option = { *at, strcspn(*at, "&") };

        *at += option.len + ((*at)[option.len] == '&');
        return option;
}

void xsn_redact_uri(const char *text, struct xsn_buf *buf)
{
        struct span part = { text, strcspn(text, "?") };
        const char *at = text + part.len;
        char before = '?';

        put_without(part, user_part(part), buf);
        at += *at == '?';
        while (*at) {
                struct span option = next_option(&at);

                if (!option.len || is_secret(option))
                        continue;
                xsn_buf_putc(buf, before);
                put_without(option, option_user(option), buf);
                before = '&';
        }
}

static bool has_colon(struct span part)
{
        return memchr(part.s, ':', part.len);
}

bool xsn_uri_has_password(const char *text)
{
        struct span part = { text, strcspn(text, "?") };
        const char *at = text + part.len;
        bool found = has_colon(user_part(part));

        at += *at == '?';
        while (*at && !found) {
                struct span option = next_option(&at);

                found = is_secret(option) || has_colon(option_user(option));
        }
        return found;
}
