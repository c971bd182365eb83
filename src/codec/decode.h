/* SPDX-License-Identifier: Apache-2.0 */
/* A tree to a state: decode.c the document, decode_item.c its items, decode_value.c their values. */
#ifndef CODEC_DECODE_H
#define CODEC_DECODE_H

#include "codec/codec.h"
#include "codec/tree.h"
#include "model/state.h"

/* Where the decoder is, on its stack: a key within what is above, or an item of it. */
struct xsn_path {
        const struct xsn_path *up; /* NULL: the document */
        const char *key;           /* NULL: an item of a list */
        size_t index;
};

struct xsn_decoder {
        struct xsn_report *report;
        unsigned flags; /* XSN_CODEC_* */
        bool alone;     /* an object by itself: its key `kind` is not part of it */
        size_t n_items; /* objects so far */
        size_t n_bad;   /* nodes that the reader has reported, as far as they were met */
};

/*
 * Errors go to the report; its `failed` says that there was no memory. False: the
 * document was not read to its end.
 */
bool xsn_decode_document(struct xsn_decoder *d, const struct xsn_node *root, struct xsnet_state *state);
/* NULL where something was wrong with it, see the report. */
struct xsnet_object *xsn_decode_item(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_class *cls,
                                     const struct xsn_node *node);
/* Row i of the object: a value, or null for a reset. */
void xsn_decode_row(struct xsn_decoder *d, const struct xsn_path *path, struct xsnet_object *obj, size_t i,
                    const struct xsn_node *node);

/*
 * For what is no row of a kind: a value as a row like it would take it, in place of the old one. False where something
 * was wrong.
 */
bool xsn_decode_list(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_field *field,
                     const struct xsn_node *node, struct xsn_list *ret_list);
bool xsn_decode_bool(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node, bool *ret_value);
bool xsn_decode_text(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node, char **ret_text);

/* "vlans[2].tag" into buf, which is returned; a long one is cut. */
#define XSN_PATH_TEXT 256
const char *xsn_path_text(const struct xsn_path *path, char buf[XSN_PATH_TEXT]);
/* "expected ..., found a list". Returns false. */
bool xsn_decode_wrong_type(struct xsn_decoder *d, const struct xsn_path *path, const char *expected,
                           const struct xsn_node *node);
/* "unknown key 'tga'; did you mean 'tag'?" */
void xsn_decode_unknown_key(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *key,
                            const char *const *known, size_t n_known);

#endif
