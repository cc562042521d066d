/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of event says: as cells of a row of `trace`, and in words. */
#ifndef connscope_TRACE_DETAIL_H
#define connscope_TRACE_DETAIL_H

#include <stddef.h>

struct cell;
struct trace_event;

/* The columns of that row. */
enum trace_column {
	TIME, /* text alone, and so are CONNECTION and DETAIL */
	TS,
	EVENT,
	CONNECTION,
	LOCAL_ADDR,
	LOCAL_PORT,
	REMOTE_ADDR,
	REMOTE_PORT,
	ROLE,
	COMM,
	PID,
	CONTAINER,
	NETNS,
	DETAIL,
	PARTIAL,
	OPENED,
	NUMBER,
	REQUEST,
	RESPONSE,
	RESPONSE_TIME,
	IDLE_GAP,
	CONTINUED,
	CONNECT,
	ACCEPT_WAIT,
	DEPTH,
	LIMIT,
	BACKLOG,
	REFUSED,
	COUNT,
	FAIL_REASON,
	AGE,
	EXCHANGES,
	INITIATOR,
	CAUSE,
	IDLE_AT_CLOSE,
	IN_FLIGHT,
	RACED,
	TIME_WAIT,
	AMENDED,
	SENT,
	RECEIVED,
	MPTCP,
	COLUMNS,
};

#define TRACE_DETAIL_LEN 200

/* Fills those of CELLS that belong to EVENT's kind. The words go to BUF, which is
 * returned. */
char *trace_detail(const struct trace_event *event, struct cell *cells, char *buf, size_t len);

#endif /* connscope_TRACE_DETAIL_H */
