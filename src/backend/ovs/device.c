/* SPDX-License-Identifier: Apache-2.0 */
/* Devices around a transaction: see device.h. What steps do to addresses themselves is dom0/address.c. */
#include "backend/ovs/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

struct ovs_devices *xsn_ovs_devices_free(struct ovs_devices *d)
{
        if (!d)
                return NULL;
        xsn_d0_apply_done(&d->d0);
        xsn_d0_net_done(&d->now);
        xsn_ovs_names_clear(&d->wanted);
        xsn_nl_batch_free(d->batch);
        xsn_free(d->early);
        xsn_free(d->messages);
        return xsn_free(d);
}

static void free_devicesp(struct ovs_devices **d)
{
        (void)xsn_ovs_devices_free(*d);
}

static struct xsn_d0_link *place_then(const struct xsn_d0_apply *d0, const struct xsnet_object *obj)
{
        const struct ovs_devices *d = d0->userdata;

        return xsn_d0_link_named(d0->net, xsn_ovs_place_in(&d->wanted, obj));
}

int xsn_ovs_devices_new(const struct xsnet_plan *plan, size_t target, const struct ovs_transaction *txn,
                        const struct xsn_d0_net *was, struct xsn_nl *nl, struct xsn_netns *netns,
                        struct ovs_devices **ret_devices, struct xsnet_error **ret_err)
{
        _cleanup_(free_devicesp) struct ovs_devices *d = xsn_alloc(sizeof(*d));
        int r;

        if (!d)
                return xsn_error_oom(ret_err);
        d->d0 = (struct xsn_d0_apply){ .plan = plan,
                                       .target = target,
                                       .nl = nl,
                                       .netns = netns,
                                       .net = was,
                                       .place_then = place_then,
                                       .userdata = d };
        d->txn = txn;
        d->was = was;
        if (xsn_d0_index_plan(&d->d0) < 0 || xsn_ovs_names_add(&d->wanted, xsn_d0_wanted(&d->d0)) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_nl_batch_new(&d->batch, ret_err);
        if (r == 0)
                *ret_devices = XSN_TAKE(d);
        return r;
}

uint64_t xsn_ovs_devices_announce(struct ovs_devices *d)
{
        return xsn_d0_announce(&d->d0);
}

/* ---- sending ---- */

static bool is_back(const struct ovs_devices *d)
{
        return d->d0.plan->back;
}

/* One step's batch; `step` NULL: nobody's in particular. */
int xsn_ovs_devices_send(struct ovs_devices *d, const struct xsnet_step *step, unsigned may,
                         struct xsnet_error **ret_err)
{
        int r = xsn_nl_batch_count(d->batch) > 0 ? xsn_d0_send(d->d0.nl, d->batch, may, ret_err) : 0;

        xsn_nl_batch_clear(d->batch);
        if (r < 0)
                d->failed = step;
        return r;
}

int xsn_ovs_devices_sysctl(struct ovs_devices *d, const char *device, const char *key, const char *value,
                           struct xsnet_error **ret_err)
{
        struct xsn_sysctl item = { .dir = "ipv6/conf", .dev = device, .key = key };

        (void)snprintf(item.value, sizeof(item.value), "%s", value);
        return xsn_netns_sysctl_write(d->d0.netns, &item, 1, ret_err);
}

int xsn_ovs_devices_claim(struct ovs_devices *d, size_t index, const struct xsnet_step *step, unsigned may)
{
        void *v = d->messages;

        if (xsn_grow(&v, &d->cap_messages, index + 1, sizeof(*d->messages)) < 0)
                return -ENOMEM;
        d->messages = v;
        d->messages[index] = (struct ovs_message){ step, may };
        return 0;
}

int xsn_ovs_devices_send_claimed(struct ovs_devices *d, struct xsnet_error **ret_err)
{
        int r = xsn_nl_batch_count(d->batch) > 0 ? xsn_d0_send(d->d0.nl, d->batch, XSN_D0_MAY_FAIL, ret_err) : 0;

        for (size_t i = 0; i < xsn_nl_batch_count(d->batch) && r == 0; i++)
                if (!xsn_d0_tolerated(xsn_nl_batch_result(d->batch, i), d->messages[i].may)) {
                        d->failed = d->messages[i].step;
                        r = xsn_nl_batch_error(d->batch, i, ret_err);
                }
        xsn_nl_batch_clear(d->batch);
        return r;
}

/* ---- guests' devices ---- */

static size_t add_vif_ipv6(struct ovs_devices *d, const struct xsnet_step *s, bool off, struct xsn_sysctl items[2])
{
        bool vif = s->to && XSN_VIF(s->to);
        const char *value = vif ? xsn_d0_vif_ipv6(&d->d0, s) : NULL;
        size_t n = 0;

        for (int tap = 0; tap <= 1 && value && (*value != '0') == off; tap++) {
                const struct xsn_d0_link *link =
                        xsn_d0_vif_link(d->was, tap, XSN_VIF(s->to)->domain, XSN_VIF(s->to)->device);

                if (!link || link->ipv6_off == off)
                        continue;
                items[n] = (struct xsn_sysctl){ .dir = "ipv6/conf", .dev = link->name, .key = "disable_ipv6" };
                (void)snprintf(items[n++].value, sizeof(items->value), "%s", value);
        }
        return n;
}

void xsn_ovs_devices_put_vif_ipv6(struct ovs_devices *d, bool off)
{
        const struct ovs_steps *steps = &d->txn->steps;
        _cleanup_(xsn_freep) struct xsn_sysctl *items = xsn_alloc_array(2 * steps->n + 1, sizeof(*items));
        size_t n = 0;

        for (size_t i = 0; i < steps->n && items; i++)
                n += add_vif_ipv6(d, steps->steps[i], off, &items[n]);
        if (n > 0)
                (void)xsn_netns_sysctl_write(d->d0.netns, items, n, NULL);
}

/* ---- addresses that are on both ---- */

/* Up, and with IPv6 where that is wanted; on a bridge that is new, where it is not, without. */
int xsn_ovs_devices_prepare(struct ovs_devices *d, const struct xsn_d0_link *link, bool ipv6,
                            const struct xsnet_step *step, struct xsnet_error **ret_err)
{
        bool fresh = !xsn_d0_link_at(d->was, link->ifindex);
        int r = 0;

        if (ipv6 && link->ipv6_off != 0)
                r = xsn_ovs_devices_sysctl(d, link->name, "disable_ipv6", "0", ret_err);
        else if (!ipv6 && fresh)
                (void)xsn_ovs_devices_sysctl(d, link->name, "disable_ipv6", "1", NULL);
        if (r < 0) {
                d->failed = step;
                return r;
        }
        if (!(link->flags & IFF_UP))
                xsn_d0_put_up(d->batch, link, true);
        return xsn_ovs_devices_send(d, step, 0, ret_err);
}

static bool wants_ipv6(const struct ovs_devices *d, const struct ovs_move *move)
{
        const struct xsnet_object *to = move->step ? move->step->to : NULL;
        const char *network = to ? XSN_NETWORK(to) ? XSN_NETWORK(to)->name : xsn_object_network(to) : NULL;

        return xsn_d0_place_has_ipv6(move->from) || xsn_d0_wants_ipv6(&d->d0, network);
}

static bool is_early(const struct ovs_devices *d, const struct ovs_move *move, uint32_t ifindex)
{
        for (size_t i = 0; i < d->n_early; i++)
                if (d->early[i].move == move && d->early[i].ifindex == ifindex)
                        return true;
        return false;
}

static int note_early(struct ovs_devices *d, const struct ovs_move *move, uint32_t ifindex)
{
        void *v = d->early;

        if (xsn_grow(&v, &d->cap_early, d->n_early + 1, sizeof(*d->early)) < 0)
                return -ENOMEM;
        d->early = v;
        d->early[d->n_early++] = (struct ovs_early){ move, ifindex };
        return 0;
}

int xsn_ovs_devices_prepare_move(struct ovs_devices *d, const struct ovs_move *move, const struct xsn_d0_link *dst,
                                 struct xsnet_error **ret_err)
{
        return xsn_ovs_devices_prepare(d, dst, wants_ipv6(d, move), move->step, ret_err);
}

static int put_early(struct ovs_devices *d, const struct ovs_move *move, const struct xsn_d0_link *dst,
                     struct xsnet_error **ret_err)
{
        int r = xsn_ovs_devices_prepare_move(d, move, dst, ret_err);

        if (r < 0)
                return r;
        if (note_early(d, move, dst->ifindex) < 0)
                return xsn_error_oom(ret_err);
        xsn_d0_place_put_addrs(d->batch, move->from, dst);
        return xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_EXIST, ret_err);
}

/* The place of the one who gets what is on a bond that goes; none where that is the place that it is on. */
struct xsn_d0_heir xsn_ovs_devices_find_heir(const struct ovs_devices *d, const struct ovs_move *move)
{
        const struct xsn_bond *bond = XSN_BOND(move->step->from);
        const char *place = xsn_ovs_place_in(&d->wanted, move->step->from);
        bool stays = place && strcmp(place, move->from->name) == 0;
        struct xsn_d0_heir heir = { 0 };

        if (bond)
                heir = xsn_d0_find_heir(&d->d0, bond, move->from, !stays && !is_back(d));
        if (heir.link)
                heir.link = place_then(&d->d0, heir.obj);
        if (heir.link && strcmp(heir.link->name, move->from->name) == 0)
                heir.link = NULL;
        return heir;
}

static int put_heir(struct ovs_devices *d, const struct ovs_move *move, struct xsnet_error **ret_err)
{
        struct xsn_d0_heir heir = xsn_ovs_devices_find_heir(d, move);
        int r = heir.link
                        ? xsn_ovs_devices_prepare(d, heir.link, xsn_d0_place_has_ipv6(move->from), move->step, ret_err)
                        : 0;

        if (r < 0 || !heir.link)
                return r;
        if (note_early(d, move, heir.link->ifindex) < 0)
                return xsn_error_oom(ret_err);
        xsn_d0_heir_put_addrs(d->batch, move->from, &heir);
        return xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_EXIST, ret_err);
}

/* ---- when the database has it ---- */

/* Of thousands of guests in few sends. */
int xsn_ovs_devices_put_upness(struct ovs_devices *d, bool up, struct xsnet_error **ret_err)
{
        for (size_t i = 0; i < d->txn->n_upness; i++) {
                const struct ovs_upness *u = &d->txn->upness[i];
                const struct xsn_d0_link *link = xsn_d0_link_named(d->d0.net, u->device);
                size_t index = xsn_nl_batch_count(d->batch);

                if (u->up != up || !link)
                        continue;
                if (up != (bool)(link->flags & IFF_UP) && (up || u->down))
                        xsn_d0_put_up(d->batch, link, up);
                if (u->mtu && u->mtu != link->mtu)
                        xsn_d0_put_mtu(d->batch, link, u->mtu);
                for (; index < xsn_nl_batch_count(d->batch); index++)
                        if (xsn_ovs_devices_claim(d, index, u->step, XSN_D0_MAY_BE_GONE) < 0)
                                return xsn_error_oom(ret_err);
        }
        return xsn_ovs_devices_send_claimed(d, ret_err);
}

int xsn_ovs_devices_begin(struct ovs_devices *d, struct xsnet_error **ret_err)
{
        int r;

        xsn_ovs_devices_put_vif_ipv6(d, true);
        r = xsn_ovs_devices_put_upness(d, true, ret_err);
        for (size_t i = 0; i < d->txn->n_moves && r == 0; i++) {
                const struct ovs_move *move = &d->txn->moves[i];
                const struct xsn_d0_link *dst = xsn_d0_link_named(d->was, move->to);

                if (!move->to)
                        r = put_heir(d, move, ret_err);
                else if (dst && dst != move->from)
                        r = put_early(d, move, dst, ret_err);
        }
        return r;
}

/* ---- while vswitchd is at it ---- */

bool xsn_ovs_devices_await(const struct ovs_devices *d)
{
        return d->txn->n_moves > 0;
}

static void arrived(struct ovs_devices *d, const struct ovs_move *move, const struct xsn_d0_link *link)
{
        /* What fails now, fails again when all is looked at, and then counts. */
        if (move->to && strcmp(move->to, link->name) == 0 && !xsn_d0_link_at(d->was, link->ifindex) &&
            !is_early(d, move, link->ifindex))
                (void)put_early(d, move, link, NULL);
}

/* The device that vswitchd has let go: it was a port, with the kernel's datapath by its master. */
static bool is_free(const struct xsn_d0_link *was, const struct xsn_d0_link *is)
{
        return is->ifindex == was->ifindex && ((was->master && !is->master) ||
                                               (was->flags & IFF_PROMISC && !(is->flags & IFF_PROMISC)));
}

/*
 * Routes go with a device that goes, or goes down, and lead nowhere when its NIC has left it, as does the one to its
 * subnet: they are put where its addresses are by now, and these are taken away from it.
 */
static void left(struct ovs_devices *d, const struct ovs_move *move, const struct xsn_d0_link *link, bool gone)
{
        const struct xsn_d0_link *dst = xsn_d0_link_named(d->was, move->to);
        bool down = gone || !(link->flags & IFF_UP);

        if (!dst || !is_early(d, move, dst->ifindex) ||
            !((move->from->ifindex == link->ifindex && down) || is_free(dst, link)))
                return;
        xsn_d0_place_put(d->batch, d->was, move->from, dst);
        if (!gone)
                xsn_d0_place_drop(d->batch, d->was, move->from, move->from);
        (void)xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_FAIL, NULL);
}

void xsn_ovs_devices_changed(struct ovs_devices *d, const struct xsn_d0_link *link, bool gone)
{
        for (size_t i = 0; i < d->txn->n_moves; i++) {
                left(d, &d->txn->moves[i], link, gone);
                if (!gone)
                        arrived(d, &d->txn->moves[i], link);
        }
}
