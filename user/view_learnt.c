/* SPDX-License-Identifier: Apache-2.0 */
/* Below the findings of `doctor`: what was learnt of timeouts, caps and pools on the way. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "conn_state.h"
#include "fact.h"
#include "view.h"
#include "view_row.h"

enum {
	ENDPOINT,
	ADDR,
	PORT,
	NAME,
	ROLE,
	COMM,
	PID,
	CONTAINER,
	NETNS,
	FACTS,
	COLUMNS = FACTS + 14,
};

/* clang-format off */
static const struct column columns[COLUMNS] = {
	{ "endpoint", NULL, "ENDPOINT", COLUMN_TEXT, SHOW_NONZERO, false, "upstream or listener, or name" },
	{ "addr", NULL, "ADDR", COLUMN_TEXT, SHOW_NEVER, false, "remote address of clients, listener's of servers" },
	{ "port", NULL, "PORT", COLUMN_COUNT, SHOW_NEVER, false, "its port" },
	{ "name", NULL, "NAME", COLUMN_TEXT, SHOW_NEVER, false, "name from the names file" },
	{ "role", NULL, "ROLE", COLUMN_TEXT, SHOW_ALWAYS, false, "client: this host connected; server: it accepted" },
	{ "comm", NULL, "COMM", COLUMN_TEXT, SHOW_ROOM, false, "name of an owner" },
	{ "pid", NULL, "PID", COLUMN_COUNT, SHOW_WIDE, false, "process id of an owner" },
	{ "container", NULL, "CONTAINER", COLUMN_TEXT, SHOW_WIDE, false, "container of an owner" },
	{ "netns", NULL, "NETNS", COLUMN_COUNT, SHOW_WIDE, false, "inode of the network namespace, where grouped by it" },
	{ "local_timeout_ms", "IDLE TIMEOUT", "local", COLUMN_MS, SHOW_ALWAYS, false, "this side closes idle connections after that" },
	{ "remote_timeout_ms", "IDLE TIMEOUT", "remote", COLUMN_MS, SHOW_ALWAYS, false, "the peer does" },
	{ "longest_reused_gap_ms", "REUSED", "AFTER", COLUMN_MS, SHOW_ALWAYS, false, "the longest idle gap after which a connection was used again" },
	{ "request_cap", "REQUEST", "CAP", COLUMN_COUNT, SHOW_ALWAYS, false, "connections end after so many exchanges" },
	{ "pool_size", "POOL", "size", COLUMN_COUNT, SHOW_ALWAYS, false, "so many idle connections are kept" },
	{ "active_peak", "POOL", "need", COLUMN_COUNT, SHOW_ALWAYS, false, "most with a request in flight at once" },
	{ "local_timeout_spread_ms", "LOCAL TIMEOUT", "spread", COLUMN_MS, SHOW_WIDE, false, "between the earliest and the latest of these closes" },
	{ "local_timeout_closes", "LOCAL TIMEOUT", "closes", COLUMN_COUNT, SHOW_WIDE, false, "closes at this side's idle timeout" },
	{ "local_timeout_of", "LOCAL TIMEOUT", "of", COLUMN_COUNT, SHOW_WIDE, false, "of so many by this side after a silence" },
	{ "remote_timeout_spread_ms", "REMOTE TIMEOUT", "spread", COLUMN_MS, SHOW_WIDE, false, "between the earliest and the latest of these closes" },
	{ "remote_timeout_closes", "REMOTE TIMEOUT", "closes", COLUMN_COUNT, SHOW_WIDE, false, "closes at the peer's idle timeout" },
	{ "remote_timeout_of", "REMOTE TIMEOUT", "of", COLUMN_COUNT, SHOW_WIDE, false, "of so many by the peer after a silence" },
	{ "request_cap_closes", "REQUEST CAP", "closes", COLUMN_COUNT, SHOW_WIDE, false, "ends at the request cap" },
	{ "request_cap_of", "REQUEST CAP", "of", COLUMN_COUNT, SHOW_WIDE, false, "of so many" },
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

#define CLOSES_MIN 10

static bool has_cap(const struct facts *facts)
{
	return facts->values[FACT_CAP] > 1 && facts->values[FACT_CAP_CLOSES] >= CLOSES_MIN &&
	       facts->values[FACT_REOPENED] >= CLOSES_MIN;
}

static bool has_pool(const struct facts *facts)
{
	return facts->values[FACT_EARLY_CLOSES] >= 2 * CLOSES_MIN;
}

static bool is_learnt(const struct facts *facts)
{
	return !isnan(facts->values[FACT_LOCAL_TIMEOUT]) ||
	       !isnan(facts->values[FACT_REMOTE_TIMEOUT]) || has_cap(facts) || has_pool(facts);
}

/* One thing may be learnt of a row, and another not. */
static bool suffices(const struct facts *facts, enum fact fact)
{
	switch (fact) {
	case FACT_CAP:
	case FACT_CAP_CLOSES:
	case FACT_CAP_OF:
		return has_cap(facts);
	case FACT_POOL:
		return has_pool(facts);
	default:
		return true;
	}
}

static int add(const struct row_sum *sum, void *context)
{
	struct table *table = context;
	struct facts facts;
	struct cell *cells;

	facts__gather(&facts, sum->report, sum, NULL);
	if (aggregate__is_other(sum->row) || !is_learnt(&facts))
		return 0;
	cells = table__add_row(table);
	if (!cells)
		return -ENOMEM;
	view_identity(sum->report->by, sum->row, &identity, cells);
	cells[ROLE] = cell_text(role_word(sum->row->key.role));
	for (size_t i = FACTS; i < COLUMNS; i++) {
		enum fact fact = fact_find(columns[i].key, strlen(columns[i].key));

		if (!isnan(facts.values[fact]) && suffices(&facts, fact))
			cells[i] = cell_number((__u64)(facts.values[fact] + 0.5));
	}
	table->origins[table->row_count - 1] = sum->row;
	return 0;
}

static int fill(const struct report *report, struct table *table)
{
	int err;

	table__init(table, "learnt", columns, COLUMNS);
	table->title = "LEARNT: what ends connections, how long they may idle, how many are kept";
	table->empty = NULL;
	view_pin(report, &identity, table);
	err = view_sums(report, add, table);
	if (err)
		table__done(table);
	return err;
}

const struct view view_learnt = {
	.name = "learnt",
	.help = "timeouts, caps and pools",
	.columns = columns,
	.column_count = COLUMNS,
	.fill = fill,
};
