/* SPDX-License-Identifier: Apache-2.0 */
/* Schema, column values and the copy of rows: one form for equal values, differences applied, wrong types refused. */
#include <errno.h>
#include <string.h>

#include "failalloc.h"
#include "transport/ovsdb_error.h"
#include "transport/ovsdb_rows.h"
#include "unit.h"

#define U1 "[\"uuid\",\"11111111-1111-1111-1111-111111111111\"]"
#define U2 "[\"uuid\",\"22222222-2222-2222-2222-222222222222\"]"
#define R1 "33333333-3333-3333-3333-333333333333"

static json_t *parse(const char *text)
{
        json_error_t error;
        json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

        ck_assert_msg(json != NULL, "%s: %s", text, error.text);
        return json;
}

static void expect(json_t *json, const char *text)
{
        char *is = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

        ck_assert_str_eq(is, text);
        free(is);
        json_decref(json);
}

#define SET(k, min, max)                                \
        {                                               \
                XSN_OVSDB_##k, XSN_OVSDB_VOID, min, max \
        }
#define MAP(k, v)                                         \
        {                                                 \
                XSN_OVSDB_##k, XSN_OVSDB_##v, 0, SIZE_MAX \
        }

static const struct {
        struct xsn_ovsdb_type type;
        const char *in;
        const char *out; /* NULL: refused */
} values[] = {
        { SET(STRING, 1, 1), "\"x\"", "\"x\"" },
        { SET(STRING, 1, 1), "[\"set\",[\"x\"]]", "\"x\"" },
        { SET(STRING, 1, 1), "1", NULL },
        { SET(STRING, 1, 1), "null", NULL },
        { SET(STRING, 1, 1), "{}", NULL },
        { SET(STRING, 1, 1), "[]", NULL },
        { SET(STRING, 1, 1), "[\"set\",[]]", NULL },
        { SET(STRING, 1, 1), "[\"set\",[\"a\",\"b\"]]", NULL },
        { SET(STRING, 0, 1), "[\"set\",[]]", "[\"set\",[]]" },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",[\"b\",\"a\"]]", "[\"set\",[\"a\",\"b\"]]" },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",[\"a\",\"a\"]]", NULL },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",[\"a\",1]]", NULL },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",\"a\"]", NULL },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",[\"a\"],1]", NULL },
        { SET(STRING, 0, SIZE_MAX), "[\"map\",[]]", NULL },
        { SET(STRING, 0, 2), "[\"set\",[\"a\",\"b\",\"c\"]]", NULL },
        { SET(INTEGER, 0, SIZE_MAX), "[\"set\",[10,9,-1]]", "[\"set\",[-1,9,10]]" },
        { SET(INTEGER, 1, 1), "1.5", NULL },
        { SET(REAL, 1, 1), "2", "2" },
        { SET(REAL, 0, SIZE_MAX), "[\"set\",[2.5,1]]", "[\"set\",[1,2.5]]" },
        { SET(BOOLEAN, 0, 2), "[\"set\",[true,false]]", "[\"set\",[false,true]]" },
        { SET(BOOLEAN, 1, 1), "\"true\"", NULL },
        { SET(UUID, 0, SIZE_MAX), U1, U1 },
        { SET(UUID, 0, SIZE_MAX), "[\"set\",[" U2 "," U1 "]]", "[\"set\",[" U1 "," U2 "]]" },
        { SET(UUID, 1, 1), "[\"uuid\",\"x\"]", NULL },
        { SET(UUID, 1, 1), "[\"named-uuid\",\"11111111-1111-1111-1111-111111111111\"]", NULL },
        { SET(UUID, 1, 1), "[\"uuid\",\"11111111-1111-1111-1111-1111111111111\"]", NULL },
        { SET(UUID, 1, 1), "[\"uuid\",\"11111111-1111-1111-1111-11111111111g\"]", NULL },
        { MAP(STRING, STRING), "[\"map\",[[\"b\",\"1\"],[\"a\",\"2\"]]]", "[\"map\",[[\"a\",\"2\"],[\"b\",\"1\"]]]" },
        { MAP(STRING, STRING), "[\"map\",[[\"a\",\"1\"]]]", "[\"map\",[[\"a\",\"1\"]]]" },
        { MAP(STRING, STRING), "[\"map\",[[\"a\",\"1\"],[\"a\",\"2\"]]]", NULL },
        { MAP(STRING, STRING), "[\"map\",[[\"a\"]]]", NULL },
        { MAP(STRING, STRING), "[\"map\",[[\"a\",1]]]", NULL },
        { MAP(STRING, STRING), "[\"map\",[\"a\"]]", NULL },
        { MAP(STRING, STRING), "[\"set\",[]]", NULL },
        { MAP(STRING, STRING), "\"a\"", NULL },
        { MAP(INTEGER, UUID), "[\"map\",[[2," U1 "],[1," U2 "]]]", "[\"map\",[[1," U2 "],[2," U1 "]]]" },
};

START_TEST(equal_values_get_one_form_and_wrong_ones_are_refused)
{
        json_t *in = parse(values[_i].in), *out = NULL;
        int r = xsn_ovsdb_value_read(&values[_i].type, in, &out);

        ck_assert_msg(r == (values[_i].out ? 0 : -EPROTO), "%s: %d", values[_i].in, r);
        if (r == 0)
                expect(out, values[_i].out);
        json_decref(in);
}
END_TEST

static const struct {
        struct xsn_ovsdb_type type;
        const char *old, *diff;
        const char *out; /* NULL: refused */
} diffs[] = {
        { SET(STRING, 1, 1), "\"a\"", "\"b\"", "\"b\"" },
        { SET(INTEGER, 0, 1), "5", "[\"set\",[]]", "[\"set\",[]]" },
        { SET(INTEGER, 0, 1), "5", "6", "6" },
        { SET(STRING, 0, SIZE_MAX), "\"a\"", "\"b\"", "[\"set\",[\"a\",\"b\"]]" },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",[\"a\",\"b\"]]", "\"b\"", "\"a\"" },
        { SET(STRING, 0, SIZE_MAX), "\"a\"", "\"a\"", "[\"set\",[]]" },
        { SET(STRING, 0, SIZE_MAX), "[\"set\",[\"a\",\"c\"]]", "[\"set\",[\"d\",\"c\",\"b\"]]",
          "[\"set\",[\"a\",\"b\",\"d\"]]" },
        { SET(STRING, 1, SIZE_MAX), "\"a\"", "\"a\"", NULL },
        { SET(STRING, 0, 2), "[\"set\",[\"a\",\"b\"]]", "\"c\"", NULL },
        { SET(STRING, 0, SIZE_MAX), "\"a\"", "1", NULL },
        { MAP(STRING, STRING), "[\"map\",[[\"a\",\"1\"],[\"b\",\"2\"],[\"c\",\"3\"]]]",
          "[\"map\",[[\"a\",\"1\"],[\"b\",\"9\"],[\"d\",\"4\"]]]",
          "[\"map\",[[\"b\",\"9\"],[\"c\",\"3\"],[\"d\",\"4\"]]]" },
        { MAP(STRING, STRING), "[\"map\",[]]", "[\"map\",[[\"a\",\"1\"]]]", "[\"map\",[[\"a\",\"1\"]]]" },
        { MAP(STRING, STRING), "[\"map\",[]]", "\"a\"", NULL },
};

START_TEST(a_difference_makes_the_new_value_of_the_old)
{
        json_t *old = parse(diffs[_i].old), *diff = parse(diffs[_i].diff), *out = NULL;
        int r = xsn_ovsdb_value_apply(&diffs[_i].type, old, diff, &out);

        ck_assert_msg(r == (diffs[_i].out ? 0 : -EPROTO), "%s %s: %d", diffs[_i].old, diffs[_i].diff, r);
        if (r == 0)
                expect(out, diffs[_i].out);
        json_decref(old);
        json_decref(diff);
}
END_TEST

START_TEST(defaults_are_those_of_the_type)
{
        static const struct {
                struct xsn_ovsdb_type type;
                const char *out;
        } defaults[] = {
                { SET(INTEGER, 1, 1), "0" },
                { SET(REAL, 1, 1), "0.0" },
                { SET(BOOLEAN, 1, 1), "false" },
                { SET(STRING, 1, 1), "\"\"" },
                { SET(UUID, 1, 1), "[\"uuid\",\"00000000-0000-0000-0000-000000000000\"]" },
                { SET(STRING, 0, 1), "[\"set\",[]]" },
                { MAP(STRING, STRING), "[\"map\",[]]" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(defaults); i++) {
                json_t *out = NULL;

                ck_assert_int_eq(xsn_ovsdb_value_default(&defaults[i].type, &out), 0);
                expect(out, defaults[i].out);
        }
}
END_TEST

/* ---- schema ---- */

#define SCHEMA                                                                                                   \
        "{\"name\":\"T\",\"version\":\"1.2.3\",\"tables\":{\"Port\":{\"columns\":{"                              \
        "\"name\":{\"type\":\"string\",\"mutable\":false},"                                                      \
        "\"tag\":{\"type\":{\"key\":{\"type\":\"integer\",\"minInteger\":0},\"min\":0,\"max\":1}},"              \
        "\"links\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"X\"},\"min\":0,\"max\":\"unlimited\"}}," \
        "\"ids\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,\"max\":\"unlimited\"}}},"         \
        "\"indexes\":[[\"name\"]]},\"Empty\":{\"columns\":{}}}}"

static struct xsn_ovsdb_schema *schema_of(const char *text)
{
        struct xsn_ovsdb_schema *schema = NULL;
        json_t *json = parse(text);

        ck_assert_int_eq(xsn_ovsdb_schema_parse(json, &schema, NULL), 0);
        json_decref(json);
        return schema;
}

START_TEST(the_schema_tells_tables_columns_and_types)
{
        struct xsn_ovsdb_schema *schema = schema_of(SCHEMA);
        const struct xsn_ovsdb_table *port = xsn_ovsdb_schema_table(schema, "Port");
        const struct xsn_ovsdb_column *column;

        ck_assert_str_eq(schema->version, "1.2.3");
        ck_assert_ptr_nonnull(port);
        ck_assert_ptr_null(xsn_ovsdb_schema_table(schema, "Portt"));
        ck_assert_ptr_null(xsn_ovsdb_table_column(port, "protected"));
        ck_assert_ptr_null(xsn_ovsdb_table_column(NULL, "name"));
        column = xsn_ovsdb_table_column(port, "ids");
        ck_assert_int_eq(column->type.value, XSN_OVSDB_STRING);
        ck_assert(column->type.n_max == SIZE_MAX && column->type.n_min == 0);
        column = xsn_ovsdb_table_column(port, "tag");
        ck_assert_int_eq(column->type.key, XSN_OVSDB_INTEGER);
        ck_assert_int_eq(column->type.value, XSN_OVSDB_VOID);
        xsn_ovsdb_schema_free(schema);
}
END_TEST

static const char *const bad_schemas[] = {
        "null",
        "[]",
        "{}",
        "{\"tables\":[]}",
        "{\"tables\":{\"T\":1}}",
        "{\"tables\":{\"T\":{\"columns\":[]}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":1}}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":{\"type\":\"void\"}}}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":{\"type\":{\"key\":\"string\",\"min\":2,\"max\":3}}}}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":{\"type\":{\"key\":\"string\",\"max\":0}}}}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":{\"type\":{\"key\":\"string\",\"max\":\"many\"}}}}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":{\"type\":{\"key\":\"string\",\"min\":-1}}}}}}",
        "{\"tables\":{\"T\":{\"columns\":{\"c\":{\"type\":{\"key\":\"string\",\"value\":\"x\"}}}}}}",
};

START_TEST(a_schema_that_is_none_is_refused)
{
        struct xsn_ovsdb_schema *schema = NULL;
        struct xsnet_error *err = NULL;
        json_t *json = parse(bad_schemas[_i]);

        ck_assert_int_eq(xsn_ovsdb_schema_parse(json, &schema, &err), -EPROTO);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-reply");
        ck_assert_ptr_null(schema);
        xsnet_error_free(err);
        json_decref(json);
}
END_TEST

/* ---- rows ---- */

struct world {
        struct xsn_ovsdb_schema *schema;
        struct xsn_ovsdb_rows rows;
};

static void world_new(struct world *world)
{
        static const char *const columns[] = { "name", "tag", "ids", "absent" };

        *world = (struct world){ .schema = schema_of(SCHEMA) };
        ck_assert_int_eq(xsn_ovsdb_rows_add_table(&world->rows, "Port", columns, 4), 0);
        ck_assert_int_eq(xsn_ovsdb_rows_add_table(&world->rows, "Absent", columns, 1), 0);
        ck_assert_int_eq(xsn_ovsdb_rows_bind(&world->rows, world->schema), 0);
}

static void world_done(struct world *world)
{
        xsn_ovsdb_rows_done(&world->rows);
        xsn_ovsdb_schema_free(world->schema);
}

static int update(struct world *world, const char *text, int form, bool snapshot, size_t *ret_n)
{
        struct xsn_ovsdb_changes changes = { 0 };
        json_t *json = parse(text);
        int r = xsn_ovsdb_rows_update(&world->rows, json, form, snapshot, &changes, NULL);

        *ret_n = changes.n;
        xsn_ovsdb_changes_done(&changes);
        json_decref(json);
        return r;
}

static void rows_are(struct world *world, const char *text)
{
        expect(json_incref((json_t *)(uintptr_t)xsn_ovsdb_rows_table(&world->rows, "Port")), text);
}

START_TEST(only_what_the_server_has_is_asked_for)
{
        struct world world;

        world_new(&world);
        expect(xsn_ovsdb_rows_request(&world.rows), "{\"Port\":[{\"columns\":[\"name\",\"tag\",\"ids\"]}]}");
        world_done(&world);
}
END_TEST

#define ROW(name, tag) "{\"name\":\"" name "\",\"tag\":" tag ",\"ids\":[\"map\",[]]}"
#define NONE           "[\"set\",[]]"
/* As it is kept: without what is as on a new row. */
#define KEPT(name)        "{\"name\":\"" name "\"}"
#define TAGGED(name, tag) "{\"name\":\"" name "\",\"tag\":" tag "}"

START_TEST(both_forms_of_updates_give_the_same_rows)
{
        struct world world;
        size_t n;

        world_new(&world);
        ck_assert_int_eq(
                update(&world, "{\"Port\":{\"" R1 "\":{\"initial\":{\"name\":\"p\"}}}}", XSN_OVSDB_DIFF, true, &n), 0);
        ck_assert_uint_eq(n, 1);
        rows_are(&world, "{\"" R1 "\":" KEPT("p") "}");
        ck_assert_int_eq(update(&world, "{\"Port\":{\"" R1 "\":{\"modify\":{\"tag\":5}}}}", XSN_OVSDB_DIFF, false, &n),
                         0);
        rows_are(&world, "{\"" R1 "\":" TAGGED("p", "5") "}");
        ck_assert_int_eq(update(&world, "{\"Port\":{\"" R1 "\":{\"delete\":null}}}", XSN_OVSDB_DIFF, false, &n), 0);
        rows_are(&world, "{}");

        ck_assert_int_eq(
                update(&world, "{\"Port\":{\"" R1 "\":{\"new\":" ROW("p", NONE) "}}}", XSN_OVSDB_WHOLE, true, &n), 0);
        ck_assert_int_eq(update(&world,
                                "{\"Port\":{\"" R1 "\":{\"new\":" ROW("p", "5") ",\"old\":{\"tag\":" NONE "}}}}",
                                XSN_OVSDB_WHOLE, false, &n),
                         0);
        rows_are(&world, "{\"" R1 "\":" TAGGED("p", "5") "}");
        ck_assert_int_eq(
                update(&world, "{\"Port\":{\"" R1 "\":{\"old\":{\"name\":\"p\"}}}}", XSN_OVSDB_WHOLE, false, &n), 0);
        rows_are(&world, "{}");
        ck_assert_uint_eq(world.rows.n_rows, 0);
        world_done(&world);
}
END_TEST

START_TEST(a_second_snapshot_tells_only_what_differs)
{
        struct world world;
        size_t n;

        world_new(&world);
        ck_assert_int_eq(update(&world,
                                "{\"Port\":{\"" R1 "\":{\"initial\":{\"name\":\"p\",\"ids\":"
                                "[\"map\",[[\"b\",\"1\"],[\"a\",\"2\"]]]}}}}",
                                XSN_OVSDB_DIFF, true, &n),
                         0);
        ck_assert_int_eq(update(&world,
                                "{\"Port\":{\"" R1 "\":{\"new\":{\"name\":[\"set\",[\"p\"]],\"tag\":" NONE
                                ",\"ids\":[\"map\",[[\"a\",\"2\"],[\"b\",\"1\"]]]}}}}",
                                XSN_OVSDB_WHOLE, true, &n),
                         0);
        ck_assert_uint_eq(n, 0);
        ck_assert_int_eq(update(&world, "{}", XSN_OVSDB_DIFF, true, &n), 0);
        ck_assert_uint_eq(n, 1);
        rows_are(&world, "{}");
        world_done(&world);
}
END_TEST

static const char *const bad_updates[] = {
        "[]",
        "null",
        "{\"Port\":[]}",
        "{\"Port\":{\"" R1 "\":null}}",
        "{\"Port\":{\"" R1 "\":{}}}",
        "{\"Port\":{\"" R1 "\":{\"modify\":[]}}}",
        "{\"Port\":{\"" R1 "\":{\"modify\":{\"tag\":\"x\"}}}}",
        "{\"Port\":{\"" R1 "\":{\"insert\":{\"name\":7}}}}",
        "{\"Port\":{\"" R1 "\":{\"insert\":{\"name\":\"a\"}},\"x\":{\"insert\":{}}}}",
        "{\"Port\":{\"44444444-4444-4444-4444-444444444444\":{\"modify\":{\"tag\":1}}}}",
        "{\"Port\":{\"44444444-4444-4444-4444-444444444444\":{\"delete\":null}}}",
        "{\"Port\":{\"" R1 "\":{\"new\":{\"name\":\"a\"}}}}",
};

START_TEST(an_update_that_is_wrong_anywhere_changes_nothing)
{
        struct world world;
        size_t n;

        world_new(&world);
        ck_assert_int_eq(
                update(&world, "{\"Port\":{\"" R1 "\":{\"initial\":{\"name\":\"p\"}}}}", XSN_OVSDB_DIFF, true, &n), 0);
        ck_assert_int_eq(update(&world, bad_updates[_i], XSN_OVSDB_DIFF, false, &n), -EPROTO);
        rows_are(&world, "{\"" R1 "\":" KEPT("p") "}");
        world_done(&world);
}
END_TEST

START_TEST(what_a_row_does_not_have_is_told_once)
{
        struct world world;
        size_t n;

        world_new(&world);
        expect(json_incref((json_t *)(uintptr_t)xsn_ovsdb_rows_defaults(&world.rows, "Port")),
               "{\"name\":\"\",\"tag\":" NONE ",\"ids\":[\"map\",[]]}");
        expect(json_incref((json_t *)(uintptr_t)xsn_ovsdb_rows_defaults(&world.rows, "Absent")), "{}");
        ck_assert_ptr_null(xsn_ovsdb_rows_defaults(&world.rows, "Other"));
        /* What a server says nevertheless, and what goes back to it, are left out, too. */
        ck_assert_int_eq(update(&world,
                                "{\"Port\":{\"" R1 "\":{\"initial\":{\"name\":[\"set\",[\"p\"]],\"tag\":" NONE
                                ",\"ids\":[\"map\",[[\"a\",\"1\"]]]}}}}",
                                XSN_OVSDB_DIFF, true, &n),
                         0);
        rows_are(&world, "{\"" R1 "\":{\"name\":\"p\",\"ids\":[\"map\",[[\"a\",\"1\"]]]}}");
        ck_assert_int_eq(update(&world,
                                "{\"Port\":{\"" R1 "\":{\"modify\":{\"name\":\"\",\"ids\":"
                                "[\"map\",[[\"a\",\"1\"]]]}}}}",
                                XSN_OVSDB_DIFF, false, &n),
                         0);
        rows_are(&world, "{\"" R1 "\":{}}");
        world_done(&world);
}
END_TEST

START_TEST(columns_that_nobody_asked_for_are_passed_over)
{
        struct world world;
        size_t n;

        world_new(&world);
        ck_assert_int_eq(update(&world, "{\"Other\":7,\"Port\":{\"" R1 "\":{\"initial\":{\"name\":\"p\",\"zz\":{}}}}}",
                                XSN_OVSDB_DIFF, true, &n),
                         0);
        rows_are(&world, "{\"" R1 "\":" KEPT("p") "}");
        world_done(&world);
}
END_TEST

START_TEST(without_memory_an_update_changes_nothing)
{
        static const char text[] = "{\"Port\":{\"" R1 "\":{\"modify\":{\"ids\":[\"map\",[[\"a\",\"1\"]]]}}}}";
        json_t *json = parse(text);

        for (unsigned long n = 1;; n++) {
                struct xsn_ovsdb_changes changes = { 0 };
                struct world world;
                size_t done;
                int r;

                world_new(&world);
                ck_assert_int_eq(update(&world, "{\"Port\":{\"" R1 "\":{\"initial\":{\"name\":\"p\"}}}}",
                                        XSN_OVSDB_DIFF, true, &done),
                                 0);
                failalloc_at(n);
                r = xsn_ovsdb_rows_update(&world.rows, json, XSN_OVSDB_DIFF, false, &changes, NULL);
                failalloc_off();
                if (failalloc_count() >= n) {
                        ck_assert_int_eq(r, -ENOMEM);
                        rows_are(&world, "{\"" R1 "\":" KEPT("p") "}");
                }
                xsn_ovsdb_changes_done(&changes);
                world_done(&world);
                if (failalloc_count() < n)
                        break;
        }
        json_decref(json);
}
END_TEST

/* ---- results of transactions ---- */

static const struct {
        const char *result;
        size_t n_ops;
        int code;
        const char *reason;
        const char *message;
} results[] = {
        { "[]", 0, 0, "", "" },
        { "[{},{\"count\":1}]", 2, 0, "", "" },
        { "[{\"error\":null}]", 1, 0, "", "" },
        { "[{},{\"error\":\"timed out\",\"details\":\"x\"},null]", 3, -EAGAIN, "lost-race",
          "operation 1: timed out: x" },
        { "[{},{\"error\":\"constraint violation\"}]", 1, -EINVAL, "constraint-violation",
          "commit: constraint violation" },
        { "[{\"error\":\"\\u001b[31mred\"}]", 1, -EREMOTEIO, "server-error", "operation 0: \\x1b[31mred" },
        { "[{\"error\":7}]", 1, -EREMOTEIO, "server-error", "operation 0: an error without a word" },
        { "[{}]", 2, -EBADMSG, "", "" },
        { "[{},{}]", 1, -EBADMSG, "", "" },
        { "[{},{},{}]", 1, -EBADMSG, "", "" },
        { "[null]", 1, -EBADMSG, "", "" },
        { "[1]", 1, -EBADMSG, "", "" },
        { "{}", 0, -EBADMSG, "", "" },
        { "null", 0, -EBADMSG, "", "" },
};

START_TEST(a_transaction_succeeds_only_where_every_slot_says_so)
{
        json_t *json = parse(results[_i].result);
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_ovsdb_result_check(json, results[_i].n_ops, &err), results[_i].code);
        ck_assert_str_eq(xsnet_error_get_reason(err), results[_i].reason);
        ck_assert_str_eq(xsnet_error_get_message(err), results[_i].message);
        xsnet_error_free(err);
        json_decref(json);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_value");
        TCase *tc = tcase_create("value");

        tcase_add_loop_test(tc, equal_values_get_one_form_and_wrong_ones_are_refused, 0, XSN_ARRAY_SIZE(values));
        tcase_add_loop_test(tc, a_difference_makes_the_new_value_of_the_old, 0, XSN_ARRAY_SIZE(diffs));
        tcase_add_test(tc, defaults_are_those_of_the_type);
        tcase_add_test(tc, the_schema_tells_tables_columns_and_types);
        tcase_add_loop_test(tc, a_schema_that_is_none_is_refused, 0, XSN_ARRAY_SIZE(bad_schemas));
        tcase_add_test(tc, only_what_the_server_has_is_asked_for);
        tcase_add_test(tc, both_forms_of_updates_give_the_same_rows);
        tcase_add_test(tc, a_second_snapshot_tells_only_what_differs);
        tcase_add_loop_test(tc, an_update_that_is_wrong_anywhere_changes_nothing, 0, XSN_ARRAY_SIZE(bad_updates));
        tcase_add_test(tc, what_a_row_does_not_have_is_told_once);
        tcase_add_test(tc, columns_that_nobody_asked_for_are_passed_over);
        tcase_add_test(tc, without_memory_an_update_changes_nothing);
        tcase_add_loop_test(tc, a_transaction_succeeds_only_where_every_slot_says_so, 0, XSN_ARRAY_SIZE(results));
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
