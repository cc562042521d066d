/* SPDX-License-Identifier: Apache-2.0 */
/* What the views share: the rows of a role in a steady order, and parts of rows as cells. */
#ifndef connscope_VIEW_ROW_H
#define connscope_VIEW_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "aggregate.h"
#include "report.h"
#include "table.h"

/* A row with its closed and open halves summed. */
struct row_sum {
	const struct row *row;
	const struct report *report;
	struct totals totals;
};

/* Copies REPORT's row pointers, sorted by what identifies a row, to a new array that the caller
 * frees. -ENOMEM. */
int view_rows(const struct report *report, const struct row ***ret_rows, size_t *ret_count);

/* Calls TAKE for each row that anything counts in, until it fails; its error or -ENOMEM. */
int view_sums(const struct report *report, int (*take)(const struct row_sum *sum, void *context),
	      void *context);

/* Calls ADD, which adds one row to TABLE, for each row that WANTED takes: that is its origin then.
 * Until ADD fails; ADD's error or -ENOMEM. */
int view_each(const struct report *report, bool (*wanted)(const struct row *row),
	      int (*add)(const struct row_sum *sum, struct table *table), struct table *table);

/* Of all identifying columns, those that the report's rows are told apart by are pinned. Columns
 * that the view does not have are -1. */
struct identity_columns {
	int endpoint, addr, port, name, comm, pid, container, netns;
};

void view_pin(const struct report *report, const struct identity_columns *columns,
	      struct table *table);
void view_identity(unsigned int by, const struct row *row, const struct identity_columns *columns,
		   struct cell *cells);

/* p50, p99 and max of DIST divided by UNIT, to the nearest, into three cells. */
void view_percentiles(const struct dist *dist, __u64 unit, struct cell *cells);
/* How many fell into each bucket. */
struct cell view_hist(const struct dist *dist);
void view_missing(const char *reason, size_t count, struct cell *cells);
/* Missing, with the reason, where the feature behind it is off and nothing was counted. */
struct cell view_count(const struct report *report, enum feature feature, __u64 count);
struct cell view_ratio(const struct totals *totals);

/* Why no exchange of a row is known: nobody looks, or all its connections are subflows of MPTCP;
 * else NULL. */
const char *view_turnless(const struct row_sum *sum);

/* Why FEATURE is not measured by a hook of its own, NULL when it is. */
const char *view_not_measured(const struct report *report, enum feature feature);
/* Why there is nothing of FEATURE at all, NULL when there is. */
const char *view_off(const struct report *report, enum feature feature);

#endif /* connscope_VIEW_ROW_H */
