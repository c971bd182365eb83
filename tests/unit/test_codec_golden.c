/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden documents in tests/data/codec: good/CASE has in.yaml or in.json and what it
 * reads as, written again, out.yaml; bad/CASE has in.* and errors.txt. INDEX names the
 * cases, sorted. With --update the test writes out.yaml and errors.txt.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "codec/codec.h"
#include "model/state.h"
#include "unit.h"

#define CASES_MAX 256
#define TEXT_MAX  (1u << 20)

struct cases {
        const char *folder;
        char names[CASES_MAX][64];
        int n;
};

static struct cases good = { .folder = "good" }, bad = { .folder = "bad" };
static bool update;

static void path_of(char *path, size_t size, const struct cases *cases, const char *name, const char *file)
{
        ck_assert_int_lt(snprintf(path, size, "%s/codec/%s/%s%s%s", getenv("XSN_TEST_DATA"), cases->folder, name,
                                  *name ? "/" : "", file),
                         (int)size);
}

/* NULL where there is no such file. The caller's. */
static char *slurp(const char *path, size_t *ret_len)
{
        FILE *file = fopen(path, "rb");
        char *text;

        if (!file)
                return NULL;
        text = calloc(1, TEXT_MAX + 1);
        ck_assert_ptr_nonnull(text);
        *ret_len = fread(text, 1, TEXT_MAX, file);
        fclose(file);
        return text;
}

static void spill(const char *path, const char *text)
{
        FILE *file = fopen(path, "wb");

        ck_assert_msg(file && fputs(text, file) >= 0, "%s", path);
        ck_assert_int_eq(fclose(file), 0);
}

/* The text is as the file says; with --update the file is as the text says. */
static void compare(const char *path, const char *text)
{
        size_t len = 0;
        char *wanted;

        if (update)
                spill(path, text);
        wanted = slurp(path, &len);
        ck_assert_msg(wanted, "%s: not there", path);
        ck_assert_msg(!strcmp(wanted, text), "%s: expected\n%.1500s\nfound\n%.1500s", path, wanted, text);
        free(wanted);
}

static int load_case(const struct cases *cases, const char *name, struct xsnet_state **ret_state,
                     struct xsnet_error **ret_err)
{
        int format = XSNET_FORMAT_YAML, r;
        char path[4096];
        size_t len = 0;
        char *text;

        path_of(path, sizeof(path), cases, name, "in.yaml");
        text = slurp(path, &len);
        if (!text) {
                path_of(path, sizeof(path), cases, name, "in.json");
                text = slurp(path, &len);
                format = XSNET_FORMAT_JSON;
        }
        ck_assert_msg(text, "%s: not there", path);
        r = xsnet_document_load(text, len, format, strrchr(path, '/') + 1, ret_state, ret_err);
        free(text);
        return r;
}

static char *describe(const struct xsnet_error *err)
{
        struct xsn_buf buf = { 0 };
        char *text;

        for (; err; err = xsnet_error_get_next(err))
                xsn_buf_printf(&buf, "%s: [%s] %s\n", xsnet_error_get_where(err), xsnet_error_get_reason(err),
                               xsnet_error_get_message(err));
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

START_TEST(good_documents_read_as_expected)
{
        struct xsnet_error *err = NULL;
        struct xsnet_state *state = NULL;
        char path[4096], *text;
        int r = load_case(&good, good.names[_i], &state, &err);

        text = describe(err);
        ck_assert_msg(r == 0 && !err, "%s: %s", good.names[_i], text);
        free(text);
        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        path_of(path, sizeof(path), &good, good.names[_i], "out.yaml");
        compare(path, text);
        free(text);
        xsnet_state_unref(state);
}
END_TEST

START_TEST(what_was_written_reads_the_same_in_both_notations)
{
        struct xsnet_state *state = NULL;

        ck_assert_int_eq(load_case(&good, good.names[_i], &state, NULL), 0);
        for (int format = XSNET_FORMAT_YAML; format <= XSNET_FORMAT_JSON; format++) {
                struct xsnet_state *again = NULL;
                char *text, *wanted, *found;

                ck_assert_int_eq(xsnet_document_dump(state, format, &text, NULL), 0);
                /* also where the reader has to find out which notation it is */
                for (int how = 0; how < 2; how++) {
                        ck_assert_int_eq(xsnet_document_load(text, strlen(text), how ? format : XSNET_FORMAT_AUTO, NULL,
                                                             &again, NULL),
                                         0);
                        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &wanted, NULL), 0);
                        ck_assert_int_eq(xsnet_document_dump(again, XSNET_FORMAT_YAML, &found, NULL), 0);
                        ck_assert_str_eq(wanted, found);
                        free(wanted);
                        free(found);
                        xsnet_state_unref(again);
                }
                free(text);
        }
        xsnet_state_unref(state);
}
END_TEST

START_TEST(bad_documents_are_refused_with_all_errors)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        char path[4096], *text;

        ck_assert_msg(load_case(&bad, bad.names[_i], &state, &err) < 0, "%s was read", bad.names[_i]);
        ck_assert_ptr_null(state);
        text = describe(err);
        path_of(path, sizeof(path), &bad, bad.names[_i], "errors.txt");
        compare(path, text);
        free(text);
        xsnet_error_free(err);
}
END_TEST

/* ---- the index ---- */

/* Outside of a test: what is missing is found by the test of the indexes. */
static void read_index(struct cases *cases)
{
        const char *data = getenv("XSN_TEST_DATA");
        char path[4096], line[128];
        FILE *file;

        snprintf(path, sizeof(path), "%s/codec/%s/INDEX", data ? data : "", cases->folder);
        file = fopen(path, "r");
        while (file && fgets(line, sizeof(line), file) && cases->n < CASES_MAX) {
                line[strcspn(line, "\n")] = '\0';
                snprintf(cases->names[cases->n++], sizeof(cases->names[0]), "%.63s", line);
        }
        if (file)
                fclose(file);
}

static int visible(const struct dirent *entry)
{
        return entry->d_name[0] != '.' && strcmp(entry->d_name, "INDEX") != 0;
}

/* The folders, sorted, are the index. */
static void check_index(const struct cases *cases, int least)
{
        struct dirent **found = NULL;
        char path[4096];
        int n;

        path_of(path, sizeof(path), cases, "", "");
        n = scandir(path, &found, visible, alphasort);
        ck_assert_int_ge(n, least);
        for (int i = 0; i < n; i++) {
                ck_assert_msg(i < cases->n && !strcmp(cases->names[i], found[i]->d_name), "%s: INDEX lacks %s",
                              cases->folder, found[i]->d_name);
                free(found[i]);
        }
        free(found);
        ck_assert_int_eq(cases->n, n);
}

START_TEST(the_indexes_are_complete_and_sorted)
{
        check_index(&good, 25);
        check_index(&bad, 40);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("codec golden");
        TCase *cases = tcase_create("golden");

        update = argc > 1 && !strcmp(argv[1], "--update");
        setenv("LC_ALL", "C", 1); /* alphasort() */
        read_index(&good);
        read_index(&bad);
        tcase_add_test(cases, the_indexes_are_complete_and_sorted);
        tcase_add_loop_test(cases, good_documents_read_as_expected, 0, good.n);
        tcase_add_loop_test(cases, what_was_written_reads_the_same_in_both_notations, 0, good.n);
        tcase_add_loop_test(cases, bad_documents_are_refused_with_all_errors, 0, bad.n);
        suite_add_tcase(suite, cases);
        return unit_main(suite);
}
