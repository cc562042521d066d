/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions over the kernel's log-linear buckets. */
#include "hist.h"

void dist__add(struct dist *dist, __u64 value)
{
	dist->count++;
	dist->sum += value;
	if (value > dist->max)
		dist->max = value;
	dist->slots[hist_slot(value)]++;
}

void dist__merge(struct dist *into, const struct dist *from)
{
	into->count += from->count;
	into->sum += from->sum;
	if (from->max > into->max)
		into->max = from->max;
	for (__u32 i = 0; i < HIST_SLOTS; i++)
		into->slots[i] += from->slots[i];
}

void dist__merge_kernel(struct dist *into, const struct hist *from)
{
	into->sum += from->sum;
	if (from->max > into->max)
		into->max = from->max;
	for (__u32 i = 0; i < HIST_SLOTS; i++) {
		into->slots[i] += from->slots[i];
		into->count += from->slots[i];
	}
}

__u64 hist_slot_low(__u32 slot)
{
	if (slot < 4)
		return slot;
	return (4ULL + slot % 4) << (slot / 4 - 1);
}

static __u64 slot_middle(__u32 slot)
{
	__u64 low = hist_slot_low(slot);

	return low + (hist_slot_low(slot + 1) - low - 1) / 2;
}

/* Nearest rank: the smallest number of values that are at least FRACTION of all. */
static __u64 rank_of(const struct dist *dist, double fraction)
{
	double exact = fraction * (double)dist->count;
	__u64 rank = (__u64)exact;

	if ((double)rank < exact)
		rank++;
	if (rank < 1)
		return 1;
	return rank < dist->count ? rank : dist->count;
}

__u64 dist__percentile(const struct dist *dist, double fraction)
{
	__u64 rank, seen = 0, value;

	if (!dist->count)
		return 0;
	rank = rank_of(dist, fraction);
	for (__u32 i = 0; i < HIST_SLOTS; i++) {
		seen += dist->slots[i];
		if (seen < rank)
			continue;
		/* The last bucket has no upper end, so no middle. */
		value = i < HIST_SLOTS - 1 ? slot_middle(i) : dist->max;
		return value < dist->max ? value : dist->max;
	}
	return dist->max;
}
