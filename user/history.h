/* SPDX-License-Identifier: Apache-2.0 */
/* What a series says of the last minutes, as few enough numbers to be drawn. */
#ifndef connscope_HISTORY_H
#define connscope_HISTORY_H

#include <stddef.h>
#include <linux/types.h>

struct series;

enum history_kind {
	HISTORY_NEW, /* counts: how many in each step */
	HISTORY_EXCHANGES,
	HISTORY_CLOSED,
	HISTORY_RACED,
	HISTORY_OVERFLOWS,
	HISTORY_DEPTH, /* the most in each step */
	HISTORY_REUSE, /* per mille; SPARK_UNKNOWN without exchanges */
	HISTORY_KINDS,
};

#define HISTORY_SECONDS 300 /* as far back as it goes */

struct history {
	enum history_kind kind;
	__u64 step_ms;
	size_t count;
	__u64 values[HISTORY_SECONDS]; /* oldest first */
};

/*
 * The last minutes of SERIES, which may be NULL, up to the tick at NOW_NS, in at most ROOM steps.
 * Ticks come each TICK_MS: no step is shorter, and the last is that of what came before this one.
 */
void history_of(const struct series *series, enum history_kind kind, __u64 now_ns, __u64 tick_ms,
		size_t room, struct history *ret);

const char *history_label(enum history_kind kind);
/* VALUE for people: a count per second, a depth, or per cent; "-" where it is not known. Returns
 * BUF. */
char *history_format(const struct history *history, __u64 value, char *buf, size_t len);
/* The largest; SPARK_UNKNOWN when none is known. */
__u64 history_peak(const struct history *history);

#endif /* connscope_HISTORY_H */
