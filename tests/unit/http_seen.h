/* SPDX-License-Identifier: Apache-2.0 */
/* A client of a scripted HTTP server, and what it is told. */
#ifndef HTTP_SEEN_H
#define HTTP_SEEN_H

#include "http_script.h"

struct seen {
        struct server server;
        struct xsn_loop *loop;
        struct xsn_http *http;
        int n_done;
        int outcome, code;
        char reason[32], message[512];
        struct xsn_buf got; /* of all answers */
        bool refuse;        /* what is received */
        bool free_in_done;
};

static inline int on_receive(const char *data, size_t len, void *userdata, struct xsnet_error **ret_err)
{
        struct seen *seen = userdata;

        if (seen->refuse)
                return xsn_error_set(ret_err, -EBADMSG, "bad-reply", "refused");
        xsn_buf_putn(&seen->got, data, len);
        return 0;
}

static inline void on_done(int outcome, const struct xsnet_error *err, void *userdata)
{
        struct seen *seen = userdata;

        seen->n_done++;
        seen->outcome = outcome;
        seen->code = xsnet_error_get_code(err);
        snprintf(seen->reason, sizeof(seen->reason), "%s", err ? xsnet_error_get_reason(err) : "");
        snprintf(seen->message, sizeof(seen->message), "%s", err ? xsnet_error_get_message(err) : "");
        if (seen->free_in_done)
                seen->http = xsn_http_free(seen->http);
}

static inline void echo(struct conn *conn, const char *body, void *userdata)
{
        (void)userdata;
        answer(conn, body);
}

static inline void hold(struct conn *conn, const char *body, void *userdata)
{
        (void)conn;
        (void)body;
        (void)userdata;
}

static inline void seen_new(struct seen *seen, int port, const struct xsn_http_options *options)
{
        struct xsn_http_place place;

        *seen = (struct seen){ .outcome = -1 };
        server_new(&seen->server, port);
        seen->server.handle = echo;
        ck_assert_int_eq(xsn_loop_new(&seen->loop, NULL), 0);
        ck_assert_int_eq(xsn_http_place_parse(seen->server.place, &place, NULL), 0);
        ck_assert_int_eq(xsn_http_new(seen->loop, &place, options, &seen->http, NULL), 0);
        xsn_http_place_done(&place);
}

static inline void seen_free(struct seen *seen)
{
        xsn_http_free(seen->http);
        xsn_loop_free(seen->loop);
        server_free(&seen->server);
        xsn_buf_done(&seen->got);
}

#define UNTIL(seen, condition) UNTIL_OF((seen)->loop, ((struct server *const[]){ &(seen)->server }), 1, condition)

static inline void settle(struct seen *seen)
{
        struct server *server = &seen->server;

        for (int i = 0; i < 20; i++)
                turn_all(seen->loop, &server, 1, 1);
}

static inline struct xsn_http_call call_of(struct seen *seen, const char *body)
{
        return (struct xsn_http_call){
                .body = strdup(body),
                .len = strlen(body),
                .deadline = UINT64_MAX,
                .receive = on_receive,
                .done = on_done,
                .userdata = seen,
        };
}

static inline struct xsn_http_request *post(struct seen *seen, const char *body)
{
        struct xsn_http_call call = call_of(seen, body);
        struct xsn_http_request *request = NULL;

        ck_assert_int_eq(xsn_http_post(seen->http, &call, &request, NULL), 0);
        return request;
}

#endif
