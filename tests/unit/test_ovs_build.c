/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents and recorded databases become transactions: data/ovs/transactions/NAME.yaml, whose comments say on which
 * database ("# database: vlans"), with whose links ("# net: yes"), with ?force-local, and without which column;
 * NAME.json is the transaction, or the error. INDEX names all cases. `--update` writes NAME.json anew: read it before
 * you keep it.
 */
#include <errno.h>

#include "backend/ovs/build.h"
#include "codec/codec.h"
#include "failalloc.h"
#include "ovs_data.h"
#include "unit.h"

#define HOST      "xs-1"
#define CASES_MIN 15
#define CASES_MAX 100

static bool update;
static char *cases[CASES_MAX];
static size_t n_cases;

struct world {
        struct ovs_data d;
        struct xsn_d0_net net;
        bool has_net, force_local;
        char lacks[64];
        struct ovs_caps caps;
        struct xsnet_state *observed;
        struct xsnet_plan *plan;
};

/* What a case's comment says of it: "# KEY: WORD"; "" where it does not. */
static void setting(const char *text, const char *key, char *ret_word, size_t size)
{
        char line[80];
        const char *at;

        (void)snprintf(line, sizeof(line), "# %s: ", key);
        at = strstr(text, line);
        (void)snprintf(ret_word, size, "%.*s", at ? (int)strcspn(at + strlen(line), "\n") : 0,
                       at ? at + strlen(line) : "");
}

static bool has(const void *server, const char *table, const char *column)
{
        const struct world *w = server;
        char name[64];

        (void)snprintf(name, sizeof(name), "%s.%s", table, column);
        return strcmp(name, w->lacks) != 0 &&
               xsn_ovsdb_table_column(xsn_ovsdb_schema_table(w->d.schema, table), column);
}

static void observe(struct world *w)
{
        struct xsnet_error *err = NULL;

        w->observed = NULL;
        ck_assert_msg(xsn_ovs_observe(&w->d.rows, w->has_net ? &w->net : NULL, NULL, HOST, &w->observed, &err) == 0,
                      "%s", err ? xsnet_error_get_message(err) : "");
        xsn_ovs_caps_find(has, w, &w->d.rows, w->has_net, &w->caps);
}

/* 0; or what is wrong with the document on this database. */
static int make_plan(struct world *w, const char *text, struct xsnet_error **ret_err)
{
        struct xsn_plan_options options = { .irreversible = true };
        struct xsn_plan_input input = { .name = "ovs:", .observed = w->observed, .caps = &w->caps.caps };
        struct xsnet_state *desired = NULL;
        int r;

        ck_assert_int_eq(xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, "case", 0, &desired, NULL), 0);
        r = xsn_plan_make(&input, 1, desired, &options, &w->plan, ret_err);
        xsnet_state_unref(desired);
        return r;
}

static int build(const struct world *w, struct ovs_transaction *txn, struct xsnet_error **ret_err)
{
        struct ovs_input in = {
                .rows = &w->d.rows,
                .net = w->has_net ? &w->net : NULL,
                .host = HOST,
                .plan = w->plan,
                .has = has,
                .server = w,
                .force_local = w->force_local,
        };

        return xsn_ovs_build(&in, txn, ret_err);
}

static char *case_text(const char *name, const char *suffix)
{
        char path[128];

        (void)snprintf(path, sizeof(path), "transactions/%s", name);
        return ovs_data_file(path, suffix);
}

static void world_load(struct world *w, const char *name)
{
        char *text = case_text(name, ".yaml"), database[64], word[16];

        ck_assert_msg(text != NULL, "%s.yaml", name);
        memset(w, 0, sizeof(*w));
        setting(text, "database", database, sizeof(database));
        setting(text, "lacks", w->lacks, sizeof(w->lacks));
        setting(text, "force-local", word, sizeof(word));
        w->force_local = *word;
        ovs_data_load(&w->d, database, ovs_data_json("schema", ".json"));
        setting(text, "net", word, sizeof(word));
        w->has_net = *word && ovs_data_net(database, &w->net);
        ck_assert_msg(w->has_net == (*word != 0), "%s.net", database);
        observe(w);
        free(text);
}

static void world_done(struct world *w)
{
        xsnet_plan_unref(w->plan);
        xsnet_state_unref(w->observed);
        if (w->has_net)
                xsn_d0_net_done(&w->net);
        ovs_data_done(&w->d);
}

/* What the kernel's devices are given around it, after the operations: {"devices": ["eth0 -> br0", "eth1 up"]}. */
static void add_devices(json_t *json, const struct ovs_transaction *txn)
{
        json_t *devices = json_array();

        for (size_t i = 0; i < txn->n_moves; i++)
                json_array_append_new(devices, json_sprintf("%s -> %s", txn->moves[i].from->name,
                                                            txn->moves[i].to ? txn->moves[i].to : "?"));
        for (size_t i = 0; i < txn->n_upness; i++)
                json_array_append_new(devices, json_sprintf("%s %s", txn->upness[i].device,
                                                            txn->upness[i].up ? "up" : "down"));
        if (json_array_size(devices) > 0)
                json_array_append_new(json, json_pack("{sO}", "devices", devices));
        json_decref(devices);
}

/* What the case makes: an array of operations, or {"error": ..., "reason": ...}. */
static json_t *outcome(const char *name)
{
        struct ovs_transaction txn = { .ops = NULL };
        struct xsnet_error *err = NULL;
        char *text = case_text(name, ".yaml");
        struct world w;
        json_t *json;
        int r;

        world_load(&w, name);
        r = make_plan(&w, text, &err);
        ck_assert_msg(r == 0, "%s: %s", name, err ? xsnet_error_get_message(err) : "");
        r = build(&w, &txn, &err);
        if (r < 0)
                json = json_pack("{ss ss}", "reason", xsnet_error_get_reason(err), "error",
                                 xsnet_error_get_message(err));
        else
                json = txn.ops ? json_incref(txn.ops) : json_array();
        ck_assert_ptr_nonnull(json);
        if (r == 0)
                add_devices(json, &txn);
        xsnet_error_free(err);
        xsn_ovs_transaction_done(&txn);
        world_done(&w);
        free(text);
        return json;
}

/* An operation a line. */
static char *print(const json_t *json)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        for (size_t i = 0; i < json_array_size(json); i++) {
                text = json_dumps(json_array_get(json, i), JSON_COMPACT | JSON_SORT_KEYS);
                xsn_buf_printf(&buf, "%s%s", i ? ",\n" : "[\n", text);
                free(text);
        }
        if (!json_is_array(json)) {
                text = json_dumps(json, JSON_SORT_KEYS);
                xsn_buf_put(&buf, text);
                free(text);
        }
        xsn_buf_put(&buf, json_is_array(json) ? json_array_size(json) ? "\n]\n" : "[]\n" : "\n");
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

START_TEST(a_document_on_a_database_is_the_transaction_that_was_recorded)
{
        const char *name = cases[_i], *dir = getenv("XSN_TEST_DATA");
        json_t *json = outcome(name);
        char *text = print(json), *wanted, path[512];

        if (update) {
                FILE *f;

                (void)snprintf(path, sizeof(path), "%s/ovs/transactions/%s.json", dir ? dir : "tests/data", name);
                f = fopen(path, "w");
                ck_assert_ptr_nonnull(f);
                ck_assert_int_ge(fputs(text, f), 0);
                ck_assert_int_eq(fclose(f), 0);
        }
        wanted = case_text(name, ".json");
        ck_assert_msg(wanted != NULL, "%s.json", name);
        ck_assert_msg(strcmp(text, wanted) == 0, "%s is now:\n%s", name, text);
        free(wanted);
        free(text);
        json_decref(json);
}
END_TEST

/* What RFC 7047 and the schema let a transaction be, whatever it is for. */
START_TEST(a_transaction_guards_first_and_names_columns_that_the_server_has)
{
        json_t *ops = outcome(cases[_i]), *op, *row, *value;
        bool guarded = true;
        const char *column;
        struct world w;
        size_t i;

        world_load(&w, cases[_i]);
        json_array_foreach(ops, i, op) {
                const char *what = json_string_value(json_object_get(op, "op"));
                const char *table = json_string_value(json_object_get(op, "table"));

                if (!what)
                        continue;
                if (strcmp(what, "wait") == 0) {
                        ck_assert_msg(guarded, "a guard after a change");
                        ck_assert_int_eq(json_integer_value(json_object_get(op, "timeout")), 0);
                        continue;
                }
                guarded = false;
                row = json_object_get(op, "row");
                json_object_foreach(row, column, value) {
                        ck_assert_msg(has(&w, table, column), "%s.%s", table, column);
                        ck_assert_msg(strcmp(what, "insert") == 0 || !xsn_ovs_pairs(value),
                                      "the map %s.%s is overwritten", table, column);
                }
        }
        world_done(&w);
        json_decref(ops);
}
END_TEST

START_TEST(nothing_to_do_is_no_transaction)
{
        struct ovs_transaction txn = { .ops = NULL };
        struct world w;

        world_load(&w, "absent");
        ck_assert_int_eq(make_plan(&w, "format: 1\nnetworks: [{name: lonely}]\n", NULL), 0);
        ck_assert_int_eq(build(&w, &txn, NULL), 0);
        ck_assert_ptr_null(txn.ops);
        xsn_ovs_transaction_done(&txn);
        world_done(&w);
}
END_TEST

START_TEST(building_without_memory_is_an_error_and_leaks_nothing)
{
        char *text = case_text("bonds", ".yaml");
        struct world w;

        world_load(&w, "bonds");
        ck_assert_int_eq(make_plan(&w, text, NULL), 0);
        for (unsigned long n = 1;; n++) {
                struct ovs_transaction txn = { .ops = NULL };
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = build(&w, &txn, &err);
                failalloc_off();
                xsn_ovs_transaction_done(&txn);
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_nonnull(err);
                xsnet_error_free(err);
        }
        world_done(&w);
        free(text);
}
END_TEST

static void find_cases(void)
{
        const char *dir = getenv("XSN_TEST_DATA");
        char path[512], line[64];
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/ovs/transactions/INDEX", dir ? dir : "tests/data");
        f = fopen(path, "r");
        while (f && n_cases < CASES_MAX && fgets(line, sizeof(line), f))
                cases[n_cases++] = strndup(line, strcspn(line, "\n"));
        if (f)
                (void)fclose(f);
}

int main(int argc, char **argv)
{
        Suite *suite = suite_create("ovs_build");
        TCase *tcase = tcase_create("build");

        update = argc > 1 && strcmp(argv[1], "--update") == 0;
        find_cases();
        if (n_cases < CASES_MIN) {
                (void)fprintf(stderr, "only %zu cases\n", n_cases);
                return 1;
        }
        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, a_document_on_a_database_is_the_transaction_that_was_recorded, 0, (int)n_cases);
        tcase_add_loop_test(tcase, a_transaction_guards_first_and_names_columns_that_the_server_has, 0, (int)n_cases);
        tcase_add_test(tcase, nothing_to_do_is_no_transaction);
        tcase_add_test(tcase, building_without_memory_is_an_error_and_leaks_nothing);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
