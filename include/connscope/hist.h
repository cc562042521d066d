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

/* hist_slot() gives the bucket of VALUE, 0 to HIST_SLOTS - 1. */
static inline __u32 hist_slot(__u64 value)
{
	__u32 octave = 0, slot;
	__u64 rest = value;

	if (value < 4)
		return (__u32)value;
	/* No count-leading-zeros in BPF at -mcpu=v3: halve the range five times. */
	if (rest >> 32) {
		octave += 32;
		rest >>= 32;
	}
	if (rest >> 16) {
		octave += 16;
		rest >>= 16;
	}
	if (rest >> 8) {
		octave += 8;
		rest >>= 8;
	}
	if (rest >> 4) {
		octave += 4;
		rest >>= 4;
	}
	if (rest >> 2) {
		octave += 2;
		rest >>= 2;
	}
	if (rest >> 1)
		octave += 1;
	slot = (octave - 1) * 4 + ((value >> (octave - 2)) & 3);
	return slot < HIST_SLOTS ? slot : HIST_SLOTS - 1;
}

#endif /* connscope_HIST_H */
