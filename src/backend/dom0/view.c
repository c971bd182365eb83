/* SPDX-License-Identifier: Apache-2.0 */
/* Which links are NICs, and the address rows of an object. */
#include "backend/dom0/view.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#ifndef IFAPROT_KERNEL_RA
#define IFAPROT_KERNEL_LO 1
#define IFAPROT_KERNEL_RA 2
#define IFAPROT_KERNEL_LL 3
#endif
#define IPV6_METRIC 1024 /* what the kernel takes where none is said */

/* ---- links ---- */

/* Devices of these kinds stand for a wire; a device without a kind is hardware. */
static bool is_wire_kind(const char *kind)
{
        static const char *const kinds[] = { "",         "veth", "dummy", "macvlan", "macvtap", "ipvlan",
                                             "netdevsim", "team", "virt_wifi", "hsr" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(kinds); i++)
                if (strcmp(kind, kinds[i]) == 0)
                        return true;
        return false;
}

/* The dom0 end of a guest's device is the vif; its other end, where it is in this namespace, plays the guest. */
static bool is_guest_end(const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        uint32_t domain, device;
        const struct xsn_d0_link *peer = link->lower ? xsn_d0_link_at(net, link->lower) : NULL;

        return strcmp(link->kind, "veth") == 0 && peer && xsn_d0_vif_name(peer->name, &domain, &device, NULL);
}

bool xsn_d0_link_is_nic(const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        return link->type == ARPHRD_ETHER && !(link->flags & IFF_LOOPBACK) && is_wire_kind(link->kind) &&
               !is_guest_end(net, link);
}

static int compare_position(const void *a, const void *b)
{
        const struct xsn_d0_link *x = *(struct xsn_d0_link *const *)a, *y = *(struct xsn_d0_link *const *)b;
        int r;

        if (!x->pci != !y->pci)
                return x->pci ? -1 : 1;
        r = x->pci ? strcmp(x->pci, y->pci) : 0;
        if (r != 0)
                return r;
        return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

void xsn_d0_sort_nics(struct xsn_d0_link **links, size_t n)
{
        if (n > 1)
                qsort((void *)links, n, sizeof(*links), compare_position);
}

/* The metric of the link's best default route of a family; UINT64_MAX: it has none. */
static uint64_t best_metric(const struct xsn_d0_link *link, int family)
{
        uint64_t best = UINT64_MAX;

        for (const struct xsn_d0_route *route = link->routes; route; route = route->next)
                if (xsn_d0_route_is_default(route) && route->to.family == family && route->metric < best)
                        best = route->metric;
        return best;
}

void xsn_d0_find_default(const struct xsn_d0_net *net, struct xsn_d0_default *ret_default)
{
        *ret_default = (struct xsn_d0_default){ 0 };
        for (int family = 4; family <= 6; family += 2) {
                uint64_t best = UINT64_MAX;
                uint32_t ifindex = 0;
                size_t n = 0;

                for (size_t i = 0; i < net->n_links; i++) {
                        uint64_t metric = best_metric(net->links[i], family);

                        n += metric != UINT64_MAX;
                        if (metric >= best)
                                continue;
                        best = metric;
                        ifindex = net->links[i]->ifindex;
                }
                if (!ret_default->ifindex)
                        ret_default->ifindex = ifindex;
                if (!ret_default->chosen && n > 1)
                        ret_default->chosen = ifindex;
        }
}

/* ---- addresses and routes ---- */

bool xsn_d0_addr_counts(const struct xsn_d0_addr *addr)
{
        /* Of IPv4 the same flag says that an address is the second of its subnet. */
        bool temporary = addr->ip.family == 6 && addr->flags & IFA_F_TEMPORARY;

        return (!xsn_ip_is_link_local(&addr->ip) || addr->proto == XSN_D0_ADDR_PROTO) &&
               addr->scope != RT_SCOPE_HOST && !temporary && addr->proto != IFAPROT_KERNEL_LO &&
               addr->proto != IFAPROT_KERNEL_LL;
}

bool xsn_d0_addr_is_local4(const struct xsn_d0_addr *addr)
{
        return addr->ip.family == 4 && xsn_ip_is_link_local(&addr->ip) && addr->scope != RT_SCOPE_HOST &&
               !addr->dynamic && !xsn_d0_addr_counts(addr);
}

bool xsn_d0_route_is_default(const struct xsn_d0_route *route)
{
        return route->table == RT_TABLE_MAIN && route->type == RTN_UNICAST && route->to.plen == 0;
}

/* Those of others count too, as long as a document can say them. Router advertisements are the kernel's. */
bool xsn_d0_route_is_row(const struct xsn_d0_route *route)
{
        return route->plain && route->to.plen > 0 && route->proto != RTPROT_RA && route->proto != RTPROT_DHCP &&
               !xsn_ip_is_link_local(&route->to) && !xsn_ip_is_multicast(&route->to);
}

struct xsn_route xsn_d0_route_value(const struct xsn_d0_route *route)
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

static int view_addr(const struct xsn_d0_net *net, const struct xsn_d0_addr *addr, bool ours, struct xsnet_object *obj)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;
        bool v4 = addr->ip.family == 4;
        int r;

        if (addr->dynamic)
                return 0;
        r = xsn_list_add(item, v4 ? &obj->a.ipv4_address : &obj->a.ipv6_address, &addr->ip);
        xsn_object_mark(obj, v4 ? XSNET_FIELD_IPV4_ADDRESS : XSNET_FIELD_IPV6_ADDRESS);
        if (r < 0 || addr->proto == XSN_D0_ADDR_PROTO || (!net->tells_proto && ours))
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
                struct xsn_route value = xsn_d0_route_value(route);

                if (xsn_d0_route_is_default(route) && route->via.family == route->to.family &&
                    route->metric < best[!v4] && route->proto != RTPROT_RA) {
                        best[!v4] = route->metric;
                        *(v4 ? &obj->a.ipv4_gateway : &obj->a.ipv6_gateway) = value.via;
                        xsn_object_mark(obj, v4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY);
                } else if (xsn_d0_route_is_row(route)) {
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

int xsn_d0_view_addresses(const struct xsn_d0_net *net, const struct xsn_d0_link *place, bool ours,
                          struct xsnet_object *obj, bool *ret_dhcp)
{
        struct found v4 = { 0 }, v6 = { 0 };
        int r = 0;

        for (const struct xsn_d0_addr *addr = place->addrs; addr && r == 0; addr = addr->next) {
                bool may_be_ours = !net->tells_proto && ours && xsn_d0_addr_is_local4(addr);

                if (!xsn_d0_addr_counts(addr) && !may_be_ours)
                        continue;
                judge(addr, addr->ip.family == 4 ? &v4 : &v6);
                r = view_addr(net, addr, ours, obj);
        }
        set_modes(obj, &v4, &v6);
        if (r == 0)
                r = view_routes(place, obj);
        drop_dynamic(obj, &v4, &v6);
        *ret_dhcp = v4.dhcp || v6.dhcp;
        return r;
}
