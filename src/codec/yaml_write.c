/* SPDX-License-Identifier: Apache-2.0 */
/* Writes through libyaml's emitter, which knows where quotes are needed for the syntax; here is where for the sense. */
#include "codec/yaml_write.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define LINE_WIDTH 120

/* ---- what a plain text would be taken for ---- */

/* YAML 1.1 has the most words; case does not matter, to be on the safe side. */
static bool is_word(const char *text)
{
        static const char *const words[] = { "",  "~", "null", "true", "false", "yes",   "no", "on", "off",
                                             "y", "n", ".nan", ".inf", "+.inf", "-.inf", "=",  "<<" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(words); i++)
                if (!strcasecmp(text, words[i]))
                        return true;
        return false;
}

/* 12, 1_000, 1.5, .5, 1e3, 0x1f, 0o17, 0b101, 12:30:45 (base 60), 1:30.5 */
static bool is_number(const char *text)
{
        static const char *const digits = "0123456789_";
        const char *s = text + (*text == '+' || *text == '-');
        size_t n;

        if (s[0] == '0' && s[1] && strchr("xXoObB", s[1]))
                return s[2] && strspn(s + 2, "0123456789abcdefABCDEF_") == strlen(s + 2);
        n = strspn(s, digits);
        if (!n && !(s[0] == '.' && isdigit((unsigned char)s[1])))
                return false;
        for (s += n; *s == ':'; s += n) {
                n = strspn(s + 1, digits) + 1;
                if (n < 2)
                        return false;
        }
        if (*s == '.')
                s += 1 + strspn(s + 1, digits);
        if (*s == 'e' || *s == 'E') {
                s += 1 + (s[1] == '+' || s[1] == '-');
                return *s && strspn(s, "0123456789") == strlen(s);
        }
        return !*s;
}

/* 2001-12-14, and with a time behind it */
static bool is_date(const char *text)
{
        int year = 0, month = 0, day = 0, end = 0;

        if (strspn(text, "0123456789") != 4)
                return false;
        return sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 &&
               (!text[end] || strchr("tT \t", text[end]));
}

bool xsn_yaml_misread(const char *text)
{
        return is_word(text) || is_number(text) || is_date(text);
}

/* ---- events ---- */

static int write_piece(void *buf, unsigned char *s, size_t size)
{
        xsn_buf_putn(buf, (const char *)s, size);
        return !((struct xsn_buf *)buf)->failed;
}

/* The emitter takes stronger quotes where the syntax needs them. */
static int scalar_event(yaml_event_t *event, const char *text, size_t len, yaml_scalar_style_t style)
{
        return yaml_scalar_event_initialize(event, NULL, NULL, (const yaml_char_t *)text, (int)len, 1, 1, style);
}

/* What has more than one line stands on one, with escapes. */
static yaml_scalar_style_t style_of(const char *text)
{
        if (strpbrk(text, "\t\r\n"))
                return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
        return xsn_yaml_misread(text) ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
}

/* 1, or 0 without memory. */
static int edge_event(yaml_event_t *event, int edge)
{
        switch (edge) {
        case XSN_EMIT_MAP:
                return yaml_mapping_start_event_initialize(event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
        case XSN_EMIT_MAP_END:
                return yaml_mapping_end_event_initialize(event);
        case XSN_EMIT_MAPS:
                return yaml_sequence_start_event_initialize(event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
        case XSN_EMIT_SCALARS:
                return yaml_sequence_start_event_initialize(event, NULL, NULL, 1, YAML_FLOW_SEQUENCE_STYLE);
        default:
                return yaml_sequence_end_event_initialize(event);
        }
}

/* `ok`: was the event made? The emitter takes it. */
static int emit_event(struct xsn_yaml_emit *yaml, yaml_event_t *event, int ok)
{
        return ok && yaml_emitter_emit(&yaml->emitter, event) ? 0 : -ENOMEM;
}

static void put_edge(struct xsn_emit *emit, int edge)
{
        yaml_event_t event;

        emit->r = emit_event((struct xsn_yaml_emit *)emit, &event, edge_event(&event, edge));
}

static void put_text(struct xsn_emit *emit, const char *s, size_t len, yaml_scalar_style_t style)
{
        yaml_event_t event;

        emit->r = emit_event((struct xsn_yaml_emit *)emit, &event, scalar_event(&event, s, len, style));
}

static void put_key(struct xsn_emit *emit, const char *s, size_t len, bool ours)
{
        (void)ours; /* is of no help: `y` is a word */
        put_text(emit, s, len, style_of(s));
}

static void put_scalar(struct xsn_emit *emit, const char *s, size_t len, bool word)
{
        put_text(emit, s, len, word ? YAML_PLAIN_SCALAR_STYLE : style_of(s));
}

int xsn_yaml_begin(struct xsn_yaml_emit *yaml, unsigned flags, struct xsn_buf *buf)
{
        yaml_emitter_t *emitter = &yaml->emitter;
        yaml_event_t event;
        int r;

        yaml->emit = (struct xsn_emit){ .edge = put_edge, .key = put_key, .scalar = put_scalar, .flags = flags };
        if (!yaml_emitter_initialize(emitter))
                return -ENOMEM;
        yaml_emitter_set_output(emitter, write_piece, buf);
        yaml_emitter_set_unicode(emitter, 1);
        yaml_emitter_set_indent(emitter, 2);
        yaml_emitter_set_width(emitter, LINE_WIDTH);
        r = emit_event(yaml, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
        if (!r)
                r = emit_event(yaml, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
        yaml->emit.r = r;
        return 0;
}

int xsn_yaml_done(struct xsn_yaml_emit *yaml)
{
        int r = xsn_emit_done(&yaml->emit);
        yaml_event_t event;

        if (!r)
                r = emit_event(yaml, &event, yaml_document_end_event_initialize(&event, 1));
        if (!r)
                r = emit_event(yaml, &event, yaml_stream_end_event_initialize(&event));
        yaml_emitter_delete(&yaml->emitter);
        return r;
}
