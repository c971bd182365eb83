/* SPDX-License-Identifier: Apache-2.0 */
/* The backend "xapi:": its options and its table of functions. The session logs in with the first operation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/target.h"
#include "base/alloc.h"
#include "base/names.h"

#define DEFAULT_PLACE "unix:/var/lib/xcp/xapi"

static struct xt *xt_of(struct xsn_backend *backend)
{
        return (struct xt *)(void *)backend;
}

static void close_xt(struct xt *xt)
{
        xsn_xt_unwatch(&xt->base);
        xsn_xt_drop_apply(xt);
        xsn_xt_drop_observe(xt);
        xsn_source_remove(xt->timer);
        xsn_xapi_close(xt->session);
        xsn_xa_view_done(&xt->view);
        xsn_xa_records_done(&xt->records);
        xsn_free(xt->place);
        xsn_free(xt);
}

static void xt_close(struct xsn_backend *backend)
{
        if (backend)
                close_xt(xt_of(backend));
}

static void close_xtp(struct xt **xt)
{
        if (*xt)
                close_xt(*xt);
}

static void on_timer(void *userdata)
{
        struct xt *xt = userdata;

        xsn_source_set_time(xt->timer, UINT64_MAX);
        if (xt->run)
                xsn_xt_apply_turn(xt);
        else if (xt->observed && xt->n_asking == 0)
                xsn_xt_end_observe(xt);
}

/* ---- options ---- */

static const char *const known_options[] = { "user", "password", "ca", "pin", "insecure", NULL };

/* What a login needs; wiped when it was copied. */
struct login {
        char *user, *password;
};

static void login_done(struct login *login)
{
        if (login->password)
                explicit_bzero(login->password, strlen(login->password));
        xsn_free(login->user);
        xsn_free(login->password);
}

/* "https://root:secret@xs-1" to "https://xs-1" and the rest. */
static int split_place(const struct xsn_uri *uri, char **ret_place, struct login *login, struct xsnet_error **ret_err)
{
        const char *text = *uri->rest ? uri->rest : DEFAULT_PLACE, *slashes = strstr(text, "://");
        const char *start = slashes ? slashes + 3 : text, *at = slashes ? strrchr(start, '@') : NULL;
        const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
        struct xsn_buf buf = { 0 };

        /* Before anything of it is repeated: whoever misspelt it may have a password in it. */
        if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0 && strncmp(text, "unix:/", 6) != 0)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri",
                                     "target '%s': expected https://HOST, http://HOST or unix:/PATH", uri->text);
        if (at) {
                login->user = xsn_strndup(start, (size_t)((colon ? colon : at) - start));
                login->password = xsn_strndup(colon ? colon + 1 : at, colon ? (size_t)(at - colon - 1) : 0);
                if (!login->user || !login->password)
                        return xsn_error_oom(ret_err);
                if (xsn_percent_decode(login->user) < 0 || xsn_percent_decode(login->password) < 0)
                        return xsn_error_set(ret_err, -EINVAL, "bad-uri",
                                             "target '%s': user or password has a bad percent escape", uri->text);
        }
        xsn_buf_putn(&buf, text, (size_t)(start - text));
        xsn_buf_put(&buf, at ? at + 1 : start);
        return xsn_buf_take(&buf, ret_place) < 0 ? xsn_error_oom(ret_err) : 0;
}

static int read_login(const struct xsn_uri *uri, struct login *login, struct xsnet_error **ret_err)
{
        const char *user = xsn_uri_option(uri, "user"), *password = xsn_uri_option(uri, "password");

        if (!user && !password)
                return 0;
        if (login->user || !user || !password)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri",
                                     "target '%s': expected user and password, both, and in one place", uri->text);
        login->user = xsn_strdup(user);
        login->password = xsn_strdup(password);
        return login->user && login->password ? 0 : xsn_error_oom(ret_err);
}

/* "SHA256,SHA256": each host of the pool has a certificate of its own. The caller's. */
static int read_pins(const struct xsn_uri *uri, struct xsn_http_pin **ret_pins, size_t *ret_n,
                     struct xsnet_error **ret_err)
{
        const char *at = xsn_uri_option(uri, "pin");
        size_t max = 1;

        for (const char *c = at; c && *c; c++)
                max += *c == ',';
        *ret_n = 0;
        *ret_pins = at ? xsn_alloc_array(max, sizeof(**ret_pins)) : NULL;
        if (at && !*ret_pins)
                return xsn_error_oom(ret_err);
        while (at) {
                const char *comma = strchrnul(at, ',');
                _cleanup_(xsn_freep) char *text = xsn_strndup(at, (size_t)(comma - at));
                int r;

                if (!text)
                        return xsn_error_oom(ret_err);
                r = xsn_http_pin_parse(text, (*ret_pins)[(*ret_n)++].sha256, ret_err);
                if (r < 0)
                        return xsn_error_prefix(ret_err, r, "target '%s': pin", uri->text);
                at = *comma ? comma + 1 : NULL;
        }
        return 0;
}

/* Who says whom to trust shall not talk to somebody who proves nothing. */
static int refuse_tls(const struct xsn_uri *uri, const char *place, struct xsnet_error **ret_err)
{
        static const char *const options[] = { "ca", "pin", "insecure" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(options) && strncmp(place, "https://", 8) != 0; i++)
                if (xsn_uri_option(uri, options[i]))
                        return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': %s is for xapi:https: only",
                                             uri->text, options[i]);
        return 0;
}

static int open_session(struct xt *xt, const struct xsn_uri *uri, const struct login *login,
                        struct xsnet_error **ret_err)
{
        const char *insecure = xsn_uri_option(uri, "insecure");
        _cleanup_(xsn_freep) struct xsn_http_pin *pins = NULL;
        struct xsn_xapi_options options = {
                .context = xt->env.context,
                .user = login->user,
                .password = login->password,
                /* All classes side by side; what hosts are at are tasks, which need no connection. */
                .http = { .tls = { .ca = xsn_uri_option(uri, "ca") }, .max_parallel = XA_N_CLASSES + 4 },
        };
        int r = refuse_tls(uri, xt->place, ret_err);

        if (r < 0)
                return r;
        if (insecure && *insecure && strcmp(insecure, "true") != 0)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': insecure has no value but true",
                                     uri->text);
        options.http.tls.insecure = insecure != NULL;
        r = read_pins(uri, &pins, &options.http.tls.n_pins, ret_err);
        if (r < 0)
                return r;
        options.http.tls.pins = pins;
        r = xsn_xapi_open(xt->env.loop, xt->place, &options, &xt->session, ret_err);
        return r < 0 ? xsn_error_prefix(ret_err, r, "target '%s'", uri->text) : 0;
}

static int xt_open(const struct xsn_backend_env *env, const struct xsn_uri *uri, struct xsn_backend **ret_backend,
                   struct xsnet_error **ret_err)
{
        _cleanup_(close_xtp) struct xt *xt = NULL;
        _cleanup_(login_done) struct login login = { 0 };
        int r = xsn_uri_check_options(uri, known_options, ret_err);

        if (r < 0)
                return r;
        xt = xsn_alloc(sizeof(*xt));
        if (!xt)
                return xsn_error_oom(ret_err);
        xt->base.ops = &xsn_xapi_backend_ops;
        xt->env = *env;
        r = split_place(uri, &xt->place, &login, ret_err);
        if (r == 0)
                r = read_login(uri, &login, ret_err);
        if (r == 0 && xsn_loop_add_timer(env->loop, on_timer, xt, &xt->timer) < 0)
                r = xsn_error_oom(ret_err);
        if (r == 0)
                r = open_session(xt, uri, &login, ret_err);
        if (r == 0)
                *ret_backend = &XSN_TAKE(xt)->base;
        return r;
}

/* ---- the table of functions ---- */

/* The URI without who asks: two that lead to hosts of one pool are told apart by nobody here. */
static int xt_identify(struct xsn_backend *backend, char **ret_identity, char **ret_boot, struct xsnet_error **ret_err)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "xapi:%s", xt_of(backend)->place);
        *ret_boot = NULL;
        return xsn_buf_take(&buf, ret_identity) < 0 ? xsn_error_oom(ret_err) : 0;
}

static const struct xsn_caps *xt_get_caps(struct xsn_backend *backend)
{
        return &xt_of(backend)->caps.caps;
}

/* What a host's monitor writes a moment later. */
static const uint64_t *xt_get_settling(struct xsn_backend *backend)
{
        struct xt *xt = xt_of(backend);

        for (int kind = XSNET_KIND_NETWORK; kind <= XSNET_KIND_VIF; kind++)
                xt->settling[kind] = xsn_class_bit(xsn_class_of(kind), XSNET_FIELD_STATUS_MTU);
        return xt->settling;
}

static void xt_abandon(struct xsn_backend *backend)
{
        xsn_xt_drop_apply(xt_of(backend));
        xsn_xt_drop_observe(xt_of(backend));
}

const struct xsn_backend_ops xsn_xapi_backend_ops = {
        .scheme = "xapi",
        .open = xt_open,
        .identify = xt_identify,
        .close = xt_close,
        .observe = xsn_xt_observe,
        .get_caps = xt_get_caps,
        .get_settling = xt_get_settling,
        .apply = xsn_xt_apply,
        .cancel = xsn_xt_cancel,
        .abandon = xt_abandon,
        .settle = xsn_xt_settle,
        .watch = xsn_xt_watch,
        .unwatch = xsn_xt_unwatch,
};
