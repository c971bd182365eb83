/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 client of one server on the loop, never blocking: POST requests over kept connections, so many at a
 * time, over TCP, TLS or a unix socket. libcurl carries them; what is never done is a second sending of a request
 * that the server may have got. No proxy, no redirect, no cookies, no compression, nothing from the environment.
 * Where the host is a name, libcurl looks it up its own way, which may be a thread of its own; an address needs none.
 */
#ifndef TRANSPORT_HTTP_H
#define TRANSPORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"

struct xsn_http;
struct xsn_http_request;

enum {
        XSN_HTTP_UNIX = 0,
        XSN_HTTP_PLAIN = 1,
        XSN_HTTP_TLS = 2
};

struct xsn_http_place {
        int type;
        char *host; /* the path of a unix socket; an IPv6 address is without its brackets */
        uint16_t port;
};

/*
 * "https://HOST[:PORT]", "http://HOST[:PORT]" (an IPv6 address in brackets; a slash may follow), "unix:/PATH".
 * -EINVAL "bad-uri".
 */
int xsn_http_place_parse(const char *text, struct xsn_http_place *ret_place, struct xsnet_error **ret_err);
/* The same server's place with another host: a name, or an address without brackets, as HOST_IS_SLAVE has it. */
int xsn_http_place_move(const struct xsn_http_place *place, const char *host, struct xsn_http_place *ret_place,
                        struct xsnet_error **ret_err);
/* As it would be parsed. */
int xsn_http_place_format(const struct xsn_http_place *place, char **ret_text);
void xsn_http_place_done(struct xsn_http_place *place);

/* A certificate that is trusted whoever signed it: the SHA-256 of its DER form, which openssl calls its fingerprint. */
struct xsn_http_pin {
        const char *host; /* NULL: any host */
        uint8_t sha256[32];
};

/* 64 hex digits, with or without colons between pairs. */
int xsn_http_pin_parse(const char *text, uint8_t ret_sha256[32], struct xsnet_error **ret_err);

/* How a server proves who it is. Zero: by a certificate for its name, signed by an authority of the system's. */
struct xsn_http_tls {
        const char *ca;                  /* path of a PEM file, trusted instead of the system's */
        const struct xsn_http_pin *pins; /* where one is for the host, its certificate must be pinned, and no more */
        size_t n_pins;
        bool insecure; /* not at all; pins still count */
};

/* Zero members are the defaults. Not needed after xsn_http_new(). */
struct xsn_http_options {
        struct xsn_http_tls tls;
        unsigned max_parallel;  /* requests at a time, those of `lasting` apart; 4 */
        unsigned max_waiting;   /* requests that wait for their turn; 1024 */
        uint64_t connect_limit; /* ns; 10 s */
};

/* Copies the place and options. */
int xsn_http_new(struct xsn_loop *loop, const struct xsn_http_place *place, const struct xsn_http_options *options,
                 struct xsn_http **ret_http, struct xsnet_error **ret_err);
/* Ends all requests, without a call. NULL is ignored. Returns NULL. */
struct xsn_http *xsn_http_free(struct xsn_http *http);
XSN_CLEANUP_DEFINE(xsn_http_free, struct xsn_http);

/* Requests that begin from now on connect anew: a kept connection may be dead where addresses have changed. */
void xsn_http_renew(struct xsn_http *http);

/* What the server may have made of a request that failed. */
enum {
        XSN_HTTP_NOT_SENT = 0, /* nothing: it has not got the whole of it */
        XSN_HTTP_UNKNOWN = 1,  /* it may have done it, or may yet */
        XSN_HTTP_ANSWERED = 2  /* it answered that it did nothing: a status of 4xx */
};

struct xsn_http_call {
        char *body; /* taken, also on failure; wiped after use */
        size_t len;
        bool secret;        /* no word of an error's page goes into a message: it may repeat the body */
        bool lasting;       /* may wait long for its answer: does not count as one of max_parallel */
        uint64_t deadline;  /* of xsn_loop_now(); UINT64_MAX: none */
        uint64_t max_reply; /* bytes of the answer's body; 0: 256 MiB */
        /*
         * A piece of the body of an answer with status 200. An error (negative) ends the request with ret_err.
         * Runs inside of libcurl: it may take notes, and call nothing here.
         */
        int (*receive)(const char *data, size_t len, void *userdata, struct xsnet_error **ret_err);
        /*
         * The end, called once, from the loop's dispatch only; may do anything, xsn_http_free() too. No error: the
         * whole answer was received. Reasons of our own: "not-sent", "outcome-unknown", "connect-failed",
         * "untrusted-server", "bad-certificate", "tls-failed" (all of which were not sent), "http-status", "too-big",
         * "bad-reply", and those of receive. After any but the first three `outcome` tells.
         */
        void (*done)(int outcome, const struct xsnet_error *err, void *userdata);
        void *userdata;
};

/*
 * POSTs the body to "/" as text/xml. -EBUSY "too-many-requests", -ENOMEM: done is not called. ret_request (may be
 * NULL) is valid until done is called.
 */
int xsn_http_post(struct xsn_http *http, const struct xsn_http_call *call, struct xsn_http_request **ret_request,
                  struct xsnet_error **ret_err);
/*
 * Sends what a kept connection takes at once, without a call to anybody; xsn_http_cancel() is to follow. For a
 * farewell: who waits for no answer need not wait at all.
 */
void xsn_http_push(struct xsn_http_request *request);
/* done is not called. Returns what the server may have made of it: XSN_HTTP_NOT_SENT or XSN_HTTP_UNKNOWN. */
int xsn_http_cancel(struct xsn_http_request *request);

#endif
