/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsnetctl: the library from the command line. It uses the public headers alone, so
 * whatever it can do, a program that embeds the library can do too.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <xsnet/xsnet.h>

/* Exit codes; --detailed-exit-code tells 0 from 2. */
enum {
        EXIT_DONE = 0,
        EXIT_FAILED = 1,
        EXIT_CHANGED = 2,
        EXIT_USAGE = 64
};

#define DEFAULT_TARGET "linux:"

enum output {
        OUTPUT_TEXT,
        OUTPUT_YAML,
        OUTPUT_JSON
};

struct cli {
        const char **targets; /* URIs, of argv; none: DEFAULT_TARGET */
        size_t n_targets;
        const char *journal_dir;
        const char *file; /* the document; "-": standard input */
        enum output output;
        int max_disruption; /* XSNET_DISRUPTION_*; -1: ask where it is an outage */
        bool yes;
        bool dry_run;
        bool detailed;
        bool irreversible;
        bool verbose;
        bool progress; /* is shown */
        int timeout_ms;
        int wait_ms;
        struct xsnet_context *context;
        struct xsnet_engine *engine;
};

struct command {
        const char *name;
        const char *operand; /* "FILE", or NULL */
        const char *help;
        int (*run)(struct cli *cli);
};

/* options.c: fills cli; -1 to go on, else the exit code. */
int cli_parse(struct cli *cli, int argc, char **argv, const struct command **ret_command);
const struct command *cli_command_at(size_t i);

/* Writes every error of a failure to standard error. */
void cli_tell(const struct xsnet_error *err);
/* The same; returns EXIT_FAILED. Frees err. */
int cli_fail(struct xsnet_error *err);
/* Opens the engine on the target. 0, or an exit code after saying why. */
int cli_open(struct cli *cli);
/* Reads the document. 0, or an exit code after saying why. */
int cli_load(const struct cli *cli, struct xsnet_state **ret_state);
/* Writes text to standard output; EXIT_FAILED where that fails. */
int cli_print(const char *text);

/* wait.c: until the task is done; a signal cancels it. 0, or an exit code after saying why. */
int cli_wait(struct cli *cli, struct xsnet_task *task);

/* document.c */
int cli_show(struct cli *cli);
int cli_validate(struct cli *cli);
int cli_schema(struct cli *cli);
/* change.c */
int cli_plan(struct cli *cli);
int cli_diff(struct cli *cli);
int cli_apply(struct cli *cli);
int cli_recover(struct cli *cli);

#endif
