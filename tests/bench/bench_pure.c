/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pure parts cost, in nanoseconds an object: documents read and written, plans from nothing, of nothing, and
 * to nothing. The best of some rounds, as all that can disturb it makes it slower. Time an object that grows with the
 * number of objects would show an algorithm that is not linear.
 *
 * usage: bench_pure [-r ROUNDS] [-p WORD] [OBJECTS]...
 *   -p   only the parts that have the word in their name: for a profiler
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xsnet/xsnet.h>

#include "model/state.h"
#include "plan/plan.h"

enum {
        MAX_ROUNDS = 100
};

struct bench {
        size_t n; /* objects: half networks, half VIFs */
        struct xsnet_state *desired;
        struct xsnet_state *absent;
        struct xsnet_state *observed; /* as the desired objects are once they are made */
        struct xsnet_state *devices;  /* the VIFs without their networks, as before that */
        char *yaml;
        char *json;
        struct xsn_caps caps;
};

static _Noreturn void die(const char *what, struct xsnet_error *err)
{
        (void)fprintf(stderr, "bench_pure: %s: %s\n", what, err ? xsnet_error_get_message(err) : "failed");
        exit(1);
}

static void want(int r, const char *what, struct xsnet_error *err)
{
        if (r < 0)
                die(what, err);
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- states ---- */

static struct xsnet_object *network(size_t i, bool observed)
{
        struct xsnet_object *obj = NULL;
        struct xsnet_error *err = NULL;
        char text[32];

        want(xsnet_object_new(XSNET_KIND_NETWORK, &obj, &err), "network", err);
        (void)snprintf(text, sizeof(text), "br%zu", i);
        want(xsnet_object_set_str(obj, XSNET_FIELD_NAME, text, &err), "name", err);
        if (observed)
                want(xsnet_object_set_str(obj, XSNET_FIELD_BRIDGE, text, &err), "bridge", err);
        want(xsnet_object_set_u32(obj, XSNET_FIELD_MTU, 9000, &err), "mtu", err);
        (void)snprintf(text, sizeof(text), "10.%zu.%zu.1/24", i >> 8 & 255, i & 255);
        want(xsnet_object_set_str(obj, XSNET_FIELD_IPV4_MODE, "static", &err), "ipv4.mode", err);
        want(xsnet_object_add_item(obj, XSNET_FIELD_IPV4_ADDRESS, text, &err), "ipv4.address", err);
        return obj;
}

static struct xsnet_object *vif(size_t i, bool attached)
{
        struct xsnet_object *obj = NULL;
        struct xsnet_error *err = NULL;
        char text[32];

        want(xsnet_object_new(XSNET_KIND_VIF, &obj, &err), "vif", err);
        want(xsnet_object_set_u32(obj, XSNET_FIELD_DOMAIN, (uint32_t)i + 1, &err), "domain", err);
        want(xsnet_object_set_u32(obj, XSNET_FIELD_VIF_DEVICE, 0, &err), "device", err);
        (void)snprintf(text, sizeof(text), "br%zu", i);
        if (attached)
                want(xsnet_object_set_str(obj, XSNET_FIELD_NETWORK, text, &err), "network", err);
        return obj;
}

static void add(struct xsnet_state *state, struct xsnet_object *obj, const char *host, bool absent)
{
        struct xsnet_error *err = NULL;

        if (host)
                want(xsn_object_set_host(obj, host), "host", NULL);
        xsnet_object_set_absent(obj, absent);
        want(xsnet_state_add(state, obj, &err), "add", err);
        xsnet_object_unref(obj);
}

static struct xsnet_state *state_of(size_t n, bool networks, bool observed, bool absent)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        struct xsn_host *host;

        want(xsnet_state_new(&state, &err), "state", err);
        if (observed)
                want(xsn_state_add_host(state, "host", &host), "host", NULL);
        for (size_t i = 0; networks && i < n / 2; i++)
                add(state, network(i, observed), observed ? "host" : NULL, absent);
        for (size_t i = 0; i < n / 2; i++)
                add(state, vif(i, networks), observed ? "host" : NULL, absent);
        return state;
}

static void prepare(struct bench *b, size_t n)
{
        struct xsnet_error *err = NULL;

        *b = (struct bench){ .n = n };
        b->desired = state_of(n, true, false, false);
        b->absent = state_of(n, true, false, true);
        b->observed = state_of(n, true, true, false);
        b->devices = state_of(n, false, true, false);
        want(xsnet_document_dump(b->desired, XSNET_FORMAT_YAML, &b->yaml, &err), "dump", err);
        want(xsnet_document_dump(b->desired, XSNET_FORMAT_JSON, &b->json, &err), "dump", err);
        /* What a document has is what is planned, as a rule. */
        xsnet_state_unref(b->desired);
        want(xsnet_document_load(b->yaml, strlen(b->yaml), XSNET_FORMAT_YAML, NULL, &b->desired, &err), "load", err);
        xsn_caps_all(&b->caps,
                     XSN_CAP_DETACH_VIF | XSN_CAP_NAMES_BRIDGE | XSN_CAP_NAMES_DEVICES | XSN_CAP_OBSERVES_VIFS);
}

static void finish(struct bench *b)
{
        xsnet_state_unref(b->desired);
        xsnet_state_unref(b->absent);
        xsnet_state_unref(b->observed);
        xsnet_state_unref(b->devices);
        free(b->yaml);
        free(b->json);
}

/* ---- what is measured ---- */

static void load_text(const char *text, int format)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        want(xsnet_document_load(text, strlen(text), format, "bench", &state, &err), "load", err);
        xsnet_state_unref(state);
}

static void load_yaml(const struct bench *b)
{
        load_text(b->yaml, XSNET_FORMAT_YAML);
}

static void load_json(const struct bench *b)
{
        load_text(b->json, XSNET_FORMAT_JSON);
}

static void dump_text(const struct bench *b, int format)
{
        struct xsnet_error *err = NULL;
        char *text = NULL;

        want(xsnet_document_dump(b->desired, format, &text, &err), "dump", err);
        free(text);
}

static void dump_yaml(const struct bench *b)
{
        dump_text(b, XSNET_FORMAT_YAML);
}

static void dump_json(const struct bench *b)
{
        dump_text(b, XSNET_FORMAT_JSON);
}

static void check_state(const struct bench *b)
{
        struct xsnet_error *err = NULL;

        want(xsnet_state_check(b->desired, &err), "check", err);
}

static void plan(const struct bench *b, struct xsnet_state *observed, struct xsnet_state *desired, size_t steps)
{
        struct xsn_plan_input input = { .name = "bench:", .observed = observed, .caps = &b->caps };
        struct xsn_plan_options options = { .irreversible = false };
        struct xsnet_error *err = NULL;
        struct xsnet_plan *made = NULL;

        want(xsn_plan_make(&input, 1, desired, &options, &made, &err), "plan", err);
        if (xsnet_plan_get_count(made) != steps) {
                (void)fprintf(stderr, "bench_pure: %zu steps, expected %zu\n", xsnet_plan_get_count(made), steps);
                exit(1);
        }
        xsnet_plan_unref(made);
}

static void plan_all(const struct bench *b)
{
        plan(b, b->devices, b->desired, b->n);
}

static void plan_nothing(const struct bench *b)
{
        plan(b, b->observed, b->desired, 0);
}

static void plan_away(const struct bench *b)
{
        plan(b, b->observed, b->absent, b->n);
}

static const struct part {
        const char *name;
        void (*run)(const struct bench *b);
} parts[] = {
        { "document load, YAML", load_yaml },    { "document load, JSON", load_json },
        { "document dump, YAML", dump_yaml },    { "document dump, JSON", dump_json },
        { "state check", check_state },          { "plan, all is made", plan_all },
        { "plan, nothing to do", plan_nothing }, { "plan, all goes", plan_away },
};

static double best_of(const struct bench *b, const struct part *part, unsigned rounds)
{
        double best = 0;

        for (unsigned i = 0; i < rounds; i++) {
                double start = now(), took;

                part->run(b);
                took = now() - start;
                if (i == 0 || took < best)
                        best = took;
        }
        return best / (double)b->n;
}

static void measure(size_t n, unsigned rounds, const char *word)
{
        struct bench b;

        prepare(&b, n);
        printf("%zu objects, best of %u rounds, ns an object\n", n, rounds);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
                if (strstr(parts[i].name, word))
                        printf("  %-24s %10.0f\n", parts[i].name, best_of(&b, &parts[i], rounds));
        finish(&b);
}

int main(int argc, char **argv)
{
        const char *word = "";
        unsigned rounds = 5;
        int option;

        while ((option = getopt(argc, argv, "r:p:")) != -1) {
                if (option == 'p')
                        word = optarg;
                else
                        rounds = option == 'r' ? (unsigned)strtoul(optarg, NULL, 10) : 0;
                if (rounds < 1 || rounds > MAX_ROUNDS) {
                        (void)fprintf(stderr, "usage: bench_pure [-r ROUNDS] [-p WORD] [OBJECTS]...\n");
                        return 2;
                }
        }
        if (optind == argc) {
                measure(1000, rounds, word);
                measure(10000, rounds, word);
        }
        for (int i = optind; i < argc; i++)
                measure((size_t)strtoul(argv[i], NULL, 10), rounds, word);
        return 0;
}
