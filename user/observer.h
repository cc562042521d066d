/* SPDX-License-Identifier: Apache-2.0 */
/* What the aggregate tells others: each single record that passes the filter, and each tick. */
#ifndef connscope_OBSERVER_H
#define connscope_OBSERVER_H

#include <linux/types.h>

struct conn;
struct group;
struct group_key;
struct listener;
struct row;
struct slot;
struct trace_event;

enum record_kind {
	RECORD_CLOSED,		/* conn: it has ended */
	RECORD_AMENDED,		/* before, conn: what became known of it later */
	RECORD_LISTENER_CLOSED, /* listener */
	RECORD_SNAPSHOT,	/* forget the open ones: those of a new snapshot follow */
	RECORD_OPEN,		/* conn */
	RECORD_LISTENER,	/* listener */
	RECORD_DEPTH,		/* listener, now_ns: a look at its queue between snapshots */
	RECORD_GROUP,		/* key, group */
	RECORD_EVENT,		/* event: where single ones are asked for; fails and closes are not
				 * among them, see trace_event_of() */
	RECORD_TICK,		/* now_ns, and for each row in turn: row, slot; then once without */
};

/* What KIND does not name is NULL or 0. Nothing of it outlives the call. */
struct record {
	enum record_kind kind;
	const struct conn *conn;
	const struct conn *before;
	const struct listener *listener;
	const struct group_key *key;
	const struct group *group;
	const struct trace_event *event;
	const struct row *row;
	const struct slot *slot; /* what the row counted since the tick before */
	__u64 now_ns;		 /* CLOCK_MONOTONIC */
};

struct observer {
	void (*take)(struct observer *self, const struct record *record);
	struct observer *next; /* the aggregate's */
};

#endif /* connscope_OBSERVER_H */
