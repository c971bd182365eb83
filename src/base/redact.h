/* SPDX-License-Identifier: Apache-2.0 */
/* URIs without what nobody but the peer may read: for messages, journals and names of targets. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Writes a URI without its user part ("root:secret@") and without options such as "password=". Whatever may be a user
 * part is taken for one: text that is no URI comes here, too.
 */
void xsn_redact_uri(const char *text, struct xsn_buf *buf);
/* Where the options begin, at a '?' or at the end: the first '?' that is none of the user part's. */
size_t xsn_uri_options_at(const char *text);
/* Does the URI hold a password: in its user part, or as an option? What cannot be read counts as one. */
bool xsn_uri_has_password(const char *text);

#endif
