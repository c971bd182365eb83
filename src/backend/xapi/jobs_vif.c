/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of VIFs: of a guest that runs they are plugged, of one that does not they are rows of the database. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/xapi/apply.h"

static int thing_of(struct xa_job *job, struct xa_thing **ret_thing, struct xsnet_error **ret_err)
{
        *ret_thing = xsn_xa_job_thing(job);
        return *ret_thing ? 0 : xsn_xa_job_missing(job, "vif of the VM", XSN_VIF(job->obj)->vm, ret_err);
}

static const struct xa_record *raw_vif(const struct xa_job *job)
{
        return job->back && job->to_raw.tables[XA_VIF].n ? job->to_raw.tables[XA_VIF].v[0] : NULL;
}

static void put_ips(struct xsn_xmlrpc_writer *w, const struct xsn_list *ips, const struct xa_record *raw, int column)
{
        const struct xsn_list *kept = xsn_xa_list(raw, column);
        char text[XSN_IP_STRLEN];

        xsn_xmlrpc_begin_array(w);
        for (size_t i = 0; raw && i < kept->n; i++)
                xsn_xmlrpc_put_text(w, XSN_ITEM(*kept, char *, i));
        for (size_t i = 0; !raw && i < ips->n; i++)
                xsn_xmlrpc_put_text(w, xsn_ip_format(&XSN_ITEM(*ips, struct xsn_ip, i), text));
        xsn_xmlrpc_end_array(w);
}

static void put_tags(struct xsn_xmlrpc_writer *w, const struct xsn_list *tags)
{
        xsn_xmlrpc_begin_array(w);
        for (size_t i = 0; i < tags->n; i++)
                xsn_xmlrpc_put_int(w, XSN_ITEM(*tags, uint32_t, i));
        xsn_xmlrpc_end_array(w);
}

/* bit/s to KiB/s. */
static void put_rate(struct xsn_xmlrpc_writer *w, const struct xsn_vif *vif)
{
        char text[32];

        (void)snprintf(text, sizeof(text), "%" PRIu64, vif->rate_limit / 8192);
        xsn_xmlrpc_begin_struct(w);
        if (vif->rate_limit)
                xsn_xmlrpc_put_member_text(w, "kbps", text);
        xsn_xmlrpc_end_struct(w);
}

static const char *locking_word(const struct xsnet_object *obj)
{
        const char *word = xsn_xa_enum_word(XSNET_FIELD_VIF_LOCKING, XSN_VIF(obj)->locking.value);

        return word ? word : "network_default";
}

/* ---- making ---- */

static void put_record(struct xsn_xmlrpc_writer *w, const struct xa_job *job, const char *vm, const char *network)
{
        const struct xsn_vif *vif = XSN_VIF(job->obj);
        const struct xa_record *raw = raw_vif(job);
        char mac[XSN_MAC_STRLEN] = "", device[16];
        int64_t mtu;

        if (xsn_object_is_set(job->obj, XSNET_FIELD_MAC))
                xsn_mac_format(&vif->mac, mac);
        if (!xsn_xa_int(raw, XA_VIF_MTU, &mtu))
                mtu = 1500;
        (void)snprintf(device, sizeof(device), "%" PRIu32, vif->device);
        xsn_xmlrpc_begin_struct(w);
        xsn_xmlrpc_put_member_text(w, "device", device);
        xsn_xmlrpc_put_member_text(w, "network", network);
        xsn_xmlrpc_put_member_text(w, "VM", vm);
        xsn_xmlrpc_put_member_text(w, "MAC", mac);
        xsn_xmlrpc_put_member_int(w, "MTU", mtu);
        xsn_xmlrpc_begin_member(w, "other_config");
        xsn_xa_put_map(w, &job->to_keys);
        xsn_xmlrpc_end_member(w);
        xsn_xmlrpc_put_member_text(w, "qos_algorithm_type",
                                   raw               ? xsn_xa_text(raw, XA_VIF_QOS_ALGORITHM_TYPE)
                                   : vif->rate_limit ? "ratelimit"
                                                     : "");
        xsn_xmlrpc_begin_member(w, "qos_algorithm_params");
        if (raw)
                xsn_xa_put_map(w, xsn_xa_list(raw, XA_VIF_QOS_ALGORITHM_PARAMS));
        else
                put_rate(w, vif);
        xsn_xmlrpc_end_member(w);
        xsn_xmlrpc_put_member_text(w, "locking_mode", locking_word(job->obj));
        xsn_xmlrpc_begin_member(w, "ipv4_allowed");
        put_ips(w, &vif->allowed_ipv4, raw, XA_VIF_IPV4_ALLOWED);
        xsn_xmlrpc_end_member(w);
        xsn_xmlrpc_begin_member(w, "ipv6_allowed");
        put_ips(w, &vif->allowed_ipv6, raw, XA_VIF_IPV6_ALLOWED);
        xsn_xmlrpc_end_member(w);
        if (vif->trunks.n) {
                xsn_xmlrpc_begin_member(w, "trunks");
                put_tags(w, &vif->trunks);
                xsn_xmlrpc_end_member(w);
        }
        xsn_xmlrpc_end_struct(w);
}

int xsn_xa_vif_create(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_vif *vif = XSN_VIF(job->obj);
        const struct xa_world *world = xsn_xa_job_world(job);
        const struct xa_record *vm = xsn_hash_get_str(&world->vms, vif->vm);
        struct xa_thing *network = vif->network ? xsn_xa_world_network(world, vif->network) : NULL, *thing;
        struct xsn_xmlrpc_writer w = { 0 };
        const char *ref;
        int r;

        if (!vm)
                return xsn_xa_job_missing(job, "VM", vif->vm, ret_err);
        if (!network)
                return xsn_xa_job_missing(job, "network", vif->network ? vif->network : "", ret_err);
        if (job->turn == 0) {
                put_record(&w, job, vm->ref, network->ref);
                r = xsn_xa_call(job, "VIF.create", &w, 0, ret_err);
                xsn_xmlrpc_writer_done(&w);
                return r;
        }
        r = xsn_xa_result_made(job, &thing, &ref, ret_err);
        if (r < 0)
                return r;
        thing->ref = ref;
        thing->attached = false;
        thing->running = xsn_xa_is(vm, XA_VM_POWER_STATE, "Running");
        return 0;
}

/* A guest that runs gets the device at once. */
int xsn_xa_vif_plug(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || thing->attached || !thing->running)
                return r;
        if (job->turn > 0) {
                thing->attached = true;
                return 0;
        }
        return xsn_xa_call_texts(job, "VIF.plug", XA_TEXTS(thing->ref), XA_HOST_CALL, ret_err);
}

/* ---- changing ---- */

int xsn_xa_vif_move(struct xa_job *job, struct xsnet_error **ret_err)
{
        const char *name = xsn_object_network(job->obj);
        struct xa_thing *network = name ? xsn_xa_world_network(xsn_xa_job_world(job), name) : NULL, *thing;
        int r = thing_of(job, &thing, ret_err);

        /* The first of two steps only lets go of its network, which a VIF of XAPI cannot. */
        if (r < 0 || job->turn > 0 || !name || !xsn_xa_job_changes(job, XSNET_FIELD_NETWORK))
                return r;
        if (!network)
                return xsn_xa_job_missing(job, "network", name, ret_err);
        return xsn_xa_call_texts(job, "VIF.move", XA_TEXTS(thing->ref, network->ref),
                                 XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
}

int xsn_xa_vif_locking(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || job->turn > 0 || !xsn_xa_job_changes(job, XSNET_FIELD_VIF_LOCKING))
                return r;
        return xsn_xa_call_texts(job, "VIF.set_locking_mode", XA_TEXTS(thing->ref, locking_word(job->obj)),
                                 XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
}

int xsn_xa_vif_allowed(struct xa_job *job, struct xsnet_error **ret_err)
{
        static const struct {
                int field, column;
                const char *method;
        } lists[] = { { XSNET_FIELD_ALLOWED_IPV4, XA_VIF_IPV4_ALLOWED, "VIF.set_ipv4_allowed" },
                      { XSNET_FIELD_ALLOWED_IPV6, XA_VIF_IPV6_ALLOWED, "VIF.set_ipv6_allowed" } };
        const struct xsn_vif *vif = XSN_VIF(job->obj);
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        while (r == 0 && job->i < XSN_ARRAY_SIZE(lists)) {
                size_t i = job->i++;
                struct xsn_xmlrpc_writer w = { 0 };

                if (!xsn_xa_job_changes(job, lists[i].field))
                        continue;
                xsn_xmlrpc_put_text(&w, thing->ref);
                put_ips(&w, i == 0 ? &vif->allowed_ipv4 : &vif->allowed_ipv6, raw_vif(job), lists[i].column);
                r = xsn_xa_call(job, lists[i].method, &w, XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
                xsn_xmlrpc_writer_done(&w);
        }
        return r;
}

/* In force when the device is plugged the next time: that is the guest's to choose. */
int xsn_xa_vif_rate(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_vif *vif = XSN_VIF(job->obj);
        struct xsn_xmlrpc_writer w = { 0 };
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || job->turn > 1 || !xsn_xa_job_changes(job, XSNET_FIELD_RATE_LIMIT))
                return r;
        if (job->turn == 0)
                return xsn_xa_call_texts(job, "VIF.set_qos_algorithm_type",
                                         XA_TEXTS(thing->ref, vif->rate_limit ? "ratelimit" : ""), XSN_XAPI_REPEATABLE,
                                         ret_err);
        xsn_xmlrpc_put_text(&w, thing->ref);
        put_rate(&w, vif);
        r = xsn_xa_call(job, "VIF.set_qos_algorithm_params", &w, XSN_XAPI_REPEATABLE, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

int xsn_xa_vif_trunks(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer w = { 0 };
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || job->turn > 0 || !xsn_xa_job_changes(job, XSNET_FIELD_TRUNKS))
                return r;
        xsn_xmlrpc_put_text(&w, thing->ref);
        put_tags(&w, &XSN_VIF(job->obj)->trunks);
        r = xsn_xa_call(job, "VIF.set_trunks", &w, XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

/* ---- removing ---- */

int xsn_xa_vif_unplug(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || !thing->attached)
                return r;
        if (job->turn > 0) {
                thing->attached = false;
                return 0;
        }
        return xsn_xa_call_texts(job, "VIF.unplug", XA_TEXTS(thing->ref), XA_HOST_CALL, ret_err);
}

int xsn_xa_vif_destroy(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0)
                return r;
        if (job->turn == 0)
                return xsn_xa_call_texts(job, "VIF.destroy", XA_TEXTS(thing->ref), 0, ret_err);
        xsn_xa_world_remove(xsn_xa_job_world(job), job->obj);
        return 0;
}
