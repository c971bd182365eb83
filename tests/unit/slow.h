/* SPDX-License-Identifier: Apache-2.0 */
/* How long and how often: on a machine at rest, and under valgrind (XSN_TEST_SLOW), where all is much slower. */
#ifndef XSN_TESTS_SLOW_H
#define XSN_TESTS_SLOW_H

#include <stdlib.h>

/* For what must end in time: as many times the time that it takes on a machine at rest. */
static inline unsigned slow(unsigned time)
{
        return getenv("XSN_TEST_SLOW") ? time * 10 : time;
}

/* Of random cases, and of sizes that are there for the time they take: valgrind sees in a tenth what it can see. */
static inline unsigned fewer(unsigned n)
{
        return getenv("XSN_TEST_SLOW") ? (n + 9) / 10 : n;
}

#endif
