/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing as a stream of events: encode.c tells what a state is made of, json_write.c and yaml_write.c make text of it
 * while it comes. Nothing is built up first, as journals and plans have thousands of objects. The first failure
 * sticks, what follows it is ignored, and xsn_emit_done() reports it.
 */
#ifndef CODEC_EMIT_H
#define CODEC_EMIT_H

#include <string.h>

#include "codec/codec.h"
#include "model/state.h"

/* Where a map or list begins or ends. */
enum {
        XSN_EMIT_MAP,
        XSN_EMIT_MAP_END,
        XSN_EMIT_MAPS,    /* a list of maps */
        XSN_EMIT_SCALARS, /* a list of anything else */
        XSN_EMIT_LIST_END
};

struct xsn_emit {
        /* The notation's. s is UTF-8 that ends with a NUL. */
        void (*edge)(struct xsn_emit *emit, int edge);
        void (*key)(struct xsn_emit *emit, const char *s, size_t len, bool ours);
        /* A text, or a word that both notations have: null, true, false, a number. */
        void (*scalar)(struct xsn_emit *emit, const char *s, size_t len, bool word);
        unsigned flags;      /* XSN_CODEC_* */
        struct xsn_buf text; /* a scalar that is printed */
        int r;               /* the first failure; of the buffer that is written to, that itself knows */
};

/* One of XSN_EMIT_* */
void xsn_emit(struct xsn_emit *emit, int edge);
/* A key of ours, in which there is nothing to escape; and one that is anything, checked as a text is. */
void xsn_emit_key(struct xsn_emit *emit, const char *key);
void xsn_emit_name(struct xsn_emit *emit, const char *name);
/* NULL: null. What is not UTF-8 is repaired; with XSN_CODEC_OBSERVED it is -EILSEQ. */
void xsn_emit_text(struct xsn_emit *emit, const char *text);
/* An empty buffer to print a text to, and then the text: it is checked as above. */
struct xsn_buf *xsn_emit_print(struct xsn_emit *emit);
void xsn_emit_printed(struct xsn_emit *emit);
void xsn_emit_number(struct xsn_emit *emit, uint64_t n);
void xsn_emit_bool(struct xsn_emit *emit, bool yes);
void xsn_emit_null(struct xsn_emit *emit);
/* A key of ours, and a text. */
void xsn_emit_key_text(struct xsn_emit *emit, const char *key, const char *text);
/* The value of a row, for instance "active-backup" or ["eth0", "eth3"]. */
void xsn_emit_value(struct xsn_emit *emit, const struct xsn_field *field, const void *value);
/* An object alone carries its kind: {"kind": "vlan", "pif": "eth1", "tag": 100}. NULL: null. */
void xsn_emit_object(struct xsn_emit *emit, const struct xsnet_object *obj);
/* 0, -EILSEQ or -ENOMEM. */
int xsn_emit_done(struct xsn_emit *emit);

struct xsn_json_emit {
        struct xsn_emit emit;
        struct xsn_buf *buf;
        bool indent;
        bool any;   /* the map or list that is open has an item */
        bool keyed; /* a value is next, right behind its key */
        unsigned depth;
};

/* JSON is appended to buf, indented by two, or on one line. */
void xsn_json_begin(struct xsn_json_emit *json, bool indent, unsigned flags, struct xsn_buf *buf);

#endif
