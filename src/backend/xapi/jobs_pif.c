/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of everything that is a PIF. What XAPI sets in one call is said whole: the step's object is. A bond
 * that was just made has what it took from its members.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/xapi/apply.h"

static const struct xa_record *raw_pif(const struct xa_records *raw)
{
        return raw->tables[XA_PIF].n ? raw->tables[XA_PIF].v[0] : NULL;
}

static int thing_of(struct xa_job *job, struct xa_thing **ret_thing, struct xsnet_error **ret_err)
{
        *ret_thing = xsn_xa_job_thing(job);
        return *ret_thing ? 0 : xsn_xa_job_missing(job, job->obj->cls->name, "", ret_err);
}

int xsn_xa_pif_disallow(struct xa_job *job, struct xsnet_error **ret_err)
{
        struct xsn_xmlrpc_writer w = { 0 };
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || job->turn > 0 || !xsn_xa_job_changes(job, XSNET_FIELD_DISALLOW_UNPLUG))
                return r;
        xsn_xmlrpc_put_text(&w, thing->ref);
        xsn_xmlrpc_put_bool(&w, XSN_PIF(job->obj)->disallow_unplug);
        r = xsn_xa_call(job, "PIF.set_disallow_unplug", &w, XSN_XAPI_REPEATABLE, ret_err);
        xsn_xmlrpc_writer_done(&w);
        return r;
}

/* A device takes the MTU of its network when it is plugged: the network's comes first, whichever step is to say it. */
int xsn_xa_pif_network_mtu(struct xa_job *job, struct xsnet_error **ret_err)
{
        const char *name = xsn_object_network(job->obj);
        struct xa_thing *network = name ? xsn_xa_world_network(xsn_xa_job_world(job), name) : NULL;
        uint32_t mtu = xsn_object_mtu(job->obj);

        if (!job->step->from || !network || !mtu || !xsn_xa_job_changes(job, XSNET_FIELD_STATUS_MTU))
                return 0;
        job->replug = true;
        return xsn_xa_call_mtu(job, network, mtu, ret_err);
}

/* ---- addresses ---- */

/* The parameters of PIF.reconfigure_ip, or of reconfigure_ipv6, which has no netmask. */
struct ip_params {
        const char *mode, *ip, *netmask, *gateway;
        char ip_text[XSN_IP_STRLEN], netmask_text[XSN_IP_STRLEN], gateway_text[XSN_IP_STRLEN];
        struct xsn_buf dns;
};

static void put_dns(const struct xsnet_object *obj, int family, struct xsn_buf *buf)
{
        char text[XSN_IP_STRLEN];

        for (size_t i = 0; i < obj->a.dns.n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(obj->a.dns, struct xsn_ip, i);

                if (ip->family == family)
                        xsn_buf_printf(buf, "%s%s", buf->len ? "," : "", xsn_ip_format(ip, text));
        }
}

static void put_netmask(unsigned plen, char text[XSN_IP_STRLEN])
{
        uint32_t mask = plen ? UINT32_MAX << (32 - plen) : 0;

        (void)snprintf(text, XSN_IP_STRLEN, "%u.%u.%u.%u", mask >> 24, mask >> 16 & 255, mask >> 8 & 255, mask & 255);
}

/* obj NULL: none at all. */
static void fill_params(const struct xsnet_object *obj, int family, struct ip_params *p)
{
        const struct xsn_addressing *a = obj ? &obj->a : NULL;
        const struct xsn_list *list = !a ? NULL : family == 4 ? &a->ipv4_address : &a->ipv6_address;
        const struct xsn_enumval *mode = !a ? NULL : family == 4 ? &a->ipv4_mode : &a->ipv6_mode;
        const struct xsn_ip *gateway = !a ? NULL : family == 4 ? &a->ipv4_gateway : &a->ipv6_gateway;
        const char *word;

        *p = (struct ip_params){ .mode = "None", .ip = "", .netmask = "", .gateway = "" };
        word = mode ? xsn_xa_enum_word(family == 4 ? XSNET_FIELD_IPV4_MODE : XSNET_FIELD_IPV6_MODE, mode->value) : NULL;
        if (word)
                p->mode = word;
        if (list && list->n && !strcmp(p->mode, "Static")) {
                struct xsn_ip ip = XSN_ITEM(*list, struct xsn_ip, 0);

                p->ip = family == 4 ? xsn_ip_format(&ip, p->ip_text) : xsn_ip_format_prefix(&ip, p->ip_text);
                if (family == 4)
                        put_netmask(ip.plen, p->netmask_text);
                p->netmask = p->netmask_text;
        }
        if (gateway && gateway->family && !strcmp(p->mode, "Static"))
                p->gateway = xsn_ip_format(gateway, p->gateway_text);
        if (obj)
                put_dns(obj, family, &p->dns);
        xsn_buf_put(&p->dns, "");
}

/* As it was, be it something that no document could say. */
static void fill_raw(const struct xa_record *raw, int family, struct ip_params *p)
{
        const struct xsn_list *ipv6 = xsn_xa_list(raw, XA_PIF_IPV6);

        *p = (struct ip_params){ .ip = "", .netmask = "", .gateway = "" };
        p->mode = xsn_xa_text(raw, family == 4 ? XA_PIF_IP_CONFIGURATION_MODE : XA_PIF_IPV6_CONFIGURATION_MODE);
        if (!*p->mode)
                p->mode = "None";
        if (family == 4) {
                p->ip = xsn_xa_text(raw, XA_PIF_IP);
                p->netmask = xsn_xa_text(raw, XA_PIF_NETMASK);
                p->gateway = xsn_xa_text(raw, XA_PIF_GATEWAY);
        } else {
                p->ip = ipv6->n ? XSN_ITEM(*ipv6, char *, 0) : "";
                p->gateway = xsn_xa_text(raw, XA_PIF_IPV6_GATEWAY);
        }
        /* Of both families: each call takes those of its own. */
        xsn_buf_put(&p->dns, xsn_xa_text(raw, XA_PIF_DNS));
}

/* A member of a new bond that has an address gives it to the bond: the one for management, else the first. */
static const struct xsnet_object *donor_of(const struct xa_job *job)
{
        const struct xsn_list *members = &XSN_BOND(job->obj)->members;
        const struct xsnet_object *found = NULL;

        for (size_t i = 0; i < members->n; i++) {
                const struct xsnet_object *nic =
                        xsn_xa_job_observed(job, XSNET_KIND_PIF, XSN_ITEM(*members, char *, i));

                if (nic && nic->a.management)
                        return nic;
                if (nic && !found && nic->a.ipv4_mode.value > XSNET_IP_NONE)
                        found = nic;
        }
        return found;
}

static void params_before(const struct xa_job *job, int family, struct ip_params *p)
{
        const struct xsnet_object *before = job->step->from;
        const struct xa_record *raw = raw_pif(&job->from_raw);

        if (job->taken)
                fill_params(family == 4 ? donor_of(job) : NULL, family, p);
        else if (raw && job->back)
                fill_raw(raw, family, p);
        else
                fill_params(job->made ? NULL : before, family, p);
}

static void params_after(const struct xa_job *job, int family, struct ip_params *p)
{
        const struct xa_record *raw = raw_pif(&job->to_raw);

        if (raw && job->back)
                fill_raw(raw, family, p);
        else
                fill_params(job->obj, family, p);
}

static bool same_params(const struct ip_params *a, const struct ip_params *b)
{
        return !a->dns.failed && !b->dns.failed && !strcmp(a->mode, b->mode) && !strcmp(a->ip, b->ip) &&
               !strcmp(a->netmask, b->netmask) && !strcmp(a->gateway, b->gateway) && !strcmp(a->dns.s, b->dns.s);
}

static int reconfigure(struct xa_job *job, int family, struct xsnet_error **ret_err)
{
        const struct xsn_list *list = family == 4 ? &job->obj->a.ipv4_address : &job->obj->a.ipv6_address;
        struct ip_params before, after;
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0 || job->turn > 0)
                return r;
        /* The bond takes its address; the one for management XAPI leaves nobody else. */
        if (family == 4 && xsn_xa_job_joins_bond(job))
                return 0;
        params_before(job, family, &before);
        params_after(job, family, &after);
        if (before.dns.failed || after.dns.failed)
                r = xsn_error_oom(ret_err);
        else if (!same_params(&before, &after) && family == 4)
                r = xsn_xa_call_texts(
                        job, "PIF.reconfigure_ip",
                        XA_TEXTS(thing->ref, after.mode, after.ip, after.netmask, after.gateway, after.dns.s),
                        XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
        else if (!same_params(&before, &after))
                r = xsn_xa_call_texts(job, "PIF.reconfigure_ipv6",
                                      XA_TEXTS(thing->ref, after.mode, after.ip, after.gateway, after.dns.s),
                                      XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
        xsn_buf_done(&before.dns);
        xsn_buf_done(&after.dns);
        /* The host may be found there from now on. */
        for (size_t i = 0; r == 1 && job->obj->a.management && i < list->n; i++)
                xsn_xa_job_add_address(job, &XSN_ITEM(*list, struct xsn_ip, i));
        return r;
}

int xsn_xa_pif_ipv4(struct xa_job *job, struct xsnet_error **ret_err)
{
        return reconfigure(job, 4, ret_err);
}

int xsn_xa_pif_ipv6(struct xa_job *job, struct xsnet_error **ret_err)
{
        return reconfigure(job, 6, ret_err);
}

int xsn_xa_call_ip(struct xa_job *job, struct xa_thing *thing, const struct xsnet_object *before,
                   const struct xsnet_object *after, struct xsnet_error **ret_err)
{
        struct ip_params old, new;
        int r = 0;

        fill_params(before, 4, &old);
        fill_params(after, 4, &new);
        if (old.dns.failed || new.dns.failed)
                r = xsn_error_oom(ret_err);
        else if (!same_params(&old, &new))
                r = xsn_xa_call_texts(job, "PIF.reconfigure_ip",
                                      XA_TEXTS(thing->ref, new.mode, new.ip, new.netmask, new.gateway, new.dns.s),
                                      XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
        xsn_buf_done(&old.dns);
        xsn_buf_done(&new.dns);
        return r;
}

/* ---- management, plug ---- */

int xsn_xa_pif_management(struct xa_job *job, struct xsnet_error **ret_err)
{
        const struct xsnet_object *before = job->taken ? donor_of(job) : job->made ? NULL : job->step->from;
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        /* The interface that gets it takes it from the one that has it. */
        if (r < 0 || job->turn > 0 || !job->obj->a.management || (before && before->a.management))
                return r;
        for (size_t i = 0; i < job->obj->a.ipv4_address.n; i++)
                xsn_xa_job_add_address(job, &XSN_ITEM(job->obj->a.ipv4_address, struct xsn_ip, i));
        /* Where it is already, XAPI does nothing. */
        return xsn_xa_call_texts(job, "host.management_reconfigure", XA_TEXTS(thing->ref),
                                 XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
}

int xsn_xa_pif_plug(struct xa_job *job, struct xsnet_error **ret_err)
{
        bool asked = xsn_object_is_set(job->obj, XSNET_FIELD_PLUGGED), up;
        struct xa_thing *thing;
        int r = thing_of(job, &thing, ret_err);

        if (r < 0)
                return r;
        up = asked ? job->obj->a.plugged : thing->attached || job->made;
        if (job->turn > 0) {
                thing->attached = up;
                return 0;
        }
        if (job->made && up)
                thing->attached = true; /* XAPI plugs what it makes */
        if (up == thing->attached && !(up && job->replug))
                return 0;
        return xsn_xa_call_texts(job, up ? "PIF.plug" : "PIF.unplug", XA_TEXTS(thing->ref),
                                 XA_HOST_CALL | XSN_XAPI_REPEATABLE, ret_err);
}
