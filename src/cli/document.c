/* SPDX-License-Identifier: Apache-2.0 */
/* The commands about documents: show, validate, schema. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

int cli_show(struct cli *cli)
{
        int format = cli->output == OUTPUT_JSON ? XSNET_FORMAT_JSON : XSNET_FORMAT_YAML, code = cli_open(cli);
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        if (code)
                return code;
        if (xsnet_engine_observe(cli->engine, &state, &err) < 0)
                return cli_fail(err);
        code = xsnet_document_dump(state, format, &text, &err) < 0 ? cli_fail(err) : cli_print(text);
        free(text);
        xsnet_state_unref(state);
        return code;
}

/* In text: how much there is; else the document as it was understood. */
int cli_validate(struct cli *cli)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;
        int code = cli_load(cli, &state);

        if (code)
                return code;
        if (cli->output == OUTPUT_TEXT) {
                printf("%s: valid, %zu objects\n", cli->file, xsnet_state_get_count(state));
                code = cli_print("");
        } else if (xsnet_document_dump(state, cli->output == OUTPUT_JSON ? XSNET_FORMAT_JSON : XSNET_FORMAT_YAML, &text,
                                       &err) < 0) {
                code = cli_fail(err);
        } else {
                code = cli_print(text);
        }
        free(text);
        xsnet_state_unref(state);
        return code;
}

int cli_schema(struct cli *cli)
{
        struct xsnet_error *err = NULL;
        char *text = NULL;
        int code;

        (void)cli;
        code = xsnet_document_schema(&text, &err) < 0 ? cli_fail(err) : cli_print(text);
        free(text);
        return code;
}
