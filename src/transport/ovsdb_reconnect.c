/* SPDX-License-Identifier: Apache-2.0 */
/* One function an event; each returns what to do. */
#include "transport/ovsdb_reconnect.h"

#include <stdbool.h>

static uint64_t after(uint64_t now, uint64_t span)
{
        return span < XSN_RECONNECT_NEVER - now ? now + span : XSN_RECONNECT_NEVER;
}

void xsn_reconnect_init(struct xsn_reconnect *reconnect, const struct xsn_reconnect_options *options)
{
        *reconnect = (struct xsn_reconnect){ .options = *options };
        /* None at all would be a loop that does nothing but connect. */
        if (reconnect->options.backoff_min == 0)
                reconnect->options.backoff_min = 1;
        if (reconnect->options.backoff_max < reconnect->options.backoff_min)
                reconnect->options.backoff_max = reconnect->options.backoff_min;
        reconnect->deadline = XSN_RECONNECT_NEVER;
        reconnect->backoff = reconnect->options.backoff_min;
}

static bool is_up(const struct xsn_reconnect *reconnect)
{
        return reconnect->state == XSN_RECONNECT_ACTIVE || reconnect->state == XSN_RECONNECT_PROBING;
}

static int try_connect(struct xsn_reconnect *reconnect, uint64_t now)
{
        reconnect->state = XSN_RECONNECT_CONNECTING;
        reconnect->deadline = after(now, reconnect->options.connect_limit);
        return XSN_RECONNECT_CONNECT;
}

static void enter_active(struct xsn_reconnect *reconnect, uint64_t now)
{
        uint64_t probe_after = reconnect->options.probe_after;

        reconnect->state = XSN_RECONNECT_ACTIVE;
        reconnect->deadline = probe_after ? after(now, probe_after) : XSN_RECONNECT_NEVER;
}

static int lose(struct xsn_reconnect *reconnect, uint64_t now, int action)
{
        uint64_t max = reconnect->options.backoff_max;

        /* A server that lets us in and throws us out again is no better than one that refuses. */
        if (is_up(reconnect) && now - reconnect->since >= max)
                reconnect->backoff = reconnect->options.backoff_min;
        reconnect->state = XSN_RECONNECT_WAITING;
        reconnect->deadline = after(now, reconnect->backoff);
        reconnect->backoff = reconnect->backoff > max / 2 ? max : reconnect->backoff * 2;
        return action;
}

static int stop(struct xsn_reconnect *reconnect)
{
        bool connected = reconnect->state >= XSN_RECONNECT_CONNECTING;

        xsn_reconnect_init(reconnect, &reconnect->options);
        return connected ? XSN_RECONNECT_DROP : XSN_RECONNECT_NOTHING;
}

static int tick(struct xsn_reconnect *reconnect, uint64_t now)
{
        if (now < reconnect->deadline)
                return XSN_RECONNECT_NOTHING;
        switch (reconnect->state) {
        case XSN_RECONNECT_WAITING:
                return try_connect(reconnect, now);
        case XSN_RECONNECT_ACTIVE:
                reconnect->state = XSN_RECONNECT_PROBING;
                reconnect->deadline = after(now, reconnect->options.probe_after);
                return XSN_RECONNECT_PROBE;
        case XSN_RECONNECT_CONNECTING:
        case XSN_RECONNECT_GREETING:
        case XSN_RECONNECT_PROBING:
                return lose(reconnect, now, XSN_RECONNECT_DROP);
        default:
                return XSN_RECONNECT_NOTHING;
        }
}

int xsn_reconnect_step(struct xsn_reconnect *reconnect, int event, uint64_t now)
{
        switch (event) {
        case XSN_RECONNECT_START:
                return reconnect->state == XSN_RECONNECT_IDLE ? try_connect(reconnect, now) : XSN_RECONNECT_NOTHING;
        case XSN_RECONNECT_STOP:
                return stop(reconnect);
        case XSN_RECONNECT_CONNECTED:
                if (reconnect->state == XSN_RECONNECT_CONNECTING)
                        reconnect->state = XSN_RECONNECT_GREETING; /* the limit goes on */
                return XSN_RECONNECT_NOTHING;
        case XSN_RECONNECT_READY:
                if (reconnect->state == XSN_RECONNECT_GREETING) {
                        enter_active(reconnect, now);
                        reconnect->since = now;
                }
                return XSN_RECONNECT_NOTHING;
        case XSN_RECONNECT_HEARD:
                if (is_up(reconnect))
                        enter_active(reconnect, now);
                return XSN_RECONNECT_NOTHING;
        case XSN_RECONNECT_FAILED:
                if (reconnect->state >= XSN_RECONNECT_CONNECTING)
                        return lose(reconnect, now, XSN_RECONNECT_NOTHING);
                return XSN_RECONNECT_NOTHING;
        case XSN_RECONNECT_TICK:
                return tick(reconnect, now);
        default:
                return XSN_RECONNECT_NOTHING;
        }
}
