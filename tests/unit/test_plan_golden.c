/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans as they are to be, a folder a case under data/plan:
 *
 *   observed.yaml  what the host shows, status rows and marks included
 *   desired.yaml   the document
 *   caps.yaml      what the target is: "preset: linux" (without the file) or "all", "flags", "lacks", "values",
 *                  "missing", "target"; and "irreversible", "only-hosts" of the call
 *   later.yaml     what the host shows when the plan is to be applied, where that differs
 *   plan.txt       the plan, or errors.txt what is wrong: "where: reason: message" a line
 *
 * INDEX has a line a case. `--update` writes plan.txt and errors.txt anew: read them before you keep them.
 * Each plan that is printed is also done step by step on a strict host, and then there is nothing to do.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "codec/codec.h"
#include "codec/tree.h"
#include "plan_world.h"
#include "unit.h"

#define CASES_MIN 60
#define CASES_MAX 500

static bool update;
static char *cases[CASES_MAX];
static size_t n_cases;

static const char *data(void)
{
        const char *dir = getenv("XSN_TEST_DATA");

        return dir ? dir : "tests/data";
}

/* NULL where there is no such file. */
static char *read_file(const char *name, const char *file)
{
        struct xsn_buf buf = { 0 };
        char path[512], piece[4096], *text = NULL;
        size_t n;
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/plan/%s%s%s", data(), name, *file ? "/" : "", file);
        f = fopen(path, "r");
        if (!f)
                return NULL;
        while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
                xsn_buf_putn(&buf, piece, n);
        (void)fclose(f);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

static void write_file(const char *name, const char *file, const char *text)
{
        char path[512];
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/plan/%s/%s", data(), name, file);
        if (!text) {
                (void)unlink(path);
                return;
        }
        f = fopen(path, "w");
        ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
        ck_assert_int_ge(fputs(text, f), 0);
        ck_assert_int_eq(fclose(f), 0);
}

static char *list_errors(const struct xsnet_error *err)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        for (; err; err = xsnet_error_get_next(err))
                xsn_buf_printf(&buf, "%s%s%s: %s\n", xsnet_error_get_where(err),
                               *xsnet_error_get_where(err) ? ": " : "", xsnet_error_get_reason(err),
                               xsnet_error_get_message(err));
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

static struct xsnet_state *load(const char *name, const char *file, unsigned flags)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char *text = read_file(name, file);

        if (!text)
                return NULL;
        if (xsn_codec_load(text, strlen(text), XSNET_FORMAT_YAML, file, flags, &state, &err) < 0)
                ck_abort_msg("%s: %s", name, list_errors(err));
        free(text);
        return state;
}

/* ---- caps.yaml ---- */

struct setup {
        struct xsn_caps caps;
        char target[64];
        bool irreversible;
        struct xsn_list only_hosts;
};

static void lack(struct xsn_caps *caps, const char *kind, const char *field)
{
        int k = xsnet_kind_find(kind), i = k > 0 ? xsn_class_index_by_name(xsn_class_of(k), field) : -ENOENT;

        ck_assert_msg(i >= 0, "caps.yaml: %s.%s", kind, field);
        caps->fields[k] &= ~(UINT64_C(1) << i);
}

static void linux_caps(struct xsn_caps *caps)
{
        static const struct {
                const char *kind, *field;
        } lacks[] = {
                { "network", "uuid" },       { "network", "description" }, { "network", "locking" },
                { "network", "other-config" }, { "pif", "disallow-unplug" }, { "pif", "other-config" },
                { "bond", "other-config" },  { "vlan", "other-config" },   { "tunnel", "other-config" },
                { "vif", "vm" },             { "vif", "mac" },             { "vif", "locking" },
                { "vif", "allowed-ipv4" },   { "vif", "allowed-ipv6" },    { "vif", "trunks" },
        };

        xsn_caps_all(caps, XSN_CAP_DETACH_VIF | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_OBSERVES_VIFS |
                                   XSN_CAP_BEST_GATEWAY | XSN_CAP_ROUNDS_DELAYS | XSN_CAP_ONE_VNI);
        caps->rate_unit = 8;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(lacks); i++)
                lack(caps, lacks[i].kind, lacks[i].field);
        for (int kind = XSNET_KIND_NETWORK; kind < XSNET_KIND_VIF; kind++) {
                lack(caps, xsnet_kind_get_name(kind), "dns");
                lack(caps, xsnet_kind_get_name(kind), "plugged");
        }
        caps->enums[caps->n_enums++] = (struct xsn_caps_enum){ XSNET_KIND_BOND, XSNET_FIELD_MODE,
                                                               0x1fe & ~(UINT64_C(1) << XSNET_BOND_BALANCE_SLB) };
}

static void read_flag(struct setup *setup, const char *name)
{
        static const char *const flags[] = { "pool",          "vm",           "detach-vif",    "names-bridge",
                                             "names-devices", "makes-dhcp",   "observes-vifs", "best-gateway",
                                             "rounds-delays", "whole-bytes" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(flags); i++) {
                if (!strcmp(name, flags[i])) {
                        setup->caps.flags |= 1u << i;
                        return;
                }
        }
        ck_abort_msg("caps.yaml: flag '%s'", name);
}

/* "bonds.mode: [lacp]": only these */
static void read_values(struct setup *setup, const char *path, const struct xsn_node *names)
{
        struct xsn_caps_enum *e = &setup->caps.enums[setup->caps.n_enums++];
        char kind[32] = "";
        const char *dot = strchr(path, '.');
        const struct xsn_field *field;

        ck_assert(dot && (size_t)(dot - path) < sizeof(kind));
        memcpy(kind, path, (size_t)(dot - path));
        e->kind = xsnet_kind_find(kind);
        e->field = xsnet_field_find(e->kind, dot + 1);
        ck_assert_msg(e->field > 0, "caps.yaml: %s", path);
        field = xsn_class_field(xsn_class_of(e->kind), (size_t)xsn_class_index(xsn_class_of(e->kind), e->field));
        for (const struct xsn_child *c = names->first; c; c = c->next)
                e->values |= UINT64_C(1) << xsn_enum_from_name(field->en, c->value->text);
}

static void read_key(struct setup *setup, const struct xsn_node *key, const struct xsn_node *value)
{
        if (xsn_node_is(key, "preset")) {
                if (xsn_node_is(value, "all"))
                        xsn_caps_all(&setup->caps, 0);
        } else if (xsn_node_is(key, "flags")) {
                for (const struct xsn_child *c = value->first; c; c = c->next)
                        read_flag(setup, c->value->text);
        } else if (xsn_node_is(key, "lacks")) {
                for (const struct xsn_child *kind = value->first; kind; kind = kind->next)
                        for (const struct xsn_child *c = kind->value->first; c; c = c->next)
                                lack(&setup->caps, kind->key->text, c->value->text);
        } else if (xsn_node_is(key, "values")) {
                for (const struct xsn_child *c = value->first; c; c = c->next)
                        read_values(setup, c->key->text, c->value);
        } else if (xsn_node_is(key, "missing")) {
                for (const struct xsn_child *c = value->first; c; c = c->next)
                        setup->caps.missing[xsnet_kind_find(c->key->text)] = c->value->text;
        } else if (xsn_node_is(key, "target")) {
                (void)snprintf(setup->target, sizeof(setup->target), "%s", value->text);
        } else if (xsn_node_is(key, "irreversible")) {
                setup->irreversible = xsn_node_is(value, "true");
        } else if (xsn_node_is(key, "only-hosts")) {
                for (const struct xsn_child *c = value->first; c; c = c->next)
                        ck_assert_int_eq(xsn_strs_add(&setup->only_hosts, c->value->text), 0);
        } else {
                ck_abort_msg("caps.yaml: key '%s'", key->text);
        }
}

static void read_setup(const char *name, struct setup *setup, struct xsn_tree *tree)
{
        struct xsn_report report = { 0 };
        char *text = read_file(name, "caps.yaml");

        *setup = (struct setup){ .target = "linux:" };
        linux_caps(&setup->caps);
        if (!text)
                return;
        ck_assert_int_eq(xsn_yaml_read(text, strlen(text), &report, tree), 0);
        for (const struct xsn_child *c = tree->root->first; c; c = c->next)
                read_key(setup, c->key, c->value);
        xsn_report_done(&report);
        free(text);
}

/* ---- a case ---- */

static int make_plan(const struct setup *setup, struct xsnet_state *observed, const struct xsnet_state *desired,
                     struct xsnet_plan **ret_plan, struct xsnet_error **ret_err)
{
        const struct xsn_plan_input input = { .name = setup->target, .observed = observed, .caps = &setup->caps };
        const struct xsn_plan_options options = { .irreversible = setup->irreversible,
                                                  .only_hosts = setup->only_hosts.n ? &setup->only_hosts : NULL };

        return xsn_plan_make(&input, 1, desired, &options, ret_plan, ret_err);
}

static char *dump(struct xsnet_plan *plan)
{
        char *text = NULL;

        ck_assert_int_eq(xsnet_plan_dump(plan, XSNET_PLAN_TEXT, &text, NULL), 0);
        return text;
}

/* Do it: it works step by step, is then as wanted, and needs doing no more. */
static void check_plan(const char *name, const struct setup *setup, struct xsnet_state *observed,
                       const struct xsnet_state *desired, struct xsnet_plan *plan)
{
        struct xsnet_state *world = NULL;
        struct xsnet_plan *again = NULL;
        struct xsnet_error *err = NULL;

        /* Not where a host shows what a strict one would not take. */
        if (world_check(observed))
                return;
        ck_assert_int_eq(xsn_state_copy(observed, &world), 0);
        for (size_t i = 0; i < plan->n_steps; i++) {
                const char *fault = world_apply(world, &plan->steps[i]);

                ck_assert_msg(!fault, "%s: step %zu: %s", name, i + 1, fault);
        }
        ck_assert_msg(!xsn_plan_verify(plan, 0, world, NULL, &err), "%s: %s", name, xsnet_error_get_message(err));
        ck_assert_msg(!make_plan(setup, world, desired, &again, &err), "%s: again: %s", name, list_errors(err));
        ck_assert_msg(!again->n_steps, "%s: again:\n%s", name, dump(again));
        xsnet_plan_unref(again);
        xsnet_state_unref(world);
}

static void compare(const char *name, const char *file, const char *found)
{
        char *expected;

        if (update) {
                write_file(name, file, found);
                write_file(name, strcmp(file, "plan.txt") ? "plan.txt" : "errors.txt", NULL);
                return;
        }
        expected = read_file(name, file);
        ck_assert_msg(expected && !strcmp(expected, found), "%s: %s is\n%s", name, file, found);
        free(expected);
}

static void check_later(const char *name, const struct setup *setup, const struct xsnet_plan *plan,
                        struct xsnet_state *later)
{
        const struct xsn_plan_input input = { .name = setup->target, .observed = later, .caps = &setup->caps };
        struct xsnet_error *err = NULL;
        char *text;

        ck_assert_int_eq(xsn_plan_check_stale(plan, &input, 1, &err), -ESTALE);
        text = list_errors(err);
        compare(name, "errors.txt", text);
        free(text);
        xsnet_error_free(err);
}

static void run_case(const char *name)
{
        struct xsnet_state *observed = load(name, "observed.yaml", XSN_CODEC_OBSERVED);
        struct xsnet_state *desired = load(name, "desired.yaml", 0);
        struct xsnet_state *later = load(name, "later.yaml", XSN_CODEC_OBSERVED);
        struct xsn_tree tree = { 0 };
        struct setup setup;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        char *text;

        ck_assert_msg(observed && desired, "%s: observed.yaml and desired.yaml must be there", name);
        read_setup(name, &setup, &tree);
        if (make_plan(&setup, observed, desired, &plan, &err) < 0) {
                text = list_errors(err);
                compare(name, "errors.txt", text);
                free(text);
        } else if (later) {
                check_later(name, &setup, plan, later);
        } else {
                text = dump(plan);
                compare(name, "plan.txt", text);
                free(text);
                check_plan(name, &setup, observed, desired, plan);
        }
        xsnet_error_free(err);
        xsnet_plan_unref(plan);
        xsnet_state_unref(observed);
        xsnet_state_unref(desired);
        xsnet_state_unref(later);
        xsn_strs_clear(&setup.only_hosts);
        xsn_tree_done(&tree);
}

START_TEST(the_plan_of_each_case_is_the_one_in_its_folder)
{
        run_case(cases[_i]);
}
END_TEST

/* ---- the index ---- */

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_cases(void)
{
        char path[512];
        DIR *dir;
        struct dirent *entry;

        (void)snprintf(path, sizeof(path), "%s/plan", data());
        dir = opendir(path);
        while (dir && n_cases < CASES_MAX && (entry = readdir(dir)))
                if (entry->d_name[0] != '.' && strcmp(entry->d_name, "INDEX") != 0)
                        cases[n_cases++] = strdup(entry->d_name);
        if (dir)
                (void)closedir(dir);
        qsort(cases, n_cases, sizeof(*cases), compare_names);
}

START_TEST(the_index_has_each_case_once_with_a_sentence_in_order)
{
        char *text = read_file("INDEX", ""), *line, *save = NULL;
        size_t i = 0;

        ck_assert(text != NULL);
        for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *colon = strstr(line, ": ");

                ck_assert_msg(colon && colon[2], "INDEX: '%s' is no \"case: sentence\"", line);
                *colon = '\0';
                ck_assert_msg(i < n_cases, "INDEX: %s is no folder", line);
                ck_assert_msg(!strcmp(line, cases[i]), "INDEX has %s where the folders have %s", line, cases[i]);
                i++;
        }
        ck_assert_msg(i == n_cases, "INDEX lacks %s", i < n_cases ? cases[i] : "");
        ck_assert_uint_ge(n_cases, CASES_MIN);
        free(text);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("plan golden");
        TCase *tcase = tcase_create("cases");
        int r;

        update = argc > 1 && !strcmp(argv[1], "--update");
        find_cases();
        tcase_add_loop_test(tcase, the_plan_of_each_case_is_the_one_in_its_folder, 0, (int)n_cases);
        tcase_add_test(tcase, the_index_has_each_case_once_with_a_sentence_in_order);
        suite_add_tcase(suite, tcase);
        r = unit_main(suite);
        while (n_cases)
                free(cases[--n_cases]);
        return r;
}
