/* SPDX-License-Identifier: Apache-2.0 */
/* The struct of each kind. Each begins with the object, whose masks say which members are set. */
#ifndef MODEL_KINDS_H
#define MODEL_KINDS_H

#include "model/desc.h"

/* Where in a document something stands; line 0: not from a document. */
struct xsn_pos {
        uint32_t line, column;
};

/* The address fields, the same in every kind but vif. */
struct xsn_addressing {
        struct xsn_enumval ipv4_mode;
        struct xsn_list ipv4_address;
        struct xsn_ip ipv4_gateway;
        struct xsn_enumval ipv6_mode;
        struct xsn_list ipv6_address;
        struct xsn_ip ipv6_gateway;
        bool default_route;
        struct xsn_list routes;
        struct xsn_list dns;
        bool management;
        bool plugged;
        char *managed_by;
        char *dhcp_client;
        struct xsn_list other_addresses;
};

struct xsnet_object {
        unsigned refs;
        unsigned version; /* counts what a user changes: for xsn_state_is_checked() */
        const struct xsn_class *cls;
        uint64_t present; /* bit i: row i is set */
        uint64_t reset;   /* bit i: row i is to go back to its default (desired only); never also present */
        /* Desired: the hosts that the item names, none: all. Else the one it is on, none: the pool's. */
        struct xsn_list hosts;
        char *owner;           /* observed: the mark it carries, NULL: none */
        bool absent;           /* desired: remove it */
        bool adopt;            /* desired: take it over from another owner */
        bool made;             /* observed: we made the device; else the mark says only that we changed it */
        bool mark_taken;       /* observed: where the mark would stand is somebody else's text: "alias-in-use" */
        bool begun;            /* observed: as an apply leaves what it has only just made: bare, not marked yet */
        bool irreplaceable;    /* observed: what stands in its backend's own with it could not be made again */
        char *payload;         /* observed: what only its backend understands; copied and journalled, never shown */
        struct xsn_pos pos;    /* of the item */
        uint32_t item;         /* its index in the document's list, for messages: vlans[2] */
        struct xsn_pos *field_pos; /* of each row's value, or NULL */
        struct xsn_addressing a;
};

struct xsn_network {
        struct xsnet_object o;
        char *name;
        char *uuid;
        char *description;
        char *bridge;
        uint32_t mtu;
        struct xsn_enumval locking;
        bool stp;
        bool multicast_snooping;
        struct xsn_list other_config;
        char *status_device;
        bool carrier;
        struct xsn_mac status_mac;
};

/* What PIFs of every kind have besides addresses; their structs begin alike, see struct xsn_linked. */
struct xsn_link {
        char *network;
        struct xsn_list other_config;
        uint32_t status_mtu;
        bool carrier;
        struct xsn_mac status_mac;
        char *status_master;
};

/* The common beginning of pif, bond, vlan and tunnel. */
struct xsn_linked {
        struct xsnet_object o;
        struct xsn_link l;
};

struct xsn_pif {
        struct xsnet_object o;
        struct xsn_link l;
        char *device;
        struct xsn_mac match_mac;
        uint32_t match_position;
        char *match_pci;
        char *match_driver;
        char *rename;
        bool disallow_unplug;
        char *status_old_name;
};

struct xsn_bond {
        struct xsnet_object o;
        struct xsn_link l;
        char *name;
        struct xsn_list members;
        struct xsn_enumval mode;
        struct xsn_enumval hash;
        struct xsn_enumval lacp_rate;
        uint32_t updelay;
        uint32_t downdelay;
        uint32_t monitor_interval;
        char *primary;
        struct xsn_mac mac;
        char *status_device;
};

struct xsn_vlan {
        struct xsnet_object o;
        struct xsn_link l;
        char *pif;
        uint32_t tag;
        char *device;
};

struct xsn_tunnel {
        struct xsnet_object o;
        struct xsn_link l; /* l.network is part of the identity here */
        char *transport;
        char *device;
        struct xsn_enumval protocol;
        uint32_t key;
        struct xsn_list remotes;
        struct xsn_ip local;
        uint32_t port;
        bool csum;
        bool df;
};

/* The UDP port where none is said (IANA's); 0: the protocol has none. */
uint32_t xsn_tunnel_default_port(int protocol);

struct xsn_vif {
        struct xsnet_object o;
        char *vm;
        uint32_t domain;
        uint32_t device;
        char *network;
        struct xsn_mac mac;
        uint64_t rate_limit;
        struct xsn_enumval locking;
        struct xsn_list allowed_ipv4;
        struct xsn_list allowed_ipv6;
        struct xsn_list trunks;
        char *status_device;
        uint32_t status_mtu;
        bool carrier;
        struct xsn_mac status_mac;
        char *status_master;
};

/* The kind's struct of an object, which is never NULL; NULL for another kind. */
static inline void *xsn_object_as(const struct xsnet_object *obj, int kind)
{
        return obj->cls->kind == kind ? (void *)(uintptr_t)obj : NULL;
}
#define XSN_AS(obj, kind_, type) ((type *)xsn_object_as((obj), (kind_)))
#define XSN_NETWORK(obj) XSN_AS(obj, XSNET_KIND_NETWORK, struct xsn_network)
#define XSN_PIF(obj)     XSN_AS(obj, XSNET_KIND_PIF, struct xsn_pif)
#define XSN_BOND(obj)    XSN_AS(obj, XSNET_KIND_BOND, struct xsn_bond)
#define XSN_VLAN(obj)    XSN_AS(obj, XSNET_KIND_VLAN, struct xsn_vlan)
#define XSN_TUNNEL(obj)  XSN_AS(obj, XSNET_KIND_TUNNEL, struct xsn_tunnel)
#define XSN_VIF(obj)     XSN_AS(obj, XSNET_KIND_VIF, struct xsn_vif)

#endif
