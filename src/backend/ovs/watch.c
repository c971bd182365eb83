/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch: what comes, changes or goes in the database, as the monitor tells it. A guest's port or a bridge that
 * comes or goes is told by its object; any other change of what documents speak of asks to look at everything again.
 * Only the first of many in one transaction is told so. Guests' devices that are no ports yet are not heard of.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/target.h"
#include "base/alloc.h"

struct ovs_watch {
        xsn_event_fn fn;
        void *userdata;
        bool again; /* something changed: everything is to be looked at */
        struct event {
                struct xsnet_object *obj; /* owned */
                bool gone;
        } *events; /* until the transaction is told in full */
        size_t n_events, cap_events;
};

static void drop_events(struct ovs_watch *watch)
{
        for (size_t i = 0; i < watch->n_events; i++)
                xsnet_object_unref(watch->events[i].obj);
        watch->n_events = 0;
}

static struct ovs_watch *watch_free(struct ovs_watch *watch)
{
        if (!watch)
                return NULL;
        drop_events(watch);
        xsn_free(watch->events);
        return xsn_free(watch);
}

/* Is a column of another value that somebody sets, and vswitchd does not? */
static bool is_configured(int table, const json_t *before, const json_t *after)
{
        static const char *const references[] = { "bridges", "ports", "interfaces" };

        for (size_t i = 0; i < xsn_ovs_tables[table].n_columns; i++) {
                const struct ovs_column *column = &xsn_ovs_tables[table].columns[i];
                const json_t *was = json_object_get(before, column->name), *is = json_object_get(after, column->name);
                bool refers = false;

                for (size_t j = 0; j < XSN_ARRAY_SIZE(references); j++)
                        refers = refers || strcmp(column->name, references[j]) == 0;
                if ((!(column->flags & OVS_COL_STATE) || refers) && was != is && !(was && is && json_equal(was, is)))
                        return true;
        }
        return false;
}

static int make_vif(const struct ox *ox, const char *name, struct xsnet_object **ret_obj)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        uint32_t domain, device;
        int r;

        if (!xsn_d0_vif_name(name, &domain, &device, NULL))
                return -ENOENT;
        r = xsn_object_new(&xsn_vif_class, &obj);
        if (r < 0)
                return r;
        XSN_VIF(obj)->domain = domain;
        XSN_VIF(obj)->device = device;
        xsn_object_mark(obj, XSNET_FIELD_DOMAIN);
        xsn_object_mark(obj, XSNET_FIELD_VIF_DEVICE);
        r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, name);
        if (r == 0)
                r = xsn_object_set_host(obj, ox->host);
        if (r == 0)
                *ret_obj = XSN_TAKE(obj);
        return r;
}

static int make_network(const struct ox *ox, const char *name, const json_t *columns, struct xsnet_object **ret_obj)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const struct ovs_row row = { .columns = (json_t *)(uintptr_t)columns };
        const char *network = xsn_ovs_get_key(&row, "external_ids", OVS_KEY_NAME);
        int r = xsn_object_new(&xsn_network_class, &obj);

        if (r == 0)
                r = xsn_object_set_host(obj, ox->host);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NAME, network ? network : name);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_BRIDGE, name);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, name);
        if (r == 0)
                *ret_obj = XSN_TAKE(obj);
        return r;
}

static int add_event(const struct ox *ox, int table, const json_t *columns, bool gone)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const char *name = json_string_value(json_object_get(columns, "name"));
        struct ovs_watch *watch = ox->watch;
        void *v = watch->events;
        int r = -ENOENT;

        if (name && table == OVS_INTERFACE)
                r = make_vif(ox, name, &obj);
        else if (name && table == OVS_BRIDGE)
                r = make_network(ox, name, columns, &obj);
        if (r < 0)
                return r;
        if (xsn_grow(&v, &watch->cap_events, watch->n_events + 1, sizeof(*watch->events)) < 0)
                return -ENOMEM;
        watch->events = v;
        watch->events[watch->n_events++] = (struct event){ XSN_TAKE(obj), gone };
        return 0;
}

void xsn_ox_watch_change(struct ox *ox, const char *table, const json_t *before, const json_t *after)
{
        struct ovs_watch *watch = ox->watch;
        int t = watch && ox->host ? xsn_ovs_table_of(table) : -1;

        if (t < 0)
                return;
        if (before && after)
                watch->again = watch->again || is_configured(t, before, after);
        else if (add_event(ox, t, after ? after : before, !after) == -ENOMEM || t == OVS_PORT)
                watch->again = true;
}

/* The listener may end the watch: after telling, nothing of it is touched. */
void xsn_ox_watch_settled(struct ox *ox, bool first)
{
        struct ovs_watch *watch = ox->watch;

        if (!watch)
                return;
        if (first || watch->again || watch->n_events > 1) {
                bool any = watch->again || watch->n_events > 0;

                watch->again = false;
                drop_events(watch);
                if (any)
                        watch->fn(NULL, false, watch->userdata);
        } else if (watch->n_events == 1) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = XSN_TAKE(watch->events[0].obj);
                bool gone = watch->events[0].gone;

                watch->n_events = 0;
                watch->fn(obj, gone, watch->userdata);
        }
}

/* A look at everything tells whether the server comes back, or that it is away. */
void xsn_ox_watch_lost(struct ox *ox)
{
        if (ox->watch)
                ox->watch->fn(NULL, false, ox->watch->userdata);
}

int xsn_ox_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        struct ox *ox = (struct ox *)(void *)backend;
        int r;

        if (ox->watch)
                return xsn_error_set(ret_err, -EBUSY, "busy", "ovs: watched already");
        r = xsn_ox_connect(ox, ret_err);
        if (r < 0)
                return r;
        ox->watch = xsn_alloc(sizeof(*ox->watch));
        if (!ox->watch)
                return xsn_error_oom(ret_err);
        ox->watch->fn = fn;
        ox->watch->userdata = userdata;
        return 0;
}

void xsn_ox_unwatch(struct xsn_backend *backend)
{
        struct ox *ox = (struct ox *)(void *)backend;

        ox->watch = watch_free(ox->watch);
}
