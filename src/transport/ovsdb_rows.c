/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An update is read in full first, into a list of changes; then the list is carried out, wholly or not at all.
 */
#include "transport/ovsdb_rows.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static void json_done(json_t **json)
{
        json_decref(*json);
}

int xsn_ovsdb_rows_add_table(struct xsn_ovsdb_rows *rows, const char *table, const char *const *columns,
                             size_t n_columns)
{
        void *tables = xsn_realloc_array(rows->tables, rows->n_tables + 1, sizeof(*rows->tables));
        struct xsn_ovsdb_watched *watched;

        if (!tables)
                return -ENOMEM;
        rows->tables = tables;
        watched = &rows->tables[rows->n_tables++];
        *watched = (struct xsn_ovsdb_watched){ .table = xsn_strdup(table) };
        watched->columns = xsn_alloc_array(n_columns, sizeof(*watched->columns));
        watched->known = xsn_alloc_array(n_columns, sizeof(*watched->known));
        watched->rows = json_object();
        if (!watched->table || !watched->columns || !watched->known || !watched->rows)
                return -ENOMEM;
        for (; watched->n_columns < n_columns; watched->n_columns++) {
                watched->columns[watched->n_columns] = xsn_strdup(columns[watched->n_columns]);
                if (!watched->columns[watched->n_columns])
                        return -ENOMEM;
        }
        return 0;
}

void xsn_ovsdb_rows_done(struct xsn_ovsdb_rows *rows)
{
        for (size_t i = 0; i < rows->n_tables; i++) {
                struct xsn_ovsdb_watched *watched = &rows->tables[i];

                for (size_t j = 0; j < watched->n_columns; j++)
                        xsn_free(watched->columns[j]);
                xsn_free(watched->columns);
                xsn_free(watched->known);
                xsn_free(watched->table);
                json_decref(watched->defaults);
                json_decref(watched->rows);
        }
        xsn_free(rows->tables);
        *rows = (struct xsn_ovsdb_rows){ 0 };
}

static int bind_table(struct xsn_ovsdb_watched *watched, const struct xsn_ovsdb_table *table)
{
        _cleanup_(json_done) json_t *defaults = json_object();

        watched->present = table != NULL;
        for (size_t i = 0; i < watched->n_columns; i++)
                watched->known[i] = xsn_ovsdb_table_column(table, watched->columns[i]);
        for (size_t i = 0; defaults && i < watched->n_columns; i++) {
                json_t *value = NULL;

                if (!watched->known[i])
                        continue;
                if (xsn_ovsdb_value_default(&watched->known[i]->type, &value) < 0 ||
                    json_object_set_new(defaults, watched->columns[i], value) < 0)
                        return -ENOMEM;
        }
        json_decref(watched->defaults);
        watched->defaults = XSN_TAKE(defaults);
        return watched->defaults ? 0 : -ENOMEM;
}

int xsn_ovsdb_rows_bind(struct xsn_ovsdb_rows *rows, const struct xsn_ovsdb_schema *schema)
{
        int r = 0;

        for (size_t i = 0; i < rows->n_tables; i++)
                if (bind_table(&rows->tables[i], xsn_ovsdb_schema_table(schema, rows->tables[i].table)) < 0)
                        r = -ENOMEM;
        return r;
}

static int request_table(const struct xsn_ovsdb_watched *watched, json_t *request)
{
        json_t *columns = json_array();
        int r = columns ? 0 : -1;

        for (size_t i = 0; r == 0 && i < watched->n_columns; i++)
                if (watched->known[i])
                        r = json_array_append_new(columns, json_string(watched->columns[i]));
        if (r < 0) {
                json_decref(columns);
                return r;
        }
        return json_object_set_new(request, watched->table, json_pack("[{so}]", "columns", columns));
}

json_t *xsn_ovsdb_rows_request(const struct xsn_ovsdb_rows *rows)
{
        _cleanup_(json_done) json_t *request = json_object();

        for (size_t i = 0; request && i < rows->n_tables; i++)
                if (rows->tables[i].present && request_table(&rows->tables[i], request) < 0)
                        return NULL;
        return XSN_TAKE(request);
}

static const struct xsn_ovsdb_watched *find_table(const struct xsn_ovsdb_rows *rows, const char *table)
{
        for (size_t i = 0; i < rows->n_tables; i++)
                if (strcmp(rows->tables[i].table, table) == 0)
                        return &rows->tables[i];
        return NULL;
}

const json_t *xsn_ovsdb_rows_table(const struct xsn_ovsdb_rows *rows, const char *table)
{
        const struct xsn_ovsdb_watched *watched = find_table(rows, table);

        return watched ? watched->rows : NULL;
}

const json_t *xsn_ovsdb_rows_defaults(const struct xsn_ovsdb_rows *rows, const char *table)
{
        const struct xsn_ovsdb_watched *watched = find_table(rows, table);

        return watched ? watched->defaults : NULL;
}

/* ---- rows ---- */

static const struct xsn_ovsdb_type *type_of(const struct xsn_ovsdb_watched *watched, const char *column)
{
        for (size_t i = 0; i < watched->n_columns; i++)
                if (watched->known[i] && strcmp(watched->columns[i], column) == 0)
                        return &watched->known[i]->type;
        return NULL;
}

/* The column as it is after the message; NULL: as on a new row. */
static int read_column(const struct xsn_ovsdb_watched *watched, const char *column, const json_t *value,
                       const json_t *old, json_t **ret_after)
{
        const struct xsn_ovsdb_type *type = type_of(watched, column);
        const json_t *fresh = json_object_get(watched->defaults, column), *before = json_object_get(old, column);
        int r = old ? xsn_ovsdb_value_apply(type, before ? before : fresh, value, ret_after)
                    : xsn_ovsdb_value_read(type, value, ret_after);

        if (r < 0 || !json_equal(*ret_after, fresh))
                return r;
        json_decref(*ret_after);
        *ret_after = NULL;
        return 0;
}

/* A new row that is all as it shall be kept, as nearly all are, is kept itself. */
static int read_row(const struct xsn_ovsdb_watched *watched, json_t *json, json_t *old, json_t **ret_row)
{
        _cleanup_(json_done) json_t *row = old ? json_copy(old) : json_incref(json);
        const char *column;
        json_t *value;

        if (!json_is_object(json))
                return -EPROTO;
        if (!row)
                return -ENOMEM;
        json_object_foreach(json, column, value) {
                json_t *after = NULL;
                int r = type_of(watched, column) ? read_column(watched, column, value, old, &after) : 0;

                if (r < 0)
                        return r;
                if (after == value && row == json) {
                        json_decref(after);
                        continue;
                }
                if (row == json) {
                        json_decref(row);
                        row = json_copy(json);
                }
                if (!row) {
                        json_decref(after);
                        return -ENOMEM;
                }
                if (!after)
                        (void)json_object_del(row, column);
                else if (json_object_set_new(row, column, after) < 0)
                        return -ENOMEM;
        }
        *ret_row = XSN_TAKE(row);
        return 0;
}

static int read_whole(const struct xsn_ovsdb_watched *watched, const json_t *update, json_t *before, json_t **ret_after)
{
        json_t *row = json_object_get(update, "new");

        if (row)
                return read_row(watched, row, NULL, ret_after);
        return before && json_is_object(json_object_get(update, "old")) ? 0 : -EPROTO;
}

static int read_diff(const struct xsn_ovsdb_watched *watched, const json_t *update, json_t *before, json_t **ret_after)
{
        json_t *row = json_object_get(update, "initial");

        if (!row)
                row = json_object_get(update, "insert");
        if (row)
                return read_row(watched, row, NULL, ret_after);
        if (!before)
                return -EPROTO; /* of a row that we were never told */
        row = json_object_get(update, "modify");
        if (row)
                return read_row(watched, row, before, ret_after);
        return json_object_get(update, "delete") ? 0 : -EPROTO;
}

/* ---- changes ---- */

void xsn_ovsdb_changes_done(struct xsn_ovsdb_changes *changes)
{
        for (size_t i = 0; i < changes->n; i++) {
                json_decref(changes->v[i].before);
                json_decref(changes->v[i].after);
        }
        xsn_free(changes->v);
        *changes = (struct xsn_ovsdb_changes){ 0 };
}

/* after is taken, also on failure. */
static int add_change(struct xsn_ovsdb_changes *changes, struct xsn_ovsdb_watched *watched, const char *uuid,
                      json_t *before, json_t *after)
{
        _cleanup_(json_done) json_t *taken = after;
        struct xsn_ovsdb_change *change;
        void *v = changes->v;

        if (before == after || (before && after && json_equal(before, after)))
                return 0;
        if (xsn_grow(&v, &changes->cap, changes->n + 1, sizeof(*changes->v)) < 0)
                return -ENOMEM;
        changes->v = v;
        change = &changes->v[changes->n++];
        *change = (struct xsn_ovsdb_change){ .table = watched->table, .watched = watched };
        memcpy(change->uuid, uuid, sizeof(change->uuid));
        change->before = json_incref(before);
        change->after = XSN_TAKE(taken);
        return 0;
}

static int read_table(struct xsn_ovsdb_watched *watched, json_t *updates, int form, bool snapshot,
                      struct xsn_ovsdb_changes *changes)
{
        const char *uuid;
        json_t *update;
        int r = 0;

        if (!json_is_object(updates))
                return updates ? -EPROTO : 0;
        json_object_foreach(updates, uuid, update) {
                json_t *before = json_object_get(watched->rows, uuid);
                json_t *after = NULL;

                if (!xsn_ovsdb_uuid_valid(uuid) || !json_is_object(update))
                        return -EPROTO;
                if (form == XSN_OVSDB_WHOLE)
                        r = read_whole(watched, update, snapshot ? NULL : before, &after);
                else
                        r = read_diff(watched, update, snapshot ? NULL : before, &after);
                if (r == 0)
                        r = add_change(changes, watched, uuid, before, after);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A snapshot does not name what has gone. */
static int read_gone(struct xsn_ovsdb_watched *watched, const json_t *updates, struct xsn_ovsdb_changes *changes)
{
        const char *uuid;
        json_t *row;

        json_object_foreach(watched->rows, uuid, row) {
                if (!json_object_get(updates, uuid) && add_change(changes, watched, uuid, row, NULL) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- carrying out ---- */

static void drop_row(const struct xsn_ovsdb_change *change)
{
        (void)json_object_del(change->watched->rows, change->uuid);
}

/* What needs memory comes first, and can be taken back without any. */
static int put_rows(const struct xsn_ovsdb_changes *changes)
{
        for (size_t i = 0; i < changes->n; i++) {
                const struct xsn_ovsdb_change *change = &changes->v[i];

                if (!change->after || json_object_set(change->watched->rows, change->uuid, change->after) == 0)
                        continue;
                while (i-- > 0) {
                        change = &changes->v[i];
                        if (change->after && change->before)
                                (void)json_object_set(change->watched->rows, change->uuid, change->before);
                        else if (change->after)
                                drop_row(change);
                }
                return -ENOMEM;
        }
        return 0;
}

static int carry_out(struct xsn_ovsdb_rows *rows, const struct xsn_ovsdb_changes *changes)
{
        size_t n_rows = rows->n_rows;

        for (size_t i = 0; i < changes->n; i++) {
                n_rows += changes->v[i].after && !changes->v[i].before;
                n_rows -= changes->v[i].before && !changes->v[i].after;
        }
        if (n_rows > XSN_OVSDB_ROWS_MAX && n_rows > rows->n_rows)
                return -EMSGSIZE;
        if (put_rows(changes) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < changes->n; i++)
                if (!changes->v[i].after)
                        drop_row(&changes->v[i]);
        rows->n_rows = n_rows;
        return 0;
}

static int read_all(struct xsn_ovsdb_rows *rows, const json_t *updates, int form, bool snapshot,
                    struct xsn_ovsdb_changes *changes)
{
        int r = json_is_object(updates) ? 0 : -EPROTO;

        for (size_t i = 0; r == 0 && i < rows->n_tables; i++) {
                json_t *of_table = json_object_get(updates, rows->tables[i].table);

                if (snapshot)
                        r = read_gone(&rows->tables[i], of_table, changes);
                if (r == 0)
                        r = read_table(&rows->tables[i], of_table, form, snapshot, changes);
        }
        return r;
}

int xsn_ovsdb_rows_update(struct xsn_ovsdb_rows *rows, const json_t *updates, int form, bool snapshot,
                          struct xsn_ovsdb_changes *ret_changes, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_ovsdb_changes_done) struct xsn_ovsdb_changes changes = { 0 };
        int r = read_all(rows, updates, form, snapshot, &changes);

        if (r == 0)
                r = carry_out(rows, &changes);
        if (r == -ENOMEM)
                return xsn_error_oom(ret_err);
        if (r == -EMSGSIZE)
                return xsn_error_set(ret_err, r, "too-big", "more than %u rows are watched", XSN_OVSDB_ROWS_MAX);
        if (r < 0)
                return xsn_error_set(ret_err, r, "bad-reply", "rows that are not as the schema says, or never were");
        *ret_changes = changes;
        changes = (struct xsn_ovsdb_changes){ 0 };
        return 0;
}
