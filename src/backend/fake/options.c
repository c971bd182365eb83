/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a "fake:" URI. Lists are separated by commas: fail=3,7 (or 3:16 for -EBUSY),
 * delay=2:50 (ms), lose=4, caps=linux, hosts=xs-1,xs-2.
 */
#include "backend/fake/fake.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uri.h"
#include "base/alloc.h"

static int bad(const struct xsn_uri *uri, const char *option, const char *expected, const char *found,
               struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, -EINVAL, "bad-option", "target '%s': %s: expected %s, found '%s'", uri->text,
                             option, expected, found);
}

static int add_hosts(struct xsnet_fake *fake, const struct xsn_uri *uri, struct xsnet_error **ret_err)
{
        const char *s = xsn_uri_option(uri, "hosts");

        if (!s)
                return xsnet_fake_add_host(fake, fake->name, ret_err);
        for (;;) {
                size_t len = strcspn(s, ",");
                _cleanup_(xsn_freep) char *host = xsn_strndup(s, len);
                int r;

                if (!host)
                        return xsn_error_oom(ret_err);
                if (!*host)
                        return bad(uri, "hosts", "names, separated by commas", s, ret_err);
                r = xsnet_fake_add_host(fake, host, ret_err);
                if (r < 0)
                        return r;
                if (!s[len])
                        return 0;
                s += len + 1;
        }
}

/* A number of digits only. */
static int parse_number(const char **s, long max, long *ret_n)
{
        char *end;
        long n;

        if (**s < '0' || **s > '9')
                return -EINVAL;
        errno = 0;
        n = strtol(*s, &end, 10);
        if (errno || n > max)
                return -ERANGE;
        *s = end;
        *ret_n = n;
        return 0;
}

/* "N" or "N:VALUE", separated by commas; `value` is the one of "N", negative where there must be one. */
static int add_faults(struct xsnet_fake *fake, const struct xsn_uri *uri, const char *option, int what, long value,
                      struct xsnet_error **ret_err)
{
        const char *text = xsn_uri_option(uri, option), *s = text;

        while (s) {
                long nth, v = value;
                int r;

                if (parse_number(&s, INT_MAX, &nth) < 0 ||
                    (*s == ':' && (s++, what == XSN_FAULT_LOSE || parse_number(&s, INT_MAX, &v) < 0)) || v < 0 ||
                    (what == XSN_FAULT_FAIL && (v < 1 || v > 4095)) || (*s && *s != ','))
                        return bad(uri, option,
                                   what == XSN_FAULT_DELAY ? "N:MILLISECONDS" : "the number of an operation", text,
                                   ret_err);
                r = xsn_fake_add_fault(fake, (unsigned)nth, what, (int)(what == XSN_FAULT_FAIL ? -v : v), ret_err);
                if (r < 0)
                        return r;
                s = *s ? s + 1 : NULL;
        }
        return 0;
}

int xsn_fake_from_uri(const struct xsn_uri *uri, struct xsnet_fake **ret_fake, struct xsnet_error **ret_err)
{
        static const char *const known[] = { "hosts", "caps", "fail", "delay", "lose", NULL };
        _cleanup_(xsnet_fake_unrefp) struct xsnet_fake *fake = NULL;
        const char *caps = xsn_uri_option(uri, "caps");
        int preset = caps ? xsn_fake_caps_find(caps) : XSNET_FAKE_ALL, r;

        r = xsn_uri_check_options(uri, known, ret_err);
        if (r < 0)
                return r;
        if (preset < 0)
                return bad(uri, "caps", "all, linux or pool", caps, ret_err);
        if (xsn_fake_new(*uri->rest ? uri->rest : "fake", &fake) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_fake_caps(preset, &fake->caps);
        if (!r)
                r = add_hosts(fake, uri, ret_err);
        if (!r)
                r = add_faults(fake, uri, "fail", XSN_FAULT_FAIL, EIO, ret_err);
        if (!r)
                r = add_faults(fake, uri, "delay", XSN_FAULT_DELAY, -1, ret_err);
        if (!r)
                r = add_faults(fake, uri, "lose", XSN_FAULT_LOSE, 0, ret_err);
        if (r < 0)
                return r;
        *ret_fake = XSN_TAKE(fake);
        return 0;
}
