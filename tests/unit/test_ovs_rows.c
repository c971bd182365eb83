/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of an Open vSwitch database's rows, and what it makes of values that no server should send. */
#include <errno.h>

#include "backend/ovs/later.h"
#include "failalloc.h"
#include "ovs_data.h"
#include "unit.h"

#define UUID_A "00000000-0000-4000-8000-00000000000a"
#define UUID_B "00000000-0000-4000-8000-00000000000b"

static struct ovs_rows rows;

/* after: JSON; NULL: the row goes. */
static int change(const char *table, const char *uuid, const char *after)
{
        json_t *json = after ? json_loads(after, JSON_DECODE_ANY, NULL) : NULL;
        int r;

        ck_assert(!after || json);
        r = xsn_ovs_rows_change(&rows, table, uuid, json);
        json_decref(json);
        return r;
}

static const struct ovs_row *interface(const char *columns)
{
        ck_assert_int_eq(change("Interface", UUID_A, columns), 0);
        return xsn_ovs_row_at(&rows, OVS_INTERFACE, UUID_A);
}

static void set_up(void)
{
        memset(&rows, 0, sizeof(rows));
}

static void tear_down(void)
{
        xsn_ovs_rows_done(&rows);
}

/* ---- rows ---- */

START_TEST(a_row_is_found_by_uuid_and_by_name_until_it_goes)
{
        ck_assert_int_eq(change("Bridge", UUID_A, "{\"name\": \"xenbr0\"}"), 0);
        ck_assert_str_eq(xsn_ovs_row_at(&rows, OVS_BRIDGE, UUID_A)->name, "xenbr0");
        ck_assert_str_eq(xsn_ovs_row_named(&rows, OVS_BRIDGE, "xenbr0")->uuid, UUID_A);
        ck_assert_ptr_null(xsn_ovs_row_named(&rows, OVS_PORT, "xenbr0"));
        ck_assert_int_eq(change("Bridge", UUID_A, "{\"name\": \"xenbr1\"}"), 0);
        ck_assert_ptr_null(xsn_ovs_row_named(&rows, OVS_BRIDGE, "xenbr0"));
        ck_assert_ptr_nonnull(xsn_ovs_row_named(&rows, OVS_BRIDGE, "xenbr1"));
        ck_assert_int_eq(change("Bridge", UUID_A, NULL), 0);
        ck_assert_ptr_null(xsn_ovs_row_at(&rows, OVS_BRIDGE, UUID_A));
        ck_assert_ptr_null(xsn_ovs_row_named(&rows, OVS_BRIDGE, "xenbr1"));
        ck_assert_int_eq(change("Bridge", UUID_A, NULL), 0);
}
END_TEST

START_TEST(other_tables_are_passed_over_and_bad_uuids_refused)
{
        ck_assert_int_eq(change("Manager", UUID_A, "{}"), 0);
        ck_assert_int_eq(change("Bridge", "a", "{}"), -EPROTO);
        ck_assert_int_eq(change("Bridge", UUID_A, "[]"), -EPROTO);
        ck_assert_uint_eq(rows.tables[OVS_BRIDGE].n, 0);
        ck_assert_int_eq(change("Bridge", UUID_A, "{}"), 0);
        ck_assert_str_eq(xsn_ovs_row_at(&rows, OVS_BRIDGE, UUID_A)->name, "");
        ck_assert_int_eq(change("Bridge", UUID_A, "7"), -EPROTO);
        ck_assert_ptr_null(xsn_ovs_row_at(&rows, OVS_BRIDGE, UUID_A));
}
END_TEST

/* In whatever order the two changes are told. */
START_TEST(a_name_may_go_to_another_row_within_a_transaction)
{
        ck_assert_int_eq(change("Open_vSwitch", UUID_A, "{}"), 0);
        ck_assert_int_eq(change("Port", UUID_A, "{\"name\": \"p\"}"), 0);
        for (int first = 0; first < 2; first++) {
                const char *old = first ? UUID_B : UUID_A, *new = first ? UUID_A : UUID_B;

                ck_assert_int_eq(change("Port", new, "{\"name\": \"p\"}"), 0);
                ck_assert_int_eq(xsn_ovs_rows_check(&rows, NULL), -EPROTO);
                ck_assert_int_eq(change("Port", old, NULL), 0);
                ck_assert_int_eq(xsn_ovs_rows_check(&rows, NULL), 0);
                ck_assert_str_eq(xsn_ovs_row_named(&rows, OVS_PORT, "p")->uuid, new);
        }
        ck_assert_int_eq(change("Port", UUID_B, "{\"name\": \"q\"}"), 0);
        ck_assert_int_eq(change("Port", UUID_A, "{\"name\": \"q\"}"), 0);
        ck_assert_int_eq(change("Port", UUID_B, "{\"name\": \"p\"}"), 0);
        ck_assert_int_eq(xsn_ovs_rows_check(&rows, NULL), 0);
        ck_assert_str_eq(xsn_ovs_row_named(&rows, OVS_PORT, "p")->uuid, UUID_B);
        ck_assert_str_eq(xsn_ovs_row_named(&rows, OVS_PORT, "q")->uuid, UUID_A);
}
END_TEST

START_TEST(two_rows_of_one_name_and_a_missing_root_are_errors_that_say_so)
{
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(xsn_ovs_rows_check(&rows, &err), -EPROTO);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-reply");
        ck_assert_str_eq(xsnet_error_get_message(err), "the database has 0 rows in table Open_vSwitch, not one");
        ck_assert_int_eq(change("Open_vSwitch", UUID_A, "{}"), 0);
        ck_assert_int_eq(change("Port", UUID_A, "{\"name\": \"p\"}"), 0);
        ck_assert_int_eq(change("Port", UUID_B, "{\"name\": \"p\"}"), 0);
        ck_assert_int_eq(xsn_ovs_rows_check(&rows, &err), -EPROTO);
        ck_assert_str_eq(xsnet_error_get_message(err), "two rows of table Port are called 'p'");
        ck_assert_int_eq(change("Open_vSwitch", UUID_B, "{}"), 0);
        ck_assert_ptr_null(xsn_ovs_row_root(&rows));
        xsnet_error_free(err);
}
END_TEST

START_TEST(a_change_that_is_lost_for_want_of_memory_is_not_forgotten)
{
        json_t *row = json_pack("{ss}", "name", "p");

        for (unsigned long n = 1;; n++) {
                int r;

                xsn_ovs_rows_done(&rows);
                ck_assert_int_eq(change("Open_vSwitch", UUID_A, "{}"), 0);
                failalloc_at(n);
                r = xsn_ovs_rows_change(&rows, "Port", UUID_A, row);
                failalloc_off();
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_int_eq(xsn_ovs_rows_check(&rows, NULL), -ENOMEM);
        }
        ck_assert_int_eq(xsn_ovs_rows_check(&rows, NULL), 0);
        json_decref(row);
}
END_TEST

static int later_note(struct ovs_later *later, const char *uuid, const char *after)
{
        json_t *json = after ? json_loads(after, 0, NULL) : NULL;
        int r = xsn_ovs_later_note(later, "Port", uuid, json);

        json_decref(json);
        return r;
}

START_TEST(changes_that_wait_come_later_and_the_last_of_a_row_alone)
{
        struct ovs_later later = { 0 };

        ck_assert_int_eq(change("Port", UUID_A, "{\"name\": \"p\"}"), 0);
        /* The name goes from one row to another. */
        ck_assert_int_eq(later_note(&later, UUID_A, "{\"name\": \"x\"}"), 0);
        ck_assert_int_eq(later_note(&later, UUID_B, "{\"name\": \"p\"}"), 0);
        ck_assert_int_eq(later_note(&later, UUID_A, NULL), 0);
        ck_assert_int_eq(xsn_ovs_later_note(&later, "Queue", UUID_A, NULL), 0);
        ck_assert_uint_eq(later.by_uuid.n, 2);
        ck_assert_str_eq(xsn_ovs_row_named(&rows, OVS_PORT, "p")->uuid, UUID_A);
        ck_assert_int_eq(xsn_ovs_later_take(&later, &rows), 0);
        ck_assert_ptr_null(xsn_ovs_row_at(&rows, OVS_PORT, UUID_A));
        ck_assert_str_eq(xsn_ovs_row_named(&rows, OVS_PORT, "p")->uuid, UUID_B);
        ck_assert_ptr_null(later.first);
        ck_assert_int_eq(xsn_ovs_later_take(&later, &rows), 0);
        for (unsigned long n = 1;; n++) {
                json_t *json = json_pack("{ss}", "name", "q");
                int r;

                failalloc_at(n);
                r = xsn_ovs_later_note(&later, "Port", UUID_A, json);
                failalloc_off();
                json_decref(json);
                xsn_ovs_later_done(&later);
                if (failalloc_count() < n)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
        }
}
END_TEST

START_TEST(what_is_watched_is_four_tables_and_never_their_statistics)
{
        struct xsn_ovsdb_watch watches[OVS_N_TABLES];

        ck_assert_int_eq(xsn_ovs_rows_watch(watches), 0);
        for (int i = 0; i < OVS_N_TABLES; i++) {
                ck_assert_str_eq(watches[i].table, xsn_ovs_tables[i].name);
                ck_assert_uint_gt(watches[i].n_columns, 0);
                for (size_t j = 0; j < watches[i].n_columns; j++)
                        ck_assert(!strstr(watches[i].columns[j], "stat") || strstr(watches[i].columns[j], "state"));
        }
        xsn_ovs_watch_done(watches);
}
END_TEST

/* ---- values ---- */

START_TEST(a_bare_value_and_a_set_of_one_are_alike)
{
        static const char *const forms[] = {
                "{\"mtu\": 1500, \"up\": true, \"type\": \"gre\"}",
                "{\"mtu\": [\"set\", [1500]], \"up\": [\"set\", [true]], \"type\": [\"set\", [\"gre\"]]}",
        };

        for (size_t i = 0; i < 2; i++) {
                const struct ovs_row *row = interface(forms[i]);
                int64_t number = 0;
                bool up = false;

                ck_assert(xsn_ovs_get_integer(row, "mtu", &number) && number == 1500);
                ck_assert(xsn_ovs_get_bool(row, "up", &up) && up);
                ck_assert_str_eq(xsn_ovs_get_string(row, "type"), "gre");
                ck_assert_uint_eq(xsn_ovs_get_size(row, "mtu"), 1);
                ck_assert(xsn_ovs_get_integer_at(row, "mtu", 0, &number));
                ck_assert(!xsn_ovs_get_integer_at(row, "mtu", 1, &number));
        }
}
END_TEST

START_TEST(an_empty_set_a_missing_column_and_a_missing_row_are_not_set)
{
        const struct ovs_row *row = interface("{\"mtu\": [\"set\", []], \"two\": [\"set\", [1, 2]]}");
        static const char *const columns[] = { "mtu", "none", "two" };
        const char *key, *value;
        int64_t number;
        bool is;

        for (size_t i = 0; i < 4; i++) {
                const struct ovs_row *at = i < 3 ? row : NULL;
                const char *column = columns[i % 3];

                ck_assert(!xsn_ovs_get_integer(at, column, &number));
                ck_assert(!xsn_ovs_get_bool(at, column, &is));
                ck_assert_ptr_null(xsn_ovs_get_string(at, column));
                ck_assert_ptr_null(xsn_ovs_get_key(at, column, "k"));
                ck_assert(!xsn_ovs_get_entry_at(at, column, 0, &key, &value));
        }
        ck_assert_uint_eq(xsn_ovs_get_size(row, "mtu"), 0);
        ck_assert_uint_eq(xsn_ovs_get_size(row, "none"), 0);
        ck_assert_uint_eq(xsn_ovs_get_size(row, "two"), 2);
        ck_assert(xsn_ovs_get_integer_at(row, "two", 1, &number) && number == 2);
}
END_TEST

START_TEST(a_map_is_read_by_key_and_its_odd_entries_are_passed_over)
{
        const struct ovs_row *row = interface(
                "{\"external_ids\": [\"map\", [[\"a\", \"1\"], 7, [\"b\"], [\"c\", 2], [3, \"d\"], [\"e\", \"5\"]]]}");
        const char *key, *value;
        size_t n = 0;

        ck_assert_str_eq(xsn_ovs_get_key(row, "external_ids", "a"), "1");
        ck_assert_str_eq(xsn_ovs_get_key(row, "external_ids", "e"), "5");
        ck_assert_ptr_null(xsn_ovs_get_key(row, "external_ids", "b"));
        ck_assert_ptr_null(xsn_ovs_get_key(row, "external_ids", "c"));
        for (size_t i = 0; i < xsn_ovs_get_size(row, "external_ids"); i++)
                n += xsn_ovs_get_entry_at(row, "external_ids", i, &key, &value);
        ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(a_value_of_another_type_is_not_set)
{
        static const char *const values[] = { "null", "{}", "[]", "[\"set\"]", "[\"set\", 1]", "[\"map\", {}]", "1.5",
                                              "[\"uuid\", \"x\"]", "[1, [2]]", "[\"set\", [[\"set\", [1]]]]" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(values); i++) {
                char text[128];
                const struct ovs_row *row;
                int64_t number;
                bool is;

                (void)snprintf(text, sizeof(text), "{\"c\": %s}", values[i]);
                row = interface(text);
                ck_assert_msg(!xsn_ovs_get_integer(row, "c", &number), "%s", values[i]);
                ck_assert_msg(!xsn_ovs_get_bool(row, "c", &is), "%s", values[i]);
                ck_assert_msg(!xsn_ovs_get_string(row, "c"), "%s", values[i]);
                ck_assert_msg(!xsn_ovs_get_key(row, "c", "k"), "%s", values[i]);
                ck_assert_msg(!xsn_ovs_get_row_at(&rows, row, "c", 0, OVS_BRIDGE), "%s", values[i]);
        }
}
END_TEST

START_TEST(a_reference_is_followed_and_one_to_nothing_is_no_row)
{
        const struct ovs_row *row;

        ck_assert_int_eq(change("Port", UUID_B, "{\"name\": \"p\"}"), 0);
        row = interface("{\"one\": [\"uuid\", \"" UUID_B "\"], \"two\": [\"set\", [[\"uuid\", \"" UUID_A
                        "\"], [\"uuid\", \"" UUID_B "\"]]]}");
        ck_assert_ptr_nonnull(xsn_ovs_get_row_at(&rows, row, "one", 0, OVS_PORT));
        ck_assert_ptr_null(xsn_ovs_get_row_at(&rows, row, "one", 0, OVS_BRIDGE));
        ck_assert_ptr_null(xsn_ovs_get_row_at(&rows, row, "two", 0, OVS_PORT));
        ck_assert_ptr_nonnull(xsn_ovs_get_row_at(&rows, row, "two", 1, OVS_PORT));
        ck_assert_ptr_null(xsn_ovs_get_row_at(&rows, row, "two", 2, OVS_PORT));
}
END_TEST

/* ---- hostile databases ---- */

static uint64_t seed;

static unsigned pick(unsigned n)
{
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        return (unsigned)(seed >> 33) % n;
}

/* A value that is wrong, or that is right but of another row. */
static json_t *junk(const struct ovs_rows *all)
{
        static const char *const values[] = {
                "null", "true", "-1", "0", "100", "4095", "65536", "9223372036854775807", "1.5", "\"\"", "\"x\"",
                "\"a/b\"", "\"eth0\"", "\"internal\"", "\"gre\"", "\"vxlan\"", "\"vif1.0\"", "\"no name at all, no\"",
                "\"\\u001b[2J\"", "[]", "{}", "[\"set\", []]", "[\"set\", [1, \"a\", null]]", "[\"set\", [5, 6]]",
                "[\"map\", []]", "[\"map\", [[\"remote_ip\", \"flow\"]]]", "[\"map\", [[\"key\", \"-1\"]]]",
                "[\"map\", [[\"xsnet-owner\", \"a b\"], [\"xsnet-name\", \"\\u0007\"]]]",
                "[\"map\", [[\"fake-bridge-xsnet-name\", \"n\"], [\"xsnet-management\", \"yes\"]]]",
                "[\"map\", [[\"remote_ip\", \"192.0.2.1\"], [\"key\", \"99999999999\"]]]",
                "[\"map\", [[\"xs-network-uuids\", \";;\"], [\"\", \"\"], [\"k\", \"\\u0080\"]]]",
        };
        int table = (int)pick(OVS_N_TABLES);
        size_t n = all->tables[table].n;

        if (n > 0 && pick(3) == 0)
                return json_pack("[s[[ss][ss]]]", "set", "uuid", all->tables[table].v[pick((unsigned)n)]->uuid, "uuid",
                                 UUID_A);
        return json_loads(values[pick(XSN_ARRAY_SIZE(values))], JSON_DECODE_ANY, NULL);
}

static void spoil(struct ovs_rows *all)
{
        int table = (int)pick(OVS_N_TABLES);
        size_t n = all->tables[table].n;
        const struct ovs_column *column = &xsn_ovs_tables[table].columns[pick(
                (unsigned)xsn_ovs_tables[table].n_columns)];
        json_t *row;
        const struct ovs_row *at;

        if (n == 0)
                return;
        at = all->tables[table].v[pick((unsigned)n)];
        row = json_copy(at->columns);
        json_object_set_new(row, column->name, junk(all));
        (void)xsn_ovs_rows_change(all, xsn_ovs_tables[table].name, at->uuid, row);
        json_decref(row);
}

START_TEST(whatever_stands_in_a_database_is_observed_or_refused)
{
        static const char *const names[] = { "vlans", "bonds", "tunnels", "foreign", "fresh-host" };
        size_t seen = 0, refused = 0;

        for (unsigned i = 0; i < 2000; i++) {
                const char *name = names[i % XSN_ARRAY_SIZE(names)];
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL;
                struct xsn_d0_net net;
                struct ovs_data d;

                seed = i;
                ovs_data_load(&d, name, ovs_data_json("schema", ".json"));
                (void)ovs_data_net(name, &net);
                for (unsigned n = 1 + pick(30); n > 0; n--)
                        spoil(&d.rows);
                if (xsn_ovs_observe(&d.rows, pick(2) ? &net : NULL, NULL, "xs-1", &state, &err) == 0) {
                        seen++;
                } else {
                        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-reply");
                        refused++;
                }
                xsnet_error_free(err);
                xsnet_state_unref(state);
                xsn_d0_net_done(&net);
                ovs_data_done(&d);
        }
        ck_assert_uint_gt(seen, 1000);
        ck_assert_uint_gt(refused, 5);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_rows");
        TCase *tc = tcase_create("rows");

        tcase_set_timeout(tc, 60);
        tcase_add_checked_fixture(tc, set_up, tear_down);
        tcase_add_test(tc, a_row_is_found_by_uuid_and_by_name_until_it_goes);
        tcase_add_test(tc, other_tables_are_passed_over_and_bad_uuids_refused);
        tcase_add_test(tc, a_name_may_go_to_another_row_within_a_transaction);
        tcase_add_test(tc, two_rows_of_one_name_and_a_missing_root_are_errors_that_say_so);
        tcase_add_test(tc, a_change_that_is_lost_for_want_of_memory_is_not_forgotten);
        tcase_add_test(tc, changes_that_wait_come_later_and_the_last_of_a_row_alone);
        tcase_add_test(tc, what_is_watched_is_four_tables_and_never_their_statistics);
        tcase_add_test(tc, a_bare_value_and_a_set_of_one_are_alike);
        tcase_add_test(tc, an_empty_set_a_missing_column_and_a_missing_row_are_not_set);
        tcase_add_test(tc, a_map_is_read_by_key_and_its_odd_entries_are_passed_over);
        tcase_add_test(tc, a_value_of_another_type_is_not_set);
        tcase_add_test(tc, a_reference_is_followed_and_one_to_nothing_is_no_row);
        tcase_add_test(tc, whatever_stands_in_a_database_is_observed_or_refused);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
