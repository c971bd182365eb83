/* SPDX-License-Identifier: Apache-2.0 */
/* From links, addresses and routes to the rows of objects: what the linux and ovs backends see alike. */
#ifndef BACKEND_DOM0_VIEW_H
#define BACKEND_DOM0_VIEW_H

#include "backend/dom0/net.h"
#include "model/object.h"

/* Does the link stand for a wire: hardware, or a device that plays it? Guests' own devices do not. */
bool xsn_d0_link_is_nic(const struct xsn_d0_net *net, const struct xsn_d0_link *link);
/* Into the order of match.position: by PCI address, those without one last, then by number. */
void xsn_d0_sort_nics(struct xsn_d0_link **links, size_t n);

struct xsn_d0_default {
        uint32_t ifindex; /* of the default route with the lowest metric, IPv4's before IPv6's; 0: none */
        uint32_t chosen;  /* which of several gateways is the host's: of IPv4, else of IPv6; 0: there are not several */
};

void xsn_d0_find_default(const struct xsn_d0_net *net, struct xsn_d0_default *ret_default);

/* Was dom0 given the address: is it neither the kernel's own nor link-local, but for one that a document named? */
bool xsn_d0_addr_counts(const struct xsn_d0_addr *addr);
/* Another of 169.254/16: no object has it, but somebody gave it to the device. Those of IPv6 are the kernel's own. */
bool xsn_d0_addr_is_local4(const struct xsn_d0_addr *addr);
/* A route as a row of `routes`: a plain one to a network that is no default route. */
bool xsn_d0_route_is_row(const struct xsn_d0_route *route);
/* A default route of the main table. */
bool xsn_d0_route_is_default(const struct xsn_d0_route *route);
struct xsn_route xsn_d0_route_value(const struct xsn_d0_route *route);

/*
 * The address rows of an object whose addresses are those of `place`. `ours`: where the kernel does not tell who set an
 * address, the object's are ours. ret_dhcp: a DHCP client keeps one of them. 0 or -ENOMEM.
 */
int xsn_d0_view_addresses(const struct xsn_d0_net *net, const struct xsn_d0_link *place, bool ours,
                          struct xsnet_object *obj, bool *ret_dhcp);

#endif
