/* SPDX-License-Identifier: Apache-2.0 */
/* Writes through libyaml's emitter, which knows where quotes are needed for the syntax; here is where for the sense. */
#include "codec/yaml_write.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

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

/* `ok`: was the event made? The emitter takes it. */
static int emit(yaml_emitter_t *emitter, yaml_event_t *event, int ok)
{
        return ok && yaml_emitter_emit(emitter, event) ? 0 : -ENOMEM;
}

/* The emitter takes stronger quotes where the syntax needs them. */
static int emit_scalar(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
        yaml_event_t event;

        return emit(emitter, &event,
                    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
                                                 style));
}

/* What has more than one line stands on one, with escapes. */
static int emit_text(yaml_emitter_t *emitter, const char *text)
{
        if (strpbrk(text, "\t\r\n"))
                return emit_scalar(emitter, text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
        return emit_scalar(emitter, text,
                           xsn_yaml_misread(text) ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

static int emit_value(yaml_emitter_t *emitter, const json_t *json);

static int emit_map(yaml_emitter_t *emitter, const json_t *json)
{
        json_t *map = (json_t *)(uintptr_t)json, *value;
        yaml_event_t event;
        const char *key;
        int r = emit(emitter, &event,
                     yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));

        json_object_foreach(map, key, value) {
                if (!r)
                        r = emit_text(emitter, key);
                if (!r)
                        r = emit_value(emitter, value);
        }
        return r ? r : emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static int emit_list(yaml_emitter_t *emitter, const json_t *json)
{
        size_t n = json_array_size(json);
        bool flow = !n || !json_is_object(json_array_get(json, 0));
        yaml_event_t event;
        int r = emit(emitter, &event,
                     yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                          flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));

        for (size_t i = 0; i < n && !r; i++)
                r = emit_value(emitter, json_array_get(json, i));
        return r ? r : emit(emitter, &event, yaml_sequence_end_event_initialize(&event));
}

static int emit_value(yaml_emitter_t *emitter, const json_t *json)
{
        char number[32];

        switch (json_typeof(json)) {
        case JSON_OBJECT:
                return emit_map(emitter, json);
        case JSON_ARRAY:
                return emit_list(emitter, json);
        case JSON_STRING:
                return emit_text(emitter, json_string_value(json));
        case JSON_INTEGER:
                (void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
                return emit_scalar(emitter, number, YAML_PLAIN_SCALAR_STYLE);
        case JSON_TRUE:
                return emit_scalar(emitter, "true", YAML_PLAIN_SCALAR_STYLE);
        case JSON_FALSE:
                return emit_scalar(emitter, "false", YAML_PLAIN_SCALAR_STYLE);
        default: /* no document holds a real number */
                return emit_scalar(emitter, "null", YAML_PLAIN_SCALAR_STYLE);
        }
}

static int emit_document(yaml_emitter_t *emitter, const json_t *json)
{
        yaml_event_t event;

        if (emit(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) < 0 ||
            emit(emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) < 0 ||
            emit_value(emitter, json) < 0 || emit(emitter, &event, yaml_document_end_event_initialize(&event, 1)) < 0)
                return -ENOMEM;
        return emit(emitter, &event, yaml_stream_end_event_initialize(&event));
}

int xsn_yaml_write(const json_t *json, struct xsn_buf *buf)
{
        yaml_emitter_t emitter;
        int r;

        if (!yaml_emitter_initialize(&emitter))
                return -ENOMEM;
        yaml_emitter_set_output(&emitter, write_piece, buf);
        yaml_emitter_set_unicode(&emitter, 1);
        yaml_emitter_set_indent(&emitter, 2);
        yaml_emitter_set_width(&emitter, LINE_WIDTH);
        r = emit_document(&emitter, json);
        yaml_emitter_delete(&emitter);
        return r;
}
