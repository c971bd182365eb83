/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the xapi backend share: which column a model row stands for, what hangs together in a pool, and
 * the way from records to objects. Pure: records (records.h) in, a state out.
 */
#ifndef BACKEND_XAPI_XAPI_H
#define BACKEND_XAPI_XAPI_H

#include "backend/xapi/records.h"
#include "model/state.h"
#include "plan/caps.h"

/*
 * Keys of ours in other_config: of the network, of the VIF, and for everything that is a PIF (bond, VLAN, tunnel) of
 * its PIF.
 */
#define XA_KEY_OWNER "xsnet-owner"
#define XA_KEY_MADE  "xsnet-made" /* "no": it was there before us */
#define XA_KEY_NAME  "xsnet-name" /* of a bond: what documents call it */

/* What XAPI gives every bond that says nothing else, in ms. */
#define XA_BOND_UPDELAY   31000
#define XA_BOND_DOWNDELAY 200
#define XA_BOND_MIIMON    100

/* ---- fields.c: model rows and columns ---- */

enum {
        XA_F_CODE = 1 << 0,  /* read and written by code: the row says where the field is kept */
        XA_F_FIXED = 1 << 1, /* can be said when the object is made, and never changed */
        XA_F_SHOWN = 1 << 2  /* only observed: nobody can set it through XAPI */
};

struct xa_version {
        unsigned major, minor, micro; /* of the build of xapi */
};

struct xa_field {
        int kind;  /* XSNET_KIND_*; 0: everything that is a PIF */
        int field; /* XSNET_FIELD_* */
        int class; /* XA_* */
        int column;
        const char *key;         /* of a map; NULL: the whole column */
        unsigned flags;          /* XA_F_* */
        struct xa_version since; /* all zero: has always been there */
};

extern const struct xa_field xsn_xa_fields[];
extern const size_t xsn_xa_n_fields;

/* The records that an object is about, by class; NULL: none. */
struct xa_place {
        const struct xa_record *rows[XA_N_CLASSES];
};

/* Reads all fields of the object's kind that no code reads. 0 or -ENOMEM. */
int xsn_xa_read_fields(const struct xa_place *place, struct xsnet_object *obj);
/* As xsn_caps.find_key: whose the key of other-config is. */
const char *xsn_xa_find_key(int kind, const char *key);
/* Of XAPI's words and ours; the value or 0, and the word or NULL. */
int xsn_xa_enum_value(int field, const char *word);
const char *xsn_xa_enum_word(int field, int value);

/* ---- topology.c: what hangs together ---- */

enum {
        XA_ROLE_OTHER = 0,
        XA_ROLE_NIC,
        XA_ROLE_BOND,
        XA_ROLE_VLAN,
        XA_ROLE_TUNNEL
};

struct xa_host {
        const struct xa_record *row;
        const struct xa_record *metrics; /* NULL: none */
        const char *name;                /* what the model calls it */
        bool coordinator;
};

/* A record of class PIF, and what it is. */
struct xa_pif {
        const struct xa_record *row;
        struct xa_host *host;
        int role;
        const struct xa_record *about;   /* the Bond, VLAN or tunnel that it is; NULL */
        struct xa_pif *below;            /* of a VLAN or tunnel: what it stands on */
        struct xa_pif *bond;             /* that it is a member of; NULL */
        const struct xa_record *network; /* NULL: not there */
        char *name;                      /* owned: what documents call it; of a tunnel its device */
};

struct xa_view {
        const struct xa_records *records;
        const struct xa_record *pool;
        struct xa_host *hosts; /* by name */
        size_t n_hosts;
        struct xa_pif *pifs; /* by host, role and name; those of hosts that are not there are left out */
        size_t n_pifs;
        struct xsn_hash pif_of;            /* reference -> its xa_pif */
        const struct xa_record **networks; /* by bridge */
        size_t n_networks;
        const struct xa_record **vms; /* the real ones, by name */
        size_t n_vms;
        struct xsn_hash vm_names; /* name -> the first real VM of that name */
        struct xsn_hash vm_twins; /* the same, of names that several have */
};

int xsn_xa_view_open(struct xa_view *view, const struct xa_records *records);
void xsn_xa_view_done(struct xa_view *view);
/* NULL: null, or not there. */
struct xa_pif *xsn_xa_view_pif(const struct xa_view *view, const struct xa_record *record, int column);
/* What documents call a network: its name-label, else its bridge. */
const char *xsn_xa_network_name(const struct xa_record *network);
/* What they call a VM: its name where no other has it, else its uuid. */
const char *xsn_xa_vm_name(const struct xa_view *view, const struct xa_record *vm);
/* A VM that guests run in: no template, snapshot or control domain. */
bool xsn_xa_vm_is_real(const struct xa_record *vm);

/* ---- payload.c: what the model has no field for ---- */

/* Adds the columns of the records that have to be put back as they were. 0 or -ENOMEM. */
int xsn_xa_payload_save(struct xsnet_object *obj, const struct xa_place *place);
/*
 * The records as the payload has them, with those columns alone: one each at most of the classes that the kind is
 * about. 0 or -ENOMEM. A journal may have been tampered with: what does not parse is not there.
 */
int xsn_xa_payload_load(const struct xsnet_object *obj, struct xa_records *ret_records);

/* ---- observe.c and its parts: 0 or -ENOMEM ---- */

bool xsn_xa_bridge_is_reserved(const char *bridge);
int xsn_xa_view_networks(const struct xa_view *view, struct xsnet_state *state);
int xsn_xa_view_pifs(const struct xa_view *view, struct xsnet_state *state);
int xsn_xa_view_vifs(const struct xa_view *view, struct xsnet_state *state);
/* Owner and made, from the map that our keys are in. */
int xsn_xa_view_marks(const struct xa_record *row, int column, struct xsnet_object *obj);
/* Address rows of a PIF. */
int xsn_xa_view_addresses(const struct xa_record *pif, struct xsnet_object *obj);

/* The state of the pool. -EPROTO "bad-reply": what cannot be; -ENOMEM. */
int xsn_xa_observe(const struct xa_view *view, struct xsnet_state **ret_state, struct xsnet_error **ret_err);

/* ---- caps.c ---- */

struct xa_caps {
        struct xsn_caps caps;
        struct xa_version version; /* the lowest of the pool */
};

/* The caps refer to the view. */
void xsn_xa_caps_find(const struct xa_view *view, struct xa_caps *ret_caps);
bool xsn_xa_version_reaches(const struct xa_version *have, const struct xa_version *want);

/* ---- refuse.c: what the planner asks, with the view as its argument; see plan/caps.h ---- */

int xsn_xa_refuse(const void *view, struct xsnet_state *wanted, const struct xsnet_object *from,
                  const struct xsnet_object *to, int *ret_field, struct xsnet_error **ret_err);
const char *xsn_xa_find_vm(const void *view, const char *name, size_t *ret_n);

#endif
