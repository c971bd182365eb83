/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects and states as JSON values: what journals and printed plans are made of. An
 * object alone carries its kind: {"kind": "vlan", "pif": "eth1", "tag": 100}.
 */
#ifndef CODEC_OBJECT_JSON_H
#define CODEC_OBJECT_JSON_H

#include <jansson.h>

#include "codec/codec.h"
#include "model/state.h"

static inline void xsn_json_decrefp(json_t **json)
{
        json_decref(*json);
}

/* The value of a row, for instance "active-backup" or ["eth0", "eth3"]. 0; -EILSEQ as below; -ENOMEM. */
int xsn_codec_value_to_json(const struct xsn_field *field, const void *value, unsigned flags, json_t **ret_json);
/* 0; -EILSEQ, with XSN_CODEC_OBSERVED, for a text that is not UTF-8; -ENOMEM. */
int xsn_codec_object_to_json(const struct xsnet_object *obj, unsigned flags, json_t **ret_json);
int xsn_codec_object_from_json(const json_t *json, unsigned flags, struct xsnet_object **ret_obj,
                               struct xsnet_error **ret_err);

/* The whole document as a value. */
int xsn_codec_state_to_json(const struct xsnet_state *state, unsigned flags, json_t **ret_json);
int xsn_codec_state_from_json(const json_t *json, unsigned flags, struct xsnet_state **ret_state,
                              struct xsnet_error **ret_err);

/* Appends the text of a value, indented by two, or on one line. 0 or -ENOMEM. */
int xsn_json_write(const json_t *json, bool indent, struct xsn_buf *buf);

#endif
