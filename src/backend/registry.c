/* SPDX-License-Identifier: Apache-2.0 */
/* Which backends this build has, and how the engine opens one: by its URI's scheme. */
#include "backend/backend.h"

#include <errno.h>
#include <string.h>

#include "backend/registry-list.h"
#include "backend/uri.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/redact.h"

static const struct xsn_backend_ops *const backends[] = { XSN_BACKEND_ROWS };

const struct xsn_backend_ops *xsn_backend_find(const char *scheme)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(backends); i++)
                if (!strcmp(backends[i]->scheme, scheme))
                        return backends[i];
        return NULL;
}

const char *xsn_backend_scheme_at(size_t i)
{
        return i < XSN_ARRAY_SIZE(backends) ? backends[i]->scheme : NULL;
}

static int no_such_backend(const char *scheme, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *known = NULL;
        const char *schemes[XSN_ARRAY_SIZE(backends)], *near;
        struct xsn_buf buf = { 0 };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(backends); i++) {
                schemes[i] = backends[i]->scheme;
                xsn_buf_printf(&buf, "%s%s:", i ? ", " : "", schemes[i]);
        }
        if (xsn_buf_take(&buf, &known) < 0)
                return xsn_error_oom(ret_err);
        near = xsn_suggest(scheme, schemes, XSN_ARRAY_SIZE(schemes));
        return xsn_error_set(ret_err, -EPROTONOSUPPORT, "no-such-backend", "no backend '%s:'; this build has %s%s%s%s",
                             scheme, known, near ? "; did you mean '" : "", near ? near : "", near ? ":'?" : "");
}

int xsn_backend_open(const struct xsn_backend_env *env, const char *text, struct xsn_backend **ret_backend,
                     struct xsnet_error **ret_err)
{
        _cleanup_(xsn_uri_freep) struct xsn_uri *uri = NULL;
        const struct xsn_backend_ops *ops;
        int r;

        r = xsn_uri_parse(text, &uri, ret_err);
        if (r < 0)
                return r;
        ops = xsn_backend_find(uri->scheme);
        if (!ops)
                return no_such_backend(uri->scheme, ret_err);
        return ops->open(env, uri, ret_backend, ret_err);
}

int xsn_backend_name(const char *text, char **ret_name)
{
        struct xsn_buf buf = { 0 };

        xsn_redact_uri(text, &buf);
        return xsn_buf_take(&buf, ret_name);
}
