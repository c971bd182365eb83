/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the target can do: the fields whose columns the server has, and the tunnels that vswitchd has. By columns,
 * never by versions: vendors add columns to old ones.
 */
#include <string.h>
#include <strings.h>

#include "backend/ovs/ovs.h"

static bool has_columns(xsn_ovs_has_fn has, const void *server, int kind, int field)
{
        for (size_t i = 0; i < xsn_ovs_n_fields; i++) {
                const struct ovs_field *f = &xsn_ovs_fields[i];

                if (f->kind == kind && f->field == field && f->column &&
                    !has(server, xsn_ovs_tables[f->table].name, f->column))
                        return false;
        }
        return true;
}

static void find_fields(xsn_ovs_has_fn has, const void *server, bool local, struct xsn_caps *caps)
{
        for (size_t i = 0; i < xsn_ovs_n_fields; i++) {
                const struct ovs_field *f = &xsn_ovs_fields[i];
                int first = f->kind ? f->kind : XSNET_KIND_NETWORK, last = f->kind ? f->kind : XSNET_KIND_VIF;

                if ((f->flags & OVS_F_LOCAL && !local) || !has_columns(has, server, f->kind, f->field))
                        continue;
                /* A tunnel is nothing that could have an address: its network has. */
                for (int kind = first; kind <= last; kind++)
                        if (f->kind || kind != XSNET_KIND_TUNNEL)
                                caps->fields[kind] |= xsn_class_bit(xsn_class_of(kind), f->field);
        }
}

static void add_enum(struct xsn_caps *caps, int kind, int field, uint64_t values)
{
        caps->enums[caps->n_enums++] = (struct xsn_caps_enum){ .kind = kind, .field = field, .values = values };
}

/* Not told: vswitchd has not run yet, or is older than 2.5. Then all that we know it has had for ever but geneve. */
static uint64_t find_protocols(const struct ovs_rows *rows)
{
        static const struct {
                const char *type;
                int protocol;
        } types[] = {
                { "gre", XSNET_PROTOCOL_GRE },
                { "vxlan", XSNET_PROTOCOL_VXLAN },
                { "geneve", XSNET_PROTOCOL_GENEVE },
        };
        const struct ovs_row *root = xsn_ovs_row_root(rows);
        size_t n = xsn_ovs_get_size(root, "iface_types");
        uint64_t protocols = 0;
        const char *type;

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < XSN_ARRAY_SIZE(types); j++)
                        if (xsn_ovs_get_string_at(root, "iface_types", i, &type) && strcmp(type, types[j].type) == 0)
                                protocols |= UINT64_C(1) << types[j].protocol;
        if (n == 0)
                protocols = UINT64_C(1) << XSNET_PROTOCOL_GRE | UINT64_C(1) << XSNET_PROTOCOL_VXLAN |
                            UINT64_C(1) << XSNET_PROTOCOL_GENEVE;
        return protocols;
}

/* The toolstack writes the VM's uuid at the Interface. Of one that moves, the domain that came last counts. */
static bool find_domain(const void *arg, const char *vm, uint32_t device, uint32_t *ret_domain)
{
        const struct ovs_rows *rows = arg;
        bool found = false;

        for (size_t i = 0; i < rows->tables[OVS_INTERFACE].n; i++) {
                const struct ovs_row *row = rows->tables[OVS_INTERFACE].v[i];
                const char *uuid = xsn_ovs_get_key(row, "external_ids", "xs-vm-uuid");
                uint32_t domain, number;

                if (!uuid || strcasecmp(uuid, vm) != 0 || !xsn_d0_vif_name(row->name, &domain, &number, NULL) ||
                    number != device || (found && domain < *ret_domain))
                        continue;
                *ret_domain = domain;
                found = true;
        }
        return found;
}

void xsn_ovs_caps_find(xsn_ovs_has_fn has, const void *server, const struct ovs_rows *rows, bool local,
                       struct ovs_caps *ret_caps)
{
        struct ovs_caps found = {
                .caps.flags = XSN_CAP_DETACH_VIF | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES |
                              XSN_CAP_OBSERVES_VIFS | XSN_CAP_ANY_TUNNEL | XSN_CAP_MARKS_PORTS |
                              XSN_CAP_REMAKES_BRIDGES | XSN_CAP_SHARES_BRIDGES | XSN_CAP_LACP_HASH |
                              (local ? XSN_CAP_BEST_GATEWAY : 0),
                .caps.rate_unit = 1000, /* whole kbit/s */
                .caps.find_domain = find_domain,
                .caps.find_key = xsn_ovs_find_key,
                .caps.arg = rows,
                .protects = has(server, xsn_ovs_tables[OVS_PORT].name, "protected"),
        };
        uint64_t protocols = find_protocols(rows);

        find_fields(has, server, local, &found.caps);
        add_enum(&found.caps, XSNET_KIND_BOND, XSNET_FIELD_MODE,
                 UINT64_C(1) << XSNET_BOND_ACTIVE_BACKUP | UINT64_C(1) << XSNET_BOND_BALANCE_SLB |
                         UINT64_C(1) << XSNET_BOND_LACP);
        add_enum(&found.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, protocols);
        if (!protocols)
                found.caps.missing[XSNET_KIND_TUNNEL] = "Open vSwitch has neither gre nor vxlan nor geneve";
        *ret_caps = found;
}
