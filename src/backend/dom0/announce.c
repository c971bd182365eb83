/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours remember the MAC address of each IP address for half a minute and longer. Where addresses have got another
 * one (into a bond, out of it, on a bridge that takes its NIC's), the kernel is made to tell them: with arp_notify
 * and ndisc_notify of the device it does so whenever a MAC address is set, also to what it was. No socket is needed.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/apply.h"
#include "base/alloc.h"
#include "base/loop.h"

#define WAIT_NS     (20 * XSN_NS_PER_MS)
#define WAITS_MAX   75 /* for a carrier: bonds find theirs after some hundred ms, NICs that were down need longer */

static void note(struct xsn_d0_apply *a, const struct xsn_d0_link *from, const struct xsn_d0_link *to,
                 const struct xsn_mac *mac)
{
        const struct xsn_d0_addr *addr = from->addrs;

        while (addr && !xsn_d0_addr_goes_along(addr))
                addr = addr->next;
        /* Without memory the neighbours find out by themselves. */
        if (!addr || xsn_grow((void **)&a->moves, &a->cap_moves, a->n_moves + 1, sizeof(*a->moves)) < 0)
                return;
        a->moves[a->n_moves++] = (struct xsn_d0_moved){ .ifindex = to->ifindex, .mac = *mac };
}

void xsn_d0_note_move(struct xsn_d0_apply *a, const struct xsn_d0_link *from, const struct xsn_d0_link *to)
{
        if (from->has_mac)
                note(a, from, to, &from->mac);
}

void xsn_d0_note_turn(struct xsn_d0_apply *a, const struct xsn_d0_link *from, const struct xsn_d0_link *to)
{
        static const struct xsn_mac nobodys;

        note(a, from, to, &nobodys);
}

static int on_link(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_d0_link **link = userdata;

        xsn_d0_link_free(*link);
        *link = NULL;
        return xsn_d0_link_parse(msg, link, ret_err);
}

static void announce(struct xsn_d0_apply *a, const struct xsn_d0_link *link)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_sysctl items[] = {
                { .dir = "ipv4/conf", .dev = link->name, .key = "arp_notify" },
                { .dir = "ipv6/conf", .dev = link->name, .key = "ndisc_notify" },
        };
        struct xsn_sysctl before[XSN_ARRAY_SIZE(items)];

        (void)xsn_netns_sysctl_read(a->netns, items, XSN_ARRAY_SIZE(items), NULL);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(items); i++) {
                if (items[i].result < 0)
                        (void)strcpy(items[i].value, "0");
                before[i] = items[i];
                (void)strcpy(items[i].value, "1");
        }
        if (xsn_nl_batch_new(&batch, NULL) < 0)
                return;
        (void)xsn_netns_sysctl_write(a->netns, items, XSN_ARRAY_SIZE(items), NULL);
        xsn_d0_put_mac(batch, link, &link->mac);
        (void)xsn_d0_send(a->nl, batch, XSN_D0_MAY_FAIL, NULL);
        (void)xsn_netns_sysctl_write(a->netns, before, XSN_ARRAY_SIZE(before), NULL);
}

/* Is nothing more to be done about it? */
static bool settle(struct xsn_d0_apply *a, const struct xsn_d0_moved *moved)
{
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *link = NULL;
        struct xsn_nl_reader reader = { on_link, NULL, &link };

        if (xsn_nl_get_link(a->nl, NULL, moved->ifindex, &reader, NULL) < 0 || !link || !link->has_mac ||
            !(link->flags & IFF_UP) || xsn_mac_equal(&link->mac, &moved->mac))
                return true;
        if (!link->carrier && a->n_waits < WAITS_MAX)
                return false;
        announce(a, link);
        return true;
}

uint64_t xsn_d0_announce(struct xsn_d0_apply *a)
{
        size_t n = 0;

        for (size_t i = 0; i < a->n_moves; i++) {
                if (!settle(a, &a->moves[i]))
                        a->moves[n++] = a->moves[i];
        }
        a->n_moves = n;
        a->n_waits++;
        return n > 0 ? WAIT_NS : 0;
}
