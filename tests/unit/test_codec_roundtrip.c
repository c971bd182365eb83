/* SPDX-License-Identifier: Apache-2.0 */
/* decode(encode(x)) = x, for random states, in both notations and as JSON values. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "codec/emit.h"
#include "codec/object_json.h"
#include "gen.h"
#include "slow.h"
#include "unit.h"

#define N_STATES ((int)fewer(150))

static bool same_text(const char *a, const char *b)
{
        return a && b ? !strcmp(a, b) : a == b;
}

static bool same_host(const struct xsn_host *a, const struct xsn_host *b, bool observed)
{
        return same_text(a->name, b->name) &&
               xsn_value_equal(xsn_type_of(XSNET_TYPE_STRS), &a->uris, &b->uris, false) &&
               (!observed || (same_text(a->uuid, b->uuid) && same_text(a->label, b->label)));
}

/* The i-th object of a kind. */
static struct xsnet_object *nth_of_kind(struct xsnet_state *state, int kind, size_t n)
{
        for (size_t i = 0; i < state->n_objects; i++)
                if (state->objects[i]->cls->kind == kind && !n--)
                        return state->objects[i];
        return NULL;
}

/* Documents list the objects by kind; within a kind the order is kept. */
static void check_same(struct xsnet_state *a, struct xsnet_state *b, bool observed, const char *text)
{
        ck_assert(same_text(a->owner, b->owner));
        ck_assert_int_eq(a->prune, b->prune);
        ck_assert_uint_eq(a->n_objects, b->n_objects);
        ck_assert_uint_eq(a->n_hosts, b->n_hosts);
        for (size_t i = 0; i < a->n_hosts; i++)
                ck_assert(same_host(&a->hosts[i], &b->hosts[i], observed));
        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                struct xsnet_object *x, *y;

                for (size_t n = 0; (x = nth_of_kind(a, kind, n)); n++) {
                        y = nth_of_kind(b, kind, n);
                        ck_assert_msg(y && xsn_object_equal(x, y), "%s %zu differs in\n%.2000s", x->cls->plural, n,
                                      text);
                        ck_assert_msg(x->made == y->made && same_text(x->payload, y->payload), "%.2000s", text);
                }
        }
}

static void round_trip(struct xsnet_state *state, int format, unsigned flags)
{
        struct xsnet_state *again = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_codec_dump(state, format, flags, &text, &err), 0);
        ck_assert_msg(xsn_codec_load(text, strlen(text), format, "x", flags, &again, &err) == 0, "%s: %s",
                      xsnet_error_get_where(err), xsnet_error_get_message(err));
        check_same(state, again, flags & XSN_CODEC_OBSERVED, text);
        xsnet_state_unref(again);
        free(text);
}

START_TEST(random_documents_come_back_equal)
{
        struct gen gen = gen_seed((uint64_t)_i);
        struct xsnet_state *state = gen_state(&gen, 30);

        round_trip(state, XSNET_FORMAT_YAML, 0);
        round_trip(state, XSNET_FORMAT_JSON, 0);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(random_observed_states_come_back_equal)
{
        struct gen gen = gen_seed(1000000 + (uint64_t)_i);
        struct xsnet_state *state = gen_observed(&gen, 30);

        round_trip(state, XSNET_FORMAT_YAML, XSN_CODEC_OBSERVED);
        round_trip(state, XSNET_FORMAT_JSON, XSN_CODEC_OBSERVED);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(random_objects_come_back_equal_from_json_values)
{
        struct gen gen = gen_seed(2000000 + (uint64_t)_i);
        struct xsnet_state *state = gen_observed(&gen, 30);
        struct xsnet_error *err = NULL;

        for (size_t i = 0; i < state->n_objects; i++) {
                struct xsnet_object *obj = NULL;
                struct xsn_json_emit emit;
                struct xsn_buf buf = { 0 };
                json_t *json;

                xsn_json_begin(&emit, false, XSN_CODEC_OBSERVED, &buf);
                xsn_emit_object(&emit.emit, state->objects[i]);
                ck_assert_int_eq(xsn_emit_done(&emit.emit), 0);
                json = json_loadb(buf.s, buf.len, JSON_REJECT_DUPLICATES, NULL);
                ck_assert_str_eq(json_string_value(json_object_get(json, "kind")), state->objects[i]->cls->name);
                ck_assert_msg(!xsn_codec_object_from_json(json, XSN_CODEC_OBSERVED, &obj, &err), "%s",
                              xsnet_error_get_message(err));
                ck_assert(xsn_object_equal(state->objects[i], obj));
                xsnet_object_unref(obj);
                json_decref(json);
                xsn_buf_done(&buf);
        }
        xsnet_state_unref(state);
}
END_TEST

START_TEST(the_generator_reaches_every_field_in_every_state)
{
        uint64_t set[XSN_N_KINDS + 1] = { 0 }, reset[XSN_N_KINDS + 1] = { 0 };
        unsigned absent[XSN_N_KINDS + 1] = { 0 };

        for (uint64_t seed = 0; seed < 100; seed++) {
                struct gen gen = gen_seed(seed);
                struct xsnet_state *state = gen_observed(&gen, 40);

                for (size_t i = 0; i < state->n_objects; i++) {
                        int kind = state->objects[i]->cls->kind;

                        set[kind] |= state->objects[i]->present;
                        reset[kind] |= state->objects[i]->reset;
                        absent[kind] += state->objects[i]->absent;
                }
                xsnet_state_unref(state);
        }
        for (int kind = 1; kind <= XSN_N_KINDS; kind++) {
                const struct xsn_class *cls = xsn_class_of(kind);

                ck_assert_uint_gt(absent[kind], 0);
                for (size_t i = 0; i < xsn_class_n_fields(cls); i++) {
                        const struct xsn_field *field = xsn_class_field(cls, i);

                        if (!(field->flags & XSN_F_SELECT))
                                ck_assert_msg(set[kind] >> i & 1, "%s.%s is never set", cls->name, field->name);
                        if (!(field->flags & (XSN_F_SELECT | XSN_F_KEY | XSN_F_REQUIRED | XSN_F_OBSERVED)) &&
                            !(kind == XSNET_KIND_TUNNEL && field->id == XSNET_FIELD_NETWORK))
                                ck_assert_msg(reset[kind] >> i & 1, "%s.%s is never reset", cls->name, field->name);
                }
        }
}
END_TEST

/* An enum value of a later version is shown as status, so that what was shown can be applied; a wish is an error. */
START_TEST(unknown_enum_values_are_shown_as_status_and_refused)
{
        const char *in = "{\"format\": 1, \"bonds\": [{\"name\": \"bond0\", \"mode\": \"balance-quantum\"}]}";
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_codec_load(in, strlen(in), XSNET_FORMAT_JSON, NULL, XSN_CODEC_OBSERVED, &state, NULL), 0);
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        ck_assert_str_eq(text, "format: 1\nbonds:\n- name: bond0\n  status:\n    mode: balance-quantum\n");
        xsnet_state_unref(state);
        ck_assert_int_eq(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, NULL, &state, &err), 0);
        xsnet_state_unref(state);
        free(text);
        ck_assert_int_eq(xsnet_document_load(in, strlen(in), XSNET_FORMAT_JSON, NULL, &state, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-value");
        ck_assert_str_eq(xsnet_error_get_where(err), "1:51 bonds[0].mode");
        xsnet_error_free(err);
}
END_TEST

/* Of a bond made by hand: without monitoring of its links, and with one member. */
START_TEST(values_that_no_document_may_say_are_shown_as_status)
{
        const char *in = "{\"format\": 1, \"bonds\": [{\"name\": \"bond0\", \"members\": [\"eth0\"], "
                         "\"mode\": \"lacp\", \"status\": {\"mtu\": 1500}}]}";
        struct xsnet_state *state = NULL;
        struct xsnet_object *bond;
        char *text = NULL;

        ck_assert_int_eq(xsn_codec_load(in, strlen(in), XSNET_FORMAT_JSON, NULL, XSN_CODEC_OBSERVED, &state, NULL), 0);
        bond = state->objects[0];
        XSN_BOND(bond)->monitor_interval = 0;
        xsn_object_mark(bond, XSNET_FIELD_MONITOR_INTERVAL);
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        ck_assert_str_eq(text, "format: 1\nbonds:\n- name: bond0\n  mode: lacp\n  status:\n    members: [eth0]\n"
                               "    monitor-interval: 0\n    mtu: 1500\n");
        xsnet_state_unref(state);
        ck_assert_int_eq(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, NULL, &state, NULL), 0);
        xsnet_state_unref(state);
        free(text);
}
END_TEST

/* Two NICs in one bridge are refused in a document, but not where `show` found them so. */
START_TEST(two_nics_of_one_bridge_can_be_shown_and_read_again)
{
        const char *shown = "{\"format\": 1, \"pifs\": ["
                            "{\"device\": \"a\", \"network\": \"n\", \"status\": {\"master\": \"n\"}}, "
                            "{\"device\": \"b\", \"network\": \"n\", \"status\": {\"master\": \"n\"}}]}";
        const char *asked = "{\"format\": 1, \"pifs\": [{\"device\": \"a\", \"network\": \"n\"}, "
                            "{\"device\": \"b\", \"network\": \"n\"}]}";
        struct xsnet_state *state = NULL;

        ck_assert_int_eq(xsnet_document_load(shown, strlen(shown), XSNET_FORMAT_JSON, NULL, &state, NULL), 0);
        xsnet_state_unref(state);
        ck_assert_int_eq(xsnet_document_load(asked, strlen(asked), XSNET_FORMAT_JSON, NULL, &state, NULL), -EINVAL);
}
END_TEST

/* What a kernel takes for a name need not be UTF-8. */
START_TEST(names_that_are_no_utf8_are_shown_and_never_kept)
{
        struct xsnet_state *state = NULL;
        struct xsnet_object *obj = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_state_new(&state), 0);
        ck_assert_int_eq(xsn_object_new(&xsn_pif_class, &obj), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_DEVICE, "e\xe9th\xc3\xa9"), 0);
        ck_assert_int_eq(xsn_state_add(state, obj), 0);
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        ck_assert_str_eq(text, "format: 1\npifs:\n- device: e\xef\xbf\xbdth\xc3\xa9\n");
        free(text);
        ck_assert_int_eq(xsn_codec_dump(state, XSNET_FORMAT_JSON, XSN_CODEC_OBSERVED, &text, &err), -EILSEQ);
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsnet_state_unref(state);
}
END_TEST

/* Two keys that look the same once they are repaired: as two, no reader would take the document. */
START_TEST(keys_that_are_repaired_stay_different)
{
        struct xsnet_state *state = NULL;
        struct xsnet_object *obj = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_list *map;
        char *text = NULL;

        ck_assert_int_eq(xsn_state_new(&state), 0);
        ck_assert_int_eq(xsn_object_new(&xsn_pif_class, &obj), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_DEVICE, "eth0"), 0);
        map = &XSN_PIF(obj)->l.other_config;
        ck_assert_int_eq(xsn_map_set(map, "a", "1"), 0);
        ck_assert_int_eq(xsn_map_set(map, "k\xfe", "2"), 0);
        ck_assert_int_eq(xsn_map_set(map, "k\xff", "v\xff"), 0);
        ck_assert_int_eq(xsn_map_set(map, "", NULL), 0);
        xsn_object_mark(obj, XSNET_FIELD_OTHER_CONFIG);
        ck_assert_int_eq(xsn_state_add(state, obj), 0);
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        ck_assert_str_eq(text, "format: 1\npifs:\n- device: eth0\n  other-config:\n    '': null\n    a: '1'\n"
                               "    k\xef\xbf\xbd: v\xef\xbf\xbd\n");
        free(text);
        ck_assert_int_eq(xsn_codec_dump(state, XSNET_FORMAT_YAML, XSN_CODEC_OBSERVED, &text, &err), -EILSEQ);
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsnet_state_unref(state);
}
END_TEST

/* The owner's mark, which documents do not ask for, is part of the status that people see. */
START_TEST(a_shown_state_can_be_applied_again)
{
        const char *in = "format: 1\npifs:\n- {device: eth0, owner: me, made: true, payload: p, status: {mtu: 1500}}\n";
        struct xsnet_state *state = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_codec_load(in, strlen(in), XSNET_FORMAT_YAML, NULL, XSN_CODEC_OBSERVED, &state, NULL), 0);
        ck_assert_str_eq(xsnet_object_get_owner(xsnet_state_get_at(state, 0)), "me");
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        ck_assert_str_eq(text, "format: 1\npifs:\n- device: eth0\n  status:\n    mtu: 1500\n    owner: me\n");
        xsnet_state_unref(state);
        ck_assert_int_eq(xsnet_document_load(text, strlen(text), XSNET_FORMAT_AUTO, NULL, &state, NULL), 0);
        ck_assert_ptr_null(xsnet_object_get_owner(xsnet_state_get_at(state, 0)));
        ck_assert_int_eq(xsnet_object_has(xsnet_state_get_at(state, 0), XSNET_FIELD_STATUS_MTU), 0);
        xsnet_state_unref(state);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("codec round trip");
        TCase *cases = tcase_create("round trip");

        tcase_set_timeout(cases, 60);
        tcase_add_loop_test(cases, random_documents_come_back_equal, 0, N_STATES);
        tcase_add_loop_test(cases, random_observed_states_come_back_equal, 0, N_STATES);
        tcase_add_loop_test(cases, random_objects_come_back_equal_from_json_values, 0, N_STATES);
        tcase_add_test(cases, the_generator_reaches_every_field_in_every_state);
        tcase_add_test(cases, unknown_enum_values_are_shown_as_status_and_refused);
        tcase_add_test(cases, values_that_no_document_may_say_are_shown_as_status);
        tcase_add_test(cases, two_nics_of_one_bridge_can_be_shown_and_read_again);
        tcase_add_test(cases, names_that_are_no_utf8_are_shown_and_never_kept);
        tcase_add_test(cases, keys_that_are_repaired_stay_different);
        tcase_add_test(cases, a_shown_state_can_be_applied_again);
        suite_add_tcase(suite, cases);
        return unit_main(suite);
}
