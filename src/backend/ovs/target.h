/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target "ovs:" itself: what its options say, the client and its monitor, and what is under way. backend.c opens
 * and observes, txn.c applies, watch.c tells of changes.
 */
#ifndef BACKEND_OVS_TARGET_H
#define BACKEND_OVS_TARGET_H

#include "backend/backend.h"
#include "backend/ovs/build.h"
#include "backend/ovs/later.h"
#include "backend/uri.h"
#include "transport/netns.h"

extern const struct xsn_backend_ops xsn_ovs_backend_ops;

struct ovs_apply;
struct ovs_watch;

struct ox {
        struct xsn_backend base;
        struct xsn_backend_env env;
        char *place; /* "unix:/run/openvswitch/db.sock" */
        char *peer;      /* the host there, or the path */
        char *told_host; /* by the option; NULL */
        char *host;      /* as observed; NULL: not yet */
        char *datapath;  /* of new bridges; NULL: as the others */
        bool force_local;
        bool is_unix;
        char *tls[3]; /* paths: ca, cert, key; NULL */
        int verify;
        struct xsn_netns *netns; /* whose links are this database's; NULL: another machine's */
        bool own_netns;          /* the process's own: files under /run tell of it */
        struct xsn_nl *nl;       /* of the netns */

        struct xsn_ovsdb *client;           /* NULL: not opened yet */
        struct xsn_ovsdb_monitor *monitor;
        struct ovs_rows rows;               /* as they are, or as they were observed last */
        struct ovs_later later;             /* what has come since then */
        bool held;                          /* they stay as they were: a plan assumes so */
        struct xsn_d0_net net;
        bool synced;              /* the rows are all there */
        bool known;               /* they have been, of this client */
        bool broken;              /* the server does not monitor for us */
        struct ovs_caps caps;

        struct xsn_source *timer;  /* the next piece of what is under way */
        xsn_observed_fn observed;  /* an observe is under way */
        void *userdata;
        struct xsn_ovsdb_request *asking; /* of the observe: everything before it is told before its answer */
        uint64_t patience;         /* of the observe: until then a lost connection may come back */
        uint64_t early;            /* of the observe: when its links and addresses were read; 0: not yet */
        bool over;                 /* the observe is over, and the timer tells; also where it went well */
        int code;                  /* of it */
        struct xsnet_error *err;   /* the same; owned */
        uint64_t settling[XSN_N_KINDS + 1];
        struct ovs_apply *apply;   /* an apply is under way */
        struct ovs_watch *watch;
};

/* ---- backend.c ---- */

/* Connects where that is not done yet. */
int xsn_ox_connect(struct ox *ox, struct xsnet_error **ret_err);
/* They are as they are again. 0 or -ENOMEM, and then they are read anew by the next observe. */
int xsn_ox_release_rows(struct ox *ox);
bool xsn_ox_has(const void *server, const char *table, const char *column);

/* ---- txn.c ---- */

int xsn_ox_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                 xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err);
void xsn_ox_cancel(struct xsn_backend *backend);
/* The next piece: from the timer. */
void xsn_ox_apply_turn(struct ox *ox);
/* Drops it without its callbacks. */
void xsn_ox_apply_free(struct ox *ox);

/* ---- watch.c ---- */

int xsn_ox_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err);
void xsn_ox_unwatch(struct xsn_backend *backend);
/* A row came, changed, or went (after == NULL). */
void xsn_ox_watch_change(struct ox *ox, const char *table, const json_t *before, const json_t *after);
/* The changes of one transaction are all told. */
void xsn_ox_watch_settled(struct ox *ox, bool first);
/* A connection that told of all is gone. */
void xsn_ox_watch_lost(struct ox *ox);

#endif
