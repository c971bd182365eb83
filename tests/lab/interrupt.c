/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies a document and lets something happen in the middle: for the scenarios about failures.
 *
 *   interrupt TARGET JOURNAL FILE STEP cancel     cancel when the STEP-th step begins (0: at once)
 *   interrupt TARGET JOURNAL FILE STEP COMMAND    a shell runs COMMAND then, with this process as $PID
 *
 * Prints the outcome, the number of steps that were begun, and the errors. Exit status: 0 where the apply
 * succeeded, 1 where it failed, 2 for wrong usage. It sees the public headers alone.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xsnet/xsnet.h>

struct run {
        struct xsnet_engine *engine;
        struct xsnet_task *task;
        const char *action;
        long step, begun;
        bool over;
        int code;
};

static int fail(struct xsnet_error *err)
{
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                printf("%s: %s [%s]\n", xsnet_error_get_where(e), xsnet_error_get_message(e),
                       xsnet_error_get_reason(e));
        xsnet_error_free(err);
        return 1;
}

static void act(struct run *run)
{
        if (!strcmp(run->action, "cancel"))
                xsnet_task_cancel(run->task);
        else if (system(run->action) < 0)
                perror("system");
}

static void progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct run *run = userdata;

        (void)step;
        (void)err;
        if (what == XSNET_PROGRESS_STEP_BEGUN && ++run->begun == run->step)
                act(run);
}

static void done(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata)
{
        static const char *const words[] = { "?", "nothing to do", "done", "unchanged", "rolled back", "left",
                                             "in doubt" };
        struct xsnet_report *report = xsnet_task_get_report(task);
        struct run *run = userdata;

        run->over = true;
        run->code = code;
        printf("%s after %ld steps\n", report ? words[xsnet_report_get_outcome(report)] : "not begun", run->begun);
        for (; err; err = xsnet_error_get_next(err))
                printf("%s: %s [%s]\n", xsnet_error_get_where(err), xsnet_error_get_message(err),
                       xsnet_error_get_reason(err));
}

static int load(const char *path, struct xsnet_state **ret_state)
{
        static char text[65536];
        struct xsnet_error *err = NULL;
        FILE *file = fopen(path, "re");
        size_t len;

        if (!file) {
                perror(path);
                return 1;
        }
        len = fread(text, 1, sizeof(text), file);
        (void)fclose(file);
        return xsnet_document_load(text, len, XSNET_FORMAT_AUTO, path, ret_state, &err) < 0 ? fail(err) : 0;
}

static int apply(struct run *run, struct xsnet_state *state, char **argv)
{
        struct xsnet_error *err = NULL;

        if (xsnet_engine_new(NULL, &run->engine, &err) < 0 || xsnet_engine_add_target(run->engine, argv[1], &err) < 0 ||
            xsnet_engine_set_journal(run->engine, argv[2], &err) < 0 ||
            xsnet_engine_set_progress(run->engine, progress, run, NULL, &err) < 0 ||
            xsnet_engine_apply_async(run->engine, state, done, run, NULL, &run->task, &err) < 0)
                return fail(err);
        if (run->step == 0)
                act(run);
        while (!run->over) {
                struct pollfd fd = { .fd = xsnet_engine_get_fd(run->engine), .events = POLLIN };

                if (poll(&fd, 1, -1) < 0)
                        continue;
                if (xsnet_engine_dispatch(run->engine, &err) < 0)
                        return fail(err);
        }
        return run->code < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
        struct xsnet_state *state = NULL;
        struct run run = { 0 };
        char pid[32];
        int r;

        if (argc != 6) {
                (void)fprintf(stderr, "usage: %s TARGET JOURNAL FILE STEP cancel|COMMAND\n", argv[0]);
                return 2;
        }
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        (void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
        if (setenv("PID", pid, 1) < 0)
                return 2;
        run.step = strtol(argv[4], NULL, 10);
        run.action = argv[5];
        r = load(argv[3], &state);
        if (!r)
                r = apply(&run, state, argv);
        xsnet_task_unref(run.task);
        xsnet_state_unref(state);
        xsnet_engine_unref(run.engine);
        return r;
}
