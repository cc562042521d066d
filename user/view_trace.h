/* SPDX-License-Identifier: Apache-2.0 */
/* `trace`: one row an event. */
#ifndef connscope_VIEW_TRACE_H
#define connscope_VIEW_TRACE_H

#include <linux/types.h>

struct output_stream;
struct table;
struct trace_event;

/* One moment by both clocks. */
struct moment {
	__u64 wall_ms;
	__u64 ns; /* CLOCK_MONOTONIC */
};

/* KEPT, or now where the clocks have parted since: one connection's times are to read alike in all
 * its lines. Zeroed: none is kept. */
struct moment moment_keep(struct moment kept);

/* An empty TABLE, and how wide its columns are to be at least. The caller owns TABLE. */
void view_trace_init(struct table *table, struct output_stream *stream);
/* A row for EVENT, which is no gap; its time by any MOMENT. -ENOMEM. */
int view_trace_add(struct table *table, const struct trace_event *event, struct moment moment);

/* Fills TABLE with the one row of a gap. The caller owns TABLE. -ENOMEM. */
int view_trace_gap(const struct trace_event *gap, struct moment moment, struct table *table);

#endif /* connscope_VIEW_TRACE_H */
