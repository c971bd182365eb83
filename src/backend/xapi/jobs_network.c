/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of networks. They are rows of the database: no host has anything to do for them. */
#include <errno.h>
#include <string.h>

#include "backend/xapi/apply.h"

static void put_set(struct xsn_xmlrpc_writer *w, const struct xsn_list *set)
{
        xsn_xmlrpc_begin_array(w);
        for (size_t i = 0; i < set->n; i++)
                xsn_xmlrpc_put_text(w, XSN_ITEM(*set, char *, i));
        xsn_xmlrpc_end_array(w);
}

/* A bridge that XAPI itself named gets another name from it: that one is nobody's to say. */
static void put_record(struct xsn_xmlrpc_writer *w, const struct xa_job *job)
{
        const struct xa_record *raw = job->to_raw.tables[XA_NETWORK].n ? job->to_raw.tables[XA_NETWORK].v[0] : NULL;
        const struct xsn_network *net = XSN_NETWORK(job->obj);
        bool has_mtu = xsn_object_is_set(job->obj, XSNET_FIELD_MTU);

        xsn_xmlrpc_begin_struct(w);
        xsn_xmlrpc_put_member_text(w, "name_label", net->name);
        xsn_xmlrpc_put_member_text(w, "name_description", net->description ? net->description : "");
        xsn_xmlrpc_put_member_int(w, "MTU", has_mtu ? net->mtu : 1500);
        xsn_xmlrpc_put_member_text(w, "bridge", net->bridge ? net->bridge : "");
        xsn_xmlrpc_put_member_bool(w, "managed", xsn_xa_bool(raw, XA_NETWORK_MANAGED, true));
        xsn_xmlrpc_begin_member(w, "other_config");
        xsn_xa_put_map(w, &job->to_keys);
        xsn_xmlrpc_end_member(w);
        xsn_xmlrpc_begin_member(w, "tags");
        put_set(w, xsn_xa_list(raw, XA_NETWORK_TAGS));
        xsn_xmlrpc_end_member(w);
        xsn_xmlrpc_end_struct(w);
}

int xsn_xa_network_create(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer w = { 0 };
        struct xa_thing *thing;
        const char *ref;
        int r;

        if (job->turn == 0) {
                put_record(&w, job);
                r = xsn_xa_call(job, "network.create", &w, 0, ret_err);
                xsn_xmlrpc_writer_done(&w);
                return r;
        }
        r = xsn_xa_result_made(job, &thing, &ref, ret_err);
        if (r == 0)
                thing->ref = ref;
        return r;
}

/* The thing, which has to be there. */
static int ref_of(struct xa_job *job, const char **ret_ref, struct xsnet_error **ret_err)
{
        struct xa_thing *thing = xsn_xa_job_thing(job);

        if (!thing)
                return xsn_xa_job_missing(job, "network", XSN_NETWORK(job->obj)->name, ret_err);
        *ret_ref = thing->ref;
        return 0;
}

/* One setter of a network whose field changes. */
static int set_text(struct xa_job *job, int field, const char *method, const char *value, struct xsnet_error **ret_err)
{
        const char *ref = NULL;
        int r = ref_of(job, &ref, ret_err);

        if (r < 0 || job->turn > 0 || !xsn_xa_job_changes(job, field))
                return r;
        return xsn_xa_call_texts(job, method, XA_TEXTS(ref, value), XSN_XAPI_REPEATABLE, ret_err);
}

int xsn_xa_network_rename(struct xa_job *job, struct xsnet_error **ret_err)
{
        int r = set_text(job, XSNET_FIELD_NAME, "network.set_name_label", XSN_NETWORK(job->obj)->name, ret_err);

        /* Steps that wait for this one say its new name. */
        if (r == 0 && job->turn > 0 && !xsn_xa_world_add(xsn_xa_job_world(job), job->obj))
                return xsn_error_oom(ret_err);
        return r;
}

int xsn_xa_network_describe(struct xa_job *job, struct xsnet_error **ret_err)
{
        const char *text = XSN_NETWORK(job->obj)->description;

        return set_text(job, XSNET_FIELD_DESCRIPTION, "network.set_name_description", text ? text : "", ret_err);
}

int xsn_xa_network_locking(struct xa_job *job, struct xsnet_error **ret_err)
{
        int value = xsn_object_is_set(job->obj, XSNET_FIELD_LOCKING) ? XSN_NETWORK(job->obj)->locking.value : 0;
        const char *word = xsn_xa_enum_word(XSNET_FIELD_LOCKING, value ? value : XSNET_LOCKING_UNLOCKED);

        if (!job->step->from && (!word || !strcmp(word, "unlocked")))
                return 0;
        return set_text(job, XSNET_FIELD_LOCKING, "network.set_default_locking_mode", word ? word : "unlocked",
                        ret_err);
}

/* What network.create does not take. */
int xsn_xa_network_purposes(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xa_table *table = &job->to_raw.tables[XA_NETWORK];
        const struct xsn_list *purposes = xsn_xa_list(table->n ? table->v[0] : NULL, XA_NETWORK_PURPOSE);
        const char *ref = NULL;
        int r = ref_of(job, &ref, ret_err);

        if (r < 0 || job->i >= purposes->n)
                return r;
        return xsn_xa_call_texts(job, "network.add_purpose", XA_TEXTS(ref, XSN_ITEM(*purposes, char *, job->i++)),
                                 XSN_XAPI_REPEATABLE, ret_err);
}

int xsn_xa_call_mtu(struct xa_job *job, struct xa_thing *network, uint32_t mtu, struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer w = { 0 };
        int r;

        if (job->turn > 0)
                network->mtu = mtu;
        if (network->mtu == mtu)
                return 0;
        xsn_xmlrpc_put_text(&w, network->ref);
        xsn_xmlrpc_put_int(&w, mtu);
        r = xsn_xa_call(job, "network.set_MTU", &w, XSN_XAPI_REPEATABLE, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

int xsn_xa_network_mtu(struct xa_job *job, struct xsnet_error **ret_err)
{
        uint32_t mtu = xsn_object_is_set(job->obj, XSNET_FIELD_MTU) ? XSN_NETWORK(job->obj)->mtu : 1500;
        struct xa_thing *thing = xsn_xa_job_thing(job);

        if (!thing)
                return xsn_xa_job_missing(job, "network", XSN_NETWORK(job->obj)->name, ret_err);
        return xsn_xa_job_changes(job, XSNET_FIELD_MTU) ? xsn_xa_call_mtu(job, thing, mtu, ret_err) : 0;
}

int xsn_xa_network_destroy(struct xa_job *job, struct xsnet_error **ret_err)
{
        const char *ref = NULL;
        int r = ref_of(job, &ref, ret_err);

        if (r < 0)
                return r;
        if (job->turn == 0)
                return xsn_xa_call_texts(job, "network.destroy", XA_TEXTS(ref), 0, ret_err);
        xsn_xa_world_remove(xsn_xa_job_world(job), job->obj);
        return 0;
}
