/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/desc.h and <xsnet/kind.h>: each row of each kind is whole, and is found by number and name. */
#include <errno.h>
#include <string.h>

#include "model/object.h"
#include "unit.h"

static const int kinds[] = { XSNET_KIND_NETWORK, XSNET_KIND_PIF,    XSNET_KIND_BOND,
                             XSNET_KIND_VLAN,    XSNET_KIND_TUNNEL, XSNET_KIND_VIF };

START_TEST(kinds_are_found_by_name_in_singular_and_plural)
{
        static const char *const names[][2] = { { "network", "networks" }, { "pif", "pifs" },       { "bond", "bonds" },
                                                { "vlan", "vlans" },       { "tunnel", "tunnels" }, { "vif", "vifs" } };

        ck_assert_int_eq(xsnet_kind_find(names[_i][0]), kinds[_i]);
        ck_assert_int_eq(xsnet_kind_find(names[_i][1]), kinds[_i]);
        ck_assert_str_eq(xsnet_kind_get_name(kinds[_i]), names[_i][0]);
        ck_assert_int_eq(xsn_class_of(kinds[_i])->kind, kinds[_i]);
}
END_TEST

START_TEST(what_is_no_kind_or_field_is_said)
{
        ck_assert_int_eq(xsnet_kind_find("vlanss"), -ENOENT);
        ck_assert_int_eq(xsnet_kind_find(""), -ENOENT);
        ck_assert_int_eq(xsnet_kind_find(NULL), -ENOENT);
        ck_assert_ptr_null(xsnet_kind_get_name(0));
        ck_assert_ptr_null(xsnet_kind_get_name(7));
        ck_assert_ptr_null(xsnet_kind_get_name(-1));
        ck_assert_uint_eq(xsnet_kind_get_field_count(0), 0);
        ck_assert_uint_eq(xsnet_kind_get_field_count(7), 0);
        ck_assert_int_eq(xsnet_kind_get_field_at(7, 0), -ENOENT);
        ck_assert_int_eq(xsnet_field_find(XSNET_KIND_VLAN, "tga"), -ENOENT);
        ck_assert_int_eq(xsnet_field_find(XSNET_KIND_VLAN, NULL), -ENOENT);
        ck_assert_int_eq(xsnet_field_find(7, "tag"), -ENOENT);
        ck_assert_ptr_null(xsnet_field_get_name(XSNET_KIND_VLAN, XSNET_FIELD_MTU));
        ck_assert_ptr_null(xsnet_field_get_name(XSNET_KIND_VLAN, 0));
        ck_assert_ptr_null(xsnet_field_get_doc(XSNET_KIND_VLAN, XSNET_FIELD_MTU));
        ck_assert_int_eq(xsnet_field_get_type(XSNET_KIND_VLAN, XSNET_FIELD_MTU), -ENOENT);
        ck_assert_int_eq(xsnet_field_is_observed(XSNET_KIND_VLAN, XSNET_FIELD_MTU), -ENOENT);
        ck_assert_int_eq(xsnet_field_is_observed(0, XSNET_FIELD_MTU), -ENOENT);
        ck_assert_uint_eq(xsn_class_bit(xsn_class_of(XSNET_KIND_VLAN), XSNET_FIELD_MTU), 0);
}
END_TEST

START_TEST(each_row_has_number_name_type_and_a_sentence)
{
        int kind = kinds[_i];
        size_t n = xsnet_kind_get_field_count(kind);

        ck_assert_uint_gt(n, 10);
        ck_assert_uint_le(n, XSN_FIELDS_MAX);
        ck_assert_int_eq(xsnet_kind_get_field_at(kind, n), -ENOENT);
        for (size_t i = 0; i < n; i++) {
                int field = xsnet_kind_get_field_at(kind, i);
                const char *name = xsnet_field_get_name(kind, field), *doc = xsnet_field_get_doc(kind, field);

                ck_assert_int_gt(field, 0);
                ck_assert_int_eq(xsnet_field_find(kind, name), field);
                ck_assert_ptr_nonnull(xsn_type_of(xsnet_field_get_type(kind, field)));
                ck_assert_uint_gt(strlen(doc), 10);
                ck_assert_msg(doc[strlen(doc) - 1] == '.', "%s: no sentence: %s", name, doc);
                ck_assert_int_eq(xsnet_field_is_observed(kind, field), !strncmp(name, "status.", 7));
                ck_assert_int_eq(xsn_class_index(xsn_class_of(kind), field), (int)i);
                for (size_t j = 0; j < i; j++) {
                        ck_assert_int_ne(xsnet_kind_get_field_at(kind, j), field);
                        ck_assert_str_ne(xsnet_field_get_name(kind, xsnet_kind_get_field_at(kind, j)), name);
                }
        }
}
END_TEST

START_TEST(a_number_means_one_name_and_type_in_all_kinds)
{
        for (size_t k = 0; k < XSN_ARRAY_SIZE(kinds); k++) {
                for (size_t i = 0; i < xsnet_kind_get_field_count(kinds[k]); i++) {
                        int field = xsnet_kind_get_field_at(kinds[k], i);
                        const char *name = xsnet_field_get_name(kinds[_i], field);

                        if (!name)
                                continue;
                        ck_assert_str_eq(name, xsnet_field_get_name(kinds[k], field));
                        ck_assert_int_eq(xsnet_field_get_type(kinds[k], field), xsnet_field_get_type(kinds[_i], field));
                }
        }
}
END_TEST

/* A default outside of the range, or of an enum without the value, could never be written down. */
START_TEST(defaults_are_values_that_the_row_takes)
{
        const struct xsn_class *cls = xsn_class_of(kinds[_i]);

        for (size_t i = 0; i < xsn_class_n_fields(cls); i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);

                ck_assert_msg(!field->max || field->min <= field->max, "%s", field->name);
                ck_assert_int_eq(field->en != NULL, field->type == XSNET_TYPE_ENUM);
                if (!(field->flags & XSN_F_DEFAULT))
                        continue;
                ck_assert_msg(!(field->flags & (XSN_F_KEY | XSN_F_OBSERVED | XSN_F_SELECT)), "%s", field->name);
                if (field->type == XSNET_TYPE_ENUM)
                        ck_assert_ptr_nonnull(xsn_enum_name(field->en, (int)field->def));
                else if (field->type == XSNET_TYPE_U32)
                        ck_assert_msg(field->def >= field->min && (!field->max || field->def <= field->max), "%s",
                                      field->name);
                else
                        ck_assert_int_eq(field->type, XSNET_TYPE_BOOL);
        }
}
END_TEST

START_TEST(no_two_rows_share_memory)
{
        const struct xsn_class *cls = xsn_class_of(kinds[_i]);
        unsigned char *used = calloc(1, cls->size);

        for (size_t i = 0; i < xsn_class_n_fields(cls); i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);

                ck_assert_uint_le(field->offset + xsn_type_of(field->type)->size, cls->size);
                for (size_t b = 0; b < xsn_type_of(field->type)->size; b++)
                        ck_assert_msg(!used[field->offset + b]++, "%s", field->name);
        }
        free(used);
}
END_TEST

/* Each value of the header has a name, and the name gives the value. */
START_TEST(enums_name_all_their_values)
{
        static const struct {
                const struct xsn_enum *en;
                int n;
        } enums[] = { { &xsn_network_locking, 2 }, { &xsn_vif_locking, 4 }, { &xsn_bond_mode, 8 },
                      { &xsn_bond_hash, 2 },       { &xsn_lacp_rate, 2 },   { &xsn_tunnel_protocol, 3 },
                      { &xsn_ipv4_mode, 3 },       { &xsn_ipv6_mode, 4 } };

        for (size_t e = 0; e < XSN_ARRAY_SIZE(enums); e++) {
                ck_assert_uint_eq(enums[e].en->n_rows, (size_t)enums[e].n);
                for (int v = 1; v <= enums[e].n; v++) {
                        const char *name = xsn_enum_name(enums[e].en, v), *wire = xsn_enum_wire(enums[e].en, v);

                        ck_assert_ptr_nonnull(name);
                        ck_assert_int_eq(xsn_enum_from_name(enums[e].en, name), v);
                        ck_assert_int_eq(xsn_enum_from_wire(enums[e].en, wire), v);
                }
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/class");
        TCase *tc = tcase_create("class");

        tcase_add_loop_test(tc, kinds_are_found_by_name_in_singular_and_plural, 0, XSN_N_KINDS);
        tcase_add_test(tc, what_is_no_kind_or_field_is_said);
        tcase_add_loop_test(tc, each_row_has_number_name_type_and_a_sentence, 0, XSN_N_KINDS);
        tcase_add_loop_test(tc, a_number_means_one_name_and_type_in_all_kinds, 0, XSN_N_KINDS);
        tcase_add_loop_test(tc, defaults_are_values_that_the_row_takes, 0, XSN_N_KINDS);
        tcase_add_loop_test(tc, no_two_rows_share_memory, 0, XSN_N_KINDS);
        tcase_add_test(tc, enums_name_all_their_values);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
