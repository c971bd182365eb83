/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that are lost while a plan is applied, over the addresses of the hosts: management moves and takes the
 * connection that asked for it along, the coordinator changes, sessions expire. The plan goes on to its end, or back.
 * And whom the target trusts.
 */
#include <errno.h>

#include "base/alloc.h"
#include "netns_test.h"
#include "xapi_test.h"

static const int sizes[] = { 1, 3 };

/* Where all addresses that hosts of the tests ever have are this machine's. */
static void setup(void)
{
        ck_assert_int_eq(netns_test_enter(), 0);
        ck_assert_int_eq(system("ip link set lo up && ip route add local 10.71.0.0/16 dev lo && "
                                "ip route add local 10.72.0.0/16 dev lo"),
                         0);
}

/* Where the hosts are found by now. */
static void look(struct pool *p)
{
        json_decref(p->hosts);
        p->hosts = pool_do(p, "{\"do\": \"hosts\"}");
}

static void ck_hosts_are_at(struct pool *p, const char *network, int first)
{
        char address[32];

        look(p);
        for (size_t i = 0; i < json_array_size(p->hosts); i++) {
                snprintf(address, sizeof(address), "%s.%d", network, first + (int)i);
                ck_assert_str_eq(json_string_value(json_object_get(json_array_get(p->hosts, i), "listen")), address);
        }
}

/* For each host a line, in which # is its number. */
static char *document(const char *head, const char *line, int hosts)
{
        struct xsn_buf buf = { 0 };
        char *text;

        xsn_buf_put(&buf, head);
        for (int i = 1; i <= hosts; i++) {
                for (const char *c = line; *c; c++)
                        if (*c == '#')
                                xsn_buf_printf(&buf, "%d", i);
                        else
                                xsn_buf_putn(&buf, c, 1);
        }
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

#define HEAD "format: 1\nowner: t\nnetworks: [{name: n1}, {name: mg}]\nvlans: [{pif: eth2, tag: 5, network: n1}]\n"

static const struct move {
        const char *name, *head, *line;
        const char *network; /* where the hosts are then, ... */
        int first;           /* ... from this number on */
        const char *method;
} moves[] = {
        { "another address", HEAD "pifs:\n",
          "- {host: xs-#, device: eth0, ipv4: {mode: static, address: 10.71.0.9#/24, gateway: 10.71.0.1}}\n", "10.71.0",
          91, "Async.PIF.reconfigure_ip" },
        { "another interface", HEAD "pifs:\n",
          "- {host: xs-#, device: eth1, ipv4: {mode: static, address: 10.72.0.2#/24}, management: true}\n"
          "- {host: xs-#, device: eth0, management: false}\n",
          "10.72.0", 21, "Async.host.management_reconfigure" },
        { "a bond", HEAD "bonds: [{name: up, members: [eth0, eth1], mode: active-backup, network: mg}]\n", "",
          "10.71.0", 11, "Async.Bond.create" },
};

#define N_MOVES XSN_ARRAY_SIZE(moves)

START_TEST(management_moves_and_the_plan_goes_on)
{
        const struct move *move = &moves[(size_t)_i % N_MOVES];
        int hosts = sizes[(size_t)_i / N_MOVES];
        char *text = document(move->head, move->line, hosts);
        struct pool p;

        pool_new_at(&p, hosts, 4, "http", "10.71.0");
        pool_tell(&p, "{\"do\": \"counts\", \"reset\": true}");
        ck_applies(&p, text);
        /* Once a host, whatever became of the reply. */
        ck_assert_int_eq(pool_calls(&p, move->method), hosts);
        ck_hosts_are_at(&p, move->network, move->first);
        /* The same engine has found its way, and one that begins there sees the same. */
        ck_is_nothing(&p, text);
        pool_target_at(&p, (size_t)hosts - 1);
        ck_is_nothing(&p, text);
        pool_free(&p);
        xsn_free(text);
}
END_TEST

/* The last host's move fails: the others come back to where they were, over connections that are cut again. */
START_TEST(a_move_that_fails_is_taken_back)
{
        const struct move *move = &moves[_i];
        char *text = document(move->head, move->line, 3), *old, *now;
        struct pool p;

        pool_new_at(&p, 3, 4, "http", "10.71.0");
        old = pool_text(&p);
        pool_tell(&p,
                  "{\"do\": \"fault\", \"method\": \"%s\", \"nth\": 3, \"action\": \"fail\", "
                  "\"error\": [\"INTERNAL_ERROR\", \"a fault\"]}",
                  move->method);
        pool_apply(&p, text);
        ck_assert_msg(p.code < 0 && p.outcome == XSNET_OUTCOME_ROLLED_BACK, "%d, outcome %d: %s", p.code, p.outcome,
                      p.message);
        now = pool_text(&p);
        ck_assert_str_eq(now, old);
        ck_hosts_are_at(&p, "10.71.0", 11);
        xsn_free(now);
        xsn_free(old);
        pool_free(&p);
        xsn_free(text);
}
END_TEST

/* ---- in the middle ---- */

/* At the n-th word about a step the pool is told something. */
struct middle {
        struct pool *p;
        const char *told;
        unsigned n, at;
};

static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct middle *middle = userdata;

        (void)err;
        if (step && what != XSNET_PROGRESS_STEP_FAILED && ++middle->n == middle->at)
                pool_tell(middle->p, "%s", middle->told);
}

static const char before[] = "format: 1\nowner: t\nprune: true\nnetworks: [{name: n1}]\n"
                             "vlans: [{pif: eth3, tag: 7, network: n1}]\n";
static const char after[] = "format: 1\nowner: t\nprune: true\nnetworks: [{name: n2, mtu: 9000}, {name: n3}]\n"
                            "bonds: [{name: up, members: [eth1, eth2], mode: lacp, network: n2}]\n"
                            "vlans: [{pif: up, tag: 9, network: n3}]\n"
                            "vifs: [{vm: running, device: 0, network: n3}]\n";

static const struct interference {
        const char *name, *told;
        bool may_go_back;
} interferences[] = {
        { "sessions expire", "{\"do\": \"expire\"}", false },
        { "connections are cut", "{\"do\": \"cut\"}", true },
        { "another coordinator", "{\"do\": \"coordinator\", \"host\": \"xs-2\"}", true },
        { "another coordinator, and the old one is gone",
          "{\"do\": \"coordinator\", \"host\": \"xs-2\", \"tasks\": \"lost\"}", true },
};

START_TEST(what_happens_in_the_middle_of_a_plan_ends_no_plan)
{
        const struct interference *i = &interferences[_i];
        struct middle middle = { .told = i->told };
        unsigned n_new = 0, n_old = 0;
        char *old, *new, *now;
        struct pool p;

        pool_new_at(&p, 3, 4, "http", "10.71.0");
        pool_vm(&p, "running", "xs-1");
        middle.p = &p;
        ck_applies(&p, after);
        new = pool_text(&p);
        ck_applies(&p, before);
        old = pool_text(&p);
        for (middle.at = 1;; middle.at += 2) {
                bool is_new;

                pool_tell(&p, "{\"do\": \"coordinator\", \"host\": \"xs-1\"}");
                pool_target(&p);
                middle.n = 0;
                ck_assert_int_eq(xsnet_engine_set_progress(p.engine, on_progress, &middle, NULL, NULL), 0);
                pool_apply(&p, after);
                ck_assert_int_eq(xsnet_engine_set_progress(p.engine, NULL, NULL, NULL, NULL), 0);
                if (middle.n < middle.at)
                        break;
                is_new = p.outcome == XSNET_OUTCOME_DONE;
                ck_assert_msg(is_new || (i->may_go_back && p.outcome == XSNET_OUTCOME_ROLLED_BACK),
                              "%s at %u: %d, outcome %d: %s", i->name, middle.at, p.code, p.outcome, p.message);
                now = pool_text(&p);
                ck_assert_msg(!strcmp(now, is_new ? new : old), "%s at %u: %s: it is\n%s", i->name, middle.at,
                              p.message, now);
                xsn_free(now);
                n_new += is_new;
                n_old += !is_new;
                if (is_new)
                        ck_applies(&p, before);
        }
        printf("%s: %u went on, %u went back\n", i->name, n_new, n_old);
        ck_assert_uint_gt(n_new + n_old, 5);
        xsn_free(old);
        xsn_free(new);
        pool_free(&p);
}
END_TEST

/* ---- trust ---- */

/* The fingerprint that openssl tells of the host's certificate, as people paste it. */
static void add_pin(const struct pool *p, size_t host, char *pins, size_t size)
{
        char command[256], line[256], *text;
        FILE *out;

        snprintf(command, sizeof(command), "openssl x509 -noout -fingerprint -sha256 -in %s",
                 json_string_value(json_object_get(json_array_get(p->hosts, host), "certificate")));
        out = popen(command, "r");
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), out));
        ck_assert_int_eq(pclose(out), 0);
        text = strchr(line, '=') + 1;
        text[strcspn(text, "\n")] = '\0';
        snprintf(pins + strlen(pins), size - strlen(pins), "%s%s", *pins ? "," : "", text);
}

/* Each host has its certificate: one pin is for one host, and the coordinator may be another. */
START_TEST(pins_of_the_target_are_what_is_trusted)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char pins[2][400] = { "", "" };
        struct pool p;

        pool_new_at(&p, 3, 4, "https", "10.71.0");
        add_pin(&p, 1, pins[0], sizeof(pins[0]));
        add_pin(&p, 1, pins[1], sizeof(pins[1]));
        add_pin(&p, 0, pins[1], sizeof(pins[1]));
        /* Without a pin, by the system's authorities; and led from a host that is trusted to one that is not. */
        for (int i = 0; i < 2; i++) {
                snprintf(p.options, sizeof(p.options), "%s%s", i ? "&pin=" : "", i ? pins[0] : "");
                pool_target_at(&p, 1);
                ck_assert_int_lt(xsnet_engine_observe(p.engine, &state, &err), 0);
                ck_assert_str_eq(xsnet_error_get_reason(err), "untrusted-server");
                /* It says who. */
                ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), i ? "//10.71.0.11" : "//10.71.0.12"));
                err = xsnet_error_free(err);
        }
        snprintf(p.options, sizeof(p.options), "&pin=%s", pins[1]);
        pool_target_at(&p, 1);
        ck_applies(&p, HEAD);
        pool_tell(&p, "{\"do\": \"coordinator\", \"host\": \"xs-2\"}");
        ck_is_nothing(&p, HEAD);
        pool_tell(&p, "{\"do\": \"coordinator\", \"host\": \"xs-1\"}");
        ck_is_nothing(&p, HEAD);
        pool_free(&p);
}
END_TEST

START_TEST(what_is_no_pin_is_refused)
{
        static const char *const bad[] = { "", "00", "zz", ",", "%2c" };
        char pin[512], uri[600];
        struct pool p = { .code = 0 };

        ck_assert_int_eq(xsnet_engine_new(NULL, &p.engine, NULL), 0);
        for (size_t i = 0; i <= XSN_ARRAY_SIZE(bad); i++) {
                struct xsnet_error *err = NULL;

                snprintf(pin, sizeof(pin), "%s", i < XSN_ARRAY_SIZE(bad) ? bad[i] : "");
                for (int k = 0; i == XSN_ARRAY_SIZE(bad) && k < 32; k++)
                        strcat(pin, k < 31 ? "ab:" : "ab,");
                snprintf(uri, sizeof(uri), "xapi:https://10.71.0.11?user=root&password=secret&pin=%s", pin);
                ck_assert_int_eq(xsnet_engine_add_target(p.engine, uri, &err), -EINVAL);
                ck_assert_str_eq(xsnet_error_get_reason(err), "bad-option");
                ck_assert_ptr_null(strstr(xsnet_error_get_message(err), "secret"));
                xsnet_error_free(err);
        }
        xsnet_engine_unref(p.engine);
}
END_TEST

START_TEST(whom_to_trust_is_not_said_where_nobody_proves_anything)
{
        static const char *const options[] = { "ca=/etc/ssl/ca.pem", "pin=00", "insecure", "insecure=true" };
        static const char *const places[] = { "http://10.71.0.11", "unix:/run/xapi", "" };
        struct xsnet_engine *engine = NULL;
        char uri[120], words[60];

        ck_assert_int_eq(xsnet_engine_new(NULL, &engine, NULL), 0);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(options) * XSN_ARRAY_SIZE(places); i++) {
                const char *option = options[i / XSN_ARRAY_SIZE(places)];
                struct xsnet_error *err = NULL;

                snprintf(uri, sizeof(uri), "xapi:%s?user=root&password=secret&%s", places[i % XSN_ARRAY_SIZE(places)],
                         option);
                snprintf(words, sizeof(words), ": %.*s is for xapi:https: only", (int)strcspn(option, "="), option);
                ck_assert_int_eq(xsnet_engine_add_target(engine, uri, &err), -EINVAL);
                ck_assert_str_eq(xsnet_error_get_reason(err), "bad-uri");
                ck_assert_msg(strstr(xsnet_error_get_message(err), words) != NULL, "%s",
                              xsnet_error_get_message(err));
                ck_assert_ptr_null(strstr(xsnet_error_get_message(err), "secret"));
                xsnet_error_free(err);
        }
        xsnet_engine_unref(engine);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi moves");
        TCase *tc = tcase_create("lost connections");
        SRunner *runner;
        int failed;

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, NULL);
        tcase_set_timeout(tc, 200);
        tcase_add_loop_test(tc, management_moves_and_the_plan_goes_on, 0, (int)(N_MOVES * XSN_ARRAY_SIZE(sizes)));
        tcase_add_loop_test(tc, a_move_that_fails_is_taken_back, 0, (int)N_MOVES);
        tcase_add_loop_test(tc, what_happens_in_the_middle_of_a_plan_ends_no_plan, 0,
                            (int)XSN_ARRAY_SIZE(interferences));
        tcase_add_test(tc, pins_of_the_target_are_what_is_trusted);
        tcase_add_test(tc, what_is_no_pin_is_refused);
        tcase_add_test(tc, whom_to_trust_is_not_said_where_nobody_proves_anything);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
