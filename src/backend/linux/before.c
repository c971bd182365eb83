/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How devices that we did not make were before us: a NIC that was down is brought up for a network, an address, a VLAN
 * or a bond, and goes down when the last of these goes. Its mark remembers, also where nobody owns it: up=no, mtu=N.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

static bool has_addresses(const struct xsnet_object *obj)
{
        const struct xsn_addressing *a = &obj->a;

        return a->ipv4_address.n > 0 || a->ipv6_address.n > 0 || a->ipv4_mode.value == XSNET_IP_DHCP ||
               a->ipv6_mode.value == XSNET_IP_DHCP || a->ipv6_mode.value == XSNET_IP_AUTOCONF;
}

static bool uses(const struct xsnet_object *obj, const char *device)
{
        const char *name;

        switch (obj->cls->kind) {
        case XSNET_KIND_PIF:
                name = xsn_object_device(obj);
                return name && strcmp(name, device) == 0 && (xsn_object_network(obj) || has_addresses(obj));
        case XSNET_KIND_BOND:
                return xsn_strs_has(&XSN_BOND(obj)->members, device);
        case XSNET_KIND_VLAN:
                return XSN_VLAN(obj)->pif && strcmp(XSN_VLAN(obj)->pif, device) == 0;
        default:
                return false;
        }
}

static bool is_going(const struct lx_apply *a, const struct xsn_d0_link *link)
{
        for (size_t i = 0; i < a->n_deletes; i++)
                if (a->deletes[i].ifindex == link->ifindex)
                        return true;
        return false;
}

/*
 * Does something sit on it that no object tells of: a macvlan, a VLAN of another protocol? Two that sit on each
 * other are the ends of a cable.
 */
static bool carries_others(const struct lx_apply *a, const struct xsn_d0_link *link)
{
        const struct xsn_d0_net *net = &a->lx->net;
        uint16_t tag;

        for (size_t i = 0; i < net->n_links; i++) {
                const struct xsn_d0_link *over = net->links[i];

                if (over->lower == link->ifindex && over->ifindex != link->lower && !is_going(a, over) &&
                    !(over->role == LX_VLAN && xsn_lx_vlan_tag(over, &tag)))
                        return true;
        }
        return false;
}

/* Does anything of the wanted state need the device? */
static bool is_used(const struct lx_apply *a, const char *device)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;

        for (size_t i = 0; wanted && i < wanted->n_objects; i++)
                if (uses(wanted->objects[i], device))
                        return true;
        return false;
}

/* `device`: what it is called when the plan is done. */
static bool stays_up(const struct lx_apply *a, const struct xsn_d0_link *link, const char *device)
{
        return is_used(a, device) || carries_others(a, link);
}

void xsn_lx_mark_before(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                        struct lx_mark *mark)
{
        const struct xsnet_object *from = st->s->from, *to = st->s->to;
        bool moved = xsn_lx_changed(st, XSNET_FIELD_NETWORK), vif = to->cls->kind == XSNET_KIND_VIF;
        const char *device = vif ? NULL : xsn_object_device(to);

        /* Somebody else's text leaves no place for it. */
        if (mark->taken || !from)
                return;
        /* Of most there is nothing to remember and nothing to forget: no need to look at all objects and links. */
        if (mark->was_down || !(link->flags & IFF_UP)) {
                bool used = vif ? xsn_object_network(to) != NULL : device && stays_up(a, link, device);
                bool begins = moved ? xsn_object_network(to) != NULL : !vif && has_addresses(to);

                mark->was_down = used && (mark->was_down || begins);
        }
        if (!xsn_object_network(to))
                mark->mtu = moved ? 0 : mark->mtu;
        else if (!mark->mtu && (xsn_lx_changed(st, XSNET_FIELD_STATUS_MTU) || (moved && !vif)) &&
                 xsn_object_mtu(to) != link->mtu)
                mark->mtu = link->mtu;
}

bool xsn_lx_joins_bond(const struct lx_apply *a, const struct xsnet_object *to, const struct xsn_d0_link *link)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;

        if (!XSN_PIF(to) || xsn_object_network(to) || strcmp(link->port_kind, "bond") == 0)
                return false;
        for (size_t i = 0; wanted && i < wanted->n_objects; i++)
                if (XSN_BOND(wanted->objects[i]) && uses(wanted->objects[i], xsn_object_device(to)))
                        return true;
        return false;
}

void xsn_lx_before(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                   struct lx_settings *settings)
{
        const struct xsnet_object *to = st->s->to;
        bool vif = to->cls->kind == XSNET_KIND_VIF;
        const char *device = vif ? xsn_object_string(to, XSNET_FIELD_STATUS_DEVICE) : link->name;
        const char *then = vif ? NULL : xsn_object_device(to); /* it may be renamed meanwhile */
        /* The journal knows better than a mark of long ago; but of a guest's two devices it has only one. */
        bool known = a->plan->back && device && strcmp(device, link->name) == 0;
        struct lx_mark mark;

        if (a->plan->back && xsn_d0_payload_number(to, "up", 1) == 0)
                settings->down = true;
        if (xsn_lx_mark_parse(link->alias, &mark) < 0)
                return;
        if (!known)
                settings->down = settings->down || (mark.was_down && (!then || !stays_up(a, link, then)));
        /* The MTU that the journal has of a bond's member is the bond's. */
        if (settings->set_master && !settings->mtu && (!known || xsn_lx_joins_bond(a, to, link)))
                settings->mtu = mark.mtu;
        xsn_lx_mark_done(&mark);
}

/* The alias with, or without, "up=no" in it; *ret_alias NULL: it says so already, or cannot. */
static int remember(const struct xsn_d0_link *link, bool was_down, char **ret_alias)
{
        struct lx_mark mark;
        int r = xsn_lx_mark_parse(link->alias, &mark);

        if (r == 0 && !mark.taken && mark.was_down != was_down) {
                mark.made = mark.made || !mark.ours;
                mark.was_down = was_down;
                r = xsn_lx_mark_format(&mark, ret_alias);
        }
        xsn_lx_mark_done(&mark);
        return r == -ENAMETOOLONG ? 0 : r;
}

/* Ours to make, and so to delete as a whole? */
static bool is_made(const struct xsn_d0_link *link)
{
        struct lx_mark mark;
        bool made;

        if (link->role != LX_BOND && link->role != LX_VLAN && link->role != LX_BRIDGE)
                return false;
        if (xsn_lx_mark_parse(link->alias, &mark) < 0)
                return true;
        made = mark.ours && mark.made;
        xsn_lx_mark_done(&mark);
        return made;
}

int xsn_lx_put_lower_up(struct xsn_nl_batch *batch, struct xsn_d0_link *lower)
{
        struct ifinfomsg ifi = { .ifi_index = (int)lower->ifindex, .ifi_change = IFF_UP, .ifi_flags = IFF_UP };
        _cleanup_(xsn_freep) char *alias = NULL;

        if (lower->flags & IFF_UP)
                return 0;
        if (!is_made(lower) && remember(lower, true, &alias) < 0)
                return -ENOMEM;
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), lower->name);
        if (alias)
                xsn_nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
        lower->flags |= IFF_UP;
        if (alias) {
                xsn_free(lower->alias);
                lower->alias = XSN_TAKE(alias);
        }
        return 0;
}

int xsn_lx_put_lower_down(const struct lx_apply *a, struct xsn_nl_batch *batch, struct xsn_d0_link *lower)
{
        struct ifinfomsg ifi = { .ifi_index = (int)lower->ifindex, .ifi_change = IFF_UP };
        _cleanup_(xsn_freep) char *alias = NULL;

        /* Nothing is to be forgotten of most; one that has to leave its network does it in that step. */
        if (!xsn_lx_mark_is_ours(lower->alias) || lower->master || stays_up(a, lower, lower->name))
                return 0;
        if (remember(lower, false, &alias) < 0)
                return -ENOMEM;
        if (!alias || xsn_d0_place_has(&a->lx->net, lower))
                return 0;
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), lower->name);
        xsn_nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
        lower->flags &= ~(uint32_t)IFF_UP;
        xsn_free(lower->alias);
        lower->alias = *alias ? XSN_TAKE(alias) : NULL;
        return 0;
}

/* ---- members of bonds: the kernel takes them down when they leave ---- */

static bool goes_up(const struct lx_apply *a, const struct xsn_d0_link *member, bool was_down)
{
        const struct xsn_plan_target *target = &a->plan->targets[a->target];

        for (size_t i = 0; a->plan->back && i < target->n_touched; i++) {
                const struct xsnet_object *after = target->touched[i].after;

                if (after && XSN_PIF(after) && strcmp(XSN_PIF(after)->device, member->name) == 0)
                        return xsn_d0_payload_number(after, "up", 1) != 0;
        }
        return !was_down || stays_up(a, member, member->name);
}

int xsn_lx_put_left(const struct lx_apply *a, struct xsn_nl_batch *batch, const struct xsn_d0_link *member)
{
        struct ifinfomsg ifi = { .ifi_index = (int)member->ifindex };
        _cleanup_(xsn_freep) char *alias = NULL;
        struct lx_mark mark;
        bool was_down, up;

        if (xsn_lx_mark_parse(member->alias, &mark) < 0)
                return -ENOMEM;
        was_down = mark.was_down;
        xsn_lx_mark_done(&mark);
        up = goes_up(a, member, was_down);
        if (was_down && !stays_up(a, member, member->name) && remember(member, false, &alias) < 0)
                return -ENOMEM;
        if (!up && !alias)
                return 0;
        if (up)
                ifi.ifi_change = ifi.ifi_flags = IFF_UP;
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), member->name);
        if (alias)
                xsn_nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
        return 0;
}
