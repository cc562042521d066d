/* SPDX-License-Identifier: Apache-2.0 */
/* What `record` says to people: how far it is, and what it has written in the end. */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "recorder.h"

#define NUMBER_STRLEN sizeof("18,446,744,073,709,551,615")

/* 12,345. */
static char *format_count(__u64 count, char buf[NUMBER_STRLEN])
{
	char digits[NUMBER_STRLEN];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%llu", count), used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = '\0';
	return buf;
}

static char *format_bytes(__u64 bytes, char buf[NUMBER_STRLEN])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double amount = (double)bytes / 1024;
	size_t unit = 0;

	for (; amount >= 1000 && unit < 3; unit++)
		amount /= 1024;
	snprintf(buf, NUMBER_STRLEN, "%.1f %s", amount, units[unit]);
	return buf;
}

char *progress_format(const struct recorder_progress *progress, char *buf, size_t len)
{
	__u64 seconds = progress->interval_ms / 1000;
	char count[NUMBER_STRLEN], size[NUMBER_STRLEN];

	snprintf(buf, len, "%02llu:%02llu:%02llu  %s connection%s  %s", seconds / 3600,
		 seconds / 60 % 60, seconds % 60, format_count(progress->conns, count),
		 progress->conns == 1 ? "" : "s", format_bytes(progress->bytes, size));
	return buf;
}

char *progress_sum(const struct recorder_progress *progress, const char *path, char *buf,
		   size_t len)
{
	char count[NUMBER_STRLEN], size[NUMBER_STRLEN];

	snprintf(buf, len, "%s connection%s in %llu s, %s in %s",
		 format_count(progress->conns, count), progress->conns == 1 ? "" : "s",
		 (progress->interval_ms + 500) / 1000, format_bytes(progress->bytes, size), path);
	return buf;
}
