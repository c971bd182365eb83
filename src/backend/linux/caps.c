/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the linux backend can do: the rows that it writes, each with where it goes, and the kinds that the kernel has.
 * Nothing is tried on the kernel for that: loading a module makes devices (bond0, gre0) appear.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

struct row {
        int kind;
        int field;
        const char *how; /* where it goes, for the reference */
};

static const struct row rows[] = {
        { XSNET_KIND_NETWORK, XSNET_FIELD_NAME, "alias net=" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_BRIDGE, "IFLA_IFNAME" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MTU, "IFLA_MTU" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_STP, "IFLA_BR_STP_STATE" },
        { XSNET_KIND_NETWORK, XSNET_FIELD_MULTICAST_SNOOPING, "IFLA_BR_MCAST_SNOOPING" },
        { XSNET_KIND_PIF, XSNET_FIELD_DEVICE, "IFLA_IFNAME" },
        { XSNET_KIND_PIF, XSNET_FIELD_MATCH_MAC, "IFLA_PERM_ADDRESS" },
        { XSNET_KIND_PIF, XSNET_FIELD_MATCH_POSITION, "order by PCI address, then by ifindex" },
        { XSNET_KIND_PIF, XSNET_FIELD_MATCH_PCI, "IFLA_PARENT_DEV_NAME" },
        { XSNET_KIND_PIF, XSNET_FIELD_MATCH_DRIVER, "ETHTOOL_GDRVINFO" },
        { XSNET_KIND_PIF, XSNET_FIELD_NETWORK, "IFLA_MASTER" },
        { XSNET_KIND_PIF, XSNET_FIELD_RENAME, "IFLA_IFNAME, alias was=" },
        { XSNET_KIND_BOND, XSNET_FIELD_NAME, "IFLA_IFNAME" },
        { XSNET_KIND_BOND, XSNET_FIELD_MEMBERS, "IFLA_MASTER" },
        { XSNET_KIND_BOND, XSNET_FIELD_MODE, "IFLA_BOND_MODE" },
        { XSNET_KIND_BOND, XSNET_FIELD_HASH, "IFLA_BOND_XMIT_HASH_POLICY" },
        { XSNET_KIND_BOND, XSNET_FIELD_LACP_RATE, "IFLA_BOND_AD_LACP_RATE" },
        { XSNET_KIND_BOND, XSNET_FIELD_UPDELAY, "IFLA_BOND_UPDELAY" },
        { XSNET_KIND_BOND, XSNET_FIELD_DOWNDELAY, "IFLA_BOND_DOWNDELAY" },
        { XSNET_KIND_BOND, XSNET_FIELD_MONITOR_INTERVAL, "IFLA_BOND_MIIMON" },
        { XSNET_KIND_BOND, XSNET_FIELD_PRIMARY, "IFLA_BOND_PRIMARY" },
        { XSNET_KIND_BOND, XSNET_FIELD_MAC, "IFLA_ADDRESS" },
        { XSNET_KIND_BOND, XSNET_FIELD_NETWORK, "IFLA_MASTER" },
        { XSNET_KIND_VLAN, XSNET_FIELD_PIF, "IFLA_LINK" },
        { XSNET_KIND_VLAN, XSNET_FIELD_TAG, "IFLA_VLAN_ID" },
        { XSNET_KIND_VLAN, XSNET_FIELD_DEVICE, "IFLA_IFNAME" },
        { XSNET_KIND_VLAN, XSNET_FIELD_NETWORK, "IFLA_MASTER" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_NETWORK, "IFLA_MASTER" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_TRANSPORT, "the device of the local address" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_DEVICE, "IFLA_IFNAME" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, "IFLA_INFO_KIND" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_KEY, "IFLA_GRE_IKEY, IFLA_GRE_OKEY, IFLA_VXLAN_ID, IFLA_GENEVE_ID" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_REMOTES, "a device each; of vxlan NDA_DST" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_LOCAL, "IFLA_GRE_LOCAL, IFLA_VXLAN_LOCAL" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_PORT, "IFLA_VXLAN_PORT, IFLA_GENEVE_PORT" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_CSUM, "GRE_CSUM, IFLA_VXLAN_UDP_CSUM, IFLA_GENEVE_UDP_CSUM" },
        { XSNET_KIND_TUNNEL, XSNET_FIELD_DF, "IFLA_GRE_PMTUDISC, IFLA_VXLAN_DF, IFLA_GENEVE_DF" },
        { XSNET_KIND_VIF, XSNET_FIELD_DOMAIN, "the device's name" },
        { XSNET_KIND_VIF, XSNET_FIELD_VIF_DEVICE, "the device's name" },
        { XSNET_KIND_VIF, XSNET_FIELD_NETWORK, "IFLA_MASTER" },
        { XSNET_KIND_VIF, XSNET_FIELD_RATE_LIMIT, "an ingress qdisc" },
};

/* Of every kind but vif. */
static const struct row address_rows[] = {
        { 0, XSNET_FIELD_IPV4_MODE, "addresses" },
        { 0, XSNET_FIELD_IPV4_ADDRESS, "RTM_NEWADDR" },
        { 0, XSNET_FIELD_IPV4_GATEWAY, "RTM_NEWROUTE" },
        { 0, XSNET_FIELD_IPV6_MODE, "addresses, alias v6=" },
        { 0, XSNET_FIELD_IPV6_ADDRESS, "RTM_NEWADDR" },
        { 0, XSNET_FIELD_IPV6_GATEWAY, "RTM_NEWROUTE" },
        { 0, XSNET_FIELD_DEFAULT_ROUTE, "RTM_NEWROUTE" },
        { 0, XSNET_FIELD_ROUTES, "RTM_NEWROUTE" },
        { 0, XSNET_FIELD_MANAGEMENT, "alias mgmt=" },
};

/* Kinds of device that may be missing, and what to look for. */
static const struct {
        int kind;
        int protocol; /* of tunnels */
        const char *module, *alias, *missing;
} needs[] = {
        { XSNET_KIND_NETWORK, 0, "bridge", "rtnl-link-bridge", "the kernel has no bridges" },
        { XSNET_KIND_BOND, 0, "bonding", "rtnl-link-bond", "the kernel has no bonding" },
        { XSNET_KIND_VLAN, 0, "8021q", "rtnl-link-vlan", "the kernel has no 802.1Q VLANs" },
        { XSNET_KIND_TUNNEL, XSNET_PROTOCOL_GRE, "ip_gre", "rtnl-link-gretap", NULL },
        { XSNET_KIND_TUNNEL, XSNET_PROTOCOL_VXLAN, "vxlan", "rtnl-link-vxlan", NULL },
        { XSNET_KIND_TUNNEL, XSNET_PROTOCOL_GENEVE, "geneve", "rtnl-link-geneve", NULL },
};

static bool file_has(const char *path, const char *text)
{
        char buf[16384 + 1];
        size_t kept = 0, len = strlen(text), n;
        FILE *f = fopen(path, "re");
        bool found = false;

        while (f && !found && (n = fread(buf + kept, 1, sizeof(buf) - 1 - kept, f)) > 0) {
                n += kept;
                found = memmem(buf, n, text, len);
                kept = n < len ? n : len;
                memmove(buf, buf + n - kept, kept);
        }
        if (f)
                (void)fclose(f);
        return found;
}

/* Is it in the kernel, or a module that is or would be loaded? Unknown counts as yes: the kernel itself will say no. */
static bool kernel_has(const char *module, const char *alias)
{
        struct utsname uts;
        char path[512];

        if (access("/sys/module", F_OK) < 0)
                return true;
        (void)snprintf(path, sizeof(path), "/sys/module/%s", module);
        if (access(path, F_OK) == 0)
                return true;
        if (uname(&uts) < 0 || strchr(uts.release, '/'))
                return true;
        (void)snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", uts.release);
        if (file_has(path, alias))
                return true;
        (void)snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin.modinfo", uts.release);
        return file_has(path, alias);
}

static void add_enum(struct xsn_caps *caps, int kind, int field, uint64_t values)
{
        caps->enums[caps->n_enums++] = (struct xsn_caps_enum){ .kind = kind, .field = field, .values = values };
}

static void find_kinds(struct xsn_caps *caps)
{
        uint64_t protocols = 0;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(needs); i++) {
                bool there = kernel_has(needs[i].module, needs[i].alias);

                if (needs[i].protocol && there)
                        protocols |= UINT64_C(1) << needs[i].protocol;
                else if (!needs[i].protocol && !there)
                        caps->missing[needs[i].kind] = needs[i].missing;
        }
        add_enum(caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, protocols);
        if (!protocols)
                caps->missing[XSNET_KIND_TUNNEL] = "the kernel has neither gre nor vxlan nor geneve";
}

void xsn_lx_caps_find(const struct lx *lx, struct xsn_caps *ret_caps)
{
        struct xsn_caps caps = {
                .flags = XSN_CAP_DETACH_VIF | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_OBSERVES_VIFS |
                         XSN_CAP_BEST_GATEWAY | XSN_CAP_ROUNDS_DELAYS | XSN_CAP_ONE_VNI,
                .rate_unit = 8, /* whole bytes a second */
        };

        (void)lx;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++)
                caps.fields[rows[i].kind] |= xsn_class_bit(xsn_class_of(rows[i].kind), rows[i].field);
        for (int kind = XSNET_KIND_NETWORK; kind < XSNET_KIND_VIF; kind++)
                for (size_t i = 0; i < XSN_ARRAY_SIZE(address_rows); i++)
                        caps.fields[kind] |= xsn_class_bit(xsn_class_of(kind), address_rows[i].field);
        add_enum(&caps, XSNET_KIND_BOND, XSNET_FIELD_MODE,
                 UINT64_C(1) << XSNET_BOND_ACTIVE_BACKUP | UINT64_C(1) << XSNET_BOND_LACP |
                         UINT64_C(1) << XSNET_BOND_BALANCE_RR | UINT64_C(1) << XSNET_BOND_BALANCE_XOR |
                         UINT64_C(1) << XSNET_BOND_BROADCAST | UINT64_C(1) << XSNET_BOND_BALANCE_TLB |
                         UINT64_C(1) << XSNET_BOND_BALANCE_ALB);
        find_kinds(&caps);
        *ret_caps = caps;
}

/* Carrier and DAD settle by themselves, but both are status rows: nothing configured does. */
const uint64_t *xsn_lx_settling(void)
{
        static const uint64_t none[XSN_N_KINDS + 1];

        return none;
}
