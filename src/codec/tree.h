/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document says before anyone asks what it means: maps, lists, scalars and
 * nulls, each with its place in the text. yaml_read.c and json_read.c make it,
 * decode.c reads it. A tree owns all its memory; a node that an alias names stands in
 * the tree more than once.
 */
#ifndef CODEC_TREE_H
#define CODEC_TREE_H

#include "codec/report.h"

/* A bad node stands for one that the reader has reported: nobody need complain about it again. */
enum {
        XSN_NODE_NULL,
        XSN_NODE_BAD,
        XSN_NODE_SCALAR,
        XSN_NODE_LIST,
        XSN_NODE_MAP
};

/* How a scalar was written. */
enum {
        XSN_STYLE_PLAIN,  /* YAML without quotes: the row's type says what it is */
        XSN_STYLE_TEXT,   /* in quotes: a text */
        XSN_STYLE_NUMBER, /* JSON */
        XSN_STYLE_BOOL    /* JSON */
};

struct xsn_child {
        struct xsn_node *key; /* of a map, a scalar; NULL in lists */
        struct xsn_node *value;
        struct xsn_child *next;
};

struct xsn_node {
        uint8_t type;    /* XSN_NODE_* */
        uint8_t style;   /* XSN_STYLE_*, of scalars and keys */
        uint16_t height; /* levels of lists and maps, this one included; 0: a scalar */
        uint32_t n;      /* of children, or bytes of text */
        struct xsn_pos pos;
        uint64_t weight; /* about the bytes of its text, aliases expanded */
        union {
                const char *text; /* of a scalar, NUL-terminated, no NUL within; of a null, NULL */
                struct {
                        struct xsn_child *first, *last;
                };
        };
};

struct xsn_block;

/* All zero is an empty tree. */
struct xsn_tree {
        struct xsn_block *blocks;
        size_t left; /* bytes in the first block */
        size_t n_nodes;
        struct xsn_node *root;
};

void xsn_tree_done(struct xsn_tree *tree);

/*
 * The makers of trees return 0; -ENOMEM; -E2BIG, reported, beyond XSN_CODEC_VALUES_MAX.
 * Text is copied; one with NUL is reported and becomes a bad node.
 */
int xsn_tree_collection(struct xsn_tree *tree, struct xsn_report *report, int type, struct xsn_pos pos,
                        struct xsn_node **ret_node);
int xsn_tree_scalar(struct xsn_tree *tree, struct xsn_report *report, int style, const char *text, size_t len,
                    struct xsn_pos pos, struct xsn_node **ret_node);
/* XSN_NODE_NULL or XSN_NODE_BAD */
int xsn_tree_nothing(struct xsn_tree *tree, struct xsn_report *report, int type, struct xsn_pos pos,
                     struct xsn_node **ret_node);
/* key is NULL in lists. */
int xsn_tree_add(struct xsn_tree *tree, struct xsn_node *parent, struct xsn_node *key, struct xsn_node *value);
/* A copy that lives as long as the tree; NULL without memory. */
char *xsn_tree_strndup(struct xsn_tree *tree, const char *s, size_t len);

/* The value of a key, NULL. */
struct xsn_node *xsn_node_get(const struct xsn_node *map, const char *key);
/* Is it that text? */
bool xsn_node_is(const struct xsn_node *node, const char *text);
/* "a list", "a number": what was found, for messages. */
const char *xsn_node_what(const struct xsn_node *node);

/* Both read one document. What is wrong is in the report; -EINVAL, -E2BIG: no tree could be made of it; -ENOMEM. */
int xsn_yaml_read(const char *text, size_t len, struct xsn_report *report, struct xsn_tree *tree);
int xsn_json_read(const char *text, size_t len, struct xsn_report *report, struct xsn_tree *tree);

#endif
