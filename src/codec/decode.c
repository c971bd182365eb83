/* SPDX-License-Identifier: Apache-2.0 */
/* A document to a state: the keys at its top, and the lists of items. Used by document.c and object_json.c. */
#include "codec/decode.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/redact.h"

static const struct xsn_field uris_field = {
        .name = "hosts", .type = XSNET_TYPE_STRS, .flags = XSN_F_SET | XSN_F_ONE, .min = 1, .max = 4096
};

static void fault(struct xsn_decoder *d, const struct xsn_path *path, struct xsn_pos pos, int code, const char *reason,
                  const char *message)
{
        char where[XSN_PATH_TEXT];

        xsn_report_add(d->report, pos, xsn_path_text(path, where), code, reason, "%s", message);
}

/* ---- format ---- */

static bool check_format(struct xsn_decoder *d, const struct xsn_node *root)
{
        const struct xsn_path path = { .key = "format" };
        const struct xsn_node *format = xsn_node_get(root, "format");

        if (!format) {
                fault(d, &path, root->pos, -EINVAL, "missing", "expected 'format: 1', found no format");
                return false;
        }
        if (format->type != XSN_NODE_SCALAR ||
            (format->style != XSN_STYLE_PLAIN && format->style != XSN_STYLE_NUMBER)) {
                xsn_decode_wrong_type(d, &path, "the number 1", format);
                return false;
        }
        if (!xsn_node_is(format, "1")) {
                char where[XSN_PATH_TEXT];

                xsn_report_add(d->report, format->pos, xsn_path_text(&path, where), -EINVAL, "unsupported-format",
                               "this version reads format 1, found '%s'", format->text);
                return false;
        }
        return true;
}

/* ---- owner and hosts ---- */

static void read_owner(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                       struct xsnet_state *state)
{
        _cleanup_(xsn_freep) char *owner = NULL;
        struct xsnet_error *err = NULL;
        char where[XSN_PATH_TEXT];

        if (xsn_decode_text(d, path, node, &owner) && xsnet_state_set_owner(state, owner, &err) < 0)
                xsn_report_take(d->report, node->pos, xsn_path_text(path, where), err);
}

/* A password has no place in a document, nor in a message about it: this comes before any other look at the text. */
static bool check_uri(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node)
{
        if (node->type != XSN_NODE_SCALAR || !xsn_uri_has_password(node->text))
                return true;
        fault(d, path, node->pos, -EINVAL, "password",
              "a document holds no passwords: they are given as options of the target");
        return false;
}

/* A URI or several. */
static bool read_uris(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                      struct xsn_host *host)
{
        struct xsn_path at = { .up = path };
        bool ok = check_uri(d, path, node);

        for (const struct xsn_child *child = node->type == XSN_NODE_LIST ? node->first : NULL; child;
             child = child->next, at.index++)
                ok &= check_uri(d, &at, child->value);
        return ok && xsn_decode_list(d, path, &uris_field, node, &host->uris);
}

/* What an observed state knows of a host: {uuid, label, uris}. */
static void read_host_map(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                          struct xsn_host *host)
{
        static const char *const known[] = { "uuid", "label", "uris" };

        for (const struct xsn_child *child = node->first; child; child = child->next) {
                struct xsn_path at = { .up = path, .key = child->key->text };

                if (xsn_node_is(child->key, "uuid"))
                        xsn_decode_text(d, &at, child->value, &host->uuid);
                else if (xsn_node_is(child->key, "label"))
                        xsn_decode_text(d, &at, child->value, &host->label);
                else if (xsn_node_is(child->key, "uris"))
                        read_uris(d, &at, child->value, host);
                else
                        xsn_decode_unknown_key(d, &at, child->key, known, XSN_ARRAY_SIZE(known));
        }
}

static void read_host(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_child *child,
                      struct xsnet_state *state)
{
        struct xsn_path at = { .up = path, .key = child->key->text };
        struct xsn_host *host;

        if (!*at.key || child->key->n > 255) {
                fault(d, &at, child->key->pos, -EINVAL, "bad-value", "expected a host's label of 1..255 bytes");
                return;
        }
        if (xsn_state_add_host(state, at.key, &host) < 0) {
                d->report->failed = true;
                return;
        }
        host->pos = child->key->pos;
        if ((d->flags & XSN_CODEC_OBSERVED) && child->value->type == XSN_NODE_MAP)
                read_host_map(d, &at, child->value, host);
        else if (read_uris(d, &at, child->value, host) && !host->uris.n && !(d->flags & XSN_CODEC_OBSERVED))
                xsn_decode_wrong_type(d, &at, "a URI or several", child->value);
}

static void read_hosts(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *node,
                       struct xsnet_state *state)
{
        char where[XSN_PATH_TEXT];

        if (node->type != XSN_NODE_MAP) {
                if (check_uri(d, path, node))
                        xsn_decode_wrong_type(d, path, "a map of hosts", node);
                return;
        }
        if (node->n > XSN_CODEC_HOSTS_MAX) {
                xsn_report_add(d->report, node->pos, xsn_path_text(path, where), -E2BIG, "too-big",
                               "expected at most %u hosts, found %u", XSN_CODEC_HOSTS_MAX, node->n);
                return;
        }
        for (const struct xsn_child *child = node->first; child && !d->report->failed; child = child->next)
                read_host(d, path, child, state);
}

/* ---- items ---- */

/* False: there are too many objects, so that the rest need not be read. */
static bool read_items(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_class *cls,
                       const struct xsn_node *node, struct xsnet_state *state)
{
        struct xsn_path at = { .up = path };
        char where[XSN_PATH_TEXT];

        if (node->type == XSN_NODE_NULL) /* "vlans:" with every item commented out */
                return true;
        if (node->type != XSN_NODE_LIST)
                return xsn_decode_wrong_type(d, path, "a list of items", node) || true;
        for (const struct xsn_child *child = node->first; child && !d->report->failed; child = child->next) {
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;

                if (++d->n_items > XSN_CODEC_ITEMS_MAX) {
                        xsn_report_add(d->report, child->value->pos, xsn_path_text(&at, where), -E2BIG, "too-big",
                                       "expected at most %u objects, found more", XSN_CODEC_ITEMS_MAX);
                        return false;
                }
                obj = xsn_decode_item(d, &at, cls, child->value);
                if (obj)
                        obj->item = (uint32_t)at.index;
                if (obj && xsn_state_add(state, obj) < 0)
                        d->report->failed = true;
                at.index++;
        }
        return true;
}

static const struct xsn_class *class_of_list(const char *plural)
{
        const struct xsn_class *cls = xsn_class_find(plural);

        return cls && !strcmp(cls->plural, plural) ? cls : NULL;
}

static void unknown_key(struct xsn_decoder *d, const struct xsn_path *path, const struct xsn_node *key)
{
        const char *known[XSN_N_KINDS + 4] = { "format", "owner", "prune", "hosts" };

        for (int kind = 1; kind <= XSN_N_KINDS; kind++)
                known[kind + 3] = xsn_class_of(kind)->plural;
        xsn_decode_unknown_key(d, path, key, known, XSN_ARRAY_SIZE(known));
}

bool xsn_decode_document(struct xsn_decoder *d, const struct xsn_node *root, struct xsnet_state *state)
{
        if (root->type != XSN_NODE_MAP)
                return xsn_decode_wrong_type(d, NULL, "a map", root);
        if (!check_format(d, root)) /* another format may have other keys */
                return false;
        for (const struct xsn_child *child = root->first; child && !d->report->failed; child = child->next) {
                struct xsn_path path = { .key = child->key->text };
                const struct xsn_class *cls = class_of_list(path.key);

                if (cls) {
                        if (!read_items(d, &path, cls, child->value, state))
                                return false;
                } else if (!strcmp(path.key, "owner")) {
                        read_owner(d, &path, child->value, state);
                } else if (!strcmp(path.key, "prune")) {
                        xsn_decode_bool(d, &path, child->value, &state->prune);
                        state->prune_pos = child->value->pos;
                } else if (!strcmp(path.key, "hosts")) {
                        read_hosts(d, &path, child->value, state);
                } else if (!strcmp(path.key, "private-networks")) {
                        fault(d, &path, child->key->pos, -EINVAL, "not-supported",
                              "private-networks come with a later version");
                } else if (strcmp(path.key, "format") != 0) {
                        unknown_key(d, &path, child->key);
                }
        }
        if (!state->owner && xsn_node_get(root, "owner"))
                state->prune = false; /* what is wrong with the owner has been said */
        return !d->report->failed;
}
