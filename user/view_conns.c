/* SPDX-License-Identifier: Apache-2.0 */
/* `conns`: one row a connection; open ones first, then the last that closed. */
#include <errno.h>
#include <stdio.h>

#include "conn_list.h"
#include "conn_pick.h"
#include "conn_state.h"
#include "view.h"
#include "view_conn.h"
#include "view_row.h"

enum {
	CONNECTION, /* text alone, and so are STATE_OR_END and IDLE_OR_AT_CLOSE */
	LOCAL_ADDR,
	LOCAL_PORT,
	REMOTE_ADDR,
	REMOTE_PORT,
	ROLE,
	STATE_OR_END,
	STATE,
	COMM,
	PID,
	TID,
	CONTAINER,
	NETNS,
	PARTIAL,
	OPENED,
	AGE,
	EXCHANGES,
	IDLE_OR_AT_CLOSE,
	IDLE,
	INITIATOR,
	CAUSE,
	IN_FLIGHT,
	IDLE_AT_CLOSE,
	IDLE_OTHERS,
	RACED,
	TIME_WAIT,
	FAIL_REASON,
	SENT,
	RECEIVED,
	BYTES, /* for --sort */
	CONNECT,
	ACCEPT_WAIT,
	DEPTH,
	KEEPALIVE,
	MPTCP,
	COLUMNS,
};

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ NULL, NULL, "CONNECTION", COLUMN_TEXT, SHOW_ALWAYS, false, "this host's end -> the peer's, where this host connected; <- where it accepted" },
	{ "local_addr", NULL, "LOCAL ADDR", COLUMN_TEXT, SHOW_NEVER, false, "this host's address" },
	{ "local_port", NULL, "LOCAL PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "remote_addr", NULL, "REMOTE ADDR", COLUMN_TEXT, SHOW_NEVER, false, "the peer's address" },
	{ "remote_port", NULL, "REMOTE PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "role", NULL, "ROLE", COLUMN_TEXT, SHOW_NEVER, false, "client: this host connected; server: it accepted" },
	{ NULL, NULL, "STATE", COLUMN_TEXT, SHOW_ALWAYS, false, "state while open; then who ended it, or why it failed" },
	{ "state", NULL, "STATE", COLUMN_TEXT, SHOW_NEVER, false, "of TCP, in small letters; queued: not accepted yet; closed; failed" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_NONZERO, false, "name of the owner" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_ROOM, false, "process id of the owner" },
	{ "tid", NULL, "TID", COLUMN_COUNT, SHOW_WIDE, false, "thread that connected or accepted" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_WIDE, false, "its container" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace" },
	{ "partial", NULL, "PARTIAL", COLUMN_BOOL, SHOW_NONZERO, false, "was open before tracing began" },
	{ "opened_ts", NULL, "OPENED", COLUMN_TEXT, SHOW_NEVER, false, "SYN sent, or queued; not known of partial ones" },
	{ "age_ms", NULL, "AGE", COLUMN_MS, SHOW_ALWAYS, false, "since then, until now, or until the first FIN, RST or timeout of a closed one" },
	{ "exchanges", NULL, "EXCH", COLUMN_COUNT, SHOW_ALWAYS, false, "requests with a response, at least" },
	{ NULL, NULL, "IDLE", COLUMN_MS, SHOW_ALWAYS, false, "since the last payload byte; closed: when it ended" },
	{ "idle_ms", NULL, "IDLE", COLUMN_MS, SHOW_NEVER, false, "open: since the last payload byte" },
	{ "initiator", NULL, "INITIATOR", COLUMN_TEXT, SHOW_NEVER, false, "who ended it" },
	{ "cause", NULL, "CAUSE", COLUMN_TEXT, SHOW_NONZERO, false, "what more is known of the end" },
	{ "in_flight", "IN", "FLIGHT", COLUMN_BOOL, SHOW_NONZERO, false, "a request is unanswered, or was when the first FIN, RST or timeout came" },
	{ "idle_at_close_ms", NULL, "IDLE AT CLOSE", COLUMN_MS, SHOW_NEVER, false, "last payload byte until the end" },
	{ "idle_others", "IDLE", "OTHERS", COLUMN_COUNT, SHOW_WIDE, false, "other connections of its pool that were idle when it ended" },
	{ "raced", NULL, "RACED", COLUMN_BOOL, SHOW_NONZERO, true, "a request met the other side's close" },
	{ "time_wait", NULL, "TIME-WAIT", COLUMN_BOOL, SHOW_WIDE, false, "left this host a TIME_WAIT socket" },
	{ "fail_reason", NULL, "FAILED", COLUMN_TEXT, SHOW_NEVER, false, "why it was never established" },
	{ "sent_bytes", NULL, "SENT", COLUMN_BYTES, SHOW_ROOM, false, "payload handed to the kernel" },
	{ "received_bytes", NULL, "RECEIVED", COLUMN_BYTES, SHOW_ROOM, false, "payload read by the application" },
	{ NULL, NULL, "BYTES", COLUMN_BYTES, SHOW_NEVER, false, "sent and received together, to sort by" },
	{ "connect_us", NULL, "CONNECT", COLUMN_US, SHOW_ROOM, false, "client: SYN sent until established" },
	{ "accept_wait_us", NULL, "WAIT", COLUMN_US, SHOW_ROOM, false, "server: queued until accept() took it" },
	{ "depth", NULL, "DEPTH", COLUMN_COUNT, SHOW_WIDE, false, "server: accept queue when it joined, itself included" },
	{ "keepalive", NULL, "KEEPALIVE", COLUMN_BOOL, SHOW_WIDE, false, "SO_KEEPALIVE is on" },
	{ "mptcp", NULL, "MPTCP", COLUMN_BOOL, SHOW_NONZERO, false, "is a subflow of an MPTCP connection" },
};
/* clang-format on */

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

/* One connection of a report. */
struct one {
	const struct report *report;
	const struct conn *conn;
	bool closed; /* its struct sock is gone */
};

static struct cell word(const char *text)
{
	return text ? cell_text(text) : cell_missing(NULL);
}

static struct cell elapsed_ms(__u64 from, __u64 to)
{
	return cell_number(to > from ? (to - from) / 1000000 : 0);
}

static void fill_times(const struct one *one, struct cell *cells)
{
	const struct conn *conn = one->conn;
	__u64 now = one->report->now_ns;
	bool partial = conn->flags & CONN_PARTIAL;
	bool measured = conn->ready_ns > conn->opened_ns && !partial;
	char text[TIME_STRLEN];
	__u64 idle_ms;

	if (!partial) {
		report_time_of(one->report, conn->opened_ns, text, sizeof(text));
		cells[OPENED] = cell_text(text);
		cells[AGE] = elapsed_ms(conn->opened_ns, one->closed ? conn->closed_ns : now);
	}
	if (!one->closed && conn_idle_ms(conn, false, now, &idle_ms))
		cells[IDLE] = cell_number(idle_ms);
	else if (!one->closed)
		cells[IDLE] = cell_missing(conn_turnless(conn));
	if (conn_idle_ms(conn, true, now, &idle_ms))
		cells[IDLE_AT_CLOSE] = cell_number(idle_ms);
	cells[IDLE_OR_AT_CLOSE] = cells[one->closed ? IDLE_AT_CLOSE : IDLE];
	if (measured)
		cells[conn->role == ROLE_SERVER ? ACCEPT_WAIT : CONNECT] =
			cell_number((conn->ready_ns - conn->opened_ns) / 1000);
	if (conn->depth)
		cells[DEPTH] = cell_number(conn->depth);
}

static void fill_end(const struct one *one, struct cell *cells)
{
	const struct conn *conn = one->conn;
	const char *state = state_word(conn_state(conn, one->closed));
	const char *initiator = initiator_word(conn->initiator), *fail = fail_word(conn->fail);
	const char *off = conn_race_unknown(conn);

	cells[STATE] = word(state);
	if (conn->fail)
		cells[STATE_OR_END] = word(fail);
	else
		cells[STATE_OR_END] = word(one->closed ? initiator : state);
	cells[FAIL_REASON] = word(fail);
	if (!conn->initiator)
		return;
	cells[INITIATOR] = word(initiator);
	cells[CAUSE] = word(cause_word(conn->cause));
	if (conn->idle_others != OTHERS_UNKNOWN)
		cells[IDLE_OTHERS] = cell_number(conn->idle_others);
	cells[RACED] = off ? cell_missing(off) : cell_bool(conn->flags & CONN_RACED);
	cells[TIME_WAIT] = cell_bool(conn->flags & CONN_TIME_WAIT);
}

static void fill_turns(const struct conn *conn, struct cell *cells)
{
	const char *off = conn_turnless(conn);

	cells[MPTCP] = cell_bool(conn->flags & CONN_MPTCP);
	if (off) {
		cells[EXCHANGES] = cell_missing(off);
		cells[IN_FLIGHT] = cell_missing(off);
		return;
	}
	cells[EXCHANGES] = cell_number(conn->exchanges);
	cells[IN_FLIGHT] = cell_bool(conn_has_request(conn));
}

static int add_row(const struct one *one, struct table *table)
{
	const struct conn *conn = one->conn;
	struct cell *cells = table__add_row(table);

	if (!cells)
		return -ENOMEM;
	view_conn_ends(conn, &places, cells);
	view_conn_owner(&(struct conn_owner){ conn->cgroup, conn->pid, conn->netns, conn->comm },
			&places, cells);
	if (conn->tid)
		cells[TID] = cell_number(conn->tid);
	if (!conn->fail)
		cells[KEEPALIVE] = cell_bool(conn->flags & CONN_KEEPALIVE);
	cells[PARTIAL] = cell_bool(conn->flags & CONN_PARTIAL);
	fill_times(one, cells);
	fill_turns(conn, cells);
	fill_end(one, cells);
	cells[SENT] = cell_number(conn->sent_bytes);
	cells[RECEIVED] = cell_number(conn->received_bytes);
	cells[BYTES] = cell_number(conn->sent_bytes + conn->received_bytes);
	return 0;
}

static int fill(const struct report *report, struct table *table)
{
	const struct conn_list *list = report->conns;
	const struct conn_pick *pick = report->pick;
	struct one one = { .report = report };
	int err = 0;

	table__init(table, "conn", columns, COLUMNS);
	table->title = "CONNS: single connections; open ones, then the last that closed";
	table->empty = "no connection was seen";
	table->pinned = 1ULL << STATE_OR_END;
	for (size_t i = 0; !err && (one.conn = conn_list__get(list, i)); i++) {
		if (report->only && !aggregate__is_of(report->aggregate, report->only, one.conn))
			continue;
		one.closed = i >= conn_list__open_count(list);
		if (!pick || conn_pick__takes(pick, one.conn, one.closed, report->now_ns))
			err = add_row(&one, table);
	}
	if (err) {
		table__done(table);
		return err;
	}
	/* Of which row those were is not known. */
	table->omitted = report->only ? 0 : conn_list__forgotten(list);
	if (report->only && conn_list__forgotten(list))
		table->empty = "none is open, and of those that closed last (--closed) none is "
			       "of this row";
	else if (pick && !conn_pick__is_any(pick))
		table->empty = "no connection is like that";
	else if (table->omitted)
		table->empty = "no connection is open, and closed ones are not kept";
	return 0;
}

const struct view view_conns = {
	.name = "conns",
	.help = "single connections",
	.columns = columns,
	.column_count = COLUMNS,
	.fill = fill,
};
