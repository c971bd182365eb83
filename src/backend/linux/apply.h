/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How steps become requests. A wave runs in phases; for each phase every step of the wave is asked what it puts
 * into the one packed send of that phase, so nothing in a send depends on the rest of it, and what one
 * phase made is known to the next. What cannot be cut like that is a unit: one step's own sends, in one turn.
 */
#ifndef BACKEND_LINUX_APPLY_H
#define BACKEND_LINUX_APPLY_H

#include "backend/dom0/apply.h"
#include "backend/linux/linux.h"

enum {
        LX_PH_FREE = 0, /* alternative names that are in the way */
        LX_PH_MAKE,     /* links that are made, down */
        LX_PH_SYSCTL,   /* IPv6 off before the first up, or on again */
        LX_PH_LINK,     /* everything of a link in one message: MTU, master, alias, up */
        LX_PH_PORT,     /* settings of ports, remotes of vxlan */
        LX_PH_UNIT,     /* moves, bonds, renames */
        LX_PH_ADDR,
        LX_PH_ROUTE,
        LX_PH_DROP,     /* addresses and routes that go */
        LX_PH_REPAIR,   /* what went with them and shall stay */
        LX_PH_RATE,
        LX_PH_DELETE,
        LX_PH_AFTER,    /* what a deletion set free */
        LX_N_PHASES
};

struct lx_step {
        const struct xsnet_step *s;
        int code;                /* of its failure; 0 */
        struct xsnet_error *err; /* owned */
        bool waiting;            /* its device went away: no failure */
        bool moved;              /* the link phase has taken the device to its bridge or away */
        bool down;               /* it goes down when it has lost what it had on its bridge */
        bool dropped;            /* IPv4 addresses went, so others may have gone with them */
};

struct lx_delete {
        struct lx_step *st;
        uint32_t ifindex;
        uint32_t group; /* as it was */
        bool bridge;
        bool ours; /* we made it: it may go with a group */
};

struct lx_msg {
        struct lx_step *st;
        uint8_t may; /* XSN_D0_MAY_* */
};

struct lx_apply {
        struct lx *lx;
        struct xsnet_plan *plan; /* a reference */
        size_t target;
        xsn_step_fn step;
        xsn_applied_fn done;
        void *userdata;
        size_t *order; /* indexes of the target's steps */
        size_t n_order, at; /* at: the wave's first, or the next wave's */

        struct lx_step *steps; /* of the wave */
        size_t n_steps;
        int phase;
        bool in_wave, built, cancelled, failed;
        bool simple; /* the wave changes nothing but what is kept true in the tables */
        bool dirty; /* the tables may differ from the kernel's */
        bool moved; /* they do: a unit has sent something */
        unsigned tries; /* of choosing other numbers for new links */
        size_t unit;    /* the next step whose unit runs */

        struct xsn_nl_batch *batch; /* of the phase */
        struct lx_msg *msgs;        /* by index in the batch */
        size_t cap_msgs;
        struct xsn_sysctl *sysctls;
        struct lx_step **sysctl_steps; /* NULL: a failure does not matter */
        size_t n_sysctls, cap_sysctls, cap_sysctl_steps;
        struct lx_delete *deletes;
        size_t n_deletes, cap_deletes, deleted;
        uint32_t group; /* that devices are deleted by; 0: not chosen yet */
        struct xsn_d0_apply d0;

        struct xsn_hash bridges;    /* network -> bridge's name, as wanted; borrowed from the plan */
        uint32_t next_index, base_index; /* for links that are made; base: the first */
        struct xsnet_error *err; /* the first failure, owned */
};

/* ---- apply.c ---- */

/* Begins a message of this phase's send for the step. */
void xsn_lx_begin(struct lx_apply *a, struct lx_step *st, uint16_t type, uint16_t flags, const void *hdr, size_t len,
                  const char *label, unsigned may);
/* Notes that the message with this index, begun elsewhere, is the step's. */
void xsn_lx_claim(struct lx_apply *a, struct lx_step *st, size_t index, unsigned may);
/* The step cannot be done: takes err. */
void xsn_lx_step_failed(struct lx_step *st, int code, struct xsnet_error *err);
/* The tables as they are now, where they may be out of date. */
int xsn_lx_fresh(struct lx_apply *a, struct xsnet_error **ret_err);

/* ---- lookup.c ---- */

int xsn_lx_index_plan(struct lx_apply *a);
bool xsn_lx_changed(const struct lx_step *st, int field);
/* The bridge of the network as wanted; NULL: there is none (yet). */
struct xsn_d0_link *xsn_lx_bridge(const struct lx_apply *a, const char *network);
/* The object's own device; NULL. */
struct xsn_d0_link *xsn_lx_device(const struct lx_apply *a, const struct xsnet_object *obj);
/* Where the addresses of a PIF, bond, VLAN or network are now, and where they shall be; NULL. */
struct xsn_d0_link *xsn_lx_place_now(const struct lx_apply *a, const struct xsn_d0_link *link);
struct xsn_d0_link *xsn_lx_place_then(const struct lx_apply *a, const struct xsnet_object *to);
/* What a bridge's address is to be that gets a port with this one: the same, or on the way back what it was. */
struct xsn_mac xsn_lx_bridge_mac(const struct lx_apply *a, const struct lx_step *st, const struct xsn_mac *mac);
/* A number that no link has, and the new link in the tables. NULL: -ENOMEM. */
struct xsn_d0_link *xsn_lx_make_link(struct lx_apply *a, const char *name, const char *kind);
/* A link of the name is there: 0 where this wave made it in a try before, else -EEXIST "name-in-use". */
int xsn_lx_made_before(const struct lx_apply *a, const char *name, struct xsnet_error **ret_err);
/* The alias that the step leaves behind; *ret_alias NULL: as it is. -EBUSY "alias-in-use". */
int xsn_lx_alias(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link, char **ret_alias,
                 struct xsnet_error **ret_err);

/*
 * A message RTM_NEWLINK for an existing link, with what the link lacks of: the MTU (0: any), the
 * master, the alias, up. Nothing is sent where nothing is lacking.
 */
struct lx_settings {
        uint32_t mtu;
        bool set_master;
        uint32_t master; /* 0: none */
        bool up, down;
        const struct xsn_mac *mac; /* NULL: any */
        char *alias; /* NULL: any */
};

/* On the way back: the settings that the port had. */
void xsn_lx_port_back(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link);

/* ---- before.c: devices that were down before us ---- */

/* What the mark of a NIC or a guest's device says of it after the step. */
void xsn_lx_mark_before(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                        struct lx_mark *mark);
/* Is the NIC, as it is to be, in a bond, and is it in none yet? */
bool xsn_lx_joins_bond(const struct lx_apply *a, const struct xsnet_object *to, const struct xsn_d0_link *link);
/* What a device that leaves its network, or loses its addresses, had before. */
void xsn_lx_before(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                   struct lx_settings *settings);
/* Puts the message that brings up what a VLAN sits on; and, after the last one went, takes it down. 0 or -ENOMEM. */
int xsn_lx_put_lower_up(struct xsn_nl_batch *batch, struct xsn_d0_link *lower);
int xsn_lx_put_lower_down(const struct lx_apply *a, struct xsn_nl_batch *batch, struct xsn_d0_link *lower);
/* Puts the message, if one is needed, for a device that has left its bond, which leaves it down. 0 or -ENOMEM. */
int xsn_lx_put_left(const struct lx_apply *a, struct xsn_nl_batch *batch, const struct xsn_d0_link *member);
void xsn_lx_put_settings(struct lx_apply *a, struct lx_step *st, struct xsn_d0_link *link,
                         const struct lx_settings *settings);

/* ---- steps.c: what each kind puts into each phase ---- */

int xsn_lx_build(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err);
/* The step's own sends; 1: it had some. */
int xsn_lx_run_unit(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);

int xsn_lx_build_network(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err);
int xsn_lx_build_port(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err);
int xsn_lx_build_tunnel(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err);
/* Takes away what a failed step made and nobody would see. */
void xsn_lx_clean_tunnel(struct lx_apply *a, struct lx_step *st);
int xsn_lx_build_vif(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err);
int xsn_lx_build_addresses(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err);

/* bond.c */
/* Has the bond something to do that a link message cannot: members, or options that need it down? */
bool xsn_lx_bond_pending(const struct lx_step *st);
int xsn_lx_make_bond(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
int xsn_lx_run_bond(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/* leave.c: what is on a bond or VLAN that goes, and is to stay, finds its place. 1: there was something. */
int xsn_lx_leave(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/* vlan.c */
int xsn_lx_make_vlan(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/* A VLAN was deleted: what it sat on may go down again. 0 or -ENOMEM. */
int xsn_lx_vlan_gone(struct lx_apply *a, struct lx_step *st);
/* The VLAN devices of a parent whose place changed follow it. 1: there were some. */
int xsn_lx_move_vlans(struct lx_apply *a, uint32_t from, uint32_t to, struct xsnet_error **ret_err);
/* Could they? -EOPNOTSUPP: one has a route that cannot be put back. */
int xsn_lx_check_vlans(const struct lx_apply *a, uint32_t from, struct xsnet_error **ret_err);
/* rename.c */
int xsn_lx_rename(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/* At once, before the step's other messages, which go by the new name. */
int xsn_lx_rename_bridge(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/* move.c: the link joins or leaves a bridge, and the addresses and routes of its place go along, in one send. */
int xsn_lx_move(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/*
 * Of a bridge that loses the NIC or bond whose address it has: one of its own, on the way back the one that it had, as
 * the neighbours of its own addresses know it.
 */
struct xsn_mac xsn_lx_left_mac(const struct lx_apply *a, const struct xsn_d0_link *bridge,
                               const struct xsn_d0_link *link);
/* Puts what src has for dst. */
void xsn_lx_put_place(const struct lx_apply *a, struct xsn_nl_batch *batch, const struct xsn_d0_link *src,
                      const struct xsn_d0_link *dst);
/* Sends a batch of the caller's at once; failures in `may` are none. */
int xsn_lx_send(struct lx_apply *a, struct xsn_nl_batch *batch, unsigned may, struct xsnet_error **ret_err);

/* ipv6.c */
int xsn_lx_sysctl(struct lx_apply *a, struct lx_step *st, const char *dev, const char *key, const char *value,
                  bool must);
int xsn_lx_ipv6_off(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link);
int xsn_lx_ipv6_on(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link, bool must);
/* Router advertisements are heeded on the link as far as they are on `from`: 2 is what a host that forwards needs. */
int xsn_lx_ipv6_ra(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *from,
                   const struct xsn_d0_link *link);
/* Of a port that has moved: off on a bridge, as new devices have it elsewhere. At once. */
void xsn_lx_port_ipv6(struct lx_apply *a, struct xsn_d0_link *link, const struct xsn_d0_link *bridge);
/* Where the step goes back to what a journal has, to the setting of then. 1: it did. */
int xsn_lx_ipv6_back(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link);
/* As new devices of the namespace have it. */
int xsn_lx_ipv6_default(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link);
int xsn_lx_run_sysctls(struct lx_apply *a);

/* delete.c */
int xsn_lx_delete(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link);
/* A device that was about to go with a group when the apply was cut short, and stays: it gets the group of before. */
void xsn_lx_group_back(struct lx_apply *a, struct lx_step *st);
/* One chunk; 1: there are more. */
int xsn_lx_delete_next(struct lx_apply *a, struct xsnet_error **ret_err);

/* rate.c */
int xsn_lx_run_rate(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err);
/* Deletes what limits of devices left that are gone; nothing fails for it. */
void xsn_lx_drop_left(struct lx_apply *a);

#endif
