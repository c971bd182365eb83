/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of what stands on PIFs: bonds, VLANs, tunnels. Each is made by one call, which makes its PIF, too; a
 * second one asks for that. What can be changed only by making it anew is destroyed by the same job first.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/apply.h"

static bool has_changed(const struct xa_job *job, const int *fields, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (xsn_xa_job_changes(job, fields[i]))
                        return true;
        return false;
}

/* Is it to be made: because it is new, or cannot become what it is to be? */
static bool is_made(const struct xa_job *job)
{
        static const int bond[] = { XSNET_FIELD_MEMBERS, XSNET_FIELD_NETWORK, XSNET_FIELD_MAC };
        static const int other[] = { XSNET_FIELD_NETWORK };

        if (job->step->verb != XSNET_STEP_CHANGE)
                return job->step->verb == XSNET_STEP_CREATE;
        return XSN_BOND(job->obj) ? has_changed(job, bond, XSN_ARRAY_SIZE(bond))
                                  : has_changed(job, other, XSN_ARRAY_SIZE(other));
}

static int find_pif(struct xa_job *job, const char *name, const char **ret_ref, struct xsnet_error **ret_err)
{
        struct xa_thing *thing = xsn_xa_world_pif(xsn_xa_job_world(job), job->host, name);

        if (!thing || !thing->ref)
                return xsn_xa_job_missing(job, "interface", name, ret_err);
        *ret_ref = thing->ref;
        return 0;
}

static int find_network(struct xa_job *job, const char **ret_ref, struct xsnet_error **ret_err)
{
        const char *name = xsn_object_network(job->obj);
        struct xa_thing *thing = name ? xsn_xa_world_network(xsn_xa_job_world(job), name) : NULL;

        if (!thing)
                return xsn_xa_job_missing(job, "network", name ? name : "", ret_err);
        *ret_ref = thing->ref;
        return 0;
}

bool xsn_xa_vlan_is_plain(const struct xa_job *job)
{
        static const int plain[] = { XSNET_FIELD_PIF, XSNET_FIELD_TAG, XSNET_FIELD_NETWORK };
        uint64_t set = job->obj->present;

        if (!XSN_VLAN(job->obj) || job->step->verb != XSNET_STEP_CREATE || job->back)
                return false;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(plain); i++)
                set &= ~xsn_object_bit(job->obj, plain[i]);
        return !set && !job->to_keys.n && !job->n_behind;
}

/*
 * The second and third turn of making: what was made, then its PIF, which `getter` asks for where somebody needs it.
 */
static int finish(struct xa_job *job, const char *getter, struct xsnet_error **ret_err)
{
        struct xa_thing *thing;
        const char *ref;
        int r = xsn_xa_result_made(job, &thing, &ref, ret_err);

        if (r < 0)
                return r;
        if (job->turn == 1)
                thing->about = ref;
        if (job->turn == 1 && !xsn_xa_vlan_is_plain(job))
                return xsn_xa_call_texts(job, getter, XA_TEXTS(ref), XSN_XAPI_REPEATABLE, ret_err);
        thing->ref = job->turn == 1 ? NULL : ref;
        thing->attached = true;
        job->made = true;
        return 0;
}

/* A bond has brought it along from one of its members: it has only to be as it shall be. */
static bool came_along(struct xa_job *job)
{
        struct xa_thing *thing = xsn_xa_world_of(xsn_xa_job_world(job), job->obj);

        job->made = job->step->verb == XSNET_STEP_CREATE && thing && thing->about;
        return job->made;
}

static int destroy(struct xa_job *job, const char *method, struct xsnet_error **ret_err)
{
        const struct xsnet_object *obj = job->step->from ? job->step->from : job->obj;
        struct xa_thing *thing = xsn_xa_world_of(xsn_xa_job_world(job), obj);

        if (job->step->verb == XSNET_STEP_CHANGE && !is_made(job))
                return 0;
        if (job->turn > 0) {
                xsn_xa_world_remove(xsn_xa_job_world(job), obj);
                return 0;
        }
        if (!thing || !thing->about)
                return xsn_xa_job_missing(job, obj->cls->name, "", ret_err);
        return xsn_xa_call_texts(job, method, XA_TEXTS(thing->about), XA_HOST_CALL, ret_err);
}

/* ---- bonds ---- */

/* XAPI takes members of which one has an address at most: others give theirs up first. */
int xsn_xa_bond_strip(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_list *members = &XSN_BOND(job->obj)->members;
        const char *donor = NULL;

        if (!is_made(job))
                return 0;
        for (size_t i = 0; i < members->n; i++) {
                const char *name = XSN_ITEM(*members, char *, i);
                const struct xsnet_object *nic = xsn_xa_job_observed(job, XSNET_KIND_PIF, name);

                if (nic && nic->a.management)
                        donor = name;
        }
        for (size_t i = 0; i < members->n; i++) {
                const char *name = XSN_ITEM(*members, char *, i), *ref = NULL;
                const struct xsnet_object *nic = xsn_xa_job_observed(job, XSNET_KIND_PIF, name);
                int r;

                if (!nic || nic->a.ipv4_mode.value <= XSNET_IP_NONE)
                        continue;
                donor = donor ? donor : name;
                if (!strcmp(donor, name) || i < job->i)
                        continue;
                job->i = i + 1;
                r = find_pif(job, name, &ref, ret_err);
                return r < 0 ? r
                             : xsn_xa_call_texts(job, "PIF.reconfigure_ip", XA_TEXTS(ref, "None", "", "", "", ""),
                                                 XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
        }
        return 0;
}

static void put_properties(struct xsn_xmlrpc_writer *w, const struct xa_job *job)
{
        const struct xa_record *raw = job->to_raw.tables[XA_BOND].n ? job->to_raw.tables[XA_BOND].v[0] : NULL;
        const struct xsn_bond *bond = XSN_BOND(job->obj);
        const struct xsn_list *kept = xsn_xa_list(raw, XA_BOND_PROPERTIES);
        const char *hash = xsn_xa_enum_word(XSNET_FIELD_HASH, bond->hash.value);
        const char *rate = xsn_xa_enum_word(XSNET_FIELD_LACP_RATE, bond->lacp_rate.value);

        xsn_xmlrpc_begin_struct(w);
        if (bond->mode.value == XSNET_BOND_LACP) {
                if (hash)
                        xsn_xmlrpc_put_member_text(w, "hashing_algorithm", hash);
                if (rate)
                        xsn_xmlrpc_put_member_text(w, "lacp-time", rate);
                for (size_t i = 0; i < kept->n; i++) {
                        const struct xsn_entry *e = &XSN_ITEM(*kept, struct xsn_entry, i);

                        if (strcmp(e->key, "hashing_algorithm") != 0 && strcmp(e->key, "lacp-time") != 0)
                                xsn_xmlrpc_put_member_text(w, e->key, e->value);
                }
        }
        xsn_xmlrpc_end_struct(w);
}

static int call_create(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(job->obj);
        const char *network = NULL, *member = NULL, *mode = xsn_xa_enum_word(XSNET_FIELD_MODE, bond->mode.value);
        char mac[XSN_MAC_STRLEN] = "";
        struct xsn_xmlrpc_writer w = { 0 };
        int r = find_network(job, &network, ret_err);

        if (r < 0)
                return r;
        if (xsn_object_is_set(job->obj, XSNET_FIELD_MAC))
                xsn_mac_format(&bond->mac, mac);
        xsn_xmlrpc_put_text(&w, network);
        xsn_xmlrpc_begin_array(&w);
        for (size_t i = 0; i < bond->members.n && r == 0; i++) {
                r = find_pif(job, XSN_ITEM(bond->members, char *, i), &member, ret_err);
                if (r == 0)
                        xsn_xmlrpc_put_text(&w, member);
        }
        xsn_xmlrpc_end_array(&w);
        xsn_xmlrpc_put_text(&w, mac);
        xsn_xmlrpc_put_text(&w, mode ? mode : "");
        put_properties(&w, job);
        if (r == 0)
                r = xsn_xa_call(job, "Bond.create", &w, XA_HOST_CALL, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

int xsn_xa_bond_create(struct xa_job *job, struct xsnet_error **ret_err)
{
        int r;

        if (!is_made(job))
                return 0;
        if (job->turn == 0)
                return call_create(job, ret_err);
        r = finish(job, "Bond.get_master", ret_err);
        if (r == 0)
                job->taken = true;
        /* What is said in keys is in force with the next plug only. */
        for (size_t i = 0; r == 0 && i < job->to_keys.n; i++)
                job->replug = job->replug || !strncmp(XSN_ITEM(job->to_keys, struct xsn_entry, i).key, "bond-", 5);
        return r;
}

int xsn_xa_bond_mode(struct xa_job *job, struct xsnet_error **ret_err)
{
        const char *mode = xsn_xa_enum_word(XSNET_FIELD_MODE, XSN_BOND(job->obj)->mode.value);
        struct xa_thing *thing = xsn_xa_job_thing(job);

        if (job->made || job->turn > 0 || !xsn_xa_job_changes(job, XSNET_FIELD_MODE))
                return 0;
        if (!thing || !mode)
                return xsn_xa_job_missing(job, "bond", XSN_BOND(job->obj)->name, ret_err);
        return xsn_xa_call_texts(job, "Bond.set_mode", XA_TEXTS(thing->about, mode), XA_HOST_CALL | XSN_XAPI_REPEATABLE,
                                 ret_err);
}

int xsn_xa_bond_properties(struct xa_job *job, struct xsnet_error **ret_err)
{
        static const struct {
                int field;
                const char *name;
        } properties[] = { { XSNET_FIELD_HASH, "hashing_algorithm" }, { XSNET_FIELD_LACP_RATE, "lacp-time" } };
        const struct xsn_bond *bond = XSN_BOND(job->obj);
        struct xa_thing *thing = xsn_xa_job_thing(job);

        if (job->made || bond->mode.value != XSNET_BOND_LACP)
                return 0;
        while (job->i < XSN_ARRAY_SIZE(properties)) {
                size_t i = job->i++;
                const struct xsn_enumval *v = i == 0 ? &bond->hash : &bond->lacp_rate;
                const char *word = xsn_xa_enum_word(properties[i].field, v->value);

                if (!word ||
                    (!xsn_xa_job_changes(job, properties[i].field) && !xsn_xa_job_changes(job, XSNET_FIELD_MODE)))
                        continue;
                if (!thing)
                        return xsn_xa_job_missing(job, "bond", bond->name, ret_err);
                return xsn_xa_call_texts(job, "Bond.set_property", XA_TEXTS(thing->about, properties[i].name, word),
                                         XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
        }
        return 0;
}

/* What the plan says of the network of a NIC, which is the NIC's also while it is a member; 0: nothing. */
static uint32_t network_mtu(struct xa_job *job, const char *nic, const char **ret_ref)
{
        const struct xa_view *view = xsn_xa_job_view(job);

        for (size_t i = 0; i < view->n_pifs; i++) {
                const struct xa_pif *pif = &view->pifs[i];
                const struct xsnet_object *wanted;

                if (pif->role != XA_ROLE_NIC || !pif->name || strcmp(pif->name, nic) != 0 || !pif->network ||
                    strcmp(pif->host->name, job->host) != 0)
                        continue;
                *ret_ref = pif->network->ref;
                wanted = xsn_xa_job_wanted(job, XSNET_KIND_NETWORK, xsn_xa_network_name(pif->network));
                return wanted && xsn_object_is_set(wanted, XSNET_FIELD_MTU) ? XSN_NETWORK(wanted)->mtu : 0;
        }
        return 0;
}

/*
 * When XAPI plugs a bond it gives the bond's MTU to the networks of the members, too, where it would stay for good:
 * they get back what nobody asked to change.
 */
int xsn_xa_bond_mtus(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(job->obj);
        const struct xsnet_object *net =
                xsn_object_network(job->obj) ? xsn_xa_job_wanted(job, XSNET_KIND_NETWORK, xsn_object_network(job->obj))
                                             : NULL;
        uint32_t mtu = net ? xsn_object_mtu(net) : 0;

        while (job->i < bond->members.n) {
                const char *ref = NULL;
                uint32_t theirs = network_mtu(job, XSN_ITEM(bond->members, char *, job->i++), &ref);
                struct xsn_xmlrpc_writer w = { 0 };
                int r;

                if (!theirs || !mtu || theirs == mtu)
                        continue;
                xsn_xmlrpc_put_text(&w, ref);
                xsn_xmlrpc_put_int(&w, theirs);
                r = xsn_xa_call(job, "network.set_MTU", &w, XSN_XAPI_REPEATABLE, ret_err);
                xsn_xmlrpc_writer_done(&w);
                return r;
        }
        return 0;
}

/* The primary has got the bond's address: where that is not to be, it gives it up. */
int xsn_xa_bond_heir(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_bond *bond = XSN_BOND(job->step->from);
        const char *name = bond->members.n ? XSN_ITEM(bond->members, char *, 0) : NULL;
        const struct xsnet_object *nic = name ? xsn_xa_job_wanted(job, XSNET_KIND_PIF, name) : NULL;
        struct xa_thing *thing = name ? xsn_xa_world_pif(xsn_xa_job_world(job), job->host, name) : NULL;

        return job->turn > 0 || !nic || !thing ? 0 : xsn_xa_call_ip(job, thing, &bond->o, nic, ret_err);
}

int xsn_xa_bond_destroy(struct xa_job *job, struct xsnet_error **ret_err)
{
        return destroy(job, "Bond.destroy", ret_err);
}

/* ---- VLANs ---- */

int xsn_xa_vlan_create(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_vlan *vlan = XSN_VLAN(job->obj);
        const char *network = NULL, *pif = NULL;
        struct xsn_xmlrpc_writer w = { 0 };
        int r;

        if (!is_made(job))
                return 0;
        if (job->turn > 0)
                return finish(job, "VLAN.get_untagged_PIF", ret_err);
        if (came_along(job))
                return 0;
        r = find_network(job, &network, ret_err);
        if (r == 0)
                r = find_pif(job, vlan->pif, &pif, ret_err);
        if (r < 0)
                return r;
        xsn_xmlrpc_put_text(&w, pif);
        xsn_xmlrpc_put_int(&w, vlan->tag);
        xsn_xmlrpc_put_text(&w, network);
        r = xsn_xa_call(job, "VLAN.create", &w, XA_HOST_CALL, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

int xsn_xa_vlan_destroy(struct xa_job *job, struct xsnet_error **ret_err)
{
        return destroy(job, "VLAN.destroy", ret_err);
}

/* ---- tunnels ---- */

int xsn_xa_tunnel_create(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(job->obj);
        bool set = xsn_object_is_set(job->obj, XSNET_FIELD_PROTOCOL);
        const char *network = NULL, *pif = NULL, *protocol = NULL;
        int r;

        if (!is_made(job))
                return 0;
        if (job->turn > 0)
                return finish(job, "tunnel.get_access_PIF", ret_err);
        if (came_along(job))
                return 0;
        r = find_network(job, &network, ret_err);
        if (r == 0)
                r = find_pif(job, tunnel->transport, &pif, ret_err);
        if (r < 0)
                return r;
        /* gre is what older ones make, who do not take the word. */
        if (set && tunnel->protocol.value != XSNET_PROTOCOL_GRE)
                protocol = xsn_xa_enum_word(XSNET_FIELD_PROTOCOL, tunnel->protocol.value);
        return xsn_xa_call_texts(job, "tunnel.create", XA_TEXTS(pif, network, protocol), XA_HOST_CALL, ret_err);
}

int xsn_xa_tunnel_destroy(struct xa_job *job, struct xsnet_error **ret_err)
{
        return destroy(job, "tunnel.destroy", ret_err);
}
