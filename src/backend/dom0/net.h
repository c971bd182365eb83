/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links, addresses and routes of one network namespace as read by three dumps, with
 * indexes by number and by name. The linux and ovs backends make objects of it, and
 * keep it true by hand while they apply.
 */
#ifndef BACKEND_DOM0_NET_H
#define BACKEND_DOM0_NET_H

#include <linux/if.h>

#include "base/hash.h"
#include "model/value.h"
#include "transport/netlink_dump.h"

struct xsn_d0_addr {
        struct xsn_d0_addr *next; /* on the same link */
        struct xsn_ip ip;
        uint32_t flags; /* IFA_F_* */
        uint8_t scope;
        uint8_t proto; /* IFAPROT_*; 0: not told */
        bool dynamic;  /* it has a lifetime that ends */
        struct nlmsghdr *msg; /* owned: as the kernel told it */
};

struct xsn_d0_route {
        struct xsn_d0_route *next; /* on the same link, or of those with several next hops */
        struct xsn_ip to;
        struct xsn_ip via; /* family 0: none */
        uint32_t metric;
        uint32_t table;
        uint8_t proto; /* RTPROT_* */
        uint8_t type;  /* RTN_* */
        bool by_id;    /* its next hop is an object of its own (RTA_NH_ID) */
        bool plain;    /* nothing about it that `to`, `via` and `metric` do not tell */
        bool multipath; /* it has several next hops */
        bool shared;   /* another route has its prefix, metric and table: the kernel may take one for the other */
        struct nlmsghdr *msg; /* owned: as the kernel told it */
};

struct xsn_d0_link {
        uint32_t ifindex;
        char name[IFNAMSIZ];
        char kind[IFNAMSIZ];      /* "bridge"; "": a device of no kind, such as a NIC */
        char port_kind[IFNAMSIZ]; /* of its master; "" */
        uint32_t flags;           /* IFF_* */
        uint16_t type;            /* ARPHRD_* */
        uint32_t mtu;
        uint32_t master; /* 0: none */
        uint32_t lower;  /* IFLA_LINK of this namespace; 0: none */
        uint32_t group;
        bool lower_elsewhere; /* IFLA_LINK is in another namespace */
        bool carrier;
        bool has_mac, has_perm_mac;
        struct xsn_mac mac, perm_mac;
        int8_t ipv6_off;   /* disable_ipv6: 0, 1; -1: not told */
        int8_t accept_ra;  /* -1: not told */
        uint8_t gen_mode;  /* IN6_ADDR_GEN_MODE_* */
        char *alias;       /* owned; NULL: none */
        char *pci;         /* owned; NULL: no PCI device */
        struct xsn_list altnames; /* strings */
        struct nlattr *info; /* owned copy of IFLA_INFO_DATA; NULL */
        struct nlattr *port; /* owned copy of IFLA_INFO_SLAVE_DATA; NULL */
        struct xsn_d0_addr *addrs;   /* owned */
        struct xsn_d0_route *routes; /* owned; those out of this link, without the kernel's own */
        int role;  /* the backend's */
        size_t n_ports; /* the backend's: ports that carry the addresses of a bridge */
        struct xsn_d0_link *pif; /* the backend's: the one such port */
};

struct xsn_d0_net {
        struct xsn_d0_link **links; /* each owned, in the order of the dump */
        size_t n_links, cap_links;
        struct xsn_hash by_index, by_name;
        struct xsn_d0_route *multipath; /* owned; routes with several next hops */
        uint32_t max_index;
        bool has_altnames; /* some link has alternative names */
        bool tells_proto; /* the kernel tells IFA_PROTO */
};

/* The protocol number that our addresses carry where the kernel keeps it (5.18). */
#define XSN_D0_ADDR_PROTO 0x58

/* Reads all three. What ret_net held is released. */
int xsn_d0_net_read(struct xsn_nl *nl, struct xsn_d0_net *ret_net, struct xsnet_error **ret_err);
void xsn_d0_net_done(struct xsn_d0_net *net);

/* For the reader of this folder, when all routes are known: which are shared. 0 or -ENOMEM. */
int xsn_d0_find_shared(struct xsn_d0_net *net);

/* NULL where there is none. */
struct xsn_d0_link *xsn_d0_link_at(const struct xsn_d0_net *net, uint32_t ifindex);
struct xsn_d0_link *xsn_d0_link_named(const struct xsn_d0_net *net, const char *name);
/* The link that has `name` as an alternative name; NULL. */
struct xsn_d0_link *xsn_d0_link_altnamed(const struct xsn_d0_net *net, const char *name);

/* One link of an RTM_NEWLINK message, not in any table. */
int xsn_d0_link_parse(const struct nlmsghdr *msg, struct xsn_d0_link **ret_link, struct xsnet_error **ret_err);
struct xsn_d0_link *xsn_d0_link_free(struct xsn_d0_link *link);
XSN_CLEANUP_DEFINE(xsn_d0_link_free, struct xsn_d0_link);
/* The net takes the link, also on failure. 0 or -ENOMEM. */
int xsn_d0_net_add(struct xsn_d0_net *net, struct xsn_d0_link *link);
/* The link's name becomes another. 0 or -ENOMEM. */
int xsn_d0_net_rename(struct xsn_d0_net *net, struct xsn_d0_link *link, const char *name);
/* A link that is made: known by name from now on. NULL: -ENOMEM. */
struct xsn_d0_link *xsn_d0_net_make(struct xsn_d0_net *net, uint32_t ifindex, const char *name, const char *kind);

/* For the readers of this folder: an address or route message into the table; unknown ones are skipped. */
int xsn_d0_read_addr(struct xsn_d0_net *net, const struct nlmsghdr *msg, struct xsnet_error **ret_err);
int xsn_d0_read_route(struct xsn_d0_net *net, const struct nlmsghdr *msg, struct xsnet_error **ret_err);
void xsn_d0_addrs_free(struct xsn_d0_addr *addr);
void xsn_d0_routes_free(struct xsn_d0_route *route);

/* An attribute of n bytes (4 or 16) as an address; family 0 where it is neither. */
struct xsn_ip xsn_d0_ip(const void *data, size_t len, unsigned plen);

/*
 * What a device name says of a guest: vifDOMAIN.DEVICE or tapDOMAIN.DEVICE, written as the tools do (no leading zeros).
 * ret_tap may be NULL.
 */
bool xsn_d0_vif_name(const char *name, uint32_t *ret_domain, uint32_t *ret_device, bool *ret_tap);
/* The other way: what the device of a guest is called, for numbers of any size. */
#define XSN_D0_VIF_MAX 32
void xsn_d0_vif_write(bool tap, uint32_t domain, uint32_t device, char ret_name[XSN_D0_VIF_MAX]);
/* That device; NULL. */
struct xsn_d0_link *xsn_d0_vif_link(const struct xsn_d0_net *net, bool tap, uint32_t domain, uint32_t device);

#endif
