/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's transfers on the library's loop: a multi handle whose sockets and timer are sources of it. Nothing
 * blocks. libcurl is initialised, thread-safely, by the first curl_easy_init() of the process and never undone.
 */
#ifndef TRANSPORT_CURL_LOOP_H
#define TRANSPORT_CURL_LOOP_H

#include <curl/curl.h>

#include "base/error.h"
#include "base/loop.h"

struct xsn_curl;

/* The transfer has ended; runs from the loop's dispatch only, and may do anything, xsn_curl_free() too. */
typedef void (*xsn_curl_fn)(CURL *easy, CURLcode code, void *userdata);

/* kept: connections that wait for the next transfer at most; 0: as many as libcurl finds right. */
int xsn_curl_new(struct xsn_loop *loop, unsigned kept, struct xsn_curl **ret_curl, struct xsnet_error **ret_err);
/* Ends all transfers, without a call; the easy handles stay the caller's. NULL is ignored. Returns NULL. */
struct xsn_curl *xsn_curl_free(struct xsn_curl *curl);
XSN_CLEANUP_DEFINE(xsn_curl_free, struct xsn_curl);

/* Starts the transfer. easy is borrowed until xsn_curl_remove(), also after it has ended. 0, -ENOMEM, -EINVAL. */
int xsn_curl_add(struct xsn_curl *curl, CURL *easy, xsn_curl_fn done, void *userdata);
/*
 * Goes on with what can be done at once, without a call to anybody: for what nobody waits for, before it is removed.
 * Not from inside of libcurl.
 */
void xsn_curl_push(struct xsn_curl *curl);
/* Ends the transfer, without a call, and what it left open. An unknown one is ignored. */
void xsn_curl_remove(struct xsn_curl *curl, CURL *easy);

#endif
