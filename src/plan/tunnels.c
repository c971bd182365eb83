/* SPDX-License-Identifier: Apache-2.0 */
/* What a tunnel takes from its transport: the local address. And its device's name, which follows from its ends. */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static const struct xsn_list *addresses(const struct xsnet_object *obj, int family)
{
        return family == 6 ? &obj->a.ipv6_address : &obj->a.ipv4_address;
}

static bool has_address(const struct xsnet_object *obj, const struct xsn_ip *ip)
{
        const struct xsn_list *list = addresses(obj, ip->family);

        for (size_t i = 0; i < list->n; i++)
                if (xsn_ip_same_address(&XSN_ITEM(*list, struct xsn_ip, i), ip))
                        return true;
        return false;
}

/* Will the interface get addresses that nobody knows yet? */
static bool is_automatic(const struct xsnet_object *obj)
{
        return (xsn_object_is_set(obj, XSNET_FIELD_IPV4_MODE) && obj->a.ipv4_mode.value == XSNET_IP_DHCP) ||
               (xsn_object_is_set(obj, XSNET_FIELD_IPV6_MODE) &&
                (obj->a.ipv6_mode.value == XSNET_IP_DHCP || obj->a.ipv6_mode.value == XSNET_IP_AUTOCONF));
}

/* The family of the outer packets. */
static int family_of(const struct xsn_tunnel *tunnel)
{
        if (tunnel->remotes.n)
                return XSN_ITEM(tunnel->remotes, struct xsn_ip, 0).family;
        return 4;
}

/* The first address of the family that is no link-local one. */
static const struct xsn_ip *pick(const struct xsnet_object *transport, int family)
{
        const struct xsn_list *list = addresses(transport, family);

        for (size_t i = 0; i < list->n; i++)
                if (!xsn_ip_is_link_local(&XSN_ITEM(*list, struct xsn_ip, i)))
                        return &XSN_ITEM(*list, struct xsn_ip, i);
        return list->n ? &XSN_ITEM(*list, struct xsn_ip, 0) : NULL;
}

/* Was the local address the transport's, and is no longer? */
static bool is_stale(const struct xsn_slot *slot, const struct xsn_slot *transport)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(slot->pair->to);

        return !xsn_slot_wants(slot, XSNET_FIELD_LOCAL, false) && xsn_slot_changes(transport) &&
               transport->pair->from && has_address(transport->pair->from, &tunnel->local) &&
               !has_address(transport->pair->to, &tunnel->local);
}

static int set_local(struct xsn_slot *slot, const struct xsn_slot *transport)
{
        bool set = xsn_object_is_set(slot->pair->to, XSNET_FIELD_LOCAL);
        int row = xsn_class_index(&xsn_tunnel_class, XSNET_FIELD_LOCAL);
        int family = family_of(XSN_TUNNEL(slot->pair->to));
        const struct xsn_ip *ip = pick(transport->pair->to, family);
        struct xsnet_object *to;

        if (set && !is_stale(slot, transport))
                return 0;
        if (!ip) {
                bool lost = transport->pair->from && pick(transport->pair->from, family);

                if ((slot->diff || !slot->pair->from || lost) && !is_automatic(transport->pair->to))
                        xsn_slot_error(slot, XSNET_FIELD_TRANSPORT, -EINVAL, "no-address",
                                       "the transport '%s' has no IPv%d address", XSN_TUNNEL(slot->pair->to)->transport,
                                       family);
                return 0;
        }
        if (!xsn_caps_has_field(slot->node->target->input->caps, XSNET_KIND_TUNNEL, (size_t)row))
                return 0;
        to = xsn_slot_edit(slot);
        if (!to)
                return -ENOMEM;
        XSN_TUNNEL(to)->local = *ip;
        XSN_TUNNEL(to)->local.plen = (uint8_t)xsn_ip_max_plen(ip);
        xsn_object_mark(to, XSNET_FIELD_LOCAL);
        slot->asked = true;
        return 0;
}

/* Did we choose this device's name for the one remote that the tunnel had? */
static bool is_chosen(const struct xsnet_object *from)
{
        const struct xsn_tunnel *tunnel = from ? XSN_TUNNEL(from) : NULL;
        char chosen[16];

        return tunnel && tunnel->remotes.n == 1 && xsn_object_is_set(from, XSNET_FIELD_DEVICE) &&
               !xsn_tunnel_port_name(from, &XSN_ITEM(tunnel->remotes, struct xsn_ip, 0), chosen) &&
               !strcmp(chosen, tunnel->device);
}

/* One remote, one device; with several, each port is named by the backend in the same way. */
static int name_device(struct xsn_slot *slot)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(slot->pair->to);
        char chosen[16];

        if (xsn_slot_wants(slot, XSNET_FIELD_DEVICE, false)) {
                if (tunnel->remotes.n > 1)
                        xsn_slot_error(slot, XSNET_FIELD_DEVICE, -EINVAL, "too-many-remotes",
                                       "a device can be named for one remote; %zu remotes are %zu devices",
                                       tunnel->remotes.n, tunnel->remotes.n);
                return 0;
        }
        /* A name that somebody gave it stays. */
        if (xsn_object_is_set(slot->pair->to, XSNET_FIELD_DEVICE) && !is_chosen(slot->pair->from))
                return 0;
        if (!xsn_slot_edit(slot))
                return -ENOMEM;
        if (tunnel->remotes.n != 1) {
                xsn_object_clear(slot->pair->to, XSNET_FIELD_DEVICE);
                return 0;
        }
        tunnel = XSN_TUNNEL(slot->pair->to);
        if (xsn_tunnel_port_name(slot->pair->to, &XSN_ITEM(tunnel->remotes, struct xsn_ip, 0), chosen) < 0)
                return -ENOMEM;
        return xsn_object_set_string(slot->pair->to, XSNET_FIELD_DEVICE, chosen);
}

static void check_remotes(struct xsn_slot *slot)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(slot->pair->to);
        int row = xsn_class_index(&xsn_tunnel_class, XSNET_FIELD_REMOTES);

        if (!tunnel->remotes.n && xsn_caps_has_field(slot->node->target->input->caps, XSNET_KIND_TUNNEL, (size_t)row))
                xsn_slot_error(slot, XSNET_FIELD_REMOTES, -EINVAL, "missing-field", "expected one remote or more");
        for (size_t i = 1; i < tunnel->remotes.n; i++)
                if (XSN_ITEM(tunnel->remotes, struct xsn_ip, i).family != family_of(tunnel)) {
                        xsn_slot_error(slot, XSNET_FIELD_REMOTES, -EINVAL, "mixed-families",
                                       "expected IPv4 or IPv6 remotes, found both");
                        return;
                }
}

static int complete(struct xsn_slot *slot)
{
        const char *name = xsn_object_string(slot->pair->to, XSNET_FIELD_TRANSPORT);
        struct xsn_slot *transport = name ? xsn_dom0_pif(slot->node, name) : NULL;

        if (slot->diff || !slot->pair->from)
                check_remotes(slot);
        /* A transport that is not there, or goes, is reported by stack.c. */
        if (transport && xsn_slot_stays(transport) && set_local(slot, transport) < 0)
                return -ENOMEM;
        if (!xsn_slot_changes(slot) || !xsn_target_can(slot->node->target, XSN_CAP_NAMES_DEVICES))
                return 0;
        return name_device(slot);
}

int xsn_tunnels(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];
                const char *name = xsn_slot_stays(slot) && XSN_TUNNEL(slot->pair->to)
                                           ? xsn_object_string(slot->pair->to, XSNET_FIELD_TRANSPORT)
                                           : NULL;
                struct xsn_slot *transport = name ? xsn_dom0_pif(slot->node, name) : NULL;

                if (name && (xsn_slot_changes(slot) || (transport && xsn_slot_changes(transport))) &&
                    complete(slot) < 0)
                        return -ENOMEM;
        }
        return 0;
}
