/* SPDX-License-Identifier: Apache-2.0 */
/* What of the command line is told to those who get a page or a recording. */
#ifndef connscope_ARGUMENTS_H
#define connscope_ARGUMENTS_H

#include <stddef.h>

/* How many of ARGUMENTS (NULL-terminated, or NULL) that is: of what stands behind "--" the first
 * word alone, because the rest may hold secrets. */
size_t arguments_told(char *const *arguments);

#endif /* connscope_ARGUMENTS_H */
