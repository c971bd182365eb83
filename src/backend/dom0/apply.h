/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What applies on a host have in common, whatever makes its bridges: what a plan wants of addresses (wants.c), what a
 * step does about them where they shall be (address.c, gateway.c), and who is told of an address that moved
 * (announce.c).
 */
#ifndef BACKEND_DOM0_APPLY_H
#define BACKEND_DOM0_APPLY_H

#include "backend/dom0/place.h"
#include "plan/plan.h"
#include "transport/netns.h"

/* Addresses that came to a link, or stayed on it, while their MAC address was this. */
struct xsn_d0_moved {
        uint32_t ifindex;
        struct xsn_mac mac;
};

struct xsn_d0_apply {
        const struct xsnet_plan *plan;
        size_t target;
        struct xsn_nl *nl;
        struct xsn_netns *netns;
        const struct xsn_d0_net *net; /* the tables: as they are */
        /* Where the addresses of a PIF, bond, VLAN or network shall be; NULL: nowhere (yet). */
        struct xsn_d0_link *(*place_then)(const struct xsn_d0_apply *a, const struct xsnet_object *obj);
        void *userdata; /* the backend's */

        struct xsn_hash ipv6; /* networks that want IPv6 */
        const struct xsnet_object *default_of[2]; /* who has the default route of IPv4 and IPv6; NULL: nobody asks */
        size_t n_gateways, n_management; /* wanted objects with one, and that manage the host */
        char v6_default[XSN_SYSCTL_VALUE_MAX]; /* disable_ipv6 of new devices here; "": not read yet */
        char ra_default[XSN_SYSCTL_VALUE_MAX]; /* ... and accept_ra */

        struct xsn_d0_moved *moves; /* owned */
        size_t n_moves, cap_moves;
        unsigned n_waits; /* for the carriers of those */
};

/* ---- wants.c ---- */

/* Looks at all that the plan wants. 0 or -ENOMEM. */
int xsn_d0_index_plan(struct xsn_d0_apply *a);
void xsn_d0_apply_done(struct xsn_d0_apply *a);
/* All objects as they shall be; NULL: none. */
const struct xsnet_state *xsn_d0_wanted(const struct xsn_d0_apply *a);
bool xsn_d0_changed(const struct xsnet_step *s, int field);
bool xsn_d0_wants_ipv6(const struct xsn_d0_apply *a, const char *network);
/* Is the step's object one with addresses by router advertisements that get another place? */
bool xsn_d0_takes_autoconf(const struct xsnet_step *s);
/* Does the step make the NIC a member of its bond? */
bool xsn_d0_takes_member(const struct xsnet_step *s, const char *device);
/* Would observing find that the device manages the host, or not, where nobody says so: by the default route? */
bool xsn_d0_is_derived(const struct xsn_d0_apply *a, const struct xsnet_object *obj);
/* disable_ipv6 of devices that are new in the namespace: "0" or "1". */
const char *xsn_d0_ipv6_default(struct xsn_d0_apply *a);
/*
 * What disable_ipv6 of a guest's device is to be: "1" in a network, where it needs no IPv6 of its own, and on the way
 * back what the journal has. NULL: what it is.
 */
const char *xsn_d0_vif_ipv6(struct xsn_d0_apply *a, const struct xsnet_step *s);
/* accept_ra, 0 to 2: links told theirs, but for those that were made since, which have what new devices have. */
int xsn_d0_accept_ra(struct xsn_d0_apply *a, const struct xsn_d0_link *link);

/* ---- address.c ---- */

/* In this order, each when what the one before has sent is there. */
enum { XSN_D0_ADDR, XSN_D0_ROUTE, XSN_D0_DROP, XSN_D0_REPAIR };

struct xsn_d0_build {
        const struct xsn_d0_apply *a;
        const struct xsnet_step *s; /* with a `to` */
        struct xsn_nl_batch *batch;
        /* The message of this index is the step's; failures in `may` are none. */
        void (*claim)(void *userdata, size_t index, unsigned may);
        void *userdata;
        bool dropped; /* IPv4 addresses went, so others may have gone with them */
        const struct xsn_d0_link *kept; /* of the call: on the way back, what was kept of the object's routes */
};

/* Puts what the step does of addresses and routes in the phase XSN_D0_*. 0 or -ENOMEM. */
int xsn_d0_build_addresses(struct xsn_d0_build *b, int phase, struct xsnet_error **ret_err);

/* ---- gateway.c ---- */

/* The default route that the object shall have; false: none of this family. */
bool xsn_d0_gateway_of(const struct xsn_d0_apply *a, const struct xsnet_object *obj, int family,
                       struct xsn_route *ret_route);
/* Does a default route that is there do for the wanted one? */
bool xsn_d0_good_gateway(const struct xsn_d0_route *found, const struct xsn_route *wanted);
/* A metric that is none of ours was chosen by somebody: his default route over the same gateway will do. */
bool xsn_d0_chosen_metric(const struct xsn_d0_route *route);

/* ---- heir.c: of a bond or VLAN that goes ---- */

/* The member of a bond that gets what is on the bond's place and is to stay. */
struct xsn_d0_heir {
        struct xsn_d0_link *link;       /* NULL: there is none */
        const struct xsnet_object *obj; /* who has the addresses after the plan: it, or a bond that takes it in */
        bool all; /* the place goes, too: addresses that no object has are to stay as well */
};

struct xsn_d0_heir xsn_d0_find_heir(const struct xsn_d0_apply *a, const struct xsn_bond *bond,
                                    const struct xsn_d0_link *place, bool all);
void xsn_d0_heir_put_addrs(struct xsn_nl_batch *batch, const struct xsn_d0_link *place, const struct xsn_d0_heir *heir);
void xsn_d0_heir_put_routes(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *place,
                            const struct xsn_d0_heir *heir);
/* The bridge stays: what of it is the object's own and nobody else wants goes; then what went with it is put again. */
void xsn_d0_leave_drop(struct xsn_nl_batch *batch, const struct xsn_d0_apply *a, const struct xsnet_object *from,
                       const struct xsn_d0_link *bridge);
void xsn_d0_leave_repair(struct xsn_nl_batch *batch, const struct xsn_d0_apply *a, const struct xsnet_object *from,
                         const struct xsn_d0_link *bridge);

/* ---- announce.c ---- */

/* Addresses that were on `from` are on `to`, or are about to be. `from` is as it was before. */
void xsn_d0_note_move(struct xsn_d0_apply *a, const struct xsn_d0_link *from, const struct xsn_d0_link *to);
/* The same where switches are to learn another way to it, too: also with the MAC address that it had. */
void xsn_d0_note_turn(struct xsn_d0_apply *a, const struct xsn_d0_link *from, const struct xsn_d0_link *to);
/* At the end: tells neighbours of those whose MAC address is another one now. In how many ns to call again; 0: done. */
uint64_t xsn_d0_announce(struct xsn_d0_apply *a);

#endif
