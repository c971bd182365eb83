/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address, route and link requests. Each call begins exactly one message of the batch; those about addresses and routes
 * return its index: `type` is RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE or RTM_DELROUTE, `flags` NLM_F_CREATE and so on.
 */
#ifndef BACKEND_DOM0_PUT_H
#define BACKEND_DOM0_PUT_H

#include "backend/dom0/net.h"

/* An address of ours. `settled`: it was on this network already, so nobody is asked whether it is free. */
size_t xsn_d0_put_addr(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, uint32_t ifindex,
                       const struct xsn_ip *ip, bool settled, const char *label);
/* An address as it was told, for link `ifindex` called `name`. */
size_t xsn_d0_put_addr_copy(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, const struct xsn_d0_addr *addr,
                            uint32_t ifindex, const char *name, const char *label);
/* A static route of ours in the main table. */
size_t xsn_d0_put_route(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, uint32_t ifindex,
                        const struct xsn_route *route, const char *label);
/* A route as it was told; what it says of link `from` is said of `to`. */
size_t xsn_d0_put_route_copy(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags,
                             const struct xsn_d0_route *route, uint32_t from, uint32_t to, const char *label);
/* Does a route with several next hops lead over the link? */
bool xsn_d0_route_uses(const struct xsn_d0_route *route, uint32_t ifindex);
/* "10.0.0.0/8 via 192.0.2.1 on br0" for labels; the caller's. NULL: no memory, which a label may be. */
char *xsn_d0_route_label(const struct xsn_ip *to, const struct xsn_ip *via, const char *device);

/* ---- link_put.c ---- */

/* The link's master (0: none), its MAC address, and whether it is up. */
void xsn_d0_put_master(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, uint32_t master);
void xsn_d0_put_mac(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, const struct xsn_mac *mac);
void xsn_d0_put_up(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, bool up);
void xsn_d0_put_mtu(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, uint32_t mtu);
/* A MAC address for a bridge that its NIC has left. */
struct xsn_mac xsn_d0_random_mac(void);

/* Results that are no failure. */
enum { XSN_D0_MAY_EXIST = 1 << 0, XSN_D0_MAY_BE_GONE = 1 << 1, XSN_D0_MAY_FAIL = 1 << 2 };

bool xsn_d0_tolerated(int code, unsigned may);
/* Sends all of the batch at once. 0, or the first result that `may` does not allow, with its error. */
int xsn_d0_send(struct xsn_nl *nl, struct xsn_nl_batch *batch, unsigned may, struct xsnet_error **ret_err);

#endif
