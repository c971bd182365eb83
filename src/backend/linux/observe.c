/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the kernel's tables to a state: which link is what, and in which order objects come. The objects themselves
 * are made by observe_objects.c, observe_address.c and observe_tunnel.c.
 */
#include <errno.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

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
        return xsn_d0_link_is_nic(net, link) ? LX_NIC : LX_OTHER;
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

static int find_marked(struct lx_view *view)
{
        const struct xsn_d0_net *net = &view->lx->net;

        for (size_t i = 0; i < net->n_links && !view->marked_management; i++) {
                const struct xsn_d0_link *link = net->links[i];

                /* What the mark of a bridge says of management ends with the PIF that its network gets. */
                view->marked_management = link->role != LX_OTHER && !(link->role == LX_BRIDGE && link->pif) &&
                                          xsn_lx_mark_is_ours(link->alias) && strstr(link->alias, ";mgmt=yes");
        }
        return 0;
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
        if (nics)
                xsn_d0_sort_nics(nics, n);
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

        xsn_d0_find_default(&view->lx->net, &view->route);
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
        if (lx->own_netns && xsn_d0_managers_find(&view.managers) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_lx_rates_read(&view, ret_err);
        if (r == 0)
                r = view_all(&view, ret_err);
        xsn_lx_rates_done(&view);
        xsn_d0_managers_done(&view.managers);
        if (r < 0)
                return r;
        *ret_state = XSN_TAKE(state);
        return 0;
}
