/* SPDX-License-Identifier: Apache-2.0 */
/* One rule for both ways in: what a document may say, the calls on objects take, and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/codec.h"
#include "model/state.h"
#include "unit.h"

/* The first reason that a document is refused for at a place that ends so; NULL: none. */
static const char *refused(const char *text, const char *end, char ret_reason[32])
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        const char *found = NULL;

        if (xsnet_document_load(text, strlen(text), XSNET_FORMAT_JSON, NULL, &state, &err) >= 0)
                xsnet_state_unref(state);
        for (const struct xsnet_error *e = err; e && !found; e = xsnet_error_get_next(e)) {
                const char *where = xsnet_error_get_where(e);
                size_t len = strlen(where);

                if (len < strlen(end) || strcmp(where + len - strlen(end), end) != 0)
                        continue;
                (void)snprintf(ret_reason, 32, "%s", xsnet_error_get_reason(e));
                found = ret_reason;
        }
        xsnet_error_free(err);
        return found;
}

/* "a.b": null as {"a": {"b": null}} */
static void null_document(const struct xsn_class *cls, const struct xsn_field *field, char ret_text[256])
{
        const char *dot = strchr(field->name, '.');

        if (dot)
                (void)snprintf(ret_text, 256, "{\"format\": 1, \"%s\": [{\"%.*s\": {\"%s\": null}}]}", cls->plural,
                         (int)(dot - field->name), field->name, dot + 1);
        else
                (void)snprintf(ret_text, 256, "{\"format\": 1, \"%s\": [{\"%s\": null}]}", cls->plural, field->name);
}

START_TEST(what_a_document_may_reset_an_object_may)
{
        const struct xsn_class *cls = xsn_class_of(_i);
        size_t n = xsn_class_n_fields(cls), n_refused = 0;

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);
                struct xsnet_object *obj = NULL;
                struct xsnet_error *err = NULL;
                char text[256], reason[32];
                const char *found;
                int r;

                if (field->flags & XSN_F_OBSERVED) /* a document's `status` is passed over */
                        continue;
                null_document(cls, field, text);
                found = refused(text, field->name, reason);
                ck_assert_int_eq(xsnet_object_new(cls->kind, &obj, NULL), 0);
                r = xsnet_object_reset(obj, field->id, &err);
                ck_assert_msg(!r == !found, "%s.%s: the call says %d, a document %s", cls->name, field->name, r,
                              found ? found : "nothing");
                if (r < 0) {
                        ck_assert_str_eq(xsnet_error_get_reason(err), found);
                        ck_assert_int_eq(xsnet_object_is_reset(obj, field->id), 0);
                }
                n_refused += r < 0;
                xsnet_error_free(err);
                xsnet_object_unref(obj);
        }
        ck_assert_uint_gt(n_refused, 0);
}
END_TEST

/* Written as JSON has it, and as it is. */
static const struct {
        const char *json, *text;
        bool good;
} texts[] = {
        { "plain", "plain", true },
        { "", "", true },
        { "two\\nlines", "two\nlines", true },
        { "a\\tb", "a\tb", true },
        { "a\\r\\nb", "a\r\nb", true },
        { "\\u007f", "\x7f", true },
        { "a\\u0080b\\u009f", "a\xc2\x80"
                              "b\xc2\x9f",
          true },
        { "\\ufffd", "\xef\xbf\xbd", true },
        { "a\\u0001", "a\x01", false },
        { "\\u001b[2J", "\x1b[2J", false },
        { "a\\u000b", "a\x0b", false },
        { "\\ufffe", "\xef\xbf\xbe", false },
        { "a\\uffffb", "a\xef\xbf\xbf"
                       "b",
          false },
};

static void check_entry(size_t i, bool as_key)
{
        struct xsnet_object *obj = NULL, *read;
        struct xsnet_state *state = NULL;
        const char *key = as_key ? texts[i].text : "k", *value = NULL;
        char document[256];
        int r;

        (void)snprintf(document, sizeof(document),
                 "{\"format\": 1, \"networks\": [{\"name\": \"n\", \"other-config\": {\"%s\": \"%s\"}}]}",
                 as_key ? texts[i].json : "k", as_key ? "v" : texts[i].json);
        r = xsnet_document_load(document, strlen(document), XSNET_FORMAT_JSON, NULL, &state, NULL);
        ck_assert_msg(!r == texts[i].good, "row %zu as %s: a document says %d", i, as_key ? "key" : "value", r);
        ck_assert_int_eq(xsnet_object_new(XSNET_KIND_NETWORK, &obj, NULL), 0);
        ck_assert_int_eq(xsnet_object_set_str(obj, XSNET_FIELD_NAME, "n", NULL), 0);
        r = xsnet_object_set_entry(obj, XSNET_FIELD_OTHER_CONFIG, key, as_key ? "v" : texts[i].text, NULL);
        ck_assert_msg(!r == texts[i].good, "row %zu as %s: the call says %d", i, as_key ? "key" : "value", r);
        read = state ? xsnet_state_get_at(state, 0) : NULL;
        ck_assert(!read == !texts[i].good);
        if (read) {
                ck_assert(xsn_object_equal(read, obj));
                ck_assert_int_eq(xsnet_object_get_entry(read, XSNET_FIELD_OTHER_CONFIG, key, &value), 0);
                ck_assert_str_eq(value, as_key ? "v" : texts[i].text);
        }
        xsnet_object_unref(obj);
        xsnet_state_unref(state);
}

START_TEST(what_a_document_may_have_in_a_map_an_object_may)
{
        check_entry((size_t)_i, false);
        check_entry((size_t)_i, true);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("codec same");
        TCase *cases = tcase_create("same");

        tcase_add_loop_test(cases, what_a_document_may_reset_an_object_may, 1, XSN_N_KINDS + 1);
        tcase_add_loop_test(cases, what_a_document_may_have_in_a_map_an_object_may, 0, XSN_ARRAY_SIZE(texts));
        suite_add_tcase(suite, cases);
        return unit_main(suite);
}
