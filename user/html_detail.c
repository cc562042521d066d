/* SPDX-License-Identifier: Apache-2.0 */
/* The busiest endpoints of a role as JSON: identity, series, distributions. */
#include "html_detail.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "json_record.h"
#include "view_row.h"

/* One endpoint, or all that are not among the busiest. */
struct detail {
	struct row_sum sum;
	struct series series; /* count 0: none */
	struct dist idle_gap_us;
	struct dist response_us;
	size_t rows;
};

/* ---- which ---- */

struct rank {
	const struct row *row;
	__u64 activity;
	size_t index;
};

static __u64 count_of(const struct totals *totals)
{
	return totals->opened + totals->partial + totals->failed + totals->exchanges +
	       totals->partial_exchanges;
}

static __u64 activity_of(const struct row *row)
{
	return count_of(&row->closed) + count_of(&row->open) + row->listener_open.syn_drops +
	       row->listener_open.ack_drops;
}

static int busier_first(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->activity != b->activity)
		return a->activity > b->activity ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

/* Without memory there are none. */
static size_t rank_rows(const struct report *report, __u8 role, struct rank **ret_ranks)
{
	auto_free const struct row **rows = NULL;
	struct rank *ranks;
	size_t count, used = 0;

	if (view_rows(report, &rows, &count))
		return 0;
	ranks = calloc(count ? count : 1, sizeof(*ranks));
	for (size_t i = 0; ranks && i < count; i++) {
		if (rows[i]->key.role != role)
			continue;
		ranks[used++] = (struct rank){ rows[i], activity_of(rows[i]), i };
	}
	if (used)
		qsort(ranks, used, sizeof(*ranks), busier_first);
	*ret_ranks = ranks;
	return used;
}

/* ---- sums ---- */

static void detail_done(struct detail *detail)
{
	totals__done(&detail->sum.totals);
	dist__done(&detail->idle_gap_us);
	dist__done(&detail->response_us);
	series__done(&detail->series);
}

static void add_row(struct detail *detail, const struct row *row)
{
	detail->sum.row = row;
	totals__merge(&detail->sum.totals, &row->closed);
	totals__merge(&detail->sum.totals, &row->open);
	dist__merge(&detail->idle_gap_us, &row->idle_gap_us);
	dist__merge(&detail->response_us, &row->response_us);
	if (row->series) /* of the same width, right after a tick */
		series__add(&detail->series, row->series);
	detail->rows++;
}

/* ---- parts ---- */

static void add_identity(struct json_object *object, unsigned int by, const struct row *row)
{
	static const char *const keys[] = { "endpoint", "addr", "port",	     "name",
					    "comm",	"pid",	"container", "netns" };
	static const struct identity_columns identity = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct column columns[8] = { 0 };
	struct table table;
	struct cell *cells;

	table__init(&table, "", columns, 8);
	cells = table__add_row(&table);
	if (cells)
		view_identity(by, row, &identity, cells);
	for (size_t i = 0; cells && i < 8; i++)
		json_add(object, keys[i], json_cell(&cells[i]));
	table__done(&table);
}

static struct json_object *new_dist(const struct dist *dist, const char *key, const char *missing)
{
	struct json_object *object = json_object_new_object();
	struct json_object *slots = json_object_new_array();

	json_add(object, "key", json_text(key));
	json_add(object, "missing", missing ? json_text(missing) : NULL);
	json_add(object, "count", json_number(dist->count));
	json_add(object, "p50", json_number(dist__percentile(dist, 0.50)));
	json_add(object, "p99", json_number(dist__percentile(dist, 0.99)));
	json_add(object, "max", json_number(dist->max));
	for (__u32 i = 0; i < HIST_SLOTS; i++) {
		struct json_object *pair;

		if (!dist__slot(dist, i))
			continue;
		pair = json_object_new_array();
		json_object_array_add(pair, json_number(i));
		json_object_array_add(pair, json_number(dist__slot(dist, i)));
		json_object_array_add(slots, pair);
	}
	json_add(object, "slots", slots);
	return object;
}

static void add_dists(struct json_object *object, const struct detail *detail)
{
	const struct report *report = detail->sum.report;
	const struct totals *totals = &detail->sum.totals;
	bool server = detail->sum.row->key.role == ROLE_SERVER;
	const char *untimed = view_not_measured(report, FEATURE_SEND);
	struct json_object *list = json_object_new_array();

	if (server) {
		json_object_array_add(list, new_dist(&totals->depth, "depth", NULL));
		json_object_array_add(list, new_dist(&totals->accept_wait_us, "accept_wait_us",
						     view_off(report, FEATURE_ACCEPT)));
	} else {
		json_object_array_add(list, new_dist(&totals->connect_us, "connect_us", NULL));
		json_object_array_add(list, new_dist(&detail->response_us, "response_us", untimed));
		json_object_array_add(list, new_dist(&detail->idle_gap_us, "idle_gap_us", untimed));
	}
	json_object_array_add(list, new_dist(&totals->exchanges_per_conn, "exchanges_per_conn",
					     view_off(report, FEATURE_RECEIVE)));
	json_object_array_add(
		list, new_dist(&totals->idle_at_close_local_us, "idle_at_close_local_us", NULL));
	json_object_array_add(
		list, new_dist(&totals->idle_at_close_remote_us, "idle_at_close_remote_us", NULL));
	json_add(object, "dists", list);
}

struct level {
	const char *key;
	size_t offset; /* of a __u32 in struct slot */
	enum feature feature;
};

static struct json_object *new_counts(const struct series *series, size_t offset)
{
	struct json_object *list = json_object_new_array_ext((int)series->count);

	for (size_t i = 0; i < series->count; i++) {
		__u32 count;

		memcpy(&count, (const char *)&series->slots[i] + offset, sizeof(count));
		json_object_array_add(list, json_number(count));
	}
	return list;
}

/* What its feature cannot tell is null. */
static void add_all_series(struct json_object *object, const struct detail *detail)
{
	static const struct level levels[] = {
		{ "opened", offsetof(struct slot, opened), FEATURE_STATE },
		{ "failed", offsetof(struct slot, failed), FEATURE_STATE },
		{ "exchanges", offsetof(struct slot, exchanges), FEATURE_RECEIVE },
		{ "open", offsetof(struct slot, open), FEATURE_STATE },
		{ "active", offsetof(struct slot, active), FEATURE_SEND },
		{ "closed", offsetof(struct slot, closed), FEATURE_STATE },
		{ "raced", offsetof(struct slot, raced), FEATURE_RECEIVE },
		{ "depth", offsetof(struct slot, depth), FEATURE_STATE },
		{ "overflows", offsetof(struct slot, overflows), FEATURE_OVERFLOW },
	};
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		bool off = view_off(detail->sum.report, levels[i].feature);

		json_add(all, levels[i].key,
			 off ? NULL : new_counts(&detail->series, levels[i].offset));
	}
	json_add(object, "series", all);
}

static struct json_object *new_detail(const struct detail *detail, bool rest)
{
	const struct row *row = detail->sum.row;
	const struct listener_totals *listener = &row->listener_open;
	struct json_object *object = json_object_new_object();

	json_add(object, "rest", rest ? json_number(detail->rows) : NULL);
	if (!rest) {
		add_identity(object, detail->sum.report->by, row);
		if (!listener->seen)
			listener = &row->listener_closed;
		json_add(object, "limit", listener->seen ? json_number(listener->limit) : NULL);
	}
	add_all_series(object, detail);
	add_dists(object, detail);
	return object;
}

/* ---- all of them ---- */

static void add_clock(struct json_object *object, const struct report *report,
		      const struct series *series)
{
	__u64 since_ms = (report->now_ns - series->start_ns) / 1000000;

	json_add(object, "start_ms", json_number(report->ts_ms - since_ms));
	json_add(object, "width_ms", json_number(series->width_ns / 1000000));
	json_add(object, "end_ms", json_number(report->ts_ms));
}

struct json_object *details_new(const struct report *report, __u8 role)
{
	auto_free struct detail *detail = malloc(sizeof(*detail));
	auto_free struct rank *ranks = NULL;
	size_t count = detail ? rank_rows(report, role, &ranks) : 0;
	struct json_object *object, *rows;

	if (!count)
		return NULL;
	object = json_object_new_object();
	rows = json_object_new_array();
	for (size_t i = 0, take; i < count; i += take) {
		bool rest = i >= DETAILS_MAX;

		take = rest ? count - i : 1;
		memset(detail, 0, sizeof(*detail));
		detail->sum.report = report;
		for (size_t k = i; k < i + take; k++)
			add_row(detail, ranks[k].row);
		json_object_array_add(rows, new_detail(detail, rest));
		if (detail->series.count)
			add_clock(object, report, &detail->series);
		detail_done(detail);
	}
	json_add(object, "rows", rows);
	return object;
}
