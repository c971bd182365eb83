/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as they shall be: copies that are made when they are first changed, and new ones. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

static void json_done(json_t **json)
{
        json_decref(*json);
}

json_t *xsn_ovs_pairs(const json_t *value)
{
        const char *word = json_string_value(json_array_get(value, 0));
        json_t *pairs = json_array_get(value, 1);

        return word && strcmp(word, "map") == 0 && json_is_array(pairs) ? pairs : NULL;
}

json_t *xsn_ovs_tagged(const char *tag, json_t *items)
{
        _cleanup_(json_done) json_t *value = json_array();
        _cleanup_(json_done) json_t *taken = items;

        if (!value || !taken || json_array_append_new(value, json_string(tag)) < 0 ||
            json_array_append(value, taken) < 0)
                return NULL;
        return XSN_TAKE(value);
}

json_t *xsn_ovs_pair(const char *first, const char *second)
{
        _cleanup_(json_done) json_t *pair = json_array();

        if (!pair || json_array_append_new(pair, json_string(first)) < 0 ||
            json_array_append_new(pair, json_string(second)) < 0)
                return NULL;
        return XSN_TAKE(pair);
}

/* ---- life ---- */

static struct ovs_edit *edit_free(struct ovs_edit *e)
{
        json_decref(e->set);
        json_decref(e->added);
        json_decref(e->removed);
        xsn_free(e->name);
        return xsn_free(e);
}

void xsn_ovs_edits_done(struct ovs_build *b)
{
        for (size_t i = 0; i < b->n_edits; i++)
                (void)edit_free(b->edits[i]);
        xsn_free((void *)b->edits);
        for (int i = 0; i < OVS_N_TABLES; i++)
                xsn_hash_done(&b->by_name[i]);
        json_decref(b->root.added);
        json_decref(b->root.removed);
}

static int add(struct ovs_build *b, int table, const char *name, struct ovs_edit **ret)
{
        struct ovs_edit *e = xsn_alloc(sizeof(*e));
        void *v = (void *)b->edits;

        if (!e)
                return -ENOMEM;
        e->table = table;
        e->name = xsn_strdup(name);
        if (!e->name || xsn_grow(&v, &b->cap_edits, b->n_edits + 1, sizeof(e)) < 0) {
                (void)edit_free(e);
                return -ENOMEM;
        }
        b->edits = v;
        b->edits[b->n_edits++] = e;
        *ret = e;
        return xsn_hash_put_str(&b->by_name[table], e->name, e);
}

/* Where the database has it. */
static int find_up(struct ovs_build *b, struct ovs_edit *e)
{
        struct ovs_port *port;
        struct ovs_bridge *bridge;
        int r = 0;

        if (e->table == OVS_BRIDGE) {
                e->up = &b->root;
        } else if (e->table == OVS_PORT) {
                port = xsn_hash_get_str(&b->ports, e->name);
                bridge = port ? port->bridge : NULL;
                if (bridge)
                        r = xsn_ovs_edit(b, OVS_BRIDGE, bridge->parent ? bridge->parent->name : bridge->name, &e->up);
        } else {
                port = xsn_hash_get_str(&b->view.devices, e->name);
                if (port)
                        r = xsn_ovs_edit(b, OVS_PORT, port->row->name, &e->up);
        }
        e->was = e->up;
        if (r < 0 || e->up)
                return r;
        return xsn_error_set(b->err, -EEXIST, "name-in-use",
                             "the database has '%s' in table %s, on a bridge whose name is none of a device", e->name,
                             xsn_ovs_tables[e->table].name);
}

int xsn_ovs_edit(struct ovs_build *b, int table, const char *name, struct ovs_edit **ret)
{
        struct ovs_edit *e = xsn_hash_get_str(&b->by_name[table], name);
        const struct ovs_row *row = e ? NULL : xsn_ovs_row_named(b->in->rows, table, name);
        int r;

        *ret = e;
        if (e || !row)
                return 0;
        r = add(b, table, name, &e);
        if (r < 0)
                return r;
        e->row = row;
        *ret = e;
        return find_up(b, e);
}

bool xsn_ovs_edit_lives(const struct ovs_edit *e)
{
        while (e && e->table != OVS_ROOT)
                e = e->up;
        return e;
}

int xsn_ovs_edit_new(struct ovs_build *b, int table, const char *name, struct ovs_edit *up, struct ovs_edit **ret)
{
        struct ovs_edit *e;
        int r = xsn_ovs_edit(b, table, name, &e);

        if (r < 0)
                return r;
        if (e && xsn_ovs_edit_lives(e))
                return xsn_error_set(b->err, -EEXIST, "name-in-use", "the database has '%s' in table %s already", name,
                                     xsn_ovs_tables[table].name);
        r = add(b, table, name, &e);
        if (r < 0)
                return r;
        (void)snprintf(e->id, sizeof(e->id), "r%zu", b->n_edits);
        e->up = up;
        e->step = b->step;
        *ret = e;
        return 0;
}

void xsn_ovs_edit_move(struct ovs_build *b, struct ovs_edit *e, struct ovs_edit *up)
{
        if (e->up == up)
                return;
        e->up = up;
        e->step = b->step;
}

/* ---- values ---- */

json_t *xsn_ovs_edit_get(const struct ovs_edit *e, const char *column)
{
        json_t *value = json_object_get(e->set, column);

        return value || !e->row ? value : xsn_ovs_get(e->row, column);
}

const char *xsn_ovs_edit_key(const struct ovs_edit *e, const char *column, const char *key)
{
        json_t *pairs = xsn_ovs_pairs(xsn_ovs_edit_get(e, column));

        for (size_t i = 0; i < json_array_size(pairs); i++) {
                const char *at = json_string_value(json_array_get(json_array_get(pairs, i), 0));

                if (at && strcmp(at, key) == 0)
                        return json_string_value(json_array_get(json_array_get(pairs, i), 1));
        }
        return NULL;
}

/* Is it what a new row has by itself? */
static bool is_default(int table, const char *column, const json_t *value)
{
        const char *word = json_string_value(json_array_get(value, 0));

        if (json_is_integer(value) && json_integer_value(value) == 0) {
                for (size_t i = 0; i < xsn_ovs_tables[table].n_columns; i++)
                        if (strcmp(xsn_ovs_tables[table].columns[i].name, column) == 0)
                                return !(xsn_ovs_tables[table].columns[i].flags & OVS_COL_OPTIONAL);
                return false;
        }
        if (json_is_array(value))
                return word && (strcmp(word, "set") == 0 || strcmp(word, "map") == 0) &&
                       json_array_size(json_array_get(value, 1)) == 0;
        return json_is_false(value) || (json_is_string(value) && *json_string_value(value) == '\0');
}

int xsn_ovs_edit_put(struct ovs_build *b, struct ovs_edit *e, const char *column, json_t *value)
{
        _cleanup_(json_done) json_t *taken = value;
        json_t *was = e->row ? xsn_ovs_get(e->row, column) : NULL;

        if (!taken)
                return -ENOMEM;
        if (!b->in->has(b->in->server, xsn_ovs_tables[e->table].name, column))
                return 0;
        if (e->row ? was && json_equal(was, taken) : is_default(e->table, column, taken)) {
                (void)json_object_del(e->set, column);
                return 0;
        }
        if (!e->set)
                e->set = json_object();
        e->step = b->step;
        return e->set && json_object_set(e->set, column, taken) == 0 ? 0 : -ENOMEM;
}

int xsn_ovs_edit_put_text(struct ovs_build *b, struct ovs_edit *e, const char *column, const char *value)
{
        return xsn_ovs_edit_put(b, e, column, json_string(value));
}

int xsn_ovs_edit_put_number(struct ovs_build *b, struct ovs_edit *e, const char *column, int64_t value)
{
        return xsn_ovs_edit_put(b, e, column, json_integer(value));
}

/* A new row has nothing where nothing is said. */
int xsn_ovs_edit_put_none(struct ovs_build *b, struct ovs_edit *e, const char *column)
{
        if (!e->row) {
                (void)json_object_del(e->set, column);
                return 0;
        }
        return xsn_ovs_edit_put(b, e, column, xsn_ovs_tagged("set", json_array()));
}

/* The pairs with the key put where it belongs, or left out; a new reference; NULL: no memory. */
static json_t *with_key(const json_t *pairs, const char *key, const char *value)
{
        _cleanup_(json_done) json_t *out = json_array();
        bool done = !value;

        for (size_t i = 0; out && i < json_array_size(pairs); i++) {
                json_t *pair = json_array_get(pairs, i);
                const char *at = json_string_value(json_array_get(pair, 0));
                int order = at ? strcmp(at, key) : -1;

                if (!done && order >= 0) {
                        if (json_array_append_new(out, xsn_ovs_pair(key, value)) < 0)
                                return NULL;
                        done = true;
                }
                if (order != 0 && json_array_append(out, pair) < 0)
                        return NULL;
        }
        if (!out || (!done && json_array_append_new(out, xsn_ovs_pair(key, value)) < 0))
                return NULL;
        return XSN_TAKE(out);
}

int xsn_ovs_edit_put_key(struct ovs_build *b, struct ovs_edit *e, const char *column, const char *key,
                         const char *value)
{
        const char *has = xsn_ovs_edit_key(e, column, key);
        json_t *pairs = xsn_ovs_pairs(xsn_ovs_edit_get(e, column));

        if (has && value ? strcmp(has, value) == 0 : !has && !value)
                return 0;
        return xsn_ovs_edit_put(b, e, column, xsn_ovs_tagged("map", with_key(pairs, key, value)));
}
