/* SPDX-License-Identifier: Apache-2.0 */
/* The stages that write other_config: key by key where others may have keys there, at once where it is new. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/xapi/apply.h"

static const char *class_of(const struct xsnet_object *obj)
{
        return XSN_NETWORK(obj) ? "network" : XSN_VIF(obj) ? "VIF" : "PIF";
}

static int call_key(struct xa_job *job, const char *what, const char *key, const char *value,
                    struct xsnet_error **ret_err)
{
        struct xa_thing *thing = xsn_xa_job_thing(job);
        char method[64];

        if (!thing)
                return xsn_xa_job_missing(job, job->obj->cls->name, "", ret_err);
        (void)snprintf(method, sizeof(method), "%s.%s_other_config", class_of(job->obj), what);
        /* Neither does harm twice: an absent key may be removed, and what add_to meets it says. */
        return xsn_xa_call_texts(job, method, XA_TEXTS(thing->ref, key, value), XSN_XAPI_REPEATABLE, ret_err);
}

void xsn_xa_put_map(struct xsn_xmlrpc_writer *w, const struct xsn_list *map)
{
        xsn_xmlrpc_begin_struct(w);
        for (size_t i = 0; i < map->n; i++)
                xsn_xmlrpc_put_member_text(w, XSN_ITEM(*map, struct xsn_entry, i).key,
                                           XSN_ITEM(*map, struct xsn_entry, i).value);
        xsn_xmlrpc_end_struct(w);
}

int xsn_xa_call_keys(struct xa_job *job, const char *class, const char *ref, const struct xsn_list *keys,
                     struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer w = { 0 };
        char method[64];
        int r;

        (void)snprintf(method, sizeof(method), "%s.set_other_config", class);
        xsn_xmlrpc_put_text(&w, ref);
        xsn_xa_put_map(&w, keys);
        r = xsn_xa_call(job, method, &w, XSN_XAPI_REPEATABLE, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

int xsn_xa_set_keys(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xa_thing *thing = xsn_xa_job_thing(job);

        if (job->turn > 0 || !job->to_keys.n)
                return 0;
        if (!thing)
                return xsn_xa_job_missing(job, job->obj->cls->name, "", ret_err);
        return xsn_xa_call_keys(job, class_of(job->obj), thing->ref, &job->to_keys, ret_err);
}

int xsn_xa_about_keys(struct xa_job *job, struct xsnet_error **ret_err)
{
        static const struct {
                int kind, class, column;
        } abouts[] = { { XSNET_KIND_BOND, XA_BOND, XA_BOND_OTHER_CONFIG },
                       { XSNET_KIND_VLAN, XA_VLAN, XA_VLAN_OTHER_CONFIG },
                       { XSNET_KIND_TUNNEL, XA_TUNNEL, XA_TUNNEL_OTHER_CONFIG } };
        struct xa_thing *thing = xsn_xa_job_thing(job);

        for (size_t i = 0; job->made && job->turn == 0 && thing && i < XSN_ARRAY_SIZE(abouts); i++) {
                const struct xa_table *table = &job->to_raw.tables[abouts[i].class];
                const struct xsn_list *keys = xsn_xa_list(table->n ? table->v[0] : NULL, abouts[i].column);

                if (abouts[i].kind == job->obj->cls->kind && keys->n)
                        return xsn_xa_call_keys(job, xsn_xa_classes[abouts[i].class].name, thing->about, keys, ret_err);
        }
        return 0;
}

/*
 * Two calls a key at most: remove_from, add_to. One that somebody else has put there meanwhile, or that a repeated
 * call has, is taken out and put in once more.
 */
int xsn_xa_change_keys(struct xa_job *job, struct xsnet_error **ret_err)
{
        const char *key, *value;
        bool had;

        /* What the job has made has none yet. */
        if (job->made)
                return xsn_xa_set_keys(job, ret_err);
        while (xsn_xa_keys_change(&job->from_keys, &job->to_keys, job->i, &key, &value, &had))
                switch (job->part++) {
                case 0:
                        if (had)
                                return call_key(job, "remove_from", key, NULL, ret_err);
                        break;
                case 1:
                        job->forgiving = true;
                        if (value)
                                return call_key(job, "add_to", key, value, ret_err);
                        break;
                default:
                        if (job->duplicate) {
                                job->duplicate = false;
                                job->part = 1;
                                return call_key(job, "remove_from", key, NULL, ret_err);
                        }
                        job->part = 0;
                        job->i++;
                }
        return 0;
}
