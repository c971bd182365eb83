/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a lost reply, and before a journal that was left is used: XAPI may still be at it. Its tasks tell; the next
 * look at the pool means something when none of those that may be ours goes on. Where that takes too long, nobody
 * knows, and nothing is guessed.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/run.h"
#include "base/alloc.h"

#define PATIENCE (120000 * XSN_NS_PER_MS)

void xsn_xa_doubt_drop(struct xa_run *run)
{
        run->watch = xsn_xapi_watch_cancel(run->watch);
        run->patience = xsn_source_remove(run->patience);
        xsn_strs_clear(&run->tasks);
}

static void end(struct xa_run *run, bool doubt)
{
        run->settled = true;
        run->doubt = doubt;
        xsn_xa_doubt_drop(run);
        xsn_source_set_time(run->xt->timer, 0);
}

static void on_patience(void *userdata)
{
        end(userdata, true);
}

/* What applies call, and what else has to do with it: of an earlier run nobody knows more. */
static bool is_of_networks(const char *method)
{
        static const char *const beginnings[] = {
                "network.", "PIF.", "Bond.", "VLAN.", "tunnel.", "VIF.", "host.management_", "pool.management_"
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(beginnings); i++)
                if (strncmp(method, beginnings[i], strlen(beginnings[i])) == 0)
                        return true;
        return false;
}

/* Is it a call of ours that failed, by its name? */
static bool may_be_ours(const struct xa_run *run, const char *name)
{
        const char *method = strncmp(name, "Async.", 6) ? name : name + 6;

        if (run->earlier)
                return is_of_networks(method);
        for (size_t i = 0; i < run->n_jobs; i++)
                if (run->jobs[i].state == XA_JOB_FAILED && run->jobs[i].method && !strcmp(run->jobs[i].method, method))
                        return true;
        return false;
}

static const char *member(const struct xsn_xmlrpc_value *value, const char *name)
{
        const struct xsn_xmlrpc_value *found = xsn_xmlrpc_member(value, name);
        const char *text;

        return found && xsn_xmlrpc_as_text(found, &text, NULL) == 0 ? text : "";
}

static void forget(struct xa_run *run, const char *ref)
{
        int i = xsn_list_find(xsn_type_of(XSNET_TYPE_STRS)->item, &run->tasks, &ref);

        if (i >= 0)
                xsn_list_remove(xsn_type_of(XSNET_TYPE_STRS)->item, &run->tasks, (size_t)i);
}

static void on_events(const struct xsn_xmlrpc_value *events, const struct xsn_xmlrpc_value *counts, bool first,
                      void *userdata)
{
        struct xa_run *run = userdata;
        bool failed = false;

        (void)counts;
        if (first)
                xsn_strs_clear(&run->tasks);
        for (uint32_t i = 0; events && events->type == XSN_XMLRPC_ARRAY && i < events->n; i++) {
                const struct xsn_xmlrpc_value *task = xsn_xmlrpc_member(&events->items[i], "snapshot");
                const char *ref = member(&events->items[i], "ref");

                forget(run, ref);
                if (task && !strcmp(member(task, "status"), "pending") && may_be_ours(run, member(task, "name_label")))
                        failed = xsn_strs_add(&run->tasks, ref) < 0 || failed;
        }
        if (failed)
                end(run, true);
        else if (!run->tasks.n)
                end(run, false);
}

static void on_lost(const struct xsnet_error *err, void *userdata)
{
        struct xa_run *run = userdata;

        /* It is tried again until the patience ends; but a recover may as well be tried again by who began it. */
        if (!run->earlier || run->code)
                return;
        run->code = xsnet_error_get_code(err);
        run->err = xsn_error_copy(err);
        end(run, false);
}

void xsn_xa_doubt(struct xa_run *run)
{
        static const char *const classes[] = { "task" };
        struct xsn_xapi_listener listener = { on_events, on_lost, run };

        if (run->watch)
                return;
        if (xsn_loop_add_timer(run->xt->env.loop, on_patience, run, &run->patience) < 0 ||
            xsn_xapi_watch(run->xt->session, classes, 1, &listener, &run->watch, NULL) < 0) {
                end(run, true);
                return;
        }
        xsn_source_set_time(run->patience, xsn_loop_now() + PATIENCE);
}
