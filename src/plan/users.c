/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in which network: at most one PIF on a host (rule 9), nobody in a network that
 * goes, and one tunnel for one pair of ends. What is replaced or let go follows here.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define LISTED 5 /* users named in a message; the others are counted */

static bool is_pif(const struct xsn_slot *slot)
{
        int kind = xsn_slot_kind(slot);

        return kind == XSNET_KIND_PIF || kind == XSNET_KIND_BOND || kind == XSNET_KIND_VLAN;
}

/* Was the PIF in the network before, whatever the network was called then? */
static bool was_there(const struct xsn_slot *slot, const char *network)
{
        const struct xsn_slot *net = xsn_dom0_network(slot->node, network);
        const struct xsnet_object *from = net ? net->pair->from : NULL;
        const char *before = from ? xsn_object_string(from, XSNET_FIELD_NAME) : NULL;

        return xsn_slot_was_in(slot, before ? before : network);
}

static bool is_owned(const struct xsn_slot *slot)
{
        const char *owner = slot->node->target->work->owner, *mark = slot->pair->from ? slot->pair->from->owner : NULL;

        return owner && mark && !strcmp(owner, mark);
}

static int leave_network(struct xsn_slot *slot)
{
        if (!xsn_slot_edit(slot))
                return -ENOMEM;
        xsn_object_clear(slot->pair->to, XSNET_FIELD_NETWORK);
        slot->asked = true;
        return 0;
}

/* ---- one PIF a network ---- */

/* `old` makes way for `slot`: what we made goes, a NIC or what was there before only leaves the network. */
static int replace(struct xsn_slot *slot, struct xsn_slot *old)
{
        bool moved;

        if (xsn_slot_note(slot, "replaces %s", xsn_slot_name(old)) < 0)
                return -ENOMEM;
        if (xsn_slot_kind(old) == XSNET_KIND_PIF || !old->pair->from->made)
                return leave_network(old);
        if (xsn_addressing_has(old->pair->to) && xsn_addressing_move(slot, old, &moved) < 0)
                return -ENOMEM;
        xsn_slot_remove(old);
        return 0;
}

static void refuse_second(struct xsn_slot *slot, struct xsn_slot *other)
{
        const char *network = xsn_object_network(slot->pair->to);

        if (other->want && xsn_slot_wants(other, XSNET_FIELD_NETWORK, false))
                xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EBUSY, "network-in-use",
                               "the network '%s' has one PIF on a host, and the %s at %" PRIu32 ":%" PRIu32
                               " is it already",
                               network, xsn_slot_name(other), other->want->pos.line, other->want->pos.column);
        else
                xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EBUSY, "network-in-use",
                               "the network '%s' has the %s already; name that one absent, or with another network",
                               network, xsn_slot_name(other));
}

static int share(struct xsn_slot *slot, struct xsn_slot *other, struct xsn_hash *pifs, const char *network)
{
        bool mine = was_there(slot, network), theirs = was_there(other, network);

        if (mine && theirs)
                return 0; /* it has been so; we need not like it */
        if (mine) {
                struct xsn_slot *t = slot;

                slot = other;
                other = t;
        }
        if ((mine || theirs) && !other->want && is_owned(other)) {
                if (replace(slot, other) < 0)
                        return -ENOMEM;
                return xsn_hash_put_str(pifs, network, slot);
        }
        refuse_second(slot, other);
        return 0;
}

static int one_pif(struct xsn_slot *slot)
{
        const char *network = xsn_object_network(slot->pair->to);
        struct xsn_hash *pifs = &slot->node->pif_of;
        struct xsn_slot *other, *net;

        if (!network || slot->member_of)
                return 0;
        net = xsn_dom0_network(slot->node, network);
        if (!net || !net->key || !xsn_slot_stays(net))
                return 0;
        other = xsn_hash_get_str(pifs, net->key);
        return other ? share(slot, other, pifs, net->key) : xsn_hash_put_str(pifs, net->key, slot);
}

/* ---- networks that go ---- */

static int list_user(struct xsn_slot *net, const struct xsn_slot *user)
{
        struct xsn_buf buf = { 0 };
        char *text;

        if (net->n_users++ >= LISTED)
                return 0;
        xsn_buf_printf(&buf, "%s%s%s", net->users ? net->users : "", net->users ? ", " : "", xsn_slot_name(user));
        if (xsn_buf_take(&buf, &text) < 0)
                return -ENOMEM;
        net->users = xsn_target_keep(net->node->target, text);
        xsn_free(text);
        return net->users ? 0 : -ENOMEM;
}

/* A PIF or a named VIF leaves a network that goes; others are in its way. */
static int lose_network(struct xsn_slot *slot)
{
        const char *network = slot->pair->to ? xsn_object_network(slot->pair->to) : NULL;
        struct xsn_slot *net = network ? xsn_dom0_network(slot->node, network) : NULL;
        int kind = xsn_slot_kind(slot);

        if (!net || xsn_slot_stays(net) || net->twin)
                return 0;
        if (xsn_slot_wants(slot, XSNET_FIELD_NETWORK, false) && slot->want->cls->kind != XSNET_KIND_NETWORK) {
                xsn_slot_error(slot, XSNET_FIELD_NETWORK, -EINVAL, "unknown-name", "the network '%s' is to be absent",
                               network);
                return 0;
        }
        if (kind == XSNET_KIND_TUNNEL || (kind == XSNET_KIND_VIF && !slot->want))
                return list_user(net, slot);
        return leave_network(slot);
}

static void refuse_users(const struct xsn_slot *net)
{
        if (net->n_users > LISTED)
                xsn_slot_error(net, 0, -EBUSY, "network-in-use", "%s and %zu more are in it", net->users,
                               net->n_users - LISTED);
        else if (net->n_users)
                xsn_slot_error(net, 0, -EBUSY, "network-in-use", "%s %s in it", net->users,
                               net->n_users == 1 ? "is" : "are");
}

/* ---- tunnels that move to another network ---- */

/* What the kernel can tell two tunnels of one host apart by: transport, protocol, key and remote. */
static const char *tunnel_end(struct xsn_target *target, const struct xsn_tunnel *tunnel, size_t i)
{
        char text[XSN_IP_STRLEN], *end;
        struct xsn_buf buf = { 0 };
        const char *kept;

        xsn_buf_printf(&buf, "%s/%d/%" PRIu32 "/%d/%s", tunnel->transport,
                       tunnel->protocol.value ? tunnel->protocol.value : XSNET_PROTOCOL_GRE, tunnel->key,
                       xsn_object_is_set(&tunnel->o, XSNET_FIELD_KEY),
                       xsn_ip_format(&XSN_ITEM(tunnel->remotes, struct xsn_ip, i), text));
        if (xsn_buf_take(&buf, &end) < 0)
                return NULL;
        kept = xsn_target_keep(target, end);
        xsn_free(end);
        return kept;
}

/* One planned replacement: the old tunnel and the new one are one object before and after. */
static int move_tunnel(struct xsn_slot *slot, struct xsn_slot *old)
{
        struct xsnet_object *to = slot->pair->to;

        if (xsn_slot_note(slot, "replaces %s", xsn_slot_name(old)) < 0)
                return -ENOMEM;
        to->owner = xsn_strdup(old->pair->from->owner);
        if (!to->owner)
                return -ENOMEM;
        to->made = true;
        slot->pair->mark = true;
        slot->pair->from = XSN_TAKE(old->pair->from);
        xsn_slot_remove(old);
        return 0;
}

/* 1: one of them is another tunnel's, which has been said. */
static int take_ends(struct xsn_slot *slot, struct xsn_hash *ends)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(slot->pair->to);
        size_t n = tunnel->remotes.n;
        int r = 0;

        for (size_t i = 0; i < n && xsn_slot_stays(slot); i++) {
                const char *end = tunnel_end(slot->node->target, tunnel, i);
                struct xsn_slot *other = end ? xsn_hash_get_str(ends, end) : NULL;

                if (!end)
                        return -ENOMEM;
                if (other && other != slot && xsn_slot_stays(other) && other->node == slot->node &&
                    (xsn_slot_changes(slot) || xsn_slot_changes(other))) {
                        if (!slot->pair->from && !other->want && is_owned(other) && other->pair->from->made) {
                                if (move_tunnel(slot, other) < 0)
                                        return -ENOMEM;
                        } else {
                                xsn_slot_error(slot, XSNET_FIELD_REMOTES, -EBUSY, "tunnel-in-use",
                                               "the %s goes to the same end with the same key already",
                                               xsn_slot_name(other));
                                r = 1;
                        }
                }
                if (xsn_hash_put_str(ends, end, slot) < 0)
                        return -ENOMEM;
        }
        return r;
}

/* Its other ends do not tell one vxlan of the kernel from another, nor does its transport. */
static int take_vni(struct xsn_slot *slot, struct xsn_hash *vnis)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(slot->pair->to);
        const struct xsn_slot *other;
        const char *kept;
        char vni[64];

        if (!xsn_target_can(slot->node->target, XSN_CAP_ONE_VNI) || tunnel->protocol.value != XSNET_PROTOCOL_VXLAN ||
            !tunnel->remotes.n || !xsn_slot_stays(slot))
                return 0;
        (void)snprintf(vni, sizeof(vni), "%" PRIu32 "/%" PRIu32 "/%d", tunnel->key,
                       tunnel->port ? tunnel->port : xsn_tunnel_default_port(XSNET_PROTOCOL_VXLAN),
                       XSN_ITEM(tunnel->remotes, struct xsn_ip, 0).family);
        other = xsn_hash_get_str(vnis, vni);
        if (other && xsn_slot_stays(other) && (xsn_slot_changes(slot) || xsn_slot_changes(other)))
                xsn_slot_error(slot, XSNET_FIELD_KEY, -EBUSY, "tunnel-in-use",
                               "the %s has this VNI already, and the kernel takes it once", xsn_slot_name(other));
        kept = xsn_target_keep(slot->node->target, vni);
        return kept ? xsn_hash_put_str(vnis, kept, slot) : -ENOMEM;
}

/* Tunnels that nobody names come first, so that a named one finds the one that it replaces. */
static int move_tunnels(struct xsn_dom0 *node)
{
        struct xsn_target *target = node->target;
        struct xsn_hash ends = { 0 }, vnis = { 0 };
        int r = 0;

        for (int named = 0; named < 2 && r >= 0; named++)
                for (size_t i = 0; i < target->n_slots && r >= 0; i++) {
                        struct xsn_slot *slot = target->slots[i];

                        if (slot->node != node || !xsn_slot_stays(slot) || !XSN_TUNNEL(slot->pair->to) ||
                            !xsn_object_string(slot->pair->to, XSNET_FIELD_TRANSPORT) || named != (slot->want != NULL))
                                continue;
                        r = take_ends(slot, &ends);
                        if (r == 0)
                                r = take_vni(slot, &vnis);
                }
        xsn_hash_done(&ends);
        xsn_hash_done(&vnis);
        return r < 0 ? r : 0;
}

/* ---- a network that gets a PIF hands its addresses over ---- */

static int hand_over(struct xsn_slot *net)
{
        struct xsn_slot *pif = net->key ? xsn_hash_get_str(&net->node->pif_of, net->key) : NULL;
        bool moved = false;

        if (!pif || was_there(pif, net->key) || !xsn_addressing_has(net->pair->to) ||
            (net->diff && xsn_addressing_has(net->want)))
                return 0;
        if (xsn_addressing_move(pif, net, &moved) < 0 || xsn_addressing_drop(net) < 0)
                return -ENOMEM;
        net->because = net->because ? net->because : pif;
        return 0;
}

/* What others set on the bridge of a VLAN or bond that goes stays there, unless one of the members has it. */
static int leave_behind(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        const char *network = from ? xsn_object_network(from) : NULL;
        struct xsn_slot *net = network ? xsn_dom0_network(slot->node, network) : NULL, *pif;
        bool any;

        if (!net || !is_pif(slot) || xsn_slot_stays(slot) || !xsn_slot_stays(net) || slot->node->target->pool)
                return 0;
        pif = net->key ? xsn_hash_get_str(&net->node->pif_of, net->key) : NULL;
        if (xsn_addressing_inherit(pif ? pif : net, from, &any) < 0)
                return -ENOMEM;
        if (!any)
                return 0;
        return xsn_slot_note(slot, "leaves addresses that others set to the %s", xsn_slot_name(pif ? pif : net));
}

int xsn_users(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_nodes; i++)
                if (move_tunnels(target->nodes[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (xsn_slot_stays(target->slots[i]) && is_pif(target->slots[i]) && one_pif(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (lose_network(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (leave_behind(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (xsn_slot_kind(slot) != XSNET_KIND_NETWORK)
                        continue;
                if (xsn_slot_stays(slot) && !target->pool && hand_over(slot) < 0)
                        return -ENOMEM;
                refuse_users(slot);
        }
        return 0;
}
