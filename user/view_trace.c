/* SPDX-License-Identifier: Apache-2.0 */
/* `trace`: one row an event. */
#include "view_trace.h"

#include <errno.h>
#include <stdio.h>

#include "addr.h"
#include "output.h"
#include "report.h"
#include "table.h"
#include "trace_detail.h"
#include "trace_event.h"
#include "view_conn.h"

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ NULL, NULL, "TIME", COLUMN_TEXT, SHOW_ALWAYS, false, "when it happened, local time" },
	{ "ts", NULL, "TS", COLUMN_TEXT, SHOW_NEVER, false, "when it happened: of an exchange its first byte, of a close the first FIN, RST or timeout" },
	{ "event", NULL, "EVENT", COLUMN_TEXT, SHOW_ALWAYS, false, "what happened" },
	{ NULL, NULL, "CONNECTION", COLUMN_TEXT, SHOW_ALWAYS, false, "this host's end -> the peer's, where this host connected; <- where it accepted; or a listener" },
	{ "local_addr", NULL, "LOCAL ADDR", COLUMN_TEXT, SHOW_NEVER, false, "this host's address" },
	{ "local_port", NULL, "LOCAL PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "remote_addr", NULL, "REMOTE ADDR", COLUMN_TEXT, SHOW_NEVER, false, "the peer's address" },
	{ "remote_port", NULL, "REMOTE PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "role", NULL, "ROLE", COLUMN_TEXT, SHOW_NEVER, false, "client: this host connected; server: it accepted, or listens" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_ALWAYS, false, "name of the owner" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_WIDE, false, "process id of the owner" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_WIDE, false, "its container" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace" },
	{ NULL, NULL, "DETAIL", COLUMN_TEXT, SHOW_ALWAYS, false, "what is known of it" },
	{ "partial", NULL, "PARTIAL", COLUMN_BOOL, SHOW_NEVER, false, "the connection was open before tracing began: exchanges are numbered since" },
	{ "opened_ts", NULL, "OPENED", COLUMN_TEXT, SHOW_NEVER, false, "SYN sent, or queued; not known of partial ones" },
	{ "number", NULL, "NUMBER", COLUMN_COUNT, SHOW_NEVER, false, "exchange: on this connection, from 1" },
	{ "request_bytes", NULL, "REQUEST", COLUMN_BYTES, SHOW_NEVER, false, "exchange: payload of the request" },
	{ "response_bytes", NULL, "RESPONSE", COLUMN_BYTES, SHOW_NEVER, false, "exchange: payload of the response, so far" },
	{ "response_us", NULL, "TIME", COLUMN_US, SHOW_NEVER, false, "exchange: last request byte until first response byte" },
	{ "idle_gap_ms", NULL, "IDLE GAP", COLUMN_MS, SHOW_NEVER, false, "exchange: since the last payload byte of the one before" },
	{ "continued", NULL, "CONTINUED", COLUMN_BOOL, SHOW_NEVER, false, "exchange: told before, and more of the response has come since" },
	{ "connect_us", NULL, "CONNECT", COLUMN_US, SHOW_NEVER, false, "open: SYN sent until established; fail: until it failed" },
	{ "accept_wait_us", NULL, "WAIT", COLUMN_US, SHOW_NEVER, false, "accept: queued until accept() took it" },
	{ "depth", NULL, "DEPTH", COLUMN_COUNT, SHOW_NEVER, false, "accept: of the queue when it joined, itself included; overflow: when it was refused" },
	{ "limit", NULL, "LIMIT", COLUMN_COUNT, SHOW_NEVER, false, "of the accept queue, which takes one more" },
	{ "backlog_asked", NULL, "BACKLOG", COLUMN_COUNT, SHOW_NEVER, false, "listen: argument of listen(2)" },
	{ "refused", NULL, "REFUSED", COLUMN_TEXT, SHOW_NEVER, false, "overflow: syn or final-ack" },
	{ "refused_count", NULL, "COUNT", COLUMN_COUNT, SHOW_NEVER, false, "overflow: how many" },
	{ "fail_reason", NULL, "FAILED", COLUMN_TEXT, SHOW_NEVER, false, "fail: why" },
	{ "age_ms", NULL, "AGE", COLUMN_MS, SHOW_NEVER, false, "close: since SYN sent, or queued" },
	{ "exchanges", NULL, "EXCH", COLUMN_COUNT, SHOW_NEVER, false, "close: requests with a response, at least" },
	{ "initiator", NULL, "INITIATOR", COLUMN_TEXT, SHOW_NEVER, false, "close: who ended it" },
	{ "cause", NULL, "CAUSE", COLUMN_TEXT, SHOW_NEVER, false, "close: what more is known of the end" },
	{ "idle_at_close_ms", NULL, "IDLE AT CLOSE", COLUMN_MS, SHOW_NEVER, false, "close: since the last payload byte" },
	{ "in_flight", NULL, "IN FLIGHT", COLUMN_BOOL, SHOW_NEVER, false, "close: a request was unanswered" },
	{ "raced", NULL, "RACED", COLUMN_BOOL, SHOW_NEVER, false, "close: a request met the other side's close" },
	{ "time_wait", NULL, "TIME-WAIT", COLUMN_BOOL, SHOW_NEVER, false, "close: left this host a TIME_WAIT socket" },
	{ "amended", NULL, "AMENDED", COLUMN_BOOL, SHOW_NEVER, false, "close: told before, and found to be raced since" },
	{ "sent_bytes", NULL, "SENT", COLUMN_BYTES, SHOW_NEVER, false, "close: payload handed to the kernel" },
	{ "received_bytes", NULL, "RECEIVED", COLUMN_BYTES, SHOW_NEVER, false, "close: payload read by the application" },
	{ "mptcp", NULL, "MPTCP", COLUMN_BOOL, SHOW_NEVER, false, "is a subflow of an MPTCP connection" },
};
/* clang-format on */

/* ---- times ---- */

static struct cell cell_time(struct clocks clocks, __u64 ns)
{
	char text[TIME_STRLEN];

	return cell_text(time_format(clocks_wall_ms(clocks, ns), text, sizeof(text)));
}

static struct cell cell_local_time(struct clocks clocks, __u64 ns)
{
	__u64 ms = clocks_wall_ms(clocks, ns);
	time_t seconds = (time_t)(ms / 1000);
	char text[sizeof("23:59:59.999")];
	struct tm tm;
	size_t used;

	localtime_r(&seconds, &tm);
	used = strftime(text, sizeof(text), "%H:%M:%S", &tm);
	snprintf(text + used, sizeof(text) - used, ".%03u", (unsigned int)(ms % 1000));
	return cell_text(text);
}

/* ---- what it happened to ---- */

static const struct conn_columns places = {
	.connection = CONNECTION,
	.local_addr = LOCAL_ADDR,
	.local_port = LOCAL_PORT,
	.remote_addr = REMOTE_ADDR,
	.remote_port = REMOTE_PORT,
	.role = ROLE,
	.comm = COMM,
	.pid = PID,
	.container = CONTAINER,
	.netns = NETNS,
};

static void fill_conn(const struct conn *conn, struct clocks clocks, struct cell *cells)
{
	view_conn_ends(conn, &places, cells);
	view_conn_owner(&(struct conn_owner){ conn->cgroup, conn->pid, conn->netns, conn->comm },
			&places, cells);
	cells[PARTIAL] = cell_bool(conn->flags & CONN_PARTIAL);
	if (!(conn->flags & CONN_PARTIAL))
		cells[OPENED] = cell_time(clocks, conn->opened_ns);
	cells[MPTCP] = cell_bool(conn->flags & CONN_MPTCP);
}

static void fill_listener(const struct listener *listener, struct cell *cells)
{
	char text[ENDPOINT_STRLEN];

	endpoint_format(listener->addr, listener->port, text, sizeof(text));
	cells[CONNECTION] = cell_text(text);
	cells[LOCAL_ADDR] = cell_text(addr_format(listener->addr, text, sizeof(text)));
	cells[LOCAL_PORT] = cell_number(listener->port);
	cells[ROLE] = cell_text("server");
	cells[LIMIT] = cell_number(listener->limit);
	view_conn_owner(&(struct conn_owner){ listener->cgroup, listener->pid, listener->netns,
					      listener->comm },
			&places, cells);
}

int view_trace_add(struct table *table, const struct trace_event *event, struct clocks clocks)
{
	struct cell *cells = table__add_row(table);
	char detail[TRACE_DETAIL_LEN];

	if (!cells)
		return -ENOMEM;
	cells[TIME] = cell_local_time(clocks, event->ns);
	cells[TS] = cell_time(clocks, event->ns);
	cells[EVENT] = cell_text(trace_word(event->kind));
	if (event->conn)
		fill_conn(event->conn, clocks, cells);
	if (event->listener)
		fill_listener(event->listener, cells);
	cells[DETAIL] = cell_text(trace_detail(event, cells, detail, sizeof(detail)));
	return 0;
}

void view_trace_init(struct table *table, struct output_stream *stream)
{
	table__init(table, "event", columns, COLUMNS);
	stream->columns = columns;
	stream->widths[TIME] = sizeof("23:59:59.999") - 1;
	stream->widths[EVENT] = sizeof("exchange") - 1;
	stream->widths[CONNECTION] = sizeof("127.0.0.1:65535 -> 127.0.0.1:65535") - 1;
	stream->widths[COMM] = sizeof("postgres") - 1;
}

/* ---- gaps ---- */

static const struct column gap_columns[] = {
	{ "ts", NULL, "TS", COLUMN_TEXT, SHOW_NEVER, false, "when it was found" },
	{ "missing", NULL, "MISSING", COLUMN_COUNT, SHOW_NEVER, false, "events" },
	{ NULL, NULL, "GAP", COLUMN_TEXT, SHOW_ALWAYS, false, "the same in words" },
};

int view_trace_gap(const struct trace_event *gap, struct clocks clocks, struct table *table)
{
	struct cell *cells;
	char text[TRACE_DETAIL_LEN];

	table__init(table, "gap", gap_columns, sizeof(gap_columns) / sizeof(gap_columns[0]));
	cells = table__add_row(table);
	if (!cells)
		return -ENOMEM;
	snprintf(text, sizeof(text),
		 "-- %llu event%s missing here: the ring buffer was full (--ring-size)", gap->count,
		 gap->count == 1 ? " is" : "s are");
	cells[0] = cell_time(clocks, gap->ns);
	cells[1] = cell_number(gap->count);
	cells[2] = cell_text(text);
	return 0;
}
