/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the kernel's tables to a state: which link is what, and in which order objects come. The objects themselves
 * are made by observe_objects.c, observe_address.c and observe_tunnel.c.
 */
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

/* Devices of these kinds stand for a wire; a device without a kind is hardware. */
static bool is_wire_kind(const char *kind)
{
        static const char *const kinds[] = { "",         "veth", "dummy", "macvlan", "macvtap", "ipvlan",
                                             "netdevsim", "team", "virt_wifi", "hsr" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(kinds); i++)
                if (strcmp(kind, kinds[i]) == 0)
                        return true;
        return false;
}

/* The dom0 end of a guest's device is the vif; its other end, where it is in this namespace, plays the guest. */
static bool is_guest_end(const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        uint32_t domain, device;
        const struct xsn_d0_link *peer = link->lower ? xsn_d0_link_at(net, link->lower) : NULL;

        return strcmp(link->kind, "veth") == 0 && peer && xsn_d0_vif_name(peer->name, &domain, &device, NULL);
}

static int role_of(const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        uint32_t domain, device;
        struct lx_tunnel tunnel;

        /* The kernel takes names that no document can say. */
        if (!xsn_text_valid(link->name, false))
                return LX_OTHER;
        if (strcmp(link->kind, "bridge") == 0)
                return LX_BRIDGE;
        if (strcmp(link->kind, "bond") == 0)
                return LX_BOND;
        if (strcmp(link->kind, "vlan") == 0)
                return link->lower ? LX_VLAN : LX_OTHER;
        if (xsn_d0_vif_name(link->name, &domain, &device, NULL))
                return LX_VIF;
        if (xsn_lx_tunnel_read(link, &tunnel) == 0 && tunnel.protocol)
                return link->master ? LX_TUNNEL : LX_OTHER;
        if (link->type != ARPHRD_ETHER || link->flags & IFF_LOOPBACK || !is_wire_kind(link->kind) ||
            is_guest_end(net, link))
                return LX_OTHER;
        return LX_NIC;
}

int xsn_lx_classify(struct xsn_d0_net *net)
{
        for (size_t i = 0; i < net->n_links; i++) {
                net->links[i]->role = role_of(net, net->links[i]);
                net->links[i]->n_ports = 0;
                net->links[i]->pif = NULL;
        }
        for (size_t i = 0; i < net->n_links; i++) {
                struct xsn_d0_link *link = net->links[i], *bridge = xsn_d0_link_at(net, link->master);

                if (!bridge || bridge->role != LX_BRIDGE ||
                    (link->role != LX_NIC && link->role != LX_BOND && link->role != LX_VLAN))
                        continue;
                bridge->n_ports++;
                bridge->pif = bridge->n_ports == 1 ? link : NULL;
        }
        return 0;
}

int xsn_lx_network_name(const struct xsn_d0_link *bridge, char **ret_name)
{
        _cleanup_(xsn_freep) char *net = NULL;
        int r = xsn_lx_mark_net(bridge->alias, &net);

        if (r < 0)
                return r;
        *ret_name = net && *net ? XSN_TAKE(net) : xsn_strdup(bridge->name);
        return *ret_name ? 0 : -ENOMEM;
}

int xsn_lx_refresh(struct lx *lx, struct xsnet_error **ret_err)
{
        int r = xsn_d0_net_read(lx->nl, &lx->net, ret_err);

        return r < 0 ? r : xsn_lx_classify(&lx->net);
}

/* The device of the default route: IPv4's counts before IPv6's. */
static void find_default(struct lx_view *view)
{
        const struct xsn_d0_net *net = &view->lx->net;
        uint64_t best = UINT64_MAX;
        size_t n_devices = 0;

        for (size_t i = 0; i < net->n_links; i++) {
                bool has_default = false;

                for (const struct xsn_d0_route *route = net->links[i]->routes; route; route = route->next) {
                        uint64_t rank = (uint64_t)(route->to.family == 6) << 32 | route->metric;

                        if (!xsn_lx_route_is_default(route))
                                continue;
                        has_default = true;
                        if (rank >= best)
                                continue;
                        best = rank;
                        view->default_oif = net->links[i]->ifindex;
                }
                n_devices += has_default;
        }
        view->several_defaults = n_devices > 1;
}

static int find_marked(struct lx_view *view)
{
        const struct xsn_d0_net *net = &view->lx->net;

        for (size_t i = 0; i < net->n_links && !view->marked_management; i++)
                view->marked_management = net->links[i]->role != LX_OTHER &&
                                          xsn_lx_mark_is_ours(net->links[i]->alias) &&
                                          strstr(net->links[i]->alias, ";mgmt=yes");
        return 0;
}

/* By PCI address, those without one last, then by number. */
static int compare_position(const void *a, const void *b)
{
        const struct xsn_d0_link *x = *(struct xsn_d0_link *const *)a, *y = *(struct xsn_d0_link *const *)b;
        int r;

        if (!x->pci != !y->pci)
                return x->pci ? -1 : 1;
        r = x->pci ? strcmp(x->pci, y->pci) : 0;
        if (r != 0)
                return r;
        return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

static int view_pifs(struct lx_view *view)
{
        const struct xsn_d0_net *net = &view->lx->net;
        _cleanup_(xsn_freep) struct xsn_d0_link **nics = xsn_alloc_array(net->n_links + 1, sizeof(*nics));
        size_t n = 0;
        int r = nics ? 0 : -ENOMEM;

        for (size_t i = 0; nics && i < net->n_links; i++)
                if (net->links[i]->role == LX_NIC)
                        nics[n++] = net->links[i];
        if (n > 0)
                qsort((void *)nics, n, sizeof(*nics), compare_position);
        for (size_t i = 0; i < n && r == 0; i++)
                r = xsn_lx_view_pif(view, nics[i], (uint32_t)i);
        return r;
}

static int view_role(struct lx_view *view, int role, int (*fn)(struct lx_view *view, struct xsn_d0_link *link))
{
        const struct xsn_d0_net *net = &view->lx->net;
        int r = 0;

        for (size_t i = 0; i < net->n_links && r == 0; i++)
                if (net->links[i]->role == role)
                        r = fn(view, net->links[i]);
        return r;
}

static int view_all(struct lx_view *view, struct xsnet_error **ret_err)
{
        struct xsn_host *host;
        int r = xsn_state_add_host(view->state, view->lx->host, &host);

        find_default(view);
        if (r == 0)
                r = find_marked(view);
        if (r == 0)
                r = view_role(view, LX_BRIDGE, xsn_lx_view_network);
        if (r == 0)
                r = view_pifs(view);
        if (r == 0)
                r = view_role(view, LX_BOND, xsn_lx_view_bond);
        if (r == 0)
                r = view_role(view, LX_VLAN, xsn_lx_view_vlan);
        if (r < 0)
                return xsn_error_oom(ret_err);
        r = xsn_lx_view_tunnels(view, ret_err);
        if (r < 0)
                return r;
        return view_role(view, LX_VIF, xsn_lx_view_vif) < 0 ? xsn_error_oom(ret_err) : 0;
}

int xsn_lx_observe_now(struct lx *lx, struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;
        struct lx_view view = { .lx = lx };
        int r = xsn_lx_refresh(lx, ret_err);

        if (r < 0)
                return r;
        if (xsn_state_new(&state) < 0)
                return xsn_error_oom(ret_err);
        view.state = state;
        if (lx->own_netns && xsn_lx_managers_find(&view.managers) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_lx_rates_read(&view, ret_err);
        if (r == 0)
                r = view_all(&view, ret_err);
        xsn_lx_rates_done(&view);
        xsn_lx_managers_done(&view.managers);
        if (r < 0)
                return r;
        *ret_state = XSN_TAKE(state);
        return 0;
}
