/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of an apply fails once, at every position, and every reply is lost once; afterwards the pool is as it was
 * or as it was to be, row by row and with nothing left behind: the bonds of hosts with six NICs, the VLANs of tenants,
 * a private network over hosts, all of them there and the first back again, and a document of many kinds.
 *
 * As it stands: every position on one host, one in some on three, and some on sixteen. All of it takes hours:
 *
 *     XSN_FAULTS=all meson test -C BUILD --timeout-multiplier 0 integ_xapi_faults
 *
 * is every position on one host and on three, 3 tags, then sixteen hosts with 200 tags: 50 positions by chance, and the
 * first and the last call of each method. CK_RUN_CASE=NAME runs the cases of one name (of `scenarios`; "many fail"
 * and "many lost" for sixteen hosts), XSN_SEED=N chooses other positions, XSN_POSITION=N walks that one alone. What was
 * walked is printed, a line a way to fail.
 */
#include <inttypes.h>
#include <time.h>

#include "../unit/gen.h"
#include "base/alloc.h"
#include "xapi_scenarios.h"

enum {
        SEED = 20240229,
        FIRST_TAG = 100,
        N_TAGS = 3,
        N_MANY_TAGS = 200,
        N_HOSTS = 16,
        N_POSITIONS = 50
};

/* ---- what is applied ---- */

struct scenario {
        const char *name;
        int nics;
        void (*start)(struct pool *p, int hosts);
        void (*put)(struct xsn_buf *doc, int hosts, int tags);
};

static void applies(struct pool *p, void (*put)(struct xsn_buf *doc, int hosts), int hosts)
{
        struct xsn_buf doc = { 0 };

        put(&doc, hosts);
        ck_applies(p, doc.s);
        xsn_buf_done(&doc);
}

static void start_bonds(struct pool *p, int hosts)
{
        applies(p, put_six_nics, hosts);
}

static void put_bonds(struct xsn_buf *doc, int hosts, int tags)
{
        (void)tags;
        put_three_bonds(doc, hosts);
}

static void start_unbonding(struct pool *p, int hosts)
{
        applies(p, put_six_nics, hosts);
        applies(p, put_three_bonds, hosts);
}

static void put_unbonding(struct xsn_buf *doc, int hosts, int tags)
{
        (void)hosts;
        (void)tags;
        xsn_buf_put(doc, NOTHING_OF("pxs-lab"));
}

/* Three tenants, two of which leave; a guest of theirs goes to a new one. */
static void start_vlans(struct pool *p, int hosts)
{
        struct xsn_buf doc = { 0 };

        pool_vm_at(p, "web-1", 1);
        pool_vm_at(p, "web-2", hosts);
        pool_vm_at(p, "gateway", 0);
        put_tenants(&doc, FIRST_TAG - 2, 3,
                    "  - {vm: web-1, device: 0, network: tenant-100}\n"
                    "  - {vm: web-2, device: 0, network: tenant-98}\n");
        ck_applies(p, doc.s);
        xsn_buf_done(&doc);
}

static void put_vlans(struct xsn_buf *doc, int hosts, int tags)
{
        (void)hosts;
        put_tenants(doc, FIRST_TAG, tags,
                    "  - {vm: web-1, device: 0, network: tenant-100}\n"
                    "  - {vm: web-2, device: 0, network: tenant-102}\n"
                    "  - {vm: gateway, device: 1, network: " TRUNK "}\n");
}

static void start_private(struct pool *p, int hosts)
{
        applies(p, put_management_addresses, hosts);
}

static void put_private_network(struct xsn_buf *doc, int hosts, int tags)
{
        (void)tags;
        put_private(doc, hosts, "198.51.100", 0);
}

/* Things to change and to remove, too; and somebody else's, in the way: it goes into a bond and comes back. */
static void start_mixed(struct pool *p, int hosts)
{
        (void)hosts;
        pool_vm_at(p, "running", 1);
        ck_applies(p, "format: 1\n"
                      "networks: [{name: n6}]\n"
                      "vlans: [{pif: eth1, tag: 50, network: n6, other-config: {theirs: 'yes'}}]\n"
                      "vifs: [{vm: running, device: 1, network: n6}]\n");
        ck_applies(p, "format: 1\n"
                      "owner: t\n"
                      "networks: [{name: n1}, {name: n2}, {name: n4}, {name: n5}]\n"
                      "vlans: [{pif: eth3, tag: 7, network: n2, other-config: {mine: 'yes'}},\n"
                      "        {pif: eth3, tag: 8, network: n4}]\n"
                      "pifs: [{host: xs-1, device: eth4, ipv4: {address: 172.16.1.1/24}}]\n"
                      "tunnels: [{host: xs-1, network: n5, transport: eth4}]\n"
                      "vifs: [{vm: running, device: 0, network: " TRUNK "}]\n");
}

static void put_mixed(struct xsn_buf *doc, int hosts, int tags)
{
        (void)hosts;
        (void)tags;
        xsn_buf_put(doc, "format: 1\n"
                         "owner: t\n"
                         "prune: true\n"
                         "networks: [{name: n1, mtu: 9000, description: d}, {name: n2, other-config: {a: b}}, "
                         "{name: n3}, {name: mg}]\n"
                         "bonds: [{name: up, members: [eth1, eth2], mode: lacp, network: n1},\n"
                         "        {name: mgmt, members: [eth0, eth5], mode: active-backup, network: mg}]\n"
                         "vlans: [{pif: eth3, tag: 7, network: n2, other-config: {mine: null}},\n"
                         "        {pif: up, tag: 9, network: n3}]\n"
                         "pifs: [{host: xs-1, device: eth4, ipv4: null, dns: null},\n"
                         "       {host: xs-1, device: up.9, ipv4: {address: 172.16.2.1/24}}]\n"
                         "vifs: [{vm: running, device: 0}]\n");
}

static const struct scenario scenarios[] = {
        { "bonds", 6, start_bonds, put_bonds },
        { "unbonding", 6, start_unbonding, put_unbonding },
        { "vlans", 2, start_vlans, put_vlans },
        { "private network", 2, start_private, put_private_network },
        { "mixed", 6, start_mixed, put_mixed },
};

/* ---- how a call ends ---- */

/* What the engine of before says when it is closed may come while the next one is at work. */
#define LAST_WORD "session.logout"

enum {
        FAILS = 0,
        LOST,
        N_ASKED, /* ... of the ways on many hosts */
        FAILS_AFTER = N_ASKED,
        CUT_BEFORE,
        N_WAYS
};

static const struct {
        const char *name;
        const char *fault;
        const char *many; /* the case on many hosts */
} ways[N_WAYS] = {
        [FAILS] = { "fails", "\"action\": \"fail\", \"error\": [\"INTERNAL_ERROR\", \"a fault\"]", "many fail" },
        [LOST] = { "reply lost", "\"action\": \"cut-after\"", "many lost" },
        [FAILS_AFTER] = { "done and fails",
                          "\"action\": \"fail\", \"error\": [\"INTERNAL_ERROR\", \"a fault\"], \"after\": true",
                          NULL },
        [CUT_BEFORE] = { "cut", "\"action\": \"cut-before\"", NULL },
};

/* ---- one walk: a scenario on a pool, and its calls that end in one way ---- */

struct walk {
        struct pool p;
        const struct scenario *s;
        int hosts, way;
        struct xsn_buf doc;
        char *old, *new;             /* all rows before and after it */
        json_t *old_rows, *new_rows; /* how many each class has then */
        json_t *calls;               /* of the apply without a fault: by method */
        unsigned n_calls;
        struct gen gen;
        unsigned n_old, n_new, n_doubt;
        double began;
};

static uint64_t number_of(const char *name, uint64_t otherwise)
{
        const char *text = getenv(name);

        return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static uint64_t seed(void)
{
        return number_of("XSN_SEED", SEED);
}

static bool walks_all(void)
{
        const char *text = getenv("XSN_FAULTS");

        return text && !strcmp(text, "all");
}

static double seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The position is one that the apply reaches. */
static bool was_hit(const struct pool *p)
{
        json_t *faults = pool_do(p, "{\"do\": \"faults\"}");
        bool hit = json_integer_value(json_object_get(json_array_get(faults, 0), "hits")) > 0;

        json_decref(faults);
        return hit;
}

/*
 * What no row of the model shows: rows of XAPI's that nothing points at any more. (Bond.destroy leaves PIF_metrics
 * behind, which XAPI itself collects.)
 */
static json_t *count_rows(const struct pool *p)
{
        static const char *const classes[] = { "network", "PIF", "Bond", "VLAN", "tunnel", "VIF" };
        json_t *all = pool_do(p, "{\"do\": \"rows\"}"), *rows = json_object();

        for (size_t i = 0; i < XSN_ARRAY_SIZE(classes); i++)
                json_object_set(rows, classes[i], json_object_get(all, classes[i]));
        json_decref(all);
        return rows;
}

static void ck_rows(const struct walk *w, const json_t *wanted, const char *at)
{
        json_t *rows = count_rows(&w->p);
        char *a = json_dumps(rows, JSON_COMPACT), *b = json_dumps(wanted, JSON_COMPACT);

        ck_assert_msg(json_equal(rows, wanted), "%s: there are %s, not %s", at, a, b);
        free(a);
        free(b);
        json_decref(rows);
}

static void add_calls(struct walk *w)
{
        json_t *hosts = pool_do(&w->p, "{\"do\": \"counts\", \"reset\": true}"), *calls, *n;
        const char *name, *method;

        json_object_foreach(hosts, name, calls)
                json_object_foreach(calls, method, n) {
                        json_int_t before = json_integer_value(json_object_get(w->calls, method));

                        if (!strcmp(method, LAST_WORD))
                                continue;
                        json_object_set_new(w->calls, method, json_integer(before + json_integer_value(n)));
                        w->n_calls += (unsigned)json_integer_value(n);
                }
        json_decref(hosts);
}

static void walk_open(struct walk *w, const struct scenario *s, int hosts, int tags)
{
        double began;

        *w = (struct walk){ .s = s, .hosts = hosts, .calls = json_object(), .gen = gen_seed(seed()) };
        pool_new(&w->p, hosts, s->nics);
        s->start(&w->p, hosts);
        s->put(&w->doc, hosts, tags);
        w->old = pool_text(&w->p);
        w->old_rows = count_rows(&w->p);
        pool_tell(&w->p, "{\"do\": \"save\"}");
        pool_target(&w->p);
        pool_tell(&w->p, "{\"do\": \"counts\", \"reset\": true}");
        began = seconds();
        ck_applies(&w->p, w->doc.s);
        add_calls(w);
        w->new = pool_text(&w->p);
        w->new_rows = count_rows(&w->p);
        ck_assert_str_ne(w->new, w->old);
        printf("%s, %d hosts: %u calls of %zu methods, %.1f s\n", s->name, hosts, w->n_calls,
               json_object_size(w->calls), seconds() - began);
        fflush(stdout);
}

static void walk_close(struct walk *w)
{
        json_decref(w->old_rows);
        json_decref(w->new_rows);
        json_decref(w->calls);
        xsn_free(w->old);
        xsn_free(w->new);
        xsn_buf_done(&w->doc);
        pool_free(&w->p);
}

/* As it was or as it was to be, and the outcome says which. */
static void ck_whole(struct walk *w, const char *at)
{
        char *now = pool_text(&w->p);
        bool is_new = strcmp(now, w->new) == 0, done = w->p.outcome == XSNET_OUTCOME_DONE;

        ck_assert_msg(is_new || strcmp(now, w->old) == 0, "%s: %d, outcome %d: %s: it is\n%s", at, w->p.code,
                      w->p.outcome, w->p.message, pool_difference(now, done ? w->new : w->old));
        ck_assert_msg(is_new == done, "%s: %d, outcome %d: %s", at, w->p.code, w->p.outcome, w->p.message);
        ck_rows(w, is_new ? w->new_rows : w->old_rows, at);
        ck_assert_msg(pool_journals(&w->p) == 0, "%s: a journal is left", at);
        w->n_new += is_new;
        w->n_old += !is_new;
        xsn_free(now);
}

/* The nth call of a method (NULL: of all) ends the walk's way; false where there are not so many. */
static bool walk_to(struct walk *w, const char *method, unsigned nth)
{
        char at[200], only[80];
        double began = seconds();
        bool hit;

        snprintf(at, sizeof(at), "%s, %d hosts, call %u %s %s, XSN_SEED=%" PRIu64, w->s->name, w->hosts, nth,
                 method ? method : "of all", ways[w->way].name, seed());
        snprintf(only, sizeof(only), "\"%s\": \"%s\", ", method ? "method" : "unless", method ? method : LAST_WORD);
        pool_tell(&w->p, "{\"do\": \"restore\"}");
        pool_target(&w->p);
        pool_tell(&w->p, "{\"do\": \"fault\", \"nth\": %u, %s%s}", nth, only, ways[w->way].fault);
        pool_apply(&w->p, w->doc.s);
        hit = was_hit(&w->p);
        pool_tell(&w->p, "{\"do\": \"clear\"}");
        if (!hit) {
                ck_assert_msg(w->p.outcome == XSNET_OUTCOME_DONE, "%s, never reached: %s", at, w->p.message);
                return false;
        }
        if (w->p.outcome == XSNET_OUTCOME_IN_DOUBT) {
                ck_assert_msg(pool_journals(&w->p) == 1, "%s: in doubt without a journal", at);
                printf("%s: %s\n", at, w->p.message);
                pool_recover(&w->p);
                w->n_doubt++;
        }
        ck_whole(w, at);
        if (w->hosts == N_HOSTS)
                printf("%s: outcome %d, %.1f s\n", at, w->p.outcome, seconds() - began);
        fflush(stdout);
        return true;
}

static void walk_every(struct walk *w, unsigned step)
{
        unsigned only = (unsigned)number_of("XSN_POSITION", 0);

        if (only)
                (void)walk_to(w, NULL, only);
        for (unsigned nth = 1 + gen_below(&w->gen, step); !only && walk_to(w, NULL, nth); nth += step)
                ;
}

/* How many calls there are is a matter of time (event.from), so that the last ones may not come. */
static void walk_by_chance(struct walk *w, unsigned n)
{
        while (n > 0)
                n -= walk_to(w, NULL, 1 + gen_below(&w->gen, w->n_calls));
}

static void walk_kinds(struct walk *w)
{
        const char *method;
        json_t *count;

        json_object_foreach(w->calls, method, count) {
                unsigned last = (unsigned)json_integer_value(count);

                ck_assert_msg(walk_to(w, method, 1), "%s: there is none", method);
                while (last > 1 && !walk_to(w, method, last))
                        last -= 1 + last / 16;
        }
}

static void walk_begin(struct walk *w, int way)
{
        w->way = way;
        w->n_old = w->n_new = w->n_doubt = 0;
        w->began = seconds();
}

static void walk_end(const struct walk *w)
{
        printf("%s, %d hosts, %u calls, one %s: %u went back, %u went on; of them %u in doubt; %.0f s\n", w->s->name,
               w->hosts, w->n_calls, ways[w->way].name, w->n_old, w->n_new, w->n_doubt, seconds() - w->began);
        fflush(stdout);
        /* So it did walk. */
        ck_assert_uint_gt(w->n_old + w->n_new, 0);
}

/* ---- the cases ---- */

/* On how many hosts, and how many calls of each way: one in so many, or some by chance. */
static const struct range {
        int hosts;
        unsigned step[N_WAYS], n[N_WAYS];
} bounded[] = { { 1, .step = { 1, 1, 3, 3 } }, { 3, .step = { 9, 9, 9, 9 } }, { N_HOSTS, .n = { 1, 1 } } },
  whole[] = { { 1, .step = { 1, 1, 1, 1 } }, { 3, .step = { 1, 1, 1, 1 } } };

static void walk_range(const struct scenario *s, const struct range *range)
{
        struct walk w;

        walk_open(&w, s, range->hosts, N_TAGS);
        for (int way = 0; way < N_WAYS; way++) {
                if (!range->step[way] && !range->n[way])
                        continue;
                walk_begin(&w, way);
                if (range->step[way])
                        walk_every(&w, range->step[way]);
                else
                        walk_by_chance(&w, range->n[way]);
                walk_end(&w);
        }
        walk_close(&w);
}

START_TEST(after_a_fault_at_any_call_the_pool_is_as_it_was_or_as_it_was_to_be)
{
        size_t n = walks_all() ? XSN_ARRAY_SIZE(whole) : XSN_ARRAY_SIZE(bounded);

        walk_range(&scenarios[(size_t)_i / n], &(walks_all() ? whole : bounded)[(size_t)_i % n]);
}
END_TEST

/* The three that people know, with tags by the hundred. */
static const struct scenario *const many[] = { &scenarios[0], &scenarios[3], &scenarios[2] };
enum {
        N_KNOWN = XSN_ARRAY_SIZE(many)
};

START_TEST(after_a_fault_on_many_hosts_the_pool_is_as_it_was_or_as_it_was_to_be)
{
        struct walk w;

        walk_open(&w, many[_i % N_KNOWN], N_HOSTS, N_MANY_TAGS);
        walk_begin(&w, _i / N_KNOWN);
        walk_kinds(&w);
        walk_end(&w);
        walk_begin(&w, _i / N_KNOWN);
        walk_by_chance(&w, N_POSITIONS);
        walk_end(&w);
        walk_close(&w);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
        TCase *tc = tcase_create(name);

        tcase_set_timeout(tc, walks_all() ? 86400 : 280);
        suite_add_tcase(suite, tc);
        return tc;
}

int main(void)
{
        int n = (int)(walks_all() ? XSN_ARRAY_SIZE(whole) : XSN_ARRAY_SIZE(bounded)), failed;
        Suite *suite = suite_create("xapi faults");
        SRunner *runner;

        printf("XSN_SEED=%" PRIu64 "\n", seed());
        fflush(stdout);
        for (int i = 0; i < (int)XSN_ARRAY_SIZE(scenarios); i++)
                tcase_add_loop_test(add_case(suite, scenarios[i].name),
                                    after_a_fault_at_any_call_the_pool_is_as_it_was_or_as_it_was_to_be, i * n,
                                    (i + 1) * n);
        for (int way = 0; walks_all() && way < N_ASKED; way++)
                tcase_add_loop_test(add_case(suite, ways[way].many),
                                    after_a_fault_on_many_hosts_the_pool_is_as_it_was_or_as_it_was_to_be, way * N_KNOWN,
                                    (way + 1) * N_KNOWN);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
