/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_KIND_H
#define XSNET_KIND_H

#include <stddef.h>
#include <stdint.h>

#include <xsnet/macros.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The kinds of objects, after XAPI's classes. Numbers are ABI: never reused.
 * Calls take them as int.
 */
enum {
        XSNET_KIND_NETWORK = 1,
        XSNET_KIND_PIF = 2,
        XSNET_KIND_BOND = 3,
        XSNET_KIND_VLAN = 4,
        XSNET_KIND_TUNNEL = 5,
        XSNET_KIND_VIF = 6
};

/*
 * The fields of all kinds. A field has the same number in every kind that has it;
 * the name that documents use stands beside it. doc/document.md has the reference.
 */
enum {
        XSNET_FIELD_NAME = 1,               /* name: network, bond */
        XSNET_FIELD_UUID = 2,               /* uuid: network */
        XSNET_FIELD_DESCRIPTION = 3,        /* description: network */
        XSNET_FIELD_BRIDGE = 4,             /* bridge: network */
        XSNET_FIELD_MTU = 5,                /* mtu, bytes: network */
        XSNET_FIELD_LOCKING = 6,            /* locking: network */
        XSNET_FIELD_STP = 7,                /* stp: network */
        XSNET_FIELD_MULTICAST_SNOOPING = 8, /* multicast-snooping: network */
        XSNET_FIELD_OTHER_CONFIG = 9,       /* other-config: all but vif */
        XSNET_FIELD_DEVICE = 10,            /* device: pif, vlan, tunnel */
        XSNET_FIELD_VIF_DEVICE = 11,        /* device, a number: vif */
        XSNET_FIELD_MATCH_MAC = 12,         /* match.mac: pif */
        XSNET_FIELD_MATCH_POSITION = 13,    /* match.position: pif */
        XSNET_FIELD_MATCH_PCI = 14,         /* match.pci: pif */
        XSNET_FIELD_MATCH_DRIVER = 15,      /* match.driver: pif */
        XSNET_FIELD_NETWORK = 16,           /* network: all but network */
        XSNET_FIELD_RENAME = 17,            /* rename: pif */
        XSNET_FIELD_DISALLOW_UNPLUG = 18,   /* disallow-unplug: pif */
        XSNET_FIELD_MEMBERS = 19,           /* members: bond */
        XSNET_FIELD_MODE = 20,              /* mode: bond */
        XSNET_FIELD_HASH = 21,              /* hash: bond */
        XSNET_FIELD_LACP_RATE = 22,         /* lacp-rate: bond */
        XSNET_FIELD_UPDELAY = 23,           /* updelay, ms: bond */
        XSNET_FIELD_DOWNDELAY = 24,         /* downdelay, ms: bond */
        XSNET_FIELD_MONITOR_INTERVAL = 25,  /* monitor-interval, ms: bond */
        XSNET_FIELD_PRIMARY = 26,           /* primary: bond */
        XSNET_FIELD_MAC = 27,               /* mac: bond, vif */
        XSNET_FIELD_PIF = 28,               /* pif: vlan */
        XSNET_FIELD_TAG = 29,               /* tag: vlan */
        XSNET_FIELD_TRANSPORT = 30,         /* transport: tunnel */
        XSNET_FIELD_PROTOCOL = 31,          /* protocol: tunnel */
        XSNET_FIELD_KEY = 32,               /* key: tunnel */
        XSNET_FIELD_REMOTES = 33,           /* remotes: tunnel */
        XSNET_FIELD_LOCAL = 34,             /* local: tunnel */
        XSNET_FIELD_PORT = 35,              /* port: tunnel */
        XSNET_FIELD_CSUM = 36,              /* csum: tunnel */
        XSNET_FIELD_DF = 37,                /* df: tunnel */
        XSNET_FIELD_VM = 38,                /* vm: vif */
        XSNET_FIELD_DOMAIN = 39,            /* domain: vif */
        XSNET_FIELD_RATE_LIMIT = 40,        /* rate-limit, bit/s: vif */
        XSNET_FIELD_VIF_LOCKING = 41,       /* locking: vif */
        XSNET_FIELD_ALLOWED_IPV4 = 42,      /* allowed-ipv4: vif */
        XSNET_FIELD_ALLOWED_IPV6 = 43,      /* allowed-ipv6: vif */
        XSNET_FIELD_TRUNKS = 44,            /* trunks: vif */

        /* The address fields: of all kinds but vif. */
        XSNET_FIELD_IPV4_MODE = 60,     /* ipv4.mode */
        XSNET_FIELD_IPV4_ADDRESS = 61,  /* ipv4.address */
        XSNET_FIELD_IPV4_GATEWAY = 62,  /* ipv4.gateway */
        XSNET_FIELD_IPV6_MODE = 63,     /* ipv6.mode */
        XSNET_FIELD_IPV6_ADDRESS = 64,  /* ipv6.address */
        XSNET_FIELD_IPV6_GATEWAY = 65,  /* ipv6.gateway */
        XSNET_FIELD_DEFAULT_ROUTE = 66, /* default-route */
        XSNET_FIELD_ROUTES = 67,        /* routes */
        XSNET_FIELD_DNS = 68,           /* dns */
        XSNET_FIELD_MANAGEMENT = 69,    /* management */
        XSNET_FIELD_PLUGGED = 70,       /* plugged */

        /* What only observing tells: shown, accepted in a document, never planned. */
        XSNET_FIELD_STATUS_DEVICE = 90,          /* status.device: network (its bridge), bond, vif */
        XSNET_FIELD_STATUS_MTU = 91,             /* status.mtu, bytes: all but network */
        XSNET_FIELD_STATUS_CARRIER = 92,         /* status.carrier */
        XSNET_FIELD_STATUS_MAC = 93,             /* status.mac */
        XSNET_FIELD_STATUS_MANAGED_BY = 94,      /* status.managed-by: another network manager */
        XSNET_FIELD_STATUS_DHCP_CLIENT = 95,     /* status.dhcp-client: who got the address */
        XSNET_FIELD_STATUS_OTHER_ADDRESSES = 96, /* status.other-addresses: set by others */
        XSNET_FIELD_STATUS_MASTER = 97,          /* status.master: the bridge or bond it is a port of */
        XSNET_FIELD_STATUS_OLD_NAME = 98         /* status.old-name: pif, what rename: null gives back */
};

/* What a field holds. The accessors of <xsnet/object.h> say which of them they take. */
enum {
        XSNET_TYPE_BOOL = 1,
        XSNET_TYPE_U32 = 2,
        XSNET_TYPE_RATE = 3,     /* bit/s, 64 bits */
        XSNET_TYPE_ENUM = 4,     /* a number of this header, with a name */
        XSNET_TYPE_STR = 5,      /* UTF-8 */
        XSNET_TYPE_MAC = 6,
        XSNET_TYPE_IP = 7,       /* an address */
        XSNET_TYPE_STRS = 8,     /* a list of strings */
        XSNET_TYPE_U32S = 9,     /* a list of numbers */
        XSNET_TYPE_IPS = 10,     /* a list of addresses */
        XSNET_TYPE_PREFIXES = 11, /* a list of addresses with their prefix lengths */
        XSNET_TYPE_MAP = 12,     /* keys and values, both strings */
        XSNET_TYPE_ROUTES = 13   /* a list of routes */
};

/* locking of a network, and of a vif */
enum {
        XSNET_LOCKING_UNLOCKED = 1,
        XSNET_LOCKING_DISABLED = 2,
        XSNET_LOCKING_LOCKED = 3,          /* vif only */
        XSNET_LOCKING_NETWORK_DEFAULT = 4  /* vif only */
};

/* mode of a bond */
enum {
        XSNET_BOND_ACTIVE_BACKUP = 1,
        XSNET_BOND_BALANCE_SLB = 2,
        XSNET_BOND_LACP = 3,
        XSNET_BOND_BALANCE_RR = 4,
        XSNET_BOND_BALANCE_XOR = 5,
        XSNET_BOND_BROADCAST = 6,
        XSNET_BOND_BALANCE_TLB = 7,
        XSNET_BOND_BALANCE_ALB = 8
};

/* hash of a bond */
enum { XSNET_HASH_SRC_MAC = 1, XSNET_HASH_TCPUDP_PORTS = 2 };

/* lacp-rate of a bond */
enum { XSNET_LACP_SLOW = 1, XSNET_LACP_FAST = 2 };

/* protocol of a tunnel */
enum { XSNET_PROTOCOL_GRE = 1, XSNET_PROTOCOL_VXLAN = 2, XSNET_PROTOCOL_GENEVE = 3 };

/* ipv4.mode and ipv6.mode */
enum { XSNET_IP_NONE = 1, XSNET_IP_STATIC = 2, XSNET_IP_DHCP = 3, XSNET_IP_AUTOCONF = 4 /* ipv6 only */ };

/**
 * xsnet_kind_get_name - the name of a kind, in the singular
 * @kind: one of XSNET_KIND_*
 *
 * Returns: "vlan", for instance; a constant; NULL for an unknown kind.
 * Since: 0.1
 */
const char *xsnet_kind_get_name(int kind);

/**
 * xsnet_kind_find - the kind of a name
 * @name: "vlan" or, as documents write their lists, "vlans"
 *
 * Returns: one of XSNET_KIND_*; -ENOENT.
 * Since: 0.1
 */
int xsnet_kind_find(const char *name);

/**
 * xsnet_kind_get_field_count - how many fields a kind has
 *
 * Returns: the number; 0 for an unknown kind.
 * Since: 0.1
 */
size_t xsnet_kind_get_field_count(int kind);

/**
 * xsnet_kind_get_field_at - the fields of a kind, one by one
 * @index: 0 .. xsnet_kind_get_field_count() - 1
 *
 * Returns: one of XSNET_FIELD_*; -ENOENT.
 * Since: 0.1
 */
int xsnet_kind_get_field_at(int kind, size_t index);

/**
 * xsnet_field_find - the field of a name
 * @kind: one of XSNET_KIND_*
 * @name: as documents write it, "ipv4.address" for instance
 *
 * Returns: one of XSNET_FIELD_*; -ENOENT.
 * Since: 0.1
 */
int xsnet_field_find(int kind, const char *name);

/**
 * xsnet_field_get_name - the name that documents use
 *
 * Returns: "ipv4.address", for instance; a constant; NULL where @kind has no such field.
 * Since: 0.1
 */
const char *xsnet_field_get_name(int kind, int field);

/**
 * xsnet_field_get_type - what a field holds
 *
 * Returns: one of XSNET_TYPE_*; -ENOENT where @kind has no such field.
 * Since: 0.1
 */
int xsnet_field_get_type(int kind, int field);

/**
 * xsnet_field_get_doc - what a field means, in a sentence
 *
 * Returns: a constant; NULL where @kind has no such field.
 * Since: 0.1
 */
const char *xsnet_field_get_doc(int kind, int field);

/**
 * xsnet_field_is_observed - is it only ever observed?
 *
 * Returns: 1 for the status fields, 0 for others; -ENOENT where @kind has no such field.
 * Since: 0.1
 */
int xsnet_field_is_observed(int kind, int field);

#ifdef __cplusplus
}
#endif

#endif
