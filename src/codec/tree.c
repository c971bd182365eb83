/* SPDX-License-Identifier: Apache-2.0 */
/* The tree's memory and its few operations; the readers build it, decode.c walks it. */
#include "codec/tree.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/codec.h"

#define BLOCK_SIZE (64u << 10)
#define ALIGN      16u

struct xsn_block {
        struct xsn_block *next;
        size_t used;
        _Alignas(ALIGN) char bytes[];
};

void xsn_tree_done(struct xsn_tree *tree)
{
        while (tree->blocks) {
                struct xsn_block *next = tree->blocks->next;

                xsn_free(tree->blocks);
                tree->blocks = next;
        }
        *tree = (struct xsn_tree){ 0 };
}

/* Zeroed. A piece that is larger than what is left of a block gets a new block, and a large one a block of its own. */
static void *tree_alloc(struct xsn_tree *tree, size_t size)
{
        size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
        void *p;

        if (need > tree->left) {
                size_t room = need > BLOCK_SIZE / 4 ? need : BLOCK_SIZE;
                struct xsn_block *block = xsn_alloc(sizeof(*block) + room);

                if (!block)
                        return NULL;
                if (room == need && tree->blocks) { /* behind the one that still has room */
                        block->next = tree->blocks->next;
                        tree->blocks->next = block;
                        return block->bytes;
                }
                block->next = tree->blocks;
                tree->blocks = block;
                tree->left = room;
        }
        p = tree->blocks->bytes + tree->blocks->used;
        tree->blocks->used += need;
        tree->left -= need;
        return p;
}

char *xsn_tree_strndup(struct xsn_tree *tree, const char *s, size_t len)
{
        char *copy = tree_alloc(tree, len + 1);

        if (copy && len > 0)
                memcpy(copy, s, len);
        return copy;
}

static int node_new(struct xsn_tree *tree, struct xsn_report *report, int type, struct xsn_pos pos,
                    struct xsn_node **ret_node)
{
        struct xsn_node *node = NULL;

        if (tree->n_nodes >= XSN_CODEC_VALUES_MAX)
                return xsn_report_add(report, pos, NULL, -E2BIG, "too-big",
                                      "expected at most %u keys and values, found more", XSN_CODEC_VALUES_MAX);
        node = tree_alloc(tree, sizeof(*node));
        if (!node)
                return -ENOMEM;
        tree->n_nodes++;
        node->type = (uint8_t)type;
        node->pos = pos;
        *ret_node = node;
        return 0;
}

int xsn_tree_collection(struct xsn_tree *tree, struct xsn_report *report, int type, struct xsn_pos pos,
                        struct xsn_node **ret_node)
{
        int r = node_new(tree, report, type, pos, ret_node);

        if (r < 0)
                return r;
        (*ret_node)->height = 1;
        (*ret_node)->weight = 2;
        return 0;
}

int xsn_tree_nothing(struct xsn_tree *tree, struct xsn_report *report, int type, struct xsn_pos pos,
                     struct xsn_node **ret_node)
{
        int r = node_new(tree, report, type, pos, ret_node);

        if (r < 0)
                return r;
        (*ret_node)->weight = 1;
        return 0;
}

int xsn_tree_scalar(struct xsn_tree *tree, struct xsn_report *report, int style, const char *text, size_t len,
                    struct xsn_pos pos, struct xsn_node **ret_node)
{
        struct xsn_node *node = NULL;
        int r;

        if (memchr(text, '\0', len)) {
                xsn_report_add(report, pos, NULL, -EINVAL, "bad-text", "expected a text without NUL");
                return xsn_tree_nothing(tree, report, XSN_NODE_BAD, pos, ret_node);
        }
        r = node_new(tree, report, XSN_NODE_SCALAR, pos, &node);
        if (r < 0)
                return r;
        node->text = xsn_tree_strndup(tree, text, len);
        if (!node->text)
                return -ENOMEM;
        node->style = (uint8_t)style;
        node->n = (uint32_t)len;
        node->weight = len + 1;
        *ret_node = node;
        return 0;
}

int xsn_tree_add(struct xsn_tree *tree, struct xsn_node *parent, struct xsn_node *key, struct xsn_node *value)
{
        struct xsn_child *child = tree_alloc(tree, sizeof(*child));

        if (!child)
                return -ENOMEM;
        child->key = key;
        child->value = value;
        if (parent->last)
                parent->last->next = child;
        else
                parent->first = child;
        parent->last = child;
        parent->n++;
        parent->weight += value->weight + (key ? key->weight : 0);
        if (parent->height <= value->height)
                parent->height = (uint16_t)(value->height + 1);
        return 0;
}

struct xsn_node *xsn_node_get(const struct xsn_node *map, const char *key)
{
        if (map->type != XSN_NODE_MAP)
                return NULL;
        for (struct xsn_child *child = map->first; child; child = child->next)
                if (xsn_node_is(child->key, key))
                        return child->value;
        return NULL;
}

bool xsn_node_is(const struct xsn_node *node, const char *text)
{
        return node->type == XSN_NODE_SCALAR && !strcmp(node->text, text);
}

const char *xsn_node_what(const struct xsn_node *node)
{
        static const char *const styles[] = {
                [XSN_STYLE_PLAIN] = "a scalar",
                [XSN_STYLE_TEXT] = "a text",
                [XSN_STYLE_NUMBER] = "a number",
                [XSN_STYLE_BOOL] = "a boolean",
        };

        switch (node->type) {
        case XSN_NODE_LIST:
                return node->n ? "a list" : "an empty list";
        case XSN_NODE_MAP:
                return node->n ? "a map" : "an empty map";
        case XSN_NODE_NULL:
                return "null";
        default:
                return styles[node->style];
        }
}
