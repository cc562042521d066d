/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, in milliseconds. */
#ifndef connscope_CLOCK_H
#define connscope_CLOCK_H

#include <time.h>
#include <linux/types.h>

static inline __u64 clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* The clock of bpf_ktime_get_ns(). */
static inline __u64 clock_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* Since the epoch, UTC. */
static inline __u64 clock_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

#endif /* connscope_CLOCK_H */
