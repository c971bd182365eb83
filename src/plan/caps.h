/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a target can do. A backend derives it from its own table of rows and from
 * what it finds on the host; the planner refuses what is missing before any write.
 */
#ifndef PLAN_CAPS_H
#define PLAN_CAPS_H

#include <stdint.h>

#include "model/desc.h"

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
        XSN_CAP_MARKS_PORTS = 1 << 10   /* NICs and VIFs carry a mark only while they are in a network or bond */
};

struct xsn_caps {
        uint64_t fields[XSN_N_KINDS + 1]; /* by kind: bit i: row i can be written */
        const char *missing[XSN_N_KINDS + 1]; /* by kind: why none can be made ("the kernel has no bonding"), NULL: can;
                                                 borrowed from the backend until its next observe */
        struct xsn_caps_enum enums[12];
        size_t n_enums; /* enum fields that are not listed have all their values */
        unsigned flags; /* XSN_CAP_* */
        unsigned rate_unit; /* bit/s that every rate is a multiple of; 0: any rate can be kept */
};

/* A target that can do everything: for tests and the fake backend. */
void xsn_caps_all(struct xsn_caps *caps, unsigned flags);
bool xsn_caps_has_field(const struct xsn_caps *caps, int kind, size_t row);
bool xsn_caps_has_value(const struct xsn_caps *caps, int kind, int field, int value);

#endif
