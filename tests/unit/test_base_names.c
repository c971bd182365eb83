/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/names.h. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "unit.h"

static const struct {
        const char *name;
        bool valid;
} ifnames[] = {
        { "e", true },
        { "eth0", true },
        { "eth0.100", true },
        { "a-b_c+d", true },
        { "123456789012345", true },
        { "1234567890123456", false },
        { "...", true },
        { "..a", true },
        { "\xc3\xa9th0", true },
        { "", false },
        { ".", false },
        { "..", false },
        { "a/b", false },
        { "eth0:1", false },
        { "a b", false },
        { "a\t", false },
        { "a\n", false },
        { "\v", false },
        { "a\r", false },
        { "a\f", false },
        { "\xc3\xa0", false }, /* U+00E0: its second byte is a space to the kernel */
        { "eth%d", false },
        { "a%", false },
};

START_TEST(device_names_are_the_kernels)
{
        ck_assert_msg(xsn_ifname_valid(ifnames[_i].name) == ifnames[_i].valid, "'%s'", ifnames[_i].name);
}
END_TEST

START_TEST(owners_are_short_and_plain)
{
        char longest[65];

        memset(longest, 'a', sizeof(longest));
        longest[63] = '\0';
        ck_assert(xsn_owner_valid(longest));
        longest[63] = 'a';
        longest[64] = '\0';
        ck_assert(!xsn_owner_valid(longest));
        ck_assert(xsn_owner_valid("pxs-lab_1.A"));
        ck_assert(!xsn_owner_valid(""));
        ck_assert(!xsn_owner_valid("a b"));
        ck_assert(!xsn_owner_valid("a;net=b"));
        ck_assert(!xsn_owner_valid("caf\xc3\xa9"));
}
END_TEST

static const struct {
        const char *plain, *encoded;
} percents[] = {
        { "", "" },
        { "AZaz09-._~", "AZaz09-._~" },
        { "Pool-wide network; eth1", "Pool-wide%20network%3B%20eth1" },
        { "100%", "100%25" },
        { "\xc3\xa9\x7f\x01", "%C3%A9%7F%01" },
        { "a/b:c=d+e", "a%2Fb%3Ac%3Dd%2Be" },
};

START_TEST(percent_encoding_goes_there_and_back)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_percent_encode(&buf, percents[_i].plain);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        ck_assert_str_eq(text, percents[_i].encoded);
        ck_assert_int_eq(xsn_percent_decode(text), 0);
        ck_assert_str_eq(text, percents[_i].plain);
}
END_TEST

START_TEST(bad_escapes_are_refused_and_nothing_is_changed)
{
        static const char *const bad[] = { "%41%", "%41%4", "%41%4g", "%41%g4", "%41%00", "%41%%41", "%41%-1", "% 1" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(bad); i++) {
                _cleanup_(xsn_freep) char *text = xsn_strdup(bad[i]);

                ck_assert_msg(xsn_percent_decode(text) == -EINVAL, "%s", bad[i]);
                ck_assert_str_eq(text, bad[i]);
        }
}
END_TEST

START_TEST(lower_case_escapes_are_read_too)
{
        char text[] = "%c3%a9+x";

        ck_assert_int_eq(xsn_percent_decode(text), 0);
        ck_assert_str_eq(text, "\xc3\xa9+x");
}
END_TEST

static const char *const keys[] = { "name",    "tag",           "pif",       "network", "mtu",
                                    "members", "default-route", NULL,        "",        "multicast-snooping",
                                    "mode",    "updelay",       "downdelay", "ipv4",    "ipv6" };

static const struct {
        const char *word, *suggestion;
} slips[] = {
        { "tga", "tag" },
        { "nmae", "name" },
        { "MTU", "mtu" },
        { "default_route", "default-route" },
        { "defualtroute", "default-route" },
        { "netwrok", "network" },
        { "netowrks", "network" },
        { "member", "members" },
        { "multicast_snoping", "multicast-snooping" },
        { "mutlicats-snopoing", "multicast-snooping" },
        { "ip4", "ipv4" },
        { "updealy", "updelay" },
        { "modes", "mode" },
        { "host", NULL },
        { "xy", NULL },
        { "x", NULL },
        { "", NULL },
        { "bridge", NULL },
        { "gateway", NULL },
};

START_TEST(slips_of_the_keyboard_find_their_word)
{
        const char *found = xsn_suggest(slips[_i].word, keys, XSN_ARRAY_SIZE(keys));
        const char *wanted = slips[_i].suggestion;

        ck_assert_msg(wanted ? found && strcmp(found, wanted) == 0 : !found, "'%s' gave '%s'", slips[_i].word,
                      found ? found : "nothing");
}
END_TEST

START_TEST(the_nearest_wins_and_then_the_first)
{
        static const char *const near[] = { "eth10", "eth1", "eth2" };

        ck_assert_str_eq(xsn_suggest("eth1", near, 3), "eth1");
        ck_assert_str_eq(xsn_suggest("eth0", near, 3), "eth10"); /* as near as the others */
        ck_assert_str_eq(xsn_suggest("eht1", near, 3), "eth1");
        ck_assert_ptr_eq(xsn_suggest("eth3", near, 3), near[1]);
        ck_assert_ptr_null(xsn_suggest("eth3", near, 0));
}
END_TEST

START_TEST(the_work_for_a_suggestion_is_bounded)
{
        size_t n = 100000, len = 1 << 20;
        const char **many = xsn_alloc_array(n, sizeof(*many));
        char *word = xsn_alloc(len + 1);

        memset(word, 'a', len);
        for (size_t i = 0; i < n; i++)
                many[i] = word;
        many[n - 1] = "abd";
        ck_assert_ptr_null(xsn_suggest(word, many, n));
        ck_assert_ptr_null(xsn_suggest("abc", many, n)); /* beyond the candidates that are looked at */
        ck_assert_str_eq(xsn_suggest("abc", &many[n - 2], 2), "abd");
        xsn_free(many);
        xsn_free(word);
}
END_TEST

/* FIPS 180-4 examples, and lengths around the block. */
static const struct {
        const char *unit;
        int times;
        const char *digest;
} digests[] = {
        { "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
        { "a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
        { "a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
        { "a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34" },
        { "a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
        { "a", 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
};

START_TEST(sha256_is_the_standards)
{
        struct xsn_buf buf = { 0 };
        char hex[65], some[9];

        for (int i = 0; i < digests[_i].times; i++)
                xsn_buf_put(&buf, digests[_i].unit);
        xsn_sha256_hex(buf.s, buf.len, hex, 64);
        ck_assert_str_eq(hex, digests[_i].digest);
        xsn_sha256_hex(buf.s, buf.len, some, 7);
        ck_assert_mem_eq(some, hex, 7);
        ck_assert_int_eq(some[7], '\0');
        xsn_buf_done(&buf);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("base/names");
        TCase *tc = tcase_create("names");

        tcase_add_loop_test(tc, device_names_are_the_kernels, 0, XSN_ARRAY_SIZE(ifnames));
        tcase_add_test(tc, owners_are_short_and_plain);
        tcase_add_loop_test(tc, percent_encoding_goes_there_and_back, 0, XSN_ARRAY_SIZE(percents));
        tcase_add_test(tc, bad_escapes_are_refused_and_nothing_is_changed);
        tcase_add_test(tc, lower_case_escapes_are_read_too);
        tcase_add_loop_test(tc, slips_of_the_keyboard_find_their_word, 0, XSN_ARRAY_SIZE(slips));
        tcase_add_test(tc, the_nearest_wins_and_then_the_first);
        tcase_add_test(tc, the_work_for_a_suggestion_is_bounded);
        tcase_add_loop_test(tc, sha256_is_the_standards, 0, XSN_ARRAY_SIZE(digests));
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
