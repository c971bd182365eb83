/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses of a device become rows of an object. */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "backend/dom0/view.h"
#include "base/alloc.h"
#include "unit.h"

#define KERNEL_LL 3

static const struct {
        const char *ip;
        uint8_t proto, scope;
        bool dynamic;
        bool rows[2][2]; /* by: does the kernel tell whose it is? is the device ours? */
} addresses[] = {
        { "192.0.2.1/24", 0, RT_SCOPE_UNIVERSE, false, { { true, true }, { true, true } } },
        { "192.0.2.1/24", XSN_D0_ADDR_PROTO, RT_SCOPE_UNIVERSE, false, { { true, true }, { true, true } } },
        { "127.0.0.5/8", 0, RT_SCOPE_HOST, false, { { false, false }, { false, false } } },
        /* Link-local ones count where a document named them. */
        { "169.254.3.3/16", 0, RT_SCOPE_LINK, false, { { false, true }, { false, false } } },
        { "169.254.3.3/16", 0, RT_SCOPE_LINK, true, { { false, false }, { false, false } } },
        { "169.254.3.3/16", XSN_D0_ADDR_PROTO, RT_SCOPE_LINK, false, { { true, true }, { true, true } } },
        { "fe80::1/64", 0, RT_SCOPE_LINK, false, { { false, false }, { false, false } } },
        { "fe80::1/64", KERNEL_LL, RT_SCOPE_LINK, false, { { false, false }, { false, false } } },
        { "fe80::1/64", XSN_D0_ADDR_PROTO, RT_SCOPE_LINK, false, { { true, true }, { true, true } } },
};

START_TEST(an_address_is_a_row_where_dom0_was_given_it)
{
        for (int tells = 0; tells < 2; tells++)
                for (int ours = 0; ours < 2; ours++) {
                        _cleanup_(xsn_d0_net_done) struct xsn_d0_net net = { .tells_proto = tells };
                        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
                        struct xsn_d0_link *link = xsn_d0_net_make(&net, 2, "eth0", "");
                        struct xsn_d0_addr *addr = xsn_alloc(sizeof(*addr));
                        bool dhcp;

                        ck_assert_ptr_nonnull(link);
                        ck_assert_ptr_nonnull(addr);
                        link->addrs = addr;
                        addr->proto = addresses[_i].proto;
                        addr->scope = addresses[_i].scope;
                        addr->dynamic = addresses[_i].dynamic;
                        ck_assert_int_eq(xsn_ip_parse_prefix(addresses[_i].ip, &addr->ip), 0);
                        ck_assert_int_eq(xsnet_object_new(XSNET_KIND_PIF, &obj, NULL), 0);
                        ck_assert_int_eq(xsn_d0_view_addresses(&net, link, ours, obj, &dhcp), 0);
                        ck_assert_msg((obj->a.ipv4_address.n + obj->a.ipv6_address.n == 1) ==
                                              addresses[_i].rows[tells][ours],
                                      "%s, protocol %u, told %d, ours %d", addresses[_i].ip, addresses[_i].proto,
                                      tells, ours);
                }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("dom0/view");
        TCase *tc = tcase_create("view");

        tcase_add_loop_test(tc, an_address_is_a_row_where_dom0_was_given_it, 0, XSN_ARRAY_SIZE(addresses));
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
