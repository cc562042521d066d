/* SPDX-License-Identifier: Apache-2.0 */
/* `trace`: writes events as they come. */
#ifndef connscope_TRACE_H
#define connscope_TRACE_H

#include <stdio.h>

#include "clock.h"

struct observer;
struct options;
struct report;
struct trace;

/* Writes to OUT, titles at once. Times are by CLOCKS, while tracing as long as they agree. -errno
 * of the write, or -ENOMEM. */
int trace__new(const struct options *options, struct clocks clocks, FILE *out,
	       struct trace **ret_trace);
/* NULL is fine. */
void trace__free(struct trace *trace);

/* What it hears of events from; lives as long as the trace. */
struct observer *trace__observer(struct trace *trace);

/* Writes what has come since the last call; to be called after each poll. -errno. */
int trace__flush(struct trace *trace);
/* ... and then the account. -errno. */
int trace__finish(struct trace *trace, const struct report *report);

#endif /* connscope_TRACE_H */
