/* SPDX-License-Identifier: Apache-2.0 */
/* The events of emit.h as YAML, for encode.c. */
#ifndef CODEC_YAML_WRITE_H
#define CODEC_YAML_WRITE_H

#include <yaml.h>

#include "codec/emit.h"

struct xsn_yaml_emit {
        struct xsn_emit emit;
        yaml_emitter_t emitter;
};

/*
 * A document is appended to buf: maps and lists of maps as blocks, lists of scalars on a line; texts in quotes
 * where a reader of YAML 1.1 or 1.2 would take them for anything else. 0, and a done is wanted; -ENOMEM.
 */
int xsn_yaml_begin(struct xsn_yaml_emit *yaml, unsigned flags, struct xsn_buf *buf);
/* As xsn_emit_done(). */
int xsn_yaml_done(struct xsn_yaml_emit *yaml);

/* Would a reader of YAML take the plain text for a null, a boolean, a number, a date or a merge? */
bool xsn_yaml_misread(const char *text);

#endif
