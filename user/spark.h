/* SPDX-License-Identifier: Apache-2.0 */
/* Sparklines: numbers as a line of bars, one character each. */
#ifndef connscope_SPARK_H
#define connscope_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define SPARK_UNKNOWN (~0ULL) /* among the values: a blank */
#define SPARK_BYTES   3	      /* of one bar, at most */

/*
 * COUNT values as bars between the lowest, which is 0 and nothing else, and the highest, which is
 * TOP or, where TOP is 0, the largest value. Eighth blocks with UTF8, else ASCII. Needs
 * COUNT * SPARK_BYTES + 1 bytes, and is cut where LEN is less. Returns BUF.
 */
char *spark_format(const __u64 *values, size_t count, __u64 top, bool utf8, char *buf, size_t len);

#endif /* connscope_SPARK_H */
