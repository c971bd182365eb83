/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a byte stream into the JSON objects that follow each other in it, with or without white space
 * between them: JSON-RPC has no other framing. Each byte is looked at once, however the stream was cut, and an
 * object beyond a limit is refused before a parser spends memory on it. Used by ovsdb.c.
 */
#ifndef TRANSPORT_OVSDB_FRAME_H
#define TRANSPORT_OVSDB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define XSN_OVSDB_DEPTH_MAX 64

struct xsn_ovsdb_limits {
        size_t size;    /* bytes of an object */
        size_t values;  /* values, keys counted, of an object: a parser needs far more memory for each than the text */
        unsigned depth; /* objects and arrays within each other, at most XSN_OVSDB_DEPTH_MAX */
};

extern const struct xsn_ovsdb_limits xsn_ovsdb_default_limits;

/* All zero but the limits is an empty one. */
struct xsn_ovsdb_frame {
        struct xsn_ovsdb_limits limits;
        char *data;
        size_t cap;
        size_t start;    /* of the object that is being read, or of what was not looked at */
        size_t scanned;  /* up to here bytes were looked at */
        size_t len;      /* of data in use */
        size_t n_values; /* of the object so far */
        uint64_t kinds;  /* bit n: what is open at depth n is an array */
        unsigned depth;  /* 0: between objects */
        bool in_string;
        bool escaped; /* in a string, behind a backslash */
};

/* Room for at least one byte, at the end of the stream. 0; -ENOMEM. */
int xsn_ovsdb_frame_room(struct xsn_ovsdb_frame *frame, char **ret_room, size_t *ret_size);
/* n bytes were put into the room. */
void xsn_ovsdb_frame_filled(struct xsn_ovsdb_frame *frame, size_t n);
/*
 * The next complete object: 1, with its text, valid until the next call; 0: it has not come yet. -EPROTO "bad-reply",
 * -EMSGSIZE "too-big": the stream cannot be read any further.
 */
int xsn_ovsdb_frame_next(struct xsn_ovsdb_frame *frame, const char **ret_text, size_t *ret_len,
                         struct xsnet_error **ret_err);
/* Forgets what has come: for a new stream. The limits stay. */
void xsn_ovsdb_frame_reset(struct xsn_ovsdb_frame *frame);

#endif
