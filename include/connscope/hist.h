/* SPDX-License-Identifier: Apache-2.0 */
/* The log-linear histogram layout that BPF programs fill and user space reads. */
#ifndef connscope_HIST_H
#define connscope_HIST_H

/*
 * Four sub-buckets an octave, so a bucket is at most 25 % of its lower bound (19 % on average)
 * wide. Values 0 to 3 have a bucket each; the last bucket takes everything from 7 * 2^34 up (33
 * hours, in microseconds).
 */
#define HIST_SLOTS 144

struct hist {
	__u64 sum;
	__u64 max;
	__u32 slots[HIST_SLOTS]; /* BPF side: read as a modular count */
};

/* clang-format off */
/* The buckets of 0 to 255. */
static const __u8 hist_low_slots[256] = {
	0, 1, 2, 3, 4, 5, 6, 7, [8 ... 9] = 8, [10 ... 11] = 9, [12 ... 13] = 10, [14 ... 15] = 11,
	[16 ... 19] = 12, [20 ... 23] = 13, [24 ... 27] = 14, [28 ... 31] = 15,
	[32 ... 39] = 16, [40 ... 47] = 17, [48 ... 55] = 18, [56 ... 63] = 19,
	[64 ... 79] = 20, [80 ... 95] = 21, [96 ... 111] = 22, [112 ... 127] = 23,
	[128 ... 159] = 24, [160 ... 191] = 25, [192 ... 223] = 26, [224 ... 255] = 27,
};
/* clang-format on */

/*
 * The bucket of VALUE, if there were no last one. BPF at -mcpu=v3 cannot count leading zeros: VALUE
 * is shifted until the table has it, six bits at a time, and each bit is four buckets.
 */
static inline __u32 hist_slot_endless(__u64 value)
{
	__u32 shift = 0;

	while (value >> 8 && shift < 60) {
		value >>= 6;
		shift += 6;
	}
	return hist_low_slots[value & 255] + 4 * shift;
}

/* The bucket of VALUE, 0 to HIST_SLOTS - 1. */
static inline __u32 hist_slot(__u64 value)
{
	__u32 slot = hist_slot_endless(value);

	return slot < HIST_SLOTS ? slot : HIST_SLOTS - 1;
}

#endif /* connscope_HIST_H */
