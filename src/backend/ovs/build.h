/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a plan to one transaction. Rows are edited in memory first (edit.c): steps say how they shall be (build_*.c),
 * and what differs from the database then becomes operations (emit.c), each guarded by a `wait` on what was assumed.
 * Pure: nothing is asked, nothing is sent. Used by txn.c.
 */
#ifndef BACKEND_OVS_BUILD_H
#define BACKEND_OVS_BUILD_H

#include "backend/dom0/apply.h"
#include "backend/ovs/ovs.h"
#include "plan/plan.h"

struct ovs_input {
        const struct ovs_rows *rows;
        const struct xsn_d0_net *net; /* NULL: another machine's */
        const char *host;
        const struct xsnet_plan *plan;
        size_t target;
        xsn_ovs_has_fn has;
        const void *server;
        const char *datapath; /* of new bridges; NULL: as the others have it */
        bool force_local;     /* bridges that a toolstack manages may be changed, too */
};

/* What a transaction does for one target, in the plan's order: join.c. */
struct ovs_steps {
        const struct xsnet_step **steps; /* owned; the plan's, or one of `joined` */
        size_t n;
        struct xsnet_step *joined; /* owned; what they point to is the plan's */
        size_t n_joined;
};

/* An Interface that is made or changed: vswitchd says afterwards how that went. */
struct ovs_check {
        char *interface; /* owned */
        const struct xsnet_step *step;
};

/*
 * What a device carries for dom0 and is to get another place, by rtnetlink around the transaction. `to` NULL: the
 * step's bond or VLAN goes, and what is to stay finds its place then.
 */
struct ovs_move {
        const struct xsn_d0_link *from; /* of the input's tables */
        char *to; /* owned: the device that has it afterwards; the same name: another device gets it */
        const struct xsnet_step *step;
};

/* A device that is brought up before the transaction, or after it is what it was before it became a port. */
struct ovs_upness {
        char *device; /* owned */
        bool up;      /* before */
        bool down;    /* after */
        uint32_t mtu; /* after; 0: as it is */
        const struct xsnet_step *step; /* NULL: nobody's */
};

struct ovs_transaction {
        struct ovs_steps steps;
        json_t *ops;        /* NULL: there is nothing to write */
        size_t next_cfg_at; /* which of them answers with next_cfg */
        struct ovs_check *checks;
        size_t n_checks, cap_checks;
        struct ovs_move *moves;
        size_t n_moves, cap_moves;
        struct ovs_upness *upness;
        size_t n_upness, cap_upness;
};

/*
 * -EEXIST "name-in-use", -EBUSY "network-in-use", -EPERM "managed-by-xapi", -EOPNOTSUPP "not-supported", -EINVAL
 * "needs-network", -ENOMEM.
 */
int xsn_ovs_build(const struct ovs_input *in, struct ovs_transaction *ret_txn, struct xsnet_error **ret_err);
void xsn_ovs_transaction_done(struct ovs_transaction *txn);

/* ---- join.c ---- */

/* 0 or -ENOMEM. The plan must outlive them. */
int xsn_ovs_steps_find(const struct xsnet_plan *plan, size_t target, struct ovs_steps *ret_steps);
void xsn_ovs_steps_done(struct ovs_steps *steps);

/* ---- edit.c: rows as they shall be ---- */

struct ovs_edit {
        int table;
        char *name;                /* owned */
        const struct ovs_row *row; /* NULL: a new one */
        char id[16];               /* what the transaction calls a new one */
        json_t *set;               /* owned; columns that get another value; NULL: none */
        struct ovs_edit *up, *was; /* a Port's bridge, an Interface's Port; NULL: it goes, it was not there */
        const struct xsnet_step *step; /* the last that changed it */
        json_t *added, *removed;   /* emit.c: references below it; owned; NULL */
};

/* What a network is, in one of the states. */
struct ovs_shape {
        const char *bridge; /* its own name */
        const char *parent; /* of a fake bridge: the bridge below; NULL: a real one */
        uint32_t tag;
};

/* One of the states, by names. */
struct ovs_names {
        struct xsn_hash networks, bridges, pifs, vlans; /* vlans: by network */
};

struct ovs_build {
        const struct ovs_input *in;
        struct ovs_view view;
        struct ovs_edit **edits; /* each owned */
        size_t n_edits, cap_edits;
        struct xsn_hash by_name[OVS_N_TABLES]; /* the last edit of a name */
        struct ovs_edit root;
        struct xsn_hash ports; /* Ports by name -> struct ovs_port */
        struct ovs_names before, after;
        struct xsn_hash networks_before; /* a network as it shall be -> as it was, where they are not alike */
        const struct xsnet_step *step; /* under way */
        struct xsn_d0_apply d0; /* what the plan wants of addresses */
        struct ovs_transaction *txn;
        struct xsnet_error **err;
};

static inline bool xsn_ovs_is_back(const struct ovs_build *b)
{
        return b->in->plan->back;
}

/* Does it exist after the transaction? */
bool xsn_ovs_edit_lives(const struct ovs_edit *e);
/* The row of that name as edited so far, also where it goes; *ret NULL: there is none. 0 or -ENOMEM. */
int xsn_ovs_edit(struct ovs_build *b, int table, const char *name, struct ovs_edit **ret);
/* A new row below `up`. -EEXIST "name-in-use", -ENOMEM. */
int xsn_ovs_edit_new(struct ovs_build *b, int table, const char *name, struct ovs_edit *up, struct ovs_edit **ret);
/* Hangs it elsewhere; NULL: it goes. */
void xsn_ovs_edit_move(struct ovs_build *b, struct ovs_edit *e, struct ovs_edit *up);
/* The value as edited; borrowed; NULL: none. */
json_t *xsn_ovs_edit_get(const struct ovs_edit *e, const char *column);
const char *xsn_ovs_edit_key(const struct ovs_edit *e, const char *column, const char *key);
/* Sets a column; takes the value, NULL: -ENOMEM. What the server does not have is left out. */
int xsn_ovs_edit_put(struct ovs_build *b, struct ovs_edit *e, const char *column, json_t *value);
int xsn_ovs_edit_put_text(struct ovs_build *b, struct ovs_edit *e, const char *column, const char *value);
int xsn_ovs_edit_put_number(struct ovs_build *b, struct ovs_edit *e, const char *column, int64_t value);
int xsn_ovs_edit_put_none(struct ovs_build *b, struct ovs_edit *e, const char *column);
/* Sets a key of a map; NULL: it goes. */
int xsn_ovs_edit_put_key(struct ovs_build *b, struct ovs_edit *e, const char *column, const char *key,
                         const char *value);
void xsn_ovs_edits_done(struct ovs_build *b);
/* The pairs of a map's value; NULL: it is no map. */
json_t *xsn_ovs_pairs(const json_t *value);
json_t *xsn_ovs_tagged(const char *tag, json_t *items); /* takes items */
/* A new array of two strings: a pair, a reference. NULL: no memory. */
json_t *xsn_ovs_pair(const char *first, const char *second);

/* ---- emit.c ---- */

int xsn_ovs_emit(struct ovs_build *b, struct ovs_transaction *txn);

/* ---- build_names.c: the states by names, and what is refused ---- */

int xsn_ovs_names_add(struct ovs_names *names, const struct xsnet_state *state);
void xsn_ovs_names_clear(struct ovs_names *names);
/* The device that has, or gets, the addresses of a PIF, bond, VLAN or network in that state; NULL: none. */
const char *xsn_ovs_place_in(const struct ovs_names *names, const struct xsnet_object *obj);
int xsn_ovs_names_find(struct ovs_build *b);
void xsn_ovs_names_done(struct ovs_build *b);
/* -EINVAL "needs-network": a VLAN whose PIF is on no bridge. */
int xsn_ovs_shape_of(struct ovs_build *b, const struct ovs_names *names, const struct xsnet_object *net,
                     struct ovs_shape *ret_shape);
bool xsn_ovs_shape_same(const struct ovs_shape *a, const struct ovs_shape *c);
/* What must not be touched, and what cannot be done. */
int xsn_ovs_refuse(struct ovs_build *b);

/* ---- build_network.c ---- */

/* Bridges and fake bridges, as the plan wants them. */
int xsn_ovs_build_shapes(struct ovs_build *b);
/* After all: -EBUSY "network-in-use" where a bridge goes and a port of somebody else's with it. */
int xsn_ovs_check_lost(struct ovs_build *b);
int xsn_ovs_build_network(struct ovs_build *b);
int xsn_ovs_build_vlan(struct ovs_build *b);
/* Hangs a Port into a network: below its bridge, with its tag. */
int xsn_ovs_place(struct ovs_build *b, struct ovs_edit *port, const char *network);

/* ---- build_port.c ---- */

int xsn_ovs_build_pif(struct ovs_build *b);
int xsn_ovs_build_bond(struct ovs_build *b);
int xsn_ovs_build_vif(struct ovs_build *b);
/* The Port with this one Interface, in the network: the one there is, moved, or a new one. */
int xsn_ovs_port_in(struct ovs_build *b, const char *device, const char *network, struct ovs_edit **ret_port,
                    struct ovs_edit **ret_interface);
/* The Port of a device goes, if it has one of its own. */
int xsn_ovs_port_gone(struct ovs_build *b, const char *device);

/* ---- build_moves.c: what goes along by rtnetlink; where the database is this machine's ---- */

int xsn_ovs_find_moves(struct ovs_build *b);
/* The bridge's device is made anew, under this name: what it carries goes along. */
int xsn_ovs_note_remade(struct ovs_build *b, const char *was, const char *is);
/* Where a device becomes a port: it is brought up, and its row remembers that it was not. */
int xsn_ovs_note_up(struct ovs_build *b, struct ovs_edit *interface);
/* The row remembers which MTU the device has, before it gets another. */
int xsn_ovs_note_mtu(struct ovs_build *b, struct ovs_edit *interface);

/* ---- build_hwaddr.c ---- */

/* Bridges get the MAC addresses of their PIFs, and give them back. After all steps. */
int xsn_ovs_put_hwaddrs(struct ovs_build *b);

/* ---- build_tunnel.c ---- */

int xsn_ovs_build_tunnel(struct ovs_build *b);

/* ---- build_fields.c ---- */

/* The rows that an object is about. */
struct ovs_target {
        struct ovs_edit *rows[OVS_N_TABLES];
        bool fake; /* of a fake bridge's network */
};

/* Writes the changed rows of the step's object that need no code. */
int xsn_ovs_put_fields(struct ovs_build *b, const struct ovs_target *at);
/* Writes one of our keys; NULL: it goes. */
int xsn_ovs_put_own(struct ovs_build *b, const struct ovs_target *at, int kind, const char *key, const char *value);
/* Owner and whether we made it, where the step changes that. */
int xsn_ovs_put_marks(struct ovs_build *b, const struct ovs_target *at);
/* What our keys remember of addresses: management, autoconf. -EINVAL "needs-network" */
int xsn_ovs_put_settings(struct ovs_build *b, const struct ovs_target *at);
/* The MTU of what follows its network's; `joins`: a member that may have another one than its bond, which keeps its. */
int xsn_ovs_put_mtu(struct ovs_build *b, struct ovs_edit *interface, bool joins);
/* A device that is no port has no row: -EINVAL "needs-network" where its object says what would stand there. */
int xsn_ovs_refuse_rowless(struct ovs_build *b);
bool xsn_ovs_changed(const struct ovs_build *b, int field);
/* Rows as a journal's object kept them. */
int xsn_ovs_restore(struct ovs_build *b, const struct xsnet_object *obj);

#endif
