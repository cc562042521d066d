/* SPDX-License-Identifier: Apache-2.0 */
/* Text that others chose, such as a process name, made safe to print. */
#ifndef connscope_ESCAPE_H
#define connscope_ESCAPE_H

#include <stddef.h>

/* Bytes that are not printable ASCII, and the backslash, become \xNN. Cut at LEN. Returns BUF. */
char *escape_bytes(const char *text, char *buf, size_t len);

/* Copies TEXT with each byte that is not part of valid UTF-8 replaced by U+FFFD; the caller frees.
 * NULL when out of memory. */
char *escape_utf8(const char *text);

/* The same as a label's value in Prometheus' text formats: with \\, \" and \n. */
char *escape_label(const char *text);

#endif /* connscope_ESCAPE_H */
