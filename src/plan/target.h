/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What turns a document into pairs, shared by the files of the planner's first half.
 * resolve.c finds out which object each item is about (find.c, rename.c), target.c makes
 * each object as its items want it, and the others draw the consequences: bonds.c, users.c,
 * names.c, tunnels.c, mtu.c, address.c, own.c, rules.c. Functions return 0 or -ENOMEM;
 * what the document does wrong goes into resolve->errs, and the work goes on.
 */
#ifndef PLAN_TARGET_H
#define PLAN_TARGET_H

#include "base/hash.h"
#include "plan/work.h"

/* An object of a host, before and after. */
struct xsn_slot {
        struct xsn_dom0 *node;
        struct xsn_pair *pair;       /* the work's */
        struct xsnet_object *want;   /* a reference: the items about it, united; NULL: none is */
        bool own_want;               /* `want` is a copy of ours, not the document's */
        const struct xsnet_object **items; /* what `want` was united from: for the places of errors */
        size_t n_items, cap_items;
        bool conflict;               /* items of it say different things, which was reported */
        bool asked;                  /* it differs by more than what `because` brings along */
        bool referred;               /* an item refers to it by name, so it is not pruned */
        bool claimed;                /* an item names this bond, so no other one finds it by its members */
        bool visited;                /* by a walk of rules.c */
        uint64_t diff;               /* rows that the items change */
        const char *key;             /* as it shall be: the node's index has it */
        struct xsn_slot *twin;       /* the next network of the same name */
        struct xsn_slot *because;    /* whose step changes this one, too */
        struct xsn_slot *member_of;  /* the bond that it shall be a member of */
        bool heir;                   /* it gets addresses of others from what goes: a step of its own */
        const char *users;           /* of a network that goes: who is in its way, for the message */
        size_t n_users;
};

/* A host of a target; where networks are the pool's, a node named "" has them. */
struct xsn_dom0 {
        struct xsn_target *target;
        const char *name;
        const struct xsn_host *host; /* NULL: not described */
        bool active;                 /* it is one of those asked for */
        struct xsn_hash keys[XSN_N_KINDS + 1]; /* by kind: key as it shall be -> slot */
        struct xsn_hash now;         /* device as observed -> slot */
        struct xsn_hash old_names;   /* status.old-name of NICs -> slot */
        struct xsn_hash bond_of;     /* member as observed -> its bond's slot */
        struct xsn_hash devices;     /* device as it shall be -> slot; filled as names become known */
        struct xsn_hash pif_of;      /* network -> the one PIF that it shall have */
        struct xsn_hash renamed;     /* device (of a bond, its name) as observed -> slot that gets another one */
        struct xsn_hash renamed_networks; /* the same of networks */
};

struct xsn_target {
        struct xsn_resolve *all;
        const struct xsn_plan_input *input;
        struct xsn_work *work;
        struct xsn_dom0 **nodes;
        size_t n_nodes, cap_nodes;
        struct xsn_dom0 *pool; /* networks of the pool; NULL: each node has its own */
        struct xsn_slot **slots; /* observed ones first, then new ones in the order of the document */
        size_t n_slots, cap_slots;
        struct xsn_hash uuids; /* of networks -> slot */
        size_t n_renamed;      /* bonds and VLANs that got another name so far */
        struct xsnet_object **renamed_items; /* each a reference: copies of items that name a VM in another way */
        size_t n_renamed_items, cap_renamed_items;
        char **kept; /* strings that live as long as the target: the indexes' keys */
        size_t n_kept, cap_kept;
};

/* An error, until they are reported in the order of the document. */
struct xsn_found {
        struct xsn_pos pos;
        size_t sequence;
        struct xsnet_error *err; /* owned */
};

struct xsn_resolve {
        const struct xsnet_state *desired;
        const struct xsn_plan_options *options;
        struct xsn_target *targets;
        size_t n_targets;
        struct xsn_hash said; /* what is reported once although it holds for many hosts */
        unsigned n_suggestions; /* suggestions cost time: the first few errors have them */
        struct xsn_found *found;
        size_t n_found, cap_found;
        struct xsnet_error **errs;
};

/* ---- node.c: the indexes ---- */

int xsn_target_open(struct xsn_target *target);
void xsn_target_done(struct xsn_target *target);
/* A copy of s that lives as long as the target; NULL without memory. */
const char *xsn_target_keep(struct xsn_target *target, const char *s);
int xsn_target_note(struct xsn_target *target, const char *fmt, ...) XSN_PRINTF(2, 3);
bool xsn_target_can(const struct xsn_target *target, unsigned flag);
/* Is it the pool's, and no host's? Networks, and VIFs of VMs, which may run on any host. */
bool xsn_target_is_pools(const struct xsn_target *target, const struct xsnet_object *obj);
/* A slot for an object that is made; the pair is still empty. */
int xsn_slot_new(struct xsn_dom0 *node, struct xsn_slot **ret_slot);
/* Puts the slot into the node's index of its kind and its device into `devices`, unless the names are taken there. */
int xsn_slot_index(struct xsn_slot *slot, const struct xsnet_object *obj);
/* The node that has the networks of `node`. */
struct xsn_dom0 *xsn_dom0_networks(struct xsn_dom0 *node);
struct xsn_slot *xsn_dom0_network(struct xsn_dom0 *node, const char *name);
/* The PIF of any kind that a document means by a name: a NIC, bond, VLAN "PIF.TAG" or device; NULL. */
struct xsn_slot *xsn_dom0_pif(struct xsn_dom0 *node, const char *name);
struct xsn_slot *xsn_dom0_find(struct xsn_dom0 *node, int kind, const char *key);

/* ---- slot.c ---- */

/* The object as it shall be, for writing: first a copy of the observed one. NULL without memory, or where it goes. */
struct xsnet_object *xsn_slot_edit(struct xsn_slot *slot);
/* The same for what the items want. */
struct xsnet_object *xsn_slot_edit_want(struct xsn_slot *slot);
/* Takes the object away; nobody asks for it any more. */
void xsn_slot_remove(struct xsn_slot *slot);
/* As it shall be, observed, or wanted: the first there is. */
const struct xsnet_object *xsn_slot_object(const struct xsn_slot *slot);
int xsn_slot_kind(const struct xsn_slot *slot);
bool xsn_slot_stays(const struct xsn_slot *slot);
/* Does anything about it change? */
bool xsn_slot_changes(const struct xsn_slot *slot);
/* Is it in this network now, as it was before? */
bool xsn_slot_was_in(const struct xsn_slot *slot, const char *network);
/* Do the items set the field (or, `reset`: also where they reset it)? */
bool xsn_slot_wants(const struct xsn_slot *slot, int field, bool reset);
/* Puts a sentence into the pair's note, after what is there. */
int xsn_slot_note(struct xsn_slot *slot, const char *fmt, ...) XSN_PRINTF(2, 3);
/* "vlan 'eth1.100'" as kept text, for messages; "" without memory. */
const char *xsn_slot_name(const struct xsn_slot *slot);

/* ---- complain.c ---- */

/* The last of the slot's items that says something of the field; the first where none does; NULL: there is no item. */
const struct xsnet_object *xsn_slot_item(const struct xsn_slot *slot, int field);
/* An error at the item (or where there is none, at nothing) that wants the slot. */
void xsn_slot_error(const struct xsn_slot *slot, int field, int code, const char *reason, const char *fmt, ...)
        XSN_PRINTF(5, 6);
/* An error at an item. */
void xsn_item_error(const struct xsn_dom0 *node, const struct xsnet_object *item, int field, int code,
                    const char *reason, const char *fmt, ...) XSN_PRINTF(6, 7);
/* "; did you mean 'eth1'?" with the nearest name among the node's slots of these kinds (bit k: kind k), or "". */
void xsn_suggest_slot(struct xsn_dom0 *node, unsigned kinds, const char *name, struct xsn_buf *buf);
/* " on host 'xs-1'", or nothing */
void xsn_dom0_describe(const struct xsn_dom0 *node, struct xsn_buf *buf);
/* Has this been said of the item already (of another host)? Remembers it. */
bool xsn_said(struct xsn_resolve *all, const struct xsn_target *target, const struct xsnet_object *item, int field,
              const char *what);

/* Keeps an error (taken) until all are known. */
void xsn_keep_error(struct xsn_resolve *all, struct xsn_pos pos, struct xsnet_error *err);
/* Gives all errors to the caller, in the order of the document. */
void xsn_report(struct xsn_resolve *all);

/* ---- the phases, in their order ---- */

/* rename.c: NICs that get another name; then, in what refers to renamed NICs and networks, the new names. */
int xsn_rename_nics(struct xsn_dom0 *node, const struct xsnet_object *item);
int xsn_rename_references(struct xsn_target *target);
/* A bond or VLAN that its item calls otherwise; what stands on it comes with the next xsn_rename_references(). */
int xsn_rename_port(struct xsn_dom0 *node, const struct xsnet_object *item);
/* find.c: the slot that an item is about; *ret_slot NULL: there is none yet. `wrong` where an error was reported. */
int xsn_find_slot(struct xsn_dom0 *node, const struct xsnet_object *item, struct xsn_slot **ret_slot, bool *ret_wrong);
/* Before bonds are found by their members: those that items name are taken. */
int xsn_claim_bond(struct xsn_dom0 *node, const struct xsnet_object *item);
/* The NIC that a pif item means by device, `match` and `rename`; NULL. *ret_n: how many there are. */
struct xsn_slot *xsn_find_nic(struct xsn_dom0 *node, const struct xsnet_object *item, size_t *ret_n);
/* Gives an observed network the name that its item has. */
int xsn_rename_network(struct xsn_slot *slot, const struct xsnet_object *item);
/* bind.c: has the item's wish in its slot. */
int xsn_bind(struct xsn_dom0 *node, const struct xsnet_object *item);
/* What is wrong with items together that is right with each alone. */
int xsn_check_united(struct xsn_target *target);
/* target.c: each object as its items want it. */
int xsn_target_fill(struct xsn_target *target);
/* One of them: after xsn_target_fill() for wishes of our own. */
int xsn_fill(struct xsn_slot *slot);
/* want.c: completes what the items want by what the fields mean together. */
int xsn_want_complete(struct xsn_slot *slot);
/*
 * Does the row of the observed object go with addresses that others set? Then it stays when an object is given up:
 * nobody who did not name it may take a host's default route away.
 */
bool xsn_row_is_others(const struct xsnet_object *from, int field);
/* Addresses named for a tunnel are its network's. */
int xsn_want_tunnel_addresses(struct xsn_slot *slot);
/* own.c: what the owner no longer names. */
int xsn_prune(struct xsn_target *target);
/* bonds.c: members, and what a bond takes from them. */
int xsn_bonds(struct xsn_target *target);
/* inherit.c: what goes with a NIC into a bond, and with the bond back to it. */
int xsn_inherit(struct xsn_target *target);
/* users.c: one PIF a network; who is in a network that goes; tunnels that move. */
int xsn_users(struct xsn_target *target);
/* tunnels.c: local addresses and devices of tunnels. */
int xsn_tunnels(struct xsn_target *target);
/* names.c: default names of bridges and devices, and names that are used twice. */
int xsn_names(struct xsn_target *target);
void xsn_default_bridge(const char *name, char ret_bridge[16]);
int xsn_tunnel_port_name(const struct xsnet_object *tunnel, const struct xsn_ip *remote, char ret_device[16]);
/* mtu.c */
int xsn_mtus(struct xsn_target *target);
/* gateways.c: whose gateway is the host's, and which interface its management's. */
int xsn_gateways(struct xsn_dom0 *node);
/* below.c: rows that a VLAN's network has of the bridge below. */
int xsn_rows_below(struct xsn_target *target);
/* subnets.c: the rules about addresses. */
int xsn_addresses(struct xsn_target *target);
int xsn_address_hosts(struct xsn_resolve *all);
/* address.c: does the object carry addresses, or is it for management? */
bool xsn_addressing_has(const struct xsnet_object *obj);
/* The address field is not set, or at its default. */
bool xsn_addressing_is_plain(const struct xsnet_object *obj, int field);
/* Does a DHCP client that we cannot restart elsewhere keep its address? */
bool xsn_dhcp_runs(const struct xsn_target *target, const struct xsnet_object *obj);
/*
 * `dst` takes the addresses, gateways, routes and roles of `src` that it has not and does not name itself; `src`
 * loses all of them.
 */
int xsn_addressing_move(struct xsn_slot *dst, struct xsn_slot *src, bool *ret_moved);
int xsn_addressing_drop(struct xsn_slot *slot);
/* The same from what goes, where nothing else gets one of its addresses: that happens by itself, in its step. */
int xsn_addressing_take(struct xsn_slot *heir, const struct xsnet_object *from, bool *ret_moved);
/*
 * `heir` takes the addresses of `from`, which goes, that others set and nothing else has after the plan, and the
 * gateways and routes that go with them.
 */
int xsn_addressing_inherit(struct xsn_slot *heir, const struct xsnet_object *from, bool *ret_any);
/* rules.c, stack.c: what cannot be. */
int xsn_rules(struct xsn_target *target);
int xsn_stack_rules(struct xsn_target *target);
/* caps.c */
int xsn_check_caps(struct xsn_slot *slot);
int xsn_refusals(struct xsn_target *target);
/* own.c: owners and marks. */
int xsn_owners(struct xsn_target *target);
int xsn_own_keys(struct xsn_slot *slot);
/* finish.c: what is implied, what is replaced, what is nothing. */
int xsn_finish(struct xsn_target *target);

#endif
