/* SPDX-License-Identifier: Apache-2.0 */
/* xsnetctl: sets the engine up as the options say, runs a command, reports errors. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 60000

/* The library's own limit for a document; one byte more shows that there is more. */
#define TEXT_MAX (((size_t)16 << 20) + 1)

/* The place of an error, unless the message says it already: "linux: RTM_NEWLINK br0" of a request. */
static const char *place_of(const struct xsnet_error *err)
{
        const char *where = xsnet_error_get_where(err), *what = strstr(where, ": ");

        return what && strstr(xsnet_error_get_message(err), what + 2) ? "" : where;
}

void cli_tell(const struct xsnet_error *err)
{
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e)) {
                const char *where = place_of(e);

                (void)fprintf(stderr, "xsnetctl: %s%s%s [%s]\n", where, *where ? ": " : "", xsnet_error_get_message(e),
                              xsnet_error_get_reason(e));
        }
}

int cli_fail(struct xsnet_error *err)
{
        cli_tell(err);
        xsnet_error_free(err);
        return EXIT_FAILED;
}

int cli_print(const char *text)
{
        if (fputs(text, stdout) >= 0 && !fflush(stdout))
                return EXIT_DONE;
        (void)fprintf(stderr, "xsnetctl: standard output: %s\n", strerror(errno));
        return EXIT_FAILED;
}

static void log_line(const char *message, void *userdata)
{
        (void)userdata;
        (void)fprintf(stderr, "xsnetctl: %s\n", message);
}

/* /run/xsnet for root, else below the user's own runtime directory. */
static void journal_dir(const struct cli *cli, char *path, size_t size)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");

        if (cli->journal_dir)
                (void)snprintf(path, size, "%s", cli->journal_dir);
        else if (!geteuid() && !access("/run", W_OK))
                (void)snprintf(path, size, "/run/xsnet");
        else if (runtime && *runtime == '/')
                (void)snprintf(path, size, "%s/xsnet", runtime);
        else
                (void)snprintf(path, size, "/tmp/xsnet-%u", (unsigned)geteuid());
}

static int add_targets(const struct cli *cli, struct xsnet_error **ret_err)
{
        int r = cli->n_targets == 0 ? xsnet_engine_add_target(cli->engine, DEFAULT_TARGET, ret_err) : 0;

        for (size_t i = 0; i < cli->n_targets && r == 0; i++)
                r = xsnet_engine_add_target(cli->engine, cli->targets[i], ret_err);
        return r;
}

int cli_open(struct cli *cli)
{
        struct xsnet_error *err = NULL;
        char dir[PATH_MAX];

        journal_dir(cli, dir, sizeof(dir));
        if (xsnet_context_new(&cli->context, &err) < 0)
                return cli_fail(err);
        if (cli->verbose)
                xsnet_context_set_log(cli->context, log_line, NULL, NULL);
        if (xsnet_engine_new(cli->context, &cli->engine, &err) < 0 ||
            add_targets(cli, &err) < 0 ||
            xsnet_engine_set_journal(cli->engine, dir, &err) < 0 ||
            xsnet_engine_set_deadline(cli->engine, (unsigned)cli->timeout_ms, &err) < 0 ||
            xsnet_engine_set_lock_wait(cli->engine, cli->wait_ms, &err) < 0 ||
            xsnet_engine_set_irreversible(cli->engine, cli->irreversible, &err) < 0)
                return cli_fail(err);
        return 0;
}

/* Reads all of a stream, up to one byte more than a document may have. NULL after saying why. */
static char *read_all(FILE *stream, const char *name, size_t *ret_len)
{
        char *text = NULL;
        size_t len = 0, cap = 0, n;

        do {
                if (len == cap) {
                        char *more = realloc(text, cap ? cap * 2 : 65536);

                        if (!more) {
                                (void)fprintf(stderr, "xsnetctl: %s: not enough memory\n", name);
                                free(text);
                                return NULL;
                        }
                        text = more;
                        cap = cap ? cap * 2 : 65536;
                }
                n = fread(text + len, 1, cap - len, stream);
                len += n;
        } while (n && len < TEXT_MAX);
        if (ferror(stream)) {
                (void)fprintf(stderr, "xsnetctl: %s: %s\n", name, strerror(errno));
                free(text);
                return NULL;
        }
        *ret_len = len;
        return text;
}

int cli_load(const struct cli *cli, struct xsnet_state **ret_state)
{
        bool standard = !strcmp(cli->file, "-");
        const char *name = standard ? "standard input" : cli->file;
        FILE *stream = standard ? stdin : fopen(cli->file, "re");
        struct xsnet_error *err = NULL;
        size_t len;
        char *text;
        int r;

        if (!stream) {
                (void)fprintf(stderr, "xsnetctl: %s: %s\n", name, strerror(errno));
                return EXIT_FAILED;
        }
        text = read_all(stream, name, &len);
        if (!standard)
                (void)fclose(stream);
        if (!text)
                return EXIT_FAILED;
        r = xsnet_document_load(text, len, XSNET_FORMAT_AUTO, standard ? "stdin" : cli->file, ret_state, &err);
        free(text);
        return r < 0 ? cli_fail(err) : 0;
}

/* Where a standard stream is closed, no file or socket may get its number: what is printed would go there. */
static void hold_streams(void)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
        struct cli cli = { .max_disruption = -1, .timeout_ms = TIMEOUT_MS };
        const struct command *command = NULL;
        int code;

        hold_streams();
        /* A reader that goes is an error that is told, not an end in the middle of an apply. */
        (void)signal(SIGPIPE, SIG_IGN);
        code = cli_parse(&cli, argc, argv, &command);

        if (code < 0)
                code = command->run(&cli);
        xsnet_engine_unref(cli.engine);
        xsnet_context_unref(cli.context);
        free(cli.targets);
        return code;
}
