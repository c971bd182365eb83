/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MTU of a network is that of its devices: status.mtu of the wanted object says
 * what the device is to have. A VLAN's is never above its parent's.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static uint32_t *mtu_member(struct xsnet_object *obj)
{
        struct xsn_link *link = xsn_object_link(obj);

        return link ? &link->status_mtu : &XSN_VIF(obj)->status_mtu;
}

static int set_mtu(struct xsn_slot *slot, uint32_t mtu)
{
        struct xsnet_object *to = xsn_slot_edit(slot);

        if (!to)
                return -ENOMEM;
        *mtu_member(to) = mtu;
        xsn_object_mark(to, XSNET_FIELD_STATUS_MTU);
        return 0;
}

static struct xsn_slot *network_of(const struct xsn_slot *slot)
{
        const char *name = xsn_slot_stays(slot) ? xsn_object_network(slot->pair->to) : NULL;
        struct xsn_slot *net = name ? xsn_dom0_network(slot->node, name) : NULL;

        return net && xsn_slot_stays(net) ? net : NULL;
}

/* Is the network one that this document's owner looks after? */
static bool is_ours(const struct xsn_slot *net)
{
        const char *owner = net->node->target->work->owner, *mark = net->pair->from->owner;

        return owner && mark && !strcmp(owner, mark);
}

/*
 * Does the network's MTU have to reach this device now? Where it changes, or the device joins. Devices that differ
 * otherwise are put right in our own networks only: elsewhere nobody asked for it, and a bridge's MTU may just be that
 * of its smallest port.
 */
static bool takes_mtu(const struct xsn_slot *slot, const struct xsn_slot *net)
{
        const struct xsnet_object *before = net->pair->from;
        const char *name = before ? xsn_object_string(before, XSNET_FIELD_NAME) : NULL;

        if (!before || !name || !xsn_slot_was_in(slot, name) || xsn_object_mtu(before) != xsn_object_mtu(net->pair->to))
                return true;
        return xsn_slot_wants(net, XSNET_FIELD_MTU, true) && is_ours(net);
}

static int take_mtu(struct xsn_slot *slot)
{
        struct xsn_slot *net = network_of(slot);
        uint32_t mtu = net ? xsn_object_mtu(net->pair->to) : 0;
        const struct xsnet_object *from = slot->pair->from;

        /* What is no device has no MTU. */
        if (xsn_slot_kind(slot) == XSNET_KIND_TUNNEL && xsn_target_can(slot->node->target, XSN_CAP_ANY_TUNNEL))
                return 0;
        /* What the target does not tell (a VIF's, on some) cannot be compared, and follows by itself. */
        if (!mtu || !takes_mtu(slot, net) || xsn_object_mtu(slot->pair->to) == mtu ||
            (from ? !xsn_object_mtu(from) : xsn_slot_kind(slot) == XSNET_KIND_VIF))
                return 0;
        slot->asked = true;
        return set_mtu(slot, mtu);
}

/* The kernel gives a bond's MTU to its members. */
static int pass_to_member(struct xsn_slot *nic)
{
        const struct xsn_slot *bond = nic->member_of;
        uint32_t mtu = xsn_slot_stays(bond) && xsn_slot_changes(bond) ? xsn_object_mtu(bond->pair->to) : 0;

        if (!mtu || !xsn_object_mtu(nic->pair->to) || xsn_object_mtu(nic->pair->to) == mtu)
                return 0;
        nic->because = nic->because ? nic->because : nic->member_of;
        return set_mtu(nic, mtu);
}

/* The item to blame: the VLAN's, else that of a network whose MTU the document names. */
static struct xsn_slot *culprit(struct xsn_slot *slot, struct xsn_slot *parent)
{
        struct xsn_slot *nets[] = { network_of(slot), network_of(parent) };

        for (size_t i = 0; i < 2 && !slot->n_items; i++)
                if (nets[i] && xsn_slot_wants(nets[i], XSNET_FIELD_MTU, true))
                        return nets[i];
        return slot;
}

static void check_parent(struct xsn_slot *slot)
{
        const char *pif = xsn_object_string(slot->pair->to, XSNET_FIELD_PIF);
        struct xsn_slot *parent = pif ? xsn_dom0_pif(slot->node, pif) : NULL;
        struct xsn_slot *at;
        uint32_t mine, theirs;

        if (!parent || !xsn_slot_stays(parent) || parent == slot)
                return;
        mine = xsn_object_mtu(slot->pair->to);
        theirs = xsn_object_mtu(parent->pair->to);
        if (!mine || !theirs || mine <= theirs || (!xsn_slot_changes(slot) && !xsn_slot_changes(parent)))
                return;
        at = culprit(slot, parent);
        xsn_slot_error(at, at == slot ? XSNET_FIELD_NETWORK : XSNET_FIELD_MTU, -EINVAL, "mtu-above-parent",
                       "the MTU %" PRIu32 " of the %s would be above the %" PRIu32 " of the %s", mine,
                       xsn_slot_name(slot), theirs, xsn_slot_name(parent));
}

int xsn_mtus(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++)
                if (xsn_slot_stays(target->slots[i]) && take_mtu(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (target->slots[i]->member_of && pass_to_member(target->slots[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < target->n_slots; i++)
                if (xsn_slot_stays(target->slots[i]) && XSN_VLAN(target->slots[i]->pair->to))
                        check_parent(target->slots[i]);
        return 0;
}
