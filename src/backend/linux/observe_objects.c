/* SPDX-License-Identifier: Apache-2.0 */
/* The objects made of single links: networks, PIFs, bonds, VLANs, VIFs. 0 or -ENOMEM. */
#include <errno.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

static int set_u32(struct xsnet_object *obj, int field, uint32_t *member, uint32_t value)
{
        *member = value;
        xsn_object_mark(obj, field);
        return 0;
}

static int set_enum(struct xsnet_object *obj, int field, struct xsn_enumval *member, int value)
{
        member->value = value;
        xsn_object_mark(obj, field);
        return 0;
}

static void set_bool(struct xsnet_object *obj, int field, bool *member, bool value)
{
        *member = value;
        xsn_object_mark(obj, field);
}

static void set_mac(struct xsnet_object *obj, int field, struct xsn_mac *member, const struct xsn_mac *mac)
{
        *member = *mac;
        xsn_object_mark(obj, field);
}

static int new_object(struct lx_view *view, int kind, struct xsnet_object **ret_obj)
{
        int r = xsn_object_new(xsn_class_of(kind), ret_obj);

        return r < 0 ? r : xsn_object_set_host(*ret_obj, view->lx->host);
}

/* The link whose addresses are those of a PIF: the bridge of its network, where the addresses there are its own. */
static const struct xsn_d0_link *place_of(const struct lx_view *view, const struct xsn_d0_link *link)
{
        const struct xsn_d0_link *master = xsn_d0_link_at(&view->lx->net, link->master);

        return master && master->role == LX_BRIDGE && master->pif == link ? master : link;
}

/* Is it the device that carries the default route, or the PIF of that bridge? */
static bool carries(const struct lx_view *view, const struct xsn_d0_link *link, uint32_t ifindex)
{
        const struct xsn_d0_link *over = xsn_d0_link_at(&view->lx->net, ifindex);

        if (!over)
                return false;
        return over->role == LX_BRIDGE && over->pif ? over->pif == link : over == link;
}

/* The owner's mark, and what else only the alias says. */
static int view_mark(struct lx_view *view, const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        struct lx_mark mark;
        int r = xsn_lx_mark_parse(link->alias, &mark);
        bool on_default;

        if (r < 0)
                return r;
        /* The mark comes in the message that brings a device up; only a bond's addresses may come without it. */
        obj->begun = !link->alias && !(link->flags & IFF_UP) && (!link->addrs || link->role == LX_BOND);
        /* NICs and guests' devices are never ours to make. */
        obj->made = mark.made && mark.owner && obj->cls->kind != XSNET_KIND_PIF && obj->cls->kind != XSNET_KIND_VIF;
        obj->mark_taken = mark.taken;
        obj->owner = XSN_TAKE(mark.owner);
        if (obj->cls->kind == XSNET_KIND_PIF && mark.was && strcmp(mark.was, link->name) != 0) {
                r = xsn_object_set_string(obj, XSNET_FIELD_RENAME, link->name);
                if (r == 0)
                        r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_OLD_NAME, mark.was);
        }
        /* Where nobody says which device manages the host, it is that of the default route. */
        if (link->role == LX_BRIDGE && link->pif) {
                mark.management = -1; /* these are its PIF's now */
                mark.autoconf = false;
        }
        on_default = obj->cls->has_address && carries(view, link, view->route.ifindex);
        if (mark.management > 0 || (mark.management < 0 && !view->marked_management && on_default))
                set_bool(obj, XSNET_FIELD_MANAGEMENT, &obj->a.management, true);
        if (obj->cls->has_address && carries(view, link, view->route.chosen))
                set_bool(obj, XSNET_FIELD_DEFAULT_ROUTE, &obj->a.default_route, true);
        if (mark.autoconf && place_of(view, link)->ipv6_off <= 0 && obj->cls->has_address)
                (void)set_enum(obj, XSNET_FIELD_IPV6_MODE, &obj->a.ipv6_mode, XSNET_IP_AUTOCONF);
        xsn_lx_mark_done(&mark);
        return r;
}

/* A bridge by hand may have another address than its one NIC: it has that again when the NIC comes back. */
static int note_bridge_mac(const struct xsn_d0_link *bridge, const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };

        if (!bridge || bridge->role != LX_BRIDGE || bridge->pif != link || xsn_mac_equal(&bridge->mac, &link->mac))
                return 0;
        xsn_buf_put(&buf, ";bridge-mac=");
        xsn_d0_payload_hex(&buf, bridge->mac.b, sizeof(bridge->mac.b));
        return xsn_d0_payload_append(obj, &buf);
}

int xsn_lx_view_link(struct lx_view *view, const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        const struct xsn_d0_link *master = xsn_d0_link_at(&view->lx->net, link->master);
        struct xsn_link *l = xsn_object_link(obj);
        _cleanup_(xsn_freep) char *network = NULL;
        int r = view_mark(view, link, obj);

        if (r == 0)
                r = xsn_lx_payload_save(link, obj);
        if (r == 0)
                r = note_bridge_mac(master, link, obj);
        if (r < 0 || !l)
                return r;
        (void)set_u32(obj, XSNET_FIELD_STATUS_MTU, &l->status_mtu, link->mtu);
        set_bool(obj, XSNET_FIELD_STATUS_CARRIER, &l->carrier, link->carrier);
        if (link->has_mac)
                set_mac(obj, XSNET_FIELD_STATUS_MAC, &l->status_mac, &link->mac);
        if (master) {
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_MASTER, master->name);
                if (r == 0 && master->role == LX_BRIDGE)
                        r = xsn_lx_network_name(master, &network);
                if (r == 0 && network)
                        r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, network);
        }
        return r;
}

static int finish(struct lx_view *view, struct xsnet_object *obj, struct xsn_d0_link *link)
{
        int r = xsn_lx_view_link(view, link, obj);

        if (r == 0)
                r = xsn_lx_view_addresses(view, place_of(view, link), link, obj);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

int xsn_lx_view_network(struct lx_view *view, struct xsn_d0_link *link)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        struct nlattr *tb[IFLA_BR_MAX + 1] = { NULL };
        struct xsn_network *net;
        int r = new_object(view, XSNET_KIND_NETWORK, &obj);

        if (r < 0)
                return r;
        net = XSN_NETWORK(obj);
        r = xsn_lx_network_name(link, &net->name);
        if (r < 0)
                return r;
        xsn_object_mark(obj, XSNET_FIELD_NAME);
        r = xsn_object_set_string(obj, XSNET_FIELD_BRIDGE, link->name);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, link->name);
        if (r < 0)
                return r;
        if (link->info)
                (void)xsn_nl_parse_nested(link->info, tb, IFLA_BR_MAX, NULL, NULL);
        (void)set_u32(obj, XSNET_FIELD_MTU, &net->mtu, link->mtu);
        if (tb[IFLA_BR_STP_STATE] && nla_len(tb[IFLA_BR_STP_STATE]) == 4)
                set_bool(obj, XSNET_FIELD_STP, &net->stp, nla_get_u32(tb[IFLA_BR_STP_STATE]) != 0);
        if (tb[IFLA_BR_MCAST_SNOOPING] && nla_len(tb[IFLA_BR_MCAST_SNOOPING]) == 1)
                set_bool(obj, XSNET_FIELD_MULTICAST_SNOOPING, &net->multicast_snooping,
                         nla_get_u8(tb[IFLA_BR_MCAST_SNOOPING]) != 0);
        set_bool(obj, XSNET_FIELD_STATUS_CARRIER, &net->carrier, link->carrier);
        if (link->has_mac)
                set_mac(obj, XSNET_FIELD_STATUS_MAC, &net->status_mac, &link->mac);
        r = xsn_lx_view_link(view, link, obj);
        if (r == 0)
                r = xsn_lx_view_addresses(view, link->pif ? NULL : link, link, obj);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}

int xsn_lx_view_pif(struct lx_view *view, struct xsn_d0_link *link, uint32_t position)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        _cleanup_(xsn_freep) char *driver = NULL;
        struct xsn_pif *pif;
        int r = new_object(view, XSNET_KIND_PIF, &obj);

        if (r < 0)
                return r;
        pif = XSN_PIF(obj);
        r = xsn_object_set_string(obj, XSNET_FIELD_DEVICE, link->name);
        if (link->has_perm_mac || link->has_mac)
                set_mac(obj, XSNET_FIELD_MATCH_MAC, &pif->match_mac, link->has_perm_mac ? &link->perm_mac : &link->mac);
        (void)set_u32(obj, XSNET_FIELD_MATCH_POSITION, &pif->match_position, position);
        if (r == 0 && link->pci)
                r = xsn_object_set_string(obj, XSNET_FIELD_MATCH_PCI, link->pci);
        driver = xsn_lx_driver_of(view->lx, link);
        if (r == 0 && driver)
                r = xsn_object_set_string(obj, XSNET_FIELD_MATCH_DRIVER, driver);
        return r < 0 ? r : finish(view, obj, link);
}

/* ---- bonds ---- */

static uint64_t bond_number(const struct nlattr *attr)
{
        return !attr ? 0 : nla_len(attr) == 1 ? nla_get_u8(attr) : nla_len(attr) == 4 ? nla_get_u32(attr) : 0;
}

static int bond_mode(uint64_t mode)
{
        static const int modes[] = {
                [BOND_MODE_ROUNDROBIN] = XSNET_BOND_BALANCE_RR, [BOND_MODE_ACTIVEBACKUP] = XSNET_BOND_ACTIVE_BACKUP,
                [BOND_MODE_XOR] = XSNET_BOND_BALANCE_XOR,       [BOND_MODE_BROADCAST] = XSNET_BOND_BROADCAST,
                [BOND_MODE_8023AD] = XSNET_BOND_LACP,           [BOND_MODE_TLB] = XSNET_BOND_BALANCE_TLB,
                [BOND_MODE_ALB] = XSNET_BOND_BALANCE_ALB,
        };

        return mode < XSN_ARRAY_SIZE(modes) ? modes[mode] : 0;
}

static int view_hash(struct xsnet_object *obj, uint64_t policy)
{
        struct xsn_bond *bond = XSN_BOND(obj);
        char raw[32];

        /* The layer 2 policies look at MAC addresses, the layer 3+4 ones at ports. */
        if (policy == BOND_XMIT_POLICY_LAYER2 || policy == BOND_XMIT_POLICY_VLAN_SRCMAC)
                return set_enum(obj, XSNET_FIELD_HASH, &bond->hash, XSNET_HASH_SRC_MAC);
        if (policy == BOND_XMIT_POLICY_LAYER34 || policy == BOND_XMIT_POLICY_ENCAP34)
                return set_enum(obj, XSNET_FIELD_HASH, &bond->hash, XSNET_HASH_TCPUDP_PORTS);
        (void)snprintf(raw, sizeof(raw), "%s",
                       policy == BOND_XMIT_POLICY_LAYER23 ? "layer2+3" : "encap2+3");
        bond->hash.raw = xsn_strdup(raw);
        xsn_object_mark(obj, XSNET_FIELD_HASH);
        return bond->hash.raw ? 0 : -ENOMEM;
}

/* Members in the order of their numbers. A MAC address that no member ever had was asked for. */
static int view_members(struct lx_view *view, const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        const struct xsn_d0_net *net = &view->lx->net;
        struct xsn_bond *bond = XSN_BOND(obj);
        bool own_mac = link->has_mac;

        for (size_t i = 0; i < net->n_links; i++) {
                struct nlattr *tb[IFLA_BOND_SLAVE_MAX + 1] = { NULL };
                const struct xsn_d0_link *member = net->links[i];

                if (member->master != link->ifindex)
                        continue;
                if (xsn_strs_add(&bond->members, member->name) < 0)
                        return -ENOMEM;
                if (member->port)
                        (void)xsn_nl_parse_nested(member->port, tb, IFLA_BOND_SLAVE_MAX, NULL, NULL);
                if (tb[IFLA_BOND_SLAVE_PERM_HWADDR] && nla_len(tb[IFLA_BOND_SLAVE_PERM_HWADDR]) == 6 &&
                    memcmp(nla_data(tb[IFLA_BOND_SLAVE_PERM_HWADDR]), link->mac.b, 6) == 0)
                        own_mac = false;
        }
        xsn_object_mark(obj, XSNET_FIELD_MEMBERS);
        if (own_mac && bond->members.n > 0)
                set_mac(obj, XSNET_FIELD_MAC, &bond->mac, &link->mac);
        return 0;
}

static int view_bond_options(struct lx_view *view, const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        struct nlattr *tb[IFLA_BOND_MAX + 1] = { NULL };
        struct xsn_bond *bond = XSN_BOND(obj);
        const struct xsn_d0_link *primary;
        int r = 0;

        if (link->info)
                (void)xsn_nl_parse_nested(link->info, tb, IFLA_BOND_MAX, NULL, NULL);
        if (tb[IFLA_BOND_MODE])
                r = set_enum(obj, XSNET_FIELD_MODE, &bond->mode, bond_mode(bond_number(tb[IFLA_BOND_MODE])));
        if (r == 0 && tb[IFLA_BOND_XMIT_HASH_POLICY])
                r = view_hash(obj, bond_number(tb[IFLA_BOND_XMIT_HASH_POLICY]));
        if (bond->mode.value == XSNET_BOND_LACP)
                (void)set_enum(obj, XSNET_FIELD_LACP_RATE, &bond->lacp_rate,
                               bond_number(tb[IFLA_BOND_AD_LACP_RATE]) ? XSNET_LACP_FAST : XSNET_LACP_SLOW);
        (void)set_u32(obj, XSNET_FIELD_UPDELAY, &bond->updelay, (uint32_t)bond_number(tb[IFLA_BOND_UPDELAY]));
        (void)set_u32(obj, XSNET_FIELD_DOWNDELAY, &bond->downdelay, (uint32_t)bond_number(tb[IFLA_BOND_DOWNDELAY]));
        (void)set_u32(obj, XSNET_FIELD_MONITOR_INTERVAL, &bond->monitor_interval,
                      (uint32_t)bond_number(tb[IFLA_BOND_MIIMON]));
        primary = xsn_d0_link_at(&view->lx->net, (uint32_t)bond_number(tb[IFLA_BOND_PRIMARY]));
        if (r == 0 && primary)
                r = xsn_object_set_string(obj, XSNET_FIELD_PRIMARY, primary->name);
        return r;
}

/* Which member carries the frames, where none is preferred: going back makes it that one again. */
static int note_active(const struct lx_view *view, const struct xsn_d0_link *link, struct xsnet_object *obj)
{
        struct nlattr *tb[IFLA_BOND_MAX + 1] = { NULL };
        const struct xsn_d0_link *active;
        struct xsn_buf buf = { 0 };

        if (link->info)
                (void)xsn_nl_parse_nested(link->info, tb, IFLA_BOND_MAX, NULL, NULL);
        active = xsn_d0_link_at(&view->lx->net, (uint32_t)bond_number(tb[IFLA_BOND_ACTIVE_SLAVE]));
        if (!active || XSN_BOND(obj)->mode.value != XSNET_BOND_ACTIVE_BACKUP || XSN_BOND(obj)->primary)
                return 0;
        xsn_buf_put(&buf, ";active=");
        xsn_d0_payload_hex(&buf, active->name, strlen(active->name));
        return xsn_d0_payload_append(obj, &buf);
}

int xsn_lx_view_bond(struct lx_view *view, struct xsn_d0_link *link)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        int r = new_object(view, XSNET_KIND_BOND, &obj);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NAME, link->name);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, link->name);
        if (r == 0)
                r = view_members(view, link, obj);
        if (r == 0)
                r = view_bond_options(view, link, obj);
        if (r == 0)
                r = finish(view, obj, link);
        return r < 0 ? r : note_active(view, link, obj);
}

/* ---- VLANs and VIFs ---- */

bool xsn_lx_vlan_tag(const struct xsn_d0_link *link, uint16_t *ret_tag)
{
        struct nlattr *tb[IFLA_VLAN_MAX + 1] = { NULL };

        if (link->info)
                (void)xsn_nl_parse_nested(link->info, tb, IFLA_VLAN_MAX, NULL, NULL);
        /* Another tag type (802.1ad) is nothing that the model has. */
        if (!tb[IFLA_VLAN_ID] || nla_len(tb[IFLA_VLAN_ID]) != 2 ||
            (tb[IFLA_VLAN_PROTOCOL] && nla_len(tb[IFLA_VLAN_PROTOCOL]) == 2 &&
             memcmp(nla_data(tb[IFLA_VLAN_PROTOCOL]), "\x81\x00", 2) != 0))
                return false;
        *ret_tag = nla_get_u16(tb[IFLA_VLAN_ID]);
        return true;
}

int xsn_lx_view_vlan(struct lx_view *view, struct xsn_d0_link *link)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const struct xsn_d0_link *lower = xsn_d0_link_at(&view->lx->net, link->lower);
        uint16_t tag;
        int r;

        if (!lower || !xsn_lx_vlan_tag(link, &tag))
                return 0;
        r = new_object(view, XSNET_KIND_VLAN, &obj);
        if (r < 0)
                return r;
        /* It sits on the bridge of its parent's network, where the parent is in one. */
        if (lower->role == LX_BRIDGE && lower->pif)
                lower = lower->pif;
        r = xsn_object_set_string(obj, XSNET_FIELD_PIF, lower->name);
        if (r == 0)
                r = set_u32(obj, XSNET_FIELD_TAG, &XSN_VLAN(obj)->tag, tag);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_DEVICE, link->name);
        return r < 0 ? r : finish(view, obj, link);
}

/* An ingress qdisc that limits nothing: somebody's, or what a killed run left of a limit. */
static int note_ingress(struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, ";ingress=1");
        return xsn_d0_payload_append(obj, &buf);
}

#define RATE_LEAST 8000 /* bit/s, the least that the model takes */

int xsn_lx_view_vif(struct lx_view *view, struct xsn_d0_link *link)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        _cleanup_(xsn_freep) char *network = NULL;
        const struct xsn_d0_link *master = xsn_d0_link_at(&view->lx->net, link->master);
        const uint64_t *rate = xsn_hash_get_str(&view->rates, link->name);
        struct xsn_vif *vif;
        bool tap = false, begun;
        int r;

        r = new_object(view, XSNET_KIND_VIF, &obj);
        if (r < 0)
                return r;
        vif = XSN_VIF(obj);
        if (!xsn_d0_vif_name(link->name, &vif->domain, &vif->device, &tap))
                return 0;
        /* A guest with an emulated NIC has both devices: they are one VIF, seen by its vif. */
        if (tap && xsn_d0_vif_link(&view->lx->net, false, vif->domain, vif->device))
                return 0;
        xsn_object_mark(obj, XSNET_FIELD_DOMAIN);
        xsn_object_mark(obj, XSNET_FIELD_VIF_DEVICE);
        r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, link->name);
        (void)set_u32(obj, XSNET_FIELD_STATUS_MTU, &vif->status_mtu, link->mtu);
        set_bool(obj, XSNET_FIELD_STATUS_CARRIER, &vif->carrier, link->carrier);
        if (link->has_mac)
                set_mac(obj, XSNET_FIELD_STATUS_MAC, &vif->status_mac, &link->mac);
        /* A limit that was only begun is the least there is: so it is seen, and going back takes it away. */
        begun = (!rate || *rate == 0) && xsn_lx_rate_is_begun(view, link);
        if (begun || (rate && *rate > 0)) {
                vif->rate_limit = begun ? RATE_LEAST : *rate;
                xsn_object_mark(obj, XSNET_FIELD_RATE_LIMIT);
        }
        if (r == 0 && master)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_MASTER, master->name);
        if (r == 0 && master && master->role == LX_BRIDGE)
                r = xsn_lx_network_name(master, &network);
        if (r == 0 && network)
                r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, network);
        if (r == 0)
                r = xsn_lx_view_link(view, link, obj);
        if (r == 0 && rate && *rate == 0 && !begun)
                r = note_ingress(obj);
        return r < 0 ? r : xsn_state_add(view->state, obj);
}
