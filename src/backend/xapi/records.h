/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool's database as far as networks are concerned: the records of get_all_records, class by class, found by their
 * references and read by typed getters. Whoever reads replies (or, in tests, recordings) feeds them; nothing here asks
 * a server.
 *
 * A column that the server did not tell, one that is empty and a null reference all are "not set" to the getters of
 * text and references; a reference to a record that is not there is no record.
 */
#ifndef BACKEND_XAPI_RECORDS_H
#define BACKEND_XAPI_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/value.h"

enum {
        XA_POOL = 0,
        XA_HOST,
        XA_HOST_METRICS,
        XA_NETWORK,
        XA_PIF,
        XA_PIF_METRICS,
        XA_BOND,
        XA_VLAN,
        XA_TUNNEL,
        XA_SRIOV,
        XA_VM,
        XA_VIF,
        XA_N_CLASSES
};

/* What a column holds. Numbers are text: that is how XAPI sends them. */
enum {
        XA_TEXT = 0,
        XA_BOOL,
        XA_SET,
        XA_MAP
};

struct xa_column {
        const char *name;
        int type;
};

struct xa_class {
        const char *name; /* as in its calls: "PIF", "network" */
        const struct xa_column *columns;
        size_t n_columns;
};

#define XA_COLUMNS_MAX 32

/* By XA_*: the columns that are kept; all others are passed over. */
extern const struct xa_class xsn_xa_classes[XA_N_CLASSES];

/* The columns of each class. Every class begins with its uuid. */
enum {
        XA_UUID = 0
};
enum {
        XA_POOL_MASTER = 1,
        XA_POOL_OTHER_CONFIG,
        XA_POOL_HA_ENABLED,
        XA_POOL_REDO_LOG_ENABLED
};
enum {
        XA_HOST_NAME_LABEL = 1,
        XA_HOST_HOSTNAME,
        XA_HOST_ADDRESS,
        XA_HOST_SOFTWARE_VERSION,
        XA_HOST_METRICS_REF,
        XA_HOST_ENABLED
};
enum {
        XA_HOST_METRICS_LIVE = 1
};
enum {
        XA_NETWORK_NAME_LABEL = 1,
        XA_NETWORK_NAME_DESCRIPTION,
        XA_NETWORK_MTU,
        XA_NETWORK_OTHER_CONFIG,
        XA_NETWORK_BRIDGE,
        XA_NETWORK_MANAGED,
        XA_NETWORK_TAGS,
        XA_NETWORK_DEFAULT_LOCKING_MODE,
        XA_NETWORK_PURPOSE
};
enum {
        XA_PIF_DEVICE = 1,
        XA_PIF_NETWORK,
        XA_PIF_HOST,
        XA_PIF_MAC,
        XA_PIF_MTU,
        XA_PIF_VLAN,
        XA_PIF_METRICS_REF,
        XA_PIF_PHYSICAL,
        XA_PIF_CURRENTLY_ATTACHED,
        XA_PIF_IP_CONFIGURATION_MODE,
        XA_PIF_IP,
        XA_PIF_NETMASK,
        XA_PIF_GATEWAY,
        XA_PIF_DNS,
        XA_PIF_BOND_SLAVE_OF,
        XA_PIF_VLAN_MASTER_OF,
        XA_PIF_MANAGEMENT,
        XA_PIF_OTHER_CONFIG,
        XA_PIF_DISALLOW_UNPLUG,
        XA_PIF_IPV6_CONFIGURATION_MODE,
        XA_PIF_IPV6,
        XA_PIF_IPV6_GATEWAY,
        XA_PIF_PRIMARY_ADDRESS_TYPE,
        XA_PIF_MANAGED,
        XA_PIF_PROPERTIES
};
enum {
        XA_PIF_METRICS_CARRIER = 1,
        XA_PIF_METRICS_PCI_BUS_PATH
};
enum {
        XA_BOND_MASTER = 1,
        XA_BOND_SLAVES,
        XA_BOND_PRIMARY_SLAVE,
        XA_BOND_MODE,
        XA_BOND_PROPERTIES,
        XA_BOND_AUTO_UPDATE_MAC,
        XA_BOND_OTHER_CONFIG
};
enum {
        XA_VLAN_TAGGED_PIF = 1,
        XA_VLAN_UNTAGGED_PIF,
        XA_VLAN_TAG,
        XA_VLAN_OTHER_CONFIG
};
enum {
        XA_TUNNEL_ACCESS_PIF = 1,
        XA_TUNNEL_TRANSPORT_PIF,
        XA_TUNNEL_PROTOCOL,
        XA_TUNNEL_STATUS,
        XA_TUNNEL_OTHER_CONFIG
};
enum {
        XA_SRIOV_PHYSICAL_PIF = 1,
        XA_SRIOV_LOGICAL_PIF
};
enum {
        XA_VM_NAME_LABEL = 1,
        XA_VM_POWER_STATE,
        XA_VM_RESIDENT_ON,
        XA_VM_AFFINITY,
        XA_VM_DOMID,
        XA_VM_IS_TEMPLATE,
        XA_VM_IS_SNAPSHOT,
        XA_VM_IS_CONTROL_DOMAIN,
        XA_VM_OTHER_CONFIG
};
enum {
        XA_VIF_DEVICE = 1,
        XA_VIF_NETWORK,
        XA_VIF_VM,
        XA_VIF_MAC,
        XA_VIF_MTU,
        XA_VIF_OTHER_CONFIG,
        XA_VIF_CURRENTLY_ATTACHED,
        XA_VIF_QOS_ALGORITHM_TYPE,
        XA_VIF_QOS_ALGORITHM_PARAMS,
        XA_VIF_LOCKING_MODE,
        XA_VIF_IPV4_ALLOWED,
        XA_VIF_IPV6_ALLOWED,
        XA_VIF_TRUNKS
};

struct xa_value {
        bool told; /* the server has the column */
        union {
                char *text; /* owned; NULL: empty */
                bool yes;
                struct xsn_list list; /* of texts, or a map */
        } u;
};

struct xa_record {
        int class;
        char *ref;                /* owned */
        struct xa_value values[]; /* by column */
};

struct xa_table {
        struct xa_record **v; /* owned; in no order until xsn_xa_records_sort() */
        size_t n, cap;
        struct xsn_hash by_ref;
};

struct xa_records {
        struct xa_table tables[XA_N_CLASSES];
};

void xsn_xa_records_done(struct xa_records *records);

/* ---- feeding ---- */

/* XA_* or -ENOENT. */
int xsn_xa_class_find(const char *name);
/* The column or -ENOENT: a column that nobody looks at. */
int xsn_xa_column_find(int class, const char *name);
/* An empty record; one of the same reference that is there already is emptied. 0 or -ENOMEM. */
int xsn_xa_record_add(struct xa_records *records, int class, const char *ref, struct xa_record **ret_record);
void xsn_xa_record_drop(struct xa_records *records, int class, const char *ref);
/*
 * The parts of a value as they come. 0; -EPROTO: the column is of another type; -ENOMEM. An empty set or map is told
 * by xsn_xa_put_empty(), which is right before items, too.
 */
int xsn_xa_put_text(struct xa_record *record, int column, const char *text);
int xsn_xa_put_bool(struct xa_record *record, int column, bool yes);
int xsn_xa_put_empty(struct xa_record *record, int column, int type);
int xsn_xa_put_item(struct xa_record *record, int column, const char *item);
int xsn_xa_put_entry(struct xa_record *record, int column, const char *key, const char *value);
/* Each class in the order of its uuids, so that what is made of it does not depend on the order of replies. */
void xsn_xa_records_sort(struct xa_records *records);

/* ---- reading: record may be NULL ---- */

bool xsn_xa_told(const struct xa_record *record, int column);
/* "" where it is not set. */
const char *xsn_xa_text(const struct xa_record *record, int column);
bool xsn_xa_is(const struct xa_record *record, int column, const char *text);
bool xsn_xa_bool(const struct xa_record *record, int column, bool otherwise);
/* Decimal, with a sign; false: no such number. */
bool xsn_xa_int(const struct xa_record *record, int column, int64_t *ret_n);
/* The items of a set, the entries of a map; an empty list where it is not set. */
const struct xsn_list *xsn_xa_list(const struct xa_record *record, int column);
/* The value of a map's key; NULL: not there. */
const char *xsn_xa_key(const struct xa_record *record, int column, const char *key);
/* The record of a reference; NULL: null, or not there. */
struct xa_record *xsn_xa_find(const struct xa_records *records, int class, const char *ref);
struct xa_record *xsn_xa_follow(const struct xa_records *records, int class, const struct xa_record *record,
                                int column);

#endif
