/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which default route an object shall have: the one object whose gateway is the host's has it without a metric, and
 * each other one with a metric of its own, so that its gateway is there and never the one that is taken.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/apply.h"
#include "backend/dom0/view.h"

#define SECOND_METRIC_4 1000 /* of gateways that are not the host's: from here on, each one of its own */
#define SECOND_METRIC_6 2048
#define N_SECOND        256 /* metrics from there on that we take for ours */

static uint32_t second_metric(int family)
{
        return family == 4 ? SECOND_METRIC_4 : SECOND_METRIC_6;
}

/* Which of the metrics for gateways that are not the host's a route has; -1: none. */
static int second_index(const struct xsn_d0_route *route)
{
        uint32_t first = second_metric(route->to.family);

        /* Somebody else's metric may be close to ours. */
        if (!xsn_d0_route_is_default(route) || route->metric < first || route->metric >= first + N_SECOND ||
            (route->metric > first && route->proto != RTPROT_STATIC))
                return -1;
        return (int)(route->metric - first);
}

static bool wants_second(const struct xsn_d0_apply *a, const struct xsnet_object *obj, int family)
{
        const struct xsnet_object *chosen = a->default_of[family == 6];
        const char *device = xsn_object_device(obj), *other = chosen ? xsn_object_device(chosen) : NULL;

        return obj->cls->has_address &&
               xsn_object_is_set(obj, family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY) && other &&
               device && strcmp(other, device) != 0;
}

/* The metric that the object's gateway has already; -1: none. */
static int index_now(const struct xsn_d0_apply *a, const struct xsnet_object *obj, int family)
{
        const struct xsn_d0_link *place = a->place_then(a, obj);
        const struct xsn_ip *via = family == 4 ? &obj->a.ipv4_gateway : &obj->a.ipv6_gateway;

        for (const struct xsn_d0_route *route = place ? place->routes : NULL; route; route = route->next)
                if (route->to.family == family && xsn_ip_same_address(&route->via, via) && second_index(route) >= 0)
                        return second_index(route);
        return -1;
}

/*
 * Metrics of gateways that stay second; of IPv6 also of those that go. IPv4 has several routes of one metric for
 * a moment, IPv6 makes one with several next hops of them, which is another route then.
 */
static void take_metrics(const struct xsn_d0_apply *a, int family, bool taken[static N_SECOND])
{
        const struct xsnet_state *wanted = xsn_d0_wanted(a);
        const struct xsn_d0_net *net = a->net;

        for (size_t i = 0; i < wanted->n_objects; i++) {
                int now = wants_second(a, wanted->objects[i], family) ? index_now(a, wanted->objects[i], family) : -1;

                if (now >= 0)
                        taken[now] = true;
        }
        for (size_t i = 0; i < net->n_links && family == 6; i++)
                for (const struct xsn_d0_route *route = net->links[i]->routes; route; route = route->next)
                        if (route->to.family == family && second_index(route) >= 0)
                                taken[second_index(route)] = true;
}

/* Every wanted object in turn keeps what it has, or takes the first that nobody has: so all steps agree. */
static uint32_t choose_metric(const struct xsn_d0_apply *a, const struct xsnet_object *obj, int family)
{
        const struct xsnet_state *wanted = xsn_d0_wanted(a);
        const char *device = xsn_object_device(obj);
        bool taken[N_SECOND] = { false };
        int now = index_now(a, obj, family), next = 0;

        if (now >= 0 || !wanted)
                return second_metric(family) + (uint32_t)(now >= 0 ? now : 0);
        take_metrics(a, family, taken);
        for (size_t i = 0; i < wanted->n_objects; i++) {
                const struct xsnet_object *other = wanted->objects[i];

                if (!wants_second(a, other, family) || index_now(a, other, family) >= 0)
                        continue;
                while (next < N_SECOND - 1 && taken[next])
                        next++;
                if (strcmp(xsn_object_device(other), device) == 0)
                        break;
                taken[next] = true;
        }
        return second_metric(family) + (uint32_t)next;
}

bool xsn_d0_gateway_of(const struct xsn_d0_apply *a, const struct xsnet_object *obj, int family,
                       struct xsn_route *ret_route)
{
        int field = family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY;
        static const uint8_t zero[16];
        struct xsn_route route = { 0 };

        if (!xsn_object_is_set(obj, field))
                return false;
        route.to = xsn_d0_ip(zero, family == 4 ? 4 : 16, 0);
        route.via = family == 4 ? obj->a.ipv4_gateway : obj->a.ipv6_gateway;
        if (wants_second(a, obj, family))
                route.metric = choose_metric(a, obj, family);
        *ret_route = route;
        return true;
}

bool xsn_d0_chosen_metric(const struct xsn_d0_route *route)
{
        return xsn_d0_route_value(route).metric != 0 && second_index(route) < 0;
}

bool xsn_d0_good_gateway(const struct xsn_d0_route *found, const struct xsn_route *wanted)
{
        return xsn_ip_same_address(&found->via, &wanted->via) &&
               (xsn_d0_route_value(found).metric == wanted->metric || xsn_d0_chosen_metric(found));
}
