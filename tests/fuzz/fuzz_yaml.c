/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a document in YAML, desired and observed. What is read must be written and
 * read again as the same text; what is not must be said why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "codec/codec.h"
#include "model/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
        if (!what)
                abort();
}

static void check_again(struct xsnet_state *state, unsigned flags)
{
        for (int format = XSNET_FORMAT_YAML; format <= XSNET_FORMAT_JSON; format++) {
                struct xsnet_state *again = NULL;
                char *text = NULL, *more = NULL;

                must(xsn_codec_dump(state, format, flags, &text, NULL) == 0);
                must(xsn_codec_load(text, strlen(text), format, NULL, flags, &again, NULL) == 0);
                must(xsn_codec_dump(again, format, flags, &more, NULL) == 0);
                must(!strcmp(text, more));
                free(text);
                free(more);
                xsnet_state_unref(again);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        for (unsigned flags = 0; flags <= XSN_CODEC_OBSERVED; flags++) {
                struct xsnet_state *state = NULL;
                struct xsnet_error *err = NULL;
                int r = xsn_codec_load((const char *)data, size, XSNET_FORMAT_YAML, "in", flags, &state, &err);

                must((r == 0) == (state != NULL) && (r < 0) == (err != NULL));
                must(xsnet_error_get_code(err) == r);
                if (state)
                        check_again(state, flags);
                xsnet_state_unref(state);
                xsnet_error_free(err);
        }
        return 0;
}
