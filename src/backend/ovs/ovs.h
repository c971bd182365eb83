/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the ovs backend share: which column a model row stands for, what hangs together in a database,
 * and the way from rows to objects. Pure: rows (rows.h) and, where the database is this machine's, links and
 * addresses in; a state out.
 */
#ifndef BACKEND_OVS_OVS_H
#define BACKEND_OVS_OVS_H

#include "backend/dom0/managers.h"
#include "backend/dom0/payload.h"
#include "backend/dom0/view.h"
#include "backend/ovs/rows.h"
#include "model/state.h"
#include "plan/caps.h"

/*
 * Keys of ours in external_ids: of a Bridge for its network, of a fake bridge's Port with the prefix "fake-bridge-" for
 * its network and without it for its VLAN, of a Port for a bond, of an Interface for PIFs, tunnels and VIFs.
 */
#define OVS_KEY_OWNER       "xsnet-owner"
#define OVS_KEY_MADE        "xsnet-made"        /* "no": it was there before us */
#define OVS_KEY_NAME        "xsnet-name"        /* the network's, where the bridge is called otherwise */
#define OVS_KEY_DESCRIPTION "xsnet-description"
#define OVS_KEY_MANAGEMENT  "xsnet-management"  /* "yes", "no" */
#define OVS_KEY_IPV6        "xsnet-ipv6"        /* "autoconf" */
#define OVS_KEY_TRANSPORT   "xsnet-transport"   /* of a tunnel */
#define OVS_KEY_UP          "xsnet-up"          /* "no": the device was down before it became a port */
#define OVS_KEY_MTU         "xsnet-mtu"         /* that the device had before it became a port */
#define OVS_FAKE_PREFIX     "fake-bridge-"
#define OVS_FAKE_PREFIX_LEN (sizeof(OVS_FAKE_PREFIX) - 1)

/* ---- fields.c: model rows and columns ---- */

enum {
        OVS_F_CODE = 1 << 0,      /* read and written by code: the row is here for what it needs of the server */
        OVS_F_DEFAULT = 1 << 1,   /* where it is not set, the model's default holds */
        OVS_F_THOUSANDS = 1 << 2, /* the column counts thousands */
        OVS_F_LOCAL = 1 << 3      /* over rtnetlink: only where the database is this machine's */
};

struct ovs_field {
        int kind;           /* XSNET_KIND_*; 0: every kind that has the field */
        int field;          /* XSNET_FIELD_* */
        int table;          /* OVS_* */
        const char *column; /* NULL: none */
        const char *key;    /* of a map; NULL: the whole column */
        unsigned flags;     /* OVS_F_* */
};

/* All of them; what a field needs more than once stands more than once. */
extern const struct ovs_field xsn_ovs_fields[];
extern const size_t xsn_ovs_n_fields;

/* The rows that an object is about, by table; NULL: none. */
struct ovs_place {
        const struct ovs_row *rows[OVS_N_TABLES];
        bool fake; /* of a fake bridge's network: what stands in Bridge stands at its Port */
};

/* Reads all fields of the object's kind that no code reads. 0 or -ENOMEM. */
int xsn_ovs_read_fields(const struct ovs_place *place, struct xsnet_object *obj);
/* The value of one of our keys for an object of this kind; NULL: not set. */
const char *xsn_ovs_own_key(const struct ovs_place *place, int kind, const char *key);
/* As xsn_caps.find_key: whose the key of other-config is. */
const char *xsn_ovs_find_key(int kind, const char *key);
/* A number, decimal, or with 0x or 0 as in C. */
bool xsn_ovs_number(const char *text, uint64_t max, uint64_t *ret_number);

/* ---- caps.c ---- */

/* As xsn_ovsdb_has_column(). */
typedef bool (*xsn_ovs_has_fn)(const void *server, const char *table, const char *column);

struct ovs_caps {
        struct xsn_caps caps;
        bool protects; /* Port.protected: tunnels of a mesh do not forward to one another */
};

/* rows: for the types of interfaces that vswitchd has. `local`: the database is this machine's. */
void xsn_ovs_caps_find(xsn_ovs_has_fn has, const void *server, const struct ovs_rows *rows, bool local,
                       struct ovs_caps *ret_caps);

/* ---- topology.c: what hangs together ---- */

enum {
        OVS_OTHER = 0, /* not ours to show: internal ports of others, patch ports, ... */
        OVS_LOCAL,     /* a bridge's own port */
        OVS_NIC,
        OVS_BOND,
        OVS_TUNNEL,
        OVS_VIF
};

struct ovs_bridge;

struct ovs_port {
        const struct ovs_row *row;
        struct ovs_bridge *bridge; /* the network that it is in, by its tag */
        const struct ovs_row **interfaces; /* owned, in the order of names */
        size_t n_interfaces;
        int role; /* OVS_OTHER ... */
};

struct ovs_bridge {
        const char *name;
        const struct ovs_row *row;        /* NULL: a fake bridge */
        const struct ovs_row *port;       /* its own port; NULL: none */
        const struct ovs_row *interface;  /* of that */
        const struct xsn_d0_link *link;   /* that device, where it is on this machine */
        struct ovs_bridge *parent;        /* of a fake bridge; NULL: a real one */
        uint32_t tag;
        size_t n_fake;                    /* fake bridges on it */
        struct ovs_bridge *fake;          /* the last one of them */
        size_t n_pifs;                    /* NICs, bonds and VLANs in its network */
        const struct ovs_port *pif;       /* the one of them; NULL: none, several, or a VLAN */
        bool toolstack;                   /* the toolstack says that it, or its parent, is its own */
        char *network;                    /* owned: what its network is called */
        char *vlan;                       /* owned: PIF.TAG of a fake bridge's VLAN */
        struct { uint64_t parent, tag; } key; /* in by_tag */
};

struct ovs_view {
        const struct ovs_rows *rows;
        const struct xsn_d0_net *net; /* NULL: another machine's */
        const struct xsn_d0_managers *managers; /* NULL: not known */
        const char *host;
        struct xsnet_state *state;
        struct ovs_bridge **bridges; /* owned: the real ones in the order of names, then the fake ones */
        size_t n_bridges, cap_bridges;
        struct ovs_port **ports;     /* owned: in the order of bridges and names */
        size_t n_ports, cap_ports;
        struct xsn_hash by_name;     /* bridges */
        struct xsn_hash by_tag;      /* fake bridges by parent and tag */
        struct xsn_hash seen;        /* uuids of Ports and Interfaces that have their place -> their row */
        struct xsn_hash devices;     /* the same of Interfaces by name -> their port */
        struct xsn_d0_default route;
        bool marked_management;      /* some row says so */
};

int xsn_ovs_topology_find(struct ovs_view *view);
void xsn_ovs_topology_done(struct ovs_view *view);
struct ovs_bridge *xsn_ovs_bridge_named(const struct ovs_view *view, const char *name);
/* What documents call the PIF of the bridge's network; NULL: it has none, or several. */
const char *xsn_ovs_bridge_pif(const struct ovs_bridge *bridge);
/* What they call a port: a NIC by its device, a bond by its name. */
const char *xsn_ovs_port_name(const struct ovs_port *port);
/* The link of an Interface; NULL: not known. */
const struct xsn_d0_link *xsn_ovs_link_of(const struct ovs_view *view, const struct ovs_row *interface);

/* ---- payload.c: rows as they were ---- */

/* Adds what is set of the rows' columns to the object's payload; rows that are NULL are left out. 0 or -ENOMEM. */
int xsn_ovs_payload_save(struct xsnet_object *obj, const struct ovs_row *const *rows, size_t n);
/* The columns of a row that the object's payload has, by table and name; a new reference. NULL: not there. */
json_t *xsn_ovs_payload_row(const struct xsnet_object *obj, int table, const char *name);
/* Adds how the device is: down, without IPv6. link may be NULL. 0 or -ENOMEM. */
int xsn_ovs_payload_save_link(struct xsnet_object *obj, const struct xsn_d0_link *link);
/* Adds the MAC address that somebody chose for the port's bridge. 0 or -ENOMEM. */
int xsn_ovs_payload_save_hwaddr(struct xsnet_object *obj, const struct ovs_port *port);
/* The names of the rows of a table that it has: a new array. */
json_t *xsn_ovs_payload_names(const struct xsnet_object *obj, int table);

/* ---- observe.c and its parts: 0 or -ENOMEM ---- */

int xsn_ovs_new_object(const struct ovs_view *view, int kind, struct xsnet_object **ret_obj);
/* Owner and what else our keys say. link: the one with the object's addresses; NULL: none, or not known. */
int xsn_ovs_view_marks(const struct ovs_view *view, const struct ovs_place *place, const struct xsn_d0_link *link,
                       struct xsnet_object *obj);
/* Status rows: from the link, else from the Interface. master: NULL: none. */
int xsn_ovs_view_status(const struct ovs_row *interface, const struct xsn_d0_link *link, const char *master,
                        struct xsnet_object *obj);
/*
 * Address rows: those of `place`, which may be NULL, and who else cares for the object: for the link that it is itself
 * (NULL: none), or for that; the toolstack for its own bridges (NULL: the object is in none). After the marks.
 */
int xsn_ovs_view_addresses(const struct ovs_view *view, const struct xsn_d0_link *place,
                           const struct xsn_d0_link *link, const struct ovs_bridge *bridge, struct xsnet_object *obj);

int xsn_ovs_view_networks(struct ovs_view *view);
int xsn_ovs_view_vlans(struct ovs_view *view);
int xsn_ovs_view_pifs(struct ovs_view *view);
int xsn_ovs_view_bonds(struct ovs_view *view);
int xsn_ovs_view_vifs(struct ovs_view *view);
int xsn_ovs_view_tunnels(struct ovs_view *view);

/*
 * The state of the host called `host`. net: links and addresses of this machine, where the database is its own; NULL:
 * another's, so what only the kernel tells is not set. managers: NULL: not known, or of another namespace. -EPROTO
 * "bad-reply": see xsn_ovs_rows_check(); -ENOMEM.
 */
int xsn_ovs_observe(const struct ovs_rows *rows, const struct xsn_d0_net *net, const struct xsn_d0_managers *managers,
                    const char *host, struct xsnet_state **ret_state, struct xsnet_error **ret_err);

#endif
