/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of <xsnet/state.h> and model/state.h: objects in order, the index, hosts, copies. */
#include <errno.h>
#include <string.h>

#include "failalloc.h"
#include "model_test.h"
#include "unit.h"

static struct xsnet_object *add(struct xsnet_state *state, const char *spec)
{
        struct xsnet_object *obj = mt_object(spec);

        ck_assert_int_eq(xsnet_state_add(state, obj, NULL), 0);
        ck_assert_uint_eq(obj->refs, 2);
        xsnet_object_unref(obj); /* the state keeps it */
        return obj;
}

static struct xsnet_state *state_new(void)
{
        struct xsnet_state *state = NULL;

        ck_assert_int_eq(xsnet_state_new(&state, NULL), 0);
        return state;
}

START_TEST(objects_stay_in_the_order_they_were_added)
{
        struct xsnet_state *state = state_new();
        struct xsnet_object *a = add(state, "pif|device=a"), *b = add(state, "pif|device=b"),
                            *c = add(state, "pif|device=a");

        ck_assert_uint_eq(xsnet_state_get_count(state), 3);
        ck_assert_ptr_eq(xsnet_state_get_at(state, 0), a);
        ck_assert_ptr_eq(xsnet_state_get_at(state, 2), c);
        ck_assert_ptr_null(xsnet_state_get_at(state, 3));
        ck_assert_int_eq(xsnet_state_remove(state, a), 0);
        ck_assert_uint_eq(xsnet_state_get_count(state), 2);
        ck_assert_ptr_eq(xsnet_state_get_at(state, 0), b);
        ck_assert_ptr_eq(xsnet_state_get_at(state, 1), c);
        xsnet_object_ref(c);
        ck_assert_int_eq(xsnet_state_remove(state, c), 0);
        ck_assert_int_eq(xsnet_state_remove(state, c), -ENOENT);
        ck_assert_uint_eq(c->refs, 1);
        xsnet_object_unref(c);
        ck_assert_ptr_eq(xsnet_state_ref(state), state);
        xsnet_state_unref(state);
        ck_assert_uint_eq(xsnet_state_get_count(state), 1);
        ck_assert_ptr_null(xsnet_state_unref(state));
        ck_assert_ptr_null(xsnet_state_unref(NULL));
}
END_TEST

START_TEST(an_object_is_found_by_kind_host_and_key)
{
        struct xsnet_state *state = state_new();
        struct xsnet_object *pool = add(state, "network|name=n"), *a = add(state, "pif|device=eth0|host=a"),
                            *b = add(state, "pif|device=eth0|host=b"), *vlan = add(state, "vlan|pif=eth0|tag=7|host=a");

        add(state, "pif|match.pci=0|host=a"); /* has no identity */
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, "a", "eth0"), a);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, "b", "eth0"), b);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0"), a);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_VLAN, "a", "eth0.7"), vlan);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_NETWORK, NULL, "n"), pool);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_NETWORK, "", "n"), pool);
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_NETWORK, "a", "n"));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, "", "eth0"));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, "c", "eth0"));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, "a", ""));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, NULL, ""));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, NULL, NULL));
        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_BOND, NULL, "eth0"));
        ck_assert_ptr_null(xsnet_state_find(state, 0, NULL, "eth0"));
        ck_assert_ptr_null(xsnet_state_find(state, 99, NULL, "eth0"));
        xsnet_state_unref(state);
}
END_TEST

START_TEST(finding_keeps_up_with_adding_and_removing)
{
        struct xsnet_state *state = state_new();
        struct xsnet_object *first, *second, *other;

        ck_assert_ptr_null(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0"));
        first = add(state, "pif|device=eth0|host=a");
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0"), first);
        second = add(state, "pif|device=eth0|host=a");
        other = add(state, "pif|device=eth0|host=b");
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, "a", "eth0"), first);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, "b", "eth0"), other);
        ck_assert_int_eq(xsnet_state_remove(state, first), 0);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, "a", "eth0"), second);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0"), second);
        ck_assert_int_eq(xsn_object_set_string(second, XSNET_FIELD_DEVICE, "eth9"), 0);
        xsn_state_touch(state);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth9"), second);
        ck_assert_ptr_eq(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0"), other);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(finding_works_without_memory)
{
        struct xsnet_state *state = state_new();
        struct xsnet_object *a = add(state, "pif|device=eth0|host=a"), *b = add(state, "pif|device=eth0|host=b");

        for (unsigned long n = 1;; n++) {
                struct xsnet_object *found, *any;
                unsigned long count;

                xsn_state_touch(state);
                failalloc_at(n);
                found = xsnet_state_find(state, XSNET_KIND_PIF, "b", "eth0");
                failalloc_off();
                count = failalloc_count();
                any = xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0");
                ck_assert_ptr_eq(found, b);
                ck_assert_ptr_eq(any, a);
                if (count < n)
                        break;
        }
        xsnet_state_unref(state);
}
END_TEST

START_TEST(adding_without_memory_for_the_index_loses_nothing)
{
        for (unsigned long n = 1;; n++) {
                struct xsnet_state *state = state_new();
                struct xsnet_object *obj = mt_object("pif|device=eth1"), *found;
                unsigned long count;
                int r;

                add(state, "pif|device=eth0");
                ck_assert_ptr_nonnull(xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth0"));
                failalloc_at(n);
                r = xsnet_state_add(state, obj, NULL);
                failalloc_off();
                count = failalloc_count();
                found = xsnet_state_find(state, XSNET_KIND_PIF, NULL, "eth1");
                ck_assert(r == 0 || r == -ENOMEM);
                ck_assert_ptr_eq(found, r ? NULL : obj);
                ck_assert_uint_eq(xsnet_state_get_count(state), r ? 1 : 2);
                xsnet_object_unref(obj);
                xsnet_state_unref(state);
                if (count < n)
                        break;
        }
}
END_TEST

/* Finding after each adding, as a planner does, must not build the index anew each time. */
START_TEST(adding_and_finding_in_turn_is_not_quadratic)
{
        struct xsnet_state *state = state_new();
        bool added, found;

        for (int i = 0; i < 2000; i++) {
                struct xsnet_object *obj = NULL;
                char name[16];

                (void)snprintf(name, sizeof(name), "e%d", i);
                ck_assert_int_eq(xsnet_object_new(XSNET_KIND_PIF, &obj, NULL), 0);
                ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_DEVICE, name), 0);
                failalloc_at(0);
                added = !xsnet_state_add(state, obj, NULL);
                found = xsnet_state_find(state, XSNET_KIND_PIF, NULL, name) == obj;
                failalloc_off();
                ck_assert(added && found);
                ck_assert_uint_lt(failalloc_count(), 40);
                xsnet_object_unref(obj);
        }
        xsnet_state_unref(state);
}
END_TEST

/* Every way to change an object counts, also one that sets what it has already. */
START_TEST(a_state_is_checked_until_an_object_changes)
{
        struct xsnet_state *state = state_new();
        struct xsnet_object *obj = add(state, "pif|device=eth0"), *other = mt_object("pif|device=eth1");

        ck_assert(!xsn_state_is_checked(state));
        for (int way = 0; way < 10; way++) {
                xsn_state_set_checked(state);
                ck_assert(xsn_state_is_checked(state));
                if (way == 0)
                        ck_assert_int_eq(xsnet_object_set_str(obj, XSNET_FIELD_NETWORK, "n", NULL), 0);
                else if (way == 1)
                        ck_assert_int_eq(xsnet_object_remove(obj, XSNET_FIELD_NETWORK, NULL), 0);
                else if (way == 2)
                        ck_assert_int_eq(xsnet_object_reset(obj, XSNET_FIELD_NETWORK, NULL), 0);
                else if (way == 3)
                        ck_assert_int_eq(xsnet_object_add_item(obj, XSNET_FIELD_IPV4_ADDRESS, "192.0.2.1/24", NULL), 0);
                else if (way == 4)
                        ck_assert_int_eq(xsnet_object_set_entry(obj, XSNET_FIELD_OTHER_CONFIG, "k", "v", NULL), 0);
                else if (way == 5)
                        ck_assert_int_eq(xsnet_object_add_host(obj, "a", NULL), 0);
                else if (way == 6)
                        xsnet_object_set_absent(obj, 1);
                else if (way == 7)
                        xsnet_object_set_adopt(obj, 1);
                else if (way == 8)
                        ck_assert_int_eq(xsnet_state_add(state, other, NULL), 0);
                else
                        ck_assert_int_eq(xsnet_state_remove(state, other), 0);
                ck_assert_msg(!xsn_state_is_checked(state), "way %d", way);
        }
        xsnet_object_unref(other);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(the_owner_is_a_short_word)
{
        static const char *const bad[] = { "", "two words", "a/b", "\xc3\xa4",
                                           "sixty-four-bytes-are-one-too-many-for-the-name-of-an-owner-here-x" };
        struct xsnet_state *state = state_new();
        struct xsnet_error *err = NULL;

        ck_assert_ptr_null(xsnet_state_get_owner(state));
        ck_assert_int_eq(xsnet_state_set_owner(state, "pxs-lab_1.2", NULL), 0);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(bad); i++) {
                ck_assert_int_eq(xsnet_state_set_owner(state, bad[i], NULL), -EINVAL);
                ck_assert_str_eq(xsnet_state_get_owner(state), "pxs-lab_1.2");
        }
        ck_assert_int_eq(xsnet_state_set_owner(state, "a b\033", &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_message(err),
                         "owner: expected 1..63 letters, digits, '.', '_' or '-', found 'a b\\x1b'");
        xsnet_error_free(err);
        ck_assert_int_eq(xsnet_state_set_owner(state, xsnet_state_get_owner(state), NULL), 0);
        ck_assert_str_eq(xsnet_state_get_owner(state), "pxs-lab_1.2");
        ck_assert_int_eq(xsnet_state_set_owner(state, NULL, NULL), 0);
        ck_assert_ptr_null(xsnet_state_get_owner(state));
        ck_assert_int_eq(xsnet_state_get_prune(state), 0);
        xsnet_state_set_prune(state, 7);
        ck_assert_int_eq(xsnet_state_get_prune(state), 1);
        xsnet_state_unref(state);
}
END_TEST

/* It would remove nothing, and say nothing. */
START_TEST(to_prune_takes_an_owner)
{
        struct xsnet_state *state = state_new();
        struct xsnet_error *err = NULL;

        xsnet_state_set_prune(state, 1);
        ck_assert_int_eq(xsnet_state_check(state, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_reason(err), "missing");
        ck_assert_str_eq(xsnet_error_get_message(err), "expected an owner, whose objects prune removes, found none");
        xsnet_error_free(err);
        ck_assert_int_eq(xsnet_state_set_owner(state, "me", NULL), 0);
        ck_assert_int_eq(xsnet_state_check(state, NULL), 0);
        xsn_state_set_checked(state);
        ck_assert_int_eq(xsnet_state_set_owner(state, NULL, NULL), 0);
        ck_assert(!xsn_state_is_checked(state));
        ck_assert_int_eq(xsnet_state_check(state, NULL), -EINVAL);
        xsnet_state_set_prune(state, 0);
        ck_assert_int_eq(xsnet_state_check(state, NULL), 0);
        xsn_state_set_checked(state);
        xsnet_state_set_prune(state, 1);
        ck_assert(!xsn_state_is_checked(state));
        xsnet_state_unref(state);
}
END_TEST

START_TEST(a_host_is_added_once)
{
        struct xsnet_state *state = state_new();
        struct xsn_host *host = NULL, *again = NULL;

        for (int i = 0; i < 100; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "xs-%d", i);
                ck_assert_int_eq(xsn_state_add_host(state, name, &host), 0);
                ck_assert_str_eq(host->name, name);
        }
        ck_assert_int_eq(xsn_state_add_host(state, "xs-7", &again), 0);
        ck_assert_ptr_eq(again, &state->hosts[7]);
        ck_assert_uint_eq(state->n_hosts, 100);
        xsnet_state_unref(state);
}
END_TEST

static struct xsnet_state *furnished(void)
{
        struct xsnet_state *state = state_new();
        struct xsn_host *host = NULL;

        add(state, "bond|name=bond0|members=eth0|members=eth1|host=a|@3:5");
        add(state, "network|name=n|other-config=a:1|absent");
        ck_assert_int_eq(xsn_state_add_host(state, "a", &host), 0);
        host->uuid = xsn_strdup("u");
        host->label = xsn_strdup("l");
        host->pos.line = 7;
        ck_assert_int_eq(xsn_strs_add(&host->uris, "linux:"), 0);
        ck_assert_int_eq(xsnet_state_set_owner(state, "me", NULL), 0);
        xsnet_state_set_prune(state, 1);
        state->source = xsn_strdup("host.yaml");
        return state;
}

START_TEST(a_copy_shares_nothing_or_fails_as_a_whole)
{
        struct xsnet_state *state = furnished(), *copy = NULL;
        int r;

        for (unsigned long n = 1;; n++) {
                failalloc_at(n);
                r = xsn_state_copy(state, &copy);
                failalloc_off();
                if (failalloc_count() < n)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(copy);
        }
        ck_assert_int_eq(r, 0);
        ck_assert_uint_eq(copy->n_objects, 2);
        for (size_t i = 0; i < 2; i++) {
                ck_assert(xsn_object_equal(copy->objects[i], state->objects[i]));
                ck_assert_ptr_ne(copy->objects[i], state->objects[i]);
        }
        xsnet_state_unref(state);
        ck_assert_str_eq(copy->owner, "me");
        ck_assert_str_eq(copy->source, "host.yaml");
        ck_assert(copy->prune);
        ck_assert_uint_eq(copy->n_hosts, 1);
        ck_assert_str_eq(copy->hosts[0].name, "a");
        ck_assert_str_eq(copy->hosts[0].uuid, "u");
        ck_assert_str_eq(copy->hosts[0].label, "l");
        ck_assert_uint_eq(copy->hosts[0].pos.line, 7);
        ck_assert(xsn_strs_has(&copy->hosts[0].uris, "linux:"));
        ck_assert_ptr_eq(xsnet_state_find(copy, XSNET_KIND_BOND, "a", "bond0"), copy->objects[0]);
        xsnet_state_unref(copy);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/state");
        TCase *tc = tcase_create("state");

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, objects_stay_in_the_order_they_were_added);
        tcase_add_test(tc, an_object_is_found_by_kind_host_and_key);
        tcase_add_test(tc, finding_keeps_up_with_adding_and_removing);
        tcase_add_test(tc, finding_works_without_memory);
        tcase_add_test(tc, adding_without_memory_for_the_index_loses_nothing);
        tcase_add_test(tc, adding_and_finding_in_turn_is_not_quadratic);
        tcase_add_test(tc, a_state_is_checked_until_an_object_changes);
        tcase_add_test(tc, the_owner_is_a_short_word);
        tcase_add_test(tc, to_prune_takes_an_owner);
        tcase_add_test(tc, a_host_is_added_once);
        tcase_add_test(tc, a_copy_shares_nothing_or_fails_as_a_whole);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
