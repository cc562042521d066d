/* SPDX-License-Identifier: Apache-2.0 */
/* The version, which the build may give. */
#ifndef connscope_VERSION_H
#define connscope_VERSION_H

#ifndef CONNSCOPE_VERSION
#define CONNSCOPE_VERSION "0.1.0"
#endif

#endif /* connscope_VERSION_H */
