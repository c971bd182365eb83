/* SPDX-License-Identifier: Apache-2.0 */
/* The session itself: its beginning and its end. What is secret is wiped as soon as it was sent. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_priv.h"

#define VERSION "2.21" /* of the API that we know; XAPI ignores it */

void xsn_xapi_secret_free(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        xsn_free(secret);
}

void xsn_xapi_forget_session(struct xsn_xapi *xapi)
{
        xsn_xapi_secret_free(xapi->session);
        xapi->session = NULL;
        xsn_xapi_follow_forget(xapi);
}

/* ---- in ---- */

static int keep_session(struct xsn_xapi *xapi, const struct xsn_xmlrpc_value *result, struct xsnet_error **ret_err)
{
        const char *text;
        int r = xsn_xmlrpc_as_text(result, &text, ret_err);

        if (r < 0)
                return r;
        if (!*text)
                return xsn_error_set(ret_err, -EBADMSG, "bad-reply", "expected a session, found an empty text");
        xsn_xapi_forget_session(xapi);
        xapi->session = xsn_strdup(text);
        return xapi->session ? 0 : xsn_error_oom(ret_err);
}

/* The place of a login's errors, which stays when calls end with them; the host may be one that another named. */
static void login_failed(struct xsn_xapi *xapi, struct xsnet_error **err)
{
        (void)xsn_error_prefix(err, 0, "%s", xapi->place_text);
        (void)xsn_error_where(err, 0, "xapi session.login_with_password");
        xsn_xapi_give_up(xapi, *err);
}

static void on_login(struct xsn_xapi_exchange *exchange, struct xsn_xapi_reply *reply)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = (struct xsnet_error *)reply->err;
        struct xsn_xapi *xapi = exchange->xapi;

        if (reply->result && keep_session(xapi, reply->result, &err) == 0) {
                xapi->session_number++;
                xapi->ever = true;
                xapi->n_tried = 0;
                xsn_log(xapi->context, "xapi: logged in at %s", xapi->place_text);
        } else if (reply->result || !xsn_xapi_again(xapi, exchange, true, reply)) {
                login_failed(xapi, &err);
        }
        xsn_xmlrpc_doc_free(reply->doc);
        xsn_xapi_wake(xapi);
}

/* Who logs in, from wherever it comes. */
static int ask_login(const struct xsn_xapi *xapi, struct xsn_xapi_login *login, struct xsnet_error **ret_err)
{
        if (xapi->options.login)
                return xapi->options.login(login, xapi->options.login_userdata, ret_err);
        login->user = xsn_strdup(xapi->user ? xapi->user : "root");
        login->password = xsn_strdup(xapi->password ? xapi->password : "");
        return login->user && login->password ? 0 : xsn_error_oom(ret_err);
}

static int send_login(struct xsn_xapi *xapi, struct xsnet_error **ret_err)
{
        struct xsn_xapi_login login = { .user = NULL };
        struct xsn_xapi_how how = { .secret = true, .limit = xapi->options.login_limit };
        struct xsn_buf body = { 0 };
        int r = ask_login(xapi, &login, ret_err);

        if (r == 0 && (!login.user || !login.password))
                r = xsn_error_oom(ret_err);
        if (r == 0) {
                const char *const texts[] = { login.user, login.password, VERSION, xapi->originator };

                r = xsn_xmlrpc_request("session.login_with_password", texts, XSN_ARRAY_SIZE(texts), NULL, &body,
                                       ret_err);
        }
        xsn_xapi_secret_free(login.user);
        xsn_xapi_secret_free(login.password);
        return r < 0 ? r : xsn_xapi_exchange(&xapi->login, &body, &how, ret_err);
}

void xsn_xapi_log_in(struct xsn_xapi *xapi)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        xapi->login.done = on_login;
        if (send_login(xapi, &err) < 0)
                login_failed(xapi, &err);
}

/* ---- out ---- */

/*
 * XAPI keeps a session for a day, and a few hundred of a program. Nobody waits for the answer: what a connection does
 * not take at once ends by itself.
 */
void xsn_xapi_log_out(struct xsn_xapi *xapi)
{
        struct xsn_xapi_how how = { .secret = true };
        struct xsn_buf body = { 0 };
        const char *session = xapi->session;

        if (!session || xapi->waiting || xapi->trouble ||
            xsn_xmlrpc_request("session.logout", &session, 1, NULL, &body, NULL) < 0 ||
            xsn_xapi_exchange(&xapi->login, &body, &how, NULL) < 0)
                return;
        xsn_http_push(xapi->login.request);
        (void)xsn_xapi_exchange_cancel(&xapi->login);
}
