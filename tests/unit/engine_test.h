/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the engine share: an engine on a target in memory that has three NICs, one
 * of them with the management address, and a document that brings seven steps. Operation 1 of
 * an apply is its observation, 2 .. 8 are its steps, 9 looks whether all is well.
 */
#ifndef ENGINE_TEST_H
#define ENGINE_TEST_H

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xsnet/xsnet.h>

#include "codec/codec.h"
#include "slow.h"
#include "unit.h"

#define BEFORE                                                                                                         \
        "format: 1\n"                                                                                                  \
        "pifs:\n"                                                                                                      \
        "- {device: eth0, ipv4: {mode: static, address: 192.0.2.10/24}, management: true}\n"                           \
        "- {device: eth1}\n"                                                                                           \
        "- {device: eth2}\n"                                                                                           \
        "vifs: [{domain: 4, device: 0}]\n"
#define DESIRED                                                                                                        \
        "format: 1\n"                                                                                                  \
        "owner: test\n"                                                                                                \
        "networks: [{name: guest, mtu: 9000}, {name: mgmt}, {name: v5}]\n"                                             \
        "bonds: [{name: bond0, members: [eth1, eth2], mode: active-backup, network: guest}]\n"                         \
        "pifs: [{device: eth0, network: mgmt}]\n"                                                                      \
        "vlans: [{pif: bond0, tag: 5, network: v5}]\n"                                                                 \
        "vifs: [{domain: 4, device: 0, network: v5}, {domain: 5, device: 0, network: v5}]\n"
#define N_STEPS      7
#define N_OPERATIONS (N_STEPS + 2)

struct fix {
        struct xsnet_engine *engine;
        struct xsnet_fake *fake;
        struct xsnet_state *desired;
        char *before; /* the target's state, printed */
        char dir[64]; /* for journals; "": none was made */

        /* What the callbacks were told. */
        int n_done, n_destroyed, code;
        char reason[64], message[256];
        char phases[64]; /* a letter a phase: L O P A V, and B for going back */
        int n_begun, n_step_done, n_step_failed;
        int cancel_at; /* the step that is begun then; 0: none */
        struct xsnet_task *task;
};

/* A macro, as the call comes before the error is looked at. */
#define no_error(call, err)                                                                                            \
        do {                                                                                                           \
                int r_ = (call);                                                                                       \
                                                                                                                       \
                ck_assert_msg(r_ >= 0 && !(err), "%d: %s", r_, (err) ? xsnet_error_get_message(err) : "no error");     \
        } while (0)

static inline struct xsnet_state *load(const char *text)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "test.yaml", &state, &err), err);
        return state;
}

/* The target's state as text: the caller's. */
static inline char *print(struct xsnet_fake *fake)
{
        struct xsnet_state *state = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsnet_fake_get_state(fake, &state, NULL), 0);
        ck_assert_int_eq(xsn_codec_dump(state, XSNET_FORMAT_YAML, XSN_CODEC_OBSERVED, &text, NULL), 0);
        xsnet_state_unref(state);
        return text;
}

static inline struct xsnet_fake *new_fake(const char *name, int caps, const char *before)
{
        struct xsnet_state *state = load(before);
        struct xsnet_fake *fake = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_fake_new(name, caps, &fake, &err), err);
        no_error(xsnet_fake_set_state(fake, state, &err), err);
        xsnet_state_unref(state);
        return fake;
}

static inline void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        static const char letters[] = "LOPAVB";
        struct fix *fix = userdata;
        size_t n = strlen(fix->phases);

        if (what >= XSNET_PROGRESS_LOCKING && what <= XSNET_PROGRESS_GOING_BACK) {
                ck_assert_ptr_null(step);
                ck_assert_uint_lt(n, sizeof(fix->phases) - 1);
                fix->phases[n] = letters[what - XSNET_PROGRESS_LOCKING];
                return;
        }
        ck_assert_ptr_nonnull(step);
        ck_assert_int_eq(!err, what != XSNET_PROGRESS_STEP_FAILED);
        fix->n_begun += what == XSNET_PROGRESS_STEP_BEGUN;
        fix->n_step_done += what == XSNET_PROGRESS_STEP_DONE;
        fix->n_step_failed += what == XSNET_PROGRESS_STEP_FAILED;
        if (what == XSNET_PROGRESS_STEP_BEGUN && fix->n_begun == fix->cancel_at)
                xsnet_task_cancel(fix->task);
}

static inline void setup(struct fix *fix)
{
        struct xsnet_error *err = NULL;

        memset(fix, 0, sizeof(*fix));
        fix->fake = new_fake("xs-1", XSNET_FAKE_LINUX, BEFORE);
        fix->desired = load(DESIRED);
        fix->before = print(fix->fake);
        no_error(xsnet_engine_new(NULL, &fix->engine, &err), err);
        no_error(xsnet_engine_add_fake(fix->engine, fix->fake, &err), err);
        no_error(xsnet_engine_set_progress(fix->engine, on_progress, fix, NULL, &err), err);
}

/* A directory of the test's own, which teardown() removes. */
static inline void use_journal_dir(struct fix *fix)
{
        struct xsnet_error *err = NULL;

        (void)snprintf(fix->dir, sizeof(fix->dir), "/tmp/xsnet-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(fix->dir));
        no_error(xsnet_engine_set_journal(fix->engine, fix->dir, &err), err);
}

/* The files whose name ends so; "": all. */
static inline int count_files(const char *dir, const char *end)
{
        DIR *stream = opendir(dir);
        struct dirent *entry;
        int n = 0;

        ck_assert_ptr_nonnull(stream);
        while ((entry = readdir(stream))) {
                size_t len = strlen(entry->d_name);

                if (entry->d_name[0] != '.' && len >= strlen(end) && !strcmp(entry->d_name + len - strlen(end), end))
                        n++;
        }
        closedir(stream);
        return n;
}

static inline void remove_dir(const char *dir)
{
        DIR *stream = opendir(dir);
        struct dirent *entry;
        char path[512];

        while (stream && (entry = readdir(stream))) {
                if (entry->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
                (void)unlink(path);
        }
        if (stream)
                closedir(stream);
        (void)rmdir(dir);
}

static inline void teardown(struct fix *fix)
{
        xsnet_engine_unref(fix->engine);
        xsnet_state_unref(fix->desired);
        xsnet_fake_unref(fix->fake);
        free(fix->before);
        if (*fix->dir)
                remove_dir(fix->dir);
}

static inline void assert_as_before(struct fix *fix)
{
        char *now = print(fix->fake);

        ck_assert_str_eq(now, fix->before);
        free(now);
}

static inline void assert_reason(const struct xsnet_error *err, int code, const char *reason)
{
        ck_assert_ptr_nonnull(err);
        ck_assert_msg(!strcmp(xsnet_error_get_reason(err), reason), "%s: %s, expected %s", xsnet_error_get_reason(err),
                      xsnet_error_get_message(err), reason);
        ck_assert_int_eq(xsnet_error_get_code(err), code);
}

/* Does an apply; the report is looked at for its outcome. Returns its code. */
static inline int apply(struct fix *fix, int outcome, struct xsnet_error **ret_err)
{
        struct xsnet_report *report = NULL;
        int r = xsnet_engine_apply(fix->engine, fix->desired, &report, ret_err);

        ck_assert_ptr_nonnull(report);
        ck_assert_msg(xsnet_report_get_outcome(report) == outcome, "outcome %d, code %d: %s",
                      xsnet_report_get_outcome(report), r,
                      ret_err && *ret_err ? xsnet_error_get_message(*ret_err) : "");
        xsnet_report_unref(report);
        return r;
}

static inline void on_done(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata)
{
        struct fix *fix = userdata;

        ck_assert_int_eq(xsnet_task_is_done(task), 1);
        ck_assert_int_eq(xsnet_task_get_code(task), code);
        ck_assert_int_eq(!err, code >= 0);
        ck_assert_int_eq(fix->n_destroyed, 0);
        fix->n_done++;
        fix->code = code;
        (void)snprintf(fix->reason, sizeof(fix->reason), "%s", err ? xsnet_error_get_reason(err) : "");
        (void)snprintf(fix->message, sizeof(fix->message), "%s", xsnet_error_get_message(err));
}

static inline void on_destroy(void *userdata)
{
        ((struct fix *)userdata)->n_destroyed++;
}

static inline void start_apply(struct fix *fix)
{
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_apply_async(fix->engine, fix->desired, on_done, fix, on_destroy, &fix->task, &err), err);
        ck_assert_int_eq(fix->n_done, 0);
}

/* Waits for the engine, ten seconds at most, and does what is due. */
static inline void turn(struct xsnet_engine *engine)
{
        struct pollfd pfd = { .fd = xsnet_engine_get_fd(engine), .events = POLLIN };
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
        no_error(xsnet_engine_dispatch(engine, &err), err);
}

/* Until the task is over. */
static inline void finish(struct fix *fix)
{
        while (!fix->n_destroyed)
                turn(fix->engine);
}

#endif
