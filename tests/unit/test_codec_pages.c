/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages that are made of the rows: doc/schema.json, and the tables in doc/document.md.
 * With --update the test writes them. And the schema says yes and no to the right documents.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/object_json.h"
#include "gen.h"
#include "unit.h"

static bool update;

static void path_of(char *path, size_t size, const char *page)
{
        const char *data = getenv("XSN_TEST_DATA");

        ck_assert_ptr_nonnull(data);
        ck_assert_int_lt(snprintf(path, size, "%s/../../doc/%s", data, page), (int)size);
}

/* The caller's. */
static char *slurp(const char *path)
{
        FILE *file = fopen(path, "rb");
        char *text = calloc(1, 1 << 20);

        ck_assert_msg(file && text, "%s", path);
        ck_assert_uint_lt(fread(text, 1, (1 << 20) - 1, file), (1 << 20) - 1);
        fclose(file);
        return text;
}

static void spill(const char *path, const char *text)
{
        FILE *file = fopen(path, "wb");

        ck_assert_msg(file && fputs(text, file) >= 0, "%s", path);
        ck_assert_int_eq(fclose(file), 0);
}

START_TEST(the_schema_of_the_pages_is_current)
{
        char path[4096], *wanted, *found;

        path_of(path, sizeof(path), "schema.json");
        ck_assert_int_eq(xsnet_document_schema(&wanted, NULL), 0);
        if (update)
                spill(path, wanted);
        found = slurp(path);
        ck_assert_msg(!strcmp(wanted, found), "%s is not current: run this test with --update", path);
        free(found);
        free(wanted);
}
END_TEST

START_TEST(the_tables_of_the_pages_are_current)
{
        const char *const begin = "<!-- fields: begin (generated: test_codec_pages --update) -->\n";
        const char *const end = "<!-- fields: end -->";
        char path[4096], *page, *tables, *from, *to;
        struct xsn_buf buf = { 0 };

        path_of(path, sizeof(path), "document.md");
        page = slurp(path);
        ck_assert_int_eq(xsn_codec_reference(&tables, NULL), 0);
        from = strstr(page, begin);
        to = strstr(page, end);
        ck_assert(from && to && from < to);
        from += strlen(begin);
        if (update) {
                xsn_buf_putn(&buf, page, (size_t)(from - page));
                xsn_buf_put(&buf, tables);
                xsn_buf_put(&buf, to);
                spill(path, buf.s);
                xsn_buf_done(&buf);
        } else {
                ck_assert_msg(strlen(tables) == (size_t)(to - from) && !strncmp(tables, from, strlen(tables)),
                              "%s is not current: run this test with --update", path);
        }
        free(tables);
        free(page);
}
END_TEST

/* Every row stands in a table, whatever becomes of the layout. */
START_TEST(the_tables_name_every_field)
{
        char *tables, cell[64];

        ck_assert_int_eq(xsn_codec_reference(&tables, NULL), 0);
        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                const struct xsn_class *cls = xsn_class_of(kind);

                for (size_t i = 0; i < xsn_class_n_fields(cls); i++) {
                        snprintf(cell, sizeof(cell), "\n| `%s` | ", xsn_class_field(cls, i)->name);
                        ck_assert_msg(strstr(tables, cell), "%s", cell);
                        ck_assert_ptr_nonnull(strstr(tables, xsn_class_field(cls, i)->doc));
                }
        }
        free(tables);
}
END_TEST

/* ---- as much of JSON Schema as the schema uses; any other keyword is a failure ---- */

static bool valid(const json_t *root, const json_t *schema, const json_t *json);

static bool type_is(const char *type, const json_t *json)
{
        return (!strcmp(type, "object") && json_is_object(json)) || (!strcmp(type, "array") && json_is_array(json)) ||
               (!strcmp(type, "string") && json_is_string(json)) || (!strcmp(type, "null") && json_is_null(json)) ||
               (!strcmp(type, "integer") && json_is_integer(json)) ||
               (!strcmp(type, "boolean") && json_is_boolean(json));
}

static bool matches(const char *pattern, const char *text)
{
        regex_t regex;
        bool match;

        ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
        match = !regexec(&regex, text, 0, NULL, 0);
        regfree(&regex);
        return match;
}

static bool any_valid(const json_t *root, const json_t *list, const json_t *json)
{
        for (size_t i = 0; i < json_array_size(list); i++)
                if (valid(root, json_array_get(list, i), json))
                        return true;
        return false;
}

static bool has(const json_t *list, const json_t *json)
{
        for (size_t i = 0; i < json_array_size(list); i++)
                if (json_equal(json_array_get(list, i), json))
                        return true;
        return false;
}

static bool items_valid(const json_t *root, const json_t *items, const json_t *json)
{
        for (size_t i = 0; i < json_array_size(json); i++)
                if (!valid(root, items, json_array_get(json, i)))
                        return false;
        return true;
}

static bool unique(const json_t *json)
{
        for (size_t i = 0; i < json_array_size(json); i++)
                for (size_t j = 0; j < i; j++)
                        if (json_equal(json_array_get(json, i), json_array_get(json, j)))
                                return false;
        return true;
}

static bool members_valid(const json_t *root, const json_t *schema, const json_t *json)
{
        const json_t *properties = json_object_get(schema, "properties");
        const json_t *more = json_object_get(schema, "additionalProperties");
        json_t *value;
        const char *key;

        json_object_foreach((json_t *)(uintptr_t)json, key, value) {
                const json_t *property = json_object_get(properties, key);

                if (property ? !valid(root, property, value)
                             : json_is_false(more) || (more && !valid(root, more, value)))
                        return false;
        }
        return true;
}

static bool has_all(const json_t *required, const json_t *json)
{
        for (size_t i = 0; i < json_array_size(required); i++)
                if (!json_object_get(json, json_string_value(json_array_get(required, i))))
                        return false;
        return true;
}

static bool keyword(const json_t *root, const json_t *schema, const char *word, const json_t *value, const json_t *json)
{
        static const char *const notes[] = { "$schema", "$defs", "title", "description", "default", "readOnly" };
        const char *text = json_string_value(json);

        if (!strcmp(word, "$ref"))
                return valid(
                        root,
                        json_object_get(json_object_get(root, "$defs"), strrchr(json_string_value(value), '/') + 1),
                        json);
        if (!strcmp(word, "type"))
                return type_is(json_string_value(value), json);
        if (!strcmp(word, "const"))
                return json_equal(value, json);
        if (!strcmp(word, "enum"))
                return has(value, json);
        if (!strcmp(word, "anyOf"))
                return any_valid(root, value, json);
        if (!strcmp(word, "properties") || !strcmp(word, "additionalProperties"))
                return members_valid(root, schema, json);
        if (!strcmp(word, "required"))
                return has_all(value, json);
        if (!strcmp(word, "items"))
                return items_valid(root, value, json);
        if (!strcmp(word, "minItems"))
                return json_array_size(json) >= (size_t)json_integer_value(value);
        if (!strcmp(word, "uniqueItems"))
                return unique(json);
        if (!strcmp(word, "minimum"))
                return json_integer_value(json) >= json_integer_value(value);
        if (!strcmp(word, "maximum"))
                return json_integer_value(json) <= json_integer_value(value);
        if (!strcmp(word, "pattern"))
                return text && matches(json_string_value(value), text);
        if (!strcmp(word, "minLength"))
                return text && strlen(text) >= (size_t)json_integer_value(value);
        if (!strcmp(word, "maxLength"))
                return text && strlen(text) <= (size_t)json_integer_value(value);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(notes); i++)
                if (!strcmp(word, notes[i]))
                        return true;
        ck_abort_msg("the keyword %s is unknown here", word);
        return false;
}

static bool valid(const json_t *root, const json_t *schema, const json_t *json)
{
        json_t *value;
        const char *word;

        ck_assert(json_is_object(schema));
        json_object_foreach((json_t *)(uintptr_t)schema, word, value)
                if (!keyword(root, schema, word, value, json))
                        return false;
        return true;
}

static json_t *load_schema(void)
{
        json_t *schema;
        char *text;

        ck_assert_int_eq(xsnet_document_schema(&text, NULL), 0);
        schema = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_ptr_nonnull(schema);
        free(text);
        return schema;
}

START_TEST(the_schema_takes_every_document_that_is_written)
{
        json_t *schema = load_schema(), *json;
        char *text;

        for (uint64_t seed = 0; seed < 50; seed++) {
                struct gen gen = gen_seed(seed);
                struct xsnet_state *state = seed % 2 ? gen_state(&gen, 20) : gen_state(&gen, 3);

                ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_JSON, &text, NULL), 0);
                json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
                ck_assert_ptr_nonnull(json);
                free(text);
                ck_assert_msg(valid(schema, schema, json), "seed %u", (unsigned)seed);
                json_decref(json);
                xsnet_state_unref(state);
        }
        json_decref(schema);
}
END_TEST

static const struct {
        const char *text;
        bool valid;
} documents[] = {
        { "{'format': 1}", true },
        { "{}", false },
        { "[]", false },
        { "{'format': 2}", false },
        { "{'format': 1, 'ownr': 'me'}", false },
        { "{'format': 1, 'owner': 'two words'}", false },
        { "{'format': 1, 'private-networks': []}", false },
        { "{'format': 1, 'hosts': {'a': 'ovs:', 'b': ['ovs:', 'linux:']}}", true },
        { "{'format': 1, 'hosts': {'a': []}}", false },
        { "{'format': 1, 'vlans': null, 'networks': [{'name': 'a', 'mtu': null, 'status': {'x': [1]}}]}", true },
        { "{'format': 1, 'networks': [{'name': null}]}", false },
        { "{'format': 1, 'networks': [{'name': 'a', 'mtu': 67}]}", false },
        { "{'format': 1, 'networks': [{'name': 'a', 'mtu': '9000'}]}", false },
        { "{'format': 1, 'networks': [{'name': 'a', 'tga': 1}]}", false },
        { "{'format': 1, 'networks': [{'name': 'a', 'other-config': {'a': 'b', 'c': null}}]}", true },
        { "{'format': 1, 'networks': [{'name': 'a', 'other-config': {'a': 1}}]}", false },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'ipv4': {'address': '192.0.2.1/24'}}]}", true },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'ipv4': {'address': ['192.0.2.1/24', '192.0.2.2/24']}}]}", true },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'ipv4': {'address': '192.0.2.1'}}]}", false },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'ipv4': null, 'host': ['a', 'b'], 'absent': true}]}", true },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'host': []}]}", false },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'match': null}]}", false },
        { "{'format': 1, 'pifs': [{'device': 'a/b'}]}", false },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'routes': [{'to': '10.0.0.0/8', 'metric': 5}]}]}", true },
        { "{'format': 1, 'pifs': [{'device': 'eth0', 'routes': [{'via': '10.0.0.1'}]}]}", false },
        { "{'format': 1, 'bonds': [{'name': 'b', 'mode': 'lacp'}]}", true },
        { "{'format': 1, 'bonds': [{'name': 'b', 'mode': 'LACP'}]}", false },
        { "{'format': 1, 'bonds': [{'name': 'b', 'members': null}]}", false },
        { "{'format': 1, 'tunnels': [{'network': null, 'transport': 'eth0'}]}", false },
        { "{'format': 1, 'vifs': [{'vm': 'a', 'device': 0, 'rate-limit': '80Mbit', 'trunks': [1, 2]}]}", true },
        { "{'format': 1, 'vifs': [{'vm': 'a', 'device': 0, 'rate-limit': 8000}]}", true },
        { "{'format': 1, 'vifs': [{'vm': 'a', 'device': 0, 'rate-limit': '80 Mbit'}]}", false },
        { "{'format': 1, 'vifs': [{'vm': 'a', 'device': 0, 'trunks': [1, 1]}]}", false },
        { "{'format': 1, 'vifs': [{'vm': 'a', 'device': 0, 'mac': '02:00:00:00:00'}]}", false },
};

/* The library takes what the schema takes, of these. */
START_TEST(the_schema_and_the_library_agree)
{
        char *text = strdup(documents[_i].text);
        json_t *schema = load_schema(), *json;
        struct xsnet_state *state = NULL;
        int r;

        for (char *p = text; *p; p++)
                *p = *p == '\'' ? '"' : *p;
        json = json_loads(text, 0, NULL);
        ck_assert_ptr_nonnull(json);
        ck_assert_msg(valid(schema, schema, json) == documents[_i].valid, "%s", text);
        r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_JSON, NULL, &state, NULL);
        ck_assert_msg((r == 0) == documents[_i].valid, "%s", text);
        xsnet_state_unref(state);
        json_decref(json);
        json_decref(schema);
        free(text);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("codec pages");
        TCase *cases = tcase_create("pages");

        update = argc > 1 && !strcmp(argv[1], "--update");
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, the_schema_of_the_pages_is_current);
        tcase_add_test(cases, the_tables_of_the_pages_are_current);
        tcase_add_test(cases, the_tables_name_every_field);
        tcase_add_test(cases, the_schema_takes_every_document_that_is_written);
        tcase_add_loop_test(cases, the_schema_and_the_library_agree, 0, (int)XSN_ARRAY_SIZE(documents));
        suite_add_tcase(suite, cases);
        return unit_main(suite);
}
