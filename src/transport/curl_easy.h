/* SPDX-License-Identifier: Apache-2.0 */
/* What all transfers of ours have in common. Used by ovsdb_stream.c and http.c. */
#ifndef TRANSPORT_CURL_EASY_H
#define TRANSPORT_CURL_EASY_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * No signals, no proxy, sockets that programs which the process starts do not inherit. error, of CURL_ERROR_SIZE
 * bytes, gets libcurl's words.
 */
CURLcode xsn_curl_set_common(CURL *easy, char *error);
/* https or http; host is a name, or an address without brackets. */
CURLcode xsn_curl_set_url(CURL *easy, bool tls, const char *host, uint16_t port);
/* Which certificates are trusted: those of the file alone, or the system's where it is NULL. */
CURLcode xsn_curl_set_ca(CURL *easy, const char *ca);
/* Of options that were refused. 0 where code is CURLE_OK. */
int xsn_curl_option_error(CURLcode code, struct xsnet_error **ret_err);

/* Fails with libcurl's words: error's, which may repeat what came from outside, or those of the code. Returns r. */
int xsn_curl_error(int r, const char *reason, CURLcode code, const char *error, struct xsnet_error **ret_err);
/*
 * The same of a connection that did not come about: chooses the code and the reason. `path` is that of a unix socket,
 * of which libcurl would say "localhost port 80"; else NULL.
 */
int xsn_curl_connect_error(CURL *easy, CURLcode code, const char *error, const char *path,
                           struct xsnet_error **ret_err);

/* It becomes part of a URL: nothing in it may end the host there. */
bool xsn_curl_host_valid(const char *host, size_t len, bool v6);
/* "6640"; 1..65535. */
bool xsn_curl_port_parse(const char *text, uint16_t *ret_port);

#endif
