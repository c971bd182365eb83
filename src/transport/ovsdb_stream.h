/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes between us and an OVSDB server: a unix socket, TCP, or TLS, on the loop, never blocking. libcurl connects
 * (names, both families, TLS with its certificates) and carries the bytes; the protocol is ovsdb.c's.
 * A stream is one connection: it is opened, fails once, and is closed.
 * Where HOST is a name, libcurl looks it up its own way, which may be a thread of its own; an address needs none.
 */
#ifndef TRANSPORT_OVSDB_STREAM_H
#define TRANSPORT_OVSDB_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"

enum {
        XSN_OVSDB_UNIX = 0,
        XSN_OVSDB_TCP = 1,
        XSN_OVSDB_SSL = 2
};

struct xsn_ovsdb_endpoint {
        int type;
        char *host; /* the path of a unix socket; an IPv6 address is without its brackets */
        uint16_t port;
};

/*
 * "unix:/PATH", "tcp:HOST[:PORT]", "ssl:HOST[:PORT]"; an IPv6 address in brackets; port 6640 where none is given.
 * -EINVAL "bad-uri".
 */
int xsn_ovsdb_endpoint_parse(const char *text, struct xsn_ovsdb_endpoint *ret_endpoint, struct xsnet_error **ret_err);
void xsn_ovsdb_endpoint_done(struct xsn_ovsdb_endpoint *endpoint);

/* What of the server's certificate is checked. */
enum {
        XSN_OVSDB_VERIFY_FULL = 0, /* who signed it, and that it is this host's */
        XSN_OVSDB_VERIFY_CA = 1,   /* who signed it: ovs-pki makes certificates without a host's name */
        XSN_OVSDB_VERIFY_NONE = 2
};

/* Paths of PEM files. */
struct xsn_ovsdb_tls {
        const char *ca;          /* trusted instead of the system's; NULL: the system's */
        const char *certificate; /* ours; NULL: none */
        const char *key;         /* its key, which may not need a password */
        int verify;
};

struct xsn_ovsdb_stream;

/* Called from the loop's dispatch only. All of them may close the stream. */
struct xsn_ovsdb_stream_listener {
        void (*connected)(void *userdata);
        void (*readable)(void *userdata);
        void (*writable)(void *userdata);                        /* only while it is wanted */
        void (*failed)(struct xsnet_error *err, void *userdata); /* instead of connected; err is taken */
        void *userdata;
};

/* Starts to connect. endpoint and tls (NULL: all defaults) are not needed after the call; the listener is copied. */
int xsn_ovsdb_stream_open(struct xsn_loop *loop, const struct xsn_ovsdb_endpoint *endpoint,
                          const struct xsn_ovsdb_tls *tls, const struct xsn_ovsdb_stream_listener *listener,
                          struct xsn_ovsdb_stream **ret_stream, struct xsnet_error **ret_err);
/* Also from inside the listener. What was written and has not left this machine is dropped. NULL is ignored. Returns
 * NULL. */
struct xsn_ovsdb_stream *xsn_ovsdb_stream_close(struct xsn_ovsdb_stream *stream);
XSN_CLEANUP_DEFINE(xsn_ovsdb_stream_close, struct xsn_ovsdb_stream);

/*
 * As much as there is, at most size bytes. *ret_n = 0: nothing now. -ECONNRESET "connection-lost": the end.
 * Whoever stops before it was 0 calls xsn_ovsdb_stream_read_later(): bytes may wait where no descriptor tells of them.
 */
int xsn_ovsdb_stream_read(struct xsn_ovsdb_stream *stream, char *buf, size_t size, size_t *ret_n,
                          struct xsnet_error **ret_err);
void xsn_ovsdb_stream_read_later(struct xsn_ovsdb_stream *stream);
/*
 * *ret_n = 0: not now, want to write. What was offered then must be offered again, from the same place: TLS has
 * begun to send it.
 */
int xsn_ovsdb_stream_write(struct xsn_ovsdb_stream *stream, const char *data, size_t len, size_t *ret_n,
                           struct xsnet_error **ret_err);
int xsn_ovsdb_stream_want_write(struct xsn_ovsdb_stream *stream, bool want);

#endif
