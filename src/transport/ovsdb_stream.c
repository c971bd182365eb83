/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CURLOPT_CONNECT_ONLY: libcurl connects and then leaves the socket to us, for curl_easy_send() and curl_easy_recv().
 * Relies on libcurl 7.87 and later sending without SIGPIPE in TLS, too.
 */
#include "transport/ovsdb_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "transport/curl_easy.h"
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
        char *path;  /* of a unix socket; NULL */
        char error[CURL_ERROR_SIZE];
};

/* ---- life ---- */

/*
 * Nothing is to arrive any more: a kernel would go on sending what it holds of a transaction after the connection was
 * given up, and its outcome had been looked at.
 */
static void drop_unsent(const struct xsn_ovsdb_stream *stream)
{
        const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
        curl_socket_t fd = CURL_SOCKET_BAD;

        if (curl_easy_getinfo(stream->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
                (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void destroy(struct xsn_ovsdb_stream *stream)
{
        if (stream->io)
                drop_unsent(stream);
        xsn_source_remove(stream->io);
        xsn_source_remove(stream->again);
        if (stream->curl && stream->easy)
                xsn_curl_remove(stream->curl, stream->easy);
        if (stream->easy)
                curl_easy_cleanup(stream->easy);
        xsn_curl_free(stream->curl);
        xsn_free(stream->path);
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
                (void)xsn_curl_connect_error(stream->easy, code, stream->error, stream->path, &err);
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

/* 0, or the CURLcode of the first that failed. */
static CURLcode set_common(struct xsn_ovsdb_stream *stream)
{
        CURLcode code = xsn_curl_set_common(stream->easy, stream->error);

        if (!code)
                code = curl_easy_setopt(stream->easy, CURLOPT_CONNECT_ONLY, 1L);
        return code ? code : curl_easy_setopt(stream->easy, CURLOPT_FRESH_CONNECT, 1L);
}

static CURLcode set_endpoint(CURL *easy, const struct xsn_ovsdb_endpoint *endpoint)
{
        if (endpoint->type == XSN_OVSDB_UNIX) {
                CURLcode code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint->host);

                return code ? code : curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/");
        }
        return xsn_curl_set_url(easy, endpoint->type == XSN_OVSDB_SSL, endpoint->host, endpoint->port);
}

static CURLcode set_tls(CURL *easy, const struct xsn_ovsdb_tls *tls)
{
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->verify == XSN_OVSDB_VERIFY_NONE ? 0L : 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->verify == XSN_OVSDB_VERIFY_FULL ? 2L : 0L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L)) || (code = xsn_curl_set_ca(easy, tls->ca)))
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
        return xsn_curl_option_error(code, ret_err);
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
        stream->path = endpoint->type == XSN_OVSDB_UNIX ? xsn_strdup(endpoint->host) : NULL;
        if (!stream->easy || (endpoint->type == XSN_OVSDB_UNIX && !stream->path) ||
            xsn_loop_add_timer(loop, on_again, stream, &stream->again) < 0)
                return xsn_error_oom(ret_err);
        r = configure(stream, endpoint, tls, ret_err);
        if (r == 0)
                r = xsn_curl_new(loop, 0, &stream->curl, ret_err);
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
                return xsn_curl_error(-ECONNRESET, "connection-lost", code, stream->error, ret_err);
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
                return xsn_curl_error(-ECONNRESET, "connection-lost", code, stream->error, ret_err);
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

/* HOST[:PORT] or [ADDRESS][:PORT] */
static int parse_host(const char *text, struct xsn_ovsdb_endpoint *endpoint)
{
        bool v6 = *text == '[';
        const char *host = text + v6;
        size_t len = strcspn(host, v6 ? "]" : ":");
        const char *rest = host + len;

        if (!xsn_curl_host_valid(host, len, v6))
                return -EINVAL;
        if (v6) {
                if (*rest != ']' || !memchr(host, ':', len))
                        return -EINVAL;
                rest++;
        }
        endpoint->port = 6640;
        if (*rest && (*rest != ':' || !xsn_curl_port_parse(rest + 1, &endpoint->port)))
                return -EINVAL;
        endpoint->host = xsn_strndup(host, len);
        return endpoint->host ? 0 : -ENOMEM;
}

int xsn_ovsdb_endpoint_parse(const char *text, struct xsn_ovsdb_endpoint *ret_endpoint, struct xsnet_error **ret_err)
{
        static const char *const schemes[] = { "unix:", "tcp:", "ssl:" };
        struct xsn_ovsdb_endpoint endpoint = { .host = NULL };
        const char *whole = text;
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
                                     "expected unix:/PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT] as the database's place, "
                                     "found '%s'",
                                     whole);
        *ret_endpoint = endpoint;
        return 0;
}
