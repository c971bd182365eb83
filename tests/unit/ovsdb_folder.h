/* SPDX-License-Identifier: Apache-2.0 */
/* One folder for all that the tests of a program make; it goes when they are done, those that failed included. */
#ifndef OVSDB_FOLDER_H
#define OVSDB_FOLDER_H

#include <stdio.h>
#include <unistd.h>

#include "unit.h"

#define FOLDER_VARIABLE "XSN_TEST_OVSDB_FOLDER"

static inline int folder_main(Suite *suite)
{
        char folder[] = "/tmp/xsnet-ovsdb-XXXXXX";
        char command[64];
        int result = EXIT_FAILURE;

        if (!mkdtemp(folder))
                return result;
        if (setenv(FOLDER_VARIABLE, folder, 1) == 0)
                result = unit_main(suite);
        snprintf(command, sizeof(command), "rm -rf -- %s", folder);
        return system(command) == 0 ? result : EXIT_FAILURE;
}

#endif
