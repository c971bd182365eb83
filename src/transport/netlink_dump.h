/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the kernel: dumps, and single gets. A dump that the kernel interrupted or that
 * overran the socket is asked for again, so a reader must be able to start over.
 */
#ifndef TRANSPORT_NETLINK_DUMP_H
#define TRANSPORT_NETLINK_DUMP_H

#include "transport/netlink_batch.h"

struct xsn_nl_reader {
        /* Each message of the answer, valid during the call. Negative, with ret_err set: the dump returns that. */
        int (*message)(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err);
        /* Forget what was read: the dump starts over. May be NULL for a reader that keeps nothing. */
        void (*restart)(void *userdata);
        void *userdata;
};

/*
 * Sends the one message of `request` and reads its answer to the end. With NLM_F_DUMP in its flags that is a
 * dump; without, the kernel's reply to a get (-ENODEV etc. where there is none). A dump that is still
 * inconsistent after 8 attempts is -EAGAIN "dump-interrupted". The reader must not use nl (-EBUSY).
 */
int xsn_nl_query(struct xsn_nl *nl, struct xsn_nl_batch *request, const struct xsn_nl_reader *reader,
                 struct xsnet_error **ret_err);

/*
 * Links, without their statistics: name, addresses, master, IFLA_LINKINFO with the attributes of the
 * link and of the port it is (IFLA_INFO_SLAVE_DATA), IFLA_AF_SPEC with the IPv6 settings. kind NULL, master 0: all.
 */
int xsn_nl_dump_links(struct xsn_nl *nl, const char *kind, uint32_t master, const struct xsn_nl_reader *reader,
                      struct xsnet_error **ret_err);
/* One link, by name or (name NULL) by index. */
int xsn_nl_get_link(struct xsn_nl *nl, const char *name, uint32_t ifindex, const struct xsn_nl_reader *reader,
                    struct xsnet_error **ret_err);
/* AF_INET and AF_INET6 addresses; ifindex 0: of all links. */
int xsn_nl_dump_addrs(struct xsn_nl *nl, uint32_t ifindex, const struct xsn_nl_reader *reader,
                      struct xsnet_error **ret_err);
/*
 * IPv4 and IPv6 unicast routes of all tables (RTA_TABLE tells which), the kernel's own too; no cached clones. Of the
 * other types, three of which come with each address, the kernel sends none.
 */
int xsn_nl_dump_routes(struct xsn_nl *nl, const struct xsn_nl_reader *reader, struct xsnet_error **ret_err);
/* Qdiscs; ifindex 0: of all links. */
int xsn_nl_dump_qdiscs(struct xsn_nl *nl, uint32_t ifindex, const struct xsn_nl_reader *reader,
                       struct xsnet_error **ret_err);
/* tc filters under `parent` (TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), 0xffff0000, ...) of one link. */
int xsn_nl_dump_filters(struct xsn_nl *nl, uint32_t ifindex, uint32_t parent, const struct xsn_nl_reader *reader,
                        struct xsnet_error **ret_err);

#endif
