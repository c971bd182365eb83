/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings a target to what a document says: apply TARGET FILE. It shows each step as it is done, and what
 * became of them all. Where a step fails the library goes back, and the report says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xsnet/xsnet.h>

static int fail(const char *what, struct xsnet_error *err)
{
        (void)fprintf(stderr, "%s\n", what);
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                (void)fprintf(stderr, "  %s: %s\n", xsnet_error_get_where(e), xsnet_error_get_message(e));
        xsnet_error_free(err);
        return -1;
}

/* The whole file as a state. */
static int load(const char *path, struct xsnet_state **ret_state)
{
        static char text[65536]; /* enough for an example: more is an error, as half a document is another one */
        struct xsnet_error *err = NULL;
        FILE *file = fopen(path, "re");
        size_t len;

        if (!file) {
                perror(path);
                return -1;
        }
        len = fread(text, 1, sizeof(text), file);
        (void)fclose(file);
        if (len == sizeof(text)) {
                (void)fprintf(stderr, "%s: too long\n", path);
                return -1;
        }
        if (xsnet_document_load(text, len, XSNET_FORMAT_AUTO, path, ret_state, &err) < 0)
                return fail("the document is wrong:", err);
        return 0;
}

static void show_step(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        struct xsnet_object *obj;
        char *key = NULL;

        (void)err;
        (void)userdata;
        if (what == XSNET_PROGRESS_GOING_BACK)
                printf("going back\n");
        if (what != XSNET_PROGRESS_STEP_DONE)
                return;
        obj = xsnet_step_get_to(step) ? xsnet_step_get_to(step) : xsnet_step_get_from(step);
        if (!xsnet_object_get_key(obj, &key, NULL))
                printf("done: %s %s\n", xsnet_kind_get_name(xsnet_object_get_kind(obj)), key);
        free(key);
}

static int apply(struct xsnet_engine *engine, const char *target, struct xsnet_state *state)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;
        int r = xsnet_engine_add_target(engine, target, &err);

        /* Where all who apply to this machine have their journals and locks. */
        if (!r)
                r = xsnet_engine_set_journal(engine, "/run/xsnet", &err);
        if (!r)
                r = xsnet_engine_set_progress(engine, show_step, NULL, NULL, &err);
        if (!r)
                r = xsnet_engine_apply(engine, state, &report, &err);
        if (report && !xsnet_report_dump(report, XSNET_REPORT_TEXT, &text, NULL))
                printf("%s", text);
        free(text);
        xsnet_report_unref(report);
        return r < 0 ? fail("the target was not brought to what the document says:", err) : 0;
}

int main(int argc, char **argv)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int r;

        if (argc != 3) {
                (void)fprintf(stderr, "usage: %s TARGET FILE\n", argv[0]);
                return 2;
        }
        r = load(argv[2], &state);
        if (!r && xsnet_engine_new(NULL, &engine, &err) < 0)
                r = fail("no engine:", err);
        if (!r)
                r = apply(engine, argv[1], state);
        xsnet_state_unref(state);
        xsnet_engine_unref(engine);
        return r ? 1 : 0;
}
