/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: one object of all devices that are ports of one network over one transport. The transport is
 * the PIF with the local address; where no device has that any more, what the mark remembers. The
 * remotes of a vxlan device are the entries of its forwarding table for unknown addresses.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

/* The link that has the address. */
static const struct xsn_d0_link *link_with(const struct xsn_d0_net *net, const struct xsn_ip *ip)
{
        for (size_t i = 0; i < net->n_links; i++)
                for (const struct xsn_d0_addr *addr = net->links[i]->addrs; addr; addr = addr->next)
                        if (xsn_ip_same_address(&addr->ip, ip))
                                return net->links[i];
        return NULL;
}

/* How documents call the PIF that has the link's addresses; the caller's; NULL: no memory. */
static char *pif_name(const struct xsn_d0_link *link)
{
        return xsn_strdup(link->role == LX_BRIDGE && link->pif ? link->pif->name : link->name);
}

/* *ret_name NULL: not known. */
static int find_transport(const struct xsn_d0_net *net, const struct lx_tunnel *t, const struct lx_mark *mark,
                          char **ret_name)
{
        const struct xsn_d0_link *link = t->local.family ? link_with(net, &t->local) : NULL;

        if (!link && mark->via) {
                *ret_name = xsn_strdup(mark->via);
                return *ret_name ? 0 : -ENOMEM;
        }
        if (!link && t->via)
                link = xsn_d0_link_at(net, t->via);
        if (!link)
                return 0;
        *ret_name = pif_name(link);
        return *ret_name ? 0 : -ENOMEM;
}

int xsn_lx_tunnel_key(const struct xsn_d0_net *net, const struct xsn_d0_link *link, const struct lx_mark *mark,
                      char **ret_network, char **ret_transport)
{
        const struct xsn_d0_link *master = xsn_d0_link_at(net, link->master);
        _cleanup_(xsn_freep) char *network = NULL;
        struct lx_tunnel t;
        int r;

        if (!master || master->role != LX_BRIDGE || xsn_lx_tunnel_read(link, &t) < 0)
                return 0;
        r = xsn_lx_network_name(master, &network);
        if (r == 0)
                r = find_transport(net, &t, mark, ret_transport);
        if (r == 0)
                *ret_network = XSN_TAKE(network);
        return r;
}

/* The device keeps no local address (geneve): what the mark says, else the transport's first of that family. */
static struct xsn_ip find_local(const struct xsn_d0_net *net, const struct lx_tunnel *t, const struct lx_mark *mark,
                                const char *transport)
{
        const struct xsn_d0_link *link = xsn_d0_link_named(net, transport);
        const struct xsn_d0_link *bridge = link ? xsn_d0_link_at(net, link->master) : NULL;
        struct xsn_ip ip = t->local;

        if (ip.family || (mark->local && xsn_ip_parse(mark->local, &ip) == 0))
                return ip;
        if (bridge && bridge->role == LX_BRIDGE && bridge->pif == link)
                link = bridge;
        for (const struct xsn_d0_addr *addr = link ? link->addrs : NULL; addr; addr = addr->next) {
                if (addr->ip.family != t->remote.family || !xsn_d0_addr_counts(addr))
                        continue;
                ip = addr->ip;
                ip.plen = ip.family == 4 ? 32 : 128;
                break;
        }
        return ip;
}

struct remotes {
        uint32_t ifindex;
        struct xsn_list *list;
};

static int on_neighbour(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        static const struct nla_policy policy[NDA_DST + 2] = { [NDA_LLADDR] = { .minlen = 6 } };
        static const uint8_t zero[6];
        struct nlattr *tb[NDA_DST + 2] = { NULL };
        const struct ndmsg *ndm = xsn_nl_header(msg, sizeof(*ndm));
        struct remotes *remotes = userdata;
        struct xsn_ip ip;
        int r = xsn_nl_parse(msg, sizeof(*ndm), tb, NDA_DST + 1, policy, ret_err);

        if (r < 0 || msg->nlmsg_type != RTM_NEWNEIGH || (uint32_t)ndm->ndm_ifindex != remotes->ifindex ||
            !tb[NDA_DST] || !tb[NDA_LLADDR] || memcmp(nla_data(tb[NDA_LLADDR]), zero, 6) != 0)
                return r;
        ip = xsn_d0_ip(nla_data(tb[NDA_DST]), (size_t)nla_len(tb[NDA_DST]), 128);
        /* A group of unknown ends is no end that a document could name. */
        if (ip.family && !xsn_ip_is_multicast(&ip) &&
            xsn_list_add(xsn_type_of(XSNET_TYPE_IPS)->item, remotes->list, &ip) < 0)
                return xsn_error_oom(ret_err);
        return 0;
}

static void forget_remotes(void *userdata)
{
        struct remotes *remotes = userdata;

        xsn_value_clear(xsn_type_of(XSNET_TYPE_IPS), remotes->list);
}

static int read_remotes(struct lx *lx, const struct xsn_d0_link *link, struct xsn_list *list,
                        struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct remotes remotes = { .ifindex = link->ifindex, .list = list };
        struct xsn_nl_reader reader = { on_neighbour, forget_remotes, &remotes };
        struct ndmsg ndm = { .ndm_family = AF_BRIDGE, .ndm_ifindex = (int)link->ifindex };
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        (void)xsn_nl_batch_begin(batch, RTM_GETNEIGH, NLM_F_DUMP, &ndm, sizeof(ndm), link->name);
        return xsn_nl_query(lx->nl, batch, &reader, ret_err);
}

static struct xsnet_object *find_tunnel(const struct xsnet_state *state, size_t first, const char *network,
                                        const char *transport)
{
        for (size_t i = first; i < state->n_objects; i++) {
                const struct xsn_tunnel *t = XSN_TUNNEL(state->objects[i]);

                if (t && strcmp(t->l.network, network) == 0 && strcmp(t->transport, transport) == 0)
                        return state->objects[i];
        }
        return NULL;
}

static int fill_tunnel(struct lx_view *view, const struct xsn_d0_link *link, const struct lx_tunnel *t,
                       const struct xsn_ip *local, struct xsnet_object *obj)
{
        struct xsn_tunnel *tunnel = XSN_TUNNEL(obj);

        tunnel->protocol.value = t->protocol;
        xsn_object_mark(obj, XSNET_FIELD_PROTOCOL);
        if (t->has_key) {
                tunnel->key = t->key;
                xsn_object_mark(obj, XSNET_FIELD_KEY);
        }
        if (local->family) {
                tunnel->local = *local;
                xsn_object_mark(obj, XSNET_FIELD_LOCAL);
        }
        /* The usual port is the default, which a document need not say. */
        if (t->port && t->port != xsn_tunnel_default_port(t->protocol)) {
                tunnel->port = t->port;
                xsn_object_mark(obj, XSNET_FIELD_PORT);
        }
        tunnel->csum = t->csum;
        xsn_object_mark(obj, XSNET_FIELD_CSUM);
        tunnel->df = t->df;
        xsn_object_mark(obj, XSNET_FIELD_DF);
        xsn_object_mark(obj, XSNET_FIELD_REMOTES);
        return xsn_lx_view_link(view, link, obj);
}

/* A vxlan has its ends in one device, and a device of another sort is a port that documents cannot name. */
static bool same_sort(const struct xsn_tunnel *tunnel, const struct lx_tunnel *t)
{
        return tunnel->protocol.value == t->protocol && t->protocol != XSNET_PROTOCOL_VXLAN &&
               xsn_object_is_set(&tunnel->o, XSNET_FIELD_KEY) == t->has_key && tunnel->key == t->key;
}

/* The address of each device, which a device that is made again has again. */
static int note_mac(const struct xsn_d0_link *link, const struct lx_tunnel *t, struct xsnet_object *obj)
{
        char key[LX_MAC_KEY_MAX];
        struct xsn_buf buf = { 0 };

        if (!link->has_mac)
                return 0;
        xsn_lx_mac_key(t->protocol, &t->remote, key);
        xsn_buf_printf(&buf, ";%s=", key);
        xsn_d0_payload_hex(&buf, link->mac.b, sizeof(link->mac.b));
        return xsn_d0_payload_append(obj, &buf);
}

/* Adds the device to the object of its network and transport, which is made where it is the first. */
static int view_tunnel(struct lx_view *view, size_t first, const struct xsn_d0_link *link, struct lx_mark *mark,
                       struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *made = NULL;
        _cleanup_(xsn_freep) char *network = NULL, *transport = NULL;
        struct xsnet_object *obj;
        struct lx_tunnel t;
        struct xsn_ip local;
        bool one;

        if (xsn_lx_tunnel_read(link, &t) < 0)
                return 0;
        if (xsn_lx_tunnel_key(&view->lx->net, link, mark, &network, &transport) < 0)
                return xsn_error_oom(ret_err);
        if (!transport || !network)
                return 0;
        local = find_local(&view->lx->net, &t, mark, transport);
        obj = find_tunnel(view->state, first, network, transport);
        one = !obj;
        if (obj && !same_sort(XSN_TUNNEL(obj), &t))
                return 0;
        if (!obj) {
                if (xsn_object_new(&xsn_tunnel_class, &made) < 0 || xsn_object_set_host(made, view->lx->host) < 0 ||
                    xsn_object_set_string(made, XSNET_FIELD_NETWORK, network) < 0 ||
                    xsn_object_set_string(made, XSNET_FIELD_TRANSPORT, transport) < 0 ||
                    xsn_object_set_string(made, XSNET_FIELD_DEVICE, link->name) < 0 ||
                    fill_tunnel(view, link, &t, &local, made) < 0 || xsn_state_add(view->state, made) < 0)
                        return xsn_error_oom(ret_err);
                obj = made;
        }
        if (note_mac(link, &t, obj) < 0)
                return xsn_error_oom(ret_err);
        if (t.protocol == XSNET_PROTOCOL_VXLAN) {
                int r = read_remotes(view->lx, link, &XSN_TUNNEL(obj)->remotes, ret_err);

                if (XSN_TUNNEL(obj)->remotes.n > 1)
                        xsn_object_clear(obj, XSNET_FIELD_DEVICE);
                return r;
        }
        if (t.remote.family && !xsn_ip_is_multicast(&t.remote) &&
            xsn_list_add(xsn_type_of(XSNET_TYPE_IPS)->item, &XSN_TUNNEL(obj)->remotes, &t.remote) < 0)
                return xsn_error_oom(ret_err);
        /* Several devices have no one name. */
        if (!one)
                xsn_object_clear(obj, XSNET_FIELD_DEVICE);
        return 0;
}

/* Those with an owner, then the others. */
static int view_some(struct lx_view *view, size_t first, bool owned, struct xsnet_error **ret_err)
{
        const struct xsn_d0_net *net = &view->lx->net;
        int r = 0;

        for (size_t i = 0; i < net->n_links && r == 0; i++) {
                struct lx_mark mark;

                if (net->links[i]->role != LX_TUNNEL)
                        continue;
                if (xsn_lx_mark_parse(net->links[i]->alias, &mark) < 0)
                        return xsn_error_oom(ret_err);
                if (!mark.owner == !owned)
                        r = view_tunnel(view, first, net->links[i], &mark, ret_err);
                xsn_lx_mark_done(&mark);
        }
        return r;
}

int xsn_lx_view_tunnels(struct lx_view *view, struct xsnet_error **ret_err)
{
        size_t first = view->state->n_objects;
        int r = view_some(view, first, true, ret_err);

        if (r == 0)
                r = view_some(view, first, false, ret_err);
        for (size_t i = first; i < view->state->n_objects; i++)
                xsn_list_sort(xsn_type_of(XSNET_TYPE_IPS)->item, &XSN_TUNNEL(view->state->objects[i])->remotes);
        return r;
}
