/* SPDX-License-Identifier: Apache-2.0 */
/* Hears of devices that come, change or go, for an apply that waits for it. */
#ifndef BACKEND_DOM0_ARRIVALS_H
#define BACKEND_DOM0_ARRIVALS_H

#include "backend/dom0/net.h"
#include "base/loop.h"

struct xsn_d0_arrivals;

/* A device as it is now, or was; valid during the call, in no table. Not from inside open. */
typedef void (*xsn_d0_arrival_fn)(const struct xsn_d0_link *link, bool gone, void *userdata);

int xsn_d0_arrivals_open(struct xsn_loop *loop, const struct xsn_nl_options *options, xsn_d0_arrival_fn fn,
                         void *userdata, struct xsn_d0_arrivals **ret_arrivals, struct xsnet_error **ret_err);
/* Not from inside fn. NULL is ignored. Returns NULL. */
struct xsn_d0_arrivals *xsn_d0_arrivals_close(struct xsn_d0_arrivals *arrivals);
XSN_CLEANUP_DEFINE(xsn_d0_arrivals_close, struct xsn_d0_arrivals);

#endif
