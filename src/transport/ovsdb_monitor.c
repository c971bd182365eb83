/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Monitors: asked for on each connection, by monitor_cond or, where the server is older than 2.6, by monitor; the copy
 * of the rows outlives the connection, so that only what has changed is told after it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/ovsdb_error.h"
#include "transport/ovsdb_priv.h"

/* A monitor's name at the server: this, and its number. */
#define NAME_PREFIX "xsnet-"
#define NAME_MAX_   32

static int ask(struct xsn_ovsdb_monitor *monitor, struct xsnet_error **ret_err);

static void name_of(const struct xsn_ovsdb_monitor *monitor, char name[NAME_MAX_])
{
        (void)snprintf(name, NAME_MAX_, NAME_PREFIX "%" PRIu64, monitor->number);
}

void xsn_ovsdb_monitor_free(struct xsn_ovsdb_monitor *monitor)
{
        struct xsn_ovsdb *client = monitor->client;

        if (monitor->next)
                monitor->next->prev = monitor->prev;
        if (monitor->prev)
                monitor->prev->next = monitor->next;
        else if (client->monitors == monitor)
                client->monitors = monitor->next;
        xsn_ovsdb_rows_done(&monitor->rows);
        xsn_free(monitor);
}

static void deliver(struct xsn_ovsdb_monitor *monitor, const struct xsn_ovsdb_changes *changes, bool first)
{
        const struct xsn_ovsdb *client = monitor->client;
        const struct xsn_ovsdb_listener *listener = &monitor->listener;

        monitor->busy = true;
        for (size_t i = 0; i < changes->n && !monitor->gone && !client->closed; i++)
                listener->change(changes->v[i].table, changes->v[i].uuid, changes->v[i].before, changes->v[i].after,
                                 listener->userdata);
        if (!monitor->gone && !client->closed)
                listener->settled(first, listener->userdata);
        monitor->busy = false;
        if (monitor->gone)
                xsn_ovsdb_monitor_free(monitor);
}

static void on_refused(struct xsn_ovsdb_monitor *monitor, const struct xsnet_error *err)
{
        monitor->busy = true;
        monitor->listener.failed(err, monitor->listener.userdata);
        monitor->busy = false;
        if (monitor->gone)
                xsn_ovsdb_monitor_free(monitor);
}

static void on_reply(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        _cleanup_(xsn_ovsdb_changes_done) struct xsn_ovsdb_changes changes = { 0 };
        struct xsn_ovsdb_monitor *monitor = userdata;
        struct xsn_ovsdb *client = monitor->client;
        struct xsnet_error *fault = NULL;
        int r = 0;

        monitor->request = NULL;
        if (err && !monitor->plain && xsnet_error_get_code(err) == -EOPNOTSUPP) {
                client->no_cond = true;
                r = ask(monitor, &fault);
        } else if (err) {
                on_refused(monitor, err);
                return;
        } else {
                r = xsn_ovsdb_rows_update(&monitor->rows, result, monitor->plain ? XSN_OVSDB_WHOLE : XSN_OVSDB_DIFF,
                                          true, &changes, &fault);
        }
        if (r < 0) {
                xsn_ovsdb_drop(client, fault);
        } else if (!err) {
                monitor->active = true;
                deliver(monitor, &changes, true);
        }
}

static int ask(struct xsn_ovsdb_monitor *monitor, struct xsnet_error **ret_err)
{
        struct xsn_ovsdb *client = monitor->client;
        struct xsn_ovsdb_request model = {
                .deadline = UINT64_MAX, .internal = true, .fn = on_reply, .userdata = monitor
        };
        json_t *request = xsn_ovsdb_rows_request(&monitor->rows);
        char name[NAME_MAX_];

        if (!request)
                return xsn_error_oom(ret_err);
        name_of(monitor, name);
        monitor->plain = client->no_cond;
        return xsn_ovsdb_request_new(client, monitor->plain ? "monitor" : "monitor_cond",
                                     json_pack("[sso]", client->database, name, request), &model, &monitor->request,
                                     ret_err);
}

static int bind_and_ask(struct xsn_ovsdb_monitor *monitor, struct xsnet_error **ret_err)
{
        if (xsn_ovsdb_rows_bind(&monitor->rows, monitor->client->schema) < 0)
                return xsn_error_oom(ret_err);
        return ask(monitor, ret_err);
}

int xsn_ovsdb_monitors_start(struct xsn_ovsdb *client, struct xsnet_error **ret_err)
{
        for (struct xsn_ovsdb_monitor *monitor = client->monitors; monitor; monitor = monitor->next) {
                int r;

                r = bind_and_ask(monitor, ret_err);
                if (r < 0)
                        return r;
        }
        return 0;
}

void xsn_ovsdb_monitors_stop(struct xsn_ovsdb *client)
{
        for (struct xsn_ovsdb_monitor *monitor = client->monitors; monitor; monitor = monitor->next) {
                monitor->active = false;
                monitor->request = NULL;
        }
}

/* ---- updates ---- */

static struct xsn_ovsdb_monitor *find(const struct xsn_ovsdb *client, const char *name)
{
        for (struct xsn_ovsdb_monitor *monitor = client->monitors; monitor; monitor = monitor->next) {
                char own[NAME_MAX_];

                name_of(monitor, own);
                if (monitor->active && !monitor->gone && strcmp(own, name) == 0)
                        return monitor;
        }
        return NULL;
}

int xsn_ovsdb_take_update(struct xsn_ovsdb *client, int form, const json_t *params, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_ovsdb_changes_done) struct xsn_ovsdb_changes changes = { 0 };
        const char *name = json_string_value(json_array_get(params, 0));
        struct xsn_ovsdb_monitor *monitor = name ? find(client, name) : NULL;
        int r;

        if (name && !monitor && client->monitor_cancelled)
                return 0;
        if (!monitor || json_array_size(params) != 2 || monitor->plain != (form == XSN_OVSDB_WHOLE))
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "an update that nobody asked for");
        r = xsn_ovsdb_rows_update(&monitor->rows, json_array_get(params, 1), form, false, &changes, ret_err);
        if (r < 0)
                return r;
        deliver(monitor, &changes, false);
        return 0;
}

/* ---- for users ---- */

int xsn_ovsdb_monitor(struct xsn_ovsdb *client, const struct xsn_ovsdb_watch *watches, size_t n_watches,
                      const struct xsn_ovsdb_listener *listener, struct xsn_ovsdb_monitor **ret_monitor,
                      struct xsnet_error **ret_err)
{
        struct xsn_ovsdb_monitor *monitor = xsn_alloc(sizeof(*monitor));
        int r = 0;

        if (!monitor)
                return xsn_error_oom(ret_err);
        monitor->client = client;
        monitor->listener = *listener;
        monitor->number = ++client->last_monitor;
        for (size_t i = 0; r == 0 && i < n_watches; i++)
                r = xsn_ovsdb_rows_add_table(&monitor->rows, watches[i].table, watches[i].columns,
                                             watches[i].n_columns);
        if (r < 0)
                (void)xsn_error_oom(ret_err);
        if (r == 0 && xsn_ovsdb_is_ready(client)) {
                r = bind_and_ask(monitor, ret_err);
        }
        if (r < 0) {
                xsn_ovsdb_monitor_free(monitor);
                return r;
        }
        monitor->next = client->monitors;
        if (monitor->next)
                monitor->next->prev = monitor;
        client->monitors = monitor;
        *ret_monitor = monitor;
        return 0;
}

struct xsn_ovsdb_monitor *xsn_ovsdb_monitor_cancel(struct xsn_ovsdb_monitor *monitor)
{
        struct xsn_ovsdb_request model = { .deadline = UINT64_MAX, .internal = true };
        struct xsn_ovsdb *client;
        bool known;
        char name[NAME_MAX_];

        if (!monitor || monitor->gone)
                return NULL;
        client = monitor->client;
        known = monitor->active;
        if (monitor->request && !xsn_ovsdb_cancel(monitor->request))
                known = true;
        if (known && client->stream) {
                client->monitor_cancelled = true;
                name_of(monitor, name);
                /* Without memory for it its updates go on, and are passed over. */
                (void)xsn_ovsdb_request_new(client, "monitor_cancel", json_pack("[s]", name), &model, NULL, NULL);
        }
        if (monitor->busy)
                monitor->gone = true;
        else
                xsn_ovsdb_monitor_free(monitor);
        return NULL;
}

const json_t *xsn_ovsdb_monitor_rows(const struct xsn_ovsdb_monitor *monitor, const char *table)
{
        return xsn_ovsdb_rows_table(&monitor->rows, table);
}

const json_t *xsn_ovsdb_monitor_defaults(const struct xsn_ovsdb_monitor *monitor, const char *table)
{
        return xsn_ovsdb_rows_defaults(&monitor->rows, table);
}
