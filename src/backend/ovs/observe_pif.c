/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIFs: the NICs that are ports or members of bonds, and where the database is this machine's all its other NICs, too,
 * so that documents can name them.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

/* What is known of one NIC; link or interface may be NULL. */
struct nic {
        const char *name;
        const struct xsn_d0_link *link;
        const struct ovs_row *interface;
        const struct ovs_port *port; /* that it is, or is a member of */
};

static const struct ovs_row *interface_of(const struct ovs_port *port, const char *name)
{
        for (size_t i = 0; port && i < port->n_interfaces; i++)
                if (strcmp(port->interfaces[i]->name, name) == 0)
                        return port->interfaces[i];
        return NULL;
}

/* The link whose addresses are those of the PIF: the bridge of its network, where the addresses there are its own. */
static const struct xsn_d0_link *place_of(const struct nic *nic)
{
        bool alone = nic->port && nic->port->bridge->pif == nic->port && nic->port->role == OVS_NIC;

        return alone && nic->port->bridge->link ? nic->port->bridge->link : nic->link;
}

static int set_match(const struct nic *nic, uint32_t position, struct xsnet_object *obj)
{
        const struct xsn_d0_link *link = nic->link;
        struct xsn_pif *pif = XSN_PIF(obj);

        if (link->has_perm_mac || link->has_mac) {
                pif->match_mac = link->has_perm_mac ? link->perm_mac : link->mac;
                xsn_object_mark(obj, XSNET_FIELD_MATCH_MAC);
        }
        pif->match_position = position;
        xsn_object_mark(obj, XSNET_FIELD_MATCH_POSITION);
        return link->pci ? xsn_object_set_string(obj, XSNET_FIELD_MATCH_PCI, link->pci) : 0;
}

static const char *master_of(const struct ovs_view *view, const struct nic *nic)
{
        const struct xsn_d0_link *master = nic->link ? xsn_d0_link_at(view->net, nic->link->master) : NULL;

        if (nic->port)
                return nic->port->role == OVS_BOND ? nic->port->row->name : nic->port->bridge->name;
        return master ? master->name : NULL;
}

/* position: -1: none of this machine's NICs. */
static int view_pif(struct ovs_view *view, const struct nic *nic, int64_t position)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        bool alone = nic->port && nic->port->role == OVS_NIC;
        struct ovs_place place = { .rows = { NULL, NULL, alone ? nic->port->row : NULL, nic->interface } };
        const struct ovs_row *rows[] = { place.rows[OVS_PORT], nic->interface };
        int r = xsn_ovs_new_object(view, XSNET_KIND_PIF, &obj);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_DEVICE, nic->name);
        if (r == 0 && position >= 0)
                r = set_match(nic, (uint32_t)position, obj);
        if (r == 0 && alone)
                r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, nic->port->bridge->network);
        if (r == 0)
                r = xsn_ovs_read_fields(&place, obj);
        if (r == 0)
                r = xsn_ovs_view_marks(view, &place, place_of(nic), obj);
        if (r == 0)
                r = xsn_ovs_view_status(nic->interface, nic->link, master_of(view, nic), obj);
        if (r == 0)
                r = xsn_ovs_view_addresses(view, place_of(nic), nic->link, nic->port ? nic->port->bridge : NULL, obj);
        if (r == 0)
                r = xsn_ovs_payload_save(obj, rows, XSN_ARRAY_SIZE(rows));
        if (r == 0)
                r = xsn_ovs_payload_save_link(obj, nic->link);
        if (r == 0 && alone)
                r = xsn_ovs_payload_save_hwaddr(obj, nic->port);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

static bool is_nic(const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        uint32_t domain, device;

        return xsn_text_valid(link->name, false) && !xsn_d0_vif_name(link->name, &domain, &device, NULL) &&
               xsn_d0_link_is_nic(net, link);
}

/* A port that is something else to Open vSwitch, such as a bridge's own, is no NIC, whatever the kernel's device. */
static bool plays_nic(const struct ovs_port *port)
{
        return !port || port->role == OVS_NIC || port->role == OVS_BOND;
}

static int view_own(struct ovs_view *view)
{
        const struct xsn_d0_net *net = view->net;
        _cleanup_(xsn_freep) struct xsn_d0_link **links = xsn_alloc_array(net->n_links + 1, sizeof(*links));
        size_t n = 0;
        int r = links ? 0 : -ENOMEM;

        for (size_t i = 0; links && i < net->n_links; i++)
                if (is_nic(net, net->links[i]) && plays_nic(xsn_hash_get_str(&view->devices, net->links[i]->name)))
                        links[n++] = net->links[i];
        if (links)
                xsn_d0_sort_nics(links, n);
        for (size_t i = 0; i < n && r == 0; i++) {
                struct nic nic = { .name = links[i]->name, .link = links[i],
                                   .port = xsn_hash_get_str(&view->devices, links[i]->name) };

                nic.interface = interface_of(nic.port, nic.name);
                r = view_pif(view, &nic, (int64_t)i);
        }
        return r;
}

/* Ports whose device the kernel does not know as a NIC, or that is another machine's. */
static int view_others(struct ovs_view *view, const struct ovs_port *port)
{
        int r = 0;

        for (size_t i = 0; i < port->n_interfaces && r == 0; i++) {
                struct nic nic = { .name = port->interfaces[i]->name, .interface = port->interfaces[i], .port = port };

                if (!xsn_ifname_valid(nic.name) || !xsn_text_valid(nic.name, false))
                        continue;
                nic.link = xsn_ovs_link_of(view, nic.interface);
                if (!nic.link || !is_nic(view->net, nic.link))
                        r = view_pif(view, &nic, -1);
        }
        return r;
}

int xsn_ovs_view_pifs(struct ovs_view *view)
{
        int r = view->net ? view_own(view) : 0;

        for (size_t i = 0; i < view->n_ports && r == 0; i++)
                if (view->ports[i]->role == OVS_NIC || view->ports[i]->role == OVS_BOND)
                        r = view_others(view, view->ports[i]);
        return r;
}
