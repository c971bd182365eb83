/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits for an operation. A signal that would end the program cancels the operation instead: what was begun is undone,
 * as it is when a step fails, and the exit code and messages say so.
 */
#include "cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Those that are ignored, as nohup(1) has it, stay so. */
static void find_signals(sigset_t *ret_set)
{
        static const int signals[] = { SIGHUP, SIGINT, SIGTERM };

        (void)sigemptyset(ret_set);
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
                struct sigaction action;

                if (!sigaction(signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
                        (void)sigaddset(ret_set, signals[i]);
        }
}

static bool got_signal(int fd)
{
        struct signalfd_siginfo info;
        bool any = false;

        while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
                any = true;
        return any;
}

static int dispatch(struct cli *cli, struct xsnet_task *task, int signals)
{
        struct pollfd fds[] = { { .fd = xsnet_engine_get_fd(cli->engine), .events = POLLIN },
                                { .fd = signals, .events = POLLIN } };
        struct xsnet_error *err = NULL;

        if (poll(fds, 2, -1) < 0) {
                if (errno == EINTR)
                        return 0;
                (void)fprintf(stderr, "xsnetctl: cannot wait: %s\n", strerror(errno));
                return EXIT_FAILED;
        }
        if (fds[1].revents && got_signal(signals)) {
                (void)fprintf(stderr, "xsnetctl: told to end: what was begun is being undone\n");
                xsnet_task_cancel(task);
        }
        return fds[0].revents && xsnet_engine_dispatch(cli->engine, &err) < 0 ? cli_fail(err) : 0;
}

int cli_wait(struct cli *cli, struct xsnet_task *task)
{
        sigset_t set, before;
        int signals, code = 0;

        find_signals(&set);
        (void)sigprocmask(SIG_BLOCK, &set, &before);
        signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        while (!code && !xsnet_task_is_done(task))
                code = dispatch(cli, task, signals);
        /* One that came too late has nothing to undo, and the result is to be told. */
        if (signals >= 0) {
                (void)got_signal(signals);
                (void)close(signals);
        }
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return code;
}
