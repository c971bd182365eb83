/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which column of which table a row of the model stands for, and the reading of all those that need no thought.
 * Written rows, too, are to go by this table.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "base/utf8.h"

#define NETWORK XSNET_KIND_NETWORK
#define PIF     XSNET_KIND_PIF
#define BOND    XSNET_KIND_BOND
#define VLAN    XSNET_KIND_VLAN
#define TUNNEL  XSNET_KIND_TUNNEL
#define VIF     XSNET_KIND_VIF
#define CODE    OVS_F_CODE
#define LOCAL   (OVS_F_CODE | OVS_F_LOCAL)

const struct ovs_field xsn_ovs_fields[] = {
        { NETWORK, XSNET_FIELD_NAME, OVS_BRIDGE, "external_ids", OVS_KEY_NAME, CODE },
        { NETWORK, XSNET_FIELD_UUID, OVS_BRIDGE, "external_ids", "xs-network-uuids", CODE },
        { NETWORK, XSNET_FIELD_DESCRIPTION, OVS_BRIDGE, "external_ids", OVS_KEY_DESCRIPTION, 0 },
        { NETWORK, XSNET_FIELD_BRIDGE, OVS_BRIDGE, "name", NULL, 0 },
        { NETWORK, XSNET_FIELD_MTU, OVS_INTERFACE, "mtu_request", NULL, CODE },
        { NETWORK, XSNET_FIELD_STP, OVS_BRIDGE, "stp_enable", NULL, 0 },
        { NETWORK, XSNET_FIELD_MULTICAST_SNOOPING, OVS_BRIDGE, "mcast_snooping_enable", NULL, 0 },
        { NETWORK, XSNET_FIELD_OTHER_CONFIG, OVS_BRIDGE, "other_config", NULL, 0 },
        { PIF, XSNET_FIELD_DEVICE, OVS_INTERFACE, "name", NULL, CODE },
        { PIF, XSNET_FIELD_NETWORK, OVS_BRIDGE, "ports", NULL, CODE },
        { PIF, XSNET_FIELD_NETWORK, OVS_PORT, "tag", NULL, CODE },
        { PIF, XSNET_FIELD_OTHER_CONFIG, OVS_INTERFACE, "other_config", NULL, 0 },
        { PIF, XSNET_FIELD_MATCH_MAC, OVS_INTERFACE, NULL, NULL, LOCAL },
        { PIF, XSNET_FIELD_MATCH_POSITION, OVS_INTERFACE, NULL, NULL, LOCAL },
        { PIF, XSNET_FIELD_MATCH_PCI, OVS_INTERFACE, NULL, NULL, LOCAL },
        { BOND, XSNET_FIELD_NAME, OVS_PORT, "name", NULL, 0 },
        { BOND, XSNET_FIELD_MEMBERS, OVS_PORT, "interfaces", NULL, CODE },
        { BOND, XSNET_FIELD_MODE, OVS_PORT, "bond_mode", NULL, CODE },
        { BOND, XSNET_FIELD_MODE, OVS_PORT, "lacp", NULL, CODE },
        { BOND, XSNET_FIELD_HASH, OVS_PORT, "bond_mode", NULL, CODE },
        { BOND, XSNET_FIELD_LACP_RATE, OVS_PORT, "other_config", "lacp-time", CODE },
        { BOND, XSNET_FIELD_UPDELAY, OVS_PORT, "bond_updelay", NULL, OVS_F_DEFAULT },
        { BOND, XSNET_FIELD_DOWNDELAY, OVS_PORT, "bond_downdelay", NULL, OVS_F_DEFAULT },
        { BOND, XSNET_FIELD_MONITOR_INTERVAL, OVS_PORT, "other_config", "bond-miimon-interval", OVS_F_DEFAULT },
        { BOND, XSNET_FIELD_PRIMARY, OVS_PORT, "other_config", "bond-primary", 0 },
        { BOND, XSNET_FIELD_MAC, OVS_PORT, "mac", NULL, 0 },
        { BOND, XSNET_FIELD_NETWORK, OVS_BRIDGE, "ports", NULL, CODE },
        { BOND, XSNET_FIELD_OTHER_CONFIG, OVS_PORT, "other_config", NULL, 0 },
        { VLAN, XSNET_FIELD_PIF, OVS_BRIDGE, "ports", NULL, CODE },
        { VLAN, XSNET_FIELD_TAG, OVS_PORT, "tag", NULL, 0 },
        { VLAN, XSNET_FIELD_NETWORK, OVS_PORT, "fake_bridge", NULL, CODE },
        { VLAN, XSNET_FIELD_OTHER_CONFIG, OVS_PORT, "other_config", NULL, 0 },
        { TUNNEL, XSNET_FIELD_NETWORK, OVS_BRIDGE, "ports", NULL, CODE },
        { TUNNEL, XSNET_FIELD_TRANSPORT, OVS_INTERFACE, "external_ids", OVS_KEY_TRANSPORT, CODE },
        { TUNNEL, XSNET_FIELD_DEVICE, OVS_INTERFACE, "name", NULL, CODE },
        { TUNNEL, XSNET_FIELD_PROTOCOL, OVS_INTERFACE, "type", NULL, CODE },
        { TUNNEL, XSNET_FIELD_KEY, OVS_INTERFACE, "options", "key", CODE },
        { TUNNEL, XSNET_FIELD_REMOTES, OVS_INTERFACE, "options", "remote_ip", CODE },
        { TUNNEL, XSNET_FIELD_LOCAL, OVS_INTERFACE, "options", "local_ip", CODE },
        { TUNNEL, XSNET_FIELD_PORT, OVS_INTERFACE, "options", "dst_port", CODE },
        { TUNNEL, XSNET_FIELD_CSUM, OVS_INTERFACE, "options", "csum", CODE },
        { TUNNEL, XSNET_FIELD_DF, OVS_INTERFACE, "options", "df_default", CODE },
        { VIF, XSNET_FIELD_DOMAIN, OVS_INTERFACE, "name", NULL, CODE },
        { VIF, XSNET_FIELD_VIF_DEVICE, OVS_INTERFACE, "name", NULL, CODE },
        { VIF, XSNET_FIELD_NETWORK, OVS_BRIDGE, "ports", NULL, CODE },
        { VIF, XSNET_FIELD_NETWORK, OVS_PORT, "tag", NULL, CODE },
        { VIF, XSNET_FIELD_RATE_LIMIT, OVS_INTERFACE, "ingress_policing_rate", NULL, OVS_F_THOUSANDS },
        { VIF, XSNET_FIELD_TRUNKS, OVS_PORT, "trunks", NULL, 0 },
        { 0, XSNET_FIELD_IPV4_MODE, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_IPV4_ADDRESS, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_IPV4_GATEWAY, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_IPV6_MODE, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_IPV6_ADDRESS, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_IPV6_GATEWAY, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_DEFAULT_ROUTE, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_ROUTES, OVS_ROOT, NULL, NULL, LOCAL },
        { 0, XSNET_FIELD_MANAGEMENT, OVS_ROOT, NULL, NULL, LOCAL },
};
const size_t xsn_ovs_n_fields = XSN_ARRAY_SIZE(xsn_ovs_fields);

/* Keys that the backend sets by itself, or that are the toolstack's beside the model. */
static const struct {
        int table;
        const char *column, *key;
} managed[] = {
        { OVS_BRIDGE, "other_config", "hwaddr" },
};

/* The field that the key stands for, "": the backend's own; NULL: it is free. */
static const char *taken_by(int kind, int table, const char *column, const char *key)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(managed); i++)
                if (managed[i].table == table && strcmp(managed[i].column, column) == 0 &&
                    strcmp(managed[i].key, key) == 0)
                        return "";
        for (size_t i = 0; i < xsn_ovs_n_fields; i++) {
                const struct ovs_field *f = &xsn_ovs_fields[i];

                if (f->kind == kind && f->table == table && f->key && strcmp(f->column, column) == 0 &&
                    strcmp(f->key, key) == 0)
                        return xsnet_field_get_name(kind, f->field);
        }
        return NULL;
}

const char *xsn_ovs_find_key(int kind, const char *key)
{
        for (size_t i = 0; i < xsn_ovs_n_fields; i++)
                if (xsn_ovs_fields[i].kind == kind && xsn_ovs_fields[i].field == XSNET_FIELD_OTHER_CONFIG)
                        return taken_by(kind, xsn_ovs_fields[i].table, xsn_ovs_fields[i].column, key);
        return NULL;
}

/* Where the keys of ours are that speak of an object of the kind. */
static int mark_table(int kind)
{
        switch (kind) {
        case NETWORK:
                return OVS_BRIDGE;
        case BOND:
        case VLAN:
                return OVS_PORT;
        default:
                return OVS_INTERFACE;
        }
}

static const char *external_id(const struct ovs_place *place, int table, const char *key)
{
        const struct ovs_row *row = place->rows[OVS_PORT];
        const char *at, *value;

        if (table != OVS_BRIDGE || !place->fake)
                return xsn_ovs_get_key(place->rows[table], "external_ids", key);
        for (size_t i = 0, n = xsn_ovs_get_size(row, "external_ids"); i < n; i++)
                if (xsn_ovs_get_entry_at(row, "external_ids", i, &at, &value) &&
                    strncmp(at, OVS_FAKE_PREFIX, OVS_FAKE_PREFIX_LEN) == 0 &&
                    strcmp(at + OVS_FAKE_PREFIX_LEN, key) == 0)
                        return value;
        return NULL;
}

const char *xsn_ovs_own_key(const struct ovs_place *place, int kind, const char *key)
{
        return external_id(place, mark_table(kind), key);
}

bool xsn_ovs_number(const char *text, uint64_t max, uint64_t *ret_number)
{
        char *end;
        unsigned long long number;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        number = strtoull(text, &end, 0);
        if (errno || *end || number > max)
                return false;
        *ret_number = number;
        return true;
}

/* ---- reading ---- */

/* The row that the field's column is of, for this object. */
static const struct ovs_row *row_of(const struct ovs_place *place, const struct ovs_field *f)
{
        if (f->table != OVS_BRIDGE || !place->fake)
                return place->rows[f->table];
        return strcmp(f->column, "name") == 0 ? place->rows[OVS_PORT] : NULL;
}

static const char *text_of(const struct ovs_place *place, const struct ovs_field *f)
{
        if (f->key)
                return strcmp(f->column, "external_ids") == 0 ? external_id(place, f->table, f->key)
                                                              : xsn_ovs_get_key(row_of(place, f), f->column, f->key);
        return xsn_ovs_get_string(row_of(place, f), f->column);
}

static bool number_of(const struct ovs_place *place, const struct ovs_field *f, uint64_t max, uint64_t *ret_number)
{
        const char *text = f->key ? text_of(place, f) : NULL;
        int64_t number;

        if (f->key)
                return text && xsn_ovs_number(text, max, ret_number);
        if (!xsn_ovs_get_integer(row_of(place, f), f->column, &number) || number < 0 || (uint64_t)number > max)
                return false;
        *ret_number = (uint64_t)number;
        return true;
}

static int read_text(const struct ovs_place *place, const struct ovs_field *f, const struct xsn_field *field,
                     struct xsnet_object *obj, bool *ret_set)
{
        const char *text = text_of(place, f);

        if (!text || !*text || !xsn_text_valid(text, field->flags & XSN_F_LINES) ||
            (field->max && strlen(text) > field->max))
                return 0;
        *ret_set = true;
        return xsn_object_set_string(obj, field->id, text);
}

static int read_numbers(const struct ovs_place *place, const struct ovs_field *f, const struct xsn_field *field,
                        struct xsn_list *list, bool *ret_set)
{
        const struct ovs_row *row = row_of(place, f);
        int64_t number;

        for (size_t i = 0, n = xsn_ovs_get_size(row, f->column); i < n; i++) {
                uint32_t item;

                if (!xsn_ovs_get_integer_at(row, f->column, i, &number) || number < 0 ||
                    (field->max && (uint64_t)number > field->max))
                        continue;
                item = (uint32_t)number;
                if (xsn_list_add(xsn_type_of(field->type)->item, list, &item) < 0)
                        return -ENOMEM;
                *ret_set = true;
        }
        return 0;
}

static int read_map(const struct ovs_place *place, const struct ovs_field *f, struct xsn_list *map, bool *ret_set)
{
        const struct ovs_row *row = row_of(place, f);
        const char *key, *value;

        for (size_t i = 0, n = xsn_ovs_get_size(row, f->column); i < n; i++) {
                if (!xsn_ovs_get_entry_at(row, f->column, i, &key, &value) || !*key || !xsn_text_keepable(key) ||
                    !xsn_text_keepable(value) || taken_by(f->kind, f->table, f->column, key))
                        continue;
                if (xsn_map_set(map, key, value) < 0)
                        return -ENOMEM;
                *ret_set = true;
        }
        return 0;
}

static int read_field(const struct ovs_place *place, const struct ovs_field *f, const struct xsn_field *field,
                      struct xsnet_object *obj, bool *ret_set)
{
        void *member = xsn_object_member(obj, field);
        const char *text;
        uint64_t number;

        switch (field->type) {
        case XSNET_TYPE_BOOL:
                *ret_set = xsn_ovs_get_bool(row_of(place, f), f->column, member);
                return 0;
        case XSNET_TYPE_U32:
                *ret_set = number_of(place, f, field->max ? field->max : UINT32_MAX, &number) && number >= field->min;
                if (*ret_set)
                        *(uint32_t *)member = (uint32_t)number;
                return 0;
        case XSNET_TYPE_RATE:
                number = 0;
                *ret_set = number_of(place, f, UINT64_MAX / 1000, &number) && number > 0;
                if (*ret_set)
                        *(uint64_t *)member = f->flags & OVS_F_THOUSANDS ? number * 1000 : number;
                return 0;
        case XSNET_TYPE_STR:
                return read_text(place, f, field, obj, ret_set);
        case XSNET_TYPE_MAC:
                text = text_of(place, f);
                *ret_set = text && xsn_mac_parse(text, member) == 0;
                return 0;
        case XSNET_TYPE_U32S:
                return read_numbers(place, f, field, member, ret_set);
        case XSNET_TYPE_MAP:
                return read_map(place, f, member, ret_set);
        default:
                return 0;
        }
}

int xsn_ovs_read_fields(const struct ovs_place *place, struct xsnet_object *obj)
{
        for (size_t i = 0; i < xsn_ovs_n_fields; i++) {
                const struct ovs_field *f = &xsn_ovs_fields[i];
                bool set = false;
                int row, r;

                if (f->kind != obj->cls->kind || f->flags & OVS_F_CODE)
                        continue;
                row = xsn_class_index(obj->cls, f->field);
                if (row < 0)
                        continue;
                r = read_field(place, f, xsn_class_field(obj->cls, (size_t)row), obj, &set);
                if (r < 0)
                        return r;
                if (set)
                        xsn_object_mark(obj, f->field);
                else if (f->flags & OVS_F_DEFAULT && xsn_object_default_row(obj, (size_t)row) < 0)
                        return -ENOMEM;
        }
        return 0;
}
