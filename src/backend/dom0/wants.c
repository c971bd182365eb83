/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan wants of addresses as a whole: whose default route is the host's, who needs IPv6, who manages. */
#include <errno.h>
#include <string.h>

#include "backend/dom0/apply.h"
#include "backend/dom0/payload.h"
#include "base/alloc.h"

const struct xsnet_state *xsn_d0_wanted(const struct xsn_d0_apply *a)
{
        return a->plan->targets[a->target].wanted;
}

bool xsn_d0_changed(const struct xsnet_step *s, int field)
{
        return s->changed & xsn_object_bit(s->to ? s->to : s->from, field);
}

static bool has_ipv6(const struct xsnet_object *obj)
{
        if (!obj->cls->has_address)
                return false;
        return obj->a.ipv6_address.n > 0 || xsn_object_is_set(obj, XSNET_FIELD_IPV6_GATEWAY) ||
               (xsn_object_is_set(obj, XSNET_FIELD_IPV6_MODE) && obj->a.ipv6_mode.value != XSNET_IP_NONE);
}

/* Whose gateway is the host's: the one that says so, else that of management, else the first. */
static void index_gateway(struct xsn_d0_apply *a, const struct xsnet_object *obj, int family)
{
        int field = family == 0 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY;
        const struct xsnet_object *best = a->default_of[family];

        if (!obj->cls->has_address || !xsn_object_is_set(obj, field))
                return;
        if (!best || (obj->a.default_route && !best->a.default_route) ||
            (obj->a.management && !best->a.management && !best->a.default_route))
                a->default_of[family] = obj;
}

int xsn_d0_index_plan(struct xsn_d0_apply *a)
{
        const struct xsnet_state *wanted = xsn_d0_wanted(a);

        for (size_t i = 0; wanted && i < wanted->n_objects; i++) {
                const struct xsnet_object *obj = wanted->objects[i];
                const char *network = XSN_NETWORK(obj) ? XSN_NETWORK(obj)->name : xsn_object_network(obj);

                if (network && has_ipv6(obj) && xsn_hash_put_str(&a->ipv6, network, (void *)(uintptr_t)network) < 0)
                        return -ENOMEM;
                if (obj->cls->has_address) {
                        a->n_gateways += xsn_object_is_set(obj, XSNET_FIELD_IPV4_GATEWAY) ||
                                         xsn_object_is_set(obj, XSNET_FIELD_IPV6_GATEWAY);
                        a->n_management += obj->a.management;
                }
                index_gateway(a, obj, 0);
                index_gateway(a, obj, 1);
        }
        return 0;
}

void xsn_d0_apply_done(struct xsn_d0_apply *a)
{
        xsn_hash_done(&a->ipv6);
        a->moves = xsn_free(a->moves);
        a->n_moves = a->cap_moves = 0;
}

bool xsn_d0_wants_ipv6(const struct xsn_d0_apply *a, const char *network)
{
        return network && xsn_hash_get_str(&a->ipv6, network);
}

bool xsn_d0_is_derived(const struct xsn_d0_apply *a, const struct xsnet_object *obj)
{
        const struct xsnet_object *route = a->default_of[a->default_of[0] ? 0 : 1];
        bool gateway = xsn_object_is_set(obj, XSNET_FIELD_IPV4_GATEWAY) ||
                       xsn_object_is_set(obj, XSNET_FIELD_IPV6_GATEWAY);

        /* What is said to be for management stays so where another one may be chosen for the default route. */
        if (obj->a.management)
                return gateway && a->n_gateways == 1 && a->n_management <= 1;
        return route && xsn_object_device(route) && xsn_object_device(obj) &&
               strcmp(xsn_object_device(route), xsn_object_device(obj)) == 0;
}

/* The addresses by router advertisements do not go along: until the next one comes, nothing but a mark tells. */
bool xsn_d0_takes_autoconf(const struct xsnet_step *s)
{
        const struct xsnet_object *to = s->to;

        return to->cls->has_address && to->a.ipv6_mode.value == XSNET_IP_AUTOCONF &&
               (!s->from || xsn_d0_changed(s, XSNET_FIELD_NETWORK) || xsn_d0_changed(s, XSNET_FIELD_MEMBERS) ||
                xsn_d0_changed(s, XSNET_FIELD_PIF));
}

static const char *read_default(struct xsn_d0_apply *a, const char *key, char value[XSN_SYSCTL_VALUE_MAX])
{
        /* "default" is no device here, but a folder of its own. */
        struct xsn_sysctl item = { .dir = "ipv6/conf/default", .key = key };

        if (value[0])
                return value;
        if (xsn_netns_sysctl_read(a->netns, &item, 1, NULL) < 0 || !item.value[0])
                (void)strcpy(item.value, "0");
        memcpy(value, item.value, XSN_SYSCTL_VALUE_MAX);
        return value;
}

const char *xsn_d0_ipv6_default(struct xsn_d0_apply *a)
{
        return read_default(a, "disable_ipv6", a->v6_default);
}

const char *xsn_d0_vif_ipv6(struct xsn_d0_apply *a, const struct xsnet_step *s)
{
        uint32_t now = s->from ? xsn_d0_payload_number(s->from, "v6off", 2) : 2;
        uint32_t before = s->to ? xsn_d0_payload_number(s->to, "v6off", 2) : 2;

        if (now != before && now <= 1 && before <= 1)
                return before ? "1" : "0";
        if (!s->to || !xsn_d0_changed(s, XSNET_FIELD_NETWORK))
                return NULL;
        return xsn_object_network(s->to) ? "1" : xsn_d0_ipv6_default(a);
}

int xsn_d0_accept_ra(struct xsn_d0_apply *a, const struct xsn_d0_link *link)
{
        const char *text = link->accept_ra < 0 ? read_default(a, "accept_ra", a->ra_default) : NULL;

        if (!text)
                return link->accept_ra;
        return text[0] == '1' || text[0] == '2' ? text[0] - '0' : 0;
}

bool xsn_d0_takes_member(const struct xsnet_step *s, const char *device)
{
        const struct xsn_bond *to = s->to ? XSN_BOND(s->to) : NULL, *from = s->from ? XSN_BOND(s->from) : NULL;

        return to && xsn_strs_has(&to->members, device) && !(from && xsn_strs_has(&from->members, device));
}
