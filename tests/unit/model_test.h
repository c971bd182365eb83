/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects and states for the tests of the model, from a text:
 *
 *      "bond|name=bond0|members=eth0|members=eth1|other-config=a:1|host=xs-1|@3:5"
 *
 * A list's or map's key stands once an item ("a:" alone has the key deleted, "members=" is
 * the empty list); "~mtu" resets; "absent" and "adopt" stand alone; "@3:5" is the position.
 */
#ifndef MODEL_TEST_H
#define MODEL_TEST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/state.h"

static inline void mt_set(struct xsnet_object *obj, const char *name, char *value)
{
        int kind = xsnet_object_get_kind(obj), field = xsnet_field_find(kind, name), r;
        struct xsnet_error *err = NULL;
        int type = xsnet_field_get_type(kind, field);

        ck_assert_msg(field > 0, "no field %s", name);
        if (type >= XSNET_TYPE_STRS && !*value) {
                r = xsnet_object_remove_items(obj, field, &err);
        } else if (type == XSNET_TYPE_MAP) {
                char *colon = strchr(value, ':');

                *colon = '\0';
                r = xsnet_object_set_entry(obj, field, value, colon[1] ? colon + 1 : NULL, &err);
        } else if (type < XSNET_TYPE_STRS) {
                r = xsnet_object_set_str(obj, field, value, &err);
        } else {
                r = xsnet_object_add_item(obj, field, value, &err);
        }
        ck_assert_msg(!r, "%s=%s: %s", name, value, xsnet_error_get_message(err));
}

static inline struct xsnet_object *mt_object(const char *spec)
{
        char *copy = strdup(spec), *rest = NULL, *part = strtok_r(copy, "|", &rest);
        struct xsnet_object *obj = NULL;

        ck_assert_int_eq(xsnet_object_new(xsnet_kind_find(part), &obj, NULL), 0);
        while ((part = strtok_r(NULL, "|", &rest))) {
                char *eq = strchr(part, '=');

                if (eq)
                        *eq = '\0';
                if (*part == '@')
                        ck_assert_int_eq(sscanf(part, "@%u:%u", &obj->pos.line, &obj->pos.column), 2);
                else if (*part == '~')
                        ck_assert_int_eq(
                                xsnet_object_reset(obj, xsnet_field_find(xsnet_object_get_kind(obj), part + 1), NULL),
                                0);
                else if (!strcmp(part, "absent"))
                        xsnet_object_set_absent(obj, 1);
                else if (!strcmp(part, "adopt"))
                        xsnet_object_set_adopt(obj, 1);
                else if (!strcmp(part, "host"))
                        ck_assert_int_eq(xsnet_object_add_host(obj, eq + 1, NULL), 0);
                else
                        mt_set(obj, part, eq + 1);
        }
        free(copy);
        return obj;
}

/* Up to a NULL. */
static inline struct xsnet_state *mt_state(const char *const *specs)
{
        struct xsnet_state *state = NULL;

        ck_assert_int_eq(xsnet_state_new(&state, NULL), 0);
        for (; *specs; specs++) {
                struct xsnet_object *obj = mt_object(*specs);

                ck_assert_int_eq(xsnet_state_add(state, obj, NULL), 0);
                xsnet_object_unref(obj);
        }
        return state;
}

/* "REASON WHERE: MESSAGE" a line; the caller's. */
static inline char *mt_errors(const struct xsnet_error *err)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        for (; err; err = xsnet_error_get_next(err))
                xsn_buf_printf(&buf, "%s%s%s: %s\n", xsnet_error_get_reason(err),
                               *xsnet_error_get_where(err) ? " " : "", xsnet_error_get_where(err),
                               xsnet_error_get_message(err));
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

/* An object's fields as "name=value" with blanks between, in the order of the rows; the caller's. */
static inline char *mt_fields(const struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        for (size_t i = 0; i < xsn_class_n_fields(obj->cls); i++) {
                if (!((obj->present | obj->reset) >> i & 1))
                        continue;
                xsn_buf_printf(&buf, "%s%s=", buf.len ? " " : "", xsn_class_field(obj->cls, i)->name);
                if (obj->reset >> i & 1)
                        xsn_buf_put(&buf, "null");
                else
                        xsn_object_format_row(obj, i, &buf);
        }
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

/* A state, and what xsnet_state_check() says of it. */
struct mt_case {
        const char *name;
        const char *specs[12];
        const char *errors; /* as mt_errors() writes them */
};

static inline void mt_run(const struct mt_case *c)
{
        struct xsnet_state *state = mt_state(c->specs);
        struct xsnet_error *err = NULL;
        int r = xsnet_state_check(state, &err);
        char *text = mt_errors(err);

        ck_assert_msg(!strcmp(text, c->errors), "%s:\n%sexpected:\n%s", c->name, text, c->errors);
        ck_assert_int_eq(r, xsnet_error_get_code(err));
        ck_assert_int_eq(xsnet_state_check(state, NULL), r);
        free(text);
        xsnet_error_free(err);
        xsnet_state_unref(state);
}

#endif
