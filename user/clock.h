/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks. */
#ifndef connscope_CLOCK_H
#define connscope_CLOCK_H

#include <time.h>
#include <linux/types.h>

static inline __u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The clock of bpf_ktime_get_ns(). */
static inline __u64 clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline __u64 clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / 1000000;
}

/* Since the epoch, UTC. */
static inline __u64 clock_wall_ms(void)
{
	return clock_ns(CLOCK_REALTIME) / 1000000;
}

#endif /* connscope_CLOCK_H */
