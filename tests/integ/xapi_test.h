/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of tests/xapi-pool, in a process of its own that ends with this one, and an engine that has it as its target;
 * faults through the pool's control socket.
 */
#ifndef XAPI_TEST_H
#define XAPI_TEST_H

#include <check.h>
#include <dirent.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xsnet/document.h>
#include <xsnet/engine.h>
#include <xsnet/report.h>

#include "codec/codec.h"
#include "model/state.h"

struct pool {
        char dir[64];
        const char *scheme;  /* "http" or "https": over the hosts' addresses; NULL: over the first one's socket */
        const char *network; /* of those: host N is at NETWORK.(10+N) */
        char options[512];   /* of the target, "&pin=..." */
        json_t *hosts;       /* of its first line */
        pid_t pid;
        int control;
        FILE *answers;
        struct xsnet_engine *engine;
        int code, outcome;
        char message[2048];
};

/* One JSON object, and the result of its answer: a new reference. */
static inline json_t *pool_do(const struct pool *p, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
static inline json_t *pool_do(const struct pool *p, const char *fmt, ...)
{
        char text[1024], *line = NULL;
        json_t *answer, *result;
        size_t cap = 0;
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(text, sizeof(text) - 1, fmt, ap);
        va_end(ap);
        strcat(text, "\n");
        ck_assert_int_eq(write(p->control, text, strlen(text)), (ssize_t)strlen(text));
        ck_assert_int_gt(getline(&line, &cap, p->answers), 0);
        answer = json_loads(line, 0, NULL);
        ck_assert_msg(answer && json_is_true(json_object_get(answer, "ok")), "%s: %s", text, line);
        result = json_incref(json_object_get(answer, "result"));
        json_decref(answer);
        free(line);
        return result;
}

#define pool_tell(p, ...) json_decref(pool_do(p, __VA_ARGS__))

static inline void pool_run(struct pool *p, int hosts, int nics, int out)
{
        char n_hosts[16], n_nics[16], socket[96], control[96], scheme[16];
        pid_t parent = getpid();

        snprintf(n_hosts, sizeof(n_hosts), "%d", hosts);
        snprintf(n_nics, sizeof(n_nics), "%d", nics);
        snprintf(socket, sizeof(socket), "%s/xapi", p->dir);
        snprintf(control, sizeof(control), "%s/control", p->dir);
        snprintf(scheme, sizeof(scheme), "--%s", p->scheme ? p->scheme : "");
        p->pid = fork();
        ck_assert_int_ge(p->pid, 0);
        if (p->pid != 0)
                return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent && dup2(out, 1) == 1)
                execl("/usr/bin/env", "env", "python3", getenv("XSN_XAPI_POOL"), "--hosts", n_hosts, "--nics", n_nics,
                      "--unix", socket, "--control", control, "--network", p->network,
                      p->scheme ? scheme : (char *)NULL, "0", (char *)NULL);
        _exit(127);
}

static inline void pool_connect(struct pool *p)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", p->dir);
        p->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(p->control, (struct sockaddr *)&address, sizeof(address)), 0);
        p->answers = fdopen(dup(p->control), "r");
        ck_assert_ptr_nonnull(p->answers);
}

static inline void pool_uri(const struct pool *p, size_t host, char *uri, size_t size)
{
        const json_t *row = json_array_get(p->hosts, host);

        if (p->scheme)
                snprintf(uri, size, "xapi:%s://%s:%d?user=root&password=secret%s", p->scheme,
                         json_string_value(json_object_get(row, "listen")),
                         (int)json_integer_value(json_object_get(row, p->scheme)), p->options);
        else
                snprintf(uri, size, "xapi:unix:%.63s/xapi", p->dir);
}

/* An engine anew, so that nothing is remembered; over TCP its target is the host of that number, from 0. */
static inline void pool_target_at(struct pool *p, size_t host)
{
        char uri[800], journals[96];
        struct xsnet_error *err = NULL;

        xsnet_engine_unref(p->engine);
        pool_uri(p, host, uri, sizeof(uri));
        snprintf(journals, sizeof(journals), "%.63s/journals", p->dir);
        (void)mkdir(journals, 0700);
        ck_assert_int_eq(xsnet_engine_new(NULL, &p->engine, NULL), 0);
        ck_assert_int_eq(xsnet_engine_set_journal(p->engine, journals, NULL), 0);
        ck_assert_msg(xsnet_engine_add_target(p->engine, uri, &err) == 0, "%s", xsnet_error_get_message(err));
}

static inline void pool_target(struct pool *p)
{
        pool_target_at(p, 0);
}

static inline void pool_new_at(struct pool *p, int hosts, int nics, const char *scheme, const char *network)
{
        char line[32768];
        json_t *first;
        int fds[2];
        FILE *out;

        *p = (struct pool){ .dir = "/tmp/xsnet-xapi-XXXXXX", .scheme = scheme, .network = network };
        ck_assert_ptr_nonnull(mkdtemp(p->dir));
        ck_assert_int_eq(pipe(fds), 0);
        pool_run(p, hosts, nics, fds[1]);
        close(fds[1]);
        /* Its first line says that it is ready. */
        out = fdopen(fds[0], "r");
        ck_assert_msg(fgets(line, sizeof(line), out) != NULL, "the pool does not start");
        fclose(out);
        first = json_loads(line, 0, NULL);
        p->hosts = json_incref(json_object_get(first, "hosts"));
        json_decref(first);
        pool_connect(p);
        pool_target(p);
}

static inline void pool_new(struct pool *p, int hosts, int nics)
{
        pool_new_at(p, hosts, nics, NULL, "127.71.0");
}

static inline void pool_free(struct pool *p)
{
        char command[128];

        xsnet_engine_unref(p->engine);
        fclose(p->answers);
        close(p->control);
        json_decref(p->hosts);
        (void)kill(p->pid, SIGTERM);
        (void)waitpid(p->pid, NULL, 0);
        snprintf(command, sizeof(command), "rm -r %.63s", p->dir);
        ck_assert_int_eq(system(command), 0);
}

/* A VM that is halted, or runs on the host of that name. */
static inline void pool_vm(const struct pool *p, const char *name, const char *host)
{
        json_t *tables, *row;
        const char *ref, *on = "OpaqueRef:NULL";

        tables = pool_do(p, "{\"do\": \"dump\", \"classes\": [\"host\"]}");
        json_object_foreach(json_object_get(tables, "host"), ref, row)
                if (host && !strcmp(json_string_value(json_object_get(row, "hostname")), host))
                        on = ref;
        pool_tell(
                p,
                "{\"do\": \"create\", \"class\": \"VM\", \"fields\": {\"name_label\": \"%s\", \"power_state\": \"%s\", "
                "\"resident_on\": \"%s\", \"domid\": %d, \"other_config\": {\"mac_seed\": \"seed of %s\"}}}",
                name, host ? "Running" : "Halted", on, host ? 7 : -1, name);
        json_decref(tables);
}

/* ---- operations ---- */

static inline void pool_note(struct pool *p, int code, struct xsnet_report *report, const struct xsnet_error *err)
{
        p->code = code;
        p->outcome = report ? xsnet_report_get_outcome(report) : -1;
        *p->message = '\0';
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                snprintf(p->message + strlen(p->message), sizeof(p->message) - strlen(p->message), "%s%s [%s, %s]",
                         *p->message ? "; " : "", xsnet_error_get_message(e), xsnet_error_get_reason(e),
                         xsnet_error_get_where(e));
}

static inline void pool_apply(struct pool *p, const char *text)
{
        struct xsnet_state *desired = NULL;
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int code;

        ck_assert_msg(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "doc", &desired, &err) == 0, "%s",
                      xsnet_error_get_message(err));
        code = xsnet_engine_apply(p->engine, desired, &report, &err);
        pool_note(p, code, report, err);
        xsnet_error_free(err);
        xsnet_report_unref(report);
        xsnet_state_unref(desired);
}

static inline void pool_recover(struct pool *p)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int code = xsnet_engine_recover(p->engine, &report, &err);

        pool_note(p, code, report, err);
        xsnet_error_free(err);
        xsnet_report_unref(report);
}

#define ck_applies(p, text)                                                                                          \
        do {                                                                                                         \
                pool_apply(p, text);                                                                                 \
                ck_assert_msg((p)->code == 0 && (p)->outcome == XSNET_OUTCOME_DONE, "%d, outcome %d: %s", (p)->code, \
                              (p)->outcome, (p)->message);                                                           \
        } while (0)

#define ck_is_nothing(p, text)                                                                                     \
        do {                                                                                                       \
                pool_apply(p, text);                                                                               \
                ck_assert_msg((p)->code == 0 && (p)->outcome == XSNET_OUTCOME_NOTHING_TO_DO, "%d, outcome %d: %s", \
                              (p)->code, (p)->outcome, (p)->message);                                              \
        } while (0)

#define ck_refused(p, text, code_, words)                                                                           \
        do {                                                                                                        \
                pool_apply(p, text);                                                                                \
                ck_assert_msg((p)->code == (code_) && strstr((p)->message, words), "%d, outcome %d: %s", (p)->code, \
                              (p)->outcome, (p)->message);                                                          \
        } while (0)

/* How many journals its engine has left. */
static inline int pool_journals(const struct pool *p)
{
        char path[96];
        struct dirent *entry;
        DIR *dir;
        int n = 0;

        snprintf(path, sizeof(path), "%.63s/journals", p->dir);
        dir = opendir(path);
        ck_assert_ptr_nonnull(dir);
        while ((entry = readdir(dir)))
                n += strlen(entry->d_name) > 8 && !strcmp(entry->d_name + strlen(entry->d_name) - 8, ".journal");
        closedir(dir);
        return n;
}

/* ---- what is there ---- */

static inline struct xsnet_state *pool_state(struct pool *p)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_msg(xsnet_engine_observe(p->engine, &state, &err) == 0, "%s", xsnet_error_get_message(err));
        return state;
}

static inline int pool_compare(const void *a, const void *b)
{
        const struct xsnet_object *x = *(struct xsnet_object *const *)a, *y = *(struct xsnet_object *const *)b;
        struct xsn_buf keys[2] = { { 0 }, { 0 } };
        int r = x->cls->kind - y->cls->kind;

        xsn_buf_printf(&keys[0], "%s ", xsn_object_host(x));
        xsn_buf_printf(&keys[1], "%s ", xsn_object_host(y));
        xsn_object_key(x, &keys[0]);
        xsn_object_key(y, &keys[1]);
        r = r ? r : strcmp(keys[0].s, keys[1].s);
        xsn_buf_done(&keys[0]);
        xsn_buf_done(&keys[1]);
        return r;
}

/*
 * All rows and what the model has no field for, without what XAPI chooses anew each time (uuids, bridges, bondN) and
 * what hosts report. xsn_free().
 */
static inline char *pool_text(struct pool *p)
{
        struct xsnet_state *state = pool_state(p), *copy;
        char *text = NULL;

        ck_assert_int_eq(xsn_state_copy(state, &copy), 0);
        for (size_t i = 0; i < copy->n_objects; i++) {
                struct xsnet_object *obj = copy->objects[i];

                for (size_t k = 0; k < xsn_class_n_fields(obj->cls); k++)
                        if ((xsn_class_field(obj->cls, k)->flags & XSN_F_OBSERVED) ||
                            xsn_class_field(obj->cls, k)->id == XSNET_FIELD_UUID)
                                xsn_object_clear_row(obj, k);
        }
        qsort(copy->objects, copy->n_objects, sizeof(copy->objects[0]), pool_compare);
        ck_assert_int_eq(xsn_codec_dump(copy, XSNET_FORMAT_YAML, XSN_CODEC_OBSERVED, &text, NULL), 0);
        xsnet_state_unref(copy);
        xsnet_state_unref(state);
        return text;
}

/* Where two texts part, a few lines of each. */
static inline const char *pool_difference(const char *a, const char *b)
{
        static char text[1600];
        size_t i = 0, start;

        while (a[i] && a[i] == b[i])
                i++;
        start = i > 300 ? i - 300 : 0;
        snprintf(text, sizeof(text), "%.600s\n---- and not\n%.600s", a + start, b + start);
        return text;
}

/* How often a method was called since the last reset; with "" all of them. */
static inline int pool_calls(const struct pool *p, const char *method)
{
        json_t *counts = pool_do(p, "{\"do\": \"counts\"}"), *host, *count;
        const char *name, *key;
        int n = 0;

        json_object_foreach(counts, name, host)
                json_object_foreach(host, key, count)
                        if (!*method || !strcmp(key, method))
                                n += (int)json_integer_value(count);
        json_decref(counts);
        return n;
}

/* The calls since the last time that do more than read. */
static inline int pool_writes(const struct pool *p)
{
        json_t *hosts = pool_do(p, "{\"do\": \"counts\", \"reset\": true}"), *host, *calls;
        const char *name, *method;
        int n = 0;

        json_object_foreach(hosts, name, host)
                json_object_foreach(host, method, calls)
                        if (!strstr(method, ".get_") && strncmp(method, "session.", 8) != 0 &&
                            strncmp(method, "event.", 6) != 0 && strncmp(method, "task.", 5) != 0)
                                n += (int)json_integer_value(calls);
        json_decref(hosts);
        return n;
}

#endif
