/* SPDX-License-Identifier: Apache-2.0 */
/* Finding kinds and rows, inside the library and (at the end) for its users. */
#include "model/desc.h"

#include <errno.h>
#include <string.h>

#include "base/export.h"

static const struct xsn_class *const classes[XSN_N_KINDS] = {
        &xsn_network_class, &xsn_pif_class, &xsn_bond_class, &xsn_vlan_class, &xsn_tunnel_class, &xsn_vif_class,
};

const struct xsn_class *xsn_class_of(int kind)
{
        return kind < 1 || kind > XSN_N_KINDS ? NULL : classes[kind - 1];
}

const struct xsn_class *xsn_class_find(const char *name)
{
        for (size_t i = 0; i < XSN_N_KINDS; i++)
                if (!strcmp(classes[i]->name, name) || !strcmp(classes[i]->plural, name))
                        return classes[i];
        return NULL;
}

size_t xsn_class_n_fields(const struct xsn_class *cls)
{
        return cls->n_fields + (cls->has_link ? xsn_n_link_fields : 0) + (cls->has_address ? xsn_n_address_fields : 0);
}

const struct xsn_field *xsn_class_field(const struct xsn_class *cls, size_t i)
{
        if (i < cls->n_fields)
                return &cls->fields[i];
        i -= cls->n_fields;
        if (cls->has_link) {
                if (i < xsn_n_link_fields)
                        return &xsn_link_fields[i];
                i -= xsn_n_link_fields;
        }
        return &xsn_address_fields[i];
}

/* Rows mostly stand in the order of their numbers, without gaps. */
static inline bool guess_id(const struct xsn_field *fields, size_t n, int field, int *ret_at)
{
        size_t guess = (size_t)(field - fields[0].id);

        *ret_at = (int)guess;
        return guess < n && fields[guess].id == field;
}

/* Where the row stands in a list; -ENOENT. */
static inline int find_id(const struct xsn_field *fields, size_t n, int field)
{
        int guess;

        if (guess_id(fields, n, field, &guess))
                return guess;
        for (size_t i = 0; i < n; i++)
                if (fields[i].id == field)
                        return (int)i;
        return -ENOENT;
}

/* Everything goes through here. No list has a number below its first row's, but for the kind's own. */
int xsn_class_index(const struct xsn_class *cls, int field)
{
        size_t before = cls->n_fields;
        int i;

        /* The kind's own numbers lie beyond those of a link, which would all be looked at in vain. */
        if (guess_id(cls->fields, cls->n_fields, field, &i))
                return i;
        if (cls->has_link) {
                i = find_id(xsn_link_fields, xsn_n_link_fields, field);
                if (i >= 0)
                        return (int)before + i;
                before += xsn_n_link_fields;
        }
        if (cls->has_address && field >= XSNET_FIELD_IPV4_MODE) {
                i = find_id(xsn_address_fields, xsn_n_address_fields, field);
                if (i >= 0)
                        return (int)before + i;
        }
        return find_id(cls->fields, cls->n_fields, field);
}

int xsn_class_index_by_name(const struct xsn_class *cls, const char *name)
{
        size_t n = xsn_class_n_fields(cls);

        for (size_t i = 0; i < n; i++)
                if (!strcmp(xsn_class_field(cls, i)->name, name))
                        return (int)i;
        return -ENOENT;
}

uint64_t xsn_class_bit(const struct xsn_class *cls, int field)
{
        int i = xsn_class_index(cls, field);

        return i < 0 ? 0 : UINT64_C(1) << i;
}

/* ---- public ---- */

static const struct xsn_field *find_row(int kind, int field)
{
        const struct xsn_class *cls = xsn_class_of(kind);
        int i = cls ? xsn_class_index(cls, field) : -ENOENT;

        return i < 0 ? NULL : xsn_class_field(cls, (size_t)i);
}

XSN_EXPORT const char *xsnet_kind_get_name(int kind)
{
        const struct xsn_class *cls = xsn_class_of(kind);

        return cls ? cls->name : NULL;
}

XSN_EXPORT int xsnet_kind_find(const char *name)
{
        const struct xsn_class *cls = name ? xsn_class_find(name) : NULL;

        return cls ? cls->kind : -ENOENT;
}

XSN_EXPORT size_t xsnet_kind_get_field_count(int kind)
{
        const struct xsn_class *cls = xsn_class_of(kind);

        return cls ? xsn_class_n_fields(cls) : 0;
}

XSN_EXPORT int xsnet_kind_get_field_at(int kind, size_t index)
{
        const struct xsn_class *cls = xsn_class_of(kind);

        if (!cls || index >= xsn_class_n_fields(cls))
                return -ENOENT;
        return xsn_class_field(cls, index)->id;
}

XSN_EXPORT int xsnet_field_find(int kind, const char *name)
{
        const struct xsn_class *cls = xsn_class_of(kind);
        int i = cls && name ? xsn_class_index_by_name(cls, name) : -ENOENT;

        return i < 0 ? i : xsn_class_field(cls, (size_t)i)->id;
}

XSN_EXPORT const char *xsnet_field_get_name(int kind, int field)
{
        const struct xsn_field *row = find_row(kind, field);

        return row ? row->name : NULL;
}

XSN_EXPORT int xsnet_field_get_type(int kind, int field)
{
        const struct xsn_field *row = find_row(kind, field);

        return row ? row->type : -ENOENT;
}

XSN_EXPORT const char *xsnet_field_get_doc(int kind, int field)
{
        const struct xsn_field *row = find_row(kind, field);

        return row ? row->doc : NULL;
}

XSN_EXPORT int xsnet_field_is_observed(int kind, int field)
{
        const struct xsn_field *row = find_row(kind, field);

        return row ? !!(row->flags & XSN_F_OBSERVED) : -ENOENT;
}
