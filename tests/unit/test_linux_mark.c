/* SPDX-License-Identifier: Apache-2.0 */
/* What the linux backend writes into an alias and what a guest's device is called. */
#include <errno.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"
#include "failalloc.h"
#include "unit.h"

static const struct {
        const char *alias;
        bool ours, taken, made;
        const char *owner, *net, *was;
        int management;
        const char *again; /* as it is written; NULL: as it was read */
} marks[] = {
        { NULL, false, false, false, NULL, NULL, NULL, -1, "" },
        { "", false, false, false, NULL, NULL, NULL, -1, "" },
        { "uplink to rack 7", false, true, false, NULL, NULL, NULL, -1, "" },
        { "xsnet", false, true, false, NULL, NULL, NULL, -1, "" },
        { "xsnet:lab;net=guest", true, false, true, "lab", "guest", NULL, -1, NULL },
        { "xsnet:lab;net=a%3Bb%25%20c", true, false, true, "lab", "a;b% c", NULL, -1, NULL },
        { "xsnet:lab;net=br0;made=no", true, false, false, "lab", "br0", NULL, -1, NULL },
        { "xsnet:;was=eth0", true, false, true, NULL, NULL, "eth0", -1, NULL },
        { "xsnet:lab;mgmt=yes", true, false, true, "lab", NULL, NULL, 1, NULL },
        { "xsnet:lab;mgmt=no", true, false, true, "lab", NULL, NULL, 0, NULL },
        { "xsnet:lab;later=1;net=x", true, false, true, "lab", "x", NULL, -1, "xsnet:lab;net=x" },
        { "xsnet:a b;net=x", true, false, true, NULL, "x", NULL, -1, "xsnet:;net=x" },
        { "xsnet:lab;net=%zz", true, false, true, "lab", NULL, NULL, -1, "xsnet:lab" },
        { "xsnet:lab;net=%00", true, false, true, "lab", NULL, NULL, -1, "xsnet:lab" },
        { "xsnet:lab;;=;net", true, false, true, "lab", NULL, NULL, -1, "xsnet:lab" },
};

static void ck_text(const char *found, const char *expected)
{
        ck_assert_msg(!found == !expected && (!found || strcmp(found, expected) == 0), "found '%s', not '%s'",
                      found ? found : "nothing", expected ? expected : "nothing");
}

START_TEST(an_alias_is_read_and_written_again)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct lx_mark mark;

        ck_assert_int_eq(xsn_lx_mark_parse(marks[_i].alias, &mark), 0);
        ck_assert_int_eq(mark.ours, marks[_i].ours);
        ck_assert_int_eq(mark.taken, marks[_i].taken);
        ck_assert_int_eq(mark.made, marks[_i].made);
        ck_assert_int_eq(mark.management, marks[_i].management);
        ck_text(mark.owner, marks[_i].owner);
        ck_text(mark.net, marks[_i].net);
        ck_text(mark.was, marks[_i].was);
        ck_assert_int_eq(xsn_lx_mark_format(&mark, &text), 0);
        ck_text(text, marks[_i].again ? marks[_i].again : marks[_i].alias);
        xsn_lx_mark_done(&mark);
}
END_TEST

/* Callers are done with the mark, whatever came of it. */
START_TEST(a_mark_that_there_was_no_memory_for_is_empty)
{
        static const char alias[] = "xsnet:lab;net=a;was=b;via=c;local=192.0.2.1";
        unsigned long n = 0, count;
        struct lx_mark mark;
        int r;

        do {
                memset(&mark, 0xa5, sizeof(mark));
                failalloc_at(++n);
                r = xsn_lx_mark_parse(alias, &mark);
                failalloc_off();
                count = failalloc_count();
                ck_assert_int_eq(r, count < n ? 0 : -ENOMEM);
                if (r < 0)
                        ck_assert(!mark.owner && !mark.net && !mark.was && !mark.via && !mark.local);
                xsn_lx_mark_done(&mark);
        } while (count >= n);
        ck_assert_uint_gt(n, 5);
}
END_TEST

START_TEST(an_alias_longer_than_the_kernel_takes_is_refused)
{
        char net[256] = { 0 };
        struct lx_mark mark = { .management = -1, .made = true, .net = net };
        char *text = NULL;

        memset(net, 'n', 255 - strlen("xsnet:;net="));
        ck_assert_int_eq(xsn_lx_mark_format(&mark, &text), 0);
        ck_assert_uint_eq(strlen(text), 255);
        xsn_free(text);
        net[strlen(net)] = 'n';
        text = NULL;
        ck_assert_int_eq(xsn_lx_mark_format(&mark, &text), -ENAMETOOLONG);
        ck_assert_ptr_null(text);
}
END_TEST

static const struct {
        const char *name;
        bool is, tap;
        uint32_t domain, device;
} names[] = {
        { "vif1.0", true, false, 1, 0 },
        { "tap65535.255", true, true, 65535, 255 },
        { "vif0.0", true, false, 0, 0 },
        { "vif65536.0", false, false, 0, 0 },
        { "vif1.256", false, false, 0, 0 },
        { "vif01.0", false, false, 0, 0 },
        { "vif1.00", false, false, 0, 0 },
        { "vif1.0-emu", false, false, 0, 0 },
        { "vif1", false, false, 0, 0 },
        { "vif1.", false, false, 0, 0 },
        { "vif.0", false, false, 0, 0 },
        { "vif-1.0", false, false, 0, 0 },
        { "vif 1.0", false, false, 0, 0 },
        { "eth0", false, false, 0, 0 },
        { "vif", false, false, 0, 0 },
        { "v", false, false, 0, 0 },
        { "", false, false, 0, 0 },
};

START_TEST(a_guests_device_is_told_by_its_name)
{
        uint32_t domain = 0, device = 0;
        bool tap = false;

        ck_assert_msg(xsn_d0_vif_name(names[_i].name, &domain, &device, &tap) == names[_i].is, "%s", names[_i].name);
        ck_assert_uint_eq(domain, names[_i].domain);
        ck_assert_uint_eq(device, names[_i].device);
        ck_assert_int_eq(tap, names[_i].tap);
}
END_TEST

START_TEST(a_payload_of_nonsense_is_left_out)
{
        static const char *const payloads[] = { "info=", "info=zz", "info=0", "info=ffffffff", "info=04000100;up",
                                                "info=0800010001", "=;;info", "up=;info=080001", "group" };
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsnet_object *obj = NULL;
        struct ifinfomsg { char b[16]; } ifi = { { 0 } };

        ck_assert_int_eq(xsn_object_new(&xsn_network_class, &obj), 0);
        ck_assert_int_eq(xsn_nl_batch_new(&batch, NULL), 0);
        obj->payload = xsn_strdup(payloads[_i]);
        ck_assert_ptr_nonnull(obj->payload);
        (void)xsn_nl_batch_begin(batch, 16, 0, &ifi, sizeof(ifi), NULL);
        xsn_lx_payload_put(obj, "info", batch);
        ck_assert_int_eq(xsn_nl_batch_status(batch), 0);
        ck_assert_uint_eq(xsn_d0_payload_number(obj, "up", 1), strstr(payloads[_i], "up=") ? 0 : 1);
        xsnet_object_unref(obj);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("linux marks");
        TCase *tc = tcase_create("marks");

        tcase_add_loop_test(tc, an_alias_is_read_and_written_again, 0, (int)XSN_ARRAY_SIZE(marks));
        tcase_add_test(tc, a_mark_that_there_was_no_memory_for_is_empty);
        tcase_add_test(tc, an_alias_longer_than_the_kernel_takes_is_refused);
        tcase_add_loop_test(tc, a_guests_device_is_told_by_its_name, 0, (int)XSN_ARRAY_SIZE(names));
        tcase_add_loop_test(tc, a_payload_of_nonsense_is_left_out, 0, 9);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
