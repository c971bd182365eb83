/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to connect, when to ask whether the peer still lives, and when to give a connection up: a state machine
 * without clock, memory or I/O. Whoever owns it (ovsdb.c) reports what happened and when, does what it is told,
 * and reports XSN_RECONNECT_TICK once the deadline has come.
 *
 *      IDLE --START--> CONNECTING --CONNECTED--> GREETING --READY--> ACTIVE <--HEARD/tick--> PROBING
 *                       ^    any of these --FAILED, or a tick too late--> WAITING
 *                       +------------------------------tick---------------------+
 */
#ifndef TRANSPORT_OVSDB_RECONNECT_H
#define TRANSPORT_OVSDB_RECONNECT_H

#include <stdint.h>

#define XSN_RECONNECT_NEVER UINT64_MAX

enum {
        XSN_RECONNECT_IDLE = 0,
        XSN_RECONNECT_WAITING = 1, /* for the next attempt */
        XSN_RECONNECT_CONNECTING = 2,
        XSN_RECONNECT_GREETING = 3, /* connected; what must be known of the server is being read */
        XSN_RECONNECT_ACTIVE = 4,
        XSN_RECONNECT_PROBING = 5 /* active, and asked whether it lives */
};

/* What happened. */
enum {
        XSN_RECONNECT_START = 0,
        XSN_RECONNECT_STOP = 1,
        XSN_RECONNECT_CONNECTED = 2,
        XSN_RECONNECT_READY = 3,
        XSN_RECONNECT_HEARD = 4,  /* bytes came */
        XSN_RECONNECT_FAILED = 5, /* no connection, a lost one, or one that the owner has given up */
        XSN_RECONNECT_TICK = 6    /* time passed */
};

/* What to do. */
enum {
        XSN_RECONNECT_NOTHING = 0,
        XSN_RECONNECT_CONNECT = 1,
        XSN_RECONNECT_DROP = 2, /* end the connection, or the attempt; FAILED need not be reported */
        XSN_RECONNECT_PROBE = 3
};

/* Times in ns. */
struct xsn_reconnect_options {
        uint64_t backoff_min;   /* between the first failure and the next attempt; doubles */
        uint64_t backoff_max;   /* at most this; a connection that held as long starts from backoff_min again */
        uint64_t connect_limit; /* from CONNECT to READY */
        uint64_t probe_after;   /* silence after which the peer is asked, and again until it is given up; 0: never */
};

struct xsn_reconnect {
        struct xsn_reconnect_options options;
        int state;
        uint64_t deadline; /* XSN_RECONNECT_NEVER: none */
        uint64_t backoff;  /* before the next attempt */
        uint64_t since;    /* ACTIVE, PROBING: when it became so */
};

void xsn_reconnect_init(struct xsn_reconnect *reconnect, const struct xsn_reconnect_options *options);
/* An event that does not fit the state is ignored: it comes from a connection that is gone. now must not go back. */
int xsn_reconnect_step(struct xsn_reconnect *reconnect, int event, uint64_t now);

#endif
