/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs together: bridges with their ports, ports with their Interfaces, fake bridges with their parents, and
 * which port carries the addresses of each network. Only rows that the root leads to count. A reference to nothing is
 * passed over, and a row that a second one refers to belongs to the first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

/* ---- rows in the order of their names ---- */

static int compare_rows(const void *a, const void *b)
{
        const struct ovs_row *x = *(const struct ovs_row *const *)a, *y = *(const struct ovs_row *const *)b;
        int r = strverscmp(x->name, y->name);

        return r ? r : strcmp(x->name, y->name);
}

/* The rows that `column` refers to and that have no place yet; the array is the caller's. */
static int take_rows(struct ovs_view *view, const struct ovs_row *row, const char *column, int to,
                     const struct ovs_row ***ret_rows, size_t *ret_n)
{
        size_t n = xsn_ovs_get_size(row, column), kept = 0;
        _cleanup_(xsn_freep) const struct ovs_row **rows = xsn_alloc_array(n + 1, sizeof(*rows));

        if (!rows)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                struct ovs_row *at = xsn_ovs_get_row_at(view->rows, row, column, i, to);

                if (!at || xsn_hash_get(&view->seen, at->uuid, XSN_OVSDB_UUID_LEN))
                        continue;
                if (xsn_hash_put(&view->seen, at->uuid, XSN_OVSDB_UUID_LEN, at) < 0)
                        return -ENOMEM;
                rows[kept++] = at;
        }
        if (kept > 1)
                qsort((void *)rows, kept, sizeof(*rows), compare_rows);
        *ret_n = kept;
        *ret_rows = XSN_TAKE(rows);
        return 0;
}

/* ---- bridges ---- */

static struct ovs_bridge *bridge_free(struct ovs_bridge *bridge)
{
        xsn_free(bridge->network);
        xsn_free(bridge->vlan);
        return xsn_free(bridge);
}

static int add_bridge(struct ovs_view *view, const char *name, struct ovs_bridge **ret_bridge)
{
        struct ovs_bridge *bridge = xsn_alloc(sizeof(*bridge));
        void *v = (void *)view->bridges;

        if (!bridge || xsn_grow(&v, &view->cap_bridges, view->n_bridges + 1, sizeof(bridge)) < 0) {
                xsn_free(bridge);
                return -ENOMEM;
        }
        view->bridges = v;
        view->bridges[view->n_bridges++] = bridge;
        bridge->name = name;
        bridge->link = view->net ? xsn_d0_link_named(view->net, name) : NULL;
        if (xsn_hash_put_str(&view->by_name, name, bridge) < 0)
                return -ENOMEM;
        *ret_bridge = bridge;
        return 0;
}

/* What we have written beside the mark, where a document may say it; and whether the toolstack has written, too. */
static int name_network(struct ovs_bridge *bridge)
{
        struct ovs_place place = { .rows[OVS_BRIDGE] = bridge->row, .rows[OVS_PORT] = bridge->port,
                                   .fake = bridge->parent };
        const char *name = xsn_ovs_own_key(&place, XSNET_KIND_NETWORK, OVS_KEY_NAME);

        if (!name || !*name || strlen(name) > 4096 || !xsn_text_valid(name, false))
                name = bridge->name;
        bridge->toolstack = xsn_ovs_own_key(&place, XSNET_KIND_NETWORK, "xs-network-uuids") ||
                            (bridge->parent && bridge->parent->toolstack);
        bridge->network = xsn_strdup(name);
        return bridge->network ? 0 : -ENOMEM;
}

/* ---- ports ---- */

static struct ovs_port *port_free(struct ovs_port *port)
{
        xsn_free((void *)port->interfaces);
        return xsn_free(port);
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(word, words[i]) == 0)
                        return true;
        return false;
}

static int role_of(const struct ovs_port *port)
{
        static const char *const wires[] = { "", "system", "dpdk", "afxdp", "afxdp-nonpmd" };
        static const char *const tunnels[] = { "gre", "vxlan", "geneve", "ip6gre" };
        const struct ovs_row *interface = port->interfaces[0];
        const char *type = xsn_ovs_get_string(interface, "type");
        uint32_t domain, device;

        if (!xsn_ifname_valid(port->row->name) || !xsn_text_valid(port->row->name, false))
                return OVS_OTHER;
        if (port->n_interfaces > 1)
                return OVS_BOND;
        if (type && is_one_of(type, tunnels, XSN_ARRAY_SIZE(tunnels)))
                return OVS_TUNNEL;
        if (!xsn_ifname_valid(interface->name) || !xsn_text_valid(interface->name, false))
                return OVS_OTHER;
        /* A guest's device may be of any type: userspace datapaths have their own. */
        if (xsn_d0_vif_name(interface->name, &domain, &device, NULL))
                return OVS_VIF;
        return !type || is_one_of(type, wires, XSN_ARRAY_SIZE(wires)) ? OVS_NIC : OVS_OTHER;
}

/* A port of the real bridge; which network it is in follows when all fake bridges are known. */
static int add_port(struct ovs_view *view, struct ovs_bridge *bridge, const struct ovs_row *row)
{
        struct ovs_port *port = xsn_alloc(sizeof(*port));
        void *v = (void *)view->ports;

        if (!port || xsn_grow(&v, &view->cap_ports, view->n_ports + 1, sizeof(port)) < 0) {
                xsn_free(port);
                return -ENOMEM;
        }
        view->ports = v;
        view->ports[view->n_ports++] = port;
        port->row = row;
        port->bridge = bridge;
        if (take_rows(view, row, "interfaces", OVS_INTERFACE, &port->interfaces, &port->n_interfaces) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < port->n_interfaces; i++)
                if (xsn_hash_put_str(&view->devices, port->interfaces[i]->name, port) < 0)
                        return -ENOMEM;
        port->role = port->n_interfaces > 0 ? role_of(port) : OVS_OTHER;
        return 0;
}

static bool tag_of(const struct ovs_row *port, int64_t *ret_tag)
{
        return xsn_ovs_get_integer(port, "tag", ret_tag) && *ret_tag >= 0 && *ret_tag <= 4095;
}

/* As ovs-vsctl takes it. */
static bool is_fake(const struct ovs_row *port)
{
        bool fake = false;
        int64_t tag;

        return xsn_ovs_get_bool(port, "fake_bridge", &fake) && fake && tag_of(port, &tag);
}

static struct ovs_bridge *fake_at(const struct ovs_view *view, const struct ovs_bridge *parent, int64_t tag)
{
        struct { uint64_t parent, tag; } key = { (uintptr_t)parent, (uint64_t)tag };

        return xsn_hash_get(&view->by_tag, &key, sizeof(key));
}

static int add_fake(struct ovs_view *view, struct ovs_port *port)
{
        struct ovs_bridge *parent = port->bridge, *bridge;
        int64_t tag = 0;

        port->role = OVS_LOCAL;
        if (!xsn_ifname_valid(port->row->name) || !xsn_text_valid(port->row->name, false) ||
            xsn_ovs_bridge_named(view, port->row->name))
                return 0;
        (void)tag_of(port->row, &tag);
        if (add_bridge(view, port->row->name, &bridge) < 0)
                return -ENOMEM;
        bridge->port = port->row;
        bridge->interface = port->n_interfaces > 0 ? port->interfaces[0] : NULL;
        bridge->parent = parent;
        bridge->tag = (uint32_t)tag;
        bridge->key.parent = (uintptr_t)parent;
        bridge->key.tag = (uint64_t)tag;
        parent->n_fake++;
        parent->fake = bridge;
        /* A tag that two have is the first one's. */
        if (!fake_at(view, parent, tag) && xsn_hash_put(&view->by_tag, &bridge->key, sizeof(bridge->key), bridge) < 0)
                return -ENOMEM;
        port->bridge = bridge;
        return name_network(bridge);
}

/* ---- which port has the addresses ---- */

const char *xsn_ovs_port_name(const struct ovs_port *port)
{
        return port->role == OVS_BOND ? port->row->name : port->interfaces[0]->name;
}

const char *xsn_ovs_bridge_pif(const struct ovs_bridge *bridge)
{
        if (bridge->n_pifs != 1)
                return NULL;
        return bridge->pif ? xsn_ovs_port_name(bridge->pif) : bridge->vlan;
}

static void join(struct ovs_view *view, struct ovs_port *port)
{
        struct ovs_bridge *fake;
        int64_t tag;

        if (port->role == OVS_LOCAL)
                return;
        fake = tag_of(port->row, &tag) ? fake_at(view, port->bridge, tag) : NULL;
        if (fake)
                port->bridge = fake;
        if (port->role != OVS_NIC && port->role != OVS_BOND)
                return;
        port->bridge->pif = port->bridge->n_pifs == 0 ? port : NULL;
        port->bridge->n_pifs++;
}

/* A fake bridge is a VLAN of its parent's PIF, and that VLAN is a PIF of its network. */
static int name_vlan(struct ovs_bridge *bridge)
{
        const char *pif = xsn_ovs_bridge_pif(bridge->parent);
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "%s.%u", pif ? pif : bridge->parent->name, bridge->tag);
        bridge->n_pifs++;
        bridge->pif = NULL;
        return xsn_buf_take(&buf, &bridge->vlan);
}

/* ---- all of it ---- */

static int find_bridge(struct ovs_view *view, const struct ovs_row *row)
{
        _cleanup_(xsn_freep) const struct ovs_row **ports = NULL;
        struct ovs_bridge *bridge;
        size_t n;

        if (!xsn_ifname_valid(row->name) || !xsn_text_valid(row->name, false))
                return 0;
        if (add_bridge(view, row->name, &bridge) < 0 || take_rows(view, row, "ports", OVS_PORT, &ports, &n) < 0)
                return -ENOMEM;
        bridge->row = row;
        for (size_t i = 0; i < n; i++) {
                struct ovs_port *port;

                if (add_port(view, bridge, ports[i]) < 0)
                        return -ENOMEM;
                port = view->ports[view->n_ports - 1];
                if (strcmp(ports[i]->name, row->name) != 0 || port->n_interfaces == 0)
                        continue;
                port->role = OVS_LOCAL;
                bridge->port = ports[i];
                bridge->interface = port->interfaces[0];
        }
        return name_network(bridge);
}

int xsn_ovs_topology_find(struct ovs_view *view)
{
        _cleanup_(xsn_freep) const struct ovs_row **rows = NULL;
        size_t n = 0;
        int r = take_rows(view, xsn_ovs_row_root(view->rows), "bridges", OVS_BRIDGE, &rows, &n);

        for (size_t i = 0; r == 0 && i < n; i++)
                r = find_bridge(view, rows[i]);
        for (size_t i = 0; r == 0 && i < view->n_ports; i++)
                if (is_fake(view->ports[i]->row) && view->ports[i]->role != OVS_BOND &&
                    view->ports[i]->row != view->ports[i]->bridge->port)
                        r = add_fake(view, view->ports[i]);
        for (size_t i = 0; r == 0 && i < view->n_ports; i++)
                join(view, view->ports[i]);
        for (size_t i = 0; r == 0 && i < view->n_bridges; i++)
                if (view->bridges[i]->parent)
                        r = name_vlan(view->bridges[i]);
        return r;
}

void xsn_ovs_topology_done(struct ovs_view *view)
{
        for (size_t i = 0; i < view->n_bridges; i++)
                (void)bridge_free(view->bridges[i]);
        for (size_t i = 0; i < view->n_ports; i++)
                (void)port_free(view->ports[i]);
        xsn_free((void *)view->bridges);
        xsn_free((void *)view->ports);
        xsn_hash_done(&view->by_name);
        xsn_hash_done(&view->by_tag);
        xsn_hash_done(&view->seen);
        xsn_hash_done(&view->devices);
}

struct ovs_bridge *xsn_ovs_bridge_named(const struct ovs_view *view, const char *name)
{
        return xsn_hash_get_str(&view->by_name, name);
}

const struct xsn_d0_link *xsn_ovs_link_of(const struct ovs_view *view, const struct ovs_row *interface)
{
        return view->net && interface ? xsn_d0_link_named(view->net, interface->name) : NULL;
}
