/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's part of an apply when vswitchd has followed. All is compared with the tables as they are then. */
#include <errno.h>
#include <string.h>

#include "backend/ovs/device.h"
#include "base/alloc.h"

#define TRIES_MAX 25 /* of 20 ms each */

static bool has_place(const struct xsnet_step *s)
{
        return s->to && s->to->cls->has_address && !XSN_TUNNEL(s->to);
}

static int look(struct ovs_devices *d, struct xsnet_error **ret_err)
{
        int r = xsn_d0_net_read(d->d0.nl, &d->now, ret_err);

        d->d0.net = &d->now;
        return r;
}

/* ---- moves ---- */

static int finish_move(struct ovs_devices *d, const struct ovs_move *move, struct xsnet_error **ret_err)
{
        const struct xsn_d0_link *dst = xsn_d0_link_named(&d->now, move->to);
        const struct xsn_d0_link *src = xsn_d0_link_at(&d->now, move->from->ifindex);
        int r;

        if (!dst) {
                d->failed = move->step;
                return xsn_error_set(ret_err, -ENODEV, "no-such-device",
                                     "ovs-vswitchd has not made the device %s for the addresses of %s", move->to,
                                     move->from->name);
        }
        if (dst == src)
                return 0; /* it was not made anew, after all */
        /* Also where that was done before: vswitchd may have set the flags of its device from what it knew of then. */
        r = xsn_ovs_devices_prepare_move(d, move, dst, ret_err);
        if (r < 0)
                return r;
        xsn_d0_place_put(d->batch, d->was, move->from, dst);
        r = xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_EXIST, ret_err);
        if (r < 0)
                return r;
        if (move->step && XSN_BOND(move->step->to))
                xsn_d0_note_turn(&d->d0, move->from, dst);
        else
                xsn_d0_note_move(&d->d0, move->from, dst);
        if (!src)
                return 0;
        xsn_d0_place_drop(d->batch, d->was, move->from, src);
        return xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_BE_GONE, ret_err);
}

/* A bond or VLAN has gone. `now` is what is there after the moves. */
static int finish_leaving(struct ovs_devices *d, const struct ovs_move *move, struct xsnet_error **ret_err)
{
        const struct xsnet_object *from = move->step->from;
        struct xsn_d0_heir heir = xsn_ovs_devices_find_heir(d, move);
        const char *place = xsn_ovs_place_in(&d->wanted, from);
        const struct xsn_d0_link *bridge = xsn_d0_link_named(&d->now, place);
        int r = 0;

        if (heir.link) {
                xsn_d0_note_turn(&d->d0, move->from, heir.link);
                xsn_d0_heir_put_addrs(d->batch, move->from, &heir);
                r = xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_EXIST, ret_err);
        }
        if (heir.link && r == 0) {
                xsn_d0_heir_put_routes(d->batch, d->was, move->from, &heir);
                r = xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_FAIL, ret_err);
        }
        if (r < 0 || !bridge)
                return r;
        xsn_d0_leave_drop(d->batch, &d->d0, from, bridge);
        r = xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_BE_GONE, ret_err);
        if (r < 0)
                return r;
        xsn_d0_leave_repair(d->batch, &d->d0, from, bridge);
        return xsn_ovs_devices_send(d, move->step, XSN_D0_MAY_FAIL, ret_err);
}

/*
 * A bond that is made, or goes, or gets other members: switches learnt a way to its addresses that may be none any
 * more, also where these stay where they are.
 */
static void note_turns(struct ovs_devices *d)
{
        const struct ovs_steps *steps = &d->txn->steps;

        for (size_t i = 0; i < steps->n; i++) {
                const struct xsnet_step *s = steps->steps[i];
                const struct xsnet_object *obj = s->to ? s->to : s->from;
                const struct xsn_d0_link *place = xsn_d0_link_named(&d->now, xsn_ovs_place_in(&d->wanted, obj));

                if (XSN_BOND(obj) && place && (!s->from || !s->to || xsn_d0_changed(s, XSNET_FIELD_MEMBERS)))
                        xsn_d0_note_turn(&d->d0, place, place);
        }
}

static int finish_moves(struct ovs_devices *d, struct xsnet_error **ret_err)
{
        bool leaving = false;
        int r = 0;

        for (size_t i = 0; i < d->txn->n_moves && r == 0; i++) {
                leaving = leaving || !d->txn->moves[i].to;
                if (d->txn->moves[i].to)
                        r = finish_move(d, &d->txn->moves[i], ret_err);
        }
        if (r == 0 && d->txn->n_moves > 0)
                r = look(d, ret_err);
        for (size_t i = 0; i < d->txn->n_moves && r == 0; i++)
                if (!d->txn->moves[i].to)
                        r = finish_leaving(d, &d->txn->moves[i], ret_err);
        return r == 0 && leaving ? look(d, ret_err) : r;
}

/* ---- IPv6 ---- */

static bool wants_ipv6(const struct ovs_devices *d, const struct xsnet_object *to)
{
        const char *network = XSN_NETWORK(to) ? XSN_NETWORK(to)->name : xsn_object_network(to);

        return network ? xsn_d0_wants_ipv6(&d->d0, network)
                       : to->a.ipv6_address.n > 0 || to->a.ipv6_mode.value == XSNET_IP_AUTOCONF;
}

/* A port needs no IPv6 of its own; a NIC that is none any more has it as other devices do. */
static void set_port_ipv6(struct ovs_devices *d, const char *device, bool port)
{
        const struct xsn_d0_link *link = xsn_d0_link_named(&d->now, device);
        const char *value = port ? "1" : xsn_d0_ipv6_default(&d->d0);

        if (link && link->ipv6_off != (*value != '0'))
                (void)xsn_ovs_devices_sysctl(d, device, "disable_ipv6", value, NULL);
}

static void set_ports(struct ovs_devices *d, const struct xsnet_step *s)
{
        const struct xsn_bond *to = s->to ? XSN_BOND(s->to) : NULL, *from = s->from ? XSN_BOND(s->from) : NULL;

        if (s->to && XSN_PIF(s->to) && xsn_d0_changed(s, XSNET_FIELD_NETWORK) &&
            (xsn_object_network(s->to) || !wants_ipv6(d, s->to)))
                set_port_ipv6(d, XSN_PIF(s->to)->device, xsn_object_network(s->to));
        for (size_t i = 0; to && i < to->members.n; i++)
                if (!from || !xsn_strs_has(&from->members, XSN_ITEM(to->members, char *, i)))
                        set_port_ipv6(d, XSN_ITEM(to->members, char *, i), true);
}

/* As the journal has it. */
static void bring_ipv6_back(struct ovs_devices *d)
{
        const struct xsn_plan_target *target = &d->d0.plan->targets[d->d0.target];

        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsnet_object *after = target->touched[i].after;
                uint32_t off = after ? xsn_d0_payload_number(after, "v6off", 2) : 2;
                const struct xsn_d0_link *link = after ? xsn_d0_link_named(&d->now, xsn_object_device(after)) : NULL;

                if (off <= 1 && link && link->ipv6_off >= 0 && (uint32_t)link->ipv6_off != off)
                        (void)xsn_ovs_devices_sysctl(d, link->name, "disable_ipv6", off ? "1" : "0", NULL);
        }
}

/* Router advertisements are heeded as far as they were on the device of before: 2 is what hosts that forward need. */
static int take_autoconf(struct ovs_devices *d, const struct xsnet_step *s, const struct xsn_d0_link *place,
                         struct xsnet_error **ret_err)
{
        const struct xsn_d0_link *from = s->from ? xsn_d0_link_named(d->was, xsn_object_device(s->from)) : NULL;
        int want = from && xsn_d0_accept_ra(&d->d0, from) == 2 ? 2 : 1;

        if (s->to->a.ipv6_mode.value != XSNET_IP_AUTOCONF ||
            !(xsn_d0_changed(s, XSNET_FIELD_IPV6_MODE) || xsn_d0_takes_autoconf(s)) ||
            xsn_d0_accept_ra(&d->d0, place) >= want)
                return 0;
        return xsn_ovs_devices_sysctl(d, place->name, "accept_ra", want == 2 ? "2" : "1", ret_err);
}

/* ---- what steps do to addresses ---- */

static bool has_addresses(const struct xsnet_object *obj)
{
        const struct xsn_addressing *a = &obj->a;

        return a->ipv4_address.n > 0 || a->ipv6_address.n > 0 || a->ipv6_mode.value == XSNET_IP_AUTOCONF;
}

static int prepare_step(struct ovs_devices *d, const struct xsnet_step *s, struct xsnet_error **ret_err)
{
        const struct xsn_d0_link *place = d->d0.place_then(&d->d0, s->to);
        int r = 0;

        if (!has_addresses(s->to))
                return 0;
        if (!place) {
                d->failed = s;
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "there is no device for its addresses");
        }
        r = take_autoconf(d, s, place, ret_err);
        if (r < 0)
                d->failed = s;
        return r < 0 ? r : xsn_ovs_devices_prepare(d, place, wants_ipv6(d, s->to), s, ret_err);
}

struct claimed {
        struct ovs_devices *d;
        const struct xsnet_step *step;
        bool failed;
};

static void claim(void *userdata, size_t index, unsigned may)
{
        struct claimed *claimed = userdata;

        if (xsn_ovs_devices_claim(claimed->d, index, claimed->step, may) < 0)
                claimed->failed = true;
}

static int run_phase(struct ovs_devices *d, int phase, bool *dropped, struct xsnet_error **ret_err)
{
        const struct ovs_steps *steps = &d->txn->steps;
        int r = 0;

        for (size_t i = 0; i < steps->n && r == 0; i++) {
                const struct xsnet_step *s = steps->steps[i];
                struct claimed claimed = { d, s, false };
                struct xsn_d0_build b = { &d->d0, s, d->batch, claim, &claimed, dropped[i], NULL };

                if (!has_place(s))
                        continue;
                r = xsn_d0_build_addresses(&b, phase, ret_err);
                dropped[i] = b.dropped;
                if (r == 0 && claimed.failed)
                        r = xsn_error_oom(ret_err);
        }
        return r < 0 ? r : xsn_ovs_devices_send_claimed(d, ret_err);
}

static int run_phases(struct ovs_devices *d, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) bool *dropped = xsn_alloc_array(d->txn->steps.n + 1, sizeof(*dropped));
        int r = dropped ? 0 : xsn_error_oom(ret_err);

        for (int phase = XSN_D0_ADDR; phase <= XSN_D0_REPAIR && r == 0; phase++)
                r = run_phase(d, phase, dropped, ret_err);
        return r;
}

/* ---- all of it ---- */

static const int address_fields[] = { XSNET_FIELD_IPV4_MODE, XSNET_FIELD_IPV4_ADDRESS,  XSNET_FIELD_IPV4_GATEWAY,
                                      XSNET_FIELD_IPV6_MODE, XSNET_FIELD_IPV6_ADDRESS,  XSNET_FIELD_IPV6_GATEWAY,
                                      XSNET_FIELD_ROUTES,    XSNET_FIELD_DEFAULT_ROUTE, XSNET_FIELD_NETWORK,
                                      XSNET_FIELD_MEMBERS };

/* Is there anything to look for? Most plans are about guests and tunnels. */
static bool has_work(const struct ovs_devices *d)
{
        const struct ovs_steps *steps = &d->txn->steps;

        if (d->txn->n_moves > 0 || d->txn->n_upness > 0)
                return true;
        for (size_t i = 0; i < steps->n; i++) {
                if (!has_place(steps->steps[i]))
                        continue;
                if (d->d0.plan->back)
                        return true;
                for (size_t j = 0; j < XSN_ARRAY_SIZE(address_fields); j++)
                        if (xsn_d0_changed(steps->steps[i], address_fields[j]))
                                return true;
        }
        return false;
}

/* A device of vswitchd's userspace is down for a moment while its MAC address is set: then routes cannot be put. */
static bool may_pass(struct ovs_devices *d, int code)
{
        return d->tries++ < TRIES_MAX && (code == -EHOSTUNREACH || code == -ENETUNREACH || code == -ENETDOWN ||
                                          code == -ENODEV || code == -EADDRNOTAVAIL);
}

int xsn_ovs_devices_after(struct ovs_devices *d, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        const struct ovs_steps *steps = &d->txn->steps;
        bool back = d->d0.plan->back;
        int r;

        xsn_ovs_devices_put_vif_ipv6(d, false);
        if (!has_work(d))
                return 0;
        r = look(d, ret_err);
        if (r < 0)
                return r;
        r = finish_moves(d, &err);
        if (r < 0 && may_pass(d, r))
                return 1;
        if (r < 0)
                return xsn_error_give(ret_err, XSN_TAKE(err));
        for (size_t i = 0; i < steps->n && r == 0; i++)
                if (has_place(steps->steps[i]))
                        r = prepare_step(d, steps->steps[i], ret_err);
        if (r == 0)
                r = run_phases(d, ret_err);
        if (r == 0)
                note_turns(d);
        for (size_t i = 0; i < steps->n && r == 0 && !back; i++)
                set_ports(d, steps->steps[i]);
        if (r == 0 && back)
                bring_ipv6_back(d);
        return r < 0 ? r : xsn_ovs_devices_put_upness(d, false, ret_err);
}
