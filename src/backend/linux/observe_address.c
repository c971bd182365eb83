/* SPDX-License-Identifier: Apache-2.0 */
/* The address rows of an object, and what is known of who else cares for its device. */
#include <errno.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

static bool is_managed_role(const struct xsn_d0_link *link)
{
        return link->role == LX_NIC || link->role == LX_BOND || link->role == LX_BRIDGE;
}

static int view_others(const struct lx_view *view, const struct xsn_d0_link *place, const struct xsn_d0_link *link,
                       bool dhcp, struct xsnet_object *obj)
{
        const char *manager = xsn_d0_manager_of(&view->managers, link, is_managed_role(link));
        const char *client = NULL;
        int r = 0;

        if (!manager && place != link)
                manager = xsn_d0_manager_of(&view->managers, place, is_managed_role(place));
        if (manager)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_MANAGED_BY, manager);
        if (dhcp)
                client = view->lx->own_netns ? xsn_d0_dhcp_client_of(place) : NULL;
        if (r == 0 && dhcp)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DHCP_CLIENT, client ? client : "unknown");
        return r;
}

/* Does the mark say that we have something to do with the device, and not only how it was before? */
static bool is_marked(const struct xsn_d0_link *place)
{
        return xsn_lx_mark_is_ours(place->alias) && (place->alias[6] != ';' || strstr(place->alias, ";net="));
}

int xsn_lx_view_addresses(struct lx_view *view, const struct xsn_d0_link *place, const struct xsn_d0_link *link,
                          struct xsnet_object *obj)
{
        bool ours, dhcp;
        int r;

        if (!place)
                return 0;
        ours = is_marked(place);
        r = xsn_d0_view_addresses(&view->lx->net, place, ours, obj, &dhcp);
        if (r == 0)
                r = xsn_d0_kept_save(&view->lx->net, place, ours, obj);
        return r < 0 ? r : view_others(view, place, link, dhcp, obj);
}
