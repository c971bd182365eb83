/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON value to a tree, for object_json.c. Reading a text is xsn_json_read(), in tree.h. */
#ifndef CODEC_JSON_READ_H
#define CODEC_JSON_READ_H

#include <jansson.h>

#include "codec/tree.h"

/* As xsn_json_read(); no node has a place. */
int xsn_json_tree(const json_t *json, struct xsn_report *report, struct xsn_tree *tree);

#endif
