/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device names that the document leaves to us: deterministic, and at most 15 bytes.
 * Then every device of a host has one name, and every name one device.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"

#define HEX 8

static void hashed(const char *prefix, const char *text, char ret_name[16])
{
        char hex[HEX + 1];

        xsn_sha256_hex(text, strlen(text), hex, HEX);
        (void)snprintf(ret_name, 16, "%s%s", prefix, hex);
}

void xsn_default_bridge(const char *name, char ret_bridge[16])
{
        hashed("xs", name, ret_bridge);
}

int xsn_tunnel_port_name(const struct xsnet_object *tunnel, const struct xsn_ip *remote, char ret_device[16])
{
        char address[XSN_IP_STRLEN], *text;
        struct xsn_buf buf = { 0 };

        xsn_object_key(tunnel, &buf);
        xsn_buf_printf(&buf, "/%s", xsn_ip_format(remote, address));
        if (xsn_buf_take(&buf, &text) < 0)
                return -ENOMEM;
        hashed("xt", text, ret_device);
        xsn_free(text);
        return 0;
}

/* ---- one name, one device ---- */

/* Had the slot this device name before? */
static bool had(const struct xsn_slot *slot, const char *device)
{
        const char *before = slot->pair->from ? xsn_object_device(slot->pair->from) : NULL;

        return before && !strcmp(before, device);
}

static int device_field(const struct xsn_slot *slot)
{
        static const int fields[XSN_N_KINDS + 1] = {
                0, XSNET_FIELD_BRIDGE, XSNET_FIELD_RENAME, XSNET_FIELD_NAME, XSNET_FIELD_DEVICE, XSNET_FIELD_DEVICE, 0
        };

        return fields[xsn_slot_kind(slot)];
}

static int take_name(struct xsn_slot *slot)
{
        const char *device = xsn_object_device(slot->pair->to);
        struct xsn_slot *other = device ? xsn_hash_get_str(&slot->node->devices, device) : NULL;

        if (!device || (other && had(slot, device) && had(other, device)))
                return 0;
        if (other) {
                struct xsn_slot *late = had(slot, device) ? other : slot;

                xsn_slot_error(late, device_field(late), -EBUSY, "device-used-twice", "'%s' is the device of the %s",
                               device, xsn_slot_name(late == slot ? other : slot));
                return 0;
        }
        device = xsn_target_keep(slot->node->target, device);
        return device ? xsn_hash_put_str(&slot->node->devices, device, slot) : -ENOMEM;
}

/* ---- defaults ---- */

static bool is_free(const struct xsn_slot *slot, const char *device)
{
        return xsn_ifname_valid(device) && !xsn_hash_get_str(&slot->node->devices, device);
}

/* Not where the VLAN's network is all the device there is. */
static bool vlan_has_device(const struct xsn_target *target)
{
        return xsn_target_can(target, XSN_CAP_NAMES_DEVICES) &&
               xsn_caps_has_field(target->input->caps, XSNET_KIND_VLAN,
                                  (size_t)xsn_class_index(&xsn_vlan_class, XSNET_FIELD_DEVICE));
}

static int name_vlan(struct xsn_slot *slot)
{
        struct xsnet_object *to = slot->pair->to;
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };
        char chosen[16] = "";

        if (xsn_object_is_set(to, XSNET_FIELD_DEVICE) || !vlan_has_device(slot->node->target))
                return 0;
        xsn_object_key(to, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        if (!is_free(slot, key))
                hashed("xv", key, chosen);
        if (xsn_object_set_string(to, XSNET_FIELD_DEVICE, *chosen ? chosen : key) < 0)
                return -ENOMEM;
        return take_name(slot);
}

static int name_network(struct xsn_slot *slot)
{
        struct xsnet_object *to = slot->pair->to;
        const char *name = xsn_object_string(to, XSNET_FIELD_NAME);
        char chosen[16] = "";

        if (xsn_object_is_set(to, XSNET_FIELD_BRIDGE) || !name ||
            !xsn_target_can(slot->node->target, XSN_CAP_NAMES_BRIDGE))
                return 0;
        if (!is_free(slot, name))
                xsn_default_bridge(name, chosen);
        if (xsn_object_set_string(to, XSNET_FIELD_BRIDGE, *chosen ? chosen : name) < 0)
                return -ENOMEM;
        return take_name(slot);
}

static int name_all(struct xsn_target *target, int kind, int (*name)(struct xsn_slot *slot))
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (!slot->pair->from && xsn_slot_stays(slot) && xsn_slot_kind(slot) == kind && name(slot) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int xsn_names(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_nodes; i++)
                xsn_hash_done(&target->nodes[i]->devices);
        if (target->pool)
                xsn_hash_done(&target->pool->devices);
        for (size_t i = 0; i < target->n_slots; i++)
                if (xsn_slot_stays(target->slots[i]) && take_name(target->slots[i]) < 0)
                        return -ENOMEM;
        if (name_all(target, XSNET_KIND_VLAN, name_vlan) < 0)
                return -ENOMEM;
        return name_all(target, XSNET_KIND_NETWORK, name_network);
}
