/* SPDX-License-Identifier: Apache-2.0 */
/* A pool of tests/xapi-pool in a process of its own that ends with the test, and a session that notes what it hears. */
#ifndef XAPI_SESSION_TEST_H
#define XAPI_SESSION_TEST_H

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "transport/xapi.h"

#define MS       UINT64_C(1000000)
#define PATIENCE (30000 * MS)

struct real {
        char dir[64];
        pid_t pid, parent;
        json_t *hosts; /* of its first line */
        int control;
        FILE *answers;

        struct xsn_loop *loop;
        struct xsn_xapi *xapi;
        int n_replies, n_first, n_events;
        int code; /* of the last reply */
        bool unknown;
        char reason[32], message[512], result[256];
};

/* ---- the pool ---- */

static inline void pool_run(const struct real *real, int out)
{
        char unix_path[96], control[96];
        pid_t parent = real->parent;

        snprintf(unix_path, sizeof(unix_path), "%s/xapi", real->dir);
        snprintf(control, sizeof(control), "%s/control", real->dir);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent && dup2(out, 1) == 1)
                execl("/usr/bin/env", "env", "python3", getenv("XSN_XAPI_POOL"), "--hosts", "2", "--nics", "2",
                      "--unix", unix_path, "--http", "0", "--https", "0", "--control", control, (char *)NULL);
        _exit(127);
}

/* One JSON object, and the result of its answer: a new reference. */
static inline json_t *control(struct real *real, const char *text)
{
        json_t *answer, *result;
        char *line = NULL;
        size_t size = 0;

        ck_assert_int_eq(dprintf(real->control, "%s\n", text), (int)strlen(text) + 1);
        ck_assert_int_gt(getline(&line, &size, real->answers), 0);
        answer = json_loads(line, 0, NULL);
        ck_assert_msg(answer && json_is_true(json_object_get(answer, "ok")), "%s: %s", text, line);
        result = json_incref(json_object_get(answer, "result"));
        json_decref(answer);
        free(line);
        return result;
}

static inline void tell(struct real *real, const char *text)
{
        json_decref(control(real, text));
}

/* How often a method was called since the last time, by the pool's own count. */
static inline int count(struct real *real, const char *method)
{
        json_t *counts = control(real, "{\"do\": \"counts\", \"reset\": true}"), *host;
        const char *name;
        int n = 0;

        json_object_foreach(counts, name, host)
                n += (int)json_integer_value(json_object_get(host, method));
        json_decref(counts);
        return n;
}

static inline const char *host_text(const struct real *real, size_t i, const char *key)
{
        return json_string_value(json_object_get(json_array_get(real->hosts, i), key));
}

/* "https://127.71.0.11:45163" */
static inline const char *host_place(const struct real *real, size_t i, const char *scheme, char *text, size_t size)
{
        snprintf(text, size, "%s://%s:%d", scheme, host_text(real, i, "listen"),
                 (int)json_integer_value(json_object_get(json_array_get(real->hosts, i), scheme)));
        return text;
}

static inline void real_new(struct real *real)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char line[8192];
        int fds[2];
        FILE *out;
        json_t *first;

        *real = (struct real){ .dir = "/tmp/xsnet-xapi-XXXXXX" };
        ck_assert_ptr_nonnull(mkdtemp(real->dir));
        ck_assert_int_eq(pipe(fds), 0);
        real->parent = getpid();
        real->pid = fork();
        ck_assert_int_ge(real->pid, 0);
        if (real->pid == 0)
                pool_run(real, fds[1]);
        close(fds[1]);
        out = fdopen(fds[0], "r");
        ck_assert_msg(fgets(line, sizeof(line), out) != NULL, "the pool does not start");
        fclose(out);
        first = json_loads(line, 0, NULL);
        real->hosts = json_incref(json_object_get(first, "hosts"));
        json_decref(first);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", real->dir);
        real->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(real->control, (struct sockaddr *)&address, sizeof(address)), 0);
        real->answers = fdopen(dup(real->control), "r");
        ck_assert_int_eq(xsn_loop_new(&real->loop, NULL), 0);
}

static inline void real_free(struct real *real)
{
        char command[96];

        xsn_xapi_close(real->xapi);
        xsn_loop_free(real->loop);
        fclose(real->answers);
        close(real->control);
        json_decref(real->hosts);
        (void)kill(real->pid, SIGTERM);
        (void)waitpid(real->pid, NULL, 0);
        snprintf(command, sizeof(command), "rm -rf -- %s", real->dir);
        ck_assert_int_eq(system(command), 0);
}

/* ---- the session ---- */

static inline void on_reply(struct xsn_xapi_reply *reply, void *userdata)
{
        struct real *real = userdata;

        real->n_replies++;
        real->code = xsnet_error_get_code(reply->err);
        real->unknown = reply->unknown;
        snprintf(real->reason, sizeof(real->reason), "%s", reply->err ? xsnet_error_get_reason(reply->err) : "");
        snprintf(real->message, sizeof(real->message), "%s", reply->err ? xsnet_error_get_message(reply->err) : "");
        *real->result = '\0';
        if (reply->result && reply->result->type == XSN_XMLRPC_STRING)
                snprintf(real->result, sizeof(real->result), "%s", reply->result->text);
        else if (reply->result)
                snprintf(real->result, sizeof(real->result), "%u", reply->result->n);
}

#define UNTIL(real, condition)                                                                    \
        do {                                                                                      \
                uint64_t limit_ = xsn_loop_now() + PATIENCE;                                      \
                while (!(condition)) {                                                            \
                        ck_assert_msg(xsn_loop_now() < limit_, "waited in vain for " #condition); \
                        ck_assert_int_eq(xsn_loop_dispatch((real)->loop, NULL), 0);               \
                        if (!(condition))                                                         \
                                (void)xsn_loop_wait((real)->loop, xsn_loop_now() + 100 * MS);     \
                }                                                                                 \
        } while (0)

static inline void session_open(struct real *real, const char *place, const struct xsn_http_tls *tls,
                                const char *password)
{
        struct xsn_xapi_options options = { .user = "root",
                                            .password = password,
                                            .originator = "a test",
                                            .backoff_min = 20 * MS,
                                            .backoff_max = 200 * MS };

        if (tls)
                options.http.tls = *tls;
        ck_assert_int_eq(xsn_xapi_open(real->loop, place, &options, &real->xapi, NULL), 0);
}

static inline void begin(struct real *real, const char *method, const struct xsn_xmlrpc_writer *params, unsigned flags,
                         unsigned limit)
{
        struct xsn_xapi_request request = {
                .method = method,
                .params = params,
                .flags = flags,
                .deadline = limit ? xsn_loop_now() + limit * MS : 0,
                .fn = on_reply,
                .userdata = real,
        };

        ck_assert_int_eq(xsn_xapi_call(real->xapi, &request, NULL, NULL), 0);
}

static inline void call(struct real *real, const char *method, const struct xsn_xmlrpc_writer *params, unsigned flags)
{
        int before = real->n_replies;

        begin(real, method, params, flags, 0);
        UNTIL(real, real->n_replies > before);
}

static inline void put_network(struct xsn_xmlrpc_writer *writer, const char *name)
{
        xsn_xmlrpc_begin_struct(writer);
        xsn_xmlrpc_put_member_text(writer, "name_label", name);
        xsn_xmlrpc_put_member_text(writer, "name_description", "");
        xsn_xmlrpc_put_member_int(writer, "MTU", 1500);
        xsn_xmlrpc_begin_member(writer, "other_config");
        xsn_xmlrpc_begin_struct(writer);
        xsn_xmlrpc_end_struct(writer);
        xsn_xmlrpc_end_member(writer);
        xsn_xmlrpc_end_struct(writer);
}

static inline void create_network(struct real *real, const char *name, unsigned flags)
{
        struct xsn_xmlrpc_writer params = { .depth = 0 };

        put_network(&params, name);
        call(real, "network.create", &params, flags);
        xsn_xmlrpc_writer_done(&params);
}

#define ck_works(real) ck_assert_msg((real)->code == 0, "%s: %s", (real)->reason, (real)->message)

/* How many networks have the name, asked for in a session of its own. */
static inline int networks_called(struct real *real, const char *name)
{
        struct xsn_xapi *kept = XSN_TAKE(real->xapi);
        struct xsn_xmlrpc_writer params = { .depth = 0 };
        char place[96];
        int n;

        snprintf(place, sizeof(place), "unix:%s/xapi", real->dir);
        session_open(real, place, NULL, NULL);
        xsn_xmlrpc_put_text(&params, name);
        call(real, "network.get_by_name_label", &params, XSN_XAPI_REPEATABLE);
        ck_works(real);
        n = atoi(real->result);
        xsn_xmlrpc_writer_done(&params);
        xsn_xapi_close(real->xapi);
        real->xapi = kept;
        return n;
}

#endif
