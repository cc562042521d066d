/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms in user space: the kernel's layout with wide counts, and percentiles from it. */
#ifndef connscope_USER_HIST_H
#define connscope_USER_HIST_H

#include <stdbool.h>
#include <linux/types.h>

#include "connscope/hist.h"

/* A distribution of non-negative integers, in whatever unit its owner's name gives. */
struct dist {
	__u64 count;
	__u64 sum;
	__u64 max;
	__u32 slots[HIST_SLOTS];
};

void dist__add(struct dist *dist, __u64 value);
/* Adds FROM to INTO; FROM stays as it is. */
void dist__merge(struct dist *into, const struct dist *from);
void dist__merge_kernel(struct dist *into, const struct hist *from);

/*
 * The value below or at which FRACTION (0 to 1) of the values lie: the middle of its bucket, never
 * above the largest value seen. Exact for values below 4. 0 of an empty distribution: test count.
 */
__u64 dist__percentile(const struct dist *dist, double fraction);

/* The smallest value that falls into SLOT. */
__u64 hist_slot_low(__u32 slot);

#endif /* connscope_USER_HIST_H */
