/* SPDX-License-Identifier: Apache-2.0 */
/* `trace`: one row an event. */
#ifndef connscope_VIEW_TRACE_H
#define connscope_VIEW_TRACE_H

#include "clock.h"

struct output_stream;
struct table;
struct trace_event;

/* An empty TABLE, and how wide its columns are to be at least. The caller owns TABLE. */
void view_trace_init(struct table *table, struct output_stream *stream);
/* A row for EVENT, which is no gap; its time by any CLOCKS. -ENOMEM. */
int view_trace_add(struct table *table, const struct trace_event *event, struct clocks clocks);

/* Fills TABLE with the one row of a gap. The caller owns TABLE. -ENOMEM. */
int view_trace_gap(const struct trace_event *gap, struct clocks clocks, struct table *table);

#endif /* connscope_VIEW_TRACE_H */
