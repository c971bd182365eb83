/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of what XAPI keeps of the model: each field, the class and column that it stands for, and since which
 * build of xapi. Capabilities and the generic reader follow from it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/alloc.h"
#include "base/utf8.h"

#define NETWORK XSNET_KIND_NETWORK
#define PIF     XSNET_KIND_PIF
#define BOND    XSNET_KIND_BOND
#define VLAN    XSNET_KIND_VLAN
#define TUNNEL  XSNET_KIND_TUNNEL
#define VIF     XSNET_KIND_VIF
#define CODE    XA_F_CODE
#define FIXED   XA_F_FIXED
#define SHOWN   (XA_F_CODE | XA_F_SHOWN)
#define ALWAYS          \
        {               \
                0, 0, 0 \
        }

const struct xa_field xsn_xa_fields[] = {
        { NETWORK, XSNET_FIELD_NAME, XA_NETWORK, XA_NETWORK_NAME_LABEL, NULL, CODE, ALWAYS },
        { NETWORK, XSNET_FIELD_UUID, XA_NETWORK, XA_UUID, NULL, SHOWN, ALWAYS },
        { NETWORK, XSNET_FIELD_DESCRIPTION, XA_NETWORK, XA_NETWORK_NAME_DESCRIPTION, NULL, 0, ALWAYS },
        { NETWORK, XSNET_FIELD_BRIDGE, XA_NETWORK, XA_NETWORK_BRIDGE, NULL, CODE | FIXED, ALWAYS },
        { NETWORK, XSNET_FIELD_MTU, XA_NETWORK, XA_NETWORK_MTU, NULL, 0, ALWAYS },
        { NETWORK, XSNET_FIELD_LOCKING, XA_NETWORK, XA_NETWORK_DEFAULT_LOCKING_MODE, NULL, 0, ALWAYS },
        { NETWORK, XSNET_FIELD_OTHER_CONFIG, XA_NETWORK, XA_NETWORK_OTHER_CONFIG, NULL, 0, ALWAYS },
        { PIF, XSNET_FIELD_DEVICE, XA_PIF, XA_PIF_DEVICE, NULL, CODE, ALWAYS },
        { PIF, XSNET_FIELD_MATCH_MAC, XA_PIF, XA_PIF_MAC, NULL, SHOWN, ALWAYS },
        { PIF, XSNET_FIELD_MATCH_POSITION, XA_NETWORK, XA_NETWORK_BRIDGE, NULL, SHOWN, ALWAYS },
        { PIF, XSNET_FIELD_MATCH_PCI, XA_PIF_METRICS, XA_PIF_METRICS_PCI_BUS_PATH, NULL, SHOWN, ALWAYS },
        { PIF, XSNET_FIELD_NETWORK, XA_PIF, XA_PIF_NETWORK, NULL, SHOWN, ALWAYS },
        { PIF, XSNET_FIELD_DISALLOW_UNPLUG, XA_PIF, XA_PIF_DISALLOW_UNPLUG, NULL, 0, ALWAYS },
        { PIF, XSNET_FIELD_OTHER_CONFIG, XA_PIF, XA_PIF_OTHER_CONFIG, NULL, 0, ALWAYS },
        { BOND, XSNET_FIELD_NAME, XA_PIF, XA_PIF_OTHER_CONFIG, XA_KEY_NAME, CODE, ALWAYS },
        { BOND, XSNET_FIELD_MEMBERS, XA_BOND, XA_BOND_SLAVES, NULL, CODE, ALWAYS },
        { BOND, XSNET_FIELD_MODE, XA_BOND, XA_BOND_MODE, NULL, 0, ALWAYS },
        { BOND, XSNET_FIELD_HASH, XA_BOND, XA_BOND_PROPERTIES, "hashing_algorithm", 0, ALWAYS },
        { BOND, XSNET_FIELD_LACP_RATE, XA_BOND, XA_BOND_PROPERTIES, "lacp-time", 0, ALWAYS },
        { BOND, XSNET_FIELD_UPDELAY, XA_PIF, XA_PIF_OTHER_CONFIG, "bond-updelay", CODE, ALWAYS },
        { BOND, XSNET_FIELD_DOWNDELAY, XA_PIF, XA_PIF_OTHER_CONFIG, "bond-downdelay", CODE, ALWAYS },
        { BOND, XSNET_FIELD_MONITOR_INTERVAL, XA_PIF, XA_PIF_OTHER_CONFIG, "bond-miimon", CODE, ALWAYS },
        { BOND, XSNET_FIELD_MAC, XA_PIF, XA_PIF_MAC, NULL, CODE | FIXED, ALWAYS },
        { BOND, XSNET_FIELD_NETWORK, XA_PIF, XA_PIF_NETWORK, NULL, CODE, ALWAYS },
        { BOND, XSNET_FIELD_OTHER_CONFIG, XA_PIF, XA_PIF_OTHER_CONFIG, NULL, 0, ALWAYS },
        { VLAN, XSNET_FIELD_PIF, XA_VLAN, XA_VLAN_TAGGED_PIF, NULL, CODE, ALWAYS },
        { VLAN, XSNET_FIELD_TAG, XA_VLAN, XA_VLAN_TAG, NULL, 0, ALWAYS },
        { VLAN, XSNET_FIELD_NETWORK, XA_PIF, XA_PIF_NETWORK, NULL, CODE, ALWAYS },
        { VLAN, XSNET_FIELD_OTHER_CONFIG, XA_PIF, XA_PIF_OTHER_CONFIG, NULL, 0, ALWAYS },
        { TUNNEL, XSNET_FIELD_NETWORK, XA_PIF, XA_PIF_NETWORK, NULL, CODE, ALWAYS },
        { TUNNEL, XSNET_FIELD_TRANSPORT, XA_TUNNEL, XA_TUNNEL_TRANSPORT_PIF, NULL, CODE, ALWAYS },
        { TUNNEL, XSNET_FIELD_PROTOCOL, XA_TUNNEL, XA_TUNNEL_PROTOCOL, NULL, CODE, { 1, 250, 0 } },
        { TUNNEL, XSNET_FIELD_OTHER_CONFIG, XA_PIF, XA_PIF_OTHER_CONFIG, NULL, 0, ALWAYS },
        { VIF, XSNET_FIELD_VM, XA_VIF, XA_VIF_VM, NULL, CODE, ALWAYS },
        { VIF, XSNET_FIELD_VIF_DEVICE, XA_VIF, XA_VIF_DEVICE, NULL, CODE, ALWAYS },
        { VIF, XSNET_FIELD_NETWORK, XA_VIF, XA_VIF_NETWORK, NULL, CODE, ALWAYS },
        { VIF, XSNET_FIELD_MAC, XA_VIF, XA_VIF_MAC, NULL, 0, ALWAYS },
        { VIF, XSNET_FIELD_RATE_LIMIT, XA_VIF, XA_VIF_QOS_ALGORITHM_PARAMS, "kbps", CODE, ALWAYS },
        { VIF, XSNET_FIELD_VIF_LOCKING, XA_VIF, XA_VIF_LOCKING_MODE, NULL, 0, ALWAYS },
        { VIF, XSNET_FIELD_ALLOWED_IPV4, XA_VIF, XA_VIF_IPV4_ALLOWED, NULL, 0, ALWAYS },
        { VIF, XSNET_FIELD_ALLOWED_IPV6, XA_VIF, XA_VIF_IPV6_ALLOWED, NULL, 0, ALWAYS },
        { VIF, XSNET_FIELD_TRUNKS, XA_VIF, XA_VIF_TRUNKS, NULL, 0, { 26, 17, 0 } },
        { 0, XSNET_FIELD_IPV4_MODE, XA_PIF, XA_PIF_IP_CONFIGURATION_MODE, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_IPV4_ADDRESS, XA_PIF, XA_PIF_IP, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_IPV4_GATEWAY, XA_PIF, XA_PIF_GATEWAY, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_IPV6_MODE, XA_PIF, XA_PIF_IPV6_CONFIGURATION_MODE, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_IPV6_ADDRESS, XA_PIF, XA_PIF_IPV6, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_IPV6_GATEWAY, XA_PIF, XA_PIF_IPV6_GATEWAY, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_DNS, XA_PIF, XA_PIF_DNS, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_DEFAULT_ROUTE, XA_PIF, XA_PIF_OTHER_CONFIG, "defaultroute", CODE, ALWAYS },
        { 0, XSNET_FIELD_MANAGEMENT, XA_PIF, XA_PIF_MANAGEMENT, NULL, CODE, ALWAYS },
        { 0, XSNET_FIELD_PLUGGED, XA_PIF, XA_PIF_CURRENTLY_ATTACHED, NULL, CODE, ALWAYS },
};
const size_t xsn_xa_n_fields = XSN_ARRAY_SIZE(xsn_xa_fields);

/* The field that the key stands for, "": it is ours; NULL: it is free. */
static const char *taken_by(int kind, int class, int column, const char *key)
{
        static const char *const ours[] = { XA_KEY_OWNER, XA_KEY_MADE, XA_KEY_NAME };
        bool pif = kind == PIF || kind == BOND || kind == VLAN || kind == TUNNEL;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(ours); i++)
                if (!strcmp(key, ours[i]))
                        return "";
        for (size_t i = 0; i < xsn_xa_n_fields; i++) {
                const struct xa_field *f = &xsn_xa_fields[i];

                if ((f->kind == kind || (!f->kind && pif)) && f->class == class && f->column == column && f->key &&
                    !strcmp(f->key, key))
                        return xsnet_field_get_name(kind, f->field);
        }
        return NULL;
}

const char *xsn_xa_find_key(int kind, const char *key)
{
        for (size_t i = 0; i < xsn_xa_n_fields; i++)
                if (xsn_xa_fields[i].kind == kind && xsn_xa_fields[i].field == XSNET_FIELD_OTHER_CONFIG)
                        return taken_by(kind, xsn_xa_fields[i].class, xsn_xa_fields[i].column, key);
        return NULL;
}

/* ---- words ---- */

static const struct {
        int field, value;
        const char *word;
} words[] = {
        { XSNET_FIELD_LOCKING, XSNET_LOCKING_UNLOCKED, "unlocked" },
        { XSNET_FIELD_LOCKING, XSNET_LOCKING_DISABLED, "disabled" },
        { XSNET_FIELD_VIF_LOCKING, XSNET_LOCKING_NETWORK_DEFAULT, "network_default" },
        { XSNET_FIELD_VIF_LOCKING, XSNET_LOCKING_LOCKED, "locked" },
        { XSNET_FIELD_VIF_LOCKING, XSNET_LOCKING_UNLOCKED, "unlocked" },
        { XSNET_FIELD_VIF_LOCKING, XSNET_LOCKING_DISABLED, "disabled" },
        { XSNET_FIELD_MODE, XSNET_BOND_BALANCE_SLB, "balance-slb" },
        { XSNET_FIELD_MODE, XSNET_BOND_ACTIVE_BACKUP, "active-backup" },
        { XSNET_FIELD_MODE, XSNET_BOND_LACP, "lacp" },
        { XSNET_FIELD_HASH, XSNET_HASH_SRC_MAC, "src_mac" },
        { XSNET_FIELD_HASH, XSNET_HASH_TCPUDP_PORTS, "tcpudp_ports" },
        { XSNET_FIELD_LACP_RATE, XSNET_LACP_SLOW, "slow" },
        { XSNET_FIELD_LACP_RATE, XSNET_LACP_FAST, "fast" },
        { XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_GRE, "gre" },
        { XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_VXLAN, "vxlan" },
        { XSNET_FIELD_IPV4_MODE, XSNET_IP_NONE, "None" },
        { XSNET_FIELD_IPV4_MODE, XSNET_IP_STATIC, "Static" },
        { XSNET_FIELD_IPV4_MODE, XSNET_IP_DHCP, "DHCP" },
        { XSNET_FIELD_IPV6_MODE, XSNET_IP_NONE, "None" },
        { XSNET_FIELD_IPV6_MODE, XSNET_IP_STATIC, "Static" },
        { XSNET_FIELD_IPV6_MODE, XSNET_IP_DHCP, "DHCP" },
        { XSNET_FIELD_IPV6_MODE, XSNET_IP_AUTOCONF, "Autoconf" },
};

int xsn_xa_enum_value(int field, const char *word)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(words); i++)
                if (words[i].field == field && !strcmp(words[i].word, word))
                        return words[i].value;
        return 0;
}

const char *xsn_xa_enum_word(int field, int value)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(words); i++)
                if (words[i].field == field && words[i].value == value)
                        return words[i].word;
        return NULL;
}

/* ---- reading ---- */

static const char *text_of(const struct xa_place *place, const struct xa_field *f)
{
        const struct xa_record *row = place->rows[f->class];
        const char *value = f->key ? xsn_xa_key(row, f->column, f->key) : xsn_xa_text(row, f->column);

        return value ? value : "";
}

static int read_enum(const struct xa_field *f, const char *word, struct xsn_enumval *member, bool *ret_set)
{
        if (!*word)
                return 0;
        *ret_set = true;
        member->value = xsn_xa_enum_value(f->field, word);
        if (member->value)
                return 0;
        member->raw = xsn_strdup(xsn_text_valid(word, false) ? word : "?");
        return member->raw ? 0 : -ENOMEM;
}

static void read_number(const struct xsn_field *field, const char *text, uint32_t *member, bool *ret_set)
{
        uint64_t max = field->max ? field->max : UINT32_MAX, n;
        char *end;

        if (*text < '0' || *text > '9')
                return;
        errno = 0;
        n = strtoull(text, &end, 10);
        *ret_set = !errno && !*end && n >= field->min && n <= max;
        if (*ret_set)
                *member = (uint32_t)n;
}

static int read_list(const struct xa_place *place, const struct xa_field *f, const struct xsn_field *field,
                     struct xsn_list *list, bool *ret_set)
{
        const struct xsn_list *items = xsn_xa_list(place->rows[f->class], f->column);

        for (size_t i = 0; i < items->n; i++) {
                const char *item = XSN_ITEM(*items, char *, i);
                uint32_t number;
                struct xsn_ip ip;
                const void *value = &ip;
                bool right = false;

                if (field->type == XSNET_TYPE_U32S) {
                        read_number(field, item, &number, &right);
                        value = &number;
                } else {
                        right = xsn_ip_parse(item, &ip) == 0 &&
                                ip.family == (f->field == XSNET_FIELD_ALLOWED_IPV6 ? 6 : 4);
                }
                right = right && xsn_list_find(xsn_type_of(field->type)->item, list, value) < 0;
                if (right && xsn_list_add(xsn_type_of(field->type)->item, list, value) < 0)
                        return -ENOMEM;
                *ret_set = *ret_set || right;
        }
        return 0;
}

static int read_map(const struct xa_place *place, const struct xa_field *f, int kind, struct xsn_list *map,
                    bool *ret_set)
{
        const struct xsn_list *entries = xsn_xa_list(place->rows[f->class], f->column);

        for (size_t i = 0; i < entries->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*entries, struct xsn_entry, i);

                if (!*e->key || !xsn_text_keepable(e->key) || !xsn_text_keepable(e->value) ||
                    taken_by(kind, f->class, f->column, e->key))
                        continue;
                if (xsn_map_set(map, e->key, e->value) < 0)
                        return -ENOMEM;
                *ret_set = true;
        }
        return 0;
}

static int read_field(const struct xa_place *place, const struct xa_field *f, const struct xsn_field *field,
                      struct xsnet_object *obj, bool *ret_set)
{
        const struct xa_record *row = place->rows[f->class];
        void *member = xsn_object_member(obj, field);
        const char *text;

        switch (field->type) {
        case XSNET_TYPE_BOOL:
                *ret_set = xsn_xa_told(row, f->column);
                *(bool *)member = xsn_xa_bool(row, f->column, false);
                return 0;
        case XSNET_TYPE_U32:
                read_number(field, text_of(place, f), member, ret_set);
                return 0;
        case XSNET_TYPE_ENUM:
                return read_enum(f, text_of(place, f), member, ret_set);
        case XSNET_TYPE_STR:
                text = text_of(place, f);
                if (!*text || !xsn_text_valid(text, field->flags & XSN_F_LINES) ||
                    (field->max && strlen(text) > field->max))
                        return 0;
                *ret_set = true;
                return xsn_object_set_string(obj, field->id, text);
        case XSNET_TYPE_MAC:
                *ret_set = xsn_mac_parse(text_of(place, f), member) == 0;
                return 0;
        case XSNET_TYPE_U32S:
        case XSNET_TYPE_IPS:
                return read_list(place, f, field, member, ret_set);
        case XSNET_TYPE_MAP:
                return read_map(place, f, obj->cls->kind, member, ret_set);
        default:
                return 0;
        }
}

int xsn_xa_read_fields(const struct xa_place *place, struct xsnet_object *obj)
{
        for (size_t i = 0; i < xsn_xa_n_fields; i++) {
                const struct xa_field *f = &xsn_xa_fields[i];
                bool set = false;
                int row, r;

                if (f->kind != obj->cls->kind || f->flags & XA_F_CODE)
                        continue;
                row = xsn_class_index(obj->cls, f->field);
                if (row < 0)
                        continue;
                r = read_field(place, f, xsn_class_field(obj->cls, (size_t)row), obj, &set);
                if (r < 0)
                        return r;
                if (set)
                        xsn_object_mark(obj, f->field);
        }
        return 0;
}
