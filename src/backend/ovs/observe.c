/* SPDX-License-Identifier: Apache-2.0 */
/* From rows to a state: the order in which objects come, and what is alike in those of all kinds. */
#include <errno.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "base/names.h"

int xsn_ovs_new_object(const struct ovs_view *view, int kind, struct xsnet_object **ret_obj)
{
        int r = xsn_object_new(xsn_class_of(kind), ret_obj);

        return r < 0 ? r : xsn_object_set_host(*ret_obj, view->host);
}

int xsn_ovs_view_marks(const struct ovs_view *view, const struct ovs_place *place, const struct xsn_d0_link *link,
                       struct xsnet_object *obj)
{
        int kind = obj->cls->kind;
        const char *owner = xsn_ovs_own_key(place, kind, OVS_KEY_OWNER);
        const char *made = xsn_ovs_own_key(place, kind, OVS_KEY_MADE);
        const char *management = xsn_ovs_own_key(place, kind, OVS_KEY_MANAGEMENT);
        const char *ipv6 = xsn_ovs_own_key(place, kind, OVS_KEY_IPV6);
        bool on_default = link && link->ifindex == view->route.ifindex;

        if (owner && xsn_owner_valid(owner)) {
                obj->owner = xsn_strdup(owner);
                if (!obj->owner)
                        return -ENOMEM;
                /* NICs and guests' devices are never ours to make. */
                obj->made = (!made || strcmp(made, "no") != 0) && kind != XSNET_KIND_PIF && kind != XSNET_KIND_VIF;
        }
        if (!obj->cls->has_address)
                return 0;
        /* Where nobody says which device manages the host, it is that of the default route. */
        obj->a.management = management ? strcmp(management, "yes") == 0 : on_default && !view->marked_management;
        if (obj->a.management)
                xsn_object_mark(obj, XSNET_FIELD_MANAGEMENT);
        obj->a.default_route = link && link->ifindex == view->route.chosen;
        if (obj->a.default_route)
                xsn_object_mark(obj, XSNET_FIELD_DEFAULT_ROUTE);
        if (ipv6 && strcmp(ipv6, "autoconf") == 0 && link && link->ipv6_off <= 0) {
                obj->a.ipv6_mode.value = XSNET_IP_AUTOCONF;
                xsn_object_mark(obj, XSNET_FIELD_IPV6_MODE);
        }
        return 0;
}

static void *member_of(struct xsnet_object *obj, int field)
{
        int row = xsn_class_index(obj->cls, field);

        return row < 0 ? NULL : xsn_object_member(obj, xsn_class_field(obj->cls, (size_t)row));
}

int xsn_ovs_view_status(const struct ovs_row *interface, const struct xsn_d0_link *link, const char *master,
                        struct xsnet_object *obj)
{
        const char *mac = xsn_ovs_get_string(interface, "mac_in_use");
        const char *state = xsn_ovs_get_string(interface, "link_state");
        uint32_t *mtu = member_of(obj, XSNET_FIELD_STATUS_MTU);
        bool *carrier = member_of(obj, XSNET_FIELD_STATUS_CARRIER);
        struct xsn_mac *has_mac = member_of(obj, XSNET_FIELD_STATUS_MAC);
        int64_t number;

        if (mtu && (link || xsn_ovs_get_integer(interface, "mtu", &number))) {
                number = link ? (int64_t)link->mtu : number;
                *mtu = number < 0 || number > UINT32_MAX ? 0 : (uint32_t)number;
                if (*mtu)
                        xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
        }
        if (carrier && (link || state)) {
                *carrier = link ? link->carrier : strcmp(state, "up") == 0;
                xsn_object_mark(obj, XSNET_FIELD_STATUS_CARRIER);
        }
        if (has_mac && link ? link->has_mac : mac && has_mac && xsn_mac_parse(mac, has_mac) == 0) {
                if (link)
                        *has_mac = link->mac;
                xsn_object_mark(obj, XSNET_FIELD_STATUS_MAC);
        }
        return master ? xsn_object_set_string(obj, XSNET_FIELD_STATUS_MASTER, master) : 0;
}

static int view_manager(const struct ovs_view *view, const struct xsn_d0_link *place, const struct xsn_d0_link *link,
                        const struct ovs_bridge *bridge, struct xsnet_object *obj)
{
        bool toolstack = !bridge || bridge->toolstack;
        const char *manager = NULL;

        if (!view->managers)
                return 0;
        if (link)
                manager = xsn_d0_manager_of(view->managers, link, toolstack);
        if (!manager && place && place != link)
                manager = xsn_d0_manager_of(view->managers, place, toolstack);
        return manager ? xsn_object_set_string(obj, XSNET_FIELD_STATUS_MANAGED_BY, manager) : 0;
}

int xsn_ovs_view_addresses(const struct ovs_view *view, const struct xsn_d0_link *place,
                           const struct xsn_d0_link *link, const struct ovs_bridge *bridge, struct xsnet_object *obj)
{
        bool ours = obj->owner != NULL, dhcp = false;
        const char *client;
        int r = view_manager(view, place, link, bridge, obj);

        if (!place || r < 0)
                return r;
        r = xsn_d0_view_addresses(view->net, place, ours, obj, &dhcp);
        if (r == 0)
                r = xsn_d0_kept_save(view->net, place, ours, obj);
        if (r < 0 || !dhcp)
                return r;
        client = view->managers ? xsn_d0_dhcp_client_of(place) : NULL;
        return xsn_object_set_string(obj, XSNET_FIELD_STATUS_DHCP_CLIENT, client ? client : "unknown");
}

/* Does some row say which device manages the host? */
static void find_marked(struct ovs_view *view)
{
        static const char *const keys[] = { OVS_KEY_MANAGEMENT, OVS_FAKE_PREFIX OVS_KEY_MANAGEMENT };

        for (int table = OVS_BRIDGE; table < OVS_N_TABLES; table++)
                for (size_t i = 0; i < view->rows->tables[table].n && !view->marked_management; i++)
                        for (size_t j = 0; j < XSN_ARRAY_SIZE(keys); j++) {
                                const char *value = xsn_ovs_get_key(view->rows->tables[table].v[i], "external_ids",
                                                                    keys[j]);

                                view->marked_management = view->marked_management ||
                                                          (value && strcmp(value, "yes") == 0);
                        }
}

static int view_all(struct ovs_view *view)
{
        struct xsn_host *host;
        int r = xsn_state_add_host(view->state, view->host, &host);

        if (r == 0)
                r = xsn_ovs_topology_find(view);
        if (r < 0)
                return r;
        find_marked(view);
        if (view->net)
                xsn_d0_find_default(view->net, &view->route);
        r = xsn_ovs_view_networks(view);
        if (r == 0)
                r = xsn_ovs_view_pifs(view);
        if (r == 0)
                r = xsn_ovs_view_bonds(view);
        if (r == 0)
                r = xsn_ovs_view_vlans(view);
        if (r == 0)
                r = xsn_ovs_view_tunnels(view);
        return r < 0 ? r : xsn_ovs_view_vifs(view);
}

int xsn_ovs_observe(const struct ovs_rows *rows, const struct xsn_d0_net *net, const struct xsn_d0_managers *managers,
                    const char *host, struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;
        struct ovs_view view = { .rows = rows, .net = net, .managers = managers, .host = host };
        int r = xsn_ovs_rows_check(rows, ret_err);

        if (r < 0)
                return r;
        if (xsn_state_new(&state) < 0)
                return xsn_error_oom(ret_err);
        view.state = state;
        r = view_all(&view);
        xsn_ovs_topology_done(&view);
        if (r < 0)
                return xsn_error_oom(ret_err);
        *ret_state = XSN_TAKE(state);
        return 0;
}
