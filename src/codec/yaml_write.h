/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as YAML, for encode.c. */
#ifndef CODEC_YAML_WRITE_H
#define CODEC_YAML_WRITE_H

#include <jansson.h>

#include "base/buf.h"

/*
 * Maps and lists of maps as blocks, lists of scalars on a line; texts in quotes where a
 * reader of YAML 1.1 or 1.2 would take them for anything else. 0 or -ENOMEM.
 */
int xsn_yaml_write(const json_t *json, struct xsn_buf *buf);

/* Would a reader of YAML take the plain text for a null, a boolean, a number, a date or a merge? */
bool xsn_yaml_misread(const char *text);

#endif
