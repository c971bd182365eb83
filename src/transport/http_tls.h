/* SPDX-License-Identifier: Apache-2.0 */
/* What of a server's certificate is checked, and how. Used by http.c alone. */
#ifndef TRANSPORT_HTTP_TLS_H
#define TRANSPORT_HTTP_TLS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "transport/http.h"

/* Of one host: a copy of what matters to it. */
struct xsn_http_trust {
        char *ca;
        uint8_t (*pins)[32]; /* that are for this host; the certificate is one of these */
        size_t n_pins;
        bool insecure;
};

/* 0 or -ENOMEM. */
int xsn_http_trust_init(struct xsn_http_trust *trust, const struct xsn_http_tls *tls, const char *host);
void xsn_http_trust_done(struct xsn_http_trust *trust);
CURLcode xsn_http_trust_set(const struct xsn_http_trust *trust, CURL *easy);
/*
 * The connection that easy has just made, before anything is sent over it. 0; -EKEYREJECTED "untrusted-server".
 * A kept connection was checked when it was made.
 */
int xsn_http_trust_check(const struct xsn_http_trust *trust, CURL *easy, struct xsnet_error **ret_err);

#endif
