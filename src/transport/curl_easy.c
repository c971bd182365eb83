/* SPDX-License-Identifier: Apache-2.0 */
/* Options and errors of libcurl's easy handles, once for all who use them. */
#include "transport/curl_easy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"

/* As libcurl would, but closed in the programs that the process starts. */
static curl_socket_t open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *address)
{
        (void)userdata;
        (void)purpose;
        return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

CURLcode xsn_curl_set_common(CURL *easy, char *error)
{
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error)) ||
            (code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_PROXY, "")) || /* not the environment's either */
            /* An attempt that is given up while a name is looked up does not wait for the thread that does it. */
            (code = curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) ||
            (code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket)))
                return code;
        return CURLE_OK;
}

CURLcode xsn_curl_set_url(CURL *easy, bool tls, const char *host, uint16_t port)
{
        bool v6 = strchr(host, ':') != NULL;
        char url[320];

        if (snprintf(url, sizeof(url), "%s://%s%s%s:%u/", tls ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
                     port) >= (int)sizeof(url))
                return CURLE_URL_MALFORMAT;
        return curl_easy_setopt(easy, CURLOPT_URL, url);
}

CURLcode xsn_curl_set_ca(CURL *easy, const char *ca)
{
        CURLcode code = CURLE_OK;

        if (ca)
                code = curl_easy_setopt(easy, CURLOPT_CAINFO, ca);
        if (ca && !code)
                code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* else the system's are trusted, too */
        return code;
}

int xsn_curl_option_error(CURLcode code, struct xsnet_error **ret_err)
{
        if (code == CURLE_OUT_OF_MEMORY)
                return xsn_error_oom(ret_err);
        if (code)
                return xsn_error_set(ret_err, -EINVAL, "connect-failed", "libcurl cannot do this: %s",
                                     curl_easy_strerror(code));
        return 0;
}

int xsn_curl_error(int r, const char *reason, CURLcode code, const char *error, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *clean = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put_clean(&buf, *error ? error : curl_easy_strerror(code), CURL_ERROR_SIZE);
        if (xsn_buf_take(&buf, &clean) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, r, reason, "%s", clean);
}

int xsn_curl_connect_error(CURL *easy, CURLcode code, const char *error, const char *path,
                           struct xsnet_error **ret_err)
{
        long number = 0;
        int r;

        switch (code) {
        case CURLE_OUT_OF_MEMORY:
                return xsn_error_oom(ret_err);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
                r = -EKEYREJECTED;
                return xsn_curl_error(r, "untrusted-server", code, error, ret_err);
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
                r = -EINVAL;
                return xsn_curl_error(r, "bad-certificate", code, error, ret_err);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
                r = -EPROTO;
                return xsn_curl_error(r, "tls-failed", code, error, ret_err);
        case CURLE_OPERATION_TIMEDOUT:
                r = -ETIMEDOUT;
                return xsn_curl_error(r, "connect-failed", code, error, ret_err);
        case CURLE_COULDNT_RESOLVE_HOST:
                r = -EHOSTUNREACH;
                return xsn_curl_error(r, "connect-failed", code, error, ret_err);
        default:
                (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
                r = number > 0 && number < 4096 ? -(int)number : -ECONNREFUSED;
                if (path && code == CURLE_COULDNT_CONNECT)
                        return xsn_error_set(ret_err, r, "connect-failed", "cannot connect to the socket '%s': %s",
                                             path, strerror(-r));
                return xsn_curl_error(r, "connect-failed", code, error, ret_err);
        }
}

bool xsn_curl_host_valid(const char *host, size_t len, bool v6)
{
        static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

        return len > 0 && len <= 253 && strspn(host, v6 ? "0123456789abcdefABCDEF:." : name) >= len;
}

bool xsn_curl_port_parse(const char *text, uint16_t *ret_port)
{
        unsigned port = 0;

        for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++)
                port = port * 10 + (unsigned)(*text - '0');
        *ret_port = (uint16_t)port;
        return *text == '\0' && port > 0 && port <= UINT16_MAX;
}
