/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents that the linux and ovs suites apply, and what XAPI makes of them. As they stand there where that is
 * possible; where XAPI calls a thing otherwise, once as they stand, refused, and once in its words: a guest is a VM's
 * and not a domain's, and the network of a NIC is its own for good, so that giving it a name is renaming it.
 */
#ifndef XAPI_DOCUMENTS_H
#define XAPI_DOCUMENTS_H

#include <stdbool.h>

struct document {
        const char *from;   /* whose it is */
        unsigned hosts;     /* of the pool */
        const char *file;   /* of tests/data; or else: */
        const char *text;
        const char *first;  /* what its test applied before; NULL */
        bool stays;         /* what it says of NICs, addresses or management is more than a mark takes back */
        const char *reason; /* why XAPI cannot; NULL: it can */
        const char *words;  /* of the message */
};

static const char *const guests[] = { "web-1", "gateway", "a", "b", "c" };
static const char *const owners[] = { "dom0", "isolation", "lab", "pxs-lab", "t", "traffic", "vlan-manager" };

#define DOC_(owner) "format: 1\nowner: " owner "\n"

#define TRUNK "Pool-wide network associated with eth1"

static const struct document documents[] = {
        /* ---- tests/data/examples: traffic/examples, lab/ovs/documents ---- */
        { "examples/originals/bonding", 2, .file = "examples/originals/bonding.yaml", .stays = true },
        { "examples/originals/vlan-manager", 1, .file = "examples/originals/vlan-manager.yaml" },
        { "examples/bonding", 1, .file = "examples/bonding.yaml", .reason = "not-supported", .words = "bonds.mode "
        "'balance-xor'" },
        { "examples/dom0", 1, .file = "examples/dom0.yaml", .reason = "not-supported", .words = "pifs.rename" },
        { "examples/private-network", 1, .file = "examples/private-network.yaml", .reason = "not-supported",
        .words = "tunnels.remotes" },
        { "examples/vlan-manager", 1, .file = "examples/vlan-manager.yaml", .reason = "not-supported",
        .words = "pifs.network" },

        /* ---- lab/ovs/documents ---- */
        { "ovs: the bonds of a host with six nics", 1,
          .text = DOC_("pxs-lab") "networks: [{name: management}, {name: guest, mtu: 9000}, {name: storage, mtu: "
            "9000}]\n"
                  "bonds:\n"
                  "- {name: bond0, members: [eth0, eth3], updelay: 31000, downdelay: 200, monitor-interval: 100,\n"
                  "   other-config: {bond-detect-mode: carrier, bond-rebalance-interval: '1800000'},\n"
                  "   mode: active-backup, network: management, management: true}\n"
                  "- {name: bond1, members: [eth1, eth4], updelay: 31000, downdelay: 200, monitor-interval: 100,\n"
                  "   other-config: {bond-detect-mode: carrier, bond-rebalance-interval: '1800000'},\n"
                  "   mode: balance-slb, network: guest}\n"
                  "- {name: bond2, members: [eth2, eth5], mode: active-backup, network: storage}\n"
                  "pifs:\n"
                  "- {device: bond0, ipv4: {mode: static, address: 172.16.0.10/27}}\n"
                  "- {device: bond2, ipv4: {mode: static, address: 172.16.0.35/28}}\n", .stays = true },
        { "ovs: lacp with ports for a hash", 1,
          .text = DOC_("lab") "networks: [{name: lan}]\n"
                  "bonds:\n"
                  "- {name: bond0, members: [eth2, eth3], mode: lacp, hash: tcpudp-ports, lacp-rate: fast, network: "
                  "lan,\n"
                  "   updelay: 200, downdelay: 200, monitor-interval: 100,\n"
                  "   other-config: {bond-detect-mode: carrier, bond-rebalance-interval: '1000'}}\n" },
        { "ovs: lacp with macs for a hash", 1,
          .text = DOC_("lab") "networks: [{name: lan}]\n"
                  "bonds: [{name: bond0, members: [eth2, eth3], mode: lacp, hash: src-mac, lacp-rate: fast,\n"
                  "         network: lan}]\n" },
        { "ovs: vlan networks and their trunk", 1,
          .text = DOC_("vlan-manager") "networks: [{name: tenant-100}, {name: tenant-101}]\n"
                  "vlans: [{pif: eth1, tag: 100, network: tenant-100}, {pif: eth1, tag: 101, network: tenant-101}]\n"
                  "vifs: [{vm: a, device: 0, network: tenant-100}, {vm: gateway, device: 1, network: " TRUNK "}]\n" },
        { "ovs: the gateway held to some tags", 1,
          .text = DOC_("vlan-manager") "vifs: [{vm: gateway, device: 1, trunks: [101, 102],\n"
                  "        network: Pool-wide network associated with eth1}]\n",
          .reason = "not-supported", .words = "vifs.trunks" },
        { "ovs: rate limit", 1,
          .text = DOC_("lab") "vifs: [{vm: a, device: 0, network: " TRUNK ", rate-limit: 2Mbit},\n"
                  "       {vm: b, device: 0, network: " TRUNK "}]\n" },
        { "ovs: rate limit, gone", 1,
          .first = DOC_("lab") "networks: [{name: n}]\nvifs: [{vm: a, device: 0, network: n, rate-limit: 2Mbit}]\n",
          .text = DOC_("lab") "vifs: [{vm: a, device: 0, rate-limit: null}]\n" },
        { "ovs: a tunnel between two pools", 1,
          .text = DOC_("lab") "networks: [{name: private}]\n"
                  "tunnels: [{network: private, transport: eth0, device: gre0, protocol: gre, remotes: [192.0.2.2]}]\n",
          .reason = "not-supported", .words = "tunnels.remotes" },
        { "ovs: gre with keys", 1,
          .text = DOC_("lab") "networks: [{name: red}, {name: blue}]\n"
                  "tunnels:\n"
                  "- {network: red, transport: eth0, protocol: gre, key: 77, remotes: [192.0.2.2]}\n"
                  "- {network: blue, transport: eth0, protocol: gre, key: 78, remotes: [192.0.2.2]}\n",
          .reason = "not-supported", .words = "tunnels.key" },
        { "ovs: a mesh of three hosts, in XAPI's words", 2,
          .text = DOC_("isolation") "networks: [{name: private}]\ntunnels: [{network: private, transport: eth0}]\n" },
        { "ovs: a mesh of vxlan, in XAPI's words", 2,
          .text = DOC_("isolation") "networks: [{name: private}]\n"
                  "tunnels: [{network: private, transport: eth0, protocol: vxlan}]\n" },
        { "ovs: the network of one host", 1,
          .text = DOC_("lab") "networks: [{name: private}]\n"
                  "vifs: [{vm: a, device: 0, network: private}, {vm: b, device: 0, network: private}]\n" },
        { "ovs: the example of a private network, in XAPI's words", 1,
          .text = DOC_("isolation") "networks: [{name: private, mtu: 1458}]\n"
                  "pifs: [{device: eth2, ipv4: {mode: static, address: 192.0.2.11/24}}]\n"
                  "tunnels: [{network: private, transport: eth2, protocol: gre}]\n", .stays = true },

        /* ---- test_ovs_*, data/ovs/transactions ---- */
        { "ovs: every kind", 1,
          .text = DOC_("lab") "networks: [{name: tenant, description: of many},\n"
                  "           {name: private net}, {name: agg}]\n"
                  "bonds: [{name: bond0, members: [eth1, eth2], mode: balance-slb, updelay: 200, network: agg}]\n"
                  "vlans: [{pif: eth0, tag: 100, network: tenant}]\n"
                  "pifs: [{device: eth3, ipv4: {address: 192.0.2.1/24}}]\n"
                  "tunnels: [{network: private net, transport: eth3, protocol: gre}]\n"
                  "vifs: [{vm: a, device: 0, network: tenant, rate-limit: 8Mbit},\n"
                  "       {vm: b, device: 0, network: private net}]\n", .stays = true },
        { "ovs: every kind, a bridge with stp", 1, .text = DOC_("lab") "networks: [{name: private net, stp: true}]\n",
          .reason = "not-supported", .words = "networks.stp" },
        { "ovs: members and vlans move", 1,
          .first = DOC_("lab") "networks: [{name: agg}, {name: tenant}]\n"
                   "bonds: [{name: bond0, members: [eth1, eth2], mode: balance-slb, network: agg}]\n"
                   "vlans: [{pif: eth4, tag: 100, network: tenant}]\n",
          .text = DOC_("lab") "bonds: [{name: bond0, members: [eth1, eth3], mode: lacp, hash: tcpudp-ports}]\n"
                  "vlans: [{pif: eth4, tag: 100, absent: true}, {pif: bond0, tag: 101, network: tenant}]\n" },
        { "ovs: a member joins a bond with another mtu", 1,
          .first = DOC_("lab") "networks: [{name: jumbo, mtu: 9000}, {name: agg, mtu: 1500}]\n"
                   "bonds: [{name: bond0, members: [eth1, eth2], mode: active-backup, network: agg},\n"
                   "        {name: bond1, members: [eth4, eth3], mode: active-backup, network: jumbo}]\n",
          .text = DOC_("lab") "bonds: [{name: bond0, members: [eth1, eth2, eth4]}, {name: bond1, absent: true}]\n" },
        { "ovs: addresses and routes are set", 1,
          .text = DOC_("lab") "networks: [{name: lan}, {name: tenant}]\n"
                  "pifs: [{device: eth2, ipv4: {address: [10.1.0.1/24, 10.1.0.2/24]}}]\n",
          .reason = "not-supported", .words = "one IPv4 address" },
        { "ovs: routes", 1,
          .text = DOC_("lab") "pifs: [{device: eth2, ipv4: {address: 10.1.0.1/24},\n"
                  "        routes: [{to: 10.9.0.0/16, via: 10.1.0.9}]}]\n",
          .reason = "not-supported", .words = "pifs.routes" },
        { "ovs: an address of a network's own", 1,
          .text = DOC_("lab") "networks: [{name: own, ipv4: {address: 203.0.113.9/29}}]\n",
            .reason = "not-supported", .words = "networks.ipv4.address" },
        { "ovs: addresses, in XAPI's words", 1,
          .text = DOC_("lab") "networks: [{name: tenant}]\n"
                  "pifs:\n"
                  "- {device: eth2, ipv4: {address: 10.1.0.1/24, gateway: 10.1.0.254}, default-route: true,\n"
                  "   ipv6: {address: '2001:db8:7::1/64'}}\n"
                  "- {device: eth3, ipv4: {address: 10.3.0.1/24}}\n"
                  "vlans: [{pif: eth2, tag: 7, network: tenant, ipv4: {address: 10.7.0.1/24}}]\n", .stays = true },
        { "ovs: management on a vlan", 1,
          .text = DOC_("lab") "networks: [{name: tenant}]\n"
                  "vlans: [{pif: eth2, tag: 7, network: tenant, ipv4: {address: 10.7.0.1/24}, management: true}]\n",
                  .stays = true },
        { "ovs: what a nic had goes where its bond has addresses of its own", 1,
          .first = DOC_("lab") "networks: [{name: lan}]\n"
                   "pifs: [{device: eth3, ipv4: {address: 10.3.0.1/24}}]\n"
                   "bonds: [{name: bond0, members: [eth1, eth2], mode: active-backup, network: lan}]\n",
          .text = DOC_("lab") "pifs: [{device: eth3, ipv4: null}]\n"
                  "bonds: [{name: bond0, members: [eth1, eth2, eth3], ipv4: {address: 10.4.0.1/24}}]\n",
                  .stays = true },
        { "ovs: networks", 1,
          .text = DOC_("lab") "networks:\n"
                  "- {name: private net, description: for tests, mtu: 1400, other-config: {mac-table-size: '99'}}\n" },
        { "ovs: multicast snooping of one network", 1,
          .text = DOC_("lab") "networks: [{name: br7, multicast-snooping: false}]\n", .reason = "not-supported",
            .words = "networks.multicast-snooping" },
        { "ovs: bonds", 1,
          .first = DOC_("lab") "networks: [{name: n1}, {name: n2}]\n"
                   "bonds: [{name: bond1, members: [eth1, eth2], mode: active-backup, network: n1},\n"
                   "        {name: bond2, members: [eth3, eth4], mode: active-backup, network: n2}]\n",
          .text = DOC_("lab") "networks: [{name: fresh}]\n"
                  "bonds:\n"
                  "- {name: bond1, mode: lacp, hash: tcpudp-ports, lacp-rate: fast, monitor-interval: 200, updelay: "
                  "0}\n"
                  "- {name: bond2, absent: true}\n"
                  "- {name: bond9, members: [eth4, eth5], mode: balance-slb, network: fresh,\n"
                  "   mac: '00:16:3e:00:00:09'}\n" },
        { "ovs: a bond needs a network", 1,
          .text = DOC_("lab") "bonds: [{name: bond1, members: [eth1, eth2], mode: active-backup}]\n",
            .reason = "network-in-use", .words = "'eth1'" },
        { "ovs: a network without a bridge for its vlan", 1,
          .text = DOC_("lab") "networks: [{name: lost}]\nvlans: [{pif: eth3, tag: 5, network: lost}]\n" },
        { "ovs: the vlan leaves, network and guest stay", 1,
          .first = DOC_("vlan-manager") "networks: [{name: tenant}]\nvlans: [{pif: eth1, tag: 7, network: tenant}]\n"
                   "vifs: [{vm: a, device: 0, network: tenant}]\n",
          .text = DOC_("vlan-manager") "vlans: [{pif: eth1, tag: 7, absent: true}]\n", .reason = "in-use",
            .words = "device 0 of the VM 'a'" },
        { "ovs: the vlan is retagged under a guest", 1,
          .first = DOC_("vlan-manager") "networks: [{name: Tenant eight}]\n"
                   "vlans: [{pif: eth1, tag: 8, network: Tenant eight}]\n"
                   "vifs: [{vm: a, device: 0, network: Tenant eight}]\n",
          .text = DOC_("vlan-manager") "networks: [{name: Tenant eight, description: null}]\n"
                  "vlans: [{pif: eth1, tag: 8, absent: true}, {pif: eth1, tag: 18, network: Tenant eight}]\n",
          .reason = "in-use", .words = "device 0 of the VM 'a'" },
        { "ovs: the network of a nic goes", 1,
          .text = DOC_("lab") "networks: [{bridge: xenbr1, name: Pool-wide network associated with eth1, absent: "
            "true}]\n",
          .reason = "network-in-use", .words = "for as long as the NIC is there" },
        { "ovs: a bridge gets another name", 1,
          .first = DOC_("lab") "networks: [{name: mine}]\n",
          .text = DOC_("lab") "networks: [{name: mine, bridge: br-new}]\n", .reason = "not-supported",
            .words = "networks.bridge" },

        /* ---- traffic, test_linux_* ---- */
        { "linux: a nic and two guests on a bridge", 1,
          .text = DOC_("traffic") "networks: [{name: guests}]\npifs: [{device: eth1, network: guests}]\n"
                  "vifs: [{domain: 1, device: 0, network: guests}]\n",
          .reason = "not-supported", .words = "pifs.network" },
        { "linux: a nic and two guests on a bridge, in XAPI's words", 1,
          .text = DOC_("traffic") "vifs: [{vm: a, device: 0, network: " TRUNK "},\n"
                  "       {vm: b, device: 0, network: " TRUNK "}]\n" },
        { "linux: a guest leaves", 1,
          .first = DOC_("traffic") "networks: [{name: guests}]\n"
                   "vifs: [{vm: a, device: 0, network: guests}, {vm: b, device: 0, network: guests}]\n",
          .text = DOC_("traffic") "vifs: [{vm: b, device: 0, absent: true}]\n" },
        { "linux: a guest moves from one network to another", 1,
          .first = DOC_("traffic") "networks: [{name: red}, {name: blue}]\n"
                   "vifs: [{vm: a, device: 0, network: red}, {vm: b, device: 0, network: red},\n"
                   "       {vm: c, device: 0, network: blue}]\n",
          .text = DOC_("traffic") "vifs: [{vm: a, device: 0, network: blue}]\n" },
        { "linux: ipv6 on a nic", 1,
          .text = DOC_("traffic") "pifs: [{device: eth1, ipv6: {mode: static, address: '2001:db8::1/64'}}]\n",
            .stays = true },
        { "linux: a vlan is retagged", 1,
          .first = DOC_("traffic") "networks: [{name: tenant-100}]\n"
                   "vlans: [{pif: eth1, tag: 100, network: tenant-100}]\n",
          .text = DOC_("traffic") "vlans: [{pif: eth1, tag: 200, network: tenant-100}]\n" },
        { "linux: an address on a vlan of a bond", 1,
          .text = DOC_("traffic") "networks: [{name: lan}]\n"
                  "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: lan}]\n"
                  "vlans: [{pif: bond0, tag: 20, ipv4: {mode: static, address: 192.0.2.1/24}}]\n",
          .reason = "missing-field", .words = "'network'" },
        { "linux: an address on a vlan of a bond, in XAPI's words", 1,
          .text = DOC_("traffic") "networks: [{name: lan}, {name: tagged}]\n"
                  "bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup, network: lan}]\n"
                  "vlans: [{pif: bond0, tag: 20, network: tagged, ipv4: {mode: static, address: 192.0.2.1/24}}]\n" },
        { "linux: a bond with a primary", 1,
          .text = DOC_("traffic") "networks: [{name: lan}]\n"
                  "bonds: [{name: bond0, members: [eth1, eth3], mode: active-backup, primary: eth3, network: lan}]\n",
          .reason = "not-supported", .words = "bonds.primary" },
        { "linux: balance-xor", 1,
          .text = DOC_("traffic") "networks: [{name: lan}]\n"
                  "bonds: [{name: bond1, members: [eth1, eth3], mode: balance-xor, hash: src-mac, network: lan}]\n",
          .reason = "not-supported", .words = "balance-xor" },
        { "linux: lacp", 1,
          .text = DOC_("traffic") "networks: [{name: lan}]\n"
                  "bonds: [{name: bond2, members: [eth0, eth3], mode: lacp, lacp-rate: fast, hash: src-mac, network: "
                  "lan}]\nvifs: [{vm: a, device: 0, network: lan}]\n" },
        { "linux: a bond made of a nic with an address, and taken apart", 1,
          .first = DOC_("traffic") "networks: [{name: lan}]\n"
                   "bonds: [{name: bond0, members: [eth1, eth3], mode: active-backup, network: lan,\n"
                   "         ipv4: {address: 192.0.2.1/24}}]\n",
          .text = DOC_("traffic") "bonds: [{name: bond0, absent: true}]\n"
                  "pifs: [{device: eth1, ipv4: null}, {device: eth3, ipv4: {mode: static, address: "
                  "192.0.2.1/24}}]\n", .stays = true },
        { "linux: another rate, hash and delays of a bond", 1,
          .first = DOC_("t") "networks: [{name: lan}]\n"
                   "bonds: [{name: bond0, members: [eth0, eth1], mode: lacp, lacp-rate: fast, network: lan,\n"
                   "         hash: tcpudp-ports, updelay: 200, downdelay: 100, monitor-interval: 50}]\n",
          .text = DOC_("t") "bonds: [{name: bond0, mode: lacp, lacp-rate: slow, hash: src-mac}]\n" },
        { "linux: a bond leaves its network for another", 1,
          .first = DOC_("t") "networks: [{name: old}]\n"
                   "bonds: [{name: bond0, members: [eth2, eth1], mode: lacp, network: old}]\n",
          .text = DOC_("t") "networks: [{name: lan}]\nbonds: [{name: bond0, network: lan}]\n" },
        { "linux: a vlan without a network", 1,
          .text = DOC_("t") "vlans: [{pif: eth1, tag: 7, ipv4: {address: 10.5.0.1/24}}]\n",
            .reason = "missing-field", .words = "'network'" },
        { "linux: a vlan on a vlan, and devices of their own", 1,
          .text = DOC_("t") "networks: [{name: p}, {name: q}]\n"
                  "vlans: [{pif: eth1, tag: 100, device: v100, network: p},\n"
                  "        {pif: v100, tag: 7, device: v7, network: q}]\n",
          .reason = "not-supported", .words = "vlans.device" },
        { "linux: a vlan on a vlan", 1,
          .text = DOC_("t") "networks: [{name: p}, {name: q}]\n"
                  "vlans: [{pif: eth1, tag: 100, network: p}, {pif: eth1.100, tag: 7, network: q}]\n",
          .reason = "not-supported", .words = "on the VLAN" },
        { "linux: tunnels to remotes", 1,
          .text = DOC_("t") "networks: [{name: p, mtu: 1400}]\n"
                  "tunnels: [{network: p, transport: eth0, protocol: gre, key: 77, remotes: [192.0.2.20]}]\n",
          .reason = "not-supported", .words = "tunnels.remotes" },
        { "linux: geneve", 1,
          .text = DOC_("t") "networks: [{name: p}]\ntunnels: [{network: p, transport: eth0, protocol: geneve}]\n",
          .reason = "not-supported", .words = "geneve" },
        { "linux: a tunnel goes", 1,
          .first = DOC_("t") "networks: [{name: p}]\ntunnels: [{network: p, transport: eth0}]\n",
          .text = DOC_("t") "tunnels: [{network: p, transport: eth0, absent: true}]\n" },
        { "linux: a network with a guest", 1,
          .text = DOC_("t") "networks: [{name: guest net, mtu: 9000}]\n"
                  "vifs: [{vm: a, device: 0, network: guest net}]\n" },
        { "linux: the mtu of networks changes", 1,
          .first = DOC_("t") "networks: [{name: a, mtu: 9000}, {name: b, mtu: 1400}]\n",
          .text = DOC_("t") "networks: [{name: a, mtu: null}, {name: b, mtu: 9000}]\n" },
        { "linux: link-local addresses", 1,
          .text = DOC_("t") "pifs: [{device: eth1, ipv4: {address: 169.254.3.3/16}, ipv6: {address: "
            "'fe80::1/64'}}]\n", .stays = true },
        { "linux: default route and gateway of the management nic", 1,
          .text = DOC_("t") "pifs: [{device: eth0, ipv4: {address: 192.0.2.10/24, gateway: 192.0.2.1},\n"
                  "        ipv6: {address: '2001:db8::10/64', gateway: '2001:db8::1'}, management: true}]\n",
                  .stays = true },
        { "linux: an ipv6 gateway goes from one device to another", 1,
          .first = DOC_("t") "pifs: [{device: eth1, ipv6: {address: '2001:db8:5::1/64', gateway: '2001:db8:5::ff'}}]\n",
          .text = DOC_("t") "pifs: [{device: eth1, ipv6: null},\n"
                  "       {device: eth2, ipv6: {address: '2001:db8:6::1/64', gateway: '2001:db8:6::ff'}}]\n",
                  .stays = true },
        { "linux: a bridge takes the name of a nic", 1,
          .text = DOC_("t") "pifs: [{device: eth0, rename: peth0}]\n", .reason = "not-supported",
            .words = "pifs.rename" },
        { "linux: autoconf on a nic", 1, .text = DOC_("t") "pifs: [{device: eth1, ipv6: {mode: autoconf}}]\n",
        .stays = true },
};

#endif
