/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `pif`: a physical interface of a host. */
#include "model/kinds.h"

#include <errno.h>

#include "model/object.h"

static const struct xsn_field pif_fields[] = {
        XSN_FIELD(struct xsn_pif, device, XSNET_FIELD_DEVICE, "device", XSNET_TYPE_STR,
                  .flags = XSN_F_KEY | XSN_F_DEVNAME, .doc = "Device name."),
        XSN_FIELD(struct xsn_pif, match_mac, XSNET_FIELD_MATCH_MAC, "match.mac", XSNET_TYPE_MAC,
                  .flags = XSN_F_SELECT, .doc = "Permanent MAC address that selects the NIC."),
        XSN_FIELD(struct xsn_pif, match_position, XSNET_FIELD_MATCH_POSITION, "match.position", XSNET_TYPE_U32,
                  .flags = XSN_F_SELECT, .max = 65535, .doc = "Position among the host's NICs that selects the NIC."),
        XSN_FIELD(struct xsn_pif, match_pci, XSNET_FIELD_MATCH_PCI, "match.pci", XSNET_TYPE_STR,
                  .flags = XSN_F_SELECT, .min = 1, .max = 64, .doc = "PCI address that selects the NIC."),
        XSN_FIELD(struct xsn_pif, match_driver, XSNET_FIELD_MATCH_DRIVER, "match.driver", XSNET_TYPE_STR,
                  .flags = XSN_F_SELECT, .min = 1, .max = 64, .doc = "Driver that selects the NIC."),
        XSN_FIELD(struct xsn_pif, rename, XSNET_FIELD_RENAME, "rename", XSNET_TYPE_STR, .flags = XSN_F_DEVNAME,
                  .doc = "New device name; null gives the old one back."),
        XSN_FIELD(struct xsn_pif, disallow_unplug, XSNET_FIELD_DISALLOW_UNPLUG, "disallow-unplug", XSNET_TYPE_BOOL,
                  .flags = XSN_F_DEFAULT, .def = false, .doc = "Whether unplugging is forbidden, as for storage."),
        XSN_FIELD(struct xsn_pif, status_old_name, XSNET_FIELD_STATUS_OLD_NAME, "status.old-name", XSNET_TYPE_STR,
                  .flags = XSN_F_OBSERVED, .doc = "Name before it was renamed."),
};

static void pif_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        if (xsn_object_is_set(obj, XSNET_FIELD_DEVICE))
                xsn_buf_put(buf, XSN_PIF(obj)->device);
}

const struct xsn_class xsn_pif_class = {
        .kind = XSNET_KIND_PIF,
        .name = "pif",
        .plural = "pifs",
        .doc = "A physical interface of a host, and the place of its addresses.",
        .size = sizeof(struct xsn_pif),
        .fields = pif_fields,
        .n_fields = XSN_ARRAY_SIZE(pif_fields),
        .has_link = true,
        .has_address = true,
        .key = pif_key,
};
