/* SPDX-License-Identifier: Apache-2.0 */
/* `close`: who ended the connections, and how? */
#include <errno.h>
#include <stdio.h>

#include "conn_state.h"
#include "view.h"
#include "view_row.h"

enum {
	ENDPOINT,
	ADDR,
	PORT,
	ROLE,
	COMM,
	CLOSED,
	OUR_FIN,
	OUR_RST,
	PEER_FIN,
	PEER_RST, /* text alone: the same numbers as in BY, side by side */
	BY,
	MAIN_CAUSE = BY + INITIATOR_MAX - 1, /* text alone */
	CAUSES,
	IN_FLIGHT = CAUSES + CAUSE_MAX - 1,
	RACED,
	UNUSED,
	IDLE_LOCAL,
	IDLE_REMOTE = IDLE_LOCAL + 3,
	NAME = IDLE_REMOTE + 3,
	PID,
	CONTAINER,
	NETNS,
	TIME_WAITS,
	MPTCP,
	LOCAL_HIST,
	REMOTE_HIST,
	COLUMNS,
};

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ NULL, NULL, "ENDPOINT", COLUMN_TEXT, SHOW_NONZERO, false, "upstream or listener, or name" },
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "remote address of clients, listener's of servers" },
	{ "port", NULL, "PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "role", NULL, "ROLE", COLUMN_TEXT, SHOW_ALWAYS, false, "client: this host connected; server: it accepted" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_ROOM, false, "name of an owner" },
	{ "closed", NULL, "CLOSED", COLUMN_COUNT, SHOW_ALWAYS, false, "connections that ended while tracing" },
	{ NULL, "LOCAL", "fin", COLUMN_COUNT, SHOW_ALWAYS, false, "this host's FIN came first" },
	{ NULL, "LOCAL", "rst", COLUMN_COUNT, SHOW_ALWAYS, false, "this host's RST did" },
	{ NULL, "REMOTE", "fin", COLUMN_COUNT, SHOW_ALWAYS, false, "the peer's FIN came first" },
	{ NULL, "REMOTE", "rst", COLUMN_COUNT, SHOW_ALWAYS, false, "the peer's RST did" },
	{ "by.local_fin", NULL, "L-FIN", COLUMN_COUNT, SHOW_NEVER, false, "this host's FIN came first" },
	{ "by.remote_fin", NULL, "R-FIN", COLUMN_COUNT, SHOW_NEVER, false, "the peer's FIN did" },
	{ "by.both_fin", NULL, "BOTH", COLUMN_COUNT, SHOW_NONZERO, false, "two FINs crossed" },
	{ "by.local_rst", NULL, "L-RST", COLUMN_COUNT, SHOW_NEVER, false, "this host's RST came first" },
	{ "by.remote_rst", NULL, "R-RST", COLUMN_COUNT, SHOW_NEVER, false, "the peer's RST did" },
	{ "by.timeout", "TIME-", "OUT", COLUMN_COUNT, SHOW_NONZERO, true, "the peer did not answer any more" },
	{ "by.abort", NULL, "ABORT", COLUMN_COUNT, SHOW_NONZERO, false, "ended from outside, as by ss -K" },
	{ "by.unknown", "UN-", "KNOWN", COLUMN_COUNT, SHOW_NONZERO, false, "not known" },
	{ NULL, NULL, "MAIN CAUSE", COLUMN_TEXT, SHOW_ROOM, false, "the most frequent cause, and how often" },
	{ "causes.unread_data", "CAUSE", "unread-data", COLUMN_COUNT, SHOW_WIDE, false, "closed with received data unread" },
	{ "causes.linger0", "CAUSE", "linger0", COLUMN_COUNT, SHOW_WIDE, false, "closed with SO_LINGER 0" },
	{ "causes.disconnect", "CAUSE", "disconnect", COLUMN_COUNT, SHOW_WIDE, false, "connect(AF_UNSPEC)" },
	{ "causes.not_accepted", "CAUSE", "not-accepted", COLUMN_COUNT, SHOW_WIDE, false, "the listener closed with it in its queue" },
	{ "causes.retransmissions", "CAUSE", "retransmissions", COLUMN_COUNT, SHOW_WIDE, false, "no acknowledgement for what was sent" },
	{ "causes.window_probes", "CAUSE", "window-probes", COLUMN_COUNT, SHOW_WIDE, false, "no answer to zero-window probes" },
	{ "causes.keepalive_probes", "CAUSE", "keepalive-probes", COLUMN_COUNT, SHOW_WIDE, false, "no answer to keepalive probes" },
	{ "causes.user_timeout", "CAUSE", "user-timeout", COLUMN_COUNT, SHOW_WIDE, false, "TCP_USER_TIMEOUT" },
	{ "causes.after_fin_data", "CAUSE", "after-fin-data", COLUMN_COUNT, SHOW_WIDE, false, "payload arrived after our own FIN" },
	{ "causes.process_exit", "CAUSE", "process-exit", COLUMN_COUNT, SHOW_WIDE, false, "the owner ended" },
	{ "in_flight", "IN", "FLIGHT", COLUMN_COUNT, SHOW_ALWAYS, false, "ended while the last turn was a request" },
	{ "raced", NULL, "RACED", COLUMN_COUNT, SHOW_ALWAYS, true, "a request met the other side's close: the keep-alive race" },
	{ "unused", NULL, "UNUSED", COLUMN_COUNT, SHOW_ROOM, false, "ended without an exchange" },
	{ "idle_at_close_ms.local.p50", "IDLE AT CLOSE", "local", COLUMN_MS, SHOW_ALWAYS, false, "last payload until this host ended it, median" },
	{ "idle_at_close_ms.local.p99", "IDLE AT CLOSE", "local-p99", COLUMN_MS, SHOW_WIDE, false, "the same, 99th percentile" },
	{ "idle_at_close_ms.local.max", "IDLE AT CLOSE", "local-max", COLUMN_MS, SHOW_WIDE, false, "the same, maximum" },
	{ "idle_at_close_ms.remote.p50", "IDLE AT CLOSE", "remote", COLUMN_MS, SHOW_ALWAYS, false, "last payload until the peer ended it, median" },
	{ "idle_at_close_ms.remote.p99", "IDLE AT CLOSE", "remote-p99", COLUMN_MS, SHOW_WIDE, false, "the same, 99th percentile" },
	{ "idle_at_close_ms.remote.max", "IDLE AT CLOSE", "remote-max", COLUMN_MS, SHOW_WIDE, false, "the same, maximum" },
	{ "name", NULL, "NAME", COLUMN_TEXT, SHOW_NEVER, false, "name from the names file" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_WIDE, false, "process id of an owner" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_WIDE, false, "container of an owner" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace, where grouped by it" },
	{ "time_wait", NULL, "TIME-WAIT", COLUMN_COUNT, SHOW_ROOM, false, "those that left this host a TIME_WAIT socket" },
	{ "mptcp", NULL, "MPTCP", COLUMN_COUNT, SHOW_NONZERO, false, "connections, open ones too, that are subflows of MPTCP: in flight is not known of them" },
	{ "idle_at_close_us_hist.local", NULL, "IDLE AT CLOSE, by this host", COLUMN_HIST_US, SHOW_HIST, false, "ends by this host, by microseconds since the last payload, in the buckets of include/connscope/hist.h" },
	{ "idle_at_close_us_hist.remote", NULL, "IDLE AT CLOSE, by the peer", COLUMN_HIST_US, SHOW_HIST, false, "the same of ends by the peer" },
};
/* clang-format on */

static const struct identity_columns identity = {
	.endpoint = ENDPOINT,
	.addr = ADDR,
	.port = PORT,
	.name = NAME,
	.comm = COMM,
	.pid = PID,
	.container = CONTAINER,
	.netns = NETNS,
};

static bool has_closed(const struct row *row)
{
	return row->closed.closed || row->open.closed;
}

static void fill_initiators(const struct row_sum *sum, struct cell *cells)
{
	const __u64 *by = sum->totals.by;

	for (int i = 1; i < INITIATOR_MAX; i++)
		cells[BY + i - 1] = cell_number(by[i]);
	cells[BY + INITIATOR_LOCAL_RST - 1] =
		view_count(sum->report, FEATURE_RESET, by[INITIATOR_LOCAL_RST]);
	cells[BY + INITIATOR_REMOTE_RST - 1] =
		view_count(sum->report, FEATURE_RESET, by[INITIATOR_REMOTE_RST]);
	cells[OUR_FIN] = cells[BY + INITIATOR_LOCAL_FIN - 1];
	cells[OUR_RST] = cells[BY + INITIATOR_LOCAL_RST - 1];
	cells[PEER_FIN] = cells[BY + INITIATOR_REMOTE_FIN - 1];
	cells[PEER_RST] = cells[BY + INITIATOR_REMOTE_RST - 1];
}

static void fill_causes(const struct row_sum *sum, struct cell *cells)
{
	const __u64 *causes = sum->totals.causes;
	char text[64];
	int most = 1;

	for (int i = 1; i < CAUSE_MAX; i++) {
		cells[CAUSES + i - 1] = cell_number(causes[i]);
		if (causes[i] > causes[most])
			most = i;
	}
	if (!causes[most])
		return;
	snprintf(text, sizeof(text), "%s %llu", columns[CAUSES + most - 1].title, causes[most]);
	cells[MAIN_CAUSE] = cell_text(text);
}

static void fill_turns(const struct row_sum *sum, struct cell *cells)
{
	const struct totals *totals = &sum->totals;
	const char *off = view_turnless(sum);
	/* A server's race shows after its own FIN. */
	bool race_off = off && (sum->row->key.role == ROLE_CLIENT || totals->mptcp);

	cells[IN_FLIGHT] = off ? cell_missing(off) : cell_number(totals->in_flight);
	cells[RACED] = race_off ? cell_missing(off) : cell_number(totals->raced);
	cells[UNUSED] = off ? cell_missing(off) : cell_number(totals->unused);
	cells[MPTCP] = cell_number(totals->mptcp);
}

static int add_row(const struct row_sum *sum, struct table *table)
{
	struct cell *cells = table__add_row(table);
	const struct totals *totals = &sum->totals;

	if (!cells)
		return -ENOMEM;
	view_identity(sum->report->by, sum->row, &identity, cells);
	cells[ROLE] = cell_text(role_word(sum->row->key.role));
	cells[CLOSED] = cell_number(totals->closed);
	fill_initiators(sum, cells);
	fill_causes(sum, cells);
	fill_turns(sum, cells);
	view_percentiles(&totals->idle_at_close_local_us, 1000, cells + IDLE_LOCAL);
	view_percentiles(&totals->idle_at_close_remote_us, 1000, cells + IDLE_REMOTE);
	cells[LOCAL_HIST] = view_hist(&totals->idle_at_close_local_us);
	cells[REMOTE_HIST] = view_hist(&totals->idle_at_close_remote_us);
	cells[TIME_WAITS] = view_count(sum->report, FEATURE_TIME_WAIT, totals->time_wait);
	return 0;
}

static int fill(const struct report *report, struct table *table)
{
	int err;

	table__init(table, "close", columns, COLUMNS);
	table->title = "CLOSE: who ended the connections; LOCAL is this host";
	table->empty = "no connection has ended";
	view_pin(report, &identity, table);
	err = view_each(report, has_closed, add_row, table);
	if (err) {
		table__done(table);
		return err;
	}
	table__sort(table, CLOSED);
	return 0;
}

const struct view view_close = {
	.name = "close",
	.help = "who ended the connections, and how",
	.columns = columns,
	.column_count = COLUMNS,
	.fill = fill,
};
