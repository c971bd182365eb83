/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the kernel's goes along with the rows, where the database is this machine's: addresses and routes get
 * another device when a NIC joins a bridge or leaves it, when a bond is made or taken apart, and when a bridge is made
 * anew; what becomes a port is brought up. Found here, from names alone; done in device.c around the transaction.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/dom0/place.h"
#include "backend/ovs/build.h"
#include "base/alloc.h"

static int note_move(struct ovs_build *b, const struct xsn_d0_link *from, const char *to)
{
        struct ovs_transaction *txn = b->txn;
        void *v = txn->moves;
        char *copy;
        int r;

        if (!from || !xsn_d0_place_has(b->in->net, from))
                return 0;
        r = xsn_ovs_is_back(b) ? 0 : xsn_d0_place_check(b->in->net, from, b->err);
        if (r < 0)
                return r;
        copy = to ? xsn_strdup(to) : NULL;
        /* What a step says of it goes before what becomes of its bridge. */
        for (size_t i = 0; to && copy && i < txn->n_moves; i++)
                if (txn->moves[i].from == from && txn->moves[i].to) {
                        char **old = txn->moves[i].step ? &copy : &txn->moves[i].to;

                        xsn_free(*old);
                        if (old != &copy)
                                txn->moves[i] = (struct ovs_move){ from, copy, b->step };
                        return 0;
                }
        if ((to && !copy) || xsn_grow(&v, &txn->cap_moves, txn->n_moves + 1, sizeof(*txn->moves)) < 0) {
                xsn_free(copy);
                return -ENOMEM;
        }
        txn->moves = v;
        txn->moves[txn->n_moves++] = (struct ovs_move){ from, copy, b->step };
        return 0;
}

/* ---- where addresses are ---- */

static const struct xsn_d0_link *link_named(const struct ovs_build *b, const char *name)
{
        return xsn_d0_link_named(b->in->net, name);
}

/* Of a NIC: the bridge that it is the one PIF of, else itself. */
static const struct xsn_d0_link *nic_place(const struct ovs_build *b, const char *device)
{
        const struct ovs_port *port = xsn_hash_get_str(&b->view.devices, device);
        bool alone = port && port->role == OVS_NIC && port->bridge->pif == port;

        return alone && port->bridge->link ? port->bridge->link : link_named(b, device);
}

static const struct xsn_d0_link *place_now(const struct ovs_build *b, const struct xsnet_object *obj)
{
        const struct ovs_bridge *bridge;
        const struct ovs_port *port;

        if (XSN_PIF(obj))
                return nic_place(b, XSN_PIF(obj)->device);
        if (XSN_BOND(obj)) {
                port = xsn_hash_get_str(&b->ports, XSN_BOND(obj)->name);
                return port && port->bridge->pif == port ? port->bridge->link : NULL;
        }
        bridge = xsn_ovs_bridge_named(&b->view, xsn_ovs_place_in(&b->before, obj));
        return bridge && (bridge->n_pifs == 1) == (XSN_VLAN(obj) != NULL) ? bridge->link : NULL;
}

/* ---- what moves ---- */

static bool moves(const struct ovs_build *b)
{
        return xsn_ovs_changed(b, XSNET_FIELD_NETWORK) || xsn_ovs_changed(b, XSNET_FIELD_MEMBERS) || !b->step->from ||
               !b->step->to;
}

static int move_to(struct ovs_build *b, const struct xsn_d0_link *from, const char *to)
{
        return from && to && strcmp(from->name, to) != 0 ? note_move(b, from, to) : 0;
}

static int move_members(struct ovs_build *b, const char *place)
{
        const struct xsn_bond *to = XSN_BOND(b->step->to), *from = b->step->from ? XSN_BOND(b->step->from) : NULL;
        int r = 0;

        for (size_t i = 0; i < to->members.n && r == 0; i++) {
                const char *device = XSN_ITEM(to->members, char *, i);

                if (!from || !xsn_strs_has(&from->members, device))
                        r = move_to(b, nic_place(b, device), place);
        }
        return r;
}

static int move_step(struct ovs_build *b)
{
        const struct xsnet_object *from = b->step->from, *to = b->step->to, *obj = to ? to : from;
        const char *place = to ? xsn_ovs_place_in(&b->after, to) : NULL;
        int r = 0;

        if ((!XSN_PIF(obj) && !XSN_BOND(obj) && !XSN_VLAN(obj)) || !moves(b))
                return 0;
        if (!to)
                return XSN_PIF(from) ? 0 : note_move(b, place_now(b, from), NULL);
        if (from)
                r = move_to(b, place_now(b, from), place);
        return r == 0 && XSN_BOND(to) ? move_members(b, place) : r;
}

int xsn_ovs_note_remade(struct ovs_build *b, const char *was, const char *is)
{
        return b->in->net ? note_move(b, link_named(b, was), is) : 0;
}

/* ---- what the devices of ports were ---- */

static int note_upness(struct ovs_build *b, const char *device, const struct ovs_upness *what)
{
        struct ovs_transaction *txn = b->txn;
        void *v = txn->upness;
        char *copy = xsn_strdup(device);

        if (!copy || xsn_grow(&v, &txn->cap_upness, txn->n_upness + 1, sizeof(*txn->upness)) < 0) {
                xsn_free(copy);
                return -ENOMEM;
        }
        txn->upness = v;
        txn->upness[txn->n_upness] = *what;
        txn->upness[txn->n_upness].device = copy;
        txn->upness[txn->n_upness++].step = b->step;
        return 0;
}

int xsn_ovs_note_up(struct ovs_build *b, struct ovs_edit *interface)
{
        const struct xsn_d0_link *link = b->in->net && interface ? link_named(b, interface->name) : NULL;
        int r = 0;

        if (!link || link->flags & IFF_UP || interface->up == interface->was)
                return 0;
        if (!xsn_ovs_is_back(b))
                r = xsn_ovs_edit_put_key(b, interface, "external_ids", OVS_KEY_UP, "no");
        return r < 0 ? r : note_upness(b, interface->name, &(struct ovs_upness){ .up = true });
}

int xsn_ovs_note_mtu(struct ovs_build *b, struct ovs_edit *interface)
{
        const struct xsn_d0_link *link = b->in->net ? link_named(b, interface->name) : NULL;
        char text[16];

        if (!link || xsn_ovs_is_back(b) || xsn_ovs_edit_key(interface, "external_ids", OVS_KEY_MTU) ||
            json_is_integer(xsn_ovs_edit_get(interface, "mtu_request")))
                return 0;
        (void)snprintf(text, sizeof(text), "%" PRIu32, link->mtu);
        return xsn_ovs_edit_put_key(b, interface, "external_ids", OVS_KEY_MTU, text);
}

/* Does the row go, by itself or with its Port, and none of its name comes? */
static bool goes(const struct ovs_build *b, const struct ovs_port *port, const struct ovs_row *interface)
{
        const struct ovs_edit *e = xsn_hash_get_str(&b->by_name[OVS_INTERFACE], interface->name);
        const struct ovs_edit *up = xsn_hash_get_str(&b->by_name[OVS_PORT], port->row->name);

        if (e)
                return e->row == interface && !xsn_ovs_edit_lives(e);
        return up && up->row == port->row && !xsn_ovs_edit_lives(up);
}

/* A port no more: as it was before, unless something else needs it. */
static int note_left(struct ovs_build *b, const struct ovs_port *port, const struct ovs_row *interface)
{
        const struct xsnet_object *nic = xsn_hash_get_str(&b->after.pifs, interface->name);
        const char *up = xsn_ovs_get_key(interface, "external_ids", OVS_KEY_UP);
        const char *mtu = xsn_ovs_get_key(interface, "external_ids", OVS_KEY_MTU);
        struct ovs_upness what = { .down = up && strcmp(up, "no") == 0 };
        uint64_t number = 0;

        if (nic && nic->cls->has_address && (nic->a.ipv4_address.n > 0 || nic->a.ipv6_address.n > 0))
                what.down = false;
        if (mtu && xsn_ovs_number(mtu, 65535, &number))
                what.mtu = (uint32_t)number;
        if ((!what.down && !what.mtu) || !goes(b, port, interface))
                return 0;
        return note_upness(b, interface->name, &what);
}

/* As the journal has it, also where a row asks for the same. */
static int note_before(struct ovs_build *b, const struct xsnet_object *after)
{
        const char *device = XSN_VIF(after) ? XSN_VIF(after)->status_device : xsn_object_device(after);
        struct ovs_upness what = {
                .down = xsn_d0_payload_number(after, "up", 1) == 0,
                .mtu = XSN_PIF(after) || XSN_VIF(after) ? xsn_object_mtu(after) : 0,
        };

        return device && (what.down || what.mtu) ? note_upness(b, device, &what) : 0;
}

static int note_all_left(struct ovs_build *b)
{
        const struct xsn_plan_target *target = &b->in->plan->targets[b->in->target];
        int r = 0;

        for (size_t i = 0; xsn_ovs_is_back(b) && i < target->n_touched && r == 0; i++)
                if (target->touched[i].after)
                        r = note_before(b, target->touched[i].after);
        for (size_t i = 0; !xsn_ovs_is_back(b) && i < b->view.n_ports && r == 0; i++)
                for (size_t j = 0; j < b->view.ports[i]->n_interfaces && r == 0; j++)
                        r = note_left(b, b->view.ports[i], b->view.ports[i]->interfaces[j]);
        return r;
}

/* ---- all of it ---- */

int xsn_ovs_find_moves(struct ovs_build *b)
{
        int r = 0;

        if (!b->in->net)
                return 0;
        for (size_t i = 0; i < b->txn->steps.n && r == 0; i++) {
                b->step = b->txn->steps.steps[i];
                r = move_step(b);
        }
        if (r < 0)
                return r;
        b->step = NULL;
        return note_all_left(b);
}
