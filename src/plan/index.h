/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is called what, who is in which network, who stands on which device: lists of
 * pairs by host and name, before and after the plan. Filled by steps.c, then only read;
 * reading takes no memory.
 */
#ifndef PLAN_INDEX_H
#define PLAN_INDEX_H

#include "base/hash.h"
#include "plan/work.h"

/* What a list is about; "from" as observed, "to" as it shall be. */
enum {
        XSN_IX_DEVICE_FROM = 'd', /* whose device has this name */
        XSN_IX_DEVICE_TO = 'D',
        XSN_IX_NETWORK_FROM = 'n', /* whose network name this is */
        XSN_IX_NETWORK_TO = 'N',
        XSN_IX_PORTS_FROM = 'p', /* who is in this network, under the network's own host */
        XSN_IX_JOINERS = 'j',    /* what is no VIF and comes to this network of a pool */
        XSN_IX_ABOVE_FROM = 'a', /* whose parent, transport or member this device is */
        XSN_IX_ADDRESS_FROM = 'i', /* who has this address */
        XSN_IX_KEY_FROM = 'k'      /* whose kind and key this is */
};

struct xsn_index_item {
        struct xsn_pair *pair;
        struct xsn_index_item *next;  /* in the same list, in the order of putting */
        struct xsn_index_item *tail;  /* of a list's first item: its last */
        struct xsn_index_item *older; /* of the whole index, for its release */
        char key[];                   /* of a list's first item, else empty */
};

struct xsn_index {
        struct xsn_hash hash; /* key -> first item */
        struct xsn_index_item *newest;
        char *scratch; /* room for the longest key: a longer one is not there */
        size_t cap;
};

/* 0 or -ENOMEM */
int xsn_index_put(struct xsn_index *index, int what, const char *host, const char *name, struct xsn_pair *pair);
/* The first of a list, NULL: it is empty. Goes on by ->next. */
const struct xsn_index_item *xsn_index_find(const struct xsn_index *index, int what, const char *host,
                                            const char *name);
/* The first one's pair, or NULL. */
struct xsn_pair *xsn_index_pair(const struct xsn_index *index, int what, const char *host, const char *name);
void xsn_index_done(struct xsn_index *index);

#endif
