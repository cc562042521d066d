/* SPDX-License-Identifier: Apache-2.0 */
/* `reuse`: does this host reuse its connections to each upstream? */
#include <errno.h>

#include "view.h"
#include "view_row.h"

enum {
	UPSTREAM,
	ADDR,
	PORT,
	NAME,
	COMM,
	PID,
	CONTAINER,
	NETNS,
	OPENED,
	FAILED,
	FAIL_REASONS,
	PARTIAL = FAIL_REASONS + FAIL_MAX - 1,
	EXCHANGES,
	REUSED,
	RATIO,
	PER_CONN,
	OPEN = PER_CONN + 3,
	IDLE,
	ACTIVE,
	PEAK,
	ACTIVE_PEAK,
	CONNECT,
	RESPONSE = CONNECT + 3,
	IDLE_GAP = RESPONSE + 3,
	SENT = IDLE_GAP + 3,
	RECEIVED,
	CLOSED,
	TIME_WAITS,
	PARTIAL_EXCHANGES,
	MPTCP,
	PER_CONN_HIST,
	CONNECT_HIST,
	RESPONSE_HIST,
	IDLE_GAP_HIST,
	COLUMNS,
};

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ NULL, NULL, "UPSTREAM", COLUMN_TEXT, SHOW_NONZERO, false, "remote address and port, or name" },
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "remote address" },
	{ "port", NULL, "PORT", COLUMN_COUNT, SHOW_NEVER, false, "remote port" },
	{ "name", NULL, "NAME", COLUMN_TEXT, SHOW_NEVER, false, "name from the names file" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_NONZERO, false, "name of an owner" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_WIDE, false, "process id of an owner" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_WIDE, false, "container of an owner" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace, where grouped by it" },
	{ "opened", NULL, "OPENED", COLUMN_COUNT, SHOW_ALWAYS, false, "connections established while tracing" },
	{ "failed", NULL, "FAILED", COLUMN_COUNT, SHOW_NONZERO, true, "attempts that came to nothing" },
	{ "fail_reasons.refused", "FAILED", "refused", COLUMN_COUNT, SHOW_WIDE, false, "answered with RST" },
	{ "fail_reasons.timeout", "FAILED", "timeout", COLUMN_COUNT, SHOW_WIDE, false, "not answered" },
	{ "fail_reasons.unreachable", "FAILED", "unreach", COLUMN_COUNT, SHOW_WIDE, false, "no route, or an ICMP error" },
	{ "fail_reasons.no_port", "FAILED", "no-port", COLUMN_COUNT, SHOW_WIDE, false, "no local port left" },
	{ "fail_reasons.cancelled", "FAILED", "cancel", COLUMN_COUNT, SHOW_WIDE, false, "closed by this host while connecting" },
	{ "fail_reasons.other", "FAILED", "other", COLUMN_COUNT, SHOW_WIDE, false, "anything else" },
	{ "partial", NULL, "PARTIAL", COLUMN_COUNT, SHOW_ROOM, false, "connections open before tracing began" },
	{ "exchanges", NULL, "EXCH", COLUMN_COUNT, SHOW_ALWAYS, false, "completed exchanges on opened connections" },
	{ "reused", NULL, "REUSED", COLUMN_COUNT, SHOW_WIDE, false, "exchanges that were not their connection's first" },
	{ "reuse_ratio", NULL, "REUSE", COLUMN_RATIO, SHOW_ALWAYS, false, "reused / exchanges" },
	{ "exchanges_per_conn.p50", "EXCH/CONN", "p50", COLUMN_COUNT, SHOW_ALWAYS, false, "exchanges on one connection, median" },
	{ "exchanges_per_conn.p99", "EXCH/CONN", "p99", COLUMN_COUNT, SHOW_WIDE, false, "the same, 99th percentile" },
	{ "exchanges_per_conn.max", "EXCH/CONN", "max", COLUMN_COUNT, SHOW_ALWAYS, false, "the same, maximum" },
	{ "open", "OPEN", "now", COLUMN_COUNT, SHOW_ALWAYS, false, "connections open now: the pool" },
	{ "idle", "OPEN", "idle", COLUMN_COUNT, SHOW_ALWAYS, false, "of them without a request in flight" },
	{ "active", "OPEN", "active", COLUMN_COUNT, SHOW_WIDE, false, "of them with one" },
	{ "open_peak", "OPEN", "peak", COLUMN_COUNT, SHOW_ALWAYS, false, "most open at once" },
	{ "active_peak", "OPEN", "act-peak", COLUMN_COUNT, SHOW_WIDE, false, "most with a request in flight at once" },
	{ "connect_us.p50", "CONNECT", "p50", COLUMN_US, SHOW_ROOM, false, "SYN until established, median" },
	{ "connect_us.p99", "CONNECT", "p99", COLUMN_US, SHOW_WIDE, false, "the same, 99th percentile" },
	{ "connect_us.max", "CONNECT", "max", COLUMN_US, SHOW_WIDE, false, "the same, maximum" },
	{ "response_us.p50", "RESPONSE", "p50", COLUMN_US, SHOW_ROOM, false, "last request byte sent until the first response byte came, median" },
	{ "response_us.p99", "RESPONSE", "p99", COLUMN_US, SHOW_ROOM, false, "the same, 99th percentile" },
	{ "response_us.max", "RESPONSE", "max", COLUMN_US, SHOW_WIDE, false, "the same, maximum" },
	{ "idle_gap_ms.p50", "IDLE GAP", "p50", COLUMN_MS, SHOW_ALWAYS, false, "between two exchanges of a connection, median" },
	{ "idle_gap_ms.p99", "IDLE GAP", "p99", COLUMN_MS, SHOW_WIDE, false, "the same, 99th percentile" },
	{ "idle_gap_ms.max", "IDLE GAP", "max", COLUMN_MS, SHOW_ROOM, false, "the same, maximum" },
	{ "sent_bytes", NULL, "SENT", COLUMN_BYTES, SHOW_ROOM, false, "payload sent" },
	{ "received_bytes", NULL, "RECEIVED", COLUMN_BYTES, SHOW_ROOM, false, "payload read" },
	{ "closed", NULL, "CLOSED", COLUMN_COUNT, SHOW_ROOM, false, "connections that ended while tracing" },
	{ "time_wait", NULL, "TIME-WAIT", COLUMN_COUNT, SHOW_ROOM, false, "of them those that left this host a TIME_WAIT socket" },
	{ "partial_exchanges", NULL, "PARTIAL-EXCH", COLUMN_COUNT, SHOW_WIDE, false, "exchanges on partial connections, since tracing began" },
	{ "mptcp", NULL, "MPTCP", COLUMN_COUNT, SHOW_NONZERO, false, "connections that are subflows of MPTCP: their exchanges are not known" },
	{ "exchanges_per_conn_hist", NULL, "EXCHANGES PER CONNECTION", COLUMN_HIST, SHOW_HIST, false, "connections by exchanges, in the buckets of include/connscope/hist.h" },
	{ "connect_us_hist", NULL, "CONNECT", COLUMN_HIST_US, SHOW_HIST, false, "connections by microseconds from SYN until established" },
	{ "response_us_hist", NULL, "RESPONSE", COLUMN_HIST_US, SHOW_HIST, false, "exchanges by microseconds until the response" },
	{ "idle_gap_us_hist", NULL, "IDLE GAP", COLUMN_HIST_US, SHOW_HIST, false, "gaps between two exchanges of a connection, by microseconds" },
};
/* clang-format on */

static const struct identity_columns identity = {
	.endpoint = UPSTREAM,
	.addr = ADDR,
	.port = PORT,
	.name = NAME,
	.comm = COMM,
	.pid = PID,
	.container = CONTAINER,
	.netns = NETNS,
};

static bool is_client(const struct row *row)
{
	return row->key.role == ROLE_CLIENT;
}

static void fill_exchanges(const struct row_sum *sum, struct cell *cells)
{
	const struct totals *totals = &sum->totals;
	const char *off = view_off(sum->report, FEATURE_SEND);

	off = off ? off : view_turnless(sum);
	cells[PARTIAL_EXCHANGES] =
		view_count(sum->report, FEATURE_RECEIVE, totals->partial_exchanges);
	if (off && !totals->exchanges) {
		view_missing(off, PER_CONN + 3 - EXCHANGES, cells + EXCHANGES);
		cells[PER_CONN_HIST] = cell_missing(off);
		return;
	}
	cells[EXCHANGES] = cell_number(totals->exchanges);
	cells[REUSED] = cell_number(totals->exchanges - totals->carriers);
	cells[RATIO] = view_ratio(totals);
	view_percentiles(&totals->exchanges_per_conn, 1, cells + PER_CONN);
	cells[PER_CONN_HIST] = view_hist(&totals->exchanges_per_conn);
}

/* The most at once, as the kernel's one group has it: a snapshot may have seen more than that. */
static struct cell peak(const struct row_sum *sum, __u64 most, __u64 now)
{
	if (sum->report->no_peaks)
		return cell_missing(sum->report->no_peaks);
	if (sum->row->groups == 1)
		return cell_number(most > now ? most : now);
	return cell_missing(sum->row->groups ? "peaks of several owners need not have come at once"
					     : NULL);
}

static void fill_pool(const struct row_sum *sum, struct cell *cells)
{
	const struct totals *totals = &sum->totals;
	const char *off = view_off(sum->report, FEATURE_RECEIVE), *untold = view_turnless(sum);

	cells[OPEN] = cell_number(totals->open);
	cells[IDLE] = off ? cell_missing(off)
			  : cell_number(totals->open - totals->active - totals->open_turnless);
	cells[ACTIVE] = off ? cell_missing(off) : cell_number(totals->active);
	cells[PEAK] = peak(sum, sum->row->open_peak, totals->open);
	untold = untold ? untold : view_not_measured(sum->report, FEATURE_SEND);
	if (untold)
		cells[ACTIVE_PEAK] = cell_missing(untold);
	else
		cells[ACTIVE_PEAK] = peak(sum, sum->row->active_peak, totals->active);
}

static void fill_times(const struct row_sum *sum, struct cell *cells)
{
	const char *untimed = view_not_measured(sum->report, FEATURE_SEND);

	untimed = untimed ? untimed : sum->report->no_histograms;
	view_percentiles(&sum->totals.connect_us, 1, cells + CONNECT);
	cells[CONNECT_HIST] = view_hist(&sum->totals.connect_us);
	if (untimed) {
		view_missing(untimed, 3, cells + RESPONSE);
		view_missing(untimed, 3, cells + IDLE_GAP);
		view_missing(untimed, 2, cells + RESPONSE_HIST);
		return;
	}
	view_percentiles(&sum->row->response_us, 1, cells + RESPONSE);
	view_percentiles(&sum->row->idle_gap_us, 1000, cells + IDLE_GAP);
	cells[RESPONSE_HIST] = view_hist(&sum->row->response_us);
	cells[IDLE_GAP_HIST] = view_hist(&sum->row->idle_gap_us);
}

static int add_row(const struct row_sum *sum, struct table *table)
{
	struct cell *cells = table__add_row(table);
	const struct totals *totals = &sum->totals;

	if (!cells)
		return -ENOMEM;
	view_identity(sum->report->by, sum->row, &identity, cells);
	cells[OPENED] = cell_number(totals->opened);
	cells[FAILED] = cell_number(totals->failed);
	for (int i = 1; i < FAIL_MAX; i++)
		cells[FAIL_REASONS + i - 1] = cell_number(totals->fails[i]);
	cells[PARTIAL] = cell_number(totals->partial);
	fill_exchanges(sum, cells);
	fill_pool(sum, cells);
	fill_times(sum, cells);
	cells[SENT] = cell_number(totals->sent_bytes);
	cells[RECEIVED] = cell_number(totals->received_bytes);
	cells[CLOSED] = cell_number(totals->closed);
	cells[MPTCP] = cell_number(totals->mptcp);
	cells[TIME_WAITS] = view_count(sum->report, FEATURE_TIME_WAIT, totals->time_wait);
	return 0;
}

static int fill(const struct report *report, struct table *table)
{
	int err;

	table__init(table, "upstream", columns, COLUMNS);
	table->title = "REUSE: connections that this host opened, by upstream";
	table->empty = "no client connections seen";
	view_pin(report, &identity, table);
	err = view_each(report, is_client, add_row, table);
	if (err) {
		table__done(table);
		return err;
	}
	table__sort(table, EXCHANGES);
	table__sort(table, OPENED);
	return 0;
}

const struct view view_reuse = {
	.name = "reuse",
	.help = "does this host reuse its connections to each upstream",
	.columns = columns,
	.column_count = COLUMNS,
	.fill = fill,
};
