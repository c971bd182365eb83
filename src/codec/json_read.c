/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to a tree: jansson reads the text, json_scan.c tells where each of its values
 * stands. Values without a text (of a journal) become a tree without places.
 */
#include "codec/json_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/json_scan.h"

struct reader {
        struct xsn_json_scan *scan; /* NULL: there is no text */
        struct xsn_report *report;
        struct xsn_tree *tree;
};

static int build(struct reader *r, const json_t *json, unsigned depth, struct xsn_node **ret_node);

static struct xsn_json_token next_token(struct reader *r)
{
        return r->scan ? xsn_json_next(r->scan) : (struct xsn_json_token){ .pos = { 0, 0 } };
}

static int too_deep(struct xsn_report *report, struct xsn_pos pos)
{
        return xsn_report_add(report, pos, NULL, -E2BIG, "too-deep",
                              "expected at most %u lists and maps within each other, found more", XSN_CODEC_DEPTH_MAX);
}

/* As it stands in the text, for it is the row that says what a number may look like. */
static int build_number(struct reader *r, const json_t *json, const struct xsn_json_token *token,
                        struct xsn_node **ret_node)
{
        char text[64];
        int len;

        if (r->scan)
                return xsn_tree_scalar(r->tree, r->report, XSN_STYLE_NUMBER, r->scan->text + token->start,
                                       token->end - token->start, token->pos, ret_node);
        if (json_is_integer(json))
                len = snprintf(text, sizeof(text), "%" PRIdMAX, (intmax_t)json_integer_value(json));
        else
                len = snprintf(text, sizeof(text), "%.17g", json_real_value(json));
        return xsn_tree_scalar(r->tree, r->report, XSN_STYLE_NUMBER, text, (size_t)len, token->pos, ret_node);
}

static int build_list(struct reader *r, const json_t *json, struct xsn_node *list, unsigned depth)
{
        size_t n = json_array_size(json);

        for (size_t i = 0; i < n; i++) {
                struct xsn_node *value;
                int res = build(r, json_array_get(json, i), depth + 1, &value);

                if (res < 0 || (res = xsn_tree_add(r->tree, list, NULL, value)) < 0)
                        return res;
                next_token(r); /* the comma, or the end */
        }
        if (!n)
                next_token(r);
        return 0;
}

/* jansson keeps the members in the order of the text, and no key stands twice. */
static int build_map(struct reader *r, const json_t *json, struct xsn_node *map, unsigned depth)
{
        json_t *members = (json_t *)(uintptr_t)json;
        void *iter = json_object_iter(members);

        if (!iter)
                next_token(r);
        for (; iter; iter = json_object_iter_next(members, iter)) {
                const char *text = json_object_iter_key(iter);
                struct xsn_json_token token = next_token(r);
                struct xsn_node *key, *value;
                int res = xsn_tree_scalar(r->tree, r->report, XSN_STYLE_TEXT, text, strlen(text), token.pos, &key);

                next_token(r); /* the colon */
                if (res < 0 || (res = build(r, json_object_iter_value(iter), depth + 1, &value)) < 0 ||
                    (res = xsn_tree_add(r->tree, map, key, value)) < 0)
                        return res;
                next_token(r); /* the comma, or the end */
        }
        return 0;
}

/* `depth`: lists and maps around the value. */
static int build(struct reader *r, const json_t *json, unsigned depth, struct xsn_node **ret_node)
{
        struct xsn_json_token token = next_token(r);
        int res;

        switch (json_typeof(json)) {
        case JSON_OBJECT:
        case JSON_ARRAY:
                if (depth >= XSN_CODEC_DEPTH_MAX)
                        return too_deep(r->report, token.pos);
                res = xsn_tree_collection(r->tree, r->report, json_is_array(json) ? XSN_NODE_LIST : XSN_NODE_MAP,
                                          token.pos, ret_node);
                if (res < 0)
                        return res;
                return json_is_array(json) ? build_list(r, json, *ret_node, depth)
                                           : build_map(r, json, *ret_node, depth);
        case JSON_STRING:
                return xsn_tree_scalar(r->tree, r->report, XSN_STYLE_TEXT, json_string_value(json),
                                       json_string_length(json), token.pos, ret_node);
        case JSON_INTEGER:
        case JSON_REAL:
                return build_number(r, json, &token, ret_node);
        case JSON_TRUE:
                return xsn_tree_scalar(r->tree, r->report, XSN_STYLE_BOOL, "true", 4, token.pos, ret_node);
        case JSON_FALSE:
                return xsn_tree_scalar(r->tree, r->report, XSN_STYLE_BOOL, "false", 5, token.pos, ret_node);
        case JSON_NULL:
                break;
        }
        return xsn_tree_nothing(r->tree, r->report, XSN_NODE_NULL, token.pos, ret_node);
}

/* Before jansson spends memory on it: is the text within the limits? */
static int check_size(const char *text, size_t len, struct xsn_report *report)
{
        struct xsn_json_scan scan = { .text = text, .len = len, .pos = { 1, 1 } };
        unsigned depth = 0;
        size_t n = 0;

        for (;;) {
                struct xsn_json_token token = xsn_json_next(&scan);

                switch (token.type) {
                case XSN_JSON_END:
                        return 0;
                case '{':
                case '[':
                        if (++depth > XSN_CODEC_DEPTH_MAX)
                                return too_deep(report, token.pos);
                        n++;
                        break;
                case '}':
                case ']':
                        depth -= depth > 0;
                        break;
                case XSN_JSON_STRING:
                case XSN_JSON_WORD:
                        n++;
                        break;
                default:
                        break;
                }
                if (n > XSN_CODEC_VALUES_MAX)
                        return xsn_report_add(report, token.pos, NULL, -E2BIG, "too-big",
                                              "expected at most %u keys and values, found more", XSN_CODEC_VALUES_MAX);
        }
}

static int syntax_error(const char *text, size_t len, const json_error_t *error, struct xsn_report *report)
{
        struct xsn_json_token token = xsn_json_token_at(text, len, error->position > 0 ? (size_t)error->position : 0);
        size_t size = token.end - token.start < 100 ? token.end - token.start : 100;

        switch (json_error_code(error)) {
        case json_error_unknown: /* some failed allocations leave no word */
        case json_error_out_of_memory:
                return -ENOMEM;
        case json_error_duplicate_key:
                return xsn_report_add(report, token.pos, NULL, -EINVAL, "duplicate-key", "the key %.*s stands twice",
                                      (int)size, text + token.start);
        case json_error_null_character:
        case json_error_null_byte_in_key:
                return xsn_report_add(report, token.pos, NULL, -EINVAL, "bad-text", "expected a text without NUL");
        default:
                return xsn_report_add(report, token.pos, NULL, -EINVAL, "syntax", "expected JSON: %s", error->text);
        }
}

int xsn_json_read(const char *text, size_t len, struct xsn_report *report, struct xsn_tree *tree)
{
        struct xsn_json_scan scan = { .text = text, .len = len, .pos = { 1, 1 } };
        struct reader r = { .scan = &scan, .report = report, .tree = tree };
        json_error_t error = { .position = 0 };
        json_t *json;
        int res;

        res = check_size(text, len, report);
        if (res < 0)
                return res;
        json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
        if (!json)
                return syntax_error(text, len, &error, report);
        res = build(&r, json, 0, &tree->root);
        json_decref(json);
        return res;
}

int xsn_json_tree(const json_t *json, struct xsn_report *report, struct xsn_tree *tree)
{
        struct reader r = { .report = report, .tree = tree };

        return build(&r, json, 0, &tree->root);
}
