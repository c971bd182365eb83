/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on a bond or VLAN that goes, and is to stay: a member of the bond gets it, with the routes of every
 * table, before the bond is deleted; what was on the bridge of its network stays there, and our own addresses go.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/put.h"
#include "backend/linux/apply.h"
#include "base/alloc.h"

static int hand_on(struct lx_apply *a, const struct xsn_d0_link *bond, const struct xsn_d0_link *place,
                   const struct xsn_d0_heir *heir, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_mac mac = xsn_d0_random_mac();
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        for (size_t i = 0; i < a->lx->net.n_links; i++) {
                const struct xsn_d0_link *link = a->lx->net.links[i];

                if (link->master != bond->ifindex)
                        continue;
                xsn_d0_put_master(batch, link, 0);
                if (xsn_lx_put_left(a, batch, link) < 0)
                        return xsn_error_oom(ret_err);
        }
        if (place != bond && xsn_mac_equal(&place->mac, &bond->mac))
                xsn_d0_put_mac(batch, place, &mac);
        r = xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, ret_err);
        if (r < 0)
                return r;
        xsn_d0_note_move(&a->d0, place, heir->link);
        xsn_lx_port_ipv6(a, heir->link, NULL);
        xsn_nl_batch_clear(batch);
        xsn_d0_heir_put_addrs(batch, place, heir);
        r = xsn_lx_send(a, batch, 0, ret_err);
        if (r < 0)
                return r;
        xsn_nl_batch_clear(batch);
        xsn_d0_heir_put_routes(batch, &a->lx->net, place, heir);
        return xsn_lx_send(a, batch, XSN_D0_MAY_FAIL, ret_err);
}

/* What is wanted there stays, all else of the object's own goes. */
static int clear_bridge(struct lx_apply *a, const struct xsnet_object *from, const struct xsn_d0_link *bridge,
                        struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        xsn_d0_leave_drop(batch, &a->d0, from, bridge);
        if (xsn_nl_batch_count(batch) == 0)
                return 0;
        r = xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, ret_err);
        if (r < 0)
                return r;
        xsn_nl_batch_clear(batch);
        xsn_d0_leave_repair(batch, &a->d0, from, bridge);
        return xsn_lx_send(a, batch, XSN_D0_MAY_FAIL, ret_err);
}

int xsn_lx_leave(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsnet_object *from = st->s->from;
        struct xsn_d0_link *link = xsn_lx_device(a, from), *place;
        const struct xsn_d0_link *bridge;
        struct xsn_d0_heir heir = { 0 };
        int r = 0;

        if (!link || (from->cls->kind != XSNET_KIND_BOND && from->cls->kind != XSNET_KIND_VLAN))
                return 0;
        place = xsn_lx_place_now(a, link);
        bridge = place != link ? xsn_lx_bridge(a, xsn_object_network(from)) : NULL;
        /* On the way back, the journal of each member says which it had. */
        if (XSN_BOND(from))
                heir = xsn_d0_find_heir(&a->d0, XSN_BOND(from), place, bridge != place && !a->plan->back);
        if (heir.link)
                r = xsn_d0_place_check(&a->lx->net, place, ret_err);
        if (heir.link && r == 0)
                r = hand_on(a, link, place, &heir, ret_err);
        if (r == 0 && bridge == place)
                r = clear_bridge(a, from, bridge, ret_err);
        return r < 0 ? r : heir.link || bridge == place;
}
