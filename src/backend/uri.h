/* SPDX-License-Identifier: Apache-2.0 */
/* A target's URI: scheme, the part that the backend reads, and options: "linux:?netns=red&host=xs-1". */
#ifndef BACKEND_URI_H
#define BACKEND_URI_H

#include "model/value.h"

struct xsn_uri {
        char *text;   /* for messages: without user, password, and secret options */
        char *scheme; /* "linux" */
        char *rest;   /* between the colon and the question mark, "" where there is none */
        struct xsn_list options; /* a map; percent-decoded */
};

int xsn_uri_parse(const char *text, struct xsn_uri **ret_uri, struct xsnet_error **ret_err);
struct xsn_uri *xsn_uri_free(struct xsn_uri *uri);
XSN_CLEANUP_DEFINE(xsn_uri_free, struct xsn_uri);
/* NULL where the option is not given. */
const char *xsn_uri_option(const struct xsn_uri *uri, const char *name);
/* -EINVAL "unknown-option" naming the first option that is not in `known` (NULL-terminated), with a suggestion. */
int xsn_uri_check_options(const struct xsn_uri *uri, const char *const *known, struct xsnet_error **ret_err);
/* -EINVAL "bad-option" naming the first of those options (NULL-terminated) with no value, or one that is no text. */
int xsn_uri_check_values(const struct xsn_uri *uri, const char *const *options, struct xsnet_error **ret_err);

#endif
