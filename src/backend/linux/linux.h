/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the linux backend share: the backend itself, what a link is to it, marks (what
 * an interface alias says), payloads, and the way from links to objects. apply.h has the other way.
 */
#ifndef BACKEND_LINUX_LINUX_H
#define BACKEND_LINUX_LINUX_H

#include "backend/backend.h"
#include "backend/dom0/managers.h"
#include "backend/dom0/payload.h"
#include "backend/dom0/view.h"
#include "backend/uri.h"

/* What a link is to the backend (xsn_d0_link.role). */
enum {
        LX_OTHER = 0, /* not ours to show: loopback, ifb, a tunnel that is no port, ... */
        LX_BRIDGE,
        LX_NIC,
        LX_BOND,
        LX_VLAN,
        LX_TUNNEL,
        LX_VIF
};

extern const struct xsn_backend_ops xsn_linux_backend_ops;

struct lx_apply;
struct lx_watch;

struct lx {
        struct xsn_backend base;
        struct xsn_backend_env env;
        struct xsn_netns *netns;
        char *netns_name; /* as the URI says it; NULL: the thread's own of then */
        bool own_netns; /* the process's own: files under /run tell of it */
        struct xsn_nl *nl;
        const struct xsn_nl_ops *nl_ops; /* of all its sockets; NULL: the kernel's */
        void *nl_userdata;
        char *host;
        struct xsn_d0_net net; /* as observed last; an apply keeps it true */
        struct xsn_caps caps;
        struct xsn_source *timer; /* the next piece of what is under way */
        xsn_observed_fn observed; /* an observe is under way */
        void *userdata;
        struct lx_apply *apply; /* an apply is under way */
        struct lx_watch *watch;
        int ioctl_fd;   /* a socket in the namespace; -1: not opened yet */
        bool no_police; /* the kernel has no police action: found out by trying */
};

/* ---- linux.c ---- */

/* The backend over other system calls than the kernel's (which must outlive it): so tests can answer in its place. */
int xsn_lx_open(const struct xsn_backend_env *env, const struct xsn_uri *uri, const struct xsn_nl_ops *ops,
                void *ops_userdata, struct xsn_backend **ret_backend, struct xsnet_error **ret_err);

/* ---- mark.c: what an interface alias says ---- */

/* "xsnet:OWNER;net=NAME", and further keys where there is something to remember. */
struct lx_mark {
        bool ours;      /* it begins with xsnet: */
        bool taken;     /* it is somebody else's text */
        bool made;      /* we made the device */
        bool autoconf;  /* v6=auto */
        bool was_down;  /* up=no: it was down before it joined a network */
        uint32_t mtu;   /* mtu=N: what it had before the network's; 0: not said */
        int management; /* mgmt=yes, mgmt=no; -1: not said */
        char *owner;    /* owned; NULL: none */
        char *net;      /* the network's name; NULL: not said */
        char *was;      /* the name before we renamed it; NULL */
        char *via;      /* a tunnel's transport; NULL */
        char *local;    /* a tunnel's own address where the device does not keep it; NULL */
};

/* On failure, too, there is a mark to be done with. */
int xsn_lx_mark_parse(const char *alias, struct lx_mark *ret_mark);
bool xsn_lx_mark_is_ours(const char *alias);
/* The name of the network alone; nothing where none is said. 0 or -ENOMEM. */
int xsn_lx_mark_net(const char *alias, char **ret_net);
void xsn_lx_mark_done(struct lx_mark *mark);
/* The alias; "" where there is nothing to say. Up to 255 bytes: -ENAMETOOLONG. */
int xsn_lx_mark_format(const struct lx_mark *mark, char **ret_alias);

/* ---- payload.c: what a re-creation needs and the model has not ---- */

/* Sets obj->payload from the link. */
int xsn_lx_payload_save(const struct xsn_d0_link *link, struct xsnet_object *obj);
/* Puts the attributes that were kept under the key ("info" or "port") into the nest begun last. */
void xsn_lx_payload_put(const struct xsnet_object *obj, const char *key, struct xsn_nl_batch *batch);
/* The message that gives a port its settings: those that were kept, and those that the link had. None: no message. */
void xsn_lx_put_port_payload(struct xsn_nl_batch *batch, const struct xsn_d0_link *link,
                             const struct xsnet_object *obj);
void xsn_lx_put_port(struct xsn_nl_batch *batch, const struct xsn_d0_link *link);

/* ---- caps.c ---- */

/* From the rows that the backend writes and what the kernel has. */
void xsn_lx_caps_find(const struct lx *lx, struct xsn_caps *ret_caps);
const uint64_t *xsn_lx_settling(void);

/* ---- observe.c and its parts ---- */

int xsn_lx_refresh(struct lx *lx, struct xsnet_error **ret_err);
int xsn_lx_observe_now(struct lx *lx, struct xsnet_state **ret_state, struct xsnet_error **ret_err);

/* Roles, and which port carries the addresses of each bridge. */
int xsn_lx_classify(struct xsn_d0_net *net);
/* The name of a bridge's network; the caller's. */
int xsn_lx_network_name(const struct xsn_d0_link *bridge, char **ret_name);

/* Where objects are built from; the hash finds things that need a look at all links. */
struct lx_view {
        struct lx *lx;
        struct xsnet_state *state;
        struct xsn_hash rates;   /* link name -> uint64_t *: bit/s of its ingress limit */
        bool marked_management;  /* some device says mgmt=yes */
        struct xsn_d0_managers managers;
        struct xsn_d0_default route;
};

int xsn_lx_view_network(struct lx_view *view, struct xsn_d0_link *link);
int xsn_lx_view_pif(struct lx_view *view, struct xsn_d0_link *link, uint32_t position);
int xsn_lx_view_bond(struct lx_view *view, struct xsn_d0_link *link);
int xsn_lx_view_vlan(struct lx_view *view, struct xsn_d0_link *link);
/* The tag of a link of the kind "vlan"; false: it is a VLAN that the model does not have. */
bool xsn_lx_vlan_tag(const struct xsn_d0_link *link, uint16_t *ret_tag);
int xsn_lx_view_vif(struct lx_view *view, struct xsn_d0_link *link);
int xsn_lx_view_tunnels(struct lx_view *view, struct xsnet_error **ret_err);
/* Rows of every link: status, owner, payload. */
int xsn_lx_view_link(struct lx_view *view, const struct xsn_d0_link *link, struct xsnet_object *obj);
/* Address rows: those of `place` belong to the object, whose own device is `link`. */
int xsn_lx_view_addresses(struct lx_view *view, const struct xsn_d0_link *place, const struct xsn_d0_link *link,
                      struct xsnet_object *obj);
/* The driver of a NIC, where it tells; the caller's; NULL. */
char *xsn_lx_driver_of(struct lx *lx, const struct xsn_d0_link *link);

/* ---- tunnel_read.c ---- */

/* What a tunnel device says of itself. */
struct lx_tunnel {
        int protocol; /* XSNET_PROTOCOL_*; 0: not a tunnel that the model has */
        struct xsn_ip local, remote; /* family 0: none */
        bool has_key, csum, df;
        uint32_t key, port, via; /* via: the ifindex that it is bound to */
};

/* Whose port a tunnel device is; both are the caller's, and NULL where that is not known. 0 or -ENOMEM. */
int xsn_lx_tunnel_key(const struct xsn_d0_net *net, const struct xsn_d0_link *link, const struct lx_mark *mark,
                      char **ret_network, char **ret_transport);
int xsn_lx_tunnel_read(const struct xsn_d0_link *link, struct lx_tunnel *ret_tunnel);
/* The key of a payload for the MAC address of the device for a remote. */
#define LX_MAC_KEY_MAX (XSN_IP_STRLEN + 4)
void xsn_lx_mac_key(int protocol, const struct xsn_ip *remote, char ret_key[LX_MAC_KEY_MAX]);

/* ---- rate.c ---- */

/* Reads all ingress limits into view->rates; nothing is asked where there is no guest's device. */
int xsn_lx_rates_read(struct lx_view *view, struct xsnet_error **ret_err);
void xsn_lx_rates_done(struct lx_view *view);
/* Is there a part of a limit of ours? Where that is all, the making of it was cut short. */
bool xsn_lx_rate_is_begun(const struct lx_view *view, const struct xsn_d0_link *link);

/* ---- watch.c ---- */

int xsn_lx_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err);
void xsn_lx_unwatch(struct xsn_backend *backend);

/* ---- apply.c ---- */

int xsn_lx_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
             xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err);
void xsn_lx_cancel(struct xsn_backend *backend);
/* The next piece: from the timer. */
void xsn_lx_apply_turn(struct lx *lx);
void xsn_lx_apply_free(struct lx *lx);

#endif
