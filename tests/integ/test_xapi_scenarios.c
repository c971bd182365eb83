/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do with a pool, from start to end, on pools of one host, of three and of sixteen: what the pool has then
 * is read from its own tables, and a second apply has nothing to do.
 */
#include <errno.h>

#include "base/alloc.h"
#include "xapi_scenarios.h"

static const int sizes[] = { 1, 3, 16 };

/* ---- the pool, past the library ---- */

static json_t *dump(const struct pool *p, const char *class)
{
        json_t *tables = pool_do(p, "{\"do\": \"dump\", \"classes\": [\"%s\"]}", class);
        json_t *table = json_incref(json_object_get(tables, class));

        ck_assert_ptr_nonnull(table);
        json_decref(tables);
        return table;
}

static const char *text_of(const json_t *row, const char *field)
{
        const char *text = json_string_value(json_object_get(row, field));

        ck_assert_msg(text, "%s is no text", field);
        return text;
}

/* How many rows of a class have a field that is this text. */
static int count(const struct pool *p, const char *class, const char *field, const char *text)
{
        json_t *table = dump(p, class), *row;
        const char *ref;
        int n = 0;

        json_object_foreach(table, ref, row)
                n += !strcmp(text_of(row, field), text);
        json_decref(table);
        return n;
}

static int count_all(const struct pool *p, const char *class)
{
        json_t *table = dump(p, class);
        int n = (int)json_object_size(table);

        json_decref(table);
        return n;
}

/* The ref of the row that has this text; the caller's. */
static char *find(const struct pool *p, const char *class, const char *field, const char *text)
{
        json_t *table = dump(p, class), *row;
        const char *ref;
        char *found = NULL;

        json_object_foreach(table, ref, row)
                if (!found && !strcmp(text_of(row, field), text))
                        found = strdup(ref);
        json_decref(table);
        ck_assert_msg(found, "no %s has %s %s", class, field, text);
        return found;
}

static void ck_row_is(const struct pool *p, const char *class, const char *ref, const char *field, const char *text)
{
        json_t *table = dump(p, class);
        json_t *row = json_object_get(table, ref);

        ck_assert_msg(row && !strcmp(text_of(row, field), text), "%s.%s is %s, not %s", class, field,
                      row ? text_of(row, field) : "gone", text);
        json_decref(table);
}

/* Applied, and nothing to do then, without a write. */
static void ck_reaches(struct pool *p, const char *doc)
{
        ck_applies(p, doc);
        (void)pool_writes(p);
        ck_is_nothing(p, doc);
        ck_assert_int_eq(pool_writes(p), 0);
}

static void ck_refuses(struct pool *p, const char *doc, int code, const char *words)
{
        char *old = pool_text(p), *now;

        (void)pool_writes(p);
        ck_refused(p, doc, code, words);
        ck_assert_int_eq(pool_writes(p), 0);
        now = pool_text(p);
        ck_assert_str_eq(now, old);
        xsn_free(now);
        xsn_free(old);
}

/* ---- six NICs, three bonds ---- */

static void ck_three_bonds(const struct pool *p, int hosts)
{
        json_t *pifs = dump(p, "PIF"), *bonds = dump(p, "Bond"), *row;
        const char *ref;
        int management = 0, storage = 0, active = 0;

        json_object_foreach(pifs, ref, row) {
                bool is_bond = json_array_size(json_object_get(row, "bond_master_of")) == 1;
                bool has_storage = !strncmp(text_of(row, "IP"), "172.16.0.", 9);

                ck_assert_msg(is_bond || !*text_of(row, "IP"), "the NIC %s has kept its address",
                              text_of(row, "device"));
                management += json_is_true(json_object_get(row, "management"));
                storage += has_storage;
                ck_assert(is_bond || !json_is_true(json_object_get(row, "management")));
                ck_assert_int_eq(json_integer_value(json_object_get(row, "MTU")) == 9000,
                                 is_bond && !json_is_true(json_object_get(row, "management")));
        }
        json_object_foreach(bonds, ref, row) {
                ck_assert_uint_eq(json_array_size(json_object_get(row, "slaves")), 2);
                active += !strcmp(text_of(row, "mode"), "active-backup");
        }
        ck_assert_uint_eq(json_object_size(bonds), 3 * (size_t)hosts);
        ck_assert_int_eq(active, 2 * hosts);
        ck_assert_int_eq(management, hosts);
        ck_assert_int_eq(storage, hosts);
        json_decref(bonds);
        json_decref(pifs);
}

START_TEST(six_nics_become_three_bonds_on_every_host_and_six_nics_again)
{
        struct xsn_buf before = { 0 }, after = { 0 };
        struct pool p;
        char *old, *now;

        pool_new(&p, sizes[_i], 6);
        put_six_nics(&before, sizes[_i]);
        ck_applies(&p, before.s);
        old = pool_text(&p);
        put_three_bonds(&after, sizes[_i]);
        ck_reaches(&p, after.s);
        ck_three_bonds(&p, sizes[_i]);
        ck_reaches(&p, NOTHING_OF("pxs-lab"));
        now = pool_text(&p);
        ck_assert_str_eq(now, old);
        xsn_free(now);
        xsn_free(old);
        xsn_buf_done(&before);
        xsn_buf_done(&after);
        pool_free(&p);
}
END_TEST

/* ---- the VLAN manager ---- */

enum {
        FIRST_TAG = 100,
        N_TAGS = 40,
        N_KEPT = 10
};

START_TEST(tenants_get_their_vlans_on_every_host_and_a_gateway_the_trunk)
{
        struct xsn_buf many = { 0 }, few = { 0 };
        struct pool p;

        pool_new(&p, sizes[_i], 2);
        pool_vm_at(&p, "web-1", 1);
        pool_vm_at(&p, "web-2", sizes[_i]);
        pool_vm_at(&p, "gateway", 0);
        put_tenants(&many, FIRST_TAG, N_TAGS,
                    "  - {vm: web-1, device: 0, network: tenant-100}\n"
                    "  - {vm: web-2, device: 0, network: tenant-139}\n"
                    "  - {vm: gateway, device: 1, network: " TRUNK "}\n");
        ck_reaches(&p, many.s);
        ck_assert_int_eq(count_all(&p, "VLAN"), N_TAGS * sizes[_i]);
        ck_assert_int_eq(count_all(&p, "VIF"), 3);
        /* Tenants leave; the one that stays moves to another one's VLAN. */
        put_tenants(&few, FIRST_TAG, N_KEPT,
                    "  - {vm: web-1, device: 0, network: tenant-100}\n"
                    "  - {vm: web-2, device: 0, network: tenant-101}\n"
                    "  - {vm: gateway, device: 1, network: " TRUNK "}\n");
        ck_reaches(&p, few.s);
        ck_assert_int_eq(count_all(&p, "VLAN"), N_KEPT * sizes[_i]);
        ck_assert_int_eq(count(&p, "network", "name_label", "tenant-139"), 0);
        ck_assert_int_eq(count_all(&p, "VIF"), 3);
        xsn_buf_done(&many);
        xsn_buf_done(&few);
        pool_free(&p);
}
END_TEST

/* ---- a guest moves ---- */

START_TEST(a_guest_moves_between_networks_without_losing_its_device)
{
        static const char first[] = "format: 1\nowner: t\nnetworks: [{name: a}, {name: b}]\n"
                                    "vlans: [{pif: eth1, tag: 5, network: a}]\n"
                                    "vifs: [{vm: guest, device: 0, network: a, mac: '02:00:00:00:00:05'}]\n";
        /* Where it goes is there before, and what it leaves goes after it. */
        static const char second[] = "format: 1\nowner: t\nprune: true\nnetworks: [{name: b}]\n"
                                     "vlans: [{pif: eth1, tag: 6, network: b}]\n"
                                     "vifs: [{vm: guest, device: 0, network: b}]\n";
        char *vif, *network;
        struct pool p;

        pool_new(&p, sizes[_i], 2);
        pool_vm_at(&p, "guest", sizes[_i]);
        ck_reaches(&p, first);
        vif = find(&p, "VIF", "MAC", "02:00:00:00:00:05");
        ck_reaches(&p, second);
        network = find(&p, "network", "name_label", "b");
        ck_row_is(&p, "VIF", vif, "network", network);
        ck_assert_int_eq(count(&p, "network", "name_label", "a"), 0);
        free(network);
        /* And what it is in stays. */
        ck_refuses(&p, "format: 1\nnetworks: [{name: b, absent: true}]\nvlans: [{pif: eth1, tag: 6, absent: true}]\n",
                   -EBUSY, "network-in-use");
        ck_reaches(&p, "format: 1\nowner: t\nvifs: [{vm: guest, device: 0, absent: true}]\n");
        ck_assert_int_eq(count_all(&p, "VIF"), 0);
        free(vif);
        pool_free(&p);
}
END_TEST

/* ---- one more host ---- */

START_TEST(a_host_that_joins_is_brought_to_the_document_by_the_next_apply)
{
        static const char doc[] = THREE_BONDS "vlans: [{pif: bond1, tag: 7, network: tagged}]\n";
        struct pool p;

        pool_new(&p, sizes[_i], 6);
        ck_reaches(&p, doc);
        pool_tell(&p, "{\"do\": \"add-host\", \"join\": true}");
        ck_reaches(&p, doc);
        ck_assert_int_eq(count_all(&p, "Bond"), 3 * (sizes[_i] + 1));
        ck_assert_int_eq(count_all(&p, "VLAN"), sizes[_i] + 1);
        pool_free(&p);
}
END_TEST

/* ---- a private network over hosts ---- */

/* The network stack of a host, as its XAPI says. */
static void set_stack(const struct pool *p, int n, const char *stack)
{
        char name[32], *host;

        snprintf(name, sizeof(name), "xs-%d", n);
        host = find(p, "host", "name_label", name);
        pool_tell(p,
                  "{\"do\": \"set\", \"class\": \"host\", \"ref\": \"%s\", \"fields\": {\"software_version\": "
                  "{\"xapi_build\": \"24.19.2\", \"network_backend\": \"%s\"}}}",
                  host, stack);
        free(host);
}

START_TEST(a_private_network_spans_the_hosts_and_needs_what_its_conditions_say)
{
        struct xsn_buf doc = { 0 };
        int hosts = sizes[_i];
        struct pool p;

        pool_new(&p, hosts, 2);
        put_management_addresses(&doc, hosts);
        ck_applies(&p, doc.s);
        doc.len = 0;
        put_private(&doc, hosts, "198.51.100", hosts);
        ck_refuses(&p, doc.s, -EINVAL, "no-address");
        doc.len = 0;
        put_private(&doc, hosts, "192.0.2", 0); /* management's */
        ck_refuses(&p, doc.s, -EINVAL, "same-subnet");
        doc.len = 0;
        put_private(&doc, hosts, "198.51.100", 0);
        set_stack(&p, hosts, "bridge");
        ck_refuses(&p, doc.s, -EOPNOTSUPP, "Open vSwitch");
        set_stack(&p, hosts, "openvswitch");
        ck_reaches(&p, doc.s);
        ck_assert_int_eq(count_all(&p, "tunnel"), hosts);
        ck_reaches(&p, NOTHING_OF("isolation"));
        ck_assert_int_eq(count_all(&p, "tunnel"), 0);
        xsn_buf_done(&doc);
        pool_free(&p);
}
END_TEST

int main(void)
{
        const struct {
                const char *name;
                const TTest *test;
        } scenarios[] = {
                { "bonds", six_nics_become_three_bonds_on_every_host_and_six_nics_again },
                { "vlans", tenants_get_their_vlans_on_every_host_and_a_gateway_the_trunk },
                { "guest", a_guest_moves_between_networks_without_losing_its_device },
                { "join", a_host_that_joins_is_brought_to_the_document_by_the_next_apply },
                { "private network", a_private_network_spans_the_hosts_and_needs_what_its_conditions_say },
        };
        Suite *suite = suite_create("xapi scenarios");
        SRunner *runner;
        int failed;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(scenarios); i++) {
                TCase *tc = tcase_create(scenarios[i].name);

                tcase_set_timeout(tc, 120);
                tcase_add_loop_test(tc, scenarios[i].test, 0, (int)XSN_ARRAY_SIZE(sizes));
                suite_add_tcase(suite, tc);
        }
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
