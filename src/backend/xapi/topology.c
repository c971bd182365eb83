/* SPDX-License-Identifier: Apache-2.0 */
/* What hangs together in a pool: hosts and their names, PIFs and what they are, networks and VMs in order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

/* ---- hosts ---- */

static bool usable_name(const char *name)
{
        return *name && strlen(name) <= 255 && xsn_text_valid(name, false);
}

/* Is the value of the column one that no other host has? */
static bool is_unique(const struct xa_table *table, const struct xa_record *row, int column)
{
        for (size_t i = 0; i < table->n; i++)
                if (table->v[i] != row && xsn_xa_is(table->v[i], column, xsn_xa_text(row, column)))
                        return false;
        return true;
}

/* The host's own name, like everywhere else; where two say that they are "localhost", what XAPI calls them. */
static const char *host_name(const struct xa_table *table, const struct xa_record *row)
{
        static const int columns[] = { XA_HOST_HOSTNAME, XA_HOST_NAME_LABEL };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(columns); i++)
                if (usable_name(xsn_xa_text(row, columns[i])) && is_unique(table, row, columns[i]))
                        return xsn_xa_text(row, columns[i]);
        return xsn_xa_text(row, XA_UUID);
}

static int compare_hosts(const void *a, const void *b)
{
        return strverscmp(((const struct xa_host *)a)->name, ((const struct xa_host *)b)->name);
}

static int find_hosts(struct xa_view *view)
{
        const struct xa_table *table = &view->records->tables[XA_HOST];
        const char *master;

        view->pool = view->records->tables[XA_POOL].n ? view->records->tables[XA_POOL].v[0] : NULL;
        master = xsn_xa_text(view->pool, XA_POOL_MASTER);
        view->hosts = xsn_alloc_array(table->n + 1, sizeof(*view->hosts));
        if (!view->hosts)
                return -ENOMEM;
        for (size_t i = 0; i < table->n; i++) {
                const struct xa_record *row = table->v[i];

                view->hosts[view->n_hosts++] = (struct xa_host){
                        .row = row,
                        .metrics = xsn_xa_follow(view->records, XA_HOST_METRICS, row, XA_HOST_METRICS_REF),
                        .name = host_name(table, row),
                        .coordinator = !strcmp(row->ref, master),
                };
        }
        if (view->n_hosts > 1)
                qsort(view->hosts, view->n_hosts, sizeof(*view->hosts), compare_hosts);
        return 0;
}

/* ---- PIFs ---- */

static int compare_pifs(const void *a, const void *b)
{
        const struct xa_pif *x = a, *y = b;
        int r = (x->host > y->host) - (x->host < y->host);

        if (!r)
                r = x->role - y->role;
        if (!r)
                r = strverscmp(x->name ? x->name : "", y->name ? y->name : "");
        return r ? r : strcmp(xsn_xa_text(x->row, XA_UUID), xsn_xa_text(y->row, XA_UUID));
}

static int index_pifs(struct xa_view *view)
{
        xsn_hash_done(&view->pif_of);
        for (size_t i = 0; i < view->n_pifs; i++)
                if (xsn_hash_put_str(&view->pif_of, view->pifs[i].row->ref, &view->pifs[i]) < 0)
                        return -ENOMEM;
        return 0;
}

struct xa_pif *xsn_xa_view_pif(const struct xa_view *view, const struct xa_record *record, int column)
{
        return xsn_hash_get_str(&view->pif_of, xsn_xa_text(record, column));
}

static int gather_pifs(struct xa_view *view)
{
        const struct xa_table *table = &view->records->tables[XA_PIF];
        struct xsn_hash hosts = { 0 };
        int r = 0;

        view->pifs = xsn_alloc_array(table->n + 1, sizeof(*view->pifs));
        if (!view->pifs)
                return -ENOMEM;
        for (size_t i = 0; i < view->n_hosts && r == 0; i++)
                r = xsn_hash_put_str(&hosts, view->hosts[i].row->ref, &view->hosts[i]);
        for (size_t i = 0; i < table->n && r == 0; i++) {
                const struct xa_record *row = table->v[i];
                struct xa_host *host = xsn_hash_get_str(&hosts, xsn_xa_text(row, XA_PIF_HOST));

                if (host)
                        view->pifs[view->n_pifs++] = (struct xa_pif){
                                .row = row,
                                .host = host,
                                .role = xsn_xa_bool(row, XA_PIF_PHYSICAL, false) ? XA_ROLE_NIC : XA_ROLE_OTHER,
                                .network = xsn_xa_follow(view->records, XA_NETWORK, row, XA_PIF_NETWORK),
                        };
        }
        xsn_hash_done(&hosts);
        return r < 0 ? r : index_pifs(view);
}

/* What the records of a class say of the PIFs that they are about. */
static void set_roles(struct xa_view *view, int class, int role, int column, int below)
{
        const struct xa_table *table = &view->records->tables[class];

        for (size_t i = 0; i < table->n; i++) {
                struct xa_pif *pif = xsn_xa_view_pif(view, table->v[i], column);

                if (!pif || pif->role != XA_ROLE_OTHER)
                        continue;
                pif->role = role;
                pif->about = table->v[i];
                pif->below = below < 0 ? NULL : xsn_xa_view_pif(view, table->v[i], below);
        }
}

static void set_members(struct xa_view *view)
{
        for (size_t i = 0; i < view->n_pifs; i++) {
                const struct xa_record *bond =
                        xsn_xa_follow(view->records, XA_BOND, view->pifs[i].row, XA_PIF_BOND_SLAVE_OF);
                struct xa_pif *master = bond ? xsn_xa_view_pif(view, bond, XA_BOND_MASTER) : NULL;

                if (master && master->role == XA_ROLE_BOND && master->host == view->pifs[i].host)
                        view->pifs[i].bond = master;
        }
}

/* What documents call a bond, as far as that is kept and can be a name; NULL. */
static const char *kept_name(const struct xa_pif *pif)
{
        const char *name = pif->role == XA_ROLE_BOND ? xsn_xa_key(pif->row, XA_PIF_OTHER_CONFIG, XA_KEY_NAME) : NULL;

        return name && xsn_ifname_valid(name) && xsn_text_valid(name, false) ? name : NULL;
}

static int name_device(struct xa_pif *pif, const char *name)
{
        name = name ? name : xsn_xa_text(pif->row, XA_PIF_DEVICE);
        xsn_free(XSN_TAKE(pif->name));
        if (!xsn_ifname_valid(name) || !xsn_text_valid(name, false))
                return 0;
        pif->name = xsn_strdup(name);
        return pif->name ? 0 : -ENOMEM;
}

static bool has_others_name(const struct xa_view *view, const struct xa_pif *pif)
{
        for (size_t i = 0; pif->name && i < view->n_pifs; i++) {
                const struct xa_pif *other = &view->pifs[i];

                if (other != pif && other->host == pif->host && other->name && !strcmp(other->name, pif->name))
                        return true;
        }
        return false;
}

/*
 * NICs are called by their devices, bonds by their kept names: bond1 may well be the device bond0. Where that is
 * another's name it is the device after all, which may be what a third one is called: so until each has its own.
 */
static int settle_bonds(struct xa_view *view)
{
        for (size_t i = 0; i < view->n_pifs;) {
                struct xa_pif *pif = &view->pifs[i];
                bool kept = kept_name(pif) && pif->name && !xsn_xa_is(pif->row, XA_PIF_DEVICE, pif->name);

                if (kept && has_others_name(view, pif)) {
                        if (name_device(pif, NULL) < 0)
                                return -ENOMEM;
                        i = 0;
                } else {
                        i++;
                }
        }
        return 0;
}

static int name_vlan(struct xa_pif *pif)
{
        struct xsn_buf buf = { 0 };
        int64_t tag;

        if (!pif->below || !pif->below->name || !xsn_xa_int(pif->about, XA_VLAN_TAG, &tag) || tag < 0 || tag > 4094)
                return 0;
        xsn_buf_printf(&buf, "%s.%d", pif->below->name, (int)tag);
        return xsn_buf_take(&buf, &pif->name);
}

/* From below to the top: each name is part of the next. What has no name is nothing that documents know. */
static int name_pifs(struct xa_view *view)
{
        static const int roles[] = { XA_ROLE_NIC, XA_ROLE_BOND, XA_ROLE_VLAN, XA_ROLE_TUNNEL };

        for (size_t r = 0; r < XSN_ARRAY_SIZE(roles); r++) {
                for (size_t i = 0; i < view->n_pifs; i++) {
                        struct xa_pif *pif = &view->pifs[i];

                        if (pif->role == roles[r] &&
                            (pif->role == XA_ROLE_VLAN ? name_vlan(pif) : name_device(pif, kept_name(pif))) < 0)
                                return -ENOMEM;
                }
                if (roles[r] == XA_ROLE_BOND && settle_bonds(view) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Sorting moves the PIFs: what points at them is found anew. */
static void point_again(struct xa_view *view)
{
        for (size_t i = 0; i < view->n_pifs; i++) {
                struct xa_pif *pif = &view->pifs[i];
                int below = pif->role == XA_ROLE_VLAN     ? XA_VLAN_TAGGED_PIF
                            : pif->role == XA_ROLE_TUNNEL ? XA_TUNNEL_TRANSPORT_PIF
                                                          : -1;

                pif->below = below < 0 ? NULL : xsn_xa_view_pif(view, pif->about, below);
        }
        set_members(view);
}

static int find_pifs(struct xa_view *view)
{
        if (gather_pifs(view) < 0)
                return -ENOMEM;
        set_roles(view, XA_BOND, XA_ROLE_BOND, XA_BOND_MASTER, -1);
        set_roles(view, XA_TUNNEL, XA_ROLE_TUNNEL, XA_TUNNEL_ACCESS_PIF, XA_TUNNEL_TRANSPORT_PIF);
        set_roles(view, XA_VLAN, XA_ROLE_VLAN, XA_VLAN_UNTAGGED_PIF, XA_VLAN_TAGGED_PIF);
        if (name_pifs(view) < 0)
                return -ENOMEM;
        if (view->n_pifs > 1)
                qsort(view->pifs, view->n_pifs, sizeof(*view->pifs), compare_pifs);
        if (index_pifs(view) < 0)
                return -ENOMEM;
        point_again(view);
        return 0;
}

/* ---- networks and VMs ---- */

const char *xsn_xa_network_name(const struct xa_record *network)
{
        const char *name = xsn_xa_text(network, XA_NETWORK_NAME_LABEL);

        if (*name && strlen(name) <= 4096 && xsn_text_valid(name, false))
                return name;
        name = xsn_xa_text(network, XA_NETWORK_BRIDGE);
        return *name && xsn_text_valid(name, false) ? name : xsn_xa_text(network, XA_UUID);
}

bool xsn_xa_vm_is_real(const struct xa_record *vm)
{
        return vm && !xsn_xa_bool(vm, XA_VM_IS_TEMPLATE, false) && !xsn_xa_bool(vm, XA_VM_IS_SNAPSHOT, false) &&
               !xsn_xa_bool(vm, XA_VM_IS_CONTROL_DOMAIN, false);
}

const char *xsn_xa_vm_name(const struct xa_view *view, const struct xa_record *vm)
{
        const char *name = xsn_xa_text(vm, XA_VM_NAME_LABEL);

        if (!*name || strlen(name) > 4096 || !xsn_text_valid(name, false) || xsn_hash_get_str(&view->vm_twins, name) ||
            xsn_hash_get_str(&view->vm_names, name) != vm)
                return xsn_xa_text(vm, XA_UUID);
        return name;
}

static int compare_networks(const void *a, const void *b)
{
        const struct xa_record *x = *(const struct xa_record *const *)a, *y = *(const struct xa_record *const *)b;
        int r = strverscmp(xsn_xa_text(x, XA_NETWORK_BRIDGE), xsn_xa_text(y, XA_NETWORK_BRIDGE));

        return r ? r : strcmp(xsn_xa_text(x, XA_UUID), xsn_xa_text(y, XA_UUID));
}

static int compare_vms(const void *a, const void *b)
{
        const struct xa_record *x = *(const struct xa_record *const *)a, *y = *(const struct xa_record *const *)b;
        int r = strverscmp(xsn_xa_text(x, XA_VM_NAME_LABEL), xsn_xa_text(y, XA_VM_NAME_LABEL));

        return r ? r : strcmp(xsn_xa_text(x, XA_UUID), xsn_xa_text(y, XA_UUID));
}

static int find_networks(struct xa_view *view)
{
        const struct xa_table *table = &view->records->tables[XA_NETWORK];

        view->networks = xsn_alloc_array(table->n + 1, sizeof(*view->networks));
        if (!view->networks)
                return -ENOMEM;
        for (size_t i = 0; i < table->n; i++)
                view->networks[view->n_networks++] = table->v[i];
        if (view->n_networks > 1)
                qsort(view->networks, view->n_networks, sizeof(*view->networks), compare_networks);
        return 0;
}

static int find_vms(struct xa_view *view)
{
        const struct xa_table *table = &view->records->tables[XA_VM];

        view->vms = xsn_alloc_array(table->n + 1, sizeof(*view->vms));
        if (!view->vms)
                return -ENOMEM;
        for (size_t i = 0; i < table->n; i++)
                if (xsn_xa_vm_is_real(table->v[i]))
                        view->vms[view->n_vms++] = table->v[i];
        if (view->n_vms > 1)
                qsort(view->vms, view->n_vms, sizeof(*view->vms), compare_vms);
        for (size_t i = 0; i < view->n_vms; i++) {
                const char *name = xsn_xa_text(view->vms[i], XA_VM_NAME_LABEL);
                struct xsn_hash *hash = xsn_hash_get_str(&view->vm_names, name) ? &view->vm_twins : &view->vm_names;

                if (xsn_hash_put_str(hash, name, (void *)(uintptr_t)view->vms[i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int xsn_xa_view_open(struct xa_view *view, const struct xa_records *records)
{
        memset(view, 0, sizeof(*view));
        view->records = records;
        if (find_hosts(view) < 0 || find_networks(view) < 0 || find_pifs(view) < 0 || find_vms(view) < 0) {
                xsn_xa_view_done(view);
                return -ENOMEM;
        }
        return 0;
}

void xsn_xa_view_done(struct xa_view *view)
{
        for (size_t i = 0; i < view->n_pifs; i++)
                xsn_free(view->pifs[i].name);
        xsn_hash_done(&view->pif_of);
        xsn_hash_done(&view->vm_names);
        xsn_hash_done(&view->vm_twins);
        xsn_free(view->hosts);
        xsn_free(view->pifs);
        xsn_free((void *)view->networks);
        xsn_free((void *)view->vms);
        memset(view, 0, sizeof(*view));
}
