/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ovs backend's states of recorded databases (data/ovs/README.md): NAME.yaml is that of the machine with the
 * links and addresses of NAME.net, NAME.remote.yaml that of another machine's database. `--update` writes both anew:
 * read them before you keep them.
 */
#include <dirent.h>
#include <errno.h>

#include "codec/codec.h"
#include "failalloc.h"
#include "ovs_data.h"
#include "plan/plan.h"
#include "unit.h"

#define HOST      "xs-1"
#define CASES_MIN 6
#define CASES_MAX 100

static bool update;
static char *cases[CASES_MAX];
static size_t n_cases;

static char *dump(const struct xsnet_state *state)
{
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_msg(xsn_codec_dump(state, XSNET_FORMAT_YAML, XSN_CODEC_OBSERVED, &text, &err) == 0, "%s",
                      err ? xsnet_error_get_message(err) : "");
        return text;
}

static struct xsnet_state *observe(const struct ovs_data *d, const struct xsn_d0_net *net)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_msg(xsn_ovs_observe(&d->rows, net, NULL, HOST, &state, &err) == 0, "%s",
                      err ? xsnet_error_get_message(err) : "");
        return state;
}

static void compare(const char *name, const char *suffix, const struct xsnet_state *state)
{
        const char *dir = getenv("XSN_TEST_DATA");
        char *text = dump(state), *wanted, path[512];

        if (update) {
                FILE *f;

                (void)snprintf(path, sizeof(path), "%s/ovs/%s%s", dir ? dir : "tests/data", name, suffix);
                f = fopen(path, "w");
                ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
                ck_assert_int_ge(fputs(text, f), 0);
                ck_assert_int_eq(fclose(f), 0);
        }
        wanted = ovs_data_file(name, suffix);
        ck_assert_msg(wanted != NULL, "%s%s", name, suffix);
        ck_assert_msg(strcmp(text, wanted) == 0, "%s%s is now:\n%s", name, suffix, text);
        free(wanted);
        free(text);
}

START_TEST(a_recorded_database_is_seen_as_it_was_recorded)
{
        const char *name = cases[_i];
        struct ovs_data d;
        struct xsn_d0_net net;
        struct xsnet_state *state;

        ovs_data_load(&d, name, ovs_data_json("schema", ".json"));
        state = observe(&d, NULL);
        compare(name, ".remote.yaml", state);
        xsnet_state_unref(state);
        if (ovs_data_net(name, &net)) {
                state = observe(&d, &net);
                compare(name, ".yaml", state);
                xsnet_state_unref(state);
        }
        xsn_d0_net_done(&net);
        ovs_data_done(&d);
}
END_TEST

/* Every row but the root goes. */
static void remove_rows(struct ovs_data *d, json_t *updates)
{
        json_t *all = json_object(), *table, *row;
        const char *name, *uuid;

        json_object_foreach(updates, name, table) {
                json_t *gone = json_object();

                json_object_foreach(table, uuid, row)
                        json_object_set_new(gone, uuid, json_pack("{so}", "delete", json_null()));
                json_object_set_new(all, name, gone);
        }
        ck_assert_int_eq(ovs_data_update(d, all, false), 0);
        json_decref(all);
}

/* One at a time, the last first. */
static void add_rows_backwards(struct ovs_data *d, json_t *updates)
{
        json_t *table, *row;
        const char *name, *uuid;

        json_object_foreach(updates, name, table) {
                const char *uuids[200];
                size_t n = 0;

                json_object_foreach(table, uuid, row)
                        uuids[n++] = uuid;
                while (n-- > 0) {
                        json_t *one = json_pack("{s{sO}}", name, uuids[n], json_object_get(table, uuids[n]));

                        ck_assert_int_eq(ovs_data_update(d, one, false), 0);
                        json_decref(one);
                }
        }
}

START_TEST(the_order_in_which_rows_come_does_not_matter)
{
        const char *name = cases[_i];
        json_t *updates = ovs_data_json(name, ".json");
        struct xsnet_state *state;
        struct ovs_data d;

        ovs_data_load(&d, name, ovs_data_json("schema", ".json"));
        json_object_del(updates, "Open_vSwitch");
        remove_rows(&d, updates);
        for (int i = OVS_BRIDGE; i < OVS_N_TABLES; i++)
                ck_assert_uint_eq(d.rows.tables[i].n, 0);
        state = observe(&d, NULL); /* what the root refers to is not there */
        ck_assert_uint_eq(state->n_objects, 0);
        xsnet_state_unref(state);
        add_rows_backwards(&d, updates);
        state = observe(&d, NULL);
        if (!update)
                compare(name, ".remote.yaml", state);
        xsnet_state_unref(state);
        ovs_data_done(&d);
        json_decref(updates);
}
END_TEST

START_TEST(no_memory_is_an_error_at_every_point)
{
        const char *name = cases[_i];
        struct ovs_data d;
        struct xsn_d0_net net;
        bool local;

        ovs_data_load(&d, name, ovs_data_json("schema", ".json"));
        local = ovs_data_net(name, &net);
        for (unsigned long n = 1;; n++) {
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL;
                int r;

                failalloc_at(n);
                r = xsn_ovs_observe(&d.rows, local ? &net : NULL, NULL, HOST, &state, &err);
                failalloc_off();
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        xsnet_state_unref(state);
                        break;
                }
                ck_assert_msg(r == -ENOMEM && !state && err, "request %lu of %s: %d", n, name, r);
                xsnet_error_free(err);
        }
        xsn_d0_net_done(&net);
        ovs_data_done(&d);
}
END_TEST

/* ---- what comes back ---- */

static const struct xsnet_object *find(const struct xsnet_state *state, int kind, const char *key)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                struct xsn_buf buf = { 0 };
                bool same;

                xsn_object_key(state->objects[i], &buf);
                same = state->objects[i]->cls->kind == kind && buf.s && strcmp(buf.s, key) == 0;
                xsn_buf_done(&buf);
                if (same)
                        return state->objects[i];
        }
        ck_abort_msg("no %s", key);
}

/* Every column of the row that is set and that a new row would not have is in the payload with its value. */
static void check_payload(const struct ovs_data *d, const struct xsnet_object *obj, int table, const char *name)
{
        json_t *kept = xsn_ovs_payload_row(obj, table, name);
        const struct ovs_row *row = xsn_ovs_row_named(&d->rows, table, name);

        ck_assert_msg(kept && row, "%s", name);
        for (size_t i = 0; i < xsn_ovs_tables[table].n_columns; i++) {
                const struct ovs_column *column = &xsn_ovs_tables[table].columns[i];
                json_t *value = xsn_ovs_get(row, column->name), *was = NULL;
                const struct xsn_ovsdb_column *type = xsn_ovsdb_table_column(
                        xsn_ovsdb_schema_table(d->schema, xsn_ovs_tables[table].name), column->name);

                ck_assert_ptr_nonnull(type);
                if (column->flags & OVS_COL_STATE)
                        continue;
                if (json_object_get(kept, column->name))
                        was = json_incref(json_object_get(kept, column->name));
                else
                        ck_assert_int_eq(xsn_ovsdb_value_default(&type->type, &was), 0);
                ck_assert_msg(json_equal(was, value), "%s.%s", name, column->name);
                json_decref(was);
        }
        json_decref(kept);
}

START_TEST(a_payload_has_what_a_row_needs_to_be_made_again)
{
        static const struct {
                const char *name;
                int kind;
                const char *key;
                int table;
                const char *row;
        } rows[] = {
                { "foreign", XSNET_KIND_NETWORK, "br-int", OVS_BRIDGE, "br-int" },
                { "foreign", XSNET_KIND_NETWORK, "br-int", OVS_INTERFACE, "br-int" },
                { "foreign", XSNET_KIND_PIF, "eth1", OVS_PORT, "eth1" },
                { "foreign", XSNET_KIND_PIF, "eth1", OVS_INTERFACE, "eth1" },
                { "bonds", XSNET_KIND_BOND, "bond2", OVS_PORT, "bond2" },
                { "bonds", XSNET_KIND_PIF, "eth2", OVS_INTERFACE, "eth2" },
                { "vlans", XSNET_KIND_NETWORK, "Tenant eight", OVS_PORT, "xapi8" },
                { "vlans", XSNET_KIND_VLAN, "bond0.8", OVS_PORT, "xapi8" },
                { "vlans", XSNET_KIND_VLAN, "bond0.8", OVS_INTERFACE, "xapi8" },
                { "vlans", XSNET_KIND_VIF, "4/0", OVS_PORT, "vif4.0" },
                { "vlans", XSNET_KIND_VIF, "4/0", OVS_INTERFACE, "vif4.0" },
                { "vlans", XSNET_KIND_VIF, "4/0", OVS_PORT, "tap4.0" },
                { "vlans", XSNET_KIND_VIF, "9/1", OVS_INTERFACE, "vif9.1" },
                { "tunnels", XSNET_KIND_TUNNEL, "private net/eth2", OVS_PORT, "xt00000003" },
                { "tunnels", XSNET_KIND_TUNNEL, "private net/eth2", OVS_INTERFACE, "xt00000002" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsnet_state *state;
                struct ovs_data d;

                ovs_data_load(&d, rows[i].name, ovs_data_json("schema", ".json"));
                state = observe(&d, NULL);
                check_payload(&d, find(state, rows[i].kind, rows[i].key), rows[i].table, rows[i].row);
                xsnet_state_unref(state);
                ovs_data_done(&d);
        }
}
END_TEST

/* ---- documents ---- */

static bool schema_has(const void *server, const char *table, const char *column)
{
        return xsn_ovsdb_table_column(xsn_ovsdb_schema_table(server, table), column) != NULL;
}

static void fail_on(const char *name, const char *what, const struct xsnet_error *err)
{
        struct xsn_buf buf = { 0 };

        for (; err; err = xsnet_error_get_next(err))
                xsn_buf_printf(&buf, "\n%s: %s", xsnet_error_get_where(err), xsnet_error_get_message(err));
        ck_abort_msg("%s: %s%s", name, what, buf.s);
}

/* Show, apply: nothing to do, with what the backend says that it can. */
static void check_shown(const char *name, const struct ovs_data *d, const struct xsn_d0_net *net)
{
        struct xsnet_state *state = observe(d, net), *desired = NULL;
        struct xsn_plan_options options = { 0 };
        struct xsnet_error *err = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsn_plan_input input = { .name = "ovs:", .observed = state };
        struct ovs_caps caps;
        char *text = NULL;

        xsn_ovs_caps_find(schema_has, d->schema, &d->rows, net != NULL, &caps);
        input.caps = &caps.caps;
        ck_assert_int_eq(xsn_codec_dump(state, XSNET_FORMAT_YAML, 0, &text, NULL), 0);
        if (xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, "shown", 0, &desired, &err) < 0)
                fail_on(name, "load", err);
        if (xsn_plan_make(&input, 1, desired, &options, &plan, &err) < 0)
                fail_on(name, "plan", err);
        ck_assert_msg(plan->n_steps == 0, "%s: %zu steps, the first for %s", name, plan->n_steps,
                      plan->steps[0].to ? plan->steps[0].to->cls->name : "a removal");
        xsnet_plan_unref(plan);
        xsnet_state_unref(desired);
        xsnet_state_unref(state);
        free(text);
}

START_TEST(what_is_shown_is_a_document_with_nothing_to_do)
{
        const char *name = cases[_i];
        struct ovs_data d;
        struct xsn_d0_net net;

        /* It has a gre0: a name that documents may not say, as the kernel has a device of that name. */
        if (strcmp(name, "private-network") == 0)
                return;
        ovs_data_load(&d, name, ovs_data_json("schema", ".json"));
        check_shown(name, &d, NULL);
        if (ovs_data_net(name, &net))
                check_shown(name, &d, &net);
        xsn_d0_net_done(&net);
        ovs_data_done(&d);
}
END_TEST

START_TEST(a_new_vlan_is_a_fake_bridge_and_no_other_device)
{
        static const char text[] = "format: 1\n"
                                   "networks: [{name: t200}]\n"
                                   "vlans: [{pif: eth1, tag: 200, network: t200}]\n";
        struct xsnet_state *desired = NULL;
        struct xsn_plan_options options = { 0 };
        struct xsn_plan_input input = { .name = "ovs:" };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        struct ovs_caps caps;
        struct ovs_data d;
        struct xsn_d0_net net;

        ovs_data_load(&d, "fresh-host", ovs_data_json("schema", ".json"));
        ck_assert(ovs_data_net("fresh-host", &net));
        input.observed = observe(&d, &net);
        xsn_ovs_caps_find(schema_has, d.schema, &d.rows, true, &caps);
        input.caps = &caps.caps;
        ck_assert_int_eq(xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, "doc", 0, &desired, NULL), 0);
        if (xsn_plan_make(&input, 1, desired, &options, &plan, &err) < 0)
                fail_on("fresh-host", "plan", err);
        ck_assert_uint_eq(plan->n_steps, 2);
        for (size_t i = 0; i < plan->n_steps; i++) {
                const struct xsnet_object *to = plan->steps[i].to;

                if (XSN_VLAN(to))
                        ck_assert(!xsn_object_is_set(to, XSNET_FIELD_DEVICE));
                else
                        ck_assert_str_eq(XSN_NETWORK(to)->bridge, "t200");
        }
        xsnet_plan_unref(plan);
        xsnet_state_unref(desired);
        xsnet_state_unref(input.observed);
        xsn_d0_net_done(&net);
        ovs_data_done(&d);
}
END_TEST

/* ---- the toolstack ---- */

static const char *manager_of(const struct xsnet_state *state, int kind, const char *key)
{
        const char *manager = xsn_object_string(find(state, kind, key), XSNET_FIELD_STATUS_MANAGED_BY);

        return manager ? manager : "";
}

START_TEST(the_toolstack_manages_the_bridges_that_have_its_key_and_nics_that_are_in_none)
{
        static const struct xsn_d0_managers managers = { .xcp = true };
        struct xsnet_state *state = NULL;
        struct xsn_d0_net net;
        struct ovs_data d;

        ovs_data_load(&d, "vlans", ovs_data_json("schema", ".json"));
        ck_assert(ovs_data_net("vlans", &net));
        ck_assert_int_eq(xsn_ovs_observe(&d.rows, &net, &managers, HOST, &state, NULL), 0);
        ck_assert_str_eq(manager_of(state, XSNET_KIND_NETWORK, "xenbr1"), "xcp-networkd");
        ck_assert_str_eq(manager_of(state, XSNET_KIND_NETWORK, "xapi100"), "xcp-networkd");
        ck_assert_str_eq(manager_of(state, XSNET_KIND_VLAN, "eth1.100"), "xcp-networkd");
        ck_assert_str_eq(manager_of(state, XSNET_KIND_PIF, "eth1"), "xcp-networkd");
        xsnet_state_unref(state);
        state = NULL;
        xsn_d0_net_done(&net);
        ovs_data_done(&d);
        ovs_data_load(&d, "tunnels", ovs_data_json("schema", ".json"));
        ck_assert(ovs_data_net("tunnels", &net));
        ck_assert_int_eq(xsn_ovs_observe(&d.rows, &net, &managers, HOST, &state, NULL), 0);
        ck_assert_str_eq(manager_of(state, XSNET_KIND_PIF, "eth2"), "xcp-networkd");
        ck_assert_str_eq(manager_of(state, XSNET_KIND_NETWORK, "private net"), "");
        xsnet_state_unref(state);
        xsn_d0_net_done(&net);
        ovs_data_done(&d);
}
END_TEST

/* ---- old servers ---- */

static void drop_column(json_t *schema, const char *table, const char *column)
{
        json_t *columns = json_object_get(json_object_get(json_object_get(schema, "tables"), table), "columns");

        ck_assert_int_eq(json_object_del(columns, column), 0);
}

static bool can(const struct ovs_caps *caps, int kind, int field)
{
        return xsn_caps_has_field(&caps->caps, kind, (size_t)xsn_class_index(xsn_class_of(kind), field));
}

START_TEST(what_an_old_server_lacks_is_a_capability_that_is_missing)
{
        json_t *schema = ovs_data_json("schema", ".json");
        struct ovs_caps caps;
        struct xsnet_state *state;
        struct ovs_data d;

        drop_column(schema, "Port", "protected");
        drop_column(schema, "Interface", "mtu_request");
        drop_column(schema, "Interface", "error");
        drop_column(schema, "Bridge", "mcast_snooping_enable");
        ovs_data_load(&d, "vlans", schema);
        state = observe(&d, NULL);
        ck_assert(!xsn_object_is_set(find(state, XSNET_KIND_NETWORK, "Tenant eight"), XSNET_FIELD_MTU));
        ck_assert(!xsn_object_is_set(find(state, XSNET_KIND_NETWORK, "xenbr1"), XSNET_FIELD_MULTICAST_SNOOPING));
        ck_assert(xsn_object_is_set(find(state, XSNET_KIND_NETWORK, "xenbr1"), XSNET_FIELD_STP));
        xsn_ovs_caps_find(schema_has, d.schema, &d.rows, true, &caps);
        ck_assert(!caps.protects);
        ck_assert(!can(&caps, XSNET_KIND_NETWORK, XSNET_FIELD_MTU));
        ck_assert(!can(&caps, XSNET_KIND_NETWORK, XSNET_FIELD_MULTICAST_SNOOPING));
        ck_assert(can(&caps, XSNET_KIND_NETWORK, XSNET_FIELD_STP));
        ck_assert(can(&caps, XSNET_KIND_NETWORK, XSNET_FIELD_IPV4_ADDRESS));
        ck_assert(can(&caps, XSNET_KIND_TUNNEL, XSNET_FIELD_REMOTES));
        xsnet_state_unref(state);
        ovs_data_done(&d);
}
END_TEST

START_TEST(another_machines_addresses_cannot_be_set)
{
        struct ovs_caps caps;
        struct ovs_data d;

        ovs_data_load(&d, "empty", ovs_data_json("schema", ".json"));
        xsn_ovs_caps_find(schema_has, d.schema, &d.rows, false, &caps);
        ck_assert(caps.protects);
        ck_assert(can(&caps, XSNET_KIND_NETWORK, XSNET_FIELD_MTU));
        for (int kind = XSNET_KIND_NETWORK; kind < XSNET_KIND_VIF; kind++)
                ck_assert(!can(&caps, kind, XSNET_FIELD_IPV4_ADDRESS));
        ck_assert(!can(&caps, XSNET_KIND_PIF, XSNET_FIELD_MATCH_MAC));
        ck_assert(!can(&caps, XSNET_KIND_VLAN, XSNET_FIELD_DEVICE));
        ck_assert(can(&caps, XSNET_KIND_VIF, XSNET_FIELD_TRUNKS));
        ck_assert(xsn_caps_has_value(&caps.caps, XSNET_KIND_BOND, XSNET_FIELD_MODE, XSNET_BOND_BALANCE_SLB));
        ck_assert(!xsn_caps_has_value(&caps.caps, XSNET_KIND_BOND, XSNET_FIELD_MODE, XSNET_BOND_BALANCE_RR));
        ovs_data_done(&d);
}
END_TEST

START_TEST(tunnels_are_those_that_vswitchd_has)
{
        json_t *update_ = NULL;
        struct ovs_caps caps;
        struct ovs_data d;

        ovs_data_load(&d, "empty", ovs_data_json("schema", ".json"));
        xsn_ovs_caps_find(schema_has, d.schema, &d.rows, false, &caps);
        ck_assert(xsn_caps_has_value(&caps.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_GENEVE));
        update_ = json_pack("{s{s{s{s[s[ss]]}}}}", "Open_vSwitch", xsn_ovs_row_root(&d.rows)->uuid, "modify",
                            "iface_types", "set", "gre", "internal");
        ck_assert_int_eq(ovs_data_update(&d, update_, false), 0);
        xsn_ovs_caps_find(schema_has, d.schema, &d.rows, false, &caps);
        ck_assert(xsn_caps_has_value(&caps.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_GRE));
        ck_assert(!xsn_caps_has_value(&caps.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_GENEVE));
        ck_assert_ptr_null(caps.caps.missing[XSNET_KIND_TUNNEL]);
        json_decref(update_);
        update_ = json_pack("{s{s{s{s[s[ss]]}}}}", "Open_vSwitch", xsn_ovs_row_root(&d.rows)->uuid, "modify",
                            "iface_types", "set", "gre", "patch");
        ck_assert_int_eq(ovs_data_update(&d, update_, false), 0); /* a difference: gre goes, patch comes */
        xsn_ovs_caps_find(schema_has, d.schema, &d.rows, false, &caps);
        ck_assert_ptr_nonnull(caps.caps.missing[XSNET_KIND_TUNNEL]);
        json_decref(update_);
        ovs_data_done(&d);
}
END_TEST

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_cases(void)
{
        const char *data = getenv("XSN_TEST_DATA");
        struct dirent *entry;
        char path[512];
        DIR *dir;

        (void)snprintf(path, sizeof(path), "%s/ovs", data ? data : "tests/data");
        dir = opendir(path);
        while (dir && (entry = readdir(dir)) && n_cases < CASES_MAX) {
                char *dot = strrchr(entry->d_name, '.');

                if (dot && strcmp(dot, ".vsctl") == 0)
                        cases[n_cases++] = strndup(entry->d_name, (size_t)(dot - entry->d_name));
        }
        if (dir)
                (void)closedir(dir);
        qsort((void *)cases, n_cases, sizeof(*cases), compare_names);
}

START_TEST(the_cases_are_there)
{
        ck_assert_uint_ge(n_cases, CASES_MIN);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("ovs_observe");
        TCase *tc = tcase_create("observe");

        update = argc > 1 && strcmp(argv[1], "--update") == 0;
        find_cases();
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, the_cases_are_there);
        tcase_add_loop_test(tc, a_recorded_database_is_seen_as_it_was_recorded, 0, (int)n_cases);
        tcase_add_loop_test(tc, the_order_in_which_rows_come_does_not_matter, 0, (int)n_cases);
        tcase_add_loop_test(tc, no_memory_is_an_error_at_every_point, 0, (int)n_cases);
        tcase_add_loop_test(tc, what_is_shown_is_a_document_with_nothing_to_do, 0, (int)n_cases);
        tcase_add_test(tc, a_new_vlan_is_a_fake_bridge_and_no_other_device);
        tcase_add_test(tc, a_payload_has_what_a_row_needs_to_be_made_again);
        tcase_add_test(tc, the_toolstack_manages_the_bridges_that_have_its_key_and_nics_that_are_in_none);
        tcase_add_test(tc, what_an_old_server_lacks_is_a_capability_that_is_missing);
        tcase_add_test(tc, another_machines_addresses_cannot_be_set);
        tcase_add_test(tc, tunnels_are_those_that_vswitchd_has);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
