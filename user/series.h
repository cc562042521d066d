/* SPDX-License-Identifier: Apache-2.0 */
/* What a row did over time, in slots of equal width, in bounded memory. */
#ifndef connscope_SERIES_H
#define connscope_SERIES_H

#include <stddef.h>
#include <linux/types.h>

#define SERIES_SLOTS 512

/* What a row has counted up to a moment, and what it is at. */
struct sample {
	__u64 opened; /* partial ones are not */
	__u64 failed;
	__u64 exchanges; /* of all connections */
	__u64 carriers;	 /* connections whose first exchange has come */
	__u64 closed;
	__u64 raced;
	__u64 overflows;
	__u64 sent_bytes;
	__u64 received_bytes;
	__u32 open;
	__u32 active;
	__u32 depth; /* of the deepest accept queue */
};

/* The same within one slot: counts of it alone, and the most that `open` and so on were at. */
struct slot {
	__u64 sent_bytes;
	__u64 received_bytes;
	__u32 opened;
	__u32 failed;
	__u32 exchanges;
	__u32 carriers;
	__u32 closed;
	__u32 raced;
	__u32 overflows;
	__u32 open;
	__u32 active;
	__u32 depth;
};

/* Slot N is from start_ns + N * width_ns on. Where SERIES_SLOTS do not reach, neighbours have
 * become one and the width has doubled. */
struct series {
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 width_ns; /* a second, or as many as a power of two says */
	size_t count;	/* slots up to the last one asked for */
	struct slot slots[SERIES_SLOTS];
};

/* The caller frees it with free(). NULL: out of memory. */
struct series *series__new(__u64 start_ns);

/* The slot of NS, the first for what was before. */
struct slot *series__at(struct series *series, __u64 ns);

/* What has come from BEFORE to NOW. */
void slot_between(const struct sample *before, const struct sample *now, struct slot *ret_slot);
/* What another row did at the same time: levels are summed as well, but a queue is one. */
void slot_add(struct slot *into, const struct slot *from);
/* Counts are summed, levels are the higher ones. */
void slot_merge(struct slot *into, const struct slot *from);

#endif /* connscope_SERIES_H */
