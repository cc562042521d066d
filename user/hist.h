/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms in user space: the kernel's layout with wide counts, and percentiles from it. */
#ifndef connscope_USER_HIST_H
#define connscope_USER_HIST_H

#include <stdbool.h>
#include <linux/types.h>

#include "connscope/hist.h"

/* A distribution of non-negative integers, in whatever unit its owner's name gives. Zeroed it is
 * empty. Most hold a few neighbouring buckets: memory is taken for these alone. */
struct dist {
	__u64 count;
	__u64 sum;
	__u64 max;
	__u32 *slots; /* of ROOM buckets from FIRST on; others are empty */
	__u8 first, room;
};

/* Empties it, and keeps its memory for the next values. */
void dist__clear(struct dist *dist);
/* Frees what it holds. */
void dist__done(struct dist *dist);

/* As hist_slot(), with an instruction that BPF has not; what the last bucket takes may be beyond
 * it. */
static inline __u32 dist_slot_of(__u64 value)
{
	__u32 octave;

	if (value < 4)
		return (__u32)value;
	octave = 63 ^ (__u32)__builtin_clzll(value);
	return (octave - 2) * 4 + (__u32)(value >> (octave - 2));
}

/* The same as dist__add(), where there may be no memory for SLOT: out of the way of most values. */
void dist__add_elsewhere(struct dist *dist, __u32 slot, __u64 value);

/* Without memory the value is in no bucket, and not counted. */
static inline void dist__add(struct dist *dist, __u64 value)
{
	__u32 slot = dist_slot_of(value), index = slot - dist->first;

	if (index >= dist->room) {
		dist__add_elsewhere(dist, slot, value);
		return;
	}
	dist->count++;
	if (value > dist->max)
		dist->max = value;
	dist->sum += value;
	dist->slots[index]++;
}

/* Adds COUNT values to bucket SLOT; sum and max stay. */
void dist__add_slot(struct dist *dist, __u32 slot, __u32 count);
/* Adds FROM to INTO; FROM stays as it is. */
void dist__merge(struct dist *into, const struct dist *from);
void dist__merge_kernel(struct dist *into, const struct hist *from);

/* How many values are in bucket SLOT. */
__u32 dist__slot(const struct dist *dist, __u32 slot);

/*
 * The value below or at which FRACTION (0 to 1) of the values lie: the middle of its bucket, never
 * above the largest value seen. Exact for values below 4. 0 of an empty distribution: test count.
 */
__u64 dist__percentile(const struct dist *dist, double fraction);

/* The smallest value that falls into SLOT. */
__u64 hist_slot_low(__u32 slot);

#endif /* connscope_USER_HIST_H */
