/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a payload on a host: "KEY=VALUE;KEY=VALUE...", without ';' in values. What the keys are is the
 * backend's; those of kept.c are both backends'.
 */
#ifndef BACKEND_DOM0_PAYLOAD_H
#define BACKEND_DOM0_PAYLOAD_H

#include "backend/dom0/net.h"
#include "model/object.h"

/* Where the value of the key begins; it ends before a ';' or with the text. NULL: not there. */
const char *xsn_d0_payload_find(const struct xsnet_object *obj, const char *key);
/* The number of a key; `otherwise` where it is not there. */
uint32_t xsn_d0_payload_number(const struct xsnet_object *obj, const char *key, uint32_t otherwise);
/* The bytes of a value, as far as they parse, and at most size; their number. value may be NULL. */
size_t xsn_d0_payload_read(const char *value, unsigned char *ret_data, size_t size);
/* The bytes of a key, without those that do not parse; the caller's; NULL: none. 0 or -ENOMEM. */
int xsn_d0_payload_bytes(const struct xsnet_object *obj, const char *key, unsigned char **ret_data, size_t *ret_n);
/* Adds ";KEY=VALUE..." and empties the buffer. 0 or -ENOMEM. */
int xsn_d0_payload_append(struct xsnet_object *obj, struct xsn_buf *more);
void xsn_d0_payload_hex(struct xsn_buf *buf, const void *data, size_t n);

/* ---- kept.c: addresses and routes that others set, beyond what documents say of them ---- */

#define XSN_D0_KEPT_INDEX 1 /* the number of the link that what is kept is about */

/* Adds them to the payload of the object that has them; `ours`: the place carries our mark. 0 or -ENOMEM. */
int xsn_d0_kept_save(const struct xsn_d0_net *net, const struct xsn_d0_link *place, bool ours,
                     struct xsnet_object *obj);
/* A table with one link, which has what was kept; xsn_d0_net_done() frees it. 0 or -ENOMEM. */
int xsn_d0_kept_load(const struct xsnet_object *obj, struct xsn_d0_net *ret_net);
/* That link; NULL: nothing was kept. */
const struct xsn_d0_link *xsn_d0_kept(const struct xsn_d0_net *net);

#endif
