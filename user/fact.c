/* SPDX-License-Identifier: Apache-2.0 */
/* Names and units of facts. */
#include "fact.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text_cell.h"

static const struct {
	const char *key;
	enum column_type type;
} names[FACT_MAX] = {
	[FACT_NONE] = { "", COLUMN_COUNT },
	[FACT_PORT] = { "port", COLUMN_COUNT },
	[FACT_ELAPSED] = { "elapsed_ms", COLUMN_MS },
	[FACT_OPENED] = { "opened", COLUMN_COUNT },
	[FACT_REOPENED] = { "reopened", COLUMN_COUNT },
	[FACT_FAILED] = { "failed", COLUMN_COUNT },
	[FACT_FAILED_THERE] = { "failed_there", COLUMN_COUNT },
	[FACT_FAIL_SHARE] = { "fail_ratio", COLUMN_RATIO },
	[FACT_REFUSED] = { "refused", COLUMN_COUNT },
	[FACT_CONNECT_TIMEOUTS] = { "connect_timeouts", COLUMN_COUNT },
	[FACT_UNREACHABLE] = { "unreachable", COLUMN_COUNT },
	[FACT_NO_PORT] = { "no_port", COLUMN_COUNT },
	[FACT_FAILING_FOR] = { "failing_for_ms", COLUMN_MS },
	[FACT_STILL_FAILING] = { "still_failing", COLUMN_BOOL },
	[FACT_OTHER_FAMILY] = { "other_family_opened", COLUMN_COUNT },
	[FACT_CONNECT_P50] = { "connect_p50_us", COLUMN_US },
	[FACT_CONNECT_SHARE] = { "connect_ratio", COLUMN_RATIO },
	[FACT_EXCHANGES] = { "exchanges", COLUMN_COUNT },
	[FACT_REUSE_RATIO] = { "reuse_ratio", COLUMN_RATIO },
	[FACT_CARRIERS] = { "carriers", COLUMN_COUNT },
	[FACT_PER_CONN] = { "exchanges_per_conn", COLUMN_COUNT },
	[FACT_OPEN_PEAK] = { "open_peak", COLUMN_COUNT },
	[FACT_ACTIVE_PEAK] = { "active_peak", COLUMN_COUNT },
	[FACT_RESPONSE_P50] = { "response_p50_us", COLUMN_US },
	[FACT_LONGEST_GAP] = { "longest_reused_gap_ms", COLUMN_MS },
	[FACT_CLOSED] = { "closed", COLUMN_COUNT },
	[FACT_CLOSED_LOCAL] = { "closed_local", COLUMN_COUNT },
	[FACT_LOCAL_SHARE] = { "local_ratio", COLUMN_RATIO },
	[FACT_CLOSED_REMOTE] = { "closed_remote", COLUMN_COUNT },
	[FACT_REMOTE_SHARE] = { "remote_ratio", COLUMN_RATIO },
	[FACT_IDLE_LOCAL] = { "idle_at_close_local_ms", COLUMN_MS },
	[FACT_IDLE_REMOTE] = { "idle_at_close_remote_ms", COLUMN_MS },
	[FACT_LOCAL_TIMEOUT] = { "local_timeout_ms", COLUMN_MS },
	[FACT_LOCAL_TIMEOUT_SPREAD] = { "local_timeout_spread_ms", COLUMN_MS },
	[FACT_LOCAL_TIMEOUT_CLOSES] = { "local_timeout_closes", COLUMN_COUNT },
	[FACT_LOCAL_TIMEOUT_OF] = { "local_timeout_of", COLUMN_COUNT },
	[FACT_REMOTE_TIMEOUT] = { "remote_timeout_ms", COLUMN_MS },
	[FACT_REMOTE_TIMEOUT_SPREAD] = { "remote_timeout_spread_ms", COLUMN_MS },
	[FACT_REMOTE_TIMEOUT_CLOSES] = { "remote_timeout_closes", COLUMN_COUNT },
	[FACT_REMOTE_TIMEOUT_OF] = { "remote_timeout_of", COLUMN_COUNT },
	[FACT_IDLE_ENDS] = { "idle_at_close_ms", COLUMN_MS },
	[FACT_CAP] = { "request_cap", COLUMN_COUNT },
	[FACT_CAP_CLOSES] = { "request_cap_closes", COLUMN_COUNT },
	[FACT_CAP_OF] = { "request_cap_of", COLUMN_COUNT },
	[FACT_CAP_LOCAL_SHARE] = { "request_cap_local_ratio", COLUMN_RATIO },
	[FACT_CLOSES_PER_S] = { "closed_per_s", COLUMN_COUNT },
	[FACT_POOL] = { "pool_size", COLUMN_COUNT },
	[FACT_EARLY_CLOSES] = { "pool_closes", COLUMN_COUNT },
	[FACT_CHURN] = { "pool_closes_ratio", COLUMN_RATIO },
	[FACT_GOODBYES] = { "goodbye_ratio", COLUMN_RATIO },
	[FACT_RACED] = { "raced", COLUMN_COUNT },
	[FACT_RACED_SHARE] = { "raced_ratio", COLUMN_RATIO },
	[FACT_UNREAD] = { "unread_data", COLUMN_COUNT },
	[FACT_UNREAD_SHARE] = { "unread_data_ratio", COLUMN_RATIO },
	[FACT_TIMEOUTS] = { "timeouts", COLUMN_COUNT },
	[FACT_KEEPALIVE_TIMEOUTS] = { "keepalive_timeouts", COLUMN_COUNT },
	[FACT_RETRANSMISSION_TIMEOUTS] = { "retransmission_timeouts", COLUMN_COUNT },
	[FACT_SILENT] = { "silent", COLUMN_COUNT },
	[FACT_SILENCE] = { "longest_silence_ms", COLUMN_MS },
	[FACT_TIME_WAIT] = { "time_wait", COLUMN_COUNT },
	[FACT_TIME_WAIT_NOW] = { "time_wait_now", COLUMN_COUNT },
	[FACT_PORTS] = { "local_ports", COLUMN_COUNT },
	[FACT_PORT_SHARE] = { "local_ports_ratio", COLUMN_RATIO },
	[FACT_TIME_WAIT_AHEAD] = { "time_wait_ahead", COLUMN_COUNT },
	[FACT_PORT_SHARE_AHEAD] = { "local_ports_ahead_ratio", COLUMN_RATIO },
	[FACT_ASKED] = { "backlog_asked", COLUMN_COUNT },
	[FACT_LIMIT] = { "limit", COLUMN_COUNT },
	[FACT_SOMAXCONN] = { "somaxconn", COLUMN_COUNT },
	[FACT_DEPTH_MAX] = { "depth_max", COLUMN_COUNT },
	[FACT_DEPTH_SHARE] = { "depth_max_ratio", COLUMN_RATIO },
	[FACT_ENTERED] = { "entered", COLUMN_COUNT },
	[FACT_DEPTH_P90] = { "depth_p90", COLUMN_COUNT },
	[FACT_OVERFLOWS] = { "overflows", COLUMN_COUNT },
	[FACT_ACCEPTED] = { "accepted", COLUMN_COUNT },
	[FACT_ACCEPT_WAIT_P50] = { "accept_wait_p50_us", COLUMN_US },
	[FACT_ACCEPT_WAIT_P99] = { "accept_wait_p99_us", COLUMN_US },
	[FACT_ACCEPT_GAP] = { "accept_gap_us", COLUMN_US },
	[FACT_ACCEPTORS] = { "accepting_threads", COLUMN_COUNT },
	[FACT_TRACKED] = { "tracked", COLUMN_COUNT },
	[FACT_WATCHED] = { "watched", COLUMN_COUNT },
	[FACT_ALL_EXCHANGES] = { "all_exchanges", COLUMN_COUNT },
	[FACT_LOST] = { "lost_events", COLUMN_COUNT },
	[FACT_NOT_KEPT] = { "map_full", COLUMN_COUNT },
	[FACT_MISSED_RUNS] = { "missed_runs", COLUMN_COUNT },
	[FACT_NO_TURNS] = { "no_turns", COLUMN_BOOL },
	[FACT_FOLDED] = { "folded", COLUMN_COUNT },
};

const char *fact_key(enum fact fact)
{
	return names[fact].key;
}

enum column_type fact_type(enum fact fact)
{
	return names[fact].type;
}

enum fact fact_find(const char *key, size_t len)
{
	for (int i = 1; i < FACT_MAX; i++) {
		if (strlen(names[i].key) == len && !strncmp(names[i].key, key, len))
			return (enum fact)i;
	}
	return FACT_NONE;
}

char *fact_format(enum fact fact, double value, char *buf, size_t len)
{
	const struct column column = { .type = names[fact].type };
	struct cell cell = cell_real(value);

	/* A mean, or a rate: with a decimal as long as that says something. */
	if (column.type == COLUMN_COUNT && value < 9.95 && value != floor(value)) {
		snprintf(buf, len, "%.1f", value);
		return buf;
	}
	if (column.type == COLUMN_BOOL)
		cell = cell_bool(value != 0);
	else if (column.type != COLUMN_RATIO)
		cell = cell_number((__u64)(value + 0.5));
	return cell_format(&column, &cell, buf, len);
}
