/* SPDX-License-Identifier: Apache-2.0 */
/* Objects from JSON values: what journals are read from. emit.h writes them. */
#ifndef CODEC_OBJECT_JSON_H
#define CODEC_OBJECT_JSON_H

#include <jansson.h>

#include "model/object.h"

static inline void xsn_json_decrefp(json_t **json)
{
        json_decref(*json);
}

/* The object carries its kind: {"kind": "vlan", "pif": "eth1", "tag": 100}. */
int xsn_codec_object_from_json(const json_t *json, unsigned flags, struct xsnet_object **ret_obj,
                               struct xsnet_error **ret_err);

#endif
