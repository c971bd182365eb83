/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that are watched, and the copies of their rows. */
#include "backend/ovs/rows.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

#define STATE    OVS_COL_STATE
#define OPTIONAL OVS_COL_OPTIONAL
#define OWNED    OVS_COL_OWNED

static const struct ovs_column root_columns[] = {
        { "bridges", STATE },       { "next_cfg", STATE },       { "cur_cfg", STATE },  { "ovs_version", STATE },
        { "db_version", STATE },    { "datapath_types", STATE }, { "iface_types", STATE }, { "other_config", 0 },
        { "external_ids", 0 },
};

static const struct ovs_column bridge_columns[] = {
        { "name", STATE },
        { "ports", STATE },
        { "datapath_type", 0 },
        { "fail_mode", OPTIONAL },
        { "stp_enable", 0 },
        { "rstp_enable", 0 },
        { "mcast_snooping_enable", 0 },
        { "protocols", 0 },
        { "flood_vlans", 0 },
        { "other_config", 0 },
        { "external_ids", 0 },
        { "controller", OWNED },
        { "mirrors", OWNED },
        { "netflow", OWNED },
        { "sflow", OWNED },
        { "ipfix", OWNED },
        { "flow_tables", OWNED },
        { "auto_attach", OWNED },
};

/* A Port's `qos` is a row that lives on without it. */
static const struct ovs_column port_columns[] = {
        { "name", STATE },
        { "interfaces", STATE },
        { "tag", OPTIONAL },
        { "trunks", 0 },
        { "cvlans", 0 },
        { "vlan_mode", OPTIONAL },
        { "fake_bridge", 0 },
        { "qos", OPTIONAL },
        { "mac", OPTIONAL },
        { "bond_mode", OPTIONAL },
        { "lacp", OPTIONAL },
        { "bond_updelay", 0 },
        { "bond_downdelay", 0 },
        { "bond_fake_iface", 0 },
        { "protected", 0 },
        { "other_config", 0 },
        { "external_ids", 0 },
};

static const struct ovs_column interface_columns[] = {
        { "name", STATE },
        { "type", 0 },
        { "options", 0 },
        { "mac", OPTIONAL },
        { "mtu_request", OPTIONAL },
        { "ofport_request", OPTIONAL },
        { "ingress_policing_rate", 0 },
        { "ingress_policing_burst", 0 },
        { "ingress_policing_kpkts_rate", 0 },
        { "ingress_policing_kpkts_burst", 0 },
        { "bfd", 0 },
        { "cfm_mpid", OPTIONAL },
        { "lldp", 0 },
        { "other_config", 0 },
        { "external_ids", 0 },
        { "ofport", STATE },
        { "error", STATE },
        { "link_state", STATE },
        { "mac_in_use", STATE },
        { "mtu", STATE },
        { "lacp_current", STATE },
};

#define TABLE(name_, columns_) { .name = (name_), .columns = (columns_), .n_columns = XSN_ARRAY_SIZE(columns_) }

const struct ovs_table xsn_ovs_tables[OVS_N_TABLES] = {
        [OVS_ROOT] = TABLE("Open_vSwitch", root_columns),
        [OVS_BRIDGE] = TABLE("Bridge", bridge_columns),
        [OVS_PORT] = TABLE("Port", port_columns),
        [OVS_INTERFACE] = TABLE("Interface", interface_columns),
};

int xsn_ovs_table_of(const char *name)
{
        int table = OVS_N_TABLES - 1;

        while (table >= 0 && strcmp(xsn_ovs_tables[table].name, name) != 0)
                table--;
        return table;
}

void xsn_ovs_watch_done(struct xsn_ovsdb_watch watches[OVS_N_TABLES])
{
        for (int i = 0; i < OVS_N_TABLES; i++) {
                xsn_free((void *)(uintptr_t)watches[i].columns);
                watches[i] = (struct xsn_ovsdb_watch){ 0 };
        }
}

int xsn_ovs_rows_watch(struct xsn_ovsdb_watch ret_watches[OVS_N_TABLES])
{
        for (int i = 0; i < OVS_N_TABLES; i++)
                ret_watches[i] = (struct xsn_ovsdb_watch){ .table = xsn_ovs_tables[i].name };
        for (int i = 0; i < OVS_N_TABLES; i++) {
                const struct ovs_table *table = &xsn_ovs_tables[i];
                const char **names = xsn_alloc_array(table->n_columns, sizeof(*names));

                if (!names) {
                        xsn_ovs_watch_done(ret_watches);
                        return -ENOMEM;
                }
                for (size_t j = 0; j < table->n_columns; j++)
                        names[j] = table->columns[j].name;
                ret_watches[i].columns = names;
                ret_watches[i].n_columns = table->n_columns;
        }
        return 0;
}

/* ---- rows ---- */

static struct ovs_row *row_free(struct ovs_row *row)
{
        json_decref(row->columns);
        return xsn_free(row);
}

void xsn_ovs_rows_done(struct ovs_rows *rows)
{
        for (int i = 0; i < OVS_N_TABLES; i++) {
                for (size_t j = 0; j < rows->tables[i].n; j++)
                        (void)row_free(rows->tables[i].v[j]);
                xsn_free((void *)rows->tables[i].v);
                xsn_hash_done(&rows->tables[i].by_uuid);
                xsn_hash_done(&rows->tables[i].by_name);
                json_decref(rows->tables[i].fresh);
        }
        *rows = (struct ovs_rows){ 0 };
}

void xsn_ovs_rows_set_fresh(struct ovs_rows *rows, int table, const json_t *fresh)
{
        json_t *before = rows->tables[table].fresh;

        rows->tables[table].fresh = json_incref((json_t *)(uintptr_t)fresh);
        json_decref(before);
}

static const char *name_of(int table, const json_t *columns)
{
        const char *name = table == OVS_ROOT ? NULL : json_string_value(json_object_get(columns, "name"));

        return name ? name : "";
}

/*
 * A name goes from one row to another within one transaction, whose changes come in any order: so rows of one name
 * stand in a chain meanwhile.
 */
static int link_name(struct ovs_rows *rows, struct ovs_row *row)
{
        struct xsn_hash *by_name = &rows->tables[row->table].by_name;
        struct ovs_row *first = *row->name ? xsn_hash_get_str(by_name, row->name) : NULL;

        row->same = NULL;
        if (!*row->name)
                return 0;
        if (!first)
                return xsn_hash_put_str(by_name, row->name, row);
        row->same = first->same;
        first->same = row;
        rows->n_clashes++;
        return 0;
}

static void unlink_name(struct ovs_rows *rows, struct ovs_row *row)
{
        struct xsn_hash *by_name = &rows->tables[row->table].by_name;
        struct ovs_row *first = *row->name ? xsn_hash_get_str(by_name, row->name) : NULL;

        if (!first)
                return;
        if (first != row) {
                struct ovs_row *before = first;

                while (before->same && before->same != row)
                        before = before->same;
                if (before->same != row)
                        return;
                before->same = row->same;
                rows->n_clashes--;
        } else {
                /* The key is the row's own text, so it goes before the next one's comes: into the slot that is free. */
                (void)xsn_hash_remove(by_name, row->name, strlen(row->name));
                if (row->same) {
                        rows->n_clashes--;
                        if (xsn_hash_put_str(by_name, row->same->name, row->same) < 0)
                                rows->failed = true;
                }
        }
        row->same = NULL;
}

static int add_row(struct ovs_rows *rows, int table, const char *uuid, const json_t *columns)
{
        struct ovs_row *row = xsn_alloc(sizeof(*row));
        void *v = (void *)rows->tables[table].v;

        if (!row)
                return -ENOMEM;
        row->table = table;
        memcpy(row->uuid, uuid, sizeof(row->uuid));
        row->columns = json_incref((json_t *)(uintptr_t)columns);
        row->fresh = &rows->tables[table].fresh;
        row->name = name_of(table, columns);
        if (xsn_grow(&v, &rows->tables[table].cap, rows->tables[table].n + 1, sizeof(row)) < 0) {
                (void)row_free(row);
                return -ENOMEM;
        }
        rows->tables[table].v = v;
        if (xsn_hash_put(&rows->tables[table].by_uuid, row->uuid, XSN_OVSDB_UUID_LEN, row) < 0 ||
            link_name(rows, row) < 0) {
                (void)xsn_hash_remove(&rows->tables[table].by_uuid, row->uuid, XSN_OVSDB_UUID_LEN);
                (void)row_free(row);
                return -ENOMEM;
        }
        row->at = rows->tables[table].n;
        rows->tables[table].v[rows->tables[table].n++] = row;
        return 0;
}

static void remove_row(struct ovs_rows *rows, struct ovs_row *row)
{
        int table = row->table;
        struct ovs_row *last = rows->tables[table].v[--rows->tables[table].n];

        rows->tables[table].v[row->at] = last;
        last->at = row->at;
        unlink_name(rows, row);
        (void)xsn_hash_remove(&rows->tables[table].by_uuid, row->uuid, XSN_OVSDB_UUID_LEN);
        (void)row_free(row);
}

static int change_row(struct ovs_rows *rows, struct ovs_row *row, const json_t *columns)
{
        json_t *before = row->columns;
        int r;

        unlink_name(rows, row);
        row->columns = json_incref((json_t *)(uintptr_t)columns);
        row->name = name_of(row->table, columns);
        r = link_name(rows, row);
        json_decref(before);
        return r;
}

int xsn_ovs_rows_change(struct ovs_rows *rows, const char *table, const char *uuid, const json_t *after)
{
        struct ovs_row *row;
        int i = xsn_ovs_table_of(table), r = 0;

        if (i < 0)
                return 0;
        if (!xsn_ovsdb_uuid_valid(uuid))
                return -EPROTO;
        row = xsn_ovs_row_at(rows, i, uuid);
        /* What is not a row any more is none. */
        if (row && !json_is_object(after))
                remove_row(rows, row);
        else if (row)
                r = change_row(rows, row, after);
        else if (json_is_object(after))
                r = add_row(rows, i, uuid, after);
        if (r < 0 || rows->failed) {
                rows->failed = true;
                return -ENOMEM;
        }
        return after && !json_is_object(after) ? -EPROTO : 0;
}

int xsn_ovs_rows_check(const struct ovs_rows *rows, struct xsnet_error **ret_err)
{
        if (rows->failed)
                return xsn_error_oom(ret_err);
        if (rows->tables[OVS_ROOT].n != 1)
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "the database has %zu rows in table %s, not one",
                                     rows->tables[OVS_ROOT].n, xsn_ovs_tables[OVS_ROOT].name);
        for (int i = 0; rows->n_clashes > 0 && i < OVS_N_TABLES; i++)
                for (size_t j = 0; j < rows->tables[i].n; j++)
                        if (rows->tables[i].v[j]->same)
                                return xsn_error_set(ret_err, -EPROTO, "bad-reply",
                                                     "two rows of table %s are called '%s'",
                                                     xsn_ovs_tables[i].name, rows->tables[i].v[j]->name);
        return 0;
}

struct ovs_row *xsn_ovs_row_root(const struct ovs_rows *rows)
{
        return rows->tables[OVS_ROOT].n == 1 ? rows->tables[OVS_ROOT].v[0] : NULL;
}

struct ovs_row *xsn_ovs_row_at(const struct ovs_rows *rows, int table, const char *uuid)
{
        return xsn_hash_get(&rows->tables[table].by_uuid, uuid, XSN_OVSDB_UUID_LEN);
}

struct ovs_row *xsn_ovs_row_named(const struct ovs_rows *rows, int table, const char *name)
{
        return xsn_hash_get_str(&rows->tables[table].by_name, name);
}
