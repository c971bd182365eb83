/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elements that are open are a stack; finished values lie on a second one until what holds them ends and takes
 * them into the arena, one piece of memory for each array and struct. Names of members are kept once, as records
 * repeat them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "transport/xmlrpc_number.h"
#include "transport/xmlrpc_priv.h"

#define NAMES_MAX   4096u /* different names that are kept once; references as names would only cost room */
#define MESSAGE_MAX 200u

enum element {
        NOTHING, /* around the root */
        RESPONSE,
        PARAMS,
        PARAM,
        FAULT,
        VALUE,
        SCALAR,
        ARRAY,
        DATA,
        STRUCT,
        MEMBER,
        NAME,
};

#define IN(element) (1u << (element))

static const struct xsn_xmlrpc_tag {
        const char *name;
        uint8_t element;
        uint8_t type;     /* of a scalar: XSN_XMLRPC_* */
        uint32_t parents; /* where it may stand */
} tags[] = {
        { "value", VALUE, 0, IN(NOTHING) | IN(PARAM) | IN(FAULT) | IN(DATA) | IN(MEMBER) },
        { "member", MEMBER, 0, IN(STRUCT) },
        { "name", NAME, 0, IN(MEMBER) },
        { "boolean", SCALAR, XSN_XMLRPC_BOOL, IN(VALUE) },
        { "struct", STRUCT, 0, IN(VALUE) },
        { "array", ARRAY, 0, IN(VALUE) },
        { "data", DATA, 0, IN(ARRAY) },
        { "string", SCALAR, XSN_XMLRPC_STRING, IN(VALUE) },
        { "double", SCALAR, XSN_XMLRPC_DOUBLE, IN(VALUE) },
        { "dateTime.iso8601", SCALAR, XSN_XMLRPC_TIME, IN(VALUE) },
        { "int", SCALAR, XSN_XMLRPC_INT, IN(VALUE) },
        { "i4", SCALAR, XSN_XMLRPC_INT, IN(VALUE) },
        { "i8", SCALAR, XSN_XMLRPC_INT, IN(VALUE) },
        { "methodResponse", RESPONSE, 0, IN(NOTHING) },
        { "params", PARAMS, 0, IN(RESPONSE) },
        { "param", PARAM, 0, IN(PARAMS) },
        { "fault", FAULT, 0, IN(RESPONSE) },
};

/* ---- errors ---- */

/* The first one stays, and nothing is read behind it. */
static void stop(struct xsn_xmlrpc_reader *reader)
{
        xmlStopParser(reader->parser);
}

void xsn_xmlrpc_no_memory(struct xsn_xmlrpc_reader *reader)
{
        if (!reader->err)
                (void)xsn_error_oom(&reader->err);
        stop(reader);
}

/* Names of the open members, "Value/OpaqueRef:1/MTU: ". */
static void put_path(const struct xsn_xmlrpc_reader *reader, struct xsn_buf *buf)
{
        const char *before = "";

        for (size_t i = 0; i < reader->n_open; i++) {
                if (!reader->stack[i].name)
                        continue;
                xsn_buf_put(buf, before);
                xsn_buf_put_clean(buf, reader->stack[i].name, MESSAGE_MAX / 2);
                before = "/";
        }
        if (*before)
                xsn_buf_put(buf, ": ");
}

static void fail_at(struct xsn_xmlrpc_reader *reader, int r, const char *reason, int line, int column, const char *what)
{
        size_t len = strcspn(what, "\n"); /* libxml2 ends its messages with one */
        _cleanup_(xsn_freep) char *line_of = xsn_strndup(what, len);
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        if (reader->err)
                return;
        put_path(reader, &buf);
        if (line_of)
                xsn_buf_put_clean(&buf, line_of, MESSAGE_MAX);
        if (xsn_buf_take(&buf, &text) < 0 || !line_of)
                xsn_xmlrpc_no_memory(reader);
        else
                (void)xsn_error_set(&reader->err, r, reason, "line %d, column %d: %s", line, column, text);
        stop(reader);
}

void xsn_xmlrpc_bad(struct xsn_xmlrpc_reader *reader, const char *what)
{
        const xmlParserInput *input = reader->parser->input;
        int r = -EBADMSG;

        fail_at(reader, r, "bad-reply", input ? input->line : 0, input ? input->col : 0, what);
}

void xsn_xmlrpc_too_big(struct xsn_xmlrpc_reader *reader, const char *what, uint64_t limit)
{
        if (!reader->err)
                (void)xsn_error_set(&reader->err, -EMSGSIZE, "too-big", "the answer has more than %llu %s",
                                    (unsigned long long)limit, what);
        stop(reader);
}

static XSN_PRINTF(2, 3) void failf(struct xsn_xmlrpc_reader *reader, const char *fmt, ...)
{
        char what[MESSAGE_MAX];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(what, sizeof(what), fmt, args);
        va_end(args);
        xsn_xmlrpc_bad(reader, what);
}

/* What the parser itself has found. */
void xsn_xmlrpc_parser_failed(struct xsn_xmlrpc_reader *reader)
{
        const xmlError *error = xmlCtxtGetLastError(reader->parser);
        int r = -EBADMSG;

        if (error && error->code == XML_ERR_NO_MEMORY)
                xsn_xmlrpc_no_memory(reader);
        else
                fail_at(reader, r, "bad-reply", error ? error->line : 0, error ? error->int2 : 0,
                        error && error->message ? error->message : "this is no XML");
}

/* ---- values ---- */

static bool is_blank(const struct xsn_buf *text)
{
        return text->len == 0 || strspn(text->s, " \t\r\n") == text->len;
}

/* Puts it where DATA or STRUCT will find it. */
static void keep(struct xsn_xmlrpc_reader *reader, const char *name, const struct xsn_xmlrpc_value *value)
{
        void *grown = reader->values;

        if (xsn_grow(&grown, &reader->cap_kept, reader->n_kept + 1, sizeof(*reader->values)) < 0) {
                xsn_xmlrpc_no_memory(reader);
                return;
        }
        reader->values = grown;
        reader->values[reader->n_kept++] = (struct xsn_xmlrpc_member){ .name = name, .value = *value };
}

static void end_array(struct xsn_xmlrpc_reader *reader, size_t base)
{
        size_t n = reader->n_kept - base;
        struct xsn_xmlrpc_value *items = NULL;

        if (n > 0) {
                items = xsn_arena_alloc(&reader->doc->arena, n * sizeof(*items));
                if (!items) {
                        xsn_xmlrpc_no_memory(reader);
                        return;
                }
        }
        for (size_t i = 0; i < n; i++)
                items[i] = reader->values[base + i].value;
        reader->n_kept = base;
        reader->value = (struct xsn_xmlrpc_value){ .type = XSN_XMLRPC_ARRAY, .n = (uint32_t)n, .items = items };
}

static void end_struct(struct xsn_xmlrpc_reader *reader, size_t base)
{
        size_t n = reader->n_kept - base;
        struct xsn_xmlrpc_member *members = NULL;

        if (n > 0) {
                members = xsn_arena_alloc(&reader->doc->arena, n * sizeof(*members));
                if (!members) {
                        xsn_xmlrpc_no_memory(reader);
                        return;
                }
                memcpy(members, reader->values + base, n * sizeof(*members));
        }
        reader->n_kept = base;
        reader->value = (struct xsn_xmlrpc_value){ .type = XSN_XMLRPC_STRUCT, .n = (uint32_t)n, .members = members };
}

static void end_text(struct xsn_xmlrpc_reader *reader, uint8_t type)
{
        const struct xsn_buf *text = &reader->text;
        const char *copy = "";

        if (text->len > 0)
                copy = xsn_arena_strndup(&reader->doc->arena, text->s, text->len);
        if (!copy)
                xsn_xmlrpc_no_memory(reader);
        else
                reader->value = (struct xsn_xmlrpc_value){ .type = type, .n = (uint32_t)text->len, .text = copy };
}

static void end_scalar(struct xsn_xmlrpc_reader *reader, uint8_t type)
{
        const char *text = reader->text.len > 0 ? reader->text.s : "";
        struct xsn_xmlrpc_value value = { .type = type };
        int r = 0;

        switch (type) {
        case XSN_XMLRPC_BOOL:
                value.number = *text == '1';
                r = strcmp(text, "0") == 0 || strcmp(text, "1") == 0 ? 0 : -EINVAL;
                break;
        case XSN_XMLRPC_INT:
                r = xsn_xmlrpc_parse_int(text, &value.number);
                break;
        case XSN_XMLRPC_DOUBLE:
                r = xsn_xmlrpc_parse_double(text, &value.real);
                break;
        default:
                end_text(reader, type);
                return;
        }
        if (r < 0)
                failf(reader, "expected %s, found '%s'", xsn_xmlrpc_type_name(type), text);
        else
                reader->value = value;
}

/* A name that was there before is not kept twice. */
static const char *keep_name(struct xsn_xmlrpc_reader *reader)
{
        const char *text = reader->text.len > 0 ? reader->text.s : "";
        const char *name = xsn_hash_get(&reader->known, text, reader->text.len);
        char *copy;

        if (name)
                return name;
        copy = xsn_arena_strndup(&reader->doc->arena, text, reader->text.len);
        if (!copy || (reader->known.n < NAMES_MAX && xsn_hash_put(&reader->known, copy, reader->text.len, copy) < 0)) {
                xsn_xmlrpc_no_memory(reader);
                return NULL;
        }
        return copy;
}

/* Nobody asked for the member whose name has just ended. */
static bool is_unwanted(const struct xsn_xmlrpc_reader *reader)
{
        const char *text = reader->text.len > 0 ? reader->text.s : "";
        const char *const *wanted = reader->wanted;

        if (!wanted || reader->depth != reader->wanted_depth)
                return false;
        for (size_t i = 0; i < reader->n_wanted; i++)
                if (*wanted[i] == *text && strcmp(wanted[i], text) == 0)
                        return false;
        return true;
}

/* ---- elements ---- */

static struct xsn_xmlrpc_open *top(struct xsn_xmlrpc_reader *reader)
{
        return &reader->stack[reader->n_open - 1];
}

/* How many children an element has: every one of them is needed. 0: any number. */
static unsigned children_of(const struct xsn_xmlrpc_tag *tag)
{
        switch (tag->element) {
        case DATA:
        case STRUCT:
                return 0;
        case MEMBER:
                return 2;
        default:
                return 1;
        }
}

static bool may_stand(const struct xsn_xmlrpc_open *parent, const struct xsn_xmlrpc_tag *tag)
{
        unsigned most = children_of(parent->tag);

        if (!(tag->parents & IN(parent->tag->element)) || (most > 0 && parent->n >= most))
                return false;
        /* The name first, then the value. */
        return parent->tag->element != MEMBER || (tag->element == NAME) == (parent->n == 0);
}

static void on_start(void *userdata, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                     const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
        struct xsn_xmlrpc_reader *reader = userdata;
        const struct xsn_xmlrpc_tag *tag = NULL;

        (void)uri;
        (void)n_namespaces;
        (void)namespaces;
        (void)n_attributes;
        (void)n_defaulted;
        (void)attributes;
        if (reader->err)
                return;
        if (reader->skipping) {
                if (++reader->n_skipped > XSN_XMLRPC_LEVELS * XSN_XMLRPC_DEPTH_MAX)
                        xsn_xmlrpc_too_big(reader, "levels of values", XSN_XMLRPC_DEPTH_MAX);
                return;
        }
        for (size_t i = 0; i < XSN_ARRAY_SIZE(tags) && !tag && !prefix; i++)
                if (*tags[i].name == (char)*local && strcmp(tags[i].name, (const char *)local) == 0)
                        tag = &tags[i];
        if (!tag || !may_stand(top(reader), tag) || !is_blank(&reader->text)) {
                failf(reader, "<%.60s> may not stand here", (const char *)local);
                return;
        }
        if (tag->element == VALUE && ++reader->depth > reader->limits.depth) {
                xsn_xmlrpc_too_big(reader, "levels of values", reader->limits.depth);
                return;
        }
        if (tag->element == VALUE && ++reader->n_values > reader->limits.values) {
                xsn_xmlrpc_too_big(reader, "values", reader->limits.values);
                return;
        }
        top(reader)->n++;
        reader->fault |= tag->element == FAULT;
        reader->stack[reader->n_open++] = (struct xsn_xmlrpc_open){ .tag = tag, .base = reader->n_kept };
        reader->text.len = 0;
}

static void end_element(struct xsn_xmlrpc_reader *reader, const struct xsn_xmlrpc_open *ended)
{
        struct xsn_xmlrpc_open *parent = top(reader);

        switch (ended->tag->element) {
        case NAME:
                reader->skipping = is_unwanted(reader);
                if (!reader->skipping)
                        parent->name = keep_name(reader);
                break;
        case SCALAR:
                end_scalar(reader, ended->tag->type);
                break;
        case DATA:
                end_array(reader, ended->base);
                break;
        case STRUCT:
                end_struct(reader, ended->base);
                break;
        case VALUE:
                reader->depth--;
                if (ended->n == 0)
                        end_text(reader, XSN_XMLRPC_STRING);
                if (parent->tag->element == DATA && !reader->err)
                        keep(reader, NULL, &reader->value);
                break;
        case MEMBER:
                keep(reader, ended->name, &reader->value);
                break;
        default:
                break;
        }
}

static void on_end(void *userdata, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
        struct xsn_xmlrpc_reader *reader = userdata;
        const struct xsn_xmlrpc_open *ended;
        bool text;

        (void)prefix;
        (void)uri;
        if (reader->err || (reader->skipping && reader->n_skipped-- > 0))
                return;
        ended = top(reader);
        if (reader->skipping) {
                reader->skipping = false;
                reader->n_skipped = 0;
                reader->n_open--;
                return;
        }
        text = ended->tag->element == SCALAR || ended->tag->element == NAME ||
               (ended->tag->element == VALUE && ended->n == 0);
        if (reader->text.failed) {
                xsn_xmlrpc_no_memory(reader);
                return;
        }
        if (!text && !is_blank(&reader->text)) {
                failf(reader, "text beside the elements of <%s>", (const char *)local);
                return;
        }
        if (!text && ended->tag->element != VALUE && ended->n < children_of(ended->tag)) {
                failf(reader, "<%s> lacks something", (const char *)local);
                return;
        }
        reader->n_open--;
        end_element(reader, ended);
        reader->text.len = 0;
}

static void on_text(void *userdata, const xmlChar *text, int len)
{
        struct xsn_xmlrpc_reader *reader = userdata;

        if (!reader->err && !reader->skipping && len > 0)
                xsn_buf_putn(&reader->text, (const char *)text, (size_t)len);
}

static void on_doctype(void *userdata, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
        (void)name;
        (void)external;
        (void)system;
        xsn_xmlrpc_bad(userdata, "a DOCTYPE may not stand here");
}

/* Without one libxml2 may print. */
static void say_nothing(void *userdata, const char *fmt, ...)
{
        (void)userdata;
        (void)fmt;
}

void xsn_xmlrpc_element_init(struct xsn_xmlrpc_reader *reader, xmlSAXHandler *sax)
{
        static const struct xsn_xmlrpc_tag nothing = { "", NOTHING, 0, 0 };

        reader->stack[reader->n_open++].tag = &nothing;
        *sax = (xmlSAXHandler){
                .initialized = XML_SAX2_MAGIC,
                .startElementNs = on_start,
                .endElementNs = on_end,
                .characters = on_text,
                .ignorableWhitespace = on_text,
                .cdataBlock = on_text,
                .internalSubset = on_doctype,
                .warning = say_nothing,
                .error = say_nothing,
                .fatalError = say_nothing,
        };
}
