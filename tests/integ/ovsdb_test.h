/* SPDX-License-Identifier: Apache-2.0 */
/* A real ovsdb-server with the schema of Open vSwitch in a folder of its own, and a client that notes what it hears. */
#ifndef OVSDB_TEST_H
#define OVSDB_TEST_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/ovsdb_folder.h"
#include "base/alloc.h"
#include "transport/ovsdb.h"

#define MS       UINT64_C(1000000)
#define PATIENCE (30000 * MS)
#define SCHEMA   "/usr/share/openvswitch/vswitch.ovsschema"

struct real {
        char dir[64];
        char place[96]; /* of the unix socket */
        pid_t pid;      /* of ovsdb-server; 0: none runs */
        int port;       /* for TCP or TLS */
};

/* With $D for the folder and $P for the port; sbin is not in everybody's PATH. 0 where it succeeds. */
static inline int shell(const struct real *real, const char *command)
{
        char text[4096];

        snprintf(text, sizeof(text), "PATH=$PATH:/usr/sbin:/sbin; D=%s; P=%d; export OVS_RUNDIR=$D OVS_LOGDIR=$D; %s",
                 real->dir, real->port, command);
        return system(text);
}

static inline bool real_is_there(void)
{
        struct real nowhere = { .dir = "/" };

        return access(SCHEMA, R_OK) == 0 &&
               shell(&nowhere, "command -v ovsdb-server ovsdb-tool openssl >/dev/null") == 0;
}

/* A port of the loopback that nobody has; somebody could take it before we do, but nobody here does. */
static inline int free_port(void)
{
        struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t len = sizeof(addr);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
        close(fd);
        return ntohs(addr.sin_port);
}

static inline void real_new(struct real *real)
{
        *real = (struct real){ .pid = 0 };
        snprintf(real->dir, sizeof(real->dir), "%s/XXXXXX", getenv(FOLDER_VARIABLE));
        ck_assert_ptr_nonnull(mkdtemp(real->dir));
        snprintf(real->place, sizeof(real->place), "unix:%s/sock", real->dir);
        real->port = free_port();
        ck_assert_int_eq(shell(real, "ovsdb-tool create $D/db " SCHEMA), 0);
}

/* options: more of ovsdb-server's. It dies with the test. */
static inline void real_start(struct real *real, const char *options)
{
        char command[2048];
        pid_t parent = getpid();

        snprintf(command, sizeof(command),
                 "PATH=$PATH:/usr/sbin:/sbin; D=%s; P=%d; export OVS_RUNDIR=$D OVS_LOGDIR=$D; "
                 "exec ovsdb-server -vconsole:off -vsyslog:off --unixctl=$D/ctl --remote=punix:$D/sock %s $D/db",
                 real->dir, real->port, options);
        real->pid = fork();
        ck_assert_int_ge(real->pid, 0);
        if (real->pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() == parent)
                        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
                _exit(127);
        }
}

static inline void real_kill(struct real *real)
{
        if (real->pid <= 0)
                return;
        (void)kill(real->pid, SIGKILL);
        (void)waitpid(real->pid, NULL, 0);
        real->pid = 0;
}

static inline void real_free(struct real *real)
{
        real_kill(real);
        ck_assert_int_eq(shell(real, "rm -rf -- \"$D\""), 0);
}

/* ---- the client ---- */

struct seen {
        struct real real;
        struct xsn_loop *loop;
        struct xsn_ovsdb *client;
        int n_ready, n_lost, n_replies;
        char reason[32], message[256]; /* of the last loss */
        int code;                      /* of the last reply */
        char reply_reason[32], reply_message[256];
        json_t *result; /* of the last reply */
};

static inline void on_ready(void *userdata)
{
        ((struct seen *)userdata)->n_ready++;
}

static inline void on_lost(const struct xsnet_error *err, void *userdata)
{
        struct seen *seen = userdata;

        seen->n_lost++;
        snprintf(seen->reason, sizeof(seen->reason), "%s", xsnet_error_get_reason(err));
        snprintf(seen->message, sizeof(seen->message), "%s", xsnet_error_get_message(err));
}

static inline void on_reply(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct seen *seen = userdata;

        seen->n_replies++;
        seen->code = xsnet_error_get_code(err);
        snprintf(seen->reply_reason, sizeof(seen->reply_reason), "%s", xsnet_error_get_reason(err));
        snprintf(seen->reply_message, sizeof(seen->reply_message), "%s", xsnet_error_get_message(err));
        json_decref(seen->result);
        seen->result = json_incref((json_t *)(uintptr_t)result);
}

#define UNTIL(seen, condition)                                                                                        \
        do {                                                                                                          \
                uint64_t limit_ = xsn_loop_now() + PATIENCE;                                                          \
                while (!(condition)) {                                                                                \
                        ck_assert_msg(xsn_loop_now() < limit_, "waited in vain for %s, last lost: %s %s", #condition, \
                                      (seen)->reason, (seen)->message);                                               \
                        (void)xsn_loop_wait((seen)->loop, xsn_loop_now() + 50 * MS);                                  \
                        ck_assert_int_eq(xsn_loop_dispatch((seen)->loop, NULL), 0);                                   \
                }                                                                                                     \
        } while (0)

/* place: NULL: the unix socket. options may be NULL. */
static inline void seen_open(struct seen *seen, const char *place, const struct xsn_ovsdb_options *options)
{
        struct xsn_ovsdb_callbacks callbacks = { .ready = on_ready, .lost = on_lost, .userdata = seen };
        struct xsn_ovsdb_options own = { .database = NULL };
        struct xsnet_error *err = NULL;

        if (options)
                own = *options;
        own.backoff_min = 10 * MS;
        own.backoff_max = 200 * MS;
        seen->client = xsn_ovsdb_close(seen->client);
        seen->n_ready = seen->n_lost = 0;
        ck_assert_msg(xsn_ovsdb_open(seen->loop, place ? place : seen->real.place, &own, &callbacks, &seen->client,
                                     &err) == 0,
                      "%s", xsnet_error_get_message(err));
}

/* A server with these options, and a client at its unix socket. */
static inline void seen_start(struct seen *seen, const char *options)
{
        *seen = (struct seen){ .client = NULL };
        real_new(&seen->real);
        ck_assert_int_eq(xsn_loop_new(&seen->loop, NULL), 0);
        real_start(&seen->real, options);
        seen_open(seen, NULL, NULL);
        UNTIL(seen, seen->n_ready == 1);
        seen->n_lost = 0; /* the server may have been slower than we */
}

static inline void seen_free(struct seen *seen)
{
        xsn_ovsdb_close(seen->client);
        xsn_loop_free(seen->loop);
        json_decref(seen->result);
        real_free(&seen->real);
}

/* The code of a transaction; ops as text, with '...' for "...". timeout in ms. */
static inline int transact(struct seen *seen, uint64_t timeout, const char *ops)
{
        char *text = xsn_strdup(ops);
        int n = seen->n_replies;
        json_error_t error;
        json_t *json;

        for (char *p = text; *p; p++)
                *p = *p == '\'' ? '"' : *p;
        json = json_loads(text, 0, &error);
        ck_assert_msg(json != NULL, "%s: %s", text, error.text);
        ck_assert_int_eq(
                xsn_ovsdb_transact(seen->client, json, xsn_loop_now() + timeout * MS, on_reply, seen, NULL, NULL), 0);
        json_decref(json);
        free(text);
        UNTIL(seen, seen->n_replies == n + 1);
        return seen->code;
}

#endif
