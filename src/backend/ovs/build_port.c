/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NICs, bonds and guests' devices as ports. A Port that is there is moved, never made again, so that what others keep
 * in it stays; an Interface moves with its keys between a Port of its own and a bond.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

/* ---- a Port with one Interface ---- */

/* The Port that has the device alone, in the database; NULL. */
static const struct ovs_port *own_port(const struct ovs_build *b, const char *device)
{
        const struct ovs_port *port = xsn_hash_get_str(&b->view.devices, device);

        return port && port->n_interfaces == 1 ? port : NULL;
}

static int make_port(struct ovs_build *b, const char *device, struct ovs_edit **ret_port,
                     struct ovs_edit **ret_interface)
{
        int r = xsn_ovs_edit(b, OVS_INTERFACE, device, ret_interface);

        /* Until it is placed it hangs nowhere. */
        if (r == 0)
                r = xsn_ovs_edit_new(b, OVS_PORT, device, NULL, ret_port);
        if (r < 0)
                return r;
        if (!*ret_interface)
                return xsn_ovs_edit_new(b, OVS_INTERFACE, device, *ret_port, ret_interface);
        xsn_ovs_edit_move(b, *ret_interface, *ret_port);
        return 0;
}

int xsn_ovs_port_in(struct ovs_build *b, const char *device, const char *network, struct ovs_edit **ret_port,
                    struct ovs_edit **ret_interface)
{
        const struct ovs_port *known = own_port(b, device);
        int r;

        *ret_port = *ret_interface = NULL;
        if (!known) {
                r = make_port(b, device, ret_port, ret_interface);
        } else {
                r = xsn_ovs_edit(b, OVS_PORT, known->row->name, ret_port);
                if (r == 0)
                        r = xsn_ovs_edit(b, OVS_INTERFACE, device, ret_interface);
        }
        return r < 0 ? r : xsn_ovs_place(b, *ret_port, network);
}

int xsn_ovs_port_gone(struct ovs_build *b, const char *device)
{
        const struct ovs_port *known = own_port(b, device);
        struct ovs_edit *port;
        int r = known ? xsn_ovs_edit(b, OVS_PORT, known->row->name, &port) : 0;

        if (r == 0 && known && port)
                xsn_ovs_edit_move(b, port, NULL);
        return r;
}

/* ---- NICs ---- */

static bool is_member(const struct ovs_build *b, const char *device)
{
        const struct xsnet_state *wanted = b->in->plan->targets[b->in->target].wanted;

        for (size_t i = 0; i < wanted->n_objects; i++)
                if (XSN_BOND(wanted->objects[i]) && xsn_strs_has(&XSN_BOND(wanted->objects[i])->members, device))
                        return true;
        return false;
}

/* The row of a NIC that is a member, or that the step of its bond is yet to hang below it. */
static int member_row(struct ovs_build *b, const char *device, struct ovs_edit **ret)
{
        int r = xsn_ovs_edit(b, OVS_INTERFACE, device, ret);

        return r < 0 || *ret ? r : xsn_ovs_edit_new(b, OVS_INTERFACE, device, NULL, ret);
}

int xsn_ovs_build_pif(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to;
        const char *device = XSN_PIF(to ? to : b->step->from)->device, *network = to ? xsn_object_network(to) : NULL;
        struct ovs_target at = { .fake = false };
        int r;

        if (network)
                r = xsn_ovs_port_in(b, device, network, &at.rows[OVS_PORT], &at.rows[OVS_INTERFACE]);
        else if (is_member(b, device))
                r = member_row(b, device, &at.rows[OVS_INTERFACE]);
        else
                r = xsn_ovs_port_gone(b, device);
        if (r == 0 && to && !at.rows[OVS_INTERFACE])
                r = xsn_ovs_refuse_rowless(b);
        if (r == 0 && to)
                r = xsn_ovs_put_settings(b, &at);
        if (r < 0 || !at.rows[OVS_INTERFACE])
                return r;
        r = xsn_ovs_put_fields(b, &at);
        if (r == 0)
                r = xsn_ovs_put_mtu(b, at.rows[OVS_INTERFACE], false);
        if (r == 0)
                r = xsn_ovs_note_up(b, at.rows[OVS_INTERFACE]);
        return r < 0 ? r : xsn_ovs_put_marks(b, &at);
}

/* ---- bonds ---- */

static int put_mode(struct ovs_build *b, struct ovs_edit *port)
{
        const struct xsn_bond *bond = XSN_BOND(b->step->to);
        bool lacp = bond->mode.value == XSNET_BOND_LACP;
        /* That of the LACP of before goes with it. */
        bool named = xsn_object_is_set(b->step->to, XSNET_FIELD_HASH) && xsn_ovs_changed(b, XSNET_FIELD_HASH);
        const char *mode = bond->mode.value == XSNET_BOND_BALANCE_SLB ? "balance-slb" : "active-backup";
        int r;

        if (bond->hash.value != XSNET_HASH_SRC_MAC && (lacp ? bond->hash.value != XSNET_HASH_TCPUDP_PORTS : named))
                return xsn_error_set(b->err, -EOPNOTSUPP, "not-supported",
                                     "on ovs: a bond has the hashes tcpudp-ports and src-mac with LACP, and without it "
                                     "src-mac alone");
        if (lacp)
                mode = bond->hash.value == XSNET_HASH_TCPUDP_PORTS ? "balance-tcp" : "balance-slb";
        r = xsn_ovs_edit_put_text(b, port, "bond_mode", mode);
        /* Passive LACP that somebody chose is LACP, too. */
        if (r == 0 && lacp != (xsn_ovs_edit_get(port, "lacp") && json_is_string(xsn_ovs_edit_get(port, "lacp")) &&
                               strcmp(json_string_value(xsn_ovs_edit_get(port, "lacp")), "off") != 0))
                r = xsn_ovs_edit_put_text(b, port, "lacp", lacp ? "active" : "off");
        if (r < 0 || !xsn_ovs_changed(b, XSNET_FIELD_LACP_RATE))
                return r;
        return xsn_ovs_edit_put_key(b, port, "other_config", "lacp-time",
                                    !lacp                                           ? NULL
                                    : bond->lacp_rate.value == XSNET_LACP_FAST ? "fast"
                                                                               : "slow");
}

/* Each member with what others keep at it; a Port of its own that it had goes. */
static int take_member(struct ovs_build *b, const char *device, struct ovs_edit *port)
{
        const struct ovs_port *known = xsn_hash_get_str(&b->view.devices, device);
        struct ovs_edit *interface, *own = NULL;
        int r = xsn_ovs_edit(b, OVS_INTERFACE, device, &interface);

        if (r == 0 && known && known->n_interfaces == 1)
                r = xsn_ovs_edit(b, OVS_PORT, known->row->name, &own);
        if (r == 0 && !interface)
                r = xsn_ovs_edit_new(b, OVS_INTERFACE, device, port, &interface);
        if (r < 0)
                return r;
        if (own && own != port)
                xsn_ovs_edit_move(b, own, NULL);
        xsn_ovs_edit_move(b, interface, port);
        r = xsn_ovs_note_up(b, interface);
        return r < 0 ? r : xsn_ovs_put_mtu(b, interface, xsn_d0_takes_member(b->step, device));
}

static int drop_members(struct ovs_build *b, const char *name, struct ovs_edit *port)
{
        const struct ovs_port *known = xsn_hash_get_str(&b->ports, name);
        int r = 0;

        for (size_t i = 0; known && port->row && i < known->n_interfaces && r == 0; i++) {
                const char *device = known->interfaces[i]->name;
                struct ovs_edit *interface;

                if (xsn_strs_has(&XSN_BOND(b->step->to)->members, device))
                        continue;
                r = xsn_ovs_edit(b, OVS_INTERFACE, device, &interface);
                if (r == 0 && interface && interface->up == port)
                        xsn_ovs_edit_move(b, interface, NULL);
        }
        return r;
}

static int put_members(struct ovs_build *b, struct ovs_edit *port)
{
        const struct xsn_bond *bond = XSN_BOND(b->step->to);
        int r = drop_members(b, bond->name, port);

        for (size_t i = 0; i < bond->members.n && r == 0; i++)
                r = take_member(b, XSN_ITEM(bond->members, char *, i), port);
        return r;
}

/* The bond's Port; one that has another name is made again, with what it had. */
static int find_bond(struct ovs_build *b, const char *name, struct ovs_edit **ret)
{
        const struct xsnet_object *from = b->step->from;
        const char *old = from && XSN_BOND(from) ? XSN_BOND(from)->name : NULL, *column;
        struct ovs_edit *was = NULL;
        json_t *value;
        int r = old ? xsn_ovs_edit(b, OVS_PORT, old, &was) : 0;

        if (r < 0 || (was && strcmp(old, name) == 0)) {
                *ret = was;
                return r;
        }
        r = xsn_ovs_edit_new(b, OVS_PORT, name, NULL, ret);
        if (r < 0 || !was)
                return r;
        xsn_ovs_edit_move(b, was, NULL);
        if (was->row)
                json_object_foreach(was->row->columns, column, value)
                        if (r == 0 && strcmp(column, "name") != 0 && strcmp(column, "interfaces") != 0)
                                r = xsn_ovs_edit_put(b, *ret, column, json_incref(value));
        return r;
}

int xsn_ovs_build_bond(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to, *from = b->step->from;
        const char *network = to ? xsn_object_network(to) : NULL;
        struct ovs_target at = { .fake = false };
        int r;

        if (!to) {
                r = xsn_ovs_edit(b, OVS_PORT, XSN_BOND(from)->name, &at.rows[OVS_PORT]);
                if (r == 0 && at.rows[OVS_PORT])
                        xsn_ovs_edit_move(b, at.rows[OVS_PORT], NULL);
                return r;
        }
        if (!network)
                return xsn_error_set(b->err, -EINVAL, "needs-network",
                                     "bond '%s': on ovs: a bond is a port, and needs a network to be in",
                                     XSN_BOND(to)->name);
        r = find_bond(b, XSN_BOND(to)->name, &at.rows[OVS_PORT]);
        if (r == 0)
                r = xsn_ovs_place(b, at.rows[OVS_PORT], network);
        if (r == 0)
                r = put_members(b, at.rows[OVS_PORT]);
        if (r == 0 && (!from || xsn_ovs_changed(b, XSNET_FIELD_MODE) || xsn_ovs_changed(b, XSNET_FIELD_HASH) ||
                       xsn_ovs_changed(b, XSNET_FIELD_LACP_RATE)))
                r = put_mode(b, at.rows[OVS_PORT]);
        if (r == 0)
                r = xsn_ovs_put_fields(b, &at);
        if (r == 0)
                r = xsn_ovs_put_settings(b, &at);
        return r < 0 ? r : xsn_ovs_put_marks(b, &at);
}

/* ---- guests' devices ---- */

static bool is_there(const struct ovs_build *b, const char *device)
{
        const char *told = b->step->from ? xsn_object_string(b->step->from, XSNET_FIELD_STATUS_DEVICE) : NULL;

        return xsn_hash_get_str(&b->view.devices, device) || (told && strcmp(told, device) == 0) ||
               (b->in->net && xsn_d0_link_named(b->in->net, device));
}

/* What the guest sends beyond the rate waits for nothing: the burst is a tenth of a second of it. */
static int put_burst(struct ovs_build *b, struct ovs_edit *interface)
{
        const struct xsn_vif *vif = XSN_VIF(b->step->to);
        uint64_t rate = xsn_object_is_set(b->step->to, XSNET_FIELD_RATE_LIMIT) ? vif->rate_limit / 1000 : 0;

        if (!xsn_ovs_changed(b, XSNET_FIELD_RATE_LIMIT))
                return 0;
        return xsn_ovs_edit_put_number(b, interface, "ingress_policing_burst",
                                       rate == 0 ? 0 : (int64_t)(rate / 10 < 64 ? 64 : rate / 10));
}

/* A port with a tag of its own is an access port, whatever its trunks say, unless somebody chose another mode. */
static int refuse_trunks(struct ovs_build *b, const struct ovs_edit *port, const char *network)
{
        const char *mode = json_string_value(xsn_ovs_edit_get(port, "vlan_mode"));

        if (xsn_ovs_is_back(b) || XSN_VIF(b->step->to)->trunks.n == 0 || mode ||
            !json_is_integer(xsn_ovs_edit_get(port, "tag")) ||
            !(xsn_ovs_changed(b, XSNET_FIELD_TRUNKS) || xsn_ovs_changed(b, XSNET_FIELD_NETWORK)))
                return 0;
        return xsn_error_set(b->err, -EOPNOTSUPP, "not-supported",
                             "on ovs: '%s' would see the VLAN of network '%s' alone, and no trunks: say trunks: [], or "
                             "the network of the bridge below",
                             port->name, network);
}

static int put_vif(struct ovs_build *b, const char *device, const char *network)
{
        struct ovs_target at = { .fake = false };
        int r = xsn_ovs_port_in(b, device, network, &at.rows[OVS_PORT], &at.rows[OVS_INTERFACE]);

        if (r == 0)
                r = xsn_ovs_put_fields(b, &at);
        if (r == 0)
                r = refuse_trunks(b, at.rows[OVS_PORT], network);
        if (r == 0)
                r = put_burst(b, at.rows[OVS_INTERFACE]);
        if (r == 0)
                r = xsn_ovs_put_mtu(b, at.rows[OVS_INTERFACE], false);
        if (r == 0)
                r = xsn_ovs_note_up(b, at.rows[OVS_INTERFACE]);
        return r < 0 ? r : xsn_ovs_put_marks(b, &at);
}

/* Both devices of a guest with an emulated NIC are one VIF. */
int xsn_ovs_build_vif(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to;
        const struct xsn_vif *vif = XSN_VIF(to ? to : b->step->from);
        const char *network = to ? xsn_object_network(to) : NULL;
        int r = to && !network ? xsn_ovs_refuse_rowless(b) : 0;

        for (int tap = 0; tap <= 1 && r == 0; tap++) {
                char device[XSN_D0_VIF_MAX];

                xsn_d0_vif_write(tap, vif->domain, vif->device, device);
                if (!network)
                        r = xsn_ovs_port_gone(b, device);
                else if (is_there(b, device))
                        r = put_vif(b, device, network);
        }
        return r;
}
