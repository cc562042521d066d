/* SPDX-License-Identifier: Apache-2.0 */
/* `trace`: writes events as they come, in batches. */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>

#include "cli.h"
#include "observer.h"
#include "output.h"
#include "render.h"
#include "report.h"
#include "table.h"
#include "trace_event.h"
#include "view_trace.h"

#define BATCH_ROWS   1000
#define BUFFER_BYTES 65536

struct trace {
	struct observer observer; /* first */
	FILE *out;
	const struct output *output;
	struct output_options options;
	struct output_stream stream;
	struct table table; /* of events not written yet */
	struct clocks clocks;
	bool live;
	int err; /* of a write or for want of memory: the rest is not written */
};

static void write_table(struct trace *trace, const struct table *table)
{
	int err;

	if (trace->err)
		return;
	errno = 0;
	err = trace->output->rows(trace->out, table, &trace->stream, &trace->options);
	if (fflush(trace->out) || err)
		trace->err = errno ? -errno : err;
}

static void write_events(struct trace *trace)
{
	write_table(trace, &trace->table);
	table__truncate(&trace->table, 0);
}

static void write_gap(struct trace *trace, const struct trace_event *gap)
{
	struct table table;

	write_events(trace);
	if (view_trace_gap(gap, trace->clocks, &table))
		trace->err = -ENOMEM;
	else
		write_table(trace, &table);
	table__done(&table);
}

static void take(struct observer *self, const struct record *record)
{
	struct trace *trace = (struct trace *)self;
	struct trace_event event;

	if (trace->err || !trace_event_of(record, &event))
		return;
	if (event.kind == TRACE_GAP) {
		write_gap(trace, &event);
		return;
	}
	trace->err = view_trace_add(&trace->table, &event, trace->clocks);
	if (trace->table.row_count >= BATCH_ROWS)
		write_events(trace);
}

int trace__new(const struct options *options, struct clocks clocks, FILE *out,
	       struct trace **ret_trace)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int err;

	if (!trace)
		return -ENOMEM;
	trace->observer.take = take;
	trace->out = out;
	trace->output = render_output(options);
	trace->options = render_options(options, out);
	trace->clocks = clocks;
	trace->live = !options->from_file;
	view_trace_init(&trace->table, &trace->stream);
	/* Each batch is flushed: no line waits. */
	setvbuf(out, NULL, _IOFBF, BUFFER_BYTES);
	write_events(trace);
	err = trace->err;
	if (err) {
		trace__free(trace);
		return err;
	}
	*ret_trace = trace;
	return 0;
}

void trace__free(struct trace *trace)
{
	if (!trace)
		return;
	table__done(&trace->table);
	free(trace);
}

struct observer *trace__observer(struct trace *trace)
{
	return &trace->observer;
}

int trace__flush(struct trace *trace)
{
	if (trace->table.row_count)
		write_events(trace);
	if (trace->live)
		trace->clocks = clocks_keep(trace->clocks, clocks_now());
	return trace->err;
}

/* Events that this kernel does not tell of, for people; JSON has them in the account. */
static void write_notes(struct trace *trace, const struct report *report)
{
	static const enum feature features[] = { FEATURE_NO_ROUTE, FEATURE_OVERFLOW };

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		const struct feature_state *state = &report->account.features[features[i]];

		if (state->mechanism == MECHANISM_OFF)
			fprintf(trace->out, "n/a %s: %s\n", feature_name(features[i]),
				state->reason);
	}
	if (report->no_events)
		fprintf(trace->out, "n/a exchange, overflow, listen: %s\n", report->no_events);
}

int trace__finish(struct trace *trace, const struct report *report)
{
	int err = trace__flush(trace);
	struct report account = *report;

	if (err)
		return err;
	account.number = !trace->options.no_header; /* apart from what stands above */
	errno = 0;
	if (trace->output == &output_text && !trace->options.no_header)
		write_notes(trace, report);
	err = trace->output->write(trace->out, &account, NULL, 0, &trace->options);
	if (fflush(trace->out) || err)
		return errno ? -errno : err;
	return 0;
}
