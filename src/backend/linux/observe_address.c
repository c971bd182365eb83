/* SPDX-License-Identifier: Apache-2.0 */
/* The address rows of an object, and what is known of who else cares for its device. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

#ifndef IFAPROT_KERNEL_RA
#define IFAPROT_KERNEL_LO 1
#define IFAPROT_KERNEL_RA 2
#define IFAPROT_KERNEL_LL 3
#endif
#define IPV6_METRIC 1024 /* what the kernel takes where none is said */

bool xsn_lx_addr_counts(const struct xsn_d0_addr *addr)
{
        /* Of IPv4 the same flag says that an address is the second of its subnet. */
        bool temporary = addr->ip.family == 6 && addr->flags & IFA_F_TEMPORARY;

        return !xsn_ip_is_link_local(&addr->ip) && addr->scope != RT_SCOPE_HOST && !temporary &&
               addr->proto != IFAPROT_KERNEL_LO && addr->proto != IFAPROT_KERNEL_LL;
}

bool xsn_lx_route_is_default(const struct xsn_d0_route *route)
{
        return route->table == RT_TABLE_MAIN && route->type == RTN_UNICAST && route->to.plen == 0;
}

/* Those of others count too, as long as a document can say them. Router advertisements are the kernel's. */
bool xsn_lx_route_is_row(const struct xsn_d0_route *route)
{
        return route->plain && route->to.plen > 0 && route->proto != RTPROT_RA && route->proto != RTPROT_DHCP &&
               !xsn_ip_is_link_local(&route->to) && !xsn_ip_is_multicast(&route->to);
}

struct xsn_route xsn_lx_route_value(const struct xsn_d0_route *route)
{
        struct xsn_route value = { .to = route->to, .via = route->via, .metric = route->metric };

        if (value.to.family == 6 && value.metric == IPV6_METRIC)
                value.metric = 0;
        if (value.via.family)
                value.via.plen = value.via.family == 4 ? 32 : 128;
        return value;
}

/* Which mode the addresses of one family speak for. */
struct found {
        bool is_static, dhcp, autoconf;
};

static void judge(const struct xsn_d0_addr *addr, struct found *found)
{
        if (!addr->dynamic)
                found->is_static = true;
        else if (addr->ip.family == 6 && (addr->proto == IFAPROT_KERNEL_RA || addr->ip.plen != 128))
                found->autoconf = true;
        else
                found->dhcp = true;
}

static int view_addr(const struct lx_view *view, const struct xsn_d0_addr *addr, bool ours, struct xsnet_object *obj)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;
        bool v4 = addr->ip.family == 4;
        int r;

        if (addr->dynamic)
                return 0;
        r = xsn_list_add(item, v4 ? &obj->a.ipv4_address : &obj->a.ipv6_address, &addr->ip);
        xsn_object_mark(obj, v4 ? XSNET_FIELD_IPV4_ADDRESS : XSNET_FIELD_IPV6_ADDRESS);
        if (r < 0 || addr->proto == XSN_D0_ADDR_PROTO || (!view->lx->net.tells_proto && ours))
                return r;
        xsn_object_mark(obj, XSNET_FIELD_STATUS_OTHER_ADDRESSES);
        return xsn_list_add(item, &obj->a.other_addresses, &addr->ip);
}

static void set_modes(struct xsnet_object *obj, const struct found *v4, const struct found *v6)
{
        if (v4->is_static || v4->dhcp) {
                obj->a.ipv4_mode.value = v4->dhcp ? XSNET_IP_DHCP : XSNET_IP_STATIC;
                xsn_object_mark(obj, XSNET_FIELD_IPV4_MODE);
        }
        if (v6->is_static || v6->dhcp || v6->autoconf) {
                obj->a.ipv6_mode.value = v6->is_static ? XSNET_IP_STATIC : v6->dhcp ? XSNET_IP_DHCP : XSNET_IP_AUTOCONF;
                xsn_object_mark(obj, XSNET_FIELD_IPV6_MODE);
        }
}

static int view_routes(const struct xsn_d0_link *place, struct xsnet_object *obj)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_ROUTES)->item;
        uint32_t best[2] = { UINT32_MAX, UINT32_MAX };

        for (const struct xsn_d0_route *route = place->routes; route; route = route->next) {
                bool v4 = route->to.family == 4;
                struct xsn_route value = xsn_lx_route_value(route);

                if (xsn_lx_route_is_default(route) && route->via.family == route->to.family &&
                    route->metric < best[!v4] && route->proto != RTPROT_RA) {
                        best[!v4] = route->metric;
                        *(v4 ? &obj->a.ipv4_gateway : &obj->a.ipv6_gateway) = value.via;
                        xsn_object_mark(obj, v4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY);
                } else if (xsn_lx_route_is_row(route)) {
                        if (xsn_list_add(item, &obj->a.routes, &value) < 0)
                                return -ENOMEM;
                        xsn_object_mark(obj, XSNET_FIELD_ROUTES);
                }
        }
        return 0;
}

/* DHCP brings its own routes; a document that repeats them would be in conflict with the mode. */
static void drop_dynamic(struct xsnet_object *obj, const struct found *v4, const struct found *v6)
{
        if (v4->dhcp && !v4->is_static)
                xsn_object_clear(obj, XSNET_FIELD_IPV4_GATEWAY);
        if ((v6->dhcp || v6->autoconf) && !v6->is_static)
                xsn_object_clear(obj, XSNET_FIELD_IPV6_GATEWAY);
}

static int view_others(const struct lx_view *view, const struct xsn_d0_link *place, const struct xsn_d0_link *link,
                       bool dhcp, struct xsnet_object *obj)
{
        const char *manager = xsn_lx_manager_of(&view->managers, link);
        const char *client = NULL;
        int r = 0;

        if (!manager && place != link)
                manager = xsn_lx_manager_of(&view->managers, place);
        if (manager)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_MANAGED_BY, manager);
        if (dhcp)
                client = view->lx->own_netns ? xsn_lx_dhcp_client_of(place) : NULL;
        if (r == 0 && dhcp)
                r = xsn_object_set_string(obj, XSNET_FIELD_STATUS_DHCP_CLIENT, client ? client : "unknown");
        return r;
}

/* Does the mark say that we have something to do with the device, and not only how it was before? */
static bool is_marked(const struct xsn_d0_link *place)
{
        return xsn_lx_mark_is_ours(place->alias) && (place->alias[6] != ';' || strstr(place->alias, ";net="));
}

int xsn_lx_view_addresses(struct lx_view *view, const struct xsn_d0_link *place, const struct xsn_d0_link *link,
                          struct xsnet_object *obj)
{
        struct found v4 = { 0 }, v6 = { 0 };
        bool ours;
        int r = 0;

        if (!place)
                return 0;
        ours = is_marked(place);
        for (const struct xsn_d0_addr *addr = place->addrs; addr && r == 0; addr = addr->next) {
                if (!xsn_lx_addr_counts(addr))
                        continue;
                judge(addr, addr->ip.family == 4 ? &v4 : &v6);
                r = view_addr(view, addr, ours, obj);
        }
        set_modes(obj, &v4, &v6);
        if (r == 0)
                r = view_routes(place, obj);
        drop_dynamic(obj, &v4, &v6);
        if (r == 0)
                r = xsn_lx_kept_save(view, place, ours, obj);
        return r < 0 ? r : view_others(view, place, link, v4.dhcp || v6.dhcp, obj);
}
