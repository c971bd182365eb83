/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses the URI of a target, "SCHEME:REST?OPTION=VALUE&...". registry.c does it for every
 * backend; what the rest and the options mean, the backend knows.
 */
#include "backend/uri.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/redact.h"
#include "base/utf8.h"

#define URI_MAX 4096 /* bytes */

struct xsn_uri *xsn_uri_free(struct xsn_uri *uri)
{
        if (!uri)
                return NULL;
        xsn_free(uri->text);
        xsn_free(uri->scheme);
        xsn_free(uri->rest);
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), &uri->options);
        return xsn_free(uri);
}

static bool scheme_valid(const char *s, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!((s[i] >= 'a' && s[i] <= 'z') || (i > 0 && ((s[i] >= '0' && s[i] <= '9') || s[i] == '-'))))
                        return false;
        return len > 0;
}

static int redact(const char *text, char **ret_text)
{
        struct xsn_buf buf = { 0 };

        xsn_redact_uri(text, &buf);
        return xsn_buf_take(&buf, ret_text);
}

static int bad(const char *text, struct xsnet_error **ret_err, const char *what)
{
        _cleanup_(xsn_freep) char *clean = NULL;

        if (redact(text, &clean) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': %s", clean, what);
}

/* One "name=value"; a name alone is an empty value. */
static int parse_option(struct xsn_uri *uri, const char *s, size_t len, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *name = xsn_strndup(s, len);
        const char *old;
        char *value;

        if (!name)
                return xsn_error_oom(ret_err);
        value = strchr(name, '=');
        if (value)
                *value++ = '\0';
        if (xsn_percent_decode(name) < 0 || (value && xsn_percent_decode(value) < 0))
                return bad(uri->text, ret_err, "an option has a bad percent escape");
        if (!*name)
                return bad(uri->text, ret_err, "an option without a name");
        if (!xsn_map_get(&uri->options, name, &old))
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': option '%s' is given twice", uri->text,
                                     name);
        return xsn_map_set(&uri->options, name, value ? value : "") < 0 ? xsn_error_oom(ret_err) : 0;
}

static int parse_options(struct xsn_uri *uri, const char *s, struct xsnet_error **ret_err)
{
        while (*s) {
                size_t len = strcspn(s, "&");
                int r = parse_option(uri, s, len, ret_err);

                if (r < 0)
                        return r;
                s += len + (s[len] == '&');
        }
        return 0;
}

int xsn_uri_parse(const char *text, struct xsn_uri **ret_uri, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_uri_freep) struct xsn_uri *uri = NULL;
        const char *colon = strchr(text, ':'), *question;
        int r;

        if (strlen(text) > URI_MAX)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "a target's URI has %d bytes at most", URI_MAX);
        if (!colon || !scheme_valid(text, (size_t)(colon - text)))
                return bad(text, ret_err, "expected SCHEME:, \"linux:\" for instance");
        for (const char *s = text; *s; s++)
                if ((unsigned char)*s <= ' ' || *s == 0x7f)
                        return bad(text, ret_err, "white space and control characters are written as %20");
        uri = xsn_alloc(sizeof(*uri));
        if (!uri)
                return xsn_error_oom(ret_err);
        question = text + xsn_uri_options_at(text);
        uri->scheme = xsn_strndup(text, (size_t)(colon - text));
        uri->rest = xsn_strndup(colon + 1, (size_t)(question - colon - 1));
        if (redact(text, &uri->text) < 0 || !uri->scheme || !uri->rest)
                return xsn_error_oom(ret_err);
        r = *question ? parse_options(uri, question + 1, ret_err) : 0;
        if (r < 0)
                return r;
        *ret_uri = XSN_TAKE(uri);
        return 0;
}

const char *xsn_uri_option(const struct xsn_uri *uri, const char *name)
{
        const char *value;

        return xsn_map_get(&uri->options, name, &value) < 0 ? NULL : value;
}

int xsn_uri_check_options(const struct xsn_uri *uri, const char *const *known, struct xsnet_error **ret_err)
{
        size_t n_known = 0;

        while (known[n_known])
                n_known++;
        for (size_t i = 0; i < uri->options.n; i++) {
                const char *name = XSN_ITEM(uri->options, struct xsn_entry, i).key, *near;
                bool found = false;

                for (size_t k = 0; k < n_known && !found; k++)
                        found = !strcmp(known[k], name);
                if (found)
                        continue;
                near = xsn_suggest(name, known, n_known);
                /* Without the options: a misspelt one may have a password. */
                return xsn_error_set(ret_err, -EINVAL, "unknown-option",
                                     "target '%.*s': %s: has no option '%.*s'%s%s%s",
                                     (int)xsn_uri_options_at(uri->text), uri->text, uri->scheme,
                                     (int)strcspn(name, "="), name, near ? "; did you mean '" : "", near ? near : "",
                                     near ? "'?" : "");
        }
        return 0;
}

/* "netns=$RED" where the shell knows no RED: nobody means this machine's own network by that. */
int xsn_uri_check_values(const struct xsn_uri *uri, const char *const *options, struct xsnet_error **ret_err)
{
        for (size_t i = 0; options[i]; i++) {
                const char *value = xsn_uri_option(uri, options[i]);

                if (value && !*value)
                        return xsn_error_set(ret_err, -EINVAL, "bad-option",
                                             "target '%s': %s: expected a value for the option '%s', found nothing",
                                             uri->text, uri->scheme, options[i]);
                if (value && !xsn_text_valid(value, false))
                        return xsn_error_set(ret_err, -EINVAL, "bad-option",
                                             "target '%s': %s: the value of the option '%s' has control characters, or "
                                             "is no UTF-8",
                                             uri->text, uri->scheme, options[i]);
        }
        return 0;
}
