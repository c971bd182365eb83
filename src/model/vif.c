/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `vif`: a guest's virtual interface. On a dom0 its device is vifDOMAIN.DEVICE or tapDOMAIN.DEVICE. */
#include "model/kinds.h"

#include <errno.h>

#include "model/object.h"

XSN_ENUM_DEFINE(xsn_vif_locking, "locking mode",
                { XSNET_LOCKING_NETWORK_DEFAULT, "network-default", "network_default" },
                { XSNET_LOCKING_LOCKED, "locked", NULL },
                { XSNET_LOCKING_UNLOCKED, "unlocked", NULL },
                { XSNET_LOCKING_DISABLED, "disabled", NULL });

static const struct xsn_field vif_fields[] = {
        XSN_FIELD(struct xsn_vif, vm, XSNET_FIELD_VM, "vm", XSNET_TYPE_STR, .flags = XSN_F_KEY, .min = 1, .max = 4096,
                  .doc = "VM, by uuid or name."),
        XSN_FIELD(struct xsn_vif, domain, XSNET_FIELD_DOMAIN, "domain", XSNET_TYPE_U32, .flags = XSN_F_KEY,
                  .max = 65535, .doc = "Domain id, in place of vm; it changes when the VM reboots."),
        XSN_FIELD(struct xsn_vif, device, XSNET_FIELD_VIF_DEVICE, "device", XSNET_TYPE_U32, .flags = XSN_F_KEY,
                  .max = 255, .doc = "Number of the interface within the VM."),
        XSN_FIELD(struct xsn_vif, network, XSNET_FIELD_NETWORK, "network", XSNET_TYPE_STR, .min = 1, .max = 4096,
                  .doc = "Network that it is attached to, by name."),
        XSN_FIELD(struct xsn_vif, mac, XSNET_FIELD_MAC, "mac", XSNET_TYPE_MAC, .flags = XSN_F_RECREATE,
                  .doc = "MAC address that the guest sees."),
        XSN_FIELD(struct xsn_vif, rate_limit, XSNET_FIELD_RATE_LIMIT, "rate-limit", XSNET_TYPE_RATE, .min = 8000,
                  .doc = "Most that the guest may send, such as 80Mbit or 10MB per second; kept in bit/s."),
        XSN_FIELD(struct xsn_vif, locking, XSNET_FIELD_VIF_LOCKING, "locking", XSNET_TYPE_ENUM,
                  .flags = XSN_F_DEFAULT, .def = XSNET_LOCKING_NETWORK_DEFAULT, .en = &xsn_vif_locking,
                  .doc = "What the guest may send; locked: only from its MAC and allowed addresses."),
        XSN_FIELD(struct xsn_vif, allowed_ipv4, XSNET_FIELD_ALLOWED_IPV4, "allowed-ipv4", XSNET_TYPE_IPS,
                  .flags = XSN_F_SET, .doc = "IPv4 addresses that a locked VIF may use."),
        XSN_FIELD(struct xsn_vif, allowed_ipv6, XSNET_FIELD_ALLOWED_IPV6, "allowed-ipv6", XSNET_TYPE_IPS,
                  .flags = XSN_F_SET, .doc = "IPv6 addresses that a locked VIF may use."),
        XSN_FIELD(struct xsn_vif, trunks, XSNET_FIELD_TRUNKS, "trunks", XSNET_TYPE_U32S, .flags = XSN_F_SET,
                  .max = 4094, .doc = "802.1Q tags that a trunk VIF sees."),
        XSN_FIELD(struct xsn_vif, status_device, XSNET_FIELD_STATUS_DEVICE, "status.device", XSNET_TYPE_STR,
                  .flags = XSN_F_OBSERVED, .doc = "Device in dom0; not set while the VIF is waiting for it."),
        XSN_FIELD(struct xsn_vif, status_mtu, XSNET_FIELD_STATUS_MTU, "status.mtu", XSNET_TYPE_U32,
                  .flags = XSN_F_OBSERVED, .doc = "MTU of the device, in bytes; the network's mtu sets it."),
        XSN_FIELD(struct xsn_vif, carrier, XSNET_FIELD_STATUS_CARRIER, "status.carrier", XSNET_TYPE_BOOL,
                  .flags = XSN_F_OBSERVED, .doc = "Whether the device has a carrier."),
        XSN_FIELD(struct xsn_vif, status_mac, XSNET_FIELD_STATUS_MAC, "status.mac", XSNET_TYPE_MAC,
                  .flags = XSN_F_OBSERVED, .doc = "MAC address that the device has in dom0."),
        XSN_FIELD(struct xsn_vif, status_master, XSNET_FIELD_STATUS_MASTER, "status.master", XSNET_TYPE_STR,
                  .flags = XSN_F_OBSERVED, .doc = "Bridge that the device is a port of."),
};

/* "4/0" of domain 4, "web-1/0" of a VM. */
static void vif_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const struct xsn_vif *vif = XSN_VIF(obj);

        if (!xsn_object_is_set(obj, XSNET_FIELD_VIF_DEVICE))
                return;
        if (vif->vm)
                xsn_buf_put(buf, vif->vm);
        else if (xsn_object_is_set(obj, XSNET_FIELD_DOMAIN))
                xsn_buf_put_number(buf, vif->domain);
        else
                return;
        xsn_buf_putc(buf, '/');
        xsn_buf_put_number(buf, vif->device);
}

static void vif_check(const struct xsnet_object *obj, struct xsnet_error **errs)
{
        const struct xsn_vif *vif = XSN_VIF(obj);
        char mac[XSN_MAC_STRLEN];

        if (xsn_object_is_set(obj, XSNET_FIELD_VM) && xsn_object_is_set(obj, XSNET_FIELD_DOMAIN))
                xsn_error_add(errs, -EINVAL, "conflict", "domain",
                              "domain: a vif is named by vm or by domain, not both");
        if (xsn_object_is_set(obj, XSNET_FIELD_MAC) && (xsn_mac_is_multicast(&vif->mac) || xsn_mac_is_zero(&vif->mac)))
                xsn_error_add(errs, -EINVAL, "bad-value", "mac", "mac: expected the address of one station, found %s",
                              xsn_mac_format(&vif->mac, mac));
}

const struct xsn_class xsn_vif_class = {
        .kind = XSNET_KIND_VIF,
        .name = "vif",
        .plural = "vifs",
        .doc = "A guest's virtual interface.",
        .size = sizeof(struct xsn_vif),
        .fields = vif_fields,
        .n_fields = XSN_ARRAY_SIZE(vif_fields),
        .check = vif_check,
        .key = vif_key,
};
