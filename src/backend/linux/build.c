/* SPDX-License-Identifier: Apache-2.0 */
/* Which function builds which step, and the ports of networks: PIFs, bonds and VLANs. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

/* Does the step take the device from one place to another? Its addresses then go along in a unit. */
static bool moves(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link)
{
        const struct xsn_d0_link *now = xsn_lx_place_now(a, link), *then = xsn_lx_place_then(a, st->s->to);

        /* Its next name is not there before its unit. */
        if (!then && !xsn_object_network(st->s->to))
                then = link;
        return now != then && then && xsn_lx_changed(st, XSNET_FIELD_NETWORK);
}

/* A port needs no IPv6 of its own; one that left its bridge has it as other devices do. */
static int port_ipv6(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        const struct xsnet_object *to = st->s->to;
        const char *network = xsn_object_network(to);
        const struct xsn_d0_link *bridge = xsn_lx_bridge(a, network), *place = bridge ? bridge : link;
        bool wants = bridge ? xsn_d0_wants_ipv6(&a->d0, network) : to->cls->has_address && to->a.ipv6_address.n > 0;
        bool autoconf = to->cls->has_address && to->a.ipv6_mode.value == XSNET_IP_AUTOCONF;
        int r = 0;

        /* On the way back nothing of the NIC's own was changed, but for IPv6 as a whole. */
        if (autoconf && (xsn_lx_changed(st, XSNET_FIELD_IPV6_MODE) || (bridge && xsn_d0_takes_autoconf(st->s))) &&
            (bridge || !a->plan->back))
                r = xsn_lx_ipv6_ra(a, st, xsn_lx_place_now(a, link), place);
        if (r < 0)
                return r;
        /* What has addresses keeps them until they have moved: see xsn_lx_move(). */
        if (moves(a, st, link) && xsn_d0_place_has(&a->lx->net, xsn_lx_place_now(a, link)))
                return wants ? xsn_lx_ipv6_on(a, st, place, true) : 0;
        r = wants ? 0 : xsn_lx_ipv6_back(a, st, link);
        if (r != 0)
                return r < 0 ? r : 0;
        if (bridge && (xsn_lx_changed(st, XSNET_FIELD_NETWORK) || !st->s->from))
                r = xsn_lx_ipv6_off(a, st, link);
        else if (!bridge && st->s->from && xsn_lx_changed(st, XSNET_FIELD_NETWORK))
                r = wants ? xsn_lx_ipv6_on(a, st, link, true) : xsn_lx_ipv6_default(a, st, link);
        if (r == 0 && wants)
                r = xsn_lx_ipv6_on(a, st, place, true);
        if (r == 0 && autoconf && xsn_lx_changed(st, XSNET_FIELD_IPV6_MODE))
                r = xsn_lx_ipv6_on(a, st, place, true);
        return r;
}

/* The bridge carries its NIC's MAC address, and gives it back when the NIC leaves. */
static void bridge_mac(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link, struct xsn_d0_link *bridge)
{
        struct xsn_d0_link *old = xsn_d0_link_at(&a->lx->net, link->master);
        struct lx_settings settings = { 0 };
        struct xsn_mac mac;

        if (old && old != bridge && old->role == LX_BRIDGE && old->pif == link && link->has_mac && old->has_mac &&
            xsn_mac_equal(&old->mac, &link->mac)) {
                mac = xsn_d0_random_mac();
                settings.mac = &mac;
                xsn_d0_note_move(&a->d0, old, old);
                xsn_lx_put_settings(a, st, old, &settings);
        }
        if (bridge && bridge != old && bridge->n_ports == 0 && link->has_mac) {
                mac = xsn_lx_bridge_mac(a, st, &link->mac);
                settings.mac = &mac;
                xsn_d0_note_move(&a->d0, bridge, bridge);
                xsn_lx_put_settings(a, st, bridge, &settings);
        }
        if (old && old->pif == link && old != bridge) {
                old->pif = NULL;
                old->n_ports = 0;
        }
        if (bridge && bridge != old && bridge->n_ports++ == 0)
                bridge->pif = link;
}

/* What a bond gives back with its member is what the member had when it joined, so that stays until then. */
static uint32_t port_mtu(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link)
{
        const struct xsnet_object *to = st->s->to;
        bool takes = !st->s->from || xsn_lx_changed(st, XSNET_FIELD_STATUS_MTU) ||
                     (xsn_object_network(to) && xsn_lx_changed(st, XSNET_FIELD_NETWORK));

        return takes && !xsn_lx_joins_bond(a, to, link) ? xsn_object_mtu(to) : 0;
}

static int set_port(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link, struct xsnet_error **ret_err)
{
        const struct xsnet_object *to = st->s->to;
        struct xsn_d0_link *bridge = xsn_lx_bridge(a, xsn_object_network(to));
        struct lx_settings settings = { .up = true };
        bool moving = moves(a, st, link), made = !st->s->from;
        int r;

        if (xsn_object_network(to) && !bridge)
                return xsn_error_set(ret_err, -ENOENT, "no-such-network", "network '%s' has no bridge",
                                     xsn_object_network(to));
        settings.mtu = port_mtu(a, st, link);
        settings.set_master = made || xsn_lx_changed(st, XSNET_FIELD_NETWORK);
        settings.master = bridge ? bridge->ifindex : 0;
        if (!settings.set_master && !made && to->a.ipv4_address.n + to->a.ipv6_address.n == 0)
                settings.up = false;
        if (!bridge && (settings.set_master || to->cls->kind == XSNET_KIND_PIF))
                xsn_lx_before(a, st, link, &settings);
        settings.up = settings.up && !settings.down;
        r = xsn_lx_alias(a, st, link, &settings.alias, ret_err);
        if (r < 0)
                return r;
        if (moving && (xsn_d0_place_has(&a->lx->net, xsn_lx_place_now(a, link)))) {
                settings.set_master = false;
                st->down = settings.down;
                settings.down = false;
        } else if (settings.set_master) {
                st->moved = true;
                bridge_mac(a, st, link, bridge);
        }
        xsn_lx_put_settings(a, st, link, &settings);
        xsn_free(settings.alias);
        return 0;
}

/* The kernel leaves the members of a bond down, but for those that left it before: see xsn_lx_leave(). */
static int members_up(struct lx_apply *a, struct lx_step *st)
{
        const struct xsn_bond *bond = XSN_BOND(st->s->from);

        for (size_t i = 0; i < bond->members.n; i++) {
                const struct xsn_d0_link *link = xsn_d0_link_named(&a->lx->net, XSN_ITEM(bond->members, char *, i));
                size_t n = xsn_nl_batch_count(a->batch);

                if (!link || !link->master)
                        continue;
                if (xsn_lx_put_left(a, a->batch, link) < 0)
                        return -ENOMEM;
                if (xsn_nl_batch_count(a->batch) > n)
                        xsn_lx_claim(a, st, n, XSN_D0_MAY_BE_GONE);
        }
        return 0;
}

/* It was down before it joined its network. */
static int put_down(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link)
{
        struct lx_settings settings = { .down = true };

        xsn_lx_put_settings(a, st, link, &settings);
        return 0;
}

void xsn_lx_port_back(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        size_t i = xsn_nl_batch_count(a->batch);

        if (!a->plan->back || !xsn_object_network(st->s->to))
                return;
        xsn_lx_put_port_payload(a->batch, link, st->s->to);
        if (xsn_nl_batch_count(a->batch) > i)
                xsn_lx_claim(a, st, i, XSN_D0_MAY_FAIL);
}

int xsn_lx_build_port(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        const struct xsnet_object *to = st->s->to;
        struct xsn_d0_link *link = xsn_lx_device(a, to ? to : st->s->from);
        bool bond = (to ? to : st->s->from)->cls->kind == XSNET_KIND_BOND;

        if (!to && st->s->from->cls->kind == XSNET_KIND_PIF)
                return xsn_error_set(ret_err, -EOPNOTSUPP, "not-supported", "linux: a NIC cannot be removed");
        if (!to && phase == LX_PH_AFTER && (bond ? members_up(a, st) : xsn_lx_vlan_gone(a, st)) < 0)
                return xsn_error_oom(ret_err);
        if (!to)
                return link && phase == LX_PH_DELETE ? xsn_lx_delete(a, st, link) : 0;
        if (phase == LX_PH_MAKE && !st->s->from)
                return bond ? xsn_lx_make_bond(a, st, ret_err) : xsn_lx_make_vlan(a, st, ret_err);
        /* A NIC that gets another name has the old one until its unit. */
        if (!link && st->s->from)
                link = xsn_lx_device(a, st->s->from);
        if (!link && phase >= LX_PH_SYSCTL)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its device is gone");
        switch (phase) {
        case LX_PH_SYSCTL:
                return port_ipv6(a, st, link);
        case LX_PH_LINK:
                /* What a bond is made of has to be joined first. */
                return bond && xsn_lx_bond_pending(st) ? 0 : set_port(a, st, link, ret_err);
        case LX_PH_REPAIR:
                xsn_lx_port_back(a, st, link);
                return xsn_lx_build_addresses(a, st, phase, ret_err);
        case LX_PH_AFTER:
                return st->down ? put_down(a, st, link) : 0;
        default:
                return link ? xsn_lx_build_addresses(a, st, phase, ret_err) : 0;
        }
}

int xsn_lx_build(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        if (phase == LX_PH_LINK)
                xsn_lx_group_back(a, st);
        switch ((st->s->to ? st->s->to : st->s->from)->cls->kind) {
        case XSNET_KIND_NETWORK:
                return xsn_lx_build_network(a, st, phase, ret_err);
        case XSNET_KIND_TUNNEL:
                return xsn_lx_build_tunnel(a, st, phase, ret_err);
        case XSNET_KIND_VIF:
                return xsn_lx_build_vif(a, st, phase, ret_err);
        default:
                return xsn_lx_build_port(a, st, phase, ret_err);
        }
}

/* Where VLANs of a parent sit that was in a network: on its bridge, else on itself. */
static struct xsn_d0_link *old_place(const struct lx_apply *a, const struct lx_step *st, struct xsn_d0_link *link)
{
        const struct xsn_link *l = xsn_object_link(st->s->from);
        struct xsn_d0_link *bridge = l && l->network && l->status_master
                                             ? xsn_d0_link_named(&a->lx->net, l->status_master)
                                             : NULL;

        return bridge ? bridge : link;
}

/* The VLANs of a parent follow it; `check`: only whether they can. */
static int follow(struct lx_apply *a, struct lx_step *st, bool check, struct xsnet_error **ret_err)
{
        const struct xsnet_object *to = st->s->to;
        struct xsn_d0_link *link = xsn_lx_device(a, to), *before, *after;

        if (!st->s->from || !link || to->cls->kind == XSNET_KIND_VLAN || !xsn_lx_changed(st, XSNET_FIELD_NETWORK))
                return 0;
        before = old_place(a, st, link);
        after = xsn_lx_place_then(a, to);
        if (!after || after == before)
                return 0;
        return check ? xsn_lx_check_vlans(a, before->ifindex, ret_err)
                     : xsn_lx_move_vlans(a, before->ifindex, after->ifindex, ret_err);
}

/* Renames first: nothing else looks for the old name after it. */
int xsn_lx_run_unit(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsnet_object *to = st->s->to;
        int kind = to ? to->cls->kind : 0, r = 0, done = 0;

        if (to && kind != XSNET_KIND_PIF && kind != XSNET_KIND_BOND && kind != XSNET_KIND_VLAN)
                return 0;
        if (a->moved)
                r = xsn_lx_fresh(a, ret_err);
        if (!to)
                return r < 0 ? r : xsn_lx_leave(a, st, ret_err);
        if (r >= 0)
                r = follow(a, st, true, ret_err);
        if (r >= 0 && kind == XSNET_KIND_PIF)
                done = r = xsn_lx_rename(a, st, ret_err);
        if (r >= 0 && kind == XSNET_KIND_BOND && xsn_lx_bond_pending(st))
                done = r = xsn_lx_run_bond(a, st, ret_err);
        else if (r >= 0 && !st->moved && xsn_lx_changed(st, XSNET_FIELD_NETWORK))
                done = r = xsn_lx_move(a, st, ret_err);
        if (r >= 0)
                r = follow(a, st, false, ret_err);
        return r < 0 ? r : r || done;
}
