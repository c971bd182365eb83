/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From edited rows to operations: first the guards, then the new rows, then what changes in old ones, and at last
 * next_cfg. A guard is one `wait` a row: it is still there, and the columns that we replace, the keys of maps that we
 * replace, and the references that we take away are as the plan assumed. New names have no guard of their own: the
 * database's indexes refuse a second row of a name. A key that comes is inserted, which never overwrites one that
 * somebody else has set meanwhile.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

static void json_done(json_t **json)
{
        json_decref(*json);
}

static const char *children_of(int table)
{
        return table == OVS_ROOT ? "bridges" : table == OVS_BRIDGE ? "ports" : "interfaces";
}

static json_t *uuid_of(const struct ovs_row *row)
{
        return xsn_ovs_pair("uuid", row->uuid);
}

static json_t *reference_to(const struct ovs_edit *e)
{
        return e->row ? uuid_of(e->row) : xsn_ovs_pair("named-uuid", e->id);
}

/* A set in the form that servers send: one element stands bare. A new reference. */
static json_t *set_of(const json_t *items)
{
        return json_array_size(items) == 1 ? json_incref(json_array_get(items, 0))
                                           : xsn_ovs_tagged("set", json_copy((json_t *)(uintptr_t)items));
}

static int put(json_t *array, json_t *item)
{
        return json_array_append_new(array, item) == 0 ? 0 : -ENOMEM;
}

/* ---- what hangs where ---- */

static int note(json_t **list, const struct ovs_edit *e)
{
        if (!*list)
                *list = json_array();
        return *list ? put(*list, reference_to(e)) : -ENOMEM;
}

static int link_all(struct ovs_build *b)
{
        for (size_t i = 0; i < b->n_edits; i++) {
                struct ovs_edit *e = b->edits[i];

                if (e->row && e->up == e->was)
                        continue;
                if (xsn_ovs_edit_lives(e) && note(&e->up->added, e) < 0)
                        return -ENOMEM;
                if (e->was && xsn_ovs_edit_lives(e->was) && note(&e->was->removed, e) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- maps ---- */

static const char *value_in(const json_t *pairs, const char *key)
{
        for (size_t i = 0; i < json_array_size(pairs); i++) {
                const char *at = json_string_value(json_array_get(json_array_get(pairs, i), 0));

                if (at && strcmp(at, key) == 0)
                        return json_string_value(json_array_get(json_array_get(pairs, i), 1));
        }
        return NULL;
}

/* The pairs of `of` that `other` does not have alike; a new reference. */
static json_t *pairs_without(const json_t *of, const json_t *other)
{
        _cleanup_(json_done) json_t *out = json_array();

        for (size_t i = 0; out && i < json_array_size(of); i++) {
                json_t *pair = json_array_get(of, i);
                const char *key = json_string_value(json_array_get(pair, 0));
                const char *value = json_string_value(json_array_get(pair, 1)), *theirs;

                theirs = key ? value_in(other, key) : NULL;
                if (!key || (value && theirs && strcmp(value, theirs) == 0))
                        continue;
                if (json_array_append(out, pair) < 0)
                        return NULL;
        }
        return XSN_TAKE(out);
}

static json_t *old_pairs(const struct ovs_edit *e, const char *column)
{
        return xsn_ovs_pairs(xsn_ovs_get(e->row, column));
}

/* ---- guards ---- */

/* A Port that goes with its bridge: that its set of Ports is as it was stands in the bridge's guard. */
static bool goes_along(const struct ovs_edit *e)
{
        return e->table == OVS_PORT && e->was && e->was->row && !xsn_ovs_edit_lives(e) && !xsn_ovs_edit_lives(e->was);
}

/* An Interface that goes, goes with its Port or out of its Port's set. */
static bool is_touched(const struct ovs_edit *e)
{
        if (!e->row || (e->table == OVS_INTERFACE && !xsn_ovs_edit_lives(e)) || goes_along(e))
                return false;
        return json_object_size(e->set) > 0 || e->added || e->removed || e->up != e->was;
}

static int put_condition(json_t *where, const char *column, const char *function, json_t *value)
{
        return value ? put(where, json_pack("[sso]", column, function, value)) : -ENOMEM;
}

static int guard_columns(const struct ovs_edit *e, json_t *where)
{
        const char *column;
        json_t *value;

        json_object_foreach(e->set, column, value) {
                json_t *old = xsn_ovs_get(e->row, column), *pairs;
                int r;

                if (!old)
                        continue;
                if (!xsn_ovs_pairs(value)) {
                        r = put_condition(where, column, "==", json_incref(old));
                } else {
                        pairs = pairs_without(old_pairs(e, column), xsn_ovs_pairs(value));
                        if (pairs && json_array_size(pairs) == 0) {
                                json_decref(pairs);
                                continue;
                        }
                        r = put_condition(where, column, "includes", xsn_ovs_tagged("map", pairs));
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static int guard(const struct ovs_edit *e, json_t *ops)
{
        _cleanup_(json_done) json_t *where = json_array();
        bool goes = !xsn_ovs_edit_lives(e);
        int r = where ? put_condition(where, "_uuid", "==", uuid_of(e->row)) : -ENOMEM;

        /* Of what goes, with all that is below it, nothing is to have come there meanwhile. */
        if (r == 0 && goes)
                r = put_condition(where, children_of(e->table), "==",
                                  json_incref(xsn_ovs_get(e->row, children_of(e->table))));
        else if (r == 0 && e->removed)
                r = put_condition(where, children_of(e->table), "includes", set_of(e->removed));
        if (r == 0 && !goes)
                r = guard_columns(e, where);
        if (r < 0)
                return r;
        return put(ops, json_pack("{ss si ss sO s[s] ss s[{so}]}", "op", "wait", "timeout", 0, "table",
                                  xsn_ovs_tables[e->table].name, "where", where, "columns", "_uuid", "until", "==",
                                  "rows", "_uuid", uuid_of(e->row)));
}

static int guard_all(struct ovs_build *b, json_t *ops)
{
        int r = guard(&b->root, ops);

        for (size_t i = 0; i < b->n_edits && r == 0; i++)
                if (is_touched(b->edits[i]))
                        r = guard(b->edits[i], ops);
        return r;
}

/* ---- rows ---- */

static int set_text(json_t *object, const char *key, const char *text)
{
        return json_object_set_new_nocheck(object, key, json_string(text));
}

/* Most operations are this: json_pack() would take twice as long. The edit's columns are of no more use. */
static int insert(struct ovs_edit *e, json_t *ops)
{
        _cleanup_(json_done) json_t *row = e->set ? XSN_TAKE(e->set) : json_object();
        _cleanup_(json_done) json_t *op = json_object();

        if (!row || !op || set_text(row, "name", e->name) < 0 ||
            (e->added && json_object_set_new(row, children_of(e->table), set_of(e->added)) < 0))
                return -ENOMEM;
        if (set_text(op, "op", "insert") < 0 || set_text(op, "table", xsn_ovs_tables[e->table].name) < 0 ||
            set_text(op, "uuid-name", e->id) < 0 || json_object_set(op, "row", row) < 0)
                return -ENOMEM;
        return put(ops, XSN_TAKE(op));
}

static int insert_all(struct ovs_build *b, json_t *ops)
{
        int r = 0;

        for (int table = OVS_INTERFACE; table > OVS_ROOT; table--)
                for (size_t i = 0; i < b->n_edits && r == 0; i++)
                        if (b->edits[i]->table == table && !b->edits[i]->row && xsn_ovs_edit_lives(b->edits[i]))
                                r = insert(b->edits[i], ops);
        return r;
}

static int mutate(json_t *mutations, const char *column, const char *mutator, json_t *value)
{
        return value ? put(mutations, json_pack("[sso]", column, mutator, value)) : -ENOMEM;
}

/* Pairs that went or have another value, then those that came or have it. */
static int mutate_map(const struct ovs_edit *e, const char *column, const json_t *value, json_t *mutations)
{
        json_t *old = old_pairs(e, column), *new = xsn_ovs_pairs(value);
        _cleanup_(json_done) json_t *gone = pairs_without(old, new);
        _cleanup_(json_done) json_t *come = pairs_without(new, old);
        int r = gone && come ? 0 : -ENOMEM;

        if (r == 0 && json_array_size(gone) > 0)
                r = mutate(mutations, column, "delete", xsn_ovs_tagged("map", json_incref(gone)));
        if (r == 0 && json_array_size(come) > 0)
                r = mutate(mutations, column, "insert", xsn_ovs_tagged("map", json_incref(come)));
        return r;
}

/* A Port may at no time be without Interfaces, so what comes, comes first. */
static int mutate_children(const struct ovs_edit *e, json_t *mutations)
{
        int r = e->added ? mutate(mutations, children_of(e->table), "insert", set_of(e->added)) : 0;

        if (r == 0 && e->removed)
                r = mutate(mutations, children_of(e->table), "delete", set_of(e->removed));
        return r;
}

static int put_mutations(const struct ovs_edit *e, json_t *mutations, json_t *ops)
{
        return put(ops, json_pack("{ss ss s[[sso]] sO}", "op", "mutate", "table", xsn_ovs_tables[e->table].name,
                                  "where", "_uuid", "==", uuid_of(e->row), "mutations", mutations));
}

static int change(const struct ovs_edit *e, json_t *ops)
{
        _cleanup_(json_done) json_t *row = json_object();
        _cleanup_(json_done) json_t *mutations = json_array();
        const char *column;
        json_t *value;
        int r = row && mutations ? mutate_children(e, mutations) : -ENOMEM;

        json_object_foreach(e->set, column, value) {
                if (r < 0)
                        break;
                if (xsn_ovs_pairs(value))
                        r = mutate_map(e, column, value, mutations);
                else
                        r = json_object_set(row, column, value) == 0 ? 0 : -ENOMEM;
        }
        if (r == 0 && json_object_size(row) > 0)
                r = put(ops, json_pack("{ss ss s[[sso]] sO}", "op", "update", "table", xsn_ovs_tables[e->table].name,
                                       "where", "_uuid", "==", uuid_of(e->row), "row", row));
        if (r == 0 && json_array_size(mutations) > 0)
                r = put_mutations(e, mutations, ops);
        return r;
}

static int change_all(struct ovs_build *b, json_t *ops)
{
        int r = 0;

        for (size_t i = 0; i < b->n_edits && r == 0; i++)
                if (b->edits[i]->row && xsn_ovs_edit_lives(b->edits[i]))
                        r = change(b->edits[i], ops);
        return r;
}

static int end(struct ovs_build *b, struct ovs_transaction *txn)
{
        _cleanup_(json_done) json_t *mutations = json_array();
        const struct ovs_row *root = b->root.row;
        int r = mutations ? mutate_children(&b->root, mutations) : -ENOMEM;

        if (r == 0)
                r = mutate(mutations, "next_cfg", "+=", json_integer(1));
        if (r == 0)
                r = put_mutations(&b->root, mutations, txn->ops);
        if (r == 0)
                r = put(txn->ops, json_pack("{ss ss s[[sso]] s[s]}", "op", "select", "table",
                                            xsn_ovs_tables[OVS_ROOT].name, "where", "_uuid", "==", uuid_of(root),
                                            "columns", "next_cfg"));
        txn->next_cfg_at = json_array_size(txn->ops) - 1;
        if (r == 0)
                r = put(txn->ops, json_pack("{ss ss}", "op", "comment", "comment",
                                            b->in->plan->back ? "xsnet: going back" : "xsnet: apply"));
        return r;
}

/* ---- what to look at afterwards ---- */

static int add_check(struct ovs_transaction *txn, const struct ovs_edit *e)
{
        void *v = txn->checks;

        if (xsn_grow(&v, &txn->cap_checks, txn->n_checks + 1, sizeof(*txn->checks)) < 0)
                return -ENOMEM;
        txn->checks = v;
        txn->checks[txn->n_checks] = (struct ovs_check){ .interface = xsn_strdup(e->name),
                                                         .step = e->step ? e->step : e->up->step };
        return txn->checks[txn->n_checks++].interface ? 0 : -ENOMEM;
}

/* Does vswitchd make it anew? Where keys alone change, what was wrong with it before is not the plan's fault. */
static bool is_made(const struct ovs_edit *e)
{
        return !e->row || e->up != e->was || json_object_get(e->set, "type") || json_object_get(e->set, "options");
}

static int add_checks(struct ovs_build *b, struct ovs_transaction *txn)
{
        for (size_t i = 0; i < b->n_edits; i++) {
                const struct ovs_edit *e = b->edits[i];

                if (e->table == OVS_INTERFACE && xsn_ovs_edit_lives(e) && (is_made(e) || is_made(e->up)) &&
                    add_check(txn, e) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static bool is_nothing(const struct ovs_build *b)
{
        for (size_t i = 0; i < b->n_edits; i++) {
                const struct ovs_edit *e = b->edits[i];

                if (e->row ? is_touched(e) : xsn_ovs_edit_lives(e))
                        return false;
        }
        return !b->root.added && !b->root.removed;
}

int xsn_ovs_emit(struct ovs_build *b, struct ovs_transaction *txn)
{
        if (link_all(b) < 0)
                return -ENOMEM;
        if (is_nothing(b))
                return 0;
        txn->ops = json_array();
        if (!txn->ops || guard_all(b, txn->ops) < 0 || insert_all(b, txn->ops) < 0 || change_all(b, txn->ops) < 0 ||
            end(b, txn) < 0)
                return -ENOMEM;
        return add_checks(b, txn);
}
