/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a document: what <xsnet/document.h> and the engine call. encode.c writes them. */
#include <xsnet/document.h>

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "codec/decode.h"
#include "codec/json_read.h"
#include "codec/object_json.h"
#include "codec/text.h"

typedef int (*read_fn)(const char *text, size_t len, struct xsn_report *report, struct xsn_tree *tree);

/* Does it begin like a JSON document? YAML may, too. */
static bool looks_like_json(const char *text, size_t len)
{
        const char *const space = " \t\r\n";
        size_t i = 0;

        while (i < len && strchr(space, text[i]))
                i++;
        if (i >= len || text[i] != '{')
                return false;
        for (i++; i < len && strchr(space, text[i]);)
                i++;
        return i < len && (text[i] == '"' || text[i] == '}');
}

/* What began like JSON and is not may be YAML; where it is neither, the words of the JSON reader stand. */
static int read_either(const char *text, size_t len, struct xsn_report *report, struct xsn_tree *tree)
{
        struct xsn_report json = { .source = report->source };
        int r;

        if (!looks_like_json(text, len))
                return xsn_yaml_read(text, len, report, tree);
        r = xsn_json_read(text, len, &json, tree);
        if (r == -EINVAL) {
                struct xsn_report yaml = { .source = report->source };

                xsn_tree_done(tree);
                if (xsn_yaml_read(text, len, &yaml, tree) >= 0) {
                        xsn_report_done(&json);
                        *report = yaml;
                        return 0;
                }
                xsn_report_done(&yaml);
        }
        *report = json;
        return r;
}

static int read_tree(const char *text, size_t len, int format, struct xsn_report *report, struct xsn_tree *tree)
{
        static const read_fn readers[] = { read_either, xsn_yaml_read, xsn_json_read };
        const char *const bom = "\xef\xbb\xbf";
        size_t bad;

        if (format < 0 || (size_t)format >= XSN_ARRAY_SIZE(readers))
                return xsn_report_add(report, (struct xsn_pos){ 0, 0 }, NULL, -EINVAL, "bad-value",
                                      "expected one of XSNET_FORMAT_*, found %d", format);
        if (len > XSN_CODEC_TEXT_MAX)
                return xsn_report_add(report, (struct xsn_pos){ 0, 0 }, NULL, -E2BIG, "too-big",
                                      "expected at most %u bytes of text, found %zu", XSN_CODEC_TEXT_MAX, len);
        bad = xsn_text_check(text, len);
        if (bad < len)
                return xsn_report_add(report, xsn_text_pos(text, len, bad), NULL, -EINVAL, "bad-text",
                                      "expected UTF-8, found the byte 0x%02x", (unsigned)(unsigned char)text[bad]);
        if (len >= 3 && !memcmp(text, bom, 3)) {
                text += 3;
                len -= 3;
        }
        return readers[format](text, len, report, tree);
}

/* The tree to a state; the caller asks the report whether it may be used. */
static int decode(const struct xsn_node *root, unsigned flags, struct xsn_report *report,
                  struct xsnet_state **ret_state)
{
        struct xsn_decoder d = { .report = report, .flags = flags };
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;

        if (xsn_state_new(&state) < 0)
                return -ENOMEM;
        if (report->source) {
                state->source = xsn_strdup(report->source);
                if (!state->source)
                        return -ENOMEM;
        }
        if (xsn_decode_document(&d, root, state) && !(flags & XSN_CODEC_OBSERVED)) {
                struct xsnet_error *errs = NULL;

                xsn_state_check(state, &errs);
                if (!errs)
                        xsn_state_set_checked(state);
                xsn_report_chain(report, errs);
        }
        *ret_state = XSN_TAKE(state);
        return 0;
}

/* Ends a reading that came to r: gives the state, or what is wrong. */
static int finish(int r, struct xsn_report *report, struct xsn_tree *tree, struct xsnet_state *state,
                  struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        xsn_tree_done(tree);
        if (r == -ENOMEM)
                report->failed = true;
        if (xsn_report_empty(report)) {
                *ret_state = state;
                return 0;
        }
        xsnet_state_unref(state);
        return xsn_report_give(report, ret_err);
}

int xsn_codec_load(const char *text, size_t len, int format, const char *source, unsigned flags,
                   struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        struct xsn_report report = { .source = source };
        struct xsnet_state *state = NULL;
        struct xsn_tree tree = { 0 };
        int r = read_tree(text ? text : "", text ? len : 0, format, &report, &tree); /* as an empty file is mapped */

        if (r >= 0 && !report.failed)
                r = decode(tree.root, flags, &report, &state);
        return finish(r, &report, &tree, state, ret_state, ret_err);
}

/* The object of a tree that has its kind beside its fields. */
static struct xsnet_object *decode_alone(const struct xsn_node *root, unsigned flags, struct xsn_report *report)
{
        struct xsn_decoder d = { .report = report, .flags = flags, .alone = true };
        const struct xsn_node *kind = xsn_node_get(root, "kind");
        const struct xsn_class *cls = kind && kind->type == XSN_NODE_SCALAR ? xsn_class_find(kind->text) : NULL;
        struct xsn_path path = { .key = cls ? cls->name : NULL };

        if (!cls) {
                xsn_report_add(report, root->pos, NULL, -EINVAL, "bad-value", "expected an object with its kind");
                return NULL;
        }
        return xsn_decode_item(&d, &path, cls, root);
}

int xsn_codec_object_from_json(const json_t *json, unsigned flags, struct xsnet_object **ret_obj,
                               struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        struct xsn_report report = { .source = NULL };
        struct xsn_tree tree = { 0 };
        int r = xsn_json_tree(json, &report, &tree);

        if (r >= 0 && !report.failed)
                obj = decode_alone(tree.root, flags, &report);
        xsn_tree_done(&tree);
        if (r == -ENOMEM)
                report.failed = true;
        if (!xsn_report_empty(&report))
                return xsn_report_give(&report, ret_err);
        *ret_obj = XSN_TAKE(obj);
        return 0;
}

XSN_EXPORT int xsnet_document_load(const char *text, size_t len, int format, const char *source,
                                   struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        return xsn_codec_load(text, len, format, source, 0, ret_state, ret_err);
}
