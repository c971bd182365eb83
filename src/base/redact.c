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

#define OPTION_MAX 4096u /* bytes of an option with escapes; no URI that is used has a longer one */

/* A part of a URI. */
struct span {
        const char *s;
        size_t len;
};

/* Behind "https://" or "https:". */
static const char *user_start(struct span part)
{
        const char *start = memmem(part.s, part.len, "//", 2), *colon = memchr(part.s, ':', part.len);

        return start ? start + 2 : colon ? colon + 1 : part.s;
}

/* "root:secret@" of "https://root:secret@xs-1/x", or of "https:root:secret@xs-1"; of no length where there is none. */
static struct span user_part(struct span part)
{
        const char *at = memrchr(part.s, '@', part.len), *start = user_start(part);

        if (!at || at < start)
                return (struct span){ part.s, 0 };
        return (struct span){ start, (size_t)(at + 1 - start) };
}

/* ":6640" or ":443/x", or just a path. */
static bool is_port(const char *colon, const char *end)
{
        const char *s = colon + 1;

        while (s < end && *s >= '0' && *s <= '9')
                s++;
        return s == end || *s == '/';
}

/* Is the '?' behind the head one of a password, "https://root:sec?ret@xs-1"? `at` is the first '@' behind it. */
static bool is_of_user(struct span head, const char *at)
{
        const char *start = user_start(head), *end = head.s + head.len, *host = start, *colon;
        bool option = memchr(end, '=', (size_t)(at - end));

        if (start < end && *start == '[')
                host = memchr(start, ']', (size_t)(end - start));
        if (!host)
                return !option;
        if (memmem(head.s, head.len, "//", 2))
                colon = memchr(host, ':', (size_t)(end - host));
        else
                colon = memrchr(host, ':', (size_t)(end - host));
        if (!colon)
                return start > head.s && start[-1] == ':' && start < end && !option;
        return !option || (!memchr(start, '@', (size_t)(end - start)) && !is_port(colon, end));
}

size_t xsn_uri_options_at(const char *text)
{
        struct span head = { text, strcspn(text, "?") };
        const char *at = strchr(text + head.len, '@');

        if (!at || !is_of_user(head, at))
                return head.len;
        at = strrchr(at, '@');
        return (size_t)(at - text) + strcspn(at, "?");
}

/* "name=value" or a name alone, without escapes. */
static bool names_secret(const char *option)
{
        static const char *const names[] = { "password", "passwd", "passphrase", "pass", "secret", "token" };
        size_t len = strcspn(option, "=");

        for (size_t i = 0; i < XSN_ARRAY_SIZE(names); i++)
                if (strlen(names[i]) == len && !strncasecmp(option, names[i], len))
                        return true;
        return false;
}

/* An option may be a URI itself, a proxy's for instance; then it has a "//", or a user with a password. */
static struct span option_user(struct span option)
{
        const char *at = memrchr(option.s, '@', option.len), *equals = memchr(option.s, '=', option.len);
        const char *value = equals ? equals + 1 : option.s;

        if (memmem(option.s, option.len, "//", 2))
                return user_part(option);
        if (!at || at < value || !memchr(value, ':', (size_t)(at - value)))
                return (struct span){ option.s, 0 };
        return (struct span){ value, (size_t)(at + 1 - value) };
}

/* What nobody may see any of, as the backend would read it: what cannot be read may be anything. */
static bool is_secret(struct span option)
{
        bool escaped = memchr(option.s, '%', option.len);
        char text[OPTION_MAX + 1];
        const char *inner;

        if (option.len > OPTION_MAX)
                return true;
        memcpy(text, option.s, option.len);
        text[option.len] = '\0';
        if (xsn_percent_decode(text) < 0 || names_secret(text))
                return true;
        for (inner = strchr(text, '?'); inner; inner = strpbrk(inner + 1, "?&"))
                if (names_secret(inner + 1))
                        return true;
        /* Where escapes are in the way of it, the user part cannot be left out alone. */
        return escaped && option_user((struct span){ text, strlen(text) }).len;
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
        struct span part = { text, xsn_uri_options_at(text) };
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
        struct span part = { text, xsn_uri_options_at(text) };
        const char *at = text + part.len;
        bool found = has_colon(user_part(part));

        at += *at == '?';
        while (*at && !found) {
                struct span option = next_option(&at);

                found = is_secret(option) || has_colon(option_user(option));
        }
        return found;
}
