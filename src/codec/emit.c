/* SPDX-License-Identifier: Apache-2.0 */
/* The events of emit.h for values of all types; encode.c makes objects and states of them. */
#include "codec/emit.h"

#include <errno.h>

#include "codec/text.h"

static void fail(struct xsn_emit *emit, int r)
{
        if (!emit->r)
                emit->r = r;
}

/* What is no UTF-8 becomes U+FFFD: a device of that name is better shown so than not at all. */
static void repair(const char *s, size_t len, struct xsn_buf *buf)
{
        for (size_t i = 0; i < len;) {
                size_t n = xsn_utf8_len(s + i, len - i);

                if (n)
                        xsn_buf_putn(buf, s + i, n);
                else
                        xsn_buf_put(buf, "\xef\xbf\xbd");
                i += n ? n : 1;
        }
}

static void put(struct xsn_emit *emit, const char *s, size_t len, bool key)
{
        if (emit->r)
                return;
        if (key)
                emit->key(emit, s, len, false);
        else
                emit->scalar(emit, s, len, false);
}

/* Where the state is to be kept as it is, what is no text is an error. */
static XSN_RARE void put_repaired(struct xsn_emit *emit, const char *s, size_t len, bool key)
{
        struct xsn_buf buf = { 0 };

        if (emit->flags & XSN_CODEC_OBSERVED) {
                fail(emit, -EILSEQ);
                return;
        }
        repair(s, len, &buf);
        if (buf.failed)
                fail(emit, -ENOMEM);
        else
                put(emit, buf.s, buf.len, key);
        xsn_buf_done(&buf);
}

static void put_checked(struct xsn_emit *emit, const char *s, bool key)
{
        size_t len = strlen(s);

        if (xsn_text_check(s, len) == len)
                put(emit, s, len, key);
        else
                put_repaired(emit, s, len, key);
}

static void put_word(struct xsn_emit *emit, const char *word, size_t len)
{
        if (!emit->r)
                emit->scalar(emit, word, len, true);
}

void xsn_emit(struct xsn_emit *emit, int edge)
{
        if (!emit->r)
                emit->edge(emit, edge);
}

void xsn_emit_key(struct xsn_emit *emit, const char *key)
{
        if (!emit->r)
                emit->key(emit, key, strlen(key), true);
}

void xsn_emit_name(struct xsn_emit *emit, const char *name)
{
        put_checked(emit, name, true);
}

void xsn_emit_text(struct xsn_emit *emit, const char *text)
{
        if (text)
                put_checked(emit, text, false);
        else
                xsn_emit_null(emit);
}

struct xsn_buf *xsn_emit_print(struct xsn_emit *emit)
{
        emit->text.len = 0;
        xsn_buf_add(&emit->text, 0);
        return &emit->text;
}

void xsn_emit_printed(struct xsn_emit *emit)
{
        if (emit->text.failed)
                fail(emit, -ENOMEM);
        else
                put_checked(emit, emit->text.s, false);
}

void xsn_emit_number(struct xsn_emit *emit, uint64_t n)
{
        emit->text.len = 0;
        xsn_buf_put_number(&emit->text, n);
        if (emit->text.failed)
                fail(emit, -ENOMEM);
        else
                put_word(emit, emit->text.s, emit->text.len);
}

void xsn_emit_bool(struct xsn_emit *emit, bool yes)
{
        put_word(emit, yes ? "true" : "false", yes ? 4 : 5);
}

void xsn_emit_null(struct xsn_emit *emit)
{
        put_word(emit, "null", 4);
}

void xsn_emit_key_text(struct xsn_emit *emit, const char *key, const char *text)
{
        xsn_emit_key(emit, key);
        xsn_emit_text(emit, text);
}

int xsn_emit_done(struct xsn_emit *emit)
{
        xsn_buf_done(&emit->text);
        return emit->r;
}

/* ---- values ---- */

static XSN_RARE void emit_route(struct xsn_emit *emit, const struct xsn_route *route)
{
        char text[XSN_IP_STRLEN];

        xsn_emit(emit, XSN_EMIT_MAP);
        xsn_emit_key_text(emit, "to", xsn_ip_format_prefix(&route->to, text));
        if (route->via.family)
                xsn_emit_key_text(emit, "via", xsn_ip_format(&route->via, text));
        if (route->metric) {
                xsn_emit_key(emit, "metric");
                xsn_emit_number(emit, route->metric);
        }
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* By the type's own words, but for numbers and booleans. */
static void emit_scalar(struct xsn_emit *emit, const struct xsn_field *field, const struct xsn_type *type,
                        const void *value)
{
        const char *s;

        switch (field->type) {
        case XSNET_TYPE_BOOL:
                xsn_emit_bool(emit, *(const bool *)value);
                return;
        case XSNET_TYPE_U32:
        case XSNET_TYPE_U32S:
                xsn_emit_number(emit, *(const uint32_t *)value);
                return;
        case XSNET_TYPE_STR:
        case XSNET_TYPE_STRS:
                s = *(const char *const *)value;
                xsn_emit_text(emit, s ? s : "");
                return;
        case XSNET_TYPE_ROUTES:
                emit_route(emit, value);
                return;
        default:
                type->format(field, value, xsn_emit_print(emit));
                xsn_emit_printed(emit);
        }
}

static XSN_RARE void emit_list(struct xsn_emit *emit, const struct xsn_field *field, const struct xsn_list *list)
{
        const struct xsn_type *item = xsn_type_of(field->type)->item;
        bool maps = field->type == XSNET_TYPE_ROUTES && list->n;

        xsn_emit(emit, maps ? XSN_EMIT_MAPS : XSN_EMIT_SCALARS);
        for (size_t i = 0; i < list->n; i++)
                emit_scalar(emit, field, item, (const char *)list->v + i * item->size);
        xsn_emit(emit, XSN_EMIT_LIST_END);
}

static bool has_foul_key(const struct xsn_list *map)
{
        for (size_t i = 0; i < map->n; i++) {
                const char *key = XSN_ITEM(*map, struct xsn_entry, i).key;
                size_t len = strlen(key);

                if (xsn_text_check(key, len) < len)
                        return true;
        }
        return false;
}

/* Keys that become the same are one: no reader takes a key twice. */
static int repair_keys(const struct xsn_list *map, struct xsn_list *repaired)
{
        struct xsn_buf buf = { 0 };
        int r = 0;

        for (size_t i = 0; !r && i < map->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*map, struct xsn_entry, i);

                buf.len = 0;
                repair(e->key, strlen(e->key), &buf);
                r = buf.failed ? -ENOMEM : xsn_map_set(repaired, buf.len ? buf.s : "", e->value);
        }
        xsn_buf_done(&buf);
        return r;
}

static XSN_RARE void emit_map(struct xsn_emit *emit, const struct xsn_list *map)
{
        struct xsn_list repaired = { 0 };

        if (!(emit->flags & XSN_CODEC_OBSERVED) && has_foul_key(map)) {
                if (repair_keys(map, &repaired) < 0)
                        fail(emit, -ENOMEM);
                map = &repaired;
        }
        xsn_emit(emit, XSN_EMIT_MAP);
        for (size_t i = 0; i < map->n; i++) {
                const struct xsn_entry *e = &XSN_ITEM(*map, struct xsn_entry, i);

                xsn_emit_name(emit, e->key);
                xsn_emit_text(emit, e->value);
        }
        xsn_emit(emit, XSN_EMIT_MAP_END);
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), &repaired);
}

void xsn_emit_value(struct xsn_emit *emit, const struct xsn_field *field, const void *value)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        const struct xsn_list *list = value;

        if (!type->item)
                emit_scalar(emit, field, type, value);
        else if (type->map)
                emit_map(emit, list);
        else if ((field->flags & XSN_F_ONE) && list->n == 1)
                emit_scalar(emit, field, type->item, list->v);
        else
                emit_list(emit, field, list);
}
