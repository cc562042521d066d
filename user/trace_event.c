/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, one thing at a time. */
#include "trace_event.h"

#include <stddef.h>

#include "clock.h"
#include "observer.h"

static const char *const words[TRACE_MAX] = {
	[TRACE_OPEN] = "open",	       [TRACE_FAIL] = "fail",	[TRACE_ACCEPT] = "accept",
	[TRACE_EXCHANGE] = "exchange", [TRACE_CLOSE] = "close", [TRACE_OVERFLOW] = "overflow",
	[TRACE_LISTEN] = "listen",     [TRACE_GAP] = "gap",
};

static bool close_of(const struct record *record, struct trace_event *ret_event)
{
	const struct conn *conn = record->conn;

	if (conn->flags & CONN_ENDED_BEFORE)
		return false; /* before tracing began */
	*ret_event = (struct trace_event){
		.kind = conn->fail ? TRACE_FAIL : TRACE_CLOSE,
		.again = record->kind == RECORD_AMENDED,
		.conn = conn,
		.ns = conn->closed_ns ? conn->closed_ns : clock_monotonic_ns(),
	};
	return true;
}

bool trace_event_of(const struct record *record, struct trace_event *ret_event)
{
	switch (record->kind) {
	case RECORD_EVENT:
		*ret_event = *record->event;
		return true;
	case RECORD_CLOSED:
		return close_of(record, ret_event);
	case RECORD_AMENDED:
		/* That TIME_WAIT did not last is nothing that happened. */
		return (record->conn->flags & CONN_RACED) &&
		       !(record->before->flags & CONN_RACED) && close_of(record, ret_event);
	default:
		return false;
	}
}

const char *trace_word(enum trace_kind kind)
{
	return kind < TRACE_MAX ? words[kind] : NULL;
}
