/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of the table `event`, in the order in which they are written and read. */
#ifndef connscope_RECORDING_EVENT_H
#define connscope_RECORDING_EVENT_H

#define EVENT_COLUMNS                                                                              \
	"event, conn, number, request_bytes, response_bytes, response_us, idle_gap_us, listener, " \
	"refused, count, depth, queue_limit, backlog_asked"
#define EVENT_COLUMN_VALUES "?,?,?,?,?,?,?,?,?,?,?,?,?"

/* Of EVENT_COLUMNS, from 0. */
enum event_column {
	EVENT,
	CONN,
	NUMBER,
	REQUEST,
	RESPONSE,
	RESPONSE_TIME,
	IDLE_GAP,
	LISTENER,
	REFUSED,
	COUNT,
	DEPTH,
	LIMIT,
	BACKLOG,
	EVENT_COLUMN_COUNT,
};

#endif /* connscope_RECORDING_EVENT_H */
