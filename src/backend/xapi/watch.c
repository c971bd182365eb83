/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the pool, by event.from: whatever it was, the engine is asked to observe again. */
#include <errno.h>
#include <string.h>

#include "backend/xapi/target.h"

static void on_events(const struct xsn_xmlrpc_value *events, const struct xsn_xmlrpc_value *counts, bool first,
                      void *userdata)
{
        struct xt *xt = userdata;

        (void)counts;
        /* The first answer is what there is, and that may be later than what the engine has seen. */
        if (first || (events && events->n))
                xt->event(NULL, false, xt->event_userdata);
}

static void on_lost(const struct xsnet_error *err, void *userdata)
{
        (void)err;
        (void)userdata; /* it comes back with a first answer */
}

int xsn_xt_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        /* PIF_metrics and hosts change all the time, and nobody asks for it. */
        static const char *const classes[] = { "network", "PIF", "Bond", "VLAN", "tunnel", "VIF" };
        struct xt *xt = (struct xt *)(void *)backend;
        struct xsn_xapi_listener listener = { on_events, on_lost, xt };

        if (xt->watch)
                return xsn_error_set(ret_err, -EBUSY, "busy", "xapi: it is watched already");
        xt->event = fn;
        xt->event_userdata = userdata;
        return xsn_xapi_watch(xt->session, classes, sizeof(classes) / sizeof(classes[0]), &listener, &xt->watch,
                              ret_err);
}

void xsn_xt_unwatch(struct xsn_backend *backend)
{
        struct xt *xt = (struct xt *)(void *)backend;

        xt->watch = xsn_xapi_watch_cancel(xt->watch);
}
