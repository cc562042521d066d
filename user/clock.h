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

/* One moment by both clocks. */
struct clocks {
	__u64 wall_ms;
	__u64 ns; /* CLOCK_MONOTONIC */
};

static inline struct clocks clocks_now(void)
{
	return (struct clocks){ clock_wall_ms(), clock_monotonic_ns() };
}

/* The millisecond of the wall clock in which the moment NS lies. */
static inline __u64 clocks_wall_ms(struct clocks clocks, __u64 ns)
{
	__s64 since = (__s64)(ns - clocks.ns);

	return clocks.wall_ms + (__u64)((since < 0 ? since - 999999 : since) / 1000000);
}

/* The first moment of that millisecond. */
static inline __u64 clocks_ns(struct clocks clocks, __u64 wall_ms)
{
	return clocks.ns + (wall_ms - clocks.wall_ms) * 1000000;
}

#define CLOCKS_APART_MS 100

/* KEPT, or NOW where the clocks have parted since, as only a step of the wall clock or a suspend
 * parts them: one connection's times are to read alike in all its lines. */
static inline struct clocks clocks_keep(struct clocks kept, struct clocks now)
{
	__s64 apart_ms = (__s64)(clocks_wall_ms(kept, now.ns) - now.wall_ms);

	return apart_ms > -CLOCKS_APART_MS && apart_ms < CLOCKS_APART_MS ? kept : now;
}

#endif /* connscope_CLOCK_H */
