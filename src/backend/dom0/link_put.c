/* SPDX-License-Identifier: Apache-2.0 */
/* Requests about links, and the sending of a batch whose failures may be none. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/random.h>

#include "backend/dom0/put.h"

void xsn_d0_put_master(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, uint32_t master)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put_u32(batch, IFLA_MASTER, master);
}

void xsn_d0_put_mac(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, const struct xsn_mac *mac)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put(batch, IFLA_ADDRESS, mac->b, sizeof(mac->b));
}

void xsn_d0_put_up(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, bool up)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex, .ifi_change = IFF_UP, .ifi_flags = up ? IFF_UP : 0 };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
}

void xsn_d0_put_mtu(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, uint32_t mtu)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put_u32(batch, IFLA_MTU, mtu);
}

struct xsn_mac xsn_d0_random_mac(void)
{
        struct xsn_mac mac = { { 0x02, 0, 0, 0, 0, 1 } };

        /* Without random bytes: still an address of nobody's hardware. */
        if (getrandom(mac.b, sizeof(mac.b), GRND_NONBLOCK) != (ssize_t)sizeof(mac.b))
                mac.b[5] ^= 1;
        mac.b[0] = (uint8_t)((mac.b[0] & 0xfc) | 0x02);
        return mac;
}

bool xsn_d0_tolerated(int code, unsigned may)
{
        if (code == 0 || may & XSN_D0_MAY_FAIL)
                return true;
        if (code == -EEXIST)
                return may & XSN_D0_MAY_EXIST;
        return (code == -ENODEV || code == -ENOENT || code == -ESRCH || code == -EADDRNOTAVAIL || code == -ENXIO) &&
               (may & XSN_D0_MAY_BE_GONE);
}

int xsn_d0_send(struct xsn_nl *nl, struct xsn_nl_batch *batch, unsigned may, struct xsnet_error **ret_err)
{
        int r = 1;

        while (r > 0)
                r = xsn_nl_batch_send_next(nl, batch, NULL, ret_err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < xsn_nl_batch_count(batch); i++)
                if (!xsn_d0_tolerated(xsn_nl_batch_result(batch, i), may))
                        return xsn_nl_batch_error(batch, i, ret_err);
        return 0;
}
