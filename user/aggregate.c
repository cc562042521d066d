/* SPDX-License-Identifier: Apache-2.0 */
/* The live tables: merges closed records and snapshots of open ones into one row per endpoint. */
#include "aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "habits.h"
#include "names.h"
#include "observer.h"
#include "row_table.h"
#include "trace_event.h"

#define OTHER "other"

struct aggregate {
	unsigned int by;
	size_t max_rows;
	const struct filter *filter; /* NULL: everything is wanted */
	const struct names *names;
	struct observer *observers;
	__u64 series_start_ns; /* 0: no series */
	__u64 ticked_ns;       /* the last tick, or the series' start */
	bool depths_only;      /* series of listeners alone */
	struct series_set series;
	bool habits;
	__u64 now_ns; /* of the newest snapshot */
	struct row_table table;
	struct row **group_rows; /* by group of the kernel, from GROUP_FIRST on: the row that it is
				  * part of, NULL not asked for yet */
	size_t group_count;
};

struct aggregate *aggregate__new(unsigned int by, size_t max_rows, const struct filter *filter,
				 const struct names *names)
{
	struct aggregate *agg = calloc(1, sizeof(*agg));

	if (!agg)
		return NULL;
	agg->by = by;
	agg->max_rows = max_rows;
	agg->filter = filter && !filter__is_empty(filter) ? filter : NULL;
	agg->names = names;
	/* One more for each role's "other". */
	if (row_table__init(&agg->table, max_rows + 2)) {
		free(agg);
		return NULL;
	}
	/* Without memory each row is looked for. */
	agg->group_rows = calloc(max_rows, sizeof(*agg->group_rows));
	agg->group_count = agg->group_rows ? max_rows : 0;
	return agg;
}

void aggregate__free(struct aggregate *agg)
{
	if (!agg)
		return;
	for (size_t i = 0; i < agg->table.count; i++)
		row__done(agg->table.rows[i]);
	row_table__done(&agg->table);
	free(agg->group_rows);
	free(agg);
}

void aggregate__observe(struct aggregate *agg, struct observer *observer)
{
	observer->next = agg->observers;
	agg->observers = observer;
}

void aggregate__keep_series(struct aggregate *agg, __u64 start_ns)
{
	agg->series_start_ns = start_ns;
	agg->ticked_ns = start_ns;
	agg->depths_only = false;
}

void aggregate__keep_depths(struct aggregate *agg, __u64 start_ns)
{
	agg->series_start_ns = start_ns;
	agg->ticked_ns = start_ns;
	agg->depths_only = true;
}

void aggregate__keep_habits(struct aggregate *agg)
{
	agg->habits = true;
}

static void tell(const struct aggregate *agg, const struct record *record)
{
	for (struct observer *observer = agg->observers; observer; observer = observer->next)
		observer->take(observer, record);
}

/* Of CONN alone; there are many, and often nobody to tell: whether there is, is asked before. */
static __attribute__((noinline)) void tell_conn(const struct aggregate *agg, enum record_kind kind,
						const struct conn *conn)
{
	tell(agg, &(struct record){ .kind = kind, .conn = conn });
}

size_t aggregate__rows(const struct aggregate *agg, const struct row *const **ret_rows)
{
	*ret_rows = (const struct row *const *)agg->table.rows;
	return agg->table.count;
}

bool aggregate__is_other(const struct row *row)
{
	return !row->key.port && !strcmp(row->key.name, OTHER);
}

__u64 aggregate__folded(const struct aggregate *agg)
{
	__u64 count = 0;

	for (size_t i = 0; i < agg->table.count; i++) {
		const struct row *row = agg->table.rows[i];

		if (aggregate__is_other(row))
			count += row__connections(row);
	}
	return count;
}

static struct row *row_other(struct aggregate *agg, __u8 role)
{
	struct row_key other = { .role = role, .name = OTHER };
	struct row *row = row_table__find(&agg->table, &other);

	return row ? row : row_table__add(&agg->table, &other);
}

/* The row of KEY, made when missing; the role's "other" when there are too many; NULL only when out
 * of memory. */
static struct row *row_get(struct aggregate *agg, const struct row_key *key)
{
	struct row *row = row_table__find(&agg->table, key);

	if (!row && agg->table.count < agg->max_rows)
		row = row_table__add(&agg->table, key);
	return row ? row : row_other(agg, key->role);
}

/* ---- connections ---- */

/* The row's, made when missing; NULL when none is kept, or out of memory. */
static struct series *series_of(struct aggregate *agg, struct row *row)
{
	if (!row->series && agg->series_start_ns &&
	    (!agg->depths_only || row->key.role == ROLE_SERVER))
		row->series = series_set__add(&agg->series, agg->series_start_ns);
	return row->series;
}

/* The same of habits. */
static struct habits *habits_of(const struct aggregate *agg, struct row *row)
{
	if (!agg->habits)
		return NULL;
	if (!row->habits)
		row->habits = habits__new();
	return row->habits;
}

static void add_depth_to_series(struct aggregate *agg, struct row *row, __u64 ns, __u32 depth)
{
	struct series *series = series_of(agg, row);
	struct slot *slot = series ? series__at(series, ns) : NULL;

	if (slot && depth > slot->depth)
		slot->depth = depth;
}

static bool conn_is_wanted(const struct aggregate *agg, const struct conn *conn)
{
	if (conn->role == ROLE_SERVER && !conn->queued)
		return false; /* never entered the accept queue */
	return !agg->filter || filter__match(agg->filter, conn);
}

/* In whatever order records come, the same: a recording has another than the run had. */
static void note_owner(struct row *row, const struct conn *conn)
{
	if (!conn->pid || conn->opened_ns < row->owner_ns ||
	    (conn->opened_ns == row->owner_ns && conn->pid < row->pid))
		return;
	row->owner_ns = conn->opened_ns;
	row->pid = conn->pid;
	row->cgroup = conn->cgroup;
	row->netns = conn->netns;
	memcpy(row->comm, conn->comm, sizeof(row->comm));
}

/* Out of the way of all but the first of GROUP. */
static __attribute__((noinline)) struct row *row_by_key(struct aggregate *agg,
							const struct conn *conn, __u32 group)
{
	struct row_key key;
	struct row *row;

	row_key_of_conn(agg->by, agg->names, conn, &key);
	row = row_get(agg, &key);
	if (group < agg->group_count)
		agg->group_rows[group] = row;
	return row;
}

static struct row *conn_row(struct aggregate *agg, const struct conn *conn)
{
	__u32 group = conn->group - GROUP_FIRST; /* none, or the kernel's "other": very large */
	struct row *row;

	if (!conn_is_wanted(agg, conn))
		return NULL;
	row = group < agg->group_count ? agg->group_rows[group] : NULL;
	if (!row)
		row = row_by_key(agg, conn, group);
	if (row)
		note_owner(row, conn);
	return row;
}

bool aggregate__is_of(const struct aggregate *agg, const struct row *row, const struct conn *conn)
{
	const struct row *own;
	struct row_key key;

	row_key_of_conn(agg->by, agg->names, conn, &key);
	own = row_table__find(&agg->table, &key);
	return own ? own == row : aggregate__is_other(row) && row->key.role == conn->role;
}

void aggregate__closed(struct aggregate *agg, const struct conn *conn)
{
	struct row *row = conn_row(agg, conn);
	struct habits *habits;

	if (!row)
		return;
	row->ended++;
	totals__add(&row->closed, conn);
	habits = habits_of(agg, row);
	if (habits)
		habits__ended(habits, conn);
	if (conn->depth)
		add_depth_to_series(agg, row, conn->opened_ns, conn->depth);
	if (agg->observers)
		tell_conn(agg, RECORD_CLOSED, conn);
}

void aggregate__amended(struct aggregate *agg, const struct conn *before, const struct conn *after)
{
	struct row *row = conn_row(agg, before);
	struct totals *totals;

	if (!row)
		return;
	totals = &row->closed;
	/* The record before may have been lost, and so never counted. */
	totals->causes[before->cause] -= totals->causes[before->cause] > 0;
	totals->causes[after->cause]++;
	totals->raced += (after->flags & CONN_RACED) && !(before->flags & CONN_RACED);
	if ((before->flags & CONN_TIME_WAIT) && !(after->flags & CONN_TIME_WAIT))
		totals->time_wait -= totals->time_wait > 0;
	tell(agg, &(struct record){ .kind = RECORD_AMENDED, .conn = after, .before = before });
}

void aggregate__open(struct aggregate *agg, const struct conn *conn)
{
	struct row *row = conn_row(agg, conn);
	struct habits *habits;

	if (!row)
		return;
	row->present++;
	totals__add(&row->open, conn);
	habits = habits_of(agg, row);
	if (habits)
		habits__open(habits, conn, agg->now_ns);
	if (conn->depth)
		add_depth_to_series(agg, row, conn->opened_ns, conn->depth);
	if (agg->observers)
		tell_conn(agg, RECORD_OPEN, conn);
}

void aggregate__begin_snapshot(struct aggregate *agg, __u64 now_ns)
{
	agg->now_ns = now_ns;
	tell(agg, &(struct record){ .kind = RECORD_SNAPSHOT });
	for (size_t i = 0; i < agg->table.count; i++) {
		row__begin_snapshot(agg->table.rows[i]);
	}
}

void aggregate__event(struct aggregate *agg, const struct trace_event *event)
{
	if (event->conn && !conn_is_wanted(agg, event->conn))
		return;
	if (event->listener && agg->filter && !filter__match_listener(agg->filter, event->listener))
		return;
	tell(agg, &(struct record){ .kind = RECORD_EVENT, .event = event });
}

/* ---- listeners ---- */

static struct row *listener_row(struct aggregate *agg, const struct listener *listener)
{
	struct row_key key;
	struct row *row;

	if (agg->filter && !filter__match_listener(agg->filter, listener))
		return NULL;
	row_key_of_listener(agg->by, agg->names, listener, &key);
	row = row_get(agg, &key);
	if (row && !row->pid) {
		row->pid = listener->pid;
		row->cgroup = listener->cgroup;
		row->netns = listener->netns;
		memcpy(row->comm, listener->comm, sizeof(row->comm));
	}
	return row;
}

void aggregate__listener(struct aggregate *agg, const struct listener *listener)
{
	struct row *row = listener_row(agg, listener);

	if (!row)
		return;
	row->present++;
	listener_totals__add(&row->listener_open, listener);
	row__add_queue(row, listener->depth);
	/* The queue of a listener that was there before may never have been seen to grow. */
	if (listener->depth > row->open.depth_max)
		row->open.depth_max = listener->depth;
	tell(agg, &(struct record){ .kind = RECORD_LISTENER, .listener = listener });
}

void aggregate__sample_depth(struct aggregate *agg, const struct listener *listener, __u64 now_ns)
{
	struct row *row = listener_row(agg, listener);

	if (!row)
		return;
	add_depth_to_series(agg, row, now_ns, listener->depth);
	if (listener->depth > row->closed.depth_max)
		row->closed.depth_max = listener->depth;
	tell(agg, &(struct record){ .kind = RECORD_DEPTH, .listener = listener, .now_ns = now_ns });
}

void aggregate__listener_closed(struct aggregate *agg, const struct listener *listener)
{
	struct row *row = listener_row(agg, listener);

	if (!row)
		return;
	row->ended++;
	listener_totals__add(&row->listener_closed, listener);
	tell(agg, &(struct record){ .kind = RECORD_LISTENER_CLOSED, .listener = listener });
}

/* ---- groups ---- */

void aggregate__group(struct aggregate *agg, const struct group_key *group_key,
		      const struct group *group)
{
	/* As the connections of the group are, so that the same filter and key apply. */
	struct conn conn = {
		.cgroup = group_key->cgroup,
		.netns = group_key->netns,
		.pid = group_key->pid,
		.role = group_key->role,
		.bound = group_key->bound,
	};
	struct row_key key;
	struct row *row;

	memcpy(conn.comm, group_key->comm, sizeof(conn.comm));
	if (conn.role == ROLE_CLIENT) {
		conn.remote_port = group_key->port;
		memcpy(conn.remote_addr, group_key->addr, sizeof(conn.remote_addr));
	} else {
		conn.local_port = group_key->port;
		memcpy(conn.local_addr, group_key->addr, sizeof(conn.local_addr));
	}
	row_key_of_conn(agg->by, agg->names, &conn, &key);
	row = row_table__find(&agg->table, &key);
	if (!row)
		return; /* filtered out, or folded */
	row__add_group(row, group);
	tell(agg, &(struct record){ .kind = RECORD_GROUP, .key = group_key, .group = group });
}

/* ---- ticks ---- */

struct series *aggregate__series(struct aggregate *agg, const struct row_key *recorded)
{
	struct row_key key;
	struct row *row;

	row_key_again(agg->by, agg->names, recorded, &key);
	row = row_table__find(&agg->table, &key);
	return row ? series_of(agg, row) : NULL;
}

void aggregate__tick(struct aggregate *agg, __u64 now_ns)
{
	/* What has come since the tick before belongs between the two. */
	__u64 middle_ns = agg->ticked_ns + (now_ns - agg->ticked_ns) / 2;

	agg->ticked_ns = now_ns;
	for (size_t i = 0; i < agg->table.count; i++) {
		struct row *row = agg->table.rows[i];
		struct series *series = series_of(agg, row);
		struct sample sample;
		struct slot slot;

		row__sample(row, &sample);
		slot_between(&row->ticked, &sample, &slot);
		row->ticked = sample;
		if (series)
			series__merge(series, middle_ns, &slot);
		tell(agg,
		     &(struct record){
			     .kind = RECORD_TICK, .row = row, .slot = &slot, .now_ns = now_ns });
	}
	tell(agg, &(struct record){ .kind = RECORD_TICK, .now_ns = now_ns });
}
