/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One easy handle a request, which the next one gets when it has ended well: most of its options stay the same.
 * libcurl's multi handle keeps the connections. A request that waits for its turn is not with libcurl yet. What
 * libcurl would do a second time by itself, when a kept connection turns out to be dead, is stopped: see
 * before_sending().
 */
#include "transport/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "transport/curl_easy.h"
#include "transport/curl_loop.h"
#include "transport/http_tls.h"

#define AGENT         "libxsnet/0.1"
#define HEADERS_MAX   (64u << 10)
#define PAGE_MAX      2048u  /* bytes kept of an answer that is an error's page */
#define EXCERPT_MAX   200u   /* of that, in a message */
#define ACK_LIMIT_MS  30000u /* what was sent and nobody acknowledged */
#define CONNECT_LIMIT (10000 * XSN_NS_PER_MS)
#define MAX_REPLY     (UINT64_C(256) << 20)
#define LASTING_KEPT  4u /* connections, and handles, beside those of max_parallel */

struct xsn_http_request {
        struct xsn_http *http;
        struct xsn_http_call call;
        CURL *easy;                 /* NULL: it waits for its turn */
        struct xsn_source *timer;   /* the deadline; NULL: none */
        bool sending;               /* libcurl has begun to send it */
        bool again;                 /* and would have a second time: what came of the first, nobody knows */
        uint64_t n_headers, n_body; /* bytes of the answer */
        long status;                /* 0: not known yet */
        bool headed;                /* the answer's headers are whole */
        bool whole;                 /* the transfer ended as it should: another may have its handle */
        struct xsn_buf page;        /* what came with another status than 200 */
        struct xsnet_error *err;    /* of a callback: why libcurl was told to stop */
        char error[CURL_ERROR_SIZE];
        struct xsn_http_request *next, *prev; /* in http->requests, the oldest first */
};

struct xsn_http {
        struct xsn_loop *loop;
        struct xsn_curl *curl;
        struct xsn_http_place place;
        struct xsn_http_options options;
        struct xsn_http_trust trust;
        struct curl_slist *headers;
        CURL **spare; /* handles of requests that have ended */
        size_t n_spare;
        struct xsn_source *pump; /* a timer: requests may begin */
        struct xsn_http_request *requests, *last;
        unsigned n_running; /* without the lasting ones */
        unsigned n_waiting;
        uint64_t renewed; /* of xsn_loop_now(): connections made before are not used */
};

/* ---- ends ---- */

/* The server may have all of it. libcurl forgets how much it sent when it begins again by itself. */
static bool was_sent(const struct xsn_http_request *request)
{
        curl_off_t n = 0;

        if (!request->sending || request->again)
                return request->again;
        return curl_easy_getinfo(request->easy, CURLINFO_SIZE_UPLOAD_T, &n) != CURLE_OK || n == 0 ||
               n >= (curl_off_t)request->call.len;
}

static int outcome_of(const struct xsn_http_request *request)
{
        if (request->status > 0)
                return XSN_HTTP_ANSWERED;
        return was_sent(request) ? XSN_HTTP_UNKNOWN : XSN_HTTP_NOT_SENT;
}

static void unlink_request(struct xsn_http_request *request)
{
        struct xsn_http *http = request->http;

        if (request->prev)
                request->prev->next = request->next;
        else
                http->requests = request->next;
        if (request->next)
                request->next->prev = request->prev;
        else
                http->last = request->prev;
        if (!request->easy)
                http->n_waiting--;
        else if (!request->call.lasting)
                http->n_running--;
}

/* There is a session in it, or a password. */
static void free_body(const struct xsn_http_call *call)
{
        if (call->body)
                explicit_bzero(call->body, call->len);
        xsn_free(call->body);
}

/* How many requests there may be at a time, but for more lasting ones than anybody has. */
static unsigned most(const struct xsn_http *http)
{
        return http->options.max_parallel + LASTING_KEPT;
}

static void release_easy(struct xsn_http_request *request)
{
        struct xsn_http *http = request->http;

        xsn_curl_remove(http->curl, request->easy);
        if (request->whole && http->n_spare < most(http) &&
            curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, NULL) == CURLE_OK)
                http->spare[http->n_spare++] = request->easy;
        else
                curl_easy_cleanup(request->easy);
}

static void request_free(struct xsn_http_request *request)
{
        unlink_request(request);
        if (request->easy)
                release_easy(request);
        xsn_source_remove(request->timer);
        free_body(&request->call);
        xsn_buf_done(&request->page);
        xsnet_error_free(request->err);
        xsn_free(request);
}

/* Takes err. The request is gone, and http may be, too. */
static void finish(struct xsn_http_request *request, int outcome, struct xsnet_error *err)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *owned = err;
        struct xsn_http_call call = request->call;

        xsn_source_set_time(request->http->pump, 0);
        request_free(request);
        call.done(outcome, owned, call.userdata);
}

/* Words of a page of HTML, on one line. */
static void put_page(const struct xsn_buf *page, struct xsn_buf *buf)
{
        struct xsn_buf words = { 0 };
        bool tag = false;

        for (size_t i = 0; i < page->len; i++) {
                char c = page->s[i];

                if (c == '<' || c == '>') {
                        tag = c == '<';
                        c = ' ';
                }
                if (c == '\n' || c == '\r' || c == '\t')
                        c = ' ';
                if (!tag && c && (c != ' ' || (words.len > 0 && words.s[words.len - 1] != ' ')))
                        xsn_buf_putc(&words, c);
        }
        if (words.len > 0) {
                xsn_buf_put(buf, ": ");
                xsn_buf_put_clean(buf, words.s, EXCERPT_MAX);
        }
        buf->failed |= words.failed;
        xsn_buf_done(&words);
}

static int bad_status(const struct xsn_http_request *request, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        /* A server may repeat what it does not understand. */
        if (!request->call.secret)
                put_page(&request->page, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EREMOTEIO, "http-status", "HTTP status %ld%s", request->status, text);
}

/* Why there is no answer, or no whole one: whether the server may have the request comes before all else. */
static int lost(const struct xsn_http_request *request, CURLcode code, struct xsnet_error **ret_err)
{
        int r = -ECONNRESET;

        if (outcome_of(request) == XSN_HTTP_NOT_SENT)
                return xsn_curl_error(r, "not-sent", code, request->error, ret_err);
        switch (code) {
        case CURLE_OK: /* with half of the headers */
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_SEND_FAIL_REWIND:
        case CURLE_ABORTED_BY_CALLBACK:
        /* The kept connection was lost, and so was the new one that libcurl makes by itself then. */
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_SSL_CONNECT_ERROR:
                return xsn_curl_error(r, "outcome-unknown", code ? code : CURLE_GOT_NOTHING, request->error, ret_err);
        default:
                r = -EBADMSG;
                return xsn_curl_error(r, "bad-reply", code, request->error, ret_err);
        }
}

/* NULL where it is no unix socket. */
static const char *socket_path(const struct xsn_http *http)
{
        return http->place.type == XSN_HTTP_UNIX ? http->place.host : NULL;
}

static void on_done(CURL *easy, CURLcode code, void *userdata)
{
        struct xsn_http_request *request = userdata;
        struct xsnet_error *err = XSN_TAKE(request->err);
        int outcome;

        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &request->status);
        request->whole = !code;
        if (request->status < 200)
                request->status = 0; /* "100 Continue", which nobody asked for, is no answer yet */
        outcome = outcome_of(request);
        if (err)
                ; /* a callback's, which is why it ended */
        else if (code == CURLE_OUT_OF_MEMORY)
                (void)xsn_error_oom(&err);
        else if (request->status > 0 && request->status != 200)
                (void)bad_status(request, &err);
        else if (code && request->status == 0 && !request->sending)
                (void)xsn_curl_connect_error(easy, code, request->error, socket_path(request->http), &err);
        else if (code || !request->headed)
                (void)lost(request, code, &err);
        /* What was answered in part, or not as it should, leaves open whether it was done. */
        if (err && outcome == XSN_HTTP_ANSWERED && request->status / 100 != 4)
                outcome = XSN_HTTP_UNKNOWN;
        finish(request, outcome, err);
}

static void on_deadline(void *userdata)
{
        struct xsn_http_request *request = userdata;
        int outcome = outcome_of(request) == XSN_HTTP_NOT_SENT ? XSN_HTTP_NOT_SENT : XSN_HTTP_UNKNOWN;
        const char *text = "no answer before the deadline";
        struct xsnet_error *err = NULL;
        int r = -ETIMEDOUT;

        if (outcome == XSN_HTTP_NOT_SENT)
                (void)xsn_error_set(&err, r, "not-sent", "%s", text);
        else
                (void)xsn_error_set(&err, r, "outcome-unknown", "%s", text);
        finish(request, outcome, err);
}

/* ---- libcurl's callbacks: inside of libcurl, so that they may only take notes ---- */

/* Connected, and about to send: also when libcurl begins again by itself. */
static int before_sending(void *userdata, char *to, char *from, int to_port, int from_port)
{
        struct xsn_http_request *request = userdata;

        (void)to;
        (void)from;
        (void)to_port;
        (void)from_port;
        request->again = request->sending;
        if (request->again)
                return CURL_PREREQFUNC_ABORT;
        if (xsn_http_trust_check(&request->http->trust, request->easy, &request->err) < 0)
                return CURL_PREREQFUNC_ABORT;
        request->sending = true;
        return CURL_PREREQFUNC_OK;
}

static size_t take_header(char *data, size_t size, size_t n, void *userdata)
{
        struct xsn_http_request *request = userdata;

        n *= size;
        request->n_headers += n;
        if (n <= 2)
                request->headed = true; /* an empty line */
        else if (memcmp(data, "HTTP/", n < 5 ? n : 5) == 0)
                request->headed = false; /* they were those of "100 Continue" */
        if (request->n_headers <= HEADERS_MAX)
                return n;
        (void)xsn_error_set(&request->err, -EMSGSIZE, "too-big", "the answer's headers have more than %u bytes",
                            HEADERS_MAX);
        return 0;
}

static size_t take_body(char *data, size_t size, size_t n, void *userdata)
{
        struct xsn_http_request *request = userdata;

        n *= size;
        (void)curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &request->status);
        if (request->status != 200) {
                size_t room = PAGE_MAX - request->page.len;

                xsn_buf_putn(&request->page, data, n < room ? n : room);
                return request->page.len < PAGE_MAX ? n : 0; /* the rest is not needed */
        }
        request->n_body += n;
        if (request->n_body > request->call.max_reply) {
                (void)xsn_error_set(&request->err, -EMSGSIZE, "too-big", "the answer has more than %llu bytes",
                                    (unsigned long long)request->call.max_reply);
                return 0;
        }
        return request->call.receive(data, n, request->call.userdata, &request->err) < 0 ? 0 : n;
}

/* A peer that is gone without a word is noticed in this time. */
static int set_socket(void *userdata, curl_socket_t fd, curlsocktype purpose)
{
        unsigned limit = ACK_LIMIT_MS;

        (void)userdata;
        (void)purpose;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof(limit)); /* unix sockets have none */
        return CURL_SOCKOPT_OK;
}

/* ---- beginnings ---- */

static CURLcode set_place(const struct xsn_http *http, CURL *easy)
{
        CURLcode code;

        if (http->place.type != XSN_HTTP_UNIX) {
                code = xsn_curl_set_url(easy, http->place.type == XSN_HTTP_TLS, http->place.host, http->place.port);
        } else {
                code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, http->place.host);
                if (!code)
                        code = curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/");
        }
        if (!code && http->place.type == XSN_HTTP_TLS)
                code = xsn_http_trust_set(&http->trust, easy);
        return code;
}

static CURLcode set_connection(const struct xsn_http *http, CURL *easy)
{
        CURLcode code;

        if ((code = set_place(http, easy)) ||
            (code = curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket)) ||
            (code = curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 10L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                     (long)(http->options.connect_limit / XSN_NS_PER_MS))))
                return code;
        return CURLE_OK;
}

static CURLcode set_callbacks(const struct xsn_http *http, CURL *easy)
{
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_POST, 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers)) ||
            (code = curl_easy_setopt(easy, CURLOPT_USERAGENT, AGENT)) ||
            (code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header)) ||
            (code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body)) ||
            (code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending)))
                return code;
        return CURLE_OK;
}

/* A handle with all that every request has in common. */
static CURLcode easy_new(const struct xsn_http *http, CURL **ret_easy)
{
        CURL *easy = curl_easy_init();
        CURLcode code;

        if (!easy)
                return CURLE_OUT_OF_MEMORY;
        code = xsn_curl_set_common(easy, NULL);
        if (!code)
                code = set_connection(http, easy);
        if (!code)
                code = set_callbacks(http, easy);
        if (code)
                curl_easy_cleanup(easy);
        else
                *ret_easy = easy;
        return code;
}

/* What is different each time. */
static CURLcode set_request(struct xsn_http_request *request, CURL *easy)
{
        long age = (long)((xsn_loop_now() - request->http->renewed) / (1000 * XSN_NS_PER_MS));
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error)) ||
            (code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->call.len)) ||
            /* Borrowed; and sent together with the headers, which one of a callback would not be. */
            (code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->call.body)) ||
            (code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, request)) ||
            (code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, request)) ||
            (code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, request)) ||
            (code = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, age > 0 ? 0L : 1L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, age)))
                return code;
        return CURLE_OK;
}

/* Gives it to libcurl. */
static int begin(struct xsn_http_request *request, struct xsnet_error **ret_err)
{
        struct xsn_http *http = request->http;
        CURLcode code = CURLE_OK;
        CURL *easy = NULL;

        if (http->n_spare > 0)
                easy = http->spare[--http->n_spare];
        else
                code = easy_new(http, &easy);
        if (code)
                return xsn_curl_option_error(code, ret_err);
        request->easy = easy;
        http->n_waiting--;
        http->n_running += !request->call.lasting;
        code = set_request(request, easy);
        if (code)
                return xsn_curl_option_error(code, ret_err);
        return xsn_curl_add(http->curl, easy, on_done, request) < 0 ? xsn_error_oom(ret_err) : 0;
}

static bool may_begin(const struct xsn_http_request *request)
{
        return !request->easy &&
               (request->call.lasting || request->http->n_running < request->http->options.max_parallel);
}

static void on_pump(void *userdata)
{
        struct xsn_http *http = userdata;
        struct xsn_http_request *request, *next;

        for (request = http->requests; request; request = next) {
                struct xsnet_error *err = NULL;

                next = request->next;
                if (!may_begin(request))
                        continue;
                if (begin(request, &err) < 0) {
                        finish(request, XSN_HTTP_NOT_SENT, err); /* sets the pump again */
                        return;
                }
        }
}

static int set_deadline(struct xsn_http_request *request)
{
        int r;

        if (request->call.deadline == UINT64_MAX)
                return 0;
        r = xsn_loop_add_timer(request->http->loop, on_deadline, request, &request->timer);
        if (r == 0)
                xsn_source_set_time(request->timer, request->call.deadline);
        return r;
}

int xsn_http_post(struct xsn_http *http, const struct xsn_http_call *call, struct xsn_http_request **ret_request,
                  struct xsnet_error **ret_err)
{
        struct xsn_http_request *request;

        if (http->n_waiting >= http->options.max_waiting) {
                free_body(call);
                return xsn_error_set(ret_err, -EBUSY, "too-many-requests", "%u requests wait already", http->n_waiting);
        }
        request = xsn_alloc(sizeof(*request));
        if (!request) {
                free_body(call);
                return xsn_error_oom(ret_err);
        }
        request->http = http;
        request->call = *call;
        request->call.max_reply = call->max_reply ? call->max_reply : MAX_REPLY;
        request->prev = http->last;
        if (request->prev)
                request->prev->next = request;
        else
                http->requests = request;
        http->last = request;
        http->n_waiting++;
        if (set_deadline(request) < 0) {
                request_free(request);
                return xsn_error_oom(ret_err);
        }
        xsn_source_set_time(http->pump, 0);
        if (ret_request)
                *ret_request = request;
        return 0;
}

void xsn_http_push(struct xsn_http_request *request)
{
        if (may_begin(request) && begin(request, NULL) == 0)
                xsn_curl_push(request->http->curl);
}

int xsn_http_cancel(struct xsn_http_request *request)
{
        int outcome = outcome_of(request) == XSN_HTTP_NOT_SENT ? XSN_HTTP_NOT_SENT : XSN_HTTP_UNKNOWN;

        xsn_source_set_time(request->http->pump, 0);
        request_free(request);
        return outcome;
}

void xsn_http_renew(struct xsn_http *http)
{
        http->renewed = xsn_loop_now();
}

/* ---- life ---- */

struct xsn_http *xsn_http_free(struct xsn_http *http)
{
        if (!http)
                return NULL;
        while (http->requests)
                request_free(http->requests);
        while (http->n_spare > 0)
                curl_easy_cleanup(http->spare[--http->n_spare]);
        xsn_free(http->spare);
        xsn_curl_free(http->curl);
        xsn_source_remove(http->pump);
        curl_slist_free_all(http->headers);
        xsn_http_trust_done(&http->trust);
        xsn_http_place_done(&http->place);
        return xsn_free(http);
}

static int add_headers(struct xsn_http *http)
{
        /* Without "Expect": XAPI does not know it, and libcurl would wait. */
        static const char *const lines[] = { "Content-Type: text/xml", "Expect:", "Accept:" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(lines); i++) {
                struct curl_slist *longer = curl_slist_append(http->headers, lines[i]);

                if (!longer)
                        return -ENOMEM;
                http->headers = longer;
        }
        return 0;
}

int xsn_http_new(struct xsn_loop *loop, const struct xsn_http_place *place, const struct xsn_http_options *options,
                 struct xsn_http **ret_http, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_http_freep) struct xsn_http *http = xsn_alloc(sizeof(*http));
        static const struct xsn_http_options defaults;
        int r;

        if (!http)
                return xsn_error_oom(ret_err);
        http->loop = loop;
        http->options = options ? *options : defaults;
        http->options.max_parallel = http->options.max_parallel ? http->options.max_parallel : 4;
        http->options.max_waiting = http->options.max_waiting ? http->options.max_waiting : 1024;
        http->options.connect_limit = http->options.connect_limit ? http->options.connect_limit : CONNECT_LIMIT;
        http->place = *place;
        http->place.host = xsn_strdup(place->host);
        http->spare = xsn_alloc_array(most(http), sizeof(*http->spare));
        if (!http->place.host || !http->spare ||
            xsn_http_trust_init(&http->trust, &http->options.tls, place->host) < 0 ||
            xsn_loop_add_timer(loop, on_pump, http, &http->pump) < 0 || add_headers(http) < 0)
                return xsn_error_oom(ret_err);
        http->options.tls = (struct xsn_http_tls){ .ca = NULL }; /* the caller's */
        r = xsn_curl_new(loop, most(http), &http->curl, ret_err);
        if (r == 0)
                *ret_http = XSN_TAKE(http);
        return r;
}
