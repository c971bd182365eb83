/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSNET_VERSION_H
#define XSNET_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers; xsnet_version() tells that of the library that runs. */
#define XSNET_VERSION_MAJOR 0
#define XSNET_VERSION_MINOR 1
#define XSNET_VERSION_PATCH 0
#define XSNET_VERSION       "0.1.0"

/**
 * xsnet_version - the version of the library that runs
 *
 * Returns: "0.1.0", for instance; a constant.
 * Since: 0.1
 */
const char *xsnet_version(void);

#ifdef __cplusplus
}
#endif

#endif
