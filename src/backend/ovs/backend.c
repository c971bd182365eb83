/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend "ovs:": its options, its table of functions, and the observe. A monitor keeps a copy of the rows; an
 * observe asks the server something small, whose answer comes after all that was changed before. The client connects
 * with the first operation.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/dom0/managers.h"
#include "backend/ovs/target.h"
#include "base/alloc.h"

#define DEFAULT_PLACE "unix:/var/run/openvswitch/db.sock"
#define ANSWER_LIMIT  (30000 * XSN_NS_PER_MS)
/* A server that is started again is back by then. */
#define COME_BACK_LIMIT (5000 * XSN_NS_PER_MS)
/* Links and addresses that were read while the server answered are read again after this. */
#define EARLY_LIMIT (2000 * XSN_NS_PER_MS)

static struct ox *ox_of(struct xsn_backend *backend)
{
        return (struct ox *)(void *)backend;
}

static void close_ox(struct ox *ox)
{
        xsn_ox_unwatch(&ox->base);
        xsn_ox_apply_free(ox);
        xsn_source_remove(ox->timer);
        xsn_ovsdb_close(ox->client);
        xsn_ovs_rows_done(&ox->rows);
        xsn_ovs_later_done(&ox->later);
        xsn_d0_net_done(&ox->net);
        xsn_nl_close(ox->nl);
        xsn_netns_close(ox->netns);
        xsnet_error_free(ox->err);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(ox->tls); i++)
                xsn_free(ox->tls[i]);
        xsn_free(ox->place);
        xsn_free(ox->peer);
        xsn_free(ox->told_host);
        xsn_free(ox->host);
        xsn_free(ox->datapath);
        xsn_free(ox);
}

static void ox_close(struct xsn_backend *backend)
{
        if (backend)
                close_ox(ox_of(backend));
}

static void close_oxp(struct ox **ox)
{
        if (*ox)
                close_ox(*ox);
}

/* ---- the end of an observe, always from the timer ---- */

static void end_observe(struct ox *ox, int code, struct xsnet_error *err)
{
        if (!ox->observed || ox->over) {
                xsnet_error_free(err);
                return;
        }
        ox->over = true;
        ox->code = code;
        ox->err = err;
        xsn_source_set_time(ox->timer, 0);
}

static int read_net(struct ox *ox, struct xsnet_error **ret_err)
{
        bool is_read = ox->early && xsn_loop_now() - ox->early < EARLY_LIMIT;

        ox->early = 0;
        return ox->nl && !is_read ? xsn_d0_net_read(ox->nl, &ox->net, ret_err) : 0;
}

/* While the server puts its rows together. What fails is tried again, and told then. */
static void read_net_early(struct ox *ox)
{
        ox->early = xsn_d0_net_read(ox->nl, &ox->net, NULL) == 0 ? xsn_loop_now() : 0;
}

/* Of another machine: what it says of itself, else where it was found. */
static int find_host(struct ox *ox)
{
        const char *name = ox->told_host, *told = xsn_ovs_get_key(xsn_ovs_row_root(&ox->rows), "external_ids",
                                                                  "hostname");
        char node[256] = "";

        if (!name && ox->is_unix && gethostname(node, sizeof(node) - 1) == 0 && *node)
                name = node;
        if (!name)
                name = told && *told && strlen(told) < sizeof(node) ? told : ox->is_unix ? "localhost" : NULL;
        if (!name)
                name = ox->peer;
        xsn_free(ox->host);
        ox->host = xsn_strdup(name);
        return ox->host ? 0 : -ENOMEM;
}

/* From now on the rows are what a plan assumes. */
static int hold_rows(struct ox *ox)
{
        int r = xsn_ox_release_rows(ox);

        ox->held = r == 0;
        return r;
}

int xsn_ox_release_rows(struct ox *ox)
{
        ox->held = false;
        return xsn_ovs_later_take(&ox->later, &ox->rows);
}

static int observe_now(struct ox *ox, struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_managers_done) struct xsn_d0_managers managers = { .n = 0 };
        int r = hold_rows(ox) < 0 || find_host(ox) < 0 ? xsn_error_oom(ret_err) : read_net(ox, ret_err);

        if (r < 0)
                return r;
        if (ox->own_netns && xsn_d0_managers_find(&managers) < 0)
                return xsn_error_oom(ret_err);
        xsn_ovs_caps_find(xsn_ox_has, ox->client, &ox->rows, ox->nl, &ox->caps);
        return xsn_ovs_observe(&ox->rows, ox->nl ? &ox->net : NULL, ox->own_netns ? &managers : NULL, ox->host,
                               ret_state, ret_err);
}

/* Rows that were lost for want of memory, or make no sense, are read anew, by another client. */
static void forget_rows(struct ox *ox)
{
        ox->client = xsn_ovsdb_close(ox->client);
        ox->monitor = NULL;
        ox->asking = NULL;
        ox->synced = ox->known = ox->broken = false;
        xsn_ovs_rows_done(&ox->rows);
        xsn_ovs_later_done(&ox->later);
        ox->held = false;
}

static void on_timer(void *userdata)
{
        struct ox *ox = userdata;
        xsn_observed_fn fn = ox->observed;
        struct xsnet_error *err = XSN_TAKE(ox->err);
        struct xsnet_state *state = NULL;
        int r = ox->code;

        xsn_source_set_time(ox->timer, UINT64_MAX);
        if (ox->apply) {
                xsn_ox_apply_turn(ox);
                return;
        }
        if (!fn || !ox->over) {
                xsnet_error_free(err);
                if (fn && ox->nl)
                        read_net_early(ox);
                return;
        }
        ox->observed = NULL;
        ox->over = false;
        if (r == 0)
                r = observe_now(ox, &state, &err);
        if (ox->rows.failed || r == -EPROTO)
                forget_rows(ox);
        /* What follows may close the backend. */
        fn(state, r, err, ox->userdata);
        xsnet_state_unref(state);
}

/* ---- what the client tells ---- */

static void on_answer(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct ox *ox = userdata;

        (void)result;
        ox->asking = NULL;
        /* Of a lost connection on_lost() hears, too. */
        if (!err || xsn_ovsdb_is_ready(ox->client))
                end_observe(ox, err ? xsnet_error_get_code(err) : 0, err ? xsn_error_copy(err) : NULL);
}

static void ask(struct ox *ox)
{
        struct xsnet_error *err = NULL;
        json_t *ops = json_pack("[{ss ss s[] s[s]}]", "op", "select", "table", xsn_ovs_tables[OVS_ROOT].name, "where",
                                "columns", "cur_cfg");
        int r = ops ? xsn_ovsdb_transact(ox->client, ops, xsn_loop_now() + ANSWER_LIMIT, on_answer, ox, &ox->asking,
                                         &err)
                    : xsn_error_oom(&err);

        json_decref(ops);
        if (r < 0)
                end_observe(ox, r, err);
}

static void on_lost(const struct xsnet_error *err, void *userdata)
{
        struct ox *ox = userdata;
        struct xsnet_error *copy = xsn_error_copy(err);
        int code = err ? xsnet_error_get_code(err) : -ENOTCONN;
        bool was_synced = ox->synced;

        ox->synced = false;
        ox->asking = NULL;
        /* A server that was there is given time to come back; the client goes on trying. */
        if (!ox->observed || xsn_loop_now() < ox->patience)
                xsnet_error_free(copy);
        else
                end_observe(ox, code, copy);
        if (was_synced)
                xsn_ox_watch_lost(ox);
}

/* By the schema of this connection. */
static void on_ready(void *userdata)
{
        struct ox *ox = userdata;

        for (int table = 0; table < OVS_N_TABLES; table++)
                xsn_ovs_rows_set_fresh(&ox->rows, table,
                                       xsn_ovsdb_monitor_defaults(ox->monitor, xsn_ovs_tables[table].name));
        if (ox->observed && !ox->over)
                xsn_source_set_time(ox->timer, 0);
}

static void on_change(const char *table, const char *uuid, const json_t *before, const json_t *after, void *userdata)
{
        struct ox *ox = userdata;

        if (!ox->held)
                (void)xsn_ovs_rows_change(&ox->rows, table, uuid, after);
        else if (xsn_ovs_later_note(&ox->later, table, uuid, after) < 0)
                ox->rows.failed = true;
        xsn_ox_watch_change(ox, table, before, after);
}

static void on_settled(bool first, void *userdata)
{
        struct ox *ox = userdata;

        ox->synced = ox->known = true;
        if (first && ox->observed && !ox->asking)
                end_observe(ox, 0, NULL);
        xsn_ox_watch_settled(ox, first);
}

static void on_failed(const struct xsnet_error *err, void *userdata)
{
        struct ox *ox = userdata;

        ox->broken = true;
        end_observe(ox, err ? xsnet_error_get_code(err) : -EPROTO, xsn_error_copy(err));
}

bool xsn_ox_has(const void *server, const char *table, const char *column)
{
        return xsn_ovsdb_has_column(server, table, column);
}

/* ---- connecting ---- */

static int start(struct ox *ox, struct xsn_ovsdb *client, struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_listener listener = { on_change, on_settled, on_failed, ox };
        struct xsn_ovsdb_watch watches[OVS_N_TABLES];
        int r;

        if (xsn_ovs_rows_watch(watches) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_ovsdb_monitor(client, watches, OVS_N_TABLES, &listener, &ox->monitor, ret_err);
        xsn_ovs_watch_done(watches);
        return r;
}

static int open_client(struct ox *ox, const struct xsn_ovsdb_tls *tls, struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_callbacks callbacks = { on_ready, on_lost, ox };
        struct xsn_ovsdb_options options = { .backoff_max = 1000 * XSN_NS_PER_MS };
        _cleanup_(xsn_ovsdb_closep) struct xsn_ovsdb *client = NULL;
        int r;

        if (tls)
                options.tls = *tls;
        r = xsn_ovsdb_open(ox->env.loop, ox->place, &options, &callbacks, &client, ret_err);
        if (r == 0)
                r = start(ox, client, ret_err);
        if (r == 0)
                ox->client = XSN_TAKE(client);
        return r;
}

/* ---- options ---- */

static const char *const known_options[] = { "datapath", "host", "netns", "ca", "cert", "key", "verify", "force-local",
                                             NULL };

static int find_verify(const struct xsn_uri *uri, int *ret_verify, struct xsnet_error **ret_err)
{
        static const char *const words[] = { "full", "ca", "none" };
        const char *verify = xsn_uri_option(uri, "verify");

        for (int i = 0; i < (int)XSN_ARRAY_SIZE(words); i++)
                if (!verify || strcmp(verify, words[i]) == 0) {
                        *ret_verify = i;
                        return 0;
                }
        return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': expected verify=full, ca or none, found '%s'",
                             uri->text, verify);
}

static int set_options(struct ox *ox, const struct xsn_uri *uri, struct xsnet_error **ret_err)
{
        const char *datapath = xsn_uri_option(uri, "datapath"), *force = xsn_uri_option(uri, "force-local");
        const char *host = xsn_uri_option(uri, "host");

        if (datapath && strcmp(datapath, "netdev") != 0 && strcmp(datapath, "system") != 0)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri",
                                     "target '%s': expected datapath=netdev or system, found '%s'", uri->text,
                                     datapath);
        if (force && *force && strcmp(force, "true") != 0)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': force-local has no value but true",
                                     uri->text);
        ox->force_local = force;
        ox->place = xsn_strdup(uri->rest && *uri->rest ? uri->rest : DEFAULT_PLACE);
        ox->is_unix = ox->place && strncmp(ox->place, "unix:", 5) == 0;
        ox->datapath = datapath ? xsn_strdup(datapath) : NULL;
        ox->told_host = host ? xsn_strdup(host) : NULL;
        return !ox->place || (datapath && !ox->datapath) || (host && !ox->told_host) ? xsn_error_oom(ret_err) : 0;
}

/* The links of a database on a unix socket are those of this machine. */
static int set_netns(struct ox *ox, const struct xsn_uri *uri, struct xsnet_error **ret_err)
{
        const char *name = xsn_uri_option(uri, "netns");
        _cleanup_(xsn_netns_closep) struct xsn_netns *own = NULL;
        struct xsn_nl_options options = { .where = "ovs" };
        int r;

        if (!ox->is_unix)
                return name ? xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': netns is for ovs:unix: only",
                                            uri->text)
                            : 0;
        r = xsn_netns_open(NULL, &own, ret_err);
        if (r == 0)
                r = xsn_netns_open(name, &ox->netns, ret_err);
        if (r < 0)
                return r;
        ox->own_netns = xsn_netns_same(own, ox->netns);
        options.netns = ox->netns;
        return xsn_nl_open(&options, &ox->nl, ret_err);
}

/* Who says how the server is to be checked shall not talk to one that is not. */
static int refuse_tls(const struct xsn_uri *uri, struct xsnet_error **ret_err)
{
        static const char *const options[] = { "ca", "cert", "key", "verify" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(options); i++)
                if (xsn_uri_option(uri, options[i]))
                        return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': %s is for ovs:ssl: only",
                                             uri->text, options[i]);
        return 0;
}

static int set_tls(const struct xsn_uri *uri, struct xsn_ovsdb_tls *tls, struct xsnet_error **ret_err)
{
        *tls = (struct xsn_ovsdb_tls){
                .ca = xsn_uri_option(uri, "ca"),
                .certificate = xsn_uri_option(uri, "cert"),
                .key = xsn_uri_option(uri, "key"),
        };
        if (tls->key && !tls->certificate)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "target '%s': a key is for a cert, expected both",
                                     uri->text);
        return find_verify(uri, &tls->verify, ret_err);
}

static int keep_tls(struct ox *ox, const struct xsn_ovsdb_tls *tls)
{
        const char *const paths[] = { tls->ca, tls->certificate, tls->key };

        ox->verify = tls->verify;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(paths); i++) {
                ox->tls[i] = paths[i] ? xsn_strdup(paths[i]) : NULL;
                if (paths[i] && !ox->tls[i])
                        return -ENOMEM;
        }
        return 0;
}

static int ox_open(const struct xsn_backend_env *env, const struct xsn_uri *uri, struct xsn_backend **ret_backend,
                   struct xsnet_error **ret_err)
{
        _cleanup_(close_oxp) struct ox *ox = NULL;
        struct xsn_ovsdb_endpoint endpoint;
        struct xsn_ovsdb_tls tls = { .verify = 0 };
        static const char *const with_values[] = { "host", "netns", "ca", "cert", "key", NULL };
        int r = xsn_uri_check_options(uri, known_options, ret_err);

        if (r == 0)
                r = xsn_uri_check_values(uri, with_values, ret_err);
        if (r < 0)
                return r;
        ox = xsn_alloc(sizeof(*ox));
        if (!ox)
                return xsn_error_oom(ret_err);
        ox->base.ops = &xsn_ovs_backend_ops;
        ox->env = *env;
        r = set_options(ox, uri, ret_err);
        if (r < 0)
                return r;
        r = xsn_ovsdb_endpoint_parse(ox->place, &endpoint, ret_err);
        if (r < 0)
                return xsn_error_prefix(ret_err, r, "target '%s'", uri->text);
        ox->peer = XSN_TAKE(endpoint.host);
        xsn_ovsdb_endpoint_done(&endpoint);
        r = endpoint.type == XSN_OVSDB_SSL ? set_tls(uri, &tls, ret_err) : refuse_tls(uri, ret_err);
        if (r == 0)
                r = set_netns(ox, uri, ret_err);
        if (r == 0 && xsn_loop_add_timer(env->loop, on_timer, ox, &ox->timer) < 0)
                r = xsn_error_oom(ret_err);
        if (r == 0)
                r = keep_tls(ox, &tls) < 0 ? xsn_error_oom(ret_err) : 0;
        if (r == 0)
                *ret_backend = &XSN_TAKE(ox)->base;
        return r;
}

/* ---- the table of functions ---- */

int xsn_ox_connect(struct ox *ox, struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_tls tls = { ox->tls[0], ox->tls[1], ox->tls[2], ox->verify };

        if (ox->broken || ox->rows.failed)
                forget_rows(ox);
        return ox->client ? 0 : open_client(ox, &tls, ret_err);
}

static int ox_observe(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        struct ox *ox = ox_of(backend);
        int r;

        if (ox->observed || ox->apply)
                return xsn_error_set(ret_err, -EBUSY, "busy", "ovs: something is under way already");
        r = xsn_ox_connect(ox, ret_err);
        if (r < 0)
                return r;
        ox->observed = fn;
        ox->userdata = userdata;
        ox->over = false;
        ox->early = 0;
        ox->code = 0;
        ox->patience = ox->known ? xsn_loop_now() + COME_BACK_LIMIT : 0;
        if (ox->synced && xsn_ovsdb_is_ready(ox->client))
                ask(ox);
        return 0;
}

/* One socket may be found by several paths. */
static int ox_identify(struct xsn_backend *backend, char **ret_identity, char **ret_boot, struct xsnet_error **ret_err)
{
        struct ox *ox = ox_of(backend);
        _cleanup_(xsn_freep) char *folder = ox->is_unix ? xsn_strdup(ox->place + 5) : NULL;
        char *slash = folder ? strrchr(folder, '/') : NULL, *real = NULL, *identity;
        struct xsn_buf buf = { 0 };

        if (slash) {
                *slash = '\0';
                real = realpath(slash == folder ? "/" : folder, NULL);
        }
        if (real)
                xsn_buf_printf(&buf, "ovs:unix:%s/%s", strcmp(real, "/") == 0 ? "" : real, slash + 1);
        else
                xsn_buf_printf(&buf, "ovs:%s", ox->place);
        free(real);
        if (xsn_buf_take(&buf, &identity) < 0)
                return xsn_error_oom(ret_err);
        *ret_identity = identity;
        *ret_boot = NULL;
        return 0;
}

static const struct xsn_caps *ox_get_caps(struct xsn_backend *backend)
{
        return &ox_of(backend)->caps.caps;
}

/* What vswitchd writes after it has looked at a device. */
static const uint64_t *ox_get_settling(struct xsn_backend *backend)
{
        struct ox *ox = ox_of(backend);

        for (int kind = XSNET_KIND_NETWORK; kind <= XSNET_KIND_VIF; kind++)
                ox->settling[kind] = xsn_class_bit(xsn_class_of(kind), XSNET_FIELD_STATUS_MTU);
        return ox->settling;
}

const struct xsn_backend_ops xsn_ovs_backend_ops = {
        .scheme = "ovs",
        .open = ox_open,
        .identify = ox_identify,
        .close = ox_close,
        .observe = ox_observe,
        .get_caps = ox_get_caps,
        .get_settling = ox_get_settling,
        .apply = xsn_ox_apply,
        .cancel = xsn_ox_cancel,
        .watch = xsn_ox_watch,
        .unwatch = xsn_ox_unwatch,
};
