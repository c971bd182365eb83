/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linux backend alone, without the engine: documents are planned and applied in the namespace of this process,
 * whose netlink sends a test may spoil. `ip` sets the scene and tells what came of it.
 */
#ifndef TESTS_LINUX_TEST_H
#define TESTS_LINUX_TEST_H

#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdbool.h>

#include <xsnet/document.h>

#include "../unit/unit.h"
#include "backend/linux/linux.h"
#include "base/alloc.h"
#include "netns_test.h"

struct world {
        struct xsn_loop *loop;
        struct xsn_backend *be;
        struct xsnet_state *state; /* observed last */
        bool done;
        int code;
        char message[1024];
        size_t n_begun, n_done, n_failed;
};

static inline void world_enter(void)
{
        ck_assert_int_eq(netns_test_enter(), 0);
        ck_assert_int_eq(system("ip link set lo up"), 0);
}

static inline void sh(const char *fmt, ...) XSN_PRINTF(1, 2);
static inline void sh(const char *fmt, ...)
{
        char command[1024];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(command, sizeof(command), fmt, ap);
        va_end(ap);
        ck_assert_msg(system(command) == 0, "%s", command);
}

/* Does the command's output have the text? */
static inline bool says(const char *command, const char *text)
{
        static char out[65536];
        FILE *f = popen(command, "r");
        size_t n;

        ck_assert_ptr_nonnull(f);
        n = fread(out, 1, sizeof(out) - 1, f);
        out[n] = '\0';
        pclose(f);
        return strstr(out, text);
}

#define ck_says(command, text)     ck_assert_msg(says(command, text), "'%s' does not say: %s", command, text)
#define ck_says_not(command, text) ck_assert_msg(!says(command, text), "'%s' says: %s", command, text)

static inline void world_open(struct world *w)
{
        _cleanup_(xsn_uri_freep) struct xsn_uri *uri = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_backend_env env = { 0 };

        memset(w, 0, sizeof(*w));
        ck_assert_int_eq(xsn_loop_new(&w->loop, NULL), 0);
        env.loop = w->loop;
        ck_assert_int_eq(xsn_uri_parse("linux:?host=h", &uri, NULL), 0);
        ck_assert_msg(xsn_linux_backend_ops.open(&env, uri, &w->be, &err) == 0, "%s",
                      err ? xsnet_error_get_message(err) : "");
}

static inline void world_close(struct world *w)
{
        xsnet_state_unref(w->state);
        w->be->ops->close(w->be);
        xsn_loop_free(w->loop);
}

static inline void world_wait(struct world *w)
{
        uint64_t limit = xsn_loop_now() + UINT64_C(20000000000);

        while (!w->done) {
                ck_assert_int_eq(xsn_loop_wait(w->loop, limit), 0);
                ck_assert_int_eq(xsn_loop_dispatch(w->loop, NULL), 0);
        }
}

static inline void world_observed(struct xsnet_state *state, int code, struct xsnet_error *err, void *userdata)
{
        struct world *w = userdata;

        ck_assert_msg(code == 0, "%s", err ? xsnet_error_get_message(err) : "");
        xsnet_state_unref(w->state);
        w->state = xsnet_state_ref(state);
        w->done = true;
}

static inline void world_observe(struct world *w)
{
        w->done = false;
        ck_assert_int_eq(w->be->ops->observe(w->be, world_observed, w, NULL), 0);
        world_wait(w);
}

static inline void world_step(const struct xsnet_step *step, int code, const struct xsnet_error *err, void *userdata)
{
        struct world *w = userdata;

        (void)step;
        (void)err;
        w->n_begun += code == 1;
        w->n_done += code == 0;
        w->n_failed += code < 0;
}

static inline void world_applied(int code, struct xsnet_error *err, void *userdata)
{
        struct world *w = userdata;

        w->code = code;
        snprintf(w->message, sizeof(w->message), "%s", err ? xsnet_error_get_message(err) : "");
        xsnet_error_free(err);
        w->done = true;
}

static inline struct xsnet_plan *world_plan(struct world *w, const char *text)
{
        struct xsn_plan_input input = { .name = "linux:" };
        struct xsn_plan_options options = { 0 };
        struct xsnet_state *desired = NULL;
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        int r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "test", &desired, &err);

        ck_assert_msg(r == 0, "%s", err ? xsnet_error_get_message(err) : "");
        world_observe(w);
        input.observed = w->state;
        input.caps = w->be->ops->get_caps(w->be);
        r = xsn_plan_make(&input, 1, desired, &options, &plan, &err);
        ck_assert_msg(r == 0, "%s", err ? xsnet_error_get_message(err) : "");
        xsnet_state_unref(desired);
        return plan;
}

static inline void world_run(struct world *w, struct xsnet_plan *plan)
{
        w->done = false;
        w->n_begun = w->n_done = w->n_failed = 0;
        ck_assert_int_eq(w->be->ops->apply(w->be, plan, 0, world_step, world_applied, w, NULL), 0);
        ck_assert_msg(!w->done, "the callback ran from inside the call");
        world_wait(w);
}

/* Applies the document; 0 or what failed, with its message in w->message. */
static inline int world_try(struct world *w, const char *text)
{
        struct xsnet_plan *plan = world_plan(w, text);

        world_run(w, plan);
        ck_assert_uint_eq(w->n_begun, w->n_done + w->n_failed);
        xsnet_plan_unref(plan);
        return w->code;
}

/* Applies it, and then there is nothing to do. */
static inline void world_apply(struct world *w, const char *text)
{
        struct xsnet_plan *plan;

        ck_assert_msg(world_try(w, text) == 0, "%s", w->message);
        plan = world_plan(w, text);
        ck_assert_msg(xsnet_plan_get_count(plan) == 0, "applied again, there is something to do");
        xsnet_plan_unref(plan);
}

#define PRUNE "format: 1\nowner: t\nprune: true\n"

/* Bonds and tunnels? Else says which test of the lab, whose kernel has them, does the same. */
static inline bool world_has_devices(const char *lab)
{
        if (geteuid() == 0 && netns_test_possible() && kernel_has("type bond") &&
            kernel_has(GRE_PROBE))
                return true;
        printf("this kernel has no bonding or no GRE; %s runs the same on one that has them\n", lab);
        return false;
}

#endif
