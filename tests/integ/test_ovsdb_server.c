/* SPDX-License-Identifier: Apache-2.0 */
/* The OVSDB client against the real ovsdb-server: unix, TCP, TLS; transactions, monitors, deaths and echoes. */
#include "ovsdb_test.h"
#include "transport/ovsdb_priv.h"

#define SKIPPED 77

#define ROOT "{'op':'insert','table':'Open_vSwitch','row':{'bridges':['named-uuid','b']}},"
/* One bridge with one port. */
#define BRIDGE(name)                                                                                                \
        "{'op':'insert','table':'Interface','uuid-name':'i','row':{'name':'" name "','type':'internal'}},"          \
        "{'op':'insert','table':'Port','uuid-name':'p','row':{'name':'" name "','interfaces':['named-uuid','i']}}," \
        "{'op':'insert','table':'Bridge','uuid-name':'b','row':{'name':'" name "','ports':['named-uuid','p']}}"

struct told {
        struct xsn_ovsdb_monitor *monitor;
        int n_added, n_changed, n_gone, n_first, n_settled, n_failed;
};

static void on_change(const char *table, const char *uuid, const json_t *before, const json_t *after, void *userdata)
{
        struct told *told = userdata;

        (void)table;
        (void)uuid;
        told->n_added += !before;
        told->n_gone += !after;
        told->n_changed += before && after;
}

static void on_settled(bool first, void *userdata)
{
        struct told *told = userdata;

        told->n_first += first;
        told->n_settled += !first;
}

static void on_failed(const struct xsnet_error *err, void *userdata)
{
        (void)err;
        ((struct told *)userdata)->n_failed++;
}

static void watch(struct seen *seen, struct told *told)
{
        static const char *const of_port[] = { "name",      "tag",       "trunks",    "external_ids",  "interfaces",
                                               "protected", "bond_mode", "vlan_mode", "no_such_column" };
        static const char *const of_bridge[] = { "name", "ports", "fail_mode", "other_config", "stp_enable" };
        static const struct xsn_ovsdb_watch watches[] = {
                { "Port", of_port, XSN_ARRAY_SIZE(of_port) },
                { "Bridge", of_bridge, XSN_ARRAY_SIZE(of_bridge) },
                { "No_Such_Table", of_bridge, 1 },
        };
        struct xsn_ovsdb_listener listener = {
                .change = on_change, .settled = on_settled, .failed = on_failed, .userdata = told
        };

        *told = (struct told){ .monitor = NULL };
        ck_assert_int_eq(
                xsn_ovsdb_monitor(seen->client, watches, XSN_ARRAY_SIZE(watches), &listener, &told->monitor, NULL), 0);
        UNTIL(seen, told->n_first == 1);
}

/* What every way of connecting must be able to do. */
static void check_session(struct seen *seen)
{
        struct told told;

        ck_assert(xsn_ovsdb_has_column(seen->client, "Port", "protected"));
        ck_assert(!xsn_ovsdb_has_column(seen->client, "Port", "no_such_column"));
        ck_assert_int_eq(transact(seen, 10000, "[" ROOT BRIDGE("br0") "]"), 0);
        ck_assert_uint_eq(json_array_size(seen->result), 4);
        watch(seen, &told);
        ck_assert_int_eq(told.n_added, 2);
        ck_assert_int_eq(transact(seen, 10000,
                                  "[{'op':'update','table':'Port','where':[['name','==','br0']],"
                                  "'row':{'tag':7}}]"),
                         0);
        /* Updates come before the reply of the transaction that made them. */
        ck_assert_int_eq(told.n_changed, 1);
        ck_assert_int_eq(transact(seen, 10000, "[{'op':'delete','table':'Open_vSwitch','where':[]}]"), 0);
        ck_assert_int_eq(transact(seen, 10000, "[{'op':'select','table':'Port','where':[]}]"), 0);
        ck_assert_int_eq(told.n_gone, 2);
        ck_assert_int_eq(told.n_settled, 2);
        ck_assert_int_eq(seen->n_lost, 0);
}

START_TEST(a_session_over_a_unix_socket)
{
        struct seen seen;

        seen_start(&seen, "");
        check_session(&seen);
        seen_free(&seen);
}
END_TEST

START_TEST(a_session_over_tcp_by_address_and_by_name)
{
        struct seen seen;
        char place[64];

        /* The environment is the program's, not ours. */
        ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
        ck_assert_int_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
        seen_start(&seen, "--remote=ptcp:$P:127.0.0.1");
        for (int i = 0; i <= 1; i++) {
                snprintf(place, sizeof(place), "tcp:%s:%d", i ? "localhost" : "127.0.0.1", seen.real.port);
                seen_open(&seen, place, NULL);
                UNTIL(&seen, seen.n_ready == 1);
                check_session(&seen);
        }
        seen_free(&seen);
}
END_TEST

static const struct {
        const char *ops;
        int code;
        const char *reason;
} refused[] = {
        { "[{'op':'wait','timeout':0,'table':'Bridge','where':[],'columns':['name'],'until':'==','rows':[]}]", -EAGAIN,
          "lost-race" },
        { "[" ROOT BRIDGE("br0") "]", -EINVAL, "constraint-violation" }, /* br0 is there: found at the commit */
        { "[{'op':'delete','table':'Bridge','where':[]}]", -EINVAL, "reference-violation" },
        { "[{'op':'update','table':'Port','where':[],'row':{'tag':5000}}]", -EINVAL, "constraint-violation" },
        { "[{'op':'update','table':'Port','where':[],'row':{'no_such_column':1}}]", -EOPNOTSUPP, "not-supported" },
        { "[{'op':'abort'}]", -ECANCELED, "cancelled" },
        { "[{'op':'assert','lock':'x'}]", -EPERM, "lock-lost" },
        { "[{'op':'no-such-op'}]", -EREMOTEIO, "server-error" },
};

START_TEST(what_the_server_refuses_has_a_reason_of_ours)
{
        struct seen seen;

        seen_start(&seen, "");
        ck_assert_int_eq(transact(&seen, 10000, "[" ROOT BRIDGE("br0") "]"), 0);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(refused); i++) {
                ck_assert_msg(transact(&seen, 10000, refused[i].ops) == refused[i].code, "%s: %d %s", refused[i].ops,
                              seen.code, seen.reply_message);
                ck_assert_str_eq(seen.reply_reason, refused[i].reason);
        }
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_transaction_that_waits_past_its_deadline_is_given_up_there_too)
{
        struct seen seen;

        seen_start(&seen, "");
        ck_assert_int_eq(transact(&seen, 50,
                                  "[{'op':'wait','table':'Bridge','where':[['name','==','late']],"
                                  "'columns':['name'],'until':'==','rows':[{'name':'late'}]},"
                                  "{'op':'insert','table':'SSL','row':{'private_key':'a',"
                                  "'certificate':'b','ca_cert':'done'}}]"),
                         -ETIMEDOUT);
        ck_assert_str_eq(seen.reply_reason, "outcome-unknown");
        /* What it waited for comes, and it is gone. */
        ck_assert_int_eq(transact(&seen, 10000, "[" ROOT BRIDGE("late") "]"), 0);
        ck_assert_int_eq(transact(&seen, 10000, "[{'op':'select','table':'SSL','where':[]}]"), 0);
        ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(seen.result, 0), "rows")), 0);
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

/* ---- monitors ---- */

static void random_change(struct seen *seen, unsigned random)
{
        static const char *const changes[] = {
                "[{'op':'mutate','table':'Port','where':[],'mutations':[['trunks','insert',['set',[%u,%u]]]]}]",
                "[{'op':'mutate','table':'Port','where':[],'mutations':[['trunks','delete',['set',[%u,%u]]]]}]",
                "[{'op':'mutate','table':'Port','where':[],'mutations':[['external_ids','insert',"
                "['map',[['k%u','v%u']]]]]}]",
                "[{'op':'mutate','table':'Port','where':[],'mutations':[['external_ids','delete',"
                "['set',['k%u','k%u']]]]}]",
                "[{'op':'update','table':'Port','where':[],'row':{'external_ids':['map',[['k%u','w'],['k%u','x']]]}}]",
                "[{'op':'update','table':'Port','where':[],'row':{'tag':%u,'vlan_mode':['set',[]],'trunks':%u}}]",
                "[{'op':'update','table':'Port','where':[],'row':{'tag':['set',[]],'vlan_mode':'access',"
                "'protected':true,'trunks':['set',[1%u,2%u]]}}]",
                "[{'op':'update','table':'Bridge','where':[],'row':{'stp_enable':true,'fail_mode':'secure',"
                "'other_config':['map',[['b%u','1'],['a%u','2']]]}}]",
        };
        unsigned a = random % 7, b = (random / 7) % 7;
        char ops[512];

        if (a == b)
                b = 7 + a; /* a set takes no element twice, nor a map a key */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(ops, sizeof(ops), changes[(random / 49) % XSN_ARRAY_SIZE(changes)], a, b);
#pragma GCC diagnostic pop
        ck_assert_msg(transact(seen, 10000, ops) == 0, "%s: %s", ops, seen->reply_message);
}

static void same_rows(const struct told *a, const struct told *b, const char *table)
{
        const json_t *of_a = xsn_ovsdb_monitor_rows(a->monitor, table);
        const json_t *of_b = xsn_ovsdb_monitor_rows(b->monitor, table);
        char *text_a = json_dumps(of_a, JSON_COMPACT | JSON_SORT_KEYS);
        char *text_b = json_dumps(of_b, JSON_COMPACT | JSON_SORT_KEYS);

        ck_assert_str_eq(text_a, text_b);
        free(text_a);
        free(text_b);
}

/* Kept by differences, kept by whole rows, and read anew: all the same. */
START_TEST(rows_kept_by_updates_are_the_rows_that_are_there)
{
        struct told diff, whole, fresh, fresh_whole;
        unsigned random = 12345;
        struct seen seen;

        seen_start(&seen, "");
        watch(&seen, &diff);
        ck_assert(!diff.monitor->plain);
        seen.client->no_cond = true;
        watch(&seen, &whole);
        ck_assert(whole.monitor->plain);
        ck_assert_int_eq(transact(&seen, 10000, "[" ROOT BRIDGE("br0") "]"), 0);
        for (int i = 0; i < 300; i++) {
                random = random * 1103515245U + 12345U;
                random_change(&seen, random >> 8);
        }
        watch(&seen, &fresh_whole);
        seen.client->no_cond = false;
        watch(&seen, &fresh);
        ck_assert_int_gt(diff.n_changed, 100);
        ck_assert_int_eq(diff.n_changed, whole.n_changed);
        same_rows(&diff, &fresh, "Port");
        same_rows(&diff, &whole, "Port");
        same_rows(&diff, &fresh_whole, "Port");
        same_rows(&diff, &fresh, "Bridge");
        same_rows(&diff, &whole, "Bridge");
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

START_TEST(a_thousand_ports_in_one_transaction)
{
        enum {
                N = 1000
        };
        json_t *ops = json_array();
        json_t *ports = json_array();
        struct told told;
        struct seen seen;

        for (int i = 0; i < N; i++) {
                char port[16], interface[16], name[16];

                snprintf(port, sizeof(port), "p%d", i);
                snprintf(interface, sizeof(interface), "i%d", i);
                snprintf(name, sizeof(name), "gre%d", i);
                json_array_append_new(ops, json_pack("{sssssss{ssss}}", "op", "insert", "table", "Interface",
                                                     "uuid-name", interface, "row", "name", name, "type", "gre"));
                json_array_append_new(ops, json_pack("{sssssss{sss[ss]}}", "op", "insert", "table", "Port", "uuid-name",
                                                     port, "row", "name", name, "interfaces", "named-uuid", interface));
                json_array_append_new(ports, json_pack("[ss]", "named-uuid", port));
        }
        json_array_append_new(ops, json_pack("{sssssss{sss[so]}}", "op", "insert", "table", "Bridge", "uuid-name", "b",
                                             "row", "name", "br0", "ports", "set", ports));
        json_array_append_new(ops, json_pack("{sssss{s[ss]}}", "op", "insert", "table", "Open_vSwitch", "row",
                                             "bridges", "named-uuid", "b"));
        seen_start(&seen, "");
        watch(&seen, &told);
        ck_assert_int_eq(xsn_ovsdb_transact(seen.client, ops, UINT64_MAX, on_reply, &seen, NULL, NULL), 0);
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_msg(seen.code == 0, "%s", seen.reply_message);
        ck_assert_uint_eq(json_array_size(seen.result), 2 * N + 2);
        ck_assert_int_eq(told.n_added, N + 1);
        ck_assert_int_eq(told.n_settled, 1);
        json_decref(ops);
        seen_free(&seen);
}
END_TEST

/* ---- deaths ---- */

START_TEST(a_server_that_died_and_came_back_is_watched_again)
{
        struct told told;
        struct seen seen;

        seen_start(&seen, "");
        ck_assert_int_eq(transact(&seen, 10000, "[" ROOT BRIDGE("br0") "]"), 0);
        watch(&seen, &told);
        ck_assert_int_eq(told.n_added, 2);
        real_kill(&seen.real);
        UNTIL(&seen, seen.n_lost >= 2);
        ck_assert(!xsn_ovsdb_is_ready(seen.client));
        ck_assert_int_eq(shell(&seen.real, "ovsdb-tool transact $D/db '[\"Open_vSwitch\",{\"op\":\"update\","
                                           "\"table\":\"Port\",\"where\":[],\"row\":{\"tag\":9}}]' >/dev/null"),
                         0);
        real_start(&seen.real, "");
        UNTIL(&seen, told.n_first == 2);
        ck_assert_int_eq(seen.n_ready, 2);
        ck_assert_int_eq(told.n_added, 2);
        ck_assert_int_eq(told.n_gone, 0);
        ck_assert_int_eq(told.n_changed, 1);
        ck_assert_int_eq(transact(&seen, 10000, "[{'op':'delete','table':'Open_vSwitch','where':[]}]"), 0);
        ck_assert_int_eq(told.n_gone, 2);
        seen_free(&seen);
}
END_TEST

START_TEST(a_death_in_a_transaction_leaves_its_outcome_unknown)
{
        json_error_t error;
        struct seen seen;
        json_t *ops;

        seen_start(&seen, "");
        ops = json_loads("[{\"op\":\"wait\",\"table\":\"Bridge\",\"where\":[],\"columns\":[\"name\"],\"until\":\"==\","
                         "\"rows\":[{\"name\":\"never\"}]}]",
                         0, &error);
        ck_assert_int_eq(xsn_ovsdb_transact(seen.client, ops, UINT64_MAX, on_reply, &seen, NULL, NULL), 0);
        UNTIL(&seen, !seen.client->out); /* it is with the server */
        real_kill(&seen.real);
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, -ECONNRESET);
        ck_assert_str_eq(seen.reply_reason, "outcome-unknown");
        json_decref(ops);
        seen_free(&seen);
}
END_TEST

START_TEST(a_server_that_hangs_is_dropped_and_taken_again_when_it_goes_on)
{
        struct xsn_ovsdb_options options = { .probe_after = 100 * MS, .connect_limit = 500 * MS };
        struct seen seen;

        seen_start(&seen, "");
        seen_open(&seen, NULL, &options);
        UNTIL(&seen, seen.n_ready == 1);
        ck_assert_int_eq(kill(seen.real.pid, SIGSTOP), 0);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "no-answer");
        ck_assert_int_eq(kill(seen.real.pid, SIGCONT), 0);
        UNTIL(&seen, seen.n_ready == 2);
        seen_free(&seen);
}
END_TEST

/* The server asks after a second of silence and gives up after another; we are silent. */
START_TEST(echoes_of_the_server_keep_a_silent_client)
{
        struct xsn_ovsdb_options options = { .probe_after = 60000 * MS };
        struct seen seen;
        char text[512];
        uint64_t begin;

        seen_start(&seen, "--remote=db:Open_vSwitch,Open_vSwitch,manager_options");
        snprintf(text, sizeof(text),
                 "[{'op':'insert','table':'Manager','uuid-name':'m','row':{'target':"
                 "'ptcp:%d:127.0.0.1','inactivity_probe':1000}},"
                 "{'op':'insert','table':'Open_vSwitch','row':{'manager_options':['named-uuid','m']}}]",
                 seen.real.port);
        ck_assert_int_eq(transact(&seen, 10000, text), 0);
        snprintf(text, sizeof(text), "tcp:127.0.0.1:%d", seen.real.port);
        seen_open(&seen, text, &options);
        UNTIL(&seen, seen.n_ready == 1);
        seen.n_lost = 0; /* the server may have been slower than we */
        begin = xsn_loop_now();
        UNTIL(&seen, xsn_loop_now() > begin + 4000 * MS);
        ck_assert_int_eq(seen.n_lost, 0);
        seen_free(&seen);
}
END_TEST

/* ---- TLS ---- */

#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
#define SIGN(name, subject, more)                                                                                    \
        "openssl req " NEW_KEY " -keyout " name ".key -out " name ".csr -subj /CN=" subject " " more " && "          \
        "openssl x509 -req -in " name ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy " \
        "-out " name ".pem && "

/* server: for 127.0.0.1; nameless: as ovs-pki makes them; locked: a client's key with a password. */
static const char make_certificates[] =
        "cd $D && exec >openssl.log 2>&1 && "
        "openssl req -x509 " NEW_KEY " -keyout ca.key -out ca.pem -days 2 -subj /CN=ours && "
        "openssl req -x509 " NEW_KEY " -keyout other.key -out other.pem -days 2 -subj /CN=theirs && " SIGN(
                "server", "server", "-addext subjectAltName=IP:127.0.0.1") SIGN("nameless", "sw-id", "")
                SIGN("client", "client", "") "openssl ec -aes128 -passout pass:secret -in client.key -out locked.key";

struct tls_case {
        const char *certificate; /* the server's */
        const char *ca, *client, *key;
        int verify;
        const char *reason; /* NULL: it works */
};

static const struct tls_case tls_cases[] = {
        { "server", "ca.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_FULL, NULL },
        { "server", "ca.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_CA, NULL },
        { "nameless", "ca.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_CA, NULL },
        { "server", "other.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_NONE, NULL },
        { "server", "other.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_FULL, "untrusted-server" },
        { "server", "other.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_CA, "untrusted-server" },
        { "server", NULL, "client.pem", "client.key", XSN_OVSDB_VERIFY_FULL, "untrusted-server" },
        { "nameless", "ca.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_FULL, "untrusted-server" },
        { "server", "absent.pem", "client.pem", "client.key", XSN_OVSDB_VERIFY_FULL, "bad-certificate" },
        { "server", "ca.pem", "absent.pem", "client.key", XSN_OVSDB_VERIFY_FULL, "bad-certificate" },
        { "server", "ca.pem", "client.pem", "ca.key", XSN_OVSDB_VERIFY_FULL, "bad-certificate" },
        { "server", "ca.pem", "client.pem", "locked.key", XSN_OVSDB_VERIFY_FULL, "bad-certificate" },
        { "server", "ca.pem", NULL, NULL, XSN_OVSDB_VERIFY_FULL, "connection-lost" },
        { "server", "ca.pem", "other.pem", "other.key", XSN_OVSDB_VERIFY_FULL, "connection-lost" },
};

static const char *path_in(const struct real *real, const char *name, char path[128])
{
        if (!name)
                return NULL;
        snprintf(path, 128, "%s/%s", real->dir, name);
        return path;
}

START_TEST(tls_trusts_whom_it_shall_and_nobody_else)
{
        const struct tls_case *c = &tls_cases[_i];
        char ca[128], client[128], key[128], options[256], place[64];
        struct xsn_ovsdb_options o = { .database = NULL };
        struct seen seen = { .client = NULL };

        real_new(&seen.real);
        ck_assert_int_eq(xsn_loop_new(&seen.loop, NULL), 0);
        ck_assert_int_eq(shell(&seen.real, make_certificates), 0);
        snprintf(options, sizeof(options),
                 "--remote=pssl:$P:127.0.0.1 --private-key=$D/%s.key --certificate=$D/%s.pem "
                 "--ca-cert=$D/ca.pem",
                 c->certificate, c->certificate);
        real_start(&seen.real, options);
        seen_open(&seen, NULL, NULL);
        UNTIL(&seen, seen.n_ready == 1); /* it listens */
        o.tls = (struct xsn_ovsdb_tls){ .ca = path_in(&seen.real, c->ca, ca),
                                        .certificate = path_in(&seen.real, c->client, client),
                                        .key = path_in(&seen.real, c->key, key),
                                        .verify = c->verify };
        snprintf(place, sizeof(place), "ssl:127.0.0.1:%d", seen.real.port);
        seen_open(&seen, place, &o);
        UNTIL(&seen, seen.n_ready == 1 || seen.n_lost == 1);
        if (c->reason) {
                ck_assert_int_eq(seen.n_ready, 0);
                ck_assert_msg(strcmp(seen.reason, c->reason) == 0, "%s: %s", seen.reason, seen.message);
        } else {
                ck_assert_msg(seen.n_ready == 1, "%s: %s", seen.reason, seen.message);
                check_session(&seen);
        }
        seen_free(&seen);
}
END_TEST

/* A write to who is gone may be the end of a process. */
START_TEST(a_death_while_much_is_sent_raises_no_signal)
{
        size_t size = 8U << 20;
        struct xsn_ovsdb_options o = { .tls = { .verify = XSN_OVSDB_VERIFY_NONE } };
        char client[128], key[128], place[64];
        char *much = malloc(size + 1);
        struct seen seen = { .client = NULL };
        json_t *ops;

        real_new(&seen.real);
        ck_assert_int_eq(xsn_loop_new(&seen.loop, NULL), 0);
        ck_assert_int_eq(shell(&seen.real, make_certificates), 0);
        real_start(&seen.real, "--remote=pssl:$P:127.0.0.1 --private-key=$D/server.key --certificate=$D/server.pem "
                               "--ca-cert=$D/ca.pem");
        seen_open(&seen, NULL, NULL);
        UNTIL(&seen, seen.n_ready == 1);
        memset(much, 'x', size);
        much[size] = '\0';
        ops = json_pack("[{ssss}]", "op", "comment", "comment", much);
        for (int tls = 0; tls <= 1; tls++) {
                if (tls) {
                        o.tls.certificate = path_in(&seen.real, "client.pem", client);
                        o.tls.key = path_in(&seen.real, "client.key", key);
                        snprintf(place, sizeof(place), "ssl:127.0.0.1:%d", seen.real.port);
                        real_start(&seen.real, "--remote=pssl:$P:127.0.0.1 --private-key=$D/server.key "
                                               "--certificate=$D/server.pem --ca-cert=$D/ca.pem");
                        seen_open(&seen, place, &o);
                        UNTIL(&seen, seen.n_ready == 1);
                }
                seen.n_replies = 0;
                ck_assert_int_eq(xsn_ovsdb_transact(seen.client, ops, UINT64_MAX, on_reply, &seen, NULL, NULL), 0);
                /* Some of it goes out before the server dies, the rest after. */
                ck_assert_int_eq(kill(seen.real.pid, SIGSTOP), 0);
                for (int i = 0; i < 20; i++)
                        ck_assert_int_eq(xsn_loop_dispatch(seen.loop, NULL), 0);
                ck_assert_ptr_nonnull(seen.client->out);
                real_kill(&seen.real);
                UNTIL(&seen, seen.n_replies == 1);
                ck_assert_str_eq(seen.reply_reason, "not-sent");
        }
        json_decref(ops);
        free(much);
        seen_free(&seen);
}
END_TEST

START_TEST(tls_to_a_server_that_speaks_none_is_an_error)
{
        struct seen seen;
        char place[64];

        seen_start(&seen, "--remote=ptcp:$P:127.0.0.1");
        snprintf(place, sizeof(place), "ssl:127.0.0.1:%d", seen.real.port);
        seen_open(&seen, place, NULL);
        UNTIL(&seen, seen.n_lost == 1);
        ck_assert_str_eq(seen.reason, "tls-failed");
        seen_free(&seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovsdb_server");
        TCase *tc = tcase_create("server");

        if (!real_is_there()) {
                printf("needs ovsdb-server, ovsdb-tool, openssl and " SCHEMA "\n");
                return SKIPPED;
        }
        tcase_set_timeout(tc, 100);
        tcase_add_test(tc, a_session_over_a_unix_socket);
        tcase_add_test(tc, a_session_over_tcp_by_address_and_by_name);
        tcase_add_test(tc, what_the_server_refuses_has_a_reason_of_ours);
        tcase_add_test(tc, a_transaction_that_waits_past_its_deadline_is_given_up_there_too);
        tcase_add_test(tc, rows_kept_by_updates_are_the_rows_that_are_there);
        tcase_add_test(tc, a_thousand_ports_in_one_transaction);
        tcase_add_test(tc, a_server_that_died_and_came_back_is_watched_again);
        tcase_add_test(tc, a_death_in_a_transaction_leaves_its_outcome_unknown);
        tcase_add_test(tc, a_server_that_hangs_is_dropped_and_taken_again_when_it_goes_on);
        tcase_add_test(tc, echoes_of_the_server_keep_a_silent_client);
        tcase_add_loop_test(tc, tls_trusts_whom_it_shall_and_nobody_else, 0, XSN_ARRAY_SIZE(tls_cases));
        tcase_add_test(tc, a_death_while_much_is_sent_raises_no_signal);
        tcase_add_test(tc, tls_to_a_server_that_speaks_none_is_an_error);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
