/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: a gretap or geneve device for each remote; vxlan has one device for all of them, as the kernel takes a VNI
 * once only, with a forwarding entry for each. Every device is an isolated port, so the ends of a
 * mesh never forward to one another.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"
#include "base/names.h"

#define TTL 64

/* The device of a remote: the named one, or xt + 8 hex digits, the same each time. */
static int port_name(const struct xsn_tunnel *t, const struct xsn_ip *remote, char ret_name[IFNAMSIZ])
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };
        char ip[XSN_IP_STRLEN], hex[9];

        if (t->device && t->remotes.n <= 1) {
                (void)snprintf(ret_name, IFNAMSIZ, "%s", t->device);
                return 0;
        }
        xsn_buf_printf(&buf, "%s/%s/%s", t->l.network, t->transport, xsn_ip_format(remote, ip));
        if (xsn_buf_take(&buf, &text) < 0)
                return -ENOMEM;
        xsn_sha256_hex(text, strlen(text), hex, 8);
        (void)snprintf(ret_name, IFNAMSIZ, "xt%s", hex);
        return 0;
}

/* Somebody else's tunnel of another sort may be a port of the same network over the same transport. */
static bool same_sort(const struct xsn_d0_link *link, const struct xsn_tunnel *t)
{
        int protocol = t->protocol.value ? t->protocol.value : XSNET_PROTOCOL_GRE;
        bool keyed = xsn_object_is_set(&t->o, XSNET_FIELD_KEY);
        struct lx_tunnel read;

        return xsn_lx_tunnel_read(link, &read) == 0 && read.protocol == protocol &&
               (protocol != XSNET_PROTOCOL_GRE || read.has_key == keyed) && read.key == (keyed ? t->key : 0);
}

/* Is the link one of the tunnel's devices? */
static bool is_ours(const struct lx_apply *a, const struct xsn_d0_link *link, const struct xsn_tunnel *t)
{
        _cleanup_(xsn_freep) char *network = NULL, *transport = NULL;
        struct lx_mark mark;
        bool same;

        if (link->role != LX_TUNNEL || !same_sort(link, t) || xsn_lx_mark_parse(link->alias, &mark) < 0)
                return false;
        same = xsn_lx_tunnel_key(&a->lx->net, link, &mark, &network, &transport) == 0 && network && transport &&
               strcmp(network, t->l.network) == 0 && strcmp(transport, t->transport) == 0;
        xsn_lx_mark_done(&mark);
        return same;
}

static struct xsn_d0_link *find_port(const struct lx_apply *a, const struct xsn_tunnel *t, const struct xsn_ip *remote)
{
        for (size_t i = 0; i < a->lx->net.n_links; i++) {
                struct xsn_d0_link *link = a->lx->net.links[i];
                struct lx_tunnel read;

                if (!is_ours(a, link, t) || xsn_lx_tunnel_read(link, &read) < 0)
                        continue;
                if (read.protocol == XSNET_PROTOCOL_VXLAN || xsn_ip_same_address(&read.remote, remote))
                        return link;
        }
        return NULL;
}

static bool has_remote(const struct xsnet_object *obj, const struct xsn_ip *remote)
{
        return obj && xsn_list_find(xsn_type_of(XSNET_TYPE_IPS)->item, &XSN_TUNNEL(obj)->remotes, remote) >= 0;
}

/* ---- the devices ---- */

static void put_ip(struct xsn_nl_batch *batch, uint16_t v4, uint16_t v6, const struct xsn_ip *ip)
{
        if (ip->family)
                xsn_nl_put(batch, ip->family == 4 ? v4 : v6, ip->b, ip->family == 4 ? 4 : 16);
}

static bool wants_df(const struct xsn_tunnel *t)
{
        return t->df || !xsn_object_is_set(&t->o, XSNET_FIELD_DF);
}

static void put_gre(struct xsn_nl_batch *batch, const struct xsn_tunnel *t, const struct xsn_ip *remote)
{
        uint16_t flags = 0;

        put_ip(batch, IFLA_GRE_LOCAL, IFLA_GRE_LOCAL, &t->local);
        put_ip(batch, IFLA_GRE_REMOTE, IFLA_GRE_REMOTE, remote);
        if (xsn_object_is_set(&t->o, XSNET_FIELD_KEY)) {
                flags |= GRE_KEY;
                xsn_nl_put_be32(batch, IFLA_GRE_IKEY, t->key);
                xsn_nl_put_be32(batch, IFLA_GRE_OKEY, t->key);
        }
        flags |= t->csum ? GRE_CSUM : 0;
        xsn_nl_put_u16(batch, IFLA_GRE_IFLAGS, flags);
        xsn_nl_put_u16(batch, IFLA_GRE_OFLAGS, flags);
        if (remote->family == 6) {
                xsn_nl_put_u8(batch, IFLA_GRE_TTL, TTL);
                xsn_nl_put_u32(batch, IFLA_GRE_FLAGS, 0x1); /* IP6_TNL_F_IGN_ENCAP_LIMIT */
                return;
        }
        /* A fixed TTL goes with path MTU discovery only. */
        xsn_nl_put_u8(batch, IFLA_GRE_PMTUDISC, wants_df(t));
        xsn_nl_put_u8(batch, IFLA_GRE_TTL, wants_df(t) ? TTL : 0);
        if (!wants_df(t))
                xsn_nl_put_u8(batch, IFLA_GRE_IGNORE_DF, 1);
}

static uint16_t udp_port(const struct xsn_tunnel *t)
{
        return (uint16_t)(t->port ? t->port : xsn_tunnel_default_port(t->protocol.value));
}

static void put_vxlan(struct xsn_nl_batch *batch, const struct xsn_tunnel *t)
{
        xsn_nl_put_u32(batch, IFLA_VXLAN_ID, t->key);
        put_ip(batch, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, &t->local);
        xsn_nl_put_be16(batch, IFLA_VXLAN_PORT, udp_port(t));
        xsn_nl_put_u8(batch, IFLA_VXLAN_LEARNING, 1);
        xsn_nl_put_u8(batch, IFLA_VXLAN_TTL, TTL);
        if (t->local.family == 6) {
                xsn_nl_put_u8(batch, IFLA_VXLAN_UDP_ZERO_CSUM6_TX, !t->csum);
                xsn_nl_put_u8(batch, IFLA_VXLAN_UDP_ZERO_CSUM6_RX, !t->csum);
        } else {
                xsn_nl_put_u8(batch, IFLA_VXLAN_UDP_CSUM, t->csum);
        }
        if (wants_df(t))
                xsn_nl_put_u8(batch, IFLA_VXLAN_DF, VXLAN_DF_SET);
}

static void put_geneve(struct xsn_nl_batch *batch, const struct xsn_tunnel *t, const struct xsn_ip *remote)
{
        xsn_nl_put_u32(batch, IFLA_GENEVE_ID, t->key);
        put_ip(batch, IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6, remote);
        xsn_nl_put_be16(batch, IFLA_GENEVE_PORT, udp_port(t));
        xsn_nl_put_u8(batch, IFLA_GENEVE_TTL, TTL);
        if (remote->family == 6) {
                xsn_nl_put_u8(batch, IFLA_GENEVE_UDP_ZERO_CSUM6_TX, !t->csum);
                xsn_nl_put_u8(batch, IFLA_GENEVE_UDP_ZERO_CSUM6_RX, !t->csum);
        } else {
                xsn_nl_put_u8(batch, IFLA_GENEVE_UDP_CSUM, t->csum);
        }
        if (wants_df(t))
                xsn_nl_put_u8(batch, IFLA_GENEVE_DF, GENEVE_DF_SET);
}

static const char *kind_of(const struct xsn_tunnel *t, const struct xsn_ip *remote)
{
        switch (t->protocol.value) {
        case XSNET_PROTOCOL_VXLAN:
                return "vxlan";
        case XSNET_PROTOCOL_GENEVE:
                return "geneve";
        default:
                return remote->family == 6 ? "ip6gretap" : "gretap";
        }
}

/* The MAC address that the device had. */
static int put_old_mac(struct lx_apply *a, const struct xsn_tunnel *t, const struct xsn_ip *remote)
{
        _cleanup_(xsn_freep) unsigned char *mac = NULL;
        char key[LX_MAC_KEY_MAX];
        size_t n = 0;
        int r = 0;

        xsn_lx_mac_key(t->protocol.value, remote, key);
        if (a->plan->back)
                r = xsn_d0_payload_bytes(&t->o, key, &mac, &n);
        if (r == 0 && n == 6)
                xsn_nl_put(a->batch, IFLA_ADDRESS, mac, n);
        return r;
}

static int make_port(struct lx_apply *a, struct lx_step *st, const struct xsn_ip *remote, struct xsnet_error **ret_err)
{
        const struct xsn_tunnel *t = XSN_TUNNEL(st->s->to);
        const char *kind = kind_of(t, remote);
        struct ifinfomsg ifi = { 0 };
        struct xsn_d0_link *link;
        char name[IFNAMSIZ];

        if (port_name(t, remote, name) < 0)
                return xsn_error_oom(ret_err);
        link = xsn_d0_link_named(&a->lx->net, name);
        if (link)
                return xsn_lx_made_before(a, name, ret_err);
        link = xsn_lx_make_link(a, name, kind);
        if (!link)
                return xsn_error_oom(ret_err);
        ifi.ifi_index = (int)link->ifindex;
        xsn_lx_begin(a, st, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi), name, 0);
        xsn_nl_put_str(a->batch, IFLA_IFNAME, name);
        if (put_old_mac(a, t, remote) < 0)
                return xsn_error_oom(ret_err);
        xsn_nl_nest_begin(a->batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(a->batch, IFLA_INFO_KIND, kind);
        xsn_nl_nest_begin(a->batch, IFLA_INFO_DATA, NULL, 0);
        if (t->protocol.value == XSNET_PROTOCOL_VXLAN)
                put_vxlan(a->batch, t);
        else if (t->protocol.value == XSNET_PROTOCOL_GENEVE)
                put_geneve(a->batch, t, remote);
        else
                put_gre(a->batch, t, remote);
        xsn_nl_nest_end(a->batch);
        xsn_nl_nest_end(a->batch);
        return 0;
}

/* ---- phases ---- */

/* The device for a remote: found by what it is, or by the name that it was just given. */
static struct xsn_d0_link *port_of(const struct lx_apply *a, const struct lx_step *st, const struct xsn_ip *remote)
{
        const struct xsn_tunnel *t = XSN_TUNNEL(st->s->to);
        struct xsn_d0_link *link = st->s->from ? find_port(a, t, remote) : NULL;
        char name[IFNAMSIZ];

        if (!link && port_name(t, remote, name) == 0)
                link = xsn_d0_link_named(&a->lx->net, name);
        return link;
}

static int set_port(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link, struct xsnet_error **ret_err)
{
        const struct xsn_tunnel *t = XSN_TUNNEL(st->s->to);
        const struct xsn_d0_link *bridge = xsn_lx_bridge(a, t->l.network);
        struct lx_settings settings = { .up = true, .set_master = true, .mtu = t->l.status_mtu };
        int r;

        if (!bridge)
                return xsn_error_set(ret_err, -ENOENT, "no-such-network", "network '%s' has no bridge", t->l.network);
        settings.master = bridge->ifindex;
        r = xsn_lx_alias(a, st, link, &settings.alias, ret_err);
        if (r == 0)
                xsn_lx_put_settings(a, st, link, &settings);
        xsn_free(settings.alias);
        return r;
}

static void isolate(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        xsn_lx_begin(a, st, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name, 0);
        xsn_nl_nest_begin(a->batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(a->batch, IFLA_INFO_SLAVE_KIND, "bridge");
        xsn_nl_nest_begin(a->batch, IFLA_INFO_SLAVE_DATA, NULL, 0);
        xsn_nl_put_u8(a->batch, IFLA_BRPORT_ISOLATED, 1);
        /* Of several devices, only the first one's settings were kept. */
        if (XSN_TUNNEL(st->s->to)->remotes.n == 1 || XSN_TUNNEL(st->s->to)->protocol.value == XSNET_PROTOCOL_VXLAN)
                xsn_lx_payload_put(&XSN_TUNNEL(st->s->to)->o, "port", a->batch);
        xsn_nl_nest_end(a->batch);
        xsn_nl_nest_end(a->batch);
}

/* Where frames for unknown addresses go. */
static void put_remote(struct lx_apply *a, struct lx_step *st, uint16_t type, const struct xsn_d0_link *link,
                       const struct xsn_ip *remote)
{
        static const uint8_t all[6];
        struct ndmsg ndm = {
                .ndm_family = AF_BRIDGE,
                .ndm_ifindex = (int)link->ifindex,
                .ndm_state = NUD_NOARP | NUD_PERMANENT,
                .ndm_flags = NTF_SELF,
        };
        uint16_t flags = type == RTM_NEWNEIGH ? NLM_F_CREATE | NLM_F_APPEND : 0;

        xsn_lx_begin(a, st, type, flags, &ndm, sizeof(ndm), link->name,
                     type == RTM_NEWNEIGH ? XSN_D0_MAY_EXIST : XSN_D0_MAY_BE_GONE);
        xsn_nl_put(a->batch, NDA_LLADDR, all, sizeof(all));
        xsn_nl_put(a->batch, NDA_DST, remote->b, remote->family == 4 ? 4 : 16);
}

static int each_port(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        const struct xsn_tunnel *t = XSN_TUNNEL(st->s->to);
        bool vxlan = t->protocol.value == XSNET_PROTOCOL_VXLAN;
        int r = 0;

        for (size_t i = 0; i < t->remotes.n && r == 0; i++) {
                const struct xsn_ip *remote = &XSN_ITEM(t->remotes, struct xsn_ip, i);
                bool fresh = !has_remote(st->s->from, remote), device = !vxlan || i == 0;
                struct xsn_d0_link *link = port_of(a, st, vxlan ? &XSN_ITEM(t->remotes, struct xsn_ip, 0) : remote);

                if (phase == LX_PH_MAKE) {
                        if (device && !(link && st->s->from) && (fresh || !st->s->from))
                                r = make_port(a, st, remote, ret_err);
                        continue;
                }
                if (!link)
                        return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its device is gone");
                if (phase == LX_PH_SYSCTL && device && fresh)
                        r = xsn_lx_ipv6_off(a, st, link);
                else if (phase == LX_PH_LINK && device)
                        r = set_port(a, st, link, ret_err);
                else if (phase == LX_PH_PORT && device && fresh)
                        isolate(a, st, link);
                if (phase == LX_PH_PORT && vxlan && fresh)
                        put_remote(a, st, RTM_NEWNEIGH, link, remote);
        }
        return r;
}

/*
 * A vxlan device has learned which stations are behind which remote, and would go on sending there for minutes. It
 * forgets them when it goes down; what was set stays.
 */
static void set_up(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link, bool up)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex, .ifi_change = IFF_UP, .ifi_flags = up ? IFF_UP : 0 };

        xsn_lx_begin(a, st, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name, 0);
}

/* Remotes that are no longer wanted. */
static int drop_ports(struct lx_apply *a, struct lx_step *st, int phase)
{
        const struct xsn_tunnel *was = XSN_TUNNEL(st->s->from);
        bool vxlan = was->protocol.value == XSNET_PROTOCOL_VXLAN;
        const struct xsn_d0_link *learned = NULL;
        int r = 0;

        for (size_t i = 0; i < was->remotes.n && r == 0; i++) {
                const struct xsn_ip *remote = &XSN_ITEM(was->remotes, struct xsn_ip, i);
                struct xsn_d0_link *link;

                if (has_remote(st->s->to, remote))
                        continue;
                link = find_port(a, was, remote);
                if (link && vxlan && phase == LX_PH_DROP)
                        put_remote(a, st, RTM_DELNEIGH, link, remote);
                else if (link && !vxlan && phase == LX_PH_DELETE)
                        r = xsn_lx_delete(a, st, link);
                learned = vxlan ? link : NULL;
        }
        if (learned && (phase == LX_PH_REPAIR || phase == LX_PH_AFTER))
                set_up(a, st, learned, phase == LX_PH_AFTER);
        return r;
}

/* Made by an apply that failed or died before it was a port of anything: nobody sees it, but it has the name. */
static bool is_half_made(const struct xsn_d0_link *link, const char *kind)
{
        return link->master == 0 && !link->alias && !(link->flags & IFF_UP) && strcmp(link->kind, kind) == 0;
}

static int drop_half_made(struct lx_apply *a, struct lx_step *st)
{
        const struct xsn_tunnel *t = XSN_TUNNEL(st->s->to);

        for (size_t i = 0; i < t->remotes.n; i++) {
                const struct xsn_ip *remote = &XSN_ITEM(t->remotes, struct xsn_ip, i);
                struct ifinfomsg ifi = { 0 };
                struct xsn_d0_link *link;
                char name[IFNAMSIZ];

                if (port_name(t, remote, name) < 0)
                        return -ENOMEM;
                link = xsn_d0_link_named(&a->lx->net, name);
                if (!link || !is_half_made(link, kind_of(t, remote)))
                        continue;
                ifi.ifi_index = (int)link->ifindex;
                xsn_lx_begin(a, st, RTM_DELLINK, 0, &ifi, sizeof(ifi), name, XSN_D0_MAY_BE_GONE);
                if (xsn_d0_net_rename(&a->lx->net, link, "") < 0)
                        return -ENOMEM;
        }
        return 0;
}

void xsn_lx_clean_tunnel(struct lx_apply *a, struct lx_step *st)
{
        if (!st->s->to || st->s->to->cls->kind != XSNET_KIND_TUNNEL || st->s->from)
                return;
        xsn_nl_batch_clear(a->batch);
        if (drop_half_made(a, st) == 0 && xsn_nl_batch_count(a->batch) > 0)
                (void)xsn_lx_send(a, a->batch, XSN_D0_MAY_FAIL, NULL);
}

int xsn_lx_build_tunnel(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        int r = 0;

        if (!st->s->to) {
                for (size_t i = 0; phase == LX_PH_DELETE && i < a->lx->net.n_links && r == 0; i++)
                        if (is_ours(a, a->lx->net.links[i], XSN_TUNNEL(st->s->from)))
                                r = xsn_lx_delete(a, st, a->lx->net.links[i]);
                return r;
        }
        if (phase == LX_PH_FREE)
                return drop_half_made(a, st);
        if (phase == LX_PH_MAKE || phase == LX_PH_SYSCTL || phase == LX_PH_LINK || phase == LX_PH_PORT)
                r = each_port(a, st, phase, ret_err);
        if (r == 0 && st->s->from && xsn_lx_changed(st, XSNET_FIELD_REMOTES))
                r = drop_ports(a, st, phase);
        return r;
}
