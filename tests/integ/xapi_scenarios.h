/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do with a pool, as documents: the bonds of hosts with six NICs, the VLANs of tenants, a private network
 * over hosts. test_xapi_scenarios.c goes through them from start to end, test_xapi_faults.c with every call failed.
 */
#ifndef XAPI_SCENARIOS_H
#define XAPI_SCENARIOS_H

#include <stdbool.h>
#include <stdio.h>

#include "xapi_test.h"

#define TRUNK "Pool-wide network associated with eth1"

/* The document that takes back what an owner's documents made. */
#define NOTHING_OF(owner) "format: 1\nowner: " owner "\nprune: true\nnetworks: []\n"

/* A VM that runs on the n-th host (0: it does not run). */
static inline void pool_vm_at(const struct pool *p, const char *name, int n)
{
        char host[32];

        snprintf(host, sizeof(host), "xs-%d", n);
        pool_vm(p, name, n ? host : NULL);
}

/* ---- six NICs, three bonds ---- */

#define THREE_BONDS                                                                                              \
        "format: 1\nowner: pxs-lab\n"                                                                            \
        "networks: [{name: management}, {name: guest, mtu: 9000}, {name: storage, mtu: 9000}, {name: tagged}]\n" \
        "bonds:\n"                                                                                               \
        "  - {name: bond0, members: [eth0, eth3], mode: active-backup, network: management}\n"                   \
        "  - {name: bond1, members: [eth1, eth4], mode: balance-slb, network: guest}\n"                          \
        "  - {name: bond2, members: [eth2, eth5], mode: active-backup, network: storage}\n"

/* The storage addresses of all hosts on one device; with `management` their management on bond0, too. */
static inline void put_storage(struct xsn_buf *doc, int hosts, const char *device, bool management)
{
        xsn_buf_printf(doc, "pifs:\n");
        for (int i = 1; i <= hosts; i++) {
                xsn_buf_printf(doc, "  - {host: xs-%d, device: %s, ipv4: {mode: static, address: 172.16.0.%d/26}}\n", i,
                               device, 64 + i);
                if (management)
                        xsn_buf_printf(doc, "  - {host: xs-%d, device: bond0, management: true}\n", i);
        }
}

static inline void put_six_nics(struct xsn_buf *doc, int hosts)
{
        xsn_buf_printf(doc, "format: 1\n");
        put_storage(doc, hosts, "eth2", false);
}

static inline void put_three_bonds(struct xsn_buf *doc, int hosts)
{
        xsn_buf_printf(doc, THREE_BONDS);
        put_storage(doc, hosts, "bond2", true);
}

/* ---- the VLAN manager ---- */

/* The tags of n tenants, whose networks are tenant-TAG; `vifs` are items of guests in them. */
static inline void put_tenants(struct xsn_buf *doc, int first, int n, const char *vifs)
{
        xsn_buf_printf(doc, "format: 1\nowner: vlan-manager\nprune: true\nnetworks:\n");
        for (int tag = first; tag < first + n; tag++)
                xsn_buf_printf(doc, "  - {name: tenant-%d}\n", tag);
        xsn_buf_printf(doc, "vlans:\n");
        for (int tag = first; tag < first + n; tag++)
                xsn_buf_printf(doc, "  - {pif: eth1, tag: %d, network: tenant-%d}\n", tag, tag);
        xsn_buf_printf(doc, "vifs:\n%s", vifs);
}

/* ---- a private network over hosts ---- */

/* The addresses of one device on all hosts but one. */
static inline void put_addresses_of(struct xsn_buf *doc, int hosts, const char *device, const char *subnet, int first,
                                    int without)
{
        xsn_buf_printf(doc, "pifs:\n");
        for (int i = 1; i <= hosts; i++)
                if (i != without)
                        xsn_buf_printf(doc, "  - {host: xs-%d, device: %s, ipv4: {address: %s.%d/24, gateway: null}}\n",
                                       i, device, subnet, first + i);
        /* Where none is left. */
        xsn_buf_printf(doc, "  - {device: %s}\n", device);
}

/* The management addresses of all hosts, where a private network does not go over. */
static inline void put_management_addresses(struct xsn_buf *doc, int hosts)
{
        xsn_buf_printf(doc, "format: 1\n");
        put_addresses_of(doc, hosts, "eth0", "192.0.2", 0, 0);
}

/* The ends of all hosts over their second NICs, whose addresses all have but one. */
static inline void put_private(struct xsn_buf *doc, int hosts, const char *subnet, int without)
{
        xsn_buf_printf(doc, "format: 1\nowner: isolation\nnetworks: [{name: private}]\n"
                            "tunnels: [{network: private, transport: eth1}]\n");
        put_addresses_of(doc, hosts, "eth1", subnet, 100, without);
}

#endif
