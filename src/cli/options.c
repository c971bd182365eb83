/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of commands, one of options; the help is printed from both. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
        { "show", NULL, "Print the network of the target as a document", cli_show },
        { "validate", "FILE", "Check a document without looking at the target", cli_validate },
        { "plan", "FILE", "Print what apply would do, step by step", cli_plan },
        { "apply", "FILE", "Bring the target to what the document says", cli_apply },
        { "diff", "FILE", "Print the fields in which the target differs from the document", cli_diff },
        { "recover", NULL, "Go back to before an apply that was interrupted", cli_recover },
        { "schema", NULL, "Print the JSON Schema of documents", cli_schema },
};

enum {
        OPT_YES = 256,
        OPT_DRY_RUN,
        OPT_MAX,
        OPT_DETAILED,
        OPT_JOURNAL,
        OPT_TIMEOUT,
        OPT_WAIT,
        OPT_IRREVERSIBLE
};

/* `of`: the commands that an option changes anything of; NULL: of any. With another one it is refused. */
static const struct {
        struct option option;
        const char *arg; /* how the help calls it */
        const char *help;
        const char *of;
} options[] = {
        { { "target", required_argument, NULL, 't' }, "URI",
          "what to look at or change (default " DEFAULT_TARGET "); all of several", NULL },
        { { "output", required_argument, NULL, 'o' }, "FORM", "text, yaml or json", NULL },
        { { "yes", no_argument, NULL, OPT_YES }, NULL, "do not ask, whatever the plan disrupts", "apply" },
        { { "dry-run", no_argument, NULL, OPT_DRY_RUN }, NULL, "stop after the plan", "apply" },
        { { "max-disruption", required_argument, NULL, OPT_MAX },
          "CLASS",
          "refuse a plan that disrupts more than none, flap or outage",
          "apply" },
        { { "irreversible", no_argument, NULL, OPT_IRREVERSIBLE },
          NULL,
          "allow steps that cannot be taken back",
          "plan, apply, diff" },
        { { "detailed-exit-code", no_argument, NULL, OPT_DETAILED },
          NULL,
          "exit with 2 where something changed or would change",
          "plan, apply, diff, recover" },
        { { "timeout", required_argument, NULL, OPT_TIMEOUT },
          "SECONDS",
          "give up, and go back, after so long (default 60)",
          NULL },
        { { "wait", required_argument, NULL, OPT_WAIT },
          "SECONDS",
          "wait so long for another apply on the target to end (default 0)",
          NULL },
        { { "journal-dir", required_argument, NULL, OPT_JOURNAL },
          "DIR",
          "where unfinished work is kept (default /run/xsnet, or $XDG_RUNTIME_DIR/xsnet)",
          NULL },
        { { "verbose", no_argument, NULL, 'v' }, NULL, "tell on standard error what is going on", NULL },
        { { "help", no_argument, NULL, 'h' }, NULL, "print this", NULL },
        { { "version", no_argument, NULL, 'V' }, NULL, "print the version", NULL },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define N_OPTIONS  (sizeof(options) / sizeof(options[0]))

const struct command *cli_command_at(size_t i)
{
        return i < N_COMMANDS ? &commands[i] : NULL;
}

static int print_help(void)
{
        printf("Usage: xsnetctl [OPTION]... COMMAND [FILE]\n"
               "\n"
               "Brings the networks of a Xen host to a desired state: plans first, applies as one\n"
               "transaction, verifies, and goes back if a step fails.\n"
               "\n"
               "Commands:\n");
        for (size_t i = 0; i < N_COMMANDS; i++)
                printf("  %-9s %-5s %s\n", commands[i].name, commands[i].operand ? commands[i].operand : "",
                       commands[i].help);
        printf("\nFILE is a document in YAML or JSON; - is standard input.\n\nOptions:\n");
        for (size_t i = 0; i < N_OPTIONS; i++) {
                const struct option *o = &options[i].option;
                char left[40];

                (void)snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->val < 256 ? '-' : ' ',
                               o->val < 256 ? o->val : ' ', o->val < 256 ? "," : " ", o->name,
                               options[i].arg ? "=" : "", options[i].arg ? options[i].arg : "");
                printf("  %-28s %s%s%s\n", left, options[i].of ? options[i].of : "", options[i].of ? ": " : "",
                       options[i].help);
        }
        printf("\nExit codes: 0 done, 1 failed (the messages say what was restored), 64 wrong usage;\n"
               "with --detailed-exit-code 0 nothing to do, 2 changed or would change.\n"
               "\n"
               "Examples:\n"
               "  xsnetctl show > host.yaml            what the host has, ready to be edited\n"
               "  xsnetctl plan host.yaml              what would be done\n"
               "  xsnetctl apply --yes host.yaml       do it\n"
               "  xsnetctl --target 'linux:?netns=lab' show\n"
               "\n"
               "xsnetctl(1) tells more, and doc/document.md describes the documents.\n");
        return cli_print("");
}

static int usage(const char *what, const char *found)
{
        (void)fprintf(stderr, "xsnetctl: %s%s%s%s\nTry 'xsnetctl --help'.\n", what, found ? " '" : "",
                      found ? found : "", found ? "'" : "");
        return EXIT_USAGE;
}

/* The index of a word in a NULL-terminated list, or -1. */
static int word_index(const char *const *words, const char *word)
{
        for (int i = 0; words[i]; i++)
                if (!strcmp(words[i], word))
                        return i;
        return -1;
}

/* Seconds, with a fraction if need be, as milliseconds; -1 for anything else. */
static int parse_seconds(const char *text)
{
        char *end;
        double seconds = strtod(text, &end);

        if (end == text || *end || !(seconds >= 0) || seconds > INT_MAX / 1000)
                return -1;
        return (int)(seconds * 1000);
}

static int set_seconds(int *ret_ms, const char *name, const char *text)
{
        int ms = parse_seconds(text);

        if (ms < 0) {
                (void)fprintf(stderr, "xsnetctl: --%s: expected a number of seconds, found '%s'\n", name, text);
                return EXIT_USAGE;
        }
        *ret_ms = ms;
        return -1;
}

static int add_target(struct cli *cli, const char *uri)
{
        const char **more = realloc(cli->targets, (cli->n_targets + 1) * sizeof(*more));

        if (!more) {
                (void)fprintf(stderr, "xsnetctl: out of memory\n");
                return EXIT_FAILED;
        }
        cli->targets = more;
        cli->targets[cli->n_targets++] = uri;
        return -1;
}

static int set_option(struct cli *cli, int option)
{
        static const char *const forms[] = { "text", "yaml", "json", NULL };
        static const char *const classes[] = { "none", "flap", "outage", NULL };
        int i;

        switch (option) {
        case 't':
                return add_target(cli, optarg);
        case 'o':
                i = word_index(forms, optarg);
                if (i < 0)
                        return usage("--output: expected text, yaml or json, found", optarg);
                cli->output = (enum output)i;
                return -1;
        case OPT_MAX:
                i = word_index(classes, optarg);
                if (i < 0)
                        return usage("--max-disruption: expected none, flap or outage, found", optarg);
                cli->max_disruption = i;
                return -1;
        case OPT_YES:
                cli->yes = true;
                return -1;
        case OPT_DRY_RUN:
                cli->dry_run = true;
                return -1;
        case OPT_DETAILED:
                cli->detailed = true;
                return -1;
        case OPT_IRREVERSIBLE:
                cli->irreversible = true;
                return -1;
        case OPT_JOURNAL:
                cli->journal_dir = optarg;
                return -1;
        case OPT_TIMEOUT:
                return set_seconds(&cli->timeout_ms, "timeout", optarg);
        case OPT_WAIT:
                return set_seconds(&cli->wait_ms, "wait", optarg);
        case 'v':
                cli->verbose = true;
                return -1;
        case 'h':
                return print_help();
        case 'V':
                printf("xsnetctl %s\n", xsnet_version());
                return cli_print("");
        default: /* getopt has said what is wrong */
                return usage("see above", NULL);
        }
}

static const struct command *find_command(const char *name)
{
        for (size_t i = 0; i < N_COMMANDS; i++)
                if (!strcmp(commands[i].name, name))
                        return &commands[i];
        return NULL;
}

/* Is the command among the words of a list? */
static bool is_of(const char *list, const char *command)
{
        size_t len = strlen(command);

        for (const char *at = list; (at = strstr(at, command)); at += len)
                if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ','))
                        return true;
        return false;
}

/* An option that says nothing to the command may be meant for another one: `recover --dry-run` does not stop. */
static int check_options(const char *seen, const struct command *command)
{
        for (size_t i = 0; i < N_OPTIONS; i++) {
                if (!seen[i] || !options[i].of || is_of(options[i].of, command->name))
                        continue;
                (void)fprintf(stderr, "xsnetctl: --%s goes with %s, not with %s\nTry 'xsnetctl --help'.\n",
                              options[i].option.name, options[i].of, command->name);
                return EXIT_USAGE;
        }
        return -1;
}

int cli_parse(struct cli *cli, int argc, char **argv, const struct command **ret_command)
{
        struct option longs[N_OPTIONS + 1] = { { 0 } };
        const struct command *command;
        char seen[N_OPTIONS] = { 0 };
        int option;

        for (size_t i = 0; i < N_OPTIONS; i++)
                longs[i] = options[i].option;
        while ((option = getopt_long(argc, argv, "t:o:vhV", longs, NULL)) != -1) {
                int code = set_option(cli, option);

                if (code >= 0)
                        return code;
                for (size_t i = 0; i < N_OPTIONS; i++)
                        seen[i] |= options[i].option.val == option;
        }
        if (optind == argc)
                return usage("expected a command", NULL);
        command = find_command(argv[optind]);
        if (!command)
                return usage("there is no command", argv[optind]);
        optind++;
        if (command->operand && optind == argc)
                return usage("expected a FILE after", command->name);
        cli->file = command->operand ? argv[optind++] : NULL;
        if (optind < argc)
                return usage("did not expect", argv[optind]);
        *ret_command = command;
        return check_options(seen, command);
}
