/* SPDX-License-Identifier: Apache-2.0 */
/* A moment of a recording, as a person names it. */
#ifndef connscope_MOMENT_H
#define connscope_MOMENT_H

#include <linux/types.h>

#define MOMENT_FORM                                                                                \
	"2026-01-31T13:45:00Z, 13:45 or 13:45:00 (UTC), or -90s, -10m, -2h, -1d before its end"

enum moment_kind {
	MOMENT_NONE,
	MOMENT_AT,	   /* ms since the epoch */
	MOMENT_CLOCK,	   /* ms since midnight, UTC */
	MOMENT_BEFORE_END, /* ms */
};

struct moment {
	enum moment_kind kind;
	__u64 ms;
};

/* -EINVAL: not of MOMENT_FORM. */
int moment_parse(const char *text, struct moment *ret_moment);

/* Milliseconds since the epoch, for a recording from START_MS to END_MS. A time of day is the last
 * one before the end, or, where that was before the start, the first one after. */
__u64 moment_resolve(const struct moment *moment, __u64 start_ms, __u64 end_ms);

#endif /* connscope_MOMENT_H */
