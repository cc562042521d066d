/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row's connections do again and again: how they end, who takes them out of the queue, which
 * fail. For findings; in bounded memory, whatever the number of connections.
 */
#ifndef connscope_HABITS_H
#define connscope_HABITS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct conn;

/* One connection that had been of use. */
struct ending {
	__u32 rank;	   /* pseudo-random, of the connection: decides who stays */
	__u32 idle_ms;	   /* at the end; IDLE_UNKNOWN */
	__u32 closed_ms;   /* when that was, in milliseconds that wrap around */
	__u32 exchanges;   /* 0: partial, so that not all of them were seen */
	__u32 idle_others; /* connections of its group then; OTHERS_UNKNOWN */
	bool in_flight;	   /* a client's last word: a goodbye, or it gave up waiting */
};

#define ENDINGS_MAX   512 /* of each side */
#define ACCEPTORS_MAX 64

/* An even sample of the endings, the same in whatever order they come. */
struct endings {
	struct ending *items; /* of a rank that BELOW allows */
	size_t count, room;
	__u32 below; /* 0: any */
};

struct habits {
	/* This host's FIN or RST came first; the peer's did, or they crossed, as where both sides
	 * know that a response was the last. */
	struct endings local, remote;
	/* CLOCK_MONOTONIC, when attempts began that failed, the first and the last, and the last
	 * one that did not; 0: none. */
	__u64 failed_first_ns, failed_last_ns, opened_last_ns;
	__u32 acceptors[ACCEPTORS_MAX]; /* threads that accept() */
	size_t acceptor_count;
	/* Of the newest snapshot, without SO_KEEPALIVE and without payload for SILENT_MS. */
	__u64 silent;
	__u64 silent_ms; /* the longest of these silences */
};

#define SILENT_MS 60000

/* NULL when out of memory. */
struct habits *habits__new(void);
/* NULL is fine. */
void habits__free(struct habits *habits);

/* CONN has ended. */
void habits__ended(struct habits *habits, const struct conn *conn);
/* The newest snapshot, at NOW_NS: forget the one before, then add each open one. */
void habits__begin_snapshot(struct habits *habits);
void habits__open(struct habits *habits, const struct conn *conn, __u64 now_ns);

#endif /* connscope_HABITS_H */
