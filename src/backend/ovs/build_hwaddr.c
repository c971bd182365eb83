/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bridge has the MAC address of its PIF, so that neighbours of an address that moves there notice nothing: as
 * other_config:hwaddr, for vswitchd undoes what is set at the device itself. One that somebody else chose stays.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

#define KEY "hwaddr"

static bool mac_of(const struct ovs_build *b, const char *device, struct xsn_mac *ret_mac)
{
        const struct xsn_d0_link *link = b->in->net ? xsn_d0_link_named(b->in->net, device) : NULL;
        const struct ovs_row *row = xsn_ovs_row_named(b->in->rows, OVS_INTERFACE, device);
        const char *text = xsn_ovs_get_string(row, "mac_in_use");

        if (!link)
                return text && xsn_mac_parse(text, ret_mac) == 0;
        *ret_mac = link->mac;
        return link->has_mac;
}

/* The bridge of the network in one of the states, as edited; *ret NULL: none, or a fake one. */
static int bridge_of(struct ovs_build *b, const struct ovs_names *names, const char *network, struct ovs_edit **ret)
{
        const struct xsnet_object *net = network ? xsn_hash_get_str(&names->networks, network) : NULL;
        struct ovs_shape shape;
        int r;

        *ret = NULL;
        r = net ? xsn_ovs_shape_of(b, names, net, &shape) : 0;
        if (r < 0 || !net || shape.parent)
                return r;
        r = xsn_ovs_edit(b, OVS_BRIDGE, shape.bridge, ret);
        if (r == 0 && *ret && !xsn_ovs_edit_lives(*ret))
                *ret = NULL;
        return r;
}

/* The device that gives a PIF its address. */
static const char *device_of(const struct xsnet_object *obj)
{
        const struct xsn_bond *bond = XSN_BOND(obj);

        if (XSN_PIF(obj))
                return XSN_PIF(obj)->device;
        return bond && bond->members.n > 0 ? XSN_ITEM(bond->members, char *, 0) : NULL;
}

/* ---- given back ---- */

static int take_from(struct ovs_build *b, const char *network, const char *device)
{
        struct ovs_edit *bridge;
        struct xsn_mac mac, has;
        const char *text;
        int r = device ? bridge_of(b, &b->before, network, &bridge) : 0;

        if (r < 0 || !device || !bridge)
                return r;
        text = xsn_ovs_edit_key(bridge, "other_config", KEY);
        if (!text || xsn_mac_parse(text, &has) < 0 || !mac_of(b, device, &mac) || !xsn_mac_equal(&has, &mac))
                return 0;
        return xsn_ovs_edit_put_key(b, bridge, "other_config", KEY, NULL);
}

/* A member had a network of its own. */
static int take_members(struct ovs_build *b, const struct xsn_bond *bond)
{
        int r = 0;

        for (size_t i = 0; i < bond->members.n && r == 0; i++) {
                const struct xsnet_object *nic = xsn_hash_get_str(&b->before.pifs, XSN_ITEM(bond->members, char *, i));
                const char *network = nic ? xsn_object_network(nic) : NULL, *is = xsn_object_network(&bond->o);

                if (network && (!is || strcmp(network, is) != 0))
                        r = take_from(b, network, XSN_PIF(nic) ? XSN_PIF(nic)->device : NULL);
        }
        return r;
}

static int take(struct ovs_build *b)
{
        const struct xsnet_object *from = b->step->from, *to = b->step->to;
        const char *was = from ? xsn_object_network(from) : NULL, *is = to ? xsn_object_network(to) : NULL;
        int r = 0;

        if (was && (!is || strcmp(was, is) != 0))
                r = take_from(b, was, device_of(from));
        return r == 0 && to && XSN_BOND(to) ? take_members(b, XSN_BOND(to)) : r;
}

/* ---- given ---- */

static int give(struct ovs_build *b)
{
        const struct xsnet_object *from = b->step->from, *to = b->step->to;
        _cleanup_(xsn_freep) char *kept = NULL;
        const char *was = from ? xsn_object_network(from) : NULL, *is = to ? xsn_object_network(to) : NULL, *value;
        struct ovs_edit *bridge;
        char text[XSN_MAC_STRLEN];
        struct xsn_mac mac;
        int r = is && (!was || strcmp(was, is) != 0) ? bridge_of(b, &b->after, is, &bridge) : 1;

        if (r != 0 || !bridge)
                return r < 0 ? r : 0;
        if (xsn_ovs_is_back(b)) {
                value = xsn_d0_payload_find(to, KEY);
                kept = value ? xsn_strndup(value, strcspn(value, ";")) : NULL;
                if (value && !kept)
                        return -ENOMEM;
                return xsn_ovs_edit_put_key(b, bridge, "other_config", KEY, kept);
        }
        if (xsn_ovs_edit_key(bridge, "other_config", KEY) || !device_of(to) || !mac_of(b, device_of(to), &mac))
                return 0;
        return xsn_ovs_edit_put_key(b, bridge, "other_config", KEY, xsn_mac_format(&mac, text));
}

int xsn_ovs_put_hwaddrs(struct ovs_build *b)
{
        int r = 0;

        for (int giving = 0; giving < 2; giving++)
                for (size_t i = 0; i < b->txn->steps.n && r == 0; i++) {
                        const struct xsnet_step *s = b->txn->steps.steps[i];
                        const struct xsnet_object *obj = s->to ? s->to : s->from;

                        if (!XSN_PIF(obj) && !XSN_BOND(obj))
                                continue;
                        b->step = s;
                        r = giving ? give(b) : take(b);
                }
        return r;
}
