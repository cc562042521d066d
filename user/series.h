/* SPDX-License-Identifier: Apache-2.0 */
/* What a row did over time, in slots of equal width, in bounded memory. */
#ifndef connscope_SERIES_H
#define connscope_SERIES_H

#include <stddef.h>
#include <linux/types.h>

#define SERIES_SLOTS 512
#define SERIES_LEAST 16

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

/* Slot N is from start_ns + N * width_ns on. Where there may be no more slots, neighbours have
 * become one and the width has doubled. */
struct series {
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 width_ns; /* a second, or as many as a power of two says */
	size_t count;	/* slots up to the last one asked for */
	size_t room;	/* those that there is memory for */
	size_t most;	/* that there may be: a power of two */
	struct slot *slots;
	struct series *next; /* of its set */
};

#define SERIES_BYTES (64UL << 20)

/* Series that have no more than SERIES_BYTES together: the more there are, the fewer slots has
 * each. Zeroed it is empty. */
struct series_set {
	struct series *newest;
	size_t count;
};

/* Of SERIES_SLOTS at most. NULL: out of memory. */
struct series *series__new(__u64 start_ns);
/* NULL is fine. */
void series__free(struct series *series);
/* Frees the slots alone. */
void series__done(struct series *series);

/* The caller frees it, and uses the set no more once one of it is freed. NULL: out of memory. */
struct series *series_set__add(struct series_set *set, __u64 start_ns);

/* The slot of NS, the first for what was before. Valid until the next call. NULL: out of memory. */
struct slot *series__at(struct series *series, __u64 ns);

/* Merges what came to pass in SLOT into that of NS; without memory it is left out. */
void series__merge(struct series *series, __u64 ns, const struct slot *slot);

/* From here on there are MOST slots at most, a power of two from SERIES_LEAST on. */
void series__narrow(struct series *series, size_t most);

/* What another row did at the same time, FROM, whose width is the same; INTO begins zeroed. Without
 * memory it is left out. */
void series__add(struct series *into, const struct series *from);

/* What has come from BEFORE to NOW. */
void slot_between(const struct sample *before, const struct sample *now, struct slot *ret_slot);
/* What another row did at the same time: levels are summed as well, but a queue is one. */
void slot_add(struct slot *into, const struct slot *from);
/* Counts are summed, levels are the higher ones. */
void slot_merge(struct slot *into, const struct slot *from);

#endif /* connscope_SERIES_H */
