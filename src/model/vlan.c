/* SPDX-License-Identifier: Apache-2.0 */
/* The kind `vlan`: one tag of a PIF or bond. Everywhere else it is called PIF.TAG. */
#include "model/kinds.h"

#include "model/object.h"

static const struct xsn_field vlan_fields[] = {
        XSN_FIELD(struct xsn_vlan, pif, XSNET_FIELD_PIF, "pif", XSNET_TYPE_STR, .flags = XSN_F_KEY | XSN_F_DEVNAME,
                  .doc = "Device or bond that carries the tagged frames."),
        XSN_FIELD(struct xsn_vlan, tag, XSNET_FIELD_TAG, "tag", XSNET_TYPE_U32, .flags = XSN_F_KEY, .max = 4094,
                  .doc = "802.1Q tag."),
        XSN_FIELD(struct xsn_vlan, device, XSNET_FIELD_DEVICE, "device", XSNET_TYPE_STR,
                  .flags = XSN_F_DEVNAME | XSN_F_RECREATE, .doc = "Device name; chosen where it is not named."),
};

static void vlan_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const struct xsn_vlan *vlan = XSN_VLAN(obj);

        if (!xsn_object_is_set(obj, XSNET_FIELD_PIF) || !xsn_object_is_set(obj, XSNET_FIELD_TAG))
                return;
        xsn_buf_put(buf, vlan->pif);
        xsn_buf_put(buf, ".");
        xsn_buf_put_number(buf, vlan->tag);
}

const struct xsn_class xsn_vlan_class = {
        .kind = XSNET_KIND_VLAN,
        .name = "vlan",
        .plural = "vlans",
        .doc = "One tag of a PIF or bond, with a network of its own.",
        .size = sizeof(struct xsn_vlan),
        .fields = vlan_fields,
        .n_fields = XSN_ARRAY_SIZE(vlan_fields),
        .has_link = true,
        .has_address = true,
        .key = vlan_key,
};
