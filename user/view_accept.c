/* SPDX-License-Identifier: Apache-2.0 */
/* `accept`: is a listener falling behind? */
#include <errno.h>
#include <stdlib.h>

#include "view.h"
#include "view_row.h"

#define POINTS_MAX 60 /* of depths over time */

enum {
	LISTENER,
	ADDR,
	PORT,
	COMM,
	PID,
	CONTAINER,
	NETNS,
	ASKED,
	LIMIT,
	SOMAXCONN,
	CLAMPED,
	DEPTH,
	DEPTH_MAX,
	DEPTH_HIST,
	DEPTH_BARS, /* text alone: the same as DEPTHS */
	ACCEPTED,
	OVERFLOWS,
	SYN_DROPS,
	WAIT,
	EXCHANGES = WAIT + 3,
	RATIO,
	OPEN,
	NAME,
	ACK_DROPS,
	PARTIAL,
	PARTIAL_EXCHANGES,
	SOCKETS,
	QUEUE_DEPTHS,
	MPTCP,
	WAIT_HIST,
	DEPTHS_START,
	DEPTHS_WIDTH,
	DEPTHS,
	COLUMNS,
};

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ NULL, NULL, "LISTENER", COLUMN_TEXT, SHOW_NONZERO, false, "local address and port, or name" },
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "local address" },
	{ "port", NULL, "PORT", COLUMN_COUNT, SHOW_NEVER, false, "local port" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_NONZERO, false, "name of an owner" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_WIDE, false, "process id of an owner" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_WIDE, false, "container of an owner" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace, where grouped by it" },
	{ "backlog_asked", "BACKLOG", "asked", COLUMN_COUNT, SHOW_ALWAYS, false, "argument of listen(2)" },
	{ "limit", "BACKLOG", "limit", COLUMN_COUNT, SHOW_ALWAYS, false, "a queue's real limit; limit + 1 connections get in" },
	{ "somaxconn", "BACKLOG", "somaxconn", COLUMN_COUNT, SHOW_WIDE, false, "net.core.somaxconn of the network namespace" },
	{ "clamped", "BACKLOG", "clamped", COLUMN_BOOL, SHOW_WIDE, true, "asked for more than the limit" },
	{ "depth", "QUEUE", "depth", COLUMN_COUNT, SHOW_ALWAYS, false, "connections in the accept queue now; of several queues, the deepest" },
	{ "depth_max", "QUEUE", "max", COLUMN_COUNT, SHOW_ALWAYS, false, "most in a queue, at an entry or when looked at, once a second" },
	{ "depth_hist", NULL, "QUEUE DEPTH", COLUMN_HIST, SHOW_NEVER, false, "entries by depth: 0, 1, 2, 3, then four buckets an octave (4 5 6 7, 8-9 10-11 12-13 14-15, ...)" },
	{ NULL, NULL, "DEPTH OVER TIME", COLUMN_SERIES, SHOW_ROOM, false, "the deepest queue from the start until now; the highest bar is the row's highest" },
	{ "accepted", NULL, "ACCEPTED", COLUMN_COUNT, SHOW_ALWAYS, false, "connections that accept() took out" },
	{ "overflows", NULL, "OVERFLOWS", COLUMN_COUNT, SHOW_ALWAYS, true, "SYNs and final ACKs refused because the queue was full" },
	{ "syn_drops", NULL, "SYN-DROPS", COLUMN_COUNT, SHOW_WIDE, true, "of them on SYN" },
	{ "accept_wait_us.p50", "ACCEPT WAIT", "p50", COLUMN_US, SHOW_ALWAYS, false, "from entry into the queue until accept(), median" },
	{ "accept_wait_us.p99", "ACCEPT WAIT", "p99", COLUMN_US, SHOW_ROOM, false, "the same, 99th percentile" },
	{ "accept_wait_us.max", "ACCEPT WAIT", "max", COLUMN_US, SHOW_ALWAYS, false, "the same, maximum" },
	{ "exchanges", NULL, "EXCH", COLUMN_COUNT, SHOW_ROOM, false, "completed exchanges on accepted connections" },
	{ "reuse_ratio", NULL, "REUSE", COLUMN_RATIO, SHOW_ROOM, false, "exchanges that were not their connection's first / exchanges" },
	{ "open", NULL, "OPEN", COLUMN_COUNT, SHOW_ROOM, false, "connections open now" },
	{ "name", NULL, "NAME", COLUMN_TEXT, SHOW_NEVER, false, "name from the names file" },
	{ "ack_drops", NULL, "ACK-DROPS", COLUMN_COUNT, SHOW_WIDE, true, "overflows on the handshake's last ACK" },
	{ "partial", NULL, "PARTIAL", COLUMN_COUNT, SHOW_ROOM, false, "connections open before tracing began" },
	{ "partial_exchanges", NULL, "PARTIAL-EXCH", COLUMN_COUNT, SHOW_WIDE, false, "exchanges on partial connections, since tracing began" },
	{ "sockets", NULL, "SOCKETS", COLUMN_COUNT, SHOW_WIDE, false, "listening sockets open now, each with a queue of its own (SO_REUSEPORT)" },
	{ "queue_depths", NULL, "QUEUES", COLUMN_LIST, SHOW_WIDE, false, "connections in each socket's queue now, deepest first" },
	{ "mptcp", NULL, "MPTCP", COLUMN_COUNT, SHOW_NONZERO, false, "connections that are subflows of MPTCP: their exchanges are not known" },
	{ "accept_wait_us_hist", NULL, "ACCEPT WAIT", COLUMN_HIST_US, SHOW_HIST, false, "accept waits by microseconds, in buckets as those of depth_hist" },
	{ "depth_series.start_ts", NULL, "DEPTHS FROM", COLUMN_TEXT, SHOW_NEVER, false, "when the first of these depths begins" },
	{ "depth_series.width_ms", NULL, "DEPTHS EACH", COLUMN_MS, SHOW_NEVER, false, "how long each of them is" },
	{ "depth_series.depths", NULL, "DEPTHS", COLUMN_LIST, SHOW_NEVER, false, "the deepest queue in each of up to 60 such times, until now" },
};
/* clang-format on */

static const struct identity_columns identity = {
	.endpoint = LISTENER,
	.addr = ADDR,
	.port = PORT,
	.name = NAME,
	.comm = COMM,
	.pid = PID,
	.container = CONTAINER,
	.netns = NETNS,
};

static bool is_server(const struct row *row)
{
	return row->key.role == ROLE_SERVER;
}

static const char *why_not_asked(const struct report *report)
{
	const char *why = view_not_measured(report, FEATURE_LISTEN);

	return why ? why : "listen(2) was called before tracing began";
}

static void fill_backlog(const struct row_sum *sum, struct cell *cells)
{
	const struct listener_totals *now = &sum->row->listener_open;

	if (!now->seen)
		now = &sum->row->listener_closed;
	if (!now->seen)
		return;
	cells[LIMIT] = cell_number(now->limit);
	cells[SOMAXCONN] = cell_number(now->somaxconn);
	if (now->asked_known) {
		cells[ASKED] = cell_signed(now->backlog_asked);
		/* As the kernel compares: -1 is the most there is. */
		cells[CLAMPED] = cell_bool((__u32)now->backlog_asked > now->limit);
	} else {
		cells[ASKED] = cell_missing(why_not_asked(sum->report));
		cells[CLAMPED] = cell_missing(why_not_asked(sum->report));
	}
}

static int deeper_first(const void *left, const void *right)
{
	__u64 a = *(const __u64 *)left, b = *(const __u64 *)right;

	return (a < b) - (a > b);
}

static struct cell queue_list(const struct row *row)
{
	struct cell cell = cell_missing(NULL);

	if (row->queues.count == row->listener_open.sockets)
		cell = cell_list(row->queues.depths, row->queues.count);
	if (cell.kind == CELL_LIST)
		qsort(cell.list.items, cell.list.count, sizeof(*cell.list.items), deeper_first);
	return cell;
}

/* Slots of the row's series as POINTS_MAX points at most, the deepest of each. */
static void fill_series(const struct row_sum *sum, struct cell *cells)
{
	const struct series *series = sum->row->series;
	__u64 now_ns = sum->report->now_ns, points[POINTS_MAX] = { 0 };
	size_t slots, merge;
	char text[TIME_STRLEN];

	if (!series || now_ns < series->start_ns)
		return;
	/* The series of a queue that is gone has ended before. One that begins now has no width. */
	slots = now_ns == series->start_ns
			? 1
			: (size_t)((now_ns - series->start_ns - 1) / series->width_ns) + 1;
	merge = (slots + POINTS_MAX - 1) / POINTS_MAX;
	for (size_t i = 0; i < series->count && i < slots; i++) {
		if (series->slots[i].depth > points[i / merge])
			points[i / merge] = series->slots[i].depth;
	}
	cells[DEPTH_BARS] = cell_list(points, (slots + merge - 1) / merge);
	cells[DEPTHS] = cell_list(points, (slots + merge - 1) / merge);
	report_time_of(sum->report, series->start_ns, text, sizeof(text));
	cells[DEPTHS_START] = cell_text(text);
	cells[DEPTHS_WIDTH] = cell_number(series->width_ns / 1000000 * merge);
}

static void fill_queue(const struct row_sum *sum, struct cell *cells)
{
	const struct listener_totals *now = &sum->row->listener_open;
	__u32 max = sum->totals.depth_max;

	if (now->seen || sum->row->listener_closed.seen)
		cells[DEPTH] = cell_number(now->depth);
	cells[DEPTH_MAX] = cell_number(max > now->depth ? max : now->depth);
	cells[DEPTH_HIST] = view_hist(&sum->totals.depth);
	fill_series(sum, cells);
	cells[SOCKETS] = cell_number(now->sockets);
	cells[QUEUE_DEPTHS] = queue_list(sum->row);
}

static void fill_overflows(const struct row_sum *sum, struct cell *cells)
{
	const struct listener_totals *open = &sum->row->listener_open;
	const struct listener_totals *closed = &sum->row->listener_closed;
	__u64 syn = open->syn_drops + closed->syn_drops, ack = open->ack_drops + closed->ack_drops;
	const char *off = view_off(sum->report, FEATURE_OVERFLOW);

	if (!off && !open->seen && !closed->seen)
		off = "the listening socket is another row's, or filtered out";
	cells[OVERFLOWS] = off ? cell_missing(off) : cell_number(syn + ack);
	cells[SYN_DROPS] = off ? cell_missing(off) : cell_number(syn);
	cells[ACK_DROPS] = off ? cell_missing(off) : cell_number(ack);
}

static void fill_accepts(const struct row_sum *sum, struct cell *cells)
{
	const char *off = view_off(sum->report, FEATURE_ACCEPT);

	cells[ACCEPTED] = view_count(sum->report, FEATURE_ACCEPT, sum->totals.accepted);
	cells[WAIT_HIST] = off ? cell_missing(off) : view_hist(&sum->totals.accept_wait_us);
	if (off)
		view_missing(off, 3, cells + WAIT);
	else
		view_percentiles(&sum->totals.accept_wait_us, 1, cells + WAIT);
}

static int add_row(const struct row_sum *sum, struct table *table)
{
	struct cell *cells = table__add_row(table);
	const struct totals *totals = &sum->totals;
	const char *off = view_turnless(sum);

	if (!cells)
		return -ENOMEM;
	view_identity(sum->report->by, sum->row, &identity, cells);
	fill_backlog(sum, cells);
	fill_queue(sum, cells);
	fill_accepts(sum, cells);
	fill_overflows(sum, cells);
	off = totals->exchanges ? NULL : off;
	cells[EXCHANGES] = off ? cell_missing(off) : cell_number(totals->exchanges);
	cells[RATIO] = off ? cell_missing(off) : view_ratio(totals);
	cells[OPEN] = cell_number(totals->open);
	cells[PARTIAL] = cell_number(totals->partial);
	cells[PARTIAL_EXCHANGES] =
		view_count(sum->report, FEATURE_RECEIVE, totals->partial_exchanges);
	cells[MPTCP] = cell_number(totals->mptcp);
	return 0;
}

static int fill(const struct report *report, struct table *table)
{
	int err;

	table__init(table, "listener", columns, COLUMNS);
	table->title = "ACCEPT: listeners of this host and their accept queues";
	table->empty = "no listeners and no accepted connections seen";
	view_pin(report, &identity, table);
	err = view_each(report, is_server, add_row, table);
	if (err) {
		table__done(table);
		return err;
	}
	table__sort(table, ACCEPTED);
	table__sort(table, DEPTH_MAX);
	table__sort(table, OVERFLOWS);
	return 0;
}

const struct view view_accept = {
	.name = "accept",
	.help = "is a listener falling behind",
	.columns = columns,
	.column_count = COLUMNS,
	.fill = fill,
};
