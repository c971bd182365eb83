/* SPDX-License-Identifier: Apache-2.0 */
/* Journals: what is written can be read back as it was, and what was not written by us is refused, whatever it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/codec.h"
#include "codec/journal.h"
#include "failalloc.h"
#include "gen.h"
#include "slow.h"
#include "unit.h"

#define N_SEEDS ((int)fewer(100))

static bool same_text(const char *a, const char *b)
{
        return a && b ? !strcmp(a, b) : a == b;
}

static bool same_object(const struct xsnet_object *a, const struct xsnet_object *b)
{
        if (!a || !b)
                return a == b;
        return xsn_object_equal(a, b) && same_text(a->payload, b->payload) && a->made == b->made &&
               a->mark_taken == b->mark_taken;
}

static void add_entry(struct xsn_journal *journal, struct xsnet_object *before, struct xsnet_object *after)
{
        void *entries = journal->entries;

        ck_assert_int_eq(xsn_grow(&entries, &journal->cap_entries, journal->n_entries + 1, sizeof(*journal->entries)),
                         0);
        journal->entries = entries;
        journal->entries[journal->n_entries++] = (struct xsn_journal_entry){
                .before = before ? xsnet_object_ref(before) : NULL, .after = after ? xsnet_object_ref(after) : NULL
        };
}

static struct xsn_journal *random_journal(unsigned seed)
{
        struct gen gen = gen_seed(seed);
        struct xsnet_state *state = gen_observed(&gen, 30);
        struct xsn_journal *journal = xsn_alloc(sizeof(*journal));

        journal->target = xsn_strdup("linux:?netns=red");
        journal->identity = gen_below(&gen, 2) ? xsn_strdup("cookie 7 of boot b") : NULL;
        journal->boot = gen_below(&gen, 2) ? xsn_strdup("b") : NULL;
        journal->owner = gen_below(&gen, 2) ? xsn_strdup("pxs-lab") : NULL;
        journal->payload = gen_below(&gen, 2) ? xsn_strdup("group 1073742000 of \"these\"\n") : NULL;
        for (size_t i = 0; i < state->n_objects; i++) {
                struct xsnet_object *obj = state->objects[i], *after = NULL;

                if (obj->reset || obj->absent || obj->hosts.n > 1)
                        continue;
                ck_assert_int_eq(xsn_object_copy(obj, &after), 0);
                xsn_free(after->owner);
                after->owner = xsn_strdup("me");
                after->made = true;
                switch (gen_below(&gen, 3)) {
                case 0:
                        add_entry(journal, obj, NULL);
                        break;
                case 1:
                        add_entry(journal, NULL, obj);
                        break;
                default:
                        add_entry(journal, obj, after);
                }
                xsnet_object_unref(after);
        }
        xsnet_state_unref(state);
        return journal;
}

START_TEST(a_journal_is_read_as_it_was_written)
{
        struct xsn_journal *journal = random_journal((unsigned)_i), *read = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL, *again = NULL;

        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, NULL), 0);
        ck_assert_msg(!xsn_codec_journal_load(text, strlen(text), &read, &err), "seed %d: %s", _i,
                      xsnet_error_get_message(err));
        ck_assert_str_eq(read->target, journal->target);
        ck_assert(same_text(read->identity, journal->identity));
        ck_assert(same_text(read->boot, journal->boot));
        ck_assert(same_text(read->owner, journal->owner));
        ck_assert(same_text(read->payload, journal->payload));
        ck_assert_uint_eq(read->n_entries, journal->n_entries);
        for (size_t i = 0; i < read->n_entries; i++)
                ck_assert_msg(same_object(read->entries[i].before, journal->entries[i].before) &&
                                      same_object(read->entries[i].after, journal->entries[i].after),
                              "seed %d: entry %zu", _i, i);
        ck_assert_int_eq(xsn_codec_journal_dump(read, &again, NULL), 0);
        ck_assert_str_eq(text, again);
        free(text);
        free(again);
        xsn_journal_free(journal);
        xsn_journal_free(read);
}
END_TEST

#define HEAD "\"xsnet-journal\": 1, \"target\": \"linux:\""
#define NET  "{\"kind\": \"network\", \"name\": \"n\"}"

static const struct {
        const char *text;
        const char *message; /* a part of it */
} bad[] = {
        { "", "" },
        { "{", "" },
        { "[]", "no journal" },
        { "null", "" },
        { "{}", "no journal" },
        { "{\"xsnet-journal\": \"1\", \"target\": \"linux:\", \"entries\": []}", "no journal" },
        { "{\"xsnet-journal\": 3, \"target\": \"linux:\", \"entries\": []}", "another version" },
        { "{\"xsnet-journal\": 1, \"xsnet-journal\": 1, \"target\": \"linux:\", \"entries\": []}", "uplicate" },
        { "{\"xsnet-journal\": 1, \"entries\": []}", "no target" },
        { "{\"xsnet-journal\": 1, \"target\": 7, \"entries\": []}", "a text was expected" },
        { "{\"xsnet-journal\": 1, \"target\": \"a\\u0000b\", \"entries\": []}", "" },
        { "{" HEAD "}", "no entries" },
        { "{" HEAD ", \"entries\": {}}", "no entries" },
        { "{" HEAD ", \"entries\": [], \"more\": 1}", "a key" },
        { "{" HEAD ", \"owner\": \"a b\", \"entries\": []}", "owner" },
        { "{" HEAD ", \"owner\": null, \"entries\": []}", "a text was expected" },
        { "{" HEAD ", \"payload\": [], \"entries\": []}", "a text was expected" },
        { "{" HEAD ", \"entries\": [1]}", "an entry" },
        { "{" HEAD ", \"entries\": [{}]}", "an entry" },
        { "{" HEAD ", \"entries\": [{\"before\": null}]}", "" },
        { "{" HEAD ", \"entries\": [{\"before\": " NET ", "
          "\"after\": {\"kind\": \"vlan\", \"pif\": \"e\", \"tag\": 1}}]}",
          "two kinds" },
        { "{" HEAD ", \"entries\": [{\"before\": " NET ", \"between\": " NET "}]}", "an entry" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"name\": \"n\"}}]}", "kind" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"host\", \"name\": \"n\"}}]}", "kind" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"network\"}}]}", "" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"network\", \"name\": \"n\", \"nmae\": 1}}]}", "nmae" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"network\", \"name\": \"n\", \"mtu\": []}}]}", "mtu" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"network\", \"name\": \"n\", \"mtu\": null}}]}",
          "as it would be observed" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"network\", \"name\": \"n\", \"absent\": true}}]}",
          "as it would be observed" },
        { "{" HEAD ", \"entries\": [{\"before\": {\"kind\": \"network\", \"name\": \"n\", \"host\": [\"a\", \"b\"]}}]}",
          "as it would be observed" },
};

START_TEST(what_is_no_journal_of_ours_is_refused)
{
        struct xsn_journal *journal = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_msg(xsn_codec_journal_load(bad[_i].text, strlen(bad[_i].text), &journal, &err) == -EINVAL, "%s",
                      bad[_i].text);
        ck_assert_ptr_null(journal);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-journal");
        ck_assert_msg(strstr(xsnet_error_get_message(err), bad[_i].message) != NULL, "%s: %s", bad[_i].text,
                      xsnet_error_get_message(err));
        xsnet_error_free(err);
}
END_TEST

/* Cut at every place, and with every byte changed: an error or a journal, never worse. */
START_TEST(a_damaged_journal_does_no_harm)
{
        struct xsn_journal *journal = random_journal(1), *read;
        char *text = NULL;
        size_t len;

        while (journal->n_entries > 3) {
                journal->n_entries--;
                xsnet_object_unref(journal->entries[journal->n_entries].before);
                xsnet_object_unref(journal->entries[journal->n_entries].after);
        }
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, NULL), 0);
        len = strlen(text);
        for (size_t i = 0; i + 2 < len; i += slow(1))
                ck_assert_int_eq(xsn_codec_journal_load(text, i, &read, NULL), -EINVAL);
        for (size_t i = 0; i < len; i += slow(1)) {
                for (unsigned bit = 0; bit < 8; bit += 3) {
                        text[i] ^= (char)(1u << bit);
                        if (!xsn_codec_journal_load(text, len, &read, NULL))
                                xsn_journal_free(read);
                        text[i] ^= (char)(1u << bit);
                }
        }
        free(text);
        xsn_journal_free(journal);
}
END_TEST

START_TEST(deep_lists_are_refused_without_a_deep_stack)
{
        size_t n = 1 << 20;
        char *text = malloc(n);
        struct xsn_journal *journal = NULL;

        memset(text, '[', n);
        ck_assert_int_eq(xsn_codec_journal_load(text, n, &journal, NULL), -EINVAL);
        free(text);
}
END_TEST

START_TEST(a_name_that_is_not_utf8_cannot_be_kept)
{
        struct xsn_journal *journal = random_journal(2);
        struct xsnet_object *obj = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_object_new(&xsn_pif_class, &obj), 0);
        ck_assert_int_eq(xsn_object_set_string(obj, XSNET_FIELD_DEVICE, "eth\xff"), 0);
        add_entry(journal, obj, NULL);
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, &err), -EILSEQ);
        ck_assert_str_eq(xsnet_error_get_reason(err), "bad-text");
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsn_journal_free(journal);
}
END_TEST

/* What the reader would refuse is found out before anything is changed. */
START_TEST(a_journal_with_too_much_text_is_read_back_or_not_written)
{
        struct xsn_journal *journal = xsn_alloc(sizeof(*journal)), *again = NULL;
        size_t n = XSN_CODEC_JOURNAL_MAX - 256;
        struct xsnet_error *err = NULL;
        char *text = NULL;

        journal->target = xsn_strdup("linux:");
        journal->payload = xsn_alloc(n + 512);
        memset(journal->payload, 'x', n);
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, NULL), 0);
        ck_assert_int_eq(xsn_codec_journal_load(text, strlen(text), &again, NULL), 0);
        xsn_journal_free(again);
        text = xsn_free(text);
        memset(journal->payload + n, 'x', 256);
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, &err), -E2BIG);
        ck_assert_ptr_null(text);
        ck_assert_str_eq(xsnet_error_get_reason(err), "too-big");
        xsnet_error_free(err);
        xsn_journal_free(journal);
}
END_TEST

START_TEST(a_journal_with_too_many_entries_is_not_written)
{
        struct xsn_journal *journal = xsn_alloc(sizeof(*journal));
        struct xsnet_error *err = NULL;
        char *text = NULL;

        journal->target = xsn_strdup("linux:");
        journal->n_entries = journal->cap_entries = 2 * XSN_CODEC_ITEMS_MAX + 1;
        journal->entries = xsn_alloc_array(journal->n_entries, sizeof(*journal->entries));
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, &err), -E2BIG);
        ck_assert_ptr_null(text);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "200001 entries"));
        xsnet_error_free(err);
        xsn_journal_free(journal);
}
END_TEST

START_TEST(without_memory_a_journal_is_an_error_and_no_leak)
{
        struct xsn_journal *journal = random_journal(3), *read = NULL;
        char *text = NULL;
        int r = 0;

        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, NULL), 0);
        for (unsigned long n = 1;; n++) {
                failalloc_at(n);
                r = xsn_codec_journal_load(text, strlen(text), &read, NULL);
                failalloc_off();
                if (failalloc_count() < n)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
        }
        xsn_journal_free(read);
        for (unsigned long n = 1;; n++) {
                char *other = NULL;

                failalloc_at(n);
                r = xsn_codec_journal_dump(journal, &other, NULL);
                failalloc_off();
                free(other);
                if (failalloc_count() < n)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
        }
        free(text);
        xsn_journal_free(journal);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("codec journal");
        TCase *tcase = tcase_create("journal");

        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, a_journal_is_read_as_it_was_written, 0, N_SEEDS);
        tcase_add_loop_test(tcase, what_is_no_journal_of_ours_is_refused, 0, (int)XSN_ARRAY_SIZE(bad));
        tcase_add_test(tcase, a_damaged_journal_does_no_harm);
        tcase_add_test(tcase, deep_lists_are_refused_without_a_deep_stack);
        tcase_add_test(tcase, a_name_that_is_not_utf8_cannot_be_kept);
        tcase_add_test(tcase, a_journal_with_too_much_text_is_read_back_or_not_written);
        tcase_add_test(tcase, a_journal_with_too_many_entries_is_not_written);
        tcase_add_test(tcase, without_memory_a_journal_is_an_error_and_no_leak);
        suite_add_tcase(suite, tcase);
        return unit_main(suite);
}
