/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/object.h: the life of an object, its rows one by one, identity, names in messages. */
#include <errno.h>
#include <string.h>

#include "failalloc.h"
#include "model_test.h"
#include "unit.h"

static const int kinds[] = { XSNET_KIND_NETWORK, XSNET_KIND_PIF,    XSNET_KIND_BOND,
                             XSNET_KIND_VLAN,    XSNET_KIND_TUNNEL, XSNET_KIND_VIF };

static char *key_of(const struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        char *key = NULL;

        xsn_object_key(obj, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &key), 0);
        return key;
}

static char *described(const struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        xsn_object_describe(obj, &buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

static const struct {
        const char *spec, *key, *described, *device, *network;
} identities[] = {
        { "network|name=guest|bridge=xenbr0|uuid=u", "guest", "network 'guest'", "xenbr0", NULL },
        { "network|uuid=u|bridge=xenbr0", "u", "network 'u'", "xenbr0", NULL },
        { "network|bridge=xenbr0", "xenbr0", "network 'xenbr0'", "xenbr0", NULL },
        { "network|bridge=a|status.device=b", "a", "network 'a'", "b", NULL },
        { "network", "", "network", NULL, NULL },
        { "pif|device=eth0|network=guest|host=xs-1", "eth0", "pif 'eth0' on host 'xs-1'", "eth0", "guest" },
        { "pif|match.mac=02:00:00:00:00:01|host=xs-1", "", "pif on host 'xs-1'", NULL, NULL },
        { "pif|device=eth0|host=xs-1|host=xs-2", "eth0", "pif 'eth0'", "eth0", NULL },
        { "bond|name=bond0", "bond0", "bond 'bond0'", "bond0", NULL },
        { "bond|name=bond0|status.device=bond7", "bond0", "bond 'bond0'", "bond7", NULL },
        { "vlan|pif=eth1|tag=100", "eth1.100", "vlan 'eth1.100'", NULL, NULL },
        { "vlan|pif=eth1|tag=0|device=v0", "eth1.0", "vlan 'eth1.0'", "v0", NULL },
        { "vlan|pif=eth1", "", "vlan", NULL, NULL },
        { "tunnel|network=p|transport=eth0|device=t0", "p/eth0", "tunnel 'p/eth0'", "t0", "p" },
        { "tunnel|network=p", "", "tunnel", NULL, "p" },
        { "vif|vm=web-1|device=0|network=n", "web-1/0", "vif 'web-1/0'", NULL, "n" },
        { "vif|domain=4|device=1|status.device=vif4.1", "4/1", "vif '4/1'", "vif4.1", NULL },
        { "vif|domain=4", "", "vif", NULL, NULL },
};

START_TEST(an_object_is_known_by_its_key_and_device)
{
        struct xsnet_object *obj = mt_object(identities[_i].spec);
        char *key = key_of(obj), *text = described(obj);

        ck_assert_str_eq(key, identities[_i].key);
        ck_assert_str_eq(text, identities[_i].described);
        ck_assert_pstr_eq(xsn_object_device(obj), identities[_i].device);
        ck_assert_pstr_eq(xsn_object_network(obj), identities[_i].network);
        xsn_free(key);
        xsn_free(text);
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(a_cut_description_leaves_no_trace_of_what_stood_before_it)
{
        struct xsnet_object *obj = mt_object("vlan");
        struct xsn_buf buf = { 0 };

        xsn_buf_put(&buf, "a ");
        xsn_object_describe(obj, &buf);
        ck_assert_str_eq(buf.s, "a vlan");
        ck_assert_uint_eq(buf.len, strlen("a vlan"));
        xsn_buf_done(&buf);
        xsnet_object_unref(obj);
}
END_TEST

/* ---- the three states ---- */

START_TEST(a_row_is_unset_set_or_reset)
{
        struct xsnet_object *obj = mt_object("network|name=n|mtu=9000|~stp");
        const struct xsn_class *cls = obj->cls;
        size_t mtu = (size_t)xsn_class_index(cls, XSNET_FIELD_MTU), stp = (size_t)xsn_class_index(cls, XSNET_FIELD_STP);

        ck_assert(xsn_object_is_set(obj, XSNET_FIELD_MTU));
        ck_assert(!xsn_object_is_set(obj, XSNET_FIELD_STP));
        ck_assert_uint_eq(obj->reset, UINT64_C(1) << stp);
        ck_assert(!xsn_object_is_set(obj, XSNET_FIELD_BRIDGE));
        ck_assert(!xsn_object_is_set(obj, XSNET_FIELD_TAG)); /* of another kind */

        xsn_object_reset_row(obj, mtu);
        ck_assert(!xsn_object_is_set(obj, XSNET_FIELD_MTU) && (obj->reset >> mtu & 1));
        ck_assert_uint_eq(XSN_NETWORK(obj)->mtu, 0);
        XSN_NETWORK(obj)->mtu = 1400;
        xsn_object_mark(obj, XSNET_FIELD_MTU);
        ck_assert(xsn_object_is_set(obj, XSNET_FIELD_MTU) && !(obj->reset >> mtu & 1));
        xsn_object_clear(obj, XSNET_FIELD_MTU);
        xsn_object_clear(obj, XSNET_FIELD_TAG);
        ck_assert(!xsn_object_is_set(obj, XSNET_FIELD_MTU) && !(obj->reset >> mtu & 1));
        ck_assert_uint_eq(xsn_object_mtu(obj), 0);
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(the_default_is_a_value_or_unset)
{
        const struct xsn_class *cls = xsn_class_of(kinds[_i]);
        struct xsnet_object *obj = NULL;

        ck_assert_int_eq(xsn_object_new(cls, &obj), 0);
        for (size_t i = 0; i < xsn_class_n_fields(cls); i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);
                const void *member = xsn_object_member(obj, field);

                obj->reset |= UINT64_C(1) << i;
                ck_assert_int_eq(xsn_object_default_row(obj, i), 0);
                ck_assert(!(obj->reset >> i & 1));
                ck_assert_int_eq(obj->present >> i & 1, !!(field->flags & XSN_F_DEFAULT));
                if (!(field->flags & XSN_F_DEFAULT))
                        continue;
                if (field->type == XSNET_TYPE_BOOL)
                        ck_assert_int_eq(*(const bool *)member, (int)field->def);
                else if (field->type == XSNET_TYPE_U32)
                        ck_assert_uint_eq(*(const uint32_t *)member, field->def);
                else
                        ck_assert_int_eq(((const struct xsn_enumval *)member)->value, (int)field->def);
        }
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(defaults_are_those_of_the_reference)
{
        static const struct {
                const char *spec, *field, *value;
        } defaults[] = {
                { "network", "mtu", "1500" },          { "network", "locking", "unlocked" },
                { "network", "stp", "false" },         { "network", "multicast-snooping", "true" },
                { "bond", "monitor-interval", "100" }, { "bond", "updelay", "0" },
                { "bond", "hash", "src-mac" },         { "bond", "lacp-rate", "slow" },
                { "bond", "mode", "unset" },           { "bond", "mac", "unset" },
                { "tunnel", "protocol", "gre" },       { "tunnel", "df", "true" },
                { "tunnel", "csum", "false" },         { "vif", "locking", "network-default" },
                { "vif", "rate-limit", "unset" },      { "pif", "ipv4.mode", "none" },
                { "pif", "ipv6.mode", "none" },        { "pif", "plugged", "true" },
                { "pif", "management", "false" },      { "pif", "ipv4.address", "unset" },
                { "pif", "disallow-unplug", "false" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(defaults); i++) {
                struct xsnet_object *obj = mt_object(defaults[i].spec);
                size_t row = (size_t)xsn_class_index_by_name(obj->cls, defaults[i].field);
                struct xsn_buf buf = { 0 };

                ck_assert_int_eq(xsn_object_default_row(obj, row), 0);
                xsn_object_format_row(obj, row, &buf);
                ck_assert_str_eq(buf.s, defaults[i].value);
                xsn_buf_done(&buf);
                xsnet_object_unref(obj);
        }
}
END_TEST

/* ---- copies ---- */

static const char *const full[] = {
        "network|name=n|uuid=u|description=d|bridge=b|mtu=9000|locking=disabled|stp=true|multicast-snooping=false|"
        "other-config=k:v|other-config=x:|ipv4.mode=static|ipv4.address=192.0.2.1/24|ipv4.gateway=192.0.2.254|@3:5",
        "pif|device=eth0|match.mac=02:00:00:00:00:01|match.position=1|match.pci=0|match.driver=e1000|network=n|"
        "rename=p|"
        "disallow-unplug=true|routes=10.0.0.0/8 via 192.0.2.1|dns=192.0.2.53|host=xs-1|host=xs-2|~management|absent",
        "bond|name=bond0|members=eth0|members=eth1|mode=lacp|hash=tcpudp-ports|lacp-rate=fast|updelay=1|downdelay=2|"
        "monitor-interval=3|primary=eth0|mac=02:00:00:00:00:01|network=n|status.device=bond0|status.mtu=1500|adopt",
        "vlan|pif=eth0|tag=7|device=v7|ipv6.mode=static|ipv6.address=2001:db8::1/64|ipv6.gateway=fe80::1|"
        "default-route=true|plugged=false|status.managed-by=NetworkManager|status.dhcp-client=dhclient|"
        "status.other-addresses=192.0.2.9/24",
        "tunnel|network=n|transport=eth0|device=t|protocol=vxlan|key=77|remotes=192.0.2.2|remotes=192.0.2.3|"
        "local=192.0.2.1|port=4789|csum=true|df=false|~plugged",
        "vif|vm=web-1|domain=4|device=0|network=n|mac=02:00:00:00:00:01|rate-limit=80Mbit|locking=locked|"
        "allowed-ipv4=192.0.2.7|allowed-ipv6=2001:db8::7|trunks=1|trunks=2|status.device=vif4.0|status.carrier=true",
};

/* What observing adds, and no accessor sets. */
static struct xsnet_object *full_object(int i)
{
        struct xsnet_object *obj = mt_object(full[i]);
        size_t n = xsn_class_n_fields(obj->cls);

        obj->owner = xsn_strdup("somebody");
        obj->payload = xsn_strdup("{}");
        obj->made = obj->mark_taken = true;
        obj->item = 7;
        obj->field_pos = xsn_alloc_array(n, sizeof(*obj->field_pos));
        obj->field_pos[n - 1].line = 99;
        return obj;
}

START_TEST(a_copy_is_equal_and_has_a_life_of_its_own)
{
        struct xsnet_object *obj = full_object(_i), *copy = NULL;
        size_t n = xsn_class_n_fields(obj->cls);
        char *before = mt_fields(obj), *after;

        ck_assert_int_eq(xsn_object_copy(obj, &copy), 0);
        ck_assert(xsn_object_equal(obj, copy));
        ck_assert_uint_eq(copy->refs, 1);
        ck_assert(copy->absent == obj->absent && copy->adopt == obj->adopt && copy->made && copy->mark_taken);
        ck_assert_str_eq(copy->payload, "{}");
        ck_assert_str_eq(copy->owner, "somebody");
        ck_assert_uint_eq(copy->item, 7);
        ck_assert_uint_eq(copy->pos.line, obj->pos.line);
        ck_assert_uint_eq(copy->field_pos[n - 1].line, 99);
        xsnet_object_unref(obj);
        after = mt_fields(copy);
        ck_assert_str_eq(before, after);
        xsn_free(before);
        xsn_free(after);
        xsnet_object_unref(copy);
}
END_TEST

START_TEST(a_copy_that_finds_no_memory_leaves_nothing)
{
        struct xsnet_object *obj = full_object(_i), *copy = NULL;
        unsigned long n = 0;
        int r;

        do {
                failalloc_at(++n);
                r = xsn_object_copy(obj, &copy);
                failalloc_off();
                ck_assert_int_eq(r, failalloc_count() < n ? 0 : -ENOMEM);
                ck_assert((copy != NULL) == !r);
        } while (r);
        ck_assert_uint_gt(n, 5);
        xsnet_object_unref(copy);
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(a_copied_row_brings_its_state)
{
        struct xsnet_object *from = mt_object("bond|name=b|members=eth0|members=eth1|~mac"), *to = mt_object(full[2]);
        size_t n = xsn_class_n_fields(from->cls);
        char *text;

        for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(xsn_object_copy_row(to, from, i), 0);
        text = mt_fields(to);
        ck_assert_str_eq(text, "name=b members=[eth0, eth1] mac=null");
        xsn_free(text);
        xsnet_object_unref(from);
        xsnet_object_unref(to);
}
END_TEST

START_TEST(strings_are_set_by_field_and_only_strings)
{
        struct xsnet_object *obj = mt_object("pif|~network");

        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_NETWORK, "a"), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_NETWORK, xsn_object_network(obj)), 0); /* its own */
        ck_assert_str_eq(xsn_object_string(obj, XSNET_FIELD_NETWORK), "a");
        ck_assert_uint_eq(obj->reset, 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_MANAGEMENT, "true"), -EINVAL);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_TAG, "7"), -EINVAL);
        ck_assert_ptr_null(xsn_object_string(obj, XSNET_FIELD_TAG));
        ck_assert_ptr_null(xsn_object_string(obj, XSNET_FIELD_MANAGEMENT));
        ck_assert_ptr_null(xsn_object_string(obj, XSNET_FIELD_DEVICE));
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(the_host_is_the_one_of_a_resolved_object)
{
        struct xsnet_object *obj = mt_object("pif|device=eth0|host=a|host=b");

        ck_assert_str_eq(xsn_object_host(obj), "");
        ck_assert_int_eq(xsn_object_set_host(obj, "b"), 0);
        ck_assert_str_eq(xsn_object_host(obj), "b");
        ck_assert_int_eq(xsn_object_set_host(obj, ""), 0);
        ck_assert_str_eq(xsn_object_host(obj), "");
        ck_assert_uint_eq(obj->hosts.n, 0);
        xsnet_object_unref(obj);
}
END_TEST

START_TEST(the_mtu_is_the_networks_own_or_the_devices_as_observed)
{
        static const struct {
                const char *spec;
                uint32_t mtu;
                bool link;
        } rows[] = { { "network|mtu=9000", 9000, false },
                     { "network", 0, false },
                     { "pif|status.mtu=1400", 1400, true },
                     { "bond|status.mtu=1400", 1400, true },
                     { "tunnel", 0, true },
                     { "vif|status.mtu=1450", 1450, false },
                     { "vif", 0, false } };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(rows); i++) {
                struct xsnet_object *obj = mt_object(rows[i].spec);

                ck_assert_uint_eq(xsn_object_mtu(obj), rows[i].mtu);
                ck_assert_int_eq(xsn_object_link(obj) != NULL, rows[i].link);
                xsnet_object_unref(obj);
        }
}
END_TEST

START_TEST(objects_stay_small)
{
        ck_assert_uint_lt(xsn_class_of(kinds[_i])->size, 1024);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("model/object");
        TCase *tc = tcase_create("object");

        tcase_add_loop_test(tc, an_object_is_known_by_its_key_and_device, 0, XSN_ARRAY_SIZE(identities));
        tcase_add_test(tc, a_cut_description_leaves_no_trace_of_what_stood_before_it);
        tcase_add_test(tc, a_row_is_unset_set_or_reset);
        tcase_add_loop_test(tc, the_default_is_a_value_or_unset, 0, XSN_N_KINDS);
        tcase_add_test(tc, defaults_are_those_of_the_reference);
        tcase_add_loop_test(tc, a_copy_is_equal_and_has_a_life_of_its_own, 0, XSN_ARRAY_SIZE(full));
        tcase_add_loop_test(tc, a_copy_that_finds_no_memory_leaves_nothing, 0, XSN_ARRAY_SIZE(full));
        tcase_add_test(tc, a_copied_row_brings_its_state);
        tcase_add_test(tc, strings_are_set_by_field_and_only_strings);
        tcase_add_test(tc, the_host_is_the_one_of_a_resolved_object);
        tcase_add_test(tc, the_mtu_is_the_networks_own_or_the_devices_as_observed);
        tcase_add_loop_test(tc, objects_stay_small, 0, XSN_N_KINDS);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
