/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's state: whom it talks to, whether it is logged in, whether it waits. Everything that may be done is
 * done by the pump, one after another; what an answer means for all is decided in xsn_xapi_again().
 */
#include "transport/xapi.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_error.h"
#include "transport/xapi_priv.h"

#define BACKOFF_MIN   (500 * XSN_NS_PER_MS)
#define BACKOFF_MAX   (10000 * XSN_NS_PER_MS)
#define CALL_LIMIT    (120000 * XSN_NS_PER_MS)
#define LOGIN_LIMIT   (30000 * XSN_NS_PER_MS) /* a refused one takes 5 s: who takes longer does not answer at all */
#define REDIRECTS_MAX 4u
#define SENT_MAX      256u /* requests of a link that wait for answers, or for their turn */
#define HOSTS_MAX     256u /* XAPI's pools have 64 at most */
#define TASKS_MAX     128u

/* ---- the pump ---- */

void xsn_xapi_wake(struct xsn_xapi *xapi)
{
        xsn_source_set_time(xapi->pump, 0);
}

/* A call that is not with XAPI, by itself or by another, and whose end is not known. */
static bool call_waits(const struct xsn_xapi_call *call)
{
        return !call->exchange.request && !call->leader && !call->err && !call->known;
}

/* Those whose tasks go on ask together: see xsn_xapi_follow(). */
static bool call_may_begin(const struct xsn_xapi_call *call)
{
        const struct xsn_xapi *xapi = call->xapi;

        if (!call_waits(call) || call->phase == XSN_XAPI_FOLLOW)
                return false;
        return !(call->flags & XSN_XAPI_ASYNC) || call->phase != XSN_XAPI_CALL || call->begun ||
               xapi->n_tasks < xapi->options.max_tasks;
}

/* Tells the first call that has an end of it: the session may be gone behind it. */
static bool tell_one(struct xsn_xapi *xapi)
{
        for (struct xsn_xapi_call *call = xapi->calls; call && xapi->n_ending > 0; call = call->next)
                if (call->err || call->known) {
                        xsn_xapi_call_tell(call);
                        return true;
                }
        return false;
}

static void on_pump(void *userdata)
{
        struct xsn_xapi *xapi = userdata;

        if (tell_one(xapi))
                return; /* the pump is set again */
        if (xapi->waiting)
                return;
        xsn_xapi_follow(xapi);
        /* No more at a time than the client has room for: the others wait here. */
        for (struct xsn_xapi_call *call = xapi->calls; call && xapi->link->n_requests < SENT_MAX; call = call->next) {
                if (!call_may_begin(call))
                        continue;
                if (!xapi->session) {
                        if (!xapi->login.request)
                                xsn_xapi_log_in(xapi);
                        return;
                }
                xsn_xapi_call_send(call);
        }
}

void xsn_xapi_give_up(struct xsn_xapi *xapi, const struct xsnet_error *err)
{
        for (struct xsn_xapi_call *call = xapi->calls; call; call = call->next)
                if (call_waits(call))
                        xsn_xapi_call_end(call, xsn_error_copy(err));
}

/* ---- trouble ---- */

static void on_timer(void *userdata)
{
        struct xsn_xapi *xapi = userdata;

        xapi->waiting = false;
        xsn_xapi_wake(xapi);
}

static void note_trouble(struct xsn_xapi *xapi, const struct xsnet_error *err)
{
        xsnet_error_free(xapi->trouble);
        xapi->trouble = xsn_error_copy(err);
}

/* Nothing is sent for a while, twice as long each time. */
static void back_off(struct xsn_xapi *xapi, const struct xsnet_error *err)
{
        if (xapi->waiting)
                return;
        note_trouble(xapi, err);
        xapi->backoff = xapi->backoff ? 2 * xapi->backoff : xapi->options.backoff_min;
        if (xapi->backoff > xapi->options.backoff_max)
                xapi->backoff = xapi->options.backoff_max;
        xapi->waiting = true;
        xsn_source_set_time(xapi->timer, xsn_loop_now() + xapi->backoff);
        xsn_log(xapi->context, "xapi: waiting for %s: %s", xapi->place_text, xsnet_error_get_reason(err));
}

/* An answer that has nothing to do with the session: all is well. */
static void settle(struct xsn_xapi *xapi)
{
        xapi->backoff = 0;
        xapi->n_redirects = 0;
        xapi->n_tried = 0;
        xapi->trouble = xsnet_error_free(xapi->trouble);
}

static bool knows_host(const struct xsn_xapi *xapi, const char *host)
{
        for (size_t i = 0; i < xapi->n_hosts; i++)
                if (strcmp(xapi->hosts[i], host) == 0)
                        return true;
        return false;
}

int xsn_xapi_add_host(struct xsn_xapi *xapi, const char *host, struct xsnet_error **ret_err)
{
        struct xsn_http_place place;
        void *grown = xapi->hosts;
        int r;

        if (knows_host(xapi, host) || xapi->n_hosts >= HOSTS_MAX || xapi->place.type == XSN_HTTP_UNIX)
                return 0;
        r = xsn_http_place_move(&xapi->place, host, &place, ret_err);
        if (r < 0)
                return r;
        if (xsn_grow(&grown, &xapi->cap_hosts, xapi->n_hosts + 1, sizeof(*xapi->hosts)) < 0) {
                xsn_http_place_done(&place);
                return xsn_error_oom(ret_err);
        }
        xapi->hosts = grown;
        xapi->hosts[xapi->n_hosts++] = XSN_TAKE(place.host);
        return 0;
}

/* Talks to another host of the pool from now on. What is under way ends where it is. */
static int go_to(struct xsn_xapi *xapi, const char *host, struct xsnet_error **ret_err)
{
        struct xsn_http_place place, before = xapi->place;
        struct xsn_xapi_link *link = NULL;
        char *text = NULL;
        int r = xsn_http_place_move(&xapi->place, host, &place, ret_err);

        if (r < 0)
                return r;
        if (xsn_http_place_format(&place, &text) < 0) {
                xsn_http_place_done(&place);
                return xsn_error_oom(ret_err);
        }
        xapi->place = place;
        r = xsn_xapi_link_new(xapi, &link, ret_err);
        if (r < 0) {
                xapi->place = before;
                xsn_http_place_done(&place);
                xsn_free(text);
                return r;
        }
        xsn_http_place_done(&before);
        xsn_free(xapi->place_text);
        xapi->place_text = text;
        xsn_xapi_link_leave(xapi->link);
        xapi->link = link;
        xsn_xapi_forget_session(xapi); /* one more of this host's is better than one of another's */
        xsn_log(xapi->context, "xapi: going to %s", xapi->place_text);
        return 0;
}

/* It is no coordinator, and says who is. */
static void redirect(struct xsn_xapi *xapi, const char *host)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;

        if (xapi->n_redirects++ < xapi->options.max_redirects) {
                (void)xsn_xapi_add_host(xapi, host, NULL);
                if (go_to(xapi, host, &err) == 0)
                        return;
                (void)xsn_error_prefix(&err, 0, "cannot follow HOST_IS_SLAVE");
        } else {
                (void)xsn_error_set(&err, -EHOSTUNREACH, "no-coordinator",
                                    "the pool's hosts send us to each other, %u times already", xapi->n_redirects - 1);
        }
        xapi->n_redirects = 0;
        /* A pool that is about to agree on a new coordinator gets over that. */
        if (xapi->ever)
                back_off(xapi, err);
        else
                xsn_xapi_give_up(xapi, err);
}

/* Nobody listens there, or not any more: another host may know the coordinator. */
static bool unreachable(struct xsn_xapi *xapi, const struct xsnet_error *err)
{
        if (!xapi->ever && xapi->n_hosts < 2)
                return false;
        if (xapi->waiting)
                return true;
        if (++xapi->n_tried < xapi->n_hosts) {
                const char *host = xapi->hosts[xapi->next_host++ % xapi->n_hosts];

                if (strcmp(host, xapi->place.host) == 0)
                        host = xapi->hosts[xapi->next_host++ % xapi->n_hosts];
                note_trouble(xapi, err);
                if (go_to(xapi, host, NULL) == 0)
                        return true;
        }
        xapi->n_tried = 0;
        back_off(xapi, err);
        return true;
}

/* Will it be the same the next time, whatever happens to the pool? */
static bool is_final(const struct xsn_xapi *xapi, const struct xsnet_error *err)
{
        static const char *const reasons[] = { "untrusted-server", "bad-certificate", "out-of-memory",
                                               "too-many-requests" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(reasons); i++)
                if (strcmp(xsnet_error_get_reason(err), reasons[i]) == 0)
                        return true;
        return !xapi->ever && strcmp(xsnet_error_get_reason(err), "tls-failed") == 0;
}

bool xsn_xapi_again(struct xsn_xapi *xapi, const struct xsn_xapi_exchange *exchange, bool repeatable,
                    const struct xsn_xapi_reply *reply)
{
        if (xsn_xapi_error_is(reply->failure, "SESSION_INVALID") && exchange != &xapi->login) {
                if (exchange->session == xapi->session_number)
                        xsn_xapi_forget_session(xapi);
                return true;
        }
        if (xsn_xapi_error_is(reply->failure, "HOST_IS_SLAVE") && xapi->place.type != XSN_HTTP_UNIX) {
                if (exchange->present)
                        redirect(xapi, xsn_xapi_error_param(reply->failure, 0));
                return true;
        }
        if (xsn_xapi_error_is_passing(reply->failure)) {
                if (exchange->present)
                        back_off(xapi, reply->err);
                return true;
        }
        if (!reply->err || reply->failure) {
                if (exchange->present)
                        settle(xapi);
                return false;
        }
        if (is_final(xapi, reply->err))
                return false;
        if (!exchange->sent)
                return exchange->present ? unreachable(xapi, reply->err) : true;
        if (!repeatable || strcmp(xsnet_error_get_reason(reply->err), "outcome-unknown") != 0)
                return false;
        if (!exchange->present)
                return true;
        /* The connections that are kept may all be as dead, or the host may be. */
        xsn_http_renew(xapi->link->http);
        if (exchange == &xapi->login && xapi->n_hosts > 1)
                return unreachable(xapi, reply->err);
        /* The first time at once: a server may close a kept connection at any time. */
        if (xapi->trouble)
                back_off(xapi, reply->err);
        else
                note_trouble(xapi, reply->err);
        return true;
}

/* ---- life ---- */

static void free_options(struct xsn_xapi *xapi)
{
        for (size_t i = 0; xapi->pins && i < xapi->options.http.tls.n_pins; i++)
                xsn_free((char *)xapi->pins[i].host);
        xsn_free(xapi->pins);
        xsn_free(xapi->ca);
        xsn_free(xapi->originator);
        xsn_xapi_secret_free(xapi->user);
        xsn_xapi_secret_free(xapi->password);
        xsnet_context_unref(xapi->context);
}

struct xsn_xapi *xsn_xapi_close(struct xsn_xapi *xapi)
{
        if (!xapi)
                return NULL;
        while (xapi->watches)
                (void)xsn_xapi_watch_cancel(xapi->watches);
        while (xapi->calls)
                xsn_xapi_call_free(xapi->calls);
        (void)xsn_xapi_exchange_cancel(&xapi->login);
        xsn_xapi_log_out(xapi);
        xsn_xapi_link_leave(xapi->link);
        xsn_xapi_forget_session(xapi);
        xsn_free(xapi->token);
        for (size_t i = 0; i < xapi->n_hosts; i++)
                xsn_free(xapi->hosts[i]);
        xsn_free(xapi->hosts);
        xsn_free(xapi->place_text);
        xsn_http_place_done(&xapi->place);
        xsnet_error_free(xapi->trouble);
        xsn_source_remove(xapi->timer);
        xsn_source_remove(xapi->pump);
        free_options(xapi);
        return xsn_free(xapi);
}

static int copy_text(const char *text, char **ret_copy)
{
        *ret_copy = text ? xsn_strdup(text) : NULL;
        return *ret_copy || !text ? 0 : -ENOMEM;
}

static int copy_pins(struct xsn_xapi *xapi, const struct xsn_http_tls *tls)
{
        xapi->pins = xsn_alloc_array(tls->n_pins, sizeof(*xapi->pins));
        if (!xapi->pins)
                return -ENOMEM;
        xapi->options.http.tls.n_pins = 0;
        for (size_t i = 0; i < tls->n_pins; i++) {
                char *host;

                if (copy_text(tls->pins[i].host, &host) < 0)
                        return -ENOMEM;
                xapi->pins[i] = tls->pins[i];
                xapi->pins[i].host = host;
                xapi->options.http.tls.n_pins++;
        }
        return 0;
}

static int copy_options(struct xsn_xapi *xapi, const struct xsn_xapi_options *options)
{
        struct xsn_xapi_options *own = &xapi->options;

        *own = *options;
        own->http.tls.n_pins = 0;
        own->backoff_min = own->backoff_min ? own->backoff_min : BACKOFF_MIN;
        own->backoff_max = own->backoff_max ? own->backoff_max : BACKOFF_MAX;
        own->max_redirects = own->max_redirects ? own->max_redirects : REDIRECTS_MAX;
        own->call_limit = own->call_limit ? own->call_limit : CALL_LIMIT;
        own->login_limit = own->login_limit ? own->login_limit : LOGIN_LIMIT;
        own->max_tasks = own->max_tasks ? own->max_tasks : TASKS_MAX;
        own->http.max_parallel = own->http.max_parallel ? own->http.max_parallel : 4;
        own->http.max_waiting = SENT_MAX;
        xapi->context = options->context ? xsnet_context_ref(options->context) : NULL;
        if (copy_text(options->user, &xapi->user) < 0 || copy_text(options->password, &xapi->password) < 0 ||
            copy_text(options->originator ? options->originator : "libxsnet", &xapi->originator) < 0 ||
            copy_text(options->http.tls.ca, &xapi->ca) < 0 || copy_pins(xapi, &options->http.tls) < 0)
                return -ENOMEM;
        own->http.tls.ca = xapi->ca;
        own->http.tls.pins = xapi->pins;
        own->user = own->password = own->originator = NULL;
        return 0;
}

int xsn_xapi_open(struct xsn_loop *loop, const char *place, const struct xsn_xapi_options *options,
                  struct xsn_xapi **ret_xapi, struct xsnet_error **ret_err)
{
        static const struct xsn_xapi_options defaults;
        _cleanup_(xsn_xapi_closep) struct xsn_xapi *xapi = xsn_alloc(sizeof(*xapi));
        int r;

        if (!xapi)
                return xsn_error_oom(ret_err);
        xapi->loop = loop;
        xapi->login.xapi = xapi;
        if (copy_options(xapi, options ? options : &defaults) < 0 ||
            xsn_loop_add_timer(loop, on_pump, xapi, &xapi->pump) < 0 ||
            xsn_loop_add_timer(loop, on_timer, xapi, &xapi->timer) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_http_place_parse(place, &xapi->place, ret_err);
        if (r < 0)
                return r;
        if (xsn_http_place_format(&xapi->place, &xapi->place_text) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_xapi_link_new(xapi, &xapi->link, ret_err);
        if (r == 0)
                r = xsn_xapi_add_host(xapi, xapi->place.host, ret_err);
        if (r == 0)
                *ret_xapi = XSN_TAKE(xapi);
        return r;
}

bool xsn_xapi_tidy(struct xsn_xapi *xapi, xsn_xapi_tidy_fn fn, void *userdata)
{
        xapi->tidy_fn = xapi->n_tidying > 0 ? fn : NULL;
        xapi->tidy_userdata = userdata;
        return xapi->n_tidying > 0;
}

const char *xsn_xapi_get_place(const struct xsn_xapi *xapi)
{
        return xapi->place_text;
}
