/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The xapi backend's states of recorded pools (data/xapi/README.md): NAME.yaml is what is seen of NAME.json.
 * `--update` writes them anew: read them before you keep them.
 */
#include <dirent.h>
#include <errno.h>

#include "codec/codec.h"
#include "failalloc.h"
#include "plan/plan.h"
#include "unit.h"
#include "xapi_data.h"

#define CASES_MIN 20
#define CASES_MAX 2000

static bool update;
static char *cases[CASES_MAX];
static size_t n_cases;

/* The capabilities refer to what was seen last, and to its records. */
static struct xsnet_state *observe(const struct xa_records *records, struct xa_caps *caps)
{
        static struct xa_view view;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        xsn_xa_view_done(&view);
        ck_assert_int_eq(xsn_xa_view_open(&view, records), 0);
        ck_assert_msg(xsn_xa_observe(&view, &state, &err) == 0, "%s", err ? xsnet_error_get_message(err) : "");
        xsn_xa_caps_find(&view, caps);
        return state;
}

static char *dump(const struct xsnet_state *state, unsigned flags)
{
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_msg(xsn_codec_dump(state, XSNET_FORMAT_YAML, flags, &text, &err) == 0, "%s",
                      err ? xsnet_error_get_message(err) : "");
        return text;
}

/* What the file has, or is to have from now on. */
static void compare(const char *name, const char *text)
{
        char path[512], piece[4096], *wanted;
        struct xsn_buf buf = { 0 };
        size_t n;
        FILE *f;

        xapi_data_path(path, name, ".yaml");
        if (update) {
                f = fopen(path, "w");
                ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
                ck_assert_int_ge(fputs(text, f), 0);
                ck_assert_int_eq(fclose(f), 0);
        }
        f = fopen(path, "r");
        ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
        while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
                xsn_buf_putn(&buf, piece, n);
        (void)fclose(f);
        ck_assert_int_eq(xsn_buf_take(&buf, &wanted), 0);
        ck_assert_msg(strcmp(text, wanted) == 0, "%s is now:\n%.3000s", path, text);
        xsn_free(wanted);
}

START_TEST(a_recorded_pool_is_seen_as_it_was_recorded)
{
        json_t *pool = xapi_data_json(cases[_i]);
        char *text[2];

        for (int backwards = 0; backwards < 2; backwards++) {
                struct xa_records records;
                struct xsnet_state *state;
                struct xa_caps caps;

                ck_assert_int_eq(xapi_data_fill(&records, pool, backwards), 0);
                state = observe(&records, &caps);
                text[backwards] = dump(state, XSN_CODEC_OBSERVED);
                xsnet_state_unref(state);
                xsn_xa_records_done(&records);
        }
        ck_assert_str_eq(text[0], text[1]);
        compare(cases[_i], text[0]);
        xsn_free(text[0]);
        xsn_free(text[1]);
        json_decref(pool);
}
END_TEST

/* XAPI lets be what no document may ask for: such a pool is shown whatever it is like, and refused if asked for. */
static bool contradicts_itself(const struct xsnet_error *err)
{
        static const char *const reasons[] = { "same-subnet", "mtu-above-parent", "duplicate-address" };

        for (size_t i = 0; err && i < XSN_ARRAY_SIZE(reasons); i++)
                if (!strcmp(xsnet_error_get_reason(err), reasons[i]))
                        return true;
        return false;
}

START_TEST(what_is_shown_of_a_pool_is_nothing_to_do)
{
        json_t *pool = xapi_data_json(cases[_i]);
        struct xsn_plan_options options = { 0 };
        struct xsnet_state *state, *desired = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_plan_input input;
        struct xsnet_plan *plan = NULL;
        struct xa_records records;
        struct xa_caps caps;
        char *text;
        int r;

        ck_assert_int_eq(xapi_data_fill(&records, pool, false), 0);
        state = observe(&records, &caps);
        text = dump(state, 0);
        r = xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, "shown.yaml", 0, &desired, &err);
        ck_assert_msg(r == 0 || contradicts_itself(err), "%s: %s: %s", cases[_i], xsnet_error_get_where(err),
                      xsnet_error_get_message(err));
        input = (struct xsn_plan_input){ .name = "xapi:", .observed = state, .caps = &caps.caps };
        if (r == 0) {
                r = xsn_plan_make(&input, 1, desired, &options, &plan, &err);
                ck_assert_msg(r == 0, "%s: %s: %s", cases[_i], xsnet_error_get_where(err),
                              xsnet_error_get_message(err));
                ck_assert_msg(plan->n_steps == 0, "%s: %zu steps", cases[_i], plan->n_steps);
        }
        xsnet_error_free(err);
        xsnet_plan_unref(plan);
        xsnet_state_unref(desired);
        xsnet_state_unref(state);
        xsn_free(text);
        xsn_xa_records_done(&records);
        json_decref(pool);
}
END_TEST

static int try(json_t *pool)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        struct xa_records records;
        struct xa_view view;
        int r = xapi_data_fill(&records, pool, false);

        if (r == 0)
                r = xsn_xa_view_open(&view, &records);
        if (r == 0) {
                r = xsn_xa_observe(&view, &state, &err);
                if (r == 0 ? state == NULL : state != NULL || err == NULL)
                        r = -EINVAL;
                xsn_xa_view_done(&view);
        }
        xsnet_state_unref(state);
        xsnet_error_free(err);
        xsn_xa_records_done(&records);
        return r;
}

START_TEST(no_memory_is_an_error_at_every_point)
{
        json_t *pool = xapi_data_json(_i ? "pool-2-hosts" : "vif.most");

        for (unsigned long n = 1;; n++) {
                int r;

                failalloc_at(n);
                r = try(pool);
                failalloc_off();
                if (failalloc_count() < n) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_msg(r == -ENOMEM, "request %lu: %d", n, r);
        }
        json_decref(pool);
}
END_TEST

/* ---- single facts ---- */

static json_t *columns_of(json_t *pool, const char *class, const char *column, const char *value)
{
        json_t *record;
        const char *ref;

        json_object_foreach(json_object_get(pool, class), ref, record) {
                const char *text = json_string_value(json_object_get(record, column));

                if (text && !strcmp(text, value))
                        return record;
        }
        ck_abort_msg("no %s with %s %s", class, column, value);
}

static void set(json_t *record, const char *column, const char *value)
{
        ck_assert_int_eq(json_object_set_new(record, column, json_string(value)), 0);
}

static void set_key(json_t *record, const char *column, const char *key, const char *value)
{
        ck_assert_int_eq(json_object_set_new(json_object_get(record, column), key, json_string(value)), 0);
}

static struct xsnet_state *state_of(json_t *pool, struct xa_caps *caps)
{
        struct xa_records records;
        struct xsnet_state *state;

        ck_assert_int_eq(xapi_data_fill(&records, pool, false), 0);
        state = observe(&records, caps);
        xsn_xa_records_done(&records);
        return state;
}

START_TEST(addresses_that_documents_cannot_say_are_not_shown)
{
        static const struct {
                const char *ip, *netmask, *gateway;
                const char *address; /* NULL: none */
                bool has_gateway;
        } rows[] = {
                { "10.71.0.15", "255.255.255.0", "10.71.0.1", "10.71.0.15/24", true },
                { "10.71.0.15", "255.0.255.0", "10.71.0.1", NULL, false },
                { "10.71.0.15", "255.255.255.0", "10.99.0.1", "10.71.0.15/24", false },
                { "10.71.0.15", "255.255.255.0", "10.71.0.15", "10.71.0.15/24", false },
                { "10.71.0.0", "255.255.255.0", "", NULL, false },
                { "10.71.0.255", "255.255.255.0", "", NULL, false },
                { "0.0.0.0", "255.255.255.0", "", NULL, false },
                { "10.71.0.15", "0.0.0.0", "", NULL, false },
                { "10.71.0.15", "255.255.255.255", "", "10.71.0.15/32", false },
                { "fd00::1", "255.255.255.0", "", NULL, false },
                { "", "", "", NULL, false },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                json_t *pool = xapi_data_json("fresh-6nic"), *eth0 = columns_of(pool, "PIF", "device", "eth0");
                const struct xsn_addressing *a;
                struct xsnet_state *state;
                char text[XSN_IP_STRLEN];
                struct xa_caps caps;

                set(eth0, "IP", rows[i].ip);
                set(eth0, "netmask", rows[i].netmask);
                set(eth0, "gateway", rows[i].gateway);
                state = state_of(pool, &caps);
                a = &xsnet_state_find(state, XSNET_KIND_PIF, "xcp5", "eth0")->a;
                ck_assert_msg(a->ipv4_address.n == (rows[i].address != NULL), "row %zu", i);
                if (rows[i].address)
                        ck_assert_str_eq(xsn_ip_format_prefix(&XSN_ITEM(a->ipv4_address, struct xsn_ip, 0), text),
                                         rows[i].address);
                ck_assert_msg((a->ipv4_gateway.family == 4) == rows[i].has_gateway, "row %zu", i);
                xsnet_state_unref(state);
                json_decref(pool);
        }
}
END_TEST

START_TEST(marks_and_kept_names_are_read_and_not_shown_as_free_keys)
{
        json_t *pool = xapi_data_json("pool-2-hosts"), *record;
        struct xsnet_object *obj;
        struct xsnet_state *state;
        struct xa_caps caps;
        const char *ref;

        json_object_foreach(json_object_get(pool, "PIF"), ref, record)
                if (!strcmp(json_string_value(json_object_get(record, "device")), "bond0")) {
                        set_key(record, "other_config", "xsnet-name", "uplink");
                        set_key(record, "other_config", "xsnet-owner", "lab");
                        set_key(record, "other_config", "bond-updelay", "5");
                        set_key(record, "other_config", "bond-xmit", "kept");
                }
        set_key(columns_of(pool, "network", "name_label", "pool vlan 100"), "other_config", "xsnet-owner", "lab");
        state = state_of(pool, &caps);
        obj = xsnet_state_find(state, XSNET_KIND_BOND, "xcp6", "uplink");
        ck_assert_ptr_nonnull(obj);
        ck_assert_str_eq(obj->owner, "lab");
        ck_assert(obj->made);
        ck_assert_uint_eq(XSN_BOND(obj)->updelay, 5);
        ck_assert_uint_eq(XSN_BOND(obj)->l.other_config.n, 1);
        ck_assert_str_eq(XSN_ITEM(XSN_BOND(obj)->l.other_config, struct xsn_entry, 0).key, "bond-xmit");
        obj = xsnet_state_find(state, XSNET_KIND_NETWORK, "", "pool vlan 100");
        ck_assert_ptr_nonnull(obj);
        ck_assert_str_eq(obj->owner, "lab");
        xsnet_state_unref(state);
        json_decref(pool);
}
END_TEST

/* Two hosts that say they are "localhost", two networks and two VMs of one name. */
START_TEST(names_that_are_not_unique_are_told_apart)
{
        json_t *pool = xapi_data_json("pool-2-hosts"), *record;
        struct xsnet_state *state;
        struct xa_caps caps;
        const char *ref;
        size_t n = 0;

        json_object_foreach(json_object_get(pool, "host"), ref, record)
                set(record, "hostname", "localhost");
        json_object_foreach(json_object_get(pool, "network"), ref, record)
                set(record, "name_label", "all the same");
        state = state_of(pool, &caps);
        ck_assert_uint_eq(state->n_hosts, 2);
        ck_assert_str_eq(state->hosts[0].name, "xcp5"); /* the name-label */
        for (size_t i = 0; i < state->n_objects; i++)
                n += state->objects[i]->cls->kind == XSNET_KIND_NETWORK &&
                     xsn_object_is_set(state->objects[i], XSNET_FIELD_UUID);
        ck_assert_uint_eq(n, json_object_size(json_object_get(pool, "network")));
        xsnet_state_unref(state);
        json_object_foreach(json_object_get(pool, "host"), ref, record)
                set(record, "name_label", "localhost");
        state = state_of(pool, &caps);
        ck_assert_str_eq(state->hosts[0].name, state->hosts[0].uuid);
        xsnet_state_unref(state);
        json_decref(pool);
}
END_TEST

START_TEST(a_payload_reads_back)
{
        json_t *pool = xapi_data_json("vif.most"), *eth0 = columns_of(pool, "PIF", "device", "eth0");
        struct xa_records kept;
        struct xsnet_object *obj;
        struct xsnet_state *state;
        struct xa_caps caps;
        const struct xa_record *row;

        set(eth0, "netmask", "255.0.255.0");
        set_key(eth0, "other_config", "a;b=c,d:e%", "\xc3\xa9 ;=,:%");
        state = state_of(pool, &caps);
        obj = xsnet_state_find(state, XSNET_KIND_PIF, "xcp5", "eth0");
        ck_assert_ptr_nonnull(obj->payload);
        ck_assert_int_eq(xsn_xa_payload_load(obj, &kept), 0);
        ck_assert_uint_eq(kept.tables[XA_PIF].n, 1);
        row = kept.tables[XA_PIF].v[0];
        ck_assert_str_eq(xsn_xa_text(row, XA_PIF_NETMASK), "255.0.255.0");
        ck_assert_str_eq(xsn_xa_key(row, XA_PIF_OTHER_CONFIG, "a;b=c,d:e%"), "\xc3\xa9 ;=,:%");
        ck_assert_str_eq(xsn_xa_key(row, XA_PIF_PROPERTIES, "gro"), "on");
        xsn_xa_records_done(&kept);
        xsn_free(obj->payload);
        obj->payload = xsn_strdup("PIF.IP=1.2.3.4;VIF.MTU=3;PIF.nosuch=1;=;.;PIF.other_config=%zz:1,x,k:v;"
                                  "PIF.properties");
        ck_assert_int_eq(xsn_xa_payload_load(obj, &kept), 0);
        row = kept.tables[XA_PIF].v[0];
        ck_assert_str_eq(xsn_xa_text(row, XA_PIF_IP), "1.2.3.4");
        ck_assert_uint_eq(xsn_xa_list(row, XA_PIF_OTHER_CONFIG)->n, 1);
        ck_assert_uint_eq(kept.tables[XA_VIF].n, 0);
        xsn_xa_records_done(&kept);
        xsnet_state_unref(state);
        json_decref(pool);
}
END_TEST

START_TEST(what_a_pool_can_do_is_what_its_oldest_host_can)
{
        json_t *pool = xapi_data_json("pool-2-hosts"), *host = columns_of(pool, "host", "hostname", "xcp6");
        size_t trunks = (size_t)xsn_class_index(&xsn_vif_class, XSNET_FIELD_TRUNKS);
        size_t bridge = (size_t)xsn_class_index(&xsn_network_class, XSNET_FIELD_BRIDGE);
        struct xa_caps caps;

        xsnet_state_unref(state_of(pool, &caps));
        ck_assert_uint_eq(caps.version.major, 24);
        ck_assert(!xsn_caps_has_field(&caps.caps, XSNET_KIND_VIF, trunks));
        ck_assert(caps.caps.fixed[XSNET_KIND_NETWORK] >> bridge & 1);
        ck_assert(xsn_caps_has_value(&caps.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_VXLAN));
        ck_assert(!xsn_caps_has_value(&caps.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_GENEVE));
        ck_assert(!caps.caps.missing[XSNET_KIND_TUNNEL]);
        set_key(host, "software_version", "xapi_build", "1.249.3");
        set_key(host, "software_version", "network_backend", "bridge");
        xsnet_state_unref(state_of(pool, &caps));
        ck_assert(!xsn_caps_has_value(&caps.caps, XSNET_KIND_TUNNEL, XSNET_FIELD_PROTOCOL, XSNET_PROTOCOL_VXLAN));
        ck_assert(caps.caps.missing[XSNET_KIND_TUNNEL]);
        json_decref(pool);
        pool = xapi_data_json("fresh-6nic");
        set_key(columns_of(pool, "host", "hostname", "xcp5"), "software_version", "xapi_build", "26.17.0");
        xsnet_state_unref(state_of(pool, &caps));
        ck_assert(xsn_caps_has_field(&caps.caps, XSNET_KIND_VIF, trunks));
        json_decref(pool);
}
END_TEST

/* Whatever is missing or of another type is an error or not there, and never followed. */
START_TEST(broken_records_do_no_harm)
{
        json_t *whole = xapi_data_json("pool-2-hosts"), *table, *record, *value;
        const char *class, *ref, *column;

        json_object_foreach(whole, class, table)
                json_object_foreach(table, ref, record)
                        json_object_foreach(record, column, value) {
                                json_t *pool = json_deep_copy(whole), *broken;

                                broken = json_object_get(json_object_get(json_object_get(pool, class), ref), column);
                                ck_assert_int_eq(try(pool) == 0 || broken == NULL, 1);
                                broken = json_object_get(json_object_get(pool, class), ref);
                                json_object_del(broken, column);
                                (void)try(pool);
                                json_object_set_new(broken, column, json_string("OpaqueRef:nosuch"));
                                (void)try(pool);
                                json_object_del(json_object_get(pool, class), ref);
                                (void)try(pool);
                                json_decref(pool);
                        }
        json_decref(whole);
}
END_TEST

static int by_name(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_cases(void)
{
        char path[512];
        struct dirent *entry;
        DIR *dir;

        xapi_data_path(path, "", "");
        dir = opendir(path);
        while (dir && (entry = readdir(dir)) && n_cases < CASES_MAX) {
                const char *dot = strstr(entry->d_name, ".json");

                if (dot && !dot[5])
                        cases[n_cases++] = strndup(entry->d_name, (size_t)(dot - entry->d_name));
        }
        if (dir)
                (void)closedir(dir);
        qsort(cases, n_cases, sizeof(cases[0]), by_name);
}

int main(int argc, char **argv)
{
        Suite *suite = suite_create("xapi_observe");
        TCase *tc = tcase_create("observe");

        update = argc > 1 && !strcmp(argv[1], "--update");
        find_cases();
        if (n_cases < CASES_MIN) {
                (void)fprintf(stderr, "only %zu recorded pools\n", n_cases);
                return 1;
        }
        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, a_recorded_pool_is_seen_as_it_was_recorded, 0, (int)n_cases);
        tcase_add_loop_test(tc, what_is_shown_of_a_pool_is_nothing_to_do, 0, (int)n_cases);
        tcase_add_loop_test(tc, no_memory_is_an_error_at_every_point, 0, 2);
        tcase_add_test(tc, addresses_that_documents_cannot_say_are_not_shown);
        tcase_add_test(tc, marks_and_kept_names_are_read_and_not_shown_as_free_keys);
        tcase_add_test(tc, names_that_are_not_unique_are_told_apart);
        tcase_add_test(tc, a_payload_reads_back);
        tcase_add_test(tc, what_a_pool_can_do_is_what_its_oldest_host_can);
        tcase_add_test(tc, broken_records_do_no_harm);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
