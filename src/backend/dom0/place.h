/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device carries for dom0, its addresses that were given and its routes, put on another device and taken away.
 * Links are as the tables have them; nothing is sent here.
 */
#ifndef BACKEND_DOM0_PLACE_H
#define BACKEND_DOM0_PLACE_H

#include "backend/dom0/net.h"
#include "backend/dom0/put.h"

bool xsn_d0_place_has(const struct xsn_d0_net *net, const struct xsn_d0_link *place);
/* -EOPNOTSUPP "not-supported" where a route of the place has a nexthop object. Before anything is sent. */
int xsn_d0_place_check(const struct xsn_d0_net *net, const struct xsn_d0_link *place, struct xsnet_error **ret_err);
/* Puts what src has for dst; and takes what src has away at another device, or at src itself. */
void xsn_d0_place_put(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                      const struct xsn_d0_link *dst);
void xsn_d0_place_put_ipv4(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                           const struct xsn_d0_link *dst);
void xsn_d0_place_drop(struct xsn_nl_batch *batch, const struct xsn_d0_net *net, const struct xsn_d0_link *src,
                       const struct xsn_d0_link *at);

/* Of what src has, the addresses alone. */
void xsn_d0_place_put_addrs(struct xsn_nl_batch *batch, const struct xsn_d0_link *src, const struct xsn_d0_link *dst);
/* Is one of them IPv6's? */
bool xsn_d0_place_has_ipv6(const struct xsn_d0_link *place);

/* The pieces of both: an address, and a route out of `from`, as they are, for (or, RTM_DEL*, at) another device. */
bool xsn_d0_addr_goes_along(const struct xsn_d0_addr *addr);
bool xsn_d0_route_goes_along(const struct xsn_d0_route *route);
void xsn_d0_place_put_addr(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_addr *addr,
                           const struct xsn_d0_link *at);
void xsn_d0_place_put_route(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_route *route, uint32_t from,
                            const struct xsn_d0_link *to);

#endif
