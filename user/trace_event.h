/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, one thing at a time: the lines of `trace`. */
#ifndef connscope_TRACE_EVENT_H
#define connscope_TRACE_EVENT_H

#include <stdbool.h>
#include <linux/types.h>

#include "connscope/conn.h"

struct record;

enum trace_kind {
	TRACE_OPEN,	/* conn: established, of a client */
	TRACE_FAIL,	/* conn */
	TRACE_ACCEPT,	/* conn */
	TRACE_EXCHANGE, /* conn, exchange */
	TRACE_CLOSE,	/* conn: it has ended, and its struct sock is gone */
	TRACE_OVERFLOW, /* listener, count */
	TRACE_LISTEN,	/* listener */
	TRACE_GAP,	/* count: events are missing here */
	TRACE_MAX,
};

/* What KIND does not name is NULL or 0. Nothing of it outlives the call. */
struct trace_event {
	enum trace_kind kind;
	/* An exchange that has been told before went on. A close: what became known of it later. */
	bool again;
	const struct conn *conn;
	const struct exchange *exchange;
	const struct listener *listener;
	__u64 count; /* connections that were refused, or events that are missing */
	/* CLOCK_MONOTONIC of when it happened: of an exchange its first byte, of a close the first
	 * FIN, RST or timeout. What no hook saw has the time when we learned of it. */
	__u64 ns;
};

/* RECORD_EVENT, and what other records say of single events. False: RECORD is none. */
bool trace_event_of(const struct record *record, struct trace_event *ret_event);

const char *trace_word(enum trace_kind kind);

#endif /* connscope_TRACE_EVENT_H */
