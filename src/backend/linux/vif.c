/* SPDX-License-Identifier: Apache-2.0 */
/* VIFs: the guest's device, and the emulated one beside it, join a bridge or leave it. Never made, never deleted. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

static int set_vif(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link, struct xsnet_error **ret_err)
{
        const struct xsn_vif *vif = XSN_VIF(st->s->to);
        struct xsn_d0_link *bridge = xsn_lx_bridge(a, vif->network);
        bool joins = xsn_lx_changed(st, XSNET_FIELD_NETWORK);
        struct lx_settings settings = { .up = bridge, .set_master = joins };
        int r;

        if (vif->network && !bridge)
                return xsn_error_set(ret_err, -ENOENT, "no-such-network", "network '%s' has no bridge", vif->network);
        settings.master = bridge ? bridge->ifindex : 0;
        settings.mtu = xsn_lx_changed(st, XSNET_FIELD_STATUS_MTU) ? vif->status_mtu : 0;
        if (joins && !bridge)
                xsn_lx_before(a, st, link, &settings);
        r = xsn_lx_alias(a, st, link, &settings.alias, ret_err);
        if (r == 0)
                xsn_lx_put_settings(a, st, link, &settings);
        xsn_free(settings.alias);
        return r;
}

static int vif_ipv6(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        const char *value = xsn_d0_vif_ipv6(&a->d0, st->s);

        return value && link->ipv6_off != (*value != '0')
                       ? xsn_lx_sysctl(a, st, link->name, "disable_ipv6", value, false)
                       : 0;
}

int xsn_lx_build_vif(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        const struct xsn_vif *vif = st->s->to ? XSN_VIF(st->s->to) : NULL;
        bool any = false;
        int r = 0;

        if (!vif)
                return xsn_error_set(ret_err, -EOPNOTSUPP, "not-supported",
                                     "linux: a guest's device cannot be removed");
        if (phase != LX_PH_SYSCTL && phase != LX_PH_LINK && !(phase == LX_PH_REPAIR && a->plan->back))
                return 0;
        for (int tap = 0; tap <= 1 && r == 0; tap++) {
                struct xsn_d0_link *link = xsn_d0_vif_link(&a->lx->net, tap, vif->domain, vif->device);

                if (!link)
                        continue;
                any = true;
                if (phase == LX_PH_REPAIR)
                        xsn_lx_port_back(a, st, link);
                else
                        r = phase == LX_PH_SYSCTL ? vif_ipv6(a, st, link) : set_vif(a, st, link, ret_err);
        }
        st->waiting = !any;
        return r;
}
