/* SPDX-License-Identifier: Apache-2.0 */
/* What names mean at the server while a plan is applied: from the records of the observe, then call by call. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "backend/xapi/apply.h"
#include "base/alloc.h"

const char *xsn_xa_world_keep(struct xa_world *world, const char *text)
{
        char *copy;

        if (xsn_grow((void **)&world->kept, &world->cap_kept, world->n_kept + 1, sizeof(char *)) < 0)
                return NULL;
        copy = xsn_strdup(text);
        if (copy)
                world->kept[world->n_kept++] = copy;
        return copy;
}

/* "KIND HOST/KEY": all PIFs that documents may name are of one kind here, as their names are. */
static void key_of(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const char *uuid = XSN_NETWORK(obj) ? XSN_NETWORK(obj)->uuid : NULL;
        const char *kind = XSN_NETWORK(obj) ? "network" : XSN_VIF(obj) ? "vif" : XSN_TUNNEL(obj) ? "tunnel" : "pif";

        if (uuid) {
                xsn_buf_printf(buf, "uuid %s", uuid);
                return;
        }
        xsn_buf_put(buf, kind);
        xsn_buf_put(buf, " ");
        xsn_buf_put(buf, XSN_VIF(obj) ? "" : xsn_object_host(obj));
        xsn_buf_put(buf, "/");
        xsn_object_key(obj, buf);
}

static struct xa_thing *find(const struct xa_world *world, struct xsn_buf *key)
{
        struct xa_thing *thing = key->failed ? NULL : xsn_hash_get_str(&world->things, key->s);

        xsn_buf_done(key);
        return thing;
}

struct xa_thing *xsn_xa_world_network(const struct xa_world *world, const char *name)
{
        struct xsn_buf key = { 0 };

        xsn_buf_printf(&key, "network /%s", name);
        return find(world, &key);
}

struct xa_thing *xsn_xa_world_pif(const struct xa_world *world, const char *host, const char *name)
{
        struct xsn_buf key = { 0 };

        xsn_buf_printf(&key, "pif %s/%s", host, name);
        return find(world, &key);
}

struct xa_thing *xsn_xa_world_of(const struct xa_world *world, const struct xsnet_object *obj)
{
        struct xsn_buf key = { 0 };
        struct xa_thing *thing;

        key_of(obj, &key);
        thing = find(world, &key);
        if (!thing && XSN_NETWORK(obj) && XSN_NETWORK(obj)->name)
                thing = xsn_xa_world_network(world, XSN_NETWORK(obj)->name);
        return thing;
}

static int put(struct xa_world *world, struct xsn_buf *key, struct xa_thing *thing)
{
        const char *kept = key->failed ? NULL : xsn_xa_world_keep(world, key->s);

        xsn_buf_done(key);
        return kept ? xsn_hash_put_str(&world->things, kept, thing) : -ENOMEM;
}

static struct xa_thing *new_thing(struct xa_world *world)
{
        struct xa_thing *thing;

        if (xsn_grow((void **)&world->all, &world->cap_all, world->n_all + 1, sizeof(struct xa_thing *)) < 0)
                return NULL;
        thing = xsn_alloc(sizeof(*thing));
        if (thing)
                world->all[world->n_all++] = thing;
        return thing;
}

struct xa_thing *xsn_xa_world_add(struct xa_world *world, const struct xsnet_object *obj)
{
        struct xa_thing *thing = xsn_xa_world_of(world, obj);
        struct xsn_buf key = { 0 };

        if (!thing)
                thing = new_thing(world);
        if (!thing)
                return NULL;
        key_of(obj, &key);
        if (put(world, &key, thing) < 0)
                return NULL;
        if (!XSN_NETWORK(obj) || !XSN_NETWORK(obj)->uuid)
                return thing;
        /* Its name as it is by now, too. */
        xsn_buf_printf(&key, "network /%s", XSN_NETWORK(obj)->name);
        return put(world, &key, thing) < 0 ? NULL : thing;
}

void xsn_xa_world_remove(struct xa_world *world, const struct xsnet_object *obj)
{
        struct xsn_buf key = { 0 };

        key_of(obj, &key);
        if (!key.failed)
                (void)xsn_hash_remove(&world->things, key.s, strlen(key.s));
        xsn_buf_done(&key);
        if (!XSN_NETWORK(obj) || !XSN_NETWORK(obj)->name)
                return;
        xsn_buf_printf(&key, "network /%s", XSN_NETWORK(obj)->name);
        if (!key.failed)
                (void)xsn_hash_remove(&world->things, key.s, strlen(key.s));
        xsn_buf_done(&key);
}

/* ---- from the records ---- */

static int add_networks(struct xa_world *world, const struct xa_view *view)
{
        for (size_t i = 0; i < view->n_networks; i++) {
                struct xa_thing *thing = new_thing(world);
                const struct xa_record *row = view->networks[i];
                struct xsn_buf key = { 0 };

                if (!thing)
                        return -ENOMEM;
                thing->ref = row->ref;
                xsn_buf_printf(&key, "uuid %s", xsn_xa_text(row, XA_UUID));
                if (put(world, &key, thing) < 0)
                        return -ENOMEM;
                /* Of several with one name no document can mean one by it. */
                xsn_buf_printf(&key, "network /%s", xsn_xa_network_name(row));
                if (put(world, &key, thing) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_pifs(struct xa_world *world, const struct xa_view *view)
{
        for (size_t i = 0; i < view->n_pifs; i++) {
                const struct xa_pif *pif = &view->pifs[i];
                struct xa_thing *thing;
                struct xsn_buf key = { 0 };

                if (pif->role == XA_ROLE_OTHER || !pif->name ||
                    (pif->role == XA_ROLE_TUNNEL && (!pif->below || !pif->below->name)))
                        continue;
                thing = new_thing(world);
                if (!thing)
                        return -ENOMEM;
                thing->ref = pif->row->ref;
                thing->about = pif->about ? pif->about->ref : NULL;
                thing->attached = xsn_xa_bool(pif->row, XA_PIF_CURRENTLY_ATTACHED, false);
                if (pif->role == XA_ROLE_TUNNEL)
                        xsn_buf_printf(&key, "tunnel %s/%s/%s", pif->host->name, xsn_xa_network_name(pif->network),
                                       pif->below->name);
                else
                        xsn_buf_printf(&key, "pif %s/%s", pif->host->name, pif->name);
                if (put(world, &key, thing) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static bool runs(const struct xa_record *vm)
{
        return xsn_xa_is(vm, XA_VM_POWER_STATE, "Running");
}

static int add_vifs(struct xa_world *world, const struct xa_view *view)
{
        const struct xa_table *table = &view->records->tables[XA_VIF];

        for (size_t i = 0; i < table->n; i++) {
                const struct xa_record *vm = xsn_xa_follow(view->records, XA_VM, table->v[i], XA_VIF_VM);
                struct xa_thing *thing;
                struct xsn_buf key = { 0 };
                int64_t device;

                if (!xsn_xa_vm_is_real(vm) || !xsn_xa_int(table->v[i], XA_VIF_DEVICE, &device))
                        continue;
                thing = new_thing(world);
                if (!thing)
                        return -ENOMEM;
                thing->ref = table->v[i]->ref;
                thing->attached = xsn_xa_bool(table->v[i], XA_VIF_CURRENTLY_ATTACHED, false);
                thing->running = runs(vm);
                xsn_buf_printf(&key, "vif /%s/%" PRId64, xsn_xa_vm_name(view, vm), device);
                if (put(world, &key, thing) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_vms(struct xa_world *world, const struct xa_view *view)
{
        for (size_t i = 0; i < view->n_vms; i++)
                if (xsn_hash_put_str(&world->vms, xsn_xa_vm_name(view, view->vms[i]), (void *)(uintptr_t)view->vms[i]) <
                    0)
                        return -ENOMEM;
        for (size_t i = 0; i < view->n_hosts; i++)
                if (xsn_hash_put_str(&world->hosts, view->hosts[i].name, &view->hosts[i]) < 0)
                        return -ENOMEM;
        return 0;
}

int xsn_xa_world_open(struct xa_world *world, const struct xa_view *view)
{
        memset(world, 0, sizeof(*world));
        if (add_networks(world, view) < 0 || add_pifs(world, view) < 0 || add_vifs(world, view) < 0 ||
            add_vms(world, view) < 0) {
                xsn_xa_world_done(world);
                return -ENOMEM;
        }
        return 0;
}

void xsn_xa_world_done(struct xa_world *world)
{
        for (size_t i = 0; i < world->n_all; i++)
                xsn_free(world->all[i]);
        for (size_t i = 0; i < world->n_kept; i++)
                xsn_free(world->kept[i]);
        xsn_hash_done(&world->things);
        xsn_hash_done(&world->hosts);
        xsn_hash_done(&world->vms);
        xsn_free(world->all);
        xsn_free(world->kept);
        memset(world, 0, sizeof(*world));
}
