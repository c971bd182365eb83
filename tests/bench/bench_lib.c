/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that embeds the library, as a benchmark's peer: it brings a target to a document and prints how long each
 * part took, and how much memory. It uses the public headers alone. tests/bench/run calls it.
 *
 * usage: bench_lib [-t URI] [-j FOLDER] load|apply FILE
 *        bench_lib [-t URI] [-j FOLDER] keep FILE OTHER
 *        bench_lib [-t URI] observe
 *   load    reads the document only: what is subtracted where a document has no part in the comparison
 *   keep    one engine applies both in turn, again and again, and each twice
 *   observe one engine observes again and again; the first time connects
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xsnet/xsnet.h>

enum {
        KEEP_ROUNDS = 21, /* odd: it ends with what it began with */
        OBSERVE_ROUNDS = 11
};

/* The phases of an operation, by XSNET_PROGRESS_*. */
enum {
        FIRST_PHASE = XSNET_PROGRESS_LOCKING,
        N_PHASES = XSNET_PROGRESS_GOING_BACK - XSNET_PROGRESS_LOCKING + 1
};

static const char *const phase_names[N_PHASES] = {
        [XSNET_PROGRESS_LOCKING - FIRST_PHASE] = "lock_ms",     [XSNET_PROGRESS_OBSERVING - FIRST_PHASE] = "observe_ms",
        [XSNET_PROGRESS_PLANNING - FIRST_PHASE] = "plan_ms",    [XSNET_PROGRESS_APPLYING - FIRST_PHASE] = "write_ms",
        [XSNET_PROGRESS_VERIFYING - FIRST_PHASE] = "verify_ms", [XSNET_PROGRESS_GOING_BACK - FIRST_PHASE] = "back_ms"
};

struct clock {
        double phases[N_PHASES]; /* ms */
        int phase;               /* -1: none yet */
        double since;
};

struct bench {
        const char *uri;
        const char *journal; /* NULL: in memory */
        struct clock clock;
        double load_ms;
        double apply_ms;
        size_t objects;
        size_t steps;
        int outcome;
};

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* kB of "VmHWM:" or "VmRSS:"; getrusage() would remember the program that called exec, too. */
static long memory(const char *what)
{
        FILE *file = fopen("/proc/self/status", "re");
        char line[128];
        long kb = 0;

        while (file && fgets(line, sizeof(line), file))
                if (!strncmp(line, what, strlen(what)))
                        kb = strtol(line + strlen(what), NULL, 10);
        if (file)
                (void)fclose(file);
        return kb;
}

static int fail(struct xsnet_error *err)
{
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                (void)fprintf(stderr, "bench_lib: %s: %s (%s)\n",
                              xsnet_error_get_where(e) ? xsnet_error_get_where(e) : "", xsnet_error_get_message(e),
                              xsnet_error_get_reason(e));
        xsnet_error_free(err);
        return 1;
}

static void end_phase(struct clock *clock, int next)
{
        double t = now();

        if (clock->phase >= 0)
                clock->phases[clock->phase] += t - clock->since;
        clock->phase = next;
        clock->since = t;
}

static void on_progress(int what, const struct xsnet_step *step, const struct xsnet_error *err, void *userdata)
{
        (void)step;
        (void)err;
        if (what >= FIRST_PHASE && what < FIRST_PHASE + N_PHASES)
                end_phase(userdata, what - FIRST_PHASE);
}

static char *read_all(const char *path, size_t *ret_len)
{
        FILE *file = fopen(path, "re");
        char *text = NULL;
        long len = -1;

        if (file && fseek(file, 0, SEEK_END) == 0)
                len = ftell(file);
        if (len > 0)
                text = malloc((size_t)len);
        if (text) {
                rewind(file);
                *ret_len = fread(text, 1, (size_t)len, file);
        }
        if (file)
                (void)fclose(file);
        if (!text)
                perror(path);
        return text;
}

static int load(struct bench *b, const char *path, struct xsnet_state **ret_state)
{
        struct xsnet_error *err = NULL;
        double start = now();
        size_t len = 0;
        char *text = read_all(path, &len);
        int r;

        if (!text)
                return 1;
        r = xsnet_document_load(text, len, XSNET_FORMAT_AUTO, path, ret_state, &err);
        free(text);
        if (r < 0)
                return fail(err);
        b->load_ms = now() - start;
        b->objects = xsnet_state_get_count(*ret_state);
        return 0;
}

static int open_engine(struct bench *b, struct xsnet_engine **ret_engine)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_error *err = NULL;

        if (xsnet_engine_new(NULL, &engine, &err) < 0)
                return fail(err);
        if (xsnet_engine_add_target(engine, b->uri, &err) < 0 ||
            (b->journal && xsnet_engine_set_journal(engine, b->journal, &err) < 0) ||
            xsnet_engine_set_deadline(engine, 0, &err) < 0 ||
            xsnet_engine_set_progress(engine, on_progress, &b->clock, NULL, &err) < 0) {
                xsnet_engine_unref(engine);
                return fail(err);
        }
        *ret_engine = engine;
        return 0;
}

static int apply(struct bench *b, struct xsnet_state *state)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        double start = now();
        int r;

        b->clock.phase = -1;
        if (open_engine(b, &engine))
                return 1;
        r = xsnet_engine_apply(engine, state, &report, &err);
        end_phase(&b->clock, -1);
        if (report) {
                b->outcome = xsnet_report_get_outcome(report);
                b->steps = xsnet_report_get_count(report);
        }
        xsnet_report_unref(report);
        xsnet_engine_unref(engine);
        b->apply_ms = now() - start;
        return r < 0 ? fail(err) : 0;
}

/* ms; negative: it failed. */
static double apply_once(struct xsnet_engine *engine, struct xsnet_state *state)
{
        struct xsnet_error *err = NULL;
        double start = now();

        if (xsnet_engine_apply(engine, state, NULL, &err) < 0) {
                (void)fail(err);
                return -1;
        }
        return now() - start;
}

/* The best times of a change and of nothing to do. */
static int keep(struct bench *b, const char *path, const char *other)
{
        struct xsnet_state *states[2] = { NULL, NULL };
        struct xsnet_engine *engine = NULL;
        double change = -1, nothing = -1;
        int code = load(b, path, &states[0]) || load(b, other, &states[1]) || open_engine(b, &engine);

        for (int i = 0; !code && i < KEEP_ROUNDS; i++) {
                double first = apply_once(engine, states[i % 2]),
                       second = first < 0 ? -1 : apply_once(engine, states[i % 2]);

                code = second < 0;
                /* The first one connects, and may find nothing to do. */
                if (i > 0 && (change < 0 || first < change))
                        change = first;
                if (nothing < 0 || second < nothing)
                        nothing = second;
        }
        xsnet_engine_unref(engine);
        xsnet_state_unref(states[0]);
        xsnet_state_unref(states[1]);
        printf("{\"change_ms\": %.3f, \"nothing_ms\": %.3f}\n", change, nothing);
        return code;
}

/* ms; negative: it failed. */
static double observe_once(struct xsnet_engine *engine)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        double start = now(), end;

        if (xsnet_engine_observe(engine, &state, &err) < 0) {
                (void)fail(err);
                return -1;
        }
        end = now();
        xsnet_state_unref(state);
        return end - start;
}

/* The time of the first, and the best of the others. */
static int observe(struct bench *b)
{
        struct xsnet_engine *engine = NULL;
        double first = -1, again = -1;
        int code = open_engine(b, &engine);

        for (int i = 0; !code && i < OBSERVE_ROUNDS; i++) {
                double ms = observe_once(engine);

                code = ms < 0;
                if (i == 0)
                        first = ms;
                else if (again < 0 || ms < again)
                        again = ms;
        }
        xsnet_engine_unref(engine);
        printf("{\"first_ms\": %.3f, \"again_ms\": %.3f}\n", first, again);
        return code;
}

static int run(struct bench *b, const char *verb, const char *path)
{
        struct xsnet_state *state = NULL;
        long before = memory("VmRSS:");
        double start = now();
        int code = load(b, path, &state);

        if (!code && strcmp(verb, "load") != 0)
                code = apply(b, state);
        xsnet_state_unref(state);
        printf("{\"inside_ms\": %.3f, \"load_ms\": %.3f, \"apply_ms\": %.3f, ", now() - start, b->load_ms, b->apply_ms);
        for (int i = 0; i < N_PHASES; i++)
                printf("\"%s\": %.3f, ", phase_names[i], b->clock.phases[i]);
        printf("\"objects\": %zu, \"steps\": %zu, \"outcome\": %d, \"memory_kb\": %ld}\n", b->objects, b->steps,
               b->outcome, memory("VmHWM:") - before);
        return code;
}

int main(int argc, char **argv)
{
        struct bench b = { .uri = "linux:" };
        int option;

        while ((option = getopt(argc, argv, "t:j:")) != -1) {
                if (option == 't')
                        b.uri = optarg;
                else if (option == 'j')
                        b.journal = optarg;
                else
                        return 2;
        }
        if (argc - optind == 1 && !strcmp(argv[optind], "observe"))
                return observe(&b);
        if (argc - optind == 3 && !strcmp(argv[optind], "keep"))
                return keep(&b, argv[optind + 1], argv[optind + 2]);
        if (argc - optind == 2 && (!strcmp(argv[optind], "load") || !strcmp(argv[optind], "apply")))
                return run(&b, argv[optind], argv[optind + 1]);
        (void)fprintf(stderr, "usage: bench_lib [-t URI] [-j FOLDER] load|apply|keep|observe [FILE [OTHER]]\n");
        return 2;
}
