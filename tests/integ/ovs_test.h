/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with Open vSwitch in a namespace of this process: ovsdb-server, ovs-vswitchd with the userspace datapath,
 * NICs eth0..eth3 and guests' devices, which are veths; and an engine that has it as its target.
 */
#ifndef OVS_TEST_H
#define OVS_TEST_H

#include <stdarg.h>

#include <xsnet/document.h>
#include <xsnet/engine.h>
#include <xsnet/report.h>

#include "base/buf.h"
#include "netns_test.h"
#include "ovsdb_test.h"

struct host {
        struct real real;
        pid_t vswitchd; /* 0: none runs */
        struct xsnet_engine *engine;
        int code;
        int outcome;
        unsigned replans;
        char message[1024];
};

static inline bool host_is_possible(void)
{
        struct real nowhere = { .dir = "/" };

        return real_is_there() && netns_test_possible() &&
               shell(&nowhere, "command -v ovs-vswitchd ovs-vsctl ip >/dev/null") == 0;
}

static inline void host_sh(const struct host *h, const char *fmt, ...) XSN_PRINTF(2, 3);
static inline void host_sh(const struct host *h, const char *fmt, ...)
{
        char command[2048], text[2200];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(command, sizeof(command), fmt, ap);
        va_end(ap);
        snprintf(text, sizeof(text), "V=\"ovs-vsctl --timeout=10 --db=unix:$D/sock\"; %s", command);
        ck_assert_msg(shell(&h->real, text) == 0, "%s", command);
}

/* What the command prints; free(). */
static inline char *host_ask(const struct host *h, const char *command)
{
        char text[4096], piece[4096], *out = NULL;
        struct xsn_buf buf = { 0 };
        size_t n;
        FILE *f;

        snprintf(text, sizeof(text),
                 "PATH=$PATH:/usr/sbin:/sbin; D=%s; V=\"ovs-vsctl --timeout=10 --db=unix:$D/sock\"; %s",
                 h->real.dir, command);
        f = popen(text, "r");
        ck_assert_ptr_nonnull(f);
        while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
                xsn_buf_putn(&buf, piece, n);
        ck_assert_msg(pclose(f) == 0, "%s", command);
        ck_assert_int_eq(xsn_buf_take(&buf, &out), 0);
        return out;
}

#define ck_host_says(h, command, wanted)                                                             \
        do {                                                                                         \
                char *out_ = host_ask(h, command);                                                   \
                ck_assert_msg(strcmp(out_, wanted) == 0, "'%s' says:\n%s", command, out_);           \
                free(out_);                                                                          \
        } while (0)

/* Until the database answers. */
static inline void host_wait_server(const struct host *h)
{
        host_sh(h, "for i in $(seq 200); do $V --no-wait show >/dev/null 2>&1 && break; sleep 0.05; done");
}

/* All that is configured, by names and without uuids. */
#define ROWS                                                                                                           \
        "$V show | awk '/^    Bridge/ { b = $2; p = \"\" } /^        Port/ { p = $2 } NR > 1 && !/error:/ { print "    \
        "b, p, $0 }' | sort; "                                                                                         \
        "$V --format=csv --no-headings -- "                                                                            \
        "--columns=name,datapath_type,fail_mode,stp_enable,external_ids,other_config list Bridge -- "                  \
        "--columns=name,tag,trunks,fake_bridge,bond_mode,lacp,bond_updelay,protected,external_ids,other_config list "  \
        "Port -- "                                                                                                     \
        "--columns=name,type,options,mtu_request,ingress_policing_rate,ingress_policing_burst,external_ids,"           \
        "other_config list Interface | sort"

static inline void host_start_vswitchd(struct host *h)
{
        char command[1024];
        pid_t parent = getpid();

        snprintf(command, sizeof(command),
                 "PATH=$PATH:/usr/sbin:/sbin; D=%s; export OVS_RUNDIR=$D OVS_LOGDIR=$D; exec ovs-vswitchd "
                 "-vconsole:off -vsyslog:off --log-file=$D/vswitchd.log --unixctl=$D/vctl unix:$D/sock",
                 h->real.dir);
        h->vswitchd = fork();
        ck_assert_int_ge(h->vswitchd, 0);
        if (h->vswitchd == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() == parent)
                        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
                _exit(127);
        }
}

static inline void host_stop_vswitchd(struct host *h)
{
        if (h->vswitchd <= 0)
                return;
        (void)kill(h->vswitchd, SIGKILL);
        (void)waitpid(h->vswitchd, NULL, 0);
        h->vswitchd = 0;
}

/* socket: in the host's folder. */
static inline void host_target_at(struct host *h, const char *socket, const char *options)
{
        struct xsnet_error *err = NULL;
        char uri[256], journals[96];

        xsnet_engine_unref(h->engine);
        h->engine = NULL;
        snprintf(uri, sizeof(uri), "ovs:unix:%s/%s?host=h&datapath=netdev%s", h->real.dir, socket, options);
        snprintf(journals, sizeof(journals), "%s/journals", h->real.dir);
        ck_assert_int_eq(xsnet_engine_new(NULL, &h->engine, NULL), 0);
        ck_assert_int_eq(xsnet_engine_set_journal(h->engine, journals, NULL), 0);
        ck_assert_int_eq(xsnet_engine_set_irreversible(h->engine, 1, NULL), 0);
        ck_assert_msg(xsnet_engine_add_target(h->engine, uri, &err) == 0, "%s", xsnet_error_get_message(err));
}

static inline void host_target(struct host *h, const char *options)
{
        host_target_at(h, "sock", options);
}

/* With a database that is there. */
static inline void host_start(struct host *h)
{
        real_start(&h->real, "");
        host_sh(h, "ip link set lo up; for i in eth0 eth1 eth2 eth3 vif1.0 vif2.0 tap2.0; do ip link add $i type veth "
                   "peer name p-$i && ip link set $i up && ip link set p-$i up || exit 1; done; mkdir $D/journals; "
                   "for i in $(seq 100); do [ -S $D/sock ] && break; sleep 0.05; done; $V --no-wait init");
        host_start_vswitchd(h);
        host_sh(h, "$V set Open_vSwitch . external_ids:system-id=x");
        host_target(h, "");
}

static inline void host_new(struct host *h)
{
        *h = (struct host){ .vswitchd = 0 };
        ck_assert_int_eq(netns_test_enter(), 0);
        real_new(&h->real);
        host_start(h);
}

static inline void host_free(struct host *h)
{
        xsnet_engine_unref(h->engine);
        host_stop_vswitchd(h);
        real_free(&h->real);
}

static inline struct xsnet_state *host_load(const char *text)
{
        struct xsnet_state *desired = NULL;
        struct xsnet_error *err = NULL;

        ck_assert_msg(xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "doc", &desired, &err) == 0, "%s",
                      xsnet_error_get_message(err));
        return desired;
}

/* How an operation ended. */
static inline void host_note(struct host *h, int code, struct xsnet_report *report, const struct xsnet_error *err)
{
        h->code = code;
        h->outcome = report ? xsnet_report_get_outcome(report) : -1;
        *h->message = '\0';
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                if (!strstr(h->message, xsnet_error_get_message(e)))
                        snprintf(h->message + strlen(h->message), sizeof(h->message) - strlen(h->message), "%s%s",
                                 *h->message ? "; " : "", xsnet_error_get_message(e));
}

static inline void host_apply(struct host *h, const char *text)
{
        struct xsnet_state *desired = host_load(text);
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int code = xsnet_engine_apply(h->engine, desired, &report, &err);

        host_note(h, code, report, err);
        xsnet_error_free(err);
        xsnet_report_unref(report);
        xsnet_state_unref(desired);
}

static inline void host_recover(struct host *h)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        int code = xsnet_engine_recover(h->engine, &report, &err);

        host_note(h, code, report, err);
        xsnet_error_free(err);
        xsnet_report_unref(report);
}

#define ck_applies(h, text)                                                                                    \
        do {                                                                                                   \
                host_apply(h, text);                                                                           \
                ck_assert_msg((h)->code == 0 && (h)->outcome == XSNET_OUTCOME_DONE, "%d, outcome %d: %s",      \
                              (h)->code, (h)->outcome, (h)->message);                                          \
        } while (0)

#define ck_refused(h, text, code_, outcome_, words)                                                                 \
        do {                                                                                                        \
                host_apply(h, text);                                                                                \
                ck_assert_msg((h)->code == (code_) && (h)->outcome == (outcome_) && strstr((h)->message, words),    \
                              "%d, outcome %d: %s", (h)->code, (h)->outcome, (h)->message);                         \
        } while (0)

#endif
