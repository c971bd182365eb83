/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine that keeps its connection sends and hears: of one change that change alone, and of nothing to do a
 * question and its answer, however much else there is. And what comes while a new connection is waited for.
 */
#include "ovs_proxy.h"

#define DOC "format: 1\nowner: lab\n"

struct traffic {
        size_t sent, heard; /* bytes */
        size_t rows;        /* that the transaction changes, but for the root's counter */
        size_t messages;    /* sent */
};

/* With so many VLANs besides. */
static char *document(int n, const char *description)
{
        struct xsn_buf buf = { 0 };
        char *text;

        xsn_buf_printf(&buf, DOC "networks:\n- {name: br0, description: %s}\n", description);
        for (int i = 1; i <= n; i++)
                xsn_buf_printf(&buf, "- {name: n%d, description: other}\n", i);
        xsn_buf_put(&buf, "pifs: [{device: eth0, network: br0}]\nvlans:\n");
        for (int i = 1; i <= n; i++)
                xsn_buf_printf(&buf, "- {pif: eth0, tag: %d, network: n%d}\n", i, i);
        xsn_buf_printf(&buf, "vifs: [{domain: 1, device: 0, network: br0}]\n");
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

static size_t count(const struct xsn_buf *buf, const char *word)
{
        size_t n = 0;

        for (const char *at = buf->s; at && (at = strstr(at, word)); at += strlen(word))
                n++;
        return n;
}

static struct traffic measure(struct proxy *p, const char *doc, int outcome)
{
        struct traffic traffic;
        size_t passed = p->passed;

        xsn_buf_done(&p->record);
        p->records = true;
        proxy_apply(p, doc);
        p->records = false;
        ck_assert_msg(p->h->outcome == outcome, "outcome %d: %s", p->h->outcome, p->h->message);
        traffic = (struct traffic){
                .sent = p->record.len,
                .heard = p->passed - passed,
                .rows = count(&p->record, "\"op\":\"insert\"") + count(&p->record, "\"op\":\"update\"") +
                        count(&p->record, "\"op\":\"mutate\"") - (count(&p->record, "\"next_cfg\",\"+=\"") > 0),
                .messages = count(&p->record, "\"method\":"),
        };
        xsn_buf_done(&p->record);
        return traffic;
}

/* vswitchd may tell of a device at any time: the least of a few. */
static void keep_least(struct traffic *least, struct traffic other)
{
        if (least->heard == 0 || other.sent + other.heard < least->sent + least->heard)
                *least = other;
}

static void measure_both(struct proxy *p, int n, struct traffic *ret_nothing, struct traffic *ret_change)
{
        char *docs[2] = { document(n, "old"), document(n, "new") };

        *ret_nothing = *ret_change = (struct traffic){ .heard = 0 };
        proxy_apply(p, docs[0]);
        ck_assert_msg(p->h->code == 0, "%s", p->h->message);
        for (int i = 1; i <= 6; i++) {
                keep_least(ret_change, measure(p, docs[i % 2], XSNET_OUTCOME_DONE));
                keep_least(ret_nothing, measure(p, docs[i % 2], XSNET_OUTCOME_NOTHING_TO_DO));
        }
        free(docs[0]);
        free(docs[1]);
}

/* Numbers get longer. */
#define SLACK 40

START_TEST(a_kept_engine_sends_what_changes_however_much_else_there_is)
{
        static const int sizes[] = { 2, 60 };
        struct traffic nothing[2], change[2];
        struct host h;
        struct proxy p;

        host_new(&h);
        proxy_new(&p, &h);
        for (int i = 0; i < 2; i++) {
                measure_both(&p, sizes[i], &nothing[i], &change[i]);
                ck_assert_uint_eq(nothing[i].rows, 0);
                ck_assert_uint_eq(nothing[i].messages, 1);
                ck_assert_uint_lt(nothing[i].sent + nothing[i].heard, 300);
                ck_assert_uint_ge(change[i].rows, 1);
                ck_assert_uint_le(change[i].rows, 2);
        }
        ck_assert_msg(change[1].sent <= change[0].sent + SLACK && change[1].heard <= change[0].heard + SLACK,
                      "of %d: %zu and %zu bytes, of %d: %zu and %zu bytes", sizes[0], change[0].sent, change[0].heard,
                      sizes[1], change[1].sent, change[1].heard);
        ck_assert_uint_lt(change[1].sent + change[1].heard, 3000);
        proxy_free(&p);
        host_free(&h);
}
END_TEST

/* Links are read while the first rows are awaited; that may take longer than what was read then holds. */
static void make_late(struct proxy *p)
{
        host_sh(p->h, "ip link add eth9 type veth peer name peer9 && ip link set eth9 up");
        usleep(2200 * 1000);
}

START_TEST(a_nic_that_comes_while_a_slow_server_answers_is_seen)
{
        static const struct fault slow = { .name = "slow", .mark = MONITOR, .of = REPLY, .act = HOOK };
        struct host h;
        struct proxy p;

        host_new(&h);
        proxy_new(&p, &h);
        p.hook = make_late;
        proxy_set(&p, &slow);
        proxy_apply(&p, DOC "networks: [{name: br0}]\npifs: [{device: eth9, network: br0}]\n");
        ck_assert_int_eq(p.n_hits, 1);
        ck_assert_msg(h.outcome == XSNET_OUTCOME_DONE, "outcome %d: %s", h.outcome, h.message);
        ck_host_says(&h, "$V list-ports br0", "eth9\n");
        proxy_free(&p);
        host_free(&h);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_wire");
        TCase *tc = tcase_create("wire");

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 120);
        tcase_add_test(tc, a_kept_engine_sends_what_changes_however_much_else_there_is);
        tcase_add_test(tc, a_nic_that_comes_while_a_slow_server_answers_is_seen);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
