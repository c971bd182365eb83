/* SPDX-License-Identifier: Apache-2.0 */
/* What is a PIF: NICs, bonds, VLANs, tunnels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

static bool positive(const char *text, uint32_t max, uint32_t *ret_n)
{
        unsigned long n;
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        n = strtoul(text, &end, 10);
        *ret_n = (uint32_t)n;
        return !errno && !*end && n <= max;
}

/* ---- what all of them have ---- */

static int view_status(const struct xa_view *view, const struct xa_pif *pif, struct xsn_linked *linked)
{
        const struct xa_record *metrics = xsn_xa_follow(view->records, XA_PIF_METRICS, pif->row, XA_PIF_METRICS_REF);
        const char *master = pif->bond ? pif->bond->name : xsn_xa_text(pif->network, XA_NETWORK_BRIDGE);
        struct xsnet_object *obj = &linked->o;

        /* Of what is not plugged it is an old one. */
        if (xsn_xa_bool(pif->row, XA_PIF_CURRENTLY_ATTACHED, false) &&
            positive(xsn_xa_text(pif->row, XA_PIF_MTU), UINT32_MAX, &linked->l.status_mtu) && linked->l.status_mtu)
                xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
        if (xsn_xa_told(metrics, XA_PIF_METRICS_CARRIER)) {
                linked->l.carrier = xsn_xa_bool(metrics, XA_PIF_METRICS_CARRIER, false);
                xsn_object_mark(obj, XSNET_FIELD_STATUS_CARRIER);
        }
        if (xsn_mac_parse(xsn_xa_text(pif->row, XA_PIF_MAC), &linked->l.status_mac) == 0)
                xsn_object_mark(obj, XSNET_FIELD_STATUS_MAC);
        if (!xsn_xa_bool(pif->row, XA_PIF_MANAGED, true) &&
            xsn_object_set_string(obj, XSNET_FIELD_STATUS_MANAGED_BY, "another program than xapi") < 0)
                return -ENOMEM;
        return master && *master && xsn_text_valid(master, false)
                       ? xsn_object_set_string(obj, XSNET_FIELD_STATUS_MASTER, master)
                       : 0;
}

/* A member has neither network nor addresses: what its record says of them is not in force, its bond's is. */
static int view_use(const struct xa_pif *pif, struct xsnet_object *obj)
{
        const char *gateway = xsn_xa_key(pif->row, XA_PIF_OTHER_CONFIG, "defaultroute");

        if (pif->bond)
                return 0;
        if (pif->network && xsn_object_set_string(obj, XSNET_FIELD_NETWORK, xsn_xa_network_name(pif->network)) < 0)
                return -ENOMEM;
        obj->a.management = xsn_xa_bool(pif->row, XA_PIF_MANAGEMENT, false);
        xsn_object_mark(obj, XSNET_FIELD_MANAGEMENT);
        obj->a.plugged = xsn_xa_bool(pif->row, XA_PIF_CURRENTLY_ATTACHED, false);
        xsn_object_mark(obj, XSNET_FIELD_PLUGGED);
        obj->a.default_route = gateway && !strcmp(gateway, "true");
        if (obj->a.default_route)
                xsn_object_mark(obj, XSNET_FIELD_DEFAULT_ROUTE);
        return xsn_xa_view_addresses(pif->row, obj);
}

static int view_common(const struct xa_view *view, const struct xa_pif *pif, const struct xa_place *place,
                       struct xsnet_object *obj)
{
        int r = xsn_object_set_host(obj, pif->host->name);

        if (r == 0)
                r = xsn_xa_read_fields(place, obj);
        if (r == 0)
                r = view_use(pif, obj);
        if (r == 0)
                r = view_status(view, pif, (struct xsn_linked *)(void *)obj);
        if (r == 0)
                r = xsn_xa_view_marks(pif->row, XA_PIF_OTHER_CONFIG, obj);
        /* What was made by one call gets its mark by the next. */
        obj->begun = pif->role != XA_ROLE_NIC && !xsn_xa_list(pif->row, XA_PIF_OTHER_CONFIG)->n;
        return r < 0 ? r : xsn_xa_payload_save(obj, place);
}

/* ---- NICs ---- */

static int view_match(const struct xa_view *view, const struct xa_pif *pif, struct xsn_pif *nic)
{
        const struct xa_record *metrics = xsn_xa_follow(view->records, XA_PIF_METRICS, pif->row, XA_PIF_METRICS_REF);
        const char *pci = xsn_xa_text(metrics, XA_PIF_METRICS_PCI_BUS_PATH);
        const char *bridge = xsn_xa_text(pif->network, XA_NETWORK_BRIDGE);

        if (xsn_mac_parse(xsn_xa_text(pif->row, XA_PIF_MAC), &nic->match_mac) == 0)
                xsn_object_mark(&nic->o, XSNET_FIELD_MATCH_MAC);
        /* Where a host's NICs have other names than the others', their places are still the same. */
        if (!strncmp(bridge, "xenbr", 5) && positive(bridge + 5, 65535, &nic->match_position))
                xsn_object_mark(&nic->o, XSNET_FIELD_MATCH_POSITION);
        return *pci && strlen(pci) <= 64 && xsn_text_valid(pci, false)
                       ? xsn_object_set_string(&nic->o, XSNET_FIELD_MATCH_PCI, pci)
                       : 0;
}

static int view_nic(const struct xa_view *view, const struct xa_pif *pif, struct xsnet_object *obj)
{
        struct xa_place place = { .rows = { [XA_PIF] = pif->row } };
        int r = xsn_object_set_string(obj, XSNET_FIELD_DEVICE, pif->name);

        if (r == 0)
                r = view_match(view, pif, XSN_PIF(obj));
        return r < 0 ? r : view_common(view, pif, &place, obj);
}

/* ---- bonds ---- */

static int compare_names(const void *a, const void *b)
{
        return strverscmp(*(char *const *)a, *(char *const *)b);
}

/*
 * The primary comes first: it gets everything back when the bond goes. XAPI takes one member, too; documents do not
 * know such a bond's members.
 */
static int view_members(const struct xa_view *view, const struct xa_pif *pif, struct xsn_bond *bond)
{
        const struct xa_pif *primary;

        for (size_t i = 0; i < view->n_pifs; i++)
                if (view->pifs[i].bond == pif && view->pifs[i].role == XA_ROLE_NIC && view->pifs[i].name &&
                    xsn_strs_add(&bond->members, view->pifs[i].name) < 0)
                        return -ENOMEM;
        if (bond->members.n < 2) {
                xsn_strs_clear(&bond->members);
                return 0;
        }
        qsort(bond->members.v, bond->members.n, sizeof(char *), compare_names);
        primary = xsn_xa_view_pif(view, pif->about, XA_BOND_PRIMARY_SLAVE);
        for (size_t i = 1; primary && primary->name && i < bond->members.n; i++) {
                char **at = bond->members.v, *name = at[i];

                if (strcmp(name, primary->name) != 0)
                        continue;
                memmove(at + 1, at, i * sizeof(*at));
                at[0] = name;
                break;
        }
        xsn_object_mark(&bond->o, XSNET_FIELD_MEMBERS);
        return 0;
}

static void view_delay(const struct xa_pif *pif, const char *key, uint32_t otherwise, struct xsnet_object *obj,
                       int field, uint32_t *member)
{
        const char *text = xsn_xa_key(pif->row, XA_PIF_OTHER_CONFIG, key);

        if (!text || !positive(text, 3600000, member))
                *member = otherwise;
        xsn_object_mark(obj, field);
}

static int view_bond(const struct xa_view *view, const struct xa_pif *pif, struct xsnet_object *obj)
{
        struct xa_place place = { .rows = { [XA_PIF] = pif->row, [XA_BOND] = pif->about } };
        struct xsn_bond *bond = XSN_BOND(obj);
        int r = xsn_object_set_string(obj, XSNET_FIELD_NAME, pif->name);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, xsn_xa_text(pif->row, XA_PIF_DEVICE));
        if (r == 0)
                r = view_members(view, pif, bond);
        if (r < 0)
                return r;
        view_delay(pif, "bond-updelay", XA_BOND_UPDELAY, obj, XSNET_FIELD_UPDELAY, &bond->updelay);
        view_delay(pif, "bond-downdelay", XA_BOND_DOWNDELAY, obj, XSNET_FIELD_DOWNDELAY, &bond->downdelay);
        view_delay(pif, "bond-miimon", XA_BOND_MIIMON, obj, XSNET_FIELD_MONITOR_INTERVAL, &bond->monitor_interval);
        if (bond->monitor_interval == 0)
                xsn_object_clear(obj, XSNET_FIELD_MONITOR_INTERVAL);
        if (!xsn_xa_bool(pif->about, XA_BOND_AUTO_UPDATE_MAC, true) &&
            xsn_mac_parse(xsn_xa_text(pif->row, XA_PIF_MAC), &bond->mac) == 0 && !xsn_mac_is_multicast(&bond->mac) &&
            !xsn_mac_is_zero(&bond->mac))
                xsn_object_mark(obj, XSNET_FIELD_MAC);
        return view_common(view, pif, &place, obj);
}

/* ---- VLANs and tunnels ---- */

static int view_vlan(const struct xa_view *view, const struct xa_pif *pif, struct xsnet_object *obj)
{
        struct xa_place place = { .rows = { [XA_PIF] = pif->row, [XA_VLAN] = pif->about } };
        int r = xsn_object_set_string(obj, XSNET_FIELD_PIF, pif->below->name);

        return r < 0 ? r : view_common(view, pif, &place, obj);
}

static int view_tunnel(const struct xa_view *view, const struct xa_pif *pif, struct xsnet_object *obj)
{
        struct xa_place place = { .rows = { [XA_PIF] = pif->row, [XA_TUNNEL] = pif->about } };
        const char *protocol = xsn_xa_text(pif->about, XA_TUNNEL_PROTOCOL);
        struct xsn_tunnel *tunnel = XSN_TUNNEL(obj);
        int r = xsn_object_set_string(obj, XSNET_FIELD_TRANSPORT, pif->below->name);

        if (r < 0)
                return r;
        /* Older ones have no other. */
        tunnel->protocol.value = *protocol ? xsn_xa_enum_value(XSNET_FIELD_PROTOCOL, protocol) : XSNET_PROTOCOL_GRE;
        if (!tunnel->protocol.value) {
                tunnel->protocol.raw = xsn_strdup(xsn_text_valid(protocol, false) ? protocol : "?");
                if (!tunnel->protocol.raw)
                        return -ENOMEM;
        }
        xsn_object_mark(obj, XSNET_FIELD_PROTOCOL);
        return view_common(view, pif, &place, obj);
}

/* ---- all of them ---- */

static const struct {
        int kind;
        int (*view)(const struct xa_view *view, const struct xa_pif *pif, struct xsnet_object *obj);
} roles[] = {
        [XA_ROLE_NIC] = { XSNET_KIND_PIF, view_nic },
        [XA_ROLE_BOND] = { XSNET_KIND_BOND, view_bond },
        [XA_ROLE_VLAN] = { XSNET_KIND_VLAN, view_vlan },
        [XA_ROLE_TUNNEL] = { XSNET_KIND_TUNNEL, view_tunnel },
};

/* Nobody can name what stands on nothing, or on what has no name (a virtual function's PIF, say). */
static bool is_shown(const struct xa_pif *pif)
{
        if (pif->role == XA_ROLE_OTHER || !pif->name)
                return false;
        return pif->role != XA_ROLE_TUNNEL || (pif->below && pif->below->name && pif->network);
}

int xsn_xa_view_pifs(const struct xa_view *view, struct xsnet_state *state)
{
        for (size_t i = 0; i < view->n_pifs; i++) {
                const struct xa_pif *pif = &view->pifs[i];
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;

                if (!is_shown(pif))
                        continue;
                if (xsn_object_new(xsn_class_of(roles[pif->role].kind), &obj) < 0 ||
                    roles[pif->role].view(view, pif, obj) < 0 || xsn_state_add(state, obj) < 0)
                        return -ENOMEM;
        }
        return 0;
}
