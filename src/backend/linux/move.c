/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and routes that go from one device to another with as small a gap as there can be: one send that adds
 * them on the other device first. A send does not stop at its first error, so on any error all
 * is put back at once.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/put.h"
#include "backend/linux/apply.h"
#include "base/alloc.h"

struct move {
        struct xsn_d0_link *link, *now, *then;
        struct xsn_d0_link *bridge;  /* it joins; NULL */
        struct xsn_d0_link *leaving; /* the bridge that it leaves; NULL */
};

/* Where IPv6 is off nothing of it shall stay, and the kernel refuses even what is about to be taken away again. */
void xsn_lx_put_place(const struct lx_apply *a, struct xsn_nl_batch *batch, const struct xsn_d0_link *src,
                      const struct xsn_d0_link *dst)
{
        if (dst->ipv6_off > 0)
                xsn_d0_place_put_ipv4(batch, &a->lx->net, src, dst);
        else
                xsn_d0_place_put(batch, &a->lx->net, src, dst);
}

struct xsn_mac xsn_lx_left_mac(const struct lx_apply *a, const struct xsn_d0_link *bridge,
                               const struct xsn_d0_link *link)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;

        for (size_t i = 0; a->plan->back && wanted && i < wanted->n_objects; i++) {
                const struct xsn_network *net = XSN_NETWORK(wanted->objects[i]);

                if (net && net->bridge && strcmp(net->bridge, bridge->name) == 0 &&
                    xsn_object_is_set(&net->o, XSNET_FIELD_STATUS_MAC) &&
                    !xsn_mac_equal(&net->status_mac, &link->mac))
                        return net->status_mac;
        }
        return xsn_d0_random_mac();
}

static int go(struct lx_apply *a, const struct lx_step *st, const struct move *m, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_mac mac;
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        if (m->bridge && m->bridge->n_ports == 0 && m->link->has_mac) {
                mac = xsn_lx_bridge_mac(a, st, &m->link->mac);
                xsn_d0_put_mac(batch, m->bridge, &mac);
        }
        if (m->bridge && !(m->bridge->flags & IFF_UP))
                xsn_d0_put_up(batch, m->bridge, true);
        xsn_d0_put_master(batch, m->link, m->bridge ? m->bridge->ifindex : 0);
        /*
         * After the NIC has left: a neighbour that asks in between would learn an address that answers no more, and
         * take no other for as long as Linux locks an entry, which is a second.
         */
        if (m->leaving && m->leaving->has_mac && m->link->has_mac && xsn_mac_equal(&m->leaving->mac, &m->link->mac)) {
                mac = xsn_lx_left_mac(a, m->leaving, m->link);
                xsn_d0_put_mac(batch, m->leaving, &mac);
        }
        xsn_lx_put_place(a, batch, m->now, m->then);
        r = xsn_lx_send(a, batch, XSN_D0_MAY_EXIST, ret_err);
        if (r < 0)
                return r;
        /* Only now does anything go away, and most of it has: the kernel drops a device's routes with its addresses. */
        xsn_nl_batch_clear(batch);
        xsn_d0_place_drop(batch, &a->lx->net, m->now, m->now);
        return xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, ret_err);
}

/* As it was; what fails now is left, and the error says that something did. */
static int put_back(struct lx_apply *a, const struct move *m, int code, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        int r = xsn_nl_batch_new(&batch, NULL);

        if (r < 0)
                return code;
        if (m->leaving && m->leaving->has_mac)
                xsn_d0_put_mac(batch, m->leaving, &m->leaving->mac);
        xsn_d0_put_master(batch, m->link, m->link->master);
        xsn_lx_put_port(batch, m->link);
        if (m->bridge && m->bridge->has_mac)
                xsn_d0_put_mac(batch, m->bridge, &m->bridge->mac);
        xsn_d0_place_put(batch, &a->lx->net, m->now, m->now);
        /* In the same send: where one message is refused, the others are still done. */
        xsn_d0_place_drop(batch, &a->lx->net, m->now, m->then);
        r = xsn_lx_send(a, batch, XSN_D0_MAY_EXIST | XSN_D0_MAY_BE_GONE, NULL);
        return xsn_error_prefix(ret_err, code, r < 0 ? "moving it failed, and not all could be put back"
                                                     : "moving it failed, and it is as it was");
}

int xsn_lx_move(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        struct move m = { .link = xsn_lx_device(a, st->s->to) };
        int r;

        if (!m.link)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "its device is gone");
        m.now = xsn_lx_place_now(a, m.link);
        m.then = xsn_lx_place_then(a, st->s->to);
        if (m.now == m.then)
                return 0;
        r = xsn_d0_place_check(&a->lx->net, m.now, ret_err);
        if (r < 0)
                return r;
        m.bridge = m.then != m.link ? m.then : NULL;
        m.leaving = m.now != m.link ? m.now : NULL;
        r = go(a, st, &m, ret_err);
        if (r < 0)
                return put_back(a, &m, r, ret_err);
        xsn_d0_note_move(&a->d0, m.now, m.then);
        xsn_lx_port_ipv6(a, m.link, m.bridge);
        return 1;
}
