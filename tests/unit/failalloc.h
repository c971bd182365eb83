/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes allocations fail in a test that is linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free. To fail each request of a call in turn:
 *
 *      for (unsigned long n = 1;; n++) {
 *              failalloc_at(n);
 *              r = call();
 *              failalloc_off();
 *              if (failalloc_count() < n)
 *                      break;          (n was beyond the last request: all were failed)
 *              ck_assert_int_eq(r, -ENOMEM);
 *      }
 *
 * No assertion while it is on: the test framework allocates too.
 */
#ifndef FAILALLOC_H
#define FAILALLOC_H

/* Counts from zero; the n-th request from here on fails, and only that one. 0: none, count only. */
void failalloc_at(unsigned long n);
/* The same, but every request from the n-th on fails. */
void failalloc_from(unsigned long n);
/* What stands between these neither fails nor counts. */
void failalloc_pause(void);
void failalloc_resume(void);
/* Nothing fails and nothing is counted any more. */
void failalloc_off(void);
/* The requests between failalloc_at() or failalloc_from() and failalloc_off(), or up to now. */
unsigned long failalloc_count(void);

/* Counts the blocks that are given back, by free() or realloc(), with this text in them. NULL: not any more. */
void failalloc_watch(const char *secret);
unsigned long failalloc_found(void);

#endif
