/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's part of an apply, where the database is this machine's. It begins when the database has the transaction,
 * so that whoever finds the rows new, looks for addresses too. An address that moves to another device is then on both,
 * while vswitchd takes the NIC from one to the other: whichever gets the packets answers. Its routes follow when
 * vswitchd has done that, and only then does anything go away.
 */
#ifndef BACKEND_OVS_DEVICE_H
#define BACKEND_OVS_DEVICE_H

#include "backend/dom0/apply.h"
#include "backend/ovs/build.h"

/* Addresses that are on both devices by now. */
struct ovs_early {
        const struct ovs_move *move;
        uint32_t ifindex; /* of the device that gets them */
};

struct ovs_message {
        const struct xsnet_step *step;
        unsigned may; /* XSN_D0_MAY_* */
};

struct ovs_devices {
        struct xsn_d0_apply d0;
        const struct ovs_transaction *txn;
        const struct xsn_d0_net *was;
        struct xsn_d0_net now; /* read after vswitchd has followed */
        struct ovs_names wanted;
        struct ovs_early *early; /* owned */
        size_t n_early, cap_early;
        struct xsn_nl_batch *batch;
        struct ovs_message *messages; /* owned; by index in the batch */
        size_t cap_messages;
        const struct xsnet_step *failed;
        unsigned tries; /* of what waits for vswitchd to be done with a device */
};

/* was: the tables as the plan assumed them; they and the transaction must outlive it. */
int xsn_ovs_devices_new(const struct xsnet_plan *plan, size_t target, const struct ovs_transaction *txn,
                        const struct xsn_d0_net *was, struct xsn_nl *nl, struct xsn_netns *netns,
                        struct ovs_devices **ret_devices, struct xsnet_error **ret_err);
/* NULL is ignored. Returns NULL. */
struct ovs_devices *xsn_ovs_devices_free(struct ovs_devices *d);

/* The database has it: what becomes a port is up, and addresses are where they will be, where that is there already. */
int xsn_ovs_devices_begin(struct ovs_devices *d, struct xsnet_error **ret_err);
/* Does something wait for a device that vswitchd has yet to make, or to take away? */
bool xsn_ovs_devices_await(const struct ovs_devices *d);
/* A device that came, changed, or went: nothing is done where it is none of those. */
void xsn_ovs_devices_changed(struct ovs_devices *d, const struct xsn_d0_link *link, bool gone);
/* Neighbours are told of what moved. In how many ns to call again; 0: done. */
uint64_t xsn_ovs_devices_announce(struct ovs_devices *d);

/* ---- for device_after.c ---- */

/* Sends the batch, which is the step's (NULL: nobody's), and empties it. */
int xsn_ovs_devices_send(struct ovs_devices *d, const struct xsnet_step *step, unsigned may,
                         struct xsnet_error **ret_err);
/* Whose message of the batch it is. 0 or -ENOMEM. */
int xsn_ovs_devices_claim(struct ovs_devices *d, size_t index, const struct xsnet_step *step, unsigned may);
/* Sends a batch whose messages do not depend on each other, whosever they are, and empties it. */
int xsn_ovs_devices_send_claimed(struct ovs_devices *d, struct xsnet_error **ret_err);
/* Guests' devices: off before they come up, on when vswitchd has let them go. It only saves the kernel work. */
void xsn_ovs_devices_put_vif_ipv6(struct ovs_devices *d, bool off);
int xsn_ovs_devices_sysctl(struct ovs_devices *d, const char *device, const char *key, const char *value,
                           struct xsnet_error **ret_err);
/* Up, and with IPv6 where that is wanted; a bridge that is new has none otherwise. */
int xsn_ovs_devices_prepare(struct ovs_devices *d, const struct xsn_d0_link *link, bool ipv6,
                            const struct xsnet_step *step, struct xsnet_error **ret_err);
/* The same for what comes with the move. */
int xsn_ovs_devices_prepare_move(struct ovs_devices *d, const struct ovs_move *move, const struct xsn_d0_link *dst,
                                 struct xsnet_error **ret_err);
/* Before: up is true; after: false. */
int xsn_ovs_devices_put_upness(struct ovs_devices *d, bool up, struct xsnet_error **ret_err);
/* Who gets what is on a bond that goes. */
struct xsn_d0_heir xsn_ovs_devices_find_heir(const struct ovs_devices *d, const struct ovs_move *move);

/* ---- device_after.c ---- */

/*
 * vswitchd has it: routes follow, what is left behind goes, and steps do what they do to addresses. 1: to be called
 * again in a moment.
 */
int xsn_ovs_devices_after(struct ovs_devices *d, struct xsnet_error **ret_err);

#endif
