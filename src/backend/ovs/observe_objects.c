/* SPDX-License-Identifier: Apache-2.0 */
/* The objects made of single rows: networks, VLANs, bonds, VIFs. 0 or -ENOMEM. */
#include <errno.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "base/utf8.h"

static void set_enum(struct xsnet_object *obj, int field, struct xsn_enumval *member, int value)
{
        member->value = value;
        xsn_object_mark(obj, field);
}

static int set_raw(struct xsnet_object *obj, int field, struct xsn_enumval *member, const char *text)
{
        member->raw = xsn_strdup(xsn_text_valid(text, false) ? text : "?");
        xsn_object_mark(obj, field);
        return member->raw ? 0 : -ENOMEM;
}

/* ---- networks ---- */

/*
 * The toolstack sets the uuid of a VLAN's network at the parent, before the parent's own: "VLAN;PARENT". That is of the
 * VLAN that was plugged last, so it tells of one only where there is one.
 */
static int view_uuid(const struct ovs_bridge *bridge, const struct ovs_place *place, struct xsnet_object *obj)
{
        const char *uuids = xsn_ovs_own_key(place, XSNET_KIND_NETWORK, "xs-network-uuids"), *end;
        _cleanup_(xsn_freep) char *first = NULL;

        if (uuids && !bridge->parent && bridge->n_fake > 0 && strrchr(uuids, ';'))
                uuids = strrchr(uuids, ';') + 1;
        if (!uuids && bridge->parent && bridge->parent->n_fake == 1) {
                uuids = xsn_ovs_get_key(bridge->parent->row, "external_ids", "xs-network-uuids");
                if (uuids && !strchr(uuids, ';'))
                        uuids = NULL;
        }
        end = uuids ? uuids + strcspn(uuids, ";") : NULL;
        if (!uuids || end == uuids || end - uuids > 64)
                return 0;
        first = xsn_strndup(uuids, (size_t)(end - uuids));
        if (!first)
                return -ENOMEM;
        return xsn_text_valid(first, false) ? xsn_object_set_string(obj, XSNET_FIELD_UUID, first) : 0;
}

static void view_mtu(const struct ovs_bridge *bridge, struct xsn_network *net)
{
        int64_t mtu;

        if (!xsn_ovs_get_integer(bridge->interface, "mtu_request", &mtu)) {
                if (bridge->link)
                        mtu = bridge->link->mtu;
                else if (!xsn_ovs_get_integer(bridge->interface, "mtu", &mtu))
                        return;
        }
        if (mtu < 68 || mtu > 65535)
                return;
        net->mtu = (uint32_t)mtu;
        xsn_object_mark(&net->o, XSNET_FIELD_MTU);
}

/* Rows that hang at a bridge alone go with it, and nothing here reads them. */
static bool has_owned(const struct ovs_row *row)
{
        const struct ovs_table *table = &xsn_ovs_tables[OVS_BRIDGE];

        for (size_t i = 0; row && i < table->n_columns; i++)
                if (table->columns[i].flags & OVS_COL_OWNED && xsn_ovs_get_size(row, table->columns[i].name) > 0)
                        return true;
        return false;
}

static int view_network(struct ovs_view *view, const struct ovs_bridge *bridge)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const struct ovs_row *rows[] = { bridge->row, bridge->port, bridge->interface };
        struct ovs_place place = { .rows = { NULL, bridge->row, bridge->port, bridge->interface },
                                   .fake = bridge->parent };
        /* Its PIF has the addresses, where it has one. */
        const struct xsn_d0_link *link = bridge->n_pifs == 1 ? NULL : bridge->link;
        int r = xsn_ovs_new_object(view, XSNET_KIND_NETWORK, &obj);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NAME, bridge->network);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, bridge->name);
        if (r == 0)
                r = xsn_ovs_read_fields(&place, obj);
        if (r == 0)
                r = view_uuid(bridge, &place, obj);
        if (r < 0)
                return r;
        view_mtu(bridge, XSN_NETWORK(obj));
        obj->irreplaceable = has_owned(bridge->row);
        r = xsn_ovs_view_marks(view, &place, link, obj);
        if (r == 0)
                r = xsn_ovs_view_status(bridge->interface, bridge->link, NULL, obj);
        if (r == 0)
                r = xsn_ovs_view_addresses(view, link, bridge->link, bridge, obj);
        if (r == 0)
                r = xsn_ovs_payload_save(obj, rows, XSN_ARRAY_SIZE(rows));
        if (r == 0)
                r = xsn_ovs_payload_save_link(obj, bridge->link);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

int xsn_ovs_view_networks(struct ovs_view *view)
{
        int r = 0;

        for (size_t i = 0; i < view->n_bridges && r == 0; i++)
                r = view_network(view, view->bridges[i]);
        return r;
}

/* ---- VLANs: a fake bridge is a network and the VLAN in it ---- */

static int view_vlan(struct ovs_view *view, const struct ovs_bridge *bridge)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const struct ovs_row *rows[] = { bridge->port, bridge->interface };
        struct ovs_place place = { .rows = { NULL, NULL, bridge->port, bridge->interface } };
        const struct xsn_d0_link *link = bridge->n_pifs == 1 ? bridge->link : NULL;
        const char *pif = xsn_ovs_bridge_pif(bridge->parent);
        int r = xsn_ovs_new_object(view, XSNET_KIND_VLAN, &obj);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_PIF, pif ? pif : bridge->parent->name);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, bridge->network);
        if (r == 0)
                r = xsn_ovs_read_fields(&place, obj);
        if (r == 0)
                r = xsn_ovs_view_marks(view, &place, link, obj);
        if (r == 0)
                r = xsn_ovs_view_status(bridge->interface, bridge->link, bridge->name, obj);
        if (r == 0)
                r = xsn_ovs_view_addresses(view, link, bridge->link, bridge, obj);
        if (r == 0)
                r = xsn_ovs_payload_save(obj, rows, XSN_ARRAY_SIZE(rows));
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

int xsn_ovs_view_vlans(struct ovs_view *view)
{
        int r = 0;

        for (size_t i = 0; i < view->n_bridges && r == 0; i++)
                if (view->bridges[i]->parent && view->bridges[i]->tag <= 4094)
                        r = view_vlan(view, view->bridges[i]);
        return r;
}

/* ---- bonds ---- */

/*
 * LACP is what `lacp` says, whatever the mode; the mode then tells what chooses a member. Without LACP, balance-tcp is
 * nothing that documents have.
 */
static int view_mode(const struct ovs_row *port, struct xsnet_object *obj)
{
        const char *mode = xsn_ovs_get_string(port, "bond_mode"), *lacp = xsn_ovs_get_string(port, "lacp");
        const char *rate = xsn_ovs_get_key(port, "other_config", "lacp-time");
        struct xsn_bond *bond = XSN_BOND(obj);
        int known, r;

        if (!mode)
                mode = "active-backup";
        if (lacp && strcmp(lacp, "off") != 0) {
                set_enum(obj, XSNET_FIELD_MODE, &bond->mode, XSNET_BOND_LACP);
                set_enum(obj, XSNET_FIELD_LACP_RATE, &bond->lacp_rate,
                         rate && strcmp(rate, "fast") == 0 ? XSNET_LACP_FAST : XSNET_LACP_SLOW);
                if (strcmp(mode, "balance-tcp") == 0)
                        set_enum(obj, XSNET_FIELD_HASH, &bond->hash, XSNET_HASH_TCPUDP_PORTS);
                else if (strcmp(mode, "balance-slb") == 0)
                        set_enum(obj, XSNET_FIELD_HASH, &bond->hash, XSNET_HASH_SRC_MAC);
                else
                        return set_raw(obj, XSNET_FIELD_HASH, &bond->hash, mode);
                return 0;
        }
        known = strcmp(mode, "balance-slb") == 0     ? XSNET_BOND_BALANCE_SLB
                : strcmp(mode, "active-backup") == 0 ? XSNET_BOND_ACTIVE_BACKUP
                                                     : 0;
        r = known ? 0 : set_raw(obj, XSNET_FIELD_MODE, &bond->mode, mode);
        if (known)
                set_enum(obj, XSNET_FIELD_MODE, &bond->mode, known);
        set_enum(obj, XSNET_FIELD_HASH, &bond->hash, XSNET_HASH_SRC_MAC);
        return r;
}

/* Open vSwitch has no device for a bond: its carrier is that of any member, its MTU the least of theirs. */
static int view_members(const struct ovs_view *view, const struct ovs_port *port, struct xsnet_object *obj)
{
        struct xsn_bond *bond = XSN_BOND(obj);
        bool known = false;

        for (size_t i = 0; i < port->n_interfaces; i++) {
                const struct ovs_row *interface = port->interfaces[i];
                const struct xsn_d0_link *link = xsn_ovs_link_of(view, interface);
                const char *state = xsn_ovs_get_string(interface, "link_state");
                int64_t mtu = 0;

                if (!xsn_text_valid(interface->name, false))
                        continue;
                if (xsn_strs_add(&bond->members, interface->name) < 0)
                        return -ENOMEM;
                known = known || link || state;
                bond->l.carrier = bond->l.carrier || (link ? link->carrier : state && strcmp(state, "up") == 0);
                (void)xsn_ovs_get_integer(interface, "mtu", &mtu);
                mtu = link ? (int64_t)link->mtu : mtu;
                if (mtu > 0 && mtu <= UINT32_MAX && (!bond->l.status_mtu || mtu < bond->l.status_mtu))
                        bond->l.status_mtu = (uint32_t)mtu;
        }
        xsn_object_mark(obj, XSNET_FIELD_MEMBERS);
        if (known)
                xsn_object_mark(obj, XSNET_FIELD_STATUS_CARRIER);
        if (bond->l.status_mtu)
                xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
        return 0;
}

static int view_bond(struct ovs_view *view, const struct ovs_port *port)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        struct ovs_place place = { .rows[OVS_PORT] = port->row };
        const struct xsn_d0_link *link = port->bridge->pif == port ? port->bridge->link : NULL;
        int r = xsn_ovs_new_object(view, XSNET_KIND_BOND, &obj);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, port->row->name);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, port->bridge->network);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_MASTER, port->bridge->name);
        if (r == 0)
                r = view_members(view, port, obj);
        if (r == 0)
                r = view_mode(port->row, obj);
        if (r == 0)
                r = xsn_ovs_read_fields(&place, obj);
        if (r == 0)
                r = xsn_ovs_view_marks(view, &place, link, obj);
        if (r == 0)
                r = xsn_ovs_view_addresses(view, link, port->bridge->link, port->bridge, obj);
        if (r == 0)
                r = xsn_ovs_payload_save(obj, &port->row, 1);
        if (r == 0)
                r = xsn_ovs_payload_save_hwaddr(obj, port);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

int xsn_ovs_view_bonds(struct ovs_view *view)
{
        int r = 0;

        for (size_t i = 0; i < view->n_ports && r == 0; i++)
                if (view->ports[i]->role == OVS_BOND)
                        r = view_bond(view, view->ports[i]);
        return r;
}

/* ---- VIFs ---- */

/* A guest with an emulated NIC has both devices: they are one VIF, seen by its vif where that is a port. */
static const struct ovs_port *find_twin(const struct ovs_view *view, bool tap, const struct xsn_vif *vif)
{
        char name[XSN_D0_VIF_MAX];

        xsn_d0_vif_write(tap, vif->domain, vif->device, name);
        return xsn_hash_get_str(&view->devices, name);
}

static int begin_vif(const struct ovs_view *view, const char *device, struct xsnet_object **ret_obj, bool *ret_tap)
{
        struct xsn_vif *vif;
        int r = xsn_ovs_new_object(view, XSNET_KIND_VIF, ret_obj);

        if (r < 0)
                return r;
        vif = XSN_VIF(*ret_obj);
        (void)xsn_d0_vif_name(device, &vif->domain, &vif->device, ret_tap);
        xsn_object_mark(*ret_obj, XSNET_FIELD_DOMAIN);
        xsn_object_mark(*ret_obj, XSNET_FIELD_VIF_DEVICE);
        return xsn_object_set_string(*ret_obj, XSNET_FIELD_STATUS_DEVICE, device);
}

static int view_vif(struct ovs_view *view, const struct ovs_port *port)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        struct ovs_place place = { .rows = { NULL, NULL, port->row, port->interfaces[0] } };
        const struct ovs_port *twin;
        bool tap = false;
        int r = begin_vif(view, port->interfaces[0]->name, &obj, &tap);

        if (r < 0)
                return r;
        twin = find_twin(view, !tap, XSN_VIF(obj));
        if (twin && twin->role != OVS_VIF)
                twin = NULL;
        if (tap && twin)
                return 0;
        r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, port->bridge->network);
        if (r == 0)
                r = xsn_ovs_read_fields(&place, obj);
        if (r == 0)
                r = xsn_ovs_view_marks(view, &place, NULL, obj);
        if (r == 0)
                r = xsn_ovs_view_status(port->interfaces[0], xsn_ovs_link_of(view, port->interfaces[0]),
                                        port->bridge->name, obj);
        if (r == 0) {
                const struct ovs_row *rows[] = { port->row, port->interfaces[0], twin ? twin->row : NULL,
                                                 twin ? twin->interfaces[0] : NULL };

                r = xsn_ovs_payload_save(obj, rows, XSN_ARRAY_SIZE(rows));
        }
        if (r == 0)
                r = xsn_ovs_payload_save_link(obj, xsn_ovs_link_of(view, port->interfaces[0]));
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

/* A guest's device that is no port of any bridge here. */
static int view_detached(struct ovs_view *view, const struct xsn_d0_link *link)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const struct xsn_d0_link *master = xsn_d0_link_at(view->net, link->master);
        const struct xsn_vif *vif;
        bool tap = false;
        int r = begin_vif(view, link->name, &obj, &tap);

        if (r < 0)
                return r;
        vif = XSN_VIF(obj);
        if (find_twin(view, false, vif) || find_twin(view, true, vif) ||
            (tap && xsn_d0_vif_link(view->net, false, vif->domain, vif->device)))
                return 0;
        r = xsn_ovs_view_status(NULL, link, master ? master->name : NULL, obj);
        if (r == 0)
                r = xsn_ovs_payload_save_link(obj, link);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

int xsn_ovs_view_vifs(struct ovs_view *view)
{
        uint32_t domain, device;
        int r = 0;

        for (size_t i = 0; i < view->n_ports && r == 0; i++)
                if (view->ports[i]->role == OVS_VIF)
                        r = view_vif(view, view->ports[i]);
        for (size_t i = 0; view->net && i < view->net->n_links && r == 0; i++)
                if (xsn_d0_vif_name(view->net->links[i]->name, &domain, &device, NULL))
                        r = view_detached(view, view->net->links[i]);
        return r;
}
