/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of the linux and ovs suites on a pool. Where XAPI can express one, it is applied, is read back as it
 * was written, is nothing to do then, and goes again without a trace. Where it cannot, the plan refuses it before the
 * first write, with the reason.
 */
#include <errno.h>

#include "base/alloc.h"
#include "xapi_documents.h"
#include "xapi_test.h"

/* As the files of tests/data have it, or as the test has it. */
static char *text_of(const struct document *d)
{
        const char *dir = getenv("XSN_TEST_DATA");
        char path[512], *text;
        size_t n;
        FILE *f;

        if (!d->file)
                return strdup(d->text);
        snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests/data", d->file);
        f = fopen(path, "r");
        ck_assert_msg(f, "%s", path);
        text = calloc(1, 16384);
        n = fread(text, 1, 16383, f);
        fclose(f);
        ck_assert_uint_gt(n, 0);
        return text;
}

/* ---- read back ---- */

static struct xsnet_object *find_there(struct xsnet_state *state, const struct xsnet_object *wish, const char *host)
{
        static const int kinds[] = { XSNET_KIND_BOND, XSNET_KIND_VLAN };
        struct xsnet_object *found = NULL;
        struct xsn_buf key = { 0 };

        xsn_object_key(wish, &key);
        found = xsnet_state_find(state, wish->cls->kind, host, key.s);
        for (size_t i = 0; !found && wish->cls->kind == XSNET_KIND_PIF && i < XSN_ARRAY_SIZE(kinds); i++)
                found = xsnet_state_find(state, kinds[i], host, key.s);
        xsn_buf_done(&key);
        return found;
}

/* A pif item may mean a bond: then its rows are that one's, by their ids. */
static bool row_is_there(const struct xsnet_object *there, const struct xsnet_object *wish, size_t i)
{
        struct xsn_buf is = { 0 }, wanted = { 0 };
        const struct xsn_field *field = xsn_class_field(wish->cls, i);
        int row = xsn_class_index(there->cls, field->id);
        bool same;

        if (field->id == XSNET_FIELD_RATE_LIMIT && (wish->present >> i & 1)) /* XAPI keeps KiB/s */
                return XSN_VIF(wish)->rate_limit - XSN_VIF(there)->rate_limit < 8192;
        if (there->cls == wish->cls)
                return !xsn_object_row_differs(there, wish, i);
        if (!(wish->present >> i & 1) || (field->flags & XSN_F_KEY))
                return true;
        ck_assert_int_ge(row, 0);
        xsn_object_format_row(there, (size_t)row, &is);
        xsn_object_format_row(wish, i, &wanted);
        same = strcmp(is.s, wanted.s) == 0;
        xsn_buf_done(&is);
        xsn_buf_done(&wanted);
        return same;
}

static void ck_wish_is_there(const struct document *d, struct xsnet_state *state, const struct xsnet_object *wish,
                             const char *host)
{
        struct xsnet_object *there = find_there(state, wish, host);
        struct xsn_buf text = { 0 };

        xsn_object_describe(wish, &text);
        ck_assert_msg(wish->absent == !there, "%s: %s is %s", d->from, text.s, there ? "there" : "not there");
        for (size_t i = 0; there && i < xsn_class_n_fields(wish->cls); i++) {
                if (row_is_there(there, wish, i))
                        continue;
                xsn_buf_printf(&text, ": %s was to be ", xsn_class_field(wish->cls, i)->name);
                xsn_object_format_row(wish, i, &text);
                ck_abort_msg("%s: %s", d->from, text.s);
        }
        xsn_buf_done(&text);
}

/* What the document says, item by item, the pool says too. */
static void ck_reads_back(struct pool *p, const struct document *d, const char *text)
{
        struct xsnet_state *state = pool_state(p), *wishes = NULL;

        ck_assert_int_eq(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "doc", &wishes, NULL), 0);
        for (size_t i = 0; i < wishes->n_objects; i++) {
                const struct xsnet_object *wish = wishes->objects[i];
                bool pools = wish->cls->kind == XSNET_KIND_NETWORK || wish->cls->kind == XSNET_KIND_VIF;

                if (pools || *xsn_object_host(wish))
                        ck_wish_is_there(d, state, wish, pools ? "" : xsn_object_host(wish));
                for (size_t k = 0; !pools && !*xsn_object_host(wish) && k < state->n_hosts; k++)
                        ck_wish_is_there(d, state, wish, state->hosts[k].name);
        }
        xsnet_state_unref(wishes);
        xsnet_state_unref(state);
}

/* And what it shows is a document that is nothing to do. */
static void ck_shows_itself(struct pool *p, const struct document *d)
{
        struct xsnet_state *state = pool_state(p);
        char *text = NULL;

        ck_assert_int_eq(xsnet_document_dump(state, XSNET_FORMAT_YAML, &text, NULL), 0);
        pool_apply(p, text);
        ck_assert_msg(p->outcome == XSNET_OUTCOME_NOTHING_TO_DO, "%s: what is shown is to do: %d, %s", d->from,
                      p->outcome, p->message);
        free(text);
        xsnet_state_unref(state);
}

/* ---- each of them ---- */

static void ck_expressed(struct pool *p, const struct document *d, const char *text)
{
        pool_apply(p, text);
        ck_assert_msg(p->outcome == XSNET_OUTCOME_DONE, "%s: %d, outcome %d: %s", d->from, p->code, p->outcome,
                      p->message);
        ck_reads_back(p, d, text);
        (void)pool_writes(p);
        pool_apply(p, text);
        ck_assert_msg(p->outcome == XSNET_OUTCOME_NOTHING_TO_DO, "%s, again: %d, outcome %d: %s", d->from, p->code,
                      p->outcome, p->message);
        ck_shows_itself(p, d);
        ck_assert_int_eq(pool_writes(p), 0);
}

static void ck_refusal(struct pool *p, const struct document *d, const char *text)
{
        char reason[80];

        snprintf(reason, sizeof(reason), "[%s, ", d->reason);
        (void)pool_writes(p);
        pool_apply(p, text);
        ck_assert_msg(p->code < 0 && p->outcome == XSNET_OUTCOME_UNCHANGED, "%s: %d, outcome %d: %s", d->from, p->code,
                      p->outcome, p->message);
        ck_assert_msg(strstr(p->message, reason) && strstr(p->message, d->words), "%s: %s", d->from, p->message);
        ck_assert_msg(pool_writes(p) == 0, "%s: refused after a write", d->from);
}

static void ck_goes_again(struct pool *p, const struct document *d, const char *before)
{
        char *now;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(owners); i++) {
                char gone[128];

                snprintf(gone, sizeof(gone), "format: 1\nowner: %s\nprune: true\n", owners[i]);
                pool_apply(p, gone);
                ck_assert_msg(p->code == 0, "%s: it does not go: %s", d->from, p->message);
        }
        now = pool_text(p);
        ck_assert_msg(strcmp(now, before) == 0, "%s: then it is\n%s", d->from, pool_difference(now, before));
        xsn_free(now);
}

static struct pool pools[2]; /* of one host, and of two */
static char *untouched[2];

static void pools_start(void)
{
        for (int i = 0; i < 2; i++) {
                pool_new_at(&pools[i], i + 1, 6, NULL, "198.18.0");
                for (size_t k = 0; k < XSN_ARRAY_SIZE(guests); k++)
                        pool_vm(&pools[i], guests[k], "xs-1");
                untouched[i] = pool_text(&pools[i]);
                pool_tell(&pools[i], "{\"do\": \"save\"}");
        }
}

static void pools_end(void)
{
        for (int i = 0; i < 2; i++) {
                xsn_free(untouched[i]);
                pool_free(&pools[i]);
        }
}

START_TEST(a_document_of_other_targets_is_applied_or_refused)
{
        const struct document *d = &documents[_i];
        struct pool *p = &pools[d->hosts - 1];
        char *text = text_of(d);

        pool_tell(p, "{\"do\": \"restore\"}");
        pool_target(p);
        if (d->first)
                ck_applies(p, d->first);
        if (d->reason)
                ck_refusal(p, d, text);
        else
                ck_expressed(p, d, text);
        if (!d->stays)
                ck_goes_again(p, d, untouched[d->hosts - 1]);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi documents");
        TCase *tc = tcase_create("documents");
        SRunner *runner;
        int failed;

        tcase_add_unchecked_fixture(tc, pools_start, pools_end);
        tcase_add_loop_test(tc, a_document_of_other_targets_is_applied_or_refused, 0,
                            (int)XSN_ARRAY_SIZE(documents));
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
