/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VLAN devices. They sit on the bridge of their parent's network where the parent is in one (on a NIC that is a
 * port, the parent's guests would lose the tag), else on the parent; when the parent joins or leaves a
 * network they are made again on the other device, with their bridge, addresses and routes.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

/* A VLAN comes up on a device that is up only: as it is at boot, nobody may have put the NIC up yet. */
static int lower_up(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *lower)
{
        size_t i = xsn_nl_batch_count(a->batch);
        int r = xsn_lx_put_lower_up(a->batch, lower);

        if (r == 0 && xsn_nl_batch_count(a->batch) > i)
                xsn_lx_claim(a, st, i, 0);
        return r;
}

int xsn_lx_vlan_gone(struct lx_apply *a, struct lx_step *st)
{
        struct xsn_d0_link *lower = xsn_d0_link_named(&a->lx->net, XSN_VLAN(st->s->from)->pif);
        size_t i = xsn_nl_batch_count(a->batch);
        int r = lower ? xsn_lx_put_lower_down(a, a->batch, lower) : 0;

        if (r == 0 && xsn_nl_batch_count(a->batch) > i)
                xsn_lx_claim(a, st, i, XSN_D0_MAY_FAIL);
        return r;
}

int xsn_lx_make_vlan(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsn_vlan *vlan = XSN_VLAN(st->s->to);
        struct xsn_d0_link *parent = xsn_d0_link_named(&a->lx->net, vlan ? vlan->pif : NULL);
        struct xsn_d0_link *lower, *link;
        struct ifinfomsg ifi = { 0 };

        if (!vlan || !vlan->device)
                return xsn_error_set(ret_err, -EOPNOTSUPP, "not-supported", "linux: cannot make it");
        if (!parent)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "there is no device %s", vlan->pif);
        lower = xsn_lx_place_now(a, parent);
        link = xsn_d0_link_named(&a->lx->net, vlan->device);
        if (link)
                return xsn_lx_made_before(a, vlan->device, ret_err);
        link = xsn_lx_make_link(a, vlan->device, "vlan");
        if (!link)
                return xsn_error_oom(ret_err);
        ifi.ifi_index = (int)link->ifindex;
        xsn_lx_begin(a, st, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi), link->name, 0);
        xsn_nl_put_str(a->batch, IFLA_IFNAME, link->name);
        xsn_nl_put_u32(a->batch, IFLA_LINK, lower->ifindex);
        /* The kernel gives it its device's MAC address; on the way back it may have had one of its own. */
        if (a->plan->back && xsn_object_is_set(&vlan->o, XSNET_FIELD_STATUS_MAC) &&
            !xsn_mac_equal(&vlan->l.status_mac, &lower->mac))
                xsn_nl_put(a->batch, IFLA_ADDRESS, vlan->l.status_mac.b, sizeof(vlan->l.status_mac.b));
        xsn_nl_nest_begin(a->batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(a->batch, IFLA_INFO_KIND, "vlan");
        xsn_nl_nest_begin(a->batch, IFLA_INFO_DATA, NULL, 0);
        xsn_nl_put_u16(a->batch, IFLA_VLAN_ID, (uint16_t)vlan->tag);
        xsn_lx_payload_put(&vlan->o, "info", a->batch);
        xsn_nl_nest_end(a->batch);
        xsn_nl_nest_end(a->batch);
        link->mtu = lower->mtu;
        link->mac = lower->mac;
        link->has_mac = lower->has_mac;
        return lower_up(a, st, lower) < 0 ? xsn_error_oom(ret_err) : 0;
}

/* The kernel shows the flags with a mask of all bits, and takes none that has a bit that it does not know. */
static void put_info(struct xsn_nl_batch *batch, const struct nlattr *info)
{
        const struct nlattr *attr = nla_data(info);
        int left = nla_len(info);

        xsn_nl_nest_begin(batch, IFLA_INFO_DATA, NULL, 0);
        for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
                struct ifla_vlan_flags flags;

                if (nla_type(attr) != IFLA_VLAN_FLAGS || nla_len(attr) != sizeof(flags)) {
                        xsn_nl_put(batch, (uint16_t)nla_type(attr), nla_data(attr), (size_t)nla_len(attr));
                        continue;
                }
                memcpy(&flags, nla_data(attr), sizeof(flags));
                flags.mask = flags.flags | VLAN_FLAG_REORDER_HDR;
                xsn_nl_put(batch, IFLA_VLAN_FLAGS, &flags, sizeof(flags));
        }
        xsn_nl_nest_end(batch);
}

/* Made again, down, with its own number: what refers to it by number stays right. */
static void put_again(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, uint32_t lower)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &ifi, sizeof(ifi), link->name);
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi), link->name);
        xsn_nl_put_str(batch, IFLA_IFNAME, link->name);
        xsn_nl_put_u32(batch, IFLA_LINK, lower);
        xsn_nl_put_u32(batch, IFLA_MTU, link->mtu);
        if (link->group)
                xsn_nl_put_u32(batch, IFLA_GROUP, link->group);
        if (link->has_mac)
                xsn_nl_put(batch, IFLA_ADDRESS, link->mac.b, sizeof(link->mac.b));
        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(batch, IFLA_INFO_KIND, "vlan");
        if (link->info)
                put_info(batch, link->info);
        xsn_nl_nest_end(batch);
}

/* What the kernel does not take at creation, then what it was given. */
static void put_rest(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex, .ifi_change = IFF_UP,
                                 .ifi_flags = link->flags & IFF_UP };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        if (link->alias)
                xsn_nl_put(batch, IFLA_IFALIAS, link->alias, strlen(link->alias));
        if (link->master)
                xsn_nl_put_u32(batch, IFLA_MASTER, link->master);
        xsn_lx_put_port(batch, link);
        xsn_d0_place_put(batch, net, link, link);
}

static int move_vlan(struct lx_apply *a, const struct xsn_d0_link *link, uint32_t to, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_sysctl off = { .dir = "ipv6/conf", .dev = link->name, .key = "disable_ipv6", .value = "1" };
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        put_again(batch, link, to);
        r = xsn_lx_send(a, batch, 0, ret_err);
        if (r < 0)
                return r;
        if (link->ipv6_off > 0)
                (void)xsn_netns_sysctl_write(a->lx->netns, &off, 1, NULL);
        xsn_nl_batch_clear(batch);
        put_rest(batch, &a->lx->net, link);
        return xsn_lx_send(a, batch, XSN_D0_MAY_EXIST, ret_err);
}

int xsn_lx_check_vlans(const struct lx_apply *a, uint32_t from, struct xsnet_error **ret_err)
{
        const struct xsn_d0_net *net = &a->lx->net;
        int r = 0;

        for (size_t i = 0; i < net->n_links && r == 0; i++)
                if (net->links[i]->role == LX_VLAN && net->links[i]->lower == from)
                        r = xsn_d0_place_check(net, net->links[i], ret_err);
        return r;
}

int xsn_lx_move_vlans(struct lx_apply *a, uint32_t from, uint32_t to, struct xsnet_error **ret_err)
{
        const struct xsn_d0_net *net = &a->lx->net;
        int moved = 0;

        for (size_t i = 0; i < net->n_links; i++) {
                const struct xsn_d0_link *link = net->links[i];
                int r;

                if (link->role != LX_VLAN || link->lower != from)
                        continue;
                r = move_vlan(a, link, to, ret_err);
                if (r < 0)
                        return r;
                moved = 1;
        }
        return moved;
}
