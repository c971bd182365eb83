/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a target as a document says: watch TARGET FILE [JOURNAL-DIR]. A guest's device that appears is
 * attached, and what somebody else changes or removes is put right. It prints each event, and ends with
 * SIGINT or SIGTERM. The engine has one descriptor: poll it, and call dispatch when it is readable.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <xsnet/xsnet.h>

static int fail(struct xsnet_error *err)
{
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                (void)fprintf(stderr, "watch: %s: %s\n", xsnet_error_get_where(e), xsnet_error_get_message(e));
        xsnet_error_free(err);
        return -1;
}

static int load(const char *path, struct xsnet_state **ret_state)
{
        static char text[65536]; /* enough for an example: more is an error, as half a document is another one */
        struct xsnet_error *err = NULL;
        FILE *file = fopen(path, "re");
        size_t len;

        if (!file) {
                perror(path);
                return -1;
        }
        len = fread(text, 1, sizeof(text), file);
        (void)fclose(file);
        if (len == sizeof(text)) {
                (void)fprintf(stderr, "%s: too long\n", path);
                return -1;
        }
        return xsnet_document_load(text, len, XSNET_FORMAT_AUTO, path, ret_state, &err) < 0 ? fail(err) : 0;
}

static void applied(struct xsnet_task *task, int code, const struct xsnet_error *err, void *userdata)
{
        (void)task;
        (void)userdata;
        if (code < 0)
                printf("not applied: %s\n", xsnet_error_get_message(err));
        else
                printf("applied\n");
}

static void print_event(const struct xsnet_event *event)
{
        static const char *const words[] = { "", "started", "appeared", "changed", "gone", "failed" };
        struct xsnet_object *obj = xsnet_event_get_object(event);
        char *key = NULL;

        printf("%s", words[xsnet_event_get_what(event)]);
        if (obj && !xsnet_object_get_key(obj, &key, NULL))
                printf(": %s %s", xsnet_kind_get_name(xsnet_object_get_kind(obj)), key);
        if (xsnet_event_get_error(event))
                printf(": %s", xsnet_error_get_message(xsnet_event_get_error(event)));
        printf("\n");
        free(key);
}

/* The engine is idle here. What is to be applied again may be started at once; further events wait for its end. */
static void happened(struct xsnet_watch *watch, const struct xsnet_event *event, void *userdata)
{
        struct xsnet_engine *engine = userdata;
        struct xsnet_state *again = xsnet_event_get_desired(event);
        struct xsnet_error *err = NULL;

        (void)watch;
        print_event(event);
        if (again && xsnet_engine_apply_async(engine, again, applied, NULL, NULL, NULL, &err) < 0)
                (void)fail(err);
}

/* Until a signal comes. */
static int loop(struct xsnet_engine *engine, int signals)
{
        struct pollfd fds[] = { { .fd = xsnet_engine_get_fd(engine), .events = POLLIN },
                                { .fd = signals, .events = POLLIN } };
        struct xsnet_error *err = NULL;

        for (;;) {
                if (poll(fds, 2, -1) < 0 && errno != EINTR) {
                        perror("poll");
                        return -1;
                }
                if (fds[1].revents)
                        return 0;
                if (fds[0].revents && xsnet_engine_dispatch(engine, &err) < 0)
                        return fail(err);
        }
}

static int run(struct xsnet_engine *engine, struct xsnet_state *state, char **argv, int signals)
{
        struct xsnet_watch *watch = NULL;
        struct xsnet_error *err = NULL;
        int r;

        if (xsnet_engine_add_target(engine, argv[1], &err) < 0 ||
            xsnet_engine_set_journal(engine, argv[3] ? argv[3] : "/run/xsnet", &err) < 0 ||
            xsnet_engine_watch(engine, state, happened, engine, NULL, &watch, &err) < 0)
                return fail(err);
        r = loop(engine, signals);
        xsnet_watch_unref(watch);
        return r;
}

int main(int argc, char **argv)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        sigset_t set;
        int r, signals;

        if (argc != 3 && argc != 4) {
                (void)fprintf(stderr, "usage: %s TARGET FILE [JOURNAL-DIR]\n", argv[0]);
                return 2;
        }
        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGTERM);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        signals = signalfd(-1, &set, SFD_CLOEXEC);
        r = load(argv[2], &state);
        if (!r && xsnet_engine_new(NULL, &engine, &err) < 0)
                r = fail(err);
        if (!r)
                r = run(engine, state, argv, signals);
        xsnet_state_unref(state);
        xsnet_engine_unref(engine);
        (void)close(signals);
        return r ? 1 : 0;
}
