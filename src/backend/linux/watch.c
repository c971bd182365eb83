/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch: guests' devices and bridges that come, change and go. The kernel tells of every change of a link; what is
 * new is told by a table of the links known so far.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"
#include "transport/netlink_monitor.h"

struct known {
        uint32_t ifindex;
        char name[IFNAMSIZ];
        int role; /* LX_VIF or LX_BRIDGE */
        uint32_t master, mtu;
        bool up;
};

struct lx_watch {
        struct lx *lx;
        xsn_event_fn fn;
        void *userdata;
        struct xsn_nl_monitor *monitor;
        struct xsn_source *source;
        struct xsn_hash links; /* ifindex -> struct known *, owned */
};

static int role_of(const struct xsn_d0_link *link)
{
        uint32_t domain, device;

        if (xsn_d0_vif_name(link->name, &domain, &device, NULL))
                return LX_VIF;
        return strcmp(link->kind, "bridge") == 0 ? LX_BRIDGE : LX_OTHER;
}

/* What is known of a link alone: enough to find what a document says of it. */
static int object_of(const struct lx_watch *watch, const char *name, int role, const struct xsn_d0_link *link,
                     struct xsnet_object **ret_obj)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        _cleanup_(xsn_freep) char *network = NULL;
        int r = xsn_object_new(role == LX_VIF ? &xsn_vif_class : &xsn_network_class, &obj);

        if (r == 0)
                r = xsn_object_set_host(obj, watch->lx->host);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, name);
        if (r == 0 && role == LX_VIF) {
                struct xsn_vif *vif = XSN_VIF(obj);

                (void)xsn_d0_vif_name(name, &vif->domain, &vif->device, NULL);
                xsn_object_mark(obj, XSNET_FIELD_DOMAIN);
                xsn_object_mark(obj, XSNET_FIELD_VIF_DEVICE);
        } else if (r == 0) {
                r = link ? xsn_lx_network_name(link, &network) : 0;
                if (r == 0)
                        r = xsn_object_set_string(obj, XSNET_FIELD_NAME, network ? network : name);
                if (r == 0)
                        r = xsn_object_set_string(obj, XSNET_FIELD_BRIDGE, name);
        }
        if (r == 0)
                *ret_obj = XSN_TAKE(obj);
        return r;
}

/* Without memory for the object: everything is to be looked at again. */
static void tell(struct lx_watch *watch, const char *name, int role, const struct xsn_d0_link *link, bool gone)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;

        if (object_of(watch, name, role, link, &obj) < 0)
                watch->fn(NULL, false, watch->userdata);
        else
                watch->fn(obj, gone, watch->userdata);
}

/* What somebody else may change of it, and what a document says. Carriers and counters come and go. */
static bool is_same(const struct known *known, const struct xsn_d0_link *link)
{
        return known->master == link->master && known->mtu == link->mtu && known->up == !!(link->flags & IFF_UP);
}

static void note(struct known *known, const struct xsn_d0_link *link)
{
        known->master = link->master;
        known->mtu = link->mtu;
        known->up = link->flags & IFF_UP;
}

static struct known *remember(struct lx_watch *watch, const struct xsn_d0_link *link, int role)
{
        struct known *known = xsn_alloc(sizeof(*known));

        if (!known)
                return NULL;
        known->ifindex = link->ifindex;
        memcpy(known->name, link->name, sizeof(known->name));
        known->role = role;
        note(known, link);
        if (xsn_hash_put(&watch->links, &known->ifindex, sizeof(known->ifindex), known) < 0)
                known = xsn_free(known);
        return known;
}

static void forget(struct lx_watch *watch, struct known *known)
{
        (void)xsn_hash_remove(&watch->links, &known->ifindex, sizeof(known->ifindex));
        xsn_free(known);
}

static void forget_all(struct lx_watch *watch)
{
        for (size_t i = 0; i < watch->links.n_slots; i++)
                if (watch->links.slots[i].key)
                        xsn_free(watch->links.slots[i].value);
        xsn_hash_done(&watch->links);
}

/* The listener may end the watch: after telling, nothing of it is touched. */
static void on_new(struct lx_watch *watch, const struct xsn_d0_link *link)
{
        struct known *known = xsn_hash_get(&watch->links, &link->ifindex, sizeof(link->ifindex));
        int role = role_of(link);

        if (known && known->role == role && strcmp(known->name, link->name) == 0) {
                if (is_same(known, link))
                        return;
                note(known, link);
                watch->fn(NULL, false, watch->userdata);
                return;
        }
        if (known) {
                /* It has another name now, so it is another object: two events in one. */
                forget(watch, known);
                if (role != LX_OTHER)
                        (void)remember(watch, link, role);
                watch->fn(NULL, false, watch->userdata);
                return;
        }
        if (role == LX_OTHER)
                return;
        if (!remember(watch, link, role))
                watch->fn(NULL, false, watch->userdata);
        else
                tell(watch, link->name, role, link, false);
}

static void on_message(const struct nlmsghdr *msg, void *userdata)
{
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *link = NULL;
        const struct ifinfomsg *ifi = xsn_nl_header(msg, sizeof(*ifi));
        struct lx_watch *watch = userdata;
        struct known *known;

        /* Messages of the bridge family tell of ports, not of links. */
        if (!ifi || ifi->ifi_family != AF_UNSPEC ||
            (msg->nlmsg_type != RTM_NEWLINK && msg->nlmsg_type != RTM_DELLINK) ||
            xsn_d0_link_parse(msg, &link, NULL) < 0)
                return;
        if (msg->nlmsg_type == RTM_NEWLINK) {
                on_new(watch, link);
                return;
        }
        known = xsn_hash_get(&watch->links, &link->ifindex, sizeof(link->ifindex));
        if (known) {
                int role = known->role;
                char name[IFNAMSIZ];

                memcpy(name, known->name, sizeof(name));
                forget(watch, known);
                tell(watch, name, role, link, true);
        }
}

static int on_link(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *link = NULL;
        struct lx_watch *watch = userdata;
        int r = xsn_d0_link_parse(msg, &link, ret_err);

        if (r < 0 || role_of(link) == LX_OTHER ||
            xsn_hash_get(&watch->links, &link->ifindex, sizeof(link->ifindex)))
                return r;
        return remember(watch, link, role_of(link)) ? 0 : xsn_error_oom(ret_err);
}

static void on_restart(void *userdata)
{
        forget_all(userdata);
}

static int read_known(struct lx_watch *watch, struct xsnet_error **ret_err)
{
        struct xsn_nl_reader reader = { on_link, on_restart, watch };

        return xsn_nl_dump_links(watch->lx->nl, NULL, 0, &reader, ret_err);
}

static void on_resync(void *userdata)
{
        struct lx_watch *watch = userdata;

        forget_all(watch);
        (void)read_known(watch, NULL);
        watch->fn(NULL, false, watch->userdata);
}

static void on_readable(uint32_t events, void *userdata)
{
        struct lx_watch *watch = userdata;

        (void)events;
        (void)xsn_nl_monitor_dispatch(watch->monitor, NULL);
}

static struct lx_watch *watch_free(struct lx_watch *watch)
{
        if (!watch)
                return NULL;
        xsn_source_remove(watch->source);
        xsn_nl_monitor_close(watch->monitor);
        forget_all(watch);
        return xsn_free(watch);
}
XSN_CLEANUP_DEFINE(watch_free, struct lx_watch);

/* Subscribed first, read then: what comes in between is told twice rather than never. */
int xsn_lx_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        static const unsigned groups[] = { RTNLGRP_LINK };
        struct lx *lx = (struct lx *)(void *)backend;
        _cleanup_(watch_freep) struct lx_watch *watch = NULL;
        struct xsn_nl_options options = {
                .netns = lx->netns,
                .ops = lx->nl_ops,
                .ops_userdata = lx->nl_userdata,
                .where = "linux",
        };
        struct xsn_nl_listener listener = { on_message, on_resync, NULL };
        int r;

        if (lx->watch)
                return xsn_error_set(ret_err, -EBUSY, "busy", "linux: watched already");
        watch = xsn_alloc(sizeof(*watch));
        if (!watch)
                return xsn_error_oom(ret_err);
        watch->lx = lx;
        watch->fn = fn;
        watch->userdata = userdata;
        listener.userdata = watch;
        r = xsn_nl_monitor_open(&options, groups, XSN_ARRAY_SIZE(groups), &listener, &watch->monitor, ret_err);
        if (r == 0)
                r = read_known(watch, ret_err);
        if (r < 0)
                return r;
        r = xsn_loop_add_io(lx->env.loop, xsn_nl_monitor_get_fd(watch->monitor), EPOLLIN, on_readable, watch,
                            &watch->source);
        if (r < 0)
                return xsn_error_set(ret_err, r, "system-error", "linux: cannot watch");
        lx->watch = XSN_TAKE(watch);
        return 0;
}

void xsn_lx_unwatch(struct xsn_backend *backend)
{
        struct lx *lx = (struct lx *)(void *)backend;

        lx->watch = watch_free(lx->watch);
}
