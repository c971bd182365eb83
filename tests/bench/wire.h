/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink for the benchmark's own programs, floor.c and stage.c: many messages packed into a send with one ACK at
 * its end, and dumps. It shares no line with the library that it is measured against. A fault of the machinery ends
 * the process with status 2: a run that could not be measured is no result.
 */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/rtnetlink.h>

struct wire {
        int fd;
        unsigned seq;
        unsigned limit;   /* messages in a send */
        unsigned pending; /* messages waiting in buf */
        unsigned refused; /* messages that the kernel answered with an error */
        char *buf;        /* owned */
        size_t len;
        struct nlmsghdr *last; /* the youngest message in buf */
        char *reply;           /* owned; for dumps and ACKs */
};

/* Sees one message of a dump. */
typedef void (*wire_fn)(const struct nlmsghdr *msg, void *userdata);

/* Prints what failed, with errno, and exits. */
_Noreturn void wire_die(const char *what);

/* Opens a socket in the namespace of the caller. */
void wire_open(struct wire *wire, unsigned limit);
void wire_close(struct wire *wire);

/* Starts a message after those that wait, sending them first where they are enough. */
struct nlmsghdr *wire_begin(struct wire *wire, int type, int flags, const void *head, size_t head_len);
struct rtattr *wire_put(struct nlmsghdr *msg, int type, const void *data, size_t len);
void wire_put_u32(struct nlmsghdr *msg, int type, uint32_t value);
void wire_put_str(struct nlmsghdr *msg, int type, const char *text);
void wire_nest_end(struct nlmsghdr *msg, struct rtattr *nest);
/* The message is whole: it joins those that wait. */
void wire_end(struct wire *wire, struct nlmsghdr *msg);
/* Sends what waits, and waits for the answer to the last of it. */
void wire_flush(struct wire *wire);

/* Every link; every IPv4 address. */
void wire_dump_links(struct wire *wire, wire_fn fn, void *userdata);
void wire_dump_addresses(struct wire *wire, wire_fn fn, void *userdata);

/* Marks a link, by name, for wire_delete_group(). */
void wire_set_group(struct wire *wire, const char *name, uint32_t group);
void wire_delete_group(struct wire *wire, uint32_t group);

/* Milliseconds of the monotonic clock. */
double wire_now(void);

#endif
