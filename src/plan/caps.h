/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a target can do. A backend derives it from its own table of rows and from
 * what it finds on the host; the planner refuses what is missing before any write.
 */
#ifndef PLAN_CAPS_H
#define PLAN_CAPS_H

#include <stdint.h>

#include "base/error.h"
#include "model/desc.h"

struct xsnet_object;
struct xsnet_state;

/* The values of an enum field that the target has. */
struct xsn_caps_enum {
        int kind;        /* XSNET_KIND_* */
        int field;       /* XSNET_FIELD_* */
        uint64_t values; /* bit v: value v */
};

enum {
        XSN_CAP_POOL = 1 << 0,          /* networks are the pool's, not a host's */
        XSN_CAP_VM = 1 << 1,            /* knows VMs, so vifs may be named by vm */
        XSN_CAP_DETACH_VIF = 1 << 2,    /* an absent vif is detached, its device stays */
        XSN_CAP_NAMES_BRIDGE = 1 << 3,  /* the bridge takes the network's name where it can (rule 7) */
        XSN_CAP_NAMES_DEVICES = 1 << 4, /* vlans and tunnels have devices with names that the planner chooses */
        XSN_CAP_MAKES_DHCP = 1 << 5,    /* something on the host starts DHCP clients */
        XSN_CAP_OBSERVES_VIFS = 1 << 6, /* a vif that is not observed waits for its device */
        XSN_CAP_BEST_GATEWAY = 1 << 7,  /* default-route is which of several gateways is used */
        XSN_CAP_ROUNDS_DELAYS = 1 << 8, /* a bond's delays are multiples of its monitor interval */
        XSN_CAP_ANY_TUNNEL = 1 << 9,    /* a tunnel is no device of the kernel's: it may be called gre0 */
        XSN_CAP_MARKS_PORTS = 1 << 10,  /* NICs and VIFs carry a mark only while they are in a network or bond */
        XSN_CAP_BOND_HEIRS = 1 << 11,   /* what a bond has goes to its first member when it goes, addresses too */
        XSN_CAP_REMAKES_BRIDGES = 1 << 12, /* a bridge that gets another name, or a VLAN's that moves, is made anew */
        XSN_CAP_SHARES_BRIDGES = 1 << 13, /* a VLAN's network is part of the bridge below, and has its rows */
        XSN_CAP_LACP_HASH = 1 << 14,    /* a bond has a choice of hash and lacp-rate with LACP only */
        XSN_CAP_ONE_VNI = 1 << 15       /* a VNI of vxlan, with its port and family, is one device of the host */
};

struct xsn_caps {
        uint64_t fields[XSN_N_KINDS + 1]; /* by kind: bit i: row i can be written */
        uint64_t fixed[XSN_N_KINDS + 1]; /* the same: said when the object is made, and never changed */
        const char *missing[XSN_N_KINDS + 1]; /* by kind: why none can be made ("the kernel has no bonding"), NULL: can;
                                                 borrowed from the backend until its next observe */
        struct xsn_caps_enum enums[12];
        size_t n_enums; /* enum fields that are not listed have all their values */
        unsigned flags; /* XSN_CAP_* */
        /*
         * What the target calls the VM that a document names by its name or uuid; *ret_n: how many have that name, the
         * result NULL where that is not one. NULL here: as the document does.
         */
        const char *(*find_vm)(const void *arg, const char *name, size_t *ret_n);
        /*
         * The domain that the VM with this uuid has now, where only a VIF of this number tells; false: there is none.
         * NULL here: the target does not know, or finds VMs by find_vm.
         */
        bool (*find_domain)(const void *arg, const char *vm, uint32_t device, uint32_t *ret_domain);
        /*
         * What else the target refuses of an object as it shall be (from: as it is, NULL: it is made; to: NULL: it
         * goes), beside `wanted`, all that there shall be: an error, and its field (0: the whole object). NULL here:
         * nothing. -ENOMEM as an error, too.
         */
        int (*refuse)(const void *arg, struct xsnet_state *wanted, const struct xsnet_object *from,
                      const struct xsnet_object *to, int *ret_field, struct xsnet_error **ret_err);
        /*
         * Which field of the kind a key of other-config stands for, "" where it is the backend's own; NULL: it is
         * free. NULL here: all keys are.
         */
        const char *(*find_key)(int kind, const char *key);
        const void *arg; /* of all of them but find_key; borrowed from the backend until its next observe */
        unsigned rate_unit; /* bit/s that every rate is a multiple of; 0: any rate can be kept */
};

/* A target that can do everything: for tests and the fake backend. */
void xsn_caps_all(struct xsn_caps *caps, unsigned flags);
bool xsn_caps_has_field(const struct xsn_caps *caps, int kind, size_t row);
bool xsn_caps_has_value(const struct xsn_caps *caps, int kind, int field, int value);

#endif
