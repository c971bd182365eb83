/* SPDX-License-Identifier: Apache-2.0 */
/* What steps put into the phases: networks, the ports of networks (PIFs, bonds, VLANs), and link messages. */
#include "backend/linux/apply.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/alloc.h"

#define BRIDGE_MTU 1500 /* of one that is new; with that, the kernel lets it follow those of the ports */

void xsn_lx_put_settings(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link,
                         const struct lx_settings *settings)
{
        bool up = settings->up && !(link->flags & IFF_UP), down = settings->down && (link->flags & IFF_UP);
        bool mtu = settings->mtu && settings->mtu != link->mtu;
        bool master = settings->set_master && settings->master != link->master;
        bool mac = settings->mac && (!link->has_mac || !xsn_mac_equal(settings->mac, &link->mac));
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        if (!up && !down && !mtu && !master && !mac && !settings->alias)
                return;
        if (up || down) {
                ifi.ifi_change = IFF_UP;
                ifi.ifi_flags = up ? IFF_UP : 0;
        }
        xsn_lx_begin(a, st, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name, 0);
        if (mac)
                xsn_nl_put(a->batch, IFLA_ADDRESS, settings->mac->b, sizeof(settings->mac->b));
        if (mtu)
                xsn_nl_put_u32(a->batch, IFLA_MTU, settings->mtu);
        if (master)
                xsn_nl_put_u32(a->batch, IFLA_MASTER, settings->master);
        if (settings->alias)
                xsn_nl_put(a->batch, IFLA_IFALIAS, settings->alias, strlen(settings->alias));
        /* The tables follow: what later phases ask of them is then true. */
        link->flags = up ? link->flags | IFF_UP : down ? link->flags & ~(uint32_t)IFF_UP : link->flags;
        link->mtu = mtu ? settings->mtu : link->mtu;
        link->master = master ? settings->master : link->master;
        if (mac) {
                link->mac = *settings->mac;
                link->has_mac = true;
        }
        if (settings->alias) {
                xsn_free(link->alias);
                link->alias = xsn_strdup(settings->alias);
        }
}

/* ---- networks ---- */

static void put_bridge_data(struct lx_apply *a, const struct lx_step *st)
{
        const struct xsn_network *net = XSN_NETWORK(st->s->to);
        bool made = !st->s->from;

        xsn_nl_nest_begin(a->batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(a->batch, IFLA_INFO_KIND, "bridge");
        xsn_nl_nest_begin(a->batch, IFLA_INFO_DATA, NULL, 0);
        if (made)
                xsn_lx_payload_put(&net->o, "info", a->batch);
        if (made ? net->stp : xsn_lx_changed(st, XSNET_FIELD_STP))
                xsn_nl_put_u32(a->batch, IFLA_BR_STP_STATE, net->stp);
        if (made ? xsn_object_is_set(&net->o, XSNET_FIELD_MULTICAST_SNOOPING) && !net->multicast_snooping
                 : xsn_lx_changed(st, XSNET_FIELD_MULTICAST_SNOOPING))
                xsn_nl_put_u8(a->batch, IFLA_BR_MCAST_SNOOPING,
                              net->multicast_snooping || !xsn_object_is_set(&net->o, XSNET_FIELD_MULTICAST_SNOOPING));
        xsn_nl_nest_end(a->batch);
        xsn_nl_nest_end(a->batch);
}

/* A name that is somebody's alternative name: of a NIC that we renamed it may be taken, else the kernel refuses. */
static int free_name(struct lx_apply *a, struct lx_step *st, const char *name)
{
        struct xsn_d0_link *link = xsn_d0_link_altnamed(&a->lx->net, name);
        struct ifinfomsg ifi = { .ifi_index = link ? (int)link->ifindex : 0 };
        struct lx_mark mark;
        int r;

        if (!link)
                return 0;
        r = xsn_lx_mark_parse(link->alias, &mark);
        if (r < 0)
                return r;
        if (mark.was && strcmp(mark.was, name) == 0) {
                xsn_lx_begin(a, st, RTM_DELLINKPROP, 0, &ifi, sizeof(ifi), link->name, XSN_D0_MAY_BE_GONE);
                xsn_nl_nest_begin(a->batch, IFLA_PROP_LIST, NULL, 0);
                xsn_nl_put_str(a->batch, IFLA_ALT_IFNAME, name);
                xsn_nl_nest_end(a->batch);
        }
        xsn_lx_mark_done(&mark);
        return 0;
}

/*
 * A bridge that comes back has the MAC address that it had, as the neighbours of its addresses know it; but for one
 * that it has from a port, and will have again.
 */
static const struct xsn_mac *old_mac(const struct lx_apply *a, const struct xsn_network *net)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;

        if (!a->plan->back || !xsn_object_is_set(&net->o, XSNET_FIELD_STATUS_MAC))
                return NULL;
        for (size_t i = 0; wanted && i < wanted->n_objects; i++) {
                const struct xsn_link *l = xsn_object_link(wanted->objects[i]);
                const char *network = l ? xsn_object_network(wanted->objects[i]) : NULL;

                if (network && strcmp(network, net->name) == 0 && xsn_mac_equal(&l->status_mac, &net->status_mac))
                        return NULL;
        }
        return &net->status_mac;
}

static int make_network(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsn_network *net = XSN_NETWORK(st->s->to);
        const char *name = net->bridge ? net->bridge : net->name;
        struct ifinfomsg ifi = { .ifi_index = 0 };
        struct xsn_d0_link *link = xsn_d0_link_named(&a->lx->net, name);
        const struct xsn_mac *mac = old_mac(a, net);
        uint32_t group;

        if (link)
                return xsn_lx_made_before(a, name, ret_err);
        link = xsn_lx_make_link(a, name, "bridge");
        if (!link)
                return xsn_error_oom(ret_err);
        ifi.ifi_index = (int)link->ifindex;
        xsn_lx_begin(a, st, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi), name, 0);
        xsn_nl_put_str(a->batch, IFLA_IFNAME, name);
        if (mac)
                xsn_nl_put(a->batch, IFLA_ADDRESS, mac->b, sizeof(mac->b));
        group = xsn_d0_payload_number(&net->o, "group", 0);
        if (group)
                xsn_nl_put_u32(a->batch, IFLA_GROUP, group);
        put_bridge_data(a, st);
        link->mtu = BRIDGE_MTU;
        return 0;
}

/*
 * Only an MTU that is another one than before is kept for good: and where a port was first, the bridge has followed
 * it to the very same. So it gets the next one first. Frames that cross the bridge do not ask for its MTU; VLANs on
 * it do, and are cut where it is less than theirs.
 */
static void pin_mtu(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link, uint32_t mtu)
{
        struct lx_settings settings = { .mtu = mtu < UINT16_MAX ? mtu + 1 : mtu - 1 };

        link->mtu = 0; /* whatever the tables say by now */
        xsn_lx_put_settings(a, st, link, &settings);
}

static int set_network(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsn_network *net = XSN_NETWORK(st->s->to);
        struct xsn_d0_link *link = xsn_lx_device(a, &net->o);
        struct lx_settings settings = { .up = true };
        int r = 0;

        if (!link)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its bridge is gone");
        if (st->s->from)
                settings.up = xsn_lx_changed(st, XSNET_FIELD_IPV4_ADDRESS) ||
                              xsn_lx_changed(st, XSNET_FIELD_IPV6_ADDRESS);
        /* Of a bridge that is made, too: an MTU that it is made with lasts until its last port goes. */
        if (!st->s->from || xsn_lx_changed(st, XSNET_FIELD_MTU))
                settings.mtu = net->mtu ? net->mtu : BRIDGE_MTU;
        settings.down = a->plan->back && xsn_d0_payload_number(&net->o, "up", 1) == 0;
        settings.up = settings.up && !settings.down;
        r = xsn_lx_alias(a, st, link, &settings.alias, ret_err);
        if (r < 0)
                return r;
        if (st->s->from && settings.mtu)
                pin_mtu(a, st, link, settings.mtu);
        xsn_lx_put_settings(a, st, link, &settings);
        xsn_free(settings.alias);
        if (st->s->from &&
            (xsn_lx_changed(st, XSNET_FIELD_STP) || xsn_lx_changed(st, XSNET_FIELD_MULTICAST_SNOOPING))) {
                struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

                xsn_lx_begin(a, st, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name, 0);
                put_bridge_data(a, st);
        }
        return 0;
}

/* Off on a bridge that we make and on which nobody wants it; on where it is wanted. A bridge of others keeps it. */
static int network_ipv6(struct lx_apply *a, struct lx_step *st)
{
        struct xsn_d0_link *link = xsn_lx_device(a, st->s->to);
        bool autoconf = st->s->to->a.ipv6_mode.value == XSNET_IP_AUTOCONF && xsn_lx_changed(st, XSNET_FIELD_IPV6_MODE);
        int r;

        if (!link)
                return 0;
        if (!xsn_d0_wants_ipv6(&a->d0, XSN_NETWORK(st->s->to)->name))
                return st->s->from || xsn_d0_payload_number(st->s->to, "v6off", 1) == 0 ? 0
                                                                                        : xsn_lx_ipv6_off(a, st, link);
        r = link->ipv6_off <= 0 && !st->s->from ? 0 : xsn_lx_ipv6_on(a, st, link, true);
        if (r == 0 && autoconf)
                r = xsn_lx_ipv6_ra(a, st, link, link);
        return r;
}

int xsn_lx_build_network(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        const struct xsnet_object *to = st->s->to;
        struct xsn_d0_link *link;

        if (!to) {
                link = xsn_lx_device(a, st->s->from);
                return link && phase == LX_PH_DELETE ? xsn_lx_delete(a, st, link) : 0;
        }
        switch (phase) {
        case LX_PH_FREE:
                if (st->s->from)
                        return xsn_lx_rename_bridge(a, st, ret_err);
                return free_name(a, st, XSN_NETWORK(to)->bridge ? XSN_NETWORK(to)->bridge : "");
        case LX_PH_MAKE:
                return st->s->from ? 0 : make_network(a, st, ret_err);
        case LX_PH_SYSCTL:
                return network_ipv6(a, st);
        case LX_PH_LINK:
                return set_network(a, st, ret_err);
        default:
                return xsn_lx_build_addresses(a, st, phase, ret_err);
        }
}
