/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bonds. Members join down, so the kernel drops the routes and IPv6 addresses of the device that they carry: these
 * are put where the bond's addresses are, in the same send. Nothing is looked up in between.
 */
#include <errno.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

bool xsn_lx_bond_pending(const struct lx_step *st)
{
        static const int fields[] = { XSNET_FIELD_MEMBERS, XSNET_FIELD_MODE, XSNET_FIELD_LACP_RATE, XSNET_FIELD_HASH,
                                      XSNET_FIELD_UPDELAY, XSNET_FIELD_DOWNDELAY, XSNET_FIELD_MONITOR_INTERVAL,
                                      XSNET_FIELD_PRIMARY, XSNET_FIELD_MAC };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (xsn_lx_changed(st, fields[i]))
                        return true;
        return !st->s->from;
}

static uint8_t kernel_mode(const struct xsn_bond *bond)
{
        static const uint8_t modes[] = {
                [XSNET_BOND_ACTIVE_BACKUP] = BOND_MODE_ACTIVEBACKUP, [XSNET_BOND_LACP] = BOND_MODE_8023AD,
                [XSNET_BOND_BALANCE_RR] = BOND_MODE_ROUNDROBIN,      [XSNET_BOND_BALANCE_XOR] = BOND_MODE_XOR,
                [XSNET_BOND_BROADCAST] = BOND_MODE_BROADCAST,        [XSNET_BOND_BALANCE_TLB] = BOND_MODE_TLB,
                [XSNET_BOND_BALANCE_ALB] = BOND_MODE_ALB,
        };

        return (size_t)bond->mode.value < XSN_ARRAY_SIZE(modes) ? modes[bond->mode.value] : 0;
}

/* balance-xor and LACP choose by source MAC address and tag, as balance-slb does; other modes have no choice. */
static uint8_t kernel_hash(const struct xsn_bond *bond)
{
        if (bond->hash.value == XSNET_HASH_TCPUDP_PORTS)
                return BOND_XMIT_POLICY_LAYER34;
        return bond->mode.value == XSNET_BOND_BALANCE_XOR || bond->mode.value == XSNET_BOND_LACP
                       ? BOND_XMIT_POLICY_VLAN_SRCMAC
                       : BOND_XMIT_POLICY_LAYER2;
}

/* Which options the step sets; those that need the bond down only where they change. */
static void put_options(const struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        bool made = !st->s->from;
        uint32_t interval = bond->monitor_interval ? bond->monitor_interval : 100;
        const struct xsn_d0_link *primary = bond->primary ? xsn_d0_link_named(&a->lx->net, bond->primary) : NULL;

        if (made || xsn_lx_changed(st, XSNET_FIELD_MODE))
                xsn_nl_put_u8(batch, IFLA_BOND_MODE, kernel_mode(bond));
        if (made || xsn_lx_changed(st, XSNET_FIELD_MONITOR_INTERVAL) || xsn_lx_changed(st, XSNET_FIELD_MODE))
                xsn_nl_put_u32(batch, IFLA_BOND_MIIMON, interval);
        if (made ? bond->updelay : xsn_lx_changed(st, XSNET_FIELD_UPDELAY))
                xsn_nl_put_u32(batch, IFLA_BOND_UPDELAY, bond->updelay);
        if (made ? bond->downdelay : xsn_lx_changed(st, XSNET_FIELD_DOWNDELAY))
                xsn_nl_put_u32(batch, IFLA_BOND_DOWNDELAY, bond->downdelay);
        if (made || xsn_lx_changed(st, XSNET_FIELD_HASH) || xsn_lx_changed(st, XSNET_FIELD_MODE))
                xsn_nl_put_u8(batch, IFLA_BOND_XMIT_HASH_POLICY, kernel_hash(bond));
        if (bond->mode.value == XSNET_BOND_LACP && (made || xsn_lx_changed(st, XSNET_FIELD_LACP_RATE)))
                xsn_nl_put_u8(batch, IFLA_BOND_AD_LACP_RATE, bond->lacp_rate.value == XSNET_LACP_FAST);
        if (!made && primary && xsn_lx_changed(st, XSNET_FIELD_PRIMARY))
                xsn_nl_put_u32(batch, IFLA_BOND_PRIMARY, primary->ifindex);
        if (made)
                xsn_lx_payload_put(&bond->o, "info", batch);
}

static void begin_options(struct xsn_nl_batch *batch, const struct xsn_d0_link *link)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(batch, IFLA_INFO_KIND, "bond");
        xsn_nl_nest_begin(batch, IFLA_INFO_DATA, NULL, 0);
}

static void end_options(struct xsn_nl_batch *batch)
{
        xsn_nl_nest_end(batch);
        xsn_nl_nest_end(batch);
}

/*
 * Preferred no more: while the mode is still one that knows of it, and the member is in, for the kernel keeps its name
 * otherwise, and prefers it again in a later mode.
 */
static void put_no_primary(const struct lx_step *st, struct xsn_nl_batch *batch, const struct xsn_d0_link *link)
{
        if (!st->s->from || XSN_BOND(st->s->to)->primary || !xsn_lx_changed(st, XSNET_FIELD_PRIMARY))
                return;
        begin_options(batch, link);
        xsn_nl_put_u32(batch, IFLA_BOND_PRIMARY, 0);
        end_options(batch);
}

/* The address of a device itself: a member has its bond's. */
static const struct xsn_mac *own_mac(const struct xsn_d0_link *link, struct xsn_mac *mac)
{
        struct nlattr *tb[IFLA_BOND_SLAVE_MAX + 1] = { NULL };

        if (link->port && strcmp(link->port_kind, "bond") == 0)
                (void)xsn_nl_parse_nested(link->port, tb, IFLA_BOND_SLAVE_MAX, NULL, NULL);
        if (tb[IFLA_BOND_SLAVE_PERM_HWADDR] && nla_len(tb[IFLA_BOND_SLAVE_PERM_HWADDR]) == (int)sizeof(mac->b))
                memcpy(mac->b, nla_data(tb[IFLA_BOND_SLAVE_PERM_HWADDR]), sizeof(mac->b));
        else if (link->has_mac)
                *mac = link->mac;
        else
                return NULL;
        return mac;
}

/* Does the member stay whose address the bond has? One that leaves takes it along. */
static bool keeps_mac(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link)
{
        const struct xsn_list *members = &XSN_BOND(st->s->to)->members;

        for (size_t i = 0; st->s->from && link->has_mac && i < members->n; i++) {
                const char *name = XSN_ITEM(*members, char *, i);
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, name);
                struct xsn_mac its;
                const struct xsn_mac *mac = member ? own_mac(member, &its) : NULL;

                if (mac && xsn_mac_equal(mac, &link->mac) && xsn_strs_has(&XSN_BOND(st->s->from)->members, name))
                        return true;
        }
        return false;
}

/*
 * What the bond's address is to be: the document's, else on the way back what it was, else that of its first member.
 * The kernel makes one up whenever the last member leaves, which all do for another mode. NULL: not known.
 */
static const struct xsn_mac *wanted_mac(const struct lx_apply *a, const struct lx_step *st,
                                        const struct xsn_d0_link *link, struct xsn_mac *mac)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        const struct xsn_d0_link *first;

        if (xsn_object_is_set(&bond->o, XSNET_FIELD_MAC))
                return &bond->mac;
        if (a->plan->back && xsn_object_is_set(&bond->o, XSNET_FIELD_STATUS_MAC))
                return &bond->l.status_mac;
        if (!xsn_lx_changed(st, XSNET_FIELD_MAC) && keeps_mac(a, st, link))
                return &link->mac;
        first = bond->members.n > 0 ? xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, 0)) : NULL;
        return first ? own_mac(first, mac) : NULL;
}

int xsn_lx_make_bond(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        struct xsn_d0_link *link = xsn_d0_link_named(&a->lx->net, bond->name);
        struct ifinfomsg ifi = { 0 };
        struct xsn_mac first;
        const struct xsn_mac *mac;

        if (link)
                return xsn_lx_made_before(a, bond->name, ret_err);
        for (size_t i = 0; i < bond->members.n; i++)
                if (!xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i)))
                        return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its member %s is gone",
                                             XSN_ITEM(bond->members, char *, i));
        link = xsn_lx_make_link(a, bond->name, "bond");
        if (!link)
                return xsn_error_oom(ret_err);
        mac = wanted_mac(a, st, link, &first);
        ifi.ifi_index = (int)link->ifindex;
        xsn_lx_begin(a, st, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi), link->name, 0);
        xsn_nl_put_str(a->batch, IFLA_IFNAME, link->name);
        if (mac)
                xsn_nl_put(a->batch, IFLA_ADDRESS, mac->b, sizeof(mac->b));
        xsn_nl_nest_begin(a->batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(a->batch, IFLA_INFO_KIND, "bond");
        xsn_nl_nest_begin(a->batch, IFLA_INFO_DATA, NULL, 0);
        put_options(a, st, a->batch);
        end_options(a->batch);
        return 0;
}

/* ---- joining and leaving ---- */

static bool is_member(const struct xsn_bond *bond, const struct xsn_d0_link *link)
{
        return xsn_strs_has(&bond->members, link->name);
}

/* Kernel options that are only taken while the bond is down, mode even only without members. */
static bool needs_down(const struct lx_step *st)
{
        return st->s->from && (xsn_lx_changed(st, XSNET_FIELD_MODE) || xsn_lx_changed(st, XSNET_FIELD_LACP_RATE));
}

/* Does every member leave, if only to come back? */
static bool empties(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link)
{
        const struct xsn_d0_net *net = &a->lx->net;

        for (size_t i = 0; i < net->n_links && !xsn_lx_changed(st, XSNET_FIELD_MODE); i++)
                if (net->links[i]->master == link->ifindex && is_member(XSN_BOND(st->s->to), net->links[i]))
                        return false;
        return true;
}

static int put_leaving(struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch,
                        const struct xsn_d0_link *link)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        const struct xsn_d0_net *net = &a->lx->net;
        bool all = xsn_lx_changed(st, XSNET_FIELD_MODE) && st->s->from;

        for (size_t i = 0; i < net->n_links; i++) {
                const struct xsn_d0_link *member = net->links[i];

                if (member->master != link->ifindex || (is_member(bond, member) && !all))
                        continue;
                xsn_d0_put_master(batch, member, 0);
                if (!is_member(bond, member) && xsn_lx_put_left(a, batch, member) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* A network that the NIC leaves had given it another MTU: the kernel is to remember for it the one of before. */
static int put_own_mtu(struct xsn_nl_batch *batch, const struct xsn_d0_link *nic)
{
        struct lx_mark mark;
        int r = xsn_lx_mark_parse(nic->alias, &mark);

        if (r == 0 && mark.mtu && mark.mtu != nic->mtu)
                xsn_d0_put_mtu(batch, nic, mark.mtu);
        xsn_lx_mark_done(&mark);
        return r;
}

static int put_joining(struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch,
                       const struct xsn_d0_link *link)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        bool all = xsn_lx_changed(st, XSNET_FIELD_MODE) && st->s->from;

        for (size_t i = 0; i < bond->members.n; i++) {
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));

                if (!member || (member->master == link->ifindex && !all))
                        continue;
                if (member->master && member->master != link->ifindex)
                        xsn_d0_put_master(batch, member, 0);
                xsn_d0_put_up(batch, member, false);
                if (put_own_mtu(batch, member) < 0)
                        return -ENOMEM;
                xsn_d0_put_master(batch, member, link->ifindex);
        }
        return 0;
}

/*
 * What the mark of a member says of addresses holds no longer: they are the bond's. Its own MTU the kernel remembers.
 * That it was down is remembered here: it is when it joins, and the bond brings it up.
 */
static int put_members_marks(struct lx_apply *a, const struct xsn_bond *bond, const struct xsn_d0_link *link,
                             struct xsn_nl_batch *batch)
{
        for (size_t i = 0; i < bond->members.n; i++) {
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));
                struct ifinfomsg ifi = { .ifi_index = member ? (int)member->ifindex : 0 };
                _cleanup_(xsn_freep) char *alias = NULL;
                struct lx_mark mark;
                int r = member ? xsn_lx_mark_parse(member->alias, &mark) : 0;

                if (r < 0)
                        return r;
                if (!member || mark.taken)
                        continue;
                mark.made = true;
                mark.management = -1;
                mark.autoconf = false;
                mark.mtu = 0;
                /* On the way back, its own step says what the journal knows. */
                if (!a->plan->back && member->master != link->ifindex && !(member->flags & IFF_UP))
                        mark.was_down = true;
                r = xsn_lx_mark_format(&mark, &alias);
                xsn_lx_mark_done(&mark);
                if (r == -ENAMETOOLONG)
                        continue;
                if (r < 0)
                        return r;
                if (strcmp(alias, member->alias ? member->alias : "") == 0)
                        continue;
                (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), member->name);
                xsn_nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
        }
        return 0;
}

/* The MAC address of a bridge that the bond or a member leaves goes with that. */
static void put_left_bridges(struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch,
                             const struct xsn_d0_link *link, const struct xsn_d0_link *bridge)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        const struct xsn_d0_link *before = st->s->from ? xsn_lx_place_now(a, link) : link;

        if (before != link && before != bridge && xsn_mac_equal(&before->mac, &link->mac)) {
                struct xsn_mac mac = xsn_lx_left_mac(a, before, link);

                xsn_d0_put_mac(batch, before, &mac);
        }
        for (size_t i = 0; i < bond->members.n; i++) {
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));
                const struct xsn_d0_link *left = member ? xsn_lx_place_now(a, member) : NULL;
                struct xsn_mac mac = xsn_d0_random_mac();

                if (left && left != member && left != bridge && xsn_mac_equal(&left->mac, &member->mac))
                        xsn_d0_put_mac(batch, left, &mac);
        }
}

/* Addresses and routes of members' places go to the bond's, but for those that are there already. */
static void put_places(struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch,
                       struct xsn_d0_link *link, struct xsn_d0_link *place)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        const struct xsn_d0_link *before = st->s->from ? xsn_lx_place_now(a, link) : NULL;

        if (before)
                xsn_d0_note_move(&a->d0, before, place);
        if (before && (before != place || needs_down(st)))
                xsn_lx_put_place(a, batch, before, place);
        for (size_t i = 0; i < bond->members.n; i++) {
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));

                if (!member || member->master == link->ifindex || xsn_lx_place_now(a, member) == place)
                        continue;
                xsn_d0_note_move(&a->d0, xsn_lx_place_now(a, member), place);
                xsn_lx_put_place(a, batch, xsn_lx_place_now(a, member), place);
        }
}

static void drop_places(struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch,
                        struct xsn_d0_link *link, struct xsn_d0_link *place)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        const struct xsn_d0_link *before = st->s->from ? xsn_lx_place_now(a, link) : NULL;

        if (before && before != place)
                xsn_d0_place_drop(batch, &a->lx->net, before, before);
        for (size_t i = 0; i < bond->members.n; i++) {
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));
                const struct xsn_d0_link *was = member ? xsn_lx_place_now(a, member) : NULL;

                if (was && member->master != link->ifindex && was != place)
                        xsn_d0_place_drop(batch, &a->lx->net, was, was);
        }
}

/* What the send leaves of a bond: MTU, bridge, alias, up. */
static int put_bond(struct lx_apply *a, struct lx_step *st, struct xsn_nl_batch *batch, struct xsn_d0_link *link,
                    const struct xsn_d0_link *bridge, struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex, .ifi_change = IFF_UP, .ifi_flags = IFF_UP };
        _cleanup_(xsn_freep) char *alias = NULL;
        int r = xsn_lx_alias(a, st, link, &alias, ret_err);

        if (r < 0)
                return r;
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        if (bond->l.status_mtu && bond->l.status_mtu != link->mtu)
                xsn_nl_put_u32(batch, IFLA_MTU, bond->l.status_mtu);
        if ((bridge ? bridge->ifindex : 0) != link->master)
                xsn_nl_put_u32(batch, IFLA_MASTER, bridge ? bridge->ifindex : 0);
        if (alias)
                xsn_nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
        return 0;
}

/* Is the bridge's MAC address the bond's to give? Where it has no other PIF. */
static bool carries(const struct xsn_d0_link *bridge, const struct xsn_bond *bond, const struct xsn_d0_link *link)
{
        return bridge->n_ports == 0 || (bridge->pif && (bridge->pif == link || is_member(bond, bridge->pif)));
}

static int join(struct lx_apply *a, struct lx_step *st, struct xsn_nl_batch *batch, struct xsn_d0_link *link,
                struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        struct xsn_d0_link *bridge = xsn_lx_bridge(a, bond->l.network), *place = bridge ? bridge : link;
        struct xsn_mac first;
        const struct xsn_mac *mac = wanted_mac(a, st, link, &first);
        int r;

        put_no_primary(st, batch, link);
        if (needs_down(st))
                xsn_d0_put_up(batch, link, false);
        if (put_leaving(a, st, batch, link) < 0)
                return xsn_error_oom(ret_err);
        if (mac && st->s->from && (empties(a, st, link) || !xsn_mac_equal(mac, &link->mac)))
                xsn_d0_put_mac(batch, link, mac);
        if (st->s->from) {
                begin_options(batch, link);
                put_options(a, st, batch);
                end_options(batch);
        }
        if (put_joining(a, st, batch, link) < 0)
                return xsn_error_oom(ret_err);
        if (bridge && mac && carries(bridge, bond, link)) {
                struct xsn_mac its = xsn_lx_bridge_mac(a, st, mac);

                if (!xsn_mac_equal(&its, &bridge->mac))
                        xsn_d0_put_mac(batch, bridge, &its);
        }
        r = put_members_marks(a, bond, link, batch);
        if (r < 0)
                return xsn_error_oom(ret_err);
        r = put_bond(a, st, batch, link, bridge, ret_err);
        if (r == 0) {
                put_left_bridges(a, st, batch, link, bridge);
                put_places(a, st, batch, link, place);
        }
        if (r == 0 && !st->s->from && bond->primary) {
                const struct xsn_d0_link *primary = xsn_d0_link_named(&a->lx->net, bond->primary);

                begin_options(batch, link);
                xsn_nl_put_u32(batch, IFLA_BOND_PRIMARY, primary ? primary->ifindex : 0);
                end_options(batch);
        }
        return r;
}

/* On the way back: the member that was active, where the bond prefers none. The kernel takes one that is up only. */
static void put_active(struct lx_apply *a, const struct lx_step *st, struct xsn_nl_batch *batch,
                       const struct xsn_d0_link *link)
{
        _cleanup_(xsn_freep) unsigned char *text = NULL;
        const struct xsn_d0_link *active;
        char name[IFNAMSIZ] = "";
        size_t n = 0;

        if (!a->plan->back || xsn_d0_payload_bytes(st->s->to, "active", &text, &n) < 0 || n == 0 || n >= IFNAMSIZ)
                return;
        memcpy(name, text, n);
        active = xsn_d0_link_named(&a->lx->net, name);
        if (!active)
                return;
        begin_options(batch, link);
        xsn_nl_put_u32(batch, IFLA_BOND_ACTIVE_SLAVE, active->ifindex);
        end_options(batch);
}

/* Can the routes of all places go along that join() empties or takes down? */
static int check_places(struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                        const struct xsn_d0_link *place, struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->to);
        const struct xsn_d0_link *before = st->s->from ? xsn_lx_place_now(a, link) : NULL;
        int r = 0;

        if (before && (before != place || (before == link && needs_down(st))))
                r = xsn_d0_place_check(&a->lx->net, before, ret_err);
        for (size_t i = 0; i < bond->members.n && r == 0; i++) {
                const struct xsn_d0_link *member = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));

                if (member && member->master != link->ifindex && xsn_lx_place_now(a, member) != place)
                        r = xsn_d0_place_check(&a->lx->net, xsn_lx_place_now(a, member), ret_err);
        }
        return r;
}

int xsn_lx_run_bond(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_d0_link *link = xsn_lx_device(a, st->s->to), *place;
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        if (!link)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its device is gone");
        place = xsn_lx_place_then(a, st->s->to);
        r = check_places(a, st, link, place, ret_err);
        if (r == 0)
                r = join(a, st, batch, link, ret_err);
        if (r == 0)
                r = xsn_lx_send(a, batch, XSN_D0_MAY_EXIST, ret_err);
        if (r < 0)
                return r;
        xsn_nl_batch_clear(batch);
        drop_places(a, st, batch, link, place);
        r = xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, ret_err);
        if (r < 0)
                return r;
        xsn_nl_batch_clear(batch);
        put_active(a, st, batch, link);
        if (xsn_nl_batch_count(batch) > 0)
                (void)xsn_lx_send(a, batch, XSN_D0_MAY_FAIL, NULL);
        return 1;
}
