/* SPDX-License-Identifier: Apache-2.0 */
/* What the pool can do: the fields that the oldest xapi of its hosts knows, and tunnels where all have Open vSwitch. */
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/xapi.h"

bool xsn_xa_version_reaches(const struct xa_version *have, const struct xa_version *want)
{
        if (have->major != want->major)
                return have->major > want->major;
        if (have->minor != want->minor)
                return have->minor > want->minor;
        return have->micro >= want->micro;
}

/* "24.19.2"; what does not say is older than everything. */
static struct xa_version version_of(const struct xa_record *host)
{
        const char *text = xsn_xa_key(host, XA_HOST_SOFTWARE_VERSION, "xapi_build");
        struct xa_version version = { 0 };
        unsigned *parts[] = { &version.major, &version.minor, &version.micro };

        for (size_t i = 0; text && i < XSN_ARRAY_SIZE(parts) && *text >= '0' && *text <= '9'; i++) {
                char *end;

                *parts[i] = (unsigned)strtoul(text, &end, 10);
                text = *end == '.' ? end + 1 : end;
        }
        return version;
}

static void find_fields(const struct xa_version *version, struct xsn_caps *caps)
{
        for (size_t i = 0; i < xsn_xa_n_fields; i++) {
                const struct xa_field *f = &xsn_xa_fields[i];
                int first = f->kind ? f->kind : XSNET_KIND_PIF, last = f->kind ? f->kind : XSNET_KIND_TUNNEL;

                if (f->flags & XA_F_SHOWN || !xsn_xa_version_reaches(version, &f->since))
                        continue;
                for (int kind = first; kind <= last; kind++) {
                        uint64_t bit = xsn_class_bit(xsn_class_of(kind), f->field);

                        caps->fields[kind] |= bit;
                        if (f->flags & XA_F_FIXED)
                                caps->fixed[kind] |= bit;
                }
        }
}

static void add_enum(struct xsn_caps *caps, int kind, int field, uint64_t values)
{
        caps->enums[caps->n_enums++] = (struct xsn_caps_enum){ .kind = kind, .field = field, .values = values };
}

static bool all_have_ovs(const struct xa_view *view)
{
        for (size_t i = 0; i < view->n_hosts; i++) {
                const char *backend = xsn_xa_key(view->hosts[i].row, XA_HOST_SOFTWARE_VERSION, "network_backend");

                if (!backend || strcmp(backend, "openvswitch") != 0)
                        return false;
        }
        return true;
}

void xsn_xa_caps_find(const struct xa_view *view, struct xa_caps *ret_caps)
{
        static const struct xa_version protocols = { 1, 250, 0 };
        struct xa_caps found = {
                .caps.flags = XSN_CAP_POOL | XSN_CAP_VM | XSN_CAP_MAKES_DHCP | XSN_CAP_ANY_TUNNEL | XSN_CAP_BOND_HEIRS |
                              XSN_CAP_LACP_HASH,
                .caps.rate_unit = 8 * 1024, /* whole KiB/s */
                .caps.find_vm = xsn_xa_find_vm,
                .caps.find_key = xsn_xa_find_key,
                .caps.refuse = xsn_xa_refuse,
                .caps.arg = view,
        };
        uint64_t vxlan;

        for (size_t i = 0; i < view->n_hosts; i++) {
                struct xa_version version = version_of(view->hosts[i].row);

                if (i == 0 || !xsn_xa_version_reaches(&version, &found.version))
                        found.version = version;
        }
        find_fields(&found.version, &found.caps);
        vxlan = xsn_xa_version_reaches(&found.version, &protocols) ? UINT64_C(1) << XSNET_PROTOCOL_VXLAN : 0;
        add_enum(&found.caps, XSNET_KIND_BOND, XSNET_FIELD_MODE,
                 UINT64_C(1) << XSNET_BOND_ACTIVE_BACKUP | UINT64_C(1) << XSNET_BOND_BALANCE_SLB |
                         UINT64_C(1) << XSNET_BOND_LACP);
        add_enum(&found.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, UINT64_C(1) << XSNET_PROTOCOL_GRE | vxlan);
        if (!all_have_ovs(view))
                found.caps.missing[XSNET_KIND_TUNNEL] = "not every host of the pool runs Open vSwitch";
        *ret_caps = found;
}
