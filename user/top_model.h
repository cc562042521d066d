/* SPDX-License-Identifier: Apache-2.0 */
/* What `top` shows: the tables of one snapshot, the rates up to it, and the page in order. */
#ifndef connscope_TOP_MODEL_H
#define connscope_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "observer.h"
#include "report.h"
#include "table.h"
#include "text_layout.h"
#include "top_state.h"

struct conn_list;

/* What all rows counted in a time. */
struct top_counts {
	__u64 opened, exchanges, closed, raced, overflows;
	__u64 ms; /* 0: not known yet */
};

/* The same from tick to tick. */
struct top_rates {
	struct observer observer; /* first; the session's */
	struct top_counts sum, latest;
	__u64 last_ns;
};

/* START_NS: when the first tick's time begins. */
void top_rates__init(struct top_rates *rates, __u64 start_ns);
/* Of a recording, which has no ticks: all that REPORT has. */
void top_rates__whole(struct top_rates *rates, const struct report *report);

struct top_model {
	struct report report;	  /* its aggregate lives on, rows and series with it */
	struct top_counts counts; /* in the time up to the report */
	struct conn_list *held;	  /* the connections as they were, while frozen */
	struct table tables[TOP_PAGES];
	bool filled[TOP_PAGES];
	/* The page that is shown, by top_model__arrange(). */
	const struct table *table; /* NULL: nothing yet */
	struct layout layout;
	size_t layout_width; /* for which it was made; 0: for what is gone */
	size_t *order;	     /* rows of the table, ROW_COUNT */
	size_t row_count;
};

void top_model__done(struct top_model *model);

/* What is shown is REPORT from now on, with the connections of DRILLED, if any. -ENOMEM: nothing
 * is. */
int top_model__take(struct top_model *model, const struct report *report,
		    const struct top_rates *rates, const struct row *drilled);
/* The page of single connections, of those of ROW, in the report that is shown. -ENOMEM. */
int top_model__drill(struct top_model *model, const struct row *row);
/* Single connections come and go, but not those that the model shows. -ENOMEM. */
int top_model__hold(struct top_model *model);
void top_model__release(struct top_model *model);

/*
 * Puts the page of STATE in order, as wide as WIDTH or with WIDE wider, and keeps its cursor on the
 * row that it was on, or at the top. -ENOMEM: it has no rows.
 */
int top_model__arrange(struct top_model *model, struct top_state *state, size_t width, bool wide);
/* What row INDEX of those in order was made from; NULL: a single connection, or no such row. */
const struct row *top_model__row(const struct top_model *model, size_t index);

#endif /* connscope_TOP_MODEL_H */
