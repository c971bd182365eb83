/* SPDX-License-Identifier: Apache-2.0 */
/* XAPI as far as a session sees it: logins and their ends, and answers by method that a test gives. */
#ifndef XAPI_SCRIPT_H
#define XAPI_SCRIPT_H

#include "http_script.h"
#include "transport/xapi.h"

#define XML_OK(value)                                                                                      \
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</name>" \
        "<value>Success</value></member><member><name>Value</name>" value                                  \
        "</member></struct></value></param></params></methodResponse>"
#define XML_FAIL(texts)                                                                                    \
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</name>" \
        "<value>Failure</value></member><member><name>ErrorDescription</name><value><array><data>" texts   \
        "</data></array></value></member></struct></value></param></params></methodResponse>"
#define V(text) "<value>" text "</value>"

/* What is answered to a method, in order: each so many times, the last for ever. */
struct line {
        const char *method;
        const char *body; /* NULL: nothing; "cut": the connection ends instead; "500": that status */
        int times;        /* 0: for ever */
};

#define LINES_MAX 24

struct host {
        struct server server;
        struct line lines[LINES_MAX];     /* ends with a method NULL */
        int n_logins, n_logouts, n_calls; /* calls: all others */
        int n_invalid;                    /* logins whose sessions are invalid at once */
        int valid_from;                   /* sessions of logins before are invalid */
        char methods[2048];               /* heard, with blanks between */
        char *login;                      /* the last body of one */
};

static inline const struct line *next_line(struct host *host, const char *method)
{
        for (struct line *line = host->lines; line->method; line++) {
                if (strcmp(line->method, method) != 0 || line->times < 0)
                        continue;
                if (line->times > 0 && --line->times == 0)
                        line->times = -1;
                return line;
        }
        return NULL;
}

static inline void host_answer(struct conn *conn, const char *body)
{
        if (strcmp(body, "cut") == 0) {
                conn->server->n_open--;
                conn_close(conn);
        } else if (strcmp(body, "500") == 0) {
                answer_as(conn, "500 Internal Error", "text/html", "<html>broken</html>");
        } else {
                answer(conn, body);
        }
}

static inline void host_handle(struct conn *conn, const char *body, void *userdata)
{
        struct host *host = userdata;
        char method[80] = "", ref[32], text[512];
        const struct line *line;
        int session = 0;

        (void)sscanf(strstr(body, "<methodName>") ? strstr(body, "<methodName>") : "", "<methodName>%79[^<]", method);
        if (strstr(body, "OpaqueRef:session-"))
                session = atoi(strstr(body, "OpaqueRef:session-") + strlen("OpaqueRef:session-"));
        snprintf(host->methods + strlen(host->methods), sizeof(host->methods) - strlen(host->methods), "%s ", method);
        line = next_line(host, method);
        if (strcmp(method, "session.login_with_password") == 0) {
                free(host->login);
                host->login = strdup(body);
                if (line) {
                        if (line->body)
                                host_answer(conn, line->body);
                        return;
                }
                snprintf(text, sizeof(text), XML_OK(V("OpaqueRef:session-%d")), ++host->n_logins);
                answer(conn, text);
                return;
        }
        if (session < host->valid_from) {
                snprintf(ref, sizeof(ref), "OpaqueRef:session-%d", session);
                snprintf(text, sizeof(text), XML_FAIL(V("SESSION_INVALID") V("%s")), ref);
                answer(conn, text);
        } else if (strcmp(method, "session.logout") == 0 && !line) {
                host->n_logouts++;
                answer(conn, XML_OK(V("")));
        } else {
                host->n_calls++;
                if (!line)
                        answer(conn, XML_OK(V("done")));
                else if (line->body)
                        host_answer(conn, line->body);
        }
}

/* False: this machine does not have the address. */
static inline bool host_new_at(struct host *host, const char *address, int port)
{
        *host = (struct host){ .n_logins = 0 };
        if (!server_new_at(&host->server, address, port))
                return false;
        host->server.handle = host_handle;
        host->server.userdata = host;
        return true;
}

static inline void host_new(struct host *host, int port)
{
        ck_assert(host_new_at(host, "127.0.0.1", port));
}

static inline void host_free(struct host *host)
{
        server_free(&host->server);
        free(host->login);
}

static inline void host_say(struct host *host, const char *method, const char *body, int times)
{
        for (size_t i = 0; i + 1 < LINES_MAX; i++)
                if (!host->lines[i].method) {
                        host->lines[i] = (struct line){ method, body, times };
                        return;
                }
        ck_abort_msg("too many lines");
}

/* ---- a session ---- */

struct seen {
        struct host host;
        struct xsn_loop *loop;
        struct xsn_xapi *xapi;
        struct xsnet_context *context;
        struct xsn_buf log;
        int n_replies;
        int code; /* of the last */
        bool unknown;
        char reason[32], message[512], where[128], result[256], failure[64];
        bool close_in_reply;
        bool odd; /* neither a result nor an error, or both */
};

static inline void on_reply(struct xsn_xapi_reply *reply, void *userdata)
{
        struct seen *seen = userdata;

        seen->n_replies++;
        seen->code = xsnet_error_get_code(reply->err);
        seen->unknown = reply->unknown;
        snprintf(seen->reason, sizeof(seen->reason), "%s", reply->err ? xsnet_error_get_reason(reply->err) : "");
        snprintf(seen->message, sizeof(seen->message), "%s", reply->err ? xsnet_error_get_message(reply->err) : "");
        snprintf(seen->where, sizeof(seen->where), "%s", reply->err ? xsnet_error_get_where(reply->err) : "");
        *seen->result = *seen->failure = '\0';
        if (reply->result && reply->result->type == XSN_XMLRPC_STRING)
                snprintf(seen->result, sizeof(seen->result), "%s", reply->result->text);
        if (reply->failure)
                snprintf(seen->failure, sizeof(seen->failure), "%s", reply->failure->items[0].text);
        /* No assertion: it would ask for memory, which may be what is failing. */
        seen->odd |= (reply->err == NULL) != (reply->result != NULL);
        if (seen->close_in_reply)
                seen->xapi = xsn_xapi_close(seen->xapi);
}

static inline void on_log(const char *line, void *userdata)
{
        struct seen *seen = userdata;

        xsn_buf_put(&seen->log, line);
        xsn_buf_putc(&seen->log, '\n');
}

#define PASSWORD "s3cr<et&\"pass"

static inline struct xsn_xapi_options quick_options(struct seen *seen)
{
        return (struct xsn_xapi_options){
                .context = seen->context,
                .user = "operator",
                .password = PASSWORD,
                .backoff_min = 5 * MS,
                .backoff_max = 20 * MS,
        };
}

static inline void seen_open(struct seen *seen, const struct xsn_xapi_options *options)
{
        struct xsn_xapi_options quick = quick_options(seen);

        ck_assert_int_eq(
                xsn_xapi_open(seen->loop, seen->host.server.place, options ? options : &quick, &seen->xapi, NULL), 0);
}

static inline void seen_new(struct seen *seen, int port)
{
        *seen = (struct seen){ .code = 1 };
        host_new(&seen->host, port);
        ck_assert_int_eq(xsn_loop_new(&seen->loop, NULL), 0);
        ck_assert_int_eq(xsnet_context_new(&seen->context, NULL), 0);
        xsnet_context_set_log(seen->context, on_log, seen, NULL);
}

static inline void seen_free(struct seen *seen)
{
        ck_assert(!seen->odd);
        xsn_xapi_close(seen->xapi);
        xsnet_context_unref(seen->context);
        xsn_loop_free(seen->loop);
        host_free(&seen->host);
        xsn_buf_done(&seen->log);
}

#define UNTIL(seen, condition) UNTIL_OF((seen)->loop, ((struct server *const[]){ &(seen)->host.server }), 1, condition)

static inline void settle(struct seen *seen)
{
        struct server *server = &seen->host.server;

        for (int i = 0; i < 20; i++)
                turn_all(seen->loop, &server, 1, 1);
}

/* limit: ms until the deadline; 0: the usual. */
static inline struct xsn_xapi_call *call_for(struct seen *seen, const char *method, unsigned flags, unsigned limit)
{
        struct xsn_xmlrpc_writer params = { .depth = 0 };
        struct xsn_xapi_request request = {
                .method = method,
                .params = &params,
                .flags = flags,
                .deadline = limit ? xsn_loop_now() + limit * MS : 0,
                .fn = on_reply,
                .userdata = seen,
        };
        struct xsn_xapi_call *call = NULL;

        xsn_xmlrpc_put_text(&params, "a parameter");
        ck_assert_int_eq(xsn_xapi_call(seen->xapi, &request, &call, NULL), 0);
        xsn_xmlrpc_writer_done(&params);
        return call;
}

static inline struct xsn_xapi_call *call(struct seen *seen, const char *method)
{
        return call_for(seen, method, 0, 0);
}

#endif
