/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the network of this machine as a document: observe [TARGET]. */
#include <stdio.h>
#include <stdlib.h>

#include <xsnet/xsnet.h>

int main(int argc, char **argv)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;
        int r;

        if (!xsnet_engine_new(NULL, &engine, &err) &&
            !xsnet_engine_add_target(engine, argc > 1 ? argv[1] : "linux:", &err) &&
            !xsnet_engine_observe(engine, &state, &err) &&
            !xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, &err))
                (void)fputs(text, stdout);
        else
                (void)fprintf(stderr, "%s\n", xsnet_error_get_message(err));
        r = text ? 0 : 1;
        free(text);
        xsnet_state_unref(state);
        xsnet_engine_unref(engine);
        xsnet_error_free(err);
        return r;
}
