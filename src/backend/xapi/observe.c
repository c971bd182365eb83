/* SPDX-License-Identifier: Apache-2.0 */
/* From records to a state: hosts and networks, and what is alike in objects of all kinds. */
#include <errno.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

int xsn_xa_view_marks(const struct xa_record *row, int column, struct xsnet_object *obj)
{
        const char *owner = xsn_xa_key(row, column, XA_KEY_OWNER);
        const char *made = xsn_xa_key(row, column, XA_KEY_MADE);

        if (!owner || !xsn_owner_valid(owner))
                return 0;
        obj->owner = xsn_strdup(owner);
        if (!obj->owner)
                return -ENOMEM;
        /* NICs are never ours to make. */
        obj->made = (!made || strcmp(made, "no") != 0) && obj->cls->kind != XSNET_KIND_PIF;
        return 0;
}

/* ---- networks ---- */

/* What XAPI chooses by itself, and takes from nobody: another pool's network, or this one made anew, has another. */
bool xsn_xa_bridge_is_reserved(const char *bridge)
{
        static const char *const reserved[] = { "xen", "xapi", "vif", "tap", "eth" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(reserved); i++)
                if (!strncmp(bridge, reserved[i], strlen(reserved[i])))
                        return true;
        return false;
}

static int view_network(const struct xa_record *row, struct xsnet_state *state)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        struct xa_place place = { .rows = { [XA_NETWORK] = row } };
        const char *uuid = xsn_xa_text(row, XA_UUID), *bridge = xsn_xa_text(row, XA_NETWORK_BRIDGE);
        int r = xsn_object_new(&xsn_network_class, &obj);

        if (r == 0)
                r = xsn_object_set_host(obj, "");
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NAME, xsn_xa_network_name(row));
        if (r == 0 && *uuid && strlen(uuid) <= 64 && xsn_text_valid(uuid, false))
                r = xsn_object_set_string(obj, XSNET_FIELD_UUID, uuid);
        if (r == 0)
                r = xsn_xa_read_fields(&place, obj);
        if (r < 0)
                return r;
        /* A name such as "x y/z" is no device's, and no bridge is ever made of it. */
        if (xsn_ifname_valid(bridge))
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, bridge);
        if (r == 0 && xsn_ifname_valid(bridge) && !xsn_xa_bridge_is_reserved(bridge))
                r = xsn_object_set_string(obj, XSNET_FIELD_BRIDGE, bridge);
        if (r == 0)
                r = xsn_xa_view_marks(row, XA_NETWORK_OTHER_CONFIG, obj);
        if (r == 0)
                r = xsn_xa_payload_save(obj, &place);
        return r < 0 ? r : xsn_state_add(state, obj);
}

int xsn_xa_view_networks(const struct xa_view *view, struct xsnet_state *state)
{
        int r = 0;

        for (size_t i = 0; i < view->n_networks && r == 0; i++)
                r = view_network(view->networks[i], state);
        return r;
}

/* ---- the pool ---- */

static int view_hosts(const struct xa_view *view, struct xsnet_state *state)
{
        for (size_t i = 0; i < view->n_hosts; i++) {
                const struct xa_record *row = view->hosts[i].row;
                const char *label = xsn_xa_text(row, XA_HOST_NAME_LABEL);
                struct xsn_host *host;

                if (xsn_state_add_host(state, view->hosts[i].name, &host) < 0)
                        return -ENOMEM;
                host->uuid = xsn_strdup(xsn_xa_text(row, XA_UUID));
                if (!host->uuid)
                        return -ENOMEM;
                if (*label && xsn_text_valid(label, false) && !(host->label = xsn_strdup(label)))
                        return -ENOMEM;
        }
        return 0;
}

/* What makes no sense without: a reply that was cut short must not look like a pool that lost its hosts. */
static int check(const struct xa_view *view, struct xsnet_error **ret_err)
{
        if (!view->pool || !view->n_hosts)
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "XAPI tells of no %s",
                                     view->pool ? "host" : "pool");
        for (size_t i = 0; i < view->n_hosts; i++)
                if (!*view->hosts[i].name || !xsn_text_valid(view->hosts[i].name, false))
                        return xsn_error_set(ret_err, -EPROTO, "bad-reply", "XAPI tells of a host without a uuid");
        return 0;
}

int xsn_xa_observe(const struct xa_view *view, struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;
        int r = check(view, ret_err);

        if (r < 0)
                return r;
        if (xsn_state_new(&state) < 0 || view_hosts(view, state) < 0 || xsn_xa_view_networks(view, state) < 0 ||
            xsn_xa_view_pifs(view, state) < 0 || xsn_xa_view_vifs(view, state) < 0)
                return xsn_error_oom(ret_err);
        *ret_state = XSN_TAKE(state);
        return 0;
}
