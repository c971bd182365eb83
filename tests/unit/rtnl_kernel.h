/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel in memory that answers on the system calls of a netlink socket: links, addresses and routes are made,
 * changed, deleted and dumped as rtnetlink does it, so far as the linux backend uses it. Any answer can be
 * spoiled. Used by the tests of the linux backend.
 */
#ifndef TESTS_RTNL_KERNEL_H
#define TESTS_RTNL_KERNEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "transport/netlink.h"

#define KERNEL_LINKS   32
#define KERNEL_ENTRIES 64
#define KERNEL_QUEUE   512
#define KERNEL_SENDS   256
#define KERNEL_DATA    24 /* attributes of IFLA_INFO_DATA */

struct kernel_link {
        uint32_t index, mtu, master, lower, flags, group;
        char name[IFNAMSIZ], kind[16], alias[256];
        uint8_t mac[6];
        struct {
                uint16_t type, len;
                unsigned char data[16];
        } info[KERNEL_DATA];
        size_t n_info;
};

/* An address or a route, as the message that makes it. */
struct kernel_entry {
        union {
                struct nlmsghdr msg;
                unsigned char bytes[256];
        } u;
};

struct kernel_datagram {
        size_t len;
        int err;       /* recvmsg() fails with it instead */
        int msg_flags; /* MSG_TRUNC */
        uint32_t from; /* the sender's port */
        unsigned char data[2048];
};

/* What is done to the answer of a send. */
enum kernel_fault {
        FAULT_NONE,
        FAULT_RECV_EINTR,   /* the first read fails with it */
        FAULT_RECV_ENOBUFS, /* ... and the rest of the answer is lost */
        FAULT_DUMP_INTR,    /* the dump says that it was interrupted; of other sends nothing */
        FAULT_TRUNCATED,    /* the first datagram did not fit */
        FAULT_SHORT,        /* its message says a length shorter than a header */
        FAULT_LONG,         /* ... or one beyond its end */
        FAULT_WRONG_SEQ,    /* all are answers to something else */
        FAULT_WRONG_PID,    /* ... or come from another process */
        FAULT_SILENCE,      /* nothing comes */
        FAULT_NO_END,       /* the last datagram is missing */
        FAULT_SEND_EINTR,   /* sendmsg() fails once, then works */
        FAULT_SEND_ENOBUFS, /* sendmsg() fails, nothing is done */
        FAULT_REFUSE,       /* one message is answered with `code`, and not done */
        FAULT_N
};

struct kernel {
        struct kernel_link links[KERNEL_LINKS];
        size_t n_links;
        struct kernel_entry entries[KERNEL_ENTRIES];
        size_t n_entries;
        uint32_t next_index;

        struct kernel_datagram queue[KERNEL_QUEUE];
        size_t n_queue, at_queue;

        enum kernel_fault fault;
        size_t fault_at;    /* of this send, counted from 0 */
        size_t fault_times; /* and so many after it, with it */
        size_t refuse;      /* FAULT_REFUSE: the message of the send */
        int code;           /* ... and its answer, -errno */
        bool retry;         /* the send that failed with EINTR is tried again */

        const char *stranger; /* somebody makes a bridge of this name just before the send `fault_at`; NULL */

        size_t n_sends; /* that the backend tried */
        struct {
                uint16_t type; /* of the first message */
                bool dump;
                size_t n;      /* messages */
        } sends[KERNEL_SENDS];
        int n_open;
        bool overflow; /* more than its tables hold, or a request that it does not know */
};

extern const struct xsn_nl_ops kernel_ops;

/* A request that is no question; 0 or -errno. */
int kernel_do(struct kernel *k, const struct nlmsghdr *msg);
void kernel_fill_link(const struct kernel_link *link, struct nlmsghdr *msg);

/* Faults and counts are forgotten, what the kernel has stays. */
void kernel_calm(struct kernel *k);
/* For the scene. */
struct kernel_link *kernel_add_link(struct kernel *k, const char *name, const char *kind);
struct kernel_link *kernel_find(struct kernel *k, const char *name);
void kernel_add_addr(struct kernel *k, const char *name, const char *addr, int plen);
void kernel_add_route(struct kernel *k, const char *name, const char *via);
/* Everything that it has, sorted, without numbers of links: the caller's. */
char *kernel_print(const struct kernel *k);

#endif
