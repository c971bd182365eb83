/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One description per kind: a field is a struct member and a row. Everything that
 * is generic (codec, diff, merge, print, validation, accessors, schema, reference)
 * walks these rows; what is not a field is a plain function.
 */
#ifndef MODEL_DESC_H
#define MODEL_DESC_H

#include "model/value.h"

enum {
        XSN_F_KEY = 1 << 0,      /* part of the identity */
        XSN_F_REQUIRED = 1 << 1, /* must be known when the object is made */
        XSN_F_OBSERVED = 1 << 2, /* status: shown, never planned */
        XSN_F_RECREATE = 1 << 3, /* a change is a removal and a creation */
        XSN_F_SET = 1 << 4,      /* a list whose order does not matter, without duplicates */
        XSN_F_ONE = 1 << 5,      /* a list that documents may write as one scalar */
        XSN_F_DEFAULT = 1 << 6,  /* `def` is the default; without it, the default is "unset" */
        XSN_F_DEVNAME = 1 << 7,  /* a device name, checked as the kernel does */
        XSN_F_SELECT = 1 << 8,   /* chooses an object (match.*): never planned, and a key where given */
        XSN_F_ADDRESS = 1 << 9,  /* addresses that others added stay: see xsn_object_field_differs() */
        XSN_F_SECRET = 1 << 10,  /* never printed */
        XSN_F_LINES = 1 << 11    /* a text that may have several lines */
};

struct xsn_field {
        int id; /* XSNET_FIELD_* */
        const char *name;
        int type; /* XSNET_TYPE_* */
        unsigned flags;
        size_t offset; /* in the kind's struct */
        uint64_t min, max; /* of numbers; max 0: the type's own */
        uint64_t def;      /* of numbers, bools and enums, with XSN_F_DEFAULT */
        const struct xsn_enum *en;
        const char *doc; /* a sentence for the reference, with the unit */
};

/* The C type that a row's member must have. */
#define XSN_C_XSNET_TYPE_BOOL     bool
#define XSN_C_XSNET_TYPE_U32      uint32_t
#define XSN_C_XSNET_TYPE_RATE     uint64_t
#define XSN_C_XSNET_TYPE_ENUM     struct xsn_enumval
#define XSN_C_XSNET_TYPE_STR      char *
#define XSN_C_XSNET_TYPE_MAC      struct xsn_mac
#define XSN_C_XSNET_TYPE_IP       struct xsn_ip
#define XSN_C_XSNET_TYPE_STRS     struct xsn_list
#define XSN_C_XSNET_TYPE_U32S     struct xsn_list
#define XSN_C_XSNET_TYPE_IPS      struct xsn_list
#define XSN_C_XSNET_TYPE_PREFIXES struct xsn_list
#define XSN_C_XSNET_TYPE_MAP      struct xsn_list
#define XSN_C_XSNET_TYPE_ROUTES   struct xsn_list

/* offsetof, refused at compile time where the member has not the row's C type. */
#define XSN_OFFSET(s, m, ctype)                                                                                        \
        (offsetof(s, m) + 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((s *)0)->m), ctype) ? 1 : -1]))

#define XSN_FIELD(s, m, id_, name_, type_, ...)                                                                        \
        {                                                                                                              \
                .id = (id_), .name = (name_), .type = (type_), .offset = XSN_OFFSET(s, m, XSN_C_##type_), __VA_ARGS__  \
        }

struct xsnet_object;

struct xsn_class {
        int kind;           /* XSNET_KIND_* */
        const char *name;   /* "vlan" */
        const char *plural; /* "vlans", the list's key in documents */
        const char *doc;
        size_t size; /* of the kind's struct, which begins with struct xsnet_object */
        const struct xsn_field *fields;
        size_t n_fields;
        bool has_link;    /* the rows of struct xsn_link follow the kind's own, */
        bool has_address; /* and then the address rows */
        /* Rules within an object that span fields; appends to *errs. NULL: none. */
        void (*check)(const struct xsnet_object *obj, struct xsnet_error **errs);
        /* Writes the identity within a host ("eth1.100"); nothing while a key field is unset. */
        void (*key)(const struct xsnet_object *obj, struct xsn_buf *buf);
};

#define XSN_N_KINDS 6
#define XSN_FIELDS_MAX 64 /* xsnet_object.present is 64 bits */

/* Kinds in the order of XSNET_KIND_*. */
extern const struct xsn_class xsn_network_class, xsn_pif_class, xsn_bond_class, xsn_vlan_class, xsn_tunnel_class,
        xsn_vif_class;
/* The rows that several kinds share; each struct has them at the same place. */
extern const struct xsn_field xsn_link_fields[], xsn_address_fields[];
extern const size_t xsn_n_link_fields, xsn_n_address_fields;

extern const struct xsn_enum xsn_network_locking, xsn_vif_locking, xsn_bond_mode, xsn_bond_hash, xsn_lacp_rate,
        xsn_tunnel_protocol, xsn_ipv4_mode, xsn_ipv6_mode;

/* NULL for an unknown kind. */
const struct xsn_class *xsn_class_of(int kind);
/* "vlan" or "vlans"; NULL. */
const struct xsn_class *xsn_class_find(const char *name);
/* Own rows and shared rows. */
size_t xsn_class_n_fields(const struct xsn_class *cls);
/* i < xsn_class_n_fields() */
const struct xsn_field *xsn_class_field(const struct xsn_class *cls, size_t i);
/* The row's index (its bit in the masks), or -ENOENT. */
int xsn_class_index(const struct xsn_class *cls, int field);
int xsn_class_index_by_name(const struct xsn_class *cls, const char *name);
/* The bit of a field, 0 where the kind has none. */
uint64_t xsn_class_bit(const struct xsn_class *cls, int field);

#endif
