/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linux backend on a kernel in memory, driven by the engine: at every send of a whole apply every answer is spoiled
 * once, in each way that there is. Afterwards all is as desired or all as before, never between; the error says what
 * it was; and the engine works on.
 */
#include "engine_test.h"
#include "rtnl_kernel.h"

#include <linux/rtnetlink.h>

#include "backend/linux/linux.h"
#include "engine/engine.h"

/* Names that no device of the machine below has: its /proc/sys is that of the tests' own namespace. */
#define DOCUMENT                                                                                                       \
        "format: 1\n"                                                                                                  \
        "owner: t\n"                                                                                                   \
        "prune: true\n"                                                                                                \
        "networks:\n"                                                                                                  \
        "- {name: mgmt, bridge: xq-mgmt}\n"                                                                            \
        "- {name: guest, bridge: xq-guest, mtu: 1400}\n"                                                               \
        "- {name: xq-v5}\n"                                                                                            \
        "pifs:\n"                                                                                                      \
        "- {device: xq-eth0, network: mgmt, management: true, ipv4: {mode: static, address: 192.0.2.10/24, "           \
        "gateway: 192.0.2.1}}\n"                                                                                       \
        "- {device: xq-eth1, network: guest}\n"                                                                        \
        "vlans: [{pif: xq-eth0, tag: 5, network: xq-v5}]\n"                                                            \
        "vifs: [{domain: 65001, device: 0, network: xq-v5}]\n"

/* ... and all of it away again. */
#define NOTHING "format: 1\nowner: t\nprune: true\n"

struct world {
        struct kernel scene; /* the kernel as it is before each apply */
        struct kernel kernel;
        struct fix fix;
        struct xsnet_engine *engine;
        struct xsnet_state *desired;
        char *before, *after; /* what the kernel has then, printed */
};

static struct world world;

static void build(struct world *w)
{
        struct kernel *k = &w->kernel;
        struct kernel_link *link;

        memset(k, 0, sizeof(*k));
        k->next_index = 10;
        kernel_add_link(k, "xq-eth0", "dummy")->flags = IFF_UP;
        kernel_add_link(k, "xq-eth1", "dummy");
        kernel_add_link(k, "vif65001.0", "veth");
        for (int i = 0; i < 3; i++) {
                char name[IFNAMSIZ];

                (void)snprintf(name, sizeof(name), "xq-old%d", i);
                link = kernel_add_link(k, name, "bridge");
                link->flags = IFF_UP;
                link->group = i == 1 ? 7 : 0;
                (void)snprintf(link->alias, sizeof(link->alias), "xsnet:t;net=old%d", i);
        }
        kernel_add_addr(k, "xq-eth0", "192.0.2.10", 24);
        kernel_add_route(k, "xq-eth0", "192.0.2.1");
}

/* The engine opened the machine's own kernel: it is given the other one in its place. */
static void open_engine(struct world *w)
{
        struct xsnet_error *err = NULL;
        struct xsn_uri *uri = NULL;
        struct xsn_backend_env env = { 0 };
        struct xsn_endpoint *target;

        no_error(xsnet_engine_new(NULL, &w->engine, &err), err);
        no_error(xsnet_engine_add_target(w->engine, "linux:?host=h", &err), err);
        target = w->engine->targets[0];
        target->backend->ops->close(target->backend);
        target->backend = NULL;
        env.loop = w->engine->loop;
        no_error(xsn_uri_parse(target->uri, &uri, &err), err);
        no_error(xsn_lx_open(&env, uri, &kernel_ops, &w->kernel, &target->backend, &err), err);
        xsn_uri_free(uri);
        /* This kernel has every kind, whatever the machine's has. */
        memset(((struct lx *)(void *)target->backend)->caps.missing, 0, sizeof(((struct lx *)0)->caps.missing));
}

static void set_scene(const char *document)
{
        struct xsnet_error *err = NULL;

        kernel_calm(&world.kernel);
        world.scene = world.kernel;
        world.before = kernel_print(&world.kernel);
        world.desired = load(document);
        no_error(xsnet_engine_apply(world.engine, world.desired, NULL, &err), err);
        ck_assert(!world.kernel.overflow);
        world.after = kernel_print(&world.kernel);
        ck_assert_str_ne(world.before, world.after);
}

static void begin(void)
{
        memset(&world, 0, sizeof(world));
        build(&world);
        open_engine(&world);
        set_scene(DOCUMENT);
}

static void begin_back(void)
{
        begin();
        xsnet_state_unref(world.desired);
        free(world.before);
        free(world.after);
        set_scene(NOTHING);
}

static void end(void)
{
        xsnet_engine_unref(world.engine);
        xsnet_state_unref(world.desired);
        ck_assert_int_eq(world.kernel.n_open, 0);
        free(world.before);
        free(world.after);
}

/* What one spoiled apply came to. */
struct result {
        int code, outcome;
        char reason[64], where[256], message[1024];
};

static void assert_kernel(const char *expected, const char *what)
{
        char *now = kernel_print(&world.kernel);

        ck_assert_msg(strcmp(now, expected) == 0, "%s: there is\n%sinstead of\n%s", what, now, expected);
        free(now);
}

static struct result apply_once(void)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        struct result result = { .code = xsnet_engine_apply(world.engine, world.desired, &report, &err) };

        result.outcome = xsnet_report_get_outcome(report);
        ck_assert_int_eq(!err, result.code >= 0);
        if (err) {
                (void)snprintf(result.reason, sizeof(result.reason), "%s", xsnet_error_get_reason(err));
                (void)snprintf(result.where, sizeof(result.where), "%s", xsnet_error_get_where(err));
                (void)snprintf(result.message, sizeof(result.message), "%s", xsnet_error_get_message(err));
        }
        ck_assert_msg(!world.kernel.overflow, "the kernel in memory was asked too much");
        xsnet_error_free(err);
        xsnet_report_unref(report);
        return result;
}

/* From the scene as it was, with a fault. */
static struct result spoil(enum kernel_fault fault, size_t send, size_t times, size_t refuse, int code)
{
        world.kernel = world.scene;
        world.kernel.fault = fault;
        world.kernel.fault_at = send;
        world.kernel.fault_times = times;
        world.kernel.refuse = refuse;
        world.kernel.code = code;
        return apply_once();
}

/* All or nothing; and then, on a kernel that behaves, all. */
static void assert_whole(const struct result *result, const char *what)
{
        if (result->code == 0) {
                ck_assert_msg(result->outcome == XSNET_OUTCOME_DONE, "%s: outcome %d", what, result->outcome);
                assert_kernel(world.after, what);
        } else {
                ck_assert_msg(result->outcome == XSNET_OUTCOME_ROLLED_BACK ||
                                      result->outcome == XSNET_OUTCOME_UNCHANGED,
                              "%s: outcome %d: %s", what, result->outcome, result->message);
                assert_kernel(world.before, what);
                /* It names the request, or the object whose step it was. */
                ck_assert_msg(strstr(result->message, "RTM_") || strstr(result->message, "on host 'h'"), "%s: %s", what,
                              result->message);
        }
        kernel_calm(&world.kernel);
        ck_assert_msg(apply_once().code == 0, "%s: the engine does not work on", what);
        assert_kernel(world.after, what);
}

START_TEST(without_faults_all_is_as_desired_and_then_there_is_nothing_to_do)
{
        struct result result = apply_once();

        ck_assert_int_eq(result.code, 0);
        ck_assert_int_eq(result.outcome, XSNET_OUTCOME_NOTHING_TO_DO);
        ck_assert_uint_ge(world.kernel.n_sends, 16);
}
END_TEST

/* The sends of an apply without faults. */
static size_t count_sends(struct kernel *ret_kernel)
{
        struct result result = spoil(FAULT_NONE, 0, 0, 0, 0);

        ck_assert_int_eq(result.code, 0);
        *ret_kernel = world.kernel;
        return world.kernel.n_sends;
}

static const char *const fault_names[FAULT_N] = {
        [FAULT_RECV_EINTR] = "EINTR",
        [FAULT_RECV_ENOBUFS] = "ENOBUFS",
        [FAULT_DUMP_INTR] = "NLM_F_DUMP_INTR",
        [FAULT_TRUNCATED] = "MSG_TRUNC",
        [FAULT_SHORT] = "short nlmsg_len",
        [FAULT_LONG] = "long nlmsg_len",
        [FAULT_WRONG_SEQ] = "wrong sequence number",
        [FAULT_WRONG_PID] = "wrong sender",
        [FAULT_SILENCE] = "no answer",
        [FAULT_NO_END] = "no end",
        [FAULT_SEND_EINTR] = "EINTR of the send",
        [FAULT_SEND_ENOBUFS] = "ENOBUFS of the send",
};

START_TEST(a_spoiled_answer_costs_a_dump_more_or_the_apply_but_nothing_in_between)
{
        bool harmless = _i == FAULT_RECV_EINTR || _i == FAULT_SEND_EINTR || _i == FAULT_DUMP_INTR;
        struct kernel clean;
        size_t n = count_sends(&clean);

        for (size_t at = 0; at < n; at++) {
                struct result result = spoil((enum kernel_fault)_i, at, 1, 0, 0);
                char what[128];

                (void)snprintf(what, sizeof(what), "%s at send %zu", fault_names[_i], at);
                if (harmless || (clean.sends[at].dump && _i != FAULT_SEND_ENOBUFS))
                        ck_assert_msg(result.code == 0, "%s: %s", what, result.message);
                if (harmless)
                        ck_assert_uint_eq(world.kernel.n_sends,
                                          n + (_i == FAULT_DUMP_INTR && clean.sends[at].dump));
                assert_whole(&result, what);
        }
}
END_TEST

START_TEST(a_dump_that_never_succeeds_is_given_up_after_some_tries)
{
        struct kernel clean;
        size_t n = count_sends(&clean);

        for (size_t at = 0; at < n; at++) {
                struct result result;
                char what[128];

                if (!clean.sends[at].dump)
                        continue;
                result = spoil((enum kernel_fault)_i, at, 8, 0, 0);
                (void)snprintf(what, sizeof(what), "%s at send %zu and the next", fault_names[_i], at);
                ck_assert_msg(result.code == -EAGAIN || result.code == -EIO || result.code == 0, "%s: %d %s", what,
                              result.code, result.message);
                if (result.code == -EAGAIN) {
                        ck_assert_msg(!strcmp(result.reason, "dump-interrupted"), "%s: %s", what, result.reason);
                        ck_assert_msg(strstr(result.where, "linux: RTM_GET"), "%s: %s", what, result.where);
                }
                assert_whole(&result, what);
        }
}
END_TEST

static const int codes[] = { -EPERM, -EBUSY, -EOPNOTSUPP, -ENODEV, -EINVAL, -ENOMEM, -EEXIST };

START_TEST(a_refused_message_undoes_the_others_of_its_send)
{
        struct kernel clean;
        size_t n = count_sends(&clean);

        for (size_t at = 0; at < n; at++) {
                for (size_t m = 0; m < clean.sends[at].n; m++) {
                        struct result result;
                        char what[128];

                        /* What is to go and is said to be gone is believed. */
                        if (codes[_i] == -ENODEV &&
                            (clean.sends[at].type == RTM_DELADDR || clean.sends[at].type == RTM_DELROUTE))
                                continue;
                        result = spoil(FAULT_REFUSE, at, 1, m, codes[_i]);

                        (void)snprintf(what, sizeof(what), "%s for message %zu of send %zu (%d)", strerror(-codes[_i]),
                                       m, at, clean.sends[at].type);
                        assert_whole(&result, what);
                }
        }
}
END_TEST

/* The number of a new link is taken: another one is tried, up to five times. */
START_TEST(a_number_that_is_taken_is_chosen_anew_for_some_time)
{
        struct kernel clean;
        size_t make = 0;
        struct result result;

        (void)count_sends(&clean);
        while (clean.sends[make].dump)
                make++;
        ck_assert_int_eq(clean.sends[make].type, RTM_NEWLINK);
        result = spoil(FAULT_REFUSE, make, 1, 1, -EBUSY);
        ck_assert_int_eq(result.code, 0);
        assert_whole(&result, "once");
        result = spoil(FAULT_REFUSE, make, 1000, 0, -EBUSY);
        ck_assert_int_eq(result.code, -EBUSY);
        ck_assert_str_eq(result.reason, "device-busy");
        ck_assert_ptr_nonnull(strstr(result.message, "create network"));
        ck_assert_uint_lt(world.kernel.n_sends, 128);
}
END_TEST

/* Between the plan and the make: it is the other one's, and stays. */
START_TEST(a_bridge_that_somebody_else_makes_meanwhile_is_not_taken_away)
{
        struct kernel clean;
        size_t make = 0;
        struct result result;
        char *expected;

        (void)count_sends(&clean);
        while (clean.sends[make].dump)
                make++;
        world.scene.stranger = _i ? "xq-v5" : "xq-guest";
        result = spoil(FAULT_NONE, make, 1, 0, 0);
        ck_assert_int_eq(result.code, -EEXIST);
        ck_assert_str_eq(result.reason, "name-in-use");
        ck_assert_int_eq(result.outcome, XSNET_OUTCOME_ROLLED_BACK);
        (void)kernel_add_link(&world.scene, world.scene.stranger, "bridge");
        expected = kernel_print(&world.scene);
        assert_kernel(expected, "somebody else's bridge");
        free(expected);
}
END_TEST

/* From a send on nothing works, going back neither: then the journal is kept, and recover does it. */
START_TEST(a_kernel_that_stops_working_is_recovered_from_when_it_works_again)
{
        static const enum kernel_fault faults[] = { FAULT_REFUSE, FAULT_SEND_ENOBUFS, FAULT_SILENCE };
        struct kernel clean;
        size_t n = count_sends(&clean);

        for (size_t at = 0; at < n; at++) {
                struct result result = spoil(faults[_i], at, SIZE_MAX / 2, 0, -EPERM);
                struct xsnet_error *err = NULL;
                char what[128];

                (void)snprintf(what, sizeof(what), "fault %d from send %zu on", _i, at);
                ck_assert_msg(result.code < 0 && *result.message, "%s: %d", what, result.code);
                kernel_calm(&world.kernel);
                if (result.outcome == XSNET_OUTCOME_UNCHANGED) {
                        assert_whole(&result, what);
                        continue;
                }
                ck_assert_msg(result.outcome == XSNET_OUTCOME_LEFT, "%s: outcome %d", what, result.outcome);
                ck_assert_int_eq(apply_once().code, -EEXIST);
                no_error(xsnet_engine_recover(world.engine, NULL, &err), err);
                assert_kernel(world.before, what);
                ck_assert_int_eq(apply_once().code, 0);
                assert_kernel(world.after, what);
        }
}
END_TEST

/* ---- cancel ---- */

START_TEST(a_cancel_at_any_step_puts_everything_back)
{
        struct fix *fix = &world.fix;
        struct xsnet_error *err = NULL;

        world.kernel = world.scene;
        fix->engine = world.engine;
        fix->desired = world.desired;
        fix->cancel_at = _i;
        no_error(xsnet_engine_set_progress(world.engine, on_progress, fix, NULL, &err), err);
        start_apply(fix);
        finish(fix);
        ck_assert_int_ge(fix->n_begun, _i);
        ck_assert_int_eq(fix->code, -ECANCELED);
        ck_assert_str_eq(fix->reason, "cancelled");
        xsnet_task_unref(fix->task);
        assert_kernel(world.before, "cancelled");
        fix->cancel_at = 0;
        ck_assert_int_eq(apply_once().code, 0);
        assert_kernel(world.after, "afterwards");
}
END_TEST

static TCase *make_case(const char *name, void (*setup_fn)(void), int n_steps)
{
        TCase *tc = tcase_create(name);

        tcase_add_checked_fixture(tc, setup_fn, end);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, without_faults_all_is_as_desired_and_then_there_is_nothing_to_do);
        tcase_add_loop_test(tc, a_spoiled_answer_costs_a_dump_more_or_the_apply_but_nothing_in_between,
                            FAULT_RECV_EINTR, FAULT_REFUSE);
        tcase_add_loop_test(tc, a_dump_that_never_succeeds_is_given_up_after_some_tries, FAULT_RECV_ENOBUFS,
                            FAULT_SEND_EINTR);
        tcase_add_loop_test(tc, a_refused_message_undoes_the_others_of_its_send, 0, (int)XSN_ARRAY_SIZE(codes));
        tcase_add_loop_test(tc, a_kernel_that_stops_working_is_recovered_from_when_it_works_again, 0, 3);
        tcase_add_loop_test(tc, a_cancel_at_any_step_puts_everything_back, 1, n_steps + 1);
        return tc;
}

int main(void)
{
        Suite *suite = suite_create("linux_scripted");
        TCase *making = make_case("making", begin, 9);

        tcase_add_loop_test(making, a_bridge_that_somebody_else_makes_meanwhile_is_not_taken_away, 0, 2);
        tcase_add_test(making, a_number_that_is_taken_is_chosen_anew_for_some_time);
        suite_add_tcase(suite, making);
        suite_add_tcase(suite, make_case("unmaking", begin_back, 7));
        return unit_main(suite);
}
