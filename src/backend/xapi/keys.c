/* SPDX-License-Identifier: Apache-2.0 */
/* What an object means in other_config: free keys, our marks, and fields that XAPI keeps in keys. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/xapi/apply.h"

static int put_free(const struct xsnet_object *obj, struct xsn_list *keys)
{
        int row = xsn_class_index(obj->cls, XSNET_FIELD_OTHER_CONFIG);
        const struct xsn_list *map = row < 0 ? NULL : xsn_object_member(obj, xsn_class_field(obj->cls, (size_t)row));

        for (size_t i = 0; map && i < map->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*map, struct xsn_entry, i);

                if (e->value && xsn_map_set(keys, e->key, e->value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Only what XAPI would not do by itself. */
static int put_delay(const struct xsnet_object *obj, int field, uint32_t value, uint32_t usual, const char *key,
                     struct xsn_list *keys)
{
        char text[16];

        if (!xsn_object_is_set(obj, field) || value == usual)
                return 0;
        (void)snprintf(text, sizeof(text), "%" PRIu32, value);
        return xsn_map_set(keys, key, text);
}

static int put_bond(const struct xsnet_object *obj, struct xsn_list *keys)
{
        const struct xsn_bond *bond = XSN_BOND(obj);
        const char *device = xsn_object_string(obj, XSNET_FIELD_STATUS_DEVICE);

        /* XAPI chooses the device of a new bond: until it is known the name is kept. */
        if ((!device || strcmp(device, bond->name) != 0) && xsn_map_set(keys, XA_KEY_NAME, bond->name) < 0)
                return -ENOMEM;
        if (put_delay(obj, XSNET_FIELD_UPDELAY, bond->updelay, XA_BOND_UPDELAY, "bond-updelay", keys) < 0 ||
            put_delay(obj, XSNET_FIELD_DOWNDELAY, bond->downdelay, XA_BOND_DOWNDELAY, "bond-downdelay", keys) < 0)
                return -ENOMEM;
        return put_delay(obj, XSNET_FIELD_MONITOR_INTERVAL, bond->monitor_interval, XA_BOND_MIIMON, "bond-miimon",
                         keys);
}

int xsn_xa_keys_of(const struct xsnet_object *obj, struct xsn_list *ret_keys)
{
        bool can_be_made = !XSN_PIF(obj);

        if (put_free(obj, ret_keys) < 0)
                return -ENOMEM;
        if (obj->owner && xsn_map_set(ret_keys, XA_KEY_OWNER, obj->owner) < 0)
                return -ENOMEM;
        if (obj->owner && can_be_made && !obj->made && xsn_map_set(ret_keys, XA_KEY_MADE, "no") < 0)
                return -ENOMEM;
        if (XSN_BOND(obj) && put_bond(obj, ret_keys) < 0)
                return -ENOMEM;
        if (obj->cls->has_link && obj->a.default_route && xsn_map_set(ret_keys, "defaultroute", "true") < 0)
                return -ENOMEM;
        return 0;
}

bool xsn_xa_keys_change(const struct xsn_list *from, const struct xsn_list *to, size_t i, const char **ret_key,
                        const char **ret_value, bool *ret_had)
{
        size_t a = 0, b = 0;

        while (a < from->n || b < to->n) {
                const struct xsn_entry *x = a < from->n ? &XSN_ITEM(*from, struct xsn_entry, a) : NULL;
                const struct xsn_entry *y = b < to->n ? &XSN_ITEM(*to, struct xsn_entry, b) : NULL;
                int order = !x ? 1 : !y ? -1 : strcmp(x->key, y->key);

                a += order <= 0;
                b += order >= 0;
                if ((order == 0 && !strcmp(x->value, y->value)) || i-- > 0)
                        continue;
                *ret_key = order <= 0 ? x->key : y->key;
                *ret_value = order >= 0 ? y->value : NULL;
                *ret_had = order <= 0;
                return true;
        }
        return false;
}
