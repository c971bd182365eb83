/* SPDX-License-Identifier: Apache-2.0 */
/* The table of links and its indexes, and the three dumps that fill it. */
#include "backend/dom0/net.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

struct xsn_d0_link *xsn_d0_link_free(struct xsn_d0_link *link)
{
        if (!link)
                return NULL;
        xsn_free(link->alias);
        xsn_free(link->pci);
        xsn_strs_clear(&link->altnames);
        xsn_free(link->info);
        xsn_free(link->port);
        xsn_d0_addrs_free(link->addrs);
        xsn_d0_routes_free(link->routes);
        return xsn_free(link);
}

void xsn_d0_net_done(struct xsn_d0_net *net)
{
        for (size_t i = 0; i < net->n_links; i++)
                xsn_d0_link_free(net->links[i]);
        xsn_free(net->links);
        xsn_hash_done(&net->by_index);
        xsn_hash_done(&net->by_name);
        xsn_d0_routes_free(net->multipath);
        *net = (struct xsn_d0_net){ 0 };
}

struct xsn_d0_link *xsn_d0_link_at(const struct xsn_d0_net *net, uint32_t ifindex)
{
        return xsn_hash_get(&net->by_index, &ifindex, sizeof(ifindex));
}

struct xsn_d0_link *xsn_d0_link_named(const struct xsn_d0_net *net, const char *name)
{
        return name ? xsn_hash_get_str(&net->by_name, name) : NULL;
}

struct xsn_d0_link *xsn_d0_link_altnamed(const struct xsn_d0_net *net, const char *name)
{
        for (size_t i = 0; net->has_altnames && i < net->n_links; i++)
                if (net->links[i]->altnames.n > 0 && xsn_strs_has(&net->links[i]->altnames, name))
                        return net->links[i];
        return NULL;
}

int xsn_d0_net_add(struct xsn_d0_net *net, struct xsn_d0_link *link)
{
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *mine = link;
        int r = xsn_grow((void **)&net->links, &net->cap_links, net->n_links + 1, sizeof(*net->links));

        if (r < 0)
                return r;
        r = xsn_hash_put(&net->by_index, &link->ifindex, sizeof(link->ifindex), link);
        if (r < 0)
                return r;
        r = xsn_hash_put_str(&net->by_name, link->name, link);
        if (r < 0) {
                (void)xsn_hash_remove(&net->by_index, &link->ifindex, sizeof(link->ifindex));
                return r;
        }
        if (link->ifindex > net->max_index)
                net->max_index = link->ifindex;
        net->has_altnames = net->has_altnames || link->altnames.n > 0;
        net->links[net->n_links++] = XSN_TAKE(mine);
        return 0;
}

int xsn_d0_net_rename(struct xsn_d0_net *net, struct xsn_d0_link *link, const char *name)
{
        if (xsn_hash_get_str(&net->by_name, link->name) == link)
                (void)xsn_hash_remove(&net->by_name, link->name, strlen(link->name));
        (void)snprintf(link->name, sizeof(link->name), "%s", name);
        return xsn_hash_put_str(&net->by_name, link->name, link);
}

struct xsn_d0_link *xsn_d0_net_make(struct xsn_d0_net *net, uint32_t ifindex, const char *name, const char *kind)
{
        struct xsn_d0_link *link = xsn_alloc(sizeof(*link));

        if (!link)
                return NULL;
        link->ifindex = ifindex;
        link->ipv6_off = -1;
        link->accept_ra = -1;
        (void)snprintf(link->name, sizeof(link->name), "%s", name);
        (void)snprintf(link->kind, sizeof(link->kind), "%s", kind);
        return xsn_d0_net_add(net, link) < 0 ? NULL : link;
}

/* ---- dumps ---- */

static int on_link(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_d0_net *net = userdata;
        struct xsn_d0_link *link = NULL;
        int r;

        if (msg->nlmsg_type != RTM_NEWLINK)
                return 0;
        r = xsn_d0_link_parse(msg, &link, ret_err);
        if (r < 0)
                return r;
        /* A dump may tell a link twice when the table changes under it; the later one counts. */
        if (xsn_d0_link_at(net, link->ifindex) || xsn_d0_link_named(net, link->name)) {
                xsn_d0_link_free(link);
                return 0;
        }
        return xsn_d0_net_add(net, link) < 0 ? xsn_error_oom(ret_err) : 0;
}

static void forget_all(void *userdata)
{
        xsn_d0_net_done(userdata);
}

static int on_addr(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        return msg->nlmsg_type == RTM_NEWADDR ? xsn_d0_read_addr(userdata, msg, ret_err) : 0;
}

static void forget_addrs(void *userdata)
{
        struct xsn_d0_net *net = userdata;

        for (size_t i = 0; i < net->n_links; i++) {
                xsn_d0_addrs_free(net->links[i]->addrs);
                net->links[i]->addrs = NULL;
        }
}

static int on_route(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        return msg->nlmsg_type == RTM_NEWROUTE ? xsn_d0_read_route(userdata, msg, ret_err) : 0;
}

static void forget_routes(void *userdata)
{
        struct xsn_d0_net *net = userdata;

        for (size_t i = 0; i < net->n_links; i++) {
                xsn_d0_routes_free(net->links[i]->routes);
                net->links[i]->routes = NULL;
        }
        xsn_d0_routes_free(net->multipath);
        net->multipath = NULL;
}

int xsn_d0_net_read(struct xsn_nl *nl, struct xsn_d0_net *ret_net, struct xsnet_error **ret_err)
{
        struct xsn_d0_net net = { 0 };
        const struct xsn_nl_reader links = { on_link, forget_all, &net };
        const struct xsn_nl_reader addrs = { on_addr, forget_addrs, &net };
        const struct xsn_nl_reader routes = { on_route, forget_routes, &net };
        int r = xsn_nl_dump_links(nl, NULL, 0, &links, ret_err);

        if (r == 0)
                r = xsn_nl_dump_addrs(nl, 0, &addrs, ret_err);
        if (r == 0)
                r = xsn_nl_dump_routes(nl, &routes, ret_err);
        if (r == 0 && xsn_d0_find_shared(&net) < 0)
                r = xsn_error_oom(ret_err);
        if (r < 0) {
                xsn_d0_net_done(&net);
                return r;
        }
        xsn_d0_net_done(ret_net);
        *ret_net = net;
        return 0;
}
