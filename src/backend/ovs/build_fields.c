/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing of rows of the model by the table of fields.c, of our keys, and of rows as a journal kept them. Maps are
 * changed by key: what others keep there stays.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

static void json_done(json_t **json)
{
        json_decref(*json);
}

bool xsn_ovs_changed(const struct ovs_build *b, int field)
{
        const struct xsnet_object *obj = b->step->to ? b->step->to : b->step->from;

        return b->step->changed & xsn_object_bit(obj, field);
}

/* ---- fields ---- */

static int put_key(struct ovs_build *b, const struct ovs_target *at, const struct ovs_field *f, const char *value)
{
        if (strcmp(f->column, "external_ids") == 0)
                return xsn_ovs_put_own(b, at, f->kind, f->key, value);
        return at->rows[f->table] ? xsn_ovs_edit_put_key(b, at->rows[f->table], f->column, f->key, value) : 0;
}

static int put_number(struct ovs_build *b, const struct ovs_target *at, const struct ovs_field *f, bool set,
                      uint64_t value)
{
        char text[24];

        (void)snprintf(text, sizeof(text), "%" PRIu64, value);
        if (f->key)
                return put_key(b, at, f, set ? text : NULL);
        return xsn_ovs_edit_put_number(b, at->rows[f->table], f->column, set ? (int64_t)value : 0);
}

static int compare_numbers(const void *a, const void *c)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)c;

        return x < y ? -1 : x > y;
}

static int put_numbers(struct ovs_build *b, struct ovs_edit *e, const char *column, const struct xsn_list *list)
{
        _cleanup_(xsn_freep) uint32_t *sorted = xsn_alloc_array(list->n + 1, sizeof(*sorted));
        _cleanup_(json_done) json_t *items = json_array();

        if (!sorted || !items)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++)
                sorted[i] = XSN_ITEM(*list, uint32_t, i);
        if (list->n > 1)
                qsort(sorted, list->n, sizeof(*sorted), compare_numbers);
        for (size_t i = 0; i < list->n; i++)
                if (json_array_append_new(items, json_integer(sorted[i])) < 0)
                        return -ENOMEM;
        if (list->n == 1)
                return xsn_ovs_edit_put(b, e, column, json_incref(json_array_get(items, 0)));
        return xsn_ovs_edit_put(b, e, column, xsn_ovs_tagged("set", json_incref(items)));
}

/* Keys that the object had and has no longer go; all others stay. */
static int put_map(struct ovs_build *b, struct ovs_edit *e, const char *column, const struct xsn_list *from,
                   const struct xsn_list *to)
{
        const char *value;
        int r = 0;

        for (size_t i = 0; from && i < from->n && r == 0; i++)
                if (xsn_map_get(to, XSN_ITEM(*from, struct xsn_entry, i).key, &value) < 0)
                        r = xsn_ovs_edit_put_key(b, e, column, XSN_ITEM(*from, struct xsn_entry, i).key, NULL);
        for (size_t i = 0; i < to->n && r == 0; i++) {
                const struct xsn_entry *entry = &XSN_ITEM(*to, struct xsn_entry, i);

                r = xsn_ovs_edit_put_key(b, e, column, entry->key, entry->value);
        }
        return r;
}

static int put_text(struct ovs_build *b, const struct ovs_target *at, const struct ovs_field *f, const char *text)
{
        if (f->key)
                return put_key(b, at, f, text);
        return text ? xsn_ovs_edit_put_text(b, at->rows[f->table], f->column, text)
                    : xsn_ovs_edit_put_none(b, at->rows[f->table], f->column);
}

static int put_field(struct ovs_build *b, const struct ovs_target *at, const struct ovs_field *f,
                     const struct xsn_field *field)
{
        const struct xsnet_object *to = b->step->to, *from = b->step->from;
        const void *member = xsn_object_member(to, field);
        bool set = xsn_object_is_set(to, f->field);
        char mac[XSN_MAC_STRLEN];

        switch (field->type) {
        case XSNET_TYPE_BOOL:
                return xsn_ovs_edit_put(b, at->rows[f->table], f->column,
                                        json_boolean(set ? *(const bool *)member : field->def));
        case XSNET_TYPE_U32:
                return put_number(b, at, f, set, *(const uint32_t *)member);
        case XSNET_TYPE_RATE:
                return put_number(b, at, f, set,
                                  f->flags & OVS_F_THOUSANDS ? *(const uint64_t *)member / 1000
                                                             : *(const uint64_t *)member);
        case XSNET_TYPE_STR:
                return put_text(b, at, f, set ? *(char *const *)member : NULL);
        case XSNET_TYPE_MAC:
                return put_text(b, at, f, set ? xsn_mac_format(member, mac) : NULL);
        case XSNET_TYPE_U32S:
                return put_numbers(b, at->rows[f->table], f->column, member);
        case XSNET_TYPE_MAP:
                return put_map(b, at->rows[f->table], f->column,
                               from && from->cls == to->cls ? xsn_object_member(from, field) : NULL, member);
        default:
                return 0;
        }
}

/* What stands at a bridge only, a fake one has not. */
static int refuse_field(struct ovs_build *b, const struct xsn_field *field, size_t row)
{
        if (xsn_plan_row_is_default(b->step->to, row))
                return 0;
        return xsn_error_set(b->err, -EOPNOTSUPP, "not-supported",
                             "network '%s' is a VLAN's: on ovs: %s is that of the bridge below",
                             XSN_NETWORK(b->step->to)->name, field->name);
}

int xsn_ovs_put_fields(struct ovs_build *b, const struct ovs_target *at)
{
        const struct xsnet_object *to = b->step->to;
        int r = 0;

        for (size_t i = 0; i < xsn_ovs_n_fields && r == 0; i++) {
                const struct ovs_field *f = &xsn_ovs_fields[i];
                int row = f->kind == to->cls->kind ? xsn_class_index(to->cls, f->field) : -ENOENT;
                const struct xsn_field *field;

                if (row < 0 || f->flags & OVS_F_CODE || !(b->step->changed >> row & 1) ||
                    strcmp(f->column, "name") == 0)
                        continue;
                field = xsn_class_field(to->cls, (size_t)row);
                if (at->rows[f->table] || (at->fake && f->key && strcmp(f->column, "external_ids") == 0))
                        r = put_field(b, at, f, field);
                else if (at->fake && f->table == OVS_BRIDGE)
                        r = refuse_field(b, field, (size_t)row);
        }
        return r;
}

int xsn_ovs_refuse_rowless(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to;

        for (size_t i = 0; i < xsn_ovs_n_fields && !xsn_ovs_is_back(b); i++) {
                const struct ovs_field *f = &xsn_ovs_fields[i];
                int row = f->kind == to->cls->kind ? xsn_class_index(to->cls, f->field) : -ENOENT;

                if (row < 0 || f->flags & OVS_F_CODE || xsn_plan_row_is_default(to, (size_t)row))
                        continue;
                return xsn_error_set(b->err, -EINVAL, "needs-network",
                                     "on ovs: what is in no network has no %s: say null, or a network",
                                     xsn_class_field(to->cls, (size_t)row)->name);
        }
        return 0;
}

/* ---- our keys ---- */

int xsn_ovs_put_own(struct ovs_build *b, const struct ovs_target *at, int kind, const char *key, const char *value)
{
        int table = kind == XSNET_KIND_NETWORK                             ? OVS_BRIDGE
                    : kind == XSNET_KIND_BOND || kind == XSNET_KIND_VLAN ? OVS_PORT
                                                                           : OVS_INTERFACE;
        char name[64];

        if (table != OVS_BRIDGE || !at->fake)
                return at->rows[table] ? xsn_ovs_edit_put_key(b, at->rows[table], "external_ids", key, value) : 0;
        (void)snprintf(name, sizeof(name), "%s%s", OVS_FAKE_PREFIX, key);
        return at->rows[OVS_PORT] ? xsn_ovs_edit_put_key(b, at->rows[OVS_PORT], "external_ids", name, value) : 0;
}

int xsn_ovs_put_marks(struct ovs_build *b, const struct ovs_target *at)
{
        const struct xsnet_object *to = b->step->to;
        int kind = to->cls->kind, r;
        bool says = to->owner && !to->made && kind != XSNET_KIND_PIF && kind != XSNET_KIND_VIF;
        bool fresh = at->rows[OVS_INTERFACE] && !at->rows[OVS_INTERFACE]->row;

        if (!b->step->mark && b->step->from && !(fresh && kind != XSNET_KIND_NETWORK && kind != XSNET_KIND_VLAN))
                return 0;
        r = xsn_ovs_put_own(b, at, kind, OVS_KEY_OWNER, to->owner);
        return r < 0 ? r : xsn_ovs_put_own(b, at, kind, OVS_KEY_MADE, says ? "no" : NULL);
}

/* What no row can keep: a NIC has one only as a port or as a member of a bond. */
static int refuse_settings(struct ovs_build *b, bool autoconf)
{
        const struct xsnet_object *to = b->step->to;
        const struct ovs_row *row = xsn_ovs_row_named(b->in->rows, OVS_INTERFACE, xsn_object_device(to));
        bool lost = xsn_ovs_get_key(row, "external_ids", OVS_KEY_MANAGEMENT);

        if (xsn_ovs_is_back(b))
                return 0;
        if ((lost || xsn_ovs_changed(b, XSNET_FIELD_MANAGEMENT)) &&
            to->a.management != xsn_d0_is_derived(&b->d0, to))
                return xsn_error_set(b->err, -EINVAL, "needs-network",
                                     "on ovs: management of a NIC that is in no network is the default route's alone");
        if (autoconf && xsn_ovs_changed(b, XSNET_FIELD_IPV6_MODE))
                return xsn_error_set(b->err, -EINVAL, "needs-network",
                                     "on ovs: ipv6.mode autoconf needs a network for the NIC to be in");
        return 0;
}

int xsn_ovs_put_settings(struct ovs_build *b, const struct ovs_target *at)
{
        const struct xsnet_object *to = b->step->to;
        int kind = to->cls->kind, r = 0;
        bool autoconf = to->a.ipv6_mode.value == XSNET_IP_AUTOCONF;

        if (!to->cls->has_address || !b->in->net)
                return 0;
        if (kind == XSNET_KIND_PIF && !at->rows[OVS_INTERFACE])
                return refuse_settings(b, autoconf);
        if (xsn_ovs_changed(b, XSNET_FIELD_MANAGEMENT))
                r = xsn_ovs_put_own(b, at, kind, OVS_KEY_MANAGEMENT,
                                    to->a.management == xsn_d0_is_derived(&b->d0, to) ? NULL
                                    : to->a.management                               ? "yes"
                                                                                     : "no");
        if (r == 0 && (xsn_ovs_changed(b, XSNET_FIELD_IPV6_MODE) || xsn_d0_takes_autoconf(b->step)))
                r = xsn_ovs_put_own(b, at, kind, OVS_KEY_IPV6, autoconf ? "autoconf" : NULL);
        return r;
}

/* Does the device have it by itself, with nobody asking for another? */
static bool has_mtu(const struct ovs_build *b, const struct ovs_edit *interface, uint32_t mtu)
{
        const struct xsn_d0_link *link = b->in->net ? xsn_d0_link_named(b->in->net, interface->name) : NULL;
        int64_t has = link ? (int64_t)link->mtu : 0;

        if (json_is_integer(xsn_ovs_edit_get(interface, "mtu_request")))
                return false;
        if (!link)
                (void)xsn_ovs_get_integer(interface->row, "mtu", &has);
        return has == (int64_t)mtu;
}

int xsn_ovs_put_mtu(struct ovs_build *b, struct ovs_edit *interface, bool joins)
{
        uint32_t mtu = xsn_object_mtu(b->step->to);
        int r;

        if (!interface || !mtu || !(joins || xsn_ovs_changed(b, XSNET_FIELD_STATUS_MTU)) || has_mtu(b, interface, mtu))
                return 0;
        r = xsn_ovs_note_mtu(b, interface);
        return r < 0 ? r : xsn_ovs_edit_put_number(b, interface, "mtu_request", mtu);
}

/* ---- rows as they were ---- */

static bool is_ours(const char *key)
{
        if (strncmp(key, OVS_FAKE_PREFIX, OVS_FAKE_PREFIX_LEN) == 0)
                key += OVS_FAKE_PREFIX_LEN;
        return strncmp(key, "xsnet-", 6) == 0;
}

/* Of external_ids, keys that are not ours and came meanwhile are somebody else's, and stay. */
static int restore_map(struct ovs_build *b, struct ovs_edit *e, const char *column, const json_t *value)
{
        _cleanup_(json_done) json_t *has = json_incref(xsn_ovs_pairs(xsn_ovs_edit_get(e, column)));
        json_t *kept = xsn_ovs_pairs(value);
        bool all = strcmp(column, "external_ids") != 0;
        int r = 0;

        for (size_t i = 0; i < json_array_size(has) && r == 0; i++) {
                const char *key = json_string_value(json_array_get(json_array_get(has, i), 0));
                bool stays = !key || (!all && !is_ours(key));

                for (size_t j = 0; !stays && j < json_array_size(kept); j++) {
                        const char *other = json_string_value(json_array_get(json_array_get(kept, j), 0));

                        stays = other && strcmp(other, key) == 0;
                }
                if (!stays)
                        r = xsn_ovs_edit_put_key(b, e, column, key, NULL);
        }
        for (size_t i = 0; i < json_array_size(kept) && r == 0; i++) {
                const char *key = json_string_value(json_array_get(json_array_get(kept, i), 0));
                const char *text = json_string_value(json_array_get(json_array_get(kept, i), 1));

                if (key && text)
                        r = xsn_ovs_edit_put_key(b, e, column, key, text);
        }
        return r;
}

/* What nobody has set, in the form of the value that stands there now; NULL: it is that already. */
static json_t *nothing_like(const struct ovs_column *column, const json_t *now)
{
        if (json_is_boolean(now))
                return json_false();
        if (column->flags & OVS_COL_OPTIONAL || json_is_array(now))
                return xsn_ovs_tagged("set", json_array());
        if (json_is_string(now) && strcmp(column->name, "datapath_type") != 0 && strcmp(column->name, "type") != 0)
                return xsn_ovs_tagged("set", json_array());
        return json_is_string(now) ? json_string("") : json_is_integer(now) ? json_integer(0) : NULL;
}

static int restore_column(struct ovs_build *b, struct ovs_edit *e, const struct ovs_column *column, json_t *kept)
{
        json_t *value = json_object_get(kept, column->name), *now = xsn_ovs_edit_get(e, column->name);

        if (column->flags & (OVS_COL_STATE | OVS_COL_OWNED) || (!value && !now))
                return 0;
        if (xsn_ovs_pairs(value ? value : now))
                return restore_map(b, e, column->name, value);
        if (value)
                return xsn_ovs_edit_put(b, e, column->name, json_incref(value));
        value = nothing_like(column, now);
        return value ? xsn_ovs_edit_put(b, e, column->name, value) : 0;
}

static int restore_row(struct ovs_build *b, const struct xsnet_object *obj, struct ovs_edit *e)
{
        _cleanup_(json_done) json_t *kept = xsn_ovs_payload_row(obj, e->table, e->name);
        const struct ovs_table *table = &xsn_ovs_tables[e->table];
        int r = 0;

        for (size_t i = 0; kept && i < table->n_columns && r == 0; i++)
                r = restore_column(b, e, &table->columns[i], kept);
        return r;
}

int xsn_ovs_restore(struct ovs_build *b, const struct xsnet_object *obj)
{
        int r = 0;

        for (int table = OVS_BRIDGE; table < OVS_N_TABLES && r == 0; table++) {
                _cleanup_(json_done) json_t *names = xsn_ovs_payload_names(obj, table);

                for (size_t i = 0; i < json_array_size(names) && r == 0; i++) {
                        struct ovs_edit *e;

                        r = xsn_ovs_edit(b, table, json_string_value(json_array_get(names, i)), &e);
                        if (r == 0 && e && xsn_ovs_edit_lives(e))
                                r = restore_row(b, obj, e);
                }
        }
        return r;
}
