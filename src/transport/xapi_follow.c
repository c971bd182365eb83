/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event.from asks for all tasks that nobody asks for: one of their calls, the leader, sends it for the others.
 * Tasks that begin meanwhile get another leader, a moment later, and those that are left when an answer has come join
 * the next. None is missed: each asks from a token on that is older than the task, and the oldest of those who ask
 * together counts.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/xapi_priv.h"

#define EVENT_LIMIT 30.0 /* s that XAPI waits with an answer for something to happen */

/*
 * Before it is asked again, so that an answer tells of several: XAPI itself waits 50 ms for what comes close behind.
 * A task that is alone is asked for at once.
 */
#define PAUSE     (2 * XSN_NS_PER_MS) /* for each further task, but */
#define PAUSE_MAX (20 * XSN_NS_PER_MS) /* no more than this, or a part of what tasks take */
#define PART      4u
/*
 * Of a task that has begun since the token the answer has the whole record, only to say that it goes on. Where many
 * run, it is left alone while it is not likely to have ended.
 */
#define REST (8 * XSN_NS_PER_MS) /* for each further task at most */

/* ---- asking ---- */

static bool needs_leader(const struct xsn_xapi_call *call)
{
        return call->phase == XSN_XAPI_FOLLOW && !call->leader && !call->err;
}

void xsn_xapi_follow_pace(const struct xsn_xapi_call *call)
{
        uint64_t took = xsn_loop_now() - call->since, pace = call->xapi->pace;

        call->xapi->pace = pace ? (3 * pace + took) / 4 : took;
}

static bool any_needs_leader(const struct xsn_xapi *xapi)
{
        for (const struct xsn_xapi_call *call = xapi->calls; call; call = call->next)
                if (needs_leader(call))
                        return true;
        return false;
}

static uint64_t least(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/* Gives those whose rest is over a leader; ret_next: when that of the next is. */
static struct xsn_xapi_call *gather(struct xsn_xapi *xapi, uint64_t now, uint64_t rest, uint64_t *ret_next)
{
        struct xsn_xapi_call *leader = NULL;

        *ret_next = UINT64_MAX;
        for (struct xsn_xapi_call *call = xapi->calls; call; call = call->next) {
                uint64_t when = call->told ? 0 : call->since + rest;

                if (!needs_leader(call))
                        continue;
                if (when > now) {
                        *ret_next = least(*ret_next, when);
                        continue;
                }
                leader = leader ? leader : call;
                call->leader = leader;
        }
        return leader;
}

void xsn_xapi_follow(struct xsn_xapi *xapi)
{
        uint64_t now = xsn_loop_now(), longest = xapi->pace / PART, others, from, next;
        struct xsn_xapi_call *leader;

        if (!xapi->session || xapi->n_tasks == 0)
                return;
        others = xapi->n_tasks - 1;
        from = xapi->followed + least(others * PAUSE, longest > PAUSE_MAX ? longest : PAUSE_MAX);
        if (now < from) {
                if (any_needs_leader(xapi))
                        xsn_source_set_time(xapi->pump, from);
                return;
        }
        leader = gather(xapi, now, least(others * REST, xapi->pace - longest), &next);
        if (next != UINT64_MAX)
                xsn_source_set_time(xapi->pump, next);
        if (!leader)
                return;
        xapi->followed = now;
        xsn_xapi_call_send(leader);
}

void xsn_xapi_follow_mark(struct xsn_xapi_call *call)
{
        const char *token = call->xapi->token;

        xsn_free(call->token);
        call->token = token ? xsn_strdup(token) : NULL; /* without memory from the beginning */
        call->told = false;
}

void xsn_xapi_follow_params(struct xsn_xapi_call *leader, struct xsn_xmlrpc_writer *writer)
{
        const char *oldest = leader->token;

        xsn_xmlrpc_begin_array(writer);
        for (const struct xsn_xapi_call *call = leader->xapi->calls; call; call = call->next) {
                struct xsn_buf name = { 0 };

                if (call->leader != leader)
                        continue;
                xsn_buf_printf(&name, "task/%s", call->task);
                xsn_xmlrpc_put_text(writer, name.s ? name.s : "");
                writer->xml.failed |= name.failed;
                xsn_buf_done(&name);
                /* The later, the greater: that much of a token is XAPI's promise. */
                if (oldest && (!call->token || strcmp(call->token, oldest) < 0))
                        oldest = call->token;
        }
        xsn_xmlrpc_end_array(writer);
        leader->from_start = !oldest;
        xsn_xmlrpc_put_text(writer, oldest ? oldest : "");
        xsn_xmlrpc_put_double(writer, EVENT_LIMIT);
}

/* ---- answers ---- */

/* The last that tells of the task; NULL: none does. */
static const struct xsn_xmlrpc_value *find_event(const struct xsn_xapi_call *call,
                                                 const struct xsn_xmlrpc_value *events)
{
        const struct xsn_xmlrpc_value *found = NULL;

        for (uint32_t i = 0; i < events->n; i++) {
                const char *ref;

                if (xsn_xmlrpc_get_text(&events->items[i], "ref", &ref, NULL) == 0 && strcmp(ref, call->task) == 0)
                        found = &events->items[i];
        }
        return found;
}

static int read_answer(struct xsn_xapi_call *leader, const struct xsn_xmlrpc_value *answer,
                       const struct xsn_xmlrpc_value **ret_events, const char **ret_token, struct xsnet_error **ret_err)
{
        struct xsn_xapi *xapi = leader->xapi;
        int r = xsn_xmlrpc_get(answer, "events", XSN_XMLRPC_ARRAY, ret_events, ret_err);

        if (r == 0)
                r = xsn_xmlrpc_get_text(answer, "token", ret_token, ret_err);
        if (r < 0 || !xapi->session || leader->exchange.session != xapi->session_number)
                return r;
        xsn_free(xapi->token);
        xapi->token = xsn_strdup(*ret_token);
        return xapi->token ? 0 : xsn_error_oom(ret_err);
}

void xsn_xapi_follow_answer(struct xsn_xapi_call *leader, struct xsn_xapi_reply *reply)
{
        const struct xsn_xmlrpc_value *events;
        bool whole = leader->from_start;
        struct xsnet_error *err = NULL;
        const char *token;

        leader->xapi->followed = xsn_loop_now();
        if (read_answer(leader, reply->result, &events, &token, &err) < 0) {
                xsn_xapi_follow_release(leader);
                xsn_xapi_call_end(leader, err);
                return;
        }
        for (struct xsn_xapi_call *call = leader->xapi->calls; call; call = call->next) {
                const struct xsn_xmlrpc_value *event;

                if (call->leader != leader)
                        continue;
                call->leader = NULL;
                xsn_free(call->token);
                call->token = xsn_strdup(token);
                event = find_event(call, events);
                if (event)
                        xsn_xapi_task_event(call, event, reply);
                else if (whole || !call->told)
                        xsn_xapi_task_look(call); /* it is gone, or was never there */
                else
                        xsn_xapi_task_follow(call);
        }
}

/* ---- without an answer ---- */

void xsn_xapi_follow_lost(struct xsn_xapi_call *leader)
{
        for (struct xsn_xapi_call *call = leader->xapi->calls; call; call = call->next)
                if (call->leader == leader) {
                        call->leader = NULL;
                        xsn_xapi_task_look(call);
                }
}

void xsn_xapi_follow_release(struct xsn_xapi_call *leader)
{
        if (leader->leader != leader)
                return;
        for (struct xsn_xapi_call *call = leader->xapi->calls; call; call = call->next)
                if (call->leader == leader)
                        call->leader = NULL;
}

void xsn_xapi_follow_forget(struct xsn_xapi *xapi)
{
        xapi->token = xsn_free(xapi->token);
        for (struct xsn_xapi_call *call = xapi->calls; call; call = call->next)
                if (needs_leader(call))
                        xsn_xapi_task_look(call);
}
