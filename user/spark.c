/* SPDX-License-Identifier: Apache-2.0 */
/* Sparklines: numbers as a line of bars, one character each. */
#include "spark.h"

#include <string.h>

#define LEVELS 8 /* the lowest is zero's */

static __u64 largest(const __u64 *values, size_t count)
{
	__u64 most = 0;

	for (size_t i = 0; i < count; i++) {
		if (values[i] != SPARK_UNKNOWN && values[i] > most)
			most = values[i];
	}
	return most;
}

static size_t level_of(__u64 value, __u64 top)
{
	double share;

	if (value >= top)
		return value ? LEVELS - 1 : 0;
	share = (double)value / (double)top * (LEVELS - 1);
	return (size_t)share + ((double)(size_t)share < share); /* upwards: only zero is lowest */
}

static const char *bar_of(__u64 value, __u64 top, bool utf8)
{
	static const char *const blocks[LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[LEVELS] = { "_", ".", ":", "-", "=", "+", "*", "#" };

	if (value == SPARK_UNKNOWN)
		return " ";
	return (utf8 ? blocks : plain)[level_of(value, top)];
}

char *spark_format(const __u64 *values, size_t count, __u64 top, bool utf8, char *buf, size_t len)
{
	size_t used = 0;

	if (!top)
		top = largest(values, count);
	for (size_t i = 0; i < count; i++) {
		const char *bar = bar_of(values[i], top, utf8);
		size_t more = strlen(bar);

		if (used + more >= len)
			break;
		memcpy(buf + used, bar, more);
		used += more;
	}
	buf[used] = '\0';
	return buf;
}
