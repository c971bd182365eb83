/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_DOCUMENT_H
#define XSNET_DOCUMENT_H

#include <stddef.h>

#include <xsnet/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The two notations of a document. */
enum {
        XSNET_FORMAT_AUTO = 0, /* reading only: JSON where the text is JSON, else YAML */
        XSNET_FORMAT_YAML = 1,
        XSNET_FORMAT_JSON = 2
};

/**
 * xsnet_document_load - read a desired-state document
 * @text:      the document; need not end with NUL; may be NULL where @len is 0
 * @len:       its length in bytes, at most 16 MiB
 * @format:    one of XSNET_FORMAT_*
 * @source:    its name for messages, "host.yaml" for instance; copied; may be NULL
 * @ret_state: on success, a new reference
 *
 * doc/document.md is the reference of the format. What can be checked without a
 * target is checked, as by xsnet_state_check().
 *
 * Returns: 0; -EINVAL, with all errors of the document in @ret_err, each with line,
 * column and path, see xsnet_error_get_next(); -E2BIG beyond a limit; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_document_load(const char *text, size_t len, int format, const char *source, struct xsnet_state **ret_state,
                        struct xsnet_error **ret_err);

/**
 * xsnet_document_dump - write a state as a document
 * @format:   XSNET_FORMAT_YAML or XSNET_FORMAT_JSON
 * @ret_text: on success, NUL-terminated; the caller's, released with free()
 *
 * Reading the text gives an equal state.
 *
 * Returns: 0; -EINVAL for an unknown format; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_document_dump(struct xsnet_state *state, int format, char **ret_text, struct xsnet_error **ret_err);

/**
 * xsnet_document_schema - the JSON Schema of documents
 * @ret_text: on success, NUL-terminated; the caller's, released with free()
 *
 * Generated from the description of the fields (JSON Schema 2020-12).
 *
 * Returns: 0; -ENOMEM.
 * Since: 0.1
 */
XSNET_MUST_CHECK
int xsnet_document_schema(char **ret_text, struct xsnet_error **ret_err);

#ifdef __cplusplus
}
#endif

#endif
