/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in and out, for the engine and the tests; <xsnet/document.h> is its public part. */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include <stddef.h>

#include <xsnet/document.h>

enum {
        /*
         * A state exactly as it is, for journals and golden folders: status fields, each object's mark
         * (owner, made) and payload, and the hosts' names are kept; ranges and enum names are not judged,
         * no mode is taken from an address, and xsn_state_check() is not asked.
         */
        XSN_CODEC_OBSERVED = 1 << 0
};

#define XSN_CODEC_TEXT_MAX   (16u << 20) /* bytes of text */
#define XSN_CODEC_DEPTH_MAX  32u         /* lists and maps within each other */
#define XSN_CODEC_ITEMS_MAX  100000u     /* objects */
#define XSN_CODEC_VALUES_MAX 2000000u    /* values and keys, so that memory is bounded too */
#define XSN_CODEC_HOSTS_MAX  10000u      /* labels under hosts: */
#define XSN_CODEC_EXPAND_MAX 10u         /* times the text that aliases may expand to */
#define XSN_CODEC_ERRORS_MAX 100u        /* errors that are listed */

/* As xsnet_document_load() and xsnet_document_dump(), with XSN_CODEC_* flags. */
int xsn_codec_load(const char *text, size_t len, int format, const char *source, unsigned flags,
                   struct xsnet_state **ret_state, struct xsnet_error **ret_err);
int xsn_codec_dump(const struct xsnet_state *state, int format, unsigned flags, char **ret_text,
                   struct xsnet_error **ret_err);

/* The tables of all kinds and fields, in Markdown: doc/document.md holds them. The caller's. */
int xsn_codec_reference(char **ret_text, struct xsnet_error **ret_err);

#endif
