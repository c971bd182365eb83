/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CURLOPT_CONNECT_ONLY: libcurl connects and then leaves the socket to us, for curl_easy_send() and curl_easy_recv().
 * Relies on libcurl 7.87 and later sending without SIGPIPE in TLS, too.
 */
#include "transport/ovsdb_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "transport/curl_loop.h"

struct xsn_ovsdb_stream {
        struct xsn_loop *loop;
        struct xsn_ovsdb_stream_listener listener;
        struct xsn_curl *curl;
        CURL *easy;
        struct xsn_source *io;    /* once connected */
        struct xsn_source *again; /* a timer: there may be more to read */
        bool want_write;
        bool busy;   /* the listener is being called */
        bool doomed; /* closed by the listener */
        char error[CURL_ERROR_SIZE];
};

/* In libcurl's words where it has some, which may repeat what came from outside. */
static int fail(const struct xsn_ovsdb_stream *stream, int r, const char *reason, CURLcode code,
                struct xsnet_error **ret_err)
{
        const char *text = *stream->error ? stream->error : curl_easy_strerror(code);
        _cleanup_(xsn_freep) char *clean = NULL;
        struct xsn_buf buf = { 0 };

        xsn_buf_put_clean(&buf, text, CURL_ERROR_SIZE);
        if (xsn_buf_take(&buf, &clean) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, r, reason, "%s", clean);
}

static int connect_failed(const struct xsn_ovsdb_stream *stream, CURLcode code, struct xsnet_error **ret_err)
{
        long number = 0;
        int r;

        switch (code) {
        case CURLE_OUT_OF_MEMORY:
                return xsn_error_oom(ret_err);
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
                r = -EKEYREJECTED;
                return fail(stream, r, "untrusted-server", code, ret_err);
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
                r = -EINVAL;
                return fail(stream, r, "bad-certificate", code, ret_err);
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
                r = -EPROTO;
                return fail(stream, r, "tls-failed", code, ret_err);
        default:
                (void)curl_easy_getinfo(stream->easy, CURLINFO_OS_ERRNO, &number);
                r = number > 0 && number < 4096 ? -(int)number : -ECONNREFUSED;
                return fail(stream, r, "connect-failed", code, ret_err);
        }
}

/* ---- life ---- */

static void destroy(struct xsn_ovsdb_stream *stream)
{
        xsn_source_remove(stream->io);
        xsn_source_remove(stream->again);
        if (stream->curl && stream->easy)
                xsn_curl_remove(stream->curl, stream->easy);
        if (stream->easy)
                curl_easy_cleanup(stream->easy);
        xsn_curl_free(stream->curl);
        xsn_free(stream);
}

struct xsn_ovsdb_stream *xsn_ovsdb_stream_close(struct xsn_ovsdb_stream *stream)
{
        if (!stream)
                return NULL;
        if (stream->busy)
                stream->doomed = true;
        else
                destroy(stream);
        return NULL;
}

static void leave(struct xsn_ovsdb_stream *stream)
{
        stream->busy = false;
        if (stream->doomed)
                destroy(stream);
}

static void on_io(uint32_t events, void *userdata)
{
        struct xsn_ovsdb_stream *stream = userdata;

        if (stream->doomed)
                return;
        stream->busy = true;
        /* TLS may have waited for bytes before it could write. */
        if (stream->want_write)
                stream->listener.writable(stream->listener.userdata);
        if (!stream->doomed && events & ~(uint32_t)EPOLLOUT)
                stream->listener.readable(stream->listener.userdata);
        leave(stream);
}

static void on_again(void *userdata)
{
        on_io(EPOLLIN, userdata);
}

static int watch_socket(struct xsn_ovsdb_stream *stream)
{
        curl_socket_t fd = CURL_SOCKET_BAD;

        if (curl_easy_getinfo(stream->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
                return -ENOTCONN;
        return xsn_loop_add_io(stream->loop, fd, EPOLLIN, on_io, stream, &stream->io);
}

static void on_connected(CURL *easy, CURLcode code, void *userdata)
{
        struct xsn_ovsdb_stream *stream = userdata;
        struct xsnet_error *err = NULL;
        int r;

        (void)easy;
        if (stream->doomed)
                return;
        if (code != CURLE_OK) {
                (void)connect_failed(stream, code, &err);
        } else {
                r = watch_socket(stream);
                if (r < 0)
                        (void)xsn_error_set(&err, r, "connect-failed", "cannot watch the connection: %s", strerror(-r));
        }
        *stream->error = '\0';
        stream->busy = true;
        if (err)
                stream->listener.failed(err, stream->listener.userdata);
        else
                stream->listener.connected(stream->listener.userdata);
        leave(stream);
}

/* ---- opening ---- */

/* As libcurl would, but closed in the programs that the process starts. */
static curl_socket_t open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *address)
{
        (void)userdata;
        (void)purpose;
        return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

/* 0, or the CURLcode of the first that failed. */
static CURLcode set_common(struct xsn_ovsdb_stream *stream)
{
        CURL *easy = stream->easy;
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, stream->error)) ||
            (code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_PROXY, "")) || /* not the environment's either */
            (code = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L)) ||
            /* An attempt that is given up while a name is looked up does not wait for the thread that does it. */
            (code = curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket)))
                return code;
        return CURLE_OK;
}

static CURLcode set_endpoint(CURL *easy, const struct xsn_ovsdb_endpoint *endpoint)
{
        const char *scheme = endpoint->type == XSN_OVSDB_SSL ? "https" : "http";
        bool v6 = strchr(endpoint->host, ':') != NULL;
        char url[320];

        if (endpoint->type == XSN_OVSDB_UNIX) {
                CURLcode code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint->host);

                return code ? code : curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/");
        }
        if (snprintf(url, sizeof(url), "%s://%s%s%s:%u/", scheme, v6 ? "[" : "", endpoint->host, v6 ? "]" : "",
                     endpoint->port) >= (int)sizeof(url))
                return CURLE_URL_MALFORMAT;
        return curl_easy_setopt(easy, CURLOPT_URL, url);
}

static CURLcode set_tls(CURL *easy, const struct xsn_ovsdb_tls *tls)
{
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->verify == XSN_OVSDB_VERIFY_NONE ? 0L : 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->verify == XSN_OVSDB_VERIFY_FULL ? 2L : 0L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L)))
                return code;
        if (tls->ca && ((code = curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca)) ||
                        (code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL)))) /* else the system's are trusted, too */
                return code;
        if (tls->certificate && (code = curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->certificate)))
                return code;
        if (tls->key && (code = curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key)))
                return code;
        /* Without one a TLS library may ask at the terminal. */
        return curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
}

static int configure(struct xsn_ovsdb_stream *stream, const struct xsn_ovsdb_endpoint *endpoint,
                     const struct xsn_ovsdb_tls *tls, struct xsnet_error **ret_err)
{
        static const struct xsn_ovsdb_tls defaults = { .verify = XSN_OVSDB_VERIFY_FULL };
        CURLcode code = set_common(stream);

        if (!code)
                code = set_endpoint(stream->easy, endpoint);
        if (!code && endpoint->type == XSN_OVSDB_SSL)
                code = set_tls(stream->easy, tls ? tls : &defaults);
        if (code == CURLE_OUT_OF_MEMORY)
                return xsn_error_oom(ret_err);
        if (code)
                return xsn_error_set(ret_err, -EINVAL, "connect-failed", "libcurl cannot do this: %s",
                                     curl_easy_strerror(code));
        return 0;
}

int xsn_ovsdb_stream_open(struct xsn_loop *loop, const struct xsn_ovsdb_endpoint *endpoint,
                          const struct xsn_ovsdb_tls *tls, const struct xsn_ovsdb_stream_listener *listener,
                          struct xsn_ovsdb_stream **ret_stream, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_ovsdb_stream_closep) struct xsn_ovsdb_stream *stream = xsn_alloc(sizeof(*stream));
        int r;

        if (!stream)
                return xsn_error_oom(ret_err);
        stream->loop = loop;
        stream->listener = *listener;
        stream->easy = curl_easy_init(); /* first: it initialises libcurl */
        if (!stream->easy || xsn_loop_add_timer(loop, on_again, stream, &stream->again) < 0)
                return xsn_error_oom(ret_err);
        r = configure(stream, endpoint, tls, ret_err);
        if (r == 0)
                r = xsn_curl_new(loop, &stream->curl, ret_err);
        if (r < 0)
                return r;
        if (xsn_curl_add(stream->curl, stream->easy, on_connected, stream) < 0)
                return xsn_error_oom(ret_err);
        *ret_stream = XSN_TAKE(stream);
        return 0;
}

/* ---- bytes ---- */

int xsn_ovsdb_stream_read(struct xsn_ovsdb_stream *stream, char *buf, size_t size, size_t *ret_n,
                          struct xsnet_error **ret_err)
{
        CURLcode code;
        size_t n = 0;

        *stream->error = '\0';
        code = curl_easy_recv(stream->easy, buf, size, &n);
        if (code == CURLE_AGAIN)
                n = 0;
        else if (code != CURLE_OK)
                return fail(stream, -ECONNRESET, "connection-lost", code, ret_err);
        else if (n == 0)
                return xsn_error_set(ret_err, -ECONNRESET, "connection-lost", "the server closed the connection");
        *ret_n = n;
        return 0;
}

void xsn_ovsdb_stream_read_later(struct xsn_ovsdb_stream *stream)
{
        xsn_source_set_time(stream->again, 0);
}

int xsn_ovsdb_stream_write(struct xsn_ovsdb_stream *stream, const char *data, size_t len, size_t *ret_n,
                           struct xsnet_error **ret_err)
{
        CURLcode code;
        size_t n = 0;

        *stream->error = '\0';
        code = curl_easy_send(stream->easy, data, len, &n);
        if (code == CURLE_AGAIN)
                n = 0;
        else if (code != CURLE_OK)
                return fail(stream, -ECONNRESET, "connection-lost", code, ret_err);
        *ret_n = n;
        return 0;
}

int xsn_ovsdb_stream_want_write(struct xsn_ovsdb_stream *stream, bool want)
{
        stream->want_write = want;
        return stream->io ? xsn_source_set_events(stream->io, EPOLLIN | (want ? (uint32_t)EPOLLOUT : 0)) : 0;
}

/* ---- where to ---- */

void xsn_ovsdb_endpoint_done(struct xsn_ovsdb_endpoint *endpoint)
{
        endpoint->host = xsn_free(endpoint->host);
}

static bool port_parse(const char *text, uint16_t *ret_port)
{
        unsigned port = 0;

        for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++)
                port = port * 10 + (unsigned)(*text - '0');
        *ret_port = (uint16_t)port;
        return *text == '\0' && port > 0 && port <= UINT16_MAX;
}

/* It becomes part of a URL: nothing in it may end the host there. */
static bool host_valid(const char *host, size_t len, bool v6)
{
        static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

        return len > 0 && len <= 253 && strspn(host, v6 ? "0123456789abcdefABCDEF:." : name) >= len;
}

/* HOST[:PORT] or [ADDRESS][:PORT] */
static int parse_host(const char *text, struct xsn_ovsdb_endpoint *endpoint)
{
        bool v6 = *text == '[';
        const char *host = text + v6;
        size_t len = strcspn(host, v6 ? "]" : ":");
        const char *rest = host + len;

        if (!host_valid(host, len, v6))
                return -EINVAL;
        if (v6) {
                if (*rest != ']' || !memchr(host, ':', len))
                        return -EINVAL;
                rest++;
        }
        endpoint->port = 6640;
        if (*rest && (*rest != ':' || !port_parse(rest + 1, &endpoint->port)))
                return -EINVAL;
        endpoint->host = xsn_strndup(host, len);
        return endpoint->host ? 0 : -ENOMEM;
}

int xsn_ovsdb_endpoint_parse(const char *text, struct xsn_ovsdb_endpoint *ret_endpoint, struct xsnet_error **ret_err)
{
        static const char *const schemes[] = { "unix:", "tcp:", "ssl:" };
        struct xsn_ovsdb_endpoint endpoint = { .host = NULL };
        int r = -EINVAL;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(schemes); i++) {
                size_t len = strlen(schemes[i]);

                if (strncmp(text, schemes[i], len) != 0)
                        continue;
                endpoint.type = (int)i;
                text += len;
                if (endpoint.type != XSN_OVSDB_UNIX) {
                        r = parse_host(text, &endpoint);
                } else if (*text == '/' && strlen(text) < sizeof(((struct sockaddr_un *)0)->sun_path)) {
                        endpoint.host = xsn_strdup(text);
                        r = endpoint.host ? 0 : -ENOMEM;
                }
                break;
        }
        if (r == -ENOMEM)
                return xsn_error_oom(ret_err);
        if (r < 0)
                return xsn_error_set(ret_err, r, "bad-uri",
                                     "expected unix:/PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT] as the database's place");
        *ret_endpoint = endpoint;
        return 0;
}
