/* SPDX-License-Identifier: Apache-2.0 */
/* A mistake on the command line: one line that names it and the accepted form, and the end. */
#ifndef connscope_USAGE_H
#define connscope_USAGE_H

/* Exits with EXIT_USAGE. */
_Noreturn void usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* connscope_USAGE_H */
