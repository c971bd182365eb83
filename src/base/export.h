/* SPDX-License-Identifier: Apache-2.0 */
/* Marks the definition of a public function; everything else is hidden. */
#ifndef BASE_EXPORT_H
#define BASE_EXPORT_H

#define XSN_EXPORT __attribute__((__visibility__("default")))

#endif
