/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that plan and change: plan, diff, apply, recover. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const class_names[] = { "none", "flap", "outage" };

static int no_yaml(const struct cli *cli, const char *command)
{
        if (cli->output != OUTPUT_YAML)
                return 0;
        (void)fprintf(stderr, "xsnetctl: %s prints text or json, not yaml\n", command);
        return EXIT_USAGE;
}

/* Loads the document, opens the target and plans. 0, or an exit code after saying why. */
static int make_plan(struct cli *cli, struct xsnet_plan **ret_plan)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int code = cli_load(cli, &state);

        if (!code)
                code = cli_open(cli);
        if (!code && xsnet_engine_plan(cli->engine, state, ret_plan, &err) < 0)
                code = cli_fail(err);
        xsnet_state_unref(state);
        return code;
}

static int changed(const struct cli *cli, bool any, int code)
{
        return code == EXIT_DONE && any && cli->detailed ? EXIT_CHANGED : code;
}

static int print_plan(const struct cli *cli, struct xsnet_plan *plan)
{
        struct xsnet_error *err = NULL;
        char *text = NULL;
        int form = cli->output == OUTPUT_JSON ? XSNET_PLAN_JSON : XSNET_PLAN_TEXT;
        int code = xsnet_plan_dump(plan, form, &text, &err) < 0 ? cli_fail(err) : cli_print(text);

        free(text);
        return code;
}

int cli_plan(struct cli *cli)
{
        struct xsnet_plan *plan = NULL;
        int code = no_yaml(cli, "plan");

        if (!code)
                code = make_plan(cli, &plan);
        if (code)
                return code;
        code = changed(cli, xsnet_plan_get_count(plan), print_plan(cli, plan));
        xsnet_plan_unref(plan);
        return code;
}

/* ---- diff ---- */

/* A field as text, "unset" where the object is not there or has it not. */
static char *field_text(struct xsnet_object *obj, int field)
{
        char *text = NULL;

        if (obj && !xsnet_object_get_str(obj, field, &text))
                return text;
        return strdup("unset");
}

static void print_field(const struct xsnet_step *step, int kind, int field)
{
        char *from = field_text(xsnet_step_get_from(step), field), *to = field_text(xsnet_step_get_to(step), field);
        const char *name = xsnet_field_get_name(kind, field);

        if (!xsnet_step_get_from(step))
                printf("    %s: %s\n", name, to ? to : "?");
        else
                printf("    %s: %s -> %s\n", name, from ? from : "?", to ? to : "?");
        free(from);
        free(to);
}

static void print_difference(const struct xsnet_step *step)
{
        struct xsnet_object *to = xsnet_step_get_to(step), *obj = to ? to : xsnet_step_get_from(step);
        static const char signs[] = { [XSNET_STEP_CREATE] = '+', [XSNET_STEP_CHANGE] = '~', [XSNET_STEP_REMOVE] = '-' };
        const char *host = xsnet_object_get_host_at(obj, 0);
        int kind = xsnet_object_get_kind(obj);
        char *key = NULL;

        if (xsnet_object_get_key(obj, &key, NULL) < 0)
                key = NULL;
        printf("%c %s '%s'%s%s\n", signs[xsnet_step_get_verb(step)], xsnet_kind_get_name(kind), key ? key : "",
               host ? " on " : "", host ? host : "");
        free(key);
        for (size_t i = 0; to && i < xsnet_kind_get_field_count(kind); i++) {
                int field = xsnet_kind_get_field_at(kind, i);

                if (xsnet_step_has_field(step, field))
                        print_field(step, kind, field);
        }
}

int cli_diff(struct cli *cli)
{
        struct xsnet_plan *plan = NULL;
        int code = no_yaml(cli, "diff");
        size_t n;

        if (!code)
                code = make_plan(cli, &plan);
        if (code)
                return code;
        n = xsnet_plan_get_count(plan);
        for (size_t i = 0; i < n && cli->output == OUTPUT_TEXT; i++)
                print_difference(xsnet_plan_get_at(plan, i));
        code = changed(cli, n, cli->output == OUTPUT_TEXT ? cli_print("") : print_plan(cli, plan));
        xsnet_plan_unref(plan);
        return code;
}

/* ---- apply ---- */

/* Progress for people: a line that says what is being done, written over itself. */
static void show_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct xsnet_object *to, *obj;
        static const char *const words[] = { "", "create", "change", "remove" };
        char *key = NULL;

        (void)userdata;
        (void)err;
        if (what == XSNET_PROGRESS_GOING_BACK)
                (void)fprintf(stderr, "\r\033[Kgoing back\n");
        if (what != XSNET_PROGRESS_STEP_BEGUN)
                return;
        to = xsnet_step_get_to(step);
        obj = to ? to : xsnet_step_get_from(step);
        if (xsnet_object_get_key(obj, &key, NULL) < 0)
                return;
        (void)fprintf(stderr, "\r\033[K%s %s %s", words[xsnet_step_get_verb(step)],
                      xsnet_kind_get_name(xsnet_object_get_kind(obj)), key);
        free(key);
}

/* Asks; only an answer that begins with y is a yes. */
static bool ask(int disruption)
{
        char answer[16] = "";

        (void)fprintf(stderr, "The worst of it is: %s. Go on? [y/N] ", class_names[disruption]);
        return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int failed(const struct cli *cli, const struct xsnet_error *err)
{
        cli_tell(err);
        if (cli->max_disruption < 0 && !strcmp(xsnet_error_get_reason(err), "too-disruptive"))
                (void)fprintf(stderr, "xsnetctl: there is no terminal to ask; --yes or --max-disruption allows it\n");
        return EXIT_FAILED;
}

/* What the operation did, and why it failed if it did. */
static int finish(const struct cli *cli, struct xsnet_task *task)
{
        struct xsnet_report *report = xsnet_task_get_report(task);
        int outcome = report ? xsnet_report_get_outcome(report) : XSNET_OUTCOME_UNCHANGED;
        int form = cli->output == OUTPUT_JSON ? XSNET_REPORT_JSON : XSNET_REPORT_TEXT, code;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        if (xsnet_task_get_code(task) < 0) {
                if (outcome != XSNET_OUTCOME_UNCHANGED && !xsnet_report_dump(report, XSNET_REPORT_TEXT, &text, NULL))
                        (void)fputs(text, stderr);
                free(text);
                return failed(cli, xsnet_task_get_error(task));
        }
        code = xsnet_report_dump(report, form, &text, &err) < 0 ? cli_fail(err) : cli_print(text);
        free(text);
        if (code && outcome == XSNET_OUTCOME_DONE)
                (void)fprintf(stderr, "xsnetctl: what was to do is done, and verified\n");
        return changed(cli, outcome == XSNET_OUTCOME_DONE, code);
}

/* Waits for what was started, if it was: r. */
static int run(struct cli *cli, int r, struct xsnet_task *task, struct xsnet_error *err)
{
        int code;

        if (r < 0)
                return cli_fail(err);
        code = cli_wait(cli, task);
        if (cli->progress)
                (void)fprintf(stderr, "\r\033[K");
        if (!code)
                code = finish(cli, task);
        xsnet_task_unref(task);
        return code;
}

/* Where somebody looks on. */
static int set_progress(struct cli *cli, struct xsnet_error **ret_err)
{
        cli->progress = isatty(STDERR_FILENO);
        return cli->progress ? xsnet_engine_set_progress(cli->engine, show_progress, NULL, NULL, ret_err) : 0;
}

static int apply_state(struct cli *cli, int accepted)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        struct xsnet_task *task = NULL;
        int r, code = cli_load(cli, &state);

        if (!code)
                code = cli_open(cli);
        if (!code) {
                r = xsnet_engine_set_max_disruption(cli->engine, accepted, &err);
                if (!r)
                        r = set_progress(cli, &err);
                if (!r)
                        r = xsnet_engine_apply_async(cli->engine, state, NULL, NULL, NULL, &task, &err);
                code = run(cli, r, task, err);
        }
        xsnet_state_unref(state);
        return code;
}

/* Shows the plan, asks, and applies that very plan. */
static int apply_asked(struct cli *cli)
{
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        struct xsnet_task *task = NULL;
        int disruption, code = make_plan(cli, &plan);

        if (!code)
                code = print_plan(cli, plan);
        if (code || !xsnet_plan_get_count(plan)) {
                xsnet_plan_unref(plan);
                return code;
        }
        disruption = xsnet_plan_get_disruption(plan);
        if (disruption > XSNET_DISRUPTION_NONE && !ask(disruption)) {
                (void)fprintf(stderr, "xsnetctl: nothing was changed\n");
                code = EXIT_FAILED;
        } else {
                int r = set_progress(cli, &err);

                if (!r)
                        r = xsnet_engine_apply_plan_async(cli->engine, plan, NULL, NULL, NULL, &task, &err);
                code = run(cli, r, task, err);
        }
        xsnet_plan_unref(plan);
        return code;
}

int cli_apply(struct cli *cli)
{
        int code = no_yaml(cli, "apply");

        if (code)
                return code;
        if (cli->dry_run)
                return cli_plan(cli);
        if (cli->max_disruption >= 0)
                return apply_state(cli, cli->max_disruption);
        if (cli->yes)
                return apply_state(cli, XSNET_DISRUPTION_OUTAGE);
        if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && strcmp(cli->file, "-") != 0)
                return apply_asked(cli);
        return apply_state(cli, XSNET_DISRUPTION_FLAP);
}

int cli_recover(struct cli *cli)
{
        struct xsnet_error *err = NULL;
        struct xsnet_task *task = NULL;
        int r, code = no_yaml(cli, "recover");

        if (!code)
                code = cli_open(cli);
        if (code)
                return code;
        r = xsnet_engine_recover_async(cli->engine, NULL, NULL, NULL, &task, &err);
        return run(cli, r, task, err);
}
