/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live tables: merges closed records and snapshots of open ones into one row per endpoint.
 *
 * A row's counts are those of closed records, which only grow, plus those of the newest snapshot,
 * which aggregate__begin_snapshot() forgets. Memory grows with endpoints, not with connections.
 */
#ifndef connscope_AGGREGATE_H
#define connscope_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "connscope/conn.h"
#include "row.h"

struct filter;
struct names;
struct observer;
struct trace_event;

struct aggregate;

/* BY is a set of enum group_by, 0 for the default: clients by endpoint and comm, servers by
 * endpoint. FILTER and NAMES may be NULL, must outlive the aggregate, and no longer change. NULL
 * when out of memory. Rows beyond MAX_ROWS fold into one row per role whose name is "other". */
struct aggregate *aggregate__new(unsigned int by, size_t max_rows, const struct filter *filter,
				 const struct names *names);
void aggregate__free(struct aggregate *agg);

/* From here on OBSERVER is told everything of observer.h. It must outlive the aggregate. */
void aggregate__observe(struct aggregate *agg, struct observer *observer);

/*
 * From here on each row has a series that begins at START_NS, in which aggregate__tick() notes what
 * has changed since the one before. Depths come from the records themselves, at the moment that
 * each tells, ticks or not.
 */
void aggregate__keep_series(struct aggregate *agg, __u64 start_ns);
/* The same for rows of listeners alone, and without what ticks note: depths. */
void aggregate__keep_depths(struct aggregate *agg, __u64 start_ns);
/* The queue of LISTENER at NOW_NS, between snapshots: for depths over time, and the deepest. */
void aggregate__sample_depth(struct aggregate *agg, const struct listener *listener, __u64 now_ns);
/* From here on each row has habits. */
void aggregate__keep_habits(struct aggregate *agg);
/* The series of the row to which KEY's connections belong, for what a recording had noted; a field
 * of KEY that the rows are not told apart by does not matter. NULL: there is no such row, or it has
 * no series. Valid as long as the aggregate. */
struct series *aggregate__series(struct aggregate *agg, const struct row_key *key);

/* To be called right after a snapshot. */
void aggregate__tick(struct aggregate *agg, __u64 now_ns);

/* A connection or listener that has ended, and what became known of it later. */
void aggregate__closed(struct aggregate *agg, const struct conn *conn);
void aggregate__amended(struct aggregate *agg, const struct conn *before, const struct conn *after);
void aggregate__listener_closed(struct aggregate *agg, const struct listener *listener);

/* The newest snapshot, which is of NOW_NS: forget the one before, then add each record of this one.
 */
void aggregate__begin_snapshot(struct aggregate *agg, __u64 now_ns);
void aggregate__open(struct aggregate *agg, const struct conn *conn);
void aggregate__listener(struct aggregate *agg, const struct listener *listener);
void aggregate__group(struct aggregate *agg, const struct group_key *key,
		      const struct group *group);

/* Hands EVENT on to the observers, if it passes the filter; no row changes. */
void aggregate__event(struct aggregate *agg, const struct trace_event *event);

/* CONN, which has passed the filter, counts in ROW. */
bool aggregate__is_of(const struct aggregate *agg, const struct row *row, const struct conn *conn);

/* Rows in no particular order, valid until the next call that takes the aggregate. */
size_t aggregate__rows(const struct aggregate *agg, const struct row *const **ret_rows);

/* ROW is what did not fit. */
bool aggregate__is_other(const struct row *row);

/* Connections whose record could be made room for only in "other", for the account. */
__u64 aggregate__folded(const struct aggregate *agg);

#endif /* connscope_AGGREGATE_H */
