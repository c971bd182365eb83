/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bond.create and Bond.destroy make the VLANs and tunnels of the members anew, on the bond or on its primary: where
 * there are any, their references are asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "backend/xapi/run.h"

static void keys_done(struct xsn_list *keys)
{
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), keys);
}

static bool is_member(const struct xsnet_object *bond, const char *name)
{
        return bond && (xsn_strs_has(&XSN_BOND(bond)->members, name) || !strcmp(XSN_BOND(bond)->name, name));
}

/* Does something stand on the bond, or on one of its members? class: what. */
static bool any_above(const struct xa_job *job, int role)
{
        const struct xa_view *view = xsn_xa_job_view(job);

        for (size_t i = 0; i < view->n_pifs; i++) {
                const struct xa_pif *pif = &view->pifs[i];

                if (pif->role == role && pif->below && pif->below->name && !strcmp(pif->host->name, job->host) &&
                    (is_member(job->step->from, pif->below->name) || is_member(job->step->to, pif->below->name)))
                        return true;
        }
        return false;
}

/* What documents call the PIF of a reference; NULL: it is not one of the bond's. */
static const char *name_of(const struct xa_job *job, const char *ref)
{
        const struct xsnet_object *bonds[] = { job->step->to, job->step->from };

        for (size_t k = 0; k < XSN_ARRAY_SIZE(bonds); k++) {
                const struct xsn_bond *bond = bonds[k] ? XSN_BOND(bonds[k]) : NULL;

                for (size_t i = 0; bond && i <= bond->members.n; i++) {
                        const char *name = i < bond->members.n ? XSN_ITEM(bond->members, char *, i) : bond->name;
                        struct xa_thing *thing = xsn_xa_world_pif(xsn_xa_job_world(job), job->host, name);

                        if (thing && thing->ref && !strcmp(thing->ref, ref))
                                return name;
                }
        }
        return NULL;
}

/* The object of that name with other references. */
static int learn(struct xa_job *job, struct xsnet_object *obj, const char *pif, const char *about)
{
        struct xa_world *world = xsn_xa_job_world(job);
        struct xa_thing *thing = xsn_xa_world_of(world, obj);
        bool was_attached = !thing || thing->attached;

        thing = xsn_xa_world_add(world, obj);
        if (!thing)
                return -ENOMEM;
        thing->ref = xsn_xa_world_keep(world, pif);
        thing->about = xsn_xa_world_keep(world, about);
        thing->attached = was_attached;
        return thing->ref && thing->about ? 0 : -ENOMEM;
}

static int learn_vlans(struct xa_job *job)
{
        const struct xa_table *table = &job->found.tables[XA_VLAN];

        for (size_t i = 0; i < table->n; i++) {
                const char *name = name_of(job, xsn_xa_text(table->v[i], XA_VLAN_TAGGED_PIF));
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
                int64_t tag;

                if (!name || !xsn_xa_int(table->v[i], XA_VLAN_TAG, &tag) || tag < 0 || tag > 4094)
                        continue;
                if (xsn_object_new(&xsn_vlan_class, &obj) < 0 || xsn_object_set_host(obj, job->host) < 0 ||
                    xsn_object_set_string(obj, XSNET_FIELD_PIF, name) < 0)
                        return -ENOMEM;
                XSN_VLAN(obj)->tag = (uint32_t)tag;
                xsn_object_mark(obj, XSNET_FIELD_TAG);
                if (learn(job, obj, xsn_xa_text(table->v[i], XA_VLAN_UNTAGGED_PIF), table->v[i]->ref) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int learn_tunnels(struct xa_job *job)
{
        const struct xa_table *table = &job->found.tables[XA_TUNNEL];
        const struct xa_records *records = xsn_xa_job_view(job)->records;

        for (size_t i = 0; i < table->n; i++) {
                const char *name = name_of(job, xsn_xa_text(table->v[i], XA_TUNNEL_TRANSPORT_PIF));
                const struct xa_record *access = xsn_xa_follow(&job->found, XA_PIF, table->v[i], XA_TUNNEL_ACCESS_PIF);
                const struct xa_record *network = xsn_xa_follow(records, XA_NETWORK, access, XA_PIF_NETWORK);
                _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;

                if (!name || !network)
                        continue;
                if (xsn_object_new(&xsn_tunnel_class, &obj) < 0 || xsn_object_set_host(obj, job->host) < 0 ||
                    xsn_object_set_string(obj, XSNET_FIELD_TRANSPORT, name) < 0 ||
                    xsn_object_set_string(obj, XSNET_FIELD_NETWORK, xsn_xa_network_name(network)) < 0 ||
                    learn(job, obj, access->ref, table->v[i]->ref) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Can something stand on it now? What stood on a member stands on the bond, and nothing on a bond that is gone. */
static bool is_below(const struct xa_job *job, const char *name)
{
        const struct xsnet_object *from = job->step->from, *to = job->step->to;

        if (to)
                return !strcmp(XSN_BOND(to)->name, name) ||
                       (is_member(from, name) && !xsn_strs_has(&XSN_BOND(to)->members, name));
        return is_member(from, name) && strcmp(XSN_BOND(from)->name, name) != 0;
}

/* The next VLAN of the bond that is to have keys: its PIF is a new one. 1: a call is under way; 0: there is none. */
static int mark_next(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsnet_state *wanted = job->run->plan->targets[job->run->target].wanted;

        while (job->i < wanted->n_objects) {
                const struct xsnet_object *obj = wanted->objects[job->i++];
                const char *below = xsn_object_string(obj, XSN_VLAN(obj) ? XSNET_FIELD_PIF : XSNET_FIELD_TRANSPORT);
                struct xa_thing *thing = below ? xsn_xa_world_of(xsn_xa_job_world(job), obj) : NULL;
                _cleanup_(keys_done) struct xsn_list keys = { 0 };

                if (!thing || strcmp(xsn_object_host(obj), job->host) != 0 || !is_below(job, below))
                        continue;
                if (xsn_xa_keys_of(obj, &keys) < 0)
                        return xsn_error_oom(ret_err);
                if (keys.n)
                        return xsn_xa_call_keys(job, "PIF", thing->ref, &keys, ret_err);
        }
        return 0;
}

static int take(struct xa_job *job, int class, struct xsnet_error **ret_err)
{
        return xsn_xa_read_records(job->result, class, &job->found, ret_err);
}

static int ask(struct xa_job *job, const char *method, struct xsnet_error **ret_err)
{
        return xsn_xa_call(job, method, NULL, XSN_XAPI_REPEATABLE, ret_err);
}

/* VLANs first, then tunnels, whose networks only their PIFs tell. */
int xsn_xa_bond_follow(struct xa_job *job, struct xsnet_error **ret_err)
{
        bool tunnels = any_above(job, XA_ROLE_TUNNEL);
        int r;

        if (job->step->verb == XSNET_STEP_CHANGE && !job->made)
                return 0;
        switch (job->turn) {
        case 0:
                if (!tunnels && !any_above(job, XA_ROLE_VLAN))
                        return 0;
                xsn_xa_records_done(&job->found);
                return ask(job, "VLAN.get_all_records", ret_err);
        case 1:
                r = take(job, XA_VLAN, ret_err);
                if (r == 0 && learn_vlans(job) < 0)
                        r = xsn_error_oom(ret_err);
                if (r < 0)
                        return r;
                return tunnels ? ask(job, "tunnel.get_all_records", ret_err) : mark_next(job, ret_err);
        case 2:
                if (!tunnels)
                        return mark_next(job, ret_err);
                r = take(job, XA_TUNNEL, ret_err);
                return r < 0 ? r : ask(job, "PIF.get_all_records", ret_err);
        case 3:
                if (!tunnels)
                        return mark_next(job, ret_err);
                r = take(job, XA_PIF, ret_err);
                if (r == 0 && learn_tunnels(job) < 0)
                        r = xsn_error_oom(ret_err);
                return r < 0 ? r : mark_next(job, ret_err);
        default:
                return mark_next(job, ret_err);
        }
}
