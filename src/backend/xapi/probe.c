/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before the first write: is each host that the plan is about there? XAPI forwards calls about a host's interfaces to
 * it, and holds the caller for 100 s and more where it does not answer, while host_metrics.live stays true for minutes.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/run.h"
#include "base/alloc.h"

#define ANSWER_LIMIT (15000 * XSN_NS_PER_MS)

struct xa_probe {
        struct xa_run *run;
        const char *host;
        struct xsn_xapi_call *call;
};

void xsn_xa_probe_drop(struct xa_run *run)
{
        for (size_t i = 0; i < run->n_probes; i++)
                if (run->probes[i].call)
                        (void)xsn_xapi_cancel(run->probes[i].call);
        run->probes = xsn_free(run->probes);
        run->n_probes = 0;
}

static void refuse(struct xa_run *run, const char *host, const char *why)
{
        if (!run->code)
                run->code = xsn_error_set(&run->err, -EHOSTUNREACH, "host-offline",
                                          "the host '%s' %s; nothing was changed", host, why);
}

static void on_answer(struct xsn_xapi_reply *reply, void *userdata)
{
        struct xa_probe *probe = userdata;
        struct xa_run *run = probe->run;
        struct xt *xt = run->xt;
        int code = reply->err ? xsnet_error_get_code(reply->err) : 0;

        probe->call = NULL;
        run->n_probing--;
        /* Whatever else XAPI says, the host is there to be asked. */
        if (code == -EHOSTUNREACH || code == -ETIMEDOUT)
                refuse(run, probe->host, "does not answer XAPI");
        else if (code < 0 && !reply->failure && !run->code) {
                run->code = code;
                run->err = xsn_error_copy(reply->err);
        }
        if (run->n_probing == 0)
                xsn_xt_apply_turn(xt);
}

static bool is_probed(const struct xa_run *run, const char *host)
{
        for (size_t i = 0; i < run->n_probes; i++)
                if (!strcmp(run->probes[i].host, host))
                        return true;
        return false;
}

static int ask(struct xa_run *run, const char *name, const struct xa_host *host, struct xsnet_error **ret_err)
{
        struct xa_probe *probe = &run->probes[run->n_probes];
        struct xsn_xmlrpc_writer w = { 0 };
        struct xsn_xapi_request request = {
                .method = "host.get_servertime",
                .params = &w,
                .flags = XSN_XAPI_REPEATABLE,
                .deadline = xsn_loop_now() + ANSWER_LIMIT,
                .fn = on_answer,
                .userdata = probe,
        };
        int r;

        *probe = (struct xa_probe){ .run = run, .host = name };
        xsn_xmlrpc_put_text(&w, host->row->ref);
        r = xsn_xapi_call(run->xt->session, &request, &probe->call, ret_err);
        xsn_xmlrpc_writer_done(&w);
        run->n_probes += r == 0;
        run->n_probing += r == 0;
        return r;
}

/* The coordinator is who answers anyway. */
static int ask_all(struct xa_run *run, struct xsnet_error **ret_err)
{
        run->probes = xsn_alloc_array(run->xt->view.n_hosts + 1, sizeof(*run->probes));
        if (!run->probes)
                return xsn_error_oom(ret_err);
        for (size_t i = 0; i < run->n_jobs && !run->code; i++) {
                const char *name = run->jobs[i].host;
                const struct xa_host *host = *name ? xsn_hash_get_str(&run->world.hosts, name) : NULL;
                int r;

                if (!host || is_probed(run, name))
                        continue;
                if (!xsn_xa_bool(host->metrics, XA_HOST_METRICS_LIVE, true))
                        refuse(run, name, "is not live");
                else if (!host->coordinator && (r = ask(run, name, host, ret_err)) < 0)
                        return r;
        }
        return 0;
}

void xsn_xa_probe(struct xa_run *run)
{
        struct xsnet_error *err = NULL;
        int r = ask_all(run, &err);

        run->probed = true;
        if (r < 0 && !run->code) {
                run->code = r;
                run->err = XSN_TAKE(err);
        }
        xsnet_error_free(err);
        if (run->n_probing == 0)
                xsn_xt_apply_turn(run->xt);
}
