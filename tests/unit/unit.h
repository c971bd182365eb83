/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test's main() does: runs its suite, each test in a process of its own (CK_FORK=no for a debugger). */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>

static inline int unit_main(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        int failed;

        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_run(runner) == 0 || srunner_ntests_failed(runner) > 0;
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
