/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the program `packets` share. */
#ifndef LAB_PACKETS_H
#define LAB_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

__attribute__((__format__(__printf__, 1, 2), __noreturn__)) void packets_die(const char *format, ...);
uint64_t packets_now_us(void);
/* Moves this process to a network namespace of /run/netns. */
void packets_enter(const char *netns);

/* packets_gap.c: the exit status. */
int packets_gap(const char *netns, const char *address, unsigned long every_us, unsigned long timeout_ms,
                char **command);

#endif
