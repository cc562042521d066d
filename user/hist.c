/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions over the kernel's log-linear buckets. */
#include "hist.h"

#include <stdlib.h>
#include <string.h>

#define STEP 8 /* buckets; HIST_SLOTS is a multiple */

/* Makes SLOT one of those that there is memory for. */
static bool widen(struct dist *dist, __u32 slot)
{
	__u32 first = slot / STEP * STEP, end = first + STEP;
	__u32 *slots;

	if (dist->room && dist->first < first)
		first = dist->first;
	if (dist->room && dist->first + dist->room > end)
		end = dist->first + dist->room;
	slots = calloc(end - first, sizeof(*slots));
	if (!slots)
		return false;
	if (dist->room)
		memcpy(slots + (dist->first - first), dist->slots, dist->room * sizeof(*slots));
	free(dist->slots);
	dist->slots = slots;
	dist->first = (__u8)first;
	dist->room = (__u8)(end - first);
	return true;
}

static bool has_room(const struct dist *dist, __u32 slot)
{
	return slot - dist->first < dist->room;
}

void dist__clear(struct dist *dist)
{
	if (dist->count)
		memset(dist->slots, 0, dist->room * sizeof(*dist->slots));
	dist->count = dist->sum = dist->max = 0;
}

void dist__done(struct dist *dist)
{
	free(dist->slots);
	*dist = (struct dist){};
}

static void add_sums(struct dist *into, __u64 sum, __u64 max)
{
	into->sum += sum;
	if (max > into->max)
		into->max = max;
}

void dist__add_elsewhere(struct dist *dist, __u32 slot, __u64 value)
{
	if (slot >= HIST_SLOTS)
		slot = HIST_SLOTS - 1;
	if (!has_room(dist, slot) && !widen(dist, slot))
		return;
	dist__add_slot(dist, slot, 1);
	add_sums(dist, value, value);
}

void dist__add_slot(struct dist *dist, __u32 slot, __u32 count)
{
	if (!count || (!has_room(dist, slot) && !widen(dist, slot)))
		return;
	dist->count += count;
	dist->slots[slot - dist->first] += count;
}

__u32 dist__slot(const struct dist *dist, __u32 slot)
{
	return has_room(dist, slot) ? dist->slots[slot - dist->first] : 0;
}

void dist__merge(struct dist *into, const struct dist *from)
{
	add_sums(into, from->sum, from->max);
	for (__u32 i = 0; from->count && i < from->room; i++)
		dist__add_slot(into, from->first + i, from->slots[i]);
}

void dist__merge_kernel(struct dist *into, const struct hist *from)
{
	add_sums(into, from->sum, from->max);
	for (__u32 i = 0; i < HIST_SLOTS; i++)
		dist__add_slot(into, i, from->slots[i]);
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
		seen += dist__slot(dist, i);
		if (seen < rank)
			continue;
		/* The last bucket has no upper end, so no middle. */
		value = i < HIST_SLOTS - 1 ? slot_middle(i) : dist->max;
		return value < dist->max ? value : dist->max;
	}
	return dist->max;
}
