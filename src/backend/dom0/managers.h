/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs' traces on this host: who else cares for a device. */
#ifndef BACKEND_DOM0_MANAGERS_H
#define BACKEND_DOM0_MANAGERS_H

#include "backend/dom0/net.h"

struct xsn_d0_managers {
        uint32_t *links; /* owned, sorted: those that they know */
        size_t n, cap;
        bool xcp; /* the toolstack's daemon runs */
};

/* Read once an observe, and only in the process's own namespace. 0 or -ENOMEM. */
int xsn_d0_managers_find(struct xsn_d0_managers *ret_managers);
void xsn_d0_managers_done(struct xsn_d0_managers *managers);
/*
 * The one that manages the link, and the link's DHCP client: constants; NULL. network: the link is a NIC, a bond or a
 * bridge, which are the toolstack's where that runs.
 */
const char *xsn_d0_manager_of(const struct xsn_d0_managers *managers, const struct xsn_d0_link *link, bool network);
const char *xsn_d0_dhcp_client_of(const struct xsn_d0_link *link);

#endif
