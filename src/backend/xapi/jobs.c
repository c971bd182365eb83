/* SPDX-License-Identifier: Apache-2.0 */
/* Which stages a step has, by its kind and verb, and what all stages use. */
#include <errno.h>
#include <string.h>

#include "backend/xapi/target.h"

static const struct {
        int kind, verb;
        xa_stage_fn stages[XA_STAGES_MAX];
} tables[] = {
        { XSNET_KIND_NETWORK,
          XSNET_STEP_CREATE,
          { xsn_xa_network_create, xsn_xa_network_locking, xsn_xa_network_purposes } },
        { XSNET_KIND_NETWORK,
          XSNET_STEP_CHANGE,
          { xsn_xa_network_rename, xsn_xa_network_describe, xsn_xa_network_mtu, xsn_xa_network_locking,
            xsn_xa_change_keys } },
        { XSNET_KIND_NETWORK, XSNET_STEP_REMOVE, { xsn_xa_network_destroy } },
        { XSNET_KIND_PIF,
          XSNET_STEP_CHANGE,
          { xsn_xa_change_keys, xsn_xa_pif_disallow, xsn_xa_pif_network_mtu, xsn_xa_pif_ipv4, xsn_xa_pif_ipv6,
            xsn_xa_pif_management, xsn_xa_pif_plug } },
        { XSNET_KIND_BOND,
          XSNET_STEP_CREATE,
          { xsn_xa_bond_strip, xsn_xa_bond_create, xsn_xa_bond_follow, xsn_xa_set_keys, xsn_xa_about_keys,
            xsn_xa_pif_ipv4, xsn_xa_pif_ipv6, xsn_xa_pif_management, xsn_xa_pif_plug, xsn_xa_bond_mtus } },
        { XSNET_KIND_BOND,
          XSNET_STEP_CHANGE,
          { xsn_xa_bond_destroy, xsn_xa_bond_strip, xsn_xa_bond_create, xsn_xa_bond_follow, xsn_xa_bond_mode,
            xsn_xa_bond_properties, xsn_xa_change_keys, xsn_xa_about_keys, xsn_xa_pif_network_mtu, xsn_xa_pif_ipv4,
            xsn_xa_pif_ipv6, xsn_xa_pif_management, xsn_xa_pif_plug, xsn_xa_bond_mtus } },
        { XSNET_KIND_BOND, XSNET_STEP_REMOVE, { xsn_xa_bond_destroy, xsn_xa_bond_heir, xsn_xa_bond_follow } },
        { XSNET_KIND_VLAN,
          XSNET_STEP_CREATE,
          { xsn_xa_vlan_create, xsn_xa_set_keys, xsn_xa_about_keys, xsn_xa_pif_ipv4, xsn_xa_pif_ipv6,
            xsn_xa_pif_management, xsn_xa_pif_plug } },
        { XSNET_KIND_VLAN,
          XSNET_STEP_CHANGE,
          { xsn_xa_vlan_destroy, xsn_xa_vlan_create, xsn_xa_change_keys, xsn_xa_about_keys, xsn_xa_pif_network_mtu,
            xsn_xa_pif_ipv4, xsn_xa_pif_ipv6, xsn_xa_pif_management, xsn_xa_pif_plug } },
        { XSNET_KIND_VLAN, XSNET_STEP_REMOVE, { xsn_xa_vlan_destroy } },
        { XSNET_KIND_TUNNEL,
          XSNET_STEP_CREATE,
          { xsn_xa_tunnel_create, xsn_xa_set_keys, xsn_xa_about_keys, xsn_xa_pif_ipv4, xsn_xa_pif_ipv6,
            xsn_xa_pif_management, xsn_xa_pif_plug } },
        { XSNET_KIND_TUNNEL,
          XSNET_STEP_CHANGE,
          { xsn_xa_tunnel_destroy, xsn_xa_tunnel_create, xsn_xa_change_keys, xsn_xa_about_keys, xsn_xa_pif_network_mtu,
            xsn_xa_pif_ipv4, xsn_xa_pif_ipv6, xsn_xa_pif_management, xsn_xa_pif_plug } },
        { XSNET_KIND_TUNNEL, XSNET_STEP_REMOVE, { xsn_xa_tunnel_destroy } },
        { XSNET_KIND_VIF, XSNET_STEP_CREATE, { xsn_xa_vif_create, xsn_xa_vif_plug } },
        { XSNET_KIND_VIF,
          XSNET_STEP_CHANGE,
          { xsn_xa_vif_rate, xsn_xa_vif_allowed, xsn_xa_vif_locking, xsn_xa_vif_trunks, xsn_xa_vif_move,
            xsn_xa_change_keys } },
        { XSNET_KIND_VIF, XSNET_STEP_REMOVE, { xsn_xa_vif_unplug, xsn_xa_vif_destroy } },
};

static int keys_column(const struct xsnet_object *obj, int *ret_class)
{
        *ret_class = XSN_NETWORK(obj) ? XA_NETWORK : XSN_VIF(obj) ? XA_VIF : XA_PIF;
        return XSN_NETWORK(obj) ? XA_NETWORK_OTHER_CONFIG : XSN_VIF(obj) ? XA_VIF_OTHER_CONFIG : XA_PIF_OTHER_CONFIG;
}

/* On the way back the map is what it was, with keys that no document can say. */
static int find_keys(const struct xsnet_object *obj, const struct xa_records *raw, bool back, struct xsn_list *ret_keys)
{
        int class, column = keys_column(obj, &class);
        const struct xa_table *table = &raw->tables[class];

        if (!back || !obj->payload)
                return xsn_xa_keys_of(obj, ret_keys);
        if (!table->n)
                return 0;
        return xsn_value_copy(xsn_type_of(XSNET_TYPE_MAP), ret_keys, xsn_xa_list(table->v[0], column));
}

int xsn_xa_job_prepare(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsnet_step *step = job->step;

        job->obj = step->to ? step->to : step->from;
        job->host = XSN_VIF(job->obj) ? "" : xsn_object_host(job->obj);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(tables) && !job->n_stages; i++)
                if (tables[i].kind == job->obj->cls->kind && tables[i].verb == step->verb)
                        for (size_t k = 0; k < XA_STAGES_MAX && tables[i].stages[k]; k++)
                                job->stages[job->n_stages++] = tables[i].stages[k];
        if (!job->n_stages)
                return xsn_error_set(ret_err, -EOPNOTSUPP, "not-supported", "XAPI cannot do this to a %s",
                                     job->obj->cls->name);
        if (step->verb == XSNET_STEP_REMOVE)
                return 0;
        if ((step->from && xsn_xa_payload_load(step->from, &job->from_raw) < 0) ||
            xsn_xa_payload_load(step->to, &job->to_raw) < 0)
                return xsn_error_oom(ret_err);
        if (step->from && find_keys(step->from, &job->from_raw, job->back, &job->from_keys) < 0)
                return xsn_error_oom(ret_err);
        return find_keys(step->to, &job->to_raw, job->back, &job->to_keys) < 0 ? xsn_error_oom(ret_err) : 0;
}

void xsn_xa_job_done(struct xa_job *job)
{
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), &job->from_keys);
        xsn_value_clear(xsn_type_of(XSNET_TYPE_MAP), &job->to_keys);
        xsn_xa_records_done(&job->from_raw);
        xsn_xa_records_done(&job->to_raw);
        xsn_xa_records_done(&job->found);
        job->doc = xsn_xmlrpc_doc_free(job->doc);
}

struct xa_thing *xsn_xa_job_thing(const struct xa_job *job)
{
        struct xa_thing *thing = xsn_xa_world_of(xsn_xa_job_world(job), job->obj);

        /* What is to be called otherwise goes by its old name until then. */
        if (!thing && job->step->from)
                thing = xsn_xa_world_of(xsn_xa_job_world(job), job->step->from);
        return thing;
}

bool xsn_xa_job_changes(const struct xa_job *job, int field)
{
        return job->step->changed & xsn_object_bit(job->obj, field);
}

int xsn_xa_job_missing(const struct xa_job *job, const char *what, const char *name, struct xsnet_error **ret_err)
{
        (void)job;
        return xsn_error_set(ret_err, -ESTALE, "plan-stale", "there is no %s '%s' any more", what, name);
}

int xsn_xa_call_texts(struct xa_job *job, const char *method, const char *const *texts, unsigned flags,
                      struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer w = { 0 };
        int r;

        for (; *texts; texts++)
                xsn_xmlrpc_put_text(&w, *texts);
        r = xsn_xa_call(job, method, &w, flags, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

int xsn_xa_result_made(struct xa_job *job, struct xa_thing **ret_thing, const char **ret_ref,
                       struct xsnet_error **ret_err)
{
        const char *text;
        int r = xsn_xmlrpc_as_text(job->result, &text, ret_err);

        if (r < 0)
                return xsn_error_prefix(ret_err, r, "%s", job->method);
        *ret_ref = xsn_xa_world_keep(xsn_xa_job_world(job), text);
        *ret_thing = *ret_ref ? xsn_xa_world_add(xsn_xa_job_world(job), job->obj) : NULL;
        return *ret_thing ? 0 : xsn_error_oom(ret_err);
}
