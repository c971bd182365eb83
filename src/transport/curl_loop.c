/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The multi handle's callbacks only note what libcurl wants; libcurl is called from the loop alone, and whoever waits
 * for a transfer is called when libcurl has returned, so that he may use it.
 */
#include "transport/curl_loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/alloc.h"


struct transfer {
        CURL *easy; /* the caller's */
        xsn_curl_fn done;
        void *userdata;
        bool ended; /* done was called */
        struct transfer *next;
};

/* A socket that libcurl wants watched. */
struct watch {
        struct xsn_curl *curl;
        curl_socket_t fd;
        struct xsn_source *source;
        struct watch *next, *prev; /* in curl->watches */
};

struct xsn_curl {
        struct xsn_loop *loop;
        CURLM *multi;
        struct xsn_source *timer;
        struct transfer *transfers;
        struct watch *watches;
        bool no_memory; /* for a watch: what waits for it would wait for ever */
        bool busy;      /* those who wait are being called */
        bool doomed;    /* freed by one of them */
};

static void watch_free(struct watch *watch)
{
        xsn_source_remove(watch->source);
        if (watch->next)
                watch->next->prev = watch->prev;
        if (watch->prev)
                watch->prev->next = watch->next;
        else
                watch->curl->watches = watch->next;
        xsn_free(watch);
}

static void destroy(struct xsn_curl *curl)
{
        /* It may say farewell to its sockets and timer by our callbacks: those go last. */
        if (curl->multi)
                (void)curl_multi_cleanup(curl->multi);
        while (curl->watches)
                watch_free(curl->watches);
        xsn_source_remove(curl->timer);
        xsn_free(curl);
}

struct xsn_curl *xsn_curl_free(struct xsn_curl *curl)
{
        if (!curl)
                return NULL;
        /* At once: the caller may clean up the handles next. */
        while (curl->transfers)
                xsn_curl_remove(curl, curl->transfers->easy);
        if (curl->busy)
                curl->doomed = true;
        else
                destroy(curl);
        return NULL;
}

static struct transfer *find(struct xsn_curl *curl, const CURL *easy)
{
        struct transfer *transfer = curl->transfers;

        while (transfer && transfer->easy != easy)
                transfer = transfer->next;
        return transfer;
}

static void finish(struct transfer *transfer, CURLcode code)
{
        if (!transfer || transfer->ended)
                return;
        transfer->ended = true;
        transfer->done(transfer->easy, code, transfer->userdata);
}

static struct transfer *find_running(struct xsn_curl *curl)
{
        struct transfer *transfer = curl->transfers;

        while (transfer && transfer->ended)
                transfer = transfer->next;
        return transfer;
}

/* Calls who waits for what has ended. */
static void deliver(struct xsn_curl *curl)
{
        struct transfer *transfer;
        const CURLMsg *msg;
        int left;

        if (curl->busy)
                return;
        curl->busy = true;
        while (!curl->doomed && (msg = curl_multi_info_read(curl->multi, &left)))
                if (msg->msg == CURLMSG_DONE)
                        finish(find(curl, msg->easy_handle), msg->data.result);
        while (!curl->doomed && curl->no_memory && (transfer = find_running(curl)))
                finish(transfer, CURLE_OUT_OF_MEMORY);
        curl->no_memory = false;
        curl->busy = false;
        if (curl->doomed)
                destroy(curl);
}

static void act(struct xsn_curl *curl, curl_socket_t fd, int what)
{
        int running;

        (void)curl_multi_socket_action(curl->multi, fd, what, &running);
        deliver(curl);
}

static void on_io(uint32_t events, void *userdata)
{
        const struct watch *watch = userdata;
        int what = 0;

        if (events & (EPOLLIN | EPOLLHUP))
                what |= CURL_CSELECT_IN;
        if (events & EPOLLOUT)
                what |= CURL_CSELECT_OUT;
        if (events & EPOLLERR)
                what |= CURL_CSELECT_ERR;
        act(watch->curl, watch->fd, what);
}

static void on_timer(void *userdata)
{
        act(userdata, CURL_SOCKET_TIMEOUT, 0);
}

static int watch_new(struct xsn_curl *curl, curl_socket_t fd, uint32_t events)
{
        struct watch *watch = xsn_alloc(sizeof(*watch));

        if (!watch)
                return -ENOMEM;
        watch->curl = curl;
        watch->fd = fd;
        watch->next = curl->watches;
        if (watch->next)
                watch->next->prev = watch;
        curl->watches = watch;
        if (xsn_loop_add_io(curl->loop, fd, events, on_io, watch, &watch->source) < 0 ||
            curl_multi_assign(curl->multi, fd, watch) != CURLM_OK) {
                watch_free(watch);
                return -ENOMEM;
        }
        return 0;
}

/* libcurl wants fd watched, or not any more. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data)
{
        struct xsn_curl *curl = userdata;
        struct watch *watch = socket_data;
        uint32_t events = 0;

        (void)easy;
        if (what == CURL_POLL_REMOVE) {
                if (watch)
                        watch_free(watch);
                return 0;
        }
        if (what & CURL_POLL_IN)
                events |= EPOLLIN;
        if (what & CURL_POLL_OUT)
                events |= EPOLLOUT;
        if (watch ? xsn_source_set_events(watch->source, events) < 0 : watch_new(curl, fd, events) < 0) {
                curl->no_memory = true;
                xsn_source_set_time(curl->timer, 0);
        }
        return 0;
}

static int want_timer(CURLM *multi, long timeout_ms, void *userdata)
{
        struct xsn_curl *curl = userdata;

        (void)multi;
        if (curl->no_memory)
                return 0; /* it is set to now */
        xsn_source_set_time(curl->timer,
                            timeout_ms < 0 ? UINT64_MAX : xsn_loop_now() + (uint64_t)timeout_ms * XSN_NS_PER_MS);
        return 0;
}

int xsn_curl_new(struct xsn_loop *loop, unsigned kept, struct xsn_curl **ret_curl, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_curl_freep) struct xsn_curl *curl = xsn_alloc(sizeof(*curl));
        int r;

        if (!curl)
                return xsn_error_oom(ret_err);
        /* Whoever is first: only an easy handle initialises libcurl. */
        curl_easy_cleanup(curl_easy_init());
        curl->loop = loop;
        r = xsn_loop_add_timer(loop, on_timer, curl, &curl->timer);
        if (r < 0)
                return xsn_error_oom(ret_err);
        curl->multi = curl_multi_init();
        if (!curl->multi || curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, want_socket) != CURLM_OK ||
            curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl) != CURLM_OK ||
            curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, want_timer) != CURLM_OK ||
            curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl) != CURLM_OK ||
            (kept > 0 && curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, (long)kept) != CURLM_OK))
                return xsn_error_oom(ret_err);
        *ret_curl = XSN_TAKE(curl);
        return 0;
}

int xsn_curl_add(struct xsn_curl *curl, CURL *easy, xsn_curl_fn done, void *userdata)
{
        struct transfer *transfer;
        CURLMcode code;

        if (find(curl, easy))
                return -EINVAL;
        transfer = xsn_alloc(sizeof(*transfer));
        if (!transfer)
                return -ENOMEM;
        *transfer = (struct transfer){ .easy = easy, .done = done, .userdata = userdata, .next = curl->transfers };
        curl->transfers = transfer;
        code = curl_multi_add_handle(curl->multi, easy);
        if (code != CURLM_OK) {
                curl->transfers = transfer->next;
                xsn_free(transfer);
                return code == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
        }
        return 0;
}

void xsn_curl_push(struct xsn_curl *curl)
{
        int running;

        /* From a transfer's beginning to its body, which a kept connection takes whole. */
        for (int i = 0; i < 4; i++)
                (void)curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

void xsn_curl_remove(struct xsn_curl *curl, CURL *easy)
{
        for (struct transfer **at = &curl->transfers; *at; at = &(*at)->next) {
                struct transfer *transfer = *at;

                if (transfer->easy != easy)
                        continue;
                *at = transfer->next;
                (void)curl_multi_remove_handle(curl->multi, easy);
                xsn_free(transfer);
                return;
        }
}
