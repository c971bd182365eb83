/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend "linux:": its options, its table of functions, and the observe. Everything that is asked for runs
 * in pieces from a timer of the engine's loop. Relies on rtnetlink answering at once.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

static struct lx *lx_of(struct xsn_backend *backend)
{
        return (struct lx *)(void *)backend;
}

static void close_lx(struct lx *lx)
{
        xsn_lx_unwatch(&lx->base);
        xsn_lx_apply_free(lx);
        xsn_source_remove(lx->timer);
        xsn_d0_net_done(&lx->net);
        xsn_nl_close(lx->nl);
        xsn_netns_close(lx->netns);
        xsn_close_fdp(&lx->ioctl_fd);
        xsn_free(lx->netns_name);
        xsn_free(lx->host);
        xsn_free(lx);
}

static void lx_close(struct xsn_backend *backend)
{
        if (backend)
                close_lx(lx_of(backend));
}

static void close_lxp(struct lx **lx)
{
        if (*lx)
                close_lx(*lx);
}

static void on_timer(void *userdata)
{
        struct lx *lx = userdata;
        xsn_observed_fn fn = lx->observed;
        struct xsnet_error *err = NULL;
        struct xsnet_state *state = NULL;
        int r;

        if (lx->apply) {
                xsn_lx_apply_turn(lx);
                return;
        }
        if (!fn)
                return;
        lx->observed = NULL;
        r = xsn_lx_observe_now(lx, &state, &err);
        /* What follows may close the backend. */
        fn(state, r, err, lx->userdata);
        xsnet_state_unref(state);
}

static int set_host(struct lx *lx, const char *name, struct xsnet_error **ret_err)
{
        char node[256] = "";

        if (!name && (gethostname(node, sizeof(node) - 1) < 0 || !*node))
                (void)strcpy(node, "localhost");
        lx->host = xsn_strdup(name ? name : node);
        return lx->host ? 0 : xsn_error_oom(ret_err);
}

/* The namespace is held: the engine may be used by a thread that moves. */
static int enter(struct lx *lx, const char *name, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *own = NULL;
        struct xsn_nl_options options = { .ops = lx->nl_ops, .ops_userdata = lx->nl_userdata, .where = "linux" };
        int r = xsn_netns_open(NULL, &own, ret_err);

        if (r == 0)
                r = xsn_netns_open(name, &lx->netns, ret_err);
        if (r < 0)
                return r;
        lx->netns_name = name ? xsn_strdup(name) : NULL;
        if (name && !lx->netns_name)
                return xsn_error_oom(ret_err);
        lx->own_netns = xsn_netns_same(own, lx->netns);
        options.netns = lx->netns;
        return xsn_nl_open(&options, &lx->nl, ret_err);
}

int xsn_lx_open(const struct xsn_backend_env *env, const struct xsn_uri *uri, const struct xsn_nl_ops *ops,
                void *ops_userdata, struct xsn_backend **ret_backend, struct xsnet_error **ret_err)
{
        static const char *const known[] = { "netns", "host", NULL };
        _cleanup_(close_lxp) struct lx *lx = NULL;
        int r = xsn_uri_check_options(uri, known, ret_err);

        if (r == 0)
                r = xsn_uri_check_values(uri, known, ret_err);
        if (r < 0)
                return r;
        if (uri->rest && *uri->rest)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri",
                                     "target '%s': expected linux: or linux:?netns=NAME, found more after the colon",
                                     uri->text);
        lx = xsn_alloc(sizeof(*lx));
        if (!lx)
                return xsn_error_oom(ret_err);
        lx->base.ops = &xsn_linux_backend_ops;
        lx->env = *env;
        lx->nl_ops = ops;
        lx->nl_userdata = ops_userdata;
        lx->ioctl_fd = -1;
        r = set_host(lx, xsn_uri_option(uri, "host"), ret_err);
        if (r == 0)
                r = enter(lx, xsn_uri_option(uri, "netns"), ret_err);
        if (r == 0)
                r = xsn_loop_add_timer(env->loop, on_timer, lx, &lx->timer) < 0 ? xsn_error_oom(ret_err) : 0;
        if (r < 0)
                return r;
        xsn_lx_caps_find(lx, &lx->caps);
        *ret_backend = &XSN_TAKE(lx)->base;
        return 0;
}

static int lx_open(const struct xsn_backend_env *env, const struct xsn_uri *uri, struct xsn_backend **ret_backend,
                   struct xsnet_error **ret_err)
{
        return xsn_lx_open(env, uri, NULL, NULL, ret_backend, ret_err);
}

static int lx_observe(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        struct lx *lx = lx_of(backend);

        if (lx->observed || lx->apply)
                return xsn_error_set(ret_err, -EBUSY, "busy", "linux: something is under way already");
        lx->observed = fn;
        lx->userdata = userdata;
        xsn_source_set_time(lx->timer, 0);
        return 0;
}

static int lx_identify(struct xsn_backend *backend, char **ret_identity, char **ret_boot, struct xsnet_error **ret_err)
{
        return xsn_netns_identify(lx_of(backend)->netns, ret_identity, ret_boot, ret_err);
}

/*
 * A named namespace may be deleted, and one of the same name made. What is below /proc ends with a process or is a
 * number that is given again: there what was opened is what was meant.
 */
static bool lx_has_moved(struct xsn_backend *backend)
{
        _cleanup_(xsn_netns_closep) struct xsn_netns *now = NULL;
        const struct lx *lx = lx_of(backend);
        int r;

        if (!lx->netns_name || !*lx->netns_name || !strncmp(lx->netns_name, "/proc/", 6))
                return false;
        r = xsn_netns_open(lx->netns_name, &now, NULL);
        return r < 0 ? r == -ENOENT || r == -EINVAL : !xsn_netns_same(now, lx->netns);
}

static const struct xsn_caps *lx_get_caps(struct xsn_backend *backend)
{
        return &lx_of(backend)->caps;
}

static const uint64_t *lx_get_settling(struct xsn_backend *backend)
{
        (void)backend;
        return xsn_lx_settling();
}

const struct xsn_backend_ops xsn_linux_backend_ops = {
        .scheme = "linux",
        .open = lx_open,
        .identify = lx_identify,
        .has_moved = lx_has_moved,
        .close = lx_close,
        .observe = lx_observe,
        .get_caps = lx_get_caps,
        .get_settling = lx_get_settling,
        .apply = xsn_lx_apply,
        .cancel = xsn_lx_cancel,
        .watch = xsn_lx_watch,
        .unwatch = xsn_lx_unwatch,
};
