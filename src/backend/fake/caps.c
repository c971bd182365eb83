/* SPDX-License-Identifier: Apache-2.0 */
/* What a fake target can do: everything, or what a real one could. */
#include "backend/fake/fake.h"

#include <errno.h>
#include <string.h>

static const struct {
        int preset;
        const char *name;
        unsigned flags; /* XSN_CAP_* */
} presets[] = {
        { XSNET_FAKE_ALL, "all", XSN_CAP_VM | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_MAKES_DHCP },
        { XSNET_FAKE_LINUX, "linux",
          XSN_CAP_DETACH_VIF | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_OBSERVES_VIFS },
        { XSNET_FAKE_POOL, "pool", XSN_CAP_POOL | XSN_CAP_VM | XSN_CAP_MAKES_DHCP },
};

/* The fields that a kernel has no place for; kind 0: of every kind. */
static const struct {
        int kind, field;
} no_linux[] = {
        { 0, XSNET_FIELD_DESCRIPTION },
        { 0, XSNET_FIELD_LOCKING },
        { 0, XSNET_FIELD_OTHER_CONFIG },
        { 0, XSNET_FIELD_UUID },
        { 0, XSNET_FIELD_DNS },
        { 0, XSNET_FIELD_DISALLOW_UNPLUG },
        { 0, XSNET_FIELD_PLUGGED },
        { 0, XSNET_FIELD_VM },
        { 0, XSNET_FIELD_VIF_LOCKING },
        { 0, XSNET_FIELD_ALLOWED_IPV4 },
        { 0, XSNET_FIELD_ALLOWED_IPV6 },
        { 0, XSNET_FIELD_TRUNKS },
        { XSNET_KIND_VIF, XSNET_FIELD_MAC },
};

static void drop_linux(struct xsn_caps *caps)
{
        for (int kind = 1; kind <= XSN_N_KINDS; kind++)
                for (size_t i = 0; i < XSN_ARRAY_SIZE(no_linux); i++)
                        if (!no_linux[i].kind || no_linux[i].kind == kind)
                                caps->fields[kind] &= ~xsn_class_bit(xsn_class_of(kind), no_linux[i].field);
        caps->enums[caps->n_enums++] = (struct xsn_caps_enum){
                .kind = XSNET_KIND_BOND,
                .field = XSNET_FIELD_MODE,
                .values = ~(UINT64_C(1) << XSNET_BOND_BALANCE_SLB),
        };
}

int xsn_fake_caps(int preset, struct xsn_caps *caps)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(presets); i++) {
                if (presets[i].preset != preset)
                        continue;
                xsn_caps_all(caps, presets[i].flags);
                if (preset == XSNET_FAKE_LINUX)
                        drop_linux(caps);
                return 0;
        }
        return -EINVAL;
}

int xsn_fake_caps_find(const char *name)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(presets); i++)
                if (!strcmp(presets[i].name, name))
                        return presets[i].preset;
        return -EINVAL;
}
