/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to a tree, from libyaml's events. What is wrong but leaves the text readable
 * (duplicate keys, tags, merge keys) is reported and reading goes on.
 */
#include "codec/tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "codec/codec.h"
#include "codec/text.h"

struct reader {
        yaml_parser_t parser;
        const char *text;
        size_t len;
        struct xsn_tree *tree;
        struct xsn_report *report;
        struct xsn_hash anchors; /* name -> node; names live in the tree */
};

static int read_node(struct reader *r, yaml_event_t *event, unsigned depth, struct xsn_node **ret_node);

static struct xsn_pos mark_pos(const yaml_mark_t *mark)
{
        return (struct xsn_pos){ (uint32_t)mark->line + 1, (uint32_t)mark->column + 1 };
}

/* libyaml's own words: what it found and what it was reading. */
static int syntax_error(struct reader *r)
{
        const yaml_parser_t *p = &r->parser;
        struct xsn_pos pos = mark_pos(&p->problem_mark);

        if (p->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        if (p->error == YAML_READER_ERROR) /* has an offset instead of a mark */
                pos = xsn_text_pos(r->text, r->len, p->problem_offset);
        return xsn_report_add(r->report, pos, NULL, -EINVAL, "syntax", "expected YAML: %s%s%s",
                              p->problem ? p->problem : "it cannot be read", p->context ? ", " : "",
                              p->context ? p->context : "");
}

static int next_event(struct reader *r, yaml_event_t *event)
{
        return yaml_parser_parse(&r->parser, event) ? 0 : syntax_error(r);
}

static void refuse_tag(struct reader *r, const yaml_char_t *tag, struct xsn_pos pos)
{
        if (tag)
                xsn_report_add(r->report, pos, NULL, -EINVAL, "tag", "tags such as '%s' are not part of documents",
                               (const char *)tag);
}

/* The anchor holds from the end of its node on: no alias can stand within what it names. */
static int set_anchor(struct reader *r, const char *name, struct xsn_node *node)
{
        return name && xsn_hash_put_str(&r->anchors, name, node) < 0 ? -ENOMEM : 0;
}

/* The anchor's name, kept by the tree, as the event goes before its node is complete. */
static int keep_anchor(struct reader *r, const yaml_char_t *anchor, const char **ret_name)
{
        *ret_name = anchor ? xsn_tree_strndup(r->tree, (const char *)anchor, strlen((const char *)anchor)) : NULL;
        return anchor && !*ret_name ? -ENOMEM : 0;
}

static bool is_null(const char *text, size_t len)
{
        static const char *const words[] = { "", "~", "null", "Null", "NULL" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(words); i++)
                if (strlen(words[i]) == len && !memcmp(words[i], text, len))
                        return true;
        return false;
}

static int read_scalar(struct reader *r, const yaml_event_t *event, struct xsn_node **ret_node)
{
        struct xsn_pos pos = mark_pos(&event->start_mark);
        const char *text = (const char *)event->data.scalar.value;
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        const char *anchor;
        int n;

        refuse_tag(r, event->data.scalar.tag, pos);
        if (plain && is_null(text, event->data.scalar.length))
                n = xsn_tree_nothing(r->tree, r->report, XSN_NODE_NULL, pos, ret_node);
        else
                n = xsn_tree_scalar(r->tree, r->report, plain ? XSN_STYLE_PLAIN : XSN_STYLE_TEXT, text,
                                    event->data.scalar.length, pos, ret_node);
        if (n < 0 || keep_anchor(r, event->data.scalar.anchor, &anchor) < 0)
                return n < 0 ? n : -ENOMEM;
        return set_anchor(r, anchor, *ret_node);
}

static int read_alias(struct reader *r, const yaml_event_t *event, unsigned depth, struct xsn_node **ret_node)
{
        struct xsn_pos pos = mark_pos(&event->start_mark);
        const char *name = (const char *)event->data.alias.anchor;
        struct xsn_node *node = xsn_hash_get_str(&r->anchors, name);

        if (!node) {
                xsn_report_add(r->report, pos, NULL, -EINVAL, "unknown-anchor",
                               "expected the name of an anchor that ended before, found '*%s'", name);
                return xsn_tree_nothing(r->tree, r->report, XSN_NODE_BAD, pos, ret_node);
        }
        if (depth + node->height > XSN_CODEC_DEPTH_MAX)
                return xsn_report_add(r->report, pos, NULL, -E2BIG, "too-deep",
                                      "expected at most %u lists and maps within each other, found more by '*%s'",
                                      XSN_CODEC_DEPTH_MAX, name);
        *ret_node = node;
        return 0;
}

/* Weights are about the bytes of the text, thus only aliases can bring a node above the limit. */
static int check_weight(struct reader *r, const struct xsn_node *node, struct xsn_pos pos)
{
        if (node->weight <= (uint64_t)XSN_CODEC_EXPAND_MAX * (r->len + 16))
                return 0;
        return xsn_report_add(r->report, pos, NULL, -E2BIG, "too-big",
                              "expected aliases that expand to at most %u times the text, found more",
                              XSN_CODEC_EXPAND_MAX);
}

static int read_list(struct reader *r, struct xsn_node *list, unsigned depth)
{
        for (;;) {
                struct xsn_node *value;
                yaml_event_t event;
                struct xsn_pos pos;
                int n = next_event(r, &event);

                if (n < 0)
                        return n;
                if (event.type == YAML_SEQUENCE_END_EVENT) {
                        yaml_event_delete(&event);
                        return 0;
                }
                pos = mark_pos(&event.start_mark);
                n = read_node(r, &event, depth, &value);
                if (n < 0 || (n = xsn_tree_add(r->tree, list, NULL, value)) < 0 || (n = check_weight(r, list, pos)) < 0)
                        return n;
        }
}

/* A key that cannot be one is reported and NULL: its value is read and left out. */
static int read_key(struct reader *r, yaml_event_t *event, unsigned depth, struct xsn_node **ret_key)
{
        struct xsn_pos pos = mark_pos(&event->start_mark);
        bool plain = event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        struct xsn_node *key;
        int n;

        /* "null:" and "~:" are keys of that name; a plain empty key is a slip. */
        if (plain && event->data.scalar.length && !event->data.scalar.anchor) {
                refuse_tag(r, event->data.scalar.tag, pos);
                n = xsn_tree_scalar(r->tree, r->report, XSN_STYLE_PLAIN, (const char *)event->data.scalar.value,
                                    event->data.scalar.length, pos, &key);
                yaml_event_delete(event);
        } else {
                n = read_node(r, event, depth, &key);
        }
        if (n < 0)
                return n;
        if (key->type != XSN_NODE_SCALAR) {
                *ret_key = NULL;
                if (key->type == XSN_NODE_BAD)
                        return 0;
                xsn_report_add(r->report, pos, NULL, -EINVAL, "bad-key", "expected a key, found %s",
                               key->type == XSN_NODE_NULL ? "nothing" : xsn_node_what(key));
                return 0;
        }
        *ret_key = key;
        if (plain && !strcmp(key->text, "<<")) {
                xsn_report_add(r->report, pos, NULL, -EINVAL, "merge-key", "merge keys are not part of documents");
                *ret_key = NULL;
        }
        return 0;
}

static void report_duplicate(struct reader *r, const struct xsn_node *key, const struct xsn_node *first)
{
        xsn_report_add(r->report, key->pos, NULL, -EINVAL, "duplicate-key", "the key '%s' stands twice, at %u:%u too",
                       key->text, first->pos.line, first->pos.column);
}

/* Most maps have a handful of keys: a walk is faster than a table then. */
static void check_few(struct reader *r, const struct xsn_node *map)
{
        for (const struct xsn_child *child = map->first; child; child = child->next) {
                for (const struct xsn_child *first = map->first; first != child; first = first->next) {
                        if (!strcmp(first->key->text, child->key->text)) {
                                report_duplicate(r, child->key, first->key);
                                break;
                        }
                }
        }
}

static int check_many(struct reader *r, const struct xsn_node *map)
{
        struct xsn_hash keys = { 0 };
        int n = 0;

        for (const struct xsn_child *child = map->first; child && !n; child = child->next) {
                struct xsn_node *first = xsn_hash_get_str(&keys, child->key->text);

                if (first)
                        report_duplicate(r, child->key, first);
                else
                        n = xsn_hash_put_str(&keys, child->key->text, child->key);
        }
        xsn_hash_done(&keys);
        return n;
}

static int check_duplicates(struct reader *r, const struct xsn_node *map)
{
        if (map->n > 16)
                return check_many(r, map);
        check_few(r, map);
        return 0;
}

static int read_map(struct reader *r, struct xsn_node *map, unsigned depth)
{
        for (;;) {
                struct xsn_node *key, *value;
                yaml_event_t event;
                struct xsn_pos pos;
                int n = next_event(r, &event);

                if (n < 0)
                        return n;
                if (event.type == YAML_MAPPING_END_EVENT) {
                        yaml_event_delete(&event);
                        return check_duplicates(r, map);
                }
                pos = mark_pos(&event.start_mark);
                n = read_key(r, &event, depth, &key);
                if (n < 0 || (n = next_event(r, &event)) < 0 || (n = read_node(r, &event, depth, &value)) < 0 ||
                    (key && (n = xsn_tree_add(r->tree, map, key, value)) < 0) || (n = check_weight(r, map, pos)) < 0)
                        return n;
        }
}

static int read_collection(struct reader *r, const yaml_event_t *event, unsigned depth, struct xsn_node **ret_node)
{
        bool list = event->type == YAML_SEQUENCE_START_EVENT;
        struct xsn_pos pos = mark_pos(&event->start_mark);
        const char *anchor;
        int n;

        if (depth >= XSN_CODEC_DEPTH_MAX)
                return xsn_report_add(r->report, pos, NULL, -E2BIG, "too-deep",
                                      "expected at most %u lists and maps within each other, found more",
                                      XSN_CODEC_DEPTH_MAX);
        refuse_tag(r, list ? event->data.sequence_start.tag : event->data.mapping_start.tag, pos);
        if (keep_anchor(r, list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor, &anchor) < 0)
                return -ENOMEM;
        n = xsn_tree_collection(r->tree, r->report, list ? XSN_NODE_LIST : XSN_NODE_MAP, pos, ret_node);
        if (n < 0)
                return n;
        n = list ? read_list(r, *ret_node, depth + 1) : read_map(r, *ret_node, depth + 1);
        return n < 0 ? n : set_anchor(r, anchor, *ret_node);
}

/* Takes the event. `depth`: lists and maps around the node. */
static int read_node(struct reader *r, yaml_event_t *event, unsigned depth, struct xsn_node **ret_node)
{
        int n;

        switch (event->type) {
        case YAML_SCALAR_EVENT:
                n = read_scalar(r, event, ret_node);
                break;
        case YAML_ALIAS_EVENT:
                n = read_alias(r, event, depth, ret_node);
                break;
        default:
                n = read_collection(r, event, depth, ret_node);
        }
        yaml_event_delete(event);
        return n;
}

/* The events around the one document: stream start, document start, document end, stream end. */
static int read_stream(struct reader *r)
{
        bool done = false;

        for (;;) {
                yaml_event_t event;
                yaml_event_type_t type;
                struct xsn_pos pos;
                int n = next_event(r, &event);

                if (n < 0)
                        return n;
                type = event.type;
                pos = mark_pos(&event.start_mark);
                if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_END_EVENT) {
                        yaml_event_delete(&event);
                        continue;
                }
                if (type == YAML_STREAM_END_EVENT) {
                        yaml_event_delete(&event);
                        return done ? 0
                                    : xsn_report_add(r->report, pos, NULL, -EINVAL, "syntax",
                                                     "expected a document, found nothing");
                }
                if (type == YAML_DOCUMENT_START_EVENT) {
                        yaml_event_delete(&event);
                        if (done)
                                return xsn_report_add(r->report, pos, NULL, -EINVAL, "syntax",
                                                      "expected one document, found another");
                        continue;
                }
                n = read_node(r, &event, 0, &r->tree->root);
                if (n < 0)
                        return n;
                done = true;
        }
}

int xsn_yaml_read(const char *text, size_t len, struct xsn_report *report, struct xsn_tree *tree)
{
        struct reader r = { .text = text, .len = len, .tree = tree, .report = report };
        int n;

        if (!yaml_parser_initialize(&r.parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
        n = read_stream(&r);
        yaml_parser_delete(&r.parser);
        xsn_hash_done(&r.anchors);
        return n;
}
