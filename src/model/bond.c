/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `bond`: several PIFs that act as one. */
#include "model/kinds.h"

#include <errno.h>

#include "model/object.h"

/* The wire names are those of the kernel's bonding driver; it has no balance-slb. */
XSN_ENUM_DEFINE(xsn_bond_mode, "bond mode",
                { XSNET_BOND_ACTIVE_BACKUP, "active-backup", NULL },
                { XSNET_BOND_BALANCE_SLB, "balance-slb", NULL },
                { XSNET_BOND_LACP, "lacp", "802.3ad" },
                { XSNET_BOND_BALANCE_RR, "balance-rr", NULL },
                { XSNET_BOND_BALANCE_XOR, "balance-xor", NULL },
                { XSNET_BOND_BROADCAST, "broadcast", NULL },
                { XSNET_BOND_BALANCE_TLB, "balance-tlb", NULL },
                { XSNET_BOND_BALANCE_ALB, "balance-alb", NULL });
XSN_ENUM_DEFINE(xsn_bond_hash, "bond hash",
                { XSNET_HASH_SRC_MAC, "src-mac", NULL },
                { XSNET_HASH_TCPUDP_PORTS, "tcpudp-ports", NULL });
XSN_ENUM_DEFINE(xsn_lacp_rate, "LACP rate",
                { XSNET_LACP_SLOW, "slow", NULL },
                { XSNET_LACP_FAST, "fast", NULL });

static const struct xsn_field bond_fields[] = {
        XSN_FIELD(struct xsn_bond, name, XSNET_FIELD_NAME, "name", XSNET_TYPE_STR, .flags = XSN_F_KEY | XSN_F_DEVNAME,
                  .doc = "Name of the bond."),
        XSN_FIELD(struct xsn_bond, members, XSNET_FIELD_MEMBERS, "members", XSNET_TYPE_STRS,
                  .flags = XSN_F_SET | XSN_F_DEVNAME | XSN_F_REQUIRED, .doc = "Devices of the members, two or more."),
        XSN_FIELD(struct xsn_bond, mode, XSNET_FIELD_MODE, "mode", XSNET_TYPE_ENUM, .flags = XSN_F_REQUIRED,
                  .en = &xsn_bond_mode, .doc = "How the members share the traffic; required when the bond is made."),
        XSN_FIELD(struct xsn_bond, hash, XSNET_FIELD_HASH, "hash", XSNET_TYPE_ENUM, .flags = XSN_F_DEFAULT,
                  .def = XSNET_HASH_SRC_MAC, .en = &xsn_bond_hash, .doc = "What of a packet chooses its member."),
        XSN_FIELD(struct xsn_bond, lacp_rate, XSNET_FIELD_LACP_RATE, "lacp-rate", XSNET_TYPE_ENUM,
                  .flags = XSN_F_DEFAULT, .def = XSNET_LACP_SLOW, .en = &xsn_lacp_rate,
                  .doc = "How often the LACP partner is to send."),
        XSN_FIELD(struct xsn_bond, updelay, XSNET_FIELD_UPDELAY, "updelay", XSNET_TYPE_U32, .flags = XSN_F_DEFAULT,
                  .def = 0, .max = 3600000, .doc = "How long a member's link must be up before it is used, in ms."),
        XSN_FIELD(struct xsn_bond, downdelay, XSNET_FIELD_DOWNDELAY, "downdelay", XSNET_TYPE_U32,
                  .flags = XSN_F_DEFAULT, .def = 0, .max = 3600000,
                  .doc = "How long a member's link must be down before it is left, in ms."),
        XSN_FIELD(struct xsn_bond, monitor_interval, XSNET_FIELD_MONITOR_INTERVAL, "monitor-interval", XSNET_TYPE_U32,
                  .flags = XSN_F_DEFAULT, .def = 100, .min = 1, .max = 3600000,
                  .doc = "How often the members' links are looked at, in ms."),
        XSN_FIELD(struct xsn_bond, primary, XSNET_FIELD_PRIMARY, "primary", XSNET_TYPE_STR, .flags = XSN_F_DEVNAME,
                  .doc = "Member that is used whenever its link is up."),
        XSN_FIELD(struct xsn_bond, mac, XSNET_FIELD_MAC, "mac", XSNET_TYPE_MAC,
                  .doc = "MAC address; the default is the first member's."),
        XSN_FIELD(struct xsn_bond, status_device, XSNET_FIELD_STATUS_DEVICE, "status.device", XSNET_TYPE_STR,
                  .flags = XSN_F_OBSERVED, .doc = "Device of the bond."),
};

static void bond_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        if (xsn_object_is_set(obj, XSNET_FIELD_NAME))
                xsn_buf_put(buf, XSN_BOND(obj)->name);
}

static void bond_check(const struct xsnet_object *obj, struct xsnet_error **errs)
{
        const struct xsn_bond *bond = XSN_BOND(obj);
        bool members = xsn_object_is_set(obj, XSNET_FIELD_MEMBERS);
        char mac[XSN_MAC_STRLEN];

        if (members && bond->members.n < 2)
                xsn_error_add(errs, -EINVAL, "too-few-members", "members",
                              "members: expected two devices or more, found %zu", bond->members.n);
        if (members && xsn_object_is_set(obj, XSNET_FIELD_PRIMARY) && !xsn_strs_has(&bond->members, bond->primary))
                xsn_error_add(errs, -EINVAL, "not-a-member", "primary", "primary: '%s' is not one of the members",
                              bond->primary);
        if (xsn_object_is_set(obj, XSNET_FIELD_PRIMARY) && xsn_object_is_set(obj, XSNET_FIELD_MODE) &&
            bond->mode.value != XSNET_BOND_ACTIVE_BACKUP && bond->mode.value != XSNET_BOND_BALANCE_TLB &&
            bond->mode.value != XSNET_BOND_BALANCE_ALB)
                xsn_error_add(errs, -EINVAL, "wrong-mode", "primary",
                              "primary: works with active-backup, balance-tlb and balance-alb only");
        if (xsn_object_is_set(obj, XSNET_FIELD_LACP_RATE) && xsn_object_is_set(obj, XSNET_FIELD_MODE) &&
            bond->mode.value != XSNET_BOND_LACP)
                xsn_error_add(errs, -EINVAL, "wrong-mode", "lacp-rate", "lacp-rate: works with mode lacp only");
        if (xsn_object_is_set(obj, XSNET_FIELD_MAC) &&
            (xsn_mac_is_multicast(&bond->mac) || xsn_mac_is_zero(&bond->mac)))
                xsn_error_add(errs, -EINVAL, "bad-value", "mac", "mac: expected the address of one station, found %s",
                              xsn_mac_format(&bond->mac, mac));
}

const struct xsn_class xsn_bond_class = {
        .kind = XSNET_KIND_BOND,
        .name = "bond",
        .plural = "bonds",
        .doc = "Several PIFs that act as one.",
        .size = sizeof(struct xsn_bond),
        .fields = bond_fields,
        .n_fields = XSN_ARRAY_SIZE(bond_fields),
        .has_link = true,
        .has_address = true,
        .check = bond_check,
        .key = bond_key,
};
