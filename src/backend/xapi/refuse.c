/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plan refuses although documents may say it: what XAPI does not take, and what it takes and should not. The
 * planner asks for each object that changes; what is looked at beside it is the pool as it was observed, and as it
 * shall be.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "backend/xapi/xapi.h"

/* One question of the planner's, and where the answer goes. */
struct judged {
        const struct xa_view *view;
        struct xsnet_state *wanted;
        const struct xsnet_object *from, *to;
        int *field;
        struct xsnet_error **err;
};

#define REFUSE(j, field_, code, reason, ...) \
        (*(j)->field = (field_), xsn_error_set((j)->err, (code), (reason), __VA_ARGS__))

/* The row is set in `to`, and not as it was. */
static bool sets(const struct judged *j, int field)
{
        int row = xsn_class_index(j->to->cls, field);

        if (row < 0 || !xsn_object_is_set(j->to, field))
                return false;
        return !j->from || j->from->cls != j->to->cls || xsn_object_row_differs(j->from, j->to, (size_t)row);
}

static const struct xa_pif *find_pif(const struct xa_view *view, const char *host, const char *name)
{
        for (size_t i = 0; i < view->n_pifs; i++)
                if (view->pifs[i].name && !strcmp(view->pifs[i].name, name) && !strcmp(view->pifs[i].host->name, host))
                        return &view->pifs[i];
        return NULL;
}

static const struct xa_record *find_network(const struct xa_view *view, const struct xsnet_object *net)
{
        const char *uuid = xsn_object_string(net, XSNET_FIELD_UUID);

        for (size_t i = 0; uuid && i < view->n_networks; i++)
                if (xsn_xa_is(view->networks[i], XA_UUID, uuid))
                        return view->networks[i];
        return NULL;
}

/* ---- other_config ---- */

/* XAPI writes keys as they are into its XML: with such a one no reply could be read any more. */
static int judge_keys(const struct judged *j)
{
        int row = xsn_class_index(j->to->cls, XSNET_FIELD_OTHER_CONFIG);
        const struct xsn_list *map =
                row < 0 ? NULL : xsn_object_member(j->to, xsn_class_field(j->to->cls, (size_t)row));

        if (!map || !sets(j, XSNET_FIELD_OTHER_CONFIG))
                return 0;
        for (size_t i = 0; i < map->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*map, struct xsn_entry, i);

                if (!*e->key || strpbrk(e->key, "<>&"))
                        return REFUSE(j, XSNET_FIELD_OTHER_CONFIG, -EINVAL, "bad-key",
                                      "XAPI cannot keep the key '%s': expected one that is not empty and has none of "
                                      "< > &",
                                      e->key);
        }
        return 0;
}

/* ---- networks ---- */

static int judge_bridge(const struct judged *j)
{
        const char *bridge = xsn_object_string(j->to, XSNET_FIELD_BRIDGE);

        if (bridge && !j->from && xsn_xa_bridge_is_reserved(bridge))
                return REFUSE(j, XSNET_FIELD_BRIDGE, -EINVAL, "reserved-name",
                              "XAPI keeps names like '%s' for bridges that it names itself", bridge);
        return 0;
}

/* The mode of VIFs that are plugged cannot change under them. */
static int judge_locking(const struct judged *j, const struct xa_record *row)
{
        const struct xa_table *vifs = &j->view->records->tables[XA_VIF];

        for (size_t i = 0; row && sets(j, XSNET_FIELD_LOCKING) && i < vifs->n; i++)
                if (xsn_xa_is(vifs->v[i], XA_VIF_NETWORK, row->ref) &&
                    xsn_xa_bool(vifs->v[i], XA_VIF_CURRENTLY_ATTACHED, false) &&
                    xsn_xa_is(vifs->v[i], XA_VIF_LOCKING_MODE, "network_default"))
                        return REFUSE(j, XSNET_FIELD_LOCKING, -EBUSY, "network-in-use",
                                      "XAPI changes it only while no VIF of locking network-default is plugged");
        return 0;
}

static int judge_removal(const struct judged *j, const struct xa_record *row)
{
        const char *internal = xsn_xa_key(row, XA_NETWORK_OTHER_CONFIG, "is_host_internal_management_network");

        if (internal && !strcmp(internal, "true"))
                return REFUSE(j, 0, -EPERM, "system-network", "XAPI does not let its own network go");
        for (size_t i = 0; row && i < j->view->n_pifs; i++)
                if (j->view->pifs[i].network == row && j->view->pifs[i].role == XA_ROLE_NIC)
                        return REFUSE(j, 0, -EBUSY, "network-in-use",
                                      "it is that of the NIC '%s' on host '%s' for as long as the NIC is there",
                                      xsn_xa_text(j->view->pifs[i].row, XA_PIF_DEVICE), j->view->pifs[i].host->name);
        return 0;
}

static int judge_network(const struct judged *j)
{
        const struct xa_record *row = j->from ? find_network(j->view, j->from) : NULL;
        int r;

        if (!j->to)
                return judge_removal(j, row);
        r = judge_bridge(j);
        return r < 0 ? r : judge_locking(j, row);
}

/* ---- everything that is a PIF ---- */

static bool has_addresses(const struct xsnet_object *obj)
{
        return obj->a.ipv4_mode.value > XSNET_IP_NONE || obj->a.ipv6_mode.value > XSNET_IP_NONE;
}

static bool changes_addresses(const struct judged *j)
{
        static const int fields[] = { XSNET_FIELD_IPV4_MODE, XSNET_FIELD_IPV4_ADDRESS, XSNET_FIELD_IPV4_GATEWAY,
                                      XSNET_FIELD_IPV6_MODE, XSNET_FIELD_IPV6_ADDRESS, XSNET_FIELD_IPV6_GATEWAY };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (sets(j, fields[i]))
                        return true;
        return false;
}

static int judge_addresses(const struct judged *j)
{
        const struct xsn_addressing *a = &j->to->a;

        if (a->ipv4_address.n > 1 && sets(j, XSNET_FIELD_IPV4_ADDRESS))
                return REFUSE(j, XSNET_FIELD_IPV4_ADDRESS, -EOPNOTSUPP, "not-supported",
                              "XAPI keeps one IPv4 address of an interface, found %zu", a->ipv4_address.n);
        if (a->ipv6_address.n > 1 && sets(j, XSNET_FIELD_IPV6_ADDRESS))
                return REFUSE(j, XSNET_FIELD_IPV6_ADDRESS, -EOPNOTSUPP, "not-supported",
                              "XAPI keeps one IPv6 address of an interface, found %zu", a->ipv6_address.n);
        if (j->from && changes_addresses(j) && xsn_xa_bool(j->view->pool, XA_POOL_HA_ENABLED, false))
                return REFUSE(j, XSNET_FIELD_IPV4_ADDRESS, -EPERM, "not-permitted",
                              "the pool has high availability enabled: XAPI lets addresses be as they are");
        if (a->dns.n && a->ipv4_mode.value == XSNET_IP_DHCP && sets(j, XSNET_FIELD_DNS))
                return REFUSE(j, XSNET_FIELD_DNS, -EINVAL, "conflict", "with dhcp the lease names the servers");
        if (a->management && !has_addresses(j->to))
                return REFUSE(j, XSNET_FIELD_MANAGEMENT, -EINVAL, "management-without-address",
                              "the management interface needs an address, or dhcp");
        return 0;
}

static int judge_plugged(const struct judged *j)
{
        const char *name = !j->from            ? NULL
                           : XSN_PIF(j->from)  ? XSN_PIF(j->from)->device
                           : XSN_BOND(j->from) ? XSN_BOND(j->from)->name
                                               : NULL;
        const struct xa_pif *pif = name ? find_pif(j->view, xsn_object_host(j->from), name) : NULL;

        if (!sets(j, XSNET_FIELD_PLUGGED) || j->to->a.plugged)
                return 0;
        if (j->to->a.management)
                return REFUSE(j, XSNET_FIELD_PLUGGED, -EINVAL, "management-unplugged",
                              "the management interface cannot be unplugged");
        if (XSN_PIF(j->to) && XSN_PIF(j->to)->disallow_unplug)
                return REFUSE(j, XSNET_FIELD_PLUGGED, -EPERM, "not-permitted", "its disallow-unplug is true");
        for (size_t i = 0; pif && i < j->view->n_pifs; i++) {
                const struct xa_pif *above = &j->view->pifs[i];

                if (above->below == pif && (xsn_xa_bool(above->row, XA_PIF_CURRENTLY_ATTACHED, false) ||
                                            xsn_xa_bool(above->row, XA_PIF_MANAGEMENT, false)))
                        return REFUSE(j, XSNET_FIELD_PLUGGED, -EBUSY, "in-use", "it carries '%s', which is plugged",
                                      above->name ? above->name : "?");
        }
        return 0;
}

static int judge_link(const struct judged *j)
{
        int r;

        if (j->from && xsn_object_is_set(j->from, XSNET_FIELD_STATUS_MANAGED_BY))
                return REFUSE(j, 0, -EPERM, "unmanaged", "XAPI does not manage it");
        r = judge_addresses(j);
        return r < 0 ? r : judge_plugged(j);
}

/* ---- bonds ---- */

static bool same_properties(const struct xa_pif *a, const struct xa_pif *b)
{
        return xsn_value_equal(xsn_type_of(XSNET_TYPE_MAP), xsn_xa_list(a->row, XA_PIF_PROPERTIES),
                               xsn_xa_list(b->row, XA_PIF_PROPERTIES), false);
}

static int judge_members(const struct judged *j)
{
        const struct xsn_list *members = &XSN_BOND(j->to)->members;
        const struct xa_pif *first = NULL;

        for (size_t i = 0; sets(j, XSNET_FIELD_MEMBERS) && i < members->n; i++) {
                const char *name = XSN_ITEM(*members, char *, i);
                const struct xa_pif *pif = find_pif(j->view, xsn_object_host(j->to), name);

                if (!pif)
                        continue;
                if (!xsn_xa_bool(pif->row, XA_PIF_MANAGED, true))
                        return REFUSE(j, XSNET_FIELD_MEMBERS, -EPERM, "unmanaged", "XAPI does not manage '%s'", name);
                if (first && !same_properties(first, pif))
                        return REFUSE(j, XSNET_FIELD_MEMBERS, -EINVAL, "different-properties",
                                      "'%s' and '%s' differ in their properties, such as gro; XAPI bonds what is alike",
                                      first->name, name);
                if (first && !xsn_xa_is(first->row, XA_PIF_PRIMARY_ADDRESS_TYPE,
                                        xsn_xa_text(pif->row, XA_PIF_PRIMARY_ADDRESS_TYPE)))
                        return REFUSE(j, XSNET_FIELD_MEMBERS, -EINVAL, "different-families",
                                      "'%s' and '%s' differ in their primary address type", first->name, name);
                first = first ? first : pif;
        }
        return 0;
}

/*
 * XAPI can only make such a bond anew. Meanwhile all that is on it is its primary's: that comes back with the primary
 * alone.
 */
static int judge_remaking(const struct judged *j)
{
        const struct xsn_bond *from = j->from ? XSN_BOND(j->from) : NULL, *to = XSN_BOND(j->to);
        const struct xa_pif *pif = from ? find_pif(j->view, xsn_object_host(j->from), from->name) : NULL;
        const struct xa_table *vifs = &j->view->records->tables[XA_VIF];
        const char *primary = from && from->members.n ? XSN_ITEM(from->members, char *, 0) : NULL;

        if (!pif || !primary || !sets(j, XSNET_FIELD_MEMBERS) || xsn_strs_has(&to->members, primary))
                return 0;
        for (size_t i = 0; i < j->view->n_pifs; i++)
                if (j->view->pifs[i].below == pif)
                        return REFUSE(j, XSNET_FIELD_MEMBERS, -EBUSY, "in-use",
                                      "without its primary '%s' the bond would lose '%s', which stands on it", primary,
                                      j->view->pifs[i].name ? j->view->pifs[i].name : "?");
        for (size_t i = 0; pif->network && i < vifs->n; i++)
                if (xsn_xa_is(vifs->v[i], XA_VIF_NETWORK, pif->network->ref))
                        return REFUSE(j, XSNET_FIELD_MEMBERS, -EBUSY, "in-use",
                                      "without its primary '%s' the bond would lose the VIFs in its network", primary);
        return 0;
}

/* A NIC stays in its network, also as a member, and a host has one PIF in each. */
static int judge_bond_network(const struct judged *j)
{
        const char *network = xsn_object_network(j->to), *host = xsn_object_host(j->to);

        if (!j->from && !network)
                return REFUSE(j, 0, -EINVAL, "missing-field", "'network' is needed to make it");
        for (size_t i = 0; (!j->from || sets(j, XSNET_FIELD_NETWORK)) && i < j->view->n_pifs; i++) {
                const struct xa_pif *pif = &j->view->pifs[i];

                if (pif->role == XA_ROLE_NIC && pif->network && !strcmp(pif->host->name, host) &&
                    !strcmp(xsn_xa_network_name(pif->network), network))
                        return REFUSE(j, XSNET_FIELD_NETWORK, -EBUSY, "network-in-use",
                                      "'%s' is the network of the NIC '%s' for good: expected one of the bond's own",
                                      network, pif->name ? pif->name : "?");
        }
        return 0;
}

static int judge_bond(const struct judged *j)
{
        const struct xsn_bond *bond = XSN_BOND(j->to);
        int r = judge_bond_network(j);

        if (r < 0)
                return r;
        if (bond->mode.value != XSNET_BOND_LACP && bond->hash.value == XSNET_HASH_TCPUDP_PORTS)
                return REFUSE(j, XSNET_FIELD_HASH, -EINVAL, "wrong-mode",
                              "hash tcpudp-ports works with mode lacp only");
        r = judge_members(j);
        return r < 0 ? r : judge_remaking(j);
}

/* ---- VLANs, tunnels ---- */

static int judge_below(const struct judged *j, int field)
{
        const char *name = xsn_object_string(j->to, field);
        const struct xa_pif *pif = name ? find_pif(j->view, xsn_object_host(j->to), name) : NULL;

        if (j->from && !sets(j, field) && !sets(j, XSNET_FIELD_NETWORK))
                return 0;
        if (!xsn_object_network(j->to))
                return REFUSE(j, 0, -EINVAL, "missing-field", "'network' is needed to make it");
        if (name && field == XSNET_FIELD_PIF &&
            ((pif && pif->role == XA_ROLE_VLAN) ||
             xsnet_state_find(j->wanted, XSNET_KIND_VLAN, xsn_object_host(j->to), name)))
                return REFUSE(j, field, -EOPNOTSUPP, "not-supported", "XAPI makes no VLAN on the VLAN '%s'", name);
        if (pif && !xsn_xa_bool(pif->row, XA_PIF_MANAGED, true))
                return REFUSE(j, field, -EPERM, "unmanaged", "XAPI does not manage '%s'", name);
        return 0;
}

static const char *text_of(const struct xsnet_object *obj, int field)
{
        const char *text = xsn_object_string(obj, field);

        return text ? text : "";
}

/* Is `name`, as it is called then, a bond that has what was `was`; or the other way round? XAPI moves all of it. */
static bool moves_with_bond(const struct judged *j, const char *was, const char *name)
{
        const char *host = xsn_object_host(j->to);
        const struct xa_pif *old = find_pif(j->view, host, was), *new = find_pif(j->view, host, name);
        const struct xsnet_object *bond = xsnet_state_find(j->wanted, XSNET_KIND_BOND, host, name);

        if (new && old && new->bond && new->bond == old)
                return true;
        for (size_t i = 0; bond && old && i < j->view->n_pifs; i++) {
                const struct xa_pif *pif = &j->view->pifs[i];

                if (pif->name && (pif == old || pif->bond == old) && xsn_strs_has(&XSN_BOND(bond)->members, pif->name))
                        return true;
        }
        return false;
}

/* XAPI takes it away, to make it again perhaps. */
static bool goes(const struct judged *j, int below)
{
        if (!j->to)
                return true;
        if (sets(j, XSNET_FIELD_NETWORK) || sets(j, XSNET_FIELD_TAG) || sets(j, XSNET_FIELD_PROTOCOL))
                return true;
        return strcmp(text_of(j->from, below), text_of(j->to, below)) != 0 &&
               !moves_with_bond(j, text_of(j->from, below), text_of(j->to, below));
}

/* The VIF is plugged on that host, and stays in its network: 0, 1 or -ENOMEM. */
static int stays_plugged(const struct judged *j, const struct xa_record *vif, const char *network)
{
        const struct xa_record *vm = xsn_xa_follow(j->view->records, XA_VM, vif, XA_VIF_VM);
        const struct xa_record *on = xsn_xa_follow(j->view->records, XA_HOST, vm, XA_VM_RESIDENT_ON);
        const struct xsnet_object *wanted;
        struct xsn_buf key = { 0 };
        bool found = false;
        int r = 0;

        if (!xsn_xa_bool(vif, XA_VIF_CURRENTLY_ATTACHED, false) || !xsn_xa_vm_is_real(vm))
                return 0;
        for (size_t i = 0; on && !found && i < j->view->n_hosts; i++)
                found = j->view->hosts[i].row == on && !strcmp(j->view->hosts[i].name, xsn_object_host(j->from));
        if (!found)
                return 0;
        xsn_buf_printf(&key, "%s/%s", xsn_xa_vm_name(j->view, vm), xsn_xa_text(vif, XA_VIF_DEVICE));
        wanted = key.failed ? NULL : xsnet_state_find(j->wanted, XSNET_KIND_VIF, "", key.s);
        if (key.failed)
                r = xsn_error_oom(j->err);
        else if (wanted && xsn_object_network(wanted))
                r = strcmp(xsn_object_network(wanted), network) == 0;
        xsn_buf_done(&key);
        return r;
}

/* Where a guest is plugged in, XAPI takes no VLAN and no tunnel away. */
static int judge_guests(const struct judged *j, int below)
{
        const char *network = j->from ? xsn_object_network(j->from) : NULL;
        const struct xa_table *vifs = &j->view->records->tables[XA_VIF];

        if (!network || !goes(j, below))
                return 0;
        for (size_t i = 0; i < vifs->n; i++) {
                const struct xa_record *vm = xsn_xa_follow(j->view->records, XA_VM, vifs->v[i], XA_VIF_VM);
                const struct xa_record *net = xsn_xa_follow(j->view->records, XA_NETWORK, vifs->v[i], XA_VIF_NETWORK);
                int r = net && !strcmp(xsn_xa_network_name(net), network) ? stays_plugged(j, vifs->v[i], network) : 0;

                if (r < 0)
                        return r;
                if (r > 0)
                        return REFUSE(j, 0, -EBUSY, "in-use",
                                      "device %s of the VM '%s' is plugged into its network and stays there",
                                      xsn_xa_text(vifs->v[i], XA_VIF_DEVICE), xsn_xa_vm_name(j->view, vm));
        }
        return 0;
}

static int judge_stacked(const struct judged *j, int below)
{
        int r = judge_guests(j, below);

        return r < 0 || !j->to ? r : judge_below(j, below);
}

static const struct xsnet_object *find_tunnel(const struct judged *j, const char *transport)
{
        for (size_t i = 0; transport && i < j->wanted->n_objects; i++) {
                const struct xsnet_object *tunnel = j->wanted->objects[i];

                if (XSN_TUNNEL(tunnel) && !strcmp(xsn_object_host(tunnel), xsn_object_host(j->to)) &&
                    !strcmp(text_of(tunnel, XSNET_FIELD_TRANSPORT), transport))
                        return tunnel;
        }
        return NULL;
}

/* A tunnel goes over the IPv4 address of its transport, which XAPI lets go all the same. */
static int judge_transport(const struct judged *j)
{
        const struct xsnet_object *tunnel;
        struct xsn_buf name = { 0 };

        if (!j->from || !j->from->cls->has_address || j->from->a.ipv4_mode.value <= XSNET_IP_NONE ||
            j->to->a.ipv4_mode.value > XSNET_IP_NONE)
                return 0;
        xsn_object_key(j->to, &name);
        if (name.failed) {
                xsn_buf_done(&name);
                return xsn_error_oom(j->err);
        }
        tunnel = find_tunnel(j, name.s);
        xsn_buf_done(&name);
        return tunnel ? REFUSE(j, XSNET_FIELD_IPV4_MODE, -EBUSY, "in-use",
                               "the tunnel of the network '%s' goes over its address",
                               text_of(tunnel, XSNET_FIELD_NETWORK))
                      : 0;
}

/* ---- VIFs ---- */

static bool is_itself(const struct judged *j, const struct xa_record *row)
{
        const struct xa_record *vm = xsn_xa_follow(j->view->records, XA_VM, row, XA_VIF_VM);
        int64_t device;

        return vm && xsn_xa_int(row, XA_VIF_DEVICE, &device) && device == (int64_t)XSN_VIF(j->to)->device &&
               !strcmp(xsn_xa_vm_name(j->view, vm), XSN_VIF(j->to)->vm);
}

static int judge_mac(const struct judged *j)
{
        const struct xa_table *vifs = &j->view->records->tables[XA_VIF];

        for (size_t i = 0; sets(j, XSNET_FIELD_MAC) && i < vifs->n; i++) {
                const struct xa_record *vm = xsn_xa_follow(j->view->records, XA_VM, vifs->v[i], XA_VIF_VM);
                struct xsn_mac mac;

                /* Snapshots and templates have those of their VMs. */
                if (xsn_xa_vm_is_real(vm) && !is_itself(j, vifs->v[i]) &&
                    xsn_mac_parse(xsn_xa_text(vifs->v[i], XA_VIF_MAC), &mac) == 0 &&
                    xsn_mac_equal(&mac, &XSN_VIF(j->to)->mac))
                        return REFUSE(j, XSNET_FIELD_MAC, -EINVAL, "duplicate-mac",
                                      "device %s of the VM '%s' has this address already",
                                      xsn_xa_text(vifs->v[i], XA_VIF_DEVICE), xsn_xa_vm_name(j->view, vm));
        }
        return 0;
}

/* Where nothing is known of the VM, XAPI has to say. */
static bool has_seed(const struct judged *j)
{
        const struct xa_record *vm = xsn_hash_get_str(&j->view->vm_names, XSN_VIF(j->to)->vm);

        for (size_t i = 0; !vm && i < j->view->n_vms; i++)
                if (xsn_xa_is(j->view->vms[i], XA_UUID, XSN_VIF(j->to)->vm))
                        vm = j->view->vms[i];
        return !vm || !xsn_xa_told(vm, XA_VM_OTHER_CONFIG) || xsn_xa_key(vm, XA_VM_OTHER_CONFIG, "mac_seed");
}

static int judge_vif(const struct judged *j)
{
        if (!XSN_VIF(j->to)->vm)
                return REFUSE(j, 0, -EINVAL, "missing-field", "'vm' is needed: XAPI knows no guest by its domain");
        if (!xsn_object_network(j->to))
                return REFUSE(j, 0, -EINVAL, "missing-field", "a VIF of XAPI is always in a network");
        if (!j->from && !xsn_object_is_set(j->to, XSNET_FIELD_MAC) && !has_seed(j))
                return REFUSE(j, XSNET_FIELD_MAC, -EINVAL, "missing-field",
                              "'mac' is needed to make it: the VM has no mac_seed that XAPI could make one of");
        return judge_mac(j);
}

/* ---- all of them ---- */

static int judge(const struct judged *j)
{
        int r = j->to ? judge_keys(j) : 0;

        if (r == 0 && j->to && j->to->cls->has_link)
                r = judge_link(j);
        if (r == 0 && j->to && j->to->cls->has_address)
                r = judge_transport(j);
        if (r < 0)
                return r;
        switch ((j->to ? j->to : j->from)->cls->kind) {
        case XSNET_KIND_NETWORK:
                return judge_network(j);
        case XSNET_KIND_BOND:
                return j->to ? judge_bond(j) : 0;
        case XSNET_KIND_VLAN:
                return judge_stacked(j, XSNET_FIELD_PIF);
        case XSNET_KIND_TUNNEL:
                return judge_stacked(j, XSNET_FIELD_TRANSPORT);
        case XSNET_KIND_VIF:
                return j->to ? judge_vif(j) : 0;
        default:
                return 0;
        }
}

int xsn_xa_refuse(const void *view, struct xsnet_state *wanted, const struct xsnet_object *from,
                  const struct xsnet_object *to, int *ret_field, struct xsnet_error **ret_err)
{
        struct judged j = {
                .view = view, .wanted = wanted, .from = from, .to = to, .field = ret_field, .err = ret_err
        };

        return judge(&j);
}

const char *xsn_xa_find_vm(const void *arg, const char *name, size_t *ret_n)
{
        const struct xa_view *view = arg;
        const struct xa_record *vm = xsn_hash_get_str(&view->vm_names, name);

        *ret_n = 0;
        if (vm && xsn_hash_get_str(&view->vm_twins, name)) {
                for (size_t i = 0; i < view->n_vms; i++)
                        *ret_n += xsn_xa_is(view->vms[i], XA_VM_NAME_LABEL, name);
                return NULL;
        }
        for (size_t i = 0; !vm && i < view->n_vms; i++)
                if (xsn_xa_is(view->vms[i], XA_UUID, name))
                        vm = view->vms[i];
        *ret_n = vm ? 1 : 0;
        return vm ? xsn_xa_vm_name(view, vm) : NULL;
}
