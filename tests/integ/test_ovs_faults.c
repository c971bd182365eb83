/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that breaks, and a server that dies or talks nonsense, at every point of an apply: the database has the
 * old rows or the new ones, never something between, the report says which, and the engine goes on.
 */
#include "ovs_proxy.h"

#define DOC "format: 1\nowner: lab\n"

static const char old_doc[] = DOC "networks: [{name: br0, description: old}, {name: br1, absent: true}]\n"
                                  "vifs: [{domain: 1, device: 0, network: br0, rate-limit: null}]\n";
static const char new_doc[] = DOC "networks: [{name: br0, description: new}, {name: br1, description: b}]\n"
                                  "vifs: [{domain: 1, device: 0, network: br1, rate-limit: 8Mbit}]\n";
/* The same with nothing for vswitchd to do. */
static const char old_words[] = DOC "networks: [{name: br0, description: old}]\n";
static const char new_words[] = DOC "networks: [{name: br0, description: new}]\n";

struct bench {
        struct host h;
        struct proxy proxy;
        const char *old_doc, *new_doc;
        char *old_rows, *new_rows;
};

static void ck_changes(struct bench *b, const char *doc, const char *rows, const char *name)
{
        char *now;

        proxy_apply(&b->proxy, doc);
        ck_assert_msg(b->h.code == 0, "after '%s': %d: %s", name, b->h.code, b->h.message);
        now = host_ask(&b->h, ROWS);
        ck_assert_msg(strcmp(now, rows) == 0, "after '%s' expected:\n%s\nfound:\n%s", name, rows, now);
        free(now);
}

/* A host with the old rows, and both states known by their rows. */
static void bench_new(struct bench *b, const char *old_text, const char *new_text)
{
        *b = (struct bench){ .old_doc = old_text, .new_doc = new_text };
        host_new(&b->h);
        proxy_new(&b->proxy, &b->h);
        proxy_apply(&b->proxy, old_text);
        ck_assert_msg(b->h.code == 0, "%s", b->h.message);
        b->old_rows = host_ask(&b->h, ROWS);
        proxy_apply(&b->proxy, new_text);
        ck_assert_msg(b->h.code == 0, "%s", b->h.message);
        b->new_rows = host_ask(&b->h, ROWS);
        ck_assert_str_ne(b->old_rows, b->new_rows);
        ck_changes(b, old_text, b->old_rows, "nothing");
}

static void bench_free(struct bench *b)
{
        proxy_free(&b->proxy);
        free(b->old_rows);
        free(b->new_rows);
        host_free(&b->h);
}

/* What is there is what the report says; what is in doubt says so, and is gone back from. */
static void ck_old_or_new(struct bench *b, const char *name)
{
        bool is_new, is_old;
        char *now;

        host_wait_server(&b->h);
        if (b->h.outcome == XSNET_OUTCOME_LEFT || b->h.outcome == XSNET_OUTCOME_IN_DOUBT) {
                ck_assert_msg(strstr(b->h.message, "the journal of") && b->h.code < 0, "'%s': %s", name, b->h.message);
                proxy_recover(&b->proxy);
                ck_assert_msg(b->h.code == 0, "'%s', recovering: %s", name, b->h.message);
        }
        now = host_ask(&b->h, ROWS);
        is_old = strcmp(now, b->old_rows) == 0;
        is_new = strcmp(now, b->new_rows) == 0;
        ck_assert_msg(is_old || is_new, "'%s', outcome %d: between old and new:\n%s", name, b->h.outcome, now);
        ck_assert_msg(is_new == (b->h.outcome == XSNET_OUTCOME_DONE || b->h.outcome == XSNET_OUTCOME_NOTHING_TO_DO),
                      "'%s', outcome %d, code %d: %s\n%s", name, b->h.outcome, b->h.code, b->h.message, now);
        free(now);
}

/* The fault in an apply, and then to the new state and back to the old. */
static void run_fault(struct bench *b, const struct fault *fault)
{
        if (fault->flags & FRESH)
                host_target_at(&b->h, "proxy", "");
        proxy_set(&b->proxy, fault);
        proxy_apply(&b->proxy, b->new_doc);
        ck_assert_msg(b->proxy.n_hits == 1, "'%s' did not happen", fault->name);
        ck_assert_msg(!fault->outcome || b->h.outcome == fault->outcome, "'%s', outcome %d: %s", fault->name,
                      b->h.outcome, b->h.message);
        ck_old_or_new(b, fault->name);
        ck_changes(b, b->new_doc, b->new_rows, fault->name);
        ck_changes(b, b->old_doc, b->old_rows, fault->name);
}

static void run_faults(const struct fault *faults, size_t n)
{
        struct bench b;

        bench_new(&b, old_doc, new_doc);
        for (size_t i = 0; i < n; i++)
                run_fault(&b, &faults[i]);
        bench_free(&b);
}

/* ---- connections that end ---- */

static const struct fault cuts[] = {
        { "greeting cut", GREETING, REPLY, CUT_IN, UNCHANGED, FRESH, NULL, NULL },
        { "monitor cut", MONITOR, REQUEST, CUT_IN, UNCHANGED, FRESH, NULL, NULL },
        { "rows cut", MONITOR, REPLY, CUT_IN, UNCHANGED, FRESH, NULL, NULL },
        { "rows, then the end", MONITOR, REPLY, CUT_AFTER, EITHER, FRESH, NULL, NULL },
        { "look lost", LOOK, REQUEST, CUT, DONE, 0, NULL, NULL },
        { "look cut", LOOK, REQUEST, CUT_IN, DONE, 0, NULL, NULL },
        { "look without answer", LOOK, REQUEST, CUT_AFTER, DONE, 0, NULL, NULL },
        { "look's answer lost", LOOK, REPLY, CUT, DONE, 0, NULL, NULL },
        { "look, then the end", LOOK, REPLY, CUT_AFTER, EITHER, 0, NULL, NULL },
        { "commit lost", COMMIT, REQUEST, CUT, UNCHANGED, 0, NULL, NULL },
        { "commit cut", COMMIT, REQUEST, CUT_IN, UNCHANGED, 0, NULL, NULL },
        { "commit without answer", COMMIT, REQUEST, CUT_AFTER, EITHER, 0, NULL, NULL },
        { "commit's answer lost", COMMIT, REPLY, CUT, ROLLED_BACK, 0, NULL, NULL },
        { "commit's answer cut", COMMIT, REPLY, CUT_IN, ROLLED_BACK, 0, NULL, NULL },
        { "commit, then the end", COMMIT, REPLY, CUT_AFTER, ROLLED_BACK, 0, NULL, NULL },
        { "update lost", "\"update2\"", TOLD, CUT, ROLLED_BACK, 0, NULL, NULL },
        { "update cut", "\"update2\"", TOLD, CUT_IN, ROLLED_BACK, 0, NULL, NULL },
        { "wait lost", FOLLOW, REQUEST, CUT, ROLLED_BACK, 0, NULL, NULL },
        { "wait cut", FOLLOW, REQUEST, CUT_IN, ROLLED_BACK, 0, NULL, NULL },
        { "wait without answer", FOLLOW, REQUEST, CUT_AFTER, ROLLED_BACK, 0, NULL, NULL },
        { "wait's answer lost", FOLLOW, REPLY, CUT, ROLLED_BACK, 0, NULL, NULL },
        { "wait, then the end", FOLLOW, REPLY, CUT_AFTER, DONE, 0, NULL, NULL },
};

START_TEST(a_connection_that_ends_at_any_message_leaves_old_rows_or_new)
{
        run_faults(cuts, XSN_ARRAY_SIZE(cuts));
}
END_TEST

/* Each `step`th byte of all that the server says in one apply. */
static void cut_everywhere(struct bench *b, bool fresh, size_t step)
{
        size_t total = b->proxy.passed;

        if (fresh)
                host_target_at(&b->h, "proxy", "");
        ck_changes(b, b->new_doc, b->new_rows, "nothing");
        total = b->proxy.passed - total;
        ck_changes(b, b->old_doc, b->old_rows, "nothing");
        ck_assert_uint_gt(total / step, 15);
        for (size_t at = 1; at < total; at += step) {
                char name[64];

                snprintf(name, sizeof(name), "cut at byte %zu of %zu", at, total);
                if (fresh)
                        host_target_at(&b->h, "proxy", "");
                proxy_set(&b->proxy, NULL);
                b->proxy.cut_at = at;
                proxy_apply(&b->proxy, b->new_doc);
                ck_assert_msg(b->proxy.n_hits == 1, "%s: did not happen", name);
                ck_old_or_new(b, name);
                ck_changes(b, b->old_doc, b->old_rows, name);
        }
}

START_TEST(a_connection_that_ends_at_any_byte_leaves_old_rows_or_new)
{
        struct bench b;

        bench_new(&b, old_words, new_words);
        cut_everywhere(&b, false, 31);
        bench_free(&b);
}
END_TEST

START_TEST(a_first_connection_that_ends_at_any_byte_leaves_old_rows_or_new)
{
        struct bench b;

        bench_new(&b, old_words, new_words);
        cut_everywhere(&b, true, 701);
        bench_free(&b);
}
END_TEST

/* ---- a server that dies ---- */

static const struct fault deaths[] = {
        { "death before the look", LOOK, REQUEST, CUT, DONE, KILL, NULL, NULL },
        { "death before the commit", COMMIT, REQUEST, CUT, UNCHANGED, KILL, NULL, NULL },
        { "death in the commit", COMMIT, REQUEST, CUT_IN, UNCHANGED, KILL, NULL, NULL },
        { "death with the commit", COMMIT, REQUEST, CUT_AFTER, EITHER, KILL, NULL, NULL },
        { "death before the answer", COMMIT, REPLY, CUT, ROLLED_BACK, KILL, NULL, NULL },
        { "death after the answer", COMMIT, REPLY, CUT_AFTER, ROLLED_BACK, KILL, NULL, NULL },
        { "death in the wait", FOLLOW, REQUEST, CUT_AFTER, EITHER, KILL, NULL, NULL },
        { "death after the wait", FOLLOW, REPLY, CUT_AFTER, DONE, KILL, NULL, NULL },
};

START_TEST(a_server_that_dies_at_any_message_leaves_old_rows_or_new)
{
        run_faults(&deaths[_i], 1);
}
END_TEST

/* ---- nonsense ---- */

static const struct fault nonsense[] = {
        { "results that are no array", COMMIT, REPLY, REPLACE, EITHER, 0,
          "{\"id\":$ID,\"result\":{\"a\":1},\"error\":null}", NULL },
        { "no results", COMMIT, REPLY, REPLACE, EITHER, 0, "{\"id\":$ID,\"result\":[],\"error\":null}", NULL },
        { "results of any type", COMMIT, REPLY, REPLACE, EITHER, 0,
          "{\"id\":$ID,\"result\":[1,\"x\",null,true,[[]],-1.5e300],\"error\":null}", NULL },
        { "neither result nor error", COMMIT, REPLY, REPLACE, EITHER, 0, "{\"id\":$ID}", NULL },
        { "an id that is text", COMMIT, REPLY, REPLACE, EITHER, 0, "{\"id\":\"$ID\",\"result\":[],\"error\":null}",
          NULL },
        { "another id", COMMIT, REPLY, REPLACE, EITHER, 0, "{\"id\":-$ID,\"result\":[],\"error\":null}", NULL },
        { "no JSON", COMMIT, REPLY, REPLACE, EITHER, 0, "HTTP/1.1 200 OK\r\n\r\n", NULL },
        { "an answer that comes twice", COMMIT, REPLY, TWICE, EITHER, 0, NULL, NULL },
        { "next_cfg that is text", COMMIT, REPLY, ALTER, ROLLED_BACK, 0, "\"next_cfg\":", "\"next_cfg\":\"7\",\"x\":" },
        { "no next_cfg", COMMIT, REPLY, ALTER, ROLLED_BACK, 0, "\"rows\":[{", "\"rows\":[],\"x\":[{" },
        { "rows that are a number", COMMIT, REPLY, ALTER, EITHER, 0, "\"rows\":[", "\"rows\":3,\"x\":[" },
        { "a wait that has results", FOLLOW, REPLY, REPLACE, EITHER, 0,
          "{\"id\":$ID,\"result\":[{},{},{}],\"error\":null}", NULL },
        { "a look without rows", LOOK, REPLY, REPLACE, EITHER, 0, "{\"id\":$ID,\"result\":{},\"error\":null}", NULL },
        { "an update of no monitor", "\"update2\"", TOLD, REPLACE, EITHER, 0,
          "{\"id\":null,\"method\":\"update2\",\"params\":[\"other\",{}]}", NULL },
        { "an update that is no object", "\"update2\"", TOLD, REPLACE, EITHER, 0,
          "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",[7]]}", NULL },
        { "an update of a table that is a number", "\"update2\"", TOLD, REPLACE, EITHER, 0,
          "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Bridge\":7}]}", NULL },
        { "a column of another type", "\"xsnet-description\"", TOLD, ALTER, EITHER, 0, "\"xsnet-description\"", "17" },
        { "a root that goes", "\"bridges\"", TOLD, ALTER, ROLLED_BACK, 0,
          "{\"modify\":{\"bridges\":", "{\"delete\":null,\"x\":{\"bridges\":" },
        { "a row that never was", "\"update2\"", TOLD, REPLACE, EITHER, 0,
          "{\"id\":null,\"method\":\"update2\",\"params\":[\"xsnet-1\",{\"Bridge\":"
          "{\"00000000-0000-4000-8000-000000000000\":{\"delete\":null}}}]}",
          NULL },
        { "rows of another type", MONITOR, REPLY, ALTER, EITHER, FRESH, "\"bridges\":", "\"bridges\":3.5,\"x\":" },
        { "rows that are no object", MONITOR, REPLY, REPLACE, EITHER, FRESH,
          "{\"id\":$ID,\"result\":[],\"error\":null}", NULL },
        { "no schema", GREETING, REPLY, REPLACE, EITHER, FRESH,
          "{\"id\":$ID,\"result\":{\"tables\":[]},\"error\":null}", NULL },
        { "junk for the schema", GREETING, REPLY, JUNK, EITHER, FRESH, NULL, NULL },
        { "junk for rows", MONITOR, REPLY, JUNK, EITHER, FRESH, NULL, NULL },
        { "junk for a look", LOOK, REPLY, JUNK, EITHER, 0, NULL, NULL },
        { "junk for results", COMMIT, REPLY, JUNK, EITHER, 0, NULL, NULL },
        { "junk for an update", "\"update2\"", TOLD, JUNK, EITHER, 0, NULL, NULL },
};

START_TEST(a_server_that_talks_nonsense_leaves_old_rows_or_new)
{
        run_faults(nonsense, XSN_ARRAY_SIZE(nonsense));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_faults");
        TCase *tc = tcase_create("faults");

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 180);
        tcase_add_test(tc, a_connection_that_ends_at_any_message_leaves_old_rows_or_new);
        tcase_add_test(tc, a_connection_that_ends_at_any_byte_leaves_old_rows_or_new);
        tcase_add_test(tc, a_first_connection_that_ends_at_any_byte_leaves_old_rows_or_new);
        tcase_add_loop_test(tc, a_server_that_dies_at_any_message_leaves_old_rows_or_new, 0, XSN_ARRAY_SIZE(deaths));
        tcase_add_test(tc, a_server_that_talks_nonsense_leaves_old_rows_or_new);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
